"""Mistakes that people make in Python, put into any program: an operator, a comparison, a constant, a negation."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from reasoning_envs.domains.code.python_edits import parse_python

__all__ = ["mistakes"]

_OPERATORS: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mod,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
}
_COMPARISONS: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def mistakes(source: str, rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Copies of a program with one mistake each, in random order, and the name of the kind; comments are lost.

    The program may do the same in spite of it: whoever calls runs it.

    Raises:
        ValueError: the source is no Python.
    """
    tree = parse_python(source)
    places = [
        (number, change)
        for number, node in enumerate(ast.walk(tree))
        for change in _CHANGES.get(type(node), ())
        if change(copy.copy(node))
    ]
    for place in rng.permutation(len(places)):
        number, change = places[place]
        spoiled = copy.deepcopy(tree)
        node = next(node for position, node in enumerate(ast.walk(spoiled)) if position == number)
        kind = change(node)
        yield ast.unparse(spoiled) + "\n", kind


def _operator(node: ast.AST) -> str:
    assert isinstance(node, ast.BinOp | ast.AugAssign)
    other = _OPERATORS.get(type(node.op))
    if other is None:
        return ""
    node.op = other()
    return "operator"


def _comparison(node: ast.AST) -> str:
    assert isinstance(node, ast.Compare)
    other = _COMPARISONS.get(type(node.ops[0]))
    if other is None:
        return ""
    node.ops = [other(), *node.ops[1:]]
    return "comparison"


def _constant(node: ast.AST) -> str:
    assert isinstance(node, ast.Constant)
    if type(node.value) is bool:
        node.value = not node.value
    elif type(node.value) is int:
        node.value += 1
    else:
        return ""
    return "constant"


def _call(node: ast.AST) -> str:
    """``min`` for ``max`` and the like."""
    assert isinstance(node, ast.Call)
    other = _FUNCTIONS.get(node.func.id) if isinstance(node.func, ast.Name) else None
    if other is None:
        return ""
    node.func = ast.Name(other, ast.Load())
    return "function"


def _result(node: ast.AST) -> str:
    assert isinstance(node, ast.Return)
    if node.value is None:
        return ""
    node.value = ast.Tuple([node.value], ast.Load())
    return "result"


_FUNCTIONS = {"min": "max", "max": "min", "sum": "len", "len": "sum", "any": "all", "all": "any", "sorted": "list"}
_CHANGES: Mapping[type[ast.AST], tuple[Callable[[ast.AST], str], ...]] = {
    ast.BinOp: (_operator,),
    ast.AugAssign: (_operator,),
    ast.Compare: (_comparison,),
    ast.Constant: (_constant,),
    ast.Call: (_call,),
    ast.Return: (_result,),
}
