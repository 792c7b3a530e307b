"""Final answers: found in a text, read, and compared.

An answer is a set of values (``2``, ``x = 2 or x = 3``, ``{2, 3}``, ``x = 1, y = 2``), a statement that is not solved
(``y + 2x = 3``, ``x > 2``), or one of ``no solution`` and ``all reals``. Sets are compared without order or repetition.
A lone value answers for ``x = value``. A statement that is not solved never equals values: else the problem itself
would be an answer to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from reasoning_envs.symbolic.balls import Unclear, Undefined, precision
from reasoning_envs.symbolic.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.derivation import relate
from reasoning_envs.symbolic.equivalence import equivalent
from reasoning_envs.symbolic.expression import Expr, div, mul, num
from reasoning_envs.symbolic.parser import MAX_BYTES, ParseError, parse_line
from reasoning_envs.symbolic.printer import to_text
from reasoning_envs.symbolic.rings import from_rational
from reasoning_envs.symbolic.statement import And, Comparison, Line, Or, Statement, Truth, free_symbols, line_tokens
from reasoning_envs.symbolic.values import value_at
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.units import Unit, UnitError, split_quantity

__all__ = ["Answer", "Value", "compare", "read_answer", "within"]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an answer.

    Attributes:
        name: the symbol that it is the value of; None for a lone value.
        expr: the value. text: as it was written.
    """

    name: str | None
    expr: Expr
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A final answer that was read.

    Attributes:
        values: the set; empty for the other kinds.
        statement: a statement that is not solved, or ``no solution``, ``all reals``; None for values.
    """

    values: tuple[Value, ...] = ()
    statement: Statement | None = None


# ---- finding ----


# ---- reading ----

_THOUSANDS = re.compile(r"^[-−+]?\d{1,3}(,\d{3})+(\.\d+)?$")
_SEPARATOR = re.compile(r"\s*(?:,|;)\s*(?:and\b|or\b)?\s*|\s+(?:and|or)\s+")


def read_answer(text: str, *, units: Unit | None = None) -> Answer | Verdict:
    """An answer from its text, or UNPARSED, UNSAFE, or UNDECIDED (a kind of answer that is not supported).

    Args:
        text: without surrounding prose.
        units: values may carry a unit, and are converted to this one; without it they may not.
    """
    text = text.strip()
    if not text:
        return _unparsed("there is no answer")
    if len(text) > MAX_BYTES:
        return _unparsed(f"the answer has {len(text)} characters; at most {MAX_BYTES} bytes are read")
    if text.startswith("{") and text.endswith("}") and text[1:-1].strip():
        inner = _split(text[1:-1])
        if inner is not None:
            return _read_values(inner, units)
    if re.match(r"^[(\[].*[,;].*[)\]]$", text, re.DOTALL) and _encloses(text):
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, "ordered tuples and intervals are not supported", "parser")
    whole = _read_line(text, units)
    if isinstance(whole, Verdict):
        parts = _split(text)
        if whole.status is Status.UNPARSED and parts is not None and len(parts) > 1:
            listed = _read_values(parts, units)
            return listed if isinstance(listed, Answer) else whole
        return whole
    return whole


def _encloses(text: str) -> bool:
    """The first bracket is closed by the last character."""
    depth = 0
    for place, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0:
            return place == len(text) - 1
    return False


def _split(text: str) -> list[str] | None:
    """The parts of a list, split outside of brackets; None where a part is empty."""
    if _THOUSANDS.match(text.strip()):
        return [text]
    parts: list[str] = []
    depth = start = place = 0
    while place < len(text):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        match = _SEPARATOR.match(text, place) if depth == 0 else None
        if match is not None and match.end() > place and match.group().strip():
            parts.append(text[start:place])
            start = place = match.end()
            continue
        place += 1
    parts.append(text[start:])
    return [part.strip() for part in parts] if all(part.strip() for part in parts) else None


def _read_values(parts: list[str], units: Unit | None) -> Answer | Verdict:
    values: list[Value] = []
    for part in parts:
        found = _read_line(part, units)
        if isinstance(found, Verdict):
            return found
        if found.statement is not None:
            return _unparsed(f"{part[:60]!r} is no value")
        for value in found.values:
            name = value.name if value.name is not None or not values else values[0].name
            values.append(Value(name, value.expr, value.text))
    return Answer(tuple(values))


def _read_line(text: str, units: Unit | None) -> Answer | Verdict:
    """One value, one statement, or alternatives."""
    name, factor, body = "", None, text
    if units is not None:
        head, equals, tail = text.rpartition("=")
        body, unit = split_quantity(tail)
        if unit is None:
            return _unparsed(f"the unit is missing in {text[:60]!r}")
        try:
            factor = unit.factor_to(units)
        except UnitError as error:
            return Verdict(Status.REFUTED, Relation.NONE, f"{text[:60]!r}: {error}", "units", True)
        name = head + equals
    if _THOUSANDS.match(body.strip()):
        body = body.replace(",", "")
    percent = body.rstrip().endswith("%")
    if percent:
        body = body.rstrip()[:-1]
    try:
        line = parse_line(name + body)
        check_bounds(line)
    except ParseError as error:
        return _unparsed(error.reason)
    except UnsafeExpressionError as error:
        return Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)
    answer = _of_line(line, text)
    if (factor is None or factor.value == 1) and not percent:
        return answer
    if answer.statement is not None:
        return _unparsed(f"{text[:60]!r} is no value")
    scaled = []
    for value in answer.values:
        expr = div(value.expr, num(100)) if percent else value.expr
        scaled.append(Value(value.name, expr if factor is None else mul(factor, expr), value.text))
    return Answer(tuple(scaled))


def _unparsed(reason: str) -> Verdict:
    return Verdict(Status.UNPARSED, Relation.UNKNOWN, reason, "parser", True)


def _of_line(line: Line, text: str) -> Answer:
    if isinstance(line, Expr):
        return Answer((Value(None, line, text),))
    if isinstance(line, Truth):
        return Answer(statement=line)
    # Two values joined by "and" are a list as well: "x = 2 and x = 3" lists two solutions.
    parts = line.parts if isinstance(line, And | Or) else (line,)
    values = [value for part in parts if (value := _value(part, text)) is not None]
    if len(values) < len(parts) or (isinstance(line, Or) and len({value.name for value in values}) > 1):
        return Answer(statement=line)
    return Answer(tuple(values))


def _value(part: Statement, text: str) -> Value | None:
    if not isinstance(part, Comparison) or part.op != "=":
        return None
    for lone, other in ((part.left, part.right), (part.right, part.left)):
        if lone.op == "sym" and str(lone.value) not in other.symbols:
            return Value(str(lone.value), other, text)
    return None


# ---- comparing ----


def compare(answer: Answer, truth: Answer, *, over: str = "real", tolerance: float | None = None) -> Verdict:
    """Does the answer say what the truth says?

    Args:
        answer: as it was read.
        truth: as it was read.
        over: the number domain.
        tolerance: see :func:`within`; it makes the comparison depend on which of the two is the truth.
    """
    if answer.statement is None and truth.statement is None:
        return _compare_values(answer, truth, over, tolerance)
    if answer.statement is None or truth.statement is None:
        mine = "a value" if answer.statement is None else _kind(answer.statement)
        other = "a value" if truth.statement is None else _kind(truth.statement)
        return Verdict(Status.REFUTED, Relation.NONE, f"the answer is {mine}, and the truth is {other}", "kind", True)
    return _compare_statements(answer.statement, truth.statement, over)


def _kind(statement: Statement) -> str:
    if isinstance(statement, Truth):
        return to_text(statement)
    return "a statement that is not solved"


def _compare_statements(answer: Statement, truth: Statement, over: str) -> Verdict:
    if isinstance(answer, Truth) or isinstance(truth, Truth):
        if answer == truth:
            return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the two say the same", "canonical form", True)
        reason = f"the answer is {_kind(answer)}, and the truth is {_kind(truth)}"
        return Verdict(Status.REFUTED, Relation.NONE, reason, "kind", True)
    first, second = sorted((answer, truth), key=line_tokens)
    symbols = free_symbols(first) | free_symbols(second)
    unknown = "x" if "x" in symbols else max(symbols, default="x")
    verdict = relate(first, second, unknown=unknown, over=over)
    if verdict.refuted:
        return Verdict(
            Status.REFUTED,
            Relation.NONE,
            "the two do not say the same",
            verdict.method,
            verdict.rigorous,
            verdict.witness,
        )
    return verdict


def _compare_values(answer: Answer, truth: Answer, over: str, tolerance: float | None) -> Verdict:
    names = [{value.name for value in side.values} for side in (answer, truth)]
    if names[0] != names[1] and not ({None} in names and all(len(kinds) == 1 for kinds in names)):
        mine, other = (", ".join(sorted(str(name) for name in kinds if name)) or "no name" for kinds in names)
        reason = f"the answer gives values of {mine}, and the truth of {other}"
        return Verdict(Status.REFUTED, Relation.NONE, reason, "kind", True)
    named = names[0] == names[1]
    table: list[list[Verdict]] = [
        [
            _equal(mine, other, over, tolerance)
            if not named or mine.name == other.name
            else Verdict(Status.REFUTED, Relation.NONE, "values of different letters", "kind", True)
            for other in truth.values
        ]
        for mine in answer.values
    ]
    if len(answer.values) == 1 == len(truth.values):
        return table[0][0]
    columns = [list(column) for column in zip(*table, strict=True)]
    judged: list[tuple[list[Verdict], Value, str]] = [
        *[
            (row, value, "the answer has {}, and the truth has not")
            for row, value in zip(table, answer.values, strict=True)
        ],
        *[(cells, value, "the answer misses {}") for cells, value in zip(columns, truth.values, strict=True)],
    ]
    for cells, value, text in judged:
        if any(cell.verified for cell in cells):
            continue
        doubtful = [cell for cell in cells if not cell.refuted]
        if doubtful:
            return doubtful[0]
        shown = to_text(value.expr)
        rigorous = all(cell.rigorous for cell in cells)
        relation = Relation.NONE
        return Verdict(Status.REFUTED, relation, text.format(shown), cells[0].method, rigorous, shown)
    right = [next(cell for cell in row if cell.verified) for row in table]
    conditions = tuple(sorted({condition for cell in right for condition in cell.conditions}))
    method = right[0].method if len({cell.method for cell in right}) == 1 else "mixed"
    rigorous = all(cell.rigorous for cell in right)
    return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the values are the same", method, rigorous, None, conditions)


def _equal(mine: Value, other: Value, over: str, tolerance: float | None) -> Verdict:
    if tolerance is not None:
        near = within(mine.expr, other.expr, tolerance)
        if near is not None:
            return near
    # The order must not matter: points of comparison depend on it.
    first, second = sorted((mine.expr, other.expr), key=lambda expr: expr.tokens)
    verdict = equivalent(first, second, over=over)
    if verdict.refuted and "undefined" not in verdict.reason:
        reason = f"{to_text(mine.expr)} is not {to_text(other.expr)}"
        return Verdict(Status.REFUTED, Relation.NONE, reason, verdict.method, verdict.rigorous, verdict.witness)
    return verdict


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
