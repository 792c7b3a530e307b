"""What an answer may say that is not the notation of lines: a second look at a text that was not read at the first.

Numbers in words and times of day, quantities in two units (``5 ft 3 in``), a quotient with its remainder (``7 R 3``),
residue classes, names of derivatives (``f'(x) = 2x``), ``x != ±1``, and calls that are worked out
(:mod:`~reasoning_envs.verifiers.answer.worked`).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from reasoning_envs.symbolic.syntax.expression import add, mul, num
from reasoning_envs.symbolic.syntax.parser import parse_expression
from reasoning_envs.verifiers.answer.kinds import Answer, Listing, Value
from reasoning_envs.verifiers.answer.number_words import value_in_words
from reasoning_envs.verifiers.answer.residue_classes import residues_of
from reasoning_envs.verifiers.answer.units import UnitError, parse_unit
from reasoning_envs.verifiers.answer.words import text_of, words_of
from reasoning_envs.verifiers.answer.worked import worked

__all__ = [
    "Labelled",
    "all_but",
    "another_kind",
    "in_several_units",
    "labelled",
    "labelled_at_once",
    "may_be_same",
    "rewritten",
]

_QUANTITIES = (
    "det|rank|dim|nullity|tr|trace|deg|arg|Var|Cov|[Aa]rea|[Vv]olume|[Pp]erimeter|[Ll]ength|[Ss]lope|[Cc]ent(?:er|re)|"
    "[Rr]adius|[Vv]ertex|[Aa]nswer|[Tt]otal|[Pp]eriod|[Aa]mplitude|[Dd]omain|[Rr]ange|[Mm]ean|[Mm]edian|[Mm]ode"
)
_LABEL = re.compile(
    r"(∇\s*[A-Za-z]|([A-Za-z])\s*((?:'\s*)+)(\(\s*[-−]?[\w, .]+\s*\))?|m?\s*∠\s*[A-Z ]{1,7}"
    r"|\[\s*[A-Z](?:\s*[A-Z]){2,5}\s*\]|\(\s*[A-Za-z]\s*∘\s*[A-Za-z]\s*\)\s*\(\s*[a-z]\s*\)"
    rf"|\"?(?:{_QUANTITIES})\"?\s*(?:of\s+)?\(?(?:\s*[A-Za-z]){{0,4}}\s*\)?)\s*=(?!=)\s*(.+)",
    re.DOTALL,
)
_QUANTITY = re.compile(rf"\s*({_QUANTITIES})\s*(?:of\s+)?(.*)", re.DOTALL)
_SAME_QUANTITY = {"centre": "center", "trace": "tr"}
_NO_QUANTITY = frozenset(("answer", "total", "domain", "range"))
_INVERSE = re.compile(r"([A-Za-z])\s*\^\s*\(?\s*[-−]\s*1\s*\)?\s*(?:\(\s*[a-z]\s*\)\s*)?=(?!=)\s*(.+)", re.DOTALL)
_INVERSE_AT = re.compile(r"([f-hA-Z])\s*\^\s*\(?\s*[-−]\s*1\s*\)?\s*\(\s*[a-z]\s*\)\s*=(?!=)\s*(.+)", re.DOTALL)
_NESTED = re.compile(
    r"((?:[f-hFGHT]\s*\(\s*){2}[^()]{1,40}\)\s*\)|[f-hFGH]\s*\(\s*[-−]?\s*[0-9./]+\s*\))\s*=(?!=)\s*(.+)", re.DOTALL
)
_PROBABILITY = re.compile(r"([PE]|Pr|Var|Cov)\s*\(([^()]{1,60})\)\s*=(?!=)\s*(.+)", re.DOTALL)
_ANNOUNCED = re.compile(
    rf"\"(?:(?![^\"]*\b(?:no|not|least|most|than|less|more|about|either|except)\b)[^\"]*\b(?:is|are|equals)|"
    rf"(?:[Tt]he )?(?:{_QUANTITIES}))\s*:?\"\s*[:=]?\s*(.+)",
    re.DOTALL,
)
_FIGURE = re.compile(r"[△∠]\s*[A-Z](?:\s*[A-Z])*")
_TRANSPOSED = re.compile(r"([(⟨\[][^()\[\]]*,[^()\[\]]*[)⟩\]])\s*\^\s*\(?\s*T\s*\)?")
_RATIO = re.compile(r"([0-9]{1,20})\s+to\s+([0-9]{1,20})")
_SHARE = re.compile(r"([0-9]{1,20})\s+(?:out\s+of|in)\s+(?:every\s+)?([0-9]{1,20})")
_PART_OF_A_UNIT = re.compile(r"(?:(?:a )?(half)(?: of)? an?|(?:a |one )?(quarter) of an?) ([a-z]{2,12})")
_RAISED = re.compile(r"([0-9]{1,20}|[a-z])\s+(squared|cubed)")
_OF_A_UNIT = re.compile(r"([0-9./ ]{1,40}?)\s+of\s+an?\s+([a-z]{2,12})")
_ALL_BUT = re.compile(
    r"\"?\s*(?:[a-z] (?:is|can be) )?(?:all|any|every)(?: the)? reals?(?: numbers?)?(?: [a-z])?,?\s+"
    r"(?:except|but|other than|excluding|besides)(?: for)?\s*\"?\s*([^\"<>]+)",
    re.IGNORECASE,
)
_NOT_BOTH = re.compile(r"([A-Za-z](?:_\w+)?)\s*(?:!=|≠)\s*(?:±|\+-|\+/-)\s*([^,;=<>]+)")
_ALL = re.compile(r"(?i:(?:an )?infinite(?:ly many)?(?: number of)?(?: solutions)?)\.?")
_REMAINDER = re.compile(r'([0-9]{1,40})\s*,?\s*"?\s*(?:R|r|rem\.?|remainder)\s*"?\s*(?:of\s+)?([0-9]{1,40})')
_AMOUNT = r"[0-9]{1,20}(?:\.[0-9]{1,20})?(?:\s+[0-9]{1,9}/[0-9]{1,9}|/[0-9]{1,9})?"
_PART = re.compile(rf"\s*(?:,|and\b)?\s*({_AMOUNT})\s*\"?\s*([A-Za-z]{{1,12}}|')\.?\"?\s*")


class Labelled(NamedTuple):
    """``f'(x) = rest``; the name is None where the label is no name of a function."""

    name: str | None
    rest: str


