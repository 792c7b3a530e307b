"""Word problems made of parts: an opening, what follows from it, sentences that lead astray, and a question.

Each part writes the sentences that tell its facts and the steps that use them, so that a problem comes with the chain
that solves it. The numbers are drawn until all that the chain passes through is sensible: whole people and things,
whole cents, decimals that end.

A level is ``steps-n`` (n steps, no number too many) or ``steps-n-noisy`` (with one to three sentences whose numbers are
not needed).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from reasoning_envs.domains.problems.stories.continuations import CONTINUATIONS
from reasoning_envs.domains.problems.stories.distractors import DISTRACTORS, without_distractors
from reasoning_envs.domains.problems.stories.openings import OPENINGS
from reasoning_envs.domains.problems.stories.teller import Link, MisfitError, Piece, Quantity, Teller, decimal

__all__ = ["LEVELS", "TEMPLATES", "Story", "numbers_of", "tell", "template_of"]

_MOST_STEPS = 6
_MOST_DISTRACTORS = 3
_TRIES = 2000

LEVELS: tuple[str, ...] = tuple(
    f"steps-{steps}{noise}" for noise in ("", "-noisy") for steps in range(1, _MOST_STEPS + 1)
)
"""``steps-n`` with n from 1 to 6, then the same with numbers that are not needed."""

TEMPLATES: tuple[str, ...] = tuple(piece.name for piece in (*OPENINGS, *CONTINUATIONS))
"""Names of the parts; the template of a problem is those of its parts, joined by ``+``."""

_UNITS = {"time": "h", "distance": "km", "mass": "kg", "volume": "litres", "length": "m", "minutes": "min"}


@dataclass(frozen=True, slots=True)
class Story:
    """A problem with its chain.

    Attributes:
        text: the problem. chain: the steps that solve it. answer: the last value, as text.
        unit: of the answer, a name of :mod:`reasoning_envs.verifiers.answer.units`; None where things are counted.
        template: names of the parts, joined by ``+``. distractors: sentences that are not needed.
    """

    text: str
    chain: tuple[Link, ...]
    answer: str
    unit: str | None
    template: str
    distractors: int


def tell(rng: np.random.Generator, level: str) -> Story:
    """A problem of a level.

    Raises:
        ValueError: no such level; the message lists them.
    """
    if level not in LEVELS:
        raise ValueError(f"no level {level!r}; there are {', '.join(LEVELS)}")
    steps = int(level.split("-")[1])
    for _ in range(_TRIES):
        try:
            teller, quantity, parts = _plot(rng, steps)
        except MisfitError:
            continue
        return _written(teller, quantity, parts, level.endswith("noisy"))
    raise RuntimeError(f"no story of {steps} steps among {_TRIES}")


def _plot(rng: np.random.Generator, steps: int) -> tuple[Teller, Quantity, list[Piece]]:
    """An opening and continuations with so many steps.

    Raises:
        MisfitError: these parts do not add up to that, or their numbers do not fit.
    """
    teller = Teller(rng)
    parts = [teller.pick(OPENINGS)]
    quantity = parts[0].tell(teller)
    while len(teller.chain) < steps:
        fitting = [piece for piece in CONTINUATIONS if quantity.kind in piece.kinds and piece not in parts]
        if not fitting:
            raise MisfitError
        parts.append(teller.pick(fitting))
        quantity = parts[-1].tell(teller, quantity)
    if len(teller.chain) > steps:
        raise MisfitError
    return teller, quantity, parts


def _written(teller: Teller, quantity: Quantity, parts: list[Piece], noisy: bool) -> Story:
    facts = list(teller.facts)
    count = teller.between(1, _MOST_DISTRACTORS) if noisy else 0
    for index in teller.rng.permutation(len(DISTRACTORS))[:count]:
        place = int(teller.rng.integers(len(facts) + 1))
        facts.insert(place, DISTRACTORS[int(index)].sentence(teller))
    text = " ".join([*facts, teller.pick(quantity.questions)])
    answer = decimal(quantity.value)
    if quantity.kind == "money":
        unit: str | None = teller.currency.sign
    else:
        unit = _UNITS.get(quantity.kind)
    return Story(text, tuple(teller.chain), answer, unit, "+".join(piece.name for piece in parts), count)


# -- what a text is made of -------------------------------------------------------------------------------------------

_SIGNS = tuple((piece.name, re.compile(piece.sign)) for piece in (*OPENINGS, *CONTINUATIONS))
_NUMBER = re.compile(r"\d+(?:[,.]\d+)*(?:/\d+)?|[A-Za-z]+")
_FROM_TWO = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
# "one" is more often a pronoun than a number.
_WORDS: dict[str, Fraction] = {
    **{word: Fraction(value) for value, word in enumerate(_FROM_TWO, start=2)},
    "twice": Fraction(2),
    "thrice": Fraction(3),
    "half": Fraction(1, 2),
    "dozen": Fraction(12),
}


@lru_cache(maxsize=4096)
def template_of(text: str) -> str:
    """The parts of a problem made here, in the order of :data:`TEMPLATES`, joined by ``+``; empty for other texts."""
    return "+".join([name for name, sign in _SIGNS if sign.search(text)])


def numbers_of(text: str) -> tuple[str, ...]:
    """The numbers of a problem, sorted, those of its distractors apart; ``three`` is 3."""
    found = []
    for match in _NUMBER.finditer(without_distractors(text)):
        word = match[0].lower()
        if word[0].isdigit():
            try:
                found.append(Fraction(word.replace(",", "")))
            except (ValueError, ZeroDivisionError):
                continue  # a version number, a date
        elif word in _WORDS:
            found.append(_WORDS[word])
    return tuple(str(number) for number in sorted(found))
