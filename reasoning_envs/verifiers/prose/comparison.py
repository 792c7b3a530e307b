"""The two sides of a statement in prose compared: exactly, within a rounding, or by an order."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from fractions import Fraction

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.syntax.expression import Expr, num, sub
from reasoning_envs.symbolic.syntax.notation import quote
from reasoning_envs.symbolic.values.evaluation import constant_sign
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.prose.numbers import constant_text, number_text
from reasoning_envs.verifiers.prose.reader import ANNOTATION, Member, Statement

__all__ = ["Rational", "Reading", "Value", "compare", "judged_right", "judged_wrong", "mixed_units", "statement_text"]

Rational = int | Fraction
Value = Rational | Expr


_UNIT = re.compile(r"\s*([A-Za-z°$€£/^²³0-9]{1,20})")


class Reading:
    """One way to take a statement: the values of its sides, and what was assumed to take it so."""

    __slots__ = ("condition", "left", "right")

    def __init__(self, left: Value, right: Value, condition: str | None) -> None:
        self.left, self.right, self.condition = left, right, condition


def mixed_units(statement: Statement) -> bool:
    """Units of one dimension and several sizes: ``5 km/h * 30 min = 2.5 km`` cannot be told by its numbers."""
    units = statement.left.units
    if len(units) < 2 or not statement.right.units:
        return False
    bases = [base for unit in units for base, _ in unit.dimension]
    if len(bases) == len(set(bases)):
        return False
    sizes = {unit.scale for unit in statement.right.units}
    return math.prod(unit.scale for unit in units) not in sizes


def compare(reading: Reading, statement: Statement, line: str, tolerance: Fraction | None) -> Verdict | None:
    """The verdict on one reading; None where it says nothing."""
    left, right, relation = reading.left, reading.right, statement.relation
    conditions = () if reading.condition is None else (reading.condition,)
    if isinstance(left, Expr) or isinstance(right, Expr):
        return _compare_irrational(reading, statement, line, tolerance)
    if relation in ("=", "≈"):
        if left == right:
            return judged_right(statement, line, Relation.EQUIVALENT, conditions)
        near = _nearness(reading, statement, tolerance)
        if near is not None:
            return judged_right(statement, line, Relation.UNKNOWN, (*conditions, near))
        if mixed_units(statement):
            return None
        if statement.left.lone and not statement.right.lone:  # 10 = 3*4
            worth = number_text(right)
            return judged_wrong(statement, line, f"{_text(statement.right, line)} is {worth}", worth)
        worth = number_text(left)
        why = _worth_in_units(statement, line, worth) or f"{_text(statement.left, line)} is {worth}"
        return judged_wrong(statement, line, why, worth)
    if _ORDERS[relation](_sign(left - right)):
        return judged_right(statement, line, Relation.EQUIVALENT, conditions)
    return judged_wrong(
        statement, line, f"{number_text(left)} is not {relation} {number_text(right)}", number_text(left)
    )


def _compare_irrational(
    reading: Reading, statement: Statement, line: str, tolerance: Fraction | None
) -> Verdict | None:
    """Sides with roots, factorials, pi."""
    left, right = reading.left, reading.right
    first = left if isinstance(left, Expr) else num(left)
    second = right if isinstance(right, Expr) else num(right)
    if statement.relation == "=":
        verdict = equivalent(first, second)
        if verdict.verified:
            return replace(verdict, reason=f"{statement_text(statement, line)} is right", seconds=0.0)
        if verdict.refuted and "undefined" in verdict.reason:
            return replace(verdict, reason=f"{statement_text(statement, line)} is wrong: {verdict.reason}", seconds=0.0)
        if not verdict.refuted:
            return replace(verdict, seconds=0.0)
        if tolerance is None and not (statement.left.cut or statement.right.cut):
            worth = constant_text(first)
            return replace(
                judged_wrong(statement, line, f"{_text(statement.left, line)} is {worth}", worth),
                method=verdict.method,
                rigorous=verdict.rigorous,
            )
    difference = sub(first, second)
    if statement.relation in ("=", "≈"):
        allowed = None if isinstance(right, Expr) else _allowed(reading, statement, tolerance)
        if allowed is None:
            return None
        low, high = constant_sign(sub(difference, num(allowed))), constant_sign(sub(num(-allowed), difference))
        if low is None or high is None:
            return None
        if low <= 0 and high <= 0:
            return judged_right(statement, line, Relation.UNKNOWN, (_rounding(statement, tolerance),))
        worth = constant_text(first)
        return judged_wrong(statement, line, f"{_text(statement.left, line)} is {worth}", worth)
    sign = constant_sign(difference)
    if sign is None:
        return None
    if _ORDERS[statement.relation](sign):
        return judged_right(statement, line, Relation.EQUIVALENT, ())
    return judged_wrong(
        statement,
        line,
        f"{constant_text(first)} is not {statement.relation} {constant_text(second)}",
        constant_text(first),
    )


_ORDERS = {
    "<": lambda sign: sign < 0,
    ">": lambda sign: sign > 0,
    "<=": lambda sign: sign <= 0,
    ">=": lambda sign: sign >= 0,
    "!=": lambda sign: sign != 0,
}


def _sign(value: Rational) -> int:
    return (value > 0) - (value < 0)


# -- roundings --------------------------------------------------------------------------------------------------------


def _nearness(reading: Reading, statement: Statement, tolerance: Fraction | None) -> str | None:
    """Why a difference between two numbers is allowed; None where it is not."""
    left, right = reading.left, reading.right
    if isinstance(left, Expr) or isinstance(right, Expr):
        return None
    allowed = _allowed(reading, statement, tolerance)
    if allowed is None or abs(Fraction(left - right)) > allowed:
        return None
    return _rounding(statement, tolerance)


def _allowed(reading: Reading, statement: Statement, tolerance: Fraction | None) -> Fraction | None:
    """How far apart the sides may be; None where they must be equal."""
    bounds: list[Fraction] = []
    right = reading.right
    if tolerance is not None and not isinstance(right, Expr):
        bounds.append(tolerance * abs(Fraction(right)) if right else tolerance)
    for side in (statement.left, statement.right):
        # A percent sign that divides makes the last digit count a hundredth of what it does.
        places = None if side.decimals is None else side.decimals + (2 if side.percent and not reading.condition else 0)
        if places is not None and side.cut:
            bounds.append(Fraction(10) ** -max(places, 0))  # digits left out, not rounded
        elif places is not None and _is_rounded(side, statement):
            bounds.append(Fraction(10) ** -places / 2)
    return max(bounds) if bounds else None


def _is_rounded(side: Member, statement: Statement) -> bool:
    """``10/3 ≈ 3.33``, and ``3.33 ≈ 10/3``."""
    return statement.relation == "≈" and (side is statement.right or statement.right.decimals is None)


def _rounding(statement: Statement, tolerance: Fraction | None) -> str:
    for side in (statement.left, statement.right):
        if side.decimals is not None and (side.cut or _is_rounded(side, statement)):
            return f"{side.text(percent=False).strip('()')} is a rounding"
    return f"within {float(tolerance or 0):g}"


# -- words ------------------------------------------------------------------------------------------------------------


def judged_right(statement: Statement, line: str, relation: Relation, conditions: tuple[str, ...]) -> Verdict:
    """The verdict on a right statement."""
    reason = f"{statement_text(statement, line)} is right"
    return Verdict(Status.VERIFIED, relation, reason, "arithmetic", True, None, conditions)


def judged_wrong(statement: Statement, line: str, why: str, witness: str) -> Verdict:
    """The verdict on a wrong one: why, and the value that shows it."""
    reason = f"{statement_text(statement, line)} is wrong: {why}"
    return Verdict(Status.REFUTED, Relation.NONE, reason, "arithmetic", True, witness)


def statement_text(statement: Statement, line: str) -> str:
    """The statement as it stands in the line, without annotations."""
    return quote(" ".join(ANNOTATION.sub("", line[statement.start : statement.end]).split()))


def _worth_in_units(statement: Statement, line: str, worth: str) -> str | None:
    """``2 hours is 120 minutes``; None where not both sides are a number with its unit."""
    sides = (statement.left, statement.right)
    units = [_UNIT.match(line, side.end) for side in sides if side.lone and side.units]
    if len(units) < len(sides) or units[0] is None or units[1] is None:
        return None
    return f"{_text(statement.left, line)} {units[0][1]} is {worth} {units[1][1]}"


def _text(member: Member, line: str) -> str:
    text = quote(" ".join(line[member.start : member.end].split()))
    return text[1:-1]
