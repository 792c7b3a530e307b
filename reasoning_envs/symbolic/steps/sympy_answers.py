"""What SymPy answers, inside the worker of :mod:`~reasoning_envs.symbolic.steps.sympy_worker`.

SymPy objects are built node by node from plain data; no text is ever parsed. Importing this module imports SymPy, which
takes long: the worker does so before the clock of its first job starts, and nobody else does.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy.core import random

__all__ = ["answer", "build"]


def answer(payload: dict[str, Any]) -> Any:
    """What the worker does with one job; plain data in and out."""
    random.seed(0)  # SymPy tries random points; the same question is to have the same answer
    if payload["ask"] == "equal":
        return _equal(payload["left"], payload["right"], payload["over"])
    return _solutions(payload["left"], payload["right"], payload["unknown"])


def _equal(left: list[Any], right: list[Any], over: str) -> bool | None:
    difference = build(left, over) - build(right, over)
    if difference.has(sympy.zoo, sympy.nan, sympy.oo):
        return None
    for method in (sympy.expand, sympy.simplify, lambda e: sympy.simplify(sympy.expand_log(e, force=False))):
        if method(difference) == 0:
            return True
    verdict = difference.equals(0)
    return None if verdict is None else bool(verdict)


def _solutions(left: list[Any], right: list[Any], unknown: str) -> list[Any] | None:
    symbol = sympy.Symbol(unknown, real=True)
    difference = build(left, "real") - build(right, "real")
    found = sympy.solveset(difference, symbol, domain=sympy.S.Reals)
    if not isinstance(found, sympy.FiniteSet) and found != sympy.S.EmptySet:
        return None
    trees = [_plain(root) for root in found]
    return None if any(tree is None for tree in trees) else trees


def build(tree: list[Any], over: str) -> Any:
    """A SymPy object from plain data. Nothing is parsed; every node goes through its own constructor."""
    op, value, args = tree
    if op == "num":
        return sympy.Rational(int(value[0]), int(value[1]))
    if op == "sym":
        assumptions = {"complex": {}, "real": {"real": True}, "positive": {"positive": True}}[over]
        return sympy.Symbol(value, **assumptions)
    if op == "const":
        return {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "inf": sympy.oo}[value]
    inner = [build(arg, over) for arg in args]
    if op == "add":
        return sympy.Add(*inner)
    if op == "mul":
        return sympy.Mul(*inner)
    if op == "neg":
        return -inner[0]
    if op == "div":
        return inner[0] / inner[1]
    if op == "pow":
        return _power(inner[0], inner[1], over)
    if op == "root":
        return _power(inner[0], 1 / inner[1], over)
    if op == "log":
        return sympy.log(inner[0]) / sympy.log(inner[1])
    names = {"abs": "Abs", "ln": "log"}
    return getattr(sympy, names.get(op, op))(inner[0])


def _power(base: Any, exponent: Any, over: str) -> Any:
    if (
        over != "complex"
        and exponent.is_Rational
        and exponent.q % 2 == 1
        and exponent.q > 1
        and not base.is_nonnegative
    ):
        magnitude = sympy.Abs(base) ** exponent  # the real root
        return magnitude if exponent.p % 2 == 0 else sympy.sign(base) * magnitude
    return base**exponent


def _plain(root: Any) -> list[Any] | None:
    """A SymPy constant as plain data; None where it is not made of what trees are made of."""
    if root.is_Rational:
        return ["num", [str(root.p), str(root.q)], []]
    if root in (sympy.pi, sympy.E):
        return ["const", "pi" if root == sympy.pi else "e", []]
    names = {sympy.Add: "add", sympy.Mul: "mul", sympy.Pow: "pow", sympy.exp: "exp", sympy.log: "ln", sympy.Abs: "abs"}
    name = names.get(root.func)
    if name is None or (name == "ln" and len(root.args) != 1):
        return None
    inner = [_plain(arg) for arg in root.args]
    return None if any(tree is None for tree in inner) else [name, None, inner]
