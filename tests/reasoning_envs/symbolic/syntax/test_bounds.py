"""Static bounds: what is refused, what is let through, and that the bounds bound what they claim to bound."""

from __future__ import annotations

from fractions import Fraction
from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.symbolic.syntax import bounds
from reasoning_envs.symbolic.syntax.bounds import (
    MAX_BITS,
    MAX_DEGREE,
    MAX_DEPTH,
    MAX_SIZE,
    MAX_TERMS,
    UnsafeExpressionError,
    check_bounds,
)
from reasoning_envs.symbolic.syntax.expression import Expr, add, call, div, mul, neg, num, power, sym
from reasoning_envs.symbolic.syntax.parser import parse_expression, parse_line

UNSAFE = [
    ("9^9^9^9", "9^(9^9)"),
    ("9**9**9**9", "9^(9^9)"),
    ("factorial(10^9)", "factorial"),
    ("x = 1000!", "bits"),
    ("((x+1)^99)^99", "((x + 1)^99)^99"),
    ("x^(10^10)", "at most 1000"),
    ("x^-1001", "at most 1000"),
    ("(x^100)^11", "degree 1100"),
    ("1/(x^100)^11", "degree 1100"),
    ("2^(2^(2^(2^9)))", "4096"),
    ("2^4097", "4096"),
    ("2^-4097", "4096"),
    ("(1/3)^4000", "bits"),
    ("10^1000*10^1000", "bits"),
    ("10^1000/(1/10^1000)", "bits"),
    ("(10^500)^500", "bits"),
    ("(10^1000*x + 1)^9", "bits"),
    ("(a+b+c+d)^200", "terms"),
    ("(a+b+c)(d+f+g)(h+j+k)(l+m+n)(p+q+r)(s+t+u)(v+w+x)(y+z+A)(B+C+D)", "terms"),
    ("1/(" + "*".join([f"({u}+{v}+{w})" for u, v, w in zip("abcdfghjk", "lmnopqrst", "ABCDFGHJK", strict=True)]) + ")",
     "terms"),
    ("x^x^x^x", "tower"),
    ("2^(2^(2^x)) = 1", "tower"),
    ("exp(exp(exp(x)))", "tower"),
    ("exp(cosh(x!))", "tower"),
    ("exp(10^9)", "constant"),
    ("exp(-10^9)", "constant"),
    ("2^sqrt(10^20)", "constant"),
    ("2^(10^20*sqrt(2))", "constant"),
    ("2^(10^9*x)", "constant"),
    ("(10^9*x)!", "constant"),
    ("2^(x^99)", "degree 99"),
    ("pi^(10^8)", "1000"),
    ("sqrt(2)^(10^10)", "1000"),
    ("(2^(1/3))^5000", "1000"),
    ("x^(1/1000003)", "root of degree 1000003"),
    ("root(x, 10^9)", "root of degree 1000000000"),
    ("root(x, 1/10^9)", "too large"),
    ("x = 1 or x = 9^9^9", "9^(9^9)"),
    ("(x = 1 or 2^99999 > x) and x != 3", "2^99999"),
    ("+".join([f"1/(2^900 + {k})" for k in range(3, 23)]), "bits"),
]  # fmt: skip

SAFE = [
    "2*x + 3 = 7*(x - 1)",
    "x^100",
    "x^1000",
    "(x+1)^60",
    "(x+1)^1000",
    "(a+b)^200",
    "(a+b+c)^20",
    "2^1000",
    "2^4096",
    "10^-300",
    "(1/2)^99",
    "50!",
    "100!/98!",
    "(-3)!",
    "(1/2)!",
    "x!",
    "1^(10^50)",
    "(-1)^(10^50 + 1)",
    "0^(10^9)",
    "0^0",
    "0^-1",
    "1/0",
    "x/0",
    "2^(10^9 - 10^9)",
    "x^x^x",
    "e^(x^2)",
    "e^e^x",
    "e^1000",
    "exp(exp(x))",
    "exp(1000)",
    "1.05^(12t)",
    "(1 + 0.05/12)^(12*30)",
    "(x^2 + 1)^(5/2)",
    "sqrt(x^2 + 1)/x",
    "root(x, 3) + x^(1/7)",
    "log(x, 2) = ln(5)",
    "sin(10^50) = tan(x)",
    "|x|^3",
    "2^sqrt(2)",
    "+".join([f"1/(x + {k})" for k in range(50)]),
    "1/(" * 30 + "x + 1" + ")" * 30,
    "x = 1 or x = 2^99 and x > 10^9",
    "no solution",
    "all reals",
]


