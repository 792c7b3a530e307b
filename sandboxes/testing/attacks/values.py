"""Answers that are no plain values, or others than they seem: each hopes for a lenient comparison."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import HURRIED, cheat
from sandboxes.types import Status

__all__ = ["VALUES"]

_NOT_PLAIN = frozenset({Status.NOT_PLAIN})
_UNANSWERABLE = frozenset({Status.NOT_PLAIN, Status.OUTPUT, Status.MEMORY, Status.TIMEOUT, Status.EXCEPTION})
_EQUAL = "__eq__ = lambda self, other: True\n    __ne__ = lambda self, other: False\n    __hash__ = lambda self: 0"

VALUES = (
    cheat(
        "always-equal-object",
        "equal to everything",
        f"""
class Equal:
    {_EQUAL}

def solve(n):
    return Equal()
""",
        ends=_NOT_PLAIN,
    ),
    cheat(
        "always-equal-liar",
        "equal to everything, and says that it is an int",
        f"""
class Equal:
    {_EQUAL}
    __class__ = property(lambda self: int)
    __int__ = __index__ = lambda self: 0
    __repr__ = __str__ = lambda self: "68"

def solve(n):
    return Equal()
""",
        ends=_NOT_PLAIN,
    ),
    *(
        cheat(
            f"always-equal-{kind}",
            f"an {kind} to isinstance, and equal to everything",
            f"""
class Equal({kind}):
    {_EQUAL}

def solve(n):
    return Equal()
""",
            ends=_NOT_PLAIN,
        )
        for kind in ("int", "str", "float")
    ),
    *(
        cheat(
            f"always-equal-{kind}",
            f"a {kind} to isinstance, equal to everything and never at an end with its elements",
            f"""
class Equal({kind}):
    {_EQUAL}
    __len__ = lambda self: 2
    def __iter__(self):
        while True:
            yield self

def solve(n):
    return Equal()
""",
            right=[[1, 2], [3, 4]],
            ends=_NOT_PLAIN,
        )
        for kind in ("list", "tuple", "dict", "set", "bytes")
    ),
    cheat(
        "always-equal-inside-a-list",
        "the liar one level down",
        f"""
class Equal(int):
    {_EQUAL}

def solve(n):
    return [Equal(), {{"k": Equal()}}]
""",
        right=[[1, {"k": 2}], [3, {"k": 4}]],
        ends=_NOT_PLAIN,
    ),
    cheat(
        "always-equal-class",
        "a class whose metaclass makes it equal to everything",
        f"""
class Meta(type):
    {_EQUAL}

class Answer(metaclass=Meta):
    pass

def solve(n):
    return Answer
""",
        ends=_NOT_PLAIN,
    ),
    cheat(
        "class-by-the-name-of-int",
        "for those who compare names of types",
        """
Forged = type("int", (), {"__module__": "builtins", "__eq__": lambda self, other: True, "__repr__": lambda self: "68"})

def solve(n):
    return Forged()
""",
        ends=_NOT_PLAIN,
    ),
    cheat(
        "enumerated-int",
        "IntEnum: equal to the right ints, and an int, but not exactly",
        """
import enum

Answer = enum.IntEnum("Answer", {"A": 68, "B": 166})

def solve(n):
    return Answer.A if n == 3 else Answer.B
