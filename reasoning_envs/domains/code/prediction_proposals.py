"""Values to choose from in :mod:`reasoning_envs.domains.prediction`: the right one among those that a slip leads to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from reasoning_envs.programs.grammar import LARGE
from reasoning_envs.programs.inputs import EDGES, Arguments, draw_arguments, draw_edge
from reasoning_envs.programs.interpreter import run
from reasoning_envs.programs.mutate import legal_edits
from reasoning_envs.programs.trees import Program
from reasoning_envs.programs.values import MAX_INT, MAX_LENGTH, Type, Value

__all__ = ["argument_proposals", "value_proposals"]

_VALUES = 16
_ARGUMENTS = 24


def value_proposals(program: Program, values: Arguments, seed: int, most: int) -> list[Value]:
    """What a line computes, where it computes anything, and what it would with one edit or one slip.

    Args:
        program: of one line.
        values: that it works on.
        seed: of the choice among slips and of the order.
        most: proposals.

    Returns:
        At most 16 values of the line's type, all different, at least one.
    """
    rng = np.random.default_rng(seed)
    kind = program.result.type
    right = run(program, values).value
    edits = legal_edits(program, 0, LARGE, ("operator", "argument", "constant", "off by one"))
    others = [run(edit.apply(program), values).value for edit in edits]
    found = _different(value for value in others if value is not None and value != right)
    rng.shuffle(found)
    if right is not None:
        slips = _different(slip for slip in _slips(right) if slip != right and slip not in found)
        found = [right, *found[: _VALUES // 2], *slips]
    found.extend(value for value in draw_arguments(rng, (kind,) * 2) if value not in found)
    if kind is Type.BOOL:
        found = [False, True]
    return _shuffled(found[: min(_VALUES, most)], rng)


def argument_proposals(kind: Type, right: Value | None, seed: int) -> list[Value]:
    """Ordinary values and edge cases of a type, and the right one.

    Args:
        kind: of the argument.
        right: in the certificate; None where there is none.
        seed: of the draws and of the order.

    Returns:
        At most 24 values, all different.
    """
    rng = np.random.default_rng(seed)
    drawn = [] if right is None else [right]
    drawn.extend(draw_edge(rng, (kind,), edge)[0] for edge in EDGES)
    drawn.extend(draw_arguments(rng, (kind,))[0] for _ in range(2 * _ARGUMENTS))
    return _shuffled(_different(drawn)[:_ARGUMENTS], rng)


def _different(values: Iterable[Value]) -> list[Value]:
    return list(dict.fromkeys(values))


def _shuffled(values: Sequence[Value], rng: np.random.Generator) -> list[Value]:
    return [values[int(index)] for index in rng.permutation(len(values))]


def _slips(value: Value) -> Iterator[Value]:
    """What somebody gets who is not careful, all within the bounds of values."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        for slip in (value + 1, value - 1, -value, value + 2, value - 2, 2 * value, value + 10):
            if abs(slip) <= MAX_INT:
                yield slip
    elif isinstance(value, str):
        yield from (value[1:], value[:-1], value[::-1], "".join(sorted(value)), value.swapcase())
    else:
        yield from (value[1:], value[:-1], value[::-1], tuple(sorted(value)))
        for index, item in enumerate(value[:3]):
            if abs(item) < MAX_INT:
                yield (*value[:index], item + 1, *value[index + 1 :])
        if len(value) < MAX_LENGTH:
            yield (*value, 0)
