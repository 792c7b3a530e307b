"""Rules that bring an expression into a normal form, beside those of :mod:`reasoning_envs.symbolic.moves.rules`.

Taking out numbers, differences of squares, linear factors of polynomials, joining and rationalising roots, each with
the mistakes that students make with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt, lcm

from reasoning_envs.symbolic.calculus.rules.fractions import factors_over_q, polynomial_in, polynomial_tree
from reasoning_envs.symbolic.moves.rules.rewrite import (
    Rewrite,
    at_least_zero,
    base_exponent,
    inside,
    nonzero,
    product,
    raised_to,
    rational_root,
    scale,
)
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    add,
    call,
    div,
    factors,
    mul,
    neg,
    num,
    power,
    split_coefficient,
    sym,
    terms,
)
from reasoning_envs.symbolic.syntax.statement import Statement, conjunction

__all__ = ["MISTAKES", "WORDS", "simplify_rewrites"]

WORDS: dict[str, str] = {
    "take out a number": "take the number {} out",
    "take out of one term": "take the number {} out of the first term",
    "difference of squares": "factor the difference of squares {}",
    "square of a difference": "write {} as a square",
    "linear factor": "take the factor {} out",
    "linear factor, wrong sign": "factor {} at its roots",
    "join roots": "join the roots {}",
    "sum of roots": "join the roots {}",
    "rationalise": "rationalise the denominator {}",
    "rationalise without the numerator": "rationalise the denominator {}",
    "exponents multiplied": "join the powers of {}",
    "exponents added": "join the powers of {}",
    "exponents divided": "cancel the powers of {}",
    "number not raised": "open the power of {}",
    "numbers added": "join the numbers {}",
    "cancel a number": "cancel the number {}",
    "two brackets": "factor {} at two numbers with the right product",
}
"""By rule: what its author believes to be doing; ``{}`` is the operand."""

MISTAKES: dict[str, str] = {
    "take out of one term": "the number {} must be taken out of every term",
    "square of a difference": "{} is the product of a sum and a difference, not a square",
    "linear factor, wrong sign": "a root r of {} gives the factor x - r, not x + r",
    "sum of roots": "the sum of the roots {} is not the root of the sum",
    "rationalise without the numerator": "the numerator must be multiplied as well when {} is made rational",
    "exponents multiplied": "in a product of powers of {} the exponents are added",
    "exponents added": "in a power of a power of {} the exponents are multiplied",
    "exponents divided": "in a quotient of powers of {} the exponents are subtracted",
    "number not raised": "the number in {} must be raised as well",
    "numbers added": "in a product the numbers {} are multiplied",
    "two brackets": "the two numbers have the right product, but not the right sum for {}",
}
"""By rule: why a step by it is wrong."""

_TWO = num(2)
_MAX_TERMS = 6
_MAX_TRIED = 10_000
_MAX_PAIRS = 5


@lru_cache(maxsize=512)
def simplify_rewrites(node: Expr) -> tuple[Rewrite, ...]:
    """Every rewrite of ``node`` by one of these rules at one place, in a fixed order, without repetition."""
    found: dict[bytes, Rewrite] = {}
    for rule in _RULES.get(node.op, ()):
        for rewrite in rule(node):
            if rewrite.tokens != node.tokens:
                found.setdefault(rewrite.tokens, rewrite)
    for index, operand in enumerate(node.args):
        if operand.args:
            for rewrite in inside(node, index, simplify_rewrites(operand)):
                found.setdefault(rewrite.tokens, rewrite)
    return tuple(found.values())


# -- sums -------------------------------------------------------------------------------------------------------------


def _take_out_number(node: Expr) -> Iterator[Rewrite]:
    """``6*x + 9`` to ``3*(2*x + 3)``; of a sum that begins with a minus the sign alone as well."""
    pieces = [split_coefficient(term) for term in node.args]
    if len(pieces) > _MAX_TERMS or any(coefficient == 0 for coefficient, _ in pieces):
        return
    over = gcd(*[coefficient.numerator for coefficient, _ in pieces])
    under = lcm(*[coefficient.denominator for coefficient, _ in pieces])
    content = Fraction(over, under)
    for taken in (content, -content):
        if taken == 1 or (taken < 0 and pieces[0][0] > 0):
            continue
        value = taken.numerator if taken.denominator == 1 else taken
        kept = [scale(_whole(Fraction(coefficient) / taken), rest) for coefficient, rest in pieces]
        yield Rewrite("take out a number", scale(value, add(*kept)), num(value))
        if len(kept) > 1 and abs(taken) != 1:
            wrong = scale(value, add(kept[0], *node.args[1:]))
            yield Rewrite("take out of one term", wrong, num(value), sound=False)


def _whole(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _difference_of_squares(node: Expr) -> Iterator[Rewrite]:
    if len(node.args) != 2:
        return
    roots = []
    signs = []
    for term in node.args:
        coefficient, rest = split_coefficient(term)
        root = rational_root(abs(Fraction(coefficient)))
        inner = _square_root(rest)
        if root is None or inner is None:
            return
        roots.append(scale(_whole(root), inner))
        signs.append(coefficient > 0)
    if signs[0] == signs[1]:
        return
    first, second = roots if signs[0] else roots[::-1]
    if not (first.symbols or second.symbols):
        return
    yield Rewrite("difference of squares", mul(add(first, neg(second)), add(first, second)), node)
    yield Rewrite("square of a difference", power(add(first, neg(second)), _TWO), node, sound=False)


def _square_root(rest: Expr) -> Expr | None:
    """What a product of even powers is the square of; None of anything else."""
    if rest is ONE:
        return ONE
    kept = []
    for factor in factors(rest):
        base, exponent = base_exponent(factor)
        if not isinstance(exponent.value, int) or exponent.value % 2 or exponent.value < 2:
            return None
        kept.append(base if exponent.value == 2 else power(base, num(exponent.value // 2)))
    return mul(*kept)


def _linear_factors(node: Expr) -> Iterator[Rewrite]:
    """A polynomial in one letter as the product of ``x - r`` for a rational root r and the rest."""
    if len(node.symbols) != 1:
        return
    (name,) = node.symbols
    polynomial = polynomial_in(node, name)
    if polynomial is None or polynomial.degree() < 2 or polynomial.degree() > 4:
        return
    coefficients = [Fraction(int(c.p), int(c.q)) for c in polynomial.coeffs()]
    if polynomial.degree() == 2 and coefficients[2] == 1 and all(c.denominator == 1 for c in coefficients):
        yield from _two_brackets(node, sym(name), int(coefficients[1]), int(coefficients[0]))
        return
    _, pieces = factors_over_q(polynomial)
    linear = [(int(part[1].p), int(part[0].p)) for part, _ in pieces if part.degree() == 1]
    for slope, offset in linear[:3]:
        factor = add(scale(slope, sym(name)), num(offset)) if offset else sym(name)
        divisor = polynomial_in(factor, name)
        assert divisor is not None
        rest = polynomial_tree(polynomial / divisor, name)
        yield Rewrite("linear factor", _product(factor, rest), factor)
        if offset:
            wrong = add(scale(slope, sym(name)), num(-offset))
            yield Rewrite("linear factor, wrong sign", _product(wrong, rest), node, sound=False)


def _two_brackets(node: Expr, letter: Expr, middle: int, last: int) -> Iterator[Rewrite]:
    """``x^2 + b*x + c`` at each pair of whole numbers whose product is c: right where their sum is b."""
    if last == 0 or abs(last) > _MAX_TRIED:
        return
    divisors = [d for d in range(1, isqrt(abs(last)) + 1) if last % d == 0]
    for divisor in divisors[:_MAX_PAIRS]:
        for small in (-divisor, divisor):
            other = last // small
            brackets = [add(letter, num(value)) for value in (small, other)]
            yield Rewrite("two brackets", _product(*brackets), node, sound=small + other == middle)


def _product(first: Expr, second: Expr) -> Expr:
    return power(first, _TWO) if first == second else product(first, second)


def _sum_of_roots(node: Expr) -> Iterator[Rewrite]:
    roots = [term for term in node.args if term.op == "sqrt"]
    if len(roots) < 2:
        return
    joined = call("sqrt", add(*[root.args[0] for root in roots[:2]]))
    kept = [joined if term is roots[0] else term for term in node.args if term is not roots[1]]
    yield Rewrite("sum of roots", add(*kept), add(*roots[:2]), sound=False)


# -- products and quotients -------------------------------------------------------------------------------------------


def _join_roots(node: Expr) -> Iterator[Rewrite]:
    """``sqrt(2)*sqrt(3)`` to ``sqrt(2*3)``."""
    places = [index for index, factor in enumerate(node.args) if factor.op == "sqrt"]
    if len(places) < 2 or node.args[places[0]].key == node.args[places[1]].key:
        return
    first, second = (node.args[index].args[0] for index in places[:2])
    inner = num(first.number * second.number) if first.op == second.op == "num" else mul(first, second)
    kept = [call("sqrt", inner) if i == places[0] else f for i, f in enumerate(node.args) if i != places[1]]
    operand = mul(node.args[places[0]], node.args[places[1]])
    yield Rewrite("join roots", mul(*kept), operand)


def _rationalise(node: Expr) -> Iterator[Rewrite]:
    """``a/sqrt(b)`` to ``a*sqrt(b)/b``, ``a/(b + sqrt(c))`` to ``a*(b - sqrt(c))/(b^2 - c)``."""
    over, under = node.args
    lead, rest = split_coefficient(under)
    if rest.op == "sqrt":
        below = product(num(lead), rest.args[0]) if lead != 1 else rest.args[0]
        yield Rewrite("rationalise", div(_upon(over, rest), below), under, True, _positive(rest.args[0]))
        yield Rewrite("rationalise without the numerator", div(over, below), under, sound=False)
        return
    if under.op != "add" or len(under.args) != 2:
        return
    first, second = under.args
    squares = [_squared(term) for term in (first, second)]
    if squares[0] is None or squares[1] is None or not any(_holds_root(term) for term in (first, second)):
        return
    conjugate = add(first, neg(second))
    below = add(squares[0], neg(squares[1]))
    if squares[0].op == squares[1].op == "num":
        below = num(squares[0].number - squares[1].number)
    if below is ZERO:
        return
    condition = nonzero(conjugate) if conjugate.symbols else None  # the squares are not equal
    yield Rewrite("rationalise", div(_upon(over, conjugate), below), under, True, condition)
    yield Rewrite("rationalise without the numerator", div(over, below), under, sound=False)


def _upon(over: Expr, factor: Expr) -> Expr:
    return factor if over is ONE else product(over, factor)


def _positive(expr: Expr) -> Statement | None:
    """``expr > 0`` as two conditions; None of a positive number."""
    if expr.op == "num":
        return None
    found = [part for part in (at_least_zero(expr), nonzero(expr)) if part is not None]
    return conjunction(*found)


def _holds_root(term: Expr) -> bool:
    return split_coefficient(term)[1].op == "sqrt"


def _squared(term: Expr) -> Expr | None:
    """The square of a rational number, or of a number times a square root of a number."""
    coefficient, rest = split_coefficient(term)
    square = Fraction(coefficient) ** 2
    if rest is ONE:
        return num(square)
    if rest.op == "sqrt" and rest.args[0].op == "num":
        return num(square * rest.args[0].number)
    return None


def _cancel_number(node: Expr) -> Iterator[Rewrite]:
    """``6*x/(4*y)`` to ``3*x/(2*y)``, ``(2*x + 4)/(6*x)`` to ``(x + 2)/(3*x)``."""
    pieces = [[split_coefficient(term) for term in terms(side)] for side in node.args]
    numbers = [coefficient for side in pieces for coefficient, _ in side]
    if any(number.denominator != 1 or number == 0 for number in numbers):
        return
    common = gcd(*[number.numerator for number in numbers])
    if common > 1:
        over, under = (add(*[scale(c.numerator // common, rest) for c, rest in side]) for side in pieces)
        yield Rewrite("cancel a number", over if under is ONE else div(over, under), num(common))


def _slips_of_quotients(node: Expr) -> Iterator[Rewrite]:
    """``x^6/x^2`` taken for ``x^3``."""
    over, under = node.args
    for index, factor in enumerate(factors(over)):
        base, exponent = base_exponent(factor)
        for place, other in enumerate(factors(under)):
            below, lower = base_exponent(other)
            if base.key != below.key or not (isinstance(exponent.value, int) and isinstance(lower.value, int)):
                continue
            if lower.value < 2 or exponent.value % lower.value:
                continue
            divided = raised_to(base, exponent.value // lower.value)
            above = mul(*[divided if i == index else f for i, f in enumerate(factors(over))])
            bottom = [f for i, f in enumerate(factors(under)) if i != place]
            yield Rewrite("exponents divided", div(above, mul(*bottom)) if bottom else above, base, sound=False)
            return


def _slips_of_products(node: Expr) -> Iterator[Rewrite]:
    """``3*x*5*x`` taken for ``8*x*x``."""
    places = [index for index, factor in enumerate(node.args) if factor.op == "num"]
    if len(places) < 2:
        return
    one, two = (node.args[index] for index in places[:2])
    total = num(one.number + two.number)
    kept = [total if i == places[0] else f for i, f in enumerate(node.args) if i != places[1]]
    yield Rewrite("numbers added", mul(*kept), mul(one, two), sound=False)


def _slips_of_powers(node: Expr) -> Iterator[Rewrite]:
    """``x^2*x^3`` taken for ``x^6``."""
    groups: dict[bytes, list[int]] = {}
    for index, factor in enumerate(node.args):
        base, exponent = base_exponent(factor)
        if base.symbols and exponent.op == "num" and exponent is not ONE:
            groups.setdefault(base.key, []).append(index)
    for places in groups.values():
        if len(places) < 2:
            continue
        one, two = (base_exponent(node.args[index]) for index in places[:2])
        joined = power(one[0], num(one[1].number * two[1].number))
        kept = [joined if i == places[0] else f for i, f in enumerate(node.args) if i != places[1]]
        yield Rewrite("exponents multiplied", mul(*kept), one[0], sound=False)


def _slip_of_nested_power(node: Expr) -> Iterator[Rewrite]:
    """``(x^2)^3`` taken for ``x^5``."""
    base, exponent = node.args
    if base.op == "pow" and exponent.op == base.args[1].op == "num":
        wrong = power(base.args[0], num(base.args[1].number + exponent.number))
        yield Rewrite("exponents added", wrong, base.args[0], sound=False)
    if base.op == "mul" and base.args[0].op == "num" and isinstance(exponent.value, int) and exponent.value > 1:
        wrong = mul(base.args[0], *[power(factor, exponent) for factor in base.args[1:]])
        yield Rewrite("number not raised", wrong, base, sound=False)


_RULES: dict[str, tuple[Callable[[Expr], Iterator[Rewrite]], ...]] = {
    "add": (_take_out_number, _difference_of_squares, _linear_factors, _sum_of_roots),
    "mul": (_join_roots, _slips_of_products, _slips_of_powers),
    "div": (_cancel_number, _rationalise, _slips_of_quotients),
    "pow": (_slip_of_nested_power,),
}
