"""Saving and restoring: exact, cheap, across objects and processes. And the same episode for the same seed anywhere."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.episodes import EnvState
from tests.reasoning_envs.toy_domain import ToyDomain

ROOT = Path(__file__).parents[2]
TOY = "tests.reasoning_envs.toy_domain:ToyDomain"

KINDS: dict[str, Callable[[], ReasoningEnv]] = {
    "moves": lambda: ReasoningEnv(TOY, level="six", max_steps=6),
    "groups": lambda: ReasoningEnv(TOY, level="six", max_steps=6, max_actions=6),
    "rejecting": lambda: ReasoningEnv(TOY, level="six", max_steps=6, reject_wrong_steps=True),
    "text": lambda: ReasoningEnv(TOY, "text", level="three", max_steps=6),
    "text, rejecting": lambda: ReasoningEnv(TOY, "text", level="three", max_steps=6, reject_wrong_steps=True),
}


def lines(env: ReasoningEnv) -> list[str]:
    """Right, wrong and unreadable next lines."""
    state = env.get_state().domain_state
    assert isinstance(env.domain, ToyDomain)
    return [move.state.text() for move in env.domain.actions(state)] + ["nonsense", state.text()]


def act(env: ReasoningEnv, choice: int) -> tuple[Any, ...]:
    """One of what could be done here; in one case of eight an illegal index."""
    if env.interface == "text":
        options = lines(env)
        return env.step(options[choice % len(options)])
    return env.step(63 % env.domain.max_actions if choice % 8 == 7 else choice % len(env.candidates))  # type: ignore[attr-defined]


def seen(env: ReasoningEnv) -> tuple[Any, ...]:
    state = env.get_state()
    steps = [(step.index, step.action, step.text, step.verdict, step.move) for step in env.steps]
    return env.observation(), state, steps, env.end, env.outcome, env.start_line, env.problem


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 10_000), choices=st.lists(st.integers(0, 99), max_size=6), more=st.lists(st.integers(0, 99)))
@settings(max_examples=25)
def test_what_was_saved_goes_on_alike(kind: str, seed: int, choices: list[int], more: list[int]) -> None:
    env = KINDS[kind]()
    env.reset(seed=seed)
    for choice in choices:
        if not env.end:
            act(env, choice)
    saved = env.get_state()
    copy = pickle.loads(pickle.dumps(saved))  # noqa: S301 - made a line before
    assert copy == saved
    there = seen(env)
    other = KINDS[kind]()
    other.set_state(copy)
    assert data_equivalence(there, seen(other), exact=True)
    went = []
    for choice in more:
        if not env.end:
            went.append((choice, act(env, choice), seen(env)))
    env.set_state(saved)
    assert data_equivalence(there, seen(env), exact=True)
    for twin in (env, other):
        for choice, result, view in went:
            assert data_equivalence(act(twin, choice), result, exact=True)
            assert data_equivalence(seen(twin), view, exact=True)


def test_a_state_is_not_touched_by_what_follows() -> None:
    env = KINDS["moves"]()
    env.reset(seed=1)
    env.step(0)
    saved = env.get_state()
    frozen = pickle.dumps(saved)
    env.step(0)
    env.set_state(saved)
    env.step(2)
    assert pickle.dumps(saved) == frozen


def test_the_step_limit_is_part_of_the_state() -> None:
    env = KINDS["moves"]()
    env.reset(seed=1)
    for _ in range(5):
        env.step(63)
    other = KINDS["moves"]()
    other.set_state(env.get_state())
    assert other.step(63)[3] is True


def test_restoring_leaves_the_generator_alone() -> None:
    env, twin = KINDS["moves"](), KINDS["moves"]()
    for each in (env, twin):
        each.reset(seed=5)
    saved = env.get_state()
    env.reset()
    env.set_state(saved)
    twin.reset()
    assert env.reset()[1]["problem"] == twin.reset()[1]["problem"]


@pytest.mark.parametrize("state", [None, 3, "state"])
def test_what_is_no_state_is_refused(state: Any) -> None:
    with pytest.raises(TypeError, match="takes what get_state gives"):
        KINDS["moves"]().set_state(state)


def test_a_state_of_another_domain_is_refused() -> None:
    env = KINDS["moves"]()
    env.reset(seed=0)
    other = ToyDomain()
    other.name = "other sums"
    with pytest.raises(ValueError, match="about other sums, the problem about sums"):
        ReasoningEnv(other).set_state(env.get_state())


def test_it_shows_the_trees() -> None:
    env = KINDS["moves"]()
    env.reset(options={"problem": "1 + 2"})
    assert env.get_state() == EnvState(env.problem, env.domain.start(env.problem))


def story(seed: int) -> str:
    """Everything that one seed leads to, as text."""
    told = []
    for kind, make in KINDS.items():
        env = make()
        env.reset(seed=seed)
        rng = np.random.default_rng(seed)
        while not env.end:
            result = act(env, int(rng.integers(100)))
            told.append(repr(result[1:]))
            observation = result[0]
            told.append(
                observation if isinstance(observation, str) else str({k: v.tolist() for k, v in observation.items()})
            )
        told.append(f"{kind} {env.reset()[1]}")
    return "\n".join(told)


def test_the_same_seed_is_the_same_episode_in_another_process() -> None:
    program = "from tests.reasoning_envs.test_env_state import story; print(story(7))"
    for hash_seed in ("0", "12345"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        result = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert result.stdout.rstrip("\n") == story(7)
    assert story(7) != story(8)