@pytest.mark.parametrize(("text", "said"), UNSAFE, ids=[text[:40] for text, _ in UNSAFE])
def test_refused_before_it_is_computed(text: str, said: str) -> None:
    line = parse_line(text)
    for _ in range(2):  # also the second time, when parts have been seen
        with pytest.raises(UnsafeExpressionError) as caught:
            check_bounds(line)
        assert said in caught.value.reason
        assert str(caught.value) == caught.value.reason
        assert len(caught.value.reason) < 250


@pytest.mark.parametrize("text", SAFE, ids=[text[:40] for text in SAFE])
def test_let_through(text: str) -> None:
    check_bounds(parse_line(text))


def test_size_and_depth_of_trees_that_no_parser_made() -> None:
    x = sym("x")
    with pytest.raises(UnsafeExpressionError, match=f"has {MAX_SIZE + 2} parts"):
        check_bounds(add(*[x] * (MAX_SIZE + 1)))
    deep = x
    for _ in range(MAX_DEPTH):
        deep = call("sin", deep)
    with pytest.raises(UnsafeExpressionError, match=f"nested {MAX_DEPTH + 1} deep"):
        check_bounds(deep)
    check_bounds(deep.args[0])


def test_the_memory_of_safe_lines_is_bounded() -> None:
    for value in range(bounds._KNOWN_MAX + 10):
        check_bounds(power(sym("x"), add(num(value), num(-value), num(20))))
    assert len(bounds._known) <= bounds._KNOWN_MAX


# What the bounds say against what expanding gives, on trees small enough to expand.

LEAVES = st.one_of(st.integers(-40, 40).map(num), st.sampled_from("xyz").map(sym))
POLYNOMIALS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda args: add(*args)),
        st.lists(inner, min_size=2, max_size=3).map(lambda args: mul(*args)),
        inner.map(neg),
        st.builds(power, inner, st.integers(0, 4).map(num)),
    ),
    max_leaves=7,
)
RATIONAL = st.recursive(
    POLYNOMIALS,
    lambda inner: st.one_of(
        st.builds(div, inner, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda args: add(*args)),
        st.builds(power, inner, st.integers(-3, 3).map(num)),
    ),
    max_leaves=3,
)
Polynomial = dict[tuple[int, int, int], Fraction]
ONE: Polynomial = {(0, 0, 0): Fraction(1)}


def times(left: Polynomial, right: Polynomial) -> Polynomial:
    product: Polynomial = {}
    for (a, b, c), p in left.items():
        for (d, e, f), q in right.items():
            product[a + d, b + e, c + f] = product.get((a + d, b + e, c + f), Fraction(0)) + p * q
    return {key: value for key, value in product.items() if value}


def plus(left: Polynomial, right: Polynomial) -> Polynomial:
    total = dict(left)
    for key, value in right.items():
        total[key] = total.get(key, Fraction(0)) + value
    return {key: value for key, value in total.items() if value}


def expand(node: Expr) -> tuple[Polynomial, Polynomial]:
    """Numerator and denominator; numbers are in lowest terms, nothing else is cancelled."""
    over, under = expand_parts(node)
    if over.keys() == under.keys() == ONE.keys():
        value = over[0, 0, 0] / under[0, 0, 0]
        return {(0, 0, 0): Fraction(value.numerator)}, {(0, 0, 0): Fraction(value.denominator)}
    return over, under


