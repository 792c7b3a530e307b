"""Limits in closed form, and those that nobody guesses."""

from __future__ import annotations

import pytest

from reasoning_envs.symbolic.calculus.limits import LimitError, limit
from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.syntax.parser import parse_expression

FOUND = [
    ("sin(x)/x", "x", "0", 0, "1"),
    ("(1 - cos(x))/x^2", "x", "0", 0, "1/2"),
    ("(2x^2 + 1)/(x^2 - 3)", "x", "oo", 0, "2"),
    ("(3x^2 + 1)/(x^3 - 3)", "x", "oo", 0, "0"),
    ("(1 + 1/n)^n", "n", "oo", 0, "e"),
    ("(1 + 2/x)^(3*x)", "x", "oo", 0, "e^6"),
    ("(x^2 - 4)/(x - 2)", "x", "2", 0, "4"),
    ("((x + h)^2 - x^2)/h", "h", "0", 0, "2x"),
    ("(sin(x + h) - sin(x))/h", "h", "0", 0, "cos(x)"),
    ("(sqrt(x + 4) - 2)/x", "x", "0", 0, "1/4"),
    ("(e^x - 1)/x", "x", "0", 0, "1"),
    ("ln(x)/(x - 1)", "x", "1", 0, "1"),
    ("exp(-x)", "x", "oo", 0, "0"),
    ("atan(x)", "x", "-oo", 0, "-pi/2"),
    ("abs(x)", "x", "0", 0, "0"),
    ("x*ln(x)", "x", "0", 1, "0"),
    ("ln(x)/x", "x", "oo", 0, "0"),
    ("x^(1/x)", "x", "oo", 0, "1"),
    ("x^x", "x", "0", 1, "1"),
    ("sqrt(x^2 + x) - x", "x", "oo", 0, "1/2"),
    ("sqrt(x^2 + 1)/x", "x", "oo", 0, "1"),
]
INFINITE = [
    ("1/x", "0", 1, "oo"),
    ("1/x", "0", -1, "-oo"),
    ("1/x^2", "0", 0, "oo"),
    ("x^3", "oo", 0, "oo"),
    ("(x^2 + 1)/(x - 1)", "-oo", 0, "-oo"),
    ("-1/(x - 2)^2", "2", 0, "-oo"),
]
NOT_FOUND = [
    ("1/x", "0", 0),
    ("abs(x)/x", "0", 0),
    ("sqrt(a*x^2)/x", "oo", 0),
    ("x*ln(x)", "oo", 0),
    ("sin(x)", "oo", 0),
    ("sin(1/x)", "0", 0),
    ("1/(a*x)", "0", 1),
    ("ln(a*x)", "0", 1),
    ("integral(x, x)", "0", 0),
    ("x", "x + 1", 0),
    ("9^9^9^9*x", "0", 0),
]


@pytest.mark.parametrize(("expr", "name", "target", "side", "value"), FOUND)
def test_limits(expr: str, name: str, target: str, side: int, value: str) -> None:
    found = limit(parse_expression(expr), name, parse_expression(target), side)
    verdict = equivalent(found, parse_expression(value))
    assert verdict.verified, found
    assert verdict.rigorous


@pytest.mark.parametrize(("expr", "target", "side", "value"), INFINITE)
def test_infinite_limits(expr: str, target: str, side: int, value: str) -> None:
    assert limit(parse_expression(expr), "x", parse_expression(target), side) == parse_expression(value)


@pytest.mark.parametrize(("expr", "target", "side"), NOT_FOUND)
def test_nothing_is_guessed(expr: str, target: str, side: int) -> None:
    with pytest.raises(LimitError):
        limit(parse_expression(expr), "x", parse_expression(target), side)
