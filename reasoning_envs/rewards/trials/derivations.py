"""Sound derivations of equations, made in milliseconds: the material of which judged traces are cut.

A derivation is found by best-first search over the sound moves. Its priority is the size of a line plus a random part,
so that each search goes another way; the larger that part, the longer the way.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from reasoning_envs.domains.algebra import AlgebraDomain, AlgebraState
from reasoning_envs.domains.problems.algebra.linear import LINEAR_FAMILIES
from reasoning_envs.domains.problems.algebra.nonlinear import NONLINEAR_FAMILIES
from reasoning_envs.domains.problems.algebra.pen import Pen
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import equation
from reasoning_envs.types import Problem

__all__ = ["Derivation", "Search", "algebra", "derive", "draw_bigger", "merge", "replace_states", "search"]


class Derivation(NamedTuple):
    """A problem and the states of a sound way through it, the first one that of the problem."""

    problem: Problem
    states: tuple[AlgebraState, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """How a way is looked for.

    Attributes:
        noise: mean of the random part of a line's priority, in tokens.
        depth: tokens that a step counts for; the larger, the shorter the way.
        expansions: lines opened at most.
    """

    noise: float = 2.0
    depth: float = 1.0
    expansions: int = 80


@lru_cache(maxsize=1)
def algebra() -> AlgebraDomain:
    """The domain of all trials."""
    return AlgebraDomain()


def search(start: AlgebraState, rng: np.random.Generator, how: Search) -> tuple[AlgebraState, ...] | None:
    """The states from ``start`` to a final line by sound moves; None where none was found."""
    domain = algebra()
    queue: list[tuple[float, int, int, AlgebraState]] = [(0.0, 0, 0, start)]
    before: dict[AlgebraState, AlgebraState | None] = {start: None}
    for _ in range(how.expansions):
        if not queue:
            return None
        _, _, steps, state = heapq.heappop(queue)
        for action in domain.actions(state):
            after = action.state
            if not action.is_step or not action.sound or after in before:
                continue
            before[after] = state
            if domain.is_final(after):
                return _way(after, before)
            priority = len(after.tokens) + how.depth * (steps + 1) + how.noise * float(rng.exponential())
            heapq.heappush(queue, (priority, len(before), steps + 1, after))
    return None


def _way(end: AlgebraState, before: dict[AlgebraState, AlgebraState | None]) -> tuple[AlgebraState, ...]:
    way: list[AlgebraState] = []
    state: AlgebraState | None = end
    while state is not None:
        way.append(state)
        state = before[state]
    return tuple(way[::-1])


def derive(problem: Problem, rng: np.random.Generator, how: Search) -> Derivation | None:
    """A sound derivation of an answer; None where the search found none."""
    states = search(algebra().start(problem), rng, how)
    return None if states is None else Derivation(problem, states)


def merge(derivation: Derivation, rng: np.random.Generator, most: int, least: int = 1) -> Derivation:
    """The derivation with ``least`` to ``most`` of its steps in each line, as somebody writes who leaves lines out."""
    states = derivation.states
    kept = [states[0]]
    place = 0
    while place < len(states) - 1:
        place = min(place + int(rng.integers(least, most + 1)), len(states) - 1)
        kept.append(states[place])
    return replace_states(derivation, kept)


def replace_states(derivation: Derivation, states: Sequence[AlgebraState]) -> Derivation:
    """The same problem by other states."""
    return Derivation(derivation.problem, tuple(states))


@dataclass(frozen=True, slots=True)
class _BigPen(Pen):
    """Draws numbers some ten times as large as :class:`Pen`, so that few of them occur in usual problems."""

    factor_range: tuple[int, int] = (7, 40)

    def _enlarged(self, value: int) -> int:
        low, high = self.factor_range
        return value * (low + self.below(high - low)) + self.below(low)

    def whole(self, largest: int | None = None) -> int:
        value = Pen.whole(self, largest)
        return self._enlarged(value) if value > 0 else -self._enlarged(-value)

    def natural(self, largest: int = 9, least: int = 2) -> int:
        return self._enlarged(Pen.natural(self, largest, least))


def draw_bigger(rng: np.random.Generator, family: str, level: int) -> Problem | None:
    """A problem of a family's shape with numbers some ten times as large; None where the draw is no equation."""
    letters = family.endswith("_letters")
    pen = _BigPen(rng, level, letters)
    name = family.removesuffix("_letters")
    if name in LINEAR_FAMILIES:
        left, right = LINEAR_FAMILIES[name](pen)
        line = equation(left, right)
    else:
        drawn = NONLINEAR_FAMILIES[name](pen)
        if drawn is None:
            return None
        line = drawn[0]
    try:
        problem = algebra().problem(to_text(line), "x")
    except InputError:
        return None
    return replace(problem, level=f"{family}-{level}")
