"""One line of mathematics as an answer: values, a set of numbers, or a statement that is not solved."""

from __future__ import annotations

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.syntax.bounds import check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr, div, num
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_line
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Line, Or, Statement, Truth, free_symbols
from reasoning_envs.verifiers.answer.kinds import Answer, Claim, Listing, Region, Value
from reasoning_envs.verifiers.answer.literals import Literal
from reasoning_envs.verifiers.answer.parts import flattened
from reasoning_envs.verifiers.answer.real_sets import ALL, EMPTY, RealSet, Unordered

__all__ = ["checked", "of_line", "scaled"]


def checked(text: str) -> Line:
    """The line, within the static bounds.

    Raises:
        ParseError, UnsafeExpressionError: it is none.
    """
    line = parse_line(text)
    check_bounds(line)
    return line


def scaled(found: Answer, literal: Literal, text: str) -> Answer:
    """A value with its percent sign and its unit."""
    if not literal.percent and literal.unit is None:
        return found
    if isinstance(found, Listing):
        return Listing(tuple([scaled(item, literal, text) for item in found.items]))
    if not isinstance(found, Value):
        raise ParseError(f"{text[:60]!r} is no value", 0)
    expr = div(found.expr, num(100)) if literal.percent else found.expr
    return Value(found.name, expr, found.text, literal.unit)


def of_line(line: Line, text: str) -> Answer:
    """What a line that was written as ``text`` answers."""
    if isinstance(line, Expr):
        return Value(None, line, text)
    if isinstance(line, Truth):
        return Region(None, ALL if line.value else EMPTY, line)
    if isinstance(line, Comparison):
        value = _solved(line, text)
        if value is not None:
            return value
        if line.op == "=" and not free_symbols(line) and equivalent(line.left, line.right).verified:
            return Value(None, line.right, text)
    elif isinstance(line, Or) and any(isinstance(part, And) for part in line.parts):
        parts = [of_line(part, text) for part in line.parts]
        if all(isinstance(part, Value | Listing) for part in parts):
            return Listing(flattened(parts))
    else:
        # Two values joined by "and" are a list as well: "x = 2 and x = 3" lists two solutions.
        values = [_solved(part, text) for part in line.parts if isinstance(part, Comparison)]
        known = [value for value in values if value is not None]
        if len(known) == len(line.parts) and (isinstance(line, And) or len({value.name for value in known}) == 1):
            return Listing(tuple(known))
    try:
        found = RealSet.solving(line)
    except Unordered:
        found = None
    return Claim(line) if found is None else Region(found[0], found[1], line)


def _solved(part: Statement, text: str) -> Value | None:
    if not isinstance(part, Comparison) or part.op != "=":
        return None
    for lone, other in ((part.left, part.right), (part.right, part.left)):
        if lone.op == "sym" and str(lone.value) not in other.symbols:
            return Value(str(lone.value), other, text)
    return None
