"""Other forms of reward: their formulas, and by enumeration whether they change what is optimal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.rewards import (
    Clip,
    CountBonus,
    Implicit,
    LoopPenalty,
    MinForm,
    PRMError,
    ProcessReward,
    ProcessRewardModel,
    Progress,
    RNDBonus,
    Scorer,
    Sparse,
    StepCost,
    relabel,
)
from reasoning_envs.rewards import relabelling as forms
from reasoning_envs.testing import random_traces
from reasoning_envs.types import Problem, Step, StepScore, Trace
from tests.reasoning_envs.rewards.graph_world import (
    GRAPH,
    VALUES,
    Arrow,
    Graph,
    GraphWorld,
    TablePRM,
    Wrap,
    best_plan,
    half,
    optimal,
    rewards_of,
)

WALK = (0, 0, 1, 0, 0)  # 0 -> 1 -> 2 -> 1 -> 2 -> 3, the answer
SEEN = [VALUES[node] for node in (1, 2, 1, 2, 3)]


def rewards(wrap: Wrap, actions: Sequence[int] = WALK, graph: Graph = GRAPH) -> list[float]:
    env = wrap(GraphWorld(graph))
    env.reset()
    return [float(env.step(action)[1]) for action in actions]


class AdvantagePRM(TablePRM):
    """Gives advantages of its own, beside the values."""

    def begin(self, problem: Problem, state: Any) -> Scorer:
        values = self.values

        class Following(Scorer):
            initial = StepScore(values[0])

            def step(self, step: Step, state: Any) -> StepScore:
                return StepScore(values[state[0]], advantage=state[0] / 10)

        return Following()


FORMULAS: list[tuple[Wrap, list[float]]] = [
    (Sparse, [0, 0, 0, 0, 1]),
    (lambda env: StepCost(env, cost=0.25), [-0.25, -0.25, -0.25, -0.25, 0.75]),
    (lambda env: LoopPenalty(env, penalty=0.5), [0, 0, -0.5, -0.5, 1]),
    (lambda env: Clip(env, TablePRM(VALUES), eta=0.15, weight=2.0), [-0.1, 0, -0.1, 0, 1]),
    (lambda env: MinForm(env, TablePRM(VALUES)), [0.1 - 1, 0, 0, 0, 1]),
    (lambda env: Progress(env, TablePRM(VALUES)), [-0.2, 0.1, -0.1, 0.1, 1 + 0.8]),
    (lambda env: Progress(env, AdvantagePRM(VALUES), weight=10.0), [1, 2, 1, 2, 1 + 3]),
    (lambda env: Implicit(env, AdvantagePRM(VALUES), weight=100.0), [10, 20, 10, 20, 1 + 30]),
    (lambda env: CountBonus(env, beta=1.0), [1, 1, 1 / math.sqrt(2), 1 / math.sqrt(2), 1 + 1]),
]


@pytest.mark.parametrize(("wrap", "expected"), FORMULAS)
def test_each_wrapper_follows_its_formula(wrap: Wrap, expected: list[float]) -> None:
    assert rewards(wrap) == pytest.approx(expected)


@pytest.mark.parametrize("wrap", [wrap for wrap, _ in FORMULAS])
def test_the_parts_are_named_and_the_true_reward_stays(wrap: Wrap) -> None:
    env = wrap(GraphWorld(GRAPH))
    env.reset()
    for action in WALK:
        _, total, terminated, _, info = env.step(action)
        assert info["reward/total"] == total
        assert info["reward/true"] == float(terminated)
        assert info["reward/shaping"] == pytest.approx(float(total) - info["reward/true"])


@pytest.mark.parametrize("wrap", [wrap for wrap, _ in FORMULAS])
def test_each_goes_into_the_spec_and_comes_out_of_it(wrap: Wrap) -> None:
    env = wrap(GraphWorld(GRAPH))
    env.unwrapped.spec = gym.envs.registration.EnvSpec("Graph-v0")
    assert env.spec is not None
    recorded = env.spec.additional_wrappers[0]
    kind: Any = type(env)
    assert rewards(lambda inner: kind(inner, **(recorded.kwargs or {}))) == rewards(wrap)


# -- is it policy-invariant? -------------------------------------------------------------------------------------------

INVARIANT: list[Wrap] = [Sparse]
FOOLED = [0.3, 0.1, 0.2, 0.0, 0.9, 1.0]  # takes the wrong end 5 for the answer 3
NOT_INVARIANT: list[Wrap] = [
    lambda env: ProcessReward(env, TablePRM(VALUES)),
    lambda env: Progress(env, TablePRM(FOOLED), weight=5.0),
    lambda env: StepCost(env, cost=2.0, max_steps=9),
    lambda env: Clip(env, TablePRM(VALUES), eta=1.0, weight=5.0),
    lambda env: Implicit(env, AdvantagePRM(VALUES), weight=9.0),
]


@pytest.mark.parametrize("wrap", INVARIANT)
def test_invariant_where_the_reward_is_markov(wrap: Wrap) -> None:
    assert wrap(GraphWorld(GRAPH)).get_wrapper_attr("policy_invariant")
    true, shaped = rewards_of(GRAPH, lambda env: env), rewards_of(GRAPH, wrap)
    assert optimal(GRAPH, shaped, 0.9) == optimal(GRAPH, true, 0.9)


@pytest.mark.parametrize("wrap", NOT_INVARIANT)
def test_not_invariant_where_the_reward_is_markov(wrap: Wrap) -> None:
    assert not wrap(GraphWorld(GRAPH)).get_wrapper_attr("policy_invariant")
    true, shaped = rewards_of(GRAPH, lambda env: env), rewards_of(GRAPH, wrap)
    assert optimal(GRAPH, shaped, 0.9) != optimal(GRAPH, true, 0.9)


# 0: wait, or go to 1; 1: the answer, or back
SHORT: Graph = ((Arrow(0), Arrow(1), Arrow(2, 0.0, ends=True)), (Arrow(3, 1.0, ends=True), Arrow(0)), (), ())


@pytest.mark.parametrize(
    ("wrap", "kept"),
    [
        (lambda env: LoopPenalty(env, penalty=3.0), True),
        (lambda env: StepCost(env, cost=0.2, max_steps=4), True),
        (lambda env: StepCost(env, cost=1.5, max_steps=4), False),
        (lambda env: MinForm(env, TablePRM([1.0, 0.0, 1.0, 1.0]), weight=3.0), False),
        (lambda env: Clip(env, TablePRM([1.0, 0.0, 1.0, 1.0]), weight=3.0), False),
    ],
)
def test_by_every_plan_of_four_steps(wrap: Wrap, kept: bool) -> None:
    """What depends on the history is not Markov: here all plans are tried, undiscounted."""
    assert best_plan(lambda env: env, SHORT, max_steps=4, gamma=1.0)[1] == 1.0
    true = best_plan(wrap, SHORT, max_steps=4, gamma=1.0)[1]
    assert (true == 1.0) is kept
    assert bool(wrap(GraphWorld(SHORT)).get_wrapper_attr("policy_invariant")) is kept


# the answer lies one step away, and a corridor of new places leads elsewhere
CORRIDOR: Graph = ((Arrow(1, 1.0, ends=True), Arrow(2)), (), (Arrow(3),), (Arrow(4),), (Arrow(5),), (Arrow(5),))


@pytest.mark.parametrize(("beta", "kept"), [(0.01, True), (1.0, False)])
def test_a_large_bonus_for_what_is_new_outweighs_the_answer(beta: float, kept: bool) -> None:
    true = best_plan(lambda env: CountBonus(env, beta=beta), CORRIDOR, max_steps=4, gamma=1.0)[1]
    assert (true == 1.0) is kept
    assert not CountBonus(GraphWorld(CORRIDOR), beta=beta).policy_invariant


def test_step_costs_say_up_to_where_they_are_harmless() -> None:
    assert StepCost(GraphWorld(GRAPH), cost=0.0).policy_invariant is True
    assert "below 100 steps" in str(StepCost(GraphWorld(GRAPH), cost=0.01).policy_invariant)
    assert StepCost(GraphWorld(GRAPH), cost=0.1, max_steps=10).policy_invariant is False


# -- novelty -----------------------------------------------------------------------------------------------------------


def test_counts_go_on_over_episodes_and_are_saved() -> None:
    env = CountBonus(GraphWorld(GRAPH), beta=2.0)
    for expected in (2.0, 2.0 / math.sqrt(2)):
        env.reset()
        assert env.step(0)[1] == pytest.approx(expected)
    other = CountBonus(GraphWorld(GRAPH), beta=2.0)
    other.set_memory(env.get_memory())
    other.reset()
    assert other.step(0)[1] == pytest.approx(2.0 / math.sqrt(3))


def test_what_a_network_has_learned_to_foretell_pays_less_than_what_is_new() -> None:
    env = RNDBonus(GraphWorld(GRAPH), beta=1.0, rate=0.2)
    for _ in range(40):
        env.reset()
        known = float(env.step(0)[1])
    new = float(env.step(2)[1])  # a line never seen
    assert 0.0 <= known < 0.5 * new
    other = RNDBonus(GraphWorld(GRAPH), beta=1.0, rate=0.2)
    other.set_memory(env.get_memory())
    for wrapped in (env, other):
        wrapped.reset()
    assert env.step(0)[1] == other.step(0)[1]
    with pytest.raises(ValueError, match="shape"):
        RNDBonus(GraphWorld(GRAPH), width=3).set_memory(env.get_memory())


def test_equal_seeds_give_equal_bonuses() -> None:
    first, second = (rewards(lambda env: RNDBonus(env, seed=3)) for _ in range(2))
    assert first == second
    assert first != rewards(lambda env: RNDBonus(env, seed=4))


# -- stored traces -----------------------------------------------------------------------------------------------------

values_of = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8).map(np.array)


@given(values_of, st.floats(0.0, 1.0), st.booleans())
@settings(max_examples=60)
def test_what_an_episode_is_paid_in_each_form(values: Any, initial: float, terminated: bool) -> None:
    def paid(form: forms.Form) -> Any:
        result = form(values, initial, terminated)
        assert result.shape == values.shape
        return result

    assert not paid(forms.Nothing()).any()
    assert (paid(forms.SumForm()) == values).all()
    assert (paid(forms.ClipForm(0.5)) == np.minimum(values - 0.5, 0.0)).all()
    to_come = np.cumsum(paid(forms.DeltaForm())[::-1])[::-1]
    assert to_come == pytest.approx(values)
    assert paid(forms.MinForm(1e-3)).sum() == pytest.approx(values.min(), abs=0.02)
    assert paid(forms.MinForm(1e6)).sum() == pytest.approx(values.mean(), abs=1e-3)
    telescoped = paid(forms.Difference(1.0, "zero", shift=-1.0)).sum()
    assert telescoped == pytest.approx(-(initial - 1.0))
    kept = paid(forms.Difference(1.0, "keep")).sum()
    assert kept == pytest.approx((0.0 if terminated else values[-1]) - initial)


def test_relabelled_traces_have_the_wrappers_rewards() -> None:
    """Potentials and sums can be paid online and afterwards: both are the same."""
    from reasoning_envs.rewards import OraclePRM, PotentialShaping
    from reasoning_envs.traces import replay

    traces = random_traces("reasoning_envs/Algebra-v0", 6)
    prm = OraclePRM()
    wraps: list[tuple[forms.Form, Wrap]] = [
        (forms.SumForm(), lambda env: ProcessReward(env, prm)),
        (
            forms.Difference(0.9, "keep"),
            lambda env: PotentialShaping(env, prm, gamma=0.9, at_truncation="keep"),
        ),
    ]
    for form, wrap in wraps:
        for trace, again in zip(traces, relabel(traces, prm, form), strict=True):
            replay(again, wrap(gym.make("reasoning_envs/Algebra-v0")))  # raises where a reward differs
            env = wrap(gym.make("reasoning_envs/Algebra-v0"))
            env.reset(options={"problem": trace.problem})
            made = []
            for action in trace.actions:
                _, total, _, _, info = env.step(action)
                if info["step"]:
                    made.append(float(total))
            assert [step.rewards["total"] for step in again.steps] == pytest.approx(made)
            assert again.returns["total"] == pytest.approx(sum(made))
            assert [step.rewards["true"] for step in again.steps] == [step.rewards["true"] for step in trace.steps]


def test_relabelling_names_a_prm_that_fails() -> None:
    class Short(ProcessRewardModel):
        name = "short"

        def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
            return [[] for _ in traces]

    with pytest.raises(PRMError, match="short"):
        relabel(random_traces("reasoning_envs/Algebra-v0", 1), Short(), forms.SumForm())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Clip(GraphWorld(GRAPH), half(), eta=1.5), "eta"),
        (lambda: StepCost(GraphWorld(GRAPH), cost=-1.0), "cost"),
        (lambda: LoopPenalty(GraphWorld(GRAPH), penalty=math.nan), "penalty"),
        (lambda: CountBonus(GraphWorld(GRAPH), beta=-0.1), "beta"),
        (lambda: RNDBonus(GraphWorld(GRAPH), buckets=1), "buckets"),
        (lambda: forms.MinForm(0.0), "temperature"),
        (lambda: forms.ClipForm(-0.1), "eta"),
        (lambda: forms.Difference(0.0, "keep"), "gamma"),
        (lambda: forms.Difference(1.0, "drop"), "at_truncation"),  # type: ignore[arg-type]
    ],
)
def test_bad_arguments_are_named(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("wrapper", [LoopPenalty, CountBonus, RNDBonus])
def test_an_environment_without_lines_is_refused(wrapper: Any) -> None:
    with pytest.raises(TypeError, match="lines"):
        wrapper(gym.make("CartPole-v1"))


def test_a_prm_without_advantages_is_no_implicit_one() -> None:
    env = Implicit(GraphWorld(GRAPH), half())
    env.reset()
    with pytest.raises(PRMError, match="gives no advantage"):
        env.step(0)
