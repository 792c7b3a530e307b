"""A race: two solvers, one problem, and the first verified solution wins.

The reward is sparse and competitive: +1 to the winner, -1 to the other, -1 to both where nobody wins, as the draws of
Bansal et al., "Emergent complexity via multi-agent competition", ICLR 2018, which pay as much as a loss. There, a
dense exploration reward is annealed into it (eq. 1): here by :class:`~reasoning_envs.rewards.Annealed` round the
single-agent view, and opponents are drawn from the newest part of the past snapshots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reasoning_envs.domains.protocol import Domain, MoveDomain
from reasoning_envs.games.game import Game
from reasoning_envs.games.seat import SolverSeat
from reasoning_envs.loading import open_domain
from reasoning_envs.problems import ProblemSource
from reasoning_envs.types import Problem

__all__ = ["Race", "move_domain"]

_FIRST, _SECOND = "solver_0", "solver_1"


def move_domain(domain: Domain | str, kwargs: Mapping[str, Any]) -> MoveDomain:
    """The domain from an object or its name.

    Raises:
        TypeError: it is none, or offers no moves.
    """
    found = open_domain(domain, kwargs)
    if not isinstance(found, MoveDomain):
        raise TypeError(f"the domain {found.name!r} offers no moves, and a game is played with moves")
    return found


class Race(Game):
    """Both solvers work on the same problem, move by move in turn, each on its own line.

    A round is a move of each that is still under way, and is judged as a whole: whoever moves first has no advantage.
    A wrong answer, a step limit or a place without moves puts a solver out of the race while the other goes on. Both
    right in the same round is a draw.

    Each sees, as ``context``, the other's line as it stands.

    The game tells: ``problem`` (the statement), ``winner`` (a role, or empty), ``draw``, ``rounds``, ``solved_0`` and
    ``solved_1``. Where a verdict is missing because nobody could judge an answer, the game is truncated and unpaid.

    Args:
        domain: an object, or ``"module:Name"``.
        level: of the problems: one, several, or None for the domain's mixture.
        split: of the problems.
        max_steps: of each solver.
        render_mode: ``"ansi"``, ``"human"`` or None.
        **domain_kwargs: of a domain that is named by string.
    """

    def __init__(
        self,
        domain: Domain | str = "reasoning_envs.domains.algebra:AlgebraDomain",
        *,
        level: str | Sequence[str] | None = None,
        split: str | None = "train",
        max_steps: int = 30,
        render_mode: str | None = None,
        **domain_kwargs: Any,
    ) -> None:
        opened = move_domain(domain, domain_kwargs)
        self.domain = opened
        self._places = {role: SolverSeat((opened,), max_steps, context=opened.max_tokens) for role in (_FIRST, _SECOND)}
        super().__init__("race", self._places, split, render_mode)
        refusal = next(iter(self._places[_FIRST].environments.values())).refusal
        self._source = ProblemSource(opened, split=split, level=level, problems=None, refusal=refusal)
        self._problem: Problem | None = None
        self._rounds = 0

    def _deal(self, options: Mapping[str, Any]) -> str:
        problem = options.get("problem")
        self._problem = self._source.draw(self.np_random) if problem is None else problem
        self._rounds = 0
        for place in self._places.values():
            place.sit(self._problem)
        self._show()
        return _FIRST

    def _show(self) -> None:
        """To each the other's line."""
        for role, other in ((_FIRST, _SECOND), (_SECOND, _FIRST)):
            self._places[role].know(self.domain.tokens(self._places[other].state))

    def _moved(self, agent: str) -> str | None:
        first, second = self._places[_FIRST], self._places[_SECOND]
        if agent == _FIRST and not second.over:
            return _SECOND
        self._rounds += 1
        if first.solved or second.solved or (first.over and second.over):
            return self._finish(first, second)
        self._show()
        return _SECOND if first.over else _FIRST

    def _finish(self, first: SolverSeat, second: SolverSeat) -> str | None:
        scored = all(place.outcome is None or place.outcome.scored for place in (first, second))
        winner = ""
        if first.solved != second.solved:
            winner = _FIRST if first.solved else _SECOND
        if scored or winner:
            for role in (_FIRST, _SECOND):
                self._pay(role, 1.0 if role == winner else -1.0)
        assert self._problem is not None
        told: dict[str, bool | int | float | str] = {
            "problem": self._problem.statement,
            "winner": winner,
            "draw": not winner,
            "rounds": self._rounds,
            "solved_0": first.solved,
            "solved_1": second.solved,
        }
        return self._over(told, scored=scored or bool(winner))
