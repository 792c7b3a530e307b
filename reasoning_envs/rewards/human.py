"""The PRM of people's labels, and the one that speaks only where two judges agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from os import PathLike
from typing import Any

from reasoning_envs.rewards.checking import checked, open_prm, score_checked
from reasoning_envs.rewards.judging import chance_of
from reasoning_envs.rewards.labels import HumanLabels, read_labels
from reasoning_envs.rewards.protocol import ProcessRewardModel, Scorer
from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["ConsensusPRM", "HumanPRM"]

_UNKNOWN = StepScore(0.5, "nobody has labelled this step", uncertainty=1.0)


class HumanPRM(ProcessRewardModel):
    """Says of a step what people said of it: the same problem, the same line before it, the same line after it.

    ``value`` and ``p_correct`` are the mean label as a share in [0, 1] (-1, 0, 1 are 0, .5, 1), ``critique`` is what
    people wrote. Of any other step it knows nothing: value .5 and ``uncertainty`` 1.

    Args:
        labels: a file as of :mod:`reasoning_envs.rewards.labels`, or what ``read_labels`` gave.
        traces: that the labels are about.

    Attributes:
        labels: what was read; ``labels.faults`` names the lines that are not used.

    Raises:
        OSError: the file cannot be opened.
    """

    name = "human"
    reads_states = False

    def __init__(self, labels: HumanLabels | str | PathLike[str], traces: Sequence[Trace]) -> None:
        self.labels = labels if isinstance(labels, HumanLabels) else read_labels(labels, traces)
        self._known: dict[tuple[str, str, str], StepScore] = {}
        for index, row in self.labels.labels.items():
            trace = traces[index]
            lines = [trace.problem.statement, *(step.text for step in trace.steps)]
            for step, (share, (before, after)) in enumerate(zip(row, pairwise(lines), strict=True)):
                if share is not None:
                    words = "; ".join(self.labels.notes.get((index, step), ())) or _in_words(share)
                    score = StepScore(share, words, p_correct=share, uncertainty=0.0)
                    self._known[trace.problem.statement, before, after] = score

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        rows = []
        for trace in traces:
            lines = [trace.problem.statement, *(step.text for step in trace.steps)]
            rows.append([self.said(trace.problem, before, after) for before, after in pairwise(lines)])
        return rows

    def begin(self, problem: Problem, state: Any) -> Scorer:
        return _HumanScorer(self, problem)

    def said(self, problem: Problem, before: str, after: str) -> StepScore:
        """Of the step from one line to the next."""
        return self._known.get((problem.statement, before, after), _UNKNOWN)


def _in_words(share: float) -> str:
    return "people call it right" if share > 0.5 else "people call it wrong" if share < 0.5 else "people are undecided"


class _HumanScorer(Scorer):
    def __init__(self, prm: HumanPRM, problem: Problem) -> None:
        self._prm = prm
        self._problem = problem
        self._line = problem.statement
        self.initial = StepScore(0.5, "nothing has been done yet")

    def step(self, step: Step, state: Any) -> StepScore:
        before, self._line = self._line, step.text
        return self._prm.said(self._problem, before, step.text)


class ConsensusPRM(ProcessRewardModel):
    """Keeps a step's score only where two PRMs agree whether the step is right (Zhang et al., arXiv 2501.07301).

    Both are asked for the chance that the step is right (``p_correct``, else ``value``). Where both are at least the
    threshold, or both below it, the score is that of the first, with the mean chance; where they disagree it is .5
    with ``uncertainty`` 1, which training drops (:meth:`keeps`). Meant for Monte Carlo estimates, which overlook
    mistakes that a policy mends, beside a judge that reads the step.

    Args:
        first, second: PRMs, ``"module:Name"`` or ``.pt`` files.
        threshold: in (0, 1).

    Raises:
        ValueError: a threshold out of range.
    """

    name = "consensus"

    def __init__(
        self,
        first: ProcessRewardModel | str | PathLike[str],
        second: ProcessRewardModel | str | PathLike[str],
        *,
        threshold: float = 0.5,
    ) -> None:
        if not 0.0 < threshold < 1.0:
            raise ValueError(f"threshold must be in (0, 1), got {threshold!r}")
        self.first, self.second = open_prm(first), open_prm(second)
        self.threshold = threshold

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        tables = score_checked(self.first, traces), score_checked(self.second, traces)
        return [[self.join(*pair) for pair in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)]

    def begin(self, problem: Problem, state: Any) -> Scorer:
        return _ConsensusScorer(self, problem, state)

    def join(self, first: StepScore, second: StepScore) -> StepScore:
        """One score from the two of one step."""
        chances = chance_of(first), chance_of(second)
        if (chances[0] < self.threshold) is not (chances[1] < self.threshold):
            words = f"{self.first.name} says {chances[0]:.2f}, {self.second.name} says {chances[1]:.2f}: not agreed"
            return StepScore(0.5, words, p_correct=0.5, uncertainty=1.0)
        mean = sum(chances) / 2.0
        return StepScore(
            first.value, first.critique or second.critique, mean, None, 0.0, first.error_type or second.error_type
        )

    @staticmethod
    def keeps(score: StepScore) -> bool:
        """The two agreed."""
        return score.uncertainty != 1.0

    def labels(self, traces: Sequence[Trace]) -> dict[str, Sequence[float | None]]:
        """For :meth:`ProcessRewardModel.fit`: 1 or 0 where the two agree, None where they do not."""
        return {
            str(index): [
                float((score.p_correct or 0.0) >= self.threshold) if self.keeps(score) else None for score in row
            ]
            for index, row in enumerate(self.score(traces))
        }


class _ConsensusScorer(Scorer):
    def __init__(self, prm: ConsensusPRM, problem: Problem, state: Any) -> None:
        self._prm = prm
        self._scorers = prm.first.begin(problem, state), prm.second.begin(problem, state)
        self.initial = prm.join(self._scorers[0].initial, self._scorers[1].initial)

    def step(self, step: Step, state: Any) -> StepScore:
        first, second = (
            checked(member.name, lambda scorer=scorer: scorer.step(step, state))  # type: ignore[misc]
            for member, scorer in zip((self._prm.first, self._prm.second), self._scorers, strict=True)
        )
        return self._prm.join(first, second)
