"""Programs that end before they have answered, and hope that an end without complaint counts as a pass."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import OUTPUT, cheat, cheat_output
from sandboxes.types import Status

__all__ = ["EXITS"]

_GONE = frozenset({Status.EXITED, Status.EXCEPTION, Status.CRASHED, Status.TAMPERED})

EXITS = (
    cheat(
        "exit-at-import",
        "sys.exit(0) before the function exists",
        """
import sys
sys.exit(0)
""",
        ends=_GONE,
    ),
    cheat(
        "exit-in-call",
        "sys.exit(0) while an answer is awaited",
        """
import sys

def solve(n):
    sys.exit(0)
""",
        ends=_GONE,
    ),
    cheat(
        "hard-exit-at-import",
        "os._exit(0) skips all clean-up and leaves exit code 0",
        """
import os
os._exit(0)
""",
        ends=_GONE,
    ),
    cheat(
        "hard-exit-in-call",
        "os._exit(0) while an answer is awaited",
        """
import os

def solve(n):
    os._exit(0)
""",
        ends=_GONE,
    ),
    cheat(
        "raise-system-exit",
        "SystemExit without sys",
        """
def solve(n):
    raise SystemExit(0)
""",
        ends=_GONE,
    ),
    cheat(
        "system-exit-with-the-answer",
        "the right value as an exit code",
        """
def solve(n):
    raise SystemExit({3: 68, 5: 166}[n])
""",
        ends=_GONE,
    ),
    cheat(
        "c-exit",
        "exit(0) of the C library, which Python's clean-up does not see",
        """
import ctypes

def solve(n):
    ctypes.CDLL(None).exit(0)
""",
        ends=_GONE,
    ),
    cheat(
        "raw-exit-group",
        "the system call exit_group itself",
        """
import ctypes, os

def solve(n):
    number = {"x86_64": 231, "aarch64": 94}[os.uname().machine]
    ctypes.CDLL(None).syscall(number, 0)
""",
        ends=_GONE,
    ),
    cheat(
        "raise-keyboard-interrupt",
        "an exception that is no Exception",
        """
def solve(n):
    raise KeyboardInterrupt
""",
    ),
    cheat(
        "raise-generator-exit",
        "another one",
        """
def solve(n):
    raise GeneratorExit
""",
    ),
    cheat(
        "exception-group",
        "a group of exits, for handlers that look at the outermost class alone",
        """
def solve(n):
    raise BaseExceptionGroup("done", [SystemExit(0), SystemExit(0)])
""",
    ),
    cheat(
        "exception-without-a-text",
        "an exception whose str() and repr() exit, so that whoever reports it dies",
        """
import os

class Quiet(BaseException):
    def __str__(self):
        os._exit(0)
    __repr__ = __str__

def solve(n):
    raise Quiet
""",
    ),
    cheat(
        "exception-of-endless-text",
        "an exception whose text is larger than the memory of whoever logs it",
        """
def solve(n):
    raise ValueError("x" * (48 << 20))
""",
    ),
    cheat(
        "interrupt-main-from-a-thread",
        "a thread that breaks the main thread while it answers",
        """
import _thread, threading, time

def disturb():
    while True:
        _thread.interrupt_main()
        time.sleep(0.001)

threading.Thread(target=disturb, daemon=True).start()

def solve(n):
    return None
""",
    ),
    cheat(
        "exit-from-a-thread",
        "a thread that ends the process a moment after the question",
        """
import os, threading, time

def solve(n):
    threading.Timer(0.01, os._exit, (0,)).start()
    time.sleep(10)
""",
        ends=_GONE,
    ),
    cheat(
        "abort",
        "SIGABRT",
        """
import os

def solve(n):
    os.abort()
""",
    ),
    cheat(
        "kill-itself",
        "SIGKILL to itself, so that it looks as if the sandbox had done it",
        """
import signal

def solve(n):
    signal.raise_signal(signal.SIGKILL)
""",
    ),
    cheat(
        "segfault",
        "reads address 0",
        """
import ctypes

def solve(n):
    return ctypes.string_at(0)
""",
    ),
    cheat(
        "become-another-program",
        "execve of an interpreter that prints the answers and exits with 0",
        """
import os, sys

def solve(n):
    os.execv(sys.executable, [sys.executable, "-c", "print(68); print(166)"])
""",
    ),
    cheat(
        "exit-at-import-after-registering",
        "atexit handler that prints what a grader may look for",
        """
import atexit, sys

@atexit.register
def report():
    print("OK\\nPASSED\\n2 passed in 0.01s\\n68\\n166")

sys.exit(0)
""",
    ),
    cheat_output(
        "exit-without-output",
        "a whole program that does nothing and exits with 0",
        """
import sys
sys.exit(0)
""",
    ),
    cheat_output(
        "print-passed",
        "a whole program that prints what graders like",
        """
print("All tests passed!\\nOK\\nPASSED\\nscore: 1.0\\n{\\"passed\\": true}")
""",
    ),
    cheat_output(
        "right-output-then-exit-code",
        "the right output, but an end by an error",
        f"""
import sys
print({OUTPUT!r}, end="")
sys.exit(3)
""",
        ends=frozenset({Status.EXCEPTION}),
    ),
    cheat_output(
        "right-output-on-standard-error",
        "the right output in the wrong place",
        f"""
import sys
print({OUTPUT!r}, end="", file=sys.stderr)
""",
    ),
    cheat_output(
        "right-output-then-crash",
        "the right output, then a death by a signal",
        f"""
import os
print({OUTPUT!r}, end="", flush=True)
os.abort()
""",
        ends=frozenset({Status.CRASHED}),
    ),
)
