"""A PRM whose answers are waited for so long and no longer.

Whatever a PRM does (a network that hangs, a search without an end), an episode goes on: the question ends in a
:class:`~reasoning_envs.rewards.protocol.PRMError` that names the PRM, or, with ``on_error="unscored"`` of a wrapper, in
a step that is left unscored and counted. The PRM works in a thread of its own, which nobody can stop from outside: what
is late goes on there, and until it has ended every further question is refused: one that never ends costs one thread
and not one for each question. For a PRM that never lets go of the interpreter lock this is no help: it needs a process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from math import isfinite
from os import PathLike
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from reasoning_envs.rewards.checking import open_prm
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer, StepLabels
from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["Deadline"]

T = TypeVar("T")


class _Job(Generic[T]):
    """A question, and where its answer will be."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self.ask = ask
        self.answer: Future[T] = Future()

    def run(self) -> None:
        try:
            answer = self.ask()
        except BaseException as error:  # noqa: BLE001 (whoever asked gets it)
            self.answer.set_exception(error)
        else:
            self.answer.set_result(answer)


class Deadline(ProcessRewardModel):
    """Another PRM with a limit on the time that it may take.

    Args:
        prm: an object, ``"module:Name"``, or a ``.pt`` checkpoint.
        seconds: for one question, that is to begin an episode or to score a step; a batch of n steps may take n times
            as long. Above 0.

    Raises:
        ValueError: no such time, or a name that names nothing. TypeError: it is no PRM.
    """

    _late: Future[Any] | None
    _thread: threading.Thread | None
    _jobs: SimpleQueue[_Job[Any]]

    def __init__(self, prm: ProcessRewardModel | str | PathLike[str], seconds: float) -> None:
        if not isfinite(seconds) or seconds <= 0.0:
            raise ValueError(f"seconds must be above 0 and finite, got {seconds!r}")
        self.prm = open_prm(prm)
        self.seconds = float(seconds)
        self.name = self.prm.name
        self.reads_states = self.prm.reads_states
        self._forget()

    @property
    def threshold(self) -> float:  # type: ignore[override]
        """That of the PRM."""
        return self.prm.threshold

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        """As the PRM does.

        Raises:
            PRMError: it takes too long, or failed.
        """
        steps = sum(len(trace.steps) for trace in traces)
        return self.within(lambda: self.prm.score(traces), max(steps, 1))

    def begin(self, problem: Problem, state: Any) -> Scorer:
        """As the PRM does.

        Raises:
            PRMError: it takes too long, or failed.
        """
        return _TimedScorer(self, self.within(lambda: self.prm.begin(problem, state)))

    def anticipate(self, episodes: Sequence[tuple[Problem, Sequence[str]]]) -> None:
        self.within(lambda: self.prm.anticipate(episodes), max(len(episodes), 1))

    def fit(self, traces: Sequence[Trace], labels: StepLabels | None = None) -> dict[str, float]:
        """As the PRM does, without a limit."""
        return self.prm.fit(traces, labels)

    def save(self, path: str | PathLike[str]) -> None:
        """The PRM without the limit."""
        self.prm.save(path)

    def within(self, ask: Callable[[], T], times: int = 1) -> T:
        """What the PRM answers in time.

        Args:
            ask: a question to it.
            times: the limit that the question has.

        Raises:
            PRMError: it takes too long, or is not through with a question before.
        """
        limit = self.seconds * times
        if self._late is not None:
            self._wait(self._late, limit, "is still busy with a question that it was asked before")
            self._late = None
        if self._thread is None or not self._thread.is_alive():  # also in a process that was forked
            self._jobs = SimpleQueue()
            self._thread = threading.Thread(target=_work, args=(self._jobs,), name=f"PRM {self.name}", daemon=True)
            self._thread.start()
        job = _Job(ask)
        self._jobs.put(job)
        self._wait(job.answer, limit, "gave no answer")
        return job.answer.result()

    def _wait(self, answer: Future[Any], limit: float, what: str) -> None:
        """Until it is there, whatever it is.

        Raises:
            PRMError: it is not there in time.
        """
        try:
            answer.exception(limit)
        except TimeoutError as error:
            self._late = answer
            raise PRMError(f"{self.name}: {what} within {limit:g} s") from error

    def _forget(self) -> None:
        self._late = None
        self._thread = None
        self._jobs = SimpleQueue()

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key not in ("_late", "_thread", "_jobs")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


class _TimedScorer(Scorer):
    def __init__(self, prm: Deadline, scorer: Scorer) -> None:
        self._prm = prm
        self._scorer = scorer
        self.initial = scorer.initial

    def step(self, step: Step, state: Any) -> StepScore:
        return self._prm.within(lambda: self._scorer.step(step, state))


def _work(jobs: SimpleQueue[_Job[Any]]) -> None:
    while True:
        jobs.get().run()
