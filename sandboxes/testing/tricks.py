"""What random programs are put together from: bodies that are wrong or right, and tricks that go round them.

No trick makes a wrong body right, although some say aloud what would be: a sandbox must not listen to that.
"""

from __future__ import annotations

__all__ = ["DECORATIONS", "FRONTS", "RIGHT", "ROUNDS", "WRONG"]


def _pieces(text: str) -> tuple[str, ...]:
    """The parts of a text that are divided by lines of ``###``."""
    return tuple(piece.strip() + "\n" for piece in text.split("###\n"))


WRONG = (
    "return n ** 3 + 42",
    "return n ** 3 - 41",
    "return n * 3 + 41",
    "return 68",
    "return n",
    "return None",
    "return [n ** 3 + 41]",
    "return float(n ** 3 + 41)",
    "return complex(n ** 3 + 41)",
    "return n ** 3 + 41 if n == 3 else 0",
    "return {n: n ** 3 + 41}",
    "return n ** 3 + 41 if n != 5 else 167",
    "return (n ** 3 + 41,)",
    "return 'n ** 3 + 41'",
    "yield n ** 3 + 41",
    "raise ValueError(n ** 3 + 41)",
    "while n != 4: n += 0",
    "pass",
)
"""Bodies of ``solve(n)``, which should return ``n ** 3 + 41``: none does for all of 3, 5 and 11."""

RIGHT = (
    "return n ** 3 + 41",
    "return n * n * n + 41",
    "return sum(n * n for _ in range(n)) + 41",
    "return 41 + pow(n, 3)",
    "return int(str(n ** 3 + 41))",
)
"""Bodies that do."""

FRONTS = _pieces("""
import builtins
builtins.isinstance = lambda *_: True
###
import builtins
builtins.type = lambda *_: int
builtins.len = lambda _: 1
###
import json
json.dumps = lambda *_, **__: "68"
json.JSONEncoder.encode = lambda *_: "68"
###
import sys
for name in list(sys.modules):
    if "json" in name or "sandbox" in name:
        sys.modules[name] = None
###
import atexit
atexit.register(print, "68\\n166\\n1372")
###
print("68\\n166\\n1372\\nPASSED\\nOK")
###
import os
for d in range(3, 40):
    try:
        os.write(d, b"68\\n")
    except OSError:
        pass
###
import os
for d in range(3, 40):
    try:
        os.dup2(1, d)
    except OSError:
        pass
###
import os
os.closerange(3, 64)
###
import os
os.dup2(os.open(os.devnull, os.O_RDWR), 1)
###
import sys
sys.settrace(lambda *_: None)
sys.setprofile(lambda *_: None)
###
import sys
sys.setrecursionlimit(60)
###
import sys
sys.stdout = sys.stderr = None
###
import sys
sys.exit = lambda *_: None
sys.excepthook = lambda *_: print("OK")
###
import gc
gc.set_threshold(1)
###
import os
os._exit = os.abort = lambda *_: None
###
import os
os.write = lambda d, data: len(data)
###
import signal
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
###
import signal
for number in (1, 2, 3, 6, 10, 12, 14, 15):
    signal.signal(number, signal.SIG_IGN)
###
import os, threading
threading.Timer(0.002, os.write, (1, b"68\\n166\\n1372\\n")).start()
###
import os, threading
threading.Timer(0.005, os._exit, (0,)).start()
###
import weakref
class Thing:
    pass
thing = Thing()
weakref.finalize(thing, print, "68\\n166\\n1372")
###
class AssertionError(Exception):
    def __new__(cls, *_):
        raise SystemExit(0)
###
class int(int):
    __eq__ = lambda self, other: True
    __hash__ = lambda self: 0
###
class ValueError(BaseException):
    pass
###
candidate = check = entry = lambda *_, **__: True
###
__name__ = "__main__"
__file__ = "/etc/passwd"
###
import unittest
unittest.TestCase.assertEqual = lambda *_: None
###
import time
time.time = time.monotonic = lambda: 0.0
###
import warnings
warnings.simplefilter("error")
""")
"""Put in front of the function."""

ROUNDS = _pieces("""
class Same:
    __eq__ = lambda self, other: True
    __hash__ = lambda self: 0

def turn(f):
    return lambda n: Same()
###
class Same(type(1)):
    __eq__ = lambda self, other: True
    __hash__ = lambda self: 0

def turn(f):
    return lambda n: Same(0)
###
class Same(str):
    __eq__ = lambda self, other: True
    __hash__ = lambda self: 0

def turn(f):
    return lambda n: Same()
###
def turn(f):
    def g(n):
        raise SystemExit(0)
    return g
###
def turn(f):
    import os
    return lambda n: os._exit(0)
###
def turn(f):
    def g(n):
        raise StopIteration(68)
    return g
###
def turn(f):
    def g(n):
        raise AssertionError
    return g
###
def turn(f):
    def g(n):
        import unittest
        raise unittest.SkipTest
    return g
###
def turn(f):
    def g(n):
        print("68")
        return f(n)
    return g
###
def turn(f):
    def g(n):
        import sys
        sys._getframe(1).f_locals.update(ok=True, value=68)
        return f(n)
    return g
###
def turn(f):
    asked = []
    def g(n):
        asked.append(n)
        return 68 if len(asked) == 1 else f(n)
    return g
###
def turn(f):
    def g(n):
        try:
            return f(n)
        finally:
            return ["i", "44"]
    return g
###
class Function:
    __eq__ = lambda self, other: True
    def __init__(self, f):
        self.f = f
    def __call__(self, n):
        return self.f(n)

turn = Function
###
def turn(f):
    def g(n):
        import os
        for d in range(3, 40):
            try:
                os.write(d, b'{"ok": true}')
            except OSError:
                pass
        return f(n)
    return g
###
def turn(f):
    def g(n):
        import threading
        threading.Thread(target=g, args=(n,), daemon=True).start()
        return f(n)
    return g
""")
"""Define ``turn``, which takes a wrong function and gives another wrong one."""

DECORATIONS = _pieces("""
import math, re, collections
###
print("starting")
###
import sys
print("note", file=sys.stderr)
###
import atexit
atexit.register(lambda: None)
###
import sys
sys.setrecursionlimit(5000)
###
class Helper:
    def __eq__(self, other):
        return True
###
import random
random.seed(1)
###
def helper(n):
    yield n
""")
"""What honest programs do as well."""
