"""A command in a process of its own, watched from outside: its clocks, its output, its answers, its end."""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandboxes import wire
from sandboxes.interrupts import keep
from sandboxes.outcome import Over
from sandboxes.processes.commands import start, with_channel
from sandboxes.types import CallResult, Job, Limits, Mode, Status
from sandboxes.values import dump_value, load_value

__all__ = ["Ended", "Process"]

_CHUNK = 1 << 16
_TICK_SECONDS = 0.01
_FAREWELL_SECONDS = 1.0
_HANG_UP_SECONDS = 0.1
_OVERHEAD_BYTES = 4096 + wire.TOKEN
_ANSWERS = {
    wire.ANSWER: Status.OK,
    wire.RAISED: Status.EXCEPTION,
    wire.NOT_PLAIN: Status.NOT_PLAIN,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, as the kernel told.

    Attributes:
        code: exit code; minus the signal where one ended it.
        was_killed: whether it was this side that ended it.
        cpu_seconds: user and system, with all of its children that were waited for.
        peak_bytes: largest resident set among them; 0 where that was no larger than this process's own, which hides it.
    """

    code: int
    was_killed: bool
    cpu_seconds: float
    peak_bytes: int


class Process:
    """A running command. One thread at a time; :meth:`end` must be called.

    Args:
        command: what to run.
        limits: ``wall_seconds`` and ``output_bytes`` are held from here.
        stdin: its standard input.
        descriptors: of this process, to be inherited under the same numbers.
        has_channel: whether it gets a socket as descriptor :data:`CHANNEL`.
        environment: all of it.
        folder: its current folder.

    Raises:
        OSError: there is no process to be had.
    """

    _owner = 0

    def __init__(
        self,
        command: Sequence[str],
        limits: Limits,
        *,
        stdin: bytes = b"",
        descriptors: Sequence[int] = (),
        has_channel: bool = False,
        environment: Mapping[str, str],
        folder: str = "/",
    ) -> None:
        self.limits = limits
        self.calls = 0
        self._said = {"stdout": bytearray(), "stderr": bytearray()}
        self._pending = bytearray()
        self._ended: Ended | None = None
        self._was_killed = self._was_interrupted = False
        self._token = b""
        self._channel: socket.socket | None = None
        inner: socket.socket | None = None
        self._started: list[subprocess.Popen[bytes]] = []
        self._pidfds: list[int] = []
        self._poll = select.poll()
        self._streams: dict[int, str] = {}
        self._owner = os.getpid()
        with contextlib.ExitStack() as stack:
            file = _input_file(stack, stdin)
            if has_channel:
                self._channel, inner = socket.socketpair()
                stack.callback(inner.close)
                command = with_channel(command)
            start(
                self._started,
                command,
                stdin=file if inner is None else inner.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=descriptors,
                env=dict(environment),
                cwd=folder,
                start_new_session=True,
            )
        (self._popen,) = self._started
        self.begun = time.monotonic()
        self.renew_deadline()
        assert self._popen.stdout is not None
        assert self._popen.stderr is not None
        self._streams |= {self._popen.stdout.fileno(): "stdout", self._popen.stderr.fileno(): "stderr"}
        if sys.platform == "linux":
            self._poll.register(keep(self._pidfds, os.pidfd_open, self._popen.pid), select.POLLIN)
        for descriptor in self._streams:
            os.set_blocking(descriptor, False)
            self._poll.register(descriptor, select.POLLIN)
        if self._channel is not None:
            self._channel.setblocking(False)
            self._poll.register(self._channel, select.POLLIN)

    def __del__(self) -> None:
        # An interrupt may have come before anybody could have called end. A forked process has this object as well.
        if self._owner == os.getpid() and self._started:
            (self._popen,) = self._started
            self.end()

    @property
    def pid(self) -> int:
        """Number of the process that was started."""
        return self._popen.pid

    def renew_deadline(self) -> None:
        """Begin to count the wall-clock time anew, as sessions do for each call."""
        self._deadline = time.monotonic() + self.limits.wall_seconds

    def output(self, name: str) -> str:
        """What it has written to ``stdout`` or ``stderr``, cut at the limit."""
        return bytes(self._said[name][: self.limits.output_bytes]).decode(errors="replace")

    def raw_output(self) -> bytes:
        """All of its standard output."""
        return bytes(self._said["stdout"])

    def wait(self) -> None:
        """Until the process has ended.

        Raises:
            Over: its time is up, or it writes too much.
        """
        while not self._has_ended():
            self._step()
        self._drain()

    def load(self, job: Job, mode: Mode) -> None:
        """Hand over the job, and wait until the program is loaded and ready for calls. Only with a channel.

        Raises:
            Over: it is not, and never will be.
        """
        body: dict[str, object] = {
            "mode": mode.value,
            "source": job.tests if mode is Mode.TESTS else job.source,
            "entry": job.entry,
            "prelude": job.prelude,
            "output_bytes": self.limits.output_bytes,
            "files": {},
            "fetch": [],
        }
        self._speak(wire.JOB, json.dumps(body).encode())
        if mode is Mode.TESTS:
            return
        kind, text = self._listen()
        if kind == wire.RAISED:
            raise Over(Status.EXCEPTION, _text(text))
        if kind == wire.OUT_OF_MEMORY:
            raise self._out_of_memory()
        if kind != wire.READY:
            raise Over(Status.TAMPERED, "it answered before it was asked")

    def ask(self, question: bytes) -> CallResult:
        """Put one question, ``[args, kwargs]`` as bytes, and wait for its answer.

        Raises:
            Over: there was no answer, and the program is over.
        """
        self.calls += 1
        self._receive()
        if self._pending:
            raise Over(Status.TAMPERED, "it spoke before it was asked")
        self._speak(wire.QUESTION, question)
        kind, body = self._listen()
        if kind == wire.TOO_LARGE:
            raise Over(Status.OUTPUT, f"an answer of more than {self.limits.output_bytes} bytes")
        if kind == wire.OUT_OF_MEMORY:
            raise self._out_of_memory()
        status = _ANSWERS.get(kind)
        if status is None:
            raise Over(Status.TAMPERED, "it said something that is no answer")
        if status is not Status.OK:
            return CallResult(status, error=_text(body))
        try:
            return CallResult(status, load_value(body))
        except ValueError as error:
            raise Over(Status.TAMPERED, f"its answer is not what the sandbox writes: {error}") from None

    def hear_tests(self) -> tuple[int, bytes]:
        """Of tests: a QUESTION with its arguments, or how they ended.

        Raises:
            Over: neither comes.
        """
        kind, body = self._hear()
        if kind == wire.QUESTION:
            return kind, body
        if body[: wire.TOKEN] != self._token:
            raise Over(Status.TAMPERED, "the tests' process spoke out of turn")
        return kind, body[wire.TOKEN :]

    def reply(self, result: CallResult) -> None:
        """To tests: what came of their question.

        Raises:
            Over: they are over.
        """
        if result.ok:
            body = bytes([wire.ANSWER]) + dump_value(result.value)
        else:
            body = bytes([wire.RAISED]) + result.error.encode(errors="replace")
        self._write(wire.REPLY, body)

    def interrupt(self) -> None:
        """Kill it from another thread; whoever waits for it finds out."""
        self._was_interrupted = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)

    @property
    def was_interrupted(self) -> bool:
        """Whether :meth:`interrupt` was called."""
        return self._was_interrupted

    def end(self) -> Ended:
        """Kill what still runs and say how it ended. Harmless when repeated."""
        if self._ended is None:
            self._hang_up()
            if not self._has_ended():
                self._was_killed = True
            # All of its session, also where the leader has gone.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            _, status, usage = os.wait4(self._popen.pid, 0)
            self._popen.returncode = os.waitstatus_to_exitcode(status)
            unit = 1 if sys.platform == "darwin" else 1024
            used = usage.ru_utime + usage.ru_stime
            # A child counts what its parent held when it was forked.
            own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            peak = usage.ru_maxrss * unit if usage.ru_maxrss > own else 0
            self._ended = Ended(self._popen.returncode, self._was_killed, used, peak)
            self._close()
        return self._ended

    def _hang_up(self) -> None:
        """Let a program that waits for the next call end by itself: only then does the kernel count what it used."""
        if self._channel is None or self._was_interrupted:
            return
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        patience = time.monotonic() + _HANG_UP_SECONDS
        while not self._has_ended() and time.monotonic() < patience:
            time.sleep(_TICK_SECONDS / 10)

    def _close(self) -> None:
        for stream in (self._popen.stdout, self._popen.stderr):
            if stream is not None:
                stream.close()
        if self._channel is not None:
            self._channel.close()
        pidfds, self._pidfds = self._pidfds, []
        for descriptor in pidfds:
            os.close(descriptor)

    def _has_ended(self) -> bool:
        # Without reaping it: its usage is still to be asked for.
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self._ended is not None or os.waitid(os.P_PID, self._popen.pid, options) is not None

    def _step(self) -> bool:
        """Wait a while for something to happen and read what was written; whether the channel has something."""
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise Over(Status.TIMEOUT, f"more than {self.limits.wall_seconds:g} s of wall-clock time")
        wait = remaining if self._pidfds else min(remaining, _TICK_SECONDS)
        is_heard = False
        for descriptor, _ in self._poll.poll(math.ceil(wait * 1000)):
            if descriptor in self._streams:
                self._read(descriptor)
            elif descriptor not in self._pidfds:
                is_heard = True
        return is_heard

    def _read(self, descriptor: int) -> bool:
        said = self._said[self._streams[descriptor]]
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._poll.unregister(descriptor)
            del self._streams[descriptor]
            return False
        said += chunk
        if len(said) > self.limits.output_bytes:
            raise Over(Status.OUTPUT, f"it wrote more than {self.limits.output_bytes} bytes")
        return True

    def _drain(self) -> None:
        """What is in the pipes already; a grandchild may hold them open for ever."""
        for descriptor in list(self._streams):
            while descriptor in self._streams and self._read(descriptor):
                pass

    def _listen(self) -> tuple[int, bytes]:
        kind, body = self._hear()
        if body[: wire.TOKEN] != self._token:
            raise Over(Status.TAMPERED, "its answer does not carry the token of the question")
        return kind, body[wire.TOKEN :]

    def _hear(self) -> tuple[int, bytes]:
        most = self.limits.output_bytes + _OVERHEAD_BYTES
        while True:
            if len(self._pending) >= wire.HEADER.size:
                size, kind = wire.HEADER.unpack_from(self._pending)
                if not 1 <= size <= most:
                    raise Over(Status.OUTPUT, f"an answer of more than {self.limits.output_bytes} bytes")
                end = wire.HEADER.size - 1 + size
                if len(self._pending) >= end:
                    body = bytes(self._pending[wire.HEADER.size : end])
                    del self._pending[:end]
                    return kind, body
            if not self._step() and not self._has_ended():
                continue
            if not self._receive() and self._has_ended():
                raise self._farewell()

    def _receive(self) -> bool:
        """Take what lies in the channel; whether there was something."""
        assert self._channel is not None
        try:
            chunk = self._channel.recv(_CHUNK)
        except BlockingIOError:
            return False
        except ConnectionError:
            chunk = b""
        if not chunk:
            raise self._farewell()
        self._pending += chunk
        return True

    def _farewell(self) -> Over:
        """Why nothing will come any more. Whoever hangs up is about to end; what is deaf, but alive, is ended."""
        patience = time.monotonic() + _FAREWELL_SECONDS
        while not self._has_ended() and time.monotonic() < patience:
            time.sleep(_TICK_SECONDS / 5)
        self._drain()
        return Over(Status.EXITED, "it ended while an answer was awaited")

    def _out_of_memory(self) -> Over:
        return Over(Status.MEMORY, f"more than {self.limits.memory_bytes} bytes of memory")

    def _speak(self, kind: int, body: bytes) -> None:
        self._token = os.urandom(wire.TOKEN)
        self._write(kind, self._token + body)

    def _write(self, kind: int, body: bytes) -> None:
        assert self._channel is not None
        view = memoryview(wire.HEADER.pack(len(body) + 1, kind) + body)
        while view:
            try:
                view = view[self._channel.send(view) :]
            except BlockingIOError:
                self._poll.modify(self._channel, select.POLLIN | select.POLLOUT)
                self._step()
                self._poll.modify(self._channel, select.POLLIN)
            except OSError:
                raise self._farewell() from None


def _input_file(stack: contextlib.ExitStack, content: bytes) -> int:
    """A descriptor from which this can be read; open as long as the stack is."""
    held: list[int] = []

    def close() -> None:
        for number in held:
            os.close(number)

    stack.callback(close)
    if hasattr(os, "memfd_create"):
        descriptor = keep(held, os.memfd_create, "stdin")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = keep(held, os.dup, file.fileno())
    with os.fdopen(descriptor, "wb", closefd=False) as writer:
        writer.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.fchmod(descriptor, 0o444)  # programs open /dev/stdin, as other users than this one
    return descriptor


def _text(body: bytes) -> str:
    return body.decode(errors="replace")[:_OVERHEAD_BYTES]
