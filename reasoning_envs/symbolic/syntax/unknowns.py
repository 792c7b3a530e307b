"""What is solved for: one unknown, or several where a line is a system of equations."""

from __future__ import annotations

from collections.abc import Iterable

from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.statement import Comparison, Line, alternatives, conjuncts, free_symbols

__all__ = ["USUAL_UNKNOWNS", "exchange", "names_of", "unknown_in"]

USUAL_UNKNOWNS = ("x", "y", "z", "w")
"""What unknowns are called inside, whatever a problem calls them: its first ones, as many as there are."""


def names_of(unknown: str) -> tuple[str, ...]:
    """The names in ``"x"`` or ``"x, y"``."""
    return tuple([name.strip() for name in unknown.split(",")])


def exchange(unknown: str) -> dict[str, str]:
    """Which letters change places so that the unknowns are the first of :data:`USUAL_UNKNOWNS`; twice is none.

    An unknown that is called like one of these keeps its name.
    """
    names = names_of(unknown)
    usual = USUAL_UNKNOWNS[: len(names)]
    theirs = sorted(set(names) - set(usual))
    ours = [name for name in usual if name not in names]
    pairs = list(zip(theirs, ours, strict=True))
    return {**dict(pairs), **{mine: other for other, mine in pairs}}


def unknown_in(lines: Iterable[Line]) -> str | None:
    """What is solved for where nobody says it; None where several could be meant.

    It is x, or the only letter. Where a line joins two equations by *and*, it is those of x, y, z, w that occur, if two
    do, and otherwise all letters, if no line has fewer equations than these: ``"x, y"``, the names parted by commas.
    """
    found = list(lines)
    letters: frozenset[str] = frozenset().union(*[free_symbols(line) for line in found])
    most = max([_equations(line) for line in found], default=0)
    if most > 1 and len(letters) > 1:
        usual = [name for name in USUAL_UNKNOWNS if name in letters]
        if len(usual) > 1:
            return ", ".join(usual)
        if len(letters) <= most and "x" not in letters:
            return ", ".join(sorted(letters))
    if "x" in letters or not letters:
        return "x"
    return next(iter(letters)) if len(letters) == 1 else None


def _equations(line: Line) -> int:
    """The most equations that an alternative of a line joins by *and*."""
    if isinstance(line, Expr):
        return 0
    counts = [
        sum(isinstance(piece, Comparison) and piece.op == "=" for piece in conjuncts(part))
        for part in alternatives(line)
    ]
    return max(counts, default=0)
