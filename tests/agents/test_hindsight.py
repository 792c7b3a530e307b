"""What an episode shows of goals that it was not given, and that a policy for goals is learned from that alone."""

from __future__ import annotations

import numpy as np
import pytest

from agents.hindsight import Config, GoalFeaturiser, Hindsight, relabelled
from agents.search import Limits, Method, follow, solve
from agents.tree import Tree, UniformEvaluator, run
from reasoning_envs.curriculum import GoalDomain
from reasoning_envs.curriculum.goals import goal_problem
from reasoning_envs.domains.algebra import AlgebraDomain


def domain() -> GoalDomain:
    return GoalDomain(AlgebraDomain(), walk=3)


def test_every_way_found_in_hindsight_leads_to_its_goal() -> None:
    goals = domain()
    rng = np.random.default_rng(0)
    problems = [goals.sample(rng, "linear-1") for _ in range(20)]
    results = solve(goals, problems, Method("random", limits=Limits(40, 6)), seed=2)
    ways = [(result, way) for result in results for way in relabelled(result, goals, rng, 3)]
    assert len(ways) > 20
    for result, (problem, actions) in ways:
        assert problem.metadata["goal"] != result.problem.metadata["goal"]
        (found,) = [found for _, found in run([follow(Tree(goals, problem), actions)], UniformEvaluator())]
        assert found.outcome.success
        assert [node.choice for node in found.path[1:]] == actions


def test_the_goal_itself_has_features_of_its_own() -> None:
    goals = domain()
    below = AlgebraDomain().problem("2*x + 4 = 10")
    problem = goal_problem("2*x + 4 = 10", "2*x + 4 - 4 = 10 - 4", below)
    state = goals.start(problem)
    actions = goals.actions(state)
    encoded = GoalFeaturiser(goals).encode(state, actions)
    reached = [goals.is_final(action.state) for action in actions]
    assert reached.count(True) == 1
    # Nothing sets the goal apart from itself: two buckets, the move and a distance of nothing.
    assert encoded.lengths[reached.index(True)] == 2
    assert min(length for length, there in zip(encoded.lengths, reached, strict=True) if not there) > 2


@pytest.mark.slow
def test_goals_that_were_held_out_are_learned_from_hindsight() -> None:
    run_ = Hindsight(domain(), Config(problems=40, updates=30, width=32, hidden=32))
    held_out = run_.problems("validation", 40, np.random.default_rng(9))
    before = run_.evaluate(held_out)
    for _ in range(6):
        logged = run_.iterate()
    assert logged["hindsight"] > 40
    assert run_.evaluate(held_out) > before + 0.25
