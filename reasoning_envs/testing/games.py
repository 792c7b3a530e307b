"""Whether a game keeps its promises."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reasoning_envs.loading import load
from reasoning_envs.testing.laws import ensure, fail

if TYPE_CHECKING:
    from reasoning_envs.games.game import Game
    from reasoning_envs.games.seat import Seat

__all__ = ["check_game"]

_MATTERS_OF_TASTE = (
    "Observation is not a NumPy array",  # it is a dictionary, as that of every game with a mask is
    "Observation space for each agent probably should be",
    "Agents have different observation space sizes",
    "Action mask numpy array is all zeros",  # of an agent whose game is over
)
_MOVES = 20_000


def check_game(game: str, *, game_kwargs: Mapping[str, Any] | None = None, games: int = 4, tries: int = 200) -> None:
    """Whether a game keeps its promises.

    It passes PettingZoo's API and seed tests; one seed is one game, in this process, after other games, and in another
    process with another hash seed; every game ends, pays finite rewards, and tells the same things; a masked index
    changes no line, and what is no action raises; every role has its turn, and as an environment of its own passes
    Gymnasium's check; a policy that fails is named or forfeits.

    Args:
        game: ``"module:Name"`` of its class.
        game_kwargs: for it.
        games: random games that are compared.
        tries: random games in which each role must have had a turn.

    Raises:
        AssertionError: a law is broken.
    """
    kwargs = dict(game_kwargs or {})
    from pettingzoo.test import api_test, seed_test

    with _quietly():
        api_test(_open(game, kwargs), num_cycles=100)
        seed_test(lambda: _open(game, kwargs), num_cycles=60)
    _check_repeats(game, kwargs, games)
    _check_actions(_open(game, kwargs))
    roles = _check_play(_open(game, kwargs), games, tries)
    for role in roles:
        _check_view(game, kwargs, role)
    _check_failing_policy(game, kwargs, roles)


def _open(game: str, kwargs: Mapping[str, Any]) -> Game:
    from reasoning_envs.games.game import Game

    found = load(game)(**kwargs)
    if not isinstance(found, Game):
        fail(f"{game} is no reasoning_envs.games.game.Game but {type(found).__name__}")
    return found


@contextmanager
def _quietly() -> Iterator[None]:
    """PettingZoo's tests print, and warn of what is a matter of taste; any other warning is an error."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("error")
        for message in _MATTERS_OF_TASTE:
            warnings.filterwarnings("ignore", message)
        yield


def _play(game: Game, seed: int | None, moves: int) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """A random game: who moved, where to, and the infos it led to. The moves are drawn from ``moves``."""
    rng = np.random.default_rng(moves)
    game.reset(seed=seed)
    for _ in range(_MOVES):
        if game.is_over:
            return
        agent = game.agent_selection
        legal = np.flatnonzero(game.observe(agent)["action_mask"])
        ensure(len(legal) > 0, f"{game}: it is the turn of {agent}, who can do nothing")
        action = int(rng.choice(legal))
        game.step(action)
        yield agent, action, game.infos[agent]
    fail(f"{game}: seed {seed}: not over after {_MOVES} moves")


def _story(game: Game, seed: int | None, moves: int) -> str:
    told = []
    for agent, action, info in _play(game, seed, moves):
        seen = hashlib.blake2b(digest_size=8)
        for name, array in sorted(game.observe(agent).items()):
            seen.update(name.encode() + array.tobytes())
        verdict = info["verdict"]
        judged = "" if verdict is None else f"{verdict.status.value}: {verdict.reason}"
        told.append(f"{agent} {action} {game.seats[agent].text} {seen.hexdigest()} {judged}")
    return "\n".join([*told, repr(sorted(game.result.items())), repr(sorted(game.rewards.items()))])


def _fingerprint(game: str, kwargs: Mapping[str, Any], games: int) -> str:
    subject = _open(game, kwargs)
    return hashlib.blake2b("\n".join(_story(subject, seed, seed) for seed in range(games)).encode()).hexdigest()


