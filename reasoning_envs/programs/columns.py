"""The values of variables on all inputs of a space of lines, each column once.

A space has *visible* inputs, which come first, and *probes*. What a line computes on the probes matters only where two
lines agree on the visible inputs: there alone it is computed, or where somebody asks for it. Most lines that are listed
are therefore run on the visible inputs and on nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reasoning_envs.programs.grammar import Production
from reasoning_envs.programs.interpreter import ERRORS
from reasoning_envs.programs.values import MAX_INT, MAX_LENGTH, Type, Value, bounded

__all__ = ["FAILED", "Column", "Columns"]

Column = tuple[Value | None, ...]
"""The values of a variable on inputs; None where its line raises an error."""

FAILED = -1
"""In the place of a number: the line raises an error on a visible input."""

_Origin = tuple[Production, tuple[int, ...]]


class Columns:
    """Numbers columns: equal ones, on visible inputs and probes, have one number.

    Args:
        visible: how many inputs are.

    Attributes:
        kinds: the type of each column's values.
        shown: each column on the visible inputs, without errors.
    """

    def __init__(self, visible: int) -> None:
        self._visible = visible
        self.kinds: list[Type] = []
        self.shown: list[Column] = []
        self._rest: list[Column | None] = []
        self._origins: list[_Origin | None] = []
        # By what is visible: the only column with it, or all of them by their values on the probes.
        self._numbers: dict[Type, dict[Column, int | dict[Column, int]]] = {kind: {} for kind in Type}

    def given(self, kind: Type, values: Column) -> int:
        """The number of a column of which all values are there."""
        return self._number(kind, values[: self._visible], None, values[self._visible :])

    def computed(self, production: Production, numbers: tuple[int, ...]) -> int:
        """The number of what a production computes from columns; :data:`FAILED` where it fails on what is visible."""
        shown = self.shown
        try:
            values = tuple(map(production.evaluate, *[shown[number] for number in numbers]))
        except ERRORS:
            return FAILED
        kind = production.result
        return self._number(kind, values, (production, numbers)) if _are_bounded(kind, values) else FAILED

    def probes(self, number: int) -> Column:
        """A column on the probes; None where there is an error."""
        rest = self._rest[number]
        if rest is None:
            origin = self._origins[number]
            assert origin is not None
            rest = self._rest[number] = self._run(origin)
        return rest

    def whole(self, number: int) -> Column:
        """A column on all inputs."""
        return self.shown[number] + self.probes(number)

    def _number(self, kind: Type, shown: Column, origin: _Origin | None, rest: Column | None = None) -> int:
        alike = self._numbers[kind]
        known = alike.get(shown)
        if known is None:
            found = alike[shown] = self._add(kind, shown, origin, rest)
            return found
        if rest is None:
            assert origin is not None
            rest = self._run(origin)
        if isinstance(known, int):
            known = alike[shown] = {self.probes(known): known}
        number = known.get(rest)
        if number is None:
            number = known[rest] = self._add(kind, shown, origin, rest)
        return number

    def _add(self, kind: Type, shown: Column, origin: _Origin | None, rest: Column | None) -> int:
        self.kinds.append(kind)
        self.shown.append(shown)
        self._rest.append(rest)
        self._origins.append(origin if rest is None else None)
        return len(self.kinds) - 1

    def _run(self, origin: _Origin) -> Column:
        production, numbers = origin
        columns = [self.probes(number) for number in numbers]
        function = production.evaluate
        found: list[Value | None] = []
        if not any(None in column for column in columns):
            try:
                values: Column = tuple(map(function, *columns))
            except ERRORS:
                pass
            else:
                if _are_bounded(production.result, values):
                    return values
        for args in zip(*columns, strict=True):
            try:
                found.append(None if None in args else bounded(function(*args)))
            except ERRORS:
                found.append(None)
        return tuple(found)


def _are_bounded(kind: Type, values: Sequence[Any]) -> bool:
    if kind is Type.BOOL or not values:
        return True
    if kind is Type.INT:
        return bool(max(values) <= MAX_INT and min(values) >= -MAX_INT)
    if max(map(len, values)) > MAX_LENGTH:
        return False
    filled = [value for value in values if value]
    return kind is Type.STR or not filled or (max(map(max, filled)) <= MAX_INT and min(map(min, filled)) >= -MAX_INT)
