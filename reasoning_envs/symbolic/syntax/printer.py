"""From trees to plain text that reads back as the same tree, with no bracket too many.

``parse_line(to_text(line)) == line`` for every tree that the constructors build over names that the notation can tell
apart (names longer than a letter, and ``e`` or ``i`` as symbols, need ``symbols=`` when they are read).
"""

from __future__ import annotations

from fractions import Fraction

from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.statement import And, Comparison, Line, Or, Statement, Truth

__all__ = ["to_text"]


def to_text(line: Line) -> str:
    """The line as a person types it: ``2*x + 3 = 7*(x - 1)``, ``x = 2 or x = 3``, ``no solution``."""
    if isinstance(line, Expr):
        return _sum(line)
    if isinstance(line, Comparison):
        return f"{_sum(line.left)} {line.op} {_sum(line.right)}"
    if isinstance(line, Truth):
        return "all reals" if line.value else "no solution"
    joint = " and " if isinstance(line, And) else " or "
    return joint.join([_part(part) for part in line.parts])


def _part(part: Statement) -> str:
    return f"({to_text(part)})" if isinstance(part, And | Or) else to_text(part)


def _sum(node: Expr) -> str:
    """Text that may stand alone or in brackets."""
    if node.op != "add":
        return _term(node)
    parts: list[str] = []
    for term in node.args:
        text = _term(term)
        if not parts:
            parts.append(text)
        elif text[0] == "-":
            parts.append(f" - {text[1:]}")
        else:
            parts.append(f" + {text}")
    return "".join(parts)


def _term(node: Expr) -> str:
    """Text that may stand in a sum; it begins with ``-`` where the term is negative."""
    op = node.op
    if op == "sym" or op == "const" or op == "num":
        return str(node.value)
    if op == "neg":
        return f"-{_term(node.args[0])}" if node.args[0].op != "add" else f"-({_sum(node.args[0])})"
    if op == "mul":
        first, *others = node.args
        leading = str(first.value) if first.op == "num" else _factor(first)
        return "*".join([leading, *[_factor(other) for other in others]])
    if op == "div":
        over, under = node.args
        return f"{_numerator(over)}/{_atom_or_power(under)}"
    if op == "pow":
        base, exponent = node.args
        return f"{_atom(base)}^{_atom(exponent)}"
    if op == "add":
        return f"({_sum(node)})"
    return _application(node)


def _factor(node: Expr) -> str:
    """Text that may stand anywhere in a product."""
    op = node.op
    if op == "sym" or op == "const":
        return str(node.value)
    if op == "num":
        value = node.value
        return f"({value})" if isinstance(value, Fraction) or node.number < 0 else str(value)
    if op == "add" or op == "neg" or op == "div":
        return f"({_sum(node)})"
    return _term(node)


def _numerator(node: Expr) -> str:
    if node.op == "mul":
        first = node.args[0]
        if first.op == "num" and (isinstance(first.value, Fraction) or first.number < 0):
            return f"({_term(node)})"
    return _factor(node)


def _atom_or_power(node: Expr) -> str:
    return f"({_term(node)})" if node.op in ("mul", "derivative") else _factor(node)


def _atom(node: Expr) -> str:
    """Text that may stand on either side of ``^``."""
    if node.op in ("mul", "pow", "factorial", "derivative"):
        return f"({_term(node)})"
    return _factor(node)


def _application(node: Expr) -> str:
    op = node.op
    if op == "abs":
        return f"|{_sum(node.args[0])}|"
    if op == "factorial":
        return f"{_atom(node.args[0])}!"
    if op == "derivative" and len(str(node.args[1].value).partition("_")[0]) == 1:
        return f"d/d{node.args[1].value}({_sum(node.args[0])})"
    return f"{op}({', '.join([_sum(arg) for arg in node.args])})"
