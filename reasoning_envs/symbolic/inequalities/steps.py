"""Steps between inequalities with letters whose signs the line says, and contradictions that follow from each other.

Without letters, cells decide (:mod:`~reasoning_envs.symbolic.steps.cells`). With letters, ``a*x > b`` says one thing
where a is positive and another where it is negative: a line that is meant for one of the two says so (``and a > 0``).
Under what is said, a factor of known sign may come and go, and turns the relation where it is negative. Lines that
agree after all such factors are taken out have the same solutions, for certain.
"""

from __future__ import annotations

from typing import NamedTuple

from flint import fmpq_mpoly

from reasoning_envs.symbolic.equality.forms import Form, TooLarge, UndefinedForm, factored, form, ring_of
from reasoning_envs.symbolic.equality.rings import Ring, is_rational
from reasoning_envs.symbolic.inequalities.forms import MIRRORED, has_inequality
from reasoning_envs.symbolic.steps.lines import comparisons
from reasoning_envs.symbolic.steps.step import Step
from reasoning_envs.symbolic.syntax.expression import Expr, neg, replace_at, walk
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import (
    Comparison,
    Statement,
    Truth,
    alternatives,
    conjuncts,
)
from reasoning_envs.types import Relation, Verdict

__all__ = ["boundaries_follow", "relate_under_signs"]

_MAX_BARS = 3
Key = tuple[str, frozenset[tuple[str, int]]]


class _Split(NamedTuple):
    """A line whose alternatives all stand under the same conditions on letters."""

    conditions: tuple[Comparison, ...]
    parts: tuple[tuple[Comparison, ...], ...]


def relate_under_signs(step: Step) -> Verdict | None:
    """VERIFIED where two rational lines agree under the signs of letters that the first one says; else None."""
    if not (has_inequality(step.before, step.unknown) and has_inequality(step.after, step.unknown)):
        return None
    before, after = _split(step.before, step.unknown), _split(step.after, step.unknown)
    if before is None or after is None:
        return None
    try:
        sides = [side for line in (step.before, step.after) for part in comparisons(line) for side in part[1:]]
        ring = ring_of(*sides)
        signs = _signs(before.conditions, ring, step.over)
        if not {_key(c, ring, {}) for c in after.conditions} <= {_key(c, ring, {}) for c in before.conditions}:
            return None
        first, second = (
            frozenset(frozenset(_key(piece, ring, signs) for piece in part) for part in line.parts)
            for line in (before, after)
        )
    except (UndefinedForm, TooLarge):
        return None
    if first != second:
        return None
    conditions = tuple([to_text(condition) for condition in before.conditions])
    reason = "both lines have the same solutions"
    if conditions:
        reason = f"{reason}, which is right as long as {' and '.join(conditions)}"
    return step.right(Relation.EQUIVALENT, reason, "signs of letters", True, conditions)


def _split(line: Statement, unknown: str) -> _Split | None:
    """None for lines that are not rational, or whose alternatives stand under different conditions."""
    if isinstance(line, Truth):
        return None
    found: list[tuple[tuple[Comparison, ...], tuple[Comparison, ...]]] = []
    for part in alternatives(line):
        pieces = [piece for piece in conjuncts(part) if isinstance(piece, Comparison)]
        if len(pieces) < len(conjuncts(part)) or not all(is_rational(side) for p in pieces for side in p[1:]):
            return None
        about = [unknown in piece.left.symbols | piece.right.symbols for piece in pieces]
        conditions = tuple([piece for piece, speaks in zip(pieces, about, strict=True) if not speaks])
        found.append((conditions, tuple([piece for piece, speaks in zip(pieces, about, strict=True) if speaks])))
    if len({frozenset(conditions) for conditions, _ in found}) != 1:
        return None
    return _Split(found[0][0], tuple([parts for _, parts in found]))


def _difference(comparison: Comparison, ring: Ring) -> tuple[fmpq_mpoly, fmpq_mpoly, Form]:
    whole = form(comparison.left, ring).minus(form(comparison.right, ring))
    return (*whole.lowest_terms(), whole)


