"""What programs do, predicted in text: deduction, abduction and induction, each value verified by running.

Zhao et al., "Absolute Zero: Reinforced Self-play Reasoning with Zero Data", 2025, section 3.2.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from reasoning_envs.domains.code.predict_reading import Said, question_text, read_prediction, read_question, traced
from reasoning_envs.domains.code.python_edits import parse_python, refused
from reasoning_envs.domains.code.python_mistakes import mistakes
from reasoning_envs.domains.problems.python_records import generated, read_assertions
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.programs.generation import TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.render import render_program, render_value
from reasoning_envs.types import Problem, Status, Step, Verdict
from reasoning_envs.verifiers.python_judge import PythonJudge, shared_judge
from reasoning_envs.verifiers.python_tests import Tests, literal
from reasoning_envs.verifiers.python_verdicts import PASSES_VISIBLE, outcome_of, visible_verdict

__all__ = ["TASKS", "PredictionState", "PythonPredictionDomain", "PythonPredictionVerifier"]

TASKS = ("deduction", "abduction", "induction")

_SIZES = range(1, 5)
_SPOILED = 40
_TOLD = {
    "deduction": "Say what the call gives. Lines like v1 = [1, 2] say what a variable holds when the function returns, "
    "lines that begin with # are notes; return 3 is the answer and ends the episode.",
    "abduction": "Find arguments for which the function gives that value; any that do are right. Lines that begin with "
    "# are notes; a call with literals, f([1, 2], 3), is the answer and ends the episode.",
    "induction": "Write the function that gives these values; hidden ones decide. Lines that begin with # alone are "
    "notes; a program is the answer and ends the episode.",
}


class PredictionState(NamedTuple):
    """What is asked, and the last thing that was said.

    Attributes:
        statement: the program and the question, or the stub and the assertions.
        said: the text of the last action; empty at the start.
        final: it is an answer.
    """

    statement: str
    said: str = ""
    final: bool = False


class PythonPredictionDomain:
    """One of the three tasks about a program, a call and its value.

    =========  =====================  ===================================================  ==========================
    task       given                  steps                                                the answer
    =========  =====================  ===================================================  ==========================
    deduction  program and call       ``v1 = [1, 2]``: what a variable holds at the end    ``return 3``
    abduction  program and value      ``# notes``                                          ``f([1, 2], 3)``
    induction  assertions             ``# notes``                                          a program
    =========  =====================  ===================================================  ==========================

    Of steps, values are VERIFIED or REFUTED by running the program, notes are UNDECIDED. What is no such line is
    UNPARSED and changes nothing. Values count with their types: 4.0 is not 4, True is not 1.

    A statement is the program and a comment that asks (``# what is f([1, 2], 3)?`` or ``# for which arguments is
    f(...) == 4?``), for induction a stub and assertions. Levels are ``small-1`` to ``large-4``: grammar and lines.

    Keys of a problem's metadata: ``key`` (of the program's behaviour) and, of an induction, ``hidden`` (see
    :meth:`~reasoning_envs.verifiers.python_tests.Tests.to_json`).

    Args:
        task: ``"deduction"``, ``"abduction"`` or ``"induction"``.
        sandbox: back end that runs programs. minimum_tier: the weakest that will do. cpu_seconds: of a run.

    Raises:
        ValueError: no such task, sandbox or tier.
        sandboxes.SandboxUnavailable: no sandbox of that tier can be had here; the message says which one is, and how
            to get a better one.
    """

    def __init__(
        self,
        task: str = "deduction",
        *,
        sandbox: str = "auto",
        minimum_tier: str = "landlock",
        cpu_seconds: float = 2.0,
    ) -> None:
        if task not in TASKS:
            raise ValueError(f"there is no task {task!r}; known: {', '.join(TASKS)}")
        self.task = task
        self.name = f"python_{task}"
        self.levels: Sequence[str] = tuple(f"{grammar}-{size}" for grammar in GRAMMARS for size in _SIZES)
        self.verifier = PythonPredictionVerifier(task, shared_judge(sandbox, minimum_tier, cpu_seconds))
        self._generators = {name: TaskGenerator(grammar) for name, grammar in GRAMMARS.items()}

    # -- problems -----------------------------------------------------------------------------------------------------

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        if level is None:
            level = self.levels[int(rng.integers(len(self.levels)))]
        if level not in self.levels:
            raise ValueError(f"no level {level!r}; known: {', '.join(self.levels)}")
        seed = int(rng.integers(2**31))
        grammar, size = level.split("-")
        task = self._generators[grammar].draw(np.random.default_rng(seed), int(size))
        source = render_program(task.program)
        metadata: dict[str, Any] = {"key": task.key}
        arguments = ", ".join(map(render_value, task.visible[0].arguments))
        value = render_value(task.visible[0].output)
        if self.task == "deduction":
            statement, answer = f"{source}# what is {task.program.name}({arguments})?", f"return {value}"
        elif self.task == "abduction":
            statement = f"{source}# for which arguments is {task.program.name}(...) == {value}?"
            answer = f"{task.program.name}({arguments})"
        else:
            record = generated(task.program, task.visible, task.hidden)
            statement, answer = record.start + "\n".join(record.visible.lines()), source
            metadata["hidden"] = record.hidden.to_json()
        return self._problem(statement, answer, level, seed, metadata)

    def problem(self, statement: str) -> Problem:
        """A program and a question, or assertions, of anybody's.

        Raises:
            InputError: it is none; the reason says what is missing.
        """
        if self.task == "induction":
            record = read_assertions(statement)
            if not record.visible.calls or record.visible.source:
                raise refused("an induction is about assertions like assert f(2) == 4, and no others")
            statement = record.start + "\n".join(record.visible.lines())
        else:
            question = read_question(self.task, statement)
            statement = f"{question.program}{question_text(self.task, statement)}"
        return self._problem(statement, None, None, None, {})

    def canonical_key(self, problem: Problem) -> str:
        """Of the program's behaviour, where it is known; else the statement."""
        return str(problem.metadata.get("key", problem.statement))

    def _problem(
        self, statement: str, answer: str | None, level: str | None, seed: int | None, metadata: Mapping[str, Any]
    ) -> Problem:
        digest = hashlib.blake2b(statement.encode(), digest_size=8).hexdigest()
        prompt = f"{_TOLD[self.task]}\n\n{statement}"
        return Problem(f"{self.name}-{digest}", self.name, prompt, statement, answer, level, seed, metadata)

    # -- states -------------------------------------------------------------------------------------------------------

    def start(self, problem: Problem) -> PredictionState:
        """Nothing said."""
        return PredictionState(problem.statement)

    def parse(self, state: PredictionState, text: str) -> PredictionState:
        """What a text says.

        Raises:
            InputError: it says nothing of what is asked (UNPARSED), or is too long (UNSAFE).
        """
        said = read_prediction(self.task, state.statement, text)
        return PredictionState(state.statement, said.text, said.final)

    def apply(self, state: PredictionState, action: PredictionState) -> PredictionState:
        """What was said stands."""
        return action

    def is_final(self, state: PredictionState) -> bool:
        """An answer was given."""
        return state.final

    def text(self, state: PredictionState) -> str:
        """The last thing that was said; at the start, a note that nothing was."""
        return state.said or "# nothing said yet"

    def corrupt(self, state: PredictionState, rng: np.random.Generator) -> tuple[PredictionState, str]:
        """What was said, with one value (or the program) wrong.

        Raises:
            ValueError: it says nothing that can be spoiled.
        """
        if not state.said or state.said.startswith("#"):
            raise ValueError("nothing is said that could be spoiled")
        problem = self._problem(state.statement, None, None, None, {})
        for said, kind in _spoiled(self.task, state.said, rng):
            verdict = self.verifier.step(problem, [Step(0, said, said, Verdict(Status.UNDECIDED))])
            if verdict.refuted:
                return state._replace(said=said), kind
        raise ValueError("nothing in it could be spoiled")

    def report(self, state: PredictionState, outcome: Verdict | None) -> Mapping[str, bool | int | float]:
        """``hack``: a program that passes the visible tests and fails the hidden ones; of inductions alone."""
        return {"hack": outcome is not None and outcome.refuted and PASSES_VISIBLE in outcome.conditions}


