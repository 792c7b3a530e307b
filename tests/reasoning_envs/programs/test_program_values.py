"""Values are compared by exact type, and held to their bounds."""

from typing import Any

import pytest

from reasoning_envs.programs.values import (
    MAX_INT,
    MAX_LENGTH,
    BoundError,
    Type,
    bounded,
    encode,
    from_plain,
    plain,
    same,
    type_of,
)


class AlwaysEqual(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1, True),
        (True, 1, False),
        (False, 0, False),
        (1, 1.0, False),
        ("1", 1, False),
        ("ab", "ab", True),
        ((1, 2), (1, 2), True),
        ((1,), (True,), False),
        ((1, 2), [1, 2], False),
        ((), (), True),
        (None, None, False),
        (AlwaysEqual(3), 4, False),
        ((AlwaysEqual(3),), (4,), False),
    ],
)
def test_equality_is_exact(left: Any, right: Any, expected: bool) -> None:
    assert same(left, right) is expected
    assert same(right, left) is expected


@pytest.mark.parametrize(
    ("value", "kind"), [(3, Type.INT), (True, Type.BOOL), ("x", Type.STR), ((1,), Type.LIST), ((), Type.LIST)]
)
def test_values_have_types_and_plain_forms(value: Any, kind: Type) -> None:
    assert type_of(value) is kind
    assert same(from_plain(plain(value), kind), value)


@pytest.mark.parametrize("value", [1.5, None, [1], (True,), ("a",), AlwaysEqual(1), {1}])
def test_anything_else_is_no_value(value: Any) -> None:
    with pytest.raises(TypeError):
        type_of(value)


@pytest.mark.parametrize(("value", "kind"), [(True, Type.INT), (1, Type.BOOL), ((1,), Type.LIST), ([True], Type.LIST)])
def test_plain_values_are_read_exactly(value: Any, kind: Type) -> None:
    with pytest.raises(TypeError, match="expected"):
        from_plain(value, kind)


@pytest.mark.parametrize("value", [MAX_INT, -MAX_INT, (0,) * MAX_LENGTH, "x" * MAX_LENGTH, (MAX_INT,), True])
def test_values_within_the_bounds_pass(value: Any) -> None:
    assert bounded(value) is value


@pytest.mark.parametrize(
    "value", [MAX_INT + 1, -MAX_INT - 1, (0,) * (MAX_LENGTH + 1), "x" * (MAX_LENGTH + 1), (1, MAX_INT + 1), (-(2**64),)]
)
def test_values_beyond_the_bounds_are_refused(value: Any) -> None:
    with pytest.raises(BoundError):
        bounded(value)


def test_texts_of_values_differ_where_values_do() -> None:
    rows: list[list[Any]] = [[1], [True], ["1"], [(1,)], [None], ["error"], [1, 2], ["1;2"], [(1, 2)], []]
    assert len({encode(row) for row in rows}) == len(rows)
