"""A mask that keeps an episode from going in circles."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray

__all__ = ["NoRevisits"]


class NoRevisits(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Masks the actions that lead back to an earlier line of the episode, unless nothing else is left.

    What leaves the line as it is stays (the choice of a group does). The observation must be the Dict of the moves
    interface.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        self._seen: set[bytes] = set()
        self._mask: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        self._seen.clear()
        return self._narrowed(observation), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._narrowed(observation), reward, terminated, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """[A] bool, as ``sb3_contrib.MaskablePPO`` asks for them."""
        return self._mask

    def _narrowed(self, observation: dict[str, Any]) -> dict[str, Any]:
        mask = observation["action_mask"].astype(np.bool_)
        line = observation["state"].tobytes()
        lines = observation["candidates"].reshape(len(mask), -1)
        fresh = mask.copy()
        for index in np.flatnonzero(mask):
            after = lines[index].tobytes()
            fresh[index] = after not in self._seen or after == line
        self._seen.add(line)
        self._mask = fresh if fresh.any() else mask
        return {**observation, "action_mask": self._mask.astype(observation["action_mask"].dtype)}
