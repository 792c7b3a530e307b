"""Arguments to try programs on: ordinary ones, edge cases, and the fixed probes that tell behaviours apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np

from reasoning_envs.programs.values import Type, Value

__all__ = ["EDGES", "PROBES", "Arguments", "draw_arguments", "draw_edge", "parameter_names", "probe_arguments"]

Arguments = tuple[Value, ...]

EDGES = ("empty", "single", "zeros", "negative", "duplicates", "big")
"""Kinds of edge cases."""

PROBES = 40
"""Probes of a signature at most; one boolean has two. The first ones are ordinary, the others mostly edge cases."""

_PROBE_DRAWS = 400

_NAMES = {
    Type.LIST: ("xs", "ys", "zs"),
    Type.INT: ("n", "m", "k"),
    Type.STR: ("s", "t", "u"),
    Type.BOOL: ("p", "q", "r"),
}
_LETTERS = "abcdeioABE 12"


def parameter_names(types: Sequence[Type]) -> tuple[str, ...]:
    """Names for parameters: xs and ys for lists, n and m for integers, s and t for texts, p and q for booleans.

    Raises:
        ValueError: more than three of one type.
    """
    found: list[str] = []
    for index, kind in enumerate(types):
        number = list(types[:index]).count(kind)
        if number >= len(_NAMES[kind]):
            raise ValueError(f"at most {len(_NAMES[kind])} parameters of one type, got more of {kind.value}")
        found.append(_NAMES[kind][number])
    return tuple(found)


def draw_arguments(rng: np.random.Generator, types: Sequence[Type]) -> Arguments:
    """Ordinary arguments: integers from -5 to 12, lists of 1 to 7 from -9 to 12, texts of 1 to 8 characters."""
    return tuple(_ordinary(lambda low, high: int(rng.integers(low, high, endpoint=True)), kind) for kind in types)


def draw_edge(rng: np.random.Generator, types: Sequence[Type], edge: str) -> Arguments:
    """Arguments that are edge cases of one kind of :data:`EDGES`.

    Raises:
        ValueError: no such kind.
    """
    if edge not in EDGES:
        raise ValueError(f"there is no edge case {edge!r}; known: {', '.join(EDGES)}")
    return tuple(_edge(lambda low, high: int(rng.integers(low, high, endpoint=True)), kind, edge) for kind in types)


@cache
def probe_arguments(types: tuple[Type, ...]) -> tuple[Arguments, ...]:
    """The probes of a signature: the same in every process and with every version of every library."""
    numbers = _numbers(sum(ord(letter) for kind in types for letter in kind.value))

    def between(low: int, high: int) -> int:
        return low + next(numbers) % (high - low + 1)

    found: dict[Arguments, None] = {}
    for draw in range(_PROBE_DRAWS):
        if len(found) < PROBES // 2 and 2 * draw < _PROBE_DRAWS:
            found[tuple(_ordinary(between, kind) for kind in types)] = None
        elif len(found) < PROBES:
            # Drawn apart for each parameter, so that an empty list also meets a large number.
            mixed = tuple(
                _edge(between, kind, EDGES[between(0, len(EDGES) - 1)]) if between(0, 2) else _ordinary(between, kind)
                for kind in types
            )
            found[mixed] = None
    return tuple(found)


def _numbers(seed: int) -> Iterator[int]:
    """The generator of Knuth's MMIX: NumPy's streams may change with its version, and splits may not."""
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 33


Between = Callable[[int, int], int]
"""An integer between two, both included."""


def _ordinary(between: Between, kind: Type) -> Value:
    if kind is Type.INT:
        return between(-5, 12)
    if kind is Type.BOOL:
        return bool(between(0, 1))
    if kind is Type.LIST:
        low, high = ((-9, 12), (0, 5))[between(0, 2) == 0]
        return tuple(between(low, high) for _ in range(between(1, 7)))
    return "".join(_LETTERS[between(0, len(_LETTERS) - 1)] for _ in range(between(1, 8)))


def _edge(between: Between, kind: Type, edge: str) -> Value:
    if kind is Type.INT:
        numbers = {"empty": 0, "single": 1, "zeros": 0, "negative": between(-12, -1), "duplicates": 2}
        return numbers.get(edge, between(100, 999))
    if kind is Type.BOOL:
        return bool(between(0, 1))
    if kind is Type.LIST:
        lists: dict[str, tuple[int, ...]] = {
            "empty": (),
            "single": (between(-9, 9),),
            "zeros": (0,) * between(1, 4),
            "negative": tuple(between(-20, -1) for _ in range(between(2, 6))),
            "duplicates": tuple(between(1, 2) for _ in range(between(4, 7))),
        }
        return lists.get(edge, tuple(between(-999, 999) for _ in range(between(6, 10))))
    texts = {
        "empty": "",
        "single": _LETTERS[between(0, len(_LETTERS) - 1)],
        "zeros": "0" * between(1, 3),
        "negative": f"-{between(1, 99)}",
        "duplicates": "ab"[between(0, 1)] * between(2, 5),
    }
    return texts.get(edge, "".join(_LETTERS[between(0, len(_LETTERS) - 1)] for _ in range(between(12, 20))))
