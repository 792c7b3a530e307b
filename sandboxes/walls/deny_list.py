"""A filter of system calls for programs of any language: all but those by which others have got out.

Interpreters and compilers start processes and make sockets between them, so that an allow-list as tight as the one for
Python (:mod:`sandboxes.walls.allow_list`) cannot be had here. What is denied fails with EPERM.
"""

from __future__ import annotations

import errno
import functools
import os
import socket

from sandboxes.types import SandboxUnavailable

__all__ = ["deny_list"]

_DENIED = """
    mount umount2 pivot_root chroot move_mount fsopen fsconfig fsmount fspick open_tree mount_setattr unshare setns
    ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd perf_event_open bpf userfaultfd
    io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key
    init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl
    open_by_handle_at name_to_handle_at lookup_dcookie memfd_secret personality vmsplice
    landlock_create_ruleset settimeofday clock_settime adjtimex clock_adjtime syslog vhangup
    modify_ldt iopl ioperm
    mq_open mq_unlink shmget shmat shmctl semget semctl msgget msgctl
"""
_NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x80)
_TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_FAMILIES = 46


@functools.cache
def deny_list() -> bytes:
    """The filter as an array of ``struct sock_filter``.

    Raises:
        SandboxUnavailable: libseccomp or its Python binding is missing.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxUnavailable(f"no filter of system calls: {error}; the cure: pip install pyseccomp") from None
    filt = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refuse = pyseccomp.ERRNO(errno.EPERM)

    def number(name: str) -> int:
        return int(pyseccomp.resolve_syscall(pyseccomp.system_arch(), name))

    for name in _DENIED.split():
        if number(name) >= 0:  # each architecture lacks some of the names
            filt.add_rule(refuse, number(name))
    for flag in _NEW_NAMESPACES:
        filt.add_rule(refuse, number("clone"), pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    # The newer call hides its flags behind a pointer; the C library falls back on clone when there is none.
    filt.add_rule(pyseccomp.ERRNO(errno.ENOSYS), number("clone3"))
    for request in _TERMINAL_INPUT:
        filt.add_rule(refuse, number("ioctl"), pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request))
    for family in range(_FAMILIES):
        if family != socket.AF_UNIX:
            filt.add_rule(refuse, number("socket"), pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 0xFFFFFFFF, family))
    with os.fdopen(os.memfd_create("seccomp"), "rb") as file:
        filt.export_bpf(file)
        file.seek(0)
        return file.read()
