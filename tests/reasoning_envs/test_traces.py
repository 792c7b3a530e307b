"""Episodes on disk: recorded, read, replayed."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils import RecordConstructorArgs

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.testing import random_traces
from reasoning_envs.traces import (
    RecordTraces,
    ReplayError,
    TraceFileWarning,
    TraceWriter,
    read_traces,
    replay,
    trace_of,
    versions,
    write_traces,
)
from reasoning_envs.types import Problem, Status, StepScore, Trace, Verdict
from tests.reasoning_envs.toy_domain import READY, ToyDomain, ToyVerifier

ROOT = Path(__file__).parents[2]
TOY = "tests.reasoning_envs.toy_domain:ToyDomain"

KINDS: dict[str, Callable[[], ReasoningEnv]] = {
    "moves": lambda: ReasoningEnv(TOY, level="six", max_steps=6),
    "groups": lambda: ReasoningEnv(TOY, level=["six"], max_steps=6, max_actions=6),
    "rejecting": lambda: ReasoningEnv(TOY, level="six", max_steps=4, reject_wrong_steps=True),
    "text": lambda: ReasoningEnv(TOY, "text", level="two", max_steps=3),
}


class Shaped(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Adds to the reward what wrappers round a PRM add, and the score; into a copy of the info where asked to."""

    def __init__(self, env: gym.Env[Any, Any], cost: float = -0.125, copied: bool = False) -> None:
        RecordConstructorArgs.__init__(self, cost=cost, copied=copied)
        gym.Wrapper.__init__(self, env)
        self.cost, self.copied = cost, copied

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        info = dict(info) if self.copied else info
        total = float(reward) + self.cost
        info |= {"reward/shaping": self.cost, "reward/total": total}
        if info["step"]:
            info["score"] = StepScore(0.25, "so so")
        return observation, total, terminated, truncated, info


def play(env: gym.Env[Any, Any], seed: int, illegal: bool = True) -> None:
    base = env.unwrapped
    assert isinstance(base, ReasoningEnv)
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    while not base.end:
        if base.interface == "text":
            env.step(str(rng.choice(["nonsense", "1", base.problem.answer or "", base.start_line])))
        elif illegal and rng.random() < 0.2:
            env.step(int(env.action_space.n) - 1)  # type: ignore[attr-defined]
        else:
            env.step(int(rng.integers(len(base.candidates))))


def trace(**changes: Any) -> Trace:
    env = ReasoningEnv(TOY)
    env.reset(seed=2, options={"problem": "3 + 4 * 2"})
    env.step(2)
    env.step(0)
    return replace(trace_of(env), **changes)


# -- making -------------------------------------------------------------------------------------------------------


def test_a_trace_holds_the_whole_episode() -> None:
    env = ReasoningEnv(TOY, max_steps=5)
    env.reset(seed=2, options={"problem": "3 + 4 * 2"})
    env.step(63)
    env.step(2)
    running = trace_of(env, role="student")
    assert running.outcome is None
    env.step(0)
    made = trace_of(env)
    assert made == Trace(
        env_id="",
        env_kwargs={"domain": TOY, "interface": "moves", "max_steps": 5, "reject_wrong_steps": False},
        versions=versions(),
        role="solver",
        seed=2,
        problem=env.problem,
        steps=tuple(env.steps),
        outcome=env.outcome,
        returns={"true": 1.0},
        actions=(63, 2, 0),
    )
    assert running.steps == made.steps[:1]
    assert running.role == "student"
    assert [step.rewards for step in made.steps] == [{"true": 0.0}, {"true": 1.0}]
    assert Trace.from_json(made.to_json()) == made


def test_a_trace_needs_one_of_our_environments() -> None:
    for use in (trace_of, lambda env: RecordTraces(env, "nowhere")):
        with pytest.raises(TypeError, match=r"traces are made of a ReasoningEnv; inside .* CartPoleEnv"):
            use(gym.make("CartPole-v1"))


@pytest.mark.parametrize("copied", [False, True])
def test_a_recorder_sees_what_wrappers_wrote(tmp_path: Path, copied: bool) -> None:
    path = tmp_path / "runs" / "one" / "traces.jsonl"
    env = RecordTraces(Shaped(ReasoningEnv(TOY), copied=copied), path, role="student")
    env.reset(options={"problem": "3 + 4 * 2"})
    env.step(63)
    env.step(2)
    env.step(0)
    (made,) = read_traces(path)
    assert made.role == "student"
    assert made.seed is None
    assert made.actions == (63, 2, 0)
    assert [step.score for step in made.steps] == [StepScore(0.25, "so so")] * 2
    assert [step.rewards for step in made.steps] == [
        {"true": 0.0, "shaping": -0.125, "total": -0.125},
        {"true": 1.0, "shaping": -0.125, "total": 0.875},
    ]
    assert made.returns == {"true": 1.0, "shaping": -0.375, "total": 0.625}  # the illegal action cost something too
    assert made == env.trace()


