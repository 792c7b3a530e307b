"""Replay of single problems on which there was much to learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.curriculum.protocol import Curriculum, Draw
from reasoning_envs.types import Problem

__all__ = ["ProblemReplay"]


class ProblemReplay:
    """Prioritised level replay (PLR) round another curriculum: problems met before come again, by their last score.

    Source: Jiang, Grefenstette and Rocktäschel, "Prioritized level replay", ICML 2021. A problem's chance is
    (1 - staleness) * P_score + staleness * P_stale (eq. 2): P_score in proportion to (1 / rank)^(1 / temperature) of
    the scores (eq. 3), P_stale to the number of episodes since the problem was played. Their "level" is one problem
    here, what here is called a level is a kind of problem.

    A problem's score is what the learner tells; where it tells nothing it is 4p(1 - p) of the problem's own record,
    with half a success and half a failure as a prior.

    Args:
        fresh: says which level a new problem is drawn of.
        capacity: problems that are kept; the one with the lowest chance goes first.
        replay: the probability of an old problem, in [0, 1], once there are ``warm`` of them.
        warm: problems before the first is replayed.
        temperature: beta, above 0. staleness: rho, in [0, 1].

    Raises:
        ValueError: a number out of range.
    """

    def __init__(
        self,
        fresh: Curriculum,
        capacity: int = 4000,
        replay: float = 0.5,
        warm: int = 100,
        temperature: float = 0.1,
        staleness: float = 0.1,
    ) -> None:
        shares = 0.0 <= replay <= 1.0 and 0.0 <= staleness <= 1.0
        if not (shares and capacity >= 1 and 1 <= warm <= capacity and temperature > 0.0):
            raise ValueError(
                "replay and staleness are in [0, 1], temperature is above 0, warm from 1 to capacity; got "
                f"{replay}, {staleness}, {temperature}, {warm} and {capacity}"
            )
        self.fresh = fresh
        self.capacity = capacity
        self.replay = replay
        self.warm = warm
        self.temperature = temperature
        self.staleness = staleness
        self._problems: dict[str, Problem] = {}
        self._levels: dict[str, str] = {}
        self._scores: dict[str, float] = {}
        self._played: dict[str, int] = {}
        self._records: dict[str, tuple[int, int]] = {}
        self._episodes = 0

    def __len__(self) -> int:
        return len(self._problems)

    @property
    def chances(self) -> dict[str, float]:
        """By a problem's id, with which probability it is the one that is replayed."""
        names = list(self._problems)
        if not names:
            return {}
        scores = np.array([self._scores[name] for name in names])
        ranks = np.empty(len(names))
        ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(names) + 1)
        by_score = self._share((1.0 / ranks) ** (1.0 / self.temperature))
        by_age = self._share(np.array([float(self._episodes - self._played[name]) for name in names]))
        mixed = (1.0 - self.staleness) * by_score + self.staleness * by_age
        return dict(zip(names, mixed.tolist(), strict=True))

    def _share(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        total = weights.sum()
        found: NDArray[np.float64] = weights / total if total > 0.0 else np.full(len(weights), 1.0 / len(weights))
        return found

    def draw(self, rng: np.random.Generator) -> Draw:
        """See :class:`~reasoning_envs.curriculum.protocol.Curriculum`."""
        if len(self) >= self.warm and rng.random() < self.replay:
            chances = self.chances
            shares = np.array(list(chances.values()))
            name = list(chances)[int(rng.choice(len(chances), p=shares / shares.sum()))]
            return Draw(self._levels[name], self._problems[name])
        return self.fresh.draw(rng)

    def record(self, draw: Draw, problem: Problem, solved: bool, score: float | None = None) -> None:
        """See :class:`~reasoning_envs.curriculum.protocol.Curriculum`; new problems are told to ``fresh``, too.

        Raises:
            ValueError: a score below 0, or none that is a number.
        """
        if score is not None and not (np.isfinite(score) and score >= 0.0):
            raise ValueError(f"a score is a number from 0 on, got {score!r}")
        if draw.problem is None:
            self.fresh.record(draw, problem, solved, score)
        self._episodes += 1
        name = problem.id
        tried, succeeded = self._records.get(name, (0, 0))
        self._records[name] = tried + 1, succeeded + solved
        p = (succeeded + solved + 0.5) / (tried + 2.0)
        self._problems[name] = problem
        self._levels[name] = draw.level
        self._scores[name] = 4.0 * p * (1.0 - p) if score is None else float(score)
        self._played[name] = self._episodes
        if len(self) > self.capacity:
            self._drop(name)

    def _drop(self, newest: str) -> None:
        chances = self.chances
        name = min((each for each in chances if each != newest), key=lambda each: (chances[each], each))
        for table in (self._problems, self._levels, self._scores, self._played, self._records):
            del table[name]

    def state(self) -> dict[str, Any]:
        """Plain data: the problems with what is known of them, and the state of ``fresh``."""
        rows = [
            [
                self._problems[name].to_json(),
                self._levels[name],
                self._scores[name],
                self._played[name],
                *self._records[name],
            ]
            for name in self._problems
        ]
        return {"fresh": self.fresh.state(), "episodes": self._episodes, "problems": rows}

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`state`."""
        self.fresh.restore(state["fresh"])
        self._episodes = int(state["episodes"])
        for table in (self._problems, self._levels, self._scores, self._played, self._records):
            table.clear()
        for text, level, score, played, tried, succeeded in state["problems"]:
            problem = Problem.from_json(text)
            name = problem.id
            self._problems[name], self._levels[name], self._scores[name] = problem, level, score
            self._played[name], self._records[name] = played, (tried, succeeded)
