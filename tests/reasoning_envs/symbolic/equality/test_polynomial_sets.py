"""Solution sets of polynomial systems: which lies in which, and their real points."""

from __future__ import annotations

from itertools import product

import pytest
from flint import fmpz_mpoly
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.symbolic.equality.forms import TooLarge
from reasoning_envs.symbolic.equality.polynomial_sets import (
    InfinitelyMany,
    System,
    contained,
    points_of,
    system_context,
)

CONTEXT = system_context(2)
X, Y, _ = CONTEXT.gens()


def _points(*zero: fmpz_mpoly) -> list[tuple[str, ...]]:
    return sorted(tuple(name.text("v")[4:] for name in point.names) for point in points_of(System(zero), 2))


@pytest.mark.parametrize(
    ("equations", "expected"),
    [
        ((X + Y - 3, X - Y - 1), [("2", "1")]),
        ((X**2 + Y**2 - 25, X * Y - 12), [("-3", "-4"), ("-4", "-3"), ("3", "4"), ("4", "3")]),
        ((X**2 - 2, Y - X), [("-sqrt(2)", "-sqrt(2)"), ("sqrt(2)", "sqrt(2)")]),
        (((X - 1) ** 2, (Y - 2) ** 3), [("1", "2")]),
        ((X**2 + 1, Y), []),
        ((X, X - 1), []),
        ((X * Y - 1, X * Y - 2), []),
    ],
)
def test_real_points(equations: tuple[fmpz_mpoly, ...], expected: list[tuple[str, str]]) -> None:
    assert _points(*equations) == expected


def test_points_meet_what_is_denied_and_signs() -> None:
    system = System((X**2 - 2, Y - X), signs=((">", X),))
    (point,) = points_of(system, 2)
    assert [name.text("v") for name in point.names] == ["v = sqrt(2)"] * 2
    assert point.sign(X - 1) == 1
    assert point.sign(X * Y - 2) == 0
    assert [p.names[0].text("v") for p in points_of(System((X**2 - 1, Y), (X - 1,)), 2)] == ["v = -1"]


def test_a_free_unknown_is_named() -> None:
    with pytest.raises(InfinitelyMany) as caught:
        points_of(System((X**2 - 1,)), 2)
    assert caught.value.free == 1


def test_containment() -> None:
    circle, line = System((X**2 + Y**2 - 25, X * Y - 12)), System((X + Y - 7, X * Y - 12))
    other = System((X + Y + 7, X * Y - 12))
    assert contained(line, [circle], 2)
    assert not contained(circle, [line], 2)
    assert contained(circle, [line, other], 2)
    assert contained(System((X - 1, X - 2)), [], 2)
    assert contained(System((X * Y,), (Y,)), [System((X,))], 2)


def test_what_is_too_large_says_so() -> None:
    huge = X**41 - Y
    with pytest.raises(TooLarge):
        points_of(System((huge, X - Y)), 2)


small = st.integers(-3, 3)


@settings(max_examples=40, deadline=None)
@given(a=small, b=small, c=small, d=small)
def test_points_of_a_grid_are_found(a: int, b: int, c: int, d: int) -> None:
    """(x - a)(x - b) = 0 and (y - c)(y - d) = 0, turned so that neither equation shows it."""
    first, second = (X - a) * (X - b), (Y - c) * (Y - d)
    found = points_of(System((first + 2 * second, first - second)), 2)
    seen = {tuple(int(str(name.exact)) for name in point.names) for point in found}
    assert seen == set(product({a, b}, {c, d}))
