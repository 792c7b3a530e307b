"""Predicting what programs do: deduction, abduction and induction, the triad of Absolute Zero.

Zhao et al., "Absolute Zero: Reinforced Self-play Reasoning with Zero Data", 2025, section 3.2. Every value that is
right or wrong is so because the program was run.

=========  =====================================  ===========================================================
task       given                                  one action
=========  =====================================  ===========================================================
deduction  a program and its arguments            says what the next line computes, up to the result
abduction  a program and its result               chooses the next argument; any arguments that give it are right
induction  tests                                  writes the next line: :mod:`reasoning_envs.domains.synthesis`
=========  =====================================  ===========================================================

Values are proposed: the right one among those that a slip would lead to. A proposal depends on the state alone.

What a *verified step* means: of a deduction, that the value follows from the values said before, be they right or not,
as a line of algebra follows from the line before it; so a wrong value makes one step wrong and not all behind it. Of
an abduction, that some of the proposals for the other arguments completes it (UNDECIDED where none does: there are more
values than proposals), and of the last argument, that the program gives the result. They are exact, and privileged
only in that who knows them need not run the program. How they are hacked: after a wrong value all steps of a deduction
can be right and the result wrong.
"""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from reasoning_envs.domains.code.prediction_proposals import argument_proposals, value_proposals
from reasoning_envs.domains.code.prediction_states import Question, ValueAction, ValueState, ValueVerifier
from reasoning_envs.domains.problems.programs import call_text, one_line, read_call, read_line, read_literal, refused
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.programs.generation import Case, TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.inputs import Arguments
from reasoning_envs.programs.interpreter import run
from reasoning_envs.programs.render import render_value
from reasoning_envs.programs.tokens import program_tokens, value_tokens
from reasoning_envs.programs.trees import Line, Parameter, Program, var
from reasoning_envs.programs.values import Type, Value, same
from reasoning_envs.types import Problem, Status, Verdict
from reasoning_envs.verifiers.execution import ProgramJudge

__all__ = ["TASKS", "AbductionDomain", "DeductionDomain", "prediction"]

_SIZES = (1, 2, 3, 4)
_MAX_LINES = 10
_MAX_SIZE = 200


