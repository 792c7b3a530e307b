"""Sums without end, or up to a letter, in closed form.

Geometric ones; those of a polynomial of the index, up to a letter; without end also those of ``r^n/n!``, of
``1/n^2`` and other even powers, and those that telescope, as of ``1/(n*(n + 1))``.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import factorial

from flint import fmpq, fmpq_poly

from reasoning_envs.symbolic.equality.canonical import normal_form
from reasoning_envs.symbolic.equality.equivalence import equivalent, sign_of
from reasoning_envs.symbolic.equality.rings import is_rational, to_rational
from reasoning_envs.symbolic.moves.rules import simplify
from reasoning_envs.symbolic.syntax.bounds import check_bounds
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    Expr,
    Number,
    add,
    call,
    const,
    div,
    mul,
    num,
    power,
    sub,
    substitute,
    sym,
)
from reasoning_envs.symbolic.syntax.parser import ParseError
from reasoning_envs.symbolic.values.arithmetic import rational_value

__all__ = ["endless_sum"]

_INFINITY = const("inf")
_MAX_DEGREE = 10
_MAX_TERMS = 30


def endless_sum(body: Expr, index: str, first: Expr, last: Expr) -> Expr:
    """The sum of ``body`` for the index from an integer to ``oo`` or to an expression with a letter.

    Raises:
        ParseError: it is neither geometric nor, up to a letter, of a polynomial; or it has no value.
    """
    check_bounds(body)
    low = first.value
    if not isinstance(low, int) or abs(low) > 1000 or index in last.symbols:
        raise ParseError("a sum begins at an integer", 0)
    if last != _INFINITY and (not last.symbols or index in first.symbols):
        raise ParseError("a sum runs to an integer, to a letter or without end", 0)
    begin = substitute(body, {index: num(low)})
    ratio = _ratio(body, index)
    if ratio is not None and ratio != ONE:
        if last != _INFINITY:
            return div(sub(begin, mul(ratio, substitute(body, {index: last}))), sub(ONE, ratio))
        if sign_of(sub(ONE, call("abs", ratio))) != 1:
            raise ParseError("the sum has no value, or nobody can tell whether it has one", 0)
        return div(begin, sub(ONE, ratio))
    if last == _INFINITY:
        found = _exponential_sum(body, index, low)
        if found is None:
            found = _even_power_sum(body, index, low)
        if found is None:
            found = _telescoping_sum(body, index, low, None)
        if found is None:
            raise ParseError("no rule finds the value of this sum without end", 0)
        return found
    found = _telescoping_sum(body, index, low, last)
    return _polynomial_sum(body, index, low, last) if found is None else found


def _ratio(node: Expr, index: str) -> Expr | None:
    """What each term is times the one before it, where that is the same all along; None elsewhere."""
    if index not in node.symbols:
        return ONE
    if node.op == "neg":
        return _ratio(node.args[0], index)
    if node.op == "pow" and index not in node.args[0].symbols:
        base, exponent = node.args
        step = simplify(sub(substitute(exponent, {index: add(sym(index), ONE)}), exponent))
        grows = equivalent(step, substitute(step, {index: ONE}))
        return simplify(power(base, substitute(step, {index: ONE}))) if grows.verified and grows.rigorous else None
    if node.op not in ("mul", "div"):
        return None
    parts = [_ratio(arg, index) for arg in node.args]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return simplify(div(*known) if node.op == "div" else mul(*known))


def _polynomial_sum(body: Expr, index: str, low: int, last: Expr) -> Expr:
    """The polynomial that has the first partial sums as values, proved by its difference."""
    total: Number = 0
    values: list[Number] = []
    for place in range(low, low + _MAX_DEGREE + 2):
        value = rational_value(body, {index: place}) if body.symbols <= {index} else None
        if value is None:
            raise ParseError("up to a letter, only polynomials of the index are summed", 0)
        total = total + value
        values.append(total)
    n = sym(index)
    # Newton's form: the differences at the beginning times products of n - low, n - low - 1, ...
    found, product = num(values[0]), ONE
    differences = list(values)
    for order in range(1, len(values)):
        differences = [later - earlier for earlier, later in pairwise(differences)]
        product = div(mul(product, sub(n, num(low + order - 1))), num(order))
        if differences[0]:
            found = add(found, mul(num(differences[0]), product))
    grows = equivalent(sub(substitute(found, {index: add(n, ONE)}), found), substitute(body, {index: add(n, ONE)}))
    if not (grows.verified and grows.rigorous):
        raise ParseError("up to a letter, only polynomials of the index are summed", 0)
    return substitute(found, {index: last})


def _exponential_sum(body: Expr, index: str, low: int) -> Expr | None:
    """Of ``c*r^n/n!``: c*e^r less the terms before the first; None of all else."""
    if body.op != "div" or body.args[1] != call("factorial", sym(index)) or not 0 <= low <= _MAX_TERMS:
        return None
    ratio = _ratio(body.args[0], index)
    if ratio is None:
        return None
    start = simplify(substitute(body.args[0], {index: num(0)}))
    before = [substitute(body, {index: num(place)}) for place in range(low)]
    return sub(mul(start, power(const("e"), ratio)), add(num(0), *before) if before else num(0))


def _polynomials(body: Expr, index: str) -> tuple[fmpq_poly, fmpq_poly] | None:
    """Numerator and denominator, where the body is a rational function of the index with rational coefficients."""
    if body.symbols != {index} or not is_rational(body):
        return None
    found, _ = normal_form(body)
    sides = []
    for side in found.lowest_terms():
        terms = {exponents[0]: value for exponents, value in side.to_dict().items()}
        sides.append(fmpq_poly([terms.get(degree, 0) for degree in range(max(terms, default=0) + 1)]))
    return sides[0], sides[1]


def _even_power_sum(body: Expr, index: str, low: int) -> Expr | None:
    """Of ``c/n^(2k)``, by the numbers of Bernoulli (Euler 1735)."""
    found = _polynomials(body, index)
    if found is None or not 1 <= low <= _MAX_TERMS:
        return None
    top, down = found
    degree = down.degree()
    if top.degree() != 0 or degree % 2 or not 2 <= degree <= _MAX_DEGREE or any(down[place] for place in range(degree)):
        return None
    scale = to_rational(top[0] / down[degree])
    zeta = to_rational(abs(fmpq.bernoulli(degree)) * 2 ** (degree - 1) / factorial(degree))
    before = sum((Fraction(1, place**degree) for place in range(1, low)), Fraction(0))
    return sub(mul(num(scale * zeta), power(const("pi"), num(degree))), num(scale * before))


def _telescoping_sum(body: Expr, index: str, low: int, last: Expr | None) -> Expr | None:
    """Of a rational function whose partial fractions cancel but for the first and the last; None of all else.

    Args:
        body: what is summed.
        index: its letter.
        low: where it begins.
        last: where it ends; None without end.
    """
    found = _polynomials(body, index)
    if found is None or found[0].degree() > found[1].degree() - 2:
        return None
    top, down = found
    groups: dict[Fraction, list[tuple[Fraction, Fraction]]] = {}
    for factor, exponent in down.factor()[1]:
        if factor.degree() != 1 or exponent != 1:
            return None
        pole = -factor[0] / factor[1]
        shift, share = to_rational(-pole), to_rational(top(pole) / down.derivative()(pole))
        if shift.denominator == 1 and -shift >= low:
            raise ParseError("a term of the sum has no value", 0)
        groups.setdefault(shift % 1, []).append((shift, share))
    rest, ending = Fraction(0), [num(0)]
    for parts in groups.values():
        nearest = min(shift for shift, _ in parts)
        if sum(share for _, share in parts) or max(shift for shift, _ in parts) - nearest > _MAX_TERMS:
            return None
        for shift, share in parts:
            for step in range(int(shift - nearest)):
                rest -= share / (low + nearest + step)
                if last is not None:
                    ending.append(div(num(share), add(last, num(nearest + step + 1))))
    return num(rest) if last is None else add(num(rest), *ending)
