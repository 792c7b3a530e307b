"""Whether a process reward model keeps its promises; and traces to try it on."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel
from reasoning_envs.testing.laws import ensure, opened
from reasoning_envs.traces import trace_of
from reasoning_envs.types import StepScore, Trace

__all__ = ["check_prm", "random_traces"]


def check_prm(
    prm: ProcessRewardModel | str,
    *,
    env: gym.Env[Any, Any] | str = "reasoning_envs/Algebra-v0",
    traces: Sequence[Trace] | None = None,
    tolerance: float = 1e-5,
) -> None:
    """Whether a process reward model (PRM) keeps its promises.

    One score a step, finite and in its range; deterministic; the same alone and in a batch, in any order; the scorer
    of :meth:`~reasoning_envs.rewards.protocol.ProcessRewardModel.begin` agrees with ``score``; what is saved and
    loaded scores alike.

    Args:
        prm: an object, or ``"module:Name"``.
        env: in which episodes are followed step by step.
        traces: to score; made in ``env`` by a random policy where there are none.
        tolerance: by which two scores of one step may differ (batched arithmetic rounds differently).

    Raises:
        AssertionError: a law is broken.
    """
    model: ProcessRewardModel = opened(prm)
    world = gym.make(env) if isinstance(env, str) else env
    if traces is None:
        traces = random_traces(world, 6)
    scores = model.score(traces)
    ensure(model.score([]) == [], f"{model.name}: score([]) is not []")
    ensure(len(scores) == len(traces), f"{model.name}: {len(scores)} lists of scores for {len(traces)} traces")
    for number, (trace, found) in enumerate(zip(traces, scores, strict=True)):
        where = f"{model.name}, trace {number}"
        ensure(len(found) == len(trace.steps), f"{where}: {len(found)} scores for {len(trace.steps)} steps")
        for index, score in enumerate(found):
            _check_score(score, f"{where}, step {index}")
        _same(found, model.score([trace])[0], tolerance, f"{where}: alone it scores other than in a batch")
        _same(found, _online(model, trace, world), tolerance, f"{where}: begin/step scores other than score")
    backwards = model.score(list(reversed(traces)))[::-1]
    for number, (found, again) in enumerate(zip(scores, backwards, strict=True)):
        _same(found, again, tolerance, f"{model.name}, trace {number}: scored again, in another order, it differs")
    _check_saved(model, traces, scores, tolerance)


def random_traces(env: gym.Env[Any, Any] | str, count: int, seed: int = 0) -> list[Trace]:
    """Episodes of a policy that chooses uniformly among the legal moves, or writes random lines.

    Args:
        env: an id, or an environment round a :class:`~reasoning_envs.env.ReasoningEnv`.
        count: of episodes.
        seed: of the first problem and of the policy.
    """
    world = gym.make(env) if isinstance(env, str) else env
    base = world.unwrapped
    assert isinstance(base, ReasoningEnv)
    rng = np.random.default_rng(seed)
    world.action_space.seed(seed)
    traces = []
    for episode in range(count):
        world.reset(seed=seed if episode == 0 else None)
        while not base.end:
            if base.interface == "moves":
                world.step(int(rng.choice(np.flatnonzero(base.action_masks()))))
            else:
                world.step(world.action_space.sample())
        traces.append(trace_of(world))
    return traces


def _check_score(score: StepScore, where: str) -> None:
    ensure(isinstance(score, StepScore), f"{where}: {score!r:.60} is no StepScore")
    ranges = {"value": (0.0, 1.0), "p_correct": (0.0, 1.0), "advantage": (-1.0, 1.0), "uncertainty": (0.0, math.inf)}
    for name, (low, high) in ranges.items():
        number = getattr(score, name)
        if number is None and name != "value":
            continue
        ensure(math.isfinite(number) and low <= number <= high, f"{where}: {name} is {number}, not in [{low}, {high}]")
    ensure(StepScore.from_json(score.to_json()) == score, f"{where}: the score is another one after JSON")


def _online(model: ProcessRewardModel, trace: Trace, world: gym.Env[Any, Any]) -> list[StepScore]:
    base = world.unwrapped
    assert isinstance(base, ReasoningEnv)
    world.reset(options={"problem": trace.problem})
    scorer = model.begin(trace.problem, base.get_state())
    _check_score(scorer.initial, f"{model.name}: the score of a start")
    found = []
    for action in trace.actions or [step.action for step in trace.steps]:
        info = world.step(action)[4]
        if info["step"]:
            found.append(scorer.step(base.steps[-1], base.get_state()))
    return found


def _same(first: Sequence[StepScore], second: Sequence[StepScore], tolerance: float, message: str) -> None:
    values = [[score.value for score in scores] for scores in (first, second)]
    alike = len(first) == len(second) and all(
        math.isclose(a, b, rel_tol=0.0, abs_tol=tolerance) for a, b in zip(*values, strict=True)
    )
    ensure(alike, f"{message}: {values[0]} and {values[1]}")


def _check_saved(
    model: ProcessRewardModel, traces: Sequence[Trace], scores: Sequence[Sequence[StepScore]], tolerance: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        try:
            model.save(path)
        except PRMError:
            return  # a family that holds nothing to save says so
        loaded = type(model).load(path)
        for number, (found, again) in enumerate(zip(scores, loaded.score(traces), strict=True)):
            _same(found, again, tolerance, f"{model.name}, trace {number}: saved and loaded it scores differently")
