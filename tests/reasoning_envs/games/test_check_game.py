"""Every game passes the kit that we ship, and the kit finds what it promises to find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_of_sb3

import reasoning_envs
from reasoning_envs.games.proposer_solver import ProposerSolver
from reasoning_envs.games.race import Race
from reasoning_envs.testing import check_game

EASY: dict[str, Any] = {"level": ["linear-1", "brackets-1"]}

GAMES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("proposer_solver:ProposerSolver", {"solver_steps": 8, "attempts": 2}),
    ("proposer_solver:ProposerSolver", {"letters": True, "attempts": 2, "payment": "learnability"}),
    (
        "proposer_solver:ProposerSolver",
        {"maker": "reasoning_envs.games.makers.programs:ProgramMaker", "judge": "interpreter"},
    ),
    ("code_triad:CodeTriad", {"judge": "interpreter"}),
    ("bugs:InjectorFixer", {"judge": "interpreter"}),
    ("alice_bob:AliceBobReverse", {}),
    ("alice_bob:AliceBobRepeat", {}),
    ("alice_bob:AliceBobRepeat", {"domain": "reasoning_envs.domains.simplify:SimplifyDomain"}),
    ("prover_verifier:ProverVerifier", {"max_steps": 6, **EASY}),
    ("race:Race", {"max_steps": 6, **EASY}),
    (
        "race:Race",
        {"domain": "reasoning_envs.domains.synthesis:SynthesisDomain", "level": "small-1", "judge": "interpreter"},
    ),
)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kwargs"), GAMES, ids=[f"{name} {' '.join(kwargs)}" for name, kwargs in GAMES])
def test_our_games(name: str, kwargs: dict[str, Any]) -> None:
    check_game(f"reasoning_envs.games.{name}", game_kwargs=kwargs, games=2)


VIEWS = tuple(reasoning_envs.GAMES)


@pytest.mark.parametrize("name", VIEWS)
def test_each_role_is_an_environment(name: str) -> None:
    env = gym.make(name)
    assert env.spec is not None
    again = gym.envs.registration.EnvSpec.from_json(env.spec.to_json())
    assert again.kwargs == env.spec.kwargs
    observation, _ = env.reset(seed=1)
    other, _ = gym.make(again).reset(seed=1)
    assert observation.keys() == other.keys()
    assert all((observation[key] == other[key]).all() for key in observation)


@pytest.mark.parametrize("name", ["reasoning_envs/EquationProposer-v0", "reasoning_envs/Race-v0"])
def test_the_checks_of_gymnasium_and_stable_baselines(name: str) -> None:
    check_env(gym.make(name).unwrapped, skip_render_check=True)
    check_env_of_sb3(gym.make(name))


class Hasty(Race):
    """Whoever moves first is paid for it, whatever happens."""

    def _moved(self, agent: str) -> str | None:
        following = super()._moved(agent)
        self._pay("solver_0", float("inf"))
        return following


class Wavering(Race):
    """A game that remembers what a seed should make it forget."""

    _count = 0

    def _deal(self, options: Mapping[str, Any]) -> str:
        self._count += 1
        self.np_random.random(self._count)
        return super()._deal(options)


class Lonely(ProposerSolver):
    """No proposal is good enough."""

    def _proposed(self) -> str | None:
        return self._refuse("never")


@pytest.mark.parametrize(
    ("game", "law"),
    [
        (Hasty, "not finite"),
        (Wavering, "another game after other games|Incorrect"),
        (Lonely, "never a turn of solver_0"),
    ],
)
def test_the_kit_finds(game: type, law: str) -> None:
    kwargs: dict[str, Any] = {"proposer_steps": 3} if game is Lonely else {"max_steps": 4, **EASY}
    with pytest.raises(AssertionError, match=law):
        check_game(f"tests.reasoning_envs.games.test_check_game:{game.__name__}", game_kwargs=kwargs, tries=12)


def test_a_masked_index_costs_a_step_and_nothing_else() -> None:
    game = Race(max_steps=3, **EASY)
    game.reset(seed=0)
    lines = {agent: game.seats[agent].text for agent in game.agents}
    for _ in range(6):
        game.step(63)
    assert {agent: game.seats[agent].text for agent in lines} == lines
    assert game.result["game/winner"] == ""
    assert game.rewards == {"solver_0": -1.0, "solver_1": -1.0}
    assert np.flatnonzero(game.observe("solver_0")["action_mask"]).size == 0
