"""Programs on somebody else's service, which runs whole programs and says what they printed.

How calls are made there, and what can be known about their answers, stands in :mod:`sandboxes.remote.program`. What a
program cannot do is learn what is expected, for that is never sent, or say that it passed: values are compared, and
tests run, on this side. Nothing here can be proved about the service's own walls; the tier is REMOTE.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from sandboxes.base import SandboxBase
from sandboxes.outcome import Over, conclude
from sandboxes.processes.mediation import trusted_tests
from sandboxes.remote.client import Client
from sandboxes.remote.program import RemoteProgram
from sandboxes.remote.services import SERVICES, Report, Service
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
from sandboxes.values import dump_value

__all__ = ["RemoteSandbox"]

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
        service: ``sandboxfusion``, ``e2b``, or an object of your own, see :class:`sandboxes.remote.services.Service`.
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
            spoken_to: Service = SERVICES[service](url, **service_options)
        else:
            spoken_to = service
        self._service, self._client = spoken_to, Client(spoken_to)
        name = service if isinstance(service, str) else type(service).__name__
        self.info: Mapping[str, Any] = {"tier": self.tier.value, "means": name, "url": url}

    def _execute(self, job: Job, limits: Limits) -> Execution:
        begun = time.monotonic()
        if refusal := self._refusal(job):
            execution = Execution(Status.REFUSED, refusal)
        elif job.mode is Mode.PROGRAM:
            execution = self._run_program(job, limits)
        else:
            program = RemoteProgram(self._client, job.source, job.entry or "", limits)
            execution = self._run_calls(program, job) if job.mode is Mode.CALLS else self._run_tests(program, job)
        return self.stamp(dataclasses.replace(execution, wall_seconds=time.monotonic() - begun))

    def stamp(self, execution: Execution) -> Execution:
        """The same, with the tier and the name of this back end."""
        return dataclasses.replace(execution, tier=self.tier, backend=self.backend)

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
                report = self._client.request(
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
        report = self._client.request(_RUNNER.format(job=json.dumps(job)), limits, begin=f"{word} B")
        said = [line.split(" ", 2) for line in report.stdout.splitlines() if line.startswith(f"{word} P ")]
        if len(said) != 1:
            raise Over(Status.EXITED, "it ended what was to say how it ends")
        try:
            answer = json.loads(said[0][2])
        except (ValueError, RecursionError):
            answer = None
        match answer:
            case {"timed_out": True}:
                raise Over(Status.TIMEOUT, f"more than {job['seconds']:g} s of wall-clock time")
            case {"stdout": str(stdout), "stderr": str(stderr), "code": int(code)}:
                return Report(stdout, stderr, code)
        raise Over(Status.TAMPERED, "somebody else said how it ends")

    def _run_calls(self, program: RemoteProgram, job: Job) -> Execution:
        calls = [(list(args), dict(kwargs)) for args, kwargs in job.calls]
        questions = [dump_value(list(call)) for call in calls]
        results, over = program.run(questions)
        return dataclasses.replace(conclude(over, results, len(calls), program.calls), stderr=program.stderr)

    def _run_tests(self, program: RemoteProgram, job: Job) -> Execution:
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
        return _RemoteSession(self, RemoteProgram(self._client, source, entry, limits or self.limits))

    def _end(self) -> None:
        """Requests that are under way end by themselves; nothing of them stays here."""


class _RemoteSession:
    """See :class:`sandboxes.protocol.Session`."""

    def __init__(self, sandbox: RemoteSandbox, program: RemoteProgram) -> None:
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
