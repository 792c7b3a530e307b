"""Equations built backwards from ``x = c``, one operation a move.

A move does the same to both sides: the left side keeps it as it is written, the right side works it out, so that
``x = 3`` becomes ``x + 4 = 7`` and then ``2*(x + 4) = 14``; after *swap sides* it is the other side's turn. Each move
keeps the solutions, those with a letter as long as it is not 0, and to propose is a move of its own. The choice of an
operation comes first, then its operand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from reasoning_envs.domains.algebra import AlgebraDomain, AlgebraState, unread
from reasoning_envs.symbolic.moves.places import is_solved
from reasoning_envs.symbolic.moves.rules import product, simplify
from reasoning_envs.symbolic.syntax.expression import Expr, add, div, neg, num, sym
from reasoning_envs.symbolic.syntax.statement import Comparison, equation, free_symbols
from reasoning_envs.symbolic.syntax.tokens import END, GROUP
from reasoning_envs.types import Problem, Relation, Status, Step, Verdict

__all__ = ["EquationAction", "EquationMaker", "EquationState"]

_X = sym("x")
_LETTERS = ("a", "b", "c")
_PROPOSE = "propose"
_PROPOSED = b"\x18" + END
_KEPT = Verdict(Status.VERIFIED, Relation.EQUIVALENT, "it has the same solution", "certificate", True)
_ASKED = Verdict(Status.UNDECIDED, reason="the certificate is what is judged")


class EquationState(AlgebraState):
    """An equation that is being made.

    Attributes:
        solution: where it began. proposed: nothing more is done to it.
    """

    __slots__ = ("proposed", "solution")

    def __init__(
        self, line: Comparison, solution: Comparison, group: str | None = None, proposed: bool = False
    ) -> None:
        super().__init__(line, "x", group)
        self.solution = solution
        self.proposed = proposed

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EquationState):
            return NotImplemented
        return super().__eq__(other) and self.solution == other.solution and self.proposed == other.proposed

    def __hash__(self) -> int:
        return hash((self.tokens, self.group, self.proposed))

    def __reduce__(self) -> tuple[type[EquationState], tuple[Any, ...]]:
        return EquationState, (self.line, self.solution, self.group, self.proposed)

    def __repr__(self) -> str:
        return f"EquationState({self.line!r}, group={self.group!r}, proposed={self.proposed})"


class EquationAction(NamedTuple):
    """A candidate: an operation, the choice of one, or to propose.

    Attributes:
        rule: the operation's name. state: after it. is_step: False for the choice of an operation.
        operand: what is added, multiplied, ...; None where nothing is.
    """

    rule: str
    state: EquationState
    is_step: bool = True
    operand: Expr | None = None

    @property
    def verdict(self) -> Verdict:
        """Every operation keeps the solution: VERIFIED."""
        return _KEPT

    def describe(self) -> str:
        """The operation in words."""
        if self.operand is None:
            return self.rule
        from reasoning_envs.symbolic.syntax.printer import to_text

        return f"{self.rule}: {to_text(self.operand)}"


class EquationMaker:
    """Equations linear in the unknown, of which the solution is known before they are.

    Args:
        letters: constants may be letters.
        moves: of the domain that the problems are for; see :class:`~reasoning_envs.domains.algebra.AlgebraDomain`.
    """

    name = "equations built backwards"
    max_actions = 64

    def __init__(self, letters: bool = False, moves: str = "explicit") -> None:
        domain = AlgebraDomain(moves)
        self.letters = letters
        self.domain = domain
        self.domains = (domain,)
        self.max_tokens = domain.max_tokens

    def begin(self, rng: np.random.Generator) -> EquationState:
        """``x = c``: c is an integer from -12 to 12, now and then a fraction; with letters mostly a letter."""
        value: Expr
        if self.letters and rng.random() < 0.7:
            value = sym(_LETTERS[int(rng.integers(len(_LETTERS)))])
        elif rng.random() < 0.15:
            value = num(Fraction(int(rng.integers(1, 12)), int(rng.integers(2, 7))))
        else:
            value = num(int(rng.integers(-12, 12, endpoint=True)))
        line = equation(_X, value)
        return EquationState(line, line)

    def is_final(self, state: EquationState) -> bool:
        """It has been proposed."""
        return state.proposed

    def actions(self, state: EquationState) -> Sequence[EquationAction]:
        """The operations; of one that was chosen, its operands."""
        if state.proposed:
            return ()
        if state.group is not None:
            return list(self._applied(state, state.group))
        line = _line(state)
        found = [
            EquationAction(name, EquationState(line, state.solution, name), is_step=False)
            for name in _operations(self.letters)
            if next(self._applied(state, name), None) is not None
        ]
        found += self._plain(state)
        if line != state.solution:
            found.append(EquationAction(_PROPOSE, EquationState(line, state.solution, proposed=True)))
        return found

    def _applied(self, state: EquationState, name: str) -> Iterator[EquationAction]:
        line = _line(state)
        operation, operands = _operations(self.letters)[name]
        for operand in operands:
            left, right = operation(line.left, line.right, operand)
            after = EquationState(equation(left, right), state.solution)
            if len(after.tokens) <= self.max_tokens and not is_solved(after.line):
                yield EquationAction(name, after, operand=operand)

    def _plain(self, state: EquationState) -> Iterator[EquationAction]:
        line = _line(state)
        changed = {
            "swap sides": (line.right, line.left),
            "work out the left side": (simplify(line.left), line.right),
            "work out the right side": (line.left, simplify(line.right)),
        }
        for name, (left, right) in changed.items():
            after = equation(left, right)
            if after != line:
                yield EquationAction(name, EquationState(after, state.solution))

    def tokens(self, state: EquationState) -> bytes:
        """The line; behind the name of the operation that was chosen, or the mark of a proposal."""
        head = _PROPOSED if state.proposed else b""
        if state.group is not None:
            head = GROUP + state.group.encode() + END
        return (head + state.tokens)[: self.max_tokens]

    def text(self, state: EquationState) -> str:
        """The line as a person reads it."""
        from reasoning_envs.symbolic.syntax.printer import to_text

        return to_text(state.line)

    def made(self, state: EquationState) -> Problem:
        """The equation as a problem, with ``x = c`` as its answer.

        Raises:
            InputError: it has no unknown, is solved already, or its certificate does not hold (a multiplication by
                what is zero).
        """
        from reasoning_envs.symbolic.syntax.printer import to_text

        line = _line(state)
        if "x" not in free_symbols(line):
            raise unread("the unknown has gone")
        if is_solved(line):
            raise unread("it is solved already")
        answer = to_text(state.solution)
        problem = replace(self.domain.problem(to_text(line), "x"), answer=answer, level="proposed")
        verdict = self.domain.verifier.outcome(problem, (Step(0, 0, answer, _ASKED),))
        if not verdict.verified:
            raise unread(f"its certificate {answer} does not hold: {verdict.reason}")
        if self.domain.is_final(self.domain.start(problem)):
            raise unread("it has the form of an answer")
        return problem


_Operation = tuple[Callable[[Expr, Expr, Expr], tuple[Expr, Expr]], tuple[Expr, ...]]


def _line(state: EquationState) -> Comparison:
    line = state.line
    assert isinstance(line, Comparison)
    return line


def _added(left: Expr, right: Expr, term: Expr) -> tuple[Expr, Expr]:
    return add(left, term), simplify(add(right, term))


def _collected(left: Expr, right: Expr, term: Expr) -> tuple[Expr, Expr]:
    return simplify(add(left, term)), simplify(add(right, term))


def _beside(left: Expr, right: Expr, term: Expr) -> tuple[Expr, Expr]:
    return add(left, term), add(right, term)


def _multiplied(left: Expr, right: Expr, factor: Expr) -> tuple[Expr, Expr]:
    return product(factor, left), simplify(product(factor, right))


def _divided(left: Expr, right: Expr, under: Expr) -> tuple[Expr, Expr]:
    return div(left, under), simplify(div(right, under))


@cache
def _operations(letters: bool) -> dict[str, _Operation]:
    """By name: what is done to both sides, and with what."""
    numbers = [num(value) for value in range(1, 13)]
    signed = tuple(sign for value in numbers for sign in (value, neg(value)))
    names = [sym(letter) for letter in _LETTERS] if letters else []
    named = tuple(sign for name in names for sign in (name, neg(name)))
    multiples = tuple(
        sign for value in (*numbers[:9], *names) for sign in _with_sign(_X if value == num(1) else product(value, _X))
    )
    brackets = tuple(
        product(factor, add(_X, term)) if factor is not None else neg(add(_X, term))
        for factor in (*numbers[1:5], None, num(-2), *names[:1])
        for term in (*signed[:6], *names[:1])
    )
    return {
        "add a term": (_added, (*signed, *named)),
        "add a multiple of the unknown": (_collected, multiples),
        "write a multiple of the unknown beside": (_beside, multiples),
        "write a bracket beside": (_added, brackets),
        "multiply": (_multiplied, (*numbers[1:], num(-1), *names)),
        "divide": (_divided, (*numbers[1:], *names)),
    }


def _with_sign(term: Expr) -> tuple[Expr, Expr]:
    return term, neg(term)
