"""Messages of the ``monty subprocess`` protocol, written and read without believing the other side.

Monty's interpreter is a program that speaks framed protocol-buffer messages on its standard streams: a frame is four
bytes of length (little endian) and one ``ParentRequest`` or ``ChildEvent``. The schema is published so that a parent
can be written in any language: https://github.com/pydantic/monty, ``crates/monty-proto/proto/monty/v1/monty.proto``;
this is version :data:`PROTOCOL_VERSION` of it, and the interpreter refuses every parent that speaks another.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from sandboxes.monty.protobuf import (
    BYTES,
    Malformed,
    bytes_field,
    fields,
    number_in,
    numbered,
    only,
    packed,
    pair,
    text_in,
    varint_field,
)
from sandboxes.monty.values import COUNT_FIELD, NODE_FIELD, Arena, Kind, Writer

__all__ = [
    "PROTOCOL_VERSION",
    "RESET",
    "Event",
    "EventKind",
    "configure",
    "feed",
    "frame",
    "parse_event",
    "resume_lookup",
    "resume_not_found",
    "resume_not_handled",
    "resume_raising",
    "resume_with",
]

PROTOCOL_VERSION = 6
"""Of the schema; spoken by pydantic-monty 1.4."""

_LENGTH = struct.Struct("<I")
_ANY = 1 << 40
_OK = b"\x52\x00"


class EventKind(IntEnum):
    """What the interpreter said: field numbers of ``ChildEvent``."""

    PRINT = 1
    FUNCTION_CALL = 2
    OS_CALL = 3
    NAME_LOOKUP = 4
    RESOLVE_FUTURES = 5
    COMPLETE = 6
    ERROR = 7
    OK = 10
    FATAL_ERROR = 11


_EVENTS = {int(kind): kind for kind in EventKind}


_IMPORT = 31  # the arm of OsCall that asks for a module


@dataclass(slots=True)  # frozen, each would take longer to make than to read
class Event:
    """One thing that the interpreter said. Nothing changes it.

    Attributes:
        kind: what it is.
        segments: of PRINT: (is it standard error?, text).
        name: of FUNCTION_CALL and NAME_LOOKUP, the name that the program used; of OS_CALL the module that it wants to
            import, or "" for other wishes.
        call_id: of FUNCTION_CALL and OS_CALL, what the answer must repeat.
        exception: of ERROR, the type's name.
        message: of ERROR and FATAL_ERROR.
        line: of ERROR: line of the outermost frame in the snippet that was fed; 0 where there is none.
        last_line: of ERROR: that of the innermost one.
        preview: of ERROR: the line of source in which the innermost frame stood.
        size: bytes of the message.
    """

    kind: EventKind
    segments: tuple[tuple[bool, str], ...] = ()
    name: str = ""
    call_id: int = 0
    exception: str = ""
    message: str = ""
    line: int = 0
    last_line: int = 0
    preview: str = ""
    size: int = 0
    _arena: bytes = b""
    _roots: tuple[int, ...] = field(default=())
    _pairs: tuple[tuple[int, int], ...] = field(default=())

    def value(self, most_bytes: int) -> Any:
        """Of COMPLETE: what the snippet's last expression gave.

        Args:
            most_bytes: what cannot be written in so many is not even read.

        Raises:
            Malformed: these bytes are no value.
            NotPlain: it is no plain value.
            TooLarge: it is too large.
        """
        return Arena(self._arena, most_bytes).build(self._roots[0])

    def arguments(self) -> tuple[list[Any], dict[Any, Any]]:
        """Of FUNCTION_CALL: positional and keyword arguments.

        Raises:
            Malformed, NotPlain: see :meth:`value`.
        """
        arena = Arena(self._arena, _ANY)
        keywords = {arena.build(key): arena.build(item) for key, item in self._pairs}
        return [arena.build(root) for root in self._roots], keywords


_OK_EVENT = Event(EventKind.OK)


def frame(message: bytes) -> bytes:
    """A message with its length before it."""
    return _LENGTH.pack(len(message)) + message


def configure(memory_bytes: int, seconds: float) -> bytes:
    """``Configure``: begin a session in which a snippet may use so much memory and execution time.

    Whoever wants to sleep asks the parent, which denies it; failing assertions say no more than in CPython.
    """
    limits = varint_field(2, memory_bytes) + varint_field(4, 1000) + varint_field(5, 1 << 40)
    limits += varint_field(6, max(1, int(seconds * 1e6)))
    policy = (
        bytes_field(1, b"")
        + bytes_field(4, bytes_field(1, b""))
        + bytes_field(5, bytes_field(2, b""))
        + bytes_field(6, b"")
    )
    body = bytes_field(1, b"main.py") + bytes_field(2, limits) + bytes_field(5, b"1.4.0") + varint_field(6, 0)
    return bytes_field(1, body + varint_field(9, PROTOCOL_VERSION) + bytes_field(11, policy + bytes_field(9, b"")))


_FOLDER = bytes_field(5, b"/")
RESET = b"\x4a\x00"
"""``Reset``: end the session and forget all of it."""


def feed(code: str, inputs: Mapping[str, Any] | None = None, functions: Mapping[str, str] | None = None) -> bytes:
    """``Feed``: run a snippet with these plain values, and these built-in functions, bound to global names.

    Raises:
        TypeError: an input is no plain value.
        UnicodeEncodeError: the code is no Unicode text.
    """
    body = bytes_field(1, code.encode())
    if inputs or functions:
        arena = Writer()
        for name, value in (inputs or {}).items():
            body += bytes_field(2, _name(name) + varint_field(2, arena.add(value)))
        for name, function in (functions or {}).items():
            body += bytes_field(2, _name(name) + varint_field(2, arena.add_function(function)))
        body += bytes_field(3, arena.written())
    return bytes_field(3, body + _FOLDER)


@functools.lru_cache(64)
def _name(name: str) -> bytes:
    return bytes_field(1, name.encode())


def resume_with(call_id: int, value: Any) -> bytes:
    """``ResumeCall``: the function that the program called returned this plain value."""
    arena = Writer()
    result = varint_field(1, arena.add(value))
    return bytes_field(4, _call_id(call_id) + bytes_field(2, result) + bytes_field(3, arena.written()))


def resume_raising(call_id: int, exception: str, message: str) -> bytes:
    """``ResumeCall``: the function that the program called raised a built-in exception."""
    raised = bytes_field(1, exception.encode()) + bytes_field(2, message.encode())
    return bytes_field(4, _call_id(call_id) + bytes_field(2, bytes_field(2, raised)))


def resume_not_found(call_id: int, name: str) -> bytes:
    """``ResumeCall``: there is no such function or module."""
    return bytes_field(4, _call_id(call_id) + bytes_field(2, bytes_field(4, name.encode())))


def resume_not_handled(call_id: int) -> bytes:
    """``ResumeCall``: nobody does this for the program; it sees Monty's own error, such as PermissionError."""
    return bytes_field(4, _call_id(call_id) + bytes_field(2, bytes_field(5, b"")))


