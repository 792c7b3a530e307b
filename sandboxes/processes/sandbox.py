"""One process a run, whatever walls it runs in: whole programs, calls, tests and sessions."""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from sandboxes.base import SandboxBase
from sandboxes.languages import LANGUAGES, Language, find_tool
from sandboxes.outcome import Over, conclude
from sandboxes.processes.mediation import mediate, of_tests
from sandboxes.processes.process import Process
from sandboxes.processes.watched import Ended
from sandboxes.types import CallResult, Execution, Job, Limits, Mode, SandboxClosed, SandboxUnavailable, Status
from sandboxes.values import dump_value

__all__ = ["Broken", "Launch", "ProcessSandbox"]

_PROGRAM_BYTES = 64 << 20
_TAIL = 20_000


class Broken(Exception):
    """The sandbox itself failed; this says nothing about any program."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be started.

    Attributes:
        language: of the program.
        tool: path of what interprets or compiles it.
        limits: for it.
        command: from the language, not yet filled in.
        files: relative path -> content, to lie in the current folder.
        stdin: standard input.
        has_channel: whether it answers calls.
        keeps_files: whether it may change the current folder.
        binary: the compiled program; None where there is none.
        address_space: see :class:`sandboxes.languages.Language`.
    """

    language: Language
    tool: str
    limits: Limits
    command: tuple[str, ...]
    files: Mapping[str, bytes]
    stdin: bytes = b""
    has_channel: bool = False
    keeps_files: bool = False
    binary: bytes | None = None
    address_space: int | None = None


