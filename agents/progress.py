"""What a person sees while a run goes on: a live table on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from agents.proposer_solver import Iteration

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["Progress", "clock"]

_EVERY = 5.0
"""Seconds between plain lines."""


def clock(seconds: float) -> str:
    """``"4:05"``"""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


class Progress:
    """Shows iterations as they end."""

    def __init__(self) -> None:
        self._shown = -_EVERY
        self._validation: dict[str, float] = {}
        self._live = None
        if sys.stdout.isatty():
            from rich.live import Live

            self._live = Live(refresh_per_second=2)
            self._live.start()

    def say(self, text: str) -> None:
        """One line that stays."""
        if self._live is not None:
            self._live.console.print(text, highlight=False, markup=False)
        else:
            print(text, flush=True)

    def show(self, iteration: Iteration) -> None:
        """An iteration that ended."""
        self._validation.update(iteration.validation)
        if self._live is not None:
            self._live.update(self._table(iteration))
            return
        now = time.monotonic()
        if now - self._shown >= _EVERY or iteration.validation:
            self._shown = now
            print(self.line(iteration), flush=True)

    def line(self, iteration: Iteration) -> str:
        """One iteration in one line."""
        parts = [
            f"iteration {iteration.number:4d}",
            f"solved {iteration.solved:.2f} ({iteration.direct:.2f} without search)",
            f"learnability {iteration.learnability:.2f}",
            f"most to learn: {iteration.hardest} (solve rate {iteration.success:.2f})",
            f"{iteration.rate:,.0f} steps/s",
            f"{clock(iteration.seconds * iteration.left / max(1 - iteration.left, 1e-9))} left",
        ]
        if iteration.validation:
            parts.insert(2, f"validation {sum(iteration.validation.values()) / len(iteration.validation):.2f}")
        return " | ".join(parts)

    def settle(self) -> None:
        """The play is over: what is shown stays, and only lines follow."""
        self.close()

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _table(self, iteration: Iteration) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        table = Table(title="validation problems, played greedily", title_justify="left", box=None, pad_edge=False)
        for name in ("family", "", "solved"):
            table.add_column(name, justify="right" if name == "solved" else "left")
        for family, share in self._validation.items():
            table.add_row(family, ProgressBar(total=1.0, completed=share, width=30), f"{share:.2f}")
        lines = self.line(iteration).split(" | ")
        played = ProgressBar(total=1.0, completed=1.0 - iteration.left, width=60)
        return Group(Text("  ".join(lines[:3])), Text("  ".join(lines[3:])), played, table)
