"""The main job: its command line, its parts in order, and how it stops."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from agents import phases, self_play
from agents.actors import Record, Report
from agents.processes import ProcessEndedError
from agents.progress import Progress, clock
from agents.proposer_solver import Iteration, ProposerSolver
from agents.results import AFTER, BEFORE, FLOORS, RunResults
from agents.run_folder import RunFolder
from agents.self_play import SelfPlay
from agents.self_play_config import SMOKE, Config, parse_arguments
from agents.tree import Outcome
from reasoning_envs.problems import split_of
from reasoning_envs.traces import read_traces
from reasoning_envs.types import Problem
from tests.agents.toy_sums import ENV_ID
from tests.reasoning_envs.toy_domain import READY

TINY = ["--minutes", "0.02", "--problems", "12", "--levels", "linear-1", "--expansions", "40", "--check-every", "1"]
TINY += ["--prm-traces", "40", "--ppo-steps", "256", "--ppo-problems", "2", "--evaluation-problems", "4"]
TINY += ["--search-problems", "3", "--width", "16", "--hidden", "8", "--attempts", "8"]


# -- the command line -------------------------------------------------------------------------------------------------


def test_every_setting_is_an_option(tmp_path: Path) -> None:
    config, folder, resume = parse_arguments(["--name", "one", "--out", str(tmp_path), "--seed", "7", "--batch", "5"])
    assert config == Config(seed=7, batch=5)
    assert folder == tmp_path / "one"
    assert not resume


def test_smoke_is_small_and_whole() -> None:
    config = parse_arguments(["--smoke", "--seed", "3"]).config
    assert config == replace(Config(seed=3), **SMOKE)
    assert config.minutes < 0.5
    assert min(config.prm_traces, config.search_problems, config.ppo_steps, config.evaluation_problems) >= 1


def test_what_is_said_beside_smoke_counts(tmp_path: Path) -> None:
    common = ["--smoke", "--name", "one", "--out", str(tmp_path)]
    config, path, _ = parse_arguments([*common, "--problems", "7", "--minutes", "3"])
    assert config == replace(Config(), **{**SMOKE, "problems": 7, "minutes": 3.0})
    RunFolder(path, asdict(config))
    # A resumed run keeps its settings; those that may change are small again.
    assert parse_arguments([*common, "--resume"]).config == replace(config, minutes=SMOKE["minutes"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--actors", "-1"], "actors must be at least 0"),
        (["--batch", "0"], "batch must be at least 1"),
        (["--scramble-share", "1.5"], r"scramble_share must lie in \[0, 1\]"),
        (["--env-kwargs", "[1]"], "env_kwargs must be a JSON object"),
        (["--env-kwargs", "{moves}"], "env_kwargs must be a JSON object"),
        (["--name", "../elsewhere"], "plain name"),
        (["--name", ".."], "plain name"),
        (["--seed", "-1"], "seed must be at least 0"),
        (["--minutes", "nan"], "minutes must be a finite number"),
        (["--minutes", "inf"], "minutes must be a finite number"),
        (["--ppo-level", " ,"], "ppo_level must name a level"),
        (["--minutes", "soon"], "invalid float"),
    ],
)
def test_wrong_settings_are_said(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse_arguments(arguments)
    assert re.search(message, capsys.readouterr().err)


def test_a_resumed_run_remembers_its_settings(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    before = Config(seed=5, width=32, minutes=1.0)
    (tmp_path / "one" / "config.json").write_text(json.dumps(asdict(before)), encoding="utf-8")
    common = ["--name", "one", "--out", str(tmp_path)]
    assert parse_arguments([*common, "--resume"]).config == before
    assert parse_arguments([*common, "--resume", "--minutes", "9"]).config == replace(before, minutes=9.0)
    assert parse_arguments(common).config == Config()


@pytest.mark.parametrize(("resume", "message"), [(True, "holds no run to resume"), (False, "already holds a run")])
def test_what_is_there_or_not_is_said(
    tmp_path: Path, resume: bool, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if not resume:
        (tmp_path / "one").mkdir()
        (tmp_path / "one" / "config.json").write_text(json.dumps(asdict(Config())), encoding="utf-8")
        (tmp_path / "one" / "checkpoint.pt").write_bytes(b"kept")
    assert self_play.main(["--name", "one", "--out", str(tmp_path), *(["--resume"] if resume else [])]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--levels", "linear-1,nope"], "nope"),
        (["--ppo-level", "nope"], "nope"),
        (["--env", "reasoning_envs/Nope-v0"], "Nope"),
        (["--env", "reasoning_envs/AlgebraText-v0"], "takes text"),
        (["--env", "CartPole-v1"], "CartPole-v1 is none of the environments of reasoning_envs"),
        (["--env", "no_such_module:Nope-v0"], "no_such_module"),
        (["--env-kwargs", '{"colour": 1}'], "colour"),
    ],
)
def test_what_cannot_be_opened_is_said_before_anything_is_made(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert self_play.main(["--out", str(tmp_path), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_a_file_is_no_folder_for_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for place in (["--out", str(tmp_path / "file")], ["--out", str(tmp_path), "--name", "file"]):
        assert self_play.main(place) == 2
        assert f"{tmp_path / 'file'} is a file: a run needs a folder" in capsys.readouterr().err
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


# -- what was stopped, and what is damaged ----------------------------------------------------------------------------

SUMS = ["--env", ENV_ID, "--actors", "0", "--problems", "8", "--ppo-level", "two", "--levels", "two", "--name", "run"]
SUMS += ["--width", "16", "--hidden", "8", "--minutes", "0", "--evaluation-problems", "2"]


def test_what_was_stopped_before_its_first_iteration_is_started_by_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(game: ProposerSolver) -> Iteration:
        raise KeyboardInterrupt

    monkeypatch.setattr(ProposerSolver, "iterate", stop)
    for seed in ("0", "1", "1"):
        assert self_play.main([*SUMS, "--out", str(tmp_path), "--seed", seed]) == 130
        assert "No iteration was finished: the same command starts the run anew." in capsys.readouterr().err
    assert json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))["seed"] == 1


def test_what_an_unfinished_iteration_left_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    (tmp_path / "replay").mkdir()
    (tmp_path / "replay" / "0000001.npz").write_bytes(b"of another seed")
    folder = RunFolder.at(tmp_path)
    with ProposerSolver(parse_arguments(SUMS).config, folder) as game:
        game.iterate()
    with ProposerSolver(parse_arguments(SUMS).config, folder) as game:
        assert game.iteration == 1


def test_a_process_that_ends_is_said_with_the_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(run: SelfPlay, game: ProposerSolver) -> RunResults:
        raise ProcessEndedError("PPO, sparse, seed 0: its process ended with exit code -9")

    monkeypatch.setattr(SelfPlay, "_measure", end)
    assert self_play.main([*SUMS, "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "exit code -9" in said
    assert f"go on with: python -m agents.self_play --name run --out {tmp_path} --resume" in said


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that finished an iteration."""
    out = tmp_path_factory.mktemp("runs")
    config, path, _ = parse_arguments([*SUMS, "--out", str(out)])
    with ProposerSolver(config, RunFolder(path, asdict(config))) as game:
        game.iterate()
    return path


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def keep_the_policy_alone(file: Path) -> None:
    torch.save({"policy": torch.load(file, weights_only=True)["policy"]}, file)


