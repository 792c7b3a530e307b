"""Sums and products over an index that runs between two integers, written out: ``sum(k^2, k, 1, 3)`` is 1 + 4 + 9.

What is a rational number is computed while it is written out, within the bounds of size of this package; nothing else
is evaluated. Binomial coefficients are written out the same way.
"""

from __future__ import annotations

from math import comb, factorial

from reasoning_envs.symbolic.syntax.expression import ZERO, Expr, Number, add, call, div, mul, num, sub, substitute
from reasoning_envs.symbolic.values.arithmetic import bits, rational_value

__all__ = ["MAX_SERIES", "SeriesError", "binomial", "written_out"]

MAX_SERIES = 1000
"""Terms of a sum or factors of a product at most."""
_MAX_PARTS = 20_000
_MAX_TOTAL_BITS = 65_536
_SHORT = 20
_MAX_CHOICES = 4000


class SeriesError(ValueError):
    """A sum or a product that is not written out; the message says why."""


def written_out(name: str, body: Expr, index: str, first: Expr, last: Expr) -> Expr:
    """The sum (``name`` is ``"sum"``) or the product (``"product"``) of ``body`` for each value of the index.

    Raises:
        SeriesError: the bounds are no integers, or it is too long.
    """
    low, high = first.value, last.value
    if not (isinstance(low, int) and isinstance(high, int)):
        raise SeriesError(f"a {name} runs from an integer to an integer")
    count = high - low + 1
    if count > MAX_SERIES or count * body.size > _MAX_PARTS:
        raise SeriesError(f"a {name} of {count} parts is too long; at most {MAX_SERIES} are written out")
    if count < 1:
        return ZERO if name == "sum" else num(1)
    parts = [substitute(body, {index: num(value)}) for value in range(low, high + 1)]
    values = [rational_value(part) for part in parts]
    known = [value for value in values if value is not None]
    if len(known) < len(parts):
        parts = [part if value is None else num(value) for part, value in zip(parts, values, strict=True)]
        return add(*parts) if name == "sum" else mul(*parts)
    if count <= _SHORT:
        return add(*map(num, known)) if name == "sum" else mul(*map(num, known))
    total: Number = 0 if name == "sum" else 1
    for value in known:
        total = total + value if name == "sum" else total * value
        if bits(total) > _MAX_TOTAL_BITS:
            raise SeriesError(f"the {name} leads to numbers that are too large")
    return num(total)


def binomial(above: Expr, below: Expr) -> Expr:
    """The number of ways to choose ``below`` out of ``above``, as a product over a factorial where that is short."""
    n, k = above.value, below.value
    if isinstance(n, int) and isinstance(k, int) and n >= 0:
        if not 0 <= k <= n:
            return ZERO
        k = min(k, n - k)
        if k > _SHORT and n <= _MAX_CHOICES:
            return num(comb(n, k))
    if isinstance(k, int) and 0 <= k <= _SHORT:
        if k == 0:
            return num(1)
        falling = [above if taken == 0 else _less(above, taken) for taken in range(k)]
        return mul(*falling) if k == 1 else div(mul(*falling), num(factorial(k)))
    others = sub(above, below)
    return div(call("factorial", above), mul(call("factorial", below), call("factorial", others)))


def _less(node: Expr, taken: int) -> Expr:
    return num(node.number - taken) if node.op == "num" else sub(node, num(taken))
