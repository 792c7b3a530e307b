"""An environment of the moves interface in thirty lines: count down to nothing.

The line is n tokens; the candidates, in a new order at every step, are one fewer, one more, and a wrong answer.
``gym.make("tests.agents.toy_env:tests/Countdown-v0")`` works in every process.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

ACTIONS, LENGTH = 8, 12
TOKEN, WRONG, DONE = 97, 98, 99


class Countdown(gym.Env[Any, Any]):
    """``level`` bounds the start; every ``unscored_every``-th answer cannot be judged."""

    def __init__(self, level: str = "3", split: str = "train", unscored_every: int = 0, max_steps: int = 12) -> None:
        self.observation_space = spaces.Dict(
            {
                "state": spaces.Box(0, 255, (LENGTH,), np.uint8),
                "candidates": spaces.Box(0, 255, (ACTIONS * LENGTH,), np.uint8),
                "action_mask": spaces.MultiBinary(ACTIONS),
            }
        )
        self.action_space = spaces.Discrete(ACTIONS)
        self._largest, self._even, self._every, self._limit = int(level), split == "test", unscored_every, max_steps
        self._answers = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._count = int(self.np_random.integers(1, self._largest + 1))
        self._taken = 0
        return self._observe(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        change = self._changes[int(action)]
        self._taken += 1
        answered = change == 0 or self._count + change == 0
        success = answered and change != 0
        self._count += change
        self._answers += answered
        scored = not (answered and self._every and self._answers % self._every == 0)
        info = {"scored": scored, "success": success and scored}
        truncated = (self._taken >= self._limit and not answered) or not scored
        return self._observe(), float(success and scored), answered and scored, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        return np.arange(ACTIONS) < len(self._changes)

    def _observe(self) -> dict[str, Any]:
        self._changes = list(self.np_random.permutation([-1, 0, 1] if self._count < LENGTH else [-1, 0]))
        candidates = [_line(0, WRONG) if change == 0 else _line(self._count + change) for change in self._changes]
        rows = np.zeros((ACTIONS, LENGTH), np.uint8)
        rows[: len(candidates)] = candidates
        mask = self.action_masks().astype(np.int8)
        return {"state": _line(self._count), "candidates": rows.ravel(), "action_mask": mask}


def _line(count: int, empty: int = DONE) -> NDArray[np.uint8]:
    line = np.zeros(LENGTH, np.uint8)
    line[: max(1, count)] = TOKEN if count else empty
    return line


gym.register("tests/Countdown-v0", entry_point=f"{__name__}:Countdown")
