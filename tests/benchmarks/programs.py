"""How fast the program kernel is: ``python -m tests.benchmarks.programs``. CPU time of one process, in seconds.

Problems are fresh in every episode, so that nothing is warm but the code; "shared" shows thirty episodes on one
problem. Nothing here decides about a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from reasoning_envs.programs.behaviour import outputs
from reasoning_envs.programs.edits import KINDS, Kind
from reasoning_envs.programs.generation import Task, TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS, Grammar
from reasoning_envs.programs.lines import LineSpace, State
from reasoning_envs.programs.mutate import legal_edits


def main() -> None:
    """Measure and print."""
    for grammar in GRAMMARS.values():
        for size in (1, 2, 3):
            _measure(grammar, size)


def _measure(grammar: Grammar, size: int) -> None:
    generator = TaskGenerator(grammar)
    rng = np.random.default_rng(size)
    tasks: list[Task] = []
    with _timed(f"{grammar.name}: tasks of {size} lines drawn") as count:
        tasks.extend(generator.draw(rng, size) for _ in range(100))
        count.append(len(tasks))
    if size == 1:
        return
    for name, episodes in (("fresh", 1), ("shared", 30)):
        spaces = [_space(grammar, task) for task in tasks[: 100 if episodes == 1 else 10]]
        with _timed(f"{grammar.name}: states expanded, {size} lines, {name}") as count:
            count.append(_walk(spaces, size, episodes))
    with _timed(f"{grammar.name}: exact distances within {size} lines from the start") as count:
        count.append(_label(grammar, tasks[:20], size))
    kinds: tuple[tuple[tuple[Kind, ...], str], ...] = ((KINDS[:-1], "all but insertions"), (KINDS, "all"))
    for wanted, what in kinds:
        with _timed(f"{grammar.name}: repair steps, {size} lines, {what}") as count:
            count.append(_repair(grammar, tasks[:20], wanted))


@contextmanager
def _timed(name: str) -> Iterator[list[int]]:
    """Print how often a second something was done; the block tells how often it did it."""
    counts: list[int] = []
    start = time.process_time()
    yield counts
    print(f"{name:<58} {sum(counts) / (time.process_time() - start):>9,.0f} a second")


def _space(grammar: Grammar, task: Task) -> Callable[[], LineSpace]:
    """Five visible inputs and eight probes. Building the space is part of what is measured."""
    visible = [case.arguments for case in task.visible]
    probes = [case.arguments for case in task.hidden][:8]
    return lambda: LineSpace(grammar, task.program.parameters, visible, probes)


def _walk(spaces: list[Callable[[], LineSpace]], lines: int, episodes: int) -> int:
    """Random episodes in which the values of every candidate are looked at."""
    draws = iter(np.random.default_rng(0).random(len(spaces) * episodes * lines).tolist())
    states = 0
    for make in spaces:
        space = make()
        for _ in range(episodes):
            state: State = ()
            for _ in range(lines):
                candidates = space.candidates(state)
                states += 1
                for candidate in candidates:
                    space.values(candidate.column)
                state = (*state, candidates[int(next(draws) * len(candidates))].step)
    return states


def _label(grammar: Grammar, tasks: list[Task], lines: int) -> int:
    for task in tasks:
        space = _space(grammar, task)()
        target = tuple(case.output for case in (*task.visible, *task.hidden[:8]))
        assert space.distance((), target, lines) is not None
    return len(tasks)


def _repair(grammar: Grammar, tasks: list[Task], kinds: tuple[Kind, ...]) -> int:
    """Two edits of each program, all edits listed and all tests run after each."""
    rng = np.random.default_rng(0)
    for task in tasks:
        program = task.program
        inputs = [case.arguments for case in (*task.visible, *task.hidden)]
        for _ in range(2):
            found = [e for line in range(len(program.lines) + 1) for e in legal_edits(program, line, grammar, kinds)]
            program = found[int(rng.integers(len(found)))].apply(program)
            outputs(program, inputs)
    return 2 * len(tasks)


if __name__ == "__main__":
    main()
