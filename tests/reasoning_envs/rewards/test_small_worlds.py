"""Small worlds of algebra: their truth is exact, policies learn in them, and what is exploited is seen to be."""

from __future__ import annotations

import numpy as np
import pytest

from reasoning_envs.rewards import OraclePRM, PotentialShaping, ProcessReward
from reasoning_envs.rewards.hackable import ConstantPRM
from reasoning_envs.rewards.relabelling import Difference, SumForm
from reasoning_envs.rewards.trials import forms
from reasoning_envs.rewards.trials.derivations import algebra
from reasoning_envs.rewards.trials.forms import FormRun, form_runs
from reasoning_envs.rewards.trials.hacks import HackRun, hack_share, hack_table
from reasoning_envs.rewards.trials.learner import Episode, Learning, learn
from reasoning_envs.rewards.trials.payers import FormPayer, WrapperPayer, trace_of
from reasoning_envs.rewards.trials.statistics import interval
from reasoning_envs.rewards.trials.worlds import World, make_world, make_worlds
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.syntax.parser import parse_statement

SHORT = Learning(updates=30, every=10)


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return make_worlds(4, ["linear-2"], 0, unsound=True)


def uniform(world: World) -> np.ndarray:
    ways = np.diff(world.first)
    return 1.0 / ways[world.source]


def test_a_world_holds_the_truth_about_every_step(worlds: list[World]) -> None:
    world = worlds[0]
    lines = [parse_statement(line) for line in world.lines]
    for step in range(0, len(world.target), 7):
        found = relate(lines[world.source[step]], lines[world.target[step]], unknown="x")
        assert found.verified is bool(world.sound[step])
    for place in np.flatnonzero(world.final):
        assert relate(lines[0], lines[place], unknown="x").verified is bool(world.right[place])
    assert world.right.any()
    assert not world.sound.all()


def test_without_unsound_moves_every_answer_is_right() -> None:
    world = make_world(algebra().problem("2*x + 3 = 9"), unsound=False)
    assert world.sound.all()
    assert (world.right == world.final).all()


def test_the_exact_success_is_that_of_many_episodes(worlds: list[World]) -> None:
    world = worlds[0]
    rng = np.random.default_rng(0)
    chances = uniform(world)
    right = 0
    for _ in range(3000):
        line = 0
        for _ in range(8):
            if world.final[line] or world.first[line] == world.first[line + 1]:
                break
            line = int(world.target[rng.integers(world.first[line], world.first[line + 1])])
        right += bool(world.right[line])
    assert world.success(chances, 8) == pytest.approx(right / 3000, abs=0.03)


def pays_the_truth(episode: Episode, progress: float) -> np.ndarray:
    paid = np.zeros(len(episode.steps))
    paid[-1] = episode.right
    return paid


def test_the_learner_learns_from_outcomes(worlds: list[World]) -> None:
    found = learn(worlds, pays_the_truth, 0, SHORT)
    assert found[-1].sampled > found[0].sampled + 0.3
    assert found[-1].greedy > 0.7


def test_the_same_seed_learns_the_same(worlds: list[World]) -> None:
    first, second = ([part.sampled for part in learn(worlds, pays_the_truth, 3, SHORT)] for _ in range(2))
    assert first == second


def test_a_constant_that_is_summed_is_exploited(worlds: list[World]) -> None:
    """The positive control: paid for every step, the policy learns to go on for ever."""
    outcomes = np.zeros(len(worlds), dtype=bool)
    found = learn(worlds, FormPayer(worlds, ConstantPRM(), SumForm(), "p_correct", outcomes), 0, SHORT)
    assert found[-1].sampled < 0.5 * found[0].sampled
    assert found[-1].steps > 9
    assert found[-1].paid > found[1].paid


def test_a_form_and_its_wrapper_pay_alike(worlds: list[World]) -> None:
    outcomes = np.ones(len(worlds), dtype=bool)
    pairs = [
        (
            FormPayer(worlds, OraclePRM(), SumForm(), "value", outcomes, weight=0.3),
            WrapperPayer(worlds, lambda env: ProcessReward(env, OraclePRM(), weight=0.3)),
        ),
        (
            FormPayer(worlds, OraclePRM(), Difference(1.0, "zero"), "value", outcomes),
            WrapperPayer(worlds, lambda env: PotentialShaping(env, OraclePRM(), gamma=1.0, at_truncation="zero")),
        ),
    ]
    episodes = [episode for part in learn(worlds, pays_the_truth, 0, SHORT)[1:] for episode in part.episodes[:10]]
    assert len({episode.right for episode in episodes}) == 2
    for form, wrapper in pairs:
        for episode in episodes:
            np.testing.assert_allclose(form(episode, 0.0), wrapper(episode, 0.0), atol=1e-12)


def test_an_episode_becomes_a_trace(worlds: list[World]) -> None:
    episode = learn(worlds, pays_the_truth, 0, SHORT)[1].episodes[0]
    trace = trace_of(worlds[episode.world], episode)
    assert len(trace.steps) == len(episode.steps)
    assert (trace.outcome is not None) is episode.ended


@pytest.mark.parametrize(
    ("untrained", "scores", "share"),
    [
        ([1, 2, 3, 4], [5, 5, 1, 1], 0.25),  # two are paid more, and one of them is right
        ([1, 2, 9, 9], [9, 9, 9, 9], 0.75),  # the best quarter ties at the most there is
        ([7, 7, 7, 7], [7, 7, 7, 7], 0.0),  # all are paid alike
        ([7, 7, 7, 7], [7, 8, 7, 7], 0.25),
        ([0, 0, 0, 1], [0, 0, 0, 0], 0.0),
    ],
)
def test_a_hack_is_paid_like_the_best_and_wrong(untrained: list[float], scores: list[float], share: float) -> None:
    assert hack_share([True, False, False, False], scores, untrained) == share


def test_a_study_goes_on_from_the_runs_that_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is trained again, not even the judge, where all but one run stand in the file."""
    monkeypatch.setattr(forms, "_WORLDS", 1)
    monkeypatch.setattr(forms, "imperfect_judge", lambda seed: pytest.fail("a judge was trained"))
    every = [
        FormRun(judge, form, share, unsound, 0, *[0.5] * 6)
        for unsound in (False, True)
        for judge, form, share in forms._settings()
    ]
    missing = every.index(next(run for run in every if run.judge == "none"))
    (found,) = form_runs([0], SHORT, every[:missing] + every[missing + 1 :])
    assert (found.judge, found.share, found.unsound) == ("none", 0.0, False)
    assert list(form_runs([0], SHORT, every)) == []


def test_the_hack_table_by_hand() -> None:
    runs = [HackRun("Sum", "bad", seed, 0.1, 0.5 + seed / 10, when, 0.4, 0.2) for seed, when in ((0, 300), (2, None))]
    head, row = hack_table(runs)
    assert head.split()[:2] == ["PRM", "wrapper"]
    assert row.split() == ["bad", "Sum", "0.10", "0.60", "300", "1", "of", "2", "0.40", "0.20"]


def test_intervals_hold_the_mean_and_shrink() -> None:
    few, many = interval([0.0, 1.0] * 5), interval([0.0, 1.0] * 500)
    assert few[0] == many[0] == 0.5
    assert few[1] < many[1] < 0.5 < many[2] < few[2]
    assert interval([0.3, 0.3]) == pytest.approx((0.3, 0.3, 0.3))
