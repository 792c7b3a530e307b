"""The default agent of ``python -m reasoning_envs benchmark``: MaskablePPO with a policy that scores candidates."""

from __future__ import annotations

from agents.candidate_policy import CandidatePolicy, ScoredRolloutBuffer
from agents.ppo_config import Config
from reasoning_envs.benchmark.learning import Policy, Training
from reasoning_envs.benchmark.sb3 import Sb3Learner

__all__ = ["train"]


def train(training: Training) -> Policy:
    """Learn with the settings of :class:`agents.ppo_config.Config`."""
    config = Config()
    learner = Sb3Learner(
        "MaskablePPO",
        CandidatePolicy,
        config.envs,
        n_steps=config.rollout,
        batch_size=config.batch,
        n_epochs=config.epochs,
        learning_rate=config.learning_rate,
        gae_lambda=config.gae_lambda,
        ent_coef=config.entropy,
        rollout_buffer_class=ScoredRolloutBuffer,
        rollout_buffer_kwargs={"seed": training.seed},
    )
    return learner(training)
