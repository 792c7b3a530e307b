"""What a process reward model (PRM) is.

A PRM scores the steps of episodes. Offline it scores whole traces in a batch; online a *scorer* follows one episode
step by step, so that an episode of n steps costs O(n). Whoever writes only :meth:`ProcessRewardModel.score` inherits a
scorer that is right, if slower.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Self

from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["PRMError", "ProcessRewardModel", "Scorer", "StepLabels"]

StepLabels = Mapping[str, Sequence[float | None]]
"""Per trace (key: its index as text, or its problem's id) one label in [0, 1] a step, None where there is none."""


class PRMError(RuntimeError):
    """A PRM that raised, or answered with something that is no score. The message names the PRM and the fault."""


class Scorer(ABC):
    """Follows one episode.

    Attributes:
        initial: the score of the start, before any step (potentials need it).
    """

    initial: StepScore

    @abstractmethod
    def step(self, step: Step, state: Any) -> StepScore:
        """The score of the step just taken; ``state`` is what ``env.get_state()`` gives after it."""


class ProcessRewardModel(ABC):
    """Scores steps. One file holds one family.

    Attributes:
        name: shown in tables, errors and critiques.
        reads_states: scorers look at the ``state`` that comes with a step; where False, None may be given.
        threshold: in (0, 1); a step whose ``p_correct`` (else ``value``) is below it is called wrong.
    """

    name: str = "prm"
    reads_states: bool = True
    threshold: float = 0.5

    @abstractmethod
    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        """One list a trace, with one :class:`StepScore` for each of its steps."""

    def begin(self, problem: Problem, state: Any) -> Scorer:
        """A scorer for a new episode; ``state`` is what ``env.get_state()`` gives at its start."""
        return _RescoringScorer(self, problem)

    def anticipate(self, episodes: Sequence[tuple[Problem, Sequence[str]]]) -> None:
        """Work out in one batch what scorers are about to be asked for; by default nothing is done.

        Args:
            episodes: each a problem and the lines of an episode so far, from its first line to the one that comes next.
        """
        return

    def fit(self, traces: Sequence[Trace], labels: StepLabels | None = None) -> dict[str, float]:
        """Train on traces; returns metrics by name.

        Args:
            traces: the material.
            labels: see :data:`StepLabels`; None in place of all: what the family derives from the traces themselves.

        Raises:
            PRMError: this family cannot be trained.
        """
        raise PRMError(f"{self.name}: this family of PRM is not trained")

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to one file.

        Raises:
            PRMError: this family holds nothing to save.
        """
        raise PRMError(f"{self.name}: this family of PRM holds nothing to save")

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            PRMError: the file is of another family, vocabulary or version; both are named.
        """
        raise PRMError(f"{cls.name}: this family of PRM holds nothing to load")


class _RescoringScorer(Scorer):
    """The default: scores the episode so far anew at each step."""

    def __init__(self, prm: ProcessRewardModel, problem: Problem) -> None:
        self._prm = prm
        self._problem = problem
        self._steps: tuple[Step, ...] = ()
        self.initial = StepScore(value=0.5, critique="nothing has been done yet")

    def step(self, step: Step, state: Any) -> StepScore:
        self._steps = (*self._steps, step)
        trace = Trace("", {}, {}, "solver", None, self._problem, self._steps, None)
        rows = self._prm.score([trace])
        if len(rows) != 1 or len(rows[0]) != len(self._steps):
            lengths = [len(row) for row in rows]
            raise PRMError(f"{self._prm.name}: gave {lengths} scores for one trace of {len(self._steps)} steps")
        return rows[0][-1]
