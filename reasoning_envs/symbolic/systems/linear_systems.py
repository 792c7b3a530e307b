"""Systems of linear equations, exactly, with letters for coefficients: rows, their space, and conditions on letters.

A system is what its rows span: two systems have the same solutions where each row of the one is a combination of rows
of the other. Coefficients are rational functions of the letters; what has to be divided by is recorded as not 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from flint import fmpq, fmpq_mpoly

from reasoning_envs.symbolic.equality.forms import Form, TooLarge, factors
from reasoning_envs.symbolic.equality.rings import Ring

__all__ = ["LinearSpace", "Row", "divisors_between", "rank_divisors", "row_of"]

Row = tuple[fmpq_mpoly, ...]
"""Coefficients of the unknowns, and last what the equation has on its left beside them: ``a*x + b*y + c = 0``."""

_MAX_ROWS = 12
_MAX_TERMS = 400


def row_of(difference: Form, unknowns: Sequence[str]) -> Row | None:
    """The row of an equation ``difference = 0``, cleared of denominators; None where it is not linear."""
    ring = difference.ring
    places = [ring.index.get(name) for name in unknowns]
    if difference.denominator is not None and _holds_any(difference.denominator, places):
        return None
    parts: list[dict[tuple[int, ...], fmpq]] = [{} for _ in range(len(places) + 1)]
    for exponents, coefficient in difference.numerator.to_dict().items():
        degrees = [0 if place is None else exponents[place] for place in places]
        total = sum(degrees)
        if total > 1:
            return None
        which = degrees.index(1) if total else len(places)
        rest = list(exponents)
        if total:
            place = places[which]
            assert place is not None
            rest[place] = 0
        parts[which][tuple(rest)] = coefficient
    return tuple([ring.context.from_dict(part) for part in parts])


def _holds_any(polynomial: fmpq_mpoly, places: Sequence[int | None]) -> bool:
    degrees = polynomial.degrees()
    return any(place is not None and degrees[place] for place in places)


class LinearSpace:
    """What some rows span, in reduced echelon form.

    Attributes:
        rows: the echelon form, each row without a common factor and with a leading coefficient of 1 in its pivot.
        pivots: the column of each row's first entry that is not 0.
        contradictory: the rows say 0 = 1.
    """

    __slots__ = ("contradictory", "pivots", "ring", "rows", "unknowns")

    def __init__(self, rows: Sequence[Row], ring: Ring, unknowns: int) -> None:
        if len(rows) > _MAX_ROWS:
            raise TooLarge("too many equations in one system")
        self.ring, self.unknowns = ring, unknowns
        self.rows, self.pivots = _echelon([list(row) for row in rows], unknowns + 1)
        self.contradictory = unknowns in self.pivots

    def reduced(self, row: Row) -> Row:
        """What is left of a row when the space's rows are taken out, up to a factor; zeros where it lies in it."""
        left = list(row)
        for pivot, own in zip(self.pivots, self.rows, strict=True):
            left = _without(left, own, pivot)
        return tuple(left)

    def holds(self, row: Row) -> bool:
        """The row is a combination of the space's rows, for generic letters."""
        return all(entry.is_zero() for entry in self.reduced(row))

    def within(self, other: LinearSpace) -> bool:
        """Every solution of this system solves the other."""
        return self.contradictory or all(self.holds(row) for row in other.rows)

    @property
    def free(self) -> tuple[int, ...]:
        """The unknowns that may have any value."""
        return tuple([column for column in range(self.unknowns) if column not in self.pivots])


def _echelon(rows: list[list[fmpq_mpoly]], columns: int) -> tuple[tuple[Row, ...], tuple[int, ...]]:
    """Reduced echelon form without divisions: rows are multiplied crosswise and freed of common factors."""
    done: list[list[fmpq_mpoly]] = []
    pivots: list[int] = []
    rest = [_primitive(row) for row in rows]
    for column in range(columns):
        chosen = [row for row in rest if not row[column].is_zero()]
        if not chosen:
            continue
        pivot = min(chosen, key=lambda row: len(row[column]))
        rest = [_without(row, pivot, column) for row in rest if row is not pivot]
        done = [_without(row, pivot, column) for row in done]
        done.append(pivot)
        pivots.append(column)
    return tuple([tuple(_monic(row, pivot)) for row, pivot in zip(done, pivots, strict=True)]), tuple(pivots)


