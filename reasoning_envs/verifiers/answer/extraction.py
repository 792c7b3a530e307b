"""The final answer in a longer text."""

from __future__ import annotations

import re
from typing import NamedTuple

from reasoning_envs.symbolic.syntax.lexer import FUNCTIONS
from reasoning_envs.types import Status, Verdict
from reasoning_envs.verifiers.answer.reader import read_answer

__all__ = ["Found", "extract_answer", "find_answer"]

_ANSWER_IS = re.compile(r"(?:final\s+)?answer\s*(?:\*\*\s*)?(?:is\b|[:=])\s*:?(?:\s*\*\*(?=\s))?", re.IGNORECASE)
_HASHES = re.compile(r"^\s*####[ \t]*(.+)$", re.MULTILINE)
_PROSE = re.compile(r"\b[A-Za-z]{2,}\b|[:,]\s")
_SENTENCE_END = re.compile(
    r"[.!?]\**(?=\s+[A-Z(*])|[.!?]?\**\s*(?=<\||\n)|[.,;]?\s+(?=(?:because|since|which|as|so)\b)"
)
_SPANS = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_FRAMES = (("$$", "$$"), ("\\(", "\\)"), ("\\[", "\\]"), ("$", "$"), ("**", "**"), ("`", "`"), ("__", "__"))
_WORD = re.compile(r"\b[A-Za-z]{3,}\b")
_NUMBER = re.compile(r"(?<!\S)-?[$€£]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[./]\d+)?)%?(?=[\s.,;!?]|$)")
_SENTENCE = re.compile(r"\s*[A-Za-z][^$]*\b(?:is|are|equals)\s*:?\s*\$")
_CLOCK = re.compile(r"\b[0-9]{1,2}(?::[0-5][0-9])?\s*[ap]\.?\s?m\.?$", re.IGNORECASE)
_FRAME_STARTS = tuple(opening for opening, _ in _FRAMES)
_CODE = re.compile(r"[_{}\[\]<>;'\"\\]")
_MATHEMATICAL = FUNCTIONS.keys() | {
    *("or", "and", "in", "no", "solution", "solutions", "all", "real", "reals", "numbers", "pi", "oo", "infinitely"),
    *("many", "true", "false", "mod", "floor", "ceil", "max", "min", "gcd", "lcm", "det", "limit", "between"),
}
_QUALIFIERS = frozenset(
    (
        *("than", "most", "least", "between", "over", "under", "below", "above", "beyond", "exceeds", "exceeding"),
        *("minus", "negative", "until", "before", "after", "within", "versus", "vs", "half", "twice", "double"),
    )
)
"""Words after which a number is not what the sentence says."""
_NEGATIONS = frozenset(("not", "never", "neither", "nor", "cannot", "can't", "isn't", "doesn't", "except", "unlike"))
"""The same, with some words between."""
_PLAIN_WORD = re.compile(r"[a-z]+(?:['’]t)?")
_OF = re.compile(
    r"(?:%|[0-9]|\b(?:percent|half|third|quarter|fourth|square|root|cube|multiples?|factors?|divisors?|power|logarithm))"
    r"\s+of$",
    re.IGNORECASE,
)
_MAX_TEXT = 100_000
_MAX_LINE = 2000


class Found(NamedTuple):
    """A final answer.

    Attributes:
        text: without what surrounds it.
        latex: it stood between marks of LaTeX.
    """

    text: str
    latex: bool


def extract_answer(text: str) -> str:
    r"""The part of a text that is its final answer.

    That is the last ``\boxed{...}``, or what follows the last ``####`` or "answer is", or the text itself where it can
    be read, or the last mathematics or the end of its last line.
    """
    return find_answer(text).text


def find_answer(text: str) -> Found:
    """As :func:`extract_answer`, with how it stood there."""
    if len(text) > _MAX_TEXT:
        text = text[-_MAX_TEXT:]
    if "\\boxed" in text or "\\fbox" in text:
        boxed = _last_boxed(text)
        if boxed is not None:
            return Found(_bare(" ".join(boxed.split())).text, True)
    if "####" in text:
        hashes = _HASHES.findall(text)
        if hashes:
            return _bare(hashes[-1])
    if "nswer" in text or "NSWER" in text:
        marks = list(_ANSWER_IS.finditer(text))
        if marks:
            return _after_mark(text[marks[-1].end() :].strip())
    whole = _bare(text)
    if not ("$" in text and _SENTENCE.match(text)) and _readable(whole):
        return whole
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return whole
    return _end_of_line(lines[-1])


