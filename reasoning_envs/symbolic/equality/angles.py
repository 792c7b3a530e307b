"""Sines and cosines of sums and multiples of angles, written in the sines and cosines of the angles.

``sin(2x)`` beside ``sin(x)`` becomes ``2*sin(x)*cos(x)``, ``cos(x + pi/3)`` becomes ``cos(x)/2 - sqrt(3)/2*sin(x)``.
All arguments of some trees are whole multiples of common angles then, so that with ``sin^2 + cos^2 = 1`` an identity
between them is one of polynomials, and is proved.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd

from reasoning_envs.symbolic.equality.canonical import normal_form
from reasoning_envs.symbolic.equality.rings import nodes, polynomial_to_expr, to_rational
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
    rebuild,
)

__all__ = ["with_common_angles"]

_MAX_MULTIPLE = 16
_MAX_ANGLES = 5
_PI = const("pi")

_Sum = dict[Expr, Fraction]


def with_common_angles(*trees: Expr) -> tuple[Expr, ...] | None:
    """The trees with their sines and cosines taken apart; None where that changes nothing, or would lead too far.

    Args:
        trees: canonical trees (:func:`~reasoning_envs.symbolic.equality.canonical.canonical`).

    Raises:
        UndefinedForm, TooLarge: of an argument.
    """
    sums: dict[Expr, _Sum] = {}
    for tree in trees:
        for node in nodes(tree):
            if node.op in ("sin", "cos") and node.args[0] not in sums:
                parts = _parts(node.args[0])
                if parts is None:
                    return None
                sums[node.args[0]] = parts
    units = _units(sums.values())
    if len(units) > _MAX_ANGLES:
        return None
    multiples = [{angle: times / units.get(angle, 1) for angle, times in parts.items()} for parts in sums.values()]
    if any(abs(times) > _MAX_MULTIPLE for parts in multiples for angle, times in parts.items() if angle != _PI):
        return None
    if all(len(parts) == 1 and _PI not in parts and set(parts.values()) <= {1, -1} for parts in multiples):
        return None  # each is an angle of its own already
    known = {argument: _cosine_and_sine(parts, units) for argument, parts in sums.items()}
    return tuple([_replaced(tree, known) for tree in trees])


def _parts(argument: Expr) -> _Sum | None:
    """The argument as a sum of numbers times angles; None where it is no such sum."""
    found, _ = normal_form(argument)
    top, down = found.lowest_terms()
    if not down.is_constant():
        return None
    scale = to_rational(down.leading_coefficient())
    parts: _Sum = {}
    for exponents, coefficient in top.to_dict().items():
        monomial = found.ring.context.from_dict({exponents: 1})
        parts[polynomial_to_expr(monomial, found.ring)] = to_rational(coefficient) / scale
    return parts


def _units(sums: Iterable[_Sum]) -> dict[Expr, Fraction]:
    """For each angle but pi the largest number of which all its multiples are whole multiples."""
    units: dict[Expr, Fraction] = {}
    for parts in sums:
        for angle, times in parts.items():
            if angle != _PI:
                old = units.get(angle, Fraction(0))
                units[angle] = Fraction(
                    gcd(old.numerator * times.denominator, times.numerator * old.denominator),
                    old.denominator * times.denominator,
                )
    return units


def _cosine_and_sine(parts: _Sum, units: dict[Expr, Fraction]) -> tuple[Expr, Expr]:
    """By the formulas for sums, one angle after the other."""
    cosine, sine = ONE, ZERO
    for angle, times in parts.items():
        if angle == _PI:
            c, s = _of_turn(times)
        else:
            unit = units[angle]
            c, s = _of_multiple(mul(num(unit), angle) if unit != 1 else angle, int(times / unit))
        cosine, sine = add(mul(cosine, c), neg(mul(sine, s))), add(mul(sine, c), mul(cosine, s))
    return cosine, sine


def _of_multiple(angle: Expr, times: int) -> tuple[Expr, Expr]:
    """``cos(n a)`` and ``sin(n a)`` as polynomials of ``cos(a)`` and ``sin(a)`` (Chebyshev)."""
    c, s = call("cos", angle), call("sin", angle)
    first, second = [1], [0, 1]  # T_0, T_1
    under, over = [0], [1]  # U_-1, U_0
    for _ in range(abs(times)):
        first, second = second, _next(first, second)
        under, over = over, _next(under, over)
    sine = mul(s, _polynomial(under, c))
    return _polynomial(first, c), sine if times >= 0 else neg(sine)


def _next(before: list[int], now: list[int]) -> list[int]:
    """``2x P_n - P_(n-1)``."""
    doubled = [0, *[2 * value for value in now]]
    return [value - (before[place] if place < len(before) else 0) for place, value in enumerate(doubled)]


def _polynomial(coefficients: list[int], at: Expr) -> Expr:
    terms = [
        mul(num(value), power(at, num(place))) if place else num(value)
        for place, value in enumerate(coefficients)
        if value
    ]
    return add(*terms) if len(terms) > 1 else terms[0] if terms else ZERO


_HALF = div(ONE, num(2))
_FIRST = {
    Fraction(0): (ONE, ZERO),
    Fraction(1, 6): (div(call("sqrt", num(3)), num(2)), _HALF),
    Fraction(1, 4): (div(call("sqrt", num(2)), num(2)), div(call("sqrt", num(2)), num(2))),
    Fraction(1, 3): (_HALF, div(call("sqrt", num(3)), num(2))),
    Fraction(1, 2): (ZERO, ONE),
}
"""Cosine and sine of parts of pi."""


def _of_turn(times: Fraction) -> tuple[Expr, Expr]:
    """``cos(r pi)`` and ``sin(r pi)``."""
    times %= 2
    if times >= 1:
        c, s = _of_turn(times - 1)
        return neg(c), neg(s)
    if times > Fraction(1, 2):
        c, s = _of_turn(1 - times)
        return neg(c), s
    if times in _FIRST:
        return _FIRST[times]
    angle = mul(num(times), _PI)
    return call("cos", angle), call("sin", angle)


def _replaced(tree: Expr, known: dict[Expr, tuple[Expr, Expr]]) -> Expr:
    if tree.op in ("sin", "cos"):
        cosine, sine = known[tree.args[0]]
        return cosine if tree.op == "cos" else sine
    if tree.op in ("add", "mul", "div", "neg"):
        return rebuild(tree.op, tuple([_replaced(arg, known) for arg in tree.args]))
    if tree.op == "pow" and isinstance(tree.args[1].value, int):
        return power(_replaced(tree.args[0], known), tree.args[1])
    return tree
