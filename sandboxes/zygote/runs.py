"""The three ways to use a program, each from its start to its :class:`~sandboxes.types.Execution`; and sessions.

Every function here takes zygotes, runs one job, and leaves nothing behind. What is wrong with the sandbox itself raises
:class:`~sandboxes.zygote.launch.Breakdown`; everything else is a status.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from sandboxes import wire
from sandboxes.outcome import Over
from sandboxes.types import CallResult, Execution, Job, Limits, Mode, SandboxClosed, Status, Tier
from sandboxes.values import dump_value, load_value
from sandboxes.zygote.conversation import Program
from sandboxes.zygote.launch import Breakdown, Zygote

__all__ = ["ProgramSession", "run_calls", "run_program", "run_tests"]

BACKEND = "zygote"
"""Name of the back end that these runs belong to."""

_NO_FILES: Mapping[str, bytes] = {}


def run_program(zygote: Zygote, job: Job, limits: Limits, tier: Tier) -> Execution:
    """Standard input in, standard output out."""
    program = Program(zygote, limits, (job.stdin or "").encode(errors="surrogateescape"))
    try:
        program.start(job, Mode.PROGRAM)
        begun = time.monotonic()
        files: dict[str, bytes] = {}
        over: Over | None = None
        try:
            if job.fetch:
                files = program.hear_files()
            program.wait()
        except Over as reason:
            # A program that ends without handing over its files has ended all the same.
            over = None if reason.status is Status.EXITED else reason
        execution = _conclude(program, over, begun, tier)
        code = program.end().exit_code
        if over is None and execution.status is Status.EXITED:
            is_memory = execution.stderr.rstrip().endswith("MemoryError")
            execution = dataclasses.replace(execution, status=Status.MEMORY if is_memory else Status.EXCEPTION)
        return dataclasses.replace(execution, exit_code=code if over is None else None, files=files)
    finally:
        program.close()


def run_calls(zygote: Zygote, job: Job, limits: Limits, tier: Tier) -> Execution:
    """Arguments in, values out, one call after the other."""
    # All questions are written first: a caller's mistake must not look like the program's.
    questions = [dump_value([list(args), dict(kwargs)]) for args, kwargs in job.calls]
    program = Program(zygote, limits)
    try:
        program.start(job, Mode.CALLS)
        begun = time.monotonic()
        results: list[CallResult] = []
        files: dict[str, bytes] = {}
        over: Over | None = None
        try:
            program.load()
            for question in questions:
                results.append(program.ask(question))
            if job.fetch:
                files = program.fetch()
        except Over as reason:
            over = reason
        return _conclude(program, over, begun, tier, _filled(program, over, results, len(questions)), files)
    finally:
        program.close()


def run_tests(zygote: Zygote, job: Job, limits: Limits, tier: Tier) -> Execution:
    """Two processes: the program, and the tests that call it through this one."""
    program = Program(zygote, limits)
    try:
        program.start(job, Mode.CALLS)
        begun = time.monotonic()
        try:
            program.load()
        except Over as over:
            return _conclude(program, over, begun, tier)
        tests = Program(zygote, limits)
        try:
            # The scratch folder and the files are the program's.
            tests.start(dataclasses.replace(job, files={}, fetch=()), Mode.TESTS)
            verdict = _mediate(program, tests)
            execution = _conclude(program, verdict, begun, tier)
            ended = tests.end()
            if verdict is None and ended.cpu_seconds > limits.cpu_seconds:
                reason = f"the tests took more than {limits.cpu_seconds:g} s of CPU time"
                execution = dataclasses.replace(execution, status=Status.TIMEOUT, reason=reason)
            return dataclasses.replace(execution, cpu_seconds=execution.cpu_seconds + ended.cpu_seconds)
        finally:
            tests.close()
    finally:
        program.close()


def _mediate(program: Program, tests: Program) -> Over | None:
    """Carry questions and answers until the tests have come to an end; None when they passed."""
    while True:
        try:
            kind, body = tests.hear_question()
        except Over as over:
            return _of_tests(over, program.calls)
        if kind == wire.DONE:
            if not program.calls:
                return Over(Status.REFUSED, "the tests never called the program")
            try:
                program.check_silence()
            except Over as over:
                # Having answered everything, it may have ended: what it said is what counts.
                return over if over.status is Status.TAMPERED else None
            return None
        if kind == wire.FAILED:
            return Over(Status.FAILED, body.decode(errors="replace"))
        if kind != wire.QUESTION:
            return Over(Status.REFUSED, f"the tests cannot be run: {body.decode(errors='replace')}")
        try:
            load_value(body)
            result = program.ask(body)
        except Over as over:
            return over
        if not result.ok and result.status is not Status.EXCEPTION:
            # A test that expects "some exception" must not take this one for it.
            return Over(result.status, result.error)
        try:
            tests.reply(result)
        except Over as over:
            return _of_tests(over, program.calls)


def _of_tests(over: Over, calls: int) -> Over:
    """What it means that the process of the tests is over without a verdict.

    Before they have called anything it is their own fault. Afterwards the program's answers may have done it, and a
    program must not gain by being no score.
    """
    if calls == 0 or over.status is Status.TAMPERED:
        return Over(Status.REFUSED, f"the tests cannot be run: {over.reason}")
    return Over(Status.FAILED if over.status is Status.EXITED else over.status, f"in the tests: {over.reason}")


def _conclude(
    program: Program,
    over: Over | None,
    begun: float,
    tier: Tier,
    results: Sequence[CallResult] = (),
    files: Mapping[str, bytes] = _NO_FILES,
) -> Execution:
    """End the program and say what came of it; ``over`` None means that nothing more was wanted from it."""
    wall = time.monotonic() - begun
    ended = program.end()
    stdout, stderr, is_too_much = program.output()
    status, reason = (over.status, over.reason) if over else program.diagnose(ended)
    limits = program.limits
    if is_too_much and status in (Status.OK, Status.EXITED, Status.EXCEPTION, Status.FAILED):
        status, reason = Status.OUTPUT, f"it wrote more than {limits.output_bytes} bytes"
    else:
        # A job is what its first call is that did not go well.
        first = next((result for result in results if result.status is not Status.OK), None)
        if first is not None and first.status is not Status.NOT_RUN:
            status, reason = first.status, first.error
    return Execution(
        status,
        reason,
        tuple(results),
        program.calls,
        stdout,
        stderr,
        files=dict(files),
        cpu_seconds=ended.cpu_seconds,
        wall_seconds=wall,
        peak_bytes=ended.peak_bytes,
        tier=tier,
        backend=BACKEND,
    )


def _filled(program: Program, over: Over | None, results: Sequence[CallResult], asked: int) -> list[CallResult]:
    """One result a call: of the one that ended the program, and of those that were never made."""
    filled = list(results)
    reason = "" if over is None else over.reason
    if over is not None and len(filled) < program.calls:
        filled.append(CallResult(over.status, error=reason))
    return filled + [CallResult(Status.NOT_RUN, error=reason)] * (asked - len(filled))


class ProgramSession:
    """See :class:`sandboxes.protocol.Session`.

    Args:
        lease: gives the zygote, and takes it back.
        job: with an entry and no calls.
        limits: ``wall_seconds`` counts for the start and for each call anew.
        tier: of the sandbox.

    Raises:
        Breakdown: the program could not be started.
    """

    def __init__(self, lease: AbstractContextManager[Zygote], job: Job, limits: Limits, tier: Tier) -> None:
        self._lease = lease
        self._tier = tier
        self._results: list[CallResult] = []
        self._over: Over | None = None
        self._execution: Execution | None = None
        zygote = lease.__enter__()
        try:
            self._program = Program(zygote, limits)
            try:
                self._program.start(job, Mode.CALLS)
                self._begun = time.monotonic()
                self._program.load()
            except Over as over:
                self._over = over
            except BaseException:
                self._program.close()
                raise
        except BaseException:
            lease.__exit__(None, None, None)
            raise

    def call(self, *args: Any, **kwargs: Any) -> CallResult:
        """See :meth:`sandboxes.protocol.Session.call`."""
        if self._execution is not None:
            raise SandboxClosed("this session has been closed; open another one")
        question = dump_value([list(args), kwargs])
        result = self._ask(question)
        self._results.append(result)
        return result

    def _ask(self, question: bytes) -> CallResult:
        if self._over is not None:
            return CallResult(Status.NOT_RUN, error=self._over.reason)
        self._program.deadline = time.monotonic() + self._program.limits.wall_seconds
        try:
            return self._program.ask(question)
        except Over as over:
            self._over = over
        except Breakdown as breakdown:
            self._over = Over(Status.INFRASTRUCTURE, str(breakdown))
        except BaseException:  # KeyboardInterrupt: the next answer would be that of this question
            self._over = Over(Status.INFRASTRUCTURE, "interrupted by the caller")
            raise
        return CallResult(self._over.status, error=self._over.reason)

    def close(self) -> Execution:
        """See :meth:`sandboxes.protocol.Session.close`."""
        if self._execution is None:
            try:
                self._execution = self._end()
            finally:
                self._program.close()
                self._lease.__exit__(None, None, None)
        return self._execution

    def _end(self) -> Execution:
        results = list(self._results)
        try:
            if self._over is None or self._over.status is not Status.INFRASTRUCTURE:
                return _conclude(self._program, self._over, self._begun, self._tier, results)
            reason = self._over.reason
        except Breakdown as breakdown:
            reason = str(breakdown)
        calls = self._program.calls
        return Execution(Status.INFRASTRUCTURE, reason, tuple(results), calls, tier=self._tier, backend=BACKEND)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
