"""Kernels that are algebraic (roots, absolute values), taken away by resultants."""

from __future__ import annotations

from flint import fmpq_mpoly

from reasoning_envs.symbolic.equality.forms import MAX_TERMS, TooLarge
from reasoning_envs.symbolic.equality.rings import Ring

__all__ = ["eliminate"]


def eliminate(polynomial: fmpq_mpoly, ring: Ring) -> fmpq_mpoly | None:
    """A polynomial without kernels that is zero wherever ``polynomial`` is; None where a kernel is not algebraic.

    It may be zero itself, which says nothing.

    Raises:
        TooLarge: a resultant would be too large.
    """
    first = len(ring.symbols)
    if polynomial.is_zero():
        return polynomial
    for relation in ring.relations:
        index = relation.generator
        degree = polynomial.degrees()[index]
        if degree == 0:
            continue
        if len(polynomial) ** relation.degree > MAX_TERMS or degree * relation.degree > 24:
            raise TooLarge("too many roots to eliminate")
        generator = ring.context.gen(index) ** relation.degree
        top = relation.numerator
        equation = generator - top if relation.denominator is None else generator * relation.denominator - top
        polynomial = polynomial.resultant(equation, index)
        if polynomial.is_zero():
            return polynomial
        if len(polynomial) > MAX_TERMS:
            raise TooLarge("too many terms")
        # Multiplicity is of no interest here, and keeping it low keeps the next resultant small.
        square_free = ring.context.constant(1)
        for factor, _ in polynomial.factor_squarefree()[1]:
            square_free = square_free * factor
        polynomial = square_free
    if any(degree for degree in polynomial.degrees()[first:]) and ring.kernels:
        return None
    return polynomial
