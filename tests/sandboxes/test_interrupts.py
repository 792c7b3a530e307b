"""Ctrl-C at any moment of a run leaves no descriptor and no process, and the next job is run."""

from __future__ import annotations

import gc
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from sandboxes import Job, Sandbox, SandboxUnavailable, open_sandbox
from sandboxes.interrupts import BareSocket, descriptors_in, keep, socket_pair
from sandboxes.testing.outside import descendants

JOB = Job("def f(x):\n    return x + 1\n", entry="f", calls=[((i,), {}) for i in range(3)])
INTERRUPTS = 60

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is left is seen in /proc")


@pytest.fixture(params=["zygote", "monty", "bubblewrap"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    try:
        opened = open_sandbox(request.param, width=1)
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    with opened:
        yield opened


def descriptors() -> list[str]:
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(entry.readlink()).partition(":")[0])
        except OSError:  # the one of this folder
            continue
    return sorted(found)


def settled(state: Callable[[], object], wanted: object) -> object:
    for _ in range(500):
        gc.collect()
        if state() == wanted:
            break
        time.sleep(0.02)
    return state()


def run_until_interrupted(sandbox: Sandbox, seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    while True:
        sandbox.run_job(JOB)


# An object of Python's that an interrupt has lost closes its descriptor, and says so.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(method="thread")  # the alarm is used here
def test_nothing_is_left(sandbox: Sandbox) -> None:
    for _ in range(3):
        begun = time.perf_counter()
        assert sandbox.run_job(JOB).values == [1, 2, 3]
        usual = time.perf_counter() - begun
    state = descriptors(), len(descendants())
    moments = random.Random(0)
    handler = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for _ in range(INTERRUPTS):
            with pytest.raises(KeyboardInterrupt):
                run_until_interrupted(sandbox, moments.uniform(1e-5, 2 * usual))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    assert sandbox.run_job(JOB).values == [1, 2, 3]
    assert settled(lambda: (descriptors(), len(descendants())), state) == state


def test_what_is_kept_is_there_also_when_something_fails() -> None:
    held: list[int] = []
    try:
        assert keep(held, os.dup, 0) == held[0]
        with pytest.raises(OSError, match="Bad file"):
            keep(held, os.dup, 1 << 20)
        assert len(held) == 1
    finally:
        for descriptor in held:
            os.close(descriptor)
    assert descriptors_in([(b"", [(1, 1, b"\x05\0\0\0\x06\0\0\0\x07"), (0, 1, b"\x09\0\0\0")], 0, None)]) == [5, 6]


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_sockets_are_held_at_every_instruction() -> None:
    def interrupted_at(number: int) -> bool:
        """Make a pair with an interrupt at this instruction; whether there was one."""
        left = number

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal left
            frame.f_trace_opcodes = True
            left -= event == "opcode"
            if left < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
            return trace

        held: list[BareSocket] = []
        sys.settrace(trace)
        try:
            held += socket_pair()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(None)
            for end in held:
                end.close()
        return False

    before = descriptors()
    number = 0
    while interrupted_at(number):
        number += 1
        gc.collect()
        assert descriptors() == before, number
    assert number > 3
