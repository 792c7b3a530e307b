"""Programs that do not end by themselves."""

from __future__ import annotations

from typing import Any

from sandboxes.testing.attacks.tasks import HURRIED, OUTPUT, SLEEPY, cheat, cheat_output
from sandboxes.testing.program import Program, Wall
from sandboxes.types import Status

__all__ = ["ENDLESS"]

_LATE = frozenset({Status.TIMEOUT})
_NO_ROOM = frozenset({Status.MEMORY, Status.EXCEPTION, Status.CRASHED})


def _loops(name: str, aim: str, source: str, **more: Any) -> Program:
    return cheat(name, aim, source, **{"wall": Wall.TIME, "limits": HURRIED, "ends": _LATE, **more})


ENDLESS = (
    _loops("endless-loop-at-import", "never defines its function", "while True:\n    pass\n"),
    _loops("endless-loop-in-call", "never answers", "def solve(n):\n    while True:\n        pass\n"),
    _loops(
        "endless-loop-that-catches",
        "catches whatever is raised into it",
        """
def solve(n):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
    ),
    _loops(
        "endless-loop-without-signals",
        "ignores and blocks every signal that it can",
        """
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))

def solve(n):
    while True:
        pass
""",
    ),
    _loops(
        "endless-loop-with-handlers",
        "handles SIGXCPU, SIGALRM and SIGTERM by going on",
        """
import signal

for number in (signal.SIGXCPU, signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGPROF, signal.SIGVTALRM):
    try:
        signal.signal(number, lambda *_: None)
    except OSError:
        pass

def solve(n):
    while True:
        pass
""",
    ),
    _loops(
        "endless-loop-in-c",
        "one instruction of bytecode that takes hours and looks at no signal",
        "def solve(n):\n    return sum(range(10 ** 13))\n",
    ),
    _loops("power-tower", "9 ** 9 ** 9", "def solve(n):\n    return 9 ** 9 ** 9\n", ends=_LATE | _NO_ROOM),
    _loops(
        "power-tower-of-constants",
        "the same for the compiler, before anything runs",
        "def solve(n):\n    return 9 ** 9 ** 9 ** 9 % 7 + (2 ** 10 ** 9 % 3)\n",
        ends=_LATE | _NO_ROOM,
    ),
    _loops(
        "catastrophic-pattern",
        "a regular expression that takes exponential time, in C",
        "import re\n\ndef solve(n):\n    return re.match(r'(a+)+$', 'a' * 64 + 'b')\n",
    ),
    _loops(
        "endless-loop-in-a-finalizer",
        "loops when it is collected, that is after its answers",
        """
class Late:
    def __del__(self):
        while True:
            pass

def solve(n):
    Late()
    return None
""",
    ),
    _loops(
        "endless-loop-in-repr",
        "loops when somebody looks at the exception",
        """
class Late(Exception):
    def __str__(self):
        while True:
            pass
    __repr__ = __str__

def solve(n):
    raise Late
""",
        ends=_LATE | {Status.EXCEPTION},
    ),
    _loops(
        "endless-loop-in-exception-class",
        "loops when somebody asks for the name of the exception's class",
        """
class Meta(type):
    @property
    def __name__(cls):
        while True:
            pass
    __qualname__ = __module__ = __name__

class Late(BaseException, metaclass=Meta):
    pass

def solve(n):
    raise Late
""",
        ends=_LATE | {Status.EXCEPTION, Status.TAMPERED, Status.EXITED},
    ),
    cheat_output(
        "endless-loop-at-exit",
        "prints what is right, and never ends",
        f"""
import atexit

print({OUTPUT!r}, end="", flush=True)

@atexit.register
def late():
    while True:
        pass
""",
        wall=Wall.TIME,
        limits=HURRIED,
        ends=_LATE,
    ),
    _loops("sleep", "uses no CPU time at all", "import time\n\ndef solve(n):\n    time.sleep(60)\n", limits=SLEEPY),
    _loops(
        "stop-itself",
        "SIGSTOP: neither alive nor dead",
        "import signal\n\ndef solve(n):\n    signal.raise_signal(signal.SIGSTOP)\n",
        limits=SLEEPY,
        ends=None,
    ),
    _loops(
        "wait-for-a-lock",
        "a deadlock",
        "import threading\n\ndef solve(n):\n    lock = threading.Lock()\n    lock.acquire()\n    lock.acquire()\n",
        limits=SLEEPY,
    ),
    cheat_output(
        "thread-that-outlives",
        "prints what is right, and leaves a thread that sleeps for ever",
        f"""
import threading, time

print({OUTPUT!r}, end="", flush=True)
threading.Thread(target=time.sleep, args=(60,)).start()
""",
        wall=Wall.TIME,
        limits=SLEEPY,
        ends=_LATE,
    ),
    _loops(
        "all-threads-busy",
        "burns on as many cores as there are; the limit is for all of them together",
        """
import hashlib, threading

def burn():
    while True:
        hashlib.sha512(b"x" * 5_000_000).digest()

def solve(n):
    for _ in range(3):
        threading.Thread(target=burn, daemon=True).start()
    burn()
""",
    ),
    _loops(
        "timer-storm",
        "a timer that fires all the time, to break the sandbox's waiting",
        """
import signal, time

signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.00001, 0.00001)

def solve(n):
    while True:
        time.sleep(1)
""",
        limits=SLEEPY,
    ),
    _loops(
        "slow-compiler",
        "source that takes the compiler long: thirty thousand functions",
        "".join(f"def f{number}(a, b=lambda: 0): return [a for a in b]\n" for number in range(30_000))
        + "while True: 0\n",
        ends=_LATE | _NO_ROOM,
    ),
)
