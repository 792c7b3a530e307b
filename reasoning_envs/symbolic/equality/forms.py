"""Expressions as exact fractions of polynomials: the workhorse of deciding equality.

Every expression is a rational function of its *generators*: its free symbols and its *kernels*, which are the
sub-expressions that are no rational operation (``sqrt(x + 1)``, ``ln(2)``, ``2^x``, ``pi``). :func:`form` expands an
expression over a :class:`Ring` of such generators with python-flint and keeps what expansion would forget: every
divisor that was met. Kernels that obey an algebraic relation (``sqrt(u)^2 = u``) are reduced by it.

A form is exact in both directions for rational functions: it is zero if and only if the function is. With kernels,
zero proves zero; not zero proves nothing, since kernels may be related in ways that nobody wrote down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import Any, NamedTuple

from flint import fmpq, fmpq_mpoly

from reasoning_envs.symbolic.equality.rings import (
    Relation,
    Ring,
    from_rational,
    is_kernel,
    is_rational,
    nodes,
    to_rational,
)
from reasoning_envs.symbolic.syntax.expression import Expr, call, const

__all__ = [
    "Form",
    "TooLarge",
    "UndefinedForm",
    "check_factorable",
    "factored",
    "factors",
    "form",
    "product",
    "raised",
    "ring_of",
]

MAX_TERMS = 20_000
MAX_BITS = 200_000
MAX_KERNELS = 64
_MAX_FACTOR_TERMS = 600
_MAX_FACTOR_DEGREE = 80
_MAX_LONE_DEGREE = 200  # of a polynomial in one generator


class UndefinedForm(ArithmeticError):
    """The expression divides by something that is zero everywhere."""


class TooLarge(ArithmeticError):
    """Expanding the expression would take more terms or digits than is worth it."""


_IMAGINARY = const("i")


def _sine(argument: Expr) -> Expr:
    return call("sin", argument)


@lru_cache(maxsize=512)
def _ring(symbols: tuple[str, ...], kernels: tuple[Expr, ...], real: bool) -> Ring:
    ring = Ring(symbols, kernels)
    # Inner kernels first: the argument of an outer kernel is reduced by the relations found so far.
    for kernel in kernels:
        relation = _relation(kernel, ring, real)
        if relation is not None:
            ring.relations = (relation, *ring.relations)
    return ring


def _relation(kernel: Expr, ring: Ring, real: bool) -> Relation | None:
    index = ring.index[kernel.tokens]
    if kernel == _IMAGINARY:
        return Relation(index, 2, ring.context.constant(-1), None)
    if kernel.op == "cos":
        sine = ring.generators.get(_sine(kernel.args[0]).tokens)
        return None if sine is None else Relation(index, 2, 1 - sine * sine, None)
    degree = 2 if kernel.op == "sqrt" or (kernel.op == "abs" and real) else None
    if kernel.op == "root" and isinstance(kernel.args[1].value, int):
        degree = kernel.args[1].value
    if degree is None or degree < 2:
        return None
    try:
        inner = form(kernel.args[0], ring)
    except (TooLarge, UndefinedForm):
        return None
    if kernel.op == "abs":
        under = None if inner.denominator is None else inner.denominator**2
        return Relation(index, 2, raised(inner.numerator, 2), under)
    return Relation(index, degree, inner.numerator, inner.denominator)


def ring_of(*expressions: Expr, over: str = "real") -> Ring:
    """The smallest ring that holds all the expressions.

    Raises:
        TooLarge: they have more than :data:`MAX_KERNELS` kernels.
    """
    symbols: set[str] = set()
    kernels: dict[bytes, Expr] = {}
    for expr in expressions:
        symbols |= expr.symbols
        if not is_rational(expr):
            _collect(expr, kernels)
    if len(kernels) > MAX_KERNELS:
        raise TooLarge(f"{len(kernels)} different roots, functions and constants; at most {MAX_KERNELS} are expanded")
    ordered = sorted(kernels.values(), key=lambda kernel: (kernel.size, kernel.tokens)) if kernels else ()
    return _ring(tuple(sorted(symbols)), tuple(ordered), over != "complex")


def _collect(expr: Expr, kernels: dict[bytes, Expr]) -> None:
    for node in nodes(expr):
        if is_kernel(node) and node.tokens not in kernels:
            kernels[node.tokens] = node
            for arg in node.args:
                _collect(arg, kernels)
            if node.op == "cos":  # its relation needs the sine
                sine = _sine(node.args[0])
                kernels.setdefault(sine.tokens, sine)


class Form(NamedTuple):
    """``numerator / denominator`` (None: 1) over a ring, with every non-constant divisor that was met on the way."""

    ring: Ring
    numerator: fmpq_mpoly
    denominator: fmpq_mpoly | None
    divisors: tuple[fmpq_mpoly, ...]

    @property
    def is_zero(self) -> bool:
        """Zero wherever it is defined."""
        return self.numerator.is_zero()

    def constant(self) -> Fraction | None:
        """The rational number that it is, if it is one."""
        top, down = self.lowest_terms()
        return to_rational(_constant(top) / _constant(down)) if top.is_constant() and down.is_constant() else None

    def minus(self, other: Form) -> Form:
        """The difference, over the same ring."""
        n1, d1, n2, d2 = self.numerator, self.denominator, other.numerator, other.denominator
        if d1 is None and d2 is None:
            n, d = n1 - n2, None
        elif d1 == d2:
            n, d = n1 - n2, d1
        else:
            left = n1 if d2 is None else _times(n1, d2)
            right = n2 if d1 is None else _times(n2, d1)
            n = left - right
            d = d1 if d2 is None else d2 if d1 is None else _times(d1, d2)
        n, d = _reduce(self.ring, n, d)
        divisors = self.divisors if self.divisors == other.divisors else _distinct((*self.divisors, *other.divisors))
        return Form(self.ring, n, d, divisors)

    def lowest_terms(self) -> tuple[fmpq_mpoly, fmpq_mpoly]:
        """Numerator and denominator without a common factor; the denominator's leading coefficient is 1."""
        n, d = self.numerator, self.denominator
        if d is None:
            return n, self.ring.context.constant(1)
        common = n.gcd(d)
        if not common.is_constant():
            n, d = n // common, d // common
        lead = d.leading_coefficient()
        return n / lead, d / lead


