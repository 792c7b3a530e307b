"""Integrals between two bounds, whose value is enclosed by balls.

A definite integral is written by what it means, ``where(integral(f, x), x, b) - where(integral(f, x), x, a)``: any
antiderivative at the upper bound less the same one at the lower. Its value is found without the antiderivative, by
Arb's rigorous quadrature (Johansson, *Numerical integration in arbitrary-precision ball arithmetic*, 2018), so that an
integrand with a pole between the bounds has no value rather than a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from flint import acb, arb

from reasoning_envs.symbolic.calculus.differentiation import holds_calculus, integral, where
from reasoning_envs.symbolic.syntax.expression import Expr, add, num, rebuild, sub, sym
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, disjoint, precision
from reasoning_envs.symbolic.values.enclosures import value_at
from reasoning_envs.symbolic.values.sampling import points, value_text
from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["AREAS", "compare_definite", "definite_integral", "is_definite"]

AREAS = "integration, balls"
"""The method of verdicts on integrals between bounds."""
_BITS = 96
_AGREED = 64
_POINTS = 4
_EVALUATIONS = 20_000
_MAX_INTEGRALS = 12


class _Definite(NamedTuple):
    """The integral of ``body`` over ``name`` from ``low`` to ``high``."""

    body: Expr
    name: str
    low: Expr
    high: Expr


def definite_integral(body: Expr, name: str, low: Expr, high: Expr) -> Expr:
    """``integral(body, x)`` at ``x = high`` less what it is at ``x = low``."""
    whole = integral(body, name)
    return sub(where(whole, name, high), where(whole, name, low))


def is_definite(line: Expr) -> bool:
    """Every integral in the line has its bounds."""
    return not holds_calculus(_with_areas_named(line, {}, count()))


def _with_areas_named(line: Expr, found: dict[str, _Definite], numbers: count[int]) -> Expr:
    """The line with a letter for each definite integral in it, which is added to ``found``."""
    if not holds_calculus(line):
        return line
    args = [_with_areas_named(arg, found, numbers) for arg in line.args]
    if line.op != "add":
        return rebuild(line.op, tuple(args)) if line.op != "where" else line
    kept: list[Expr] = []
    lower: list[Expr | None] = [arg.args[0] if arg.op == "neg" else None for arg in args]
    taken: set[int] = set()
    for place, arg in enumerate(args):
        if place in taken:
            continue
        partner = _partner(arg, lower, taken)
        if partner is None:
            kept.append(arg)
            continue
        taken.add(partner)
        body, symbol, high = arg.args
        under = args[partner].args[0].args[2]
        letter = f"area_{next(numbers)}"
        found[letter] = _Definite(body.args[0], str(symbol.value), under, high)
        kept.append(sym(letter))
    left = [arg for place, arg in enumerate(args) if place in taken]
    return add(*[arg for arg in kept if not any(arg is other for other in left)])


def _partner(arg: Expr, lower: Sequence[Expr | None], taken: set[int]) -> int | None:
    """Where the same antiderivative at another bound is subtracted."""
    if arg.op != "where" or arg.args[0].op != "integral" or arg.args[0].args[1] != arg.args[1]:
        return None
    for place, other in enumerate(lower):
        if place in taken or other is None or other.op != "where":
            continue
        if other.args[0] == arg.args[0] and other.args[1] == arg.args[1]:
            return place
    return None


def compare_definite(first: Expr, second: Expr, over: str) -> Verdict | None:
    """Two lines in which every integral has its bounds; None where that is not so.

    VERIFIED of what agrees to many digits is no proof; REFUTED is one, since the values exclude each other.
    """
    found: dict[str, _Definite] = {}
    numbers = count()
    sides = [_with_areas_named(side, found, numbers) for side in (first, second)]
    parts = [part for area in found.values() for part in (area.body, area.low, area.high)]
    if not found or len(found) > _MAX_INTEGRALS or any(holds_calculus(line) for line in (*sides, *parts)):
        return None
    # The letter of an integral may stand free beside it, or in another: it is bound in its own body alone.
    within = [area.low.symbols | area.high.symbols | (area.body.symbols - {area.name}) for area in found.values()]
    free = ((sides[0].symbols | sides[1].symbols) - found.keys()).union(*within)
    marker = [_sum_of_letters(free), num(0)]
    agreed = 0
    for tried, point in enumerate(points(*marker, over=over, values=over), 1):
        with precision(_BITS):
            try:
                values = {**point, **{letter: _value(area, point) for letter, area in found.items()}}
                pair = [value_at(side, values, over) for side in sides]
            except (Undefined, Unclear):
                pair = []
            if pair and disjoint(*pair):
                shown = [value_text(value) for value in pair]
                place = ", ".join(f"{name} = {value_text(point[name])}" for name in sorted(free))
                reason = f"{f'at {place} ' if place else ''}the one is {shown[0]} and the other {shown[1]}"
                return Verdict(Status.REFUTED, Relation.NONE, reason, AREAS, True, place or None)
            if pair and _is_close(pair):
                agreed += 1
        if agreed >= _POINTS or tried >= 6 * _POINTS or (agreed and not free):
            break
    if agreed and (agreed >= _POINTS or not free):
        reason = "the integrals have the same value, as far as it was computed"
        return Verdict(Status.VERIFIED, Relation.EQUIVALENT, reason, AREAS, False)
    reason = "the integral could not be computed: it may have no value between its bounds"
    return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, AREAS)


def _sum_of_letters(names: frozenset[str]) -> Expr:
    """An expression that holds just these letters."""
    return add(*map(sym, sorted(names))) if len(names) > 1 else sym(next(iter(names))) if names else num(0)


def _is_close(pair: Sequence[Any]) -> bool:
    gap = arb(pair[0]) - arb(pair[1])
    return bool(abs(gap) < arb(2) ** -_AGREED * (1 + abs(arb(pair[0]))))


def _value(area: _Definite, point: Mapping[str, Any]) -> arb:
    """The value of the integral.

    Raises:
        Undefined, Unclear: it has none, or it was not found.
    """
    low, high = (acb(arb(value_at(end, point))) for end in (area.low, area.high))
    at = {name: acb(arb(value)) for name, value in point.items()}
    if area.name not in area.body.symbols:
        return arb(value_at(area.body, point)) * (high - low).real
    work = _Work(area.body, area.name, at)
    value = acb.integral(work.at, low, high, eval_limit=_EVALUATIONS, rel_tol=arb(2) ** -(_AGREED + 8))
    if not value.is_finite() or not value.imag.contains(0):
        raise Unclear("the integral was not found")
    return value.real


class _Work:
    """An integrand, and the values of its other letters."""

    __slots__ = ("at_letters", "body", "name")

    def __init__(self, body: Expr, name: str, at_letters: Mapping[str, Any]) -> None:
        self.body, self.name, self.at_letters = body, name, at_letters

    def at(self, value: Any, analytic: bool) -> Any:
        """The integrand at a ball; not finite where it is not analytic on it and has to be."""
        try:
            return self.of(self.body, value, analytic)
        except (Undefined, Unclear):
            return _NOWHERE

    def of(self, node: Expr, value: Any, analytic: bool) -> Any:
        op = node.op
        if op == "num":
            return acb(arb(value_at(node, {})))
        if op == "sym":
            return value if node.value == self.name else self.at_letters[str(node.value)]
        if op == "const":
            return acb(arb(value_at(node, {})))
        args = [self.of(arg, value, analytic) for arg in node.args]
        if op == "add":
            return sum(args[1:], args[0])
        if op == "mul":
            product = args[0]
            for factor in args[1:]:
                product = product * factor
            return product
        if op == "neg":
            return -args[0]
        if op == "div":
            return args[0] / args[1]
        if op == "pow":
            exponent = node.args[1].value
            if isinstance(exponent, int):
                return args[0] ** exponent
            return (args[1] * args[0].log(analytic=analytic)).exp()
        if op == "log":
            return args[0].log(analytic=analytic) / args[1].log(analytic=analytic)
        if op in _ANALYTIC:
            return _ANALYTIC[op](args[0], analytic)
        if op in _MEROMORPHIC:
            return getattr(args[0], op)()
        raise Unclear(f"{op} is not integrated")


def _arc(name: str) -> Callable[[Any, bool], Any]:
    """An inverse function with branch cuts on a line outside of (-1, 1)."""

    def applied(value: Any, analytic: bool) -> Any:
        part = value.imag if name == "atan" else value.real
        if analytic and not abs(part) < 1:
            return _NOWHERE
        return getattr(value, name)()

    return applied


_NOWHERE = acb(arb("nan"), arb("nan"))
_MEROMORPHIC = frozenset(("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh"))
_ANALYTIC: dict[str, Callable[[Any, bool], Any]] = {
    "sqrt": lambda value, analytic: value.sqrt(analytic=analytic),
    "ln": lambda value, analytic: value.log(analytic=analytic),
    "abs": lambda value, analytic: value.real_abs(analytic=analytic),
    "asin": _arc("asin"),
    "acos": _arc("acos"),
    "atan": _arc("atan"),
}
