"""How fast the zygote sandbox is: ``python -m tests.benchmarks.sandboxes``, on Linux, in less than a minute.

CPU time is what counts where all cores are busy with programs: the parent's, the zygote's and the children's together.
Everything is measured in alternating rounds of one run on one machine, and the best round of each is compared.

"Bare fork+wait" can be read in two ways, and both are in the table: an *empty* fork of a lean Python, which exits at
once; and the fork of a lean Python that compiles and runs *the solution*, without a wall, a question or an answer. The
aim of a third is set against the second, because that is what a solution costs at the very least. Of an empty fork no
Python can come near a third: each object that a child looks at is written to (its count of references), and the page
that it lies in is copied. The column of page faults shows it, and the row of the solution in a process that is there
already, which has none to speak of.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, cycle
from pathlib import Path
from typing import Any

from sandboxes import Job, SandboxUnavailable, Tier, open_sandbox
from sandboxes.base import cores
from sandboxes.host import bubblewrap_command, interpreter, readable_paths
from sandboxes.testing.outside import descendants
from sandboxes.zygote import ZygoteSandbox

SOLUTIONS: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    (
        """
from typing import List


def close(numbers: List[float], threshold: float) -> bool:
    for i, one in enumerate(numbers):
        for j, other in enumerate(numbers):
            if i != j and abs(one - other) < threshold:
                return True
    return False
""",
        "close",
        [([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.3), ([1.0, 2.0, 5.9, 4.0, 5.0], 0.95), ([1.1, 2.2, 3.1, 4.1, 5.1], 0.5)],
    ),
    (
        """
from collections import Counter


def most(text: str) -> str:
    counts = Counter(text)
    return max(sorted(counts), key=counts.__getitem__)
""",
        "most",
        [("abracadabra",), ("mississippi",), ("z",)],
    ),
    (
        """
import math


def primes(n):
    sieve = [True] * (n + 1)
    for i in range(2, math.isqrt(n) + 1):
        if sieve[i]:
            sieve[i * i :: i] = [False] * len(sieve[i * i :: i])
    return [i for i in range(2, n + 1) if sieve[i]]
""",
        "primes",
        [(10,), (100,), (500,)],
    ),
]
"""Program, entry, arguments: the size of what models write."""

SPAWN = """
import ctypes, json, os, resource, sys, time
import collections, math, typing
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # whatever is left without a parent is reaped, and so counted, here
commands, rounds = json.loads(sys.argv[1]), int(sys.argv[2])
def used():
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(part.ru_utime + part.ru_stime for part in both), sum(part.ru_minflt for part in both)
null = os.open(os.devnull, os.O_RDWR)
def one(command):
    if command[0:1] == [""]:
        exec(compile(command[1], "main.py", "exec"), {})
        return
    if len(command) > 1:
        os.posix_spawn(command[0], command, {}, file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1)])
    elif os.fork() == 0:
        if command:
            os.dup2(null, 1)
            exec(compile(command[0], "main.py", "exec"), {})
        os._exit(0)
    while True:
        try:
            _, status = os.wait()
        except ChildProcessError:
            return
        assert status == 0, status
out = os.dup(1)
os.dup2(null, 1)
one(commands[0])
(cpu, faults), wall = used(), time.perf_counter()
for i in range(rounds):
    one(commands[i % len(commands)])
sys.stdout.flush()
now, ended = used(), time.perf_counter()
took = now[0] - cpu, ended - wall, now[1] - faults
os.write(out, json.dumps([part / rounds for part in took]).encode())
"""

Figures = tuple[float, float, float]
"""A solution's CPU seconds, wall-clock seconds and page faults."""


def spawn(commands: list[list[str]], rounds: int) -> Figures:
    """What a command takes.

    An empty one is a bare fork; a single word, what a forked child runs; an empty word and another one, what is run
    without a fork.
    """
    result = subprocess.run(
        [interpreter(), "-I", "-S", "-c", SPAWN, json.dumps(commands), str(rounds)],
        check=True,
        capture_output=True,
        text=True,
    )
    cpu, wall, faults = json.loads(result.stdout)
    return cpu, wall, faults


def whole_programs() -> list[str]:
    """The solutions as programs that call themselves and print the answers."""
    return [f"{source}\nprint([{entry}(*args) for args in {calls!r}])" for source, entry, calls in SOLUTIONS]


