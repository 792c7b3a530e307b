"""Lines of inequalities in one unknown: their forms, moves, steps and the words for what is wrong."""
