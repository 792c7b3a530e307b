"""How the code environments show values: as rows of 16-bit integers for learners, and as tokens.

A value is W = 16 numbers: its kind (0 no value, 1 int, 2 bool, 3 list, 4 text), its length (1 for int and bool), and
its first 14 items, which are integers, or the code points of a text. What lies outside of 16 bits is cut to their end,
what lies beyond 14 items is left out; kind and length are exact.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
from gymnasium.spaces import Box

from reasoning_envs.programs.tokens import value_tokens
from reasoning_envs.programs.values import Type, Value

__all__ = ["WIDTH", "Rows", "value_box"]

WIDTH = 16
"""W, numbers that show one value."""

_KINDS = {Type.INT: 1, Type.BOOL: 2, Type.LIST: 3, Type.STR: 4}
_LOW, _HIGH = -(2**15), 2**15 - 1
_KEPT = 100_000


def value_box(count: int, examples: int) -> Box:
    """The space of ``count`` values by example, flat: [count * examples * W] int16."""
    return Box(_LOW, _HIGH, (count * examples * WIDTH,), np.int16)


class Rows:
    """Encodes values, each once.

    Args:
        examples: E, values of a variable that are shown; with fewer the rest is zero.
        max_tokens: of a column as tokens.
    """

    def __init__(self, examples: int, max_tokens: int) -> None:
        self.examples = examples
        self._max_tokens = max_tokens
        self._rows: dict[tuple[Type, Value], bytes] = {}
        self._written: dict[tuple[Type, Value], bytes] = {}
        self.size = examples * WIDTH * 2
        self.nothing = bytes(self.size)

    def column(self, kind: Type, values: Sequence[Value | None]) -> bytes:
        """The values of a variable on the examples: E * W numbers as bytes."""
        rows = self._rows
        parts = []
        for value in values[: self.examples]:
            if value is None:
                parts.append(bytes(2 * WIDTH))
                continue
            row = rows.get((kind, value))
            if row is None:
                if len(rows) >= _KEPT:
                    rows.clear()
                row = rows[kind, value] = _row(kind, value)
            parts.append(row)
        return b"".join(parts).ljust(self.size, b"\x00")

    def tokens(self, kind: Type, values: Sequence[Value | None]) -> bytes:
        """The same as tokens, cut at ``max_tokens``."""
        written = self._written
        parts = []
        for value in values[: self.examples]:
            if value is None:
                parts.append(value_tokens(None))
                continue
            tokens = written.get((kind, value))
            if tokens is None:
                if len(written) >= _KEPT:
                    written.clear()
                tokens = written[kind, value] = value_tokens(value)[: self._max_tokens]
            parts.append(tokens)
        return b"".join(parts)[: self._max_tokens]


def _row(kind: Type, value: Value) -> bytes:
    if isinstance(value, str):
        items: Sequence[int] = [ord(letter) for letter in value[: WIDTH - 2]]
        length = len(value)
    elif isinstance(value, tuple):
        items, length = value[: WIDTH - 2], len(value)
    else:
        items, length = (int(value),), 1
    try:
        shown = array("h", (_KINDS[kind], length, *items))
    except OverflowError:
        shown = array("h", (_KINDS[kind], length, *(max(_LOW, min(_HIGH, item)) for item in items)))
    return shown.tobytes().ljust(2 * WIDTH, b"\x00")
