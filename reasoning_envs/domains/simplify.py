"""Rewriting an expression to a normal form that can be checked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reasoning_envs.domains.expression_lines import (
    ExpressionDomain,
    ExpressionState,
    Task,
    read_expression,
    unread,
)
from reasoning_envs.domains.problems.simplify import LEVELS, drawn
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.domains.words.algebra import WORDS
from reasoning_envs.symbolic.calculus.differentiation import holds_calculus
from reasoning_envs.symbolic.equality.canonical import normal_form
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm
from reasoning_envs.symbolic.moves.rules import Rewrite, rewrites
from reasoning_envs.symbolic.moves.simplify_rules import WORDS as FURTHER_WORDS
from reasoning_envs.symbolic.moves.simplify_rules import simplify_rewrites
from reasoning_envs.symbolic.syntax.expression import Expr, walk
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.values.evaluation import enclosure
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.normal_forms import GOALS, fault_of_goal
from reasoning_envs.verifiers.simplify import SIMPLIFY_MISTAKES, SimplifyVerifier, compare_values, goal_and_line

__all__ = ["SimplifyDomain"]

_WORDS = {**WORDS, **FURTHER_WORDS}
_SALTS = (1, 2)


class SimplifyDomain(ExpressionDomain):
    """Expand, factor, make one fraction, collect radicals or powers.

    A problem is a goal and an expression: ``expand: 3*(x + 2)^2 - x``. The prompt names the goal, the metadata hold it
    (``"goal"``), and the tokens of every line begin with it. What each goal asks for is said, and checked, in
    :mod:`reasoning_envs.verifiers.answer.normal_forms`; an episode ends at the first line that has the form, right or
    wrong (or that has no value any more).

    Args:
        max_tokens: length of an encoded line at most, the goal included; a step to a longer line is no candidate.
    """

    name = "simplify"
    levels = LEVELS
    words = _WORDS
    mistakes = SIMPLIFY_MISTAKES

    def __init__(self, max_tokens: int = 96) -> None:
        super().__init__(max_tokens)
        self.verifier = SimplifyVerifier()

    def draw(self, rng: np.random.Generator, level: str) -> tuple[Expr, Expr, Task]:
        """See :func:`~reasoning_envs.domains.problems.simplify.drawn`."""
        goal, line, answer = drawn(rng, level)
        return line, answer, Task(goal)

    def read_problem(self, statement: str) -> tuple[Expr, Task]:
        """A goal, a colon and an expression."""
        goal, text = goal_and_line(statement)
        if goal is None:
            example = "a goal and a colon are needed before the expression, as in 'expand: 3*(x + 2)'"
            raise unread(f"{example}; the goals are {', '.join(GOALS)}")
        line = read_expression(text)
        if holds_calculus(line):
            raise unread("derivatives and integrals are not simplified here")
        letters = sorted(letter for letter in line.symbols if len(letter) == 1)
        return line, Task(goal, "x" if "x" in letters or not letters else letters[0])

    def check(self, line: Expr, task: Task) -> None:
        """It has a value somewhere."""
        try:
            normal_form(line)
        except UndefinedForm as error:
            raise unread(f"the line has no value: {error}") from error
        except TooLarge as error:
            raise InputError(Verdict(Status.UNSAFE, reason=str(error), method="bounds")) from error

    def statement_of(self, line: Expr, task: Task) -> str:
        """``expand: 3*(x + 2)``."""
        return f"{task.goal}: {to_text(line)}"

    def prompt(self, statement: str, line: Expr, task: Task) -> str:
        """What to do, in words."""
        return f"{_PROMPTS[task.goal]}: {to_text(line)}"

    def rewrites(self, state: ExpressionState) -> Iterator[Rewrite]:
        """The rules of algebra, and those towards normal forms."""
        for rewrite in rewrites(state.line):
            if rewrite.rule != "factor":  # one that finds the factors by itself would leave nothing to decide
                yield rewrite
        yield from simplify_rewrites(state.line)

    def is_final(self, state: ExpressionState) -> bool:
        """The line has the normal form of the goal, or no value at all: then nothing is left to be done with it."""
        if state.group is not None:
            return False
        return fault_of_goal(state.line, state.task.goal) is None or _is_undefined(state.line)

    def judge(self, before: ExpressionState, after: ExpressionState, mistake: str | None = None) -> Verdict:
        """Whether the two lines are equal."""
        if mistake is not None:
            for salt in _SALTS:
                first, second = enclosure(before.line, salt, 96), enclosure(after.line, salt, 96)
                if first is not None and second is not None and not first.overlaps(second):
                    return Verdict(Status.REFUTED, Relation.NONE, mistake, "balls", True)
        return compare_values(before.line, after.line, mistake)

    def line_text(self, text: str, task: Task) -> str:
        """The text without the goal before it."""
        goal, line = goal_and_line(text)
        if goal is not None and goal != task.goal:
            raise unread(f"the goal is {task.goal!r}, not {goal!r}")
        return line

    def heading(self, state: ExpressionState) -> str:
        """The goal."""
        return state.task.goal


def _is_undefined(line: Expr) -> bool:
    """It divides by 0, or takes the root of a negative number, as it is written."""
    for node in walk(line):
        if node.op == "div" and node.args[1].value == 0:
            return True
        if node.op == "sqrt" and node.args[0].op == "num" and node.args[0].number < 0:
            return True
        if node.op == "pow" and node.args[0].value == 0 and node.args[1].op == "num" and node.args[1].number <= 0:
            return True
    return False


_PROMPTS = {
    "expand": "Expand and collect like terms",
    "factor": "Factor completely over the rational numbers",
    "one fraction": "Write as one fraction in lowest terms",
    "radicals": "Simplify the radicals",
    "powers": "Collect the powers, with positive exponents",
}
