"""Steps between inequalities: right ones, each classic mistake, and the words for it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs import verify_derivation, verify_step
from reasoning_envs.symbolic.steps.derivation import judge_answer
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.types import Relation, Status

RIGHT = [
    ("2x + 3 < 7", "2x < 4"),
    ("2x < 4", "x < 2"),
    ("-2x > 6", "x < -3"),
    ("-x <= 4", "x >= -4"),
    ("5 - 3x >= 11", "-3x >= 6"),
    ("-3x >= 6", "x <= -2"),
    ("3(x - 1) > 2x + 4", "x > 7"),
    ("x/(-2) < 3", "x > -6"),
    ("2 < x", "x > 2"),
    ("x + 1 < x + 2", "all reals"),
    ("x + 1 < x", "no solution"),
    ("2x + 3 < 2x + 1", "3 < 1"),
    ("1 < 2x + 3 <= 7", "-2 < 2x <= 4"),
    ("-2 < 2x <= 4", "-1 < x <= 2"),
    ("-6 <= -3x < 9", "-3 < x <= 2"),
    ("1 < x <= 3", "x > 1 and x <= 3"),
    ("x > 1 and x > 3", "x > 3"),
    ("x > 1 or x > 3", "x > 1"),
    ("x > 3 and x < 1", "no solution"),
    ("x < 3 or x >= 3", "all reals"),
    ("x <= 3 and x != 3", "x < 3"),
    ("x^2 > 4", "x > 2 or x < -2"),
    ("x^2 <= 9", "-3 <= x <= 3"),
    ("x^2 < -1", "no solution"),
    ("x^2 > -1", "all reals"),
    ("x^2 > 0", "x != 0"),
    ("x^2 <= 0", "x = 0"),
    ("x^2 - 5x + 6 < 0", "(x - 2)(x - 3) < 0"),
    ("(x - 2)(x - 3) < 0", "2 < x < 3"),
    ("(x - 2)(x - 3) > 0", "x - 2 > 0 and x - 3 > 0 or x - 2 < 0 and x - 3 < 0"),
    ("x^2 - 2 < 0", "-sqrt(2) < x < sqrt(2)"),
    ("x^2 + x + 1 > 0", "all reals"),
    ("x^2 - 6x + 9 > 0", "x != 3"),
    ("x^3 > x", "x(x - 1)(x + 1) > 0"),
    ("x(x - 1)(x + 1) > 0", "-1 < x < 0 or x > 1"),
    ("(x - 1)/(x + 2) >= 0", "x < -2 or x >= 1"),
    ("1/x < 2", "x < 0 or x > 1/2"),
    ("1/x < 2", "x < 2x^2 and x != 0"),
    ("1/x < 2", "1 < 2x and x > 0 or 1 > 2x and x < 0"),
    ("3/(x^2 + 1) > 1", "3 > x^2 + 1"),
    ("x/(x - 1) > 1", "1/(x - 1) > 0"),
    ("1/(x - 1) > 0", "x > 1"),
    ("|x - 1| < 3", "-3 < x - 1 < 3"),
    ("|x - 1| < 3", "-2 < x < 4"),
    ("|2x + 1| >= 5", "2x + 1 >= 5 or 2x + 1 <= -5"),
    ("|x| < -2", "no solution"),
    ("|x| >= -2", "all reals"),
    ("|x| < |x - 2|", "x < 1"),
    ("|x - 1| > 2x", "x < 1/3"),
    ("sqrt(x) < 3", "0 <= x < 9"),
    ("2^x > 8", "x > 3"),
    ("(1/2)^x > 8", "x < -3"),
    ("ln(x) <= 0", "0 < x <= 1"),
    ("x < 5 and x^2 = 36", "x = -6"),
    ("a*x > b and a > 0", "x > b/a and a > 0"),
    ("a*x > b and a < 0", "x < b/a and a < 0"),
    ("a*x + b <= c and a > 0", "a*x <= c - b and a > 0"),
    ("b - a*x < c and a < 0", "x < (b - c)/a and a < 0"),
    ("x/a > 1 and a < 0", "x < a and a < 0"),
    ("a*b*x > 1 and a*b > 0", "x > 1/(a*b) and a*b > 0"),
]


@pytest.mark.parametrize(("before", "after"), RIGHT)
def test_right_steps(before: str, after: str) -> None:
    verdict = verify_step(before, after)
    assert verdict.verified, verdict
    assert verdict.rigorous, verdict


WRONG = [
    ("-2x > 6", "x > -3", "dividing by -2 turns the sign round: > becomes <"),
    ("x/(-3) <= 2", "x <= -6", "multiplying by -3 turns the sign round: <= becomes >="),
    ("-x < 4", "x < -4", "multiplying by -1 turns the sign round"),
    ("2x > 6", "x < 3", "dividing by 2 does not turn the sign round: > stays >"),
    ("x > 3", "x < 3", "the sign was turned round from > to <, and the sides were not"),
    ("x + 1 < 3", "x < 4", "a term that moves to the other side changes its sign: 1 did not"),
    ("x - 1 < 3", "x < 2", "a term that moves to the other side changes its sign: -1 did not"),
    ("2x + 3 < 7", "x + 3 < 7", "the left side changed its value"),
    ("2(x + 3) < 8", "2x + 3 < 8", "a factor before a bracket was given to one of its terms alone"),
    ("x < 3", "x <= 3", "the sign < was made <="),
    ("2x >= 6", "x > 3", "the sign >= was made >"),
    ("1/x < 2", "1 < 2x", "multiplying by x needs its sign: x < 0 is lost"),
    ("(x - 1)/(x + 2) >= 0", "x - 1 >= 0", "multiplying by x + 2 needs its sign: x < -2 is lost"),
    ("x^3 > x", "x^2 > 1", "dividing by x needs its sign: -1 < x < 0 is lost and x < -1 is added"),
    ("x^2 > 3x", "x > 3", "dividing by x needs its sign: x < 0 is lost"),
    ("x^2 > 4", "x > 2", "a square root has two signs, and one of them was forgotten: x < -2 is lost"),
    ("x^2 < 9", "x < 3", "a square root has two signs, and one of them was forgotten: x <= -3 is added"),
    ("x^2 < 9", "x < 3 or x > -3", "the two bounds are to be joined by 'and'"),
    ("x^2 > 4", "x > 2 or x > -2", "needs the sign turned round"),
    ("|x - 1| < 3", "x - 1 < 3", "|x - 1| < 3 means -3 < x - 1 < 3, and a half of it is missing: x <= -2 is added"),
    ("|x| > 2", "x > 2", "|x| > 2 means x > 2 or x < -2, and a half of it is missing: x < -2 is lost"),
    ("|x| > 2", "x > 2 and x < -2", "either, not both"),
    ("|x| < 2", "x < 2 or x > -2", "both, not either"),
    ("(x - 2)(x - 3) > 0", "x - 2 > 0 or x - 3 > 0", "depends on the signs of all its factors together"),
    ("(x - 2)(x - 3) > 0", "x > 3", "the sign of a product depends on the signs of all its factors together: x < 2 is"),
    ("x < 1 or x > 3", "x < 1", "the alternative x > 3 was dropped: x > 3 is lost"),
    ("x < 1 or x > 3", "x < 1 and x > 3", "joined by 'or', not by 'and'"),
    ("x > 1 and x < 3", "x > 1", "the condition x < 3 was dropped: x >= 3 is added"),
    ("x > 1 and x < 3", "x > 1 or x < 3", "joined by 'and', not by 'or'"),
    ("1/(x + 2) >= 0", "x >= -2", "adds x = -2, where the line before is undefined: division by 0"),
    ("(x - 1)/(x + 2) >= 0", "x <= -2 or x >= 1", "adds x = -2, where the line before is undefined"),
    ("2x + 1 < 5", "all reals", "does not hold for every value of x: x = 2"),
    ("x + 1 < x + 2", "no solution", "the line before has a solution"),
    ("-6 <= -3x < 9", "2 <= x < -3", "dividing by -3 turns the sign round"),
    ("1 < x <= 3", "1 <= x <= 3", "the sign < was made <="),
    ("a*x > b", "x > b/a", "dividing by a turns the sign round where a is negative"),
    ("x/a > 1", "x > a", "multiplying by a turns the sign round where a is negative"),
    ("a*x > b and a < 0", "x > b/a and a < 0", "turns the sign round"),
    ("a*x > b and a > 0", "x < b/a", None),
    ("sqrt(x) < 3", "x < 9", "an even root of a negative number is not real"),
    ("2^x > 8", "x < 3", None),
    ("3x < 6", "x < 3", None),
    ("x^2 - 5x + 6 < 0", "x < 2 or x > 3", None),
    ("2 < x < 5", "2 < x < 4", None),
    ("x != 3", "x > 3", "x < 3 is lost"),
    ("x^2 <= 0", "no solution", "the line before has a solution: x = 0"),
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
        ("x > 1", "x > 2", Relation.IMPLIED_BY),
        ("x > 2", "x > 1", Relation.IMPLIES),
        ("x > 2", "x < 1", Relation.NONE),
        ("x^2 + 1 < 0", "x^2 + 5 < 0", Relation.VACUOUS),
        ("x > 3 and x < 1", "x > 5 and x < 2", Relation.VACUOUS),
    ],
)
def test_the_relation_says_which_way_a_step_fails(before: str, after: str, relation: Relation) -> None:
    verdict = verify_step(before, after)
    assert verdict.refuted
    assert verdict.relation is relation


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x^2 + 1 < 0", "2x^2 + 2 < 0"),
        ("x^2 + 1 < 0", "x^2 < -1"),
        ("1/(x^2 + 1) < 0", "1 < 0"),
        ("2x > 6 and x < 1", "x > 3 and x < 1"),
        ("|x| < -2", "-(-2) < x < -2"),
    ],
)
def test_what_follows_from_a_contradiction_by_right_rules_is_right(before: str, after: str) -> None:
    assert verify_step(before, after).verified


def test_signs_of_letters_are_recorded() -> None:
    verdict = verify_step("a*x > b and a > 0", "x > b/a")
    assert verdict.verified
    assert verdict.rigorous
    assert verdict.conditions == ("a > 0",)
    verdict = verify_step("a*x > b and a < 0 and b > 0", "x < b/a and a < 0 and b > 0")
    assert verdict.conditions == ("a < 0", "b > 0")


def test_a_sign_that_nobody_said_is_not_assumed() -> None:
    verdict = verify_step("a*x > b and b > 0", "x > b/a and b > 0")
    assert verdict.refuted
    assert verdict.witness is not None
    assert "a = " in verdict.witness


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Where a is above 1 the first has no solution, and the second, which was turned, has.
        ("a*x^2 + 1 <= -2x - 2 and a > 0", "(a - 1)*(a*x^2 + 1) >= (a - 1)*(-2x - 2) and a > 0"),
        ("x^2 < -a and a > 0", "x^2 > -a and a > 0"),
    ],
)
def test_an_inequality_without_solutions_excuses_no_new_ones(before: str, after: str) -> None:
    assert verify_step(before, after).refuted


def test_positive_letters_need_no_condition() -> None:
    assert verify_step("a*x > b", "x > b/a", over="positive").verified


ANSWERS = [
    ("x^2 > 4", "x < -2 or x > 2", None),
    ("x^2 > 4", "2 < x or x < -2", None),
    ("1 < 2x + 3 <= 7", "-1 < x <= 2", None),
    ("x^2 > 0", "x != 0", None),
    ("x^2 + 1 < 0", "no solution", None),
    ("a*x > b and a > 0", "x > b/a and a > 0", None),
    ("a*x > b and a > 0", "x > b/a", None),
    ("x^2 > 4", "x > 2", "the answer misses a solution"),
    ("x^2 < 4", "x < 2", "the answer has something that is no solution"),
    ("-2x > 6", "2x < -6", "x does not stand alone on a side of 2*x < -6"),
    ("x^2 > 4", "x^2 > 4", "x does not stand alone"),
    ("x > 1 and x > 3", "x > 1 and x > 3", "can be said by fewer"),
    ("x > 1 or x > 3", "x > 1 or x > 3", "x > 1 and x > 3 overlap: join them"),
    ("x + 1 < x", "x > 3 and x < 1", "no number meets x > 3 and x < 1"),
    ("x + 1 < x", "x > 1 and 1 < 0", "1 < 0 is either true or false: say which"),
    ("x >= 3 and x != 3", "x >= 3 and x != 3", "can be said by fewer"),
    ("x > 3", "x > 3 and x != 1", "can be said by fewer"),
]


@pytest.mark.parametrize(("problem", "final", "fault"), ANSWERS)
def test_an_answer_is_a_union_of_intervals(problem: str, final: str, fault: str | None) -> None:
    verdict = judge_answer(parse_statement(problem), parse_statement(final), unknown="x")
    assert verdict.status is (Status.VERIFIED if fault is None else Status.REFUTED), verdict
    if fault is not None:
        assert fault in verdict.reason


def test_an_equation_with_a_constraint_is_still_an_equation() -> None:
    problem = parse_statement("x + 3 = (x - 3)^2 and x >= 3")
    verdict = judge_answer(problem, parse_statement("x > 2"), unknown="x")
    assert verdict.reason.startswith("the answer has something that is no solution")


def test_a_derivation_in_lines() -> None:
    lines = ["x^2 - x < 6", "x^2 - x - 6 < 0", "(x - 3)(x + 2) < 0", "x > -2 and x < 3"]
    assert all(verdict.verified for verdict in verify_derivation(lines))


numbers = st.integers(-9, 9)
relations = st.sampled_from(["<", "<=", ">", ">="])


@settings(max_examples=60, deadline=None)
@given(a=numbers.filter(bool), b=numbers, c=numbers, op=relations, k=numbers.filter(bool))
def test_multiplying_by_a_number_turns_the_relation_exactly_where_it_is_negative(
    a: int, b: int, c: int, op: str, k: int
) -> None:
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
    before = f"{a}*x + {b} {op} {c}"
    sides = f"{k * a}*x + {k * b}", str(k * c)
    right, wrong = (op, mirrored) if k > 0 else (mirrored, op)
    assert verify_step(before, f"{sides[0]} {right} {sides[1]}").verified
    assert verify_step(before, f"{sides[0]} {wrong} {sides[1]}").refuted
