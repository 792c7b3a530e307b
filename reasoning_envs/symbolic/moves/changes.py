"""What the moves on an equation are made of: a change, a line built on demand, and where an expression has a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from reasoning_envs.symbolic.moves.rules.rewrite import Rewrite
from reasoning_envs.symbolic.syntax.expression import (
    Expr,
    add,
    neg,
    sym,
)
from reasoning_envs.symbolic.syntax.statement import Statement, free_symbols
from reasoning_envs.types import Relation

__all__ = ["Change", "Later", "X", "about_unknown", "is_total", "negated"]

X = sym("x")


def about_unknown(condition: Statement) -> bool:
    """The condition is about x, so that the line itself must carry it."""
    return "x" in free_symbols(condition)


class Later(NamedTuple):
    """A line that is known by its tokens and built on demand: what ``function`` makes of two things."""

    tokens: bytes
    function: Callable[[Any, Any], Statement]
    first: Any
    second: Any

    def build(self) -> Statement:
        """The line."""
        return self.function(self.first, self.second)


class Change(NamedTuple):
    """A move as seen from the active alternative: what replaces it, and what it is done with or to."""

    rule: str
    about: Expr | Rewrite | None
    after: Statement | Later
    sound: bool = True
    condition: Statement | None = None
    relation: Relation = Relation.EQUIVALENT

    @property
    def operand(self) -> Expr | None:
        """What it is done with or to."""
        about = self.about
        return about.operand if isinstance(about, Rewrite) else about


_TOTAL = frozenset(("num", "sym", "const", "add", "mul", "neg", "abs", "exp"))


def is_total(node: Expr) -> bool:
    """The expression has a value at every x: nothing is divided by x, no root or logarithm of it is taken.

    Where a factor is zero, the other factors must have a value for the product to be zero.
    """
    if "x" not in node.symbols:
        return True
    if node.op == "div":
        return "x" not in node.args[1].symbols and is_total(node.args[0])
    if node.op == "pow":
        exponent = node.args[1].value
        return isinstance(exponent, int) and exponent > 0 and is_total(node.args[0])
    return node.op in _TOTAL and all(is_total(arg) for arg in node.args)


def negated(side: Expr) -> Expr:
    """Both signs of a side turned: of a sum term by term."""
    if side.op == "add":
        return add(*[neg(term) for term in side.args])
    return neg(side)
