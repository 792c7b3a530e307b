"""Turns see every line of one variable; from origins an operation of the grammar does give the goal."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.turns import origins, turns
from reasoning_envs.programs.grammar import LARGE, Production
from reasoning_envs.programs.inputs import draw_arguments
from reasoning_envs.programs.interpreter import ERRORS
from reasoning_envs.programs.values import Type, Value, type_of

VALUES: dict[Type, st.SearchStrategy[Any]] = {
    Type.INT: st.integers(-1000, 1000) | st.integers(-4, 12),
    Type.BOOL: st.booleans(),
    Type.LIST: st.lists(st.integers(-20, 20) | st.integers(0, 3), max_size=6).map(tuple),
    Type.STR: st.text("abeioAB 12", max_size=6),
}

ALONE = [
    (production, place, constants)
    for production in LARGE.productions
    for place, kind in enumerate(production.holes)
    for constants in product(*(pool for other, pool in enumerate(production.pools) if other != place))
]
"""All lines with one variable, as a production, the variable's place, and the constants in the others."""


def computed(production: Production, place: int, constants: tuple[Value, ...], value: Value) -> Any:
    arguments = list(constants)
    arguments.insert(place, value)
    return production.evaluate(*arguments)


@pytest.mark.parametrize(
    ("production", "place", "constants"), ALONE, ids=[f"{one.name}-{two}-{three}" for one, two, three in ALONE]
)
def test_every_line_of_one_variable_is_a_turn(production: Production, place: int, constants: tuple[Value, ...]) -> None:
    kind = production.holes[place]
    found = turns(kind, production.result)
    if found is None:
        # `n if p else 0` with a constant on either side, and the like: of truth values there is nothing to see.
        assert Type.BOOL in (kind, production.result) or production.name in ("append", "choose")
        return
    rng = np.random.default_rng(0)
    common, seen = -1, 0
    for _ in range(40):
        (value,) = draw_arguments(rng, (kind,))
        try:
            goal = computed(production, place, constants, value)
        except ERRORS:
            continue
        common &= found(value, goal)
        seen += 1
    assert seen >= 10
    assert common != 0, "no bit says that this line leads from the one to the other"


@pytest.mark.parametrize("kind", list(Type))
@pytest.mark.parametrize("target", list(Type))
def test_turns_of_all_types_bear_all_values(kind: Type, target: Type) -> None:
    found = turns(kind, target)
    if found is None:
        return
    samples: dict[Type, list[Any]] = {
        Type.INT: [0, 1, -(2**62), 2**63 - 1],
        Type.BOOL: [True, False],
        Type.LIST: [(), (0,), (3, -1, 2), tuple(range(100))],
        Type.STR: ["", "a", "Ab 1", "--44", "é" * 100],
    }
    for value, goal in product(samples[kind], samples[target]):
        assert 0 <= found(value, goal) < 2**24


@given(st.data())
def test_a_turn_is_no_accident_of_its_table(data: st.DataObject) -> None:
    """Where a bit is set, some line of one variable does give the goal: bits that mean nothing would mislead."""
    kind, target = data.draw(st.sampled_from([(one, two) for one, two in product(Type, Type) if turns(one, two)]))
    value = data.draw(VALUES[kind])
    lines = [each for each in ALONE if each[0].holes[each[1]] is kind and each[0].result is target]
    goals = [data.draw(VALUES[target])]
    for line in lines:
        try:
            goals.append(computed(*line, value))
        except ERRORS:
            continue
    found = turns(kind, target)
    assert found is not None
    for goal in goals:
        reached = any(goal == other for other in goals[1:])
        assert bool(found(value, goal)) == reached, (value, goal)


@given(st.data())
def test_from_every_origin_one_line_gives_the_goal(data: st.DataObject) -> None:
    target = data.draw(st.sampled_from([Type.INT, Type.LIST, Type.STR]))
    beside = data.draw(st.sampled_from([Type.INT, Type.LIST, Type.STR]))
    other = data.draw(VALUES[beside])
    production = data.draw(st.sampled_from([each for each in LARGE.productions if each.result is target]))
    arguments = [
        data.draw(st.sampled_from([other, *pool]) if kind is beside else VALUES[kind] | st.sampled_from([*pool] or [0]))
        if place
        else data.draw(VALUES[kind])
        for place, (kind, pool) in enumerate(zip(production.holes, production.pools, strict=True))
    ]
    try:
        goal = production.evaluate(*arguments)
    except (*ERRORS, TypeError):
        return
    for origin in origins(target, [goal], [(beside, [other])]):
        (value,) = origin.values
        assert type_of(value) is origin.kind
        assert gives(goal, (origin.kind, value), (beside, other)), (origin, goal, other)


def gives(goal: Value, *variables: tuple[Type, Value]) -> bool:
    """Some line of the large grammar with these variables gives the goal."""
    for production in LARGE.productions:
        pools = [
            [*(value for kind, value in variables if kind is hole), *pool]
            for hole, pool in zip(production.holes, production.pools, strict=True)
        ]
        for arguments in product(*pools):
            try:
                if production.evaluate(*arguments) == goal and production.result is type_of(goal):
                    return True
            except ERRORS:
                continue
    return False


@pytest.mark.parametrize(
    ("target", "goal", "shown", "expected"),
    [
        (Type.INT, 12, [(Type.INT, 5)], {11, 13, 6, 4, 7, 17, -7}),
        (Type.INT, 12, [(Type.INT, 4)], {11, 13, 6, 4, 8, 16, -8, 3}),
        (Type.LIST, (1, 2, 3), [], {(3, 2, 1), (0, 1, 2), (-1, -2, -3), (1, 1, 1), 123}),
        (Type.LIST, (0, 1, 2), [], {(2, 1, 0), (-1, 0, 1), (0, -1, -2), (0, 1, 1), 3}),
        (Type.LIST, (4, 9), [(Type.INT, 9)], {(9, 4), (3, 8), (-4, -9), (4, 5), (2, 3), 49, (4,), (-5, 0)}),
        (Type.LIST, (4, 10), [(Type.LIST, (4,))], {(10, 4), (3, 9), (2, 5), (-4, -10), (4, 6), 10, (10,)}),
        (Type.LIST, (4, 10), [(Type.LIST, (1, 7))], {(10, 4), (3, 9), (2, 5), (-4, -10), (4, 6), (3, 3), 3}),
        (Type.STR, "abab", [(Type.STR, "ab")], {"baba", "ab"}),
        (Type.STR, "-12", [], {"21-", -12}),
        (Type.BOOL, True, [(Type.INT, 5)], set()),
    ],
)
def test_origins_of_a_goal(target: Type, goal: Value, shown: list[tuple[Type, Value]], expected: set[Value]) -> None:
    found = origins(target, [goal], [(kind, [value]) for kind, value in shown])
    assert {origin.values[0] for origin in found} == expected
    assert all(0 <= origin.code < 32 for origin in found)


def test_an_origin_holds_on_all_examples_and_is_named_once() -> None:
    found = origins(Type.INT, [6, 8], [(Type.INT, [1, 1]), (Type.INT, [2, 3])])
    values = [origin.values for origin in found]
    assert len(set(values)) == len(values)
    assert (5, 7) in values
    assert (3, 4) in values
    assert (2, 2) not in values  # a third of 6, and of 8 there is none
