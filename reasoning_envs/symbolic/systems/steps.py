"""Is one line of a derivation about several unknowns right, given the line before it?

A line is a system (equations joined by *and*), or alternatives of them joined by *or*, or ``no solution``, or ``all
reals`` (every choice of the unknowns). Lines are compared by their solutions, points with a coordinate for each
unknown; every other letter is a parameter, a generic constant. Linear systems are compared exactly by what their rows
span, with letters under recorded conditions; polynomial ones by Groebner bases and their real points, roots and bars
among them. What uses other functions of an unknown is compared up to order, and otherwise UNDECIDED.

An underdetermined system is solved by ``x = 3 - 2*z and y = z``: unknowns that stand alone on no left side are free.
"""

from __future__ import annotations

from collections.abc import Sequence

from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm
from reasoning_envs.symbolic.steps.lines import part_keys
from reasoning_envs.symbolic.syntax.statement import NO_SOLUTION, Statement
from reasoning_envs.symbolic.systems.linear_step import relate_linear_systems
from reasoning_envs.symbolic.systems.lines import SystemStep
from reasoning_envs.symbolic.systems.polynomial_step import relate_polynomial_systems
from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["relate_systems"]

_ALGEBRAIC = ("sqrt", "root", "abs")  # unknowns of their own, which equations and signs tie to their arguments


def relate_systems(
    before: Statement, after: Statement, unknowns: Sequence[str], *, over: str = "real", mistake: str | None = None
) -> Verdict:
    """How the solutions of one line about several unknowns relate to those of the line before it.

    Args:
        before: a line, within the static bounds.
        after: the next one.
        unknowns: the symbols that are solved for, two or more; the others stand for constants.
        over: ``"real"``, ``"positive"`` or ``"complex"``.
        mistake: as for :func:`~reasoning_envs.symbolic.steps.derivation.relate`.

    Returns:
        As :func:`~reasoning_envs.symbolic.steps.derivation.relate`; a witness is a point, ``"x = 1, y = 2"``.
    """
    try:
        return _compared(SystemStep(before, after, tuple(unknowns), over, mistake))
    except UndefinedForm as error:
        reason = f"the line before is undefined for every value: {error}"
        if after == NO_SOLUTION:
            return Verdict(Status.VERIFIED, Relation.EQUIVALENT, reason, "definedness", True)
        return Verdict(Status.REFUTED, Relation.NONE, f"a line is undefined: {error}", "definedness", True)
    except TooLarge as error:
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, f"this is too large a task: {error}", "systems")


def _compared(step: SystemStep) -> Verdict:
    if step.before == step.after:
        return step.right(Relation.EQUIVALENT, "the same line", "canonical form")
    if any(kernel.op not in _ALGEBRAIC and kernel.symbols for kernel in step.ring.kernels):
        if part_keys(step.before, step.ring, step.over) == part_keys(step.after, step.ring, step.over):
            return step.right(Relation.EQUIVALENT, "both lines have the same solutions", "polynomials")
        reason = "systems are compared where their equations are made of + - * /, whole powers, roots and bars"
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "systems")
    first, second = step.read(step.before), step.read(step.after)

    def at_numbers(before: Statement, after: Statement) -> Verdict:
        return relate_systems(before, after, step.unknowns, over=step.over, mistake=step.mistake)

    found = relate_linear_systems(step, first, second)
    return relate_polynomial_systems(step, first, second, at_numbers) if found is None else found
