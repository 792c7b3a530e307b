"""Programs composed line by line, of which the tests, or a question, are then the problem.

The lines are those of :mod:`reasoning_envs.domains.synthesis`, with what each computes on a few inputs. The program is
the solution, and it is known before the problem is: :class:`ProgramMaker` asks for a program that does the same
(induction), :class:`QuestionMaker` lets the proposer choose among the three tasks of Absolute Zero (Zhao et al. 2025,
section 3.2) and, of a deduction or an abduction, the arguments.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from reasoning_envs.domains.code.observations import Rows
from reasoning_envs.domains.prediction import AbductionDomain, DeductionDomain
from reasoning_envs.domains.problems.programs import call_text, line_text, one_line, refused
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.games.makers.moves import MakingMove, paged
from reasoning_envs.programs.behaviour import behaviour_key
from reasoning_envs.programs.generation import VISIBLE, Case, Task, draw_cases
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.inputs import parameter_names, probe_arguments
from reasoning_envs.programs.lines import Candidate, LineSpace, State, Step
from reasoning_envs.programs.render import render_value
from reasoning_envs.programs.tokens import program_tokens, value_tokens
from reasoning_envs.programs.trees import Parameter, Program
from reasoning_envs.programs.values import Type
from reasoning_envs.types import Problem

__all__ = ["ProgramMaker", "ProgramState", "QuestionMaker", "useful_steps"]

_PROPOSE = "propose"
_MOST_LINES = 4
_KEPT = 300_000
_GROUP, _BETWEEN, _DONE = b"\x02", b"\x03", b"\x07"


class ProgramState(NamedTuple):
    """A program that is being composed.

    Attributes:
        signature: types of its parameters. seed: of its tests.
        steps: the lines so far. group: the kind of line chosen, where the next move picks one of its lines.
        written: no line follows. task: chosen, of a :class:`QuestionMaker`. case: the number of the arguments chosen;
            -1 before.
    """

    signature: tuple[Type, ...]
    seed: int
    steps: State = ()
    group: str | None = None
    written: bool = False
    task: str | None = None
    case: int = -1


class ProgramMaker:
    """Makes problems of :class:`~reasoning_envs.domains.synthesis.SynthesisDomain`.

    Args:
        grammar: ``"small"`` or ``"large"``.
        lines: of a program at most, 1 to 4.
        judge: of the domain.

    Raises:
        ValueError: no such grammar, or a number of lines out of range.
    """

    name = "programs composed"
    max_actions = 64
    max_tokens = 128

    def __init__(self, grammar: str = "small", lines: int = 3, judge: str = "sandbox") -> None:
        if grammar not in GRAMMARS:
            raise ValueError(f"there is no grammar {grammar!r}; known: {', '.join(GRAMMARS)}")
        if not 1 <= lines <= _MOST_LINES:
            raise ValueError(f"lines from 1 to {_MOST_LINES}, got {lines}")
        self.grammar = GRAMMARS[grammar]
        self.lines = lines
        self._synthesis = SynthesisDomain(judge=judge)
        self.domains: Sequence[MoveDomain] = (self._synthesis,)
        self._spaces: OrderedDict[tuple[Type, ...], LineSpace] = OrderedDict()
        self._rows = Rows(VISIBLE, self.max_tokens)

    def begin(self, rng: np.random.Generator) -> ProgramState:
        """Parameters, and no line yet."""
        signatures = self.grammar.signatures
        return ProgramState(signatures[int(rng.integers(len(signatures)))], int(rng.integers(2**31)))

    def is_final(self, state: ProgramState) -> bool:
        """It has been proposed."""
        return state.written

    def actions(self, state: ProgramState) -> Sequence[MakingMove]:
        """At most 63 lines and to propose; where there are more, the kinds of lines to choose from."""
        if self.is_final(state):
            return ()
        if state.written:
            return self._further(state)
        space = self.space(state)
        candidates = space.candidates(state.steps) if len(state.steps) < self.lines else ()
        productions = space.grammar.productions
        groups = paged(((productions[each.step.production].name, each) for each in candidates), self.max_actions)
        if state.group is not None:
            return [self._line(space, state, candidate) for candidate in groups[state.group]]
        propose = [MakingMove(_PROPOSE, state._replace(written=True))] if state.steps else []
        if len(candidates) < self.max_actions:
            return [*(self._line(space, state, candidate) for candidate in candidates), *propose]
        return [*(MakingMove(name, state._replace(group=name), is_step=False) for name in groups), *propose]

    def _further(self, state: ProgramState) -> Sequence[MakingMove]:
        """The moves once the program stands, where it is not proposed at once."""
        return ()

    def _line(self, space: LineSpace, state: ProgramState, candidate: Candidate) -> MakingMove:
        rule = space.grammar.productions[candidate.step.production].name
        words = line_text(space.line(state.steps, candidate.step))
        return MakingMove(rule, state._replace(steps=(*state.steps, candidate.step), group=None), words=words)

    def space(self, state: ProgramState) -> LineSpace:
        """All lines over a state's parameters."""
        found = self._spaces.get(state.signature)
        if found is None or found.size > _KEPT:
            inputs = probe_arguments(state.signature)
            parameters = tuple(map(Parameter, parameter_names(state.signature), state.signature))
            visible = inputs[:VISIBLE]
            found = LineSpace(self.grammar, parameters, visible, inputs[len(visible) : 2 * VISIBLE])
            self._spaces[state.signature] = found
        return found

    def tokens(self, state: ProgramState) -> bytes:
        """The values of the newest variable, the lines, and the values of the parameters, as far as they fit."""
        space = self.space(state)
        columns = space.columns(state.steps)
        shown = [self._rows.tokens(space.type(column), space.values(column)) for column in columns]
        given = b"".join(shown[: len(state.signature)])
        head = b"" if state.group is None else _GROUP + value_tokens(state.group)
        head += _DONE if state.written else b""
        if not state.steps:
            return (head + _BETWEEN + given)[: self.max_tokens]
        program = program_tokens(space.program(state.steps))
        return (head + self._about(state) + shown[-1] + _BETWEEN + program + _BETWEEN + given)[: self.max_tokens]

    def _about(self, state: ProgramState) -> bytes:
        """What is asked of the program, as tokens."""
        return b""

    def text(self, state: ProgramState) -> str:
        """The program so far, on one line."""
        if not state.steps:
            names = parameter_names(state.signature)
            return ", ".join(f"{name}: {kind.value}" for name, kind in zip(names, state.signature, strict=True))
        return one_line(self.space(state).program(state.steps))

    def made(self, state: ProgramState) -> Problem:
        """To write a program that does the same, from fresh tests.

        Raises:
            InputError: the program fails too often, or its outputs tell too little apart.
        """
        program, visible, hidden = self._tested(state)
        steps = useful_steps(state)
        task = Task(program, steps, visible, hidden, len(steps), False, behaviour_key(program))
        return self._synthesis.pose(task, self.grammar.name, "proposed")

    def _program(self, state: ProgramState) -> Program:
        return self.space(state).program(useful_steps(state))

    def _tested(self, state: ProgramState) -> tuple[Program, tuple[Case, ...], tuple[Case, ...]]:
        program = self._program(state)
        cases = _cases(program, state.seed)
        if cases is None:
            raise refused("the program fails too often, or its outputs tell too little apart")
        return program, *cases


