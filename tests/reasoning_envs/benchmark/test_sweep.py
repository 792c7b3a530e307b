"""The sweep: what is run once, what is run again, and what is never mixed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reasoning_envs.benchmark import TASKS, Budget, Cell, Record, plan, read_records, run_sweep, score_arms
from reasoning_envs.benchmark.cells import code_version
from reasoning_envs.benchmark.running import run_cell
from reasoning_envs.benchmark.sweep import SweepFileError
from reasoning_envs.workers import open_workers
from tests.reasoning_envs.benchmark.toy_agents import SUMS, WARM

TOYS = "tests.reasoning_envs.benchmark.toy_agents"


def cell(shaping: str = "sparse", agent: str = "play", **changes: Any) -> Cell:
    base = Cell(SUMS, shaping, f"{TOYS}:{agent}", 0, Budget("steps", 64), evaluations=2, validation=4, test=6)
    return replace(base, **changes)


def sweep(cells: Sequence[Cell], path: Path, workers: str = "1", **options: Any) -> tuple[list[Record], list[Record]]:
    """All records, and the new ones."""
    fresh: list[Record] = []
    with open_workers(workers) as opened:
        records = run_sweep(cells, path, opened, lambda record, done, total: fresh.append(record), **options)
    return records, fresh


def without_clock(record: Record) -> Any:
    data = json.loads(record.to_json())
    del data["key"], data["code"]
    for name in ("seconds", "wall_seconds", "peak_bytes"):
        del data["result"][name]
    for point in data["result"]["curve"]:
        del point["seconds"]
    return data


def test_a_run_says_what_it_did() -> None:
    result = run_cell(cell())
    assert result["steps"] == 64
    assert [point["step"] for point in result["curve"]] == [0, 32, 64]
    assert all(point["greedy_judged"] == 4 for point in result["curve"])
    assert len(result["test"]["greedy"]) == len(result["test"]["templates"]) == 6
    assert set(result["test"]["greedy"]) <= {"0", "1"}
    assert sum(part["episodes"] for part in result["training"]) == result["episodes"] > 0
    assert result["policy_invariant"] is True


def test_a_constant_reward_for_each_step_is_seen_hacked_and_the_true_one_is_not() -> None:
    budget = Budget("steps", 256)
    sparse, constant, zero = (
        run_cell(cell(name, task=TASKS["linear"], budget=budget)) for name in ("sparse", "sum=constant", "zero")
    )
    assert sum(part["hacks"] for part in sparse["training"]) == 0
    assert sum(part["hacks"] for part in zero["training"]) == 0
    assert sum(part["hacks"] for part in constant["training"]) > 0
    assert [part["right"] for part in sparse["training"]] == [part["right"] for part in constant["training"]]


def test_a_warm_start_is_paid_the_truth_and_leaves_no_episode_in_the_record() -> None:
    warm = run_cell(cell("sum=constant", task=WARM))
    cold = run_cell(cell("sum=constant", task=replace(WARM, warm_share=0.0)))
    assert warm["episodes"] < cold["episodes"]
    assert min(part["step"] for part in warm["training"]) > 32


def test_an_agent_that_stops_at_once_has_a_curve() -> None:
    result = run_cell(cell(agent="stop_at_once"))
    assert [point["step"] for point in result["curve"]] == [0]
    (score,) = score_arms([Record("k", "c", cell(agent="stop_at_once"), result)])
    assert score.runs == 1


def test_a_budget_of_seconds_ends() -> None:
    result = run_cell(cell(budget=Budget("seconds", 0.2)))
    assert result["seconds"] >= 0.2
    assert result["steps"] > 0


@pytest.mark.parametrize(
    ("kind", "amount"), [("hours", 1.0), ("steps", 0.0), ("seconds", -1.0), ("steps", float("nan"))]
)
def test_budgets_of_nothing_are_refused(kind: Any, amount: float) -> None:
    with pytest.raises(ValueError, match="budget"):
        Budget(kind, amount)


@pytest.mark.slow
def test_a_sweep_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    cells = [cell(seed=seed) for seed in range(3)]
    first, fresh = sweep(cells[:2], path)
    assert first == fresh
    # A kill leaves half a line behind.
    with path.open("a", encoding="utf-8") as file:
        file.write('{"key":"abc","code":')
    every, fresh = sweep(cells, path)
    assert [record.cell.seed for record in fresh] == [2]
    assert every[:2] == first
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3
    assert [record.key for record in read_records(path)] == [record.key for record in every]
    assert sweep(cells, path) == (every, [])


@pytest.mark.slow
def test_the_number_of_workers_changes_no_result(tmp_path: Path) -> None:
    cells = [cell(), cell("sum"), cell(seed=1)]
    here = [Record(one.key("any"), "any", one, run_cell(one)) for one in cells]
    for count in (1, 2, 4):
        found, _ = sweep(cells, tmp_path / f"{count}.jsonl", str(count))
        assert [without_clock(record) for record in found] == [without_clock(record) for record in here]


@pytest.mark.slow
def test_a_crash_is_recorded_and_the_sweep_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    cells = [cell(name, "crash") for name in ("sparse", "zero")]
    records, _ = sweep(cells, path)
    assert records[0].result is None
    assert "this agent cannot stand a sparse reward" in records[0].error
    assert "Traceback" in records[0].error
    assert records[1].result is not None
    assert sweep(cells, path)[1] == []
    again, fresh = sweep(cells, path, retry_failed=True)
    assert [record.cell.shaping for record in fresh] == ["sparse"]
    assert len(read_records(path)) == 2
    assert again[0].error


@pytest.mark.slow
def test_a_run_whose_process_dies_is_done_again_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = tmp_path / "marks"
    monkeypatch.setenv("TOY_AGENT_MARKS", str(marks))
    records, fresh = sweep([cell(agent="die_once")], tmp_path / "results.jsonl")
    assert marks.read_text(encoding="utf-8").count("run") == 2
    assert len(fresh) == len(records) == len(read_records(tmp_path / "results.jsonl")) == 1
    assert records[0].result is not None


def test_other_code_and_other_runs_have_other_keys() -> None:
    base = cell()
    others = [
        cell("zero"),
        cell(agent="crash"),
        cell(seed=1),
        cell(budget=Budget("steps", 65)),
        cell(budget=Budget("seconds", 64)),
        cell(task=replace(SUMS, level="two")),
        cell(test=7),
    ]
    assert len({one.key("v1") for one in [base, *others]} | {base.key("v2")}) == len(others) + 2
    assert base.key("v1") == Cell.from_json(json.loads(json.dumps(base.to_json()))).key("v1")


def test_the_version_covers_what_users_bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "brought_along.py"
    module.write_text("one = 1\n", encoding="utf-8")
    before = code_version(["clip=brought_along:Mine", "sb3:MaskablePPO", "sparse"])
    assert before == code_version(["clip=brought_along:Mine"])
    assert before != code_version([])
    module.write_text("one = 2\n", encoding="utf-8")
    assert before != code_version(["clip=brought_along:Mine"])
    model = tmp_path / "model.pt"
    versions = set()
    for content in (b"one", b"two"):
        model.write_bytes(content)
        versions.add(code_version([f"sum={model}"]))
    assert len(versions) == 2


def test_a_file_of_something_else_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(SweepFileError, match="line 1 is no result of this benchmark"):
        sweep([cell()], path)
    assert path.read_text(encoding="utf-8") == '{"a": 1}\n'


def test_two_sweeps_do_not_write_one_file(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "results.jsonl"
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(SweepFileError, match="is being written by another sweep"):
            sweep([cell()], path)


def test_the_table_of_runs() -> None:
    budget = Budget("steps", 64)
    cells = plan([f"{TOYS}:SUMS"], ["potential"], f"{TOYS}:play", 2, budget, evaluations=1, validation=4, test=6)
    assert [(one.seed, one.shaping) for one in cells] == [
        (seed, arm) for seed in range(2) for arm in ("zero", "sparse", "sum=constant", "potential")
    ]
    with pytest.raises(ValueError, match="--seeds must be 1 or more, got 0"):
        plan([f"{TOYS}:SUMS"], [], f"{TOYS}:play", 0, budget, evaluations=1, validation=4, test=6)
