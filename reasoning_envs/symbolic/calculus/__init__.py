"""Derivatives and integrals: rules, steps and the words for them."""
