"""Systems with one mistake in them: what a corrupted derivation is made of."""

from __future__ import annotations

from collections.abc import Sequence

from reasoning_envs.symbolic.moves.mistakes import spoiled_sides
from reasoning_envs.symbolic.syntax.expression import num, sym
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    Comparison,
    Statement,
    alternatives,
    conjunction,
    conjuncts,
    disjunction,
    equation,
)

__all__ = ["system_mistakes"]


def system_mistakes(line: Statement, unknowns: Sequence[str]) -> list[tuple[Statement, str]]:
    """Every line with one mistake in it, with the kind of the mistake."""
    parts = alternatives(line)
    if not parts:
        return [(conjunction(*[equation(sym(name), num(0)) for name in unknowns]), "wrong conclusion")]
    if line == ALL_REALS:
        return [(NO_SOLUTION, "wrong conclusion")]
    spoiled: list[tuple[Statement, str]] = []
    if len(parts) > 1:
        spoiled += [(disjunction(*parts[:i], *parts[i + 1 :]), "lost solution") for i in range(len(parts))]
    for index, part in enumerate(parts):
        pieces = conjuncts(part)
        before, behind = parts[:index], parts[index + 1 :]
        for place, piece in enumerate(pieces):
            if len(pieces) > 1:
                kept = conjunction(*pieces[:place], *pieces[place + 1 :])
                spoiled.append((disjunction(*before, kept, *behind), "dropped equation"))
            if isinstance(piece, Comparison) and piece.op == "=":
                for wrong, error in spoiled_sides(piece):
                    joined = conjunction(*pieces[:place], wrong, *pieces[place + 1 :])
                    spoiled.append((disjunction(*before, joined, *behind), error))
    return spoiled
