"""The outline of an answer: what stands outside of all brackets and quotes, found in one pass."""

from __future__ import annotations

import re
from typing import NamedTuple

from reasoning_envs.symbolic.syntax.notation import ParseError, quote

__all__ = ["Mark", "enclosed", "marks", "split_at"]

_MARK = re.compile(r"[()\[\]{}⟨⟩\"]|,|;|\bor\b|\band\b|[∪∩∖∈∉≈:|∨∧]|\bU\b(?=\s*[(\[{])|\bin\b|<=|>=|!=|≤|≥|≠|==|=|<|>")
_OPENING, _CLOSING = frozenset("([{⟨"), frozenset(")]}⟩")
_SAME = {"∨": "or", "∧": "and", "≤": "<=", "≥": ">=", "≠": "!=", "==": "=", "in": "∈", "U": "∪"}


class Mark(NamedTuple):
    """A sign or a word outside of all brackets, and its place in the text."""

    sign: str
    start: int
    end: int


def marks(text: str) -> list[Mark]:
    """The marks of a text, in order.

    Raises:
        ParseError: brackets that do not match in number, or a quote that is never closed.
    """
    found: list[Mark] = []
    depth = 0
    quoted = False
    for match in _MARK.finditer(text):
        sign = match.group()
        if sign == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif sign in _OPENING:
            depth += 1
        elif sign in _CLOSING:
            depth -= 1
            if depth < 0:
                raise ParseError(f"character {match.start() + 1}: {quote(sign)} closes nothing", match.start())
        elif depth == 0:
            found.append(Mark(_SAME.get(sign, sign), match.start(), match.end()))
    if depth or quoted:
        raise ParseError(f"a {'quote' if quoted else 'bracket'} is never closed", len(text))
    return found


def split_at(text: str, cuts: list[Mark]) -> list[str]:
    """The pieces of the text between the marks.

    Raises:
        ParseError: one of them is empty.
    """
    pieces: list[str] = []
    start = 0
    for cut in cuts:
        pieces.append(text[start : cut.start].strip())
        start = cut.end
    pieces.append(text[start:].strip())
    for number, piece in enumerate(pieces):
        if not piece:
            raise ParseError(f"part {number + 1} of the list is empty", 0)
    return pieces


def enclosed(text: str) -> bool:
    """Whether the bracket that opens the text is closed by its last character."""
    depth = 0
    for match in re.finditer(r"[()\[\]{}⟨⟩]", text):
        depth += 1 if match.group() in _OPENING else -1
        if depth == 0:
            return match.end() == len(text)
    return False
