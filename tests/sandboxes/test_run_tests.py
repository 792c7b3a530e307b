"""Tests in a process of their own: what passes has computed the right values, and nothing else passes."""

import sys

import pytest

from sandboxes.types import Call, Limits, Status
from sandboxes.zygote import ZygoteSandbox

if sys.platform != "linux":
    pytest.skip("the zygote sandbox needs Linux", allow_module_level=True)

TESTS = """
def check(candidate):
    assert candidate(1) == 2
    assert candidate(2) == 3
    assert candidate(5) == 6
"""


@pytest.mark.parametrize(
    ("source", "tests", "status"),
    [
        ("def f(x): return x + 1", TESTS, Status.OK),
        ("def f(x): return x + 1", "assert f(1) == 2\nassert candidate(1) == 2", Status.OK),
        ("def f(x): return x", TESTS, Status.FAILED),
        ("def f(x): return x + 1 if x < 5 else 0", TESTS, Status.FAILED),
        ("def f(x): raise ValueError('no')", TESTS, Status.FAILED),
        ("def f(x): raise AssertionError", TESTS, Status.FAILED),
        ("def f(x): return NotImplemented", TESTS, Status.NOT_PLAIN),
        (
            "class E:\n  def __eq__(self, other): return True\ndef f(x): return E()",
            TESTS,
            Status.NOT_PLAIN,
        ),
        ("class T(int):\n  def __eq__(self, other): return True\ndef f(x): return T()", TESTS, Status.NOT_PLAIN),
        ("def f(x): return x + 1.0", "assert type(f(1)) is int", Status.FAILED),
        ("def f(x): return True", "assert f(1) is True", Status.OK),
        ("import sys\ndef f(x): sys.exit(0)", TESTS, Status.EXITED),
        ("import os\ndef f(x): os._exit(0)", TESTS, Status.EXITED),
        ("import os\nos._exit(0)\ndef f(x): return x + 1", TESTS, Status.EXITED),
        ("import sys\nsys.exit(0)", TESTS, Status.EXITED),
        ("def f(x):\n  while True: pass", TESTS, Status.TIMEOUT),
        ("def f(x): return [0] * 10**10", TESTS, Status.MEMORY),
        ("import ctypes\ndef f(x): ctypes.string_at(0)", TESTS, Status.CRASHED),
        ("def f(x", TESTS, Status.EXCEPTION),
        ("def g(x): return x + 1", TESTS, Status.EXCEPTION),
        # exceptions arrive by their built-in name
        ("def f(x): raise KeyError('k')", "try:\n  f(1)\nexcept KeyError: pass\nelse: assert False", Status.OK),
        ("class Mine(Exception): pass\ndef f(x): raise Mine", "try:\n  f(1)\nexcept Exception: pass", Status.OK),
        # and what has none is of no class that a test could ask for
        ("class Mine(Exception): pass\ndef f(x): raise Mine", "try:\n  f(1)\nexcept RuntimeError: pass", Status.FAILED),
        ("def f(x): raise GeneratorExit", "try:\n  f(1)\nexcept RuntimeError: pass", Status.FAILED),
        # what cannot be handed over is not what a test that wants an exception has asked for
        ("def f(x): return object()", "try:\n  f(1)\nexcept Exception: pass", Status.NOT_PLAIN),
        ("def f(x): raise StopIteration", "assert all(map(lambda x: f(x) == x, [1, 2]))", Status.FAILED),
        # a swallowed error of the candidate's process is not swallowed
        ("import os\ndef f(x): os._exit(0)", "try:\n  f(1)\nexcept BaseException: pass", Status.EXITED),
        ("def f(x):\n  while True: pass", "try:\n  f(1)\nexcept BaseException: pass", Status.TIMEOUT),
        # arguments are copies
        ("def f(x): x.append(1); return 1", "a = []\nassert f(a) == 1\nassert a == []", Status.OK),
        # tests that are broken say nothing about the program
        ("def f(x): return x", "assert f(", Status.REFUSED),
        ("def f(x): return x", "import nothing_there", Status.REFUSED),
        ("def f(x): return x", "assert True", Status.REFUSED),
        ("def f(x): return x", "import os; os._exit(0)", Status.REFUSED),
        ("def f(x): return x", "while True: pass", Status.REFUSED),
        ("def f(x): return x", "f(object())", Status.REFUSED),
        ("def f(x): return x", "f(1)\nf(lambda: 1)", Status.REFUSED),
        # nobody was asked, so that nobody has raised what the test wants
        ("def f(x): return x", "f(1)\ntry:\n  f(object())\nexcept TypeError: pass\nelse: assert False", Status.REFUSED),
        ("def f(x): return x", "try:\n  f(object())\nexcept: pass\nassert f(1) == 1", Status.REFUSED),
        ("def f(x): return x", "f(1)\ntry:\n  f(1 << 20000)\nexcept ValueError: pass", Status.FAILED),
        # a program must not bring that about
        ("def f(x):\n  for _ in range(49): x = [x]\n  return x", "f([f(1)])", Status.FAILED),
        # a class of its own that is called as one of Python's
        (
            "class KeyError(Exception): pass\ndef f(x): raise KeyError",
            "try:\n  f(1)\nexcept KeyError: pass",
            Status.FAILED,
        ),
        # once they have called it, what goes wrong is its score
        ("def f(x): return x", "f(1)\nimport os; os._exit(0)", Status.FAILED),
        ("def f(x): return x", "f(1)\nwhile True: pass", Status.TIMEOUT),
    ],
)
def test_what_tests_come_to(sandbox: ZygoteSandbox, source: str, tests: str, status: Status) -> None:
    execution = sandbox.run_tests(source, tests, entry="f", limits=Limits(cpu_seconds=0.3, wall_seconds=3.0))
    assert execution.status is status, execution
    assert execution.ok is (status is Status.OK)
    assert execution.ok or execution.reason


