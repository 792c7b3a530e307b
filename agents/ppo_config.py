"""What a PPO run is started with, and the environment that it makes of that."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import gymnasium as gym
from stable_baselines3.common.monitor import Monitor

from agents.options import add_options, check_settings, json_object, names_in
from reasoning_envs.revisits import NoRevisits
from reasoning_envs.rewards.checking import open_prm as open_any_prm
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.rewards.wrappers import Annealed, PotentialShaping, ProcessReward

__all__ = ["Config", "make_env", "open_prm", "parse_arguments"]

Shaping = Literal["sparse", "potential", "process", "annealed"]
PolicyName = Literal["candidate", "multi-input"]
TruncationRule = Literal["keep", "zero"]


@dataclass(frozen=True)
class Config:
    """What a run is started with; every field is an option of the command line."""

    env: Annotated[str, "id of the environment, with the moves interface"] = "reasoning_envs/Algebra-v0"
    level: Annotated[str, "level of the problems; several with commas"] = "linear-1"
    env_kwargs: Annotated[str, 'further keywords of gymnasium.make as JSON, such as \'{"moves": "curated"}\''] = "{}"
    steps: Annotated[int, "environment steps, rounded up to whole roll-outs"] = 20_000
    policy: Annotated[PolicyName, "score what each action leads to, or the stock MultiInputPolicy"] = "candidate"
    shaping: Annotated[Shaping, "the true outcome alone, or with a PRM: as a potential, summed, annealed"] = "sparse"
    prm: Annotated[str, "the PRM: 'oracle', a .pt file, or module:Name"] = ""
    weight: Annotated[float, "of the PRM's scores, in units of the true reward"] = 1.0
    shift: Annotated[float, "added to each potential; at -1 an end is never punished"] = -1.0
    at_truncation: Annotated[TruncationRule, "the potential of a truncated end: PPO bootstraps, so keep it"] = "keep"
    revisits: Annotated[bool, "leave actions in the mask that lead back to an earlier line of the episode"] = False
    envs: Annotated[int, "copies of the environment"] = 16
    rollout: Annotated[int, "steps of each copy between updates"] = 32
    batch: Annotated[int, "steps a gradient step"] = 128
    epochs: Annotated[int, "passes over a roll-out"] = 2
    learning_rate: Annotated[float, "of Adam"] = 0.002
    gamma: Annotated[float, "discount, also that of the potential"] = 0.99
    gae_lambda: Annotated[float, "of the generalised advantage estimate"] = 0.95
    entropy: Annotated[float, "weight of the entropy bonus"] = 0.01
    evaluations: Annotated[int, "on validation problems, beside the one before training"] = 6
    problems: Annotated[int, "validation problems an evaluation, and test problems at the end"] = 100
    seed: Annotated[int, "of weights, problems and actions"] = 0
    threads: Annotated[int, "of torch; results depend on it in the last digits"] = 1

    def __post_init__(self) -> None:
        check_settings(self, {"weight": None, "shift": None, "entropy": None}, shares=("gamma", "gae_lambda"))
        if not self.level_names:
            raise ValueError("level must name a level")

    @property
    def more_kwargs(self) -> dict[str, Any]:
        """``env_kwargs`` as a dict."""
        return json_object(self.env_kwargs, "env_kwargs")

    @property
    def level_names(self) -> tuple[str, ...]:
        """``level`` one by one."""
        return names_in(self.level)

    @property
    def steps_taken(self) -> int:
        """``steps`` rounded up to whole roll-outs: what training really takes."""
        size = self.envs * self.rollout
        return -(-self.steps // size) * size


def make_env(
    config: Config, split: Literal["train", "validation", "test"], prm: ProcessRewardModel | str | None
) -> gym.Env[Any, Any]:
    """One copy of the environment: shaped as ``config`` says if there is a PRM, else with the true reward alone.

    Raises:
        ValueError, TypeError: the environment or the PRM does not exist or does not fit; the message says which.
    """
    levels = config.level_names
    level = levels[0] if len(levels) == 1 else list(levels)
    env: gym.Env[Any, Any] = gym.make(config.env, **{"level": level, "split": split, **config.more_kwargs})
    if prm is not None:
        if config.shaping == "potential":
            env = PotentialShaping(
                env,
                prm,
                gamma=config.gamma,
                at_truncation=config.at_truncation,
                shift=config.shift,
                weight=config.weight,
            )
        elif config.shaping == "process":
            env = ProcessReward(env, prm, weight=config.weight)
        elif config.shaping == "annealed":
            env = Annealed(env, prm, total_steps=config.steps_taken // config.envs, weight=config.weight)
    return Monitor(env if config.revisits else NoRevisits(env))


def open_prm(config: Config, prm: ProcessRewardModel | str | None = None) -> ProcessRewardModel | None:
    """The PRM of a run: the one given, else the one that ``config`` names; None where the reward is sparse.

    Raises:
        ValueError: the shaping needs a PRM and there is none.
    """
    if config.shaping == "sparse":
        return None
    named = prm or config.prm
    if not named:
        raise ValueError(f"shaping {config.shaping!r} needs a PRM: give --prm oracle, a .pt file, or module:Name")
    return open_any_prm("reasoning_envs.rewards.oracle:OraclePRM" if named == "oracle" else named)


def parse_arguments(arguments: Sequence[str] | None) -> tuple[Config, Path]:
    """The configuration and the folder of the run, from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.ppo",
        description="Train MaskablePPO on an environment of reasoning_envs.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_options(parser, Config)
    parser.add_argument("--out", type=Path, help="folder of the run; by default runs/ppo-LEVEL-SHAPING-SEED")
    chosen = vars(parser.parse_args(arguments))
    out = chosen.pop("out")
    try:
        config = Config(**chosen)
    except ValueError as error:
        parser.error(str(error))
    return config, out or Path("runs") / f"ppo-{'+'.join(config.level_names)}-{config.shaping}-{config.seed}"
