"""Whether a line without letters holds at a value of its unknown."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Any

from flint import arb, fmpq_poly

from reasoning_envs.symbolic.equality.canonical import canonical
from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.equality.forms import Form, TooLarge, UndefinedForm, form, ring_of
from reasoning_envs.symbolic.equality.rings import fraction_to_expr, is_rational
from reasoning_envs.symbolic.roots.critical import factorial_arguments
from reasoning_envs.symbolic.roots.points import Point, univariate
from reasoning_envs.symbolic.syntax.expression import Expr, substitute
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Statement, Truth
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, is_exact, precision, sign
from reasoning_envs.symbolic.values.enclosures import value_at

__all__ = ["Judge", "Truthfulness"]

_BITS = (128, 512)


_SNAP_BITS = 1100


_SNAP = 240


class Truthfulness(Enum):
    """Of a line at a value of its unknown."""

    TRUE = 1
    FALSE = 0
    UNDEFINED = -1  # not true, since a part of it has no value there
    UNCLEAR = -2


class Judge:
    """Truth of lines at places; remembers whether everything it said was certain."""

    def __init__(self, unknown: str) -> None:
        self.unknown = unknown
        self.rigorous = True

    def line(self, line: Statement, place: Point) -> Truthfulness:
        """Does the line hold at the place?"""
        if isinstance(line, Truth):
            return Truthfulness.TRUE if line.value else Truthfulness.FALSE
        if isinstance(line, Comparison):
            return self.comparison(line, place)
        truths = [self.line(part, place) for part in line.parts]
        kinds = set(truths)
        if isinstance(line, And):
            for kind in (Truthfulness.UNDEFINED, Truthfulness.FALSE, Truthfulness.UNCLEAR):
                if kind in kinds:
                    return kind
            return Truthfulness.TRUE
        for kind in (Truthfulness.TRUE, Truthfulness.UNCLEAR, Truthfulness.UNDEFINED):
            if kind in kinds:
                return kind
        return Truthfulness.FALSE

    def comparison(self, comparison: Comparison, place: Point) -> Truthfulness:
        """Does the comparison hold at the place?"""
        if factorial_arguments(comparison, self.unknown):
            defined = _at_whole_numbers(comparison, place, self.unknown)
            if defined is not Truthfulness.TRUE:
                return defined
        side = self._sign(comparison, place)
        if isinstance(side, Truthfulness):
            return side
        holds = {
            "=": side == 0,
            "!=": side != 0,
            "<": side < 0,
            "<=": side <= 0,
            ">": side > 0,
            ">=": side >= 0,
        }[comparison.op]
        return Truthfulness.TRUE if holds else Truthfulness.FALSE

    def _sign(self, comparison: Comparison, place: Point) -> int | Truthfulness:
        """Of left minus right."""
        if place.exact is None and place.factor is not None:
            exact = _sign_at_algebraic(comparison, place, self.unknown)
            if exact is not None:
                return exact
        for bits in _BITS:
            at = place.exact if place.exact is not None else place.ball(bits)
            try:
                with precision(bits):
                    return sign(
                        value_at(comparison.left, {self.unknown: at}) - value_at(comparison.right, {self.unknown: at})
                    )
            except Undefined:
                return Truthfulness.UNDEFINED
            except Unclear:
                continue
        if place.exact is not None:
            apart = _sign_of_remainder(comparison, {self.unknown: place.exact})
            if apart is not None:
                return apart
        # Neither apart from 0 nor exactly 0 to that many bits: 0 for all that anybody can see.
        proved = self._zero_for_certain(comparison, place)
        try:
            with precision(_SNAP_BITS, snap=_SNAP):
                at = place.exact if place.exact is not None else place.ball(_SNAP_BITS)
                left = value_at(comparison.left, {self.unknown: at})
                gap = left - value_at(comparison.right, {self.unknown: at})
                near = not is_exact(gap) and gap.contains(0) and gap.rad() < arb(2) ** -_SNAP * (1 + abs(arb(left)))
                result = 0 if near else sign(gap)
        except Undefined:
            self.rigorous = False
            return Truthfulness.UNDEFINED
        except Unclear:
            return Truthfulness.UNCLEAR
        self.rigorous = self.rigorous and proved and result == 0
        return result

    def _zero_for_certain(self, comparison: Comparison, place: Point) -> bool:
        constant = place.constant()
        if constant is None:
            return False
        binding = {self.unknown: constant}
        verdict = equivalent(substitute(comparison.left, binding), substitute(comparison.right, binding))
        return verdict.verified and verdict.rigorous


def _at_whole_numbers(comparison: Comparison, place: Point, unknown: str) -> Truthfulness:
    """TRUE where everything that a factorial of the unknown is taken of is 0, 1, 2, ..., else UNDEFINED or UNCLEAR."""
    for argument in factorial_arguments(comparison, unknown):
        try:
            with precision(_BITS[-1]):
                at = place.exact if place.exact is not None else place.ball(_BITS[-1])
                value = value_at(argument, {unknown: at})
        except Undefined:
            return Truthfulness.UNDEFINED
        except Unclear:
            return Truthfulness.UNCLEAR
        if not is_exact(value):
            return Truthfulness.UNCLEAR if value.contains_integer() else Truthfulness.UNDEFINED
        if value.q != 1 or value.p < 0:
            return Truthfulness.UNDEFINED
    return Truthfulness.TRUE


def _sign_of_remainder(comparison: Comparison, point: dict[str, Any]) -> int | None:
    """The sign, unless it is 0, of left minus right with everything gone that cancels: e^x hides what is beside it."""
    difference = _remainder(comparison)
    if difference is None:
        return None
    try:
        with precision(_BITS[-1]):
            return sign(value_at(difference, point)) or None
    except (Undefined, Unclear):
        return None


@lru_cache(maxsize=256)
def _remainder(comparison: Comparison) -> Expr | None:
    try:
        left, right = canonical(comparison.left).tree, canonical(comparison.right).tree
        ring = ring_of(left, right)
        return fraction_to_expr(*form(left, ring).minus(form(right, ring)).lowest_terms(), ring)
    except (UndefinedForm, TooLarge):
        return None


def _sign_at_algebraic(comparison: Comparison, place: Point, unknown: str) -> int | Truthfulness | None:
    """Exact zero tests at a root of an irreducible polynomial, for rational comparisons; None: not zero, or unknown."""
    found = _rational_difference(comparison)
    if found is None:
        return None
    assert place.factor is not None
    for divisor in found.divisors:
        only = univariate(divisor, 0)
        if only is not None and _divides(place.factor, only):
            return Truthfulness.UNDEFINED
    top = univariate(found.numerator, 0)
    if top is not None and _divides(place.factor, top):
        return 0
    return None


def _divides(factor: Any, polynomial: Any) -> bool:
    return bool((fmpq_poly(polynomial) % fmpq_poly(factor)).is_zero())


@lru_cache(maxsize=256)
def _rational_difference(comparison: Comparison) -> Form | None:
    if not (is_rational(comparison.left) and is_rational(comparison.right)):
        return None
    try:
        ring = ring_of(comparison.left, comparison.right)
        return form(comparison.left, ring).minus(form(comparison.right, ring))
    except (UndefinedForm, TooLarge):
        return None
