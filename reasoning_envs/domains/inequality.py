"""Solving an inequality in one unknown, line by line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reasoning_envs.domains.algebra import AlgebraDomain, AlgebraState
from reasoning_envs.domains.problems.inequality import (
    INEQUALITY_LEVELS,
    DrawnInequality,
    draw_inequality,
    scrambled_inequality,
)
from reasoning_envs.symbolic.inequalities.forms import INEQUALITIES, is_solution
from reasoning_envs.symbolic.inequalities.mistakes import inequality_mistakes
from reasoning_envs.symbolic.inequalities.moves import INEQUALITY_MOVE_SETS
from reasoning_envs.symbolic.roots.intervals import solutions, statement_of
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.steps.lines import comparisons
from reasoning_envs.symbolic.syntax.statement import Statement
from reasoning_envs.types import Problem
from reasoning_envs.verifiers.symbolic import SymbolicVerifier

__all__ = ["InequalityDomain"]


class InequalityDomain(AlgebraDomain):
    """Inequalities in one unknown, chains and several joined by *and* and *or* among them.

    An answer is a union of intervals, each said by at most two bounds: ``x < -2 or x >= 1``, ``x > 1 and x <= 3``,
    ``x != 2``, ``no solution``, ``all reals``.

    Args:
        moves: the set of moves: ``"explicit"``, or ``"curated"``, where the line is simplified after each.
        max_tokens: length of an encoded line at most; a move to a longer line is no candidate.
    """

    name = "inequality"
    _called = "inequality"

    def __init__(self, moves: str = "explicit", max_tokens: int = 128) -> None:
        if moves not in INEQUALITY_MOVE_SETS:
            raise ValueError(f"no set of moves {moves!r}; there are {', '.join(INEQUALITY_MOVE_SETS)}")
        self.moves = moves
        self.levels: Sequence[str] = INEQUALITY_LEVELS
        self.max_tokens = max_tokens
        self.verifier = SymbolicVerifier()
        self._generate = INEQUALITY_MOVE_SETS[moves]

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """See :class:`~reasoning_envs.domains.protocol.Domain`."""
        seed = int(rng.integers(2**31))
        if level is None:
            level = self.levels[int(rng.integers(len(self.levels)))]
        return self._certified(_solved(draw_inequality(np.random.default_rng(seed), level)), level, seed)

    def scramble(self, rng: np.random.Generator, depth: int, letters: bool = False) -> Problem:
        """A problem made backwards from a bound by ``depth`` operations, of no family.

        Raises:
            ValueError: ``letters``, whose signs no operation would know.
        """
        if letters:
            raise ValueError("inequalities are scrambled without letters: their signs would decide every step")
        seed = int(rng.integers(2**31))
        drawn = scrambled_inequality(np.random.default_rng(seed), depth)
        return self._certified(_solved(drawn), f"scrambled-{depth}", seed)

    def is_final(self, state: AlgebraState) -> bool:
        """The line is a union of intervals; see :mod:`reasoning_envs.symbolic.inequalities.forms`."""
        return state.group is None and is_solution(state.line, "x")

    def corrupt(self, state: AlgebraState, rng: np.random.Generator) -> tuple[AlgebraState, str]:
        """The line with one mistake: a relation not turned, an end that is in or out, a sign, a lost alternative ...

        Raises:
            ValueError: nothing in the line can be spoiled so that its solutions change.
        """
        spoiled = inequality_mistakes(state.line)
        for index in rng.permutation(len(spoiled)):
            line, error = spoiled[int(index)]
            if relate(state.line, line, unknown="x").refuted:
                return AlgebraState(line, state.unknown), error
        raise ValueError(f"no mistake in {self.text(state)!r} changes its solutions")

    def _missing(self, line: Statement) -> str | None:
        found = any(comparison.op in INEQUALITIES for comparison in comparisons(line))
        return None if found else "an inequality is needed, with <, <=, > or >= between two sides"


def _solved(drawn: DrawnInequality) -> tuple[Statement, Statement]:
    """The drawn line with its solution.

    Raises:
        RuntimeError: the solution cannot be written, which no family allows.
    """
    if drawn.solution is not None:
        return drawn.line, drawn.solution
    found = solutions(drawn.line, "x")
    solution = None if found is None else statement_of(found, "x")
    if solution is None:
        raise RuntimeError(f"the solution of {drawn.line} cannot be written")
    return drawn.line, solution
