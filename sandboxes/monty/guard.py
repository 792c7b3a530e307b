"""What is put round a program in Monty, so that nothing leaves it that is no plain value and none that is too large."""

from __future__ import annotations

import functools
import re
import secrets
from typing import Any

from sandboxes.monty.wire import feed

__all__ = ["PEEKING", "externals", "guard", "guard_code", "guard_name", "imports_more", "needs_guard"]

_GUARD = """
{n}_dict, {n}_many = {n}_type({{}}), ({n}_type([]), {n}_type(()), {n}_type({{1}}), {n}_type({n}_frozen))
{n}_one = ({n}_type(None), {n}_type(True), {n}_type(1), {n}_type(1.0), {n}_type(""), {n}_type(b""))
def {n}_callable(value):
    kind = {n}_type(value)
    if kind in {n}_one or kind in {n}_many or kind is {n}_dict:
        raise TypeError(f"the entry is a {{kind}} and cannot be called")
def {n}_check(value, most):
    todo, seen = [value], 0
    while todo:
        item = todo.pop()
        kind = {n}_type(item)
        if kind in {n}_one or kind is {n}_complex:
            continue
        if kind in {n}_many:
            seen += {n}_len(item) + 1
            if seen > most:
                return (None, None)
            todo.extend(item)
        elif kind is {n}_dict:
            seen += 2 * {n}_len(item) + 1
            if seen > most:
                return (None, None)
            todo.extend(item.items())
        else:
            return (False, f"{{kind}} is no plain value")
    return (True, value)
"""
"""Monty's protocol writes a deque as a list and a Counter as a dict: only inside can they be told apart.

It stands on two built-in functions and two values that come from outside, so that it holds whatever a program has put
in the place of others. It counts parts as well, so that nothing is sent that would be too large. Its names are random.
"""

PEEKING = re.compile(r"locals|eval|exec|[^\x00-\x7f]")
"""Without one of these a program cannot find the guard's names; identifiers that are no ASCII may stand for others.

At the top level ``locals()`` shows them. A program that may have looked gets new names for every call, in a snippet of
their own: in a call nothing shows names that came after the program was loaded.
"""

_HARMLESS_IMPORT = re.compile(r"^(?:import math *+|from (?:math|typing) import [\w, ]++)$", re.MULTILINE)
_SUSPICIOUS = re.compile(r"import|\\\n")


def needs_guard(source: str) -> bool:
    """Whether a program may have values that the protocol does not tell apart.

    All of those are made by modules. What imports none but ``math`` and ``typing``, in lines that say nothing else, has
    the built-in types alone, and functions, classes and their objects, each of which the protocol has a name for.
    """
    return PEEKING.search(source) is not None or imports_more(source)


def imports_more(source: str) -> bool:
    """Whether a program imports anything but names from ``math`` and ``typing``."""
    may_import = "import" in source or "\\\n" in source
    return may_import and _SUSPICIOUS.search(_HARMLESS_IMPORT.sub("", source)) is not None


@functools.cache
def guard_name(process: int) -> str:
    """Of what the sandbox adds to a program. A forked child draws its own."""
    return f"_{secrets.token_hex(8)}_{process}"


@functools.cache
def guard(name: str) -> bytes:
    """The request that puts the guard into a fresh session."""
    return feed(guard_code(name), *externals(name))


def guard_code(name: str) -> str:
    """The guard as source, with this name before all of its own."""
    return _GUARD.format(n=name) + f"{name}_complex = {name}_type({name}_imaginary)\n"


def externals(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The values and the built-in functions that the guard stands on, by the names that it looks for."""
    values = {f"{name}_frozen": frozenset(), f"{name}_imaginary": 1j}
    return values, {f"{name}_type": "type", f"{name}_len": "len"}
