"""Is one line of calculus a right next line to another?

Derivatives are taken and substitutions made on both lines. What is left is compared as functions; where integrals are
left, or both lines are meant up to a constant, both are differentiated first, since two functions with one derivative
differ by a constant (on each interval where they are defined). ``+ C`` is such a constant, and so is any other letter.

Where every integral has its bounds, the lines are no functions up to a constant but values, and are compared as such.

An integral times something that varies has no derivative without an integral in it, nor has an integral of an integral;
such lines are compared with one letter for each integral, and where these differ nobody can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.symbolic.calculus.definite import AREAS, compare_definite
from reasoning_envs.symbolic.calculus.differentiation import (
    NotDifferentiableError,
    differentiate,
    holds_calculus,
    holds_integral,
    operands,
    worked_out,
)
from reasoning_envs.symbolic.calculus.rules import calculus_rewrites
from reasoning_envs.symbolic.calculus.words import CALCULUS_MISTAKES
from reasoning_envs.symbolic.equality.canonical import normal_form
from reasoning_envs.symbolic.equality.conditions import Condition, condition_texts, definedness
from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm
from reasoning_envs.symbolic.moves.rules import simplify
from reasoning_envs.symbolic.steps.recognition import fingerprint, recognised
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr, rebuild, sym
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Comparison
from reasoning_envs.symbolic.values.evaluation import enclosure
from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["UP_TO_A_CONSTANT", "compare_lines", "mistake_between", "variable_of"]

UP_TO_A_CONSTANT = "up to a constant"
"""The condition that a verdict carries where a constant of integration may lie between two lines."""

_DEFINEDNESS = "definedness"
_SHOWN = 80
_SALTS = (1, 2)
_BITS = 96


def compare_lines(
    before: Expr,
    after: Expr,
    *,
    over: str = "real",
    variable: str | None = None,
    antiderivatives: bool = False,
    given: Sequence[Comparison] = (),
    mistake: str | None = None,
) -> Verdict:
    """Do two lines of calculus stand for the same function?

    Args:
        before: a line, with or without derivatives and integrals.
        after: another.
        over: the number domain.
        variable: the letter that is integrated over; by default the one that the integrals name.
        antiderivatives: the lines are meant up to a constant even where no integral is left in them.
        given: comparisons that the letters satisfy.
        mistake: what is wrong with the step if it is wrong, where the caller knows that: the reason of a refutation.

    Returns:
        VERIFIED with the conditions under which one line is defined and the other is not, and
        :data:`UP_TO_A_CONSTANT` where that was needed; REFUTED, UNDECIDED, UNSAFE.
    """
    try:
        if mistake is not None and not given and over == "real":
            quick = _plainly_apart(before, after, variable, antiderivatives)
            if quick:
                return Verdict(Status.REFUTED, Relation.NONE, mistake, "balls", True)
        verdict = _compare(before, after, over, variable, antiderivatives, given)
    except UnsafeExpressionError as error:
        return Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)
    except NotDifferentiableError as error:
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, str(error), "differentiation")
    if verdict.refuted and verdict.method not in (_DEFINEDNESS, AREAS):
        found = mistake or mistake_between(before, after, variable=variable, antiderivatives=antiderivatives)
        return verdict if found is None else replace(verdict, reason=found)
    return verdict


def _plainly_apart(before: Expr, after: Expr, variable: str | None, antiderivatives: bool) -> bool:
    """Certified values of both at one point exclude each other: a quick look, before a reason is searched for."""
    sides = [worked_out(before), worked_out(after)]
    if antiderivatives or any(holds_integral(side) for side in sides):
        name = variable or variable_of(*sides)
        if name is None:
            return False
        sides = [differentiate(side, name) for side in sides]
    if any(holds_calculus(side) for side in sides):
        return False
    for salt in _SALTS:
        first = enclosure(sides[0], salt, bits=_BITS)
        second = None if first is None else enclosure(sides[1], salt, bits=_BITS)
        if first is not None and second is not None:
            return not first.overlaps(second)
    return False


def _compare(
    before: Expr, after: Expr, over: str, variable: str | None, antiderivatives: bool, given: Sequence[Comparison]
) -> Verdict:
    first, second = worked_out(before), worked_out(after)
    if before.key == after.key:
        return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the same line", "canonical form", True)
    if not given:
        verdict = compare_definite(first, second, over)
        if verdict is not None:
            return verdict
    undefined = _undefined(before, over) or _undefined(after, over)
    if undefined is not None:
        return Verdict(Status.REFUTED, Relation.NONE, undefined, _DEFINEDNESS, True)
    if not (antiderivatives or holds_integral(first) or holds_integral(second)):
        verdict = equivalent(first, second, over=over, given=given)
        return replace(verdict, conditions=_conditions(before, after, over)) if verdict.verified else verdict
    name = variable or variable_of(first, second)
    if name is None:
        reason = "the integrals name several letters; which of them is the variable?"
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "differentiation")
    rates = differentiate(first, name), differentiate(second, name)
    if any(holds_integral(rate) for rate in rates):
        return _with_letters(first, second, over, given)
    verdict = equivalent(*rates, over=over, given=given)
    method = f"differentiation, {verdict.method}"
    if verdict.verified:
        reason = "both have the same derivative, so that they differ by a constant at most"
        conditions = (*_conditions(before, after, over), UP_TO_A_CONSTANT)
        return replace(verdict, reason=reason, method=method, conditions=conditions)
    if verdict.refuted:
        return replace(verdict, reason=f"the derivatives differ: {verdict.reason}", method=method)
    return replace(verdict, method=method)


def _undefined(line: Expr, over: str) -> str | None:
    """Why a line has no value anywhere: a constant that is undefined does not show in a derivative."""
    plain = worked_out(line)
    shown = [(part, part) for part in operands(line)]
    for part, whole in (*shown, (_lettered(plain, {}, count()), plain)):
        try:
            normal_form(part, over)
        except UndefinedForm as error:
            return f"{to_text(whole)} is undefined: {error}"
        except TooLarge:
            continue
    return None


def _with_letters(first: Expr, second: Expr, over: str, given: Sequence[Comparison]) -> Verdict:
    """Each integral as a letter of its own: equal then is equal, different says nothing."""
    letters: dict[bytes, Expr] = {}
    numbers = count()
    lines = [_lettered(line, letters, numbers) for line in (first, second)]
    if not any(holds_calculus(line) for line in lines):
        verdict = equivalent(*lines, over=over, given=given)
        if verdict.verified:
            return verdict
    reason = "an integral is multiplied by something that varies, or stands in another: work it out first"
    return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "differentiation")


def _lettered(node: Expr, letters: dict[bytes, Expr], numbers: count[int]) -> Expr:
    if not holds_integral(node):
        return node
    if node.op in ("integral", "where"):
        found = letters.get(node.key)
        if found is None:
            found = letters[node.key] = sym(f"integral_{next(numbers)}")
        return found
    return rebuild(node.op, tuple([_lettered(arg, letters, numbers) for arg in node.args]))


def variable_of(*lines: Expr) -> str | None:
    """The only letter that the integrals of some lines run over; None where there is none, or several."""
    found: set[str] = set()
    for line in lines:
        _collect_variables(line, found)
    return found.pop() if len(found) == 1 else None


def _collect_variables(node: Expr, found: set[str]) -> None:
    if not holds_integral(node):
        return
    if node.op == "integral":
        found.add(str(node.args[1].value))
        return
    if node.op == "where":
        inside: set[str] = set()
        _collect_variables(node.args[0], inside)
        if str(node.args[1].value) in inside:
            inside.discard(str(node.args[1].value))
            inside |= node.args[2].symbols
        found |= inside
        return
    for arg in node.args:
        _collect_variables(arg, found)


def _conditions(before: Expr, after: Expr, over: str) -> tuple[str, ...]:
    """Of definedness, where one line has them and the other has not."""
    try:
        return condition_texts(_needs(before, over) ^ _needs(after, over))
    except (UndefinedForm, TooLarge):
        return ("both lines are defined",)


def _needs(line: Expr, over: str) -> frozenset[Condition]:
    found: frozenset[Condition] = frozenset()
    plain = worked_out(line)
    for part in (*operands(line), *([] if holds_calculus(plain) else [plain])):
        check_bounds(part)
        found |= definedness(part, over)
    return frozenset(_plain_condition(condition) for condition in found) - _implied(found)


def _plain_condition(condition: Condition) -> Condition:
    """``|x| > 0`` as ``x != 0``."""
    relation, tree = condition
    return ("!= 0", tree.args[0]) if relation == "> 0" and tree.op == "abs" else condition


def _implied(conditions: frozenset[Condition]) -> frozenset[Condition]:
    """What is not 0 where it is positive."""
    return frozenset((other, tree) for relation, tree in conditions if relation == "> 0" for other in ("!= 0", ">= 0"))


# -- reasons ----------------------------------------------------------------------------------------------------------


def _tidied(expr: Expr) -> str | None:
    """The expression simplified, as text; None where it is too long to be shown."""
    if expr.size > _SHOWN:
        return None
    text = to_text(simplify(expr, limit=40))
    return text if len(text) <= _SHOWN else None


def mistake_between(
    before: Expr, after: Expr, *, variable: str | None = None, antiderivatives: bool = False
) -> str | None:
    """What is wrong with a step that is known to be wrong, as a student would be told; None where it is not plain.

    The classic mistakes are made on the line before; the one that leads to a line equal to the one after is it.
    """
    try:
        found = _classic(before, after, variable, antiderivatives or holds_integral(before) or holds_integral(after))
        place = _changed_place(before, after)
        return f"{place}: {found}" if place and found else place or found
    except (NotDifferentiableError, UnsafeExpressionError):
        return None


def _classic(before: Expr, after: Expr, variable: str | None, rates: bool) -> str | None:
    name = variable or variable_of(before, after) or next(iter(sorted(before.symbols)), "x")

    def values(line: Expr) -> NDArray[np.float64] | None:
        plain = worked_out(line)
        if rates:
            plain = differentiate(plain, name)
        return None if holds_calculus(plain) else fingerprint(plain, name)

    return recognised(after, calculus_rewrites(before), CALCULUS_MISTAKES, values)


def _changed_place(before: Expr, after: Expr) -> str | None:
    """``the derivative of x^3 is 3*x^2, not x^2``: where a single derivative or integral was replaced."""
    node, became = before, after
    while node.op == became.op and len(node.args) == len(became.args) and node.op not in ("derivative", "integral"):
        places = [index for index, pair in enumerate(zip(node.args, became.args, strict=True)) if pair[0] != pair[1]]
        if len(places) != 1:
            return None
        node, became = node.args[places[0]], became.args[places[0]]
    if node.op not in ("derivative", "integral") or holds_calculus(became):
        return None
    body, symbol = node.args
    if holds_calculus(body):
        return None
    shown = to_text(body)
    if node.op == "derivative":
        right = _tidied(worked_out(node))
        return None if right is None else f"the derivative of {shown} is {right}, not {to_text(became)}"
    rate = _tidied(differentiate(became, str(symbol.value)))
    return None if rate is None else f"the derivative of {to_text(became)} is {rate}, not {shown}"