def _without(row: list[fmpq_mpoly], pivot: Sequence[fmpq_mpoly], column: int) -> list[fmpq_mpoly]:
    """The row times a factor, minus the pivot row times another, so that its entry in the column is 0."""
    if row[column].is_zero():
        return row
    common = row[column].gcd(pivot[column])
    up, down = pivot[column] // common, row[column] // common
    return _primitive([up * entry - down * other for entry, other in zip(row, pivot, strict=True)])


def _primitive(row: Sequence[fmpq_mpoly]) -> list[fmpq_mpoly]:
    """The row divided by the common factor of its entries."""
    if any(len(entry) > _MAX_TERMS for entry in row):
        raise TooLarge("coefficients with too many terms")
    common = None
    for entry in row:
        if not entry.is_zero():
            common = entry if common is None else common.gcd(entry)
    if common is None:
        return list(row)
    if common.is_constant():
        lead = next(entry for entry in row if not entry.is_zero()).leading_coefficient()
        return [entry / lead for entry in row]
    return [entry // common for entry in row]


def _monic(row: list[fmpq_mpoly], pivot: int) -> list[fmpq_mpoly]:
    lead = row[pivot].leading_coefficient()
    return [entry / lead for entry in row]


def divisors_between(first: Sequence[Row], second: Sequence[Row], ring: Ring) -> dict[str, fmpq_mpoly]:
    """What must not be 0 for two systems that span the same for generic letters to do so: irreducible factors, by text.

    Where neither has more rows than it needs, the rows of each are combinations of those of the other in one way, and
    the factors are those of the coefficients' denominators. Else all are taken at whose zeros one could span less.
    """
    found: dict[str, fmpq_mpoly] = {}
    width = len(first[0]) - 1 if first else len(second[0]) - 1 if second else 0
    one, other = LinearSpace(first, ring, width), LinearSpace(second, ring, width)
    columns = one.pivots
    if len(first) == len(columns) == len(second) == len(other.pivots):
        for rows, goals in ((first, second), (second, first)):
            for factor in _denominators(rows, goals, columns):
                found.setdefault(str(factor), factor)
        return found
    for rows in (first, second):
        found.update(rank_divisors(rows, ring))
    return found


def rank_divisors(rows: Sequence[Row], ring: Ring) -> dict[str, fmpq_mpoly]:
    """Irreducible factors, by text, at whose zeros the rows span less than they do for generic letters."""
    if not rows:
        return {}
    columns = LinearSpace(rows, ring, len(rows[0]) - 1).pivots
    return {str(factor): factor for factor, _ in factors(_rank_factor(rows, columns, ring))}


def _denominators(rows: Sequence[Row], goals: Sequence[Row], columns: Sequence[int]) -> Iterator[fmpq_mpoly]:
    """Factors of the denominators with which the goals are combinations of the rows (Cramer's rule)."""
    matrix = [[row[column] for column in columns] for row in rows]
    whole = _determinant(matrix)
    for goal in goals:
        target = [goal[column] for column in columns]
        for place in range(len(rows)):
            top = _determinant([target if i == place else line for i, line in enumerate(matrix)])
            if top.is_zero():
                continue
            for factor, _ in factors(whole // whole.gcd(top)):
                yield factor


def _rank_factor(rows: Sequence[Row], columns: Sequence[int], ring: Ring) -> fmpq_mpoly:
    """The common factor of the largest minors: where it is 0, the rank drops."""
    common = None
    for chosen in combinations(rows, len(columns)):
        minor = _determinant([[row[column] for column in columns] for row in chosen])
        if not minor.is_zero():
            common = minor if common is None else common.gcd(minor)
    return ring.context.constant(1) if common is None else common


def _determinant(matrix: Sequence[Sequence[fmpq_mpoly]]) -> fmpq_mpoly:
    """By expansion along the first row: no system here has more than a few unknowns."""
    if len(matrix) == 1:
        return matrix[0][0]
    total = None
    for place, entry in enumerate(matrix[0]):
        if entry.is_zero():
            continue
        rest = [[*row[:place], *row[place + 1 :]] for row in matrix[1:]]
        part = entry * _determinant(rest)
        part = -part if place % 2 else part
        total = part if total is None else total + part
    return matrix[0][0] - matrix[0][0] if total is None else total