def test_only_finished_episodes_are_written(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    env = RecordTraces(ReasoningEnv(TOY), path)
    env.reset(options={"problem": "3 + 4 * 2"})
    env.step(2)
    env.reset(options={"problem": "1 + 2"})
    assert not path.exists()
    env.step(0)
    env.reset(seed=0)
    env.close()
    assert [len(made.steps) for made in read_traces(path)] == [1]


def test_a_recorder_can_be_made_again_from_its_spec(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    env = RecordTraces(gym.make("reasoning_envs/AlgebraText-v0"), path, role="student")
    assert env.spec is not None
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    again.reset(options={"problem": "2*x = 4"})
    again.step("x = 2")
    (made,) = read_traces(path)
    assert (made.role, made.env_id) == ("student", "reasoning_envs/AlgebraText-v0")


def test_several_environments_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"

    def make() -> gym.Env[Any, Any]:
        return RecordTraces(ReasoningEnv(TOY, level="three"), path)

    envs = gym.vector.AsyncVectorEnv([make] * 3)
    envs.reset(seed=0)
    ends = 0
    for _ in range(30):
        _, _, terminated, truncated, _ = envs.step(np.zeros(3, np.int64))
        ends += int((terminated | truncated).sum())
    envs.close()
    traces = read_traces(path)
    assert len(traces) == ends > 20
    for made in traces:
        replay(made)


# -- files --------------------------------------------------------------------------------------------------------


def test_writing_and_reading(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    traces = [trace(), trace(role="student")]
    write_traces(path, traces)
    assert read_traces(path) == traces
    assert len(path.read_bytes().splitlines()) == 2
    write_traces(path, iter(traces[:1]))
    assert read_traces(path) == traces[:1]
    with TraceWriter(path) as writer:
        writer.write(traces[1])
        assert read_traces(path) == traces  # also before it is closed
    assert list(tmp_path.iterdir()) == [path]


def test_texts_of_any_kind_survive(tmp_path: Path) -> None:
    env = RecordTraces(ReasoningEnv(TOY, "text", max_steps=5), tmp_path / "traces.jsonl")
    env.reset(seed=0)
    texts = ("\ud800", "a\nb\r\n\x00\u2028", "ü 😀", '"\\', "9" * 100_000)
    for text in texts:
        env.step(text)
    (made,) = read_traces(tmp_path / "traces.jsonl")
    assert made.actions == texts
    replay(made)


@pytest.mark.parametrize("kept", [0.3, 0.99])
def test_a_line_that_was_cut_off_is_named_and_left_out(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "traces.jsonl"
    write_traces(path, [trace(), trace()])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * (0.5 + kept / 2))])
    with pytest.warns(TraceFileWarning, match=r"traces.jsonl, line 2: cut off after \d+ bytes, left out"):
        assert read_traces(path) == [trace()]
    with TraceWriter(path) as writer:  # who goes on after a kill starts a line of its own
        writer.write(trace(role="student"))
    with pytest.warns(TraceFileWarning, match="line 2"):
        assert read_traces(path) == [trace(), trace(role="student")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1]", "line 2: a trace is a JSON object, this is a list"),
        ('{"env_id": "x", "colour": "red"}', "line 2: Trace: unknown field.s. colour"),
        ('{"env_id": "x"}', "line 2: Trace: .* missing"),
        ('{"steps": [{"verdict": {"status": "splendid"}}]}', "line 2: Trace.steps: .*splendid"),
    ],
)
def test_what_is_json_and_no_trace_is_an_error(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "traces.jsonl"
    write_traces(path, [trace()])
    with path.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(ValueError, match=message):
        read_traces(path)


def test_empty_lines_and_an_empty_file_are_no_traces(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    path.write_text("\n\n")
    assert read_traces(path) == []
    with TraceWriter(path) as writer:
        writer.write(trace())
    assert read_traces(path) == [trace()]


def test_a_failed_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    write_traces(path, [trace()])

    def broken() -> Any:
        yield trace(role="student")
        raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        write_traces(path, broken())
    assert read_traces(path) == [trace()]
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_recorder_loses_no_finished_episode(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    program = f"""
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.traces import RecordTraces
env = RecordTraces(ReasoningEnv({TOY!r}), {str(path)!r})
count = 0
while True:
    env.reset(options={{"problem": "1 + 2"}})
    env.step(0)
    count += 1
    print(count, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(40):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    finished = 40 + len(process.stdout.read().split())
    process.wait()
    process.stdout.close()
    assert len(read_traces(path)) in (finished, finished + 1)  # the last may not have been announced any more


# -- replay -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_replay_comes_to_the_same_in_another_environment(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    recorded = RecordTraces(KINDS[kind](), path)
    for seed in range(8):
        play(recorded, seed)
    traces = read_traces(path)
    assert len(traces) == 8
    assert any(len(made.actions) > len(made.steps) for made in traces) or kind == "text"
    for made in traces:
        again = trace_of(replay(made))
        assert replace(again, env_kwargs=made.env_kwargs) == made  # it needs no level to take this problem again


def test_replay_of_an_episode_that_was_left() -> None:
    env = KINDS["moves"]()
    env.reset(seed=0)
    env.step(0)
    made = trace_of(env)
    again = replay(made).unwrapped
    assert isinstance(again, ReasoningEnv)
    assert again.end == ""
    assert again.get_state() == env.get_state()


def test_replay_with_the_wrappers_compares_their_rewards(tmp_path: Path) -> None:
    recorded = RecordTraces(Shaped(ReasoningEnv(TOY)), tmp_path / "traces.jsonl")
    recorded.reset(options={"problem": "1 + 2"})
    recorded.step(0)
    (made,) = read_traces(tmp_path / "traces.jsonl")
    replay(made)
    replay(made, Shaped(ReasoningEnv(TOY)))
    for copied in (False, True):
        with pytest.raises(ReplayError, match=r"step 1, reward 'shaping': recorded -0.125, replayed -0.5") as caught:
            replay(made, Shaped(ReasoningEnv(TOY), cost=-0.5, copied=copied))
        assert (caught.value.where, caught.value.recorded) == ("step 1, reward 'shaping'", -0.125)


def test_rewards_of_actions_that_are_no_steps_are_part_of_the_returns(tmp_path: Path) -> None:
    recorded = RecordTraces(Shaped(ReasoningEnv(TOY)), tmp_path / "traces.jsonl")
    recorded.reset(options={"problem": "1 + 2"})
    recorded.step(63)
    recorded.step(0)
    (made,) = read_traces(tmp_path / "traces.jsonl")
    assert made.returns["shaping"] == -0.25
    replay(made, Shaped(ReasoningEnv(TOY)))
    for value in (-0.375, 0.0):
        edited = replace(made, returns={**made.returns, "shaping": value})
        with pytest.raises(ReplayError, match=f"return 'shaping': recorded {value}, replayed -0.25"):
            replay(edited, Shaped(ReasoningEnv(TOY)))


def changed(index: int, **changes: Any) -> Trace:
    made = trace()
    steps = list(made.steps)
    steps[index] = replace(steps[index], **changes)
    return replace(made, steps=tuple(steps))


TIMEOUT = Verdict(Status.TIMEOUT)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (changed(0, text="3 + 9"), r"step 1, line: recorded '3 \+ 9', replayed '3 \+ 8' \(same versions\)"),
        (changed(1, verdict=Verdict(Status.REFUTED)), "step 2, status: recorded 'refuted', replayed 'verified'"),
        (changed(1, rewards={"true": 0.5}), "step 2, reward 'true': recorded 0.5, replayed 1.0"),
        (trace(outcome=Verdict(Status.REFUTED)), "outcome: recorded 'refuted', replayed 'verified'"),
        (trace(returns={"true": 0.5}), "return 'true': recorded 0.5, replayed 1.0"),
        (trace(returns={}), "return 'true': recorded None, replayed 1.0"),
        (trace(outcome=None), "outcome: recorded 'none', replayed 'verified'"),
        (trace(actions=(2, 0, 0)), "action 3: recorded 0, replayed 'an end: answer'"),
        (trace(steps=trace().steps[:1]), "step 2: recorded 'none', replayed '11'"),
        (trace(actions=(2,)), "number of steps: recorded 2, replayed 1"),
        (
            changed(0, text="?").__class__.from_json(replace(changed(0, text="?"), versions={"x": "1"}).to_json()),
            r"step 1, line: .* \(other versions: x 1 then, None now\)",
        ),
    ],
)
def test_the_first_difference_is_named(made: Trace, message: str) -> None:
    with pytest.raises(ReplayError, match=message):
        replay(made)


@pytest.mark.parametrize(
    "made",
    [
        changed(0, verdict=TIMEOUT),
        trace(outcome=TIMEOUT),
        replace(changed(1, rewards={"true": 0.0}), outcome=TIMEOUT),
        trace(actions=()),
        trace(versions={"reasoning_envs": "0.0.1"}),
    ],
)
def test_time_outs_and_versions_alone_are_no_difference(made: Trace) -> None:
    replay(made)


class Slow(ToyVerifier):
    def outcome(self, problem: Problem, steps: Any) -> Verdict:
        return TIMEOUT


def test_a_time_out_now_is_no_difference_either() -> None:
    domain = ToyDomain()
    domain.verifier = Slow()
    replay(trace(), ReasoningEnv(domain))


def test_a_domain_object_has_no_name_to_replay_by() -> None:
    env = ReasoningEnv(READY)
    env.reset(seed=0)
    made = trace_of(env)
    with pytest.raises(ValueError, match="give replay that environment"):
        replay(made)
    replay(made, ReasoningEnv(READY))


def test_random_traces_are_reproducible_and_replay() -> None:
    for make in KINDS.values():
        first, second = random_traces(make(), 3, seed=4), random_traces(make(), 3, seed=4)
        assert first == second
        for made in first:
            assert made.outcome is not None or len(made.steps) > 0
            replay(made)


def test_a_trace_is_one_line_of_plain_json() -> None:
    text = trace().to_json()
    assert "\n" not in text
    data = json.loads(text)
    assert list(data) == [
        "env_id",
        "env_kwargs",
        "versions",
        "role",
        "seed",
        "problem",
        "steps",
        "outcome",
        "returns",
        "actions",
    ]
