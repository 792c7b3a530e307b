"""Arithmetic in running text: where it stands, and what it says, in the notation of the parser.

A *member* is an expression among the words, a *chain* is members joined by signs of a relation
(``2 + 3 = 5 = 10/2``), and a :class:`Statement` is two members of a chain that stand next to each other. What measures
a number ("3 hours", "$5 per kilo") is passed over and noted. A member that might go on where it cannot be read
("Alice + 3", "half of 30", "12 - Bob's") makes no statement: half an expression has another value.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from reasoning_envs.verifiers.prose.members import BINDING, Member, MemberReader, TooManyTokensError
from reasoning_envs.verifiers.prose.words import ABOUT, CONNECTIVES, FUNCTION_WORDS, PARTICIPLES, PARTS

__all__ = ["ANNOTATION", "MAX_CHARACTERS", "MAX_STATEMENTS", "Member", "Statement", "TooLongError", "read_statements"]

MAX_CHARACTERS = 10_000
"""Length of a line at most."""
MAX_STATEMENTS = 200
"""Statements that are read of one line; what comes after them is not looked at."""
ANNOTATION = re.compile(r"<<([^<>\n]{1,400})>>")
_BOLD = re.compile(r"(?<![\w)])\*\*(?=\S)|(?<=\S)\*\*(?=$|[\s.,;:!?)](?!\s*\d))")
"""Marks of bold type, not powers."""
_MAYBE = re.compile(
    r"[=≈≃≅<>≤≥≠⩽⩾]|\bequals?\b|\b(?:is|are|was)\s+(?:about|approximately|roughly|around)\b|\\(?:approx|[lg]e|n?eq|[lg]t)"
)
_BEFORE_A_LONE_NUMBER = frozenset('.,:;?!"“”*-•')
_BEFORE_A_BULLET = frozenset(".:;")
_STARTS = frozenset(("num", "open", "money", "root", "op", "post"))
_BEFORE_A_NUMBER = frozenset(
    ("so", "then", "thus", "hence", "therefore", "since", "because", "that", "means", "as", "or")
)


class TooLongError(ValueError):
    """A text of more than :data:`MAX_CHARACTERS` characters."""


class Statement(NamedTuple):
    """Two members and what is said of them.

    Attributes:
        start, end: its place in the line: ``line[start:end]``.
        left, right: the members. relation: ``=``, ``≈``, ``<``, ``>``, ``<=``, ``>=`` or ``!=``.
        opening: the first of its chain. spoken: the relation is a word.
    """

    start: int
    end: int
    left: Member
    relation: str
    right: Member
    opening: bool
    spoken: bool


def read_statements(line: str) -> list[Statement]:
    """The statements of a line, in the order in which they begin.

    ``<<3*4=12>>`` (the annotations of GSM8K) are statements of their own, and are passed over by those around them.

    Raises:
        TooLongError: the line has more than :data:`MAX_CHARACTERS` characters.
    """
    if len(line) > MAX_CHARACTERS:
        raise TooLongError(f"the line has {len(line)} characters; at most {MAX_CHARACTERS} are read")
    if _MAYBE.search(line) is None:
        return []
    found: list[Statement] = []
    if "<<" in line:
        for match in islice(ANNOTATION.finditer(line), MAX_STATEMENTS):
            found += _Reader(match[1], match.start(1)).statements()
        line = ANNOTATION.sub(lambda match: " " * len(match[0]), line)
    if "**" in line:
        line = _BOLD.sub("  ", line)
    found += _Reader(line, 0).statements()
    found.sort(key=lambda statement: (statement.start, statement.end))
    return found


class _Reader(MemberReader):
    """Reads chains from left to right."""

    def statements(self) -> list[Statement]:
        """All that the text holds."""
        found: list[Statement] = []
        at = 0
        while at < self.count and len(found) < MAX_STATEMENTS:
            kind = self.kinds[at]
            if kind in _STARTS or (kind == "word" and (len(self.texts[at]) == 1 or self.texts[at] in FUNCTION_WORDS)):
                try:
                    after = self._chain(at, found)
                except TooManyTokensError as stopped:
                    after = stopped.at
                at = max(after, at + 1)
            else:
                at += 1
        return found

    def _chain(self, start: int, found: list[Statement]) -> int:
        """Read a chain; gives the place after what was read, ``start`` where nothing begins there."""
        first = self._member(start)
        if first is None:
            return start
        member, at, _ = first
        whole = not self._tainted(start, member)
        begins = len(found)
        opening = True
        while len(found) < MAX_STATEMENTS:
            relation, next_at = self._relation(at)
            if relation is None:
                break
            spoken = self.kinds[at] == "word" and relation == "="
            following = self._member(next_at)
            if following is None:
                break
            right, at, complete = following
            if whole and complete:
                found.append(Statement(member.start, right.end, member, relation, right, opening, spoken))
            if not complete:
                break
            member, whole, opening = right, True, False
        if len(found) > begins and self._said_to_be_rounded(at):
            last = found[-1]
            if last.relation == "=" and last.right.decimals is not None:
                found[-1] = last._replace(relation="≈")
        return at

    def _said_to_be_rounded(self, at: int) -> bool:
        for place in range(at, min(at + 5, self.count)):
            if self.kinds[place] == "rel" or self.texts[place] in (".", ";"):
                return False
            if self.texts[place].lower() in ABOUT:
                return True
        return False

    def _tainted(self, start: int, member: Member) -> bool:
        """Something stands before the member that may belong to it."""
        begin = self.starts[start]
        if start == 0:
            return False
        before, kind = self.texts[start - 1], self.kinds[start - 1]
        adjacent = self.ends[start - 1] == begin
        if kind == "op":
            bullet = (
                start == 1 or self.texts[start - 2] in _BEFORE_A_BULLET or (start > 2 and self._is_label(start - 2))
            )
            return adjacent or not bullet
        if kind in ("root", "post", "odd", "num") or (adjacent and kind in ("word", "close")):
            return True
        if kind == "open":
            return start > 1 and self.kinds[start - 2] in ("op", "root")
        if kind == "odd2":
            if before in BINDING or (adjacent and before in "._^'," and self.ends[start - 2] == self.starts[start - 1]):
                return True
            return member.lone and before not in _BEFORE_A_LONE_NUMBER
        if kind != "word":
            return kind == "close" and self.kinds[start] in ("op", "open")
        word = before.lower()
        divided = word == "by" and start > 1 and self.texts[start - 2].lower() in PARTICIPLES
        if divided or word in PARTS or word in ("over", "per"):
            return True
        if word == "of":
            earlier = self.texts[start - 2].lower() if start > 1 else ""
            return member.lone or earlier in PARTS or (start > 1 and self.kinds[start - 2] in ("num", "post"))
        return (member.lone and word not in _BEFORE_A_NUMBER) or self._after_operator(start - 1)

    def _after_operator(self, at: int) -> bool:
        """Words, the last at ``at``, follow an operator: ``25 + his 1 + 1`` is read from ``1 + 1`` on."""
        for place in range(at, max(at - 4, -1), -1):
            if self.kinds[place] == "op":
                return place > 0 and self.texts[place - 1] not in _BEFORE_A_BULLET
            if self.kinds[place] != "word" or self.texts[place].lower() in CONNECTIVES:
                return False
        return False
