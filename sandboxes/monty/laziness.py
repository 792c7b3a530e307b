"""What Python computes when it is asked for, and Monty at once: generator expressions, map, zip and their like.

In Monty all of these give lists. Most programs consume them on the spot and cannot tell; the others would be wrong
there and right in Python, or right there and wrong in Python. They are found here, from their source.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from enum import Enum

__all__ = ["Laziness", "laziness", "nodes_of"]

_LAZY_NAME = re.compile(r"\b(?:map|zip|filter|enumerate|reversed)\b")
_FOR = re.compile(r"\bfor\b")
_LOOP = re.compile(r"^[ \t]*for\b", re.MULTILINE)
_WARNED_OF = re.compile(
    r"\\[^\\\n\r'\"abfnrtvx0-7NuU]|\\[4-7][0-7][0-7]|(?:\b[0-9]\w*|\.)(?:and|else|for|if|in|is|not|or)\b"
)
"""What Python's parser warns of, which a program must not make this process do."""
_LONGEST = 1 << 14
"""Characters; reading this much takes a few hundredths of a second at most, whatever it is."""
_INERT = frozenset({"zip", "enumerate", "reversed"})
"""Whose elements are there already: computing them runs nothing of the program."""
_LAZY = _INERT | {"map", "filter"}
_EXHAUSTING = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "min", "max", "Counter", "deque", "OrderedDict"}
)
_EXHAUSTING_METHODS = frozenset(
    {"join", "extend", "update", "union", "intersection", "difference", "fromkeys", "issubset", "issuperset"}
)
_STOPPING = frozenset({"any", "all"})
_CHANGING = frozenset(
    {
        *("append", "appendleft", "add", "clear", "discard", "extend", "extendleft", "insert", "pop", "popitem"),
        *("popleft", "remove", "reverse", "rotate", "setdefault", "sort", "update"),
    }
)
_ONLY_READING = frozenset(
    {"abs", "all", "any", "bool", "enumerate", "float", "int", "isinstance", "len", "list", "max", "min", "print"}
    | {"range", "repr", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "type", "zip"}
)


class Laziness(Enum):
    """How far Monty can be believed about a program."""

    NONE = "none"
    """What comes of it is what would come of it in Python."""
    STOPS = "stops"
    """Python may stop before elements at which Monty fails: what it answers is right, and a failure is none."""
    SHOWS = "shows"
    """It can see a list where Python would show it an iterator."""


class _Use(Enum):
    """What becomes of something lazy where it is made."""

    EXHAUSTED = 1
    STOPPED = 2


def laziness(source: str) -> Laziness:
    """How much of a program's laziness shows; NONE for what is no Python, which Monty will say.

    Nothing of the source is run: it is parsed, where it is short enough for that to be harmless.
    """
    has_lazy_names = _LAZY_NAME.search(source) is not None
    if not has_lazy_names and ("for" not in source or len(_FOR.findall(source)) == len(_LOOP.findall(source))):
        return Laziness.NONE
    nodes = nodes_of(source)
    if nodes is None:
        return Laziness.SHOWS
    makers = [node for node in nodes if _makes_something_lazy(node)]
    callees = {id(node.func) for node in makers if isinstance(node, ast.Call)}
    if any(isinstance(node, ast.Name) and node.id in _LAZY and id(node) not in callees for node in nodes):
        return Laziness.SHOWS  # called by another name, or shadowed
    own = _own_names(nodes)
    if not makers:
        return Laziness.NONE
    if not own.isdisjoint(_LAZY):
        return Laziness.SHOWS
    uses: dict[int, tuple[_Use, ast.AST]] = {}
    for node in nodes:
        for lazy, use in _consumed(node, own):
            uses.setdefault(id(lazy), (use, node))
    worst, changes = Laziness.NONE, _changes(nodes[0])
    for node in makers:
        found, consumer = _outermost(node, uses)
        if found is None or _changes_what_it_walks(node, consumer, changes.get(id(consumer), {})):
            return Laziness.SHOWS
        if found is not _Use.EXHAUSTED and not (isinstance(node, ast.Call) and _name(node.func) in _INERT):
            worst = Laziness.STOPS
    return worst


def nodes_of(source: str) -> list[ast.AST] | None:
    """All of a program's syntax, from the whole to its parts; [] for what is no Python, None for what is not parsed."""
    if len(source) > _LONGEST or _WARNED_OF.search(source) is not None:
        return None
    try:
        return list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):  # the last by a fault of Python 3.11
        return []


