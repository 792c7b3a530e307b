"""Exact values, residues and enclosures, and the two questions that moves ask of them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from reasoning_envs.symbolic.syntax.parser import parse_expression
from reasoning_envs.symbolic.values.evaluation import constant_sign, enclosure, exact_value, identically_zero, residue


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x - x", True),
        ("(x + 1)^2 - x^2 - 2*x - 1", True),
        ("a*(b - c) - a*b + a*c", True),
        ("1/x - 1/x", True),
        ("sqrt(8) - 2*sqrt(2)", True),
        ("ln(8) - 3*ln(2)", True),
        ("x", False),
        ("(x + 1)^2 - x^2 - 2*x", False),
        ("sqrt(8) - 2*sqrt(3)", False),
        ("|x| - x", False),
        ("|x| + x", False),
        ("2305843009213693951", False),  # the prime of the residues
        ("2305843009213693951*x", False),
        ("2305843009213693951*x - 2305843009213693951*x", True),
        ("1/(x - x)", None),
        ("ln(-1)", None),
    ],
)
def test_identically_zero(text: str, expected: bool | None) -> None:
    assert identically_zero(parse_expression(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3/4 - 1", -1), ("2 - 2", 0), ("sqrt(2) - 1", 1), ("sqrt(4) - 2", 0), ("pi - 4", -1), ("x", None), ("1/0", None)],
)
def test_the_sign_of_a_constant(text: str, expected: int | None) -> None:
    assert constant_sign(parse_expression(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2/3 + 1/3", 1),
        ("2^-2", Fraction(1, 4)),
        ("|3 - 5|", 2),
        ("sqrt(4)", None),
        ("0^0", None),
        ("1/0", None),
        ("9^9^9", None),  # too large to be worked out
        ("x", None),
    ],
)
def test_exact_values(text: str, expected: int | Fraction | None) -> None:
    assert exact_value(parse_expression(text)) == expected


def test_exact_values_take_values_for_symbols() -> None:
    assert exact_value(parse_expression("a*x - 1/x"), {"a": 3, "x": Fraction(1, 2)}) == Fraction(-1, 2)


def test_residues_agree_with_exact_arithmetic() -> None:
    expr = parse_expression("3/7 - 5*(2 - 9)/4")
    value = exact_value(expr)
    assert value is not None
    for prime in (7919, 104729):
        assert residue(expr, prime) == value.numerator * pow(value.denominator, -1, prime) % prime
    assert residue(parse_expression("1/7"), 7) is None


def test_an_enclosure_holds_the_value() -> None:
    ball = enclosure(parse_expression("sqrt(2)^2"), 0)
    assert ball is not None
    assert ball.contains(2)
    assert enclosure(parse_expression("sqrt(-2)"), 0) is None
