"""The PRM that knows: it scores by the verifier's verdicts and by how far the line is from an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reasoning_envs.loading import load
from reasoning_envs.rewards.chains import ChainProgress
from reasoning_envs.rewards.evidence import error_kind, explain
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer
from reasoning_envs.types import Problem, Status, Step, StepScore, Trace

__all__ = ["OraclePRM", "brevity"]

_CERTAIN = {Status.VERIFIED: 1.0, Status.REFUTED: 0.0, Status.UNPARSED: 0.0, Status.UNSAFE: 0.0}
_NOT_APPLIED = frozenset((Status.UNPARSED, Status.UNSAFE))


def brevity(line: str) -> float:
    """Progress measured by the length of a line, in (0, 1]: 1 for nothing, .5 for 16 characters without spaces.

    Answers are short, so this needs no knowledge of the domain. It is a heuristic, not a distance: opening a bracket
    lengthens the line and is progress all the same.
    """
    return 16.0 / (16.0 + len(line) - line.count(" "))


class OraclePRM(ProcessRewardModel):
    """Scores by verdicts and progress; no training, no mathematics of its own, O(1) a step.

    ``value`` is validity times progress. Validity is 1 for a line reached by verified steps alone, 0 after a refuted
    step, at most .5 after a step that no judge could decide; going back to an earlier line restores what that line had.
    ``p_correct`` is 1 for a verified step, 0 for a refuted or an unreadable one, else .5. ``critique`` is the
    verifier's evidence in words, ``error_type`` follows from the relation of the two lines.

    Args:
        progress: of a line as text, in [0, 1], higher nearer to an answer; or ``"module:Name"`` of such a function.
            None: along the chain that solves the problem, where one is known (see
            :class:`~reasoning_envs.rewards.chains.ChainProgress`), else :func:`brevity`.
    """

    name = "oracle"
    reads_states = False

    def __init__(self, progress: Callable[[str], float] | str | None = None) -> None:
        self._by_chain = progress is None
        chosen = brevity if progress is None else progress
        self._progress: Callable[[str], float] = load(chosen) if isinstance(chosen, str) else chosen

    def begin(self, problem: Problem, state: Any = None) -> Scorer:
        return _OracleScorer(self, problem)

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        rows = []
        for trace in traces:
            scorer = _OracleScorer(self, trace.problem)
            rows.append([scorer.step(step, None) for step in trace.steps])
        return rows

    def chain(self, problem: Problem) -> ChainProgress | None:
        """Progress along the known chain of a problem; None where there is none, or another progress was chosen."""
        return ChainProgress.of(problem) if self._by_chain else None

    def progress(self, line: str) -> float:
        """Of a line, in [0, 1].

        Raises:
            PRMError: the function that was given answered with something else.
        """
        progress = self._progress(line)
        if not 0.0 <= progress <= 1.0:
            raise PRMError(f"{self.name}: the progress of {line!r} must be in [0, 1], got {progress!r}")
        return progress


class _OracleScorer(Scorer):
    def __init__(self, prm: OraclePRM, problem: Problem) -> None:
        self._prm = prm
        self._validity = 1.0
        self._known = {problem.statement: 1.0}
        self._chain = prm.chain(problem)
        self._value = prm.progress(problem.statement) if self._chain is None else self._chain.value
        self.initial = StepScore(value=self._value, critique="nothing has been done yet")

    def step(self, step: Step, state: Any) -> StepScore:
        verdict = step.verdict
        status = verdict.status
        p_correct = _CERTAIN.get(status, 0.5)
        before = self._value
        if status not in _NOT_APPLIED:
            line = step.text
            validity = min(self._validity, p_correct)
            known = self._known.get(line)
            if known is not None and known > validity:
                validity = known
            self._known[line] = self._validity = validity
            chain = self._chain
            self._value = validity * (self._prm.progress(line) if chain is None else chain.after(line))
        return StepScore(
            value=self._value,
            critique="right" if status is Status.VERIFIED and not verdict.conditions else explain(verdict, step.move),
            p_correct=p_correct,
            advantage=self._value - before,
            error_type=error_kind(verdict),
        )
