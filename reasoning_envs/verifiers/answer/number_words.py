"""Numbers in words: ``twenty-five``, ``two hundred and six``, ``three quarters``, ``first``."""

from __future__ import annotations

import re
from fractions import Fraction

__all__ = ["ordinal", "value_in_words"]

_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL: dict[str, int] = {
    **{word: value for value, word in enumerate(_UNITS)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "hundredth": 100,
    "thousandth": 1000,
}
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    "twentieth",
)
_ORDINAL_DIGITS = re.compile(r"([0-9]{1,6})(?:st|nd|rd|th)")
_MAX_WORDS = 12


def value_in_words(text: str) -> Fraction | None:
    """The number that a text names; None where it names none."""
    words = text.lower().replace("-", " ").split()
    if not words or len(words) > _MAX_WORDS:
        return None
    negative = words[0] in ("negative", "minus")
    value = _positive(words[1:] if negative else words)
    return -value if negative and value is not None else value


def _positive(words: list[str]) -> Fraction | None:
    if not words:
        return None
    if len(words) > 3 and words[-3:-1] == ["and", "a"] and words[-1] in _PARTS:  # one and a half
        whole = _whole(words[:-3])
        return None if whole is None else whole + Fraction(1, _PARTS[words[-1]])
    if len(words) > 1 or words == ["half"]:
        part = words[-1].removesuffix("s") if words[-1] != "halves" else "half"
        if part in _PARTS:
            over = _whole([word for word in words[:-1] if word != "a"]) if words[:-1] not in ([], ["a"]) else 1
            return None if over is None else Fraction(over, _PARTS[part])
    whole = _whole(words)
    return None if whole is None else Fraction(whole)


def _whole(words: list[str]) -> int | None:
    total = group = 0
    last = 1000
    for place, word in enumerate(words):
        if word in _SMALL:
            value = _SMALL[word]
            if last < 100 and not (last >= 20 and last % 10 == 0 and 0 < value < 10):
                return None
            group += value
            last = value
        elif word == "hundred" and 0 < group < 100:
            group, last = group * 100, 100
        elif word in _SCALES and group:
            total, group, last = total + group * _SCALES[word], 0, 1000
        elif not (word == "and" and 0 < place < len(words) - 1):
            return None
    return total + group if words else None


def ordinal(text: str) -> str | None:
    """``first`` and ``1st`` as ``1st``; None of what is no place in an order."""
    plain = text.strip().lower()
    if plain in _ORDINALS:
        place = _ORDINALS.index(plain) + 1
    elif match := _ORDINAL_DIGITS.fullmatch(plain):
        place = int(match[1])
    else:
        return None
    ending = "th" if 10 < place % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"
