"""Programs that leave something for the job after them, or talk to the one beside them."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import SYSTEM, escape
from sandboxes.testing.program import Wall

__all__ = ["LEFTOVERS"]

LEFTOVERS = (
    escape(
        Wall.STATE,
        "marks-in-modules",
        "changes modules, builtins, environment and folder for whoever comes next",
        """
import builtins, json, os, sys

def attack(targets):
    builtins.left_behind = json.left_behind = sys.left_behind = True
    os.environ["LEFT_BEHIND"] = "yes"
    builtins.sorted = lambda *_: []
    sys.path.insert(0, "/left-behind")
    sys.setrecursionlimit(55)
    os.umask(0o777)
    try:
        os.chdir("/")
    except OSError:
        pass
    return ["left"]
""",
        next="""
import builtins, json, os, sys

def attack(targets):
    signs = {
        "builtins": hasattr(builtins, "left_behind"),
        "json": hasattr(json, "left_behind"),
        "sys": hasattr(sys, "left_behind"),
        "environment": "LEFT_BEHIND" in os.environ,
        "sorted": sorted([2, 1]) != [1, 2],
        "path": "/left-behind" in sys.path,
        "recursion": sys.getrecursionlimit() == 55,
    }
    return [f"REACHED the next job by {sign}" for sign, seen in signs.items() if seen]
""",
    ),
    escape(
        Wall.STATE,
        "files-left",
        "files in all folders that may be shared",
        """
import os

def attack(targets):
    lines = []
    for folder in (".", "/tmp", "/var/tmp", "/dev/shm", "/run", "/dev/mqueue", "/"):
        try:
            with open(os.path.join(folder, targets["mark"]), "w") as file:
                file.write("left")
            lines.append(folder)
        except OSError as error:
            lines.append(f"{folder}: {error.strerror}")
    return lines
""",
        next="""
import os

def attack(targets):
    folders = (".", "/tmp", "/var/tmp", "/dev/shm", "/run", "/dev/mqueue", "/")
    return [f"REACHED {folder}" for folder in folders if os.path.exists(os.path.join(folder, targets["mark"]))]
""",
    ),
    escape(
        Wall.STATE,
        "inputs-of-the-next-job",
        "stays behind as a thread and as a process, reads on all descriptors and writes down what comes by",
        """
import os, threading, time

def listen(paths):
    for _ in range(100):
        for descriptor in range(64):
            try:
                os.set_blocking(descriptor, False)
                heard = os.read(descriptor, 1 << 16)
            except OSError:
                continue
            for path in paths:
                try:
                    with open(path, "ab") as file:
                        file.write(b"heard: " + heard)
                except OSError:
                    pass
        time.sleep(0.01)

def attack(targets):
    paths = [f"{folder}/{targets['mark']}" for folder in ("/dev/shm", "/tmp", "/var/tmp", targets["open_folder"])]
    threading.Thread(target=listen, args=(paths,), daemon=True).start()
    try:
        if os.fork() == 0:
            os.setsid()
            listen(paths)
            os._exit(0)
    except OSError as error:
        return [str(error.strerror)]
    return ["stayed"]
""",
        next="""
import os, time

def attack(targets):
    time.sleep(0.05)
    paths = [f"{folder}/{targets['mark']}" for folder in ("/dev/shm", "/tmp", "/var/tmp", targets["open_folder"])]
    return [f"REACHED the next job: {path}" for path in paths if os.path.exists(path)]
""",
    ),
    escape(
        Wall.STATE,
        "system-v-memory",
        "shared memory, semaphores and queues that no process owns",
        SYSTEM
        + """
def attack(targets):
    lines = []
    for name, arguments in (("shmget", (0x5EC7, 4096, 0o1666)), ("msgget", (0x5EC7, 0o1666))):
        answer, error = syscall(name, *arguments)
        lines.append(f"{name}: {error or answer}")
    return lines
