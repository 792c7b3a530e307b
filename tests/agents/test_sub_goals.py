"""Sub-goals: links by the finer moves, demonstrations along a guide's lines, and that workers learn from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from agents.actors import Job, Worker, weights_of
from agents.expert_iteration import Learner, LearningConfig, decisions
from agents.policies import CandidatePolicy, PolicyConfig, PolicyError
from agents.search import SEARCH, Limits, Method, follow, solve
from agents.sub_goals import SubGoals, link
from agents.tree import Outcome, Tree, UniformEvaluator, run
from reasoning_envs.domains.algebra import AlgebraDomain

FINE, COARSE = AlgebraDomain("axioms"), AlgebraDomain()
SIZES = PolicyConfig(32, 32)


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy for macro moves that knows the easiest levels."""
    policy = CandidatePolicy(COARSE, SIZES, seed=0, keep_encoded=True)
    learner = Learner(policy, LearningConfig(batch=64), seed=0)
    rng = np.random.default_rng(0)
    for number in range(4):
        problems = [COARSE.sample(rng, "linear-1") for _ in range(48)]
        results = solve(COARSE, problems, Method("best-first", SEARCH, Limits(60)), policy)
        learner.replay.add(str(number), decisions(results))
        learner.update(40)
    file = tmp_path_factory.mktemp("guide") / "guide.pt"
    policy.save(file)
    return file


def start(text: str) -> object:
    return FINE.start(FINE.problem(text))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x + 3 = 7", "x + 3 - 3 = 7 - 3"),
        ("x + 3 - 3 = 7 - 3", "x = 7 - 3"),
        ("2*x + 3*x = 10", "5*x = 10"),
        ("2*(x + 1) = 6", "2*x + 2 = 6"),
    ],
)
def test_a_link_leads_to_its_goal_by_sound_steps(before: str, after: str) -> None:
    way = link(FINE, start(before), start(after), 200)
    assert way
    state = start(before)
    for index in way:
        action = FINE.actions(state)[index]  # type: ignore[arg-type]
        assert not action.is_step or action.verdict.verified
        state = action.state
    assert state == start(after)


def test_a_link_gives_up_within_its_budget() -> None:
    assert link(FINE, start("x + 3 = 7"), start("x = 5"), 5) == []
    assert link(FINE, start("x + 3 = 7"), start("x + 3 = 7"), 5) == []


def test_demonstrations_lead_to_right_answers(guide: Path) -> None:
    goals = SubGoals(FINE, guide, COARSE)
    rng = np.random.default_rng(1)
    ways = [(problem, goals.demonstration(problem)) for problem in (FINE.sample(rng, "linear-1") for _ in range(10))]
    assert goals.asked == 10
    assert goals.found == sum(bool(way) for _, way in ways) >= 5
    searches = [follow(Tree(FINE, problem), way) for problem, way in ways if way]
    for _, result in run(searches, UniformEvaluator()):
        assert result.outcome in (Outcome.SOLVED, Outcome.SAID_NO_SOLUTION)


def test_a_worker_learns_from_a_guide_what_its_search_does_not_find(guide: Path) -> None:
    rng = np.random.default_rng(2)
    problems = tuple(FINE.sample(rng, "linear-2") for _ in range(8))
    config = PolicyConfig(16, 16)
    weights = weights_of(CandidatePolicy(FINE, config))
    job = Job(problems, Method("best-first", SEARCH, Limits(2)), weights, learn=True)
    environment = "reasoning_envs/AlgebraAxioms-v0"
    alone, guided = (Worker(environment, {}, config, path).do(job) for path in ("", str(guide)))
    assert alone.records == guided.records  # what was solved is not touched
    assert alone.decisions is not None
    assert guided.decisions is not None
    assert not alone.decisions.good.any()
    assert guided.decisions.good.sum() > 10


def test_a_guide_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="there is no policy"):
        SubGoals(FINE, tmp_path / "nothing.pt", COARSE)
    fine = CandidatePolicy(FINE, SIZES)
    fine.save(tmp_path / "fine.pt")
    with pytest.raises(PolicyError, match="was trained with moves 'axioms'"):
        SubGoals(FINE, tmp_path / "fine.pt", COARSE)
    assert torch.load(tmp_path / "fine.pt", weights_only=True)["policy"]["versions"]["moves"] == "axioms"
