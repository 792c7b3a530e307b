"""Thousands of runs leave nothing, and no run lasts longer than it may."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandboxes.types import Job, Limits, Status
from sandboxes.zygote import ZygoteSandbox

FINE = "def f(x): return x"


def children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("threads", [1, 4])
def test_cpu_time_ends_what_blocks_all_signals(sandbox: ZygoteSandbox, threads: int) -> None:
    """The kernel's timer sends a signal, and RLIMIT_CPU counts in seconds: the parent looks at the time as well."""
    source = f"""
import signal, threading
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))

def burn():
    while True:
        sum(range(10**6))

def f(x):
    for _ in range({threads - 1}):
        threading.Thread(target=burn, daemon=True).start()
    burn()
"""
    limits = Limits(cpu_seconds=0.2, wall_seconds=60.0)
    execution = sandbox.run(source, entry="f", calls=[((1,), {})], limits=limits)
    assert execution.status is Status.TIMEOUT
    assert 0.1 < execution.cpu_seconds < 0.9
    whole = sandbox.run(source + "f(1)", limits=limits)
    assert whole.status is Status.TIMEOUT
    assert 0.1 < whole.cpu_seconds < 0.9


def descriptors(pid: int | str) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def private_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))


@pytest.mark.slow
def test_five_thousand_runs_leave_nothing(strongest: ZygoteSandbox) -> None:
    """``python -m tests.benchmarks.sandboxes --endurance 100000`` does the same for longer."""
    good = Job(FINE, entry="f", calls=[((1,), {})])
    bad = [
        Job("import os; os._exit(1)", entry="f"),
        Job("def f(): raise ValueError", entry="f", calls=[((), {})]),
        Job("print('x')"),
        Job(FINE, entry="f", tests="assert f(1) == 1"),
        Job("import ctypes; ctypes.string_at(0)"),
    ]
    jobs = [bad[i // 10 % len(bad)] if i % 10 == 0 else good for i in range(500)]
    strongest.run_many(jobs)
    (zygote,) = strongest.zygote_pids()
    before = descriptors("self"), descriptors(zygote), threading.active_count()
    memory = private_kib(zygote)
    for _ in range(9):
        statuses = [execution.status for execution in strongest.run_many(jobs)]
        assert statuses.count(Status.OK) == 470
    assert strongest.zygote_pids() == [zygote]

    def nothing_more() -> bool:  # what other tests left behind may go away meanwhile
        now = descriptors("self"), descriptors(zygote), threading.active_count()
        return all(after <= earlier for after, earlier in zip(now, before, strict=True))

    assert wait_for(nothing_more)
    assert children(zygote) == ""
    assert private_kib(zygote) - memory < 1024
