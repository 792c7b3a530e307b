"""Plain values cross the wall as they are; nothing else does, and nothing that crosses can hurt."""

import json
import math
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandboxes.values import (
    MAX_DEPTH,
    MAX_INT_BITS,
    MAX_NODES,
    decode_value,
    dump_value,
    encode_value,
    load_value,
    same,
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.complex_numbers()
)
HASHABLE = st.recursive(
    SCALARS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5
).filter(lambda value: "nan" not in repr(value))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(HASHABLE, inner, max_size=3)
        | st.sets(HASHABLE, max_size=3)
    ),
    max_leaves=20,
)


class Int(int):
    pass


class Text(str):
    __slots__ = ()


class Always:
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class AlwaysList(list[int]):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


@given(VALUES)
def test_what_goes_in_comes_out(value: Any) -> None:
    again = load_value(dump_value(value))
    assert same(value, again)
    assert repr(value) == repr(again) or isinstance(value, set | frozenset | dict | list | tuple)


@given(VALUES)
def test_json_data_carry_it_too(value: Any) -> None:
    assert same(value, decode_value(json.loads(json.dumps(encode_value(value)))))


@given(VALUES, VALUES)
def test_same_is_an_equivalence_that_equality_follows(left: Any, right: Any) -> None:
    assert same(left, left)
    assert same(left, right) == same(right, left)
    if same(left, right) and "nan" not in repr(left):
        assert left == right


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (True, 1),
        (False, 0),
        (4.0, 4),
        (4, "4"),
        ([1], (1,)),
        ([True], [1]),
        ({1: 2}, {True: 2}),
        ({1: 2}, {1: 2.0}),
        ({1}, {1.0}),
        ({1}, frozenset({1})),
        ({(1, 2)}, {(True, 2)}),
        (b"a", "a"),
        (None, False),
        (1j, 1),
        (0, 0.0),
        ([], ()),
        ({}, set()),
        ([1, 2], [1, 2, 3]),
        ({"a": 1}, {"a": 1, "b": 2}),
        (math.nan, 0.0),
        ("1", "l"),
    ],
)
def test_these_are_not_the_same(left: Any, right: Any) -> None:
    assert not same(left, right)
    assert not same(right, left)
    assert not same([left], [right])
    assert not same({"k": left}, {"k": right})
    assert not same(left, right, tolerance=1e-9)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (math.nan, -math.nan),
        (0.0, -0.0),
        ({1, 2, 3}, {3, 2, 1}),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}),
        ([math.nan, {1.5: math.nan}], [math.nan, {1.5: math.nan}]),
        (complex(math.nan, 1), complex(math.nan, 1)),
    ],
)
def test_these_are_the_same(left: Any, right: Any) -> None:
    assert same(left, right)


@pytest.mark.parametrize(
    ("left", "right", "tolerance", "expected"),
    [
        (1.0, 1.0 + 1e-9, 1e-6, True),
        (1.0, 1.1, 1e-6, False),
        (1e9, 1e9 + 1, 1e-6, True),
        (1, 1.0, 1e-6, False),
        ([1.0, (2.0,)], [1.0 + 1e-9, (2.0,)], 1e-6, True),
        ({"a": 1.0}, {"a": 1.0 + 1e-9}, 1e-6, True),
        (1.0, 1.0 + 1e-9, 0.0, False),
        (math.nan, math.nan, 1e-6, True),
        (math.inf, 1e308, 1e-6, False),
        (1 + 1j, 1 + (1 + 1e-9) * 1j, 1e-6, True),
        (1.0, math.nan, 1e9, False),
    ],
)
def test_tolerance_is_for_floats(left: Any, right: Any, tolerance: float, expected: bool) -> None:
    assert same(left, right, tolerance=tolerance) is expected


