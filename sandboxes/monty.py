"""Programs in Monty, an interpreter of a part of Python that has no door to the system; it needs no Linux.

Monty (https://github.com/pydantic/monty) runs a large part of Python and refuses the rest: ``yield``, inheritance,
``heapq``, ``struct`` and more are REFUSED, which says nothing about the program. Send what is refused to another back
end. A program can bring about a refusal on purpose, so that whoever learns from scores must not let refusals be worth
more than failures. Words alone bring none about: what was missing must have been asked for by the interpreter
itself, or have failed in a line that raises nothing.
"""

from __future__ import annotations

import ast
import dataclasses
import itertools
import subprocess
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from sandboxes.base import SandboxBase
from sandboxes.monty_process import Lost, find_binary
from sandboxes.monty_run import Run
from sandboxes.monty_stable import Lease, Stable
from sandboxes.monty_values import NotPlain
from sandboxes.monty_wire import Event, EventKind, resume_lookup, resume_raising, resume_with
from sandboxes.outcome import Over, conclude
from sandboxes.protobuf import Malformed
from sandboxes.types import (
    IMAGES,
    Call,
    CallResult,
    Execution,
    Job,
    Limits,
    Mode,
    SandboxClosed,
    SandboxUnavailable,
    Status,
    Tier,
)
from sandboxes.values import encode_value

__all__ = ["MontySandbox"]

_BACKEND = "monty"
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


class MontySandbox(SandboxBase):
    """Runs Python programs in interpreters of Monty, each in a process of its own that the kernel limits.

    A process runs one program at a time. Between two of them it forgets everything, and it is replaced after
    ``recycle_after`` programs and after each one that hit a limit. The parent speaks the interpreter's published
    protocol itself and reads every byte of it as hostile: see :mod:`sandboxes.monty_wire`.

    Programs that sleep are REFUSED. There are no files, no standard input but for ``input()``, and no exit codes but 0
    and 1. Assert-style tests run in an interpreter of their own; tests that Monty cannot run are REFUSED.

    Args:
        limits: what a job gets that brings none of its own. ``processes`` and the limits of files mean nothing here.
        image: only ``plain``: Monty imports no third-party module.
        minimum_tier: :attr:`Tier.INTERPRETER <sandboxes.types.Tier>` stands apart from the walls round an ordinary
            Python: no system call is within reach of a program, and the interpreter itself is a process without walls.
            It is refused where NAMESPACES are asked for, and nowhere else.
        width: how many jobs :meth:`run_many` runs side by side; None: as many as there are cores.
        recycle_after: an interpreter is replaced after so many programs.

    Raises:
        SandboxUnavailable: Monty is not installed, of a version with another protocol, or too weak for what is asked.
    """

    backend = _BACKEND
    tier = Tier.INTERPRETER

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        image: str = "plain",
        minimum_tier: Tier | str = Tier.INTERPRETER,
        width: int | None = None,
        recycle_after: int = 2_000,
    ) -> None:
        super().__init__(limits, width=width)
        if recycle_after < 1:
            raise ValueError(f"recycle_after must be positive, got {recycle_after}")
        if image != "plain":
            raise SandboxUnavailable(f"Monty imports no third-party module; image={image!r} needs backend='zygote'")
        if Tier(minimum_tier) is Tier.NAMESPACES:
            raise SandboxUnavailable(f"Monty is of the tier {self.tier}, and {minimum_tier} is asked for")
        self._stable = Stable(find_binary(), recycle_after, self.width)
        self._finalizer = weakref.finalize(self, self._stable.end)
        self.info: Mapping[str, Any] = {"tier": self.tier.value, "means": self._probe()}

    def _probe(self) -> str:
        probe = self._execute(Job("def f(x): return [x]", entry="f", calls=[((1,), {})]), Limits())
        if probe.values != [[1]]:
            self._finalizer()
            raise SandboxUnavailable(
                f"Monty's interpreter at {self._stable.binary} does not work as expected: {probe.reason}; the cure: "
                "pip install 'reasoning-envs[monty]', which brings the version whose protocol is spoken here"
            )
        version = subprocess.run([self._stable.binary, "--version"], capture_output=True, text=True, check=False)
        return version.stdout.strip()

    def _execute(self, job: Job, limits: Limits) -> Execution:
        if refusal := self._refusal(job):
            return Execution(Status.REFUSED, refusal, tier=self.tier, backend=self.backend)
        for call in job.calls:
            encode_value([list(call[0]), dict(call[1])])  # a caller's mistake must not look like the program's
        begun = time.monotonic()
        for is_last in (False, True):
            try:
                execution = _RUNS[job.mode](self._stable, job, limits)
            except Lost as lost:
                execution = Execution(lost.status, lost.reason)
            if execution.status is not Status.INFRASTRUCTURE or is_last or self._closed:
                break
        return _stamped(execution, time.monotonic() - begun)

    def _refusal(self, job: Job) -> str:
        image = job.image or "plain"
        if image not in IMAGES:
            raise ValueError(f"there is no image {image!r}; known: {', '.join(IMAGES)}")
        if job.language != "python":
            return f"Monty runs Python only, not {job.language}; use backend='bubblewrap'"
        if image != "plain":
            return f"Monty imports no third-party module; the image {image!r} needs backend='zygote'"
        if job.files or job.fetch:
            return "Monty has no files; use backend='zygote' with Limits(files=...)"
        return ""

    def run_many(self, jobs: Iterable[Job]) -> list[Execution]:
        """See :meth:`sandboxes.protocol.Sandbox.run_many`."""
        self._check_open()
        todo = list(jobs)
        done: dict[int, Execution] = {}
        positions = itertools.count()

        def work() -> None:
            # One task for many jobs: handing each one to a thread would take as long as running it.
            while (position := next(positions)) < len(todo):
                done[position] = self.run_job(todo[position])

        for task in [self._pool().submit(work) for _ in range(min(self.width, len(todo)))]:
            task.result()
        return [done[position] for position in range(len(todo))]

    def session(
        self, source: str, *, entry: str, image: str | None = None, limits: Limits | None = None
    ) -> _MontySession:
        """See :meth:`sandboxes.protocol.Sandbox.session`."""
        self._check_open()
        limits = limits or self.limits
        if refusal := self._refusal(Job(source, entry=entry, image=image)):
            raise ValueError(refusal)
        for _ in range(2):
            session = _MontySession(self._stable, source, entry, limits)
            if not session.is_broken:
                return session
            session.close()
        raise SandboxUnavailable("no session can be started: Monty's interpreter died twice before it began")

    def _end(self) -> None:
        self._finalizer()


