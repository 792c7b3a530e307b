r"""Final answers from their text, plain or LaTeX.

What an answer can be stands in :mod:`~reasoning_envs.verifiers.answer.kinds`. Lists, sets, tuples, intervals, matrices
and cases are taken apart here; each value and each statement in them goes to the parser of lines. Where a text can mean
two things, the choice is:

* ``1,234`` is one number, and ``1, 234`` are two; in brackets a comma always separates.
* ``(1, 2)`` is a point, and the interval where it is compared with one.
* A chain ``x = 2/4 = 1/2`` answers with its last member, if its members are equal; ``x ≈ 0.33`` with what stands there.
* Of a lone word (``east``) the answer is a text; several words are one where each has a capital or they stand in
  ``\text{}``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError
from reasoning_envs.symbolic.syntax.expression import num
from reasoning_envs.symbolic.syntax.latex_reader import from_latex, is_latex
from reasoning_envs.symbolic.syntax.latex_words import NUMBER_SETS
from reasoning_envs.symbolic.syntax.parser import MAX_BYTES, ParseError
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.composites import MAX_ITEMS, CompositeReader, integers_of
from reasoning_envs.verifiers.answer.families import quantified
from reasoning_envs.verifiers.answer.kinds import Answer, Family, Listing, Ordered, Region, Value, Words
from reasoning_envs.verifiers.answer.lines import checked, of_line
from reasoning_envs.verifiers.answer.literals import LiteralError, read_literal
from reasoning_envs.verifiers.answer.number_words import value_in_words
from reasoning_envs.verifiers.answer.outline import Mark, marks, split_at
from reasoning_envs.verifiers.answer.parts import Unsettled, assigned, numbers_of, united, with_name
from reasoning_envs.verifiers.answer.real_sets import Unordered
from reasoning_envs.verifiers.answer.second_look import (
    all_but,
    another_kind,
    in_several_units,
    labelled,
    labelled_at_once,
    rewritten,
)
from reasoning_envs.verifiers.answer.units import Unit
from reasoning_envs.verifiers.answer.value_reader import OtherUnitError
from reasoning_envs.verifiers.answer.words import date_in_digits, place_or_time

__all__ = ["read_answer"]

_MAX_DEPTH = 8
_MAX_CACHED = 4000

_STRUCTURED = re.compile(r"[,;{}\[\]∪∩∖∈∉∧∨⟨⟩≈:\"ℝℤℕℚℂ∅]|\b(?:or|and|in|[Mm]atrix|cases)\b|=.*=|^\s*<|[\w)']\)\s*=")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_LETTER = re.compile(r"[A-Za-z](?:_\w+)?|[α-ωΓ-Ω]")
_HEADER = re.compile(r"\s*([f-hpqr-wyA-HN-Vφϕστμλζ])\s*\(\s*([A-Za-z0-9, ]+)\s*\)\s*=(?!=)\s*(.*)", re.DOTALL)
_SEVERAL = re.compile(r"(?:[,;]|\band\b)\s*[A-Za-z]\w?\w?\s*\([^=]{1,40}\)\s*=(?!=)")
_MIXED = re.compile(r"[0-9]{1,20}\s+and\s+[0-9]{1,20}\s*/\s*[0-9]{1,20}")
_RATE = re.compile(r"d\s*([a-zA-Z])\s*/\s*d\s*([a-z])\s*=(?!=)\s*(.+)", re.DOTALL)
_OF_A_SET = ("∈", " in ", "nteger", "umber")
_PROPOSITION = re.compile(r"[A-Za-z]\s*([∧∨])\s*[A-Za-z](?:\s*\1\s*[A-Za-z])*")
_PLACES_AND_TIMES = ("m", "M", "m.", "M.", "st", "nd", "rd", "th")


def read_answer(text: str, *, units: Unit | None = None, latex: bool = False, listed: bool = False) -> Answer | Verdict:
    """An answer from its text, or UNPARSED, UNSAFE, or UNDECIDED (it can be read, and says nothing definite).

    Args:
        text: without surrounding prose.
        units: values may carry a unit, and are converted to this one.
        latex: the text stood between marks of LaTeX, so that letters are single symbols.
        listed: read ``1,234`` as two numbers.
    """
    if len(text) > _MAX_CACHED:
        return _read(text, units, latex, listed)
    return _read_cached(text, units, latex, listed)


def _read(text: str, units: Unit | None, latex: bool, listed: bool) -> Answer | Verdict:
    text = text.strip()
    if not text:
        return _unparsed("there is no answer")
    if units is None and _WHOLE.fullmatch(text):
        return Value(None, num(int(text)), text)
    if text.endswith(_PLACES_AND_TIMES) and units is None and (words := place_or_time(text)):
        return words
    if text[-1].isdigit() and 8 <= len(text) <= 10 and units is None and (words := date_in_digits(text)):
        return words
    if len(text) > MAX_BYTES:
        return _unparsed(f"the answer has {len(text)} characters; at most {MAX_BYTES} bytes are read")
    reader = _Reader(units, listed)
    try:
        if is_latex(text):
            return reader.answer(from_latex(text))
        try:
            return reader.answer(text)
        except ParseError:
            if not latex:
                raise
            return reader.answer(from_latex(text))
    except ParseError as error:
        return _unparsed(error.reason)
    except LiteralError as error:
        return _unparsed(str(error))
    except UnsafeExpressionError as error:
        return Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)
    except (Unsettled, Unordered) as error:
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, str(error), "parser")
    except OtherUnitError as error:
        return Verdict(Status.REFUTED, Relation.NONE, str(error), "units", True)


_read_cached = lru_cache(maxsize=4096)(_read)


def _unparsed(reason: str) -> Verdict:
    return Verdict(Status.UNPARSED, Relation.UNKNOWN, reason, "parser", True)


class _Reader(CompositeReader):
    """Reads one text. ParseError, LiteralError, Unsettled and their like are all that it raises."""

    __slots__ = ()

    def answer(self, text: str) -> Answer:
        """Any kind of answer."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ParseError(f"the answer is nested more than {_MAX_DEPTH} deep", 0)
        text = text.strip()
        if any(word in text for word in _OF_A_SET) and (family := quantified(text)):
            members = self.answer(family.body)
            self.depth -= 1
            return _of_a_set(members, family.letters, family.of)
        if "real" in text and (difference := all_but(text)):
            text = difference
        if text[:1] == "d" and (rate := _RATE.fullmatch(text)):
            text = f"{rate[1]}_{rate[2]} = {rate[3]}"
        try:
            found = self.structured(text) if _STRUCTURED.search(text) else self.line(text)
        except ParseError:
            other = self.at_second_look(text) if self.units is None else None
            if other is None:
                raise
            found = other
        self.depth -= 1
        return found

    def at_second_look(self, text: str) -> Answer | None:
        """A text that is no line, no list and no set."""
        depth = self.depth
        found = another_kind(text)
        if found is not None:
            return found
        if label := labelled(text):
            rest = self.answer(label.rest)
            return rest if label.name is None else with_name(rest, label.name)
        other = rewritten(text)
        if other == text:
            return None
        self.depth = depth
        return self.answer(other)

    def structured(self, text: str) -> Answer:
        """A text with signs that only answers have, or that join several."""
        if len(text) > 1 and text[0] == text[-1] == '"' and text.count('"') == 2:
            return self.quoted(text[1:-1].strip())
        found = marks(text)
        signs = {mark.sign for mark in found}
        if "≈" in signs:
            return self.approximate(text, found)
        several = _SEVERAL.search(text) is not None
        if (header := _HEADER.fullmatch(text)) and not several:
            named = with_name(self.answer(header[3]), f"{header[1]}({''.join(header[2].split())})")
            if named is not None:
                return named
        if not several and (label := labelled_at_once(text)):
            value = self.answer(label.rest)
            return value if label.name is None else with_name(value, label.name) or value
        if not found or signs <= {"|"}:
            return self.enclosed(text)
        if "or" in signs or "and" in signs:
            return self.joined(text, found)
        if "," in signs or ";" in signs:
            if text[0] == "<" and text[-1] == ">" and signs <= {"<", ">", ",", ";"}:
                return self.ordered(text[1:-1], "⟨⟩")
            if ";" not in signs and self.is_one_number(text):
                return self.line(text)
            return self.listing(text, found)
        return self.related(text, found, signs)

    def is_one_number(self, text: str) -> bool:
        if self.listed or self.depth > 1:
            return False
        name, _, value = text.rpartition("=")
        try:
            literal = read_literal(value)
        except LiteralError:
            return False
        return "," not in literal.body and "," not in name

    def related(self, text: str, found: list[Mark], signs: set[str]) -> Answer:
        """Sets with their signs, equations, chains, ratios."""
        equals = [mark for mark in found if mark.sign == "="]
        if signs & {"∈", "∉"} and not equals:
            cut = next(mark for mark in found if mark.sign in "∈∉")
            return self.membership(text[: cut.start].strip(), text[cut.end :].strip(), cut.sign == "∈")
        if not equals and signs & {"∪", "∩", "∖"}:
            return self.set_algebra(text, found)
        if ":" in signs and not equals and signs <= {":"}:
            parts = split_at(text, found)
            return Ordered(tuple([self.answer(part) for part in parts]), "::")
        if equals and signs <= {"=", "∪", "∩", "∖", "|"}:
            return self.equated(text, found, equals)
        return self.line(text)

    def membership(self, name: str, rest: str, inside: bool) -> Answer:
        """``x ∈ (1, 2)``, ``x ∉ {1, 2}``, ``x in R``."""
        if not _LETTER.fullmatch(name):
            raise ParseError(f"{name[:40]!r} is no letter that could lie in a set", 0)
        members = self.answer(NUMBER_SETS.get(rest, rest))
        try:
            numbers = None if inside and not isinstance(members, Ordered) else numbers_of(members)
        except Unordered:
            numbers = None  # an interval between letters
        if numbers is not None:
            return Region(name, numbers if inside else numbers.complement())
        named = with_name(members, name) if inside else None
        if named is None:
            raise ParseError("a set of numbers is expected", 0)
        return named

    def equated(self, text: str, found: list[Mark], equals: list[Mark]) -> Answer:
        """``x = {1, 2}``, ``(x, y) = (1, 2)``, ``x = 2/4 = 1/2``."""
        if len(equals) == 1:
            left, right = split_at(text, equals)
            if not _STRUCTURED.search(right) and not _STRUCTURED.search(left):
                return self.line(text)
            named = self.answer(right)
            if _LETTER.fullmatch(left):
                whole = with_name(named, left)
                if whole is not None:
                    return whole
            elif isinstance(named, Ordered | Listing):
                letters = self.answer(left)
                if isinstance(letters, Ordered):
                    return assigned(letters, named)
            return self.line(text)
        members = split_at(text, equals)
        if len(set(members)) == len(members) and all(_LETTER.fullmatch(member) for member in members[:-1]):
            return self.shared(members)
        name = members[0] if _LETTER.fullmatch(members[0]) else None
        values = [self.answer(member) for member in (members[1:] if name else members)]
        last = values[-1]
        for value in values[:-1]:
            if not (isinstance(value, Value) and isinstance(last, Value)):
                raise ParseError("the members of a chain must be values", 0)
            if not equivalent(value.expr, last.expr).verified:
                raise Unsettled(f"the chain contradicts itself: {value.text} is not {last.text}")
        whole = with_name(last, name) if name else last
        return whole if whole is not None else last

    def shared(self, members: list[str]) -> Answer:
        """``x = y = z = 1``: one value of several letters."""
        *letters, value = members
        found = self.answer(value)
        known = [named for letter in letters if (named := with_name(found, letter)) is not None]
        if len(known) < len(letters):
            raise ParseError("the value on the right has a name of its own", 0)
        return Listing(tuple(known))

    def approximate(self, text: str, found: list[Mark]) -> Answer:
        cut = next(mark for mark in found if mark.sign == "≈")
        before, after = text[: cut.start].strip(), text[cut.end :].strip()
        if not before:
            return self.answer(after)
        if _LETTER.fullmatch(before):
            return self.answer(f"{before} = {after.partition('≈')[0]}")
        return self.answer(before)

    def listing(self, text: str, found: list[Mark]) -> Answer:
        """Parts between commas."""
        cuts = [mark for mark in found if mark.sign in ",;"]
        pieces = split_at(text, cuts)
        if len(pieces) > MAX_ITEMS:
            raise ParseError(f"a list of {len(pieces)} parts; at most {MAX_ITEMS} are read", 0)
        items = [self.answer(re.sub(r"^(?:and|or)\s+", "", piece)) for piece in pieces]
        return united(items, together=True, bare=all(mark.sign != "or" for mark in found))

    def joined(self, text: str, found: list[Mark]) -> Answer:
        """Parts between *or* and *and*: a statement where it is one, else a list."""
        if _MIXED.fullmatch(text):
            return of_line(checked(read_literal(text).body), text)
        value = value_in_words(text) if text[0].isalpha() else None
        if value is not None:
            return Value(None, num(value), text)
        if not any(mark.sign in "∪∩∖∈≈,;:" for mark in found) and not _SEVERAL.search(text):
            try:
                return self.line(text)
            except ParseError:
                pass
        if proposition := _PROPOSITION.fullmatch(text):
            letters = sorted({letter for letter in text if letter.isalpha()})
            return Words(f" {proposition[1]} ".join(letters), text)
        if text[0].isdigit() and (amount := in_several_units(text)):
            return amount
        outer = [mark for mark in found if mark.sign == "or"]
        if re.search("[∧∨]", text) and not re.search("[=<>≤≥≠∈∉]", text):
            raise ParseError("'∧' and '∨' join statements", 0)
        if outer and _joins_lists(text, found):
            outer = [mark for mark in found if mark.sign in ("or", ",", ";", "and")]
            merged = _merged(text, outer)
            return united([self.answer(piece) for piece in split_at(text, merged)], together=False, bare=False)
        if outer:
            return united([self.answer(piece) for piece in split_at(text, outer)], together=False, bare=False)
        cuts = _merged(text, [mark for mark in found if mark.sign in ("and", ",", ";")])
        return united([self.answer(piece) for piece in split_at(text, cuts)], together=True, bare=True)


def _of_a_set(members: Answer, letters: frozenset[str], of: str) -> Answer:
    """What holds for the letters of a set: ``1 < x < 4, x ∈ ℤ`` are two numbers."""
    if not isinstance(members, Region) or members.name not in letters:
        return Family(members, letters, of)
    if of == "ℝ":
        return members
    if of in ("ℤ", "ℕ"):
        try:
            return with_name(integers_of(members.numbers, of), members.name) or members
        except Unsettled:
            pass
    return Family(members, letters, of)


def _joins_lists(text: str, found: list[Mark]) -> bool:
    """``2, 3, or 4``: the *or* ends a list, and does not part lists of equations."""
    last = [mark for mark in found if mark.sign in ("or", ",")]
    return bool(last) and not any(mark.sign in ("=", "and") for mark in found) and len(last) > 1


def _merged(text: str, cuts: list[Mark]) -> list[Mark]:
    """``, and`` is one cut."""
    merged: list[Mark] = []
    for cut in cuts:
        if merged and not text[merged[-1].end : cut.start].strip():
            merged[-1] = Mark(cut.sign, merged[-1].start, cut.end)
        else:
            merged.append(cut)
    return merged