@pytest.mark.parametrize(
    "value",
    [
        object(),
        Int(3),
        Text("x"),
        Always(),
        AlwaysList([1]),
        [Always()],
        {"k": Int(1)},
        {Text("k"): 1},
        len,
        range(3),
        bytearray(b"x"),
        iter([]),
        ValueError("x"),
        Ellipsis,
    ],
)
def test_what_is_not_plain_stays_where_it_is(value: Any) -> None:
    with pytest.raises(TypeError, match="is no plain value"):
        dump_value(value)
    with pytest.raises(TypeError, match="is no plain value"):
        same(value, 3)
    with pytest.raises(TypeError, match="is no plain value"):
        same(3, value)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (nested(MAX_DEPTH + 1), "deep"),
        (2 ** (MAX_INT_BITS + 1), "bits"),
        ("\ud800", "surrogate"),
        ([0] * MAX_NODES, "parts"),
        ({"\udfff": 1}, "surrogate"),
    ],
    ids=["depth", "bits", "surrogate", "parts", "surrogate-key"],
)
def test_bounds_hold_on_the_way_in(value: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        dump_value(value)


def test_the_bounds_themselves_are_inside() -> None:
    for value in (nested(MAX_DEPTH), 2**MAX_INT_BITS - 1, -(2**MAX_INT_BITS) + 1, "\U0010ffff", 1j):
        assert same(load_value(dump_value(value)), value)
    assert repr(2**MAX_INT_BITS - 1), "every value can be printed"


BOMB = b'["l",' * 500_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[",
        b"[]",
        b"{}",
        b'{"a":1}',
        b"nan",
        b"NaN",
        b"Infinity",
        b'["f","1.5"]',
        b'["f","Infinity"]',
        b'["f",1]',
        b'["i","0x10"]',
        b'["i"," 1"]',
        b'["i","1_0"]',
        b'["i","' + b"f" * 4000 + b'"]',
        b"9" * 4299,
        b'["b","0"]',
        b'["b","zz"]',
        b'["b","00","00"]',
        b'["c",1,2]',
        b'["c",1.0]',
        b'["c",true,1.0]',
        b'["q",1]',
        b'["d",1]',
        b'["d",["l"],1]',
        b'["s",["l"]]',
        b'["s",1,1]',
        b'["s",1,true]',
        b'["d",1,2,1.0,3]',
        b'["l",{"a":1}]',
        b"[1,2]",
        b'[["l"],1]',
        b'"\\ud800"',
        b'["l","\\udfff"]',
        "\u00e9".encode(),
        b"\xff",
        b'"x" "y"',
        BOMB,
        b'{"a":' * 500_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'["t",' + b'"]",' * 100 + BOMB,
        dump_value(nested(MAX_DEPTH)).replace(b"0", b'["l"]'),
    ],
    ids=lambda data: repr(data[:24]),
)
def test_nothing_else_is_read(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        load_value(data)


@pytest.mark.parametrize("end", [b"", b"\\", b'"', b"x", b"]"])
def test_text_without_an_end_is_read_once(end: bytes) -> None:
    # In quadratic time this would take a day.
    with pytest.raises(ValueError, match="nested"):
        load_value(b"[" * 60 + b'"' + b'\\"' * (1 << 19) + end)


@pytest.mark.parametrize("tag", ["s", "d"])
def test_keys_that_were_made_to_collide_are_refused(tag: str) -> None:
    keys = [["i", f"{i * sys.hash_info.modulus:x}"] for i in range(1, 20_000)]
    parts = keys if tag == "s" else [part for key in keys for part in (key, 0)]
    with pytest.raises(ValueError, match="collide"):
        load_value(json.dumps([tag, *parts]).encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_value_error(data: bytes) -> None:
    try:
        value = load_value(data)
    except ValueError:
        return
    dump_value(value)


@given(st.recursive(st.none() | st.text(max_size=3) | st.integers() | st.floats(), lambda x: st.lists(x, max_size=4)))
def test_any_json_is_a_value_or_a_value_error(data: Any) -> None:
    try:
        value = decode_value(data)
    except ValueError:
        return
    dump_value(value)
