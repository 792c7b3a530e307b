"""How many submissions a CPU-second are judged by hidden tests: ``python -m tests.benchmarks.code_text``.

One episode is ``reset`` on a problem that is there already and one action, a right program and ``submit``: 17 tests
decide, of which 5 are visible. Counted are the CPU time of this process and what the kernel counted for the programs;
no program is met twice, so that nothing is remembered. Beside it stands what the sandbox costs alone, for the same
programs and calls: what is between the two is the environment's. Nothing here decides about a test.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.types import Problem
from reasoning_envs.verifiers.python_tests import arguments_of
from sandboxes import Execution, Job

_EPISODES = 500
_PROBLEMS = 25


def main() -> None:
    """Measure and print."""
    env = ReasoningEnv("reasoning_envs.domains.python_task:PythonTaskDomain", "text")
    judge = env.domain.judge  # type: ignore[attr-defined]
    sandbox = judge.sandbox
    print(f"sandbox {sandbox.backend}, tier {sandbox.tier}")
    rng = np.random.default_rng(0)
    for level in ("small-1", "large-3"):
        problems = [env.domain.sample(rng, level) for _ in range(_PROBLEMS)]
        _submissions(env, problems, f"submissions, {level}, right programs")
    problems = [env.domain.sample(rng, "large-2") for _ in range(_PROBLEMS)]
    calls = [judge_calls(problem) for problem in problems]
    with _timed("the sandbox alone, large-2, the same calls", [_EPISODES]) as spent:
        for number in range(_EPISODES):
            place = number % _PROBLEMS
            execution = sandbox.run(f"{problems[place].answer}# {number}\n", entry="f", calls=calls[place])
            assert execution.ok, execution
            spent.append(execution.cpu_seconds)
    tests = [judge_source(problem) for problem in problems]
    with _timed("the same hidden tests as assertions in a process of their own", [_EPISODES]) as spent:
        for number in range(_EPISODES):
            problem = problems[number % _PROBLEMS]
            execution = sandbox.run_tests(f"{problem.answer}# {number}\n", tests[number % _PROBLEMS], entry="f")
            assert execution.ok, execution
            spent.append(execution.cpu_seconds)


def judge_calls(problem: Problem) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The arguments of the tests that decide."""
    return [(arguments_of(arguments), {}) for arguments, _ in problem.metadata["hidden"]["calls"]]


def judge_source(problem: Problem) -> str:
    """The hidden tests of a problem as assertions."""
    calls = problem.metadata["hidden"]["calls"]
    return "\n".join(f"assert f({arguments}) == {value}" for arguments, value in calls)


def _submissions(env: ReasoningEnv, problems: list[Problem], name: str) -> None:
    sandbox = env.domain.judge.sandbox  # type: ignore[attr-defined]
    run_job = sandbox.run_job
    spent_inside: list[float] = []

    def counted(job: Job) -> Execution:
        execution: Execution = run_job(job)
        spent_inside.append(execution.cpu_seconds)
        return execution

    sandbox.run_job = counted
    try:
        with _timed(name, [_EPISODES]) as spent:
            for number in range(_EPISODES):
                problem = problems[number % len(problems)]
                env.reset(options={"problem": problem})
                _, reward, *_ = env.step(f"{problem.answer}# {number}\nsubmit")
                assert reward == 1.0
            spent.extend(spent_inside)
    finally:
        del sandbox.run_job


@contextmanager
def _timed(name: str, counts: list[int]) -> Iterator[list[float]]:
    """Print how often a CPU-second, and a second by the wall, something was done.

    The block adds the CPU time of processes that this one has not waited for.
    """
    spent: list[float] = []
    wall, own = time.perf_counter(), _own()
    yield spent
    cpu = _own() - own + sum(spent)
    rates = sum(counts) / cpu, sum(counts) / (time.perf_counter() - wall)
    print(f"{name:<62} {rates[0]:>7,.0f} a CPU-second {rates[1]:>7,.0f} a second")


def _own() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
