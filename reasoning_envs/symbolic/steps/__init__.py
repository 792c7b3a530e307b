"""Is one line of a derivation right, given the line before it, and if not, why?"""
