"""Attacks that know the zygote's own code: they take the token out of its frames and speak its protocol."""

from __future__ import annotations

import time
from typing import Any

import pytest

import sandboxes
from sandboxes import SandboxUnavailable, Status
from sandboxes.testing import LIMITS, Program, Wall, check_sandbox
from sandboxes.testing.attacks.tasks import OUTPUT, SLEEPY, TESTS, cheat, cheat_output, cheat_tests
from sandboxes.types import Limits

# What is open when this runs: the token of the job while the program is loaded, then that of the question.
KNOWING = """
import os, struct, sys

def find_token():
    frame = sys._getframe()
    while "token" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["token"]

def say(kind, body=b"", mark=None):
    data = (find_token() if mark is None else mark) + body
    os.write(3, struct.pack(">IB", len(data) + 1, ord(kind)) + data)

"""

TAMPERED = frozenset({Status.TAMPERED})
ROOM = Limits(**{**LIMITS.to_json(), "files": 4, "file_bytes": 1 << 16})


def knowing(name: str, aim: str, source: str, **more: Any) -> Program:
    return cheat(f"inside-{name}", aim, KNOWING + source, **more)


MALFORMED = [
    b"", b"[", b"[]", b"68 68", b'["x"]', b"NaN", b"{}", b'{"a":1}', b'["i","zz"]', b'["i",1]', b'["b","0"]',
    b'["f","1"]', b'["s",1,1]', b'["d",1]', b'["d",["l"],1]', b'["c",1,2]', b"[" * 5000, b"\xff", b'"\\ud800"',
    b'["s",' + b",".join(b"%d" % (((1 << 61) - 1) * k) for k in range(200)) + b"]", b"9" * 5000,
]  # fmt: skip

ERRORS = (
    b"StopIteration: ", b"StopAsyncIteration", b"GeneratorExit: ", b"SystemExit: 0", b"KeyboardInterrupt: ",
    b"_CandidateEnded: ", b"BaseException: x", b"ExceptionGroup: x", b"object: ", b"print: x", b"__import__: os",
    b"", b": ", b"\xff\xfe", b"UnicodeDecodeError: x",
)  # fmt: skip

MAPPED = "def check(candidate):\n    assert all(map(lambda n: candidate(n) == n ** 3 + 41, (3, 5)))\n"

