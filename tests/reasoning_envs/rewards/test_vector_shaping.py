"""Shaping a vector environment: the same rewards as shaping its copies, with the PRM told beforehand what is coming."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, VectorEnv

from reasoning_envs.rewards import (
    Clip,
    CountBonus,
    LoopPenalty,
    OraclePRM,
    PotentialShaping,
    PRMError,
    ProcessReward,
    ProcessRewardModel,
    Scorer,
    ShapedVector,
    WithLines,
)
from reasoning_envs.types import Problem, Step, StepScore, Trace

Wrap = Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]

COPIES = 3


def copies(mode: AutoresetMode, wrappers: Sequence[Any], kind: str = "sync") -> VectorEnv[Any, Any, Any]:
    return gym.make_vec(
        "reasoning_envs/Algebra-v0",
        num_envs=COPIES,
        vectorization_mode=kind,
        wrappers=wrappers,
        vector_kwargs={"autoreset_mode": mode},
        level="linear-1",
        max_steps=4,
    )


def play(envs: VectorEnv[Any, Any, Any], turns: int = 14) -> list[tuple[list[float], list[float]]]:
    """Rewards and what ``info`` calls shaping, turn by turn, of legal actions drawn at random."""
    observations, _ = envs.reset(seed=5)
    rng = np.random.default_rng(0)
    rows = []
    over = np.zeros(COPIES, dtype=bool)
    for _ in range(turns):
        legal = [np.flatnonzero(mask) for mask in observations["action_mask"]]
        actions = np.array([rng.choice(places) if len(places) else 0 for places in legal])
        observations, rewards, terminated, truncated, infos = envs.step(actions)
        told = infos.get("final_info", {}).get("reward/shaping", np.zeros(COPIES)) + infos.get(
            "reward/shaping", np.zeros(COPIES)
        )
        rows.append((rewards.tolist(), np.round(told, 9).tolist()))
        over = terminated | truncated
        if envs.metadata["autoreset_mode"] is AutoresetMode.DISABLED and over.any():
            observations, _ = envs.reset(options={"reset_mask": over})
    envs.close()
    return rows


WRAPS: list[Wrap] = [
    lambda env: ProcessReward(env, OraclePRM(), weight=0.3),
    lambda env: PotentialShaping(env, OraclePRM(), gamma=0.9, at_truncation="zero"),
    lambda env: LoopPenalty(Clip(env, OraclePRM()), penalty=0.5),
    lambda env: CountBonus(env, beta=0.2),
]


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_as_if_each_copy_were_wrapped(wrap: Wrap, mode: AutoresetMode) -> None:
    single = play(copies(mode, [wrap]))
    batched = play(ShapedVector(copies(mode, [WithLines]), wrap))
    np.testing.assert_allclose([row[0] for row in batched], [row[0] for row in single])
    assert any(any(row[0]) for row in batched)
    if mode is not AutoresetMode.SAME_STEP:  # there Gymnasium's own infos stand elsewhere
        np.testing.assert_allclose([row[1] for row in batched], [row[1] for row in single])


def test_copies_may_live_in_other_processes() -> None:
    wrap = WRAPS[1]
    here = play(ShapedVector(copies(AutoresetMode.NEXT_STEP, [WithLines]), wrap), turns=8)
    there = play(ShapedVector(copies(AutoresetMode.NEXT_STEP, [WithLines], "async"), wrap), turns=8)
    assert there == here


class Attentive(ProcessRewardModel):
    """Answers what it was told of beforehand, and nothing else."""

    name = "attentive"

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.told: set[tuple[str, ...]] = set()

    def anticipate(self, episodes: Sequence[tuple[Problem, Sequence[str]]]) -> None:
        self.batches.append(len(episodes))
        self.told |= {tuple(lines) for _, lines in episodes}

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return [[StepScore(0.5)] * len(trace.steps) for trace in traces]

    def begin(self, problem: Problem, state: Any) -> Scorer:
        return _AttentiveScorer(self, problem.statement)


class _AttentiveScorer(Scorer):
    def __init__(self, prm: Attentive, line: str) -> None:
        self.prm = prm
        self.lines = [line]
        self.initial = StepScore(0.5)

    def step(self, step: Step, state: Any) -> StepScore:
        self.lines.append(step.text)
        if tuple(self.lines) not in self.prm.told:
            raise LookupError(f"nobody told me of {self.lines}")
        return StepScore(0.5)


def test_the_prm_is_told_of_all_copies_at_once() -> None:
    prm = Attentive()
    play(ShapedVector(copies(AutoresetMode.NEXT_STEP, [WithLines]), lambda env: ProcessReward(env, prm)))
    assert prm.batches.count(COPIES) > 3


def test_infos_have_names_and_masks() -> None:
    envs = ShapedVector(copies(AutoresetMode.NEXT_STEP, [WithLines]), WRAPS[0])
    observations, _ = envs.reset(seed=1)
    actions = np.array([int(np.flatnonzero(mask)[0]) for mask in observations["action_mask"]])
    _, rewards, _, _, infos = envs.step(actions)
    np.testing.assert_allclose(infos["reward/total"], rewards)
    np.testing.assert_allclose(infos["reward/shaping"], rewards - infos["reward/true"])
    assert infos["_score"].tolist() == [True] * COPIES
    assert all(isinstance(score, StepScore) for score in infos["score"])
    assert infos["unscored"].tolist() == [0.0] * COPIES


def test_a_copy_that_does_not_tell_its_line_is_named() -> None:
    envs = ShapedVector(copies(AutoresetMode.NEXT_STEP, []), WRAPS[0])
    observations, _ = envs.reset(seed=1)
    with pytest.raises(ValueError, match="WithLines"):
        envs.step(np.array([int(np.flatnonzero(mask)[0]) for mask in observations["action_mask"]]))


def test_a_prm_that_fails_is_named() -> None:
    class Broken(Attentive):
        def anticipate(self, episodes: Sequence[tuple[Problem, Sequence[str]]]) -> None:
            return

    envs = ShapedVector(copies(AutoresetMode.NEXT_STEP, [WithLines]), lambda env: ProcessReward(env, Broken()))
    with pytest.raises(PRMError, match="attentive: raised LookupError"):
        play(envs)
