"""MCTS, best of N and the search of Gumbel-AlphaZero, on sums with wrong moves among the right ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.gumbel_search import gumbel_episode, halving_visits, improved_policy
from agents.mcts import best_of, mcts
from agents.search import Limits, Method, Weighted, solve
from agents.tree import Outcome, SearchResult, Tree, run
from tests.agents.test_search import DOMAIN, Knowing, problems

GUIDED = Weighted(policy=1.0, value=1.0)


def solved(method: Method, evaluator: Any, level: str = "six", seed: int = 0) -> list[SearchResult]:
    return solve(DOMAIN, problems(12, level), method, evaluator, seed=seed)


def rate(results: list[SearchResult]) -> float:
    return float(np.mean([result.outcome.success for result in results]))


def cost(results: list[SearchResult]) -> int:
    return sum(result.expansions for result in results)


# -- MCTS ---------------------------------------------------------------------------------------------------------


def test_mcts_solves_what_it_can_reach_and_a_good_guide_makes_it_cheap() -> None:
    blind = solved(Method("mcts", Weighted(), Limits(20_000)), None)
    guided = solved(Method("mcts", GUIDED, Limits(20_000)), Knowing(0.9))
    assert rate(guided) == 1.0
    assert rate(blind) == 1.0  # each state once: it comes round to all of them
    assert cost(guided) < 0.5 * cost(blind)


@pytest.mark.parametrize("weights", [{"policy": 1.0}, {"value": 1.0}, {"prm": 1.0}, {"value": 1.0, "prm": 2.0}])
def test_policy_value_and_prm_each_guide_alone(weights: dict[str, float]) -> None:
    blind = cost(solved(Method("mcts", Weighted(), Limits(400)), None))
    assert cost(solved(Method("mcts", Weighted(**weights), Limits(400)), Knowing(0.9))) < blind


def test_mcts_recovers_from_a_policy_that_is_wrong_where_greedy_cannot() -> None:
    wrong = Knowing(0.2)
    assert rate(solved(Method("greedy", limits=Limits(400)), wrong)) == 0.0
    assert rate(solved(Method("mcts", Weighted(policy=1.0), Limits(20_000)), wrong)) == 1.0


def test_mcts_stops_where_nothing_is_left_to_try() -> None:
    """Steps are too few for any answer: the search closes all branches and ends before its budget."""
    (result,) = solve(DOMAIN, problems(1, "six"), Method("mcts", GUIDED, Limits(100_000, steps=1)), Knowing(0.9))
    assert result.outcome is Outcome.OUT_OF_BUDGET
    assert result.expansions < 50
    assert len({node.state for node in result.visited}) == result.expansions


# -- best of N ----------------------------------------------------------------------------------------------------


def test_more_episodes_solve_more_and_none_beyond_the_first_right_one_is_drawn() -> None:
    policy = Knowing(0.8)
    rates = [rate(solved(Method("best-of", limits=Limits(10_000), width=count), policy)) for count in (1, 8, 200)]
    assert rates[0] < rates[1] <= rates[2]
    assert rates[2] > 0.9
    costs = [cost(solved(Method("best-of", limits=Limits(10_000), width=count), policy)) for count in (200, 2000)]
    assert costs[0] == costs[1]


# -- Gumbel-AlphaZero ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("considered", "simulations", "expected"),
    [
        (1, 3, [0, 1, 2]),
        (4, 8, [0, 0, 0, 0, 1, 1, 2, 2]),
        (2, 5, [0, 0, 1, 1, 2]),
        (16, 16, [0] * 16),
        (4, 3, [0, 0, 0]),
    ],
)
def test_sequential_halving(considered: int, simulations: int, expected: list[int]) -> None:
    assert halving_visits(considered, simulations) == expected


@given(st.integers(1, 40), st.integers(1, 200))
def test_halving_uses_every_simulation_and_asks_for_visits_that_somebody_has(considered: int, simulations: int) -> None:
    visits = np.zeros(considered, int)
    sequence = halving_visits(considered, simulations)
    assert len(sequence) == simulations
    for wanted in sequence:
        places = np.flatnonzero(visits == wanted)
        assert len(places), sequence
        visits[places[0]] += 1
    assert visits.sum() == simulations


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 8), st.floats(0, 1)), min_size=2, max_size=8),
    st.floats(0, 1),
)
def test_the_improved_policy_is_one(rows: list[tuple[float, int, float]], value: float) -> None:
    """It sums to 1, and by the values that were completed it expects no less than the prior does (the theorem)."""
    logits = np.array([row[0] for row in rows])
    visits = np.array([row[1] for row in rows])
    totals = np.array([row[1] * row[2] for row in rows])
    improved = np.exp(improved_policy(logits, visits, totals, value))
    assert improved.sum() == pytest.approx(1.0)
    if (visits > 0).all():
        means = totals / visits
        prior = np.exp(logits - logits.max())
        prior /= prior.sum()
        assert float(improved @ means) >= float(prior @ means) - 1e-9


def test_simulations_improve_on_the_policy_that_guides_them() -> None:
    """The policy hardly tells right from wrong; values do, one step ahead."""
    policy = Knowing(0.55)
    greedy = rate(solved(Method("random", limits=Limits(400)), policy))
    planned = rate(solved(Method("gumbel", limits=Limits(2000), width=16), policy))
    assert planned > greedy + 0.2


def test_the_path_holds_the_improved_policy_as_what_is_to_be_learned() -> None:
    (problem,) = problems(1, "three")
    limits = Limits(2000)
    found = dict(run([gumbel_episode(Tree(DOMAIN, problem), limits, None, 16)], Knowing(0.55)))[0]
    assert found.outcome.success
    for node in found.path[:-1]:
        assert node.evaluation is not None
        target = np.exp(node.evaluation.log_probs)
        right = np.array([action.state.value() == node.state.value() for action in node.actions])  # type: ignore[attr-defined]
        assert target.sum() == pytest.approx(1.0)
        assert target[right].sum() > 0.8


def test_noise_draws_and_without_it_play_is_the_same() -> None:
    (problem,) = problems(1, "six")

    def path(seed: int | None) -> tuple[Any, ...]:
        rng = None if seed is None else np.random.default_rng(seed)
        search = gumbel_episode(Tree(DOMAIN, problem), Limits(2000), rng, 4)
        return dict(run([search], Knowing(0.5)))[0].states

    assert path(None) == path(None)
    assert path(3) == path(3)
    assert len({path(seed) for seed in range(8)}) > 1


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (lambda tree: mcts(tree, Limits(), GUIDED, exploration=0.0), "exploration"),
        (lambda tree: best_of(tree, Limits(), np.random.default_rng(0), 0), "one episode"),
        (lambda tree: gumbel_episode(tree, Limits(), None, 0), "1 simulation"),
    ],
)
def test_wrong_requests_are_said(search: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        next(search(Tree(DOMAIN, problems(1)[0])))
