"""Processes that search while the learner learns.

A :class:`Worker` owns an environment and a copy of the policy. It takes a :class:`Job`, searches its problems in lock
step and answers with a :class:`Report`: plain arrays and records, so that nothing of the trees crosses a pipe. What a
job gives depends on the job alone, and on neither the clock nor who does it. An :class:`Actor` is a worker in a process
of its own.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from agents.expert_iteration import Decisions, decisions, joined
from agents.guidance import GuidedEvaluator
from agents.policies import CandidatePolicy, PolicyConfig
from agents.processes import PIPE_ENDED, ProcessEndedError, start_process
from agents.rollouts import Recorder
from agents.search import Method, follow, solve_each
from agents.sub_goals import SubGoals
from agents.tree import Evaluator, Outcome, SearchResult, Tree, UniformEvaluator, run
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.rewards.checking import open_prm
from reasoning_envs.types import Problem, Trace

__all__ = ["Actor", "Crew", "Job", "Record", "Report", "Worker", "quiet", "weights_of"]

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Job:
    """Problems to search.

    Attributes:
        problems: what to solve. method: how. seed: for methods that draw.
        weights: of the policy; None: no policy, all candidates alike.
        prm: file of a learned PRM whose values the method's priority may use.
        learn: give back what can be learned; of a problem that was not solved also the actions that
            ``demonstration(problem)`` of the guide or else of the domain tells, where there is one: sub-goals reached
            one by one, or the proposer's own way back.
        record: numbers of the problems whose episode is wanted as a trace.
        role: noted in the traces.
    """

    problems: tuple[Problem, ...]
    method: Method
    weights: Weights | None = None
    prm: str | None = None
    seed: int = 0
    learn: bool = False
    record: tuple[int, ...] = ()
    role: str = "solver"


class Record(NamedTuple):
    """What became of one problem.

    Attributes:
        outcome, answer, expansions, steps: see :class:`agents.tree.SearchResult`.
        direct: solved with hardly an expansion beyond its own path: the policy needed no search.
    """

    outcome: Outcome
    answer: str | None
    expansions: int
    steps: int
    direct: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to a job.

    Attributes:
        records: one a problem, in order. traces: of those asked for, in order; none where nothing was to be done.
        decisions: None where they were not asked for.
        seconds: of processor time.
    """

    records: tuple[Record, ...]
    traces: tuple[Trace, ...] = ()
    decisions: Decisions | None = None
    seconds: float = field(default=0.0, compare=False)


class Worker:
    """Does jobs in this process.

    Args:
        env_id, env_kwargs: of the environment; see :class:`agents.rollouts.Recorder`.
        config: of the policies whose weights jobs carry.
        guide: a policy for macro moves, file or folder, whose lines are sub-goals; see :mod:`agents.sub_goals`.

    Raises:
        PolicyError: there is no such policy.
    """

    def __init__(self, env_id: str, env_kwargs: Mapping[str, Any], config: PolicyConfig, guide: str = "") -> None:
        self.recorder = Recorder(env_id, env_kwargs)
        self.policy = CandidatePolicy(self.recorder.domain, config)
        self._prms: dict[str, Any] = {}
        self._teacher: Any = self.recorder.domain
        if guide:
            self._teacher = SubGoals(self.recorder.domain, guide, AlgebraDomain())

    def do(self, job: Job) -> Report:
        """See :class:`Job`."""
        began = time.process_time()
        evaluator = self._evaluator(job)
        records: dict[int, Record] = {}
        traces: dict[int, Trace] = {}
        learned: dict[int, Decisions] = {}
        for number, result in solve_each(self.recorder.domain, job.problems, job.method, evaluator, seed=job.seed):
            records[number] = _record(result)
            if job.learn:
                learned[number] = decisions([result, *self._demonstrated(result, evaluator)])
            if number in job.record:
                trace = self.recorder.trace(result, job.role)
                if trace is not None:
                    traces[number] = trace
        return Report(
            tuple(records[number] for number in range(len(job.problems))),
            tuple(traces[number] for number in job.record if number in traces),
            joined([learned[number] for number in range(len(learned))]) if learned else None,
            time.process_time() - began,
        )

    def _demonstrated(self, result: SearchResult, evaluator: Evaluator) -> list[SearchResult]:
        """A way for a problem that the search did not solve, where somebody knows one."""
        demonstration = getattr(self._teacher, "demonstration", None)
        if demonstration is None or result.outcome.success:
            return []
        actions = demonstration(result.problem)
        if not actions:
            return []
        way = follow(Tree(self.recorder.domain, result.problem), actions)
        return [followed for _, followed in run([way], evaluator)]

    def _evaluator(self, job: Job) -> Evaluator:
        evaluator: Evaluator = UniformEvaluator()
        if job.weights is not None:
            self.policy.keep_encoded = job.learn
            self.policy.network.load_state_dict({name: torch.from_numpy(value) for name, value in job.weights.items()})
            evaluator = self.policy
        elif job.learn:
            raise ValueError("nothing can be learned from searches without a policy: give the job its weights")
        if job.prm is not None:
            if job.prm not in self._prms:
                self._prms[job.prm] = open_prm(job.prm)
            evaluator = GuidedEvaluator(evaluator, self._prms[job.prm])
        return evaluator


