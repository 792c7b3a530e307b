"""Mutations: which edits there are at a line of a program, and bugs drawn from them.

============  ==========================================================================================
kind          what it does, for example
============  ==========================================================================================
operator      another operation of the same types: ``a + b`` becomes ``a - b``, ``max`` becomes ``min``
argument      another variable or constant in its place, or two arguments exchanged
constant      another constant of the grammar
off by one    ``3`` becomes ``4``; ``n`` becomes ``n - 1``
swap          two neighbouring lines exchange what they do
remove        a line is missing: what used it uses an earlier variable of the same type
insert        a line is put in: what used an earlier variable now uses the new one
============  ==========================================================================================

Every edit of a well-formed program gives a well-formed program. ``edit.inverse.apply(edit.apply(program)) == program``,
and the inverse of an edit that is listed for a program of the grammar is listed for the program that the edit
leads to, up to the name of the variable that an insertion assigns: whatever is broken with these edits can be mended
with them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cache

import numpy as np

from reasoning_envs.programs.behaviour import outputs
from reasoning_envs.programs.edits import (
    KINDS,
    Edit,
    EditError,
    Insert,
    Kind,
    Remove,
    Replace,
    Swap,
    expression_at,
    expressions_from,
)
from reasoning_envs.programs.grammar import Grammar
from reasoning_envs.programs.inputs import probe_arguments
from reasoning_envs.programs.operations import LOOP, OPERATIONS
from reasoning_envs.programs.trees import (
    LITERALS,
    MAX_DEPTH,
    MAX_NODES,
    Expr,
    Line,
    Path,
    Program,
    ProgramError,
    at,
    call,
    const,
    fill,
    free_names,
    var,
    walk,
)
from reasoning_envs.programs.values import MAX_INT, Type, Value

__all__ = ["corrupt", "legal_edits"]


def legal_edits(program: Program, line: int, grammar: Grammar, kinds: Collection[Kind] = KINDS) -> tuple[Edit, ...]:
    """All edits at a line, in a fixed order: by kind, then by place, then by what takes the place.

    Args:
        program: to be edited.
        line: from 0; ``len(program.lines)`` is the ``return``, which takes edits of its expression and insertions.
        grammar: gives the operations, the constants and the lines to insert.
        kinds: those that are wanted; insertions are ten times as many as all others.

    Raises:
        IndexError: there is no such line.
    """
    expr = expression_at(program, line)
    scope = program.scope(line)
    found: list[Edit] = []
    taken: set[tuple[Path, Expr]] = set()
    for kind, replacements in _REPLACEMENTS.items():
        if kind in kinds:
            for path, after in replacements(expr, scope, grammar):
                if after.op == "const" and path and at(expr, path[:-1]).op in LITERALS:
                    continue  # -n with 3 for n is the literal -3: the place would be gone
                grown = program.size + after.size - at(expr, path).size
                if (path, after) not in taken and grown <= MAX_NODES:
                    taken.add((path, after))
                    found.append(Replace(line, path, at(expr, path), after, kind))
    if line < len(program.lines):
        others: list[Edit] = [Swap(line)] if "swap" in kinds else []
        if "remove" in kinds:
            others.extend(Remove(line, program.lines[line], name) for name in scope)
        found.extend(edit for edit in others if _fits(edit, program))
    if "insert" in kinds:
        found.extend(_insertions(program, line, grammar))
    return tuple(found)


def corrupt(
    program: Program, rng: np.random.Generator, grammar: Grammar, kinds: tuple[Kind, ...] = KINDS[:-1]
) -> tuple[Program, Edit]:
    """The program with one edit that changes what it does: a bug.

    First one of the kinds is drawn and then one of its edits, since some kinds have many more edits than others. The
    result still returns a value on some probe, and another value, or an error, on at least one.

    Args:
        program: to be spoiled.
        rng: draws the edit.
        grammar: see :func:`legal_edits`.
        kinds: of edits to draw from; by default all but insertions.

    Returns:
        The spoiled program, and the edit; its inverse mends the program.

    Raises:
        ValueError: no edit of these kinds changes what the program does.
    """
    probes = probe_arguments(tuple(kind for _, kind in program.parameters))
    right = outputs(program, probes)
    possible: dict[Kind, list[Edit]] = {kind: [] for kind in kinds}
    for line in range(len(program.lines) + 1):
        for edit in legal_edits(program, line, grammar, kinds):
            possible[edit.kind].append(edit)
    left = [kind for kind in kinds if possible[kind]]
    while left:
        kind = left[int(rng.integers(len(left)))]
        edit = possible[kind].pop(int(rng.integers(len(possible[kind]))))
        if not possible[kind]:
            left.remove(kind)
        spoiled = edit.apply(program)
        wrong = outputs(spoiled, probes)
        if spoiled.result.type is program.result.type and wrong != right and any(value is not None for value in wrong):
            return spoiled, edit
    raise ValueError(f"no edit of the kinds {', '.join(kinds)} changes what the program does:\n{program}")


# -- what may take a place ----------------------------------------------------------------------------------------


def _operators(expr: Expr, scope: dict[str, Type], grammar: Grammar) -> Iterator[tuple[Path, Expr]]:
    for path, node in walk(expr):
        if node.op in OPERATIONS:
            for name in _alike(node.op):
                if name != node.op and name in grammar.operations:
                    yield path, call(name, *node.args, names=node.value)


@cache
def _alike(name: str) -> tuple[str, ...]:
    """Operations that take the same arguments and give the same type."""
    row = OPERATIONS[name]
    return tuple(
        other.name
        for other in OPERATIONS.values()
        if (other.arguments, other.result, other.binds) == (row.arguments, row.result, row.binds)
        and (other.form == LOOP) == (row.form == LOOP)
    )


_COMMUTATIVE = frozenset(("add", "mul", "min_of_two", "max_of_two", "eq", "ne", "eq_list", "eq_str", "and", "or"))


def _arguments(expr: Expr, scope: dict[str, Type], grammar: Grammar) -> Iterator[tuple[Path, Expr]]:
    for path, node in walk(expr):
        if node.op == "var" or (node.op == "const" and node.value in _pool(grammar, node.type)):
            around = {**scope, **_bound(expr, path)}
            for name, kind in around.items():
                if kind is node.type and not (node.op == "var" and node.value == name):
                    yield path, var(name, kind)
            if node.op == "var":
                for value in _pool(grammar, node.type):
                    yield path, const(value)
        elif len(node.args) == 2 and node.op not in _COMMUTATIVE and not node.operation.binds:
            left, right = node.args
            if left.type is right.type and left != right:
                yield path, call(node.op, right, left)


def _constants(expr: Expr, scope: dict[str, Type], grammar: Grammar) -> Iterator[tuple[Path, Expr]]:
    for path, node in walk(expr):
        if node.op == "const":
            pool = _pool(grammar, node.type)
            if node.value in pool:
                for value in pool:
                    if value != node.value:
                        yield path, const(value)


def _offsets(expr: Expr, scope: dict[str, Type], grammar: Grammar) -> Iterator[tuple[Path, Expr]]:
    for path, node in walk(expr):
        if node.type is not Type.INT:
            continue
        above = at(expr, path[:-1]) if path and path[-1] == 0 else None
        inside = above is not None and _is_by_one(above)
        if node.op == "const":
            for value in (node.value - 1, node.value + 1):
                if abs(value) <= MAX_INT:
                    yield path, const(value)
        elif node.op == "var" and not inside and len(path) + 2 < MAX_DEPTH:
            yield path, call("sub", node, const(1))
            yield path, call("add", node, const(1))
        elif _is_by_one(node) and node.args[0].op == "var" and not inside:
            yield path, node.args[0]


def _is_by_one(node: Expr) -> bool:
    """Something plus or minus one."""
    return node.op in ("add", "sub") and node.args[1].op == "const" and bool(node.args[1].value == 1)


def _insertions(program: Program, line: int, grammar: Grammar) -> Iterator[Insert]:
    scope = program.scope(line)
    behind = frozenset().union(*(free_names(expr) for expr in expressions_from(program, line)))
    taken = {*dict(program.parameters), *(each.target for each in program.lines), *_all_bound(program)}
    number = 1
    while f"v{number}" in taken:
        number += 1
    for production in grammar.productions:
        places = [name for name, kind in scope.items() if kind is production.result and name in behind]
        if not places:
            continue
        choices: list[list[Expr]] = [[]]
        for kind, pool in zip(production.holes, production.pools, strict=True):
            options = [var(name, each) for name, each in scope.items() if each is kind]
            options.extend(const(value) for value in pool)
            choices = [[*chosen, option] for chosen in choices for option in options]
        for chosen in choices:
            if any(arg.op == "var" for arg in chosen):
                statement = Line(f"v{number}", fill(production.template, chosen))
                if program.size + statement.expr.size > MAX_NODES:
                    continue
                yield from (Insert(line, statement, name) for name in places)


def _all_bound(program: Program) -> Iterator[str]:
    for expr in expressions_from(program, 0):
        for _, node in walk(expr):
            if node.op in OPERATIONS and node.operation.binds:
                yield from node.value


def _pool(grammar: Grammar, kind: Type) -> tuple[Value, ...]:
    return _pools(grammar)[kind]


@cache
def _pools(grammar: Grammar) -> dict[Type, tuple[Value, ...]]:
    nodes = [const(value) for value in grammar.constants]
    return {kind: tuple(node.value for node in nodes if node.type is kind) for kind in Type}


def _bound(expr: Expr, path: Path) -> dict[str, Type]:
    """What the operations around a place bind there."""
    found: dict[str, Type] = {}
    for index in path:
        if expr.value is not None and index == 0:
            found.update(zip(expr.value, expr.operation.binds, strict=True))
        expr = expr.args[index]
    return found


_REPLACEMENTS: dict[Kind, Callable[[Expr, dict[str, Type], Grammar], Iterator[tuple[Path, Expr]]]] = {
    "operator": _operators,
    "argument": _arguments,
    "constant": _constants,
    "off by one": _offsets,
}


def _fits(edit: Edit, program: Program) -> bool:
    try:
        return edit.apply(program) != program
    except (EditError, ProgramError):
        return False
