"""Columns have one number where they are equal on all inputs, whenever it is found out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reasoning_envs.programs.columns import FAILED, Column, Columns
from reasoning_envs.programs.grammar import LARGE, Production
from reasoning_envs.programs.interpreter import ERRORS
from reasoning_envs.programs.values import BoundError, Type, Value, bounded, same

SINGLE = [production for production in LARGE.productions if production.holes == (Type.LIST,)]
TAKE = next(production for production in LARGE.productions if production.name == "take")
LISTS = st.lists(st.lists(st.integers(-3, 3), max_size=4).map(tuple), min_size=3, max_size=6)


def value_of(production: Production, value: Value | None) -> Value | None:
    if value is None:
        return None
    try:
        return bounded(production.evaluate(value))
    except (*ERRORS, BoundError):
        return None


@given(LISTS, st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_numbers_are_those_of_whole_columns(lists: list[tuple[int, ...]], visible: int, seed: int) -> None:
    """Against columns that are computed whole, in chains of lines, with some of them asked for on the way."""
    rng = np.random.default_rng(seed)
    columns = Columns(visible)
    start = columns.given(Type.LIST, tuple(lists))
    whole: dict[int, Column] = {start: tuple(lists)}
    for _ in range(30):
        sources = [number for number in whole if columns.kinds[number] is Type.LIST]
        source = sources[int(rng.integers(len(sources)))]
        production = SINGLE[int(rng.integers(len(SINGLE)))]
        wanted = tuple(value_of(production, value) for value in whole[source])
        number = columns.computed(production, (source,))
        assert (number == FAILED) is (None in wanted[:visible])
        if number == FAILED:
            continue
        if rng.random() < 0.3:
            assert columns.whole(number) == wanted
        kind = production.result
        equal = [other for other, column in whole.items() if columns.kinds[other] is kind and alike(column, wanted)]
        assert equal == ([number] if number in whole else [])
        whole[number] = wanted
    for number, column in whole.items():
        assert columns.shown[number] == column[:visible]
        assert columns.probes(number) == column[visible:]


def alike(one: Column, other: Column) -> bool:
    return all((a is None and b is None) or same(a, b) for a, b in zip(one, other, strict=True))


def test_what_differs_on_visible_inputs_alone_is_run_there_alone() -> None:
    run: list[tuple[int, ...]] = []

    class Watched:
        result = Type.INT

        @staticmethod
        def evaluate(xs: tuple[int, ...]) -> int:
            run.append(xs)
            return len(xs)

    columns = Columns(1)
    start = columns.given(Type.LIST, ((1, 2), (3,), ()))
    first = columns.computed(Watched(), (start,))  # type: ignore[arg-type]
    assert run == [(1, 2)]
    assert columns.whole(first) == (2, 1, 0)
    assert columns.computed(TAKE, (start, columns.given(Type.INT, (9, 9, 9)))) == start
    assert run == [(1, 2), (3,), ()]


def test_a_line_may_fail_on_probes() -> None:
    columns = Columns(1)
    largest = next(production for production in SINGLE if production.name == "largest")
    start = columns.given(Type.LIST, ((1, 2), (), (5,)))
    number = columns.computed(largest, (start,))
    assert columns.whole(number) == (2, None, 5)
    assert columns.computed(largest, (columns.given(Type.LIST, ((), (1,), (5,))),)) == FAILED
