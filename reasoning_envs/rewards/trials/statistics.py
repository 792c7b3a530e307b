"""Intervals for what was measured several times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["interval"]

_RESAMPLED = 2000


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """The mean, and its 95% interval by the percentile bootstrap over what is given."""
    column = np.asarray(values, dtype=float)
    draws = np.random.default_rng(seed).integers(len(column), size=(_RESAMPLED, len(column)))
    low, high = np.percentile(column[draws].mean(axis=1), [2.5, 97.5])
    return float(column.mean()), float(low), float(high)
