"""Rounds of provers and verifier: what is written down, what is measured, and that a resumed run is the same run."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from agents.policies import CandidatePolicy
from agents.prover_verifier import Config, Rounds, derivation, main, spoiled_with
from agents.run_folder import RunFolder, read_metrics
from agents.search import Limits, Method, solve
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.games.prover_verifier import SpoilingDomain
from reasoning_envs.problems import split_of
from reasoning_envs.rewards.judging import first_error

DOMAIN = AlgebraDomain()
TINY = Config(
    rounds=2, levels="linear-1", walks=8, batches=1, sneaky=1, helpful=1, kept=10, first=8, measured=9, lessons=2
)


def opened(path: Path, config: Config = TINY) -> Rounds:
    resume = (path / "config.json").exists()
    return Rounds(config, RunFolder(path, asdict(config), resume=resume, may_change=("rounds",)))


def right_ones() -> list[object]:
    problems = [DOMAIN.problem(text) for text in ("x + 2 = 5", "2*x = 6", "x - 4 = 1", "3*x = 9")]
    return [derivation(walk, DOMAIN) for walk in solve(DOMAIN, problems, Method("best-first", limits=Limits(200)))]


def test_a_derivation_has_the_verdicts_of_its_steps() -> None:
    for one in right_ones():
        assert one is not None
        assert one.right  # type: ignore[attr-defined]
        trace = one.trace  # type: ignore[attr-defined]
        assert [step.index for step in trace.steps] == list(range(len(trace.steps)))
        assert first_error(trace) is None
        assert trace.outcome.verified


def test_wrong_lines_make_a_derivation_wrong_whatever_its_answer() -> None:
    spoiling = SpoilingDomain(DOMAIN, ("sign",))
    rng = np.random.default_rng(0)
    problems = [DOMAIN.sample(rng, "linear-1") for _ in range(60)]
    walks = solve(spoiling, problems, Method("random", limits=Limits(40, 10)), seed=1)
    found = [one for walk in walks if (one := derivation(walk, spoiling)) is not None]
    assert found
    for one in found:
        outcome = one.trace.outcome
        assert one.right == (first_error(one.trace) is None and outcome is not None and outcome.verified)
    assert not all(one.right for one in found)


def test_errors_are_of_the_kinds_that_were_asked_for() -> None:
    traces = [one.trace for one in right_ones() if one is not None]  # type: ignore[attr-defined]
    spoiled = spoiled_with(traces, DOMAIN, ("sign", "arithmetic"), np.random.default_rng(0))
    assert {kind for _, kind in spoiled} <= {"sign", "arithmetic"}
    assert spoiled
    assert all(first_error(trace) is not None for trace, _ in spoiled)


def test_a_round_measures_on_held_out_problems(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    assert {split_of(DOMAIN.canonical_key(trace.problem)) for trace, _ in run.held_out["seen"]} == {"validation"}
    assert {kind for _, kind in run.held_out["unseen"]} - {""} == {"dropped term"}
    assert {kind for _, kind in run.held_out["seen"]} - {""} <= {"sign", "arithmetic"}
    found = run.play()
    for name in ("scale", "pool"):
        assert found[f"exploit/{name}"] > 0
        assert found[f"withstood/{name}"] in (0.0, 1.0)
    assert 0 <= found["f1/unseen"] <= 1
    assert len(run.pool) > 2 * TINY.first - 4
    run.metrics.close()


def test_a_fresh_sneaky_prover_begins_with_the_same_wishes_but_flatter(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    state = DOMAIN.start(DOMAIN.problem("2*x + 3 = 9"))
    actions = DOMAIN.actions(state)
    sure = run.start.log_probs(state, actions)
    flat = run._fresh(1).policy.log_probs(state, actions)
    assert np.argsort(sure).tolist() == np.argsort(flat).tolist()
    assert flat.max() < sure.max()
    assert isinstance(run.start, CandidatePolicy)
    run.metrics.close()


def test_a_resumed_run_is_the_same_run(tmp_path: Path) -> None:
    whole = opened(tmp_path / "whole")
    for _ in range(2):
        whole.play()
    whole.metrics.close()
    for _ in range(2):
        part = opened(tmp_path / "parts")
        part.play()
        part.metrics.close()
    names = ("f1/seen", "f1/unseen", "exploit/scale", "exploit/pool", "pool", "helpful/right")
    one, other = (read_metrics(tmp_path / name / "metrics.jsonl") for name in ("whole", "parts"))
    assert [one[name] for name in names] == [other[name] for name in names]


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--levels", "linear-1", "--walks", "8", "--batches", "1", "--sneaky", "1", "--helpful", "1"]
    more += ["--first", "8", "--measured", "8", "--lessons", "3", "--rounds", "1", "--out", str(tmp_path)]
    assert main(more) == 0
    assert "until exploit" in capsys.readouterr().out
    assert (tmp_path / "provers" / "prm.pt").is_file()
    assert main(more) == 2
    assert "already holds a run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kinds": "sign", "unseen": "sign"}, "what is unseen must stay so"),
        ({"warmth": 0.0}, "warmth must lie in"),
        ({"split": "train"}, "split must be one of"),
        ({"walks": 0}, "walks must be at least 1"),
    ],
)
def test_settings_out_of_range(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(TINY, **wrong)  # type: ignore[arg-type]
