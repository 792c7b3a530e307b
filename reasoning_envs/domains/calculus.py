"""Derivatives and integrals, worked out rule by rule."""

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
from reasoning_envs.domains.problems.calculus import LEVELS, drawn
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.domains.words.algebra import MISTAKES, WORDS
from reasoning_envs.symbolic.calculus.differentiation import (
    NotDifferentiableError,
    holds_calculus,
    holds_integral,
    operands,
    worked_out,
)
from reasoning_envs.symbolic.calculus.rules import calculus_rewrites
from reasoning_envs.symbolic.calculus.steps import UP_TO_A_CONSTANT, compare_lines
from reasoning_envs.symbolic.calculus.words import CALCULUS_MISTAKES, CALCULUS_WORDS
from reasoning_envs.symbolic.moves.rules import Rewrite, is_simplified, rewrites
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.tokens import BINDERS
from reasoning_envs.types import Status, Verdict
from reasoning_envs.verifiers.calculus import CalculusVerifier

__all__ = ["CalculusDomain"]

_WORDS = {**WORDS, **CALCULUS_WORDS}
_MISTAKES = {**MISTAKES, **CALCULUS_MISTAKES}
_INTEGRAL = BINDERS["integral"][0]
_DIFFERENTIATE, _INTEGRATE = "differentiate", "integrate"


class CalculusDomain(ExpressionDomain):
    """Derivatives ``d/dx(...)`` and integrals ``integral(..., x)``.

    The steps are the rules of differentiation and integration and, between them, those of algebra; the classic
    mistakes stand among them. An answer holds no derivative and no integral any more, and nothing in it is left to fold
    or to collect. Answers of integrals are right up to a constant, with ``+ C`` or without.

    Args:
        max_tokens: length of an encoded line at most; a step to a longer line is no candidate.
    """

    name = "calculus"
    levels = LEVELS
    words = _WORDS
    mistakes = _MISTAKES

    def __init__(self, max_tokens: int = 128) -> None:
        super().__init__(max_tokens)
        self.verifier = CalculusVerifier()

    def draw(self, rng: np.random.Generator, level: str) -> tuple[Expr, Expr, Task]:
        """See :func:`~reasoning_envs.domains.problems.calculus.drawn`."""
        line, answer = drawn(rng, level)
        return line, answer, Task(_INTEGRATE if holds_integral(line) else _DIFFERENTIATE)

    def read_problem(self, statement: str) -> tuple[Expr, Task]:
        """A line with a derivative or an integral in it, and which of the two it is about."""
        line = read_expression(statement)
        if not holds_calculus(line):
            raise unread("a derivative d/dx(...) or an integral integral(..., x) is needed")
        letters = _variables(line)
        if not letters:
            raise unread("a letter is needed that something is differentiated or integrated by")
        if len(letters) > 1:
            raise unread(f"one letter is worked with, not {' and '.join(sorted(letters))}")
        (unknown,) = letters
        if len(unknown) > 1:
            raise unread(f"the letter {unknown!r} must be a single one")
        return line, Task(_INTEGRATE if holds_integral(line) else _DIFFERENTIATE, unknown)

    def check(self, line: Expr, task: Task) -> None:
        """It has a value somewhere, and rules give its derivative."""
        _check_defined(line)

    def prompt(self, statement: str, line: Expr, task: Task) -> str:
        """``Differentiate: ...`` or ``Integrate: ...``."""
        if task.goal == _INTEGRATE:
            return f"Work out the integral, up to a constant: {statement}"
        return f"Work out the derivative: {statement}"

    def rewrites(self, state: ExpressionState) -> Iterator[Rewrite]:
        """The rules of calculus first, then those of algebra."""
        line = state.line
        yield from calculus_rewrites(line, first=True)
        yield from rewrites(line)

    def is_final(self, state: ExpressionState) -> bool:
        """Nothing is left to differentiate, to integrate, to put back, to fold or to collect."""
        return state.group is None and not holds_calculus(state.line) and is_simplified(state.line)

    def judge(self, before: ExpressionState, after: ExpressionState, mistake: str | None = None) -> Verdict:
        """See :func:`~reasoning_envs.symbolic.calculus.steps.compare_lines`."""
        integrating = before.task.goal == _INTEGRATE
        return compare_lines(before.line, after.line, variable="x", antiderivatives=integrating, mistake=mistake)

    def line_text(self, text: str, task: Task) -> str:
        """The text as it is."""
        return text

    def remarks(self, before: ExpressionState, after: ExpressionState) -> tuple[str, ...]:
        """That a constant of integration was left out, where an integral was worked out."""
        fewer = after.tokens.count(_INTEGRAL) < before.tokens.count(_INTEGRAL)
        return (UP_TO_A_CONSTANT,) if fewer else ()


def _variables(line: Expr) -> set[str]:
    """The letters that derivatives and integrals name, those that a substitution binds left out."""
    if not holds_calculus(line):
        return set()
    found: set[str] = set().union(*[_variables(arg) for arg in line.args])
    if line.op == "where":
        bound = str(line.args[1].value)
        return (found - {bound}) | (line.args[2].symbols if bound in found else set())
    return found | {str(line.args[1].value)} if line.op in ("derivative", "integral") else found


def _check_defined(line: Expr) -> None:
    """Raise for a line that has no value anywhere, or whose derivative no rule gives."""
    from reasoning_envs.symbolic.equality.canonical import normal_form
    from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm

    try:
        plain = worked_out(line)
        for part in (*operands(line), *([] if holds_calculus(plain) else [plain])):
            normal_form(part)
    except (NotDifferentiableError, UndefinedForm) as error:
        raise unread(str(error)) from error
    except (UnsafeExpressionError, TooLarge) as error:
        raise InputError(Verdict(Status.UNSAFE, reason=str(error), method="bounds")) from error
