"""Answers in words: choices, yes and no, names, days, times of day, and phrases such as ``does not exist``."""

from __future__ import annotations

import re

from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.kinds import Answer, Words
from reasoning_envs.verifiers.answer.number_words import ordinal

__all__ = ["date_in_digits", "place_or_time", "same_words", "text_of", "words_of"]

_ONE_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]+\.?")
_NAMES = re.compile(r"[A-Z][A-Za-z'’.-]*(?: (?:of|the|and|de|van|[A-Z][A-Za-z'’.-]*)){1,5}")
_CHOICE = re.compile(
    r"(?:(?:option|choice|answer)\s+)?\(?([A-Za-z])(?:[).:]\)?(?:\s+\S.*)?|)", re.DOTALL | re.IGNORECASE
)
_NEXT_CHOICE = re.compile(r"(?<![A-Za-z0-9(])\(?[A-H][).:](?=\s)")
_ARTICLE = re.compile(r"^(?:the|a|an)\s+")
_LETTERED = re.compile(r'"\s*\(?\s*([A-Z])\s*[).]?\s*"\s*\S.*', re.DOTALL)
_DATE = re.compile(
    r"((?:jan|febr?|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*)\.?\s+([0-9]{1,2})(?:st|nd|rd|th)?(?:,?\s+([0-9]{4}))?",
    re.IGNORECASE,
)
_DATE_IN_DIGITS = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-[0-3][0-9]|[0-3]?[0-9]([/-])[0-3]?[0-9]\1(?:19|20)[0-9]{2}")
"""``2024-01-05``, ``5/1/2024``: written so, nothing is taken away or divided."""
_CLOCK = re.compile(r"([0-9]{1,2})(?::([0-5][0-9]))?\s*([ap])\.?\s*m\.?", re.IGNORECASE)
_PHRASES = {
    "dne": "does not exist",
    "does not exist": "does not exist",
    "the limit does not exist": "does not exist",
    "no limit": "does not exist",
    "cannot be determined": "cannot be determined",
    "can not be determined": "cannot be determined",
    "not enough information": "cannot be determined",
    "not defined": "undefined",
    "undefined": "undefined",
    "divergent": "diverges",
    "it diverges": "diverges",
    "the series diverges": "diverges",
    "convergent": "converges",
    "it converges": "converges",
    "the series converges": "converges",
    "noon": "12:00 pm",
    "12 noon": "12:00 pm",
    "midnight": "12:00 am",
    "12 midnight": "12:00 am",
    **dict.fromkeys(("integers", "the integers", "all integers", "any integer", "all the integers"), "the integers"),
    **dict.fromkeys(("natural numbers", "all natural numbers", "any natural number"), "the natural numbers"),
    **dict.fromkeys(
        ("rational numbers", "all rational numbers", "all rationals", "any rational number"), "the rationals"
    ),
    **dict.fromkeys(("complex numbers", "all complex numbers", "any complex number"), "the complex numbers"),
}
"""Phrases that answer a question, and one word for those that say the same."""
_MAX_PHRASE = 4
"""Words that two phrases have at most which are said to differ: longer ones may say the same in other words."""
_PROSE = re.compile(r"[A-Za-z][A-Za-z '’.,-]*")


_VERDICT = re.compile(
    r"(yes|no|true|false)\s*[,.;:]\s+(?!.*\b(?:yes|no|true|false)\b)[a-z][a-z '’,;.-]*", re.IGNORECASE
)


def words_of(text: str) -> Words | None:
    """The text as words, where it can be nothing else."""
    if text[:1] == '"' and (match := _LETTERED.fullmatch(text)):
        return Words(match[1].lower(), match[1])
    if match := _VERDICT.fullmatch(text):
        return text_of(match[1])
    if text.strip(" .").lower() in _PHRASES or _DATE.fullmatch(text):
        return text_of(text)
    if _ONE_WORD.fullmatch(text) or _NAMES.fullmatch(text):
        return text_of(text)
    if len(text) >= 200 or _NEXT_CHOICE.search(text, 3):
        return None
    match = _CHOICE.fullmatch(text)
    if match and (match[1].isupper() or text[0] == "("):
        return Words(match[1].lower(), match[1].upper())
    return None


def text_of(content: str) -> Words:
    """The words, as they are compared: small, without articles, a choice without its brackets."""
    plain = " ".join(content.strip(" .,;:!'’").lower().split())
    if plain in _PHRASES:
        return Words(_PHRASES[plain], content)
    if match := _DATE.fullmatch(plain):
        return Words(" ".join(filter(None, (match[1][:3], match[2].lstrip("0"), match[3]))), content)
    if match := re.fullmatch(r"(?:(?:option|choice|answer)\s+)?\(?\s*([a-z])\s*[).]?", plain):
        return Words(match[1], content)
    return Words(_ARTICLE.sub("", plain), content)


def place_or_time(text: str) -> Words | None:
    """``first`` and ``1st``, ``5 PM`` and ``5:00 p.m.``; None of all else."""
    if match := _CLOCK.fullmatch(text):
        return Words(f"{int(match[1])}:{match[2] or '00'} {match[3].lower()}m", text)
    place = ordinal(text)
    return None if place is None else Words(place, text)


def date_in_digits(text: str) -> Words | None:
    """``2024-01-05`` and ``5/1/2024``; None of all else."""
    return Words(text, text) if _DATE_IN_DIGITS.fullmatch(text) else None


def same_words(answer: Answer | Verdict, truth: Answer | Verdict, texts: tuple[str, str]) -> Verdict | None:
    """Whether the two are the same words, be they answers on their own or not; None where they are no words.

    Args:
        answer: as it was read, or why it was not.
        truth: likewise.
        texts: of the two.
    """
    words = [
        read.text if isinstance(read, Words) else text_of(text).text if _is_prose(read, text) else None
        for read, text in zip((answer, truth), texts, strict=True)
    ]
    if words[0] is None or words[1] is None:
        return None
    if words[0] != words[1]:
        if max(len(text.split()) for text in words if text) > _MAX_PHRASE:
            return None
        return Verdict(Status.REFUTED, Relation.NONE, f"{texts[0]!r} is not {texts[1]!r}", "text", False)
    return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the texts are the same", "text", True)


def _is_prose(read: Answer | Verdict, text: str) -> bool:
    return isinstance(read, Verdict) and len(text) <= 200 and _PROSE.fullmatch(text.strip()) is not None
