"""Programs that multiply, that start others, or that stay when their job is over.

Each is bounded in itself: where a wall is missing, it makes a few processes that end after some seconds. They call
themselves by ``targets["mark"]``, so that those that outlive their job are found from outside.
"""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import SYSTEM, escape
from sandboxes.testing.program import Wall

__all__ = ["PROCESSES"]

_MARK = '''
import os, time

def take_name(mark):
    """The name that `ps` shows; children inherit it."""
    try:
        with open("/proc/self/comm", "w") as file:
            file.write(mark)
    except OSError:
        pass
    try:
        import ctypes
        ctypes.CDLL(None).prctl(15, mark.encode(), 0, 0, 0)  # PR_SET_NAME
    except (ImportError, OSError):
        pass

'''

_ANY_LANGUAGE = frozenset({"bubblewrap"})

PROCESSES = (
    escape(
        Wall.PROCESSES,
        "fork-bomb",
        "doubles itself as fast as it can",
        _MARK
        + """
def attack(targets):
    take_name(targets["mark"])
    me, stopped = os.getpid(), ""
    try:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        for _ in range(6):  # 64 processes at most
            os.fork()
    except (OSError, AttributeError, RuntimeError) as error:
        stopped = str(error)
    if os.getpid() != me:
        os.write(writer, b"x" if stopped else b".")
        time.sleep(3)
        os._exit(0)
    told, patience = b"", time.monotonic() + 2
    while not stopped and len(told) < 63 and time.monotonic() < patience:
        time.sleep(0.05)
        try:
            told += os.read(reader, 64)
        except BlockingIOError:
            pass
    return ["REACHED 64 processes" if told == b"." * 63 else f"stopped at {len(told)} children: {stopped}"]
""",
    ),
    escape(
        Wall.PROCESSES,
        "fork",
        "one child",
        _MARK
        + """
def attack(targets):
    take_name(targets["mark"])
    try:
        child = os.fork()
    except OSError as error:
        return [str(error)]
    if child == 0:
        time.sleep(3)
        os._exit(0)
    return ["REACHED a child process"]
""",
        usual_in=_ANY_LANGUAGE,
    ),
    escape(
        Wall.PROCESSES,
        "daemon",
        "a grandchild in a session of its own, which nobody waits for",
        _MARK
        + """
def attack(targets):
    take_name(targets["mark"])
    try:
        child = os.fork()
    except OSError as error:
        return [str(error)]
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 64)
            time.sleep(5)
        os._exit(0)
    os.waitpid(child, 0)
    return ["REACHED a process without a parent"]
""",
        usual_in=_ANY_LANGUAGE,
    ),
    escape(
        Wall.PROCESSES,
        "child-that-answers-later",
        "the child returns from the call as well, after its parent",
        _MARK
        + """
def attack(targets):
    take_name(targets["mark"])
    try:
        child = os.fork()
    except OSError as error:
        return [str(error)]
    if child == 0:
        time.sleep(0.05)
        return ["REACHED an answer by a second process"]
    return ["one answer"]
""",
        usual_in=_ANY_LANGUAGE,
    ),
    escape(
        Wall.PROCESSES,
        "raw-clone",
        "the system call clone itself, as fork uses it",
        SYSTEM
        + _MARK
        + """
def attack(targets):
    take_name(targets["mark"])
    answer, error = syscall("clone", 17, 0, 0, 0, 0)  # SIGCHLD
    if answer == 0:
        os._exit(0)
    return [f"clone: {error}" if error else "REACHED a child process"]
""",
        usual_in=_ANY_LANGUAGE,
    ),
    escape(
        Wall.PROCESSES,
        "raw-clone3",
        "clone3, whose flags a filter cannot see",
        SYSTEM
        + _MARK
        + """
def attack(targets):
    take_name(targets["mark"])
    arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17)
    answer, error = syscall("clone3", ctypes.byref(arguments), ctypes.c_size_t(ctypes.sizeof(arguments)))
    if answer == 0:
        os._exit(0)
    return [f"clone3: {error}" if error else "REACHED a child process"]
""",
        usual_in=_ANY_LANGUAGE,
    ),
    escape(
        Wall.PROCESSES,
        "new-user-namespace-by-clone",
        "a child that is root in namespaces of its own",
        SYSTEM
        + """
def attack(targets):
    answer, error = syscall("clone", 17 | 0x10000000 | 0x00020000, 0, 0, 0, 0)  # CLONE_NEWUSER | CLONE_NEWNS
    if answer == 0:
        os._exit(0)
    return [f"clone: {error}" if error else "REACHED a user namespace"]
""",
    ),
    escape(
        Wall.PROCESSES,
        "thread-bomb",
        "as many threads as it can have",
        """
import threading, time

def attack(targets):
    stop, started = threading.Event(), 0
    threading.stack_size(65536)
    try:
        while started < 2000:
            threading.Thread(target=stop.wait, args=(2,), daemon=True).start()
            started += 1
    except RuntimeError as error:
        stop.set()
        return [f"stopped after {started}: {error}"]
    stop.set()
    return [f"REACHED {started} threads"]
""",
    ),
    escape(
        Wall.PROCESSES,
        "subprocess",
        "runs another program",
        """
import subprocess, sys

def attack(targets):
    try:
        done = subprocess.run([sys.executable, "-S", "-c", "print(6 * 7)"], capture_output=True, text=True, timeout=2)
    except (OSError, subprocess.SubprocessError) as error:
        return [f"{type(error).__name__}: {error}"]
    return [f"REACHED another program: {done.stdout!r} {done.returncode}"]
""",
        usual_in=_ANY_LANGUAGE,
    ),
    escape(
        Wall.PROCESSES,
        "shell",
        "os.system",
        """
import os

def attack(targets):
    code = os.system("exit 42")
    return ["REACHED a shell" if code == 42 << 8 else f"code {code}"]
""",
        usual_in=_ANY_LANGUAGE,
    ),
    escape(
        Wall.PROCESSES,
        "spawn",
        "posix_spawn, which forks in the C library",
        """
import os, sys

def attack(targets):
    try:
        child = os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", "raise SystemExit(42)"], {})
    except OSError as error:
        return [str(error)]
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return ["REACHED another program" if code == 42 else f"ended with {code}"]
""",
        usual_in=_ANY_LANGUAGE,
    ),
    escape(
        Wall.PROCESSES,
        "execute-from-memory",
        "a program in a file without a name, run by its descriptor",
        SYSTEM
        + """
def attack(targets):
    descriptor, error = syscall("memfd_create", b"x", 0)
    if error:
        return [f"memfd_create: {error}"]
    os.write(descriptor, b"#!/bin/sh\\nexit 42\\n")
    try:
        os.execve(descriptor, ["x"], {})
    except OSError as error:
        return [str(error)]
""",
        usual_in=_ANY_LANGUAGE,
    ),
    escape(
        Wall.PROCESSES,
        "multiprocessing",
        "a pool of workers with semaphores and shared memory",
        """
import multiprocessing

def attack(targets):
    try:
        with multiprocessing.get_context("fork").Pool(2) as pool:
            return [f"REACHED {pool.map(abs, [-1, -2])}"]
    except (OSError, ImportError) as error:
        return [f"{type(error).__name__}: {error}"]
""",
        usual_in=_ANY_LANGUAGE,
    ),
)
