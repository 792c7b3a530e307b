"""Values of expressions: exact fractions, residues modulo a prime, and certified intervals.

These answer the two questions that moves ask of an expression at every step, quickly: is it identically zero, and
which sign does a constant have?
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from reasoning_envs.symbolic.syntax.expression import Expr, Number

if TYPE_CHECKING:
    from flint import arb

__all__ = ["constant_sign", "enclosure", "exact_value", "identically_zero", "residue"]

PRIME = (1 << 61) - 1
_NEGATIVE = 2
"""The salt at which symbols stand for negative numbers in an enclosure."""
_MAX_BITS = 4096
_CACHE_LIMIT = 200_000


def exact_value(expr: Expr, values: Mapping[str, Number] | None = None) -> Number | None:
    """The value as an exact number, or None where it is not rational, not defined, too large, or has free symbols."""
    op = expr.op
    if op == "num":
        return expr.number
    if op == "sym":
        return None if values is None else values.get(str(expr.value))
    if op not in ("add", "mul", "div", "pow", "neg", "abs"):
        return None
    inner = []
    for arg in expr.args:
        value = exact_value(arg, values)
        if value is None:
            return None
        inner.append(value)
    if op == "add":
        return _plain(sum(inner))
    if op == "mul":
        result: Number = 1
        for value in inner:
            result = result * value
        return _plain(result)
    if op == "neg":
        return -inner[0]
    if op == "abs":
        return inner[0] if inner[0] >= 0 else -inner[0]
    if op == "div":
        return None if inner[1] == 0 else _plain(Fraction(inner[0]) / inner[1])
    base, exponent = inner
    if isinstance(exponent, Fraction) or (base == 0 and exponent <= 0):
        return None
    if (
        base.numerator.bit_length() * abs(exponent) > _MAX_BITS
        or base.denominator.bit_length() * abs(exponent) > _MAX_BITS
    ):
        return None
    raised: Number = Fraction(base) ** exponent
    return _plain(raised)


def _plain(value: Number) -> Number:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


_residues: dict[bytes, int | None] = {}


def residue(expr: Expr, prime: int = PRIME, salt: int = 0) -> int | None:
    """The value modulo ``prime`` with each symbol at a fixed pseudo-random point that depends on its name and ``salt``.

    None where it is not defined there (a denominator divisible by the prime, a root, a logarithm).
    """
    default = prime == PRIME and salt == 0
    if default and expr.args:
        try:
            return _residues[expr.tokens]
        except KeyError:
            pass
    value = _residue(expr, prime, salt)
    if default and expr.args:
        if len(_residues) > _CACHE_LIMIT:
            _residues.clear()
        _residues[expr.tokens] = value
    return value


def _residue(expr: Expr, prime: int, salt: int) -> int | None:
    op = expr.op
    if op == "num":
        number = expr.number
        if isinstance(number, int):
            return number % prime
        under = number.denominator % prime
        return None if under == 0 else number.numerator * pow(under, -1, prime) % prime
    if op == "sym":
        seed = f"{salt}:{expr.value}".encode()
        return (
            (zlib.crc32(seed) << 32 | zlib.crc32(seed[::-1])) % (prime - 2) + 2
            if prime > 100
            else (zlib.crc32(seed) % prime)
        )
    if op == "pow":
        base = residue(expr.args[0], prime, salt)
        exponent = expr.args[1].value
        if base is None or expr.args[1].op != "num" or not isinstance(exponent, int):
            return None
        if exponent <= 0 and base == 0:
            return None
        return pow(base, exponent, prime)
    if op not in ("add", "mul", "div", "neg"):
        return None
    inner = []
    for arg in expr.args:
        value = residue(arg, prime, salt)
        if value is None:
            return None
        inner.append(value)
    if op == "add":
        return sum(inner) % prime
    if op == "mul":
        result = 1
        for value in inner:
            result = result * value % prime
        return result
    if op == "neg":
        return -inner[0] % prime
    return None if inner[1] == 0 else inner[0] * pow(inner[1], -1, prime) % prime


def identically_zero(expr: Expr) -> bool | None:
    """Is the expression zero at every value of its symbols? None where no method can tell.

    Rational functions are evaluated at two points modulo a 61-bit prime (Schwartz-Zippel: a wrong True has a chance
    below 1e-30 for the degrees that occur); what vanishes there, and all else, is enclosed with the symbols at positive
    and at negative points at 256 bits.
    """
    first = residue(expr)
    if first is not None and (first != 0 or residue(expr, PRIME, 1) != 0):
        return False
    # Also where the residues vanish: a number may be a multiple of the prime.
    found = False
    for salt in (1, _NEGATIVE):
        ball = enclosure(expr, salt)
        if ball is None:
            continue
        if not ball.contains(0):
            return False
        found = found or float(ball.rad()) < 1e-40
    return True if found or first == 0 else None


def constant_sign(expr: Expr) -> int | None:
    """-1, 0 or 1 for a constant; None where it is undefined, has free symbols, or cannot be told."""
    if expr.symbols:
        return 0 if identically_zero(expr) else None
    value = exact_value(expr)
    if value is not None:
        return (value > 0) - (value < 0)
    ball = enclosure(expr, 0)
    if ball is None:
        return None
    if not ball.contains(0):
        return 1 if ball > 0 else -1
    return 0 if float(ball.rad()) < 1e-40 else None


def enclosure(expr: Expr, salt: int, bits: int = 256) -> arb | None:
    """A certified real interval for the value, symbols at fixed points: positive, with ``salt`` 2 negative.

    None where the value is not real, not finite, or not defined there.
    """
    from flint import arb, ctx

    before = ctx.prec
    ctx.prec = bits
    try:
        ball = _enclose(expr, salt)
    finally:
        ctx.prec = before
    return ball if isinstance(ball, arb) and ball.is_finite() else None


def _enclose(expr: Expr, salt: int) -> arb | None:
    from flint import arb, fmpq

    op = expr.op
    if op == "num":
        number = expr.number
        return arb(fmpq(number.numerator, number.denominator))
    if op == "sym":
        size = zlib.crc32(f"{salt}:{expr.value}".encode()) % 9973 + 1
        return arb(fmpq(-size if salt == _NEGATIVE else size, 2003))
    if op == "const":
        return {"pi": arb.pi, "e": arb.const_e}[str(expr.value)]() if expr.value in ("pi", "e") else None
    inner = []
    for arg in expr.args:
        value = _enclose(arg, salt)
        if value is None:
            return None
        inner.append(value)
    first = inner[0]
    if op == "add":
        total = first
        for value in inner[1:]:
            total = total + value
        return total
    if op == "mul":
        total = first
        for value in inner[1:]:
            total = total * value
        return total
    if op == "neg":
        return -first
    if op == "div":
        return None if inner[1].contains(0) else first / inner[1]
    if op == "pow":
        exponent = expr.args[1].value
        if isinstance(exponent, int) and abs(exponent) <= 10_000:
            from reasoning_envs.symbolic.values.balls import whole_power

            return None if exponent < 0 and first.contains(0) else whole_power(first, exponent)
        return first ** inner[1] if first > 0 else None
    if op == "sqrt":
        return first.sqrt() if first >= 0 or first == 0 else None
    if op == "root":
        degree = expr.args[1].value
        if not isinstance(degree, int) or degree < 1:
            return None
        if first >= 0:
            return first.root(degree)
        return -((-first).root(degree)) if degree % 2 and first < 0 else None
    if op == "abs":
        return abs(first)
    if op == "exp":
        return first.exp()
    if op == "ln":
        return first.log() if first > 0 else None
    if op == "log":
        return first.log() / inner[1].log() if first > 0 and inner[1] > 0 and not inner[1].contains(1) else None
    method = getattr(first, op, None)
    return method() if method is not None else None
