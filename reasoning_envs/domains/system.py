"""Solving a system of equations in two to four unknowns, line by line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import permutations

import numpy as np

from reasoning_envs.domains.algebra import AlgebraDomain, AlgebraState, read_line, unread
from reasoning_envs.domains.problems.system import SYSTEM_LEVELS, draw_system
from reasoning_envs.symbolic.moves.equations import Move
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.syntax.expression import sym
from reasoning_envs.symbolic.syntax.statement import (
    Comparison,
    Statement,
    Truth,
    alternatives,
    conjuncts,
    free_symbols,
    substitute,
)
from reasoning_envs.symbolic.syntax.unknowns import USUAL_UNKNOWNS, names_of, unknown_in
from reasoning_envs.symbolic.systems.lines import fault_of_system_solution
from reasoning_envs.symbolic.systems.mistakes import system_mistakes
from reasoning_envs.symbolic.systems.moves import system_moves
from reasoning_envs.types import Problem
from reasoning_envs.verifiers.symbolic import SymbolicVerifier

__all__ = ["SystemDomain"]

_MAX_NAMINGS = 720


class SystemDomain(AlgebraDomain):
    """Systems of equations in two to four unknowns, linear ones and polynomial ones.

    An answer is a value for each unknown, ``x = 2 and y = 1``, alternatives of such joined by *or*, ``x = 3 - z and
    y = 2*z`` where unknowns are free, ``no solution``, or ``all reals`` where every choice of the unknowns will do.

    Every move leaves the equation that it makes in order: like terms collected, unknowns on the left.

    Args:
        max_tokens: length of an encoded line at most; a move to a longer line is no candidate.
    """

    name = "system"
    _called = "system"

    def __init__(self, max_tokens: int = 192) -> None:
        self.moves = "ordered"
        self.levels: Sequence[str] = SYSTEM_LEVELS
        self.max_tokens = max_tokens
        self.verifier = SymbolicVerifier()

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        seed = int(rng.integers(2**31))
        if level is None:
            level = self.levels[int(rng.integers(len(self.levels)))]
        line, solution, unknowns = draw_system(np.random.default_rng(seed), level)
        return self._problem(line, solution, level, seed, ", ".join(unknowns))

    def problem(self, statement: str, unknown: str | None = None) -> Problem:
        """A system that anybody wrote. Any letter but the unknowns is a constant.

        Args:
            statement: equations joined by *and* or by commas, in plain text or LaTeX.
            unknown: the letters that are solved for, ``"x, y"``; by default those of x, y, z, w that occur, if two do,
                and otherwise all letters.

        Raises:
            InputError: no system in two to four unknowns, one that divides by zero, or one that is too large for
                ``max_tokens``.
            ValueError: ``unknown`` holds what cannot be a symbol.
        """
        line = read_line(statement, unknown)
        equations = [sum(_is_equation(piece) for piece in conjuncts(part)) for part in alternatives(line)]
        if not equations or max(equations) < 2:
            raise unread("a system is needed: two equations or more, joined by 'and'")
        letters = free_symbols(line)
        chosen = unknown_in([line]) if unknown is None else unknown
        names = names_of(chosen or "")
        found = ", ".join(sorted(letters)) or "no letter at all"
        missing = [name for name in names if name not in letters]
        if missing and unknown is not None:
            raise unread(f"the unknown {missing[0]!r} is not in the system; found {found}")
        if not 2 <= len(set(names)) <= len(USUAL_UNKNOWNS) or missing:
            raise unread(f"a system has two to four unknowns, of x, y, z, w or named; found {found}")
        if any(len(name) > 1 for name in names):
            raise unread(f"the unknowns {chosen!r} must be single letters")
        return self._problem(self._fitting(line), None, None, None, ", ".join(names))

    def canonical_key(self, problem: Problem) -> str:
        """A digest of the system that does not know names of letters and the order of equations, sides and operands."""
        unknown = str(problem.metadata["unknown"])
        line = read_line(problem.statement, unknown)
        names = sorted(names_of(unknown))
        letters = sorted(free_symbols(line) - set(names))
        orders = [(*first, *second) for first in permutations(names) for second in permutations(letters)]
        if len(orders) > _MAX_NAMINGS:
            orders = [(*names, *letters)]
        neutral = [f"c_{i}" for i in range(len(names) + len(letters))]
        found = min(_key(line, dict(zip(order, neutral, strict=True))) for order in orders)
        return hashlib.blake2b(found, digest_size=16).hexdigest()

    def is_final(self, state: AlgebraState) -> bool:
        """The line is a solved system; see :func:`~reasoning_envs.symbolic.systems.lines.fault_of_system_solution`."""
        return state.group is None and fault_of_system_solution(state.line, _usual(state)) is None

    def corrupt(self, state: AlgebraState, rng: np.random.Generator) -> tuple[AlgebraState, str]:
        """The line with one mistake: a sign, a dropped term or equation, wrong arithmetic, a lost solution.

        Raises:
            ValueError: nothing in the line can be spoiled so that its solutions change.
        """
        unknowns = _usual(state)
        spoiled = system_mistakes(state.line, unknowns)
        for index in rng.permutation(len(spoiled)):
            line, error = spoiled[int(index)]
            if relate(state.line, line, unknown=", ".join(unknowns)).refuted:
                return AlgebraState(line, state.unknown), error
        raise ValueError(f"no mistake in {self.text(state)!r} changes its solutions")

    def _moves(self, state: AlgebraState) -> Iterable[Move]:
        return system_moves(state.line, _usual(state))


def _usual(state: AlgebraState) -> tuple[str, ...]:
    """What the unknowns are called inside."""
    return USUAL_UNKNOWNS[: len(names_of(state.unknown))]


def _is_equation(piece: Statement) -> bool:
    return isinstance(piece, Comparison) and piece.op == "="


def _key(line: Statement, names: dict[str, str]) -> bytes:
    """The renamed line as bytes, in an order that does not depend on how it was written."""
    return _sorted_bytes(substitute(line, {old: sym(new) for old, new in names.items()}))


def _sorted_bytes(line: Statement) -> bytes:
    if isinstance(line, Comparison):
        sides = [line.left.key, line.right.key]
        if line.op in ("=", "!="):
            sides.sort()
        return line.op.encode() + b" " + sides[0] + b" " + sides[1]
    if isinstance(line, Truth):
        return b"true" if line.value else b"false"
    return type(line).__name__.encode() + b"(" + b";".join(sorted(_sorted_bytes(part) for part in line.parts)) + b")"
