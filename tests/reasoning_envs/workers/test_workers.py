"""Tasks done by several processes, or by Ray where it is installed."""

import os
import signal
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from reasoning_envs.__main__ import main
from reasoning_envs.rewards.montecarlo import MonteCarloPRM
from reasoning_envs.traces import read_traces
from reasoning_envs.workers import TaskError, Workers, label, open_workers, roll_out

KINDS = [
    "1",
    "2",
    pytest.param("ray:2", marks=pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")),
]
ALGEBRA = {"level": "linear-1", "split": "train"}


def square(number: int) -> int:
    return number * number


def raise_on_three(number: int) -> int:
    if number == 3:
        raise ValueError("three it is")
    return number


def die_once(path: Path) -> str:
    """The first time it is called for a path, its process dies; each life leaves a line."""
    with path.open("a", encoding="utf-8") as file:
        file.write("alive\n")
    if len(path.read_text(encoding="utf-8").splitlines()) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return path.name


def die_always(task: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def process_of(task: int) -> int:
    return os.getpid()


@pytest.fixture(params=KINDS)
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    with open_workers(request.param) as opened:
        yield opened


@pytest.mark.slow
def test_each_task_is_answered_once_and_in_order(workers: Workers) -> None:
    assert workers.map(square, range(9)) == [number * number for number in range(9)]
    answers = sorted(workers.run(raise_on_three, range(5)), key=lambda answer: answer.index)
    assert [answer.index for answer in answers] == [0, 1, 2, 3, 4]
    assert [answer.value for answer in answers] == [0, 1, 2, None, 4]
    assert "three it is" in answers[3].error
    assert "raise_on_three" in answers[3].error
    with pytest.raises(TaskError, match="task 3 failed"):
        workers.map(raise_on_three, range(5))
    assert workers.map(square, [5]) == [25]


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_its_task_done_again(workers: Workers, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    assert workers.map(die_once, paths) == ["a", "b", "c"]
    assert [path.read_text(encoding="utf-8").count("alive") for path in paths] == [2, 2, 2]


@pytest.mark.slow
def test_a_task_that_kills_every_worker_is_given_up(workers: Workers) -> None:
    (answer,) = workers.run(die_always, [0])
    assert "its worker died 3 times" in answer.error
    assert workers.map(square, [2]) == [4]


@pytest.mark.slow
def test_a_fresh_task_has_a_process_of_its_own(workers: Workers) -> None:
    answers = list(workers.run(process_of, range(3), fresh=True))
    assert len({answer.value for answer in answers} | {os.getpid()}) == 4


def test_who_stops_listening_leaves_no_process_behind() -> None:
    with open_workers(2) as workers:
        answers = workers.run(process_of, [0, 0], fresh=False)
        pid = next(answers).value
        assert pid is not None
        answers.close()  # type: ignore[attr-defined]  # run is a generator
        began = time.monotonic()
    assert time.monotonic() - began < 60
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("name", ["0", "ray:0", "many", "-1", "ray:", ""])
def test_other_names_of_workers_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="workers are a number of processes, 'ray' or 'ray:N'"):
        open_workers(name)


@pytest.mark.skipif(find_spec("ray") is not None, reason="ray is installed")
def test_without_ray_the_error_says_the_cure() -> None:
    with pytest.raises(ImportError, match=r"pip install 'reasoning-envs\[ray\]'"):
        open_workers("ray")


@pytest.mark.slow
def test_roll_outs_and_labels_are_the_same_whoever_makes_them(workers: Workers) -> None:
    prm = MonteCarloPRM(rollouts=2, env_kwargs=ALGEBRA, seed=5)
    with open_workers(1) as one:
        expected = label(one, prm, roll_out(one, "reasoning_envs/Algebra-v0", range(6), env_kwargs=ALGEBRA, batch=4))
    played = roll_out(workers, "reasoning_envs/Algebra-v0", range(6), env_kwargs=ALGEBRA, batch=2)
    assert label(workers, prm, played, batch=1) == expected
    assert [trace.seed for trace in expected] == list(range(6))
    assert all(step.score is not None for trace in expected for step in trace.steps)


def test_a_batch_of_none_is_refused() -> None:
    with open_workers(1) as workers, pytest.raises(ValueError, match="a batch must be of 1 or more, got 0"):
        roll_out(workers, "reasoning_envs/Algebra-v0", [1], batch=0)


@pytest.mark.slow
def test_the_command_plays_scores_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / f"{count}.jsonl" for count in (1, 2)]
    for count, file in enumerate(files, start=1):
        arguments = ["rollouts", "reasoning_envs/Algebra-v0", "--kwargs", '{"level": "linear-1"}', "--episodes", "4"]
        arguments += ["--prm", "reasoning_envs.rewards:OraclePRM", "--batch", "1", "--workers", str(count)]
        assert main([*arguments, "--out", str(file)]) == 0
    assert read_traces(files[0]) == read_traces(files[1])
    assert "played 4 episodes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kwargs", "[1]"], "--kwargs must be a JSON object"),
        (["--episodes", "0"], "--episodes must be 1 or more"),
        (["--prm", "nothing:Here"], "there is no module 'nothing'"),
        (["--workers", "no"], "workers are a number of processes"),
    ],
)
def test_bad_input_of_the_command(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollouts", "reasoning_envs/Algebra-v0", *arguments]) == 2
    assert message in capsys.readouterr().err
