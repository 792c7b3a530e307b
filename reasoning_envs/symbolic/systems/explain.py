"""Why a step between systems of equations is wrong, in a sentence that a student would understand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flint import fmpq

from reasoning_envs.symbolic.equality.forms import Form, TooLarge, UndefinedForm, form, ring_of
from reasoning_envs.symbolic.equality.rings import Ring
from reasoning_envs.symbolic.steps.explain import slip_of_equations
from reasoning_envs.symbolic.steps.lines import comparisons
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Comparison, Statement, Truth, alternatives, conjuncts

__all__ = ["explain_system"]


def explain_system(
    before: Statement, after: Statement, unknowns: Sequence[str], over: str, lost: str | None, added: str | None
) -> str:
    """The reason for a refuted step.

    Args:
        before: the line before the step.
        after: the line after it.
        unknowns: the symbols that are solved for.
        over: the number domain.
        lost: a point that solves the first line alone, in words; None where there is none.
        added: one that solves the second alone. One of the two is given.
    """
    if isinstance(after, Truth):
        if after.value:
            return f"the line before does not hold for every choice of {' and '.join(unknowns)}: try {added}"
        return f"the line before has a solution: {lost}"
    if isinstance(before, Truth):
        return f"the line before says {to_text(before)}, and this one does not"
    found = _of_equations(before, after, unknowns, over, lost, added)
    if found is not None:
        return found
    if len(alternatives(after)) < len(alternatives(before)) and lost:
        return f"an alternative was dropped: {lost} is lost"
    if lost and added:
        return f"the solutions change: {lost} is lost and {added} does not solve the line before"
    if lost:
        return f"the step loses {lost}"
    return f"the step adds {added}, which does not solve the line before"


def _of_equations(
    before: Statement, after: Statement, unknowns: Sequence[str], over: str, lost: str | None, added: str | None
) -> str | None:
    """The one equation that was dropped or changed, where the others are as they were."""
    first, second = _equations(before), _equations(after)
    if first is None or second is None:
        return None
    try:
        sides = [side for line in (before, after) for part in comparisons(line) for side in part[1:]]
        ring = ring_of(*sides)
        old = [_normal(equation, ring) for equation in first]
        new = [_normal(equation, ring) for equation in second]
        gone = [i for i, key in enumerate(old) if key not in new]
        came = [i for i, key in enumerate(new) if key not in old]
        if gone and not came:
            names = " and ".join(to_text(first[i]) for i in gone)
            return f"{names} was dropped, and it is needed: {added} solves the rest alone"
        if len(came) != 1:
            return None
        wrong = second[came[0]]
        if len(gone) == 1:
            if lost is not None and added is None and _is_factor(wrong, first[gone[0]], ring):
                return f"a product is zero when any of its factors is: {lost} is lost"
            found = _combination(first, first[gone[0]], wrong, ring)
            if found is None:
                slip = slip_of_equations(first[gone[0]], wrong, over)
                found = None if slip is None or "changed its value" in slip else slip
            if found is not None:
                return found
        shown = lost if lost is not None else added
        solved, other = ("the line before", "it") if lost is not None else ("it", "the line before")
        return f"{to_text(wrong)} does not follow: {shown} solves {solved}, and not {other}"
    except (UndefinedForm, TooLarge):
        return None


def _equations(line: Statement) -> list[Comparison] | None:
    pieces = conjuncts(line)
    found = [piece for piece in pieces if isinstance(piece, Comparison) and piece.op == "="]
    return found if len(found) == len(pieces) else None


def _normal(equation: Comparison, ring: Ring) -> str:
    """The equation up to a number by which both sides are multiplied."""
    whole = form(equation.left, ring).minus(form(equation.right, ring))
    top, down = whole.lowest_terms()
    return "0" if top.is_zero() else f"{top / top.leading_coefficient()} / {down}"


def _is_factor(part: Comparison, whole: Comparison, ring: Ring) -> bool:
    """The difference of the one equation divides that of the other."""
    small, large = (form(one.left, ring).minus(form(one.right, ring)).lowest_terms()[0] for one in (part, whole))
    return not small.is_constant() and (large % small).is_zero()


def _combination(first: Sequence[Comparison], old: Comparison, new: Comparison, ring: Ring) -> str | None:
    """One side is the old one plus a multiple of another equation's, and the other side is not."""
    left = form(new.left, ring).minus(form(old.left, ring))
    right = form(new.right, ring).minus(form(old.right, ring))
    for other in first:
        if other is old:
            continue
        for mine, theirs, one, another in (
            (left, right, (other.left, other.right), ("left", "right")),
            (right, left, (other.right, other.left), ("right", "left")),
        ):
            for multiple in _multiples(mine, form(one[0], ring)):
                if theirs.minus(_times(form(one[1], ring), multiple)).is_zero:
                    continue
                added = to_text(other) if multiple == 1 else f"{multiple} times {to_text(other)}"
                return f"{added} was added on the {another[0]} side, and something else on the {another[1]} side"
    return None


def _multiples(change: Form, side: Form) -> Iterator[fmpq]:
    """The number, not 0, that the change is of a side that is no number."""
    top, down = change.lowest_terms()
    base, under = side.lowest_terms()
    if top.is_zero() or base.is_constant() or down != under:
        return
    ratio = top.leading_coefficient() / base.leading_coefficient()
    if top == base * ratio:
        yield ratio


def _times(side: Form, multiple: fmpq) -> Form:
    return Form(side.ring, side.numerator * multiple, side.denominator, side.divisors)
