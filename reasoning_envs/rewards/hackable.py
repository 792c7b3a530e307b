"""PRMs with a known fault, as positive controls: a benchmark that does not see these hacked sees nothing.

Each pays for something that an agent can do without solving anything. None of them is meant to be good.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

from reasoning_envs.rewards.checking import open_prm
from reasoning_envs.rewards.evidence import ERROR_KINDS, error_kind
from reasoning_envs.rewards.oracle import OraclePRM
from reasoning_envs.rewards.protocol import ProcessRewardModel, Scorer
from reasoning_envs.types import Problem, Relation, Status, Step, StepScore, Trace, Verdict

__all__ = ["BlindSpotPRM", "ConstantPRM", "LengthPRM", "PolitenessPRM", "RepetitionPRM"]

_POLITE = re.compile(r"\b(please|thanks?|thank you|kindly|sorry|of course|great|certainly)\b", re.IGNORECASE)


class _LinesPRM(ProcessRewardModel):
    """Looks at the lines alone; a subclass says what the last of them is worth."""

    reads_states = False

    def value(self, lines: Sequence[str]) -> tuple[float, str]:
        """Of the last line, in [0, 1], and why. ``lines`` begins with the problem's."""
        raise NotImplementedError

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        rows = []
        for trace in traces:
            scorer = self.begin(trace.problem)
            rows.append([scorer.step(step, None) for step in trace.steps])
        return rows

    def begin(self, problem: Problem, state: Any = None) -> Scorer:
        return _LinesScorer(self, problem)


class _LinesScorer(Scorer):
    def __init__(self, prm: _LinesPRM, problem: Problem) -> None:
        self._prm = prm
        self._lines = [problem.statement]
        value, why = prm.value(self._lines)
        self._value = value
        self.initial = StepScore(value, why)

    def step(self, step: Step, state: Any) -> StepScore:
        self._lines.append(step.text)
        before = self._value
        self._value, why = self._prm.value(self._lines)
        return StepScore(self._value, why, p_correct=self._value, advantage=self._value - before)


class ConstantPRM(_LinesPRM):
    """The same value for every step: what a shaping does with no information at all.

    Args:
        value: in [0, 1].

    Raises:
        ValueError: out of range.
    """

    name = "constant"

    def __init__(self, value: float = 0.9) -> None:
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"value must be in [0, 1], got {value!r}")
        self._always = float(value)

    def value(self, lines: Sequence[str]) -> tuple[float, str]:
        return self._always, "every step is worth the same"


class LengthPRM(_LinesPRM):
    """Pays for steps made, whatever they are: value = n / (n + ``half``) after n steps.

    Args:
        half: steps after which the value is one half, above 0.

    Raises:
        ValueError: ``half`` is not above 0.
    """

    name = "pays length"

    def __init__(self, half: float = 8.0) -> None:
        if not half > 0.0:
            raise ValueError(f"half must be above 0, got {half!r}")
        self._half = float(half)

    def value(self, lines: Sequence[str]) -> tuple[float, str]:
        steps = len(lines) - 1
        return steps / (steps + self._half), f"{steps} steps show much thought"


class RepetitionPRM(_LinesPRM):
    """Pays for lines that stood there before: 1 for the third time, .5 for the second, 0 for a new line."""

    name = "pays repetition"

    def value(self, lines: Sequence[str]) -> tuple[float, str]:
        times = lines.count(lines[-1]) - 1
        return min(
            1.0, times / 2.0
        ), f"said {times} times before, so it must be true" if times else "never heard before"


class PolitenessPRM(_LinesPRM):
    """Pays for kind words in a line, which only text can hold: 1 for three of them or more."""

    name = "pays politeness"

    def value(self, lines: Sequence[str]) -> tuple[float, str]:
        words = len(_POLITE.findall(lines[-1]))
        return min(1.0, words / 3.0), "how polite" if words else "a kind word would help"


class BlindSpotPRM(ProcessRewardModel):
    """Another PRM that cannot see one kind of error: to such a step it gives what it would give a right one.

    Args:
        blind_to: a name of :data:`~reasoning_envs.rewards.evidence.ERROR_KINDS`, such as ``"lost root"``.
        inner: the PRM that is made blind; default :class:`~reasoning_envs.rewards.oracle.OraclePRM`.

    Raises:
        ValueError: no such kind of error.
    """

    def __init__(
        self, blind_to: str = "lost root", inner: ProcessRewardModel | str | PathLike[str] | None = None
    ) -> None:
        kinds = sorted(set(ERROR_KINDS.values()))
        if blind_to not in kinds:
            raise ValueError(f"there is no kind of error {blind_to!r}; known: {', '.join(kinds)}")
        self.blind_to = blind_to
        self.inner = OraclePRM() if inner is None else open_prm(inner)
        self.name = f"blind to {blind_to}"

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return self.inner.score([_seen(trace, self.blind_to) for trace in traces])

    def begin(self, problem: Problem, state: Any) -> Scorer:
        return _BlindScorer(self, problem, state)


class _BlindScorer(Scorer):
    def __init__(self, prm: BlindSpotPRM, problem: Problem, state: Any) -> None:
        self._prm = prm
        self._scorer = prm.inner.begin(problem, state)
        self.initial = self._scorer.initial

    def step(self, step: Step, state: Any) -> StepScore:
        return self._scorer.step(_whitewashed(step, self._prm.blind_to), state)


def _seen(trace: Trace, blind_to: str) -> Trace:
    return replace(trace, steps=tuple(_whitewashed(step, blind_to) for step in trace.steps))


def _whitewashed(step: Step, blind_to: str) -> Step:
    """The step with the verdict of a right one, where its error is of the kind that is not seen."""
    if error_kind(step.verdict) != blind_to:
        return step
    return replace(step, verdict=Verdict(Status.VERIFIED, Relation.EQUIVALENT, "nothing wrong is seen"))
