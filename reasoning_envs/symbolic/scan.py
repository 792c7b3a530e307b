"""Zeros of functions of one real variable that no exact method reaches, found by looking.

A vectorised evaluation on a fine grid brackets sign changes and near-touches; each is then refined with balls to
several hundred bits, checked, and, where it is a rational number, recognised. What is found is certain to be a zero
to that precision. That nothing was missed is likely, and no proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb, fmpq
from numpy.typing import NDArray

from reasoning_envs.symbolic.balls import Unclear, Undefined, is_exact, precision
from reasoning_envs.symbolic.expression import Expr, walk
from reasoning_envs.symbolic.roots import Point
from reasoning_envs.symbolic.values import value_at

__all__ = ["sample", "zeros_by_scan"]

_BITS = 1100
_STEP_BITS = 200
_ACCEPT_BITS = 300
_MAX_ZEROS = 40
Floats = NDArray[np.float64]


@lru_cache(maxsize=2)
def _grid(near_only: bool) -> Floats:
    fine = np.arange(-40.0, 40.0, 0.0371)
    out = np.concatenate([np.geomspace(40.0, 1e15, 700), np.geomspace(1e15, 1e200, 500)])
    near = np.geomspace(1e-12, 0.04, 160)
    if near_only:
        out = out[:0]
    return np.unique(np.concatenate([[0.0], fine, out, -out, near, -near]))


def sample(expr: Expr, name: str, grid: Floats) -> Floats:
    """The function at every point of the grid; NaN where it has no real value."""
    stack: list[Any] = []
    order: list[Expr] = []
    pending = [expr]
    while pending:
        node = pending.pop()
        order.append(node)
        pending.extend(node.args)
    with np.errstate(all="ignore"):
        for node in reversed(order):
            op = node.op
            if op == "num":
                stack.append(_float(node))
            elif op == "sym":
                stack.append(grid)
            elif op in _CONSTANTS:
                stack.append(_CONSTANTS[op])
            elif op == "const":
                stack.append(_CONSTANTS.get(str(node.value), np.nan))
            elif op == "add" or op == "mul":
                count = len(node.args)
                total = stack[-count]
                for other in stack[1 - count :]:
                    total = total + other if op == "add" else total * other
                del stack[-count:]
                stack.append(total)
            elif len(node.args) == 1:
                stack[-1] = _UNARY[op](stack[-1])
            else:
                second = stack.pop()
                stack[-1] = _BINARY[op](stack[-1], second)
        return np.broadcast_to(np.asarray(stack[0], dtype=np.float64), grid.shape)


def _float(node: Expr) -> np.float64:
    try:
        return np.float64(float(node.number))
    except OverflowError:
        return np.float64(np.inf if node.number > 0 else -np.inf)


def _real_power(base: Any, exponent: Any) -> Any:
    whole = np.asarray(exponent)
    if whole.ndim == 0 and np.isfinite(whole):
        value = Fraction(float(whole)).limit_denominator(1000)
        if value.denominator % 2 == 1 and value.denominator > 1 and abs(float(value) - float(whole)) < 1e-15:
            magnitude = np.power(np.abs(base), whole)
            return magnitude if value.numerator % 2 == 0 else np.sign(base) * magnitude
    return np.power(base, exponent)


def _real_root(value: Any, degree: Any) -> Any:
    odd = np.mod(degree, 2) == 1
    magnitude = np.power(np.abs(value), 1.0 / np.asarray(degree, dtype=np.float64))
    return np.where(odd, np.sign(value) * magnitude, np.where(np.asarray(value) >= 0, magnitude, np.nan))


def _gamma(value: float) -> float:
    try:
        return math.gamma(value)
    except (ValueError, OverflowError):
        return math.nan


def _factorial(value: Any) -> Any:
    return np.vectorize(_gamma, otypes=[np.float64])(np.asarray(value) + 1.0)


_CONSTANTS: dict[str, Any] = {"pi": np.float64(np.pi), "e": np.float64(np.e)}
_UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": np.negative,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "exp": np.exp,
    "ln": lambda value: np.log(np.where(np.asarray(value) > 0, value, np.nan)),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "factorial": _factorial,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "div": np.divide,
    "pow": _real_power,
    "root": _real_root,
    "log": lambda value, base: np.log(value) / np.log(base),
}


def zeros_by_scan(expr: Expr, name: str, anchors: Iterable[float] = ()) -> list[Point]:
    """Zeros of ``expr`` as a function of its only symbol ``name``, at most forty of them.

    Args:
        expr: the function; constant expressions have no zeros here.
        name: of the symbol.
        anchors: places with fine structure (edges of the domain, kinks) near which to look more closely.
    """
    # Far out a wave has too many zeros, and floating point knows none of them.
    waves = any(node.op in ("sin", "cos", "tan") and name in node.symbols for node in walk(expr))
    grid = _grid(waves)
    spread = np.geomspace(1e-9, 1e4, 130)
    extra = [np.concatenate([[anchor], anchor + spread, anchor - spread]) for anchor in anchors if np.isfinite(anchor)]
    if extra:
        grid = np.unique(np.concatenate([grid, *extra]))
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
    for first, last, touch in brackets[: 2 * _MAX_ZEROS]:
        low, high = float(grid[first]), float(grid[last])
        points = _refine(expr, name, low, high, touch)
        if not points and high - low < 1e-3 * (1 + abs(low)):
            # Rounding noise round a double zero looks like crossings; a wider look tells.
            margin = 1e-3 * (1 + abs(low))
            points = _refine(expr, name, low - margin, high + margin, True)
        found += [point for point in points if not any(_same(point, other) for other in found)]
        if len(found) >= _MAX_ZEROS:
            break
    return found


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
