"""Members: expressions among the words of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from reasoning_envs.symbolic.syntax.notation import GREEK
from reasoning_envs.verifiers.answer.units import Unit
from reasoning_envs.verifiers.prose.tokens import SYMBOL, TokenReader, unit_of
from reasoning_envs.verifiers.prose.words import (
    CONNECTIVES,
    FUNCTION_WORDS,
    LABELS,
    MAGNITUDES,
    OPERATOR_WORDS,
    OPERATORS,
    PARTICIPLES,
    POSTFIX_WORDS,
    REMAINDERS,
)

__all__ = ["Member", "MemberReader"]

_MAX_DEPTH = 30
_MAX_TOKENS = 300
"""Of a member; what is longer is no arithmetic that somebody wrote."""
_PERCENT = "%"
_BANG = "!"
_REMAINDER = re.compile(r"[rR]\d+")
BINDING = frozenset("@\\|~&'\N{PRIME}\N{DOUBLE PRIME}")
_BEFORE_A_SIGN = frozenset(".:;,")
_VULGAR = frozenset("¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_NO_SEPARATORS = str.maketrans("", "", ",\u2009\u202f\u00a0")
_SYMBOLS = re.compile(rf"[A-Za-z{GREEK}]{{1,3}}(?:_\d+)?")


class Member(NamedTuple):
    """An expression among the words.

    Attributes:
        start, end: its place in the line.
        pieces: its text in the notation of the parser, piece by piece; ``%`` stands for a percent sign and ``@1000``
            for "thousand", see :meth:`text`.
        lone: a single number. signs: how many operators it has.
        units: what its numbers measure, as far as the table of units knows. measured: the words after its last number.
        symbols: it has letters. percent, magnitude: it has such pieces.
        cut: ``...`` follows: the digits go on.
    """

    start: int
    end: int
    pieces: tuple[str, ...]
    lone: bool
    signs: int
    units: frozenset[Unit]
    measured: str
    symbols: bool
    percent: bool
    magnitude: bool
    cut: bool

    @property
    def decimals(self) -> int | None:
        """Places after the point of a lone literal number, negative for zeros at the end of a whole one; else None."""
        return _decimals(self.pieces) if self.lone else None

    def text(self, *, percent: bool = True, magnitudes: bool = True) -> str:
        """For the parser.

        Args:
            percent: divide by 100 where a percent sign stands; else it is passed over.
            magnitudes: multiply by 1000 where "thousand" stands.
        """
        if not (self.percent or self.magnitude):
            return "".join(self.pieces)
        return "".join(
            [
                ("/100" if percent else "")
                if piece == _PERCENT
                else (f"*{piece[1:]}" if magnitudes else "")
                if piece[0] == "@"
                else piece
                for piece in self.pieces
            ]
        )


class TooManyTokensError(Exception):
    """A member of more than :data:`_MAX_TOKENS` operands; ``at`` is where reading stopped."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class MemberReader(TokenReader):
    """Reads one member from a place on."""

    def _member(self, start: int) -> tuple[Member, int, bool] | None:
        """The member that begins here, the place after it and its units, and whether it is complete."""
        if self.kinds[start] == "num" and self._is_label(start):
            return None
        self.pieces = []
        self.units = set()
        self.measured = ""
        self.signs = 0
        self.symbols = self.percent = self.magnitude = False
        self.budget = _MAX_TOKENS
        first = start
        if self.kinds[start] == "op" and self._no_sign(start):
            return None
        at = self._sum(start, 0)
        if at is None:
            return None
        last = at - 1
        # the last token that is part of the number, not of its units
        end = self.ends[self.last_value] if self.last_value <= last else self.ends[last]
        lone = self.signs == 0 and not self.symbols
        cut = self.texts[at][:2] in ("..", "…")
        member = Member(
            self.offset + self.offsets[self.starts[first]],
            self.offset + self.offsets[end],
            tuple(self.pieces),
            lone,
            self.signs,
            frozenset(self.units),
            self.measured,
            self.symbols,
            self.percent,
            self.magnitude,
            cut,
        )
        if cut:
            at += 1
        return member, at, self._complete(at)

    def _no_sign(self, at: int) -> bool:
        """An operator that begins a member and is a bullet, or belongs to what stands before."""
        if at:
            kind, text = self.kinds[at - 1], self.texts[at - 1]
            touching = self.ends[at - 1] == self.starts[at]
            if kind in ("rel", "open", "money"):
                return False
            if kind in ("num", "close", "post", "odd", "op") or (kind == "word" and touching):
                return True
            if kind == "odd2" and touching and text not in _BEFORE_A_SIGN:
                return True
        return self.ends[at] < self.starts[at + 1]

    def _is_label(self, at: int) -> bool:
        return (
            at > 0
            and self.kinds[at - 1] == "word"
            and self.texts[at - 1].lower() in LABELS
            and self.texts[at].isdigit()
            and self.kinds[at + 1] not in ("rel",)
            and not self._operator(at + 1)
        ) or (at > 0 and self.texts[at - 1] == "#")

    def _complete(self, at: int) -> bool:
        """Nothing follows that the member might go on with."""
        kind, text = self.kinds[at], self.texts[at]
        if kind == "op":
            spaced = self.ends[at - 1] < self.starts[at]
            follows = self.texts[at + 1].lower()
            return spaced and OPERATORS[text] == "-" and (follows in CONNECTIVES or self.kinds[at + 1] == "end")
        touching = self.ends[at - 1] == self.starts[at] if at else False
        if kind in ("root", "post", "num"):
            return False
        if kind == "word" and (text.lower() in PARTICIPLES or text.lower() in POSTFIX_WORDS):
            return False
        if touching and (kind in ("num", "open", "word", "odd") or text in ("_", "\\", "'")):
            return False
        if kind == "word" and (text.lower() in REMAINDERS or _REMAINDER.fullmatch(text)):
            return False
        if "remainder" in (self.texts[at + 1], self.texts[at + 2]):
            return False
        return text not in BINDING

    def _sum(self, at: int, depth: int) -> int | None:
        """Operands joined by operators; the place after them and what they measure."""
        place = self._operand(at, depth)
        if place is None:
            return None
        at = place
        while True:
            if self.budget < 0:
                raise TooManyTokensError(at)
            kept = len(self.pieces)
            operator, after = self._operator_at(at)
            if operator is None:
                return at
            self.pieces.append(operator)
            saved = self.signs, self.symbols, self.percent, self.magnitude, self.measured, self.last_value
            units = set(self.units)
            place = self._operand(after, depth)
            if place is None:
                del self.pieces[kept:]
                self.signs, self.symbols, self.percent, self.magnitude, self.measured, self.last_value = saved
                self.units = units
                return at
            self.signs += 1
            at = place

    def _operator_at(self, at: int) -> tuple[str | None, int]:
        """The operator at ``at`` in the notation of the parser, and the place of the operand after it."""
        kind, text = self.kinds[at], self.texts[at]
        if kind == "op":
            return OPERATORS[text], at + 1
        if kind == "word":
            if text in OPERATOR_WORDS:
                return OPERATOR_WORDS[text], at + 1
            if text in PARTICIPLES and self.texts[at + 1] == "by":
                return PARTICIPLES[text], at + 2
            if text == "of" and self._part_before(at):
                return "*", at + 1
            return ("*", at) if self._multiplies(at) else (None, at)
        if kind in ("open", "root") and at and self.ends[at - 1] == self.starts[at] and self.kinds[at - 1] != "word":
            return "*", at
        return None, at

    def _part_before(self, at: int) -> bool:
        """A percentage or a fraction stands before "of"."""
        if self.texts[at - 1] == "%" or self.texts[at - 1].lower() == "percent":
            return True
        return (self.kinds[at - 1] == "num" and self.texts[at - 2] in ("/", "\N{FRACTION SLASH}")) or self.texts[
            at - 1
        ] in _VULGAR

    def _operator(self, at: int) -> bool:
        """An operator that joins what is on both sides without a gap, or with equal gaps."""
        if self.kinds[at] != "op":
            return False
        before = self.starts[at] - self.ends[at - 1]
        after = self.starts[at + 1] - self.ends[at] if at + 1 < self.count else 0
        return (before == 0 == after) or (OPERATORS[self.texts[at]] != "-" and before == after)

    def _operand(self, at: int, depth: int) -> int | None:
        """A number, brackets or a symbol, with signs before it and what belongs to it after it."""
        self.budget -= 1
        kinds, texts = self.kinds, self.texts
        signs = 0
        while kinds[at] == "op" and OPERATORS[texts[at]] in ("+", "-") and signs < 2:
            if OPERATORS[texts[at]] == "-":
                self.pieces.append("-")
            at += 1
            signs += 1
        if kinds[at] == "money":
            self._note_money(texts[at])
            at += 1
            if kinds[at] == "op" and OPERATORS[texts[at]] == "-" and not signs:
                self.pieces.append("-")
                at += 1
        start = len(self.pieces)
        kind, text = kinds[at], texts[at]
        if kind == "num":
            if kinds[at + 1] == "num" and self._mixed(at):
                self.pieces.append(f"({text}+{texts[at + 1]}/{texts[at + 3]})")
                at += 4
            elif kinds[at + 1] == "op" and self._tight_fraction(at):
                self.pieces.append(f"({text}/{texts[at + 2]})")
                self.signs += 1
                at += 3
            else:
                self.pieces.append(text.translate(_NO_SEPARATORS) if len(text) > 3 else text)
                at += 1
                if kinds[at] == "post" and texts[at] in _VULGAR:
                    self.pieces.append(texts[at])
                    at += 1
        elif kind == "open":
            close = self.closed_by.get(at)
            if close is None or depth >= _MAX_DEPTH:
                return None
            self.pieces.append("(")
            if self._sum(at + 1, depth + 1) != close:
                return None
            self.pieces.append(")")
            at = close + 1
        elif kind == "root":
            self.pieces.append(text)
            after = self._operand(at + 1, depth + 1) if depth < _MAX_DEPTH else None
            if after is None:
                return None
            self.signs += 1
            at = after
        elif kind == "post" and text in _VULGAR:
            self.pieces.append(text)
            at += 1
        elif kind == "word":
            if text in FUNCTION_WORDS and kinds[at + 1] == "open":
                self.pieces.append(text)
                after = self._operand(at + 1, depth + 1) if depth < _MAX_DEPTH else None
                if after is None:
                    return None
                self.signs += 1
                at = after
            elif SYMBOL.fullmatch(text) or text == "π":
                self.symbols = self.symbols or text not in ("π",)
                self.signs += text == "π"
                self.pieces.append(text)
                at += 1
            else:
                return None
        else:
            return None
        self.last_value = at - 1
        return self._after_operand(at, start)

    def _mixed(self, at: int) -> bool:
        """``2 1/2``: a whole number, a blank, and a proper fraction."""
        texts = self.texts
        if texts[at + 2] != "/" or self.kinds[at + 3] != "num" or self.ends[at + 1] != self.starts[at + 2]:
            return False
        whole, top, below = texts[at], texts[at + 1], texts[at + 3]
        small = whole.isdigit() and top.isdigit() and below.isdigit() and len(below) < 5
        return small and int(top) < int(below)

    def _tight_fraction(self, at: int) -> bool:
        """``1/2`` after a division that is set apart by blanks: ``3 / 1/2`` is 6."""
        before = at - 1
        if before < 1 or self.kinds[before] != "op" or OPERATORS[self.texts[before]] != "/":
            return False
        apart = self.ends[before] < self.starts[at] and self.ends[before - 1] < self.starts[before]
        tight = self.ends[at] == self.starts[at + 1] and self.ends[at + 1] == self.starts[at + 2]
        return apart and tight and self.texts[at + 1] == "/" and self.kinds[at + 2] == "num"

    def _after_operand(self, at: int, start: int) -> int:
        """What belongs to an operand: %, !, powers, letters that multiply it, and what it measures."""
        while True:
            kind, text = self.kinds[at], self.texts[at]
            touching = self.ends[at - 1] == self.starts[at]
            if kind == "post":
                if text == "%":
                    if self.pieces[-2:] == [_PERCENT, ")"]:
                        return at
                    self._percent(start)
                elif text == _BANG:
                    if self.texts[at + 1] == "!" or not touching:
                        return at
                    self.pieces.append(_BANG)
                    self.signs += 1
                elif text in _VULGAR or len(text) > 3:
                    return at
                else:
                    self.pieces.append(f"^{text.translate(_RAISED)}")
                    self.signs += 1
                self.last_value = at
                at += 1
            elif kind == "money" and touching and self.kinds[at + 1] != "num":
                self._note_money(text)
                at += 1
            elif kind == "money" and self.kinds[at + 1] in ("rel", "op", "odd2", "end", "close") and text == "$":
                at += 1  # it closes a formula
            elif kind == "word" and touching and self._is_symbol_here(at):
                self.symbols = True
                self.pieces.append("*" + "*".join(text) if "_" not in text else f"*{text}")
                self.last_value = at
                at += 1
            elif kind == "word" and text.lower() in POSTFIX_WORDS and self.pieces[-2:] != [_PERCENT, ")"]:
                sign = POSTFIX_WORDS[text.lower()]
                if sign == "%":
                    self._percent(start)
                else:
                    self.pieces.append(sign)
                    self.signs += 1
                self.last_value = at
                at += 1
            elif kind == "word" and text.lower() in MAGNITUDES:
                self.pieces.insert(start, "(")
                self.pieces.extend((f"@{MAGNITUDES[text.lower()]}", ")"))
                self.magnitude = True
                self.last_value = at
                at += 1
            elif kind in ("word", "open", "op"):
                return self._measured(at)
            else:
                return at

    def _percent(self, start: int) -> None:
        self.pieces.insert(start, "(")
        self.pieces.extend((_PERCENT, ")"))
        self.percent = True

    def _is_symbol_here(self, at: int) -> bool:
        """Letters that touch a number: a product of symbols, unless they are a unit or an operator."""
        text = self.texts[at]
        if text in ("x", "X") and self.kinds[at + 1] in ("num", "money"):
            return False
        if len(text) > 3 and "_" not in text:
            return False
        return (len(text) == 1 or unit_of(text) is None) and bool(_SYMBOLS.fullmatch(text))


def _decimals(pieces: Sequence[str]) -> int | None:
    """Places after the point of a literal number; minus the zeros at the end of a whole one."""
    literal = "".join(pieces).lstrip("-").removeprefix("(").removesuffix(f"{_PERCENT})")
    if not re.fullmatch(r"\d*\.?\d+", literal):
        return None
    if "." in literal:
        return len(literal) - literal.index(".") - 1
    return len(literal.rstrip("0")) - len(literal) if literal.rstrip("0") else 0
