"""Shaping wrappers on a small enumerable world: what they add and say, and whether they change what is optimal."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.rewards import Annealed, PotentialShaping, PRMError, ProcessReward, ProcessRewardModel, Scorer
from reasoning_envs.rewards.following import ScoredState
from reasoning_envs.types import Problem, Status, Step, StepScore, Trace
from tests.reasoning_envs.rewards.graph_world import (
    GRAPH,
    VALUES,
    Arrow,
    Graph,
    GraphWorld,
    TablePRM,
    TableScorer,
    Wrap,
    best_plan,
    half,
    optimal,
    rewards_of,
)

# -- is it policy-invariant? -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("at_truncation", ["keep", "zero"])
@pytest.mark.parametrize(("weight", "shift"), [(1.0, 0.0), (5.0, -1.0), (-3.0, 0.25)])
def test_potentials_keep_what_is_optimal(gamma: float, at_truncation: Any, weight: float, shift: float) -> None:
    def wrap(env: gym.Env[Any, Any]) -> PotentialShaping:
        return PotentialShaping(
            env, TablePRM(VALUES), gamma=gamma, at_truncation=at_truncation, weight=weight, shift=shift
        )

    true = rewards_of(GRAPH, lambda env: env)
    shaped = rewards_of(GRAPH, wrap)
    assert shaped != true
    assert optimal(GRAPH, shaped, gamma) == optimal(GRAPH, true, gamma)
    assert wrap(GraphWorld(GRAPH)).policy_invariant


def test_potentials_for_another_discount_change_what_is_optimal() -> None:
    """Which is why gamma has no default."""
    shaped = rewards_of(
        GRAPH, lambda env: PotentialShaping(env, TablePRM(VALUES), gamma=1.0, at_truncation="keep", weight=20.0)
    )
    true = rewards_of(GRAPH, lambda env: env)
    assert optimal(GRAPH, shaped, 0.9) != optimal(GRAPH, true, 0.9)


def test_paying_nothing_for_idling_would_change_what_is_optimal() -> None:
    """Why an action that is no step pays (gamma - 1) * Phi and not 0: the free loop of node 4 would be worth it."""

    class Naive(PotentialShaping):
        def shape(self, reward: float, score: StepScore | None, *rest: Any) -> float:
            return reward if score is None else super().shape(reward, score, *rest)

    true = optimal(GRAPH, rewards_of(GRAPH, lambda env: env), 0.5)
    kinds: dict[type[PotentialShaping], bool] = {PotentialShaping: True, Naive: False}
    for kind, same in kinds.items():

        def wrap(env: gym.Env[Any, Any], kind: type[PotentialShaping] = kind) -> PotentialShaping:
            return kind(env, TablePRM(VALUES), gamma=0.5, at_truncation="keep", weight=5.0)

        assert (optimal(GRAPH, rewards_of(GRAPH, wrap), 0.5) == true) is same


def test_a_sum_of_scores_changes_what_is_optimal() -> None:
    def wrap(env: gym.Env[Any, Any]) -> ProcessReward:
        return ProcessReward(env, TablePRM(VALUES))

    true = optimal(GRAPH, rewards_of(GRAPH, lambda env: env), 0.9)
    shaped = optimal(GRAPH, rewards_of(GRAPH, wrap), 0.9)
    assert true[0] == {0}
    assert shaped[0] == {1}, "walking in the circle of node 4 pays more than the answer"
    assert not wrap(GraphWorld(GRAPH)).policy_invariant


def test_annealing_changes_what_is_optimal_until_it_is_over() -> None:
    def wrap(env: gym.Env[Any, Any], taken: int) -> Annealed:
        wrapped = Annealed(env, TablePRM(VALUES), total_steps=10_000, fraction=0.1)
        wrapped.set_schedule({"steps": taken, "success_rate": 0.0})
        return wrapped

    true = rewards_of(GRAPH, lambda env: env)
    assert optimal(GRAPH, rewards_of(GRAPH, lambda env: wrap(env, 0)), 0.9) != optimal(GRAPH, true, 0.9)
    assert not wrap(GraphWorld(GRAPH), 0).policy_invariant
    assert rewards_of(GRAPH, lambda env: wrap(env, 1000)) == true
    assert wrap(GraphWorld(GRAPH), 1000).policy_invariant


# 0 -> answer in two steps, or 0 -> 1, a place of high potential that leads nowhere
TRAP: Graph = ((Arrow(2), Arrow(1)), (Arrow(1),), (Arrow(3, 1.0, ends=True),), ())
TRAP_VALUES = [0.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize(("at_truncation", "true_return"), [("zero", 1.0), ("keep", 0.0)])
def test_where_an_episode_is_cut_and_nothing_is_bootstrapped_only_zero_is_invariant(
    at_truncation: Any, true_return: float
) -> None:
    def wrap(env: gym.Env[Any, Any]) -> PotentialShaping:
        return PotentialShaping(env, TablePRM(TRAP_VALUES), gamma=0.9, at_truncation=at_truncation, weight=4.0)

    assert best_plan(wrap, TRAP, max_steps=3, gamma=0.9)[1] == true_return
    assert best_plan(lambda env: env, TRAP, max_steps=3, gamma=0.9)[1] == 1.0
    assert ("does not" in wrap(GraphWorld(TRAP)).policy_invariant) is (at_truncation == "zero")


@pytest.mark.parametrize(("at_truncation", "same"), [("keep", True), ("zero", False)])
def test_a_bootstrapping_learner_sees_no_cut_with_keep_alone(at_truncation: Any, same: bool) -> None:
    """It learns r + gamma * V(s') from a truncated step too, so the reward there must be that of an uncut episode."""
    cut, uncut = (
        rewards_of(
            TRAP,
            lambda env: PotentialShaping(env, TablePRM(TRAP_VALUES), gamma=0.9, at_truncation=at_truncation),
            max_steps=max_steps,
        )[0, 1]
        for max_steps in (1, 1000)
    )
    assert (cut == uncut) is same


# -- telescoping -------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    actions=st.lists(st.integers(0, 2), min_size=1, max_size=12),
    values=st.lists(st.floats(0, 1), min_size=6, max_size=6),
    gamma=st.floats(0.1, 1.0),
    weight=st.floats(-3, 3),
    shift=st.floats(-1, 1),
    max_steps=st.integers(1, 8),
    at_truncation=st.sampled_from(["keep", "zero"]),
)
def test_shaping_telescopes(
    actions: list[int],
    values: list[float],
    gamma: float,
    weight: float,
    shift: float,
    max_steps: int,
    at_truncation: Any,
) -> None:
    env = PotentialShaping(
        GraphWorld(GRAPH, max_steps),
        TablePRM(values),
        gamma=gamma,
        at_truncation=at_truncation,
        weight=weight,
        shift=shift,
    )
    env.reset()
    first = env.potential
    assert first == weight * (values[0] + shift)
    total, time = 0.0, 0
    for action in actions:
        node, reward, terminated, truncated, info = env.step(action)
        total += gamma**time * info["reward/shaping"]
        time += 1
        assert math.isclose(float(reward), info["reward/total"])
        assert math.isclose(info["reward/total"], info["reward/true"] + info["reward/shaping"], abs_tol=1e-12)
        ended = terminated or (truncated and at_truncation == "zero")
        last = 0.0 if ended else weight * (values[node] + shift)
        assert info["potential"] == env.potential == last
        if terminated or truncated:
            break
    assert math.isclose(total, gamma**time * last - first, abs_tol=1e-9)


