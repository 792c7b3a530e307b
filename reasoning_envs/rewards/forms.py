"""Other forms of process reward than the sum: what a score is worth, step by step.

Each wrapper pays when the step is made, so that any learner can use it. Forms that cannot be paid before the episode is
over (the exact minimum form, differences with the *next* score) relabel stored traces:
:mod:`reasoning_envs.rewards.relabelling`.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import gymnasium as gym

from reasoning_envs.rewards.following import OnError, ScoringWrapper
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel
from reasoning_envs.rewards.wrappers import status_weights_of
from reasoning_envs.types import StepScore

__all__ = ["Clip", "Implicit", "MinForm", "Progress"]


class Clip(ScoringWrapper):
    """Only what is missing: r = R + w * min(value - eta, 0) ("Clip" of Gao et al., arXiv 2410.15115).

    A step that scores eta or more is paid nothing, so that no number of good steps is worth anything; a worse one
    costs. It is not policy-invariant: where every way costs, a short wrong one may cost least.

    Args:
        env, prm, weight, on_error: as of :class:`~reasoning_envs.rewards.wrappers.ProcessReward`.
        eta: the threshold, in [0, 1].

    Raises:
        ValueError: eta out of range, or a weight that is not finite. TypeError: the environment judges no steps.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        prm: ProcessRewardModel | str | PathLike[str],
        *,
        eta: float = 0.5,
        weight: float = 1.0,
        on_error: OnError = "raise",
    ) -> None:
        if not 0.0 <= eta <= 1.0:
            raise ValueError(f"eta must be in [0, 1], as scores are, got {eta!r}")
        super().__init__(env, prm, weight=weight, on_error=on_error, eta=eta)
        self.eta = float(eta)

    def shape(
        self, reward: float, score: StepScore | None, terminated: bool, truncated: bool, info: dict[str, Any]
    ) -> float:
        return reward if score is None else reward + self.weight * min(score.value - self.eta, 0.0)


class MinForm(ScoringWrapper):
    """The worst step counts: r = R + w * (m_t - m_{t-1}), m_t being the least value of the episode so far, m_0 = 1.

    Summed over an episode this is w * (min value - 1), as with the min-form credit assignment of PURE (Cheng et al.,
    arXiv 2504.15275) at temperature 0, but paid at each step that lowers the minimum so far. Their form needs the
    whole episode: :class:`~reasoning_envs.rewards.relabelling.MinForm`. It is not policy-invariant.

    Args:
        env, prm, weight, on_error: as of :class:`~reasoning_envs.rewards.wrappers.ProcessReward`.

    Raises:
        ValueError: a weight that is not finite. TypeError: the environment judges no steps.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        prm: ProcessRewardModel | str | PathLike[str],
        *,
        weight: float = 1.0,
        on_error: OnError = "raise",
    ) -> None:
        super().__init__(env, prm, weight=weight, on_error=on_error)
        self._least = 1.0

    def on_start(self, initial: StepScore | None) -> None:
        self._least = 1.0

    def on_score(self, score: StepScore | None) -> None:
        if score is not None:
            self._least = min(self._least, score.value)

    def shape(
        self, reward: float, score: StepScore | None, terminated: bool, truncated: bool, info: dict[str, Any]
    ) -> float:
        before = self._least
        self.on_score(score)
        return reward + self.weight * (self._least - before)


class Progress(ScoringWrapper):
    """The step's advantage: r = R + w * u(status) * A (process advantage verifiers, arXiv 2410.08146).

    A is the score's ``advantage``: by how much the step changed the chance of success *under the PRM's own prover*;
    from a PRM that gives none, the value less the one before. A prover that always succeeds, or never does, has no
    advantages to give: Setlur et al. want another policy than the learner's, neither much better nor much worse.

    It is not policy-invariant: what an episode is paid telescopes to the last value less the first, and nothing is
    paid back at the end (as :class:`~reasoning_envs.rewards.wrappers.PotentialShaping` does).

    Args:
        env, prm, on_error: as of :class:`~reasoning_envs.rewards.wrappers.ProcessReward`.
        weight: w. status_weights: u, as of ``ProcessReward``.

    Raises:
        ValueError: a weight that is not finite, or no such status. TypeError: the environment judges no steps.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        prm: ProcessRewardModel | str | PathLike[str],
        *,
        weight: float = 1.0,
        status_weights: Mapping[str, float] | None = None,
        on_error: OnError = "raise",
    ) -> None:
        super().__init__(env, prm, weight=weight, on_error=on_error, status_weights=status_weights)
        self.status_weights = status_weights_of(status_weights)
        self._value: float | None = None

    def on_start(self, initial: StepScore | None) -> None:
        self._value = None if initial is None else initial.value

    def on_score(self, score: StepScore | None) -> None:
        if score is not None:
            self._value = score.value

    def shape(
        self, reward: float, score: StepScore | None, terminated: bool, truncated: bool, info: dict[str, Any]
    ) -> float:
        if score is None:
            return reward
        advantage = score.advantage
        if advantage is None:
            advantage = 0.0 if self._value is None else score.value - self._value
        self.on_score(score)
        return reward + self.weight * self.status_weights[info["verdict"].status] * advantage


class Implicit(ScoringWrapper):
    """The log ratio of an implicit PRM: r = R + w * beta * log(p / q) of the step (PRIME, arXiv 2502.01456).

    p is the chance of the step under a model trained on outcomes alone, q that under its reference; an implicit PRM
    gives beta * log(p / q), cut at plus and minus 1, as the score's ``advantage``. Summed over an episode this is the
    outcome reward that the PRM believes in, which rules where it is wrong: it is not policy-invariant.

    Args:
        env, prm, weight, on_error: as of :class:`~reasoning_envs.rewards.wrappers.ProcessReward`.

    Raises:
        ValueError: a weight that is not finite. TypeError: the environment judges no steps.
        PRMError: (at the first step) the PRM gives no advantage, so it is no implicit one.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        prm: ProcessRewardModel | str | PathLike[str],
        *,
        weight: float = 1.0,
        on_error: OnError = "raise",
    ) -> None:
        super().__init__(env, prm, weight=weight, on_error=on_error)

    def shape(
        self, reward: float, score: StepScore | None, terminated: bool, truncated: bool, info: dict[str, Any]
    ) -> float:
        if score is None:
            return reward
        if score.advantage is None:
            raise PRMError(f"{self.prm.name}: gives no advantage, which Implicit pays; it is no implicit PRM")
        return reward + self.weight * score.advantage
