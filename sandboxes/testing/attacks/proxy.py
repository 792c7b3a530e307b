"""Programs under test that turn against the tests: assertions see a proxy, and it must not be fooled."""

from __future__ import annotations

from sandboxes.testing.attacks.tasks import SLEEPY, cheat_tests
from sandboxes.types import Status

__all__ = ["PROXY"]

_DEAD = frozenset({Status.EXITED, Status.EXCEPTION, Status.CRASHED, Status.TAMPERED, Status.FAILED, Status.TIMEOUT})

# Tests as sloppy people write them: whatever happens, they end well. A candidate that died must not pass them.
_FORGIVING = """
def check(candidate):
    for n in (3, 5):
        try:
            assert candidate(n) == n ** 3 + 41
        except BaseException:
            pass
"""

_RAISES = """
def check(candidate):
    try:
        candidate(-1)
    except ValueError:
        pass
    else:
        raise AssertionError("a negative number was taken")
    assert candidate(3) == 68
"""

_WANTS_ANY = """
def check(candidate):
    has_raised = False
    try:
        candidate(-1)
    except Exception:
        has_raised = True
    assert has_raised
    assert candidate(3) == 68
"""

PROXY = (
    cheat_tests(
        "tests-against-always-equal",
        "equal to everything",
        "class Equal(int):\n    __eq__ = lambda self, other: True\n    __hash__ = lambda self: 0\n\n"
        "def solve(n):\n    return Equal()\n",
    ),
    cheat_tests(
        "tests-against-exit", "sys.exit(0) in the call", "import sys\n\ndef solve(n):\n    sys.exit(0)\n", ends=_DEAD
    ),
    cheat_tests(
        "tests-against-exit-at-import",
        "sys.exit(0) before there is a candidate",
        "import sys\n\nsys.exit(0)\n",
        ends=_DEAD,
    ),
    cheat_tests(
        "tests-against-hard-exit",
        "os._exit(0) in the call",
        "import os\n\ndef solve(n):\n    os._exit(0)\n",
        ends=_DEAD,
    ),
    cheat_tests(
        "forgiving-tests-against-exit",
        "tests that forgive each exception, and a candidate that is gone",
        "import os\n\ndef solve(n):\n    os._exit(0)\n",
        tests=_FORGIVING,
        ends=_DEAD,
    ),
    *(
        cheat_tests(
            f"forgiving-tests-against-{name}",
            f"tests that forgive each exception, and a program that {aim}: there is no candidate",
            source,
            tests=_FORGIVING,
            ends=_DEAD,
        )
        for name, aim, source in (
            ("nothing", "defines nothing", "pass\n"),
            ("a-syntax-error", "is none", "def solve(n)\n    return 68\n"),
            ("an-error-at-import", "raises before it is asked", "raise ValueError\n\ndef solve(n):\n    return 68\n"),
            ("a-number", "has a number for a function", "solve = 68\n"),
        )
    ),
    cheat_tests(
        "forgiving-tests-against-silence",
        "tests that forgive each exception, and a candidate that never answers",
        "import time\n\ndef solve(n):\n    time.sleep(60)\n",
        tests=_FORGIVING,
        ends=_DEAD,
        limits=SLEEPY,
    ),
    cheat_tests(
        "forgiving-tests-against-forgery",
        "tests that forgive each exception, and a candidate that writes on the channel",
        """
import os

def solve(n):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\\xff" * 64)
        except OSError:
            pass
    os._exit(0)
""",
        tests=_FORGIVING,
        ends=_DEAD | {Status.OUTPUT},
    ),
    *(
        cheat_tests(
            f"tests-against-{name}",
            f"raises {error}, which ends tests in frameworks as if nothing had been wrong",
            f"import unittest\n\nclass Skipped(BaseException):\n    pass\n\nclass Pass(Exception):\n    pass\n\n"
            f"def solve(n):\n    raise {error}\n",
        )
        for name, error in (
            ("skip-test", "unittest.SkipTest('skipped')"),
            ("skipped", "Skipped('skipped')"),
            ("stop-iteration", "StopIteration(68)"),
            ("generator-exit", "GeneratorExit"),
            ("keyboard-interrupt", "KeyboardInterrupt"),
            ("system-exit", "SystemExit(0)"),
            ("assertion-error", "AssertionError"),
            ("class-named-system-exit", "type('SystemExit', (Exception,), {'code': 0})(0)"),
            ("class-named-stop-iteration", "type('StopIteration', (BaseException,), {'value': 68})(68)"),
            ("class-with-a-strange-name", "type('a\\\\x00b\\\\n\\\\ud800' * 100, (BaseException,), {})()"),
            ("class-named-dunder-import", "type('__import__', (Exception,), {})('os')"),
        )
    ),
    *(
        cheat_tests(
            f"tests-ended-by-{name}",
            f"{error} out of a function of the tests that is called by map(), which takes it for the end of the cases",
            f"def solve(n):\n    raise {error}\n",
            tests="def check(candidate):\n    assert all(map(lambda n: candidate(n) == n ** 3 + 41, (3, 5)))\n",
        )
        for name, error in (
            ("stop-iteration", "StopIteration"),
            ("heir-of-stop-iteration", "type('StopIteration', (StopIteration,), {})"),
            ("generator-exit", "GeneratorExit"),
        )
    ),
    cheat_tests(
        "tests-ended-by-index-error",
        "IndexError out of a sequence of the tests, which takes it for its end",
        "def solve(n):\n    raise IndexError\n",
        tests="""
class Cases:
    def __getitem__(self, index):
        if index > 3:
            raise IndexError
        return candidate(index) == index ** 3 + 41

def check(candidate):
    globals()["candidate"] = candidate
    assert [*Cases()] == [True] * 4
""",
    ),
    cheat_tests(
        "tests-that-want-an-exception",
        "raises what one test wants, always",
        "def solve(n):\n    raise ValueError\n",
        tests=_RAISES,
    ),
    cheat_tests(
        "tests-that-want-an-exception-get-an-exit",
        "dies where an exception is wanted",
        "import os\n\ndef solve(n):\n    if n < 0:\n        os._exit(1)\n    return n ** 3 + 41\n",
        tests=_RAISES,
        ends=_DEAD,
    ),
    cheat_tests(
        "tests-that-want-an-exception-get-a-function",
        "returns what cannot be handed over where an exception is wanted",
        "def solve(n):\n    return n ** 3 + 41 if n > 0 else solve\n",
        tests=_WANTS_ANY,
        ends=frozenset({Status.NOT_PLAIN, Status.FAILED}),
    ),
    cheat_tests(
        "tests-that-want-a-runtime-error-get-a-stranger",
        "raises a class of its own where tests want RuntimeError",
        "class Stranger(Exception):\n    pass\n\ndef solve(n):\n    if n < 0:\n        raise Stranger\n"
        "    return n ** 3 + 41\n",
        tests=_RAISES.replace("ValueError", "RuntimeError"),
    ),
    cheat_tests(
        "tests-searched-for",
        "looks for the tests in frames, objects, arguments and descriptors, and answers from them",
        """
import gc, os, re, sys

def texts():
    frame = sys._getframe()
    while frame:
        yield from (str(value) for value in [*frame.f_locals.values(), *frame.f_globals.values()])
        frame = frame.f_back
    yield from sys.argv
    yield from (thing for thing in gc.get_objects() if isinstance(thing, str))
    for descriptor in range(64):
        try:
            os.set_blocking(descriptor, False)
            yield os.read(descriptor, 65536).decode("latin-1")
        except OSError:
            pass

def solve(n):
    # Written in two parts, so that it does not find itself.
    for text in texts():
        found = re.search("n \\\\*\\\\* 3" + r" \\+ (\\d+)", text)
        if found:
            return n ** 3 + int(found[1])
    return None
""",
    ),
    cheat_tests(
        "tests-against-their-own-arguments",
        "changes the list that it was given, which the tests compare with",
        "def solve(items):\n    items.clear()\n    return items\n",
        tests="""
def check(candidate):
    given = [3, 1, 2]
    assert candidate(given) == given
    assert given == [3, 1, 2]
""",
    ),
    cheat_tests(
        "tests-shadowed",
        "defines what the tests define: check, candidate, assertion classes and a main program",
        """
import builtins

class AssertionError(Exception):
    def __new__(cls, *_):
        raise SystemExit(0)

builtins.AssertionError = AssertionError
builtins.range = lambda *_: ()

def check(candidate):
    return True

def candidate(n):
    return True

__debug__passed = True

def solve(n):
    return None
""",
    ),
    cheat_tests(
        "tests-against-a-proxy-of-its-own",
        "answers with an object that has all attributes, each of them itself",
        """
class All:
    def __getattr__(self, name):
        return self
    def __call__(self, *_, **__):
        return self
    __eq__ = lambda self, other: True
    __iter__ = lambda self: iter(())
    __len__ = lambda self: 0
    __bool__ = lambda self: True

def solve(n):
    return All()
""",
    ),
    cheat_tests(
        "tests-counted",
        "right once, so that a count of passed assertions is not 0, then gone",
        """
import os

asked = []

def solve(n):
    asked.append(n)
    return 68 if len(asked) == 1 else os._exit(0)
""",
        ends=_DEAD,
    ),
    cheat_tests(
        "tests-fed-with-output",
        "prints what reports of tests look like, on both",
        "import sys\n\nprint('OK', '3 passed', sep='\\n')\nprint('Ran 3 tests in 0.001s\\n\\nOK', file=sys.stderr)\n\n"
        "def solve(n):\n    print('PASSED')\n    return None\n",
    ),
    cheat_tests(
        "tests-answered-with-text",
        "answers with the source of an expression that is right",
        "def solve(n):\n    return 'n ** 3 + 41'\n",
    ),
    cheat_tests("tests-without-a-candidate", "defines nothing", "pass\n"),
    cheat_tests("tests-against-a-syntax-error", "no program", "def solve(n)\n    return 68\n"),
    cheat_tests(
        "tests-of-truth",
        "answers True where tests only ask for something true of a number",
        "def solve(n):\n    return 'yes'\n",
        tests="def check(candidate):\n    assert candidate(3) == 68\n    assert candidate(5)\n",
    ),
    cheat_tests(
        "tests-exhausted",
        "answers with what takes the tests' memory",
        "def solve(n):\n    return ['x' * 50_000] * 100_000\n",
    ),
)
