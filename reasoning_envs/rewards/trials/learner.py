"""A learner for small worlds: one linear policy for all of them, policy gradient, rewards from whoever pays.

It is small on purpose. Its policy generalises (a feature learned in one world counts in all others), so that outcomes
of some problems can rescue others; and one run takes seconds, so that an experiment can have ten seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.trials.worlds import FEATURES, World

__all__ = ["Episode", "Learning", "Payer", "Progress", "learn"]

Floats = NDArray[np.float64]


class Episode(NamedTuple):
    """What was done in one world.

    Attributes:
        world: its place. steps: places of the steps, [n].
        ended, right: it came to an answer; to the right one.
    """

    world: int
    steps: tuple[int, ...]
    ended: bool
    right: bool


class Payer(Protocol):
    """Says what an episode is paid."""

    def __call__(self, episode: Episode, progress: float) -> Floats:
        """The rewards.

        Args:
            episode: of one step or more.
            progress: share of the training that is over, in [0, 1).

        Returns:
            [n], one a step.
        """


@dataclass(frozen=True, slots=True)
class Learning:
    """How it learns.

    Attributes:
        updates: of the policy. groups: worlds an update. copies: episodes of each of them.
        horizon: steps of an episode at most.
        rate: of Adam. entropy: bonus for a policy that stays broad.
        every: updates between two measurements.
    """

    updates: int = 200
    groups: int = 8
    copies: int = 8
    horizon: int = 10
    rate: float = 0.05
    entropy: float = 0.01
    every: int = 20


class Progress(NamedTuple):
    """What was measured at one moment of a training.

    Attributes:
        update: before which. sampled: the exact chance of a right answer, mean over the worlds.
        greedy: share of the worlds that the likeliest steps solve. steps: mean length of an episode.
        paid: mean of what an episode was paid since the last measurement; NaN at the start.
        episodes, scores: those since then, and what each was paid.
    """

    update: int
    sampled: float
    greedy: float
    steps: float
    paid: float
    episodes: tuple[Episode, ...]
    scores: Floats


def learn(worlds: Sequence[World], payer: Payer, seed: int, how: Learning | None = None) -> list[Progress]:
    """Train a fresh policy on the worlds; returns what was measured, the first before any update."""
    how = how or Learning()
    rng = np.random.default_rng(seed)
    weights = np.zeros(FEATURES)
    first, second = np.zeros(FEATURES), np.zeros(FEATURES)
    packed = [_Packed(world) for world in worlds]
    found: list[Progress] = []
    episodes: list[Episode] = []
    scores: list[float] = []
    for update in range(how.updates + 1):
        if update % how.every == 0 or update == how.updates:
            found.append(_measured(packed, weights, how, update, episodes, scores))
            episodes, scores = [], []
        if update == how.updates:
            break
        gradient = np.zeros(FEATURES)
        for place in rng.integers(len(worlds), size=how.groups).tolist():
            group = packed[place].episodes(place, weights, how, rng)
            rewards = [payer(episode, update / how.updates) for episode in group]
            packed[place].push(gradient, weights, group, rewards, how)
            episodes += group
            scores += [float(paid.sum()) for paid in rewards]
        gradient /= how.groups * how.copies
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        number = update + 1
        weights += how.rate * (first / (1 - 0.9**number)) / (np.sqrt(second / (1 - 0.99**number)) + 1e-6)
    return found


def _measured(
    packed: Sequence[_Packed],
    weights: Floats,
    how: Learning,
    update: int,
    episodes: Sequence[Episode],
    scores: Sequence[float],
) -> Progress:
    sampled, greedy = [], []
    for each in packed:
        chances = each.chances(weights)
        sampled.append(each.world.success(chances, how.horizon))
        greedy.append(each.world.success(each.greedy(chances), how.horizon))
    lengths = [len(episode.steps) for episode in episodes]
    return Progress(
        update,
        float(np.mean(sampled)),
        float(np.mean(greedy)),
        float(np.mean(lengths)) if lengths else 0.0,
        float(np.mean(scores)) if scores else float("nan"),
        tuple(episodes),
        np.array(scores),
    )


class _Packed:
    """A world as a policy uses it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.source = world.source
        self._first = world.first.tolist()
        self._target = world.target.tolist()
        self._final = world.final.tolist()

    def chances(self, weights: Floats) -> Floats:
        """Of each step where it can be taken, [E]."""
        logits = weights[self.world.features].sum(axis=1)
        starts = self.world.first[:-1]
        led = np.flatnonzero(np.diff(self.world.first))
        top = np.zeros(len(self.world.lines))
        top[led] = np.maximum.reduceat(logits, starts[led]) if len(led) else 0.0
        grown = np.exp(logits - top[self.source])
        total = np.bincount(self.source, weights=grown, minlength=len(self.world.lines))
        return np.asarray(grown / total[self.source])

    def greedy(self, chances: Floats) -> Floats:
        """1 for the likeliest step of each line, the first of equal ones."""
        best = np.zeros(len(chances))
        for low, high in zip(self._first, self._first[1:], strict=False):
            if high > low:
                best[low + int(chances[low:high].argmax())] = 1.0
        return best

    def episodes(self, place: int, weights: Floats, how: Learning, rng: np.random.Generator) -> list[Episode]:
        """Some by the policy."""
        sums = np.cumsum(self.chances(weights))
        return [self._episode(place, sums, how.horizon, rng) for _ in range(how.copies)]

    def _episode(self, place: int, sums: Floats, horizon: int, rng: np.random.Generator) -> Episode:
        line = 0
        steps: list[int] = []
        for draw in rng.random(horizon).tolist():
            low, high = self._first[line], self._first[line + 1]
            before = sums[low - 1] if low else 0.0
            step = int(np.searchsorted(sums[low:high], before + draw * (sums[high - 1] - before), side="right"))
            step = min(low + step, high - 1)
            steps.append(step)
            line = self._target[step]
            if self._final[line]:
                return Episode(place, tuple(steps), True, bool(self.world.right[line]))
        return Episode(place, tuple(steps), False, False)

    def push(
        self, gradient: Floats, weights: Floats, group: Sequence[Episode], rewards: Sequence[Floats], how: Learning
    ) -> None:
        """Add the policy gradient of a group: rewards to go, less what the group has at the same time on average."""
        to_go = np.zeros((len(group), how.horizon))
        for row, paid in enumerate(rewards):
            to_go[row, : len(paid)] = paid[::-1].cumsum()[::-1]
        advantages = to_go - to_go.mean(axis=0)  # an episode that is over earns nothing more
        chances = self.chances(weights)
        pull = np.zeros(len(chances))
        visits = np.zeros(len(self.world.lines))
        worth = np.zeros(len(self.world.lines))
        for row, episode in enumerate(group):
            for time, step in enumerate(episode.steps):
                pull[step] += advantages[row, time]
                line = self.source[step]
                visits[line] += 1.0
                worth[line] += advantages[row, time]
        pull -= worth[self.source] * chances
        if how.entropy:
            logs = np.log(np.maximum(chances, 1e-12))
            mean = np.bincount(self.source, weights=chances * logs, minlength=len(visits))
            pull -= how.entropy * visits[self.source] * chances * (logs - mean[self.source])
        np.add.at(gradient, self.world.features, pull[:, None])


PayerOf = Callable[[Sequence[World]], Payer]
"""Makes a payer for worlds."""
