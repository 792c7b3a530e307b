"""Small worlds of real algebra: every line that can be reached from a problem, with the truth about every step.

What a policy is worth in such a world is computed, not sampled: a sweep over all lines gives the exact chance that it
ends right. So an experiment on shaped rewards knows what they did to the true outcome.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.domains.algebra import AlgebraAction, AlgebraState
from reasoning_envs.problems import split_of
from reasoning_envs.rewards.trials.derivations import algebra
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.types import Problem, Verdict

__all__ = ["FEATURES", "World", "make_world", "make_worlds"]

FEATURES = 4096
"""Features of a step are integers below this."""
PER_STEP = 6
"""Features of one step."""

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A problem, the lines that can be reached from it, and the steps between them.

    Attributes:
        problem: whose line is number 0.
        lines: as text, [S].
        final, right: [S] bool: an answer stands there; it is the right one.
        first: [S + 1]; the steps from line s are those from ``first[s]`` to ``first[s + 1]``.
        target: [E], the line that a step leads to. sound: [E] bool, by the verifier.
        verdicts: [E]. features: [E, PER_STEP].
    """

    problem: Problem
    lines: tuple[str, ...]
    final: NDArray[np.bool_]
    right: NDArray[np.bool_]
    first: _Ints
    target: _Ints
    sound: NDArray[np.bool_]
    verdicts: tuple[Verdict, ...]
    features: _Ints

    @property
    def source(self) -> _Ints:
        """[E], the line that a step starts from."""
        return np.repeat(np.arange(len(self.lines)), np.diff(self.first))

    def success(self, chances: NDArray[np.float64], steps: int) -> float:
        """The exact chance to stand on a right answer after so many steps, by the chance of each step, [E]."""
        here = np.zeros(len(self.lines))
        here[0] = 1.0
        source = self.source
        for _ in range(steps):
            stay = np.where(self.final, here, 0.0)
            here = stay + np.bincount(self.target, weights=here[source] * chances, minlength=len(here))
        return float(here[self.right].sum())


def make_worlds(count: int, levels: Sequence[str], seed: int, *, unsound: bool, states: int = 150) -> list[World]:
    """``count`` worlds of the training split in which an answer can be reached."""
    rng = np.random.default_rng(seed)
    worlds: list[World] = []
    met = set()
    while len(worlds) < count:
        problem = algebra().sample(rng, levels[int(rng.integers(len(levels)))])
        if problem.statement in met or split_of(algebra().canonical_key(problem)) != "train":
            continue
        met.add(problem.statement)
        world = make_world(problem, unsound=unsound, states=states)
        if world.right.any():
            worlds.append(world)
    return worlds


def make_world(problem: Problem, *, unsound: bool, states: int = 150) -> World:
    """The lines of a problem that are reached by short lines first, ``states`` of them at most.

    Args:
        problem: of algebra.
        unsound: the steps that the domain offers as mistakes are there too.
        states: lines from which steps are looked for.
    """
    domain = algebra()
    start = domain.start(problem)
    ways: dict[AlgebraState, list[AlgebraAction]] = {}
    queue: list[tuple[int, int, AlgebraState]] = [(0, 0, start)]
    met = {start}
    while queue and len(ways) < states:
        _, _, state = heapq.heappop(queue)
        ways[state] = []
        if domain.is_final(state):
            continue
        for action in domain.actions(state):
            if action.is_step and (unsound or action.sound):
                ways[state].append(action)
                if action.state not in met:
                    met.add(action.state)
                    heapq.heappush(queue, (len(action.state.tokens), len(met), action.state))
    number = {state: place for place, state in enumerate(sorted(ways, key=lambda state: state != start))}
    kept = _without_dead_ends({state: [a for a in ways[state] if a.state in number] for state in number}, start)
    number = {state: place for place, state in enumerate(kept)}
    actions = [action for state in kept for action in kept[state]]
    counts = [len(kept[state]) for state in kept]
    verdicts = tuple(action.verdict for action in actions)
    final = np.array([domain.is_final(state) for state in kept])
    line = start.line
    right = np.array(
        [bool(end) and relate(line, state.line, unknown="x").verified for state, end in zip(kept, final, strict=True)]
    )
    return World(
        problem,
        tuple(domain.text(state) for state in kept),
        final,
        right,
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.array([number[action.state] for action in actions], dtype=np.int64),
        np.array([verdict.verified for verdict in verdicts]),
        verdicts,
        np.array([_features(action) for action in actions], dtype=np.int64).reshape(-1, PER_STEP),
    )


def _without_dead_ends(
    ways: dict[AlgebraState, list[AlgebraAction]], start: AlgebraState
) -> dict[AlgebraState, list[AlgebraAction]]:
    """Only the lines that are answers or lead on, so that an episode never stands still."""
    domain = algebra()
    while True:
        dead = {state for state, actions in ways.items() if not actions and not domain.is_final(state)} - {start}
        if not dead:
            return ways
        ways = {
            state: [action for action in actions if action.state not in dead]
            for state, actions in ways.items()
            if state not in dead
        }


def _features(action: AlgebraAction) -> list[int]:
    """Of the rule, of the shapes of both lines, and of how the size changes; nothing of whether the step is sound."""
    before, after = action.before, action.state
    growth = max(-4, min(4, (len(after.tokens) - len(before.tokens)) // 2))
    shapes = [_shape(before), _shape(after)]
    names = [
        action.rule,
        f"{action.rule} {growth}",
        f"{action.rule} from {shapes[0]}",
        f"{action.rule} to {shapes[1]}",
        f"to {shapes[1]}",
        f"size {min(len(after.tokens), 40) // 3}",
    ]
    return [crc32(name.encode()) % FEATURES for name in names]


def _shape(state: AlgebraState) -> str:
    """What stands on top of each side."""
    line = state.line
    sides = (getattr(line, "left", None), getattr(line, "right", None))
    return type(line).__name__ + "".join(f" {side.op}{int('x' in side.symbols)}" for side in sides if side is not None)