def form(expr: Expr, ring: Ring) -> Form:
    """The form of an expression whose symbols and kernels are all in the ring.

    Raises:
        UndefinedForm: it divides by zero.
        TooLarge: see :data:`MAX_TERMS`, :data:`MAX_BITS`.
    """
    result = _form(expr, ring)
    if isinstance(result, Form):
        return result
    raise result[0](result[1])


@lru_cache(maxsize=1024)
def _form(expr: Expr, ring: Ring) -> Form | tuple[type[ArithmeticError], str]:
    try:
        return _expand(expr, ring)
    except (UndefinedForm, TooLarge) as error:
        return type(error), str(error)


def _expand(expr: Expr, ring: Ring) -> Form:
    generators = ring.generators
    tops: list[Any] = []  # numerators: fmpq or polynomials
    downs: list[Any] = []  # denominators: None for 1, else polynomials
    divisors: list[fmpq_mpoly] = []
    for node in nodes(expr):
        op = node.op
        if op == "num":
            tops.append(from_rational(node.number))
            downs.append(None)
        elif op == "sym":
            tops.append(generators[str(node.value)])
            downs.append(None)
        elif op == "neg":
            tops[-1] = -tops[-1]
        elif op == "add":
            count = len(node.args)
            top, down = _sum(tops[-count:], downs[-count:])
            del tops[-count:], downs[-count:]
            tops.append(top)
            downs.append(down)
        elif op == "mul":
            count = len(node.args)
            top, down = tops[-count], downs[-count]
            for other, under in zip(tops[1 - count :], downs[1 - count :], strict=True):
                top = _times(top, other)
                down = under if down is None else down if under is None else _times(down, under)
            del tops[-count:], downs[-count:]
            tops.append(top)
            downs.append(down)
        elif op == "div":
            under_top, under_down = tops.pop(), downs.pop()
            top, down = tops.pop(), downs.pop()
            top, down = _quotient(top, down, under_top, under_down, divisors, ring, node.args[1])
            tops.append(top)
            downs.append(down)
        elif op == "pow" and isinstance(node.args[1].value, int):
            _power(tops, downs, node.args[1].value, divisors, ring, node.args[0])
        else:
            tops.append(generators[node.tokens])
            downs.append(None)
    top, down = tops[0], downs[0]
    if isinstance(top, fmpq):
        top = ring.context.constant(top)
    if ring.kernels:
        top, down = _reduce(ring, top, down)
    return Form(ring, top, down, _distinct(divisors) if divisors else ())


