"""Shaped rewards for vector environments, with all copies scored in one batch.

Any shaping wrapper for a single environment serves: it is put, once a copy, round a mirror of that copy, which shows
what the copy has done. So formulas, entries of ``info`` and states are those of the single wrapper, and there is no
second version of them. What is gained is the batch: before the copies are asked one by one, the PRMs are told what is
coming (:meth:`~reasoning_envs.rewards.protocol.ProcessRewardModel.anticipate`).

::

    envs = gym.make_vec("reasoning_envs/Algebra-v0", num_envs=64, wrappers=[WithLines])
    envs = ShapedVector(envs, lambda env: PotentialShaping(env, prm, gamma=0.99, at_truncation="keep"))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper

from reasoning_envs.rewards.costs import line_of
from reasoning_envs.rewards.following import ScoringWrapper
from reasoning_envs.types import Problem, Step

__all__ = ["Mirror", "ShapedVector", "WithLines"]

_PARTS = ("reward/shaping", "reward/total", "unscored", "potential", "annealing")
_OBJECTS = ("score", "score_error")


class WithLines(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Writes the current line into ``info["line"]`` after every step, for what looks at a copy from outside.

    Args:
        env: a :class:`~reasoning_envs.env.ReasoningEnv`, or what offers ``steps`` and ``start_line``.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One action."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        info.setdefault("line", line_of(self.unwrapped))
        return observation, reward, terminated, truncated, info


class Mirror(gym.Env[Any, Any]):
    """Shows to a wrapper what a copy did elsewhere."""

    def __init__(self, observation_space: gym.Space[Any], action_space: gym.Space[Any]) -> None:
        self.observation_space = observation_space
        self.action_space = action_space
        self.problem: Problem | None = None
        self.start_line = ""
        self.steps: list[Step] = []
        self.lines: list[str] = []
        self.coming: tuple[float, bool, bool, dict[str, Any]] = (0.0, False, False, {})

    def begin(self, info: Mapping[str, Any]) -> None:
        """A new episode, by the info of its reset."""
        self.problem, self.start_line = info["problem"], info["line"]
        self.steps = []
        self.lines = [self.start_line]

    def take(self, action: Any, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> None:
        """What came of an action; the wrapper sees it with its next step."""
        if info["step"]:
            line = info["line"]
            self.steps.append(Step(len(self.steps), action, line, info["verdict"]))
            self.lines.append(line)
        self.coming = reward, terminated, truncated, info

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return None, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return None, *self.coming

    def get_state(self) -> None:
        """Nobody can play on from a mirror."""


class ShapedVector(VectorWrapper):
    """A shaping wrapper over every copy of a vector environment.

    Rewards become the shaped ones; ``infos`` gain ``reward/shaping``, ``reward/total``, and with a PRM ``score``,
    ``score_error`` and ``unscored``, each with its mask as Gymnasium has it. All modes of autoreset are followed: in
    the step that only begins a new episode nothing is scored.

    Args:
        envs: a vector environment of copies that write their lines: :class:`WithLines` (the text interface does by
            itself). Copies may live in other processes.
        wrap: makes the wrapper of one copy. PRMs that play on from states (Monte Carlo, search) cannot: wrap the
            copies themselves then.

    Attributes:
        wrapped: the wrapper of each copy, for schedules and the like.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any], wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]) -> None:
        super().__init__(envs)
        self._mirrors = [Mirror(envs.single_observation_space, envs.single_action_space) for _ in range(self.num_envs)]
        self.wrapped = [wrap(mirror) for mirror in self._mirrors]
        self._prms = {id(prm): prm for env in self.wrapped for prm in _prms(env)}.values()
        self._mode = envs.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        self._over = np.zeros(self.num_envs, dtype=bool)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """New episodes, by one seed or one a copy; with ``options["reset_mask"]`` of those copies alone."""
        mask = None if options is None else options.get("reset_mask")
        observations, infos = self.env.reset(seed=seed, options=options)
        self._begin(np.flatnonzero(np.ones(self.num_envs, dtype=bool) if mask is None else mask), infos)
        return observations, infos

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """One action a copy, and the shaped rewards ``[num_envs]``.

        Raises:
            PRMError: a PRM failed, and its wrapper raises.
        """
        observations, rewards, terminations, truncations, infos = self.env.step(actions)
        begun = self._over if self._mode == AutoresetMode.NEXT_STEP else np.zeros(self.num_envs, dtype=bool)
        self._over = np.logical_or(terminations, truncations)
        ended = infos.get("final_info") if self._mode == AutoresetMode.SAME_STEP else None
        for index, mirror in enumerate(self._mirrors):
            if begun[index]:
                continue
            info = _one(ended if ended is not None and self._over[index] else infos, index)
            if "line" not in info:
                raise ValueError("a copy does not tell its line: make the environments with wrappers=[WithLines]")
            action = actions[index].item() if isinstance(actions, np.ndarray) else actions[index]
            mirror.take(action, float(rewards[index]), bool(terminations[index]), bool(truncations[index]), info)
        acted = np.flatnonzero(~begun)
        self._anticipate(acted)
        shaped = np.array(rewards, dtype=np.float64)
        told: list[dict[str, Any]] = [{} for _ in self._mirrors]
        for index in acted.tolist():
            _, total, _, _, info = self.wrapped[index].step(None)
            shaped[index] = total
            told[index] = {name: info[name] for name in (*_PARTS, *_OBJECTS) if name in info}
        self._tell(infos, told)
        if ended is not None:
            self._begin(np.flatnonzero(self._over), infos)
        self._begin(np.flatnonzero(begun), infos)
        return observations, shaped, terminations, truncations, infos

    def _begin(self, places: Any, infos: Mapping[str, Any]) -> None:
        for index in places:
            self._mirrors[index].begin(_one(infos, index))
        self._over[places] = False
        self._anticipate(places)
        for index in places:
            self.wrapped[index].reset()

    def _anticipate(self, places: Any) -> None:
        episodes = [(mirror.problem, mirror.lines) for mirror in (self._mirrors[index] for index in places)]
        known = [(problem, lines) for problem, lines in episodes if problem is not None]
        for prm in self._prms:
            prm.anticipate(known)

    def _tell(self, infos: dict[str, Any], told: list[dict[str, Any]]) -> None:
        for name in (*_PARTS, *_OBJECTS):
            given = np.array([name in row for row in told])
            if given.any():
                column = [row.get(name, 0.0 if name in _PARTS else None) for row in told]
                if name in _PARTS:
                    infos[name] = np.array(column, dtype=np.float64)
                else:
                    infos[name] = np.empty(self.num_envs, dtype=object)
                    infos[name][:] = column
                infos[f"_{name}"] = given


def _prms(env: gym.Env[Any, Any]) -> list[Any]:
    """Of all the wrappers that are nested round an environment."""
    found = []
    while isinstance(env, gym.Wrapper):
        if isinstance(env, ScoringWrapper):
            found.append(env.prm)
        env = env.env
    return found


def _one(infos: Mapping[str, Any], index: int) -> dict[str, Any]:
    """What one copy said."""
    found = {}
    for name, values in infos.items():
        if not name.startswith("_") and name not in ("final_info", "final_obs") and infos[f"_{name}"][index]:
            value = values[index]
            found[name] = value.item() if isinstance(value, np.generic) else value
    return found
