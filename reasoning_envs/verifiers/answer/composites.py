"""Answers made of several values: sets, points, intervals, matrices, functions by cases."""

from __future__ import annotations

import re
from abc import abstractmethod
from itertools import product
from math import ceil, floor

from reasoning_envs.symbolic.syntax.expression import Expr, const, neg, num
from reasoning_envs.symbolic.syntax.latex_words import NUMBER_SETS
from reasoning_envs.symbolic.syntax.parser import ParseError
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Truth
from reasoning_envs.symbolic.values.arithmetic import rational_value
from reasoning_envs.verifiers.answer.kinds import Answer, Branches, Listing, Matrix, Ordered, Region, Value, Words
from reasoning_envs.verifiers.answer.matrix_algebra import matrix_value
from reasoning_envs.verifiers.answer.outline import Mark, enclosed, marks, split_at
from reasoning_envs.verifiers.answer.parts import Unsettled, flattened, numbers_of, united
from reasoning_envs.verifiers.answer.real_sets import ALL, EMPTY, Piece, RealSet, Unordered, infinite
from reasoning_envs.verifiers.answer.value_reader import ValueReader

__all__ = ["MAX_ITEMS", "CompositeReader", "integers_of"]

MAX_ITEMS = 200
"""Parts of a list at most."""
_NAMED_MATRIX = re.compile(r"\s*([A-Za-z])\s*(?:\^\s*\(?\s*(?:-\s*1|T)\s*\)?)?\s*=(?!=)(.*matrix\(.*)", re.DOTALL)
_ROWS = re.compile(r"[Mm]atrix\(\s*(\[.*\])\s*\)", re.DOTALL)
_CONDITION = re.compile(r'\s*(?:"(?:if|for|when|where)"|\b(?:if|for|when|where)\b)?\s*(.*)', re.DOTALL)
_OTHERWISE = re.compile(r'\s*"?(?:otherwise|else)"?\s*')
_BUILDER = re.compile(r"\s*([A-Za-z])\s*(?:∈\s*([ℝℤℕRZN])\s*)?[|:]\s*(.+)", re.DOTALL)
_POINTS = re.compile(r"\s*\(\s*[A-Za-z](?:\s*,\s*[A-Za-z]){1,3}\s*\)\s*[|:]\s*(.+)", re.DOTALL)
_SETS_IN_WORDS = {"ℤ": "the integers", "ℕ": "the natural numbers", "ℚ": "the rationals", "ℂ": "the complex numbers"}
_ZERO, _INFINITE = num(0), const("inf")
_HALVES = {
    "ℝ⁺": RealSet.of([Piece(_ZERO, _INFINITE, False, False)]),
    "ℝ⁻": RealSet.of([Piece(neg(_INFINITE), _ZERO, False, False)]),
    "ℝ*": RealSet.of([Piece(neg(_INFINITE), _ZERO, False, False), Piece(_ZERO, _INFINITE, False, False)]),
}


