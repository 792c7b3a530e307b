"""Programs to which the order of a set shows: Monty walks through one as it was filled, Python by its hashes.

The order is nobody's promise, so that such a program is right by accident at most; but it must not be right here and
wrong in Python. What is looked for are sets that the program makes itself and walks through where its order counts.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

__all__ = ["shows_order_of_sets"]

_GIVING_SETS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
_WALKING = frozenset(
    {"list", "tuple", "enumerate", "zip", "map", "filter", "iter", "next", "str", "repr", "print", "deque"}
)
_WALKING_METHODS = frozenset({"join", "extend", "fromkeys"})
_KEEPING = frozenset({"list", "tuple", "map", "filter"})
"""What they give is in the order of what they are given."""
_FREE = frozenset({"sorted", "sum", "min", "max", "any", "all", "len", "set", "frozenset", "Counter", "bool"})
"""What they give does not depend on the order."""
_FREE_METHODS = _GIVING_SETS | {"update", "issubset", "issuperset", "isdisjoint"}
_ORDERED_METHODS = frozenset({"append", "appendleft", "extend", "insert", "write", "join"})


def shows_order_of_sets(nodes: Sequence[ast.AST]) -> bool:
    """Whether something that comes of the program may depend on the order of a set.

    Args:
        nodes: all of its syntax, as :func:`ast.walk` gives it.
    """
    sets = _names_of_sets(nodes)
    parents = {id(child): node for node in nodes for child in ast.iter_child_nodes(node)}
    ordered: set[int] = set()
    for node in reversed(nodes):  # parts before what they are parts of
        if _keeps_order(node) or any(id(part) in ordered for part in ast.iter_child_nodes(node)):
            ordered.add(id(node))
    return any(
        _walks(node, part, sets) and not _is_free(node, parents, ordered)
        for node in nodes
        for part in ast.iter_child_nodes(node)
    )


def _names_of_sets(nodes: Sequence[ast.AST]) -> set[str]:
    """Variables that are a set somewhere in the program."""
    given = [
        (target.id, node.value)
        for node in nodes
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]
    found: set[str] = set()
    for _ in range(3):  # a set by way of two other names
        found |= {name for name, value in given if _is_set(value, found)}
    return found


def _is_set(node: ast.AST, names: set[str]) -> bool:
    while True:  # a chain may be longer than a stack is deep
        match node:
            case ast.Set() | ast.SetComp() | ast.Call(func=ast.Name(id="set" | "frozenset")):
                return True
            case ast.Name(id=name):
                return name in names
            case ast.Call(func=ast.Attribute(attr=attribute)) if attribute in _GIVING_SETS:
                return True
            case ast.BinOp(left=first, op=ast.BitOr() | ast.BitAnd() | ast.BitXor() | ast.Sub()):
                node = first
            case ast.Call(func=ast.Attribute(value=first, attr="copy")):
                node = first
            case _:
                return False


def _walks(node: ast.AST, part: ast.AST, sets: set[str]) -> bool:
    """Whether this node walks through a set that is a part of it."""
    match node:
        case ast.For(iter=walked) | ast.comprehension(iter=walked) | ast.Starred(value=walked):
            return walked is part and _is_set(part, sets)
        case ast.FormattedValue(value=walked):
            return walked is part and _is_set(part, sets)
        case ast.Assign(targets=[ast.Tuple() | ast.List()], value=walked):
            return walked is part and _is_set(part, sets)
        case ast.Call(func=ast.Name(id=name)):
            return name in _WALKING and part is not node.func and _is_set(part, sets)
        case ast.Call(func=ast.Attribute(value=value, attr="pop"), args=[]):
            return part is node.func and _is_set(value, sets)
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _WALKING_METHODS and part is not node.func and _is_set(part, sets)
    return False


def _is_free(node: ast.AST, parents: dict[int, ast.AST], ordered: set[int]) -> bool:
    """Whether what comes of walking through a set here does not depend on its order."""
    if isinstance(node, ast.For):
        return not any(id(part) in ordered for part in node.body)
    while True:
        parent = parents.get(id(node))
        match parent:
            case ast.SetComp():
                return True
            case ast.ListComp() | ast.GeneratorExp() | ast.Starred() | ast.List() | ast.Tuple() | ast.comprehension():
                node = parent
            case ast.Call(func=ast.Name(id=name)) if name in _FREE:
                return True
            case ast.Call(func=ast.Attribute(attr=name)) if name in _FREE_METHODS:
                return True
            case ast.Call(func=ast.Name(id=name)) if name in _KEEPING:
                node = parent
            case ast.Compare(ops=[ast.In() | ast.NotIn()]):
                return True
            case _:
                return False


def _keeps_order(node: ast.AST) -> bool:
    """Whether a loop's result may depend on which element comes first, by this."""
    match node:
        case ast.Return() | ast.Break() | ast.Yield() | ast.YieldFrom() | ast.Subscript(ctx=ast.Store()):
            return True
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _ORDERED_METHODS
        case ast.Call(func=ast.Name(id="print")):
            return True
        case ast.AugAssign(op=ast.Add(), value=value):
            return not isinstance(value, ast.Constant | ast.Call | ast.BinOp) or _is_text(value)
    return False


def _is_text(node: ast.AST) -> bool:
    return any(
        isinstance(inner, ast.JoinedStr) or (isinstance(inner, ast.Constant) and isinstance(inner.value, str))
        for inner in ast.walk(node)
    )
