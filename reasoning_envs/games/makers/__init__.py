"""Desks at which problems are built backwards from a solution: one file a kind of problem."""
