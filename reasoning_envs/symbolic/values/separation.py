"""How close to 0 an algebraic number can be that is not 0: proofs of equality from balls.

Numbers that are built from integers by the four operations, roots, and sines, cosines and tangents of rational
multiples of pi are algebraic. Such a number is a quotient of algebraic integers whose conjugates are bounded, and the
norm of a non-zero algebraic integer is at least 1, so that the number is 0 or larger than a bound (Burnikel, Fleischer,
Mehlhorn and Schirra, *A strong and easily computable separation bound for arithmetic expressions involving radicals*,
2000). A sum of arcs such as ``atan(2) + atan(3) - 3pi/4`` is no algebraic number, but ``e^(i a)`` of it is.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import lcm, log2
from typing import Any, NamedTuple

from flint import acb, arb, fmpz

from reasoning_envs.symbolic.syntax.expression import ONE, Expr, add, call, const, div, mul, neg, num, power, walk
from reasoning_envs.symbolic.values.arithmetic import rational_value
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision
from reasoning_envs.symbolic.values.enclosures import value_at

__all__ = ["is_certain_zero", "separation", "vanishing_divisor"]

MAX_BITS = 12_000
"""At this precision a number is evaluated at most."""
_MAX_ORDER = 5000
_MAX_DEGREE = 100_000
_GUARD = 64
_E, _I = const("e"), const("i")
_MAX_ARCS = 24
_ALMOST_A_TURN = 6


class _Size(NamedTuple):
    """``U/L`` with algebraic integers U and L: base-2 logarithms of bounds of their conjugates."""

    over: float
    under: float


class _NotAlgebraic(ValueError):
    """The expression is no number, or not one that is known to be algebraic."""


@lru_cache(maxsize=256)
def separation(expr: Expr) -> int | None:
    """Bits b such that the number is 0 if it is smaller than ``2^-b``; None where it is not known to be algebraic.

    The number must have a value: its divisors are not 0.
    """
    work = _Work()
    try:
        size = work.size(expr)
        degree = work.degree()
    except _NotAlgebraic:
        return None
    return int((degree - 1) * size.over + size.under) + 3


def is_certain_zero(expr: Expr) -> bool | None:
    """Whether a constant is 0, with proof; None where nobody can tell."""
    bits = separation(expr)
    if bits is None:
        return _is_zero_angle(expr)
    if bits + 2 * _GUARD > MAX_BITS:
        return None
    with precision(bits + 2 * _GUARD):
        try:
            value = value_at(expr, {}, "complex" if _is_complex(expr) else "real")
        except (Undefined, Unclear):
            return None
        return _is_below(value, bits)


def _is_zero_angle(expr: Expr) -> bool | None:
    """Of a sum of arcs and parts of pi: 0 if it is small and a whole number of turns, which algebraic numbers tell."""
    arcs: list[tuple[Fraction, Expr]] = []
    turns = _collect_arcs(expr, Fraction(1), arcs)
    if turns is None or not arcs:
        return None
    whole = lcm(turns.denominator, *[times.denominator for times, _ in arcs])
    if any(abs(times * whole) > _MAX_ARCS for times, _ in arcs):
        return None
    factors = [call("exp", mul(_I, num(turns * whole), const("pi")))]
    for times, arc in arcs:
        factors.append(power(_direction(arc), num((times * whole).numerator)))
    with precision(_GUARD):
        try:
            angle = arb(value_at(expr, {}))
        except (Undefined, Unclear):
            return None
        if not abs(angle * whole) < _ALMOST_A_TURN:
            return None
    return is_certain_zero(add(mul(*factors), num(-1)))


def _collect_arcs(node: Expr, scale: Fraction, arcs: list[tuple[Fraction, Expr]]) -> Fraction | None:
    """Enter the arcs of a sum, each with what it is multiplied by; what pi is. None of what is no such sum."""
    op, args = node.op, node.args
    if op in ("asin", "acos", "atan"):
        arcs.append((scale, node))
        return Fraction(0)
    if op == "neg":
        return _collect_arcs(args[0], -scale, arcs)
    if op == "add":
        parts = [_collect_arcs(arg, scale, arcs) for arg in args]
        known = [part for part in parts if part is not None]
        return sum(known, Fraction(0)) if len(known) == len(parts) else None
    if op == "div" and (under := rational_value(args[1])):
        return _collect_arcs(args[0], scale / Fraction(under), arcs)
    if op == "mul":
        values = [rational_value(arg) for arg in args]
        others = [arg for arg, value in zip(args, values, strict=True) if value is None]
        if len(others) == 1:
            for value in values:
                scale *= Fraction(1 if value is None else value)
            return _collect_arcs(others[0], scale, arcs)
    found = _turns(node)
    return None if found is None else found * scale


def _direction(arc: Expr) -> Expr:
    """``e^(i a)`` of an arc ``a``, without the arc."""
    x = arc.args[0]
    if arc.op == "atan":
        return div(add(ONE, mul(_I, x)), call("sqrt", add(ONE, power(x, num(2)))))
    other = call("sqrt", add(ONE, neg(power(x, num(2)))))
    return add(other, mul(_I, x)) if arc.op == "asin" else add(x, mul(_I, other))


def _is_below(value: Any, bits: int) -> bool | None:
    size = abs(acb(value) if isinstance(value, acb) else arb(value))
    if size < arb(2) ** -bits:
        return True
    return False if size > 0 else None


def vanishing_divisor(expr: Expr) -> Expr | None:
    """A part of a constant that is divided by, or of which a logarithm is taken, and that is 0 for certain."""
    for node in walk(expr):
        if node.op == "div" or (node.op == "pow" and _is_negative(node.args[1])):
            divisor = node.args[1] if node.op == "div" else node.args[0]
        elif node.op == "tan":
            divisor = call("cos", node.args[0])
        elif node.op == "ln":
            divisor = node.args[0]
        else:
            continue
        if not divisor.symbols and is_certain_zero(divisor):
            return divisor
    return None


def _is_negative(exponent: Expr) -> bool:
    value = rational_value(exponent)
    return value is not None and value < 0


def _is_complex(expr: Expr) -> bool:
    return any(node.op == "const" and node.value == "i" for node in walk(expr))


def _turns(node: Expr) -> Fraction | None:
    """The rational number that pi is multiplied by; None of what is no rational multiple of pi."""
    op, args = node.op, node.args
    if op == "const" and node.value == "pi":
        return Fraction(1)
    if op == "num":
        return Fraction(0) if node.number == 0 else None
    if op == "neg":
        found = _turns(args[0])
        return None if found is None else -found
    if op == "add":
        parts = [_turns(arg) for arg in args]
        return None if None in parts else sum([part for part in parts if part is not None], Fraction(0))
    if op == "div":
        over, under = _turns(args[0]), rational_value(args[1])
        return None if over is None or not under else over / Fraction(under)
    if op == "mul":
        turned: Fraction | None = None
        scale = Fraction(1)
        for arg in args:
            value = rational_value(arg)
            if value is not None:
                scale *= Fraction(value)
            elif turned is None and (found := _turns(arg)) is not None:
                turned = found
            else:
                return None
        return None if turned is None else turned * scale
    return None


def _without_i(node: Expr) -> Expr | None:
    """The factor of the imaginary unit in a product; None of what is none."""
    if node.op == "const":
        return ONE if node.value == "i" else None
    if node.op == "neg":
        inner = _without_i(node.args[0])
        return None if inner is None else neg(inner)
    if node.op == "div":
        inner = _without_i(node.args[0])
        return None if inner is None else div(inner, node.args[1])
    if node.op == "mul":
        for place, arg in enumerate(node.args):
            inner = _without_i(arg)
            if inner is not None:
                return mul(*node.args[:place], inner, *node.args[place + 1 :])
    return None


class _Work:
    """One expression: its roots, each counted once, and the order of its roots of unity."""

    def __init__(self) -> None:
        self.roots: dict[bytes, int] = {}
        self.order = 1

    def degree(self) -> int:
        """Of a field that holds the number, at most."""
        degree = int(fmpz(self.order).euler_phi())
        for root in self.roots.values():
            degree *= root
            if degree > _MAX_DEGREE:
                raise _NotAlgebraic
        return degree

    def size(self, node: Expr) -> _Size:
        op, args = node.op, node.args
        if op == "num":
            value = Fraction(node.number)
            return _Size(log2(max(1, abs(value.numerator))), log2(value.denominator))
        if op == "const":
            if node.value != "i":
                raise _NotAlgebraic
            self.order = lcm(self.order, 4)
            return _Size(0.0, 0.0)
        if op in ("sin", "cos", "tan"):
            return self.circular(op, args[0])
        if op == "neg" or (op == "abs" and not _is_complex(node)):
            return self.size(args[0])
        if op == "abs" and not any(part.op in ("sqrt", "root", "pow") and _is_complex(part) for part in walk(args[0])):
            inner = self.size(args[0])  # the root of the number times its conjugate, which lies in the same field
            return self.rooted(node, _Size(2 * inner.over, 2 * inner.under), 2)
        if op == "add":
            total = self.size(args[0])
            for arg in args[1:]:
                part = self.size(arg)
                larger = max(total.over + part.under, part.over + total.under)
                total = _Size(larger + 1, total.under + part.under)
            return total
        if op == "mul":
            parts = [self.size(arg) for arg in args]
            return _Size(sum(part.over for part in parts), sum(part.under for part in parts))
        if op == "div":
            over, under = self.size(args[0]), self.size(args[1])
            return _Size(over.over + under.under, over.under + under.over)
        if op == "sqrt":
            return self.root(node, args[0], 2)
        if op == "root" and isinstance(args[1].value, int) and args[1].value > 0:
            return self.root(node, args[0], args[1].value)
        if op == "exp":
            return self.root_of_unity(args[0])
        if op == "pow":
            return self.root_of_unity(args[1]) if args[0] == _E else self.power(node, args[0], args[1])
        raise _NotAlgebraic

    def root_of_unity(self, exponent: Expr) -> _Size:
        """``e^(i pi p/q)``."""
        factor = _without_i(exponent)
        self.turn(None if factor is None else _turns(factor))
        return _Size(0.0, 0.0)

    def power(self, node: Expr, base: Expr, exponent: Expr) -> _Size:
        value = rational_value(exponent)
        if value is None:
            raise _NotAlgebraic
        times = Fraction(value)
        size = self.size(base)
        if times < 0:
            size, times = _Size(size.under, size.over), -times
        size = _Size(size.over * times.numerator, size.under * times.numerator)
        return size if times.denominator == 1 else self.rooted(node, size, times.denominator)

    def root(self, node: Expr, radicand: Expr, degree: int) -> _Size:
        return self.rooted(node, self.size(radicand), degree)

    def rooted(self, node: Expr, size: _Size, degree: int) -> _Size:
        """``(U/L)^(1/k)`` as ``(U L^(k-1))^(1/k)/L``."""
        self.roots[node.key] = degree
        return _Size((size.over + (degree - 1) * size.under) / degree, size.under)

    def circular(self, op: str, argument: Expr) -> _Size:
        """Twice a sine or a cosine is a sum of two roots of unity."""
        self.turn(_turns(argument))
        return _Size(1.0, 1.0)

    def turn(self, turns: Fraction | None) -> None:
        """Make room for the roots of unity whose angle is this part of pi."""
        if turns is None:
            raise _NotAlgebraic
        self.order = lcm(self.order, 4 * turns.denominator)
        if self.order > _MAX_ORDER:
            raise _NotAlgebraic
