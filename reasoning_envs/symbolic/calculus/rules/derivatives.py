"""Rules for a derivative that is not worked out, each with the mistakes that students make with it."""

from __future__ import annotations

from collections.abc import Iterator

from reasoning_envs.symbolic.calculus.differentiation import derivative, outer_derivative, product_of
from reasoning_envs.symbolic.moves.rules.rewrite import Rewrite, raised_to
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    add,
    call,
    const,
    div,
    mul,
    neg,
    num,
    power,
)

__all__ = ["RULES"]

_TWO = num(2)
_E = const("e")


def _parts(node: Expr) -> tuple[Expr, Expr, str]:
    body, symbol = node.args
    return body, symbol, str(symbol.value)


def _linear(node: Expr) -> Iterator[Rewrite]:
    """Constants, the letter itself, sums, signs and constant factors."""
    body, symbol, name = _parts(node)
    if name not in body.symbols:
        yield Rewrite("derivative of a constant", ZERO, body)
        if body.op != "num" or body.number != 0:
            yield Rewrite("constant kept", body, body, sound=False)
    elif body == symbol:
        yield Rewrite("derivative of the letter", ONE, body)
    elif body.op == "add":
        yield Rewrite("sum rule", add(*[_of_term(term, name) for term in body.args]), body)
    elif body.op == "neg":
        yield Rewrite("constant factor", neg(derivative(body.args[0], name)), num(-1))
    elif body.op == "mul":
        constants = [factor for factor in body.args if name not in factor.symbols]
        if constants:
            rest = mul(*[factor for factor in body.args if name in factor.symbols])
            taken = mul(*constants)
            yield Rewrite("constant factor", mul(taken, derivative(rest, name)), taken)
            if taken is not ONE:
                yield Rewrite("lost constant factor", derivative(rest, name), taken, sound=False)
    elif body.op == "div" and name not in body.args[1].symbols:
        over, under = body.args
        yield Rewrite("constant factor", div(derivative(over, name), under), div(ONE, under))
        yield Rewrite("lost constant factor", derivative(over, name), div(ONE, under), sound=False)


def _of_term(term: Expr, name: str) -> Expr:
    """The derivative of a term of a sum, its sign in front."""
    return neg(derivative(term.args[0], name)) if term.op == "neg" else derivative(term, name)


def _product(node: Expr) -> Iterator[Rewrite]:
    body, _, name = _parts(node)
    if body.op != "mul" or any(name not in factor.symbols for factor in body.args):
        return
    first, rest = body.args[0], mul(*body.args[1:])
    one, other = derivative(first, name), derivative(rest, name)
    yield Rewrite("product rule", add(mul(one, rest), mul(first, other)), body)
    yield Rewrite("product of derivatives", mul(one, other), body, sound=False)
    yield Rewrite("half a product rule", mul(one, rest), body, sound=False)


def _quotient(node: Expr) -> Iterator[Rewrite]:
    body, _, name = _parts(node)
    if body.op != "div" or name not in body.args[1].symbols:
        return
    over, under = body.args
    below = derivative(under, name)
    if name not in over.symbols:
        yield Rewrite("reciprocal rule", neg(div(mul(over, below), power(under, _TWO))), body)
        yield Rewrite("quotient of derivatives", div(over, below), body, sound=False)
        return
    above = derivative(over, name)
    top = add(mul(above, under), neg(mul(over, below)))
    yield Rewrite("quotient rule", div(top, power(under, _TWO)), body)
    turned = add(mul(over, below), neg(mul(above, under)))
    yield Rewrite("quotient rule the wrong way round", div(turned, power(under, _TWO)), body, sound=False)
    yield Rewrite("quotient of derivatives", div(above, below), body, sound=False)
    yield Rewrite("quotient rule without the square", div(top, under), body, sound=False)


_NAMES = {
    "pow": "power rule",
    "exp": "derivative of an exponential",
    "ln": "derivative of a logarithm",
    "log": "derivative of a logarithm",
    "sqrt": "derivative of a root",
    "root": "derivative of a root",
    "abs": "derivative of an absolute value",
}


def _functions(node: Expr) -> Iterator[Rewrite]:
    """A function of the letter alone, and the chain rule for a function of more."""
    body, symbol, name = _parts(node)
    if name not in body.symbols:
        return
    if body.op == "pow" and all(name in side.symbols for side in body.args):
        exponent_times_logarithm = mul(body.args[1], call("ln", body.args[0]))
        yield Rewrite("logarithmic differentiation", mul(body, derivative(exponent_times_logarithm, name)), body)
    if body.op == "log" and name in body.args[1].symbols:
        over, under = (call("ln", side) for side in body.args)
        yield Rewrite("change of base", derivative(div(over, under), name), body)
    found = outer_derivative(body, name)
    if found is None:
        return
    outer, inner = found
    plain = inner == symbol
    exponential = body.op == "pow" and name in body.args[1].symbols
    rule = "derivative of an exponential" if exponential else _NAMES.get(body.op, "derivative of a function")
    if plain:
        yield Rewrite(rule, outer, body)
    else:
        yield Rewrite("chain rule", product_of(outer, derivative(inner, name)), body)
        yield Rewrite("forgotten inner derivative", outer, body, sound=False)
    chain = ONE if plain else derivative(inner, name)
    yield from _slips(body, outer, inner, chain, exponential)


def _slips(body: Expr, outer: Expr, inner: Expr, chain: Expr, exponential: bool) -> Iterator[Rewrite]:
    """What the derivative ``outer * chain`` of one function is mistaken for."""
    op = body.op
    if exponential:
        base, exponent = body.args
        lower = product_of(exponent, power(base, add(exponent, num(-1))), chain)
        yield Rewrite("power rule on an exponential", lower, body, sound=False)
        if base != _E:
            yield Rewrite("forgotten logarithm", product_of(body, chain), body, sound=False)
    elif op == "pow" and body.args[1].op == "num":
        exponent = body.args[1]
        kept = raised_to(inner, exponent.number - 1)
        yield Rewrite("exponent lost", product_of(kept, chain), body, sound=False)
        yield Rewrite("exponent not lowered", product_of(exponent, body, chain), body, sound=False)
    elif op in ("sin", "cos"):
        yield Rewrite("wrong sign", product_of(neg(outer), chain), body, sound=False)
    elif op == "ln":
        yield Rewrite("logarithm kept", product_of(div(ONE, body), chain), body, sound=False)


RULES = (_linear, _product, _quotient, _functions)
