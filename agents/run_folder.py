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
nothing is there twice. A file that it cannot go on from is a :class:`DamagedRunError`.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

__all__ = ["DamagedRunError", "Metrics", "RunFolder", "Series", "damaged", "read_config", "read_metrics", "write_whole"]

Series = tuple[list[int], list[float]]
"""Steps and values of one metric, in order."""

_FROM_THE_START = frozenset(("config.json", "metrics.jsonl", "replay", "tensorboard", "traces.jsonl"))
"""What may be in a folder in which nothing is finished yet."""


class DamagedRunError(RuntimeError):
    """A file of a run that cannot be used, so that the run cannot go on. The message names the file and the cure."""


def damaged(file: Path, fault: str, cure: str = "") -> DamagedRunError:
    """The error over a file of a run.

    Args:
        file: in the folder of the run.
        fault: what is wrong with it, as the rest of a sentence.
        cure: what helps; by default to put it back, or to start another run.
    """
    return DamagedRunError(f"{file} {fault}: {cure or 'put it back from a copy, or start a run with another --name'}")


def read_config(file: Path) -> dict[str, Any]:
    """The ``config.json`` of a run.

    Raises:
        DamagedRunError: it is no JSON object. OSError: it cannot be read.
    """
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged(file, f"does not hold the settings of a run ({error})") from error
    if not isinstance(config, dict):
        raise damaged(file, f"does not hold the settings of a run, but {type(config).__name__} {config!r:.40}")
    return config


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
        path: ``runs/<name>``; it and its parents are made. A run in which nothing was finished may be started again.
        config: plain data that the run was started with; kept in ``config.json``.
        resume: go on with the run that is there.
        may_change: names in ``config`` that may differ when a run is resumed (budgets, for instance).

    Raises:
        FileExistsError: a run is there, and ``resume`` is False.
        FileNotFoundError: no run is there, and ``resume`` is True.
        NotADirectoryError: there is a file where the folder, or one that holds it, should be.
        BlockingIOError: another process is at work there.
        DamagedRunError: the ``config.json`` there cannot be read.
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
        for place in (self.path, *self.path.parents):
            if place.exists() and not place.is_dir():
                raise NotADirectoryError(f"{place} is a file: a run needs a folder, {self.path}")
        config = json.loads(json.dumps(config))
        started = self.config_file.exists()
        if started:
            with self.held():
                pass
        if started and not resume and not self._nothing_finished(config):
            raise FileExistsError(
                f"{self.path} already holds a run: go on with it by --resume, or give this one another name"
            )
        if resume and not started:
            raise FileNotFoundError(f"{self.path} holds no run to resume: start it without --resume")
        if resume:
            self._check_config(config, may_change)
        elif not started and self.path.is_dir() and any(self.path.iterdir()):
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

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this lasts, no other process can make the run its own. It ends with the process, however that ends.

        Raises:
            BlockingIOError: another process has it.
        """
        handle = os.open(self.path, os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BlockingIOError(f"another process is at work on the run in {self.path}") from None
            yield
        finally:
            os.close(handle)

    def _nothing_finished(self, config: Mapping[str, Any]) -> bool:
        """Whether a run with these settings was begun here, and nothing is in the folder but its beginnings."""
        for path in self.path.iterdir():
            draft = path.name.startswith(".")
            of = path.name[1:].rpartition(".")[0] if draft else path.name
            if of not in _FROM_THE_START and not (draft and of == "checkpoint.pt"):
                return False
        return read_config(self.config_file).keys() == config.keys()

    def _check_config(self, config: Mapping[str, Any], may_change: Collection[str]) -> None:
        before = read_config(self.config_file)
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
            DamagedRunError: the file is shorter than that, so lines are missing.
        """
        there = self.traces.stat().st_size if self.traces.exists() else 0
        if there < size:
            raise damaged(self.traces, f"lacks lines: it has {there} bytes, and {self.checkpoint.name} counted {size}")
        if there > size:
            os.truncate(self.traces, size)


class Metrics:
    """Scalars over the steps of a run, to ``metrics.jsonl`` and to TensorBoard's event files.

    Names are paths: ``solve_rate/linear``. :mod:`agents.curves` says which names it draws.

    Args:
        folder: of the run.
        resume_from: the step of the checkpoint that is resumed from: entries of later steps are cut away. None: a
            new start, from which everything is cut away.

    Raises:
        DamagedRunError: a line of the ``metrics.jsonl`` there is none of ours.
    """

    def __init__(self, folder: RunFolder, *, resume_from: int | None = None) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        kept = [] if resume_from is None else [entry for entry in _entries(folder.metrics) if entry.step <= resume_from]
        text = "".join(entry.line for entry in kept)
        write_whole(folder.metrics, lambda draft: draft.write_text(text, encoding="utf-8"))
        self._last = {name: entry.step for entry in kept for name in entry.values}
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
    """What :class:`Metrics` wrote, by name; nothing if there is no such file.

    Raises:
        DamagedRunError: a line is none of ours.
    """
    series: dict[str, Series] = {}
    for entry in _entries(path):
        for name, value in entry.values.items():
            steps, values = series.setdefault(name, ([], []))
            steps.append(entry.step)
            values.append(value)
    return series


class _Entry(NamedTuple):
    line: str
    step: int
    values: dict[str, float]


def _entries(path: Path) -> list[_Entry]:
    """The finished lines of a file of metrics: a last one without its end was torn when the run was killed."""
    if not path.exists():
        return []
    entries = []
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith("\n"):
                continue
            try:
                values = json.loads(line)
                entries.append(_Entry(line, values.pop("step"), values))
            except (ValueError, KeyError, TypeError, AttributeError):
                cure = "take that line out, which loses a point of the curves and nothing else"
                raise damaged(path, f"holds no metrics in line {number} ({line.rstrip()!r:.60})", cure) from None
    return entries