class _ValueDomain:
    """What deduction and abduction share.

    Args:
        judge: ``"sandbox"``, or ``"interpreter"`` for where no sandbox is to be had.
        sandbox: its back end; see :func:`sandboxes.open_sandbox`.

    Raises:
        ValueError: no such judge.
        sandboxes.SandboxUnavailable: no sandbox of enough strength is here; the message names the cure.
    """

    name = ""
    max_actions = 64
    max_tokens = 128
    levels: Sequence[str] = tuple(f"{grammar}-{size}" for grammar in GRAMMARS for size in _SIZES)
    _asks: re.Pattern[str]

    def __init__(self, judge: str = "sandbox", sandbox: str = "auto") -> None:
        self.verifier = ValueVerifier(self, ProgramJudge(judge, sandbox))
        self._generators = {name: TaskGenerator(grammar) for name, grammar in GRAMMARS.items()}

    # -- problems -----------------------------------------------------------------------------------------------------

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        seed = int(rng.integers(2**31))
        if level is None:
            level = self.levels[int(rng.integers(len(self.levels)))]
        if level not in self.levels:
            raise ValueError(f"no level {level!r}; known: {', '.join(self.levels)}")
        grammar, size = level.split("-")
        task = self._generators[grammar].draw(np.random.default_rng(seed), int(size))
        return self.pose(task.program, task.visible[0], task.key, level, seed)

    def pose(
        self, program: Program, case: Case, key: str, level: str | None = None, seed: int | None = None
    ) -> Problem:
        """A question about a program, whoever wrote it, as a problem.

        Args:
            program: of the form of those that are generated.
            case: its arguments and what the program gives on them.
            key: of the program's behaviour, which decides on the split.
            level: noted in the problem.
            seed: the same.
        """
        text = self._ask(program, case.arguments, case.output)
        answer = f"{call_text(case.arguments)} == {render_value(case.output)}"
        return self._problem(text, answer, level, seed, {"key": key})

    def problem(self, statement: str) -> Problem:
        """A program that anybody wrote, and the question behind it.

        Raises:
            InputError: the text is no such thing.
        """
        question = self._read_question(statement)
        return self._problem(self._asked_again(question), None, None, None, {})

    def _problem(
        self, text: str, answer: str | None, level: str | None, seed: int | None, metadata: dict[str, Any]
    ) -> Problem:
        digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        prompt = f"{self._task}\n{text}"
        return Problem(f"{self.name}-{digest}", self.name, prompt, text, answer, level, seed, metadata)

    def canonical_key(self, problem: Problem) -> str:
        """Of the program's behaviour; where it is not known, the statement."""
        return str(problem.metadata.get("key", problem.statement))

    def question(self, problem: Problem) -> Question:
        """What a problem asks, with the arguments of its certificate.

        Raises:
            InputError: it cannot be read.
        """
        question = self._read_question(problem.statement)
        if problem.answer is not None and question.arguments is None:
            question = question._replace(arguments=self.read(question, problem.answer)[1])
        return question

    def _read_question(self, statement: str) -> Question:
        match = self._asks.search(statement)
        if match is None:
            raise refused(f"a program is needed, and behind it a comment that asks {self._example}")
        program, finished = read_line(statement[: match.start()])
        if program is None or not finished or program.name != "f" or not program.lines:
            raise refused("a function f with a line or more is needed")
        last = program.lines[-1]
        if program.result != var(last.target, last.expr.type):
            raise refused("the function must return the variable of its last line")
        if len(program.lines) > _MAX_LINES or program.size > _MAX_SIZE:
            raise refused(f"a program of {len(program.lines)} lines and {program.size} nodes is too large")
        return self._question(program, match[1])

    # -- for the tasks ------------------------------------------------------------------------------------------------

    _example: str
    _task: str

    def _ask(self, program: Program, arguments: Arguments, output: Value) -> str:
        raise NotImplementedError

    def _question(self, program: Program, asked: str) -> Question:
        raise NotImplementedError

    def _asked_again(self, question: Question) -> str:
        return question.text

    def _names(self, program: Program) -> list[tuple[str, Type, str]]:
        """Name, type and rule of all that is to be said, in order."""
        raise NotImplementedError

    def _proposals(self, state: ValueState) -> Sequence[Value]:
        raise NotImplementedError

    def judge_state(self, state: ValueState) -> Verdict:
        """On the last value that was said."""
        raise NotImplementedError

    def _answer(self, state: ValueState) -> str:
        raise NotImplementedError

    # -- states -------------------------------------------------------------------------------------------------------

    def start(self, problem: Problem) -> ValueState:
        """Nothing has been said."""
        return ValueState(self.question(problem))

    def is_final(self, state: ValueState) -> bool:
        """All has been said."""
        return len(state.said) >= len(self._names(state.question.program))

    def actions(self, state: ValueState) -> Sequence[ValueAction]:
        """A value each, in an order that tells nothing."""
        if self.is_final(state):
            return ()
        name, _, rule = self._names(state.question.program)[len(state.said)]
        found = []
        for value in self._proposals(state):
            found.append(ValueAction(rule, ValueState(state.question, (*state.said, value)), self.judge_state, name))
        return found

    def parse(self, state: ValueState, text: str) -> ValueAction:
        """The next value that somebody says, ``v2 = 4``, alone or behind what was said before.

        Any value may be said, proposed or not.

        Raises:
            InputError: it says something else.
        """
        names = self._names(state.question.program)
        name, _, rule = names[len(state.said)]
        before = "".join(
            f"{each} = {render_value(value)}; " for (each, _, _), value in zip(names, state.said, strict=False)
        )
        alone = text.lstrip().startswith(name)
        said, _, _ = self.read(state.question, before + text if alone and before else text)
        if len(said) != len(state.said) + 1 or repr(said[:-1]) != repr(state.said):
            raise refused(f"one value is said at a time: {name} = ...")
        return ValueAction(rule, ValueState(state.question, said), self.judge_state, name)

    def apply(self, state: ValueState, action: ValueAction) -> ValueState:
        """The state that the action leads to."""
        return action.state

    def text(self, state: ValueState) -> str:
        """What was said: ``v1 = [1, 3]; v2 = 4``; at the end with the answer, ``f([3, 1]) == 4``."""
        names = self._names(state.question.program)
        parts = [f"{name} = {render_value(value)}" for (name, _, _), value in zip(names, state.said, strict=False)]
        if not parts or self.is_final(state):
            parts.append(self._answer(state))
        return "; ".join(parts)

    def read(self, question: Question, text: str) -> tuple[tuple[Value, ...], Arguments | None, Value | None]:
        """The values that a line says, and the arguments and the result of its answer where it has one.

        Raises:
            InputError: it says something else.
        """
        names = self._names(question.program)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                body = ast.parse(text.strip()).body if len(text) <= 20_000 else []
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise refused(f"the line is not Python: {error}") from error
        said: list[Value] = []
        arguments, output = None, None
        for node in body:
            match node:
                case ast.Assign(targets=[ast.Name(id=target)], value=value) if output is None:
                    if len(said) >= len(names) or target != names[len(said)][0]:
                        raise refused(f"{target!r} is not what comes next")
                    said.append(read_literal(value, names[len(said)][1]))
                case ast.Expr(ast.Compare(left=left, ops=[ast.Eq()], comparators=[value])) if output is None:
                    arguments = read_call(left, question.program.parameters)
                    output = read_literal(value, question.program.result.type)
                case _:
                    raise refused("a line has the form v1 = value; v2 = value; f(...) == value")
        if not said and output is None:
            raise refused("the line says nothing")
        return tuple(said), arguments, output

    def corrupt(self, state: ValueState, rng: np.random.Generator) -> tuple[ValueState, str]:
        """A wrong value more; at the end another last value.

        Raises:
            ValueError: no proposal is wrong.
        """
        at = ValueState(state.question, state.said[:-1]) if self.is_final(state) else state
        actions = self.actions(at)
        for index in rng.permutation(len(actions)):
            action = actions[int(index)]
            if action.state != state and action.verdict.refuted:
                return action.state, f"wrong {action.rule}"
        raise ValueError(f"every proposal after {self.text(state)!r:.100} is right")

    def tokens(self, state: ValueState) -> bytes:
        """What was said, the newest first, what is given, and the program, as far as they fit."""
        question = state.question
        given = [question.output] if question.output is not None else list(question.arguments or ())
        parts = [b"\x03", *map(value_tokens, state.said[::-1]), b"\x03", *map(value_tokens, given)]
        return (b"".join(parts) + program_tokens(question.program))[: self.max_tokens]


