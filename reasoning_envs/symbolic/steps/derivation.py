"""Is one line of a derivation right, given the line before it?

Two lines in one unknown are compared by their solutions; every other letter is a parameter, a generic real constant.
Cheap methods first: the same line up to order and constant factors; equal sets of irreducible factors (rational
equations, exact, with letters); critical points and the cells between them (anything in the unknown alone); the same
for letters replaced by numbers. What a verdict's ``rigorous`` says holds for generic letters under its ``conditions``.

Conventions, where there was a choice:

* A line is true at a value of the unknown when one of its alternatives is defined there and holds with all its parts.
* Two lines that hold wherever they are defined have the same solutions under the conditions in which they differ:
  ``x/x = 1`` to ``0 = 0`` is right under ``x != 0``. ``all reals`` says more: ``x/x = 1`` leads to ``x != 0``.
* A line with a part that is defined nowhere (``x = 1/0``) is refuted, before or after; only ``no solution`` follows.
* Neither line has a solution: right when ``no solution`` is concluded, or when the second follows from the first by a
  rule that is right elsewhere (:mod:`~reasoning_envs.symbolic.steps.vacuous`); else VACUOUS, and refuted.
* With letters, a root that appears only where the line before has no solution at all (``sqrt(x) = a`` to ``x = a^2``,
  where a is negative) does not make a step wrong: the condition under which it has one is recorded.
"""

from __future__ import annotations

import time
from dataclasses import replace

from reasoning_envs.symbolic.calculus.differentiation import NotDifferentiableError, holds_calculus, worked_out_line
from reasoning_envs.symbolic.equality.canonical import normal_form
from reasoning_envs.symbolic.equality.conditions import Condition, condition_texts, definedness
from reasoning_envs.symbolic.equality.equivalence import NUMBER_DOMAINS, equivalent
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm
from reasoning_envs.symbolic.equality.rings import is_rational
from reasoning_envs.symbolic.inequalities.forms import fault_of_solution, is_about_inequalities
from reasoning_envs.symbolic.inequalities.steps import relate_under_signs
from reasoning_envs.symbolic.steps.apart import is_dear, relate_apart
from reasoning_envs.symbolic.steps.cells import CellComparison, compare_on_cells
from reasoning_envs.symbolic.steps.factor_step import different_roots, relate_by_factors
from reasoning_envs.symbolic.steps.lines import (
    common_ring,
    comparisons,
    excludes_values,
    is_equations,
    multiples,
    part_keys,
)
from reasoning_envs.symbolic.steps.parameters import compare_at_letters, is_defined_somewhere
from reasoning_envs.symbolic.steps.step import Step
from reasoning_envs.symbolic.steps.sympy_worker import ask_solutions
from reasoning_envs.symbolic.steps.vacuous import follows
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr, sub
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import (
    NO_SOLUTION,
    Comparison,
    Statement,
    Truth,
    alternatives,
    conjuncts,
    free_symbols,
)
from reasoning_envs.symbolic.syntax.unknowns import names_of
from reasoning_envs.symbolic.systems.lines import fault_of_system_solution
from reasoning_envs.symbolic.systems.steps import relate_systems
from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["judge_answer", "relate"]


def relate(
    before: Statement, after: Statement, *, unknown: str, over: str = "real", mistake: str | None = None
) -> Verdict:
    """How the solutions of one line relate to those of the line before it.

    Args:
        before: a line of a derivation.
        after: the next one.
        unknown: the symbol that is solved for, or several, ``"x, y"``; every other one stands for a constant.
        over: ``"real"``, ``"positive"`` (unknown and letters), or ``"complex"`` (rational equations, and what follows
            by the rules of fractions).
        mistake: what is wrong with the step if it is wrong, in words, where the caller knows that. It is the reason of
            a refutation then, which saves the search for one, and has no say in the verdict.

    Returns:
        VERIFIED with EQUIVALENT or SAME_ROOTS; REFUTED with IMPLIES (a root was added), IMPLIED_BY (lost), NONE (both)
        or VACUOUS, a witness and a reason; UNDECIDED, UNSAFE.

    Raises:
        ValueError: no such number domain.
    """
    start = time.perf_counter()
    if over not in NUMBER_DOMAINS:
        raise ValueError(f"over must be one of {', '.join(NUMBER_DOMAINS)}, got {over!r}")
    try:
        if holds_calculus(before) or holds_calculus(after):
            before, after = worked_out_line(before), worked_out_line(after)
        check_bounds(before)
        check_bounds(after)
    except UnsafeExpressionError as error:
        verdict = Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)
    except NotDifferentiableError as error:
        verdict = Verdict(Status.UNDECIDED, Relation.UNKNOWN, str(error), "differentiation")
    else:
        if holds_calculus(before) or holds_calculus(after):
            reason = "an integral in an equation stands for many functions: work it out first"
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "differentiation")
        names = names_of(unknown)
        if len(names) > 1:
            verdict = relate_systems(before, after, names, over=over, mistake=mistake)
        else:
            verdict = _Comparison(before, after, unknown, over, mistake).verdict()
    return verdict.since(start)