INSIDE = [
    knowing(
        "answers-before-questions",
        "says that it is ready, and both answers, with the token that it has",
        "say('R')\nsay('A', b'68')\nsay('A', b'166')\n\ndef solve(n):\n    return None\n",
        ends=TAMPERED,
    ),
    knowing(
        "two-answers",
        "the answer to the next question together with the first one",
        "def solve(n):\n    say('A', b'68')\n    say('A', b'166')\n    return None\n",
        ends=TAMPERED,
    ),
    knowing(
        "answer-without-token",
        "an answer as it would be without one",
        "def solve(n):\n    say('A', b'68', b'')\n    os._exit(0)\n",
        ends=TAMPERED,
    ),
    knowing(
        "answer-with-an-old-token",
        "the token of the first question for the second one",
        "marks = []\n\ndef solve(n):\n    marks.append(find_token())\n    if n == 3:\n        return 68\n"
        "    say('A', b'166', marks[0])\n    os._exit(0)\n",
        ends=TAMPERED,
    ),
    *(
        knowing(
            f"kind-{ord(kind)}",
            "a frame of a kind that is another one's to send, or nobody's",
            f"def solve(n):\n    say({kind!r}, b'68')\n    return None\n",
            ends=TAMPERED,
        )
        for kind in "JQPCRDF!X\0"
    ),
    *(
        knowing(
            f"kind-{ord(kind)}-at-import",
            "the same before the program is loaded",
            f"say({kind!r}, b'68')\n\ndef solve(n):\n    return None\n",
            ends=TAMPERED,
        )
        for kind in "JQPCADF!X\0"
    ),
    *(
        knowing(
            f"malformed-{number}",
            "an answer that is no value",
            f"def solve(n):\n    say('A', {body!r})\n    os._exit(0)\n",
            ends=TAMPERED | {Status.OUTPUT},
        )
        for number, body in enumerate(MALFORMED)
    ),
    *(
        knowing(
            f"length-{length}",
            "a frame whose length is a lie",
            f"""
import time

def solve(n):
    os.write(3, struct.pack(">IB", {length}, 65) + find_token() + b"68")
    time.sleep(60)
""",
            limits=SLEEPY,
            ends=frozenset({Status.TAMPERED, Status.OUTPUT, Status.TIMEOUT}),
        )
        for length in (0, 1, 5, 16, 17, 10_000, 1 << 20, (1 << 31) - 1, (1 << 32) - 1)
    ),
    knowing(
        "one-byte-at-a-time",
        "a frame that takes for ever",
        "import time\n\ndef solve(n):\n    os.write(3, struct.pack('>IB', 60000, 65))\n    while True:\n"
        "        os.write(3, b'x')\n        time.sleep(0.001)\n",
        limits=SLEEPY,
        ends=frozenset({Status.TIMEOUT}),
    ),
    knowing(
        "replaced-encoder",
        "the functions of the inside give what a program likes",
        "inmate = sys.modules['sandboxes.inmate']\ninmate.dump_value = lambda value: b'true'\n"
        "inmate._describe = lambda error: b'\\xff' * 10_000_000\n\ndef solve(n):\n    return None\n",
    ),
    knowing(
        "endless-error",
        "an error whose text is longer than any that the inside would send",
        "def solve(n):\n    say('E', b'ValueError: ' + b'x' * 60_000)\n    os._exit(0)\n",
    ),
    cheat_output(
        "inside-program-that-speaks",
        "a whole program has nothing to say on the channel, and says it went well",
        KNOWING + f"os.write(1, {OUTPUT.encode()!r})\nfor kind in 'JQPCRADF!':\n    say(kind, b'68')\nos._exit(3)\n",
    ),
    *(
        cheat_tests(
            f"inside-tests-error-{number}",
            "an exception that only the frames of this sandbox can name",
            KNOWING + f"def solve(n):\n    say('E', {text!r})\n    os._exit(0)\n",
            tests=tests,
        )
        for number, (text, tests) in enumerate((text, tests) for text in ERRORS for tests in (TESTS, MAPPED))
    ),
    cheat(
        "inside-foreign-files",
        "hands over files by names of its own choice: whoever writes them out by name writes anywhere",
        """
import sys

def solve(n):
    files = {"../../escaped": b"x", "/etc/cron.d/x": b"x", "a": b"x"}
    sys.modules["sandboxes.inmate"]._fetched = lambda paths: files
    return None
""",
        limits=ROOM,
        fetch=("a",),
    ),
    cheat(
        "inside-large-files",
        "hands over files that are larger than they could have been",
        """
import sys

def solve(n):
    sys.modules["sandboxes.inmate"]._fetched = lambda paths: {"a": b"x" * 70_000}
    return None
""",
        limits=ROOM,
        fetch=("a",),
    ),
    cheat_output(
        "inside-files-of-a-program",
        "the same from a whole program, which then fails",
        KNOWING + "import json\nsay('D', json.dumps(['d', '../../escaped', ['b', '00']]).encode())\nos._exit(1)\n",
        limits=ROOM,
        fetch=("a",),
    ),
]


@pytest.mark.parametrize("tier", ["namespaces", "landlock"])
def test_programs_that_speak_the_protocol_gain_nothing(tier: str) -> None:
    def make() -> sandboxes.Sandbox:
        return sandboxes.open_sandbox("zygote", minimum_tier=tier, maximum_tier=tier)

    try:
        make().close()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    check_sandbox(make, programs=INSIDE)


def test_they_know_what_they_are_talking_about() -> None:
    """A program that says what it should, by the same means, is believed: else the others would prove nothing."""
    source = (
        KNOWING
        + "def solve(n):\n    say('A', b'%d' % (n ** 3 + 41))\n    sys.modules['sandboxes.inmate'].wire.send = print\n"
    )
    honest = Program(
        name="inside-honest",
        aim="answers by itself",
        wall=Wall.VERDICT,
        source=source,
        entry="solve",
        calls=(((3,), {}),),
        right=[68],
        passes=True,
    )
    check_sandbox("zygote", programs=[honest])


def test_what_is_said_between_the_calls_of_a_session_is_tampering() -> None:
    source = (
        KNOWING
        + """
import threading, time

def later(mark):
    time.sleep(0.01)
    say("A", b"166", mark)

def solve(n):
    threading.Thread(target=later, args=(find_token(),)).start()
    return n
"""
    )
    with sandboxes.open_sandbox("zygote") as sandbox, sandbox.session(source, entry="solve") as session:
        assert session.call(3).value == 3
        time.sleep(0.1)
        assert session.call(5).status is Status.TAMPERED
        assert session.call(7).status is Status.NOT_RUN
        assert session.close().status is Status.TAMPERED
