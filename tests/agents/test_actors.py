"""Workers and actors: the same job gives the same report, and nobody is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from agents.actors import Crew, Job, Report, Worker, weights_of
from agents.expert_iteration import Decisions
from agents.policies import CandidatePolicy, PolicyConfig
from agents.processes import ProcessEndedError
from agents.search import LEVIN, METHODS, Limits, Method
from reasoning_envs.types import Problem
from tests.agents.toy_sums import ENV_ID
from tests.reasoning_envs.toy_domain import READY

SIZES = PolicyConfig(width=16, hidden=8)
SEARCH = Method("best-first", LEVIN, Limits(40))


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    crew = Crew(ENV_ID, {}, SIZES, actors=1)
    yield crew
    crew.close()


def problems(count: int = 9) -> tuple[Problem, ...]:
    rng = np.random.default_rng(0)
    return tuple(READY.sample(rng, "three") for _ in range(count))


def job(**changes: object) -> Job:
    policy = CandidatePolicy(READY, SIZES, seed=1)
    with torch.no_grad():
        policy.network.heads.weight += torch.randn(2, 8, generator=torch.Generator().manual_seed(0))
    return replace(Job(problems(), SEARCH, weights_of(policy)), **changes)  # type: ignore[arg-type]


def same(one: Report, other: Report) -> bool:
    kept = [report.decisions for report in (one, other) if report.decisions is not None]
    equal = all(
        (getattr(kept[0], key) == getattr(kept[-1], key)).all() for key in Decisions.__dataclass_fields__ if kept
    )
    return one.records == other.records and one.traces == other.traces and equal


def test_an_actor_reports_what_a_worker_does(crew: Crew) -> None:
    worker = Worker(ENV_ID, {}, SIZES)
    jobs = [job(learn=True, record=(0, 3)), job(method=METHODS["random"], seed=4), job(weights=None)]
    crew.begin(jobs)
    for wanted, found in zip(jobs, crew.finish(), strict=True):
        assert same(worker.do(wanted), found)


def test_all_hands_report_what_one_does(crew: Crew) -> None:
    worker = Worker(ENV_ID, {}, SIZES)
    for method in ("random", "greedy", "beam", "best-first"):
        wanted = job(method=METHODS[method], seed=7)
        assert crew.do(wanted).records == worker.do(wanted).records
    alone = Crew(ENV_ID, {}, SIZES, actors=0)
    alone.begin([job()])
    assert same(alone.finish()[0], worker.do(job()))
    assert same(alone.do(job()), worker.do(job()))


def test_traces_come_back_where_they_were_asked_for(crew: Crew) -> None:
    found = crew.do(job(record=(0, 1, 5), role="tester"))
    statements = {problems()[number].statement for number in (0, 1, 5)}
    assert {trace.problem.statement for trace in found.traces} == statements
    assert {trace.role for trace in found.traces} == {"tester"}


def test_fewer_problems_than_hands(crew: Crew) -> None:
    assert len(crew.do(job(problems=problems(1))).records) == 1
    assert crew.do(job(problems=())).records == ()


def test_direct_means_hardly_more_than_the_path() -> None:
    worker = Worker(ENV_ID, {}, SIZES)
    hard = tuple(READY.sample(np.random.default_rng(seed), "six") for seed in range(12))
    records = worker.do(job(problems=(*problems(), *hard), weights=None)).records
    assert {record.direct for record in records} == {True, False}
    for record in records:
        assert record.direct == (record.outcome.success and record.expansions <= 1.5 * record.steps + 1)


def test_learning_needs_a_policy() -> None:
    with pytest.raises(ValueError, match="without a policy"):
        Worker(ENV_ID, {}, SIZES).do(job(weights=None, learn=True))


def test_a_killed_actor_is_an_error_and_no_hang() -> None:
    crew = Crew(ENV_ID, {}, SIZES, actors=1)
    (actor,) = crew.actors
    crew.begin([job()])
    assert len(crew.finish()) == 1
    assert actor.pid is not None
    os.kill(actor.pid, signal.SIGKILL)

    def go_on() -> None:
        crew.begin([job()])
        crew.finish()

    with pytest.raises(ProcessEndedError, match="exit code -9: it was killed"):
        go_on()
    crew.close()


def test_an_actor_killed_within_an_answer_is_an_error() -> None:
    """The report is longer than what a pipe holds, so that its end is never written."""
    crew = Crew(ENV_ID, {}, SIZES, actors=1)
    (actor,) = crew.actors
    many = problems(3000)
    crew.begin([job(problems=many, method=METHODS["first"], weights=None, record=tuple(range(len(many))))])
    while not actor.answered:
        time.sleep(0.05)
    assert actor.pid is not None
    os.kill(actor.pid, signal.SIGKILL)
    with pytest.raises(ProcessEndedError, match="exit code -9: it was killed"):
        crew.finish()
    crew.close()


ORPHAN = """
import time
from agents.actors import Actor
from agents.policies import PolicyConfig
if __name__ == "__main__":
    actor = Actor("tests.agents.toy_sums:tests/Sums-v0", {}, PolicyConfig())
    actor.send([])
    time.sleep(0.1)
    while not actor.answered:
        time.sleep(0.1)
    print(actor.pid, flush=True)
    time.sleep(600)
"""


def test_an_actor_ends_with_its_parent_however_that_ends() -> None:
    """With an answer that nobody took, the pipe is reset rather than closed."""
    command = [sys.executable, "-c", ORPHAN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        actor = int(parent.stdout.readline())
        parent.kill()
        assert parent.stderr.read() == ""  # read to its end: the actor has closed it as well
    _wait_for_end(actor)


CUT_OFF = """
import os, signal, threading, time
import numpy as np
from agents.actors import Actor, Job
from agents.policies import PolicyConfig
from agents.search import METHODS
if __name__ == "__main__":
    actor = Actor("tests.agents.toy_sums:tests/Sums-v0", {}, PolicyConfig())
    actor.send([])
    while not actor.answered:
        time.sleep(0.05)
    actor.receive()
    os.kill(actor.pid, signal.SIGSTOP)
    job = Job((), METHODS["greedy"], {"weights": np.zeros(1_000_000, np.float32)})
    threading.Thread(target=actor.send, args=([job],), daemon=True).start()
    time.sleep(0.5)
    print(actor.pid, flush=True)
    time.sleep(600)
"""


def test_an_actor_whose_parent_is_killed_within_a_job_ends_without_a_word() -> None:
    command = [sys.executable, "-c", CUT_OFF]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        actor = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        os.kill(actor, signal.SIGCONT)
        assert parent.stderr.read() == ""
    _wait_for_end(actor)


def _wait_for_end(actor: int) -> None:
    for _ in range(100):
        if _ended(actor):
            return
        time.sleep(0.1)
    pytest.fail(f"the actor {actor} outlived its parent")


def _ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = f"/proc/{pid}/stat"
    with open(stat, encoding="utf-8") as file:  # noqa: PTH123  # may vanish while it is read
        return file.read().rpartition(")")[2].split()[0] == "Z"
