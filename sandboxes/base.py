"""What all back ends share: the many ways to ask come down to one, and closing is final."""

from __future__ import annotations

import os
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from sandboxes.protocol import Session
from sandboxes.threads import Threads
from sandboxes.types import Call, Execution, Job, Limits, SandboxClosed, Status, Tier

__all__ = ["SandboxBase", "cores"]


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class SandboxBase(ABC):
    """The protocol :class:`sandboxes.protocol.Sandbox` on top of three methods.

    A subclass sets ``backend``, ``tier`` and ``info``, and implements ``_execute``, ``session`` and ``_end``.

    Args:
        limits: what a job gets that brings none of its own.
        width: how many jobs :meth:`run_many` runs side by side.
    """

    backend: str
    tier: Tier
    info: Mapping[str, Any]

    def __init__(self, limits: Limits | None = None, *, width: int | None = None) -> None:
        self.limits = limits or Limits()
        self.width = width or cores()
        self._closed = False
        self._threads: Threads | None = None
        self._threads_lock = threading.Lock()
        _SANDBOXES.add(self)

    @abstractmethod
    def _execute(self, job: Job, limits: Limits) -> Execution:
        """Run one job, from any thread."""

    @abstractmethod
    def session(self, source: str, *, entry: str, image: str | None = None, limits: Limits | None = None) -> Session:
        """See :meth:`sandboxes.protocol.Sandbox.session`."""

    @abstractmethod
    def _end(self) -> None:
        """End all processes. Called once."""

    def run(
        self,
        source: str,
        *,
        entry: str | None = None,
        calls: Sequence[Call] = (),
        stdin: str | None = None,
        language: str = "python",
        image: str | None = None,
        limits: Limits | None = None,
        files: Mapping[str, bytes] | None = None,
        fetch: Sequence[str] = (),
    ) -> Execution:
        """See :meth:`sandboxes.protocol.Sandbox.run`."""
        return self.run_job(
            Job(
                source,
                entry=entry,
                calls=calls,
                stdin=stdin,
                language=language,
                image=image,
                limits=limits,
                files=files or {},
                fetch=fetch,
            )
        )

    def run_tests(
        self,
        source: str,
        tests: str,
        *,
        entry: str,
        prelude: str = "",
        image: str | None = None,
        limits: Limits | None = None,
    ) -> Execution:
        """See :meth:`sandboxes.protocol.Sandbox.run_tests`."""
        return self.run_job(Job(source, entry=entry, tests=tests, prelude=prelude, image=image, limits=limits))

    def run_job(self, job: Job) -> Execution:
        """See :meth:`sandboxes.protocol.Sandbox.run_job`."""
        self._check_open()
        if not job.source.isascii() and not _is_unicode(job.source):
            reason = "SyntaxError: the program is no Unicode text"
            return Execution(Status.EXCEPTION, reason, tier=self.tier, backend=self.backend)
        return self._execute(job, job.limits or self.limits)

    def run_many(self, jobs: Iterable[Job]) -> list[Execution]:
        """See :meth:`sandboxes.protocol.Sandbox.run_many`."""
        self._check_open()
        return self._pool().map(self.run_job, list(jobs))

    def close(self) -> None:
        """See :meth:`sandboxes.protocol.Sandbox.close`."""
        with self._threads_lock:
            if self._closed:
                return
            self._closed = True
            pool, self._threads = self._threads, None
        self._end()
        if pool is not None:
            pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise SandboxClosed(f"this {self.backend} sandbox has been closed; open another one")

    def _pool(self) -> Threads:
        with self._threads_lock:
            if self._threads is None:
                self._threads = Threads(self.width)
            return self._threads

    def _forget_threads(self) -> None:
        """In a forked child: it has none of its parent's threads, and one of them may have held the lock."""
        self._threads_lock = threading.Lock()
        self._threads = None


_SANDBOXES: weakref.WeakSet[SandboxBase] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for sandbox in list(_SANDBOXES):
        sandbox._forget_threads()


if hasattr(os, "register_at_fork"):  # there is no fork on Windows
    os.register_at_fork(after_in_child=_after_fork_in_child)
