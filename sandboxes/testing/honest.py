"""Honest programs, all of which must be scored as right: a sandbox that refuses everything is no sandbox.

Those marked ``full_python`` use what an interpreter of a part of Python may lack.
"""

from __future__ import annotations

from typing import Any

from sandboxes.testing.attacks.tasks import OUTPUT, TESTS
from sandboxes.testing.program import Program, Wall
from sandboxes.types import Call, Limits

__all__ = ["HONEST"]

_AMPLE = Limits(cpu_seconds=10.0, wall_seconds=60.0)
"""On a busy machine, honest programs must not be late."""


def _honest(name: str, aim: str, source: str, **more: Any) -> Program:
    more = {"limits": _AMPLE, **more}
    return Program(name=name, aim=aim, source=source, wall=Wall.VERDICT, passes=True, **more)


def _calls(name: str, aim: str, source: str, *pairs: tuple[Any, Any], **more: Any) -> Program:
    """``solve`` is called with the first of each pair, and the second is right."""
    calls: tuple[Call, ...] = tuple(((argument,), {}) for argument, _ in pairs)
    return _honest(name, aim, source, entry="solve", calls=calls, right=[value for _, value in pairs], **more)


_PLAIN = [None, True, 0, -1.5, "é𝄞\n", b"\0\xff", 1 + 2j, (1, (2,)), {"k": [1], 2: {3}, (4, None): frozenset({5})}]

