r"""Final answers from their text, plain or LaTeX.

What an answer can be stands in :mod:`~reasoning_envs.verifiers.answer.kinds`. Lists, sets, tuples, intervals, matrices
and cases are taken apart here; each value and each statement in them goes to the parser of lines. Where a text can mean
two things, the choice is:

* ``1,234`` is one number, and ``1, 234`` are two; in brackets a comma always separates.
* ``(1, 2)`` is a point, and the interval where it is compared with one.
* A chain ``x = 2/4 = 1/2`` answers with its last member, if its members are equal; ``x ≈ 0.33`` with what stands there.
* Of a lone word (``east``) the answer is a text; several words are one where each has a capital or they stand in
  ``\text{}``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr, div, mul, num
from reasoning_envs.symbolic.syntax.latex_reader import from_latex, is_latex
from reasoning_envs.symbolic.syntax.parser import MAX_BYTES, ParseError, parse_alternatives
from reasoning_envs.symbolic.syntax.statement import Truth
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.kinds import (
    Answer,
    Branches,
    Listing,
    Matrix,
    Ordered,
    Region,
    Value,
    Words,
)
from reasoning_envs.verifiers.answer.lines import checked, of_line, scaled
from reasoning_envs.verifiers.answer.literals import Literal, LiteralError, read_literal
from reasoning_envs.verifiers.answer.outline import Mark, enclosed, marks, split_at
from reasoning_envs.verifiers.answer.parts import Unsettled, assigned, flattened, numbers_of, united, with_name
from reasoning_envs.verifiers.answer.real_sets import ALL, EMPTY, RealSet, Unordered
from reasoning_envs.verifiers.answer.units import Unit, UnitError, split_quantity
from reasoning_envs.verifiers.answer.words import text_of, words_of

__all__ = ["read_answer"]

_MAX_DEPTH = 8
_MAX_ITEMS = 200
_MAX_CACHED = 4000

_STRUCTURED = re.compile(r"[,;{}\[\]∪∩∖∈⟨⟩≈:\"ℝℤℕℚℂ∅]|\b(?:or|and|in|[Mm]atrix|cases)\b|=.*=|^\s*<|\w\)\s*=")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NAMED = re.compile(r"\s*([A-Za-z](?:_\w+)?|[α-ωΓ-Ω])\s*=(?!=)\s*(.*)", re.DOTALL)
_HEADER = re.compile(r"\s*([f-hpqr-wyA-HN-V])\s*\(\s*([A-Za-z0-9, ]+)\s*\)\s*=(?!=)\s*(.*)", re.DOTALL)
_RELATED = re.compile(r"[=<>≤≥≠!]|\b(?:or|and)\b")
_MATRIX = re.compile(r"(.*?)\s*\*?\s*matrix\((.*)\)", re.DOTALL)
_ROWS = re.compile(r"[Mm]atrix\(\s*(\[.*\])\s*\)", re.DOTALL)
_CONDITION = re.compile(r'\s*(?:"(?:if|for|when|where)"|\b(?:if|for|when|where)\b)?\s*(.*)', re.DOTALL)
_OTHERWISE = re.compile(r'\s*"?(?:otherwise|else)"?\s*')
_BUILDER = re.compile(r"\s*([A-Za-z])\s*(?:∈\s*ℝ\s*)?[|:]\s*(.+)", re.DOTALL)
_NUMBER_SETS = {"ℤ": "the integers", "ℕ": "the natural numbers", "ℚ": "the rationals", "ℂ": "the complex numbers"}


class _Refuted(ValueError):
    """The text cannot be an answer in the declared unit."""


def read_answer(text: str, *, units: Unit | None = None, latex: bool = False, listed: bool = False) -> Answer | Verdict:
    """An answer from its text, or UNPARSED, UNSAFE, or UNDECIDED (it can be read, and says nothing definite).

    Args:
        text: without surrounding prose.
        units: values may carry a unit, and are converted to this one.
        latex: the text stood between marks of LaTeX, so that letters are single symbols.
        listed: read ``1,234`` as two numbers.
    """
    if len(text) > _MAX_CACHED:
        return _read(text, units, latex, listed)
    return _read_cached(text, units, latex, listed)


def _read(text: str, units: Unit | None, latex: bool, listed: bool) -> Answer | Verdict:
    text = text.strip()
    if not text:
        return _unparsed("there is no answer")
    if units is None and _WHOLE.fullmatch(text):
        return Value(None, num(int(text)), text)
    if len(text) > MAX_BYTES:
        return _unparsed(f"the answer has {len(text)} characters; at most {MAX_BYTES} bytes are read")
    reader = _Reader(units, listed)
    try:
        if is_latex(text):
            return reader.answer(from_latex(text))
        try:
            return reader.answer(text)
        except ParseError:
            if not latex:
                raise
            return reader.answer(from_latex(text))
    except ParseError as error:
        return _unparsed(error.reason)
    except LiteralError as error:
        return _unparsed(str(error))
    except UnsafeExpressionError as error:
        return Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)
    except (Unsettled, Unordered) as error:
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, str(error), "parser")
    except _Refuted as error:
        return Verdict(Status.REFUTED, Relation.NONE, str(error), "units", True)


_read_cached = lru_cache(maxsize=4096)(_read)


def _unparsed(reason: str) -> Verdict:
    return Verdict(Status.UNPARSED, Relation.UNKNOWN, reason, "parser", True)


class _Reader:
    """Reads one text. ParseError, LiteralError, Unsettled and their like are all that it raises."""

    __slots__ = ("depth", "listed", "units")

    def __init__(self, units: Unit | None, listed: bool) -> None:
        self.units = units
        self.listed = listed
        self.depth = 0

    def answer(self, text: str) -> Answer:
        """Any kind of answer."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ParseError(f"the answer is nested more than {_MAX_DEPTH} deep", 0)
        text = text.strip()
        try:
            found = self.structured(text) if _STRUCTURED.search(text) else self.line(text)
        except ParseError:
            words = words_of(text) if self.units is None else None
            if words is None:
                raise
            found = words
        self.depth -= 1
        return found

    def structured(self, text: str) -> Answer:
        """A text with signs that only answers have, or that join several."""
        if len(text) > 1 and text[0] == text[-1] == '"' and text.count('"') == 2:
            return self.quoted(text[1:-1].strip())
        found = marks(text)
        signs = {mark.sign for mark in found}
        if "≈" in signs:
            return self.approximate(text, found)
        if header := _HEADER.fullmatch(text):
            named = with_name(self.answer(header[3]), header[1])
            if named is not None:
                return named
        if not found or signs <= {"|"}:
            return self.enclosed(text)
        if "or" in signs or "and" in signs:
            return self.joined(text, found)
        if "," in signs or ";" in signs:
            if text[0] == "<" and text[-1] == ">" and signs <= {"<", ">", ",", ";"}:
                return self.ordered(text[1:-1], "⟨⟩")
            if ";" not in signs and self.is_one_number(text):
                return self.line(text)
            return self.listing(text, found)
        return self.related(text, found, signs)

    def is_one_number(self, text: str) -> bool:
        if self.listed or self.depth > 1:
            return False
        name, _, value = text.rpartition("=")
        try:
            literal = read_literal(value)
        except LiteralError:
            return False
        return "," not in literal.body and "," not in name

    def related(self, text: str, found: list[Mark], signs: set[str]) -> Answer:
        """Sets with their signs, equations, chains, ratios."""
        equals = [mark for mark in found if mark.sign == "="]
        if "∈" in signs and not equals:
            cut = next(mark for mark in found if mark.sign == "∈")
            name, rest = text[: cut.start].strip(), text[cut.end :]
            if not re.fullmatch(r"[A-Za-z](?:_\w+)?|[α-ω]", name):
                raise ParseError(f"{name[:40]!r} is no letter that could lie in a set", 0)
            named = with_name(self.answer(rest), name)
            if named is None:
                raise ParseError("a set of numbers is expected", 0)
            return named
        if not equals and signs & {"∪", "∩", "∖"}:
            return self.set_algebra(text, found)
        if ":" in signs and not equals and signs <= {":"}:
            parts = split_at(text, found)
            return Ordered(tuple([self.answer(part) for part in parts]), "::")
        if equals and signs <= {"=", "∪", "∩", "∖", "|"}:
            return self.equated(text, found, equals)
        return self.line(text)

    def equated(self, text: str, found: list[Mark], equals: list[Mark]) -> Answer:
        """``x = {1, 2}``, ``(x, y) = (1, 2)``, ``x = 2/4 = 1/2``."""
        if len(equals) == 1:
            left, right = split_at(text, equals)
            if not _STRUCTURED.search(right) and not _STRUCTURED.search(left):
                return self.line(text)
            named = self.answer(right)
            if re.fullmatch(r"[A-Za-z](?:_\w+)?|[α-ωΓ-Ω]", left):
                whole = with_name(named, left)
                if whole is not None:
                    return whole
            elif isinstance(named, Ordered | Listing):
                letters = self.answer(left)
                if isinstance(letters, Ordered):
                    return assigned(letters, named)
            return self.line(text)
        members = split_at(text, equals)
        name = members[0] if re.fullmatch(r"[A-Za-z](?:_\w+)?|[α-ωΓ-Ω]", members[0]) else None
        values = [self.answer(member) for member in (members[1:] if name else members)]
        last = values[-1]
        for value in values[:-1]:
            if not (isinstance(value, Value) and isinstance(last, Value)):
                raise ParseError("the members of a chain must be values", 0)
            if not equivalent(value.expr, last.expr).verified:
                raise Unsettled(f"the chain contradicts itself: {value.text} is not {last.text}")
        whole = with_name(last, name) if name else last
        return whole if whole is not None else last

    def approximate(self, text: str, found: list[Mark]) -> Answer:
        cut = next(mark for mark in found if mark.sign == "≈")
        before, after = text[: cut.start].strip(), text[cut.end :].strip()
        if not before:
            return self.answer(after)
        if re.fullmatch(r"[A-Za-z](?:_\w+)?|[α-ωΓ-Ω]", before):
            return self.answer(f"{before} = {after.partition('≈')[0]}")
        return self.answer(before)

    # Sets, tuples, matrices

    def enclosed(self, text: str) -> Answer:
        """One thing in brackets, a matrix, cases, or the name of a set."""
        if text in ("ℝ", "∅"):
            return Region(None, ALL if text == "ℝ" else EMPTY, Truth(text == "ℝ"))
        if text in _NUMBER_SETS:
            return Words(_NUMBER_SETS[text], _NUMBER_SETS[text])
        if text.startswith("cases(") and enclosed(text[5:]):
            return self.cases(text[6:-1])
        if text[0] in "([" and text[1:].lstrip().startswith("matrix(") and enclosed(text):
            return self.answer(text[1:-1])
        if match := _ROWS.fullmatch(text):
            return self.answer(match[1] if match[1].startswith("[[") else f"[{match[1]}]")
        if "matrix(" in text and (match := _MATRIX.fullmatch(text)) and enclosed(f"({match[2]})"):
            return self.matrix(match[1], match[2])
        if text[0] in "{⟨([" and enclosed(text):
            inner = text[1:-1]
            if text[0] == "{":
                return self.braces(inner)
            if any(mark.sign in ",;" for mark in marks(inner)):
                return self.ordered(inner, text[0] + text[-1])
        return self.line(text)

    def items(self, inner: str) -> list[Answer]:
        pieces = split_at(inner, [mark for mark in marks(inner) if mark.sign in ",;"])
        if len(pieces) > _MAX_ITEMS:
            raise ParseError(f"a list of {len(pieces)} parts; at most {_MAX_ITEMS} are read", 0)
        return [self.answer(piece) for piece in pieces]

    def braces(self, inner: str) -> Answer:
        if not inner.strip():
            return Region(None, EMPTY, Truth(False))
        if match := _BUILDER.fullmatch(inner):
            condition = self.answer(match[2].replace("&", " and "))
            if isinstance(condition, Region) and condition.name in (match[1], None):
                return Region(None, condition.numbers)
            if isinstance(condition, Value) and condition.name == match[1]:
                return Value(None, condition.expr, condition.text)
            return condition
        return Listing(flattened(self.items(inner)))

    def ordered(self, inner: str, brackets: str) -> Answer:
        items = self.items(inner)
        if any(isinstance(item, Listing) for item in items):  # (±1, 0) are two points
            choices = [item.items if isinstance(item, Listing) else (item,) for item in items]
            points = [Ordered(choice, brackets) for choice in product(*choices)]
            if len(points) > _MAX_ITEMS:
                raise ParseError(f"a list of {len(points)} points; at most {_MAX_ITEMS} are read", 0)
            return Listing(tuple(points))
        return Ordered(tuple(items), brackets)

    def listing(self, text: str, found: list[Mark]) -> Answer:
        """Parts between commas."""
        cuts = [mark for mark in found if mark.sign in ",;"]
        pieces = split_at(text, cuts)
        if len(pieces) > _MAX_ITEMS:
            raise ParseError(f"a list of {len(pieces)} parts; at most {_MAX_ITEMS} are read", 0)
        items = [self.answer(re.sub(r"^(?:and|or)\s+", "", piece)) for piece in pieces]
        return united(items, together=True, bare=all(mark.sign != "or" for mark in found))

    def joined(self, text: str, found: list[Mark]) -> Answer:
        """Parts between *or* and *and*: a statement where it is one, else a list."""
        if not any(mark.sign in "∪∩∖∈≈,;:" for mark in found):
            try:
                return self.line(text)
            except ParseError:
                pass
        outer = [mark for mark in found if mark.sign == "or"]
        if outer and _joins_lists(text, found):
            outer = [mark for mark in found if mark.sign in ("or", ",", ";", "and")]
            merged = _merged(text, outer)
            return united([self.answer(piece) for piece in split_at(text, merged)], together=False, bare=False)
        if outer:
            return united([self.answer(piece) for piece in split_at(text, outer)], together=False, bare=False)
        cuts = _merged(text, [mark for mark in found if mark.sign in ("and", ",", ";")])
        return united([self.answer(piece) for piece in split_at(text, cuts)], together=True, bare=True)

    def set_algebra(self, text: str, found: list[Mark]) -> Answer:
        """Unions, then differences and intersections, from left to right."""
        unions = [mark for mark in found if mark.sign == "∪"]
        if unions:
            parts = [self.answer(piece) for piece in split_at(text, unions)]
            sets = [numbers_of(part) for part in parts]
            if all(part is not None for part in sets):
                try:
                    return Region(None, RealSet.of([p for part in sets if part is not None for p in part.pieces]))
                except Unordered:
                    return Listing(tuple(parts))
            return Listing(flattened(parts))
        cuts = [mark for mark in found if mark.sign in "∩∖"]
        first, *others = [numbers_of(self.answer(piece)) for piece in split_at(text, cuts)]
        for cut, other in zip(cuts, others, strict=True):
            if first is None or other is None:
                raise Unsettled("differences and intersections are of sets of real numbers")
            first = first.intersection(other.complement() if cut.sign == "∖" else other)
        assert first is not None
        return Region(None, first)

    def matrix(self, factor: str, body: str) -> Answer:
        name = None
        if match := re.fullmatch(r"(?:.*?)([A-Za-z])\s*=\s*(.*)", factor, re.DOTALL):
            name, factor = match[1], match[2]
        scale = self.value(factor if factor != "-" else "-1").expr if factor.strip() else None
        rows = []
        for row in split_at(body, [mark for mark in marks(body) if mark.sign == ";"]):
            cells = [self.value(cell) for cell in split_at(row, [mark for mark in marks(row) if mark.sign == ","])]
            if scale is not None:
                cells = [Value(None, mul(scale, cell.expr), cell.text) for cell in cells]
            rows.append(tuple(cells))
        if len({len(row) for row in rows}) > 1 or len(rows) * len(rows[0]) > _MAX_ITEMS:
            raise ParseError("the rows of the matrix are not equally long, or it is too large", 0)
        return Matrix(tuple(rows), name)

    def cases(self, body: str) -> Answer:
        rows = split_at(body, [mark for mark in marks(body) if mark.sign == ";"])
        cells = [split_at(row, [mark for mark in marks(row) if mark.sign == ","]) for row in rows]
        if all(len(row) == 1 for row in cells):
            return united([self.answer(row[0]) for row in cells], together=True, bare=False)
        parts: list[tuple[Expr, RealSet]] = []
        used = EMPTY
        variable = None
        for row in cells:
            if len(row) == 3 and _OTHERWISE.fullmatch(row[2]) is None:
                row = [row[0], " and ".join(row[1:])]
            if len(row) != 2:
                raise ParseError("each case is a value and its condition", 0)
            if _OTHERWISE.fullmatch(row[1]):
                where = used.complement()
            else:
                condition = _CONDITION.fullmatch(row[1])
                held = self.answer(condition[1] if condition else row[1])
                numbers = numbers_of(held)
                if numbers is None:
                    raise Unsettled("the condition of a case must bound one letter by numbers")
                letter = held.name if isinstance(held, Region | Value) else None
                if letter is not None and variable not in (None, letter):
                    raise Unsettled("the conditions of the cases are about several letters")
                variable, where = letter or variable, numbers
            parts.append((self.value(row[0]).expr, where))
            used = used.union(where)
        return Branches(tuple(parts), variable or "x")

    # Values and statements

    def value(self, text: str) -> Value:
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
        values = parse_alternatives(literal.body)
        for value in values:
            check_bounds(value)
        items = [scaled(Value(None, value, text), literal, text) for value in values]
        return Listing(tuple(items))

    def quantity(self, text: str, units: Unit) -> Answer:
        head, equals, tail = text.replace('"', " ").rpartition("=")
        body, unit = split_quantity(re.sub(r"(?<=[A-Za-z]) +(?=\^)", "", tail))
        if unit is None:
            raise ParseError(f"the unit is missing in {text[:60]!r}", 0)
        try:
            factor = unit.factor_to(units)
        except UnitError as error:
            raise _Refuted(f"{text[:60]!r}: {error}") from None
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


def _joins_lists(text: str, found: list[Mark]) -> bool:
    """``2, 3, or 4``: the *or* ends a list, and does not part lists of equations."""
    last = [mark for mark in found if mark.sign in ("or", ",")]
    return bool(last) and not any(mark.sign in ("=", "and") for mark in found) and len(last) > 1


def _merged(text: str, cuts: list[Mark]) -> list[Mark]:
    """``, and`` is one cut."""
    merged: list[Mark] = []
    for cut in cuts:
        if merged and not text[merged[-1].end : cut.start].strip():
            merged[-1] = Mark(cut.sign, merged[-1].start, cut.end)
        else:
            merged.append(cut)
    return merged
