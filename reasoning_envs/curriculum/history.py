"""How a curriculum went: the schedule, the distribution of levels and the rate of success on each, over time."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import IO, Any

from reasoning_envs.curriculum.levels import LevelCurriculum

__all__ = ["History"]


class History:
    """Rows that are noted as training goes on, and their picture.

    Attributes:
        rows: plain data, one a note: ``step``, ``annealing`` (None where there is no schedule), ``chances`` and
            ``success`` by level.
    """

    def __init__(self, rows: Sequence[dict[str, Any]] = ()) -> None:
        self.rows = list(rows)

    def note(self, step: int, curriculum: LevelCurriculum, annealing: float | None = None) -> None:
        """One row.

        Args:
            step: of the training, above the one noted last.
            curriculum: as it stands.
            annealing: the coefficient of the dense reward, in [0, 1].

        Raises:
            ValueError: the step is not above the last one.
        """
        if self.rows and step <= self.rows[-1]["step"]:
            raise ValueError(f"step {step} was noted, or is past: the last one is {self.rows[-1]['step']}")
        self.rows.append(
            {
                "step": step,
                "annealing": annealing,
                "chances": dict(zip(curriculum.levels, curriculum.chances.tolist(), strict=True)),
                "success": dict(zip(curriculum.levels, curriculum.success.tolist(), strict=True)),
            }
        )

    def picture(self, path: str | PathLike[str] | IO[bytes]) -> None:
        """Three panels over the steps: how often each level is drawn, the rate of success on each, the schedule.

        Args:
            path: of the file; its ending says the format. Or a file open for writing bytes, which becomes a PNG.

        Raises:
            ValueError: nothing was noted. OSError: the file cannot be written.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        if not self.rows:
            raise ValueError("nothing was noted: there is nothing to draw")
        steps = [row["step"] for row in self.rows]
        levels = list(self.rows[-1]["chances"])
        figure = Figure(figsize=(8, 7), dpi=120, layout="constrained")
        FigureCanvasAgg(figure)
        drawn, solved, schedule = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1.2))
        shares = [[row["chances"].get(level, 0.0) for row in self.rows] for level in levels]
        drawn.stackplot(steps, shares, labels=levels)
        drawn.set_ylabel("drawn")
        for level in levels:
            solved.plot(steps, [row["success"].get(level, float("nan")) for row in self.rows], label=level)
        solved.set_ylabel("solved")
        annealing = [float("nan") if row["annealing"] is None else row["annealing"] for row in self.rows]
        schedule.plot(steps, annealing, color="black")
        schedule.set_ylabel("dense reward")
        schedule.set_xlabel("steps")
        for axes in (drawn, solved, schedule):
            axes.set_ylim(0.0, 1.02)
        if len(levels) <= 20:
            drawn.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=6)
        figure.savefig(path)
