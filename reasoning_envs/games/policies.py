"""Policies that play a role: at random, by size, a trained model's; and dealers in place of a proposer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reasoning_envs.domains.protocol import Domain, EncodedActions, MoveDomain
from reasoning_envs.games.seat import DeskSeat, Seat, SolverSeat
from reasoning_envs.loading import open_domain
from reasoning_envs.problems import ProblemSource, split_of
from reasoning_envs.types import Problem

__all__ = ["Predicting", "Scrambled", "Templates", "shortest", "uniform"]

_TRIES = 1000


def uniform(seat: Seat, rng: np.random.Generator) -> int:
    """Any candidate, all alike."""
    return int(rng.integers(len(seat.candidates)))


def shortest(seat: Seat, rng: np.random.Generator) -> int:
    """The candidate with the fewest tokens; among equals at random. A floor for roles that solve."""
    candidates = seat.candidates
    if isinstance(candidates, EncodedActions):
        lengths = [len(row) for row in candidates.rows]
    else:
        desk = _desk(seat)
        lengths = [len(desk.tokens(action.state)) for action in candidates]
    best = [index for index, length in enumerate(lengths) if length == min(lengths)]
    return best[int(rng.integers(len(best)))]


class Predicting:
    """A trained model of Stable-Baselines3, or whatever has its ``predict``.

    Args:
        model: ``predict(observation, deterministic=..., action_masks=...)`` gives the action first.
        deterministic: the likeliest action; else one is drawn, from the model's own generator.
    """

    def __init__(self, model: Any, deterministic: bool = False) -> None:
        self.model = model
        self.deterministic = deterministic

    def __call__(self, seat: Seat, rng: np.random.Generator) -> int:
        """The model's action."""
        action, _ = self.model.predict(seat.observation(), deterministic=self.deterministic, action_masks=seat.mask())
        return int(action)


class Templates:
    """Deals the problems of a domain's own generator, in the shapes of the target.

    Args:
        domain: an object, or ``"module:Name"``.
        level: one, several, or None for the domain's mixture.
        split: of the problems.
        **domain_kwargs: of a domain that is named by string.
    """

    def __init__(
        self, domain: Domain | str, level: str | Sequence[str] | None = None, split: str = "train", **domain_kwargs: Any
    ) -> None:
        opened = open_domain(domain, domain_kwargs)
        self._source = ProblemSource(opened, split=split, level=level, problems=None, refusal=lambda problem: None)

    def deal(self, rng: np.random.Generator) -> Problem:
        """See :class:`~reasoning_envs.games.protocol.Dealer`."""
        return self._source.draw(rng)


class Scrambled:
    """Deals random walks backwards from a solution, which know no target.

    Args:
        domain: with ``scramble(rng, depth, letters)``; an object, or ``"module:Name"``.
        depths: of which one is drawn each time. letters: as coefficients.
        split: of the problems.
        **domain_kwargs: of a domain that is named by string.

    Raises:
        TypeError: the domain cannot scramble.
    """

    def __init__(
        self,
        domain: Domain | str,
        depths: Sequence[int] = (2, 3, 4, 5),
        letters: bool = False,
        split: str = "train",
        **domain_kwargs: Any,
    ) -> None:
        self._domain = open_domain(domain, domain_kwargs)
        self._scramble = getattr(self._domain, "scramble", None)
        if not callable(self._scramble):
            raise TypeError(f"{self._domain.name} has no method 'scramble': use Templates")
        self._depths = tuple(depths)
        self._letters = letters
        self._split = split

    def deal(self, rng: np.random.Generator) -> Problem:
        """See :class:`~reasoning_envs.games.protocol.Dealer`.

        Raises:
            ValueError: no problem of the split among 1,000.
        """
        assert self._scramble is not None
        for _ in range(_TRIES):
            depth = self._depths[int(rng.integers(len(self._depths)))]
            problem: Problem = self._scramble(rng, depth, self._letters)
            if split_of(self._domain.canonical_key(problem)) == self._split:
                return problem
        raise ValueError(f"{self._domain.name}: {_TRIES} scrambled problems, none of the split {self._split!r}")


def _desk(seat: Seat) -> Any:
    if isinstance(seat, DeskSeat):
        return seat.desk
    assert isinstance(seat, SolverSeat)
    assert seat.env is not None
    assert isinstance(seat.env.domain, MoveDomain)
    return seat.env.domain
