"""The default sandbox on Linux: programs run in children of a warm, walled-in interpreter.

What one program is and says is the business of :mod:`sandboxes.zygote.conversation` and
:mod:`sandboxes.zygote.runs`; what happens inside, of :mod:`sandboxes.zygote.process` and :mod:`sandboxes.inmate`; which
walls hold, of :mod:`sandboxes.tiers`.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from sandboxes.base import SandboxBase, cores
from sandboxes.tiers import choose_walls
from sandboxes.types import Execution, Job, Limits, Mode, SandboxClosed, SandboxUnavailable, Status, Tier, folders_of
from sandboxes.zygote.launch import Breakdown
from sandboxes.zygote.nursery import Nursery
from sandboxes.zygote.runs import BACKEND, ProgramSession, run_calls, run_program, run_tests

__all__ = ["ZygoteSandbox"]

_CORES_A_ZYGOTE = 4
"""Forking takes about a fifth of what a program takes altogether; a further zygote for nothing costs memory."""

_PAGE = os.sysconf("SC_PAGE_SIZE")

_RUNS: Mapping[Mode, Callable[..., Execution]] = {
    Mode.PROGRAM: run_program,
    Mode.CALLS: run_calls,
    Mode.TESTS: run_tests,
}


class ZygoteSandbox(SandboxBase):
    """Runs Python programs in forked children of a warm interpreter.

    Args:
        limits: what a job gets that brings none of its own.
        image: which modules are imported beforehand, see :data:`sandboxes.types.IMAGES`; a job may name another.
        minimum_tier: what is weaker is refused.
        maximum_tier: what is stronger is not tried; for tests and measurements.
        width: how many jobs :meth:`run_many` runs side by side; None: as many as there are cores.
        recycle_after: a zygote is replaced after so many programs.

    Raises:
        SandboxUnavailable: no tier of at least ``minimum_tier`` holds here; the message names the cure.
    """

    backend = BACKEND

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        image: str = "plain",
        minimum_tier: Tier | str = Tier.LANDLOCK,
        maximum_tier: Tier | str = Tier.NAMESPACES,
        width: int | None = None,
        recycle_after: int = 20_000,
    ) -> None:
        super().__init__(limits, width=width)
        if recycle_after < 1:
            raise ValueError(f"recycle_after must be positive, got {recycle_after}")
        choice = choose_walls(Tier(minimum_tier), Tier(maximum_tier))
        self.image = image
        self.tier = choice.tier
        self.info: Mapping[str, Any] = choice.info
        self._nursery = Nursery(choice.walls, max(1, cores() // _CORES_A_ZYGOTE), recycle_after)
        self._finalizer = weakref.finalize(self, self._nursery.end)
        with self._nursery.zygote(image):
            pass  # a missing package is named here, and the first job finds a warm zygote

    def _execute(self, job: Job, limits: Limits) -> Execution:
        refusal = self._refusal(job, limits)
        if refusal:
            return Execution(Status.REFUSED, refusal, tier=self.tier, backend=self.backend)
        reason = ""
        for _ in range(2):
            try:
                with self._nursery.zygote(job.image or self.image) as zygote:
                    return _RUNS[job.mode](zygote, job, limits, self.tier)
            except Breakdown as breakdown:
                reason = f"{breakdown} (tried twice)"
            except (SandboxClosed, SandboxUnavailable) as error:
                if not reason:
                    raise
                reason = f"{reason.removesuffix(' (tried twice)')}; then {error}"
        return Execution(Status.INFRASTRUCTURE, reason, tier=self.tier, backend=self.backend)

    def _refusal(self, job: Job, limits: Limits) -> str:
        """Why this sandbox cannot run this job; "" if it can."""
        if job.language != "python":
            return f"the zygote sandbox runs Python only, not {job.language}; use backend='bubblewrap'"
        if (job.files or job.fetch) and not limits.files:
            return "the job brings or fetches files, but Limits.files is 0; give it as many as it may have"
        if limits.files and self.tier is not Tier.NAMESPACES:
            return f"a scratch folder needs the tier {Tier.NAMESPACES}, and this is {self.tier}; use Limits(files=0)"
        number = len(job.files) + len(folders_of(job.files))
        if number > limits.files:
            return f"the job brings {number} files and folders, and Limits.files is {limits.files}"
        needed = sum(-(-len(content) // _PAGE) * _PAGE for content in job.files.values())
        if needed >= limits.file_bytes + _PAGE:
            return (
                f"the job brings files of {needed} bytes in whole pages, and Limits.file_bytes is {limits.file_bytes}"
            )
        return ""

    def session(
        self, source: str, *, entry: str, image: str | None = None, limits: Limits | None = None
    ) -> ProgramSession:
        """See :meth:`sandboxes.protocol.Sandbox.session`."""
        self._check_open()
        limits = limits or self.limits
        job = Job(source, entry=entry, limits=limits)
        if refusal := self._refusal(job, limits):
            raise ValueError(refusal)
        try:
            return ProgramSession(self._nursery.zygote(image or self.image), job, limits, self.tier)
        except Breakdown:
            return self._second_session(job, image, limits)

    def _second_session(self, job: Job, image: str | None, limits: Limits) -> ProgramSession:
        try:
            return ProgramSession(self._nursery.zygote(image or self.image), job, limits, self.tier)
        except Breakdown as breakdown:
            raise SandboxUnavailable(f"no session can be started: {breakdown} (tried twice)") from None

    def zygote_pids(self) -> list[int]:
        """Process numbers of the zygotes that run now, for whoever wants to watch (or kill) them."""
        return [zygote.pid for zygote in self._nursery.running()]

    def shell_pids(self) -> list[int]:
        """Of the processes that were started for them: the same ones, or what walls them in."""
        return [zygote.shell_pid for zygote in self._nursery.running()]

    def _end(self) -> None:
        self._finalizer()
