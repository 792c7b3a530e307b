"""Inequalities with one mistake in them: what a corrupted derivation is made of."""

from __future__ import annotations

from reasoning_envs.symbolic.inequalities.forms import INEQUALITIES, MIRRORED
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
)

__all__ = ["inequality_mistakes"]

_LOOSENED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


def inequality_mistakes(line: Statement) -> list[tuple[Statement, str]]:
    """Every line with one mistake in it, with the kind of the mistake."""
    parts = alternatives(line)
    if not parts:
        return [(Comparison(">", sym("x"), num(0)), "wrong conclusion")]
    if line == ALL_REALS:
        return [(NO_SOLUTION, "wrong conclusion")]
    spoiled: list[tuple[Statement, str]] = []
    if len(parts) > 1:
        spoiled += [(disjunction(*parts[:i], *parts[i + 1 :]), "lost interval") for i in range(len(parts))]
        spoiled.append((conjunction(*parts), "and for or"))
    for index, part in enumerate(parts):
        pieces = conjuncts(part)
        before, behind = parts[:index], parts[index + 1 :]
        if len(pieces) > 1:
            for place in range(len(pieces)):
                kept = conjunction(*pieces[:place], *pieces[place + 1 :])
                spoiled.append((disjunction(*before, kept, *behind), "dropped bound"))
            spoiled.append((disjunction(*before, *pieces, *behind), "or for and"))
        for place, piece in enumerate(pieces):
            if isinstance(piece, Comparison):
                for wrong, error in _spoiled(piece):
                    joined = conjunction(*pieces[:place], wrong, *pieces[place + 1 :])
                    spoiled.append((disjunction(*before, joined, *behind), error))
    return spoiled


def _spoiled(piece: Comparison) -> list[tuple[Statement, str]]:
    found = spoiled_sides(piece)
    if piece.op in INEQUALITIES:
        found.append((piece._replace(op=MIRRORED[piece.op]), "turned relation"))
        found.append((piece._replace(op=_LOOSENED[piece.op]), "end in or out"))
    return found
