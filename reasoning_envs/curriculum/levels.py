"""Levels in proportion to what there is to learn in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.curriculum.protocol import Draw
from reasoning_envs.types import Problem

__all__ = ["LevelCurriculum"]


class LevelCurriculum:
    """Draws a level in proportion to its learnability 4p(1 - p), p being the recent rate of success there.

    Source: Tzannetos et al., "Proximal curriculum for reinforcement learning agents", TMLR 2023, eq. 4. A level that
    was never tried counts as p = 1/2, so that everything is tried; what was mastered, or is still too hard, is tried
    now and then.

    Args:
        levels: names.
        decay: weight of what was before in a level's record, in [0, 1), with every episode played there.
        least: is added to each learnability, above 0.

    Raises:
        ValueError: no level, one named twice, or a number out of range.
    """

    def __init__(self, levels: Sequence[str], decay: float = 0.98, least: float = 0.05) -> None:
        if not levels or len(set(levels)) < len(levels):
            raise ValueError(f"levels are different names, at least one; got {list(levels)}")
        if not 0.0 <= decay < 1.0 or not least > 0.0:
            raise ValueError(f"decay in [0, 1) and least above 0, got {decay!r} and {least!r}")
        self.levels = tuple(levels)
        self.decay = decay
        self.least = least
        self._successes = np.zeros(len(self.levels))
        self._trials = np.zeros(len(self.levels))

    @property
    def success(self) -> NDArray[np.float64]:
        """[n_levels] the recent rate of success, in (0, 1); one half where nothing was tried."""
        return (self._successes + 0.5) / (self._trials + 1.0)

    @property
    def chances(self) -> NDArray[np.float64]:
        """[n_levels] with which probability each level is drawn."""
        p = self.success
        weights = 4.0 * p * (1.0 - p) + self.least
        found: NDArray[np.float64] = weights / weights.sum()
        return found

    def draw(self, rng: np.random.Generator) -> Draw:
        """See :class:`~reasoning_envs.curriculum.protocol.Curriculum`."""
        return Draw(self.levels[int(rng.choice(len(self.levels), p=self.chances))])

    def record(self, draw: Draw, problem: Problem, solved: bool, score: float | None = None) -> None:
        """See :class:`~reasoning_envs.curriculum.protocol.Curriculum`.

        Raises:
            ValueError: no such level.
        """
        if draw.level not in self.levels:
            raise ValueError(f"there is no level {draw.level!r}; known: {', '.join(self.levels)}")
        place = self.levels.index(draw.level)
        self._successes[place] = self.decay * self._successes[place] + solved
        self._trials[place] = self.decay * self._trials[place] + 1.0

    def state(self) -> dict[str, Any]:
        """Plain data: by level the decayed numbers of successes and trials."""
        rows = zip(self.levels, self._successes.tolist(), self._trials.tolist(), strict=True)
        return {level: [successes, trials] for level, successes, trials in rows}

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`state`; levels that are not in it keep what they have."""
        for level, (successes, trials) in state.items():
            if level in self.levels:
                place = self.levels.index(level)
                self._successes[place], self._trials[place] = successes, trials
