"""What a curriculum is."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from reasoning_envs.types import Problem

__all__ = ["Curriculum", "Draw"]


class Draw(NamedTuple):
    """What is to be played next: a level, or one very problem.

    Attributes:
        level: to draw a problem of; of the problem, where there is one.
        problem: met before; None for a new one of the level.
    """

    level: str
    problem: Problem | None = None


@runtime_checkable
class Curriculum(Protocol):
    """Says what to play next, and is told how it went."""

    def draw(self, rng: np.random.Generator) -> Draw:
        """What is to be played next; all randomness comes from ``rng``."""

    def record(self, draw: Draw, problem: Problem, solved: bool, score: float | None = None) -> None:
        """How it went.

        Args:
            draw: what this curriculum gave.
            problem: that was played.
            solved: verified right.
            score: what the learner can tell of how much there was to learn, 0 or more: the mean absolute error of its
                value function, for instance. None where it tells nothing.
        """

    def state(self) -> dict[str, Any]:
        """Plain data for a checkpoint."""

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`state`."""
