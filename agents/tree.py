"""The tree that a search grows, what it came to, and the lock step that lets many searches share one forward pass.

A search is a Python generator: it expands nodes, yields those that need judging, and goes on once each has its
:class:`Evaluation`; its return value is the :class:`SearchResult`. :func:`run` drives many of them at once, so that a
network sees the open nodes of all in one batch. The cost of a search is counted in *expansions*, states whose
candidates were generated, and never in seconds: a budget means the same on every machine.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from agents.features import Encoded
from reasoning_envs.domains.protocol import Action, MoveDomain
from reasoning_envs.types import Problem, Status, Step, Verdict

__all__ = [
    "Evaluation",
    "Evaluator",
    "Node",
    "Outcome",
    "Search",
    "SearchResult",
    "Tree",
    "UniformEvaluator",
    "run",
]

NO_SOLUTION_TEXT = "no solution"
"""The answer that is counted apart: a solver that says it too often shows there."""


# An outcome is judged by its last line alone; judging the steps before it would be the dearest part of a search.
_NOT_ASKED = Verdict(Status.UNDECIDED, reason="nobody asked about this step")


class Outcome(StrEnum):
    """What a search or an episode came to, judged by the domain's verifier against the original problem."""

    SOLVED = "solved"  # an answer, verified right ("all reals" is one)
    SAID_NO_SOLUTION = "said_no_solution"  # "no solution", verified right
    WRONG = "wrong"  # an answer that the verifier refused, a false "no solution" among them
    OUT_OF_BUDGET = "out_of_budget"  # no answer within the budget, or nowhere left to go
    UNSCORED = "unscored"  # an answer that nobody could judge: neither right nor wrong

    @property
    def success(self) -> bool:
        """Ended right."""
        return self in (Outcome.SOLVED, Outcome.SAID_NO_SOLUTION)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluator thinks of the candidates of one node.

    Attributes:
        log_probs: log of the policy, ``[n_actions]``, sums to 1 in probability.
        values: chance of success from each afterstate, in [0, 1], ``[n_actions]``.
        prm: value that a process reward model gives to each step, in [0, 1], ``[n_actions]``; None without one.
        encoded: the candidates as the policy saw them, for training; None where it keeps none.
    """

    log_probs: NDArray[np.float64]
    values: NDArray[np.float64]
    prm: NDArray[np.float64] | None = None
    encoded: Encoded | None = None


class Evaluator(Protocol):
    """Judges the candidates of expanded nodes, in a batch."""

    def evaluate(self, nodes: Sequence[Node]) -> list[Evaluation]:
        """One evaluation a node; every node has at least one action."""


class UniformEvaluator:
    """Knows nothing: every candidate alike. The evaluator of the baselines."""

    def evaluate(self, nodes: Sequence[Node]) -> list[Evaluation]:
        """Uniform probabilities, values of one half."""
        return [
            Evaluation(np.full(len(node.actions), -log(len(node.actions))), np.full(len(node.actions), 0.5))
            for node in nodes
        ]


class Node:
    """A state in a tree, with the way to it.

    Attributes:
        tree, state: where it stands. parent, choice: the node before it and the index of the action that led here.
        depth: decisions from the root; steps: those of them that are reasoning steps (choices of a group are none).
        log_pi: log of the probability that the policy comes here.
        value, prm: of the state, in [0, 1], as the evaluation of its parent gave them.
        actions, evaluation: filled when the node is expanded and judged.
    """

    __slots__ = (
        "actions",
        "choice",
        "depth",
        "evaluation",
        "log_pi",
        "parent",
        "prm",
        "state",
        "steps",
        "tree",
        "value",
    )

    def __init__(self, tree: Tree, state: Hashable, parent: Node | None = None, choice: int = -1) -> None:
        self.tree = tree
        self.state = state
        self.parent = parent
        self.choice = choice
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.steps: int = 0
        self.log_pi = 0.0
        self.value = 0.5
        self.prm = 1.0
        self.actions: Sequence[Action] = ()
        self.evaluation: Evaluation | None = None
        if parent is not None:
            self.steps = parent.steps + parent.actions[choice].is_step

    @property
    def action(self) -> Action:
        """What led here.

        Raises:
            ValueError: this is the root.
        """
        if self.parent is None:
            raise ValueError("the root of a tree was reached by no action")
        return self.parent.actions[self.choice]

    @property
    def path(self) -> list[Node]:
        """The nodes from the root to here, both included."""
        nodes: list[Node] = []
        node: Node | None = self
        while node is not None:
            nodes.append(node)
            node = node.parent
        nodes.reverse()
        return nodes


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search came to.

    Attributes:
        problem, outcome: the task and what became of it.
        answer: the last line as text, right or wrong; None where there was none.
        verdict: of the verifier on that answer.
        path: nodes from the root to the answer; where there is none, to the last node reached.
        expansions: states whose candidates were generated.
        visited: every node that was expanded and judged.
        refused: final nodes whose answer the verifier refused, and that the search did not give.
    """

    problem: Problem
    outcome: Outcome
    answer: str | None
    verdict: Verdict | None
    path: tuple[Node, ...]
    expansions: int
    visited: tuple[Node, ...]
    refused: tuple[Node, ...] = ()

    @property
    def states(self) -> tuple[Any, ...]:
        """The states along the path, the start first."""
        return tuple(node.state for node in self.path)

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions along the path, one fewer than its states."""
        return tuple(node.action for node in self.path[1:])

    @property
    def steps(self) -> int:
        """Reasoning steps along the path."""
        return self.path[-1].steps


Search = Generator[Sequence[Node], None, SearchResult]
"""Yields nodes that have been expanded and wait for their evaluation; returns what it found."""


class Tree:
    """The nodes of one search over one problem, and the count of its expansions.

    Args:
        domain: gives the candidates and the verifier.
        problem: what is to be solved.
        uniform: this share of uniform probability is mixed into the policy, so that no path costs infinitely much.
    """

    def __init__(self, domain: MoveDomain, problem: Problem, *, uniform: float = 0.05) -> None:
        self.domain = domain
        self.problem = problem
        self.uniform = uniform
        self.visited: list[Node] = []
        self.refused: list[Node] = []
        self.root = Node(self, domain.start(problem))

    @property
    def expansions(self) -> int:
        """States whose candidates were generated so far."""
        return len(self.visited)

    def expand(self, node: Node) -> bool:
        """Generate the candidates of ``node``; False where there are none."""
        node.actions = self.domain.actions(node.state)
        self.visited.append(node)
        return len(node.actions) > 0

    def children(self, node: Node) -> list[Node]:
        """The nodes that the candidates of a judged node lead to, in the order of the candidates."""
        evaluation = node.evaluation
        if evaluation is None:
            raise ValueError("a node has children only after its evaluation")
        share = self.uniform
        count = len(node.actions)
        logs = np.log((1 - share) * np.exp(evaluation.log_probs) + share / count).tolist() if share else None
        logs = evaluation.log_probs.tolist() if logs is None else logs
        values = evaluation.values.tolist()
        scores = None if evaluation.prm is None else evaluation.prm.tolist()
        before = node.log_pi
        children = []
        for choice, action in enumerate(node.actions):
            child = Node(self, action.state, node, choice)
            child.log_pi = before + logs[choice]
            child.value = values[choice]
            if scores is not None:
                child.prm = scores[choice]
            children.append(child)
        return children

    def judge(self, node: Node) -> tuple[Outcome, Verdict]:
        """What the final line of ``node`` is worth, by the domain's verifier."""
        text = self.domain.text(node.state)
        verdict = self.domain.verifier.outcome(self.problem, (Step(0, 0, text, _NOT_ASKED),))
        if not verdict.scored:
            return Outcome.UNSCORED, verdict
        if not verdict.verified:
            return Outcome.WRONG, verdict
        return (Outcome.SAID_NO_SOLUTION if text == NO_SOLUTION_TEXT else Outcome.SOLVED), verdict

    def finished(self, node: Node, outcome: Outcome, verdict: Verdict | None) -> SearchResult:
        """The result of a search that ends at ``node``."""
        answer = self.domain.text(node.state) if self.domain.is_final(node.state) else None
        visited = tuple(self.visited)
        return SearchResult(
            self.problem, outcome, answer, verdict, tuple(node.path), len(visited), visited, tuple(self.refused)
        )


