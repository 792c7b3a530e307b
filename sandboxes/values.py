"""Plain values as bounded bytes and back: the only thing that crosses the wall round a program.

A *plain value* is built of exactly these types, and of no subclass of them: None, bool, int, float, str, bytes,
complex, list, tuple, dict, set and frozenset. It is written as JSON in which whatever JSON does not know is an array
that begins with a tag: ``["l", 1, 2]`` is a list, ``["t", 1]`` a tuple, ``["d", key, value, ...]`` a dict, ``["s",
...]`` a set, ``["z", ...]`` a frozenset, ``["b", "00ff"]`` bytes, ``["i", "-ff"]`` a large int, ``["f", "nan"]`` a
float that JSON has not, and ``["c", real, imaginary]`` a complex number. Nothing that is read can become anything
else: no object, no code.

Bounds hold in both directions: :data:`MAX_DEPTH`, :data:`MAX_NODES`, :data:`MAX_INT_BITS` (so that every value that
came out can be printed), text without lone surrogates (so that it can be written to a file), and no set or dict whose
keys were chosen to collide (so that building it takes linear time).

This module is loaded inside sandboxes as well: it imports nothing but the standard library's lightest parts.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

__all__ = [
    "MAX_DEPTH",
    "MAX_INT_BITS",
    "MAX_NODES",
    "decode_value",
    "dump_value",
    "encode_value",
    "load_value",
    "same",
]

MAX_DEPTH = 50
"""Containers inside containers: ``[]`` has depth 1."""

MAX_NODES = 1_000_000
"""Containers and scalars of one value, each counted as often as it is reached."""

MAX_INT_BITS = 14_000
"""About 4,200 decimal digits, below the 4,300 that Python is willing to print."""

_MAX_COLLISIONS = 32
_SMALL = 1 << 53
_TAGS: dict[type, str] = {list: "l", tuple: "t", set: "s", frozenset: "z"}
_STRING = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*+"?', re.DOTALL)
"""Possessive, and with or without its end: whatever the bytes are, each is looked at once."""
_BRACKET = re.compile(rb"[\[\]{}]")
_BEYOND_JSON = re.compile(r"-?inf|nan")
_HEXADECIMAL = re.compile(r"-?[0-9a-f]+")


def encode_value(value: Any) -> Any:
    """A plain value as JSON data (lists, text, numbers, None, bool), tagged.

    Raises:
        TypeError: there is something that is no plain value in it.
        ValueError: it is beyond a bound.
    """
    return _encode(value, MAX_DEPTH, [MAX_NODES])


def decode_value(data: Any) -> Any:
    """The inverse of :func:`encode_value`, for JSON data from anywhere.

    Raises:
        ValueError: this is not what :func:`encode_value` makes.
    """
    return _decode(data, MAX_DEPTH)


def dump_value(value: Any) -> bytes:
    """A plain value as bytes (ASCII).

    Raises:
        TypeError, ValueError: see :func:`encode_value`.
    """
    return _ENCODER.encode(encode_value(value)).encode()


def load_value(data: bytes) -> Any:
    """The inverse of :func:`dump_value`, for bytes from anywhere. Time and memory are linear in their number.

    Raises:
        ValueError: this is not what :func:`dump_value` makes.
    """
    # The parser of JSON recurses, and whoever calls may have raised the limit that protects its stack.
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and _too_deep(data):
        raise ValueError(f"nested more than {MAX_DEPTH} deep")
    return decode_value(_DECODER.decode(data.decode("ascii")))


def same(left: Any, right: Any, *, tolerance: float = 0.0) -> bool:
    """Whether two plain values are the same: types and all, so that True is not 1, 4.0 is not 4 and [1] is not (1,).

    Sets and the keys of dicts are compared without regard to order; nan is the same as nan, and 0.0 the same as -0.0.

    Args:
        left: a plain value; anything else raises TypeError.
        right: likewise.
        tolerance: floats (and parts of complex numbers) may differ by this, absolutely or relative to the larger one.
            Not those in sets and keys.
    """
    kind = type(left)
    if kind is not type(right):
        return bool(_key(left) == _key(right))  # False, or TypeError
    if kind in (list, tuple):
        return len(left) == len(right) and all(
            same(one, other, tolerance=tolerance) for one, other in zip(left, right, strict=True)
        )
    if kind is dict:
        mine = {_key(key): item for key, item in left.items()}
        yours = {_key(key): item for key, item in right.items()}
        return mine.keys() == yours.keys() and all(
            same(item, yours[key], tolerance=tolerance) for key, item in mine.items()
        )
    if tolerance and kind is float:
        return _near(left, right, tolerance)
    if tolerance and kind is complex:
        return _near(left.real, right.real, tolerance) and _near(left.imag, right.imag, tolerance)
    return bool(_key(left) == _key(right))


def _near(left: float, right: float, tolerance: float) -> bool:
    return (left != left and right != right) or math.isclose(left, right, rel_tol=tolerance, abs_tol=tolerance)


def _key(value: Any) -> Any:
    """Something hashable that is equal for the same plain values only."""
    kind = type(value)
    if kind is float:
        return ("float", "nan" if value != value else value)
    if kind is complex:
        return ("complex", _key(value.real), _key(value.imag))
    if kind in (list, tuple):
        return (kind.__name__, tuple(map(_key, value)))
    if kind in (set, frozenset):
        return (kind.__name__, frozenset(map(_key, value)))
    if kind is dict:
        return ("dict", frozenset((_key(key), _key(item)) for key, item in value.items()))
    if value is None or kind in (bool, int, str, bytes):
        return (kind.__name__, value)
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} is no plain value")


def _encode(value: Any, depth: int, left: list[int]) -> Any:
    kind = type(value)
    left[0] -= 1
    if left[0] < 0:
        raise ValueError(f"more than {MAX_NODES} parts")
    if value is None or kind is bool:
        return value
    if kind is str:
        if not value.isascii():
            _check_text(value)
        return value
    if kind is int:
        if -_SMALL < value < _SMALL:
            return value
        if value.bit_length() > MAX_INT_BITS:
            raise ValueError(f"an int of more than {MAX_INT_BITS} bits")
        return ["i", f"{value:x}"]
    if kind is float:
        return value if math.isfinite(value) else ["f", repr(value)]
    if kind is bytes:
        return ["b", value.hex()]
    if kind is complex:
        return ["c", _encode(value.real, depth, left), _encode(value.imag, depth, left)]
    if depth <= 0 and (kind in _TAGS or kind is dict):
        raise ValueError(f"nested more than {MAX_DEPTH} deep")
    if kind in _TAGS:
        return [_TAGS[kind], *[_encode(item, depth - 1, left) for item in value]]
    if kind is dict:
        pairs: list[Any] = ["d"]
        for key, item in value.items():
            pairs.append(_encode(key, depth - 1, left))
            pairs.append(_encode(item, depth - 1, left))
        return pairs
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} is no plain value")


def _decode(data: Any, depth: int) -> Any:
    kind = type(data)
    if data is None or kind is bool or kind is float:
        return data
    if kind is int:
        return _bounded(data)
    if kind is str:
        return _check_text(data)
    if kind is not list or not data or type(data[0]) is not str:
        raise ValueError("an untagged JSON value")
    tag, *items = data
    if tag in ("i", "f", "b"):
        if len(items) != 1 or type(items[0]) is not str:
            raise ValueError(f"tag {tag!r} takes one text")
        return _decode_text(tag, items[0])
    if depth <= 0:
        raise ValueError(f"nested more than {MAX_DEPTH} deep")
    parts = [_decode(item, depth - 1) for item in items]
    if tag == "l":
        return parts
    if tag == "t":
        return tuple(parts)
    if tag == "c" and len(parts) == 2 and type(parts[0]) is type(parts[1]) is float:
        return complex(*parts)
    if tag in ("s", "z"):
        _check_keys(parts)
        return set(parts) if tag == "s" else frozenset(parts)
    if tag == "d" and len(parts) % 2 == 0:
        _check_keys(parts[::2])
        return dict(zip(parts[::2], parts[1::2], strict=True))
    raise ValueError(f"unknown or malformed tag {tag[:20]!r}")


def _decode_text(tag: str, text: str) -> int | float | bytes:
    if tag == "b":
        if not re.fullmatch(r"(?:[0-9a-f]{2})*", text):
            raise ValueError("malformed bytes")
        return bytes.fromhex(text)
    if tag == "f":
        if not _BEYOND_JSON.fullmatch(text):
            raise ValueError("malformed float")
        return float(text)
    if not _HEXADECIMAL.fullmatch(text) or len(text) > MAX_INT_BITS // 4 + 2:
        raise ValueError("malformed int")
    return _bounded(int(text, 16))


def _bounded(value: int) -> int:
    if value.bit_length() > MAX_INT_BITS:
        raise ValueError(f"an int of more than {MAX_INT_BITS} bits")
    return value


def _check_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("text with a lone surrogate, which is no Unicode") from None
    return text


def _check_keys(keys: list[Any]) -> None:
    """Refuse keys that are unhashable, twice there, or chosen to make the table quadratic.

    Hashes of numbers are no secret, so that a program can return any number of different ints with the same one.
    """
    try:
        hashes = [hash(key) for key in keys]
    except TypeError:
        raise ValueError("an unhashable key or element") from None
    counts: dict[int, int] = {}
    for number in hashes:
        counts[number] = counts.get(number, 0) + 1
        if counts[number] > _MAX_COLLISIONS:
            raise ValueError("keys or elements that were made to collide")
    if len(set(keys)) != len(keys):
        raise ValueError("a key or element that stands there twice")


def _too_deep(data: bytes) -> bool:
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", data)):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > MAX_DEPTH + 1:  # a complex number is an array and no container
            return True
    return False


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is written with a tag")


# Made once: json.dumps and json.loads make new ones for each call that has options. What is encoded is a tree.
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"), check_circular=False)
_DECODER = json.JSONDecoder(parse_constant=_no_constant)
