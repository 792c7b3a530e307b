"""``python -m reasoning_envs prm``: what a person who trains and compares PRMs types and reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reasoning_envs.__main__ import main
from reasoning_envs.rewards import LearnedPRM
from reasoning_envs.rewards.trials.program_cases import PROGRAM_SHIFTS
from reasoning_envs.rewards.trials.shifts import SHIFTS
from reasoning_envs.testing import random_traces
from reasoning_envs.traces import write_traces

ORACLE = "reasoning_envs.rewards:OraclePRM"


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("traces") / "traces.jsonl"
    write_traces(path, random_traces("reasoning_envs/Algebra-v0", 24))
    return path


def test_train_one_and_judge_it_beside_another(
    traces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, labels, figures = tmp_path / "prm.pt", tmp_path / "labels.jsonl", tmp_path / "figures.json"
    labels.write_text('{"trace": 0, "step": 0, "label": 1}\n{"trace": 0, "step": 0}\n')
    command = ["prm", "fit", "--traces", str(traces), "--labels", str(labels), "--corrupt", "2", "--out", str(model)]
    assert main(command) == 0
    printed = capsys.readouterr()
    assert "1 labels of 1 traces; 1 lines left out" in printed.out
    assert f"left out: {labels}, line 2: a label without label" in printed.err
    assert LearnedPRM.load(model).model.metrics["n_traces"] > 24, "the corrupted copies are there too"
    command = ["prm", "judge", ORACLE, str(model), "--traces", str(traces), "--corrupt", "1", "--json", str(figures)]
    assert main(command) == 0
    head, names, oracle, learned = capsys.readouterr().out.splitlines()
    assert "traces with an error" in head
    assert names.split()[:7] == ["PRM", "F1", "erroneous", "correct", "AUC", "ECE", "ms/step"]
    assert oracle.split()[:6] == [ORACLE, "1.000", "1.000", "1.000", "1.000", "0.000"]
    assert learned.startswith(str(model))
    first, second = json.loads(figures.read_text())
    assert (first["prm"], first["f1"]) == (ORACLE, 1.0)
    assert 0.0 <= second["f1"] <= 1.0


def test_other_peoples_solutions_are_judged_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bench.jsonl"
    file.write_text('{"problem": "2+2?", "steps": ["2+2=4", "so 5"], "label": 1}\n{"problem": "?"}\n')
    assert main(["prm", "judge", ORACLE, "--stepwise", "processbench", str(file)]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("1 traces with an error, 0 without, 0 left out; 2 judged steps")
    assert f"left out: {file}, record 2: there is no field 'steps'" in printed.err


def test_the_same_command_makes_the_same_model(traces: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.pt", "two.pt")]
    for file in files:
        assert main(["prm", "fit", "--traces", str(traces), "--corrupt", "1", "--out", str(file)]) == 0
    one, two = (LearnedPRM.load(file) for file in files)
    sample = random_traces("reasoning_envs/Algebra-v0", 2, seed=9)
    assert one.score(sample) == two.score(sample)


def test_the_shifts_are_made_judged_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures, picture = tmp_path / "figures.json", tmp_path / "reliability.png"
    command = ["prm", "judge", ORACLE, "--shifts", "12", "--json", str(figures), "--reliability", str(picture)]
    assert main([*command, "--best-of", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[14].split()[-7:] == ["16", "N", "=", "32", "N", "=", "64"]
    assert [line.split()[0] for line in lines[15:21]] == ["independent"] * 3 + ["systematic"] * 3
    assert lines[0].split()[:3] == ["PRM", "track", "worst"]
    assert lines[1].split()[:3] == [ORACLE, "-", "1.000"]
    assert lines[2:4] == ["", f"{ORACLE} (-): share of errors located, by kind"]
    assert lines[4].split()[:7] == ["set", "traces", "F1", "erroneous", "correct", "AUC", "ECE"]
    assert [line.split("  ")[0] for line in lines[5:13]] == list(SHIFTS)
    (row,) = json.loads(figures.read_text())
    assert {name: found["f1"] for name, found in row["found"].items()} == dict.fromkeys(SHIFTS, 1.0)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_judges_of_programs_have_sets_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "programs.pt"
    assert main(["prm", "fit", "--of", "programs", "--made", "30", "--track", "text", "--out", str(model)]) == 0
    capsys.readouterr()
    command = ["prm", "judge", ORACLE, str(model), "--of", "programs", "--shifts", "12", "--time-limit", "100"]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:3] == [ORACLE, "-", "1.000"]
    assert lines[2].split()[:2] == [str(model), "text-only"]
    assert [line.split("  ")[0] for line in lines[6:12]] == list(PROGRAM_SHIFTS)


def test_a_judge_is_trained_on_errors_that_are_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "made.pt"
    assert main(["prm", "fit", "--made", "60", "--track", "text", "--out", str(model)]) == 0
    assert LearnedPRM.load(model).config.track == "text"
    assert "first_error_f1" in capsys.readouterr().out


@pytest.mark.parametrize("study", ["forms", "hacks", "labels"])
def test_a_study_goes_on_only_from_runs_of_its_own(
    study: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text('{"seed": 0, "colour": "red"}\n')
    assert main(["prm", "study", study, "--json", str(file)]) == 2
    assert f"runs.jsonl, line 1: no run of the study {study}" in capsys.readouterr().err
    assert file.read_text() == '{"seed": 0, "colour": "red"}\n'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["judge", ORACLE, "--traces", "no-such-file.jsonl"], "no-such-file.jsonl"),
        (["judge", "no_such:PRM", "--traces", "{traces}"], "no_such"),
        (["judge", "math:pi", "--traces", "{traces}"], "math:pi"),
        (["judge", ORACLE, "--traces", "{traces}", "--threshold", "1"], "--threshold must be in (0, 1)"),
        (["judge", ORACLE, "--traces", "{traces}", "--corrupt", "-1"], "--corrupt must be 0 or more"),
        (["judge", ORACLE, "--traces", "{empty}"], "no trace to judge by"),
        (["judge", ORACLE], "no trace to judge by"),
        (["judge", ORACLE, "--stepwise", "csv", "{empty}"], "no format 'csv'"),
        (["fit", "--traces", "{empty}", "--out", "x.pt"], "nothing to learn from"),
        (["fit", "--traces", "{traces}", "--out", "x.pt", "--family", "math:pi"], "names no class of PRM"),
        (["fit", "--traces", "{traces}", "--out", "x.pt", "--labels", "none.jsonl"], "none.jsonl"),
        (["fit", "--traces", "{traces}", "--out", "/no/such/folder/x.pt"], "/no/such/folder"),
        (["fit", "--made", "-1", "--out", "x.pt"], "--made must be 0 or more"),
        (["judge", ORACLE, "--shifts", "5"], "--shifts must be 12 traces or more"),
        (["judge", ORACLE, "--traces", "{traces}", "--time-limit", "0"], "seconds must be above 0"),
        (["judge", ORACLE, "--traces", "{traces}", "--best-of", "2"], "--best-of goes with --shifts"),
        (["judge", ORACLE, "--shifts", "12", "--of", "programs", "--best-of", "2"], "problems of algebra, got 2"),
        (["study", "forms", "--seeds", "0"], "--seeds and --problems must be 1 or more"),
        (["study", "hacks", ORACLE], "the study hacks takes no PRM"),
        (["study", "labels", "--plot", "x.png"], "--plot is for forms"),
        (["study", "best-of"], "best-of needs one PRM or more"),
    ],
)
def test_bad_input_is_one_line_and_code_2(
    arguments: list[str], message: str, traces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    filled = [argument.format(traces=traces, empty=empty) for argument in arguments]
    assert main(["prm", *filled]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
