"""Rules that act on a product."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import gcd

from reasoning_envs.symbolic.moves.rules.domains import vanishing
from reasoning_envs.symbolic.moves.rules.rewrite import (
    MAX_EXPANDED_TERMS,
    Rewrite,
    at_least_zero,
    base_exponent,
    is_small,
    nonzero,
    product,
    product_tokens,
    scale,
)
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    Expr,
    Number,
    add,
    call,
    div,
    mul,
    num,
    power,
)
from reasoning_envs.symbolic.syntax.tokens import END, OPERATORS

__all__ = ["OPENING", "RULES"]

_ADD = OPERATORS["add"]


def _fold_product(node: Expr) -> Iterator[Rewrite]:
    numbers = [factor for factor in node.args if factor.op == "num"]
    others = [factor for factor in node.args if factor.op != "num"]
    negatives = sum(1 for factor in others if factor.op == "neg")
    if len(numbers) < 2 and not (numbers and numbers[0].value in (0, 1, -1)) and not negatives:
        return
    value: Number = -1 if negatives % 2 else 1
    for factor in numbers:
        value = value * factor.number
    if not is_small(value):
        return
    rest = mul(*[factor.args[0] if factor.op == "neg" else factor for factor in others])
    may, condition = vanishing(rest) if value == 0 else (True, None)
    if may:
        yield Rewrite("fold", scale(value, rest) if others else num(value), node, True, condition)


def _join_powers(node: Expr) -> Iterator[Rewrite]:
    """``x*x`` to ``x^2``, ``2^x * 2^3`` to ``2^(x + 3)``, ``sqrt(A)*sqrt(A)`` to ``A``, ``exp(A)*exp(B)``."""
    if len(node.args) == 2 and (node.args[0].op == "num" or node.args[1].op == "num"):
        return
    groups: dict[bytes, list[int]] = {}
    for index, factor in enumerate(node.args):
        base, _ = base_exponent(factor)
        if factor.op != "num":
            groups.setdefault(base.key, []).append(index)
    for places in groups.values():
        if len(places) < 2:
            continue
        base = base_exponent(node.args[places[0]])[0]
        exponents = [base_exponent(node.args[index])[1] for index in places]
        if all(exponent.op == "num" for exponent in exponents):
            total = num(sum([exponent.number for exponent in exponents]))
        elif base.op == "num" and base.number > 0:
            total = add(*exponents)
        else:
            continue
        if base.op == "sqrt" and total.value == 2:
            joined, condition = base.args[0], at_least_zero(base.args[0])
        else:
            joined, condition = power(base, total), None
        kept = [joined if i == places[0] else factor for i, factor in enumerate(node.args)]
        kept = [factor for i, factor in enumerate(kept) if i == places[0] or i not in places]
        yield Rewrite("power", mul(*kept), base, True, condition)
    exponentials = [factor for factor in node.args if factor.op == "exp"]
    if len(exponentials) > 1:
        joined = call("exp", add(*[factor.args[0] for factor in exponentials]))
        kept = [factor for factor in node.args if factor.op != "exp"]
        yield Rewrite("power", mul(*kept, joined), joined)


def _distribute(node: Expr) -> Iterator[Rewrite]:
    for index, factor in enumerate(node.args):
        if factor.op != "add":
            continue
        if len(factor.args) > MAX_EXPANDED_TERMS:
            continue
        before, after = node.args[:index], node.args[index + 1 :]
        opened = [product_tokens((*before, term, *after)) for term in factor.args]
        whole = _ADD + b"".join(opened) + END
        yield Rewrite("distribute", (_opened, node, index, True), factor, tokens=whole)
        partial = _ADD + opened[0] + b"".join([term.tokens for term in factor.args[1:]]) + END
        yield Rewrite("partial distribution", (_opened, node, index, False), factor, sound=False, tokens=partial)


def _opened(node: Expr, index: int, every: bool) -> Expr:
    """The product with the sum that is its factor number ``index`` opened, or only the first term of it multiplied."""
    before, terms, after = node.args[:index], node.args[index].args, node.args[index + 1 :]
    products = [product(*before, term, *after) for term in (terms if every else terms[:1])]
    return add(*products, *([] if every else terms[1:]))


def _into_fraction(node: Expr) -> Iterator[Rewrite]:
    """``c*(A/c)`` to ``A``, ``6*(A/4)`` to ``3*A/2``, and otherwise ``c*(A/B)`` to ``(c*A)/B``."""
    for index, factor in enumerate(node.args):
        if factor.op == "num" and type(factor.value) is Fraction:
            over, under = num(factor.value.numerator), num(factor.value.denominator)
        elif factor.op == "div":
            over, under = factor.args
        else:
            continue
        others = [*node.args[:index], *node.args[index + 1 :]]
        for position, other in enumerate(others):
            if other.key == under.key:
                rest = [*others[:position], *others[position + 1 :]]
                top = [over] if over is not ONE or not rest else []
                yield Rewrite("cancel", product(*rest, *top), under, True, nonzero(under))
                break
            if other.op == "num" and under.op == "num" and isinstance(other.value, int) and _both_int(other, under):
                common = gcd(int(other.number), int(under.number))
                if common > 1:
                    rest = [*others[:position], *others[position + 1 :]]
                    ratio = Fraction(int(other.number), int(under.number))
                    lead = [num(ratio.numerator)] if ratio.numerator != 1 else []
                    top = [over] if over is not ONE or not (rest or lead) else []
                    whole = product(*lead, *rest, *top)
                    reduced = whole if ratio.denominator == 1 else div(whole, num(ratio.denominator))
                    yield Rewrite("cancel", reduced, num(common))
                    break
        if factor.op == "div":
            yield Rewrite("fraction", div(product(*others, over), under), factor)
            return


def _both_int(*numbers: Expr) -> bool:
    return all(isinstance(number.value, int) and number.value != 0 for number in numbers)


RULES = (_fold_product, _join_powers, _into_fraction, _distribute)

OPENING = (_distribute,)
"""Those that never make an expression simpler."""