def judge_answer(problem: Statement, final: Statement, *, unknown: str, over: str = "real") -> Verdict:
    """Is ``final`` the solution of ``problem``, in the form of an answer?

    The form is ``x = c`` with an x-free right side, several of these joined by *or*, ``no solution`` or ``all reals``.
    Of an inequality it is a union of intervals (:mod:`~reasoning_envs.symbolic.inequalities.forms`), of a system a
    value for each unknown that is not free (:func:`~reasoning_envs.symbolic.systems.lines.fault_of_system_solution`).

    Returns:
        As :func:`relate`; another form is REFUTED.
    """
    names = names_of(unknown)
    if len(names) > 1 or is_about_inequalities(problem, unknown):
        fault = fault_of_solution(final, unknown) if len(names) == 1 else fault_of_system_solution(final, names)
        if fault is not None:
            return Verdict(Status.REFUTED, Relation.UNKNOWN, fault, "form", True)
        return _of_whole(relate(problem, final, unknown=unknown, over=over))
    for part in alternatives(final):
        fault = _fault_of_form(part, unknown)
        if fault is not None:
            return Verdict(Status.REFUTED, Relation.UNKNOWN, fault, "form", True)
        if over != "complex" and _is_never_defined(part, over):
            reason = f"{to_text(part)} has no value, whatever numbers its letters are"
            return Verdict(Status.REFUTED, Relation.IMPLIES, reason, "numbers for letters", False)
    return _of_whole(relate(problem, final, unknown=unknown, over=over))


def _of_whole(verdict: Verdict) -> Verdict:
    """The verdict on a step from the problem to its answer, in the words of an outcome."""
    if verdict.verified:
        return replace(verdict, reason="this is the whole solution of the problem")
    if verdict.refuted:
        shown = f" ({verdict.witness})" if verdict.witness else ""
        reasons = {
            Relation.IMPLIED_BY: f"the answer misses a solution{shown}",
            Relation.IMPLIES: f"the answer has something that is no solution{shown}",
            Relation.NONE: f"the answer is not the solution{shown}",
        }
        if verdict.relation in reasons and "undefined" not in verdict.reason:
            return replace(verdict, reason=reasons[verdict.relation])
    return verdict


def _is_never_defined(part: Statement, over: str) -> bool:
    if not isinstance(part, Comparison) or not part.right.symbols or is_rational(part.right):
        return False
    try:
        check_bounds(part)
    except UnsafeExpressionError:
        return False  # which the comparison will say
    return not is_defined_somewhere(part.right, over)


def _fault_of_form(part: Statement, unknown: str) -> str | None:
    if isinstance(part, Truth):
        return None
    if not any(isinstance(piece, Comparison) and piece.op == "=" for piece in conjuncts(part)):
        return fault_of_solution(part, unknown)  # all reals but some
    if not isinstance(part, Comparison):
        return f"an answer says {unknown} = ..., alternatives of that, no solution, or all reals"
    if part.left.op != "sym" or part.left.value != unknown:
        return f"{unknown} does not stand alone on the left side"
    if unknown in part.right.symbols:
        return f"{unknown} stands on both sides"
    return None


