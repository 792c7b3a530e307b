"""Solutions of inequalities as sets of intervals."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.symbolic.inequalities.forms import fault_of_solution
from reasoning_envs.symbolic.roots.intervals import difference, solutions, statement_of, text_of
from reasoning_envs.symbolic.syntax.expression import num
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Statement, Truth, substitute
from reasoning_envs.symbolic.values.evaluation import exact_value


@pytest.mark.parametrize(
    ("line", "expected", "text"),
    [
        ("x^2 > 4", "x < -2 or x > 2", "x < -2 or x > 2"),
        ("x^2 <= 4", "x >= -2 and x <= 2", "-2 <= x <= 2"),
        ("x^2 < 2", "x > -sqrt(2) and x < sqrt(2)", "-sqrt(2) < x < sqrt(2)"),
        ("x^2 > 0", "x != 0", "x != 0"),
        ("x^2*(x - 1)^2 > 0", "x != 0 and x != 1", "x != 0 and x != 1"),
        ("x^2 <= 0", "x = 0", "x = 0"),
        ("x^2*(x - 3) <= 0", "x <= 3", "x <= 3"),
        ("x^2*(x - 3) >= 0", "x = 0 or x >= 3", "x = 0 or x >= 3"),
        ("x^2 >= 0", "all reals", "all reals"),
        ("x^2 < 0", "no solution", None),
        ("1/x > 0", "x > 0", "x > 0"),
        ("1/x^2 > 0", "x != 0", "x != 0"),
        ("(x - 1)/(x + 2) >= 0", "x < -2 or x >= 1", "x < -2 or x >= 1"),
        ("x > 1 and x != 3", "x > 1 and x < 3 or x > 3", "1 < x < 3 or x > 3"),
        ("x^3 - x - 1 > 0", None, None),
    ],
)
def test_solutions(line: str, expected: str | None, text: str | None) -> None:
    found = solutions(parse_statement(line), "x")
    assert found is not None
    written = statement_of(found, "x")
    assert (None if written is None else to_text(written)) == (
        None if expected is None else to_text(parse_statement(expected))
    )
    assert text_of(found, "x") == text


def test_what_is_not_certain_is_none() -> None:
    assert solutions(parse_statement("sin(x) > 0"), "x") is None


def test_what_one_line_has_and_another_has_not() -> None:
    gone = difference(parse_statement("1/x < 2"), parse_statement("1 < 2*x"), "x")
    assert gone is not None
    assert text_of(gone, "x") == "x < 0"
    assert difference(parse_statement("x > 3"), parse_statement("x > 1"), "x") == ()


def _holds(line: Statement, at: Fraction) -> bool:
    """Whether a line of rational comparisons holds at a rational number, computed with fractions alone."""
    if isinstance(line, Truth):
        return line.value
    if not isinstance(line, Comparison):
        return (all if isinstance(line, And) else any)(_holds(part, at) for part in line.parts)
    there = substitute(line, {"x": num(at)})
    assert isinstance(there, Comparison)
    left, right = exact_value(there.left), exact_value(there.right)
    if left is None or right is None:
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right, "!=": left != right}.get(
        there.op, left == right
    )


roots = st.lists(st.integers(-5, 5), min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(over=roots, under=st.lists(st.integers(-5, 5), max_size=2), op=st.sampled_from(["<", "<=", ">", ">="]))
def test_the_written_solution_holds_exactly_where_the_line_does(over: list[int], under: list[int], op: str) -> None:
    top = "*".join(f"(x - ({root}))" for root in over)
    text = f"{top}/({'*'.join(f'(x - ({root}))' for root in under)}) {op} 0" if under else f"{top} {op} 0"
    line = parse_statement(text)
    found = solutions(line, "x")
    assert found is not None
    written = statement_of(found, "x")
    assert written is not None
    assert fault_of_solution(written, "x") is None
    for step in range(-24, 25):
        at = Fraction(step, 4)
        assert _holds(written, at) == _holds(line, at), (text, to_text(written), at)
