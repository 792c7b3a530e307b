"""Roll-outs and scores in batches. What a batch gives depends on it alone, and on no number of workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from reasoning_envs.loading import load
from reasoning_envs.rewards.checking import open_prm, score_checked
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.types import Trace
from reasoning_envs.workers.protocol import Workers

__all__ = ["BATCH", "UNIFORM", "label", "roll_out"]

BATCH = 16
"""Episodes or traces a task: some tenths of a second of work, beside which a task's way through a pipe is nothing."""

UNIFORM = "reasoning_envs.rewards.montecarlo:uniform_policy"


@dataclass(frozen=True)
class _Episodes:
    env_id: str
    env_kwargs: Mapping[str, Any]
    policy: str
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class _Labels:
    prm: ProcessRewardModel | str
    traces: tuple[Trace, ...] = field(repr=False)


def roll_out(
    workers: Workers,
    env_id: str,
    seeds: Sequence[int],
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    policy: str = UNIFORM,
    batch: int = BATCH,
) -> list[Trace]:
    """One episode for each seed, as traces in the order of the seeds.

    Args:
        workers: that play.
        env_id: in Gymnasium's registry; ``"module:id"`` imports a module first.
        seeds: of the problem and of the actions.
        env_kwargs: for ``gymnasium.make``; picklable.
        policy: ``"module:Name"`` of a function of an environment and a generator that gives an action; see
            :data:`reasoning_envs.rewards.montecarlo.RolloutPolicy`. It must keep nothing from one episode to the next.
        batch: episodes a task.

    Raises:
        TaskError: an episode failed. ValueError: a batch of none.
    """
    tasks = [_Episodes(env_id, dict(env_kwargs or {}), policy, tuple(part)) for part in _parts(seeds, batch)]
    return [trace for traces in workers.map(_play, tasks) for trace in traces]


def label(
    workers: Workers, prm: ProcessRewardModel | str, traces: Sequence[Trace], *, batch: int = BATCH
) -> list[Trace]:
    """The traces with a PRM's score at each step; with a ``MonteCarloPRM`` this is Monte Carlo labelling.

    Args:
        workers: that score.
        prm: picklable, or a name of it; see :func:`reasoning_envs.rewards.open_prm`. Its scores must not depend on
            what it has scored before.
        traces: to score.
        batch: traces a task.

    Raises:
        TaskError: the PRM failed. ValueError: a batch of none.
    """
    tasks = [_Labels(prm, tuple(part)) for part in _parts(traces, batch)]
    return [trace for scored in workers.map(_score, tasks) for trace in scored]


def _parts(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    if size < 1:
        raise ValueError(f"a batch must be of 1 or more, got {size}")
    return [items[start : start + size] for start in range(0, len(items), size)]


def _play(task: _Episodes) -> list[Trace]:
    import gymnasium as gym

    import reasoning_envs  # noqa: F401  # registers the ids
    from reasoning_envs.traces import trace_of

    env = gym.make(task.env_id, **task.env_kwargs)
    choose: Any = load(task.policy)
    traces = []
    for seed in task.seeds:
        rng = np.random.default_rng(seed)
        env.reset(seed=seed)
        over = False
        while not over:
            _, _, terminated, truncated, _ = env.step(choose(env.unwrapped, rng))
            over = terminated or truncated
        traces.append(trace_of(env))
    env.close()
    return traces


def _score(task: _Labels) -> list[Trace]:
    prm = _named(task.prm) if isinstance(task.prm, str) else task.prm
    return [
        replace(trace, steps=tuple(replace(step, score=score) for step, score in zip(trace.steps, scores, strict=True)))
        for trace, scores in zip(task.traces, score_checked(prm, task.traces), strict=True)
    ]


@lru_cache(maxsize=4)
def _named(name: str) -> ProcessRewardModel:
    return open_prm(name)