def _sum(tops: list[Any], downs: list[Any]) -> tuple[Any, Any]:
    total, under = tops[0], downs[0]
    for top, down in zip(tops[1:], downs[1:], strict=True):
        if down is None and under is None:
            total = total + top
        elif down is None:
            total = total + _times(top, under)
        elif under is None:
            total, under = _times(total, down) + top, down
        elif under == down:
            total = total + top
        else:
            common = under.gcd(down)
            left, right = (down, under) if common.is_constant() else (down // common, under // common)
            total, under = _times(total, left) + _times(top, right), _times(under, left)
        if not _is_number(total) and len(total) > MAX_TERMS:
            raise TooLarge("too many terms")
    return total, under


def _quotient(
    top: Any, down: Any, under_top: Any, under_down: Any, divisors: list[fmpq_mpoly], ring: Ring, divisor: Expr
) -> tuple[Any, Any]:
    """``(top/down) / (under_top/under_down)``, the divisor noted."""
    if ring.kernels and not _is_number(under_top):
        under_top, under_down = _reduce(ring, under_top, under_down)
    if under_top == 0 if _is_number(under_top) else under_top.is_zero():
        raise UndefinedForm("it divides by 0" if divisor.op == "num" else f"it divides by {divisor}, which is 0")
    if under_down is not None:
        top = _times(top, under_down)
    if not _is_number(under_top) and under_top.is_constant():
        under_top = _constant(under_top)
    if _is_number(under_top):
        return top / under_top, down
    divisors.append(under_top)
    return top, under_top if down is None else _times(down, under_top)


def _power(
    tops: list[Any], downs: list[Any], exponent: int, divisors: list[fmpq_mpoly], ring: Ring, base: Expr
) -> None:
    top, down = tops.pop(), downs.pop()
    if exponent <= 0:
        # A power with exponent 0 or below is defined only where its base is not 0; 0^0 is left undefined.
        top, down = _quotient(fmpq(1), None, top, down, divisors, ring, base)
        exponent = -exponent
    if exponent == 0:
        top, down = fmpq(1), None
    tops.append(raised(top, exponent))
    downs.append(None if down is None else raised(down, exponent))


def raised(value: Any, exponent: int) -> Any:
    """A power of a number or a polynomial, its exponent 1 or more.

    Raises:
        TooLarge: it would have too many terms or digits.
    """
    if exponent == 1:
        return value
    if _is_number(value):
        if value.height_bits() * exponent > MAX_BITS:
            raise TooLarge("too many digits")
        return value**exponent
    count = len(value)
    if count == 0:
        return value  # 0 to a positive power
    if count == 1:
        bits = max(value.coeffs()[0].height_bits(), 1)
    else:
        bits = max((coefficient.height_bits() for coefficient in value.coeffs()), default=0) + count.bit_length()
        terms = 1
        # The number of monomials of degree ``exponent`` in ``count`` variables bounds the terms from above.
        for i in range(1, count):
            terms = terms * (exponent + i) // i
            if terms > MAX_TERMS * 50:
                raise TooLarge("too many terms")
        box = 1
        for degree in value.degrees():
            box *= degree * exponent + 1
        if min(terms, box) > MAX_TERMS:
            raise TooLarge("too many terms")
    if bits * exponent > MAX_BITS:
        raise TooLarge("too many digits")
    return value**exponent


def _times(left: Any, right: Any) -> Any:
    if not _is_number(left) and not _is_number(right) and len(left) * len(right) > MAX_TERMS * 5:
        raise TooLarge("too many terms")
    return left * right


def factors(polynomial: fmpq_mpoly) -> list[tuple[fmpq_mpoly, int]]:
    """The irreducible factors of :func:`factored`, which raises as that does."""
    return factored(polynomial)[1]


def factored(polynomial: fmpq_mpoly) -> tuple[fmpq, list[tuple[fmpq_mpoly, int]]]:
    """The constant factor, and the irreducible factors that are no constants with their exponents.

    Raises:
        TooLarge: it has more terms, or a higher degree, than is worth factoring.
    """
    if len(polynomial) == 2 and polynomial.total_degree() == 1:  # x + 3: half of what is factored, and irreducible
        numbers = polynomial.coeffs()
        content = content_of(numbers)
        return content, [(polynomial / content, 1)]
    check_factorable(polynomial)
    return polynomial.factor()


def content_of(numbers: Sequence[fmpq]) -> fmpq:
    """What to divide coefficients by to make them whole, without a common divisor, the first of them positive."""
    content = fmpq(gcd(*[int(c.p) for c in numbers]), lcm(*[int(c.q) for c in numbers]))
    return -content if numbers[0] < 0 else content


def check_factorable(polynomial: fmpq_mpoly) -> None:
    """Nothing, if factoring the polynomial is cheap.

    Raises:
        TooLarge: it has more terms, or a higher degree, than is worth factoring.
    """
    lone = sum(degree > 0 for degree in polynomial.degrees()) == 1
    most = _MAX_LONE_DEGREE if lone else _MAX_FACTOR_DEGREE
    terms, degree = len(polynomial), polynomial.total_degree() if len(polynomial) > 1 else 0
    if terms > _MAX_FACTOR_TERMS or degree > most:
        raise TooLarge(
            f"a polynomial of degree {degree} with {terms} terms; up to {most} and {_MAX_FACTOR_TERMS} are factored"
        )


def _is_number(value: Any) -> bool:
    return type(value) is fmpq


def _distinct(polynomials: Iterable[fmpq_mpoly]) -> tuple[fmpq_mpoly, ...]:
    found: list[fmpq_mpoly] = []
    for polynomial in polynomials:
        if not polynomial.is_constant() and polynomial not in found:
            found.append(polynomial)
    return tuple(found)


def product(forms: Iterable[Form]) -> Form:
    """The product of forms over one ring, reduced by the relations of its kernels.

    Raises:
        TooLarge: it would have too many terms.
    """
    first, *others = forms
    top, down, divisors = first.numerator, first.denominator, first.divisors
    for other in others:
        top = _times(top, other.numerator)
        if other.denominator is not None:
            down = other.denominator if down is None else _times(down, other.denominator)
        divisors = _distinct((*divisors, *other.divisors))
    top, down = _reduce(first.ring, top, down)
    return Form(first.ring, top, down, divisors)


def _reduce(ring: Ring, top: Any, down: Any) -> tuple[Any, Any]:
    """Both sides of a fraction with the kernels' relations applied until no kernel stands at its degree or above."""
    if not ring.kernels or _is_number(top):
        return top, down
    top, factor = _reduced(ring, top)
    if down is None:
        return top, factor
    down, under = _reduced(ring, down)
    if under is not None:
        top = _times(top, under)
    return top, down if factor is None else _times(down, factor)


def _reduced(ring: Ring, polynomial: fmpq_mpoly) -> tuple[fmpq_mpoly, fmpq_mpoly | None]:
    """(p, m) with p / m equal to the polynomial by the relations; m is None for 1."""
    multiplier = None
    for relation in ring.relations:
        index, degree = relation.generator, relation.degree
        if polynomial.degrees()[index] < degree:
            continue
        # Every relation goes through all the terms.
        if len(polynomial) * len(ring.relations) > MAX_TERMS:
            raise TooLarge("too many terms")
        groups: dict[int, dict[tuple[int, ...], fmpq]] = {}
        for exponents, coefficient in polynomial.to_dict().items():
            times, rest = divmod(exponents[index], degree)
            groups.setdefault(times, {})[(*exponents[:index], rest, *exponents[index + 1 :])] = coefficient
        most = max(groups)
        total = ring.context.constant(0)
        for times, terms in groups.items():
            part = _times(ring.context.from_dict(terms), raised(relation.numerator, times) if times else _one(ring))
            if relation.denominator is not None and times < most:
                part = _times(part, raised(relation.denominator, most - times))
            total = total + part
        polynomial = total
        if relation.denominator is not None:
            step = raised(relation.denominator, most)
            multiplier = step if multiplier is None else _times(multiplier, step)
    return polynomial, multiplier


def _one(ring: Ring) -> fmpq_mpoly:
    return ring.context.constant(1)


def _constant(polynomial: fmpq_mpoly) -> fmpq:
    return fmpq(0) if polynomial.is_zero() else polynomial.leading_coefficient()
