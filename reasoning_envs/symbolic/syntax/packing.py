"""Trees and statements as plain JSON data, for the pipe to a worker. Nothing is parsed on either side."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from reasoning_envs.symbolic.syntax.expression import Expr, const, num, rebuild, sym
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Line, Or, Statement, Truth

__all__ = ["pack", "unpack_expression", "unpack_statement"]


def pack(line: Line) -> list[Any]:
    """``[op, value, operands]`` for a tree; ``[name, ...]`` for a statement."""
    if isinstance(line, Expr):
        value: Any = line.value
        if line.op == "num":
            number = line.number
            value = [str(number.numerator), str(number.denominator)]  # text: JSON readers cap the digits of numbers
        return [line.op, value, [pack(arg) for arg in line.args]]
    if isinstance(line, Comparison):
        return [line.op, pack(line.left), pack(line.right)]
    if isinstance(line, Truth):
        return ["truth", line.value]
    return ["and" if isinstance(line, And) else "or", [pack(part) for part in line.parts]]


def unpack_expression(data: list[Any]) -> Expr:
    """The inverse of :func:`pack` for a tree."""
    op, value, args = data
    if op == "num":
        return num(Fraction(int(value[0]), int(value[1])))
    if op == "sym":
        return sym(value)
    if op == "const":
        return const(value)
    return rebuild(op, tuple([unpack_expression(arg) for arg in args]))


def unpack_statement(data: list[Any]) -> Statement:
    """The inverse of :func:`pack` for a statement."""
    name, *rest = data
    if name == "truth":
        return Truth(rest[0])
    if name in ("and", "or"):
        parts = tuple([unpack_statement(part) for part in rest[0]])
        return And(parts) if name == "and" else Or(parts)
    return Comparison(name, unpack_expression(rest[0]), unpack_expression(rest[1]))
