"""Programs that turn against other processes: signals, tracing, priorities, the terminal."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import SYSTEM, escape
from sandboxes.testing.program import Wall

__all__ = ["SIGNALS"]

SIGNALS = (
    escape(
        Wall.SIGNALS,
        "kill",
        "signals to a process of the host, to its group, and to all",
        """
import os, signal

def attack(targets):
    lines = []
    for deed in (
        lambda: os.kill(targets["pid"], signal.SIGTERM),
        lambda: os.killpg(targets["pid"], signal.SIGUSR1),
        lambda: os.kill(-1, signal.SIGURG),  # ignored by whoever does not handle it
        lambda: signal.pidfd_send_signal(os.pidfd_open(targets["pid"]), signal.SIGUSR2),
    ):
        try:
            deed()
            lines.append("sent")
        except OSError as error:
            lines.append(str(error.strerror))
    return lines
""",
    ),
    escape(
        Wall.SIGNALS,
        "kill-the-parent",
        "ends the process that made it, and with it all other jobs",
        """
import os, signal, time

def attack(targets):
    lines = []
    for process in {os.getppid(), 1, 2, 3}:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGSTOP, signal.SIGKILL):
            # The first processes of the host itself must not suffer where a wall is missing.
            if process == os.getpid() or (process <= 3 and process != os.getppid()):
                number = 0
            try:
                os.kill(process, number)
                lines.append(f"sent {number} to {process}")
            except OSError as error:
                lines.append(str(error.strerror))
    time.sleep(0.05)
    return lines
""",
    ),
    escape(
        Wall.SIGNALS,
        "signal-on-hang-up",
        "lets the kernel send the signal: F_SETOWN on a pipe, a timer, a death signal",
        """
import fcntl, os, signal

def attack(targets):
    lines, ends = [], os.pipe()
    for owner in (targets["pid"], -targets["pid"]):
        try:
            fcntl.fcntl(ends[0], fcntl.F_SETOWN, owner)
            fcntl.fcntl(ends[0], 10, signal.SIGUSR1)  # F_SETSIG
            fcntl.fcntl(ends[0], fcntl.F_SETFL, fcntl.fcntl(ends[0], fcntl.F_GETFL) | os.O_ASYNC)
            os.write(ends[1], b"x")
            lines.append("asked for it")
        except OSError as error:
            lines.append(str(error.strerror))
    return lines
""",
    ),
    escape(
        Wall.SIGNALS,
        "ptrace",
        "attaches to other processes as a debugger",
        SYSTEM
        + """
def attack(targets):
    lines = []
    for process in (targets["pid"], os.getppid()):
        for request in (16, 0x4206):  # PTRACE_ATTACH, PTRACE_SEIZE
            answer, error = syscall("ptrace", request, process, 0, 0)
            lines.append(f"ptrace: {error}" if error in (*SHUT, "ESRCH") else f"REACHED {process}: {error}")
            if not error:
                syscall("ptrace", 17, process, 0, 0)
    return lines
""",
    ),
    escape(
        Wall.SIGNALS,
        "limits-of-others",
        "takes descriptors, memory and priority from a process of the host",
        """
import os, resource

def attack(targets):
    lines, process = [], targets["pid"]
    for deed in (
        lambda: resource.prlimit(process, resource.RLIMIT_NOFILE, (3, 3)),
        lambda: resource.prlimit(process, resource.RLIMIT_CPU, (1, 1)),
        lambda: os.setpriority(os.PRIO_PROCESS, process, 19),
        lambda: os.sched_setaffinity(process, {min(os.sched_getaffinity(0))}),
        lambda: os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0)),
    ):
        try:
            deed()
            lines.append("done")
        except OSError as error:
            lines.append(str(error.strerror or error))
    return lines
""",
    ),
    escape(
        Wall.SIGNALS,
        "descriptors-of-others",
        "takes an open file out of another process",
        SYSTEM
        + """
def attack(targets):
    lines = []
    for process in (targets["pid"], targets["kit_pid"], os.getppid()):
        descriptor, error = syscall("pidfd_open", process, 0)
        if error:
            lines.append(f"pidfd_open: {error}")
            continue
        answer, error = syscall("pidfd_getfd", descriptor, 0, 0)
        lines.append(f"pidfd_getfd: {error}" if error else f"REACHED a descriptor of {process}")
    return lines
""",
    ),
    escape(
        Wall.SIGNALS,
        "priority",
        "more of the processor than others: negative niceness and real-time scheduling",
        """
import os

def attack(targets):
    lines = []
    for deed in (
        lambda: os.nice(-5),
        lambda: os.setpriority(os.PRIO_PROCESS, 0, -10),
        lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
        lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1)),
    ):
        try:
            deed()
            lines.append("REACHED a higher priority")
        except OSError as error:
            lines.append(str(error.strerror))
    return lines
""",
    ),
    escape(
        Wall.SIGNALS,
        "terminal",
        "types a command into the terminal that the sandbox was started from",
        """
import fcntl, os

def attack(targets):
    lines, descriptors = [], [0, 1, 2]
    try:
        descriptors.append(os.open("/dev/tty", os.O_RDWR))
    except OSError as error:
        lines.append(f"/dev/tty: {error.strerror}")
    for descriptor in descriptors:
        try:
            fcntl.ioctl(descriptor, 0x5412, b"\\0")  # TIOCSTI
            lines.append(f"REACHED the terminal by {descriptor}")
        except OSError as error:
            lines.append(str(error.strerror))
    return lines
""",
    ),
)
