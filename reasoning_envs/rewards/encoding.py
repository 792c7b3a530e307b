"""Lines and steps as bags of integers, for learned PRMs: what changed, not the lines themselves.

A step becomes two bags. The first holds hashed n-grams of the tree difference (node; parent and child; grandparent,
parent and child; node over its children; each changed part as a whole; the whole change), with numbers and letters
renamed in the order in which the change shows them: a judge cannot learn values by heart. A part that a step takes
along as it is (what is divided, what goes to the other side) is one atom, whatever it is made of: what holds of
dividing by 3 is then learned for families of equations that were never met. Beside them stand the sums
and products that a change works out, each number as its sign and last digit, as one reads them: from these a judge can
learn the tables of addition and multiplication by the last digit, which hold for numbers of any size. The second, on
the *arithmetic* track alone, holds the residues of both lines (:mod:`~reasoning_envs.rewards.residues`), pair by pair,
and how they compare: at how many points only one line vanishes or is undefined, and how many ratios there are. Lines
that differ in a function which residues know nothing of have an empty second bag. A line by itself, for the question
how far it is from an answer, becomes one bag of n-grams and sizes.

Hashes are CRC-32, equal on all machines. Names of rules never enter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.difference import Change, Clause, Tree, difference, in_words, tree
from reasoning_envs.rewards.residues import MODULI, opaque_parts, statement_residues
from reasoning_envs.rewards.sums import balances, sums
from reasoning_envs.symbolic.syntax.expression import Expr, walk
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_statement
from reasoning_envs.symbolic.syntax.statement import free_symbols
from reasoning_envs.types import Problem

__all__ = ["ENCODING_VERSION", "RESIDUE_CODES", "Encoder", "Reading", "Track", "unknown_of"]

ENCODING_VERSION = 3
"""Raised whenever the same step would get other integers: models of another version are refused."""

Track = Literal["arithmetic", "text"]

_Codes = NDArray[np.int32]

_PAIRS = np.cumsum([0] + [(p + 1) ** 2 for p in MODULI])
_RATIOS = _PAIRS[-1] + np.cumsum([0] + [p + 1 for p in MODULI])
_COUNTS = 4  # what is counted of each modulus, from 0 to 3 and more
_COMPARED = int(_RATIOS[-1]) + (_COUNTS * 4) * np.arange(len(MODULI) + 1)
RESIDUE_CODES = int(_COMPARED[-1])
"""Residue codes are in 0 .. RESIDUE_CODES - 1."""

_P = np.repeat(np.array(MODULI), MODULI)
_WIDTH = _P + 1
_PAIR_START = np.repeat(_PAIRS[:-1], MODULI)
_RATIO_START = np.repeat(_RATIOS[:-1], MODULI)
_WHICH = np.repeat(np.arange(len(MODULI)), MODULI)


def _ratio(first: int, second: int, p: int) -> int:
    """The quotient second / first modulo p; p where one of them is 0 or undefined."""
    return second * pow(first, -1, p) % p if 0 < first < p and 0 < second < p else p


_CODES = range(max(MODULI) + 1)
_RATIO = np.array([[[_ratio(first, second, p) for second in _CODES] for first in _CODES] for p in MODULI])

_NOTHING: _Codes = np.zeros(0, dtype=np.int32)
_MOST_NODES = 64  # of one changed part; what is beyond adds cost and no knowledge
_MOST_TERMS = 24  # steps of a thermometer
_CACHE = 50_000


class Reading(NamedTuple):
    """A line, read once.

    Attributes:
        root: its tree.
        residues: ``[POINTS]``; None on the text track.
        opaque: parts of which residues know nothing but that equal ones are equal, as text.
    """

    root: Clause
    residues: NDArray[np.uint8] | None
    opaque: frozenset[bytes] = frozenset()


def unknown_of(problem: Problem) -> str:
    """The unknown of a problem: as its metadata names it (key ``"unknown"``), else ``x``."""
    return str(problem.metadata.get("unknown", "x"))


class Encoder:
    """Turns lines and steps into bags.

    Args:
        track: ``"arithmetic"`` shows residues, ``"text"`` does not.
        change_buckets, line_buckets: n-grams are hashed into these many codes.

    Attributes:
        version: of the encoding. step_codes: how many codes each bag of a step has.
    """

    version: int | str = ENCODING_VERSION

    def __init__(self, track: Track, change_buckets: int, line_buckets: int) -> None:
        self.track = track
        self.step_codes: tuple[int, ...] = (change_buckets,) if track == "text" else (change_buckets, RESIDUE_CODES)
        self.change_buckets = change_buckets
        self.line_buckets = line_buckets
        self._readings: dict[tuple[str, str], Reading | None] = {}
        self._hashes: dict[str, int] = {}

    def context(self, problem: Problem) -> str:
        """What a line of the problem has to be read with: its unknown."""
        return unknown_of(problem)

    def words(self, before: Reading, after: Reading) -> str:
        """The change as a phrase: ``"on the left the term 3 goes; on the right 7 becomes 4"``."""
        return in_words(difference(before.root, after.root))

    def read(self, line: str, unknown: str) -> Reading | None:
        """The line's tree and residues; None where the text is no line."""
        key = (unknown, line)
        if key in self._readings:
            return self._readings[key]
        try:
            statement = parse_statement(line)
        except ParseError:
            reading = None
        else:
            if self.track == "arithmetic":
                residues = statement_residues(statement, unknown)
                reading = Reading(tree(statement), residues, opaque_parts(statement))
            else:
                reading = Reading(tree(statement), None)
        if len(self._readings) >= _CACHE:
            del self._readings[next(iter(self._readings))]
        self._readings[key] = reading
        return reading

    def step(self, before: Reading, after: Reading, unknown: str) -> tuple[_Codes, ...]:
        """The bags of a step: what changed, and on the arithmetic track the residues."""
        codes = self.change(before, after, unknown)
        if before.residues is None or after.residues is None:
            return (codes,)
        if before.opaque != after.opaque:
            return codes, _NOTHING
        return codes, _residue_codes(before.residues, after.residues)

    def change(self, before: Reading, after: Reading, unknown: str) -> _Codes:
        """Codes in 0 .. change_buckets - 1 for what changed."""
        changes = difference(before.root, after.root)
        names = _Names(unknown, _kept(changes))
        grams: list[str] = []
        wholes: list[str] = []
        for change in changes:
            place = _place(change.path)
            parts = []
            for sign, trees in (("-", change.removed), ("+", change.added)):
                for part in trees:
                    whole = names.whole(part)
                    parts.append(sign + whole)
                    grams.append(f"{place}{sign}{names.kind(part)}")
                    grams.extend(_grams(part, sign, names))
            event = "swap" if change.swapped else "order" if not parts else ""
            wholes.append(f"{place}{event}{' '.join(sorted(parts))}")
            grams.append(f"{'>'.join(change.path)}:{len(change.removed)}:{len(change.added)}{event}")
            grams.extend(sums(change))
        grams.extend(balances(changes))
        grams.extend(wholes)
        grams.append(" | ".join(wholes))
        grams.append(f"#{min(len(changes), 6)}")
        growth = _size(after.root) - _size(before.root)
        grams.extend(_thermometer("grow" if growth > 0 else "shrink", abs(growth)))
        return self._codes(grams, self.change_buckets)

    def line(self, reading: Reading, unknown: str) -> _Codes:
        """Codes in 0 .. line_buckets - 1 for a line by itself: n-grams, sizes, and where the unknown stands."""
        names = _Names(unknown)
        root = reading.root
        grams = list(_grams(root, "", names))
        grams.extend(_thermometer("size", _size(root)))
        occurrences = 0
        for place, side in _sides(root):
            count = sum(1 for node in walk(side) if node.op == "sym" and node.value == unknown)
            occurrences += count
            grams.append(f"{place}{min(count, 4)} {side.op}")
            grams.extend(_thermometer(place, side.size))
        grams.extend(_thermometer("unknown", occurrences))
        letters = free_symbols(root.statement) - {unknown}
        grams.append(f"letters {min(len(letters), 4)}")
        return self._codes(grams, self.line_buckets)

    def _codes(self, grams: Sequence[str], buckets: int) -> _Codes:
        hashes = self._hashes
        if len(hashes) > 4 * _CACHE:
            hashes.clear()
        codes = []
        for gram in grams:
            code = hashes.get(gram)
            if code is None:
                code = hashes[gram] = crc32(gram.encode())
            codes.append(code % buckets)
        return np.array(codes, dtype=np.int32)


