"""The implicit PRM: a ratio of two policies over the same moves, trained on outcomes alone."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from reasoning_envs.rewards import Implicit, ImplicitConfig, ImplicitPRM, PRMError, open_prm
from reasoning_envs.rewards.fitting import Fitting
from reasoning_envs.rewards.judging import judge_prm
from reasoning_envs.types import Status, Trace, Verdict
from tests.reasoning_envs.rewards.derivations import linear, trace

QUICK = ImplicitConfig(
    change_buckets=512, width=8, hidden=16, rivals=3, fitting=Fitting(epochs=5, batch=8, learning_rate=5e-3)
)


def some(count: int, seed: int = 0) -> list[Trace]:
    rng = np.random.default_rng(seed)
    return [linear(rng, 0.12) for _ in range(count)]


@pytest.fixture(scope="module")
def trained() -> ImplicitPRM:
    prm = ImplicitPRM(config=QUICK)
    prm.fit(some(120))
    return prm


def test_outcomes_alone_tell_which_step_is_wrong(trained: ImplicitPRM) -> None:
    judged = judge_prm(trained, some(80, seed=9))
    assert judged.auc > 0.75
    assert judged.f1 > 0.2


def test_both_are_policies_over_the_same_moves(trained: ImplicitPRM) -> None:
    """exp(log ratio) is a quotient of chances: over all moves, weighed by the reference, it is 1 on average."""
    problem = some(1)[0].problem
    moves = trained._moves(problem, problem.statement, "x")
    assert len(moves) == QUICK.rivals
    policies = trained._trained()
    total = 0.0
    for move in moves:
        ratio = trained.log_ratio(problem, problem.statement, move)
        choice = trained._choice(problem, problem.statement, move)
        assert ratio is not None
        assert choice is not None
        assert len(choice) == len(moves)
        logits = policies.reference(choice)[:, 0].astype(float)
        reference = float(np.exp(logits[0] - np.logaddexp.reduce(logits)))
        total += reference * math.exp(ratio)
    assert total == pytest.approx(1.0, abs=1e-4)


def test_the_value_is_the_sum_of_the_rewards(trained: ImplicitPRM) -> None:
    episode = some(1, seed=4)[0]
    (row,) = trained.score([episode])
    total = trained.odds
    line = episode.problem.statement
    for score, step in zip(row, episode.steps, strict=True):
        ratio = trained.log_ratio(episode.problem, line, step.text)
        assert ratio is not None
        line = step.text
        total += QUICK.beta * ratio
        assert score.value == pytest.approx(1.0 / (1.0 + math.exp(-total)))
        assert score.advantage == pytest.approx(max(-1.0, min(1.0, QUICK.beta * ratio)))


def test_no_verdict_on_a_step_is_looked_at() -> None:
    traces = some(40)
    hidden = [
        replace(each, steps=tuple(replace(step, verdict=Verdict(Status.UNDECIDED)) for step in each.steps))
        for each in traces
    ]
    first, second = (ImplicitPRM(config=replace(QUICK, fitting=Fitting(epochs=1))) for _ in range(2))
    first.fit(traces)
    second.fit(hidden)
    assert first.score(traces) == second.score(traces)


def test_it_is_saved_loaded_and_sent(trained: ImplicitPRM, tmp_path: Path) -> None:
    path = tmp_path / "implicit.pt"
    trained.save(path)
    traces = some(3, seed=5)
    expected = trained.score(traces)
    assert open_prm(path).score(traces) == expected
    assert deepcopy(trained).score(traces) == expected


def test_a_wrapper_pays_it_in_an_environment(trained: ImplicitPRM) -> None:
    env = Implicit(gym.make("reasoning_envs/Algebra-v0", level="linear-1"), trained, weight=0.5)
    env.reset(seed=0)
    _, reward, _, _, info = env.step(0)
    assert reward == pytest.approx(0.5 * info["score"].advantage)


def test_a_line_that_cannot_be_read_changes_nothing(trained: ImplicitPRM) -> None:
    episode = some(1)[0]
    broken = replace(episode, steps=(replace(episode.steps[0], text="let me think"), *episode.steps))
    (row,), (plain,) = trained.score([broken]), trained.score([episode])
    assert "cannot be read" in row[0].critique
    assert [score.value for score in row[1:]] == [score.value for score in plain]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ImplicitPRM(config=QUICK).score(some(1)), "not trained"),
        (lambda: ImplicitPRM(config=QUICK).fit(some(4), {"0": [1.0]}), "learns from outcomes alone"),
        (lambda: ImplicitPRM(config=QUICK).fit(some(1) * 3), "3 problems or more"),
        (
            lambda: ImplicitPRM(config=QUICK).fit([trace(f"x + {n} = 9", [], None) for n in range(9)]),
            "all 0 episodes ended alike",
        ),
    ],
)
def test_what_cannot_be_done_is_said(call: Any, message: str) -> None:
    with pytest.raises(PRMError, match=message):
        call()


@pytest.mark.parametrize("setting", [{"beta": 0.0}, {"rivals": 0}, {"track": "both"}, {"held_out": 0.5}, {"width": 0}])
def test_settings_out_of_range(setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        ImplicitConfig(**setting)
