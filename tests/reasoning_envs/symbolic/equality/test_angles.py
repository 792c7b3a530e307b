"""Trigonometric identities, proved by sums and multiples of common angles."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.syntax.parser import parse_expression

IDENTITIES = [
    ("sin(2x)", "2sin(x)cos(x)"),
    ("cos(3x)", "4cos^3(x) - 3cos(x)"),
    ("tan(x + y)", "(tan(x) + tan(y))/(1 - tan(x)*tan(y))"),
    ("sin(x) + sin(y)", "2sin((x + y)/2)cos((x - y)/2)"),
    ("sin(x)/(1 + cos(x))", "tan(x/2)"),
    ("(1 - cos(2x))/sin(2x)", "tan(x)"),
    ("sqrt(2)*sin(x + pi/4)", "sin(x) + cos(x)"),
    ("sin(pi - x)", "sin(x)"),
    ("cos(x + 2pi/3) + cos(x) + cos(x - 2pi/3)", "0"),
    ("sin(x + 1)", "sin(x)cos(1) + cos(x)sin(1)"),
    ("cos(x^2 + 2x y)", "cos(x^2)cos(2x y) - sin(x^2)sin(2x y)"),
    ("sin(5x)", "16sin^5(x) - 20sin^3(x) + 5sin(x)"),
]
NO_IDENTITIES = [
    ("sin(2x)", "2sin(x)"),
    ("cos(3x)", "4cos^3(x) + 3cos(x)"),
    ("tan(x + y)", "tan(x) + tan(y)"),
    ("sin(x + pi/4)", "sin(x) + sqrt(2)/2"),
    ("cos(x + 2pi/5) + cos(x) + cos(x - 2pi/5)", "0"),
]


@pytest.mark.parametrize(("left", "right"), IDENTITIES)
def test_identities_are_proved(left: str, right: str) -> None:
    verdict = equivalent(parse_expression(left), parse_expression(right))
    assert verdict.verified
    assert verdict.rigorous


@pytest.mark.parametrize(("left", "right"), NO_IDENTITIES)
def test_what_is_none_is_refuted(left: str, right: str) -> None:
    assert equivalent(parse_expression(left), parse_expression(right)).refuted


@given(st.integers(-6, 6), st.integers(-6, 6), st.integers(-12, 12))
@settings(max_examples=40, deadline=None)
def test_products_as_sums(m: int, n: int, twelfths: int) -> None:
    a, b = f"(({m})*x + {twelfths}*pi/12)", f"(({n})*y)"
    left = parse_expression(f"2*sin{a}*cos{b}")
    assert equivalent(left, parse_expression(f"sin({a} + {b}) + sin({a} - {b})")).verified
    assert not equivalent(left, parse_expression(f"sin({a} + {b}) + sin({a} - {b}) + 1/1000")).verified
