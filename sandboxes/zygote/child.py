"""A child of a zygote, seen from the parent: its channel, its descriptors, how it ended and what it used.

Nothing here knows what is said on the channel; that is the business of :mod:`sandboxes.zygote.conversation`.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import socket
import time
from dataclasses import dataclass

from sandboxes import wire
from sandboxes.base import cores
from sandboxes.interrupts import BareSocket, Packet, close_all, descriptors_in, keep, socket_pair
from sandboxes.outcome import Over
from sandboxes.types import Limits, Status
from sandboxes.zygote.launch import Breakdown, Exhausted, Zygote, pid_of
from sandboxes.zygote.process import ENDED, LANDLOCK, SECCOMP, STARTED, pack_request

__all__ = ["Child", "Ended"]

_END_SECONDS = 20.0
_FAREWELL_SECONDS = 1.0
_CPU_GRACE_SECONDS = 0.05
"""By what the kernel's own timer may be late before the parent acts in its place."""
_CHUNK = 1 << 16
_OVERHEAD = 4096 + wire.TOKEN
"""Bytes of a frame beyond its value: messages have their own bound inside."""

_ROOM_FOR_ONE = socket.CMSG_SPACE(4)
_AT_ONCE = int(socket.MSG_DONTWAIT)
_QUIETLY = int(socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)

