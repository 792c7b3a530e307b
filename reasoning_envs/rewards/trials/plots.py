"""Pictures of what trials came to; they need the extra ``train`` (matplotlib)."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

from reasoning_envs.rewards.judging import Bin

__all__ = ["draw_reliability", "figure"]

_COLUMNS = 4


def figure(rows: int, columns: int, width: float = 3.2, height: float = 2.8) -> tuple[Any, list[Any]]:
    """A figure without a window, and its axes row by row."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = drawn.subplots(rows, columns, squeeze=False)
    return drawn, list(axes.flat)


def draw_reliability(path: str | PathLike[str], found: Sequence[tuple[str, float, Sequence[Bin]]]) -> None:
    """One panel a judge: how often what it called right with a chance was right. On the diagonal is calibrated.

    Args:
        path: of the picture.
        found: name, expected calibration error, and bins.
    """
    columns = min(_COLUMNS, len(found))
    drawn, axes = figure(-(-len(found) // columns), columns)
    for axis in axes[len(found) :]:
        axis.set_visible(False)
    for axis, (name, ece, bins) in zip(axes, found, strict=False):
        total = sum(each.size for each in bins)
        axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        axis.plot([each.chance for each in bins], [each.frequency for each in bins], marker=".")
        axis.bar([each.chance for each in bins], [each.size / total for each in bins], width=0.03, color="0.85")
        axis.set(title=f"{name}\nECE {ece:.3f}, {total} steps", xlim=(0, 1), ylim=(0, 1), xlabel="said", ylabel="was")
        axis.title.set_fontsize(7)
    drawn.savefig(path, dpi=120)