def run(searches: Iterable[Search], evaluator: Evaluator, *, width: int = 32) -> Iterator[tuple[int, SearchResult]]:
    """Drive searches in lock step, ``width`` at a time; yields number and result of each as soon as it ends.

    Each round judges the waiting nodes of all open searches in one call of ``evaluator``; a search that ends makes room
    for the next. Results come as they are ready, since each holds its whole tree: keep of it what is needed.
    """
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width}")
    waiting = enumerate(searches)
    open_searches: dict[int, Search] = {}
    while True:
        nodes: list[Node] = []
        for number in list(open_searches):
            result = _advance(open_searches[number], nodes)
            if result is not None:
                del open_searches[number]
                yield number, result
        while len(open_searches) < width:
            following = next(waiting, None)
            if following is None:
                break
            number, search = following
            result = _advance(search, nodes)
            if result is None:
                open_searches[number] = search
            else:
                yield number, result
        if not open_searches:
            return
        for node, evaluation in zip(nodes, evaluator.evaluate(nodes), strict=True):
            node.evaluation = evaluation


def _advance(search: Search, nodes: list[Node]) -> SearchResult | None:
    """Up to the next nodes that wait for their evaluation, or to the result."""
    try:
        nodes.extend(next(search))
    except StopIteration as stop:
        result: SearchResult = stop.value
        return result
    return None
