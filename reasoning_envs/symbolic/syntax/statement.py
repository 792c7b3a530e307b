"""Statements: comparisons of expressions, joined by *and* and *or*, and the two that need no expression.

A line of a derivation is a statement about one unknown::

    x + 3 = (x - 3)^2 and x >= 3          an equation and the constraint under which it is meant
    x = 2 or x = 3                        alternatives
    no solution, all reals                the ends of a contradiction and of an identity
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reasoning_envs.symbolic.syntax import expression
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.tokens import CONNECTIVES, END

__all__ = [
    "ALL_REALS",
    "COMPARISONS",
    "NO_SOLUTION",
    "And",
    "Comparison",
    "Line",
    "Or",
    "Statement",
    "Truth",
    "alternatives",
    "conjunction",
    "conjuncts",
    "disjunction",
    "equation",
    "free_symbols",
    "line_tokens",
    "substitute",
]

COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


class Comparison(NamedTuple):
    """``left op right`` with ``op`` one of :data:`COMPARISONS`. A tuple, since moves make so many of them."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold. Two parts or more; no part is itself an ``And``."""

    parts: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds. Two parts or more; no part is itself an ``Or``."""

    parts: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """``all reals`` (True: every value of the unknown will do) or ``no solution`` (False)."""

    value: bool


Statement = Comparison | And | Or | Truth
Line = Expr | Comparison | And | Or | Truth

ALL_REALS = Truth(True)
NO_SOLUTION = Truth(False)


def equation(left: Expr, right: Expr) -> Comparison:
    """``left = right``."""
    return Comparison("=", left, right)


def conjunction(*parts: Statement) -> Statement:
    """The flat *and* of the parts, without repetition; ``all reals`` for none."""
    flat: list[Statement] = []
    for part in parts:
        for inner in part.parts if isinstance(part, And) else (part,):
            if isinstance(inner, Truth):
                if inner.value:
                    continue
                return NO_SOLUTION
            if inner not in flat:
                flat.append(inner)
    if not flat:
        return ALL_REALS
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(*parts: Statement) -> Statement:
    """The flat *or* of the parts, without repetition; ``no solution`` for none."""
    flat: list[Statement] = []
    for part in parts:
        for inner in part.parts if isinstance(part, Or) else (part,):
            if isinstance(inner, Truth):
                if inner.value:
                    return ALL_REALS
                continue
            if inner not in flat:
                flat.append(inner)
    if not flat:
        return NO_SOLUTION
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def alternatives(statement: Statement) -> tuple[Statement, ...]:
    """The parts of an *or*; none for ``no solution``; of anything else the thing alone."""
    if isinstance(statement, Or):
        return statement.parts
    return () if isinstance(statement, Truth) and not statement.value else (statement,)


def conjuncts(statement: Statement) -> tuple[Statement, ...]:
    """The parts of an *and*; none for ``all reals``; of anything else the thing alone."""
    if isinstance(statement, And):
        return statement.parts
    return () if isinstance(statement, Truth) and statement.value else (statement,)


def free_symbols(line: Line) -> frozenset[str]:
    """Names of the free symbols of an expression or a statement."""
    if isinstance(line, Expr):
        return line.symbols
    if isinstance(line, Comparison):
        return line.left.symbols | line.right.symbols
    if isinstance(line, Truth):
        return frozenset()
    return frozenset().union(*[free_symbols(part) for part in line.parts])


def line_tokens(line: Line) -> bytes:
    """The line over the vocabulary of :mod:`~reasoning_envs.symbolic.syntax.tokens`, in prefix form."""
    if isinstance(line, Comparison):
        op, left, right = line
        return CONNECTIVES[op] + left.tokens + right.tokens
    if isinstance(line, Expr):
        return line.tokens
    if isinstance(line, Truth):
        return CONNECTIVES["all reals" if line.value else "no solution"]
    head = CONNECTIVES["and" if isinstance(line, And) else "or"]
    return head + b"".join([line_tokens(part) for part in line.parts]) + END


def substitute(statement: Statement, values: Mapping[str, Expr]) -> Statement:
    """``statement`` with each symbol named in ``values`` replaced, all at once; nothing is evaluated."""
    if isinstance(statement, Comparison):
        return Comparison(
            statement.op, expression.substitute(statement.left, values), expression.substitute(statement.right, values)
        )
    if isinstance(statement, Truth):
        return statement
    return type(statement)(tuple(substitute(part, values) for part in statement.parts))