# -- what is said ------------------------------------------------------------------------------------------------------


def test_components_have_names_and_the_true_reward_survives_nesting() -> None:
    inner = ProcessReward(GraphWorld(GRAPH), TablePRM(VALUES), weight=0.5)
    env = PotentialShaping(inner, TablePRM([0.0, 0.25, 0.5, 0.0]), gamma=1.0, at_truncation="keep")
    env.reset(seed=1)
    env.step(0)
    env.step(0)
    _, reward, terminated, _, info = env.step(0)
    assert terminated
    assert info["reward/true"] == 1.0
    assert reward == info["reward/total"] == 1.0 + 0.5 * VALUES[3] - 0.5
    assert info["reward/shaping"] == info["reward/total"] - 1.0
    assert info["score"] == StepScore(0.0), "the outermost PRM's"


@pytest.mark.parametrize(
    "make",
    [
        lambda env: ProcessReward(env, half()),
        lambda env: PotentialShaping(env, half(), gamma=1.0, at_truncation="keep"),
        lambda env: Annealed(env, half(), total_steps=10**6, fraction=1.0),
    ],
)
def test_what_is_no_step_has_no_score_and_no_shaping(make: Wrap) -> None:
    env = make(GraphWorld(GRAPH))
    env.reset()
    env.step(1)
    _, reward, _, _, info = env.step(2)
    assert info["step"] is False
    assert info["score"] is None
    assert reward == info["reward/shaping"] == 0.0


