"""The solution of a system as a line: a value for each unknown, alternatives, or what is left free."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

from flint import fmpq_mpoly

from reasoning_envs.symbolic.equality.forms import TooLarge, form, ring_of
from reasoning_envs.symbolic.equality.polynomial_sets import InfinitelyMany, System, points_of, system_context
from reasoning_envs.symbolic.equality.rings import Ring, fraction_to_expr
from reasoning_envs.symbolic.steps.lines import comparisons
from reasoning_envs.symbolic.syntax.expression import sym
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    Statement,
    conjunction,
    disjunction,
    equation,
)
from reasoning_envs.symbolic.systems.linear_systems import LinearSpace, Row, row_of

__all__ = ["system_solution"]


def system_solution(line: Statement, unknowns: Sequence[str]) -> Statement | None:
    """The solution of one system of equations, in the form of an answer.

    Args:
        line: equations joined by *and*, polynomials in the unknowns; where they are linear, with letters, which are
            taken as generic.
        unknowns: two or more. Where some are free, these are the later ones: ``x = 3 - z and y = 2*z``.

    Returns:
        None where there are infinitely many solutions of equations that are not linear, or solutions without a short
        name.

    Raises:
        TooLarge, UndefinedForm: of the equations.
    """
    equations = comparisons(line)
    ring = ring_of(*[side for one in equations for side in one[1:]], *[sym(name) for name in unknowns])
    differences = [form(one.left, ring).minus(form(one.right, ring)) for one in equations]
    rows = [row_of(difference, unknowns) for difference in differences]
    if all(row is not None for row in rows):
        return _of_rows([row for row in rows if row is not None], ring, unknowns)
    if any(difference.divisors for difference in differences) or ring.kernels:
        return None
    context = system_context(len(unknowns))
    order = [ring.index[name] for name in unknowns]
    if len(order) < len(ring.symbols):
        return None
    zero = []
    for difference in differences:
        top = difference.numerator
        under = lcm(*[int(coefficient.q) for coefficient in top.coeffs()])
        terms = {(*[int(e[i]) for i in order], 0): int((c * under).p) for e, c in top.to_dict().items()}
        zero.append(context.from_dict(terms))
    try:
        points = points_of(System(tuple(zero)), len(unknowns))
    except (InfinitelyMany, TooLarge):
        return None
    parts: list[Statement] = []
    for point in sorted(points, key=lambda one: [-float(name.ball(64).mid()) for name in one.names]):
        values = [number.constant() for number in point.names]
        if any(value is None for value in values):
            return None
        named = zip(unknowns, values, strict=True)
        parts.append(conjunction(*[equation(sym(name), value) for name, value in named if value is not None]))
    return disjunction(*parts)


def _of_rows(rows: Sequence[Row], ring: Ring, unknowns: Sequence[str]) -> Statement:
    space = LinearSpace(rows, ring, len(unknowns))
    if space.contradictory:
        return NO_SOLUTION
    if not space.rows:
        return ALL_REALS
    parts: list[Statement] = []
    for pivot, row in zip(space.pivots, space.rows, strict=True):
        rest: fmpq_mpoly = -row[-1]
        for column in space.free:
            rest = rest - row[column] * ring.generators[unknowns[column]]
        lead = row[pivot]
        whole = lcm(*[int(c.q) for c in (*rest.coeffs(), *lead.coeffs())])
        parts.append(equation(sym(unknowns[pivot]), fraction_to_expr(rest * whole, lead * whole, ring)))
    return conjunction(*parts)
