"""Messages of the ``monty subprocess`` protocol, written and read without believing the other side.

Monty's interpreter is a program that speaks framed protocol-buffer messages on its standard streams: a frame is four
bytes of length (little endian) and one ``ParentRequest`` or ``ChildEvent``. The schema is published so that a parent
can be written in any language: https://github.com/pydantic/monty, ``crates/monty-proto/proto/monty/v1/monty.proto``;
this is version :data:`PROTOCOL_VERSION` of it, and the interpreter refuses every parent that speaks another.

Values cross as an *arena*: a list of nodes in which containers name their items by number, so that a few bytes can
stand for a value of any size. Monty's own Python client expands them without a bound and turns what is no plain value
into text; here the size is counted before anything is built, and whatever is no plain value says so.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from sandboxes.values import MAX_DEPTH, MAX_INT_BITS, MAX_NODES, decode_value, encode_value

__all__ = [
    "PROTOCOL_VERSION",
    "RESET",
    "Event",
    "EventKind",
    "Malformed",
    "NotPlain",
    "TooLarge",
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

_VARINT, _FIXED64, _BYTES = 0, 1, 2
_LENGTH = struct.Struct("<I")
_DOUBLE = struct.Struct("<d")
_COUNT_FIELD, _NODE_FIELD = 1, 2
_WORD = 1 << 63
_ANY = 1 << 40
_OK = b"\x52\x00"


class Malformed(ValueError):
    """Bytes that the protocol does not allow."""


class NotPlain(ValueError):
    """A value that is no plain one, or beyond a bound."""


class TooLarge(ValueError):
    """A value that would take more bytes as text than are allowed."""


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


_EVENTS = frozenset(EventKind)


class _Kind(IntEnum):
    """Field numbers of ``MontyObject`` that are plain values."""

    NONE = 2
    BOOLEAN = 4
    INT = 5
    BIG_INT = 6
    FLOAT = 7
    STR = 8
    BYTES = 9
    LIST = 11
    TUPLE = 12
    DICT = 14
    SET = 15
    FROZEN_SET = 16
    FUNCTION = 25
    BUILTIN_FUNCTION = 26
    COMPLEX = 31


_SMALL_INT = _Kind.INT << 3
_CONTAINERS = {_Kind.LIST: "l", _Kind.TUPLE: "t", _Kind.SET: "s", _Kind.FROZEN_SET: "z"}
_KINDS: dict[type, _Kind] = {
    list: _Kind.LIST,
    tuple: _Kind.TUPLE,
    set: _Kind.SET,
    frozenset: _Kind.FROZEN_SET,
}
_IMPORT = 31  # the arm of OsCall that asks for a module


@dataclass(slots=True)
class Event:
    """One thing that the interpreter said.

    Attributes:
        kind: what it is.
        segments: of PRINT: (is it standard error?, text).
        name: of FUNCTION_CALL and NAME_LOOKUP, the name that the program used; of OS_CALL the module that it wants to
            import, or "" for other wishes.
        call_id: of FUNCTION_CALL and OS_CALL, what the answer must repeat.
        exception: of ERROR, the type's name.
        message: of ERROR and FATAL_ERROR.
        line: of ERROR: line of the outermost frame in the snippet that was fed; 0 where there is none.
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
        return _Arena(self._arena, most_bytes).build(self._roots[0])

    def arguments(self) -> tuple[list[Any], dict[Any, Any]]:
        """Of FUNCTION_CALL: positional and keyword arguments.

        Raises:
            Malformed, NotPlain: see :meth:`value`.
        """
        arena = _Arena(self._arena, _ANY)
        keywords = {arena.build(key): arena.build(item) for key, item in self._pairs}
        return [arena.build(root) for root in self._roots], keywords


def frame(message: bytes) -> bytes:
    """A message with its length before it."""
    return _LENGTH.pack(len(message)) + message


def configure(memory_bytes: int, seconds: float) -> bytes:
    """``Configure``: begin a session in which a snippet may use so much memory and execution time.

    Whoever wants to sleep asks the parent, which denies it; failing assertions say no more than in CPython.
    """
    limits = _varint_field(2, memory_bytes) + _varint_field(4, 1000) + _varint_field(5, 1 << 40)
    limits += _varint_field(6, max(1, int(seconds * 1e6)))
    policy = _message(1, b"") + _message(4, _message(1, b"")) + _message(5, _message(2, b"")) + _message(6, b"")
    body = _message(1, b"main.py") + _message(2, limits) + _message(5, b"1.4.0") + _varint_field(6, 0)
    return _message(1, body + _varint_field(9, PROTOCOL_VERSION) + _message(11, policy + _message(9, b"")))


RESET = b"\x4a\x00"
"""``Reset``: end the session and forget all of it."""


