"""Workers that are processes of this machine."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, TypeVar, cast

from reasoning_envs.workers.protocol import RETRIES, Answer, Workers, call

__all__ = ["ProcessWorkers"]

T = TypeVar("T")
R = TypeVar("R")

_CONTEXT = multiprocessing.get_context("spawn")  # a fork would copy the locks of numerical libraries, and hang


class ProcessWorkers(Workers):
    """See :class:`~reasoning_envs.workers.protocol.Workers`. Processes are started when there is work for them.

    Args:
        count: of processes, 1 or more.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._idle: list[_Process] = []
        self._busy: dict[Connection, tuple[_Process, int]] = {}

    def run(self, function: Callable[[T], R], tasks: Sequence[T], *, fresh: bool = False) -> Iterator[Answer[R]]:
        waiting = deque(range(len(tasks)))
        deaths = [0] * len(tasks)
        try:
            while waiting or self._busy:
                while waiting and len(self._busy) < self.count:
                    process = self._idle.pop() if self._idle else _Process()
                    index = waiting.popleft()
                    self._busy[process.connection] = (process, index)
                    process.give(function, tasks[index])
                for ready in wait(list(self._busy)):
                    process, index = self._busy.pop(cast(Connection, ready))
                    answer = process.answer()
                    if answer is not None:
                        if fresh:
                            process.end()
                        else:
                            self._idle.append(process)
                        yield Answer(index, *answer)
                        continue
                    exitcode = process.end()
                    deaths[index] += 1
                    if deaths[index] <= RETRIES:
                        waiting.appendleft(index)
                    else:
                        yield Answer(index, None, f"its worker died {deaths[index]} times, last with exit {exitcode}")
        finally:
            self._stop_busy()  # whoever stops listening, or Ctrl-C, leaves nothing running

    def close(self) -> None:
        self._stop_busy()
        while self._idle:
            self._idle.pop().end()

    def _stop_busy(self) -> None:
        while self._busy:
            self._busy.popitem()[1][0].end()


class _Process:
    """One process, and the pipe to it."""

    def __init__(self) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self._process: SpawnProcess = _CONTEXT.Process(target=_work, args=(theirs,))
        self._process.start()
        theirs.close()

    def give(self, function: Callable[[Any], Any], task: Any) -> None:
        try:
            self.connection.send((function, task))
        except (BrokenPipeError, ConnectionResetError):
            return  # it died while idle; answer() finds that out

    def answer(self) -> tuple[Any, str] | None:
        """What it sent; None where it died."""
        try:
            value, error = self.connection.recv()
        except (EOFError, ConnectionResetError):
            return None
        return value, error

    def end(self) -> int | None:
        """Stop it, whatever it does; its exit code."""
        self.connection.close()
        self._process.terminate()
        self._process.join()
        return self._process.exitcode


def _work(connection: Connection) -> None:
    """Answer tasks until the parent hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its children
    while True:
        try:
            function, task = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        answer = call(function, task)
        try:
            connection.send(answer)
        except BrokenPipeError:
            return
