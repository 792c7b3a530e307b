"""Who tells a problem: draws numbers, names and wording, and keeps the chain of steps that solves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeVar

import numpy as np

__all__ = ["MisfitError", "Person", "Piece", "Quantity", "Teller", "decimal"]

T = TypeVar("T")


class MisfitError(Exception):
    """The numbers drawn do not fit together; the story is begun anew."""


class Person(NamedTuple):
    """Of a story. No pronouns: a sentence that leads astray may stand in between."""

    name: str


PEOPLE = tuple(
    map(
        Person,
        (
            *("Aisha", "Amara", "Arjun", "Chloe", "Daniel", "Fatima", "Grace", "Hannah", "Hugo", "Ingrid", "Ivan"),
            *("Kenji", "Kofi", "Lars", "Leila", "Luca", "Maria", "Mateo", "Mei", "Nadia", "Noah", "Omar", "Pavel"),
            *("Priya", "Rosa", "Samir", "Sofia", "Tariq", "Tom", "Wei", "Yuki", "Zofia"),
        ),
    )
)


class Currency(NamedTuple):
    """A currency: the sign before an amount, the word after it."""

    sign: str
    word: str


CURRENCIES = (Currency("$", "dollars"), Currency("$", "dollars"), Currency("€", "euros"), Currency("£", "pounds"))

_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a part of a story comes to.

    Attributes:
        value: exact; positive.
        kind: what it measures: ``"count"``, ``"money"``, ``"distance"`` (km), ``"time"`` (hours), ``"minutes"``,
            ``"area"`` (square metres), ``"length"`` (metres), ``"volume"`` (litres), ``"mass"`` (kg), ``"people"``,
            ``"years"``, ``"number"`` (of what is not handed on).
        noun: what is counted, in the plural.
        the: a phrase that means it: ``"the apples that are left"``.
        questions: that ask for it.
    """

    value: Fraction
    kind: str
    noun: str
    the: str
    questions: tuple[str, ...]


class Link(NamedTuple):
    """A step of the chain.

    Attributes:
        text: the step as a line of reasoning, with its statement.
        value: what it works out.
    """

    text: str
    value: Fraction


class Piece(NamedTuple):
    """A part of a story: how it begins, or how it goes on.

    Attributes:
        name: of the template.
        sign: a regular expression that finds the piece in a text, whatever its wording.
        tell: tells it. An opening is told without a quantity.
        kinds: of the quantity that it goes on from; empty for an opening.
    """

    name: str
    sign: str
    tell: Callable[..., Quantity]
    kinds: tuple[str, ...] = ()


class Teller:
    """Draws from one generator and collects facts and steps.

    Args:
        rng: source of all randomness.

    Attributes:
        facts: sentences, in order. chain: the steps that solve the problem.
        hero, friend: two people. currency: of this story.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.facts: list[str] = []
        self.chain: list[Link] = []
        first, second = rng.permutation(len(PEOPLE))[:2]
        self.hero = PEOPLE[int(first)]
        self.friend = PEOPLE[int(second)]
        self.currency = self.pick(CURRENCIES)

    # -- drawing ------------------------------------------------------------------------------------------------------

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[int(self.rng.integers(len(options)))]

    def between(self, low: int, high: int, step: int = 1) -> int:
        """A whole number from ``low`` to ``high``, both possible, in steps."""
        return low + step * int(self.rng.integers((high - low) // step + 1))

    def divisor(self, value: Fraction, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high`` that divides a whole number.

        Raises:
            MisfitError: there is none.
        """
        found = [k for k in range(low, high + 1) if value % k == 0]
        if not found:
            raise MisfitError
        return self.pick(found)

    def price(self, low: int, high: int) -> Fraction:
        """An amount of money: whole, or with a half or a quarter."""
        return self.between(low, high) + self.pick((Fraction(0), Fraction(0), Fraction(1, 2), Fraction(1, 4)))

    # -- wording ------------------------------------------------------------------------------------------------------

    def amount(self, value: Fraction | int) -> str:
        """Money: ``$12``, ``$12.50``."""
        value = Fraction(value)
        if value.denominator == 1:
            return f"{self.currency.sign}{value.numerator}"
        return f"{self.currency.sign}{float(value):.2f}"

    def count(self, number: int) -> str:
        """A small number, in digits or as a word."""
        return _WORDS[number] if number < len(_WORDS) and self.rng.integers(4) == 0 else str(number)

    def tell(self, *variants: str) -> None:
        """One fact, in one of several wordings."""
        self.facts.append(self.pick(variants))

    def work(self, lead: str, expression: str, value: Fraction | int, unit: str = "") -> Fraction:
        """One step: the value of an expression.

        Raises:
            MisfitError: the value is not positive, has more digits than people write, or is too large.
        """
        value = Fraction(value)
        if not 0 < value < 10**6 or (value * 1000).denominator != 1:
            raise MisfitError
        shown = self.amount(value) if unit == "money" else decimal(value)
        if unit == "money" and (value * 100).denominator != 1:
            raise MisfitError
        ending = f" {unit}" if unit and unit != "money" else ""
        self.chain.append(Link(f"{lead}: {expression} = {shown}{ending}.", value))
        return value


def decimal(value: Fraction) -> str:
    """A number whose decimal ends: ``12``, ``12.5``."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6f}".rstrip("0")


def whole(value: Fraction) -> int:
    """The whole number that a count has to be.

    Raises:
        MisfitError: it is none.
    """
    if value.denominator != 1:
        raise MisfitError
    return value.numerator