def feed(code: str, inputs: Mapping[str, Any] | None = None, functions: Mapping[str, str] | None = None) -> bytes:
    """``Feed``: run a snippet with these plain values, and these built-in functions, bound to global names.

    Raises:
        TypeError: an input is no plain value.
        UnicodeEncodeError: the code is no Unicode text.
    """
    body = _message(1, code.encode())
    if inputs or functions:
        arena = _Writer()
        for name, value in (inputs or {}).items():
            body += _message(2, _message(1, name.encode()) + _varint_field(2, arena.add(value)))
        for name, function in (functions or {}).items():
            body += _message(2, _message(1, name.encode()) + _varint_field(2, arena.add_function(function)))
        body += _message(3, arena.written())
    return _message(3, body + _message(5, b"/"))


def resume_with(call_id: int, value: Any) -> bytes:
    """``ResumeCall``: the function that the program called returned this plain value."""
    arena = _Writer()
    result = _varint_field(1, arena.add(value))
    return _message(4, _call_id(call_id) + _message(2, result) + _message(3, arena.written()))


def resume_raising(call_id: int, exception: str, message: str) -> bytes:
    """``ResumeCall``: the function that the program called raised a built-in exception."""
    raised = _message(1, exception.encode()) + _message(2, message.encode())
    return _message(4, _call_id(call_id) + _message(2, _message(2, raised)))


def resume_not_found(call_id: int, name: str) -> bytes:
    """``ResumeCall``: there is no such function or module."""
    return _message(4, _call_id(call_id) + _message(2, _message(4, name.encode())))


def resume_not_handled(call_id: int) -> bytes:
    """``ResumeCall``: nobody does this for the program; it sees Monty's own error, such as PermissionError."""
    return _message(4, _call_id(call_id) + _message(2, _message(5, b"")))


def resume_lookup(function: str | None) -> bytes:
    """``ResumeNameLookup``: the name is a function of the parent's, or unknown."""
    if function is None:
        return _message(5, _message(2, b""))
    node = _message(_Kind.FUNCTION, _message(1, function.encode()))
    return _message(5, _message(1, _varint_field(_COUNT_FIELD, 1) + _message(_NODE_FIELD, node)) + b"\x10\x00")


def parse_event(data: bytes) -> Event:
    """One ``ChildEvent``, from anywhere.

    Raises:
        Malformed: it is none.
    """
    if data == _OK:
        return Event(EventKind.OK)
    for number, kind, body in _fields(data):
        if number < 20:
            if kind != _BYTES or number not in _EVENTS:
                raise Malformed(f"an event of unknown kind {number}")
            return _parse(EventKind(number), body, len(data))
    raise Malformed("an event without a kind")


def _parse(kind: EventKind, body: bytes, size: int) -> Event:
    if kind is EventKind.COMPLETE:
        root, arena = 0, b""
        for number, _, item in _fields(body):
            root, arena = (item, arena) if number == 1 else (root, item)
        return Event(kind, size=size, _arena=arena, _roots=(_number(root),))
    if kind is EventKind.PRINT:
        segments = [dict(_numbered(item)) for number, _, item in _fields(body) if number in (1, 3)]
        return Event(kind, tuple((item.get(1) == 2, _text(item.get(2, b""))) for item in segments), size=size)
    if kind is EventKind.ERROR:
        return _parse_error(_only(body, 1), size)
    if kind in (EventKind.FUNCTION_CALL, EventKind.OS_CALL, EventKind.NAME_LOOKUP):
        return _parse_wish(kind, body, size)
    message = _text(_only(body, 1)) if kind is EventKind.FATAL_ERROR else ""
    return Event(kind, message=message, size=size)


def _parse_error(body: bytes, size: int) -> Event:
    exception, message, line, preview = "", "", 0, ""
    for number, _, item in _fields(body):
        if number == 1:
            exception = _text(item)
        elif number == 2:
            message = _text(item)
        elif number == 3:
            line = line or _number(dict(_numbered(_only(item, 2))).get(1, 0))
            preview = _text(_only(item, 5))
    return Event(EventKind.ERROR, exception=exception, message=message, line=line, preview=preview, size=size)


def _parse_wish(kind: EventKind, body: bytes, size: int) -> Event:
    name, call_id, arena = "", 0, b""
    roots: tuple[int, ...] = ()
    pairs: list[tuple[int, int]] = []
    for number, _, item in _fields(body):
        if kind is EventKind.OS_CALL:
            if number == 1:
                call_id = _number(item)
            elif number == _IMPORT:
                name = _text(_only(item, 1))
        elif number == 1:
            name = _text(item)
        elif kind is EventKind.FUNCTION_CALL and number == 2:
            roots += _packed(item)
        elif kind is EventKind.FUNCTION_CALL and number == 3:
            pairs.append(_pair(item))
        elif kind is EventKind.FUNCTION_CALL and number == 4:
            call_id = _number(item)
        elif kind is EventKind.FUNCTION_CALL and number == 7:
            arena = item
    return Event(kind, name=name, call_id=call_id, size=size, _arena=arena, _roots=roots, _pairs=tuple(pairs))


