"""The vocabulary in which environments show programs and values: one byte a token, fixed by the version below.

A program is written in prefix form, without names: a variable is its position, so that programs which differ in names
alone have the same tokens. An integer is a sign and its decimal digits, whatever its size; a text is its characters.

=========  ========================================================================
0          padding
1          the end of a list or text
2, 3       the start of a line; of what is returned
4, 5       the sign of an integer, + or -, before its digits
6 to 15    digits 0 to 9
16, 17     False and True
18, 19     the start of a list; of a text
20         no value: an error
21, 22     the first and the second name that the operation around binds
32 to 127  operations, in the order of :data:`~reasoning_envs.programs.operations.OPERATIONS`
128 to 159 variables: the parameters, then one for each line
160 to 255 characters from blank to tilde; 255 is any other
=========  ========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from reasoning_envs.programs.operations import OPERATIONS
from reasoning_envs.programs.trees import Expr, Program
from reasoning_envs.programs.values import Value

__all__ = [
    "MAX_VARIABLES",
    "VOCABULARY_SIZE",
    "expression_tokens",
    "program_tokens",
    "value_tokens",
]

VOCABULARY_SIZE = 256

MAX_VARIABLES = 32
"""Parameters and lines of a program that can be shown."""

_END, _LINE, _RETURN, _PLUS, _MINUS, _ZERO = range(1, 7)
_FALSE, _TRUE, _LIST, _TEXT, _ERROR, _BOUND = range(16, 22)
_VARIABLE, _CHARACTER = 128, 160
_DIGITS = bytes.maketrans(b"0123456789", bytes(range(_ZERO, _ZERO + 10)))
_OPERATIONS = {name: 32 + index for index, name in enumerate(OPERATIONS)}
assert max(_OPERATIONS.values()) < _VARIABLE, "more operations than tokens"


def program_tokens(program: Program) -> bytes:
    """A program as tokens.

    Raises:
        ValueError: more than :data:`MAX_VARIABLES` parameters and lines.
    """
    names = [*dict(program.parameters), *(line.target for line in program.lines)]
    if len(names) > MAX_VARIABLES:
        raise ValueError(f"{len(names)} parameters and lines; at most {MAX_VARIABLES} can be shown as tokens")
    places = {name: _VARIABLE + index for index, name in enumerate(names)}
    found = bytearray()
    for _, expr in program.lines:
        found.append(_LINE)
        _write(expr, places, found)
    found.append(_RETURN)
    _write(program.result, places, found)
    return bytes(found)


def expression_tokens(expr: Expr, names: Sequence[str]) -> bytes:
    """An expression as tokens, where ``names`` are the parameters and lines of its program, in order.

    Raises:
        KeyError: the expression uses another name.
    """
    found = bytearray()
    _write(expr, {name: _VARIABLE + index for index, name in enumerate(names)}, found)
    return bytes(found)


def value_tokens(value: Value | None) -> bytes:
    """A value as tokens; None is an error."""
    if value is None:
        return bytes((_ERROR,))
    if isinstance(value, bool):
        return bytes((_TRUE if value else _FALSE,))
    if isinstance(value, int):
        sign = _MINUS if value < 0 else _PLUS
        return bytes((sign,)) + str(abs(value)).encode().translate(_DIGITS)
    if isinstance(value, str):
        return bytes((_TEXT, *(min(_CHARACTER + ord(c) - 32, 255) if ord(c) >= 32 else 255 for c in value), _END))
    return bytes((_LIST,)) + b"".join(map(_item_tokens, value)) + bytes((_END,))


@lru_cache(maxsize=8_192)
def _item_tokens(item: int) -> bytes:
    return value_tokens(item)


def _write(expr: Expr, places: Mapping[str, int], found: bytearray) -> None:
    if expr.op == "const":
        found.extend(value_tokens(expr.value))
    elif expr.op == "var":
        found.append(places[expr.value])
    else:
        found.append(_OPERATIONS[expr.op])
        inner = places
        if expr.value is not None:
            inner = {**places, **{name: _BOUND + index for index, name in enumerate(expr.value)}}
        for index, arg in enumerate(expr.args):
            _write(arg, inner if index == 0 else places, found)
