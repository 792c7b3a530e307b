"""What all games share: PettingZoo's turn-taking, with seats for roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Dict, Discrete
from gymnasium.utils import seeding
from numpy.typing import NDArray

from reasoning_envs.games.seat import Seat
from reasoning_envs.problems import SPLITS

try:
    from pettingzoo.utils.env import AECEnv
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "the games need PettingZoo: pip install 'reasoning_envs[games]'", name=error.name
    ) from error

__all__ = ["Game"]


class Game(AECEnv):  # type: ignore[misc]  # PettingZoo ships no types
    """A game of :mod:`reasoning_envs.games`, on PettingZoo's turn-taking (AEC) interface.

    Actions are indices into candidates, observations those of the role's seat, with an ``action_mask``. All agents end
    together: *terminated*, or *truncated* where nobody could judge the outcome. A masked index changes nothing and
    counts as a step, an index out of range raises.

    ``infos`` of the agent that has just moved are those of its seat (``verdict``, ``step``, ``illegal``, ``end``);
    when the game is over those of every agent hold what the game tells of itself, under names with ``game/`` before
    them, always the same names.

    ``reset(seed=...)`` makes the game anew, all that it remembers of earlier games included; without a seed it goes on
    with its generator and its memory. Unknown options are passed over, since PettingZoo's own test gives one.

    Args:
        name: of the game.
        seats: one a role.
        split: problems of other parts are not played: ``"train"``, ``"validation"``, ``"test"`` or None for all.
        render_mode: ``"ansi"``, ``"human"`` or None.

    Attributes:
        seats: by role. np_random: the game's generator.
    """

    def __init__(
        self, name: str, seats: Mapping[str, Seat], split: str | None = "train", render_mode: str | None = None
    ) -> None:
        super().__init__()
        if split is not None and split not in SPLITS:
            raise ValueError(f"there is no split {split!r}; known: {', '.join(SPLITS)}, or None")
        if render_mode not in (None, "ansi", "human"):
            raise ValueError(f"there is no render mode {render_mode!r}; known: ansi, human")
        self.metadata = {"name": name, "render_modes": ["ansi", "human"], "render_fps": 2, "is_parallelizable": False}
        self.seats = dict(seats)
        self.split = split
        self.render_mode = render_mode
        self.possible_agents = list(seats)
        self.agents: list[str] = []
        self._random: np.random.Generator | None = None
        self._told: dict[str, bool | int | float | str] = {}

    @property
    def np_random(self) -> np.random.Generator:
        """The generator; from the operating system's entropy where nobody gave a seed."""
        if self._random is None:
            self._random = seeding.np_random(None)[0]
        return self._random

    # -- PettingZoo -------------------------------------------------------------------------------------------------

    def observation_space(self, agent: str) -> Dict:
        """Of a role: the same object each time."""
        return self.seats[agent].observation_space

    def action_space(self, agent: str) -> Discrete:
        """Of a role: the same object each time."""
        return self.seats[agent].action_space

    def observe(self, agent: str) -> dict[str, NDArray[Any]]:
        """What a role sees; zeros before its turn has come."""
        return self.seats[agent].observation()

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """A new game.

        Args:
            seed: the same seed gives the same game on every machine.
            options: ``"problem"``: to be played now; no role builds one.
        """
        if seed is not None:
            self._random = seeding.np_random(seed)[0]
            self._forget()
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self._skip_agent_selection = None
        self._told = {}
        self.agent_selection = self._deal(options or {})

    def step(self, action: int | None) -> None:
        """A move of the role whose turn it is; None for one whose game is over.

        Raises:
            ValueError, TypeError: the action is none of the action space.
        """
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        info = self.seats[agent].move(action)
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        self.infos[agent] = info
        following = self._moved(agent)
        if following is not None:
            self.agent_selection = following
        self._accumulate_rewards()
        if self.render_mode == "human":
            print(self._shown(agent), flush=True)

    def render(self) -> str | None:
        """The lines of all roles, as text (``ansi``) or printed (``human``)."""
        lines = "\n".join(self._shown(agent) for agent in self.possible_agents)
        if self.render_mode == "human":
            print(lines, flush=True)
            return None
        return lines

    def close(self) -> None:
        """Nothing is held open."""

    # -- for a game ---------------------------------------------------------------------------------------------------

    def _deal(self, options: Mapping[str, Any]) -> str:
        """Set the seats for a new game; who begins."""
        raise NotImplementedError

    def _moved(self, agent: str) -> str | None:
        """What follows from a move: pay, or end the game; who is next, None where it is over."""
        raise NotImplementedError

    def _forget(self) -> None:
        """Whatever is remembered of earlier games."""

    def _absent(self, agent: str) -> None:
        """This role does not play this time."""
        for table in (self.rewards, self._cumulative_rewards, self.terminations, self.truncations, self.infos):
            del table[agent]
        self.agents.remove(agent)

    def _pay(self, agent: str, reward: float) -> None:
        if agent in self.rewards:
            self.rewards[agent] += reward

    def _over(self, told: Mapping[str, bool | int | float | str], *, scored: bool = True) -> str | None:
        """All agents end, so that nobody is next; ``told`` goes into their infos."""
        self._told = {f"game/{name}": value for name, value in told.items()}
        for agent in self.agents:
            self.terminations[agent] = scored
            self.truncations[agent] = not scored
            self.infos[agent] = {**self.infos[agent], **self._told}
        return None

    @property
    def is_over(self) -> bool:
        """The game has ended."""
        return bool(self._told)

    @property
    def result(self) -> dict[str, bool | int | float | str]:
        """What the game told of itself when it was over; empty while it is played."""
        return dict(self._told)

    def _shown(self, agent: str) -> str:
        return f"{agent}: {self.seats[agent].text or '-'}"
