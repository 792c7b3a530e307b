"""The inequality domain: what it reads, its problems and their certificates, answers, mistakes, the shipped checks."""

from __future__ import annotations

import numpy as np
import pytest

from reasoning_envs.domains.inequality import InequalityDomain
from reasoning_envs.domains.problems.inequality import (
    INEQUALITY_FAMILIES,
    INEQUALITY_LEVELS,
    draw_inequality,
    scrambled_inequality,
)
from reasoning_envs.domains.protocol import InputError, MoveDomain, TextDomain
from reasoning_envs.problems import split_of
from reasoning_envs.symbolic.inequalities.forms import fault_of_solution, has_inequality
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.symbolic.syntax.statement import free_symbols
from reasoning_envs.testing import check_domain
from reasoning_envs.testing.laws import written
from reasoning_envs.types import Status

DOMAIN = InequalityDomain()


def test_it_offers_both_interfaces() -> None:
    assert isinstance(DOMAIN, MoveDomain)
    assert isinstance(DOMAIN, TextDomain)


@pytest.mark.slow
@pytest.mark.parametrize("moves", ["explicit", "curated"])
def test_it_keeps_its_promises(moves: str) -> None:
    name = "reasoning_envs.domains.inequality:InequalityDomain"
    check_domain(name, domain_kwargs={"moves": moves}, seeds=range(1), steps=2, rewrites=_rewritten)


def _rewritten(answer: str) -> list[str]:
    """The alternatives the other way round, and the relations of other writers."""
    parts = answer.split(" or ")
    return [
        " or ".join(parts[::-1]),
        answer.replace("<=", "\u2264").replace(">=", "\u2265").replace("!=", "\u2260"),
        answer.replace("-", "\u2212"),
    ]


@pytest.mark.parametrize("level", INEQUALITY_LEVELS)
def test_problems_carry_their_solution(level: str) -> None:
    rng = np.random.default_rng(21)
    for _ in range(4):
        problem = DOMAIN.sample(rng, level)
        assert problem.level == level
        assert problem.answer is not None
        line, answer = parse_statement(problem.statement), parse_statement(problem.answer)
        assert fault_of_solution(line, "x") is not None
        assert fault_of_solution(answer, "x") is None
        assert has_inequality(line, "x")
        assert bool(free_symbols(line) - {"x"}) is level.startswith("letters")
        assert DOMAIN.verifier.outcome(problem, [written(problem.answer)]).verified
        assert len(DOMAIN.tokens(DOMAIN.start(problem))) <= DOMAIN.max_tokens


def test_families_meet_every_kind_of_end() -> None:
    rng = np.random.default_rng(22)
    seen = set()
    for _ in range(30):
        for family in INEQUALITY_FAMILIES:
            answer = str(DOMAIN.sample(rng, f"{family}-2").answer)
            seen |= {kind for kind in ("no solution", "all reals", " or ", " and ", "<=", ">=") if kind in answer}
    assert seen >= {"no solution", "all reals", " or ", " and ", "<=", ">="}


@pytest.mark.parametrize("depth", [1, 3, 6])
def test_scrambled_problems_keep_their_bound(depth: int) -> None:
    rng = np.random.default_rng(23)
    for _ in range(10):
        assert fault_of_solution(scrambled_inequality(rng, depth).line, "x") is not None
        problem = DOMAIN.scramble(rng, depth)
        assert problem.level == f"scrambled-{depth}"
        assert DOMAIN.verifier.outcome(problem, [written(str(problem.answer))]).verified
    with pytest.raises(ValueError, match="without letters"):
        DOMAIN.scramble(rng, depth, letters=True)


def test_draws_are_reproducible_and_levels_known() -> None:
    for level in INEQUALITY_LEVELS[::5]:
        first, again = (draw_inequality(np.random.default_rng(24), level) for _ in range(2))
        assert first == again
    with pytest.raises(ValueError, match="no level 'linear-9'; there are linear-1"):
        draw_inequality(np.random.default_rng(0), "linear-9")


