"""Broken Python to be mended, by the same actions as Python is written with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from reasoning_envs.domains.code.python_edits import refused
from reasoning_envs.domains.problems.python_records import Record, generated, read_assertions
from reasoning_envs.domains.problems.repair import draw_repair
from reasoning_envs.domains.python_task import PythonTaskDomain
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.render import render_program
from reasoning_envs.types import Problem, Status

__all__ = ["PythonRepairDomain"]

_BUGS = (1, 2, 3)


class PythonRepairDomain(PythonTaskDomain):
    """A program with bugs in it, to be mended.

    It is a :class:`~reasoning_envs.domains.python_task.PythonTaskDomain` in which the program to begin with is wrong.
    A problem is a broken program and assertions behind it, or a record in the format of HumanEvalFix (HumanEval's
    fields and ``buggy_solution``); a record whose broken solution passes its tests is refused. Without such, programs
    are drawn from :mod:`reasoning_envs.programs` and given bugs, in levels ``small-1`` to ``large-3``: grammar and
    bugs; a visible test fails in each.

    Takes the arguments of :class:`~reasoning_envs.domains.python_task.PythonTaskDomain`, but for ``dataset``.
    """

    name: ClassVar[str] = "python_repair"
    _task: ClassVar[str] = "Mend the function so that the assertions hold; hidden tests decide."

    def __init__(
        self,
        edit: str = "program",
        *,
        sandbox: str = "auto",
        minimum_tier: str = "landlock",
        max_tokens: int | None = None,
        max_feedback: int = 1000,
        cpu_seconds: float = 2.0,
        check_answers: bool = True,
    ) -> None:
        super().__init__(
            edit,
            sandbox=sandbox,
            minimum_tier=minimum_tier,
            max_tokens=max_tokens,
            max_feedback=max_feedback,
            cpu_seconds=cpu_seconds,
            check_answers=check_answers,
        )

    def _levels(self) -> Sequence[str]:
        return tuple(f"{grammar}-{bugs}" for grammar in GRAMMARS for bugs in _BUGS)

    def _draw(self, rng: np.random.Generator, level: str, seed: int) -> Problem:
        grammar, bugs = level.split("-")
        task, (broken, *_) = draw_repair(rng, self._generators[grammar], int(bugs))
        record = generated(task.program, task.visible, task.hidden)
        shown = read_assertions("\n".join([render_program(broken), *record.visible.lines()]))
        return self._problem_of(replace(record, start=shown.start), level=level, seed=seed, key=task.key)

    def _checked(self, record: Record) -> Record:
        """The record with its broken solution to begin with, which fails a test that the right one passes.

        Raises:
            InputError: it has none, or one that is right; or see the class that this one is built on.
        """
        if record.broken is None:
            raise refused("the record has no broken solution: the field 'buggy_solution' is missing")
        record = replace(super()._checked(record), start=record.broken)
        if self.check_answers:
            shown, decisive = self.judge.test_both(record.start, record.visible, record.hidden)
            if shown.broken or decisive.broken:
                raise refused(f"its broken solution cannot be judged: {shown.broken or decisive.broken}", Status.ERROR)
            if not (shown.failures or decisive.failures):
                raise refused("its broken solution passes all tests: there is nothing to mend", Status.REFUTED)
        return record