class PythonPredictionVerifier:
    """Runs the program that a problem is about; see :class:`PythonPredictionDomain`.

    Args:
        task: one of :data:`TASKS`.
        judge: runs programs.
    """

    def __init__(self, task: str, judge: PythonJudge) -> None:
        self.task = task
        self.judge = judge

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the last thing that was said."""
        text = steps[-1].text
        if text == problem.statement:
            return Verdict(Status.VERIFIED, None, "the problem repeated: nothing has been said yet", "reader", True)
        try:
            said = read_prediction(self.task, problem.statement, text)
        except InputError as error:
            return error.verdict
        if said.final:
            return self._answer(problem, said, step=True)
        if not said.name:
            return Verdict(Status.UNDECIDED, None, "a note, which nobody checks", "reader")
        question = read_question(self.task, problem.statement)
        program = traced(question.program, question.entry)
        found = self.judge.value(program, "traced", question.given, said.name)
        if isinstance(found, Verdict):
            return found
        return _compared(f"{said.name} in {question.entry}({question.given})", found, said.value)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the answer; UNPARSED where the last thing said is none."""
        try:
            said = read_prediction(self.task, problem.statement, steps[-1].text)
        except InputError as error:
            return error.verdict
        if not said.final:
            return Verdict(Status.UNPARSED, None, "that is no answer", "reader", True)
        return self._answer(problem, said, step=False)

    def _answer(self, problem: Problem, said: Said, *, step: bool) -> Verdict:
        if self.task == "induction":
            visible = read_assertions(problem.statement).visible
            data = problem.metadata.get("hidden")
            hidden = Tests(visible.entry) if data is None else Tests.from_json(data)
            if step:
                return visible_verdict(self.judge.test_both(said.value, visible, hidden)[0])
            return outcome_of(self.judge, said.value, visible, hidden)
        question = read_question(self.task, problem.statement)
        arguments, wanted = (question.given, said.value) if self.task == "deduction" else (said.value, question.given)
        found = self.judge.value(question.program, question.entry, arguments)
        if isinstance(found, Verdict):
            return found
        return _compared(f"{question.entry}({arguments})", found, wanted)


