"""Scores, tables and pictures of runs, and the command that writes them."""

import csv
import io
from dataclasses import replace
from math import inf, isnan
from pathlib import Path
from typing import Any

import pytest

from reasoning_envs.__main__ import main
from reasoning_envs.benchmark import TASKS, Budget, Cell, Record, read_records, score_arms
from reasoning_envs.benchmark.learning import open_agent
from reasoning_envs.benchmark.plots import learning_curves, performance_profiles
from reasoning_envs.benchmark.running import run_cell
from reasoning_envs.benchmark.scores import hack_rate, steps_until_exploit
from reasoning_envs.benchmark.tables import failures, to_csv, to_html, to_markdown
from tests.reasoning_envs.benchmark.toy_agents import SUMS

TOYS = "tests.reasoning_envs.benchmark.toy_agents"


def result(right: int, hacks: int = 0, **changes: Any) -> dict[str, Any]:
    """Of 10 test problems so many right; in the second half of training so many hacks among 10 episodes."""
    signs = "1" * right + "0" * (10 - right)
    bins = [
        {"step": 20, "episodes": 10, "right": 1, "paid": 0.1, "hacks": 0},
        {"step": 100, "episodes": 10, "right": right, "paid": 0.5, "hacks": hacks},
    ]
    curve = [
        {"step": step, "seconds": step / 10, "greedy": done, "greedy_judged": 10, "sampled": 0, "sampled_judged": 10}
        for step, done in ((0, 0), (100, right))
    ]
    return {
        "curve": curve,
        "test": {"greedy": signs, "sampled": signs, "templates": list(range(10)), "gamed": 1},
        "training": bins,
        "policy_invariant": True,
        "prm_f1": None,
        "steps": 100,
        "seconds": 1.0,
        **changes,
    }


def record(shaping: str, seed: int, found: dict[str, Any] | None, error: str = "") -> Record:
    cell = Cell(SUMS, shaping, "a:b", seed, Budget("steps", 100), test=10)
    return Record(f"{shaping}{seed}", "code", cell, found, error)


RECORDS = [
    *(record("sparse", seed, result(5)) for seed in range(3)),
    *(record("sum", seed, result(1, hacks=8, policy_invariant=False)) for seed in range(3)),
    *(record("potential", seed, result(9, policy_invariant="if so", prm_f1=0.75)) for seed in range(2)),
    record("potential", 2, None, "Traceback ...\nValueError: it broke"),
    record("clip", 0, None, "Traceback ...\nValueError: it broke <too>"),
]


def test_scores_of_arms() -> None:
    scores = {score.shaping: score for score in score_arms(RECORDS)}
    assert [scores[name].greedy.value for name in ("sparse", "sum", "potential")] == pytest.approx([0.5, 0.1, 0.9])
    assert (scores["potential"].runs, scores["potential"].failed) == (2, 1)
    assert scores["potential"].lead.value == pytest.approx(0.4)
    assert scores["potential"].better.value == 1.0
    assert scores["sum"].better.value == 0.0
    assert scores["potential"].steps_to_50 == pytest.approx(100 * 5 / 9)
    assert scores["sparse"].steps_to_80 == inf
    assert scores["sparse"].area.value == pytest.approx(0.25)
    assert (scores["sum"].hack_rate, scores["sum"].exploit) == pytest.approx((0.8, 100))
    assert (scores["sparse"].hack_rate, scores["sparse"].exploit) == (0.0, inf)
    assert scores["sum"].paid == pytest.approx(0.4)
    assert scores["sum"].learned == pytest.approx(0.1)
    assert scores["potential"].prm_f1 == 0.75
    assert isnan(scores["sparse"].prm_f1)
    assert scores["sum"].ms_per_step == pytest.approx(10.0)
    assert [scores[name].policy_invariant for name in ("sparse", "sum", "potential")] == [True, False, "if so"]


def test_an_arm_that_failed_is_shown_as_failed_and_never_as_zero() -> None:
    (failed,) = [score for score in score_arms(RECORDS) if score.shaping == "clip"]
    assert (failed.runs, failed.failed) == (0, 1)
    assert isnan(failed.greedy.value)
    assert isnan(failed.lead.value)
    (line,) = [line for line in to_markdown(score_arms(RECORDS)).splitlines() if line.startswith("| clip")]
    assert "0, 1 FAILED" in line
    assert "0.0" not in line
    rows = list(csv.DictReader(io.StringIO(to_csv(score_arms(RECORDS)))))
    assert [row["greedy"] for row in rows if row["shaping"] == "clip"] == [""]
    assert "sums, clip, seed 0: ValueError: it broke <too>" in failures(RECORDS)
    assert failures(RECORDS[:3]) == ""


def test_the_best_arm_stands_first_and_what_failed_last() -> None:
    lines = to_markdown(score_arms(RECORDS), "Title").splitlines()
    arms = [line.split(" | ")[0].strip("| ") for line in lines if line.startswith("| ")][1:]
    assert arms == ["potential", "sparse", "sum", "clip"]
    assert lines[0] == "# Title"


def test_csv_has_intervals_and_says_never() -> None:
    rows = {row["shaping"]: row for row in csv.DictReader(io.StringIO(to_csv(score_arms(RECORDS))))}
    assert rows["sparse"]["steps_to_80"] == "inf"
    assert float(rows["sparse"]["greedy_low"]) <= 0.5 <= float(rows["sparse"]["greedy_high"])
    assert to_csv([]) == ""


