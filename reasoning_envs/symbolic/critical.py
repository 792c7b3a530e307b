"""The critical points of a comparison in one unknown: between two of them neither truth nor definedness changes."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from reasoning_envs.symbolic.algebraic import eliminate
from reasoning_envs.symbolic.canonical import canonical
from reasoning_envs.symbolic.closed_forms import zeros_in_closed_form
from reasoning_envs.symbolic.expression import ONE, Expr, call, sub, walk
from reasoning_envs.symbolic.forms import TooLarge, UndefinedForm, form, ring_of
from reasoning_envs.symbolic.rings import is_rational
from reasoning_envs.symbolic.roots import Point, constant_point, polynomial_points, univariate
from reasoning_envs.symbolic.scan import zeros_by_scan
from reasoning_envs.symbolic.statement import Comparison

__all__ = ["Critical", "critical_points"]

_MAX_POINTS = 400


class Critical(NamedTuple):
    points: tuple[Point, ...]
    complete: bool


@lru_cache(maxsize=2048)
def critical_points(comparison: Comparison, unknown: str) -> Critical:
    lone = _solved_point(comparison, unknown)
    if lone is not None:
        return Critical((lone,), True)
    difference = sub(comparison.left, comparison.right)
    if unknown not in difference.symbols:
        return Critical((), True)
    anchors: dict[object, Point] = {}
    pending: list[Expr] = []
    # The poles of the factorial and of the tangent go on for ever.
    complete = not any(node.op in ("factorial", "tan") and unknown in node.symbols for node in walk(difference))
    for expr in (*_breakpoints(comparison.left), *_breakpoints(comparison.right), difference):
        if unknown not in expr.symbols:
            continue
        found = _exact_zeros(expr)
        if found is None:
            found = zeros_in_closed_form(expr, unknown)
        if found is None:
            pending.append(expr)
        else:
            anchors.update((point.key, point) for point in found)
    for expr in pending:
        complete = False
        near = [float(point.ball(64).mid()) for point in anchors.values()]
        anchors.update((point.key, point) for point in zeros_by_scan(expr, unknown, near))
    return Critical(tuple(anchors.values())[:_MAX_POINTS], complete and len(anchors) <= _MAX_POINTS)


def _solved_point(comparison: Comparison, unknown: str) -> Point | None:
    """Of ``x = c``: the constant itself."""
    for side, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        if side.op == "sym" and side.value == unknown and not other.symbols and not is_rational(other):
            return constant_point(other)
    return None


def _breakpoints(expr: Expr) -> list[Expr]:
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


def _exact_zeros(expr: Expr) -> tuple[Point, ...] | None:
    """Where a function of one symbol can be zero or undefined; None where no exact method tells."""
    try:
        tree = canonical(expr).tree
        found = form(tree, ring_of(tree))
        points: list[Point] = []
        for polynomial in (found.numerator, *found.divisors):
            reduced = eliminate(polynomial, found.ring) if found.ring.kernels else polynomial
            if reduced is None or (reduced.is_zero() and not polynomial.is_zero()):
                return None
            only = univariate(reduced, 0)
            if only is None:
                return None
            points.extend(polynomial_points(only))
        return tuple(points)
    except UndefinedForm:
        return ()
    except TooLarge:
        return None