class CompositeReader(ValueReader):
    """Reads what stands in brackets, and what joins sets."""

    __slots__ = ()

    @abstractmethod
    def answer(self, text: str) -> Answer:
        """Any kind of answer."""

    def enclosed(self, text: str) -> Answer:
        """One thing in brackets, a matrix, cases, or the name of a set."""
        if text in ("ℝ", "∅"):
            return Region(None, ALL if text == "ℝ" else EMPTY, Truth(text == "ℝ"))
        if text in _SETS_IN_WORDS:
            return Words(_SETS_IN_WORDS[text], _SETS_IN_WORDS[text])
        if text in ("ℝ⁺", "ℝ⁻", "ℝ*"):
            return Region(None, _HALVES[text])
        if text.startswith("cases(") and enclosed(text[5:]):
            return self.cases(text[6:-1])
        if text[0] in "([" and text[1:].lstrip().startswith("matrix(") and enclosed(text):
            return self.answer(text[1:-1])
        if match := _ROWS.fullmatch(text):
            return self.answer(match[1] if match[1].startswith("[[") else f"[{match[1]}]")
        if "matrix(" in text and text[0] not in "{⟨":
            return self.matrix(text)
        if text[0] in "{⟨([" and enclosed(text):
            inner = text[1:-1]
            if text[0] == "{":
                return self.braces(inner)
            if any(mark.sign in ",;" for mark in marks(inner)):
                return self.ordered(inner, text[0] + text[-1])
        return self.line(text)

    def items(self, inner: str) -> list[Answer]:
        """The parts between commas."""
        pieces = split_at(inner, [mark for mark in marks(inner) if mark.sign in ",;"])
        if len(pieces) > MAX_ITEMS:
            raise ParseError(f"a list of {len(pieces)} parts; at most {MAX_ITEMS} are read", 0)
        return [self.answer(piece) for piece in pieces]

    def braces(self, inner: str) -> Answer:
        """A set: its elements, or its elements by what they satisfy."""
        if not inner.strip():
            return Region(None, EMPTY, Truth(False))
        if match := _BUILDER.fullmatch(inner):
            condition = self.answer(match[3].replace("&", " and "))
            whole = NUMBER_SETS.get(match[2], match[2]) in ("ℤ", "ℕ")
            if whole and not isinstance(condition, Region | Value):
                raise Unsettled("which integers satisfy the condition is not worked out")
            if isinstance(condition, Region) and condition.name in (match[1], None):
                if whole:
                    return integers_of(condition.numbers, match[2])
                return Region(None, condition.numbers)
            if isinstance(condition, Value) and condition.name == match[1]:
                return Value(None, condition.expr, condition.text)
            return condition
        if match := _POINTS.fullmatch(inner):
            return self.answer(match[1])
        return Listing(flattened(self.items(inner)))

    def ordered(self, inner: str, brackets: str) -> Answer:
        """A point, a vector, a tuple, an interval; several points where a part is a list."""
        items = self.items(inner)
        if any(isinstance(item, Listing) for item in items):  # (±1, 0) are two points
            choices = [item.items if isinstance(item, Listing) else (item,) for item in items]
            points = [Ordered(choice, brackets) for choice in product(*choices)]
            if len(points) > MAX_ITEMS:
                raise ParseError(f"a list of {len(points)} points; at most {MAX_ITEMS} are read", 0)
            return Listing(tuple(points))
        return Ordered(tuple(items), brackets)

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

    def matrix(self, text: str) -> Answer:
        """Rows of values, or what sums, products and powers of matrices come to."""
        name = None
        if match := _NAMED_MATRIX.fullmatch(text):
            name, text = match[1], match[2]
        if self.units is not None:
            raise ParseError("the cells of a matrix carry no unit", 0)
        written: dict[Expr, Value] = {}

        def cell(text: str) -> Expr:
            value = self.value(text)
            written.setdefault(value.expr, value)
            return value.expr

        rows = [
            tuple([written.get(expr) or Value(None, expr, to_text(expr)) for expr in row])
            for row in matrix_value(text, cell)
        ]
        return Matrix(tuple(rows), name)

    def cases(self, body: str) -> Answer:
        """A function by cases, or lines behind one brace."""
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


def integers_of(numbers: RealSet, of: str) -> Listing:
    """``{x ∈ ℤ : 1 <= x < 4}`` as 1, 2, 3.

    Raises:
        Unsettled: they are too many, or the ends are not rational, or ℕ may begin with 0 or with 1.
    """
    found: list[Answer] = []
    for piece in numbers.pieces:
        ends = [None if infinite(end) else rational_value(end) for end in (piece.low, piece.high)]
        if ends[0] is None or ends[1] is None or ends[1] - ends[0] > MAX_ITEMS:
            raise Unsettled("integers are listed between two numbers")
        if of not in "ℤZ" and ends[0] < 1:
            raise Unsettled("whether 0 is a natural number is not said")
        for value in range(ceil(ends[0]), floor(ends[1]) + 1):
            if (value != ends[0] or piece.has_low) and (value != ends[1] or piece.has_high):
                found.append(Value(None, num(value), str(value)))
    if len(found) > MAX_ITEMS:
        raise Unsettled(f"the set has more than {MAX_ITEMS} integers")
    return Listing(tuple(found))