def another_kind(text: str) -> Answer | None:
    """An answer that is no line of mathematics.

    Raises:
        ParseError: a residue class that is none.
    """
    words = words_of(text)
    value = value_in_words(text) if text[:1].isalpha() else None
    if value is not None:
        return Value(None, num(value), text)
    if words is not None:
        return words
    if _FIGURE.fullmatch(text):
        return text_of("".join(text.split()))
    if "≡" in text or "mod" in text:
        found = residues_of(text)
        if found is not None:
            return found
    if text[:1].isdigit():
        if match := _REMAINDER.fullmatch(text):
            parts = zip(("quotient", "remainder"), match.groups(), strict=True)
            return Listing(tuple([Value(name, num(int(digits)), text) for name, digits in parts]))
        return _in_units(text)
    return None


def in_several_units(text: str) -> Value | None:
    """``1 hour and 15 minutes``; None of all else, and where the second unit is not the smaller one."""
    units = [match[2] for match in _PART.finditer(text)]
    try:
        sizes = [parse_unit(unit) for unit in units]
        falling = all(one.dimension == two.dimension and one.scale > two.scale for one, two in pairwise(sizes))
    except UnitError:
        return None
    return _in_units(text) if len(units) > 1 and falling else None


def _in_units(text: str) -> Value | None:
    """``5 ft 3 in``, in the last unit; also ``63 in``, whose unit is a word of sets."""
    place = 0
    amounts = []
    while match := _PART.match(text, place):
        try:
            amounts.append((match[1], parse_unit(match[2])))
        except UnitError:
            return None
        place = match.end()
    if place < len(text) or not amounts:
        return None
    unit = amounts[-1][1]
    if any(other.dimension != unit.dimension for _, other in amounts):
        return None
    terms = []
    for digits, other in amounts:
        whole, _, part = digits.partition(" ")
        terms.append(mul(other.factor_to(unit), parse_expression(f"({whole} + {part})" if part else whole)))
    return Value(None, add(*terms), text, unit)


