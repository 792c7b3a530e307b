"""Values for every integer that a letter stands for: ``x = pi/6 + 2k*pi, k ∈ ℤ``.

Two families of numbers are the same where they are the same as sets: ``pi/2 + k*pi`` is ``-pi/2 + n*pi``, and ``k*pi``
is ``2k*pi or (2k + 1)*pi``. Each value that is linear in its letter is a start and a step; all steps are brought to
their least common multiple, and the starts are compared modulo that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from flint import arb

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.syntax.expression import Expr, add, div, mul, num, sub, substitute, sym
from reasoning_envs.symbolic.values.arithmetic import rational_value
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision
from reasoning_envs.symbolic.values.enclosures import value_at
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.kinds import Answer, Family, Listing, Ordered, Value
from reasoning_envs.verifiers.answer.parities import settled, whole_letters

__all__ = ["Quantified", "families_differ", "quantified", "same_family"]

_MAX_STARTS = 120
_MAX_FACTOR = 1000
_BITS = 128
_LARGEST = 10**15
_WIDTH = 1e-9
_MAX_TURNS = 10**6
_NEAR = 1e-6  # far more than the error of a float of that size
_LETTERS = r"(?<![A-Za-z0-9_])[a-zN](?:\s*,\s*[a-z])*"
_WORDS = {
    "integer": "ℤ",
    "natural number": "ℕ",
    "positive integer": "ℤ⁺",
    "nonnegative integer": "ℤ nonnegative",
    "non-negative integer": "ℤ nonnegative",
    "real number": "ℝ",
}
_NUMBERS = rf"({'|'.join(_WORDS)})s?"
_TAIL = re.compile(
    rf"(.*?[^\s,;:(])(?:\s*[,;:(]+\s*(?:(?:where|for|with)\s+)?|\s+(?:where|for|with)\s+)(?:(?:any|all|every|each)\s+)?(?:"
    rf"({_LETTERS})\s*(?:∈|\bin\b)\s*(?:the\s+)?([ℤℕℝZNR](?![A-Za-z])|integers|reals)(.{{0,12}}?)"
    rf"|({_LETTERS})\s+(?:is|are|being)\s+(?:(?:any|an?|all|arbitrary)\s+)*{_NUMBERS}"
    rf"|{_NUMBERS}\s+({_LETTERS}))\s*(\)?)\s*\.?\s*",
    re.DOTALL,
)
_SETS = {"Z": "ℤ", "N": "ℕ", "R": "ℝ", "integers": "ℤ", "reals": "ℝ"}


class Quantified(NamedTuple):
    """The text before a quantifier, its letters, and the set that they are of."""

    body: str
    letters: frozenset[str]
    of: str


def quantified(text: str) -> Quantified | None:
    """``x = k*pi, k ∈ ℤ`` in its parts; None where no letter of the text is said to be of a set."""
    plain = " ".join(text.replace('"', " ").split())
    match = _TAIL.fullmatch(plain)
    if match is None:
        return None
    body, first, name, more, second, words, others, third, closed = match.groups()
    if any(body.count(opening) != body.count(closing) for opening, closing in ("()", "[]", "{}")):
        return None
    letters = frozenset(re.findall("[A-Za-z]", first or second or third))
    if bool(closed) != (plain[len(body) :].lstrip(" ,;:").startswith("(")):
        return None
    if not all(re.search(rf"(?<![A-Za-z]{{2}}){letter}(?![A-Za-z]{{2}})", _right(body)) for letter in letters):
        return None
    of = _SETS.get(name, name) + "".join(more.split()) if name else _WORDS[words or others]
    return Quantified(body, letters, of)


def _right(body: str) -> str:
    """What may hold the letter: all but the letter that is given a value."""
    return re.sub(r"^\s*[A-Za-z](?:_\w+)?\s*=", "", body)


_PARTS = Sequence[tuple[Expr, Expr]]


def same_family(mine: Answer, other: Answer, letters: tuple[frozenset[str], frozenset[str]]) -> Verdict | None:
    """Whether the values of the two, each for all integers, are the same; None where they are not linear.

    Args:
        mine: a value, or a list of values.
        other: likewise.
        letters: of each, which stand for any integer.
    """
    names = [_names(side) for side in (mine, other)]
    if names[0] != names[1] and all(names) and None not in names[0] | names[1]:
        reason = "the values are of different letters"
        return Verdict(Status.REFUTED, Relation.NONE, reason, "kind", True)
    points = [_point(side, names) for side, names in zip((mine, other), letters, strict=True)]
    if points[0] is not None and points[1] is not None:
        return _same_points(points[0], points[1])
    found = [_lines(side, names) for side, names in zip((mine, other), letters, strict=True)]
    if found[0] is None or found[1] is None:
        return None
    period = _period([step for lines in found if lines for _, step in lines])
    if period is None:
        return None
    cosets = [_cosets(lines, *period) for lines in found if lines is not None]
    if any(len(side) > _MAX_STARTS for side in cosets):
        return None
    step = mul(num(period[1]), period[0])
    starts = [[(start, _size(div(start, step))) for start in side] for side in cosets]
    for side, rest in ((starts[0], starts[1]), (starts[1], starts[0])):
        for start in side:
            found_one = _is_among(start, rest, step)
            if found_one is None:
                return None
            if not found_one:
                reason = "the values are not the same for all integers"
                return Verdict(Status.REFUTED, Relation.NONE, reason, "families", True)
    return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the values are the same", "families", True)


def families_differ(mine: Family, other: Family) -> Verdict:
    """What is said where the letters of the two are of different sets."""
    reason = f"the letters are of different sets: {mine.of} and {other.of}"
    lines = [_lines(side.members, side.letters) for side in (mine, other)]
    known = {mine.of, other.of} <= {"ℤ", "ℕ", "ℝ"}
    if known and all(side is not None and len(side) == 1 for side in lines):
        return Verdict(Status.REFUTED, Relation.NONE, reason, "families", True)
    return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "families")


def _lines(answer: Answer, letters: frozenset[str]) -> list[tuple[Expr, Expr]] | None:
    """Start and step of each value; None where one of them is none, or holds other letters."""
    items = dict.fromkeys(answer.items) if isinstance(answer, Listing) else (answer,)
    lines: list[tuple[Expr, Expr]] = []
    if len(_names(answer)) > 1:
        return None
    for item in items:
        if not isinstance(item, Value) or item.unit is not None or len(item.expr.symbols) != 1:
            return None
        (letter,) = item.expr.symbols
        if letter not in letters:
            return None
        alternating = letter in whole_letters(item.expr)
        for parity in (0, 1) if alternating else (None,):
            line = _line(item.expr, letter, parity)
            if line is None:
                return None
            lines.append(line)
    return lines


def _point(answer: Answer, letters: frozenset[str]) -> dict[str | int, tuple[Expr, Expr]] | None:
    """Start and step of each coordinate of a point, ``x = 5 + 7t, y = 3 - 4t``; None where it is none of one letter."""
    if isinstance(answer, Ordered):
        items: dict[str | int, Answer] = dict(enumerate(answer.items))
    elif isinstance(answer, Listing):
        items = {item.name: item for item in answer.items if isinstance(item, Value) and item.name is not None}
    else:
        return None
    values = [item for item in items.values() if isinstance(item, Value) and item.unit is None]
    symbols = frozenset[str]().union(*[value.expr.symbols for value in values])
    if (
        len(values) < max(2, len(answer.items))
        or len(symbols) != 1
        or not symbols <= letters
        or whole_letters(*_exprs(values))
    ):
        return None
    lines = [_line(value.expr, next(iter(symbols)), None, may_stay=True) for value in values]
    known = [line for line in lines if line is not None]
    return dict(zip(items, known, strict=True)) if len(known) == len(lines) else None


def _exprs(values: Sequence[Value]) -> list[Expr]:
    return [value.expr for value in values]


def _same_points(mine: dict[str | int, tuple[Expr, Expr]], other: dict[str | int, tuple[Expr, Expr]]) -> Verdict | None:
    """Points in a row, each row from one of its points in steps of one size."""
    reason = "the points are not the same for all integers"
    different = Verdict(Status.REFUTED, Relation.NONE, reason, "families", True)
    if mine.keys() != other.keys():
        return different
    pairs = [(mine[name], other[name]) for name in mine]
    steps = [_all_equal([(one, mul(num(sign), two)) for (_, one), (_, two) in pairs]) for sign in (1, -1)]
    if True not in steps:
        return None if None in steps else different
    gaps = [(sub(one, two), step) for (one, step), (two, _) in pairs]
    turns = next((_size(div(gap, step)) for gap, step in gaps if _size(step)), None)
    if turns is None:
        return None
    same = _all_equal([(gap, mul(num(round(turns)), step)) for gap, step in gaps])
    if same:
        return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the points are the same", "families", True)
    return None if same is None else different


def _all_equal(pairs: Sequence[tuple[Expr, Expr]]) -> bool | None:
    """Whether the two of each pair are equal; None where nobody can tell."""
    verdicts = [equivalent(one, two) for one, two in pairs]
    if any(verdict.refuted for verdict in verdicts):
        return False
    return True if all(verdict.verified for verdict in verdicts) else None


def _names(answer: Answer) -> set[str | None]:
    items = answer.items if isinstance(answer, Listing) else (answer,)
    return {item.name for item in items if isinstance(item, Value)}


def _line(expr: Expr, letter: str, parity: int | None, *, may_stay: bool = False) -> tuple[Expr, Expr] | None:
    if parity is not None:
        expr = substitute(settled(expr, {letter: parity}), {letter: add(mul(num(2), sym(letter)), num(parity))})
    start = substitute(expr, {letter: num(0)})
    step = sub(substitute(expr, {letter: num(1)}), start)
    size = _size(step)
    if not equivalent(expr, add(start, mul(step, sym(letter)))).verified or size is None or not (size or may_stay):
        return None
    return start, step


def _period(steps: list[Expr]) -> tuple[Expr, int] | None:
    """A step of which each is a rational multiple, taken so that all are whole multiples, and their multiple of it."""
    ratios: list[Fraction] = []
    for step in steps:
        size = _size(div(step, steps[0]))
        ratio = None if size is None else Fraction(size).limit_denominator(_MAX_FACTOR)
        if ratio is None or ratio == 0 or not equivalent(step, mul(num(_plain(ratio)), steps[0])).verified:
            return None
        ratios.append(abs(ratio))
    below = lcm(*[ratio.denominator for ratio in ratios])
    unit = div(steps[0], num(below))
    return unit, lcm(*[int(ratio * below) for ratio in ratios])


def _cosets(lines: _PARTS, unit: Expr, period: int) -> list[Expr]:
    """The starts modulo the period."""
    starts: list[Expr] = []
    for start, step in lines:
        size = _size(div(step, unit))
        count = 1 if size is None else period // max(1, abs(round(size)))
        if len(starts) + count > _MAX_STARTS:
            return [start] * (_MAX_STARTS + 1)
        starts += [add(start, mul(num(turn), step)) for turn in range(count)]
    return starts


def _is_among(start: tuple[Expr, float | None], others: Sequence[tuple[Expr, float | None]], step: Expr) -> bool | None:
    """Whether a start differs from one of the others by a whole number of steps; None where nobody can tell.

    Args:
        start: with how many steps it is from 0.
        others: likewise.
        step: the period of all.
    """
    expr, size = start
    if size is None or abs(size) > _MAX_TURNS:
        return None
    for other, at in others:
        if at is None or abs(at) > _MAX_TURNS:
            return None
        turns = size - at
        if abs(turns - round(turns)) < _NEAR:
            same = equivalent(sub(expr, other), mul(num(round(turns)), step)).verified
            return True if same else None
    return False


def _size(expr: Expr) -> float | None:
    """The value, to the precision of a float; None where it has none."""
    exact = rational_value(expr)
    if exact is not None:
        return float(exact) if -_LARGEST < exact < _LARGEST else None
    try:
        with precision(_BITS):
            value = value_at(expr, {})
    except (Undefined, Unclear):
        return None
    size: float = float(value)
    if isinstance(value, arb) and not float(value.rad()) < _WIDTH:
        return None
    return size if abs(size) < _LARGEST else None


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value
