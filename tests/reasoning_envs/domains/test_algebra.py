"""The algebra domain: reading problems, states, candidates, groups, mistakes, names of problems."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from reasoning_envs.domains.algebra import AlgebraDomain, AlgebraState
from reasoning_envs.domains.protocol import InputError, MoveDomain, TextDomain
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.symbolic.syntax.statement import free_symbols
from reasoning_envs.types import Status, Step, Verdict

DOMAIN = AlgebraDomain()


def test_it_offers_both_interfaces() -> None:
    assert isinstance(DOMAIN, MoveDomain)
    assert isinstance(DOMAIN, TextDomain)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("2*x + 3 = 7*(x - 1)", "x"),
        ("2t + 9 = 15", "t"),
        ("c*(x - a)/b - h*x = 0", "x"),
        ("x + 3 = (x - 3)^2 and x >= 3", "x"),
        ("(7 + -7x) = (-7x + (-4))", "x"),
    ],
)
def test_anybody_may_write_a_problem(text: str, unknown: str) -> None:
    problem = DOMAIN.problem(text)
    assert problem.metadata["unknown"] == unknown
    assert problem.answer is None
    assert parse_statement(problem.statement) == parse_statement(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2 + 3", "is an expression; an equation"),
        ("x > 3", "an equation is needed"),
        ("a*b = c", "the unknown must be x or the only letter; found a, b, c"),
        ("2 = 3", "holds no letter that could be solved for"),
        ("x = " + "+".join(["x^2"] * 60), "tokens; at most 96 fit"),
        ("", "the line is empty"),
    ],
)
def test_what_is_no_problem_says_why(text: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        DOMAIN.problem(text)
    assert reason in caught.value.verdict.reason
    assert caught.value.verdict.status is Status.UNPARSED


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x/0 = 0", "x/0"),
        ("x/(2 - 2) = 0", "x/(2 - 2)"),
        ("0/0 = x", "0/0"),
        ("0^(-1) = x", "0^(-1)"),
        ("x = 2 or 3/(x - x) = 1", "3/(x - x)"),
        ("1/(1/0 + x) = 1", "1/0"),
        ("x/(sqrt(4) - 2) = 1", "x/(sqrt(4) - 2)"),
    ],
)
def test_a_line_that_divides_by_zero_is_no_problem(text: str, part: str) -> None:
    with pytest.raises(InputError) as caught:
        DOMAIN.problem(text)
    verdict = caught.value.verdict
    assert verdict.status is Status.UNPARSED
    assert verdict.reason == f"the line divides by zero, so it has no value: {part}"


@pytest.mark.parametrize(
    "text", ["x/(x - 1) = 2", "x/(|x| - x) = 3", "(x + 1)^(-2) = 4", "x/(a - b) = 1", "x/2305843009213693951 = 1"]
)
def test_a_denominator_that_is_zero_somewhere_is_allowed(text: str) -> None:
    """The last two: zero at all positive points, and zero modulo the prime of the quick test."""
    assert DOMAIN.problem(text).metadata["unknown"] == "x"


@pytest.mark.parametrize(("text", "unknown"), [("a*t = 3", "t"), ("a*x = 3", "a"), ("2*e = 4*x", "e")])
def test_the_unknown_may_be_named(text: str, unknown: str) -> None:
    problem = DOMAIN.problem(text, unknown=unknown)
    assert problem.metadata["unknown"] == unknown
    state = DOMAIN.start(problem)
    assert DOMAIN.text(state) == text
    assert "x" in free_symbols(state.line)
    answer = DOMAIN.parse(state, f"{unknown} = 1").state
    assert DOMAIN.is_final(answer)
    assert DOMAIN.text(answer) == f"{unknown} = 1"
    with pytest.raises(InputError, match="the unknown 'z' is not in the equation"):
        DOMAIN.problem(text, unknown="z")


def test_an_unsafe_problem_is_refused_before_it_is_worked_out() -> None:
    with pytest.raises(InputError) as caught:
        DOMAIN.problem("x = 9^9^9^9")
    assert caught.value.verdict.status is Status.UNSAFE


def test_agents_see_x_and_people_their_own_letter() -> None:
    theirs, ours = DOMAIN.problem("2*t + 9 = 15"), DOMAIN.problem("2*x + 9 = 15")
    state, same = DOMAIN.start(theirs), DOMAIN.start(ours)
    assert DOMAIN.tokens(state) == DOMAIN.tokens(same)
    assert DOMAIN.text(state) == "2*t + 9 = 15"
    described = [action.describe() for action in DOMAIN.actions(state)]
    assert "subtract 2*t from both sides" in described
    assert [action.state.tokens for action in DOMAIN.actions(state)] == [
        action.state.tokens for action in DOMAIN.actions(same)
    ]


def test_a_problem_may_use_x_as_a_constant() -> None:
    with pytest.raises(InputError):
        DOMAIN.problem("t + y = 3")
    state = DOMAIN.start(DOMAIN.problem("t + 4 = 6"))
    assert DOMAIN.text(DOMAIN.parse(state, "t = 6 - 4").state) == "t = 6 - 4"


def test_states_survive_pickling() -> None:
    state = DOMAIN.start(DOMAIN.problem("2*(x - 1) = x/3"))
    again = pickle.loads(pickle.dumps(state))  # noqa: S301 -- our own bytes
    assert again == state
    assert hash(again) == hash(state)
    assert again.tokens == state.tokens


@pytest.mark.parametrize("text", ["x = 3", "x = 2 or x = 3", "no solution", "all reals", "x = 5 - 3"])
def test_final_states_have_no_actions(text: str) -> None:
    state = AlgebraState(parse_statement(text))
    assert DOMAIN.is_final(state)
    assert not DOMAIN.actions(state)


def test_more_candidates_than_fit_come_in_groups() -> None:
    domain = AlgebraDomain(moves="wide")
    domain.max_actions = 8
    start = domain.start(domain.problem("a*(x + b)/c - d*x = h*x + k"))
    choices = domain.actions(start)
    assert 1 < len(choices) <= 8
    assert not any(choice.is_step for choice in choices)
    assert len({domain.tokens(choice.state) for choice in choices}) == len(choices)
    seen: set[AlgebraState] = set()
    for choice in choices:
        members = domain.actions(choice.state)
        assert 1 <= len(members) <= 8
        assert all(member.is_step for member in members)
        seen.update(member.state for member in members)
    assert len(seen) > 8


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a*x + b = c", "m*x + n = p"),
        ("a*x + b = c", "r = p + x*q"),
        ("2*x + 3 = 7", "7 = 3 + x*2"),
        ("2*t + 3 = 7", "2*x + 3 = 7"),
    ],
)
def test_renaming_letters_and_reordering_make_no_new_problem(one: str, other: str) -> None:
    assert DOMAIN.canonical_key(DOMAIN.problem(one)) == DOMAIN.canonical_key(DOMAIN.problem(other))


@pytest.mark.parametrize(("one", "other"), [("a*x + b = c", "a*x + a = c"), ("2*x + 3 = 7", "2*x + 3 = 8")])
def test_other_problems_have_other_names(one: str, other: str) -> None:
    assert DOMAIN.canonical_key(DOMAIN.problem(one)) != DOMAIN.canonical_key(DOMAIN.problem(other))


@pytest.mark.parametrize("text", ["2*x + 3 = 7", "a*x - b = c", "x^2 - 5*x + 6 = 0", "x - 2 = 0 or x - 3 = 0"])
def test_a_corrupted_line_has_other_solutions(text: str) -> None:
    state = AlgebraState(parse_statement(text))
    problem = DOMAIN.problem(text)
    kinds = set()
    for seed in range(12):
        wrong, kind = DOMAIN.corrupt(state, np.random.default_rng(seed))
        kinds.add(kind)
        steps = (Step(0, 0, DOMAIN.text(wrong), Verdict(Status.UNDECIDED)),)
        assert DOMAIN.verifier.step(problem, steps).refuted
    assert kinds <= {"sign", "arithmetic", "dropped term", "lost root", "wrong conclusion"}
    assert len(kinds) > 1


def test_the_certificate_of_a_mistake_comes_from_the_verifier() -> None:
    state = DOMAIN.start(DOMAIN.problem("x*x = 3*x"))
    divide = next(action for action in DOMAIN.actions(state) if action.rule == "divide by the unknown")
    assert divide.verdict.refuted
    assert "x = 0" in f"{divide.verdict.reason} {divide.verdict.witness}"


def test_conditions_are_recorded_in_the_letters_of_the_problem() -> None:
    state = DOMAIN.start(DOMAIN.problem("a*x = b"))
    divide = next(action for action in DOMAIN.actions(state) if action.rule == "divide both sides")
    assert divide.verdict.verified
    assert divide.verdict.conditions == ("a != 0",)


def test_an_unknown_set_of_moves_is_an_error_that_lists_them() -> None:
    with pytest.raises(ValueError, match="explicit, curated, wide, axioms"):
        AlgebraDomain(moves="magic")
