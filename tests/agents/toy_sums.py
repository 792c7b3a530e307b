"""The toy domain of sums as an environment by id: ``tests.agents.toy_sums:tests/Sums-v0`` works in every process."""

from __future__ import annotations

import gymnasium as gym

ENV_ID = f"{__name__}:tests/Sums-v0"

gym.register(
    "tests/Sums-v0",
    entry_point="reasoning_envs.env:ReasoningEnv",
    kwargs={"domain": "tests.reasoning_envs.toy_domain:ToyDomain"},
)
