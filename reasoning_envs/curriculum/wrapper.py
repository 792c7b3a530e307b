"""An environment whose problems a curriculum chooses."""

from __future__ import annotations

from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs

from reasoning_envs.curriculum.protocol import Curriculum, Draw
from reasoning_envs.types import Problem

__all__ = ["CurriculumWrapper"]


class CurriculumWrapper(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Asks a curriculum at each ``reset`` and tells it at the end of each episode.

    ``reset(options=...)`` with a level or a problem of its own passes the curriculum over, for evaluation. Episodes
    that nobody could judge, and those that are broken off by a reset, are not told. ``info["curriculum/level"]`` stands
    in the infos of ``reset`` and of the last step.

    Copies in other processes each need a curriculum of their own; in one process they may share one.

    Args:
        env: a :class:`~reasoning_envs.env.ReasoningEnv`, or what takes its options and tells ``problem``.
        curriculum: says what is next.
        score: a key of the last ``info`` that holds the learner's score, for replay; empty for none.
    """

    def __init__(self, env: gym.Env[Any, Any], curriculum: Curriculum, score: str = "") -> None:
        RecordConstructorArgs.__init__(self, curriculum=curriculum, score=score, _disable_deepcopy=True)
        super().__init__(env)
        self.curriculum = curriculum
        self._score = score
        self._draw: Draw | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """A new episode of what the curriculum draws; its randomness is that of the environment."""
        chosen = dict(options or {})
        self._draw = None
        if "problem" not in chosen and "level" not in chosen:
            rng = self.unwrapped.np_random if seed is None else np.random.default_rng(seed)
            self._draw = self.curriculum.draw(rng)
            if self._draw.problem is not None:
                chosen["problem"] = self._draw.problem
            else:
                chosen["level"] = self._draw.level
        observation, info = self.env.reset(seed=seed, options=chosen)
        if self._draw is not None:
            info["curriculum/level"] = self._draw.level
        return observation, info

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """One action; at the end of an episode the curriculum is told."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        draw = self._draw
        if draw is not None and (terminated or truncated):
            self._draw = None
            info["curriculum/level"] = draw.level
            problem = info["problem"]
            assert isinstance(problem, Problem)
            if info.get("scored", True):
                self.curriculum.record(draw, problem, bool(info["success"]), info.get(self._score))
        return observation, reward, terminated, truncated, info
