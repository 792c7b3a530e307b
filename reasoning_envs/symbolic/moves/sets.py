"""The sets of moves over the same lines: explicit, curated, wide. (Axioms live in their own module.)

* *explicit*: folding, collecting and cancelling are steps of their own.
* *curated*: after every move the line is simplified by itself, as in most published environments.
* *wide*: any of + - * / with any sub-expression of the left side, simplified by itself; and what those cannot say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from reasoning_envs.symbolic.moves.changes import about_unknown
from reasoning_envs.symbolic.moves.equations import Move, denominators, moves
from reasoning_envs.symbolic.moves.places import active, is_solved
from reasoning_envs.symbolic.moves.rules import product, simplify
from reasoning_envs.symbolic.moves.rules.domains import conditions_of
from reasoning_envs.symbolic.syntax.expression import ZERO, Expr, add, div, neg, terms, walk
from reasoning_envs.symbolic.syntax.statement import (
    And,
    Comparison,
    Or,
    Statement,
    alternatives,
    conjunction,
    conjuncts,
    disjunction,
    equation,
    line_tokens,
)
from reasoning_envs.symbolic.values.evaluation import identically_zero

__all__ = ["MOVE_SETS", "curated", "simplified", "wide"]


def simplified(line: Statement) -> Statement:
    """The line with both sides of every comparison simplified, solved alternatives left as they are."""
    if isinstance(line, Comparison):
        if is_solved(line):
            return Comparison(line.op, line.left, simplify(line.right))
        return Comparison(line.op, simplify(line.left), simplify(line.right))
    if isinstance(line, And | Or):
        return type(line)(tuple(simplified(part) for part in line.parts))
    return line


def curated(line: Statement) -> Iterator[Move]:
    """The explicit moves, each followed by simplification; the moves that only simplify are one move, ``simplify``."""
    seen = {line_tokens(line)}
    if active(line) is None:
        return
    demanded = _of_letters(line)
    first = simplified(line)
    tokens = line_tokens(first)
    if tokens not in seen:
        seen.add(tokens)
        yield Move("simplify", None, first, tokens, True, _vanished(demanded, first))
    for move in moves(line):
        after = simplified(move.line)
        tokens = line_tokens(after)
        if tokens not in seen:
            seen.add(tokens)
            conditions = move.conditions
            if demanded and move.sound:
                conditions = tuple(dict.fromkeys((*conditions, *_vanished(demanded, after))))
            yield Move(move.rule, move.operand, after, tokens, move.sound, conditions, move.relation)


def _of_letters(line: Statement) -> tuple[Statement, ...]:
    """What the letters must be for the line to have a value."""
    return tuple([condition for condition in conditions_of(line) if not about_unknown(condition)])


def _vanished(demanded: tuple[Statement, ...], after: Statement) -> tuple[Statement, ...]:
    """The demands that nothing in the line after makes any more: simplification is done without showing it."""
    kept = _of_letters(after) if demanded else ()
    return tuple([condition for condition in demanded if condition not in kept])


_BOTH_SIDES = frozenset(
    (
        "add to both sides",
        "subtract from both sides",
        "multiply both sides",
        "divide both sides",
        "divide by the unknown",
    )
)


def wide(line: Statement) -> Iterator[Move]:
    """Any operation on both sides with any sub-expression of the left side, and the curated moves of other kinds."""
    index = active(line)
    if index is None:
        return
    seen = {line_tokens(line)}
    for move in curated(line):
        if move.rule not in _BOTH_SIDES and move.tokens not in seen:
            seen.add(move.tokens)
            yield move
    parts = alternatives(line)
    pieces = conjuncts(parts[index])
    main = next((piece for piece in pieces if isinstance(piece, Comparison) and piece.op == "="), None)
    if main is None or is_solved(main):
        return
    demanded = _of_letters(line)
    operands: dict[bytes, Expr] = {}
    for side in (main.left, main.right):
        for node in walk(side):
            if side is main.left or node in terms(side):
                operands.setdefault(node.key, node)
    for operand in operands.values():
        for rule, after, sound, conditions in _operations(main, operand):
            new = disjunction(
                *parts[:index], *_rejoined(simplified(after), pieces, main, conditions), *parts[index + 1 :]
            )
            tokens = line_tokens(new)
            if tokens not in seen:
                seen.add(tokens)
                plain = [condition for condition in conditions if not about_unknown(condition)]
                if sound:
                    plain += [condition for condition in _vanished(demanded, new) if condition not in plain]
                yield Move(rule, operand, new, tokens, sound, tuple(plain))


def _operations(main: Comparison, operand: Expr) -> Iterator[tuple[str, Statement, bool, tuple[Statement, ...]]]:
    left, right = main.left, main.right
    yield "add to both sides", equation(_plus(left, operand), _plus(right, operand)), True, ()
    yield "subtract from both sides", equation(_plus(left, neg(operand)), _plus(right, neg(operand))), True, ()
    if operand.value == 1 or identically_zero(operand) is not False:
        return
    nonzero = (Comparison("!=", operand, ZERO),) if operand.symbols else ()
    unknown = "x" in operand.symbols
    # Where a denominator is zero the line has no value, so that asking for it not to be zero loses nothing.
    divided = {under.key for side in (left, right) for term in terms(side) for under in denominators(term)}
    times = equation(_each(left, operand, product), _each(right, operand, product))
    if not unknown or operand.key in divided:
        yield "multiply both sides", times, True, nonzero
    else:
        yield "multiply by the unknown", times, False, ()
    over = equation(_each(left, operand, _over), _each(right, operand, _over))
    yield ("divide by the unknown" if unknown else "divide both sides"), over, not unknown, () if unknown else nonzero


def _rejoined(
    after: Statement, pieces: tuple[Statement, ...], main: Comparison, conditions: tuple[Statement, ...]
) -> Iterator[Statement]:
    constraints = [piece for piece in pieces if piece is not main]
    constraints += [condition for condition in conditions if about_unknown(condition)]
    yield conjunction(after, *constraints)


def _plus(side: Expr, term: Expr) -> Expr:
    return term if side is ZERO else add(side, term)


def _over(operand: Expr, term: Expr) -> Expr:
    return neg(div(term.args[0], operand)) if term.op == "neg" else div(term, operand)


def _each(side: Expr, operand: Expr, operation: Callable[[Expr, Expr], Expr]) -> Expr:
    if side is ZERO:
        return ZERO
    return add(*[operation(operand, term) for term in terms(side)])


MOVE_SETS: dict[str, Callable[[Statement], Iterable[Move]]] = {"explicit": moves, "curated": curated, "wide": wide}
"""By name; each gives the candidates of a line in a fixed order."""
