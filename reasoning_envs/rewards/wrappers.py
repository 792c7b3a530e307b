"""Reward shaping: Gymnasium wrappers that add a PRM's scores to the true reward.

They wrap a :class:`~reasoning_envs.env.ReasoningEnv`, or what offers the same, and may be nested; what they write into
``info`` stands in :mod:`reasoning_envs.rewards.following`.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any, ClassVar, Literal

import gymnasium as gym

from reasoning_envs.rewards.following import OnError, ScoringWrapper, finite
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.types import Status, StepScore

__all__ = ["STATUS_WEIGHTS", "Annealed", "PotentialShaping", "ProcessReward", "status_weights_of"]

STATUS_WEIGHTS: Mapping[Status, float] = {
    Status.VERIFIED: 1.0,
    Status.REFUTED: 1.0,
    Status.UNDECIDED: 1.0,
    Status.UNPARSED: 0.0,
    Status.UNSAFE: 0.0,
    Status.TIMEOUT: 0.0,
    Status.ERROR: 0.0,
}
"""By default a score counts where a step was made and judged. A text that changes nothing would else be paid for the
line on which it leaves the episode."""


class ProcessReward(ScoringWrapper):
    """The sum: r = R + w * u(status) * value, for each reasoning step.

    This is not policy-invariant. An agent is paid for every further step, so it may prefer a long derivation that is
    valid to an answer. It is here because it is what is done most often, and as the reference against which potentials
    are measured.

    Args:
        env: see the module. prm: an object, ``"module:Name"``, or a ``.pt`` checkpoint.
        weight: w, in units of the true reward.
        status_weights: u by the status of the step's verdict (name or :class:`~reasoning_envs.types.Status`); those
            that are not named keep :data:`STATUS_WEIGHTS`.
        on_error: ``"raise"`` a PRMError, or leave the step ``"unscored"`` (no shaping) and count it in ``info``.

    Raises:
        ValueError: a weight is not finite, or a status does not exist. TypeError: the environment judges no steps.
    """

    policy_invariant = False

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

    def shape(
        self, reward: float, score: StepScore | None, terminated: bool, truncated: bool, info: dict[str, Any]
    ) -> float:
        if score is None:
            return reward
        return reward + self.weight * self.status_weights[info["verdict"].status] * score.value


class PotentialShaping(ScoringWrapper):
    """Potential-based shaping (Ng, Harada & Russell 1999, theorem 1; potentials of histories: Devlin & Kudenko 2012).

    r = R + F with F = gamma * Phi(s') - Phi(s) at *every* environment step, and

    * Phi(s) = weight * (value + shift), value being the PRM's score of the episode so far (of its start: the scorer's
      ``initial``);
    * Phi = 0 after termination;
    * after truncation Phi(s') as it is (``at_truncation="keep"``), or 0 (``"zero"``).

    With discount gamma the shaping of an episode telescopes: the sum of gamma^t F_t is gamma^n Phi(s_n) - Phi(s_0). An
    action that is no reasoning step leaves Phi as it was, and F = (gamma - 1) Phi, which is 0 for gamma = 1: paying 0
    there for a smaller gamma would reward idling.

    It is policy-invariant for a learner with this very gamma if, with ``keep``, it bootstraps from the value of the
    last state of a truncated episode (there Phi(s_n) is answered by the value function), or, with ``zero``, it does
    not. ``keep`` without bootstrapping pays Phi(s_n) for where the episode was cut: a bias, and often a helpful one.

    ``shift`` moves all potentials, which changes no optimal policy, but what a learner sees first: with ``shift=-1``
    they are at most 0, so that ending an episode is never punished.

    Args:
        env, prm, on_error: as of :class:`ProcessReward`. An unscored step leaves Phi as it was; before the first score
            it is 0, which keeps the sum the same for every policy.
        gamma: the learner's discount factor, in (0, 1].
        at_truncation: ``"keep"`` or ``"zero"``; to be named, since it decides much.
        shift, weight: see above.

    Raises:
        ValueError: gamma out of range, an unknown ``at_truncation``, a shift or weight that is not finite.
        TypeError: the environment judges no steps.
    """

    _CONDITIONS: ClassVar[dict[str, str]] = {
        "keep": "if the learner bootstraps where an episode is truncated",
        "zero": "if the learner does not bootstrap where an episode is truncated",
    }

    def __init__(
        self,
        env: gym.Env[Any, Any],
        prm: ProcessRewardModel | str | PathLike[str],
        *,
        gamma: float,
        at_truncation: Literal["keep", "zero"],
        shift: float = 0.0,
        weight: float = 1.0,
        on_error: OnError = "raise",
    ) -> None:
        if not 0.0 < gamma <= 1.0:
            raise ValueError(f"gamma must be the learner's discount factor, in (0, 1], got {gamma!r}")
        if at_truncation not in self._CONDITIONS:
            raise ValueError(f"at_truncation must be 'keep' or 'zero', got {at_truncation!r}")
        super().__init__(
            env, prm, weight=weight, on_error=on_error, gamma=gamma, at_truncation=at_truncation, shift=shift
        )
        self.gamma = float(gamma)
        self.at_truncation = at_truncation
        self.shift = finite("shift", shift)
        self._potential: float | None = None

    @property
    def policy_invariant(self) -> str:  # type: ignore[override]
        """The condition under which it is."""
        return self._CONDITIONS[self.at_truncation]

    @property
    def potential(self) -> float | None:
        """Phi of the current state; None where the PRM has scored nothing yet."""
        return self._potential

    def on_start(self, initial: StepScore | None) -> None:
        self._potential = None
        self.on_score(initial)

    def on_score(self, score: StepScore | None) -> None:
        if score is not None:
            self._potential = self.weight * (score.value + self.shift)

    def shape(
        self, reward: float, score: StepScore | None, terminated: bool, truncated: bool, info: dict[str, Any]
    ) -> float:
        before = self._potential or 0.0
        self.on_score(score)
        if terminated or (truncated and self.at_truncation == "zero"):
            self._potential = 0.0
        info["potential"] = after = self._potential or 0.0
        return reward + self.gamma * after - before


class Annealed(ScoringWrapper):
    """From exploration to competition: r = a_t * w * u(status) * value + (1 - a_t) * R (Bansal et al. 2017, eq. 1).

    R, the true reward, is paid at the end of an episode alone. The coefficient a_t goes from 1 to 0

    * linearly over the first ``fraction`` of ``total_steps`` environment steps; or
    * with success: a_t = max(0, 1 - rate / success_target), the rate being an exponential mean of true successes over
      about ``window`` episodes. It may rise again.

    Each copy of the environment counts its own steps and episodes: with n copies in a vector environment give each
    total_steps / n. The schedule is no part of ``get_state``; :meth:`get_schedule` and :meth:`set_schedule` save and
    restore it, also through ``envs.call("set_schedule", state)`` and SB3's ``env_method``.

    It is not policy-invariant while a_t > 0, and the true task itself from then on.

    Args:
        env, prm, status_weights, on_error: as of :class:`ProcessReward`.
        total_steps: of training, in this copy of the environment. fraction: in (0, 1].
        success_target: in (0, 1], in place of ``total_steps``. window: episodes, 1 or more.
        weight: w.

    Raises:
        ValueError: not exactly one of ``total_steps`` and ``success_target``, or a number out of range.
        TypeError: the environment judges no steps.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        prm: ProcessRewardModel | str | PathLike[str],
        *,
        total_steps: int | None = None,
        fraction: float = 0.15,
        success_target: float | None = None,
        window: int = 100,
        weight: float = 1.0,
        status_weights: Mapping[str, float] | None = None,
        on_error: OnError = "raise",
    ) -> None:
        if (total_steps is None) == (success_target is None):
            raise ValueError("give either total_steps (a linear schedule) or success_target (one that follows success)")
        if total_steps is not None and total_steps < 1:
            raise ValueError(f"total_steps must be 1 or more, got {total_steps}")
        if not 0.0 < fraction <= 1.0:
            raise ValueError(f"fraction must be in (0, 1], got {fraction!r}")
        if success_target is not None and not 0.0 < success_target <= 1.0:
            raise ValueError(f"success_target must be in (0, 1], got {success_target!r}")
        if window < 1:
            raise ValueError(f"window must be 1 episode or more, got {window}")
        super().__init__(
            env,
            prm,
            weight=weight,
            on_error=on_error,
            total_steps=total_steps,
            fraction=fraction,
            success_target=success_target,
            window=window,
            status_weights=status_weights,
        )
        self.status_weights = status_weights_of(status_weights)
        self._span = None if total_steps is None else total_steps * fraction
        self._target = success_target
        self._window = window
        self._taken = 0
        self._rate = 0.0

    @property
    def policy_invariant(self) -> bool:  # type: ignore[override]
        """False until the coefficient is 0 for good."""
        return self._span is not None and self.coefficient == 0.0

    @property
    def coefficient(self) -> float:
        """a_t of the next step, in [0, 1]."""
        done = self._taken / self._span if self._span is not None else self._rate / (self._target or 1.0)
        return max(0.0, 1.0 - done)

    def get_schedule(self) -> dict[str, float]:
        """Plain data: ``steps`` taken so far, ``success_rate``."""
        return {"steps": self._taken, "success_rate": self._rate}

    def set_schedule(self, state: Mapping[str, float]) -> None:
        """Go on from what :meth:`get_schedule` gave.

        Raises:
            ValueError: another mapping, or numbers that no schedule can have.
        """
        if set(state) != {"steps", "success_rate"} or state["steps"] < 0 or not 0.0 <= state["success_rate"] <= 1.0:
            raise ValueError(f"a schedule is {{'steps': 0 or more, 'success_rate': in [0, 1]}}, got {dict(state)!r}")
        self._taken = int(state["steps"])
        self._rate = float(state["success_rate"])

    def shape(
        self, reward: float, score: StepScore | None, terminated: bool, truncated: bool, info: dict[str, Any]
    ) -> float:
        coefficient = self.coefficient
        info["annealing"] = coefficient
        self._taken += 1
        if terminated or truncated:
            self._rate += (float(info["reward/true"] > 0.0) - self._rate) / self._window
        dense = 0.0 if score is None else score.value * self.status_weights[info["verdict"].status]
        return coefficient * self.weight * dense + (1.0 - coefficient) * reward


def status_weights_of(given: Mapping[str, float] | None) -> dict[Status, float]:
    """A weight for each status: those that are given, and :data:`STATUS_WEIGHTS` for the others.

    Raises:
        ValueError: no such status, or a weight that is not finite.
    """
    weights = dict(STATUS_WEIGHTS)
    for name, weight in (given or {}).items():
        try:
            status = Status(name)
        except ValueError:
            raise ValueError(
                f"status_weights: there is no status {name!r}; known: {', '.join(status.value for status in Status)}"
            ) from None
        weights[status] = finite(f"the weight of {status.value}", weight)
    return weights
