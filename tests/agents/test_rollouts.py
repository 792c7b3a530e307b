"""Searches written down as episodes, and a PRM's part in them."""

from collections.abc import Sequence

import numpy as np
import pytest

from agents.guidance import GuidedEvaluator
from agents.policies import CandidatePolicy
from agents.rollouts import Recorder, play, scored
from agents.search import LEVIN, Limits, Method, Weighted, solve
from agents.tree import UniformEvaluator
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.traces import replay
from reasoning_envs.types import Problem, StepScore, Trace
from tests.agents.toy_sums import ENV_ID
from tests.reasoning_envs.toy_domain import READY, read


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder(ENV_ID)


def problems(count: int = 8, level: str = "three") -> list[Problem]:
    rng = np.random.default_rng(0)
    return [READY.sample(rng, level) for _ in range(count)]


class Exact(ProcessRewardModel):
    """Knows the value of each line."""

    name = "exact"

    def __init__(self) -> None:
        self.asked = 0

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        self.asked += len(traces)
        return [
            [
                StepScore(0.95 if read(step.text).value() == read(trace.problem.statement).value() else 0.05)
                for step in trace.steps
            ]
            for trace in traces
        ]


@pytest.mark.parametrize("method", ["random", "greedy", "best-first"])
def test_traces_replay_in_the_environment(recorder: Recorder, method: str) -> None:
    for trace in play(recorder, problems(), method=method, seed=2):
        assert trace.role == "solver"
        replay(trace, recorder.env)
        assert trace.outcome is not None
        assert trace.outcome.verified == (trace.returns["true"] == 1.0)


def test_traces_say_what_was_done_in_words(recorder: Recorder) -> None:
    (trace,) = play(recorder, [READY.problem("3 + 4 * 2")], method="best-first")
    assert [step.text for step in trace.steps][-1] == "11"
    assert all(step.move and step.verdict.scored for step in trace.steps)


def test_a_search_without_an_answer_is_an_episode_without_an_outcome(recorder: Recorder) -> None:
    results = solve(recorder.domain, problems(3, "six"), Method("best-first", LEVIN, Limits(3)))
    for result in results:
        trace = recorder.trace(result)
        assert trace is not None
        assert trace.outcome is None
        assert len(trace.steps) == result.steps


def test_choices_of_groups_are_actions_and_no_steps() -> None:
    grouped = Recorder(ENV_ID, {"max_actions": 4})
    (trace,) = play(grouped, [READY.problem("3 + 4 * 2 - 1")], method="best-first")
    assert len(trace.steps) == 3
    assert len(trace.actions) > 3
    replay(trace, grouped.env)


def test_nothing_to_do_is_no_episode(recorder: Recorder) -> None:
    assert play(recorder, [READY.problem("7")]) == []


def test_an_environment_without_moves_is_refused() -> None:
    with pytest.raises(TypeError, match="CartPole-v1"):
        Recorder("CartPole-v1")


def test_scores_stand_at_their_steps(recorder: Recorder) -> None:
    traces = play(recorder, problems(), prm=Exact(), method="random", seed=1)
    for trace in traces:
        for step in trace.steps:
            right = read(step.text).value() == read(trace.problem.statement).value()
            assert step.score == StepScore(0.95 if right else 0.05)
    assert scored([], Exact()) == []


def test_guidance_adds_a_value_for_each_candidate(recorder: Recorder) -> None:
    prm = Exact()
    policy = CandidatePolicy(recorder.domain)
    for domain in (recorder.domain, Recorder(ENV_ID, {"max_actions": 4}).domain):
        results = solve(domain, problems(6, "six"), Method("greedy"), GuidedEvaluator(policy, prm))
        for node in (node for result in results for node in result.visited):
            assert node.evaluation is not None
            assert node.evaluation.prm is not None
            for action, value in zip(node.actions, node.evaluation.prm, strict=True):
                right = action.state.value() == node.tree.root.state.value()  # type: ignore[attr-defined]
                if action.is_step:
                    assert value == (0.95 if right else 0.05)
                else:
                    assert value == node.prm
    assert prm.asked > 0


def test_guidance_leads_a_search_that_knows_nothing_else(recorder: Recorder) -> None:
    limits = Limits(2000)
    hard = problems(4, "six")
    alone = solve(recorder.domain, hard, Method("best-first", LEVIN, limits))
    guided = Method("best-first", Weighted(depth=1, policy=1, prm=4), limits)
    helped = solve(recorder.domain, hard, guided, GuidedEvaluator(UniformEvaluator(), Exact()))
    assert sum(result.expansions for result in helped) < sum(result.expansions for result in alone) / 3
