"""Pictures of a sweep: learning curves by the true outcome, and performance profiles."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from reasoning_envs.benchmark.scores import heights_of, stratum_of
from reasoning_envs.benchmark.statistics import iqm, profile
from reasoning_envs.benchmark.sweep import Record

__all__ = ["learning_curves", "performance_profiles"]

_GRID = 50


def learning_curves(records: Sequence[Record]) -> bytes:
    """PNG: for each task the greedy truth on validation problems, interquartile mean of the runs and their range.

    Raises:
        ValueError: no run has ended.
    """
    tasks = _ended(records)
    figure, axes = _figure(len(tasks))
    for axis, (task, arms) in zip(axes, tasks.items(), strict=True):
        for number, (arm, runs) in enumerate(arms.items()):
            kind = "step" if runs[0].cell.budget.kind == "steps" else "seconds"
            curves = [_curve(run.result, kind) for run in runs]
            grid = np.linspace(0.0, min(x[-1] for x, _ in curves), _GRID)
            heights = np.array([np.interp(grid, x, y) for x, y in curves])
            (line,) = axis.plot(grid, iqm(heights.T), label=arm, linestyle=_dash(number))
            axis.fill_between(grid, heights.min(axis=0), heights.max(axis=0), alpha=0.08, color=line.get_color())
        axis.set(title=task, xlabel="environment steps" if kind == "step" else "seconds", ylim=(-0.02, 1.02))
    axes[0].set_ylabel("true accuracy, validation problems")
    return _png(figure, axes[-1])


def performance_profiles(records: Sequence[Record]) -> bytes:
    """PNG: for each task, and accuracy on the x axis, the share of runs that reach it on test problems.

    Raises:
        ValueError: no run has ended.
    """
    tasks = _ended(records)
    figure, axes = _figure(len(tasks))
    thresholds = np.linspace(0.0, 1.0, 101)
    for axis, (task, arms) in zip(axes, tasks.items(), strict=True):
        for number, (arm, runs) in enumerate(arms.items()):
            stratum = stratum_of(runs, "greedy")
            if stratum is not None:
                shares = profile(stratum.accuracies.tolist(), thresholds.tolist())
                axis.step(thresholds, shares, where="post", label=arm, linestyle=_dash(number))
        axis.set(title=task, xlabel="true accuracy, test problems", ylim=(-0.02, 1.02))
    axes[0].set_ylabel("share of runs that reach it")
    return _png(figure, axes[-1])


def _ended(records: Sequence[Record]) -> dict[str, dict[str, list[Record]]]:
    tasks: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        if record.result is not None:
            tasks[record.cell.task.name][record.cell.shaping].append(record)
    if not tasks:
        raise ValueError("there is nothing to draw: no run has ended")
    return tasks


def _curve(result: Any, kind: str) -> tuple[list[float], list[float]]:
    return [float(point[kind]) for point in result["curve"]], heights_of(result)


def _dash(number: int) -> str:
    """Matplotlib has ten colours; the second ten arms are dashed."""
    return ("-", "--", ":")[number // 10 % 3]


def _figure(columns: int) -> tuple[Any, list[Any]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0 * columns + 2.0, 4.2), layout="constrained")
    return figure, list(figure.subplots(1, columns, squeeze=False, sharey=True)[0])


def _png(figure: Any, last: Any) -> bytes:
    last.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    return data.getvalue()