def test_each_status_has_its_weight() -> None:
    graph = (tuple(Arrow(0, status=status) for status in Status),)
    given_weights = {"refuted": -2.0, Status.TIMEOUT: 0.5}
    env = ProcessReward(GraphWorld(graph), TablePRM([0.5]), weight=10.0, status_weights=given_weights)
    env.reset()
    paid = {status.value: float(env.step(action)[1]) for action, status in enumerate(Status)}
    assert paid == {
        "verified": 5.0,
        "refuted": -10.0,
        "undecided": 5.0,
        "unparsed": 0.0,
        "unsafe": 0.0,
        "timeout": 2.5,
        "error": 0.0,
    }


# -- schedules ---------------------------------------------------------------------------------------------------------


def test_the_linear_schedule_follows_its_formula() -> None:
    env = Annealed(GraphWorld(((Arrow(0, 1.0),),)), TablePRM([0.25]), total_steps=40, fraction=0.1, weight=2.0)
    env.reset()
    rewards = []
    for _ in range(6):
        _, reward, _, _, info = env.step(0)
        rewards.append((info["annealing"], reward))
    assert rewards == [(a, a * 0.5 + (1 - a) * 1.0) for a in (1.0, 0.75, 0.5, 0.25, 0.0, 0.0)]


def test_the_schedule_that_follows_success() -> None:
    win = ((Arrow(0, 1.0, ends=True), Arrow(0, 0.0, ends=True)),)
    env = Annealed(GraphWorld(win), half(), success_target=0.5, window=4)
    seen = []
    for action in (0, 0, 0, 1, 1):
        seen.append(round(env.coefficient, 4))
        env.reset()
        env.step(action)
    assert seen == [1.0, 0.5, 0.125, 0.0, 0.1328]
    assert not env.policy_invariant, "it may rise again"


def test_a_schedule_is_saved_and_restored_also_through_a_vector_environment() -> None:
    def make() -> Annealed:
        return Annealed(GraphWorld(GRAPH), half(), total_steps=100, fraction=0.5)

    env = make()
    env.reset()
    env.step(0)
    state = env.get_schedule()
    assert state == {"steps": 1, "success_rate": 0.0}
    envs = gym.vector.SyncVectorEnv([make, make])
    envs.reset()
    envs.step(np.array([0, 0]))
    envs.step(np.array([0, 0]))
    assert [schedule["steps"] for schedule in envs.call("get_schedule")] == [2, 2]
    envs.call("set_schedule", state)
    assert [schedule["steps"] for schedule in envs.call("get_schedule")] == [1, 1]
    envs.close()
    for bad in ({}, {"steps": -1, "success_rate": 0.0}, {"steps": 1, "success_rate": 2.0}, {**state, "more": 1.0}):
        with pytest.raises(ValueError, match="a schedule is"):
            env.set_schedule(bad)


# -- going back --------------------------------------------------------------------------------------------------------


class CountingPRM(ProcessRewardModel):
    """Its scores depend on the whole history, so a scorer that lost its place would show."""

    name = "counting"

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return [
            [StepScore(sum(int(step.text) for step in trace.steps[: i + 1]) / 100) for i in range(len(trace.steps))]
            for trace in traces
        ]