DAMAGE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "traces cut short": ("traces.jsonl", cut, "lacks lines"),
    "traces gone": ("traces.jsonl", Path.unlink, "lacks lines"),
    "a line that is no trace": ("traces.jsonl", lambda file: file.write_bytes(b"?" + file.read_bytes()[1:]), "line 1"),
    "replay gone": ("replay/0000001.npz", Path.unlink, "is missing"),
    "replay cut short": ("replay/0000001.npz", cut, "is cut off or damaged"),
    "settings cut short": ("config.json", cut, "does not hold the settings of a run"),
    "settings of another kind": ("config.json", lambda file: file.write_text('{"minutes": null}'), "no float"),
    "checkpoint cut short": ("checkpoint.pt", cut, "it was cut off or damaged"),
    "checkpoint of a policy": ("checkpoint.pt", keep_the_policy_alone, "holds a policy alone"),
    "metrics overwritten": ("metrics.jsonl", lambda file: file.write_text("x\n"), "line 1"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_run_names_the_file_and_the_cure(
    name: str, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, spoil, fault = DAMAGE[name]
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    spoil(run / file)
    assert self_play.main(["--resume", "--name", "run", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert str(run / file) in said
    assert fault in said
    assert ("take that line out" if "metrics" in file else "start a run with another --name") in said
    assert "--resume" not in said


# -- the whole --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_whole_job_and_on_from_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "tiny"
    assert self_play.main([*TINY, "--name", "tiny", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "most to learn: linear-1" in printed
    assert "True success on held-out problems" in printed
    assert str(run / "report.html") in printed
    results = RunResults.from_json((run / "results.json").read_text(encoding="utf-8"))
    names = [*FLOORS, BEFORE, AFTER, phases.SEARCHING]
    assert [result.player for result in results.levels] == names
    assert {result.level for result in results.levels} == {"linear-1"}
    assert all(result.n == 4 for result in results.levels)
    assert len(results.prm) == 1
    assert [comparison.n for comparison in results.search] == [3]
    assert [curve.name for curve in results.shaping] == ["sparse", "potential (learned)"]
    assert results.shaping[0].steps == results.shaping[1].steps
    for name in ("checkpoint.pt", "prm.pt", "curves.png", "report.html", "table.md", "table.json", "config.json"):
        assert (run / name).stat().st_size > 0
    before = len(read_traces(run / "traces.jsonl"))
    # Nothing is lost by going on: the iterations count up from where they were.
    played = ["--resume", "--minutes", "0.03", "--name", "tiny", "--out", str(tmp_path)]
    assert self_play.main(played) == 0
    assert "resumed after iteration" in capsys.readouterr().out
    assert len(read_traces(run / "traces.jsonl")) >= before


def test_ctrl_c_names_the_checkpoint_and_how_to_go_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agents.self_play", "--env", ENV_ID, "--problems", "8", "--actors", "1"]
    command += ["--name", "run", "--out", str(tmp_path), "--minutes", "60", "--check-every", "1", "--ppo-level", "two"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if line.startswith("iteration"):
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        said = process.stderr.read()
    assert process.returncode == 130
    assert f"{tmp_path / 'run' / 'checkpoint.pt'}" in said
    assert f"python -m agents.self_play --name run --out {tmp_path} --resume" in said
    assert "Traceback" not in said


# -- the parts --------------------------------------------------------------------------------------------------------


def test_held_out_problems_are_held_out() -> None:
    found = phases.held_out(READY, ("two", "three"), 12, seed=0)
    assert [problem.level for problem in found] == ["two"] * 12 + ["three"] * 12
    assert {split_of(READY.canonical_key(problem)) for problem in found} == {"test"}
    assert found == phases.held_out(READY, ("two", "three"), 12, seed=0)
    assert found != phases.held_out(READY, ("two", "three"), 12, seed=1)


def test_counts_by_level() -> None:
    problems = [
        Problem(str(number), "d", "", "", level=level) for number, level in enumerate(("a-1", "b_letters-2") * 3)
    ]
    outcomes = (Outcome.SOLVED, Outcome.WRONG, Outcome.SAID_NO_SOLUTION, Outcome.OUT_OF_BUDGET, Outcome.UNSCORED)
    records = [Record(outcome, None, 1, 1, False) for outcome in (*outcomes, Outcome.SOLVED)]
    one, other = phases.level_results("me", problems, records)
    assert (one.level, one.family, one.coefficients, one.player, one.n) == ("a-1", "a", "numeric", "me", 3)
    assert (one.solved, one.said_no_solution, one.unscored) == (1, 1, 1)
    assert (other.family, other.coefficients) == ("b_letters", "letters")
    assert (other.wrong, other.out_of_budget, other.solved) == (1, 1, 1)


class Answers:
    """A crew that answers with what it was given."""

    def __init__(self, *outcomes: list[Outcome]) -> None:
        self.outcomes = list(outcomes)
        self.jobs: list[Any] = []

    def do(self, job: Any) -> Any:
        self.jobs.append(job)
        records = tuple(Record(outcome, None, 1, 1, False) for outcome in self.outcomes[len(self.jobs) - 1])
        return Report(records)


def test_search_is_compared_problem_by_problem_at_equal_expansions() -> None:
    right, wrong, none = Outcome.SOLVED, Outcome.OUT_OF_BUDGET, Outcome.UNSCORED
    problems = [Problem(str(number), "d", "", "", level=f"a-{1 + number // 4}") for number in range(6)]
    crew: Any = Answers([right, right, wrong, none, wrong, right], [right, wrong, right, right, wrong, right])
    first, second = phases.compare_search(crew, problems, {}, Path("prm.pt"), "learned", 9)
    assert (first.name, first.n, first.both, first.only_policy, first.only_prm) == ("best-first, levels 1", 3, 1, 1, 1)
    assert first.unscored == 1
    assert (second.n, second.both, second.expansions) == (2, 1, 9)
    alone, helped = crew.jobs
    assert (alone.prm, helped.prm) == (None, "prm.pt")
    assert alone.method.limits == helped.method.limits
    assert helped.method.priority == replace(alone.method.priority, prm=1.0)


# -- what a person sees -----------------------------------------------------------------------------------------------

LOOKED = {"linear": 0.75, "brackets": 0.25}
ITERATION = Iteration(12, 65.0, 99.0, 235 / 300, 0.9, 0.8, 0.5, "linear-2", 0.55, 1234.0, 0.2, LOOKED, {})


def test_a_line_says_level_rates_speed_and_time_left() -> None:
    line = Progress().line(ITERATION)
    for part in (
        "12",
        "0.90",
        "0.80 without search",
        "validation 0.50",
        "0.50",
        "linear-2",
        "1,234 steps/s",
        "3:55 left",
    ):
        assert part in line


def test_plain_lines_are_not_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    for number in range(20):
        progress.show(replace(ITERATION, number=number, validation={}))
    assert len(capsys.readouterr().out.splitlines()) == 1


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Progress]:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    progress = Progress()
    yield progress
    progress.close()


def test_on_a_terminal_there_is_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    with terminal(monkeypatch) as progress:
        progress.say("-- self-play [not markup]")
        progress.show(ITERATION)
    shown = capsys.readouterr().out
    for part in ("[not markup]", "linear", "0.75", "brackets", "most to learn: linear-2"):
        assert part in shown


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (245, "4:05"), (-3, "0:00")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
