"""Statistics of runs."""

from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_envs.benchmark.statistics import (
    Stratum,
    area_under,
    cvar,
    difference,
    first_crossing,
    iqm,
    profile,
    seed_estimate,
    superiority,
    true_accuracy,
)

FAST = 300


def stratum(rows: list[list[float]], templates: str = "", task: str = "task") -> Stratum:
    return Stratum(task, np.array(rows), tuple(templates or map(str, range(len(rows[0])))))


def drawn(share: float, seeds: int, problems: int, seed: int = 0, task: str = "task") -> Stratum:
    outcomes = (np.random.default_rng(seed).random((seeds, problems)) < share).astype(float)
    return Stratum(task, outcomes, tuple(map(str, range(problems))))


def test_the_interquartile_mean_leaves_out_a_quarter_at_either_end() -> None:
    assert iqm(np.array([0.0, 0.4, 0.6, 100.0])) == pytest.approx(0.5)
    assert iqm(np.array([[0.0, 0.4, 0.6, 100.0], [1.0, 1.0, 1.0, 1.0]])) == pytest.approx([0.5, 1.0])


def test_accuracy_counts_judged_problems_alone() -> None:
    assert stratum([[1, 0, nan], [nan, nan, nan]]).accuracies[0] == 0.5
    assert isnan(stratum([[1, 0, nan], [nan, nan, nan]]).accuracies[1])


@pytest.mark.parametrize(
    ("outcomes", "templates", "message"),
    [
        (np.zeros((0, 3)), ("a", "b", "c"), "one or more of each"),
        (np.zeros((2, 0)), (), "one or more of each"),
        (np.zeros(3), ("a", "b", "c"), "seeds, problems"),
        (np.zeros((1, 2)), ("a",), "1 templates for 2 problems"),
    ],
)
def test_runs_without_shape_are_refused(outcomes: np.ndarray, templates: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Stratum("task", outcomes, templates)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = [
        found.low <= 0.6 <= found.high
        for seed in range(60)
        for found in [true_accuracy([drawn(0.6, 6, 80, seed)], FAST)]
    ]
    assert np.mean(held) >= 0.85


def test_problems_of_one_template_are_no_independent_evidence() -> None:
    rng = np.random.default_rng(3)
    by_template = rng.integers(2, size=(1, 10)).repeat(10, axis=1).repeat(5, axis=0).astype(float)
    alike = stratum(by_template.tolist(), "".join(letter * 10 for letter in "abcdefghij"))
    apart = stratum(by_template.tolist())
    width = [estimate.high - estimate.low for estimate in (true_accuracy([alike]), true_accuracy([apart]))]
    assert width[0] > 2.0 * width[1]


def test_the_same_runs_give_the_same_interval() -> None:
    arms = [drawn(0.5, 5, 40, 1, "one"), drawn(0.7, 5, 40, 2, "two")]
    assert true_accuracy(arms) == true_accuracy(arms)


def test_a_better_arm_leads_and_one_of_its_like_does_not() -> None:
    good, bad, same = drawn(0.9, 8, 100, 1), drawn(0.3, 8, 100, 2), drawn(0.3, 8, 100, 3)
    lead = difference([good], [bad])
    assert lead.low > 0.4
    assert lead.value == pytest.approx(0.6, abs=0.1)
    alike = difference([same], [bad])
    assert alike.low < 0.0 < alike.high
    assert superiority([good], [bad]) == (1.0, 1.0, 1.0)


def test_superiority_is_that_of_mann_and_whitney() -> None:
    from scipy.stats import mannwhitneyu

    ours, theirs = drawn(0.5, 7, 20, 1), drawn(0.55, 6, 20, 2)
    statistic = mannwhitneyu(ours.accuracies, theirs.accuracies).statistic
    assert superiority([ours], [theirs], FAST).value == pytest.approx(statistic / 42)
    both = superiority([ours], [theirs], FAST).value + superiority([theirs], [ours], FAST).value
    assert both == pytest.approx(1.0)


def test_arms_of_other_tasks_are_not_compared() -> None:
    with pytest.raises(ValueError, match="the same tasks"):
        superiority([drawn(0.5, 2, 5, task="one")], [drawn(0.5, 2, 5, task="two")])


def test_cvar_is_of_the_hardest_problems() -> None:
    rows = [[1.0] * 9 + [0.0], [1.0] * 8 + [0.0, 1.0]]
    assert cvar([stratum(rows)], 0.1) == 0.5
    assert cvar([stratum(rows)], 0.2) == 0.5
    assert cvar([stratum(rows)], 1.0) == 0.9
    assert cvar([stratum([[1, 0, nan]])], 0.1) == 0.0
    with pytest.raises(ValueError, match="share"):
        cvar([stratum(rows)], 0.0)


def test_the_interval_over_runs() -> None:
    found = seed_estimate([0.1, 0.5, 0.5, 0.9])
    assert found.value == 0.5
    assert found.low < 0.5 < found.high
    assert seed_estimate([0.3]) == (0.3, 0.3, 0.3)
    assert seed_estimate([0.3, 0.3]) == (0.3, 0.3, 0.3)


@pytest.mark.parametrize(
    ("steps", "values", "until", "area"),
    [
        ([0, 10], [0, 1], 10, 0.5),
        ([0, 10], [1, 1], 5, 1.0),
        ([5], [0.3], 10, 0.3),
        ([0, 5], [0, 1], 10, 0.75),
        ([4, 8], [0, 1], 8, 0.25),
    ],
)
def test_area_under_a_curve(steps: list[float], values: list[float], until: float, area: float) -> None:
    assert area_under(steps, values, until) == pytest.approx(area)


@pytest.mark.parametrize(("steps", "until"), [([], 1.0), ([1, 1], 1.0), ([2, 1], 1.0), ([0, 1], 0.0)])
def test_no_area_under_no_curve(steps: list[float], until: float) -> None:
    with pytest.raises(ValueError, match="a curve has rising steps"):
        area_under(steps, [0.5] * len(steps), until)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.1, 20))
def test_an_area_is_no_higher_and_no_lower_than_its_curve(values: list[float], until: float) -> None:
    area = area_under(range(len(values)), values, until)
    assert min(values) - 1e-9 <= area <= max(values) + 1e-9


@pytest.mark.parametrize(
    ("values", "target", "step"),
    [
        ([0.0, 0.5, 1.0], 0.5, 10),
        ([0.0, 1.0, 1.0], 0.8, 8),
        ([0.9, 0.0, 1.0], 0.8, 0),
        ([0.0, 0.4, 0.7], 0.8, inf),
        ([0.0, 0.0, 0.0], 0.0, 0),
    ],
)
def test_first_crossing(values: list[float], target: float, step: float) -> None:
    assert first_crossing([0, 10, 20], values, target) == pytest.approx(step)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_profile_falls_from_one(scores: list[float]) -> None:
    shares = profile(scores, np.linspace(0.0, 1.0, 11).tolist())
    assert shares[0] == 1.0
    assert (np.diff(shares) <= 0.0).all()
    assert shares[-1] == np.mean(np.array(scores) == 1.0)
