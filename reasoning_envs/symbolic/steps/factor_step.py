"""Steps between equations whose irreducible factors tell: rational ones, and others by the rules of fractions."""

from __future__ import annotations

from flint import fmpq_mpoly

from reasoning_envs.symbolic.equality.conditions import Condition, condition_texts, feasible, nonzero, simplified
from reasoning_envs.symbolic.equality.rings import Ring, fraction_to_expr, polynomial_to_expr
from reasoning_envs.symbolic.roots.points import polynomial_points, univariate
from reasoning_envs.symbolic.steps.lines import EquationLine, equation_line, linear_root
from reasoning_envs.symbolic.steps.parameters import has_real_root
from reasoning_envs.symbolic.steps.step import Step
from reasoning_envs.symbolic.steps.vacuous import follows
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Statement, Truth
from reasoning_envs.types import Relation, Verdict

__all__ = ["different_roots", "relate_by_factors"]


def relate_by_factors(step: Step, ring: Ring) -> Verdict | None:
    """Compare two lines, each of equations or ``all reals`` or ``no solution``, by irreducible factors.

    None where they cannot tell.

    Raises:
        UndefinedForm, TooLarge: of a side.
    """
    return _FactorStep(step, ring).verdict()


def different_roots(step: Step, ring: Ring) -> Verdict | None:
    """The refutation of a step between two equations that are linear in the unknown, where their roots differ.

    It needs no factors. None where the lines are of another kind, or have the same root.

    Raises:
        UndefinedForm, TooLarge: of a side.
    """
    if step.over == "positive":
        return None  # which roots are positive is a question for cells
    roots = []
    for line in (step.before, step.after):
        root = linear_root(line, ring, step.unknown, step.over)
        if root is None:
            return None
        roots.append(root)
    if roots[0] == roots[1]:
        return None
    lost, added = [f"{step.unknown} = {to_text(fraction_to_expr(top, down, ring))}" for top, down in roots]
    return step.wrong((lost,), (added,), "polynomials", True, Relation.NONE)


