"""Numbers on both sides of every kink: where two expressions that agree near 0 may part.

``|x - 1000|`` is ``1000 - x`` at every small number, and only beyond 1000 is it anything else. What stands inside bars,
even roots and logarithms, the *arguments*, say where such places are: at their zeros.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction

from reasoning_envs.symbolic.equality.rings import to_rational
from reasoning_envs.symbolic.roots.critical import breakpoints, critical_points
from reasoning_envs.symbolic.roots.scan import EVERYWHERE, Window, has_waves
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import ZERO, Expr, num, substitute
from reasoning_envs.symbolic.syntax.statement import Comparison

__all__ = ["arguments", "numbers_beside_zeros"]

_MAX_ZEROS = 12
_MAX_BITS = 8000
_NEAR = Fraction(1, 7)
_FAR = Fraction(17, 3)


def arguments(sides: Iterable[Expr]) -> list[Expr]:
    """What stands under roots and in bars, logarithms and denominators, without repetition, in a fixed order."""
    found: dict[object, Expr] = {}
    for side in sides:
        for part in breakpoints(side):
            if part.symbols:
                found.setdefault(part.key, part)
    return list(found.values())


def numbers_beside_zeros(
    argument: Expr, name: str, others: Mapping[str, Fraction], window: Window = EVERYWHERE
) -> list[Fraction]:
    """Numbers for one symbol left and right of each place at which an expression changes its sign or its shape.

    Args:
        argument: an expression.
        name: one of its symbols.
        others: numbers for its other symbols.
        window: where zeros of functions with waves are looked for.
    """
    line = Comparison("=", substitute(argument, {key: num(value) for key, value in others.items()}), ZERO)
    if name not in line.left.symbols:
        return []
    try:
        check_bounds(line)
    except UnsafeExpressionError:
        return []
    zeros: list[Fraction] = []
    for point in critical_points(line, name, window if has_waves(line.left, name) else EVERYWHERE).points:
        if point.exact is not None and point.exact.height_bits() <= _MAX_BITS:
            zeros.append(to_rational(point.exact))
            continue
        middle = float(point.ball(64).mid())
        if math.isfinite(middle):
            zeros.append(Fraction(middle).limit_denominator(10_000 if abs(middle) < 100 else 8))
    zeros = sorted(set(zeros), key=lambda zero: (abs(zero), zero))[:_MAX_ZEROS]
    found: list[Fraction] = []
    for step in (_NEAR, _FAR):
        for zero in sorted(zeros):
            reach = step if step == _NEAR else step + abs(zero)
            found += [zero + reach, zero - reach]
    found += [(low + high) / 2 for low, high in zip(sorted(zeros), sorted(zeros)[1:], strict=False)]
    return list(dict.fromkeys(found))
