"""A baseline for each role of each game, without which the roles' returns pull a shared policy apart.

Source: role-conditioned advantage estimation, Liu et al., "SPIRAL: Self-play on zero-sum games incentivizes reasoning
via multi-agent multi-turn reinforcement learning", 2025, eq. 6: b(game, role) follows the role's returns, and what is
learned from is the return less b. Without it their policy stopped reasoning.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

__all__ = ["RoleBaselines"]


class RoleBaselines:
    """Exponential means of returns, by game and role.

    Args:
        decay: weight of what was before, in [0, 1).

    Raises:
        ValueError: a decay out of range.
    """

    def __init__(self, decay: float = 0.95) -> None:
        if not 0.0 <= decay < 1.0:
            raise ValueError(f"decay must be in [0, 1), got {decay!r}")
        self.decay = decay
        self._means: dict[tuple[str, str], float] = {}
        self._counts: dict[tuple[str, str], int] = {}

    def baseline(self, game: str, role: str) -> float:
        """What the role earned of late; 0 before its first game. The start does not weigh: the mean is corrected."""
        count = self._counts.get((game, role), 0)
        return self._means[game, role] / (1.0 - self.decay**count) if count else 0.0

    def advantage(self, game: str, role: str, earned: float) -> float:
        """The return less the baseline as it stood before; then the baseline takes the return in.

        Raises:
            ValueError: a return that is not finite.
        """
        if not isfinite(earned):
            raise ValueError(f"{game}, {role}: a return must be finite, got {earned!r}")
        found = earned - self.baseline(game, role)
        key = game, role
        self._means[key] = self.decay * self._means.get(key, 0.0) + (1.0 - self.decay) * earned
        self._counts[key] = self._counts.get(key, 0) + 1
        return found

    def state(self) -> dict[str, dict[str, list[float]]]:
        """Plain data for a checkpoint: by game and role the mean and the number of returns."""
        found: dict[str, dict[str, list[float]]] = {}
        for (game, role), mean in self._means.items():
            found.setdefault(game, {})[role] = [mean, float(self._counts[game, role])]
        return found

    def restore(self, state: Mapping[str, Mapping[str, list[float]]]) -> None:
        """The inverse of :meth:`state`."""
        self._means.clear()
        self._counts.clear()
        for game, roles in state.items():
            for role, (mean, count) in roles.items():
                self._means[game, role] = float(mean)
                self._counts[game, role] = int(count)
