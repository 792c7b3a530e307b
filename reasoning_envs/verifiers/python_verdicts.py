"""Verdicts on the steps and outcomes of episodes in which an agent writes Python: what was checked, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from reasoning_envs.types import Problem, Status, Step, Verdict
from reasoning_envs.verifiers.python_judge import PythonJudge
from reasoning_envs.verifiers.python_tests import Report, Tests

__all__ = ["PASSES_VISIBLE", "Played", "PythonVerifier", "outcome_of", "visible_verdict"]

PASSES_VISIBLE = "it passes all visible tests"
"""Among the conditions of an outcome's verdict, where it does."""


class Played(NamedTuple):
    """Where the actions of an episode lead to, found without running anything.

    Attributes:
        program: as it stands.
        refusal: why the last action changed nothing; empty where it was taken. status: of the verdict on it then.
        tested: the last action asks for the tests, or submits.
        submitted: it submits.
        note: what is to be said of an action that tests nothing.
        ran: what it asks to be run: keywords of :meth:`PythonJudge.run`.
    """

    program: str
    refusal: str = ""
    status: Status = Status.UNPARSED
    tested: bool = False
    submitted: bool = False
    note: str = ""
    ran: tuple[Mapping[str, str], ...] = ()


class PythonVerifier:
    """Judges the steps and outcomes of domains in which an agent writes Python.

    A step is

    - UNPARSED where it changed nothing: no Python, a diff that does not apply, no such function;
    - VERIFIED where the program was run and passed all visible tests: no proof that it is right;
    - REFUTED where it was run and failed one;
    - UNDECIDED where no test was run, which is not wrong;
    - ERROR where the sandbox failed, which says nothing of the program.

    An outcome is VERIFIED or REFUTED by the hidden tests alone, in the sandbox (by the visible ones where a problem has
    no others), or ERROR. Its reason never tells a hidden test; its witness does, and is no agent's to see.

    Args:
        judge: runs programs.
        play: from a problem and steps to where they lead.
        tests: of a problem, the visible ones and the hidden ones.
    """

    def __init__(
        self,
        judge: PythonJudge,
        play: Callable[[Problem, Sequence[Step]], Played],
        tests: Callable[[Problem], tuple[Tests, Tests]],
    ) -> None:
        self.judge = judge
        self._play = play
        self._tests = tests

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the last action; see the class."""
        if steps[-1].text == problem.statement:
            return Verdict(Status.VERIFIED, None, "the problem repeated: nothing has been done yet", "reader", True)
        played = self._play(problem, steps)
        if played.refusal:
            return Verdict(played.status, None, played.refusal, "reader", True)
        if not played.tested:
            for asked in played.ran:
                if broken := self.judge.run(played.program, **asked).broken:
                    return Verdict(Status.ERROR, None, broken, "sandbox")
            return Verdict(Status.UNDECIDED, None, played.note, "sandbox" if played.ran else "reader")
        visible, hidden = self._tests(problem)
        if played.submitted:
            return visible_verdict(self.judge.test_both(played.program, visible, hidden)[0])
        return visible_verdict(self.judge.test(played.program, visible))

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """Whether the program as it stands passes all tests; see the class."""
        visible, hidden = self._tests(problem)
        return outcome_of(self.judge, self._play(problem, steps).program, visible, hidden)


def visible_verdict(report: Report) -> Verdict:
    """What a step came to after which the visible tests gave this report; see :class:`PythonVerifier`."""
    count = len(report.results)
    if report.broken:
        return Verdict(Status.ERROR, None, report.broken, "sandbox")
    if report.passed:
        return Verdict(Status.VERIFIED, None, f"it passes all {count} visible tests", "sandbox")
    if not count:
        return Verdict(Status.UNDECIDED, None, "there are no visible tests", "reader")
    said = report.failures[0].said
    reason = f"it fails {len(report.failures)} of {count} visible tests: {said}"
    return Verdict(Status.REFUTED, None, reason, "sandbox", True, said)


def outcome_of(judge: PythonJudge, program: str, visible: Tests, hidden: Tests) -> Verdict:
    """Whether a program passes the hidden tests, or, of a problem without any, the visible ones.

    See :class:`PythonVerifier`.
    """
    shown, decisive = judge.test_both(program, visible, hidden if len(hidden) else visible)
    if broken := shown.broken or decisive.broken:
        return Verdict(Status.ERROR, None, broken, "sandbox")
    total = len(decisive.results)
    if not total:
        return Verdict(Status.ERROR, None, "the problem has no tests", "sandbox")
    conditions = (PASSES_VISIBLE,) if shown.passed else ()
    if decisive.passed:
        return Verdict(Status.VERIFIED, None, f"it passes all {total} tests", "sandbox", conditions=conditions)
    if shown.failures:
        return visible_verdict(shown)
    also = f"passes the {len(visible)} visible tests and " if shown.passed else ""
    reason = f"it {also}fails {len(decisive.failures)} of the {total} that decide"
    return Verdict(Status.REFUTED, None, reason, "sandbox", True, decisive.failures[0].said, conditions)
