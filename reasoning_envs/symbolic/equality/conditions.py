"""Where an expression is defined, as conditions that a person would write: ``x != 1``, ``x >= 0``, ``a - b != 0``."""

from __future__ import annotations

import random
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from flint import fmpq, fmpq_mpoly

from reasoning_envs.symbolic.equality.canonical import normal_form
from reasoning_envs.symbolic.equality.forms import Form, TooLarge, UndefinedForm, factored, factors
from reasoning_envs.symbolic.equality.kernel_rules import Requirement, is_positive_kernel
from reasoning_envs.symbolic.equality.rings import Ring, from_rational, polynomial_to_expr, to_rational
from reasoning_envs.symbolic.roots.points import polynomial_points, univariate
from reasoning_envs.symbolic.syntax.expression import Expr, num, sym
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision, sign
from reasoning_envs.symbolic.values.enclosures import value_at

__all__ = ["Condition", "condition_text", "condition_texts", "definedness", "feasible", "nonzero", "simplified"]

Condition = tuple[str, Expr]
"""A relation to 0 and what stands in it: ``("!= 0", x - 1)``."""

_TRIALS = 120
_FLIPPED = {"> 0": "< 0", ">= 0": "<= 0", "< 0": "> 0", "<= 0": ">= 0", "!= 0": "!= 0"}


def nonzero(polynomial: fmpq_mpoly, ring: Ring, over: str = "real") -> frozenset[Condition]:
    """What must not be 0 for the polynomial not to be 0: its irreducible factors, those left out that never are."""
    found: set[Condition] = set()
    for factor, _ in factors(polynomial):
        tree = polynomial_to_expr(factor, ring)
        if not _never_zero(factor, tree, ring, over):
            # A root and a value between bars are 0 where their argument is.
            found.add(("!= 0", tree.args[0] if tree.op in ("sqrt", "root", "abs") else tree))
    return frozenset(found)


def _never_zero(factor: fmpq_mpoly, tree: Expr, ring: Ring, over: str) -> bool:
    if is_positive_kernel(tree) or not tree.symbols:
        return True
    if over == "positive" and tree.op == "sym":
        return True
    if over == "complex" or ring.kernels:
        return False
    if len(ring.symbols) == 1:
        only = univariate(factor, 0)
        assert only is not None
        try:
            return not polynomial_points(only)
        except TooLarge:
            return False
    # A sum of even powers with positive coefficients and a constant.
    monomials, coefficients = factor.monoms(), factor.coeffs()
    same_sign = all(c > 0 for c in coefficients) or all(c < 0 for c in coefficients)
    return same_sign and all(not any(e % 2 for e in m) for m in monomials) and any(not any(m) for m in monomials)


@lru_cache(maxsize=512)
def definedness(expr: Expr, over: str = "real") -> frozenset[Condition]:
    """The conditions under which the expression has a value.

    Raises:
        UndefinedForm: it has one nowhere.
        TooLarge: it cannot be expanded.
    """
    form, requirements = normal_form(expr, over)
    found: set[Condition] = set()
    for divisor in form.divisors:
        found |= nonzero(divisor, form.ring, over)
    return frozenset(found) | simplified(requirements, over)


def simplified(requirements: Iterable[Requirement], over: str = "real") -> frozenset[Condition]:
    """The requirements without those that always hold, squares taken out: ``x^2 > 0`` is ``x != 0``."""
    found: set[Condition] = set()
    for relation, tree in requirements:
        if not tree.symbols:
            continue
        if relation not in ("> 0", ">= 0", "!= 0"):
            found.add((relation, tree))
            continue
        try:
            form, _ = normal_form(tree, over)
        except (UndefinedForm, TooLarge):
            found.add((relation, tree))
            continue
        found |= _of_form(relation, form, over)
    strict = {tree for relation, tree in found if relation == "> 0"}
    return frozenset((relation, tree) for relation, tree in found if relation != "!= 0" or tree not in strict)


