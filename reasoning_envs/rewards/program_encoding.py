"""Programs and their steps as bags of integers, for learned PRMs: what was written, and what it computes.

A step becomes two bags. The first is what one reads: the lines that came and went, as n-grams of their trees with
variables told by how they stand (a parameter by its type, the newest variable, an older one), the operations that were
there before, how many lines or edits are left, and how the outputs that are wanted look beside each parameter. The
second, on the *arithmetic* track alone, is what one sees who runs the program on the visible examples: the
:class:`~reasoning_envs.programs.signatures.Signature` of the new values, and of all others, beside what is wanted, and
on how many examples they are equal. No hidden test, no certificate and no other program is looked at.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.domains.code.repair_states import RepairSpec
from reasoning_envs.domains.problems.programs import Spec, read_line, read_spec
from reasoning_envs.domains.problems.repair import read_repair
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.programs.interpreter import trace
from reasoning_envs.programs.signatures import Signature, signature
from reasoning_envs.programs.trees import Expr, Line, Program, free_names
from reasoning_envs.programs.values import Type, Value
from reasoning_envs.types import Problem

__all__ = ["PROGRAM_DOMAINS", "PROGRAM_ENCODING_VERSION", "VALUE_CODES", "ProgramEncoder", "ProgramReading"]

PROGRAM_DOMAINS = frozenset({"synthesis", "repair"})
"""Domains whose lines are programs."""

PROGRAM_ENCODING_VERSION = 1
"""Raised whenever the same step would get other integers: models of another version are refused."""

VALUE_CODES = 16_384
"""Codes of the second bag are in 0 .. VALUE_CODES - 1."""

_Codes = NDArray[np.int32]
_Columns = tuple[tuple[Type, tuple[Value | None, ...]], ...]

_LEFT = re.compile(r"\s+# (\d{1,2}) edits? left$")
_CACHE = 50_000
_SPECS = 1024
_TOLD = 60  # characters of a line in a critique


class ProgramReading(NamedTuple):
    """A line of a code episode, read once.

    Attributes:
        lines: of the program so far. result: what it returns; None where nothing has been written.
        left: lines or edits that may still come. finished: it has been submitted.
        names: of parameters and lines, in order.
        columns: per name its type and its values on the visible examples, None where there was an error, and last of
            all those of the result; empty on the text track.
    """

    lines: tuple[Line, ...]
    result: Expr | None
    left: int
    finished: bool
    names: tuple[str, ...]
    columns: _Columns


class ProgramEncoder:
    """Turns lines and steps of ``CodeLines`` and ``CodeRepair`` into bags.

    The context of a line is the statement of its problem, which tells the examples.

    Args:
        track: ``"arithmetic"`` runs programs on the visible examples, ``"text"`` does not.
        change_buckets, line_buckets: n-grams are hashed into these many codes.
    """

    version: int | str = f"programs {PROGRAM_ENCODING_VERSION}"

    def __init__(self, track: str, change_buckets: int, line_buckets: int) -> None:
        self.track = track
        self.line_buckets = line_buckets
        self.step_codes: tuple[int, ...] = (change_buckets, VALUE_CODES) if track == "arithmetic" else (change_buckets,)
        self._specs: OrderedDict[str, Spec] = OrderedDict()
        self._readings: dict[tuple[str, str], ProgramReading | None] = {}

    def context(self, problem: Problem) -> str:
        """What a line of the problem has to be read with: its statement."""
        return problem.statement

    def read(self, line: str, context: str) -> ProgramReading | None:
        """The program that a line holds, or the statement itself, which is where an episode starts; None for others."""
        key = (context, line)
        if key not in self._readings:
            try:
                reading = self._read(line, context)
            except InputError:
                reading = None
            if len(self._readings) >= _CACHE:
                del self._readings[next(iter(self._readings))]
            self._readings[key] = reading
        return self._readings[key]

    def _read(self, line: str, context: str) -> ProgramReading:
        spec = self._spec(context)
        if line == context:
            return self._reading(spec, spec.broken if isinstance(spec, RepairSpec) else None, spec.limit, False)
        match = _LEFT.search(line)
        program, finished = read_line(line if match is None else line[: match.start()])
        if match is not None:
            return self._reading(spec, program, int(match[1]), False)
        if finished or program is None:
            return self._reading(spec, program, 0 if finished else spec.limit, finished)
        return self._reading(spec, program, max(spec.limit - len(program.lines), 0), False)

    def _spec(self, context: str) -> Spec:
        found = self._specs.get(context)
        if found is None:
            found, _, body = read_spec(context)
            if body:  # a program to be mended stands behind the examples
                found = read_repair(context)[0]
            self._specs[context] = found
            if len(self._specs) > _SPECS:
                self._specs.popitem(last=False)
        return found

    def _reading(self, spec: Spec, program: Program | None, left: int, finished: bool) -> ProgramReading:
        lines = () if program is None else program.lines
        names = (*(parameter.name for parameter in spec.parameters), *(line.target for line in lines))
        columns = self._columns(spec, program) if self.track == "arithmetic" else ()
        return ProgramReading(lines, None if program is None else program.result, left, finished, names, columns)

    @staticmethod
    def _columns(spec: Spec, program: Program | None) -> _Columns:
        shown = [case.arguments for case in spec.shown]
        kinds = [parameter.type for parameter in spec.parameters]
        rows: list[list[Value | None]] = [list(args) for args in shown]
        if program is not None:
            kinds += [*(line.expr.type for line in program.lines), program.result.type]
            rows = [[*args, *(outcome.value for outcome in trace(program, args))] for args in shown]
        full = [[*row, *[None] * (len(kinds) - len(row))] for row in rows]  # a run ends with its first error
        return tuple(zip(kinds, zip(*full, strict=True), strict=True))

    # -- bags ---------------------------------------------------------------------------------------------------------

    def step(self, before: ProgramReading, after: ProgramReading, context: str) -> tuple[_Codes, ...]:
        """The bags of a step: what was written, and on the arithmetic track what it computes."""
        spec = self._spec(context)
        written = _hashed(self._written(spec, before, after), self.step_codes[0])
        if self.track != "arithmetic":
            return (written,)
        return written, _hashed(_computed(spec, before, after), VALUE_CODES)

    def _written(self, spec: Spec, before: ProgramReading, after: ProgramReading) -> Iterator[str]:
        ending = f"left {after.left}" if not after.finished else f"submitted, left {before.left}"
        yield ending
        kind = "" if after.result is None else after.result.type.value
        yield f"{ending}: {kind} of {spec.result.value}"
        yield f"{ending}: {_unused(after)} unused"
        gone, came = _changed(before, after)
        grams = [*_tree_grams(gone, before, "-"), *_tree_grams(came, after, "+")]
        yield from grams
        whole = [gram for gram in grams if gram.startswith(("-=", "+="))]
        yield " ".join(whole)
        yield f"{ending}: {' '.join(whole)}"
        yield f"{len(gone)} gone {len(came)} came"
        tops = [gram for gram in grams if gram.startswith(("-.", "+."))]
        for line in before.lines:
            yield f"there {line.expr.op}"
            yield from (f"there {line.expr.op} {top}" for top in tops)
        for at, parameter in enumerate(spec.parameters):
            values = [case.arguments[at] for case in spec.shown]
            for held in _holds(signature(parameter.type, values, spec.result, _wanted(spec))):
                yield f"parameter {held}"
                yield from (f"parameter {held} {top}" for top in tops)

    def line(self, reading: ProgramReading, context: str) -> _Codes:
        """Codes in 0 .. line_buckets - 1 for a line by itself."""
        spec = self._spec(context)
        ending = f"left {reading.left}, submitted {reading.finished}"
        grams = [ending, f"{ending} {_unused(reading)}", f"lines {len(reading.lines)}"]
        grams += [f"there {line.expr.op}" for line in reading.lines]
        if reading.result is not None:
            grams.append(f"{ending}: {reading.result.type.value} of {spec.result.value}")
        if reading.columns:
            grams += [f"{ending} newest {held}" for held in _beside(spec, reading.columns[-1])]
            grams += [f"{ending} {held}" for column in reading.columns[:-1] for held in _beside(spec, column)]
        return _hashed(grams, self.line_buckets)

    def words(self, before: ProgramReading, after: ProgramReading) -> str:
        """The change as a phrase: ``"v2 = sum(v1) is written"``."""
        if after.finished and not before.finished:
            return "the program is submitted"
        gone, came = ([f"{line.target} = {line.expr}"[:_TOLD] for line in lines] for lines in _changed(before, after))
        if gone and came:
            return f"{'; '.join(gone)} becomes {'; '.join(came)}"
        if not gone and not came:
            return "nothing changes"
        return f"{'; '.join(came)} is written" if came else f"{'; '.join(gone)} goes"


def _wanted(spec: Spec) -> list[Value | None]:
    return [case.output for case in spec.shown]


def _changed(before: ProgramReading, after: ProgramReading) -> tuple[list[Line], list[Line]]:
    """The lines that went and that came; the result of a finished program counts as one where it changes."""
    old, new = list(before.lines), list(after.lines)
    if old and new and before.result is not None and after.result is not None and len(old) == len(new):
        old.append(Line("return", before.result))
        new.append(Line("return", after.result))
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return old[start : len(old) - end], new[start : len(new) - end]


def _unused(reading: ProgramReading) -> int:
    """Lines whose variable nothing has taken up, 3 at most."""
    used: set[str] = set() if reading.result is None else set(free_names(reading.result))
    used.update(*(free_names(line.expr) for line in reading.lines))
    return min(sum(line.target not in used for line in reading.lines), 3)


def _tree_grams(lines: Sequence[Line], reading: ProgramReading, sign: str) -> Iterator[str]:
    """n-grams of the trees of lines; ``=`` marks a whole line, ``.`` its operation."""
    for line in lines:
        place = reading.names.index(line.target) if line.target in reading.names else len(reading.names)
        names = {name: _role(name, at, place, reading) for at, name in enumerate(reading.names)}
        yield f"{sign}={_whole(line.expr, names)}"
        yield f"{sign}.{line.expr.op}"
        yield f"{sign}{line.expr.op} at {min(place, 9)}"
        stack: list[tuple[Expr, str]] = [(line.expr, "")]
        while stack:
            node, parent = stack.pop()
            label = _label(node, names)
            yield f"{sign}{label}"
            yield f"{sign}{parent}>{label}"
            if node.args:
                yield f"{sign}{label}({','.join(_label(arg, names) for arg in node.args)})"
                stack.extend((arg, f"{label} {at}") for at, arg in enumerate(node.args))


def _role(name: str, at: int, place: int, reading: ProgramReading) -> str:
    """A variable by how it stands: nothing is learned by heart from a name."""
    parameters = len(reading.names) - len(reading.lines)
    if at < parameters:
        return f"parameter {at}"
    return "newest" if at == place - 1 else "older"


def _label(node: Expr, names: dict[str, str]) -> str:
    if node.op == "var":
        return f"{names.get(str(node.value), 'bound')}:{node.type.value}"
    return f"const {node.value!r:.24}" if node.op == "const" else node.op


def _whole(node: Expr, names: dict[str, str]) -> str:
    label = _label(node, names)
    return f"{label}({','.join(_whole(arg, names) for arg in node.args)})" if node.args else label


def _computed(spec: Spec, before: ProgramReading, after: ProgramReading) -> Iterator[str]:
    """What one sees who runs both programs."""
    left = f"left {after.left}" if not after.finished else "submitted"
    newest = after.columns[-1]
    new = _beside(spec, newest)
    for held in new:
        yield held
        yield f"{left} {held}"
    _, came = _changed(before, after)
    for held in new:
        yield from (f"{line.expr.op} {held}" for line in came)
    there = before.columns[-1] if before.lines else None
    if there is not None:
        old = _beside(spec, there)
        yield from (f"before {held}" for held in old)
        yield from (f"lost {held}" for held in sorted(set(old) - set(new)))
        yield from (f"gained {held}" for held in sorted(set(new) - set(old)))
        gain = _equal(spec, newest) - _equal(spec, there)
        yield f"gain {gain} {left}"
        if newest == there:
            yield f"nothing changes, {left}"
    for column in after.columns[:-1]:
        yield from (f"there {held}" for held in _beside(spec, column))
        yield from (f"{left} there {held}" for held in _beside(spec, column))


def _equal(spec: Spec, column: tuple[Type, tuple[Value | None, ...]]) -> int:
    return signature(*column, spec.result, _wanted(spec)).equal


def _beside(spec: Spec, column: tuple[Type, tuple[Value | None, ...]]) -> list[str]:
    return list(_holds(signature(*column, spec.result, _wanted(spec))))


def _holds(found: Signature) -> Iterator[str]:
    """What holds of two rows of values, on all examples or on some."""
    yield f"{found.pair} equal {found.equal}"
    if found.missing:
        yield f"{found.pair} missing"
    for number in range(found.somewhere.bit_length()):
        if found.somewhere >> number & 1:
            yield f"{found.pair} {'all' if found.everywhere >> number & 1 else 'some'} {number}"


def _hashed(grams: Iterator[str] | Sequence[str], buckets: int) -> _Codes:
    return np.array([crc32(gram.encode()) % buckets for gram in grams], dtype=np.int32)
