"""Monte Carlo tree search at play time, and best of N: two more ways to spend a budget of expansions.

:func:`mcts` is PUCT (Silver et al., "Mastering the game of Go without human knowledge", Nature 2017, methods) for one
player and moves without chance: each state stands in the tree once, a branch in which nothing is left to try is closed,
and the first answer that the domain's verifier accepts ends the search. :func:`best_of` draws episodes from the policy
until one is right. Neither rolls out with random moves: a leaf is worth what the evaluator says.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from agents.tree import Node, Outcome, Search, SearchResult, Tree

if TYPE_CHECKING:
    from agents.search import Limits, Weighted

__all__ = ["EXPLORATION", "best_of", "mcts"]

EXPLORATION = 1.5
"""c of PUCT: how much a prior weighs beside a value, both being in [0, 1]."""

_TINY = 1e-6


class _Branch:
    """What is known of a node: its children, how often it was visited, and the values that came up from below."""

    __slots__ = ("above", "children", "closed", "node", "prior", "total", "visits", "worth")

    def __init__(self, node: Node, above: _Branch | None, prior: float, worth: float) -> None:
        self.node = node
        self.above = above
        self.prior = prior
        self.worth = worth
        self.children: list[_Branch] = []
        self.visits = 0
        self.total = 0.0
        self.closed = False

    @property
    def value(self) -> float:
        """The mean of what came up; before the first visit, what the evaluator said of the state."""
        return self.total / self.visits if self.visits else self.worth

    def chosen(self, exploration: float) -> _Branch:
        """The open child to go on with; ties go to the first."""
        reach = exploration * sqrt(max(1, self.visits))
        open_children = [child for child in self.children if not child.closed]
        return max(open_children, key=lambda child: child.value + reach * child.prior / (1 + child.visits))

    def back_up(self, value: float) -> None:
        """A value comes up from here to the root."""
        branch: _Branch | None = self
        while branch is not None:
            branch.visits += 1
            branch.total += value
            branch = branch.above

    def close(self) -> None:
        """Nothing is left to try here, nor above where this was the last that was open."""
        branch: _Branch | None = self
        while branch is not None and all(child.closed for child in branch.children):
            branch.closed = True
            branch = branch.above


def mcts(tree: Tree, limits: Limits, priority: Weighted, exploration: float = EXPLORATION) -> Search:
    """Grow the tree where prior and values say, until an answer is right or the expansions are spent.

    Args:
        tree: to grow.
        limits: of the search.
        priority: its weights say what guides. ``policy`` above 0: the policy is the prior, else all candidates have the
            same. ``value`` and ``prm``: a leaf is worth their weighted geometric mean; one half where both are 0.
        exploration: c of PUCT, above 0.

    Raises:
        ValueError: an exploration that is not above 0.
    """
    if not exploration > 0.0:
        raise ValueError(f"exploration must be above 0, got {exploration!r}")
    if tree.domain.is_final(tree.root.state):
        return tree.finished(tree.root, *tree.judge(tree.root))
    root = _Branch(tree.root, None, 1.0, 0.5)
    seen = {tree.root.state}
    while not root.closed and tree.expansions < limits.expansions:
        branch = root
        while branch.children:
            branch = branch.chosen(exploration)
        node = branch.node
        if node.steps >= limits.steps or not tree.expand(node):
            branch.back_up(0.0)
            branch.close()
            continue
        yield (node,)
        right = _grow(tree, branch, seen, priority)
        if right is not None:
            return right
        branch.back_up(branch.worth if branch.children else 0.0)
        if not branch.children:
            branch.close()
    return _gave_up(tree)


def _grow(tree: Tree, branch: _Branch, seen: set[object], priority: Weighted) -> SearchResult | None:
    """Give a judged node its children; the result where one of them is a right answer."""
    node = branch.node
    fresh = []
    for child in tree.children(node):
        if child.state in seen:
            continue
        seen.add(child.state)
        if not tree.domain.is_final(child.state):
            fresh.append(child)
            continue
        outcome, verdict = tree.judge(child)
        if outcome.success:
            return tree.finished(child, outcome, verdict)
        tree.refused.append(child)
    if priority.policy:
        priors = np.exp([child.log_pi - node.log_pi for child in fresh])
    else:
        priors = np.ones(len(fresh))
    total = float(priors.sum())
    branch.children = [
        _Branch(child, branch, float(prior) / total, _worth(child, priority))
        for child, prior in zip(fresh, priors, strict=True)
    ]
    return None


def _worth(node: Node, priority: Weighted) -> float:
    weight = priority.value + priority.prm
    if not weight:
        return 0.5
    logs = priority.value * log(max(node.value, _TINY)) + priority.prm * log(max(node.prm, _TINY))
    return exp(logs / weight)


def best_of(tree: Tree, limits: Limits, rng: np.random.Generator, count: int) -> Search:
    """Episodes drawn from the evaluator's probabilities, each from the start, until one is right.

    What was expanded once costs nothing when a later episode comes by.

    Args:
        tree: to grow.
        limits: of all episodes together in expansions, of each in steps.
        rng: where chance comes from.
        count: N, episodes at most.

    Raises:
        ValueError: a count below 1.
    """
    if count < 1:
        raise ValueError(f"best of N takes one episode or more, got {count}")
    if tree.domain.is_final(tree.root.state):
        return tree.finished(tree.root, *tree.judge(tree.root))
    known: dict[int, list[Node]] = {}
    refused: set[int] = set()
    for _ in range(count):
        node = tree.root
        for _ in range(4 * limits.steps):  # choices of groups are no steps
            children = known.get(id(node))
            if children is None:
                if tree.expansions >= limits.expansions:
                    return _gave_up(tree)
                children = []
                if tree.expand(node):
                    yield (node,)
                    children = tree.children(node)
                known[id(node)] = children
            if not children or node.steps >= limits.steps:
                break
            weights = np.exp([child.log_pi - node.log_pi for child in children])
            node = children[int(rng.choice(len(children), p=weights / weights.sum()))]
            if tree.domain.is_final(node.state):
                break
        if tree.domain.is_final(node.state) and id(node) not in refused:
            outcome, verdict = tree.judge(node)
            if outcome.success:
                return tree.finished(node, outcome, verdict)
            refused.add(id(node))
            tree.refused.append(node)
    return _gave_up(tree)


def _gave_up(tree: Tree) -> SearchResult:
    return tree.finished(tree.visited[-1] if tree.visited else tree.root, Outcome.OUT_OF_BUDGET, None)
