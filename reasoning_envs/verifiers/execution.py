"""Judging programs by running them: the outcome of every code environment.

A program is right when it returns the expected value, of exactly the expected type, on every test. **Nothing is right
that the sandbox has not run:** the rendered source goes into a process without rights, only the arguments with it, and
values come back that are compared here. Expected outputs never enter the process.

What is wrong is often known sooner. A program of our own typed subset (:mod:`reasoning_envs.programs`) that fails a
test in the interpreter is refuted without a process, which makes a wrong submission two hundred times cheaper.
Interpreter and sandbox agree, errors included, or the tests of this package fail; where they were to disagree over a
program all the same, the verdict is ERROR and the episode unscored.
"""

from __future__ import annotations

import ast
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from reasoning_envs.domains.problems.programs import Spec, call_text, hidden_cases, read_line, source_of
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.programs.generation import Case
from reasoning_envs.programs.inputs import Arguments
from reasoning_envs.programs.interpreter import run
from reasoning_envs.programs.render import render_program, render_value
from reasoning_envs.programs.trees import Program
from reasoning_envs.programs.values import Type, Value, from_plain, plain, same, type_of
from reasoning_envs.types import Problem, Status, Step, Verdict
from reasoning_envs.verifiers.shared_sandbox import shared_sandbox

if TYPE_CHECKING:
    from sandboxes.types import Call, CallResult, Execution

__all__ = ["ExecutionVerifier", "Judge", "ProgramJudge"]

Judge = Literal["sandbox", "interpreter"]
"""Who has the last word. ``"interpreter"`` never opens a sandbox, and knows the typed subset alone."""

_KEPT = 4096
_CPU_SECONDS = 2.0
"""Of all calls together: a thousand times what the programs of these environments take."""


class ProgramJudge:
    """Runs programs on tests.

    Opening it opens the sandbox of this process, which all judges of one back end share, so that what is missing is
    said at the start.

    Args:
        judge: ``"sandbox"``, or ``"interpreter"`` for where no sandbox is to be had.
        sandbox: back end and options as :func:`sandboxes.open_sandbox` names them.

    Raises:
        ValueError: no such judge or sandbox.
        sandboxes.SandboxUnavailable: it cannot be had here, or only too weak; the message says which tier is here, and
            how to get a better one.
    """

    def __init__(self, judge: str = "sandbox", sandbox: str = "auto") -> None:
        if judge not in ("sandbox", "interpreter"):
            raise ValueError(f"there is no judge {judge!r}; known: sandbox, interpreter")
        self.judge = judge
        self.backend = sandbox
        if judge == "sandbox":
            shared_sandbox(sandbox)
        self._known: OrderedDict[tuple[str, int, str], Verdict] = OrderedDict()

    def outcome(self, text: str, shown: Sequence[Case], hidden: Sequence[Case]) -> Verdict:
        """Whether a program passes all tests.

        VERIFIED: it does, in the sandbox. REFUTED: it fails one, raises, or ran out of time or memory. UNPARSED,
        UNSAFE: the text is no finished function ``f``. ERROR: nobody could tell, since the sandbox failed. The reason
        of a verdict never tells a hidden test; its ``witness`` does, and is no agent's to see.

        Args:
            text: of the program, on one line or on several.
            shown: tests that the agent has seen.
            hidden: tests that decide.
        """
        # With types, since True == 1.
        key = (text, len(shown), repr((*shown, *hidden)))
        found = self._known.get(key)
        if found is None:
            found = self._judge(text, shown, hidden)
            if found.status is not Status.ERROR:
                self._known[key] = found
                if len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        return found

    def values(self, program: Program, inputs: Sequence[Arguments]) -> list[Value | None] | Verdict:
        """What a program gives on inputs, by the judge: a value each, None for an error.

        Returns:
            The values; or a verdict of the status ERROR where the sandbox failed.
        """
        if self.judge == "interpreter":
            return [run(program, args).value for args in inputs]
        execution = self._execute(render_program(program), inputs)
        if isinstance(execution, Verdict):
            return execution
        kind = program.result.type
        return [_value(result, kind) for result in execution.results]

    # -- inside ---------------------------------------------------------------------------------------------------

    def _judge(self, text: str, shown: Sequence[Case], hidden: Sequence[Case]) -> Verdict:
        cases = (*shown, *hidden)
        try:
            program = _tree(text)
            source = source_of(text) if program is None else render_program(program)
            if program is None:
                _check_function(source)
        except InputError as error:
            return error.verdict
        if program is not None:
            failed = _failures(program, cases)
            if failed is None:
                return Verdict(Status.REFUTED, None, "it takes other arguments than the task gives", "types", True)
            if failed:
                return _refuted(failed, shown, hidden, "interpreter")
        elif self.judge == "interpreter":
            return Verdict(Status.UNDECIDED, None, "it is no program of the typed subset, and there is no sandbox")
        if self.judge == "interpreter":
            return Verdict(Status.VERIFIED, None, f"it passes all {len(cases)} tests", "interpreter")
        verdict = self._judge_in_sandbox(source, shown, hidden)
        if program is not None and verdict.refuted and _is_certain(program, cases):
            reason = f"the interpreter finds the program right, the sandbox does not: {verdict.reason}"
            return Verdict(Status.ERROR, None, reason, "sandbox")
        return verdict

    def _judge_in_sandbox(self, source: str, shown: Sequence[Case], hidden: Sequence[Case]) -> Verdict:
        cases = (*shown, *hidden)
        execution = self._execute(source, [case.arguments for case in cases])
        if isinstance(execution, Verdict):
            return execution
        if len(execution.results) != len(cases):
            return Verdict(Status.REFUTED, None, f"it did not run: {execution.reason:.200}", "sandbox")
        failed = {
            index: _shown(result)
            for index, (result, case) in enumerate(zip(execution.results, cases, strict=True))
            if not _is_expected(result, case.output)
        }
        if failed:
            return _refuted(failed, shown, hidden, "sandbox")
        return Verdict(Status.VERIFIED, None, f"it passes all {len(cases)} tests", "sandbox")

    def _execute(self, source: str, inputs: Sequence[Arguments]) -> Execution | Verdict:
        from sandboxes.types import Limits, SandboxError

        calls: list[Call] = [([plain(arg) for arg in args], {}) for args in inputs]
        try:
            opened = shared_sandbox(self.backend)
            execution = opened.run(source, entry="f", calls=calls, limits=Limits(cpu_seconds=_CPU_SECONDS))
        except SandboxError as error:
            return Verdict(Status.ERROR, None, f"the sandbox failed: {error}", "sandbox")
        if not execution.status.scored:
            return Verdict(Status.ERROR, None, f"the sandbox failed: {execution.reason}", "sandbox")
        return execution


