"""A name for what two lines have in common when only letters and the order of operands differ."""

from __future__ import annotations

from collections.abc import Iterable

from reasoning_envs.symbolic.syntax import statement
from reasoning_envs.symbolic.syntax.expression import Expr, rebuild, substitute, sym, walk
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Comparison, Line, Statement, line_tokens

__all__ = ["canonical_text"]


def canonical_text(line: Line) -> str:
    """The line with letters other than ``x`` renamed, operands and sides sorted; numbers stay.

    Letters are renamed in order of appearance after sorting by a key in which all letters are alike, so that
    ``a*x + b = c`` and ``r = p + q*x`` have one name.
    """
    if isinstance(line, Expr):
        sorted_tree = _ordered(line)
        return to_text(_ordered(substitute(sorted_tree, _names((sorted_tree,)))))
    ordered = _ordered_line(line)
    names = _names([side for comparison in _comparisons(ordered) for side in (comparison.left, comparison.right)])
    return to_text(_ordered_line(statement.substitute(ordered, names)))


def _names(sides: Iterable[Expr]) -> dict[str, Expr]:
    """A new name for each letter but ``x``, in order of appearance."""
    names: dict[str, Expr] = {}
    for side in sides:
        for node in walk(side):
            if node.op == "sym" and node.value != "x" and node.value not in names:
                names[str(node.value)] = sym(f"c_{len(names) + 1}")
    return names


def _comparisons(line: Statement) -> list[Comparison]:
    if isinstance(line, Comparison):
        return [line]
    if isinstance(line, statement.Truth):
        return []
    return [comparison for part in line.parts for comparison in _comparisons(part)]


def _ordered_line(line: Statement) -> Statement:
    if isinstance(line, Comparison):
        sides = [_ordered(line.left), _ordered(line.right)]
        if line.op in ("=", "!="):
            sides.sort(key=_mask)
        return Comparison(line.op, *sides)
    if isinstance(line, statement.Truth):
        return line
    return type(line)(tuple(sorted((_ordered_line(part) for part in line.parts), key=line_tokens)))


def _ordered(expr: Expr) -> Expr:
    if not expr.args:
        return expr
    args = [_ordered(arg) for arg in expr.args]
    if expr.op in ("add", "mul"):
        args.sort(key=_mask)
    return rebuild(expr.op, tuple(args))


def _mask(expr: Expr) -> bytes:
    """A key for sorting that does not depend on how letters are named."""
    return substitute(expr, {name: sym("c") for name in expr.symbols if name != "x"}).key
