"""Following an episode with a PRM: what all shaping wrappers have in common.

A wrapper that shapes rewards by a PRM's scores derives from :class:`ScoringWrapper` and writes one method, ``shape``;
one that needs no PRM derives from :class:`ShapingWrapper` and writes ``reward_of``. What they did stands in ``info``;
the last three entries are by those alone that score:

==================  ==================================================================================================
``reward/true``     the environment's own reward; the innermost layer writes it, no wrapper changes it
``reward/total``    what this wrapper returns (the outermost one's stands when wrappers are nested)
``reward/shaping``  total less true
``score``           the :class:`~reasoning_envs.types.StepScore` of the step (the outermost PRM's); None where the
                    action made no reasoning step (the choice of a group, an illegal index) or the PRM failed
``score_error``     what the PRM did wrong; empty as a rule. Anything else only with ``on_error="unscored"``
``unscored``        steps of this episode that the PRM failed to score
==================  ==================================================================================================

The wrapped environment is a :class:`~reasoning_envs.env.ReasoningEnv` or offers what it offers: ``problem``, ``steps``,
``get_state()``, and ``info["step"]``, ``info["verdict"]``.

``policy_invariant`` says whether an optimal policy of the shaped task is optimal in the true one: True or False, or the
condition under which it holds, in words (which is true as a bool).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import isfinite
from os import PathLike
from typing import Any, Literal, NamedTuple, SupportsFloat

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from reasoning_envs.rewards.checking import checked, open_prm
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer
from reasoning_envs.types import StepScore

__all__ = ["OnError", "ScoredState", "ScoringWrapper", "ShapingWrapper", "finite"]

OnError = Literal["raise", "unscored"]


class ScoredState(NamedTuple):
    """What ``get_state`` of a wrapper gives.

    Attributes:
        inner: of the wrapped environment. trail: of the environment itself, at the start and after each step; Nones for
            a PRM that reads no states.
    """

    inner: Any
    trail: tuple[Any, ...]


class ShapingWrapper(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Names the parts of the reward in ``info``, and asks a subclass for their sum.

    Args:
        env: any environment.
        **recorded: the subclass's own arguments, so that the spec of the environment can make the wrapper again.
    """

    policy_invariant: bool | str = False

    def __init__(self, env: gym.Env[Any, Any], **recorded: Any) -> None:
        RecordConstructorArgs.__init__(self, **recorded)
        super().__init__(env)

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """One action, and the shaped reward."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        info.setdefault("reward/true", float(reward))
        total = self.reward_of(float(reward), terminated, truncated, info)
        info["reward/total"] = total
        info["reward/shaping"] = total - info["reward/true"]
        return observation, total, terminated, truncated, info

    def reward_of(self, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> float:
        """The reward to return for a step of the environment; may add to ``info``. To be written by a subclass.

        Args:
            reward: of the wrapped environment.
            terminated: of the wrapped environment.
            truncated: the same.
            info: the same.
        """
        raise NotImplementedError


class ScoringWrapper(ShapingWrapper):
    """Follows each episode with a scorer, and asks :meth:`shape` for the reward.

    Args:
        env: see the module.
        prm: an object, ``"module:Name"``, or a ``.pt`` checkpoint.
        weight: finite; the subclass says of what.
        on_error: ``"raise"`` a PRMError, or leave the step ``"unscored"`` and count it in ``info``.
        **recorded: the subclass's own arguments, so that the spec of the environment can make the wrapper again.

    Raises:
        ValueError: a weight that is not finite, an unknown ``on_error``, or a PRM's name that names nothing.
        TypeError: the environment judges no steps, or ``prm`` is no PRM.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        prm: ProcessRewardModel | str | PathLike[str],
        *,
        weight: float,
        on_error: OnError,
        **recorded: Any,
    ) -> None:
        super().__init__(env, prm=prm, weight=weight, on_error=on_error, **recorded)
        missing = [name for name in ("problem", "steps", "get_state") if not _offers(env.unwrapped, name)]
        if missing:
            raise TypeError(
                f"{type(self).__name__} needs an environment whose steps are judged; {env.unwrapped} has no "
                f"{', '.join(missing)}"
            )
        if on_error not in ("raise", "unscored"):
            raise ValueError(f"on_error must be 'raise' or 'unscored', got {on_error!r}")
        self.prm = open_prm(prm)
        self.weight = finite("weight", weight)
        self._on_error = on_error
        self._scorer: Scorer | None = None
        self._trail: list[Any] = []
        self._unscored = 0
        self._score_error = ""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """A new episode, and a new scorer for it.

        Raises:
            PRMError: the PRM failed (with ``on_error="raise"``).
        """
        observation, info = self.env.reset(seed=seed, options=options)
        self._follow((self._state(),))
        return observation, info

    def reward_of(self, reward: float, terminated: bool, truncated: bool, info: dict[str, Any]) -> float:
        """What :meth:`shape` makes of the step and its score.

        Raises:
            PRMError: the PRM failed (with ``on_error="raise"``).
        """
        score = self._score_last() if info["step"] else None
        total = self.shape(reward, score, terminated, truncated, info)
        info["score"] = score
        info["score_error"] = self._score_error if info["step"] else ""
        info["unscored"] = self._unscored
        return total

    def get_state(self) -> ScoredState:
        """The state of the episode, with what the PRM needs to go on from it. No schedule is part of it."""
        return ScoredState(self.env.get_wrapper_attr("get_state")(), tuple(self._trail))

    def set_state(self, state: ScoredState) -> None:
        """Go to a state that :meth:`get_state` gave. The PRM reads the steps up to it anew: O(n) for n steps."""
        if not isinstance(state, ScoredState):
            raise TypeError(
                f"{type(self).__name__}.set_state takes what its own get_state gives, got {type(state).__name__}"
            )
        self.env.get_wrapper_attr("set_state")(state.inner)
        self._follow(state.trail)

    def shape(
        self, reward: float, score: StepScore | None, terminated: bool, truncated: bool, info: dict[str, Any]
    ) -> float:
        """The reward to return for a step of the environment; may add to ``info``. To be written by a subclass.

        Args:
            reward: of the wrapped environment.
            score: of the step; None where the action made none, or the PRM failed.
            terminated: of the wrapped environment.
            truncated: the same.
            info: the same.
        """
        raise NotImplementedError

    def on_start(self, initial: StepScore | None) -> None:
        """An episode begins; ``initial`` is the score of its start, None where the PRM failed."""

    def on_score(self, score: StepScore | None) -> None:
        """A step that was taken before ``set_state`` came back to it."""

    @property
    def _base(self) -> Any:
        return self.unwrapped

    def _follow(self, trail: tuple[Any, ...]) -> None:
        self._unscored = 0
        self._scorer = None
        self._trail = list(trail[:1])
        self.on_start(self._asked(self._begin))
        for step, state in zip(self._base.steps, trail[1:], strict=True):
            self._trail.append(state)
            self.on_score(self._asked(partial(self._advance, step, state)))

    def _state(self) -> Any:
        """What the PRM may play on from; None for one that reads no states: a state costs as much as the steps."""
        return self._base.get_state() if self.prm.reads_states else None

    def _begin(self) -> StepScore:
        self._scorer = self.prm.begin(self._base.problem, self._trail[0])
        return self._scorer.initial

    def _advance(self, step: Any, state: Any) -> StepScore:
        if self._scorer is None:
            raise PRMError(f"{self.prm.name}: gave no scorer for this episode")
        return self._scorer.step(step, state)

    def _score_last(self) -> StepScore | None:
        state = self._state()
        self._trail.append(state)
        return self._asked(partial(self._advance, self._base.steps[-1], state))

    def _asked(self, ask: Callable[[], StepScore]) -> StepScore | None:
        self._score_error = ""
        try:
            return checked(self.prm.name, ask)
        except PRMError as error:
            if self._on_error == "raise":
                raise
            self._score_error = str(error)
            self._unscored += 1
            return None


def _offers(env: Any, name: str) -> bool:
    # hasattr would ask for the problem of an episode that has not begun
    return name in dir(env)


def finite(name: str, value: float) -> float:
    """The value.

    Raises:
        ValueError: it is not finite.
    """
    if not isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    return float(value)
