"""What is ahead of a candidate: found where further lines lead to the goal, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from agents.foresight import Foresight, Images, Shown, lines_of_one
from agents.line_features import LineFeaturiser
from agents.program_bags import PROGRAM_BUCKETS, Buckets
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.programs.grammar import GRAMMARS, LARGE, SMALL, Grammar
from reasoning_envs.programs.values import Type, type_of

KINDS = {kind: number for number, kind in enumerate(Type)}
BELOW, COUNT = 1000, 4096


def shown(*values: Any) -> Shown:
    return KINDS[type_of(values[0])], values


def kinds_of_features(goal: Shown, one: Shown, left: int, variables: Sequence[Shown] = ()) -> set[int]:
    """The first parts of the features of a column."""
    buckets = Buckets(BELOW, COUNT)
    foresight = Foresight(Images(LARGE), goal, variables, left, buckets)
    found = set(foresight.features(one, 5))
    assert all(BELOW <= bucket < BELOW + COUNT for bucket in found)
    parts = [parts for parts, bucket in buckets.of.items() if bucket in found]
    return {each[0] for each in parts}


XS = shown((3, 1, 2), (5, 5, 4, 0))
GREATEST, LEAST = shown(3, 5), shown(1, 0)
TURN, ORIGIN, AFTER_ORIGIN, PAIR_AFTER_ORIGIN, IMAGE, PAIR_AFTER_IMAGE = (
    {1, 2},
    {3},
    {4, 5},
    {6, 7},
    {8, 9, 10},
    {11, 12, 13},
)


@pytest.mark.parametrize(
    ("goal", "one", "variables", "left", "expected"),
    [
        # the goal is the greatest item; one more than it; the greatest item of what follows the first
        (GREATEST, XS, (), 1, TURN),
        (shown(4, 6), GREATEST, (), 2, TURN | ORIGIN),
        (shown(4, 6), XS, (), 2, set()),
        (shown(4, 6), XS, (), 3, AFTER_ORIGIN | IMAGE),
        (shown(2, 5), XS, (), 3, IMAGE),
        (shown(2, 5), XS, (), 2, set()),
        # with a variable that is there
        (shown(2, 5), GREATEST, (LEAST,), 1, set()),
        (shown(13, 25), XS, (shown(10, 20),), 3, AFTER_ORIGIN | PAIR_AFTER_IMAGE),
        (shown(13, 25), GREATEST, (shown(10, 20),), 2, ORIGIN),
        (shown((3, 1, 2, 3), (5, 5, 4, 0, 5)), XS, (GREATEST,), 2, ORIGIN),
        (shown((2, 1, 3), (0, 5, 5, 4)), XS, (), 3, set()),
        # what holds on one example alone is nothing
        (shown(3, 9), XS, (), 1, set()),
        (shown(True, False), shown("ab", "b"), (), 4, set()),
    ],
)
def test_what_is_ahead(goal: Shown, one: Shown, variables: tuple[Shown, ...], left: int, expected: set[int]) -> None:
    found = kinds_of_features(goal, one, left, variables)
    assert found == expected


@pytest.mark.parametrize("grammar", [SMALL, LARGE])
def test_images_are_what_lines_of_one_variable_compute(grammar: Grammar) -> None:
    images = Images(grammar).of(XS)
    numbers = [number for number, _ in images]
    assert numbers == sorted(set(numbers))
    results = [image for _, image in images]
    assert len(set(results)) == len(results)
    assert XS not in results
    lines = lines_of_one(grammar)
    for number, (kind, values) in images:
        production, place, constants = lines[number]
        assert KINDS[production.result] == kind
        for value, made in zip(XS[1], values, strict=True):
            assert production.evaluate(*constants[:place], value, *constants[place:]) == made
    assert {"sort", "total", "length"} <= {lines[number][0].name for number in numbers}


def test_images_leave_errors_and_bounds_out() -> None:
    names = [production.name for production, _, _ in lines_of_one(LARGE)]
    empty = {names[number] for number, _ in Images(LARGE).of(shown((), (7,)))}
    assert "largest" not in empty
    assert "total" in empty
    huge = {names[number] for number, _ in Images(LARGE).of(shown((2**62, 2**62), (1, 2)))}
    assert "total" not in huge
    assert "smallest" in huge


def test_lines_of_one_variable_are_all_there_and_each_once() -> None:
    for grammar in GRAMMARS.values():
        lines = lines_of_one(grammar)
        assert len({(each.name, place, tuple(map(repr, constants))) for each, place, constants in lines}) == len(lines)
        for production, place, constants in lines:
            assert len(constants) == len(production.holes) - 1
            assert 0 <= place < len(production.holes)
    assert len(lines_of_one(SMALL)) < len(lines_of_one(LARGE))


def test_features_of_what_is_ahead_stand_above_the_others() -> None:
    assert LineFeaturiser(SynthesisDomain(judge="interpreter")).buckets > PROGRAM_BUCKETS
    assert LineFeaturiser.buckets <= 2**16
