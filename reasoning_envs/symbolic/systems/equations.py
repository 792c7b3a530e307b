"""Equations of a system as polynomials in its unknowns, and the moves on one of them with, or without, another.

A step changes one equation of a system, and the others stay: what can be done to these is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import NamedTuple

from flint import fmpq, fmpq_mpoly

from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm, form
from reasoning_envs.symbolic.equality.rings import Ring, fraction_to_expr, polynomial_to_expr
from reasoning_envs.symbolic.moves.changes import Later
from reasoning_envs.symbolic.moves.rules import scale
from reasoning_envs.symbolic.syntax.expression import ONE, ZERO, Expr, add, mul, num, power, sum_tokens, sym
from reasoning_envs.symbolic.syntax.statement import Comparison, Statement, equation, line_tokens
from reasoning_envs.symbolic.syntax.tokens import CONNECTIVES

__all__ = [
    "Equation",
    "Made",
    "Setting",
    "eliminated",
    "read_equation",
    "same_equation",
    "slope_and_rest",
    "solved_for",
    "tidied",
]

_EQUALS = CONNECTIVES["="]
_MAX_TERMS = 40
_MAX_BITS = 200


class Equation(NamedTuple):
    """An equation of a system.

    Attributes:
        line: as it is written.
        polynomial: left minus right, cleared of denominators without unknowns; None where it is no polynomial in them.
        solved: the unknown that stands alone on the left, and nowhere else in the equation; else None.
        table: coefficients, free of unknowns, by the exponents of the unknowns.
    """

    line: Comparison
    polynomial: fmpq_mpoly | None
    solved: str | None
    table: dict[tuple[int, ...], fmpq_mpoly]


class Setting(NamedTuple):
    """What all equations of an alternative share: the unknowns, the ring, and their columns in it."""

    unknowns: tuple[str, ...]
    ring: Ring
    columns: tuple[int, ...]

    def holds_unknown(self, polynomial: fmpq_mpoly) -> bool:
        """An unknown occurs in the polynomial."""
        degrees = polynomial.degrees()
        return any(degrees[column] for column in self.columns)

    def not_zero(self, polynomial: fmpq_mpoly) -> tuple[Statement, ...]:
        """The condition on letters that the polynomial is not 0."""
        if polynomial.is_constant() or self.holds_unknown(polynomial):
            return ()
        return (Comparison("!=", polynomial_to_expr(polynomial, self.ring), ZERO),)

    def written(self, polynomial: fmpq_mpoly) -> Later | None:
        """``polynomial = 0`` in standard form; None where it is too large."""
        left: list[Expr] = []
        right: list[Expr] = []
        terms = polynomial.to_dict()
        if len(terms) > _MAX_TERMS:
            return None
        ring, columns = self.ring, self.columns
        for exponents, coefficient in terms.items():
            if coefficient.height_bits() > _MAX_BITS:
                return None
            over, under = int(coefficient.p), int(coefficient.q)
            if any(exponents[column] for column in columns):
                left.append(_term(ring, exponents, over, under))
            else:
                right.append(_term(ring, exponents, -over, under))
        if not left:
            left = [_term(ring, exponents, int(c.p), int(c.q)) for exponents, c in terms.items()]
            right = []
        return Later(_EQUALS + sum_tokens(left) + sum_tokens(right), _equation_of_terms, left, right)


class Made(NamedTuple):
    """What a move makes of an equation: another one; None: nothing, it goes."""

    rule: str
    operand: Expr
    after: Statement | Later | None
    sound: bool = True
    conditions: tuple[Statement, ...] = ()


@lru_cache(maxsize=2048)
def read_equation(line: Comparison, setting: Setting) -> Equation:
    """The equation as a polynomial in the unknowns."""
    unknowns, ring, columns = setting
    solved: str | None = None
    if line.left.op == "sym" and line.left.value in unknowns and line.left.value not in line.right.symbols:
        solved = str(line.left.value)
    try:
        whole = form(line.left, ring).minus(form(line.right, ring))
    except (TooLarge, UndefinedForm):
        return Equation(line, None, solved, {})
    kernels = [ring.index[kernel.tokens] for kernel in ring.kernels if kernel.symbols]
    opaque = any(whole.numerator.degrees()[place] for place in kernels)
    if opaque or any(divisor.degrees()[place] for divisor in whole.divisors for place in (*columns, *kernels)):
        return Equation(line, None, solved, {})
    polynomial = whole.lowest_terms()[0]
    found: dict[tuple[int, ...], dict[tuple[int, ...], fmpq]] = {}
    for exponents, coefficient in polynomial.to_dict().items():
        key = tuple([exponents[column] for column in columns])
        rest = tuple([0 if i in columns else exponent for i, exponent in enumerate(exponents)])
        found.setdefault(key, {})[rest] = coefficient
    table = {key: ring.context.from_dict(terms) for key, terms in found.items()}
    return Equation(line, polynomial, solved, table)


@lru_cache(maxsize=2048)
def tidied(line: Comparison, setting: Setting) -> tuple[Made, ...]:
    """The equation in standard form, and with smaller whole coefficients."""
    one = read_equation(line, setting)
    polynomial = one.polynomial
    if polynomial is None or one.solved is not None or polynomial.is_zero():
        return ()
    found: list[Made] = []
    written = setting.written(polynomial)
    if written is not None and written.tokens != line_tokens(line):
        found.append(Made("tidy", line.left, written))
    content = _content(polynomial)
    if content != 1:
        scaled = setting.written(polynomial / content)
        if scaled is not None:
            found.append(Made("scale", num(Fraction(int(content.p), int(content.q))), scaled))
    return tuple(found)


@lru_cache(maxsize=2048)
def solved_for(line: Comparison, setting: Setting) -> tuple[Made, ...]:
    """Each unknown that the equation holds to the first power, by itself on the left."""
    one = read_equation(line, setting)
    found: list[Made] = []
    for name, column in zip(setting.unknowns, setting.columns, strict=True):
        split = None if one.polynomial is None else slope_and_rest(one.polynomial, column, setting)
        if split is None or name == one.solved:
            continue
        slope, rest = split
        unknown = sym(name)
        solution = equation(unknown, fraction_to_expr(-rest, slope, setting.ring))
        found.append(Made("solve for", unknown, solution, True, setting.not_zero(slope)))
        slipped = _slipped(rest, setting.ring)
        if slipped is not None and setting.holds_unknown(rest) and not setting.holds_unknown(slope):
            wrong = equation(unknown, fraction_to_expr(-slipped, slope, setting.ring))
            found.append(Made("solve with a sign slip", unknown, wrong, sound=False))
    return tuple(found)


def slope_and_rest(polynomial: fmpq_mpoly, column: int, setting: Setting) -> tuple[fmpq_mpoly, fmpq_mpoly] | None:
    """(a, b) for a*u + b with b free of u; None where it is not like that.

    Where a holds unknowns, a is one term and b is a number, not 0: then a is not 0 in any solution.
    """
    if polynomial.degrees()[column] != 1:
        return None
    slope: dict[tuple[int, ...], fmpq] = {}
    rest: dict[tuple[int, ...], fmpq] = {}
    for exponents, coefficient in polynomial.to_dict().items():
        if exponents[column]:
            slope[(*exponents[:column], 0, *exponents[column + 1 :])] = coefficient
        else:
            rest[exponents] = coefficient
    lead, known = setting.ring.context.from_dict(slope), setting.ring.context.from_dict(rest)
    if setting.holds_unknown(lead) and not (len(lead) == 1 and known.is_constant() and not known.is_zero()):
        return None
    return lead, known


@lru_cache(maxsize=4096)
def eliminated(line: Comparison, added: Comparison, setting: Setting) -> tuple[Made, ...]:
    """The equation with a multiple of another added, so that a term that both have goes."""
    one, other = read_equation(line, setting), read_equation(added, setting)
    if one.polynomial is None or other.polynomial is None:
        return ()
    found: list[Made] = []
    constant = other.table.get((0,) * len(setting.columns))
    slip = constant is not None
    for key, coefficient in one.table.items():
        pivot = other.table.get(key)
        if pivot is None or not any(key):
            continue
        conditions: tuple[Statement, ...] = ()
        if pivot.is_constant() and coefficient.is_constant():
            times = -coefficient.leading_coefficient() / pivot.leading_coefficient()
            new = one.polynomial + other.polynomial * times
            wrong = None if constant is None else new - constant * (2 * times)
            operand = num(Fraction(int(times.p), int(times.q)))
        else:
            new = one.polynomial * pivot - other.polynomial * coefficient
            wrong = None if constant is None else new + constant * coefficient * 2
            conditions = setting.not_zero(pivot)
            operand = polynomial_to_expr(-coefficient, setting.ring)
        if new.is_zero():
            found.append(Made("add a multiple", operand, None, True, conditions))
            break
        written = setting.written(new)
        if written is not None:
            found.append(Made("add a multiple", operand, written, True, conditions))
        slipped = setting.written(wrong) if slip and wrong is not None else None
        if slipped is not None:
            found.append(Made("add with a sign slip", operand, slipped, sound=False))
        slip = False
    return tuple(found)


def same_equation(first: fmpq_mpoly | None, second: fmpq_mpoly | None) -> bool:
    """The two are multiples of each other by a number, and not 0."""
    if first is None or second is None or first.is_zero() or second.is_zero():
        return False
    return bool(first * second.leading_coefficient() == second * first.leading_coefficient())


def _content(polynomial: fmpq_mpoly) -> fmpq:
    """The number by which to divide for whole coefficients without a common factor, the first of them positive."""
    coefficients = polynomial.coeffs()
    over = gcd(*[int(c.p) for c in coefficients])
    under = lcm(*[int(c.q) for c in coefficients])
    return fmpq(over if coefficients[0] > 0 else -over, under)


def _slipped(rest: fmpq_mpoly, ring: Ring) -> fmpq_mpoly | None:
    """The polynomial with the sign of its first term turned."""
    terms = rest.to_dict()
    for exponents, coefficient in terms.items():
        return rest - 2 * ring.context.from_dict({exponents: coefficient})
    return None


@lru_cache(maxsize=4096)
def _monomial(ring: Ring, exponents: tuple[int, ...]) -> Expr:
    pieces = [
        one if exponent == 1 else power(one, num(exponent))
        for one, exponent in zip(ring.expressions, exponents, strict=False)
        if exponent
    ]
    return mul(*pieces) if pieces else ONE


@lru_cache(maxsize=8192)
def _term(ring: Ring, exponents: tuple[int, ...], over: int, under: int) -> Expr:
    return scale(over if under == 1 else Fraction(over, under), _monomial(ring, exponents))


def _equation_of_terms(left: Sequence[Expr], right: Sequence[Expr]) -> Statement:
    return equation(add(*left), add(*right))
