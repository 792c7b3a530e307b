"""The kinds of answers, as they are read and compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Statement, Truth
from reasoning_envs.verifiers.answer.real_sets import RealSet
from reasoning_envs.verifiers.answer.units import Unit

__all__ = [
    "Answer",
    "Branches",
    "Claim",
    "Family",
    "Listing",
    "Matrix",
    "Ordered",
    "Region",
    "Residues",
    "Value",
    "Words",
    "describe",
    "letter_of",
    "values_of",
]


@dataclass(frozen=True, slots=True)
class Value:
    """One value.

    Attributes:
        name: the symbol that it is the value of; None for a lone value.
        expr: the value. text: as it was written.
        unit: a unit of the table, or a word that is none; None without.
    """

    name: str | None
    expr: Expr
    text: str
    unit: Unit | str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """An answer in words: a choice, yes or no, a name. ``text`` is in lower case, without articles and brackets."""

    text: str
    shown: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Answers without order or repetition: ``2, 3``, ``{2, 3}``, ``x = 2 or x = 3``.

    Attributes:
        bare: written without braces, *or* or names, so that the order may be meant after all.
    """

    items: tuple[Answer, ...]
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Ordered:
    """A point, a vector, a tuple, or an open or closed interval: ``(1, 2)``, ``[1, 2]``, ``⟨1, 2⟩``, ``2:3``.

    Attributes:
        brackets: the two brackets; ``"::"`` for a ratio.
    """

    items: tuple[Answer, ...]
    brackets: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of equal length."""

    rows: tuple[tuple[Value, ...], ...]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """The numbers that one letter may be; ``name`` is None where the set stands alone.

    Attributes:
        given: the statement that it was written as; None for intervals.
    """

    name: str | None
    numbers: RealSet
    given: Statement | None = None


@dataclass(frozen=True, slots=True)
class Branches:
    """A function by cases of one letter: the value on each part of its domain."""

    parts: tuple[tuple[Expr, RealSet], ...]
    variable: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that is not solved, or ``no solution``, ``all reals``."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class Residues:
    """Integers that leave one of some remainders on division by ``modulus``, each in [0, modulus)."""

    name: str | None
    remainders: frozenset[int]
    modulus: int


@dataclass(frozen=True, slots=True)
class Family:
    """Answers for everything that some letters may be: ``x = k*pi, k ∈ ℤ``.

    Attributes:
        letters: the names. of: the set that they are of, as it was written: ``"ℤ"``, ``"ℕ"``, ``"ℤ∖{0}"``.
    """

    members: Answer
    letters: frozenset[str]
    of: str


Answer = Value | Words | Listing | Ordered | Matrix | Region | Branches | Claim | Residues | Family


_APPLIED = re.compile(r"([A-Za-zα-ωΓ-Ω])\([a-z](?:,[a-z])*\)")


def letter_of(name: str | None) -> str | None:
    """The symbol that a name is in a statement: x of ``x``, f of ``f(x)``; None of ``f'``, ``P(A)`` and None."""
    if name is None or name.isidentifier():
        return name
    match = _APPLIED.fullmatch(name)
    return match[1] if match else None


def describe(answer: Answer) -> str:
    """What kind of answer it is, in words."""
    if isinstance(answer, Value):
        return "a value"
    if isinstance(answer, Words):
        return f"the text {answer.shown!r}"
    if isinstance(answer, Listing):
        return "a list of values" if answer.items else "an empty set"
    if isinstance(answer, Ordered):
        return "a ratio" if answer.brackets == "::" else f"an ordered list of {len(answer.items)}"
    if isinstance(answer, Matrix):
        return f"a matrix of {len(answer.rows)} rows and {len(answer.rows[0])} columns"
    if isinstance(answer, Region):
        if isinstance(answer.given, Truth):
            return to_text(answer.given)
        return "a set of numbers"
    if isinstance(answer, Branches):
        return "a function by cases"
    if isinstance(answer, Residues):
        return f"a residue class modulo {answer.modulus}"
    if isinstance(answer, Family):
        return f"{describe(answer.members)} for all {', '.join(sorted(answer.letters))} of {answer.of}"
    if isinstance(answer.statement, Truth):
        return to_text(answer.statement)
    return "a statement that is not solved"


def values_of(answer: Answer) -> list[Value] | None:
    """Every value in the answer; None where it holds what is no value."""
    if isinstance(answer, Value):
        return [answer]
    if isinstance(answer, Matrix):
        return [cell for row in answer.rows for cell in row]
    if not isinstance(answer, Listing | Ordered):
        return None
    values: list[Value] = []
    for item in answer.items:
        found = values_of(item)
        if found is None:
            return None
        values.extend(found)
    return values
