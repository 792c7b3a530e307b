"""What an episode in a small world is paid: by a form of process reward, or by a shaping wrapper as it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.checking import score_checked
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.rewards.relabelling import Form
from reasoning_envs.rewards.trials.learner import Episode
from reasoning_envs.rewards.trials.worlds import World
from reasoning_envs.rewards.vector import Mirror
from reasoning_envs.types import Status, Step, StepScore, Trace, Verdict

__all__ = ["FormPayer", "WrapperPayer", "trace_of"]

Floats = NDArray[np.float64]

_OUTCOMES = {True: Verdict(Status.VERIFIED), False: Verdict(Status.REFUTED)}
_REMEMBERED = 50_000


def trace_of(world: World, episode: Episode) -> Trace:
    """The episode as a trace, with the verifier's verdicts."""
    steps = tuple(
        Step(index, place, world.lines[world.target[place]], world.verdicts[place])
        for index, place in enumerate(episode.steps)
    )
    outcome = _OUTCOMES[episode.right] if episode.ended else None
    return Trace("", {}, {}, "solver", None, world.problem, steps, outcome)


class FormPayer:
    """Pays a form of the PRM's scores, and the true outcome where the problem carries one.

    Args:
        worlds: that episodes are of.
        prm: whose scores are paid.
        form: how.
        scores: the PRM's ``"p_correct"`` of the step, or its ``"value"`` of the episode so far.
        outcomes: [worlds] bool: whether the true outcome is paid as well.
        weight: of the form's rewards, in units of the true reward.
    """

    def __init__(
        self,
        worlds: Sequence[World],
        prm: ProcessRewardModel,
        form: Form,
        scores: Literal["p_correct", "value"],
        outcomes: NDArray[np.bool_],
        weight: float = 1.0,
    ) -> None:
        self._worlds = worlds
        self._prm = prm
        self._form = form
        self._by_value = scores == "value"
        self._outcomes = outcomes
        self._weight = weight
        self._known: dict[Episode, Floats] = {}

    def __call__(self, episode: Episode, progress: float) -> Floats:
        paid = self._known.get(episode)
        if paid is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            paid = self._known[episode] = self._paid(episode)
        return paid

    def _paid(self, episode: Episode) -> Floats:
        trace = trace_of(self._worlds[episode.world], episode)
        (row,) = score_checked(self._prm, [trace])
        values = np.array([self._of(score) for score in row])
        initial = self._of(self._prm.begin(trace.problem, None).initial)
        paid = self._weight * self._form(values, initial, episode.ended)
        if self._outcomes[episode.world]:
            paid[-1] += float(episode.right)
        return paid

    def _of(self, score: StepScore) -> float:
        return score.value if self._by_value or score.p_correct is None else score.p_correct


class WrapperPayer:
    """Pays what a shaping wrapper pays.

    Args:
        worlds: that episodes are of.
        wrap: makes the wrapper, of an environment that shows it each episode.
    """

    def __init__(self, worlds: Sequence[World], wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]) -> None:
        self._worlds = worlds
        self._mirror = Mirror(gym.spaces.Discrete(1), gym.spaces.Discrete(1))
        self._env = wrap(self._mirror)

    def __call__(self, episode: Episode, progress: float) -> Floats:
        world = self._worlds[episode.world]
        self._mirror.begin({"problem": world.problem, "line": world.lines[0]})
        self._env.reset()
        paid = []
        for index, place in enumerate(episode.steps):
            last = index == len(episode.steps) - 1
            true = float(last and episode.right)
            info = {
                "step": True,
                "line": world.lines[world.target[place]],
                "verdict": world.verdicts[place],
                "reward/true": true,
            }
            self._mirror.take(place, true, last and episode.ended, last and not episode.ended, info)
            paid.append(float(self._env.step(None)[1]))
        return np.array(paid)
