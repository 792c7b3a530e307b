"""Rules for an integral that is not worked out: linearity, the table, parts, and putting back a substitution."""

from __future__ import annotations

from collections.abc import Iterator

from reasoning_envs.symbolic.calculus.differentiation import (
    derivative,
    holds_calculus,
    integral,
    outer_derivative,
    product_of,
)
from reasoning_envs.symbolic.calculus.rules.tables import antiderivative, of_shifted, power_of_letter, primitive
from reasoning_envs.symbolic.moves.rules.rewrite import Rewrite, raised_to
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    Expr,
    add,
    call,
    div,
    factors,
    mul,
    neg,
    num,
    power,
    substitute,
    sym,
)

__all__ = ["RULES", "SUBSTITUTION_RULES"]

_MAX_PARTS = 4
_BY_PARTS_ALONE = frozenset(("ln", "log", "asin", "acos", "atan"))
"""Functions that are integrated by parts with the factor 1."""


def _linear(node: Expr) -> Iterator[Rewrite]:
    """Constants, sums, signs and constant factors."""
    body, symbol = node.args
    name = str(symbol.value)
    if name not in body.symbols:
        yield Rewrite("integral of a constant", product_of(body, symbol), body)
        yield Rewrite("constant kept", body, body, sound=False)
    elif body.op == "add":
        yield Rewrite("sum rule", add(*[_of_term(term, name) for term in body.args]), body)
    elif body.op == "neg":
        yield Rewrite("constant factor", neg(integral(body.args[0], name)), num(-1))
    elif body.op == "mul":
        constants = [factor for factor in body.args if name not in factor.symbols]
        if constants:
            rest = mul(*[factor for factor in body.args if name in factor.symbols])
            taken = mul(*constants)
            yield Rewrite("constant factor", mul(taken, integral(rest, name)), taken)
            if taken is not ONE:
                yield Rewrite("lost constant factor", integral(rest, name), taken, sound=False)
    elif body.op == "div":
        yield from _linear_quotient(body, name)


def _linear_quotient(body: Expr, name: str) -> Iterator[Rewrite]:
    over, under = body.args
    if name not in under.symbols:
        yield Rewrite("constant factor", div(integral(over, name), under), div(ONE, under))
        yield Rewrite("lost constant factor", integral(over, name), div(ONE, under), sound=False)
        return
    above = [factor for factor in factors(over) if name not in factor.symbols and factor is not ONE]
    if over.op == "neg":
        yield Rewrite("constant factor", neg(integral(div(over.args[0], under), name)), num(-1))
    elif above:
        rest = mul(*[factor for factor in factors(over) if name in factor.symbols])
        yield Rewrite("constant factor", mul(*above, integral(div(rest, under), name)), mul(*above))
    below = [factor for factor in factors(under) if name not in factor.symbols]
    if below:
        rest = mul(*[factor for factor in factors(under) if name in factor.symbols])
        yield Rewrite("constant factor", div(integral(div(over, rest), name), mul(*below)), div(ONE, mul(*below)))


def _of_term(term: Expr, name: str) -> Expr:
    return neg(integral(term.args[0], name)) if term.op == "neg" else integral(term, name)


def _table(node: Expr) -> Iterator[Rewrite]:
    body, symbol = node.args
    name = str(symbol.value)
    if name not in body.symbols:
        return
    found = primitive(body, name)
    exponent = power_of_letter(body, name)
    if found is None:
        shifted = of_shifted(body, name)
        if shifted is not None:
            yield Rewrite("integral of a function", shifted, body)
            return
    if found is not None:
        rule = "integral of a function" if exponent is None else "power rule" if exponent != -1 else "logarithm rule"
        yield Rewrite(rule, found, body)
    if exponent == -1:
        yield Rewrite("power rule at -1", power(symbol, num(0)), body, sound=False)
        yield Rewrite("differentiated instead", neg(div(ONE, power(symbol, num(2)))), body, sound=False)
    elif exponent is not None:
        lower = exponent - 1
        yield Rewrite("not divided by the exponent", raised_to(symbol, exponent + 1), body, sound=False)
        if lower != 0 and lower.denominator == 1:
            wrong = product_of(num(exponent), raised_to(symbol, int(lower)))
            yield Rewrite("differentiated instead", wrong, body, sound=False)
    elif body.op in ("sin", "cos") and found is not None:
        yield Rewrite("wrong sign", neg(found), body, sound=False)
    elif found is None:
        yield from _forgotten_inner(body, name)


