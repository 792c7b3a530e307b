"""Episodes as traces: what a search or a policy did, taken again in the environment and written down.

Searches run on bare states. A :class:`Recorder` takes the actions of a result through the real environment, so that
its trace has the verdicts, rewards and words of that environment, and replays there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gymnasium as gym

from agents.search import Method, solve
from agents.tree import Evaluator, SearchResult
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.traces import trace_of
from reasoning_envs.types import Problem, Trace

__all__ = ["Recorder", "play", "scored"]


class Recorder:
    """Writes down results as traces of an environment.

    Args:
        env_id: of a moves interface, in Gymnasium's registry.
        env_kwargs: for ``gymnasium.make``.

    Attributes:
        env: the environment. domain: its domain, for searches.

    Raises:
        TypeError: the id is of no environment of this package with the moves interface.
    """

    def __init__(self, env_id: str, env_kwargs: Mapping[str, Any] | None = None) -> None:
        self.env = gym.make(env_id, **(env_kwargs or {}))
        base = self.env.unwrapped
        if not isinstance(base, ReasoningEnv) or not isinstance(base.domain, MoveDomain):
            raise TypeError(f"{env_id} is no environment of this package in which moves can be searched")
        self.domain: MoveDomain = base.domain

    def trace(self, result: SearchResult, role: str = "solver") -> Trace | None:
        """The path of a result as an episode, also one without an answer; None where nothing was to be done.

        A path that is longer than the environment's step limit ends there.
        """
        if len(result.path) < 2:
            return None
        self.env.reset(options={"problem": result.problem})
        for node in result.path[1:]:
            _, _, terminated, truncated, _ = self.env.step(node.choice)
            if terminated or truncated:
                break
        return trace_of(self.env, role)


def play(
    recorder: Recorder,
    problems: Sequence[Problem],
    evaluator: Evaluator | None = None,
    *,
    method: Method | str = "greedy",
    seed: int = 0,
    prm: ProcessRewardModel | None = None,
    role: str = "solver",
) -> list[Trace]:
    """Play each problem once and return the episodes.

    Args:
        recorder: of the environment to play in.
        problems: one episode each; those that need no step give none.
        evaluator: judges candidates; None: all alike.
        method: of the search; see :func:`agents.search.solve`.
        seed: see :func:`agents.search.solve`.
        prm: gives its scores to the steps.
        role: noted in the traces.
    """
    results = solve(recorder.domain, problems, method, evaluator, seed=seed)
    traces = [trace for result in results if (trace := recorder.trace(result, role)) is not None]
    return scored(traces, prm) if prm is not None else traces


def scored(traces: Sequence[Trace], prm: ProcessRewardModel) -> list[Trace]:
    """The traces with the scores of a PRM at their steps, in one batch."""
    return [
        replace(trace, steps=tuple(replace(step, score=score) for step, score in zip(trace.steps, scores, strict=True)))
        for trace, scores in zip(traces, prm.score(traces), strict=True)
    ]
