"""Answers in words: choices, yes and no, names."""

from __future__ import annotations

import re

from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.kinds import Answer, Words

__all__ = ["same_words", "text_of", "words_of"]

_ONE_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]+\.?")
_NAMES = re.compile(r"[A-Z][A-Za-z'’.-]*(?: (?:of|the|and|de|van|[A-Z][A-Za-z'’.-]*)){1,5}")
_CHOICE = re.compile(
    r"(?:(?:option|choice|answer)\s+)?\(?([A-Za-z])(?:[).:]\)?(?:\s+\S.*)?|)", re.DOTALL | re.IGNORECASE
)
_ARTICLE = re.compile(r"^(?:the|a|an)\s+")
_PROSE = re.compile(r"[A-Za-z][A-Za-z '’.,-]*")


def words_of(text: str) -> Words | None:
    """The text as words, where it can be nothing else."""
    if _ONE_WORD.fullmatch(text) or _NAMES.fullmatch(text):
        return text_of(text)
    if len(text) < 200 and (match := _CHOICE.fullmatch(text)) and (match[1].isupper() or text[0] == "("):
        return Words(match[1].lower(), match[1].upper())
    return None


def text_of(content: str) -> Words:
    """The words, as they are compared: small, without articles, a choice without its brackets."""
    plain = " ".join(content.strip(" .,;:!'’").lower().split())
    if match := re.fullmatch(r"(?:(?:option|choice|answer)\s+)?\(?\s*([a-z])\s*[).]?", plain):
        return Words(match[1], content)
    return Words(_ARTICLE.sub("", plain), content)


def same_words(answer: Answer | Verdict, truth: Answer | Verdict, texts: tuple[str, str]) -> Verdict | None:
    """VERIFIED where the two are the same words, be they answers on their own or not; else None.

    Args:
        answer: as it was read, or why it was not.
        truth: likewise.
        texts: of the two.
    """
    words = [
        read.text if isinstance(read, Words) else text_of(text).text if _is_prose(read, text) else None
        for read, text in zip((answer, truth), texts, strict=True)
    ]
    if words[0] is None or words[0] != words[1]:
        return None
    return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the texts are the same", "text", True)


def _is_prose(read: Answer | Verdict, text: str) -> bool:
    return isinstance(read, Verdict) and len(text) <= 200 and _PROSE.fullmatch(text.strip()) is not None
