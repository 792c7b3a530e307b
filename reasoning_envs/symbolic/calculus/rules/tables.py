"""Antiderivatives that one knows by heart."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from reasoning_envs.symbolic.calculus.differentiation import one_over, product_of
from reasoning_envs.symbolic.moves.rules.rewrite import base_exponent, raised_to, rational_root
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    Expr,
    Number,
    call,
    const,
    div,
    neg,
    num,
    power,
    split_coefficient,
    substitute,
    sym,
    terms,
)

__all__ = ["antiderivative", "linear_part", "of_shifted", "power_of_letter", "primitive"]

_E = const("e")
_HALF = Fraction(1, 2)
_FUNCTIONS: dict[str, Callable[[Expr], Expr]] = {
    "exp": lambda u: call("exp", u),
    "sin": lambda u: neg(call("cos", u)),
    "cos": lambda u: call("sin", u),
    "sinh": lambda u: call("cosh", u),
    "cosh": lambda u: call("sinh", u),
}


def power_of_letter(body: Expr, name: str) -> Number | None:
    """The exponent n where the body is ``x^n`` in some writing (``1/x^2``, ``sqrt(x)``); else None."""
    if body.op == "sym":
        return 1 if body.value == name else None
    if body.op == "sqrt":
        return _HALF if body.args[0].value == name else None
    if body.op == "root" and body.args[0].value == name and isinstance(body.args[1].value, int):
        return Fraction(1, body.args[1].value) if body.args[1].value > 0 else None
    if body.op == "pow" and body.args[0].value == name and body.args[1].op == "num":
        return body.args[1].number
    if body.op == "div" and body.args[0] is ONE:
        below = power_of_letter(body.args[1], name)
        return None if below is None else -below
    return None


def primitive(body: Expr, name: str) -> Expr | None:
    """The antiderivative of a power or of one function of the letter itself, from the table; None of anything else."""
    symbol = sym(name)
    exponent = power_of_letter(body, name)
    if exponent is not None:
        return _of_power(symbol, exponent)
    if body.op in _FUNCTIONS:
        return _FUNCTIONS[body.op](symbol) if body.args[0] == symbol else None
    if body.op == "abs" and body.args[0] == symbol:
        return div(product_of(symbol, body), num(2))
    if body.op == "pow" and body.args[1] == symbol and name not in body.args[0].symbols:
        return body if body.args[0] == _E else div(body, call("ln", body.args[0]))
    if body.op == "div" and body.args[0] is ONE:
        return _of_reciprocal(body.args[1], symbol)
    return None


def _of_power(symbol: Expr, exponent: Number) -> Expr:
    if exponent == -1:
        return call("ln", call("abs", symbol))
    higher = exponent + 1
    if higher.denominator == 1:
        higher = int(higher)
    if higher < 0:
        return neg(div(ONE, product_of(num(-higher), raised_to(symbol, -higher))))
    if higher == _HALF:
        return product_of(num(2), call("sqrt", symbol))
    top = product_of(num(higher.denominator), raised_to(symbol, higher))
    return top if higher.numerator == 1 else div(top, num(higher.numerator))


def _of_reciprocal(under: Expr, symbol: Expr) -> Expr | None:
    """Of ``1/(x^2 + a^2)``, ``1/sqrt(a^2 - x^2)``, ``1/cos(x)^2``, ``1/sin(x)^2`` with a rational number a."""
    base, exponent = base_exponent(under)
    if base.op in ("cos", "sin") and base.args[0] == symbol and exponent.value == 2:
        sine, cosine = call("sin", symbol), call("cos", symbol)
        return call("tan", symbol) if base.op == "cos" else neg(div(cosine, sine))
    if under.op == "sqrt":
        found = _square_and_number(under.args[0], symbol)
        if found is None or found[0] != -1:
            return None
        return call("asin", _scaled(symbol, found[1]))
    found = _square_and_number(under, symbol)
    if found is None or found[0] != 1:
        return None
    arc = call("atan", _scaled(symbol, found[1]))
    return arc if found[1] == 1 else div(arc, num(found[1]))


def _scaled(symbol: Expr, root: Number) -> Expr:
    return symbol if root == 1 else div(symbol, num(root))


def _square_and_number(body: Expr, symbol: Expr) -> tuple[int, Number] | None:
    """(s, a) with s = 1 or -1 where the body is ``s*x^2 + a^2`` with an integer a > 0."""
    if len(terms(body)) != 2:
        return None
    sign, root = 0, None
    for term in terms(body):
        if term.op == "num":
            root = rational_root(Fraction(term.number))
            continue
        coefficient, rest = split_coefficient(term)
        if rest.op == "pow" and rest.args[0] == symbol and rest.args[1].value == 2 and coefficient in (1, -1):
            sign = int(coefficient)
    if sign == 0 or root is None or root.denominator != 1:
        return None
    return sign, int(root)


def linear_part(inner: Expr, name: str) -> tuple[Number, Number] | None:
    """(a, b) where the expression is ``a*x + b`` with numbers a != 0 and b; else None."""
    slope: Number = 0
    offset: Number = 0
    for term in terms(inner):
        coefficient, rest = split_coefficient(term)
        if rest is ONE:
            offset = offset + coefficient
        elif rest.op == "sym" and rest.value == name:
            slope = slope + coefficient
        else:
            return None
    return None if slope == 0 else (slope, offset)


def antiderivative(body: Expr, name: str) -> Expr | None:
    """An antiderivative that needs no step: a number times a table entry, at the letter or at ``a*x + b``."""
    if name not in body.symbols:
        return product_of(body, sym(name))
    coefficient, rest = split_coefficient(body)
    if coefficient != 1:
        found = antiderivative(rest, name)
        return None if found is None else _times(coefficient, found)
    found = primitive(body, name)
    if found is not None:
        return found
    return _of_linear(body, name)


def _of_linear(body: Expr, name: str, slope: Number | None = None) -> Expr | None:
    """Of a table entry at ``a*x + b``; where ``slope`` is given, only for that a."""
    inner = _inner(body, name)
    line = None if inner is None else linear_part(inner, name)
    if inner is None or line is None or (slope is not None and line[0] != slope):
        return None
    plain = primitive(_with_inner(body, sym(name)), name)
    return None if plain is None else _times(one_over(line[0]), substitute(plain, {name: inner}))


def of_shifted(body: Expr, name: str) -> Expr | None:
    """The table entry at ``x + b``, whose inner derivative is 1: ``ln(|x + 3|)`` of ``1/(x + 3)``."""
    return _of_linear(body, name, 1)


def _times(coefficient: Number, body: Expr) -> Expr:
    """The product with a number, a fraction written as a quotient: ``sin(2*x)/2``."""
    number = Fraction(coefficient)
    top = product_of(num(number.numerator), body)
    if number.denominator == 1:
        return top
    if top.op == "neg":
        return neg(div(top.args[0], num(number.denominator)))
    return div(top, num(number.denominator))


def _inner(body: Expr, name: str) -> Expr | None:
    """What the outermost function is applied to."""
    if body.op in _FUNCTIONS or body.op == "sqrt":
        return body.args[0]
    if body.op == "pow":
        base, exponent = body.args
        if exponent.op == "num":
            return base
        return exponent if name not in base.symbols else None
    if body.op == "div" and body.args[0] is ONE:
        under = body.args[1]
        return under if under.op == "add" else _inner(under, name)
    return None


def _with_inner(body: Expr, letter: Expr) -> Expr:
    """The body with :func:`_inner` replaced by a letter."""
    if body.op in _FUNCTIONS or body.op == "sqrt":
        return call(body.op, letter)
    if body.op == "pow":
        base, exponent = body.args
        return power(letter, exponent) if exponent.op == "num" else power(base, letter)
    under = body.args[1]
    return div(ONE, letter if under.op == "add" else _with_inner(under, letter))
