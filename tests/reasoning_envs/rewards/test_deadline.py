"""A PRM that takes forever: the question ends, the error names it, and the wrapper counts what was not scored."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import pytest

from reasoning_envs.rewards import Deadline, PRMError, ProcessReward, judge_prm
from reasoning_envs.rewards.hackable import ConstantPRM
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.types import StepScore, Trace
from tests.reasoning_envs.rewards.derivations import derivations

LONG = 100.0


class Hanging(ProcessRewardModel):
    """Answers when the event is set."""

    name = "hanging"
    reads_states = False

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked = 0

    def __deepcopy__(self, memo: object) -> Hanging:
        return self  # wrappers note what they were made with, and an event has no copy

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        self.asked += 1
        self.go.wait()
        return [[StepScore(0.5, "")] * len(trace.steps) for trace in traces]


class Failing(ProcessRewardModel):
    name = "failing"

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        raise self.error


def test_a_question_without_an_answer_is_an_error_that_names_the_prm() -> None:
    slow, traces = Hanging(), derivations(2, seed=1)
    prm = Deadline(slow, 0.01)
    with pytest.raises(PRMError, match=r"^hanging: gave no answer within 0\.\d+ s$"):
        judge_prm(prm, traces)
    with pytest.raises(PRMError, match=r"^hanging: is still busy with a question that it was asked before within"):
        prm.score(traces)
    assert slow.asked == 1, "a hanging PRM is not asked again"
    slow.go.set()
    prm.seconds = LONG
    assert prm.score(traces) == slow.score(traces)


def test_a_wrapper_leaves_the_step_unscored_and_counts_it() -> None:
    slow = Hanging()
    prm = Deadline(slow, 0.01)
    env = ProcessReward(gym.make("reasoning_envs/Algebra-v0", level="linear-1"), prm, on_error="unscored")
    observation, _ = env.reset(seed=0)
    for count in (1, 2):
        observation, reward, _, _, info = env.step(_a_step(observation))
        assert info["score"] is None
        assert "hanging: " in info["score_error"]
        assert info["unscored"] == count
        assert reward == info["reward/true"]
    slow.go.set()
    prm.seconds = LONG
    observation, _ = env.reset(seed=0)
    *_, info = env.step(_a_step(observation))
    assert info["score"] == StepScore(0.5, "")
    assert info["unscored"] == 0


def _a_step(observation: dict[str, Any]) -> int:
    return int(observation["action_mask"].argmax())


@pytest.mark.parametrize("error", [ValueError("odd"), TimeoutError("of its own"), PRMError("its own words")])
def test_what_a_prm_raises_in_time_is_what_is_raised(error: Exception) -> None:
    prm = Deadline(Failing(error), LONG)
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            prm.score(derivations(1, seed=1))
        assert caught.value is error


def test_answers_are_those_of_the_prm_also_in_copies_and_forked_processes() -> None:
    traces = derivations(3, seed=1)
    prm = Deadline(ConstantPRM(), LONG)
    scores = ConstantPRM().score(traces)
    assert prm.score(traces) == scores
    assert (prm.name, prm.threshold, prm.reads_states) == ("constant", 0.5, ConstantPRM.reads_states)
    assert pickle.loads(pickle.dumps(prm)).score(traces) == scores  # noqa: S301 (what was pickled here)
    scorer = prm.begin(traces[0].problem, None)
    assert scorer.initial == ConstantPRM().begin(traces[0].problem, None).initial
    assert scorer.step(traces[0].steps[0], None) == scores[0][0]
    prm._thread = threading.Thread()  # what a fork leaves of it: one that does not run
    assert prm.score(traces) == scores


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_limit_is_a_time(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds must be above 0 and finite"):
        Deadline(ConstantPRM(), seconds)