HONEST = (
    _calls("honest-calls", "computes what is asked", "def solve(n):\n    return n ** 3 + 41\n", (3, 68), (5, 166)),
    _calls(
        "honest-numbers",
        "ints beyond 64 bits, fractions of a float, infinities",
        "def solve(n):\n    return [n, -n, n + 0]\n",
        (10**50, [10**50, -(10**50), 10**50]),
        (0.1, [0.1, -0.1, 0.1]),
        (float("inf"), [float("inf"), float("-inf"), float("inf")]),
    ),
    _calls(
        "honest-plain-values",
        "each type that may pass, there and back",
        "def solve(value):\n    return value\n",
        (_PLAIN, _PLAIN),
        full_python=True,
    ),
    _calls(
        "honest-text",
        "text of all kinds",
        "def solve(text):\n    return [text[::-1], text.upper(), len(text)]\n",
        ("straße 𝄞", ["𝄞 eßarts", "STRASSE 𝄞", 8]),
        ("", ["", "", 0]),
    ),
    _calls(
        "honest-recursion",
        "recursion of a usual depth",
        "def solve(n):\n    return 0 if n == 0 else n + solve(n - 1)\n",
        (300, 45150),
    ),
    _calls(
        "honest-loops",
        "a sieve",
        """
def solve(limit):
    sieve = [True] * (limit + 1)
    found = []
    for number in range(2, limit + 1):
        if sieve[number]:
            found.append(number)
            for multiple in range(number * number, limit + 1, number):
                sieve[multiple] = False
    return found[-3:]
""",
        (10_000, [9949, 9967, 9973]),
    ),
    _calls(
        "honest-dict-order",
        "counts, and answers with a dict in an order of its own",
        """
def solve(words):
    counts = {}
    for word in reversed(words):
        counts[word] = counts.get(word, 0) + 1
    return counts
""",
        (["a", "b", "a"], {"a": 2, "b": 1}),
    ),
    _calls(
        "honest-state",
        "one call remembers what another one said",
        "seen = []\n\ndef solve(n):\n    seen.append(n)\n    return len(seen)\n",
        (1, 1),
        (1, 2),
        (1, 3),
        full_python=True,
    ),
    _calls(
        "honest-prints",
        "writes to both outputs while it computes",
        "import sys\n\nprint('start')\n\ndef solve(n):\n    print('working', n)\n    print('x', file=sys.stderr)\n"
        "    return n ** 3 + 41\n",
        (3, 68),
        (5, 166),
    ),
    _calls(
        "honest-library",
        "what usual solutions import",
        """
import bisect, collections, dataclasses, functools, heapq, itertools, json, math, random, re, statistics, string
from typing import List, Optional

@dataclasses.dataclass(order=True)
class Item:
    weight: int
    name: str

class Shape:
    def area(self):
        raise NotImplementedError

class Square(Shape):
    def __init__(self, side):
        self.side = side
    def area(self):
        return self.side ** 2

@functools.lru_cache(maxsize=None)
def fibonacci(n: int) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

def numbers():
    yield from itertools.takewhile(lambda n: n < 5, itertools.count())

def solve(n: int) -> List[Optional[int]]:
    heap = [Item(3, "c"), Item(1, "a"), Item(2, "b")]
    heapq.heapify(heap)
    return [
        heapq.heappop(heap).weight, Square(n).area(), fibonacci(60), sum(numbers()),
        collections.Counter("abca")["a"], json.loads("[1, 2]")[1], math.isqrt(50), len(re.findall(r"\\d", "a1b2")),
        bisect.bisect([1, 3, 5], 4), statistics.median([1, 9, 5]), random.Random(7).randint(1, 1), None,
    ]
""",
        (4, [1, 16, 1548008755920, 10, 2, 2, 7, 2, 2, 5, 1, None]),
        full_python=True,
    ),
    _calls(
        "honest-threads",
        "two threads share the work",
        """
import threading
from concurrent.futures import ThreadPoolExecutor

def solve(n):
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda k: k * k, range(n)))
""",
        (10, 285),
        full_python=True,
    ),
    _calls(
        "honest-coroutines",
        "asyncio inside of a call",
        """
import asyncio

async def double(n):
    await asyncio.sleep(0)
    return 2 * n

async def both(n):
    return await asyncio.gather(double(n), double(n + 1))

def solve(n):
    return list(asyncio.run(both(n)))
""",
        (5, [10, 12]),
        full_python=True,
    ),
    _calls(
        "honest-exceptions-inside",
        "raises and catches, a MemoryError and a RecursionError among them",
        """
def solve(n):
    caught = []
    for deed in (lambda: 1 // 0, lambda: [][1], lambda: {}["k"], lambda: int("x")):
        try:
            deed()
        except (ZeroDivisionError, LookupError, ValueError) as error:
            caught.append(type(error).__name__)
    def deeper():
        return deeper() + 1
    try:
        deeper()
    except RecursionError:
        caught.append("RecursionError")
    return caught
""",
        (0, ["ZeroDivisionError", "IndexError", "KeyError", "ValueError", "RecursionError"]),
        full_python=True,
    ),
    _calls(
        "honest-memory",
        "a tenth of a limit's worth of memory",
        "def solve(n):\n    return len(bytes(n))\n",
        (16 << 20, 16 << 20),
        full_python=True,
    ),
    _honest(
        "honest-keywords",
        "keyword arguments and defaults",
        "def solve(a, b=2, *, c=3):\n    return [a, b, c]\n",
        entry="solve",
        calls=(((1,), {}), ((1, 5), {"c": 6}), ((), {"a": 7})),
        right=[[1, 2, 3], [1, 5, 6], [7, 2, 3]],
    ),
    _honest(
        "honest-whole-program",
        "reads standard input line by line and prints",
        "import sys\n\nfor line in sys.stdin:\n    print(int(line) ** 3 + 41)\n",
        stdin="3\n5\n",
        right=OUTPUT,
        full_python=True,
    ),
    _honest(
        "honest-input",
        "reads with input() to the end",
        """
if __name__ == "__main__":
    while True:
        try:
            print(int(input()) ** 3 + 41)
        except EOFError:
            break
""",
        stdin="3\n5",
        right=OUTPUT,
        full_python=True,
    ),
    _honest(
        "honest-exit",
        "prints what is right and exits with 0",
        "import sys\n\nprint(68)\nprint(166)\nsys.exit(0)\n",
        stdin="",
        right=OUTPUT,
        full_python=True,
    ),
    _honest(
        "honest-much-input",
        "takes more input than a pipe holds, and reads it late",
        "import sys, time\n\ntime.sleep(0.01)\nprint(len(sys.stdin.read()))\n",
        stdin="x" * 300_000,
        right="300000\n",
        full_python=True,
    ),
    _honest(
        "honest-unread-input",
        "answers without reading what it is given",
        "print(68)\nprint(166)\n",
        stdin="x" * 300_000,
        right=OUTPUT,
        full_python=True,
    ),
    _honest(
        "honest-under-test",
        "passes its tests",
        "def solve(n):\n    return n ** 3 + 41\n",
        entry="solve",
        tests=TESTS,
    ),
    _calls(
        "honest-annotations",
        "looks at its own annotations, which are values",
        """
import functools

@functools.singledispatch
def solve(n):
    return None

@solve.register
def cube(n: int) -> int:
    return n ** 3 + 41 if cube.__annotations__ == {"n": int, "return": int} else 0
""",
        (3, 68),
        (5, 166),
        full_python=True,
    ),
    _honest(
        "honest-under-test-raises",
        "raises where the tests want it",
        "def solve(n):\n    if n < 0:\n        raise ValueError('negative')\n    return n ** 3 + 41\n",
        entry="solve",
        tests="""
def check(candidate):
    assert candidate(3) == 68
    try:
        candidate(-1)
    except ValueError:
        pass
    else:
        raise AssertionError("a negative number was taken")
    assert candidate(n=5) == 166
""",
        full_python=True,
    ),
    _honest(
        "honest-scratch-folder",
        "reads a file, writes another one and asks for it back",
        """
import os

def solve(name):
    os.makedirs("made", exist_ok=True)
    with open(name) as file, open("made/copy", "w") as copy:
        copy.write(file.read() * 2)
    with open("made/copy") as copy:
        return copy.read()
""",
        entry="solve",
        calls=((("given",), {}),),
        right=["abab"],
        limits=Limits(**{**_AMPLE.to_json(), "files": 4}),
        files={"given": b"ab"},
        fetch=("made/copy",),
        full_python=True,
    ),
)
