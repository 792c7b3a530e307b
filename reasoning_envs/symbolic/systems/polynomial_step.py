"""Steps between systems of polynomial equations: compared over the complex numbers, and then by their real points."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import gcd

from flint import fmpq, fmpq_mat, fmpq_mpoly, fmpz_mpoly

from reasoning_envs.symbolic.equality.conditions import Condition, condition_texts, nonzero
from reasoning_envs.symbolic.equality.forms import Form, TooLarge
from reasoning_envs.symbolic.equality.polynomial_sets import (
    InfinitelyMany,
    Solution,
    System,
    contained,
    points_of,
    system_context,
)
from reasoning_envs.symbolic.syntax.expression import num
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import NO_SOLUTION, Statement, Truth, substitute
from reasoning_envs.symbolic.systems.lines import Alternative, SystemStep
from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["relate_polynomial_systems"]

_TRIALS = 5
_SLICES = (0, 1, -1, 2, Fraction(1, 2), 3, -2, 5)
_PRIMES = (17, 19, 23, 29, 31, 37, 41, 43)


def relate_polynomial_systems(
    step: SystemStep,
    first: Sequence[Alternative],
    second: Sequence[Alternative],
    at_numbers: Callable[[Statement, Statement], Verdict],
) -> Verdict:
    """Compare two lines of polynomial systems, among which roots and bars count as unknowns of their own.

    Args:
        step: the lines.
        first: the alternatives of the one.
        second: those of the other.
        at_numbers: compares two lines without letters, for which numbers were put.

    Raises:
        TooLarge: of the systems.
    """
    return _PolynomialStep(step, at_numbers).verdict(first, second)


class _PolynomialStep:
    """One comparison of polynomial systems."""

    def __init__(self, step: SystemStep, at_numbers: Callable[[Statement, Statement], Verdict]) -> None:
        self.step = step
        self.compare = at_numbers

    def verdict(self, first: Sequence[Alternative], second: Sequence[Alternative]) -> Verdict:
        names = (*self.step.unknowns, *self.step.letters)
        order = [self.step.ring.index.get(name) for name in names] + [
            self.step.ring.index[kernel.tokens] for kernel in self.step.ring.kernels
        ]
        count = len(order)
        poles = [self.step.letter_poles(line) for line in (first, second)]
        meant = [self._moved(factor, order) for factor in {**poles[0], **poles[1]}.values()]
        before, after = ([self._system(one, order, meant) for one in line] for line in (first, second))
        lost, added = self._outside(before, after, count), self._outside(after, before, count)
        conditions = self._apart(*poles)
        if (lost or added) and self.step.letters:
            generic = self._for_letters(before, after, count)
            if generic is None:
                return self._at_numbers(conditions)
            conditions, lost, added = tuple(sorted({*conditions, *generic})), [], []
        if not lost and not added:
            if all(self._within(one, [], count) for one in before) and not isinstance(self.step.after, Truth):
                return self._contradictions(before, after, count)
            reason = "the solutions stay the same" if self.step.after != NO_SOLUTION else "the line has no solution"
            return self.step.right(Relation.SAME_ROOTS, reason, "Groebner bases", conditions)
        if len(self.step.ring.relations) < len(self.step.ring.kernels):
            reason = "the solutions may be the same for the constants in the lines, and nobody can tell"
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "Groebner bases")
        if self.step.over == "complex":
            gone, new = ("a complex solution" if some else None for some in (lost, added))
            return self.step.wrong(gone, new, "Groebner bases")
        return self._by_points(lost, added, before, after, count)

    def _outside(self, systems: Sequence[System], others: Sequence[System], count: int) -> list[System]:
        """The systems of which it is not certain that the others have all their solutions."""
        return [one for one in systems if not self._within(one, others, count)]

    def _within(self, system: System, others: Sequence[System], count: int) -> bool:
        """The others have all complex solutions of the system, for certain; False where that is too large a task."""
        try:
            return contained(system, others, count)
        except TooLarge:
            if self.step.over == "complex":
                raise
            return False

    def _for_letters(self, before: Sequence[System], after: Sequence[System], count: int) -> tuple[str, ...] | None:
        """Letters that must not be 0 for the lines to agree, as conditions; None where that is not the reason."""
        gens = system_context(count).gens()
        places = range(len(self.step.unknowns), len(self.step.unknowns) + len(self.step.letters))

        def agree(kept: Sequence[int]) -> bool:
            meant = tuple([gens[place] for place in kept])
            first, second = ([one._replace(nonzero=(*one.nonzero, *meant)) for one in some] for some in (before, after))
            return not (self._outside(first, second, count) or self._outside(second, first, count))

        kept = list(places)
        if not agree(kept):
            return None
        for place in places:
            fewer = [other for other in kept if other != place]
            if agree(fewer):
                kept = fewer
        return tuple([f"{self.step.letters[place - len(self.step.unknowns)]} != 0" for place in kept])

    def _apart(self, first: dict[str, fmpq_mpoly], second: dict[str, fmpq_mpoly]) -> tuple[str, ...]:
        """What only one of the lines divides by, as conditions."""
        conditions: set[Condition] = set()
        for key in first.keys() ^ second.keys():
            conditions |= nonzero({**first, **second}[key], self.step.ring, self.step.over)
        return condition_texts(conditions)

    def _system(self, alternative: Alternative, order: Sequence[int | None], meant: Sequence[fmpz_mpoly]) -> System:
        """Polynomials with integer coefficients, poles and roots among what they must or must not be."""
        zero = [self._moved(equation.numerator, order) for equation in alternative.equations]
        denied = [*meant, *[self._moved(whole.numerator, order) for whole in alternative.denied]]
        signs = []
        for op, whole in alternative.signs:
            down = self._down(whole)
            signs.append((op, self._moved(whole.numerator * down, order)))
        for whole in (*alternative.equations, *alternative.denied, *[form_ for _, form_ in alternative.signs]):
            denied += [self._moved(divisor, order) for divisor in whole.divisors]
        for relation in self.step.ring.relations:
            kernel = self.step.ring.context.gens()[relation.generator] ** relation.degree
            top = kernel if relation.denominator is None else kernel * relation.denominator
            zero.append(self._moved(top - relation.numerator, order))
            if relation.degree % 2 == 0:
                signs.append((">=", self._moved(self.step.ring.context.gens()[relation.generator], order)))
        if self.step.over == "positive":
            context = system_context(len(order))
            signs += [(">", context.gens()[place]) for place in range(len(self.step.unknowns))]
        return System(tuple(zero), tuple({str(one): one for one in denied}.values()), tuple(signs))

    def _down(self, whole: Form) -> fmpq_mpoly:
        return self.step.ring.context.constant(1) if whole.denominator is None else whole.denominator

    def _moved(self, polynomial: fmpq_mpoly, order: Sequence[int | None]) -> fmpz_mpoly:
        """The polynomial with integer coefficients in the order of the unknowns, up to a positive factor."""
        context = system_context(len(order))
        under = 1
        terms = polynomial.to_dict()
        for coefficient in terms.values():
            under = under * int(coefficient.q) // gcd(under, int(coefficient.q))
        return context.from_dict(
            {
                (*[0 if place is None else int(exponents[place]) for place in order], 0): int((c * under).p)
                for exponents, c in terms.items()
            }
        )

    def _contradictions(self, before: Sequence[System], after: Sequence[System], count: int) -> Verdict:
        """Neither line has a complex solution."""
        if all(one in before for one in after) and all(one in after for one in before):
            return self.step.right(Relation.EQUIVALENT, "both lines have the same solutions", "polynomials")
        if len(before) == len(after) == 1 and all(
            _is_combination(polynomial, before[0].zero, count) for polynomial in after[0].zero
        ):
            return self.step.right(Relation.EQUIVALENT, "neither line has a solution", "polynomials")
        return self.step.vacuous("Groebner bases")

    def _by_points(
        self,
        lost: Sequence[System],
        added: Sequence[System],
        before: Sequence[System],
        after: Sequence[System],
        count: int,
    ) -> Verdict:
        """Real points decide what complex sets could not."""
        gone, sure_gone = self._tried_point(lost, after, count)
        new, sure_new = self._tried_point(added, before, count)
        if gone or new:
            return self.step.wrong(self._said(gone), self._said(new), "points")
        if not (sure_gone and sure_new):
            reason = "no solution was found that tells the systems apart, and not all could be looked at"
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "points")
        if not any(self._has_point(one, count) for one in before) and not isinstance(self.step.after, Truth):
            if self._same_over_complex(before, after, count):
                return self.step.right(Relation.SAME_ROOTS, "neither line has a solution", "Groebner bases")
            return self.step.vacuous("points")
        reason = "the real solutions stay the same" if self.step.after != NO_SOLUTION else "the line has no solution"
        return self.step.right(Relation.SAME_ROOTS, reason, "points")

    def _same_over_complex(self, before: Sequence[System], after: Sequence[System], count: int) -> bool:
        """The second line's complex solutions are among the first's: then it was not made up."""
        return all(contained(one, before, count) for one in after) or all(
            contained(one, after, count) for one in before
        )

    def _has_point(self, system: System, count: int) -> bool:
        try:
            return bool(points_of(system, count))
        except InfinitelyMany:
            return True

    def _tried_point(
        self, systems: Sequence[System], others: Sequence[System], count: int
    ) -> tuple[Solution | None, bool]:
        """As :meth:`_first_point`; nothing, and not for certain, where that is too large a task."""
        try:
            return self._first_point(systems, others, count)
        except TooLarge:
            return None, False

    def _first_point(
        self, systems: Sequence[System], others: Sequence[System], count: int
    ) -> tuple[Solution | None, bool]:
        """A real point of the first that solves none of the others; and if there is none, whether that is certain."""
        certain = True
        for system in systems:
            for sliced, whole in _slices(system, count, len(self.step.unknowns)):
                certain = certain and whole
                for point in sliced:
                    if not any(point.solves(other) for other in others):
                        return point, True
        return None, certain

    def _said(self, point: Solution | None) -> str | None:
        if point is None:
            return None
        named = zip(self.step.unknowns, point.names, strict=False)
        return ", ".join(number.text(name) for name, number in named)

    def _at_numbers(self, conditions: tuple[str, ...]) -> Verdict:
        """The comparison with numbers in place of the letters."""
        rng = random.Random(len(self.step.letters))
        agreed = 0
        for turn in range(_TRIALS):
            values = {}
            for place, letter in enumerate(self.step.letters):
                value = Fraction(_PRIMES[(place + turn) % len(_PRIMES)], rng.choice((1, 3, 7)))
                values[letter] = num(-value if turn % 2 and self.step.over != "positive" else value)
            pair = [substitute(line, values) for line in (self.step.before, self.step.after)]
            verdict = self.compare(pair[0], pair[1])
            if verdict.refuted and verdict.relation is not Relation.VACUOUS:
                numbers = ", ".join(f"{name} = {to_text(value)}" for name, value in values.items())
                witness = f"{numbers}: {verdict.witness}"
                reason = self.step.mistake or f"with {numbers}, {verdict.reason}"
                return Verdict(Status.REFUTED, verdict.relation, reason, "numbers for letters", False, witness)
            agreed += verdict.verified
        if agreed < 2:
            reason = "numbers in place of the letters decide nothing"
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "numbers for letters")
        reason = f"the solutions stay the same for each of the {agreed} numbers that were tried for the letters"
        return self.step.right(Relation.SAME_ROOTS, reason, "numbers for letters", conditions, rigorous=False)


def _slices(system: System, count: int, unknowns: int) -> Iterator[tuple[tuple[Solution, ...], bool]]:
    """Real points of a system, and whether these are all; with a free unknown those at a few of its values."""
    try:
        yield points_of(system, count), True
        return
    except InfinitelyMany as error:
        free = error.free
    context = system_context(count)
    for value in _SLICES:
        exact = Fraction(value)
        fixed = context.gens()[free] * exact.denominator - exact.numerator
        narrower = system._replace(zero=(*system.zero, fixed))
        for points, _ in _slices(narrower, count, unknowns):
            yield points, False


def _is_combination(polynomial: fmpz_mpoly, generators: Sequence[fmpz_mpoly], count: int) -> bool:
    """The polynomial is a sum of the generators times terms of degree 2 at most."""
    context = system_context(count)
    steps = [context.constant(1)]
    gens = context.gens()[:count]
    steps += [*gens] + [one * other for i, one in enumerate(gens) for other in gens[i:]]
    rows = [(generator * step).to_dict() for generator in generators for step in steps]
    goal = polynomial.to_dict()
    columns = sorted({tuple(exponents) for row in (*rows, goal) for exponents in row})
    if len(rows) * len(columns) > 20_000:
        raise TooLarge("a system of equations that is too large")
    table = [[fmpq(int(row.get(column, 0))) for column in columns] for row in rows]
    without = fmpq_mat(table).rank() if table else 0
    return bool(fmpq_mat([*table, [fmpq(int(goal.get(column, 0))) for column in columns]]).rank() == without)
