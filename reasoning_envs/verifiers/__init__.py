"""Judges of steps and of outcomes."""
