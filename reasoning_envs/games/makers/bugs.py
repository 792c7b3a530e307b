"""Right programs that get bugs, one edit a move; the way back is known from the bugs themselves."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reasoning_envs.domains.code.observations import Rows
from reasoning_envs.domains.code.repair_states import Edits, Group
from reasoning_envs.domains.problems.programs import one_line, refused
from reasoning_envs.domains.problems.repair import fails_a_test, places_apart
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.games.makers.moves import MakingMove
from reasoning_envs.programs.behaviour import outputs
from reasoning_envs.programs.generation import VISIBLE, Task, TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.tokens import program_tokens, value_tokens
from reasoning_envs.programs.trees import Program
from reasoning_envs.types import Problem

__all__ = ["BugMaker", "BugState"]

_SIZES = (2, 3)
_MOST_BUGS = 3
_KEPT = 256
_GROUP, _BETWEEN, _DONE = b"\x02", b"\x03", b"\x07"


class BugState(NamedTuple):
    """A program that is being spoiled.

    Attributes:
        task: that the right program solves. chain: the right program, and what each bug made of it.
        group: of edits, chosen. handed: to whoever mends it.
    """

    task: Task
    chain: tuple[Program, ...]
    group: Group | None = None
    handed: bool = False


class BugMaker:
    """Makes problems of :class:`~reasoning_envs.domains.repair.RepairDomain`.

    Args:
        grammar: ``"small"`` or ``"large"``.
        bugs: at most, 1 to 3.
        judge: of the domain.

    Raises:
        ValueError: no such grammar, or a number of bugs out of range.
    """

    name = "bugs put into programs"
    max_actions = 64
    max_tokens = 128

    def __init__(self, grammar: str = "small", bugs: int = 2, judge: str = "sandbox") -> None:
        if grammar not in GRAMMARS:
            raise ValueError(f"there is no grammar {grammar!r}; known: {', '.join(GRAMMARS)}")
        if not 1 <= bugs <= _MOST_BUGS:
            raise ValueError(f"bugs from 1 to {_MOST_BUGS}, got {bugs}")
        self.grammar = GRAMMARS[grammar]
        self.bugs = bugs
        self._domain = RepairDomain(judge=judge)
        self.domains = (self._domain,)
        self._generator = TaskGenerator(self.grammar)
        self._edits: OrderedDict[Program, Edits] = OrderedDict()
        self._rows = Rows(VISIBLE, self.max_tokens)

    def begin(self, rng: np.random.Generator) -> BugState:
        """A right program of two or three lines, with its tests."""
        task = self._generator.draw(rng, _SIZES[int(rng.integers(len(_SIZES)))])
        return BugState(task, (task.program,))

    def is_final(self, state: BugState) -> bool:
        """It has been handed over."""
        return state.handed

    def actions(self, state: BugState) -> Sequence[MakingMove]:
        """Edits, or groups of them; once there is a bug, to hand the program over."""
        if state.handed:
            return ()
        hand = [MakingMove("hand over", state._replace(handed=True))] if len(state.chain) > 1 else []
        if state.group is not None:
            hand = []
        elif len(state.chain) > self.bugs:
            return hand
        edits, groups = self._listed(state.chain[-1]).choices(state.group)
        return [
            *(
                MakingMove(
                    edit.kind,
                    state._replace(chain=(*state.chain, edit.apply(state.chain[-1])), group=None),
                    words=edit.describe(),
                )
                for edit in edits
            ),
            *(MakingMove("group", state._replace(group=group), is_step=False, words=str(group)) for group in groups),
            *hand,
        ]

    def _listed(self, program: Program) -> Edits:
        found = self._edits.get(program)
        if found is None:
            found = self._edits[program] = Edits(program, self.grammar, self.max_actions - 1)
            if len(self._edits) > _KEPT:
                self._edits.popitem(last=False)
        return found

    def tokens(self, state: BugState) -> bytes:
        """What the program gives on the visible tests, the program, and what it gave when it was right."""
        program = state.chain[-1]
        shown = [case.arguments for case in state.task.visible]
        given = self._rows.tokens(program.result.type, outputs(program, shown))
        wanted = self._rows.tokens(state.task.program.result.type, [case.output for case in state.task.visible])
        head = _DONE if state.handed else b""
        if state.group is not None:
            head += _GROUP + value_tokens(" ".join(map(str, state.group)))
        return (head + given + _BETWEEN + program_tokens(program) + _BETWEEN + wanted)[: self.max_tokens]

    def text(self, state: BugState) -> str:
        """The program as it is now, on one line."""
        return one_line(state.chain[-1])

    def made(self, state: BugState) -> Problem:
        """To mend it, in as many edits as there are bugs.

        Raises:
            InputError: no visible test fails, bugs undo or hide each other, or no listed edit takes one back.
        """
        right, *spoiled = state.chain
        broken = spoiled[-1]
        if broken.result.type is not right.result.type:
            raise refused("it returns another type than the right program")
        if not fails_a_test(broken, state.task.visible):
            raise refused("no visible test fails")
        if len({program_tokens(program) for program in state.chain}) < len(state.chain):
            raise refused("a bug takes back an earlier one")
        if places_apart(right, broken, self.grammar) < len(spoiled):
            raise refused("two bugs in one place are one")
        problem = self._domain.pose(state.task, state.chain[::-1], self.grammar.name, "proposed")
        try:
            self._domain.demonstration(problem)
        except ValueError as error:
            raise refused("no listed edit takes a bug back") from error
        return problem