class ProcessSandbox(SandboxBase):
    """All but the walls of a sandbox that starts a process for each program.

    A subclass implements :meth:`_start`. Tests are Python and run in a process of their own, behind the same walls,
    whatever the language of the program.

    Args:
        limits: what a job gets that brings none of its own.
        width: how many jobs :meth:`run_many` runs side by side.
        languages: what can be run.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        width: int | None = None,
        languages: Mapping[str, Language] = LANGUAGES,
    ) -> None:
        super().__init__(limits, width=width)
        self.languages = languages
        self._tools: dict[str, str] = {}
        self._running: set[Process] = set()
        self._lock = threading.Lock()

    @abstractmethod
    def _start(self, launch: Launch) -> AbstractContextManager[Process]:
        """Start a process; it is ended with the context."""

    def _judge_end(self, process: Process) -> None:
        """Look whether the walls themselves have failed, after the end of a process.

        Raises:
            Broken: they have.
        """

    def _tool(self, language: Language) -> str:
        """Path of a language's tool, tried out.

        Raises:
            SandboxUnavailable: it is missing or does not work here.
        """
        if language.name not in self._tools:
            tool = find_tool(language)
            self._tools[language.name] = tool
            try:
                hello = self._run_program(Job(language.hello, language=language.name), Limits())
            except Broken as broken:
                hello = Execution(Status.INFRASTRUCTURE, str(broken))
            if not hello.ok or hello.stdout.strip() != "hello":
                del self._tools[language.name]
                raise SandboxUnavailable(
                    f"{tool} does not run in this sandbox ({self.backend}): {hello.reason} {hello.stderr[-500:]}"
                )
        return self._tools[language.name]

    def _execute(self, job: Job, limits: Limits) -> Execution:
        if refusal := self._refusal(job, limits):
            return self._stamp(Execution(Status.REFUSED, refusal))
        for args, kwargs in job.calls:
            dump_value([list(args), dict(kwargs)])  # a caller's mistake must not look like the program's
        runs: Mapping[Mode, Callable[[Job, Limits], Execution]] = {
            Mode.PROGRAM: self._run_program,
            Mode.CALLS: self._run_calls,
            Mode.TESTS: self._run_tests,
        }
        self._tool(self.languages[job.language])
        reason = ""
        for _ in range(2):
            begun = time.monotonic()
            try:
                execution = runs[job.mode](job, limits)
                return self._stamp(dataclasses.replace(execution, wall_seconds=time.monotonic() - begun))
            except (Broken, OSError) as broken:
                reason = str(broken)
            if self._closed:
                return self._stamp(Execution(Status.INFRASTRUCTURE, "the sandbox has been closed"))
        return self._stamp(Execution(Status.INFRASTRUCTURE, f"{reason} (tried twice)"))

    def _stamp(self, execution: Execution) -> Execution:
        return dataclasses.replace(execution, tier=self.tier, backend=self.backend)

    def _refusal(self, job: Job, limits: Limits) -> str:
        language = self.languages.get(job.language)
        if language is None:
            return f"this sandbox runs {', '.join(self.languages)}, not {job.language}"
        if job.mode is not Mode.PROGRAM and not language.answer:
            return f"programs in {job.language} cannot answer calls here; give them standard input instead of entry="
        if job.language != "python" and any(kwargs for _, kwargs in job.calls):
            return f"functions in {job.language} take no arguments by keyword"
        if (job.image or "plain") != "plain":
            return f"this sandbox has no image {job.image!r}; use backend='zygote'"
        if job.fetch:
            return "this sandbox brings no files back; print what you need, or use backend='zygote'"
        if job.files and not limits.files:
            return "the job brings files, but Limits.files is 0; give it as many as it may have"
        return ""

    def _launch(self, job: Job, limits: Limits, **changes: Any) -> Launch:
        language = self.languages[job.language]
        launch = Launch(
            language,
            self._tool(language),
            dataclasses.replace(limits, processes=limits.processes + language.processes),
            language.run,
            {**job.files, language.file: job.source.encode(errors="surrogatepass")},
            keeps_files=limits.files > 0,
            address_space=language.address_space,
        )
        return dataclasses.replace(launch, **changes)

    @contextlib.contextmanager
    def _running_process(self, launch: Launch) -> Iterator[Process]:
        with self._start(launch) as process:
            with self._lock:
                self._running.add(process)
            try:
                if self._closed:
                    raise Broken("the sandbox has been closed")
                yield process
            finally:
                with self._lock:
                    self._running.discard(process)

    def _run_program(self, job: Job, limits: Limits) -> Execution:
        language = self.languages[job.language]
        binary = None
        if language.compile:
            binary, failed = self._compile(job, limits)
            if failed is not None:
                return failed
        stdin = (job.stdin or "").encode(errors="surrogateescape")
        launch = self._launch(job, limits, stdin=stdin, binary=binary)
        with self._running_process(launch) as process:
            over = _over(process.wait)
            execution = self._conclude(process, over, [], 0, job.language)
            code = process.end().code
        if over is not None or execution.status is Status.TIMEOUT:
            return execution
        if execution.status is Status.EXITED:
            execution = dataclasses.replace(execution, status=Status.EXCEPTION)
        return dataclasses.replace(execution, exit_code=code if code >= 0 else None)

    def _compile(self, job: Job, limits: Limits) -> tuple[bytes, Execution | None]:
        """The compiled program, or what went wrong with it."""
        language = self.languages[job.language]
        roomy = dataclasses.replace(limits, output_bytes=_PROGRAM_BYTES, files=64, file_bytes=_PROGRAM_BYTES)
        command = (
            "/bin/sh",
            "-c",
            '"$@" >&2 && cat program',
            "sh",
            *language.compile,
        )
        launch = self._launch(
            job, roomy, command=command, keeps_files=True, address_space=language.compile_address_space
        )
        with self._running_process(launch) as process:
            over = _over(process.wait)
            execution = self._conclude(process, over, [], 0, job.language)
            binary = process.raw_output()
        execution = dataclasses.replace(execution, stdout="", stderr=execution.stderr[: limits.output_bytes])
        if execution.ok:
            return binary, None
        if execution.status is Status.EXITED:
            reason = "CompileError: it does not compile"
            execution = dataclasses.replace(execution, status=Status.EXCEPTION, reason=reason)
        return b"", execution

    def _answering(self, job: Job, limits: Limits) -> Launch:
        language = self.languages[job.language]
        return self._launch(job, limits, command=language.answer, has_channel=True)

    def _run_calls(self, job: Job, limits: Limits) -> Execution:
        questions = [dump_value([list(args), dict(kwargs)]) for args, kwargs in job.calls]
        results: list[CallResult] = []
        with self._running_process(self._answering(job, limits)) as process:

            def converse() -> None:
                process.load(job, Mode.CALLS)
                for question in questions:
                    results.append(process.ask(question))

            over = _over(converse)
            return self._conclude(process, over, results, len(questions), job.language)

    def _run_tests(self, job: Job, limits: Limits) -> Execution:
        with self._running_process(self._answering(job, limits)) as program:
            over = _over(lambda: program.load(job, Mode.CALLS))
            if over is not None:
                return self._conclude(program, over, [], 0, job.language)
            trusted = dataclasses.replace(job, language="python", files={}, source="")
            with self._running_process(self._answering(trusted, limits)) as tests:
                try:
                    tests.load(job, Mode.TESTS)
                    verdict = mediate(program, tests)
                except Over as reason:
                    verdict = of_tests(reason, program.calls)
                used = tests.end().cpu_seconds
            execution = self._conclude(program, verdict, [], 0, job.language)
        return dataclasses.replace(execution, cpu_seconds=execution.cpu_seconds + used)

    def _diagnose(self, process: Process, ended: Ended, language: str) -> Over | None:
        """What the end of a process says; None for nothing in particular."""
        limits, code = process.limits, ended.code
        if ended.cpu_seconds > limits.cpu_seconds or code == 128 + signal.SIGXCPU:
            return Over(Status.TIMEOUT, f"more than {limits.cpu_seconds:g} s of CPU time")
        if ended.was_killed or not code:
            return None
        marker = self.languages[language].out_of_memory
        if marker and marker in process.output("stderr")[-_TAIL:]:
            return Over(Status.MEMORY, f"more than {limits.memory_bytes} bytes of memory")
        if code < 0 or 128 < code <= 192:
            # As shells say it; a program may exit with such a code, and gains nothing by it.
            return Over(Status.CRASHED, f"it died of signal {-code if code < 0 else code - 128}")
        return Over(Status.EXITED, f"it ended with code {code}")

    def _conclude(
        self, process: Process, over: Over | None, results: list[CallResult], asked: int, language: str = "python"
    ) -> Execution:
        """End the process and say what came of it."""
        ended = process.end()
        self._judge_end(process)
        if over is None or over.status is Status.EXITED:
            over = self._diagnose(process, ended, language) or over
        return dataclasses.replace(
            conclude(over, results, asked, process.calls),
            stdout=process.output("stdout"),
            stderr=process.output("stderr"),
            cpu_seconds=ended.cpu_seconds,
            peak_bytes=ended.peak_bytes,
        )

    def session(
        self, source: str, *, entry: str, image: str | None = None, limits: Limits | None = None
    ) -> _ProcessSession:
        """See :meth:`sandboxes.protocol.Sandbox.session`. The language is Python."""
        self._check_open()
        limits = limits or self.limits
        job = Job(source, entry=entry, image=image)
        if refusal := self._refusal(job, limits):
            raise ValueError(refusal)
        try:
            return _ProcessSession(self, self._running_process(self._answering(job, limits)), job)
        except (Broken, OSError) as broken:
            raise SandboxUnavailable(f"no session can be started: {broken}") from None

    def _end(self) -> None:
        with self._lock:
            for process in self._running:
                process.interrupt()


def _over(step: Callable[[], None]) -> Over | None:
    try:
        step()
    except Over as over:
        return over
    return None


class _ProcessSession:
    """See :class:`sandboxes.protocol.Session`."""

    def __init__(self, sandbox: ProcessSandbox, context: AbstractContextManager[Process], job: Job) -> None:
        self._sandbox = sandbox
        self._context = context
        self._results: list[CallResult] = []
        self._execution: Execution | None = None
        self._process = context.__enter__()
        self._begun = time.monotonic()
        try:
            self._over = _over(lambda: self._process.load(job, Mode.CALLS))
        except BaseException:
            context.__exit__(None, None, None)
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
        self._process.renew_deadline()
        try:
            return self._process.ask(question)
        except Over as over:
            self._over = over
        except BaseException:  # KeyboardInterrupt: the next answer would be that of this question
            self._over = Over(Status.INFRASTRUCTURE, "interrupted by the caller")
            raise
        return CallResult(self._over.status, error=self._over.reason)

    def close(self) -> Execution:
        """See :meth:`sandboxes.protocol.Session.close`."""
        if self._execution is None:
            try:
                execution = self._sandbox._conclude(self._process, self._over, self._results, len(self._results))
            except Broken as broken:
                execution = Execution(Status.INFRASTRUCTURE, str(broken), tuple(self._results), self._process.calls)
            finally:
                self._context.__exit__(None, None, None)
            wall = time.monotonic() - self._begun
            self._execution = self._sandbox._stamp(dataclasses.replace(execution, wall_seconds=wall))
        return self._execution

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
