"""Moves that the form of an equation allows: a product that is zero, a quadratic, a root, a power, a logarithm."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from reasoning_envs.symbolic.moves.changes import Change, X, is_total, negated
from reasoning_envs.symbolic.moves.rules import product
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
)
from reasoning_envs.symbolic.syntax.statement import (
    NO_SOLUTION,
    Comparison,
    conjunction,
    disjunction,
    equation,
)
from reasoning_envs.symbolic.values.evaluation import constant_sign, identically_zero
from reasoning_envs.types import Relation

__all__ = ["special_changes"]

_E = const("e")


def special_changes(left: Expr, right: Expr) -> Iterator[Change]:
    """What the form of the equation allows, the unknown being ``x``."""
    if right is ZERO and "x" in left.symbols:
        yield from _zero_product(left)
    yield from _quadratic_formula(left, right)
    rule = _BY_FORM.get(left.op)
    if rule is not None and "x" in left.symbols:
        yield from rule(left, right)


def _zero_product(left: Expr) -> Iterator[Change]:
    body = left.args[0] if left.op == "neg" else left
    if body.op == "mul" and is_total(body):
        unknown = [factor for factor in body.args if "x" in factor.symbols]
        known = mul(*[factor for factor in body.args if "x" not in factor.symbols])
        if identically_zero(known) is False:
            parts = [equation(factor, ZERO) for factor in unknown]
            condition = Comparison("!=", known, ZERO) if known.symbols else None
            yield Change("zero product", None, disjunction(*parts), True, condition, Relation.SAME_ROOTS)
            if len(parts) > 1:
                yield Change("zero product, one factor", unknown[0], parts[0], sound=False)
    elif body.op == "div" and "x" in body.args[0].symbols:
        over, under = body.args
        condition = Comparison("!=", under, ZERO) if "x" in under.symbols else None
        yield Change("zero numerator", under, equation(over, ZERO), True, condition, Relation.SAME_ROOTS)


def _quadratic_formula(left: Expr, right: Expr) -> Iterator[Change]:
    """``a*x^2 + b*x + c = 0`` with a, b, c free of x."""
    if right is not ZERO or left.op != "add":
        return
    parts: list[list[Expr]] = [[], [], []]
    for term in left.args:
        split = _coefficient_of_power(term)
        if split is None:
            return
        parts[split[1]].append(split[0])
    if not parts[2]:
        return
    c, b, a = (add(*part) for part in parts)
    discriminant = add(power(b, num(2)), neg(mul(num(4), a, c))) if parts[1] else neg(mul(num(4), a, c))
    if not discriminant.symbols and all(piece.op == "num" for piece in (a, b, c)):
        value = Fraction(b.number) ** 2 - 4 * Fraction(a.number) * Fraction(c.number)
        discriminant = num(value)
        if value < 0:
            yield Change("negative discriminant", discriminant, NO_SOLUTION)
            return
        twice: Expr = num(2 * a.number)
    else:
        twice = mul(num(2), a)
    root = call("sqrt", discriminant)
    lead = [neg(b)] if parts[1] else []
    solutions = [equation(X, div(add(*lead, sign), twice)) for sign in (root, neg(root))]
    conditions = Comparison(">=", discriminant, ZERO) if discriminant.symbols else None
    after = solutions[0] if discriminant is ZERO else disjunction(*solutions)
    yield Change("quadratic formula", None, after, True, conditions, Relation.SAME_ROOTS)


def _coefficient_of_power(term: Expr) -> tuple[Expr, int] | None:
    """``c*x^k`` with k <= 2 as (c, k)."""
    if "x" not in term.symbols:
        return term, 0
    if term == X:
        return ONE, 1
    if term.op == "pow":
        return (ONE, 2) if term.args[0] == X and term.args[1].value == 2 else None
    if term.op == "neg":
        inner = _coefficient_of_power(term.args[0])
        return None if inner is None else (neg(inner[0]), inner[1])
    if term.op == "div" and "x" not in term.args[1].symbols:
        inner = _coefficient_of_power(term.args[0])
        return None if inner is None else (div(inner[0], term.args[1]), inner[1])
    if term.op == "mul":
        unknown = [factor for factor in term.args if "x" in factor.symbols]
        if len(unknown) != 1:
            return None
        inner = _coefficient_of_power(unknown[0])
        if inner is None:
            return None
        known = [factor for factor in term.args if "x" not in factor.symbols]
        return mul(*known, *([] if inner[0] is ONE else [inner[0]])), inner[1]
    return None


def _power_form(left: Expr, right: Expr) -> Iterator[Change]:
    base, exponent = left.args
    if exponent.op == "num" and isinstance(exponent.value, int) and exponent.value > 1 and "x" in base.symbols:
        yield from _take_root(base, exponent.value, right)
    elif base.op == "num" and base.number > 0 and base is not ONE and "x" in exponent.symbols:
        yield from _take_logarithm(base, exponent, right)
    elif base == _E and "x" in exponent.symbols:
        yield from _take_natural_logarithm(exponent, right)


def _take_root(base: Expr, n: int, right: Expr) -> Iterator[Change]:
    if right is ZERO:
        yield Change("take the root", base, equation(base, ZERO), relation=Relation.SAME_ROOTS)
        return
    if "x" in right.symbols:
        if right.op == "pow" and right.args[1].value == n:
            other = right.args[0]
            after = equation(base, other)
            if n % 2:
                yield Change("take the root", base, after)
            else:
                both = disjunction(after, equation(base, neg(other)))
                yield Change("take the root", base, both, relation=Relation.SAME_ROOTS)
                yield Change("take the positive root", base, after, sound=False)
        return
    if n % 2:
        yield Change("take the root", base, equation(base, call("root", right, num(n))), relation=Relation.SAME_ROOTS)
        return
    sign = constant_sign(right)
    root = call("sqrt", right) if n == 2 else call("root", right, num(n))
    after = equation(base, root)
    if sign == -1:
        yield Change("an even power is not negative", base, NO_SOLUTION)
        yield Change("take the positive root", base, equation(base, neg(call("sqrt", neg(right)))), sound=False)
    elif sign != 0:
        condition = Comparison(">=", right, ZERO) if sign is None else None
        both = disjunction(after, equation(base, neg(root)))
        yield Change("take the root", base, both, True, condition, Relation.SAME_ROOTS)
        yield Change("take the positive root", base, after, sound=False)


def _take_logarithm(base: Expr, exponent: Expr, right: Expr) -> Iterator[Change]:
    if right.op == "pow" and right.args[0] == base:
        yield Change("compare exponents", base, equation(exponent, right.args[1]))
    elif right.op == "pow" and right.args[0].op == "num" and right.args[0].number > 0:
        sides = [product(inner, call("ln", b)) for inner, b in ((exponent, base), (right.args[1], right.args[0]))]
        yield Change("take logarithms", None, equation(*sides))
    elif "x" not in right.symbols:
        sign = constant_sign(right)
        if sign is not None and sign <= 0:
            yield Change("a power is positive", base, NO_SOLUTION)
            return
        whole = _whole_logarithm(base.number, right.number) if right.op == "num" else None
        if whole is not None:
            yield Change("compare exponents", base, equation(exponent, num(whole)))
        else:
            condition = Comparison(">", right, ZERO) if sign is None else None
            value = div(call("ln", right), call("ln", base))
            yield Change("take logarithms", base, equation(exponent, value), True, condition)


def _whole_logarithm(base: int | Fraction, value: int | Fraction) -> int | None:
    """The integer k with base^k == value, |k| <= 64; None where there is none."""
    step = Fraction(base) if base > 1 else 1 / Fraction(base)
    goal = Fraction(value)
    inverted = goal < 1
    if inverted:
        goal = 1 / goal
    power_now, k = Fraction(1), 0
    while power_now < goal and k < 64:
        power_now *= step
        k += 1
    if power_now != goal:
        return None
    return -k if inverted != (base < 1) else k


def _root_form(left: Expr, right: Expr) -> Iterator[Change]:
    inner = left.args[0]
    squared = equation(inner, power(right, num(2)))
    if "x" not in right.symbols:
        sign = constant_sign(right)
        if sign == -1:
            yield Change("a root is not negative", inner, NO_SOLUTION)
            yield Change("square without care", inner, squared, sound=False)
        else:
            condition = Comparison(">=", right, ZERO) if sign is None else None
            yield Change("square both sides", inner, squared, True, condition)
    elif right.op == "sqrt":
        after = equation(inner, right.args[0])
        yield Change("square both sides", inner, after, True, Comparison(">=", inner, ZERO), Relation.SAME_ROOTS)
        yield Change("square without care", inner, after, sound=False)
    else:
        constraint = Comparison(">=", right, ZERO)
        yield Change("square both sides", inner, squared, True, constraint, Relation.SAME_ROOTS)
        yield Change("square without care", inner, squared, sound=False)


def _absolute_form(left: Expr, right: Expr) -> Iterator[Change]:
    inner = left.args[0]
    if right.op == "abs":
        other = right.args[0]
        both = disjunction(equation(inner, other), equation(inner, neg(other)))
        yield Change("split absolute value", inner, both, relation=Relation.SAME_ROOTS)
        yield Change("drop absolute value", inner, equation(inner, other), sound=False)
        return
    plus, minus = equation(inner, right), equation(inner, negated(right))
    if "x" in right.symbols:
        constraint = Comparison(">=", right, ZERO)
        both = disjunction(conjunction(plus, constraint), conjunction(minus, constraint))
        yield Change("split absolute value", inner, both, relation=Relation.SAME_ROOTS)
        yield Change("split without care", inner, disjunction(plus, minus), sound=False)
        return
    sign = constant_sign(right)
    if sign == -1:
        yield Change("an absolute value is not negative", inner, NO_SOLUTION)
    elif sign == 0:
        yield Change("split absolute value", inner, plus, relation=Relation.SAME_ROOTS)
    else:
        condition = Comparison(">=", right, ZERO) if sign is None else None
        both = disjunction(plus, minus)
        yield Change("split absolute value", inner, both, True, condition, Relation.SAME_ROOTS)
    if sign != 0:
        yield Change("drop absolute value", inner, plus, sound=False)


def _exponential_form(left: Expr, right: Expr) -> Iterator[Change]:
    yield from _take_natural_logarithm(left.args[0], right)


def _take_natural_logarithm(inner: Expr, right: Expr) -> Iterator[Change]:
    """``exp(A) = right``, however the left side is written."""
    if right.op == "exp" or (right.op == "pow" and right.args[0] == _E):
        yield Change("compare exponents", inner, equation(inner, right.args[-1]))
    elif "x" not in right.symbols:
        sign = constant_sign(right)
        if sign is not None and sign <= 0:
            yield Change("a power is positive", inner, NO_SOLUTION)
        else:
            condition = Comparison(">", right, ZERO) if sign is None else None
            yield Change("take logarithms", inner, equation(inner, call("ln", right)), True, condition)


def _logarithm_form(left: Expr, right: Expr) -> Iterator[Change]:
    inner = left.args[0]
    if right.op == "ln":
        other = right.args[0]
        positive = constant_sign(other) == 1
        constraint = None if positive else Comparison(">", inner, ZERO)
        yield Change("compare arguments", inner, equation(inner, other), True, constraint, Relation.SAME_ROOTS)
        if not positive:
            yield Change("compare without care", inner, equation(inner, other), sound=False)
    elif "x" not in right.symbols:
        yield Change("exponentiate", inner, equation(inner, call("exp", right)))


def _based_logarithm_form(left: Expr, right: Expr) -> Iterator[Change]:
    inner, base = left.args
    if "x" in base.symbols or base.op != "num" or base.number <= 0 or base is ONE:
        return
    if right.op == "log" and right.args[1] == base:
        constraint = None if constant_sign(right.args[0]) == 1 else Comparison(">", inner, ZERO)
        after = equation(inner, right.args[0])
        yield Change("compare arguments", inner, after, True, constraint, Relation.SAME_ROOTS)
    elif "x" not in right.symbols:
        yield Change("exponentiate", inner, equation(inner, power(base, right)))


_BY_FORM = {
    "pow": _power_form,
    "sqrt": _root_form,
    "abs": _absolute_form,
    "exp": _exponential_form,
    "ln": _logarithm_form,
    "log": _based_logarithm_form,
}
