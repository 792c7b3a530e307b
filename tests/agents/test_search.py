"""Search on a small real domain: sums, worked out one operation at a time, with wrong moves among the right ones."""

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np
import pytest

from agents.search import (
    BY_SIZE,
    KINDS,
    LEVIN,
    METHODS,
    Limits,
    Method,
    Weighted,
    best_first,
    greedy,
    solve,
)
from agents.tree import Evaluation, Node, Outcome, SearchResult, Tree, UniformEvaluator, run
from reasoning_envs.types import Problem, Status, Step, Verdict
from tests.reasoning_envs.toy_domain import Sum, ToyDomain

DOMAIN = ToyDomain()


class Knowing:
    """Prefers right moves by ``trust``: 1 is a perfect policy, 0 its opposite."""

    def __init__(self, trust: float) -> None:
        self.trust = trust
        self.batches: list[int] = []

    def evaluate(self, nodes: Sequence[Node]) -> list[Evaluation]:
        self.batches.append(len(nodes))
        return [self._one(node) for node in nodes]

    def _one(self, node: Node) -> Evaluation:
        right = np.array([action.state.value() == node.state.value() for action in node.actions])  # type: ignore[attr-defined]
        weights = np.where(right, self.trust, 1 - self.trust) + 1e-9
        return Evaluation(np.log(weights / weights.sum()), np.where(right, 0.9, 0.1), np.where(right, 0.9, 0.1))


def problems(count: int = 6, level: str = "three") -> list[Problem]:
    rng = np.random.default_rng(0)
    return [DOMAIN.sample(rng, level) for _ in range(count)]


def one(statement: str, method: Method | str, evaluator: Any = None, domain: ToyDomain = DOMAIN) -> SearchResult:
    return solve(domain, [domain.problem(statement)], method, evaluator)[0]


def test_walks_draw_what_the_policy_says_and_nothing_else() -> None:
    """No share of uniform probability: a policy that is certain is followed, so that its own probabilities are true."""
    for result in solve(DOMAIN, problems(40), "random", Knowing(1.0), seed=2):
        assert result.outcome.success


@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_plays_every_problem(name: str) -> None:
    for result in solve(DOMAIN, problems(), name, seed=1):
        assert 1 <= result.expansions <= METHODS[name].limits.expansions
        assert len(result.states) == len(result.actions) + 1
        for before, action, after in zip(result.states, result.actions, result.states[1:], strict=False):
            assert action in DOMAIN.actions(before)
            assert action.state == after
        if result.answer is not None:
            assert result.answer == DOMAIN.text(result.states[-1])
            right = DOMAIN.start(result.problem).value() == int(result.answer)
            assert result.outcome is (Outcome.SOLVED if right else Outcome.WRONG)


@pytest.mark.parametrize("name", ["greedy", "beam", "best-first"])
def test_a_perfect_policy_goes_straight_to_the_answer(name: str) -> None:
    for result in solve(DOMAIN, problems(level="six"), name, Knowing(1.0)):
        assert result.outcome is Outcome.SOLVED
        assert result.steps == 5
    assert sum(result.expansions for result in solve(DOMAIN, problems(level="six"), "greedy", Knowing(1.0))) == 5 * 6


def test_a_policy_that_is_always_wrong_needs_search() -> None:
    assert one("3 + 4 * 2", "greedy", Knowing(0.0)).outcome is Outcome.WRONG
    assert one("3 + 4 * 2", "best-first", Knowing(0.0)).outcome is Outcome.SOLVED


def test_searches_give_no_answer_that_the_verifier_refuses() -> None:
    for name in ("beam", "best-first", "best-first-by-size"):
        for result in solve(DOMAIN, problems(12), name, Knowing(0.3)):
            assert result.outcome in (Outcome.SOLVED, Outcome.OUT_OF_BUDGET)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("budget", [1, 2, 7])
def test_budgets_are_expansions(kind: str, budget: int) -> None:
    method = Method(kind, limits=Limits(expansions=budget), width=3)
    results = solve(DOMAIN, problems(level="six"), method, Knowing(0.5))
    assert max(result.expansions for result in results) <= budget
    assert all(result.outcome is Outcome.OUT_OF_BUDGET for result in results if result.expansions < 5)


def test_paths_are_no_longer_than_the_limit() -> None:
    method = Method("best-first", LEVIN, Limits(expansions=500, steps=3))
    for result in solve(DOMAIN, problems(level="six"), method, Knowing(0.9)):
        assert result.outcome is Outcome.OUT_OF_BUDGET
        assert result.steps <= 3


def test_together_is_as_one_by_one() -> None:
    for name in METHODS:
        together = solve(DOMAIN, problems(9), name, Knowing(0.6), seed=3, width=4)
        alone = [solve(DOMAIN, [problem], name, Knowing(0.6), seed=3, width=1)[0] for problem in problems(9)]
        assert [result.states for result in together] == [result.states for result in alone]
        assert [result.expansions for result in together] == [result.expansions for result in alone]


