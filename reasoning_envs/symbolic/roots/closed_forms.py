"""All real zeros of a function of one symbol in closed form, where peeling reaches them.

An equation that is a polynomial in a single kernel (``e^(2x) - 3e^x + 2``), or in the symbol itself with constants such
as ``ln(2)`` as coefficients, is solved for that kernel; each solution is an equation in what stands inside, and so on:
``ln(ln(x)) = 5`` gives ``ln(x) = e^5`` gives ``x = e^(e^5)``. The result may hold values that solve nothing (a square
root was squared), and misses none.
"""

from __future__ import annotations

from fractions import Fraction

from flint import fmpq, fmpq_mpoly, fmpz_poly

from reasoning_envs.symbolic.equality.canonical import normal_form
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm, factors
from reasoning_envs.symbolic.equality.rings import Ring, fraction_to_expr, polynomial_to_expr, to_rational
from reasoning_envs.symbolic.roots.points import Point, constant_point, polynomial_points, univariate
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr, add, call, div, mul, neg, num, power, sub
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision, sign
from reasoning_envs.symbolic.values.enclosures import value_at

__all__ = ["zeros_in_closed_form", "zeros_of_factor"]

_MAX_DEPTH = 8
_MAX_ZEROS = 24


def zeros_in_closed_form(expr: Expr, name: str, depth: int = 0) -> tuple[Point, ...] | None:
    """Every real value of ``name``, the only symbol of ``expr``, at which that can be 0, and perhaps others.

    None where peeling does not get through. Infinitely many zeros are never claimed to be none.
    """
    if depth > _MAX_DEPTH:
        return None
    try:
        check_bounds(expr)
        form, _ = normal_form(expr)
    except UndefinedForm:
        return ()
    except (TooLarge, UnsafeExpressionError):
        return None
    if form.is_zero:
        return None
    found: list[Point] = []
    ring = form.ring
    try:
        parts = factors(form.numerator)
        for factor, _ in parts:
            zeros = zeros_of_factor(factor, ring, name, depth)
            if zeros is None or len(found) > _MAX_ZEROS:
                return None
            found.extend(zeros)
    except TooLarge:
        return None
    return tuple(found)


def zeros_of_factor(factor: fmpq_mpoly, ring: Ring, name: str, depth: int = 0) -> tuple[Point, ...] | None:
    """The same for a factor, a polynomial over a ring."""
    degrees = factor.degrees()
    holding = [place for place in ring.depends(name) if degrees[place]]
    if not holding:
        return ()
    if len(holding) > 1:
        return None
    place = holding[0]
    generator = ring.expressions[place]
    if generator.op == "sym":
        only = univariate(factor, place)
        if only is not None:
            return polynomial_points(only)
    roots = _roots(factor, ring, place)
    if roots is None:
        return None
    found: list[Point] = []
    for root in roots:
        zeros = _peeled(generator, root, name, depth)
        if zeros is None:
            return None
        found.extend(zeros)
    return tuple(found)


def _roots(factor: fmpq_mpoly, ring: Ring, place: int) -> list[Expr] | None:
    """The real roots in one generator of a polynomial with constant coefficients, as constant expressions."""
    only = univariate(factor, place)
    if only is not None:
        constants: list[Expr] = []
        if not any(only.coeffs()[1:-1]) and only.degree() > 2:
            return _roots_of_binomial(only)
        for point in polynomial_points(only):
            constant = num(to_rational(point.exact)) if point.exact is not None else point.radical()
            if constant is None:
                return None
            constants.append(constant)
        return constants
    groups: dict[int, dict[tuple[int, ...], fmpq]] = {}
    for exponents, coefficient in factor.to_dict().items():
        rest = (*exponents[:place], 0, *exponents[place + 1 :])
        groups.setdefault(exponents[place], {})[rest] = coefficient
    if max(groups) > 2:
        return None
    c, b, a = (polynomial_to_expr(ring.context.from_dict(groups.get(power_, {})), ring) for power_ in range(3))
    if max(groups) == 1:
        return [div(neg(c), b)] if _sign(b) in (1, -1) else None
    discriminant = sub(power(b, num(2)), mul(num(4), a, c))
    side = _sign(discriminant)
    if _sign(a) not in (1, -1) or side is None:
        return None
    if side < 0:
        return []
    root = call("sqrt", discriminant)
    return [div(add(neg(b), root), mul(num(2), a)), div(sub(neg(b), root), mul(num(2), a))]


def _roots_of_binomial(polynomial: fmpz_poly) -> list[Expr]:
    """The real roots of ``a*t^n + b``."""
    coefficients = polynomial.coeffs()
    value, degree = Fraction(-int(coefficients[0]), int(coefficients[-1])), polynomial.degree()
    if degree % 2 == 0 and value < 0:
        return []
    root = call("root", num(value), num(degree))
    return [root, neg(root)] if degree % 2 == 0 else [root]


def _peeled(generator: Expr, value: Expr, name: str, depth: int) -> tuple[Point, ...] | None:
    """The zeros of ``generator - value``: through the inverse of the outermost function."""
    value = _tidy(value)
    if generator.op == "sym":
        point = constant_point(value)
        return () if point is None else (point,)
    inside = generator.args[0]
    side = _sign(value)
    if side is None:
        return None
    targets: list[Expr]
    if generator.op in ("exp", "pow"):
        if side <= 0:
            return ()
        logarithm = call("ln", value)
        if generator.op == "exp":
            targets = [logarithm]
        elif generator.args[0].op == "num":
            inside, targets = generator.args[1], [div(logarithm, call("ln", generator.args[0]))]
        else:
            return None
    elif generator.op == "ln":
        targets = [call("exp", value)]
    elif generator.op == "sqrt":
        targets = [power(value, num(2))] if side >= 0 else []
    elif generator.op == "root":
        degree = generator.args[1]
        even = isinstance(degree.value, int) and degree.value % 2 == 0
        targets = [] if even and side < 0 else [power(value, degree)]
    elif generator.op == "abs":
        targets = [value, neg(value)] if side > 0 else [value] if side == 0 else []
    else:
        return None
    found: list[Point] = []
    for target in targets:
        zeros = zeros_in_closed_form(sub(inside, target), name, depth + 1)
        if zeros is None:
            return None
        found.extend(zeros)
    return tuple(found)


def _tidy(value: Expr) -> Expr:
    """The constant in lowest terms."""
    try:
        form, _ = normal_form(value)
        return fraction_to_expr(*form.lowest_terms(), form.ring)
    except (UndefinedForm, TooLarge):
        return value


def _sign(expr: Expr) -> int | None:
    """The certain sign of a constant; None where it is undefined or too close to 0 to tell."""
    if expr.op == "num":
        value = expr.number
        return (value > 0) - (value < 0)
    for bits in (128, 1024):
        try:
            with precision(bits):
                return sign(value_at(expr, {}))
        except Undefined:
            return None
        except Unclear:
            continue
    return None
