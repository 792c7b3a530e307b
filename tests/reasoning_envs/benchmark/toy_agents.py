"""Agents for the benchmark that learn nothing, or fail, quickly."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from reasoning_envs.benchmark import Task, Training
from reasoning_envs.rewards import ProcessRewardModel, ShapingWrapper
from reasoning_envs.types import StepScore, Trace

SUMS = Task(
    "sums",
    "reasoning_envs/AlgebraText-v0",
    "three",
    "constant",
    {"domain": "tests.reasoning_envs.toy_domain:ToyDomain", "interface": "moves"},
)
WARM = Task(SUMS.name, SUMS.env, "six", SUMS.signal, SUMS.kwargs, warm_level="two", warm_share=0.5)
NO_TASK = 3


class Uniform:
    """Plays any legal action."""

    def act(
        self, observations: Sequence[Any], masks: Sequence[NDArray[np.bool_]], *, greedy: bool, rng: np.random.Generator
    ) -> Sequence[int]:
        return [int(rng.choice(np.flatnonzero(mask))) for mask in masks]


def play(training: Training) -> Uniform:
    """Spends the budget on random play."""
    policy = Uniform()
    env = training.make_env()
    rng = np.random.default_rng(training.seed)
    observation, _ = env.reset(seed=training.seed)
    while training.checkpoint(policy):
        for _ in range(8):
            action = rng.choice(np.flatnonzero(observation["action_mask"]))
            observation, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                observation, _ = env.reset()
    return policy


def stop_at_once(training: Training) -> Uniform:
    """Is measured, and goes."""
    policy = Uniform()
    training.checkpoint(policy)
    return policy


def crash(training: Training) -> Uniform:
    """Fails where the shaping is of no use to it."""
    env = training.make_env()
    if env.get_wrapper_attr("policy_invariant") is True:
        raise RuntimeError("this agent cannot stand a sparse reward")
    return play(training)


def die_once(training: Training) -> Uniform:
    """The first time it is run its process dies; how often it was run stands in a file."""
    marks = Path(os.environ["TOY_AGENT_MARKS"])
    with marks.open("a", encoding="utf-8") as file:
        file.write("run\n")
    if len(marks.read_text(encoding="utf-8").splitlines()) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return play(training)


class Doubled(ShapingWrapper):
    """A shaping of a user's own."""

    policy_invariant = True

    def reward_of(self, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> float:
        return 2.0 * reward


class Half(ProcessRewardModel):
    """A PRM of a user's own."""

    name = "half"

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return [[StepScore(0.5, "half") for _ in trace.steps] for trace in traces]


def no_env(env: gym.Env[Any, Any]) -> str:
    """A shaping that is none."""
    return "a string"