def _signs(conditions: tuple[Comparison, ...], ring: Ring, over: str) -> dict[frozenset[str], int]:
    """Products of irreducible polynomials in the letters, by their texts, with the signs that conditions give them."""
    found: dict[frozenset[str], int] = {}
    if over == "positive":
        found.update((frozenset([str(ring.generators[name])]), 1) for name in ring.symbols)
    for condition in conditions:
        top, down, _ = _difference(condition, ring)
        if condition.op not in ("<", ">") or top.is_zero() or not down.is_constant():
            continue
        content, parts = factored(top)
        if all(exponent % 2 for _, exponent in parts):
            product = frozenset([str(factor) for factor, _ in parts])
            found[product] = 1 if (content > 0) == (condition.op == ">") else -1
    return found


def _key(comparison: Comparison, ring: Ring, signs: dict[frozenset[str], int]) -> Key:
    """The relation to 0 and the factors of left minus right, up to factors whose signs are known."""
    top, down, whole = _difference(comparison, ring)
    if top.is_zero():
        return comparison.op, frozenset((("0", 1), *[(str(divisor), 0) for divisor in whole.divisors]))
    negative = False
    kept: dict[str, int] = {}
    for polynomial, side in ((top, 1), (down, -1)):
        content, parts = factored(polynomial)
        negative = negative != (content < 0)
        for factor, exponent in parts:
            kept[str(factor)] = kept.get(str(factor), 0) + side * exponent
    for divisor in whole.divisors:  # poles that cancelled leave holes
        for factor, _ in factored(divisor)[1]:
            kept.setdefault(str(factor), 0)
    for product, said in signs.items():  # none of the factors of the product is 0
        if product <= kept.keys() and len({kept[factor] % 2 for factor in product}) == 1:
            odd = {kept.pop(factor) % 2 for factor in product} == {1}
            negative = negative != (odd and said < 0)
    return MIRRORED[comparison.op] if negative else comparison.op, frozenset(kept.items())


# ---- contradictions ----


def boundaries_follow(step: Step) -> bool | None:
    """Of two inequalities without solutions: the second has no boundary that the first has not.

    ``1/(x^2 + 1) < 0`` to ``1 < 0`` follows, ``x^2 + 1 < 0`` to ``x^2 + 5 < 0`` was made up. Boundaries are irreducible
    factors of differences, with ``|A|`` read as A and as -A. None where functions hide them.
    """
    try:
        first, second = _boundaries(step.before, step), _boundaries(step.after, step)
    except (UndefinedForm, TooLarge):
        return None
    return None if first is None or second is None else second <= first


def _boundaries(line: Statement, step: Step) -> set[str] | None:
    sides = [side for which in (step.before, step.after) for part in comparisons(which) for side in part[1:]]
    open_sides = [one for side in sides for one in _without_bars(side)]
    if not all(is_rational(side) for side in open_sides):
        return None
    ring = ring_of(*open_sides)
    found: set[str] = set()
    for comparison in comparisons(line):
        for left in _without_bars(comparison.left):
            for right in _without_bars(comparison.right):
                whole = form(left, ring).minus(form(right, ring))
                for polynomial in (whole.numerator, *whole.divisors):
                    if not polynomial.is_zero():
                        found.update(str(factor) for factor, _ in factored(polynomial)[1])
    return found


def _without_bars(side: Expr) -> list[Expr]:
    """The expressions that a side is, as the values between its bars are positive or negative."""
    found = [side]
    for _ in range(_MAX_BARS):
        following: list[Expr] = []
        for expr in found:
            opened = _open_first_bars(expr)
            following += [expr] if opened is None else opened
        if following == found:
            break
        found = following
    return found


def _open_first_bars(expr: Expr) -> list[Expr] | None:
    if expr.op == "abs":
        return [expr.args[0], neg(expr.args[0])]
    if not any(node.op == "abs" for node in walk(expr)):
        return None
    for index, arg in enumerate(expr.args):
        opened = _open_first_bars(arg)
        if opened is not None:
            return [replace_at(expr, index, one) for one in opened]
    return None
