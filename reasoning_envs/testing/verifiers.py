"""Whether a verifier judges soundly and never breaks."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence

from reasoning_envs.symbolic.syntax.hostile import HOSTILE_LINES
from reasoning_envs.testing.laws import ensure, fail, opened, said, written
from reasoning_envs.types import Problem, Step, Verdict
from reasoning_envs.verifiers.protocol import Verifier

__all__ = ["check_verifier"]


def check_verifier(verifier: Verifier | str, problems: Sequence[Problem]) -> None:
    """Whether a verifier judges soundly and never breaks.

    A line repeated is a right step; the gold answer passes; verdicts are deterministic, picklable and go through
    JSON; how an answer was reached does not matter; hostile texts get a verdict that is not VERIFIED, and the next
    good line its own.

    Args:
        verifier: an object, or ``"module:Name"``.
        problems: one or more of its kind of task; those with an ``answer`` say more.

    Raises:
        AssertionError: a law is broken.
    """
    judge: Verifier = opened(verifier)
    ensure(isinstance(judge, Verifier), f"{verifier!r} is no verifier: it needs the methods step and outcome")
    for problem in problems:
        repeated = [written(problem.statement)]
        verdict = _settled(judge.step, problem, repeated, f"step on {problem.statement!r} repeated")
        if not verdict.verified:
            fail(f"a line repeated is a right step, yet {problem.statement!r} was {said(verdict)}")
        if problem.answer is None:
            continue
        short = [written(problem.answer)]
        long = [written(problem.statement), written(problem.answer, 1)]
        verdict = _settled(judge.outcome, problem, short, f"outcome of {problem.answer!r}")
        if not verdict.verified:
            fail(f"the gold answer {problem.answer!r} of {problem.statement!r} was {said(verdict)}")
        if judge.outcome(problem, long).status is not verdict.status:
            fail(f"how {problem.answer!r} was reached changes the outcome of {problem.statement!r}")
    problem = problems[0]
    for text in HOSTILE_LINES:
        for method in (judge.step, judge.outcome):
            shown = f"{method.__name__} on {text!r:.60}"
            verdict = _settled(method, problem, [written(text)], shown)
            contains_answer = problem.answer is not None and problem.answer in text
            if verdict.verified and not contains_answer:
                fail(f"{shown} was verified, and is nothing")
        if not judge.step(problem, [written(problem.statement)]).verified:
            fail(f"after {text!r:.60} the next right line is not verified any more")


def _settled(
    judge: Callable[[Problem, Sequence[Step]], Verdict], problem: Problem, steps: Sequence[Step], where: str
) -> Verdict:
    """The verdict, once it has proved to be one, deterministic, picklable and fit for JSON."""
    verdict = judge(problem, steps)
    ensure(isinstance(verdict, Verdict), f"{where} gave {verdict!r:.60}, no Verdict")
    again = judge(problem, steps)
    ensure(again == verdict, f"{where} differs when asked twice: {said(verdict)}, {said(again)}")
    ensure(Verdict.from_json(verdict.to_json()) == verdict, f"{where}: the verdict is another one after JSON")
    copy = pickle.loads(pickle.dumps(verdict))  # noqa: S301 - of an object made here
    ensure(copy == verdict, f"{where}: the verdict is another one after pickling")
    return verdict
