"""Counts are stored, shares are computed; what does not add up is refused."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.results import (
    LevelResult,
    PRMResult,
    RunResults,
    SearchComparison,
    ShapingCurve,
    mean_and_deviation,
    pool,
    wilson,
)


def level(**changes: Any) -> LevelResult:
    given: dict[str, Any] = {"level": "linear-1", "family": "linear", "coefficients": "numeric", "player": "random"}
    return LevelResult(**{**given, "n": 10, "solved": 4, "wrong": 6, **changes})


def curve(**changes: Any) -> ShapingCurve:
    given: dict[str, Any] = {
        "name": "sparse",
        "env_id": "reasoning_envs/Algebra-v0",
        "level": "linear-1",
        "seed": 0,
        "steps": (0, 100, 400),
        "right": (0, 5, 10),
        "scored": (10, 10, 10),
        "sampled": (0, 4, 9),
        "sampled_scored": (10, 10, 9),
        "shaped_return": (None, 0.5, 0.9),
    }
    return ShapingCurve(**{**given, **changes})


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (93, 100, 0.8625, 0.9657)],
)
def test_wilson_gives_the_tabled_intervals(right: int, n: int, low: float, high: float) -> None:
    assert wilson(right, n) == pytest.approx((low, high), abs=1e-4)


def test_wilson_of_nothing_is_no_interval() -> None:
    assert wilson(0, 0) is None


@settings(max_examples=50)
@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(counts: tuple[int, int]) -> None:
    right, n = counts
    interval = wilson(right, n)
    assert interval is not None
    low, high = interval
    assert 0.0 <= low <= right / n + 1e-12
    assert right / n - 1e-12 <= high <= 1.0


@pytest.mark.parametrize("changes", [{"n": 11}, {"solved": 5}, {"wrong": 7, "solved": 4, "unscored": -1}])
def test_counts_that_do_not_add_up_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="random on linear-1"):
        level(**changes)


def test_unscored_episodes_are_left_out_of_the_share() -> None:
    result = level(solved=3, said_no_solution=1, wrong=1, out_of_budget=3, unscored=2)
    assert (result.right, result.scored, result.share) == (4, 8, 0.5)
    assert result.interval == wilson(4, 8)


def test_nothing_scored_is_no_share() -> None:
    result = level(n=2, solved=0, wrong=0, unscored=2)
    assert result.share is None
    assert result.interval is None


def test_pooling_adds_the_counts() -> None:
    total = pool([level(), level(solved=6, wrong=4)], level="all", family="all", coefficients="numeric", player="p")
    assert (total.n, total.solved, total.wrong, total.level) == (20, 10, 10, "all")


def test_f1_is_the_harmonic_mean_of_both_accuracies() -> None:
    prm = PRMResult("learned", 100, correct_n=10, correct_found=9, erroneous_n=10, erroneous_found=6)
    assert prm.f1 == pytest.approx(2 * 0.9 * 0.6 / 1.5)
    assert PRMResult("blind", 0, 10, 0, 10, 0).f1 == 0.0
    assert PRMResult("untested", 0, 10, 9, 0, 0).f1 is None


@pytest.mark.parametrize("wrong", [{"correct_found": 11}, {"erroneous_found": -1}, {"by_error": {"root lost": (3, 2)}}])
def test_a_prm_cannot_find_more_than_there_is(wrong: dict[str, Any]) -> None:
    counts = {"correct_n": 10, "correct_found": 9, "erroneous_n": 10, "erroneous_found": 6}
    with pytest.raises(ValueError, match="PRM learned"):
        PRMResult("learned", 100, **{**counts, **wrong})


def test_the_search_comparison_is_mcnemars_test() -> None:
    comparison = SearchComparison("best-first", "learned", 100, n=50, both=30, only_policy=1, only_prm=9)
    assert (comparison.policy, comparison.with_prm) == (31, 39)
    # Two-sided: 2 * (C(10,0) + C(10,1)) / 2^10
    assert comparison.p_value == pytest.approx(2 * 11 / 1024)
    assert SearchComparison("b", "l", 100, 50, 30, 0, 0).p_value is None
    with pytest.raises(ValueError, match="of n = 3"):
        SearchComparison("b", "l", 100, 3, 2, 1, 1)


def test_the_area_of_a_curve_is_its_mean_over_steps() -> None:
    # (0 + .5)/2 over 100 steps, (.5 + 1)/2 over 300 more
    assert curve().area == pytest.approx((25 + 225) / 400)
    assert curve().success == (0.0, 0.5, 1.0)


def test_a_curve_needs_equal_columns() -> None:
    with pytest.raises(ValueError, match="PPO sparse"):
        curve(right=(0, 1))


def test_results_survive_json() -> None:
    results = RunResults(
        title="a <run>",
        levels=(level(),),
        prm=(PRMResult("learned", 10, 5, 5, 5, 4, 1.5, 0.9, {"root lost": (3, 4)}, "noted"),),
        search=(SearchComparison("best-first", "learned", 100, 50, 30, 1, 9),),
        shaping=(curve(),),
        episodes=7,
        unscored=1,
        seconds={"play": 1.5},
        notes=("one",),
    )
    assert RunResults.from_json(results.to_json()) == results


@pytest.mark.parametrize(
    ("spoil", "name"), [({"strange": 1}, "strange"), ({"prm": [{"name": "no counts"}]}, "correct_n")]
)
def test_what_is_no_result_is_refused_by_name(spoil: dict[str, Any], name: str) -> None:
    text = json.dumps({**json.loads(RunResults().to_json()), **spoil})
    with pytest.raises(ValueError, match=name):
        RunResults.from_json(text)


def test_the_deviation_between_runs_needs_two() -> None:
    assert mean_and_deviation([0.5]) == (0.5, None)
    mean, deviation = mean_and_deviation([0.0, 1.0])
    assert mean == 0.5
    assert deviation == pytest.approx(0.5**0.5)
