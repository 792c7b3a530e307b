"""Injector and fixer: the one puts bugs into a right program, the other mends it."""

from __future__ import annotations

from reasoning_envs.games.makers.bugs import BugMaker
from reasoning_envs.games.proposer_solver import ProposerSolver

__all__ = ["InjectorFixer"]


class InjectorFixer(ProposerSolver):
    """:class:`~reasoning_envs.games.proposer_solver.ProposerSolver` over programs with bugs.

    ``injector_0`` edits a right program; ``fixer_0`` may make as many edits as there are bugs, and its submission is
    judged by hidden tests in the sandbox. Bugs that no visible test shows, or that no listed edit takes back, are no
    valid proposal.

    Args:
        grammar, bugs, judge: see :class:`~reasoning_envs.games.makers.bugs.BugMaker`.
        payment, attempts, duplicate_penalty, split, remembered, proposer_steps, solver_steps, render_mode: see
            :class:`~reasoning_envs.games.proposer_solver.ProposerSolver`.
    """

    def __init__(
        self,
        *,
        grammar: str = "small",
        bugs: int = 2,
        judge: str = "sandbox",
        payment: str = "one_minus_p",
        attempts: int = 4,
        duplicate_penalty: float = 0.5,
        split: str | None = "train",
        remembered: int = 100_000,
        proposer_steps: int = 6,
        solver_steps: int = 8,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(
            BugMaker(grammar, bugs, judge),
            payment=payment,
            attempts=attempts,
            duplicate_penalty=duplicate_penalty,
            split=split,
            remembered=remembered,
            proposer_steps=proposer_steps,
            solver_steps=solver_steps,
            proposer="injector_0",
            solver="fixer_0",
            name="injector and fixer",
            render_mode=render_mode,
        )
