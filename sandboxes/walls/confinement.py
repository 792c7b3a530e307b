"""What a process does to itself, and can never undo: limits, no new privileges, Landlock, seccomp.

Runs inside sandboxes, in single-threaded processes, and uses the C library through ctypes. References: landlock(7),
seccomp(2), prctl(2), capabilities(7), and the kernel's ``include/uapi/linux/landlock.h``.
"""

from __future__ import annotations

import ctypes
import errno
import math
import os
import resource
import signal
import stat
from collections.abc import Iterable, Mapping

__all__ = [
    "FilterProgram",
    "become",
    "bind_read_only",
    "change_root",
    "drop_capabilities",
    "enter_landlock",
    "landlock_ruleset",
    "landlock_version",
    "limit_for_good",
    "limit_resources",
    "mount",
    "prctl",
    "system_call",
    "unshare",
]

_EXACT = (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE)
_UNLIMITED = 1 << 63
_DESCRIPTORS = 256

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

_CAP_DAC_READ_SEARCH = 1 << 2

# Calls that came after 2019 have the same number everywhere.
_MOUNT_SETATTR = 442
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_ACCESS_READ_DIR = 1 << 3
_ACCESS_READ = 1 << 2 | _ACCESS_READ_DIR  # READ_FILE
_ACCESS_READ_WRITE = _ACCESS_READ | 1 << 1  # WRITE_FILE
_ACCESS_ALL_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_ACCESS_SCRATCH = (1 << 6) - 1 & ~1 | 1 << 7 | 1 << 8 | 1 << 12 | 1 << 5 | 1 << 4  # no devices, sockets, fifos
_FILE_ACCESS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


class _FilterHeader(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


# What every child calls is looked up and typed once, here: in a child that would take longer than all of its walls.
_CAPSET = _LIBC["capset"]
_CAPSET.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
_PRCTL = _LIBC["prctl"]
_PRCTL.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
_RESTRICT_SELF = _LIBC["syscall"]
_RESTRICT_SELF.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_uint32)
_RESTRICT_SELF.restype = ctypes.c_long
_CAPABILITY_HEADER = (ctypes.c_uint32 * 2)(0x20080522, 0)
_CAPABILITIES = {kept: (ctypes.c_uint32 * 6)(kept, kept) for kept in (0, _CAP_DAC_READ_SEARCH)}
"""Mask of those that are kept -> what capset(2) is told."""


