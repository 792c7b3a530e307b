"""A run's folder is never overwritten, and a resumed run holds nothing twice."""

import json
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents.run_folder import DamagedRunError, Metrics, RunFolder, read_metrics, write_whole

CONFIG: dict[str, Any] = {"seed": 0, "minutes": 4}


def steps_in_tensorboard(folder: RunFolder, name: str) -> list[int]:
    events = EventAccumulator(str(folder.tensorboard))
    events.Reload()
    return [event.step for event in events.Scalars(name)]


def test_a_new_folder_keeps_its_configuration(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first", {**CONFIG, "levels": ("a", "b")})
    assert json.loads(folder.config_file.read_text()) == {**CONFIG, "levels": ["a", "b"]}


@pytest.mark.parametrize("name", ["checkpoint.pt", "model.zip", "notes.txt", "replay.old", ".notes.txt.1"])
def test_a_run_is_not_overwritten(tmp_path: Path, name: str) -> None:
    RunFolder(tmp_path / "first", CONFIG)
    (tmp_path / "first" / name).write_text("kept")
    with pytest.raises(FileExistsError, match=r"first already holds a run: .*--resume"):
        RunFolder(tmp_path / "first", {**CONFIG, "seed": 1})
    assert json.loads((tmp_path / "first" / "config.json").read_text()) == CONFIG


def test_a_run_in_which_nothing_was_finished_is_started_anew(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "first", CONFIG)
    with Metrics(folder) as metrics:
        metrics.log(1, {"loss": 1.0})
    folder.traces.write_text("one\n")
    (folder.path / "replay").mkdir()
    (folder.path / ".checkpoint.pt.a1b2c3").write_text("a draft that was never finished")
    again = RunFolder(tmp_path / "first", {**CONFIG, "seed": 1})
    assert json.loads(again.config_file.read_text())["seed"] == 1


def test_somebody_elses_settings_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["GPT2"]}')
    with pytest.raises(FileExistsError, match="already holds a run"):
        RunFolder(tmp_path, CONFIG)
    assert json.loads((tmp_path / "config.json").read_text()) == {"architectures": ["GPT2"]}


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_at_work_is_left_alone(tmp_path: Path, resume: bool) -> None:
    folder = RunFolder(tmp_path / "first", CONFIG)
    with folder.held(), pytest.raises(BlockingIOError, match=r"another process is at work on the run in .*first"):
        RunFolder(tmp_path / "first", CONFIG, resume=resume)
    RunFolder(tmp_path / "first", CONFIG, resume=resume)


@pytest.mark.parametrize("name", ["run", "run/first", "run/deeper/first"])
def test_a_file_is_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(NotADirectoryError, match=r"run is a file: a run needs a folder"):
        RunFolder(tmp_path / name, CONFIG)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_settings_that_cannot_be_read_are_named(tmp_path: Path, text: str) -> None:
    folder = RunFolder(tmp_path / "first", CONFIG)
    folder.config_file.write_text(text)
    with pytest.raises(DamagedRunError, match=r"first/config\.json does not hold the settings of a run.*: put it back"):
        RunFolder(tmp_path / "first", CONFIG, resume=True)


@pytest.mark.parametrize("line", ["", "{", "[1]", '{"loss": 1}', "7"])
def test_metrics_that_cannot_be_read_are_named(tmp_path: Path, line: str) -> None:
    folder = RunFolder(tmp_path / "first", CONFIG)
    folder.metrics.write_text(f'{{"step": 1, "loss": 2.0}}\n{line}\n')
    for read in (lambda: read_metrics(folder.metrics), lambda: Metrics(folder, resume_from=3)):
        with pytest.raises(DamagedRunError, match=r"metrics\.jsonl holds no metrics in line 2 .*: take that line out"):
            read()


def test_strange_files_are_not_taken_for_a_run(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(FileExistsError, match="no run of ours"):
        RunFolder(tmp_path, CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_there_must_be_a_run_to_resume(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="without --resume"):
        RunFolder(tmp_path / "first", CONFIG, resume=True)
    assert not (tmp_path / "first").exists()


def test_resuming_needs_the_same_configuration(tmp_path: Path) -> None:
    RunFolder(tmp_path / "first", CONFIG)
    with pytest.raises(ValueError, match="seed was 0 and is 1"):
        RunFolder(tmp_path / "first", {**CONFIG, "seed": 1}, resume=True)
    again = RunFolder(tmp_path / "first", {**CONFIG, "minutes": 9}, resume=True, may_change=["minutes"])
    assert json.loads(again.config_file.read_text())["minutes"] == 9


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    write_whole(path, lambda draft: draft.write_bytes(b"old"))

    def fail(draft: Path) -> None:
        draft.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(path, fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_metrics_are_read_back_by_name(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", CONFIG)
    with Metrics(folder) as metrics:
        metrics.log(0, {"solve_rate/linear": 0.25})
        metrics.log(1, {"solve_rate/linear": 0.5, "speed": 10})
    assert read_metrics(folder.metrics) == {"solve_rate/linear": ([0, 1], [0.25, 0.5]), "speed": ([1], [10.0])}
    assert steps_in_tensorboard(folder, "solve_rate/linear") == [0, 1]


def test_a_resumed_run_repeats_no_step(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", CONFIG)
    killed = Metrics(folder)
    for step in range(5):
        killed.log(step, {"loss": float(step)})
    # Killed while it wrote a line; the last checkpoint was at step 2.
    with folder.metrics.open("a") as file:
        file.write('{"step":5,"lo')
    folder = RunFolder(tmp_path / "run", CONFIG, resume=True)
    with Metrics(folder, resume_from=2) as metrics:
        for step in (3, 4, 5):
            metrics.log(step, {"loss": 10.0 + step})
    killed.close()
    assert read_metrics(folder.metrics) == {"loss": ([0, 1, 2, 3, 4, 5], [0.0, 1.0, 2.0, 13.0, 14.0, 15.0])}
    assert steps_in_tensorboard(folder, "loss") == [0, 1, 2, 3, 4, 5]


def test_without_a_checkpoint_a_resumed_run_starts_clean(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", CONFIG)
    with Metrics(folder) as metrics:
        metrics.log(0, {"loss": 1.0})
    with Metrics(RunFolder(tmp_path / "run", CONFIG, resume=True)) as metrics:
        metrics.log(0, {"loss": 2.0})
    assert read_metrics(folder.metrics) == {"loss": ([0], [2.0])}
    assert steps_in_tensorboard(folder, "loss") == [0]


def test_a_name_is_logged_once_a_step(tmp_path: Path) -> None:
    with Metrics(RunFolder(tmp_path / "run", CONFIG)) as metrics:
        metrics.log(3, {"loss": 1.0})
        metrics.log(3, {"speed": 1.0})
        with pytest.raises(ValueError, match="loss at step 3: it was already logged at step 3"):
            metrics.log(3, {"loss": 1.0})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_was_not_measured_is_not_logged(tmp_path: Path, value: float) -> None:
    folder = RunFolder(tmp_path / "run", CONFIG)
    with Metrics(folder) as metrics, pytest.raises(ValueError, match="leave out"):
        metrics.log(0, {"good": 1.0, "loss": value})
    assert read_metrics(folder.metrics) == {}


def test_traces_are_cut_back_to_the_checkpoint(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", CONFIG)
    folder.traces.write_text("one\ntwo\nthr")
    folder.rewind_traces(4)
    assert folder.traces.read_text() == "one\n"
    with pytest.raises(DamagedRunError, match=r"traces\.jsonl lacks lines: .* 4 bytes, .* counted 5: put it back"):
        folder.rewind_traces(5)
