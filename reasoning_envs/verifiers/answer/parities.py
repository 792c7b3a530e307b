"""Powers of negative numbers with whole exponents: ``(-1)^(n + 1)``, ``(-2)^n``, ``cos(n*pi)``.

For a real n they have no value; where a letter stands in such an exponent, it is an integer. Each is worked out for the
letters even and for the letters odd, and what is left has a positive base.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from reasoning_envs.symbolic.syntax.expression import Expr, factors, mul, neg, num, power, rebuild, walk
from reasoning_envs.symbolic.values.arithmetic import rational_value
from reasoning_envs.verifiers.answer.residue_classes import NoResidueError, residue

__all__ = ["by_parity", "settled", "whole_letters"]

_MAX_LETTERS = 3


def whole_letters(*exprs: Expr) -> frozenset[str]:
    """The letters in exponents of negative numbers, and beside pi in sines and cosines of multiples of pi."""
    found: set[str] = set()
    for expr in exprs:
        for node in walk(expr):
            exponent = _exponent(node)
            if exponent is not None and _parity(exponent, dict.fromkeys(exponent.symbols, 0)) is not None:
                found |= exponent.symbols
    return frozenset(found)


def by_parity(mine: Expr, other: Expr) -> Iterator[tuple[Expr, Expr]]:
    """The two for every choice of even and odd letters; nothing where there is none, or more than three."""
    letters = sorted(whole_letters(mine, other))
    if not letters or len(letters) > _MAX_LETTERS or not any(_has_negative_base(side) for side in (mine, other)):
        return
    for choice in product((0, 1), repeat=len(letters)):
        parities = dict(zip(letters, choice, strict=True))
        yield settled(mine, parities), settled(other, parities)


def settled(node: Expr, parities: Mapping[str, int]) -> Expr:
    """The expression where each letter is even (0) or odd (1): signs are worked out, all else stays."""
    exponent = _exponent(node)
    if exponent is not None:
        parity = _parity(exponent, parities)
        if parity is not None:
            if node.op == "sin":
                return num(0)
            sign = num(-1 if parity else 1)
            if node.op == "cos":
                return sign
            base = rational_value(node.args[0])
            if base == -1:
                return sign
            assert base is not None
            size = power(num(-base), node.args[1])
            return neg(size) if parity else size
    return rebuild(node.op, tuple([settled(arg, parities) for arg in node.args])) if node.args else node


def _has_negative_base(expr: Expr) -> bool:
    return any(node.op == "pow" and _exponent(node) is not None for node in walk(expr))


def _exponent(node: Expr) -> Expr | None:
    """How often a sign changes in it; None where none does."""
    if node.op == "pow" and node.args[1].symbols:
        base = None if node.args[0].symbols else rational_value(node.args[0])
        return node.args[1] if base is not None and base < 0 else None
    if node.op in ("sin", "cos") and node.symbols:
        parts = list(factors(node.args[0]))
        pi = next((place for place, part in enumerate(parts) if part.op == "const" and part.value == "pi"), None)
        if pi is None:
            return None
        del parts[pi]
        return parts[0] if len(parts) == 1 else mul(*parts)
    return None


def _parity(exponent: Expr, parities: Mapping[str, int]) -> int | None:
    if not exponent.symbols <= parities.keys():
        return None
    try:
        return residue(exponent, parities, 2)
    except NoResidueError:
        return None
