"""Solving a problem by hand, in a terminal."""

from __future__ import annotations

import sys

import gymnasium as gym
from gymnasium.error import Error, NameNotFound

import reasoning_envs
from reasoning_envs.env import ReasoningEnv

__all__ = ["play"]

_DONE, _USAGE = 0, 2
_QUIT = ("q", "quit", "exit")


def play(name: str, *, seed: int | None = None, level: str | None = None, problem: str | None = None) -> int:
    """Let a person take the actions of one episode, read from standard input; the exit code.

    Ends with the episode, with the end of the input, or with ``q``: code 0. Input that is no action is explained and
    asked for again. An unknown environment, level or problem, or a level beside a problem: code 2.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    try:
        if level is not None and problem is not None:
            raise ValueError("give either --problem or --level: a problem is played as it is")
        env = _make(name, level)
        env.reset(seed=seed, options=None if problem is None else {"problem": problem})
    except (Error, ValueError, TypeError) as error:
        print(f"python -m reasoning_envs play: {error}", file=sys.stderr)
        return _USAGE
    while not env.end:
        if env.interface == "moves":
            _show_candidates(env)
        try:
            typed = input("> ").strip()
        except EOFError:
            print()
            return _DONE
        if typed in _QUIT:
            return _DONE
        if not typed:
            continue
        action = typed if env.interface == "text" else _index(typed, len(env.candidates))
        if action is not None:
            env.step(action)
    return _DONE


def _make(name: str, level: str | None) -> ReasoningEnv:
    full = name if "/" in name else f"reasoning_envs/{name}"
    try:
        env = gym.make(full, level=level, render_mode="human", disable_env_checker=True).unwrapped
    except NameNotFound:
        known = ", ".join(reasoning_envs.ENVIRONMENTS)
        raise ValueError(f"there is no environment {name!r}; known: {known}") from None
    if not isinstance(env, ReasoningEnv):
        raise TypeError(f"{full} is no ReasoningEnv, and cannot be played here")
    return env


def _show_candidates(env: ReasoningEnv) -> None:
    """Each legal move by its number, with the line that it leads to."""
    width = max(len(env.domain.text(move.state)) for move in env.candidates)
    for index, move in enumerate(env.candidates):
        line = env.domain.text(move.state) if move.is_step else "..."
        print(f"  {index:2}  {line:<{min(width, 60)}}  {move.describe()}")


def _index(typed: str, count: int) -> int | None:
    """The number that was typed, if it is one of the candidates'; else say so."""
    if typed.isdecimal() and len(typed) < 9 and int(typed) < count:
        return int(typed)
    print(f"{typed!r:.40} is no move: type a number from 0 to {count - 1}, or q to leave")
    return None
