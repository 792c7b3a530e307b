"""The calculus domain: problems of every level, reading, episodes, groups, names of problems."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from reasoning_envs.domains.calculus import CalculusDomain
from reasoning_envs.domains.problems.calculus import drawn
from reasoning_envs.domains.protocol import InputError, MoveDomain, TextDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.symbolic.calculus.differentiation import differentiate, holds_integral, worked_out
from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.testing import check_domain
from reasoning_envs.testing.laws import written
from reasoning_envs.types import Status

DOMAIN = CalculusDomain()


def env_of(name: str, problem: str) -> ReasoningEnv:
    env = gym.make(f"reasoning_envs/{name}-v0").unwrapped
    assert isinstance(env, ReasoningEnv)
    env.reset(options={"problem": problem})
    return env


@pytest.mark.slow
def test_the_kit() -> None:
    check_domain("reasoning_envs.domains.calculus:CalculusDomain", seeds=range(1), steps=3, rewrites=rewritten)


def rewritten(answer: str) -> list[str]:
    """The signs of other writers, and a constant where nobody minds one."""
    return [answer.replace("-", "\u2212"), answer.replace("*", "\u00b7"), f"0 + {answer}"]


def test_it_offers_both_interfaces() -> None:
    assert isinstance(DOMAIN, MoveDomain)
    assert isinstance(DOMAIN, TextDomain)


@pytest.mark.parametrize("level", DOMAIN.levels)
def test_answers_are_right_and_have_the_form_of_answers(level: str) -> None:
    statements = set()
    for seed in range(12):
        line, answer = drawn(np.random.default_rng(seed), level)
        if holds_integral(line):
            (body, _) = line.args
            assert equivalent(differentiate(answer, "x"), body).verified, (str(line), str(answer))
        else:
            assert equivalent(worked_out(line), answer).verified, (str(line), str(answer))
        problem = DOMAIN.sample(np.random.default_rng(seed), level)
        assert problem.answer is not None
        state = DOMAIN.parse(DOMAIN.start(problem), problem.answer).state
        assert DOMAIN.is_final(state)
        assert len(DOMAIN.tokens(DOMAIN.start(problem))) <= DOMAIN.max_tokens
        statements.add(problem.statement)
    assert len(statements) > 6


@pytest.mark.parametrize(
    ("text", "goal", "unknown"),
    [
        ("d/dx(x^2)", "differentiate", "x"),
        ("integral(2*t, t)", "integrate", "t"),
        ("3*d/dx(a*x) + 1", "differentiate", "x"),
        ("where(integral(cos(u), u), u, x^2)", "integrate", "x"),
        ("integral(x*d/dx(x^2), x)", "integrate", "x"),
    ],
)
def test_anybody_may_write_a_problem(text: str, goal: str, unknown: str) -> None:
    problem = DOMAIN.problem(text)
    assert problem.metadata == {"goal": goal, "unknown": unknown}
    assert DOMAIN.text(DOMAIN.start(problem)) == text


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("x^2", Status.UNPARSED, "a derivative d/dx(...) or an integral"),
        ("d/dx(x) + d/dy(y)", Status.UNPARSED, "one letter is worked with, not x and y"),
        ("d/dx(x^2) = 2*x", Status.UNPARSED, "is a statement"),
        ("d/dx(x!)", Status.UNPARSED, "no rule gives the derivative of x!"),
        ("d/dx(1/(x - x))", Status.UNPARSED, "divides by x - x, which is 0"),
        ("integral(sqrt(-1)*x, x)", Status.UNPARSED, "is not real"),
        ("d/dspeed(speed)", Status.UNPARSED, "unknown word"),
        ("derivative(x_1, x_1)", Status.UNPARSED, "must be a single one"),
        ("d/dx(9^9^9^9)", Status.UNSAFE, ""),
        ("d/dx(" + "+".join(["x^2"] * 60) + ")", Status.UNPARSED, "tokens; at most 128 fit"),
        ("integral(integral(", Status.UNPARSED, ""),
        ("where(u, u, 2)", Status.UNPARSED, "a letter is needed"),
        ("d/dx(" * 20 + "x" + ")" * 20, Status.UNSAFE, "within each other"),
    ],
)
def test_what_is_no_problem_says_why(text: str, status: Status, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        DOMAIN.problem(text)
    assert caught.value.verdict.status is status
    assert reason in caught.value.verdict.reason


def test_agents_see_x_and_people_their_own_letter() -> None:
    theirs, ours = (DOMAIN.start(DOMAIN.problem(text)) for text in ("d/dt(t*sin(t))", "d/dx(x*sin(x))"))
    assert DOMAIN.tokens(theirs) == DOMAIN.tokens(ours)
    assert [a.state.tokens for a in DOMAIN.actions(theirs)] == [a.state.tokens for a in DOMAIN.actions(ours)]
    product = next(action for action in DOMAIN.actions(theirs) if action.rule == "product rule")
    assert DOMAIN.text(product.state) == "d/dt(t)*sin(t) + t*d/dt(sin(t))"
    assert product.describe() == "the product rule on t*sin(t)"


def play(env: ReasoningEnv, *rules: str) -> str:
    """Take the first candidate of each rule; the last line."""
    for rule in rules:
        index = next(i for i, move in enumerate(env.candidates) if move.rule == rule)
        env.step(index)
    return env.steps[-1].text


def test_a_derivative_by_rules() -> None:
    env = env_of("Calculus", "d/dx(x*sin(2*x))")
    play(env, "product rule", "derivative of the letter", "chain rule", "constant factor", "derivative of the letter")
    assert play(env, "fold", "fold") == "sin(2*x) + x*2*cos(2*x)" or env.steps[-1].text.startswith("sin(2*x)")
    assert all(step.verdict.verified for step in env.steps)


def test_an_integral_by_substitution() -> None:
    env = env_of("Calculus", "integral(2*x*cos(x^2), x)")
    last = play(env, "substitution", "integral of a function", "put back")
    assert last == "sin(x^2)"
    assert env.end == "answer"
    assert env.outcome is not None
    assert env.outcome.verified
    assert env.outcome.conditions == ("up to a constant",)
    assert env.steps[1].verdict.conditions == ("up to a constant",)
    assert env.steps[0].verdict.conditions == ()


def test_an_integral_by_parts_twice() -> None:
    env = env_of("Calculus", "integral(x^2*exp(x), x)")
    play(env, "integration by parts", "power rule")
    assert all(step.verdict.verified for step in env.steps)
    assert env.steps[0].text == "x^2*exp(x) - integral(exp(x)*d/dx(x^2), x)"


def test_a_classic_mistake_is_taken_and_refuted_in_words() -> None:
    env = env_of("Calculus", "d/dx(sin(x^2))")
    index = next(i for i, move in enumerate(env.candidates) if move.rule == "forgotten inner derivative")
    _, reward, terminated, _, info = env.step(index)
    assert info["verdict"].refuted
    assert info["verdict"].reason == "the chain rule asks for the inner derivative of sin(x^2) as a factor"
    assert terminated
    assert reward == 0.0
    assert info["outcome"].refuted


def test_a_mistake_may_be_harmless() -> None:
    env = env_of("Calculus", "d/dx(7 - 7)")
    verdicts = {move.rule: move.verdict.status for move in env.candidates}
    assert verdicts["constant kept"] is Status.VERIFIED


@pytest.mark.parametrize(
    ("problem", "lines", "success"),
    [
        ("d/dx(x^3 + 2*x)", ("= 3x^2 + 2",), True),
        ("d/dx(x^3 + 2*x)", ("x^2 + 2",), False),
        ("integral(3*x^2, x)", ("3*integral(x^2, x)", "x^3 + C"), True),
        ("integral(3*x^2, x)", ("x^3 - 5",), True),
        ("integral(3*x^2, x)", ("x^3 + C*x",), False),
        ("integral(1/t, t)", ("ln|t| + C",), True),
        ("integral(x*cos(x), x)", ("x sin x - integral(sin(x), x)", "x sin x + cos x + C"), True),
        ("integral(2*x*exp(x^2), x)", ("where(integral(exp(u), u), u, x^2)", "exp(x^2)"), True),
    ],
)
def test_episodes_in_text(problem: str, lines: tuple[str, ...], success: bool) -> None:
    env = env_of("CalculusText", problem)
    for line in lines:
        _, reward, terminated, _, info = env.step(line)
    assert terminated
    assert info["success"] is success, info["outcome"]
    assert reward == float(success)


def test_what_is_not_simplified_is_no_answer_yet() -> None:
    env = env_of("CalculusText", "d/dx(x^2)")
    _, _, terminated, _, info = env.step("2*x + 0")
    assert info["verdict"].verified
    assert not terminated
    assert env.step("2*x")[4]["success"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("d/dx(x^2 + x)", "d/dt(t + t^2)", True),
        ("d/dx(a*x)", "d/dx(x*b)", True),
        ("d/dx(x^2)", "d/dx(x^3)", False),
        ("d/dx(x^2)", "integral(x^2, x)", False),
    ],
)
def test_names_of_problems(one: str, other: str, same: bool) -> None:
    keys = [DOMAIN.canonical_key(DOMAIN.problem(text)) for text in (one, other)]
    assert (keys[0] == keys[1]) is same


def test_more_candidates_than_fit_come_in_groups() -> None:
    domain = CalculusDomain()
    domain.max_actions = 6
    start = domain.start(domain.problem("d/dx(x^2)*(x + 1)*(x + 2)*(x + 3)*(x + 4)*(x + 5)"))
    choices = domain.actions(start)
    assert 1 < len(choices) <= 6
    assert not any(choice.is_step for choice in choices)
    assert len({domain.tokens(choice.state) for choice in choices}) == len(choices)
    members = [member for choice in choices for member in domain.actions(choice.state)]
    assert all(member.is_step for member in members)
    assert len({member.state for member in members}) > 6


def test_corrupted_lines_have_another_value() -> None:
    kinds = set()
    for text in ("d/dx(3*x^2) + d/dx(x)", "integral(x^2, x) - integral(x, x)"):
        problem = DOMAIN.problem(text)
        for seed in range(8):
            wrong, kind = DOMAIN.corrupt(DOMAIN.start(problem), np.random.default_rng(seed))
            kinds.add(kind)
            assert DOMAIN.verifier.step(problem, [written(DOMAIN.text(wrong))]).refuted
    assert len(kinds) > 1
    state = DOMAIN.start(DOMAIN.problem("d/dx(7)"))
    with pytest.raises(ValueError, match="no mistake"):
        DOMAIN.corrupt(state, np.random.default_rng(0))


def test_random_play_seldom_succeeds_and_is_never_stuck() -> None:
    """The floor of random play over all levels, between 0 and 0.15 (0.04 on 1,000 episodes)."""
    env = gym.make("reasoning_envs/Calculus-v0").unwrapped
    assert isinstance(env, ReasoningEnv)
    rng = np.random.default_rng(0)
    wins = 0
    for seed in range(60):
        env.reset(seed=seed)
        while not env.end:
            env.step(int(rng.integers(len(env.candidates))))
        assert env.end != "stuck", env.steps[-1].text
        wins += bool(env.outcome is not None and env.outcome.verified)
    assert wins <= 9
