"""Rewards where they are used: on the registered environments, in vectors of them, in traces and their replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import reasoning_envs
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.rewards import (
    Annealed,
    LearnedConfig,
    LearnedPRM,
    OraclePRM,
    PotentialShaping,
    ProcessReward,
    corrupt_trace,
    judge_prm,
)
from reasoning_envs.rewards.fitting import Fitting
from reasoning_envs.testing import check_prm, random_traces
from reasoning_envs.traces import RecordTraces, read_traces, replay
from reasoning_envs.types import Relation, Status, StepScore, Trace

ORACLE = "reasoning_envs.rewards:OraclePRM"
ALGEBRA = "reasoning_envs/Algebra-v0"
TEXT = "reasoning_envs/AlgebraText-v0"


def base(env: gym.Env[Any, Any]) -> ReasoningEnv:
    inner = env.unwrapped
    assert isinstance(inner, ReasoningEnv)
    return inner


def wrapped(**kwargs: Any) -> gym.Env[Any, Any]:
    return PotentialShaping(
        ProcessReward(gym.make(ALGEBRA, **kwargs), ORACLE, weight=0.1), ORACLE, gamma=0.9, at_truncation="keep"
    )


@pytest.fixture(scope="module")
def traces() -> list[Trace]:
    env = gym.make(ALGEBRA, level=["linear-1", "quadratic-1", "linear_letters-1"], max_steps=12)
    return random_traces(env, 60, seed=1)


@pytest.fixture(scope="module")
def learned(traces: list[Trace]) -> LearnedPRM:
    rng = np.random.default_rng(0)
    domain: Any = AlgebraDomain()
    spoiled = [corrupt_trace(trace, domain, rng).trace for trace in traces if trace.steps[0].verdict.verified]
    prm = LearnedPRM(config=LearnedConfig(change_buckets=2048, line_buckets=1024, forecast=Fitting(epochs=3)))
    prm.fit([*traces, *spoiled])
    return prm


@pytest.mark.parametrize("env_id", [ALGEBRA, TEXT])
def test_the_oracle_keeps_the_promises_of_a_prm(env_id: str) -> None:
    check_prm(ORACLE, env=env_id)


@pytest.mark.parametrize("env_id", [ALGEBRA, TEXT])
def test_the_learned_prm_keeps_the_promises_of_a_prm(learned: LearnedPRM, env_id: str) -> None:
    check_prm(learned, env=env_id)


def test_the_learned_prm_judges_unseen_algebra_better_than_chance(learned: LearnedPRM) -> None:
    judged = judge_prm(learned, random_traces(gym.make(ALGEBRA, level="brackets-1", max_steps=12), 20, seed=9))
    assert judged.auc > 0.75


def test_every_corrupted_trace_is_wrong_where_it_says(traces: list[Trace]) -> None:
    domain: Any = AlgebraDomain()
    rng = np.random.default_rng(3)
    kinds = set()
    for trace in traces[:30]:
        if trace.steps[0].verdict.verified:
            found = corrupt_trace(trace, domain, rng)
            steps = found.trace.steps
            assert domain.verifier.step(trace.problem, steps[: found.first_error + 1]).refuted
            assert all(step.verdict.verified for step in steps[: found.first_error])
            kinds.add(found.error_type)
    assert len(kinds) > 1


@pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")
def test_a_wrapped_environment_passes_the_check_of_gymnasium() -> None:
    check_env(wrapped(), skip_render_check=True)


@pytest.mark.parametrize("vector", [gym.vector.SyncVectorEnv, gym.vector.AsyncVectorEnv])
def test_shaped_rewards_in_vectors(vector: Any) -> None:
    envs = vector([wrapped, wrapped])
    try:
        envs.reset(seed=3)
        _, rewards, _, _, infos = envs.step(np.array([0, 0]))
        np.testing.assert_allclose(infos["reward/total"], rewards)
        np.testing.assert_allclose(infos["reward/true"] + infos["reward/shaping"], rewards)
        assert all(isinstance(score, StepScore) for score in infos["score"])
        assert envs.call("potential")[0] == infos["potential"][0]
    finally:
        envs.close()


def test_rewards_and_scores_stand_in_traces_and_replay_alike(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    env = RecordTraces(wrapped(max_steps=8), path)
    rng = np.random.default_rng(0)
    for seed in range(4):
        env.reset(seed=seed)
        while not base(env).end:
            env.step(int(rng.choice(np.flatnonzero(base(env).action_masks()))))
    env.close()
    for trace in read_traces(path):
        for step in trace.steps:
            assert step.score is not None
            assert step.score.critique
            rewards = step.rewards
            assert rewards["total"] == pytest.approx(rewards["true"] + rewards["shaping"])
        assert trace.returns["total"] == pytest.approx(trace.returns["true"] + trace.returns["shaping"])
        replay(trace, wrapped(max_steps=8))


def test_dividing_by_x_is_punished_and_explained() -> None:
    env = ProcessReward(gym.make(ALGEBRA), ORACLE)
    env.reset(options={"problem": "x^2 = 4*x"})
    moves = [action.describe() for action in base(env).candidates]
    careless = [
        index
        for index, action in enumerate(base(env).candidates)
        if moves[index] == "divide both sides by x" and action.verdict.refuted
    ]
    _, reward, _, _, info = env.step(careless[0])
    score = info["score"]
    assert reward == score.value == score.p_correct == 0.0
    assert info["verdict"].relation is Relation.IMPLIED_BY
    assert score.error_type == "lost root"
    assert score.critique.startswith("divide both sides by x: ")
    assert "x = 0" in score.critique


def test_a_text_that_cannot_be_read_is_paid_nothing() -> None:
    env = ProcessReward(gym.make(TEXT), ORACLE)
    env.reset(options={"problem": "2*x + 3 = 7"})
    for text, status in (("2*x = = 4", Status.UNPARSED), ("", Status.UNPARSED), ("\x00" * 50, Status.UNPARSED)):
        _, reward, _, _, info = env.step(text)
        assert info["verdict"].status is status
        assert reward == 0.0
        assert info["score"].p_correct == 0.0
    _, reward, _, _, info = env.step("2*x = 4")
    assert info["score"].p_correct == 1.0
    assert float(reward) > 0.0


def test_the_choice_of_a_group_and_an_illegal_index_leave_the_potential() -> None:
    env = PotentialShaping(gym.make(ALGEBRA), ORACLE, gamma=0.5, at_truncation="keep")
    env.reset(seed=0)
    before = env.potential
    assert before is not None
    _, reward, _, _, info = env.step(63)
    assert info["illegal"]
    assert info["score"] is None
    assert env.potential == before
    assert reward == pytest.approx(-0.5 * before)


def test_the_spec_of_a_wrapped_environment_makes_it_again() -> None:
    env = gym.make(ALGEBRA, level="linear-1")
    shaped = Annealed(env, ORACLE, total_steps=1000, fraction=0.1)
    assert shaped.spec is not None
    again = gym.make(gym.envs.registration.EnvSpec.from_json(shaped.spec.to_json()))
    assert isinstance(again, Annealed)
    rewards = []
    for one in (shaped, again):
        one.reset(seed=4)
        rewards.append([float(one.step(0)[1]) for _ in range(3)])
    assert rewards[0] == rewards[1]


def test_a_checkpoint_is_named_by_its_path(learned: LearnedPRM, tmp_path: Path) -> None:
    path = tmp_path / "judge.pt"
    learned.save(path)
    rewards = []
    for prm in (learned, str(path), path):
        env = PotentialShaping(gym.make(ALGEBRA), prm, gamma=1.0, at_truncation="zero")
        env.reset(seed=2)
        rewards.append([env.step(0)[1] for _ in range(3)])
    assert rewards[0] == rewards[1] == rewards[2]
    assert any(reward != 0.0 for reward in rewards[0])


def test_the_package_offers_what_a_user_needs() -> None:
    from reasoning_envs import rewards

    for name in rewards.__all__:
        assert getattr(rewards, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = rewards.Nothing
    assert OraclePRM().name == "oracle"
    assert reasoning_envs.__version__
