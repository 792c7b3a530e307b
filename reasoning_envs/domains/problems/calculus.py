"""Derivatives and integrals to work out, by family and level, each with its answer.

Integrals are built backwards: an antiderivative of the family's shape is drawn and differentiated. What is drawn for a
derivative is the function; its derivative is computed and simplified. A level is ``family-n`` with n from 1 to 2; what
grows with n is the number of terms, the size of the numbers, and what functions are applied to.

Floors of the moves interface, on 25 problems of each level and at most 30 steps: random play solves at most .12 of a
level, the shortest new candidate at most .24, best-first search for short lines (300 expansions, the first answer
counts) at most .52 (``integral_substitution-2``; at most .12 elsewhere). The same search among sound candidates alone,
which nobody who plays can tell apart, solves 1.0 of most levels with n = 1 and .2 of the mixed ones, in 3 to 12 steps.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from reasoning_envs.domains.problems.algebra.pen import Pen, X
from reasoning_envs.symbolic.calculus.differentiation import derivative, differentiate, integral, product_of, sum_of
from reasoning_envs.symbolic.moves.rules import is_simplified, rewrites, scale, simplify
from reasoning_envs.symbolic.moves.rules.rewrite import raised_to
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    Expr,
    Number,
    add,
    call,
    const,
    div,
    mul,
    neg,
    num,
    power,
    split_coefficient,
    terms,
)

__all__ = ["FAMILIES", "LEVELS", "drawn"]

_TWO = num(2)
_E = const("e")
_MAX_SIZE = 44
"""Nodes of a problem and of its answer at most: steps between them are longer than both."""


def drawn(rng: np.random.Generator, level: str) -> tuple[Expr, Expr]:
    """First line and answer of a problem of a level.

    Raises:
        ValueError: no such level; the message lists them.
    """
    if level not in LEVELS:
        raise ValueError(f"no level {level!r}; there are {', '.join(LEVELS)}")
    family, _, difficulty = level.rpartition("-")
    pen = Pen(rng, int(difficulty))
    for _ in range(1000):
        pair = FAMILIES[family](pen)
        if pair is None:
            continue
        statement, answer = pair
        if max(statement.size, answer.size) <= _MAX_SIZE and is_simplified(answer):
            return statement, answer
    raise RuntimeError(f"level {level!r}: 1000 draws in a row were unusable")


_Pair = tuple[Expr, Expr]


def _sign_in_front(term: Expr) -> Expr:
    """``(-6)/x^4`` as ``-6/x^4``."""
    opposite = neg(term.args[0]) if term.op == "div" else term
    shorter = term.op == "div" and len(opposite.tokens) <= len(term.args[0].tokens) and term.args[0].op != "add"
    return neg(div(opposite, term.args[1])) if shorter and split_coefficient(term.args[0])[0] < 0 else term


def _differentiated(body: Expr) -> _Pair:
    return derivative(body, "x"), _tidied(differentiate(body, "x"))


def _tidied(expr: Expr) -> Expr:
    """Simplified, and factors cancelled that are not 0 wherever the expression has a value."""
    while True:
        expr = simplify(expr)
        cancelling = (rewrite for rewrite in rewrites(expr) if rewrite.sound and rewrite.rule == "cancel")
        cancelled = next((rewrite for rewrite in cancelling if rewrite.condition is not None), None)
        if cancelled is None:
            return add(*[_sign_in_front(term) for term in terms(expr)])
        expr = cancelled.result


def _times(value: Number, body: Expr) -> Expr:
    """A number times something, a fraction as a quotient."""
    number = Fraction(value)
    if number.denominator == 1:
        return scale(number.numerator, body)
    found = div(scale(abs(number.numerator), body), num(number.denominator))
    return neg(found) if number < 0 else found


# -- shapes -----------------------------------------------------------------------------------------------------------


def _power_term(pen: Pen) -> Expr:
    return scale(pen.whole(9), raised_to(X, pen.natural(3 + pen.level, 1)))


def _root_or_reciprocal(pen: Pen) -> Expr:
    roll = pen.below(3)
    if roll == 0:
        return scale(pen.whole(6), call("sqrt", X))
    return div(num(pen.whole(9)), raised_to(X, pen.natural(2 + roll, roll)))


def _function_of(pen: Pen, inner: Expr, names: tuple[str, ...] = ("sin", "cos", "exp", "ln", "power")) -> Expr:
    name = names[pen.below(len(names))]
    if name == "power":
        return power(num(pen.natural(5)), inner)
    return call(name, inner)


def _linear(pen: Pen) -> Expr:
    slope = pen.natural(5)
    return scale(slope, X) if pen.chance(0.4) else add(scale(slope, X), num(pen.whole(7)))


def _binomial(pen: Pen) -> Expr:
    """``x^2 + 3``, ``2*x - 5``, ``x^3 + 2*x``."""
    degree = pen.natural(1 + pen.level)
    lower = num(pen.whole(7)) if pen.chance(0.7) or degree < 2 else scale(pen.whole(5), X)
    lead = pen.natural(4, 1)
    return add(scale(lead, raised_to(X, degree)), lower)


def _polynomial(pen: Pen, degree: int) -> Expr:
    """Of this degree, one or two terms below it."""
    parts = [scale(pen.natural(4, 1), raised_to(X, degree))]
    for lower in range(degree - 1, -1, -1):
        if pen.chance(0.6):
            parts.append(scale(pen.whole(6), raised_to(X, lower) if lower else ONE))
    return add(*parts)


# -- derivatives ------------------------------------------------------------------------------------------------------


def _derivative_powers(pen: Pen) -> _Pair:
    parts = [_power_term(pen) for _ in range(1 + pen.level)]
    if pen.level == 2:
        parts.append(_root_or_reciprocal(pen))
    elif pen.chance(0.5):
        parts.append(num(pen.whole(9)))
    return _differentiated(add(*parts))


def _derivative_functions(pen: Pen) -> _Pair:
    names = ("sin", "cos", "exp", "ln") if pen.level == 1 else ("sin", "cos", "tan", "exp", "ln", "power", "atan")
    parts = [scale(pen.whole(9), _function_of(pen, X, names)) for _ in range(pen.level)]
    return _differentiated(add(*parts, _power_term(pen)))


def _derivative_product(pen: Pen) -> _Pair:
    first = scale(pen.natural(9, 1), raised_to(X, pen.natural(5, 1))) if pen.level == 1 else _binomial(pen)
    inner = X if pen.level == 1 or pen.chance(0.5) else scale(pen.natural(5), X)
    return _differentiated(mul(first, _function_of(pen, inner, ("sin", "cos", "exp", "ln"))))


def _derivative_quotient(pen: Pen) -> _Pair:
    if pen.level == 1:
        if pen.chance(0.5):
            over, under = scale(pen.natural(9, 1), X), add(scale(pen.natural(4, 1), X), num(pen.whole(7)))
        else:
            over = scale(pen.natural(9, 1), _function_of(pen, X, ("sin", "cos", "exp", "ln")))
            under = raised_to(X, pen.natural(4, 1))
    else:
        over, under = _linear(pen), _binomial(pen)
    return _differentiated(div(over, under))


def _derivative_chain(pen: Pen) -> _Pair:
    inner = _linear(pen) if pen.level == 1 else _binomial(pen)
    if pen.chance(0.35) and inner.op == "add":
        body = power(inner, num(pen.natural(6, 3)))
    elif pen.level == 2 and pen.chance(0.4):
        wave = _function_of(pen, X, ("sin", "cos", "ln"))
        body = power(wave, num(pen.natural(4))) if pen.chance(0.5) else _function_of(pen, wave, ("exp", "sin"))
    else:
        body = _function_of(pen, inner, ("sin", "cos", "exp", "ln", "sqrt"))
    return _differentiated(scale(pen.natural(5, 1), body))


def _derivative_mixed(pen: Pen) -> _Pair:
    inner = _linear(pen) if pen.level == 1 else add(raised_to(X, 2), num(pen.whole(6)))
    body = mul(raised_to(X, pen.natural(3, 1)), _function_of(pen, inner, ("sin", "cos", "exp", "ln")))
    return _differentiated(add(body, _power_term(pen)) if pen.level == 2 else body)


# -- integrals --------------------------------------------------------------------------------------------------------


def _integral_powers(pen: Pen) -> _Pair:
    """Of a sum of powers: the antiderivative has fractions where the draw says so."""
    exponents = list(pen.rng.permutation(4 + pen.level)[: 1 + pen.level])
    body, answer = [], []
    for exponent in sorted((int(e) for e in exponents), reverse=True):
        lead = pen.whole(9)
        body.append(scale(lead, raised_to(X, exponent) if exponent else ONE))
        answer.append(_times(Fraction(lead, exponent + 1), raised_to(X, exponent + 1)))
    if pen.level == 2 and pen.chance(0.6):
        lead = pen.whole(9)
        if pen.chance(0.5):
            body.append(div(num(lead), X) if lead > 0 else neg(div(num(-lead), X)))
            answer.append(scale(lead, call("ln", call("abs", X))))
        else:
            below = pen.natural(4)
            body.append(div(num(abs(lead)), raised_to(X, below)))
            answer.append(_reciprocal(Fraction(-abs(lead), below - 1), raised_to(X, below - 1)))
    return integral(add(*body), "x"), add(*answer)


def _reciprocal(value: Fraction, under: Expr) -> Expr:
    bottom = scale(value.denominator, under)
    found = div(num(abs(value.numerator)), bottom)
    return neg(found) if value < 0 else found


_TABLE: tuple[tuple[Callable[[Expr], Expr], Callable[[Expr], Expr]], ...] = (
    (lambda u: call("cos", u), lambda u: call("sin", u)),
    (lambda u: call("sin", u), lambda u: neg(call("cos", u))),
    (lambda u: call("exp", u), lambda u: call("exp", u)),
    (lambda u: div(ONE, u), lambda u: call("ln", call("abs", u))),
    (lambda u: power(_E, u), lambda u: power(_E, u)),
    (lambda u: div(ONE, add(power(u, _TWO), ONE)), lambda u: call("atan", u)),
    (lambda u: div(ONE, power(call("cos", u), _TWO)), lambda u: call("tan", u)),
    (lambda u: power(_TWO, u), lambda u: div(power(_TWO, u), call("ln", _TWO))),
)
"""Functions and their antiderivatives, the common ones first."""


def _integral_functions(pen: Pen) -> _Pair:
    body, answer = [], []
    for index in pen.rng.permutation(4 if pen.level == 1 else 7)[: pen.level]:
        plain, primitive = _TABLE[int(index)]
        lead = pen.whole(9)
        body.append(_multiple(lead, plain(X)))
        top = primitive(X)
        answer.append(scale(-lead, top.args[0]) if top.op == "neg" else scale(lead, top))
    exponent = pen.natural(4, 1)
    body.append(raised_to(X, exponent))
    answer.append(_times(Fraction(1, exponent + 1), raised_to(X, exponent + 1)))
    return integral(add(*body), "x"), add(*answer)


def _integral_substitution(pen: Pen) -> _Pair | None:
    """``F(g(x))`` differentiated: ``F'(g(x))*g'(x)``."""
    if pen.level == 1:
        inner = _linear(pen)
    else:
        within = scale(pen.natural(4, 1), X)
        waves = (call("sin", within), call("ln", X), call("exp", within), call("cos", within))
        choices = (_binomial(pen), _binomial(pen), scale(pen.natural(4, 1), raised_to(X, pen.natural(4))), *waves)
        inner = choices[pen.below(len(choices))]
    if inner.op == "add" and pen.chance(0.4):
        exponent = pen.natural(5)
        plain, primitive = raised_to(inner, exponent), raised_to(inner, exponent + 1)
        value = Fraction(1, exponent + 1)
    elif inner.op == "ln":
        exponent = pen.natural(4, 1)
        plain, primitive, value = raised_to(inner, exponent), raised_to(inner, exponent + 1), Fraction(1, exponent + 1)
    else:
        function, antiderivative = _TABLE[pen.below(4 if inner.op == "add" else 3)]
        plain, primitive, value = function(inner), antiderivative(inner), Fraction(1)
    rate = simplify(differentiate(inner, "x"))
    lead = pen.natural(4, 1)
    if pen.level == 1:  # the numbers are made to match by the solver
        value = value * lead / rate.number
        factor: Expr = num(lead)
    else:
        factor = rate
    body = _joined(factor, plain)
    top = neg(_times(value, primitive.args[0])) if primitive.op == "neg" else _times(value, primitive)
    return integral(body, "x"), simplify(top)


def _multiple(value: int, body: Expr) -> Expr:
    """``6/cos(x)^2`` and not ``6*(1/cos(x)^2)``."""
    if body.op != "div":
        return scale(value, body)
    found = div(num(abs(value)), body.args[1])
    return neg(found) if value < 0 else found


def _joined(factor: Expr, plain: Expr) -> Expr:
    """The product, one quotient where a factor is one."""
    if plain.op == "div":
        return div(product_of(factor, plain.args[0]), plain.args[1])
    if factor.op == "div":
        return div(product_of(factor.args[0], plain), factor.args[1])
    return product_of(factor, plain)


def _integral_parts(pen: Pen) -> _Pair:
    """A multiple of ``x^n`` (n up to the level) times an exponential, a wave or a logarithm; at level 2 with a sum."""
    degree = pen.natural(pen.level, 1)
    lead = pen.natural(9, 1)
    if pen.chance(0.3):
        factor = raised_to(X, degree + 1)
        above = _times(Fraction(lead, degree + 1), mul(factor, call("ln", X)))
        rest = _times(Fraction(-lead, (degree + 1) ** 2), factor)
        return integral(product_of(num(lead), raised_to(X, degree), call("ln", X)), "x"), add(above, rest)
    slope = pen.natural(5, 1)
    function, _ = _TABLE[pen.below(3)]
    wave = function(scale(slope, X))
    constant = pen.whole(9) if pen.level == 2 and degree == 1 else 0
    polynomial = sum_of([scale(lead, raised_to(X, degree)), num(constant)])
    coefficients = [constant, *[0] * (degree - 1), lead]
    return integral(mul(polynomial, wave), "x"), _by_parts(coefficients, wave, slope)


def _by_parts(coefficients: list[int], wave: Expr, slope: int) -> Expr:
    """The antiderivative of a polynomial (its coefficients, that of x^0 first) times a wave at ``slope*x``.

    Its terms come from integration by parts, the polynomial differentiated each time.
    """
    parts: list[Expr] = []
    rest = [Fraction(c) for c in coefficients]
    while any(rest):
        sign, wave = {
            "exp": (1, call("exp", wave.args[0])),
            "sin": (-1, call("cos", wave.args[0])),
            "cos": (1, call("sin", wave.args[0])),
        }[wave.op]
        rest = [c * sign / slope for c in rest]
        for power_, coefficient in sorted(enumerate(rest), reverse=True):
            if coefficient:
                parts.append(_times(coefficient, product_of(raised_to(X, power_) if power_ else ONE, wave)))
        rest = [-c * k for k, c in enumerate(rest)][1:]
    return _collected(parts)


def _collected(parts: list[Expr]) -> Expr:
    """The sum of the parts, like terms collected."""
    return simplify(add(*parts))


def _integral_fractions(pen: Pen) -> _Pair | None:
    """A sum of logarithms differentiated, over one denominator."""
    roots = sorted({pen.whole(5) for _ in range(2)})
    if len(roots) < 2:
        return None
    leads = [pen.whole(4) for _ in roots]
    linear = [add(X, num(-root)) for root in roots]
    top_lead = sum(leads)
    top_rest = -(leads[0] * roots[1] + leads[1] * roots[0])
    top = sum_of([scale(top_lead, X), num(top_rest)])
    if pen.level == 1:
        under: Expr = mul(*linear)
    else:
        under = sum_of([raised_to(X, 2), scale(-sum(roots), X), num(roots[0] * roots[1])])
    if top_lead == 0 and top_rest == 0:
        return None
    answer = add(*[scale(lead, call("ln", call("abs", line))) for lead, line in zip(leads, linear, strict=True)])
    return integral(div(top, under), "x"), answer


def _integral_trigonometric(pen: Pen) -> _Pair:
    """Squares, products and cubes of sine and cosine, and the tangent."""
    sine, cosine = call("sin", X), call("cos", X)
    doubled = call("sin", scale(2, X))
    half = div(X, _TWO)
    quarter = div(doubled, num(4))
    pairs: tuple[tuple[Expr, Expr], ...] = (
        (power(sine, _TWO), add(half, neg(quarter))),
        (power(cosine, _TWO), add(half, quarter)),
        (mul(sine, cosine), div(power(sine, _TWO), _TWO)),
        (power(call("tan", X), _TWO), add(call("tan", X), neg(X))),
        (call("tan", X), neg(call("ln", call("abs", cosine)))),
        (power(sine, num(3)), add(div(power(cosine, num(3)), num(3)), neg(cosine))),
        (power(cosine, num(3)), add(sine, neg(div(power(sine, num(3)), num(3))))),
        (mul(power(sine, _TWO), cosine), div(power(sine, num(3)), num(3))),
    )
    body, answer = pairs[pen.below(4 if pen.level == 1 else len(pairs))]
    lead = pen.natural(9, 1)
    extra = pen.whole(9)
    parts = [scale(lead, body)]
    parts_of_answer = [simplify(product_of(num(lead), term)) for term in terms(answer)]
    if pen.chance(0.5):
        parts.append(scale(extra, X))
        parts_of_answer.append(_times(Fraction(extra, 2), raised_to(X, 2)))
    return integral(add(*parts), "x"), simplify(add(*parts_of_answer))


def _integral_mixed(pen: Pen) -> _Pair | None:
    """The sum of two of the other kinds."""
    makers = (_integral_functions, _integral_substitution, _integral_parts, _integral_trigonometric)
    easy = Pen(pen.rng, 1)
    chosen = pen.rng.permutation(len(makers))[:2]
    pairs = [makers[int(index)](easy if pen.level == 1 else pen) for index in chosen]
    if any(pair is None for pair in pairs):
        return None
    bodies = [pair[0].args[0] for pair in pairs if pair is not None]
    answers = [pair[1] for pair in pairs if pair is not None]
    return integral(add(*bodies), "x"), simplify(add(*answers))


FAMILIES: dict[str, Callable[[Pen], _Pair | None]] = {
    "derivative_powers": _derivative_powers,
    "integral_powers": _integral_powers,
    "derivative_functions": _derivative_functions,
    "integral_functions": _integral_functions,
    "derivative_product": _derivative_product,
    "derivative_quotient": _derivative_quotient,
    "derivative_chain": _derivative_chain,
    "derivative_mixed": _derivative_mixed,
    "integral_substitution": _integral_substitution,
    "integral_parts": _integral_parts,
    "integral_fractions": _integral_fractions,
    "integral_trigonometric": _integral_trigonometric,
    "integral_mixed": _integral_mixed,
}
"""Each family and what draws a problem of it with its answer; None where the draw came out ugly."""

LEVELS: tuple[str, ...] = tuple(f"{family}-{level}" for level in (1, 2) for family in FAMILIES)
"""``family-n``, all families of n = 1 first."""
