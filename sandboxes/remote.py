"""Programs on somebody else's service, which runs whole programs and says what they printed.

What can be known about calls from that: the program is sent together with a few lines that call it and print each
answer between words of 32 random digits, drawn anew for every request. A program that prints what looks like an answer
does not know the digits and is not believed. A program that means harm can find them: it runs in the same process as
those lines. Then it can print any *plain value* in place of an answer, and it can know the arguments of later calls
before it answers earlier ones. What it cannot do is learn what is expected, for that is never sent, or say that it
passed: values are compared, and tests run, on this side. To pass it must still send the right values.

Nothing here can be proved about the service's own walls; the tier is REMOTE.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandboxes import values
from sandboxes.base import SandboxBase
from sandboxes.mediation import trusted_tests
from sandboxes.outcome import Over, conclude
from sandboxes.remote_services import SERVICES, Fault, Report, Service, TooMuch
from sandboxes.types import (
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
from sandboxes.values import dump_value, load_value

__all__ = ["RemoteSandbox"]

_KINDS = {"A": Status.OK, "E": Status.EXCEPTION, "N": Status.NOT_PLAIN, "L": Status.OUTPUT, "M": Status.MEMORY}
_CALLER = """
import json as _json, os as _os, sys as _sys, types as _types

def _main():
    job = _json.loads({job!r})
    values = _types.ModuleType("values")
    exec(compile(job["values"], "values.py", "exec"), values.__dict__)
    word, out = job["word"], _os.dup(1)
    _os.dup2(2, 1)

    def say(kind, body=""):
        text = "\\n%s %s %s\\n" % (word, kind, body)
        data = text.encode("utf-8", "replace")
        while data:
            data = data[_os.write(out, data):]

    def describe(error):
        return _json.dumps(("%s: %s" % (type(error).__name__, error))[:2000])

    say("B")
    program = _types.ModuleType("solution")
    _sys.modules["solution"] = program
    try:
        exec(compile(job["source"], "solution.py", "exec"), program.__dict__)
        found = program
        for name in job["entry"].split("."):
            if not hasattr(found, name):
                raise NameError("the program defines no " + job["entry"])
            found = getattr(found() if isinstance(found, type) else found, name)
    except MemoryError:
        return say("M")
    except Exception as error:
        return say("E", describe(error))
    say("R")
    for question in job["questions"]:
        args, kwargs = values.load_value(question.encode())
        try:
            value = found(*args, **kwargs)
        except MemoryError:
            return say("M")
        except Exception as error:
            say("E", describe(error))
            continue
        try:
            body = values.dump_value(value).decode()
        except (TypeError, ValueError, RecursionError) as error:
            say("N", describe(error))
            continue
        if len(body) > job["limit"]:
            return say("L")
        say("A", body)
    say("D")

_main()
"""
_RUNNER = """
import json as _json, subprocess as _subprocess, sys as _sys

def _main():
    job = _json.loads({job!r})
    with open("program.py", "w", encoding="utf-8") as file:
        file.write(job["source"])
    print("\\n%s B" % job["word"], flush=True)
    try:
        done = _subprocess.run(
            [_sys.executable, "-I", "program.py"], input=job["stdin"].encode("utf-8", "surrogateescape"),
            stdout=_subprocess.PIPE, stderr=_subprocess.PIPE, timeout=job["seconds"])
    except _subprocess.TimeoutExpired:
        said = {{"timed_out": True}}
    else:
        said = {{"code": done.returncode, "stdout": done.stdout[:job["limit"] + 1].decode("utf-8", "replace"),
                "stderr": done.stderr[:job["limit"] + 1].decode("utf-8", "replace")}}
    print("\\n%s P %s" % (job["word"], _json.dumps(said)))