def test_the_page_needs_nothing_else_and_escapes_what_users_wrote() -> None:
    page = to_html(score_arms(RECORDS), RECORDS, {"Curves & more": b"png"}, "A <title>", ["a note"])
    assert "A &lt;title&gt;" in page
    assert "it broke &lt;too&gt;" in page
    assert 'src="data:image/png;base64,' in page
    assert "http" not in page


def test_over_all_tasks() -> None:
    elsewhere = replace(SUMS, name="elsewhere")
    other = [replace(one, key=f"{one.key}2", cell=replace(one.cell, task=elsewhere)) for one in RECORDS[:6]]
    scores = {score.shaping: score for score in score_arms([*RECORDS[:6], *other]) if score.task == "all"}
    assert [scores[name].runs for name in ("sparse", "sum")] == [6, 6]
    assert [scores[name].greedy.value for name in ("sparse", "sum")] == pytest.approx([0.5, 0.1])


def test_an_arm_that_lacks_a_task_has_no_accuracy_over_all() -> None:
    elsewhere = replace(SUMS, name="elsewhere")
    other = [replace(one, key=f"{one.key}2", cell=replace(one.cell, task=elsewhere)) for one in RECORDS[:3]]
    scores = {score.shaping: score for score in score_arms([*RECORDS[:6], *other]) if score.task == "all"}
    assert scores["sparse"].greedy.value == pytest.approx(0.5)
    assert isnan(scores["sum"].greedy.value)
    assert isnan(scores["sum"].better.value)


def test_hacks_count_at_the_end_and_from_where_they_rule() -> None:
    late = result(1, hacks=4)
    assert hack_rate(late) == 0.4
    assert steps_until_exploit(late) == inf
    assert isnan(hack_rate(result(1, training=[])))


def test_pictures_are_drawn() -> None:
    for draw in (learning_curves, performance_profiles):
        assert draw(RECORDS).startswith(b"\x89PNG")
        with pytest.raises(ValueError, match="no run has ended"):
            draw(RECORDS[-1:])


# -- the command --------------------------------------------------------------------------------------------------


def benchmark(*arguments: str) -> int:
    return main(["benchmark", "--smoke", *arguments])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--envs", "liner"], "there is no environment 'liner'; did you mean linear"),
        (["--shapings", "sumn"], "there is no shaping 'sumn'; did you mean sum"),
        (["--agent", "sb3:PPPO"], "there is no agent 'sb3:PPPO'; did you mean sb3:PPO"),
        (["--budget", "10 hours"], "--budget '10 hours': write '20000 steps' or '60 seconds'"),
        (["--budget", "many"], "--budget 'many'"),
        (["--seeds", "0"], "--seeds must be 1 or more"),
        (["--workers", "many"], "workers are a number of processes"),
        (["--report"], "results.jsonl"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert benchmark(*arguments, "--out", str(tmp_path / "out")) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert len(captured.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_what_is_not_installed_is_said_before_anything_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reasoning_envs.benchmark.commands.find_spec", lambda name: None)
    assert benchmark("--agent", f"{TOYS}:play", "--out", str(tmp_path / "out")) == 2
    assert "need scipy and matplotlib: pip install 'reasoning-envs[train]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr("reasoning_envs.benchmark.learning.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"sb3:MaskablePPO needs sb3_contrib: pip install 'reasoning-envs\[train\]'"):
        open_agent("sb3:MaskablePPO")


@pytest.mark.slow
def test_the_command_writes_everything_and_draws_it_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path)
    arguments = ["--envs", f"{TOYS}:SUMS", "--shapings", f"{TOYS}:Doubled", "--agent", f"{TOYS}:crash", "--out", out]
    assert benchmark(*arguments, "--budget", "64", "--workers", "2") == 1
    printed = capsys.readouterr().out
    assert "[4/4]" in printed
    assert "RuntimeError: this agent cannot stand a sparse reward" in printed
    names = {
        "results.jsonl",
        "scores.csv",
        "scores.md",
        "index.html",
        "learning_curves.png",
        "performance_profiles.png",
    }
    assert {path.name for path in tmp_path.iterdir()} == names
    records = read_records(tmp_path / "results.jsonl")
    assert sorted(one.cell.shaping for one in records if one.error) == sorted(["sparse", f"{TOYS}:Doubled"])
    first = (tmp_path / "scores.csv").read_text(encoding="utf-8")
    (tmp_path / "scores.csv").unlink()
    assert benchmark("--report", "--out", out) == 1
    assert (tmp_path / "scores.csv").read_text(encoding="utf-8") == first


@pytest.mark.slow
@pytest.mark.parametrize("agent", ["agents.benchmark:train", "sb3:MaskablePPO", "sb3:PPO", "sb3:A2C"])
def test_agents_take_the_steps_they_are_given(agent: str) -> None:
    cell = Cell(TASKS["linear"], "sparse", agent, 0, Budget("steps", 512), evaluations=1, validation=2, test=2)
    found = run_cell(cell)
    assert found["steps"] == 512
    assert [point["step"] for point in found["curve"]] == [0, 512]


@pytest.mark.slow
def test_an_agent_that_is_paid_nothing_begins_where_all_others_do() -> None:
    cell = Cell(TASKS["linear"], "zero", "agents.benchmark:train", 0, Budget("steps", 512), 1, 6, 8)
    zero, sparse, again = (run_cell(replace(cell, shaping=name)) for name in ("zero", "sparse", "sparse"))
    assert zero["curve"][0]["sampled"] == sparse["curve"][0]["sampled"]
    assert all(part["paid"] == 0.0 for part in zero["training"])
    assert again["test"] == sparse["test"]
    assert again["training"] == sparse["training"]
