"""Kernels in a canonical shape, so that what is plainly the same has the same name.

:func:`canonical` rewrites roots, absolute values, powers, exponentials, logarithms and trigonometric functions until
equal things look equal as often as a few exact rules can bring about: ``sqrt(8)`` becomes ``2*sqrt(2)``, ``ln(8)``
becomes ``3*ln(2)``, ``4^x`` becomes ``(2^x)^2``, ``sqrt(x^2)`` becomes ``|x|``, ``tan(x)`` becomes ``sin(x)/cos(x)``.
Arguments are expanded, in lowest terms. Each rule is an identity of real functions wherever the original is defined;
what must hold for that is returned beside the tree as *requirements* and is never lost by a rewrite.

Over the complex numbers most of the rules fail, and kernels only get their arguments expanded.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from reasoning_envs.symbolic.equality.forms import Form, UndefinedForm, factors, form, ring_of
from reasoning_envs.symbolic.equality.kernel_rules import (
    NOTHING,
    Argument,
    E,
    Requirement,
    absolute,
    exponential,
    factorial_of,
    general_power,
    is_positive_kernel,
    logarithm,
    numeric_logarithm,
    odd_or_even,
    primes,
    root,
)
from reasoning_envs.symbolic.equality.rings import is_rational, polynomial_to_expr
from reasoning_envs.symbolic.syntax.expression import ONE, ZERO, Expr, add, call, div, mul, neg, num, power, rebuild

__all__ = ["Canonical", "Requirement", "canonical", "normal_form"]


class Canonical(NamedTuple):
    """The rewritten tree and what must hold for the original to be defined, its plain divisors apart."""

    tree: Expr
    requirements: frozenset[Requirement]


@lru_cache(maxsize=512)
def normal_form(expr: Expr, over: str = "real") -> tuple[Form, frozenset[Requirement]]:
    """The form of the canonical tree in its own smallest ring, and the requirements.

    Raises:
        UndefinedForm, TooLarge: as :func:`~reasoning_envs.symbolic.equality.forms.form`.
    """
    tree, requirements = canonical(expr, over)
    return form(tree, ring_of(tree, over=over)), requirements


@lru_cache(maxsize=512)
def canonical(expr: Expr, over: str = "real") -> Canonical:
    """The canonical tree of an expression.

    Args:
        expr: any expression within the static bounds.
        over: ``"real"``, ``"positive"`` (every symbol is) or ``"complex"`` (principal branches).

    Raises:
        UndefinedForm: a part divides by zero, or is a root or a logarithm of a number that has none.
        TooLarge: an argument is too large to be expanded.
    """
    if is_rational(expr):
        return Canonical(expr, NOTHING)
    if expr.op in ("add", "mul", "div", "neg"):
        inner = [canonical(arg, over) for arg in expr.args]
        return Canonical(
            rebuild(expr.op, tuple([part.tree for part in inner])),
            NOTHING.union(*[part.requirements for part in inner]),
        )
    if expr.op == "const":
        if expr.value == "inf":
            raise UndefinedForm("infinity is no number")
        if expr.value == "i" and over != "complex":
            raise UndefinedForm("i is not real")
        return Canonical(expr, NOTHING)
    if expr.op == "pow":
        return _canonical_power(expr, over)
    prepared = [_argument(arg, over) for arg in expr.args]
    arguments = [argument for argument, _ in prepared]
    requirements = NOTHING.union(*[needs for _, needs in prepared])
    if over == "complex":
        return Canonical(rebuild(expr.op, tuple([argument.tree() for argument in arguments])), requirements)
    tree, more = _function(expr.op, arguments, over)
    return Canonical(tree, requirements | more)


def _argument(expr: Expr, over: str) -> tuple[Argument, frozenset[Requirement]]:
    """An expression as the argument of a kernel, and all that it needs to be defined."""
    found, requirements = normal_form(expr, over)
    top, down = found.lowest_terms()
    return Argument(top, down, found.ring), requirements | _divisor_requirements(found)


def _divisor_requirements(found: Form) -> frozenset[Requirement]:
    requirements: set[Requirement] = set()
    for divisor in found.divisors:
        for factor, _ in factors(divisor):
            tree = polynomial_to_expr(factor, found.ring)
            if not is_positive_kernel(tree):
                requirements.add(("!= 0", tree))
    return frozenset(requirements)


def _function(name: str, arguments: list[Argument], over: str) -> tuple[Expr, frozenset[Requirement]]:
    first = arguments[0]
    if name == "sqrt":
        return root(first, 2, over)
    if name == "root":
        degree = arguments[1].number()
        if degree is None or degree.denominator != 1 or degree < 1:
            raise UndefinedForm("the degree of a root must be a positive integer")
        return root(first, int(degree), over)
    if name == "abs":
        return absolute(first.top, first.down, first.ring, over), NOTHING
    if name == "ln":
        return logarithm(first, over)
    if name == "log":
        top, more = logarithm(first, over)
        base, further = logarithm(arguments[1], over)
        if base == ZERO:
            raise UndefinedForm("a logarithm to the base 1 is undefined")
        extra: set[Requirement] = set() if base.op == "num" or not base.symbols else {("!= 0", base)}
        return div(top, base), more | further | extra
    if name == "exp":
        return exponential(E, first), NOTHING
    if name in ("sin", "cos", "tan", "asin", "atan"):
        return odd_or_even(name, first)
    if name in ("sinh", "cosh", "tanh"):
        up, down = exponential(E, first), div(ONE, exponential(E, first))
        if name == "tanh":
            return div(add(up, neg(down)), add(up, down)), NOTHING
        return div(add(up, down if name == "cosh" else neg(down)), num(2)), NOTHING
    if name == "factorial":
        return factorial_of(first)
    tree = call(name, *[argument.tree() for argument in arguments])
    return tree, frozenset((("in [-1, 1]" if name == "acos" else "defined", first.tree() if name == "acos" else tree),))


def _canonical_power(expr: Expr, over: str) -> Canonical:
    base, exponent = expr.args
    if isinstance(exponent.value, int):
        inner = canonical(base, over)
        return Canonical(power(inner.tree, exponent), inner.requirements)
    argument, requirements = _argument(exponent, over)
    inner = canonical(base, over)
    requirements = requirements | inner.requirements
    value = argument.number()
    if value is not None and value.denominator == 1:
        return Canonical(power(inner.tree, num(value.numerator)), requirements)
    below, needs = _argument(base, over)
    requirements = requirements | needs
    if over == "complex":
        return Canonical(power(below.tree(), argument.tree()), requirements)
    if value is not None:
        kernel, more = root(below, value.denominator, over)
        tree = kernel if value.numerator == 1 else power(kernel, num(value.numerator))
        return Canonical(tree, requirements | more)
    number = below.number()
    if inner.tree == E:
        return Canonical(exponential(E, argument), requirements)
    if number is not None:
        if number <= 0:
            raise UndefinedForm("a power with a variable exponent needs a positive base")
        if not argument.down.is_constant():
            # 2^(ln(x)/ln(2)) is e^(ln(x)): worth a look when the exponent is a fraction.
            scaled, _ = _argument(mul(argument.tree(), numeric_logarithm(number)), over)
            if scaled.down.is_constant():
                return Canonical(exponential(E, scaled), requirements)
        pieces = []
        for prime, times in [*primes(number.numerator), *[(p, -e) for p, e in primes(number.denominator)]]:
            factor = exponential(num(prime), argument)
            pieces.append(factor if times == 1 else power(factor, num(times)))
        return Canonical(mul(*pieces), requirements)
    tree = below.tree()
    if not is_positive_kernel(tree):
        requirements = requirements | {(">= 0", tree)}
    return Canonical(general_power(tree, argument), requirements)
