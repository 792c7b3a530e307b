"""Two lines in one unknown, without letters, compared on the whole real line.

The *critical points* of a line are where any of its comparisons can change: zeros of ``left - right``, of divisors, of
what stands under roots, logarithms and bars. Between neighbouring critical points of both lines nothing changes, so
that one sample there and each critical point itself decide. For rational and algebraic lines the critical points come
from polynomials and are complete, and so are closed forms (:mod:`~reasoning_envs.symbolic.roots.closed_forms`); others
come from a scan (:mod:`~reasoning_envs.symbolic.roots.scan`), and the answer is not rigorous.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from flint import arb, fmpq

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.roots.critical import critical_points, plain_zeros
from reasoning_envs.symbolic.roots.points import Point, rational_point
from reasoning_envs.symbolic.roots.scan import EVERYWHERE, Window, has_waves
from reasoning_envs.symbolic.steps.lines import comparisons, is_equations
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Statement, Truth
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision
from reasoning_envs.symbolic.values.enclosures import value_at
from reasoning_envs.symbolic.values.truth import Judge, Truthfulness

__all__ = ["CellComparison", "Truthfulness", "compare_on_cells", "ordered_points", "samples_between"]

_MERGE_BITS = (96, 256, 700)
_MAX_POINTS = 400
_NOWHERE: Window = (EVERYWHERE[1], EVERYWHERE[0])
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class CellComparison(NamedTuple):
    """How the solutions of two lines compare.

    Attributes:
        lost, added: values that solve only the first, or only the second; a sample stands for a whole interval.
        before_any, after_any: the line has a solution.
        identities: both hold wherever they are defined, which is everywhere if the other one is "all reals".
        same_domain: the two are defined at the same values.
        unclear: there are values at which nobody can tell.
        rigorous: every part of the comparison is a proof.
        covered: nowhere that matters was left unsearched; where not, only what was found counts.
    """

    lost: tuple[Point, ...]
    added: tuple[Point, ...]
    before_any: bool
    after_any: bool
    identities: bool
    same_domain: bool
    unclear: bool
    rigorous: bool
    covered: bool = True


def compare_on_cells(before: Statement, after: Statement, unknown: str, over: str = "real") -> CellComparison:
    """Compare two lines.

    Args:
        before: the one line.
        after: the other.
        unknown: their only symbol.
        over: ``"real"``, or ``"positive"``: only values above 0 count.
    """
    judge = Judge(unknown)
    crossed = _lost_and_added(before, after, unknown, over, judge)
    if crossed is not None:
        return crossed
    points: list[Point] = []
    complete = True
    if over == "positive":
        points.append(rational_point(fmpq(0)))
    # Outside it both lines are false, whatever their other parts say.
    window = _hull(_window(before, unknown), _window(after, unknown))
    if over == "positive":
        window = max(window[0], 0.0), window[1]
    covered = True
    for comparison in dict.fromkeys((*comparisons(before), *comparisons(after))):
        waves = has_waves(comparison.left, unknown) or has_waves(comparison.right, unknown)
        found = critical_points(comparison, unknown, window) if waves else critical_points(comparison, unknown)
        points.extend(found.points)
        complete = complete and found.complete
        covered = covered and found.window[0] <= window[0] and window[1] <= found.window[1]
    ordered, certain = ordered_points(points)
    kept = [point for point in ordered if over != "positive" or not point.ball(64) <= 0]
    at_points = [(judge.line(before, point), judge.line(after, point)) for point in kept]
    true, undefined, unclear = Truthfulness.TRUE, Truthfulness.UNDEFINED, Truthfulness.UNCLEAR
    places: list[Point] = []
    for i, sample in enumerate(samples_between(ordered)):
        places += [place for place in (sample, *ordered[i : i + 1]) if over != "positive" or not place.ball(64) <= 0]
    known = {id(point): pair for point, pair in zip(kept, at_points, strict=True)}
    truths = [known.get(id(place)) or (judge.line(before, place), judge.line(after, place)) for place in places]
    first, second = [b for b, _ in truths], [a for _, a in truths]
    lost, added = _different(truths, places)
    identities = _identity(before, first, ordered, places) and _identity(after, second, ordered, places)
    same_domain = all((b is undefined) == (a is undefined) for b, a in truths)
    return CellComparison(
        tuple(_points_first(lost, ordered)),
        tuple(_points_first(added, ordered)),
        true in first,
        true in second,
        identities and (same_domain or not any(isinstance(line, Truth) for line in (before, after))),
        same_domain,
        unclear in first or unclear in second,
        complete and certain and judge.rigorous,
        covered or window[0] > window[1],
    )


def _lost_and_added(
    before: Statement, after: Statement, unknown: str, over: str, judge: Judge
) -> CellComparison | None:
    """The comparison where a root was lost and another one added, which nothing elsewhere can change; else None."""
    points: list[Point] = []
    for comparison in dict.fromkeys((*comparisons(before), *comparisons(after))):
        if comparison.op == "=":
            points.extend(plain_zeros(comparison, unknown))
    ordered, _ = ordered_points(points)
    kept = [point for point in ordered if over != "positive" or not point.ball(64) <= 0]
    at_points = [(judge.line(before, point), judge.line(after, point)) for point in kept]
    true, false = Truthfulness.TRUE, Truthfulness.FALSE
    if (true, false) not in at_points or (false, true) not in at_points:
        return None
    lost, added = _different(at_points, kept)
    return CellComparison(
        tuple(_points_first(lost, ordered)),
        tuple(_points_first(added, ordered)),
        before_any=True,
        after_any=True,
        identities=False,
        same_domain=False,
        unclear=False,
        rigorous=judge.rigorous,
        covered=True,
    )


def _different(truths: list[tuple[Truthfulness, Truthfulness]], places: list[Point]) -> tuple[list[Point], list[Point]]:
    """The places at which only the first line holds, and those at which only the second does."""
    true, unclear = Truthfulness.TRUE, Truthfulness.UNCLEAR
    lost = [place for place, (b, a) in zip(places, truths, strict=True) if b is true and a not in (true, unclear)]
    added = [place for place, (b, a) in zip(places, truths, strict=True) if a is true and b not in (true, unclear)]
    return lost, added


def _window(line: Statement, unknown: str) -> Window:
    """An interval outside which the line does not hold; its ends are wrong way round where it never does."""
    if isinstance(line, Truth):
        return EVERYWHERE if line.value else _NOWHERE
    if isinstance(line, Comparison):
        return _window_of_comparison(line, unknown)
    windows = [_window(part, unknown) for part in line.parts]
    if isinstance(line, And):
        return max(low for low, _ in windows), min(high for _, high in windows)
    whole = _NOWHERE
    for window in windows:
        whole = _hull(whole, window)
    return whole


def _hull(first: Window, second: Window) -> Window:
    if first[0] > first[1] or second[0] > second[1]:
        return second if first[0] > first[1] else first
    return min(first[0], second[0]), max(first[1], second[1])


def _window_of_comparison(comparison: Comparison, unknown: str) -> Window:
    for side, other, op in (
        (comparison.left, comparison.right, comparison.op),
        (comparison.right, comparison.left, _MIRRORED[comparison.op]),
    ):
        if side.op != "sym" or side.value != unknown or other.symbols:
            continue
        try:
            with precision(64):
                ball = arb(value_at(other, {}))
                low, high = float(ball.lower()), float(ball.upper())
        except (Undefined, Unclear):
            return EVERYWHERE
        margin = 1e-9 * (1 + max(abs(low), abs(high)))
        start = low - margin if op in (">", ">=", "=") else EVERYWHERE[0]
        stop = high + margin if op in ("<", "<=", "=") else EVERYWHERE[1]
        return start, stop
    return EVERYWHERE


def _points_first(places: list[Point], ordered: list[Point]) -> Iterator[Point]:
    """Single values before samples of intervals, and small ones before large: they make the better witnesses."""
    single = {id(point) for point in ordered}
    places = sorted(places, key=lambda point: abs(float(point.ball(64).mid())))
    yield from [place for place in places if id(place) in single]
    yield from [place for place in places if id(place) not in single]


def _identity(line: Statement, truths: list[Truthfulness], ordered: list[Point], places: list[Point]) -> bool:
    if isinstance(line, Truth):
        return line.value
    if not is_equations(line):
        return False
    single = {id(point) for point in ordered}
    fine = (Truthfulness.TRUE, Truthfulness.UNDEFINED)
    return all(truth in fine for truth in truths) and any(
        truth is Truthfulness.TRUE and id(place) not in single for truth, place in zip(truths, places, strict=True)
    )


# ---- critical points ----


def ordered_points(points: list[Point]) -> tuple[list[Point], bool]:
    """The different points from left to right, and whether it is certain that those merged are the same."""
    distinct = list({point.key: point for point in points}.values())
    distinct.sort(key=_midpoint)
    certain = True
    result: list[Point] = []
    for point in distinct:
        if result and not _apart(result[-1], point):
            certain = certain and _same_for_certain(result[-1], point)
            # The one that is known better stands for both.
            if result[-1].exact is None and (point.exact is not None or point.factor is not None):
                result[-1] = point
            continue
        result.append(point)
    return result, certain


def _midpoint(point: Point) -> Any:
    ball = point.ball(_MERGE_BITS[-1])
    return _Sortable(ball.mid())


class _Sortable:
    """Exact comparison of ball midpoints, for sorting."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Sortable) -> bool:
        return bool(self.value < other.value)


