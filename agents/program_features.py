"""Candidates of the code environments as bags of integers: what a line computes beside what is wanted.

A candidate line is described by its *signature*: properties of its values and the target's, each of which holds on all
visible examples, on none, or on some (Odena and Sutton, "Learning to represent programs with property signatures", ICLR
2020). They say what a person sees who compares two rows of values: equal, of equal length, one the start of the other,
the sum of the one is the other. Properties stand alone, with the number of lines left, and with the kind of line; so do
those of the variables that the line works on. An edit is described by its kind, what it puts for what, where it stands,
and the signature of what the program gives now.

Only what an agent sees is looked at: visible examples. Hashes are 32-bit multiplications of numbers, the same in every
process; buckets are those of :mod:`agents.features`, so that one network serves all domains.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

from agents.features import BUCKETS, Encoded
from reasoning_envs.domains.code.repair_states import EditAction, RepairState
from reasoning_envs.domains.code.synthesis_space import ProblemSpace
from reasoning_envs.domains.code.synthesis_states import LineAction, LinesState
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.programs.edits import Insert, Remove, Replace, expression_at
from reasoning_envs.programs.trees import at
from reasoning_envs.programs.values import Type, Value

__all__ = ["PROGRAM_FEATURES_VERSION", "LineFeaturiser", "RepairFeaturiser", "signature"]

PROGRAM_FEATURES_VERSION = "programs-1"
"""Changes whenever the meaning of a bucket does: a policy of another version cannot be loaded."""

_MASK = 0xFFFFFFFF
_A, _B, _C = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
_CACHE_LIMIT = 200_000

Property = Callable[[Any, Any], Any]


def _bucket(*parts: int) -> int:
    code = 0x2545F491
    for part in parts:
        code = ((code ^ (part & _MASK)) * _A + _B) & _MASK
        code ^= code >> 15
    return ((code * _C) & _MASK) % BUCKETS


@lru_cache(maxsize=16_384)
def _word(text: str) -> int:
    return crc32(text.encode())


def _number(value: Any) -> bool:
    return type(value) is int


_SAME: tuple[Property, ...] = (lambda v, t: v == t,)
_ORDERED: tuple[Property, ...] = (*_SAME, lambda v, t: v < t, lambda v, t: v > t)
_PROPERTIES: dict[tuple[Type, Type], tuple[Property, ...]] = {
    (Type.INT, Type.INT): (
        *_ORDERED,
        lambda v, t: v == -t,
        lambda v, t: abs(v - t) == 1,
        lambda v, t: v != 0 and t % v == 0,
        lambda v, t: t != 0 and v % t == 0,
        lambda v, t: v == 2 * t or t == 2 * v,
        lambda v, t: v == 0,
        lambda v, t: v % 2 == t % 2,
        lambda v, t: (v < 0) == (t < 0),
        lambda v, t: abs(v) > abs(t),
    ),
    (Type.LIST, Type.LIST): (
        *_SAME,
        lambda v, t: len(v) == len(t),
        lambda v, t: len(v) > len(t),
        lambda v, t: sum(v) == sum(t),
        lambda v, t: sorted(v) == sorted(t),
        lambda v, t: v == t[::-1],
        lambda v, t: v[: len(t)] == t,
        lambda v, t: t[: len(v)] == v,
        lambda v, t: v[len(v) - len(t) :] == t if len(v) >= len(t) else False,
        lambda v, t: set(v) <= set(t),
        lambda v, t: set(t) <= set(v),
        lambda v, t: list(v) == sorted(v),
        lambda v, t: list(t) == sorted(t),
        lambda v, t: v[:1] == t[:1],
        lambda v, t: v[-1:] == t[-1:],
        lambda v, t: bool(v) and bool(t) and max(v) == max(t),
        lambda v, t: bool(v) and bool(t) and min(v) == min(t),
        lambda v, t: len(v) == len(t) and len({b - a for a, b in zip(v, t, strict=True)}) <= 1,
        lambda v, t: len(v) == len(t) and all(b % a == 0 if a else b == 0 for a, b in zip(v, t, strict=True)),
        lambda v, t: not v,
    ),
    (Type.LIST, Type.INT): (
        lambda v, t: sum(v) == t,
        lambda v, t: len(v) == t,
        lambda v, t: bool(v) and max(v) == t,
        lambda v, t: bool(v) and min(v) == t,
        lambda v, t: v[:1] == (t,),
        lambda v, t: v[-1:] == (t,),
        lambda v, t: t in v,
        lambda v, t: -t in v,
        lambda v, t: len(v) > t,
        lambda v, t: v.count(0) == t,
        lambda v, t: not v,
        lambda v, t: bool(v) and min(v) <= t <= max(v),
        lambda v, t: bool(v) and t % max(map(abs, v), default=1) == 0 if any(v) else False,
        lambda v, t: abs(sum(v)) >= abs(t),
    ),
    (Type.INT, Type.LIST): (
        lambda v, t: v in t,
        lambda v, t: v == len(t),
        lambda v, t: v == sum(t),
        lambda v, t: bool(t) and v == max(t),
        lambda v, t: bool(t) and v == min(t),
        lambda v, t: bool(t) and all(x > v for x in t),
        lambda v, t: bool(t) and v != 0 and all(x % v == 0 for x in t),
        lambda v, t: v == 0,
        lambda v, t: v < 0,
    ),
    (Type.STR, Type.STR): (
        *_SAME,
        lambda v, t: len(v) == len(t),
        lambda v, t: v in t,
        lambda v, t: t in v,
        lambda v, t: t.startswith(v),
        lambda v, t: t.endswith(v),
        lambda v, t: v.startswith(t),
        lambda v, t: v.endswith(t),
        lambda v, t: sorted(v) == sorted(t),
        lambda v, t: v.upper() == t.upper(),
        lambda v, t: v[::-1] == t,
        lambda v, t: set(v) <= set(t),
        lambda v, t: set(t) <= set(v),
        lambda v, t: v == v.upper(),
        lambda v, t: t == t.upper(),
        lambda v, t: not v,
    ),
    (Type.STR, Type.INT): (
        lambda v, t: len(v) == t,
        lambda v, t: v.count("a") == t,
        lambda v, t: len(v) >= t,
        lambda v, t: str(t) in v,
        lambda v, t: not v,
    ),
    (Type.INT, Type.STR): (lambda v, t: str(v) == t, lambda v, t: str(v) in t, lambda v, t: v == len(t)),
    (Type.BOOL, Type.BOOL): (*_SAME, lambda v, t: v != t, lambda v, t: v),
    (Type.BOOL, Type.INT): (lambda v, t: v == (t > 0), lambda v, t: v == (t == 0), lambda v, t: v),
}


def signature(kind: Type, values: Sequence[Value | None], target: Type, wanted: Sequence[Value]) -> tuple[int, ...]:
    """What holds of values beside the target's, one number a property.

    Args:
        kind: type of the values.
        values: one an example; None where there is none.
        target: type of what is wanted.
        wanted: one an example.

    Returns:
        The number of a property times 4, and 0 where it holds on no example, 1 on all, 2 on some; at first how many
        examples agree, from 0 to 5, where the types do.
    """
    base = 64 * (4 * list(Type).index(kind) + list(Type).index(target))
    pairs = [(value, goal) for value, goal in zip(values, wanted, strict=True) if value is not None]
    found = [4 * (base + 60) + (3 if len(pairs) < len(wanted) else 0)]
    for number, holds in enumerate(_PROPERTIES.get((kind, target), ())):
        count = sum(bool(holds(value, goal)) for value, goal in pairs)
        if number == 0 and kind is target:
            found.append(4 * (base + 40 + min(count, 7)))
        found.append(4 * (base + number) + (0 if count == 0 else 1 if count == len(wanted) else 2))
    return tuple(found)


class LineFeaturiser:
    """Bags of the candidates of ``CodeLines``.

    Args:
        domain: of the states.
    """

    version = PROGRAM_FEATURES_VERSION

    def __init__(self, domain: SynthesisDomain) -> None:
        self._domain = domain
        self._signatures: WeakKeyDictionary[ProblemSpace, dict[int, tuple[int, ...]]] = WeakKeyDictionary()
        self._bags: dict[tuple[Any, tuple[int, ...]], bytes] = {}

    def encode(self, state: LinesState, actions: Sequence[LineAction]) -> Encoded:
        """The bags of all candidates; each holds at least one bucket."""
        space = self._domain.space(state.spec)
        known = self._signatures.setdefault(space, {})
        columns = space.lines.columns(state.steps)
        left = state.spec.limit - len(state.steps)
        last = state.steps[-1].production if state.steps else -1
        used = {ref for step in state.steps for ref in step.arguments if ref >= 0}
        bags = []
        for action in actions:
            candidate = action.candidate
            if candidate is None:
                production = space.production(action.rule) if not action.is_step else -1
                column = columns[-1] if action.is_step and state.steps else None
                parts = [_bucket(1, production, left), _bucket(2, production, last), _bucket(3, production)]
                bag = array("H", parts).tobytes()
                if column is not None:
                    bag += self._cached(_beside, (-1, 0, *self._signature(space, known, column)))
            else:
                (production, refs), column = candidate
                found = self._signature(space, known, column)
                bag = self._cached(_beside, (production, left, *found)) + self._line(
                    space, known, columns, production, refs, left, last, used
                )
                bag += self._pairs(space, columns, column, left)
            bags.append(bag)
        return Encoded(b"".join(bags), tuple(len(bag) >> 1 for bag in bags))

    def _signature(self, space: ProblemSpace, known: dict[int, tuple[int, ...]], column: int) -> tuple[int, ...]:
        found = known.get(column)
        if found is None:
            spec, lines = space.spec, space.lines
            wanted = [case.output for case in spec.shown]
            found = known[column] = signature(lines.type(column), lines.values(column), spec.result, wanted)
        return found

    def _line(
        self,
        space: ProblemSpace,
        known: dict[int, tuple[int, ...]],
        columns: Sequence[int],
        production: int,
        refs: Sequence[int],
        left: int,
        last: int,
        used: set[int],
    ) -> bytes:
        """The line itself: its kind, what it works on, and how that looks beside the target."""
        newest = len(columns) - 1
        loose = sum(1 for number in range(len(columns)) if number not in used and number not in refs)
        bag = self._cached(_general, (production, left, last, newest in refs, min(loose, 3)))
        parameters = len(space.lines.parameters)
        for place, ref in enumerate(refs):
            if ref < 0:
                bag += self._cached(_constant, (production, place, ref))
                continue
            role = 0 if ref < parameters else 2 if ref == newest else 1
            beside = self._signature(space, known, columns[ref])
            bag += self._cached(_argument, (production, place, role, ref in used, left, *beside))
        return bag

    def _cached(self, make: Callable[[tuple[int, ...]], list[int]], key: tuple[int, ...]) -> bytes:
        bag = self._bags.get((make, key))
        if bag is None:
            if len(self._bags) >= _CACHE_LIMIT:
                self._bags.clear()
            bag = self._bags[make, key] = array("H", make(key)).tobytes()
        return bag

    def _pairs(self, space: ProblemSpace, columns: Sequence[int], column: int, left: int) -> bytes:
        """Whether a sum, a difference or a product with another variable is what is wanted."""
        lines = space.lines
        if space.spec.result is not Type.INT or lines.type(column) is not Type.INT:
            return b""
        wanted = [case.output for case in space.spec.shown]
        values: Any = lines.values(column)
        parts = []
        for other in columns:
            if lines.type(other) is Type.INT:
                others: Any = lines.values(other)
                triples = list(zip(values, others, wanted, strict=True))
                for number, fits in enumerate(_PAIRS):
                    if all(fits(*triple) for triple in triples):
                        parts.append(_bucket(13, number, left))
        return array("H", parts).tobytes()


def _beside(key: tuple[int, ...]) -> list[int]:
    """A signature alone, with the lines left, and with the kind of line."""
    production, left, *found = key
    parts = [_bucket(4, number) for number in found]
    parts += [_bucket(5, number, left) for number in found]
    return parts + [_bucket(6, number, production) for number in found]


def _general(key: tuple[int, ...]) -> list[int]:
    """The kind of a line, what it takes up, and how many loose ends it leaves."""
    production, left, last, newest, loose = key
    return [
        _bucket(1, production, left),
        _bucket(2, production, last),
        _bucket(3, production),
        _bucket(7, newest, left),
        _bucket(8, loose, left),
        _bucket(9, loose, left, production),
    ]


def _constant(key: tuple[int, ...]) -> list[int]:
    production, place, ref = key
    return [_bucket(10, production, place, ref)]


def _argument(key: tuple[int, ...]) -> list[int]:
    """What a line works on, and how that looks beside the target."""
    production, place, role, used, left, *beside = key
    parts = [_bucket(11, production, place, role), _bucket(14, place, role, used, left)]
    return parts + [_bucket(12, number, production, place) for number in beside if number & 3 == 1]


_PAIRS: tuple[Callable[[int, int, Any], bool], ...] = (
    lambda v, w, t: v + w == t,
    lambda v, w, t: v - w == t,
    lambda v, w, t: w - v == t,
    lambda v, w, t: v * w == t,
    lambda v, w, t: max(v, w) == t,
    lambda v, w, t: min(v, w) == t,
)


class RepairFeaturiser:
    """Bags of the candidates of ``CodeRepair``.

    Args:
        domain: of the states.
    """

    version = PROGRAM_FEATURES_VERSION

    def __init__(self, domain: RepairDomain) -> None:
        self._domain = domain

    def encode(self, state: RepairState, actions: Sequence[EditAction]) -> Encoded:
        """The bags of all candidates; each holds at least one bucket."""
        runs = self._domain.runs(state.spec, state.program)
        wanted = [case.output for case in state.spec.shown]
        now = signature(state.program.result.type, runs.results, state.spec.result, wanted)
        holding = [number for number in now if number & 3]
        bags = [self._bag(state, action, now, holding, runs.passes) for action in actions]
        return Encoded(b"".join(bags), tuple(len(bag) >> 1 for bag in bags))

    def _bag(
        self, state: RepairState, action: EditAction, now: Sequence[int], holding: Sequence[int], passes: bool
    ) -> bytes:
        left = state.left
        if action.edit is None:
            what = _word(action.rule if action.group is None else str(action.group[0]))
            detail = 0 if action.group is None else _word(" ".join(map(str, action.group[2:])))
            parts = [_bucket(20, what, passes), _bucket(21, what, left, passes), _bucket(22, what, detail)]
            parts += [_bucket(23, what, number) for number in now]
            return array("H", parts).tobytes()
        codes = self._codes(state, action)
        parts = [_bucket(24, number, code) for number, code in enumerate(codes)]
        parts.append(_bucket(25, left, passes, codes[0]))
        parts += [_bucket(26, number, codes[1]) for number in now]
        parts += [_bucket(27, number, codes[2]) for number in holding]
        return array("H", parts).tobytes()

    def _codes(self, state: RepairState, action: EditAction) -> list[int]:
        """An edit from coarse to fine: its kind; what for what; where; with what is around it."""
        edit = action.edit
        assert edit is not None
        program = state.program
        from_end = len(program.lines) - edit.line
        expr = expression_at(program, edit.line)
        if isinstance(edit, Replace):
            before, after = _label(edit.before), _label(edit.after)
            around = at(expr, edit.path[:-1]).op if edit.path else "line"
            place = edit.path[-1] if edit.path else -1
            what = f"{edit.kind} {before} {after}"
            more = [f"{what} in {around} {place}", f"{after} in {around} {place}", f"{before} in {around} {place}"]
            more.append(f"{edit.kind} {edit.before} {edit.after}")
        elif isinstance(edit, Insert):
            what = f"insert {edit.statement.expr.op}"
            more = [f"{what} above {expr.op}"]
        elif isinstance(edit, Remove):
            what = f"remove {edit.statement.expr.op}"
            more = [what]
        else:
            what = f"swap {expr.op}"
            more = [what]
        texts = [edit.kind, f"{edit.kind} {from_end}", what, f"{what} {from_end}", *more]
        return [_word(text) for text in texts]


def _label(expr: Any) -> str:
    """An operation, a constant with its value, or that it is a variable."""
    return str(expr.value) if expr.op == "const" else str(expr.op)
