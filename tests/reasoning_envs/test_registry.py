"""Every registered environment, through the checks and the vector environments of Gymnasium and Stable-Baselines3.

A warning anywhere is an error (see pyproject).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from stable_baselines3.common.env_checker import check_env as check_env_of_sb3
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv

import reasoning_envs
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.testing import random_traces
from reasoning_envs.traces import replay
from reasoning_envs.types import Problem, Verdict

ROOT = Path(__file__).parents[2]
TOY = "tests.reasoning_envs.toy_domain:ToyDomain"


def _register(name: str, **kwargs: Any) -> str:
    if name not in gym.registry:
        gym.register(name, entry_point="reasoning_envs.env:ReasoningEnv", kwargs={"domain": TOY, **kwargs})
    return name


TOYS = (
    _register("toy/Sums-v0", interface="moves", level="six"),
    _register("toy/SumsGroups-v0", interface="moves", level="six", max_actions=6),
    _register("toy/SumsText-v0", interface="text"),
)
OURS = tuple(reasoning_envs.ENVIRONMENTS)
EXTRAS = {"reasoning_envs/ReasoningGymText-v0": "reasoning_gym"}
"""What an id needs beside the package; where it is missing ``gym.make`` says so, which its own tests look at."""
VARIANTS = (
    *((name, {}) for name in (*OURS, *TOYS) if name not in EXTRAS or find_spec(EXTRAS[name])),
    ("reasoning_envs/Algebra-v0", {"moves": "curated"}),
    ("reasoning_envs/Algebra-v0", {"moves": "wide"}),
    ("reasoning_envs/CodePredict-v0", {"task": "abduction"}),
)
"""A user's own domain goes through the same checks as ours."""

every = pytest.mark.parametrize(
    ("name", "kwargs"), VARIANTS, ids=[f"{name} {' '.join(kwargs.values())}".strip() for name, kwargs in VARIANTS]
)
moves_only = pytest.mark.parametrize(
    ("name", "kwargs"), [variant for variant in VARIANTS if gym.spec(variant[0]).kwargs["interface"] == "moves"]
)


def make(name: str, kwargs: dict[str, Any]) -> ReasoningEnv:
    env = gym.make(name, **kwargs).unwrapped
    assert isinstance(env, ReasoningEnv)
    return env


def act(env: ReasoningEnv, rng: np.random.Generator) -> Any:
    if env.interface == "moves":
        return int(rng.choice(np.flatnonzero(env.action_masks())))
    return str(rng.choice(["nonsense", env.start_line, env.problem.answer or "x = 1"]))


# -- registration -------------------------------------------------------------------------------------------------


def test_our_ids_stand_in_two_lists() -> None:
    found = {name for name in gym.registry if name.startswith("reasoning_envs/")}
    assert found == set(OURS) | set(reasoning_envs.GAMES)
    assert OURS[:3] == ("reasoning_envs/Algebra-v0", "reasoning_envs/AlgebraAxioms-v0", "reasoning_envs/AlgebraText-v0")


