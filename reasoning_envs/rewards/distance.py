"""The PRM that knows how far it is: the number of steps from a state to a right answer, by search."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.episodes import EnvState
from reasoning_envs.rewards.states import Assessment, StatePRM

__all__ = ["DistanceToGo"]


class DistanceToGo(StatePRM):
    """value = discount^d, d being the least number of steps from the state to a right answer; 0 where none leads there.

    States are opened in the order of their distance (breadth first), so that the first right answer is a nearest one
    and d is exact. Where more than ``expansions`` states would have to be opened, nothing is known but that the answer
    is further than what was seen: then the value is that of the nearest distance still possible, which is an upper
    bound, and ``uncertainty`` says how much it may be too high. On small tasks this is the exact value function of an
    optimal policy with that discount; it carries the solution, so what it cost belongs to whoever trains with it.

    Args:
        env, env_kwargs: in which it plays, with moves; see :class:`~reasoning_envs.rewards.states.StatePRM`.
        discount: in (0, 1).
        expansions: states opened for one assessment, at most; 1 or more.
        remembered: see :class:`~reasoning_envs.rewards.states.StatePRM`.

    Raises:
        ValueError: a number out of range.
    """

    name = "distance to go"

    def __init__(
        self,
        *,
        env: gym.Env[Any, Any] | str = "reasoning_envs/Algebra-v0",
        env_kwargs: Mapping[str, Any] | None = None,
        discount: float = 0.9,
        expansions: int = 1000,
        remembered: int = 100_000,
    ) -> None:
        if not 0.0 < discount < 1.0:
            raise ValueError(f"discount must be in (0, 1), got {discount!r}")
        if expansions < 1:
            raise ValueError(f"expansions must be 1 or more, got {expansions}")
        super().__init__(env, env_kwargs, remembered)
        self.discount = discount
        self.expansions = expansions

    def assess(self, env: ReasoningEnv, state: EnvState) -> Assessment:
        if env.interface != "moves":
            raise TypeError(f"{self.name}: the environment has no moves to search through")
        domain: Any = env.domain
        seen = {state.domain_state}
        queue: deque[tuple[EnvState, int]] = deque([(state, 0)])
        opened = 0
        while queue:
            node, steps = queue.popleft()
            if opened >= self.expansions:
                bound = self.discount ** (steps + 1)
                return Assessment(bound, f"no right answer within {steps} steps was found", bound)
            opened += 1
            for index, action in enumerate(domain.actions(node.domain_state)):
                if action.state in seen:
                    continue
                seen.add(action.state)
                env.set_state(EnvState(node.problem, node.domain_state))
                cost = steps + bool(action.is_step)
                if not domain.is_final(action.state):
                    # To choose a group is no step: what lies behind it is as near as the state itself.
                    (queue.append if action.is_step else queue.appendleft)((EnvState(node.problem, action.state), cost))
                    continue
                env.step(index)
                if env.outcome is not None and env.outcome.verified:
                    words = "1 step" if cost == 1 else f"{cost} steps"
                    return Assessment(self.discount**cost, f"{words} from a right answer", 0.0)
        return Assessment(0.0, "no way leads to a right answer", 0.0)
