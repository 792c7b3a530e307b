"""Moves on a system of equations: what a person may write next below it.

The unknowns are the first of ``x y z w``. A move acts on the first alternative that is not solved: it adds a multiple
of one equation to another so that a term goes, solves an equation for an unknown, puts what an unknown is into another
equation, scales, swaps, drops what says nothing new, takes a polynomial in one unknown apart into its roots. The
equation that a move makes is written out in standard form, unknowns on the left. Classic mistakes stand beside the
sound moves: an equation dropped that is needed, a sign slip, a substitution without brackets, a root forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flint import fmpq_mpoly

from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm, factored, form, ring_of
from reasoning_envs.symbolic.equality.rings import polynomial_to_expr
from reasoning_envs.symbolic.moves.changes import Later
from reasoning_envs.symbolic.moves.equations import Move
from reasoning_envs.symbolic.roots.points import polynomial_points, univariate
from reasoning_envs.symbolic.syntax.expression import ZERO, Expr, add, mul, num, substitute, sym
from reasoning_envs.symbolic.syntax.statement import (
    NO_SOLUTION,
    Comparison,
    Statement,
    Truth,
    alternatives,
    conjunction,
    conjuncts,
    disjunction,
    equation,
    line_tokens,
)
from reasoning_envs.symbolic.syntax.tokens import CONNECTIVES, END
from reasoning_envs.symbolic.systems.equations import (
    Equation,
    Made,
    Setting,
    eliminated,
    read_equation,
    same_equation,
    slope_and_rest,
    solved_for,
    tidied,
)
from reasoning_envs.symbolic.systems.lines import fault_of_system_solution
from reasoning_envs.types import Relation

__all__ = ["system_moves"]

_AND, _OR = (CONNECTIVES[name] for name in ("and", "or"))


def system_moves(line: Statement, unknowns: Sequence[str]) -> Iterator[Move]:
    """The moves on a line, in a fixed order, without repetition; none where the line is solved.

    Args:
        line: about the unknowns; other letters are constants.
        unknowns: the first ones of :data:`~reasoning_envs.symbolic.syntax.unknowns.USUAL_UNKNOWNS`, two or more.
    """
    if isinstance(line, Truth):
        return
    parts = alternatives(line)
    for index, part in enumerate(parts):
        if fault_of_system_solution(part, unknowns) is None:
            continue
        seen = {line_tokens(line)}
        placed = _Place(parts[:index], parts[index + 1 :])
        for change in _Alternative(part, tuple(unknowns)).changes():
            move = placed.move(change)
            if move.tokens not in seen:
                seen.add(move.tokens)
                yield move
        return


class _Change(NamedTuple):
    """What a move makes of an alternative: its pieces, of which some may be built on demand."""

    rule: str
    operand: Expr | None
    pieces: tuple[Statement | Later, ...]
    sound: bool = True
    conditions: tuple[Statement, ...] = ()


class _Place:
    """Where an alternative stands in its line. Tokens of what stays are written once."""

    __slots__ = ("around", "before", "behind", "known", "tail", "whole")

    def __init__(self, before: Sequence[Statement], behind: Sequence[Statement]) -> None:
        self.before, self.behind = before, behind
        self.around = [line_tokens(part) for part in (*before, *behind)]
        self.whole = _OR + b"".join(self.around[: len(before)])
        self.tail = b"".join(self.around[len(before) :]) + END
        self.known: dict[int, tuple[Statement, bytes]] = {}  # by identity, with the piece, which so stays alive

    def tokens(self, piece: Statement | Later) -> bytes:
        if isinstance(piece, Later):
            return piece.tokens
        found = self.known.get(id(piece))
        if found is None:
            found = self.known[id(piece)] = (piece, line_tokens(piece))
        return found[1]

    def move(self, change: _Change) -> Move:
        """The move of the whole line."""
        rule, operand, pieces, sound, conditions = change
        tokens = [self.tokens(piece) for piece in pieces]
        if len(tokens) > 1 and len(set(tokens)) == len(tokens):
            whole = _AND + b"".join(tokens) + END
            if whole not in self.around:
                if self.around:
                    whole = self.whole + whole + self.tail
                later = Later(whole, _joined, pieces, (self.before, self.behind))
                return Move(rule, operand, later, whole, sound, conditions, Relation.EQUIVALENT)
        line = _joined(pieces, (self.before, self.behind))
        return Move(rule, operand, line, line_tokens(line), sound, conditions, Relation.EQUIVALENT)


def _joined(pieces: Sequence[Statement | Later], around: tuple[Sequence[Statement], Sequence[Statement]]) -> Statement:
    before, behind = around
    built = [piece.build() if isinstance(piece, Later) else piece for piece in pieces]
    return disjunction(*before, conjunction(*built), *behind)


class _Alternative:
    """One system, and the moves on it."""

    def __init__(self, part: Statement, unknowns: tuple[str, ...]) -> None:
        self.unknowns = unknowns
        self.pieces = conjuncts(part)
        self.places = [
            i
            for i, piece in enumerate(self.pieces)
            if isinstance(piece, Comparison) and piece.op == "=" and not _is_condition(piece, unknowns)
        ]
        equations = [self.pieces[i] for i in self.places]
        sides = [side for piece in equations if isinstance(piece, Comparison) for side in piece[1:]]
        self.ring = ring_of(*sides, *[sym(name) for name in unknowns])
        self.columns = tuple([self.ring.index[name] for name in unknowns])
        self.setting = Setting(unknowns, self.ring, self.columns)
        self.equations = [read_equation(piece, self.setting) for piece in equations if isinstance(piece, Comparison)]

    def changes(self) -> Iterator[_Change]:
        yield from self._conclusions()
        for place, one in enumerate(self.equations):
            yield from self._made(place, tidied(one.line, self.setting))
        yield from self._taken_apart()
        for place, one in enumerate(self.equations):
            yield from self._made(place, solved_for(one.line, self.setting))
        yield from self._substituted()
        for place, one in enumerate(self.equations):
            for other in self.equations:
                if one is not other:
                    yield from self._made(place, eliminated(one.line, other.line, self.setting))
        yield from self._swapped()
        yield from self._dropped()

    # -- what a move leaves --

    def _with(self, place: int, new: Statement | Later) -> tuple[Statement | Later, ...]:
        at = self.places[place]
        return (*self.pieces[:at], new, *self.pieces[at + 1 :])

    def _without(self, place: int) -> tuple[Statement, ...]:
        at = self.places[place]
        return (*self.pieces[:at], *self.pieces[at + 1 :])

    def _made(self, place: int, found: Sequence[Made]) -> Iterator[_Change]:
        for rule, operand, after, sound, conditions in found:
            pieces = self._without(place) if after is None else self._with(place, after)
            yield _Change(rule, operand, pieces, sound, conditions)

    # -- moves --

    def _conclusions(self) -> Iterator[_Change]:
        """Equations that hold no unknown, and those that say what another one says."""
        for place, one in enumerate(self.equations):
            polynomial = one.polynomial
            if polynomial is None:
                continue
            if polynomial.is_zero():
                yield _Change("drop a redundant equation", num(place + 1), self._without(place))
            elif not self.setting.holds_unknown(polynomial):
                left = polynomial_to_expr(polynomial, self.ring)
                conditions = (Comparison("!=", left, ZERO),) if left.symbols else ()
                yield _Change("contradiction", num(place + 1), (NO_SOLUTION,), True, conditions)
        for place, one in enumerate(self.equations):
            if any(same_equation(one.polynomial, other.polynomial) for other in self.equations[:place]):
                yield _Change("drop a redundant equation", num(place + 1), self._without(place))

    def _taken_apart(self) -> Iterator[_Change]:
        """An equation whose polynomial has factors, or roots of one unknown alone."""
        for place, one in enumerate(self.equations):
            if one.polynomial is None or one.solved is not None or one.polynomial.total_degree() < 2:
                continue
            rest = [piece for i, piece in enumerate(self.pieces) if i != self.places[place]]
            found = self._roots(one.polynomial)
            if found is not None:
                rule, single = "roots", "one root alone"
            else:
                found, rule, single = self._factors(one.polynomial), "zero product", "one factor alone"
            if found is None:
                continue
            whole = disjunction(*[conjunction(part, *rest) for part in found])
            yield _Change(rule, num(place + 1), (whole,))
            if len(found) > 1:
                yield _Change(single, num(place + 1), (found[0], *rest), sound=False)

    def _roots(self, polynomial: fmpq_mpoly) -> list[Statement] | None:
        """The real roots of a polynomial in one unknown, as equations."""
        degrees = polynomial.degrees()
        held = [column for column in self.columns if degrees[column]]
        only = univariate(polynomial, held[0]) if len(held) == 1 else None
        if only is None:
            return None
        try:
            points = sorted(polynomial_points(only), key=lambda point: -float(point.ball(64).mid()))
        except TooLarge:
            return None
        values = [point.constant() for point in points]
        name = self.unknowns[self.columns.index(held[0])]
        return None if None in values else [equation(sym(name), value) for value in values if value is not None]

    def _factors(self, polynomial: fmpq_mpoly) -> list[Statement] | None:
        """The factors of a polynomial that hold an unknown, as equations; None where there is but the one."""
        try:
            _, parts = factored(polynomial)
        except TooLarge:
            return None
        held = [(part, exponent) for part, exponent in parts if self.setting.holds_unknown(part)]
        if len(held) < len(parts) or not held or (len(held) == 1 and held[0][1] == 1):
            return None
        written = [self.setting.written(part) for part, _ in held]
        return None if None in written else [later.build() for later in written if later is not None]

    def _substituted(self) -> Iterator[_Change]:
        """What an unknown is, put into the equations that hold it."""
        for source in self.equations:
            name, value = source.solved, source.line.right
            if name is None:
                continue
            for place, target in enumerate(self.equations):
                if target is source or name not in target.line.left.symbols | target.line.right.symbols:
                    continue
                new = self._replaced(source, target)
                if new is not None and new.is_zero():
                    yield _Change("substitute", source.line.left, self._without(place))
                elif new is not None:
                    written = self.setting.written(new)
                    if written is not None:
                        yield _Change("substitute", source.line.left, self._with(place, written))
                wrong = self._replaced_carelessly(target, name, value)
                written = None if wrong is None or wrong == new else self.setting.written(wrong)
                if written is not None:
                    pieces = self._with(place, written)
                    yield _Change("substitute without brackets", source.line.left, pieces, sound=False)

    def _replaced(self, source: Equation, target: Equation) -> fmpq_mpoly | None:
        """The target with the source's unknown replaced, cleared of what the source divides by and so is not 0."""
        values = {str(source.solved): source.line.right}
        try:
            left, right = (form(substitute(side, values), self.ring) for side in target.line[1:])
            made = left.minus(right)
            known = {str(f) for d in form(source.line.right, self.ring).divisors for f, _ in factored(d)[1]}
            met = {str(f): f for d in made.divisors for f, _ in factored(d)[1] if self.setting.holds_unknown(f)}
        except (TooLarge, UndefinedForm):
            return None
        return made.lowest_terms()[0] if met.keys() <= known else None

    def _replaced_carelessly(self, target: Equation, name: str, value: Expr) -> fmpq_mpoly | None:
        """The same with only the first term of the value multiplied; None where there is but one, or no factor."""
        if target.polynomial is None or value.op != "add":
            return None
        split = slope_and_rest(target.polynomial, self.ring.index[name], self.setting)
        if split is None or (split[0] * split[0]).is_one():
            return None
        slope, rest = (polynomial_to_expr(part, self.ring) for part in split)
        try:
            return form(add(mul(slope, value.args[0]), *value.args[1:], rest), self.ring).lowest_terms()[0]
        except (TooLarge, UndefinedForm):
            return None

    def _swapped(self) -> Iterator[_Change]:
        for first, second in zip(self.places, self.places[1:], strict=False):
            pieces = list(self.pieces)
            pieces[first], pieces[second] = pieces[second], pieces[first]
            yield _Change("swap equations", None, tuple(pieces))

    def _dropped(self) -> Iterator[_Change]:
        if len(self.equations) > 1:
            for place in range(len(self.equations)):
                yield _Change("drop an equation", num(place + 1), self._without(place), sound=False)


def _is_condition(piece: Comparison, unknowns: Sequence[str]) -> bool:
    """About letters alone; an equation between numbers is none."""
    letters = piece.left.symbols | piece.right.symbols
    return bool(letters) and letters.isdisjoint(unknowns) and piece.op != "="
