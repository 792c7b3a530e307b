"""Zeros of functions of one real variable that no exact method reaches, found by looking.

A vectorised evaluation on a fine grid brackets sign changes and near-touches; each is then refined with balls to
several hundred bits, checked, and, where it is a rational number, recognised. What is found is certain to be a zero
to that precision. That nothing was missed is likely, and no proof.

A function with waves (sine, cosine, tangent) is looked at where that can be done finely enough, and elsewhere it is
enclosed in balls on whole intervals, which excludes zeros of ``sin(x) + x - 50`` beyond 60. The rest is *not seen*, and
the answer says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from flint import arb, fmpq
from numpy.typing import NDArray

from reasoning_envs.symbolic.roots.points import Point
from reasoning_envs.symbolic.syntax.expression import Expr, walk
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, is_exact, precision
from reasoning_envs.symbolic.values.enclosures import value_at
from reasoning_envs.symbolic.values.vectorised import Floats, sample

__all__ = ["EVERYWHERE", "Scan", "Window", "has_waves", "zeros_by_scan"]

_BITS = 1100
_STEP_BITS = 200
_ACCEPT_BITS = 300
_MAX_ZEROS = 40
_HOME = 40.0
_REACH = 4100.0
_PITCH = 0.0371
_TURN = 0.3
_MAX_GRID = 120_000
Window = tuple[float, float]
EVERYWHERE: Window = (-math.inf, math.inf)


class Scan(NamedTuple):
    """Zeros, and the interval in which none is likely to be missing."""

    zeros: list[Point]
    window: Window


@lru_cache(maxsize=1)
def _grid() -> Floats:
    fine = np.arange(-_HOME, _HOME, _PITCH)
    out = np.concatenate([np.geomspace(40.0, 1e15, 700), np.geomspace(1e15, 1e200, 500)])
    near = np.geomspace(1e-12, 0.04, 160)
    return np.unique(np.concatenate([[0.0], fine, out, -out, near, -near]))


def has_waves(expr: Expr, name: str) -> bool:
    """A sine, cosine or tangent of the symbol is about: the zeros may go on for ever."""
    return any(node.op in ("sin", "cos", "tan") and name in node.symbols for node in walk(expr))


def zeros_by_scan(expr: Expr, name: str, anchors: Iterable[float] = (), window: Window = EVERYWHERE) -> Scan:
    """Zeros of ``expr`` as a function of its only symbol ``name``, at most forty of them.

    Args:
        expr: the function; constant expressions have no zeros here.
        name: of the symbol.
        anchors: places with fine structure (edges of the domain, kinks) near which to look more closely.
        window: where zeros matter.
    """
    waves = has_waves(expr, name)
    if waves:
        grid, seen = _grid_for_waves(expr, name, window)
    else:
        grid, seen = _grid(), EVERYWHERE
    spread = np.geomspace(1e-9, 1e4, 130)
    extra = [np.concatenate([[anchor], anchor + spread, anchor - spread]) for anchor in anchors if np.isfinite(anchor)]
    if extra:
        near = np.concatenate(extra)
        # Between single points far out a wave turns more than once.
        grid = np.unique(np.concatenate([grid, near[(near > grid[0]) & (near < grid[-1])] if waves else near]))
    values = sample(expr, name, grid)
    finite = np.isfinite(values)
    signs = np.sign(values)
    found: list[Point] = []
    crossings = np.flatnonzero(finite[:-1] & finite[1:] & (signs[:-1] * signs[1:] < 0))
    size = np.abs(values)
    touching = (
        1
        + np.flatnonzero(
            finite[:-2]
            & finite[1:-1]
            & finite[2:]
            & (size[1:-1] <= size[:-2])
            & (size[1:-1] <= size[2:])
            # A double zero between the points makes the middle value several times smaller than one of its neighbours.
            & (size[1:-1] <= 0.5 * np.maximum(size[:-2], size[2:]))
            & (signs[:-2] == signs[2:])
            & (signs[:-2] != 0)
            & (signs[1:-1] != 0)
        )
    )
    brackets = [(int(i), int(i) + 1, False) for i in crossings]
    brackets += [(int(i) - 1, int(i) + 1, True) for i in touching]
    brackets += _runs_of_zeros(finite & (signs == 0), signs)
    centre = float(np.clip(0.0, *window))
    brackets.sort(key=lambda bracket: abs(float(grid[bracket[0]]) - centre))
    for turn, (first, last, touch) in enumerate(brackets):
        if waves and (turn >= 2 * _MAX_ZEROS or len(found) >= _MAX_ZEROS):
            # The nearest ones were refined first.
            reach = abs(float(grid[first]) - centre)
            seen = max(seen[0], centre - reach), min(seen[1], centre + reach)
            break
        if turn >= 2 * _MAX_ZEROS or len(found) >= _MAX_ZEROS:
            break
        low, high = float(grid[first]), float(grid[last])
        points = _refine(expr, name, low, high, touch)
        if not points and high - low < 1e-3 * (1 + abs(low)):
            # Rounding noise round a double zero looks like crossings; a wider look tells.
            margin = 1e-3 * (1 + abs(low))
            points = _refine(expr, name, low - margin, high + margin, True)
        found += [point for point in points if not any(_same(point, other) for other in found)]
    return Scan(found, seen)


def _grid_for_waves(expr: Expr, name: str, window: Window) -> tuple[Floats, Window]:
    """A grid on which no wave turns by more than a fraction of a period, and the interval that it and balls cover."""
    low, high = -_HOME, _HOME
    seen = EVERYWHERE
    if window[1] - window[0] <= 2 * _REACH:
        low, high = window[0] - 1, window[1] + 1
    else:
        left, right = _open_end(expr, name, -1), _open_end(expr, name, 1)
        low, high = min(low, max(-left[0], -_REACH)), max(high, min(right[0], _REACH))
        seen = (-math.inf if left[1] else low), (math.inf if right[1] else high)
    near = np.geomspace(1e-12, 0.04, 160)
    points = int(min(_MAX_GRID // 3, max(2200, (high - low) / _PITCH)))
    grid = np.linspace(low, high, points)
    if low < 0 < high:
        grid = np.concatenate([grid, [0.0], near[near < high], -near[-near > low]])
    grid = np.unique(grid)
    turns = _turns(expr, name, grid)
    pieces = np.maximum(1, np.ceil(np.minimum(turns / _TURN, 1e6))).astype(np.int64)
    # From the middle outwards, as far as the number of points allows.
    centre = int(np.searchsorted(grid, float(np.clip(0.0, *window))))
    first, last, used = _affordable(pieces, centre)
    start, stop = float(grid[first]), float(grid[last])
    if first > 0 and not _no_zero_between(expr, name, float(grid[0]), start):
        seen = max(seen[0], start), seen[1]
    if last < len(pieces) and not _no_zero_between(expr, name, stop, float(grid[-1])):
        seen = seen[0], min(seen[1], stop)
    cells, widths = grid[:-1][first:last], np.diff(grid)[first:last]
    counts = pieces[first:last]
    if used > len(counts):
        offsets = np.arange(used) - np.repeat(np.cumsum(counts) - counts, counts)
        fine = np.repeat(cells, counts) + np.repeat(widths / counts, counts) * offsets
    else:
        fine = cells
    fine = np.unique(np.concatenate([fine, [grid[last]]]))
    if np.any(_turns(expr, name, fine) > 2 * _TURN + 0.4):
        # A frequency that grows within a cell of the grid.
        seen = (0.0, 0.0)
    return fine, seen


def _turns(expr: Expr, name: str, grid: Floats) -> Floats:
    """By how much, in radians, the fastest wave turns between neighbouring points."""
    most = np.zeros(len(grid) - 1)
    for node in walk(expr):
        if node.op in ("sin", "cos", "tan") and name in node.symbols:
            with np.errstate(all="ignore"):
                change = np.abs(np.diff(sample(node.args[0], name, grid)))
            most = np.maximum(most, np.where(np.isfinite(change), change, 0.0))
    return most


def _affordable(pieces: NDArray[np.int64], centre: int) -> tuple[int, int, int]:
    """The widest range of cells round a centre whose pieces stay within the limit, and how many pieces it has."""
    sums = np.concatenate([[0], np.cumsum(pieces)])
    reach_low, reach_high = 0, len(pieces)
    for reach in range(1, 64):
        span = max(1, len(pieces) // reach)
        reach_low, reach_high = max(0, centre - span), min(len(pieces), centre + span)
        if sums[reach_high] - sums[reach_low] <= _MAX_GRID:
            break
    while sums[reach_high] - sums[reach_low] > _MAX_GRID and reach_high - reach_low > 1:
        reach_low, reach_high = (reach_low + centre + 1) // 2, (reach_high + centre) // 2
        if reach_high <= reach_low:
            reach_low, reach_high = max(0, min(centre, len(pieces) - 1)), max(1, min(centre + 1, len(pieces)))
            break
    return reach_low, reach_high, int(sums[reach_high] - sums[reach_low])


def _open_end(expr: Expr, name: str, side: int) -> tuple[float, bool]:
    """How far out zeros cannot be excluded by balls, up to the reach of the grid; and whether none is beyond that."""
    furthest, beyond = _HOME, True
    low = _HOME
    while low < 1e200:
        high = low * (1.5 if low < _REACH else 4 if low < 1e12 else 1e6)
        if not _no_zero_between(expr, name, side * low, side * high):
            if high > _REACH:
                return max(furthest, min(low, _REACH)), False
            furthest = high
        low = high
    return furthest, beyond


def _no_zero_between(expr: Expr, name: str, start: float, stop: float) -> bool:
    """Balls say so, in one piece or in eight."""
    for pieces in (1, 8):
        edges = [start + (stop - start) * i / pieces for i in range(pieces + 1)]
        if all(_no_zero_in(expr, name, edges[i], edges[i + 1]) for i in range(pieces)):
            return True
    return False


def _no_zero_in(expr: Expr, name: str, start: float, stop: float) -> bool:
    with precision(64):
        ball = arb((start + stop) / 2, abs(stop - start) / 2 * 1.000001)
        try:
            value = value_at(expr, {name: ball})
        except Undefined:
            return True
        except Unclear:
            # Too large to be written down, as e^x is far out, is far from 0.
            return abs(start) > 1e12
        return not (value == 0 if is_exact(value) else value.contains(0))


def _runs_of_zeros(zero: NDArray[np.bool_], signs: Floats) -> list[tuple[int, int, bool]]:
    """Brackets round each run of grid points at which the function is 0, rounding included."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], zero, [False]]).astype(np.int8)))
    brackets = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        low, high = max(int(start) - 1, 0), min(int(stop), len(signs) - 1)
        brackets.append((low, high, bool(signs[low] * signs[high] > 0)))
    return brackets


