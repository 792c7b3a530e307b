"""Statistics of runs: interquartile means, intervals by resampling, probability of improvement.

A run is a seed of an arm in a task; its outcomes on P held-out problems are 1.0, 0.0, or NaN where nobody could judge.
Intervals are of resampling both what was drawn: seeds, and problem templates with all their problems, crossed (the
pigeonhole bootstrap: Owen 2007, doi 10.1214/07-AOAS122), within each task (stratified, as Agarwal et al.,
arXiv 2108.13264, section 4.2). Resampled templates are the same for all arms of a task, so that arms can be compared.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "RESAMPLES",
    "Estimate",
    "Stratum",
    "area_under",
    "cvar",
    "difference",
    "first_crossing",
    "iqm",
    "profile",
    "seed_estimate",
    "superiority",
    "true_accuracy",
]

RESAMPLES = 2000
LEVEL = 0.95

Array = NDArray[np.float64]


class Estimate(NamedTuple):
    """A figure with its interval at 95%."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Stratum:
    """The runs of one arm in one task.

    Attributes:
        task: its name; resampling follows from it.
        outcomes: [S, P], see the module.
        templates: of each problem, P of them; problems of one template are resampled together.

    Raises:
        ValueError: no run, no problem, or another number of templates.
    """

    task: str
    outcomes: Array
    templates: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.outcomes.ndim != 2 or 0 in self.outcomes.shape:
            raise ValueError(f"outcomes must be [seeds, problems], one or more of each, got {self.outcomes.shape}")
        if len(self.templates) != self.outcomes.shape[1]:
            raise ValueError(f"{len(self.templates)} templates for {self.outcomes.shape[1]} problems")

    @property
    def accuracies(self) -> Array:
        """[S]: the share of judged problems that were solved; NaN where none was judged."""
        return _shares(np.nansum(self.outcomes, axis=1), (~np.isnan(self.outcomes)).sum(axis=1))


def iqm(scores: Array, axis: int = -1) -> Array:
    """The interquartile mean over an axis: the mean of the middle half, a quarter cut off at either end."""
    from scipy.stats import trim_mean

    means: Array = trim_mean(scores, 0.25, axis=axis)
    return means


def true_accuracy(strata: Sequence[Stratum], resamples: int = RESAMPLES) -> Estimate:
    """The interquartile mean of the accuracies of all runs of an arm, over all its tasks."""
    value = float(iqm(np.concatenate([stratum.accuracies for stratum in strata])))
    return _estimate(value, iqm(_all_resampled(strata, resamples, 0)))


def difference(arm: Sequence[Stratum], reference: Sequence[Stratum], resamples: int = RESAMPLES) -> Estimate:
    """The arm's interquartile mean less the reference's, on the same tasks and problems."""
    value = true_accuracy(arm, 1).value - true_accuracy(reference, 1).value
    changes = iqm(_all_resampled(arm, resamples, 0)) - iqm(_all_resampled(reference, resamples, 1))
    return _estimate(value, changes)


def superiority(arm: Sequence[Stratum], reference: Sequence[Stratum], resamples: int = RESAMPLES) -> Estimate:
    """How likely a run of the arm is better than one of the reference: P(X > Y) + P(X = Y) / 2, mean over tasks.

    Raises:
        ValueError: other tasks.
    """
    if [stratum.task for stratum in arm] != [stratum.task for stratum in reference]:
        raise ValueError("arms are compared on the same tasks")
    points, drawn = [], []
    for ours, theirs in zip(arm, reference, strict=True):
        points.append(_wins(ours.accuracies[None], theirs.accuracies[None])[0])
        pair = (_resampled(one, resamples, side) for side, one in enumerate((ours, theirs)))
        drawn.append(_wins(*pair))
    return _estimate(float(np.mean(points)), np.mean(drawn, axis=0))


