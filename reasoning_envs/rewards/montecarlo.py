"""The PRM that tries: how often a policy, playing on from a state, comes to a right answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Literal

import gymnasium as gym
import numpy as np

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.episodes import EnvState
from reasoning_envs.loading import load
from reasoning_envs.rewards.states import Assessment, StatePRM
from reasoning_envs.types import Trace

__all__ = ["MonteCarloPRM", "RolloutPolicy", "uniform_policy"]

RolloutPolicy = Callable[[ReasoningEnv, np.random.Generator], "int | str"]
"""Chooses an action in an environment; all chance comes from the generator."""


def uniform_policy(env: ReasoningEnv, rng: np.random.Generator) -> int:
    """Any candidate, all alike.

    Raises:
        TypeError: the interface is text, where nothing can be enumerated.
    """
    if env.interface != "moves":
        raise TypeError("uniform_policy chooses among candidates: give MonteCarloPRM a policy that writes text")
    return int(rng.integers(len(env.candidates)))


class MonteCarloPRM(StatePRM):
    """The value of a state is the share of K roll-outs from it that end in a right answer.

    Math-Shepherd's estimates (Wang et al., arXiv 2312.08935): ``"soft"`` is that share, ``"hard"`` is 1 where one of
    them succeeded and 0 where none did. ``uncertainty`` is twice the standard error of the share, at most 1. An
    estimate says what *this policy* makes of a state: a mistake that it mends, or that leads to a right answer all the
    same, is invisible to it. Roll-outs whose outcome could not be judged are left out.

    Equal seeds give equal values, in any order and in any process: what chance decides depends on the state alone.

    Args:
        policy: that plays on, or ``"module:Name"`` of it.
        rollouts: K, 1 or more.
        kind: ``"soft"`` or ``"hard"``.
        env, env_kwargs: in which it plays, with its step limit from each state on; see
            :class:`~reasoning_envs.rewards.states.StatePRM`.
        seed: of the roll-outs.
        remembered: see :class:`~reasoning_envs.rewards.states.StatePRM`.

    Raises:
        ValueError: a number out of range, or an unknown kind.
    """

    name = "monte carlo"

    def __init__(
        self,
        policy: RolloutPolicy | str = uniform_policy,
        *,
        rollouts: int = 8,
        kind: Literal["soft", "hard"] = "soft",
        env: gym.Env[Any, Any] | str = "reasoning_envs/Algebra-v0",
        env_kwargs: Mapping[str, Any] | None = None,
        seed: int = 0,
        remembered: int = 100_000,
    ) -> None:
        if rollouts < 1:
            raise ValueError(f"rollouts must be 1 or more, got {rollouts}")
        if kind not in ("soft", "hard"):
            raise ValueError(f"kind must be 'soft' or 'hard', got {kind!r}")
        super().__init__(env, env_kwargs, remembered)
        self.policy: RolloutPolicy = load(policy) if isinstance(policy, str) else policy
        self.rollouts = rollouts
        self.kind = kind
        self.seed = seed

    def assess(self, env: ReasoningEnv, state: EnvState) -> Assessment:
        words = f"{self.seed}\n{state.problem.statement}\n{env.domain.text(state.domain_state)}"
        rng = np.random.default_rng(int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest()))
        right = judged = 0
        for _ in range(self.rollouts):
            env.set_state(state)
            while not env.end:
                env.step(self.policy(env, rng))
            if env.end != "unscored":
                judged += 1
                right += env.outcome is not None and env.outcome.verified
        if not judged:
            return Assessment(0.5, f"none of {self.rollouts} roll-outs could be judged", 1.0)
        share = right / judged
        critique = f"{right} of {judged} roll-outs from here end right"
        error = min(1.0, 2.0 * (max(share * (1.0 - share), 0.25 / judged) / judged) ** 0.5)
        return Assessment(share if self.kind == "soft" else float(right > 0), critique, error)

    def first_error(self, trace: Trace) -> int | None:
        """Index of the first step after which no roll-out succeeds, found by bisection (OmegaPRM, arXiv 2406.06592).

        It assesses about log2(n) states of a trace of n steps, and is right if the states before the first error can
        all be solved by the policy and those after it cannot.

        Returns:
            None where the last state can be solved; 0 also where the start already cannot.
        """
        start, states = self._states(trace)
        if not states or self.assessed(states[-1]).value > 0.0:
            return None
        solved, failed = -1, len(states) - 1
        if not self.assessed(start).value > 0.0:
            return 0
        while failed - solved > 1:
            middle = (solved + failed) // 2
            if self.assessed(states[middle]).value > 0.0:
                solved = middle
            else:
                failed = middle
        return failed
