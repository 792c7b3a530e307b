"""The substitution ``u = g(x)`` in an integral: the integrand must be ``h(g(x))*g'(x)`` up to a constant factor.

What is divided by g' is compared factor by factor: sums count as factors once their common number is taken out, so that
``x/(x^2 + 1)`` is seen to be ``1/2 * 2*x/(x^2 + 1)``. Where g is ``a*x + b``, an x that is left is ``(u - b)/a``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm

from reasoning_envs.symbolic.calculus.differentiation import differentiate, holds_calculus, integral, product_of, where
from reasoning_envs.symbolic.calculus.rules.tables import linear_part
from reasoning_envs.symbolic.moves.rules import simplify
from reasoning_envs.symbolic.moves.rules.rewrite import Rewrite, scale
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    Expr,
    Number,
    add,
    call,
    div,
    neg,
    num,
    power,
    rebuild,
    split_coefficient,
    sub,
    substitute,
    sym,
    walk,
)

__all__ = ["RULES", "fresh_letter"]

_LETTERS = "uvwtsz"
_MAX_CANDIDATES = 5
_HALF = Fraction(1, 2)


def fresh_letter(node: Expr) -> str | None:
    """A letter for a substitution that the tree does not hold."""
    return next((letter for letter in _LETTERS if letter not in node.symbols), None)


def _substitute(node: Expr) -> Iterator[Rewrite]:
    body, symbol = node.args
    name = str(symbol.value)
    letter = fresh_letter(node)
    if letter is None or name not in body.symbols or holds_calculus(body):
        return
    for inner in _candidates(body, name):
        rate = _rate(inner, name)
        if name in rate.symbols and holds_calculus(rate):
            continue
        found = _changed(body, inner, rate, name, letter)
        if found is not None:
            yield Rewrite("substitution", where(integral(found, letter), letter, inner), inner)
        wrong = _replaced(_without(body, rate, name), inner, sym(letter))
        if name not in wrong.symbols and letter in wrong.symbols and wrong != found:
            slip = where(integral(wrong, letter), letter, inner)
            yield Rewrite("substitution without its factor", slip, inner, sound=False)


@lru_cache(maxsize=1024)
def _rate(inner: Expr, name: str) -> Expr:
    return simplify(differentiate(inner, name))


@lru_cache(maxsize=1024)
def _decomposed_once(node: Expr) -> tuple[Number, tuple[tuple[bytes, tuple[Expr, Number]], ...]]:
    number, powers = _decompose(node)
    return number, tuple(powers.items())


def _candidates(body: Expr, name: str) -> list[Expr]:
    """What may be called u, in the order in which it is written."""
    found: dict[bytes, Expr] = {}
    for node in walk(body):
        inner: tuple[Expr, ...] = ()
        if node.op == "div":
            inner = (node.args[1],)
        elif node.op == "pow":
            inner = (node.args[0], node.args[1], *([node] if node.args[0].op != "add" else []))
        elif node.op not in ("num", "sym", "const", "add", "mul", "neg"):
            inner = (node.args[0], node)
        for part in inner:
            if name in part.symbols and part != body and _may_be_called_u(part, name):
                found.setdefault(part.key, part)
    return list(found.values())[:_MAX_CANDIDATES]


def _may_be_called_u(part: Expr, name: str) -> bool:
    if part.op in ("mul", "div", "neg"):
        return linear_part(part, name) is not None
    return part.op != "sym"


_Factors = dict[bytes, tuple[Expr, Number]]


def _decomposed(node: Expr) -> tuple[Number, _Factors]:
    """The node as a number times powers of bases: ``(number, {key: (base, exponent)})``."""
    number, powers = _decomposed_once(node)
    return number, dict(powers)


def _decompose(node: Expr) -> tuple[Number, _Factors]:
    number: list[Number] = [1]
    powers: _Factors = {}
    _collect(node, 1, number, powers)
    return number[0], powers


def _collect(node: Expr, exponent: Number, number: list[Number], powers: _Factors) -> None:
    op = node.op
    whole = exponent.denominator == 1
    if op == "num" and whole and node.number != 0:
        number[0] = number[0] * Fraction(node.number) ** int(exponent)
    elif op == "neg" and whole:
        number[0] = number[0] * (-1) ** int(exponent)
        _collect(node.args[0], exponent, number, powers)
    elif op == "mul" and whole:
        for factor in node.args:
            _collect(factor, exponent, number, powers)
    elif op == "div" and whole:
        _collect(node.args[0], exponent, number, powers)
        _collect(node.args[1], -exponent, number, powers)
    elif op == "pow" and node.args[1].op == "num" and (whole or node.args[1].number.denominator == 1):
        _collect(node.args[0], exponent * node.args[1].number, number, powers)
    elif op == "sqrt" and whole:
        _collect(node.args[0], exponent * _HALF, number, powers)
    else:
        if op == "add" and whole:
            content, node = _primitive(node)
            number[0] = number[0] * Fraction(content) ** int(exponent)
        before = powers[node.key][1] if node.key in powers else 0
        total = before + exponent
        if total == 0:
            powers.pop(node.key, None)
        else:
            powers[node.key] = (node, total)


def _primitive(node: Expr) -> tuple[Number, Expr]:
    """A sum as a number times a sum whose numbers have no common factor; the sign of its first letter is plus."""
    pieces = [split_coefficient(term) for term in node.args]
    lettered = [(rest.key, coefficient) for coefficient, rest in pieces if rest is not ONE]
    if not lettered or any(coefficient == 0 for coefficient, _ in pieces):
        return 1, node
    over = gcd(*[coefficient.numerator for coefficient, _ in pieces])
    under = lcm(*[coefficient.denominator for coefficient, _ in pieces])
    lead = min(lettered)[1]
    content = Fraction(over, under) * (1 if lead > 0 else -1)
    return content, add(*[scale(coefficient / content, rest) for coefficient, rest in pieces])


def _changed(body: Expr, inner: Expr, rate: Expr, name: str, letter: str) -> Expr | None:
    """The integrand in u, where it is a function of ``inner`` times ``rate``; else None."""
    number, powers = _decomposed(body)
    divisor, below = _decomposed(rate)
    if divisor == 0 or (rate.op == "num" and rate.number == 0):
        return None
    number = Fraction(number) / divisor
    for key, (base, exponent) in below.items():
        rest = (powers[key][1] if key in powers else 0) - exponent
        if rest == 0:
            powers.pop(key, None)
        else:
            powers[key] = (base, rest)
    new = sym(letter)
    line = linear_part(inner, name)
    above: list[Expr] = []
    under: list[Expr] = []
    raised: tuple[Expr, Number] | None
    for base, exponent in powers.values():
        raised = _in_terms_of(base, exponent, inner, name, new)
        if raised is None:
            if line is None:
                return None
            slope, offset = line
            old = sub(new, num(offset)) if offset else new
            value = old if slope == 1 else div(old, num(slope))
            raised = substitute(_replaced(base, inner, new), {name: value}), exponent
        found, times = raised
        if name in found.symbols:
            return None
        (above if times > 0 else under).append(_power(found, times if times > 0 else -times))
    return _assembled(number, above, under)


def _assembled(number: Number, above: list[Expr], under: list[Expr]) -> Expr:
    value = Fraction(number)
    top = product_of(num(value.numerator), *above)
    bottom = product_of(num(value.denominator), *under)
    if bottom is ONE:
        return top
    return neg(div(top.args[0], bottom)) if top.op == "neg" else div(top, bottom)


def _power(base: Expr, exponent: Number) -> Expr:
    if exponent == 1:
        return base
    if exponent == _HALF:
        return call("sqrt", base)
    return power(base, num(exponent))


def _in_terms_of(base: Expr, exponent: Number, inner: Expr, name: str, new: Expr) -> tuple[Expr, Number] | None:
    """A power of ``base`` as a power of something in u alone; None where x stays."""
    if name not in base.symbols:
        return base, exponent
    content, powers = _decomposed(inner)
    if content == 1 and len(powers) == 1:
        ((own, times),) = powers.values()
        if own.key == base.key:  # u = x^2 and x^4, u = sqrt(x) and x
            ratio = Fraction(exponent) / times
            return (new, ratio.numerator) if ratio.denominator == 1 else None
    if base.op == "add" and inner.op == "add":
        scaled, plain = _primitive(inner)
        if plain.key == base.key:
            value = new if scaled == 1 else div(new, num(scaled))
            return value, exponent
    replaced = _replaced(base, inner, new)
    return None if name in replaced.symbols else (replaced, exponent)


def _replaced(node: Expr, inner: Expr, new: Expr) -> Expr:
    """The tree with every occurrence of ``inner`` replaced."""
    if node.key == inner.key:
        return new
    if not node.args or not inner.symbols <= node.symbols:
        return node
    return rebuild(node.op, tuple([_replaced(arg, inner, new) for arg in node.args]))


def _without(body: Expr, rate: Expr, name: str) -> Expr:
    """The integrand with the factors of ``rate`` that hold the letter crossed out, the numbers left as they are."""
    number, powers = _decomposed(body)
    _, below = _decomposed(rate)
    for key, (base, exponent) in below.items():
        if key in powers and name in base.symbols:
            rest = powers[key][1] - exponent
            if rest == 0:
                del powers[key]
            else:
                powers[key] = (base, rest)
    above = [_power(base, times) for base, times in powers.values() if times > 0]
    under = [_power(base, -times) for base, times in powers.values() if times < 0]
    return _assembled(number, above, under)


RULES = (_substitute,)
