"""What every back end offers: the one protocol behind :func:`sandboxes.open_sandbox`.

A back end of your own is a class with these members, opened by ``open_sandbox("module:Name")``;
``sandboxes.testing.check_sandbox`` proves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from sandboxes.types import Call, CallResult, Execution, Job, Limits, Tier

__all__ = ["Sandbox", "Session"]


@runtime_checkable
class Session(Protocol):
    """One program that stays alive between calls. Context manager. One thread at a time."""

    def call(self, *args: Any, **kwargs: Any) -> CallResult:
        """Call the entry with plain values.

        After a call that ended the program (anything but OK, EXCEPTION and NOT_PLAIN) the next ones are NOT_RUN.

        Raises:
            TypeError, ValueError: an argument is no plain value, or too large or deep a one.
            SandboxClosed: the session has been closed.
        """
        ...

    def close(self) -> Execution:
        """End the program; what came of it, with one result a call. Repeating this returns the same."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class Sandbox(Protocol):
    """Runs untrusted programs.

    Thread-safe: any thread may call any method at any time, and jobs of several threads run side by side. Safe to use
    after ``os.fork``: the child gets processes of its own. Nothing of a job outlives it: no process, descriptor, file.

    What a program did never raises; it is a :class:`sandboxes.types.Status`. Methods raise

    - TypeError, ValueError for a job that makes no sense or arguments that are no plain values,
    - SandboxClosed after :meth:`close`,
    - SandboxUnavailable when the sandbox cannot be (re)started at all.
    """

    @property
    def backend(self) -> str:
        """Name of the back end, such as ``zygote``."""
        ...

    @property
    def tier(self) -> Tier:
        """How strong its walls are."""
        ...

    @property
    def limits(self) -> Limits:
        """What a job gets that brings no limits of its own."""
        ...

    @property
    def info(self) -> Mapping[str, Any]:
        """What a log should keep: versions, means (``bubblewrap 0.8.0``), what the probes found. Plain JSON data."""
        ...

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
        """Run one program: with ``entry`` call that function, else run the whole of it with ``stdin``.

        The arguments are those of :class:`sandboxes.types.Job`.
        """
        ...

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
        """Run trusted ``tests`` against an untrusted program; OK means that they passed.

        The tests run in a process of their own, in which ``entry`` and ``candidate`` name a proxy: each call goes
        through the parent to the program's process, and plain values come back, by copy. An exception that the program
        raises arrives as the built-in exception of the same name, else as RuntimeError. The limits hold for each of
        the two processes.
        """
        ...

    def run_job(self, job: Job) -> Execution:
        """What :meth:`run` and :meth:`run_tests` do, from data."""
        ...

    def run_many(self, jobs: Iterable[Job]) -> list[Execution]:
        """Run jobs side by side, as many as there are cores; the results stand in the order of the jobs."""
        ...

    def session(
        self,
        source: str,
        *,
        entry: str,
        image: str | None = None,
        limits: Limits | None = None,
    ) -> Session:
        """Start a program and leave it running, for calls that depend on earlier answers.

        A program that fails to start gives a session whose calls all have that failure's status.
        """
        ...

    def close(self) -> None:
        """End all of its processes; running jobs come back as INFRASTRUCTURE. Repeating this does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
