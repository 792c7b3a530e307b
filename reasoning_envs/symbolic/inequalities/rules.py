"""Moves that the form of an inequality allows: a chart of signs, an absolute value, a square; and how bounds meet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

from flint import fmpz_poly

from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm, form, ring_of
from reasoning_envs.symbolic.equality.rings import is_rational
from reasoning_envs.symbolic.inequalities.forms import (
    INEQUALITIES,
    MIRRORED,
    Bound,
    bound_of,
    holds,
    is_empty,
    overlap,
    stronger,
)
from reasoning_envs.symbolic.moves.changes import Change, X, is_total
from reasoning_envs.symbolic.moves.rules.sums import polynomial
from reasoning_envs.symbolic.roots.intervals import solutions, statement_of
from reasoning_envs.symbolic.roots.points import univariate
from reasoning_envs.symbolic.syntax.expression import ZERO, Expr, call, factors, mul, neg, num, sub
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
from reasoning_envs.symbolic.values.evaluation import constant_sign
from reasoning_envs.types import Relation

__all__ = ["joint_changes", "special_changes"]

_LESS = ("<", "<=")


def special_changes(op: str, left: Expr, right: Expr) -> Iterator[Change]:
    """What the form of ``left op right`` allows."""
    if "x" not in left.symbols:
        return
    if right is ZERO:
        yield from _chart(op, left)
    if op in INEQUALITIES:
        if left.op == "abs":
            yield from _absolute(op, left.args[0], right)
        elif left.op == "pow" and left.args[1].value == 2 and "x" not in right.symbols:
            yield from _square(op, left.args[0], right)


# -- signs --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=2048)
def _sign_chart(op: str, left: Expr) -> tuple[Statement | None, Statement | None]:
    """The solutions of ``left op 0`` as a line, and what they become with poles taken for zeros, if that differs.

    None where the signs cannot be seen: they can where ``left`` is a product, a quotient or a power whose factors are
    linear or have no rational root.
    """
    if left.symbols != {"x"} or not is_rational(left) or not _shows_signs(left):
        return None, None
    line = Comparison(op, left, ZERO)
    found = solutions(line, "x")
    chart = None if found is None else statement_of(found, "x")
    if chart is None or op in ("<", ">"):
        return chart, None
    tops, unders = _over_and_under(left)
    flat = Comparison(op, mul(*tops, *unders), ZERO)
    careless = solutions(flat, "x") if unders else None
    wrong = None if careless is None else statement_of(careless, "x")
    return chart, None if wrong == chart else wrong


def _over_and_under(node: Expr) -> tuple[list[Expr], list[Expr]]:
    """The factors above and below the bars of a product of quotients; the sign goes with the first."""
    if node.op == "neg":
        over, under = _over_and_under(node.args[0])
        return [num(-1), *over], under
    if node.op == "div":
        over, under = _over_and_under(node.args[0])
        below, above = _over_and_under(node.args[1])
        return [*over, *above], [*under, *below]
    if node.op == "mul":
        pairs = [_over_and_under(factor) for factor in node.args]
        return [f for over, _ in pairs for f in over], [f for _, under in pairs for f in under]
    return [node], []


def _shows_signs(node: Expr) -> bool:
    over, under = _over_and_under(node)
    pieces = [_base(piece) for piece in (*over, *under)]
    if len(pieces) == 1 and node.op == "add":
        coefficients = polynomial(node)
        if coefficients is None or len(coefficients) != 3:
            return False  # a linear side is solved by other moves
    return all(_is_prime(piece) for piece in pieces)


def _base(piece: Expr) -> Expr:
    if piece.op == "pow" and isinstance(piece.args[1].value, int) and piece.args[1].value > 0:
        return piece.args[0]
    return piece


def _is_prime(piece: Expr) -> bool:
    """A number, or a polynomial of degree 1 or 2 without a factor that could be split off."""
    if not piece.symbols:
        return constant_sign(piece) in (1, -1)
    if piece.op not in ("sym", "add"):
        return False
    coefficients = polynomial(piece)
    if coefficients is None or not 2 <= len(coefficients) <= 3:
        return False
    return len(coefficients) == 2 or _is_irreducible(piece)


def _is_irreducible(piece: Expr) -> bool:
    try:
        ring = ring_of(piece)
        only: fmpz_poly | None = univariate(form(piece, ring).numerator, 0)
    except (TooLarge, UndefinedForm):
        return False
    return only is not None and len(only.factor()[1]) == 1 and only.factor()[1][0][1] == 1


def _chart(op: str, left: Expr) -> Iterator[Change]:
    chart, with_poles = _sign_chart(op, left)
    if chart is not None:
        yield Change("chart of signs", left, chart, relation=Relation.SAME_ROOTS)
        if with_poles is not None:
            yield Change("poles taken for zeros", left, with_poles, sound=False)
    if left.op == "mul" and op in INEQUALITIES and is_total(left):
        unknown = [factor for factor in factors(left) if "x" in factor.symbols]
        if len(unknown) == 2 and len(left.args) == 2:
            positive = op in (">", ">=")
            pairs = ((op, op), (MIRRORED[op], MIRRORED[op])) if positive else ((">" + op[1:], op), (op, ">" + op[1:]))
            cases = [
                conjunction(*[Comparison(sign, factor, ZERO) for sign, factor in zip(pair, unknown, strict=True)])
                for pair in pairs
            ]
            yield Change("signs of the factors", left, disjunction(*cases), relation=Relation.SAME_ROOTS)
            each = [Comparison(op, factor, ZERO) for factor in unknown]
            yield Change("each factor alone", left, disjunction(*each), sound=False)


# -- absolute values and squares ------------------------------------------------------------------------------------


def _absolute(op: str, inner: Expr, right: Expr) -> Iterator[Change]:
    sign = None if "x" in right.symbols else constant_sign(right)
    if sign == -1:
        never = op in _LESS
        if never or is_total(inner):
            yield Change("an absolute value is not negative", inner, NO_SOLUTION if never else ALL_REALS)
    else:
        low, high = Comparison(op, inner, right), Comparison(MIRRORED[op], inner, neg(right))
        if op in _LESS:
            chain = conjunction(Comparison(op, neg(right), inner), low)
            yield Change("split absolute value", inner, chain, relation=Relation.SAME_ROOTS)
            yield Change("split the wrong way", inner, disjunction(low, high), sound=False)
        else:
            yield Change("split absolute value", inner, disjunction(low, high), relation=Relation.SAME_ROOTS)
            yield Change("split the wrong way", inner, conjunction(low, high), sound=False)
    yield Change("drop absolute value", inner, Comparison(op, inner, right), sound=False)


def _square(op: str, base: Expr, right: Expr) -> Iterator[Change]:
    sign = constant_sign(right)
    if sign == -1 and is_total(base):
        yield Change("a square is not negative", base, NO_SOLUTION if op in _LESS else ALL_REALS)
    elif sign == 1:
        root = call("sqrt", right)
        low = Comparison(op, base, root)
        if op in _LESS:
            both: Statement = conjunction(Comparison(op, neg(root), base), low)
        else:
            both = disjunction(low, Comparison(MIRRORED[op], base, neg(root)))
        yield Change("take the root", base, both, relation=Relation.SAME_ROOTS)
        yield Change("take the positive root", base, low, sound=False)


# -- bounds ---------------------------------------------------------------------------------------------------------


def joint_changes(line: Statement) -> Iterator[Change]:
    """What bounds in one line come to: the stronger of two, no number at all, two intervals that are one."""
    parts = alternatives(line)
    if len(parts) == 1:
        yield from _meeting(parts[0])
        return
    for one, other in combinations(range(len(parts)), 2):
        pair = [[found for piece in conjuncts(parts[i]) if (found := bound_of(piece, "x"))] for i in (one, other)]
        if not overlap(*pair):
            continue
        rest = [part for i, part in enumerate(parts) if i not in (one, other)]
        together = _union(disjunction(parts[one], parts[other]))
        if together is not None:
            yield Change("join the intervals", None, disjunction(together, *rest))
        for kept in (one, other):
            yield Change("keep one interval", None, disjunction(parts[kept], *rest), sound=together == parts[kept])
        return


@lru_cache(maxsize=2048)
def _union(line: Statement) -> Statement | None:
    found = solutions(line, "x")
    return None if found is None else statement_of(found, "x")


def _meeting(part: Statement) -> Iterator[Change]:
    """Two bounds of one alternative: the first pair that can be said by fewer."""
    pieces = conjuncts(part)
    bounds: list[Bound | None] = [bound_of(piece, "x") for piece in pieces]
    for one, other in combinations(range(len(pieces)), 2):
        first, second = bounds[one], bounds[other]
        if first is None or second is None:
            continue
        rest = [piece for i, piece in enumerate(pieces) if i not in (one, other)]
        strict = _strict(first, second)
        if strict is not None:
            yield Change("both bounds", None, conjunction(strict, *rest))
            for place in (one, other):
                yield Change("keep one bound", None, conjunction(pieces[place], *rest), sound=False)
            return
        result = _both(first, second)
        if result is None or result == (True, True):
            continue
        kept = [piece for piece, stays in zip((pieces[one], pieces[other]), result, strict=True) if stays]
        sound = conjunction(*kept, *rest) if any(result) else NO_SOLUTION
        yield Change("both bounds", None, sound)
        for piece in (pieces[one], pieces[other]):
            wrong = conjunction(piece, *rest)
            if wrong != sound:
                yield Change("keep one bound", None, wrong, sound=False)
        if sound != NO_SOLUTION:
            yield Change("no number meets both", None, NO_SOLUTION, sound=False)
        return


def _strict(first: Bound, second: Bound) -> Statement | None:
    """``x >= c and x != c`` is ``x > c``; None for other pairs."""
    for one, other in ((first, second), (second, first)):
        if one.op in ("<=", ">=") and other.op == "!=" and constant_sign(sub(one.value, other.value)) == 0:
            return Comparison(one.op[0], X, one.value)
    return None


def _both(first: Bound, second: Bound) -> tuple[bool, bool] | None:
    """Which of two bounds are needed to say both; (False, False) where no number meets them, None where unknown."""
    if "=" in (first.op, second.op) or "!=" in (first.op, second.op):
        exact, other = (first, second) if first.op in ("=", "!=") and second.op != "=" else (second, first)
        side = constant_sign(sub(exact.value, other.value))
        if side is None:
            return None
        if exact.op == "=":
            meets = holds(other.op, side)
            return (exact is first, exact is second) if meets else (False, False)
        if other.op == "!=":
            return (True, False) if side == 0 else (True, True)
        idle = not holds(other.op, side)
        return (other is first, other is second) if idle else (True, True)
    if (first.op in _LESS) == (second.op in _LESS):
        kept = stronger(first, second)
        return None if kept is None else (kept is first, kept is second)
    return (False, False) if is_empty([first, second]) else (True, True)
