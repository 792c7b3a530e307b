"""How a single value is written in an answer: thousands, percentages, mixed numbers, bases, currencies and units.

These are conventions of answers, not of mathematics (``1,234`` in a formula would be two numbers), so they are taken
off here and the rest goes to the parser.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import gcd
from typing import NamedTuple

from reasoning_envs.symbolic.syntax.lexer import FUNCTIONS, SERIES
from reasoning_envs.verifiers.answer.units import Unit, UnitError, parse_unit

__all__ = ["Literal", "LiteralError", "is_thousands", "read_literal"]


class LiteralError(ValueError):
    """The text looks like a number and is none; the message says why."""


class Literal(NamedTuple):
    """What is left of a value.

    Attributes:
        body: text for the parser.
        percent: it counts hundredths.
        unit: a unit of the table, a word that is none, or None.
    """

    body: str
    percent: bool
    unit: Unit | str | None


_SIGN = "[-−+]?\\s*"
_THOUSANDS = re.compile(rf"{_SIGN}\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?", re.ASCII)
_SPACED = re.compile(rf"{_SIGN}\d{{1,3}}(?: \d{{3}})+(?:\.\d+)?", re.ASCII)
_SCIENTIFIC = re.compile(rf"{_SIGN}\d+[eE][-+]?\d+", re.ASCII)
_MIXED = re.compile(rf"({_SIGN})(\d{{1,3}}(?:[, ]\d{{3}})+|\d+)\s+(?:and\s+)?(\d+)\s*/\s*(\d+)", re.ASCII)
_IN_BASE = re.compile(rf"({_SIGN})([0-9][0-9A-Za-z]*|[A-Z0-9]+)_(?:\{{(\d+)\}}|\((\d+)\)|(\d+))", re.ASCII)
_CURRENCY = re.compile(rf"({_SIGN})([$€£¥])\s*({_SIGN}[\d.].*)", re.DOTALL)
_PERCENT = re.compile(r"(?:%|(?<=[\d\s)])(?:percent|percentage|pct)\b)\s*$")
_QUOTED = re.compile(r'(.*?)\s*"([^"]*)"\s*((?:\^\s*\(?\s*-?\d\s*\)?|[²³])?)\s*', re.DOTALL)
_NUMERAL = (
    r"[-−+]?\s*(?:\d{1,3}(?:[, ]\d{3})+|\d+)?(?:\.\d+)?(?:\*10{2,12}|\*12)?"
    r"(?:\s*(?:\*|×)\s*10\s*\^\s*\(?[-−]?\d+\)?)?(?:(?:\s+\d+)?/\d+)?"
)
_WITH_WORD = re.compile(rf"({_NUMERAL})\s*(?<=[\d.])\s*((?:°\s*[CF]|[$€£¥]|[A-Za-zµ°][A-Za-zµ/^*·\d²³ ]*?))\.?")
_WORD = re.compile(r"[A-Za-z]{3,}(?: [A-Za-z]{3,}){0,3}")
_MAGNITUDE = re.compile(r"(?<=[0-9.])\s*\b(hundred|thousand|million|billion|trillion|dozen)\b(?:\s+(?=[A-Za-z]))?")
_MAGNITUDES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_NO_NOUNS = frozenset(
    (
        *("is", "are", "was", "were", "not", "wrong", "if", "squared", "cubed", "factorial", "times", "plus", "minus"),
        *("divided", "less", "more", "least", "most", "than", "percent", "but", "because", "when", "to", "in", "out"),
    )
)
"""Words after a number that make it another number, or a sentence."""
_NO_UNITS = (FUNCTIONS.keys() | SERIES | {"and", "or", "infinity", "inf", "reals"}) - {"where"}


def is_thousands(text: str) -> bool:
    """``1,234``: one number, or a list of two."""
    return _THOUSANDS.fullmatch(text) is not None


def read_literal(text: str, *, units: bool = True) -> Literal:
    """What remains for the parser.

    Args:
        text: one value.
        units: look for a unit or a word behind the number.

    Raises:
        LiteralError: digits that the base does not have, or a mixed number with an improper fraction.
    """
    text = text.strip()
    if not text or text[-1] in ")]}":
        return Literal(text, False, None)
    if text[-1] in "nedsr" or "llion" in text:
        text = _MAGNITUDE.sub(lambda match: f"*{_MAGNITUDES[match[1]]} ", text).rstrip()
    unit: Unit | str | None = None
    percent = _PERCENT.search(text) if text[-1] in "%te" else None
    if percent:
        text = text[: percent.start()].rstrip()
    elif units and (not text[-1].isdecimal() or '"' in text or ("^" in text and " " in text)):
        text, unit = _split_unit(text)
        if unit == "percent":
            return Literal(_number(text), True, None)
    elif units and text[0] in "$€£¥-−+":
        text, unit = _split_currency(text)
    return Literal(_number(text), percent is not None, unit)


def _split_currency(text: str) -> tuple[str, Unit | str | None]:
    match = _CURRENCY.fullmatch(text)
    if match is None:
        return text, None
    return match[1] + match[3], parse_unit(match[2]) if match[2] != "¥" else "¥"


def _split_unit(text: str) -> tuple[str, Unit | str | None]:
    if text[0] in "$€£¥-−+":
        text, unit = _split_currency(text)
        if unit is not None:
            return text, unit
    if text.endswith('"') or '"' in text:
        match = _QUOTED.fullmatch(text)
        if match is not None and match[1]:
            word = match[2].strip(" .,")
            if word in ("percent", "pct", "percentage", "%"):
                return match[1], "percent"
            if _NO_NOUNS & set(word.split()):
                return text, None
            return match[1], _unit(word + match[3].replace(" ", "").strip("()").replace("^(", "^"))
        return text, None
    if text.endswith("°") and text.count("°") == 1 and not re.search("[A-Za-z]{2}", text.replace("pi", "")):
        return text[:-1], parse_unit("°")
    if text[-1].isalpha() and not text[-2:].isalpha() and text[-2:-1] != "/":
        return text, None
    match = _WITH_WORD.fullmatch(text)
    if match is None:
        return text, None
    word = match[2].replace("° ", "°")
    if len(word) > 1 or not word.isalpha():
        try:
            if word[-1] in "$€£°" or len(re.split(r"[\s/*·^\d²³]", word)[0]) > 1 or "/" in word:
                return match[1], parse_unit(word)
        except UnitError:
            pass
    if _WORD.fullmatch(word) and not (_NO_UNITS | _NO_NOUNS) & set(word.split()):
        return match[1], _word(word)
    return text, None


def _unit(word: str) -> Unit | str:
    try:
        return parse_unit(word)
    except UnitError:
        return _word(word)


def _word(word: str) -> str:
    """A noun as it is compared: small, without article and ending of the plural."""
    plain = re.sub(r"^(?:the|a|an)\s+", "", " ".join(word.lower().split()))
    return plain[:-1] if plain.endswith("s") and len(plain) > 3 else plain


def _number(text: str) -> str:
    if not text or not text[-1].isalnum() or not (text[0].isdigit() or text[0] in "-−+" or "_" in text):
        return text
    if _THOUSANDS.fullmatch(text):
        return text.replace(",", "")
    if _SCIENTIFIC.fullmatch(text):
        digits, _, exponent = text.lower().partition("e")
        return f"{digits}*10^({exponent})"
    if _SPACED.fullmatch(text):
        return text.replace(" ", "")
    if "/" in text and (match := _MIXED.fullmatch(text)):
        return _mixed(match[1].strip(), re.sub("[, ]", "", match[2]), match[3], match[4])
    if "_" in text and (match := _IN_BASE.fullmatch(text)):
        return match[1].strip() + str(_in_base(match[2], match[3] or match[4] or match[5]))
    return text


def _mixed(sign: str, whole: str, over: str, under: str) -> str:
    if max(len(whole), len(over), len(under)) > 200:
        raise LiteralError("a number with more than 200 digits")
    top, bottom = int(over), int(under)
    if top >= bottom:
        raise LiteralError(f"{whole} {over}/{under} is no mixed number: its fraction is not smaller than 1")
    if top and gcd(top, bottom) == 1:
        value = int(whole) + Fraction(top, bottom)
        return f"{sign}{value.numerator}/{value.denominator}"
    return f"{sign}({whole} + {over}/{under})"


def _in_base(digits: str, base: str) -> int:
    if len(base) > 2 or not 2 <= int(base) <= 36:
        raise LiteralError(f"a base is between 2 and 36, not {base[:10]}")
    if len(digits) > 200:
        raise LiteralError("a number with more than 200 digits")
    try:
        return int(digits, int(base))
    except ValueError:
        raise LiteralError(f"{digits[:40]} has a digit that base {base} has not") from None
