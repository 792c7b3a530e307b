"""How fast the environments are: ``python -m tests.benchmarks.envs``.

Everything is measured in one run, CartPole-v1 and a trivial environment beside ours, so that ratios mean something on
any machine. Episodes are of fresh problems throughout. Nothing here decides about a test.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

import reasoning_envs
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.testing import random_traces
from reasoning_envs.traces import RecordTraces
from reasoning_envs.types import Step, Trace

ALGEBRA = "reasoning_envs/Algebra-v0"
_SEEDS = itertools.count(1)


class Row(NamedTuple):
    """One line of the table. ``needed`` is compared with ``value``: ``">= 5000"``; empty where nothing is."""

    name: str
    value: float
    unit: str
    needed: str = ""
    note: str = ""

    def met(self) -> str:
        """``"yes"``, ``"NO"``, or nothing."""
        if not self.needed:
            return ""
        sign, bound = self.needed.split()
        return "yes" if (self.value >= float(bound) if sign == ">=" else self.value <= float(bound)) else "NO"


class Trivial(gym.Env[Any, Any]):
    """The spaces of another environment, episodes of ten steps, and nothing in between: a learner's ceiling."""

    def __init__(self, like: gym.Env[Any, Any]) -> None:
        self.observation_space = like.observation_space
        self.action_space = like.action_space
        self._observation = {
            name: np.zeros(space.shape, space.dtype)
            for name, space in like.observation_space.spaces.items()  # type: ignore[attr-defined]
        }
        self._mask = np.ones(like.action_space.n, np.bool_)  # type: ignore[attr-defined]
        self._count = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start counting."""
        self._count = 0
        return self._observation, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Count."""
        self._count += 1
        return self._observation, 0.0, self._count == 10, False, {}

    def action_masks(self) -> np.ndarray[Any, Any]:
        """All."""
        return self._mask


class Rate(NamedTuple):
    """Steps a second, resets included: of the best round, which others disturbed least, and of the median one.

    ``length`` is in actions an episode.
    """

    best: float
    median: float
    length: float


def rate(env: gym.Env[Any, Any], act: Callable[[], Any], seconds: float, rounds: int = 5) -> Rate:
    """On problems that no earlier call left in a cache; a round more, in front, fills the short memories."""
    env.reset(seed=next(_SEEDS))
    rates, steps, episodes = [], 0, 0
    for _ in range(rounds + 1):
        start, before = time.perf_counter(), steps
        while time.perf_counter() - start < seconds:
            for _ in range(50):
                _, _, terminated, truncated, _ = env.step(act())
                steps += 1
                if terminated or truncated:
                    env.reset()
                    episodes += 1
        rates.append((steps - before) / (time.perf_counter() - start))
    return Rate(max(rates[1:]), statistics.median(rates[1:]), steps / max(episodes, 1))


def uniform(env: gym.Env[Any, Any]) -> Callable[[], int]:
    """A policy that draws among the legal moves: they stand in front."""
    base = env.unwrapped
    assert isinstance(base, ReasoningEnv)
    rng = np.random.default_rng(0)
    return lambda: int(rng.random() * len(base.candidates))


def bench_steps(seconds: float) -> Iterator[Row]:
    cart = gym.make("CartPole-v1", disable_env_checker=True)
    cart_rate = rate(cart, lambda: 0, seconds).best
    yield Row("CartPole-v1", cart_rate, "steps/s", note="the best of 5 rounds, as below")
    variants: tuple[tuple[str, dict[str, Any], str], ...] = (
        (ALGEBRA, {}, ">= 5000"),
        (ALGEBRA, {"split": "train"}, ""),
        (ALGEBRA, {"moves": "curated"}, ""),
        (ALGEBRA, {"moves": "wide"}, ""),
        ("reasoning_envs/AlgebraAxioms-v0", {}, ""),
    )
    for name, kwargs, needed in variants:
        env = gym.make(name, disable_env_checker=True, **kwargs)
        found = rate(env, uniform(env), seconds)
        label = " ".join([name.removeprefix("reasoning_envs/"), *(f"{k}={v}" for k, v in kwargs.items())])
        shares = f"{found.best / cart_rate:.3f} of CartPole; median round {found.median:,.0f}"
        note = f"{shares}; {found.length:.1f} actions an episode"
        yield Row(f"{label}, random legal moves", found.best, "steps/s", needed, note)
    yield from _bench_text(seconds)


