"""Candidates as bags of integers: hashed n-grams of the tree that a move leads to, and of the move itself.

A candidate next line is described by three groups of buckets (DESIGN of the network: one embedding each, summed):

* ``[0, 8192)``: n-grams of the left sides of its equations; ``[8192, 16384)``: of the right sides. An n-gram is a node,
  a parent and its child, a chain of three, or a node with the multiset of its children. A number appears as its exact
  small value and as "a number", a letter as itself and as "a letter"; the unknown and whether a sub-tree holds it are
  part of every n-gram.
* ``[16384, 20480)``: the move (its rule, its operand, how size, unknowns, denominators and terms change), also in the
  light of the line that it leaves, and the shape of a line as a whole (is the unknown alone, on which sides does it
  stand, how many alternatives are open). Of two sides without the unknown the sign of their difference is seen, and
  so is whether a constraint holds at the value found: the reader of a line can do mental arithmetic.

Hashes are CRC-32 and 32-bit multiplications, so that a saved policy means the same in every process.
A bag is kept as the bytes of 16-bit integers: bags of sub-trees, cached by their tokens, are joined without Python
loops over their members, and a batch becomes one array by ``np.frombuffer``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from agents.roles import make_up, open_equation, role
from reasoning_envs.domains.protocol import Action, MoveDomain
from reasoning_envs.symbolic.syntax.expression import Expr, sub, substitute
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Or, Statement, Truth
from reasoning_envs.symbolic.values.evaluation import constant_sign

__all__ = ["BUCKETS", "FEATURES_VERSION", "MOVE_BUCKETS", "SIDE_BUCKETS", "Encoded", "Featuriser"]

FEATURES_VERSION = 4
"""Changes whenever the meaning of a bucket does: a policy of another version cannot be loaded."""

SIDE_BUCKETS = 8192
MOVE_BUCKETS = 4096
BUCKETS = 2 * SIDE_BUCKETS + MOVE_BUCKETS

_SIDE_SHIFT = 32 - 13  # the upper 13 bits of a 32-bit hash choose a bucket of a side
_MOVE_SHIFT = 32 - 12
_MASK = 0xFFFFFFFF
_A, _B, _C = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D  # odd 32-bit constants of xxHash and of the golden ratio
_CACHE_LIMIT = 50_000
_HOLDS = {"=": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}
"""Of each comparison the signs of left minus right with which it holds."""


class Encoded(NamedTuple):
    """The candidates of one state.

    Attributes:
        bags: the buckets of all candidates, one candidate after the other, as bytes of unsigned 16-bit integers.
        lengths: how many buckets each candidate has; as many entries as candidates.
    """

    bags: bytes
    lengths: tuple[int, ...]


class _Tree(NamedTuple):
    """What the features of an expression need to know of one of its sub-trees."""

    bag: bytes
    coarse: int  # label without particular numbers and letters
    exact: int  # label with them
    chains: tuple[int, ...]  # hashes of this node with each distinct kind of child, for the chains of the node above
    size: int
    unknowns: int
    denominators: int


class _Side(NamedTuple):
    """One side of an equation: its tree, its bag on the left and on the right, its terms, and what they are."""

    tree: _Tree
    as_left: bytes
    as_right: bytes
    terms: int
    made: int


class _Line(NamedTuple):
    bag: bytes
    size: int
    unknowns: int
    denominators: int
    terms: int
    shape: int  # hash of what the line is like as a whole: moves are judged in its light


_Move = tuple[str, bytes | None, int, int, int, int, int, int, int]
"""Rule and tokens of the operand; change of size, unknowns, denominators and terms; unknowns and shape before it; the
operand's role in the line, or -1."""


@lru_cache(maxsize=16_384)
def _label(text: str) -> int:
    return crc32(text.encode()) & _MASK


def _clip(value: int, low: int, high: int) -> int:
    return low if value < low else high if value > high else value


def _magnitude(value: int) -> str:
    """Small integers by value, larger ones by their number of digits."""
    if -12 <= value <= 12:
        return str(value)
    return f"{'-' if value < 0 else ''}{len(str(abs(value)))} digits"


