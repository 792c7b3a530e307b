"""The final answer in a longer text."""

from __future__ import annotations

import re

from reasoning_envs.types import Status
from reasoning_envs.verifiers.answers import Answer, read_answer

__all__ = ["extract_answer"]

_ANSWER_IS = re.compile(r"(?:final\s+)?answer\s*(?:is\b|[:=])\s*:?", re.IGNORECASE)


_PROSE = re.compile(r"[A-Za-z]{2,}|[:,]\s")


_MATHEMATICAL = frozenset(
    [
        "or",
        "and",
        "in",
        "no",
        "solution",
        "solutions",
        "all",
        "real",
        "reals",
        "numbers",
        "sqrt",
        "root",
        "abs",
        "exp",
        "ln",
        "log",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "pi",
        "oo",
        "factorial",
        "infinitely",
        "many",
        "true",
        "false",
    ]
)


_MAX_TEXT = 100_000


def extract_answer(text: str) -> str:
    r"""The part of a text that is its final answer.

    That is the last ``\boxed{...}``, or what follows the last "answer is", or the text itself where it can be read, or
    the end of its last line.
    """
    if len(text) > _MAX_TEXT:
        text = text[-_MAX_TEXT:]
    boxed = _last_boxed(text)
    if boxed is not None:
        return _bare(boxed)
    marks = list(_ANSWER_IS.finditer(text))
    if marks:
        rest = text[marks[-1].end() :].strip()
        return _bare(rest.splitlines()[0] if rest else "")
    whole = _bare(text)
    if _readable(whole):
        return whole
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return whole
    last = _bare(lines[-1])
    if _readable(last) or len(last) > 2000:
        return last
    for match in reversed(list(_PROSE.finditer(last))):
        if match.group().lower() in _MATHEMATICAL:
            continue
        if re.search(r"[_{}\[\]<>;'\"\\]", last[: match.end()]):
            break  # code, not prose
        ending = _bare(last[match.end() :])
        return ending if _readable(ending) else last
    return last


def _last_boxed(text: str) -> str | None:
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth = 0
    for place in range(start + 6, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 7 : place]
    return None


def _bare(text: str) -> str:
    """Without the signs that surround mathematics in running text."""
    text = text.strip()
    for opening, closing in (("$$", "$$"), ("\\(", "\\)"), ("\\[", "\\]"), ("$", "$"), ("**", "**"), ("`", "`")):
        body = text[:-1] if text.endswith(".") else text
        if len(body) > len(opening) + len(closing) and body.startswith(opening) and body.endswith(closing):
            text = body[len(opening) : -len(closing)].strip()
    if text.endswith("!") and _readable(text):
        return text  # a factorial
    return re.sub(r"(?<=[^.\s])\s*[.!]$", "", text)


def _readable(text: str) -> bool:
    """The text is mathematics, be it unsafe or of a kind that is not supported."""
    found = read_answer(text)
    return isinstance(found, Answer) or found.status is not Status.UNPARSED