def _bench_text(seconds: float) -> Iterator[Row]:
    """Right lines, found by the shortest-line policy beforehand, and nonsense among them."""
    source = gym.make(ALGEBRA, max_steps=10).unwrapped
    assert isinstance(source, ReasoningEnv)
    episodes: list[tuple[Any, list[str]]] = []
    source.reset(seed=next(_SEEDS))
    while len(episodes) < 300:
        source.reset()
        while not source.end:
            sizes = [len(source.domain.tokens(move.state)) for move in source.candidates]  # type: ignore[attr-defined]
            source.step(int(np.argmin(sizes)))
        episodes.append((source.problem, [*(step.text for step in source.steps[:9]), "what now?"]))
    env = gym.make("reasoning_envs/AlgebraText-v0", disable_env_checker=True)
    start, steps = time.perf_counter(), 0
    for problem, lines in episodes:
        env.reset(options={"problem": problem})
        for line in lines:
            _, _, terminated, truncated, _ = env.step(line)
            steps += 1
            if terminated or truncated:
                break
        if time.perf_counter() - start > seconds:
            break
    found = steps / (time.perf_counter() - start)
    yield Row("AlgebraText-v0, lines judged by the verifier", found, "steps/s")


def bench_reset(count: int = 1000) -> Iterator[Row]:
    variants: tuple[tuple[dict[str, Any], str], ...] = (({}, "<= 1"), ({"split": "test"}, ""))
    for kwargs, needed in variants:
        env = gym.make(ALGEBRA, disable_env_checker=True, **kwargs)
        env.reset(seed=next(_SEEDS))
        times = []
        for _ in range(count):
            start = time.perf_counter()
            env.reset()
            times.append(time.perf_counter() - start)
        label = " ".join(["reset", *(f"{k}={v}" for k, v in kwargs.items())])
        note = f"99th percentile {1e3 * float(np.quantile(times, 0.99)):.2f} ms"
        yield Row(f"{label}, median", 1e3 * statistics.median(times), "ms", needed, note)


def bench_verdict(count: int = 2000) -> Iterator[Row]:
    """The verifier's own verdict on steps that it has not seen, of random legal moves, unsound ones among them."""
    env = gym.make(ALGEBRA).unwrapped
    assert isinstance(env, ReasoningEnv)
    pairs: list[tuple[Any, list[Step]]] = []
    act = uniform(env)
    env.reset(seed=next(_SEEDS))
    while len(pairs) < count:
        if env.end:
            env.reset()
        env.step(act())
        if env.steps:
            pairs.append((env.problem, list(env.steps[-2:])))
    verifier = gym.make(ALGEBRA).unwrapped.domain.verifier  # type: ignore[attr-defined]
    times = []
    for problem, steps in pairs:
        start = time.perf_counter()
        verifier.step(problem, steps)
        times.append(time.perf_counter() - start)
    note = f"99th percentile {1e3 * float(np.quantile(times, 0.99)):.2f} ms, longest {1e3 * max(times):.0f} ms"
    yield Row("step verdict, median", 1e6 * statistics.median(times), "us", "<= 200", note)


def bench_import(count: int = 5) -> Iterator[Row]:
    program = "import gymnasium, time; t = time.perf_counter(); import reasoning_envs; print(time.perf_counter() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
        for _ in range(count)
    ]
    yield Row("import beyond Gymnasium's own, median", statistics.median(times), "s", "<= 0.3")


def bench_learner(frames: int) -> Iterator[Row]:
    import torch
    from sb3_contrib import MaskablePPO
    from stable_baselines3.common.vec_env import DummyVecEnv

    torch.set_num_threads(1)
    like = gym.make(ALGEBRA)
    makers: dict[str, Callable[[], gym.Env[Any, Any]]] = {
        "MaskablePPO on a trivial environment": lambda: Trivial(like),
        "MaskablePPO on Algebra-v0": lambda: gym.make(ALGEBRA, disable_env_checker=True),
    }
    rates = []
    for name, maker in makers.items():
        envs = DummyVecEnv([maker] * 8)
        model = MaskablePPO("MultiInputPolicy", envs, n_steps=128, batch_size=256, seed=0, device="cpu")
        model.learn(1024)
        start = time.perf_counter()
        model.learn(frames, reset_num_timesteps=True)
        rates.append(model.num_timesteps / (time.perf_counter() - start))
        yield Row(name, rates[-1], "frames/s", note="8 environments, stock MultiInputPolicy, 1 thread")
    yield Row("MaskablePPO, Algebra-v0 / trivial", rates[1] / rates[0], "ratio", ">= 0.5")


