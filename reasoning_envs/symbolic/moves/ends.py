"""How a derivation ends: what an equation says that can be read off, and what becomes of the constraints beside it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from reasoning_envs.symbolic.inequalities.forms import MIRRORED
from reasoning_envs.symbolic.moves.changes import Change, X, about_unknown
from reasoning_envs.symbolic.moves.places import Place
from reasoning_envs.symbolic.moves.rules import is_simplified
from reasoning_envs.symbolic.moves.rules.domains import has_value, lacks_value
from reasoning_envs.symbolic.moves.rules.rewrite import base_exponent, rational_root
from reasoning_envs.symbolic.moves.rules.sums import polynomial
from reasoning_envs.symbolic.syntax.expression import ZERO, factors, num, sub, substitute
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    Comparison,
    Statement,
    conjunction,
)
from reasoning_envs.symbolic.values.evaluation import constant_sign, identically_zero

__all__ = ["conclusions", "constraint_checks"]


def conclusions(place: Place) -> Iterator[Change]:
    """Of an equation that says itself whether it holds; they replace the whole alternative, constraints included."""
    left, right = place.main.left, place.main.right
    if len(left.tokens) == len(right.tokens) and left.key == right.key:
        yield from _identity(place)
    elif "x" not in left.symbols and "x" not in right.symbols and is_simplified(left) and is_simplified(right):
        # Only a line that is worked out shows what it says: before that, one would have to guess.
        difference = sub(left, right)
        zero = identically_zero(difference)
        if zero is None:
            return
        condition = Comparison("!=", left, right) if difference.symbols and not zero else None
        yield Change("conclude", None, ALL_REALS, zero and not place.constraints)
        yield Change("conclude", None, NO_SOLUTION, not zero, condition)


def _identity(place: Place) -> Iterator[Change]:
    """It holds wherever it has a value and the constraints beside it hold: everywhere, or where ``x != 0``."""
    conditions = has_value(place.main.left)
    if conditions is not None:
        letters = [condition for condition in conditions if not about_unknown(condition)]
        limits = [*place.constraints, *[condition for condition in conditions if about_unknown(condition)]]
        condition = conjunction(*letters) if letters else None
        if not limits:
            yield Change("conclude", None, ALL_REALS, True, condition)
            return
        solved = [_explicit(limit) for limit in limits]
        if None not in solved:
            pieces = [piece for found in solved if found is not None for piece in found]
            yield Change("conclude", None, conjunction(*pieces) if pieces else ALL_REALS, True, condition)
            if not pieces:
                return
    yield Change("conclude", None, ALL_REALS, False)


def _explicit(limit: Statement) -> list[Statement] | None:
    """A limit solved for x: of a linear one, and of the factors and rational roots of what is not to be zero."""
    if not isinstance(limit, Comparison):
        return None
    if limit.op == "!=" and limit.right is ZERO:
        bases = [base_exponent(factor)[0] for factor in factors(limit.left) if factor.symbols]
        if len(bases) > 1 or (bases and bases[0] is not limit.left):
            solved = [_explicit(Comparison("!=", base, ZERO)) for base in bases]
            return None if None in solved else [piece for found in solved if found is not None for piece in found]
    coefficients = polynomial(sub(limit.left, limit.right))
    if coefficients is None:
        return None
    if len(coefficients) == 2:
        constant, slope = coefficients
        return [Comparison(limit.op if slope > 0 else MIRRORED[limit.op], X, num(-constant / slope))]
    if len(coefficients) == 3 and limit.op == "!=":
        return _not_at_roots(*coefficients)
    return None


def _not_at_roots(c: Fraction, b: Fraction, a: Fraction) -> list[Statement] | None:
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return []
    root = rational_root(discriminant)
    if root is None:
        return None
    places = sorted({(-b - root) / (2 * a), (-b + root) / (2 * a)})
    return [Comparison("!=", X, num(place)) for place in places]


def constraint_checks(place: Place) -> Iterator[Change]:
    """With ``x`` known, a constraint holds (and goes) or fails (and takes the alternative with it)."""
    main, constraints = place.main, place.constraints
    constraint = constraints[0]
    if not isinstance(constraint, Comparison):
        return
    left, right = (substitute(side, {"x": main.right}) for side in (constraint.left, constraint.right))
    difference = sub(left, right)
    holds = False if lacks_value(left, right) else _holds(constraint.op, constant_sign(difference))
    rest = conjunction(main, *constraints[1:])
    condition = None
    if holds is None:
        if not difference.symbols:
            yield Change("constraint holds", constraint.left, rest, False)
            yield Change("constraint fails", constraint.left, NO_SOLUTION, False)
            return
        if constraint.op == "!=" and identically_zero(difference) is False:
            holds, condition = True, Comparison("!=", difference, ZERO)
        elif constraint.op == "!=" and identically_zero(difference):
            holds = False
        else:
            holds, condition = True, Comparison(constraint.op, difference, ZERO)
    yield Change("constraint holds", constraint.left, rest, holds, condition if holds else None)
    yield Change("constraint fails", constraint.left, NO_SOLUTION, not holds)


def _holds(op: str, sign: int | None) -> bool | None:
    if sign is None:
        return None
    return {"!=": sign != 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0, "=": sign == 0}[op]
