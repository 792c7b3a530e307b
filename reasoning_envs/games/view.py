"""A game as its roles see it: a Gymnasium environment for one of them, in which policies play the others."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.episodes import EnvState
from reasoning_envs.games.game import Game
from reasoning_envs.games.policies import uniform
from reasoning_envs.games.protocol import Dealer, GameError, RolePolicy
from reasoning_envs.games.seat import Seat, SolverSeat
from reasoning_envs.loading import load
from reasoning_envs.types import Problem, Step

__all__ = ["MAX_DEALS", "RoleEnv"]

MAX_DEALS = 200
"""Games in a row that end before the role has its turn, before the view gives up."""

_LOG = logging.getLogger(__name__)


class RoleEnv(gym.Env[Any, Any]):
    """One role of a game; the others are policies.

    An episode is a game, from the role's first turn to the end. Games that end before its turn comes (no valid problem
    was proposed) are dealt anew and counted. The reward is what the game pays the role, also while others move.

    ``info`` after each step holds ``verdict``, ``step``, ``illegal`` and ``end`` of the move, and ``reward/true``;
    after the last one also ``is_success`` (the role was paid), what the game tells (``game/...``), ``skipped`` (games
    dealt anew before this one) and ``forfeits`` (games so far that a policy's failure ended).

    For a role that solves, ``problem``, ``steps`` and ``get_state()`` are those of its environment, so that the reward
    wrappers of :mod:`reasoning_envs.rewards` fit: :class:`~reasoning_envs.rewards.Annealed` round a race is the
    exploration reward annealed into the competitive one.

    Args:
        game: an object, or ``"module:Name"`` of its class.
        role: the agent to be, ``"solver_0"``.
        policies: for the others, objects or ``"module:Name"``; who is not named plays at random. A
            :class:`~reasoning_envs.games.protocol.Dealer` in the place of a role that proposes deals its problems.
        on_error: of a policy that fails: ``"raise"`` a GameError, or ``"forfeit"``: the episode is truncated, with
            ``info["end"] == "forfeit"``, logged and counted.
        render_mode: ``"ansi"``, ``"human"`` or None.
        **more: keywords of the game.

    Raises:
        ValueError: no such role or ``on_error``. TypeError: it is no game, or a policy is none.

    ## Version History
    * v0: initial release.
    """

    metadata = {"render_modes": ["ansi", "human"], "render_fps": 2}  # noqa: RUF012 - as Gymnasium has it

    def __init__(
        self,
        game: Game | str,
        role: str,
        *,
        policies: Mapping[str, RolePolicy | Dealer | str] | None = None,
        on_error: str = "raise",
        render_mode: str | None = None,
        **more: Any,
    ) -> None:
        if on_error not in ("raise", "forfeit"):
            raise ValueError(f"on_error must be 'raise' or 'forfeit', got {on_error!r}")
        self.game = _opened(game, render_mode, more)
        self.render_mode = render_mode
        known = ", ".join(self.game.possible_agents)
        for name in (role, *(policies or {})):
            if name not in self.game.possible_agents:
                raise ValueError(f"{self.game} has no role {name!r}; known: {known}")
        self.role = role
        self.on_error = on_error
        self.set_policies(policies or {})
        self.action_space = self.game.action_space(role)
        self.observation_space = self.game.observation_space(role)
        self._skipped = 0
        self._forfeits = 0
        self._open = False

    def set_policies(self, policies: Mapping[str, RolePolicy | Dealer | str]) -> None:
        """Who plays the other roles from now on; roles that are not named keep their policy, at first a random one.

        Raises:
            TypeError: one of them is no policy.
        """
        found: dict[str, RolePolicy | Dealer] = dict(getattr(self, "_policies", {}))
        for agent in self.game.possible_agents:
            if agent != self.role:
                found.setdefault(agent, uniform)
        for agent, policy in policies.items():
            opened = load(policy) if isinstance(policy, str) else policy
            opened = opened() if isinstance(opened, type) else opened
            if not callable(opened) and not isinstance(opened, Dealer):
                raise TypeError(f"the policy of {agent} is neither callable nor deals problems: {policy!r:.80}")
            found[agent] = opened
        self._policies = found

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """A new game, up to the role's turn.

        Args:
            seed: the same seed and the same policies give the same game on every machine.
            options: of the game, as ``"problem"``.

        Raises:
            GameError: :data:`MAX_DEALS` games in a row ended before the role's turn, or a policy failed.
        """
        super().reset(seed=seed)
        self._skipped = 0
        following = None if seed is None else int(self.np_random.integers(2**31))
        while True:
            self.game.reset(seed=following, options=self._options(options))
            following = None
            self._earned = 0.0
            self._open = True
            if self._play() == "":
                return self.game.observe(self.role), {"skipped": self._skipped}
            self._open = False
            self._skipped += 1
            if self._skipped >= MAX_DEALS:
                last = ", ".join(f"{name} {value}" for name, value in self.game.result.items()) or "a forfeit"
                raise GameError(
                    f"{self.game}: {MAX_DEALS} games in a row ended before the turn of {self.role}; the last: {last}"
                )

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """A move of the role, and those of the others up to its next turn.

        Raises:
            gymnasium.error.ResetNeeded: the game is over, or none was begun.
            ValueError, TypeError: the action is none of the action space.
            GameError: a policy failed (with ``on_error="raise"``).
        """
        if not self._open:
            raise ResetNeeded("the game is over, or none was begun: call reset()")
        self._earned = 0.0
        self.game.step(action)
        self._earned += self.game.rewards.get(self.role, 0.0)
        info = dict(self.game.infos[self.role])
        end = self._play()
        info |= self.game.result
        info["reward/true"] = self._earned
        if end:
            self._open = False
            info["end"] = end if end == "forfeit" else "game over"
            info["is_success"] = self._earned > 0.0
            info["skipped"] = self._skipped
            info["forfeits"] = self._forfeits
        truncated = end in ("truncated", "forfeit")
        return self.game.observe(self.role), self._earned, bool(end) and not truncated, truncated, info

    def render(self) -> str | None:
        """The lines of all roles."""
        return self.game.render()

    def action_masks(self) -> NDArray[np.bool_]:
        """[A] bool: the legal indices, as ``sb3_contrib.MaskablePPO`` asks for them."""
        return self.game.seats[self.role].mask()

    @property
    def seat(self) -> Seat:
        """The role's own."""
        return self.game.seats[self.role]

    @property
    def problem(self) -> Problem:
        """What the role is solving.

        Raises:
            gymnasium.error.ResetNeeded: nothing. TypeError: the role solves no problem.
        """
        return self._solving.problem

    @property
    def steps(self) -> tuple[Step, ...]:
        """The role's steps on that problem; raises as ``problem`` does."""
        return tuple(self._solving.steps)

    def get_state(self) -> EnvState:
        """Of the role's own environment, for process reward models; raises as ``problem`` does."""
        return self._solving.get_state()

    @property
    def _solving(self) -> ReasoningEnv:
        seat = self.seat
        if not isinstance(seat, SolverSeat):
            raise TypeError(f"{self.role} of {self.game} solves no problem")
        if seat.env is None:
            raise ResetNeeded("no game was begun: call reset()")
        return seat.env

    def _options(self, options: Mapping[str, Any] | None) -> dict[str, Any]:
        chosen = dict(options or {})
        for agent, policy in self._policies.items():
            if isinstance(policy, Dealer) and "problem" not in chosen:
                try:
                    chosen["problem"] = policy.deal(self.np_random)
                except Exception as error:
                    raise GameError(f"{self.game}: the dealer in place of {agent} failed: {error!r}") from error
        return chosen

    def _play(self) -> str:
        """The others' moves up to the role's turn; why the game ended, ``""`` where it has not."""
        game = self.game
        while True:
            if game.is_over:
                return "truncated" if any(game.truncations.values()) else "terminated"
            agent = game.agent_selection
            if agent == self.role:
                return ""
            policy = self._policies[agent]
            try:
                if not callable(policy):
                    raise TypeError("it deals problems and cannot move")
                game.step(policy(game.seats[agent], self.np_random))
            except Exception as error:
                if self.on_error == "raise":
                    raise GameError(f"{game}: the policy of {agent} failed: {error!r}") from error
                self._forfeits += 1
                _LOG.exception("%s: the policy of %s failed; the game is forfeited", game, agent)
                return "forfeit"
            self._earned += game.rewards.get(self.role, 0.0)


def _opened(game: Game | str, render_mode: str | None, more: Mapping[str, Any]) -> Game:
    if isinstance(game, Game):
        if more:
            raise TypeError(f"the view knows no {', '.join(more)}, and the game is an object made already")
        return game
    found = load(game)
    opened = found(render_mode=render_mode, **more) if callable(found) else found
    if not isinstance(opened, Game):
        raise TypeError(f"{game!r} is no game but {type(opened).__name__}")
    return opened