class _Comparison:
    """One comparison of two lines."""

    def __init__(self, before: Statement, after: Statement, unknown: str, over: str, mistake: str | None) -> None:
        self.step = Step(before, after, unknown, over, mistake)
        self.before, self.after, self.unknown, self.over = before, after, unknown, over

    def verdict(self) -> Verdict:
        before, after = self.before, self.after
        if isinstance(before, Truth) and isinstance(after, Truth):
            return self._two_truths(before, after)
        try:
            ring = common_ring((before, after), self.over)
            if multiples(before, after, ring, self.over):
                return self.step.right(Relation.EQUIVALENT, "both lines have the same solutions", "polynomials")
            apart = different_roots(self.step, ring)
            if apart is not None:
                return apart
            if all(isinstance(line, Truth) or is_equations(line) or excludes_values(line) for line in (before, after)):
                try:
                    verdict = relate_by_factors(self.step, ring)
                except TooLarge:
                    verdict = None  # the lines may still be the same up to order
                if verdict is not None:
                    return verdict
            if part_keys(before, ring, self.over) == part_keys(after, ring, self.over):
                return self.step.right(Relation.EQUIVALENT, "both lines have the same solutions", "polynomials")
        except UndefinedForm as error:
            return self._undefined(error)
        except TooLarge:
            try:
                for comparison in (*comparisons(before), *comparisons(after)):
                    _check_defined(comparison, self.over)
            except UndefinedForm as error:
                return self._undefined(error)
        return self._by_cells()

    def _undefined(self, error: UndefinedForm) -> Verdict:
        """A line has a part without a value anywhere."""
        if self.after == NO_SOLUTION:
            reason = f"the line before is undefined for every value: {error}"
            return self.step.right(Relation.EQUIVALENT, reason, "definedness")
        name = "the line before"
        for comparison in comparisons(self.after):
            try:
                _check_defined(comparison, self.over)
            except UndefinedForm as found:
                name, error = "the line", found
        return Verdict(Status.REFUTED, Relation.NONE, f"{name} is undefined: {error}", "definedness", True)

    def _two_truths(self, before: Truth, after: Truth) -> Verdict:
        if before == after:
            return self.step.right(Relation.EQUIVALENT, "the same line", "canonical form")
        relation = Relation.IMPLIED_BY if before.value else Relation.IMPLIES
        return Verdict(
            Status.REFUTED, relation, "the one holds for every value, the other for none", "canonical form", True
        )

    def _by_cells(self) -> Verdict:
        if is_dear(self.step):
            return relate_apart(self.step)
        if self.over == "complex":
            reason = "over the complex numbers only rational equations can be compared"
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "polynomials")
        letters = (free_symbols(self.before) | free_symbols(self.after)) - {self.unknown}
        if letters:
            return relate_under_signs(self.step) or self._by_letters(tuple(sorted(letters)))
        found = compare_on_cells(self.before, self.after, self.unknown, self.over)
        method = "cells" if found.rigorous else "balls"
        return self._of_cells(found, method)

    def _of_cells(self, found: CellComparison, method: str) -> Verdict:
        if found.identities and (found.covered or self._hold_everywhere()):
            relation = Relation.EQUIVALENT if found.same_domain else Relation.SAME_ROOTS
            conditions = () if found.same_domain else self._domains()
            reason = "both lines hold for every value at which they are defined"
            return self.step.right(relation, reason, method, found.rigorous, conditions)
        lost = tuple([point.text(self.unknown) for point in found.lost[:3]])
        added = tuple([point.text(self.unknown) for point in found.added[:3]])
        if lost or added:
            return self.step.wrong(lost, added, method, found.rigorous, Relation.NONE)
        if not found.covered:
            if self._same_difference():
                return self.step.right(Relation.EQUIVALENT, "both lines have the same solutions", method, True)
            reason = "solutions may lie where nobody looked: waves go on for ever"
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, method)
        if found.unclear:
            return self._by_sympy()
        if found.before_any:
            relation = Relation.SAME_ROOTS
            return self.step.right(relation, "the solutions stay the same", method, found.rigorous)
        if isinstance(self.after, Truth):
            return self.step.right(Relation.EQUIVALENT, "the line has no solution", method, found.rigorous)
        return self._neither(method, found.rigorous)

    def _hold_everywhere(self) -> bool:
        """The sides of each equation are equal as functions, which the search for solutions did not see everywhere."""
        lines = (*comparisons(self.before), *comparisons(self.after))
        return all(equivalent(line.left, line.right, over=self.over).verified for line in lines)

    def _same_difference(self) -> bool:
        """Left minus right is the same function in both lines, as is proved: ``sin(2x)`` was written out."""
        before, after = self.before, self.after
        if not (isinstance(before, Comparison) and isinstance(after, Comparison)) or before.op != after.op:
            return False
        first, second = sub(before.left, before.right), sub(after.left, after.right)
        for other in (second, sub(after.right, after.left)) if before.op in ("=", "!=") else (second,):
            verdict = equivalent(first, other, over=self.over)
            if verdict.verified and verdict.rigorous and not verdict.conditions:
                return True
        return False

    def _by_sympy(self) -> Verdict:
        """The last resort for two equations: SymPy's solutions of both."""
        sets: list[tuple[Expr, ...]] = []
        for line in (self.before, self.after):
            if line == NO_SOLUTION:
                sets.append(())
                continue
            if not isinstance(line, Comparison) or line.op != "=":
                reason = "there are values at which nobody can tell whether the lines hold"
                return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "balls")
            found = ask_solutions(line.left, line.right, self.unknown)
            if isinstance(found, Verdict):
                return found
            sets.append(found)
        first, second = sets
        lost = [root for root in first if not any(equivalent(root, other).verified for other in second)]
        added = [root for root in second if not any(equivalent(root, other).verified for other in first)]
        if lost or added:
            names = [tuple([f"{self.unknown} = {to_text(root)}" for root in roots]) for roots in (lost, added)]
            return self.step.wrong(names[0], names[1], "sympy", False, Relation.NONE)
        if first:
            return self.step.right(Relation.SAME_ROOTS, "the solutions stay the same", "sympy", False)
        if isinstance(self.after, Truth):
            return self.step.right(Relation.EQUIVALENT, "the line has no solution", "sympy", False)
        return self._neither("sympy", False)

    def _neither(self, method: str, rigorous: bool) -> Verdict:
        """Neither line has a solution."""
        try:
            if follows(self.step):
                return self.step.right(Relation.SAME_ROOTS, "neither line has a solution", method, rigorous)
        except TooLarge as error:
            reason = (
                f"neither line has a solution, and whether the one follows from the other is too large a task: {error}"
            )
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, method)
        return self.step.vacuous(method, rigorous)

    def _domains(self) -> tuple[str, ...]:
        """Conditions of definedness of one line that are none of the other's."""
        sides: list[frozenset[Condition]] = []
        for line in (self.before, self.after):
            found: frozenset[Condition] = frozenset()
            try:
                for comparison in comparisons(line):
                    found = found | _definedness(comparison, self.over)
            except TooLarge:
                return ("both lines are defined",)
            sides.append(found)
        return condition_texts(sides[0] ^ sides[1])

    def _by_letters(self, letters: tuple[str, ...]) -> Verdict:
        found = compare_at_letters(self.before, self.after, self.unknown, letters, self.over)
        if found.verdict is not None:
            return found.verdict
        if found.witness is not None:
            return self.step.wrong(found.lost, found.added, "numbers for letters", False, Relation.NONE, found.witness)
        if not found.any_solution:
            if isinstance(self.after, Truth):
                reason = "the line has no solution for any of the numbers that were tried for its letters"
                return self.step.right(Relation.EQUIVALENT, reason, "numbers for letters", False)
            return self._neither("numbers for letters", False)
        reason = f"the solutions stay the same for each of the {found.agreed} numbers that were tried for the letters"
        conditions = (self._letters_lost() if found.conditions else ()) or found.conditions
        return self.step.right(Relation.SAME_ROOTS, reason, "numbers for letters", False, conditions)

    def _letters_lost(self) -> tuple[str, ...]:
        """What the letters of the first line must be for it to be defined, and need not be for the second."""
        try:
            before, after = (
                frozenset().union(*[_definedness(comparison, self.over) for comparison in comparisons(line)])
                for line in (self.before, self.after)
            )
        except (UndefinedForm, TooLarge):
            return ()
        return condition_texts(c for c in before - after if self.unknown not in c[1].symbols)


def _check_defined(comparison: Comparison, over: str) -> None:
    """Raise UndefinedForm for a side that has no value anywhere; a side that is too large passes."""
    for side in (comparison.left, comparison.right):
        try:
            normal_form(side, over)
        except TooLarge:
            continue


def _definedness(comparison: Comparison, over: str) -> frozenset[Condition]:
    return definedness(comparison.left, over) | definedness(comparison.right, over)
