"""Trials of process reward models: derivations with known errors, named shifts, best-of-N, sources of labels, hacks."""