@pytest.mark.parametrize("entry", ["check", "candidate", "check_it"])
def test_an_entry_may_be_called_as_the_tests_call_things(sandbox: ZygoteSandbox, entry: str) -> None:
    for answer, status in (("x", Status.OK), ("0", Status.FAILED)):
        source = f"def {entry}(x): return {answer}"
        assert sandbox.run_tests(source, f"assert {entry}(3) == 3", entry=entry).status is status


def test_helpers_come_from_the_prelude_not_from_the_program(sandbox: ZygoteSandbox) -> None:
    prelude = "def helper(x): return x + 1\ndef f(x):\n  '''what to do'''"
    good = "def helper(x): return x + 1\ndef f(x): return helper(x)"
    fraud = "def helper(x): return 0\ndef f(x): return helper(x)"
    tests = "assert f(3) == helper(3)"
    assert sandbox.run_tests(good, tests, entry="f", prelude=prelude).ok
    assert sandbox.run_tests(fraud, tests, entry="f", prelude=prelude).status is Status.FAILED


def test_failures_name_the_line(sandbox: ZygoteSandbox) -> None:
    execution = sandbox.run_tests("def f(x): return x", "assert f(1) == 1\nassert f(2) == 3, 'three'", entry="f")
    assert execution.reason == "AssertionError: three (line 2 of the tests)"
    assert execution.calls == 2


# A program can say whatever it likes on its channel: find the descriptor, forge frames, answer early, fall silent.
FORGE = """
import os, struct, sys, threading, time

def frame(kind, body=b""):
    return struct.pack(">IB", len(body) + 1, ord(kind)) + body

def loading_token():
    frame_ = sys._getframe()
    while frame_ is not None:
        if isinstance(frame_.f_locals.get("token"), bytes):
            return frame_.f_locals["token"]
        frame_ = frame_.f_back

def say(data):
    os.write(3, data)
"""


LATER = """
threading.Thread(target=lambda: (time.sleep(.2), say(b'A' * 99))).start()

def f(x):
    if x == 2: time.sleep(.5)
    return x + 1
"""

KEPT = """
tokens = []

def f(x):
    tokens.append(loading_token())
    if len(tokens) == 1: return x + 1
    say(frame('A', tokens[0] + b'3'))
    time.sleep(9)
"""


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("an answer before any question", "say(frame('A', loading_token() + b'2'))\ndef f(x): return x"),
        ("a pass instead of READY", "say(frame('D', loading_token()))\ndef f(x): return x"),
        ("READY and a pass", "say(frame('R', loading_token()) + frame('D', loading_token()))\ndef f(x): return x"),
        ("READY and an answer", "say(frame('R', loading_token()) + frame('A', bytes(16) + b'2'))\ndef f(x): return x"),
        ("READY twice", "say(frame('R', loading_token()))\ndef f(x): return x"),
        ("an answer without its token", "def f(x):\n  say(frame('A', bytes(16) + b'2'))\n  time.sleep(9)"),
        ("two answers", "def f(x):\n  t = loading_token()\n  say(frame('A', t + b'2') * 2)\n  time.sleep(9)"),
        ("a pass as an answer", "def f(x):\n  say(frame('D', loading_token()))\n  time.sleep(9)"),
        ("a question as an answer", "def f(x):\n  say(frame('Q', loading_token() + b'1'))\n  time.sleep(9)"),
        ("no frame at all", "def f(x):\n  say(b'OK' * 50)\n  time.sleep(9)"),
        ("an endless frame", "def f(x):\n  say(struct.pack('>IB', 2**32 - 1, 65) + bytes(99))\n  time.sleep(9)"),
        ("half a frame", "def f(x):\n  say(frame('A', loading_token() + b'2')[:-1])\n  time.sleep(9)"),
        ("no JSON", "def f(x):\n  say(frame('A', loading_token() + b'passed'))\n  time.sleep(9)"),
        ("bare JSON", "def f(x):\n  say(frame('A', loading_token() + b'[1,2]'))\n  time.sleep(9)"),
        ("a closed channel", "def f(x):\n  os.close(3)\n  time.sleep(9)"),
        ("a thread that speaks later", LATER),
        ("an answer kept for the next question", KEPT),
    ],
)
def test_forgeries_are_no_pass(sandbox: ZygoteSandbox, name: str, source: str) -> None:
    limits = Limits(cpu_seconds=1.0, wall_seconds=1.5)
    calls: list[Call] = [((x,), {}) for x in (1, 2, 5)]
    for execution in (
        sandbox.run_tests(FORGE + source, TESTS, entry="f", limits=limits),
        sandbox.run(FORGE + source, entry="f", calls=calls, limits=limits),
    ):
        assert execution.status in (Status.TAMPERED, Status.TIMEOUT, Status.OUTPUT), (name, execution)
        assert execution.scored
    assert execution.values != [2, 3, 6]
