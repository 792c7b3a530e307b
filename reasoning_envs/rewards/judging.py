"""How well a PRM judges: first-error F1, AUC, calibration. A score is a function of a PRM and of judged traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from reasoning_envs.rewards.checking import score_checked
from reasoning_envs.rewards.evidence import error_kind
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.types import Status, StepScore, Trace

__all__ = ["Judgement", "auc", "expected_calibration_error", "first_error", "first_error_f1", "judge_prm"]


def first_error(trace: Trace) -> int | None:
    """Index of the first refuted step; None where every step is verified.

    Raises:
        ValueError: a step before the first error has no judgement (UNDECIDED, TIMEOUT, ...), so that nobody knows.
    """
    for index, step in enumerate(trace.steps):
        if step.verdict.status is Status.REFUTED:
            return index
        if step.verdict.status is not Status.VERIFIED:
            raise ValueError(f"step {index} is {step.verdict.status.value}: where the first error is, is not known")
    return None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What judging a PRM on traces came to. A figure without material is NaN.

    Attributes:
        f1: harmonic mean of the two accuracies (ProcessBench, arXiv 2412.06559, section 4.1).
        accuracy_erroneous: share of the traces with an error in which exactly the first error is flagged first.
        accuracy_correct: share of the traces without an error in which nothing is flagged.
        n_erroneous, n_correct: traces of each sort. n_skipped: traces whose first error is not known.
        auc: of p_correct over all judged steps. ece: expected calibration error of p_correct, ten bins.
        n_steps: judged steps.
        located: per kind of error (:func:`~reasoning_envs.rewards.evidence.error_kind`), the share located.
    """

    f1: float
    accuracy_erroneous: float
    accuracy_correct: float
    n_erroneous: int
    n_correct: int
    n_skipped: int
    auc: float
    ece: float
    n_steps: int
    located: dict[str, float]


def first_error_f1(prm: ProcessRewardModel, traces: Sequence[Trace], threshold: float = 0.5) -> float:
    """First-error F1 in [0, 1] alone; see :func:`judge_prm`."""
    return judge_prm(prm, traces, threshold).f1


def judge_prm(prm: ProcessRewardModel, traces: Sequence[Trace], threshold: float = 0.5) -> Judgement:
    """Compare a PRM's scores of the steps with the verdicts on them.

    Args:
        prm: judged by ``p_correct``, or by ``value`` where it gives none.
        traces: with the verifier's verdicts.
        threshold: a step with less than this is flagged.

    Raises:
        PRMError: the PRM raised, or gave something else than one score a step.
    """
    scores = score_checked(prm, traces)
    labels: list[bool] = []
    chances: list[float] = []
    right = [0, 0]
    counts = [0, 0]
    skipped = 0
    kinds: dict[str, list[bool]] = {}
    for trace, row in zip(traces, scores, strict=True):
        says = [chance_of(score) for score in row]
        for step, chance in zip(trace.steps, says, strict=True):
            if step.verdict.status in (Status.VERIFIED, Status.REFUTED):
                labels.append(step.verdict.verified)
                chances.append(chance)
        try:
            truth = first_error(trace)
        except ValueError:
            skipped += 1
            continue
        flagged = next((index for index, chance in enumerate(says) if chance < threshold), None)
        erroneous = truth is not None
        counts[erroneous] += 1
        right[erroneous] += flagged == truth
        if truth is not None:
            kind = error_kind(trace.steps[truth].verdict) or ""
            kinds.setdefault(kind, []).append(flagged == truth)
    correct, wrong = (right[sort] / counts[sort] if counts[sort] else nan for sort in (0, 1))
    return Judgement(
        f1=2 * correct * wrong / (correct + wrong) if correct + wrong else 0.0 if all(counts) else nan,
        accuracy_erroneous=wrong,
        accuracy_correct=correct,
        n_erroneous=counts[1],
        n_correct=counts[0],
        n_skipped=skipped,
        auc=auc(labels, chances),
        ece=expected_calibration_error(labels, chances),
        n_steps=len(labels),
        located={kind: sum(found) / len(found) for kind, found in sorted(kinds.items())},
    )


def chance_of(score: StepScore) -> float:
    """The chance that the step is right: ``p_correct``, else ``value``."""
    return score.value if score.p_correct is None else score.p_correct


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """The chance that a positive scores above a negative, ties counting half; NaN where one of them is missing.

    Args:
        labels: ``[n]``, true for a positive.
        scores: ``[n]``.
    """
    truth = np.asarray(labels, dtype=bool)
    values = np.asarray(scores, dtype=float)
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return nan
    _, places, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    ranks = (last - (sizes - 1) / 2)[places]
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def expected_calibration_error(labels: ArrayLike, chances: ArrayLike, bins: int = 10) -> float:
    """Mean distance between chance and frequency over bins of equal width, weighted by their size; NaN for none.

    Args:
        labels: ``[n]`` in [0, 1].
        chances: ``[n]`` in [0, 1].
        bins: how many.
    """
    truth = np.asarray(labels, dtype=float)
    values = np.asarray(chances, dtype=float)
    if not len(truth):
        return nan
    places = np.minimum((values * bins).astype(int), bins - 1)
    gaps = np.abs(np.bincount(places, weights=values - truth, minlength=bins))
    return float(gaps.sum() / len(truth))
