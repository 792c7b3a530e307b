"""Programs that change the Python under the sandbox's own code: what it calls is no longer what it was."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import HURRIED, cheat, cheat_output
from sandboxes.types import Status

__all__ = ["INTERPRETER"]

# A forged comparison is the best that these can hope for; the answers themselves they do not know.
INTERPRETER = (
    cheat(
        "patched-builtins",
        "functions that checks rely on agree with everything",
        """
import builtins

builtins.isinstance = lambda *_: True
builtins.issubclass = lambda *_: True
builtins.hash = lambda _: 0
builtins.all = builtins.any = lambda *_: True
builtins.repr = builtins.str = lambda *_: "68"
builtins.len = lambda _: 0
builtins.sorted = lambda *_, **__: [68, 166]
builtins.type = lambda *_: int

def solve(n):
    return object()
""",
    ),
    cheat(
        "emptied-builtins",
        "nothing is left for the sandbox's code to call",
        """
import builtins

for name in list(vars(builtins)):
    if name not in ("print", "list", "vars"):
        delattr(builtins, name)

def solve(n):
    return None
""",
    ),
    cheat(
        "patched-json",
        "each encoder and decoder of JSON returns what it likes",
        """
import json, json.encoder, json.decoder

json.dumps = json.JSONEncoder.encode = lambda *_, **__: "68"
json.JSONEncoder.iterencode = lambda *_, **__: iter(["68"])
json.encoder.c_make_encoder = None
json.loads = json.JSONDecoder.decode = lambda *_, **__: 68

def solve(n):
    return "not computed"
""",
    ),
    cheat(
        "patched-encoder",
        "every function that encodes or compares, wherever it was imported, is replaced",
        """
import sys

WORDS = ("encode", "dump", "same", "equal", "check", "valid", "plain")

for module in list(sys.modules.values()):
    for name, thing in list(getattr(module, "__dict__", {}).items()):
        if callable(thing) and not isinstance(thing, type) and any(word in name.lower() for word in WORDS):
            try:
                setattr(module, name, lambda *_, **__: b"68")
            except Exception:
                pass

def solve(n):
    return None
""",
    ),
    cheat(
        "patched-unittest",
        "assertions of unittest hold always",
        """
import unittest

for name in dir(unittest.TestCase):
    if name.startswith("assert") or name == "fail":
        setattr(unittest.TestCase, name, lambda *_, **__: None)
unittest.TestResult.wasSuccessful = lambda self: True

def solve(n):
    return None
""",
    ),
    cheat(
        "patched-time",
        "clocks that stand still, so that no limit is ever reached by them",
        """
import time

for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
    setattr(time, name, lambda: 0.0)
    setattr(time, name + "_ns", lambda: 0)

def solve(n):
    while True:
        pass
""",
        limits=HURRIED,
    ),
    cheat(
        "shadowed-modules",
        "sys.modules gives the sandbox's code other modules at its next import",
        """
import sys, types

