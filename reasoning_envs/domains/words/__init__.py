"""Sentences about moves and mistakes, for the critiques of a domain."""
