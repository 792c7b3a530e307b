"""The two ways into a domain: choosing among candidate moves, and writing the next line as text.

An interface knows its spaces, what an action does to a state, and what an agent sees. It holds no episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as as_index
from typing import Any, Literal

import numpy as np
from gymnasium.spaces import Discrete
from numpy.typing import NDArray

from reasoning_envs.domains.protocol import Action, Domain, EncodedActions, MoveDomain, ObservedDomain, TextDomain
from reasoning_envs.spaces import TokenRows, Transcript

__all__ = ["INTERFACES", "MAX_LINE", "InterfaceName", "Moves", "Writing"]

InterfaceName = Literal["moves", "text"]
INTERFACES: tuple[InterfaceName, ...] = ("moves", "text")

MAX_LINE = 2000
"""Characters in a text of the action space. Longer ones are taken and judged too: they come back UNSAFE or UNPARSED."""


class Moves:
    """An action is an index into the candidates, of which at most A = ``domain.max_actions`` are shown.

    Observations are ``{"state": [L], "candidates": [A * L], "action_mask": [A]}``: the current line and what each
    candidate leads to, as token ids (uint8, 0 pads), and 1 (int8) for each candidate there is. Candidates stand at
    the front in the domain's order. A domain that is an :class:`~reasoning_envs.domains.protocol.ObservedDomain` has
    an observation of its own.

    Raises:
        TypeError: the domain offers no moves.
    """

    def __init__(self, domain: Domain) -> None:
        if not isinstance(domain, MoveDomain):
            raise TypeError(f"the domain {domain.name!r} offers no moves (no method 'actions'): use interface='text'")
        self._domain = domain
        self._length = domain.max_tokens
        self._count = domain.max_actions
        self._rows = TokenRows(self._count, self._length)
        self._own = domain if isinstance(domain, ObservedDomain) else None
        self.action_space = Discrete(self._count)
        self.observation_space = self._rows.space() if self._own is None else self._own.observation_space

    def candidates(self, state: Any) -> Sequence[Action]:
        """The candidates in a state that is not final.

        Raises:
            RuntimeError: the domain broke its promise and gave more than ``max_actions``.
        """
        actions = self._domain.actions(state)
        if len(actions) > self._count:
            raise RuntimeError(f"{self._domain.name} gave {len(actions)} actions, {self._count} at most were promised")
        return actions

    def read(self, action: Any) -> int:
        """The index that an action means.

        Raises:
            TypeError: it is no integer. ValueError: it is out of range.
        """
        try:
            index = as_index(action)
        except TypeError:
            raise TypeError(
                f"an action of this environment is an integer from 0 to {self._count - 1}, got {action!r:.80}"
            ) from None
        if not 0 <= index < self._count:
            raise ValueError(
                f"action {index} is out of range: 0 to {self._count - 1} (one of {self._count} candidates)"
            )
        return index

    def observe(self, state: Any, actions: Sequence[Action]) -> dict[str, NDArray[Any]]:
        """What an agent sees; fresh arrays each time.

        Raises:
            RuntimeError: the domain broke its promise and encoded a line in more than ``max_tokens``.
        """
        if self._own is not None:
            return self._own.observe(state, actions)
        tokens = self._domain.tokens
        rows = actions.rows if isinstance(actions, EncodedActions) else [tokens(action.state) for action in actions]
        try:
            return self._rows.pack(tokens(state), rows)
        except ValueError as error:
            raise RuntimeError(f"{self._domain.name} {error}") from error

    def mask(self, actions: Sequence[Action]) -> NDArray[np.bool_]:
        """[A] bool: True for each candidate there is."""
        mask = np.zeros(self._count, np.bool_)
        mask[: len(actions)] = True
        return mask

    def refusal(self, state: Any) -> str | None:
        """Why an episode cannot start in a state, or None."""
        length = len(self._domain.tokens(state))
        return f"the line takes {length} tokens, {self._length} at most can be shown" if length > self._length else None


class Writing:
    """An action is the next line as text; the observation is the transcript: the prompt, and all lines that stand.

    The last line of an observation is always the current line. A transcript that outgrows its space loses its front.

    Args:
        domain: reads the lines.
        max_steps: of an episode; it bounds the transcript.

    Raises:
        TypeError: the domain reads no text.
    """

    def __init__(self, domain: Domain, max_steps: int) -> None:
        if not isinstance(domain, TextDomain):
            raise TypeError(f"the domain {domain.name!r} reads no text (no method 'parse'): use interface='moves'")
        self._domain = domain
        self.action_space = Transcript(MAX_LINE)
        self.observation_space = Transcript((max_steps + 2) * (MAX_LINE + 1), max_lines=4)

    def apply(self, state: Any, text: str) -> Any:
        """The state after a line.

        Raises:
            InputError: the text is no step. TypeError: it is no text.
        """
        if not isinstance(text, str):
            raise TypeError(f"an action of this environment is the next line as a str, got {text!r:.80}")
        return self._domain.apply(state, self._domain.parse(state, text))

    def observe(self, prompt: str, lines: Sequence[str]) -> str:
        """The transcript."""
        return "\n".join((prompt, *lines))[-self.observation_space.max_length :]

    def refusal(self, state: Any) -> str | None:
        """Why an episode cannot start in a state, or None."""
        return None
