"""The environments of the benchmark: an id, a level, and the dense signal that shapings make use of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import gymnasium as gym

import reasoning_envs
from reasoning_envs.benchmark.names import unknown
from reasoning_envs.revisits import NoRevisits
from reasoning_envs.types import Problem

__all__ = ["QUICK", "STANDARD", "TASKS", "Split", "Task", "open_task", "template_of"]

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Task:
    """One environment of the benchmark.

    Attributes:
        name: in tables.
        env: id in Gymnasium's registry; ``"module:id"`` imports a module first.
        level: of its problems; None: the environment's own mixture.
        signal: the dense PRM that ``signal`` means in a shaping; see :data:`reasoning_envs.benchmark.shapings.PRMS`.
        kwargs: further keywords of ``gymnasium.make``, plain data.
        warm_level: problems of the warm start; None: there is none.
        warm_share: of the budget in steps. Until then every arm is paid the true outcome alone, on ``warm_level``: a
            policy that can lose something is what a shaping may do harm to.
    """

    name: str
    env: str
    level: str | None = None
    signal: str = "oracle"
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    warm_level: str | None = None
    warm_share: float = 0.0

    def make(self, split: Split) -> gym.Env[Any, Any]:
        """A copy of the environment with the true reward, in which no move leads back to an earlier line.

        Raises:
            ValueError, TypeError: it does not exist, or does not take the level or the keywords.
        """
        kwargs: dict[str, Any] = {"split": split, **self.kwargs}
        if self.level is not None:
            kwargs["level"] = self.level
        env: gym.Env[Any, Any] = gym.make(self.env, **kwargs)
        return NoRevisits(env) if _has_candidates(env) else env


def _has_candidates(env: gym.Env[Any, Any]) -> bool:
    space = env.observation_space
    return isinstance(space, gym.spaces.Dict) and {"state", "candidates", "action_mask"} <= set(space.spaces)


_INTERPRETED = {"judge": "interpreter"}
"""Programs of the grammar are run by its own interpreter, so that what is measured is learning, on any machine."""

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("linear", "reasoning_envs/Algebra-v0", "linear-2"),
        Task("brackets", "reasoning_envs/Algebra-v0", "brackets-1"),
        Task("lines", "reasoning_envs/CodeLines-v0", "small-2", "values", _INTERPRETED),
        Task("repair", "reasoning_envs/CodeRepair-v0", "small-1", "tests", _INTERPRETED),
    )
}
"""By name; docs/benchmark.md says what a pilot showed of these levels."""

STANDARD = tuple(TASKS)
QUICK = ("linear", "lines")

_SIGNALS = {"CodeLines": "values", "CodeRepair": "tests"}


def open_task(name: str) -> Task:
    """The task that is meant.

    Args:
        name: of :data:`TASKS`; an id of Gymnasium's registry, with ``@LEVEL`` behind it where it has levels; or
            ``"module:Name"`` of a :class:`Task`.

    Raises:
        ValueError: there is no such task, id or level; close names are listed. TypeError: it names something else.
    """
    if name in TASKS:
        return TASKS[name]
    if "/" in name:
        return _of_registry(name)
    if ":" in name:
        from reasoning_envs.loading import load

        found = load(name)
        if not isinstance(found, Task):
            raise TypeError(f"{name!r} is a {type(found).__name__}, not a reasoning_envs.benchmark.Task")
        return found
    raise unknown("environment", name, TASKS, "An id with its level will do too: 'reasoning_envs/Algebra-v0@linear-1'.")


def _of_registry(name: str) -> Task:
    env_id, _, level = name.partition("@")
    try:
        gym.spec(env_id)
    except gym.error.Error:
        raise unknown(
            "environment", env_id, reasoning_envs.ENVIRONMENTS, "A name of the benchmark will do too."
        ) from None
    short = env_id.rpartition("/")[2].partition("-")[0]
    kwargs = _INTERPRETED if short in ("CodeLines", "CodeRepair", "CodePredict") else {}
    task = Task(name, env_id, level or None, _SIGNALS.get(short, "oracle"), kwargs)
    task.make("train").close()  # a level that does not exist is said here
    return task


_NUMBER = re.compile(r"\d+(\.\d+)?")
_CODE = ("synthesis", "repair", "deduction", "abduction", "induction")


def template_of(problem: Problem) -> str:
    """What a problem shares with its like: its statement without the numbers; of a program, the right one's."""
    text = problem.answer if problem.domain in _CODE and problem.answer else problem.statement
    return _NUMBER.sub("#", str(text))
