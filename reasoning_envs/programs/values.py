"""Types and values of programs, compared exactly: True is not 1, and the list [True] is no list of integers.

A list is held as a tuple of integers, so that every value is immutable and hashable; :func:`plain` and
:func:`from_plain` go to the lists of ordinary Python and back. Values that grow beyond the bounds below stop a program
with :class:`BoundError`, which is an error of its own kind and not one of Python's: nothing that the interpreter runs
can hang or fill memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any

__all__ = [
    "MAX_INT",
    "MAX_LENGTH",
    "BoundError",
    "Type",
    "Value",
    "bounded",
    "encode",
    "from_plain",
    "plain",
    "same",
    "type_of",
]

MAX_INT = 2**63 - 1
"""Largest absolute value of an integer that a line may compute; it fits NumPy's int64."""

MAX_LENGTH = 100
"""Items of a list, or characters of a text, that a line may compute at most."""


class Type(StrEnum):
    """The type of an expression; its value is the annotation in Python source."""

    INT = "int"
    BOOL = "bool"
    LIST = "list[int]"
    STR = "str"


Value = int | bool | str | tuple[int, ...]
"""What an expression evaluates to. ``tuple[int, ...]`` stands for ``list[int]``."""


class BoundError(Exception):
    """A value became larger than programs may compute; see ``MAX_INT`` and ``MAX_LENGTH``."""


_TYPES: dict[type, Type] = {int: Type.INT, bool: Type.BOOL, str: Type.STR, tuple: Type.LIST}


def type_of(value: Any) -> Type:
    """The type of a value.

    Raises:
        TypeError: it is no value of a program: a float, a list of booleans, a subclass of int.
    """
    found = _TYPES.get(type(value))
    if found is None or (found is Type.LIST and any(type(item) is not int for item in value)):
        raise TypeError(f"{value!r:.80} is no int, bool, str or tuple of ints")
    return found


def same(left: Any, right: Any) -> bool:
    """Equal, and of exactly the same type, items included. For anything that is no value: False.

    It never calls an ``__eq__`` other than those of int, bool, str and tuple.
    """
    try:
        return type_of(left) is type_of(right) and bool(left == right)
    except TypeError:
        return False


def bounded(value: Value) -> Value:
    """The value itself.

    Raises:
        BoundError: it is too large.
    """
    if isinstance(value, int):
        if not -MAX_INT <= value <= MAX_INT:
            raise BoundError(f"an integer of {value.bit_length()} bits; at most 63 are allowed")
    elif len(value) > MAX_LENGTH:
        raise BoundError(f"a length of {len(value)}; at most {MAX_LENGTH} is allowed")
    elif value and isinstance(value, tuple) and not (max(value) <= MAX_INT and min(value) >= -MAX_INT):
        raise BoundError("a list with an integer of more than 63 bits")
    return value


def plain(value: Value) -> Any:
    """The value as ordinary Python has it, and as JSON can hold it: a list for a tuple."""
    return list(value) if isinstance(value, tuple) else value


def from_plain(value: Any, wanted: Type) -> Value:
    """The inverse of :func:`plain`.

    Raises:
        TypeError: the value is not of the type; the message says what it is.
    """
    held: Value = tuple(value) if type(value) is list else value
    if type(value) is not tuple:
        with suppress(TypeError):
            if type_of(held) is wanted:
                return held
    raise TypeError(f"expected {wanted.value}, got {value!r:.80}")


def encode(values: Sequence[Value | None]) -> str:
    """Values as canonical text: the same on every machine, different for values that differ; None is an error."""
    return ";".join("error" if value is None else repr(plain(value)) for value in values)
