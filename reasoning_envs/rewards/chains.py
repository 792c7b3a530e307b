"""Progress along a chain of steps that is known to solve a problem."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Self

from reasoning_envs.types import Problem

__all__ = ["ChainProgress"]


class ChainProgress:
    """How much of a known chain an episode has worked out, whatever the order and the wording.

    A value of the chain counts once a right statement of a line comes to it (``3 * 4 = 12``; ``12 = 12`` works nothing
    out), and as often as the chain has it. Stating the answer is the whole way.

    Args:
        problem: whose answer is stated in the end.
        values: what the steps of the chain come to.
    """

    def __init__(self, problem: Problem, values: tuple[Fraction, ...]) -> None:
        self._problem = problem
        self._missing = Counter(values)
        self._steps = len(values)
        self._done = False

    @classmethod
    def of(cls, problem: Problem) -> Self | None:
        """For the chain in a problem's metadata (``values``, as texts of fractions); None where there is none.

        Raises:
            ValueError: the values are no fractions.
        """
        values = problem.metadata.get("values")
        if not isinstance(values, list) or not values:
            return None
        try:
            return cls(problem, tuple(Fraction(value) for value in values))
        except (ValueError, TypeError, ZeroDivisionError) as error:
            raise ValueError(f"metadata['values'] of {problem.id} holds no fractions: {error}") from error

    @property
    def value(self) -> float:
        """In (0, 1]: 1/(n + 1) at the start of a chain of n steps, 1 when all of it is worked out."""
        reached = self._steps if self._done else self._steps - self._missing.total()
        return (1 + reached) / (1 + self._steps)

    def after(self, line: str) -> float:
        """The progress with one line more."""
        from reasoning_envs.verifiers.prose.judge import judge_prose
        from reasoning_envs.verifiers.word_problems import judge_stated_answer, stated_answer

        for statement in judge_prose(line).statements:
            value = statement.value
            if statement.verdict.verified and value is not None and self._missing[value] > 0:
                self._missing[value] -= 1
        stated, answer = stated_answer(line), self._problem.answer
        if stated is not None and answer is not None:
            self._done = judge_stated_answer(stated, answer, self._problem.metadata).verified
        return self.value
