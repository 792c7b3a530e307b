"""Where a run keeps what it makes: one folder, and the metrics in it.

::

    runs/<name>/
        config.json       what the run was started with
        checkpoint.pt     the last finished iteration; replaced as a whole
        traces.jsonl      one episode a line
        metrics.jsonl     one line a logged step; tensorboard/ holds the same as event files
        results.json      RunResults, as soon as there are any
        derivations.jsonl the episodes that the report shows
        table.md  table.json  curves.png  report.html

A run that was killed at any moment goes on from its checkpoint: what was logged after it is cut away, so that
nothing is there twice.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["Metrics", "RunFolder", "Series", "read_metrics", "write_whole"]

Series = tuple[list[int], list[float]]
"""Steps and values of one metric, in order."""


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then put it in its place at once.

    Whoever reads ``path``, or is killed, meets the old file or the new one and never a part.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    draft = Path(name)
    try:
        write(draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class RunFolder:
    """The folder of one run.

    Args:
        path: ``runs/<name>``; it and its parents are made.
        config: plain data that the run was started with; kept in ``config.json``.
        resume: go on with the run that is there.
        may_change: names in ``config`` that may differ when a run is resumed (budgets, for instance).

    Raises:
        FileExistsError: a run is there, and ``resume`` is False.
        FileNotFoundError: no run is there, and ``resume`` is True.
        ValueError: the run there was started with another configuration; the message names what differs.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        config: Mapping[str, Any],
        *,
        resume: bool = False,
        may_change: Collection[str] = (),
    ) -> None:
        self.path = Path(path)
        started = self.config_file.exists()
        if started and not resume:
            raise FileExistsError(
                f"{self.path} already holds a run: go on with it by --resume, or give this one another name"
            )
        if resume and not started:
            raise FileNotFoundError(f"{self.path} holds no run to resume: start it without --resume")
        config = json.loads(json.dumps(config))
        if started:
            self._check_config(config, may_change)
        elif self.path.is_dir() and any(self.path.iterdir()):
            raise FileExistsError(f"{self.path} holds files that are no run of ours: give this run another name")
        self.path.mkdir(parents=True, exist_ok=True)
        text = json.dumps(config, indent=1, ensure_ascii=False) + "\n"
        write_whole(self.config_file, lambda draft: draft.write_text(text, encoding="utf-8"))

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> Self:
        """The folder of a run that is there, to read from and to write its report into; nothing is checked or made."""
        folder = cls.__new__(cls)
        folder.path = Path(path)
        return folder

    def _check_config(self, config: Mapping[str, Any], may_change: Collection[str]) -> None:
        before = json.loads(self.config_file.read_text(encoding="utf-8"))
        differing = [
            f"{name} was {before.get(name)!r} and is {config.get(name)!r}"
            for name in sorted({*before, *config})
            if name not in may_change and before.get(name) != config.get(name)
        ]
        if differing:
            raise ValueError(
                f"{self.path} was started with another configuration: {'; '.join(differing)}. "
                "Resume with the one it was started with, or give this run another name"
            )

    @property
    def config_file(self) -> Path:
        """``config.json``"""
        return self.path / "config.json"

    @property
    def checkpoint(self) -> Path:
        """``checkpoint.pt``; write it through :func:`write_whole`."""
        return self.path / "checkpoint.pt"

    @property
    def traces(self) -> Path:
        """``traces.jsonl``"""
        return self.path / "traces.jsonl"

    @property
    def metrics(self) -> Path:
        """``metrics.jsonl``"""
        return self.path / "metrics.jsonl"

    @property
    def tensorboard(self) -> Path:
        """``tensorboard/``: event files."""
        return self.path / "tensorboard"

    @property
    def results(self) -> Path:
        """``results.json``: a :class:`agents.results.RunResults`."""
        return self.path / "results.json"

    @property
    def derivations(self) -> Path:
        """``derivations.jsonl``: the traces that the report shows."""
        return self.path / "derivations.jsonl"

    @property
    def table_markdown(self) -> Path:
        """``table.md``"""
        return self.path / "table.md"

    @property
    def table_json(self) -> Path:
        """``table.json``"""
        return self.path / "table.json"

    @property
    def curves(self) -> Path:
        """``curves.png``"""
        return self.path / "curves.png"

    @property
    def report(self) -> Path:
        """``report.html``"""
        return self.path / "report.html"

    def rewind_traces(self, size: int) -> None:
        """Cut ``traces.jsonl`` back to the ``size`` in bytes that it had at the checkpoint which is resumed from.

        Raises:
            ValueError: the file is shorter than that, so lines are missing.
        """
        there = self.traces.stat().st_size if self.traces.exists() else 0
        if there < size:
            raise ValueError(f"{self.traces} has {there} bytes where its checkpoint counted {size}: lines are missing")
        if there > size:
            os.truncate(self.traces, size)


