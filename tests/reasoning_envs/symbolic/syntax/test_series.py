"""Sums, products and binomial coefficients written out, and the exact arithmetic behind them."""

from __future__ import annotations

from fractions import Fraction
from math import comb, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression
from reasoning_envs.symbolic.values.arithmetic import rational_value


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("sum(k^2, k, 1, 3)", "1 + 4 + 9"),
        ("sum(i, i, 1, 3) + i", "1 + 2 + 3 + i"),
        ("sum(x^k, k, 1, 3)", "x^1 + x^2 + x^3"),
        ("sum(k, k, 5, 4)", "0"),
        ("product(k, k, 1, 4)", "1*2*3*4"),
        ("product(k, k, 1, 0)", "1"),
        ("sum(k, k, -1, 1)", "-1 + 0 + 1"),
        ("sum(sum(j*k, j, 1, 2), k, 1, 2)", "1 + 2 + 2 + 4"),
        ("sum(1/k, k, 0, 1)", "1/0 + 1"),
        ("2*sum(k, k, 1, 2)^2", "2*(1 + 2)^2"),
        ("binom(5, 2)", "5*4/2"),
        ("binom(n, 2)", "n*(n - 1)/2"),
        ("binom(n, 0)", "1"),
        ("binom(3, 5)", "0"),
        ("binom(n, k)", "n!/(k!*(n - k)!)"),
        ("cot(x)", "cos(x)/sin(x)"),
        ("sec(x)", "1/cos(x)"),
        ("csc(2x)", "1/sin(2*x)"),
        ("30°", "30*pi/180"),
        ("sin(30°)", "sin(30*pi/180)"),
        ("2*30°^2", "2*(30*pi/180)^2"),
    ],
)
def test_what_it_stands_for(text: str, written: str) -> None:
    found, wanted = parse_expression(text), parse_expression(written)
    point = {name: Fraction(3) for name in wanted.symbols}
    assert found == wanted or rational_value(found, point) == rational_value(wanted, point) is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sum(k, k, 1, 10^10)", "runs from an integer to an integer"),
        ("sum(k, k, 1, 9999999)", "at most 1000 are written out"),
        ("sum(k, k, 1, n)", "runs from an integer to an integer"),
        ("sum(k, k, 1, oo)", "runs from an integer to an integer"),
        ("sum(k)", "write sum"),
        ("sum(k, 2, 1, 3)", "write sum"),
        ("sum k", "write sum"),
        ("product(sum(k*j, j, 1, 900), k, 1, 900)", "at most 1000 are written out"),
        ("product(k^50, k, 1, 1000)", "too large"),
        ("binom(5)", "binom takes 2 argument"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse_expression(text)


@given(st.integers(0, 60), st.integers(0, 60))
def test_binomial_coefficients(n: int, k: int) -> None:
    assert rational_value(parse_expression(f"binom({n}, {k})")) == comb(n, k)


@given(st.integers(-20, 20), st.integers(0, 60))
def test_sums_and_products(first: int, length: int) -> None:
    values = range(first, first + length)
    bounds = f"{first}, {first + length - 1}"
    assert rational_value(parse_expression(f"sum(k^2 - k, k, {bounds})")) == sum(k * k - k for k in values)
    assert rational_value(parse_expression(f"product(k/2, k, {bounds})")) == Fraction(prod(values), 2**length)


@pytest.mark.parametrize("text", ["1/0", "0^0", "0^(-1)", "2^9999", "x", "sqrt(4)", "1.5!", "(-1)!", "600!", "2^0.5"])
def test_what_arithmetic_leaves_to_others(text: str) -> None:
    assert rational_value(parse_expression(text)) is None
