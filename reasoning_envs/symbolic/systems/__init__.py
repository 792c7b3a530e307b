"""Lines about several unknowns: their forms, moves, steps and the words for what is wrong."""
