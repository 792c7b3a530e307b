"""Where the operand of a move stands in the line: what ``subtract b`` is worth depends on the side that ``b`` is on.

Letters are told apart by name only, and a name says nothing on a problem that uses other ones. These facts are about
places instead, and carry over.
"""

from __future__ import annotations

from functools import lru_cache

from reasoning_envs.symbolic.syntax.expression import Expr, neg, terms
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Or, Statement

__all__ = ["make_up", "open_equation", "role"]

_REMEMBERED = 65_536
"""Sides and operands whose facts are kept: the candidates of a line share most of them."""


def open_equation(line: Statement | Expr, unknown: str) -> Comparison | None:
    """The equation that moves act on: of alternatives the first that is not solved; None where there is none."""
    if isinstance(line, Comparison):
        return line
    if isinstance(line, And):
        return next((part for part in line.parts if isinstance(part, Comparison) and part.op == "="), None)
    if isinstance(line, Or):
        for part in line.parts:
            found = open_equation(part, unknown)
            if found is not None and not (part is found and _solved(found, unknown)):
                return found
    return None


def _solved(line: Comparison, unknown: str) -> bool:
    return line.left.op == "sym" and line.left.value == unknown and unknown not in line.right.symbols


def role(line: Comparison, operand: Expr, unknown: str) -> int:
    """On each side: is the operand a term, the opposite of one, a factor of one; does the side hold the unknown?

    Returns:
        A number that stands for the nine answers, the last being whether the operand holds the unknown; below 512.
    """
    key = operand.key
    opposite = _opposite(operand)
    answers = 0
    for side in (line.left, line.right):
        keys, within = _places(side)
        for answer in (key in keys, opposite in keys, key in within, unknown in side.symbols):
            answers = answers << 1 | answer
    return answers << 1 | (unknown in operand.symbols)


@lru_cache(maxsize=_REMEMBERED)
def _opposite(operand: Expr) -> bytes:
    return neg(operand).key


@lru_cache(maxsize=_REMEMBERED)
def _places(side: Expr) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """The keys of the terms of a side, and of what stands inside its products, quotients and negatives."""
    parts = terms(side)
    within = (part.key for term in parts if term.op in ("mul", "div", "neg") for part in term.args)
    return frozenset(term.key for term in parts), frozenset(within)


def make_up(side: Expr, unknown: str) -> str:
    """How many terms of a side hold the unknown, do not, are numbers, and have their opposite beside them."""
    parts = terms(side)
    keys, _ = _places(side)
    held = sum(unknown in part.symbols for part in parts)
    numbers = sum(part.op == "num" for part in parts)
    opposed = sum(_opposite(part) in keys for part in parts)
    return f"{min(held, 4)} {min(len(parts) - held, 4)} {min(numbers, 2)} {min(opposed, 2)}"
