"""Solution sets of polynomial equations in several unknowns: contained in each other or not, and their real points.

Containment is decided over the complex numbers by Groebner bases (python-flint): one set lies in another where its
equations, together with "one of the other's fails", have no common solution (Hilbert's Nullstellensatz; the denial
``f != 0`` is the equation ``t*f = 1`` in a further unknown, as Rabinowitsch had it). Where that fails, the real points
decide. A finite set is described exactly by its *shape*: all unknowns as polynomials in a generic linear combination
of them, which is a root of one polynomial (Rouillier, AAECC 9, 1999).

All work is bounded: what is too large raises :class:`~reasoning_envs.symbolic.equality.forms.TooLarge`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count, islice, product
from typing import Any, NamedTuple

from flint import Ordering, arb, fmpq, fmpq_poly, fmpz_mpoly, fmpz_mpoly_ctx, fmpz_mpoly_vec, fmpz_poly

from reasoning_envs.symbolic.equality.forms import TooLarge
from reasoning_envs.symbolic.inequalities.forms import holds
from reasoning_envs.symbolic.roots.points import Point, polynomial_points
from reasoning_envs.symbolic.values.balls import precision

__all__ = ["InfinitelyMany", "Solution", "System", "contained", "points_of", "system_context"]

_LIMITS = (60, 300, 3000)  # polynomials of a basis, terms of one, bits of a coefficient
_MAX_DEGREE = 40
_MAX_CHOICES = 300
_BITS = (128, 512, 2048)
_WEIGHTS = (1, 3, -7, 19, 41, -83, 167, 331)
Monomials = dict[tuple[int, ...], int]


class InfinitelyMany(ArithmeticError):
    """The equations leave unknowns free."""

    def __init__(self, free: int) -> None:
        super().__init__(f"unknown number {free} is free")
        self.free = free


class System(NamedTuple):
    """Polynomials in the unknowns 0 to n - 1, and what they must be for a point to be a solution.

    Attributes:
        zero: these are 0. nonzero: these are not.
        signs: a relation to 0, one of ``< <= > >=``, and a polynomial.
    """

    zero: tuple[fmpz_mpoly, ...]
    nonzero: tuple[fmpz_mpoly, ...] = ()
    signs: tuple[tuple[str, fmpz_mpoly], ...] = ()


@lru_cache(maxsize=64)
def system_context(unknowns: int) -> fmpz_mpoly_ctx:
    """The polynomials in ``unknowns`` unknowns and one more, the last, that is for denials."""
    return fmpz_mpoly_ctx.get(tuple(f"v{i}" for i in range(unknowns + 1)), Ordering.degrevlex)


@lru_cache(maxsize=64)
def _lexical(names: int) -> fmpz_mpoly_ctx:
    return fmpz_mpoly_ctx.get(tuple(f"w{i}" for i in range(names)), Ordering.lex)


def _basis(polynomials: Iterable[fmpz_mpoly], context: fmpz_mpoly_ctx) -> list[fmpz_mpoly]:
    """A reduced Groebner basis; [1] where there is no complex solution, [] where every point is one."""
    kept = [polynomial for polynomial in polynomials if not polynomial.is_zero()]
    if not kept:
        return []
    if any(polynomial.is_constant() for polynomial in kept):
        return [context.constant(1)]
    if any(polynomial.total_degree() > _MAX_DEGREE for polynomial in kept):
        raise TooLarge("equations of too high a degree")
    ideal: Any = fmpz_mpoly_vec(kept, context)
    found, done = ideal.buchberger_naive(limits=_LIMITS)
    if not done:
        raise TooLarge("a system of equations that is too large")
    return list(found.autoreduction())


def _is_empty(zero: Sequence[fmpz_mpoly], nonzero: Sequence[fmpz_mpoly], context: fmpz_mpoly_ctx) -> bool:
    """No complex point makes all the first 0 and none of the second."""
    equations = list(zero)
    if nonzero:
        denied = context.gens()[-1]
        for polynomial in nonzero:
            denied = denied * polynomial
        if denied.is_zero():
            return True
        equations.append(denied - 1)
    basis = _basis(equations, context)
    return bool(basis) and basis[0].is_constant()


def contained(first: System, others: Sequence[System], unknowns: int) -> bool:
    """Every complex solution of the first is one of the others', for certain. False proves nothing about real points.

    Raises:
        TooLarge: the comparison is.
    """
    context = system_context(unknowns)
    failures: list[list[tuple[bool, fmpz_mpoly]]] = []
    for other in others:
        if not all(sign in first.signs for sign in other.signs):
            continue
        ways = [(True, polynomial) for polynomial in other.zero if polynomial not in first.zero]
        ways += [(False, polynomial) for polynomial in other.nonzero if polynomial not in first.nonzero]
        if not ways:
            return True
        failures.append(ways)
    total = 1
    for ways in failures:
        total *= len(ways)
    if total > _MAX_CHOICES:
        raise TooLarge("too many alternatives to compare")
    return all(
        _is_empty(
            (*first.zero, *[polynomial for denied, polynomial in choice if not denied]),
            (*first.nonzero, *[polynomial for denied, polynomial in choice if denied]),
            context,
        )
        for choice in product(*failures)
    )


# ---- real points ----


@dataclass(frozen=True)
class Solution:
    """A real point.

    Attributes:
        factor: the irreducible polynomial of a number t. root: the real root of it that t is.
        shape: each unknown as a polynomial in t.
        names: each unknown as a number of its own, for showing.
    """

    factor: fmpz_poly
    root: Point
    shape: tuple[fmpq_poly, ...]
    names: tuple[Point, ...] = field(compare=False)

    def value(self, polynomial: fmpz_mpoly) -> fmpq_poly:
        """The polynomial's value, as a polynomial in t of lower degree than ``factor``."""
        modulus = fmpq_poly(self.factor)
        total = fmpq_poly([0])
        for exponents, coefficient in polynomial.to_dict().items():
            term = fmpq_poly([coefficient])
            for coordinate, exponent in zip(self.shape, exponents, strict=False):
                for _ in range(exponent):
                    term = (term * coordinate) % modulus
            total = total + term
        return total % modulus

    def sign(self, polynomial: fmpz_mpoly) -> int:
        """-1, 0 or 1, for certain.

        Raises:
            TooLarge: it is closer to 0 than anybody looks.
        """
        value = self.value(polynomial)
        if value.is_zero():
            return 0
        for bits in _BITS:
            with precision(bits):
                ball = _evaluated(value, self.root.ball(bits))
                if not ball.contains(0):
                    return 1 if ball > 0 else -1
        raise TooLarge("a value that is too close to 0")

    def solves(self, system: System) -> bool:
        """The point is a solution."""
        return (
            all(self.value(polynomial).is_zero() for polynomial in system.zero)
            and not any(self.value(polynomial).is_zero() for polynomial in system.nonzero)
            and all(holds(op, self.sign(polynomial)) for op, polynomial in system.signs)
        )