def bench_wrappers(rounds: int = 12) -> Iterator[Row]:
    """What each wrapper adds to a step: the same episodes again and again, the domain's part from its caches."""
    from reasoning_envs.rewards import OraclePRM, PotentialShaping, ProcessReward

    def plain() -> gym.Env[Any, Any]:
        return gym.make(ALGEBRA, max_steps=12, disable_env_checker=True)

    path = Path("/dev/null")
    wrapped: dict[str, Callable[[], gym.Env[Any, Any]]] = {
        "RecordEpisodeStatistics": lambda: gym.wrappers.RecordEpisodeStatistics(plain()),
        "RecordTraces": lambda: RecordTraces(plain(), path),
        "ProcessReward(OraclePRM)": lambda: ProcessReward(plain(), OraclePRM()),
        "PotentialShaping(OraclePRM)": lambda: PotentialShaping(plain(), OraclePRM(), gamma=0.99, at_truncation="keep"),
    }
    # Unsound moves are left out: the verifier judges each of them anew, which would drown the wrappers.
    traces = [trace for trace in random_traces(plain(), 120) if all(step.verdict.verified for step in trace.steps)]
    steps = sum(len(trace.actions) for trace in traces)

    def run(env: gym.Env[Any, Any], trace: Trace) -> list[float]:
        env.reset(options={"problem": trace.problem})
        times = []
        for action in trace.actions:
            start = time.perf_counter()
            env.step(action)
            times.append(time.perf_counter() - start)
        return times

    # Of each single step the quickest: whatever else the machine does seldom strikes one step each time.
    envs = {"": plain(), **{name: maker() for name, maker in wrapped.items()}}
    best = dict.fromkeys(envs, 0.0)
    for trace in traces:
        times = {name: [run(env, trace) for _ in range(rounds)] for name, env in envs.items()}
        for name in envs:
            best[name] += 1e6 / steps * float(np.min(times[name], axis=0).sum())
    yield Row("a step met before, without wrappers", best[""], "us/step", note=f"{len(traces)} episodes, {steps} steps")
    fresh = _fresh_step()
    yield Row("a step on new problems, without wrappers", fresh, "us/step", note="median of random legal moves")
    for name in wrapped:
        cost = best[name] - best[""]
        shares = f"{cost / best['']:.0%} of a step met before, {cost / fresh:.0%} of a new one"
        yield Row(f"overhead of {name}", cost, "us/step", note=shares)


def _fresh_step(steps: int = 600) -> float:
    """Microseconds of CPU: the median over steps on problems that nothing has seen."""
    env = gym.make(ALGEBRA, max_steps=12, disable_env_checker=True)
    rng = np.random.default_rng(0)
    times: list[float] = []
    over = True
    while len(times) < steps:
        if over:
            observation, _ = env.reset(seed=10_000_000 + len(times))
        legal = np.flatnonzero(observation["action_mask"])
        action = int(legal[rng.integers(len(legal))])
        start = time.process_time()
        observation, _, terminated, truncated, _ = env.step(action)
        times.append(time.process_time() - start)
        over = terminated or truncated
    return 1e6 * float(np.median(times))


def bench_scoring(count: int = 1500) -> Iterator[Row]:
    """How fast a learned PRM of the default size scores traces that it has not seen, in one batch."""
    from reasoning_envs.rewards import LearnedPRM
    from reasoning_envs.rewards.trials.shifts import training_cases

    traces = [case.trace for case in training_cases(count, np.random.default_rng(0))]
    unseen = [case.trace for case in training_cases(count // 3, np.random.default_rng(1))]
    steps = sum(len(trace.steps) for trace in unseen)
    for track in ("arithmetic", "text"):
        prm = LearnedPRM(track)
        prm.fit(traces)
        start = time.process_time()
        prm.score(unseen)
        rate = steps / (time.process_time() - start)
        yield Row(f"LearnedPRM, {track}, batched", rate, "steps/s", ">= 3000", note=f"{steps} steps, parsing included")


def main() -> None:
    """Measure, and print the table while it grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each of 5 rounds of each rate (default: 2)")
    parser.add_argument("--frames", type=int, default=8192, help="for each learner (default: 8192)")
    parser.add_argument("--only", choices=list(GROUPS), action="append", help="this group; may be given again")
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    args = parser.parse_args()
    rows = []
    print(
        f"reasoning_envs {reasoning_envs.__version__}, Gymnasium {gym.__version__}, Python {sys.version.split()[0]}\n"
    )
    print(f"{'what':<58}{'value':>12}  {'unit':<9}{'needed':<10}{'met':<5}note")
    for name, group in GROUPS.items():
        if args.only and name not in args.only:
            continue
        for row in group(args):
            rows.append(row)
            value = f"{row.value:,.0f}" if abs(row.value) >= 100 else f"{row.value:.3g}"
            line = f"{row.name:<58}{value:>12}  {row.unit:<9}{row.needed:<10}{row.met():<5}{row.note}"
            print(line.rstrip(), flush=True)
    if args.json is not None:
        args.json.write_text(json.dumps([row._asdict() for row in rows], indent=1) + "\n", encoding="utf-8")


GROUPS: dict[str, Callable[[argparse.Namespace], Iterator[Row]]] = {
    "steps": lambda args: bench_steps(args.seconds),
    "reset": lambda args: bench_reset(),
    "verdict": lambda args: bench_verdict(),
    "import": lambda args: bench_import(),
    "learner": lambda args: bench_learner(args.frames),
    "wrappers": lambda args: bench_wrappers(),
    "scoring": lambda args: bench_scoring(),
}


if __name__ == "__main__":
    main()
