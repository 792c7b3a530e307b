"""How mathematics is written in plain text: its words, its signs, and the cleaning of Unicode before it is read.

:func:`clean` turns what people and language models type (``2x² − ½ ≤ √3·π``) into a small alphabet that the tokenizer
of :mod:`reasoning_envs.symbolic.syntax.parser` knows, and keeps for each character where it came from. It is strict: a
letter that only looks Latin (a Cyrillic a, a Greek omicron), an invisible or a control character is an error that names
it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from fractions import Fraction

__all__ = ["GREEK", "PHRASES", "VULGAR_FRACTIONS", "clean", "quote"]

MAX_QUOTED = 40

GREEK = "αβγδεζηθλμξρστφψωΓΔΘΛΞΣΦΨΩ"
"""Greek letters that can be symbols. The others look like Latin letters, or have a meaning of their own (π)."""

VULGAR_FRACTIONS: dict[str, Fraction] = {
    char: Fraction(unicodedata.normalize("NFKC", char).replace("\N{FRACTION SLASH}", "/"))
    for char in "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
}

PHRASES: tuple[tuple[tuple[str, ...], bool], ...] = (
    (("no", "real", "solutions"), False),
    (("no", "real", "solution"), False),
    (("no", "solutions"), False),
    (("no", "solution"), False),
    (("false",), False),
    (("∅",), False),
    (("{", "}"), False),
    (("infinitely", "many", "solutions"), True),
    (("all", "real", "numbers"), True),
    (("all", "reals"), True),
    (("true",), True),
    (("ℝ",), True),
)
"""Words of a whole statement, and whether all values or none satisfy it. A longer phrase stands before a shorter."""

_SIGNS = "π∞√∛∜±∓∅ℝ∈∨∧°"
_KEPT = frozenset(_SIGNS + GREEK + "".join(VULGAR_FRACTIONS))
_WRITTEN_AS = {
    **dict.fromkeys("‐‑‒–−", "-"),
    **dict.fromkeys("×✕✖·⋅∙•∗", "*"),
    **dict.fromkeys("÷∕\N{FRACTION SLASH}", "/"),
    **dict.fromkeys("≤≦⩽", "<="),
    **dict.fromkeys("≥≧⩾", ">="),
    "≠": "!=",
    "\N{DIVIDES}": "|",
    "\N{MICRO SIGN}": "μ",
    "\N{GREEK PHI SYMBOL}": "φ",
    "\N{GREEK THETA SYMBOL}": "θ",
    "\N{GREEK LUNATE EPSILON SYMBOL}": "ε",
}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ", "0123456789+-()ni", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ₐₑₒₓₕₖₗₘₙₚₛₜ", "0123456789aeoxhklmnpst", strict=True))
_SAME_LETTER = ("<font>", "<wide>", "<narrow>", "<noBreak>")


class ParseError(ValueError):
    """The text is no line of mathematics.

    Attributes:
        reason: one sentence that says what is wrong and where.
        position: offset of the fault in the text as it was given, from 0.
    """

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason, position)
        self.reason = reason
        self.position = position

    def __str__(self) -> str:
        return self.reason


def quote(text: str) -> str:
    """``text`` in quotes, at most 40 characters of it, with all that is not printable escaped."""
    shown = text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 3] + "..."
    return "'" + "".join([char if char.isprintable() else ascii(char)[1:-1] for char in shown]) + "'"


def clean(text: str) -> tuple[str, Sequence[int]]:
    """The text in the alphabet of the notation, and for each of its characters the offset that it had in ``text``.

    Superscripts become powers (``x²`` is ``x^(2)``), subscripts names (``x₁`` is ``x_1``); letters in another font
    are those letters. Line breaks at the ends are dropped.

    Raises:
        ParseError: a character has no place in the notation.
    """
    written: list[str] = []
    offsets: list[int] = []
    end = len(text.rstrip("\r\n"))
    at = len(text) - len(text.lstrip("\r\n"))
    while at < end:
        char = text[at]
        start = at
        at += 1
        if " " <= char <= "~" or char in _KEPT:
            piece = char
        elif char in _WRITTEN_AS:
            piece = _WRITTEN_AS[char]
        elif char in _RAISED:
            while at < end and text[at] in _RAISED:
                at += 1
            piece = f"^({''.join([_RAISED[raised] for raised in text[start:at]])})"
            _check_after_raised(text, start, at)
        elif char in _LOWERED:
            while at < end and text[at] in _LOWERED:
                at += 1
            piece = f"_{''.join([_LOWERED[lowered] for lowered in text[start:at]])} "
        elif char == "\t" or unicodedata.category(char) == "Zs":
            piece = " "
        else:
            piece = _same_letter(char, start)
        written.append(piece)
        offsets.extend([start] * len(piece))
    return "".join(written), offsets


def _check_after_raised(text: str, start: int, end: int) -> None:
    """``x²^3`` and ``x²!`` mean (x²)^3 and (x²)!, which is not what ``x^2^3`` and ``x^2!`` mean."""
    after = text[end:].lstrip()
    if after.startswith(("^", "**")) or (after.startswith("!") and not after.startswith("!=")):
        shown = text[max(0, start - 1) : end] + after[0]
        raise ParseError(f"character {start + 1}: {quote(shown)} needs brackets to be clear", start)


def _same_letter(char: str, position: int) -> str:
    """The ASCII character that ``char`` is a typographic variant of."""
    tag, _, codes = unicodedata.decomposition(char).partition(" ")
    if tag in _SAME_LETTER:
        plain = "".join([chr(int(code, 16)) for code in codes.split()])
        plain = _WRITTEN_AS.get(plain, plain)
        if plain in _KEPT or (plain.isascii() and plain.isprintable()):
            return plain
    raise ParseError(_why_not(char, position), position)


def _why_not(char: str, position: int) -> str:
    where = f"character {position + 1}"
    if char in "\r\n\v\f\x85\u2028\u2029":
        return f"{where} is a line break: give one line at a time"
    category = unicodedata.category(char)
    name = unicodedata.name(char, "") or f"U+{ord(char):04X}"
    if category == "Cf":
        return f"{where} is invisible: {name}"
    if category.startswith("C"):
        return f"{where} is a control character: {quote(char)}"
    if category.startswith("L"):
        return f"{where}: {quote(char)} is {name}, not a Latin letter"
    return f"{where}: {quote(char)}, {name}, is not part of the notation"
