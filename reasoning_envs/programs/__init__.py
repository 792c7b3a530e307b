"""Programs of a typed subset of Python: built line by line, read, run, mutated and generated."""
