"""What a kind of task must offer to become an environment: one :class:`Domain`, in one file.

A domain that offers :meth:`MoveDomain.actions` gets the *moves* interface (``Discrete`` actions over candidate next
lines); one that offers :meth:`TextDomain.parse` gets the *text* interface. A domain may offer both.
States are immutable, hashable and picklable: search clones environments by keeping states.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from gymnasium.spaces import Dict
from numpy.typing import NDArray

from reasoning_envs.types import Problem, Verdict
from reasoning_envs.verifiers.protocol import Verifier

__all__ = [
    "Action",
    "Domain",
    "EncodedActions",
    "InputError",
    "MoveDomain",
    "ObservedDomain",
    "ReportingDomain",
    "TextDomain",
]

State = Any
"""A domain's own immutable, hashable, picklable state."""


class InputError(ValueError):
    """A problem or an action that cannot be read. The verdict says why (UNPARSED or UNSAFE) and where."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


class Action(Protocol):
    """One candidate next step of the moves interface, with what it leads to."""

    @property
    def rule(self) -> str:
        """Name of the rule or of the group; never shown to learned PRMs."""

    @property
    def state(self) -> Hashable:
        """The state after the action."""

    @property
    def is_step(self) -> bool:
        """False where the action only chooses a group of candidates: no verdict, no reward."""

    @property
    def verdict(self) -> Verdict:
        """Of the rule's certificate: sound, sound under conditions, or unsound."""

    def describe(self) -> str:
        """What is done, in words: ``"subtract 3*x from both sides"``."""


class EncodedActions(ABC):
    """A sequence of candidates that has the tokens of all of them at hand.

    Optional: a domain whose :meth:`MoveDomain.actions` gives one need not make the states that nobody looks at.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def rows(self) -> list[bytes]:
        """What :meth:`MoveDomain.tokens` gives for the state after each candidate."""


@runtime_checkable
class Domain(Protocol):
    """A kind of task.

    Attributes:
        name: ``"algebra"``.
        levels: names of the difficulties, easiest first.
        verifier: judges steps and outcomes.
    """

    @property
    def name(self) -> str:
        """Of the kind of task."""

    @property
    def levels(self) -> Sequence[str]:
        """Names of the difficulties."""

    @property
    def verifier(self) -> Verifier:
        """Judges steps and outcomes."""

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """A problem with its certificate. All randomness comes from ``rng``.

        Raises:
            ValueError: no such level; the message lists them.
        """

    def problem(self, statement: str) -> Problem:
        """A problem from anybody's text.

        Raises:
            InputError: the text is no problem of this domain.
        """

    def start(self, problem: Problem) -> State:
        """The state before the first step."""

    def apply(self, state: State, action: Any) -> State:
        """The state after an action that :meth:`MoveDomain.actions` or :meth:`TextDomain.parse` gave."""

    def is_final(self, state: State) -> bool:
        """The state has the form of an answer, right or wrong."""

    def text(self, state: State) -> str:
        """The current line, as a person reads it."""

    def canonical_key(self, problem: Problem) -> str:
        """What decides on which side of the split a problem stands: equal for problems that are the same up to names.

        Where the statement does not tell it (what a program does on inputs that are not shown), the generator keeps it
        as ``problem.metadata["key"]``.
        """

    def corrupt(self, state: State, rng: np.random.Generator) -> tuple[State, str]:
        """The state with one error put into its line, and the name of the kind of error."""


@runtime_checkable
class MoveDomain(Domain, Protocol):
    """A domain whose next steps can be enumerated.

    Attributes:
        max_actions: candidates at most (64); where more are legal, the first action chooses a group.
        max_tokens: length L of an encoded line at most; longer lines are not among the candidates.
    """

    @property
    def max_actions(self) -> int:
        """A, candidates at most."""

    @property
    def max_tokens(self) -> int:
        """L, tokens of a line at most."""

    def actions(self, state: State) -> Sequence[Action]:
        """The candidates, in a fixed order; empty in a final state."""

    def tokens(self, state: State) -> bytes:
        """The line as token ids, one byte each, at most ``max_tokens``, without padding."""


@runtime_checkable
class ObservedDomain(MoveDomain, Protocol):
    """A domain with moves that says itself what an agent sees.

    Agents that know nothing of the domain look for ``state`` [L], ``candidates`` [A * L] and ``action_mask`` [A], as
    :class:`reasoning_envs.interfaces.Moves` makes them; further keys are the domain's own. Flat arrays only:
    Stable-Baselines3 warns of every two-dimensional box.
    """

    @property
    def observation_space(self) -> Dict:
        """Of what :meth:`observe` gives."""

    def observe(self, state: State, actions: Sequence[Action]) -> dict[str, NDArray[Any]]:
        """What an agent sees in a state whose candidates these are; fresh arrays each time."""


@runtime_checkable
class ReportingDomain(Domain, Protocol):
    """A domain that has more to tell of an episode that is over."""

    def report(self, state: State, outcome: Verdict | None) -> Mapping[str, bool | int | float]:
        """Further entries of the last ``info``, the same keys and types for every episode.

        Args:
            state: the last one.
            outcome: the verdict on the whole; None where no answer was reached.
        """


@runtime_checkable
class TextDomain(Domain, Protocol):
    """A domain whose steps are written as text."""

    def parse(self, state: State, text: str) -> Any:
        """The action that a text means, for :meth:`Domain.apply`.

        Raises:
            InputError: the text is no step; its verdict has the status and the reason.
        """
