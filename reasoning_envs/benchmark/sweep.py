"""The sweep: a table of runs, and a file of what came of them.

The file holds one JSON line a run, written when the run has ended, by the one process that runs the sweep. Whoever
starts the sweep again gets what is missing: a run is known by the digest of its cell and of the code's version.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from reasoning_envs.benchmark.cells import Cell, code_version
from reasoning_envs.benchmark.learning import Budget, open_agent
from reasoning_envs.benchmark.running import run_cell
from reasoning_envs.benchmark.shapings import open_shaping, with_controls
from reasoning_envs.benchmark.tasks import open_task
from reasoning_envs.workers.protocol import Workers

__all__ = ["Record", "SweepFileError", "plan", "read_records", "run_sweep"]


class SweepFileError(ValueError):
    """A file of results that cannot be read, or that another sweep is writing."""


@dataclass(frozen=True)
class Record:
    """One line of the file.

    Attributes:
        key: of the run, which covers the code that a user brought to it. cell: what was run.
        code: version of this package and its libraries that it was run with.
        result: see :func:`~reasoning_envs.benchmark.running.run_cell`; None where the run failed.
        error: its traceback; empty where it did not fail.
    """

    key: str
    code: str
    cell: Cell
    result: Mapping[str, Any] | None
    error: str = ""

    def to_json(self) -> str:
        """One line."""
        data = {"key": self.key, "code": self.code, "cell": self.cell.to_json()}
        return json.dumps({**data, "result": self.result, "error": self.error}, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str) -> Record:
        """From such a line.

        Raises:
            ValueError, TypeError, KeyError: it is none.
        """
        data = json.loads(line)
        return cls(data["key"], data["code"], Cell.from_json(data["cell"]), data["result"], data["error"])


def plan(
    envs: Sequence[str],
    shapings: Sequence[str],
    agent: str,
    seeds: int,
    budget: Budget,
    *,
    evaluations: int,
    validation: int,
    test: int,
) -> list[Cell]:
    """The table of runs: all environments, with all arms and seeds; seed by seed, so that what is cut off is balanced.

    The controls (:data:`~reasoning_envs.benchmark.shapings.ALWAYS`) are always among the arms.

    Raises:
        ValueError: an unknown name, whose close ones are listed, or no seed. TypeError: a name of something else.
    """
    if seeds < 1:
        raise ValueError(f"--seeds must be 1 or more, got {seeds}")
    if min(evaluations, validation, test) < 1:
        raise ValueError("evaluations and problems must be 1 or more")
    open_agent(agent)
    tasks = [open_task(name) for name in dict.fromkeys(envs)]
    arms = with_controls(tuple(shapings))
    for task in tasks:
        for arm in arms:
            _try_out(arm, task)
    return [
        Cell(task, arm, agent, seed, budget, evaluations, validation, test)
        for seed in range(seeds)
        for task in tasks
        for arm in arms
    ]


def _try_out(arm: str, task: Any) -> None:
    shaping = open_shaping(arm)
    shaping.prm_for(task)


def run_sweep(
    cells: Sequence[Cell],
    path: Path,
    workers: Workers,
    on_record: Callable[[Record, int, int], None] = lambda record, done, total: None,
    *,
    retry_failed: bool = False,
) -> list[Record]:
    """Run what the file does not hold yet, each run in a process of its own, and add it.

    Args:
        cells: the table.
        path: of the file; it is made where it does not exist.
        workers: that run.
        on_record: called with each new record, how many runs of the table are done, and how many there are.
        retry_failed: run again what has failed before.

    Returns:
        The records of the table, in its order.

    Raises:
        SweepFileError: another sweep is writing the file, or it holds something else. OSError: it cannot be written.
    """
    code = code_version()
    keys = [cell.key(code_version((cell.shaping, cell.agent, cell.task.env))) for cell in cells]
    with _opened(path) as file:
        known = {record.key: record for record in read_records(path)}
        found = {key: known[key] for key in keys if key in known and not (retry_failed and known[key].error)}
        todo = [(key, cell) for key, cell in zip(keys, cells, strict=True) if key not in found]
        for answer in workers.run(run_cell, [cell for _, cell in todo], fresh=True):
            key, cell = todo[answer.index]
            record = found[key] = Record(key, code, cell, answer.value, answer.error)
            file.write(record.to_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
            on_record(record, len(found), len(keys))
    return [found[key] for key in keys]


def read_records(path: Path) -> list[Record]:
    """All records of a file; of a run that is there twice the later one. A line that was cut off at the end is none.

    Raises:
        SweepFileError: a line that is no record. OSError: the file cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    records: dict[str, Record] = {}
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            record = Record.from_json(line)
        except (ValueError, TypeError, KeyError) as error:
            raise SweepFileError(f"{path}, line {number} is no result of this benchmark ({error!r})") from None
        records[record.key] = record
    return list(records.values())


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The file, at its end and locked; a line that a kill has cut off is taken away."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SweepFileError(f"{path} is being written by another sweep: wait for it, or choose another") from None
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(path, whole)
        yield file
