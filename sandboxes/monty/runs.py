"""The three ways to use a program in Monty, each from its start to its end; and sessions."""

from __future__ import annotations

import ast
import dataclasses
import keyword
import time
from types import TracebackType
from typing import Any, Self

from sandboxes.monty.protobuf import Malformed
from sandboxes.monty.run import Run
from sandboxes.monty.stable import Lease, Stable
from sandboxes.monty.values import NotPlain
from sandboxes.monty.wire import Event, EventKind, resume_lookup, resume_raising, resume_with
from sandboxes.outcome import Over, ending
from sandboxes.types import Call, CallResult, Execution, Job, Limits, SandboxClosed, Status, Tier
from sandboxes.values import encode_value

__all__ = ["BACKEND", "MontySession", "run_calls", "run_program", "run_tests"]

BACKEND = "monty"
"""Name of the back end that these runs belong to."""

_EXCEPTIONS = frozenset(
    {
        "ArithmeticError",
        "AssertionError",
        "AttributeError",
        "Exception",
        "FileNotFoundError",
        "ImportError",
        "IndexError",
        "KeyError",
        "LookupError",
        "MemoryError",
        "ModuleNotFoundError",
        "NameError",
        "NotImplementedError",
        "OSError",
        "OverflowError",
        "PermissionError",
        "RecursionError",
        "RuntimeError",
        "SyntaxError",
        "TimeoutError",
        "TypeError",
        "UnboundLocalError",
        "ValueError",
        "ZeroDivisionError",
    }
)
"""Those of Python's exceptions that Monty has and that take one text.

Not StopIteration: raised by a program, it would end a loop of the tests, which would then have passed.
"""


def run_calls(stable: Stable, job: Job, limits: Limits, begun: float) -> Execution:
    """Arguments in, values out, one call after the other."""
    lease = Lease(stable, limits)
    results: list[CallResult] = []
    try:
        over = _call_all(lease.run, job, results)
    except BaseException:
        lease.abort()
        raise
    return _conclude(lease, over, results, len(job.calls), begun)


def _call_all(run: Run, job: Job, results: list[CallResult]) -> Over | None:
    calls = list(job.calls)
    try:
        first = run.load(job.source, job.entry or "", calls[0] if calls else None)
        if first is not None:
            results.append(first)
        for call in calls[1:]:
            results.append(run.ask(call))
    except Over as over:
        return over
    return None


def run_program(stable: Stable, job: Job, limits: Limits, begun: float) -> Execution:
    """Standard input in, standard output out."""
    lease = Lease(stable, limits)
    over, code = None, 0
    try:
        code = lease.run.run(job.source, job.stdin or "")
    except Over as reason:
        over, code = reason, 1
    except BaseException:
        lease.abort()
        raise
    if over is None and code:
        over = Over(Status.EXCEPTION, f"it ended with code {code}")
    execution = _conclude(lease, over, [], 0, begun)
    has_ended = execution.status in (Status.OK, Status.EXCEPTION)
    return dataclasses.replace(execution, exit_code=code if has_ended else None)


def run_tests(stable: Stable, job: Job, limits: Limits, begun: float) -> Execution:
    """Two interpreters: the program, and the tests that call it through this process."""
    program = Lease(stable, limits)
    try:
        try:
            program.run.load(job.source, job.entry or "", None)
        except Over as over:
            return _conclude(program, over, [], 0, begun)
        tests = Lease(stable, limits)
        try:
            verdict = _mediate(program.run, tests.run, job)
        except BaseException:
            tests.abort()
            raise
        used, _ = tests.end()
    except BaseException:
        program.abort()
        raise
    execution = _conclude(program, verdict, [], 0, begun)
    return dataclasses.replace(execution, cpu_seconds=execution.cpu_seconds + used)


def _mediate(program: Run, tests: Run, job: Job) -> Over | None:
    """Let the tests call the program until they have come to an end; None when they passed."""
    names = ("candidate", job.entry or "")
    head = f"{job.prelude}\n\n"
    if names[1].isidentifier() and not keyword.iskeyword(names[1]):
        head += f"{names[1]} = candidate\n"  # the prelude may hold the beginning of a function of this name
    code = f"{head}{job.tests}" + ("\n\ncheck(candidate)" if _defines_check(job.tests or "") else "")
    try:
        for event in tests.run_tests(code):
            if event.kind is EventKind.COMPLETE:
                return None if program.calls else Over(Status.REFUSED, "the tests never called the program")
            if event.kind is EventKind.ERROR:
                return _failed(tests, event, program.calls, event.last_line - head.count("\n"))
            if event.name not in names or event.kind is EventKind.OS_CALL:
                tests.deny(event)
            elif event.kind is EventKind.NAME_LOOKUP:
                tests.answer(resume_lookup("candidate"))
            else:
                over = _carry(program, tests, event)
                if over is not None:
                    return over
    except Over as over:
        return _of_tests(over, program.calls)
    return Over(Status.INFRASTRUCTURE, "the tests ended without an end")


