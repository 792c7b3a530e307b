"""What 1, 2, 64 and 1,024 workers would do, simulated from figures that are measured here.

    python -m tests.benchmarks.scaling --measure figures.json     # on the machine that is meant
    python -m tests.benchmarks.scaling figures.json

The simulation is of events, not of averages: workers play batches of episodes, each on a core of its own; what is
written in the programs of an episode waits for a sandbox; a batch crosses the object store, one at a time; a learner
takes batches one after the other, and a worker may be ``ahead`` batches ahead of it. Workers die, lose the batch at
which they were, and are started anew.
"""

from __future__ import annotations

import argparse
import heapq
import json
import pickle
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

import reasoning_envs  # noqa: F401  # registers the ids
from reasoning_envs.workers import open_workers, roll_out
from reasoning_envs.workers.batches import BATCH


@dataclass(frozen=True)
class Figures:
    """What a simulation starts from; seconds are of one core.

    Attributes:
        episode: seconds an episode takes to play, verdicts on its steps and its outcome included. spread: its
            coefficient of variation. steps: of an episode. bytes: of an episode on the wire.
        start: seconds until a new worker can work. task: seconds that handing out a task and taking its answer cost.
        learn: seconds the learner takes for a step. sandboxed: seconds a program runs in a sandbox, for each episode;
            0 where nothing is written that must be run. sandboxes: that run at once.
        wire: bytes a second through the object store.
        ahead: batches that a worker may be ahead of the learner. death: chance that a worker dies during a batch.
    """

    episode: float
    spread: float
    steps: float
    bytes: float
    start: float
    task: float
    learn: float
    sandboxed: float = 0.0
    sandboxes: int = 16
    wire: float = 1e9
    ahead: int = 2
    death: float = 0.0


@dataclass(frozen=True)
class Simulated:
    """What came of it: episodes a second once all is under way, and the share of time that each part was at work."""

    workers: int
    rate: float
    driver: float
    playing: float
    sandboxes: float
    store: float
    learner: float

    @property
    def bottleneck(self) -> str:
        """The part that is at work the most; of several the first."""
        shares = {name: share for name, share in asdict(self).items() if name not in ("workers", "rate")}
        return max(shares, key=lambda name: shares[name])


def simulate(figures: Figures, workers: int, *, batches: int = 0, seed: int = 0, learning: bool = True) -> Simulated:
    """Run that many workers for so many batches, 40 a worker by default.

    Args:
        figures: of the parts.
        workers: 1 or more.
        batches: learned from, or played where nothing is learned.
        seed: of the lengths of episodes and of deaths.
        learning: False: the batches are only gathered.
    """
    rng = np.random.default_rng(seed)
    total = batches or max(200, 40 * workers)
    mean, cv = figures.episode * BATCH, figures.spread / BATCH**0.5
    sigma = np.log1p(cv**2) ** 0.5
    handed = store = learner = 0.0  # when each is free again
    free_sandboxes = [0.0] * figures.sandboxes
    busy = {"driver": 0.0, "playing": 0.0, "sandbox": 0.0, "store": 0.0, "learner": 0.0}
    unlearned = [0] * workers  # batches of each worker that wait for the learner
    waiting: set[int] = set()  # workers too far ahead of it
    events = [(0.0, worker, "begins") for worker in range(workers)]
    ends: list[float] = []
    while len(ends) < total:
        now, worker, what = heapq.heappop(events)
        if what == "begins":
            # The driver hands out one task after the other.
            handed = max(handed, now) + figures.task
            busy["driver"] += figures.task
            seconds = float(rng.lognormal(np.log(mean) - sigma**2 / 2.0, sigma))
            if rng.random() < figures.death:
                lost = float(rng.random()) * seconds
                busy["playing"] += lost
                heapq.heappush(events, (handed + lost + figures.start, worker, "begins"))
                continue
            busy["playing"] += seconds
            heapq.heappush(events, (handed + seconds, worker, "played"))
        elif what == "played" and figures.sandboxed:
            done = max(heapq.heappop(free_sandboxes), now) + figures.sandboxed * BATCH
            heapq.heappush(free_sandboxes, done)
            busy["sandbox"] += figures.sandboxed * BATCH
            heapq.heappush(events, (done, worker, "run"))
        elif what in ("played", "run"):
            store = max(store, now) + figures.bytes * BATCH / figures.wire
            busy["store"] += figures.bytes * BATCH / figures.wire
            heapq.heappush(events, (store, worker, "crossed"))
        elif what == "crossed":
            taken = figures.learn * figures.steps * BATCH if learning else 0.0
            learner = max(learner, now) + taken
            busy["learner"] += taken
            unlearned[worker] += 1
            heapq.heappush(events, (learner, worker, "learned"))
            if unlearned[worker] < figures.ahead or not learning:
                heapq.heappush(events, (now, worker, "begins"))
            else:
                waiting.add(worker)
        else:
            ends.append(now)
            unlearned[worker] -= 1
            if worker in waiting:
                waiting.remove(worker)
                heapq.heappush(events, (now, worker, "begins"))
    ends.sort()
    # The beginning, when all workers start at once, is no steady state.
    half = len(ends) // 2
    span, whole = ends[-1] - ends[half - 1], ends[-1]
    return Simulated(
        workers,
        BATCH * (len(ends) - half) / span,
        min(1.0, busy["driver"] / whole),
        min(1.0, busy["playing"] / (whole * workers)),
        min(1.0, busy["sandbox"] / (whole * figures.sandboxes)),
        min(1.0, busy["store"] / whole),
        min(1.0, busy["learner"] / whole),
    )


