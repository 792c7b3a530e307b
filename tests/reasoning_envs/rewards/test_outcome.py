"""PRMs that were told outcomes alone: what they can find out from that, and what they cannot."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reasoning_envs.rewards import LearnedPRM, OutcomeConfig, OutcomePRM, OutcomeRewardModel, PRMError, open_prm
from reasoning_envs.rewards.fitting import Fitting
from reasoning_envs.rewards.judging import judge_prm
from reasoning_envs.types import Status, StepScore, Trace, Verdict
from tests.reasoning_envs.rewards.derivations import linear

QUICK = OutcomeConfig(change_buckets=1024, width=16, hidden=16, fitting=Fitting(epochs=12, patience=12, batch=16))


def some(count: int, seed: int = 0, mistakes: float = 0.12) -> list[Trace]:
    rng = np.random.default_rng(seed)
    return [linear(rng, mistakes) for _ in range(count)]


@pytest.fixture(scope="module")
def trained() -> dict[str, OutcomePRM]:
    models = {}
    for way in ("product", "min", "sum"):
        models[way] = OutcomePRM(config=replace(QUICK, aggregate=way))
        models[way].fit(some(700))
    return models


@pytest.mark.parametrize("way", ["product", "min", "sum"])
def test_outcomes_tell_which_kind_of_step_is_wrong(trained: dict[str, OutcomePRM], way: str) -> None:
    """Nobody said which step it was; with residues of both lines to look at it can be found out."""
    prm = trained[way]
    judged = judge_prm(prm, some(200, seed=7))
    assert prm.metrics["outcome_auc"] > 0.9
    assert judged.auc > 0.9
    if way != "sum":  # which is no chance that a step is right
        assert judged.f1 > 0.6


def test_no_verdict_on_a_step_is_looked_at() -> None:
    traces = some(40)
    hidden = [
        replace(trace, steps=tuple(replace(step, verdict=Verdict(Status.UNDECIDED)) for step in trace.steps))
        for trace in traces
    ]
    first, second = OutcomePRM(config=QUICK), OutcomePRM(config=QUICK)
    first.fit(traces)
    second.fit(hidden)
    assert first.score(traces) == second.score(traces)


@pytest.mark.parametrize("way", ["product", "min", "sum"])
def test_values_are_what_the_steps_come_to(trained: dict[str, OutcomePRM], way: str) -> None:
    prm = trained[way]
    for trace, row in zip(some(5, seed=3), prm.score(some(5, seed=3)), strict=True):
        chances = [score.p_correct or 0.0 for score in row]
        if way == "product":
            assert [score.value for score in row] == pytest.approx(np.cumprod(chances).tolist(), abs=1e-4)
        elif way == "min":
            assert [score.value for score in row] == pytest.approx(np.minimum.accumulate(chances).tolist(), abs=1e-4)
        else:
            logits = np.cumsum([np.log(chance / (1 - chance)) for chance in chances])
            assert [score.value for score in row] == pytest.approx((1 / (1 + np.exp(-logits))).tolist(), abs=1e-3)
        assert all(abs(score.advantage or 0.0) <= 1.0 for score in row)
        _online(prm, trace, row)


def test_an_outcome_reward_model_blames_no_step() -> None:
    prm = OutcomeRewardModel(config=QUICK)
    traces = some(60)
    prm.fit(traces)
    row = prm.score(traces[:1])[0]
    assert all(score.p_correct is None and score.advantage is None for score in row)
    _online(prm, traces[0], row)


@pytest.mark.parametrize("family", [OutcomePRM, OutcomeRewardModel])
def test_a_file_names_its_family_and_is_read_as_it(family: type[OutcomePRM], tmp_path: Path) -> None:
    prm = family(config=QUICK)
    traces = some(40)
    prm.fit(traces)
    path = tmp_path / "prm.pt"
    prm.save(path)
    again = open_prm(path)
    assert type(again) is family
    assert again.score(traces[:5]) == prm.score(traces[:5]) == deepcopy(prm).score(traces[:5])
    assert family.load(path).metrics == prm.metrics
    other = OutcomeRewardModel if family is OutcomePRM else OutcomePRM
    for wrong in (other, LearnedPRM):
        with pytest.raises(PRMError, match=f"the family of the file is '{family.name}', this version reads"):
            wrong.load(path)


def test_what_cannot_be_learned_from() -> None:
    right = [trace for trace in some(60) if trace.outcome is not None and trace.outcome.verified]
    with pytest.raises(PRMError, match="ended alike"):
        OutcomePRM(config=QUICK).fit(right)
    with pytest.raises(PRMError, match="3 problems or more"):
        OutcomePRM(config=QUICK).fit(right[:2])
    with pytest.raises(PRMError, match="labels of steps are for LearnedPRM"):
        OutcomePRM(config=QUICK).fit(right, {"0": [1.0]})
    with pytest.raises(PRMError, match="not trained"):
        OutcomePRM().score(right)


def test_episodes_that_nobody_could_judge_teach_nothing() -> None:
    traces = some(60)
    unjudged = [replace(trace, outcome=Verdict(Status.TIMEOUT)) for trace in some(30, seed=4)]
    prm = OutcomePRM(config=QUICK)
    assert prm.fit([*traces, *unjudged])["n_right"] <= sum(
        trace.outcome is not None and trace.outcome.verified for trace in traces
    )


@pytest.mark.parametrize(
    "kwargs",
    [
        {"aggregate": "mean"},
        {"beta": 0.0},
        {"track": "video"},
        {"held_out": 0.5},
        {"width": 0},
    ],
)
def test_bad_settings(kwargs: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(kwargs))):
        OutcomeConfig(**kwargs)


def _online(prm: OutcomePRM, trace: Trace, row: list[StepScore]) -> None:
    scorer = prm.begin(trace.problem)
    assert [scorer.step(step) for step in trace.steps] == row