def _same_for_certain(first: Point, second: Point) -> bool:
    one, other = first.constant(), second.constant()
    if one is None or other is None:
        return False
    verdict = equivalent(one, other)
    return verdict.verified and verdict.rigorous


def _apart(first: Point, second: Point) -> bool:
    if first.exact is not None and second.exact is not None:
        return bool(first.exact != second.exact)
    return any(not first.ball(bits).overlaps(second.ball(bits)) for bits in _MERGE_BITS)


def samples_between(ordered: list[Point]) -> list[Point]:
    """A simple rational number in each interval between the points, the two outer ones included."""
    if not ordered:
        return [rational_point(fmpq(1))]
    edges = [_bracket(point) for point in ordered]
    found = [_below(edges[0][0])]
    for (_, low), (high, _) in pairwise(edges):
        found.append(_between(low, high))
    found.append(_above(edges[-1][1]))
    return [rational_point(value) for value in found]


def _bracket(point: Point) -> tuple[fmpq, fmpq]:
    if point.exact is not None:
        return point.exact, point.exact
    ball = point.ball(_MERGE_BITS[-1])
    with precision(_MERGE_BITS[-1] + 64):
        return ball.lower().fmpq(), ball.upper().fmpq()


def _below(value: fmpq) -> fmpq:
    return fmpq((value - abs(value) / 8).floor() - 1)


def _above(value: fmpq) -> fmpq:
    return fmpq((value + abs(value) / 8).ceil() + 1)


def _between(low: fmpq, high: fmpq) -> fmpq:
    """The simplest rational number strictly between the two (Stern-Brocot)."""
    whole = low.floor()
    if fmpq(whole) + 1 < high:
        # An integer fits; 0 or the one nearest to it is the simplest.
        if low < 0 < high:
            return fmpq(0)
        return fmpq(whole + 1) if low >= 0 else fmpq(high.ceil() - 1)
    fraction_low, fraction_high = low - whole, high - whole
    if fraction_low == 0:
        # Between 0 and the other: 1/n with the smallest n that fits.
        return fmpq(whole) + 1 / fmpq((1 / fraction_high).floor() + 1)
    return whole + 1 / _between(1 / fraction_high, 1 / fraction_low)


# ---- truth ----
