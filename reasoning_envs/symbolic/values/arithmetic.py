"""Exact arithmetic of what holds numbers and rational operations alone: quick, bounded, and silent about all else."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import factorial

from reasoning_envs.symbolic.syntax.expression import Expr, Number

__all__ = ["MAX_BITS", "bits", "rational_value"]

MAX_BITS = 4096
"""Of the numerator and of the denominator of every value on the way."""
_MAX_FACTORIAL = 500
_OPERATIONS = frozenset(("add", "mul", "neg", "div", "pow", "factorial"))
_NOWHERE: Mapping[str, Number] = {}


def bits(value: Number) -> int:
    """Of the numerator or the denominator, whichever has more."""
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def rational_value(node: Expr, at: Mapping[str, Number] = _NOWHERE) -> Number | None:
    """The value at a point, exactly; None for what is not rational, undefined there, or too large.

    Args:
        node: an expression.
        at: a value for each of its symbols.
    """
    op = node.op
    if op == "num":
        return node.number
    if op == "sym":
        return at.get(str(node.value))
    if op not in _OPERATIONS:
        return None
    values: list[Number] = []
    for arg in node.args:
        value = rational_value(arg, at)
        if value is None:
            return None
        values.append(value)
    result = _combined(op, values)
    if result is None or isinstance(result, int):
        return result if result is None or result.bit_length() <= MAX_BITS else None
    if result.denominator == 1:
        result = result.numerator
    return result if bits(result) <= MAX_BITS else None


def _combined(op: str, values: list[Number]) -> Number | None:
    first = values[0]
    if op == "add":
        return sum(values[1:], first)
    if op == "mul":
        for value in values[1:]:
            first = first * value
        return first
    if op == "neg":
        return -first
    if op == "factorial":
        return factorial(first) if isinstance(first, int) and 0 <= first <= _MAX_FACTORIAL else None
    second = values[1]
    if op == "div":
        return Fraction(first) / second if second != 0 else None
    if not isinstance(second, int) or bits(first) * abs(second) > MAX_BITS or (first == 0 and second <= 0):
        return None
    return first**second if second >= 0 else Fraction(first) ** second
