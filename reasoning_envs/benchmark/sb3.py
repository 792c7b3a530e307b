"""Algorithms of Stable-Baselines3 and sb3-contrib as agents of the benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.benchmark.learning import Policy, Training

__all__ = ["ALGORITHMS", "Sb3Learner", "Sb3Policy"]

ALGORITHMS: Mapping[str, str] = {
    "MaskablePPO": "sb3_contrib",
    "PPO": "stable_baselines3",
    "A2C": "stable_baselines3",
}
"""By name, with the package that has it. Only the first knows which actions are legal."""

COPIES = 16
"""Copies of the environment."""


@runtime_checkable
class _LeavesOut(Protocol):
    """A roll-out buffer that can leave out the steps of an episode that nobody could judge."""

    pos: int

    def leave_out(self, env: int, first: int) -> None: ...


class Sb3Policy:
    """A policy of Stable-Baselines3 as the benchmark measures it.

    Args:
        policy: ``model.policy``.
        masked: it takes action masks.
    """

    def __init__(self, policy: Any, masked: bool) -> None:
        self._policy = policy
        self._masked = masked

    def act(
        self, observations: Sequence[Any], masks: Sequence[NDArray[np.bool_]], *, greedy: bool, rng: np.random.Generator
    ) -> Sequence[int]:
        """See :class:`~reasoning_envs.benchmark.learning.Policy`."""
        import torch

        first = observations[0]
        batch: Any
        if isinstance(first, dict):
            batch = {key: np.stack([seen[key] for seen in observations]) for key in first}
        else:
            batch = np.stack(list(observations))
        legal = {"action_masks": np.stack(list(masks))} if self._masked else {}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            actions, _ = self._policy.predict(batch, deterministic=greedy, **legal)
        return [int(action) for action in actions]


class Sb3Learner:
    """An agent; see :mod:`reasoning_envs.benchmark.learning`.

    Args:
        algorithm: of :data:`ALGORITHMS`.
        policy: class or name, as Stable-Baselines3 takes it.
        copies: of the environment.
        **settings: of the algorithm, in place of its own.
    """

    def __init__(self, algorithm: str, policy: Any = "MultiInputPolicy", copies: int = COPIES, **settings: Any) -> None:
        self.algorithm = algorithm
        self.policy = policy
        self.copies = copies
        self.settings = settings

    def __call__(self, training: Training) -> Policy:
        """Learn until the budget is spent."""
        from stable_baselines3.common.callbacks import BaseCallback
        from stable_baselines3.common.vec_env import DummyVecEnv

        algorithm: Any = getattr(import_module(ALGORITHMS[self.algorithm]), self.algorithm)
        envs = DummyVecEnv([training.make_env for _ in range(self.copies)])

        class Watch(BaseCallback):
            """Has the policy measured between roll-outs, and leaves out what nobody could judge."""

            going = True

            def _on_training_start(self) -> None:
                self._first = np.zeros(envs.num_envs, dtype=np.int64)

            def _on_rollout_start(self) -> None:
                self._first[:] = 0
                self.going = training.checkpoint(learned)

            def _on_step(self) -> bool:
                buffer = getattr(self.model, "rollout_buffer", None)
                for index in np.flatnonzero(self.locals["dones"]):
                    if isinstance(buffer, _LeavesOut):
                        if not self.locals["infos"][index].get("scored", True):
                            buffer.leave_out(int(index), int(self._first[index]))
                        self._first[index] = buffer.pos + 1
                return self.going

        settings = {"n_steps": 32, "batch_size": 128, "gamma": training.gamma, **self.settings}
        if self.algorithm == "A2C":
            del settings["batch_size"]
        try:
            model = algorithm(self.policy, envs, seed=training.seed, device="cpu", **settings)
            learned = Sb3Policy(model.policy, masked=self.algorithm == "MaskablePPO")
            model.learn(training.steps_left, callback=Watch())
        finally:
            envs.close()
        return learned
