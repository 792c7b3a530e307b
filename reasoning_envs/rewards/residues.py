"""A line as numbers: left side less right side at fixed points, modulo small primes.

Two lines with the same solutions vanish at the same points, modulo every prime; lines that differ by a constant factor
have residues in a constant ratio. A judge that is shown these residues can learn the test of equality instead of
learning values by heart (the *arithmetic* track of learned PRMs).

The points are x = 0 .. p - 1 for each p of :data:`MODULI`; a letter has one fixed value in 1 .. p - 1 for each p, drawn
from its name. Sums, products, quotients and integer powers are exact. ``sqrt`` is the root up to (p - 1)/2 where there
is one, and ``abs`` the smaller of v and p - v, so that sqrt(u)^2 = u and sqrt(u^2) = |u| hold here too. There is no
positive and negative modulo p, though: a side with a root or an absolute value is therefore taken with both of its
signs, and what counts is the product (sqrt(u) = v vanishes where u = v^2 does). A power whose exponent is a polynomial
takes the exponent modulo p - 1, as Fermat asks. Other functions are fixed random tables of their arguments' residues:
they only know that equal arguments give equal values (:func:`opaque_parts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.symbolic.syntax.expression import Expr, neg, rebuild
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Or, Statement, Truth

__all__ = ["MODULI", "POINTS", "opaque_parts", "statement_residues"]

MODULI = (7, 11, 13)
POINTS = sum(MODULI)

_Ints = NDArray[np.int64]
_Value = tuple[_Ints, NDArray[np.bool_] | None]  # residues, and where they are undefined (None: nowhere)

_P: _Ints = np.repeat(np.array(MODULI), MODULI)  # the modulus of each point
_WHICH: _Ints = np.repeat(np.arange(len(MODULI)), MODULI)
_X: _Ints = np.concatenate([np.arange(p) for p in MODULI])
_ZEROS: _Ints = np.zeros(POINTS, dtype=np.int64)
_ONES: _Ints = np.ones(POINTS, dtype=np.int64)
_TOP = max(MODULI)
_SIGNED = ("sqrt", "abs")
_KNOWN = frozenset(("add", "mul", "neg", "div", "sqrt", "abs"))


def _tables() -> tuple[_Ints, _Ints, _Ints]:
    """``power[which, v, k]`` = v^k, ``inverse[which, v]`` (0 for none), ``root[which, v]`` (-1 for none)."""
    power = np.zeros((len(MODULI), _TOP, _TOP), dtype=np.int64)
    inverse = np.zeros((len(MODULI), _TOP), dtype=np.int64)
    root = np.full((len(MODULI), _TOP), -1, dtype=np.int64)
    for which, p in enumerate(MODULI):
        for v in range(p):
            for k in range(p):
                power[which, v, k] = pow(v, k, p)
            if v:
                inverse[which, v] = pow(v, -1, p)
            if v <= p // 2:
                root[which, v * v % p] = v
    return power, inverse, root


_POWER, _INVERSE, _ROOT = _tables()


def statement_residues(statement: Statement, unknown: str) -> NDArray[np.uint8]:
    """The residues of a line, ``[POINTS]``; the modulus itself marks a point where the line is undefined.

    Alternatives are multiplied; of an *and* the equations count and vanish together; ``all reals`` is 0 everywhere
    and ``no solution`` 1.
    """
    values, undefined = _statement(statement, unknown)
    codes = values if undefined is None else np.where(undefined, _P, values)
    return codes.astype(np.uint8)


def _statement(statement: Statement, unknown: str) -> _Value:
    if isinstance(statement, Comparison):
        gap, bad = _gap(statement, unknown)
        if _has_signs(statement.left) or _has_signs(statement.right):
            other, other_bad = _gap(_with_other_signs(statement), unknown)
            return gap * other % _P, _either(bad, other_bad)
        return gap, bad
    if isinstance(statement, Truth):
        return (_ZEROS if statement.value else _ONES), None
    parts = statement.parts
    if isinstance(statement, And):
        equations = [part for part in parts if not isinstance(part, Comparison) or part.op == "="]
        parts = tuple(equations) or parts[:1]
    values, bad = _statement(parts[0], unknown)
    for part in parts[1:]:
        more, more_bad = _statement(part, unknown)
        values = values * more % _P if isinstance(statement, Or) else np.where(values == 0, more, values)
        bad = _either(bad, more_bad)
    return values, bad


def _gap(line: Comparison, unknown: str) -> _Value:
    left, left_bad = _value(line.left, unknown)
    right, right_bad = _value(line.right, unknown)
    return (left - right) % _P, _either(left_bad, right_bad)


def _has_signs(node: Expr) -> bool:
    """A root or an absolute value stands in it."""
    return node.op in _SIGNED or any(_has_signs(arg) for arg in node.args)


def _with_other_signs(line: Comparison) -> Comparison:
    return Comparison(line.op, _turned(line.left), _turned(line.right))


def _turned(node: Expr) -> Expr:
    """With a minus before each root and absolute value; those within them stay."""
    if node.op in _SIGNED:
        return neg(node)
    return rebuild(node.op, tuple([_turned(arg) for arg in node.args])) if node.args else node


def opaque_parts(statement: Statement) -> frozenset[bytes]:
    """The parts of a line of which residues know nothing but that equal ones are equal, by their keys."""
    if isinstance(statement, Comparison):
        return frozenset(part.key for side in (statement.left, statement.right) for part in _opaque(side))
    if isinstance(statement, Truth):
        return frozenset()
    return frozenset().union(*(opaque_parts(part) for part in statement.parts))


def _opaque(node: Expr) -> Iterator[Expr]:
    if node.op in ("pow", "exp"):
        exponent = node.args[-1]
        if (exponent.op != "num" and exponent.symbols) or (exponent.op == "num" and exponent.number.denominator > 2):
            yield node
            return
    elif node.args and node.op not in _KNOWN:
        yield node
        return
    for arg in node.args:
        yield from _opaque(arg)


def _either(a: NDArray[np.bool_] | None, b: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    if a is None:
        return b
    return a if b is None else a | b


@lru_cache(maxsize=4096)
def _number(value: int | Fraction) -> _Value:
    if isinstance(value, Fraction):
        over, under = _number(value.numerator)[0], _number(value.denominator)[0]
        return over * _INVERSE[_WHICH, under] % _P, (under == 0) if (under == 0).any() else None
    return np.repeat(np.array([value % p for p in MODULI]), MODULI), None


@lru_cache(maxsize=1024)
def _order(value: int) -> _Ints:
    """An integer exponent modulo p - 1."""
    return np.repeat(np.array([value % (p - 1) for p in MODULI]), MODULI)


@lru_cache(maxsize=1024)
def _letter(name: str) -> _Ints:
    return np.repeat(np.array([1 + crc32(f"{name} mod {p}".encode()) % (p - 1) for p in MODULI]), MODULI)


@lru_cache(maxsize=64)
def _table(name: str) -> _Ints:
    """A fixed random function of two residues, ``[moduli, v, w]``."""
    rng = np.random.default_rng(crc32(name.encode()))
    return np.stack([rng.integers(0, p, size=(_TOP, _TOP)) for p in MODULI])


def _value(node: Expr, unknown: str) -> _Value:
    op = node.op
    if op == "num":
        return _number(node.number)
    if op == "sym":
        return (_X if node.value == unknown else _letter(str(node.value))), None
    if op == "const":
        return _letter(str(node.value) + " the constant"), None
    if op == "pow":
        return _power(node.args[0], node.args[1], unknown)
    if op == "exp":
        return _raise(_letter("e the constant"), None, node.args[0], unknown)
    values, bad = _value(node.args[0], unknown)
    if op == "add" or op == "mul":
        for arg in node.args[1:]:
            more, more_bad = _value(arg, unknown)
            values = (values + more if op == "add" else values * more) % _P
            bad = _either(bad, more_bad)
        return values, bad
    if op == "neg":
        return -values % _P, bad
    if op == "div":
        under, under_bad = _value(node.args[1], unknown)
        poles = under == 0
        return values * _INVERSE[_WHICH, under] % _P, _either(_either(bad, under_bad), poles if poles.any() else None)
    if op == "sqrt":
        return _square_root(values, bad)
    if op == "abs":
        return np.minimum(values, _P - values), bad
    if len(node.args) == 2:
        second, second_bad = _value(node.args[1], unknown)
        return _table(op)[_WHICH, values, second], _either(bad, second_bad)
    return _table(op)[_WHICH, values, 0], bad


def _square_root(values: _Ints, bad: NDArray[np.bool_] | None) -> _Value:
    roots = _ROOT[_WHICH, values]
    missing = roots < 0
    return np.where(missing, 0, roots), _either(bad, missing if missing.any() else None)


def _power(base: Expr, exponent: Expr, unknown: str) -> _Value:
    values, bad = _value(base, unknown)
    if exponent.op != "num":
        return _raise(values, bad, exponent, unknown)
    number = exponent.number
    if isinstance(number, Fraction):
        if number.denominator != 2:
            order = _number(number)[0]
            return _table("pow")[_WHICH, values, order], bad
        values, bad = _square_root(values, bad)
        number = number.numerator
    if number == 0:
        return _ONES, bad
    powers = _POWER[_WHICH, values, _order(number)]
    zero = values == 0
    if zero.any():
        if number < 0:
            bad = _either(bad, zero)
        else:
            powers = np.where(zero, 0, powers)
    return powers, bad


def _raise(values: _Ints, bad: NDArray[np.bool_] | None, exponent: Expr, unknown: str) -> _Value:
    order = _exponent(exponent, unknown)
    if order is not None:
        return _POWER[_WHICH, values, order], bad
    residue, residue_bad = _value(exponent, unknown)
    return _table("pow")[_WHICH, values, residue], _either(bad, residue_bad)


def _exponent(node: Expr, unknown: str) -> _Ints | None:
    """The exponent modulo p - 1 at each point; None where it is no polynomial with integer coefficients."""
    op = node.op
    if op == "num":
        number = node.number
        return None if isinstance(number, Fraction) else _order(number)
    if op == "sym":
        return (_X if node.value == unknown else _letter(str(node.value))) % (_P - 1)
    if op not in ("add", "mul", "neg"):
        return None
    total: _Ints | None = None
    for arg in node.args:
        part = _exponent(arg, unknown)
        if part is None:
            return None
        if total is None:
            total = part
        else:
            total = (total + part if op == "add" else total * part) % (_P - 1)
    return None if total is None else (-total % (_P - 1) if op == "neg" else total)
