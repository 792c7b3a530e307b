"""Values compared by numbers: exactly at one point, or within a tolerance."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from reasoning_envs.symbolic.equality.rings import from_rational
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.values.arithmetic import rational_value
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, disjoint, precision
from reasoning_envs.symbolic.values.enclosures import value_at
from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["at_one_point", "within"]

_EQUAL = Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the two are equal", "arithmetic", True)
_QUICK_BITS = 64
_COORDINATES = (3, 7, 2, 11, 5, 13, 17, 19)


def at_one_point(mine: Expr, other: Expr, real: bool) -> Verdict | None:
    """What values at one point say: of rational constants everything, of all else that the two differ; None: nothing.

    A difference at a point where both are defined is a proof, and costs far less than to look for an equality first.
    """
    names = sorted(mine.symbols | other.symbols)
    if len(names) > len(_COORDINATES):
        return None
    point = dict(zip(names, _COORDINATES, strict=False))
    first, second = rational_value(mine, point), rational_value(other, point)
    if first is not None and second is not None:
        if first == second:
            return None if names else _EQUAL
        method = "arithmetic"
    elif real and _apart(mine, other, point):
        method = "balls"
    else:
        return None
    witness = ", ".join(f"{name} = {value}" for name, value in point.items()) or None
    reason = f"{to_text(mine)} is not {to_text(other)}"
    return Verdict(Status.REFUTED, Relation.NONE, reason, method, True, witness)


def _apart(mine: Expr, other: Expr, point: Mapping[str, int]) -> bool:
    at = {name: from_rational(value) for name, value in point.items()}
    try:
        with precision(_QUICK_BITS):
            return disjoint(value_at(mine, at), value_at(other, at))
    except (Undefined, Unclear):
        return False


def within(answer: Expr, truth: Expr, tolerance: float) -> Verdict | None:
    """Is a number within ``tolerance * |truth|`` of the truth (within ``tolerance`` where the truth is 0)?

    None where one of the two is no real number.
    """
    if answer.symbols or truth.symbols:
        return None
    allowed = from_rational(Fraction(str(tolerance)))
    for bits in (128, 1024):
        try:
            with precision(bits):
                first, second = value_at(answer, {}), value_at(truth, {})
                gap: Any = abs(first - second)
                size: Any = abs(second)
                limit = allowed * size if not _is_zero(second) else allowed
                if gap <= limit:
                    reason = f"{to_text(answer)} is within {tolerance:g} of {to_text(truth)}"
                    return Verdict(Status.VERIFIED, Relation.EQUIVALENT, reason, "tolerance", True)
                if gap > limit:
                    reason = f"{to_text(answer)} is not within {tolerance:g} of {to_text(truth)}"
                    return Verdict(Status.REFUTED, Relation.NONE, reason, "tolerance", True)
        except (Undefined, Unclear):
            return None
    return None


def _is_zero(value: Any) -> bool:
    return bool(value == 0)
