"""A process a run in namespaces made by bubblewrap: slower than the zygote, and for any language."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandboxes.host import hidden_folders, hide
from sandboxes.interrupts import close_all, keep
from sandboxes.languages import LANGUAGES, WORK, Language
from sandboxes.processes.commands import CHANNEL, limited
from sandboxes.processes.process import Process
from sandboxes.processes.sandbox import Broken, Launch, ProcessSandbox
from sandboxes.types import Job, Limits, SandboxUnavailable, Status, Tier
from sandboxes.walls import escapes
from sandboxes.walls.deny_list import deny_list

__all__ = ["BubblewrapSandbox"]

_INMATE = "/inmate"
_NOBODY = 65534
_FIRST_USER, _USERS = 0x70100000, 4096
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_ENVIRONMENT = {
    "HOME": WORK,
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONHASHSEED": "0",
    "TMPDIR": WORK,
}
_ESCAPES = (*escapes.OUTER_ATTEMPTS, "write", "udp", "signal", "raise_limit", "environment")
_SMALL_SCRATCH = 4 << 20
"""Bytes of a scratch folder that holds the program and cannot be written to."""


class BubblewrapSandbox(ProcessSandbox):
    """Runs programs in Python, JavaScript, C and Bash, each in a process of its own in fresh namespaces.

    A program sees the system's programs and libraries, read-only, and a scratch folder that ends with it; no network,
    no other process, no environment but ``HOME``, ``LANG``, ``PATH`` and ``TMPDIR``. It is nobody, has no capability
    and gets none, and is under resource limits; where libseccomp is to be had, the system calls by which others have
    got out are refused as well. All of its processes die with it, and with this one.

    What this back end does not hold: ``Limits.files`` only says whether the scratch folder can be written to, and
    ``file_bytes`` how large it is; CPU time is limited in whole seconds and for each process, and for all of
    them together only afterwards and by wall-clock time.

    Args:
        limits: what a job gets that brings none of its own.
        image: only ``plain``: there are no third-party modules.
        minimum_tier: what is weaker is refused; this is NAMESPACES, tried by running escapes.
        width: how many jobs :meth:`run_many` runs side by side.
        languages: what can be run; each is tried out before its first job.

    Raises:
        SandboxUnavailable: bubblewrap is missing, may make no namespaces here, or did not hold; the message names the
            cure where there is one.
    """

    backend = "bubblewrap"
    tier = Tier.NAMESPACES

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        image: str = "plain",
        minimum_tier: Tier | str = Tier.LANDLOCK,
        width: int | None = None,
        languages: Mapping[str, Language] = LANGUAGES,
    ) -> None:
        super().__init__(limits, width=width, languages=languages)
        Tier(minimum_tier)
        if image != "plain":
            raise SandboxUnavailable(f"this sandbox has no image {image!r}; use backend='zygote'")
        binary = shutil.which("bwrap")
        if binary is None:
            raise SandboxUnavailable(
                "bubblewrap is not installed; the cure: ./run sandbox, or your package manager (apt install bubblewrap)"
            )
        self._binary = binary
        self._as_root = _can_become_others()
        self._numbers = itertools.count()
        self._statuses: dict[Process, int] = {}
        try:
            self._filter = deny_list()
        except SandboxUnavailable:
            self._filter = b""
        self.info: Mapping[str, Any] = {
            "tier": self.tier.value,
            "means": _version(binary),
            "seccomp": bool(self._filter),
            "escapes": self._try_escapes(),
        }

    def _try_escapes(self) -> dict[str, str]:
        job = Job(escapes.PROGRAM, entry="attempt")
        environment = [*_ENVIRONMENT, "PWD", "SHLVL", "OLDPWD", "_", "LC_CTYPE"]
        with escapes.targets(0, environment) as targets:
            tried = self._execute(
                Job(escapes.PROGRAM, entry=job.entry, calls=[((name, targets), {}) for name in _ESCAPES]),
                Limits(memory_bytes=1 << 30),
            )
        if tried.status is not Status.OK:
            raise SandboxUnavailable(f"bubblewrap does not work here: {tried.reason} {tried.stderr[-500:]}".rstrip())
        reached = {name: str(what) for name, what in zip(_ESCAPES, tried.values, strict=True)}
        if any(reached.values()):
            words = ", ".join(f"{name} reached {what}" for name, what in reached.items() if what)
            raise SandboxUnavailable(f"bubblewrap does not hold here: {words}")
        return dict.fromkeys(_ESCAPES, "contained")

    @contextlib.contextmanager
    def _start(self, launch: Launch) -> Iterator[Process]:
        with contextlib.ExitStack() as stack:
            descriptors: list[int] = []

            def lend(content: bytes) -> str:
                descriptor = stack.enter_context(_above_channel(content))
                descriptors.append(descriptor)
                return str(descriptor)

            status = int(lend(b""))
            command = [self._binary, *self._walls(launch, lend), "--json-status-fd", str(status), "--"]
            process = Process(
                [*command, *self._inner(launch)],
                launch.limits,
                stdin=launch.stdin,
                descriptors=descriptors,
                has_channel=launch.has_channel,
                environment={"PATH": _ENVIRONMENT["PATH"]},
            )
            stack.callback(process.end)
            self._statuses[process] = status
            stack.callback(self._statuses.pop, process)
            yield process

    def _walls(self, launch: Launch, lend: Any) -> Iterator[str]:
        yield from (
            "--die-with-parent",
            "--new-session",
            "--unshare-pid",
            "--as-pid-1",
            "--unshare-net",
            "--unshare-ipc",
        )
        yield from (
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-cgroup-try",
            "--hostname",
            "sandbox",
            "--cap-drop",
            "ALL",
        )
        if self._as_root:
            # To become nobody in particular, once everything is mounted.
            yield from ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
        else:
            yield from ("--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY))
        for name, value in _ENVIRONMENT.items():
            yield from ("--setenv", name, value)
        yield from _shown()
        yield from ("--proc", "/proc", "--symlink", "/proc/self/fd", "/dev/fd", "--symlink", WORK, "/tmp")
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            yield from ("--symlink", f"/proc/self/fd/{number}", f"/dev/{name}")
        for device in _DEVICES:
            yield from ("--dev-bind", device, device)
        here = Path(__file__).resolve().parent
        yield from ("--ro-bind", str(here), f"{_INMATE}/sandboxes")
        yield from self._scratch(launch, lend)
        yield from ("--remount-ro", "/", "--chdir", WORK)
        if self._filter:
            yield from ("--seccomp", lend(self._filter))

    def _scratch(self, launch: Launch, lend: Any) -> Iterator[str]:
        content = sum(map(len, launch.files.values())) + len(launch.binary or b"")
        size = (launch.limits.file_bytes if launch.keeps_files else _SMALL_SCRATCH) + content
        yield from ("--perms", "0777", "--size", str(size), "--tmpfs", WORK)
        folders = {str(parent) for path in launch.files for parent in Path(path).parents if str(parent) != "."}
        for folder in sorted(folders):
            yield from ("--perms", "0777", "--dir", f"{WORK}/{folder}")
        for path, data in launch.files.items():
            yield from ("--perms", "0666", "--file", lend(data), f"{WORK}/{path}")
        if launch.binary is not None:
            yield from ("--perms", "0555", "--file", lend(launch.binary), f"{WORK}/program")
        if not launch.keeps_files:
            yield from ("--remount-ro", WORK)

    def _inner(self, launch: Launch) -> list[str]:
        language = launch.language
        inmate = f"{_INMATE}/sandboxes/{language.inmate}" if language.inmate != ".." else _INMATE
        command = [
            word.format(
                tool=launch.tool,
                source=f"{WORK}/{language.file}",
                inmate=inmate,
                work=WORK,
                megabytes=max(launch.limits.memory_bytes >> 20, 16),
            )
            for word in launch.command
        ]
        if self._as_root:
            # A user of its own for each program: the kernel counts processes by user. The shell stays what bubblewrap
            # is, for else that could not end it, having no capability to end others.
            user = str(_FIRST_USER + next(self._numbers) % _USERS)
            become = ("--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs")
            command = [_setpriv(), *become, *command]
        return limited(command, launch.limits, address_space=launch.address_space)

    def _judge_end(self, process: Process) -> None:
        ended = process.end()
        said = os.pread(self._statuses[process], 4096, 0)
        if process.was_interrupted:
            raise Broken("the sandbox has been closed")
        if b"child-pid" not in said:
            raise Broken(f"bubblewrap started no program: {process.output('stderr')[-500:].strip()}")
        if not ended.was_killed and ended.code < 0:
            raise Broken(f"somebody killed bubblewrap (signal {-ended.code})")
        if not ended.was_killed and not any(_exit_codes(said)):
            raise Broken("bubblewrap ended before its program")


@contextlib.contextmanager
def _above_channel(content: bytes) -> Iterator[int]:
    """A descriptor from which this can be read, with a number that the channel does not take."""
    held: list[int] = []
    try:
        file = keep(held, os.memfd_create, "lent")
        with os.fdopen(file, "wb", closefd=False) as writer:
            writer.write(content)
        os.lseek(file, 0, os.SEEK_SET)
        yield file if file > CHANNEL else keep(held, fcntl.fcntl, file, fcntl.F_DUPFD_CLOEXEC, CHANNEL + 1)
    finally:
        close_all(held, held)


def _exit_codes(said: bytes) -> Iterator[bool]:
    for line in said.splitlines():
        with contextlib.suppress(ValueError):
            yield "exit-code" in json.loads(line)


@functools.cache
def _shown() -> tuple[str, ...]:
    """Options that show the system's programs and libraries, and this interpreter's."""
    words: list[str] = []
    prefix = Path(sys.base_prefix).resolve()
    extra = [] if prefix.is_relative_to("/usr") else [str(prefix)]
    # Made by name, for else nobody but their owner may look into them.
    shown = [*_SYSTEM, *extra, *_DEVICES, f"{_INMATE}/sandboxes"]
    for folder in sorted({str(parent) for path in shown for parent in Path(path).parents if str(parent) != "/"}):
        words += ["--perms", "0755", "--dir", folder]
    for path in (*_SYSTEM, *extra):
        if Path(path).is_symlink():
            words += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).exists():
            words += ["--ro-bind", path, path]
    return (*words, *hide(hidden_folders([*_SYSTEM, "/usr/local", *extra]), []))


def _can_become_others() -> bool:
    """Whether this process is root with a full range of users, so that a program can be another one."""
    if os.getuid() != 0 or shutil.which("setpriv") is None:
        return False
    first, _, count = map(int, Path("/proc/self/uid_map").read_text().split("\n", 1)[0].split())
    return first == 0 and count > _FIRST_USER + _USERS


def _setpriv() -> str:
    return shutil.which("setpriv") or "setpriv"


def _version(binary: str) -> str:
    result = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=20)
    return result.stdout.strip() or "bubblewrap"
