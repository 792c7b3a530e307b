"""Moves on a line: what a person may write next below an equation in the unknown ``x``.

A move either rewrites one side (:mod:`~reasoning_envs.symbolic.moves.rules`) or acts on the equation as a whole: on
both sides, on its alternatives, on its constraints. It acts on the first alternative that is not yet solved. Where an
operation could add or lose roots, the sound move carries the constraint that prevents it (``and x - 3 >= 0``), and the
classic mistake, the same without it, stands beside it.

The unknown is always the symbol ``x`` here; the domain renames a problem's own letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from sys import maxsize
from typing import NamedTuple

from reasoning_envs.symbolic.moves.changes import Change, Later, about_unknown, is_total, negated
from reasoning_envs.symbolic.moves.ends import conclusions, constraint_checks
from reasoning_envs.symbolic.moves.equation_forms import special_changes
from reasoning_envs.symbolic.moves.places import Place, is_solved, place_of
from reasoning_envs.symbolic.moves.rules import Rewrite, product, rewrites
from reasoning_envs.symbolic.moves.rules.rewrite import product_tokens
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    add,
    div,
    factors,
    neg,
    num,
    plus,
    terms,
)
from reasoning_envs.symbolic.syntax.statement import (
    Comparison,
    Statement,
    alternatives,
    conjunction,
    conjuncts,
    disjunction,
    equation,
    line_tokens,
)
from reasoning_envs.symbolic.syntax.tokens import CONNECTIVES, END, OPERATORS
from reasoning_envs.symbolic.values.evaluation import identically_zero
from reasoning_envs.types import Relation

__all__ = ["Move", "denominators", "moves"]

# A tuple of a known kind without the detour through its own, slower constructor: most candidates are never taken.
_make = tuple.__new__
_EQUALS = CONNECTIVES["="]
_SAME = Relation.EQUIVALENT
_ADD = OPERATORS["add"]


class Move(NamedTuple):
    """One candidate.

    Attributes:
        rule: its name. about: what it is done with or to, or the rewrite that knows it.
        after: the whole line afterwards, or how to build it. tokens: of that line, known at once.
        sound: the solutions stay the same wherever ``conditions`` hold. False: a classic mistake, which may be
            harmless on this very line; the verifier tells.
        conditions: statements without the unknown under which a sound move is sound.
        relation: of the solutions, for a sound move.
    """

    rule: str
    about: Expr | Rewrite | None
    after: Statement | Later
    tokens: bytes
    sound: bool = True
    conditions: tuple[Statement, ...] = ()
    relation: Relation = Relation.EQUIVALENT

    @property
    def line(self) -> Statement:
        """The whole line afterwards, built anew each time."""
        after = self.after
        return after.build() if isinstance(after, Later) else after

    @property
    def operand(self) -> Expr | None:
        """What it is done with or to."""
        about = self.about
        return about.operand if isinstance(about, Rewrite) else about

    def __repr__(self) -> str:
        from reasoning_envs.symbolic.syntax.printer import to_text

        return f"Move({self.rule!r}, {to_text(self.line)!r}, sound={self.sound})"


def moves(line: Statement, longest: int = maxsize) -> list[Move]:
    """The explicit moves on a line, in a fixed order, without repetition; none where the line is final.

    Moves to lines of more than ``longest`` tokens may be left out.
    """
    place = place_of(line)
    if place is None:
        return []
    found: list[Move] = []
    seen = {line_tokens(line)}
    if is_solved(place.main):
        _append(constraint_checks(place), place._replace(constraints=()), seen, found)
        return found
    left, right = place.main.left, place.main.right
    _append(conclusions(place), place._replace(constraints=()), seen, found)
    head = place.head + _EQUALS
    _append_rewrites(left, _left_rewritten, place, head, right.tokens + place.tail, longest, seen, found)
    _append_rewrites(right, _right_rewritten, place, head + left.tokens, place.tail, longest, seen, found)
    if "x" in right.symbols:
        _append((Change("swap sides", None, equation(right, left)),), place, seen, found)
    _append_term_moves(place, longest, seen, found)
    _append(_divide(left, right), place, seen, found)
    _append(_multiply(place), place, seen, found)
    _append(special_changes(left, right), place, seen, found)
    return found


def _append(changes: Iterable[Change], place: Place, seen: set[bytes], found: list[Move]) -> None:
    for change in changes:
        move = _settled(change, place)
        if move.tokens not in seen:
            seen.add(move.tokens)
            found.append(move)


def _settled(change: Change, place: Place) -> Move:
    """The move that a change is: what its condition says of the unknown becomes a constraint of the line."""
    rule, about, after, sound, condition, relation = change
    conditions: tuple[Statement, ...] = ()
    if condition is not None:
        conditions = tuple([piece for piece in conjuncts(condition) if not about_unknown(piece)])
        demanded = [piece for piece in conjuncts(condition) if about_unknown(piece)] if conditions else [condition]
        condition = conjunction(*demanded) if demanded else None
    if isinstance(after, Later):
        if condition is not None:
            place = place.demanding(condition)
        tokens = place.head + after.tokens + place.tail
        later = Later(tokens, after.function, after.first, place)
        if place.others and place.repeats(tokens):
            line = later.build()
            return Move(rule, about, line, line_tokens(line), sound, conditions, relation)
        return _make(Move, (rule, about, later, tokens, sound, conditions, relation))
    if place.constraints:
        after = disjunction(*[conjunction(inner, *place.constraints) for inner in alternatives(after)])
    if condition is not None:
        after = conjunction(after, condition)
    line = place.line(after)
    return _make(Move, (rule, about, line, line_tokens(line), sound, conditions, relation))


# -- one side -------------------------------------------------------------------------------------------------------


def _append_rewrites(
    side: Expr,
    rewritten: Callable[[Rewrite, Place], Statement],
    place: Place,
    head: bytes,
    tail: bytes,
    longest: int,
    seen: set[bytes],
    found: list[Move],
) -> None:
    """The moves that rewrite one side: ``head`` and ``tail`` are the line around it."""
    others = place.others
    for inner in rewrites(side):
        tokens = head + inner.tokens + tail
        condition = inner.condition
        if condition is not None or (others and place.repeats(tokens)):
            bare = tokens[len(place.head) : len(tokens) - len(place.tail)]
            after = Later(bare, rewritten, inner, place)
            _append((Change(inner.rule, inner, after, inner.sound, condition),), place, seen, found)
        elif tokens not in seen and len(tokens) <= longest:
            seen.add(tokens)
            after = _make(Later, (tokens, rewritten, inner, place))
            found.append(_make(Move, (inner.rule, inner, after, tokens, inner.sound, (), _SAME)))


def _left_rewritten(inner: Rewrite, place: Place) -> Statement:
    return place.put(inner.result, place.main.right)


def _right_rewritten(inner: Rewrite, place: Place) -> Statement:
    return place.put(place.main.left, inner.result)


# -- both sides -----------------------------------------------------------------------------------------------------


def _append_term_moves(place: Place, longest: int, seen: set[bytes], found: list[Move]) -> None:
    """The moves that add or subtract a term on both sides."""
    left, right = place.main.left, place.main.right
    moved: set[bytes] = set()
    head, before, behind, tail = place.head + _EQUALS, _open_sum(left), _open_sum(right), place.tail
    for term in (*terms(left), *terms(right)):
        key, opposite, negative, inner = _opposites.get(term.tokens) or _opposite(term)
        if key in moved or term is ZERO:
            continue
        moved.add(key)
        if left is ZERO:
            tokens = head + opposite.tokens + behind + inner + tail
        elif right is ZERO:
            tokens = head + before + inner + opposite.tokens + tail
        else:
            tokens = head + before + inner + behind + inner + tail
        if tokens not in seen and len(tokens) <= longest:
            seen.add(tokens)
            rule = "add to both sides" if negative else "subtract from both sides"
            after = _make(Later, (tokens, _both_plus, opposite, place))
            found.append(_make(Move, (rule, opposite if negative else term, after, tokens, True, (), _SAME)))


def _both_plus(term: Expr, place: Place) -> Statement:
    return place.put(_plus(place.main.left, term), _plus(place.main.right, term))


def _open_sum(side: Expr) -> bytes:
    """The tokens of a side up to where a further term would stand: sums are flat."""
    return side.tokens[:-1] if side.op == "add" else _ADD + side.tokens


def _plus(side: Expr, term: Expr) -> Expr:
    return term if side is ZERO else plus(side, term)


_TERMS_LIMIT = 512  # terms remembered: most of a line's stood in the line before
_opposites: dict[bytes, tuple[bytes, Expr, bool, bytes]] = {}


def _opposite(term: Expr) -> tuple[bytes, Expr, bool, bytes]:
    """Of a term: its key, its negative, whether it has a minus, and the tokens that end a sum with its negative."""
    if len(_opposites) > _TERMS_LIMIT:
        _opposites.clear()
    opposite = neg(term)
    inner = (opposite.tokens[1:-1] if opposite.op == "add" else opposite.tokens) + END
    found = _opposites[term.tokens] = term.key, opposite, _is_negative(term), inner
    return found


def _is_negative(term: Expr) -> bool:
    if term.op == "num":
        return term.number < 0
    if term.op == "mul":
        return term.args[0].op == "num" and term.args[0].number < 0
    return term.op == "neg"


def _divide(left: Expr, right: Expr) -> Iterator[Change]:
    if left.op == "neg" or (right.op == "neg" and left.op == "num"):
        yield Change("change signs", None, equation(negated(left), negated(right)))
    seen: set[bytes] = set()
    for side, other in ((left, right), (right, left)):
        body = side.args[0] if side.op == "neg" else side
        if body.op != "mul":
            continue
        for factor in body.args:
            if factor.key in seen or factor.value in (0, 1):
                continue
            seen.add(factor.key)
            after = equation(_over(left, factor), _over(right, factor))
            if "x" not in factor.symbols:
                if identically_zero(factor) is False:
                    condition = Comparison("!=", factor, ZERO) if factor.symbols else None
                    yield Change("divide both sides", factor, after, True, condition)
                continue
            yield Change("divide by the unknown", factor, after, sound=False)
            if any(common.key == factor.key for common in factors(other)) and is_total(left) and is_total(right):
                split = disjunction(equation(factor, ZERO), after)
                yield Change("divide or zero", factor, split, relation=Relation.SAME_ROOTS)


def _over(side: Expr, factor: Expr) -> Expr:
    if side is ZERO:
        return ZERO
    return neg(div(side.args[0], factor)) if side.op == "neg" else div(side, factor)


def _multiply(place: Place) -> Iterator[Change]:
    left, right = place.main.left, place.main.right
    seen: set[bytes] = set()
    for term in (*terms(left), *terms(right)):
        for under in _denominators(term):
            if under.key in seen or under.value == 0:
                continue
            seen.add(under.key)
            tokens = _EQUALS + _times_tokens(left, under) + _times_tokens(right, under)
            after = Later(tokens, _multiplied, under, place)
            if "x" in under.symbols:
                constraint = Comparison("!=", under, ZERO)
                yield Change("multiply both sides", under, after, True, constraint, Relation.SAME_ROOTS)
                yield Change("multiply without care", under, after, sound=False)
            else:
                yield Change("multiply both sides", under, after)


def _multiplied(factor: Expr, place: Place) -> Statement:
    return place.put(_times(place.main.left, factor), _times(place.main.right, factor))


def denominators(term: Expr) -> Iterator[Expr]:
    """What a term is divided by, also inside its factors."""
    if term.op == "div":
        yield term.args[1]
        yield from denominators(term.args[0])
    elif term.op == "neg":
        yield from denominators(term.args[0])
    elif term.op == "mul":
        for factor in term.args:
            yield from denominators(factor)
    elif term.op == "num" and type(term.value) is Fraction:
        yield num(term.value.denominator)


_unders: dict[bytes, tuple[Expr, ...]] = {}


def _denominators(term: Expr) -> tuple[Expr, ...]:
    found = _unders.get(term.tokens)
    if found is None:
        if len(_unders) > _TERMS_LIMIT:
            _unders.clear()
        found = _unders[term.tokens] = tuple(denominators(term))
    return found


def _times(side: Expr, factor: Expr) -> Expr:
    """Each term of a side times the factor, as one multiplies an equation by a denominator."""
    return side if side is ZERO else add(*[_term_times(term, factor) for term in terms(side)])


def _term_times(term: Expr, factor: Expr) -> Expr:
    if term.op == "num" and factor.op == "num":
        return num(term.number * factor.number)
    return factor if term is ONE else product(factor, term)


def _times_tokens(side: Expr, factor: Expr) -> bytes:
    """The tokens of :func:`_times`."""
    if side is ZERO:
        return side.tokens
    known = _products.get(factor.tokens)
    if known is None:
        if len(_products) > _FACTORS_LIMIT:
            _products.clear()
        known = _products[factor.tokens] = {}
    found = [known.get(term.tokens) or _term_times_tokens(term, factor, known) for term in terms(side)]
    if len(found) == 1:
        return found[0]
    return _ADD + b"".join([tokens[1:-1] if tokens[:1] == _ADD else tokens for tokens in found]) + END


_FACTORS_LIMIT = 16
_products: dict[bytes, dict[bytes, bytes]] = {}  # of a factor: the tokens of terms, multiplied by it


def _term_times_tokens(term: Expr, factor: Expr, known: dict[bytes, bytes]) -> bytes:
    if len(known) > _TERMS_LIMIT:
        known.clear()
    plain = term.op != "num" and term is not ONE
    found = product_tokens((factor, term)) if plain else _term_times(term, factor).tokens
    known[term.tokens] = found
    return found
