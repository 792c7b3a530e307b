"""Programs in Monty, an interpreter of a part of Python that has no door to the system; it needs no Linux.

Monty (https://github.com/pydantic/monty) runs a large part of Python and refuses the rest: ``yield``, inheritance,
``heapq``, ``struct`` and more are REFUSED, which says nothing about the program. Send what is refused to another back
end. A program can bring about a refusal on purpose, so that whoever learns from scores must not let refusals be worth
more than failures. Words alone bring none about: what was missing must have been asked for by the interpreter
itself, or have failed in a line that raises nothing.
"""

from __future__ import annotations

import subprocess
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from sandboxes.base import SandboxBase, cores
from sandboxes.monty.interpreter import Lost, find_binary
from sandboxes.monty.runs import BACKEND, MontySession, run_calls, run_program, run_tests
from sandboxes.monty.stable import Stable
from sandboxes.types import (
    IMAGES,
    Execution,
    Job,
    Limits,
    Mode,
    SandboxUnavailable,
    Status,
    Tier,
)
from sandboxes.values import encode_value

__all__ = ["MontySandbox"]

_RUNS: Mapping[Mode, Callable[[Stable, Job, Limits, float], Execution]] = {
    Mode.PROGRAM: run_program,
    Mode.CALLS: run_calls,
    Mode.TESTS: run_tests,
}


class MontySandbox(SandboxBase):
    """Runs Python programs in interpreters of Monty, each in a process of its own that the kernel limits.

    A process runs one program at a time. Between two of them it forgets everything, and it is replaced after
    ``recycle_after`` programs and after each one that hit a limit. The parent speaks the interpreter's published
    protocol itself and reads every byte of it as hostile: see :mod:`sandboxes.monty.wire`.

    Programs that sleep are REFUSED. There are no files, no standard input but for ``input()``, and no exit codes but 0
    and 1. Assert-style tests run in an interpreter of their own; tests that Monty cannot run are REFUSED.

    Args:
        limits: what a job gets that brings none of its own. ``processes`` and the limits of files mean nothing here.
        image: only ``plain``: Monty imports no third-party module.
        minimum_tier: :attr:`Tier.INTERPRETER <sandboxes.types.Tier>` stands apart from the walls round an ordinary
            Python: no system call is within reach of a program, and the interpreter itself is a process without walls.
            It is refused where NAMESPACES are asked for, and nowhere else.
        width: how many jobs :meth:`run_many` runs side by side; None: one more than there are cores, for none of them
            is idle then while this process reads an answer.
        recycle_after: an interpreter is replaced after so many programs.

    Raises:
        SandboxUnavailable: Monty is not installed, of a version with another protocol, or too weak for what is asked.
    """

    backend = BACKEND
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
        super().__init__(limits, width=width or cores() + 1)
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
                execution = _RUNS[job.mode](self._stable, job, limits, begun)
            except Lost as lost:
                wall = time.monotonic() - begun
                execution = Execution(lost.status, lost.reason, wall_seconds=wall, tier=self.tier, backend=self.backend)
            if execution.status is not Status.INFRASTRUCTURE or is_last or self._closed:
                break
        return execution

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

    def session(
        self, source: str, *, entry: str, image: str | None = None, limits: Limits | None = None
    ) -> MontySession:
        """See :meth:`sandboxes.protocol.Sandbox.session`."""
        self._check_open()
        limits = limits or self.limits
        if refusal := self._refusal(Job(source, entry=entry, image=image)):
            raise ValueError(refusal)
        for _ in range(2):
            session = MontySession(self._stable, source, entry, limits)
            if not session.is_broken:
                return session
            session.close()
        raise SandboxUnavailable("no session can be started: Monty's interpreter died twice before it began")

    def _end(self) -> None:
        self._finalizer()
