"""Equations to solve, by family and level, each built so that its solution is known.

Numeric equations are built backwards: the solution is drawn first, two sides of the family's shape are drawn, and a
constant is chosen that makes them equal there. Equations with letters are linear in the unknown; their solution is
computed from the drawn coefficients. The certificate goes into :attr:`Problem.answer`.

A level is ``family-n`` with n from 1 (one operation) to 3. What grows with n: the number of terms and brackets, the
size of the numbers, how often the solution is a fraction or two of them, and how often there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from reasoning_envs.domains.problems.algebra.linear import LINEAR_FAMILIES, degenerate, linear
from reasoning_envs.domains.problems.algebra.nonlinear import NONLINEAR_FAMILIES
from reasoning_envs.domains.problems.algebra.pen import Drawn, Pen, X
from reasoning_envs.symbolic.moves.places import is_solved
from reasoning_envs.symbolic.moves.rules import product, simplify
from reasoning_envs.symbolic.syntax.expression import Expr, add, div, num
from reasoning_envs.symbolic.syntax.statement import equation

__all__ = ["FAMILIES", "LEVELS", "LINEAR_LEVELS", "Drawn", "draw", "scrambled"]

# -- the table --------------------------------------------------------------------------------------------------------

_BUILDERS: dict[str, Callable[[Pen], Drawn | None]] = {
    **{name: partial(linear, sides) for name, sides in LINEAR_FAMILIES.items()},
    "degenerate": degenerate,
    **NONLINEAR_FAMILIES,
}
_WITH_LETTERS = ("linear", "brackets", "fractions", "both_sides", "rational")

FAMILIES: tuple[str, ...] = (
    *LINEAR_FAMILIES,
    *(f"{name}_letters" for name in _WITH_LETTERS),
    *(name for name in _BUILDERS if name not in LINEAR_FAMILIES),
)
"""Names of the families; those ending in ``_letters`` have letters for coefficients."""

LEVELS: tuple[str, ...] = tuple(f"{family}-{level}" for level in (1, 2, 3) for family in FAMILIES)
"""``family-n``, all families of n = 1 first."""

LINEAR_LEVELS: tuple[str, ...] = tuple(
    level for level in LEVELS if level.rpartition("-")[0].removesuffix("_letters") in (*LINEAR_FAMILIES, "degenerate")
)
"""Those whose equations are linear in the unknown, without it in a denominator."""


def draw(rng: np.random.Generator, level: str) -> Drawn:
    """An equation of a level, with its solution.

    Raises:
        ValueError: no such level; the message lists them.
    """
    if level not in LEVELS:
        raise ValueError(f"no level {level!r}; there are {', '.join(LEVELS)}")
    family, _, difficulty = level.rpartition("-")
    letters = family.endswith("_letters")
    build = _BUILDERS[family.removesuffix("_letters")]
    pen = Pen(rng, int(difficulty), letters)
    for _ in range(1000):
        drawn = build(pen)
        if drawn is not None and "x" in drawn[0].left.symbols | drawn[0].right.symbols and not is_solved(drawn[0]):
            return drawn
    raise RuntimeError(f"level {level!r}: 1000 draws in a row were unusable")


def scrambled(rng: np.random.Generator, depth: int, letters: bool = False) -> Drawn:
    """An equation made from ``x = c`` by ``depth`` random operations that keep its solution.

    This is a proposer that knows no target: it goes backwards through the moves of a solver.
    """
    pen = Pen(rng, 2, letters)
    start = pen.constant() if letters else num(pen.whole(10))
    left: Expr = X
    right: Expr = start
    for _ in range(depth):
        roll = pen.below(6)
        if roll == 0:
            term = pen.constant()
            left, right = add(left, term), simplify(add(right, term))
        elif roll == 1:
            term = pen.unknown()
            left, right = simplify(add(left, term)), simplify(add(right, term))
        elif roll == 2:
            factor = pen.factor()
            left, right = product(factor, left), simplify(product(factor, right))
        elif roll == 3:
            under = pen.divisor()
            left, right = div(left, under), simplify(div(right, under))
        elif roll == 4:
            left, right = right, left
        else:
            term = pen.unknown()
            left, right = add(left, term), add(right, term)
    if "x" not in left.symbols | right.symbols or is_solved(equation(left, right)):
        return scrambled(rng, depth, letters)
    return Drawn((equation(left, right), equation(X, start)))