class _Arena:
    """Nodes of a value, sized before they are built."""

    def __init__(self, data: bytes, most_bytes: int) -> None:
        self._nodes: list[tuple[int, Any]] = []
        self._sizes: list[int] = []
        self._depths: list[int] = []
        self._most = most_bytes
        for number, kind, body in _fields(data):
            if number == _NODE_FIELD and kind == _BYTES:
                self._add(body)
                if 2 * len(self._nodes) > most_bytes + 4:  # every part takes two bytes as text
                    raise TooLarge(f"a value of more than {most_bytes} bytes")

    def _add(self, body: bytes) -> None:
        if len(body) == 2 and body[0] == _SMALL_INT and body[1] < 128:  # by far the most
            self._nodes.append((_Kind.INT, body[1]))
            self._sizes.append(1)
            self._depths.append(0)
            return
        number, _, item = next(_fields(body), (0, _VARINT, 0))
        items: tuple[int, ...] = ()
        content: Any = item
        if number in _CONTAINERS:
            content = items = _packed(_only(item, 1))
        elif number == _Kind.DICT:
            content = [_pair(entry) for entry_number, entry in _numbered(item) if entry_number == 1]
            items = tuple(index for pair in content for index in pair)
        here = len(self._nodes)
        if items and max(items) >= here:
            raise Malformed("a node that contains a later one")
        self._nodes.append((number, content))
        if number in _CONTAINERS or number == _Kind.DICT:
            self._sizes.append(min(1 + sum([self._sizes[index] for index in items]), MAX_NODES + 1))
            self._depths.append(1 + max([self._depths[index] for index in items], default=0))
        else:
            self._sizes.append(1)
            self._depths.append(0)

    def build(self, root: int) -> Any:
        """The plain value at this node.

        Raises:
            Malformed, NotPlain: there is none.
        """
        if root >= len(self._nodes):
            raise Malformed("a value that is not there")
        if 2 * self._sizes[root] > self._most + 4:
            raise TooLarge(f"a value of more than {self._most} bytes")
        if self._sizes[root] > MAX_NODES:
            raise NotPlain(f"more than {MAX_NODES} parts")
        if self._depths[root] > MAX_DEPTH:
            raise NotPlain(f"nested more than {MAX_DEPTH} deep")
        try:
            return decode_value(self._build(root))
        except (Malformed, NotPlain):
            raise
        except ValueError as error:
            raise NotPlain(str(error)) from None

    def _build(self, index: int) -> Any:
        """As the tagged data of :mod:`sandboxes.values`, whose decoder holds all bounds."""
        number, content = self._nodes[index]
        if number == _Kind.INT:
            return encode_value(content >> 1 ^ -(content & 1)) if content > 255 else content >> 1 ^ -(content & 1)
        if number in _CONTAINERS:
            return [_CONTAINERS[_Kind(number)], *[self._build(item) for item in content]]
        if number == _Kind.DICT:
            return ["d", *[self._build(item) for pair in content for item in pair]]
        return encode_value(_scalar(number, content))


def _scalar(number: int, content: Any) -> Any:
    match number:
        case _Kind.NONE:
            return None
        case _Kind.BOOLEAN:
            return bool(_number(content))
        case _Kind.INT:
            coded = _number(content)
            return coded >> 1 ^ -(coded & 1)
        case _Kind.FLOAT:
            return _double(content)
        case _Kind.STR:
            return _text(content)
        case _Kind.BYTES:
            if not isinstance(content, bytes):
                raise Malformed("a number where bytes belong")
            return content
        case _Kind.COMPLEX:
            parts = dict(_numbered(content))
            return complex(_double(parts.get(1, bytes(8))), _double(parts.get(2, bytes(8))))
        case _Kind.BIG_INT:
            parts = dict(_numbered(content))
            magnitude = parts.get(2, b"")
            if not isinstance(magnitude, bytes):
                raise Malformed("an int without digits")
            if len(magnitude) > MAX_INT_BITS // 8 + 1:
                raise NotPlain(f"an int of more than {MAX_INT_BITS} bits")
            value = int.from_bytes(magnitude)
            return -value if parts.get(1) else value
        case _:
            raise NotPlain("it contains something that is no plain value")


