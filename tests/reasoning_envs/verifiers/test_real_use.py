"""The verifier where it is really used: off the main thread, in many threads, after a fork, in vectors, for long."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice

import gymnasium as gym
import pytest
from gymnasium.vector import AsyncVectorEnv

import reasoning_envs  # noqa: F401 - registers the ids
from reasoning_envs import verify_answer, verify_step
from reasoning_envs.symbolic.steps import sympy_worker
from reasoning_envs.symbolic.syntax.parser import parse_expression
from reasoning_envs.symbolic.values.balls import precision
from reasoning_envs.types import Status
from sandboxes.worker import Worker, WorkerLimits
from tests.benchmarks.answer_pairs import BANK, STEPS, Pair
from tests.benchmarks.verifier_endurance import ask_sympy, descriptors, questions, resident, zombies

SOME = BANK[::9]


def judged(pair: Pair) -> str:
    return verify_answer(pair.first, pair.second).status.value


def judged_in_child(pairs: list[Pair]) -> list[str]:
    return [judged(pair) for pair in pairs]


def test_off_the_main_thread() -> None:
    found: list[Status] = []

    def work() -> None:
        found.append(verify_answer(r"\frac12", "0.5").status)
        found.append(verify_step("x^2 = 4", "x = 2").status)
        found.append(ask_sympy(3, kill=False))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [Status.VERIFIED, Status.REFUTED, Status.VERIFIED]


def test_thirty_two_threads_judge_as_one() -> None:
    expected = [judged(pair) for pair in SOME] + [verify_step(s.before, s.after).status.value for s in STEPS[::9]]

    def everything(_: int) -> list[str]:
        return [judged(pair) for pair in SOME] + [verify_step(s.before, s.after).status.value for s in STEPS[::9]]

    with ThreadPoolExecutor(32) as pool:
        assert all(found == expected for found in pool.map(everything, range(32)))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_in_child_processes(method: str) -> None:
    pairs = list(SOME[:40])
    expected = judged_in_child(pairs)
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(judged_in_child, [pairs, pairs[::-1]]) == [expected, expected[::-1]]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_fork_while_another_thread_works_with_balls() -> None:
    """The child finds the lock of the balls free, whoever held it in the parent."""
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with precision(200):
            holds.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    holds.wait(60)
    context = multiprocessing.get_context("fork")
    parent_end, child_end = context.Pipe()
    child = context.Process(target=lambda: child_end.send(verify_answer("sqrt(2)*pi", "sqrt(8)*pi/2").status.value))
    child.start()
    assert parent_end.poll(60)
    assert parent_end.recv() == "verified"
    child.join(60)
    done.set()
    thread.join()


def test_inside_a_vector_of_processes() -> None:
    envs = AsyncVectorEnv(
        [lambda: gym.make("reasoning_envs/AlgebraText-v0", level="linear-2")] * 2, shared_memory=False
    )
    try:
        envs.reset(seed=0)
        _, rewards, *_, infos = envs.step(("x = 1/3", "no solution"))
        assert list(rewards) == [0.0, 0.0]
        assert all(verdict.status is Status.REFUTED for verdict in infos["verdict"])
    finally:
        envs.close()


def test_a_stuck_worker_costs_one_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = WorkerLimits(cpu_seconds=60, wall_seconds=2, start_seconds=15)
    worker = Worker("reasoning_envs.symbolic.steps.sympy_answers:answer", limits=limits)
    monkeypatch.setattr(sympy_worker, "_worker", lambda: worker)
    x, asked = parse_expression("x"), parse_expression("sin(asin(x))")
    assert sympy_worker.ask_equal(asked, x).verified
    stuck = worker.pid
    assert stuck is not None
    monkeypatch.setattr(worker, "limits", replace(limits, start_seconds=2))
    os.kill(stuck, signal.SIGSTOP)  # it neither answers nor uses time
    assert sympy_worker.ask_equal(asked, x).status is Status.TIMEOUT
    monkeypatch.undo()
    monkeypatch.setattr(sympy_worker, "_worker", lambda: worker)
    assert sympy_worker.ask_equal(asked, x).verified
    assert worker.pid != stuck
    worker.close()
    assert zombies() == 0


def test_ten_thousand_calls_leave_nothing_behind() -> None:
    source = questions(random.Random(1))
    assert not {question().status for question in islice(source, 4000)} & {Status.ERROR, Status.TIMEOUT}
    assert ask_sympy(7, kill=False) is Status.VERIFIED  # warm: the memories of texts are full, the worker runs
    memory, files = resident(), descriptors()
    for number, question in enumerate(islice(source, 10_000), 1):
        assert question().status in (Status.VERIFIED, Status.REFUTED)
        if number == 5000:
            assert ask_sympy(number, kill=True) is Status.VERIFIED
    assert zombies() == 0
    assert descriptors() <= files + 2
    assert resident() - memory < 24 << 20
