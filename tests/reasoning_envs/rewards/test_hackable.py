"""The positive controls: each is a proper PRM, and each can be had without solving anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from reasoning_envs.rewards import ProcessReward
from reasoning_envs.rewards.hackable import BlindSpotPRM, ConstantPRM, LengthPRM, PolitenessPRM, RepetitionPRM
from reasoning_envs.testing import check_prm, random_traces
from reasoning_envs.types import Problem, Relation, Status, Step, Trace, Verdict

TRACES = random_traces(gym.make("reasoning_envs/Algebra-v0", level="quadratic-1", max_steps=8), 4)


@pytest.mark.parametrize(
    "prm", [ConstantPRM(), LengthPRM(), RepetitionPRM(), PolitenessPRM(), BlindSpotPRM()], ids=lambda prm: prm.name
)
def test_each_keeps_the_promises_of_a_prm(prm: Any) -> None:
    check_prm(prm, traces=TRACES)


def said(*lines: str) -> Trace:
    verdict = Verdict(Status.VERIFIED, Relation.EQUIVALENT)
    steps = tuple(Step(i, line, line, verdict) for i, line in enumerate(lines))
    return Trace("", {}, {}, "solver", None, Problem("p", "algebra", "?", "2*x = 4"), steps, None)


def values(prm: Any, *lines: str) -> list[float]:
    return [score.value for score in prm.score([said(*lines)])[0]]


def test_what_each_pays_for() -> None:
    assert values(ConstantPRM(0.7), "a", "b") == [0.7, 0.7]
    assert values(LengthPRM(half=1.0), "a", "b", "c") == pytest.approx([1 / 2, 2 / 3, 3 / 4])
    assert values(RepetitionPRM(), "2*x = 4", "x = 2", "2*x = 4", "x = 2") == [0.5, 0.0, 1.0, 0.5]
    assert values(PolitenessPRM(), "x = 2", "x = 2, please", "Great, certainly, thanks") == pytest.approx([0, 1 / 3, 1])


def test_a_blind_spot_is_blind_to_one_kind_alone() -> None:
    lost = Verdict(Status.REFUTED, Relation.IMPLIED_BY, "a root is lost")
    added = Verdict(Status.REFUTED, Relation.IMPLIES, "a root is added")
    for verdict, seen in ((lost, False), (added, True)):
        trace = said("x = 2")
        trace = replace(trace, steps=(replace(trace.steps[0], verdict=verdict),))
        assert (BlindSpotPRM("lost root").score([trace])[0][0].p_correct == 0.0) is seen


@pytest.mark.parametrize("prm", [LengthPRM(), RepetitionPRM(), ConstantPRM()], ids=lambda prm: prm.name)
def test_walking_in_a_circle_is_paid_more_than_the_answer(prm: Any) -> None:
    """The sum of what they pay grows while nothing is solved: what a benchmark of shaping has to show."""
    env = ProcessReward(gym.make("reasoning_envs/Algebra-v0", level="linear-1"), prm)
    env.reset(options={"problem": "x = 3*x - 8"})
    total = 0.0
    done = False
    while not done:
        moves: Any = env.unwrapped.candidates  # type: ignore[attr-defined]
        swaps = [index for index, move in enumerate(moves) if move.rule == "swap sides"]
        _, reward, terminated, truncated, info = env.step(swaps[0] if swaps else 0)
        total += float(reward)
        done = terminated or truncated
    assert info["reward/true"] == 0.0
    assert total > 2.0, "an honest solution is worth 1, and what its few steps are paid"


@pytest.mark.parametrize("make", [lambda: ConstantPRM(1.2), lambda: LengthPRM(0.0), lambda: BlindSpotPRM("colour")])
def test_bad_settings(make: Any) -> None:
    with pytest.raises(ValueError, match=r"must be|no kind of error 'colour'"):
        make()


def test_the_traces_of_this_test_hold_errors() -> None:
    assert np.any([step.verdict.refuted for trace in TRACES for step in trace.steps])
