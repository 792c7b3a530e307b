"""Programs that try the doors of the kernel: what sandboxes were broken out by, and nobody needs to compute a value."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import SYSTEM, escape
from sandboxes.testing.program import Program, Wall

__all__ = ["KERNEL"]


def _door(name: str, aim: str, *calls: str) -> Program:
    """A program that makes these system calls, each with arguments that change nothing where they are let through."""
    lines = "".join(f"        door({call}),\n" for call in calls)
    return escape(Wall.KERNEL, name, aim, f"{SYSTEM}\ndef attack(targets):\n    return [\n{lines}    ]\n")


KERNEL = (
    _door(
        "unshare",
        "namespaces of its own, in which it is root",
        "'unshare', 0x10000000",
        "'unshare', 0x10000000 | 0x00020000 | 0x40000000",
        "'unshare', 0x00020000",
    ),
    _door("join-namespaces", "namespaces of others", "'setns', 0, 0", "'setns', 1, 0x40000000"),
    _door(
        "mount",
        "another file system over the one it sees",
        "'mount', b'none', b'/', b'no-such-system', 0, 0",
        "'fsopen', b'tmpfs', 0",
        "'open_tree', -100, b'/', 0x1",
        "'move_mount', -1, b'', -1, b'', 0",
    ),
    _door("change-root", "another root, or the old one", "'chroot', b'/'", "'pivot_root', b'/nowhere', b'/nowhere'"),
    _door("io-uring", "system calls that no filter sees", "'io_uring_setup', 1, ctypes.create_string_buffer(120)"),
    _door(
        "kernel-programs",
        "code that runs inside the kernel",
        "'bpf', 0, ctypes.create_string_buffer(72), 72",
        "'bpf', 5, ctypes.create_string_buffer(72), 72",
    ),
    _door(
        "performance-counters",
        "measures other processes and the kernel",
        "'perf_event_open', ctypes.create_string_buffer(b'\\1\\0\\0\\0\\x70', 112), 0, -1, -1, 0",
    ),
    _door("page-faults", "stops the kernel in the middle of a copy", "'userfaultfd', 1", "'userfaultfd', 0"),
    _door("kernel-modules", "loads code into the kernel", "'init_module', 0, 0, b''", "'kexec_load', 0, 0, 0, 0"),
    _door(
        "files-by-handle",
        "files by number instead of by path",
        "'open_by_handle_at', -100, bytes([8, 0, 0, 0, 1, 0, 0, 0]) + bytes(8), 0",
    ),
    _door("key-rings", "a part of the kernel that leaked often", "'keyctl', 0, -3, 1", "'keyctl', 6, -3"),
    _door("watch-everything", "sees all that is opened anywhere", "'fanotify_init', 0, 0"),
    _door("kernel-log", "addresses in the kernel's messages", "'syslog', 10, 0, 0"),
    _door("compare-processes", "learns where the kernel keeps things", "'kcmp', os.getpid(), os.getppid(), 0, 0, 0"),
    _door("switch-the-machine-off", "magic numbers that are wrong", "'reboot', 0, 0, 0, 0"),
    _door(
        "swap-and-accounting",
        "devices for memory, and a log of all processes",
        "'swapon', b'/nowhere', 0",
        "'acct', b'/nowhere'",
    ),
    _door("processor-tables", "segments and ports of the processor", "'modify_ldt', 1, bytes(16), 16", "'iopl', 3"),
    _door("secret-memory", "memory that no one can look into", "'memfd_secret', 0"),
    escape(
        Wall.KERNEL,
        "host-clock",
        "sets the clock, to what it shows already",
        SYSTEM
        + """
import time

def attack(targets):
    lines = [door("adjtimex", (ctypes.c_long * 64)(0x4000))]  # ADJ_TICK to 0, which is no tick
    try:
        time.clock_settime(time.CLOCK_REALTIME, time.time())
        lines.append("REACHED the clock")
    except OSError as error:
        lines.append(str(error.strerror))
    return lines
