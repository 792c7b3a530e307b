"""The arms of the benchmark: a form of shaping and, where it needs one, a process reward model.

An arm is written ``FORM``, ``FORM=PRM`` or ``FORM*WEIGHT=PRM``: ``sparse``, ``potential=oracle``, ``sum*0.1=constant``.
A form that needs a PRM and names none takes the task's own dense signal. What a user brings is named
``my_module:MyShaping``: a wrapper (called with the environment alone), or a PRM, which is then a potential, or stands
behind a form: ``clip=my_module:MyPRM``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from reasoning_envs.benchmark.names import unknown
from reasoning_envs.benchmark.tasks import Task
from reasoning_envs.loading import load
from reasoning_envs.rewards import (
    Annealed,
    Clip,
    CountBonus,
    LoopPenalty,
    MinForm,
    PotentialShaping,
    ProcessReward,
    ProcessRewardModel,
    Progress,
    ShapingWrapper,
    Sparse,
    StepCost,
    open_prm,
)

__all__ = ["ALWAYS", "DEFAULT", "FORMS", "PRMS", "Shaping", "ZeroReward", "open_shaping", "with_controls"]

Wrap = Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]


class ZeroReward(ShapingWrapper):
    """r = 0, whatever was done: what a learner does by drifting alone."""

    policy_invariant = False

    def reward_of(self, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> float:
        """Nothing."""
        return 0.0


_Builder = Callable[[gym.Env[Any, Any], Any, float, float], gym.Env[Any, Any]]
"""Of an environment, a PRM, a weight and the learner's discount."""

_WITH_PRM: dict[str, _Builder] = {
    "sum": lambda env, prm, weight, gamma: ProcessReward(env, prm, weight=weight),
    "potential": lambda env, prm, weight, gamma: PotentialShaping(
        env, prm, gamma=gamma, at_truncation="keep", shift=-1.0, weight=weight
    ),
    "zeroed": lambda env, prm, weight, gamma: PotentialShaping(
        env, prm, gamma=gamma, at_truncation="zero", shift=-1.0, weight=weight
    ),
    "progress": lambda env, prm, weight, gamma: Progress(env, prm, weight=weight),
    "clip": lambda env, prm, weight, gamma: Clip(env, prm, weight=weight),
    "min": lambda env, prm, weight, gamma: MinForm(env, prm, weight=weight),
    "annealed": lambda env, prm, weight, gamma: Annealed(env, prm, success_target=0.5, window=20, weight=weight),
}
_WITHOUT: dict[str, _Builder] = {
    "sparse": lambda env, prm, weight, gamma: Sparse(env),
    "zero": lambda env, prm, weight, gamma: ZeroReward(env),
    "steps": lambda env, prm, weight, gamma: StepCost(env, cost=0.01 * weight),
    "loops": lambda env, prm, weight, gamma: LoopPenalty(env, penalty=0.1 * weight),
    "count": lambda env, prm, weight, gamma: CountBonus(env, beta=0.1 * weight),
}
FORMS = (*_WITHOUT, *_WITH_PRM)
"""``zeroed`` is the potential that is 0 where an episode is cut off; ``potential`` keeps it there."""

PRMS: dict[str, str] = {
    "oracle": "reasoning_envs.rewards.oracle:OraclePRM",
    "constant": "reasoning_envs.rewards.hackable:ConstantPRM",
    "length": "reasoning_envs.rewards.hackable:LengthPRM",
    "repetition": "reasoning_envs.rewards.hackable:RepetitionPRM",
    "tests": "reasoning_envs.benchmark.shapings:tests",
    "values": "reasoning_envs.benchmark.shapings:values",
}
"""PRMs by name; beside them ``signal`` is the task's own."""


def tests() -> ProcessRewardModel:
    """The share of visible tests passed."""
    from reasoning_envs.rewards.programs import ProgramPRM

    return ProgramPRM("tests")


def values() -> ProcessRewardModel:
    """How near the newest values are to the target's."""
    from reasoning_envs.rewards.programs import ProgramPRM

    return ProgramPRM("values")


ALWAYS = ("zero", "sparse", "sum=constant")
"""What no table is without: drifting, the task itself, and a PRM that knows nothing."""

DEFAULT = (*ALWAYS, "sum", "potential", "zeroed", "progress", "clip", "min", "annealed", "sum=length")


@dataclass(frozen=True)
class Shaping:
    """One arm.

    Attributes:
        name: as it was written.
        form: of :data:`FORMS`, or ``"module:Name"`` of a wrapper.
        prm: a name of :data:`PRMS`, ``"signal"``, a ``.pt`` file or ``"module:Name"``; empty where none is needed.
        weight: of the PRM's scores, in units of the true reward.
    """

    name: str
    form: str
    prm: str = ""
    weight: float = 1.0

    def prm_for(self, task: Task) -> ProcessRewardModel | None:
        """The PRM of this arm in that task; None where it has none.

        Raises:
            ValueError, TypeError: it names no PRM.
        """
        if not self.prm:
            return None
        name = task.signal if self.prm == "signal" else self.prm
        return open_prm(PRMS.get(name, name))

    def wrap(self, env: gym.Env[Any, Any], prm: ProcessRewardModel | None, gamma: float) -> gym.Env[Any, Any]:
        """The shaped environment.

        Raises:
            TypeError: the user's shaping gives no environment.
        """
        build = _WITH_PRM.get(self.form) or _WITHOUT.get(self.form)
        if build is not None:
            return build(env, prm, self.weight, gamma)
        made = load(self.form)(env)
        if not isinstance(made, gym.Env):
            raise TypeError(f"{self.form} must make an environment of an environment, got {type(made).__name__}")
        return made


def open_shaping(text: str) -> Shaping:
    """The arm that is meant; see the module.

    Raises:
        ValueError: there is no such form or PRM, close names are listed; a PRM where none is needed; a weight that is
            no number. TypeError: it names something else than a wrapper or a PRM.
    """
    form, equals, prm = text.partition("=")
    form, star, factor = form.partition("*")
    try:
        weight = float(factor) if star else 1.0
    except ValueError:
        raise ValueError(f"{text!r}: the weight must be a number, got {factor!r}") from None
    if form in _WITHOUT:
        if equals:
            raise ValueError(f"{text!r}: {form!r} takes no process reward model; those that do: {', '.join(_WITH_PRM)}")
        return Shaping(text, form, weight=weight)
    if form in _WITH_PRM:
        _check_prm(text, prm or "signal")
        return Shaping(text, form, prm or "signal", weight)
    if ":" in form and not equals:
        found = load(form)
        if isinstance(found, ProcessRewardModel) or (isinstance(found, type) and issubclass(found, ProcessRewardModel)):
            return Shaping(text, "potential", form, weight)
        if not callable(found):
            raise TypeError(f"{form} is a {type(found).__name__}: neither a wrapper nor a process reward model")
        return Shaping(text, form, weight=weight)
    raise unknown("shaping", form, FORMS, "One of your own is written 'my_module:MyShaping'.")


def _check_prm(text: str, prm: str) -> None:
    if prm == "signal" or prm in PRMS:
        return
    if ":" not in prm and not prm.endswith(".pt"):
        raise unknown("process reward model", prm, [*PRMS, "signal"], "One of your own is written 'my_module:MyPRM'.")
    open_prm(prm)


def with_controls(shapings: tuple[str, ...]) -> tuple[str, ...]:
    """The arms that were asked for, each once, behind those that no table is without."""
    return tuple(dict.fromkeys((*ALWAYS, *shapings)))
