"""Inequalities to solve, by family and level, each built from the ends of its solution.

The ends are drawn first; the sides are then drawn so that they meet there. The solution, a union of intervals, is
computed from the finished line and goes into :attr:`Problem.answer`. Letters have the sign that the line says.

A level is ``family-n`` with n from 1 (one operation) to 3.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import NamedTuple

import numpy as np

from reasoning_envs.domains.problems.algebra import draw as draw_equation
from reasoning_envs.domains.problems.algebra.pen import Pen, X
from reasoning_envs.symbolic.inequalities.forms import INEQUALITIES, MIRRORED, is_solution
from reasoning_envs.symbolic.moves.rules import product, scale, simplify
from reasoning_envs.symbolic.syntax.expression import ZERO, Expr, add, call, div, mul, neg, num, power, sub
from reasoning_envs.symbolic.syntax.statement import Comparison, Statement, conjunction, disjunction, free_symbols

__all__ = ["INEQUALITY_FAMILIES", "INEQUALITY_LEVELS", "DrawnInequality", "draw_inequality", "scrambled_inequality"]

_EQUATIONS = ("linear", "brackets", "fractions", "both_sides", "degenerate")


class DrawnInequality(NamedTuple):
    """A line, and its solution where that is not to be computed from the line (with letters); else None."""

    line: Statement
    solution: Statement | None


def _relation(pen: Pen) -> str:
    return INEQUALITIES[pen.below(len(INEQUALITIES))]


def _of_equation(family: str, pen: Pen) -> Statement:
    """A linear equation with a relation in the place of its sign: the root becomes the end."""
    equation = draw_equation(pen.rng, f"{family}-{pen.level}")[0]
    return Comparison(_relation(pen), equation.left, equation.right)


def _linear_side(pen: Pen, slope: int, shift: int) -> Expr:
    inner = scale(slope, X)
    return add(inner, num(shift)) if shift else inner


def _chain(pen: Pen) -> Statement:
    low = pen.whole()
    high = low + pen.natural(12, 1)
    slope = 1 if pen.level == 1 else pen.whole((6, 6, 9)[pen.level - 1])
    shift = pen.whole()
    middle = _linear_side(pen, slope, shift)
    ends = sorted((slope * low + shift, slope * high + shift))
    if pen.level == 3:
        under = pen.natural(6)
        middle = div(middle, num(under))
        outer: list[Expr] = [num(Fraction(end, under)) for end in ends]
    else:
        outer = [num(end) for end in ends]
    first, second = ("<" if pen.chance(0.5) else "<=" for _ in range(2))
    return conjunction(Comparison(first, outer[0], middle), Comparison(second, middle, outer[1]))


def _joint(pen: Pen) -> Statement:
    """Two or three linear inequalities, joined by *and* or by *or*."""
    pieces = []
    for _ in range(2 if pen.level < 3 else 3):
        end, slope, shift = pen.whole(9), pen.whole(5), pen.whole(9)
        if slope == 1 and pen.level > 1:
            slope = 2
        pieces.append(Comparison(_relation(pen), _linear_side(pen, slope, shift), num(slope * end + shift)))
    both = pen.chance(0.6)
    if len(pieces) == 2:
        return conjunction(*pieces) if both else disjunction(*pieces)
    return disjunction(conjunction(*pieces[:2]), pieces[2])


def _quadratic(pen: Pen) -> Statement | None:
    op = _relation(pen)
    r, s = pen.whole(9), pen.whole(9)
    squared = power(X, num(2))
    if pen.level == 1:
        if pen.chance(0.4):
            return Comparison(op, squared, num(r * r))
        return Comparison(op, mul(add(X, num(-r)), add(X, num(-s))), ZERO) if r != s else None
    b, c = -(r + s), r * s
    if pen.level == 2:
        if pen.chance(0.2):
            return Comparison(op, add(squared, scale(-s, X)), ZERO)
        return Comparison(op, add(squared, *([scale(b, X)] if b else []), num(c)), ZERO)
    roll = pen.below(4)
    if roll == 0:
        k = pen.whole(4)
        return Comparison(op, add(scale(k, squared), *([scale(k * b, X)] if b else []), num(k * c)), ZERO)
    if roll == 1:
        d = pen.whole(9)
        left = add(squared, scale(b + d, X)) if b + d else squared
        return Comparison(op, left, add(scale(d, X), num(-c)))
    if roll == 2:
        t = pen.whole(6)
        factors = [add(X, num(-end)) for end in (r, s, t)]
        return Comparison(op, mul(*factors), ZERO) if len({r, s, t}) == 3 else None
    p, q = pen.whole(8), pen.whole(8)
    return Comparison(op, add(squared, scale(p, X), num(q)), ZERO)


def _rational(pen: Pen) -> Statement | None:
    op = _relation(pen)
    r, s = pen.whole(9), pen.whole(9)
    if r == s:
        return None
    under = add(X, num(-s))
    if pen.level == 1:
        return Comparison(op, div(add(X, num(-r)), under), ZERO)
    k = pen.whole(6)
    if pen.level == 2:
        # k*(r - s)/(x - s) meets k at r
        return Comparison(op, div(num(k * (r - s)), under), num(k))
    a = pen.natural(4)
    # (a*x + b)/(x - s) meets k at r
    b = k * (r - s) - a * r
    top = add(scale(a, X), num(b)) if b else scale(a, X)
    return Comparison(op, div(top, under), num(k)) if a * s + b else None


def _absolute(pen: Pen) -> Statement | None:
    op = _relation(pen)
    middle, reach = pen.whole(9), pen.natural(12, 1)
    if pen.level == 1:
        return Comparison(op, call("abs", add(X, num(-middle))), num(reach))
    a = pen.natural(6, 1)
    inner = add(scale(a, X), num(-a * middle))
    if pen.level == 2:
        k, d = pen.natural(4), pen.whole(9)
        if pen.chance(0.15):
            reach = -reach
        return Comparison(op, add(scale(k, call("abs", inner)), num(d)), num(k * reach + d))
    # |a*(x - middle)| meets c*x + d at an end of the solution
    c, end = pen.whole(5), pen.whole(9)
    if abs(c) == a:
        return None
    d = abs(a * (end - middle)) - c * end
    return Comparison(op, call("abs", inner), add(scale(c, X), num(d)) if d else scale(c, X))


def _letters(pen: Pen) -> DrawnInequality | None:
    """Linear, with a letter for the slope whose sign the line says."""
    slope, shift, right = pen.letter(), pen.letter(), pen.letter()
    op = _relation(pen)
    if len({slope, shift, right}) < 3:
        return None
    positive = pen.chance(0.5)
    said = Comparison(">" if positive else "<", slope, ZERO)
    if pen.level == 1:
        left, end = mul(slope, X), div(right, slope)
    elif pen.level == 2:
        left, end = add(mul(slope, X), shift), div(sub(right, shift), slope)
    elif pen.chance(0.5):
        left, end = mul(slope, add(X, shift)), sub(div(right, slope), shift)
    else:
        left, end = sub(shift, mul(slope, X)), div(sub(shift, right), slope)
        positive = not positive
    solution = Comparison(op if positive else MIRRORED[op], X, end)
    return DrawnInequality(conjunction(Comparison(op, left, right), said), conjunction(solution, said))


_BUILDERS: dict[str, Callable[[Pen], Statement | DrawnInequality | None]] = {
    **{name: partial(_of_equation, name) for name in _EQUATIONS},
    "chain": _chain,
    "joint": _joint,
    "letters": _letters,
    "quadratic": _quadratic,
    "rational": _rational,
    "absolute": _absolute,
}

INEQUALITY_FAMILIES: tuple[str, ...] = tuple(_BUILDERS)
"""Names of the families."""

INEQUALITY_LEVELS: tuple[str, ...] = tuple(f"{family}-{level}" for level in (1, 2, 3) for family in _BUILDERS)
"""``family-n``, all families of n = 1 first."""


def draw_inequality(rng: np.random.Generator, level: str) -> DrawnInequality:
    """A line of a level that is not solved yet.

    Raises:
        ValueError: no such level; the message lists them.
    """
    if level not in INEQUALITY_LEVELS:
        raise ValueError(f"no level {level!r}; there are {', '.join(INEQUALITY_LEVELS)}")
    family, _, difficulty = level.rpartition("-")
    pen = Pen(rng, int(difficulty))
    for _ in range(1000):
        drawn = _BUILDERS[family](pen)
        if drawn is None:
            continue
        made = drawn if isinstance(drawn, DrawnInequality) else DrawnInequality(drawn, None)
        if "x" in free_symbols(made.line) and not is_solution(made.line, "x"):
            return made
    raise RuntimeError(f"level {level!r}: 1000 draws in a row were unusable")


def scrambled_inequality(rng: np.random.Generator, depth: int) -> DrawnInequality:
    """A line made from a bound by ``depth`` random operations that keep its solution: backwards through a solver."""
    pen = Pen(rng, 2)
    op, left, right = _relation(pen), X, num(pen.whole(10))
    for _ in range(depth):
        roll = pen.below(5)
        if roll == 0:
            term = num(pen.whole())
            left, right = add(left, term), simplify(add(right, term))
        elif roll == 1:
            term = scale(pen.whole(6), X)
            left, right = simplify(add(left, term)), simplify(add(right, term))
        elif roll == 2:
            factor = pen.whole(5)
            op = op if factor > 0 else MIRRORED[op]
            left, right = product(num(factor), left), simplify(product(num(factor), right))
        elif roll == 3:
            under = num(pen.natural(6))
            left, right = div(left, under), simplify(div(right, under))
        else:
            op, left, right = MIRRORED[op], simplify(neg(left)), simplify(neg(right))
    line = Comparison(op, left, right)
    if "x" not in free_symbols(line) or is_solution(line, "x"):
        return scrambled_inequality(rng, depth)
    return DrawnInequality(line, None)
