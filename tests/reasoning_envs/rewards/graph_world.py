"""A graph with the interface of a reasoning environment, small enough for every policy and every plan to be tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from gymnasium.spaces import Discrete

from reasoning_envs.rewards import ProcessRewardModel, Scorer
from reasoning_envs.types import Problem, Status, Step, StepScore, Trace, Verdict

PROBLEM = Problem("graph", "graph", "walk", "from 0")


@dataclass(frozen=True)
class Arrow:
    """What an action does in a node: where it leads, its native reward, whether it ends, what kind of action it is."""

    to: int
    reward: float = 0.0
    ends: bool = False
    status: Status = Status.VERIFIED
    is_step: bool = True


Graph = Sequence[Sequence[Arrow]]


class GraphWorld(gym.Env[Any, Any]):
    """A graph with the interface of a reasoning environment. Node 0 is the start."""

    def __init__(self, graph: Graph, max_steps: int = 1000) -> None:
        self.graph = graph
        self.max_steps = max_steps
        self.action_space = Discrete(max(len(arrows) for arrows in graph))
        self.observation_space = Discrete(len(graph))
        self.problem = PROBLEM
        self.start_line = "0"
        self.steps: list[Step] = []
        self.node = self.time = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        self.node = self.time = 0
        self.steps = []
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        arrow = self.graph[self.node][action]
        self.node = arrow.to
        self.time += 1
        verdict = Verdict(arrow.status) if arrow.is_step else None
        if verdict is not None:
            self.steps.append(Step(len(self.steps), int(action), str(arrow.to), verdict))
        info = {"verdict": verdict, "step": arrow.is_step, "reward/true": arrow.reward}
        return self.node, arrow.reward, arrow.ends, not arrow.ends and self.time >= self.max_steps, info

    def get_state(self) -> tuple[int, int, tuple[Step, ...]]:
        return self.node, self.time, tuple(self.steps)

    def set_state(self, state: tuple[int, int, tuple[Step, ...]]) -> None:
        self.node, self.time = state[:2]
        self.steps = list(state[2])


class TablePRM(ProcessRewardModel):
    """The value of a node stands in a table."""

    name = "table"

    def __init__(self, values: Sequence[float]) -> None:
        self.values = values

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return [[StepScore(self.values[int(step.text)]) for step in trace.steps] for trace in traces]

    def begin(self, problem: Problem, state: Any) -> Scorer:
        return TableScorer(self.values)


class TableScorer(Scorer):
    def __init__(self, values: Sequence[float]) -> None:
        self.values = values
        self.initial = StepScore(values[0])

    def step(self, step: Step, state: Any) -> StepScore:
        return StepScore(self.values[state[0]])


def half() -> ProcessRewardModel:
    return TablePRM([0.5] * 99)


#   0 -> 1 -> 2 -> 3 (answer), with a cul-de-sac 4 that loops, a wrong end, and ways back
GRAPH: Graph = (
    (Arrow(1), Arrow(4), Arrow(5, 0.0, ends=True)),
    (Arrow(2), Arrow(0), Arrow(4)),
    (Arrow(3, 1.0, ends=True), Arrow(1), Arrow(2, is_step=False)),
    (),
    (Arrow(4), Arrow(0), Arrow(4, is_step=False)),
    (),
)
VALUES = [0.3, 0.1, 0.2, 1.0, 0.9, 0.6]

Wrap = Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]


def rewards_of(graph: Graph, wrap: Wrap, max_steps: int = 1000) -> dict[tuple[int, int], float]:
    """The reward of each action in each node that can be reached, as the wrapped environment pays it."""
    paths: dict[int, tuple[int, ...]] = {0: ()}
    queue = [0]
    while queue:
        node = queue.pop(0)
        for action, arrow in enumerate(graph[node]):
            if not arrow.ends and arrow.to not in paths:
                paths[arrow.to] = (*paths[node], action)
                queue.append(arrow.to)
    env = wrap(GraphWorld(graph, max_steps))
    rewards = {}
    for node, path in paths.items():
        for action in range(len(graph[node])):
            env.reset()
            for earlier in path:
                env.step(earlier)
            rewards[node, action] = float(env.step(action)[1])
    return rewards


def optimal(graph: Graph, rewards: dict[tuple[int, int], float], gamma: float) -> dict[int, set[int]]:
    """The optimal actions in each node, by value iteration over an unlimited horizon."""
    values = dict.fromkeys(range(len(graph)), 0.0)

    def worth(node: int, action: int) -> float:
        arrow = graph[node][action]
        return rewards[node, action] + (0.0 if arrow.ends else gamma * values[arrow.to])

    nodes = sorted({node for node, _ in rewards})
    for _ in range(2000):
        values.update({node: max(worth(node, action) for action in range(len(graph[node]))) for node in nodes})
    best = {}
    for node in nodes:
        worths = [worth(node, action) for action in range(len(graph[node]))]
        best[node] = {action for action, value in enumerate(worths) if value > max(worths) - 1e-9}
    return best


def best_plan(wrap: Wrap, graph: Graph, max_steps: int, gamma: float) -> tuple[float, float]:
    """By trying all plans: the largest discounted return that a learner sees, and the true return of that plan."""
    best = (-math.inf, 0.0)
    plans: list[tuple[int, ...]] = [()]
    while plans:
        plan = plans.pop()
        env = wrap(GraphWorld(graph, max_steps))
        env.reset()
        seen = true = 0.0
        over = False
        for time, action in enumerate(plan):
            _, reward, terminated, truncated, info = env.step(action)
            seen += gamma**time * float(reward)
            true += info["reward/true"]
            over = terminated or truncated
        if over:
            best = max(best, (seen, true))
        else:
            node = env.unwrapped.get_state()[0]  # type: ignore[attr-defined]
            plans.extend((*plan, action) for action in range(len(graph[node])))
    return best