""",
        ends=_NOT_PLAIN,
    ),
    cheat("true-for-one", "True == 1", "def solve(n):\n    return True\n", right=[1, 1]),
    cheat("one-for-true", "1 == True", "def solve(n):\n    return 1\n", right=[True, True]),
    cheat("float-for-int", "68.0 == 68", "def solve(n):\n    return n ** 3 + 41.0\n"),
    cheat("int-for-float", "68 == 68.0", "def solve(n):\n    return n ** 3 + 41\n", right=[68.0, 166.0]),
    cheat("complex-for-int", "68 + 0j == 68", "def solve(n):\n    return complex(n ** 3 + 41)\n"),
    cheat("text-for-int", "'68' prints as 68", "def solve(n):\n    return str(n ** 3 + 41)\n"),
    cheat("bytes-for-text", "b'a' for 'a'", "def solve(n):\n    return b'a'\n", right=["a", "a"]),
    cheat("list-for-tuple", "[1] prints almost as (1,)", "def solve(n):\n    return [n]\n", right=[(3,), (5,)]),
    cheat("tuple-for-list", "JSON does not know tuples", "def solve(n):\n    return (n,)\n", right=[[3], [5]]),
    cheat("text-keys-for-int-keys", "JSON does", "def solve(n):\n    return {'1': n}\n", right=[{1: 3}, {1: 5}]),
    cheat("frozenset-for-set", "equal sets", "def solve(n):\n    return frozenset([n])\n", right=[{3}, {5}]),
    cheat(
        "list-in-another-order", "the elements are there", "def solve(n):\n    return [n, 1]\n", right=[[1, 3], [1, 5]]
    ),
    cheat("nothing", "None, in case that a missing answer passes", "def solve(n):\n    return None\n"),
    cheat("not-a-number", "nan, which compares with nothing", "def solve(n):\n    return float('nan')\n"),
    cheat("infinity", "inf, which JSON has not", "def solve(n):\n    return float('inf')\n"),
    cheat(
        "fraction",
        "numbers of other classes, equal to the right ones",
        "import fractions, decimal\n\ndef solve(n):\n"
        "    return fractions.Fraction(68) if n == 3 else decimal.Decimal(166)\n",
        ends=_NOT_PLAIN,
    ),
    cheat(
        "answer-that-spells-the-encoding",
        "lists that look like an encoded 68 if somebody decodes twice",
        "def solve(n):\n    return ['i', '44'] if n == 3 else ['i', 'a6']\n",
    ),
    cheat(
        "answer-that-spells-a-reply",
        "a dict that looks like a whole reply",
        "def solve(n):\n    return {'status': 'ok', 'value': n ** 3 + 41, 'ok': True, 'passed': True, 'error': ''}\n",
    ),
    cheat(
        "generator", "an answer that is still to be computed", "def solve(n):\n    yield n ** 3 + 41\n", ends=_NOT_PLAIN
    ),
    cheat("function", "an answer that is code", "def solve(n):\n    return lambda: n ** 3 + 41\n", ends=_NOT_PLAIN),
    cheat(
        "list-that-holds-itself",
        "endless for whoever walks it",
        "def solve(n):\n    endless = []\n    endless.append(endless)\n    return endless\n",
        ends=_UNANSWERABLE,
    ),
    cheat(
        "deep-answer",
        "so deep that a recursive reader runs out of stack",
        """
def solve(n):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep
""",
        ends=_UNANSWERABLE,
    ),
    cheat("long-answer", "more than may be sent", "def solve(n):\n    return 'x' * (32 << 20)\n", ends=_UNANSWERABLE),
    cheat(
        "many-parts",
        "little text, but many parts for the reader to build",
        "def solve(n):\n    return [[]] * 1_100_000\n",
        ends=_UNANSWERABLE,
        limits=HURRIED,
    ),
    cheat(
        "shared-parts",
        "a few objects that unfold to two to the sixtieth",
        """
def solve(n):
    shared = [1]
    for _ in range(60):
        shared = [shared, shared]
    return shared
""",
        ends=_UNANSWERABLE,
    ),
    cheat(
        "huge-int",
        "an int that takes quadratic time to print",
        "def solve(n):\n    return 1 << 400_000\n",
        ends=_NOT_PLAIN,
    ),
    cheat(
        "colliding-ints",
        "a dict whose keys are ints with one hash, which takes quadratic time to build again",
        """
def solve(n):
    prime = (1 << 61) - 1
    return dict.fromkeys((prime * k for k in range(3000)), 0)
""",
    ),
    cheat(
        "text-without-an-end",
        "its own frame: brackets and a text whose end whoever measures their depth looks for again at each quote",
        """
import os, struct, sys

def solve(n):
    frame = sys._getframe()
    while frame:
        token = frame.f_locals.get("token")
        if isinstance(token, bytes):
            text = b"[" * 60 + b'"' + b'\\\\"' * 30_000
            os.write(3, struct.pack(">IB", len(token) + len(text) + 1, ord("A")) + token + text)
            os._exit(0)
        frame = frame.f_back
""",
    ),
    cheat(
        "lone-surrogate",
        "text that breaks whoever writes it to a file",
        "def solve(n):\n    return '\\udc80' * 4\n",
        ends=_NOT_PLAIN,
    ),
    cheat(
        "pickle-bomb",
        "an object whose unpickling runs code in the reader",
        """
import os

class Bomb:
    def __reduce__(self):
        return os._exit, (0,)
    __eq__ = lambda self, other: True

def solve(n):
    return Bomb()
""",
        ends=_NOT_PLAIN,
    ),
    cheat(
        "repr-that-recurses",
        "whoever prints the answer recurses without end",
        """
class Deep:
    def __repr__(self):
        return repr([self])
    __str__ = __repr__

def solve(n):
    return Deep()
""",
    ),
    cheat(
        "answer-changed-while-read",
        "a thread that changes the list while it is being encoded",
        """
import threading

shared = [0] * 1000

def change():
    while True:
        shared.append(0)
        shared.clear()
        shared.extend([0] * 1000)

threading.Thread(target=change, daemon=True).start()

def solve(n):
    return shared
""",
        right=[[1] * 1000, [1] * 1000],
    ),
)
