"""Values with units compared: by conversion, by what one of the two leaves out, or with letters read as units."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from reasoning_envs.symbolic.syntax.expression import Expr, mul
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.kinds import Value
from reasoning_envs.verifiers.answer.literals import LiteralError, read_literal
from reasoning_envs.verifiers.answer.units import Unit, UnitError, parse_unit, split_quantity

if TYPE_CHECKING:
    from reasoning_envs.verifiers.answers import Comparer

__all__ = ["compare_quantities", "compare_with_letters_as_units"]

_DEGREE = parse_unit("°")
_RADIAN = parse_unit("rad")
_QUANTITY = re.compile(r"[-−+]?\s*[0-9.][0-9.,/*·×^()\s-]*?[A-Za-zµ°][A-Za-zµ°²³/*·^()0-9\s-]*")


def compare_quantities(judge: Comparer, mine: Value, other: Value) -> Verdict:
    """Values of which at least one has a unit that the other has not."""
    first, second = mine.unit, other.unit
    if isinstance(first, Unit) and isinstance(second, Unit):
        try:
            return judge.expressions(mul(first.factor_to(second), mine.expr), other.expr)
        except UnitError as error:
            return Verdict(Status.REFUTED, Relation.NONE, str(error), "units", True)
    bare = judge.expressions(mine.expr, other.expr)
    if first is None or second is None:
        unit = first or second
        if isinstance(unit, Unit) and unit.dimension == _DEGREE.dimension and not bare.verified:
            # An angle is a number, and degrees are a number of radians.
            return judge.expressions(_in_radians(mine), _in_radians(other))
        shown = next(value.text for value in (mine, other) if value.unit is not None)
        if bare.verified:
            condition = f"the number without a unit is meant in the unit of {shown!r}"
            return replace(bare, rigorous=False, method="units", conditions=(*bare.conditions, condition))
        return replace(bare, rigorous=False)
    if bare.refuted and isinstance(first, str) and isinstance(second, str):
        return replace(bare, rigorous=False)
    reason = f"nobody can tell whether the units of {mine.text!r} and {other.text!r} are the same"
    return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "units")


def compare_with_letters_as_units(judge: Comparer, mine: Value, other: Value) -> Verdict | None:
    """``2 L`` against ``2000 mL``: a number and letters that are units, where both can be read so; else None."""
    sides = [_as_quantity(value) for value in (mine, other)]
    first, second = sides
    if first is None or second is None or first.unit is None or second.unit is None:
        return None
    if not (isinstance(first.unit, Unit) and isinstance(second.unit, Unit)):
        return None
    if first.unit.dimension != second.unit.dimension:
        return None
    verdict = compare_quantities(judge, first, second)
    condition = f"the letters in {mine.text!r} and {other.text!r} are units"
    return replace(verdict, rigorous=False, method="units", conditions=(*verdict.conditions, condition))


def _as_quantity(value: Value) -> Value | None:
    if value.unit is not None:
        return value
    text = value.text.rpartition("=")[2].strip().rstrip(".")
    if not _QUANTITY.fullmatch(text):
        return None
    body, unit = split_quantity(text.replace(" ^", "^").replace("^ ", "^"))
    if unit is None:
        return None
    try:
        expr = parse_expression(read_literal(body, units=False).body)
    except (ParseError, LiteralError):
        return None
    return None if expr.symbols else Value(value.name, expr, value.text, unit)


def _in_radians(value: Value) -> Expr:
    return mul(value.unit.factor_to(_RADIAN), value.expr) if isinstance(value.unit, Unit) else value.expr
