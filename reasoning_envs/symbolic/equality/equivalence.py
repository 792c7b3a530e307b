"""Are two expressions equal? Cheap methods first, each honest about what it proves.

1. The same tree up to the order of sums and products.
2. The same fraction of polynomials, exactly (python-flint). For rational functions this decides both ways; with roots,
   logarithms and the like (see :mod:`~reasoning_envs.symbolic.equality.canonical`) it proves equality alone.
3. What is too large to expand is compared modulo random primes.
4. Sines and cosines are taken apart (:mod:`~reasoning_envs.symbolic.equality.angles`), which proves identities.
5. Ball arithmetic at points of the domain: disjoint balls prove a difference, and the point is the witness. Agreement
   at every point is no proof (``rigorous`` is False), unless the two are algebraic numbers that are closer to each
   other than different ones can be (:mod:`~reasoning_envs.symbolic.values.separation`).
6. SymPy in a process of its own, where nothing else can tell, or to turn agreement into a proof (``prove=True``).

Two expressions are equal as functions where both are defined; where one is defined and the other is not, the verdict
records the condition: ``(x^2 - 1)/(x - 1) = x + 1`` under ``x != 1``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from flint import acb, arb

from reasoning_envs.symbolic.calculus.differentiation import holds_calculus
from reasoning_envs.symbolic.equality.angles import with_common_angles
from reasoning_envs.symbolic.equality.canonical import canonical, normal_form
from reasoning_envs.symbolic.equality.conditions import condition_texts, definedness
from reasoning_envs.symbolic.equality.forms import Form, TooLarge, UndefinedForm, form, ring_of
from reasoning_envs.symbolic.equality.rings import Ring, from_rational, is_rational, polynomial_to_expr
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr, num, sub, substitute, walk
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Comparison
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, disjoint, is_exact, precision, sign
from reasoning_envs.symbolic.values.enclosures import value_at
from reasoning_envs.symbolic.values.residues import same_residues
from reasoning_envs.symbolic.values.sampling import points, points_that_matter, value_text
from reasoning_envs.symbolic.values.separation import is_certain_zero, vanishing_divisor
from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["NUMBER_DOMAINS", "equivalent", "exact_value", "is_zero", "rational_form", "sign_of"]

NUMBER_DOMAINS = ("real", "positive", "complex")
"""``"positive"``: every symbol is a positive real number."""

_POINTS = 8
_KERNELS = 24
_BITS = (128, 768)
_CONSTANT_BITS = (128, 512, 4096)


def equivalent(
    left: Expr, right: Expr, *, over: str = "real", given: Sequence[Comparison] = (), prove: bool = False
) -> Verdict:
    """Is ``left`` equal to ``right`` for all values of their symbols?

    Args:
        left: an expression. The imaginary unit makes the arithmetic complex, whatever ``over`` says.
        right: another one.
        over: what the symbols stand for: ``"real"``, ``"positive"`` or ``"complex"``.
        given: comparisons that the symbols satisfy; ``a = ...`` with a lone symbol on one side is substituted, the
            others choose the points at which the two are compared.
        prove: ask SymPy for a proof where the expressions merely agree at every point. Takes up to seconds.

    Returns:
        A verdict: VERIFIED (with the conditions under which both are defined), REFUTED (with a witness), UNDECIDED,
        UNSAFE (too large), TIMEOUT (SymPy alone could have told, and did not in time) or ERROR (its process failed).

    Raises:
        ValueError: no such number domain.
    """
    start = time.perf_counter()
    if over not in NUMBER_DOMAINS:
        raise ValueError(f"over must be one of {', '.join(NUMBER_DOMAINS)}, got {over!r}")
    try:
        for expr in (left, right, *[side for comparison in given for side in (comparison.left, comparison.right)]):
            check_bounds(expr)
    except UnsafeExpressionError as error:
        verdict = Verdict(Status.UNSAFE, reason=error.reason, method="bounds", rigorous=True)
    else:
        if holds_calculus(left) or holds_calculus(right):
            from reasoning_envs.symbolic.calculus.steps import compare_lines

            verdict = compare_lines(left, right, over=over, given=given)
            return verdict.since(start)
        verdict = _decide(left, right, over, given, prove)
    return verdict.since(start)


def _decide(left: Expr, right: Expr, over: str, given: Sequence[Comparison], prove: bool) -> Verdict:
    remaining: list[Comparison] = []
    for comparison in given:
        binding = _binding(comparison)
        if binding is None:
            remaining.append(comparison)
        else:
            left, right = substitute(left, binding), substitute(right, binding)
            remaining = [
                Comparison(other.op, substitute(other.left, binding), substitute(other.right, binding))
                for other in remaining
            ]
    if any(comparison.op == "=" for comparison in remaining):
        return Verdict(Status.UNDECIDED, reason="an equation among the given conditions has no symbol of its own")
    return _Question(left, right, over, tuple(remaining), prove).verdict()


def _binding(comparison: Comparison) -> dict[str, Expr] | None:
    if comparison.op != "=":
        return None
    for lone, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        if lone.op == "sym" and str(lone.value) not in other.symbols:
            return {str(lone.value): other}
    return None


class _Question:
    """One comparison of two expressions."""

    def __init__(self, left: Expr, right: Expr, over: str, given: tuple[Comparison, ...], prove: bool) -> None:
        self.left, self.right, self.over, self.given, self.prove = left, right, over, given, prove
        imaginary = any(node.op == "const" and node.value == "i" for side in (left, right) for node in walk(side))
        # With i about, values are complex even where the symbols are real.
        self.values = "complex" if imaginary else over
        self.symbols = sorted(left.symbols | right.symbols)
        # Left minus right with everything gone that cancels; 0 where they are equal. None: too large to expand.
        self.residual: Expr | None = None
        # A difference may be as small as the constants that were written down make it.
        self.deep_bits = _BITS[1] + 8 * (len(left.tokens) + len(right.tokens))

    def verdict(self) -> Verdict:
        if self.left.key == self.right.key and self._plain(self.left):
            return self._verified("canonical form", True)
        rational = is_rational(self.left) and is_rational(self.right)
        try:
            difference = self._difference()
            self.residual = polynomial_to_expr(difference.numerator, difference.ring)
        except UndefinedForm as error:
            return self._undefined(str(error))
        except UnsafeExpressionError as error:
            return Verdict(Status.UNSAFE, reason=error.reason, method="bounds", rigorous=True)
        except TooLarge:
            if rational and not self.given:
                return self._by_residues()
            return self._by_balls()
        if difference.is_zero:
            return self._verified("canonical form" if self.left.key == self.right.key else "polynomials", True)
        if (rational or _independent(difference.ring)) and not self.given:
            return self._refuted("polynomials")
        if not self.symbols:
            return self._constants()
        return self._by_balls()

    @staticmethod
    def _plain(expr: Expr) -> bool:
        """Defined everywhere, as a sum, product or positive power of symbols and numbers is."""
        return all(
            node.op in ("num", "sym", "add", "mul", "neg")
            or (node.op == "pow" and isinstance(node.args[1].value, int) and node.args[1].value > 0)
            for node in walk(expr)
        )

    def _difference(self) -> Form:
        left, right = canonical(self.left, self.values).tree, canonical(self.right, self.values).tree
        ring = ring_of(left, right, over=self.values)
        if len(ring.kernels) > _KERNELS:  # factorials have become quotients of factorials, each a variable of its own
            check_bounds(left)
            check_bounds(right)
        return form(left, ring).minus(form(right, ring))

    def _conditions(self) -> tuple[str, ...]:
        """Of definedness, where one side has them and the other has not."""
        if self._plain(self.left) and self._plain(self.right):
            return ()
        try:
            return condition_texts(definedness(self.left, self.values) ^ definedness(self.right, self.values))
        except (UndefinedForm, TooLarge):
            return ("both sides are defined",)

    def _verified(self, method: str, rigorous: bool, reason: str = "the two are equal") -> Verdict:
        conditions = self._conditions()
        return Verdict(Status.VERIFIED, Relation.EQUIVALENT, reason, method, rigorous, conditions=conditions)

    def _undefined(self, why: str) -> Verdict:
        sides = []
        for side in (self.left, self.right):
            try:
                normal_form(side, self.values)
            except UndefinedForm:
                sides.append(str(side))
            except TooLarge:
                continue
        named = " and ".join(sides) if sides else "one of the two"
        return Verdict(Status.REFUTED, Relation.NONE, f"{named} is undefined: {why}", "polynomials", True)

    def _refuted(self, method: str) -> Verdict:
        """Known to differ: with a point that shows it, if one of the first points does."""
        witness = None
        reason = "the two are not equal"
        with precision(256):
            for point in self._points():
                values = self._evaluate(point)
                if isinstance(values, tuple) and disjoint(*values):
                    witness, reason = self._show(point, values)
                    break
        return Verdict(Status.REFUTED, Relation.NONE, reason, method, True, witness)

    def _show(self, point: Mapping[str, Any], values: tuple[Any, Any]) -> tuple[str | None, str]:
        first, second = (value_text(value) for value in values)
        if not self.symbols:
            if first == second:
                return None, "the two differ, if only by very little"
            return f"{first} and {second}", f"{first} is not {second}"
        witness = ", ".join(f"{name} = {value_text(point[name])}" for name in self.symbols)
        if first == second:
            return witness, f"at {witness} the two differ, if only by very little"
        return witness, f"at {witness} the one is {first} and the other {second}"

    def _by_residues(self) -> Verdict:
        same = same_residues(self.left, self.right)
        if same is None:
            return self._by_balls()
        if same:
            reason = "the two agree modulo random primes"
            return Verdict(Status.VERIFIED, Relation.EQUIVALENT, reason, "residues", False)
        return self._refuted("residues")

    def _constants(self) -> Verdict:
        """Two numbers."""
        for bits in _CONSTANT_BITS:
            with precision(bits):
                values = self._evaluate({})
                if isinstance(values, tuple) and (disjoint(*values) or self._residual_differs({})):
                    witness, reason = self._show({}, values)
                    return Verdict(Status.REFUTED, Relation.NONE, reason, "balls", True, witness)
                if isinstance(values, Undefined):
                    return self._undefined(str(values))
            if isinstance(values, tuple) and bits == _CONSTANT_BITS[0]:
                equal = is_certain_zero(sub(self.left, self.right))
                if equal:
                    return self._verified("algebraic numbers", True)
                if equal is False:
                    reason = "the two differ, if only by very little"
                    return Verdict(Status.REFUTED, Relation.NONE, reason, "balls", True)
        if not isinstance(values, tuple):
            for side in (self.left, self.right):
                divisor = vanishing_divisor(side)
                if divisor is not None:
                    reason = f"{to_text(side)} is undefined: {to_text(divisor)} is 0"
                    return Verdict(Status.REFUTED, Relation.NONE, reason, "algebraic numbers", True)
            return self._ask_sympy(None)
        agreed = self._verified("balls", False, f"the two agree to {_CONSTANT_BITS[-1] * 3 // 10} digits")
        return self._ask_sympy(agreed) if self.prove else agreed

    def _by_balls(self) -> Verdict:
        agreed: list[dict[str, Any]] = []
        lone: list[dict[str, Any]] = []
        lone_reason = ""
        tried = 0
        for point in self._points():
            tried += 1
            with precision(_BITS[0]):
                values = self._evaluate(point)
            if isinstance(values, Undefined | Unclear):
                continue
            if isinstance(values, str):
                lone.append(point)
                lone_reason = values
                continue
            outcome = self._compare(point, values)
            if outcome is not None and outcome.refuted:
                return outcome
            if outcome is None:
                agreed.append(point)
                if len(agreed) == 1 and self._same_by_angles():
                    return self._verified("trigonometry", True)
            if not self.symbols and agreed:
                break
            # Two expressions may agree near 0 and part beyond a kink; kinks are looked for when all else has agreed.
            if len(agreed) >= _POINTS and tried >= points_that_matter(self.left, self.right, self.over):
                break
        if agreed:
            reason = f"the two agree at {len(agreed)} points"
            verdict = self._verified("balls", False, reason)
            return self._ask_sympy(verdict) if self.prove else verdict
        if lone and not self.given:
            witness = ", ".join(f"{name} = {value_text(lone[0][name])}" for name in self.symbols) or None
            where = f"at {witness} " if witness else ""
            return Verdict(Status.REFUTED, Relation.NONE, f"{where}{lone_reason}", "balls", False, witness)
        return self._ask_sympy(None)

    def _same_by_angles(self) -> bool:
        """An identity between sines and cosines of sums and multiples of the same angles."""
        if self.values == "complex" or self.given:
            return False
        try:
            trees = with_common_angles(*[canonical(side, self.values).tree for side in (self.left, self.right)])
            if trees is None:
                return False
            ring = ring_of(*trees, over=self.values)
            return form(trees[0], ring).minus(form(trees[1], ring)).is_zero
        except (UndefinedForm, TooLarge):
            return False

    def _compare(self, point: dict[str, Any], values: tuple[Any, Any]) -> Verdict | None:
        """REFUTED where they differ, None where they agree to many bits, UNDECIDED otherwise."""
        for bits in (_BITS[0], self.deep_bits, 4 * self.deep_bits):
            with precision(bits):
                if bits != _BITS[0]:
                    again = self._evaluate(point)
                    if not isinstance(again, tuple):
                        return Verdict(Status.UNDECIDED)
                    values = again
                if disjoint(*values) or self._residual_differs(point):
                    witness, reason = self._show(point, values)
                    return Verdict(Status.REFUTED, Relation.NONE, reason, "balls", True, witness)
                if bits > _BITS[0] and _close(values, _BITS[0]):
                    return None
        return Verdict(Status.UNDECIDED)

    def _residual_differs(self, point: Mapping[str, Any]) -> bool:
        """The difference, with all that cancels gone, is not 0 at the point, for certain."""
        if self.residual is None:
            return False
        try:
            return disjoint(value_at(self.residual, point, self.values), from_rational(0))
        except (Undefined, Unclear):
            return False

    def _evaluate(self, point: Mapping[str, Any]) -> tuple[Any, Any] | Undefined | Unclear | str:
        """Both values; what is wrong where neither has one; a text where exactly one is undefined."""
        found: list[Any] = []
        for side in (self.left, self.right):
            try:
                found.append(value_at(side, point, self.values))
            except (Undefined, Unclear) as error:
                found.append(error)
        first, second = found
        for outcome in found:
            if isinstance(outcome, Unclear):
                return outcome
        if isinstance(first, Undefined) and isinstance(second, Undefined):
            return first
        if isinstance(first, Undefined):
            return f"the first is undefined ({first}) and the second is not"
        if isinstance(second, Undefined):
            return f"the second is undefined ({second}) and the first is not"
        return first, second

    def _points(self) -> Iterator[dict[str, Any]]:
        return points(self.left, self.right, over=self.over, values=self.values, given=self.given)

    def _ask_sympy(self, agreed: Verdict | None) -> Verdict:
        """Turn agreement at points into a proof, or decide what points cannot."""
        from reasoning_envs.symbolic.steps.sympy_worker import ask_equal

        answer = ask_equal(self.left, self.right, over=self.values)
        if answer.verified:
            return self._verified("sympy", True)
        if agreed is not None:
            return agreed
        # What is given is unknown to SymPy: equal without it is equal with it, but not the other way round.
        if answer.status is Status.UNDECIDED or (self.given and answer.refuted):
            reason = "no point could be evaluated at which the two can be compared"
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "sympy")
        return answer


def _close(values: tuple[Any, Any], bits: int) -> bool:
    """The two balls agree to more than ``bits`` bits after the point or of their size."""
    first, second = values
    if is_exact(first) and is_exact(second):
        return bool(first == second)
    gap = acb(first) - acb(second)
    bound = arb(2) ** -bits * (1 + abs(acb(first)).upper())
    return bool(gap.real.rad() < bound and gap.imag.rad() < bound)


def _independent(ring: Ring) -> bool:
    """The kernels are square roots of different primes: linearly independent over Q with all their products."""
    if not ring.kernels:
        return True
    return not ring.symbols and all(
        kernel.op == "sqrt" and isinstance(kernel.args[0].value, int) and kernel.args[0].value.bit_length() <= 64
        for kernel in ring.kernels
    )


def rational_form(expr: Expr, over: str = "real") -> tuple[Expr, Expr]:
    """The expression as (numerator, denominator): expanded polynomials in its symbols and kernels, in lowest terms.

    Raises:
        UndefinedForm: it divides by zero. TooLarge: it is too large to expand.
    """
    found, _ = normal_form(expr, over)
    top, down = found.lowest_terms()
    return polynomial_to_expr(top, found.ring), polynomial_to_expr(down, found.ring)


def is_zero(expr: Expr, *, over: str = "real") -> bool | None:
    """Is the expression 0 wherever it is defined? None where nobody can tell, or it is defined nowhere."""
    verdict = equivalent(expr, num(0), over=over)
    return True if verdict.verified else False if verdict.refuted else None


def exact_value(expr: Expr) -> Fraction | None:
    """The value of a constant expression that is a rational number (``sqrt(2)*sqrt(8)`` is 4), else None."""
    if expr.symbols:
        return None
    try:
        check_bounds(expr)
        found, _ = normal_form(expr)
    except (UnsafeExpressionError, UndefinedForm, TooLarge):
        return None
    value = found.constant()
    if value is None:
        return None
    try:
        with precision(_BITS[0]):
            value_at(expr, {})  # a divisor made of kernels may be 0 in disguise
    except (Undefined, Unclear):
        return None
    return value


def sign_of(expr: Expr) -> int | None:
    """-1, 0 or 1 of a constant, for certain; None where it is undefined, not real, or too close to 0 to tell."""
    if expr.symbols:
        return None
    try:
        check_bounds(expr)
    except UnsafeExpressionError:
        return None
    for bits in _CONSTANT_BITS:
        try:
            with precision(bits):
                return sign(value_at(expr, {}))
        except Undefined:
            return None
        except Unclear:
            continue
    verdict = equivalent(sub(expr, num(0)), num(0))
    return 0 if verdict.verified and verdict.rigorous else None
