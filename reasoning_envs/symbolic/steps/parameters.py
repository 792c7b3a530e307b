"""Letters that stand for constants, tried out: numbers in their place turn a line into one about its unknown alone."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import chain, islice, product
from typing import Any, NamedTuple

from flint import fmpq_mpoly, fmpq_poly, fmpz_poly

from reasoning_envs.symbolic.equality.forms import TooLarge
from reasoning_envs.symbolic.equality.rings import Ring, from_rational, polynomial_to_expr
from reasoning_envs.symbolic.inequalities.forms import conditions_hold, is_about_inequalities
from reasoning_envs.symbolic.roots.kinks import arguments, numbers_beside_zeros
from reasoning_envs.symbolic.roots.points import polynomial_points, univariate
from reasoning_envs.symbolic.roots.scan import EVERYWHERE, Window
from reasoning_envs.symbolic.steps.cells import CellComparison, compare_on_cells
from reasoning_envs.symbolic.steps.lines import comparisons
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import ZERO, Expr, num, sub, sym, walk
from reasoning_envs.symbolic.syntax.expression import substitute as substitute_expr
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Statement, equation, line_tokens, substitute
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision, sign
from reasoning_envs.symbolic.values.enclosures import value_at
from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["LetterComparison", "compare_at_letters", "has_real_root", "is_defined_somewhere"]

_TRIALS = 6
_MAX_PATTERNS = 16
_SPLITS: tuple[tuple[int, Window], ...] = ((120, EVERYWHERE), (32, (-8.0, 8.0)))
_SCALES = (100, 10_000)
_ROOTS_TO_MEET = (Fraction(23, 7), Fraction(-31, 9))
_MORE_TRIALS = 24
_SILENT_TRIALS = 60
_ROOT_TRIALS = 24
_PRIMES = (17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61)
Values = dict[str, Fraction]


class LetterComparison(NamedTuple):
    """What trying numbers for the letters of two lines came to.

    Attributes:
        verdict: where no comparison was possible at all.
        witness: numbers for the letters at which the second line is wrong; ``lost`` and ``added`` belong to them.
        any_solution: one of the lines had a solution once. agreed: numbers of letters at which the solutions agree.
        conditions: under which they do, where they do not for all numbers.
    """

    verdict: Verdict | None
    witness: str | None
    lost: tuple[str, ...]
    added: tuple[str, ...]
    any_solution: bool
    agreed: int
    conditions: tuple[str, ...]


def _values(
    letters: tuple[str, ...], seed: bytes, over: str, exponents: frozenset[str] = frozenset()
) -> Iterator[Values]:
    """Numbers for the letters, all different, that nobody writes down: three sets of positive ones, then of both signs.

    A letter in an exponent gets a number with an even denominator: like nearly all real powers, and unlike x^2 or
    x^(1/3), such a power exists for positive bases alone.
    """
    rng = random.Random(int.from_bytes(hashlib.blake2b(seed, digest_size=16).digest()))
    tops = _PRIMES if len(letters) <= len(_PRIMES) else range(17, 17 + 10 * len(letters))
    turn = 0
    while True:
        values: Values = {}
        for letter, top in zip(letters, rng.sample(tops, len(letters)), strict=True):
            value = Fraction(top, 8) if letter in exponents else Fraction(top, rng.choice((3, 7, 9, 38, 150, 400)))
            if over != "positive" and (turn % 6 == 5 or (turn % 6 > 2 and rng.random() < 0.5)):
                value = -value
            values[letter] = value
        yield values
        turn += 1


def _trials(before: Statement, after: Statement, unknown: str, letters: tuple[str, ...], over: str) -> list[Values]:
    """The numbers that are tried in any case: random ones, every pattern of signs, large ones, and both sides of kinks.

    Kinks are the zeros of what stands in bars and under roots, of sides without the unknown, and of what decides
    whether the line has a certain root; a shift of a letter shifts them too.
    """
    seed = line_tokens(before) + b"\x00" + line_tokens(after)
    powers = _exponents(before, after)
    stream = _values(letters, seed, over, powers)
    found = list(islice(stream, _TRIALS))
    free = tuple([name for name in letters if name not in powers])
    patterns = _patterns(len(letters), 1 if over == "positive" else _MAX_PATTERNS)
    for pattern in patterns:
        base = next(stream)
        found.append({name: side * abs(base[name]) for name, side in zip(letters, pattern, strict=True)})
    for scale in _SCALES:
        for pattern in patterns[:: -(-len(patterns) // 8)]:
            base = next(stream)
            pairs = zip(letters, pattern, strict=True)
            found.append({name: side * scale * abs(base[name]) if name in free else base[name] for name, side in pairs})
    splits: list[Values] = []
    # What stands in bars and under roots must be tried on both sides; of the rest a few will do.
    for (limit, window), expressions in zip(_SPLITS, _splitting(before, after, unknown), strict=True):
        beside: list[Values] = []
        for expr in expressions:
            for name in free:
                if name in expr.symbols:
                    base = next(stream)
                    others = {key: value for key, value in base.items() if key != name}
                    numbers = numbers_beside_zeros(expr, name, others, window)
                    beside += [{**base, name: value} for value in numbers]
        if over == "positive":
            beside = [values for values in beside if all(value > 0 for value in values.values())]
        splits += beside[:: -(-len(beside) // limit) or 1]
    return found + splits


def _patterns(count: int, limit: int) -> list[tuple[int, ...]]:
    """Signs for a number of letters: all patterns, or some of them where there are too many."""
    patterns = list(islice(product((1, -1), repeat=min(count, 10)), 1 << 10)) if limit > 1 else [(1,) * min(count, 10)]
    patterns = patterns[:: -(-len(patterns) // limit)]
    return [tuple([pattern[i % len(pattern)] for i in range(count)]) for pattern in patterns]


def _splitting(before: Statement, after: Statement, unknown: str) -> tuple[list[Expr], list[Expr]]:
    """Expressions in the letters alone at whose zeros the solutions of a line may change their nature.

    Kinks first; then sides, and what decides whether a line has a certain root.
    """
    lines = (*comparisons(before), *comparisons(after))
    sides = [side for comparison in lines for side in (comparison.left, comparison.right)]
    inside = arguments(sides)
    kinks = [expr for expr in inside if unknown not in expr.symbols]
    rest = [*inside, *sides, *[sub(comparison.left, comparison.right) for comparison in lines]]
    others = [expr for expr in rest if unknown not in expr.symbols and expr.op != "sym"]
    for root in _ROOTS_TO_MEET:
        others += [substitute_expr(expr, {unknown: num(root)}) for expr in rest if unknown in expr.symbols]
    known = {expr.key for expr in kinks}
    distinct = {expr.key: expr for expr in others if expr.symbols and expr.key not in known}
    return kinks, list(distinct.values())


def compare_at_letters(
    before: Statement, after: Statement, unknown: str, letters: tuple[str, ...], over: str
) -> LetterComparison:
    """Compare two lines with several sets of numbers in place of their letters.

    A root that was added where the line before has no solution at all does not count against the second line, provided
    that the two agree wherever the first has one: that is what solving ``sqrt(x) = a`` by ``x = a^2`` means.
    Of inequalities it does, unless what the first says of its letters alone does not hold.
    """
    strict = is_about_inequalities(before, unknown)  # an inequality that never holds is no slip of whoever wrote it
    seed = line_tokens(before) + b"\x00" + line_tokens(after)
    first = _trials(before, after, unknown, letters, over)
    more = _values(letters, seed + b"\x00", over, _exponents(before, after))
    agreed: list[Values] = []
    excused: list[Values] = []
    faults: list[tuple[Values, CellComparison]] = []
    unclear = 0
    silent = 0
    covered = True
    trials = len(first)
    for turn, values in enumerate(chain(first, more)):
        if turn >= trials:
            break
        found = _compare(before, after, unknown, values, over)
        if found is None:
            unclear += 1
            continue
        covered = covered and found.covered
        if found.identities:
            agreed.append(values)
        elif found.lost or found.added:
            faults.append((values, found))
            if found.before_any or found.lost or (strict and conditions_hold(before, unknown, values)):
                return _fault(values, found, unknown)
            excused.append(values)
            trials = max(trials, _MORE_TRIALS)
        elif found.unclear:
            unclear += 1
        elif found.before_any:
            agreed.append(values)
        else:
            silent += 1
            if not agreed:  # it takes more to say that there never is a solution
                trials = max(trials, _SILENT_TRIALS)
    if faults and len(agreed) < 2 and covered:
        return _fault(*faults[0], unknown)
    if not covered:
        verdict = Verdict(
            Status.UNDECIDED, Relation.UNKNOWN, "solutions may lie where nobody looked: waves go on for ever", "balls"
        )
        return LetterComparison(verdict, None, (), (), False, 0, ())
    if agreed:
        conditions = (_separating(before, after, unknown, agreed, excused),) if excused else ()
        return LetterComparison(None, None, (), (), True, len(agreed), conditions)
    if unclear:
        verdict = Verdict(
            Status.UNDECIDED, Relation.UNKNOWN, "numbers in place of the letters decide nothing", "numbers for letters"
        )
        return LetterComparison(verdict, None, (), (), False, 0, ())
    return LetterComparison(None, None, (), (), False, silent, ())


def _exponents(*lines: Statement) -> frozenset[str]:
    """Symbols that occur in an exponent or in the degree of a root."""
    found: frozenset[str] = frozenset()
    for line in lines:
        for comparison in comparisons(line):
            for side in (comparison.left, comparison.right):
                for node in walk(side):
                    if node.op in ("pow", "root"):
                        found = found | node.args[1].symbols
    return found


def _compare(before: Statement, after: Statement, unknown: str, values: Values, over: str) -> CellComparison | None:
    binding = {name: num(value) for name, value in values.items()}
    first, second = substitute(before, binding), substitute(after, binding)
    try:
        check_bounds(first)
        check_bounds(second)
    except UnsafeExpressionError:
        return None
    return compare_on_cells(first, second, unknown, over)


def _fault(values: Values, found: CellComparison, unknown: str) -> LetterComparison:
    letters = ", ".join(f"{name} = {to_text(num(value))}" for name, value in values.items())
    lost = tuple([point.text(unknown) for point in found.lost[:3]])
    added = tuple([point.text(unknown) for point in found.added[:3]])
    return LetterComparison(None, letters, lost, added, True, 0, ())


def _separating(before: Statement, after: Statement, unknown: str, agreed: list[Values], excused: list[Values]) -> str:
    """A sign condition that holds wherever the lines agree and fails wherever the first has no solution."""
    candidates: list[Expr] = [sym(name) for name in agreed[0]]
    for comparison in (*comparisons(before), *comparisons(after)):
        candidates += [
            side for side in (comparison.left, comparison.right) if side.symbols and unknown not in side.symbols
        ]
    for candidate in candidates:
        good = {_sign(candidate, values) for values in agreed}
        bad = {_sign(candidate, values) for values in excused}
        if 1 in good and good <= {0, 1} and bad == {-1}:
            return f"{to_text(candidate)} >= 0"
        if -1 in good and good <= {0, -1} and bad == {1}:
            return f"{to_text(candidate)} <= 0"
    return "the line before has a solution"


def _sign(expr: Expr, values: Values) -> int | None:
    point: Mapping[str, Any] = {name: from_rational(value) for name, value in values.items()}
    try:
        with precision(128):
            return sign(value_at(expr, point))
    except (Undefined, Unclear):
        return None


def is_defined_somewhere(expr: Expr, over: str) -> bool:
    """Some numbers for the letters of an expression give it a value; True also where nobody can tell."""
    names = tuple(sorted(expr.symbols))
    line = equation(expr, ZERO)
    for values in _trials(line, line, "", names, over):
        try:
            with precision(128):
                value_at(expr, {name: from_rational(value) for name, value in values.items()})
        except Undefined:
            continue
        except Unclear:
            pass
        return True
    return False


def has_real_root(factor: fmpq_mpoly, ring: Ring, unknown: str) -> tuple[bool, bool]:
    """Whether an irreducible polynomial has a real root for some open set of letters, and if that is certain.

    An odd degree is certain; otherwise numbers are tried for the letters.
    """
    index = ring.index[unknown]
    if factor.degrees()[index] % 2 == 1:
        return True, True
    only = univariate(factor, index)
    if only is not None:
        try:
            return bool(polynomial_points(only)), True
        except TooLarge:
            return True, False
    coefficients = factor.coeffs()
    monomials = factor.monoms()
    one_sign = all(c > 0 for c in coefficients) or all(c < 0 for c in coefficients)
    if one_sign and all(e % 2 == 0 for m in monomials for e in m) and any(not m[index] for m in monomials):
        return False, True
    letters = tuple([name for name in ring.symbols if name != unknown])
    stream = _values(letters, str(factor).encode(), "real")
    for values in chain(islice(stream, _ROOT_TRIALS), _meeting(factor, ring, unknown, letters, stream)):
        try:
            if polynomial_points(_at(factor, ring, index, values)):
                return True, True
        except TooLarge:
            return True, False
    return False, False


def _meeting(
    factor: fmpq_mpoly, ring: Ring, unknown: str, letters: tuple[str, ...], stream: Iterator[Values]
) -> Iterator[Values]:
    """Numbers for the letters of a polynomial close to where it has a certain root."""
    tree = polynomial_to_expr(factor, ring)
    free = [name for name in letters if name in tree.symbols]
    for root in _ROOTS_TO_MEET:
        expr = substitute_expr(tree, {unknown: num(root)})
        for name in free:
            base = next(stream)
            others = {key: value for key, value in base.items() if key != name}
            for value in numbers_beside_zeros(expr, name, others, _SPLITS[1][1]):
                yield {**base, name: value}


def _at(factor: fmpq_mpoly, ring: Ring, index: int, values: Values) -> fmpz_poly:
    numbers = [None if name not in values else from_rational(values[name]) for name in ring.symbols]
    found: dict[int, Any] = {}
    for exponents, coefficient in factor.to_dict().items():
        for place, exponent in enumerate(exponents):
            number = numbers[place] if place < len(numbers) else None
            if place != index and exponent and number is not None:
                coefficient = coefficient * number**exponent
        found[exponents[index]] = found.get(exponents[index], 0) + coefficient
    return fmpq_poly([found.get(i, 0) for i in range(max(found) + 1)]).numer()
