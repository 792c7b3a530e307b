"""Points of the real line that matter to an equation, each known exactly or to any precision that is asked for.

A :class:`Point` is a rational number, a root of an irreducible polynomial, the value of a constant expression, or a
zero that a scan found. :func:`polynomial_points` isolates the real roots of a polynomial (python-flint, certified);
:func:`eliminate` turns an equation with roots and absolute values into a polynomial that has all its solutions.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import gcd
from typing import Any

from flint import acb, arb, fmpq, fmpq_mpoly, fmpq_poly, fmpz_poly

from reasoning_envs.symbolic.equality.canonical import normal_form
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm
from reasoning_envs.symbolic.equality.rings import from_rational, to_rational
from reasoning_envs.symbolic.syntax.expression import Expr, add, call, const, div, mul, neg, num, power, rebuild
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, is_exact, precision
from reasoning_envs.symbolic.values.enclosures import value_at

__all__ = ["Point", "constant_point", "polynomial_points", "rational_point", "univariate"]

_MAX_DEGREE = 120
_MAX_COEFFICIENT_BITS = 20_000
_MAX_ISOLATION = 50_000  # the degree squared times the bits of a coefficient, with which the time to isolate grows


class Point:
    """A real number.

    Attributes:
        exact: the number itself where it is rational.
        factor: the irreducible integer polynomial whose root it is, where it is algebraic and not rational.
        index: which of the real roots of ``factor`` it is, from the left.
        expression: a constant expression of that value, where there is a short one.
    """

    __slots__ = ("_balls", "_compute", "exact", "expression", "factor", "index")

    def __init__(
        self,
        *,
        exact: fmpq | None = None,
        factor: fmpz_poly | None = None,
        index: int = 0,
        expression: Expr | None = None,
        compute: Callable[[int], arb] | None = None,
    ) -> None:
        self.exact = exact
        self.factor = factor
        self.index = index
        self.expression = expression
        self._compute = compute
        self._balls: dict[int, arb] = {}

    def ball(self, bits: int) -> arb:
        """A ball of about ``bits`` bits that contains the number."""
        found = self._balls.get(bits)
        if found is None:
            with precision(bits):
                if self.exact is not None:
                    found = arb(self.exact)
                else:
                    assert self._compute is not None
                    found = self._compute(bits)
            self._balls[bits] = found
        return found

    def constant(self) -> Expr | None:
        """A constant expression of exactly this value; None where there is no short one."""
        return num(to_rational(self.exact)) if self.exact is not None else self.expression or self.radical()

    @property
    def key(self) -> object:
        """Equal for points that are known to be the same number, and for these only."""
        if self.exact is not None:
            return (int(self.exact.p), int(self.exact.q))
        if self.factor is not None:
            return (str(self.factor), self.index)
        return id(self)

    def text(self, name: str) -> str:
        """``"x = 3/2"``, ``"x = (1 + sqrt(5))/2"`` or ``"x ≈ 1.3247"``."""
        from reasoning_envs.symbolic.syntax.printer import to_text

        if self.exact is not None:
            return f"{name} = {to_text(num(to_rational(self.exact)))}"
        expression = self.expression or self.radical()
        if expression is not None and expression.size <= 20:
            return f"{name} = {to_text(_with_powers(expression))}"
        return f"{name} ≈ {float(self.ball(64).mid()):.6g}"

    def radical(self) -> Expr | None:
        """(-b ± sqrt(d)) / 2a for a root of a quadratic factor; None for others."""
        if self.factor is None or self.factor.degree() != 2:
            return None
        c, b, a = (int(coefficient) for coefficient in self.factor.coeffs())
        discriminant = b * b - 4 * a * c
        outside = 1
        for prime in range(2, 200):
            while discriminant % (prime * prime) == 0:
                discriminant //= prime * prime
                outside *= prime
        plus = (self.index == 1) == (a > 0)
        middle, spread = Fraction(-b, 2 * a), Fraction(outside if plus else -outside, 2 * a)
        under = middle.denominator * spread.denominator // gcd(middle.denominator, spread.denominator)
        head, factor = middle * under, spread * under
        root = call("sqrt", num(discriminant))
        radical = root if factor == 1 else neg(root) if factor == -1 else mul(num(factor), root)
        top = radical if head == 0 else add(num(head), radical)
        return top if under == 1 else div(top, num(under))


def _with_powers(expr: Expr) -> Expr:
    """``exp(2)`` as ``e^2``."""
    args = tuple([_with_powers(arg) for arg in expr.args])
    if not args:
        return expr
    return power(const("e"), args[0]) if expr.op == "exp" else rebuild(expr.op, args)


def rational_point(value: fmpq) -> Point:
    """The point of a rational number."""
    return Point(exact=value)


def constant_point(expression: Expr) -> Point | None:
    """The point of a constant expression; None where it has no real value."""

    def compute(bits: int) -> Any:
        return value_at(expression, {})

    try:
        with precision(128):
            value = value_at(expression, {})
        exact = normal_form(expression)[0].constant()
    except (Undefined, Unclear, UndefinedForm):
        return None
    except TooLarge:
        exact = None
    if is_exact(value):
        return Point(exact=value)
    if exact is not None:
        return Point(exact=from_rational(exact))
    return Point(expression=expression, compute=compute)


def univariate(polynomial: fmpq_mpoly, index: int) -> fmpz_poly | None:
    """The primitive integer polynomial in the generator ``index`` alone; None where others occur."""
    if polynomial.is_zero():
        return fmpq_poly([0]).numer()
    if any(degree for position, degree in enumerate(polynomial.degrees()) if position != index):
        return None
    coefficients: dict[int, Any] = {}
    for exponents, coefficient in zip(polynomial.monoms(), polynomial.coeffs(), strict=True):
        coefficients[exponents[index]] = coefficient
    listed = [coefficients.get(i, 0) for i in range(max(coefficients) + 1)]
    return fmpq_poly(listed).numer()


def polynomial_points(polynomial: fmpz_poly) -> tuple[Point, ...]:
    """The real roots of a non-zero polynomial, without multiplicity, in no order.

    Raises:
        TooLarge: its degree or its coefficients, or those of a factor, are beyond what is worth isolating.
    """
    if polynomial.degree() < 1:
        return ()
    if polynomial.degree() > _MAX_DEGREE or polynomial.height_bits() > _MAX_COEFFICIENT_BITS:
        raise TooLarge("a polynomial of too high a degree")
    points: list[Point] = []
    for factor, _ in polynomial.factor()[1]:
        if factor.degree() ** 2 * factor.height_bits() > _MAX_ISOLATION:
            raise TooLarge(f"the roots of a polynomial of degree {factor.degree()}")
        points.extend(irreducible_points(tuple(int(c) for c in factor.coeffs())))
    return tuple(points)


@lru_cache(maxsize=512)
def irreducible_points(coefficients: tuple[int, ...]) -> tuple[Point, ...]:
    """The real roots of an irreducible integer polynomial (lowest coefficient first), from left to right."""
    factor = fmpz_poly(list(coefficients))
    degree = factor.degree()
    if degree == 1:
        return (Point(exact=fmpq(-coefficients[0], coefficients[1])),)
    if degree == 2:
        c, b, a = coefficients
        if b * b - 4 * a * c < 0:
            return ()
    found: dict[int, list[Any]] = {}

    def root(bits: int, i: int) -> Any:
        # Flint isolates all the roots at once: what one point asks for, the others need not ask again.
        if bits not in found:
            found[bits] = _real_roots(factor, bits)
        return found[bits][i]

    found[64] = _real_roots(factor, 64)
    return tuple(
        [
            Point(factor=factor, index=i, compute=lambda bits, i=i: root(bits, i))  # type: ignore[misc]
            for i in range(len(found[64]))
        ]
    )


def _complex_roots(factor: fmpz_poly) -> list[tuple[acb, int]]:
    return factor.complex_roots()  # type: ignore[return-value]


def _real_roots(factor: fmpz_poly, bits: int) -> list[Any]:
    with precision(bits):
        # Flint isolates: the enclosures are disjoint, and those of real roots have an imaginary part of exactly 0.
        found = [root.real for root, _ in _complex_roots(factor) if root.imag.is_zero()]
    return sorted(found, key=lambda ball: ball.mid())
