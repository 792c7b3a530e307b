"""Hindsight relabelling: an episode that missed its goal shows how to reach the lines that it did come to.

Andrychowicz et al., "Hindsight experience replay", NeurIPS 2017 (strategy *future*: goals from what the same episode
reached later), learned by imitation as in Ghosh et al., "Learning to reach goals via iterated supervised learning",
ICLR 2021. The task is that of :class:`reasoning_envs.curriculum.GoalDomain`: to come from a line to a given line; no
reward is needed at all. What is learned is a policy for sub-goals, as links of derivations are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from agents.expert_iteration import Learner, LearningConfig, decisions
from agents.features import MOVE_BUCKETS, SIDE_BUCKETS, Encoded
from agents.policies import CandidatePolicy, PolicyConfig
from agents.search import METHODS, Limits, Method, follow, solve
from agents.tree import Node, SearchResult, Tree, run
from reasoning_envs.curriculum.goals import GoalAction, GoalDomain, GoalState, goal_problem
from reasoning_envs.problems import split_of
from reasoning_envs.types import Problem

__all__ = ["Config", "GoalFeaturiser", "Hindsight", "grams", "relabelled"]

_TRIES = 200


@dataclass(frozen=True, slots=True)
class Config:
    """How it plays and learns.

    Attributes:
        level: of the problems whose lines are walked. problems: played in an iteration.
        steps: of an episode, at most. goals: in hindsight, of each episode, at most.
        updates: gradient steps in an iteration. batch, learning_rate, replay: of the learner.
        width, hidden: of the network. seed: of weights, problems and draws.
    """

    level: str = "linear-1"
    problems: int = 48
    steps: int = 6
    goals: int = 3
    updates: int = 40
    batch: int = 128
    learning_rate: float = 2e-3
    replay: int = 20_000
    width: int = 64
    hidden: int = 64
    seed: int = 0


class GoalFeaturiser:
    """Candidates by what sets them apart from the goal: the n-grams that are too many, and those that are missing.

    Args:
        domain: whose lines they are.
    """

    def __init__(self, domain: GoalDomain) -> None:
        self._domain = domain.domain

    def encode(self, state: GoalState, actions: Sequence[GoalAction]) -> Encoded:
        """The bags of all candidates; each holds at least one bucket."""
        wanted = grams(self._domain.tokens(state.goal))
        bags, lengths = [], []
        for action in actions:
            there = grams(self._domain.tokens(action.state.at))
            surplus, missing = there - wanted, wanted - there
            apart = min(surplus.total() + missing.total(), 60)
            move = crc32(f"{action.rule} {apart == 0}".encode()) % (MOVE_BUCKETS // 2)
            buckets = [2 * SIDE_BUCKETS + move, 2 * SIDE_BUCKETS + MOVE_BUCKETS // 2 + apart]
            buckets += [crc32(gram) % SIDE_BUCKETS for gram in surplus.elements()]
            buckets += [SIDE_BUCKETS + crc32(gram) % SIDE_BUCKETS for gram in missing.elements()]
            bags.append(np.array(buckets, dtype=np.uint16).tobytes())
            lengths.append(len(buckets))
        return Encoded(b"".join(bags), tuple(lengths))


def grams(tokens: bytes) -> Counter[bytes]:
    """The tokens one by one, in pairs and in threes."""
    return Counter(tokens[place : place + size] for size in (1, 2, 3) for place in range(len(tokens) - size + 1))


def relabelled(
    result: SearchResult, domain: GoalDomain, rng: np.random.Generator, count: int
) -> list[tuple[Problem, list[int]]]:
    """Problems that an episode solved without meaning to, and the actions that solve them.

    The goals are lines of its own path, drawn without repetition, each reached from a line before it that is drawn,
    too; the goal that it was given is not among them.

    Args:
        result: of an episode in ``domain``.
        domain: of goals.
        rng: draws goals and beginnings.
        count: goals at most.
    """
    stops = [node for node in result.path if getattr(_at(node), "group", None) is None]
    found = []
    for number in rng.permutation(np.arange(1, len(stops)))[:count]:
        end = stops[int(number)]
        begin = stops[int(rng.integers(int(number)))]
        start, goal = domain.text(begin.state), domain.text(end.state)  # type: ignore[arg-type]
        if _at(begin) != _at(end) and goal != result.problem.metadata["goal"]:
            way = [node.choice for node in end.path[begin.depth + 1 :]]
            found.append((goal_problem(start, goal, result.problem), way))
    return found


def _at(node: Node) -> object:
    state = node.state
    assert isinstance(state, GoalState)
    return state.at


class Hindsight:
    """One run.

    Args:
        domain: of goals.
        config: of the run.
    """

    def __init__(self, domain: GoalDomain, config: Config) -> None:
        self.domain = domain
        self.config = config
        sizes = PolicyConfig(config.width, config.hidden)
        self.policy = CandidatePolicy(domain, sizes, seed=config.seed, keep_encoded=True)
        self.policy.featuriser = GoalFeaturiser(domain)
        learning = LearningConfig(config.batch, config.learning_rate, config.replay)
        self.learner = Learner(self.policy, learning, seed=config.seed)
        self.rng = np.random.default_rng(config.seed)
        self.iteration = 0

    def problems(self, split: str, count: int, rng: np.random.Generator) -> list[Problem]:
        """Goals of one part of the split.

        Raises:
            ValueError: too few draws belong to it.
        """
        drawn = (self.domain.sample(rng, self.config.level) for _ in range(_TRIES * count))
        found = []
        for problem in drawn:
            if split_of(self.domain.canonical_key(problem)) == split:
                found.append(problem)
                if len(found) == count:
                    return found
        raise ValueError(f"{self.domain.name}, level {self.config.level}: too few problems of the split {split!r}")

    def iterate(self) -> dict[str, float]:
        """Play, relabel, learn: the share of goals that were reached, how many were found in hindsight, the losses."""
        config = self.config
        method = Method("random", limits=Limits(4 * config.steps, config.steps))
        seed = int(self.rng.integers(2**31))
        results = solve(self.domain, self.problems("train", config.problems, self.rng), method, self.policy, seed=seed)
        ways = [way for result in results for way in relabelled(result, self.domain, self.rng, config.goals)]
        taught = [result for result in results if result.outcome.success]
        taught += self._followed(ways)
        self.iteration += 1
        self.learner.replay.add(f"{self.iteration:07d}", decisions(taught))
        losses = self.learner.update(config.updates) if len(self.learner.replay) else {}
        reached = float(np.mean([result.outcome.success for result in results]))
        return {"reached": reached, "hindsight": float(len(ways)), **losses}

    def _followed(self, ways: Iterable[tuple[Problem, list[int]]]) -> list[SearchResult]:
        searches = [follow(Tree(self.domain, problem), actions) for problem, actions in ways]
        found = dict(run(searches, self.policy))
        return [found[number] for number in range(len(found))]

    def evaluate(self, problems: Sequence[Problem]) -> float:
        """The share of goals that the policy reaches greedily, in [0, 1]."""
        results = solve(self.domain, problems, METHODS["greedy"], self.policy)
        return float(np.mean([result.outcome.success for result in results]))