def jobs() -> Iterator[Callable[[ZygoteSandbox], None]]:
    """The solutions in turn, each as something to do with a sandbox."""

    def job(source: str, entry: str, calls: list[tuple[Any, ...]]) -> Callable[[ZygoteSandbox], None]:
        def run(sandbox: ZygoteSandbox) -> None:
            execution = sandbox.run(source, entry=entry, calls=[(args, {}) for args in calls])
            assert execution.ok, execution

        return run

    return cycle([job(*solution) for solution in SOLUTIONS])


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of the children that it has reaped."""
    return sum(map(int, _stat(pid)[11:15])) / os.sysconf("SC_CLK_TCK")


def faults_of(pid: int) -> int:
    """Page faults of a process and of the children that it has reaped, those apart that waited for a disk."""
    return sum(map(int, _stat(pid)[7:9]))


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def in_sandbox(sandbox: ZygoteSandbox, rounds: int) -> Figures:
    """What a solution takes, this process's part included."""
    (pid,) = sandbox.zygote_pids()

    def used() -> tuple[float, int]:
        own = resource.getrusage(resource.RUSAGE_SELF)
        return own.ru_utime + own.ru_stime + cpu_of(pid), own.ru_minflt + faults_of(pid)

    todo = jobs()
    (cpu, faults), wall = used(), time.perf_counter()
    for _ in range(rounds):
        next(todo)(sandbox)
    now, ended = used(), time.perf_counter()
    return (now[0] - cpu) / rounds, (ended - wall) / rounds, (now[1] - faults) / rounds


def latencies(sandbox: ZygoteSandbox, clients: int, rounds: int) -> list[float]:
    """Wall-clock seconds of each solution, sorted, ``clients`` threads asking at the same time."""

    def client(_: int) -> list[float]:
        times, todo = [], jobs()
        for _ in range(rounds):
            begun = time.perf_counter()
            next(todo)(sandbox)
            times.append(time.perf_counter() - begun)
        return times

    with ThreadPoolExecutor(clients) as pool:
        return sorted(chain.from_iterable(pool.map(client, range(clients))))


def private_bytes(pid: int, kind: str = "Private_") -> int:
    """What would be freed if the process ended, and nothing else did.

    Args:
        pid: of the process.
        kind: ``Private_Dirty`` leaves out what was read of files, which others may come to share or let go of.
    """
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(kind))


def own_cpu() -> float:
    """CPU seconds of this process and of all that it has started."""
    parts = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(part.ru_utime + part.ru_stime for part in parts) + sum(map(cpu_of, descendants()))


def further_calls(sandbox: ZygoteSandbox, rounds: int) -> tuple[float, float]:
    """Calls a second of one running program, and a CPU second."""
    with sandbox.session("def f(x):\n    return x + 1\n", entry="f") as session:
        assert session.call(0).value == 1
        cpu, begun = own_cpu(), time.perf_counter()
        for i in range(rounds):
            assert session.call(i).value == i + 1
        return rounds / (time.perf_counter() - begun), rounds / (own_cpu() - cpu)


def monty_runs(count: int) -> tuple[float, float]:
    """Runs a second, and a CPU second, of small programs in the monty lane, best of three."""
    jobs = [Job("def f(x):\n    return x + 1\n", entry="f", calls=[((i,), {})]) for i in range(count)]
    with open_sandbox("monty") as sandbox:
        sandbox.run_many(jobs[:100])
        best = 0.0, 0.0
        for _ in range(3):
            cpu, begun = own_cpu(), time.perf_counter()
            executions = sandbox.run_many(jobs)
            rates = count / (time.perf_counter() - begun), count / (own_cpu() - cpu)
            best = max(best[0], rates[0]), max(best[1], rates[1])
            assert all(execution.values == [i + 1] for i, execution in enumerate(executions))
    return best


