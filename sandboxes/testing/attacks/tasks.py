"""The little tasks that dishonest programs are given, and short ways to write a row."""

from __future__ import annotations

from typing import Any

from sandboxes.testing.program import LIMITS, Program, Wall
from sandboxes.types import Limits

__all__ = ["HURRIED", "OUTPUT", "ROOMY", "SLEEPY", "SYSTEM", "TESTS", "cheat", "cheat_output", "cheat_tests", "escape"]

OUTPUT = "68\n166\n"
"""What a whole program should print for :data:`_STDIN`, one number a line: each cubed, and 41 more."""

_STDIN = "3\n5\n"

HURRIED = Limits(**{**LIMITS.to_json(), "cpu_seconds": 0.3})
"""For programs that use all of their processor time."""

SLEEPY = Limits(**{**LIMITS.to_json(), "wall_seconds": 0.5})
"""For programs that wait until they are ended."""

ROOMY = Limits(**{**LIMITS.to_json(), "files": 8, "file_bytes": 1 << 20})
"""For programs that are given a scratch folder."""

# The value expected is computed, so that it stands nowhere as a constant that could be read.
TESTS = """
def check(candidate):
    for n in (3, 5, 11):
        answer = candidate(n)
        assert type(answer) is int and answer == n ** 3 + 41, n
"""
"""Tests of ``solve(n)``, which returns ``n ** 3 + 41``."""


def cheat(name: str, aim: str, source: str, **more: Any) -> Program:
    """A program that does not compute ``solve(n) == n ** 3 + 41``, and is called for 3 and for 5."""
    more = {"wall": Wall.VERDICT, "calls": (((3,), {}), ((5,), {})), "right": [68, 166], **more}
    return Program(name=name, aim=aim, source=source, entry="solve", **more)


def cheat_output(name: str, aim: str, source: str, **more: Any) -> Program:
    """A whole program that does not print :data:`OUTPUT`, or does not end well."""
    more = {"wall": Wall.VERDICT, "stdin": _STDIN, "right": OUTPUT, **more}
    return Program(name=name, aim=aim, source=source, **more)


def cheat_tests(name: str, aim: str, source: str, **more: Any) -> Program:
    """A program that must not pass :data:`TESTS` (or ``tests``)."""
    more = {"wall": Wall.VERDICT, "tests": TESTS, **more}
    return Program(name=name, aim=aim, source=source, entry="solve", **more)


def escape(wall: Wall, name: str, aim: str, source: str, **more: Any) -> Program:
    """A program whose ``attack(targets)`` returns lines that say what it reached."""
    return Program(name=name, aim=aim, wall=wall, source=source, entry="attack", **more)


SYSTEM = '''
import ctypes, errno, os

libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = {
    "x86_64": dict(
        socket=41, clone=56, kill=62, msgget=68, chroot=161, ptrace=101, syslog=103, modify_ldt=154, pivot_root=155,
        adjtimex=159, acct=163, mount=165, swapon=167, reboot=169, sethostname=170, iopl=172, init_module=175,
        shmget=29, clock_settime=227, mq_open=240, kexec_load=246, add_key=248, keyctl=250, migrate_pages=256,
        unshare=272, perf_event_open=298, fanotify_init=300, name_to_handle_at=303, open_by_handle_at=304, setns=308,
        process_vm_readv=310, process_vm_writev=311, kcmp=312, memfd_create=319, bpf=321, userfaultfd=323,
    ),
    "aarch64": dict(
        socket=198, clone=220, kill=129, msgget=186, chroot=51, ptrace=117, syslog=116, pivot_root=41, adjtimex=171,
        acct=89, mount=40, swapon=224, reboot=142, sethostname=161, init_module=105, shmget=194, clock_settime=112,
        mq_open=180, kexec_load=104, add_key=217, keyctl=219, migrate_pages=238, unshare=97, perf_event_open=241,
        fanotify_init=262, name_to_handle_at=264, open_by_handle_at=265, setns=268, process_vm_readv=270,
        process_vm_writev=271, kcmp=272, memfd_create=279, bpf=280, userfaultfd=282,
    ),
}[os.uname().machine]
NUMBERS.update(
    pidfd_send_signal=424, io_uring_setup=425, open_tree=428, move_mount=429, fsopen=430, pidfd_open=434, clone3=435,
    pidfd_getfd=438, memfd_secret=447,
)
SHUT = ("EPERM", "EACCES", "ENOSYS")


def syscall(name, *arguments):
    """Its answer and the name of its error, "" for none; ENOSYS where this processor has no such call."""
    if name not in NUMBERS:
        return -1, "ENOSYS"
    ctypes.set_errno(0)
    answer = libc.syscall(NUMBERS[name], *arguments)
    return answer, errno.errorcode.get(ctypes.get_errno(), "?") if answer == -1 else ""


def door(name, *arguments):
    """One line: a kernel that lets us in complains about the arguments and not about who asks."""
    answer, error = syscall(name, *arguments)
    return f"{name}: {error}" if error in SHUT else f"REACHED {name}: {error or answer}"

'''
"""Makes system calls by number; put in front of a program."""