def _same(first: Point, second: Point) -> bool:
    if first.exact is not None and second.exact is not None:
        return bool(first.exact == second.exact)
    return bool(first.ball(_ACCEPT_BITS).overlaps(second.ball(_ACCEPT_BITS)))


def _refine(expr: Expr, name: str, low: float, high: float, touch: bool) -> list[Point]:
    """The zero in the bracket, or two where the function only seemed to touch; none for a pole or a near miss."""
    start, stop = _narrowed(expr, name, low, high, touch)

    def value(at: Any) -> Any:
        result = value_at(expr, {name: at})
        return arb(result) if is_exact(result) else result

    def slope(at: Any) -> Any:
        return value(at + step) - value(at - step)

    with precision(_BITS):
        step = arb(2) ** -_STEP_BITS
        try:
            middle = _secant(slope if touch else value, arb(start), arb(stop))
            if middle is None:
                return []
            if touch and value(middle) * value(arb(low)) < 0:
                # It crosses twice, closer together than the grid could see.
                ends = ((arb(low), middle), (middle, arb(high)))
                crossings = [_bisected(value, left, right) for left, right in ends if value(left) * value(right) < 0]
                return [_point(expr, name, crossing) for crossing in crossings]
            # Relative to its values nearby, so that a function that only becomes tiny has no zero.
            offset = arb(2) ** -40
            scale = abs(value(middle + offset)) + abs(value(middle - offset))
            if not abs(value(middle)).mid() < (arb(2) ** -200 * scale).mid():
                return []
            return [_point(expr, name, middle)]
        except (Undefined, Unclear):
            return []


