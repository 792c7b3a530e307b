"""Starting a zygote: what it may see of this machine, and by which means it is walled in."""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sandboxes.host import bubblewrap_command, hidden_folders, interpreter, is_open_to_all, readable_paths, spare_users
from sandboxes.interrupts import BareSocket, Packet, close_all, descriptors_in, keep, socket_pair
from sandboxes.types import IMAGES, SandboxUnavailable
from sandboxes.walls.allow_list import allow_list

__all__ = [
    "ENVIRONMENT",
    "Breakdown",
    "Exhausted",
    "Means",
    "Walls",
    "Zygote",
    "pid_of",
]

ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "LANG": "C.UTF-8",
    "HOME": "/",
    "PATH": "",
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")},
}
"""All that a program sees of the environment."""

_LOADING = {"LD_BIND_NOW": "1"}
"""For the dynamic linker alone, which else would look up the same functions in every child. Programs do not see it."""

_START_SECONDS = 60.0
_END_SECONDS = 5.0
_INSIDE = "/sandbox"
_SIBLINGS = 256
"""Threads of other programs that are allowed for where they are counted together."""
_PRELOADED = [
    *("abc", "array", "bisect", "cmath", "collections.abc", "contextlib", "copy", "dataclasses", "datetime"),
    *("decimal", "enum", "fractions", "functools", "heapq", "itertools", "json", "math", "numbers"),
    *("operator", "random", "re", "statistics", "string", "textwrap", "time", "types", "typing"),
]
"""Of the standard library, what solutions import most; an import costs a child more than a whole run."""


class Means(StrEnum):
    """By what namespaces are made."""

    BUBBLEWRAP = "bubblewrap"
    UNSHARE = "unshare"
    NONE = "none"


class Breakdown(Exception):
    """The sandbox itself failed; this says nothing about any program."""


class Exhausted(Breakdown):
    """This process, and not the zygote, is out of something."""


@dataclass(frozen=True, slots=True)
class Walls:
    """What a zygote is to be walled in by.

    Attributes:
        means: of the namespaces.
        landlock: whether children submit to Landlock.
        seccomp: whether children submit to the allow-list of system calls.
    """

    means: Means
    landlock: bool
    seccomp: bool


class Lease:
    """Somebody uses a zygote for as long as this object lives: to lose it by an interrupt is to give it back."""

    __slots__ = ("__weakref__",)


