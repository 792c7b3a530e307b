"""The threads that work for others: their results, their end, and interrupts at every single moment."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from sandboxes.processes.commands import start
from sandboxes.testing.outside import descendants
from sandboxes.threads import Threads

# A signal cannot end a wait for a lock that nobody will ever let go of.
pytestmark = pytest.mark.timeout(120, method="thread")


class Interrupted(BaseException):
    """What comes in these tests where a KeyboardInterrupt would."""


def interrupted(function: Callable[[], object], moment: int) -> bool:
    """Call the function and interrupt it before its instruction of this number, in this thread; False: it was done."""
    left = moment

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left < 0:
                sys.settrace(None)
                raise Interrupted
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except Interrupted:
        return True
    finally:
        sys.settrace(before)
    return False


def moments(function: Callable[[], object]) -> int:
    """Interrupt the function at each of its instructions in turn; their number."""
    moment = 0
    while interrupted(function, moment):
        moment += 1
    return moment


def late_square(item: int) -> int:
    time.sleep(0.01 * (5 - item))
    return item * item


def thread_after_a_while(_: int) -> int:
    time.sleep(0.05)
    return threading.get_ident()


def test_results_come_in_the_order_of_the_items() -> None:
    threads = Threads(3)
    assert threads.map(late_square, range(5)) == [0, 1, 4, 9, 16]
    assert threads.map(str, []) == []
    assert len(set(threads.map(thread_after_a_while, range(3)))) == 3
    threads.close()


def test_an_exception_is_raised_and_what_follows_is_not_begun() -> None:
    begun = []

    def fail(item: int) -> None:
        begun.append(item)
        raise KeyError(item)

    threads = Threads(1)
    with pytest.raises(KeyError, match="0"):
        threads.map(fail, range(100))
    assert begun == [0]
    assert threads.map(str, [1, 2]) == ["1", "2"]
    threads.close()


def test_closing_waits_for_what_is_being_done() -> None:
    threads = Threads(2)
    done = []

    def work(item: int) -> None:
        time.sleep(0.2)
        done.append(item)

    other = threading.Thread(target=threads.map, args=(work, [1, 2]))
    other.start()
    time.sleep(0.05)
    threads.close()
    assert sorted(done) == [1, 2]
    other.join()


def test_threads_end_with_their_object_and_hold_on_to_nothing() -> None:
    class Thing:
        pass

    thing = Thing()
    gone = weakref.ref(thing)
    threads = Threads(1)
    threads.map(lambda item: item, [thing])
    ended = threads._ended
    del thing
    for _ in range(100):
        if gone() is None:
            break
        time.sleep(0.01)
    assert gone() is None
    del threads
    assert ended.get(timeout=10) is None


def test_an_interrupt_at_any_moment_of_a_call_stops_nobody() -> None:
    threads = Threads(2)

    def call() -> None:
        assert threads.map(abs, [-1, 2, -3]) == [1, 2, 3]

    assert moments(call) > 50
    call()
    threads.close()


def test_an_interrupt_at_any_moment_of_a_start_leaves_no_process() -> None:
    def begin(moment: int) -> bool:
        started: list[subprocess.Popen[bytes]] = []
        was_interrupted = interrupted(lambda: start(started, ["/bin/sleep", "1000"]), moment)
        for process in started:  # these the caller knows of
            process.kill()
            process.wait()
        return was_interrupted

    assert not begin(sys.maxsize)
    before = len(descendants())
    moments = 0
    while begin(moments):
        moments += 1
    assert moments > 50
    for _ in range(200):
        if len(descendants()) == before:
            break
        time.sleep(0.02)
    assert len(descendants()) == before
