"""The worker answers, dies within its limits, is replaced, and leaves nothing behind."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandboxes.worker import AnswerStatus, Worker, WorkerError, WorkerLimits

MODULE = """
import os, signal, sys, time

def act(payload):
    if isinstance(payload, bytes):
        return payload[::-1]
    verb, argument = payload
    if verb == "echo":
        print("noise on stdout")
        return argument
    if verb == "raise":
        raise ValueError(argument)
    if verb == "spin":
        while True:
            pass
    if verb == "sleep":
        time.sleep(argument)
        return "slept"
    if verb == "hog":
        return len(bytearray(argument))
    if verb == "exit":
        os._exit(argument)
    if verb == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if verb == "recurse":
        return act(payload)
    if verb == "unanswerable":
        return object()
    if verb == "pid":
        return os.getpid()
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    (tmp_path / "acting_worker.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    worker = Worker("acting_worker:act", limits=WorkerLimits(cpu_seconds=0.3, wall_seconds=3.0, memory_bytes=1 << 29))
    yield worker
    worker.close()


def test_plain_data_and_bytes_come_back_and_prints_do_no_harm(worker: Worker) -> None:
    assert worker.pid is None, "nothing starts before the first call"
    payload = {"a": [1, 2.5, None, True, "ü"], "b": {"c": []}}
    assert worker.call(["echo", payload]).value == payload
    assert worker.call(b"abc\x00").value == b"\x00cba"
    big = "x" * 3_000_000  # far beyond the buffer of a pipe
    assert worker.call(["echo", big]).value == big


def test_what_the_function_raises_comes_back_as_text_and_the_process_lives_on(worker: Worker) -> None:
    first = worker.call(["pid", 0]).value
    answer = worker.call(["raise", "no such thing"])
    assert (answer.status, answer.error) == (AnswerStatus.ERROR, "ValueError: no such thing")
    assert worker.call(["recurse", 0]).status is AnswerStatus.ERROR
    assert worker.call(["unanswerable", 0]).status is AnswerStatus.ERROR
    assert worker.call(["pid", 0]).value == first


@pytest.mark.parametrize(
    ("job", "status"),
    [
        (["spin", 0], AnswerStatus.TIMEOUT),
        (["sleep", 60], AnswerStatus.TIMEOUT),
        (["hog", 1 << 31], AnswerStatus.MEMORY),
        (["exit", 3], AnswerStatus.CRASHED),
        (["kill", 0], AnswerStatus.CRASHED),
    ],
)
def test_a_bad_job_costs_one_answer_and_the_process(worker: Worker, job: list[object], status: AnswerStatus) -> None:
    first = worker.call(["pid", 0]).value
    answer = worker.call(job)
    assert answer.status is status
    assert answer.error
    after = worker.call(["pid", 0])
    assert after.status is AnswerStatus.RESULT
    assert after.value != first
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_many_short_jobs_do_not_add_up_to_the_limit(worker: Worker) -> None:
    first = worker.call(["pid", 0]).value
    for _ in range(3):
        assert worker.call(["echo", "x" * 2_000_000]).status is AnswerStatus.RESULT
    assert worker.call(["pid", 0]).value == first


def test_killed_while_idle_costs_nothing(worker: Worker) -> None:
    worker.call(["echo", 1])
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    assert worker.call(["echo", 2]).value == 2


def test_killed_in_the_middle_of_a_job(worker: Worker) -> None:
    pid = worker.call(["pid", 0]).value
    threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
    assert worker.call(["sleep", 2]).status is AnswerStatus.CRASHED
    assert worker.call(["echo", "next"]).value == "next"


def test_thirty_two_threads_get_their_own_answers(worker: Worker) -> None:
    def ask(index: int) -> bool:
        if index % 40 == 7:
            return worker.call(["exit", 1]).status is AnswerStatus.CRASHED
        return bool(worker.call(["echo", index]).value == index)

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(ask, range(200)))


def test_no_zombie_and_no_descriptor_is_left(worker: Worker) -> None:
    worker.call(["echo", 0])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        worker.call(["exit", 1])
        worker.call(["echo", 0])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    pid = worker.pid
    assert pid is not None
    worker.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    assert worker.call(["echo", 1]).value == 1, "a closed worker starts again"


def _in_child(worker: Worker, queue: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    queue.put((worker.pid, worker.call(["pid", 0]).value, worker.call(["echo", "child"]).value))


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_forked_child_starts_a_process_of_its_own(worker: Worker) -> None:
    mine = worker.call(["pid", 0]).value
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(worker, queue))
    child.start()
    inherited, theirs, word = queue.get(timeout=60)
    child.join(60)
    assert (inherited, word) == (None, "child")
    assert theirs != mine
    assert worker.call(["pid", 0]).value == mine, "the parent's process is untouched"


def test_a_pickled_copy_is_a_worker_of_its_own(worker: Worker) -> None:
    mine = worker.call(["pid", 0]).value
    copy = pickle.loads(pickle.dumps(worker))  # noqa: S301 (what was pickled one line ago)
    assert (copy.target, copy.limits) == (worker.target, worker.limits)
    assert copy.call(["pid", 0]).value != mine
    copy.close()


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "acting_worker.py").write_text(MODULE)
    script = (
        "import os; from sandboxes.worker import Worker; w = Worker('acting_worker:act');"
        "print(w.call(['pid', 0]).value, flush=True); os.kill(os.getpid(), 9)"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[2])])
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=60,
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the worker outlived its parent"
        time.sleep(0.05)


def test_a_worker_that_cannot_start_says_why() -> None:
    with pytest.raises(WorkerError, match="no_such_module"):
        Worker("no_such_module:f").call(1)
    with pytest.raises(WorkerError, match="nowhere"):
        Worker("json:nowhere").call(1)
    with pytest.raises(ValueError, match="module:function"):
        Worker("json")
    with pytest.raises(ValueError, match="cpu_seconds must be positive"):
        WorkerLimits(cpu_seconds=0)


def test_a_payload_that_cannot_travel_is_refused_at_once(worker: Worker) -> None:
    with pytest.raises(TypeError):
        worker.call(object())
    assert worker.pid is None