def _check_repeats(game: str, kwargs: Mapping[str, Any], games: int) -> None:
    subject = _open(game, kwargs)
    for seed in range(games):
        first = _story(subject, seed, seed)
        _story(subject, None, seed + 1)  # another game between, which is remembered
        again = _story(subject, seed, seed)
        ensure(first == again, f"{game}: seed {seed} gives another game after other games")
    call = f"_fingerprint({game!r}, {dict(kwargs)!r}, {games})"
    program = f"from reasoning_envs.testing.games import _fingerprint; print({call})"
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": path}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    ensure(result.returncode == 0, f"{game} cannot be used in another process: {result.stderr[-500:]}")
    here = _fingerprint(game, kwargs, games)
    ensure(result.stdout.strip() == here, f"{game}: the same seeds give other games in another process")


def _check_actions(game: Game) -> None:
    game.reset(seed=0)
    agent = game.agent_selection
    count = int(game.action_space(agent).n)
    for wrong, error in ((count, ValueError), (-1, ValueError), ("0", TypeError), (0.5, TypeError)):
        try:
            game.step(wrong)  # type: ignore[arg-type]
        except error:
            continue
        fail(f"{game}: the action {wrong!r} of {agent} raised no {error.__name__}")
    legal = int(game.observe(agent)["action_mask"].sum())
    if legal < count:
        before = game.seats[agent].text
        game.step(count - 1)
        ensure(game.seats[agent].text == before, f"{game}: a masked index changed the line of {agent}")
        ensure(game.infos[agent].get("illegal") is True, f"{game}: a masked index of {agent} was not called illegal")


def _check_play(game: Game, games: int, tries: int) -> list[str]:
    """Every role has its turn, every game ends alike; the roles."""
    moved: set[str] = set()
    told: set[tuple[tuple[str, str], ...]] = set()
    for number in range(tries):
        totals = dict.fromkeys(game.possible_agents, 0.0)
        for agent, _, _ in _play(game, number if number == 0 else None, number):
            moved.add(agent)
            for role, reward in game.rewards.items():
                totals[role] += reward
        ensure(all(isfinite(total) for total in totals.values()), f"{game}: a reward is not finite: {totals}")
        told.add(tuple((name, type(value).__name__) for name, value in sorted(game.result.items())))
        ensure(len(told) == 1, f"{game}: what is told at the end differs from game to game: {sorted(told)}")
        ensure(
            all(game.terminations[agent] != game.truncations[agent] for agent in game.agents),
            f"{game}: an agent is neither terminated nor truncated at the end, or both",
        )
        if number + 1 >= games and moved == set(game.possible_agents):
            return list(game.possible_agents)
    idle = set(game.possible_agents) - moved
    return fail(f"{game}: in {tries} random games there was never a turn of {', '.join(sorted(idle))}")


def _check_view(game: str, kwargs: Mapping[str, Any], role: str) -> None:
    from gymnasium.utils.env_checker import check_env

    from reasoning_envs.games.view import RoleEnv

    view = RoleEnv(game, role, **kwargs)
    with _quietly():
        check_env(view, skip_render_check=True)
    observation, _ = view.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(_MOVES):
        ensure(observation in view.observation_space, f"{game}: {role} sees what is not of its space")
        mask = view.action_masks()
        ensure((mask == observation["action_mask"].astype(bool)).all(), f"{game}: two masks of {role} differ")
        observation, _, terminated, truncated, info = view.step(int(rng.choice(np.flatnonzero(mask))))
        if terminated or truncated:
            ensure("is_success" in info, f"{game}: the last info of {role} does not say is_success")
            return
    fail(f"{game}: the game of {role} is not over after {_MOVES} moves")


def _check_failing_policy(game: str, kwargs: Mapping[str, Any], roles: list[str]) -> None:
    from reasoning_envs.games.protocol import GameError
    from reasoning_envs.games.view import RoleEnv

    def failing(seat: Seat, rng: np.random.Generator) -> int:
        raise ArithmeticError("this policy fails on purpose")

    last, others = roles[-1], roles[:-1]
    view = RoleEnv(game, last, policies=dict.fromkeys(others, failing), **kwargs)
    try:
        view.reset(seed=0)
        view.step(int(np.flatnonzero(view.action_masks())[0]))
    except GameError as error:
        named = any(role in str(error) for role in others) and "fails on purpose" in str(error)
        ensure(named, f"{game}: the error over a failing policy does not name the role and the cause: {error}")
    else:
        fail(f"{game}: a policy that failed was not told of")