def _record(result: SearchResult) -> Record:
    direct = result.outcome.success and result.expansions <= 1.5 * (len(result.path) - 1) + 1
    return Record(result.outcome, result.answer, result.expansions, result.steps, direct)


def weights_of(policy: CandidatePolicy) -> Weights:
    """A copy of the weights that a job can carry."""
    return {name: value.detach().numpy().copy() for name, value in policy.network.state_dict().items()}


class Actor:
    """A worker in a process of its own, with one thread. It ends with the process that started it, however that ends.

    Args:
        env_id, env_kwargs, config, guide: see :class:`Worker`.
    """

    def __init__(self, env_id: str, env_kwargs: Mapping[str, Any], config: PolicyConfig, guide: str = "") -> None:
        self._connection, theirs = multiprocessing.Pipe()
        self._process = start_process(_act, (theirs, env_id, dict(env_kwargs), config, guide), "actor")
        theirs.close()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self._process.pid

    def send(self, jobs: Sequence[Job]) -> None:
        """Begin some jobs; :meth:`receive` their reports before the next are sent.

        Raises:
            ProcessEndedError: the process is gone.
        """
        try:
            self._connection.send(list(jobs))
        except PIPE_ENDED:
            raise self._gone() from None

    @property
    def answered(self) -> bool:
        """The reports of the jobs sent are there to be received."""
        return self._connection.poll()

    def receive(self) -> list[Report]:
        """Wait for the reports of the jobs sent.

        Raises:
            ProcessEndedError: the process is gone, perhaps because a job failed.
        """
        try:
            reports: list[Report] = self._connection.recv()
        except PIPE_ENDED:
            raise self._gone() from None
        return reports

    def _gone(self) -> ProcessEndedError:
        self._process.join(5)
        code = self._process.exitcode
        return ProcessEndedError(
            f"an actor's process ended with exit code {code}: "
            + ("it was killed; out of memory?" if code is not None and code < 0 else "its traceback is above")
        )

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._connection.close()
        self._process.terminate()
        self._process.join()


class Crew:
    """A worker in this process and actors beside it, who share jobs among them.

    A job's report is the same whoever does it, up to the last digits of a network's numbers.

    Args:
        env_id, env_kwargs, config, guide: see :class:`Worker`.
        actors: processes beside this one; 0 or more.
    """

    def __init__(
        self, env_id: str, env_kwargs: Mapping[str, Any], config: PolicyConfig, actors: int, guide: str = ""
    ) -> None:
        self.worker = Worker(env_id, env_kwargs, config, guide)
        self.actors = [Actor(env_id, env_kwargs, config, guide) for _ in range(actors)]
        self._begun: Sequence[Job] = ()

    def begin(self, jobs: Sequence[Job]) -> None:
        """Give jobs to the actors, so that this process can do something else until :meth:`finish`."""
        self._begun = jobs
        shards = [_deal(job, len(self.actors)) for job in jobs]
        for number, actor in enumerate(self.actors):
            actor.send([shard[number] for shard in shards])

    def finish(self) -> list[Report]:
        """The reports of the jobs begun; without actors, this is where they are done.

        Raises:
            ProcessEndedError: a process is gone, perhaps because a job failed.
        """
        if not self.actors:
            return [self.worker.do(job) for job in self._begun]
        answers = [actor.receive() for actor in self.actors]
        return [_gather([answer[place] for answer in answers]) for place in range(len(self._begun))]

    def do(self, job: Job) -> Report:
        """One job, by all hands."""
        first, *others = _deal(job, len(self.actors) + 1)
        for actor, part in zip(self.actors, others, strict=True):
            actor.send([part])
        reports = [self.worker.do(first)]
        return _gather(reports + [actor.receive()[0] for actor in self.actors])

    def close(self) -> None:
        """End the actors."""
        for actor in self.actors:
            actor.close()


def _deal(job: Job, hands: int) -> list[Job]:
    """The job in parts, its problems dealt out one by one: hard levels at one end of the list are shared too."""
    parts = []
    for first in range(hands):
        numbers = range(first, len(job.problems), hands)
        wanted = tuple(place for place, number in enumerate(numbers) if number in job.record)
        parts.append(replace(job, problems=tuple(job.problems[number] for number in numbers), record=wanted))
    return parts


def _gather(reports: Sequence[Report]) -> Report:
    """The inverse of :func:`_deal`; traces come hand by hand."""
    total = sum(len(report.records) for report in reports)
    records = [reports[number % len(reports)].records[number // len(reports)] for number in range(total)]
    traces = tuple(trace for report in reports for trace in report.traces)
    kept = [report.decisions for report in reports if report.decisions is not None]
    return Report(tuple(records), traces, joined(kept) if kept else None, sum(report.seconds for report in reports))


def _act(connection: Connection, env_id: str, env_kwargs: Mapping[str, Any], config: PolicyConfig, guide: str) -> None:
    quiet()
    worker = Worker(env_id, env_kwargs, config, guide)
    while True:
        try:
            jobs = connection.recv()
        except PIPE_ENDED:
            return
        reports = [worker.do(job) for job in jobs]
        try:
            connection.send(reports)
        except PIPE_ENDED:
            return


def quiet() -> None:
    """One thread, and a garbage collector that fits search: trees are many small objects that die together."""
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
