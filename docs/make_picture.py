"""Draws docs/derivation.png, the picture of the README: ``.venv/bin/python docs/make_picture.py``."""

from pathlib import Path

import gymnasium as gym
from PIL import Image

import reasoning_envs  # noqa: F401 -- registers the environments
from reasoning_envs.rewards import OraclePRM, ProcessReward


def main() -> None:
    """Plays one short derivation with a lost root in it and saves the text card."""
    env = ProcessReward(gym.make("reasoning_envs/AlgebraText-v0", render_mode="rgb_array"), OraclePRM())
    env.reset(options={"problem": "3*(x^2 - 1) = 6*x - 3"})
    for line in ("3*x^2 - 3 = 6*x - 3", "3*x^2 = 6*x", "x^2 = 2*x", "x = 2"):
        env.step(line)
    Image.fromarray(env.render()).save(Path(__file__).with_name("derivation.png"))


if __name__ == "__main__":
    main()
