"""SymPy's opinion, asked in a process of its own that can be killed.

:func:`answer` runs inside the worker. It builds SymPy objects node by node from trees that crossed the pipe as plain
data; no text is ever parsed there. :func:`ask_equal` and :func:`ask_solutions` are the callers' side.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from reasoning_envs.symbolic.expression import Expr, add, call, const, div, mul, num, power, sym
from reasoning_envs.types import Relation, Status, Verdict
from sandboxes.worker import Answer, AnswerStatus, Worker, WorkerLimits

__all__ = ["answer", "ask_equal", "ask_solutions"]

_LIMITS = WorkerLimits(cpu_seconds=2.0, wall_seconds=4.0, memory_bytes=2 << 30)


@lru_cache(maxsize=1)
def _worker() -> Worker:
    return Worker("reasoning_envs.symbolic.sympy_worker:answer", limits=_LIMITS)


def ask_equal(left: Expr, right: Expr, *, over: str = "real") -> Verdict:
    """Can SymPy prove that two expressions are equal, or that they are not?

    Returns:
        VERIFIED, REFUTED or UNDECIDED by SymPy; TIMEOUT where it took too long; ERROR where its process failed.
    """
    reply = _worker().call({"ask": "equal", "left": _pack(left), "right": _pack(right), "over": over})
    if reply.status is not AnswerStatus.RESULT:
        return _trouble(reply)
    if reply.value is True:
        return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "the two are equal", "sympy", True)
    if reply.value is False:
        return Verdict(Status.REFUTED, Relation.NONE, "the two are not equal", "sympy", False)
    return Verdict(Status.UNDECIDED, Relation.UNKNOWN, "SymPy cannot tell either", "sympy")


def ask_solutions(left: Expr, right: Expr, unknown: str) -> tuple[Expr, ...] | Verdict:
    """The real solutions of ``left = right`` where SymPy finds finitely many; else a verdict that says why not.

    The equation holds no symbol but ``unknown``.
    """
    reply = _worker().call({"ask": "solve", "left": _pack(left), "right": _pack(right), "unknown": unknown})
    if reply.status is not AnswerStatus.RESULT:
        return _trouble(reply)
    if reply.value is None:
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, "SymPy cannot solve the equation", "sympy")
    return tuple([_unpack(tree) for tree in reply.value])


def _trouble(reply: Answer) -> Verdict:
    status = Status.TIMEOUT if reply.status is AnswerStatus.TIMEOUT else Status.ERROR
    return Verdict(status, Relation.UNKNOWN, f"SymPy did not answer: {reply.error}", "sympy")


def _pack(expr: Expr) -> list[Any]:
    value: Any = expr.value
    if expr.op == "num":
        number = expr.number
        value = [str(number.numerator), str(number.denominator)]  # text: JSON readers cap the digits of numbers
    return [expr.op, value, [_pack(arg) for arg in expr.args]]


def _unpack(tree: list[Any]) -> Expr:
    op, value, args = tree
    if op == "num":
        return num(Fraction(int(value[0]), int(value[1])))
    if op == "sym":
        return sym(value)
    if op == "const":
        return const(value)
    inner = [_unpack(arg) for arg in args]
    builders: dict[str, Callable[..., Expr]] = {"add": add, "mul": mul, "div": div, "pow": power}
    builder = builders.get(op)
    return builder(*inner) if builder is not None else call(op, *inner)


# ---- inside the worker ----


def answer(payload: dict[str, Any]) -> Any:
    """What the worker does with one job; plain data in and out."""
    from sympy.core import random

    random.seed(0)  # SymPy tries random points; the same question is to have the same answer
    if payload["ask"] == "equal":
        return _equal(payload["left"], payload["right"], payload["over"])
    return _solutions(payload["left"], payload["right"], payload["unknown"])


def _equal(left: list[Any], right: list[Any], over: str) -> bool | None:
    import sympy

    difference = _build(left, over) - _build(right, over)
    if difference.has(sympy.zoo, sympy.nan, sympy.oo):
        return None
    for method in (sympy.expand, sympy.simplify, lambda e: sympy.simplify(sympy.expand_log(e, force=False))):
        if method(difference) == 0:
            return True
    verdict = difference.equals(0)
    return None if verdict is None else bool(verdict)


def _solutions(left: list[Any], right: list[Any], unknown: str) -> list[Any] | None:
    import sympy

    symbol = sympy.Symbol(unknown, real=True)
    difference = _build(left, "real") - _build(right, "real")
    found = sympy.solveset(difference, symbol, domain=sympy.S.Reals)
    if not isinstance(found, sympy.FiniteSet) and found != sympy.S.EmptySet:
        return None
    trees = [_plain(root) for root in found]
    return None if any(tree is None for tree in trees) else trees


def _build(tree: list[Any], over: str) -> Any:
    """A SymPy object from plain data. Nothing is parsed; every node goes through its own constructor."""
    import sympy

    op, value, args = tree
    if op == "num":
        return sympy.Rational(int(value[0]), int(value[1]))
    if op == "sym":
        assumptions = {"complex": {}, "real": {"real": True}, "positive": {"positive": True}}[over]
        return sympy.Symbol(value, **assumptions)
    if op == "const":
        return {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "inf": sympy.oo}[value]
    inner = [_build(arg, over) for arg in args]
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
    import sympy

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
    import sympy

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