def system_call(number: int, *arguments: object) -> int:
    """Make a system call.

    Raises:
        OSError: it failed.
    """
    result = int(_LIBC.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        _fail(f"system call {number}")
    return result


def prctl(option: int, first: int = 0, second: int = 0) -> None:
    """Set one of this process's attributes.

    Raises:
        OSError: it failed.
    """
    if _PRCTL(option, first, second, 0, 0) < 0:
        _fail(f"prctl({option})")


def unshare(flags: int) -> None:
    """Leave namespaces for new ones.

    Raises:
        OSError: it is not allowed.
    """
    if _LIBC.unshare(flags) < 0:
        _fail("unshare")


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Attach a file system.

    Raises:
        OSError: it is not allowed.
    """
    arguments = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    data = None if options is None else options.encode()
    if _LIBC.mount(*arguments, ctypes.c_ulong(flags), data) < 0:
        _fail(f"mount {target}")


def bind_read_only(source: str, target: str) -> None:
    """Let ``target`` show what is at ``source``, with all that is mounted below, for reading. Linux 5.12 or later.

    Raises:
        OSError: it is not allowed.
    """
    mount(source, target, None, MS_BIND | MS_REC)
    attributes = (ctypes.c_uint64 * 4)(MS_RDONLY | MS_NOSUID, 0, 0, 0)
    recursive = ctypes.c_uint(0x8000)
    path = ctypes.c_char_p(os.fsencode(target))
    system_call(_MOUNT_SETATTR, ctypes.c_int(-100), path, recursive, ctypes.byref(attributes), ctypes.c_size_t(32))


def change_root(folder: str) -> None:
    """Make ``folder``, which must be a mount point, the root, and let go of the old one.

    Raises:
        OSError: it is not allowed.
    """
    os.chdir(folder)
    # The old root comes to lie on top of the new one, from where it can be taken away without having a name.
    system_call(_PIVOT_ROOT[os.uname().machine], ctypes.c_char_p(b"."), ctypes.c_char_p(b"."))
    if _LIBC.umount2(b".", 2) < 0:  # MNT_DETACH
        _fail("umount2")
    os.chdir("/")


def landlock_version() -> int:
    """Version of Landlock's interface in this kernel; 0 where it has none or where it is switched off."""
    version = int(_LIBC.syscall(ctypes.c_long(_LANDLOCK_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(1)))
    return max(version, 0)


def landlock_ruleset(
    readable: Iterable[str], devices: Iterable[str] = (), scratch: str | None = None, *, hidden: Iterable[str] = ()
) -> int:
    """Descriptor of a ruleset: nothing may be opened but these; no TCP; no signal or abstract socket to outside.

    Network rules need version 4 (Linux 6.7) and scopes version 6 (Linux 6.12); below, seccomp alone stands there.

    Args:
        readable: files and folders that may be read. What is missing is left out.
        devices: files that may be read and written.
        scratch: folder in which files may be created, changed and removed.
        hidden: folders inside of ``readable`` ones of which no more than the names in them may be read, but for what is
            readable inside of them.

    Raises:
        OSError: no Landlock.
    """
    version = landlock_version()
    handled = _ACCESS_ALL_FILES[min(version, 5)] if version else 0
    attributes = _Ruleset(handled, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = ctypes.sizeof(_Ruleset) if version >= 6 else 16 if version >= 4 else 8
    ruleset = system_call(_LANDLOCK_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    os.set_inheritable(ruleset, False)
    for path in readable:
        _allow_around(ruleset, os.path.realpath(path), handled, set(hidden))
    for path in devices:
        _allow(ruleset, path, _ACCESS_READ_WRITE & handled)
    if scratch is not None:
        _allow(ruleset, scratch, (_ACCESS_READ_WRITE | _ACCESS_SCRATCH | 1 << 13 | 1 << 14) & handled)
    return ruleset


def _allow_around(ruleset: int, path: str, handled: int, hidden: set[str]) -> None:
    """Let a file or folder be read, but for hidden folders in it: rules only add to each other."""
    if not any(folder.startswith(f"{path}/") for folder in hidden):
        _allow(ruleset, path, _ACCESS_READ & handled)
        return
    _allow(ruleset, path, _ACCESS_READ_DIR & handled)
    with os.scandir(path) as entries:
        for entry in entries:
            # A link is read by the rules for what it names.
            if entry.path not in hidden and not entry.is_symlink():
                _allow_around(ruleset, entry.path, handled, hidden)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            access &= _FILE_ACCESS
        rule = _PathRule(access, descriptor)
        system_call(_LANDLOCK_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(descriptor)


def enter_landlock(ruleset: int) -> None:
    """Submit to a ruleset. Needs ``no_new_privs``.

    Raises:
        OSError: the kernel refuses.
    """
    if _RESTRICT_SELF(_LANDLOCK_RESTRICT_SELF, ruleset, 0) < 0:
        _fail("landlock_restrict_self")


class FilterProgram:
    """A seccomp filter, ready to be installed by any number of forked children.

    Args:
        code: array of ``struct sock_filter``, eight bytes each.
    """

    def __init__(self, code: bytes) -> None:
        self._code = code
        self._header = _FilterHeader(len(code) // 8, code)
        self._address = ctypes.addressof(self._header)

    def install(self) -> None:
        """Submit to the filter. Needs ``no_new_privs``.

        Raises:
            OSError: the kernel refuses.
        """
        prctl(PR_SET_SECCOMP, 2, self._address)


def become(number: int, *, may_read_all: bool) -> None:
    """Become another user and group, without any capability. Needs root, and leaves other groups alone.

    Args:
        number: of both.
        may_read_all: keep the right to read whatever Landlock lets through: interpreters may lie in root's folders.

    Raises:
        OSError: the kernel refuses.
    """
    if may_read_all:
        prctl(PR_SET_KEEPCAPS, 1)
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)
    drop_capabilities(_CAP_DAC_READ_SEARCH if may_read_all else 0)


def drop_capabilities(kept: int = 0) -> None:
    """Give up all capabilities but ``kept``, a mask: none, or the right to read all files.

    Under ``no_new_privs`` nothing gives one back.

    Raises:
        OSError: the kernel refuses.
    """
    if _CAPSET(_CAPABILITY_HEADER, _CAPABILITIES[kept]) < 0:
        _fail("capset")


def limit_for_good() -> dict[int, int]:
    """Set the limits of this process and its future children that are the same for all; the upper bounds of the others.

    Returns:
        Bound of each limit that :func:`limit_resources` sets; a huge number for none.
    """
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
        resource.setrlimit(kind, (0, 0))
    return {
        kind: _UNLIMITED if (hard := resource.getrlimit(kind)[1]) == resource.RLIM_INFINITY else hard
        for kind in (*_EXACT, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE)
    }


def limit_resources(
    cpu_seconds: float, address_space: int, file_size: int, processes: int, bounds: Mapping[int, int]
) -> None:
    """Set this process's limits; none can be raised again. Raises OSError where it has lower ones already.

    The timer ends the process at its CPU time where the program lets the signal through. RLIMIT_CPU asks nobody, but
    counts whole seconds, by ticks that may run ahead of the time that was used: it stands well behind the parent's own
    watch, see :meth:`sandboxes.zygote.child.Child.watch`.

    Args:
        cpu_seconds: CPU time.
        address_space: bytes of address space.
        file_size: bytes that a file may grow to.
        processes: processes and threads of this user; the kernel does not count root's.
        bounds: see :func:`limit_for_good`.
    """
    for kind, value in zip(_EXACT, (math.ceil(cpu_seconds * 2) + 1, address_space, file_size), strict=True):
        if bounds[kind] < value:
            # A program that this stopped would be blamed for it.
            raise OSError(
                errno.EPERM, f"this user's own limit number {kind} (see ulimit -H -a) is {bounds[kind]}, below {value}"
            )
        resource.setrlimit(kind, (value, value))
    for kind, value in ((resource.RLIMIT_NPROC, processes), (resource.RLIMIT_NOFILE, _DESCRIPTORS)):
        bounded = min(value, bounds[kind])
        resource.setrlimit(kind, (bounded, bounded))
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)


def _fail(what: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, f"{what}: {os.strerror(number)} ({errno.errorcode.get(number, number)})")