def test_open_searches_share_one_batch() -> None:
    evaluator = Knowing(1.0)
    solve(DOMAIN, problems(8, "six"), "greedy", evaluator, width=4)
    assert max(evaluator.batches) == 4
    assert len(evaluator.batches) == 10


def test_chance_comes_from_the_seed() -> None:
    paths = [[result.states for result in solve(DOMAIN, problems(8), "random", seed=seed)] for seed in (1, 1, 2)]
    assert paths[0] == paths[1] != paths[2]


def test_the_choice_of_a_group_costs_an_expansion_and_is_no_step() -> None:
    grouped = ToyDomain(max_actions=4)
    result = one("3 + 4 * 2 - 1", "best-first", Knowing(1.0), grouped)
    assert result.outcome is Outcome.SOLVED
    assert result.steps == 3
    assert [action.is_step for action in result.actions] == [False, True, True, True]
    assert result.expansions >= 4


def test_a_problem_that_is_its_own_answer_needs_nothing() -> None:
    for kind in KINDS:
        result = one("7", Method(kind))
        assert (result.outcome, result.answer, result.expansions, result.steps) == (Outcome.SOLVED, "7", 0, 0)


class Circular(ToyDomain):
    """Every state leads back to the start and to one new state; there is no answer."""

    def actions(self, state: Sum) -> Any:
        following = state._replace(numbers=(state.numbers[0] + 1, *state.numbers[1:]))
        return [move._replace(state=place) for move, place in zip(super().actions(state), (START, following))]  # noqa: B905


START = DOMAIN.start(DOMAIN.problem("1 + 1"))


def test_greedy_never_comes_back() -> None:
    result = one("1 + 1", Method("greedy", limits=Limits(expansions=50, steps=20)), None, Circular())
    assert result.outcome is Outcome.OUT_OF_BUDGET
    assert len(set(result.states)) == len(result.states) == 21


def test_a_state_is_expanded_once() -> None:
    result = one("1 + 1", Method("best-first", limits=Limits(expansions=50, steps=20)), None, Circular())
    states = [node.state for node in result.visited]
    assert len(states) == len(set(states)) == 20


class Undecided(ToyDomain):
    """Nobody can judge its answers."""

    def __init__(self) -> None:
        super().__init__()
        self.verifier = _Undecided()


class _Undecided:
    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        return Verdict(Status.UNDECIDED)

    outcome = step


def test_an_answer_that_nobody_can_judge_is_neither_right_nor_wrong() -> None:
    assert one("1 + 1", "greedy", None, Undecided()).outcome is Outcome.UNSCORED
    assert one("1 + 1", "best-first", None, Undecided()).outcome is Outcome.OUT_OF_BUDGET


def test_levin_prices_a_path_by_its_depth_and_probability() -> None:
    tree = Tree(DOMAIN, DOMAIN.problem("3 + 4 * 2"), uniform=0.05)
    search = best_first(tree, Limits(10))
    (root,) = next(search)
    root.evaluation = Evaluation(np.log([0.7, 0.1, 0.1, 0.1]), np.full(4, 0.5))
    child = tree.children(root)[0]
    assert child.log_pi == pytest.approx(log(0.95 * 0.7 + 0.05 / 4))
    assert LEVIN(child) == pytest.approx(log(2) - child.log_pi)
    assert Weighted(prm=2.0)(child) == 0.0
    assert BY_SIZE(child) == len(tree.domain.tokens(child.state))


def test_a_prm_can_lead_where_the_policy_does_not() -> None:
    class Half(Knowing):
        def _one(self, node: Node) -> Evaluation:
            known = super()._one(node)
            uniform = UniformEvaluator().evaluate([node])[0]
            return Evaluation(uniform.log_probs, uniform.values, known.values)

    statement = problems(1, "six")[0].statement
    alone = one(statement, Method("best-first", LEVIN, Limits(1000)), Half(1.0))
    helped = one(statement, Method("best-first", Weighted(depth=1, policy=1, prm=5), Limits(1000)), Half(1.0))
    assert helped.expansions < alone.expansions / 3


def test_wrong_names_and_limits_are_said() -> None:
    with pytest.raises(ValueError, match=r"'gredy'.*greedy-by-size"):
        solve(DOMAIN, problems(1), "gredy")
    with pytest.raises(ValueError, match=r"'depth-first'.*best-first"):
        Method("depth-first")
    with pytest.raises(ValueError, match="at least 1"):
        Limits(expansions=0)
    with pytest.raises(ValueError, match="width"):
        list(run([greedy(Tree(DOMAIN, problems(1)[0]), Limits())], UniformEvaluator(), width=0))
