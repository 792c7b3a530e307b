"""How fast the code environments are, and what floors they have: ``python -m tests.benchmarks.code [--floors N]``.

CPU time of one process, in seconds. Problems are drawn beforehand, so that what is measured is playing; what it costs
to draw them stands in lines of its own. Of states expanded five rounds are run, each with problems and a domain of its
own, so that nothing is met twice, and the best one is told with the first and the median beside it: a machine that
others use gives half of its speed at times, and a full pass of the garbage collector over what drawing has left takes
as long as a round. With ``--floors`` the players that know no policy play N problems a level: how often a random walk,
the first candidate, and best-first search by size end right. Nothing here decides about a test.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import gymnasium as gym
import numpy as np

import reasoning_envs  # noqa: F401 - registers the environments
from agents.search import METHODS, Limits, Method, solve_each
from reasoning_envs.domains.code.synthesis_states import LinesState
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.types import Problem

_ROUNDS = 5

LINES, REPAIR, PREDICT = (f"reasoning_envs/Code{name}-v0" for name in ("Lines", "Repair", "Predict"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.code")
    parser.add_argument("--problems", type=int, default=60, help="a level")
    parser.add_argument("--floors", type=int, default=0, help="problems a level of the table of floors; 0: no table")
    chosen = parser.parse_args()
    for level in ("small-2", "small-3", "large-2", "large-3"):
        _expansions(level, chosen.problems)
    for name, kwargs, levels in (
        (LINES, {}, ("small-2", "large-3")),
        (REPAIR, {}, ("small-1", "small-3", "large-2")),
        (PREDICT, {}, ("small-2",)),
        (PREDICT, {"task": "abduction"}, ("small-2",)),
    ):
        for level in levels:
            _episodes(name, kwargs, level, chosen.problems)
    if chosen.floors:
        _floors(chosen.floors)


def _drawn(domain: MoveDomain, level: str, count: int, first: int = 0) -> list[Problem]:
    return [domain.sample(np.random.default_rng(first + seed), level) for seed in range(count)]


def _print(name: str, count: int, seconds: float, needed: int = 0) -> None:
    note = f"  needed {needed:,}" if needed else ""
    print(f"{name:<64} {count / seconds:>9,.0f} a second{note}")


def _expansions(level: str, count: int) -> None:
    """States whose candidates are listed and observed, along random programs; no step is judged."""
    rng = np.random.default_rng(0)
    # Building the space of a problem is part of it: once for each visit, and once for thirty.
    for visits, what in ((1, "fresh problems"), (30, "30 programs a problem")):
        used = count if visits == 1 else max(2, count // 10)
        rates = []
        for number in range(_ROUNDS):
            domain = SynthesisDomain(judge="interpreter")
            rates.append(_expanded(domain, _drawn(domain, level, used, number * count), visits, rng))
        beside = f"  first {rates[0]:,.0f}, median {median(rates):,.0f}"
        name = f"CodeLines {level}: states expanded and observed, {what}"
        print(f"{name:<64} {max(rates):>9,.0f} a second  needed 1,000{beside}")


def _expanded(domain: SynthesisDomain, problems: Sequence[Problem], visits: int, rng: np.random.Generator) -> float:
    """States a second."""
    states = 0
    start = time.process_time()
    for problem in problems:
        first = domain.start(problem)
        for _ in range(visits):
            state: LinesState = first
            while not domain.is_final(state):
                actions = domain.actions(state)
                domain.observe(state, actions)
                states += 1
                state = actions[int(rng.integers(len(actions)))].state
    return states / (time.process_time() - start)


def _episodes(name: str, kwargs: dict[str, Any], level: str, count: int) -> None:
    """Random episodes through the environment: resets, verdicts on steps, observations and outcomes included."""
    env = gym.make(name, judge="interpreter", disable_env_checker=True, **kwargs).unwrapped
    assert isinstance(env, ReasoningEnv)
    assert isinstance(env.domain, MoveDomain)
    start = time.process_time()
    problems = _drawn(env.domain, level, count)
    shown = " ".join([name.rpartition("/")[2], *kwargs.values(), level])
    _print(f"{shown}: problems drawn", count, time.process_time() - start)
    rng = np.random.default_rng(0)
    steps = 0
    start = time.process_time()
    for problem in problems:
        env.reset(options={"problem": problem})
        while not env.end:
            env.step(int(rng.integers(len(env.candidates))))
            steps += 1
    _print(f"{shown}: actions of random episodes", steps, time.process_time() - start, 500 * (name == REPAIR))


def _floors(count: int) -> None:
    players: dict[str, Method | str] = {
        "random": "random",
        "first": "first",
        "greedy by size": "greedy-by-size",
        "best-first (100)": Method("best-first", METHODS["best-first-by-size"].priority, Limits(100, 30)),
    }
    print(f"\n{'share right of ' + str(count):<22}", *(f"{name:>17}" for name in players))
    for domain, label in (
        (SynthesisDomain(judge="interpreter"), "lines"),
        (RepairDomain(judge="interpreter"), "repair"),
    ):
        for level in domain.levels:
            problems = _drawn(domain, level, count)
            shares = [_share(domain, problems, method) for method in players.values()]
            print(f"{label + ' ' + level:<22}", *(f"{share:>17.2f}" for share in shares), flush=True)


def _share(domain: MoveDomain, problems: Sequence[Problem], method: Method | str) -> float:
    right = [result.outcome.success for _, result in solve_each(domain, problems, method)]
    return sum(right) / len(right)


if __name__ == "__main__":
    main()
