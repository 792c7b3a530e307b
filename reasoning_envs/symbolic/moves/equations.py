"""Moves on a line: what a person may write next below an equation in the unknown ``x``.

A move either rewrites one side (:mod:`~reasoning_envs.symbolic.moves.rules`) or acts on the equation as a whole: on
both sides, on its alternatives, on its constraints. It acts on the first alternative that is not yet solved. Where an
operation could add or lose roots, the sound move carries the constraint that prevents it (``and x - 3 >= 0``), and the
classic mistake, the same without it, stands beside it.

The unknown is always the symbol ``x`` here; the domain renames a problem's own letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from sys import maxsize
from typing import NamedTuple

from reasoning_envs.symbolic.moves.changes import Change, Later, X, is_total, negated
from reasoning_envs.symbolic.moves.equation_forms import special_changes
from reasoning_envs.symbolic.moves.rules import Rewrite, is_simplified, product, rewrites
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
    sub,
    substitute,
    sum_tokens,
    terms,
)
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    Comparison,
    Statement,
    alternatives,
    conjunction,
    conjuncts,
    disjunction,
    equation,
    free_symbols,
    line_tokens,
)
from reasoning_envs.symbolic.syntax.tokens import CONNECTIVES, END, OPERATORS, OVER
from reasoning_envs.symbolic.values.evaluation import constant_sign, identically_zero
from reasoning_envs.types import Relation

__all__ = ["Move", "about_unknown", "active", "denominators", "is_solved", "moves"]

# A tuple of a known kind without the detour through its own, slower constructor: most candidates are never taken.
_make = tuple.__new__
_EQUALS, _AND, _OR = (CONNECTIVES[name] for name in ("=", "and", "or"))
_ADD, _DIV = OPERATORS["add"], OPERATORS["div"]


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
        return _built(self.after)

    @property
    def operand(self) -> Expr | None:
        """What it is done with or to."""
        about = self.about
        return about.operand if isinstance(about, Rewrite) else about

    def __repr__(self) -> str:
        from reasoning_envs.symbolic.syntax.printer import to_text

        return f"Move({self.rule!r}, {to_text(self.line)!r}, sound={self.sound})"


def is_solved(part: Statement) -> bool:
    """``x = something without x``, with no constraint left."""
    return isinstance(part, Comparison) and part.op == "=" and part.left == X and "x" not in part.right.symbols


def active(line: Statement) -> int | None:
    """Index of the first alternative that is not solved; None where the line is final."""
    for index, part in enumerate(alternatives(line)):
        if part != ALL_REALS and not is_solved(part):
            return index
    return None


def moves(line: Statement, longest: int = maxsize) -> Iterator[Move]:
    """The explicit moves on a line, in a fixed order, without repetition; none where the line is final.

    Moves to lines of more than ``longest`` tokens may be left out.
    """
    if isinstance(line, Comparison) and line.op == "=":  # most lines: one equation and nothing else
        if not is_solved(line):
            yield from _moves_on_equation(line, longest)
        return
    index = active(line)
    if index is None:
        return
    parts = alternatives(line)
    alone = len(parts) == 1
    before, behind = ([line_tokens(part) for part in some] for some in (parts[:index], parts[index + 1 :]))
    seen = {line_tokens(line)}
    for change in _changes(parts[index], longest):
        if alone and isinstance(change, Move):
            move = change
        elif isinstance(change, Move):
            if change.tokens in before or change.tokens in behind:
                move = _replaced(change, disjunction(*parts[:index], change.line, *parts[index + 1 :]))
            else:
                tokens = _OR + b"".join([*before, change.tokens, *behind]) + END
                later = Later(tokens, _among, (parts, index), change.after)
                conditions, relation = change.conditions, change.relation
                move = _make(Move, (change.rule, change.about, later, tokens, change.sound, conditions, relation))
        else:
            move = _settled(change)
            if not alone:
                move = _replaced(move, disjunction(*parts[:index], move.line, *parts[index + 1 :]))
        if move.tokens not in seen:
            seen.add(move.tokens)
            yield move


def _replaced(move: Move, line: Statement) -> Move:
    return move._replace(after=line, tokens=line_tokens(line))


def _among(place: tuple[tuple[Statement, ...], int], after: Statement | Later) -> Statement:
    parts, index = place
    return disjunction(*parts[:index], _built(after), *parts[index + 1 :])


def _moves_on_equation(line: Comparison, longest: int) -> Iterator[Move]:
    seen = {line_tokens(line)}
    for change in _equation_changes(line, longest):
        move = change if isinstance(change, Move) else _settled(change)
        if move.tokens not in seen:
            seen.add(move.tokens)
            yield move


def _settled(change: Change) -> Move:
    """The move that a change is: what its condition says of the unknown becomes a constraint of the line."""
    rule, about, after, sound, condition, relation = change
    conditions: tuple[Statement, ...] = ()
    if condition is not None:
        if not about_unknown(condition):
            conditions = (condition,)
        elif type(after) is Later and isinstance(condition, Comparison) and after.tokens[:1] == _EQUALS:
            tokens = _AND + after.tokens + line_tokens(condition) + END
            after = Later(tokens, _constrained, after, (condition,))
        else:
            after = conjunction(_built(after), condition)
    tokens = after.tokens if type(after) is Later else line_tokens(_built(after))
    return Move(rule, about, after, tokens, sound, conditions, relation)


def _built(after: Statement | Later) -> Statement:
    return after.build() if isinstance(after, Later) else after


def about_unknown(condition: Statement) -> bool:
    """The condition is about x, so that the line itself must carry it."""
    return "x" in free_symbols(condition)


def _changes(part: Statement, longest: int) -> Iterator[Change | Move]:
    pieces = conjuncts(part)
    main = next((piece for piece in pieces if isinstance(piece, Comparison) and piece.op == "="), None)
    if main is None:
        return
    constraints = tuple(piece for piece in pieces if piece is not main)
    if is_solved(main):
        yield from _check_constraints(main, constraints)
        return
    if not constraints:
        yield from _equation_changes(main, longest)
        return
    beside = b"".join([line_tokens(constraint) for constraint in constraints]) + END
    for change in _equation_changes(main, longest - len(beside)):
        if isinstance(change, Move):
            tokens = _AND + change.tokens + beside
            later = _make(Later, (tokens, _constrained, change.after, constraints))
            yield _make(Move, (change.rule, change.about, later, tokens, change.sound, (), change.relation))
            continue
        rule, about, after, sound, condition, relation = change
        if isinstance(after, Later):
            whole: Statement | Later = Later(_AND + after.tokens + beside, _constrained, after, constraints)
        elif after == ALL_REALS:  # the constraint is lost; the verifier tells whether that matters
            whole, sound = after, False
        else:
            whole = disjunction(*[conjunction(inner, *constraints) for inner in alternatives(after)])
        yield Change(rule, about, whole, sound, condition, relation)


def _constrained(after: Later, constraints: tuple[Statement, ...]) -> Statement:
    return conjunction(after.build(), *constraints)


def _check_constraints(main: Comparison, constraints: tuple[Statement, ...]) -> Iterator[Change]:
    """With ``x`` known, a constraint holds (and goes) or fails (and takes the alternative with it)."""
    constraint = constraints[0]
    if not isinstance(constraint, Comparison):
        return
    difference = substitute(sub(constraint.left, constraint.right), {"x": main.right})
    holds = _holds(constraint.op, constant_sign(difference))
    rest = conjunction(main, *constraints[1:])
    condition = None
    if holds is None:
        if constraint.op == "!=" and identically_zero(difference) is False:
            holds, condition = True, Comparison("!=", difference, ZERO)
        elif constraint.op == "!=" and identically_zero(difference):
            holds = False
        else:
            holds, condition = True, Comparison(constraint.op, difference, ZERO)
    yield Change("constraint holds", constraint.left, rest, holds, condition if holds else None)
    yield Change("constraint fails", constraint.left, NO_SOLUTION, not holds)


def _holds(op: str, sign: int | None) -> bool | None:
    if sign is None:
        return None
    return {"!=": sign != 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0, "=": sign == 0}[op]


def _equation_changes(main: Comparison, longest: int) -> Iterator[Change | Move]:
    left, right = main.left, main.right
    yield from _conclusions(left, right)
    behind = right.tokens
    for inner in rewrites(left):
        tokens = _EQUALS + inner.tokens + behind
        if len(tokens) > longest:
            continue
        later = _make(Later, (tokens, _left_rewritten, inner, right))
        if inner.condition is None:
            yield _make(Move, (inner.rule, inner, later, tokens, inner.sound, (), Relation.EQUIVALENT))
        else:
            yield Change(inner.rule, inner, later, inner.sound, inner.condition)
    before = _EQUALS + left.tokens
    for inner in rewrites(right):
        tokens = before + inner.tokens
        if len(tokens) > longest:
            continue
        later = _make(Later, (tokens, _right_rewritten, left, inner))
        if inner.condition is None:
            yield _make(Move, (inner.rule, inner, later, tokens, inner.sound, (), Relation.EQUIVALENT))
        else:
            yield Change(inner.rule, inner, later, inner.sound, inner.condition)
    if "x" in right.symbols:
        yield Change("swap sides", None, equation(right, left))
    yield from _move_terms(main, longest)
    yield from _divide(left, right)
    yield from _multiply(left, right)
    yield from special_changes(left, right)


def _left_rewritten(left: Rewrite, right: Expr) -> Statement:
    return equation(left.result, right)


def _right_rewritten(left: Expr, right: Rewrite) -> Statement:
    return equation(left, right.result)


# -- ends -----------------------------------------------------------------------------------------------------------


def _conclusions(left: Expr, right: Expr) -> Iterator[Change]:
    if len(left.tokens) == len(right.tokens) and left.key == right.key:
        yield Change("conclude", None, ALL_REALS)
    elif "x" not in left.symbols and "x" not in right.symbols and is_simplified(left) and is_simplified(right):
        # Only a line that is worked out shows what it says: before that, one would have to guess.
        difference = sub(left, right)
        zero = identically_zero(difference)
        if zero is None:
            return
        condition = Comparison("!=", left, right) if difference.symbols and not zero else None
        yield Change("conclude", None, ALL_REALS, zero)
        yield Change("conclude", None, NO_SOLUTION, not zero, condition)


# -- both sides -----------------------------------------------------------------------------------------------------


def _move_terms(line: Comparison, longest: int) -> Iterator[Move]:
    left, right = line.left, line.right
    seen: set[bytes] = set()
    before, behind = _open_sum(left), _open_sum(right)
    for term in (*terms(left), *terms(right)):
        key, opposite, negative, inner = _opposites.get(term.tokens) or _opposite(term)
        if key in seen or term is ZERO:
            continue
        seen.add(key)
        if left is ZERO:
            tokens = _EQUALS + opposite.tokens + behind + inner
        elif right is ZERO:
            tokens = _EQUALS + before + inner + opposite.tokens
        else:
            tokens = _EQUALS + before + inner + behind + inner
        if len(tokens) > longest:
            continue
        after = _make(Later, (tokens, _both_plus, line, opposite))
        rule = "add to both sides" if negative else "subtract from both sides"
        yield _make(Move, (rule, opposite if negative else term, after, tokens, True, (), Relation.EQUIVALENT))


def _both_plus(line: Comparison, term: Expr) -> Statement:
    return equation(_plus(line.left, term), _plus(line.right, term))


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


def _multiply(left: Expr, right: Expr) -> Iterator[Change]:
    seen: set[bytes] = set()
    for term in (*terms(left), *terms(right)):
        if _DIV not in term.tokens and OVER not in term.tokens:
            continue
        for under in _denominators(term):
            if under.key in seen or under.value == 0:
                continue
            seen.add(under.key)
            sides = _times(left, under), _times(right, under)
            tokens = _EQUALS + b"".join([sum_tokens(side) for side in sides])
            after = Later(tokens, _equation_of_sums, *sides)
            if "x" in under.symbols:
                constraint = Comparison("!=", under, ZERO)
                yield Change("multiply both sides", under, after, True, constraint, Relation.SAME_ROOTS)
                yield Change("multiply without care", under, after, sound=False)
            else:
                yield Change("multiply both sides", under, after)


def _equation_of_sums(left: Sequence[Expr], right: Sequence[Expr]) -> Statement:
    return equation(add(*left), add(*right))


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


def _times(side: Expr, factor: Expr) -> list[Expr]:
    """Each term of a side times the factor, as one multiplies an equation by a denominator."""
    if side is ZERO:
        return []
    known = _products.get(factor.tokens)
    if known is None:
        if len(_products) > _FACTORS_LIMIT:
            _products.clear()
        known = _products[factor.tokens] = {}
    return [known.get(term.tokens) or _term_times(term, factor, known) for term in terms(side)]


_FACTORS_LIMIT = 16
_products: dict[bytes, dict[bytes, Expr]] = {}  # of a factor: terms, multiplied by it


def _term_times(term: Expr, factor: Expr, known: dict[bytes, Expr]) -> Expr:
    if len(known) > _TERMS_LIMIT:
        known.clear()
    if term.op == "num" and factor.op == "num":
        found = num(term.number * factor.number)
    else:
        found = factor if term is ONE else product(factor, term)
    known[term.tokens] = found
    return found
