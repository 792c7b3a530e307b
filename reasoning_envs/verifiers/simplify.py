"""The verifier of rewriting to a normal form."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace

from reasoning_envs.domains.words.algebra import MISTAKES as ALGEBRA_MISTAKES
from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.moves.rules import rewrites
from reasoning_envs.symbolic.moves.simplify_rules import MISTAKES, simplify_rewrites
from reasoning_envs.symbolic.steps.recognition import recognised
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.latex_line import unframed
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression
from reasoning_envs.types import Problem, Relation, Status, Step, Verdict
from reasoning_envs.verifiers.answer.normal_forms import GOALS, fault_of_goal

__all__ = ["SIMPLIFY_MISTAKES", "SimplifyVerifier", "compare_values", "goal_and_line"]

SIMPLIFY_MISTAKES = {**ALGEBRA_MISTAKES, **MISTAKES}
"""By rule: why a step by it is wrong; ``{}`` is the operand."""

_MAX_HEADED = 4000
_GOAL = rf"\s*({'|'.join(GOALS)})\s*"
_UPRIGHT = r"\\(?:text(?:bf|it|rm|sf|normal)?|mathrm|mathbf|mbox|operatorname)"
_HEADED = re.compile(rf"{_GOAL}:(.*)|\s*{_UPRIGHT}\s*\{{{_GOAL}:?\s*\}}\s*:?(.*)", re.IGNORECASE | re.DOTALL)


def goal_and_line(text: str) -> tuple[str | None, str]:
    r"""``"expand: 3*(x + 2)"`` as its goal and its line; the goal is None where none stands before the line.

    In LaTeX the goal may stand in ``\text{...}``, and all of it between dollar signs.
    """
    headed = _HEADED.fullmatch(unframed(text)) if len(text) <= _MAX_HEADED else None
    if headed is None:
        return None, text
    goal, line = (headed[1], headed[2]) if headed[1] else (headed[3], headed[4])
    return goal.lower(), line


def compare_values(before: Expr, after: Expr, mistake: str | None = None) -> Verdict:
    """Are two lines equal? A refutation says which of the classic mistakes it is, where it is one.

    Args:
        before: a line.
        after: the next.
        mistake: what is wrong with the step if it is wrong, where the caller knows that.
    """
    verdict = equivalent(before, after)
    if not verdict.refuted:
        return verdict
    candidates = (*rewrites(before), *simplify_rewrites(before))
    reason = mistake or recognised(after, candidates, SIMPLIFY_MISTAKES)
    return verdict if reason is None else replace(verdict, reason=reason)


class SimplifyVerifier:
    """Judges rewriting; a :class:`~reasoning_envs.verifiers.protocol.Verifier`.

    A problem's ``statement`` is a goal of :data:`~reasoning_envs.verifiers.answer.normal_forms.GOALS`, a colon and an
    expression: ``expand: 3*(x + 2)``. The texts of the steps are expressions; the goal may stand before them too.

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
        after = _read(steps[-1].text)
        before = _last(problem, steps[:-1])
        for line in (after, before):
            if isinstance(line, Verdict):
                return line
        assert isinstance(before, Expr)
        assert isinstance(after, Expr)
        return compare_values(before, after).since(start)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        """Is the last line equal to the problem's, and in the normal form that is asked for?"""
        start = time.perf_counter()
        goal, _ = goal_and_line(problem.statement)
        first, last = _read(problem.statement), _last(problem, steps)
        for line in (first, last):
            if isinstance(line, Verdict):
                return line
        assert isinstance(first, Expr)
        assert isinstance(last, Expr)
        verdict = compare_values(first, last)
        if verdict.verified and goal is not None:
            fault = fault_of_goal(last, goal)
            if fault is None:
                verdict = replace(verdict, reason=f"equal to the first line, and the goal is reached: {goal}")
            else:
                verdict = Verdict(Status.REFUTED, Relation.EQUIVALENT, f"equal, but: {fault}", "form", True)
        return verdict.since(start)


def _read(text: str) -> Expr | Verdict:
    """The line, or why it is none: UNPARSED or UNSAFE."""
    try:
        line = parse_expression(goal_and_line(text)[1])
        check_bounds(line)
    except ParseError as error:
        return Verdict(Status.UNPARSED, Relation.UNKNOWN, error.reason, "parser", True)
    except UnsafeExpressionError as error:
        return Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)
    return line


def _last(problem: Problem, steps: Sequence[Step]) -> Expr | Verdict:
    """The line at which an episode stands: the last that was applied."""
    for step in reversed(steps):
        if step.verdict.status in (Status.UNPARSED, Status.UNSAFE):
            continue
        line = _read(step.text)
        if isinstance(line, Expr):
            return line
    line = _read(problem.statement)
    return line if isinstance(line, Expr) else replace(line, reason=f"the problem cannot be read: {line.reason}")
