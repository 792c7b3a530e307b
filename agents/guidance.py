"""A process reward model beside the policy: its values for the candidates of a search, in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.tree import Evaluation, Evaluator, Node
from reasoning_envs.rewards.learned import LearnedPRM
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["GuidedEvaluator"]

_CACHE_LIMIT = 50_000


class GuidedEvaluator:
    """Adds a PRM's value of each candidate step to what an evaluator says.

    Args:
        evaluator: gives probabilities and values.
        prm: gives :attr:`agents.tree.Evaluation.prm`: the value of the episode after each candidate. The choice of a
            group is no step, so that its value is that of the line it leaves as it is.
    """

    def __init__(self, evaluator: Evaluator, prm: ProcessRewardModel) -> None:
        self.evaluator = evaluator
        self.prm = prm
        self._texts: dict[Any, str] = {}

    def evaluate(self, nodes: Sequence[Node]) -> list[Evaluation]:
        """One evaluation a node, with ``prm`` filled."""
        return [
            replace(evaluation, prm=values)
            for evaluation, values in zip(self.evaluator.evaluate(nodes), self._values(nodes), strict=True)
        ]

    def _values(self, nodes: Sequence[Node]) -> list[NDArray[np.float64]]:
        asked = [(node, choice) for node in nodes for choice, action in enumerate(node.actions) if action.is_step]
        found = iter(self._scores(asked))
        return [
            np.array([next(found).value if action.is_step else node.prm for action in node.actions]) for node in nodes
        ]

    def _scores(self, asked: Sequence[tuple[Node, int]]) -> list[StepScore]:
        if isinstance(self.prm, LearnedPRM):
            by_problem: dict[int, tuple[Problem, list[list[str]], list[int]]] = {}
            for place, (node, choice) in enumerate(asked):
                problem = node.tree.problem
                _, prefixes, places = by_problem.setdefault(id(node.tree), (problem, [], []))
                prefixes.append([*self._lines(node), self._text(node, node.actions[choice].state)])
                places.append(place)
            scores: dict[int, StepScore] = {}
            for problem, prefixes, places in by_problem.values():
                scores.update(zip(places, self.prm.score_transitions(problem, prefixes), strict=True))
            return [scores[place] for place in range(len(asked))]
        return [row[-1] for row in self.prm.score([self._trace(node, choice) for node, choice in asked])]

    def _trace(self, node: Node, choice: int) -> Trace:
        path = [step for step in node.path[1:] if step.action.is_step]
        taken = [(step.choice, step.action, step.state) for step in path]
        action = node.actions[choice]
        steps = tuple(
            Step(index, number, self._text(node, state), move.verdict, move=move.describe())
            for index, (number, move, state) in enumerate([*taken, (choice, action, action.state)])
        )
        return Trace("", {}, {}, "solver", None, node.tree.problem, steps, None)

    def _lines(self, node: Node) -> list[str]:
        path = node.path
        steps = [path[0], *(step for step in path[1:] if step.action.is_step)]
        return [self._text(step, step.state) for step in steps]

    def _text(self, node: Node, state: Any) -> str:
        text = self._texts.get(state)
        if text is None:
            if len(self._texts) > _CACHE_LIMIT:
                self._texts.clear()
            text = self._texts[state] = node.tree.domain.text(state)
        return text