def labelled(text: str) -> Labelled | None:
    """The name of a derivative and what it is; None where the text has no such name."""
    if announced := _ANNOUNCED.fullmatch(text):
        return Labelled(None, announced[1])
    if inverse := _INVERSE.fullmatch(text):
        return Labelled(f"{inverse[1]}_inverse", inverse[2])
    match = _LABEL.fullmatch(text)
    if match is None:
        return None
    if match[2]:
        place = "".join((match[4] or "").split())  # f'(x) is f', and f'(2) a value of it
        place = "" if re.fullmatch(r"\([a-z](?:,[a-z])*\)", place) else place
        return Labelled(match[2] + "'" * match[3].count("'") + place, match[5])
    return Labelled(_quantity(match[1]), match[5])


def labelled_at_once(text: str) -> Labelled | None:
    """A name that the parser of lines would read as a product: ``P(A|B) = 0.3``, ``f^(-1)(x) = x/2``."""
    if "^" in text and (inverse := _INVERSE_AT.fullmatch(text)):
        return Labelled(f"{inverse[1]}_inverse", inverse[2])
    if nested := _NESTED.fullmatch(text):
        return Labelled("".join(nested[1].split()), nested[2])
    if probability := _PROBABILITY.fullmatch(text):
        parts = sorted("".join(part.split()) for part in re.split("([∩∪])", probability[2]))
        return Labelled(f"{probability[1]}({''.join(parts)})", probability[3])
    return None


def _quantity(label: str) -> str | None:
    """The name of a quantity: ``the angle ABC``, ``the slope``; None where it says only that this is the answer."""
    label = label.replace('"', " ")
    if "∠" in label:
        corners = "".join(label.partition("∠")[2].split())
        return f"the angle {min(corners, corners[::-1])}"
    match = _QUANTITY.match(label)
    if match is None:
        return f"the {''.join(label.split())}"
    kind = _SAME_QUANTITY.get(match[1].lower(), match[1].lower())
    return None if kind in _NO_QUANTITY else f"the {kind} {''.join(re.findall('[A-Za-z]', match[2]))}".rstrip()


def may_be_same(one: str, other: str) -> bool:
    """Whether two names may be of one thing, where they do not say otherwise: ``P`` and ``P(A)``, m and the slope."""
    quantities = [name.startswith("the ") for name in (one, other)]
    if not any(quantities):
        return one.partition("(")[0] == other.partition("(")[0] and ("(" in one) != ("(" in other)
    if not all(quantities):
        return True
    (kind, *whose), (other_kind, *others) = [name.removeprefix("the ").split() for name in (one, other)]
    if kind != other_kind or not whose or not others:
        return kind == other_kind
    corner, angle = sorted((whose[0], others[0]), key=len)
    return kind == "angle" and len(angle) == 3 and corner == angle[1]


def all_but(text: str) -> str | None:
    """``all reals except 2 and 3`` as a difference of sets; None of all else."""
    match = _ALL_BUT.fullmatch(text)
    if match is None:
        return None
    return "ℝ ∖ {" + re.sub(r"\b(?:and|or)\b", ",", re.sub(r"[a-z]\s*=", "", match[1])) + "}"


def rewritten(text: str) -> str:
    """The text in the notation of lines; the text itself where this module knows nothing better.

    Raises:
        ParseError: a call without a value that is found.
    """
    if _ALL.fullmatch(text):
        return "infinitely many solutions"
    if transposed := _TRANSPOSED.fullmatch(text):
        return transposed[1]
    if ratio := _RATIO.fullmatch(text):
        return f"{ratio[1]}:{ratio[2]}"
    if share := _SHARE.fullmatch(text):
        return f"{share[1]}/{share[2]}"
    if raised := _RAISED.fullmatch(text):
        return f"({raised[1]})^{2 if raised[2] == 'squared' else 3}"
    if part := _PART_OF_A_UNIT.fullmatch(text):
        return f"{'1/2' if part[1] else '1/4'} {part[3]}"
    if part := _OF_A_UNIT.fullmatch(text):
        return f"{part[1]} {part[2]}"
    if "±" in text or "+-" in text or "+/-" in text:
        text = _NOT_BOTH.sub(r"(\1 != \2 and \1 != -(\2))", text)
    return worked(text)
