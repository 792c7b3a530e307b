"""Programs that are not in the table: wrong functions dressed up with tricks, drawn at random.

The table says that known tricks fail; this says that what makes them fail does not know them. Each program is made of
a body that computes something wrong, of tricks that are put in front of it and round it (some of them whole rows of the
table), and of a way to use it: calls, tests, or a whole program. One in four is right, with harmless decoration, and
must pass.
"""

from __future__ import annotations

import random
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sandboxes.protocol import Sandbox
from sandboxes.testing.attacks import FAMILIES
from sandboxes.testing.attacks.tasks import OUTPUT, TESTS
from sandboxes.testing.program import LIMITS, PARTIAL, Program, Wall
from sandboxes.testing.tricks import DECORATIONS, FRONTS, RIGHT, ROUNDS, WRONG
from sandboxes.types import Call, Execution, Limits, Status

__all__ = ["Surprise", "draw_programs", "fuzz_sandbox"]

_AMPLE = Limits(cpu_seconds=10.0, wall_seconds=60.0)
_SHORT = Limits(**{**LIMITS.to_json(), "cpu_seconds": 0.3, "wall_seconds": 4.0})

# Rows that do their deed before they are asked; their own solve() is defined anew after them.
_TABLE = tuple(
    program.source
    for family in ("interpreter", "forgeries", "channel", "exits")
    for program in FAMILIES[family]
    if program.entry == "solve" and "def solve(n):" in program.source
)

_MAIN = """
import sys

for line in sys.__stdin__:
    sys.__stdout__.write(str(solve(int(line))) + "\\n")
"""


@dataclass(frozen=True, slots=True)
class Surprise:
    """A program that was scored in the wrong way.

    Attributes:
        program: with its source.
        execution: what came of it.
    """

    program: Program
    execution: Execution

    def __str__(self) -> str:
        said = "right and was not scored so" if self.program.passes else "wrong and was not scored so"
        ending = f"{self.execution.status}: {self.execution.reason}"
        return f"{self.program.name} is {said} ({ending}):\n{textwrap.indent(self.program.source, '    ')}"


def draw_programs(seed: int, count: int) -> Iterator[Program]:
    """``count`` programs, the same for the same seed; one in four is honest."""
    rng = random.Random(seed)
    for number in range(count):
        honest = rng.random() < 0.25
        if honest:
            fronts = rng.sample(DECORATIONS, rng.randint(0, 2))
        else:
            fronts = rng.sample((*FRONTS, *_TABLE), rng.randint(0, 3))
        turn = "" if honest or rng.random() < 0.4 else f"{rng.choice(ROUNDS)}\nsolve = turn(solve)\n"
        body = rng.choice(RIGHT if honest else WRONG)
        source = "\n".join([*fronts, f"def solve(n):\n    {body}\n", turn])
        yield _program(f"fuzz-{seed}-{number}", source, honest, rng.choice(("calls", "tests", "output")))


def fuzz_sandbox(sandbox: Sandbox, *, seed: int, count: int = 100) -> list[Surprise]:
    """Run random programs; those that were scored in the wrong way.

    Wrong programs must not be scored as right, and must be scored: one that can make a sandbox give up is never
    punished. That a sandbox of a tier in :data:`sandboxes.testing.program.PARTIAL` refuses a program is no surprise.

    Args:
        sandbox: stays open.
        seed: of the programs.
        count: how many.

    Returns:
        [] for a sandbox that holds.
    """
    programs = list(draw_programs(seed, count))
    executions = sandbox.run_many([program.job({}) for program in programs])
    return [
        Surprise(program, execution)
        for program, execution in zip(programs, executions, strict=True)
        if not _as_it_should(program, execution)
    ]


def _program(name: str, source: str, honest: bool, use: str) -> Program:
    program = Program(
        name=name,
        aim="right, decorated" if honest else "wrong, with tricks",
        wall=Wall.VERDICT,
        source=source,
        passes=honest,
        limits=_AMPLE if honest else _SHORT,
    )
    if use == "calls":
        calls: tuple[Call, ...] = tuple(((number,), {}) for number in (3, 5, 11))
        return replace(program, entry="solve", calls=calls, right=[68, 166, 1372])
    if use == "tests":
        return replace(program, entry="solve", tests=TESTS)
    # What decorations print would be a part of the output, and what tricks print would be right.
    source = source.replace('print("starting")', "").replace("1372", "1373")
    return replace(program, source=source + _MAIN, stdin="3\n5\n11\n", right=f"{OUTPUT}1372\n")


def _as_it_should(program: Program, execution: Execution) -> bool:
    if not execution.scored:
        return execution.status is Status.REFUSED and execution.tier in PARTIAL
    return program.scored_right(execution) == program.passes