def _of_form(relation: str, form: Form, over: str) -> set[Condition]:
    ring = form.ring
    top = form.numerator if form.denominator is None else form.numerator * form.denominator
    if relation == "!= 0":
        return set(nonzero(top, ring, over))
    content, parts = factored(top)
    rest = ring.context.constant(1 if content > 0 else -1)
    found: set[Condition] = set()
    for part, exponent in parts:
        tree = polynomial_to_expr(part, ring)
        if exponent % 2 == 0:
            if relation == "> 0":
                found |= nonzero(part, ring, over)
        elif _never_zero(part, tree, ring, over) and _positive(part, tree, ring, over):
            continue
        else:
            rest = rest * part
    if not rest.is_constant() or rest.leading_coefficient() < 0:
        found.add((relation, polynomial_to_expr(rest, ring)))
    return found


def _positive(part: fmpq_mpoly, tree: Expr, ring: Ring, over: str) -> bool:
    """Of a factor without zeros: its sign is plus."""
    if is_positive_kernel(tree) or (over == "positive" and tree.op == "sym"):
        return True
    constants = [c for m, c in zip(part.monoms(), part.coeffs(), strict=True) if not any(m)]
    return not ring.kernels and bool(constants) and bool(constants[0] > 0)


def condition_texts(conditions: Iterable[Condition]) -> tuple[str, ...]:
    """Sorted, and each thing said once: what is ``>= 0`` and not 0 is ``> 0``."""
    found = set(conditions)
    for relation, tree in list(found):
        if relation == "!= 0" and (">= 0", tree) in found:
            found.add(("> 0", tree))
    positive = {tree for relation, tree in found if relation == "> 0"}
    return tuple(
        sorted(
            condition_text((relation, tree))
            for relation, tree in found
            if relation not in ("!= 0", ">= 0") or tree not in positive
        )
    )


def condition_text(condition: Condition) -> str:
    """``"x != 1"``, ``"x >= -2/3"``, ``"a - b != 0"``, ``"x is in [-1, 1]"``."""
    from reasoning_envs.symbolic.syntax.printer import to_text

    relation, tree = condition
    if relation == "defined":
        return f"{to_text(tree)} is defined"
    if relation not in _FLIPPED:
        return f"{to_text(tree)} is {relation}"
    solved = _solved(tree)
    if solved is not None:
        name, value, rising = solved
        sign = (relation if rising else _FLIPPED[relation]).split()[0]
        return f"{to_text(sym(name))} {sign} {to_text(num(value))}"
    return f"{to_text(tree)} {relation}"


def _solved(tree: Expr) -> tuple[str, Fraction, bool] | None:
    """(name, -b/a, a > 0) for a*name + b with numeric coefficients."""
    if len(tree.symbols) != 1:
        return None
    try:
        form, _ = normal_form(tree)
    except (UndefinedForm, TooLarge):
        return None
    if form.ring.kernels or form.denominator is not None or form.divisors:
        return None
    line = univariate(form.numerator, 0)
    if line is None or line.degree() != 1:
        return None
    b, a = (Fraction(int(c)) for c in line.coeffs())
    lead = to_rational(form.numerator.leading_coefficient())
    return form.ring.symbols[0], -b / a, lead > 0


def feasible(requirements: Iterable[Requirement]) -> bool:
    """Some numbers for the symbols meet all the inequalities among the requirements."""
    needed = [(relation, tree) for relation, tree in requirements if relation in (">= 0", "> 0") and tree.symbols]
    if not needed:
        return True
    names = sorted(frozenset().union(*[tree.symbols for _, tree in needed]))
    rng = random.Random(len(needed))
    for turn in range(_TRIALS):
        spread = (1, 8, 60)[turn % 3]
        point = {name: from_rational(Fraction(rng.randint(-60, 60) * spread, 61)) for name in names}
        if all(_meets(relation, tree, point) for relation, tree in needed):
            return True
    return False


def _meets(relation: str, tree: Expr, point: dict[str, fmpq]) -> bool:
    try:
        with precision(128):
            side = sign(value_at(tree, point))
    except (Undefined, Unclear):
        return False
    return side > 0 or (side == 0 and relation == ">= 0")
