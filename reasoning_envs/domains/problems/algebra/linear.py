"""Families linear in the unknown: linear, brackets, fractions, both sides, and the degenerate ones."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from reasoning_envs.domains.problems.algebra.pen import Drawn, Pen, X
from reasoning_envs.symbolic.moves.rules import product, scale, simplify
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    add,
    div,
    neg,
    num,
    sub,
    terms,
)
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    equation,
)
from reasoning_envs.symbolic.values.evaluation import exact_value, identically_zero

__all__ = ["LINEAR_FAMILIES", "degenerate", "linear", "linear_form"]


def _linear_sides(pen: Pen) -> tuple[Expr, Expr]:
    if pen.level == 1:
        left = (pen.unknown(), add(X, pen.constant()), pen.shuffled(pen.constant(), neg(X)))[pen.below(3)]
        return left, pen.constant()
    if pen.level == 2:
        return pen.shuffled(pen.unknown(), pen.constant()), pen.constant()
    parts = [pen.unknown(), pen.unknown()]
    parts += [pen.constant() for _ in range(1 + pen.below(2))]
    if pen.chance(0.3):
        parts.append(pen.unknown())
    right = add(pen.constant(), pen.constant()) if pen.chance(0.3) else pen.constant()
    return pen.shuffled(*parts), right


def _bracket_sides(pen: Pen) -> tuple[Expr, Expr]:
    if pen.level == 1:
        return pen.bracket(), pen.constant()
    if pen.level == 2:
        extra = pen.constant() if pen.chance(0.5) else pen.unknown()
        return pen.shuffled(pen.bracket(), extra), pen.constant()
    roll = pen.below(3)
    if roll == 0:
        return pen.shuffled(pen.bracket(), pen.bracket()), pen.constant()
    if roll == 1:
        inner = pen.shuffled(pen.bracket(), pen.constant())
        return product(pen.factor(), inner), pen.constant()
    return pen.shuffled(pen.bracket(), pen.unknown(), pen.constant()), add(pen.constant(), pen.constant())


def _fraction_sides(pen: Pen) -> tuple[Expr, Expr]:
    if pen.level == 1:
        left = div(X, pen.divisor())
        if pen.chance(0.6):
            left = add(left, pen.constant()) if pen.chance(0.6) else div(add(X, pen.constant()), pen.divisor())
        return left, pen.constant()
    if pen.level == 2:
        left = pen.fraction()
        return (add(left, pen.constant()) if pen.chance(0.5) else left), pen.constant()
    roll = pen.below(3)
    right = div(pen.constant(), pen.divisor()) if pen.chance(0.3) else pen.constant()
    if roll == 0:
        return add(pen.fraction(), pen.fraction()), right
    if roll == 1:
        return add(pen.fraction(), neg(pen.fraction())), right
    return pen.shuffled(pen.fraction(), pen.unknown(), pen.constant()), right


def _two_sided(pen: Pen) -> tuple[Expr, Expr]:
    if pen.level == 1:
        left = add(pen.unknown(), pen.constant())
        right = pen.unknown() if pen.chance(0.25) else pen.shuffled(pen.unknown(), pen.constant())
        return left, right
    if pen.level == 2:
        left = pen.bracket() if pen.chance(0.6) else pen.shuffled(pen.unknown(), pen.constant())
        right = pen.bracket() if pen.chance(0.5) else pen.shuffled(pen.unknown(), pen.constant())
        if pen.chance(0.4):
            left = add(left, pen.constant() if pen.chance(0.5) else pen.unknown())
        return left, right
    kinds: tuple[Callable[[], Expr], ...] = (pen.bracket, pen.fraction, pen.unknown)
    left, right = kinds[pen.below(2)](), kinds[pen.below(3)]()
    if pen.chance(0.5):
        left = add(left, kinds[pen.below(3)]())
    if pen.chance(0.5):
        right = add(right, pen.constant())
    if pen.chance(0.15):
        left, right = add(left, neg(right)), ZERO
    return left, right


LINEAR_FAMILIES: dict[str, Callable[[Pen], tuple[Expr, Expr]]] = {
    "linear": _linear_sides,
    "brackets": _bracket_sides,
    "fractions": _fraction_sides,
    "both_sides": _two_sided,
}


def linear(sides: Callable[[Pen], tuple[Expr, Expr]], pen: Pen) -> Drawn | None:
    """An equation between two drawn sides, with its solution; None where the draw came out ugly."""
    left, right = sides(pen)
    if pen.letters:
        if not (left.symbols | right.symbols) - {"x"}:
            return None
    else:
        fitted = _fit(pen, left, right)
        if fitted is None:
            return None
        left, right = fitted
    if pen.chance(0.15):
        left, right = right, left
    return _solved_linear(left, right)


def _fit(pen: Pen, left: Expr, right: Expr) -> tuple[Expr, Expr] | None:
    """The sides with one number changed so that the drawn solution solves them; None where that number is ugly."""
    simple = pen.chance((1.0, 0.85, 0.7)[pen.level - 1])
    solution: int | Fraction = pen.whole(10) if simple else Fraction(pen.whole(15), pen.natural(6))
    if pen.chance(0.04):
        solution = 0
    at = {"x": solution}
    gap = exact_value(sub(left, right), at)
    if gap is None:
        return None
    if right == ZERO:
        right = num(gap)
    else:
        parts = list(terms(right))
        place = next((index for index, part in enumerate(parts) if part.op == "num"), None)
        if place is None:
            parts.append(num(gap))
        else:
            parts[place] = num(parts[place].number + gap)
        right = add(*[part for part in parts if part != ZERO]) if len(parts) > 1 else parts[0]
    constant = exact_value(right, {"x": 0})
    if constant is None or constant.denominator > 12 or abs(constant.numerator) > 400:
        return None
    return left, right


def linear_form(expr: Expr) -> tuple[Expr, Expr] | None:
    """``expr`` as p*x + q with p and q free of x, as (p, q); None where it is not linear."""
    if "x" not in expr.symbols:
        return ZERO, expr
    if expr == X:
        return ONE, ZERO
    forms = [linear_form(arg) for arg in expr.args]
    known = [form for form in forms if form is not None]
    if len(known) < len(forms):
        return None
    if expr.op == "add":
        return simplify(add(*[p for p, _ in known])), simplify(add(*[q for _, q in known]))
    if expr.op == "neg":
        return simplify(neg(known[0][0])), simplify(neg(known[0][1]))
    if expr.op == "mul":
        places = [index for index, arg in enumerate(expr.args) if "x" in arg.symbols]
        if len(places) != 1:
            return None
        others = [arg for index, arg in enumerate(expr.args) if index != places[0]]
        p, q = known[places[0]]
        return simplify(product(*others, p)), simplify(product(*others, q))
    if expr.op == "div" and "x" not in expr.args[1].symbols:
        p, q = known[0]
        return simplify(div(p, expr.args[1])), simplify(div(q, expr.args[1]))
    return None


def _solved_linear(left: Expr, right: Expr) -> Drawn | None:
    line = equation(left, right)
    difference = sub(left, right)
    at_zero, at_one, at_two = (exact_value(difference, {"x": value}) for value in (0, 1, 2))
    if at_zero is not None and at_one is not None and at_two is not None and at_two - at_one == at_one - at_zero:
        # Without letters, two values tell all about what is linear by the way it was drawn.
        if at_one == at_zero:
            return Drawn((line, ALL_REALS if at_zero == 0 else NO_SOLUTION))
        return Drawn((line, equation(X, num(Fraction(at_zero) / (at_zero - at_one)))))
    form = linear_form(difference)
    if form is None:
        return None
    slope, constant = form
    if identically_zero(slope):
        return Drawn((line, ALL_REALS if identically_zero(constant) else NO_SOLUTION))
    value = exact_value(neg(div(constant, slope)))
    answer = num(value) if value is not None else simplify(div(neg(constant), slope))
    return Drawn((line, equation(X, answer)))


def degenerate(pen: Pen) -> Drawn | None:
    """The same linear expression on both sides, written twice, with the same constant or another."""
    slope, constant = pen.whole(9), pen.whole()
    identity = pen.chance(0.5)
    gap = 0 if identity else pen.whole()

    def written(total: int) -> Expr:
        linear = scale(slope, X)
        roll = pen.below(pen.level + 1)
        if roll == 0:
            return pen.shuffled(linear, num(total)) if total else linear
        if roll == 1:
            part = pen.whole(9)
            rest = slope - part
            return add(scale(part, X), num(total), scale(rest, X)) if rest else add(linear, num(total))
        outer = pen.natural(5)
        if roll == 2:
            inner = add(scale(_share(slope, outer), X), num(_share(total, outer)))
            return product(num(outer), inner)
        return div(add(scale(slope * outer, X), num(total * outer)), num(outer))

    left, right = written(constant), written(constant + gap)
    if left == right:
        right = add(*reversed(terms(right)))
    return _solved_linear(left, right)


def _share(total: int, parts: int) -> int | Fraction:
    return Fraction(total, parts)