def measure(rounds: int) -> None:
    """Print everything."""
    plain = [[interpreter(), "-I", "-S", "-c", program] for program in whole_programs()]
    rivals: dict[str, tuple[list[list[str]], int]] = {
        "bare fork+wait, empty": ([[]], rounds * 2),
        "bare fork+wait, solution": ([[program] for program in whole_programs()], rounds),
        "the solution, no fork": ([["", program] for program in whole_programs()], rounds),
        "python -I -S": (plain, rounds // 4),
    }
    if shutil.which("bwrap"):
        readable, _ = readable_paths("plain")
        rivals["bwrap + python"] = (
            [[*bubblewrap_command(readable), "--", *command] for command in plain],
            rounds // 4,
        )
    best: dict[str, Figures] = {}

    def note(name: str, figures: Figures) -> None:
        old = best.get(name, figures)
        best[name] = min(old[0], figures[0]), min(old[1], figures[1]), min(old[2], figures[2])

    tiers = (Tier.NAMESPACES, Tier.LANDLOCK)
    opened = [open_sandbox("zygote", minimum_tier=Tier.LANDLOCK, maximum_tier=tier) for tier in tiers]
    sandboxes = {str(box.tier): box for box in opened if isinstance(box, ZygoteSandbox)}
    for _ in range(3):
        for name, (commands, count) in rivals.items():
            note(name, spawn(commands, count))
        for name, sandbox in sandboxes.items():
            note(f"zygote, {name}", in_sandbox(sandbox, rounds))
    print(f"{'':26} {'CPU ms':>8} {'wall ms':>8} {'per CPU-second':>15} {'page faults':>12}")
    for name, (cpu, wall, faults) in best.items():
        print(f"{name:26} {cpu * 1e3:8.2f} {wall * 1e3:8.2f} {1 / cpu:15.0f} {faults:12.0f}")
    strongest = next(iter(sandboxes))
    ours = best[f"zygote, {strongest}"][0]
    print(f"\nin the tier {strongest} ({sandboxes[strongest].info['means']}):")
    aims = {"bwrap + python": "2.5", "python -I -S": "1.5", "bare fork+wait, solution": "0.33"}
    for name, (cpu, *_) in best.items():
        if not name.startswith("zygote"):
            print(f"  {cpu / ours:5.2f} times {name}{f' (at least {aims[name]})' if name in aims else ''}")
    sandbox = sandboxes[strongest]
    for clients in (1, 2):
        times = latencies(sandbox, clients, rounds)
        p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
        print(f"  {clients} client{'s' * (clients > 1)}: p50 {p50 * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms")
    calls = [max(rates) for rates in zip(*(further_calls(sandbox, rounds * 20) for _ in range(3)), strict=True)]
    print(f"  {calls[0]:.0f} further calls a second (at least 10000), {calls[1]:.0f} a CPU-second")
    for box in sandboxes.values():
        if box is not sandbox:
            box.close()  # a second zygote would share what the first one has read of files, which then is not private
    time.sleep(0.5)
    pids = {*sandbox.zygote_pids(), *sandbox.shell_pids()}
    print(f"  {sum(map(private_bytes, pids)) / 1e6:.1f} MB private while idle (at most 15)")
    sandbox.close()
    try:
        runs = monty_runs(rounds * 10)
        print(f"\nmonty: {runs[0]:.0f} runs a second on {cores()} cores (at least 8000), {runs[1]:.0f} a CPU-second")
    except SandboxUnavailable as missing:
        print(f"\nmonty: {missing}")


def endure(runs: int) -> None:
    """Run so many programs in a row, one in ten of them bad, and tell what is there at the end that was not before.

    Raises:
        AssertionError: something is.
    """
    good = Job("def f(x):\n    return x + 1\n", entry="f", calls=[((1,), {})])
    bad = [
        Job("import os; os._exit(1)", entry="f"),
        Job("def f(x):\n    raise ValueError\n", entry="f", calls=[((1,), {})]),
        Job("import ctypes; ctypes.string_at(0)"),
        Job("def f(x):\n    return [0] * 10**10\n", entry="f", calls=[((1,), {})]),
    ]
    jobs = [bad[i // 10 % len(bad)] if i % 10 == 0 else good for i in range(1000)]

    def state() -> dict[str, int]:
        pids = sandbox.zygote_pids()
        children = sum(len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()) for pid in pids)
        descriptors = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in ("self", *pids))
        return {"zygotes": len(pids), "programs": children, "descriptors": descriptors}

    def written() -> int:
        return sum(private_bytes(pid, "Private_Dirty") for pid in (os.getpid(), *sandbox.zygote_pids()))

    with ZygoteSandbox(recycle_after=runs * 2) as sandbox:
        sandbox.run_many(jobs)
        time.sleep(0.5)  # until the last child is gone
        before, memory = state(), written()
        begun, done = time.perf_counter(), 0
        while done < runs:
            executions = sandbox.run_many(jobs)
            assert sum(execution.ok for execution in executions) == 900
            done += len(jobs)
            if done % 10_000 == 0:
                print(f"{done} runs, {done / (time.perf_counter() - begun):.0f} a second", flush=True)
        time.sleep(0.5)
        grown = written() - memory
        print(f"before {before}, after {state()}, memory grown by {grown / 1e6:.2f} MB")
        assert state() == before
        assert grown < 8 << 20


def main() -> None:
    """Measure, or endure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300, help="solutions a round and back end (default: 300)")
    parser.add_argument("--endurance", type=int, metavar="RUNS", help="instead, run so many (100000 take minutes)")
    arguments = parser.parse_args()
    if arguments.endurance:
        endure(arguments.endurance)
    else:
        measure(arguments.rounds)


if __name__ == "__main__":
    main()
