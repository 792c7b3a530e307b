"""What judges steps and outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from reasoning_envs.types import Problem, Step, Verdict

__all__ = ["Verifier"]


@runtime_checkable
class Verifier(Protocol):
    """Judges a step and a whole. It raises only for a programming error: what cannot be judged is a verdict."""

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the last of ``steps``, given the problem and the steps before it. Earlier steps are not judged again."""

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the whole: is the last line a right answer to the problem? How it was reached does not matter."""