def resume_lookup(function: str | None) -> bytes:
    """``ResumeNameLookup``: the name is a function of the parent's, or unknown."""
    if function is None:
        return bytes_field(5, bytes_field(3, b""))
    node = bytes_field(Kind.FUNCTION, bytes_field(1, function.encode()))
    return bytes_field(5, bytes_field(1, varint_field(COUNT_FIELD, 1) + bytes_field(NODE_FIELD, node)) + b"\x10\x00")


def parse_event(data: bytes) -> Event:
    """One ``ChildEvent``, from anywhere.

    Raises:
        Malformed: it is none.
    """
    if data == _OK:
        return _OK_EVENT
    for number, kind, body in fields(data):
        if number < 20:
            if kind != BYTES or number not in _EVENTS:
                raise Malformed(f"an event of unknown kind {number}")
            return _parse(_EVENTS[number], body, len(data))
    raise Malformed("an event without a kind")


def _parse(kind: EventKind, body: bytes, size: int) -> Event:
    if kind is EventKind.COMPLETE:
        root, arena = 0, b""
        for number, _, item in fields(body):
            root, arena = (item, arena) if number == 1 else (root, item)
        return Event(kind, size=size, _arena=arena, _roots=(number_in(root),))
    if kind is EventKind.PRINT:
        segments = [dict(numbered(item)) for number, _, item in fields(body) if number in (1, 3)]
        return Event(kind, tuple((item.get(1) == 2, text_in(item.get(2, b""))) for item in segments), size=size)
    if kind is EventKind.ERROR:
        return _parse_error(only(body, 1), size)
    if kind in (EventKind.FUNCTION_CALL, EventKind.OS_CALL, EventKind.NAME_LOOKUP):
        return _parse_wish(kind, body, size)
    message = text_in(only(body, 1)) if kind is EventKind.FATAL_ERROR else ""
    return Event(kind, message=message, size=size)


def _parse_error(body: bytes, size: int) -> Event:
    exception, message, line, last, preview = "", "", 0, 0, ""
    for number, _, item in fields(body):
        if number == 1:
            exception = text_in(item)
        elif number == 2:
            message = text_in(item)
        elif number == 3:
            last = number_in(dict(numbered(only(item, 2))).get(1, 0))
            line = line or last
            preview = text_in(only(item, 5))
    return Event(
        EventKind.ERROR,
        exception=exception,
        message=message,
        line=line,
        last_line=last,
        preview=preview,
        size=size,
    )


def _parse_wish(kind: EventKind, body: bytes, size: int) -> Event:
    name, call_id, arena = "", 0, b""
    roots: tuple[int, ...] = ()
    pairs: list[tuple[int, int]] = []
    for number, _, item in fields(body):
        if kind is EventKind.OS_CALL:
            if number == 1:
                call_id = number_in(item)
            elif number == _IMPORT:
                name = text_in(only(item, 1))
        elif number == 1:
            name = text_in(item)
        elif kind is EventKind.FUNCTION_CALL and number == 2:
            roots += packed(item)
        elif kind is EventKind.FUNCTION_CALL and number == 3:
            pairs.append(pair(item))
        elif kind is EventKind.FUNCTION_CALL and number == 4:
            call_id = number_in(item)
        elif kind is EventKind.FUNCTION_CALL and number == 7:
            arena = item
    return Event(kind, name=name, call_id=call_id, size=size, _arena=arena, _roots=roots, _pairs=tuple(pairs))


def _call_id(call_id: int) -> bytes:
    return varint_field(1, call_id) if call_id else b""
