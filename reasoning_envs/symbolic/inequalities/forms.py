"""What the lines of an inequality are made of: bounds of the unknown, chains, and the form in which they are solved.

A line is *solved* when each alternative is an interval, said by bounds that hold the unknown alone on one side::

    x < -2 or x >= 1              two intervals
    x > 1 and x <= 3              one; "1 < x <= 3" is read as the same two bounds
    x != 2 and x > 0              values may be left out
    x > b/a and a > 0             a condition on letters may stand beside the bounds

An alternative has at most one lower and one upper bound, no alternative is empty, and no two of them overlap: whoever
stops before has not said which numbers solve the inequality.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from reasoning_envs.symbolic.steps.lines import comparisons
from reasoning_envs.symbolic.syntax.expression import Expr, num, sub, substitute
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Comparison, Statement, Truth, alternatives, conjuncts
from reasoning_envs.symbolic.values.evaluation import constant_sign

__all__ = [
    "INEQUALITIES",
    "MIRRORED",
    "Bound",
    "bound_of",
    "conditions_hold",
    "fault_of_solution",
    "has_inequality",
    "is_about_inequalities",
    "is_solution",
    "overlap",
    "stronger",
]

INEQUALITIES = ("<", "<=", ">", ">=")
MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""By relation: what it becomes when its sides are swapped, or both multiplied by a negative number."""


class Bound(NamedTuple):
    """``unknown op value``, the value free of the unknown."""

    op: str
    value: Expr


def bound_of(piece: Statement, unknown: str) -> Bound | None:
    """The bound that a comparison is, whichever side the unknown stands on; None where it is none."""
    if not isinstance(piece, Comparison):
        return None
    op, left, right = piece
    if left.op == "sym" and left.value == unknown and unknown not in right.symbols:
        return Bound(op, right)
    if right.op == "sym" and right.value == unknown and unknown not in left.symbols:
        return Bound(MIRRORED[op], left)
    return None


def has_inequality(line: Statement, unknown: str) -> bool:
    """A comparison with ``<``, ``<=``, ``>`` or ``>=`` speaks of the unknown."""
    return any(
        part.op in INEQUALITIES and (unknown in part.left.symbols or unknown in part.right.symbols)
        for part in comparisons(line)
    )


def is_about_inequalities(line: Statement, unknown: str) -> bool:
    """The line asks for intervals: an alternative of it speaks of the unknown by inequalities and by no equation.

    ``sqrt(x) = x - 2 and x >= 2`` is an equation with a constraint.
    """
    for part in alternatives(line):
        pieces = [piece for piece in conjuncts(part) if _speaks_of(piece, unknown)]
        equations = [piece for piece in pieces if isinstance(piece, Comparison) and piece.op == "="]
        if not equations and any(has_inequality(piece, unknown) for piece in pieces):
            return True
    return False


def conditions_hold(line: Statement, unknown: str, values: Mapping[str, int | Fraction]) -> bool:
    """With numbers for its letters, what an alternative of the line says of these alone is true, or cannot be told."""
    binding = {name: num(value) for name, value in values.items()}
    for part in alternatives(line):
        conditions = [
            inner for piece in conjuncts(part) if not _speaks_of(piece, unknown) for inner in comparisons(piece)
        ]
        sides = [(one.op, constant_sign(substitute(sub(one.left, one.right), binding))) for one in conditions]
        if all(side is None or holds(op, side) for op, side in sides):
            return True
    return False


def _speaks_of(piece: Statement, unknown: str) -> bool:
    return any(unknown in part.left.symbols or unknown in part.right.symbols for part in comparisons(piece))


def is_solution(line: Statement, unknown: str) -> bool:
    """The line is a solved inequality: :func:`fault_of_solution`, without the words."""
    return _fault(line, unknown) is None


def fault_of_solution(line: Statement, unknown: str) -> str | None:
    """Why a line is no solved inequality, in words; None where it is one."""
    fault = _fault(line, unknown)
    if fault is None:
        return None
    words, parts = fault
    return words.format(*[to_text(part) for part in parts], unknown=unknown)


_Fault = tuple[str, tuple[Statement, ...]]
"""Words with a place for each of the statements, which are printed where somebody reads them."""


