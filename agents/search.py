"""Search over the candidates of a domain: greedy, beam, best-first and Levin tree search, in batches.

Further kinds stand in files of their own, MCTS and best of N in :mod:`agents.mcts`, Gumbel-AlphaZero's in
:mod:`agents.gumbel_search`; all are a :class:`Method`.

All are one idea, a queue of nodes in the order of a :data:`Priority`; what differs is how much of the queue is kept.

* :func:`greedy` keeps one node and never comes back to a state; the first answer is the answer.
* :func:`beam` keeps ``width`` nodes a step.
* :func:`best_first` keeps all. With the priority :data:`LEVIN`, log(depth + 1) - log pi, it is Levin tree search
  (Orseau et al., "Single-agent policy tree search with guarantees", NeurIPS 2018, eq. 3); with a term for a learned
  estimate beside it, policy-guided heuristic search (Orseau and Lelis, AAAI 2021).

:func:`beam` and :func:`best_first` check each answer by the domain's verifier, which knows the problem and no solution,
and go on when it is wrong. Budgets are expansions: states whose candidates were generated.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import log

import numpy as np

from agents.gumbel_search import gumbel_episode
from agents.mcts import best_of, mcts
from agents.tree import Evaluator, Node, Outcome, Search, SearchResult, Tree, UniformEvaluator, run
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.types import Problem

__all__ = [
    "BY_ORDER",
    "BY_POLICY",
    "BY_SIZE",
    "KINDS",
    "LEVIN",
    "METHODS",
    "SEARCH",
    "Limits",
    "Method",
    "Priority",
    "Weighted",
    "beam",
    "best_first",
    "follow",
    "greedy",
    "random_walk",
    "solve",
    "solve_each",
]

Priority = Callable[[Node], float]
"""The smaller, the sooner."""

_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Weighted:
    """A weighted sum of costs, each 0 at best.

    Attributes:
        depth: of log(decisions + 1). policy: of -log pi(path). value, prm: of -log of the state's value by the
            policy's value head and by a process reward model. size: of the tokens of the line.
        order: of the place among the candidates.
    """

    depth: float = 0.0
    policy: float = 0.0
    value: float = 0.0
    prm: float = 0.0
    size: float = 0.0
    order: float = 0.0

    def __call__(self, node: Node) -> float:
        cost = self.policy * -node.log_pi
        if self.depth:
            cost += self.depth * log(node.depth + 1)
        if self.value:
            cost -= self.value * log(max(node.value, _TINY))
        if self.prm:
            cost -= self.prm * log(max(node.prm, _TINY))
        if self.size:
            cost += self.size * len(node.tree.domain.tokens(node.state))
        if self.order:
            cost += self.order * node.choice
        return cost


BY_POLICY = Weighted(policy=1.0)
BY_SIZE = Weighted(size=1.0)
BY_ORDER = Weighted(order=1.0)
LEVIN = Weighted(depth=1.0, policy=1.0)
SEARCH = Weighted(depth=1.0, policy=1.0, value=1.0)
"""Levin tree search with the value as the factor that policy-guided heuristic search puts beside the policy: a short
cut that often fails is tried after the safe way, which the policy then learns."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a search may go on.

    Attributes:
        expansions: states whose candidates are generated, at most.
        steps: reasoning steps of a path, at most.
    """

    expansions: int = 300
    steps: int = 30

    def __post_init__(self) -> None:
        if self.expansions < 1 or self.steps < 1:
            raise ValueError(f"limits must be at least 1, got {self.expansions} expansions and {self.steps} steps")


def greedy(tree: Tree, limits: Limits, priority: Priority = BY_POLICY) -> Search:
    """Always the best candidate that leads to a state not seen before; the first answer ends it, right or wrong."""
    node = tree.root
    seen = {node.state}
    while not tree.domain.is_final(node.state):
        if node.steps >= limits.steps or tree.expansions >= limits.expansions or not tree.expand(node):
            return tree.finished(node, Outcome.OUT_OF_BUDGET, None)
        yield (node,)
        fresh = [child for child in tree.children(node) if child.state not in seen]
        if not fresh:
            return tree.finished(node, Outcome.OUT_OF_BUDGET, None)
        node = min(fresh, key=priority)
        seen.add(node.state)
    return tree.finished(node, *tree.judge(node))


def random_walk(tree: Tree, limits: Limits, rng: np.random.Generator, temperature: float = 1.0) -> Search:
    """Candidates drawn from the evaluator's probabilities (uniform without a policy); the first answer ends it.

    Nothing is mixed into them, unlike in searches that compare costs: what a walk teaches rests on how likely it was.

    Args:
        tree: to grow.
        limits: of the walk.
        rng: where chance comes from.
        temperature: probabilities are taken to the power of its inverse. Above 0.
    """
    node = tree.root
    while not tree.domain.is_final(node.state):
        if node.steps >= limits.steps or tree.expansions >= limits.expansions or not tree.expand(node):
            return tree.finished(node, Outcome.OUT_OF_BUDGET, None)
        yield (node,)
        children = tree.children(node)
        assert node.evaluation is not None
        logits = node.evaluation.log_probs / temperature
        weights = np.exp(logits - logits.max())
        node = children[int(rng.choice(len(children), p=weights / weights.sum()))]
    return tree.finished(node, *tree.judge(node))


def follow(tree: Tree, actions: Sequence[int]) -> Search:
    """A way that is known already, so that it can be learned from: the candidates with these indices in turn."""
    node = tree.root
    for index in actions:
        if not tree.expand(node):
            break
        yield (node,)
        node = tree.children(node)[index]
    if not tree.domain.is_final(node.state):
        return tree.finished(node, Outcome.OUT_OF_BUDGET, None)
    return tree.finished(node, *tree.judge(node))


def beam(tree: Tree, limits: Limits, priority: Priority = BY_POLICY, width: int = 10) -> Search:
    """The ``width`` best states of each depth; an answer that the verifier refuses is dropped."""
    level = [tree.root]
    if tree.domain.is_final(tree.root.state):
        return tree.finished(tree.root, *tree.judge(tree.root))
    seen = {tree.root.state}
    while level:
        open_nodes = [
            node
            for node in level
            if node.steps < limits.steps and tree.expansions < limits.expansions and tree.expand(node)
        ]
        if not open_nodes:
            break
        yield open_nodes
        following = []
        for node in open_nodes:
            for child in tree.children(node):
                if child.state in seen:
                    continue
                seen.add(child.state)
                if not tree.domain.is_final(child.state):
                    following.append(child)
                elif (right := _accepted(tree, child)) is not None:
                    return right
        following.sort(key=priority)
        level = following[:width]
    return _gave_up(tree)


def best_first(tree: Tree, limits: Limits, priority: Priority = LEVIN) -> Search:
    """The best open state of all, each state once; an answer that the verifier refuses is dropped.

    Ties go to the state met first.
    """
    if tree.domain.is_final(tree.root.state):
        return tree.finished(tree.root, *tree.judge(tree.root))
    queue: list[tuple[float, int, Node]] = [(0.0, 0, tree.root)]
    seen = {tree.root.state}
    while queue and tree.expansions < limits.expansions:
        _, _, node = heappop(queue)
        if node.steps >= limits.steps or not tree.expand(node):
            continue
        yield (node,)
        for child in tree.children(node):
            if child.state in seen:
                continue
            seen.add(child.state)
            if tree.domain.is_final(child.state):
                if (right := _accepted(tree, child)) is not None:
                    return right
            else:
                heappush(queue, (priority(child), len(seen), child))
    return _gave_up(tree)


def _accepted(tree: Tree, node: Node) -> SearchResult | None:
    """The result if the final ``node`` is right: an answer that the verifier refuses is none."""
    outcome, verdict = tree.judge(node)
    if outcome.success:
        return tree.finished(node, outcome, verdict)
    tree.refused.append(node)
    return None


def _gave_up(tree: Tree) -> SearchResult:
    return tree.finished(tree.visited[-1] if tree.visited else tree.root, Outcome.OUT_OF_BUDGET, None)


@dataclass(frozen=True, slots=True)
class Method:
    """A search with all that it needs to know, as plain data.

    Attributes:
        kind: ``"random"``, ``"greedy"``, ``"beam"``, ``"best-first"``, ``"best-of"``, ``"mcts"`` or ``"gumbel"``.
        priority: of nodes; what guides :func:`agents.mcts.mcts`. limits: of each search.
        width: of the beam; episodes of best-of; simulations for each decision of Gumbel.
    """

    kind: str
    priority: Weighted = BY_POLICY
    limits: Limits = Limits()
    width: int = 10

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no search is of the kind {self.kind!r}; there are {', '.join(KINDS)}")

    def search(self, tree: Tree, seed: int = 0) -> Search:
        """The search of one tree; the seed is for those that draw."""
        if self.kind == "random":
            return random_walk(tree, self.limits, np.random.default_rng(seed))
        if self.kind == "greedy":
            return greedy(tree, self.limits, self.priority)
        if self.kind == "beam":
            return beam(tree, self.limits, self.priority, self.width)
        if self.kind == "best-of":
            return best_of(tree, self.limits, np.random.default_rng(seed), self.width)
        if self.kind == "mcts":
            return mcts(tree, self.limits, self.priority)
        if self.kind == "gumbel":
            return gumbel_episode(tree, self.limits, np.random.default_rng(seed), self.width)
        return best_first(tree, self.limits, self.priority)


KINDS = ("random", "greedy", "beam", "best-first", "best-of", "mcts", "gumbel")

_EPISODE = Limits(expansions=150, steps=30)
"""Of players that never go back: steps end them, expansions only where they choose groups over and over."""

METHODS: dict[str, Method] = {
    "random": Method("random", limits=_EPISODE),
    "first": Method("greedy", BY_ORDER, _EPISODE),
    "greedy-by-size": Method("greedy", BY_SIZE, _EPISODE),
    "best-first-by-size": Method("best-first", BY_SIZE),
    "greedy": Method("greedy", BY_POLICY, _EPISODE),
    "beam": Method("beam", BY_POLICY),
    "best-first": Method("best-first", SEARCH),
    "best-of": Method("best-of"),
    "mcts": Method("mcts", Weighted(policy=1.0, value=1.0)),
    "gumbel": Method("gumbel", limits=Limits(expansions=600), width=16),
}
"""The first four know no policy: they are the floors under every result. ``first`` takes the first candidate that leads
to a new state, and so shows what the order alone gives away."""


def solve_each(
    domain: MoveDomain,
    problems: Sequence[Problem],
    method: Method | str,
    evaluator: Evaluator | None = None,
    *,
    seed: int = 0,
    width: int = 32,
) -> Iterator[tuple[int, SearchResult]]:
    """Search each problem on its own, many at a time; number and result of each as soon as it ends.

    Args:
        domain: of the problems.
        problems: what to solve.
        method: how, or a name of :data:`METHODS`.
        evaluator: judges candidates; without one all are alike.
        seed: each problem draws from the seed and its own id, whatever its neighbours are.
        width: searches that share a forward pass.

    Raises:
        ValueError: no method has that name; the message lists them.
    """
    if isinstance(method, str):
        if method not in METHODS:
            raise ValueError(f"no search is called {method!r}; there are {', '.join(METHODS)}")
        method = METHODS[method]
    plan = method
    searches = (plan.search(Tree(domain, one), zlib.crc32(one.id.encode(), seed & 0xFFFFFFFF)) for one in problems)
    return run(searches, evaluator or UniformEvaluator(), width=width)


def solve(
    domain: MoveDomain,
    problems: Sequence[Problem],
    method: Method | str,
    evaluator: Evaluator | None = None,
    *,
    seed: int = 0,
    width: int = 32,
) -> list[SearchResult]:
    """All results of :func:`solve_each`, one a problem, in their order. They hold their trees: mind the memory."""
    found = dict(solve_each(domain, problems, method, evaluator, seed=seed, width=width))
    return [found[number] for number in range(len(problems))]
