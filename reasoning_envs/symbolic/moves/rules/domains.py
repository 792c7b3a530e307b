"""Where an expression has a value over the reals: what a rule has to ask that lets a part of a line vanish."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reasoning_envs.symbolic.syntax.expression import ONE, ZERO, Expr, call, num, sub
from reasoning_envs.symbolic.syntax.statement import (
    NO_SOLUTION,
    Comparison,
    Statement,
    alternatives,
    conjunction,
    conjuncts,
    line_tokens,
)
from reasoning_envs.symbolic.syntax.tokens import FUNCTIONS, OPERATORS
from reasoning_envs.symbolic.values.evaluation import constant_sign, identically_zero

__all__ = ["conditions_of", "has_value", "lacks_value", "may_lack_value", "vanishing"]

_TOTAL = frozenset(
    ("num", "sym", "const", "add", "mul", "neg", "abs", "exp", "sin", "cos", "atan", "sinh", "cosh", "tanh")
)
# One of these bytes is in the tokens of every line that lacks a value somewhere.
_PARTIAL = re.compile(
    b"[%s]"
    % b"".join(
        re.escape(code)
        for name, code in (*OPERATORS.items(), *((name, code) for name, (code, _) in FUNCTIONS.items()))
        if name not in _TOTAL
    )
)


def has_value(*expressions: Expr) -> tuple[Statement, ...] | None:
    """The conditions under which all the expressions have a value; None: under none, or they cannot be said."""
    found = dict.fromkeys(_all_conditions(expressions))
    return None if None in found or NO_SOLUTION in found else tuple([piece for piece in found if piece is not None])


def conditions_of(line: Statement) -> tuple[Statement, ...]:
    """The conditions under which every part of the line has a value, those that can be said."""
    if _PARTIAL.search(line_tokens(line)) is None:
        return ()
    found = dict.fromkeys(_all_conditions(_sides(line)))
    return tuple([condition for condition in found if isinstance(condition, Comparison)])


def _sides(line: Statement) -> list[Expr]:
    comparisons = [piece for part in alternatives(line) for piece in conjuncts(part) if isinstance(piece, Comparison)]
    return [side for comparison in comparisons for side in (comparison.left, comparison.right)]


def _all_conditions(expressions: Iterable[Expr]) -> Iterator[Statement | None]:
    waiting = list(expressions)
    while waiting:
        node = waiting.pop()
        if _PARTIAL.search(node.tokens) is None:
            continue
        waiting.extend(node.args)
        if node.op not in _TOTAL and (node.op != "div" or node.args[1].op != "num" or node.args[1] is ZERO):
            yield from _conditions(node)


def may_lack_value(line: Statement | Expr) -> bool:
    """Perhaps it has none anywhere: it divides by 0, or takes a root or a logarithm of a number that has none."""
    if isinstance(line, Expr):
        return _may_lack_value(line)
    if _PARTIAL.search(line_tokens(line)) is None:
        return False
    return _may_lack_value(*_sides(line))


_FINE_LIMIT = 4096
_fine: set[bytes] = set()  # expressions that do not: only bytes, which cost the garbage collector nothing


def _may_lack_value(*expressions: Expr) -> bool:
    for expression in expressions:
        if expression.tokens in _fine or _PARTIAL.search(expression.tokens) is None:
            continue
        for condition in _all_conditions((expression,)):
            if condition is not None and _fails(condition) is not False:
                return True
        if len(_fine) > _FINE_LIMIT:
            _fine.clear()
        _fine.add(expression.tokens)
    return False


def lacks_value(*expressions: Expr) -> bool:
    """One of the expressions has no value anywhere, for certain: it divides by 0, or takes the logarithm of 0."""
    return any(condition is not None and _fails(condition) for condition in _all_conditions(expressions))


def _fails(condition: Statement) -> bool | None:
    """It holds for no value of the letters; None: nobody can tell."""
    if not isinstance(condition, Comparison):
        return condition == NO_SOLUTION
    if condition.left.op == "sym":
        return False
    if condition.op == "!=":
        return identically_zero(sub(condition.left, condition.right))
    if condition.left.symbols:
        return False
    sign = constant_sign(sub(condition.left, condition.right))
    return None if sign is None else sign < 0 or (sign == 0 and condition.op == ">")


def vanishing(*expressions: Expr) -> tuple[bool, Statement | None]:
    """Whether these may vanish from a line, and under which condition; None: under any."""
    conditions = has_value(*expressions)
    if conditions is None:
        return False, None
    return True, conjunction(*conditions) if conditions else None


def _conditions(node: Expr) -> Iterator[Statement | None]:
    """Of the node alone; None where they cannot be said."""
    op, inner, last = node.op, node.args[0], node.args[-1]
    if op == "div":
        yield from _compared("!=", last)
    elif op == "pow":
        yield from _of_power(inner, last)
    elif op == "sqrt":
        yield from _compared(">=", inner)
    elif op == "ln" or (op == "log" and last.op == "num" and last.number > 0 and last is not ONE):
        yield from _compared(">", inner)
    elif op == "root" and last.op == "num" and last.number.denominator == 1 and last.number > 0:
        if last.number % 2 == 0:
            yield from _compared(">=", inner)
    elif op == "tan":
        yield Comparison("!=", call("cos", inner), ZERO)
    elif op in ("asin", "acos"):
        yield Comparison(">=", inner, num(-1))
        yield Comparison("<=", inner, ONE)
    else:
        yield None


def _of_power(base: Expr, exponent: Expr) -> Iterator[Statement | None]:
    if exponent.op == "num" and exponent.number.denominator == 1:
        if exponent.number <= 0:
            yield from _compared("!=", base)
    elif base.op == "const" or (base.op == "num" and base.number > 0):
        return  # exponential
    elif base.op == "num" and exponent.symbols:
        yield NO_SOLUTION
    elif base.op == "sym" and base.value != "x":
        yield Comparison(">", base, ZERO)
    else:
        yield None  # with x in the base it depends on the exponent in more ways than a condition can say


def _compared(relation: str, expr: Expr) -> Iterator[Statement]:
    """The condition on an expression; nothing where it plainly holds."""
    if expr.op == "const":
        return
    if expr.op != "num":
        yield Comparison(relation, expr, ZERO)
    elif not {"!=": expr.number != 0, ">": expr.number > 0, ">=": expr.number >= 0}[relation]:
        yield NO_SOLUTION
