"""One interpreter of Monty in a process that is limited, killed and replaced from outside."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import weakref
from pathlib import Path

from sandboxes.monty.protobuf import Malformed
from sandboxes.monty.wire import Event, EventKind, frame, parse_event
from sandboxes.processes.commands import start
from sandboxes.types import Limits, SandboxUnavailable, Status

__all__ = ["Interpreter", "Lost", "find_binary"]

_OVERHEAD_BYTES = 512 << 20
"""Address space of the interpreter itself (110 to 180 MB) and of what it needs to read and write messages."""

_OUT_OF_MEMORY_CODE = 65
"""With which its allocator ends the process: ``OOM_EXIT_CODE`` of crates/monty-alloc."""
_CHUNK = 1 << 16
_END_SECONDS = 10.0


class Lost(Exception):
    """The interpreter is gone, or was killed for what it did.

    Args:
        status: what that makes of its job.
        reason: in words.
    """

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def find_binary() -> str:
    """Path of the ``monty`` program: ``$MONTY_BIN``, beside this Python, or on ``PATH``.

    Raises:
        SandboxUnavailable: there is none.
    """
    if chosen := os.environ.get("MONTY_BIN"):
        return chosen
    for folder in (Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))):
        if (folder / "monty").is_file():
            return str(folder / "monty")
    if found := shutil.which("monty"):
        return found
    raise SandboxUnavailable("Monty's interpreter is not installed; the cure: pip install 'reasoning-envs[monty]'")


class Interpreter:
    """A running ``monty subprocess``. One thread at a time.

    The kernel limits it, and the parent's clocks; Monty's own limits, which hold inside of it, come first but are
    believed in by nobody.

    Args:
        binary: path of the program.

    Raises:
        SandboxUnavailable: it does not start.
    """

    owner = 0

    def __init__(self, binary: str) -> None:
        self._started: list[subprocess.Popen[bytes]] = []
        self.reference = weakref.ref(self)
        """To itself, for those who are not to keep it alive."""
        # It writes no file, opens none but its libraries, and dumps no core. The shell works the same on macOS.
        command = 'ulimit -c 0; ulimit -f 0; ulimit -n 64; exec "$0" subprocess'
        self.owner = os.getpid()
        try:
            start(
                self._started,
                ["/bin/sh", "-c", command, binary],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env={},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxUnavailable(f"no process for Monty's interpreter: {error}") from None
        (self._process,) = self._started
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.jobs = 0
        self.needs_reset = False
        self._sink, self._source = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._sink, False)
        self._poll_out, self._poll_in = select.poll(), select.poll()
        self._poll_out.register(self._sink, select.POLLOUT)
        self._poll_in.register(self._source, select.POLLIN)
        self._pending = b""
        self._memory = self._seconds = 0
        self._used = self._last = 0.0
        self._clock = (~self._process.pid) << 3 | 2  # CPU clock of another process, see clock_getcpuclockid(3)

    def __del__(self) -> None:
        # An interrupt may have come before anybody could have given it back. A forked process has this object as well.
        if self.owner == os.getpid():
            for process in self._started:
                with process:  # closes its pipes and waits for it
                    process.kill()

    @property
    def is_timed(self) -> bool:
        """Whether the kernel tells how much CPU time another process has used."""
        return sys.platform == "linux"

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    def begin(self, limits: Limits) -> None:
        """Set what the kernel allows for the next job.

        Raises:
            Lost: it has died while it was idle.
        """
        self.jobs += 1
        self._used = 0.0
        self._used = self.cpu_seconds()
        self._limits = limits
        self.renew_deadline()
        self._look_at = time.monotonic() + limits.cpu_seconds
        if sys.platform == "linux":
            try:
                if self._memory != limits.memory_bytes:
                    self._memory = limits.memory_bytes
                    self._limit(resource.RLIMIT_AS, _OVERHEAD_BYTES + 2 * limits.memory_bytes)
                seconds = math.ceil(self._used + limits.cpu_seconds) + 1
                if self._seconds != seconds:
                    self._seconds = seconds
                    self._limit(resource.RLIMIT_CPU, seconds)
            except ProcessLookupError:
                raise Lost(Status.INFRASTRUCTURE, "the interpreter died while it was idle") from None

    def renew_deadline(self) -> None:
        """Begin to count the wall-clock time anew."""
        self._deadline = time.monotonic() + self._limits.wall_seconds

    def _limit(self, kind: int, value: int) -> None:
        hard = resource.prlimit(self.pid, kind)[1]
        resource.prlimit(self.pid, kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))

    def cpu_seconds(self) -> float:
        """CPU time since :meth:`begin`, as the kernel counts it; 0 where it does not tell."""
        # Twice a run: contextlib.suppress would take as long as the rest.
        try:  # noqa: SIM105
            self._last = time.clock_gettime(self._clock)
        except OSError:
            pass  # it is dead and reaped: then what was last seen stands
        return max(self._last - self._used, 0.0)

    def peak_bytes(self) -> int:
        """Largest resident set of the process so far, over all of its jobs; 0 where the kernel does not tell."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) << 10
        return 0

    def send(self, *messages: bytes) -> None:
        """Write requests, without waiting for what comes of them.

        Raises:
            Lost: it is gone, or does not read in time.
        """
        view = memoryview(b"".join([frame(message) for message in messages]))
        while view:
            try:
                view = view[os.write(self._sink, view) :]
            except BlockingIOError:
                self._wait(self._poll_out)
            except OSError:
                raise self._died() from None

    def receive(self) -> Event:
        """Read the next event.

        Raises:
            Lost: there is none in time, it is too large, or it is none.
        """
        # A number takes several bytes more as a node than as text.
        most = 16 * self._limits.output_bytes + (1 << 20)
        pending = self._pending
        while (size := int.from_bytes(pending[:4], "little") if len(pending) >= 4 else 0) + 4 > len(pending):
            if size > most:
                self.kill()
                raise Lost(Status.OUTPUT, f"an answer far beyond {self._limits.output_bytes} bytes")
            self._wait(self._poll_in)
            chunk = os.read(self._source, max(_CHUNK, size))
            if not chunk:
                raise self._died()
            pending = self._pending = pending + chunk
        message, self._pending = pending[4 : 4 + size], pending[4 + size :]
        try:
            event = parse_event(message)
        except Malformed as error:
            self.kill()
            raise Lost(Status.TAMPERED, f"the interpreter said something that is no event: {error}") from None
        if event.kind is EventKind.FATAL_ERROR:
            self.kill()
            raise Lost(Status.CRASHED, f"the interpreter gave up: {event.message[:500]}")
        return event

    def is_silent(self) -> bool:
        """Whether it has said nothing since the last event that was read."""
        if self._pending:
            return False
        return not self._poll_in.poll(0)

    def _wait(self, poll: select.poll) -> None:
        """Until something can be read or written, or the job's time is up.

        CPU time passes no faster than time does for a program of one thread: it needs no look before it can be up.
        """
        while True:
            now = time.monotonic()
            until = min(self._deadline, self._look_at)
            if now < until:
                if poll.poll(math.ceil((until - now) * 1000)):
                    return
                continue
            if now >= self._deadline:
                self.kill()
                raise Lost(Status.TIMEOUT, f"more than {self._limits.wall_seconds:g} s of wall-clock time")
            left = self._limits.cpu_seconds - self.cpu_seconds()
            if left <= 0:
                self.kill()
                raise Lost(Status.TIMEOUT, f"more than {self._limits.cpu_seconds:g} s of CPU time")
            self._look_at = now + left

    def _died(self) -> Lost:
        try:
            code = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            code = self.kill()
        self._close_pipes()
        if code == -signal.SIGXCPU:
            return Lost(Status.TIMEOUT, f"more than {self._limits.cpu_seconds:g} s of CPU time")
        if code == _OUT_OF_MEMORY_CODE:
            return Lost(Status.MEMORY, f"more than {self._limits.memory_bytes} bytes of memory")
        if code == -signal.SIGKILL:
            # A program has no way to send signals, so that this came from outside.
            return Lost(Status.INFRASTRUCTURE, "somebody killed the interpreter")
        return Lost(Status.CRASHED, f"the interpreter died with code {code}")

    def interrupt(self) -> None:
        """Kill it from another thread; whoever is talking to it finds out, and cleans up."""
        self._process.kill()

    def kill(self) -> int:
        """Kill, reap, close; the return code. Harmless when repeated."""
        if self._process.returncode is None:
            self.cpu_seconds()
            self._process.kill()
        code = self._process.wait()
        self._close_pipes()
        return code

    def abandon(self) -> None:
        """In a forked child: let go of the parent's process without touching it."""
        self._process.returncode = 0  # else its finaliser would try to reap a process that is not ours
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
