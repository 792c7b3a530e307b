"""Rules for a rational integrand: polynomial division and partial fractions over Q, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from flint import fmpq, fmpq_poly, fmpz, fmpz_poly

from reasoning_envs.symbolic.calculus.differentiation import integral, product_of, sum_of
from reasoning_envs.symbolic.moves.rules.rewrite import Rewrite, raised_to, scale
from reasoning_envs.symbolic.syntax.expression import ONE, ZERO, Expr, div, mul, neg, num, sym

__all__ = ["RULES", "factors_over_q", "polynomial_in", "polynomial_tree"]

_MAX_DEGREE = 12


def polynomial_in(expr: Expr, name: str) -> fmpq_poly | None:
    """A polynomial in one letter with rational coefficients; None where it is none, or of a degree above 12."""
    op, args = expr.op, expr.args
    if op == "num":
        return fmpq_poly([fmpq(expr.number.numerator, expr.number.denominator)])
    if op == "sym":
        return fmpq_poly([0, 1]) if expr.value == name else None
    if op not in ("add", "mul", "neg", "pow", "div"):
        return None
    if op == "pow":
        base, times = polynomial_in(args[0], name), args[1].value
        if base is None or not isinstance(times, int) or times < 0 or base.degree() * times > _MAX_DEGREE:
            return None
        return base**times
    parts = []
    for arg in args:
        part = polynomial_in(arg, name)
        if part is None:
            return None
        parts.append(part)
    if op == "neg":
        return -parts[0]
    if op == "div":
        return None if parts[1].degree() != 0 else parts[0] / parts[1][0]
    total = parts[0]
    for part in parts[1:]:
        total = total + part if op == "add" else total * part
        if total.degree() > _MAX_DEGREE:
            return None
    return total


def polynomial_tree(polynomial: fmpq_poly | fmpz_poly, name: str) -> Expr:
    """The polynomial as a sum of terms, the highest power first."""
    letter = sym(name)
    found: list[Expr] = []
    for degree in range(polynomial.degree(), -1, -1):
        coefficient = _rational(polynomial[degree])
        if coefficient != 0:
            found.append(scale(_plain(coefficient), ONE if degree == 0 else raised_to(letter, degree)))
    return sum_of(found) if found else ZERO


def _rational(value: fmpq | fmpz) -> Fraction:
    number = fmpq(value)
    return Fraction(int(number.p), int(number.q))


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _rational_integrand(node: Expr) -> Iterator[Rewrite]:
    body, symbol = node.args
    name = str(symbol.value)
    if body.op != "div" or name not in body.args[1].symbols or body.symbols != {name}:
        return
    over, under = (polynomial_in(side, name) for side in body.args)
    if over is None or under is None or under.degree() < 1 or over.degree() < 0:
        return
    if over.degree() >= under.degree():
        whole, rest = divmod(over, under)
        result = polynomial_tree(whole, name)
        if rest.degree() >= 0:
            result = sum_of([result, _quotient(rest, body.args[1], name)])
        yield Rewrite("polynomial division", integral(result, name), body)
        return
    content, pieces = factors_over_q(under)
    if len(pieces) < 2:
        return
    parts: list[Expr] = []
    for factor, times in pieces:
        parts += _parts(over / content, under / content, factor, times, name)
    yield Rewrite("partial fractions", integral(sum_of(parts), name), body)
    wrong = [_over(body.args[0], _power(factor, times, name)) for factor, times in pieces]
    yield Rewrite("fractions taken apart", integral(sum_of(wrong), name), body, sound=False)


def factors_over_q(polynomial: fmpq_poly) -> tuple[fmpq, list[tuple[fmpq_poly, int]]]:
    """A number, and the irreducible factors with integer coefficients, the simplest first."""
    numerator = fmpz_poly([int(c * polynomial.denom()) for c in polynomial.coeffs()])
    content, pieces = numerator.factor()
    ordered = sorted(pieces, key=lambda piece: (piece[0].degree(), piece[1], [int(c) for c in piece[0].coeffs()]))
    return fmpq(content, polynomial.denom()), [(fmpq_poly(factor), times) for factor, times in ordered]


def _parts(over: fmpq_poly, under: fmpq_poly, factor: fmpq_poly, times: int, name: str) -> list[Expr]:
    """The part of ``over/under`` that belongs to one factor: ``A/p + B/p^2 + ...``."""
    modulus = factor**times
    cofactor = under / modulus if under.degree() else under
    _, inverse, _ = cofactor.xgcd(modulus)
    rest = (over * inverse) % modulus
    found: list[Expr] = []
    for level in range(times, 0, -1):
        rest, digit = divmod(rest, factor)
        if digit.degree() >= 0:
            found.append(_quotient(digit, _power(factor, level, name), name))
    return found[::-1]


def _power(factor: fmpq_poly, times: int, name: str) -> Expr:
    return raised_to(polynomial_tree(factor, name), times)


def _quotient(over: fmpq_poly, under: Expr, name: str) -> Expr:
    """``over/under`` with integers above; the denominator of the numbers goes in front."""
    denominator = int(over.denom())
    top = polynomial_tree(over * denominator, name)
    if denominator == 1:
        return _over(top, under)
    if top.op == "num" and top.number < 0:
        return neg(product_of(num(Fraction(-top.number, denominator)), div(ONE, under)))
    if top.op == "num":
        return product_of(num(Fraction(top.number, denominator)), div(ONE, under))
    return mul(num(Fraction(1, denominator)), div(top, under))


def _over(top: Expr, under: Expr) -> Expr:
    if top.op == "num" and top.number < 0:
        return neg(div(num(-top.number), under))
    return neg(div(top.args[0], under)) if top.op == "neg" else div(top, under)


RULES = (_rational_integrand,)
