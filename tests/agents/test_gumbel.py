"""Gumbel-AlphaZero: what an episode teaches, that it is learned, and that a resumed run is as one never stopped."""

from __future__ import annotations

from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from agents import train
from agents.gumbel import Config, GumbelZero, main, targets
from agents.policies import CandidatePolicy
from agents.run_folder import RunFolder, read_metrics
from agents.search import Limits, Method, solve
from agents.tree import Outcome
from reasoning_envs.domains.algebra import AlgebraDomain

SMALL = Config(
    levels="linear-1",
    problems=12,
    simulations=4,
    steps=10,
    expansions=60,
    updates=4,
    batch=32,
    width=16,
    hidden=16,
    check_every=2,
    check_problems=6,
)


def opened(path: Path, config: Config, resume: bool = False) -> GumbelZero:
    return GumbelZero(config, RunFolder(path, asdict(config), resume=resume, may_change=("iterations",)))


def test_an_episode_teaches_its_improved_policies_and_how_far_the_end_was() -> None:
    domain = AlgebraDomain()
    policy = CandidatePolicy(domain, keep_encoded=True)
    problems = [domain.problem(text) for text in ("x + 2 = 5", "2*x = 6", "x - 4 = 1")]
    results = solve(domain, problems, Method("gumbel", limits=Limits(400), width=32), policy, seed=1)
    right = [result for result in results if result.outcome.success]
    assert right
    for result in right:
        taught = targets(result, discount=0.5)
        assert [target.taken for target in taught] == [node.choice for node in result.path[1:]]
        assert [target.value for target in taught] == [0.5**left for left in range(len(taught))][::-1]
        for target in taught:
            assert target.policy.sum() == pytest.approx(1.0, abs=1e-5)
            assert len(target.policy) == len(target.encoded.lengths)
    lost = replace(right[0], outcome=Outcome.WRONG)
    assert {target.value for target in targets(lost, 0.5)} == {0.0}
    assert targets(replace(right[0], outcome=Outcome.UNSCORED), 0.5) == []
    plain = solve(domain, problems[:1], Method("gumbel", width=4), CandidatePolicy(domain))
    with pytest.raises(ValueError, match="keep_encoded"):
        targets(plain[0], 0.5)


def test_a_batch_that_is_repeated_is_learned(tmp_path: Path) -> None:
    run = opened(tmp_path / "run", SMALL)
    with run.metrics:
        run.iterate()
        batch = list(run.replay)[:32]
        losses = [float(run._step(batch)[0]) for _ in range(60)]
    entropy = -np.mean([float((t.policy * np.log(t.policy + 1e-12)).sum()) for t in batch])
    assert losses[-1] < losses[0]
    assert losses[-1] - entropy < 0.7 * (losses[0] - entropy)  # the loss can fall to the targets' own entropy


@pytest.mark.slow
def test_a_resumed_run_has_the_curves_of_one_that_was_never_stopped(tmp_path: Path) -> None:
    whole = opened(tmp_path / "whole", SMALL)
    with whole.metrics:
        for _ in range(4):
            whole.iterate()
    first = opened(tmp_path / "parts", SMALL)
    with first.metrics:
        first.iterate()
        first.iterate()
        checkpoint = first.folder.checkpoint.read_bytes()
        first.iterate()  # killed after it was logged, and before its checkpoint was whole
        first.folder.checkpoint.write_bytes(checkpoint)
    second = opened(tmp_path / "parts", SMALL, resume=True)
    assert second.iteration == 2
    with second.metrics:
        second.iterate()
        second.iterate()
    assert read_metrics(second.folder.metrics) == read_metrics(whole.folder.metrics)
    assert (tmp_path / "parts" / "metrics.jsonl").read_text() == (tmp_path / "whole" / "metrics.jsonl").read_text()
    assert [row["step"] for row in second.history.rows] == [1, 2, 3, 4]
    assert second.history.rows == whole.history.rows


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--levels", "splendid"], "splendid"),
        (["--env", "reasoning_envs/AlgebraText-v0"], "moves interface"),
        (["--env", "reasoning_envs/Race-v0"], "moves interface"),
    ],
)
def test_wrong_requests_are_said(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path), *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("name", ["--simulations", "--discount", "--learning-rate"])
def test_a_setting_that_will_not_do_is_named(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--out", str(tmp_path), name, "0"])
    assert f"{name[2:].replace('-', '_')}" in capsys.readouterr().err.splitlines()[-1]


# -- ./run train --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["splendid"]])
def test_experiments_are_listed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(arguments) == 2
    said = capsys.readouterr().err
    for name in train.EXPERIMENTS:
        assert f"  {name} " in said


@pytest.mark.parametrize("name", train.EXPERIMENTS)
def test_every_experiment_is_a_request_that_its_module_understands(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The arguments parse, and a run that is there is gone on with."""
    experiment = train.EXPERIMENTS[name]
    module = import_module(experiment.module)
    seen: list[list[str]] = []

    def noted(arguments: list[str]) -> int:
        seen.append(list(arguments))
        return 0

    monkeypatch.setattr(module, "main", noted)
    assert train.main([name, "--out", str(tmp_path), "--seed", "3"]) == 0
    (tmp_path / name).mkdir()
    (tmp_path / name / "config.json").write_text("{}")
    assert train.main([name, "--out", str(tmp_path)]) == 0
    assert "--resume" not in seen[0]
    assert seen[1][-1] == "--resume"
    assert seen[0][:2] == ["--name", name]
    assert set(experiment.arguments) <= set(seen[0])


def test_an_experiment_runs_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = [
        text
        for key, value in asdict(SMALL).items()
        for text in (f"--{key.replace('_', '-')}", str(value))
        if key not in ("iterations", "env")
    ]
    picture = tmp_path / "gumbel" / "curves.png"
    pictures = []
    for iterations in (1, 2):
        assert train.main(["gumbel", "--out", str(tmp_path), *small, "--iterations", str(iterations)]) == 0
        pictures.append(picture.read_bytes())
    out, err = capsys.readouterr()
    drawn = f"levels over time: {picture}"
    assert [line if line == drawn else line.split()[0] for line in out.splitlines()] == ["1", drawn, "2", drawn]
    assert pictures[0] != pictures[1]
    assert "going on with" in err