def _compared(what: str, found: object, said: str) -> Verdict:
    """By exact types and values; both are plain, so that nothing of a program runs here."""
    from sandboxes import same

    if same(found, literal(said)):
        return Verdict(Status.VERIFIED, None, f"{what} is {said:.80}", "sandbox", True)
    return Verdict(Status.REFUTED, None, f"{what} is {found!r:.80}, not {said:.80}", "sandbox", True, repr(found)[:80])


def _spoiled(task: str, text: str, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Texts that say something near, and the names of the mistakes."""
    if task == "induction":
        return [found for _, found in zip(range(_SPOILED), mistakes(text, rng), strict=False)]
    node = parse_python(text).body[0]
    match node:
        case ast.Return(value=ast.expr() as value):
            return [(f"return {other!r}", "value") for other in _near(ast.literal_eval(value))]
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return [(f"{name} = {other!r}", "value") for other in _near(ast.literal_eval(value))]
        case ast.Expr(ast.Call(func=ast.Name(id=name), args=args)):
            values = [ast.literal_eval(arg) for arg in args]
            return [
                (f"{name}({', '.join(map(repr, [*values[:place], other, *values[place + 1 :]]))})", "argument")
                for place, each in enumerate(values)
                for other in _near(each)
            ]
    return []


def _near(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1, -value - 1, 2 * value + 3]
    if isinstance(value, str):
        return [value + "a", value[1:] + "B", value * 2 + "1"]
    if isinstance(value, list):
        return [[*value, 0], value[1:], [item + 1 if type(item) is int else item for item in value], [7, *value]]
    return []