_main()
"""


class RemoteSandbox(SandboxBase):
    """Runs programs on a service that speaks SandboxFusion's or E2B's published API.

    A request that fails (no connection, no answer in time, a status that is no success, something that is not what the
    service publishes) is made once more; then the job is INFRASTRUCTURE.

    Tests run here, in a process of this machine, as they are trusted; every call that they make becomes a request that
    runs the program from its start, with all earlier calls before the new one. Sessions work the same way: both expect
    programs that do the same each time, and cost as many requests as calls.

    In calls, what the program prints comes back as standard error.

    Args:
        limits: what a job gets that brings none of its own. Of these the service is told time and memory, as far as it
            takes them.
        url: address of the service.
        service: ``sandboxfusion``, ``e2b``, or an object of your own, see :class:`sandboxes.remote_services.Service`.
        image: only ``plain``: what a service has installed is its own business.
        minimum_tier: ignored; the name says what this is.
        width: how many jobs :meth:`run_many` runs side by side.
        service_options: of the service's class, such as ``api_key``.

    Raises:
        ValueError: there is no such service.
    """

    backend = "remote"
    tier = Tier.REMOTE

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        url: str = "",
        service: str | Service = "sandboxfusion",
        image: str = "plain",
        minimum_tier: Tier | str = Tier.REMOTE,
        width: int = 8,
        **service_options: Any,
    ) -> None:
        super().__init__(limits, width=width)
        Tier(minimum_tier)
        if image != "plain":
            raise SandboxUnavailable(f"a remote service has no image {image!r}; use backend='zygote'")
        if isinstance(service, str):
            if service not in SERVICES:
                raise ValueError(f"there is no service {service!r}; known: {', '.join(SERVICES)}")
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"url must be the service's address, http://... or https://..., got {url!r}")
            self._service: Service = SERVICES[service](url, **service_options)
        else:
            self._service = service
        name = service if isinstance(service, str) else type(service).__name__
        self.info: Mapping[str, Any] = {"tier": self.tier.value, "means": name, "url": url}

    def _execute(self, job: Job, limits: Limits) -> Execution:
        begun = time.monotonic()
        if refusal := self._refusal(job):
            execution = Execution(Status.REFUSED, refusal)
        elif job.mode is Mode.PROGRAM:
            execution = self._run_program(job, limits)
        else:
            program = _RemoteProgram(self, job.source, job.entry or "", limits)
            execution = self._run_calls(program, job) if job.mode is Mode.CALLS else self._run_tests(program, job)
        return self.stamp(dataclasses.replace(execution, wall_seconds=time.monotonic() - begun))

    def stamp(self, execution: Execution) -> Execution:
        """The same, with the tier and the name of this back end."""
        return dataclasses.replace(execution, tier=self.tier, backend=self.backend)

    def request(
        self,
        source: str,
        limits: Limits,
        *,
        language: str = "python",
        stdin: str = "",
        files: Mapping[str, bytes] | None = None,
        fetch: Sequence[str] = (),
        begin: str = "",
    ) -> Report:
        """What the service says of one program; a request that fails is made once more.

        What has not printed ``begin`` has not been run.

        Raises:
            Over: INFRASTRUCTURE, when it failed twice; OUTPUT; or TIMEOUT.
        """
        reason = ""
        for _ in range(2):
            try:
                report = self._service.run(source, language, stdin, files or {}, fetch, limits)
            except (Fault, TimeoutError) as fault:
                reason = str(fault)
                continue
            except TooMuch as much:
                raise Over(Status.OUTPUT, str(much)) from None
            if report.timed_out:
                raise Over(Status.TIMEOUT, f"more than {limits.wall_seconds:g} s of wall-clock time")
            if begin in report.stdout:
                return report
            reason = f"the service began nothing: {report.error or report.stderr}"[:500]
        raise Over(Status.INFRASTRUCTURE, f"{reason} (tried twice)")

    def _refusal(self, job: Job) -> str:
        if job.language not in self._service.languages:
            return f"this service runs {', '.join(self._service.languages)} here, not {job.language}"
        if job.mode is not Mode.PROGRAM and job.language != "python":
            return f"programs in {job.language} cannot answer calls here; give them standard input instead of entry="
        if (job.image or "plain") != "plain":
            return f"a remote service has no image {job.image!r}; use backend='zygote'"
        if (job.files or job.fetch) and (job.mode is not Mode.PROGRAM or not self._service.has_stdin):
            return "files go to whole programs on SandboxFusion only"
        return ""

    def _run_program(self, job: Job, limits: Limits) -> Execution:
        stdin = job.stdin or ""
        try:
            if self._service.has_stdin:
                report = self.request(
                    job.source, limits, language=job.language, stdin=stdin, files=job.files, fetch=job.fetch
                )
            else:
                report = self._run_inside(job.source, stdin, limits)
        except Over as over:
            return Execution(over.status, over.reason)
        limit = limits.output_bytes
        streams = [text.encode(errors="replace") for text in (report.stdout, report.stderr)]
        status, reason = Status.OK, ""
        if any(len(data) > limit for data in streams):
            status, reason = Status.OUTPUT, f"it wrote more than {limit} bytes"
        elif report.error:
            status, reason = Status.EXCEPTION, report.error
        elif report.exit_code != 0:
            status, reason = Status.EXCEPTION, f"it ended with code {report.exit_code}"
        stdout, stderr = (data[:limit].decode(errors="ignore") for data in streams)
        return Execution(
            status, reason, stdout=stdout, stderr=stderr, exit_code=report.exit_code, files=dict(report.files)
        )

    def _run_inside(self, source: str, stdin: str, limits: Limits) -> Report:
        """For services that run cells instead of programs: a program that runs the program."""
        word = secrets.token_hex(16)
        job = {
            "word": word,
            "source": source,
            "stdin": stdin,
            "seconds": limits.wall_seconds * 0.9,
            "limit": limits.output_bytes,
        }
        report = self.request(_RUNNER.format(job=json.dumps(job)), limits, begin=f"{word} B")
        said = [line.split(" ", 2) for line in report.stdout.splitlines() if line.startswith(f"{word} P ")]
        if len(said) != 1:
            raise Over(Status.EXITED, "it ended what was to say how it ends")
        answer = json.loads(said[0][2])
        if answer.get("timed_out"):
            raise Over(Status.TIMEOUT, f"more than {job['seconds']:g} s of wall-clock time")
        return Report(answer["stdout"], answer["stderr"], answer["code"])

    def _run_calls(self, program: _RemoteProgram, job: Job) -> Execution:
        calls = [(list(args), dict(kwargs)) for args, kwargs in job.calls]
        questions = [dump_value(list(call)) for call in calls]
        results, over = program.run(questions)
        return dataclasses.replace(conclude(over, results, len(calls), program.calls), stderr=program.stderr)

    def _run_tests(self, program: _RemoteProgram, job: Job) -> Execution:
        _, over = program.run([])
        if over is None:
            over = trusted_tests(job, program, program.limits)
        return dataclasses.replace(conclude(over, [], 0, program.calls), stderr=program.stderr)

    def session(
        self, source: str, *, entry: str, image: str | None = None, limits: Limits | None = None
    ) -> _RemoteSession:
        """See :meth:`sandboxes.protocol.Sandbox.session`."""
        self._check_open()
        if refusal := self._refusal(Job(source, entry=entry, image=image)):
            raise ValueError(refusal)
        return _RemoteSession(self, _RemoteProgram(self, source, entry, limits or self.limits))

    def _end(self) -> None:
        """Requests that are under way end by themselves; nothing of them stays here."""


class _RemoteProgram:
    """A program that is run from its start for every new question."""

    def __init__(self, sandbox: RemoteSandbox, source: str, entry: str, limits: Limits) -> None:
        self._sandbox = sandbox
        self._source = source
        self._entry = entry
        self.limits = limits
        self.calls = 0
        self.stderr = ""
        self._asked: list[bytes] = []

    def ask(self, question: bytes) -> CallResult:
        """Make one call more; what came of it.

        Raises:
            Over: there was no answer.
        """
        self._asked.append(question)
        results, over = self.run(self._asked)
        if len(results) == len(self._asked) and (over is None or results[-1].status is not Status.OK):
            return results[-1]
        raise over or Over(Status.TAMPERED, "it answered fewer calls than were put to it")

    def run(self, questions: Sequence[bytes]) -> tuple[list[CallResult], Over | None]:
        """Run it and make these calls: the answers, and why there are no more."""
        word = secrets.token_hex(16)
        job = {
            "word": word,
            "values": _values_source(),
            "source": self._source,
            "entry": self._entry,
            "questions": [question.decode() for question in questions],
            "limit": self.limits.output_bytes,
        }
        self.calls = len(questions)
        try:
            # The answers share the output with nothing else, but there may be several.
            roomy = dataclasses.replace(
                self.limits, output_bytes=(self.limits.output_bytes + 4096) * (len(questions) + 1)
            )
            report = self._sandbox.request(_CALLER.format(job=json.dumps(job)), roomy, begin=f"{word} B")
        except Over as over:
            return [], over
        self.stderr = report.stderr.encode(errors="replace")[: self.limits.output_bytes].decode(errors="ignore")
        return self._read(report, word, len(questions))

    def _read(self, report: Report, word: str, asked: int) -> tuple[list[CallResult], Over | None]:
        said = [line.split(" ", 2) for line in report.stdout.split("\n") if line.startswith(f"{word} ")]
        results: list[CallResult] = []
        is_loaded = False
        del said[0]  # that it began
        for number, (_, kind, body) in enumerate(part + [""] * (3 - len(part)) for part in said):
            if kind == "R" and number == 0:
                is_loaded = True
            elif kind == "D" and is_loaded and len(results) == asked and number == len(said) - 1:
                return results, None
            elif kind in _KINDS and len(results) < asked + (not is_loaded):
                result = _result(_KINDS[kind], body, self.limits)
                if not is_loaded or result.status in (Status.OUTPUT, Status.MEMORY, Status.TAMPERED):
                    return results, Over(result.status, result.error)
                results.append(result)
            else:
                return [], Over(Status.TAMPERED, "it printed answers that nobody asked for")
        return results, Over(Status.EXITED, "it ended while an answer was awaited")


def _result(status: Status, body: str, limits: Limits) -> CallResult:
    if status is Status.OUTPUT:
        return CallResult(status, error=f"an answer of more than {limits.output_bytes} bytes")
    if status is Status.MEMORY:
        return CallResult(status, error=f"more than {limits.memory_bytes} bytes of memory")
    try:
        if status is Status.OK:
            if len(body) > limits.output_bytes:
                return CallResult(Status.OUTPUT, error=f"an answer of more than {limits.output_bytes} bytes")
            return CallResult(status, load_value(body.encode()))
        error = json.loads(body[:20_000])
        return CallResult(status, error=error) if isinstance(error, str) else CallResult(Status.TAMPERED)
    except (ValueError, RecursionError) as wrong:
        return CallResult(Status.TAMPERED, error=f"its answer is not what the sandbox writes: {wrong}")


@functools.cache
def _values_source() -> str:
    return Path(values.__file__).read_text(encoding="utf-8")


class _RemoteSession:
    """See :class:`sandboxes.protocol.Session`."""

    def __init__(self, sandbox: RemoteSandbox, program: _RemoteProgram) -> None:
        self._sandbox = sandbox
        self._program = program
        self._results: list[CallResult] = []
        self._execution: Execution | None = None
        self._begun = time.monotonic()
        _, self._over = program.run([])
        if self._over is not None and self._over.status is Status.INFRASTRUCTURE:
            raise SandboxUnavailable(f"no session can be started: {self._over.reason}")

    def call(self, *args: Any, **kwargs: Any) -> CallResult:
        """See :meth:`sandboxes.protocol.Session.call`."""
        if self._execution is not None:
            raise SandboxClosed("this session has been closed; open another one")
        result = self._ask((args, kwargs))
        self._results.append(result)
        return result

    def _ask(self, call: Call) -> CallResult:
        question = dump_value([list(call[0]), dict(call[1])])
        if self._over is not None:
            return CallResult(Status.NOT_RUN, error=self._over.reason)
        try:
            return self._program.ask(question)
        except Over as over:
            self._over = over
            return CallResult(over.status, error=over.reason)

    def close(self) -> Execution:
        """See :meth:`sandboxes.protocol.Session.close`."""
        if self._execution is None:
            execution = conclude(self._over, self._results, len(self._results), self._program.calls)
            wall = time.monotonic() - self._begun
            self._execution = self._sandbox.stamp(dataclasses.replace(execution, wall_seconds=wall))
        return self._execution

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
