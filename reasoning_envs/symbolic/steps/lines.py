"""A line of equations as the set of its irreducible factors: roots, poles and what only letters decide.

A line that is one equation, or several joined by *or*, is true where one of its differences ``left - right`` is zero
and defined. Each difference is a fraction of polynomials over Q (:mod:`~reasoning_envs.symbolic.equality.forms`), and
its irreducible factors say everything: factors of the numerator that hold the unknown are its roots, factors of
divisors that hold it are its poles (an irreducible factor shared by both is no root), the rest are conditions on
letters. For two rational lines, equal sets of factors mean equal solutions, generically in the letters, and conversely.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from flint import fmpq_mpoly

from reasoning_envs.symbolic.equality.canonical import Canonical, canonical
from reasoning_envs.symbolic.equality.forms import (
    Form,
    TooLarge,
    UndefinedForm,
    content_of,
    factors,
    form,
    product,
    ring_of,
)
from reasoning_envs.symbolic.equality.kernel_rules import Requirement, is_positive_kernel
from reasoning_envs.symbolic.equality.rings import Ring, is_rational
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.statement import (
    And,
    Comparison,
    Line,
    Or,
    Statement,
    Truth,
    alternatives,
    conjuncts,
)

__all__ = [
    "EquationLine",
    "common_ring",
    "comparisons",
    "equation_line",
    "excludes_values",
    "is_equations",
    "linear_root",
    "multiples",
    "part_keys",
]

Factors = dict[str, "fmpq_mpoly"]


def comparisons(line: Line) -> tuple[Comparison, ...]:
    """All comparisons of a line, from left to right."""
    if isinstance(line, Comparison):
        return (line,)
    if isinstance(line, And | Or):
        return tuple([inner for part in line.parts for inner in comparisons(part)])
    return ()


def is_equations(line: Statement) -> bool:
    """One equation, or equations joined by *or*."""
    if isinstance(line, Comparison):
        return line.op == "="
    return isinstance(line, Or) and all(isinstance(part, Comparison) and part.op == "=" for part in line.parts)


def excludes_values(line: Statement) -> bool:
    """As :func:`is_equations`, but an equation may stand with ``!=`` constraints, and one at least does."""
    return isinstance(line, And | Or) and not is_equations(line) and all(map(_is_guarded, alternatives(line)))


def _is_guarded(part: Statement) -> bool:
    ops = [piece.op if isinstance(piece, Comparison) else "" for piece in conjuncts(part)]
    return ops.count("=") == 1 and ops.count("!=") == len(ops) - 1


def common_ring(lines: Iterable[Statement], over: str) -> Ring:
    """A ring that holds both sides of every comparison.

    Raises:
        UndefinedForm, TooLarge: of a side.
    """
    return ring_of(*[_tree(side, over).tree for line in lines for side in _sides(line)], over=over)


def _sides(line: Statement) -> list[Expr]:
    if isinstance(line, Comparison):
        return [line.left, line.right]
    return [side for comparison in comparisons(line) for side in (comparison.left, comparison.right)]


_NONE: frozenset[Requirement] = frozenset()


def _tree(side: Expr, over: str) -> Canonical:
    return Canonical(side, _NONE) if is_rational(side) else canonical(side, over)


@lru_cache(maxsize=512)
def _difference(comparison: Comparison, ring: Ring, over: str) -> tuple[Form, frozenset[Requirement]]:
    """``left - right``, and what roots and logarithms on both sides need."""
    left, right = _tree(comparison.left, over), _tree(comparison.right, over)
    return form(left.tree, ring).minus(form(right.tree, ring)), left.requirements | right.requirements


def linear_root(line: Statement, ring: Ring, unknown: str, over: str) -> tuple[fmpq_mpoly, fmpq_mpoly] | None:
    """``-b`` and ``a`` in lowest terms where the line is ``a*x + b = 0`` but for factors in the letters; else None.

    ``a*x + b`` has whole coefficients without a common divisor, the leading one positive.

    Raises:
        UndefinedForm, TooLarge: of a side.
    """
    index = ring.index.get(unknown)
    if index is None or ring.kernels or not isinstance(line, Comparison) or line.op != "=":
        return None
    difference, need = _difference(line, ring, over)
    top = difference.numerator
    if need or top.is_zero() or top.degrees()[index] != 1:
        return None
    if any(divisor.degrees()[index] for divisor in difference.divisors):
        return None
    slope = top.derivative(index)
    rest = top - slope * ring.context.gens()[index]
    common = slope.gcd(rest)
    if not common.is_constant():
        top, slope, rest = top // common, slope // common, rest // common
    content = content_of(top.coeffs())
    return -rest / content, slope / content


def multiples(before: Statement, after: Statement, ring: Ring, over: str) -> bool:
    """Two single equations without divisors and requirements whose differences are constant multiples of each other.

    Raises:
        UndefinedForm, TooLarge: of a side.
    """
    if not (isinstance(before, Comparison) and isinstance(after, Comparison) and before.op == "=" == after.op):
        return False
    (first, need), (second, other) = _difference(before, ring, over), _difference(after, ring, over)
    if first.divisors or second.divisors or need or other:
        return False
    top1, top2 = first.numerator, second.numerator
    if top1.is_zero() or top2.is_zero():
        return bool(top1 == top2)
    return bool(top1 * top2.leading_coefficient() == top2 * top1.leading_coefficient())


class EquationLine:
    """The factors of a line of equations.

    Attributes:
        forms: ``left - right`` of each equation.
        identity: one of the equations holds wherever it is defined.
        holes: of an identity: poles at which no alternative holds.
        rational: nothing but rational operations and their divisors decides where it holds.
        mixed: factors cannot tell where it holds: its alternatives are defined at different values of the unknown and
            kernels hide which is defined where, or a constraint goes with kernels, an identity, or holds nowhere.
        roots: factors with the unknown that make one of the equations true, by their text.
        powers: multiplicity of each factor with the unknown, over all equations; negative for poles.
        poles: factors of divisors with the unknown.
        excluded: factors that a ``!=`` constraint keeps from being 0, and poles of constraints.
        letter_powers, letter_poles: the same for factors without the unknown.
        requirements: what roots and logarithms need; those with the unknown, and those without.
    """

    __slots__ = (
        "excluded",
        "forms",
        "holes",
        "identity",
        "letter_poles",
        "letter_powers",
        "letter_requirements",
        "letters",
        "mixed",
        "poles",
        "powers",
        "rational",
        "requirements",
        "ring",
        "roots",
    )

    def __init__(self, line: Statement, ring: Ring, unknown: str, over: str) -> None:
        self.ring = ring
        self.forms: list[Form] = []
        self.roots: Factors = {}
        self.poles: Factors = {}
        self.excluded: Factors = {}
        self.letters: Factors = {}
        self.powers: Counter[str] = Counter()
        self.letter_powers: Counter[str] = Counter()
        self.letter_poles: Factors = {}
        needs: list[frozenset[Requirement]] = []
        inside = ring.depends(unknown)
        barred: list[Factors] = []  # of each alternative, what its constraints exclude
        constrained = idle = False
        for part in alternatives(line):
            outside: Factors = {}
            for comparison in conjuncts(part):
                assert isinstance(comparison, Comparison)
                difference, need = _difference(comparison, ring, over)
                needs.append(need)
                if comparison.op == "=":
                    self.forms.append(difference)
                    continue
                constrained = True
                idle = idle or difference.is_zero
                outside.update(self._exclude(difference, inside))
            barred.append(outside)
        # With kernels, alternatives belong together: (x - sqrt(2))*(x + sqrt(2)) is x^2 - 2.
        identities: list[Factors] = []
        together = [product(self.forms)] if ring.kernels else self.forms
        for difference, outside in zip(together, barred, strict=False):
            poles = self._add(difference, inside, outside)
            if difference.is_zero:
                identities.append(poles)
        self.identity = bool(identities)
        self.holes: Factors = {
            key: factor
            for key, factor in (identities[0] if identities else {}).items()
            if all(key in poles for poles in identities) and key not in self.roots
        }
        requirements = _NONE.union(*needs)
        self.rational = not ring.kernels and not requirements
        if constrained:
            self.mixed = idle or self.identity or not self.rational
        else:
            self.mixed = bool(ring.kernels) and len(needs) > 1 and self._differ(needs, unknown)
        self.requirements = frozenset(r for r in requirements if unknown in r[1].symbols)
        self.letter_requirements = frozenset(r for r in requirements if unknown not in r[1].symbols)

    def _differ(self, needs: list[frozenset[Requirement]], unknown: str) -> bool:
        """The alternatives are defined at different values of the unknown."""
        inside = self.ring.depends(unknown)
        domains = set()
        for need, difference in zip(needs, self.forms, strict=True):
            poles = {str(f) for divisor in difference.divisors for f, _ in factors(divisor) if _holds_any(f, inside)}
            domains.add((frozenset(r for r in need if unknown in r[1].symbols), frozenset(poles)))
        return len(domains) > 1

    def _exclude(self, difference: Form, inside: frozenset[int]) -> Factors:
        """Enter one constraint ``difference != 0``: the factors that it keeps from being 0, poles among them."""
        found: Factors = {}
        for polynomial in (difference.numerator, *difference.divisors):
            for factor, _ in () if polynomial.is_zero() else factors(polynomial):
                key = str(factor)
                if _holds_any(factor, inside):
                    found[key] = factor
                else:
                    self.letter_poles[key] = self.letters[key] = factor
        self.excluded.update(found)
        return found

    def _add(self, difference: Form, inside: frozenset[int], outside: Factors) -> Factors:
        """Enter one equation, which is not meant where a factor of ``outside`` is 0; its poles."""
        poles: Factors = {}
        for divisor in difference.divisors:
            for factor, _ in factors(divisor):
                if self._positive(factor):
                    continue
                key = str(factor)
                if _holds_any(factor, inside):
                    poles[key] = factor
                else:
                    self.letter_poles[key] = self.letters[key] = factor
        self.poles.update(poles)
        if difference.is_zero:
            return poles
        sides = [(1, difference.numerator)]
        if difference.denominator is not None:
            sides.append((-1, difference.denominator))
        for side, polynomial in sides:
            for factor, exponent in factors(polynomial):
                if self._positive(factor):
                    continue
                key = str(factor)
                if not _holds_any(factor, inside):
                    self.letter_powers[key] += side * exponent
                    self.letters[key] = factor
                    continue
                self.powers[key] += side * exponent
                if side > 0 and key not in poles and key not in outside:
                    self.roots[key] = factor
        return poles

    def _positive(self, factor: fmpq_mpoly) -> bool:
        """The factor is a kernel that is never 0."""
        if not self.ring.kernels or len(factor) != 1:
            return False
        exponents = factor.monoms()[0]
        return sum(exponents) == 1 and is_positive_kernel(self.ring.expressions[exponents.index(1)])


def _holds_any(polynomial: fmpq_mpoly, positions: frozenset[int]) -> bool:
    degrees = polynomial.degrees()
    return any(map(degrees.__getitem__, positions))


@lru_cache(maxsize=512)
def _equation_line(
    line: Statement, ring: Ring, unknown: str, over: str
) -> EquationLine | tuple[type[ArithmeticError], str]:
    try:
        return EquationLine(line, ring, unknown, over)
    except (UndefinedForm, TooLarge) as error:
        return type(error), str(error)


def equation_line(line: Statement, ring: Ring, unknown: str, over: str = "real") -> EquationLine:
    """The factors of a line of equations over a ring that holds it; kept for the next question about the same line.

    Raises:
        UndefinedForm: a side of the line divides by zero everywhere.
        TooLarge: it is too large to expand or to factor.
    """
    found = _equation_line(line, ring, unknown, over)
    if isinstance(found, EquationLine):
        return found
    raise found[0](found[1])


_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
PartKey = tuple[str, str, str, frozenset[str], frozenset[Requirement]]


def part_keys(line: Statement, ring: Ring, over: str) -> object:
    """The line up to the order of its parts and constant factors of its comparisons: equal keys, equivalent lines.

    Raises:
        UndefinedForm, TooLarge: of a side.
    """
    if isinstance(line, Truth):
        return line.value
    if isinstance(line, Comparison):
        return _part_key(line, ring, over)
    return (type(line).__name__, frozenset(part_keys(part, ring, over) for part in line.parts))


@lru_cache(maxsize=512)
def _part_key(comparison: Comparison, ring: Ring, over: str) -> PartKey:
    difference, requirements = _difference(comparison, ring, over)
    top, down = difference.lowest_terms()
    op = comparison.op
    if not top.is_zero():
        lead = top.leading_coefficient()
        top = top / lead
        if lead < 0:
            op = _MIRRORED[op]
    poles = {str(factor) for divisor in difference.divisors for factor, _ in factors(divisor)}
    return op, str(top), str(down), frozenset(poles), requirements
