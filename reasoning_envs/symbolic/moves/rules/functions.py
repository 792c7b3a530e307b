"""Rules that act on a negative, a power, a root, an absolute value, a logarithm, an exponential."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import comb

from reasoning_envs.symbolic.moves.rules.rewrite import (
    MAX_BITS,
    MAX_EXPANDED_TERMS,
    MAX_EXPONENT,
    Rewrite,
    at_least_zero,
    nonzero,
    product,
    raised_to,
    rational_root,
    scale,
)
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    Number,
    add,
    call,
    div,
    mul,
    neg,
    num,
    power,
    replace_at,
)
from reasoning_envs.symbolic.syntax.statement import Comparison

__all__ = ["RULES"]


def _open_sign(node: Expr) -> Iterator[Rewrite]:
    inner = node.args[0]
    if inner.op == "add":
        yield Rewrite("distribute", add(*[neg(term) for term in inner.args]), inner)
        wrong = add(neg(inner.args[0]), *inner.args[1:])
        yield Rewrite("dropped sign", wrong, inner, sound=False)
    elif inner.op == "mul":
        for index, factor in enumerate(inner.args):
            if factor.op == "add":
                turned = replace_at(inner, index, add(*[neg(term) for term in factor.args]))
                yield Rewrite("sign", turned, factor)
                return
    elif inner.op == "div" and inner.args[0].op == "add":
        turned = add(*[neg(term) for term in inner.args[0].args])
        yield Rewrite("sign", div(turned, inner.args[1]), inner)


def _fold_power(node: Expr) -> Iterator[Rewrite]:
    base, exponent = node.args
    if exponent is ONE:
        yield Rewrite("fold", base, node)
    elif exponent is ZERO:
        yield Rewrite("fold", ONE, node, True, nonzero(base))
    elif base.op == "num" and isinstance(exponent.value, int) and abs(exponent.value) <= 64:
        if base.value == 0 and exponent.value < 0:
            return
        size = max(base.number.numerator.bit_length(), base.number.denominator.bit_length())
        if size * abs(exponent.value) <= MAX_BITS:
            raised: Number = Fraction(base.number) ** exponent.value
            yield Rewrite("fold", num(raised), node)
    elif exponent.op == "num" and isinstance(exponent.value, int) and exponent.value < 0:
        yield Rewrite("fraction", div(ONE, raised_to(base, -exponent.value)), node)


def _expand_power(node: Expr) -> Iterator[Rewrite]:
    base, exponent = node.args
    n = exponent.value
    if not isinstance(n, int) or exponent.op != "num" or not 2 <= n <= MAX_EXPONENT:
        return
    if base.op == "add":
        if len(base.args) == 2 and n <= 3:
            a, b = base.args
            opened = []
            for k in range(n + 1):
                parts = [raised_to(a, n - k)] if k < n else []
                parts += [raised_to(b, k)] if k else []
                lead = [num(comb(n, k))] if 0 < k < n else []
                opened.append(product(*lead, *_even_signs(parts)))
            yield Rewrite("expand", add(*opened), base)
        elif n == 2:
            opened = [product(one, two) for one in base.args for two in base.args]
            if len(opened) <= MAX_EXPANDED_TERMS:
                yield Rewrite("expand", add(*opened), base)
        wrong = add(*[mul(*_even_signs([raised_to(term, n)])) for term in base.args])
        yield Rewrite("power of a sum", wrong, base, sound=False)
    elif base.op == "mul":
        yield Rewrite("power", mul(*[power(factor, exponent) for factor in base.args]), base)
    elif base.op == "div":
        yield Rewrite("power", div(power(base.args[0], exponent), power(base.args[1], exponent)), base)
    elif base.op == "neg":
        raised = power(base.args[0], exponent)
        yield Rewrite("sign", raised if n % 2 == 0 else neg(raised), base)
    elif base.op == "pow" and base.args[1].op == "num" and isinstance(base.args[1].value, int):
        yield Rewrite("power", power(base.args[0], num(base.args[1].number * n)), base)
    elif base.op == "sqrt" and n == 2:
        yield Rewrite("power", base.args[0], base, True, at_least_zero(base.args[0]))
    elif base.op == "abs" and n == 2:
        yield Rewrite("power", power(base.args[0], exponent), base)


def _even_signs(parts: list[Expr]) -> list[Expr]:
    """A power of a negative term written with the sign outside: ``(-y)^2`` is ``y^2``, ``(-y)^3`` is ``-y^3``."""
    out = []
    for part in parts:
        if part.op == "pow" and part.args[0].op == "neg" and isinstance(part.args[1].value, int):
            raised = power(part.args[0].args[0], part.args[1])
            out.append(raised if part.args[1].value % 2 == 0 else neg(raised))
        else:
            out.append(part)
    return out


def _square_root(node: Expr) -> Iterator[Rewrite]:
    inner = node.args[0]
    if inner.op == "num":
        value = Fraction(inner.number)
        if value < 0:
            return
        root = rational_root(value)
        if root is not None:
            yield Rewrite("root", num(root), node)
            return
        square = _largest_square(value.numerator * value.denominator)
        if square > 1 or value.denominator > 1:
            outside = Fraction(square, value.denominator)
            inside = value.numerator * value.denominator // (square * square)
            yield Rewrite("root", scale(outside, call("sqrt", num(inside))), node)
    elif inner.op == "pow" and inner.args[1].value == 2:
        yield Rewrite("root", call("abs", inner.args[0]), node)
        if inner.symbols:
            yield Rewrite("root without absolute value", inner.args[0], node, sound=False)


def _largest_square(value: int) -> int:
    """The largest s among small trial divisors with s*s dividing ``value``."""
    best, n = 1, 2
    while n * n <= value and n <= 1000:
        while value % (n * n) == 0:
            value //= n * n
            best *= n
        n += 1
    return best


def _absolute(node: Expr) -> Iterator[Rewrite]:
    inner = node.args[0]
    if inner.op == "num":
        yield Rewrite("fold", inner if inner.number >= 0 else neg(inner), node)
    elif inner.op == "neg":
        yield Rewrite("sign", call("abs", inner.args[0]), node)


def _logarithm(node: Expr) -> Iterator[Rewrite]:
    inner = node.args[0]
    if inner is ONE:
        yield Rewrite("fold", ZERO, node)
    elif inner.op == "exp":
        yield Rewrite("inverse function", inner.args[0], node)
    elif inner.op == "const" and inner.value == "e":
        yield Rewrite("inverse function", ONE, node)
    elif inner.op == "pow" and (
        (inner.args[0].op == "num" and inner.args[0].number > 0) or inner.args[0].op == "const"
    ):
        if inner.args[0].value == "e":
            yield Rewrite("inverse function", inner.args[1], node)
        elif inner.args[0].op == "num":
            yield Rewrite("power", product(inner.args[1], call("ln", inner.args[0])), node)
    elif inner.op == "add" and inner.symbols and ZERO not in inner.args:
        yield Rewrite("logarithm of a sum", add(*map(_logarithm_of_term, inner.args)), inner, sound=False)


def _logarithm_of_term(term: Expr) -> Expr:
    """As who takes ``ln(a - b)`` for ``ln(a) - ln(b)`` writes it: nobody writes a logarithm of -b."""
    leading = term.args[0] if term.op in ("mul", "div") else term
    if leading.op != "neg" and (leading.op != "num" or leading.number > 0):
        return call("ln", term)
    if term.op == "mul":
        return neg(call("ln", product(neg(leading), *term.args[1:])))
    return neg(call("ln", div(neg(leading), term.args[1]) if term.op == "div" else neg(term)))


def _exponential(node: Expr) -> Iterator[Rewrite]:
    inner = node.args[0]
    if inner is ZERO:
        yield Rewrite("fold", ONE, node)
    elif inner.op == "ln":
        positive = None if inner.args[0].op == "num" else Comparison(">", inner.args[0], ZERO)
        yield Rewrite("inverse function", inner.args[0], node, True, positive)
    elif inner.op == "mul" and inner.args[-1].op == "ln" and inner.args[-1].args[0].op == "num":
        raised = power(inner.args[-1].args[0], mul(*inner.args[:-1]))
        yield Rewrite("inverse function", raised, node)


RULES: dict[str, tuple[Callable[[Expr], Iterator[Rewrite]], ...]] = {
    "neg": (_open_sign,),
    "pow": (_fold_power, _expand_power),
    "sqrt": (_square_root,),
    "abs": (_absolute,),
    "ln": (_logarithm,),
    "exp": (_exponential,),
}
