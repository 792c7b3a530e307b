"""Two lines without a solution: does the second follow from the first, or was it made up?

Any two contradictions have the same solutions, so that solutions cannot tell. A step between them counts as right where
it would be one in every other line too:

* the differences ``left - right`` of both equations are multiples of each other by a factor that cannot be 0: a number,
  letters, a denominator of the line before, what a constraint says is not 0;
* both equations hold at the same real values when constraints are dropped and functions are continued to complex values
  (``ln(4x + 6) = ln(x - 6)`` to ``4x + 6 = x - 6 and 4x + 6 > 0``, which both would hold at -4), and at one at least;
* the differences of both equations are equal as functions, but for a factor that a constraint of the second keeps from
  being 0; or the second's is that of the first's sides squared, as from ``sqrt(A) = B`` to ``A = B^2 and B >= 0``, or
  its cases multiply to that, as from ``|A| = B`` to ``A = B or A = -B``, each with ``B >= 0``; or
* both are inequalities, and every boundary of the second is one of the first.
"""

from __future__ import annotations

from flint import acb, arb

from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm
from reasoning_envs.symbolic.inequalities.steps import boundaries_follow
from reasoning_envs.symbolic.roots.critical import critical_points
from reasoning_envs.symbolic.roots.points import Point
from reasoning_envs.symbolic.steps.lines import EquationLine, common_ring, comparisons, equation_line
from reasoning_envs.symbolic.steps.step import Step
from reasoning_envs.symbolic.syntax.expression import ZERO, mul, neg, num, power, sub
from reasoning_envs.symbolic.syntax.statement import (
    And,
    Comparison,
    Statement,
    Truth,
    alternatives,
    conjuncts,
    free_symbols,
)
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, disjoint, precision
from reasoning_envs.symbolic.values.enclosures import value_at

__all__ = ["follows"]

_BITS = 512
_TWO = num(2)


def follows(step: Step) -> bool:
    """The second of two contradictory lines follows from the first by the rules above.

    Raises:
        TooLarge: the lines are too large to tell that it does not.
    """
    if isinstance(step.before, Truth) or isinstance(step.after, Truth):
        return False
    if all(comparison.op != "=" for line in (step.before, step.after) for comparison in comparisons(line)):
        return boundaries_follow(step) is not False
    large = None
    try:
        if _multiples(step) or _same_function(step):
            return True
    except UndefinedForm:
        pass
    except TooLarge as error:
        large = error
    letters = (free_symbols(step.before) | free_symbols(step.after)) - {step.unknown}
    if step.over != "complex" and not letters and _same_ghosts(step):
        return True
    if large is not None:
        raise large
    return False


def _multiples(step: Step) -> bool:
    before, after = _equation(step.before), _equation(step.after)
    if before is None or after is None:
        return False
    ring = common_ring((step.before, step.after), step.over)
    first = equation_line(before, ring, step.unknown, step.over)
    second = equation_line(after, ring, step.unknown, step.over)
    fine = set(first.poles) | _not_zero(step.before, step) | _not_zero(step.after, step)
    changed = {key for key in {*first.powers, *second.powers} if first.powers[key] != second.powers[key]}
    return changed <= fine


def _same_function(step: Step) -> bool:
    before, cases = _equation(step.before), [_equation(part) for part in alternatives(step.after)]
    if before is None or None in cases:
        return False
    left, right = before.left, before.right
    difference, squares = sub(left, right), sub(power(left, _TWO), power(right, _TWO))
    demanded = [part for part in comparisons(step.after) if part.op == "!=" and part.right is ZERO]
    multiples = [mul(part.left, difference) for part in demanded]
    second = mul(*[sub(case.left, case.right) for case in cases if case is not None])
    goals = (difference, squares, neg(squares), *multiples)
    return any(equivalent(goal, second, over=step.over).verified for goal in goals)


def _equation(line: Statement) -> Comparison | None:
    """The only equation of a line, its constraints apart."""
    equations = [part for part in conjuncts(line) if isinstance(part, Comparison) and part.op == "="]
    plain = all(isinstance(part, Comparison) for part in conjuncts(line))
    return equations[0] if plain and len(equations) == 1 else None


def _not_zero(line: Statement, step: Step) -> set[str]:
    """Factors that the constraints of a line keep from being 0."""
    ring = common_ring((step.before, step.after), step.over)
    found: set[str] = set()
    for comparison in comparisons(line):
        if comparison.op in ("!=", "<", ">"):
            constraint = Comparison("=", comparison.left, comparison.right)
            analysis: EquationLine = equation_line(constraint, ring, step.unknown, step.over)
            found |= set(analysis.powers)
    return found


def _same_ghosts(step: Step) -> bool:
    points: dict[object, Point] = {}
    for comparison in (*comparisons(step.before), *comparisons(step.after)):
        points.update((point.key, point) for point in critical_points(comparison, step.unknown).points)
    first = {key for key, point in points.items() if _would_hold(step.before, point, step.unknown)}
    second = {key for key, point in points.items() if _would_hold(step.after, point, step.unknown)}
    return bool(first) and first == second


def _would_hold(line: Statement, point: Point, unknown: str) -> bool:
    """The line's equations hold at the point over the complex numbers; its constraints are not asked."""
    if isinstance(line, Truth):
        return line.value
    if not isinstance(line, Comparison):
        parts = [_would_hold(part, point, unknown) for part in line.parts]
        return all(parts) if isinstance(line, And) else any(parts)
    if line.op != "=":
        return True
    with precision(_BITS):
        at = {unknown: point.exact if point.exact is not None else point.ball(_BITS)}
        try:
            left, right = value_at(line.left, at, "complex"), value_at(line.right, at, "complex")
        except (Undefined, Unclear):
            return False
        gap = acb(left) - acb(right)
        return not disjoint(left, right) and bool(abs(gap).upper() < arb(2) ** -64)
