"""A command in a process of its own, watched from outside: its clocks, its output, its end."""

from __future__ import annotations

import contextlib
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

from sandboxes.interrupts import BareSocket, close_all, keep, socket_pair
from sandboxes.outcome import Over
from sandboxes.processes.commands import start, with_channel
from sandboxes.types import Limits, Status

__all__ = ["TICK_SECONDS", "Ended", "Watched"]

_CHUNK = 1 << 16
TICK_SECONDS = 0.01
"""How long to sleep where nothing tells that something has happened."""
_HANG_UP_SECONDS = 0.1


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


class Watched:
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
        self._said = {"stdout": bytearray(), "stderr": bytearray()}
        self._ended: Ended | None = None
        self._was_killed = self._was_interrupted = False
        self._channel: BareSocket | None = None
        inner: BareSocket | None = None
        self._started: list[subprocess.Popen[bytes]] = []
        self._pidfds: list[int] = []
        self._poll = select.poll()
        self._streams: dict[int, str] = {}
        self._owner = os.getpid()
        with contextlib.ExitStack() as stack:
            file = _input_file(stack, stdin)
            if has_channel:
                self._channel, inner = socket_pair()
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
            time.sleep(TICK_SECONDS / 10)

    def _close(self) -> None:
        for stream in (self._popen.stdout, self._popen.stderr):
            if stream is not None:
                stream.close()
        if self._channel is not None:
            self._channel.close()
        close_all(self._pidfds, self._pidfds)

    def _has_ended(self) -> bool:
        # Without reaping it: its usage is still to be asked for.
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self._ended is not None or os.waitid(os.P_PID, self._popen.pid, options) is not None

    def _step(self) -> bool:
        """Wait a while for something to happen and read what was written; whether the channel has something."""
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise Over(Status.TIMEOUT, f"more than {self.limits.wall_seconds:g} s of wall-clock time")
        wait = remaining if self._pidfds else min(remaining, TICK_SECONDS)
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


def _input_file(stack: contextlib.ExitStack, content: bytes) -> int:
    """A descriptor from which this can be read; open as long as the stack is."""
    held: list[int] = []
    stack.callback(close_all, held, held)
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
