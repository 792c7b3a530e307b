"""Exact numbers as people write them."""

from __future__ import annotations

from fractions import Fraction

from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.values.evaluation import enclosure, exact_value

__all__ = ["constant_text", "number_text"]


def number_text(value: int | Fraction) -> str:
    """A number as people write it: as a decimal where that ends soon, else as a fraction with its decimal."""
    value = Fraction(value)
    if value.denominator == 1:
        if abs(value) < 10**40:
            return str(value.numerator)
        return f"about {float(value):.6g}" if abs(value) < 10**300 else "a huge number"
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest == 1 and value.denominator < 10**9:
        return _ending(value)
    if value.denominator < 10**6:
        return f"{value.numerator}/{value.denominator} (about {float(value):.6g})"
    return f"about {float(value):.6g}"


def _ending(value: Fraction) -> str:
    places = 0
    while value.denominator != 1 and (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def constant_text(expr: Expr) -> str:
    """The value of a constant, about."""
    value = exact_value(expr)
    if value is not None:
        return number_text(value)
    ball = enclosure(expr, 0)
    return str(expr) if ball is None else f"about {float(ball.mid()):.6g}"
