"""Sentences with numbers that no step needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from reasoning_envs.domains.problems.stories.teller import Teller

__all__ = ["DISTRACTORS", "Distractor", "without_distractors"]


class Distractor(NamedTuple):
    """A sentence that leads astray.

    Attributes:
        sentence: in one of its wordings.
        sign: a regular expression that the whole sentence matches, whatever its numbers and names.
    """

    sentence: Callable[[Teller], str]
    sign: str


def _of(pattern: str, low: int, high: int) -> Distractor:
    """From a sentence with ``{n}`` for a number and ``{who}`` for somebody's name."""

    def sentence(t: Teller) -> str:
        return pattern.format(n=t.between(low, high), who=t.pick((t.hero, t.friend)).name)

    sign = re.escape(pattern).replace(r"\{n\}", r"\d+").replace(r"\{who\}", r"\w+")
    return Distractor(sentence, sign)


DISTRACTORS: tuple[Distractor, ...] = (
    _of("{who} lives on the upper side of a street with {n} houses.", 12, 90),
    _of("{who} has known the neighbours for {n} months.", 3, 60),
    _of("The radio promises {n} degrees for tomorrow.", 2, 30),
    _of("There are {n} pigeons on the roof opposite.", 3, 40),
    _of("{who}'s telephone shows {n} unread messages.", 2, 99),
    _of("It is {n} minutes past the hour.", 2, 58),
    _of("{who} has been awake for {n} hours.", 2, 15),
    _of("A poster on the wall is {n} years old.", 2, 80),
    _of("The nearest post office is {n} streets away.", 2, 12),
    _of("{who}'s jacket has {n} buttons.", 3, 11),
    _of("Somebody's dog has barked {n} times since the morning.", 3, 70),
    _of("{who}'s favourite number is {n}.", 2, 99),
)

_ANY = re.compile("|".join(distractor.sign for distractor in DISTRACTORS))


def without_distractors(text: str) -> str:
    """The text without these sentences."""
    return _ANY.sub("", text)
