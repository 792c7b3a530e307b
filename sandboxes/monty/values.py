"""Plain values in the protocol of Monty, written, and read without believing the other side.

Values cross as an *arena*: a list of nodes in which containers name their items by number, so that a few bytes can
stand for a value of any size. Monty's own Python client expands them without a bound and turns what is no plain value
into text; here the size is counted before anything is built, and whatever is no plain value says so.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from sandboxes.monty.protobuf import (
    BYTES,
    DOUBLE,
    FIXED64,
    VARINT,
    Malformed,
    bytes_field,
    double_in,
    fields,
    number_in,
    numbered,
    only,
    packed,
    pair,
    tag,
    text_in,
    varint,
    varint_field,
)
from sandboxes.values import MAX_DEPTH, MAX_INT_BITS, MAX_NODES, decode_value, encode_value

__all__ = ["COUNT_FIELD", "NODE_FIELD", "Arena", "Kind", "NotPlain", "TooLarge", "Writer"]

COUNT_FIELD, NODE_FIELD = 1, 2
"""Of an arena: how many nodes there are, and each of them."""

_WORD = 1 << 63


class NotPlain(ValueError):
    """A value that is no plain one, or beyond a bound."""


class TooLarge(ValueError):
    """A value that would take more bytes as text than are allowed."""


class Kind(IntEnum):
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


_SMALL_INT = int(Kind.INT) << 3
_CONTAINERS: dict[int, str] = {Kind.LIST: "l", Kind.TUPLE: "t", Kind.SET: "s", Kind.FROZEN_SET: "z"}
# As plain numbers: an enumeration's members are compared and looked up at three times the cost.
_INT, _DICT = int(Kind.INT), int(Kind.DICT)
_KINDS: dict[type, int] = {
    list: int(Kind.LIST),
    tuple: int(Kind.TUPLE),
    set: int(Kind.SET),
    frozenset: int(Kind.FROZEN_SET),
}


class Arena:
    """Nodes of a value, sized before they are built."""

    def __init__(self, data: bytes, most_bytes: int) -> None:
        self._nodes: list[tuple[int, Any]] = []
        self._sizes: list[int] = []
        self._depths: list[int] = []
        self._most = most_bytes
        for number, kind, body in fields(data):
            if number == NODE_FIELD and kind == BYTES:
                self._add(body)
                if 2 * len(self._nodes) > most_bytes + 4:  # every part takes two bytes as text
                    raise TooLarge(f"a value of more than {most_bytes} bytes")

    def _add(self, body: bytes) -> None:
        if len(body) == 2 and body[0] == _SMALL_INT and body[1] < 128:  # by far the most
            self._nodes.append((_INT, body[1]))
            self._sizes.append(1)
            self._depths.append(0)
            return
        number, _, item = next(fields(body), (0, VARINT, 0))
        items: tuple[int, ...] = ()
        content: Any = item
        if number in _CONTAINERS:
            content = items = packed(only(item, 1))
        elif number == _INT:
            content = number_in(item)
        elif number == _DICT:
            content = [pair(entry) for entry_number, entry in numbered(item) if entry_number == 1]
            items = tuple(index for pair in content for index in pair)
        here = len(self._nodes)
        if items and max(items) >= here:
            raise Malformed("a node that contains a later one")
        self._nodes.append((number, content))
        if number in _CONTAINERS or number == _DICT:
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
        if number == _INT:
            return encode_value(content >> 1 ^ -(content & 1)) if content > 255 else content >> 1 ^ -(content & 1)
        if number in _CONTAINERS:
            return [_CONTAINERS[number], *[self._build(item) for item in content]]
        if number == _DICT:
            return ["d", *[self._build(item) for pair in content for item in pair]]
        return encode_value(_scalar(number, content))


def _scalar(number: int, content: Any) -> Any:
    match number:
        case Kind.NONE:
            return None
        case Kind.BOOLEAN:
            return bool(number_in(content))
        case Kind.FLOAT:
            return double_in(content)
        case Kind.STR:
            return text_in(content)
        case Kind.BYTES:
            if not isinstance(content, bytes):
                raise Malformed("a number where bytes belong")
            return content
        case Kind.COMPLEX:
            parts = dict(numbered(content))
            return complex(double_in(parts.get(1, bytes(8))), double_in(parts.get(2, bytes(8))))
        case Kind.BIG_INT:
            parts = dict(numbered(content))
            magnitude = parts.get(2, b"")
            if not isinstance(magnitude, bytes):
                raise Malformed("an int without digits")
            if len(magnitude) > MAX_INT_BITS // 8 + 1:
                raise NotPlain(f"an int of more than {MAX_INT_BITS} bits")
            value = int.from_bytes(magnitude)
            return -value if parts.get(1) else value
        case _:
            raise NotPlain("it contains something that is no plain value")


class Writer:
    """Plain values as an arena."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []

    def add(self, value: Any) -> int:
        """Number of the node of a plain value.

        Raises:
            TypeError: it is none.
        """
        node = self._node(value)
        self._nodes.append(bytes_field(NODE_FIELD, node))
        return len(self._nodes) - 1

    def add_function(self, name: str) -> int:
        """Number of the node of a built-in function."""
        self._nodes.append(bytes_field(NODE_FIELD, bytes_field(Kind.BUILTIN_FUNCTION, name.encode())))
        return len(self._nodes) - 1

    def written(self) -> bytes:
        """All nodes so far."""
        return varint_field(COUNT_FIELD, len(self._nodes)) + b"".join(self._nodes)

    def _node(self, value: Any) -> bytes:
        kind = type(value)
        if kind is int:
            if -_WORD <= value < _WORD:
                return varint_field(_INT, value << 1 if value >= 0 else (-value << 1) - 1)
            magnitude = abs(value).to_bytes((abs(value).bit_length() + 7) // 8)
            sign = varint_field(1, 1) if value < 0 else b""
            return bytes_field(Kind.BIG_INT, sign + bytes_field(2, magnitude))
        if (number := _KINDS.get(kind)) is not None:
            items = b"".join([varint(self.add(item)) for item in value])
            return bytes_field(number, bytes_field(1, items) if items else b"")
        if kind is dict:
            pairs = [varint_field(1, self.add(key)) + varint_field(2, self.add(item)) for key, item in value.items()]
            return bytes_field(_DICT, b"".join([bytes_field(1, pair) for pair in pairs]) if pairs else b"")
        if kind is str:
            return bytes_field(Kind.STR, value.encode())
        if value is None:
            return bytes_field(Kind.NONE, b"")
        if kind is bool:
            return varint_field(Kind.BOOLEAN, int(value))
        if kind is float:
            return tag(Kind.FLOAT, FIXED64) + DOUBLE.pack(value)
        if kind is bytes:
            return bytes_field(Kind.BYTES, value)
        if kind is complex:
            parts = (tag(1, FIXED64), DOUBLE.pack(value.real), tag(2, FIXED64), DOUBLE.pack(value.imag))
            return bytes_field(Kind.COMPLEX, b"".join(parts))
        raise TypeError(f"{kind.__module__}.{kind.__qualname__} is no plain value")