class Featuriser:
    """Turns candidates into bags of buckets; keeps a bounded cache of sub-trees.

    States that carry a ``line`` (a statement of :mod:`reasoning_envs.symbolic.syntax.statement`, or an expression) are
    read as trees; those of any other domain as n-grams of ``domain.tokens(state)``.

    Args:
        domain: gives the tokens of states without a tree.
        unknown: the symbol that a domain's states use for what is sought.

    Attributes:
        buckets: that the bags' numbers lie below.
    """

    buckets = BUCKETS

    def __init__(self, domain: MoveDomain, unknown: str = "x") -> None:
        self._domain = domain
        self._unknown = unknown
        self._trees: dict[bytes, _Tree] = {}
        self._sides: dict[bytes, _Side] = {}
        self._lines: dict[bytes, _Line] = {}
        self._solved_shape = _shape("=", True, 1, 0)
        self._moves: dict[_Move, bytes] = {}

    def encode(self, state: Any, actions: Sequence[Action]) -> Encoded:
        """The bags of all candidates ``actions`` of ``state``; each holds at least one bucket."""
        before = self._line_of(state)
        line = getattr(state, "line", None)
        main = None if line is None else open_equation(line, self._unknown)
        bags = []
        lengths = []
        for action in actions:
            after = self._line_of(action.state)
            bag = after.bag + self._move(action, before, after, main)
            bags.append(bag)
            lengths.append(len(bag) >> 1)
        return Encoded(b"".join(bags), tuple(lengths))

    # ------------------------------------------------------------------------------------------------------- lines

    def _line_of(self, state: Any) -> _Line:
        tokens = self._domain.tokens(state)
        found = self._lines.get(tokens)
        if found is None:
            if len(self._lines) >= _CACHE_LIMIT:
                self._lines.clear()
            line = getattr(state, "line", None)
            found = self._lines[tokens] = self._plain(tokens) if line is None else self._statement(line)
        return found

    def _plain(self, tokens: bytes) -> _Line:
        codes = np.frombuffer(tokens, dtype=np.uint8).astype(np.uint64) + 1
        grams = [codes * _A]
        if len(codes) > 1:
            grams.append(codes[:-1] * _B + codes[1:] * _A + 1)
        if len(codes) > 2:
            grams.append(codes[:-2] * _C + codes[1:-1] * _B + codes[2:] * _A + 2)
        buckets = (np.concatenate(grams) & _MASK) >> _SIDE_SHIFT
        bag = buckets.astype(np.uint16).tobytes() + _bag([_move_bucket(_label(f"size {_clip(len(codes), 0, 64)}"))])
        return _Line(bag, len(codes), 0, 0, 0, 0)

    def _statement(self, line: Statement | Expr) -> _Line:
        if isinstance(line, Truth):
            return _Line(_bag([_move_bucket(_label(f"truth {line.value}"))]), 1, 0, 0, 0, 0)
        if isinstance(line, Expr):
            tree = self._tree(line)
            return _Line(tree.bag, tree.size, tree.unknowns, tree.denominators, self._side(line).terms, tree.coarse)
        if isinstance(line, Comparison):
            return self._comparison(line)
        kind = "or" if isinstance(line, Or) else "and"
        parts = [self._constraint(part) if _is_constraint(line, part) else self._statement(part) for part in line.parts]
        shape = _bag(
            [
                _move_bucket(_label(f"{kind} {len(parts)}")),
                _move_bucket(_label(f"{kind} open {sum(part.unknowns > 1 for part in parts)}")),
            ]
        )
        return _Line(
            b"".join([part.bag for part in parts]) + shape,
            sum(part.size for part in parts),
            sum(part.unknowns for part in parts),
            sum(part.denominators for part in parts),
            sum(part.terms for part in parts),
            self._joint_shape(line, parts),
        )

    def _joint_shape(self, line: And | Or, parts: Sequence[_Line]) -> int:
        """Of alternatives: that of the first which is open. Of a constrained equation: whether its constraint holds."""
        if isinstance(line, Or):
            solved = self._solved_shape
            return next((part.shape for part in parts if part.shape != solved), solved)
        main = next((part for part in line.parts if not _is_constraint(line, part)), None)
        shape = 0 if main is None else parts[line.parts.index(main)].shape
        holds = "open"
        if shape == self._solved_shape and isinstance(main, Comparison):
            constraint = next((part for part in line.parts if _is_constraint(line, part)), None)
            if isinstance(constraint, Comparison):
                gap = substitute(sub(constraint.left, constraint.right), {self._unknown: main.right})
                sign = constant_sign(gap)
                holds = "unknown" if sign is None else str(sign in _HOLDS[constraint.op])
        return (shape * _A + _label(f"and {holds}")) & _MASK

    def _comparison(self, line: Comparison) -> _Line:
        left, right = self._side(line.left), self._side(line.right)
        one, other = left.tree, right.tree
        alone = line.left.op == "sym" and line.left.value == self._unknown
        shape = _shape(line.op, alone, one.unknowns, other.unknowns)
        if not one.unknowns and not other.unknowns:
            shape = (shape * _A + _label(f"gap {constant_sign(sub(line.left, line.right))}")) & _MASK
        terms = _clip(left.terms, 0, 4) * 8 + _clip(right.terms, 0, 4)
        denominators = _clip(one.denominators, 0, 4) * 8 + _clip(other.denominators, 0, 4)
        facts = (
            shape,
            shape * _B + terms * _C + 1,
            left.made * _A + right.made * _B + 2,
            denominators * _C + 3,
            4 + (line.left == line.right),
            # The heads of both sides together: 'a product = 0' is one fact, not two.
            one.coarse * _A + other.coarse * _B + 6,
            one.exact * _B + other.exact * _C + 7,
        )
        return _Line(
            left.as_left + right.as_right + _bag([_move_bucket(fact & _MASK) for fact in facts]),
            one.size + other.size,
            one.unknowns + other.unknowns,
            one.denominators + other.denominators,
            left.terms + right.terms,
            shape,
        )

    def _side(self, node: Expr) -> _Side:
        found = self._sides.get(node.tokens)
        if found is None:
            if len(self._sides) >= _CACHE_LIMIT:
                self._sides.clear()
            found = self._sides[node.tokens] = self._build_side(node)
        return found

    def _build_side(self, node: Expr) -> _Side:
        tree = self._tree(node)
        terms = len(node.args) if node.op == "add" else 1
        made = _label(make_up(node, self._unknown))
        counts = min(terms, 9) * 16 + min(tree.unknowns, 9)
        # Each fact once for the left and once for the right.
        facts = (
            made,
            min(tree.size, 40) * _B + 1,
            counts * _C + 2,
            made ^ _C,
            min(tree.size, 40) * _A + 3,
            counts * _B + 4,
        )
        buckets = [_move_bucket(fact & _MASK) for fact in facts]
        moved = (np.frombuffer(tree.bag, dtype=np.uint16) + np.uint16(SIDE_BUCKETS)).tobytes()
        return _Side(tree, tree.bag + _bag(buckets[:3]), moved + _bag(buckets[3:]), terms, made)

    def _constraint(self, part: Statement) -> _Line:
        """A constraint beside the equation: its own buckets, since nothing in it is to be solved."""
        inner = self._statement(part)
        codes = np.frombuffer(inner.bag, dtype=np.uint16).astype(np.uint64)
        sides = ((codes * _C + 0x51ED270B) & _MASK) >> _MOVE_SHIFT
        bag = (sides + 2 * SIDE_BUCKETS).astype(np.uint16).tobytes()
        return inner._replace(bag=bag, unknowns=0)

    # ------------------------------------------------------------------------------------------------------- trees

    def _tree(self, node: Expr) -> _Tree:
        found = self._trees.get(node.tokens)
        if found is None:
            if len(self._trees) >= _CACHE_LIMIT:
                self._trees.clear()
            found = self._trees[node.tokens] = self._build(node)
        return found

    def _build(self, node: Expr) -> _Tree:
        op = node.op
        if not node.args:
            return self._leaf(node)
        held = self._unknown in node.symbols
        own = _label(f"{op} {len(node.args) if op in ('add', 'mul') else 0} {held}")
        coarse = _label(f"{op} {held}")
        grams = [coarse >> _SIDE_SHIFT, own >> _SIDE_SHIFT]
        chains = []
        multiset = 0
        unknowns = denominators = 0
        size = 1
        bags = []
        commutative = op in ("add", "mul")
        children = [self._tree(arg) for arg in node.args]
        for place, child in enumerate(children):
            # Operands of sums and products have no place; those of quotients and powers do.
            parent = (coarse + (0 if commutative else place + 1) * _C) & _MASK
            pair = (parent * _A + child.coarse * _B) & _MASK
            grams.append(pair >> _SIDE_SHIFT)
            if child.exact != child.coarse:
                grams.append(((parent * _B + child.exact * _C + 3) & _MASK) >> _SIDE_SHIFT)
            for chain in child.chains:
                grams.append(((parent * _C + chain * _A + 5) & _MASK) >> _SIDE_SHIFT)
            chains.append(pair)
            multiset += (child.coarse * _C & _MASK) ** 2 & _MASK
            unknowns += child.unknowns
            denominators += child.denominators
            size += child.size
            bags.append(child.bag)
        if op == "div":
            denominators += 1
        grams.append(((coarse * _B + (multiset & _MASK) * _A + 11) & _MASK) >> _SIDE_SHIFT)
        bags.append(_bag(grams))
        return _Tree(b"".join(bags), coarse, coarse, tuple(sorted(set(chains))), size, unknowns, denominators)

    def _leaf(self, node: Expr) -> _Tree:
        value = node.value
        if node.op == "sym":
            if value == self._unknown:
                label = _label("unknown")
                return _Tree(_bag([label >> _SIDE_SHIFT]), label, label, (), 1, 1, 0)
            coarse, exact = _label("letter"), _label(f"letter {value}")
        elif isinstance(value, Fraction):
            coarse = _label(f"fraction {value > 0}")
            exact = _label(f"fraction {_magnitude(value.numerator)} {_magnitude(value.denominator)}")
        elif isinstance(value, int):
            coarse = _label(f"number {value}" if -1 <= value <= 1 else f"number {value > 0}")
            exact = _label(f"number exactly {_magnitude(value)}")
        else:
            coarse, exact = _label("constant"), _label(f"constant {value}")
        return _Tree(_bag([coarse >> _SIDE_SHIFT, exact >> _SIDE_SHIFT]), coarse, exact, (), 1, 0, 0)

    # ------------------------------------------------------------------------------------------------------- moves

    def _move(self, action: Action, before: _Line, after: _Line, main: Comparison | None) -> bytes:
        operand = getattr(action, "operand", None)
        key = (
            action.rule,
            operand.tokens if isinstance(operand, Expr) else None,
            after.size - before.size,
            after.unknowns - before.unknowns,
            after.denominators - before.denominators,
            after.terms - before.terms,
            before.unknowns,
            before.shape,
            role(main, operand, self._unknown) if isinstance(operand, Expr) and main is not None else -1,
        )
        found = self._moves.get(key)
        if found is None:
            if len(self._moves) >= _CACHE_LIMIT:
                self._moves.clear()
            found = self._moves[key] = self._build_move(operand, key)
        return found

    def _build_move(self, operand: object, key: _Move) -> bytes:
        name, _, size, unknowns, denominators, terms, held, shape, place = key
        rule = _label(name)
        size, unknowns = _clip(size, -12, 12), _clip(unknowns, -4, 4)
        denominators, terms, held = _clip(denominators, -3, 3), _clip(terms, -3, 3), min(held, 9)
        numbers = [
            rule,
            rule * _A + size * _B + 1,
            rule * _B + unknowns * _C + 2,
            size * _A + 3,
            unknowns * _B + 4,
            size * _A + unknowns * _C + 5,
            denominators * _A + 6,
            terms * _B + rule * _C + 7,
            rule * _C + held * _A + 8,
            rule * _A + place * _C + 16,
            place * _B + size * _A + 17,
            rule * _A + place * _C + terms * _B + 18,
            rule * _A + shape * _C + 13,
            rule * _B + shape * _A + size * _C + unknowns * _B + 14,
        ]
        if isinstance(operand, Expr):
            tree = self._tree(operand)
            numbers.append(rule * _A + tree.coarse * _B + 9)
            numbers.append(rule * _B + tree.exact * _C + 10)
            numbers.append(tree.coarse * _B + 11)
            numbers.append(rule * _C + _clip(tree.size, 0, 12) * _A + min(tree.unknowns, 2) * _B + 12)
        return _bag([_move_bucket(number & _MASK) for number in numbers])


def _bag(numbers: Iterable[int]) -> bytes:
    return array("H", numbers).tobytes()


def _move_bucket(number: int) -> int:
    return 2 * SIDE_BUCKETS + ((number * _A & _MASK) >> _MOVE_SHIFT)


def _shape(op: str, alone: bool, left: int, right: int) -> int:
    """Of an equation: is the unknown alone on the left, and how often does it stand on each side?"""
    return _label(f"shape {op}") ^ (alone << 8 | min(left, 3) << 4 | min(right, 3))


def _is_constraint(line: And | Or, part: Statement) -> bool:
    return isinstance(line, And) and isinstance(part, Comparison) and part.op != "="
