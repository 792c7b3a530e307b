"""Why a step between inequalities is wrong, in a sentence that a student would understand.

What is lost and what is added are sets of numbers here (``x < 0``), not single roots. The classic mistakes are
recognised by what they make of the line before: a relation that was not turned, a factor whose sign was not asked for,
half of an absolute value, *and* in the place of *or*.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm, form, ring_of
from reasoning_envs.symbolic.equality.rings import is_rational, polynomial_to_expr
from reasoning_envs.symbolic.inequalities.forms import INEQUALITIES, MIRRORED, has_inequality
from reasoning_envs.symbolic.roots.intervals import difference, text_of
from reasoning_envs.symbolic.steps.cells import compare_on_cells
from reasoning_envs.symbolic.syntax.expression import ZERO, Expr, call, div, neg, num, sub
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import (
    And,
    Comparison,
    Or,
    Statement,
    Truth,
    alternatives,
    conjunction,
    conjuncts,
    disjunction,
    free_symbols,
)

__all__ = ["changed_solutions", "explain_inequality"]

_LESS = ("<", "<=")


def explain_inequality(before: Statement, after: Statement, unknown: str) -> str | None:
    """The mistake in a refuted step between inequalities; None where none of the classic ones fits.

    Args:
        before: the line before the step, or after it, with an inequality about ``unknown``.
        after: the line after it.
        unknown: as for :func:`~reasoning_envs.symbolic.steps.derivation.relate`.
    """
    if not has_inequality(before, unknown):
        return None
    change = changed_solutions(before, after, unknown)
    first, second = _about(before, unknown), _about(after, unknown)
    scaled = _scaled(first, second, unknown)
    if scaled is not None:
        return f"{scaled}: {change}" if change and scaled.endswith("needs its sign") else scaled
    if free_symbols(before) | free_symbols(after) != {unknown}:
        return None
    for candidate, words in _slips(before, unknown):
        if _agree(candidate, after, unknown):
            return f"{words}: {change}" if change else words
    return None


def changed_solutions(before: Statement, after: Statement, unknown: str) -> str | None:
    """``"x < 0 is lost"``, ``"x > 3 is added"``, or both; None with letters, or where no short text says it."""
    if free_symbols(before) | free_symbols(after) != {unknown}:
        return None
    told: list[str] = []
    for one, other, what in ((before, after, "lost"), (after, before, "added")):
        gone = difference(one, other, unknown)
        if gone is None:
            return None
        if gone:
            text = text_of(gone, unknown)
            if text is None:
                return None
            told.append(f"{text} is {what}")
    return " and ".join(told) or None


def _about(line: Statement, unknown: str) -> tuple[Comparison, ...]:
    """The comparisons of a line without alternatives that speak of the unknown; none where there are others."""
    pieces = conjuncts(line)
    if isinstance(line, Or | Truth) or not all(isinstance(piece, Comparison) for piece in pieces):
        return ()
    return tuple(
        [
            piece
            for piece in pieces
            if isinstance(piece, Comparison) and unknown in piece.left.symbols | piece.right.symbols
        ]
    )


# ---- both sides by a factor ----


def _scaled(first: tuple[Comparison, ...], second: tuple[Comparison, ...], unknown: str) -> str | None:
    """Both sides of every comparison were multiplied by one factor, or divided by it."""
    if not first or len(first) != len(second):
        return None
    for one, other in zip(first, second, strict=True):
        if one.op not in INEQUALITIES or other.op not in INEQUALITIES:
            return None
        found = _factor(one, other)
        if found is not None:
            return _said_of_factor(one.op, other.op, *found, unknown)
    return None


def _factor(one: Comparison, other: Comparison) -> tuple[Expr, Expr] | None:
    """Numerator and denominator of what the second difference is of the first; None where they are equal or unknown."""
    sides = (*one[1:], *other[1:])
    if not all(is_rational(side) for side in sides):
        return None
    try:
        ring = ring_of(*sides)
        before, after = sub(one.left, one.right), sub(other.left, other.right)
        if form(before, ring).is_zero or form(after, ring).is_zero:
            return None
        ratio = form(div(after, before), ring)
        top, down = ratio.lowest_terms()
        value = ratio.constant()
        if value is not None:
            if value == 1 and one.op == other.op:
                return None
            return num(value.numerator), num(value.denominator)
        # Anything may be said to be multiplied by something: a factor is what the sides themselves were multiplied by.
        for old, new in ((one.left, other.left), (one.right, other.right)):
            if not form(old, ring).is_zero:
                piece = form(div(new, old), ring)
                if not piece.minus(ratio).is_zero:
                    return None
            elif not form(new, ring).is_zero:
                return None
        return polynomial_to_expr(top, ring), polynomial_to_expr(down, ring)
    except (UndefinedForm, TooLarge):
        return None


def _said_of_factor(old: str, new: str, top: Expr, under: Expr, unknown: str) -> str | None:
    same_way = (old in _LESS) == (new in _LESS)
    if not top.symbols and not under.symbols:
        if abs(top.number) == 1 and under.number != 1:
            done = f"dividing by {to_text(num(under.number * top.number))}"
        else:
            done = f"multiplying by {to_text(num(Fraction(top.number) / under.number))}"
        if same_way and top.number < 0:
            return f"{done} turns the sign round: {old} becomes {MIRRORED[old]}"
        if not same_way and top.number > 0:
            if top.number == under.number:
                return f"the sign was turned round from {old} to {new}, and the sides were not"
            return f"{done} does not turn the sign round: {old} stays {old}"
        if same_way and old != new:
            return f"the sign {old} was made {new}"
        return None
    name = to_text(under if not top.symbols else div(top, under) if under.symbols else top)
    done = f"dividing by {name}" if not top.symbols else f"multiplying by {name}"
    if unknown not in top.symbols | under.symbols:
        return f"{done} turns the sign round where {name} is negative; the line must say which sign it has"
    return f"{done} needs its sign"


# ---- what students make of a line ----


def _slips(before: Statement, unknown: str) -> Iterator[tuple[Statement, str]]:
    """Wrong next lines, each with what is wrong."""
    parts = alternatives(before)
    pieces = conjuncts(before)
    if len(parts) > 1:
        yield conjunction(*parts), "either alternative will do: they are joined by 'or', not by 'and'"
        for index, part in enumerate(parts):
            yield disjunction(*parts[:index], *parts[index + 1 :]), f"the alternative {to_text(part)} was dropped"
    elif isinstance(before, And):
        yield disjunction(*pieces), "both must hold: they are joined by 'and', not by 'or'"
        for index, piece in enumerate(pieces):
            yield conjunction(*pieces[:index], *pieces[index + 1 :]), f"the condition {to_text(piece)} was dropped"
    elif isinstance(before, Comparison):
        yield from _slips_of(before)
        mirrored = Comparison(MIRRORED[before.op], before.right, before.left)
        yield from _slips_of(mirrored)


def _slips_of(line: Comparison) -> Iterator[tuple[Statement, str]]:
    op, left, right = line
    if op not in INEQUALITIES:
        return
    if left.op == "abs":
        inner = left.args[0]
        low, high = Comparison(op, inner, right), Comparison(MIRRORED[op], inner, neg(right))
        said = to_text(line)
        if op in _LESS:
            whole = f"{to_text(neg(right))} {op} {to_text(inner)} {op} {to_text(right)}"
            yield low, f"{said} means {whole}, and a half of it is missing"
            yield high, f"{said} means {whole}, and a half of it is missing"
            yield disjunction(low, high), f"{said} means {whole}: both, not either"
        else:
            whole = f"{to_text(low)} or {to_text(high)}"
            yield low, f"{said} means {whole}, and a half of it is missing"
            yield high, f"{said} means {whole}, and a half of it is missing"
            yield conjunction(low, high), f"{said} means {whole}: either, not both"
    if left.op == "pow" and left.args[1].value == 2 and not right.symbols:
        root = call("sqrt", right)
        low, high = Comparison(op, left.args[0], root), Comparison(MIRRORED[op], left.args[0], neg(root))
        yield low, "a square root has two signs, and one of them was forgotten"
        joined, word = (disjunction(low, high), "'and'") if op in _LESS else (conjunction(low, high), "'or'")
        yield joined, f"the two bounds are to be joined by {word}"
        if op in _LESS:
            yield disjunction(low, Comparison(op, left.args[0], neg(root))), "the lower bound has the wrong sign"
        yield (
            disjunction(low, Comparison(op, left.args[0], neg(root))),
            "the bound on the negative side needs the sign turned round",
        )
    if right is ZERO and left.op == "mul":
        each = [Comparison(op, factor, ZERO) for factor in left.args if factor.symbols]
        words = "the sign of a product depends on the signs of all its factors together"
        if len(each) > 1:
            yield disjunction(*each), words
            yield conjunction(*each), words
    if right is ZERO and left.op == "div":
        over, under = left.args
        if op in ("<=", ">="):
            both = conjunction(line, Comparison("!=", under, ZERO))
            yield disjunction(both, Comparison("=", under, ZERO)), f"{to_text(under)} = 0 would divide by zero"
        yield Comparison(op, over, ZERO), f"the sign of {to_text(under)} counts as well"


def _agree(candidate: Statement, after: Statement, unknown: str) -> bool:
    """The wrong line says what the student wrote."""
    found = compare_on_cells(candidate, after, unknown)
    return not (found.lost or found.added or found.unclear)
