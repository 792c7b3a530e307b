"""States of domains whose steps are lines of prose, how a line is read, and how one is spoiled."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from reasoning_envs.domains.protocol import InputError
from reasoning_envs.interfaces import MAX_LINE
from reasoning_envs.types import Status, Verdict
from reasoning_envs.verifiers.prose.judge import judge_prose
from reasoning_envs.verifiers.word_problems import one_line, stated_answer

__all__ = ["MAX_STATEMENT", "ProseState", "check_characters", "corrupt_line", "first_line", "read_line"]

MAX_STATEMENT = 20_000
"""Characters in the statement of a problem at most."""
_MAX_FIRST_LINE = 300


class ProseState(NamedTuple):
    """A line of reasoning, or what is asked.

    Attributes:
        line: one line of text.
        written: somebody wrote it; False at the start of an episode.
    """

    line: str
    written: bool

    @property
    def is_final(self) -> bool:
        r"""The line states an answer, after ``####`` or in ``\\boxed{}``."""
        return self.written and stated_answer(self.line) is not None


def read_line(text: str) -> ProseState:
    """The state after a line that somebody wrote.

    Raises:
        InputError: it is empty, more than one line, or holds control characters (UNPARSED), or is too long (UNSAFE).
    """
    if len(text) > MAX_LINE:
        reason = f"the line has {len(text)} characters; at most {MAX_LINE} are read"
        raise InputError(Verdict(Status.UNSAFE, reason=reason, method="prose", rigorous=True))
    line = text.strip()
    if not line:
        raise _unparsed("the line is empty")
    count = len(line.splitlines())
    if count > 1:
        raise _unparsed(f"one line of reasoning is expected, this text has {count}")
    check_characters(line)
    return ProseState(line, True)


def check_characters(text: str) -> None:
    """Nothing, for a text of printable characters, blanks and line breaks.

    Raises:
        InputError: a character is none of these; the reason names it.
    """
    for place, char in enumerate(text):
        if char < " " and char not in "\n\t\r":
            raise _unparsed(f"character {place + 1} is a control character: {char!a}")
        if char > "~" and unicodedata.category(char) in ("Cc", "Cs", "Cn", "Co"):
            raise _unparsed(f"character {place + 1} is no character of a text: {char!a}")


def first_line(statement: str) -> str:
    """What stands at the start of an episode: the question, which is the last sentence that asks, or the last one."""
    sentences = re.split(r"(?<=[.?!])\s+", one_line(statement))
    asking = [sentence for sentence in sentences if sentence.endswith("?")]
    line = (asking or sentences)[-1]
    return line if len(line) <= _MAX_FIRST_LINE else f"{line[: _MAX_FIRST_LINE - 3]}..."


def _unparsed(reason: str) -> InputError:
    return InputError(Verdict(Status.UNPARSED, reason=reason, method="prose", rigorous=True))


# -- one wrong number -------------------------------------------------------------------------------------------------

_LITERAL = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_OPERATION = re.compile(r"(?<=[\d)%])(\s*)([-+*/×÷])(\s*)(?=[\d($€£])")
_OTHER = {"+": "-", "-": "+", "*": "+", "×": "+", "/": "*", "÷": "×"}


def corrupt_line(line: str, rng: np.random.Generator) -> tuple[str, str]:
    """A line with one error in its arithmetic, or in its answer where it has no arithmetic; and the kind of error.

    Kinds: ``"wrong result"``, ``"wrong number"`` (among what is worked with), ``"wrong operation"``,
    ``"slipped point"``, ``"swapped digits"``, ``"wrong answer"``.

    Raises:
        ValueError: the line has nothing that can be spoiled so that it becomes wrong.
    """
    spoiled = _spoiled_statements(line) or _spoiled_answers(line)
    for index in rng.permutation(len(spoiled)):
        wrong, kind = spoiled[int(index)]
        if kind == "wrong answer" or judge_prose(wrong).verdict.refuted:
            return wrong, kind
    raise ValueError(f"nothing in {line!r:.80} can be spoiled")


def _spoiled_statements(line: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for statement in judge_prose(line).statements:
        if not statement.verdict.verified:
            continue
        text = line[statement.start : statement.end]
        sign = max(text.rfind(char) for char in "=≈<>")
        for match in _LITERAL.finditer(text):
            result = match.start() > sign
            for number, kind in _wrong_numbers(match[0]):
                kind = kind if result or kind != "wrong result" else "wrong number"
                found.append((_replaced(line, statement.start + match.start(), match[0], number), kind))
        for match in _OPERATION.finditer(text[: max(sign, 0)]):
            place = statement.start + match.start(2)
            found.append((_replaced(line, place, match[2], _OTHER[match[2]]), "wrong operation"))
    return found


def _spoiled_answers(line: str) -> list[tuple[str, str]]:
    stated = stated_answer(line)
    start = 0 if stated is None else line.rfind(stated)
    if start < 0 or (stated is None and not _LITERAL.fullmatch(line.strip())):
        return []
    return [
        (_replaced(line, match.start(), match[0], number), "wrong answer")
        for match in _LITERAL.finditer(line, start)
        for number, _ in _wrong_numbers(match[0])
    ]


def _wrong_numbers(literal: str) -> list[tuple[str, str]]:
    """Numbers that somebody might have written in its place, with the kind of error."""
    plain = literal.replace(",", "")
    value = Fraction(plain)
    places = len(plain.partition(".")[2])
    unit = Fraction(1, 10**places)
    found = [(value + unit, "wrong result"), (value + 10 * unit, "wrong result"), (value * 10, "slipped point")]
    if value > unit:
        found.append((value - unit, "wrong result"))
    for at in range(len(plain) - 1):
        first, second = plain[at], plain[at + 1]
        if first != second and "." not in (first, second) and (at or second != "0"):
            found.append((Fraction(plain[:at] + second + first + plain[at + 2 :]), "swapped digits"))
    return [(f"{float(number):.{places}f}" if places else str(int(number)), kind) for number, kind in found]


def _replaced(line: str, place: int, old: str, new: str) -> str:
    return line[:place] + new + line[place + len(old) :]
