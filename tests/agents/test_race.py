"""The tournament of racers: outcomes, exploration rewards, and that nothing is trained or played twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents import race
from agents.policies import CandidatePolicy
from agents.race import ARMS, Config, Playing, explored, main, raced
from agents.search import Limits, Method, solve
from agents.tree import Outcome, SearchResult
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.games.league import play_match
from reasoning_envs.games.race import Race
from reasoning_envs.rewards import OraclePRM

DOMAIN = AlgebraDomain()
TINY = ["--seeds", "0", "--levels", "linear-1", "--walks", "16", "--batches", "4", "--snapshots", "2", "--steps", "6"]
TINY += ["--decided", "2"]


def solved(text: str) -> SearchResult:
    (found,) = solve(DOMAIN, [DOMAIN.problem(text)], Method("best-first", limits=Limits(300)))
    assert found.outcome.success
    return found


def test_who_needs_fewer_moves_wins_and_a_draw_costs_both() -> None:
    quick, slow = solved("x + 2 = 5"), solved("2*x + 3 = 9")
    assert len(quick.path) < len(slow.path)
    assert (raced(quick, slow), raced(slow, quick)) == (1.0, -1.0)
    assert (raced(quick, quick), raced(slow, slow)) == (-1.0, -1.0)
    wrong = replace(quick, outcome=Outcome.WRONG)
    assert (raced(slow, wrong), raced(wrong, slow), raced(wrong, wrong)) == (1.0, -1.0, -1.0)
    assert raced(replace(quick, outcome=Outcome.UNSCORED), slow) is None


def test_the_outcome_is_that_of_the_game() -> None:
    """Walks that are followed in the game itself end there as they do side by side."""
    game = Race(DOMAIN, level="linear-1", split=None, max_steps=8)
    rng = np.random.default_rng(3)
    problems = [DOMAIN.sample(rng, "linear-1") for _ in range(40)]
    ways = [solve(DOMAIN, problems, Method("random", limits=Limits(32, 8)), seed=seed) for seed in (1, 2)]
    won = 0
    for problem, one, other in zip(problems, *ways, strict=True):
        moves = {"solver_0": iter(one.path[1:]), "solver_1": iter(other.path[1:])}
        game.reset(options={"problem": problem})
        while not game.is_over:
            agent = game.agent_selection
            game.step(next(moves[agent]).choice)
        for agent, mine, theirs in (("solver_0", one, other), ("solver_1", other, one)):
            assert game.rewards[agent] == raced(mine, theirs)
        won += game.result["game/winner"] != ""
    assert won > 2


def test_exploration_adds_up_to_what_the_derivation_is_worth() -> None:
    walk = solved("2*x + 3 = 9")
    prm = OraclePRM()
    gains = explored(walk, DOMAIN, prm)
    assert len(gains) == len(walk.path) - 1
    initial = prm.begin(walk.problem, None).initial.value
    assert 0.0 < initial + sum(gains) <= 1.0


def test_alpha_falls_to_nothing_where_it_is_annealed() -> None:
    assert [ARMS["annealed"](done) for done in (0.0, 0.25, 1.0, 2.0)] == [1.0, 0.75, 0.0, 0.0]
    assert {ARMS["dense"](done) for done in (0.0, 2.0)} == {0.5}
    assert {ARMS["sparse"](done) for done in (0.0, 2.0)} == {0.0}


def test_a_policy_plays_in_the_game() -> None:
    policy = CandidatePolicy(DOMAIN, seed=0)
    game = Race(DOMAIN, level="linear-1", split="train", max_steps=4)
    one, other = Playing(policy), Playing(policy)
    found = play_match(game, ("solver_0", "solver_1"), one, other, 6, 0)
    assert found.games == 6
    assert found == play_match(game, ("solver_0", "solver_1"), one, other, 6, 0)


def test_the_command_line_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([*TINY, "--out", str(tmp_path)]) == 0
    first = capsys.readouterr().out
    assert "| racer | Elo | games |" in first
    folder = tmp_path / "race"
    assert {file.name for file in folder.glob("*.pt")} == {"annealed-0.pt", "dense-0.pt", "sparse-0.pt"}
    assert (folder / "payoffs.png").stat().st_size > 1000

    def no_more(*_: object) -> None:
        raise AssertionError("this was done already")

    monkeypatch.setattr(race, "solve", no_more)
    (folder / "sparse-0.pt").touch()
    assert main([*TINY, "--out", str(tmp_path), "--resume"]) == 0
    assert (folder / "race.md").read_text(encoding="utf-8") in first


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"annealed": 0.0}, "annealed and newest lie in"),
        ({"batches": 0}, "batches must be at least 1"),
        ({"split": "train"}, "split must be one of"),
    ],
)
def test_settings_out_of_range(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Config(**wrong)  # type: ignore[arg-type]