def _after_mark(rest: str) -> Found:
    """What "the answer is" announces: the first line, its first sentence, or the mathematics in it."""
    if not rest:
        return Found("", False)
    if rest.startswith(("\\[", "$$")):
        span = _SPANS.match(rest)
        if span is not None:
            return _bare(span.group())
    line = rest.splitlines()[0]
    whole = _bare(line)
    if len(line) > _MAX_LINE or _readable(whole):
        return whole
    cut = _SENTENCE_END.search(line)
    if cut is not None:
        first = _bare(line[: cut.start()])
        if _readable(first):
            return first
    spans = list(_SPANS.finditer(line))
    if len(spans) == 1 or (spans and spans[0].start() == 0):
        return _bare(spans[0].group())
    return whole


def _end_of_line(line: str) -> Found:
    if line.count("**") in (2, 4) and not line.startswith("**"):
        line = line.replace("**", "")
    last = _bare(line)
    if len(last.text) > _MAX_LINE or (not _SENTENCE.match(line) and _readable(last)):
        return last
    if clock := _CLOCK.search(line.strip(" .")):
        return Found(clock.group(), False)
    spans = _SPANS.findall(line)
    if spans:
        return Found(_bare(next(span for span in spans[-1] if span)).text, True)
    text = last.text
    for match in reversed(list(_PROSE.finditer(text))):
        if match.group().lower() in _MATHEMATICAL:
            continue
        if _CODE.search(text[: match.end()]) or text[match.end() : match.end() + 1] in ("(", "["):
            break  # code, not prose
        if _changes_meaning(text[: match.end()]):
            return last  # less than 5 is not 5
        ending = _bare(text[match.end() :])
        return ending if _readable(ending) else _last_number(last)
    return last


def _changes_meaning(before: str) -> bool:
    """What stands before a number says something else of it than that it is the answer."""
    words = _PLAIN_WORD.findall(before.lower())
    if not words:
        return False
    if words[-1] in _QUALIFIERS or _NEGATIONS & set(words[-4:]):
        return True
    return _OF.search(before) is not None or (words[-1] == "to" and bool({"up", "close", "next"} & set(words[-2:])))


def _last_number(line: Found) -> Found:
    """The last number of a sentence; the line itself where it is none."""
    if _CODE.search(line.text) or len(_WORD.findall(line.text)) < 2:
        return line
    numbers = _NUMBER.findall(line.text)
    return Found(numbers[-1], False) if numbers else line


def _last_boxed(text: str) -> str | None:
    start = max(text.rfind("\\boxed"), text.rfind("\\fbox"))
    at = start + (6 if text.startswith("\\boxed", start) else 5)
    while at < len(text) and text[at] == " ":
        at += 1
    if at < len(text) and text[at] != "{":
        match = re.match(r"[^\s$.,]+", text[at:])
        return match.group() if match else None
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0 and text[place] == "}":
            return text[at + 1 : place]
    return None


def _bare(text: str) -> Found:
    """Without the signs that surround mathematics in running text."""
    text = text.strip()
    latex = False
    for opening, closing in _FRAMES if text.startswith(_FRAME_STARTS) else ():
        body = text[:-1] if text.endswith(".") else text
        inner = body[len(opening) : -len(closing)]
        if len(body) > len(opening) + len(closing) and body.startswith(opening) and body.endswith(closing):
            if opening == "$" and "$" in inner.replace("\\$", ""):
                continue  # $x$ or $y$
            text = inner.strip()
            latex = latex or opening in ("$", "$$", "\\(", "\\[")
    found = Found(text, latex)
    if text.endswith("!") and _readable(found):
        return found  # a factorial
    if text and text[-1] in ".!," and not text.endswith("!!"):
        return Found(re.sub(r"(?<=[^.\s])\s*[.!,]$", "", text), latex)
    return found


def _readable(found: Found) -> bool:
    """The text is mathematics, be it unsafe or of a kind that is not supported."""
    answer = read_answer(found.text, latex=found.latex)
    return not isinstance(answer, Verdict) or answer.status is not Status.UNPARSED
