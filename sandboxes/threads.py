"""Threads that work for others, and that no interrupt brings to a standstill.

The pools, events and conditions of the standard library take their locks in Python code. A KeyboardInterrupt that comes
right after one was taken leaves it taken for ever, and whoever asks for it next waits for ever. Here every wait is one
call of C, which an interrupt ends or leaves undone.
"""

from __future__ import annotations

import _thread
import itertools
import weakref
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import TypeVar

__all__ = ["Threads"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Queue = SimpleQueue[Callable[[], object] | None]


class Threads:
    """Some threads that wait for work. They end with :meth:`close`, with this object, or with the process.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._work: _Queue = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        for _ in range(count):
            _thread.start_new_thread(_serve, (self._work, self._ended))
        self._end = weakref.finalize(self, _end, self._work, count)
        self._end.atexit = False  # then they end by themselves

    def map(self, function: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """What the function makes of each item, in their order, side by side.

        An exception that the function raises is raised here. After it, or an interrupt, no item is begun.
        """
        results: dict[int, _Result] = {}
        positions = itertools.count()
        reports: SimpleQueue[BaseException | None] = SimpleQueue()
        is_wanted = True

        def work() -> None:
            # One piece of work for many items: to hand each to a thread may take as long as what is done with it.
            try:
                while is_wanted and (position := next(positions)) < len(items):
                    results[position] = function(items[position])
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
                reports.put(error)
            else:
                reports.put(None)

        busy = min(self._count, len(items))
        try:
            for _ in range(busy):
                self._work.put(work)
            for _ in range(busy):
                error = reports.get()
                if error is not None:
                    raise error
        finally:
            is_wanted = False
        return [results[position] for position in range(len(items))]

    def close(self) -> None:
        """End the threads, and wait until they have done what they were doing. Once."""
        self._end()
        for _ in range(self._count):
            self._ended.get()


def _serve(waiting: _Queue, ended: SimpleQueue[None]) -> None:
    while (work := waiting.get()) is not None:
        work()
        del work  # what it holds on to is not to live until the next work comes
    ended.put(None)


def _end(waiting: _Queue, count: int) -> None:
    for _ in range(count):
        waiting.put(None)