class Zygote:
    """A running zygote, seen from the parent. Any thread may call any method.

    Args:
        walls: see :class:`Walls`.
        image: name from :data:`sandboxes.types.IMAGES`.

    Raises:
        SandboxUnavailable: it does not start; the message says why.
    """

    def __init__(self, walls: Walls, image: str) -> None:
        self._packets: list[Packet] = []
        self.walls = walls
        self.image = image
        self.owner = os.getpid()
        self.forks = 0
        self._leases: weakref.WeakSet[Lease] = weakref.WeakSet()
        readable, path = readable_paths(image)
        # In a root of their own, what is shown is open to all, whatever folders it lies in outside.
        alone = walls.means is Means.NONE
        self._reads_all = alone and not is_open_to_all(readable)
        self._users = spare_users(mounts=not alone, reads_all=self._reads_all)
        self._pidfd = -1
        opened: list[int] = []
        try:
            self._control, inner = socket_pair(socket.SOCK_SEQPACKET)
            with contextlib.closing(inner):
                keep(opened, os.memfd_create, "errors")
                keep(opened, os.pidfd_open, os.getpid())
                self._start(readable, path, inner, *opened)
        except OSError as error:
            if hasattr(self, "_control"):
                self._control.close()
            raise SandboxUnavailable(f"a zygote cannot be started: {error}") from error
        finally:
            close_all(opened, opened)

    def _start(self, readable: list[str], path: list[str], inner: BareSocket, errors: int, parent: int) -> None:
        self._process = subprocess.Popen(
            _command(self.walls.means, readable, inner.fileno(), parent),
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            pass_fds=(inner.fileno(), parent),
            env={**ENVIRONMENT, **_LOADING},
            cwd="/",
            start_new_session=True,  # a terminal's Ctrl-C is the parent's business
        )
        try:
            inner.close()  # else this process would wait for itself, should the zygote die at once
            self._control.settimeout(_START_SECONDS)
            config = _configuration(self.walls, readable, path, self.image)
            config |= {"users": list(self._users), "reads_all": self._reads_all}
            self._control.send(json.dumps(config).encode())
            self._greet()
        except (OSError, Breakdown) as error:
            self.kill()
            said = os.pread(errors, 4000, 0).decode(errors="replace").strip()
            raise SandboxUnavailable(f"a zygote did not start ({self.walls.means}): {said or error}") from None
        except BaseException:
            # It has no children yet, and would first load all its modules: an interrupt is not to wait for that.
            self._process.kill()
            self.kill()
            raise

    def _greet(self) -> None:
        data = keep(self._packets, self._control.recvmsg, 16, socket.CMSG_SPACE(4))[0]
        descriptors = descriptors_in(self._packets)
        if data != b"ready" or len(descriptors) != 1:
            raise Breakdown(f"it ended with code {self._process.wait(_START_SECONDS)}")
        self._pidfd = descriptors[0]
        self.pid = pid_of(self._pidfd)
        # Of a new user namespace only the programs of this zygote are counted.
        total = int(Path("/proc/loadavg").read_text().split()[3].split("/")[1])
        self._others = 0 if self._users else _SIBLINGS + (total if self.walls.means is Means.NONE else 0)
        self.address_space = int(Path(f"/proc/{self.pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def shell_pid(self) -> int:
        """Of the process that was started: the zygote's own, or that of what walls it in."""
        return self._process.pid

    @property
    def active(self) -> int:
        """How many use it now."""
        return len(self._leases)

    def lend(self, lease: Lease) -> None:
        """It is in use from now on."""
        self._leases.add(lease)

    def take_back(self, lease: Lease) -> None:
        """It is no longer."""
        self._leases.discard(lease)

    def processes(self, wanted: int) -> int:
        """What to limit the number of processes to, so that a program can have ``wanted``.

        The kernel counts all of a user's. Where programs are no users of their own, others are counted with them.
        """
        return wanted + self._others

    def request(self, packet: bytes, descriptors: Sequence[int]) -> None:
        """Ask for a child.

        Raises:
            Breakdown: it has gone.
        """
        self.forks += 1
        try:
            self._control.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])
        except OSError as error:
            raise Breakdown(str(error)) from None

    def is_alive(self) -> bool:
        """Whether it still runs."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return not poll.poll(0)

    def kill(self) -> None:
        """End it with all its children, and reap what this process has started. Harmless when repeated."""
        # Hung up on, it kills and reaps its children, which nobody else could reap. Whoever else has come to hold this
        # end of the socket, by a fork, is hung up on as well.
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            if self._pidfd >= 0:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        self._close()

    def __del__(self) -> None:
        # An interrupt may have come while it was being ended. A forked process has this object as well.
        if self._packets and self.owner == os.getpid():
            self.kill()

    def abandon(self) -> None:
        """In a forked child: let go without touching what is the parent's."""
        self._process.returncode = 0  # else the finaliser would try to reap a process that is not ours
        self._close()

    def _close(self) -> None:
        self._control.close()
        self._pidfd = -1
        close_all(self._packets, descriptors_in(self._packets))


def pid_of(pidfd: int) -> int:
    """The process's number as this process sees it; in its own namespace it may have another one.

    Raises:
        Breakdown: it has ended.
    """
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            pid = int(line.split()[1])
            if pid > 0:
                return pid
    raise Breakdown("it has ended")


def _configuration(walls: Walls, readable: list[str], path: list[str], image: str) -> dict[str, object]:
    filters = {}
    if walls.seccomp:
        for threads in (False, True):
            for writing in (False, True):
                name = ("threads" if threads else "single") + ("+files" if writing else "")
                filters[name] = allow_list(threads=threads, writing=writing).hex()
    return {
        "means": walls.means,
        "root": _root(walls.means),
        "readable": readable,
        "hidden": hidden_folders(readable),
        "path": path,
        "modules": [*_PRELOADED, *IMAGES[image]],
        "environment": list(ENVIRONMENT),
        "landlock": walls.landlock,
        "filters": filters,
    }


def _command(means: Means, readable: list[str], control: int, parent: int) -> list[str]:
    program = (
        f"import sys; sys.path.insert(0, {_root(means)!r}); from sandboxes.zygote.process import main; "
        f"main({control}, {parent})"
    )
    # No site, no user's folders, no environment but ours; UTF-8 whatever the locale; nothing is written beside sources.
    command = [interpreter(), "-S", "-s", "-P", "-B", "-X", "utf8", "-c", program]
    if means is not Means.BUBBLEWRAP:
        return command
    # The zygote mounts scratch folders for its children and makes them other users; they have no capability left when
    # they read their job.
    is_root = bool(spare_users(mounts=True, reads_all=False))
    capabilities = ["CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID"] if is_root else ["CAP_SYS_ADMIN"]
    return [
        *bubblewrap_command(readable),
        *("--as-pid-1", "--cap-drop", "ALL"),
        *(word for capability in capabilities for word in ("--cap-add", capability)),
        *("--ro-bind", _package(), f"{_INSIDE}/sandboxes", "--dir", "/tmp", "--remount-ro", "/", "--", *command),
    ]


def _root(means: Means) -> str:
    return _INSIDE if means is Means.BUBBLEWRAP else str(Path(_package()).parent)


def _package() -> str:
    return str(Path(__file__).resolve().parents[1])
