"""Tokens of running text, the signs of relations among them, and what measures the numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from reasoning_envs.symbolic.syntax.notation import GREEK
from reasoning_envs.verifiers.answer.units import Unit, UnitError, parse_unit
from reasoning_envs.verifiers.prose.latex import plain_notation
from reasoning_envs.verifiers.prose.words import (
    APPROXIMATE,
    CONNECTIVES,
    FUNCTION_WORDS,
    OPERATOR_WORDS,
    PARTICIPLES,
    RELATIONS,
    TOKEN,
)

__all__ = ["SYMBOL", "TokenReader", "unit_of"]

_MAX_UNIT_WORDS = 7
_END = ["end"] * 4
SYMBOL = re.compile(rf"[A-Za-z{GREEK}](?:_\d+)?")
"""A letter that stands for a number."""


class TokenReader:
    """The tokens of a text from left to right, the signs of relations, and what measures a number.

    Args:
        text: of any kind.
        offset: of the text in the line that it is part of.
    """

    def __init__(self, text: str, offset: int) -> None:
        self.plain, self.offsets = plain_notation(text)
        self.offset = offset
        self.latex = self.plain is not text
        matches = list(TOKEN.finditer(self.plain))
        self.count = len(matches)
        # Four tokens behind the last one, so that looking ahead needs no care.
        self.kinds = [str(match.lastgroup) for match in matches] + _END
        self.texts = [match[0] for match in matches] + _END
        self.starts = [match.start() for match in matches] + [len(self.plain) + 1] * len(_END)
        self.ends = [match.end() for match in matches] + [len(self.plain) + 1] * len(_END)
        self.closed_by = self._brackets() if "open" in self.kinds else {}
        self.pieces: list[str] = []
        self.units: set[Unit] = set()
        self.measured = ""
        self.signs = 0
        self.symbols = self.percent = self.magnitude = False
        self.budget = 0
        self.last_value = 0

    def _brackets(self) -> dict[int, int]:
        closed_by: dict[int, int] = {}
        waiting: list[int] = []
        for at, kind in enumerate(self.kinds):
            if kind == "open":
                waiting.append(at)
            elif kind == "close" and waiting:
                closed_by[waiting.pop()] = at
        return closed_by

    def _relation(self, at: int) -> tuple[str | None, int]:
        """The sign of a relation at ``at``, and the place after it."""
        kind, text = self.kinds[at], self.texts[at]
        if kind == "rel":
            relation = RELATIONS[text]
            at += 1
        elif kind == "word":
            word = text.lower()
            if word in ("is", "are", "was"):
                word = self.texts[at + 1].lower()
                if word in APPROXIMATE and self.kinds[at + 1] == "word":
                    return "≈", at + 2
                if word != "equal":
                    return None, at
                at += 1
            if word == "equal" and self.texts[at + 1] == "to":
                at += 2
            elif word == "equals":
                at += 1
            else:
                return None, at
            relation = "="
        else:
            return None, at
        if relation == "=" and self.texts[at].lower() in APPROXIMATE:
            return "≈", at + 1
        return relation, at

    def _measured(self, at: int) -> int:
        """The place after the words that say what a number measures, if the expression can go on after them."""
        kept = first = at  # what is passed over at the end of an expression as well: "/week"
        words: list[str] = []
        while len(words) < _MAX_UNIT_WORDS:
            kind, text = self.kinds[at], self.texts[at]
            if kind == "op" and text == "/" and self._word_of_a_unit(at + 1) and self.ends[at - 1] == self.starts[at]:
                words.append("/")
                at += 1
                continue
            if kind == "open" and self._aside(at):
                words.append("")
                at = self.closed_by[at] + 1
                continue
            if kind != "word" or text.lower() in CONNECTIVES or self._joins(at):
                break
            if "_" in text or self._multiplies(at) or (len(text) == 1 and text != "a" and unit_of(text) is None):
                break
            words.append(text)
            at += 1
            if words[-2:-1] == ["/"]:
                kept = at
            if self.texts[at] == "^" and self.kinds[at + 1] == "num":
                words.append("^" + self.texts[at + 1])
                at += 2
            elif self.kinds[at] == "post" and self.texts[at] in ("²", "³"):
                words.append(self.texts[at])
                at += 1
        if not words:
            return first
        self._note_unit(words)
        kind = self.kinds[at]
        goes_on = kind in ("op", "rel", "close") or self._joins(at) or self._relation(at)[0] is not None
        if goes_on or self.kinds[at] in ("end", "odd2", "word"):
            self.measured = " ".join(filter(None, words)).lower()
        return at if goes_on else kept

    def _word_of_a_unit(self, at: int) -> bool:
        """A word of two letters or more, or the letter of a unit."""
        text = self.texts[at]
        return self.kinds[at] == "word" and (len(text) > 1 or unit_of(text) is not None)

    def _aside(self, at: int) -> bool:
        """Brackets round words alone: ``12 (yesterday) + 24 (today)``."""
        close = self.closed_by.get(at, at)
        inside = range(at + 1, min(close, at + 9))
        return (
            at + 1 < close <= at + 8
            and all(self.kinds[place] == "word" for place in inside)
            and any(len(self.texts[place]) > 1 for place in inside)
            and self.texts[at + 1] not in FUNCTION_WORDS
        )

    def _joins(self, at: int) -> bool:
        """A word that is an operator: an operand follows it."""
        text = self.texts[at]
        if text in PARTICIPLES:
            return self.texts[at + 1] == "by"
        return text in OPERATOR_WORDS and self.kinds[at + 1] in ("num", "money", "open")

    def _multiplies(self, at: int) -> bool:
        """A word that is a factor though no sign stands before it: ``2 sqrt(3)``, ``4 π``, in LaTeX any letter."""
        text = self.texts[at]
        if text in FUNCTION_WORDS:
            return self.kinds[at + 1] == "open"
        return text == "π" or (self.latex and SYMBOL.fullmatch(text) is not None and not self._joins(at))

    def _note_unit(self, words: Sequence[str]) -> None:
        """The unit among the first words: ``kilometres per hour``, ``cm ^2``, ``hours of work``."""
        for length in (3, 2, 1):
            unit = unit_of(
                "".join(words[:length]) if "/" in words or "^" in "".join(words) else " ".join(words[:length])
            )
            if unit is not None:
                self.units.add(unit)
                return

    def _note_money(self, sign: str) -> None:
        unit = unit_of({"¢": "cents"}.get(sign, sign))
        if unit is not None:
            self.units.add(unit)


@lru_cache(maxsize=4096)
def unit_of(text: str) -> Unit | None:
    """The unit that a text names; None where it names none."""
    try:
        return parse_unit(text)
    except UnitError:
        return None
