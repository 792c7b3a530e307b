"""What a game is made of: desks at which roles choose moves, makers of problems, and policies that play a role.

A *desk* is the part of a :class:`~reasoning_envs.domains.protocol.MoveDomain` that choosing needs, so that every such
domain is one. A *maker* is a desk at which a problem is built, move by move, from what is known to be its solution.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from reasoning_envs.domains.protocol import Action, MoveDomain
from reasoning_envs.types import Problem

if TYPE_CHECKING:
    from reasoning_envs.games.seat import Seat

__all__ = ["Dealer", "Desk", "GameError", "Maker", "RolePolicy"]


class GameError(RuntimeError):
    """A game that cannot go on: a policy that failed, or roles that never come to a playable problem."""


@runtime_checkable
class Desk(Protocol):
    """Where moves are chosen. States are immutable, hashable and picklable, as those of a domain."""

    @property
    def name(self) -> str:
        """Of what is done here."""

    @property
    def max_actions(self) -> int:
        """A, candidates at most."""

    @property
    def max_tokens(self) -> int:
        """L, tokens of a line at most."""

    def actions(self, state: Any) -> Sequence[Action]:
        """The candidates, in a fixed order; empty in a final state."""

    def tokens(self, state: Any) -> bytes:
        """What the state shows as token ids, one byte each and none of them 0, at most ``max_tokens``."""

    def text(self, state: Any) -> str:
        """The same for a person."""

    def is_final(self, state: Any) -> bool:
        """Nothing more is to be done."""


@runtime_checkable
class Maker(Desk, Protocol):
    """A desk at which problems are built backwards from a solution, so that each carries its certificate.

    Attributes:
        domains: of the problems that it makes; the domain of a problem is found by its name.
    """

    @property
    def domains(self) -> Sequence[MoveDomain]:
        """Of the problems."""

    def begin(self, rng: np.random.Generator) -> Hashable:
        """The state before the first move: a solution and no problem yet. All randomness comes from ``rng``."""

    def made(self, state: Any) -> Problem:
        """The problem that a final state is, with its certificate.

        Raises:
            InputError: it is none; the reason says why.
        """


class RolePolicy(Protocol):
    """Plays a role: gives the index of a candidate. It sees the role's own seat and nothing else of the game."""

    def __call__(self, seat: Seat, rng: np.random.Generator) -> int:
        """The index; all randomness comes from ``rng``."""


@runtime_checkable
class Dealer(Protocol):
    """In place of a proposer's policy: problems that are not built move by move."""

    def deal(self, rng: np.random.Generator) -> Problem:
        """A problem of one of the domains that the game plays."""
