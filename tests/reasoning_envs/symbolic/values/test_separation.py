"""Proofs that an algebraic number is 0, or is not."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs import verify_answer
from reasoning_envs.symbolic.syntax.parser import parse_expression
from reasoning_envs.symbolic.values.separation import MAX_BITS, is_certain_zero, separation, vanishing_divisor

ZERO = [
    "cos(pi/2)",
    "sin(pi)",
    "sin(pi/6) - 1/2",
    "sin(pi/12) - (sqrt(6) - sqrt(2))/4",
    "tan(3pi/11) + 4sin(2pi/11) - sqrt(11)",
    "cos(pi/7) - cos(2pi/7) + cos(3pi/7) - 1/2",
    "sqrt(7 + 4sqrt(3)) - 2 - sqrt(3)",
    "root(sqrt(5) + 2, 3) - root(sqrt(5) - 2, 3) - 1",
    "cos(20°)cos(40°)cos(80°) - 1/8",
    "e^(i*pi) + 1",
    "exp(2pi*i/5) + exp(4pi*i/5) + exp(6pi*i/5) + exp(8pi*i/5) + 1",
    "8^(2/3) - 4",
    "|sqrt(2) - 2| - 2 + sqrt(2)",
    "1/(sqrt(3) - sqrt(2)) - sqrt(3) - sqrt(2)",
]
ARCS = [
    ("atan(1) - pi/4", True),
    ("asin(1/2) - pi/6", True),
    ("acos(-1/2) - 2pi/3", True),
    ("atan(2) + atan(3) - 3pi/4", True),
    ("4atan(1/5) - atan(1/239) - pi/4", True),
    ("asin(3/5) - atan(3/4)", True),
    ("2atan(sqrt(2) - 1) - pi/4", True),
    ("atan(2) + atan(3) + pi/4", None),  # a turn away, which balls tell apart
    ("4atan(1/5) - atan(1/238) - pi/4", False),
    ("atan(1/3) + atan(pi)", None),
]
NOT_ZERO = [
    "cos(pi/7) - 1/2",
    "sqrt(2) + sqrt(3) - 3.14626436994197234232913506571557",
    "cos(pi/7) - cos(2pi/7) + cos(3pi/7) - 1/2 - 10^(-60)",
    "sqrt(10^40 + 1) - sqrt(10^40) - 10^(-20)/2",
]
UNTOLD = [
    "x",
    "pi",
    "e - 2.718281828",
    "ln(2)",
    "sin(1)",
    "pi - 22/7",
    "2^sqrt(2)",
    "e^2",
    "sin(pi/99991)",
]


@pytest.mark.parametrize("text", ZERO)
def test_what_is_zero_is_proved_to_be(text: str) -> None:
    expr = parse_expression(text)
    bits = separation(expr)
    assert bits is not None
    assert bits < MAX_BITS
    assert is_certain_zero(expr) is True


@pytest.mark.parametrize("text", NOT_ZERO)
def test_what_is_not_zero_however_small(text: str) -> None:
    assert is_certain_zero(parse_expression(text)) is False


@pytest.mark.parametrize("text", UNTOLD)
def test_what_is_not_known_to_be_algebraic(text: str) -> None:
    assert separation(parse_expression(text)) is None
    assert is_certain_zero(parse_expression(text)) is None


def test_too_many_roots_are_left_alone() -> None:
    text = " + ".join(f"sqrt({n})" for n in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59))
    assert is_certain_zero(parse_expression(text)) is None


@given(st.integers(-40, 40), st.integers(1, 40), st.integers(-40, 40), st.integers(1, 40))
@settings(max_examples=60)
def test_sum_formula_of_the_sine(p: int, q: int, r: int, s: int) -> None:
    a, b = f"({p}*pi/{q})", f"({r}*pi/{s})"
    whole = f"sin({a} + {b}) - sin{a}*cos{b} - cos{a}*sin{b}"
    assert is_certain_zero(parse_expression(whole)) in (True, None)
    assert is_certain_zero(parse_expression(f"{whole} + 1/1000")) in (False, None)


@given(st.fractions(-9, 9, max_denominator=9), st.fractions(-9, 9, max_denominator=9), st.sampled_from([2, 3, 5, 6, 7]))
@settings(max_examples=60)
def test_norms_of_quadratic_numbers(a: Fraction, b: Fraction, d: int) -> None:
    product = parse_expression(f"(({a}) + ({b})*sqrt({d}))*(({a}) - ({b})*sqrt({d})) - ({a * a - b * b * d})")
    assert is_certain_zero(product) is True


def test_divisors_that_vanish_are_named() -> None:
    assert str(vanishing_divisor(parse_expression("1 + tan(pi/2)"))) == "cos(pi/2)"
    assert str(vanishing_divisor(parse_expression("1/(sin(pi/6) - 1/2)"))) == "sin(pi/6) - 1/2"
    assert vanishing_divisor(parse_expression("1/sin(1) + tan(pi/3)")) is None


def test_answers_are_proved_or_refuted() -> None:
    verdict = verify_answer(r"\sin 18^\circ", r"\frac{\sqrt5-1}{4}")
    assert (verdict.verified, verdict.rigorous, verdict.method) == (True, True, "algebraic numbers")
    verdict = verify_answer(r"\tan\frac{\pi}{2}", "0")
    assert (verdict.refuted, verdict.reason) == (True, "tan(pi/2) is undefined: cos(pi/2) is 0")


@pytest.mark.parametrize(("text", "zero"), ARCS)
def test_sums_of_arcs(text: str, zero: bool | None) -> None:
    assert is_certain_zero(parse_expression(text)) in (zero, None if zero is None else zero)
    first, _, second = text.rpartition(" - ")
    if zero:
        assert verify_answer(first, second).rigorous
    else:
        assert not verify_answer(first, second).verified
