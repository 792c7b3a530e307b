"""Values of a function of one symbol at many points at once, in floating point."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.symbolic.syntax.expression import Expr

__all__ = ["Floats", "sample"]

Floats = NDArray[np.float64]


def sample(expr: Expr, name: str, grid: Floats) -> Floats:
    """The function at every point of the grid; NaN where it has no real value."""
    stack: list[Any] = []
    order: list[Expr] = []
    pending = [expr]
    while pending:
        node = pending.pop()
        order.append(node)
        pending.extend(node.args)
    with np.errstate(all="ignore"):
        for node in reversed(order):
            op = node.op
            if op == "num":
                stack.append(_float(node))
            elif op == "sym":
                stack.append(grid)
            elif op in _CONSTANTS:
                stack.append(_CONSTANTS[op])
            elif op == "const":
                stack.append(_CONSTANTS.get(str(node.value), np.nan))
            elif op == "add" or op == "mul":
                count = len(node.args)
                total = stack[-count]
                for other in stack[1 - count :]:
                    total = total + other if op == "add" else total * other
                del stack[-count:]
                stack.append(total)
            elif len(node.args) == 1:
                stack[-1] = _UNARY[op](stack[-1])
            else:
                second = stack.pop()
                stack[-1] = _BINARY[op](stack[-1], second)
        return np.broadcast_to(np.asarray(stack[0], dtype=np.float64), grid.shape)


def _float(node: Expr) -> np.float64:
    try:
        return np.float64(float(node.number))
    except OverflowError:
        return np.float64(np.inf if node.number > 0 else -np.inf)


def _real_power(base: Any, exponent: Any) -> Any:
    whole = np.asarray(exponent)
    if whole.ndim == 0 and np.isfinite(whole):
        value = Fraction(float(whole)).limit_denominator(1000)
        if value.denominator % 2 == 1 and value.denominator > 1 and abs(float(value) - float(whole)) < 1e-15:
            magnitude = np.power(np.abs(base), whole)
            return magnitude if value.numerator % 2 == 0 else np.sign(base) * magnitude
    return np.power(base, exponent)


def _real_root(value: Any, degree: Any) -> Any:
    odd = np.mod(degree, 2) == 1
    magnitude = np.power(np.abs(value), 1.0 / np.asarray(degree, dtype=np.float64))
    return np.where(odd, np.sign(value) * magnitude, np.where(np.asarray(value) >= 0, magnitude, np.nan))


def _gamma(value: float) -> float:
    try:
        return math.gamma(value)
    except (ValueError, OverflowError):
        return math.nan


def _factorial(value: Any) -> Any:
    return np.vectorize(_gamma, otypes=[np.float64])(np.asarray(value) + 1.0)


_CONSTANTS: dict[str, Any] = {"pi": np.float64(np.pi), "e": np.float64(np.e)}
_UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": np.negative,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "exp": np.exp,
    "ln": lambda value: np.log(np.where(np.asarray(value) > 0, value, np.nan)),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "factorial": _factorial,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "div": np.divide,
    "pow": _real_power,
    "root": _real_root,
    "log": lambda value, base: np.log(value) / np.log(base),
}