class _FactorStep:
    """One comparison over one ring."""

    def __init__(self, step: Step, ring: Ring) -> None:
        self.step, self.ring = step, ring
        self.unknown, self.over = step.unknown, step.over

    def verdict(self) -> Verdict | None:
        """Decide by irreducible factors; None where they cannot tell."""
        before = self._factored(self.step.before)
        after = self._factored(self.step.after)
        if isinstance(before, Truth):
            return None if isinstance(after, Truth) or after.mixed else self._against_truth(before, after, False)
        if isinstance(after, Truth):
            return None if before.mixed else self._against_truth(after, before, True)
        if before.mixed or after.mixed:
            return None
        if before.identity or after.identity:
            return self._identities(before, after)
        if before.requirements != after.requirements:
            return None
        if not feasible(before.letter_requirements | after.letter_requirements):
            return None  # the letters allow for no value: what remains to be seen is which line has none
        same_poles = before.poles.keys() == after.poles.keys() and before.excluded.keys() == after.excluded.keys()
        same_roots = before.roots.keys() == after.roots.keys()
        if same_roots and same_poles and _clean(before.powers) == _clean(after.powers):
            return self.step.right(
                Relation.EQUIVALENT,
                "both lines have the same solutions",
                "polynomials",
                conditions=self._conditions(before, after),
            )
        if same_roots and before.roots and (same_poles or before.rational):
            return self.step.right(
                Relation.SAME_ROOTS,
                "the solutions stay the same",
                "polynomials",
                conditions=self._conditions(before, after),
            )
        if not before.rational or not after.rational:
            return None
        return self._different_factors(before, after)

    def _factored(self, line: Statement) -> EquationLine | Truth:
        if isinstance(line, Truth):
            return line
        return equation_line(line, self.ring, self.unknown, self.over)

    def _different_factors(self, before: EquationLine, after: EquationLine) -> Verdict | None:
        """Two rational lines with different factors."""
        kept_before, sure_before, rootless_before = self._real(before)
        kept_after, sure_after, rootless_after = self._real(after)
        sure = sure_before and sure_after
        lost = [factor for key, factor in kept_before.items() if key not in kept_after]
        added = [factor for key, factor in kept_after.items() if key not in kept_before]
        if lost or added:
            if self.over == "positive":
                return None  # which roots are positive is a question for cells
            if not lost and not any(self._always_real(factor) for factor in added):
                return None  # the added roots may be real only where the line before has none at all
            # Where the mistake has its words already, only the first root is shown, as the witness.
            shown = 1 if self.step.mistake else None
            return self.step.wrong(
                tuple([_root_text(factor, self.ring, self.unknown) for factor in lost[:shown]]),
                tuple([_root_text(factor, self.ring, self.unknown) for factor in added[:shown]]),
                "polynomials",
                True,
                Relation.NONE,
            )
        if self.over == "positive":
            return None
        conditions = self._conditions(before, after, rootless_before ^ rootless_after)
        if kept_before:
            return self.step.right(Relation.SAME_ROOTS, "the solutions stay the same", "polynomials", sure, conditions)
        if follows(self.step):
            return self.step.right(Relation.SAME_ROOTS, "neither line has a solution", "polynomials", sure, conditions)
        return self.step.vacuous("polynomials", sure)

    def _real(self, line: EquationLine) -> tuple[dict[str, fmpq_mpoly], bool, frozenset[Condition]]:
        """The factors with a real root (all of them over the complex numbers), whether that is certain, and when.

        A sum of squares has none as long as what is left of it at 0 is not 0: ``x^2 + a^2`` as long as ``a != 0``.
        """
        if self.over == "complex":
            return line.roots, True, frozenset()
        kept = {}
        sure = True
        conditions: frozenset[Condition] = frozenset()
        for key, factor in line.roots.items():
            answer, certain = has_real_root(factor, self.ring, self.unknown)
            sure = sure and certain
            if answer:
                kept[key] = factor
            elif certain:
                index = self.ring.index[self.unknown]
                free = {monomial: c for monomial, c in factor.to_dict().items() if not monomial[index]}
                conditions |= nonzero(self.ring.context.from_dict(free), self.ring, self.over)
        return kept, sure, conditions

    def _has_root(self, factor: fmpq_mpoly) -> bool:
        return self.over == "complex" or has_real_root(factor, self.ring, self.unknown)[0]

    def _always_real(self, factor: fmpq_mpoly) -> bool:
        """The factor has a real root whatever the letters are."""
        index = self.ring.index[self.unknown]
        return self.over == "complex" or factor.degrees()[index] % 2 == 1 or univariate(factor, index) is not None

    def _conditions(
        self, before: EquationLine, after: EquationLine, rootless: frozenset[Condition] = frozenset()
    ) -> tuple[str, ...]:
        """What must hold for the step to be right: letters divided or multiplied by, poles that came or went."""
        factors: dict[str, fmpq_mpoly] = {}
        for mine, other in ((before, after), (after, before)):
            for key, factor in mine.letters.items():
                if mine.letter_powers[key] != other.letter_powers[key] or (
                    (key in mine.letter_poles) != (key in other.letter_poles)
                ):
                    factors[key] = factor
            for key, factor in mine.poles.items():
                if key not in other.poles and key not in other.excluded:
                    factors[key] = factor
        conditions = set(rootless)
        for factor in factors.values():
            conditions |= nonzero(factor, self.ring, self.over)
        conditions |= simplified(before.letter_requirements ^ after.letter_requirements, self.over)
        return condition_texts(conditions)

    def _identities(self, before: EquationLine, after: EquationLine) -> Verdict | None:
        """At least one of the lines holds wherever it is defined."""
        if before.requirements != after.requirements:
            return None
        if before.identity and after.identity:
            relation = Relation.EQUIVALENT if before.holes.keys() == after.holes.keys() else Relation.SAME_ROOTS
            reason = "both lines hold for every value at which they are defined"
            return self.step.right(relation, reason, "polynomials", conditions=self._conditions(before, after))
        if not before.rational or not after.rational or self.over == "positive":
            return None
        identity, other = (before, after) if before.identity else (after, before)
        kept, _, _ = self._real(other)
        witness = (self._other_value({**kept, **identity.holes}),)
        # What solves the other line where the identity has a hole.
        apart = tuple([_root_text(f, self.ring, self.unknown) for key, f in kept.items() if key in identity.holes])
        lost, added = (witness, apart) if before.identity else (apart, witness)
        return self.step.wrong(lost, added, "polynomials", True, Relation.NONE)

    def _other_value(self, factors: dict[str, fmpq_mpoly]) -> str:
        """A simple value at which none of the factors is 0."""
        index = self.ring.index.get(self.unknown)
        polynomials = [] if index is None else [univariate(factor, index) for factor in factors.values()]
        if any(polynomial is None for polynomial in polynomials):
            return f"{self.unknown} = any other value"
        value = 1
        while any(polynomial is not None and polynomial(value) == 0 for polynomial in polynomials):
            value += 1
        return f"{self.unknown} = {value}"

    def _against_truth(self, truth: Truth, line: EquationLine, truth_is_after: bool) -> Verdict | None:
        """A line of equations beside ``all reals`` or ``no solution``."""
        if truth.value:
            if line.requirements:
                return None
            if line.identity:
                holes = [factor for factor in line.holes.values() if self._has_root(factor)]
                if holes and self.over == "positive":
                    return None  # which of them are positive is a question for cells
                if holes:
                    shown = tuple([_root_text(factor, self.ring, self.unknown) for factor in holes])
                    if truth_is_after:
                        return self.step.wrong((), shown, "polynomials", True, Relation.IMPLIES)
                    return self.step.wrong(shown, (), "polynomials", True, Relation.IMPLIED_BY)
                relation = Relation.SAME_ROOTS if line.holes else Relation.EQUIVALENT
                demanded = self._demanded(line)
                if not line.rational and any(self.unknown in condition[1].symbols for condition in demanded):
                    return None  # where that leaves no value is a question for cells
                conditions = condition_texts(demanded)
                reason = "the equation holds for every value"
                if conditions:
                    reason = f"the equation holds wherever it is defined: {' and '.join(conditions)}"
                return self.step.right(relation, reason, "polynomials", conditions=conditions)
            if not line.rational:
                return None
            kept, _, _ = self._real(line)
            witness = (self._other_value({**kept, **line.poles}),)
            if truth_is_after:
                return self.step.wrong((), witness, "polynomials", True, Relation.IMPLIES)
            return self.step.wrong(witness, (), "polynomials", True, Relation.IMPLIED_BY)
        if not line.rational or self.over == "positive":
            return None
        if line.identity:
            witness = (self._other_value(line.holes),)
            lost, added = (witness, ()) if truth_is_after else ((), witness)
            return self.step.wrong(lost, added, "polynomials", True, Relation.NONE)
        kept, sure, rootless = self._real(line)
        if kept:
            roots = tuple([_root_text(factor, self.ring, self.unknown) for factor in kept.values()])
            gone, new = (roots, ()) if truth_is_after else ((), roots)
            return self.step.wrong(gone, new, "polynomials", True, Relation.NONE)
        if truth_is_after or not line.roots:
            conditions = condition_texts(self._demanded(line) | rootless)
            return self.step.right(Relation.EQUIVALENT, "the equation has no solution", "polynomials", sure, conditions)
        return self.step.vacuous("polynomials", sure)

    def _demanded(self, line: EquationLine) -> frozenset[Condition]:
        """What must hold for the line to have a value."""
        conditions = simplified(line.letter_requirements, self.over)
        for factor in (*line.letters.values(), *line.poles.values()):
            conditions |= nonzero(factor, self.ring, self.over)
        return conditions


def _clean(powers: dict[str, int]) -> dict[str, int]:
    return {key: power for key, power in powers.items() if power}


def _root_text(factor: fmpq_mpoly, ring: Ring, unknown: str) -> str:
    """A root of an irreducible factor in words: ``"x = 3"``, ``"x = -b/a"``, ``"a root of x^2 - a"``."""
    index = ring.index[unknown]
    only = univariate(factor, index)
    if only is not None:
        points = polynomial_points(only)
        if points:
            return points[0].text(unknown)
    if factor.degrees()[index] == 1:
        slope, rest = {}, {}
        for exponents, coefficient in factor.to_dict().items():
            if exponents[index]:
                slope[(*exponents[:index], 0, *exponents[index + 1 :])] = coefficient
            else:
                rest[exponents] = -coefficient
        top, down = ring.context.from_dict(rest), ring.context.from_dict(slope)
        return f"{unknown} = {to_text(fraction_to_expr(top, down, ring))}"
    return f"{unknown} = a root of {to_text(polynomial_to_expr(factor, ring))}"
