"""The critical points of a comparison in one unknown: between two of them neither truth nor definedness changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from flint import fmpq_mpoly

from reasoning_envs.symbolic.equality.algebraic import eliminate
from reasoning_envs.symbolic.equality.canonical import canonical
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm, factors, form, ring_of
from reasoning_envs.symbolic.equality.rings import Ring, is_rational, polynomial_to_expr
from reasoning_envs.symbolic.roots.closed_forms import zeros_of_factor
from reasoning_envs.symbolic.roots.points import Point, constant_point, polynomial_points, univariate
from reasoning_envs.symbolic.roots.scan import EVERYWHERE, Window, zeros_by_scan
from reasoning_envs.symbolic.syntax.expression import ONE, Expr, call, num, sub, walk
from reasoning_envs.symbolic.syntax.statement import Comparison
from reasoning_envs.symbolic.syntax.tokens import FUNCTIONS

__all__ = ["Critical", "breakpoints", "critical_points", "factorial_arguments", "plain_zeros"]

_MAX_POINTS = 400
_MAX_SIZE = 400
_MAX_FACTORIAL = 60
_FACTORIAL = FUNCTIONS["factorial"][0]


class Critical(NamedTuple):
    """Points on the real line.

    Attributes:
        points: from left to right or not.
        complete: none is missing, for certain.
        window: outside it nobody looked; inside, none is likely to be missing.
    """

    points: tuple[Point, ...]
    complete: bool
    window: Window = EVERYWHERE


@lru_cache(maxsize=256)
def critical_points(comparison: Comparison, unknown: str, window: Window = EVERYWHERE) -> Critical:
    """Where the truth of a comparison with the only symbol ``unknown`` can change; exact points before scanned ones.

    Args:
        comparison: in one unknown.
        unknown: its symbol.
        window: where it matters; what is elsewhere may or may not be found.
    """
    lone = _solved_point(comparison, unknown)
    if lone is not None:
        return Critical((lone,), True)
    difference = sub(comparison.left, comparison.right)
    if unknown not in difference.symbols:
        return Critical((), True)
    anchors: dict[object, Point] = {}
    pending: list[Expr] = []
    # The poles of the tangent go on for ever, and so do the values at which a factorial is defined.
    complete = not any(node.op in ("factorial", "tan") and unknown in node.symbols for node in walk(difference))
    arguments = factorial_arguments(comparison, unknown)
    if arguments:
        for argument in arguments:
            for whole in range(_MAX_FACTORIAL + 1):
                points, _ = _zeros(sub(argument, num(whole)), unknown)
                anchors.update((point.key, point) for point in points)
        return Critical(tuple(anchors.values())[:_MAX_POINTS], False)
    for expr in (*breakpoints(comparison.left), *breakpoints(comparison.right), difference):
        if unknown in expr.symbols:
            points, rest = _zeros(expr, unknown)
            anchors.update((point.key, point) for point in points)
            pending += rest
    seen = EVERYWHERE
    for expr in pending:
        complete = False
        near = [float(point.ball(64).mid()) for point in anchors.values()]
        scanned = zeros_by_scan(expr, unknown, near, window)
        anchors.update((point.key, point) for point in scanned.zeros)
        seen = max(seen[0], scanned.window[0]), min(seen[1], scanned.window[1])
    return Critical(tuple(anchors.values())[:_MAX_POINTS], complete and len(anchors) <= _MAX_POINTS, seen)


def plain_zeros(comparison: Comparison, unknown: str) -> Sequence[Point]:
    """Points at which both sides of a comparison with the only symbol ``unknown`` are equal, if defined there.

    Those that come cheaply: some may be missing.
    """
    lone = _solved_point(comparison, unknown)
    return (lone,) if lone is not None else _zeros(sub(comparison.left, comparison.right), unknown)[0]


def factorial_arguments(comparison: Comparison, unknown: str) -> tuple[Expr, ...]:
    """What the factorials of the unknown are taken of. The line is meant where these are 0, 1, 2, ..., and only there.

    Nobody who writes ``x! = 24`` thinks of the gamma function, which has roots without end at negative values.
    """
    if _FACTORIAL not in comparison.left.tokens and _FACTORIAL not in comparison.right.tokens:
        return ()
    nodes = [node for side in (comparison.left, comparison.right) for node in walk(side)]
    return tuple([node.args[0] for node in nodes if node.op == "factorial" and unknown in node.symbols])


def _solved_point(comparison: Comparison, unknown: str) -> Point | None:
    """Of ``x = c``: the constant itself."""
    for side, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        if side.op == "sym" and side.value == unknown and not other.symbols and not is_rational(other):
            return constant_point(other)
    return None


def breakpoints(expr: Expr) -> list[Expr]:
    """Parts at whose zeros the expression may stop being defined or smooth, inner ones first."""
    found: list[Expr] = []
    for node in walk(expr):
        op = node.op
        if op == "div":
            found.append(node.args[1])
        elif op in ("sqrt", "ln", "abs", "root", "factorial"):
            found.append(node.args[0])
        elif op == "log":
            found += [*node.args, sub(node.args[1], ONE)]
        elif op == "pow" and not (isinstance(node.args[1].value, int) and node.args[1].value > 0):
            found.append(node.args[0])
        elif op in ("asin", "acos"):
            found += [sub(node.args[0], ONE), sub(ONE, sub(node.args[0], ONE))]
        elif op == "tan":
            found.append(call("cos", node.args[0]))
    return found[::-1]


@lru_cache(maxsize=256)  # neighbouring lines share most of their parts
def _zeros(expr: Expr, unknown: str) -> tuple[Sequence[Point], Sequence[Expr]]:
    """Where a function of one symbol can be 0 or undefined, by factors; and the factors that only a scan reaches."""
    try:
        tree = canonical(expr).tree
        found = form(tree, ring_of(tree))
        points: list[Point] = []
        pending: list[Expr] = []
        for polynomial in (found.numerator, *found.divisors):
            if polynomial.is_zero():
                continue
            for factor, _ in factors(polynomial):
                zeros = _zeros_of_factor(factor, found.ring, unknown)
                if zeros is None:
                    tree = polynomial_to_expr(factor, found.ring)
                    # Expanded, it may be a hundred times as long, and every step of the scan with it.
                    pending.append(tree if tree.size <= max(_MAX_SIZE, expr.size) else expr)
                else:
                    points.extend(zeros)
        return points, pending
    except UndefinedForm:
        return [], []
    except TooLarge:
        return [], [expr]


def _zeros_of_factor(factor: fmpq_mpoly, ring: Ring, unknown: str) -> tuple[Point, ...] | None:
    degrees = factor.degrees()
    if not any(degrees[place] for place in ring.depends(unknown)):
        return ()
    if unknown not in ring.index:
        return zeros_of_factor(factor, ring, unknown)
    if ring.kernels:
        try:
            reduced = eliminate(factor, ring)
        except TooLarge:
            reduced = None
        if reduced is None or reduced.is_zero():
            return zeros_of_factor(factor, ring, unknown)
        factor = reduced
    only = univariate(factor, ring.index[unknown])
    return None if only is None else polynomial_points(only)