def _fault(line: Statement, unknown: str) -> _Fault | None:
    if isinstance(line, Truth):
        return None
    bounds: list[list[Bound]] = []
    for part in alternatives(line):
        found = _bounds_of_part(part, unknown)
        if isinstance(found, tuple):
            return found
        bounds.append(found)
    for (one, first), (other, second) in combinations(zip(alternatives(line), bounds, strict=True), 2):
        if overlap(first, second):
            return "{0} and {1} overlap: join them", (one, other)
    return None


def _bounds_of_part(part: Statement, unknown: str) -> list[Bound] | _Fault:
    """The bounds of one alternative, or what is wrong with it."""
    found: list[Bound] = []
    for piece in conjuncts(part):
        bound = bound_of(piece, unknown)
        if bound is not None:
            found.append(bound)
        elif not isinstance(piece, Comparison):
            return "{0} is no bound of {unknown}", (piece,)
        elif _speaks_of(piece, unknown):
            return "{unknown} does not stand alone on a side of {0}", (piece,)
        elif not piece.left.symbols | piece.right.symbols:
            return "{0} is either true or false: say which", (piece,)
    if not found:
        return "{0} says nothing about {unknown}", (part,)
    if len(found) == 1:
        return found
    groups = [[bound for bound in found if bound.op in ops] for ops in (("<", "<="), (">", ">="), ("=",))]
    if any(len(group) > 1 for group in groups) or groups[2]:
        return "the bounds of {0} can be said by fewer", (part,)
    if is_empty(found):
        return "no number meets {0}", (part,)
    if any(bound.op == "!=" and is_redundant(bound, found) for bound in found):
        return "the bounds of {0} can be said by fewer", (part,)
    return found


def is_redundant(hole: Bound, bounds: list[Bound]) -> bool:
    """A value that is left out lies at or beyond a strict bound, or beyond another; letters are not guessed at."""
    return any(_meets(hole.value, bound) is False for bound in bounds if bound is not hole and bound.op != "!=") or any(
        bound.op in ("<=", ">=") and constant_sign(sub(bound.value, hole.value)) == 0 for bound in bounds
    )


def _meets(value: Expr, bound: Bound) -> bool | None:
    """The value satisfies the bound; None where nobody can tell."""
    side = constant_sign(sub(value, bound.value))
    return None if side is None else holds(bound.op, side)


def holds(op: str, side: int) -> bool:
    """``left op right`` holds where the sign of ``left - right`` is ``side``."""
    return {"=": side == 0, "!=": side != 0, "<": side < 0, "<=": side <= 0, ">": side > 0, ">=": side >= 0}[op]


def is_empty(bounds: list[Bound]) -> bool:
    """A lower bound lies above an upper one (or at it, where not both include it), for certain."""
    return any(
        one.op in (">", ">=", "=") and other.op in ("<", "<=", "=") and _beyond(one, other)
        for one in bounds
        for other in bounds
        if one is not other
    )


def _beyond(lower: Bound, upper: Bound) -> bool:
    gap = constant_sign(sub(lower.value, upper.value))
    closed = lower.op in (">=", "=") and upper.op in ("<=", "=")
    return gap == 1 or (gap == 0 and not closed)


def stronger(first: Bound, second: Bound) -> Bound | None:
    """Of two bounds on the same side the one that implies the other; None where nobody can tell."""
    gap = constant_sign(sub(first.value, second.value))
    if gap is None:
        return None
    if gap == 0:
        return first if first.op in ("<", ">") else second
    return first if (gap > 0) == (first.op in (">", ">=")) else second


def overlap(first: list[Bound], second: list[Bound]) -> bool:
    """Two alternatives share numbers, for certain. Values that are left out do not count."""
    both = [bound for bound in (*first, *second) if bound.op != "!="]
    if any(bound.value.symbols for bound in both):
        return False
    if len(both) < len(first) + len(second):
        first, second = ([bound for bound in some if bound.op != "!="] for some in (first, second))
        if not first or not second:
            return True
    return not _apart(first, second) and not _apart(second, first)


def _apart(left: list[Bound], right: list[Bound]) -> bool:
    """Every number of the one lies left of every number of the other."""
    return any(
        upper.op in ("<", "<=", "=") and lower.op in (">", ">=", "=") and _disjoint(upper, lower)
        for upper in left
        for lower in right
    )


def _disjoint(upper: Bound, lower: Bound) -> bool:
    gap = constant_sign(sub(lower.value, upper.value))
    both = upper.op in ("<=", "=") and lower.op in (">=", "=")
    return gap != -1 and (gap == 1 or not both)
