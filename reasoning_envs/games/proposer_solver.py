"""Proposer and solver: the one builds a problem backwards from its solution, the other solves it, some times over.

The proposer is paid for problems that are neither too easy nor too hard for this solver, by its rate of success p on
the problem; the solver is paid for verified outcomes alone. Sources: r_P = 1 - p where p > 0 from Zhao et al.,
"Absolute Zero: Reinforced self-play reasoning with zero data", 2025, eq. 4; 4p(1 - p) after Tzannetos et al., "Proximal
curriculum for reinforcement learning agents", TMLR 2023, eq. 4; min(p, 1 - p) is the same with straight sides.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from reasoning_envs.domains.protocol import Domain, InputError
from reasoning_envs.games.game import Game
from reasoning_envs.games.protocol import Maker
from reasoning_envs.games.seat import DeskSeat, SolverSeat
from reasoning_envs.loading import load
from reasoning_envs.problems import split_of
from reasoning_envs.types import Problem

__all__ = ["INVALID", "PAYMENTS", "ProposerSolver", "opened_maker"]

INVALID = -1.0
"""What a proposer is paid for a proposal that is no problem."""

PAYMENTS: dict[str, Callable[[float], float]] = {
    "one_minus_p": lambda p: 1.0 - p if 0.0 < p < 1.0 else 0.0,
    "learnability": lambda p: 4.0 * p * (1.0 - p),
    "nearest": lambda p: min(p, 1.0 - p),
}
"""By name, what a proposer is paid for a problem that is solved at the rate p."""


def opened_maker(maker: Maker | str, kwargs: Mapping[str, Any]) -> Maker:
    """The maker from an object, or from ``"module:Name"`` of its class.

    Raises:
        TypeError: it is no maker. ValueError: the string names nothing.
    """
    found = load(maker) if isinstance(maker, str) else maker
    if isinstance(found, type):
        found = found(**kwargs)
    elif kwargs:
        raise TypeError(f"the game knows no {', '.join(kwargs)}, and the maker is an object made already")
    if not isinstance(found, Maker):
        raise TypeError(f"{maker!r:.80} makes no problems: it lacks a method of reasoning_envs.games.protocol.Maker")
    return found


class ProposerSolver(Game):
    """The game over any :class:`~reasoning_envs.games.protocol.Maker`.

    ``proposer_0`` builds a problem; ``solver_0`` then tries it ``attempts`` times, each time from the start. A proposal
    that is no problem, or that never ends, pays :data:`INVALID` and ends the game before the solver's turn; so does
    one of another split, which pays 0, since nobody can know. A problem that was proposed before, by the domain's
    canonical key, is played, and pays less by ``duplicate_penalty``. What is remembered is part of the game until
    ``reset`` is given a seed; :meth:`get_memory` and :meth:`set_memory` carry it over a restart.

    The game tells: ``proposal`` (the statement), ``valid``, ``reason`` (why not), ``new``, ``solve_rate`` (p; -1 where
    nothing was scored), ``learnable`` (0 < p < 1), ``unscored`` (attempts).

    Args:
        maker: an object, or ``"module:Name"`` of its class.
        payment: a name of :data:`PAYMENTS`.
        attempts: of the solver, 1 or more. From one attempt, p is 0 or 1 and every payment 0: it is for training the
            solver alone.
        duplicate_penalty: 0 or more.
        split: that the proposals must belong to; None for any.
        remembered: proposals, the newest so many.
        proposer_steps, solver_steps: reasoning steps at most; of the solver in each attempt.
        proposer, solver: what the roles are called.
        render_mode: ``"ansi"``, ``"human"`` or None.
        **maker_kwargs: of a maker that is named by string.

    Raises:
        ValueError: a number out of range, or no such payment.
        TypeError: it is no maker, or does not take the keywords.
    """

    def __init__(
        self,
        maker: Maker | str = "reasoning_envs.games.makers.equations:EquationMaker",
        *,
        payment: str = "one_minus_p",
        attempts: int = 4,
        duplicate_penalty: float = 0.5,
        split: str | None = "train",
        remembered: int = 100_000,
        proposer_steps: int = 12,
        solver_steps: int = 30,
        proposer: str = "proposer_0",
        solver: str = "solver_0",
        name: str = "proposer and solver",
        render_mode: str | None = None,
        **maker_kwargs: Any,
    ) -> None:
        if payment not in PAYMENTS:
            raise ValueError(f"there is no payment {payment!r}; known: {', '.join(PAYMENTS)}")
        if attempts < 1 or remembered < 0 or not duplicate_penalty >= 0.0:
            raise ValueError(
                "attempts must be 1 or more, remembered and duplicate_penalty 0 or more, "
                f"got {attempts}, {remembered} and {duplicate_penalty}"
            )
        self.maker = opened_maker(maker, maker_kwargs)
        self._making = DeskSeat(self.maker, proposer_steps)
        self._solving = SolverSeat(self.maker.domains, solver_steps)
        super().__init__(name, {proposer: self._making, solver: self._solving}, split, render_mode)
        self.payment = payment
        self.attempts = attempts
        self.duplicate_penalty = duplicate_penalty
        self.remembered = remembered
        self._proposer = proposer
        self._solver = solver
        self._domains: Mapping[str, Domain] = {domain.name: domain for domain in self.maker.domains}
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._problem: Problem | None = None
        self._left = 0
        self._solved = 0
        self._scored = 0
        self._new = True

    def get_memory(self) -> list[str]:
        """Digests of the proposals that are remembered, the oldest first: plain data for a checkpoint."""
        return list(self._seen)

    def set_memory(self, digests: list[str]) -> None:
        """The inverse of :meth:`get_memory`."""
        self._seen = OrderedDict.fromkeys(digests)

    def _forget(self) -> None:
        self._seen.clear()

    def _deal(self, options: Mapping[str, Any]) -> str:
        self._problem = None
        self._solved = self._scored = 0
        self._left = self.attempts
        self._new = True
        self._solving.leave()
        problem = options.get("problem")
        if problem is None:
            self._making.sit(self.maker.begin(self.np_random))
            return self._proposer
        if not isinstance(problem, Problem):
            raise ValueError(f"the option 'problem' takes a Problem, got {type(problem).__name__}")
        self._making.leave()
        self._absent(self._proposer)
        self._pose(problem)
        return self._solver

    def _moved(self, agent: str) -> str | None:
        if agent == self._proposer:
            return self._proposed() if self._making.over else agent
        if not self._solving.over:
            return agent
        outcome = self._solving.outcome
        if outcome is None or outcome.scored:
            self._scored += 1
            self._solved += self._solving.solved
            self._pay(agent, float(self._solving.solved))
        self._left -= 1
        if self._left:
            assert self._problem is not None
            self._solving.sit(self._problem)
            return agent
        return self._settle()

    def _proposed(self) -> str | None:
        try:
            if self._making.end != "done":
                return self._refuse(f"nothing was proposed: {self._making.end}")
            problem = self.maker.made(self._making.state)
            key = self._domains[problem.domain].canonical_key(problem)
            if self.split is not None and split_of(key) != self.split:
                return self._refuse(f"it belongs to the split {split_of(key)!r}", pay=0.0)
            self._pose(problem)
        except InputError as error:
            return self._refuse(error.verdict.reason)
        self._new = self._remember(f"{problem.domain} {key}")
        return self._solver

    def _pose(self, problem: Problem) -> None:
        self._solving.sit(problem)
        self._problem = problem

    def _refuse(self, reason: str, pay: float = INVALID) -> str | None:
        self._pay(self._proposer, pay)
        return self._over(self._told_of(valid=False, reason=reason, new=False, p=None))

    def _remember(self, key: str) -> bool:
        digest = blake2b(key.encode(), digest_size=8).hexdigest()
        new = digest not in self._seen
        self._seen[digest] = None
        self._seen.move_to_end(digest)
        if len(self._seen) > self.remembered:
            self._seen.popitem(last=False)
        return new

    def _settle(self) -> str | None:
        p = self._solved / self._scored if self._scored else None
        if p is not None:
            self._pay(self._proposer, PAYMENTS[self.payment](p) - self.duplicate_penalty * (not self._new))
        return self._over(self._told_of(valid=True, reason="", new=self._new, p=p), scored=p is not None)

    def _told_of(self, valid: bool, reason: str, new: bool, p: float | None) -> dict[str, bool | int | float | str]:
        return {
            "proposal": self._problem.statement if self._problem is not None else self._making.text,
            "valid": valid,
            "reason": reason,
            "new": new,
            "solve_rate": -1.0 if p is None else p,
            "learnable": p is not None and 0.0 < p < 1.0,
            "unscored": self.attempts - self._left - self._scored,
        }
