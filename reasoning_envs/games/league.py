"""A league: snapshots of past players, whom to play next, and matches between them.

Opponents come from the newest part of the past (Bansal et al., "Emergent complexity via multi-agent competition", ICLR
2018, section 4: uniform over the last delta share), weighted by how the learner fares against them (prioritised
fictitious self-play, Vinyals et al., "Grandmaster level in StarCraft II using multi-agent reinforcement learning",
Nature 2019, methods: (1 - x)^p for hard opponents, x(1 - x) for those at eye level, x being the learner's win rate).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.games.game import Game
from reasoning_envs.games.protocol import GameError, RolePolicy

__all__ = ["WEIGHTINGS", "Pool", "Record", "Results", "play_match"]

WEIGHTINGS: dict[str, Callable[[NDArray[np.float64], float], NDArray[np.float64]]] = {
    "uniform": lambda rate, power: np.ones_like(rate),
    "hard": lambda rate, power: (1.0 - rate) ** power,
    "even": lambda rate, power: (rate * (1.0 - rate)) ** power,
}
"""By name, the weight of opponents from the learner's win rates against them, each in (0, 1)."""


class Record(NamedTuple):
    """Games of one player against another, as the first sees them."""

    wins: int = 0
    draws: int = 0
    losses: int = 0

    @property
    def games(self) -> int:
        """All of them."""
        return self.wins + self.draws + self.losses

    @property
    def decided(self) -> int:
        """Those that were no draw."""
        return self.wins + self.losses

    @property
    def score(self) -> float:
        """Wins and half the draws, as a share in [0, 1]; one half where nothing was played."""
        return (self.wins + 0.5 * self.draws) / self.games if self.games else 0.5

    @property
    def reversed(self) -> Record:
        """As the second sees them."""
        return Record(self.losses, self.draws, self.wins)

    def plus(self, other: Record) -> Record:
        """Both together."""
        return Record(self.wins + other.wins, self.draws + other.draws, self.losses + other.losses)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Wilson's interval of the share of decided games that were won; (0, 1) where none was decided."""
        from scipy.stats import binomtest

        if not self.decided:
            return 0.0, 1.0
        found = binomtest(self.wins, self.decided).proportion_ci(confidence, method="wilson")
        return float(found.low), float(found.high)


