"""Rewards that no PRM is needed for: the bare task, and what steps and repetitions cost."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from reasoning_envs.rewards.following import ShapingWrapper, finite

__all__ = ["LoopPenalty", "Sparse", "StepCost", "line_of"]


def line_of(env: Any) -> str:
    """The current line of an environment, as text."""
    steps = env.steps
    return str(steps[-1].text if len(steps) else env.start_line)


class Sparse(ShapingWrapper):
    """The task itself: r = R. It names the parts of the reward as the other wrappers do: an arm like all others."""

    policy_invariant = True

    def reward_of(self, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> float:
        return reward


class StepCost(ShapingWrapper):
    """r = R - cost at every environment step.

    Undiscounted it is policy-invariant as long as a whole episode costs less than the reward of solving it; above that
    a quick wrong answer is the best there is.

    Args:
        env: any environment.
        cost: 0 or more, in units of the true reward.
        max_steps: of an episode, to say whether it is invariant; None: unknown.

    Raises:
        ValueError: a cost below 0 or not finite.
    """

    def __init__(self, env: gym.Env[Any, Any], *, cost: float = 0.01, max_steps: int | None = None) -> None:
        if finite("cost", cost) < 0.0:
            raise ValueError(f"cost must be 0 or more, got {cost!r}")
        super().__init__(env, cost=cost, max_steps=max_steps)
        self.cost = float(cost)
        self._max_steps = max_steps

    @property
    def policy_invariant(self) -> bool | str:  # type: ignore[override]
        """The condition under which it is."""
        if self._max_steps is not None:
            return "if the learner does not discount" if self.cost * self._max_steps < 1.0 else self.cost == 0.0
        if self.cost == 0.0:
            return True
        return f"if episodes stay below {1.0 / self.cost:g} steps and the learner does not discount"

    def reward_of(self, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> float:
        return reward - self.cost


class LoopPenalty(ShapingWrapper):
    """r = R - penalty where a step leads to a line that this episode has seen before.

    What is penalised depends on the history, so that the shaped reward is not Markov in the line. It is
    policy-invariant where the environment is deterministic: the best there is needs no loop, and a loop only loses.

    Args:
        env: a :class:`~reasoning_envs.env.ReasoningEnv`, or what offers ``steps`` and ``start_line``.
        penalty: 0 or more, in units of the true reward.

    Raises:
        ValueError: a penalty below 0 or not finite. TypeError: the environment has no lines.
    """

    policy_invariant = "where the environment is deterministic"

    def __init__(self, env: gym.Env[Any, Any], *, penalty: float = 0.1) -> None:
        if finite("penalty", penalty) < 0.0:
            raise ValueError(f"penalty must be 0 or more, got {penalty!r}")
        if "steps" not in dir(env.unwrapped):
            raise TypeError(f"LoopPenalty needs an environment of lines; {env.unwrapped} has no steps")
        super().__init__(env, penalty=penalty)
        self.penalty = float(penalty)

    def reward_of(self, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> float:
        if not info["step"]:
            return reward
        base: Any = self.unwrapped
        *before, last = [base.start_line, *(step.text for step in base.steps)]
        return reward - self.penalty if last in before else reward
