"""Sets of real numbers made of intervals and points: ``(-oo, 2] ∪ {5}``, ``x < 1 or x >= 3``, ``ℝ ∖ {0}``.

A set is kept as disjoint pieces from left to right that do not touch, so that two sets are equal if and only if their
pieces are. Ends are compared exactly; where letters or numbers that nobody can tell apart stand in the way, the set is
:class:`Unordered`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cmp_to_key

from reasoning_envs.symbolic.equality.equivalence import sign_of
from reasoning_envs.symbolic.syntax.expression import Expr, const, neg, sub, sym
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import (
    And,
    Comparison,
    Statement,
    Truth,
    conjunction,
    disjunction,
)

__all__ = ["ALL", "EMPTY", "Piece", "RealSet", "Unordered", "infinite", "order"]

_MAX_PIECES = 60
_PLUS = const("inf")
_MINUS = neg(_PLUS)
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


class Unordered(ValueError):
    """Nobody can tell which of two ends is the larger; the message names them."""


def infinite(expr: Expr) -> int:
    """1 for plus infinity, -1 for minus infinity, 0 for everything else."""
    if expr.op == "const":
        return 1 if expr.value == "inf" else 0
    return -infinite(expr.args[0]) if expr.op == "neg" else 0


def order(left: Expr, right: Expr) -> int:
    """-1, 0 or 1 as ``left`` is smaller than, equal to or larger than ``right``; both may be infinite.

    Raises:
        Unordered: they hold letters, or are too close to tell.
    """
    sides = infinite(left), infinite(right)
    if any(sides):
        return (sides[0] > sides[1]) - (sides[0] < sides[1])
    if left.op == "num" and right.op == "num":
        return (left.number > right.number) - (left.number < right.number)
    if left == right:
        return 0
    sign = sign_of(sub(left, right))
    if sign is None:
        raise Unordered(f"nobody can tell whether {to_text(left)} is smaller than {to_text(right)}")
    return sign


@dataclass(frozen=True, slots=True)
class Piece:
    """The numbers from ``low`` to ``high``, which may be infinite; each end belongs to it or not."""

    low: Expr
    high: Expr
    has_low: bool
    has_high: bool

    @property
    def is_point(self) -> bool:
        """A single number."""
        return self.low == self.high

    def __str__(self) -> str:
        if self.is_point:
            return f"{{{to_text(self.low)}}}"
        ends = [{-1: "-oo", 1: "oo"}.get(infinite(end)) or to_text(end) for end in (self.low, self.high)]
        return f"{'[' if self.has_low else '('}{ends[0]}, {ends[1]}{']' if self.has_high else ')'}"


@dataclass(frozen=True, slots=True)
class RealSet:
    """A finite union of pieces, normalised. Build it with :meth:`of`."""

    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, pieces: Iterable[Piece]) -> RealSet:
        """The union.

        Raises:
            Unordered: the ends cannot be compared, or there are more than sixty pieces.
        """
        parts = list(pieces)
        if len(parts) > _MAX_PIECES:
            raise Unordered(f"the set has {len(parts)} pieces; at most {_MAX_PIECES} are compared")
        parts = [part for part in parts if _holds_numbers(part)]
        if len(parts) < 2:
            return cls(tuple(parts))
        parts.sort(key=cmp_to_key(_by_low))
        merged = parts[:1]
        for part in parts[1:]:
            last = merged[-1]
            gap = order(part.low, last.high)
            if gap > 0 or (gap == 0 and not (part.has_low or last.has_high)):
                merged.append(part)
                continue
            beyond = order(part.high, last.high)
            high = part.high if beyond > 0 else last.high
            has_high = part.has_high if beyond > 0 else last.has_high or (beyond == 0 and part.has_high)
            merged[-1] = Piece(last.low, high, last.has_low, has_high)
        return cls(tuple(merged))

    def union(self, other: RealSet) -> RealSet:
        """Numbers of either."""
        return RealSet.of((*self.pieces, *other.pieces))

    def intersection(self, other: RealSet) -> RealSet:
        """Numbers of both."""
        return RealSet.of([_common(one, two) for one in self.pieces for two in other.pieces])

    def complement(self) -> RealSet:
        """The other real numbers."""
        rest: list[Piece] = []
        low, has_low = _MINUS, False
        for piece in self.pieces:
            rest.append(Piece(low, piece.low, has_low, not piece.has_low))
            low, has_low = piece.high, not piece.has_high
        return RealSet.of([*rest, Piece(low, _PLUS, has_low, False)])

    def statement(self, name: str) -> Statement:
        """The set as a statement about the symbol ``name``."""
        x = sym(name)
        parts: list[Statement] = []
        for piece in self.pieces:
            if piece.is_point:
                parts.append(Comparison("=", x, piece.low))
                continue
            bounds: list[Statement] = []
            if not infinite(piece.low):
                bounds.append(Comparison(">=" if piece.has_low else ">", x, piece.low))
            if not infinite(piece.high):
                bounds.append(Comparison("<=" if piece.has_high else "<", x, piece.high))
            parts.append(conjunction(*bounds))
        return disjunction(*parts)

    @classmethod
    def solving(cls, statement: Statement) -> tuple[str | None, RealSet] | None:
        """The letter and its values where a statement bounds one letter by numbers; None for all others.

        ``all reals`` and ``no solution`` have no letter.
        """
        if isinstance(statement, Truth):
            return None, ALL if statement.value else EMPTY
        if isinstance(statement, Comparison):
            return _bound(statement)
        found = [cls.solving(part) for part in statement.parts]
        if any(part is None for part in found):
            return None
        known = [part for part in found if part is not None]
        names = {name for name, _ in known if name is not None}
        if len(names) > 1:
            return None
        joined = known[0][1]
        for _, other in known[1:]:
            joined = joined.intersection(other) if isinstance(statement, And) else joined.union(other)
        return next(iter(names), None), joined

    def __str__(self) -> str:
        return " ∪ ".join(map(str, self.pieces)) or "the empty set"


def _holds_numbers(piece: Piece) -> bool:
    side = order(piece.low, piece.high)
    return side < 0 or (side == 0 and piece.has_low and piece.has_high and not infinite(piece.low))


def _by_low(one: Piece, other: Piece) -> int:
    side = order(one.low, other.low)
    return side if side else other.has_low - one.has_low


def _common(one: Piece, other: Piece) -> Piece:
    left, right = order(one.low, other.low), order(one.high, other.high)
    low = one.low if left >= 0 else other.low
    high = one.high if right <= 0 else other.high
    has_low = one.has_low if left > 0 else other.has_low if left < 0 else one.has_low and other.has_low
    has_high = one.has_high if right < 0 else other.has_high if right > 0 else one.has_high and other.has_high
    return Piece(low, high, has_low, has_high)


def _bound(comparison: Comparison) -> tuple[str, RealSet] | None:
    op, left, right = comparison
    if left.op != "sym" and right.op == "sym":
        op, left, right = _FLIPPED[op], right, left
    side = infinite(right)
    if left.op == "sym" and side:
        below = op in ("<", "<=")
        return str(left.value), ALL if op == "!=" or (below is (side > 0) and op != "=") else EMPTY
    if left.op != "sym" or right.symbols or (sign_of(right) is None and right.op != "num"):
        return None
    return str(left.value), _pieces(op, right)


def _pieces(op: str, end: Expr) -> RealSet:
    below = Piece(_MINUS, end, False, op == "<=")
    above = Piece(end, _PLUS, op == ">=", False)
    if op == "=":
        return RealSet((Piece(end, end, True, True),))
    if op == "!=":
        return RealSet((below, above))
    return RealSet((below if op in ("<", "<=") else above,))


ALL = RealSet((Piece(_MINUS, _PLUS, False, False),))
EMPTY = RealSet(())