class Fake(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: 68

for name in ("json", "json.encoder", "struct", "os", "io", "types", "sandboxes", "sandboxes.values", "traceback"):
    sys.modules[name] = Fake(name)

def solve(n):
    import json
    return json.loads(n)
""",
    ),
    cheat(
        "import-hook",
        "a finder that answers for every module",
        """
import importlib.abc, importlib.machinery, sys

class Everything(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self)
    def exec_module(self, module):
        module.__dict__.update(dumps=lambda *_, **__: "68", same=lambda *_, **__: True, encode=lambda _: b"68")

sys.meta_path[:] = [Everything()]
sys.path_importer_cache.clear()
for name in ("traceback", "linecache", "tokenize", "signal", "json"):
    sys.modules.pop(name, None)

def solve(n):
    raise ValueError("whoever prints me imports")
""",
    ),
    cheat(
        "trace-function",
        "sys.settrace changes the locals and the line of whoever asked",
        """
import sys

def trace(frame, event, argument):
    for name in list(frame.f_locals):
        if name in ("ok", "passed", "success", "equal", "valid"):
            frame.f_locals[name] = True
    return trace

sys.settrace(trace)
frame = sys._getframe()
while frame:
    frame.f_trace = trace
    frame = frame.f_back

def solve(n):
    return None
""",
    ),
    cheat(
        "profile-function",
        "sys.setprofile raises at each return of the sandbox's code",
        """
import sys

def profile(frame, event, argument):
    if event == "return" and frame.f_code.co_name != "solve":
        raise SystemExit(0)

def solve(n):
    sys.setprofile(profile)
    return None
""",
    ),
    cheat(
        "audit-hook",
        "an audit hook, which can never be removed, raises at each event",
        """
import sys

def hook(event, arguments):
    raise SystemExit(0)

sys.addaudithook(hook)

def solve(n):
    return None
""",
    ),
    cheat(
        "patched-codecs",
        "an error handler and a codec of its own, asked whenever text becomes bytes",
        """
import codecs

codecs.register_error("strict", lambda error: ("68", error.end))
codecs.register(lambda name: codecs.lookup("latin-1"))

def solve(n):
    return "\\udc80"
""",
    ),
    cheat(
        "rewritten-small-int",
        "writes into the object 3 in memory, so that 3 is 68 for all code in this process",
        """
import ctypes, sys

def solve(n):
    ctypes.c_uint32.from_address(id(3) + sys.getsizeof(3) - 4).value = 8
    return 3
""",
    ),
    cheat(
        "patched-int-equality",
        "replaces the comparison slot of int in memory: all ints are equal from now on",
        """
import ctypes

COMPARE = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.py_object, ctypes.c_int)

@COMPARE
def equal(left, right, operation):
    return True

def solve(n):
    # tp_richcompare stands at byte 200 of a type on 64-bit machines.
    ctypes.c_void_p.from_address(id(int) + 200).value = ctypes.cast(equal, ctypes.c_void_p).value
    return 0
""",
        limits=HURRIED,
    ),
    cheat(
        "recursion-limit",
        "lifts the limit on recursion and dies of its stack",
        """
import sys

sys.setrecursionlimit(10 ** 9)

def solve(n):
    return solve(n + 1)
""",
        limits=HURRIED,
    ),
    cheat(
        "finalizer-answers",
        "an object that prints the answers when it is destroyed",
        """
class Last:
    def __del__(self, write=__import__("os").write):
        for descriptor in range(1, 32):
            try:
                write(descriptor, b"68\\n166\\n")
            except OSError:
                pass

last = Last()

def solve(n):
    return None
""",
    ),
    cheat_output(
        "weakref-callback-answers",
        "a weak reference whose callback prints the answers while the interpreter ends, after an error",
        """
import weakref

class Thing:
    pass

thing = Thing()
weakref.finalize(thing, print, "68\\n166")
raise RuntimeError("never computed")
""",
    ),
    cheat(
        "signal-handler-answers",
        "a handler that is called in the middle of the sandbox's own code, by a timer",
        """
import signal

def handler(number, frame):
    while frame:
        frame.f_locals.update(value=68, ok=True, passed=True)
        frame = frame.f_back
    raise SystemExit(0)

signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)

def solve(n):
    return None
""",
    ),
    cheat(
        "replaced-entry",
        "an entry that is callable without being a function, and equal to everything",
        """
class Callable:
    __call__ = lambda self, *_, **__: self
    __eq__ = lambda self, other: True
    __getattr__ = lambda self, name: self

solve = Callable()
""",
    ),
    cheat("missing-entry", "there is nothing to call", "answer = 68\n"),
    cheat("entry-is-no-function", "the entry is a number", "solve = 68\n"),
    cheat("entry-needs-more", "the entry cannot be called so", "def solve(n, m, *, k):\n    return 68\n"),
    cheat("entry-is-a-coroutine", "nobody awaits", "async def solve(n):\n    return n ** 3 + 41\n"),
    cheat("syntax-error", "no program at all", "def solve(n: return 68\n"),
    cheat("null-byte", "source with a NUL in it", "def solve(n):\n    return 1\0\n"),
    cheat(
        "strange-coding", "a coding that decodes to something else", "# coding: rot13\nqrs fbyir(a):\n    erghea 0\n"
    ),
    cheat(
        "source-that-is-no-text",
        "half a character in the source, which whoever writes it to a file cannot encode",
        "def solve(n):\n    return '\ud800'\n",
        ends=frozenset({Status.EXCEPTION}),
    ),
)