_TIMERS = (signal.SIGPROF, signal.SIGXCPU)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, as the kernel told the zygote.

    Attributes:
        exit_code: None when a signal ended it.
        signal: None when it exited.
        cpu_seconds: user and system.
        peak_bytes: largest resident set.
    """

    exit_code: int | None
    signal: int | None
    cpu_seconds: float
    peak_bytes: int


class Child:
    """One process and its channel. One thread at a time; :meth:`close` must be called.

    Args:
        zygote: whose child it becomes.
        limits: what it may use.
        stdin: its standard input.
        layers: see :func:`sandboxes.zygote.process.pack_request`.

    Raises:
        Breakdown: no child came of it.
    """

    _owner = 0

    def __init__(self, zygote: Zygote, limits: Limits, stdin: bytes = b"", layers: int = LANDLOCK | SECCOMP) -> None:
        self.limits = limits
        self.calls = 0
        self.deadline = math.inf
        """When its wall-clock time is up, on the monotonic clock."""
        self._exit: tuple[int, float, float, int] | None = None
        self._was_killed = False
        self._look_at = math.inf
        self._may_kill_itself = not (zygote.walls.seccomp and layers & SECCOMP)
        self._pending = b""
        # Of values and, two digits a byte, of the files that are fetched.
        self._longest = max(limits.output_bytes, 2 * limits.file_bytes if limits.files else 0) + _OVERHEAD
        self._pidfd = -1
        self._packets: list[Packet] = []
        self._sockets: list[BareSocket] = []
        self._files: list[int] = []
        self._owner = os.getpid()
        try:
            self._open(zygote, limits, stdin, layers)
        except OSError as error:
            self._close()
            raise Exhausted(f"this process cannot start another program: {error}") from None
        except BaseException:
            self._close()
            raise

    def _open(self, zygote: Zygote, limits: Limits, stdin: bytes, layers: int) -> None:
        self._sockets += socket_pair()
        self._sockets += socket_pair(socket.SOCK_SEQPACKET)
        self._channel, inner, self._report, report = self._sockets
        for name in ("stdin", "stdout", "stderr"):
            keep(self._files, os.memfd_create, name)
        if stdin:
            with os.fdopen(self._files[0], "wb", closefd=False) as file:
                file.write(stdin)
            os.lseek(self._files[0], 0, os.SEEK_SET)
        packet = pack_request(
            limits.cpu_seconds,
            zygote.address_space + limits.memory_bytes,
            # One byte more than allowed can be written, so that the size tells whether more was.
            max(limits.output_bytes + 1, limits.file_bytes if limits.files else 0),
            limits.files,
            limits.file_bytes,
            zygote.processes(limits.processes),
            limits.processes > 1,
            layers,
        )
        zygote.request(packet, [inner.fileno(), report.fileno(), *self._files])
        inner.close()
        report.close()
        # The report is read when the channel closes: a zygote that dies takes its children with it.
        self._poll = select.poll()
        self._poll.register(self._channel, select.POLLIN)

    def watch(self) -> None:
        """From now on look at its CPU time as well, whenever it is waited for.

        The kernel's timer ends whatever lets its signal through. What blocks all signals is left to RLIMIT_CPU, which
        counts in whole seconds and by ticks.
        """
        self._look_at = time.monotonic() + self._soonest(self.limits.cpu_seconds)

    def _soonest(self, cpu_seconds: float) -> float:
        """Wall-clock seconds in which it cannot use more CPU time than this."""
        return (cpu_seconds + _CPU_GRACE_SECONDS) / min(cores(), self.limits.processes)

    def wait(self) -> None:
        """Wait until a whole program has ended.

        Raises:
            Over: its time is up.
        """
        while self._exit is None:
            self._await_report(self.deadline)

    def end(self) -> Ended:
        """Kill what still runs; how it ended. Harmless when repeated.

        Raises:
            Breakdown: the zygote does not say.
        """
        try:
            deadline = time.monotonic() + _END_SECONDS
            self._look_at = math.inf
            while self._exit is None:
                self._kill()
                try:
                    self._await_report(deadline)
                except Over:
                    raise Breakdown(f"a process did not end within {_END_SECONDS:.0f} s of being killed") from None
        finally:
            self._close_sockets()
        status, user, system, peak = self._exit
        code = os.waitstatus_to_exitcode(status)
        return Ended(code if code >= 0 else None, -code if code < 0 else None, user + system, peak << 10)

    def output(self) -> tuple[str, str, bool]:
        """Standard output and error, and whether one of them is over the limit. After :meth:`end`."""
        texts, is_over = [], False
        limit = self.limits.output_bytes
        for descriptor in self._files[1:]:
            data = os.pread(descriptor, limit + 1, 0) if os.fstat(descriptor).st_size else b""
            is_over = is_over or len(data) > limit
            texts.append(data[:limit].decode(errors="replace"))
        return texts[0], texts[1], is_over

    def close(self) -> None:
        """Kill it, and let go of everything, however it ends. Harmless when repeated."""
        try:
            if self._exit is None and self._sockets:
                with contextlib.suppress(Breakdown):
                    self.end()
        finally:
            self._close()

    def __del__(self) -> None:
        # An interrupt may have come before anybody could have called close. A forked process has this object as well.
        if self._owner == os.getpid():
            self.close()

    def _kill(self) -> None:
        if self._pidfd >= 0 and not self._was_killed:
            self._was_killed = True
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def check_silence(self) -> None:
        """That the program has said nothing since its last answer.

        Raises:
            Over: it has, or it has ended.
        """
        try:
            said = self._channel.recv(1, _AT_ONCE)
        except BlockingIOError:
            return
        except ConnectionError:
            said = b""
        if said:
            raise Over(Status.TAMPERED, "it spoke before it was asked")
        raise self._farewell()

    def diagnose(self, ended: Ended) -> tuple[Status, str]:
        """Status and reason of a process that ended by itself; OK for exit code 0, and where :meth:`end` ended it.

        Raises:
            Breakdown: somebody outside of it killed it.
        """
        limits = self.limits
        if ended.cpu_seconds > limits.cpu_seconds or ended.signal in _TIMERS:
            return Status.TIMEOUT, f"more than {limits.cpu_seconds:g} s of CPU time"
        if self._was_killed:
            return Status.OK, ""
        if ended.signal is None:
            code = ended.exit_code or 0
            return (Status.EXITED if code else Status.OK), f"it ended with code {code}" if code else ""
        name = signal.Signals(ended.signal).name if ended.signal in set(signal.Signals) else str(ended.signal)
        if ended.signal == signal.SIGKILL:
            # The kernel sends it to what eats the machine's last memory.
            if ended.peak_bytes > limits.memory_bytes // 2:
                return Status.MEMORY, "killed by the kernel, most likely for want of memory"
            # And by RLIMIT_CPU, whose clock counts whole ticks and may run ahead of the time that was used.
            if ended.cpu_seconds > limits.cpu_seconds / 2:
                return Status.TIMEOUT, f"killed by the kernel at its {limits.cpu_seconds:g} s of CPU time"
            if self._may_kill_itself:
                return Status.CRASHED, "it died of SIGKILL, which nothing keeps it from sending to itself in this tier"
            raise Breakdown("the program's process was killed from outside")
        if ended.signal == signal.SIGSYS:
            return Status.CRASHED, "killed for a system call of another architecture"
        return Status.CRASHED, f"it died of {name}"

    def speak(self, kind: int, body: bytes) -> None:
        """Send one frame.

        Raises:
            Over: the process has ended, or does not read before the deadline.
        """
        view = memoryview(wire.HEADER.pack(len(body) + 1, kind) + body)
        while view:
            try:
                view = view[self._channel.send(view, _QUIETLY) :]
            except BlockingIOError:
                poll = select.poll()
                poll.register(self._channel, select.POLLOUT)
                poll.poll(_milliseconds(self.deadline))
                if time.monotonic() >= self.deadline:
                    raise Over(Status.TIMEOUT, f"it read no further within {self.limits.wall_seconds:g} s") from None
            except ConnectionError:
                raise self._farewell() from None

    def hear(self, is_last: bool = True) -> tuple[int, bytes]:
        """The next frame: kind and body.

        Args:
            is_last: bytes behind it are tampering.

        Raises:
            Over: it does not come, or is none.
        """
        data = bytearray(self._pending)
        size = wire.HEADER.size
        while len(data) < size or len(data) < wire.HEADER.unpack_from(data)[0] + size - 1:
            if len(data) >= size and wire.HEADER.unpack_from(data)[0] > self._longest:
                raise Over(Status.OUTPUT, f"it answered more than {self.limits.output_bytes} bytes")
            self._await(self._poll, self.deadline)
            try:
                chunk = self._channel.recv(_CHUNK, _AT_ONCE)
            except BlockingIOError:
                continue
            except ConnectionError:
                chunk = b""
            if not chunk:
                raise self._farewell()
            data += chunk
        length, kind = wire.HEADER.unpack_from(data)
        end = size - 1 + length
        if length < 1 or (is_last and len(data) > end):
            raise Over(Status.TAMPERED, "it said more than it was asked for")
        self._pending = bytes(data[end:])
        return kind, bytes(data[size:end])

    def _await(self, poll: select.poll, deadline: float) -> None:
        """Wait until there is something to read.

        Raises:
            Over: the deadline has passed, or all CPU time is used up.
        """
        while not poll.poll(_milliseconds(min(deadline, self._look_at))):
            now = time.monotonic()
            if now >= deadline:
                raise Over(Status.TIMEOUT, f"no end within {self.limits.wall_seconds:g} s")
            if now >= self._look_at:
                self._look_at = now + self._soonest(self._cpu_left())

    def _cpu_left(self) -> float:
        """Seconds of CPU time that it may still use.

        Raises:
            Over: there are none, not even with what is allowed for the kernel's timer to be late.
        """
        limit = self.limits.cpu_seconds
        if self._pidfd < 0 and self._report_is_ready():
            self._read_report()
        used = cpu_seconds_of(self._pidfd) if self._pidfd >= 0 else 0.0
        if used > limit + _CPU_GRACE_SECONDS:
            raise Over(Status.TIMEOUT, f"more than {limit:g} s of CPU time")
        return limit - used

    def _report_is_ready(self) -> bool:
        poll = select.poll()
        poll.register(self._report, select.POLLIN)
        return bool(poll.poll(0))

    def _await_report(self, deadline: float) -> None:
        """Wait for what the zygote says next.

        Raises:
            Over: the deadline has passed.
            Breakdown: the zygote has died.
        """
        poll = select.poll()
        poll.register(self._report, select.POLLIN)
        self._await(poll, deadline)
        self._read_report()

    def _read_report(self) -> None:
        try:
            data = keep(self._packets, self._report.recvmsg, 64, _ROOM_FOR_ONE)[0]
        except ConnectionError:
            data = b""
        if data == STARTED:
            descriptors = descriptors_in(self._packets)
            if not descriptors:
                raise Exhausted("Too many open files: no descriptor is left for another program")
            self._pidfd = descriptors[0]
        elif len(data) == ENDED.size:
            self._exit = ENDED.unpack(data)
        else:
            raise Breakdown("the zygote has died")

    def _farewell(self) -> Over:
        """Why a program that hung up has done so."""
        try:
            deadline = time.monotonic() + _FAREWELL_SECONDS
            while self._exit is None:
                self._await_report(deadline)
        except Over:
            return Over(Status.TAMPERED, "it closed its channel and went on")
        status, reason = self.diagnose(self.end())
        if status is Status.OK:
            return Over(Status.EXITED, "it ended with code 0 before it had answered")
        return Over(status, f"{reason} before it had answered" if status is Status.EXITED else reason)

    def _close(self) -> None:
        self._close_sockets()
        close_all(self._files, self._files)

    def _close_sockets(self) -> None:
        sockets, self._sockets = self._sockets, []
        for end in sockets:
            end.close()
        self._pidfd = -1
        close_all(self._packets, descriptors_in(self._packets))


def cpu_seconds_of(pidfd: int) -> float:
    """What a running process and its threads have used so far, to the nanosecond; 0.0 if it has ended."""
    try:
        pid = pid_of(pidfd)
        # The clock of another process: see clock_getcpuclockid(3) and the kernel's include/linux/posix-timers.h.
        used = time.clock_gettime(~pid << 3 | 2)
        return used if pid_of(pidfd) == pid else 0.0
    except (Breakdown, OSError):
        return 0.0


def _milliseconds(deadline: float) -> int:
    # No more than poll(2) takes; whoever waits looks at the clock again.
    return max(0, math.ceil(min(deadline - time.monotonic(), 1e6) * 1000))