def useful_steps(state: ProgramState) -> State:
    """The lines that the last one needs, itself included; the others are no part of the certificate."""
    first = len(state.signature)
    needed: set[int] = set()
    waiting = [first + len(state.steps) - 1]
    while waiting:
        number = waiting.pop()
        if number >= first and number not in needed:
            needed.add(number)
            waiting.extend(state.steps[number - first].arguments)
    places = {number: number for number in range(first)}
    places |= {number: first + place for place, number in enumerate(sorted(needed))}
    return tuple(
        Step(step.production, tuple(places.get(ref, ref) for ref in step.arguments))
        for number, step in enumerate(state.steps, start=first)
        if number in needed
    )


@lru_cache(maxsize=256)  # every candidate of a question is shown with its case
def _cases(program: Program, seed: int) -> tuple[tuple[Case, ...], tuple[Case, ...]] | None:
    return draw_cases(np.random.default_rng(seed), program)


class QuestionMaker(ProgramMaker):
    """Makes problems of all three tasks: the proposer composes a program, then chooses what is asked of it.

    Args:
        grammar, lines, judge: see :class:`ProgramMaker`.
        tasks: to choose from: ``"deduction"``, ``"abduction"``, ``"induction"``.

    Raises:
        ValueError: no task, or one that is not known.
    """

    name = "questions about programs"

    def __init__(
        self,
        grammar: str = "small",
        lines: int = 3,
        judge: str = "sandbox",
        tasks: Sequence[str] = ("deduction", "abduction", "induction"),
    ) -> None:
        super().__init__(grammar, lines, judge)
        self._asking: dict[str, DeductionDomain | AbductionDomain] = {
            "deduction": DeductionDomain(judge),
            "abduction": AbductionDomain(judge),
        }
        unknown = set(tasks) - {*self._asking, "induction"}
        if unknown or not tasks:
            raise ValueError(f"tasks are some of deduction, abduction, induction; got {list(tasks)}")
        self.tasks = tuple(tasks)
        self.domains = tuple(self._asking.get(task, self._synthesis) for task in self.tasks)

    def is_final(self, state: ProgramState) -> bool:
        """A task was chosen, and for a question the arguments; or the program cannot be asked about."""
        if not state.written:
            return False
        if state.task is None:
            return self._choices(state) == ()
        return state.task not in self._asking or state.case >= 0

    def _choices(self, state: ProgramState) -> tuple[Case, ...]:
        cases = _cases(self._program(state), state.seed)
        return () if cases is None else (*cases[0], *cases[1])

    def _further(self, state: ProgramState) -> Sequence[MakingMove]:
        if state.task is None:
            return [MakingMove(f"ask for {task}", state._replace(task=task)) for task in self.tasks]
        return [
            MakingMove(
                "choose arguments",
                state._replace(case=number),
                words=f"{call_text(case.arguments)} == {render_value(case.output)}",
            )
            for number, case in enumerate(self._choices(state))
        ]

    def _about(self, state: ProgramState) -> bytes:
        found = b"" if state.task is None else bytes((0x08 + self.tasks.index(state.task),))
        if state.case >= 0:
            case = self._choices(state)[state.case]
            found += b"".join(map(value_tokens, case.arguments)) + _BETWEEN + value_tokens(case.output)
        return found

    def made(self, state: ProgramState) -> Problem:
        """The question.

        Raises:
            InputError: see :meth:`ProgramMaker.made`.
        """
        program, visible, hidden = self._tested(state)
        if state.task not in self._asking:
            return super().made(state)
        case = (*visible, *hidden)[state.case]
        return self._asking[state.task].pose(program, case, behaviour_key(program), "proposed")
