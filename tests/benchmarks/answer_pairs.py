r"""Pairs of answers and steps of derivations, with the label that a mathematician gives them, by category.

They stand in the files of ``tables/``. Of answers, one pair a line: ``<=>`` where the two are the same answer, ``<!>``
where they are not. No pair needs a policy: what depends on one (is ``50%`` right where 50 was expected?) is left out.
``question_banks.txt`` is written in the style of other people's banks and graders' tests (contests, GSM8K, university
calculus, textbooks); each part of it was labelled before it was judged for the first time. Of steps, ``=>`` where the
second line may follow the first, ``=/>`` where it is a classic mistake, and ``:: h`` where h is solved for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import comb
from pathlib import Path
from typing import NamedTuple

__all__ = ["ATTACKS", "BANK", "PAIRS", "STEPS", "LabelledStep", "Pair"]


class Pair(NamedTuple):
    """Two answers and whether they are the same."""

    category: str
    first: str
    second: str
    same: bool


class LabelledStep(NamedTuple):
    """Two lines and whether the second may follow the first."""

    category: str
    before: str
    after: str
    right: bool
    unknown: str | None


_TABLES = Path(__file__).with_name("tables")
_STEP = re.compile(r"(.+?)  =(/?)>  (.+?)(?: :: (.+))?")
_LINE = re.compile(r"(.+?)  <([=!])>  (.+)")


def _lines(name: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """Each line with its category."""
    category = ""
    for line in (_TABLES / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            category = line[2:]
            continue
        match = pattern.fullmatch(line)
        if match is None:
            raise ValueError(f"{name}: no pair: {line}")
        yield category, match


def _pairs(name: str) -> list[Pair]:
    return [
        Pair(category, match[1].replace("\\n#", "\n#"), match[3], match[2] == "=")
        for category, match in _lines(name, _LINE)
    ]


def _expanded(power: int, sign: int = 1, *, off: int | None = None) -> str:
    """``(x + sign)^power`` written out; the coefficient of ``x^off`` is wrong by one."""
    terms = []
    for degree in range(power, -1, -1):
        coefficient = comb(power, degree) * sign ** (power - degree) + (degree == off)
        terms.append(f"{coefficient}*x^{degree}")
    return " + ".join(terms).replace("+ -", "- ")


def _large() -> list[Pair]:
    name = "large polynomials"
    pairs = [Pair(name, f"(x+1)^{n}", _expanded(n), True) for n in (12, 20, 40, 60)]
    pairs += [Pair(name, f"(x-1)^{{{n}}}", _expanded(n, -1), True) for n in (15, 30, 50)]
    pairs += [Pair(name, f"(x+1)^{n}", _expanded(n, off=at), False) for n, at in ((12, 3), (20, 0), (40, 1), (60, 2))]
    pairs += [Pair(name, f"(x-1)^{n}", _expanded(n, -1, off=1), False) for n in (15, 30, 50)]
    pairs += [
        Pair(name, "(x+y)^{30}(x-y)^{30}", "(x^2-y^2)^{30}", True),
        Pair(name, "(x+y)^{30}(x-y)^{30}", "(x^2-y^2)^{29}(x^2+y^2)", False),
        Pair(name, "(a+b+c)^{8}", "(c+a+b)^5(a+b+c)^3", True),
        Pair(name, "(a+b+c)^{8}", "(a+b+c)^7(a+b-c)", False),
    ]
    return pairs


PAIRS: tuple[Pair, ...] = (*_pairs("answers.txt"), *_large())
"""The table of our own."""
BANK: tuple[Pair, ...] = tuple(_pairs("question_banks.txt"))
"""In the style of other people's."""
ATTACKS: tuple[Pair, ...] = tuple(_pairs("attacks.txt"))
"""Texts that were written to be taken for another one; what cannot be read may stay unread, and nothing is the same."""
STEPS: tuple[LabelledStep, ...] = tuple(
    LabelledStep(category, match[1], match[3], not match[2], match[4]) for category, match in _lines("steps.txt", _STEP)
)
"""Steps of derivations."""
