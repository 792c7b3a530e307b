"""The allow-list of system calls, built in the parent and shipped as bytes.

libseccomp writes the program for the Berkeley Packet Filter (BPF); what runs inside a sandbox only installs the bytes.
What is not in the list fails with EPERM, so that Python raises PermissionError; another architecture's calls (32-bit
ones on a 64-bit kernel) kill.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
from types import ModuleType
from typing import Any

from sandboxes.types import SandboxUnavailable

__all__ = ["allow_list"]

_READING = """
    access faccessat faccessat2 open openat close close_range read readv pread64 preadv preadv2 lseek
    stat lstat fstat newfstatat fstatat64 statx statfs fstatfs getdents getdents64 getcwd readlink readlinkat
    chdir fchdir umask fadvise64 readahead
"""
_TO_OPEN_FILES = "write writev pwrite64 pwritev pwritev2 ftruncate fsync fdatasync dup dup2 dup3 pipe pipe2"
_MEMORY = "brk mmap munmap mprotect mremap madvise msync mincore"
_WAITING = """
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2
    nanosleep clock_nanosleep pause alarm restart_syscall
    futex futex_waitv futex_wake futex_wait futex_requeue set_robust_list get_robust_list rseq sched_yield
"""
_TIME = "clock_gettime clock_getres gettimeofday time times getitimer"
_SELF = """
    getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getrusage getrlimit
    sched_getaffinity getcpu uname sysinfo getrandom exit exit_group set_tid_address
    rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait sigaltstack
"""
_BETWEEN_ITSELF = "recvfrom shutdown getsockname getpeername"
"""On the two ends of a socketpair, which asyncio's event loops need; there is no other socket to use them on."""
_WRITING = """
    creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 symlink symlinkat truncate fallocate
    chmod fchmod fchmodat utime utimes utimensat futimesat copy_file_range sendfile
"""

_CLONE_THREAD = 0x00010000
_CLONE_NEW = 0x7E020080
"""All flags by which clone makes namespaces."""
_HARMLESS_PRCTL = (15, 16)  # PR_SET_NAME, PR_GET_NAME
_HARMLESS_FCNTL = (0, 1, 2, 3, 4, 1030)  # duplicate, and the flags of a descriptor; no lock, no lease
_HARMLESS_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # ask about terminals, set flags; no TIOCSTI
_OTHER_SIGNALS = (
    # (bits that are looked at, what they must be)
    *((0xFFFFFFF0, 0), (0xFFFFFFF8, 16), (0xFFFFFFFF, 25), (0xFFFFFFFF, 26), (0xFFFFFFFC, 28)),
    *((0xFFFFFFE0, 32), (0xFFFFFFFF, 64)),
)
"""All signals but 24 and 27, SIGXCPU and SIGPROF, by which the kernel ends what has used up its CPU time.

In few patterns, for each costs a comparison in a program that every child has translated anew. The kernel looks at 32
bits of the number.
"""


@functools.cache
def allow_list(*, threads: bool, writing: bool) -> bytes:
    """The filter as an array of ``struct sock_filter``.

    Args:
        threads: whether ``clone`` may make threads. Processes it never makes.
        writing: whether files may be created, changed and removed (where the other walls let it).

    Raises:
        SandboxUnavailable: libseccomp or its Python binding is missing.
    """
    seccomp = _binding()
    filt = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))

    # A tree instead of one comparison after the other. libseccomp before 2.5 has no such attribute; its filters only
    # take longer.
    with contextlib.suppress(OSError):
        filt.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)

    def answer(action: int, name: str, *conditions: Any) -> None:
        number = seccomp.resolve_syscall(seccomp.system_arch(), name)
        if number >= 0:  # each architecture lacks some of the names, and old versions of libseccomp the newest
            filt.add_rule(action, number, *conditions)

    def allow(name: str, *conditions: Any) -> None:
        answer(seccomp.ALLOW, name, *conditions)

    groups = [_READING, _TO_OPEN_FILES, _MEMORY, _WAITING, _TIME, _SELF, _BETWEEN_ITSELF]
    if writing:
        groups.append(_WRITING)
    for name in " ".join(groups).split():
        allow(name)

    def where(position: int, value: int, mask: int | None = None) -> Any:
        if mask is None:
            return seccomp.Arg(position, seccomp.EQ, value)
        return seccomp.Arg(position, seccomp.MASKED_EQ, mask, value)

    for command in _HARMLESS_FCNTL:
        allow("fcntl", where(1, command, 0xFFFFFFFF))
    for command in _HARMLESS_IOCTL:
        allow("ioctl", where(1, command, 0xFFFFFFFF))
    for option in _HARMLESS_PRCTL:
        allow("prctl", where(0, option, 0xFFFFFFFF))
    for mask, value in _OTHER_SIGNALS:
        allow("rt_sigaction", where(0, value, mask))
    allow("setitimer", where(0, 0, 0xFFFFFFFF))  # ITIMER_REAL: what signal.alarm uses; the CPU timers are ours
    allow("prlimit64", where(0, 0, 0xFFFFFFFF), where(2, 0))  # of itself, and reading only
    allow("socketpair", where(0, 1, 0xFFFFFFFF), where(1, 1, 0xF), where(2, 0, 0xFFFFFFFF))  # AF_UNIX, SOCK_STREAM
    allow("sendto", where(4, 0))  # without an address
    if threads:
        allow("clone", where(0, _CLONE_THREAD, _CLONE_THREAD | _CLONE_NEW))
        # The newer call hides its flags behind a pointer; the C library falls back on clone when there is none.
    for name in ("clone3", "openat2", "execveat"):
        answer(seccomp.ERRNO(errno.ENOSYS), name)
    with os.fdopen(os.memfd_create("seccomp"), "rb") as file:
        filt.export_bpf(file)
        file.seek(0)
        return file.read()


def _binding() -> ModuleType:
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxUnavailable(
            f"no filter of system calls: {error}. The cure: pip install pyseccomp, and libseccomp from the system's "
            "package manager (Debian and Ubuntu: apt install libseccomp2)"
        ) from None
    return pyseccomp  # type: ignore[no-any-return]
