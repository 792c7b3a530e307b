"""Steps between systems of equations: right ones, each classic mistake, conditions on letters, and answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs import verify_derivation, verify_step
from reasoning_envs.symbolic.steps.derivation import judge_answer
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.symbolic.syntax.unknowns import exchange, names_of, unknown_in
from reasoning_envs.types import Relation, Status

RIGHT = [
    # linear, two unknowns
    ("x + y = 3 and x - y = 1", "x + y = 3 and 2x = 4"),
    ("x + y = 3 and x - y = 1", "x - y = 1 and x + y = 3"),
    ("x + y = 3 and x - y = 1", "x = 3 - y and x - y = 1"),
    ("x + y = 3 and x - y = 1", "x = 2 and y = 1"),
    ("x = 3 - y and x - y = 1", "x = 3 - y and 3 - y - y = 1"),
    ("x = 3 - y and 3 - 2y = 1", "x = 3 - y and y = 1"),
    ("2x + 4y = 6 and x = y", "x + 2y = 3 and x = y"),
    ("x/2 + y/3 = 1 and x = y", "3x + 2y = 6 and x = y"),
    ("2(x + y) - 3 = x and y = 1", "x + 2y = 3 and y = 1"),
    ("x + y = 3 and 2x + 2y = 6", "x + y = 3"),
    ("x + y = 3 and 2x + 2y = 6", "x = 3 - y"),
    ("x + y = 3 and 2x + 2y = 7", "no solution"),
    ("x + y = 3 and 2x + 2y = 7", "x + y = 3 and 0 = 1"),
    ("x + y = 3 and 0 = 0", "x + y = 3"),
    ("x = x and y = y", "all reals"),
    # three and four
    ("x + y + z = 6 and x - y = 0 and z = 2", "x + y = 4 and x - y = 0 and z = 2"),
    ("x + y + z = 6 and x - y = 0 and z = 2", "x = 2 and y = 2 and z = 2"),
    ("x + y + z = 6 and x - y = 0", "x = y and z = 6 - 2y"),
    ("x + y + z = 6 and x - y = 0", "x = 3 - z/2 and y = 3 - z/2"),
    ("x + y = 1 and z + w = 2 and x - z = 0 and y = 0", "x = 1 and y = 0 and z = 1 and w = 1"),
    ("x + y + z = 1 and x + y + z = 2 and w = 3", "no solution"),
    ("x + y = 1 and y + z = 1 and x + 2y + z = 2", "x + y = 1 and y + z = 1"),
    # letters
    ("a*x + y = 3 and x - y = 1", "a*x + x = 4 and x - y = 1"),
    ("x + y = a and x - y = b", "x = (a + b)/2 and y = (a - b)/2"),
    ("a*x + b*y = c and y = 1", "a*x + b = c and y = 1"),
    # alternatives
    ("(x - y)*(x + y) = 0 and x + 2y = 3", "x - y = 0 and x + 2y = 3 or x + y = 0 and x + 2y = 3"),
    ("x = 1 and y = 2 or x = 1 and y = 3", "x = 1 and (y - 2)*(y - 3) = 0"),
    ("x*y = 0 and x + y = 2", "x = 0 and y = 2 or x = 2 and y = 0"),
    ("x = 1 and y = 2 or x = 1 and y = 2", "x = 1 and y = 2"),
    # curves
    ("x + y = 7 and x*y = 12", "x = 7 - y and (7 - y)*y = 12"),
    ("x + y = 7 and x*y = 12", "x = 3 and y = 4 or x = 4 and y = 3"),
    ("x^2 + y^2 = 25 and x*y = 12", "(x + y)^2 = 49 and x*y = 12"),
    ("x^2 + y^2 = 25 and x*y = 12", "x^2 + y^2 = 25 and y = 12/x"),
    ("x^2 - y^2 = 15 and x + y = 5", "x - y = 3 and x + y = 5"),
    ("y = x^2 and y = x + 2", "x^2 - x - 2 = 0 and y = x + 2"),
    ("y = x^2 and y = x + 2", "x = 2 and y = 4 or x = -1 and y = 1"),
    ("x^2 = 2 and x = y", "x = sqrt(2) and y = sqrt(2) or x = -sqrt(2) and y = -sqrt(2)"),
    ("x^2 + y^2 = 2 and x = y", "x = 1 and y = 1 or x = -1 and y = -1"),
    ("x^2 + y^2 = -1 and x = y", "no solution"),
    ("x^2 + y^2 = 1 and y = 3", "x^2 = -8 and y = 3"),
    ("1/x + 1/y = 1 and x = y", "2/x = 1 and x = y"),
    ("1/x + 1/y = 5/6 and x*y = 6", "x + y = 5 and x*y = 6"),
    ("x*y = 6 and x + y = 5 and x > y", "x = 3 and y = 2"),
    ("x*y = 6 and x + y = 5 and x != 3", "x = 2 and y = 3"),
    ("sqrt(x) + y = 5 and y = 2", "sqrt(x) = 3 and y = 2"),
    ("sqrt(x) + y = 5 and y = 2", "x = 9 and y = 2"),
    ("|x| = y and y = 3", "x = 3 and y = 3 or x = -3 and y = 3"),
    ("x*y = 1 and x = 0", "no solution"),
    ("x^3 - y = 0 and y = 8", "x = 2 and y = 8"),
]


@pytest.mark.parametrize(("before", "after"), RIGHT)
def test_right_steps(before: str, after: str) -> None:
    verdict = verify_step(before, after)
    assert verdict.verified, verdict
    assert verdict.rigorous, verdict


WRONG = [
    ("x + y = 3 and x - y = 1", "x + y = 3 and 2x = 2", "x + y = 3 was added on the left side, and something else"),
    ("x + y = 3 and x - y = 1", "x + y = 3 and 2y = 4", None),
    ("x + y = 3 and x - y = 1", "x + y = 3", "x - y = 1 was dropped, and it is needed: x = 3, y = 0 solves the rest"),
    ("x + y = 3 and x - y = 1", "x = 3 + y and x - y = 1", "a term that moves to the other side changes its sign"),
    ("x + y = 3 and x - y = 1", "x = 1 and y = 2", "the solutions change: x = 2, y = 1 is lost"),
    ("x + y = 3 and x - y = 1", "x = 2 and y = 2", None),
    ("x + y = 3 and x - y = 1", "no solution", "the line before has a solution: x = 2, y = 1"),
    ("x + y = 3 and x - y = 1", "all reals", "does not hold for every choice of x and y"),
    ("x + y = 3 and 2x + 2y = 6", "x = 1 and y = 2", "the step loses x = 3, y = 0"),
    ("x + y = 3 and 2x + 2y = 6", "no solution", "the line before has a solution"),
    ("x = 3 - 2y and 2x + y = 1", "x = 3 - 2y and 2*3 - 2y + y = 1", "does not follow"),
    ("y = x + 1 and 2x - y = 7", "y = x + 1 and 2x - x + 1 = 7", "2*x - x + 1 = 7 does not follow: x = 8, y = 9"),
    ("x + y + z = 6 and x - y = 0", "x = y and z = 6 - y", "z = 6 - y does not follow"),
    ("x + y + z = 6 and x - y = 0 and z = 2", "x - y = 0 and z = 2", "x + y + z = 6 was dropped"),
    ("x + y = 1 and y + z = 1 and x + z = 2", "x + y = 1 and y + z = 1", "x + z = 2 was dropped"),
    ("a*x + y = 3 and x - y = 1", "a*x + x = 3 and x - y = 1", None),
    ("x + y = a and x - y = b", "x = a + b and y = a - b", None),
    ("(x - y)*(x + y) = 0 and x + 2y = 3", "x - y = 0 and x + 2y = 3", "a product is zero when any of its factors is"),
    ("x = 1 and y = 2 or x = 2 and y = 1", "x = 1 and y = 2", "an alternative was dropped: x = 2, y = 1 is lost"),
    ("x + y = 7 and x*y = 12", "x = 3 and y = 4", "the step loses x = 4, y = 3"),
    ("x + y = 7 and x*y = 12", "x = 3 and y = 3", None),
    ("x^2 + y^2 = 25 and x*y = 12", "x + y = 7 and x*y = 12", "x + y = 7 does not follow: x = -3, y = -4"),
    ("x^2 + y^2 = 25 and x + y = 7", "x^2 + (7 - x)^2 = 25", None),
    ("x^2 = 2 and x = y", "x = sqrt(2) and y = sqrt(2)", "x = -sqrt(2), y = -sqrt(2)"),
    ("x^2 = 2 and x = y", "x = sqrt(2) and y = -sqrt(2) or x = -sqrt(2) and y = sqrt(2)", None),
    ("1/x + 1/y = 0 and x*y = 1", "y + x = 0 and x*y = 1 or x = 0 and y = 0", None),
    ("x*(y - 1) = 0 and x + y = 3", "y - 1 = 0 and x + y = 3", "a product is zero when any of its factors is"),
    ("x*y = x and x + y = 3", "y = 1 and x + y = 3", "x = 0, y = 3"),
    ("sqrt(x) = y and x = 4", "y = -2 and x = 4", None),
    ("sqrt(x) = y and y = x - 2", "x = y^2 and y = x - 2", "x = 1, y = -1"),
    ("|x| = y and y = 3", "x = 3 and y = 3", "x = -3, y = 3"),
    ("y = x^2 and y = x + 2", "x = 2 and y = 4", None),
    ("x^2 + y^2 = 1 and y = 3", "x^2 = 8 and y = 3", None),
]


@pytest.mark.parametrize(("before", "after", "reason"), WRONG)
def test_wrong_steps_say_what_is_wrong(before: str, after: str, reason: str | None) -> None:
    verdict = verify_step(before, after)
    assert verdict.refuted, verdict
    assert verdict.witness is not None
    if reason is not None:
        assert reason in verdict.reason


@pytest.mark.parametrize(
    ("before", "after", "relation"),
    [
        ("x + y = 3 and x - y = 1", "x + y = 3", Relation.IMPLIES),
        ("x + y = 3 and 2x + 2y = 6", "x = 1 and y = 2", Relation.IMPLIED_BY),
        ("x + y = 3 and x - y = 1", "x = 1 and y = 2", Relation.NONE),
        ("x + y = 3 and x + y = 4", "x = 1 and 0 = 1", Relation.VACUOUS),
        ("x^2 + y^2 = -1 and x = y", "x^2 = -5 and x = y", Relation.VACUOUS),
    ],
)
def test_the_relation_says_which_way_a_step_fails(before: str, after: str, relation: Relation) -> None:
    verdict = verify_step(before, after)
    assert verdict.refuted
    assert verdict.relation is relation


@pytest.mark.parametrize(
    ("before", "after", "conditions"),
    [
        ("a*x + y = 3 and x - y = 1", "x = 4/(a + 1) and y = (3 - a)/(a + 1)", ("a != -1",)),
        ("x + y = 1 and x - y = 2", "a*x + a*y = a and x - y = 2", ("a != 0",)),
        ("x/a + y = 1 and y = 2", "x + a*y = a and y = 2", ("a != 0",)),
        ("a*x = b and y = 1", "x = b/a and y = 1", ("a != 0",)),
        ("x + y = a and x - y = b", "2x = a + b and x - y = b", ()),
        # The determinants agree, and the rows do not where a is 0.
        ("x = 1 and a*y = a", "x + y = 2 and a*y = a", ("a != 0",)),
        ("x + y = a and x + y = b", "no solution", ("a - b != 0",)),
        ("a*x*y = 1 and x = y", "x^2 = 1/a and x = y", ("a != 0",)),
    ],
)
def test_conditions_on_letters_are_recorded(before: str, after: str, conditions: tuple[str, ...]) -> None:
    verdict = verify_step(before, after)
    assert verdict.verified, verdict
    assert verdict.conditions == conditions


def test_what_nobody_can_tell_is_undecided() -> None:
    assert verify_step("sin(x) = y and y = 1", "x = asin(1) and y = 1").status is Status.UNDECIDED
    assert verify_step("x^2 + y^2 = 0 and x = x", "x = 0 and y = 0").status is Status.UNDECIDED


def test_a_system_that_is_too_large_is_undecided() -> None:
    before = "x^9 + y^8*x + z^7 = 1 and y^9 - x^4*z^3 = 2 and z^9 + x*y*z = 3"
    verdict = verify_step(before, before.replace("= 3", "= 4"))
    assert verdict.status is Status.UNDECIDED
    assert "not all could be looked at" in verdict.reason


def test_over_the_complex_numbers_imaginary_points_count() -> None:
    before, after = "x^2 + y^2 = 1 and y = 3", "no solution"
    assert verify_step(before, after).verified
    assert verify_step(before, after, over="complex").refuted
    assert verify_step("x*y = 6 and x + y = 1", "x*y = 6 and x = 1 - y", over="complex").verified


def test_positive_unknowns() -> None:
    assert verify_step("x^2 = 4 and y = x", "x = 2 and y = 2", over="positive").verified
    assert verify_step("x^2 = 4 and y = x", "x = 2 and y = 2").refuted


def test_the_unknowns_may_be_named() -> None:
    assert verify_step("x + a = 3 and x - a = 1", "x = 2 and a = 1", unknown="x, a").verified
    assert verify_step("p + q = 3 and p - q = 1", "p = 2 and q = 1").verified
    assert verify_step("x + y = a and x - y = 1", "y = (a - 1)/2 and x = (a + 1)/2", unknown="y, x").verified
    with pytest.raises(ValueError, match="in none of the lines"):
        verify_step("x + y = 3 and x - y = 1", "x = 2 and y = 1", unknown="u, v")


@pytest.mark.parametrize(
    ("lines", "unknown"),
    [
        (["x + y = 1 and x = 2"], "x, y"),
        (["x = 2 and y = 3 or x = 3 and y = 2"], "x, y"),
        (["a*x + b*y = c and x = y"], "x, y"),
        (["p + q = 1 and p - q = 2"], "p, q"),
        (["p*q = 1 and p + r = 2"], None),
        (["a*x = b"], "x"),
        (["t + 3 = 1"], "t"),
        (["x + 3 = (x - 3)^2 and x >= 3"], "x"),
        (["x + y = 1"], "x"),
        (["x + y = 1", "x + y = 1 and x = 1"], "x, y"),
    ],
)
def test_what_is_solved_for(lines: Sequence[str], unknown: str | None) -> None:
    assert unknown_in([parse_statement(line) for line in lines]) == unknown


@pytest.mark.parametrize(
    ("unknown", "swaps"),
    [
        ("x", {}),
        ("t", {"t": "x", "x": "t"}),
        ("x, y", {}),
        ("y, z", {"z": "x", "x": "z"}),
        ("p, q", {"p": "x", "x": "p", "q": "y", "y": "q"}),
    ],
)
def test_letters_change_places_for_what_agents_see(unknown: str, swaps: dict[str, str]) -> None:
    assert exchange(unknown) == swaps
    assert {swaps.get(name, name) for name in names_of(unknown)} <= {"x", "y"}


ANSWERS = [
    ("x + y = 3 and x - y = 1", "x = 2 and y = 1", None),
    ("x + y = 3 and x - y = 1", "y = 1 and x = 2", None),
    ("x + y = 3 and 2x + 2y = 6", "x = 3 - y", None),
    ("x + y = 3 and 2x + 2y = 6", "y = 3 - x", None),
    ("x + y = 3 and 2x + 2y = 7", "no solution", None),
    ("x + y = 7 and x*y = 12", "x = 3 and y = 4 or x = 4 and y = 3", None),
    ("x + y = 3 and x - y = 1", "x = 2", "the answer has something that is no solution"),
    ("x + y = 7 and x*y = 12", "x = 3 and y = 4", "the answer misses a solution (x = 4, y = 3)"),
    ("x + y = 3 and x - y = 1", "x = 3 - y and y = 1", "y stands on the right side of x = 3 - y"),
    ("x + y = 3 and x - y = 1", "x = 2 and x = 2 and x - y = 1", "no unknown stands alone on the left side"),
    ("x + y = 3 and x - y = 1", "x = 2 and x = 1 + 1", "x is said twice"),
    ("x + y = 3 and x - y = 1", "x = 2 and y > 0", "no unknown stands alone on the left side of y > 0"),
    ("x + y = 3 and x - y = 1", "x = 3 - x and y = 1", "x stands on the right side"),
]


@pytest.mark.parametrize(("problem", "final", "fault"), ANSWERS)
def test_an_answer_says_each_unknown(problem: str, final: str, fault: str | None) -> None:
    verdict = judge_answer(parse_statement(problem), parse_statement(final), unknown="x, y")
    assert verdict.status is (Status.VERIFIED if fault is None else Status.REFUTED), verdict
    if fault is not None:
        assert fault in verdict.reason


def test_a_derivation_in_lines() -> None:
    lines = [
        "2x + 3y = 7 and x - y = 1",
        "2x + 3y = 7 and x = y + 1",
        "2(y + 1) + 3y = 7 and x = y + 1",
        "5y = 5 and x = y + 1",
        "y = 1 and x = 2",
    ]
    assert all(verdict.verified for verdict in verify_derivation(lines))


small = st.integers(-6, 6)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(small, small, small), min_size=2, max_size=2), k=small, slip=st.integers(1, 4))
def test_adding_a_multiple_is_right_and_a_slip_in_it_is_not(
    rows: list[tuple[int, int, int]], k: int, slip: int
) -> None:
    (a, b, c), (d, e, f) = rows
    before = f"{a}*x + {b}*y = {c} and {d}*x + {e}*y = {f}"
    added = f"{a + k * d}*x + {b + k * e}*y = "
    right = verify_step(before, f"{added}{c + k * f} and {d}*x + {e}*y = {f}", unknown="x, y")
    assert right.verified, right
    wrong = verify_step(before, f"{added}{c + k * f + slip} and {d}*x + {e}*y = {f}", unknown="x, y")
    if a * e != b * d:
        assert wrong.refuted, wrong
        assert wrong.witness is not None