def test_an_id_with_its_module_needs_no_import() -> None:
    program = """
import gymnasium
env = gymnasium.make("reasoning_envs:reasoning_envs/Algebra-v0")
observation, info = env.reset(seed=0)
print(env.step(0)[4]["step"])
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "True\n"
    assert result.stderr == ""


@every
def test_a_spec_goes_through_json(name: str, kwargs: dict[str, Any]) -> None:
    spec = gym.make(name, max_steps=7, **kwargs).spec
    assert spec is not None
    again = gym.envs.registration.EnvSpec.from_json(spec.to_json())
    assert again.kwargs == spec.kwargs
    made = gym.make(again).unwrapped
    assert isinstance(made, ReasoningEnv)
    assert made.max_steps == 7
    assert json.dumps(made.recipe)


def test_keywords_choose_the_moves() -> None:
    sets = {moves: make(OURS[0], {"moves": moves}).domain.moves for moves in ("explicit", "curated", "wide")}  # type: ignore[attr-defined]
    assert sets == {"explicit": "explicit", "curated": "curated", "wide": "wide"}
    assert make(OURS[1], {}).domain.moves == "axioms"  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="splendid"):
        gym.make(OURS[0], moves="splendid")
    with pytest.raises(TypeError, match="colour"):
        gym.make(OURS[0], colour="red")


def test_the_version_is_that_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert reasoning_envs.__version__ == project["version"]


def test_lazy_names_are_there_and_others_are_not() -> None:
    for name in reasoning_envs.__all__:
        assert getattr(reasoning_envs, name) is not None
        assert name in dir(reasoning_envs)
    with pytest.raises(AttributeError, match="no attribute 'splendid'"):
        reasoning_envs.splendid  # noqa: B018


# -- checkers -----------------------------------------------------------------------------------------------------


@every
def test_gymnasiums_check(name: str, kwargs: dict[str, Any]) -> None:
    check_env(make(name, kwargs))


@moves_only
def test_stable_baselines_check(name: str, kwargs: dict[str, Any]) -> None:
    check_env_of_sb3(gym.make(name, **kwargs))
    check_env_of_sb3(make(name, kwargs), skip_render_check=False)


@every
def test_two_roll_outs_of_one_seed_are_equal_and_replay(name: str, kwargs: dict[str, Any]) -> None:
    first = random_traces(gym.make(name, max_steps=10, **kwargs), 3, seed=11)
    assert first == random_traces(gym.make(name, max_steps=10, **kwargs), 3, seed=11)
    for trace in first:
        assert trace.env_id == name
        replay(trace)


def story(name: str, kwargs: dict[str, Any], seed: int) -> str:
    """Problems, lines and ends of a few episodes, as text."""
    env = make(name, {**kwargs, "max_steps": 8})
    told = []
    for episode in range(3):
        rng = np.random.default_rng(seed + episode)
        observation, info = env.reset(seed=seed + episode)
        told.append(info["problem"].to_json())
        while not env.end:
            observation, reward, _, _, info = env.step(act(env, rng))
            verdict = info["verdict"] and replace(info["verdict"], seconds=0.0)
            told.append(f"{reward} {verdict} {info['end']} {env.steps[-1].text if env.steps else ''}")
            told.append(repr(observation if isinstance(observation, str) else observation["candidates"].tobytes()))
    return "\n".join(told)


def test_the_same_seed_is_the_same_episode_in_another_process() -> None:
    program = """
from tests.reasoning_envs.test_registry import VARIANTS, story
for name, kwargs in VARIANTS:
    print(story(name, kwargs, 3))
