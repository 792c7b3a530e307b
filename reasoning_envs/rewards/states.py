"""PRMs that look at the state an episode has come to, and not at how: what Monte Carlo and search have in common.

Such a PRM plays on from a copy of the state in an environment of its own, which the environment's ``get_state`` and
``set_state`` make possible. It scores stored traces by taking their actions again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium as gym

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.episodes import EnvState
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer
from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["Assessment", "StatePRM"]


class Assessment(NamedTuple):
    """What a state is worth.

    Attributes:
        value: in [0, 1]. critique: in words. uncertainty: in [0, 1]; 0 where the value is exact.
    """

    value: float
    critique: str
    uncertainty: float


class StatePRM(ProcessRewardModel):
    """Scores a step by what the state after it is worth; ``advantage`` is how much the step changed that.

    A state that was assessed before is looked up, whatever way led to it.

    Args:
        env: an environment of its own to play in, or the id of one; the kind of task must be that of the episodes that
            are scored.
        env_kwargs: for ``gymnasium.make``, with an id.
        remembered: states whose assessment is kept, at least.

    Raises:
        ValueError: a number out of range. TypeError: it is no environment of reasoning steps.
    """

    def __init__(self, env: gym.Env[Any, Any] | str, env_kwargs: Mapping[str, Any] | None, remembered: int) -> None:
        if remembered < 1:
            raise ValueError(f"remembered must be 1 state or more, got {remembered}")
        if env_kwargs and not isinstance(env, str):
            raise ValueError("env_kwargs go with an id; the environment that was given has been made already")
        self._place = env
        self._kwargs = dict(env_kwargs or {})
        self._remembered = remembered
        self._env: ReasoningEnv | None = None
        self._known: OrderedDict[tuple[str, Any], Assessment] = OrderedDict()

    @abstractmethod
    def assess(self, env: ReasoningEnv, state: EnvState) -> Assessment:
        """What a state that is not the end of its episode is worth.

        Args:
            env: to play in; it may be left in any state.
            state: the start of what is to be played: the history before it is cut off, so that every state has the
                whole step limit before it.
        """

    @property
    def env(self) -> ReasoningEnv:
        """The environment in which it plays, made when it is first needed.

        Raises:
            TypeError: the id names no environment of reasoning steps.
        """
        if self._env is None:
            made = gym.make(self._place, **self._kwargs) if isinstance(self._place, str) else self._place
            base = made.unwrapped
            if not isinstance(base, ReasoningEnv):
                raise TypeError(f"{self.name}: {self._place} is no environment of reasoning steps")
            self._env = base
        return self._env

    def assessed(self, state: EnvState) -> Assessment:
        """What a state is worth; the end of an episode is worth its outcome.

        Raises:
            PRMError: the outcome could not be judged.
        """
        if state.end:
            if state.outcome is None:  # a limit was met
                return Assessment(0.0, "the episode ended without an answer", 0.0)
            if not state.outcome.scored:
                return Assessment(0.5, f"the answer could not be judged: {state.outcome.reason}", 1.0)
            right = state.outcome.verified
            return Assessment(float(right), "the answer is right" if right else "the answer is wrong", 0.0)
        key = state.problem.statement, state.domain_state
        found = self._known.get(key)
        if found is None:
            fresh = EnvState(state.problem, state.domain_state)
            found = self._known[key] = self.assess(self.env, fresh)
            if len(self._known) > self._remembered:
                self._known.popitem(last=False)
        return found

    def begin(self, problem: Problem, state: Any) -> Scorer:
        """A scorer; ``state`` is what ``env.get_state()`` gives at the start of the episode.

        Raises:
            PRMError: it is no such state.
        """
        return _StateScorer(self, state)

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        """One score a step: the actions of each trace are taken again.

        Raises:
            PRMError: a trace's actions cannot be taken in this PRM's environment.
        """
        rows = []
        for trace in traces:
            # The states are all taken before the first is assessed, which plays on in the same environment.
            first, states = self._states(trace)
            scorer = _StateScorer(self, first)
            rows.append([scorer.follow(state) for state in states])
        return rows

    def _states(self, trace: Trace) -> tuple[EnvState, list[EnvState]]:
        env = self.env
        env.reset(options={"problem": trace.problem})
        first = env.get_state()
        states: list[EnvState] = []
        for number, action in enumerate(trace.actions or [step.action for step in trace.steps], start=1):
            if env.end:
                raise PRMError(
                    f"{self.name}: action {number} of a trace comes after the end of the episode in {self._place}: "
                    "was it recorded in another environment, or with other keywords?"
                )
            if env.step(action)[4]["step"]:
                states.append(env.get_state())
        if len(states) != len(trace.steps):
            raise PRMError(f"{self.name}: a trace of {len(trace.steps)} steps makes {len(states)} in {self._place}")
        return first, states

    def __getstate__(self) -> dict[str, Any]:
        made = isinstance(self._place, str)
        return {**self.__dict__, "_env": None if made else self._env, "_known": OrderedDict()}


class _StateScorer(Scorer):
    def __init__(self, prm: StatePRM, state: Any) -> None:
        if not isinstance(state, EnvState):
            raise PRMError(
                f"{prm.name}: begin needs what env.get_state() gives, to play on from it; got {type(state).__name__}"
            )
        self._prm = prm
        start = prm.assessed(state)
        self._value = start.value
        self.initial = StepScore(start.value, start.critique, uncertainty=start.uncertainty)

    def step(self, step: Step, state: Any) -> StepScore:
        if not isinstance(state, EnvState):
            raise PRMError(f"{self._prm.name}: a step needs what env.get_state() gives, got {type(state).__name__}")
        return self.follow(state)

    def follow(self, state: EnvState) -> StepScore:
        found = self._prm.assessed(state)
        advantage = found.value - self._value
        self._value = found.value
        return StepScore(found.value, found.critique, advantage=advantage, uncertainty=found.uncertainty)