def expand_parts(node: Expr) -> tuple[Polynomial, Polynomial]:
    if node.op == "num":
        value = Fraction(node.number)
        over = {(0, 0, 0): Fraction(value.numerator)} if value else {}
        return over, {(0, 0, 0): Fraction(value.denominator)}
    if node.op == "sym":
        return {tuple(int(node.value == name) for name in "xyz"): Fraction(1)}, ONE  # type: ignore[dict-item]
    parts = [expand(arg) for arg in node.args]
    over, under = parts[0]
    if node.op == "neg":
        return times(over, {(0, 0, 0): Fraction(-1)}), under
    if node.op == "add":
        for p, q in parts[1:]:
            over, under = plus(times(over, q), times(p, under)), times(under, q)
        return over, under
    if node.op == "mul":
        for p, q in parts[1:]:
            over, under = times(over, p), times(under, q)
        return over, under
    if node.op == "div":
        return times(over, parts[1][1]), times(under, parts[1][0])
    assert node.op == "pow"
    exponent = node.args[1].number
    if exponent < 0:
        over, under = under, over
    power_over, power_under = ONE, ONE
    for _ in range(abs(int(exponent))):
        power_over, power_under = times(power_over, over), times(power_under, under)
    return power_over, power_under


def fits(polynomial: Polynomial, bits: float, degree: int, terms: int) -> bool:
    size = sum(abs(value) for value in polynomial.values())
    return (
        len(polynomial) <= terms
        and max([sum(key) for key in polynomial], default=0) <= degree
        and (size == 0 or log2(size) <= bits + 1e-6)
    )


@settings(max_examples=400)
@given(POLYNOMIALS)
def test_a_polynomial_expands_within_its_bounds(tree: Expr) -> None:
    extent = bounds._extent(tree)
    polynomial, one = expand(tree)
    assert one == ONE
    if extent.value is not None:
        assert polynomial == ({(0, 0, 0): Fraction(extent.value)} if extent.value else {})
    assert fits(polynomial, extent.bits, extent.degree, extent.terms)


@settings(max_examples=200)
@given(RATIONAL)
def test_a_fraction_expands_within_its_bounds(tree: Expr) -> None:
    extent = bounds._extent(tree)
    over, under = expand(tree)
    if extent.value is not None:
        assert times(over, {(0, 0, 0): Fraction(extent.value.denominator)}) == times(
            under, {(0, 0, 0): Fraction(extent.value.numerator)}
        )
    elif under:  # dividing by zero has no size
        assert fits(over, extent.bits, extent.degree, extent.terms)
        assert fits(under, extent.under_bits, extent.under_degree, extent.under_terms)


@settings(max_examples=300)
@given(RATIONAL)
def test_the_quick_test_lets_nothing_through_that_the_full_one_would_not(tree: Expr) -> None:
    if bounds._weight(tree) <= bounds._LIGHT and len(tree.tokens) <= bounds._SHORT:
        extent = bounds._extent(tree)  # it raises where a bound is broken
        assert max(extent.terms, extent.under_terms) <= MAX_TERMS
        assert max(extent.degree, extent.under_degree) <= MAX_DEGREE
        assert max(extent.bits, extent.under_bits) <= MAX_BITS


def test_the_quick_test_at_its_limit() -> None:
    digits = "9" * 55
    for text in [
        "(a+b)(c+d)(f+g)(h+j)(k+l)(m+n)(p+q)",
        "1/a+1/b+1/c+1/d+1/f+1/g+1/h",
        "(x+y)^7",
        f"({digits}*x)^7",
        f"{digits}^14",
        "(1/a)^7",
    ]:
        tree = parse_expression(text)
        assert bounds._weight(tree) == bounds._LIGHT
        assert len(tree.tokens) <= bounds._SHORT
        bounds._extent(tree)