class ExecutionVerifier:
    """The verifier of a domain of programs: outcomes by a :class:`ProgramJudge`, steps as the domain knows best.

    Args:
        judge: runs programs.
        spec: what is known of a problem.
        step: judges the text of a line.
    """

    def __init__(
        self, judge: ProgramJudge, spec: Callable[[Problem], Spec], step: Callable[[Problem, str], Verdict]
    ) -> None:
        self.judge = judge
        self._spec = spec
        self._step = step

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the last line; the lines before it are part of it."""
        text = steps[-1].text
        if text == problem.statement:
            return Verdict(Status.VERIFIED, None, "nothing has been done yet", "reader", True)
        try:
            return self._step(problem, text)
        except InputError as error:
            return error.verdict

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """Whether the program passes all tests; see :meth:`ProgramJudge.outcome`."""
        spec = self._spec(problem)
        return self.judge.outcome(steps[-1].text, spec.shown, hidden_cases(problem, spec))


def _failures(program: Program, cases: Sequence[Case]) -> dict[int, str] | None:
    """What the program gives where it is wrong, by the number of the test; None where it takes other arguments.

    A value that outgrows the interpreter's bounds is no failure: Python's integers have none.
    """
    found: dict[int, str] = {}
    for index, case in enumerate(cases):
        try:
            outcome = run(program, case.arguments)
        except TypeError:
            return None
        if outcome.error:
            if outcome.error != "BoundError":
                found[index] = outcome.error
        elif not same(outcome.value, case.output):
            assert outcome.value is not None
            found[index] = render_value(outcome.value)
    return found


def _is_certain(program: Program, cases: Sequence[Case]) -> bool:
    return all(not run(program, case.arguments).error for case in cases)


def _refuted(failed: dict[int, str], shown: Sequence[Case], hidden: Sequence[Case], method: str) -> Verdict:
    first = min(failed)
    case = (*shown, *hidden)[first]
    gives = f"{call_text(case.arguments)} gives {failed[first]}, not {render_value(case.output)}"
    if first < len(shown):
        return Verdict(Status.REFUTED, None, gives, method, True, gives)
    reason = f"it passes the {len(shown)} visible tests and fails {len(failed)} of {len(hidden)} hidden ones"
    return Verdict(Status.REFUTED, None, reason, method, True, gives)


def _is_expected(result: CallResult, output: Value) -> bool:
    """The call gave exactly that. Values from the sandbox are of built-in types alone: nothing of the program runs."""
    value = _value(result, type_of(output))
    return value is not None and same(value, output)


def _value(result: CallResult, kind: Type) -> Value | None:
    if not result.ok:
        return None
    try:
        return from_plain(result.value, kind)
    except TypeError:
        return None


def _shown(result: CallResult) -> str:
    """What came out of the sandbox, cut to what a message holds."""
    text = result.error or repr(result.value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _tree(text: str) -> Program | None:
    """The program as a tree of the typed subset; None where it is Python of another kind.

    Raises:
        InputError: it is not finished, or of no function ``f``.
    """
    try:
        program, finished = read_line(text)
    except InputError as error:
        if error.verdict.status is Status.UNSAFE:
            raise
        return None
    if program is None or not finished:
        raise InputError(Verdict(Status.UNPARSED, reason="the program returns nothing yet", method="reader"))
    return program if program.name == "f" else None


def _check_function(source: str) -> None:
    """The source is Python and defines ``f``.

    Raises:
        InputError: it is not, or does not.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(Verdict(Status.UNPARSED, reason=f"it is not Python: {error}", method="reader")) from error
    if not any(isinstance(node, ast.FunctionDef) and node.name == "f" for node in body):
        raise InputError(Verdict(Status.UNPARSED, reason="it defines no function f", method="reader"))
