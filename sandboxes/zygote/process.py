"""The zygote: a lean, single-threaded process that forks children and reaps them, and holds no program, ever.

Speaks on one SOCK_SEQPACKET socket. The first packet is its configuration; each further one asks for a child and
brings its descriptors: channel, report, standard input, output and error. On *report* the zygote answers with the
child's pidfd, and later with how it ended. The child confines itself, says so on its channel, and only then reads.
"""

from __future__ import annotations

import array
import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
from typing import Any, NoReturn

from sandboxes import inmate, wire
from sandboxes.walls import confinement, namespaces

__all__ = ["ENDED", "LANDLOCK", "SECCOMP", "STARTED", "main", "pack_request"]

STARTED = b"S"
ENDED = struct.Struct(">iddQ")
"""How a child ended: status as of waitpid, user and system CPU seconds, largest resident set in KiB."""

LANDLOCK, SECCOMP = 1, 2
"""Layers that a request may ask for. All others are always there."""

_REQUEST = struct.Struct(">dQQQQI?B")
_DESCRIPTORS = 5
_SCRATCH = "/tmp"


def pack_request(
    cpu_seconds: float,
    address_space: int,
    file_size: int,
    files: int,
    file_bytes: int,
    processes: int,
    threads: bool,
    layers: int,
) -> bytes:
    """A packet that asks for a child; see :func:`sandboxes.walls.confinement.limit_resources` for the first arguments.

    Args:
        cpu_seconds: CPU time.
        address_space: bytes, the zygote's own included.
        file_size: bytes that each file may grow to, standard output and error among them.
        files: how many files the scratch folder may hold; 0: there is none.
        file_bytes: what they may hold together.
        processes: processes and threads of the child's user.
        threads: whether it may have any threads beside the first.
        layers: any of LANDLOCK and SECCOMP, where the zygote has them. Only probes leave one out.
    """
    return _REQUEST.pack(cpu_seconds, address_space, file_size, files, file_bytes, processes, threads, layers)