class DeductionDomain(_ValueDomain):
    """What does the program give? Its lines are said one by one."""

    name = "deduction"
    _asks = re.compile(r"\s*#\s*what\s+is\s+(f\(.*\))\s*\?\s*$")
    _example = "'# what is f([3, 1])?'"
    _task = "Say what each line of the function computes, one at a time: v1 = ..."

    def _ask(self, program: Program, arguments: Arguments, output: Value) -> str:
        return f"{one_line(program)}  # what is {call_text(arguments)}?"

    def _question(self, program: Program, asked: str) -> Question:
        try:
            node = ast.parse(asked, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise refused(f"{asked:.60} is no call of f") from error
        arguments = read_call(node, program.parameters)
        return Question(self._ask(program, arguments, 0), program, arguments, None)

    def _names(self, program: Program) -> list[tuple[str, Type, str]]:
        return [(line.target, line.expr.type, line.expr.op) for line in program.lines]

    def _proposals(self, state: ValueState) -> Sequence[Value]:
        program, values = self._next(state, len(state.said))
        return value_proposals(program, values, _seed(state), self.max_actions)

    def _next(self, state: ValueState, number: int) -> tuple[Program, Arguments]:
        """One line as a program of its own, and the values that it works on."""
        program = state.question.program
        line = program.lines[number]
        known = (*program.parameters, *(Parameter(each.target, each.expr.type) for each in program.lines[:number]))
        return (
            Program(known, (Line(line.target, line.expr),), var(line.target, line.expr.type)),
            (*(state.question.arguments or ()), *state.said[:number]),
        )

    def judge_state(self, state: ValueState) -> Verdict:
        """Whether the last value follows from those before it."""
        number = len(state.said) - 1
        outcome = run(*self._next(state, number))
        said = state.said[number]
        target = state.question.program.lines[number].target
        if outcome.value is not None and same(outcome.value, said):
            return Verdict(Status.VERIFIED, None, f"{target} is {render_value(said)}", "interpreter", True)
        gives = outcome.error if outcome.value is None else render_value(outcome.value)
        return Verdict(Status.REFUTED, None, f"{target} is {gives}, from what was said before", "interpreter", True)

    def _answer(self, state: ValueState) -> str:
        result = render_value(state.said[-1]) if state.said else "?"
        return f"{call_text(state.question.arguments or ())} == {result}"


class AbductionDomain(_ValueDomain):
    """Which arguments give the result? They are chosen one by one."""

    name = "abduction"
    _asks = re.compile(r"\s*#\s*which\s+arguments\s+give\s+(.*\S)\s*\?\s*$")
    _example = "'# which arguments give [1, 3]?'"
    _task = "Find arguments with which the function gives the result, one at a time: xs = ..."

    def _ask(self, program: Program, arguments: Arguments, output: Value) -> str:
        return f"{one_line(program)}  # which arguments give {render_value(output)}?"

    def _question(self, program: Program, asked: str) -> Question:
        output = read_literal(asked, program.result.type)
        return Question(self._ask(program, (), output), program, None, output)

    def _names(self, program: Program) -> list[tuple[str, Type, str]]:
        return [(name, kind, "argument") for name, kind in program.parameters]

    def _proposals(self, state: ValueState) -> Sequence[Value]:
        return self._proposed(state.question, len(state.said))

    def _proposed(self, question: Question, number: int) -> Sequence[Value]:
        right = None if question.arguments is None else question.arguments[number]
        kind = question.program.parameters[number].type
        return argument_proposals(kind, right, _seed(ValueState(question), number))

    def judge_state(self, state: ValueState) -> Verdict:
        """Whether proposals for the other arguments complete it."""
        question = state.question
        rest = [self._proposed(question, number) for number in range(len(state.said), len(question.program.parameters))]
        for more in product(*rest):
            arguments = (*state.said, *more)
            value = run(question.program, arguments).value
            if value is not None and same(value, question.output):
                return Verdict(Status.VERIFIED, None, f"{call_text(arguments)} gives it", "interpreter", True)
        if rest:
            return Verdict(Status.UNDECIDED, None, "no proposal for the other arguments completes it", "interpreter")
        return Verdict(Status.REFUTED, None, "the program gives something else", "interpreter", True)

    def _answer(self, state: ValueState) -> str:
        output = state.question.output
        shown = "" if output is None else render_value(output)
        if not self.is_final(state):
            return f"f({', '.join('?' for _ in state.question.program.parameters)}) == {shown}"
        return f"{call_text(state.said)} == {shown}"


def _seed(state: ValueState, more: int = 0) -> int:
    text = f"{state.question.text} {state.said!r} {more}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


TASKS: dict[str, Callable[..., Any]] = {
    "deduction": DeductionDomain,
    "abduction": AbductionDomain,
    "induction": SynthesisDomain,
}


def prediction(task: str = "deduction", **kwargs: Any) -> DeductionDomain | AbductionDomain | SynthesisDomain:
    """The domain of one of the three tasks.

    Args:
        task: ``"deduction"``, ``"abduction"`` or ``"induction"``.
        **kwargs: of its domain.

    Raises:
        ValueError: there is no such task. TypeError: its domain takes other keywords.
    """
    if task not in TASKS:
        raise ValueError(f"there is no task {task!r}; known: {', '.join(TASKS)}")
    domain: DeductionDomain | AbductionDomain | SynthesisDomain = TASKS[task](**kwargs)
    return domain
