"""Programs as ordinary Python source, in the style of PEP 8: what a person reads and a sandbox runs."""

from __future__ import annotations

import ast
import re
from functools import cache

from reasoning_envs.programs.operations import ACCUMULATOR, LOOP, OPERATIONS
from reasoning_envs.programs.trees import Expr, Line, Program, rename
from reasoning_envs.programs.values import Type, Value, plain

__all__ = ["render_expression", "render_line", "render_program", "render_value"]

# How tightly Python binds, loosest first: https://docs.python.org/3/reference/expressions.html#operator-precedence
_ANY, _TERNARY, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(11)
_BEHIND_IN = -1
_BINARY: dict[type[ast.operator], int] = {
    ast.Add: _SUM,
    ast.Sub: _SUM,
    ast.Mult: _PRODUCT,
    ast.FloorDiv: _PRODUCT,
    ast.Mod: _PRODUCT,
    ast.Pow: _POWER,
}
_PLACE = re.compile(r"\b_(\d|x|y)\b")


def render_program(program: Program) -> str:
    """The source of the function, with annotations; it ends with a line break."""
    head = ", ".join(f"{name}: {kind.value}" for name, kind in program.parameters)
    lines = [f"def {program.name}({head}) -> {program.result.type.value}:"]
    for line in program.lines:
        lines.extend(f"    {text}" for text in render_line(line).split("\n"))
    lines.append(f"    return {render_expression(program.result)}")
    return "\n".join(lines) + "\n"


def render_line(line: Line) -> str:
    """One assignment; of a loop three lines of text."""
    target, expr = line
    if expr.op not in OPERATIONS or expr.operation.form != LOOP:
        return f"{target} = {render_expression(expr)}"
    body, start, items = expr.args
    step = render_expression(rename(body, {ACCUMULATOR: target}))
    return f"{target} = {render_expression(start)}\nfor {expr.value[1]} in {_iterable(items)}:\n    {target} = {step}"


def render_expression(expr: Expr) -> str:
    """The source of an expression. A hole is shown as ``_0``; a loop, which is none, as ``loop(...)``."""
    return _text(expr)[0]


def render_value(value: Value) -> str:
    """A literal: ``[1, -2]``, ``"ab"``, ``True``."""
    text = repr(plain(value))
    if isinstance(value, str) and text[0] == "'" and '"' not in text:
        return f'"{text[1:-1]}"'
    return text


def _text(expr: Expr) -> tuple[str, int]:
    """The source, and how tightly it binds."""
    if expr.op == "const":
        negative = expr.type is Type.INT and expr.value < 0
        return render_value(expr.value), _SIGN if negative else _ATOM
    if expr.op in ("var", "hole"):
        return (expr.value if expr.op == "var" else f"_{expr.value}"), _ATOM
    operation = expr.operation
    if operation.form == LOOP:
        return f"loop({', '.join(map(render_expression, expr.args))})", _ATOM
    needed, own = _layout(expr.op)

    def place(match: re.Match[str]) -> str:
        name = match[1]
        if not name.isdigit():
            return str(expr.value["xy".index(name)])
        arg = expr.args[int(name)]
        if needed[name] == _BEHIND_IN:
            return _iterable(arg)
        text, tightness = _text(arg)
        return f"({text})" if tightness < needed[name] else text

    return _PLACE.sub(place, operation.form), own


def _iterable(expr: Expr) -> str:
    """What stands behind ``in``: a range as it is, anything else as an expression."""
    text, tightness = _text(expr)
    if expr.op in ("range", "range_from"):
        return text.removeprefix("list(").removesuffix(")")
    return f"({text})" if tightness <= _TERNARY else text


@cache
def _layout(name: str) -> tuple[dict[str, int], int]:
    """How tightly each argument of an operation must bind, and how tightly it binds itself."""
    pattern = OPERATIONS[name].pattern
    needed: dict[str, int] = {}
    _visit(pattern, _ANY, needed)
    return needed, _tightness(pattern)


def _tightness(node: ast.expr) -> int:
    match node:
        case ast.BinOp(op=sign):
            return _BINARY[type(sign)]
        case ast.Compare():
            return _COMPARE
        case ast.BoolOp(op=sign):
            return _AND if isinstance(sign, ast.And) else _OR
        case ast.UnaryOp(op=sign):
            return _NOT if isinstance(sign, ast.Not) else _SIGN
        case ast.IfExp():
            return _TERNARY
    return _ATOM


def _visit(node: ast.AST, level: int, needed: dict[str, int]) -> None:
    """Note how tightly each placeholder under a node must bind, when the node itself must bind at ``level``."""
    parts: list[tuple[ast.AST, int]]
    match node:
        case ast.Name(id=name):
            needed[name[1:]] = level
            return
        case ast.BinOp(left=left, op=sign, right=right):
            own = _BINARY[type(sign)]
            parts = [(left, own + (own == _POWER)), (right, own + 1)]
        case ast.Compare(left=left, comparators=[right]):
            parts = [(left, _COMPARE + 1), (right, _COMPARE + 1)]
        case ast.BoolOp(values=values):
            parts = [(value, _tightness(node) + 1) for value in values]
        case ast.UnaryOp(operand=operand):
            parts = [(operand, _tightness(node))]
        case ast.IfExp(body=body, test=test, orelse=orelse):
            parts = [(body, _OR), (test, _OR), (orelse, _TERNARY)]
        case ast.Attribute(value=value):
            parts = [(value, _ATOM)]
        case ast.Subscript(value=value, slice=inside):
            parts = [(value, _ATOM), (inside, _ANY)]
        case ast.comprehension(iter=items, ifs=tests):
            parts = [(items, _BEHIND_IN if isinstance(items, ast.Name) else _OR), *((test, _OR) for test in tests)]
        case _:
            parts = [(child, _ANY) for child in ast.iter_child_nodes(node)]
    for part, inner in parts:
        _visit(part, inner, needed)
