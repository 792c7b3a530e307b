"""How a PPO run is measured: by the true outcome on held-out problems.

At intervals of training on the validation split, by which settings may be chosen; at the end on the test split.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal, NamedTuple

import gymnasium as gym
import numpy as np
import torch as th
from sb3_contrib import MaskablePPO
from stable_baselines3.common.callbacks import BaseCallback

from agents.ppo_config import Config, make_env

__all__ = ["FIRST_SEED", "Measured", "Point", "Watch", "evaluate"]

FIRST_SEED = 1_000_000
"""Held-out problem i is that of ``reset(seed=FIRST_SEED + i)`` in its split, in every evaluation."""


class Measured(NamedTuple):
    """Held-out episodes of one evaluation.

    Attributes:
        right: verified against the original problem. scored: that count. unscored: that nobody could judge.
    """

    right: int
    scored: int
    unscored: int


def evaluate(
    policy: Any, envs: Sequence[gym.Env[Any, Any]], seeds: Sequence[int], *, greedy: bool, sampling_seed: int = 0
) -> Measured:
    """Play one episode for each seed; actions come in batches, one an environment.

    Args:
        policy: of Stable-Baselines3, with action masks.
        envs: copies of one environment, as :func:`make_env` makes.
        seeds: of the episodes.
        greedy: take the likeliest action, else draw one.
        sampling_seed: of the drawing; the global generator of torch is left as it was.
    """
    todo: Iterator[int] = iter(seeds)
    playing: list[tuple[gym.Env[Any, Any], Any]] = []
    for env, seed in zip(envs, todo, strict=False):
        playing.append((env, env.reset(seed=seed)[0]))
    right = scored = unscored = 0
    with th.random.fork_rng(devices=[]):
        th.manual_seed(sampling_seed)
        while playing:
            batch = {key: np.stack([seen[key] for _, seen in playing]) for key in playing[0][1]}
            masks = np.stack([env.get_wrapper_attr("action_masks")() for env, _ in playing])
            actions, _ = policy.predict(batch, deterministic=greedy, action_masks=masks)
            still: list[tuple[gym.Env[Any, Any], Any]] = []
            for (env, _), action in zip(playing, actions, strict=True):
                seen, _, terminated, truncated, info = env.step(int(action))
                if not (terminated or truncated):
                    still.append((env, seen))
                    continue
                if info["scored"]:
                    scored += 1
                    right += bool(info["success"])
                else:
                    unscored += 1
                for seed in islice(todo, 1):
                    still.append((env, env.reset(seed=seed)[0]))
            playing = still
    return Measured(right, scored, unscored)


class Point(NamedTuple):
    """One evaluation during training.

    Attributes:
        step: environment steps taken. greedy, sampled: true success on validation problems.
        shaped_return: mean return, in the reward trained on, of the scored training episodes since the point before;
            None where none ended. train_success: their mean true success, None likewise.
        episodes, unscored: training episodes so far, and how many of them were dropped.
        seconds: wall-clock since the start.
    """

    step: int
    greedy: Measured
    sampled: Measured
    shaped_return: float | None
    train_success: float | None
    episodes: int
    unscored: int
    seconds: float

    def __str__(self) -> str:
        shaped = "   n/a" if self.shaped_return is None else f"{self.shaped_return:6.3f}"
        return (
            f"{self.step:>8,} steps  true success {_share(self.greedy)} greedy {_share(self.sampled)} sampled  "
            f"return trained on {shaped}  {self.unscored} of {self.episodes:,} episodes dropped  {self.seconds:5.0f} s"
        )


def _share(measured: Measured) -> str:
    return f"{measured.right / measured.scored:.2f}" if measured.scored else " n/a"


class Watch(BaseCallback):
    """Evaluates at intervals and at the end, counts episodes, and has those left out that nobody could judge."""

    def __init__(self, config: Config, on_point: Callable[[Point, MaskablePPO], None]) -> None:
        super().__init__()
        self.points: list[Point] = []
        self.test: tuple[Measured, Measured]  # greedy and sampled, once training has ended
        self._config = config
        self._on_point = on_point
        self._envs = self._open("validation")
        self._seeds = range(FIRST_SEED, FIRST_SEED + config.problems)
        self._first = np.zeros(config.envs, dtype=np.int64)
        self._returns: list[float] = []
        self._successes: list[bool] = []
        self._episodes = self._unscored = 0
        self._began = time.monotonic()

    def _on_rollout_start(self) -> None:
        self._first[:] = 0
        due = len(self.points) * self._config.steps_taken / self._config.evaluations
        if self.num_timesteps >= due:
            self._measure()

    def _on_training_end(self) -> None:
        self._measure()
        self._close()
        self._envs = self._open("test")
        self.test = self._both_ways()
        self._close()

    def _open(self, split: Literal["validation", "test"]) -> list[gym.Env[Any, Any]]:
        return [make_env(self._config, split, None) for _ in range(min(self._config.envs, self._config.problems))]

    def _close(self) -> None:
        for env in self._envs:
            env.close()

    def _on_step(self) -> bool:
        buffer = self.model.rollout_buffer  # type: ignore[attr-defined]
        for index in np.flatnonzero(self.locals["dones"]):
            info = self.locals["infos"][index]
            self._episodes += 1
            if info["scored"]:
                self._returns.append(float(info["episode"]["r"]))
                self._successes.append(bool(info["success"]))
            else:
                # What an earlier roll-out holds of this episode has been learned from already.
                self._unscored += 1
                buffer.leave_out(int(index), int(self._first[index]))
            self._first[index] = buffer.pos + 1
        return True

    def _both_ways(self) -> tuple[Measured, Measured]:
        greedy, sampled = (
            evaluate(self.model.policy, self._envs, self._seeds, greedy=way, sampling_seed=self._config.seed)
            for way in (True, False)
        )
        return greedy, sampled

    def _measure(self) -> None:
        greedy, sampled = self._both_ways()
        point = Point(
            self.num_timesteps,
            greedy,
            sampled,
            float(np.mean(self._returns)) if self._returns else None,
            float(np.mean(self._successes)) if self._successes else None,
            self._episodes,
            self._unscored,
            time.monotonic() - self._began,
        )
        self._returns.clear()
        self._successes.clear()
        self.points.append(point)
        assert isinstance(self.model, MaskablePPO)
        self._on_point(point, self.model)
