"""Golden files: whole episodes as a person reads them, every candidate of every step among them.

They hold the order of candidates, the wording of moves and verdicts, and the problems that seeds lead to. Whoever
changes one of these changes what a trained agent meets: that needs a new ``-vN`` and a line of Version History.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.rendering import derivation

FOLDER = Path(__file__).parent
_MAX_SHOWN = 16


@dataclass(frozen=True)
class Playthrough:
    """One golden file.

    Attributes:
        file: its name, without ``.txt``.
        env: id of the environment. kwargs: for ``gymnasium.make``.
        seed: of the problem, and of the policy where it is random.
        options: for ``reset``.
        policy: ``"solve"`` (the first solution that best-first search finds), ``"random"``, or the lines to write.
    """

    file: str
    env: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    policy: str | tuple[str, ...] = "solve"


PLAYTHROUGHS = (
    Playthrough("algebra-linear", "reasoning_envs/Algebra-v0", seed=1, options={"level": "linear-2"}),
    Playthrough(
        "algebra-random", "reasoning_envs/Algebra-v0", {"max_steps": 8}, 2, {"level": "both_sides-1"}, "random"
    ),
    Playthrough("algebra-quadratic", "reasoning_envs/Algebra-v0", options={"problem": "x^2 = 2*x"}),
    Playthrough("algebra-letters", "reasoning_envs/Algebra-v0", options={"problem": "a*x + b = c"}),
    Playthrough("algebra-curated", "reasoning_envs/Algebra-v0", {"moves": "curated"}, 3, {"level": "brackets-1"}),
    Playthrough("algebra-wide", "reasoning_envs/Algebra-v0", {"moves": "wide"}, options={"problem": "3*x + 4 = 10"}),
    Playthrough(
        "algebra-axioms", "reasoning_envs/AlgebraAxioms-v0", {"max_steps": 6}, options={"problem": "x + 3 = 7"}
    ),
    Playthrough(
        "algebra-text",
        "reasoning_envs/AlgebraText-v0",
        options={"problem": "2*x + 3 = 7*(x - 1)"},
        policy=("2x + 3 = 7x - 7", "2x + 3 = ", "__import__('os').system('true')", "10 = 5x", "x = 2"),
    ),
    Playthrough(
        "algebra-text-lost-root",
        "reasoning_envs/AlgebraText-v0",
        options={"problem": "x^2 = 2*x"},
        policy=("x = 2",),
    ),
)


def play(script: Playthrough) -> str:
    """The episode as text."""
    env = gym.make(script.env, **script.kwargs).unwrapped
    assert isinstance(env, ReasoningEnv)
    env.reset(seed=script.seed, options=script.options)
    told = [f"{script.env} {script.kwargs or ''} seed {script.seed} {script.options} policy {script.policy!r}", ""]
    for action in _actions(env, script):
        told.append(f"line: {env.steps[-1].text if env.steps else env.start_line}")
        told.extend(_listing(env))
        told.extend([f"action: {action!r}", ""])
        env.step(action)
        if env.end:
            break
    told.append(derivation(env.problem, env.start_line, env.steps, env.outcome, env.end))
    return "\n".join(told) + "\n"


def _listing(env: ReasoningEnv) -> list[str]:
    rows = [
        f"  {index:2}  {env.domain.text(move.state):<44}  {move.describe()}"
        f"{'' if move.is_step else ' ...'}{' (wrong)' if move.is_step and move.verdict.refuted else ''}"
        for index, move in enumerate(env.candidates[:_MAX_SHOWN])
    ]
    hidden = len(env.candidates) - len(rows)
    return [*rows, f"      and {hidden} more"] if hidden > 0 else rows


def _actions(env: ReasoningEnv, script: Playthrough) -> Iterator[int | str]:
    if isinstance(script.policy, tuple):
        yield from script.policy
    elif script.policy == "solve":
        yield from _solution(env)
    else:
        rng = np.random.default_rng(script.seed)
        while True:
            yield int(rng.integers(len(env.candidates)))


def _solution(env: ReasoningEnv, budget: int = 3000) -> list[int]:
    """The actions to an answer through sound moves, short lines and short ways first."""
    domain = env.domain
    assert isinstance(domain, MoveDomain)
    start = env.get_state().domain_state
    order = itertools.count()
    waiting: list[tuple[int, int, Any, list[int]]] = [(0, next(order), start, [])]
    seen = {start}
    for _ in range(budget):
        _, _, state, path = heapq.heappop(waiting)
        for index, move in enumerate(domain.actions(state)):
            if move.state in seen or (move.is_step and not move.verdict.verified):
                continue
            if domain.is_final(move.state):
                return [*path, index]
            seen.add(move.state)
            rank = len(domain.tokens(move.state)) + 4 * len(path)
            heapq.heappush(waiting, (rank, next(order), move.state, [*path, index]))
    raise AssertionError(f"no solution of {env.problem.statement!r} within {budget} expansions")
