"""Environments, shapings and agents by name."""

from typing import Any

import pytest

from reasoning_envs.benchmark.learning import open_agent
from reasoning_envs.benchmark.sb3 import Sb3Learner
from reasoning_envs.benchmark.shapings import ALWAYS, DEFAULT, Shaping, open_shaping, with_controls
from reasoning_envs.benchmark.tasks import TASKS, Task, open_task, template_of
from reasoning_envs.rewards import Clip, PotentialShaping, ProcessReward, ShapingWrapper
from reasoning_envs.types import Problem
from tests.reasoning_envs.benchmark.toy_agents import SUMS, Doubled, Half, play

TOYS = "tests.reasoning_envs.benchmark.toy_agents"


@pytest.mark.parametrize("name", DEFAULT)
@pytest.mark.parametrize("task", [pytest.param(task, id=name) for name, task in TASKS.items()])
def test_each_default_arm_steps_in_each_environment(task: Task, name: str) -> None:
    shaping = open_shaping(name)
    env = shaping.wrap(task.make("train"), shaping.prm_for(task), 0.99)
    assert isinstance(env, ShapingWrapper)
    observation, _ = env.reset(seed=0)
    _, reward, _, _, info = env.step(int(observation["action_mask"].argmax()))
    assert info["reward/total"] == reward
    assert isinstance(env.policy_invariant, bool | str)
    env.close()


def test_the_zero_reward_pays_nothing_for_a_right_answer() -> None:
    paid, true = {}, {}
    for name in ("zero", "sparse"):
        env = open_shaping(name).wrap(SUMS.make("train"), None, 0.99)
        env.reset(seed=0, options={"problem": "2 + 3"})
        base: Any = env.unwrapped
        right = next(index for index, move in enumerate(base.candidates) if move.verdict.verified)
        _, paid[name], terminated, _, info = env.step(right)
        true[name] = info["reward/true"]
        assert terminated
    assert paid == {"zero": 0.0, "sparse": 1.0}
    assert true == {"zero": 1.0, "sparse": 1.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sparse", Shaping("sparse", "sparse")),
        ("sum", Shaping("sum", "sum", "signal")),
        ("clip=oracle", Shaping("clip=oracle", "clip", "oracle")),
        ("sum*0.1=constant", Shaping("sum*0.1=constant", "sum", "constant", 0.1)),
        ("steps*2", Shaping("steps*2", "steps", weight=2.0)),
        (f"{TOYS}:Doubled", Shaping(f"{TOYS}:Doubled", f"{TOYS}:Doubled")),
        (f"{TOYS}:Half", Shaping(f"{TOYS}:Half", "potential", f"{TOYS}:Half")),
        (f"clip*3={TOYS}:Half", Shaping(f"clip*3={TOYS}:Half", "clip", f"{TOYS}:Half", 3.0)),
    ],
)
def test_arms_are_read(text: str, expected: Shaping) -> None:
    assert open_shaping(text) == expected


def test_what_users_bring_is_used() -> None:
    doubled = open_shaping(f"{TOYS}:Doubled")
    assert isinstance(doubled.wrap(SUMS.make("train"), None, 0.9), Doubled)
    half = open_shaping(f"clip*3={TOYS}:Half")
    env = half.wrap(SUMS.make("train"), half.prm_for(SUMS), 0.9)
    assert isinstance(env, Clip)
    assert isinstance(env.prm, Half)
    assert env.weight == 3.0
    signal = open_shaping("potential")
    env = signal.wrap(SUMS.make("train"), signal.prm_for(SUMS), 0.9)
    assert isinstance(env, PotentialShaping)
    assert (env.prm.name, env.gamma) == ("constant", 0.9)
    assert isinstance(open_shaping("sum").wrap(SUMS.make("train"), half.prm_for(SUMS), 0.9), ProcessReward)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("potentiall", ValueError, "no shaping 'potentiall'; did you mean potential"),
        ("qqq", ValueError, "known: annealed, clip"),
        ("sum=orcale", ValueError, "no process reward model 'orcale'; did you mean oracle"),
        ("sparse=oracle", ValueError, "'sparse' takes no process reward model"),
        ("sum*x", ValueError, "the weight must be a number, got 'x'"),
        ("no_such_module:Name", ValueError, "there is no module 'no_such_module'"),
        (f"{TOYS}:NO_TASK", TypeError, "neither a wrapper nor a process reward model"),
        (f"sum={TOYS}:NO_TASK", TypeError, "neither a ProcessRewardModel nor what makes one"),
    ],
)
def test_arms_that_do_not_exist_are_refused(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        open_shaping(text)


def test_a_shaping_that_makes_no_environment_is_named() -> None:
    with pytest.raises(TypeError, match="no_env must make an environment of an environment, got str"):
        open_shaping(f"{TOYS}:no_env").wrap(SUMS.make("train"), None, 0.99)


def test_no_table_is_without_its_controls() -> None:
    assert with_controls(("potential", "sparse", "potential")) == (*ALWAYS, "potential")


def test_tasks_by_name() -> None:
    assert open_task("linear") is TASKS["linear"]
    assert open_task(f"{TOYS}:SUMS") is SUMS
    task = open_task("reasoning_envs/CodeRepair-v0@small-1")
    assert (task.level, task.signal, task.kwargs) == ("small-1", "tests", {"judge": "interpreter"})


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("liner", ValueError, "no environment 'liner'; did you mean linear or lines"),
        ("reasoning_envs/Algebre-v0", ValueError, "did you mean .*reasoning_envs/Algebra-v0"),
        ("reasoning_envs/Algebra-v0@linear-9", ValueError, "algebra has no level 'linear-9'; known: linear-1"),
        (f"{TOYS}:NO_TASK", TypeError, "not a reasoning_envs.benchmark.Task"),
    ],
)
def test_tasks_that_do_not_exist_are_refused(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        open_task(name)


def test_agents_by_name() -> None:
    assert open_agent(f"{TOYS}:play") is play
    found = open_agent("sb3:MaskablePPO")
    assert isinstance(found, Sb3Learner)
    assert found.algorithm == "MaskablePPO"


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("sb3:MaskablePP", ValueError, "no agent 'sb3:MaskablePP'; did you mean sb3:MaskablePPO"),
        ("MaskablePPO", ValueError, "did you mean sb3:MaskablePPO"),
        (f"{TOYS}:SUMS", TypeError, "not a function of a Training"),
        (f"{TOYS}:learn", ValueError, "holds no 'learn'"),
    ],
)
def test_agents_that_do_not_exist_are_refused(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        open_agent(name)


@pytest.mark.parametrize(
    ("problem", "template"),
    [
        (Problem("1", "algebra", "", "2*x + 13 = 3.5", "x = 1"), "#*x + # = #"),
        (
            Problem("1", "synthesis", "", "assert f(1) == 2", "v1 = n + 12; return v1", "s", 0, {}),
            "v# = n + #; return v#",
        ),
    ],
)
def test_templates_are_without_numbers(problem: Problem, template: str) -> None:
    assert template_of(problem) == template
