"""A beam that sees what an agent sees: one answer is judged, and no verdict before it steers the search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from agents.blind_beam import blind_beam
from agents.measure import Played, measure, player_of
from agents.search import BY_POLICY, Limits, Weighted
from agents.tree import Evaluation, Evaluator, Node, Outcome, SearchResult, Tree, UniformEvaluator, run
from reasoning_envs.domains.code.synthesis_states import LinesState
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.programs.values import Type
from reasoning_envs.types import Problem, Step, Verdict
from reasoning_envs.verifiers.protocol import Verifier
from tests.reasoning_envs.toy_domain import Sum, ToyDomain

LINES = SynthesisDomain(judge="interpreter", max_actions=512)
LENGTH = 'def f(xs: list[int]) -> int: "at most 2 lines, small grammar"; '
SHOWN = "assert f([3, 1, 2]) == 6; assert f([4]) == 4; assert f([1, 1]) == 2; assert f([0]) == 0; assert f([5, 2]) == 7"


class Counting:
    """The toy domain's verifier, which counts what it is asked."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self.asked = 0

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        return self._verifier.step(problem, steps)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        self.asked += 1
        return self._verifier.outcome(problem, steps)


class Preferring:
    """Likes the candidates with a certain text, and tells all values alike."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts

    def evaluate(self, nodes: Sequence[Node]) -> list[Evaluation]:
        found = []
        for node in nodes:
            liked = np.array([any(text in action.describe() for text in self.texts) for action in node.actions])
            weights = np.where(liked, 1.0, 0.01)
            found.append(Evaluation(np.log(weights / weights.sum()), np.full(len(node.actions), 0.5)))
        return found


def searched(
    domain: ToyDomain | SynthesisDomain, problem: Problem, evaluator: Evaluator, passes: Callable[[Node], bool]
) -> SearchResult:
    search = blind_beam(Tree(domain, problem), Limits(200, 10), BY_POLICY, 8, passes)
    return next(run([search], evaluator))[1]


@pytest.mark.parametrize("passes", [True, False])
def test_the_verifier_is_asked_once_at_most(passes: bool) -> None:
    domain = ToyDomain()
    domain.verifier = counting = Counting(domain.verifier)
    found = searched(domain, domain.problem("3 + 4 * 2"), UniformEvaluator(), lambda node: passes)
    assert counting.asked == passes
    assert (found.outcome is Outcome.OUT_OF_BUDGET) is not passes
    assert not found.refused


def test_a_wrong_answer_that_passes_is_given_though_a_right_one_was_met() -> None:
    domain = ToyDomain()
    answers: set[str] = set()

    def passes(node: Node) -> bool:
        assert isinstance(node.state, Sum)
        answers.add(domain.text(node.state))
        return domain.text(node.state) != "11"

    found = searched(domain, domain.problem("3 + 4 * 2"), UniformEvaluator(), passes)
    assert "11" in answers
    assert found.outcome is Outcome.WRONG


def test_a_longer_program_is_given_where_the_policy_holds_it_for_likelier() -> None:
    """The first that passes is ``sum(xs)``; with no negative number shown, to add up those above 0 passes as well."""
    problem = LINES.problem(LENGTH + SHOWN)

    def passes(node: Node) -> bool:
        assert isinstance(node.state, LinesState)
        return LINES.space(node.state.spec).passes(node.state.steps)

    short = searched(LINES, problem, Preferring("sum(xs)", "submit"), passes)
    long = searched(LINES, problem, Preferring("if x > 0", "sum(v1)", "submit"), passes)
    assert short.answer is not None
    assert long.answer is not None
    assert short.answer.count("=") < long.answer.count("=")


def test_the_best_by_the_priority_is_given() -> None:
    domain = ToyDomain()
    problem = domain.problem("2 + 3")
    for sign, expected in ((1.0, min), (-1.0, max)):
        search = blind_beam(Tree(domain, problem), Limits(), Weighted(order=sign), 8, lambda node: True)
        result = next(run([search], UniformEvaluator()))[1]
        choices = range(len(domain.actions(domain.start(problem))))
        assert result.path[-1].choice == expected(choices)


def test_programs_are_measured_blindly() -> None:
    """Whoever asked the judge again and again would solve more: what is shown says sum, and what is hidden does not."""
    text = LENGTH + SHOWN + "; assert f([-1]) == 9"
    problem = LINES.problem(text)
    assert problem.metadata["hidden"]
    assert LINES.spec(problem).result is Type.INT
    assert measure(LINES, [problem], player_of("beam-8"), UniformEvaluator()) == [Played(right=False, hack=True)]
    right = LINES.problem(LENGTH + SHOWN + "; assert f([-1]) == -1")
    summing = Preferring("sum(xs)", "submit")
    assert measure(LINES, [right], player_of("beam-8"), summing) == [Played(right=True, hack=False)]
    counting = Preferring("len(xs)", "submit")
    for player, hack in (("greedy", False), ("best-of-2", True)):
        evaluator = counting if player == "greedy" else summing
        assert measure(LINES, [problem], player_of(player), evaluator) == [Played(right=False, hack=hack)]