def _run_calls(stable: Stable, job: Job, limits: Limits) -> Execution:
    lease = Lease(stable, limits)
    results: list[CallResult] = []
    try:
        over = _call_all(lease.run, job, results)
    except BaseException:
        lease.abort()
        raise
    return _conclude(lease, over, results, len(job.calls))


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


def _run_program(stable: Stable, job: Job, limits: Limits) -> Execution:
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
    execution = _conclude(lease, over, [], 0)
    has_ended = execution.status in (Status.OK, Status.EXCEPTION)
    return dataclasses.replace(execution, exit_code=code if has_ended else None)


def _run_tests(stable: Stable, job: Job, limits: Limits) -> Execution:
    program = Lease(stable, limits)
    try:
        try:
            program.run.load(job.source, job.entry or "", None)
        except Over as over:
            return _conclude(program, over, [], 0)
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
    execution = _conclude(program, verdict, [], 0)
    return dataclasses.replace(execution, cpu_seconds=execution.cpu_seconds + used)


def _mediate(program: Run, tests: Run, job: Job) -> Over | None:
    """Let the tests call the program until they have come to an end; None when they passed."""
    names = ("candidate", job.entry or "")
    code = f"{job.prelude}\n\n{job.tests}" + ("\n\ncheck(candidate)" if _defines_check(job.tests or "") else "")
    try:
        for event in tests.run_tests(code):
            if event.kind is EventKind.COMPLETE:
                return None if program.calls else Over(Status.REFUSED, "the tests never called the program")
            if event.kind is EventKind.ERROR:
                return _failed(tests, event, program.calls)
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


def _failed(tests: Run, event: Event, calls: int) -> Over:
    status, text = tests.judge(event)
    if status is Status.REFUSED or (calls == 0 and event.exception != "AssertionError"):
        return Over(Status.REFUSED, f"the tests cannot be run: {text}")
    if status in (Status.TIMEOUT, Status.MEMORY):
        return Over(status, f"in the tests: {text}")
    return Over(Status.FAILED, f"{text} (line {event.line} of the tests)")


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
    except (SyntaxError, ValueError):
        return False  # the interpreter will say what is wrong with them
    return any(isinstance(node, ast.FunctionDef) and node.name == "check" for node in body)


def _conclude(lease: Lease, over: Over | None, results: list[CallResult], asked: int) -> Execution:
    run = lease.run
    stdout, stderr, calls = run.stdout, run.stderr, run.calls
    used, peak = lease.end()
    execution = conclude(over, results, asked, calls)
    return dataclasses.replace(execution, stdout=stdout, stderr=stderr, cpu_seconds=used, peak_bytes=peak)


def _stamped(execution: Execution, wall_seconds: float) -> Execution:
    return dataclasses.replace(execution, wall_seconds=wall_seconds, tier=Tier.INTERPRETER, backend=_BACKEND)


_RUNS: Mapping[Mode, Callable[[Stable, Job, Limits], Execution]] = {
    Mode.PROGRAM: _run_program,
    Mode.CALLS: _run_calls,
    Mode.TESTS: _run_tests,
}


class _MontySession:
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
            execution = _conclude(self._lease, self._over, list(self._results), len(self._results))
            self._execution = _stamped(execution, time.monotonic() - self._begun)
        return self._execution

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
