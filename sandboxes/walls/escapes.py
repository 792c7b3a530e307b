"""Attempts to get out, run by the parent against its own walls before it believes in them.

The program below is ours and honest: it tells what it reached. Targets are set up outside: a file, two listening
sockets, this process. The hostile programs that users can run against any sandbox are another matter.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["ATTEMPTS", "OUTER_ATTEMPTS", "PROGRAM", "targets"]

OUTER_ATTEMPTS = ("file", "folder", "tcp", "abstract_socket", "processes", "interfaces")
"""What namespaces alone must contain, when Landlock and the filter of system calls are left out."""

ATTEMPTS = (
    *("file", "folder", "write", "tcp", "udp", "abstract_socket", "signal", "fork", "execute", "trace", "namespace"),
    *("keys", "ring", "raise_limit", "see_processes", "environment"),
)
"""What all layers together must contain."""

PROGRAM = '''
import ctypes, errno, os, resource, socket

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) < 0:
        raise OSError(ctypes.get_errno(), "refused")


class Attempts:
    """Each raises OSError where it is contained, or returns what it reached."""

    def file(self, t):
        return open(t["file"]).read(20)

    def folder(self, t):
        return str(os.listdir(t["folder"]))

    def write(self, t):
        for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/", t["folder"]):
            try:
                os.close(os.open(folder + "/escape", os.O_CREAT | os.O_WRONLY))
            except OSError:
                continue
            os.unlink(folder + "/escape")
            return folder
        raise OSError("nowhere")

    def tcp(self, t):
        socket.create_connection(("127.0.0.1", t["port"]), 1).close()
        return "a listener of this machine"

    def udp(self, t):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", t["port"]))
        return "the network"

    def abstract_socket(self, t):
        socket.socket(socket.AF_UNIX).connect("\\0" + t["name"])
        return "a listener of this machine"

    def signal(self, t):
        os.kill(t["pid"], 0)
        return "the process that started it"

    def fork(self, t):
        if (pid := os.fork()) == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return "another process"

    def execute(self, t):
        try:
            os.execv("/nothing/there", ["x"])
        except FileNotFoundError:
            return "execve"

    def trace(self, t):
        if libc.ptrace(0, 0, 0, 0) < 0:
            raise OSError(ctypes.get_errno(), "refused")
        return "ptrace"

    def namespace(self, t):
        if libc.unshare(0x10000000) < 0:
            raise OSError(ctypes.get_errno(), "refused")
        return "a user namespace"

    def keys(self, t):
        call({"x86_64": 250, "aarch64": 219}.get(os.uname().machine, 219), 0, -3, 1)
        return "the session's keys"

    def ring(self, t):
        call(425, 1, 0)
        return "io_uring (it found fault with the arguments only)"

    def raise_limit(self, t):
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return "unlimited memory"

    def see_processes(self, t):
        return str(os.listdir("/proc"))[:40]

    def environment(self, t):
        strange = sorted(set(os.environ) - set(t["environment"]))
        if not strange:
            raise OSError("nothing")
        return str(strange)

    def processes(self, t):
        if os.getppid() == 1 != t["zygote"]:
            raise OSError("its own")
        return "the numbers of this machine's processes"

    def interfaces(self, t):
        names = [name for _, name in socket.if_nameindex()]
        if set(names) <= {"lo"}:
            raise OSError("none")
        return str(names)


def attempt(name, targets):
    try:
        return getattr(Attempts(), name)(targets)
    except (OSError, ValueError) as error:
        if name == "ring" and getattr(error, "errno", 0) in (errno.EFAULT, errno.EINVAL):
            return "io_uring"
        return ""
'''
"""``attempt(name, targets)``: what was reached, or "" for nothing."""


@contextlib.contextmanager
def targets(zygote: int, environment: list[str]) -> Iterator[dict[str, Any]]:
    """What the attempts aim at, for as long as the context lasts.

    Args:
        zygote: process number of the zygote as this process sees it.
        environment: names of the variables that a program may see.
    """
    name = f"sandboxes-{os.getpid()}-{os.urandom(8).hex()}"
    here = Path(__file__).resolve()
    with socket.socket(socket.AF_UNIX) as unix, contextlib.ExitStack() as stack:
        unix.bind(f"\0{name}")
        unix.listen()
        port = 9  # nobody listens to "discard"; where there is no network the attempt proves nothing
        with contextlib.suppress(OSError):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = listener.getsockname()[1]
        yield {
            "file": str(here),
            "folder": str(here.parents[2]),
            "port": port,
            "name": name,
            "pid": os.getpid(),
            "zygote": zygote,
            "environment": environment,
        }