def _evaluated(polynomial: fmpq_poly, at: arb) -> arb:
    total = arb(0)
    for coefficient in reversed(polynomial.coeffs()):
        total = total * at + arb(coefficient)
    return total


def points_of(system: System, unknowns: int) -> tuple[Solution, ...]:
    """The real solutions of a system that has finitely many complex ones.

    Raises:
        InfinitelyMany: it has not.
        TooLarge: it is.
    """
    terms = tuple(tuple(sorted((e, int(c)) for e, c in poly.to_dict().items())) for poly in system.zero)
    nonzero = tuple(tuple(sorted((e, int(c)) for e, c in poly.to_dict().items())) for poly in system.nonzero)
    found = _points(terms, nonzero, unknowns)
    if isinstance(found, int):
        raise InfinitelyMany(found)
    return tuple([point for point in found if point.solves(system)])


Terms = tuple[tuple[tuple[int, ...], int], ...]


@lru_cache(maxsize=512)
def _points(zero: tuple[Terms, ...], nonzero: tuple[Terms, ...], unknowns: int) -> tuple[Solution, ...] | int:
    """The real points of the closure of the set, or an unknown that is free."""
    context = system_context(unknowns)
    equations = [context.from_dict(dict(terms)) for terms in zero]
    if nonzero:  # without what is denied, as an ideal: the denial is an equation in one more unknown, then eliminated
        denial = context.gens()[-1]
        for terms in nonzero:
            denial = denial * context.from_dict(dict(terms))
        equations.append(denial - 1)
    count_all = unknowns + 1 if nonzero else unknowns
    systems: list[Monomials] = [
        {tuple(e[:count_all]): int(c) for e, c in polynomial.to_dict().items()} for polynomial in equations
    ]
    alone: list[fmpz_poly] = []
    for place in range(unknowns):
        order = [*[i for i in range(count_all) if i != place], place]
        only = _eliminant(systems, order)
        if only is None:
            return place
        alone.append(only)
    if any(polynomial.degree() < 1 for polynomial in alone):
        return ()
    radical = [_univariate_terms(_squarefree(only), place, count_all) for place, only in enumerate(alone)]
    names = [polynomial_points(only) for only in alone]
    for weights in islice(_weights(unknowns), 6):
        shape = _shape([*systems, *radical], weights, count_all)
        if shape is not None:
            return tuple(_real_points(*shape, unknowns, names))
    raise TooLarge("a system of equations without a generic form")


