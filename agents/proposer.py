"""The proposer: draws problems where the solver has most to learn, and is paid for that.

It has one *arm* a kind of problem: the domain's levels (templates built backwards from a solution, in the shapes of the
target), and, where the domain offers ``scramble(rng, depth, letters)``, random walks of a given depth backwards from a
solved line, which know no target. An arm is drawn in proportion to its learnability 4p(1 - p), p being the solver's
recent rate of success there; that is also the proposer's reward. An arm that was never tried counts as learnable.
Source: Tzannetos et al., "Proximal curriculum for reinforcement learning agents", TMLR 2023, eq. 4 (p(1 - p)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.problems import split_of
from reasoning_envs.types import Problem

__all__ = ["Arm", "Proposal", "Proposer", "ProposerConfig", "draw_distinct"]

_TRIES = 50
"""Draws from an arm before a problem seen earlier will do: small levels run out of new ones."""


class Arm(NamedTuple):
    """A kind of problem. ``level`` names it; ``depth`` is 0 for the domain's own levels."""

    level: str
    depth: int = 0
    letters: bool = False


class Proposal(NamedTuple):
    """A problem and the number of the arm that it came from."""

    arm: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class ProposerConfig:
    """How arms are drawn.

    Attributes:
        levels: of the domain, all where empty. scramble_depths: of the scrambled arms; none where empty.
        scramble_share: of the problems that come from scrambled arms, in [0, 1].
        decay: of an arm's record with every iteration in which it was tried.
        least: is added to each learnability, so that what was mastered is tried again.
        remembered: canonical keys that are not proposed a second time, the newest so many.
    """

    levels: tuple[str, ...] = ()
    scramble_depths: tuple[int, ...] = (2, 3, 4, 5)
    scramble_share: float = 0.2
    decay: float = 0.8
    least: float = 0.05
    remembered: int = 100_000


class Proposer:
    """Draws training problems of one domain.

    Args:
        domain: makes them.
        config: see there.
        seed: of the draws.

    Raises:
        ValueError: the domain has no such level.
    """

    def __init__(self, domain: MoveDomain, config: ProposerConfig, seed: int = 0) -> None:
        unknown = set(config.levels) - set(domain.levels)
        if unknown:
            raise ValueError(f"no level {', '.join(sorted(unknown))}; {domain.name} has {', '.join(domain.levels)}")
        self.domain = domain
        self.config = config
        self.rng = np.random.default_rng(seed)
        self.arms = [Arm(level) for level in config.levels or domain.levels]
        if callable(getattr(domain, "scramble", None)):
            self.arms += [
                Arm(f"scrambled{'_letters' if letters else ''}-{depth}", depth, letters)
                for letters in (False, True)
                for depth in config.scramble_depths
            ]
        self.successes = np.zeros(len(self.arms))
        self.trials = np.zeros(len(self.arms))
        self._seen: dict[int, None] = {}
        self._empty: set[int] = set()

    @property
    def success(self) -> NDArray[np.float64]:
        """The solver's recent rate of success on each arm, in [0, 1]; one half where it was never tried."""
        return (self.successes + 0.5) / (self.trials + 1.0)

    @property
    def learnability(self) -> NDArray[np.float64]:
        """4p(1 - p) of each arm, in [0, 1]: the proposer's reward."""
        p = self.success
        return 4 * p * (1 - p)

    @property
    def chances(self) -> NDArray[np.float64]:
        """The probability with which each arm is drawn."""
        weights = self.learnability + self.config.least
        weights[sorted(self._empty)] = 0.0
        scrambled = np.array([arm.depth > 0 for arm in self.arms])
        share = self.config.scramble_share if scrambled.any() else 0.0
        for chosen, total in ((scrambled, share), (~scrambled, 1 - share)):
            if chosen.any():
                weights[chosen] *= total / weights[chosen].sum()
        chances: NDArray[np.float64] = weights / weights.sum()
        return chances

    def propose(self, count: int) -> list[Proposal]:
        """``count`` training problems, none of another split, and none twice where an arm has enough of them.

        An arm that turns out to hold no training problem is not drawn again.

        Raises:
            ValueError: no arm holds a training problem.
        """
        proposals: list[Proposal] = []
        while len(proposals) < count:
            if len(self._empty) == len(self.arms):
                raise ValueError(f"{self.domain.name}: none of the levels proposed from holds a training problem")
            for number in self.rng.choice(len(self.arms), size=count - len(proposals), p=self.chances).tolist():
                problem = self._draw(number)
                if problem is None:
                    self._empty.add(number)
                else:
                    proposals.append(Proposal(number, problem))
        return proposals

    def learn(self, arms: Sequence[int], successes: Sequence[bool]) -> None:
        """What became of proposed problems: one entry each."""
        tried = np.unique(np.asarray(arms, dtype=np.int64))
        self.successes[tried] *= self.config.decay
        self.trials[tried] *= self.config.decay
        np.add.at(self.successes, np.asarray(arms, dtype=np.int64), np.asarray(successes, dtype=np.float64))
        np.add.at(self.trials, np.asarray(arms, dtype=np.int64), 1.0)

    def _draw(self, number: int) -> Problem | None:
        repeated = None
        for _ in range(_TRIES):
            problem = self._make(self.arms[number])
            key = self.domain.canonical_key(problem)
            if split_of(key) != "train":
                continue
            digest = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
            if digest not in self._seen:
                self._seen[digest] = None
                if len(self._seen) > self.config.remembered:
                    del self._seen[next(iter(self._seen))]
                return problem
            repeated = problem
        return repeated

    def _make(self, arm: Arm) -> Problem:
        if arm.depth:
            scrambled: Problem = self.domain.scramble(self.rng, arm.depth, arm.letters)  # type: ignore[attr-defined]
            return scrambled
        return self.domain.sample(self.rng, arm.level)

    def state(self) -> dict[str, Any]:
        """For a checkpoint: plain data."""
        return {
            "arms": [arm.level for arm in self.arms],
            "successes": self.successes.tolist(),
            "trials": self.trials.tolist(),
            "rng": self.rng.bit_generator.state,
            "seen": torch.tensor(list(self._seen), dtype=torch.int64),
            "empty": sorted(self._empty),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`state`.

        Raises:
            ValueError: the state is of other arms.
        """
        if state["arms"] != [arm.level for arm in self.arms]:
            raise ValueError("the checkpoint's proposer had other levels: start a new run, or give it the same levels")
        self.successes = np.array(state["successes"])
        self.trials = np.array(state["trials"])
        self.rng.bit_generator.state = state["rng"]
        self._seen = dict.fromkeys(state["seen"].tolist())
        self._empty = set(state["empty"])


def draw_distinct(
    domain: MoveDomain, level: str, count: int, rng: np.random.Generator, split: str, *, tries: int = 100
) -> list[Problem]:
    """At most ``count`` problems of one level and one part of the split, no two with the same canonical key.

    Fewer where ``tries * count`` draws did not give more: some levels are small.
    """
    found: dict[str, Problem] = {}
    for _ in range(tries * count):
        if len(found) == count:
            break
        problem = domain.sample(rng, level)
        key = domain.canonical_key(problem)
        if split_of(key) == split:
            found.setdefault(key, problem)
    return list(found.values())
