"""One value or one statement of an answer: with its unit, its percent sign, both its signs."""

from __future__ import annotations

import re

from reasoning_envs.symbolic.syntax.bounds import check_bounds
from reasoning_envs.symbolic.syntax.expression import div, mul, num
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_alternatives
from reasoning_envs.verifiers.answer.kinds import Answer, Listing, Value
from reasoning_envs.verifiers.answer.lines import checked, of_line, scaled
from reasoning_envs.verifiers.answer.literals import Literal, read_literal
from reasoning_envs.verifiers.answer.units import Unit, UnitError, split_quantity
from reasoning_envs.verifiers.answer.words import text_of

__all__ = ["OtherUnitError", "ValueReader"]

_NAMED = re.compile(r"\s*([A-Za-z](?:_\w+)?|[α-ωΓ-Ω])\s*=(?!=)\s*(.*)", re.DOTALL)
_RELATED = re.compile(r"[=<>≤≥≠!]|\b(?:or|and)\b")


class OtherUnitError(ValueError):
    """The text cannot be an answer in the declared unit."""


class ValueReader:
    """Reads what goes to the parser of lines.

    Attributes:
        units: values carry a unit, and are converted to this one.
        listed: ``1,234`` is two numbers.
        depth: of the brackets that are being read.
    """

    __slots__ = ("depth", "listed", "units")

    def __init__(self, units: Unit | None, listed: bool) -> None:
        self.units = units
        self.listed = listed
        self.depth = 0

    def value(self, text: str) -> Value:
        """A lone value."""
        found = self.line(text)
        if not isinstance(found, Value) or found.name is not None:
            raise ParseError(f"{text[:60]!r} is no value", 0)
        return found

    def line(self, text: str) -> Answer:
        """One value, one statement, or alternatives."""
        if self.units is not None:
            return self.quantity(text, self.units)
        named = _NAMED.fullmatch(text)
        if named and not _RELATED.search(named[2]):
            literal = read_literal(named[2])
            if literal.body == named[2].strip() and not literal.percent and literal.unit is None:
                return of_line(checked(text), text)
            return scaled(of_line(checked(f"{named[1]} = {literal.body}"), text), literal, text)
        if _RELATED.search(text):
            return of_line(checked(text), text)
        literal = read_literal(text)
        if "±" in text or "+/-" in text or literal.body.startswith("+-"):
            return self.both(literal, text)
        return scaled(of_line(checked(literal.body), text), literal, text)

    def both(self, literal: Literal, text: str) -> Answer:
        """Both values of what holds a ±."""
        values = parse_alternatives(literal.body)
        for value in values:
            check_bounds(value)
        items = [scaled(Value(None, value, text), literal, text) for value in values]
        return Listing(tuple(items))

    def quantity(self, text: str, units: Unit) -> Answer:
        """A value with its unit, converted to the declared one."""
        head, equals, tail = text.replace('"', " ").rpartition("=")
        body, unit = split_quantity(re.sub(r"(?<=[A-Za-z]) +(?=\^)", "", tail))
        if unit is None:
            raise ParseError(f"the unit is missing in {text[:60]!r}", 0)
        try:
            factor = unit.factor_to(units)
        except UnitError as error:
            raise OtherUnitError(f"{text[:60]!r}: {error}") from None
        literal = read_literal(body, units=False)
        found = of_line(checked(f"{head}{equals}{literal.body}"), text)
        values = found.items if isinstance(found, Listing) else (found,)
        scaled: list[Answer] = []
        for value in values:
            if not isinstance(value, Value):
                raise ParseError(f"{text[:60]!r} is no value", 0)
            expr = div(value.expr, num(100)) if literal.percent else value.expr
            expr = expr if factor.value == 1 else mul(factor, expr)
            scaled.append(Value(value.name, expr, value.text))
        return Listing(tuple(scaled)) if isinstance(found, Listing) else scaled[0]

    def quoted(self, content: str) -> Answer:
        r"""Words in quotes: mathematics where they are, as ``\text{no solution}``, else a text."""
        if re.fullmatch(r"[\d.,/ -]+|(?i:no (?:real )?solutions?|all real(?: number)?s|true|false)", content):
            return self.line(content)
        return text_of(content)
