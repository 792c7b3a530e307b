"""Snapshots, matches, ratings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reasoning_envs.games.league import Pool, Record, Results, play_match
from reasoning_envs.games.policies import shortest, uniform
from reasoning_envs.games.proposer_solver import ProposerSolver
from reasoning_envs.games.race import Race
from reasoning_envs.games.ratings import elo, payoff_picture


def results_of(*rows: tuple[str, str, int, int, int]) -> Results:
    found = Results()
    for first, second, *counts in rows:
        found.add(first, second, Record(*counts))
    return found


# -- records ------------------------------------------------------------------------------------------------------


def test_results_are_kept_both_ways_round_and_survive_json() -> None:
    results = results_of(("a", "b", 3, 1, 0), ("c", "a", 2, 0, 2), ("b", "a", 1, 0, 0))
    assert results.between("a", "b") == Record(3, 1, 1)
    assert results.between("b", "a") == Record(1, 1, 3)
    assert results.between("b", "c") == Record()
    matrix = results.matrix()
    assert np.isnan(matrix[0, 0])
    assert matrix[0, 1] == pytest.approx(3.5 / 5)
    assert matrix[1, 0] == pytest.approx(1.5 / 5)
    again = Results.from_state(json.loads(json.dumps(results.state())))
    assert all(again.between(a, b) == results.between(a, b) for a in "abc" for b in "abc" if a != b)
    with pytest.raises(ValueError, match="itself"):
        results.add("a", "a", Record(1, 0, 0))
    with pytest.raises(ValueError, match="0 or more"):
        results.add("a", "b", Record(-1, 0, 0))


def test_the_interval_is_wilsons() -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I: 81 of 263.
    low, high = Record(81, 7, 182).interval()
    assert [low, high] == pytest.approx([0.2553, 0.3662], abs=1e-4)
    assert Record(0, 5, 0).interval() == (0.0, 1.0)


# -- the pool -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [("uniform", ["mid", "new"]), ("hard", ["new", "mid"]), ("even", ["new", "mid"])],
)
def test_opponents_come_from_the_newest_part_and_by_their_weight(weighting: str, expected: list[str]) -> None:
    pool = Pool(newest=0.5, weighting=weighting)
    for name in ("oldest", "old", "mid", "new"):
        pool.add(name)
    results = results_of(("me", "mid", 90, 0, 10), ("me", "new", 40, 0, 60), ("me", "oldest", 0, 0, 50))
    chances = pool.chances("me", results)
    assert set(chances) == {"mid", "new"}
    assert sum(chances.values()) == pytest.approx(1.0)
    assert sorted(chances, key=lambda name: -chances[name]) == expected
    drawn = [pool.draw(np.random.default_rng(seed), "me", results) for seed in range(300)]
    assert drawn.count("new") / 300 == pytest.approx(chances["new"], abs=0.1)


def test_a_strong_opponent_is_met_more_often_with_more_power() -> None:
    results = results_of(("me", "weak", 90, 0, 10), ("me", "strong", 20, 0, 80))
    shares = []
    for power in (1.0, 3.0):
        pool = Pool(newest=1.0, weighting="hard", power=power)
        pool.add("weak")
        pool.add("strong")
        shares.append(pool.chances("me", results)["strong"])
    assert shares[0] < shares[1] < 1.0


def test_wrong_pools_are_said() -> None:
    with pytest.raises(ValueError, match="share"):
        Pool(newest=0.0)
    with pytest.raises(ValueError, match="hard"):
        Pool(weighting="splendid")
    with pytest.raises(ValueError, match="power"):
        Pool(power=0.0)
    with pytest.raises(ValueError, match="no snapshot"):
        Pool().draw(np.random.default_rng(0), "me", Results())
    pool = Pool()
    pool.add("a")
    with pytest.raises(ValueError, match="already"):
        pool.add("a")


# -- matches ------------------------------------------------------------------------------------------------------


def test_a_match_is_fair_repeatable_and_the_same_from_the_other_side() -> None:
    game = Race(level="linear-1", max_steps=8)
    record = play_match(game, ("solver_0", "solver_1"), shortest, uniform, 60, seed=4)
    assert record.games == 60
    assert record.wins > 3 * record.losses
    assert play_match(game, ("solver_0", "solver_1"), shortest, uniform, 60, seed=4) == record
    other = play_match(game, ("solver_0", "solver_1"), uniform, shortest, 60, seed=4)
    assert other.losses > 3 * other.wins


def test_a_match_wants_two_roles_and_an_even_number() -> None:
    with pytest.raises(ValueError, match="even"):
        play_match(Race(), ("solver_0", "solver_1"), uniform, uniform, 3, seed=0)
    with pytest.raises(ValueError, match="proposer_0"):
        play_match(ProposerSolver(), ("solver_0", "solver_1"), uniform, uniform, 2, seed=0)


# -- ratings ------------------------------------------------------------------------------------------------------


def test_four_hundred_points_are_ten_to_one() -> None:
    strong, weak = elo(results_of(("strong", "weak", 10_000, 0, 1_000)))
    assert (strong.player, weak.player) == ("strong", "weak")
    assert strong.elo - weak.elo == pytest.approx(400, abs=2)
    assert strong.elo == pytest.approx(-weak.elo)
    assert strong.games == 11_000


def test_two_players_match_the_closed_form() -> None:
    """With a flat prior the difference is the logit of the score, and its variance that of a logit."""
    strong, weak = elo(results_of(("strong", "weak", 60, 20, 20)), prior=1e6)
    scale = 400 / np.log(10)
    assert strong.elo - weak.elo == pytest.approx(scale * np.log(0.7 / 0.3), rel=1e-4)
    deviation = scale / np.sqrt(100 * 0.7 * 0.3)
    assert strong.high - strong.elo == pytest.approx(1.959964 * deviation / 2, rel=1e-3)


def test_who_won_everything_has_a_finite_rating_and_more_games_a_narrower_interval() -> None:
    few, many = (elo(results_of(("winner", "loser", count, 0, 0)))[0] for count in (5, 500))
    assert np.isfinite([few.elo, few.low, few.high]).all()
    assert many.elo > few.elo
    even_few, even_many = (elo(results_of(("a", "b", count, 0, count)))[0] for count in (5, 500))
    assert even_many.high - even_many.low < 0.2 * (even_few.high - even_few.low)


def test_intervals_cover_the_truth() -> None:
    """Results drawn from known ratings: 95% intervals hold the true difference to the mean about that often."""
    rng = np.random.default_rng(0)
    truth = np.array([150.0, 50.0, -40.0, -160.0])
    held = total = 0
    for _ in range(60):
        results = Results()
        for first in range(4):
            for second in range(first + 1, 4):
                chance = 1 / (1 + 10 ** ((truth[second] - truth[first]) / 400))
                wins = int(rng.binomial(40, chance))
                results.add(str(first), str(second), Record(wins, 0, 40 - wins))
        for rating in elo(results):
            wanted = truth[int(rating.player)] - truth.mean()
            held += rating.low <= wanted <= rating.high
            total += 1
    assert 0.9 <= held / total <= 0.99


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)), min_size=3, max_size=3))
def test_ratings_do_not_depend_on_the_order_of_players(counts: list[tuple[int, int, int]]) -> None:
    pairs = [("a", "b"), ("b", "c"), ("a", "c")]
    one = results_of(*((*pair, *count) for pair, count in zip(pairs, counts, strict=True)))
    turned = [(second, first, *count[::-1]) for (first, second), count in zip(pairs, counts, strict=True)]
    other = results_of(*turned[::-1])
    mine = {rating.player: rating.elo for rating in elo(one)}
    theirs = {rating.player: rating.elo for rating in elo(other)}
    assert mine == pytest.approx(theirs, abs=0.01)


def test_nobody_played() -> None:
    assert elo(Results()) == []
    with pytest.raises(ValueError, match="nobody has played"):
        payoff_picture(Results(), "nowhere.png")


def test_the_payoffs_as_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "payoffs.png"
    payoff_picture(results_of(("a", "b", 9, 0, 1), ("b", "c", 5, 0, 5)), path)
    with Image.open(path) as picture:
        colours = len(picture.convert("RGB").getcolors(1 << 20) or ())
        assert min(picture.size) > 300
    assert colours > 50
