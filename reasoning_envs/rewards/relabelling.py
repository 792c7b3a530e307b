"""Rewards for stored traces, once an episode is over: the forms that need the whole of it, and the others beside them.

A *form* turns the PRM's values of an episode, [n] in [0, 1], into one reward a step, [n]; :func:`relabel` adds the true
rewards and writes the parts into new traces. A form is plain data, so that an experiment can name it.

=====================  ============================================  ==================================================
form                   reward of step t (values v_1 ... v_n)         source
=====================  ============================================  ==================================================
:class:`Nothing`       0                                             the outcome alone
:class:`SumForm`       v_t                                           what is done most often
:class:`MinForm`       v_t * softmax(-v / T)_t                       PURE, arXiv 2504.15275
:class:`ClipForm`      min(v_t - eta, 0)                             "Clip", arXiv 2410.15115
:class:`DeltaForm`     v_t - v_{t+1} for t < n, v_n for the last     "Delta", arXiv 2410.15115
:class:`Difference`    gamma * Phi_t - Phi_{t-1}, Phi_n = 0          Ng, Harada & Russell 1999
=====================  ============================================  ==================================================

For a learner that sums rewards from each step on without a discount, :class:`SumForm` pays v_t + v_{t+1} + ..., so that
long episodes are worth more; :class:`DeltaForm` pays v_t alone; :class:`MinForm` about the least value to come; and
:class:`Difference` the same to every action in a state, up to the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.checking import open_prm, score_checked
from reasoning_envs.rewards.following import finite
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.types import Trace

__all__ = ["ClipForm", "DeltaForm", "Difference", "Form", "MinForm", "Nothing", "SumForm", "relabel"]

Floats = NDArray[np.float64]


class Form(Protocol):
    """How values become rewards."""

    def __call__(self, values: Floats, initial: float, terminated: bool) -> Floats:
        """The rewards.

        Args:
            values: [n], in [0, 1], of the steps of one episode, n > 0.
            initial: the value of its start.
            terminated: the episode reached an answer; False where it was cut off.

        Returns:
            [n].
        """


@dataclass(frozen=True, slots=True)
class Nothing:
    """No process reward."""

    def __call__(self, values: Floats, initial: float, terminated: bool) -> Floats:
        return np.zeros(len(values))


@dataclass(frozen=True, slots=True)
class SumForm:
    """Each step is paid its value."""

    def __call__(self, values: Floats, initial: float, terminated: bool) -> Floats:
        return values.copy()


@dataclass(frozen=True, slots=True)
class MinForm:
    """The worse a step, the more of the episode's reward falls on it; together about the least value.

    Attributes:
        temperature: T, above 0; the smaller, the closer to the minimum. PURE uses 0.1.
    """

    temperature: float = 0.1

    def __post_init__(self) -> None:
        if not finite("temperature", self.temperature) > 0.0:
            raise ValueError(f"temperature must be above 0, got {self.temperature!r}")

    def __call__(self, values: Floats, initial: float, terminated: bool) -> Floats:
        logits = -values / self.temperature
        weights = np.exp(logits - logits.max())
        return np.asarray(values * weights / weights.sum(), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class ClipForm:
    """Only what is missing to a threshold.

    Attributes:
        eta: the threshold, in [0, 1].
    """

    eta: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.eta <= 1.0:
            raise ValueError(f"eta must be in [0, 1], as values are, got {self.eta!r}")

    def __call__(self, values: Floats, initial: float, terminated: bool) -> Floats:
        return np.asarray(np.minimum(values - self.eta, 0.0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class DeltaForm:
    """A step is paid its value less the next one's, so that the rewards from it on add up to its own value."""

    def __call__(self, values: Floats, initial: float, terminated: bool) -> Floats:
        return np.asarray(values - np.append(values[1:], 0.0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Difference:
    """Potentials, as :class:`~reasoning_envs.rewards.wrappers.PotentialShaping` pays them.

    Attributes:
        gamma: the learner's discount factor, in (0, 1].
        at_truncation: ``"keep"`` the last potential where an episode was cut off, or ``"zero"``.
        shift: added to every value.
    """

    gamma: float
    at_truncation: Literal["keep", "zero"]
    shift: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.gamma <= 1.0:
            raise ValueError(f"gamma must be the learner's discount factor, in (0, 1], got {self.gamma!r}")
        if self.at_truncation not in ("keep", "zero"):
            raise ValueError(f"at_truncation must be 'keep' or 'zero', got {self.at_truncation!r}")

    def __call__(self, values: Floats, initial: float, terminated: bool) -> Floats:
        potentials = np.concatenate([[initial], values]) + self.shift
        if terminated or self.at_truncation == "zero":
            potentials[-1] = 0.0
        return np.asarray(self.gamma * potentials[1:] - potentials[:-1], dtype=np.float64)


def relabel(traces: Sequence[Trace], prm: ProcessRewardModel | str, form: Form, *, weight: float = 1.0) -> list[Trace]:
    """The traces with rewards made anew: ``true`` as it was, ``shaping`` by the form, ``total`` their sum.

    Args:
        traces: of whole episodes. Their steps' scores become the PRM's.
        prm: an object, ``"module:Name"``, or a ``.pt`` checkpoint. All traces are scored in one batch.
        form: see the module.
        weight: of the form's rewards, in units of the true reward.

    Returns:
        new traces, in the order of the given ones, with ``returns`` summed anew. An episode that reached no answer
        counts as cut off.

    Raises:
        PRMError: the PRM failed. ValueError: a weight that is not finite.
    """
    model = open_prm(prm)
    finite("weight", weight)
    relabelled = []
    for trace, scores in zip(traces, score_checked(model, traces), strict=True):
        if not trace.steps:
            relabelled.append(trace)
            continue
        initial = model.begin(trace.problem, None).initial.value
        values = np.array([score.value for score in scores])
        shaping = weight * form(values, initial, trace.outcome is not None and trace.outcome.scored)
        steps = []
        for step, score, extra in zip(trace.steps, scores, shaping.tolist(), strict=True):
            true = step.rewards.get("true", 0.0)
            parts = {"true": true, "shaping": extra, "total": true + extra}
            steps.append(replace(step, rewards=parts, score=score))
        names = ("true", "shaping", "total")
        returns = {**trace.returns, **{name: sum(step.rewards[name] for step in steps) for name in names}}
        relabelled.append(replace(trace, steps=tuple(steps), returns=returns))
    return relabelled