def _makes_something_lazy(node: ast.AST) -> bool:
    return isinstance(node, ast.GeneratorExp) or (isinstance(node, ast.Call) and _name(node.func) in _LAZY)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _own_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that the program gives: of functions, methods, classes, arguments and variables."""
    names: set[str] = set()
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
    return names


def _consumed(node: ast.AST, own: set[str]) -> list[tuple[ast.AST, _Use]]:
    """What this node walks through, and how far. Names that are the program's own mean nothing."""
    match node:
        case ast.For():
            return [(node.iter, _Use.STOPPED)]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return [(part.iter, _Use.EXHAUSTED) for part in node.generators]
        case ast.Starred():
            return [(node.value, _Use.EXHAUSTED)]
        case ast.Assign(targets=[ast.Tuple() | ast.List()]):
            return [(node.value, _Use.EXHAUSTED)]
        case ast.Compare():
            signed = zip(node.ops, node.comparators, strict=True)
            return [(right, _Use.STOPPED) for sign, right in signed if isinstance(sign, ast.In | ast.NotIn)]
        case ast.Call():
            use = _use_by(node.func, own)
            return [] if use is None else [(argument, use) for argument in node.args]
    return []


def _use_by(function: ast.expr, own: set[str]) -> _Use | None:
    name = function.attr if isinstance(function, ast.Attribute) else _name(function)
    if name in own:
        return None
    if name in (_EXHAUSTING_METHODS if isinstance(function, ast.Attribute) else _EXHAUSTING):
        return _Use.EXHAUSTED
    if isinstance(function, ast.Attribute):
        return None
    if name in _STOPPING or name == "zip":  # which stops at its shortest argument
        return _Use.STOPPED
    return _Use.EXHAUSTED if name in _LAZY else None


def _outermost(node: ast.AST, uses: dict[int, tuple[_Use, ast.AST]]) -> tuple[_Use | None, ast.AST]:
    """How far something lazy is walked, and by what, where it may be an argument of something lazy itself."""
    use, consumer = uses.get(id(node), (None, node))
    if use is None or not _makes_something_lazy(consumer):
        return use, consumer
    outer, last = _outermost(consumer, uses)
    if outer is None:
        return None, last
    return (_Use.STOPPED if _Use.STOPPED in (use, outer) else outer), last


def _changes(tree: ast.AST) -> dict[int, dict[str, set[str]]]:
    """What each loop and each comprehension may change while it runs: id -> name of the place in it -> names.

    All of them are found in one walk: a program may have a thousand, one inside the other.
    """
    found: dict[int, dict[str, set[str]]] = {}
    todo: list[tuple[ast.AST, tuple[int, ...]]] = [(tree, ())]
    while todo:
        node, loops = todo.pop()
        if _is_comprehension(node):
            loops = (*loops, id(node))
        if loops and (names := _changed(node)):
            place = _name(node.slice) if isinstance(node, ast.Subscript) else ""
            for loop in loops:
                found.setdefault(loop, {}).setdefault(place, set()).update(names)
        if isinstance(node, ast.For):
            todo += [(part, (*loops, id(node))) for part in node.body]
            todo += [(part, loops) for part in (node.target, node.iter, *node.orelse)]
        else:
            todo += [(part, loops) for part in ast.iter_child_nodes(node)]
    return found


def _changes_what_it_walks(node: ast.AST, walker: ast.AST, changed: dict[str, set[str]]) -> bool:
    """Whether a loop may change what it walks through: Monty walks through what was there at its beginning."""
    walked = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} if changed else set()
    here = _counter(node, walker)
    return any(not walked.isdisjoint(names) for place, names in changed.items() if not here or place != here)


def _is_comprehension(node: ast.AST) -> bool:
    return isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)


def _counter(node: ast.AST, loop: ast.AST) -> str:
    """Of ``for i, item in enumerate(items)`` the ``i``: what is put at this place has been walked past."""
    match node, loop:
        case ast.Call(func=ast.Name(id="enumerate"), args=[ast.Name()]), ast.For(
            target=ast.Tuple(elts=[ast.Name(id=name), _])
        ):
            return name
    return ""


def _changed(node: ast.AST) -> set[str]:
    """Names of what this node may change."""
    match node:
        case ast.AugAssign():
            return {_root(node.target)}
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            return {_root(node)}
        case ast.Call(func=ast.Attribute() as method):
            return {_root(method)} if method.attr in _CHANGING or _root(method) == "self" else set()
        case ast.Call() if _name(node.func) not in _ONLY_READING | _LAZY:
            return {_root(argument) for argument in node.args}
    return set()


def _root(node: ast.AST) -> str:
    """``a`` of ``a.b[c]``; "" where it does not begin with a name."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return _name(node)
