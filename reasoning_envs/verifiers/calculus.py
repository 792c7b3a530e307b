"""The verifier of derivatives and integrals."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from reasoning_envs.symbolic.calculus.differentiation import holds_calculus, holds_integral, operands
from reasoning_envs.symbolic.calculus.steps import compare_lines, variable_of
from reasoning_envs.symbolic.equality.canonical import normal_form
from reasoning_envs.symbolic.equality.conditions import feasible
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression
from reasoning_envs.types import Problem, Relation, Status, Step, Verdict

__all__ = ["CalculusVerifier"]


class CalculusVerifier:
    """Judges lines of calculus; a :class:`~reasoning_envs.verifiers.protocol.Verifier`.

    A problem's ``statement`` holds a derivative ``d/dx(...)`` or an integral ``integral(..., x)``, not worked out; the
    texts of the steps are the lines that follow. Where the statement holds an integral every line is meant up to a
    constant, with ``+ C`` or without. ``unknown`` in the metadata names the letter; default: the one that it runs over.

    A line that could not be read was not applied: the next one is judged against the last that could.
    """

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """On the last of ``steps``, against the line before it.

        Raises:
            ValueError: no steps.
        """
        if not steps:
            raise ValueError("there is no step to judge")
        start = time.perf_counter()
        unknown = _unknown(problem)
        after = _read(steps[-1].text, unknown)
        before = _last(problem, steps[:-1], unknown)
        first = _read(problem.statement, unknown)
        for line in (after, before, first):
            if isinstance(line, Verdict):
                return line
        assert isinstance(after, Expr)
        assert isinstance(before, Expr)
        assert isinstance(first, Expr)
        integrating = holds_integral(first)
        verdict = compare_lines(before, after, variable=unknown or variable_of(first), antiderivatives=integrating)
        return verdict.since(start)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """Is the last line the answer, with nothing left to differentiate or to integrate?"""
        start = time.perf_counter()
        unknown = _unknown(problem)
        first = _read(problem.statement, unknown)
        if isinstance(first, Verdict):
            return replace(first, reason=f"the problem cannot be read: {first.reason}")
        last = _last(problem, steps, unknown)
        if isinstance(last, Verdict):
            return last
        verdict = _judge_answer(first, last, unknown)
        return verdict.since(start)


def _judge_answer(first: Expr, last: Expr, unknown: str | None) -> Verdict:
    if holds_calculus(last):
        left = "an integral" if holds_integral(last) else "a derivative or a substitution"
        reason = f"{left} is left to be worked out"
        return Verdict(Status.REFUTED, Relation.UNKNOWN, reason, "form", True)
    integrating = holds_integral(first)
    verdict = compare_lines(first, last, variable=unknown or variable_of(first), antiderivatives=integrating)
    if verdict.verified:
        if _has_no_value(last) and not any(_has_no_value(part) for part in operands(first)):
            reason = "the answer has no real value anywhere"
            return Verdict(Status.REFUTED, Relation.NONE, reason, "definedness", False)
        right = "its derivative is the integrand" if integrating else "this is the derivative"
        return replace(verdict, reason=right)
    return verdict


def _has_no_value(line: Expr) -> bool:
    """No numbers for its letters were found at which the line is defined."""
    try:
        _, requirements = normal_form(line)
    except UndefinedForm:
        return True
    except TooLarge:
        return False
    return not feasible(requirements)


def _read(text: str, unknown: str | None) -> Expr | Verdict:
    """The line, or why it is none: UNPARSED or UNSAFE."""
    try:
        line = parse_expression(text, symbols=None if unknown is None else (unknown,))
        check_bounds(line)
    except ParseError as error:
        return Verdict(Status.UNPARSED, Relation.UNKNOWN, error.reason, "parser", True)
    except UnsafeExpressionError as error:
        return Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)
    return line


def _last(problem: Problem, steps: Sequence[Step], unknown: str | None) -> Expr | Verdict:
    """The line at which an episode stands: the last that was applied."""
    for step in reversed(steps):
        if step.verdict.status in (Status.UNPARSED, Status.UNSAFE):
            continue
        line = _read(step.text, unknown)
        if isinstance(line, Expr):
            return line
    line = _read(problem.statement, unknown)
    return line if isinstance(line, Expr) else replace(line, reason=f"the problem cannot be read: {line.reason}")


def _unknown(problem: Problem) -> str | None:
    named = problem.metadata.get("unknown")
    return None if named is None else str(named)
