"""Where an operand stands in a line."""

import pytest

from agents.roles import make_up, open_equation, role
from reasoning_envs.symbolic.syntax.parser import parse_expression, parse_statement
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Comparison


@pytest.mark.parametrize(
    ("line", "same", "as_line", "as_operand"),
    [
        ("x + a = b", "a", "x + c = d", "c"),  # a term beside the unknown
        ("a*x = b", "a", "m*x = n", "m"),  # a factor of the unknown
        ("x + a - a = b", "a", "x + q - q = p", "q"),
    ],
)
def test_a_role_does_not_depend_on_the_letter(line: str, same: str, as_line: str, as_operand: str) -> None:
    first, second = parse_statement(line), parse_statement(as_line)
    assert isinstance(first, Comparison)
    assert isinstance(second, Comparison)
    assert role(first, parse_expression(same), "x") == role(second, parse_expression(as_operand), "x")


def test_roles_tell_the_sides_and_the_signs_apart() -> None:
    cases = [("x + a = b", "a"), ("x + a = b", "b"), ("x - a = b", "a"), ("a*x = b", "a"), ("b = x + a", "a")]
    roles = set()
    for text, operand in cases:
        line = parse_statement(text)
        assert isinstance(line, Comparison)
        roles.add(role(line, parse_expression(operand), "x"))
    assert len(roles) == len(cases)
    assert all(0 <= number < 512 for number in roles)


@pytest.mark.parametrize(
    ("side", "expected"),
    [("x + 3 - 3", "1 2 2 2"), ("a", "0 1 0 0"), ("2*x + a*x - 5", "2 1 1 0"), ("a - a", "0 2 0 2")],
)
def test_what_a_side_is_made_of(side: str, expected: str) -> None:
    assert make_up(parse_expression(side), "x") == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x + 1 = 2", "x + 1 = 2"),
        ("x = 2 or x - 1 = 3", "x - 1 = 3"),
        ("x = 2 or x = 3", None),
        ("x + 1 = 2 and x >= 0", "x + 1 = 2"),
        ("no solution", None),
    ],
)
def test_the_open_equation_is_the_one_that_moves_act_on(line: str, expected: str | None) -> None:
    found = open_equation(parse_statement(line), "x")
    assert (None if found is None else to_text(found)) == expected