ENV = "reasoning_envs/Algebra-v0"
KWARGS: dict[str, Any] = {"level": "linear-2", "split": "train"}


def measure(episodes: int = 256) -> tuple[Figures, dict[str, float]]:
    """The figures of this machine, in processor seconds where they can be; and episodes a second of 1 and 2 workers."""
    with open_workers(1) as none:
        began = time.perf_counter()
        none.map(abs, [1])
        start = time.perf_counter() - began
        began = time.perf_counter()
        none.map(abs, range(400))
        task = (time.perf_counter() - began) / 400
    env = gym.make(ENV, **KWARGS)
    rng = np.random.default_rng(0)
    seconds, steps = [], []
    for seed in range(episodes):
        began, count, over = time.process_time(), 0, False
        observation, _ = env.reset(seed=seed)
        while not over:
            observation, _, terminated, truncated, _ = env.step(rng.choice(np.flatnonzero(observation["action_mask"])))
            over, count = terminated or truncated, count + 1
        seconds.append(time.process_time() - began)
        steps.append(count)
    rates = {}
    for count in (1, 2):
        with open_workers(count) as workers:
            roll_out(workers, ENV, range(count * BATCH), env_kwargs=KWARGS)  # they start, and import what they need
            began = time.perf_counter()
            traces = roll_out(workers, ENV, range(episodes), env_kwargs=KWARGS)
            rates[str(count)] = episodes / (time.perf_counter() - began)
    size = len(pickle.dumps(traces)) / len(traces)
    spread = float(np.std(seconds) / np.mean(seconds))
    figures = Figures(float(np.mean(seconds)), spread, float(np.mean(steps)), size, start, task, _learning())
    return figures, rates


def _learning() -> float:
    """Processor seconds of PPO for a step of the environment, beyond the environment's own."""
    from reasoning_envs.benchmark.cells import Cell
    from reasoning_envs.benchmark.learning import Budget
    from reasoning_envs.benchmark.running import run_cell
    from reasoning_envs.benchmark.tasks import TASKS

    agents = ("agents.benchmark:train", "tests.reasoning_envs.benchmark.toy_agents:play")
    cost: list[float] = []
    for agent in agents:
        cell = Cell(TASKS["linear"], "sparse", agent, 0, Budget("steps", 2048), 1, 2, 2)
        result = run_cell(cell)
        cost.append(result["seconds"] / result["steps"])
    return max(cost[0] - cost[1], 1e-6)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or simulate from what was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scaling", description=__doc__)
    parser.add_argument("figures", type=Path, help="JSON file of the figures")
    parser.add_argument("--measure", action="store_true", help="write that file")
    args = parser.parse_args(arguments)
    if args.measure:
        figures, rates = measure()
        text = json.dumps({"figures": asdict(figures), "episodes_per_second": rates}, indent=1)
        args.figures.write_text(text + "\n", encoding="utf-8")
        print(text)
        return 0
    data = json.loads(args.figures.read_text(encoding="utf-8"))
    figures = Figures(**data["figures"])
    measured = {int(count): rate for count, rate in data["episodes_per_second"].items()}
    # On a machine that other work shares a worker has a part of a core: that part is taken from one worker's rate.
    share = min(1.0, measured[1] / simulate(figures, 1, learning=False).rate)
    shared = replace(figures, episode=figures.episode / share)
    print(f"gathering roll-outs, a worker having {share:.2f} of a core: measured and simulated episodes/s")
    for count in (1, 2):
        found = simulate(shared, count, learning=False).rate
        print(f"  {count} workers: {measured[count]:.1f} measured, {found:.1f} simulated")
    print("workers  case                           episodes/s  driver  workers  sandboxes  store  learner  bottleneck")
    for name, case in _cases(figures).items():
        for count in (1, 2, 64, 1024):
            one = simulate(case, count, batches=max(200, 8 * count), learning=case.learn > 0.0)
            shares = (
                f"{one.driver:6.2f}  {one.playing:7.2f}  {one.sandboxes:9.2f}  {one.store:5.2f}  {one.learner:7.2f}"
            )
            print(f"{count:7}  {name:<30} {one.rate:10.1f}  {shares}  {one.bottleneck}")
    return 0


def _cases(figures: Figures) -> dict[str, Figures]:
    return {
        "no learner: roll-outs, labels": replace(figures, learn=0.0),
        "PPO as measured": figures,
        "learner 50 times as fast": replace(figures, learn=figures.learn / 50),
        "the same, workers die (1%)": replace(figures, learn=figures.learn / 50, death=0.01),
        "the same, 50 ms of sandbox": replace(figures, learn=figures.learn / 50, sandboxed=0.05),
    }


if __name__ == "__main__":
    sys.exit(main())
