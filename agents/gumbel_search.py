"""Gumbel-AlphaZero's search: few simulations for each decision, and a policy that is better for sure.

Danihelka et al., "Policy improvement by planning with Gumbel", ICLR 2022. At the root, some actions are drawn without
replacement by Gumbel noise on the logits, and sequential halving gives the simulations to the best of them
(algorithm 2). Below the root the action is taken that brings the visits closest to the improved policy (eq. 14), which
is softmax(logits + sigma(completed q)) (eqs. 10 and 11), sigma(q) = (50 + most visits) * 0.1 * q for q normalised
to [0, 1] as in the authors' own code. Actions that were not visited are completed with the mixed value (eq. 33).

An episode is played: after each decision its action is taken, and the sub-tree below it is kept.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from math import ceil, log2
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.tree import Node, Outcome, Search, Tree

if TYPE_CHECKING:
    from agents.search import Limits

__all__ = ["CONSIDERED", "gumbel_episode", "halving_visits", "improved_policy"]

CONSIDERED = 16
"""m, actions drawn at the root, at most."""

_VISIT_OFFSET, _VALUE_SCALE = 50.0, 0.1


class _Place:
    """A node with its statistics.

    Attributes:
        logits, children: ``[n_actions]``, once it was judged. visits, totals: of the actions, ``[n_actions]``.
        value: of the state, in [0, 1], as its parent's evaluation or the verifier said. done: an end.
    """

    __slots__ = ("children", "done", "logits", "node", "totals", "value", "visits")

    def __init__(self, node: Node, value: float, done: bool = False) -> None:
        self.node = node
        self.value = value
        self.done = done
        self.logits: NDArray[np.float64] = np.zeros(0)
        self.visits: NDArray[np.int64] = np.zeros(0, np.int64)
        self.totals: NDArray[np.float64] = np.zeros(0)
        self.children: list[_Place | None] = []

    def open(self) -> None:
        """The node was judged."""
        assert self.node.evaluation is not None
        self.logits = self.node.evaluation.log_probs
        count = len(self.node.actions)
        self.visits = np.zeros(count, np.int64)
        self.totals = np.zeros(count)
        self.children = [None] * count

    def improved(self) -> NDArray[np.float64]:
        """Log of the improved policy, ``[n_actions]``."""
        return improved_policy(self.logits, self.visits, self.totals, self.value)

    def best_below(self) -> int:
        """Eq. 14: the action whose share of the visits lags furthest behind the improved policy."""
        behind = np.exp(self.improved()) - self.visits / (1 + self.visits.sum())
        return int(np.argmax(behind))


def improved_policy(
    logits: NDArray[np.float64], visits: NDArray[np.int64], totals: NDArray[np.float64], value: float
) -> NDArray[np.float64]:
    """Log of softmax(logits + sigma(completed q)), ``[n_actions]``.

    Args:
        logits: of the prior, ``[n_actions]``.
        visits: of each action, ``[n_actions]``.
        totals: sums of the values that came back, ``[n_actions]``.
        value: of the state itself, in [0, 1].
    """
    transformed = logits + _sigma(_completed(logits, visits, totals, value), visits)
    shifted = transformed - transformed.max()
    found: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return found


def _completed(
    logits: NDArray[np.float64], visits: NDArray[np.int64], totals: NDArray[np.float64], value: float
) -> NDArray[np.float64]:
    """Mean values where there are visits; elsewhere the mixed value of eq. 33."""
    seen = visits > 0
    means = np.divide(totals, visits, out=np.zeros_like(totals), where=seen)
    count = int(visits.sum())
    if count:
        prior = np.exp(logits - logits.max())
        weighted = float((prior * means)[seen].sum() / max(float(prior[seen].sum()), 1e-12))
        value = (value + count * weighted) / (1 + count)
    return np.where(seen, means, value)


def _sigma(q: NDArray[np.float64], visits: NDArray[np.int64]) -> NDArray[np.float64]:
    low, high = float(q.min()), float(q.max())
    normalised = (q - low) / max(high - low, 1e-8)
    most = int(visits.max()) if len(visits) else 0
    found: NDArray[np.float64] = (_VISIT_OFFSET + most) * _VALUE_SCALE * normalised
    return found


def halving_visits(considered: int, simulations: int) -> list[int]:
    """Sequential halving: for each simulation, how often an action must have been visited to be its turn.

    Args:
        considered: m, actions at the start, 1 or more.
        simulations: in all.

    Returns:
        ``[simulations]``: the visits of the actions among which the simulation chooses.
    """
    if considered <= 1:
        return list(range(simulations))
    rounds = ceil(log2(considered))
    sequence: list[int] = []
    done, left = 0, considered
    while len(sequence) < simulations:
        for _ in range(max(1, simulations // (rounds * left))):
            sequence += [done] * left
            done += 1
        left = max(2, left // 2)
    return sequence[:simulations]


def gumbel_episode(
    tree: Tree, limits: Limits, rng: np.random.Generator | None, simulations: int, considered: int = CONSIDERED
) -> Search:
    """Play an episode, each decision by a search; the first answer ends it, right or wrong.

    The evaluations of the nodes on its path then hold the improved policy in the place of the prior
    (``evaluation.log_probs``): what the policy is to learn. A state that stood on the path before is never entered
    again. An answer met in a simulation is worth what the verifier says.

    Args:
        tree: to grow.
        limits: of the episode.
        rng: of the Gumbel noise; None: no noise, for play at its best.
        simulations: n, for each decision, 1 or more.
        considered: m.

    Raises:
        ValueError: no simulation, or no action to consider.
    """
    if simulations < 1 or considered < 1:
        raise ValueError(f"a decision takes 1 simulation and 1 action or more, got {simulations} and {considered}")
    place = _Place(tree.root, 0.5)
    behind = {tree.root.state}
    while not tree.domain.is_final(place.node.state):
        if place.node.steps >= limits.steps or tree.expansions >= limits.expansions:
            return tree.finished(place.node, Outcome.OUT_OF_BUDGET, None)
        if not place.children:
            if not tree.expand(place.node):
                return tree.finished(place.node, Outcome.OUT_OF_BUDGET, None)
            yield (place.node,)
            place.open()
        place.visits[:] = 0  # what was seen below stays; the halving of a new decision counts from the start
        place.totals[:] = 0.0
        legal = np.array([action.state not in behind for action in place.node.actions])
        if not legal.any():
            return tree.finished(place.node, Outcome.OUT_OF_BUDGET, None)
        noise = np.zeros(len(legal)) if rng is None else rng.gumbel(size=len(legal))
        noise[~legal] = -np.inf
        first = place.logits + noise
        drawn = min(considered, int(legal.sum()))
        candidates = np.argsort(-first, kind="stable")[:drawn]
        for wanted in halving_visits(drawn, simulations):
            if tree.expansions >= limits.expansions:
                break
            turn = candidates[place.visits[candidates] == wanted]
            scores = first + _sigma(_completed(place.logits, place.visits, place.totals, place.value), place.visits)
            yield from _simulate(tree, limits, place, int(turn[np.argmax(scores[turn])]))
        scores = first + _sigma(_completed(place.logits, place.visits, place.totals, place.value), place.visits)
        finalists = candidates[place.visits[candidates] == place.visits[candidates].max()]
        action = int(finalists[np.argmax(scores[finalists])])
        assert place.node.evaluation is not None
        place.node.evaluation = replace(place.node.evaluation, log_probs=place.improved())
        following = place.children[action] or _entered(tree, place, action)
        place = following
        behind.add(place.node.state)
    return tree.finished(place.node, *tree.judge(place.node))


def _simulate(tree: Tree, limits: Limits, root: _Place, action: int) -> Generator[Sequence[Node], None, None]:
    """One simulation: down to a leaf, which is judged, and its value back up."""
    way = [(root, action)]
    place = root.children[action] or _entered(tree, root, action)
    while place.children and not place.done:
        action = place.best_below()
        way.append((place, action))
        place = place.children[action] or _entered(tree, place, action)
    value = place.value
    if not place.done:
        if place.node.steps >= limits.steps or tree.expansions >= limits.expansions:
            value = 0.0
        elif not tree.expand(place.node):
            place.done, place.value, value = True, 0.0, 0.0
        else:
            yield (place.node,)
            place.open()
    for above, taken in way:
        above.visits[taken] += 1
        above.totals[taken] += value


def _entered(tree: Tree, place: _Place, action: int) -> _Place:
    """The child that an action leads to; an answer is judged here, once."""
    evaluation = place.node.evaluation
    assert evaluation is not None
    node = Node(tree, place.node.actions[action].state, place.node, action)
    node.log_pi = place.node.log_pi + float(place.logits[action])
    node.value = float(evaluation.values[action])
    if evaluation.prm is not None:
        node.prm = float(evaluation.prm[action])
    if tree.domain.is_final(node.state):
        outcome, _ = tree.judge(node)
        if not outcome.success:
            tree.refused.append(node)
        found = _Place(node, float(outcome.success), done=True)
    else:
        found = _Place(node, node.value)
    place.children[action] = found
    return found