class _Zygote:
    def __init__(self, control: socket.socket, config: dict[str, Any], parent: int) -> None:
        self._control = control
        self._parent = parent
        self._children: dict[int, tuple[int, socket.socket]] = {}  # pidfd -> pid, report
        self._readable: list[str] = config["readable"]
        self._has_own_processes = config["means"] != "none"
        self._users: list[int] = config["users"]
        self._reads_all: bool = config["reads_all"]
        self._forks = int.from_bytes(os.urandom(2), "big")
        self._filters = {
            name: confinement.FilterProgram(bytes.fromhex(code)) for name, code in config["filters"].items()
        }
        # What is the same for all children is done once, here.
        self._bounds = confinement.limit_for_good()
        if self._users:
            os.setgroups([])
        confinement.prctl(confinement.PR_SET_NO_NEW_PRIVS, 1)
        self._ruleset = -1
        if config["landlock"]:
            # In a root of its own nothing is where it would be hidden from.
            hidden = [] if self._has_own_processes else config["hidden"]
            ruleset = confinement.landlock_ruleset(self._readable, namespaces.DEVICES, hidden=hidden)
            # Out of the way of the numbers that a child's own descriptors get.
            self._ruleset = fcntl.fcntl(ruleset, fcntl.F_DUPFD_CLOEXEC, inmate.CHANNEL + 1)
            os.close(ruleset)
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._poll.register(parent, select.POLLIN)

    def serve(self) -> None:
        """Until the parent hangs up or dies."""
        control, parent = self._control.fileno(), self._parent
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == control:
                    if not self._take_request():
                        return
                elif descriptor == parent:
                    return
                else:
                    self._reap(descriptor)

    def end(self) -> None:
        """Kill what still runs."""
        for pidfd in self._children:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        for pid, _ in self._children.values():
            os.waitpid(pid, 0)

    def _take_request(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, _REQUEST.size, _DESCRIPTORS)
        if not data:
            return False
        if len(descriptors) != _DESCRIPTORS:
            for descriptor in descriptors:  # this process is out of descriptors; the parent sees its report end close
                os.close(descriptor)
            return True
        self._forks += 1
        try:
            pid = os.fork()
        except OSError:
            for descriptor in descriptors:
                os.close(descriptor)
            return True
        if pid == 0:
            self._become_child(data, descriptors)
        channel, report, *streams = descriptors
        for descriptor in (channel, *streams):
            os.close(descriptor)
        # Family, type and protocol are told, so that Python need not ask the kernel for them.
        end = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=report)
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            end.close()
            return True
        self._children[pidfd] = pid, end
        self._poll.register(pidfd, select.POLLIN)
        self._tell(end, STARTED, pidfd)
        return True

    def _reap(self, pidfd: int) -> None:
        pid, report = self._children.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        _, status, usage = os.wait4(pid, 0)
        if not self._filters:
            self._kill_orphans()
        self._tell(report, ENDED.pack(status, usage.ru_utime, usage.ru_stime, usage.ru_maxrss))
        report.close()

    @staticmethod
    def _tell(report: socket.socket, data: bytes, pidfd: int | None = None) -> None:
        ancillary = [] if pidfd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [pidfd]))]
        try:
            report.sendmsg([data], ancillary)
        except BrokenPipeError:
            return  # the parent has lost interest

    def _kill_orphans(self) -> None:
        """Without a filter programs can fork; what they leave behind becomes this process's child."""
        mine = {pid for pid, _ in self._children.values()}
        while True:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123 (pathlib costs memory)
                orphans = set(map(int, file.read().split())) - mine
            if not orphans:
                return
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def _become_child(self, request: bytes, descriptors: list[int]) -> NoReturn:
        try:
            channel, _, *streams = descriptors
            for target, descriptor in enumerate([*streams, channel]):
                os.dup2(descriptor, target)
            try:
                self._confine(*_REQUEST.unpack(request))
            except OSError as error:
                wire.send(inmate.CHANNEL, wire.UNUSABLE, str(error).encode())
                # The parent is to find these words, and not a closed channel, when it has sent the job.
                while wire.receive(inmate.CHANNEL) is not None:
                    pass
            else:
                wire.send(inmate.CHANNEL, wire.CONFINED)
                gc.enable()
                inmate.live()
        finally:
            os._exit(1)  # whatever happens, nothing returns into the zygote's loop

    def _confine(
        self,
        cpu_seconds: float,
        address_space: int,
        file_size: int,
        files: int,
        file_bytes: int,
        processes: int,
        threads: bool,
        layers: int,
    ) -> None:
        ruleset = self._ruleset
        # A user of its own: its threads are counted alone, and no file or process of anybody else is its own.
        user = self._users[self._forks % len(self._users)] if self._users else os.getuid()
        if files:
            flags = confinement.MS_NOSUID | confinement.MS_NODEV | confinement.MS_NOEXEC
            confinement.unshare(confinement.CLONE_NEWNS)
            # One inode is the folder's own.
            options = f"size={file_bytes},nr_inodes={files + 1},mode=700,uid={user},gid={user}"
            confinement.mount("scratch", _SCRATCH, "tmpfs", flags, options)
            if ruleset >= 0:
                ruleset = confinement.landlock_ruleset(self._readable, namespaces.DEVICES, _SCRATCH)
        confinement.limit_resources(cpu_seconds, address_space, file_size, processes, self._bounds)
        if self._users:
            confinement.become(user, may_read_all=self._reads_all)
        else:
            confinement.drop_capabilities()
        if files:
            os.chdir(_SCRATCH)
        if not self._has_own_processes:
            # A zygote that is the first of its process namespace takes its children with it in any case. Becoming
            # another user takes this back, so that it comes afterwards.
            confinement.prctl(confinement.PR_SET_PDEATHSIG, signal.SIGKILL)
        confinement.prctl(confinement.PR_SET_DUMPABLE, 0)
        if ruleset >= 0 and layers & LANDLOCK:
            confinement.enter_landlock(ruleset)
        os.closerange(inmate.CHANNEL + 1, 1 << 16)
        if self._filters and layers & SECCOMP:
            self._filters[("threads" if threads else "single") + ("+files" if files else "")].install()


def main(control_descriptor: int, parent: int) -> None:
    """Serve until the parent goes away.

    Args:
        control_descriptor: of the SOCK_SEQPACKET socket to the parent.
        parent: pidfd of the parent.
    """
    control = socket.socket(fileno=control_descriptor)
    os.set_inheritable(control_descriptor, False)
    os.set_inheritable(parent, False)
    config = json.loads(control.recv(1 << 20))
    if config["means"] == "unshare":
        namespaces.enter(config["readable"], [_SCRATCH], config["hidden"], keep_user=bool(config["users"]))
    for name in set(os.environ) - set(config["environment"]):
        del os.environ[name]  # what bubblewrap and the interpreter add
    sys.path[:] = [*[entry for entry in sys.path if entry != config["root"]], *config["path"]]
    for name in config["modules"]:
        importlib.import_module(name)
    _add_what_site_adds()
    if not config["filters"]:
        confinement.prctl(confinement.PR_SET_CHILD_SUBREAPER, 1)
    zygote = _Zygote(control, config, parent)
    inmate.rehearse()
    gc.collect()
    gc.disable()
    gc.freeze()
    own = os.pidfd_open(os.getpid())
    socket.send_fds(control, [b"ready"], [own])
    os.close(own)
    try:
        zygote.serve()
    finally:
        zygote.end()


def _add_what_site_adds() -> None:
    """Programs expect ``exit`` and ``quit``; the module that makes them is switched off, for it looks into folders."""
    import _sitebuiltins
    import builtins

    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