""",
        next=SYSTEM
        + """
def attack(targets):
    lines = []
    for name, arguments in (("shmget", (0x5EC7, 4096, 0)), ("msgget", (0x5EC7, 0))):
        answer, error = syscall(name, *arguments)
        lines.append(f"{name}: {error}" if error else f"REACHED the next job by {name}")
    return lines
""",
    ),
    escape(
        Wall.STATE,
        "message-queue",
        "a POSIX message queue",
        SYSTEM
        + """
def attack(targets):
    answer, error = syscall("mq_open", b"left", 0o102, 0o666, 0)
    return [f"mq_open: {error or answer}"]
""",
        next=SYSTEM
        + """
def attack(targets):
    answer, error = syscall("mq_open", b"left", 2, 0, 0)
    return [f"mq_open: {error}" if error else "REACHED the next job by a queue"]
""",
    ),
    escape(
        Wall.STATE,
        "keys",
        "keys in the kernel's key rings, which outlive all processes",
        SYSTEM
        + """
def attack(targets):
    lines = []
    for ring in (-3, -4, -5):  # those of the session, the user, and the user's sessions
        answer, error = syscall("add_key", b"user", b"left", b"behind", 6, ring)
        lines.append(f"add_key: {error}" if error else "REACHED a key ring")
    return lines
""",
    ),
    escape(
        Wall.STATE,
        "file-locks",
        "says something to other jobs by locking a file that all can see",
        """
import fcntl, os

def attack(targets):
    lines = []
    try:
        shared = open(os.__file__, "rb")
    except OSError as error:
        return [str(error.strerror)]
    with shared as file:
        for name, lock in (
            ("flock", lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)),
            ("lockf", lambda: fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)),
            ("lease", lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)),
        ):
            try:
                lock()
                lines.append(f"REACHED a lock by {name}")
            except OSError as error:
                lines.append(f"{name}: {error.strerror}")
    return lines
""",
        usual_in=frozenset({"bubblewrap"}),
    ),
    escape(
        Wall.STATE,
        "watched-files",
        "sees by inotify which modules other jobs read",
        """
import ctypes, os

def attack(targets):
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(0)
    if watch < 0:
        return [f"inotify: {os.strerror(ctypes.get_errno())}"]
    if libc.inotify_add_watch(watch, os.path.dirname(os.__file__).encode(), 0xFFF) < 0:
        return [f"inotify: {os.strerror(ctypes.get_errno())}"]
    return ["REACHED a watch on the standard library"]
""",
        usual_in=frozenset({"bubblewrap"}),
    ),
    escape(
        Wall.STATE,
        "abstract-socket-left",
        "meets other jobs at a socket that is only a name",
        """
import socket

def attack(targets):
    try:
        server = socket.socket(socket.AF_UNIX)
        server.bind("\\0" + targets["mark"])
        server.listen()
    except OSError as error:
        return [str(error.strerror)]
    globals()["kept"] = server
    return ["bound"]
""",
        next="""
import socket

def attack(targets):
    try:
        socket.socket(socket.AF_UNIX).connect("\\0" + targets["mark"])
    except OSError as error:
        return [str(error.strerror)]
    return ["REACHED a job that is over"]
""",
    ),
    escape(
        Wall.STATE,
        "settings-left",
        "limits, signal handlers and a lowered priority for whoever comes next",
        """
import os, resource, signal

def attack(targets):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for deed in (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (min(8, soft), hard)), lambda: os.nice(7)):
        try:
            deed()
        except (OSError, ValueError):
            pass
    return ["left"]
""",
        next="""
import os, resource, signal

def attack(targets):
    signs = {
        "handlers": signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN,
        "mask": signal.SIGUSR2 in signal.pthread_sigmask(signal.SIG_BLOCK, []),
        "limits": resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 8,
    }
    return [f"REACHED the next job by {sign}" for sign, seen in signs.items() if seen]
""",
    ),
)
