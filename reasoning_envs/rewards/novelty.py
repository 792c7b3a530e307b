"""Pay for what is new: lines that were seen seldom, or that a network cannot foretell yet.

What has been seen is remembered over episodes, in each copy of the environment, and is no part of ``get_state``;
``get_memory`` and ``set_memory`` save and restore it, also through ``envs.call`` and SB3's ``env_method``. None of
these is policy-invariant; all fade as training goes on.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.costs import line_of
from reasoning_envs.rewards.following import ShapingWrapper, finite

__all__ = ["CountBonus", "RNDBonus"]


class CountBonus(ShapingWrapper):
    """r = R + beta / sqrt(N), N being how often the line that the step leads to has been reached, this time included.

    With tables this is the bonus of MBIE-EB (Strehl & Littman 2008); with hashed states that of Tang et al. 2017.

    Args:
        env: a :class:`~reasoning_envs.env.ReasoningEnv`, or what offers ``steps`` and ``start_line``.
        beta: 0 or more, in units of the true reward.

    Raises:
        ValueError: a beta below 0 or not finite. TypeError: the environment has no lines.
    """

    def __init__(self, env: gym.Env[Any, Any], *, beta: float = 0.1) -> None:
        _check(env, "beta", beta, type(self).__name__)
        super().__init__(env, beta=beta)
        self.beta = float(beta)
        self._counts: Counter[str] = Counter()

    def get_memory(self) -> dict[str, int]:
        """How often each line was reached."""
        return dict(self._counts)

    def set_memory(self, memory: Mapping[str, int]) -> None:
        """Go on from what :meth:`get_memory` gave."""
        self._counts = Counter(memory)

    def reward_of(self, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> float:
        if not info["step"]:
            return reward
        line = line_of(self.unwrapped)
        self._counts[line] += 1
        return reward + self.beta / math.sqrt(self._counts[line])


class RNDBonus(ShapingWrapper):
    """r = R + beta * e / s: e is how badly a network foretells a random one on the line, s the running deviation of e.

    Random network distillation (Burda et al., arXiv 1810.12894). A line enters as hashed n-grams of its characters;
    the predictor takes one step of gradient descent at each reasoning step. Needs torch.

    Args:
        env: a :class:`~reasoning_envs.env.ReasoningEnv`, or what offers ``steps`` and ``start_line``.
        beta: 0 or more, in units of the true reward.
        buckets: of the hash, 2 or more. width: of both networks' outputs, 1 or more.
        rate: of learning, above 0.
        seed: of the networks.

    Raises:
        ValueError: a number out of range. TypeError: the environment has no lines. ImportError: torch is missing.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        *,
        beta: float = 0.1,
        buckets: int = 4096,
        width: int = 32,
        rate: float = 1e-2,
        seed: int = 0,
    ) -> None:
        _check(env, "beta", beta, type(self).__name__)
        if buckets < 2 or width < 1 or not finite("rate", rate) > 0.0:
            raise ValueError(
                f"buckets must be 2 or more, width 1 or more and rate above 0, got {buckets}, {width} and {rate!r}"
            )
        import torch

        super().__init__(env, beta=beta, buckets=buckets, width=width, rate=rate, seed=seed)
        self.beta = float(beta)
        self._buckets = buckets
        generator = torch.Generator().manual_seed(seed)
        self._target = torch.randn((buckets, width), generator=generator)
        self._guess = torch.zeros((buckets, width))
        self._rate = float(rate)
        self._mean = self._squares = 0.0
        self._seen = 0

    def get_memory(self) -> dict[str, Any]:
        """The predictor and the running moments, as plain arrays and numbers."""
        return {
            "guess": self._guess.numpy().copy(),
            "seen": self._seen,
            "mean": self._mean,
            "squares": self._squares,
        }

    def set_memory(self, memory: Mapping[str, Any]) -> None:
        """Go on from what :meth:`get_memory` gave.

        Raises:
            ValueError: it is of networks of another shape.
        """
        import torch

        if np.shape(memory["guess"]) != tuple(self._guess.shape):
            raise ValueError(
                f"the memory is of networks of shape {np.shape(memory['guess'])}, these are {tuple(self._guess.shape)}"
            )
        self._guess = torch.as_tensor(np.array(memory["guess"], dtype=np.float32))
        self._seen, self._mean, self._squares = int(memory["seen"]), float(memory["mean"]), float(memory["squares"])

    def reward_of(self, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> float:
        return reward + self.beta * self._surprise(line_of(self.unwrapped)) if info["step"] else reward

    def _surprise(self, line: str) -> float:
        """The error on a line over its running deviation; the predictor learns from it."""
        import torch

        rows = torch.as_tensor(_hashed(line, self._buckets))
        share = 1.0 / len(rows) ** 0.5  # so that long lines are no louder than short ones
        gap = share * (self._target[rows] - self._guess[rows]).sum(0)
        error = float((gap * gap).mean())
        # One step on the squared error, whose gradient falls alike on all rows of the line.
        self._guess.index_add_(0, rows, (self._rate * share * gap).expand(len(rows), -1).contiguous())
        self._seen += 1
        step = error - self._mean
        self._mean += step / self._seen
        self._squares += step * (error - self._mean)
        deviation = (self._squares / self._seen) ** 0.5
        return error / deviation if deviation > 0.0 else 1.0


def _hashed(line: str, buckets: int) -> NDArray[np.int64]:
    """Buckets of the line's n-grams of one to three characters, each once."""
    padded = f"^{line}$"
    grams = {padded[i : i + n] for n in (1, 2, 3) for i in range(len(padded) - n + 1)}
    return np.array(sorted({zlib.crc32(gram.encode("utf-8", "surrogatepass")) % buckets for gram in grams}))


def _check(env: gym.Env[Any, Any], name: str, value: float, wrapper: str) -> None:
    if finite(name, value) < 0.0:
        raise ValueError(f"{name} must be 0 or more, got {value!r}")
    if "steps" not in dir(env.unwrapped):
        raise TypeError(f"{wrapper} needs an environment of lines; {env.unwrapped} has no steps")
