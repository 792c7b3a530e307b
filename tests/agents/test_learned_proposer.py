"""A learned proposer beside uniform sampling: what is proposed, what is paid, what is logged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.learned_proposer import WAYS, Config, MakingDomain, Practice, main
from agents.search import Limits, Method, solve
from agents.tree import Outcome
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.games.makers.equations import EquationMaker
from reasoning_envs.problems import split_of
from reasoning_envs.types import Status, Verdict

TINY = Config(target="linear-1", problems=4, attempts=2, proposals=12, steps=300, check_problems=3)


def test_a_walk_at_a_maker_s_desk_is_a_proposal() -> None:
    maker = EquationMaker()
    making = MakingDomain(maker)
    tasks = [making.task(seed) for seed in range(30)]
    walks = solve(making, tasks, Method("random", limits=Limits(60, 8)), seed=0)  # type: ignore[arg-type]
    ended = [walk for walk in walks if walk.outcome is not Outcome.OUT_OF_BUDGET]
    assert ended
    for walk in ended:
        state = walk.path[-1].state
        assert maker.is_final(state)  # type: ignore[arg-type]
        assert maker.made(state).answer is not None  # type: ignore[arg-type]
    assert making.start(tasks[3]) == making.start(making.task(3))


@pytest.mark.parametrize("way", WAYS)
def test_only_training_problems_are_practised(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Practice(way, TINY, seed=0)
    practised: list[str] = []
    walk = run.solver.walk

    def watched(domain: object, problems: list[object]) -> object:
        practised.extend(run.domain.canonical_key(problem) for problem in problems)  # type: ignore[arg-type]
        return walk(domain, problems)  # type: ignore[arg-type]

    monkeypatch.setattr(run.solver, "walk", watched)
    before = run.proposer.policy.network.heads.weight.detach().clone()
    run.iterate()
    assert len(practised) >= TINY.problems * TINY.attempts
    assert {split_of(key) for key in practised} == {"train"}
    learned = bool((run.proposer.policy.network.heads.weight != before).any())
    assert learned == (way == "learned")
    assert all(0.0 <= share <= 1.0 for name, share in run.logged[0].items() if name != "paid")
    assert ("valid" in run.logged[0]) == (way != "target")


def test_proposals_are_new_once() -> None:
    run = Practice("uniform", TINY, seed=1)
    found = [one for one in run._proposals() if one.problem is not None]
    again = [run._made(one.walk) for one in found]
    assert sum(one.new for one in found) > 0
    assert not any(one.new for one in again)


def test_a_run_ends_at_its_rate_or_its_steps() -> None:
    said: list[str] = []
    run = Practice("target", TINY, seed=0)
    run.run(said.append)
    assert run.curve[0][0] == 0
    assert np.all(np.diff([steps for steps, _ in run.curve]) > 0)
    assert run.solver.steps >= TINY.steps or run.curve[-1][1] >= TINY.rate
    assert said


def test_a_proposer_without_a_single_problem_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.learned_proposer._TRIES", 1)
    monkeypatch.setattr("agents.learned_proposer._DRY", 3)
    run = Practice("learned", replace(TINY, proposals=2), seed=0)

    def refused(state: object) -> object:
        raise InputError(Verdict(Status.UNPARSED, None, "no problem", "test"))

    monkeypatch.setattr(run.maker, "made", refused)
    said: list[str] = []
    run.run(said.append)
    assert said == ["learned  ended: not one problem came of 6 proposals"]
    assert [shares["valid"] for shares in run.logged] == [0.0, 0.0, 0.0]
    assert run.curve == [(0, run.curve[0][1])]


def test_the_command_line_keeps_what_is_finished(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--out", str(tmp_path), "--target", "linear-1", "--problems", "4", "--attempts", "2", "--steps", "200"]
    more += ["--check-problems", "2", "--proposals", "12"]
    assert main([*more, "--seeds", "0"]) == 0
    table = capsys.readouterr().out
    assert "| seed | learned | uniform | target | uniform / learned |" in table
    assert "| learned | valid |" in table
    assert main([*more, "--seeds", "0", "--resume"]) == 0
    assert "== learned" not in capsys.readouterr().out
    kept = json.loads((tmp_path / "proposer" / "runs.json").read_text(encoding="utf-8"))
    assert set(kept) == {f"{way} 0" for way in WAYS}


@pytest.mark.parametrize("wrong", [{"rate": 1.0}, {"payment": "applause"}, {"attempts": 0}, {"split": "train"}])
def test_settings_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"payment is one of|must be at least 1|must be one of"):
        Config(**wrong)  # type: ignore[arg-type]
