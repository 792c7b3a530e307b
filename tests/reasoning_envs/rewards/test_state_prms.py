"""PRMs that play on from a state: what they say is exact where it can be counted by hand."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.episodes import EnvState
from reasoning_envs.rewards import DistanceToGo, EnsemblePRM, MonteCarloPRM, OraclePRM, PRMError
from reasoning_envs.rewards.judging import first_error
from reasoning_envs.rewards.states import Assessment
from reasoning_envs.testing import check_prm, random_traces
from reasoning_envs.traces import trace_of
from reasoning_envs.types import Trace
from tests.reasoning_envs.rewards.graph_world import TablePRM
from tests.reasoning_envs.toy_domain import ToyDomain

TOY = ReasoningEnv(ToyDomain(), max_steps=8)


def careful(env: ReasoningEnv, rng: np.random.Generator) -> int:
    """Takes a sound move where there is one."""
    sound = [index for index, move in enumerate(env.candidates) if not move.is_step or move.verdict.verified]
    return int(rng.choice(sound)) if sound else 0


def episode(problem: str, good: int) -> Trace:
    """An episode with ``good`` sound moves, and unsound ones after them."""
    env = ReasoningEnv(ToyDomain(), max_steps=8)
    env.reset(options={"problem": problem})
    while not env.end:
        wanted = len(env.steps) < good
        fitting = [
            index for index, move in enumerate(env.candidates) if not move.is_step or move.verdict.verified is wanted
        ]
        env.step(fitting[0] if fitting else 0)
    return trace_of(env)


@pytest.mark.parametrize(
    "prm",
    [
        MonteCarloPRM(env=TOY, rollouts=3),
        MonteCarloPRM(careful, env=TOY, rollouts=2, kind="hard"),
        DistanceToGo(env=TOY),
        EnsemblePRM([OraclePRM(), DistanceToGo(env=TOY)], combine="pessimistic"),
    ],
    ids=lambda prm: prm.name,
)
def test_the_conformance_kit(prm: Any) -> None:
    world = ReasoningEnv(ToyDomain(), max_steps=8)
    check_prm(prm, env=world, traces=random_traces(world, 4))


def test_the_distance_is_counted_in_steps() -> None:
    prm = DistanceToGo(env=TOY, discount=0.5)
    trace = episode("1 + 2 * 3 + 4", good=3)
    scorer = prm.begin(trace.problem, _start(trace))
    assert scorer.initial.value == 0.5**3
    values = [score.value for score in prm.score([trace])[0]]
    assert values == [0.25, 0.5, 1.0]
    assert "2 steps from a right answer" in prm.score([trace])[0][0].critique


def test_after_a_mistake_no_way_leads_to_a_right_answer() -> None:
    prm = DistanceToGo(env=TOY, discount=0.5)
    trace = episode("1 + 2 * 3 + 4", good=1)
    scores = prm.score([trace])[0]
    assert scores[0].value == 0.25
    assert [score.value for score in scores[1:]] == [0.0, 0.0]
    assert scores[1].critique == "no way leads to a right answer"
    assert scores[1].uncertainty == 0.0


def test_what_was_not_searched_to_the_end_is_a_bound_and_says_so() -> None:
    trace = episode("1 + 2 * 3 + 4 * 5 + 6", good=5)
    prm = DistanceToGo(env=TOY, discount=0.5, expansions=1)
    start = prm.begin(trace.problem, _start(trace)).initial
    exact = DistanceToGo(env=TOY, discount=0.5).begin(trace.problem, _start(trace)).initial
    assert exact.value == 0.5**5
    assert start.value >= exact.value
    assert start.uncertainty == start.value


def test_a_policy_that_makes_no_mistake_finds_each_mistake() -> None:
    prm = MonteCarloPRM(careful, env=TOY, rollouts=2)
    for good in range(4):
        trace = episode("1 + 2 * 3 + 4", good=good)
        scores = prm.score([trace])[0]
        assert [score.value for score in scores] == [1.0] * good + [0.0] * (3 - good)
        assert prm.first_error(trace) == first_error(trace) == (good if good < 3 else None)
    assert scores[0].critique == "2 of 2 roll-outs from here end right"


def test_bisection_assesses_few_states() -> None:
    prm = MonteCarloPRM(careful, env=TOY, rollouts=1)
    asked: list[EnvState] = []
    real = prm.assess

    def assess(env: ReasoningEnv, state: EnvState) -> Assessment:
        asked.append(state)
        return real(env, state)

    prm.assess = assess  # type: ignore[method-assign]
    trace = episode("1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9", good=8)
    wrong = episode("1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9", good=2)
    assert prm.first_error(trace) is None
    assert prm.first_error(wrong) == 2
    assert len(asked) <= 5


def test_the_share_of_roll_outs_is_what_the_policy_achieves() -> None:
    """3 + 4 has one sound move of two: half of all random walks end right."""
    world = ReasoningEnv(ToyDomain(), max_steps=8)
    world.reset(options={"problem": "3 + 4"})
    sound = np.mean([move.verdict.verified for move in world.candidates])
    prm = MonteCarloPRM(env=TOY, rollouts=400)
    start = prm.begin(world.problem, world.get_state()).initial
    assert start.value == pytest.approx(sound, abs=0.1)
    assert start.uncertainty == pytest.approx(2 * (sound * (1 - sound) / 400) ** 0.5, abs=0.01)
    hard = MonteCarloPRM(env=TOY, rollouts=400, kind="hard")
    assert hard.begin(world.problem, world.get_state()).initial.value == 1.0


def test_equal_seeds_give_equal_values_in_any_order_and_from_a_copy() -> None:
    traces = [episode("1 + 2 * 3 + 4", good=good) for good in range(3)]
    prm = MonteCarloPRM(env="reasoning_envs/Algebra-v0", rollouts=2, seed=5)
    algebra = random_traces(gym.make("reasoning_envs/Algebra-v0", max_steps=4), 2)
    copy = deepcopy(prm)
    assert [[s.value for s in row] for row in prm.score(algebra)] == [
        [s.value for s in row] for row in copy.score(algebra[::-1])[::-1]
    ]
    toy = MonteCarloPRM(env=TOY, rollouts=4, seed=5)
    assert toy.score(traces)[0] == MonteCarloPRM(env=TOY, rollouts=4, seed=5).score(traces[:1])[0]


def test_an_ensemble_joins_its_members() -> None:
    members = [TablePRM([0.2]), TablePRM([0.6])]
    played = episode("3 + 4", good=1)
    trace = replace(played, steps=(replace(played.steps[0], text="0"),))
    found = {way: EnsemblePRM(members, combine=way).score([trace])[0][0] for way in ("mean", "min", "pessimistic")}
    assert found["mean"].value == pytest.approx(0.4)
    assert found["min"].value == pytest.approx(0.2)
    assert found["pessimistic"].value == pytest.approx(0.2)
    assert found["mean"].uncertainty == pytest.approx(0.4)
    assert found["mean"].advantage is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: MonteCarloPRM(rollouts=0), ValueError, "rollouts"),
        (lambda: MonteCarloPRM(kind="some"), ValueError, "kind"),  # type: ignore[arg-type]
        (lambda: MonteCarloPRM(env=TOY, env_kwargs={"level": "two"}), ValueError, "env_kwargs go with an id"),
        (lambda: DistanceToGo(discount=1.0), ValueError, "discount"),
        (lambda: DistanceToGo(expansions=0), ValueError, "expansions"),
        (lambda: DistanceToGo(env="CartPole-v1").env, TypeError, "no environment of reasoning steps"),
        (lambda: EnsemblePRM([OraclePRM()]), ValueError, "two members"),
        (lambda: EnsemblePRM([OraclePRM()] * 2, combine="max"), ValueError, "combine"),  # type: ignore[arg-type]
        (lambda: EnsemblePRM([OraclePRM()] * 2, k=-1.0), ValueError, "k must be"),
        (lambda: DistanceToGo(env=TOY).begin(episode("3 + 4", 1).problem, None), PRMError, "get_state"),
        (lambda: DistanceToGo(env=TOY).score(random_traces("reasoning_envs/Algebra-v0", 1)), ValueError, "about"),
    ],
)
def test_what_makes_no_sense_is_named(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def _start(trace: Trace) -> Any:
    env = ReasoningEnv(ToyDomain(), max_steps=8)
    env.reset(options={"problem": trace.problem})
    return env.get_state()