class Results:
    """Who did how against whom, both ways round; players are names, in the order in which they came."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], Record] = {}
        self._players: dict[str, None] = {}

    @property
    def players(self) -> list[str]:
        """All who played, the first first."""
        return list(self._players)

    def add(self, first: str, second: str, record: Record) -> None:
        """Games that were played.

        Raises:
            ValueError: a player against itself, which tells nothing, or a negative number.
        """
        if first == second:
            raise ValueError(f"{first!r} against itself tells nothing of either")
        if min(record) < 0:
            raise ValueError(f"numbers of games are 0 or more, got {record}")
        self._players.setdefault(first)
        self._players.setdefault(second)
        for pair, part in (((first, second), record), ((second, first), record.reversed)):
            self._records[pair] = self.between(*pair).plus(part)

    def between(self, first: str, second: str) -> Record:
        """As the first sees it; empty where they never met."""
        return self._records.get((first, second), Record())

    def matrix(self) -> NDArray[np.float64]:
        """[n, n] scores in [0, 1] of the row's player against the column's; NaN where they never met."""
        names = self.players
        return np.array(
            [
                [self.between(row, column).score if self.between(row, column).games else np.nan for column in names]
                for row in names
            ]
        ).reshape(len(names), len(names))

    def state(self) -> list[list[Any]]:
        """Plain data for a checkpoint: the two names, wins, draws, losses; each pair once."""
        names = self.players
        places = {name: index for index, name in enumerate(names)}
        pairs = [(a, b) for a, b in self._records if places[a] < places[b]]
        return [
            [a, b, *self._records[a, b]] for a, b in sorted(pairs, key=lambda pair: (places[pair[1]], places[pair[0]]))
        ]

    @classmethod
    def from_state(cls, state: Sequence[Sequence[Any]]) -> Results:
        """The inverse of :meth:`state`; players keep their order as far as it tells it."""
        found = cls()
        for first, second, wins, draws, losses in state:
            found.add(first, second, Record(wins, draws, losses))
        return found


class Pool:
    """Snapshots by name, the oldest first; whoever trains keeps the weights that belong to a name.

    Args:
        newest: delta, the share of the newest snapshots that opponents are drawn from, in (0, 1].
        weighting: a name of :data:`WEIGHTINGS`.
        power: p, above 0.

    Raises:
        ValueError: a number out of range, or no such weighting.
    """

    def __init__(self, newest: float = 0.5, weighting: str = "even", power: float = 1.0) -> None:
        if not 0.0 < newest <= 1.0:
            raise ValueError(f"newest is a share in (0, 1], got {newest!r}")
        if weighting not in WEIGHTINGS:
            raise ValueError(f"there is no weighting {weighting!r}; known: {', '.join(WEIGHTINGS)}")
        if not power > 0.0:
            raise ValueError(f"power must be above 0, got {power!r}")
        self.newest = newest
        self.weighting = weighting
        self.power = power
        self.names: list[str] = []

    def add(self, name: str) -> None:
        """A snapshot, newer than all others.

        Raises:
            ValueError: the name is taken.
        """
        if name in self.names:
            raise ValueError(f"there is a snapshot {name!r} already")
        self.names.append(name)

    def chances(self, learner: str, results: Results) -> dict[str, float]:
        """With which probability each of the newest snapshots is the learner's next opponent.

        A win rate is estimated as (wins + draws / 2 + 1/2) / (games + 1), so that nobody is written off unplayed.

        Raises:
            ValueError: there is no snapshot.
        """
        if not self.names:
            raise ValueError("there is no snapshot to play against: add one first")
        names = self.names[-ceil(self.newest * len(self.names)) :]
        records = [results.between(learner, name) for name in names]
        rates = np.array([(each.wins + 0.5 * each.draws + 0.5) / (each.games + 1.0) for each in records])
        weights = WEIGHTINGS[self.weighting](rates, self.power)
        return dict(zip(names, (weights / weights.sum()).tolist(), strict=True))

    def draw(self, rng: np.random.Generator, learner: str, results: Results) -> str:
        """The learner's next opponent.

        Raises:
            ValueError: there is no snapshot.
        """
        chances = self.chances(learner, results)
        return list(chances)[int(rng.choice(len(chances), p=list(chances.values())))]


def play_match(
    game: Game, roles: tuple[str, str], first: RolePolicy, second: RolePolicy, count: int, seed: int
) -> Record:
    """Games between two policies who take the two roles in turn; as the first sees them.

    Who is paid more has won; equal payment is a draw. Games that nobody could judge are left out, and others played in
    their place, up to twice as many.

    Args:
        game: of two roles that want the same; others are not to be there.
        roles: those two.
        first: a policy.
        second: another.
        count: games, an even number: each problem is played twice, with exchanged roles.
        seed: of the games and of all policies' draws.

    Raises:
        ValueError: the game has other roles, or the count is odd.
        GameError: too many games could not be judged.
    """
    if set(game.possible_agents) != set(roles) or count % 2 or count < 2:
        wrong = ", ".join(game.possible_agents)
        raise ValueError(f"a match takes an even number of games between two roles, got {count} and {wrong}")
    rng = np.random.default_rng(seed)
    record = Record()
    for _ in range(count):
        problem = int(rng.integers(2**31))
        for order in (roles, roles[::-1]):
            if record.games == count:
                return record
            policies = dict(zip(order, (first, second), strict=True))
            paid = _play(game, problem, policies, np.random.default_rng(rng.integers(2**63)))
            if paid is not None:
                mine, theirs = (paid[role] for role in order)
                record = record.plus(Record(int(mine > theirs), int(mine == theirs), int(mine < theirs)))
    if record.games < count:
        raise GameError(f"{game}: of {2 * count} games, {2 * count - record.games} could not be judged")
    return record


def _play(
    game: Game, seed: int, policies: Mapping[str, RolePolicy], rng: np.random.Generator
) -> dict[str, float] | None:
    """What each role was paid; None where nobody could judge it."""
    game.reset(seed=seed)
    paid = dict.fromkeys(game.possible_agents, 0.0)
    while not game.is_over:
        agent = game.agent_selection
        game.step(policies[agent](game.seats[agent], rng))
        for role, reward in game.rewards.items():
            paid[role] += reward
    return None if any(game.truncations.values()) else paid
