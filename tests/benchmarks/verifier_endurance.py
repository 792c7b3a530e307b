"""Does the verifier hold out? ``python -m tests.benchmarks.verifier_endurance --calls 200000``, minutes.

Answers and steps of the tables, each with numbers of its own so that no memory of texts helps, are judged one after the
other. Printed along the way: resident memory, open descriptors, living and dead children. SymPy's process is asked now
and then and killed under a question, which may cost that one verdict and no other.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.steps import sympy_worker
from reasoning_envs.symbolic.syntax.parser import parse_expression
from reasoning_envs.types import Status, Verdict
from reasoning_envs.verifiers.prose.judge import verify_prose
from reasoning_envs.verifiers.symbolic import verify_answer, verify_step

__all__ = ["descriptors", "questions", "resident", "zombies"]


def questions(rng: random.Random) -> Iterator[Callable[[], Verdict]]:
    """Questions without end, hardly any twice."""
    while True:
        a, b, c = (rng.randint(2, 10**6) for _ in range(3))
        yield lambda a=a, b=b: verify_answer(f"\\frac{{{a}}}{{{b}}}", f"{2 * a}/{2 * b}")  # type: ignore[misc]
        yield lambda a=a, b=b: verify_answer(f"So we get \\boxed{{{a}, {b}}}.", f"x = {b} or x = {a}")  # type: ignore[misc]
        yield lambda a=a, c=c: verify_answer(f"(x + {a})(x - {c})", f"x^2 + {a - c}x - {a * c}")  # type: ignore[misc]
        yield lambda a=a: verify_answer(f"sqrt({a})", f"{a}/sqrt({a})")  # type: ignore[misc]
        yield lambda a=a: verify_answer(f"sin({a % 97}x)^2", f"1 - cos({a % 97}x)^2")  # type: ignore[misc]
        yield lambda a=a, b=b: verify_step(f"{a}x + {b} = 0", f"x = -{b}/{a}")  # type: ignore[misc]
        yield lambda a=a, b=b: verify_step(f"{b} - x > {a}", f"x > {b - a}")  # type: ignore[misc]
        yield lambda a=a, b=b: verify_prose(f"{a} + {b} = {a + b} eggs")  # type: ignore[misc]


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    """Open files of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def zombies() -> int:
    """Children of this process that are dead and were not waited for."""
    count = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended since
        count += state == "Z" and int(parent) == os.getpid()
    return count


def ask_sympy(number: int, *, kill: bool) -> Status:
    """A question that SymPy's process answers; it is killed before, where that is wanted."""
    pid = sympy_worker._worker().pid
    if kill and pid is not None:
        os.kill(pid, signal.SIGKILL)
    return equivalent(parse_expression(f"sin(asin(x/{number}))"), parse_expression(f"x/{number}"), prove=True).status


def main() -> None:
    """Run, and print a line now and then."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200_000, help="how many verdicts")
    parser.add_argument("--seed", type=int, default=0, help="of the questions")
    args = parser.parse_args()
    source = questions(random.Random(args.seed))
    seen: Counter[str] = Counter()
    begun = time.process_time()
    print(f"{'calls':>9} {'memory':>10} {'files':>6} {'zombies':>8} {'CPU time':>9}")
    every = max(args.calls // 10, 1)
    for number in range(1, args.calls + 1):
        seen[next(source)().status.value] += 1
        if number % 5000 == 0:
            seen[f"sympy {ask_sympy(number, kill=number % 10_000 == 0).value}"] += 1
        if number % every == 0:
            spent = time.process_time() - begun
            print(f"{number:9,} {resident() / 1e6:7.1f} MB {descriptors():6} {zombies():8} {spent:7.1f} s", flush=True)
    print(", ".join(f"{count} {name}" for name, count in seen.most_common()))


if __name__ == "__main__":
    main()