def cvar(strata: Sequence[Stratum], share: float = 0.1) -> float:
    """Conditional value at risk over problems: the mean success of the worst ``share`` of them, mean over tasks.

    The success of a problem is its mean over seeds; problems that nobody could judge are left out. At least one problem
    is taken.

    Raises:
        ValueError: the share is not in (0, 1].
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"share must be in (0, 1], got {share!r}")
    means = []
    for stratum in strata:
        judged = ~np.isnan(stratum.outcomes)
        success = _shares(np.nansum(stratum.outcomes, axis=0), judged.sum(axis=0))[judged.any(axis=0)]
        worst = np.sort(success)[: max(1, round(share * len(success)))]
        means.append(float(worst.mean()) if len(worst) else np.nan)
    return float(np.mean(means))


def seed_estimate(values: Sequence[float], resamples: int = RESAMPLES) -> Estimate:
    """The interquartile mean of one value a run, with an interval over runs; no width for a single run."""
    from scipy.stats import bootstrap

    data = np.asarray(values, dtype=np.float64)
    value = float(iqm(data))
    if len(data) < 2 or np.ptp(data) == 0.0:
        return Estimate(value, value, value)
    found = bootstrap(
        (data,), iqm, vectorized=True, n_resamples=resamples, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    return Estimate(value, float(found.low), float(found.high))


def area_under(steps: Sequence[float], values: Sequence[float], until: float) -> float:
    """The mean height of a learning curve from 0 to ``until``: in [0, 1] for values in [0, 1].

    The curve goes straight from point to point, begins as high as its first point, and ends as high as its last one.

    Raises:
        ValueError: no point, steps that do not rise, or an end that is not above 0.
    """
    from scipy.integrate import trapezoid

    x, y = np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if not len(x) or len(x) != len(y) or (np.diff(x) <= 0.0).any() or until <= 0.0:
        raise ValueError(
            f"a curve has rising steps, one value each, and an end above 0; got {steps}, {values}, {until}"
        )
    inner = (x > 0.0) & (x < until)
    grid = np.concatenate(([0.0], x[inner], [until]))
    return float(trapezoid(np.interp(grid, x, y), grid) / until)


def first_crossing(steps: Sequence[float], values: Sequence[float], target: float) -> float:
    """Where a learning curve first reaches ``target``, by straight lines between its points; infinity: nowhere."""
    before: tuple[float, float] | None = None
    for step, value in zip(steps, values, strict=True):
        if value >= target:
            if before is None or value == before[1]:
                return float(step)
            return float(before[0] + (step - before[0]) * (target - before[1]) / (value - before[1]))
        before = (step, value)
    return float("inf")


def profile(scores: Sequence[float], thresholds: Sequence[float]) -> Array:
    """The performance profile (Dolan & Moré 2002): for each threshold the share of runs that score at least that."""
    return np.asarray((np.asarray(scores)[None, :] >= np.asarray(thresholds)[:, None]).mean(axis=1), dtype=np.float64)


def _all_resampled(strata: Sequence[Stratum], resamples: int, side: int) -> Array:
    return np.concatenate([_resampled(stratum, resamples, side) for stratum in strata], axis=1)


def _resampled(stratum: Stratum, resamples: int, side: int) -> Array:
    """[resamples, S]: accuracies of resampled seeds on resampled templates; ``side`` sets the seeds of arms apart."""
    names, owner = np.unique(stratum.templates, return_inverse=True)
    belongs = np.eye(len(names))[owner]
    right = np.nan_to_num(stratum.outcomes) @ belongs
    judged = (~np.isnan(stratum.outcomes)).astype(np.float64) @ belongs
    task = zlib.crc32(stratum.task.encode())
    weights = np.random.default_rng([task, 0]).multinomial(len(names), [1.0 / len(names)] * len(names), resamples)
    shares = _shares(weights @ right.T, weights @ judged.T)
    seeds = np.random.default_rng([task, 1 + side]).integers(shares.shape[1], size=shares.shape)
    return np.asarray(np.take_along_axis(shares, seeds, axis=1), dtype=np.float64)


def _shares(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Array:
    top, bottom = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    shares: Array = np.divide(top, bottom, out=np.full(bottom.shape, np.nan), where=bottom > 0)
    return shares


def _wins(ours: Array, theirs: Array) -> Array:
    """[N, S] and [N, S'] to [N]: P(X > Y) + P(X = Y) / 2."""
    sign = np.sign(ours[:, :, None] - theirs[:, None, :])
    return np.asarray((1.0 + sign).mean(axis=(1, 2)) / 2.0, dtype=np.float64)


def _estimate(value: float, drawn: Array) -> Estimate:
    low, high = np.nanquantile(drawn, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Estimate(value, float(low), float(high))