def _forgotten_inner(body: Expr, name: str) -> Iterator[Rewrite]:
    """The table entry at something else than the letter: ``integral(cos(2*x), x)`` is not ``sin(2*x)``."""
    if body.op == "div" and body.args[0] is ONE and body.args[1].op == "add":
        yield Rewrite("forgotten inner derivative", call("ln", call("abs", body.args[1])), body, sound=False)
        return
    chain = outer_derivative(body, name)
    if chain is None or chain[1] == sym(name):
        return
    inner = chain[1]
    letter = sym(name)
    plain = power(letter, body.args[1]) if body.op == "pow" and inner is body.args[0] else None
    if plain is None:
        plain = power(body.args[0], letter) if body.op == "pow" else call(body.op, letter) if body.op != "log" else None
    found = None if plain is None or plain.op == "root" else primitive(plain, name)
    if found is not None:
        yield Rewrite("forgotten inner derivative", substitute(found, {name: inner}), body, sound=False)


def _parts(node: Expr) -> Iterator[Rewrite]:
    """``integral(u*v')`` is ``u*v - integral(v*u')``, where v is plain to see."""
    body, symbol = node.args
    name = str(symbol.value)
    pieces = None if holds_calculus(body) else _pieces(body, name)
    if pieces is None:
        return
    made = 0
    known: list[Expr] = []
    for index, chosen in enumerate(pieces):
        if name not in chosen.symbols:
            continue
        rest = product_of(*pieces[:index], *pieces[index + 1 :])
        found = antiderivative(rest, name)
        if found is None or (chosen.op == "div" and rest is ONE):
            continue
        made += 1
        if made > _MAX_PARTS:
            return
        known.append(found)
        remaining = integral(product_of(found, derivative(chosen, name)), name)
        sign = remaining.args[0].op == "neg"
        if sign:
            remaining = integral(remaining.args[0].args[0], name)
        outside = product_of(chosen, found)
        right, wrong = (remaining, neg(remaining)) if sign else (neg(remaining), remaining)
        yield Rewrite("integration by parts", add(outside, right), chosen)
        yield Rewrite("lost sign in parts", add(outside, wrong), chosen, sound=False)
    if len(pieces) == 2 and len(known) == 2:
        yield Rewrite("product of integrals", product_of(known[1], known[0]), body, sound=False)


def _pieces(body: Expr, name: str) -> list[Expr] | None:
    """The factors among which u is chosen; None where parts would not help."""
    if body.op in _BY_PARTS_ALONE:
        return [body]
    if body.op == "pow" and body.args[0].op in _BY_PARTS_ALONE and isinstance(body.args[1].value, int):
        return [body]
    if body.op == "mul":
        return list(body.args)
    if body.op == "div" and any(name in factor.symbols for factor in factors(body.args[0])):
        return [*factors(body.args[0]), div(ONE, body.args[1])]
    return None


RULES = (_linear, _table, _parts)


def _put_back(node: Expr) -> Iterator[Rewrite]:
    body, symbol, value = node.args
    if holds_calculus(body):
        return
    name = str(symbol.value)
    yield Rewrite("put back", substitute(body, {name: value}), node)
    if len(value.symbols) == 1 and name in body.symbols and value.op != "sym":
        letter = sym(next(iter(value.symbols)))
        yield Rewrite("not put back", substitute(body, {name: letter}), node, sound=False)


SUBSTITUTION_RULES = (_put_back,)
