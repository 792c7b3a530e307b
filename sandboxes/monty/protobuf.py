"""The wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding), for bytes from anywhere.

Only what :mod:`sandboxes.monty.wire` needs: fields by number, without a schema. Whatever the format does not allow
raises :class:`Malformed`; what a reader is given is never larger than the bytes that it came from.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

__all__ = [
    "BYTES",
    "DOUBLE",
    "FIXED64",
    "VARINT",
    "Malformed",
    "bytes_field",
    "double_in",
    "fields",
    "number_in",
    "numbered",
    "only",
    "packed",
    "pair",
    "tag",
    "text_in",
    "varint",
    "varint_field",
]

VARINT, FIXED64, BYTES = 0, 1, 2
"""Types of fields."""

DOUBLE = struct.Struct("<d")
_ONE_BYTE = [bytes((value,)) for value in range(128)]
_SHORT = 16
"""Fields with smaller numbers have tags of one byte."""
_BYTES_TAGS = [_ONE_BYTE[number << 3 | BYTES] for number in range(_SHORT)]
_VARINT_TAGS = [_ONE_BYTE[number << 3 | VARINT] for number in range(_SHORT)]


class Malformed(ValueError):
    """Bytes that the protocol does not allow."""


def fields(data: Any) -> Iterator[tuple[int, int, Any]]:
    """(number, wire type, content) of each field: an int for varints, bytes for the others."""
    if not isinstance(data, bytes):
        raise Malformed("a number where a message belongs")
    position, end = 0, len(data)
    while position < end:
        key = data[position]
        if key < 128:  # nearly always: the call would take longer than all the rest
            position += 1
        else:
            key, position = _read_varint(data, position)
        kind = key & 7
        if kind == VARINT:
            number, position = _read_varint(data, position)
            yield key >> 3, kind, number
            continue
        if kind == BYTES:
            if position < end and data[position] < 128:
                size, position = data[position], position + 1
            else:
                size, position = _read_varint(data, position)
        elif kind == FIXED64:
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


def packed(data: Any) -> tuple[int, ...]:
    """Numbers in one field, whichever of the two ways they are written."""
    if isinstance(data, int):
        return (data,)
    numbers, position = [], 0
    while position < len(data):
        number, position = _read_varint(data, position)
        numbers.append(number)
    return tuple(numbers)


def numbered(data: Any) -> Iterator[tuple[int, Any]]:
    """(number, content) of each field."""
    return ((number, content) for number, _, content in fields(data))


def pair(data: Any) -> tuple[int, int]:
    """A message of two numbers, fields 1 and 2; 0 where one is missing."""
    parts = dict(numbered(data))
    return number_in(parts.get(1, 0)), number_in(parts.get(2, 0))


def only(data: Any, wanted: int) -> bytes:
    """The first field of this number, which holds bytes; b"" where there is none."""
    found = [content for number, content in numbered(data) if number == wanted]
    if not found:
        return b""
    if not isinstance(found[0], bytes):
        raise Malformed("a number where a message belongs")
    return found[0]


def number_in(content: Any) -> int:
    """The content, if it is a number."""
    if not isinstance(content, int):
        raise Malformed("a message where a number belongs")
    return content


def double_in(content: Any) -> float:
    """The content as a float."""
    if not isinstance(content, bytes) or len(content) != 8:
        raise Malformed("a float of a wrong size")
    return float(DOUBLE.unpack(content)[0])


def text_in(content: Any) -> str:
    """The content as text."""
    if not isinstance(content, bytes):
        raise Malformed("a number where text belongs")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Malformed("text that is no UTF-8") from None


def varint(value: int) -> bytes:
    """A number that is not negative, as bytes."""
    if value < 128:
        return _ONE_BYTE[value]
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def tag(number: int, kind: int) -> bytes:
    """What precedes a field's content."""
    return varint(number << 3 | kind)


def varint_field(number: int, value: int) -> bytes:
    """A field that holds a number that is not negative."""
    return (_VARINT_TAGS[number] if number < _SHORT else tag(number, VARINT)) + varint(value)


def bytes_field(number: int, body: bytes) -> bytes:
    """A field that holds bytes: text, or another message."""
    size = len(body)
    head = _BYTES_TAGS[number] if number < _SHORT else tag(number, BYTES)
    return head + (_ONE_BYTE[size] if size < 128 else varint(size)) + body
