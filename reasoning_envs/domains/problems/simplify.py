"""Expressions to bring into a normal form, by goal and level, each with its answer.

Everything is built backwards from an answer, or with an answer that is computed exactly while it is built: factors are
multiplied out, fractions taken apart, roots of squares hidden. A level is ``goal-n`` with n from 1 to 3; what grows
with n is the number of terms, brackets and letters, and the size of the numbers.

Floors of the moves interface, on 40 problems of each level and at most 30 steps: random play solves between 0
(``one_fraction-2``) and .6 (``powers-2``), the shortest new candidate between 0 and .78, best-first search for short
lines (300 expansions, the first answer counts) between 0 (``expand-3``) and .8 (``powers-1``, ``radicals-1``). The same
search among sound candidates alone, which nobody who plays can tell apart, solves all but .28 of ``expand-3``.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd

import numpy as np
from flint import fmpq_poly

from reasoning_envs.domains.problems.algebra.pen import Pen, X
from reasoning_envs.symbolic.calculus.differentiation import sum_of
from reasoning_envs.symbolic.calculus.rules.fractions import factors_over_q, polynomial_in, polynomial_tree
from reasoning_envs.symbolic.equality.equivalence import rational_form
from reasoning_envs.symbolic.moves.rules import product, scale, simplify
from reasoning_envs.symbolic.moves.rules.rewrite import raised_to
from reasoning_envs.symbolic.syntax.expression import ONE, ZERO, Expr, add, call, div, mul, neg, num, power, sym
from reasoning_envs.verifiers.answer.normal_forms import GOALS, fault_of_goal

__all__ = ["LEVELS", "drawn"]

LEVELS: tuple[str, ...] = tuple(f"{goal.replace(' ', '_')}-{level}" for level in (1, 2, 3) for goal in GOALS)
"""``goal-n``, all goals of n = 1 first."""

_Y = sym("y")
_TWO = num(2)
_MAX_SIZE = 36
_SQUAREFREE = (2, 3, 5, 6, 7, 10, 11, 13)


def drawn(rng: np.random.Generator, level: str) -> tuple[str, Expr, Expr]:
    """Goal, line and answer of a problem of a level.

    Raises:
        ValueError: no such level; the message lists them.
    """
    if level not in LEVELS:
        raise ValueError(f"no level {level!r}; there are {', '.join(LEVELS)}")
    name, _, difficulty = level.rpartition("-")
    goal = name.replace("_", " ")
    pen = Pen(rng, int(difficulty))
    for _ in range(1000):
        pair = _MAKERS[goal](pen)
        if pair is None:
            continue
        line, answer = pair
        if line.size > _MAX_SIZE or fault_of_goal(line, goal) is None:
            continue
        if fault_of_goal(answer, goal) is None:
            return goal, line, answer
    raise RuntimeError(f"level {level!r}: 1000 draws in a row were unusable")


_Pair = tuple[Expr, Expr]


def _linear(pen: Pen, slopes: int = 1) -> Expr:
    return add(scale(pen.natural(slopes, 1), X), num(pen.whole(7)))


# -- expand -----------------------------------------------------------------------------------------------------------


def _expand(pen: Pen) -> _Pair:
    roll = pen.below(3)
    bracket = scale_sum(pen, _linear(pen, 4))
    if pen.level == 1:
        extra = num(pen.whole()) if roll else scale(pen.whole(), X)
        line = add(bracket, extra)
    elif pen.level == 2:
        if roll == 0:
            line = add(power(_linear(pen, 3), _TWO), scale(pen.whole(), X))
        elif roll == 1:
            line = mul(_linear(pen, 3), _linear(pen, 3))
        else:
            line = add(bracket, neg(scale_sum(pen, _linear(pen, 3))))
    elif roll == 0:
        line = add(mul(_linear(pen, 2), _linear(pen, 3)), neg(power(_linear(pen), _TWO)))
    elif roll == 1:
        line = mul(add(X, scale(pen.whole(3), _Y)), add(scale(pen.natural(4), X), scale(pen.whole(5), _Y)))
    else:
        line = add(mul(X, _linear(pen, 2), _linear(pen)), scale(pen.whole(), raised_to(X, 2)))
    return line, _expanded(line)


def scale_sum(pen: Pen, bracket: Expr) -> Expr:
    """A number times a bracket."""
    return product(num(pen.natural(7)), bracket)


def _expanded(line: Expr) -> Expr:
    polynomial = polynomial_in(line, "x") if line.symbols == {"x"} else None
    if polynomial is not None:
        return polynomial_tree(polynomial, "x")
    return rational_form(line)[0]


# -- factor -----------------------------------------------------------------------------------------------------------


def _factor(pen: Pen) -> _Pair | None:
    """A product, multiplied out."""
    roll = pen.below(3)
    if pen.level == 1:
        if roll == 0:
            answer = product(num(pen.natural(9)), add(scale(pen.natural(5, 1), X), num(pen.whole(7))))
        else:
            answer = _of_factors([add(X, num(pen.whole(6))), add(X, num(pen.whole(6)))])
    elif pen.level == 2:
        if roll == 0:
            root = pen.natural(9, 1)
            slope = pen.natural(3, 1)
            if gcd(root, slope) > 1:
                return None
            first = scale(slope, X)
            answer = mul(add(first, num(-root)), add(first, num(root)))
        else:
            answer = _of_factors([_linear(pen, 3), _linear(pen, 2)], pen.natural(4, 1))
    elif roll == 0:
        answer = _of_factors([X, _linear(pen, 2), _linear(pen)], pen.natural(3, 1))
    elif roll == 1:
        answer = _of_factors([_linear(pen) for _ in range(3)])
    else:
        answer = _of_factors([_linear(pen), add(raised_to(X, 2), num(pen.natural(5, 1)))])
    polynomial = polynomial_in(answer, "x")
    return None if polynomial is None else (polynomial_tree(polynomial, "x"), _product_of(polynomial))


def _of_factors(parts: list[Expr], lead: int = 1) -> Expr:
    return product(*([num(lead)] if lead != 1 else []), *parts)


def _product_of(polynomial: fmpq_poly) -> Expr:
    """The polynomial as the product of its irreducible factors."""
    content, pieces = factors_over_q(polynomial)
    parts = [raised_to(polynomial_tree(factor, "x"), times) for factor, times in pieces]
    return scale(Fraction(int(content.p), int(content.q)), mul(*parts))


# -- one fraction -----------------------------------------------------------------------------------------------------


def _one_fraction(pen: Pen) -> _Pair | None:
    roll = pen.below(3)
    first, second = add(X, num(pen.whole(6))), add(X, num(pen.whole(6)))
    if first == second:
        return None
    if pen.level == 1:
        if roll == 0:
            line = div(product(num(pen.natural(6)), first), product(num(pen.natural(6)), first, X))
        elif roll == 1:
            line = add(div(num(pen.natural(9)), X), div(num(pen.natural(9)), scale(pen.natural(5), X)))
        else:
            line = add(div(num(pen.natural(9)), first), num(pen.whole(9)))
    elif pen.level == 2:
        if roll == 0:
            line = div(_multiplied(first, second), _multiplied(first, add(X, num(pen.whole(6)))))
        elif roll == 1:
            line = add(div(num(pen.natural(9)), first), div(num(pen.natural(9)), second))
        else:
            line = add(div(X, first), neg(div(num(pen.natural(9)), second)))
    elif roll == 0:
        line = mul(div(_multiplied(first, second), X), div(scale(pen.natural(5), X), second))
    elif roll == 1:
        line = add(div(_linear(pen), first), div(num(pen.natural(9)), _multiplied(first, second)))
    else:
        line = div(add(ONE, div(num(pen.natural(6)), X)), add(X, num(pen.natural(6))))
    return line, _lowest(line)


def _multiplied(*parts: Expr) -> Expr:
    return _expanded(mul(*parts))


def _lowest(line: Expr) -> Expr:
    """The fraction in lowest terms, with whole numbers above and below."""
    top, under = (polynomial_in(part, "x") for part in rational_form(line))
    assert top is not None
    assert under is not None
    above, below = int(top.denom()), int(under.denom())
    common = above * below // gcd(above, below)
    top, under = top * common, under * common
    whole = gcd(*[abs(int(c.p)) for c in (*top.coeffs(), *under.coeffs())])
    over = polynomial_tree(top / whole, "x")
    bottom = polynomial_tree(under / whole, "x")
    if bottom is ONE:
        return over
    return neg(div(num(-over.number), bottom)) if over.op == "num" and over.number < 0 else div(over, bottom)


# -- radicals ---------------------------------------------------------------------------------------------------------


def _radicals(pen: Pen) -> _Pair:
    """Elements of Q(sqrt(d)), worked with exactly: ``(a, b)`` is ``a + b*sqrt(d)``."""
    d = _SQUAREFREE[pen.below(5 if pen.level < 3 else len(_SQUAREFREE))]
    roll = pen.below(3)
    if pen.level == 1:
        squares = [pen.natural(6) for _ in range(2)]
        leads = [pen.whole(5) if pen.chance(0.5) else 1, pen.whole(4)]
        parts = [scale(lead, call("sqrt", num(d * s * s))) for lead, s in zip(leads, squares, strict=True)]
        return add(*parts), _number(Fraction(0), Fraction(sum(a * b for a, b in zip(leads, squares, strict=True))), d)
    a, b, c, e = (Fraction(pen.whole(5)) for _ in range(4))
    first, second = _number(a, b, d), _number(c, e, d)
    if pen.level == 2:
        if roll == 0:
            return mul(first, second), _number(a * c + b * e * d, a * e + b * c, d)
        if roll == 1:
            return power(first, _TWO), _number(a * a + b * b * d, 2 * a * b, d)
        return div(num(int(a)), call("sqrt", num(d))), _number(Fraction(0), a / d, d)
    norm = c * c - e * e * d
    if roll == 0:
        return div(num(int(a)), second), _number(a * c / norm, -a * e / norm, d)
    if roll == 1:
        return div(first, second), _number((a * c - b * e * d) / norm, (b * c - a * e) / norm, d)
    hidden = pen.natural(5)
    line = add(mul(first, call("sqrt", num(d))), call("sqrt", num(d * hidden * hidden)))
    return line, _number(b * d, a + hidden, d)


def _number(plain: Fraction, times: Fraction, d: int) -> Expr:
    root = call("sqrt", num(d))
    parts = []
    if plain:
        parts.append(num(plain))
    if times:
        top = scale(abs(times.numerator), root)
        part = top if times.denominator == 1 else div(top, num(times.denominator))
        parts.append(neg(part) if times < 0 else part)
    return sum_of(parts) if parts else ZERO


# -- powers -----------------------------------------------------------------------------------------------------------


def _powers(pen: Pen) -> _Pair | None:
    """Products of powers, kept as exponents while the line is drawn."""
    first, second = _monomial(pen), _monomial(pen)
    roll = pen.below(3)
    if pen.level == 1:
        return mul(*first[0], *second[0]), _written(first[1] * second[1], _joined(first[2], second[2], 1))
    n = pen.natural(3)
    if pen.level == 2:
        if roll == 0:
            return power(mul(*first[0]), num(n)), _written(first[1] ** n, {k: e * n for k, e in first[2].items()})
        line = div(mul(*first[0]), mul(*second[0]))
        return line, _written(Fraction(first[1]) / second[1], _joined(first[2], second[2], -1))
    line = div(power(mul(*first[0]), num(n)), mul(*second[0]))
    raised = {k: e * n for k, e in first[2].items()}
    if roll == 0:
        third = _monomial(pen)
        line = mul(line, mul(*third[0]))
        exponents = _joined(_joined(raised, second[2], -1), third[2], 1)
        return line, _written(Fraction(first[1] ** n * third[1]) / second[1], exponents)
    return line, _written(Fraction(first[1] ** n) / second[1], _joined(raised, second[2], -1))


_Monomial = tuple[list[Expr], int, dict[str, int]]


def _monomial(pen: Pen) -> _Monomial:
    number = pen.natural(6, 1)
    exponents = {"x": pen.natural(5, 1)}
    if pen.level > 1 or pen.chance(0.5):
        exponents["y"] = pen.natural(4, 1)
    parts = [num(number)] if number != 1 else []
    return [*parts, *[raised_to(sym(k), e) for k, e in exponents.items()]], number, exponents


def _joined(first: dict[str, int], second: dict[str, int], sign: int) -> dict[str, int]:
    return {k: first.get(k, 0) + sign * second.get(k, 0) for k in sorted({*first, *second})}


def _written(number: Fraction | int, exponents: dict[str, int]) -> Expr:
    value = Fraction(number)
    above = [raised_to(sym(k), e) for k, e in exponents.items() if e > 0]
    below = [raised_to(sym(k), -e) for k, e in exponents.items() if e < 0]
    top = scale(value.numerator, mul(*above)) if above else num(value.numerator)
    bottom = scale(value.denominator, mul(*below)) if below else num(value.denominator)
    return top if bottom is ONE else simplify(div(top, bottom))


_MAKERS: dict[str, Callable[[Pen], _Pair | None]] = {
    "expand": _expand,
    "factor": _factor,
    "one fraction": _one_fraction,
    "radicals": _radicals,
    "powers": _powers,
}
