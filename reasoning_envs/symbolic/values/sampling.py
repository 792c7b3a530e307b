"""Points at which expressions are compared: simple ones first, then pseudo-random ones that the expressions fix."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any

from flint import acb, arb

from reasoning_envs.symbolic.equality.rings import from_rational, to_rational
from reasoning_envs.symbolic.roots.kinks import arguments, numbers_beside_zeros
from reasoning_envs.symbolic.syntax.expression import Expr, num
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Comparison
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, is_exact, precision, sign
from reasoning_envs.symbolic.values.enclosures import value_at

__all__ = ["points", "points_that_matter", "value_text"]

_BITS = 128
_ATTEMPTS = 60
_MAX_KINKS = 40
_SCALES = (1, 100, 10**4, 10**10)


_FIRST = (Fraction(-1), Fraction(2), Fraction(1, 2), Fraction(-3), Fraction(5, 3), Fraction(-2, 7))


def points(
    left: Expr, right: Expr, *, over: str, values: str, given: Sequence[Comparison] = ()
) -> Iterator[dict[str, Any]]:
    """Points of the domain: a few simple ones, those beside kinks, then others, sixty that are not beside kinks.

    One without coordinates where there are no symbols.

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
        if turn == len(_FIRST):
            for beside in _points_beside_kinks(left, right, over):
                if all(_holds(comparison, beside, values) for comparison in given):
                    yield beside
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


@lru_cache(maxsize=1024)
def _points_beside_kinks(left: Expr, right: Expr, over: str) -> tuple[dict[str, Any], ...]:
    """Points at which two expressions may differ though they agree near 0: beside every kink, and far out.

    Args:
        left: an expression.
        right: another.
        over: what the symbols stand for.
    """
    symbols = sorted(left.symbols | right.symbols)
    kinks = arguments((left, right))
    if not symbols or not kinks or over == "complex":
        return ()
    found: list[dict[str, Fraction]] = []
    patterns = list(product((1, -1), repeat=min(len(symbols), 3)))
    for turn, scale in enumerate(_SCALES):
        for pattern in patterns:
            signs = [pattern[place % len(pattern)] for place in range(len(symbols))]
            sizes = [scale * abs(_FIRST[(place + turn) % len(_FIRST)]) for place in range(len(symbols))]
            found.append({name: sizes[place] * signs[place] for place, name in enumerate(symbols)})
    for kink in kinks[:_MAX_KINKS]:
        for name in sorted(kink.symbols):
            others = {other: _FIRST[place % len(_FIRST)] for place, other in enumerate(symbols) if other != name}
            found += [{**others, name: value} for value in numbers_beside_zeros(kink, name, others)]
    distinct = {tuple(sorted(point.items())): point for point in found}
    if over == "positive":
        distinct = {key: point for key, point in distinct.items() if all(value > 0 for value in point.values())}
    return tuple([{name: from_rational(value) for name, value in point.items()} for point in distinct.values()])


def points_that_matter(left: Expr, right: Expr, over: str) -> int:
    """How many of the first points of :func:`points` must be tried before agreement means anything."""
    beside = len(_points_beside_kinks(left, right, over))
    return len(_FIRST) + beside if beside else 0


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
        if value.height_bits() < 160:
            return to_text(num(to_rational(value)))
        value = arb(value)
    return str(value.mid().str(8, radius=False))
