"""A killable, replaceable process that runs *trusted code on untrusted data*.

A computer-algebra system may run for hours or eat all memory on a short hostile input, and nothing inside the same
process can stop it. So it runs in a process of its own, with limits that the kernel enforces::

    worker = Worker("json:loads", limits=WorkerLimits(cpu_seconds=1.0))
    answer = worker.call("[1, 2]")        # Answer(status=AnswerStatus.RESULT, value=[1, 2])

The process starts at the first call. One that is stuck, dead or over its limit costs one answer: it is killed, and
the next call gets a fresh one. Calls may come from any thread (they take turns) and from forked children (each child
starts a process of its own). It is no sandbox: the function must be trusted. POSIX only.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sandboxes.worker_process import BYTES, ERROR, HEADER, JSON, MEMORY, READY, STARTED, decode, encode

__all__ = ["Answer", "AnswerStatus", "Worker", "WorkerError", "WorkerLimits"]


class WorkerError(RuntimeError):
    """The worker cannot be started at all: no such function, or no process to be had."""


class AnswerStatus(StrEnum):
    """How a call ended."""

    RESULT = "result"  # the function returned
    ERROR = "error"  # the function raised; the worker lives on
    TIMEOUT = "timeout"  # killed: CPU or wall-clock limit
    MEMORY = "memory"  # killed: memory limit
    CRASHED = "crashed"  # it died of something else


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What one call may use.

    Attributes:
        cpu_seconds: CPU time of one call, enforced by the kernel inside the worker.
        wall_seconds: wall-clock time of one call, from the moment at which the worker says that it has begun.
        memory_bytes: address space of the worker, its imports included.
        start_seconds: wall-clock time that starting and importing may take, and that a begun worker may take to
            pick up a job.
    """

    cpu_seconds: float = 2.0
    wall_seconds: float = 4.0
    memory_bytes: int = 2 << 30
    start_seconds: float = 60.0

    def __post_init__(self) -> None:
        for name in ("cpu_seconds", "wall_seconds", "memory_bytes", "start_seconds"):
            if not getattr(self, name) > 0:
                raise ValueError(f"WorkerLimits.{name} must be positive, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call.

    Attributes:
        status: see :class:`AnswerStatus`.
        value: what the function returned, for RESULT.
        error: what went wrong in words, for the others.
    """

    status: AnswerStatus
    value: Any = None
    error: str = ""


class _Gone(Exception):
    """The process ended or closed its pipe."""


class _Late(Exception):
    """The deadline passed."""


class _Process:
    """One running child and its two pipes."""

    def __init__(self, target: str, limits: WorkerLimits) -> None:
        root = str(Path(__file__).resolve().parent.parent)
        environment = dict(os.environ)
        environment["PYTHONHASHSEED"] = "0"  # the same payload, the same answer
        environment["PYTHONPATH"] = os.pathsep.join([root, *[entry for entry in sys.path if entry]])
        self.popen = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "sandboxes.worker_process"),
                *(target, repr(limits.cpu_seconds), str(limits.memory_bytes), str(os.getpid())),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment,
            # A terminal's Ctrl-C must not reach the child before the parent has decided what to do.
            start_new_session=True,
        )
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self._sink, self._source = self.popen.stdin.fileno(), self.popen.stdout.fileno()
        os.set_blocking(self._sink, False)
        os.set_blocking(self._source, False)
        try:
            kind, body = self.receive(time.monotonic() + limits.start_seconds)
        except (_Gone, _Late) as error:
            code = self.end()
            why = f"took more than {limits.start_seconds} s" if isinstance(error, _Late) else f"ended with code {code}"
            raise WorkerError(f"the worker for {target} did not start: it {why}") from None
        except BaseException:
            self.end()
            raise
        if kind != READY:
            self.end()
            raise WorkerError(f"the worker for {target} did not start: {body.decode(errors='replace')}")

    def send(self, kind: bytes, body: bytes, deadline: float) -> None:
        view = memoryview(HEADER.pack(len(body), kind) + body)
        while view:
            self._wait(self._sink, select.POLLOUT, deadline)
            try:
                view = view[os.write(self._sink, view) :]
            except BlockingIOError:
                continue
            except OSError:
                raise _Gone from None

    def receive(self, deadline: float) -> tuple[bytes, bytes]:
        length, kind = HEADER.unpack(self._exactly(HEADER.size, deadline))
        return kind, self._exactly(length, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        chunks = []
        while size:
            self._wait(self._source, select.POLLIN, deadline)
            try:
                chunk = os.read(self._source, min(size, 1 << 20))
            except BlockingIOError:
                continue
            except OSError:
                raise _Gone from None
            if not chunk:
                raise _Gone
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)

    @staticmethod
    def _wait(descriptor: int, event: int, deadline: float) -> None:
        poller = select.poll()
        poller.register(descriptor, event)
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not poller.poll(max(1, int(remaining * 1000))):
            raise _Late

    def end(self) -> int:
        """Kill, reap, close; the return code. Harmless when repeated."""
        if self.popen.returncode is None:
            self.popen.kill()
        code = self.popen.wait()
        self._close_pipes()
        return code

    def abandon(self) -> None:
        """In a forked child: let go of the parent's process without touching it."""
        self.popen.returncode = 0  # else the object's finaliser would try to reap a process that is not ours
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                pipe.close()


class _Holder:
    """What must outlive neither the :class:`Worker` nor the interpreter: at most one process and who started it."""

    def __init__(self) -> None:
        self.process: _Process | None = None
        self.owner = 0

    def end(self) -> int | None:
        process, self.process = self.process, None
        if process is None:
            return None
        if self.owner != os.getpid():
            process.abandon()
            return None
        return process.end()


class Worker:
    """Calls ``target`` in a process of its own.

    Args:
        target: ``"module:function"``; the function takes one payload and returns one. A payload is ``bytes`` or plain
            JSON data (dict with text keys, list, str, int, finite float, bool, None).
        limits: for each call.
    """

    def __init__(self, target: str, limits: WorkerLimits | None = None) -> None:
        module, colon, name = target.partition(":")
        if not (module and colon and name):
            raise ValueError(f"target must be 'module:function', got {target!r}")
        self.target = target
        self.limits = limits or WorkerLimits()
        self._lock = threading.Lock()
        self._holder = _Holder()
        self._finalizer = weakref.finalize(self, self._holder.end)
        _WORKERS.add(self)

    def __reduce__(self) -> tuple[type[Worker], tuple[str, WorkerLimits]]:
        """A copy in another process is a worker of its own."""
        return Worker, (self.target, self.limits)

    @property
    def pid(self) -> int | None:
        """Of the running process; None before the first call, after a kill, and in a forked child without a call."""
        process = self._holder.process
        return process.popen.pid if process is not None and self._holder.owner == os.getpid() else None

    def call(self, payload: Any) -> Answer:
        """Run the function on ``payload`` and wait for the answer.

        Raises:
            TypeError, ValueError: the payload is neither bytes nor plain JSON data.
            WorkerError: the worker cannot be started.
        """
        kind, body = encode(payload)
        with self._lock:
            # A process that died while it was idle has begun nothing, so that a second attempt repeats nothing.
            return self._attempt(kind, body) or self._attempt(kind, body) or self._never_began()

    def close(self) -> None:
        """End the process. A later call starts a new one."""
        with self._lock:
            self._holder.end()

    def _attempt(self, kind: bytes, body: bytes) -> Answer | None:
        """One call on a live process; None if that ended before it began the job."""
        process = self._process()
        begun = False
        try:
            deadline = time.monotonic() + self.limits.start_seconds
            process.send(kind, body, deadline)
            answer_kind, answer = process.receive(deadline)
            if answer_kind != STARTED:
                raise _Gone
            begun = True
            answer_kind, answer = process.receive(time.monotonic() + self.limits.wall_seconds)
        except _Late:
            self._holder.end()
            limit = self.limits.wall_seconds if begun else self.limits.start_seconds
            return Answer(AnswerStatus.TIMEOUT, error=f"no answer within {limit} s")
        except _Gone:
            code = self._await_death(process)
            return self._post_mortem(code) if begun else None
        except BaseException:  # KeyboardInterrupt in the middle: the next answer on this pipe would be the wrong one
            self._holder.end()
            raise
        if answer_kind in (JSON, BYTES):
            return Answer(AnswerStatus.RESULT, decode(answer_kind, answer))
        if answer_kind == ERROR:
            return Answer(AnswerStatus.ERROR, error=answer.decode(errors="replace"))
        self._holder.end()
        if answer_kind == MEMORY:
            return Answer(AnswerStatus.MEMORY, error=f"more than {self.limits.memory_bytes} bytes of memory")
        return Answer(AnswerStatus.CRASHED, error=f"answered with a frame of unknown kind {answer_kind!r}")

    def _process(self) -> _Process:
        holder = self._holder
        if holder.process is not None and (holder.owner != os.getpid() or holder.process.popen.poll() is not None):
            holder.end()
        if holder.process is None:
            holder.process = _Process(self.target, self.limits)
            holder.owner = os.getpid()
        return holder.process

    def _await_death(self, process: _Process) -> int:
        """The return code of a process whose pipe has closed; its own, where it dies by itself."""
        try:
            code = process.popen.wait(1.0)
        except subprocess.TimeoutExpired:
            code = -signal.SIGKILL
        self._holder.end()
        return code

    def _post_mortem(self, code: int) -> Answer:
        if code in (-signal.SIGPROF, -signal.SIGXCPU):
            return Answer(AnswerStatus.TIMEOUT, error=f"more than {self.limits.cpu_seconds} s of CPU time")
        return Answer(AnswerStatus.CRASHED, error=f"the worker died with code {code}")

    @staticmethod
    def _never_began() -> Answer:
        return Answer(AnswerStatus.CRASHED, error="the worker died twice before it began the job")

    def _after_fork_in_child(self) -> None:
        self._lock = threading.Lock()  # another thread of the parent may have held it
        self._holder.end()


_WORKERS: weakref.WeakSet[Worker] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for worker in list(_WORKERS):
        worker._after_fork_in_child()


os.register_at_fork(after_in_child=_after_fork_in_child)