"""
    environment = {**os.environ, "PYTHONHASHSEED": "321", "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    here = "".join(story(name, kwargs, 3) + "\n" for name, kwargs in VARIANTS)
    assert result.stdout == here


# -- Gymnasium's vector environments --------------------------------------------------------------------------------


@pytest.fixture(params=["sync", "async", "async, pipes"])
def vectorise(request: pytest.FixtureRequest) -> Iterator[Callable[..., gym.vector.VectorEnv[Any, Any, Any]]]:
    opened = []

    def build(name: str, kwargs: dict[str, Any], **options: Any) -> gym.vector.VectorEnv[Any, Any, Any]:
        makers = [lambda: gym.make(name, disable_env_checker=True, **kwargs)] * 3
        if request.param == "sync":
            envs: gym.vector.VectorEnv[Any, Any, Any] = SyncVectorEnv(makers, **options)
        else:
            envs = AsyncVectorEnv(makers, shared_memory=request.param == "async", **options)
        opened.append(envs)
        return envs

    yield build
    for envs in opened:
        envs.close()


@every
def test_vector_environments_of_gymnasium(
    name: str, kwargs: dict[str, Any], vectorise: Callable[..., gym.vector.VectorEnv[Any, Any, Any]]
) -> None:
    """Each of three sees exactly what one alone with its seed sees."""
    envs = vectorise(name, {**kwargs, "max_steps": 4})
    observations, infos = envs.reset(seed=5)
    alone = [make(name, {**kwargs, "max_steps": 4}) for _ in range(3)]
    views = [env.reset(seed=5 + index)[0] for index, env in enumerate(alone)]
    assert [problem.statement for problem in infos["problem"]] == [env.problem.statement for env in alone]
    rng = np.random.default_rng(0)
    for _ in range(9):
        assert data_equivalence(unbatched(observations), views, exact=True)
        actions = [0 if env.end else act(env, rng) for env in alone]
        if alone[0].interface == "text":
            actions = [str(action) for action in actions]
        batch = tuple(actions) if alone[0].interface == "text" else np.array(actions)
        observations, rewards, terminated, truncated, infos = envs.step(batch)
        views = []
        for index, (env, action) in enumerate(zip(alone, actions, strict=True)):
            if env.end:  # the step after an end resets, whatever the action
                view, info = env.reset()
                reward, over, cut = 0.0, False, False
            else:
                view, reward, over, cut, info = env.step(action)
            views.append(view)
            assert (rewards[index], terminated[index], truncated[index]) == (reward, over, cut)
            for key, value in info.items():
                assert infos[f"_{key}"][index]
                assert infos[key][index] == value
    assert infos["problem"].dtype == object if "problem" in infos else True


def unbatched(observations: Any) -> list[Any]:
    if isinstance(observations, dict):
        count = len(observations["state"])
        return [{key: array[index] for key, array in observations.items()} for index in range(count)]
    return list(observations)


@pytest.mark.parametrize("name", TOYS)
def test_infos_of_a_batch_are_arrays_of_one_type(name: str) -> None:
    envs = SyncVectorEnv([lambda: gym.make(name, max_steps=3)] * 4, autoreset_mode=AutoresetMode.SAME_STEP)
    envs.reset(seed=0)
    finals = 0
    for _ in range(12):
        actions = ("1",) * 4 if "Text" in name else np.zeros(4, np.int64)
        _, _, _, _, infos = envs.step(actions)
        if "final_info" in infos:
            final = infos["final_info"]
            finals += int(final["_success"].sum())
            assert final["success"].dtype == np.bool_
            assert final["count/verified"].dtype.kind == "i"
            assert final["reward/true"].dtype == np.float64
            assert all(isinstance(problem, Problem) for problem in final["problem"][final["_problem"]])
            assert all(isinstance(verdict, Verdict | None) for verdict in final["outcome"])
        for key in ("step", "illegal", "success", "scored"):
            if key in infos:
                assert infos[key].dtype == np.bool_
    assert finals > 4


@every
def test_episode_statistics_of_gymnasium(name: str, kwargs: dict[str, Any]) -> None:
    env = gym.wrappers.RecordEpisodeStatistics(gym.make(name, max_steps=3, **kwargs))
    env.reset(seed=0)
    base = env.unwrapped
    assert isinstance(base, ReasoningEnv)
    rng = np.random.default_rng(0)
    total = 0.0
    info: dict[str, Any] = {}
    while not base.end:
        _, reward, _, _, info = env.step(act(base, rng))
        total += float(reward)
    assert info["episode"]["r"] == total


# -- Stable-Baselines3's vector environments ------------------------------------------------------------------------


def makers(names: list[tuple[str, dict[str, Any]]]) -> list[Callable[[], gym.Env[Any, Any]]]:
    def maker(spec: gym.envs.registration.EnvSpec, kwargs: dict[str, Any]) -> gym.Env[Any, Any]:
        keys = ("success", "steps", "count/verified", "end")
        return Monitor(gym.make(spec, max_steps=3, **kwargs), info_keywords=keys)

    # Specs in place of ids: a process that was not forked from this one knows no id that was registered here.
    return [partial(maker, gym.spec(name), kwargs) for name, kwargs in names]


def check_alike(envs: VecEnv, alone: list[ReasoningEnv]) -> None:
    """What each environment of the vector shows is what one alone with its seed shows."""
    envs.seed(5)
    observations = envs.reset()
    views = [env.reset(seed=5 + index)[0] for index, env in enumerate(alone)]
    rng = np.random.default_rng(1)
    episodes = 0
    for _ in range(12):
        assert data_equivalence(unbatched(observations), views, exact=True)
        masks = np.stack(envs.env_method("action_masks"))
        assert (masks == [env.action_masks() for env in alone]).all()
        actions = [act(env, rng) for env in alone]
        observations, rewards, dones, infos = envs.step(np.array(actions))
        for index, (env, action) in enumerate(zip(alone, actions, strict=True)):
            views[index], reward, over, cut, info = env.step(action)
            assert (rewards[index], dones[index]) == (reward, over or cut)
            assert infos[index]["verdict"] == info["verdict"]
            if dones[index]:
                episodes += 1
                assert data_equivalence(infos[index]["terminal_observation"], views[index], exact=True)
                assert infos[index]["TimeLimit.truncated"] is cut
                assert infos[index]["episode"]["end"] == info["end"]
                assert infos[index]["is_success"] is info["success"]
                views[index] = env.reset()[0]
    assert episodes > 2


@moves_only
def test_the_vector_environment_of_stable_baselines(name: str, kwargs: dict[str, Any]) -> None:
    envs = DummyVecEnv(makers([(name, kwargs)] * 2))
    check_alike(envs, [make(name, {**kwargs, "max_steps": 3}) for _ in range(2)])
    envs.close()


@pytest.mark.slow
def test_processes_of_stable_baselines() -> None:
    names: list[tuple[str, dict[str, Any]]] = [(OURS[0], {}), (OURS[1], {})]
    envs = SubprocVecEnv(makers(names))
    try:
        check_alike(envs, [make(name, {**kwargs, "max_steps": 3}) for name, kwargs in names])
    finally:
        envs.close()