def _residue_codes(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> _Codes:
    """Codes in 0 .. RESIDUE_CODES - 1, two a point: the pair of residues, and their ratio."""
    first, second = before.astype(np.int64), after.astype(np.int64)
    pairs = _PAIR_START + first * _WIDTH + second
    quotients = _RATIO[_WHICH, first, second]
    ratios = _RATIO_START + quotients
    one_is_zero = ((first == 0) != (second == 0)) & (first != _P) & (second != _P)
    one_is_undefined = (first == _P) != (second == _P)
    compared = []
    for which, start in enumerate(_COMPARED[:-1]):
        here = which == _WHICH
        different = len(set(quotients[here].tolist()) - {MODULI[which]})
        counts = (one_is_zero[here].sum(), one_is_undefined[here].sum(), different, (first[here] == 0).sum())
        compared += [start + 4 * place + min(int(count), 3) for place, count in enumerate(counts)]
    return np.concatenate([pairs, ratios, compared]).astype(np.int32)


class _Names:
    """Numbers and letters renamed in the order in which they are met; 0, 1, 2 and the unknown keep their meaning."""

    def __init__(self, unknown: str, kept: Collection[bytes] = ()) -> None:
        self._unknown = unknown
        self._kept = kept
        self._names: dict[str | int, str] = {}
        self._labels: dict[bytes, str] = {}

    def label(self, node: Tree) -> str:
        """The node's own name, without its operands."""
        if node.args or isinstance(node, Clause):
            return node.op if isinstance(node, Clause) or node.key not in self._kept else self._atom(node)
        label = self._labels.get(node.tokens)
        if label is None:
            label = self._labels[node.tokens] = self._leaf(node)
        return label

    def whole(self, node: Tree) -> str:
        """The node with all below it."""
        label = self.label(node)
        return f"{label}({','.join([self.whole(arg) for arg in node.args])})" if self.opens(node) else label

    def kind(self, node: Tree) -> str:
        """What sort of node it is; a kept one is told as such."""
        return self.label(node) if node.args and not self.opens(node) else node.op

    def opens(self, node: Tree) -> bool:
        """What stands in it is looked at."""
        return bool(node.args) and (isinstance(node, Clause) or node.key not in self._kept)

    def _atom(self, node: Expr) -> str:
        """A part that a step takes along as it is: whether the unknown is in it, and which one it is."""
        label = self._labels.get(node.key)
        if label is None:
            sort = "X" if self._unknown in node.symbols else "c" if node.symbols else "n"
            label = self._labels[node.key] = f"kept {sort}{len(self._labels)}"
        return label

    def _leaf(self, node: Expr) -> str:
        value = node.value
        if isinstance(value, str):
            if node.op == "const":
                return value
            return "X" if value == self._unknown else self._name(value, "c")
        number = node.number
        sign = "-" if number < 0 else ""
        over, under = abs(number.numerator), number.denominator
        name = str(over) if over <= 2 else self._name(over, "n")
        return f"{sign}{name}" if under == 1 else f"{sign}{name}/{under if under == 2 else self._name(under, 'n')}"

    def _name(self, thing: str | int, kind: str) -> str:
        name = self._names.get(thing)
        if name is None:
            name = self._names[thing] = f"{kind}{len(self._names)}"
        return name


def _kept(changes: Sequence[Change]) -> frozenset[bytes]:
    """Parts with operands that stand in what goes and in what comes, by their keys."""
    sides: tuple[set[bytes], set[bytes]] = (set(), set())
    for change in changes:
        for keys, parts in zip(sides, (change.removed, change.added), strict=True):
            for part in parts:
                if isinstance(part, Expr):
                    keys.update(node.key for node in walk(part) if node.args)
    return frozenset(sides[0] & sides[1])


def _grams(root: Tree, sign: str, names: _Names) -> Iterator[str]:
    """n-grams of a tree: node over its children, parent and child, grandparent, parent and child."""
    stack: list[tuple[Tree, str, str]] = [(root, "", "")]
    nodes = 0
    while stack and nodes < _MOST_NODES:
        nodes += 1
        node, parent, grandparent = stack.pop()
        label = names.label(node)
        yield f"{sign}{label}"
        if parent:
            yield f"{sign}{parent}>{label}"
            if grandparent:
                yield f"{sign}{grandparent}>{parent}>{label}"
        if names.opens(node):
            yield f"{sign}{label}({','.join(sorted([names.label(arg) for arg in node.args]))})"
            for arg in reversed(node.args):
                stack.append((arg, label, parent))


def _place(path: tuple[str, ...]) -> str:
    """The side, and the two nearest nodes above."""
    side = next((name for name in path if name in ("left", "right")), "")
    return f"{side}/{'>'.join(path[-2:])}:"


def _sides(root: Clause) -> Iterator[tuple[str, Expr]]:
    stack: list[Tree] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Clause):
            left_right = [arg for arg in node.args if isinstance(arg, Expr)]
            yield from zip(("left", "right"), left_right, strict=False)
            stack.extend(arg for arg in reversed(node.args) if isinstance(arg, Clause))


def _size(node: Tree) -> int:
    return node.size if isinstance(node, Expr) else 1 + sum(_size(arg) for arg in node.args)


def _thermometer(name: str, value: int) -> Iterator[str]:
    """One gram for each step up to the value, so that a sum of weights can follow any curve of it."""
    for step in range(min(value, _MOST_TERMS)):
        yield f"{name}>{step}"
    if value > _MOST_TERMS:
        yield f"{name}>>{value.bit_length()}"