class Metrics:
    """Scalars over the steps of a run, to ``metrics.jsonl`` and to TensorBoard's event files.

    Names are paths: ``solve_rate/linear``. :mod:`agents.curves` says which names it draws.

    Args:
        folder: of the run.
        resume_from: the step of the checkpoint that is resumed from: entries of later steps are cut away. None: a
            new start, from which everything is cut away.
    """

    def __init__(self, folder: RunFolder, *, resume_from: int | None = None) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        kept = [
            line
            for line in _lines(folder.metrics)
            if resume_from is not None and json.loads(line)["step"] <= resume_from
        ]
        write_whole(folder.metrics, lambda draft: draft.write_text("".join(kept), encoding="utf-8"))
        self._last: dict[str, int] = {}
        for line in kept:
            entry = json.loads(line)
            for name in entry.keys() - {"step"}:
                self._last[name] = entry["step"]
        self._file = folder.metrics.open("a", encoding="utf-8")
        if resume_from is None:
            for events in folder.tensorboard.glob("events.out.tfevents.*"):
                events.unlink()
        # TensorBoard's own way: readers drop what older files hold from this step on.
        purge_step = None if resume_from is None else resume_from + 1
        self._writer = SummaryWriter(str(folder.tensorboard), purge_step=purge_step)

    def log(self, step: int, scalars: Mapping[str, float]) -> None:
        """Append one entry; it is on disk when this returns.

        Args:
            step: at least 0; for each name larger than the last one logged.
            scalars: by name.

        Raises:
            ValueError: a value is not finite, or a name was already logged at this step or later.
        """
        entry: dict[str, Any] = {"step": int(step)}
        for name, value in scalars.items():
            value = float(value)
            if not math.isfinite(value):
                raise ValueError(f"metric {name} at step {step} is {value}: leave out what was not measured")
            if self._last.get(name, -1) >= step:
                raise ValueError(f"metric {name} at step {step}: it was already logged at step {self._last[name]}")
            entry[name] = value
        self._last.update(dict.fromkeys(scalars, int(step)))
        self._file.write(json.dumps(entry, separators=(",", ":")) + "\n")
        self._file.flush()
        for name in scalars:
            self._writer.add_scalar(name, entry[name], step)
        self._writer.flush()

    def close(self) -> None:
        """Close both files."""
        self._file.close()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_metrics(path: Path) -> dict[str, Series]:
    """What :class:`Metrics` wrote, by name; nothing if there is no such file."""
    series: dict[str, Series] = {}
    for line in _lines(path):
        entry = json.loads(line)
        step = entry.pop("step")
        for name, value in entry.items():
            steps, values = series.setdefault(name, ([], []))
            steps.append(step)
            values.append(value)
    return series


def _lines(path: Path) -> list[str]:
    """The finished lines of a file: a last one without its end was torn when the run was killed."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="\n") as file:
        return [line for line in file if line.endswith("\n")]