""",
    ),
    escape(
        Wall.KERNEL,
        "host-name",
        "sets the name of the machine, to what it is already",
        """
import socket

def attack(targets):
    try:
        socket.sethostname(socket.gethostname())
    except OSError as error:
        return [str(error.strerror)]
    return ["REACHED the name of the machine"]
""",
    ),
    escape(
        Wall.KERNEL,
        "other-users",
        "becomes root, or anybody",
        """
import os

def attack(targets):
    lines = []
    if os.getresuid() != (0, 0, 0):
        for change in (lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setgid(0),
                       lambda: os.setgroups([0])):
            try:
                change()
                lines.append("REACHED other rights")
            except OSError as error:
                lines.append(str(error.strerror))
    try:
        status = open("/proc/self/status").read()
    except OSError:
        return lines
    for line in status.splitlines():
        if line.startswith(("CapEff", "CapPrm", "CapBnd")) and int(line.split()[1], 16) and "Bnd" not in line:
            lines.append(f"REACHED capabilities: {line}")
        if line.startswith("NoNewPrivs") and line.split()[1] != "1":
            lines.append("REACHED programs with the s bit")
    return lines
""",
    ),
    escape(
        Wall.KERNEL,
        "calls-of-32-bits",
        "the same system calls by other numbers, through the door for old programs",
        """
import ctypes, mmap, os

# mov eax, NUMBER; int 0x80; ret, with rbx kept: it belongs to the caller
CODE = b"\\x53\\xb8%s\\x31\\xdb\\x31\\xc9\\x31\\xd2\\xcd\\x80\\x5b\\xc3"

def attack(targets):
    if os.uname().machine != "x86_64":
        return ["no such door"]
    try:
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError as error:
        return [f"no memory that can be run: {error.strerror}"]
    page.write(CODE % (20).to_bytes(4, "little"))  # getpid
    run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    answer = run()
    return [f"REACHED {answer}" if answer > 0 else f"answered {answer}"]
""",
        usual_in=frozenset({"bubblewrap"}),
    ),
    escape(
        Wall.KERNEL,
        "calls-of-the-x32-kind",
        "the same system calls with a bit set that filters forget",
        SYSTEM
        + """
def attack(targets):
    if os.uname().machine != "x86_64":
        return ["no such door"]
    NUMBERS.update(getpid=0x40000000 | 39, ptrace=0x40000000 | 521, execve=0x40000000 | 520)
    answer, error = syscall("getpid")
    return [f"x32: {error}" if error else f"REACHED {answer}"]
""",
    ),
    escape(
        Wall.KERNEL,
        "dumpable",
        "lets itself be traced and dumped, by processes that a colleague controls",
        """
import ctypes

def attack(targets):
    libc = ctypes.CDLL(None, use_errno=True)
    lines = []
    for option, name in ((4, "PR_SET_DUMPABLE"), (0x59616D61, "PR_SET_PTRACER")):
        answer = libc.prctl(option, 1, 0, 0, 0)
        lines.append(f"{name}: {answer}, {ctypes.get_errno()}")
    # Not to be undone: rights that were given up, and the filter.
    for option, name in ((38, "PR_SET_NO_NEW_PRIVS"), (22, "PR_SET_SECCOMP")):
        answer = libc.prctl(option, 0, 0, 0, 0)
        lines.append(f"REACHED {name}" if answer == 0 else f"{name}: {ctypes.get_errno()}")
    return lines
""",
    ),
    escape(
        Wall.KERNEL,
        "devices-made",
        "makes the node of a disk and opens it",
        """
import os, stat

def attack(targets):
    lines = []
    for kind, device in ((stat.S_IFBLK, os.makedev(254, 0)), (stat.S_IFCHR, os.makedev(1, 1))):
        try:
            os.mknod("node", kind | 0o600, device)
            lines.append("REACHED a device")
            os.unlink("node")
        except OSError as error:
            lines.append(str(error.strerror))
    return lines
""",
    ),
)
