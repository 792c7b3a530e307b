"""Kernels that are algebraic (roots, absolute values), taken away by resultants."""

from __future__ import annotations

from typing import Any

from flint import arb, fmpq_mpoly, fmpz_poly

from reasoning_envs.symbolic.equality.forms import MAX_TERMS, Form, TooLarge, extended_by
from reasoning_envs.symbolic.equality.rings import Ring
from reasoning_envs.symbolic.roots.points import univariate

__all__ = ["eliminate", "is_algebraic_zero"]


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


def is_algebraic_zero(difference: Form, ball: Any) -> bool:
    """The difference of two algebraic numbers, known to lie in ``ball``, is 0 for certain.

    The difference is a root of a resultant; a root of that polynomial smaller than all its non-zero ones can be is 0.
    """
    ring = difference.ring
    if ring.symbols or len(ring.relations) != len(ring.kernels):
        return False
    extended = extended_by(ring, "t")
    top = extended.lift(difference.numerator, ring)
    unknown = extended.context.gen(0)
    equation = (
        unknown - top
        if difference.denominator is None
        else (unknown * extended.lift(difference.denominator, ring) - top)
    )
    try:
        polynomial = eliminate(equation, extended)
    except TooLarge:
        return False
    if polynomial is None or polynomial.is_zero():
        return False
    only = univariate(polynomial, 0)
    if only is None:
        return False
    coefficients = list(only.coeffs())
    while coefficients and coefficients[0] == 0:
        coefficients.pop(0)
    if not coefficients or len(coefficients) == len(list(only.coeffs())):
        return False  # 0 is no root at all, or the polynomial says nothing
    rest = fmpz_poly(coefficients)
    # Cauchy's bound for the smallest root: |c0| / (|c0| + max |ci|).
    first = arb(abs(coefficients[0]))
    largest = arb(max(abs(c) for c in rest.coeffs()))
    bound = first / (first + largest)
    return bool(arb(ball).abs_upper() < bound)
