"""The world round the sandbox while the kit runs: what a program must not reach, and how one sees whether it did.

Everything that is watched belongs to the kit: a folder with a secret in it, a file that anybody may write, an
environment variable, listening sockets, and a process that notes each signal that it gets.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["Outside", "descendants", "named"]

# Notes its signals on standard output, one number a line, answers each line of its standard input, and ends with it.
_VICTIM = """
import os, signal, sys
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
    signal.signal(number, lambda number, frame: os.write(1, b"%d\\n" % number))
print("ready", flush=True)
for line in sys.stdin:
    print("well", flush=True)
"""
_VICTIM_SECONDS = 10.0

_VARIABLE = "SANDBOXES_TESTING_SECRET"


class Outside:
    """What the kit watches. A context manager, which puts a secret into this process's environment.

    Attributes:
        secret: text that no program may ever return; each place where it lies adds a word of its own.
        targets: what programs are told about it, plain values: ``pid`` and ``kit_pid``, ``tcp_port``, ``udp_port`` and
            ``vsock_port``, ``unix_path``, ``abstract_name``, ``secret_file``, ``kept_file``, ``open_folder``, and
            ``mark``, a word by which whatever they leave is found.
        folder: the folder with the files.
    """

    def __init__(self) -> None:
        number = secrets.token_hex(6)
        self.secret = f"SECRET-{number}"
        self._mark = f"kit{number}"
        self.folder = Path()
        self.targets: Mapping[str, Any] = {}
        self._open = contextlib.ExitStack()
        self._listening: list[tuple[str, socket.socket]] = []
        self._victim: subprocess.Popen[bytes] | None = None
        self._expected_victim: tuple[object, ...] = ()
        self._expected_files: Mapping[str, tuple[object, ...]] = {}
        self._clock = 0.0

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._prepare(stack)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def evidence(self) -> list[str]:
        """What has been reached since this was last asked, in words; [] when nothing was."""
        return [*self._visitors(), *self._signals(), *self._changes()]

    def _prepare(self, stack: contextlib.ExitStack) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sandboxes-testing-"))
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        (self.folder / "secret.txt").write_text(f"{self.secret}-file\n")
        (self.folder / "kept.txt").write_text("kept\n")
        (self.folder / "kept.txt").chmod(0o666)
        (self.folder / "open").mkdir()
        (self.folder / "open").chmod(0o777)
        (self.folder / f"{self.secret}-name").touch()
        before = os.environ.get(_VARIABLE)
        os.environ[_VARIABLE] = f"{self.secret}-environment"
        stack.callback(_set_variable, before)
        ports = self._listen(stack)
        victim = self._victim = self._start_victim(stack)
        self.targets = {
            "pid": victim.pid,
            "kit_pid": os.getpid(),
            **ports,
            "unix_path": str(self.folder / "socket"),
            "abstract_name": self._mark,
            "secret_file": str(self.folder / "secret.txt"),
            "kept_file": str(self.folder / "kept.txt"),
            "open_folder": str(self.folder / "open"),
            "mark": self._mark,
        }
        self._clock = time.time() - time.monotonic()
        self._expected_files = dict(self._files())
        self._expected_victim = self._victim_state()

    def _listen(self, stack: contextlib.ExitStack) -> dict[str, int]:
        def add(name: str, family: int, kind: int, address: Any) -> socket.socket:
            opened = stack.enter_context(socket.socket(family, kind))
            opened.bind(address)
            if kind == socket.SOCK_STREAM:
                opened.listen()
            opened.setblocking(False)
            self._listening.append((name, opened))
            return opened

        tcp = add("the TCP port", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)).getsockname()[1]
        udp = add("the UDP port", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)).getsockname()[1]
        add("the unix socket", socket.AF_UNIX, socket.SOCK_STREAM, str(self.folder / "socket"))
        (self.folder / "socket").chmod(0o777)
        vsock = 0
        if sys.platform == "linux":
            add("the abstract socket", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self._mark}")
        # Neither IPv6 nor vsock is everywhere.
        with contextlib.suppress(OSError):
            add("the TCP port (IPv6)", socket.AF_INET6, socket.SOCK_STREAM, ("::1", tcp))
        with contextlib.suppress(OSError, AttributeError):
            anywhere = (socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY)
            vsock = add("the vsock port", socket.AF_VSOCK, socket.SOCK_STREAM, anywhere).getsockname()[1]
        return {"tcp_port": tcp, "udp_port": udp, "vsock_port": vsock}

    def _start_victim(self, stack: contextlib.ExitStack) -> subprocess.Popen[bytes]:
        victim = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _VICTIM, f"{self.secret}-argument"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "VICTIM": f"{self.secret}-neighbour"},
            start_new_session=True,
        )
        stack.callback(_end, victim)
        assert victim.stdout is not None
        if victim.stdout.readline() != b"ready\n":
            raise RuntimeError("the kit could not start a process of its own")
        os.set_blocking(victim.stdout.fileno(), False)
        return victim

    def _visitors(self) -> Iterator[str]:
        for name, opened in self._listening:
            with contextlib.suppress(BlockingIOError):
                while True:
                    if opened.type == socket.SOCK_STREAM:
                        opened.accept()[0].close()
                    else:
                        opened.recv(100)
                    yield f"{name} of the kit was reached"

    def _signals(self) -> Iterator[str]:
        victim = self._victim
        assert victim is not None  # since __enter__
        signals = [word for word in self._hear_victim().split() if word != b"well"]
        if victim.poll() is not None:
            yield f"a process of the kit was ended ({victim.returncode})"
            with contextlib.ExitStack() as stack:
                self._victim = self._start_victim(stack)
                self._open.push(stack.pop_all())
            self.targets = {**self.targets, "pid": self._victim.pid}
            self._expected_victim = self._victim_state()
            return
        if signals:
            yield f"a process of the kit got signals {signals}"
        state = self._victim_state()
        if state != self._expected_victim:
            yield f"a process of the kit was changed from {self._expected_victim} to {state}"
            self._expected_victim = state

    def _hear_victim(self) -> bytes:
        """What it has to say when it is asked: a signal is noted before the answer, however busy the machine is."""
        victim, said = self._victim, b""
        assert victim is not None
        assert victim.stdin is not None
        assert victim.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            os.write(victim.stdin.fileno(), b"\n")
        patience = time.monotonic() + _VICTIM_SECONDS
        while b"well" not in said and time.monotonic() < patience and victim.poll() is None:
            if select.select([victim.stdout], [], [], 0.02)[0]:
                said += os.read(victim.stdout.fileno(), 1000)
            elif "T" in (state := self._victim_state()) or "t" in state:
                break  # it was stopped, which its state tells
        return said

    def _victim_state(self) -> tuple[object, ...]:
        """Priority, cores, limits and run state of the process that is watched."""
        assert self._victim is not None
        if sys.platform != "linux":
            return ()
        import resource

        pid = self._victim.pid
        # The state of a process that is ready or waiting changes by itself; that of a stopped or traced one is T or t.
        run_state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return (
            os.getpriority(os.PRIO_PROCESS, pid),
            os.sched_getscheduler(pid),
            tuple(sorted(os.sched_getaffinity(pid))),
            resource.prlimit(pid, resource.RLIMIT_NOFILE),
            resource.prlimit(pid, resource.RLIMIT_CPU),
            run_state if run_state in "Tt" else "",
        )

    def _changes(self) -> Iterator[str]:
        files = dict(self._files())
        for path in sorted(files.keys() | self._expected_files.keys()):
            if files.get(path) != self._expected_files.get(path):
                yield f"{path} of the kit was changed from {self._expected_files.get(path)} to {files.get(path)}"
        self._expected_files = files
        for folder in ("/tmp", "/var/tmp", "/dev/shm"):
            left = Path(folder) / self._mark
            if left.exists():
                left.unlink()
                yield f"{left} was left behind"
        clock = time.time() - time.monotonic()
        # Clocks are also set by the machine itself, by a little at a time.
        if abs(clock - self._clock) > 60:
            yield f"the clock was moved by {clock - self._clock:.0f} s"
            self._clock = clock

    def _files(self) -> Iterator[tuple[str, tuple[object, ...]]]:
        for path in (self.folder, *self.folder.rglob("*")):
            found = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(found.st_mode) else b""
            name = str(path.relative_to(self.folder)).replace(self.secret, "SECRET")
            yield name, (oct(found.st_mode), found.st_uid, found.st_nlink, found.st_mtime_ns, content[:100])


def descendants(pid: int | None = None) -> set[int]:
    """All living processes that descend from this one (or from ``pid``), as far as /proc tells; zombies not counted."""
    children: dict[int, list[int]] = {}
    for process, fields in _processes():
        if fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(process)
    found: set[int] = set()
    heads = [os.getpid() if pid is None else pid]
    while heads:
        new = [child for head in heads for child in children.get(head, ()) if child not in found]
        found.update(new)
        heads = new
    return found


def named(mark: str) -> set[int]:
    """Living processes that call themselves so."""
    found = set()
    for process, fields in _processes():
        # A process that is gone in the meantime has no name.
        with contextlib.suppress(OSError):
            if fields[0] != "Z" and Path(f"/proc/{process}/comm").read_text().strip() == mark:
                found.add(process)
    return found


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Each process and what its ``stat`` says after its name: state, parent, group, ..."""
    if sys.platform != "linux":
        return
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            # A process that is gone in the meantime has no state.
            with contextlib.suppress(OSError):
                yield int(folder.name), (folder / "stat").read_text().rpartition(")")[2].split()


def _set_variable(value: str | None) -> None:
    if value is None:
        os.environ.pop(_VARIABLE, None)
    else:
        os.environ[_VARIABLE] = value


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