def _point(expr: Expr, name: str, middle: arb) -> Point:
    """The point of a zero, exact where it is a rational number of moderate size."""
    candidate = _rational(middle)
    if candidate is not None:
        try:
            at = value_at(expr, {name: candidate})
        except (Undefined, Unclear):
            at = None
        if at is not None and (at == 0 if is_exact(at) else at.contains(0)):
            return Point(exact=fmpq(candidate))
    enclosure = arb(middle, arb(2) ** -_ACCEPT_BITS * max(1.0, abs(float(middle))))
    return Point(compute=lambda bits: enclosure)


def _bisected(function: Callable[[Any], Any], low: arb, high: arb) -> arb:
    """A sign change between two points of different signs."""
    rising = bool(function(high) > 0)
    for _ in range(_ACCEPT_BITS + 100):
        middle = ((low + high) / 2).mid()
        side = function(middle)
        if side > 0:
            low, high = (low, middle) if rising else (middle, high)
        elif side < 0:
            low, high = (middle, high) if rising else (low, middle)
        else:
            return middle
    return ((low + high) / 2).mid()


def _narrowed(expr: Expr, name: str, low: float, high: float, touch: bool) -> tuple[float, float]:
    """A bracket near the limit of floating point."""
    for _ in range(9):
        grid = np.linspace(low, high, 65)
        values = sample(expr, name, grid)
        if not np.isfinite(values).all():
            break
        if touch:
            best = int(np.argmin(np.abs(values)))
            start, stop = max(best - 1, 0), min(best + 1, 64)
        else:
            signs = np.sign(values)
            change = np.flatnonzero(signs[:-1] * signs[1:] <= 0)
            if not len(change):
                break
            start, stop = int(change[0]), int(change[-1]) + 1
        if stop - start > 32 or not low < high:
            break
        low, high = float(grid[start]), float(grid[stop])
        if high - low < (1e-6 if touch else 1e-13) * max(abs(low), abs(high), 1e-6):
            break
    return low, high


def _secant(function: Callable[[Any], Any], low: arb, high: arb) -> arb | None:
    """The zero of ``function`` near two points; None where the secant method runs away."""
    if low == high:
        high = low + (abs(low) + 1) * low.__class__(2) ** -40
    start, width = low, abs(high - low).mid() * 1000
    at_low, at_high = function(low).mid(), function(high).mid()
    for _ in range(60):
        if at_high == 0:
            return high
        if at_low == at_high:
            return None
        following = (high - at_high * (high - low) / (at_high - at_low)).mid()
        if not abs(following - start).mid() <= width:
            return None
        low, at_low = high, at_high
        high, at_high = following, function(following).mid()
        if abs(high - low).mid() < (low.__class__(2) ** -(_ACCEPT_BITS + 50) * (1 + abs(high))).mid():
            return high
    return None


def _rational(middle: arb) -> Any:
    """The rational number of moderate size that the ball's middle is closest to, if it is very close."""
    mantissa, exponent = middle.man_exp()
    value = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    simple = value.limit_denominator(1 << 48)
    if abs(value - simple) < Fraction(1, 1 << (_ACCEPT_BITS // 2)) * max(Fraction(1), abs(simple)):
        return fmpq(simple.numerator, simple.denominator)
    return None