class _Writer:
    """Plain values as an arena."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []

    def add(self, value: Any) -> int:
        node = self._node(value)
        self._nodes.append(_message(_NODE_FIELD, node))
        return len(self._nodes) - 1

    def add_function(self, name: str) -> int:
        """Number of the node of a built-in function."""
        self._nodes.append(_message(_NODE_FIELD, _message(_Kind.BUILTIN_FUNCTION, name.encode())))
        return len(self._nodes) - 1

    def written(self) -> bytes:
        return _varint_field(_COUNT_FIELD, len(self._nodes)) + b"".join(self._nodes)

    def _node(self, value: Any) -> bytes:
        kind = type(value)
        if value is None:
            return _message(_Kind.NONE, b"")
        if kind is bool:
            return _varint_field(_Kind.BOOLEAN, int(value))
        if kind is int:
            if -_WORD <= value < _WORD:
                return _varint_field(_Kind.INT, value << 1 if value >= 0 else (-value << 1) - 1)
            magnitude = abs(value).to_bytes((abs(value).bit_length() + 7) // 8)
            sign = _varint_field(1, 1) if value < 0 else b""
            return _message(_Kind.BIG_INT, sign + _message(2, magnitude))
        if kind is float:
            return _tag(_Kind.FLOAT, _FIXED64) + _DOUBLE.pack(value)
        if kind is str:
            return _message(_Kind.STR, value.encode())
        if kind is bytes:
            return _message(_Kind.BYTES, value)
        if kind is complex:
            parts = (_tag(1, _FIXED64), _DOUBLE.pack(value.real), _tag(2, _FIXED64), _DOUBLE.pack(value.imag))
            return _message(_Kind.COMPLEX, b"".join(parts))
        if kind is dict:
            pairs = [_varint_field(1, self.add(key)) + _varint_field(2, self.add(item)) for key, item in value.items()]
            return _message(_Kind.DICT, b"".join(_message(1, pair) for pair in pairs))
        number = _KINDS.get(kind)
        if number is None:
            raise TypeError(f"{kind.__module__}.{kind.__qualname__} is no plain value")
        items = b"".join([_varint(self.add(item)) for item in value])
        return _message(number, _message(1, items) if items else b"")


def _fields(data: Any) -> Iterator[tuple[int, int, Any]]:
    """(number, wire type, content) of each field: an int for varints, bytes for the others."""
    if not isinstance(data, bytes):
        raise Malformed("a number where a message belongs")
    position, end = 0, len(data)
    while position < end:
        key, position = _read_varint(data, position)
        kind = key & 7
        if kind == _VARINT:
            number, position = _read_varint(data, position)
            yield key >> 3, kind, number
            continue
        if kind == _BYTES:
            size, position = _read_varint(data, position)
        elif kind == _FIXED64:
            size = 8
        else:
            raise Malformed(f"a field of wire type {kind}")
        if position + size > end:
            raise Malformed("a field that is longer than its message")
        yield key >> 3, kind, data[position : position + size]
        position += size


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift < 64:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
        shift += 7
    raise Malformed("a number without an end")


def _packed(data: Any) -> tuple[int, ...]:
    if isinstance(data, int):
        return (data,)
    numbers, position = [], 0
    while position < len(data):
        number, position = _read_varint(data, position)
        numbers.append(number)
    return tuple(numbers)


def _numbered(data: Any) -> Iterator[tuple[int, Any]]:
    return ((number, content) for number, _, content in _fields(data))


def _pair(data: Any) -> tuple[int, int]:
    parts = dict(_numbered(data))
    return _number(parts.get(1, 0)), _number(parts.get(2, 0))


def _only(data: Any, wanted: int) -> bytes:
    found = [content for number, content in _numbered(data) if number == wanted]
    if not found:
        return b""
    if not isinstance(found[0], bytes):
        raise Malformed("a number where a message belongs")
    return found[0]


def _number(content: Any) -> int:
    if not isinstance(content, int):
        raise Malformed("a message where a number belongs")
    return content


def _double(content: Any) -> float:
    if not isinstance(content, bytes) or len(content) != 8:
        raise Malformed("a float of a wrong size")
    return float(_DOUBLE.unpack(content)[0])


def _text(content: Any) -> str:
    if not isinstance(content, bytes):
        raise Malformed("a number where text belongs")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Malformed("text that is no UTF-8") from None


def _varint(value: int) -> bytes:
    if value < 128:
        return bytes((value,))
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _tag(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint_field(number: int, value: int) -> bytes:
    return _tag(number, _VARINT) + _varint(value)


def _message(number: int, body: bytes) -> bytes:
    return _tag(number, _BYTES) + _varint(len(body)) + body


def _call_id(call_id: int) -> bytes:
    return _varint_field(1, call_id) if call_id else b""
