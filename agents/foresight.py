"""What one or two further lines would make of a value that is shown, worked out without writing them.

A person who looks for ``sorted(xs)[-1] + n`` does not only compare what a line computes with what is wanted. He asks
what would come next: is the goal an operation away (:func:`.turns`, :func:`.completions`)? Is what he would have to
have before the last step an operation away (:func:`.origins`)? And is the goal an operation away from what a line of
one variable makes of the value (:class:`Images`)? The answers are features of a candidate, and a policy learns what
they are worth.

This is **search inside of the features**: two lines deep, over lines of one variable and over pairs with variables that
are there. It reads what an agent is shown and nothing else, no state is expanded for it, and no verifier is asked. But
a policy with these features that is played greedily looks ahead, and whoever gives its figures has to say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

from agents.completions import completions
from agents.program_bags import Buckets
from agents.turns import origins, turns
from reasoning_envs.programs.grammar import Grammar, Production
from reasoning_envs.programs.interpreter import ERRORS
from reasoning_envs.programs.lines import Column
from reasoning_envs.programs.values import Type, Value, bounded

__all__ = ["Foresight", "Images", "LineOfOne", "Shown", "lines_of_one"]

Shown = tuple[int, Column]
"""Of a column the number of its type, and its values on the visible inputs."""

_TYPES = tuple(Type)
_KINDS = {kind: number for number, kind in enumerate(_TYPES)}
_TURNS = [[turns(kind, target) for target in _TYPES] for kind in _TYPES]
_WAYS = [[[completions(kind, other, target) for target in _TYPES] for other in _TYPES] for kind in _TYPES]

LineOfOne = tuple[Production, int, tuple[Value, ...]]
"""A line with one variable: a production, the variable's hole, and the constants in the other holes."""


@cache
def lines_of_one(grammar: Grammar) -> tuple[LineOfOne, ...]:
    """All lines of a grammar with one variable; a place in this order is a line's number."""
    return tuple(
        (production, place, constants)
        for production in grammar.productions
        for place in range(len(production.holes))
        for constants in product(*(pool for other, pool in enumerate(production.pools) if other != place))
    )


class Images:
    """What lines of one variable make of columns, on the visible inputs. What is kept makes it faster.

    Args:
        grammar: of the lines.
    """

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._known: dict[Shown, tuple[tuple[int, Shown], ...]] = {}

    def of(self, one: Shown) -> tuple[tuple[int, Shown], ...]:
        """The numbers of lines and what they compute, each result once; without errors and the column itself."""
        found = self._known.get(one)
        if found is None:
            found = self._known[one] = self._run(one)
        return found

    def _run(self, one: Shown) -> tuple[tuple[int, Shown], ...]:
        kind, values = one
        seen = {one}
        found = []
        for number, (production, place, constants) in enumerate(lines_of_one(self._grammar)):
            if _KINDS[production.holes[place]] != kind:
                continue
            before, after, evaluate = constants[:place], constants[place:], production.evaluate
            try:
                made = tuple([bounded(evaluate(*before, value, *after)) for value in values])
            except ERRORS:
                continue
            shown = _KINDS[production.result], made
            if shown not in seen:
                seen.add(shown)
                found.append((number, shown))
        return tuple(found)


class Foresight:
    """Features of candidates after some lines.

    Args:
        images: of the grammar, kept for as long as columns are likely to return.
        goal: type and values that are wanted.
        shown: the variables.
        left: lines that may still be written.
        buckets: of these features.
    """

    def __init__(self, images: Images, goal: Shown, shown: Sequence[Shown], left: int, buckets: Buckets) -> None:
        self._images = images
        self._goal = goal
        self._shown = shown
        self._left = left
        self._of = buckets.of
        self._origins: list[tuple[int, Shown]] = []
        if left >= 2:
            rows = [(_TYPES[kind], values) for kind, values in shown]
            found = origins(_TYPES[goal[0]], goal[1], rows)
            self._origins = [(origin.code, (_KINDS[origin.kind], origin.values)) for origin in found]

    def features(self, one: Shown, production: int) -> Iterator[int]:
        """Of a candidate line: what it computes, and its kind."""
        of, left = self._of, self._left
        for code in _turned(one, self._goal):
            yield of[1, code, left]
            yield of[2, code, left, production]
        for origin, before in self._origins:
            if one == before:
                yield of[3, origin, left]
        if left >= 3:
            yield from self._backward(one)
            yield from self._forward(one)

    def _backward(self, one: Shown) -> Iterator[int]:
        """One line, and the operation of an origin after it."""
        of, left = self._of, self._left
        for origin, before in self._origins:
            for code in _turned(one, before):
                yield of[4, origin, left]
                yield of[5, origin, code, left]
            for other in self._shown:
                for code in _completed(one, other, before):
                    yield of[6, origin, left]
                    yield of[7, origin, code, left]

    def _forward(self, one: Shown) -> Iterator[int]:
        """A line of one variable, and an operation after it."""
        of, left, goal = self._of, self._left, self._goal
        for number, image in self._images.of(one):
            for code in _turned(image, goal):
                yield of[8, left]
                yield of[9, code, left]
                yield of[10, number, code, left]
            for other in self._shown:
                for code in _completed(image, other, goal):
                    yield of[11, left]
                    yield of[12, code, left]
                    yield of[13, number, code, left]


def _turned(one: Shown, goal: Shown) -> Sequence[int]:
    """Codes of the turns that lead from the one to the goal on all examples."""
    function = _TURNS[one[0]][goal[0]]
    if function is None:
        return ()
    found = -1
    for value, wanted in zip(one[1], goal[1], strict=True):
        found &= function(value, wanted)
        if not found:
            return ()
    return _bits(found, 32 * (4 * one[0] + goal[0]))


def _completed(one: Shown, other: Shown, goal: Shown) -> Sequence[int]:
    """Codes of the ways in which the two give the goal on all examples."""
    function = _WAYS[one[0]][other[0]][goal[0]]
    if function is None:
        return ()
    found = -1
    for value, beside, wanted in zip(one[1], other[1], goal[1], strict=True):
        found &= function(value, beside, wanted)
        if not found:
            return ()
    return _bits(found, 16 * (16 * one[0] + 4 * other[0] + goal[0]))


def _bits(found: int, base: int) -> Sequence[int]:
    return [base + number for number in range(found.bit_length()) if found >> number & 1]
