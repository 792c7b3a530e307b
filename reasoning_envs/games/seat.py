"""A role's place at a game: a desk, the state on it, what may be done, and what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import index as as_index
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete
from numpy.typing import NDArray

from reasoning_envs.domains.protocol import Action, EncodedActions, MoveDomain
from reasoning_envs.env import MAX_CHOICES, ReasoningEnv
from reasoning_envs.games.protocol import Desk
from reasoning_envs.spaces import TokenRows
from reasoning_envs.types import Problem, Verdict

__all__ = ["DeskSeat", "Seat", "SolverSeat", "zeros"]


class Seat:
    """What all seats offer. A seat is empty until somebody sits down, and when the game is over.

    Observations are ``{"state": [L], "candidates": [A * L], "action_mask": [A]}`` as those of the environments, with
    ``context`` [C], tokens of what the role knows beside its own line, where ``context`` is above 0.

    Args:
        actions: A, candidates at most. tokens: L, tokens of a line at most. max_steps: reasoning steps at most.
        context: C.

    Attributes:
        end: why nothing more is done here; empty while something is.
    """

    def __init__(self, actions: int, tokens: int, max_steps: int, context: int = 0) -> None:
        if max_steps < 1:
            raise ValueError(f"max_steps must be 1 or more, got {max_steps}")
        self.max_steps = max_steps
        self._rows = TokenRows(actions, tokens)
        self._context = context
        self._known = b""
        more = {"context": Box(0, 255, (context,), np.uint8)} if context else {}
        self.observation_space: Dict = self._rows.space(**more)
        self.action_space = Discrete(actions)
        self.end = "empty"

    @property
    def over(self) -> bool:
        """Nothing more is done here."""
        return bool(self.end)

    @property
    def candidates(self) -> Sequence[Action]:
        """What may be done now; empty where nothing is."""
        raise NotImplementedError

    @property
    def state(self) -> Any:
        """Of the desk."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """The line as a person reads it; empty where nobody sits."""
        raise NotImplementedError

    @property
    def steps(self) -> int:
        """Reasoning steps so far."""
        raise NotImplementedError

    def move(self, action: Any) -> dict[str, Any]:
        """Take a candidate.

        Returns:
            ``step``, ``illegal``, ``verdict``, ``end``: as those of :class:`~reasoning_envs.env.ReasoningEnv`.

        Raises:
            TypeError: no integer. ValueError: out of range.
        """
        raise NotImplementedError

    def know(self, tokens: bytes) -> None:
        """What the role is shown beside its own line, from now on."""
        self._known = tokens[: self._context]

    def mask(self) -> NDArray[np.bool_]:
        """[A] bool: True for each candidate there is."""
        mask = np.zeros(int(self.action_space.n), np.bool_)
        mask[: len(self.candidates)] = True
        return mask

    def observation(self) -> dict[str, NDArray[Any]]:
        """What the role sees; fresh arrays each time, all zero in an empty seat."""
        raise NotImplementedError

    def _with_context(self, shown: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        if self._context:
            shown["context"] = np.frombuffer(bytearray(self._known.ljust(self._context, b"\x00")), np.uint8)
        return shown

    def _packed(self, desk: Desk, state: Any, candidates: Sequence[Action]) -> dict[str, NDArray[Any]]:
        if isinstance(candidates, EncodedActions):
            rows = candidates.rows
        else:
            rows = [desk.tokens(action.state) for action in candidates]
        return self._with_context(self._rows.pack(desk.tokens(state), rows))


class DeskSeat(Seat):
    """A seat at a desk.

    Args:
        desk: where to sit.
        max_steps, context: see :class:`Seat`.
    """

    def __init__(self, desk: Desk, max_steps: int, context: int = 0) -> None:
        super().__init__(desk.max_actions, desk.max_tokens, max_steps, context)
        self.desk = desk
        self._state: Any = None
        self._candidates: Sequence[Action] = ()
        self._steps = 0
        self._choices = 0
        self._limit = max_steps

    def sit(self, state: Any, max_steps: int | None = None) -> None:
        """Begin at a state; with ``max_steps`` for this time where it is given."""
        self._limit = self.max_steps if max_steps is None else max_steps
        self._steps = self._choices = 0
        self._known = b""
        self._enter(state)

    def leave(self) -> None:
        """Nobody sits here."""
        self._state, self._candidates, self.end = None, (), "empty"
        self._steps = self._choices = 0
        self._known = b""

    def _enter(self, state: Any) -> None:
        self._state = state
        final = self.desk.is_final(state)
        self._candidates = () if final else self.desk.actions(state)
        self.end = "done" if final else "" if self._candidates else "stuck"

    @property
    def candidates(self) -> Sequence[Action]:
        """See :class:`Seat`."""
        return () if self.over else self._candidates

    @property
    def state(self) -> Any:
        """See :class:`Seat`."""
        return self._state

    @property
    def text(self) -> str:
        """See :class:`Seat`."""
        return "" if self._state is None else self.desk.text(self._state)

    @property
    def steps(self) -> int:
        """See :class:`Seat`."""
        return self._steps

    def move(self, action: Any) -> dict[str, Any]:
        """See :class:`Seat`."""
        index = _index(action, int(self.action_space.n))
        verdict: Verdict | None = None
        illegal = index >= len(self.candidates)
        if illegal:
            self._steps += 1
        else:
            chosen = self._candidates[index]
            if chosen.is_step:
                self._steps += 1
                verdict = chosen.verdict
            else:
                self._choices += 1
            self._enter(chosen.state)
        if not self.end and (self._steps >= self._limit or self._choices >= MAX_CHOICES * self._limit):
            self.end = "step limit"
        return {"step": verdict is not None, "illegal": illegal, "verdict": verdict, "end": self.end}

    def observation(self) -> dict[str, NDArray[Any]]:
        """See :class:`Seat`."""
        if self._state is None:
            return self._with_context(self._rows.pack(b"", []))
        return self._packed(self.desk, self._state, self.candidates)


class SolverSeat(Seat):
    """A seat at which a problem is solved, in a :class:`~reasoning_envs.env.ReasoningEnv`.

    With one domain the observations are those of its environment. With several they are tokens alone, as wide as the
    widest domain needs.

    Args:
        domains: of the problems, each with its own name.
        max_steps, context: see :class:`Seat`.
    """

    def __init__(self, domains: Sequence[MoveDomain], max_steps: int, context: int = 0) -> None:
        widest = max(domain.max_actions for domain in domains)
        super().__init__(widest, max(domain.max_tokens for domain in domains), max_steps, context)
        self.environments: Mapping[str, ReasoningEnv] = {
            domain.name: ReasoningEnv(domain, max_steps=max_steps) for domain in domains
        }
        self.env: ReasoningEnv | None = None
        self._own = next(iter(self.environments.values())) if len(domains) == 1 else None
        if self._own is not None:
            assert isinstance(self._own.observation_space, Dict)
            parts = dict(self._own.observation_space.spaces)
            self.observation_space = Dict({**parts, **self.observation_space.spaces, **parts})

    def sit(self, problem: Problem, max_steps: int | None = None) -> None:
        """Begin with a problem of one of the domains; with ``max_steps`` for this time where it is given.

        Raises:
            ValueError: it is of none of them, or cannot be shown.
        """
        if problem.domain not in self.environments:
            known = ", ".join(self.environments)
            raise ValueError(f"a problem of the domain {problem.domain!r} cannot be played here; known: {known}")
        env = self.environments[problem.domain]
        env.max_steps = self.max_steps if max_steps is None else max_steps
        env.reset(options={"problem": problem})
        self.env = env
        self.end = ""
        self._known = b""

    def leave(self) -> None:
        """Nobody sits here."""
        self.env, self.end, self._known = None, "empty", b""

    @property
    def candidates(self) -> Sequence[Action]:
        """See :class:`Seat`."""
        return () if self.env is None or self.over else self.env.candidates

    @property
    def state(self) -> Any:
        """See :class:`Seat`."""
        return None if self.env is None else self.env.get_state().domain_state

    @property
    def text(self) -> str:
        """See :class:`Seat`."""
        return "" if self.env is None else self.env.domain.text(self.state)

    @property
    def steps(self) -> int:
        """See :class:`Seat`."""
        return 0 if self.env is None else len(self.env.steps)

    @property
    def outcome(self) -> Verdict | None:
        """The verdict on the answer, once there is one."""
        return None if self.env is None else self.env.outcome

    @property
    def solved(self) -> bool:
        """There is an answer, verified right."""
        return self.outcome is not None and self.outcome.verified

    def move(self, action: Any) -> dict[str, Any]:
        """See :class:`Seat`; all that the environment tells.

        Raises:
            RuntimeError: nobody sits here.
        """
        if self.env is None or self.over:
            raise RuntimeError("nothing can be done in a seat that is empty or over")
        info: dict[str, Any] = self.env.step(action)[4]
        self.end = self.env.end
        return info

    def observation(self) -> dict[str, NDArray[Any]]:
        """See :class:`Seat`."""
        if self.env is None:
            return self._with_context(zeros(self.observation_space))
        if self._own is not None:
            shown: dict[str, NDArray[Any]] = self.env.observation()
            if self.over:
                shown["action_mask"][:] = 0
            return self._with_context(shown)
        domain = self.env.domain
        assert isinstance(domain, MoveDomain)
        return self._packed(domain, self.state, self.candidates)


def zeros(space: Dict) -> dict[str, NDArray[Any]]:
    """An observation in which nothing is to be seen."""
    found: dict[str, NDArray[Any]] = {}
    for name, part in space.spaces.items():
        assert part.shape is not None
        found[name] = np.zeros(part.shape, part.dtype)
    return found


def _index(action: Any, count: int) -> int:
    try:
        index = as_index(action)
    except TypeError:
        raise TypeError(f"an action is an integer from 0 to {count - 1}, got {action!r:.80}") from None
    if not 0 <= index < count:
        raise ValueError(f"action {index} is out of range: 0 to {count - 1}")
    return index
