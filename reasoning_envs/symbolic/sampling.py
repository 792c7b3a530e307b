"""Points at which expressions are compared: simple ones first, then pseudo-random ones that the expressions fix."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from flint import acb, arb

from reasoning_envs.symbolic.balls import Unclear, Undefined, is_exact, precision, sign
from reasoning_envs.symbolic.expression import Expr, num
from reasoning_envs.symbolic.printer import to_text
from reasoning_envs.symbolic.rings import from_rational, to_rational
from reasoning_envs.symbolic.statement import Comparison
from reasoning_envs.symbolic.values import value_at

__all__ = ["points", "value_text"]

_BITS = 128
_ATTEMPTS = 60


_FIRST = (Fraction(-1), Fraction(2), Fraction(1, 2), Fraction(-3), Fraction(5, 3), Fraction(-2, 7))


def points(
    left: Expr, right: Expr, *, over: str, values: str, given: Sequence[Comparison] = ()
) -> Iterator[dict[str, Any]]:
    """Points of the domain, at most sixty; one without coordinates where there are no symbols.

    Args:
        left: an expression.
        right: another; the two fix the pseudo-random points.
        over: what the symbols stand for.
        values: what the expressions are evaluated over.
        given: comparisons that hold at each point.
    """
    symbols = sorted(left.symbols | right.symbols)
    if not symbols:
        yield {}
        return
    digest = hashlib.blake2b(left.tokens + b"\x00" + right.tokens, digest_size=16).digest()
    rng = random.Random(int.from_bytes(digest))
    found = 0
    for turn in range(_ATTEMPTS * (20 if given else 1)):
        point = {}
        for place, name in enumerate(symbols):
            if turn < len(_FIRST):
                value = _FIRST[(turn + place) % len(_FIRST)]
            else:
                spread = (1, 1, 6, 40)[turn % 4]
                value = Fraction(rng.randint(-spread * 60, spread * 60) or 1, rng.choice((1, 7, 11, 60)))
            point[name] = _coordinate(value, over, rng)
        if all(_holds(comparison, point, values) for comparison in given):
            found += 1
            yield point
        if found >= _ATTEMPTS:
            return


def _coordinate(value: Fraction, over: str, rng: random.Random) -> Any:
    if over == "positive":
        return from_rational(abs(value))
    if over == "complex":
        imaginary = Fraction(rng.randint(-40, 40), 13)
        return acb(arb(from_rational(value)), arb(from_rational(imaginary))) if imaginary else from_rational(value)
    return from_rational(value)


def _holds(comparison: Comparison, point: Mapping[str, Any], over: str) -> bool:
    try:
        with precision(_BITS):
            side = sign(value_at(comparison.left, point, over) - value_at(comparison.right, point, over))
    except (Undefined, Unclear):
        return False
    return {
        "!=": side != 0,
        "<": side < 0,
        "<=": side <= 0,
        ">": side > 0,
        ">=": side >= 0,
    }[comparison.op]


def value_text(value: Any) -> str:
    """A value for a reader: exact where it is short, else eight digits."""
    if is_exact(value):
        if value.height_bits() < 64:
            return to_text(num(to_rational(value)))
        value = arb(value)
    return str(value.mid().str(8, radius=False))
