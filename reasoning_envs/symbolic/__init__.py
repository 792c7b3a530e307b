"""Expressions and statements: reading, writing, rewriting, comparing."""
