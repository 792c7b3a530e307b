"""The code triad: a proposer composes a program and asks about it; the solver deduces, abduces or induces.

Zhao et al., "Absolute Zero: Reinforced self-play reasoning with zero data", 2025, section 3. Both roles see the same
space and act in the same space, so that one policy can play both, as there.
"""

from __future__ import annotations

from collections.abc import Sequence

from reasoning_envs.games.makers.programs import QuestionMaker
from reasoning_envs.games.proposer_solver import ProposerSolver

__all__ = ["CodeTriad"]


class CodeTriad(ProposerSolver):
    """:class:`~reasoning_envs.games.proposer_solver.ProposerSolver` over questions about programs.

    The game tells also ``task``: which of the three was asked; empty where there was no valid proposal. Baselines are
    best kept by game, task and role.

    Args:
        grammar, lines, tasks, judge: see :class:`~reasoning_envs.games.makers.programs.QuestionMaker`.
        payment, attempts, duplicate_penalty, split, remembered, proposer_steps, solver_steps, render_mode: see
            :class:`~reasoning_envs.games.proposer_solver.ProposerSolver`.
    """

    def __init__(
        self,
        *,
        grammar: str = "small",
        lines: int = 3,
        tasks: Sequence[str] = ("deduction", "abduction", "induction"),
        judge: str = "sandbox",
        payment: str = "one_minus_p",
        attempts: int = 4,
        duplicate_penalty: float = 0.5,
        split: str | None = "train",
        remembered: int = 100_000,
        proposer_steps: int = 8,
        solver_steps: int = 12,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(
            QuestionMaker(grammar, lines, judge, tasks),
            payment=payment,
            attempts=attempts,
            duplicate_penalty=duplicate_penalty,
            split=split,
            remembered=remembered,
            proposer_steps=proposer_steps,
            solver_steps=solver_steps,
            name="code triad",
            render_mode=render_mode,
        )

    def _told_of(self, valid: bool, reason: str, new: bool, p: float | None) -> dict[str, bool | int | float | str]:
        told = super()._told_of(valid, reason, new, p)
        domain = "" if self._problem is None else self._problem.domain
        return {**told, "task": "induction" if domain == "synthesis" else domain}
