"""Syllabus (Sullivan et al., "Syllabus: portable curricula for reinforcement learning agents", RLC 2025), both ways.

:class:`LevelTasks` makes levels the tasks of an environment, for any curriculum of Syllabus: wrap it in their
``GymnasiumSyncWrapper`` with ``TaskSpace(len(levels), list(levels))``. :func:`syllabus_curriculum` makes one of our
curricula theirs, for ``make_multiprocessing_curriculum``. Written to the interface of version 0.7; only the second
needs the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from reasoning_envs.curriculum.levels import LevelCurriculum
from reasoning_envs.curriculum.protocol import Draw
from reasoning_envs.types import Problem

__all__ = ["LevelTasks", "syllabus_curriculum"]


class LevelTasks(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Levels as tasks: what Syllabus calls a task wrapper.

    ``reset(new_task=level)`` and ``change_task(level)`` choose the level of the episodes from then on;
    ``info["task"]`` and ``info["task_completion"]`` (1.0 once the outcome is verified, else 0.0) tell the rest.

    Args:
        env: a :class:`~reasoning_envs.env.ReasoningEnv`, wrapped or not.
        levels: the tasks; all of the domain where None.

    Raises:
        ValueError: no level.
    """

    def __init__(self, env: gym.Env[Any, Any], levels: Sequence[str] | None = None) -> None:
        RecordConstructorArgs.__init__(self, levels=levels)
        super().__init__(env)
        known = env.get_wrapper_attr("domain").levels if levels is None else levels
        self.levels = tuple(known)
        if not self.levels:
            raise ValueError("an environment without a level has no tasks")
        self.task: str = self.levels[0]

    def change_task(self, new_task: str) -> None:
        """The level of the next episodes.

        Raises:
            ValueError: it is none of the levels.
        """
        if new_task not in self.levels:
            raise ValueError(f"there is no task {new_task!r}; known: {', '.join(self.levels)}")
        self.task = new_task

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None, new_task: str | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """A new episode of the task; a level or a problem in ``options`` goes before it."""
        if new_task is not None:
            self.change_task(new_task)
        chosen = dict(options or {})
        if "problem" not in chosen:
            chosen.setdefault("level", self.task)
        observation, info = self.env.reset(seed=seed, options=chosen)
        return observation, {**info, "task": self.task, "task_completion": 0.0}

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """One action."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        info["task"] = self.task
        info["task_completion"] = float(info["success"])
        return observation, reward, terminated, truncated, info


def syllabus_curriculum(curriculum: LevelCurriculum, **kwargs: Any) -> Any:
    """A curriculum over levels as a ``syllabus.core.Curriculum`` whose tasks are the numbers of the levels.

    Args:
        curriculum: is told of each episode, and draws.
        **kwargs: of ``syllabus.core.Curriculum``, as ``record_stats``.

    Raises:
        ModuleNotFoundError: Syllabus is not installed; the message says the cure.
    """
    try:
        from syllabus.core import Curriculum as Base
        from syllabus.task_space import DiscreteTaskSpace
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"this needs Syllabus, of which {error.name!r} is missing: pip install Syllabus-RL", name=error.name
        ) from error

    class Levels(Base):  # type: ignore[misc]  # Syllabus ships no types
        """Ours behind their interface."""

        def _sample_distribution(self) -> list[float]:
            chances: list[float] = curriculum.chances.tolist()
            return chances

        def update_on_episode(
            self, episode_return: float, length: int, task: Any, progress: float | bool, env_id: int | None = None
        ) -> None:
            super().update_on_episode(episode_return, length, task, progress, env_id)
            curriculum.record(Draw(curriculum.levels[int(task)]), _UNKNOWN, float(progress) >= 1.0)

    return Levels(DiscreteTaskSpace(len(curriculum.levels), list(curriculum.levels)), **kwargs)


_UNKNOWN = Problem("", "", "", "")
"""Syllabus tells the task of an episode, not its problem; levels are all that is recorded."""
