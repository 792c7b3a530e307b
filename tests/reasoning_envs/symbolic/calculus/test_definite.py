"""Integrals between bounds: what they are worth, and which have no value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs import verify_answer, verify_step
from reasoning_envs.symbolic.calculus.definite import definite_integral, is_definite
from reasoning_envs.symbolic.calculus.steps import compare_lines
from reasoning_envs.symbolic.syntax.parser import parse_expression
from reasoning_envs.types import Status

RIGHT = [
    ("x^2", "0", "1", "1/3"),
    ("sin(x)", "0", "pi", "2"),
    ("1/x", "1", "e", "1"),
    ("sqrt(x)", "0", "1", "2/3"),
    ("abs(x)", "-1", "1", "1"),
    ("x*exp(x)", "0", "1", "1"),
    ("1/(1 + x^2)", "0", "1", "pi/4"),
    ("1/sqrt(4 - x^2)", "0", "1", "pi/6"),
    ("log(x, 2)", "1", "2", "2 - 1/ln(2)"),
    ("2^x", "0", "1", "1/ln(2)"),
    ("tanh(x)", "0", "1", "ln(cosh(1))"),
    ("x^2", "1", "0", "-1/3"),
    ("5", "2", "4", "10"),
    ("x^2", "0", "t", "t^3/3"),
    ("x^2", "0", "x", "x^3/3"),
    ("a*x", "0", "1", "a/2"),
    ("x", "a", "b", "(b^2 - a^2)/2"),
]
WRONG = [
    ("x^2", "0", "1", "1/2"),
    ("sin(x)", "0", "pi", "0"),
    ("x^2", "0", "t", "t^2"),
    ("x", "a", "b", "(a^2 - b^2)/2"),
    ("exp(-x^2)", "0", "1", "sqrt(pi)/2"),
    ("1/(1 + x^2)", "0", "1", "pi/4 + 10^(-12)"),
]
WITHOUT_VALUE = [
    ("1/x^2", "-1", "1", "-2"),
    ("1/x", "0", "1", "0"),
    ("tan(x)", "0", "pi", "0"),
    ("ln(x)", "-1", "1", "0"),
]


def judged(body: str, low: str, high: str, value: str) -> Status:
    """The status of "the integral is the value"; it does not depend on the order."""
    trees = [parse_expression(text) for text in (body, low, high, value)]
    whole = definite_integral(trees[0], "x", trees[1], trees[2])
    assert is_definite(whole)
    first, second = compare_lines(whole, trees[3]), compare_lines(trees[3], whole)
    assert first.status is second.status
    assert not (first.verified and first.rigorous), "agreement in many digits is no proof"
    return first.status


@pytest.mark.parametrize(("body", "low", "high", "value"), RIGHT)
def test_areas(body: str, low: str, high: str, value: str) -> None:
    assert judged(body, low, high, value) is Status.VERIFIED


@pytest.mark.parametrize(("body", "low", "high", "value"), WRONG)
def test_wrong_areas(body: str, low: str, high: str, value: str) -> None:
    assert judged(body, low, high, value) is Status.REFUTED


@pytest.mark.parametrize(("body", "low", "high", "value"), WITHOUT_VALUE)
def test_a_pole_between_the_bounds_is_never_verified(body: str, low: str, high: str, value: str) -> None:
    assert judged(body, low, high, value) is Status.UNDECIDED


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=4), st.integers(-3, 3), st.integers(-3, 3))
@settings(max_examples=40)
def test_polynomials_by_their_antiderivative(coefficients: list[int], low: int, high: int) -> None:
    body = " + ".join(f"({c})*x^{n}" for n, c in enumerate(coefficients))
    rule = " + ".join(f"({c})*({high}^{n + 1} - ({low})^{n + 1})/{n + 1}" for n, c in enumerate(coefficients))
    rule = rule.replace(f"({high}^", f"(({high})^")
    assert judged(body, f"({low})", f"({high})", rule) is Status.VERIFIED
    assert judged(body, f"({low})", f"({high})", f"{rule} + 1/1000") is Status.REFUTED


def test_in_latex() -> None:
    assert verify_answer(r"\int_0^1 x^2\,dx", r"\frac13").verified
    assert verify_answer(r"\int_0^1 x^2\,dx", r"\frac12").refuted
    assert verify_step(r"\int_0^1 x^2\,dx", r"\left[\frac{x^3}{3}\right]_0^1").verified
    assert verify_step(r"\int_1^e \frac{\ln x}{x}\,dx", r"\int_0^1 u\,du").verified
    assert verify_step(r"\int_1^e \frac{\ln x}{x}\,dx", r"\int_1^e u\,du").refuted
