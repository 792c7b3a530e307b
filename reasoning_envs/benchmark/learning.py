"""What an agent of the benchmark is given, and what it gives back.

An agent is a function named ``"my_module:train"``::

    def train(training: Training) -> Policy:
        env = training.make_env()          # as many copies as it likes
        while training.checkpoint(policy): # measures the policy where a measurement is due; False: the budget is spent
            ...                            # some hundred steps of env, and learning from them
        return policy

The benchmark counts the steps, keeps the budget and measures the true outcome itself, on problems that the agent never
sees; an agent can neither take more steps than another nor say how good it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, Protocol, runtime_checkable

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from reasoning_envs.benchmark.names import unknown
from reasoning_envs.loading import load

__all__ = ["Budget", "Learner", "Policy", "Training", "open_agent"]


@runtime_checkable
class Policy(Protocol):
    """What can be measured."""

    def act(
        self, observations: Sequence[Any], masks: Sequence[NDArray[np.bool_]], *, greedy: bool, rng: np.random.Generator
    ) -> Sequence[int]:
        """One action for each observation.

        Args:
            observations: of B environments, as they give them.
            masks: of each, [A] bool: the legal actions.
            greedy: take the best action, else draw one.
            rng: whence all chance comes.
        """


class Learner(Protocol):
    """An agent; see the module."""

    def __call__(self, training: Training) -> Policy:
        """Learn until the budget is spent; the policy learned."""


@dataclass(frozen=True)
class Budget:
    """What a run may spend.

    Attributes:
        kind: ``"steps"`` of the environment, or ``"seconds"`` of processor time of the run's one process (which is
            wall-clock on an idle machine, and fair on a busy one); measuring the policy is not charged.
        amount: above 0.

    Raises:
        ValueError: another kind, or an amount that is not above 0.
    """

    kind: Literal["steps", "seconds"]
    amount: float

    def __post_init__(self) -> None:
        if self.kind not in ("steps", "seconds"):
            raise ValueError(f"a budget is of 'steps' or 'seconds', got {self.kind!r}")
        if not self.amount > 0:
            raise ValueError(f"a budget must be above 0, got {self.amount!r}")


class Training:
    """What an agent is given.

    Args:
        make_env: makes a copy of the environment in which to learn: shaped, and counted by this object's ``spend``.
        measure: called with a policy when a measurement is due.
        seed: of the run.
        gamma: the discount that potentials are made for.
        budget: of the run.
        evaluations: measurements, evenly spaced over the budget, beside the one before training.

    Attributes:
        seed, gamma, budget: as given. steps: of the environment so far, in all copies and in fitting a PRM.
    """

    def __init__(
        self,
        make_env: Callable[[], gym.Env[Any, Any]],
        measure: Callable[[Policy], None],
        *,
        seed: int,
        gamma: float,
        budget: Budget,
        evaluations: int,
    ) -> None:
        self.make_env = make_env
        self.seed = seed
        self.gamma = gamma
        self.budget = budget
        self.steps = 0
        self._measure = measure
        self._evaluations = evaluations
        self._done = 0
        self._began: float | None = None
        self._aside = 0.0

    @property
    def seconds(self) -> float:
        """Processor seconds since the first checkpoint, without measurements. Imports come before it."""
        return 0.0 if self._began is None else time.process_time() - self._began - self._aside

    @property
    def spent(self) -> float:
        """Share of the budget that is spent; may pass 1 by what an agent does between two checkpoints."""
        return (self.steps if self.budget.kind == "steps" else self.seconds) / self.budget.amount

    @property
    def steps_left(self) -> int:
        """Steps of the environment that are left; of a budget in seconds a number that is never reached."""
        return max(0, int(self.budget.amount) - self.steps) if self.budget.kind == "steps" else 2**31

    def spend(self, steps: int) -> None:
        """Count steps of the environment; its copies call this themselves."""
        self.steps += steps

    def checkpoint(self, policy: Policy) -> bool:
        """Measure the policy where that is due; whether there is budget left."""
        if self._began is None:
            self._began = time.process_time()
        if self.spent < 1.0 and self.spent >= self._done / self._evaluations:
            self._aside_measure(policy)
            self._done = int(self.spent * self._evaluations) + 1
        return self.spent < 1.0

    def finish(self, policy: Policy) -> None:
        """The last measurement; the benchmark calls this."""
        self._aside_measure(policy)

    def _aside_measure(self, policy: Policy) -> None:
        began = time.process_time()
        self._measure(policy)
        self._aside += time.process_time() - began


def open_agent(name: str) -> Learner:
    """The agent that is meant.

    Args:
        name: ``"sb3:MaskablePPO"`` or another algorithm of Stable-Baselines3 or sb3-contrib for discrete actions; or
            ``"module:train"`` of a function as the module describes.

    Raises:
        ValueError: there is none of that name; close ones are listed. TypeError: it names no function.
        ImportError: Stable-Baselines3 is not installed.
    """
    module, colon, attribute = name.partition(":")
    if module == "sb3" and colon:
        from reasoning_envs.benchmark.sb3 import ALGORITHMS, Sb3Learner

        if attribute not in ALGORITHMS:
            known = [f"sb3:{algorithm}" for algorithm in ALGORITHMS]
            raise unknown("agent", name, known, "One of your own is written 'my_module:train'.")
        if find_spec(ALGORITHMS[attribute]) is None:
            raise ImportError(f"{name} needs {ALGORITHMS[attribute]}: pip install 'reasoning-envs[train]'")
        return Sb3Learner(attribute)
    if not colon:
        raise unknown(
            "agent", name, ["sb3:MaskablePPO", "agents.benchmark:train"], "One of your own: 'my_module:train'."
        )
    found = load(name)
    if not callable(found):
        raise TypeError(f"{name} is a {type(found).__name__}, not a function of a Training that gives a Policy")
    learner: Learner = found
    return learner
