"""Process signals of the code environments as PRMs: what running a program says of its last line, or last edit.

==============  ============================================================  =======================================
signal          what it truly means                                           how it is hacked
==============  ============================================================  =======================================
``"tests"``     the share of visible tests that the program passes as it      a program that gives what the visible
                stands; its change (``advantage``) is the share of tests      tests want and nothing else; constants
                newly passed                                                  that are right often (0, an empty list)
``"values"``    how near the newest values are to the target's, example by    values that look alike and come of the
                example: equal items for lists and texts, order of size for   wrong idea; the first line that is near
                integers                                                      is a trap where the way leads elsewhere
``"distance"``  1 / (1 + lines or edits to a right program): *privileged*,    charge its cost: it holds the solution.
                by enumeration or from the certificate; 0 where none is in    Whoever is paid for it step by step (and
                reach, .5 where nobody knows                                  not for its change) waits near the end
==============  ============================================================  =======================================

``"tests"`` and ``"values"`` look at nothing that the agent does not see. The verdicts on steps are a signal too, which
:class:`~reasoning_envs.rewards.oracle.OraclePRM` scores by: a solution is within reach, privileged as ``"distance"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from math import log2
from typing import Any

from reasoning_envs.domains.problems.programs import read_line, read_spec
from reasoning_envs.domains.protocol import Domain, InputError
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.programs.behaviour import outputs
from reasoning_envs.programs.values import Value, same
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer
from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["SIGNALS", "ProgramPRM", "closeness"]

SIGNALS = ("tests", "values", "distance")

_UNKNOWN = 0.5


class ProgramPRM(ProcessRewardModel):
    """Scores programs of ``CodeLines`` and ``CodeRepair`` by running them on the visible tests.

    Args:
        signal: one of :data:`SIGNALS`; see the module.

    Raises:
        ValueError: there is no such signal.
    """

    def __init__(self, signal: str = "tests") -> None:
        if signal not in SIGNALS:
            raise ValueError(f"there is no signal {signal!r}; known: {', '.join(SIGNALS)}")
        self.signal = signal
        self.name = f"program {signal}"
        self._lines = SynthesisDomain(judge="interpreter")
        self._repair = RepairDomain(judge="interpreter")

    def begin(self, problem: Problem, state: Any = None) -> Scorer:
        return _ProgramScorer(self, problem)

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        rows = []
        for trace in traces:
            scorer = _ProgramScorer(self, trace.problem)
            rows.append([scorer.step(step, None) for step in trace.steps])
        return rows

    def value(self, problem: Problem, text: str | None) -> float:
        """Of a program, in [0, 1].

        Args:
            problem: of ``CodeLines`` or ``CodeRepair``.
            text: the program on one line; None at the start of the problem.

        Raises:
            PRMError: the problem is of another domain.
        """
        known = (self._lines.name, self._repair.name)
        if problem.domain not in known:
            raise PRMError(f"{self.name}: scores problems of {' and '.join(known)}, not of {problem.domain!r}")
        domain: Domain = self._repair if problem.domain == self._repair.name else self._lines
        try:
            line = domain.text(domain.start(problem)) if text is None else text
            if self.signal == "distance":
                return self._nearness(problem, line)
            return self._likeness(problem, line)
        except InputError:
            return 0.0

    def _likeness(self, problem: Problem, line: str) -> float:
        program = read_line(line.partition("  # ")[0]).program
        if program is None:
            return 0.0
        shown = read_spec(problem.statement)[0].shown
        found = outputs(program, [case.arguments for case in shown])
        if self.signal == "tests":
            return sum(same(value, case.output) for value, case in zip(found, shown, strict=True)) / len(shown)
        return sum(closeness(value, case.output) for value, case in zip(found, shown, strict=True)) / len(shown)

    def _nearness(self, problem: Problem, line: str) -> float:
        if problem.domain == self._repair.name:
            away, left = self._repair.edits_away(problem, line)
        else:
            away, left = self._lines.lines_away(problem, line)
        if away is None:
            return _UNKNOWN
        return 1.0 / (1.0 + away) if away <= left else 0.0


class _ProgramScorer(Scorer):
    def __init__(self, prm: ProgramPRM, problem: Problem) -> None:
        self._prm = prm
        self._problem = problem
        self._value = prm.value(problem, None)
        self.initial = StepScore(value=self._value, critique="nothing has been done yet")

    def step(self, step: Step, state: Any) -> StepScore:
        before, self._value = self._value, self._prm.value(self._problem, step.text)
        change = self._value - before
        word = "nearer" if change > 0 else "farther" if change < 0 else "no change"
        return StepScore(value=self._value, critique=f"{self._prm.signal}: {word}", advantage=change)


def closeness(value: Value | None, wanted: Value) -> float:
    """How near two values are, in [0, 1]; 1 only where they are the same, 0 for values of different types."""
    if value is None or type(value) is not type(wanted):
        return 0.0
    if value == wanted:
        return 1.0
    if isinstance(value, bool):
        return 0.0
    if isinstance(value, int) and isinstance(wanted, int):
        return 0.9 / (1.0 + log2(1.0 + abs(value - wanted)))
    assert not isinstance(value, int)
    assert not isinstance(wanted, int)
    return 0.9 * SequenceMatcher(None, value, wanted, autojunk=False).ratio()