def _weights(unknowns: int) -> Iterator[tuple[int, ...]]:
    for turn in count():
        yield tuple([_WEIGHTS[(place + turn * 3) % len(_WEIGHTS)] + turn for place in range(unknowns)])


def _univariate_terms(polynomial: fmpz_poly, place: int, names: int) -> Monomials:
    found: Monomials = {}
    for exponent, coefficient in enumerate(polynomial.coeffs()):
        if coefficient:
            found[tuple(exponent if i == place else 0 for i in range(names))] = int(coefficient)
    return found


def _squarefree(polynomial: fmpz_poly) -> fmpz_poly:
    total = fmpz_poly([1])
    for factor, _ in polynomial.factor()[1]:
        total = total * factor
    return total


def _eliminant(systems: Sequence[Monomials], order: Sequence[int]) -> fmpz_poly | None:
    """The polynomial in the last unknown of ``order`` alone that every solution solves; 1 where there is none."""
    context = _lexical(len(order))
    polynomials = [context.from_dict({tuple(e[i] for i in order): c for e, c in terms.items()}) for terms in systems]
    last = len(order) - 1
    for polynomial in _basis(polynomials, context):
        if polynomial.is_constant():
            return fmpz_poly([1])
        if not any(polynomial.degrees()[:last]):
            return _in_last(polynomial, last)
    return None


def _in_last(polynomial: fmpz_mpoly, last: int) -> fmpz_poly:
    coefficients = {e[last]: c for e, c in polynomial.to_dict().items()}
    return fmpz_poly([coefficients.get(i, 0) for i in range(max(coefficients) + 1)])


def _shape(
    systems: Sequence[Monomials], weights: Sequence[int], names: int
) -> tuple[fmpz_poly, tuple[fmpq_poly, ...]] | None:
    """The polynomial of t, the weighted sum of the unknowns, and each unknown as one in t; None if t is not generic."""
    context = _lexical(names + 1)
    generators = context.gens()
    polynomials = [context.from_dict({(*e, 0): c for e, c in terms.items()}) for terms in systems]
    linear = generators[-1]
    for weight, generator in zip(weights, generators, strict=False):
        linear = linear - weight * generator
    main: fmpz_poly | None = None
    coordinates: dict[int, fmpq_poly] = {}
    for polynomial in _basis([*polynomials, linear], context):
        degrees = polynomial.degrees()
        others = [place for place in range(names) if degrees[place]]
        if not others:
            main = _in_last(polynomial, names)
        elif len(others) == 1 and degrees[others[0]] == 1:
            place = others[0]
            lead: Any = None
            rest: dict[int, Any] = {}
            for exponents, coefficient in polynomial.to_dict().items():
                if not exponents[place]:
                    rest[exponents[names]] = -coefficient
                elif exponents[names]:
                    lead = None
                    break
                else:
                    lead = coefficient
            if lead is not None:
                listed = [fmpq(rest.get(i, 0), lead) for i in range(max(rest, default=0) + 1)]
                coordinates[place] = fmpq_poly(listed)
    if main is None or len([place for place in coordinates if place < len(weights)]) < len(weights):
        return None
    return main, tuple([coordinates[place] for place in range(len(weights))])


def _real_points(
    main: fmpz_poly, shape: tuple[fmpq_poly, ...], unknowns: int, names: Sequence[tuple[Point, ...]]
) -> Iterator[Solution]:
    if main.degree() > _MAX_DEGREE:
        raise TooLarge("a system with too many solutions")
    for factor, _ in main.factor()[1]:
        for root in polynomial_points(factor):
            shown = tuple([_named(shape[place], root, names[place]) for place in range(unknowns)])
            yield Solution(factor, root, tuple([poly % fmpq_poly(factor) for poly in shape]), shown)


def _named(coordinate: fmpq_poly, root: Point, candidates: tuple[Point, ...]) -> Point:
    """Which of the roots of an unknown's own polynomial its value is."""
    for bits in _BITS:
        with precision(bits):
            value = _evaluated(coordinate, root.ball(bits))
            close = [point for point in candidates if value.overlaps(point.ball(bits))]
        if len(close) == 1:
            return close[0]
    raise TooLarge("two numbers that are too close to tell apart")
