"""The game as a whole: it learns, it checkpoints every iteration, and a run that was killed goes on as the same run."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from agents.policies import CandidatePolicy, PolicyError
from agents.proposer_solver import Iteration, ProposerSolver, family_of
from agents.run_folder import RunFolder, read_metrics
from agents.search import solve
from agents.self_play_config import Config
from reasoning_envs.problems import split_of
from reasoning_envs.traces import read_traces, replay
from tests.agents.toy_sums import ENV_ID
from tests.reasoning_envs.toy_domain import READY

CONFIG = Config(
    env=ENV_ID,
    actors=0,
    problems=24,
    expansions=40,
    attempts=4,
    updates_per_expansion=0.05,
    batch=16,
    replay=600,
    width=16,
    hidden=8,
    check_every=2,
    check_problems=4,
)


def open_run(path: Path, config: Config = CONFIG) -> RunFolder:
    return RunFolder(path, asdict(config), resume=(path / "config.json").exists())


def play(path: Path, iterations: int, config: Config = CONFIG) -> list[Iteration]:
    with ProposerSolver(config, open_run(path, config)) as game:
        return [game.iterate() for _ in range(iterations)]


def weights(path: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(path / "checkpoint.pt", weights_only=True)["policy"]["network"]
    return state


def steady(path: Path) -> dict[str, object]:
    """The metrics of a run without those that depend on the clock."""
    return {name: one for name, one in read_metrics(path / "metrics.jsonl").items() if not name.startswith("speed/")}


def test_iterations_say_how_it_goes(tmp_path: Path) -> None:
    first, second = play(tmp_path / "run", 2)
    assert (first.number, second.number) == (1, 2)
    assert second.seconds > first.seconds > 0
    assert first.validation == {}
    assert set(second.validation) == {"two", "three", "six"}
    for one in (first, second):
        assert 0 <= one.direct <= one.solved <= 1
        assert one.hardest in READY.levels
        assert one.rate > 0
    assert set(second.losses) == {"policy_loss", "value_loss", "accuracy"}


def test_a_run_may_start_from_a_policy_of_its_sizes(tmp_path: Path) -> None:
    play(tmp_path / "first", 1)
    begun = replace(CONFIG, start=str(tmp_path / "first"))
    with ProposerSolver(begun, open_run(tmp_path / "second", begun)) as game:
        mine = game.policy.network.state_dict()
        assert all((mine[name] == value).all() for name, value in weights(tmp_path / "first").items())
    wider = replace(begun, width=32)
    with pytest.raises(PolicyError, match=r"width=16.*width=32"):
        ProposerSolver(wider, open_run(tmp_path / "third", wider))


def test_the_folder_holds_the_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    play(run, 3)
    traces = read_traces(run / "traces.jsonl")
    assert len(traces) == 3 * CONFIG.attempts
    for trace in traces[-4:]:
        replay(trace)
        assert split_of(READY.canonical_key(trace.problem)) == "train"
    metrics = read_metrics(run / "metrics.jsonl")
    assert metrics["play/solved"][0] == [1, 2, 3]
    assert metrics["validation/two"][0] == [2]
    assert {"solve_rate/three", "learnability/six", "drawn/two", "proposer_reward/template"} <= set(metrics)
    assert all(0 <= value <= 0.25 for value in metrics["learnability/six"][1])
    policy = CandidatePolicy.load(run, READY)
    assert solve(READY, [READY.problem("3 + 4")], "best-first", policy)[0].answer == "7"


def test_a_resumed_run_is_the_same_run(tmp_path: Path) -> None:
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    play(straight, 5)
    play(broken, 2)
    # What a kill in the middle of the third iteration leaves behind is cut away.
    with (broken / "traces.jsonl").open("ab") as file:
        file.write(b'{"env_id": "half a tra')
    with (broken / "metrics.jsonl").open("a", encoding="utf-8") as lines:
        lines.write('{"step":3,"play/solved":0.5}\n{"step":')
    (broken / "replay" / "0000003.npz").write_bytes(b"never named by a checkpoint")
    (broken / "replay" / "0000003.npz").unlink()
    with ProposerSolver(CONFIG, open_run(broken)) as game:
        assert game.iteration == 2
        for _ in range(3):
            game.iterate()
    one, other = weights(straight), weights(broken)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert (straight / "traces.jsonl").read_bytes() == (broken / "traces.jsonl").read_bytes()
    assert steady(straight) == steady(broken)
    segments = [sorted(file.name for file in (run / "replay").iterdir()) for run in (straight, broken)]
    assert segments[0] == segments[1]


def test_with_an_actor_the_run_is_the_same(tmp_path: Path) -> None:
    play(tmp_path / "alone", 2)
    play(tmp_path / "helped", 2, replace(CONFIG, actors=1))
    one, other = weights(tmp_path / "alone"), weights(tmp_path / "helped")
    assert all(torch.allclose(one[name], other[name], atol=1e-5) for name in one)


def test_another_network_cannot_go_on(tmp_path: Path) -> None:
    play(tmp_path / "run", 1)
    with pytest.raises(ValueError, match="width was 16 and is 32"):
        open_run(tmp_path / "run", replace(CONFIG, width=32))


ENDLESS = """
import sys
from pathlib import Path
from tests.agents.test_proposer_solver import CONFIG, open_run
from agents.proposer_solver import ProposerSolver
with ProposerSolver(CONFIG, open_run(Path(sys.argv[1]))) as game:
    print("begun", game.iteration, flush=True)
    while True:
        print("finished", game.iterate().number, flush=True)
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_no_finished_iteration(tmp_path: Path) -> None:
    run = tmp_path / "run"
    finished = 0
    for number in range(3):
        with subprocess.Popen([sys.executable, "-c", ENDLESS, str(run)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said, begun = process.stdout.readline().split()
            assert said == "begun"
            assert int(begun) >= finished
            for _ in range(2):
                finished = int(process.stdout.readline().split()[1])
            time.sleep(0.06 * number)  # somewhere else in the iteration each time
            os.kill(process.pid, signal.SIGKILL)
            finished = max([finished, *(int(line.split()[1]) for line in process.stdout if line.endswith("\n"))])
    with ProposerSolver(CONFIG, open_run(run)) as game:
        assert game.iteration in (finished, finished + 1)
        game.iterate()
        total = game.iteration
    assert len(read_traces(run / "traces.jsonl")) == total * CONFIG.attempts
    assert read_metrics(run / "metrics.jsonl")["play/solved"][0] == list(range(1, total + 1))


def test_playing_makes_better(tmp_path: Path) -> None:
    config = replace(CONFIG, levels="three,six", problems=60, batch=32, updates_per_expansion=0.1)
    results = play(tmp_path / "run", 8, config)
    assert results[-1].direct > results[0].direct + 0.2
    assert results[-1].solved > 0.9


@pytest.mark.parametrize(
    ("level", "family"), [("linear-2", "linear"), ("both_sides_letters-3", "both_sides_letters"), ("two", "two")]
)
def test_families(level: str, family: str) -> None:
    assert family_of(level) == family
