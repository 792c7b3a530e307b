"""Problems by self-play: programs composed at random, held to be worth solving, with fresh examples at every draw.

A program is kept when every line and every parameter is used, when it is neither constant nor one of its own
parameters, when it works on at least half of the probes, and when no shorter program of the grammar does the same.
The last is proved by enumeration up to :data:`PROVED` lines; beyond, ``Task.minimal`` is False.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reasoning_envs.programs.behaviour import behaviour_key, outputs
from reasoning_envs.programs.grammar import Grammar
from reasoning_envs.programs.inputs import EDGES, Arguments, draw_arguments, draw_edge, parameter_names, probe_arguments
from reasoning_envs.programs.lines import Candidate, Column, LineSpace, State
from reasoning_envs.programs.trees import Parameter, Program
from reasoning_envs.programs.values import Type, Value

__all__ = ["HIDDEN", "PROVED", "VISIBLE", "Case", "Task", "TaskGenerator", "compose", "draw_cases", "is_varied"]

VISIBLE = 5
"""Tests that a solver sees."""

HIDDEN = 12
"""Tests that decide; up to half of them are edge cases."""

PROVED = 4
"""Lines up to which a task is known to have no shorter solution."""

_MAX_TRIES = 20_000
_MAX_SPACE = 300_000
_ORDINARY = 4
_LOOKED_AT = 16


@dataclass(frozen=True, slots=True)
class Case:
    """One test: arguments, and what the program returns."""

    arguments: Arguments
    output: Value


@dataclass(frozen=True, slots=True)
class Task:
    """A program to be found, and its tests.

    Attributes:
        program: the certificate.
        steps: the same as steps of a :class:`~reasoning_envs.programs.lines.LineSpace` over the same grammar.
        visible: tests to show. hidden: tests that decide, other inputs among them edge cases; inputs on which the
            program raises an error are in neither.
        size: lines. minimal: no shorter program of the grammar does the same; proved, not estimated.
        key: of the behaviour, for :func:`reasoning_envs.problems.split_of`.
    """

    program: Program
    steps: State
    visible: tuple[Case, ...]
    hidden: tuple[Case, ...]
    size: int
    minimal: bool
    key: str


class TaskGenerator:
    """Draws tasks. What it keeps between draws makes it faster and changes nothing.

    Args:
        grammar: of the lines.
    """

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._spaces: dict[tuple[Type, ...], LineSpace] = {}

    def draw(self, rng: np.random.Generator, size: int) -> Task:
        """A task whose program has ``size`` lines.

        Raises:
            ValueError: a size below 1, or no program that is worth it among 20,000.
        """
        if size < 1:
            raise ValueError(f"a program has one line or more, got size {size}")
        for _ in range(_MAX_TRIES):
            signature = self.grammar.signatures[int(rng.integers(len(self.grammar.signatures)))]
            space = self._space(signature)
            steps = compose(rng, space, size)
            if steps is None or not self._is_worth_it(space, steps):
                continue
            program = space.program(steps)
            cases = draw_cases(rng, program)
            if cases is not None:
                return Task(program, steps, *cases, size, size <= PROVED, behaviour_key(program))
        raise ValueError(f"no program of {size} lines of the {self.grammar.name} grammar that is worth solving")

    def distinct(self, rng: np.random.Generator, size: int, count: int) -> Iterator[Task]:
        """Tasks of which no two behave alike: a task that occurs in many ways is drawn once.

        Raises:
            ValueError: fewer than ``count`` were found; so far all have been handed out.
        """
        seen: set[str] = set()
        misses = 0
        while len(seen) < count:
            task = self.draw(rng, size)
            if task.key in seen:
                misses += 1
                if misses > _MAX_TRIES:
                    raise ValueError(f"{len(seen)} different tasks of {size} lines were found, {count} were asked for")
                continue
            misses = 0
            seen.add(task.key)
            yield task

    def _space(self, signature: tuple[Type, ...]) -> LineSpace:
        space = self._spaces.get(signature)
        if space is None or space.size > _MAX_SPACE:
            inputs = probe_arguments(signature)
            # Errors on ordinary inputs are left out, errors on edge cases are not: max(xs) is worth a task.
            probes = inputs[-(_LOOKED_AT - _ORDINARY) :]
            names = parameter_names(signature)
            parameters = tuple(map(Parameter, names, signature))
            space = self._spaces[signature] = LineSpace(self.grammar, parameters, inputs[:_ORDINARY], probes)
        return space

    def _is_worth_it(self, space: LineSpace, steps: State) -> bool:
        column = space.columns(steps)[-1]
        values = space.all_values(column)
        if not is_varied(values):
            return False
        for parameter in space.columns(())[: len(space.parameters)]:
            if space.type(parameter) is space.type(column) and all(
                value is None or value == same for value, same in zip(values, space.all_values(parameter), strict=True)
            ):
                return False
        shorter = min(len(steps), PROVED) - 1
        return shorter < 1 or space.distance((), values, shorter) is None


def draw_cases(rng: np.random.Generator, program: Program) -> tuple[tuple[Case, ...], tuple[Case, ...]] | None:
    """Fresh visible and hidden tests of a program, all on different inputs.

    Returns:
        :data:`VISIBLE` and :data:`HIDDEN` cases, whose outputs are not all alike; None where the program raises errors
        too often, or tells too little apart, for such tests to be found.
    """
    types = tuple(kind for _, kind in program.parameters)
    ordinary = _cases(program, [draw_arguments(rng, types) for _ in range(3 * (VISIBLE + HIDDEN))])
    edges = _cases(program, [draw_edge(rng, types, edge) for edge in EDGES])
    visible = ordinary[:VISIBLE]
    shown = {case.arguments for case in visible}
    hidden = [case for case in dict.fromkeys((*edges, *ordinary)) if case.arguments not in shown][:HIDDEN]
    if len(visible) < VISIBLE or len(hidden) < HIDDEN:
        return None
    if not all(is_varied([case.output for case in cases]) for cases in (visible, hidden)):
        return None
    return tuple(visible), tuple(hidden)


def _cases(program: Program, inputs: Sequence[Arguments]) -> list[Case]:
    different = tuple(dict.fromkeys(inputs))
    pairs = zip(different, outputs(program, different), strict=True)
    return [Case(args, output) for args, output in pairs if output is not None]


def is_varied(values: Column | Sequence[Value]) -> bool:
    """Defined on half of the inputs, and of the values none makes up nearly all."""
    defined = [value for value in values if value is not None]
    if 2 * len(defined) < len(values):
        return False
    most = max((defined.count(value) for value in set(defined)), default=0)
    kinds = len(set(defined))
    if isinstance(defined[0], bool):
        return kinds == 2 and 5 * most <= 4 * len(defined)
    return kinds >= 3 and 3 * most <= 2 * len(defined)


def compose(rng: np.random.Generator, space: LineSpace, size: int, start: State = ()) -> State | None:
    """Random lines that all serve the last one; None where they do not.

    Args:
        rng: draws them.
        space: of the lines.
        size: how many.
        start: lines that are there already, fewer than ``size``.
    """
    state = start
    count = len(space.parameters)
    unused = set(range(count + len(start))) - {ref for step in start for ref in step.arguments}
    for index in range(len(start), size):
        candidates = space.candidates(state)
        if index + 1 == size:
            candidates = tuple(c for c in candidates if unused <= set(c.step.arguments))
        elif index and rng.random() < 0.7:
            # A line that takes up a loose end: most programs would not come to a point otherwise.
            candidates = tuple(c for c in candidates if not unused.isdisjoint(c.step.arguments)) or candidates
        if not candidates:
            return None
        chosen = _choose(rng, candidates)
        unused -= set(chosen.step.arguments)
        unused.add(count + index)
        state = (*state, chosen.step)
    return state


def _choose(rng: np.random.Generator, candidates: Sequence[Candidate]) -> Candidate:
    """One of the productions first: those with many arguments would crowd out the others."""
    productions = sorted({candidate.step.production for candidate in candidates})
    production = productions[int(rng.integers(len(productions)))]
    among = [candidate for candidate in candidates if candidate.step.production == production]
    return among[int(rng.integers(len(among)))]
