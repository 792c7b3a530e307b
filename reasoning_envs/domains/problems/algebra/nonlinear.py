"""Families beyond linear: quadratic, radical, exponential, logarithm, absolute value, nested, unknown denominators."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from reasoning_envs.domains.problems.algebra.pen import Drawn, Pen, X
from reasoning_envs.symbolic.moves.rules import scale, simplify
from reasoning_envs.symbolic.syntax.expression import (
    ONE,
    ZERO,
    Expr,
    add,
    call,
    div,
    mul,
    neg,
    num,
    power,
    sub,
)
from reasoning_envs.symbolic.syntax.statement import (
    NO_SOLUTION,
    Statement,
    disjunction,
    equation,
)
from reasoning_envs.symbolic.values.evaluation import identically_zero

__all__ = ["NONLINEAR_FAMILIES"]


def _rational_with_letters(pen: Pen) -> Drawn | None:
    """The unknown in denominators, everything else letters and multiples of letters, none of them twice."""
    letters = [pen.letter() for _ in range(4)]
    if len(set(letters)) < 4:
        return None
    p, q, r, t = [scale(pen.natural(6, 1), letter) for letter in letters]
    m, n = pen.natural(5, 1), pen.natural(5, 1)
    if pen.chance(0.3):
        q = neg(q)
    below, beside = scale(m, X), scale(n, X)
    forms: tuple[tuple[Expr, Expr, Expr], ...]
    if pen.level == 1:
        forms = (
            (div(p, below), r, div(p, scale(m, r))),
            (pen.shuffled(div(p, below), q), r, div(p, scale(m, sub(r, q)))),
            (div(p, mul(q, X)), r, div(p, mul(q, r))),
            (div(p, below), add(r, q), div(p, scale(m, add(r, q)))),
        )
    elif pen.level == 2:
        forms = (
            (div(p, add(below, q)), r, div(sub(div(p, r), q), num(m))),
            (div(p, sub(q, below)), r, div(sub(q, div(p, r)), num(m))),
            (div(add(below, p), add(beside, q)), r, div(sub(mul(q, r), p), sub(num(m), scale(n, r)))),
            (pen.shuffled(div(p, add(below, q)), r), t, div(sub(div(p, sub(t, r)), q), num(m))),
        )
    else:
        forms = (
            (
                add(div(num(m), X), div(num(n), p)),
                div(ONE, q),
                div(scale(m, mul(p, q)), sub(p, scale(n, q))),
            ),
            (
                div(p, add(below, q)),
                div(r, add(beside, t)),
                div(sub(mul(r, q), mul(p, t)), sub(scale(n, p), scale(m, r))),
            ),
            (div(p, sub(below, q)), div(r, X), div(mul(r, q), sub(scale(m, r), p))),
            (add(div(p, X), div(q, X)), sub(r, t), div(add(p, q), sub(r, t))),
        )
    left, right, solution = forms[pen.below(len(forms))]
    if pen.chance(0.3):
        left, right = right, left
    return Drawn((equation(left, right), equation(X, simplify(solution))))


def rational(pen: Pen) -> Drawn | None:
    root = pen.whole(9)
    a, b = pen.whole(9), pen.whole(9)
    if pen.letters:
        return _rational_with_letters(pen)
    solution = equation(X, num(root))
    if pen.level == 1:
        left = div(num(a * root), X)
        if pen.chance(0.4):
            return Drawn((equation(add(left, num(b)), num(a + b)), solution))
        return Drawn((equation(left, num(a)), solution))
    if root + b == 0:
        return None
    if pen.level == 2:
        if pen.chance(0.5):
            return Drawn((equation(div(num(a * (root + b)), add(X, num(b))), num(a)), solution))
        ratio = Fraction(root + a, root + b)
        if ratio in (0, 1):
            return None
        return Drawn((equation(div(add(X, num(a)), add(X, num(b))), num(ratio)), solution))
    if pen.chance(0.25):  # the only candidate makes the denominator 0
        return Drawn((equation(div(X, sub(X, num(a))), div(num(a), sub(X, num(a)))), NO_SOLUTION))
    c = pen.whole(9)
    if root + c == 0 or b == c:
        return None
    k = pen.natural(5, 1)
    over, other = k * (root + b), k * (root + c)
    line = equation(div(num(over), add(X, num(b))), div(num(other), add(X, num(c))))
    return Drawn((line, solution)) if over != other else None


def _roots(*values: int | Fraction | Expr) -> Statement:
    return disjunction(*[equation(X, value if isinstance(value, Expr) else num(value)) for value in values])


def quadratic(pen: Pen) -> Drawn | None:
    r, s = pen.whole(9), pen.whole(9)
    if pen.level == 1:
        roll = pen.below(5)
        if roll == 0:
            return Drawn((equation(power(X, num(2)), num(r * r)), _roots(abs(r), -abs(r))))
        if roll == 1:
            line = equation(power(add(X, num(s)), num(2)), num(r * r))
            return Drawn((line, _roots(abs(r) - s, -abs(r) - s)))
        if roll == 2:
            k = pen.natural(6)
            return Drawn((equation(scale(k, power(X, num(2))), num(k * r * r)), _roots(abs(r), -abs(r))))
        if roll == 3:
            return Drawn((equation(mul(X, add(X, num(-s))), ZERO), _roots(0, s)))
        return Drawn((equation(add(power(X, num(2)), num(r * r)), ZERO), NO_SOLUTION))
    b, c = -(r + s), r * s
    squared = power(X, num(2))
    if pen.level == 2:
        if pen.chance(0.3):
            return Drawn((equation(add(squared, scale(-s, X)), ZERO), _roots(0, s)))
        parts = [squared, *([scale(b, X)] if b else []), num(c)]
        if pen.chance(0.3):
            return Drawn((equation(add(*parts[:-1]), num(-c)), _roots(r, s)))
        return Drawn((equation(add(*parts), ZERO), _roots(r, s)))
    roll = pen.below(4)
    if roll == 0:
        k = pen.natural(4)
        parts = [scale(k, squared), *([scale(k * b, X)] if b else []), num(k * c)]
        return Drawn((equation(add(*parts), ZERO), _roots(r, s)))
    if roll == 1:
        d = pen.whole(9)
        left = add(squared, scale(b + d, X)) if b + d else squared
        return Drawn((equation(left, add(scale(d, X), num(-c))), _roots(r, s)))
    if roll == 2:
        k = pen.whole(6)
        line = equation(mul(add(X, num(-r)), add(X, num(k))), scale(s + k, add(X, num(-r))))
        return Drawn((line, _roots(r, s))) if s + k else None
    p, q = pen.whole(8), pen.whole(8)
    discriminant = p * p - 4 * q
    line = equation(add(squared, scale(p, X), num(q)), ZERO)
    if discriminant < 0:
        return Drawn((line, NO_SOLUTION))
    root = call("sqrt", num(discriminant))
    return Drawn((line, _roots(*[div(add(num(-p), sign), num(2)) for sign in (root, neg(root))])))


def radical(pen: Pen) -> Drawn | None:
    value, a, b = pen.natural(9, 1), pen.natural(6, 1), pen.whole(9)
    inner = add(scale(a, X), num(b))
    root = Fraction(value * value - b, a)
    if pen.level == 1:
        return Drawn((equation(call("sqrt", inner), num(value)), _roots(root)))
    if pen.level == 2:
        c = pen.whole(9)
        k = pen.natural(5, 1)
        if pen.chance(0.2):
            return Drawn((equation(add(call("sqrt", inner), num(c)), num(c - value)), NO_SOLUTION))
        return Drawn((equation(add(scale(k, call("sqrt", inner)), num(c)), num(k * value + c)), _roots(root)))
    if pen.chance(0.4):
        d = pen.natural(6, 1)
        if a == d:
            return None
        other = add(scale(d, X), num(a * value + b - d * value))
        if a * value + b < 0:
            return None
        return Drawn((equation(call("sqrt", inner), call("sqrt", other)), _roots(value)))
    # sqrt(x + p) = x - q: the square has the roots r and s, of which those at or above q are roots
    r, q = pen.whole(9), pen.whole(6)
    p = (r - q) ** 2 - r
    s = 2 * q + 1 - r
    kept = sorted({candidate for candidate in (r, s) if candidate >= q}, reverse=True)
    inner = add(X, num(p)) if p else X
    return Drawn((equation(call("sqrt", inner), add(X, num(-q))), _roots(*kept)))


def exponential(pen: Pen) -> Drawn | None:
    base, k = pen.natural(5), 1 + pen.below(4)
    a, b = pen.natural(4, 1), pen.whole(5)
    if pen.level == 1:
        base, k = pen.natural(12), pen.below(5)
        if pen.chance(0.2):
            value = pen.natural(60)
            return Drawn((equation(call("exp", X), num(value)), _roots(call("ln", num(value)))))
        if pen.chance(0.4):
            return Drawn((equation(power(num(base), X), num(base**k)), _roots(k)))
        return Drawn((equation(power(num(base), add(X, num(b))), num(base**k)), _roots(k - b)))
    if pen.level == 2:
        if pen.chance(0.3):
            value = pen.natural(12)
            inner = add(scale(a, X), num(b))
            solution = div(sub(call("ln", num(value)), num(b)), num(a))
            return Drawn((equation(call("exp", inner), num(value)), _roots(solution)))
        if pen.chance(0.2):
            return Drawn((equation(power(num(base), X), num(-(base**k))), NO_SOLUTION))
        lead = pen.natural(6)
        left = mul(num(lead), power(num(base), scale(a, X)))
        return Drawn((equation(left, num(lead * base**k)), _roots(Fraction(k, a))))
    c, d = pen.natural(4, 1), pen.whole(5)
    left, right = add(scale(a, X), num(b)), add(scale(c, X), num(d))
    if pen.chance(0.6):
        if a == c:
            return None
        line = equation(power(num(base), left), power(num(base), right))
        return Drawn((line, _roots(Fraction(d - b, a - c))))
    other = pen.natural(7)
    if other == base:
        return None
    one, two = call("ln", num(base)), call("ln", num(other))
    solution = div(sub(mul(num(d), two), mul(num(b), one)), sub(mul(num(a), one), mul(num(c), two)))
    if identically_zero(sub(mul(num(a), one), mul(num(c), two))) is not False:
        return None
    line = equation(power(num(base), left), power(num(other), right))
    return Drawn((line, _roots(solution)))


def logarithm(pen: Pen) -> Drawn | None:
    base, k = pen.natural(5), 1 + pen.below(3)
    a, b = pen.natural(5, 1), pen.whole(9)
    inner = add(scale(a, X), num(b))
    if pen.level == 1:
        inner = X if pen.chance(0.4) else add(X, num(b))
        shift = b if inner is not X else 0
        if pen.chance(0.6):
            base, k = pen.natural(12), pen.below(5)
            return Drawn((equation(call("log", inner, num(base)), num(k)), _roots(base**k - shift)))
        k = pen.whole(9)
        value = call("exp", num(k))
        return Drawn((equation(call("ln", inner), num(k)), _roots(sub(value, num(shift)) if shift else value)))
    if pen.level == 2:
        if pen.chance(0.5):
            line = equation(call("log", inner, num(base)), num(k))
            return Drawn((line, _roots(Fraction(base**k - b, a))))
        solution = div(sub(call("exp", num(k)), num(b)), num(a))
        return Drawn((equation(call("ln", inner), num(k)), _roots(solution)))
    if pen.chance(0.5):
        c, d, root = pen.natural(5, 1), 0, pen.whole(9)
        if a == c:
            return None
        d = (a - c) * root + b
        kept = [root] if a * root + b > 0 else []
        other = add(scale(c, X), num(d)) if d else scale(c, X)
        return Drawn((equation(call("ln", inner), call("ln", other)), _roots(*kept)))
    # ln(x) + ln(x + p) = ln(r*(r + p)): the other root of the quadratic is -(r + p), outside the domain
    r, p = pen.natural(9, 1), pen.natural(9, 1)
    left = add(call("ln", X), call("ln", add(X, num(p))))
    return Drawn((equation(left, call("ln", num(r * (r + p)))), _roots(r)))


def absolute(pen: Pen) -> Drawn | None:
    a, b, value = pen.natural(6, 1), pen.whole(9), pen.natural(12, 1)
    if pen.level == 1:
        return Drawn((equation(call("abs", add(X, num(b))), num(value)), _roots(value - b, -value - b)))
    inner = add(scale(a, X), num(b))
    both = _roots(Fraction(value - b, a), Fraction(-value - b, a))
    if pen.level == 2:
        c = pen.whole(9)
        if pen.chance(0.2):
            return Drawn((equation(add(call("abs", inner), num(c)), num(c - value)), NO_SOLUTION))
        k = pen.natural(4, 1)
        return Drawn((equation(add(scale(k, call("abs", inner)), num(c)), num(k * value + c)), both))
    c, d = pen.natural(6, 1), pen.whole(12)
    candidates = []
    if pen.chance(0.4):
        if a != c:
            candidates.append(Fraction(d - b, a - c))
        candidates.append(Fraction(-d - b, a + c))
        if a == c and b == d:
            return None
        return Drawn((equation(call("abs", inner), call("abs", add(scale(c, X), num(d)))), _roots(*candidates)))
    if a == c:
        return None
    for root in (Fraction(d - b, a - c), Fraction(-d - b, a + c)):
        if c * root + d >= 0 and root not in candidates:
            candidates.append(root)
    return Drawn((equation(call("abs", inner), add(scale(c, X), num(d))), _roots(*candidates)))


def nested(pen: Pen) -> Drawn | None:
    a, b, value = pen.natural(5, 1), pen.whole(9), pen.natural(5, 1)
    inner = add(scale(a, X), num(b))
    if pen.level == 1:
        if pen.chance(0.5):
            return Drawn((equation(power(inner, num(3)), num(value**3)), _roots(Fraction(value - b, a))))
        k = pen.natural(5)
        line = equation(power(div(add(X, num(b)), num(k)), num(2)), num(value * value))
        return Drawn((line, _roots(k * value - b, -k * value - b)))
    if pen.level == 2:
        if pen.chance(0.5):
            line = equation(call("sqrt", call("abs", inner)), num(value))
            square = value * value
            return Drawn((line, _roots(Fraction(square - b, a), Fraction(-square - b, a))))
        k = pen.natural(4, 1)
        line = equation(power(num(2), call("abs", add(X, num(b)))), num(2**k))
        return Drawn((line, _roots(k - b, -k - b)))
    roll = pen.below(2)
    if roll == 0:
        # | |x + b| - k | = value
        k = pen.natural(9, 1)
        line = equation(call("abs", add(call("abs", add(X, num(b))), num(-k))), num(value))
        sizes = {size for size in (k + value, k - value) if size >= 0}
        return Drawn((line, _roots(*dict.fromkeys(s for size in sorted(sizes) for s in (size - b, -size - b)))))
    k = pen.natural(6, 1)
    outer = value + k
    line = equation(call("sqrt", add(call("sqrt", inner), num(k))), call("sqrt", num(outer)))
    return Drawn((line, _roots(Fraction(value * value - b, a))))


NONLINEAR_FAMILIES: dict[str, Callable[[Pen], Drawn | None]] = {
    "rational": rational,
    "quadratic": quadratic,
    "radical": radical,
    "exponential": exponential,
    "logarithm": logarithm,
    "absolute": absolute,
    "nested": nested,
}
