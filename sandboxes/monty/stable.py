"""The interpreters of one Monty sandbox: those that wait, those at work, and who has which."""

from __future__ import annotations

import os
import threading
import weakref

from sandboxes.monty.interpreter import Interpreter, Lost
from sandboxes.monty.run import Run
from sandboxes.types import Limits, Status

__all__ = ["Lease", "Stable"]


class Stable:
    """The interpreters that wait, and those at work. Thread-safe; a forked child of this process has its own.

    Args:
        binary: of the interpreter.
        recycle_after: programs that one may run.
        width: how many may wait.
    """

    def __init__(self, binary: str, recycle_after: int, width: int) -> None:
        self.binary = binary
        self._recycle_after = recycle_after
        self._width = width
        self._lock = threading.Lock()
        self._idle: list[Interpreter] = []
        # Weak, so that one that an interrupt has lost on its way to its job ends; WeakSet takes five times as long.
        self._busy: dict[int, weakref.ref[Interpreter]] = {}
        self._owner = os.getpid()
        self._ended = False

    def take(self) -> Interpreter:
        """An idle interpreter, or a new one.

        Raises:
            Lost: there is to be none any more.
            SandboxUnavailable: there is none to be had.
        """
        with self._lock:
            if self._owner != os.getpid():
                for strange in (*self._idle, *self._at_work()):
                    strange.abandon()
                self._idle, self._busy, self._owner = [], {}, os.getpid()
            if self._ended:
                raise Lost(Status.INFRASTRUCTURE, "the sandbox has been closed")
            if self._idle:
                interpreter = self._idle.pop()
                self._busy[id(interpreter)] = interpreter.reference
                return interpreter
        interpreter = Interpreter(self.binary)
        with self._lock:
            self._busy[id(interpreter)] = interpreter.reference
            is_late = self._ended
        if is_late:
            self.give(interpreter, is_reusable=False)
            raise Lost(Status.INFRASTRUCTURE, "the sandbox has been closed")
        return interpreter

    def _at_work(self) -> list[Interpreter]:
        return [interpreter for reference in self._busy.values() if (interpreter := reference()) is not None]

    def give(self, interpreter: Interpreter, *, is_reusable: bool) -> None:
        """Hand one back."""
        with self._lock:
            self._busy.pop(id(interpreter), None)
            if (
                is_reusable
                and not self._ended
                and interpreter.owner == os.getpid()
                and interpreter.jobs < self._recycle_after
                and len(self._idle) < self._width
            ):
                self._idle.append(interpreter)
                return
        interpreter.kill()

    def end(self) -> None:
        """Kill all of them; those that run jobs find out by themselves."""
        with self._lock:
            self._ended = True
            idle, self._idle = self._idle, []
            for interpreter in self._at_work():
                if interpreter.owner == os.getpid():
                    interpreter.interrupt()
        for interpreter in idle:
            if interpreter.owner == os.getpid():
                interpreter.kill()
            else:
                interpreter.abandon()


class Lease:
    """A run in an interpreter from the stable; afterwards the interpreter goes back to it, or dies.

    Raises:
        Lost: there is no interpreter, or two of them died before they began.
        SandboxUnavailable: none can be started.
    """

    def __init__(self, stable: Stable, limits: Limits) -> None:
        self._stable = stable
        # One that died while it was idle has run nothing of this job.
        for is_last in (False, True):
            self._interpreter = stable.take()
            try:
                self.run = Run(self._interpreter, limits)
                return
            except Lost:
                stable.give(self._interpreter, is_reusable=False)
                if is_last:
                    raise

    def end(self) -> tuple[float, int]:
        """CPU seconds and peak bytes of the run, which is over with this."""
        used = self._interpreter.cpu_seconds()
        peak = self._interpreter.peak_bytes() if self._interpreter.jobs == 1 else 0
        try:
            self.run.finish(used)
        finally:
            self._stable.give(self._interpreter, is_reusable=self.run.is_reusable)
        return used, peak

    def abort(self) -> None:
        """End it in the middle of things."""
        self.run.is_reusable = False
        self.end()
