"""Systems of equations to solve, by family and level, each built from a point that solves it.

The point is drawn first, the coefficients after it, and the constants are what makes the equations hold there. The
whole solution is then computed from the finished system and goes into :attr:`Problem.answer`.

A level is ``family-n`` with n from 1 to 3: ``two``, ``three`` and ``four`` are the numbers of unknowns of linear
systems (n grows from triangular ones to full ones that have yet to be tidied), ``letters`` have letters for constants
and coefficients, ``degenerate`` ones have no solution or infinitely many, ``curves`` are pairs of which one at least is
not linear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from reasoning_envs.domains.problems.algebra.pen import Pen
from reasoning_envs.symbolic.moves.rules import product, scale
from reasoning_envs.symbolic.syntax.expression import ZERO, Expr, add, mul, num, power, sub, sym
from reasoning_envs.symbolic.syntax.statement import (
    Comparison,
    Statement,
    Truth,
    conjunction,
    conjuncts,
    equation,
    free_symbols,
)
from reasoning_envs.symbolic.syntax.unknowns import USUAL_UNKNOWNS
from reasoning_envs.symbolic.systems.lines import fault_of_system_solution
from reasoning_envs.symbolic.systems.solutions import system_solution

__all__ = ["SYSTEM_FAMILIES", "SYSTEM_LEVELS", "draw_system"]

_X, _Y = sym("x"), sym("y")
Point = Sequence[int]


def _sum(coefficients: Sequence[int], unknowns: Sequence[str], constant: int = 0) -> Expr:
    parts = [scale(c, sym(name)) for c, name in zip(coefficients, unknowns, strict=True) if c]
    if constant or not parts:
        parts.append(num(constant))
    return add(*parts)


def _value(coefficients: Sequence[int], point: Point) -> int:
    return sum(c * value for c, value in zip(coefficients, point, strict=True))


def _written(pen: Pen, coefficients: Sequence[int], point: Point, unknowns: Sequence[str]) -> Comparison:
    """The equation with these coefficients through the point; at the highest level a term stands on the other side."""
    value = _value(coefficients, point)
    if pen.level < 3 or pen.chance(0.4):
        return equation(_sum(coefficients, unknowns), num(value))
    moved = [pen.whole(5) if pen.chance(0.5) else 0 for _ in coefficients]
    shift = pen.whole(9)
    left = [c + m for c, m in zip(coefficients, moved, strict=True)]
    if not any(left):
        return equation(_sum(coefficients, unknowns), num(value))
    if pen.chance(0.3):
        k = pen.natural(3)
        inner = _sum(coefficients, unknowns, -value)
        beside = _sum(moved, unknowns) if any(moved) else None
        left_side = product(num(k), inner) if beside is None else add(product(num(k), inner), beside)
        return equation(left_side, ZERO if beside is None else beside)
    return equation(_sum(left, unknowns, shift), _sum(moved, unknowns, value + shift))


def _linear(count: int, pen: Pen) -> Statement:
    unknowns = USUAL_UNKNOWNS[:count]
    point = [pen.whole((6, 9, 9)[pen.level - 1]) for _ in unknowns]
    if pen.level == 1:  # each equation has one unknown more than the one before
        rows = [[pen.whole(4) if i <= place else 0 for i in range(count)] for place in range(count)]
        rows[0][0] = 1 if count > 2 else rows[0][0]
    else:
        largest = 5 if count > 2 else 7
        sparse = 0.35 if count > 2 and pen.level == 2 else 0.0
        rows = [[0 if pen.chance(sparse) else pen.whole(largest) for _ in unknowns] for _ in unknowns]
    order = [int(i) for i in pen.rng.permutation(count)]
    return conjunction(*[_written(pen, rows[i], point, unknowns) for i in order])


def _degenerate(pen: Pen) -> Statement:
    """The last equation is a combination of the others, with their constant or with another one."""
    count = 2 if pen.level < 3 else 3
    unknowns = USUAL_UNKNOWNS[:count]
    point = [pen.whole(9) for _ in unknowns]
    rows = [[pen.whole(5) for _ in unknowns] for _ in range(count - 1)]
    weights = [pen.whole(3) for _ in rows]
    last = [sum(w * row[i] for w, row in zip(weights, rows, strict=True)) for i in range(count)]
    off = pen.whole(9) if pen.chance(0.5) else 0
    equations = [equation(_sum(row, unknowns), num(_value(row, point))) for row in rows]
    value = _value(last, point) + off
    if pen.level == 1:
        equations.append(equation(_sum(last, unknowns), num(value)))
    else:
        moved = [pen.whole(4), *[0] * (count - 1)]
        left = [c + m for c, m in zip(last, moved, strict=True)]
        equations.append(equation(_sum(left, unknowns), _sum(moved, unknowns, value)))
    return conjunction(*equations)


def _letters(pen: Pen) -> Statement | None:
    a, b, c = pen.letter(), pen.letter(), pen.letter()
    if len({a, b, c}) < 3:
        return None
    p, q = pen.whole(4), pen.whole(4)
    if pen.level == 1:
        return conjunction(equation(add(_X, scale(p, _Y)), a), equation(sub(_X, scale(q, _Y)), b)) if p + q else None
    if pen.level == 2:
        return conjunction(equation(add(mul(a, _X), _Y), b), equation(add(_X, scale(p, _Y)), num(q)))
    return conjunction(equation(add(mul(a, _X), mul(b, _Y)), c), equation(add(scale(p, _X), _Y), num(q)))


def _curves(pen: Pen) -> Statement | None:
    r, s = pen.whole(7), pen.whole(7)
    square_x, square_y = power(_X, num(2)), power(_Y, num(2))
    if pen.level == 1:
        if pen.chance(0.5):  # a parabola, and the line that meets it at r and s
            return conjunction(equation(_Y, square_x), equation(_Y, _sum((r + s,), "x", -r * s))) if r + s else None
        slope, shift = pen.whole(3), pen.whole(5)
        k = r * (slope * r + shift)
        line = equation(_Y, _sum((slope,), "x", shift))
        return conjunction(line, equation(mul(_X, _Y), num(k))) if k else None
    if pen.level == 2:
        roll = pen.below(3)
        if roll == 0:
            return conjunction(equation(add(_X, _Y), num(r + s)), equation(mul(_X, _Y), num(r * s)))
        if roll == 1:
            p = pen.whole(2)
            circle = equation(add(square_x, square_y), num(r * r + s * s))
            return conjunction(circle, equation(add(_X, scale(p, _Y)), num(r + p * s)))
        hyperbola = equation(sub(square_x, square_y), num(r * r - s * s))
        return conjunction(hyperbola, equation(add(_X, _Y), num(r + s))) if r + s else None
    roll = pen.below(4)
    if roll == 0:
        p, q = pen.natural(4, 1), pen.whole(4)
        first = equation(add(scale(p, square_x), square_y), num(p * r * r + s * s))
        return conjunction(first, equation(add(square_x, scale(q, square_y)), num(r * r + q * s * s)))
    if roll == 1:
        circle = equation(add(square_x, square_y), num(r * r + s * s))
        return conjunction(circle, equation(mul(_X, _Y), num(r * s))) if abs(r) != abs(s) else None
    if roll == 2:
        k = pen.whole(4)
        form_ = add(square_x, scale(k, mul(_X, _Y)))
        return conjunction(equation(form_, num(r * r + k * r * s)), equation(add(_X, scale(2, _Y)), num(r + 2 * s)))
    far = r * r + s * s
    return conjunction(equation(add(square_x, square_y), num(far)), equation(add(_X, _Y), num(far + 3)))


_BUILDERS: dict[str, Callable[[Pen], Statement | None]] = {
    "two": partial(_linear, 2),
    "three": partial(_linear, 3),
    "four": partial(_linear, 4),
    "letters": _letters,
    "degenerate": _degenerate,
    "curves": _curves,
}

SYSTEM_FAMILIES: tuple[str, ...] = tuple(_BUILDERS)
"""Names of the families."""

SYSTEM_LEVELS: tuple[str, ...] = tuple(f"{family}-{level}" for level in (1, 2, 3) for family in _BUILDERS)
"""``family-n``, all families of n = 1 first."""


def draw_system(rng: np.random.Generator, level: str) -> tuple[Statement, Statement, tuple[str, ...]]:
    """A system of a level that is not solved yet, its solution, and its unknowns.

    Raises:
        ValueError: no such level; the message lists them.
    """
    if level not in SYSTEM_LEVELS:
        raise ValueError(f"no level {level!r}; there are {', '.join(SYSTEM_LEVELS)}")
    family, _, difficulty = level.rpartition("-")
    pen = Pen(rng, int(difficulty))
    for _ in range(1000):
        line = _BUILDERS[family](pen)
        if line is None or len(conjuncts(line)) < 2:
            continue
        unknowns = USUAL_UNKNOWNS[: len(conjuncts(line))]
        if not free_symbols(line).issuperset(unknowns) or fault_of_system_solution(line, unknowns) is None:
            continue
        solution = system_solution(line, unknowns)
        if solution is not None and _is_meant(family, solution, len(unknowns)):
            return line, solution, unknowns
    raise RuntimeError(f"level {level!r}: 1000 draws in a row were unusable")


def _is_meant(family: str, solution: Statement, unknowns: int) -> bool:
    """Linear families have one solution, the degenerate one has not."""
    if family == "curves":
        return True
    single = len(conjuncts(solution)) == unknowns and not isinstance(solution, Truth)
    return single != (family == "degenerate")
