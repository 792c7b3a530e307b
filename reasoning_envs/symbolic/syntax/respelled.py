"""Lines in the notation of answers, as statements: ``x in (-3, 3]`` and ``(x, y) = (3, 2)``."""

from __future__ import annotations

import re

__all__ = ["pieces", "respelled"]

_MEMBER = re.compile(r"\s*([A-Za-z](?:_\w+)?)\s*(?:∈|\bin\b)\s*([(\[{].+)", re.DOTALL)
_UNION = re.compile(r"∪|\bU\b|\bor\b")
_POINT = re.compile(r"\(\s*([A-Za-z](?:_\w+)?(?:\s*,\s*[A-Za-z](?:_\w+)?)+)\s*\)\s*=(?!=)\s*(.+)", re.DOTALL)
_OR = re.compile(r"\bor\b|∨")
_INFINITE = re.compile(r"([-+−]?)\s*(?:oo|∞|inf|infinity)")


def respelled(text: str) -> str | None:
    """The line in the notation of the parser; None where it is neither a membership in intervals nor a point."""
    if match := _MEMBER.fullmatch(text):
        parts = [_within(match[1], part.strip()) for part in _UNION.split(match[2])]
        return None if None in parts else " or ".join([part for part in parts if part is not None])
    return _points(text) if text.lstrip().startswith("(") else None


def pieces(text: str) -> list[str]:
    """The text cut at the commas outside all brackets."""
    found, start, depth = [], 0, 0
    for place, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            found.append(text[start:place].strip())
            start = place + 1
    return [*found, text[start:].strip()]


def _within(letter: str, interval: str) -> str | None:
    if interval[:1] == "{" and interval[-1:] == "}":
        return f"{letter} in {interval}"
    if interval[:1] not in ("(", "[") or interval[-1:] not in (")", "]"):
        return None
    ends = pieces(interval[1:-1])
    if len(ends) != 2 or "" in ends:
        return None
    low, high = [_INFINITE.fullmatch(end) for end in ends]
    if (low and (low[1] not in ("-", "−") or interval[0] == "[")) or (
        high and (high[1] in ("-", "−") or interval[-1] == "]")
    ):
        return None
    bounds = [
        *([] if low else [f"{ends[0]} {'<=' if interval[0] == '[' else '<'} {letter}"]),
        *([] if high else [f"{letter} {'<=' if interval[-1] == ']' else '<'} {ends[1]}"]),
    ]
    return f"({' and '.join(bounds)})" if bounds else "all reals"


def _points(text: str) -> str | None:
    letters: list[str] = []
    found: list[str] = []
    for alternative in _OR.split(text):
        match = _POINT.fullmatch(alternative.strip())
        if match is not None:
            letters = pieces(match[1])
        points = pieces(match[2] if match is not None else alternative.strip())
        for point in points:
            values = pieces(point[1:-1]) if point[:1] == "(" and point[-1:] == ")" else []
            if not letters or len(values) != len(letters) or "" in values:
                return None
            found.append(f"({' and '.join([f'{one} = {two}' for one, two in zip(letters, values, strict=True)])})")
    return " or ".join(found)