@pytest.mark.parametrize(
    ("text", "unknown"),
    [("2*x + 3 < 7", "x"), ("1 < 2t + 9 <= 15", "t"), ("a*x > b and a > 0", "x"), ("|x| < 2 or x > 5", "x")],
)
def test_anybody_may_write_a_problem(text: str, unknown: str) -> None:
    problem = DOMAIN.problem(text)
    assert problem.metadata["unknown"] == unknown
    assert problem.domain == "inequality"
    assert problem.id.startswith("inequality-")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2x = 3", "an inequality is needed, with <, <=, > or >= between two sides"),
        ("2 + 3", "is an expression"),
        ("a*b > c", "the unknown must be x or the only letter; found a, b, c"),
        ("x/0 > 1", "divides by zero"),
        ("x > " + "+".join(["x^2"] * 60), "the inequality takes"),
    ],
)
def test_what_is_no_problem_says_why(text: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        DOMAIN.problem(text)
    assert reason in caught.value.verdict.reason
    assert caught.value.verdict.status is Status.UNPARSED


def test_agents_see_x_and_people_their_own_letter() -> None:
    theirs, ours = (DOMAIN.start(DOMAIN.problem(text)) for text in ("-2*t < 6", "-2*x < 6"))
    assert DOMAIN.tokens(theirs) == DOMAIN.tokens(ours)
    turned = next(move for move in DOMAIN.actions(theirs) if move.rule == "divide both sides and turn")
    assert turned.describe() == "divide both sides by -2, which turns the sign round"
    assert DOMAIN.text(turned.state) == "(-2*t)/(-2) > 6/(-2)"
    wrong = next(move for move in DOMAIN.actions(theirs) if move.rule == "divide both sides without turning")
    assert wrong.verdict.refuted
    assert wrong.verdict.reason == "dividing by -2, which is negative, turns the sign round"
    assert wrong.verdict.witness is not None
    assert wrong.verdict.witness.startswith("t = ")


@pytest.mark.parametrize("text", ["x < 3", "3 > x", "x < 1 or x > 2", "no solution", "x > b/a and a > 0"])
def test_final_states_have_no_actions(text: str) -> None:
    state = DOMAIN.parse(DOMAIN.start(DOMAIN.problem("2*x < 6")), text).state
    assert DOMAIN.is_final(state)
    assert not DOMAIN.actions(state)


@pytest.mark.parametrize("text", ["2*x < 6", "x > 1 and x > 3", "x > 1 or x > 3", "3 < 2", "x^2 < 4"])
def test_a_line_that_is_not_solved_goes_on(text: str) -> None:
    state = DOMAIN.parse(DOMAIN.start(DOMAIN.problem("2*x < 6")), text).state
    assert not DOMAIN.is_final(state)
    assert DOMAIN.actions(state)


@pytest.mark.parametrize("text", ["2*x + 3 < 7", "x^2 > 4", "1 < x + 2 <= 3", "a*x > b and a > 0", "x < 1 or x > 3"])
def test_a_corrupted_line_has_other_solutions(text: str) -> None:
    problem = DOMAIN.problem(text)
    state = DOMAIN.start(problem)
    kinds = set()
    for seed in range(14):
        wrong, kind = DOMAIN.corrupt(state, np.random.default_rng(seed))
        kinds.add(kind)
        assert DOMAIN.verifier.step(problem, [written(DOMAIN.text(wrong))]).refuted
    known = {"turned relation", "end in or out", "sign", "arithmetic", "dropped term", "lost interval"}
    assert kinds <= known | {"dropped bound", "or for and", "and for or"}
    assert len(kinds) > 1


def test_operands_and_letters_make_no_new_problem_and_directions_do() -> None:
    def key(text: str) -> str:
        return DOMAIN.canonical_key(DOMAIN.problem(text))

    assert key("2*x + 3 < 7") == key("3 + x*2 < 7") == key("2*t + 3 < 7")
    assert key("a*x > b and a > 0") == key("m > 0 and m*x > n")
    assert key("2*x + 3 < 7") != key("2*x + 3 <= 7")
    assert key("2*x + 3 < 7") != key("7 < 2*x + 3")


def test_both_halves_of_the_split_are_drawn() -> None:
    rng = np.random.default_rng(25)
    sides = [split_of(DOMAIN.canonical_key(DOMAIN.sample(rng))) for _ in range(60)]
    assert 3 <= sides.count("test") <= 25


def test_an_unknown_set_of_moves_is_an_error_that_lists_them() -> None:
    with pytest.raises(ValueError, match="explicit, curated"):
        InequalityDomain(moves="magic")
