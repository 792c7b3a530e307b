"""What a row of the table is: a program, how it is used, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sandboxes.types import Call, Execution, Job, Limits, Mode, Status, Tier
from sandboxes.values import same

__all__ = ["LIMITS", "PARTIAL", "REACHED", "WALLS", "Program", "Wall"]

LIMITS = Limits(cpu_seconds=1.0, wall_seconds=10.0, memory_bytes=128 << 20, output_bytes=64 << 10)
"""What a row gets that brings no limits of its own: little, because many rows use all that they get."""

REACHED = "REACHED"
"""First word of a line by which a program says that it came through. Other lines say what stopped it."""


class Wall(StrEnum):
    """What a row runs against. A sandbox is tried at the walls that its tier promises, see :data:`WALLS`."""

    VERDICT = "verdict"
    """Wrong answers are never scored as right ones, and a program cannot make the sandbox look broken."""
    TIME = "time"
    """A program ends at its limit, whatever it does about it."""
    MEMORY = "memory"
    """It cannot have more memory than it is allowed."""
    OUTPUT = "output"
    """It cannot send more than it is allowed, and what it sends is plain data."""
    PROCESSES = "processes"
    """No processes beyond the allowed number, and none that outlives the job."""
    READING = "reading"
    """Files, environment and memory of the host and of other jobs cannot be read."""
    WRITING = "writing"
    """Nothing is written outside of the scratch folder, and no more in it than is allowed."""
    NETWORK = "network"
    """No socket reaches anything."""
    SIGNALS = "signals"
    """Other processes cannot be signalled, traced or tuned."""
    STATE = "state"
    """A job leaves nothing behind for the next one."""
    KERNEL = "kernel"
    """System calls that well-behaved programs have no need for, and behind which kernels had their holes, are shut."""


_EVERYWHERE = frozenset({Wall.VERDICT, Wall.TIME, Wall.OUTPUT})

WALLS: Mapping[Tier, frozenset[Wall]] = {
    Tier.NAMESPACES: frozenset(Wall),
    Tier.LANDLOCK: frozenset(Wall),
    Tier.INTERPRETER: frozenset(Wall),
    Tier.REMOTE: _EVERYWHERE,
    Tier.RLIMITS: _EVERYWHERE | {Wall.MEMORY},
    Tier.NONE: _EVERYWHERE,
}
"""What each tier promises. Rows against other walls are not run there: they would do what they try to do."""

PARTIAL = frozenset({Tier.INTERPRETER, Tier.REMOTE})
"""Tiers that may refuse a program or end it in another way: what runs it is not the Python that it was written for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One row: a program, how it is used, and what must come of it.

    Attributes:
        name: unique in the table, lower case with hyphens.
        aim: what it tries, in words.
        wall: what it runs against.
        source: the program.
        entry: the function that is called; None for a whole program.
        calls: arguments of each call. Empty with an entry and without tests: one call, whose only argument is the dict
            of :attr:`sandboxes.testing.outside.Outside.targets`, and which returns lines, see :data:`REACHED`.
        stdin: standard input of a whole program.
        tests: tests of the entry, see :class:`sandboxes.types.Job`.
        right: what an honest program would answer: a list with one value a call, or a whole program's output.
        passes: whether the program is honest and must be scored as right. All others must not.
        next: a program that is run after this one, with the same use, a few times; what it answers counts as well.
        ends: how it may end, where that is certain; None: in any way that :attr:`sandboxes.types.Status.scored` allows.
        limits: what it is allowed.
        files: laid into the scratch folder.
        fetch: asked back from there.
        usual_in: back ends in which what it reports to have REACHED is no breach, because running any language needs
            it; what is seen from outside counts there as well.
        full_python: an honest program that an interpreter of a part of Python may refuse.
    """

    name: str
    aim: str
    wall: Wall
    source: str
    entry: str | None = None
    calls: tuple[Call, ...] = ()
    stdin: str | None = None
    tests: str | None = None
    right: Any = None
    passes: bool = False
    next: str | None = None
    ends: frozenset[Status] | None = None
    limits: Limits = LIMITS
    files: Mapping[str, bytes] = field(default_factory=dict)
    fetch: tuple[str, ...] = ()
    usual_in: frozenset[str] = frozenset()
    full_python: bool = False

    @property
    def reports(self) -> bool:
        """Whether it is called with the targets and returns lines."""
        return self.entry is not None and not self.calls and self.tests is None

    def job(self, targets: Mapping[str, Any], source: str | None = None) -> Job:
        """The job that runs it (or ``source`` in its place)."""
        return Job(
            self.source if source is None else source,
            entry=self.entry,
            calls=(((dict(targets),), {}),) if self.reports else self.calls,
            stdin=self.stdin,
            tests=self.tests,
            limits=self.limits,
            files=self.files,
            fetch=self.fetch,
        )

    def scored_right(self, execution: Execution) -> bool:
        """Whether a caller who compares as he should would take it for right."""
        mode = Mode.TESTS if self.tests is not None else Mode.PROGRAM if self.entry is None else Mode.CALLS
        if mode is Mode.TESTS:
            return execution.ok
        if mode is Mode.PROGRAM:
            return execution.ok and execution.stdout == self.right
        return execution.ok and same(execution.values, self.right)
