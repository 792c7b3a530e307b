"""The solutions of a line in one unknown as a set of intervals, exact, with ends of any algebraic kind.

An inequality holds on whole intervals, and two of them agree where these do. What a student reads (``x < 0 or x > 2``),
what an answer is made of and what a mistake loses are all sets of intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from reasoning_envs.symbolic.roots.critical import critical_points
from reasoning_envs.symbolic.roots.points import Point
from reasoning_envs.symbolic.steps.cells import ordered_points, samples_between
from reasoning_envs.symbolic.steps.lines import comparisons
from reasoning_envs.symbolic.syntax.expression import Expr, sym
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    Comparison,
    Statement,
    conjunction,
    disjunction,
    equation,
)
from reasoning_envs.symbolic.values.truth import Judge, Truthfulness

__all__ = ["Interval", "difference", "solutions", "statement_of", "text_of"]


class Interval(NamedTuple):
    """Real numbers between two ends.

    Attributes:
        low, high: the ends; None where the interval goes on for ever. The same point twice is that point alone.
        with_low, with_high: the end belongs to it.
    """

    low: Point | None
    high: Point | None
    with_low: bool
    with_high: bool

    @property
    def is_point(self) -> bool:
        """One number alone."""
        return self.low is not None and self.low is self.high


class _Places(NamedTuple):
    """The real line cut at critical points: ``cells[i]`` is the sample left of ``points[i]``, one more at the end."""

    points: list[Point]
    cells: list[Point]


def _cut(lines: Sequence[Statement], unknown: str) -> _Places | None:
    found: list[Point] = []
    for comparison in dict.fromkeys([inner for line in lines for inner in comparisons(line)]):
        critical = critical_points(comparison, unknown)
        if not critical.complete:
            return None
        found.extend(critical.points)
    points, certain = ordered_points(found)
    return _Places(points, samples_between(points)) if certain else None


def solutions(line: Statement, unknown: str) -> tuple[Interval, ...] | None:
    """The real solutions from left to right, no two of which touch; None where they cannot be told for certain.

    The line holds no symbol but ``unknown``.
    """
    places = _cut((line,), unknown)
    judge = Judge(unknown)
    return None if places is None else _joined(places, lambda place: _holds(judge, line, place))


def difference(first: Statement, second: Statement, unknown: str) -> tuple[Interval, ...] | None:
    """The solutions of the first line that are none of the second; None where they cannot be told for certain."""
    places = _cut((first, second), unknown)
    if places is None:
        return None
    judge = Judge(unknown)

    def only_first(place: Point) -> bool | None:
        one, other = _holds(judge, first, place), _holds(judge, second, place)
        return None if one is None or other is None else one and not other

    return _joined(places, only_first)


def _holds(judge: Judge, line: Statement, place: Point) -> bool | None:
    truth = judge.line(line, place)
    return None if truth is Truthfulness.UNCLEAR or not judge.rigorous else truth is Truthfulness.TRUE


def _joined(places: _Places, holds: Callable[[Point], bool | None]) -> tuple[Interval, ...] | None:
    """Runs of neighbouring cells and points at which something holds."""
    found: list[Interval] = []
    start: tuple[Point | None, bool] | None = None  # the left end of the run that goes on
    at_cells = [holds(cell) for cell in places.cells]
    at_points = [holds(point) for point in places.points]
    if None in at_cells or None in at_points:
        return None
    if at_cells[0]:
        start = None, False
    for index, point in enumerate(places.points):
        here, after = at_points[index], at_cells[index + 1]
        if start is None:
            if here and not after:
                found.append(Interval(point, point, True, True))
            elif after:
                start = point, bool(here)
        elif not (here and after):
            found.append(Interval(start[0], point, start[1], bool(here)))
            start = (point, False) if after else None
    if start is not None:
        found.append(Interval(start[0], None, start[1], False))
    return tuple(found)


def statement_of(intervals: Sequence[Interval], unknown: str) -> Statement | None:
    """The union as a line: ``x < 0 or x > 2``, ``x != 2``; None where an end has no short name."""
    x = sym(unknown)
    if not intervals:
        return NO_SOLUTION
    names = {id(end): end.constant() for interval in intervals for end in interval[:2] if end is not None}
    if None in names.values():
        return None
    holes = list(_holes(intervals))
    if len(holes) == len(intervals) - 1 and intervals[0].low is None and intervals[-1].high is None:
        return conjunction(*[Comparison("!=", x, _named(names, hole)) for hole in holes]) if holes else ALL_REALS
    return disjunction(*[_bounds(interval, x, names) for interval in intervals])


def _holes(intervals: Sequence[Interval]) -> Iterator[Point]:
    """Single points between two neighbours of a union."""
    for before, after in pairwise(intervals):
        if before.high is not None and before.high is after.low:
            yield before.high


def _named(names: dict[int, Expr | None], end: Point) -> Expr:
    found = names[id(end)]
    assert found is not None
    return found


def _bounds(interval: Interval, x: Expr, names: dict[int, Expr | None]) -> Statement:
    if interval.is_point:
        assert interval.low is not None
        return equation(x, _named(names, interval.low))
    pieces: list[Statement] = []
    if interval.low is not None:
        pieces.append(Comparison(">=" if interval.with_low else ">", x, _named(names, interval.low)))
    if interval.high is not None:
        pieces.append(Comparison("<=" if interval.with_high else "<", x, _named(names, interval.high)))
    return conjunction(*pieces)


def text_of(intervals: Sequence[Interval], unknown: str) -> str | None:
    """The union in a sentence: ``x < 0 or 2 < x <= 3``; None where an end has no short name or there are many."""
    if len(intervals) > 3 or not intervals:
        return None
    line = statement_of(intervals, unknown)
    if line is None:
        return None
    parts = [_chain(interval, unknown) for interval in intervals]
    return to_text(line) if "!=" in to_text(line) else " or ".join(parts)


def _chain(interval: Interval, unknown: str) -> str:
    def name(end: Point) -> str:
        constant = end.constant()
        assert constant is not None
        return to_text(constant)

    low, high = interval.low, interval.high
    if low is not None and high is not None and low is not high:
        first, second = ["<=" if closed else "<" for closed in (interval.with_low, interval.with_high)]
        return f"{name(low)} {first} {unknown} {second} {name(high)}"
    names = {id(end): end.constant() for end in (low, high) if end is not None}
    return to_text(_bounds(interval, sym(unknown), names))