@settings(max_examples=25, deadline=None)
@given(
    before=st.lists(st.sampled_from([0, 1]), max_size=5),
    after=st.lists(st.sampled_from([0, 1]), min_size=1, max_size=5),
)
def test_set_state_goes_back_exactly(before: list[int], after: list[int]) -> None:
    loop: Graph = ((Arrow(1), Arrow(2)), (Arrow(2), Arrow(0)), (Arrow(0), Arrow(1)))
    env = PotentialShaping(
        ProcessReward(GraphWorld(loop), CountingPRM()), CountingPRM(), gamma=0.9, at_truncation="keep"
    )
    env.reset()
    for action in before:
        env.step(action)
    state = env.get_state()
    first = [env.step(action)[:4] for action in after]
    env.set_state(state)
    assert [env.step(action)[:4] for action in after] == first
    with pytest.raises(TypeError, match="takes what its own get_state gives"):
        env.set_state(state.inner.inner)
    assert isinstance(state.inner, ScoredState)


# -- faults ------------------------------------------------------------------------------------------------------------


class AnsweringPRM(ProcessRewardModel):
    """Answers with what it is given; an exception is raised."""

    name = "faulty"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        if isinstance(self.answer, Exception):
            raise self.answer
        answer: list[list[StepScore]] = self.answer
        return answer


FAULTS = [
    (ZeroDivisionError("boom"), "raised ZeroDivisionError: boom"),
    ([[StepScore(math.nan)]], r"value is nan; it must be in \[0, 1\]"),
    ([[StepScore(1.5)]], r"value is 1.5; it must be in \[0, 1\]"),
    ([[StepScore(-0.1)]], r"value is -0.1; it must be in \[0, 1\]"),
    ([[StepScore(0.5, p_correct=2.0)]], "p_correct is 2.0"),
    ([[StepScore(0.5, advantage=-2.0)]], "advantage is -2.0"),
    ([[StepScore(None)]], "value is None"),  # type: ignore[arg-type]
    ([[StepScore("0.5")]], "value is '0.5'"),  # type: ignore[arg-type]
    ([[0.5]], "answered with a float"),
    ([[]], r"gave \[0\] scores for one trace of 1 steps"),
    ([[StepScore(0.5), StepScore(0.5)]], r"gave \[2\] scores for one trace of 1 steps"),
    ([], r"gave \[\] scores for one trace of 1 steps"),
]


@pytest.mark.parametrize(("answer", "message"), FAULTS)
def test_a_prm_that_fails_is_named(answer: Any, message: str) -> None:
    env = ProcessReward(GraphWorld(GRAPH), AnsweringPRM(answer))
    env.reset()
    with pytest.raises(PRMError, match=f"^faulty: .*{message}"):
        env.step(0)


@pytest.mark.parametrize(("answer", "message"), FAULTS)
def test_a_prm_that_fails_may_be_passed_over_and_is_counted(answer: Any, message: str) -> None:
    env = ProcessReward(GraphWorld(GRAPH), AnsweringPRM(answer), on_error="unscored")
    env.reset()
    _, reward, _, _, info = env.step(0)
    assert (reward, info["score"], info["unscored"]) == (0.0, None, 1)
    assert re.match(f"faulty: .*{message}", info["score_error"])
    if answer != [[StepScore(0.5), StepScore(0.5)]]:  # two scores are right at the second step
        assert env.step(0)[4]["unscored"] == 2
    env.reset()
    assert env.step(1)[4]["unscored"] == 1


def test_a_potential_stays_where_a_step_is_unscored() -> None:
    class Once(TablePRM):
        def begin(self, problem: Problem, state: Any) -> Scorer:
            return OnceScorer(self.values)

    class OnceScorer(TableScorer):
        def step(self, step: Step, state: Any) -> StepScore:
            return StepScore(math.nan) if step.index == 1 else super().step(step, state)

    env = PotentialShaping(GraphWorld(GRAPH), Once(VALUES), gamma=0.5, at_truncation="keep", on_error="unscored")
    env.reset()
    shaping = [env.step(0)[4]["reward/shaping"] for _ in range(3)]
    assert shaping == pytest.approx([0.5 * 0.1 - 0.3, 0.5 * 0.1 - 0.1, -0.1])


