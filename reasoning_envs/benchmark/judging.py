"""How well an arm's PRM sees the first error, on episodes of a task that nobody learned from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isnan

from reasoning_envs.benchmark.tasks import Task
from reasoning_envs.rewards.judging import first_error, judge_prm
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.testing import random_traces
from reasoning_envs.types import Trace

__all__ = ["EPISODES", "error_pairs", "prm_f1"]

EPISODES = 30
_SEED = 3_000_000


def prm_f1(prm: ProcessRewardModel, task: Task) -> float | None:
    """First-error F1 in [0, 1] on random validation episodes; None where none of them tells.

    Raises:
        PRMError: the PRM failed.
    """
    env = task.make("validation")
    traces = list(error_pairs(random_traces(env, EPISODES, _SEED)))
    env.close()
    f1 = judge_prm(prm, traces).f1 if traces else float("nan")
    return None if isnan(f1) else f1


def error_pairs(traces: Sequence[Trace]) -> Iterator[Trace]:
    """Each trace up to its first refuted step and, where sound steps stand before that, up to the last of them.

    Random play goes wrong sooner or later, so that whole episodes would hardly hold a sound one. Those without an error
    are kept whole; those of which nobody knows are left out.
    """
    for trace in traces:
        try:
            error = first_error(trace)
        except ValueError:
            continue
        if error is None:
            yield trace
            continue
        yield replace(trace, steps=trace.steps[: error + 1])
        if error:
            yield replace(trace, steps=trace.steps[:error])
