"""The exact rules by which kernels get their canonical shape: one function for each family of kernels."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from flint import fmpq_mpoly, fmpz

from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm, check_factorable, factored, raised
from reasoning_envs.symbolic.equality.rings import Ring, fraction_to_expr, polynomial_to_expr, to_rational
from reasoning_envs.symbolic.syntax.expression import ONE, ZERO, Expr, add, call, const, div, mul, neg, num, power

__all__ = [
    "NOTHING",
    "Argument",
    "E",
    "Requirement",
    "absolute",
    "exponential",
    "factorial_of",
    "general_power",
    "is_positive_kernel",
    "logarithm",
    "numeric_logarithm",
    "odd_or_even",
    "primes",
    "root",
]

Requirement = tuple[str, Expr]
"""What must hold for an expression to be defined: ``("!= 0", u)``, ``(">= 0", u)``, ``("> 0", u)``,
``("in [-1, 1]", u)``, or ``("defined", kernel)`` where only evaluation can tell."""


NOTHING: frozenset[Requirement] = frozenset()


_MAX_FACTOR_BITS = 96


E = const("e")


def is_positive_kernel(node: Expr) -> bool:
    """Positive where it is defined: an exponential with a constant base, e, pi. Over the complex numbers: never 0."""
    if node.op == "const":
        return node.value in ("e", "pi")
    return node.op == "exp" or (
        node.op == "pow" and node.args[0].op == "num" and not isinstance(node.args[1].value, int)
    )


class Argument:
    """The argument of a kernel, expanded and in lowest terms: ``top / down`` over ``ring``."""

    __slots__ = ("down", "ring", "top")

    def __init__(self, top: fmpq_mpoly, down: fmpq_mpoly, ring: Ring) -> None:
        self.top, self.down, self.ring = top, down, ring

    def tree(self) -> Expr:
        """As an expression."""
        return fraction_to_expr(self.top, self.down, self.ring)

    def number(self) -> Fraction | None:
        """The rational number that it is, if it is one."""
        if not self.top.is_constant() or not self.down.is_constant():
            return None
        return Fraction(0) if self.top.is_zero() else to_rational(self.top.leading_coefficient())

    def positive_lead(self) -> tuple[Argument, bool]:
        """The argument, or its negative, with a positive leading coefficient; and whether it is the negative."""
        if self.top.is_zero() or self.top.leading_coefficient() > 0:
            return self, False
        return Argument(-self.top, self.down, self.ring), True

    def terms(self) -> list[tuple[Fraction, Expr]]:
        """Coefficient and monomial of each term of the numerator."""
        return [
            (to_rational(coefficient), polynomial_to_expr(self.ring.context.from_dict({exponents: 1}), self.ring))
            for exponents, coefficient in zip(self.top.monoms(), self.top.coeffs(), strict=True)
        ]


def primes(value: int) -> list[tuple[int, int]]:
    """Prime factors of a positive integer with exponents; a number too large to factor counts as prime."""
    if value == 1:
        return []
    if value.bit_length() > _MAX_FACTOR_BITS:
        square = fmpz(value).isqrt()
        return [(int(square), 2)] if square * square == value else [(value, 1)]
    return [(int(prime), exponent) for prime, exponent in fmpz(value).factor()]


def root(argument: Argument, degree: int, over: str) -> tuple[Expr, frozenset[Requirement]]:
    """The real root of a degree above 0, and what it needs.

    Raises:
        UndefinedForm: an even root of a negative number. TooLarge: its argument is too large to be factored.
    """
    if degree == 1:
        return argument.tree(), NOTHING
    odd = degree % 2 == 1
    value = argument.number()
    if value is not None:
        if value < 0 and not odd:
            raise UndefinedForm("an even root of a negative number is not real")
        return _numeric_root(value, degree), NOTHING
    ring = argument.ring
    requirements: frozenset[Requirement] = NOTHING
    if not odd:
        requirements = frozenset(((">= 0", argument.tree()),))
    # root(n/d) = root(n * d^(k-1)) / d, so that the argument of every root is a polynomial.
    top = argument.top * raised(argument.down, degree - 1)
    outside: list[Expr] = []
    check_factorable(top)
    content, parts = top.factor_squarefree()
    inner = ring.context.constant(1)
    sign = 1 if content > 0 else -1
    content = abs(content)
    for part, exponent in parts:
        out, rest = divmod(exponent, degree)
        if out:
            piece = polynomial_to_expr(part, ring) if odd else absolute(part, None, ring, over)
            outside.append(piece if out == 1 else power(piece, num(out)))
        if rest:
            inner = inner * part**rest
    if sign < 0 and odd:
        outside.append(num(-1))
    elif sign < 0:
        inner = -inner
    outside.append(_numeric_root(to_rational(content), degree))
    if not inner.is_one():
        kernel = polynomial_to_expr(inner, ring)
        outside.append(call("sqrt", kernel) if degree == 2 else call("root", kernel, num(degree)))
    result = mul(*[piece for piece in outside if piece != ONE])
    if argument.down.is_constant():
        return result, requirements
    under = polynomial_to_expr(argument.down, ring) if odd else absolute(argument.down, None, ring, over)
    return div(result, under), requirements


def _numeric_root(value: Fraction, degree: int) -> Expr:
    """The real root of a rational number as a rational number times roots of primes."""
    if value < 0:
        return neg(_numeric_root(-value, degree))
    if value == 0:
        return ZERO
    coefficient = Fraction(1)
    pieces: list[Expr] = []
    for prime, exponent in [*primes(value.numerator), *[(p, -e) for p, e in primes(value.denominator)]]:
        whole, rest = divmod(exponent, degree)
        coefficient *= Fraction(prime) ** whole
        if rest:
            reduced = Fraction(rest, degree)
            under, over = reduced.denominator, reduced.numerator
            kernel = call("sqrt", num(prime)) if under == 2 else call("root", num(prime), num(under))
            pieces.append(kernel if over == 1 else power(kernel, num(over)))
    if not pieces:
        return num(coefficient)
    return mul(*pieces) if coefficient == 1 else mul(num(coefficient), *pieces)


def absolute(top: fmpq_mpoly, down: fmpq_mpoly | None, ring: Ring, over: str) -> Expr:
    """|top / down| as a product over irreducible factors; factors that cannot be negative lose their bars."""
    content, parts = factored(top)
    pieces: list[Expr] = []
    if top.is_zero():
        return ZERO
    for part, exponent in parts:
        tree = polynomial_to_expr(part, ring)
        if not (_never_negative(part, ring, over) or exponent % 2 == 0):
            tree = call("abs", tree)
        pieces.append(tree if exponent == 1 else power(tree, num(exponent)))
    coefficient = num(abs(to_rational(content)))
    result = mul(*pieces) if coefficient == ONE and pieces else mul(coefficient, *pieces)
    if down is None or down.is_constant():
        return result
    return div(result, absolute(down, None, ring, over))


def _never_negative(polynomial: fmpq_mpoly, ring: Ring, over: str) -> bool:
    """Every monomial is a product of squares and of generators that cannot be negative, with a positive coefficient."""
    safe = [
        (over == "positive" and generator.op == "sym")
        or generator.op in ("abs", "sqrt")
        or is_positive_kernel(generator)
        for generator in ring.expressions
    ]
    return all(
        coefficient > 0 and all(fine or exponent % 2 == 0 for fine, exponent in zip(safe, exponents, strict=False))
        for exponents, coefficient in zip(polynomial.monoms(), polynomial.coeffs(), strict=True)
    )


def logarithm(argument: Argument, over: str) -> tuple[Expr, frozenset[Requirement]]:
    """The natural logarithm, and what it needs.

    Raises:
        UndefinedForm: of something that is not positive.
    """
    value = argument.number()
    if value is not None:
        if value <= 0:
            raise UndefinedForm("a logarithm of a number that is not positive is not real")
        return numeric_logarithm(value), NOTHING
    ring = argument.ring
    requirements: frozenset[Requirement] = frozenset((("> 0", argument.tree()),))
    content, parts = factored(argument.top)
    under, under_parts = factored(argument.down)
    ratio = to_rational(content / under)
    summands: list[Expr] = []
    rest_top, rest_down = ring.context.constant(1), ring.context.constant(1)
    for side, factors in ((1, parts), (-1, under_parts)):
        for part, exponent in factors:
            if _is_positive(part, ring, over):
                summands.append(_scaled(side * exponent, _log_of_positive(polynomial_to_expr(part, ring))))
            elif side > 0:
                rest_top = rest_top * part**exponent
            else:
                rest_down = rest_down * part**exponent
    if ratio < 0:
        rest_top, ratio = -rest_top, -ratio
    if rest_top.is_constant() and rest_down.is_constant():
        if rest_top.leading_coefficient() < 0:
            raise UndefinedForm("a logarithm of something negative is not real")
        requirements = NOTHING
    elif rest_top.is_constant() and rest_top.leading_coefficient() > 0:
        summands.append(neg(call("ln", polynomial_to_expr(rest_down, ring))))
    else:
        summands.append(call("ln", fraction_to_expr(rest_top, rest_down, ring)))
    if ratio != 1:
        summands.append(numeric_logarithm(ratio))
    return add(*summands), requirements


def _is_positive(polynomial: fmpq_mpoly, ring: Ring, over: str) -> bool:
    """Positive for certain: a positive kernel, or over the positive numbers a sum of positive monomials."""
    if len(polynomial) == 1:
        return all(
            is_positive_kernel(generator)
            or _is_positive_root(generator)
            or (over == "positive" and generator.op == "sym")
            for generator, exponent in zip(ring.expressions, polynomial.monoms()[0], strict=False)
            if exponent
        )
    return over == "positive" and _never_negative(polynomial, ring, over) and all(c > 0 for c in polynomial.coeffs())


def _is_positive_root(generator: Expr) -> bool:
    return generator.op in ("sqrt", "root") and generator.args[0].op == "num" and generator.args[0].number > 0


def _log_of_positive(tree: Expr) -> Expr:
    if tree == E:
        return ONE
    if tree.op == "exp":
        return tree.args[0]
    if _is_positive_root(tree):
        degree = tree.args[1].number if tree.op == "root" else 2
        return mul(num(1 / Fraction(degree)), numeric_logarithm(Fraction(tree.args[0].number)))
    if tree.op == "pow" and tree.args[0].op == "num" and not isinstance(tree.args[1].value, int):
        return mul(tree.args[1], numeric_logarithm(Fraction(tree.args[0].number)))
    return call("ln", tree)


def numeric_logarithm(value: Fraction) -> Expr:
    """The logarithm of a positive rational number, as a sum over its primes."""
    pieces = [
        _scaled(exponent, call("ln", num(prime)))
        for prime, exponent in [*primes(value.numerator), *[(p, -e) for p, e in primes(value.denominator)]]
    ]
    return add(*pieces)


def _scaled(coefficient: int, tree: Expr) -> Expr:
    return tree if coefficient == 1 else mul(num(coefficient), tree)


def exponential(base: Expr, argument: Argument) -> Expr:
    """``base^argument`` for base e or a positive prime: one factor for each term of the exponent."""
    if not argument.down.is_constant():
        positive, flipped = argument.positive_lead()
        kernel = _kernel_power(base, positive.tree())
        return div(ONE, kernel) if flipped else kernel
    pieces: list[Expr] = []
    for coefficient, monomial in argument.terms():
        times, parts = coefficient.numerator, coefficient.denominator
        if monomial.op == "ln" and base == E:  # e^(c*ln(u)) = u^c
            pieces.append(_raised(monomial.args[0], coefficient))
            continue
        if monomial == ONE and base != E:
            pieces.append(_raised(base, coefficient))
            continue
        exponent = monomial if parts == 1 else num(Fraction(1, parts)) if monomial == ONE else _over(monomial, parts)
        kernel = _kernel_power(base, exponent)
        pieces.append(kernel if times == 1 else power(kernel, num(times)))
    return mul(*pieces)


def _over(monomial: Expr, parts: int) -> Expr:
    return mul(num(Fraction(1, parts)), monomial)


def _kernel_power(base: Expr, exponent: Expr) -> Expr:
    if base == E:
        return E if exponent == ONE else call("exp", exponent)
    return power(base, exponent)


def _raised(base: Expr, exponent: Fraction) -> Expr:
    if exponent.denominator == 1:
        return base if exponent == 1 else power(base, num(exponent.numerator))
    if base.op == "num":
        root = _numeric_root(Fraction(base.number), exponent.denominator)
    else:
        degree = exponent.denominator
        root = call("sqrt", base) if degree == 2 else call("root", base, num(degree))
    return root if exponent.numerator == 1 else power(root, num(exponent.numerator))


def general_power(base: Expr, argument: Argument) -> Expr:
    """``base^exponent`` with the constant of the exponent split off: ``x^(n + 1)`` is ``x*x^n``."""
    if not argument.down.is_constant():
        return power(base, argument.tree())
    pieces: list[Expr] = []
    for coefficient, monomial in argument.terms():
        if monomial == ONE:
            pieces.append(_raised(base, coefficient))
            continue
        exponent = monomial if coefficient.denominator == 1 else _over(monomial, coefficient.denominator)
        kernel = power(base, exponent)
        pieces.append(kernel if coefficient.numerator == 1 else power(kernel, num(coefficient.numerator)))
    return mul(*pieces)


def odd_or_even(name: str, argument: Argument) -> tuple[Expr, frozenset[Requirement]]:
    """A trigonometric function or the inverse of one, with the sign taken out of its argument, and what it needs."""
    value = argument.number()
    if value == 0:
        return (ONE if name == "cos" else ZERO), NOTHING
    positive, negative = argument.positive_lead()
    tree = positive.tree()
    requirements: frozenset[Requirement] = NOTHING
    if name == "tan":
        cosine = call("cos", tree)
        result = div(call("sin", tree), cosine)
        requirements = frozenset((("!= 0", cosine),))
    else:
        result = call(name, tree)
        if name == "asin":
            requirements = frozenset((("in [-1, 1]", tree),))
    return (neg(result) if negative and name != "cos" else result), requirements


_MAX_FACTORIAL = 2000


_MAX_SHIFT = 30


def factorial_of(argument: Argument) -> tuple[Expr, frozenset[Requirement]]:
    """The factorial, ``(n + 2)!`` as ``n!*(n + 1)*(n + 2)``, and what it needs.

    Raises:
        UndefinedForm: of a negative integer. TooLarge: of a large one.
    """
    value = argument.number()
    if value is not None and value.denominator == 1:
        if value < 0:
            raise UndefinedForm("the factorial of a negative integer is undefined")
        if value > _MAX_FACTORIAL:
            raise TooLarge("the factorial has too many digits")
        return num(factorial(int(value))), NOTHING
    tree = argument.tree()
    requirements: frozenset[Requirement] = frozenset((("defined", call("factorial", tree)),))
    if not argument.down.is_constant():
        return call("factorial", tree), requirements
    shift = Fraction(0)
    for exponents, coefficient in zip(argument.top.monoms(), argument.top.coeffs(), strict=True):
        if not any(exponents):
            shift = to_rational(coefficient)
    whole = int(shift // 1)
    if whole == 0 or abs(whole) > _MAX_SHIFT:
        return call("factorial", tree), requirements
    stem = argument.top - whole
    base = polynomial_to_expr(stem, argument.ring)
    # (m + 2)! = (m + 2)(m + 1) m!  and  (m - 2)! = m! / (m (m - 1))
    steps = range(1, whole + 1) if whole > 0 else range(whole + 1, 1)
    product = mul(*[polynomial_to_expr(stem + step, argument.ring) for step in steps])
    kernel = call("factorial", base)
    return (mul(kernel, product) if whole > 0 else div(kernel, product)), requirements
