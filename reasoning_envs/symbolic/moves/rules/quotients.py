"""Rules that act on a quotient."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from reasoning_envs.symbolic.moves.rules.domains import vanishing
from reasoning_envs.symbolic.moves.rules.rewrite import (
    Rewrite,
    base_exponent,
    is_small,
    nonzero,
    product,
    raised_to,
    scale,
    symbolic_factors,
    without_factor,
)
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    add,
    div,
    factors,
    mul,
    neg,
    num,
    replace_at,
    split_coefficient,
)

__all__ = ["OPENING", "RULES"]


def _fold_quotient(node: Expr) -> Iterator[Rewrite]:
    over, under = node.args
    if under is ONE:
        yield Rewrite("fold", over, node)
    elif under.op == "num" and under.value != 0:
        if over.op == "num":
            yield Rewrite("fold", num(Fraction(over.number) / under.number), node)
            return
        coefficient, rest = split_coefficient(over)
        ratio = Fraction(coefficient) / under.number
        top = scale(ratio.numerator, rest)
        reduced = top if ratio.denominator == 1 else div(top, num(ratio.denominator))
        may, condition = vanishing(rest) if ratio == 0 else (True, None)
        if reduced.key != node.key and over.op != "add" and is_small(ratio) and may:
            yield Rewrite("cancel" if ratio.denominator == 1 else "fold", reduced, under, True, condition)
    elif over is ZERO:
        yield Rewrite("fold", ZERO, node, True, nonzero(under))


def _cancel_factor(node: Expr) -> Iterator[Rewrite]:
    over, under = node.args
    negative = over.op == "neg"
    tops = factors(over.args[0] if negative else over)
    bottoms = factors(under)
    seen: set[bytes] = set()
    for i, top in enumerate(tops):
        if top.op == "num":
            continue
        base, exponent = base_exponent(top)
        for j, bottom in enumerate(bottoms):
            other, lower = base_exponent(bottom)
            if base.key != other.key or base.key in seen or not (exponent.op == lower.op == "num"):
                continue
            seen.add(base.key)
            less = exponent.number - lower.number
            above = [*tops[:i], *([raised_to(base, less)] if less > 0 else []), *tops[i + 1 :]]
            below = [*bottoms[:j], *([raised_to(base, -less)] if less < 0 else []), *bottoms[j + 1 :]]
            result = mul(*above) if not below else div(mul(*above), mul(*below))
            yield Rewrite("cancel", neg(result) if negative else result, base, True, nonzero(base))
    opposite = neg(under)
    if over.key == opposite.key and over.op != "num":
        yield Rewrite("cancel", num(-1), under, True, nonzero(under))


def _split_quotient(node: Expr) -> Iterator[Rewrite]:
    over, under = node.args
    if over.op != "add":
        return
    yield Rewrite("split fraction", add(*[_quotient(term, under) for term in over.args]), node)
    for index, term in enumerate(over.args):
        coefficient, rest = split_coefficient(term)
        others = [*over.args[:index], *over.args[index + 1 :]]
        if term.key == under.key:
            yield Rewrite("cancelled a term", add(*others), under, sound=False)
            return
        if under.op == "num" and coefficient == under.number and rest is not ONE:
            yield Rewrite("cancelled a term", replace_at(over, index, rest), under, sound=False)
            return
        if any(factor.key == under.key for factor in symbolic_factors(term)):
            kept = replace_at(over, index, without_factor(term, under))
            yield Rewrite("cancelled a term", kept, under, sound=False)
            return


def _quotient(over: Expr, under: Expr) -> Expr:
    """The quotient, with the sign of the numerator in front."""
    return neg(div(over.args[0], under)) if over.op == "neg" else div(over, under)


def _nested_quotient(node: Expr) -> Iterator[Rewrite]:
    over, under = node.args
    if over.op == "div":
        yield Rewrite("fraction", div(over.args[0], product(over.args[1], under)), node)
    elif over.op == "num" and type(over.value) is Fraction and under.op != "num":
        low = product(num(over.value.denominator), under)
        yield Rewrite("fraction", div(num(over.value.numerator), low), node)
    elif over.op == "neg" and over.args[0].op == "div":
        inner = over.args[0]
        yield Rewrite("fraction", neg(div(inner.args[0], product(inner.args[1], under))), node)
    if under.op == "div":
        above = product(over, under.args[1])
        yield Rewrite("fraction", div(above, under.args[0]), node, True, nonzero(under.args[1]))
    elif under.op == "num" and type(under.value) is Fraction and over.op != "num":
        yield Rewrite("fraction", scale(1 / under.value, over), node)
    if over.op in ("add", "mul", "neg"):
        return
    if under.op == "neg":
        yield Rewrite("sign", neg(div(over, under.args[0])), node)


RULES = (_fold_quotient, _cancel_factor, _split_quotient, _nested_quotient)

OPENING = (_split_quotient,)
"""Those that never make an expression simpler."""
