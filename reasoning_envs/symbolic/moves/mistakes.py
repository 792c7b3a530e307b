"""Lines with one mistake in them: what a corrupted derivation is made of."""

from __future__ import annotations

from reasoning_envs.symbolic.syntax import statement
from reasoning_envs.symbolic.syntax.expression import Expr, add, neg, num, replace_at, sym, terms
from reasoning_envs.symbolic.syntax.statement import (
    NO_SOLUTION,
    Comparison,
    Statement,
    alternatives,
    conjuncts,
    disjunction,
)

__all__ = ["mistakes", "spoiled_side", "spoiled_sides"]


def mistakes(line: Statement) -> list[tuple[Statement, str]]:
    """Every line with one mistake in it, with the kind of the mistake."""
    parts = alternatives(line)
    spoiled: list[tuple[Statement, str]] = []
    if len(parts) > 1:
        spoiled += [(disjunction(*parts[:i], *parts[i + 1 :]), "lost root") for i in range(len(parts))]
    for index, part in enumerate(parts):
        pieces = conjuncts(part)
        for place, piece in enumerate(pieces):
            if not isinstance(piece, Comparison) or piece.op != "=":
                continue
            for wrong, error in spoiled_sides(piece):
                joined = statement.conjunction(*pieces[:place], wrong, *pieces[place + 1 :])
                spoiled.append((disjunction(*parts[:index], joined, *parts[index + 1 :]), error))
    if not parts:
        spoiled.append((statement.equation(sym("x"), num(0)), "wrong conclusion"))
    elif line == statement.ALL_REALS:
        spoiled.append((NO_SOLUTION, "wrong conclusion"))
    return spoiled


def spoiled_sides(line: Comparison) -> list[tuple[Statement, str]]:
    """The comparison with one mistake on one of its sides: a sign, a dropped term, wrong arithmetic."""
    spoiled: list[tuple[Statement, str]] = []
    for left, side, rebuilt in ((True, line.left, line.right), (False, line.right, line.left)):
        for wrong, error in spoiled_side(side):
            pair = (wrong, rebuilt) if left else (rebuilt, wrong)
            spoiled.append((Comparison(line.op, *pair), error))
    return spoiled


def spoiled_side(side: Expr) -> list[tuple[Expr, str]]:
    """The expression with one mistake in it, with its kind; some are still equal to it."""
    spoiled: list[tuple[Expr, str]] = []
    parts = terms(side)
    for index, term in enumerate(parts):
        if term.value != 0:
            flipped = [*parts[:index], neg(term), *parts[index + 1 :]]
            spoiled.append((add(*flipped), "sign"))
        if len(parts) > 1:
            spoiled.append((add(*parts[:index], *parts[index + 1 :]), "dropped term"))
    spoiled += [(wrong, "arithmetic") for wrong in _off_by_one(side)]
    return spoiled


def _off_by_one(expr: Expr) -> list[Expr]:
    if expr.op == "num":
        return [num(expr.number + 1), num(expr.number - 1)]
    return [replace_at(expr, i, wrong) for i, arg in enumerate(expr.args) for wrong in _off_by_one(arg)]
