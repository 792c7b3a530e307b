"""Several PRMs as one: their mean, their least, or the mean less what they disagree by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, Literal

import numpy as np

from reasoning_envs.rewards.checking import checked, open_prm, score_checked
from reasoning_envs.rewards.following import finite
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer
from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["EnsemblePRM"]


class EnsemblePRM(ProcessRewardModel):
    """One score from those of several PRMs, each a member.

    ``value``, ``p_correct`` and ``advantage`` are combined alike: by their mean; by their minimum; or, with
    ``"pessimistic"``, as mean - k * sigma, cut to the range (against over-optimisation; Coste et al., arXiv
    2310.02743). ``uncertainty`` is twice the standard deviation of the values, at most 1. The critique is that of the
    member with the least value; so is the kind of error.

    Args:
        members: PRMs, ``"module:Name"`` or ``.pt`` files; two or more.
        combine: see above.
        k: of ``"pessimistic"``, 0 or more.

    Raises:
        ValueError: fewer than two members, an unknown way to combine, or k below 0.
    """

    name = "ensemble"

    def __init__(
        self,
        members: Sequence[ProcessRewardModel | str | PathLike[str]],
        *,
        combine: Literal["mean", "min", "pessimistic"] = "mean",
        k: float = 1.0,
    ) -> None:
        if len(members) < 2:
            raise ValueError(f"an ensemble needs two members or more, got {len(members)}")
        if combine not in _WAYS:
            raise ValueError(f"combine must be one of {', '.join(_WAYS)}, got {combine!r}")
        if finite("k", k) < 0.0:
            raise ValueError(f"k must be 0 or more, got {k!r}")
        self.members = [open_prm(member) for member in members]
        self.combine = combine
        self.k = float(k)

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        tables = [score_checked(member, traces) for member in self.members]
        return [[self.join(scores) for scores in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)]

    def begin(self, problem: Problem, state: Any) -> Scorer:
        return _EnsembleScorer(self, problem, state)

    def join(self, scores: Sequence[StepScore]) -> StepScore:
        """One score from the members' scores of one step."""
        worst = min(scores, key=lambda score: score.value)
        values = [score.value for score in scores]
        return StepScore(
            value=self._combined(values, 0.0, 1.0),
            critique=worst.critique,
            p_correct=self._optional([score.p_correct for score in scores], 0.0),
            advantage=self._optional([score.advantage for score in scores], -1.0),
            uncertainty=min(1.0, 2.0 * float(np.std(values))),
            error_type=worst.error_type,
        )

    def _optional(self, numbers: Sequence[float | None], low: float) -> float | None:
        given = [number for number in numbers if number is not None]
        return self._combined(given, low, 1.0) if len(given) == len(numbers) else None

    def _combined(self, numbers: Sequence[float], low: float, high: float) -> float:
        return float(np.clip(_WAYS[self.combine](np.asarray(numbers, dtype=float), self.k), low, high))


_WAYS: dict[str, Callable[[Any, float], Any]] = {
    "mean": lambda numbers, k: numbers.mean(),
    "min": lambda numbers, k: numbers.min(),
    "pessimistic": lambda numbers, k: numbers.mean() - k * numbers.std(),
}


class _EnsembleScorer(Scorer):
    def __init__(self, prm: EnsemblePRM, problem: Problem, state: Any) -> None:
        self._prm = prm
        self._scorers = [member.begin(problem, state) for member in prm.members]
        self.initial = prm.join([scorer.initial for scorer in self._scorers])

    def step(self, step: Step, state: Any) -> StepScore:
        scores = []
        for member, scorer in zip(self._prm.members, self._scorers, strict=True):
            try:
                scores.append(checked(member.name, lambda scorer=scorer: scorer.step(step, state)))  # type: ignore[misc]
            except PRMError as error:
                raise PRMError(f"{self._prm.name}: {error}") from error
        return self._prm.join(scores)
