"""The domain of normal forms: problems of every level, reading, episodes, what agents see of the goal."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from reasoning_envs.domains.problems.simplify import drawn
from reasoning_envs.domains.protocol import InputError, MoveDomain, TextDomain
from reasoning_envs.domains.simplify import SimplifyDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.testing import check_domain
from reasoning_envs.testing.laws import written
from reasoning_envs.types import Status
from reasoning_envs.verifiers.answer.normal_forms import GOALS, fault_of_goal

DOMAIN = SimplifyDomain()


def env_of(name: str, problem: str) -> ReasoningEnv:
    env = gym.make(f"reasoning_envs/{name}-v0").unwrapped
    assert isinstance(env, ReasoningEnv)
    env.reset(options={"problem": problem})
    return env


@pytest.mark.slow
def test_the_kit() -> None:
    check_domain("reasoning_envs.domains.simplify:SimplifyDomain", seeds=range(1), steps=4, rewrites=rewritten)


def rewritten(answer: str) -> list[str]:
    """The signs of other writers."""
    return [answer.replace("-", "\u2212"), answer.replace("*", "\u00b7")]


def test_it_offers_both_interfaces() -> None:
    assert isinstance(DOMAIN, MoveDomain)
    assert isinstance(DOMAIN, TextDomain)


@pytest.mark.parametrize("level", DOMAIN.levels)
def test_answers_are_equal_and_in_normal_form(level: str) -> None:
    keys = set()
    for seed in range(15):
        goal, line, answer = drawn(np.random.default_rng(seed), level)
        assert level.startswith(goal.replace(" ", "_"))
        assert equivalent(line, answer).verified, (str(line), str(answer))
        assert fault_of_goal(answer, goal) is None
        assert fault_of_goal(line, goal) is not None
        keys.add(DOMAIN.canonical_key(DOMAIN.sample(np.random.default_rng(seed), level)))
    assert len(keys) > 11


@pytest.mark.parametrize(
    ("text", "line", "unknown"),
    [
        ("expand: 3*(x + 2)", "3*(x + 2)", "x"),
        ("Factor: t^2 - 1", "t^2 - 1", "t"),
        ("radicals: sqrt(8)", "sqrt(8)", "x"),
        ("one fraction : 1/a + 1/b", "1/a + 1/b", "a"),
    ],
)
def test_anybody_may_write_a_problem(text: str, line: str, unknown: str) -> None:
    problem = DOMAIN.problem(text)
    assert problem.metadata["unknown"] == unknown
    assert DOMAIN.text(DOMAIN.start(problem)) == line
    assert problem.statement == f"{problem.metadata['goal']}: {line}"
    assert line in problem.prompt


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("3*(x + 2)", Status.UNPARSED, "as in 'expand: 3*(x + 2)'; the goals are expand, factor"),
        ("solve: x", Status.UNPARSED, "a goal and a colon"),
        ("expand: x = 2", Status.UNPARSED, "is a statement"),
        ("expand: 1/(x - x)", Status.UNPARSED, "the line has no value"),
        ("expand: d/dx(x)", Status.UNPARSED, "not simplified here"),
        ("expand: 9^9^9^9", Status.UNSAFE, ""),
        ("expand: " + "+".join(["x^2"] * 60), Status.UNPARSED, "tokens; at most 88 fit"),
    ],
)
def test_what_is_no_problem_says_why(text: str, status: Status, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        DOMAIN.problem(text)
    assert caught.value.verdict.status is status
    assert reason in caught.value.verdict.reason


def test_a_problem_in_its_normal_form_is_none() -> None:
    with pytest.raises(ValueError, match="form of an answer already"):
        env_of("Simplify", "expand: x + 1")


def test_agents_see_the_goal() -> None:
    starts = [DOMAIN.start(DOMAIN.problem(f"{goal}: (x^2 - 1)*x^2")) for goal in ("expand", "factor")]
    assert starts[0].tokens == starts[1].tokens
    assert DOMAIN.tokens(starts[0]) != DOMAIN.tokens(starts[1])
    assert b"expand" in DOMAIN.tokens(starts[0])
    assert starts[0] != starts[1]
    assert DOMAIN.canonical_key(DOMAIN.problem("expand: (x + 1)*x")) != DOMAIN.canonical_key(
        DOMAIN.problem("one fraction: (x + 1)*x")
    )


def test_people_have_their_own_letter() -> None:
    theirs, ours = (DOMAIN.start(DOMAIN.problem(text)) for text in ("factor: t^2 - 5*t + 6", "factor: x^2 - 5*x + 6"))
    assert DOMAIN.tokens(theirs) == DOMAIN.tokens(ours)
    right = next(action for action in DOMAIN.actions(theirs) if action.sound and action.rule == "two brackets")
    assert DOMAIN.text(right.state) == "(t - 2)*(t - 3)"


@pytest.mark.parametrize(
    ("problem", "lines", "success"),
    [
        ("expand: 3*(x + 2) - x", ("= 3x + 6 - x", "2x + 6"), True),
        ("expand: 3*(x + 2) - x", ("3x + 2 - x", "2x + 2"), False),
        ("factor: x^2 - 9", ("(x - 3)^2",), False),
        ("factor: 2*x^2 - 18", ("2(x^2 - 9)", "2(x - 3)(x + 3)"), True),
        ("one fraction: 1/x + 1/(x + 1)", ("(2x + 1)/(x(x + 1))",), True),
        ("radicals: 1/(3 - sqrt(2))", ("(3 + sqrt(2))/7",), True),
        ("powers: (2*x^3)^2/(8*x)", ("4*x^6/(8*x)", "powers: x^5/2"), True),
    ],
)
def test_episodes_in_text(problem: str, lines: tuple[str, ...], success: bool) -> None:
    env = env_of("SimplifyText", problem)
    for line in lines:
        _, reward, terminated, _, info = env.step(line)
    assert terminated
    assert info["success"] is success, info["outcome"]
    assert reward == float(success)


def test_another_goal_before_a_line_is_refused() -> None:
    env = env_of("SimplifyText", "expand: 3*(x + 2)")
    verdict = env.step("factor: 3*(x + 2)")[4]["verdict"]
    assert verdict.status is Status.UNPARSED
    assert verdict.reason == "the goal is 'expand', not 'factor'"


def test_nothing_finds_the_factors_by_itself() -> None:
    """Both the right pair and wrong ones are among the candidates, and no rule gives them away."""
    env = env_of("Simplify", "factor: x^2 - 5*x + 6")
    pairs = [move for move in env.candidates if move.rule == "two brackets"]
    assert sum(move.verdict.verified for move in pairs) == 1
    assert sum(move.verdict.refuted for move in pairs) == 3
    assert not any(move.rule == "factor" for move in env.candidates)


@pytest.mark.parametrize("line", ["4*sqrt(-24)", "sqrt(2)/0", "0^(-1) + sqrt(8)"])
def test_a_line_without_a_value_ends_an_episode(line: str) -> None:
    env = env_of("SimplifyText", "radicals: sqrt(48) + 4*sqrt(27)")
    _, reward, terminated, _, info = env.step(line)
    assert terminated
    assert reward == 0.0
    assert info["outcome"].refuted


def test_conditions_are_recorded() -> None:
    env = env_of("Simplify", "one fraction: (t - 1)*(t + 2)/((t - 1)*t)")
    cancel = next(move for move in env.candidates if move.rule == "cancel")
    assert cancel.verdict.verified
    assert cancel.verdict.conditions == ("t - 1 != 0",)


def test_corrupted_lines_have_another_value() -> None:
    for goal in GOALS:
        problem = DOMAIN.sample(np.random.default_rng(1), f"{goal.replace(' ', '_')}-1")
        wrong, kind = DOMAIN.corrupt(DOMAIN.start(problem), np.random.default_rng(0))
        assert kind in ("sign", "arithmetic", "dropped term")
        assert DOMAIN.verifier.step(problem, [written(DOMAIN.text(wrong))]).refuted


def test_random_play_succeeds_sometimes_and_is_never_stuck() -> None:
    """The floor of random play over all levels, between 0.05 and 0.5 (0.21 on 1,000 episodes)."""
    env = gym.make("reasoning_envs/Simplify-v0").unwrapped
    assert isinstance(env, ReasoningEnv)
    rng = np.random.default_rng(0)
    wins = 0
    for seed in range(100):
        env.reset(seed=seed)
        while not env.end:
            env.step(int(rng.integers(len(env.candidates))))
        assert env.end != "stuck", env.steps[-1].text
        wins += bool(env.outcome is not None and env.outcome.verified)
    assert 5 <= wins <= 50
