r"""Arithmetic in a line of prose, found and judged one statement at a time.

``3*4 = 12 eggs, so she has 12 - 5 = 7 left``, ``<<3*4=12>>``, ``2+3 = 5 = 10/2``, ``$0.50 x 4 = $2``,
``20% of 50 = 10``, ``so $\frac{3}{4}\cdot 8 = 6$``: what is found is read by the parser of mathematics and compared
exactly; nothing is executed. What cannot be read is left alone: a line is never wrong for what nobody understood.

How a statement is meant, where a choice had to be made:

* ``=`` is equality. ``10/3 = 3.33`` is wrong, unless a ``tolerance`` is given. ``10/3 ≈ 3.33``, ``is about 3.33``,
  ``= 3.33 (rounded)`` and ``= 3.33...`` claim a rounding: they are right when the number has the digits that rounding
  gives.
* A percent sign divides by 100 (``20% of 50``), or counts percent where a lone number is the result
  (``18/450*100 = 4%``).
* Units are passed over (``3 hours * 5 = 15 dollars``). Where the numbers differ and both sides have a unit of one
  dimension, they are converted (``2 hours = 120 minutes``). ``1 box = 6 eggs`` is information, no arithmetic.
* Letters make an equation, which may hold for some of their values: only an identity is a statement (``2x + 3x = 5x``).
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression
from reasoning_envs.symbolic.values.evaluation import exact_value
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.prose.comparison import (
    Rational,
    Reading,
    Value,
    compare,
    statement_text,
)
from reasoning_envs.verifiers.prose.reader import (
    MAX_CHARACTERS,
    Member,
    Statement,
    TooLongError,
    read_statements,
)

__all__ = ["MAX_CHARACTERS", "JudgedStatement", "ProseJudgement", "judge_prose", "verify_prose"]


@dataclass(frozen=True, slots=True)
class JudgedStatement:
    """One statement of a line.

    Attributes:
        start, end: its place: ``line[start:end]`` is its text, units after the last number apart.
        text: that text.
        relation: the sign between its two sides: ``=``, ``≈``, ``<``, ``>``, ``<=``, ``>=`` or ``!=``.
        verdict: on it alone; the witness of a wrong one is the value that its left side has.
        value: of its right side, where that is rational and something is worked out on the left; else None.
    """

    start: int
    end: int
    text: str
    relation: str
    verdict: Verdict
    value: Fraction | None = None


@dataclass(frozen=True, slots=True)
class ProseJudgement:
    """What a line came to.

    Attributes:
        verdict: VERIFIED where all statements are right (with the relation EQUIVALENT, unless one is a rounding),
            REFUTED where one is wrong, UNDECIDED where there is none.
        statements: in the order in which they begin.
    """

    verdict: Verdict
    statements: tuple[JudgedStatement, ...]


_NOTHING = Verdict(Status.UNDECIDED, Relation.UNKNOWN, "nothing to check in this line", "prose")


def verify_prose(line: str, *, tolerance: float | None = None) -> Verdict:
    """Is the arithmetic in a line of prose right?

    Args:
        line: of any text.
        tolerance: relative error that the right side of ``=`` and ``≈`` may have; None: ``=`` is exact.

    Returns:
        VERIFIED, where all statements are right; REFUTED, whose reason names the first wrong one and the right value;
        UNDECIDED: nothing to check in this line; UNSAFE: a statement or the line is too large; else why one could not
        be judged.

    Raises:
        TypeError: the line is no text. ValueError: a tolerance that is no finite number >= 0.
    """
    return judge_prose(line, tolerance=tolerance).verdict


def judge_prose(line: str, *, tolerance: float | None = None) -> ProseJudgement:
    """The statements of a line, each with its place and its verdict, and the verdict on all; see :func:`verify_prose`.

    Raises:
        TypeError: the line is no text. ValueError: a tolerance that is no finite number >= 0.
    """
    start = time.perf_counter()
    if not isinstance(line, str):
        raise TypeError(f"the line must be a text (str), got {type(line).__name__}")
    if tolerance is not None and not (math.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"tolerance must be a finite number >= 0, got {tolerance}")
    try:
        found = read_statements(line)
    except TooLongError as error:
        return ProseJudgement(Verdict(Status.UNSAFE, Relation.UNKNOWN, str(error), "bounds", True), ())
    allowed = None if tolerance is None else Fraction(str(tolerance))
    judged = []
    for statement in found:
        verdict = _judge(statement, line, allowed)
        if verdict is not None:
            text = line[statement.start : statement.end]
            place = statement.start, statement.end
            judged.append(JudgedStatement(*place, text, statement.relation, verdict, _result(statement)))
    verdict = _together(judged).since(start)
    return ProseJudgement(verdict, tuple(judged))


def _result(statement: Statement) -> Fraction | None:
    if statement.left.lone or statement.right.symbols:
        return None
    try:
        value = _value(statement.right.text(percent=False))
    except (ParseError, UnsafeExpressionError):
        return None
    return None if isinstance(value, Expr) else Fraction(value)


def _together(judged: list[JudgedStatement]) -> Verdict:
    if not judged:
        return _NOTHING
    for status in (Status.REFUTED, Status.UNSAFE, Status.ERROR, Status.TIMEOUT, Status.UNDECIDED):
        for statement in judged:
            if statement.verdict.status is status:
                return statement.verdict
    if len(judged) == 1:
        return judged[0].verdict
    conditions = tuple(dict.fromkeys([condition for each in judged for condition in each.verdict.conditions]))
    exact = all(each.verdict.relation is Relation.EQUIVALENT for each in judged)
    rigorous = all(each.verdict.rigorous for each in judged)
    reason = f"all {len(judged)} statements in this line are right"
    relation = Relation.EQUIVALENT if exact else Relation.UNKNOWN
    return Verdict(Status.VERIFIED, relation, reason, "prose", rigorous, None, conditions)


# -- one statement ----------------------------------------------------------------------------------------------------


def _judge(statement: Statement, line: str, tolerance: Fraction | None) -> Verdict | None:
    """The verdict on a statement; None where it turns out to be none (an equation, information about units)."""
    left, relation, right = statement.left, statement.relation, statement.right
    if left.symbols or right.symbols:
        return _identity(statement, line) if relation == "=" else None
    if (left.lone and _informs(statement)) or any(side.cut and not side.lone for side in (left, right)):
        return None
    if statement.spoken and (left.lone or _FRACTION.fullmatch(left.text())):
        return None  # "2/5 is equal to 12.8 hectares"
    first: Verdict | None = None
    for reading in _readings(statement):
        if isinstance(reading, Verdict):
            return first or reading
        verdict = compare(reading, statement, line, tolerance)
        if verdict is None:
            return first
        if verdict.verified or verdict.status is not Status.REFUTED:
            return verdict
        first = first or verdict
    return first


def _informs(statement: Statement) -> bool:
    """``1 box = 6 eggs`` says what a box is, and ``40 nickels = 40 * 5 = 200 cents`` what they are worth."""
    left, right = statement.left, statement.right
    if not left.measured or left.measured == right.measured or _conversion(left, right) is not None:
        return False
    return bool(right.measured or right.units) if right.lone else statement.opening


_FRACTION = re.compile(r"\d+/\d+")


def _identity(statement: Statement, line: str) -> Verdict | None:
    """Whether sides with letters are the same for all their values; what holds for some is an equation."""
    left, right = statement.left, statement.right
    if left.percent or right.percent or left.magnitude or right.magnitude:
        return None
    try:
        sides = _tree(left.text()), _tree(right.text())
    except (ParseError, UnsafeExpressionError):
        return None
    if any(side.op == "sym" for side in sides):
        return None  # x = ... says what x is
    verdict = equivalent(*sides)
    if not verdict.verified:
        return None
    shown = statement_text(statement, line)
    return replace(verdict, reason=f"{shown} is right: both sides are the same", seconds=0.0)


def _readings(statement: Statement) -> Iterator[Reading | Verdict]:
    """The ways to take a statement, the plainest first; a verdict where a side is none that can be worked out."""
    left, right = statement.left, statement.right
    converted = _conversion(left, right)
    try:
        values = _value(left.text()), _value(right.text())
        if converted is not None and left.lone and right.lone:
            factors = converted
            yield Reading(_times(values[0], Fraction(factors[0]) / factors[1]), values[1], None)
            return
        yield Reading(*values, None)
        if right.lone and right.percent and not left.percent:
            shown = right.text(percent=False).strip("()")
            counted = _value(right.text(percent=False))
            yield Reading(values[0], counted, f"{shown}% counts percent")
        if left.magnitude or right.magnitude:
            yield Reading(_value(left.text(magnitudes=False)), _value(right.text(magnitudes=False)), None)
            yield Reading(values[0], _value(right.text(magnitudes=False)), None)
        if converted is not None:
            yield Reading(_times(values[0], converted[0]), _times(values[1], converted[1]), "the units are converted")
        if right.pieces[-1] == "!" and right.end > right.start:
            yield Reading(values[0], _value("".join(right.pieces[:-1])), None)
    except ParseError:
        return
    except UnsafeExpressionError as error:
        yield Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)


def _conversion(left: Member, right: Member) -> tuple[Rational, Rational] | None:
    """What the two sides are multiplied by to be in one unit; None where there is nothing to convert."""
    if len(left.units) != 1 or len(right.units) != 1:
        return None
    (first,), (second,) = left.units, right.units
    if first == second or first.dimension != second.dimension or first.turns != second.turns:
        return None
    return first.scale, second.scale


def _times(value: Value, factor: Rational) -> Value:
    return value if isinstance(value, Expr) else _plain(value * factor)


@lru_cache(maxsize=8192)
def _tree(text: str) -> Expr:
    """The expression.

    Raises:
        ParseError: it is none. UnsafeExpressionError: it is too large.
    """
    expr = parse_expression(text)
    check_bounds(expr)
    return expr


@lru_cache(maxsize=16384)
def _value(text: str) -> Value:
    """What an expression without letters is: an exact number where it is rational, else its tree."""
    if text.isdigit() and len(text) < 200 and text.isascii():
        return int(text)
    expr = _tree(text)
    value = exact_value(expr)
    return expr if value is None else value


def _plain(value: Rational) -> Rational:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value
