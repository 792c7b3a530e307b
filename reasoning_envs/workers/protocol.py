"""What does tasks: the interface that processes and Ray have in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

__all__ = ["RETRIES", "Answer", "TaskError", "Workers", "call", "open_workers"]

RETRIES = 2
"""How often a task is done again whose worker died. One that kills its worker each time is given up."""

T = TypeVar("T")
R = TypeVar("R")

_NAME = re.compile(r"(?:(ray)(?::(\d+))?)|(\d+)")


class TaskError(RuntimeError):
    """A task raised, or killed its worker each time it was tried. The message holds the traceback."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """What became of one task.

    Attributes:
        index: of the task. value: what the function returned; None where it failed.
        error: the traceback, or how the worker died; empty where it succeeded.
    """

    index: int
    value: R | None
    error: str = ""


class Workers(ABC):
    """Does tasks; a context manager.

    Attributes:
        count: tasks that are done at the same time.
    """

    count: int

    @abstractmethod
    def run(self, function: Callable[[T], R], tasks: Sequence[T], *, fresh: bool = False) -> Iterator[Answer[R]]:
        """The answers as they come in, each task's once.

        Args:
            function: of a module, so that it can be pickled; what it gives should depend on its task alone.
            tasks: picklable.
            fresh: each task in a process of its own, which nothing of an earlier one has touched.
        """

    @abstractmethod
    def close(self) -> None:
        """End the workers; what they were doing is lost."""

    def map(self, function: Callable[[T], R], tasks: Sequence[T]) -> list[R]:
        """What the function gives for each task, in the order of the tasks.

        Raises:
            TaskError: of the first task found to fail.
        """
        values: dict[int, Any] = {}
        for answer in self.run(function, tasks):
            if answer.error:
                raise TaskError(f"task {answer.index} failed:\n{answer.error}")
            values[answer.index] = answer.value
        return [values[index] for index in range(len(tasks))]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_workers(name: str | int = 1) -> Workers:
    """The workers that are meant.

    Args:
        name: a number of processes; ``"ray"`` for all cores of the cluster at ``RAY_ADDRESS``, or of this machine; or
            ``"ray:4"`` for four of them.

    Raises:
        ValueError: another name, or no worker at all. ImportError: Ray is not installed; the message says the cure.
    """
    found = _NAME.fullmatch(str(name))
    number = found and (found[2] or found[3])
    if found is None or number == "0":
        raise ValueError(f"workers are a number of processes, 'ray' or 'ray:N' with N from 1 on, got {str(name)!r}")
    if found[1]:
        from reasoning_envs.workers.cluster import RayWorkers

        return RayWorkers(None if number is None else int(number))
    from reasoning_envs.workers.processes import ProcessWorkers

    return ProcessWorkers(int(number or 1))


def call(function: Callable[[T], R], task: T) -> tuple[R | None, str]:
    """What the function returns, or the traceback of what it raised: run on a worker."""
    import traceback

    try:
        return function(task), ""
    except Exception:  # noqa: BLE001  # whatever a task raises is the answer to that task
        return None, traceback.format_exc()