def test_without_a_scored_start_the_potential_rises_from_zero() -> None:
    class Startless(TablePRM):
        def begin(self, problem: Problem, state: Any) -> Scorer:
            scorer = TableScorer(self.values)
            scorer.initial = StepScore(math.nan)
            return scorer

    env = PotentialShaping(GraphWorld(GRAPH), Startless(VALUES), gamma=0.5, at_truncation="keep", on_error="unscored")
    env.reset()
    assert env.potential is None
    assert [env.step(0)[4]["reward/shaping"] for _ in range(2)] == pytest.approx([0.5 * 0.1, 0.5 * 0.2 - 0.1])

    def wrap(env: gym.Env[Any, Any]) -> PotentialShaping:
        prm = Startless([0.0, 0.0, 1.0, 0.0])
        return PotentialShaping(env, prm, gamma=0.9, at_truncation="zero", weight=4.0, on_error="unscored")

    # The way to the answer has the larger first potential, which is no cost of that way.
    assert best_plan(wrap, TRAP, max_steps=3, gamma=0.9) == pytest.approx((0.9, 1.0))
    strict = PotentialShaping(GraphWorld(GRAPH), Startless(VALUES), gamma=0.5, at_truncation="keep")
    with pytest.raises(PRMError, match="table: its value is nan"):
        strict.reset()


KEEP = {"gamma": 1.0, "at_truncation": "keep"}


@pytest.mark.parametrize(
    ("wrapper", "kwargs", "error", "message"),
    [
        (PotentialShaping, {**KEEP, "gamma": 0.0}, ValueError, "gamma"),
        (PotentialShaping, {**KEEP, "gamma": 1.01}, ValueError, "gamma"),
        (PotentialShaping, {**KEEP, "gamma": math.nan}, ValueError, "gamma"),
        (PotentialShaping, {**KEEP, "at_truncation": "drop"}, ValueError, "at_truncation"),
        (PotentialShaping, {**KEEP, "shift": math.inf}, ValueError, "shift"),
        (PotentialShaping, {"gamma": 1.0}, TypeError, "at_truncation"),
        (PotentialShaping, {"at_truncation": "keep"}, TypeError, "gamma"),
        (ProcessReward, {"weight": math.nan}, ValueError, "weight must be a finite number"),
        (ProcessReward, {"status_weights": {"proved": 1.0}}, ValueError, "no status 'proved'"),
        (ProcessReward, {"status_weights": {"error": math.nan}}, ValueError, "weight of error"),
        (ProcessReward, {"on_error": "ignore"}, ValueError, "on_error"),
        (ProcessReward, {"prm": 3}, TypeError, "a PRM is a"),
        (ProcessReward, {"prm": "no_such_module:PRM"}, ValueError, "no_such_module"),
        (ProcessReward, {"prm": "math:pi"}, TypeError, "'math:pi' is a float"),
        (ProcessReward, {"prm": "builtins:dict"}, TypeError, "neither a ProcessRewardModel"),
        (ProcessReward, {"prm": "no_such_file.pt"}, FileNotFoundError, "no_such_file.pt"),
        (Annealed, {}, ValueError, "either total_steps"),
        (Annealed, {"total_steps": 9, "success_target": 0.5}, ValueError, "either total_steps"),
        (Annealed, {"total_steps": 0}, ValueError, "total_steps"),
        (Annealed, {"total_steps": 9, "fraction": 0.0}, ValueError, "fraction"),
        (Annealed, {"success_target": 1.5}, ValueError, "success_target"),
        (Annealed, {"success_target": 0.5, "window": 0}, ValueError, "window"),
    ],
)
def test_bad_arguments(wrapper: Any, kwargs: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wrapper(GraphWorld(GRAPH), **{"prm": half(), **kwargs})


def test_an_environment_that_judges_no_steps_is_refused() -> None:
    with pytest.raises(TypeError, match="has no problem, steps, get_state"):
        ProcessReward(gym.make("CartPole-v1"), half())


def test_a_prm_is_named_by_module_and_the_wrapper_goes_into_the_spec() -> None:
    env = ProcessReward(GraphWorld(GRAPH), "reasoning_envs.rewards:OraclePRM", weight=0.25)
    assert env.prm.name == "oracle"
    env.unwrapped.spec = gym.envs.registration.EnvSpec("Graph-v0")
    assert env.spec is not None
    recorded = env.spec.additional_wrappers[0]
    assert recorded.name == "ProcessReward"
    assert recorded.kwargs is not None
    assert {**recorded.kwargs, "weight": 0.25} == recorded.kwargs
    assert "OraclePRM" in env.spec.to_json()
    again = ProcessReward(GraphWorld(GRAPH), **recorded.kwargs)
    assert again.weight == 0.25
