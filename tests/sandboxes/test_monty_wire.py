"""What crosses to and from Monty's interpreter, and that hostile bytes are no more than bytes."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandboxes.monty.protobuf import Malformed
from sandboxes.monty.protobuf import fields as read_fields
from sandboxes.monty.values import NotPlain, TooLarge
from sandboxes.monty.wire import EventKind, feed, frame, parse_event, resume_with


def varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def field(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def complete(*nodes: bytes, root: int | None = None) -> bytes:
    """A COMPLETE event with these nodes."""
    arena = b"\x08" + varint(len(nodes)) + b"".join(field(2, node) for node in nodes)
    return field(6, b"\x08" + varint(len(nodes) - 1 if root is None else root) + field(2, arena))


NONE = field(2, b"")
CYCLE = field(30, field(2, b"[...]"))
REPR = field(29, b"range(0, 3)")


def pair(*items: int) -> bytes:
    return field(11, field(1, bytes(items)))


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (complete(REPR), NotPlain),
        (complete(CYCLE, pair(0)), NotPlain),
        (complete(pair(0)), Malformed),  # it contains itself
        (complete(pair(1), NONE), Malformed),
        (complete(NONE, root=1), Malformed),
        (complete(NONE, *[pair(i, i) for i in range(40)]), TooLarge),  # a bomb of 2^40 parts in 500 bytes
        (complete(NONE, *[pair(i) for i in range(60)]), NotPlain),  # too deep
        (complete(field(6, field(2, b"\xff" * 1752))), NotPlain),  # more than 14,000 bits
        (complete(field(8, b"\xff")), Malformed),
        (complete(field(5, b"\x02")), Malformed),  # bytes where an int's number belongs
        (complete(b"\x39\x00"), Malformed),  # a float of one byte
        (complete(field(31, field(1, b"x"))), Malformed),
        (field(6, b"\x08\x00"), Malformed),  # no value at all
    ],
)
def test_values_that_are_none(event: bytes, error: type[Exception]) -> None:
    parsed = parse_event(event)
    assert parsed.kind is EventKind.COMPLETE
    with pytest.raises(error):
        parsed.value(1 << 20)


def test_elements_that_collide_are_refused_before_a_set_is_built() -> None:
    prime = (1 << 61) - 1
    numbers = [field(6, field(2, (prime * i).to_bytes(16))) for i in range(1, 101)]
    event = parse_event(complete(*numbers, field(15, field(1, bytes(range(100))))))
    with pytest.raises(NotPlain, match="collide"):
        event.value(1 << 20)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"\xff" * 20, field(6, b"")[:-1], b"\x32\x7f", field(13, b""), b"\x08\x01", field(1, b"\x08")],
)
def test_bytes_that_are_no_event(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_event(data)


@given(st.binary(max_size=60))
def test_no_bytes_do_anything_but_raise_one_of_the_named_errors(data: bytes) -> None:
    for message in (data, field(6, data), field(7, data), complete(data), field(2, data)):
        try:
            event = parse_event(message)
            if event.kind is EventKind.COMPLETE:
                event.value(1 << 20)
        except (Malformed, NotPlain, TooLarge):
            continue


def plain() -> st.SearchStrategy[object]:
    scalars: st.SearchStrategy[object] = (
        st.none()
        | st.booleans()
        | st.integers(-(1 << 200), 1 << 200)
        | st.floats()
        | st.text(st.characters(exclude_categories=["Cs"]))
        | st.binary()
        | st.complex_numbers(allow_nan=False)
    )
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=4).map(tuple)
            | st.dictionaries(st.integers() | st.text(max_size=3), inner, max_size=4)
        ),
        max_leaves=12,
    )


@given(plain())
def test_what_is_written_reads_back(value: object) -> None:
    # ``resume_with`` holds: call id (left out), result with the index, arena. The arena is what COMPLETE holds as well.
    body = dict(fields(dict(fields(resume_with(0, value)))[4]))
    root = dict(fields(body[2])).get(1, 0)
    again = parse_event(field(6, b"\x08" + varint(root) + field(2, body[3]))).value(1 << 20)
    assert repr(again) == repr(value)
    assert type(again) is type(value)


def fields(data: bytes) -> list[tuple[int, Any]]:
    return [(number, content) for number, _, content in read_fields(data)]


def test_what_cannot_be_sent() -> None:
    with pytest.raises(TypeError, match="no plain value"):
        feed("x", {"x": object()})
    assert frame(b"abc") == b"\x03\x00\x00\x00abc"
    assert math.isnan(parse_event(complete(b"\x39" + b"\x00" * 6 + b"\xf8\x7f")).value(100))
