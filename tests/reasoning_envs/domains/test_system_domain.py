"""The system domain: what it reads, its problems and their certificates, letters, groups, mistakes, shipped checks."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from reasoning_envs.domains.problems.system import SYSTEM_LEVELS, draw_system
from reasoning_envs.domains.protocol import InputError, MoveDomain, TextDomain
from reasoning_envs.domains.system import SystemDomain
from reasoning_envs.problems import split_of
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.symbolic.syntax.statement import NO_SOLUTION, conjuncts, free_symbols
from reasoning_envs.symbolic.syntax.unknowns import names_of
from reasoning_envs.symbolic.systems.lines import fault_of_system_solution
from reasoning_envs.symbolic.systems.solutions import system_solution
from reasoning_envs.testing import check_domain
from reasoning_envs.testing.laws import written
from reasoning_envs.types import Status

DOMAIN = SystemDomain()


def test_it_offers_both_interfaces() -> None:
    assert isinstance(DOMAIN, MoveDomain)
    assert isinstance(DOMAIN, TextDomain)


@pytest.mark.slow
def test_it_keeps_its_promises() -> None:
    check_domain("reasoning_envs.domains.system:SystemDomain", seeds=range(1), steps=2, rewrites=_rewritten)


def _rewritten(answer: str) -> list[str]:
    """The alternatives and the equations the other way round, and the signs of other writers."""
    parts = answer.split(" or ")
    bare = [part[1:-1] if len(parts) > 1 and part.startswith("(") else part for part in parts]
    turned = [" and ".join(part.split(" and ")[::-1]) for part in bare]
    return [" or ".join(parts[::-1]), " or ".join(turned), answer.replace("-", "\u2212")]


@pytest.mark.parametrize("level", SYSTEM_LEVELS)
def test_problems_carry_their_solution(level: str) -> None:
    rng = np.random.default_rng(31)
    family = level.partition("-")[0]
    for _ in range(3):
        problem = DOMAIN.sample(rng, level)
        assert problem.answer is not None
        unknowns = names_of(str(problem.metadata["unknown"]))
        line, answer = parse_statement(problem.statement), parse_statement(problem.answer)
        assert fault_of_system_solution(line, unknowns) is not None
        assert fault_of_system_solution(answer, unknowns) is None
        assert bool(free_symbols(line) - set(unknowns)) is (family == "letters")
        assert len(unknowns) == {"three": 3, "four": 4}.get(family, len(unknowns))
        if family in ("two", "three", "four"):
            assert len(conjuncts(line)) == len(unknowns) == len(conjuncts(answer))
        assert DOMAIN.verifier.outcome(problem, [written(problem.answer)]).verified
        assert len(DOMAIN.tokens(DOMAIN.start(problem))) <= DOMAIN.max_tokens


def test_degenerate_systems_are_of_both_kinds() -> None:
    rng = np.random.default_rng(32)
    for level in ("degenerate-1", "degenerate-2", "degenerate-3"):
        ends = {draw_system(rng, level)[1] == NO_SOLUTION for _ in range(25)}
        assert ends == {True, False}


def test_curves_meet_in_none_one_two_and_more_points() -> None:
    rng = np.random.default_rng(33)
    counts = {str(DOMAIN.sample(rng, f"curves-{1 + i % 3}").answer).count("x = ") for i in range(60)}
    assert {0, 1, 2, 4} <= counts


def test_draws_are_reproducible_and_levels_known() -> None:
    for level in SYSTEM_LEVELS[::3]:
        first, again = (draw_system(np.random.default_rng(34), level) for _ in range(2))
        assert first == again
    with pytest.raises(ValueError, match="no level 'five-1'; there are two-1"):
        draw_system(np.random.default_rng(0), "five-1")


@pytest.mark.parametrize(
    ("text", "unknown", "expected"),
    [
        ("x + y = 3 and x - y = 1", None, "x, y"),
        ("a*x + y = b and x = y", None, "x, y"),
        ("p + q = 3 and p = q", None, "p, q"),
        ("x + a = 3 and x - a = 1", "x, a", "x, a"),
        ("x + y + z + w = 1 and x = y and z = w and x = 2", None, "x, y, z, w"),
        ("2*e = 4*x and x + e = 3", "x, e", "x, e"),
    ],
)
def test_anybody_may_write_a_problem(text: str, unknown: str | None, expected: str) -> None:
    problem = DOMAIN.problem(text, unknown=unknown)
    assert problem.metadata["unknown"] == expected
    assert problem.domain == "system"
    state = DOMAIN.start(problem)
    assert DOMAIN.text(state) == problem.statement
    assert pickle.loads(pickle.dumps(state)) == state  # noqa: S301 -- our own bytes


@pytest.mark.parametrize(
    ("text", "unknown", "reason"),
    [
        ("x + y = 3", None, "a system is needed: two equations or more, joined by 'and'"),
        ("x + y = 3 or x - y = 1", None, "a system is needed"),
        ("x + y", None, "is an expression"),
        ("x = 1 and x = 2", None, "a system has two to four unknowns"),
        ("a*b = 1 and b + c = 2", None, "a system has two to four unknowns, of x, y, z, w or named; found a, b, c"),
        ("x + y = 3 and x - y = 1", "x, q", "the unknown 'q' is not in the system; found x, y"),
        ("x + y = 3 and x = 1/0", None, "divides by zero"),
        (" and ".join(["x + y^2 + 1234567*x*y = 1000001"] * 1 + [f"x + {i}*y = {i}" for i in range(40)]), None, "fit"),
    ],
)
def test_what_is_no_problem_says_why(text: str, unknown: str | None, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        DOMAIN.problem(text, unknown=unknown)
    assert reason in caught.value.verdict.reason
    assert caught.value.verdict.status is Status.UNPARSED


def test_agents_see_x_and_y_and_people_their_own_letters() -> None:
    theirs, ours = DOMAIN.problem("p + q = 3 and p - q = x", unknown="p, q"), DOMAIN.problem("x + y = 3 and x - y = p")
    state, same = DOMAIN.start(theirs), DOMAIN.start(ours)
    assert DOMAIN.tokens(state) == DOMAIN.tokens(same)
    assert DOMAIN.text(state) == "p + q = 3 and p - q = x"
    solved = next(move for move in DOMAIN.actions(state) if move.rule == "solve for")
    assert solved.describe() == "solve an equation for p"
    assert DOMAIN.text(solved.state) == "p = 3 - q and p - q = x"
    answer = DOMAIN.parse(state, "p = (3 + x)/2 and q = (3 - x)/2").state
    assert DOMAIN.is_final(answer)
    assert DOMAIN.verifier.outcome(theirs, [written(DOMAIN.text(answer))]).verified


def test_certificates_of_mistakes_come_from_the_verifier() -> None:
    problem = DOMAIN.problem("x + y = 3 and x - y = 1")
    actions = DOMAIN.actions(DOMAIN.start(problem))
    dropped = next(move for move in actions if move.rule == "drop an equation")
    assert dropped.verdict.refuted
    assert dropped.verdict.reason == "equation 1 is needed: the others have more solutions"
    assert dropped.verdict.witness is not None
    harmless = DOMAIN.start(DOMAIN.problem("x + y = 3 and x - y = 1 and 2*x = 4 and z = 5"))
    verdicts = [move.verdict for move in DOMAIN.actions(harmless) if move.rule == "drop an equation"]
    assert {verdict.verified for verdict in verdicts} == {True, False}


def test_conditions_are_recorded_in_the_letters_of_the_problem() -> None:
    state = DOMAIN.start(DOMAIN.problem("k*p + q = 3 and p - q = 1", unknown="p, q"))
    solved = next(move for move in DOMAIN.actions(state) if move.rule == "solve for")
    assert DOMAIN.text(solved.state) == "p = (3 - q)/k and p - q = 1"
    assert solved.verdict.conditions == ("k != 0",)


def test_four_unknowns_come_in_groups() -> None:
    rng = np.random.default_rng(35)
    problem = DOMAIN.sample(rng, "four-3")
    state = DOMAIN.start(problem)
    choices = DOMAIN.actions(state)
    assert 1 < len(choices) <= DOMAIN.max_actions
    assert not any(choice.is_step for choice in choices)
    assert {choice.rule for choice in choices} >= {"add a multiple", "solve for", "drop an equation"}
    members = [member for choice in choices for member in DOMAIN.actions(choice.state)]
    assert all(member.is_step for member in members)
    assert len(members) > DOMAIN.max_actions


@pytest.mark.parametrize("text", ["x + y = 3 and x - y = 1", "y = x^2 and y = x + 2", "a*x + y = 3 and x = y"])
def test_a_corrupted_line_has_other_solutions(text: str) -> None:
    problem = DOMAIN.problem(text)
    state = DOMAIN.start(problem)
    kinds = set()
    for seed in range(14):
        wrong, kind = DOMAIN.corrupt(state, np.random.default_rng(seed))
        kinds.add(kind)
        assert DOMAIN.verifier.step(problem, [written(DOMAIN.text(wrong))]).refuted
    assert kinds <= {"sign", "arithmetic", "dropped term", "dropped equation", "lost solution"}
    assert len(kinds) > 1


def test_names_and_orders_make_no_new_problem() -> None:
    def key(text: str, unknown: str | None = None) -> str:
        return DOMAIN.canonical_key(DOMAIN.problem(text, unknown=unknown))

    one = key("x + 2*y = 3 and x - y = 1")
    assert one == key("x - y = 1 and 3 = 2*y + x")
    assert one == key("y + 2*x = 3 and y - x = 1")
    assert one == key("p + 2*q = 3 and p - q = 1")
    assert one != key("x + 2*y = 3 and x - y = 2")
    assert one != key("x + 2*y = 3 and y - x = 1")
    assert key("a*x + y = b and x = y") == key("m*y + x = n and x = y")


def test_both_halves_of_the_split_are_drawn() -> None:
    rng = np.random.default_rng(36)
    levels = [level for level in SYSTEM_LEVELS if not level.startswith("four")]
    sides = [split_of(DOMAIN.canonical_key(DOMAIN.sample(rng, levels[i % len(levels)]))) for i in range(60)]
    assert 3 <= sides.count("test") <= 25


@pytest.mark.parametrize(
    ("text", "solution"),
    [
        ("x + y = 3 and x - y = 1", "x = 2 and y = 1"),
        ("x + y = 3 and 2*x + 2*y = 6", "x = 3 - y"),
        ("a*x + y = b and x + 3*y = 1", "x = (3*b - 1)/(3*a - 1) and y = (a - b)/(3*a - 1)"),
        ("x^2 + y^2 = 5 and x*y = 2", "x = 2 and y = 1 or x = 1 and y = 2 or x = -1 and y = -2 or x = -2 and y = -1"),
        ("x^2 = 2 and y = x", "x = sqrt(2) and y = sqrt(2) or x = -sqrt(2) and y = -sqrt(2)"),
        ("x^2 + y^2 = 1 and x*y = x*y", None),
        ("x*y = a and x + y = 1", None),
    ],
)
def test_solutions(text: str, solution: str | None) -> None:
    line = parse_statement(text)
    expected = None if solution is None else parse_statement(solution)
    found = system_solution(line, ("x", "y"))
    if expected is None or found is None:
        assert found is expected
    else:
        assert found == expected
