"""Moves on a line of inequalities: what a person may write next below an inequality in the unknown ``x``.

A move acts on the first alternative that is not solved, and in it on the first comparison that is not; two that share
a side (``1 < 2*x + 3 and 2*x + 3 <= 7``) are a chain, of which all sides are changed alike. Where both sides are
multiplied, the sign of the factor decides the relation; letters have the signs that the line says they have
(``and a > 0``). The classic mistakes stand beside the sound moves: the relation not turned, a factor without care for
its sign, half of an absolute value, a pole among the solutions.

The unknown is always the symbol ``x`` here; the domain renames a problem's own letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from reasoning_envs.symbolic.inequalities.forms import MIRRORED, bound_of, holds, is_solution
from reasoning_envs.symbolic.inequalities.rules import joint_changes, special_changes
from reasoning_envs.symbolic.moves.changes import Later, is_total
from reasoning_envs.symbolic.moves.equations import Move, denominators
from reasoning_envs.symbolic.moves.rules import Rewrite, is_simplified, product, rewrites
from reasoning_envs.symbolic.moves.sets import simplified
from reasoning_envs.symbolic.syntax.expression import ONE, ZERO, Expr, add, div, neg, num, sum_tokens, terms
from reasoning_envs.symbolic.syntax.statement import (
    Comparison,
    Statement,
    Truth,
    alternatives,
    conjunction,
    conjuncts,
    disjunction,
    free_symbols,
    line_tokens,
)
from reasoning_envs.symbolic.syntax.tokens import CONNECTIVES, END
from reasoning_envs.symbolic.values.evaluation import constant_sign
from reasoning_envs.types import Relation

__all__ = ["INEQUALITY_MOVE_SETS", "inequality_moves"]

_AND = CONNECTIVES["and"]
_ASCENDING, _DESCENDING = frozenset(("<", "<=")), frozenset((">", ">="))

Sides = tuple[Expr, ...]
Ops = tuple[str, ...]


def inequality_moves(line: Statement) -> Iterator[Move]:
    """The explicit moves on a line, in a fixed order, without repetition; none where the line is solved."""
    seen = {line_tokens(line)}
    for move in _moves(line):
        if move.tokens not in seen:
            seen.add(move.tokens)
            yield move


def _moves(line: Statement) -> Iterator[Move]:
    if isinstance(line, Truth):
        return
    parts = alternatives(line)
    for index, part in enumerate(parts):
        if is_solution(part, "x"):
            continue
        for move in _moves_on_part(part):
            if len(parts) == 1:
                yield move
            else:
                whole = disjunction(*parts[:index], move.line, *parts[index + 1 :])
                yield move._replace(after=whole, tokens=line_tokens(whole))
        return
    for change in joint_changes(line):
        yield _placed(change.rule, change.operand, _built(change.after), (), change.sound)


def _built(after: Statement | Later) -> Statement:
    return after.build() if isinstance(after, Later) else after


def _placed(rule: str, operand: Expr | None, after: Statement, beside: Sequence[Statement], sound: bool) -> Move:
    """A move to a statement that replaces some pieces of an alternative; the others stand beside it."""
    whole = disjunction(*[conjunction(inner, *beside) for inner in alternatives(after)]) if beside else after
    return Move(rule, operand, whole, line_tokens(whole), sound, (), Relation.SAME_ROOTS)


def _moves_on_part(part: Statement) -> Iterator[Move]:
    pieces = conjuncts(part)
    place = next((i for i, piece in enumerate(pieces) if not _is_settled(piece)), None)
    if place is None:
        for change in joint_changes(part):
            yield _placed(change.rule, change.operand, _built(change.after), (), change.sound)
        return
    piece = pieces[place]
    if not isinstance(piece, Comparison):
        return
    mates = [place]
    for other in (place + 1, place - 1):
        if 0 <= other < len(pieces) and _is_chain(pieces[min(place, other)], pieces[max(place, other)]):
            mates.append(other)
            break
    first, *rest = [pieces[i] for i in sorted(mates)]
    assert isinstance(first, Comparison)
    ops, sides = [first.op], [first.left, first.right]
    for following in rest:
        assert isinstance(following, Comparison)
        ops.append(following.op)
        sides.append(following.right)
    beside = tuple([other for i, other in enumerate(pieces) if i not in mates])
    yield from _Chain(tuple(ops), tuple(sides), beside).moves()


def _is_settled(piece: Statement) -> bool:
    """A bound, or a condition on letters alone."""
    if bound_of(piece, "x") is not None:
        return True
    letters = piece.left.symbols | piece.right.symbols if isinstance(piece, Comparison) else frozenset()
    return bool(letters) and "x" not in letters


def _is_chain(first: Statement, second: Statement) -> bool:
    """``A < B and B <= C``, the unknown in the middle alone."""
    return (
        isinstance(first, Comparison)
        and isinstance(second, Comparison)
        and first.right.tokens == second.left.tokens
        and ({first.op, second.op} <= _ASCENDING or {first.op, second.op} <= _DESCENDING)
        and "x" not in first.left.symbols | second.right.symbols
    )


class _Chain:
    """Two sides, or three, that are changed alike, and what stands beside them in their alternative."""

    def __init__(self, ops: Ops, sides: Sides, beside: tuple[Statement, ...]) -> None:
        self.ops, self.sides, self.beside = ops, sides, beside
        self._behind = b"".join([line_tokens(piece) for piece in beside]) + END if beside else b""
        self._signs = {key: side for piece in beside for key, side in _sign_said(piece)}

    def moves(self) -> Iterator[Move]:
        if len(self.ops) == 1:
            yield from self._conclusions()
        yield from self._rewrites()
        if len(self.ops) == 1:
            yield from self._swapped()
        yield from self._added()
        yield from self._divided()
        yield from self._multiplied()
        if len(self.ops) == 1:
            for change in special_changes(self.ops[0], *self.sides):
                yield _placed(change.rule, change.operand, _built(change.after), self.beside, change.sound)

    # -- lines --

    def _move(self, rule: str, operand: Expr | None, ops: Ops, sides: Sequence[Expr], sound: bool = True) -> Move:
        return self._later(rule, operand, ops, [side.tokens for side in sides], (_given, tuple(sides)), sound)

    def _later(
        self,
        rule: str,
        operand: Expr | None,
        ops: Ops,
        tokens: Sequence[bytes],
        sides: tuple[Callable[..., Sides], object],
        sound: bool = True,
    ) -> Move:
        """The move to the chain of sides that have these tokens and are built by ``sides[0](sides[1])``."""
        pieces = [CONNECTIVES[op] + tokens[i] + tokens[i + 1] for i, op in enumerate(ops)]
        count = len(pieces) + len(self.beside)
        if len(set(pieces)) < len(pieces) or (self.beside and any(piece in self._behind for piece in pieces)):
            whole = _chained(ops, sides, self.beside)
            return Move(rule, operand, whole, line_tokens(whole), sound, (), Relation.EQUIVALENT)
        behind = self._behind or END
        made = pieces[0] if count == 1 else _AND + b"".join(pieces) + behind
        later = Later(made, _chained_later, sides, (ops, self.beside))
        return Move(rule, operand, later, made, sound, (), Relation.EQUIVALENT)

    # -- moves --

    def _conclusions(self) -> Iterator[Move]:
        (op,), (left, right) = self.ops, self.sides
        if left.key == right.key:
            truth = holds(op, 0)
        elif left.symbols or right.symbols or not (is_simplified(left) and is_simplified(right)):
            return
        else:
            side = constant_sign(add(left, neg(right)))
            if side is None:
                return
            truth = holds(op, side)
        for value in (True, False):
            # "Always" must not be said of values at which a side has no value.
            if value is not truth or not value or is_total(left):
                yield _placed("conclude", None, Truth(value), self.beside, value is truth)

    def _rewrites(self) -> Iterator[Move]:
        for place, side in enumerate(self.sides):
            before = [other.tokens for other in self.sides]
            for inner in rewrites(side):
                tokens = [*before[:place], inner.tokens, *before[place + 1 :]]
                if inner.condition is None:
                    made = (_rewritten, (self.sides, place, inner))
                    yield self._later(inner.rule, inner.operand, self.ops, tokens, made, inner.sound)
                elif "x" in free_symbols(inner.condition):
                    sides = (*self.sides[:place], inner.result, *self.sides[place + 1 :])
                    chain = _chained(self.ops, (_given, sides), ())
                    whole = conjunction(chain, inner.condition)
                    yield _placed(inner.rule, inner.operand, whole, self.beside, inner.sound)
                elif self._is_said(inner.condition):
                    made = (_rewritten, (self.sides, place, inner))
                    yield self._later(inner.rule, inner.operand, self.ops, tokens, made, inner.sound)

    def _is_said(self, condition: Statement) -> bool:
        """The line says that a letter is positive or negative, and so not 0."""
        return (
            isinstance(condition, Comparison)
            and condition.op == "!="
            and condition.right is ZERO
            and self._sign(condition.left) is not None
        )

    def _swapped(self) -> Iterator[Move]:
        (op,), (left, right) = self.ops, self.sides
        if "x" in right.symbols:
            yield self._move("swap sides", None, (MIRRORED[op],), (right, left))
            if op not in ("=", "!="):
                yield self._move("swap without turning", None, self.ops, (right, left), sound=False)

    def _added(self) -> Iterator[Move]:
        seen: set[bytes] = set()
        for side in self.sides:
            for term in terms(side):
                if term is ZERO or term.key in seen:
                    continue
                seen.add(term.key)
                opposite = neg(term)
                tokens = [opposite.tokens if s is ZERO else sum_tokens((s, opposite)) for s in self.sides]
                negative = _is_negative(term)
                rule = "add to both sides" if negative else "subtract from both sides"
                operand = opposite if negative else term
                yield self._later(rule, operand, self.ops, tokens, (_plus, (self.sides, opposite)))

    def _divided(self) -> Iterator[Move]:
        if any(side.op == "neg" for side in self.sides):
            yield from self._scaled("change signs", None, -1, tuple([_negative(side) for side in self.sides]))
        seen: set[bytes] = set()
        for side in self.sides:
            body = side.args[0] if side.op == "neg" else side
            if body.op != "mul":
                continue
            for factor in body.args:
                if factor.key in seen or factor.value in (0, 1):
                    continue
                seen.add(factor.key)
                sides = tuple([_over(one, factor) for one in self.sides])
                if "x" in factor.symbols:
                    yield self._move("divide by the unknown", factor, self.ops, sides, sound=False)
                else:
                    yield from self._scaled("divide both sides", factor, self._sign(factor), sides)

    def _multiplied(self) -> Iterator[Move]:
        seen: set[bytes] = set()
        for side in self.sides:
            for term in terms(side):
                for under in denominators(term):
                    if under.key in seen or under.value == 0:
                        continue
                    seen.add(under.key)
                    sides = tuple([_times(one, under) for one in self.sides])
                    if "x" not in under.symbols:
                        yield from self._scaled("multiply both sides", under, self._sign(under), sides)
                    else:
                        yield from self._times_unknown(under, sides)

    def _times_unknown(self, under: Expr, sides: Sides) -> Iterator[Move]:
        """A denominator with the unknown may have either sign: its square is safe, and so are two cases."""
        yield self._move("multiply by the unknown", under, self.ops, sides, sound=False)
        squared = tuple([_times(one, under) for one in sides])
        chain = _chained(self.ops, (_given, squared), (Comparison("!=", under, ZERO),))
        yield _placed("multiply by the square", under, chain, self.beside, True)
        cases = [
            _chained(ops, (_given, sides), (Comparison(op, under, ZERO),))
            for ops, op in ((self.ops, ">"), (_turned(self.ops), "<"))
        ]
        yield _placed("distinguish cases", under, disjunction(*cases), self.beside, True)

    def _scaled(self, rule: str, factor: Expr | None, sign: int | None, sides: Sides) -> Iterator[Move]:
        """All sides were multiplied by a factor of this sign: what becomes of the relation."""
        if sign == 0:
            return
        turned = _turned(self.ops)
        if sign is None:
            yield self._move(f"{rule} without care", factor, self.ops, sides, sound=False)
            yield self._move(f"{rule} and turn without care", factor, turned, sides, sound=False)
        elif sign > 0:
            yield self._move(rule, factor, self.ops, sides)
            if factor is not None and factor.symbols:
                yield self._move(f"{rule} and turn", factor, turned, sides, sound=False)
        else:
            yield self._move(rule if factor is None else f"{rule} and turn", factor, turned, sides)
            if turned != self.ops:
                yield self._move(f"{rule} without turning", factor, self.ops, sides, sound=False)

    def _sign(self, factor: Expr) -> int | None:
        """Of a factor without the unknown, from what the line says about its letters; None where that is not enough."""
        if not factor.symbols:
            return constant_sign(factor)
        said = self._signs.get(factor.key)
        if said is not None:
            return said
        if factor.op == "neg":
            inner = self._sign(factor.args[0])
            return None if inner is None else -inner
        if factor.op in ("mul", "div"):
            total = 1
            for arg in factor.args:
                inner = self._sign(arg)
                if inner is None:
                    return None
                total *= inner
            return total
        return None


def _given(sides: Sides) -> Sides:
    return sides


def _plus(made_of: tuple[Sides, Expr]) -> Sides:
    sides, term = made_of
    return tuple([term if side is ZERO else add(side, term) for side in sides])


def _rewritten(made_of: tuple[Sides, int, Rewrite]) -> Sides:
    sides, place, inner = made_of
    return (*sides[:place], inner.result, *sides[place + 1 :])


def _chained_later(sides: tuple[Callable[..., Sides], object], rest: tuple[Ops, Sequence[Statement]]) -> Statement:
    return _chained(rest[0], sides, rest[1])


def _chained(ops: Ops, sides: tuple[Callable[..., Sides], object], beside: Sequence[Statement]) -> Statement:
    made = sides[0](sides[1])
    return conjunction(*[Comparison(op, made[i], made[i + 1]) for i, op in enumerate(ops)], *beside)


def _turned(ops: Ops) -> Ops:
    return tuple([MIRRORED[op] for op in ops])


def _sign_said(piece: Statement) -> Iterator[tuple[bytes, int]]:
    """``a > 0`` says that a is positive."""
    if isinstance(piece, Comparison) and piece.right is ZERO and "x" not in piece.left.symbols:
        if piece.op == ">":
            yield piece.left.key, 1
        elif piece.op == "<":
            yield piece.left.key, -1


def _is_negative(term: Expr) -> bool:
    if term.op == "num":
        return term.number < 0
    if term.op == "mul":
        return term.args[0].op == "num" and term.args[0].number < 0
    return term.op == "neg"


def _negative(side: Expr) -> Expr:
    return add(*[neg(term) for term in side.args]) if side.op == "add" else neg(side)


def _over(side: Expr, factor: Expr) -> Expr:
    if side is ZERO:
        return ZERO
    return neg(div(side.args[0], factor)) if side.op == "neg" else div(side, factor)


def _times(side: Expr, factor: Expr) -> Expr:
    """Each term of a side times the factor."""
    if side is ZERO:
        return ZERO
    return add(*[factor if term is ONE else _product(factor, term) for term in terms(side)])


def _product(factor: Expr, term: Expr) -> Expr:
    if term.op == "num" and factor.op == "num":
        return num(Fraction(term.number) * factor.number)
    return product(factor, term)


def curated_inequality_moves(line: Statement) -> Iterator[Move]:
    """The explicit moves, each followed by simplification; the moves that only simplify are one move, ``simplify``."""
    seen = {line_tokens(line)}
    if isinstance(line, Truth) or is_solution(line, "x"):
        return
    first = simplified(line)
    tokens = line_tokens(first)
    if tokens not in seen:
        seen.add(tokens)
        yield Move("simplify", None, first, tokens)
    for move in inequality_moves(line):
        after = simplified(move.line)
        tokens = line_tokens(after)
        if tokens not in seen:
            seen.add(tokens)
            yield Move(move.rule, move.operand, after, tokens, move.sound, (), Relation.SAME_ROOTS)


INEQUALITY_MOVE_SETS: dict[str, Callable[[Statement], Iterator[Move]]] = {
    "explicit": inequality_moves,
    "curated": curated_inequality_moves,
}
"""By name; each gives the candidates of a line in a fixed order."""