def _carry(program: Run, tests: Run, event: Event) -> Over | None:
    """One call of the tests: to the program, and back."""
    try:
        args, kwargs = event.arguments()
    except (Malformed, NotPlain) as error:
        return Over(Status.REFUSED, f"the tests cannot be run: an argument of theirs is no plain value: {error}")
    try:
        result = program.ask((args, kwargs))
    except Over as over:
        return over
    if result.ok:
        tests.answer(resume_with(event.call_id, result.value))
    elif result.status is Status.EXCEPTION:
        name, _, message = result.error.partition(": ")
        known = name in _EXCEPTIONS
        # No class of Monty's is unknown to all tests; this one is the least that a test can ask for.
        tests.answer(resume_raising(event.call_id, name if known else "Exception", message if known else result.error))
    else:
        # A test that expects "some exception" must not take this one for it.
        return Over(result.status, result.error)
    return None


def _failed(tests: Run, event: Event, calls: int, line: int) -> Over:
    status, text = tests.judge(event)
    if status is Status.REFUSED or (calls == 0 and event.exception != "AssertionError"):
        return Over(Status.REFUSED, f"the tests cannot be run: {text}")
    if status in (Status.TIMEOUT, Status.MEMORY):
        return Over(status, f"in the tests: {text}")
    return Over(Status.FAILED, text + (f" (line {line} of the tests)" if line > 0 else ""))


def _of_tests(over: Over, calls: int) -> Over:
    """What it means that the tests are over without a verdict: their fault, until they have called the program."""
    if over.status is Status.INFRASTRUCTURE:
        return over
    if calls == 0 or over.status in (Status.TAMPERED, Status.REFUSED):
        return Over(Status.REFUSED, f"the tests cannot be run: {over.reason}")
    return Over(over.status, f"in the tests: {over.reason}")


def _defines_check(tests: str) -> bool:
    try:
        body = ast.parse(tests).body
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return False  # the interpreter will say what is wrong with them
    return any(isinstance(node, ast.FunctionDef) and node.name == "check" for node in body)


def _conclude(lease: Lease, over: Over | None, results: list[CallResult], asked: int, begun: float) -> Execution:
    """End the program and say what came of it.

    Args:
        lease: of its interpreter.
        over: None when everything was done that was asked for.
        results: of the calls that were answered.
        asked: how many the job asks for.
        begun: when the sandbox began with it, on the monotonic clock.
    """
    run = lease.run
    used, peak = lease.end()
    return Execution(
        *ending(over, results, asked, run.calls),
        run.calls,
        run.stdout,
        run.stderr,
        cpu_seconds=used,
        wall_seconds=time.monotonic() - begun,
        peak_bytes=peak,
        tier=Tier.INTERPRETER,
        backend=BACKEND,
    )


class MontySession:
    """See :class:`sandboxes.protocol.Session`."""

    def __init__(self, stable: Stable, source: str, entry: str, limits: Limits) -> None:
        self._begun = time.monotonic()
        self._results: list[CallResult] = []
        self._over: Over | None = None
        self._execution: Execution | None = None
        self._lease = Lease(stable, limits)
        try:
            self._lease.run.load(source, entry, None)
        except Over as over:
            self._over = over
        except BaseException:
            self._lease.abort()
            raise

    @property
    def is_broken(self) -> bool:
        """Whether the sandbox, not the program, failed at the start."""
        return self._over is not None and self._over.status is Status.INFRASTRUCTURE

    def call(self, *args: Any, **kwargs: Any) -> CallResult:
        """See :meth:`sandboxes.protocol.Session.call`."""
        if self._execution is not None:
            raise SandboxClosed("this session has been closed; open another one")
        encode_value([list(args), kwargs])
        result = self._ask((args, kwargs))
        self._results.append(result)
        return result

    def _ask(self, call: Call) -> CallResult:
        if self._over is not None:
            return CallResult(Status.NOT_RUN, error=self._over.reason)
        self._lease.run.renew_wall_clock()
        try:
            return self._lease.run.ask(call)
        except Over as over:
            self._over = over
        except BaseException:  # KeyboardInterrupt: the next answer would be that of this question
            self._over = Over(Status.INFRASTRUCTURE, "interrupted by the caller")
            self._lease.run.is_reusable = False
            raise
        return CallResult(self._over.status, error=self._over.reason)

    def close(self) -> Execution:
        """See :meth:`sandboxes.protocol.Session.close`."""
        if self._execution is None:
            results = list(self._results)
            self._execution = _conclude(self._lease, self._over, results, len(results), self._begun)
        return self._execution

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
