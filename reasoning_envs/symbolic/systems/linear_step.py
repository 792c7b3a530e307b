"""Steps between systems that are linear in their unknowns: compared by what their rows span, exactly."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq, fmpq_mpoly

from reasoning_envs.symbolic.equality.conditions import Condition, condition_texts, nonzero
from reasoning_envs.symbolic.equality.forms import TooLarge
from reasoning_envs.symbolic.syntax.expression import num
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Truth
from reasoning_envs.symbolic.systems.linear_systems import LinearSpace, Row, divisors_between, rank_divisors, row_of
from reasoning_envs.symbolic.systems.lines import Alternative, SystemStep
from reasoning_envs.types import Relation, Verdict

__all__ = ["relate_linear_systems"]

_TRIES = 200
_PRIMES = (17, 19, 23, 29, 31, 37, 41, 43)


def relate_linear_systems(
    step: SystemStep, first: Sequence[Alternative], second: Sequence[Alternative]
) -> Verdict | None:
    """Compare two lines by what the rows of their systems span; None where an alternative is not linear.

    Raises:
        TooLarge: of the systems.
    """
    return _LinearStep(step).verdict(first, second)


class _LinearStep:
    """One comparison of linear systems."""

    def __init__(self, step: SystemStep) -> None:
        self.step = step

    def verdict(self, first: Sequence[Alternative], second: Sequence[Alternative]) -> Verdict | None:
        """Compare by what rows span; None where an alternative is not linear."""
        if self.step.ring.relations:
            return None  # roots among the coefficients: their equations are not linear
        rows = [self._rows(alternative) for alternative in (*first, *second)]
        if any(one is None for one in rows):
            return None
        spanned = [[row for row in one if not _is_zero(row)] for one in rows if one is not None]
        spaces = [LinearSpace(one, self.step.ring, len(self.step.unknowns)) for one in spanned]
        before, after = spaces[: len(first)], spaces[len(first) :]
        lost, added = (
            [one for one in some if not (one.contradictory or any(one.within(other) for other in others))]
            for some, others in ((before, after), (after, before))
        )
        if (lost or added) and self.step.ring.kernels:
            return None  # constants such as pi and ln(2) may be tied to each other in ways that nobody sees here
        if lost or added:
            gone = self._point_of_space(lost[0], after) if lost else None
            new = self._point_of_space(added[0], before) if added else None
            return self.step.wrong(gone, new, "linear algebra")
        conditions = self._conditions(first, second, spanned[: len(first)], spanned[len(first) :])
        if all(space.contradictory for space in before):
            if isinstance(self.step.after, Truth):
                return self.step.right(Relation.EQUIVALENT, "the line has no solution", "linear algebra", conditions)
            if self._follows(before, after):
                reason = "neither line has a solution"
                return self.step.right(Relation.EQUIVALENT, reason, "linear algebra", conditions)
            return self.step.vacuous("linear algebra")
        reason = "the equations are combinations of those before, and these of them"
        return self.step.right(Relation.EQUIVALENT, reason, "linear algebra", conditions)

    def _rows(self, alternative: Alternative) -> list[Row] | None:
        if alternative.denied or alternative.signs:
            return None
        rows = []
        for equation in alternative.equations:
            row = row_of(equation, self.step.unknowns)
            if row is None or any(self.step.holds_unknown(divisor) for divisor in equation.divisors):
                return None
            rows.append(row)
        return rows

    def _follows(self, before: Sequence[LinearSpace], after: Sequence[LinearSpace]) -> bool:
        """Of contradictions: each row of the second is a combination of rows of the first, the constant apart."""
        return all(any(_spans(space, other) for space in before) for other in after)

    def _conditions(
        self,
        first: Sequence[Alternative],
        second: Sequence[Alternative],
        rows: Sequence[Sequence[Row]],
        others: Sequence[Sequence[Row]],
    ) -> tuple[str, ...]:
        """What letters must not be for the step to be right."""
        if not self.step.letters:
            return ()
        found: dict[str, fmpq_mpoly] = {}
        poles = [self.step.letter_poles(line) for line in (first, second)]
        found.update((key, {**poles[0], **poles[1]}[key]) for key in poles[0].keys() ^ poles[1].keys())
        if len(rows) == len(others) == 1 and rows[0] and others[0]:
            found.update(divisors_between(rows[0], others[0], self.step.ring))
        else:
            for system in (*rows, *others):
                found.update(rank_divisors(system, self.step.ring))
        conditions: set[Condition] = set()
        for factor in found.values():
            conditions |= nonzero(factor, self.step.ring, self.step.over)
        return condition_texts(conditions)

    def _point_of_space(self, space: LinearSpace, others: Sequence[LinearSpace]) -> str:
        """A solution of a linear system that solves none of the others, simple numbers first."""
        rng = random.Random(0)
        for turn in range(_TRIES):
            free = {column: fmpq(turn if turn < 3 else rng.randint(-9, 9) + column) for column in space.free}
            numbers = {
                name: fmpq(_PRIMES[i % len(_PRIMES)] + turn, 3 if turn % 2 else 1)
                for i, name in enumerate(self.step.letters)
            }
            point = self._solved(space, free, numbers)
            if point is None or any(self._solves(other, point, numbers) for other in others):
                continue
            said = ", ".join(f"{n} = {_number(v)}" for n, v in zip(self.step.unknowns, point, strict=True))
            if self.step.letters:
                return f"{', '.join(f'{n} = {_number(v)}' for n, v in numbers.items())}: {said}"
            return said
        raise TooLarge("a point that tells two systems apart")

    def _at(self, entry: fmpq_mpoly, numbers: dict[str, fmpq]) -> fmpq:
        total = fmpq(0)
        for exponents, coefficient in entry.to_dict().items():
            value = coefficient
            for name, number in numbers.items():
                value = value * number ** int(exponents[self.step.ring.index[name]])
            total = total + value
        return total

    def _solved(self, space: LinearSpace, free: dict[int, fmpq], numbers: dict[str, fmpq]) -> list[fmpq] | None:
        point = [free.get(column, fmpq(0)) for column in range(len(self.step.unknowns))]
        for pivot, row in zip(space.pivots, space.rows, strict=True):
            lead = self._at(row[pivot], numbers)
            if lead == 0:
                return None
            rest = self._at(row[-1], numbers)
            for column, value in free.items():
                rest = rest + self._at(row[column], numbers) * value
            point[pivot] = -rest / lead
        return point

    def _solves(self, space: LinearSpace, point: Sequence[fmpq], numbers: dict[str, fmpq]) -> bool:
        if space.contradictory:
            return False
        for row in space.rows:
            total = self._at(row[-1], numbers)
            for entry, value in zip(row, point, strict=False):
                total = total + self._at(entry, numbers) * value
            if total != 0:
                return False
        return True


def _is_zero(row: Row) -> bool:
    return all(entry.is_zero() for entry in row)


def _spans(space: LinearSpace, other: LinearSpace) -> bool:
    """Each row of the other is a combination of the space's, which are contradictory both."""
    return space.contradictory and other.contradictory and all(space.holds(row) for row in other.rows)


def _number(value: fmpq) -> str:
    return to_text(num(Fraction(int(value.p), int(value.q))))
