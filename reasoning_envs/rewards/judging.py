"""How well a PRM judges: first-error F1, AUC, calibration. A score is a function of a PRM and of judged traces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from reasoning_envs.rewards.checking import score_checked
from reasoning_envs.rewards.evidence import error_kind
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.types import Status, StepScore, Trace

__all__ = [
    "Bin",
    "Judgement",
    "auc",
    "best_threshold",
    "chance_of",
    "drawn_out",
    "expected_calibration_error",
    "first_error",
    "first_error_f1",
    "harmonic",
    "judge_prm",
    "reliability",
]

_THRESHOLDS = 1.0 / (1.0 + np.exp(-np.linspace(-6.0, 6.0, 121)))  # from .002 to .998


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


class Bin(NamedTuple):
    """What was said with about the same chance.

    Attributes:
        size: how often. chance: the mean of what was said. frequency: how often it came true, in [0, 1].
    """

    size: int
    chance: float
    frequency: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What judging a PRM on traces came to. A figure without material is NaN.

    Attributes:
        f1: harmonic mean of the two accuracies (ProcessBench, arXiv 2412.06559, section 4.1).
        accuracy_erroneous: share of the traces with an error in which exactly the first error is flagged first; where
            kinds are given, the mean of these shares over the kinds.
        accuracy_correct: share of the traces without an error in which nothing is flagged.
        n_erroneous, n_correct: traces of each sort. n_skipped: traces whose first error is not known.
        auc: of p_correct over all judged steps. ece: expected calibration error of p_correct, ten bins.
        n_steps: judged steps. reliability: how often what was said came true, the bins of ``ece``.
        located: per kind of error (that is given, else :func:`~reasoning_envs.rewards.evidence.error_kind`), the share
            located.
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
    reliability: tuple[Bin, ...]


def first_error_f1(prm: ProcessRewardModel, traces: Sequence[Trace], threshold: float | None = None) -> float:
    """First-error F1 in [0, 1] alone; see :func:`judge_prm`."""
    return judge_prm(prm, traces, threshold).f1


def judge_prm(
    prm: ProcessRewardModel,
    traces: Sequence[Trace],
    threshold: float | None = None,
    kinds: Sequence[str] | None = None,
) -> Judgement:
    """Compare a PRM's scores of the steps with the verdicts on them.

    Args:
        prm: judged by ``p_correct``, or by ``value`` where it gives none.
        traces: with the verifier's verdicts.
        threshold: a step with less than this is flagged; None: the PRM's own.
        kinds: of the first error, one a trace, whatever for a trace without one. All kinds count alike then.

    Raises:
        PRMError: the PRM raised, or gave something else than one score a step.
    """
    scores = score_checked(prm, traces)
    limit = prm.threshold if threshold is None else threshold
    labels: list[bool] = []
    chances: list[float] = []
    right = [0, 0]
    counts = [0, 0]
    skipped = 0
    by_kind: dict[str, list[bool]] = {}
    for index, (trace, row) in enumerate(zip(traces, scores, strict=True)):
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
        flagged = _flagged(says, limit)
        erroneous = truth is not None
        counts[erroneous] += 1
        right[erroneous] += flagged == truth
        if truth is not None:
            kind = kinds[index] if kinds is not None else error_kind(trace.steps[truth].verdict) or ""
            by_kind.setdefault(kind, []).append(flagged == truth)
    correct, wrong = (right[sort] / counts[sort] if counts[sort] else nan for sort in (0, 1))
    located = {kind: sum(found) / len(found) for kind, found in sorted(by_kind.items())}
    if kinds is not None and located:
        wrong = sum(located.values()) / len(located)
    return Judgement(
        f1=harmonic(correct, wrong),
        accuracy_erroneous=wrong,
        accuracy_correct=correct,
        n_erroneous=counts[1],
        n_correct=counts[0],
        n_skipped=skipped,
        auc=auc(labels, chances),
        ece=expected_calibration_error(labels, chances),
        n_steps=len(labels),
        located=located,
        reliability=reliability(labels, chances),
    )


def _flagged(chances: Sequence[float], threshold: float) -> int | None:
    return next((index for index, chance in enumerate(chances) if chance < threshold), None)


def harmonic(first: float, second: float) -> float:
    """The harmonic mean of two shares; NaN where one of them is."""
    return 2 * first * second / (first + second) if first + second != 0.0 else 0.0


def best_threshold(rows: Sequence[Sequence[float]], errors: Sequence[int | None]) -> float:
    """The threshold of the best first-error F1; the middle one where several are as good, .5 where none can be told.

    Args:
        rows: the chances of the steps of each trace.
        errors: the index of the first error of each trace; None where it has none.
    """
    if all(error is None for error in errors) or None not in errors:
        return 0.5
    scores = []
    for threshold in _THRESHOLDS:
        right: tuple[list[bool], list[bool]] = ([], [])
        for row, error in zip(rows, errors, strict=True):
            right[error is None].append(_flagged(row, threshold) == error)
        scores.append(harmonic(*(sum(found) / len(found) for found in right)))
    best = [float(threshold) for threshold, score in zip(_THRESHOLDS, scores, strict=True) if score == max(scores)]
    return best[len(best) // 2]


def drawn_out(
    rows: Sequence[Sequence[float]], errors: Sequence[int | None], length: int, rng: np.random.Generator
) -> tuple[list[list[float]], list[int | None]]:
    """The same traces with steps of right ones in front, up to ``length`` steps; none where no trace is right.

    It fits PRMs that judge a step by itself.

    Args:
        rows: the chances of the steps of each trace.
        errors: the index of the first error of each trace; None where it has none.
        length: of the traces that come of it; a longer one stays as it is.
        rng: draws what stands in front.
    """
    right = [row for row, error in zip(rows, errors, strict=True) if error is None and len(row)]
    if not right:
        return [], []
    longer: list[list[float]] = []
    places: list[int | None] = []
    for row, error in zip(rows, errors, strict=True):
        front: list[float] = []
        while len(front) + len(row) < length:
            front += right[int(rng.integers(len(right)))]
        front = front[: max(length - len(row), 0)]
        longer.append([*front, *row])
        places.append(None if error is None else len(front) + error)
    return longer, places


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
    found = reliability(labels, chances, bins)
    total = sum(each.size for each in found)
    return sum(each.size * abs(each.chance - each.frequency) for each in found) / total if total else nan


def reliability(labels: ArrayLike, chances: ArrayLike, bins: int = 10) -> tuple[Bin, ...]:
    """Chance and frequency in bins of equal width, those that hold something.

    Args:
        labels: ``[n]`` in [0, 1].
        chances: ``[n]`` in [0, 1].
        bins: how many.
    """
    truth = np.asarray(labels, dtype=float)
    values = np.asarray(chances, dtype=float)
    places = np.minimum((values * bins).astype(int), bins - 1)
    counts = np.bincount(places, minlength=bins)
    said, came = (np.bincount(places, weights=column, minlength=bins) for column in (values, truth))
    return tuple(
        Bin(int(count), float(total / count), float(true / count))
        for count, total, true in zip(counts, said, came, strict=True)
        if count
    )
