"""Several seeds of self-play: one command, one table, and nothing done twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents import seeds, train
from agents.run_folder import read_metrics
from tests.agents.toy_sums import ENV_ID

TINY = ["--env", ENV_ID, "--actors", "0", "--problems", "8", "--expansions", "20", "--attempts", "2", "--width", "8"]
TINY += ["--hidden", "8", "--check-problems", "0", "--batch", "8", "--held-out", "3"]


def arguments(out: Path, *more: str) -> list[str]:
    return ["--out", str(out), "--name", "few", "--seeds", "0,1", "--iterations", "2", *TINY, *more]


def test_all_seeds_play_and_are_measured_on_the_same_problems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert seeds.main(arguments(tmp_path)) == 0
    table = (tmp_path / "few" / "seeds.md").read_text(encoding="utf-8")
    assert table in capsys.readouterr().out
    assert "| all, numbers |" in table
    assert "2 seeds; seed 0: 2 iterations" in table
    kept = [json.loads((tmp_path / "few" / f"seed-{n}" / "measured-test.json").read_text()) for n in (0, 1)]
    assert kept[0]["problems"] == kept[1]["problems"]
    assert list(kept[0]["players"]) == ["greedy", "beam-10", "best-first"]
    assert {share for shares in kept[0]["players"].values() for share in shares} <= {0.0, 1.0, None}


def test_what_was_done_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seeds.main(arguments(tmp_path)) == 0
    before = (tmp_path / "few" / "seeds.md").read_bytes()

    def no_more(*_: object) -> None:
        raise AssertionError("this was measured already")

    monkeypatch.setattr(seeds, "_judged", no_more)
    assert seeds.main(arguments(tmp_path)) == 0
    assert (tmp_path / "few" / "seeds.md").read_bytes() == before


def test_more_iterations_go_on_and_are_measured_anew(tmp_path: Path) -> None:
    assert seeds.main(arguments(tmp_path)) == 0
    assert seeds.main(arguments(tmp_path, "--iterations", "3")) == 0
    played = read_metrics(tmp_path / "few" / "seed-1" / "metrics.jsonl")["play/solved"]
    assert played[0] == [1, 2, 3]
    assert json.loads((tmp_path / "few" / "seed-1" / "measured-test.json").read_text())["iteration"] == 3


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--seeds", "0,x"], "invalid literal"),
        (["--held-out", "0"], "--held-out and --episode must be at least 1"),
        (["--players", "nobody"], "nobody is called 'nobody'"),
        (["--guide", "/no/such/file.pt"], "there is no policy"),
    ],
)
def test_a_wrong_request_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert seeds.main(arguments(tmp_path, *more)) == 2
    assert words in capsys.readouterr().err


def test_a_damaged_measurement_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert seeds.main(arguments(tmp_path)) == 0
    (tmp_path / "few" / "seed-0" / "measured-test.json").write_text("{", encoding="utf-8")
    assert seeds.main(arguments(tmp_path)) == 2
    assert "delete it, and it is measured again" in capsys.readouterr().err


def test_experiments_name_command_lines_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, experiment in train.EXPERIMENTS.items():
        seen: list[list[str]] = []
        module = __import__(experiment.module, fromlist=["main"])
        monkeypatch.setattr(module, "main", lambda given, seen=seen: seen.append(list(given)) or 0)
        assert train.main([name, "--out", "nowhere"]) == 0
        assert seen[0][:2] == ["--name", name]
