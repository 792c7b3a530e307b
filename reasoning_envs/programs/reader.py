"""Reading source of the typed subset of Python back into a tree. Nothing is executed: only a syntax tree is looked at.

The reader is strict. It takes one function of assignments to new variables, loops that build one variable, and a final
``return``; expressions are matched against the forms of the operations. What is not of the subset is a
:class:`~reasoning_envs.programs.trees.ProgramError` that names the line and what stands there.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping, Sequence

from reasoning_envs.programs.operations import ACCUMULATOR, LOOP, OPERATIONS, Operation
from reasoning_envs.programs.trees import (
    MAX_DEPTH,
    Expr,
    Line,
    Parameter,
    Program,
    ProgramError,
    call,
    const,
    hole,
    rename,
    var,
)
from reasoning_envs.programs.values import BoundError, Type, Value

__all__ = ["MAX_SOURCE", "read_expression", "read_program"]

MAX_SOURCE = 20_000
"""Characters of a source at most."""

Scope = Mapping[str, Type]


def read_program(source: str, types: Sequence[Type] | None = None) -> Program:
    """The program that a source holds.

    Args:
        source: of one function, as :func:`~reasoning_envs.programs.render.render_program` writes it.
        types: of the parameters, where they are not annotated.

    Raises:
        ProgramError: it is none of the subset; the message says where and why.
    """
    tree = _parse(source, "exec")
    assert isinstance(tree, ast.Module)
    match tree.body:
        case [ast.FunctionDef(decorator_list=[]) as function]:
            return _program(function, types)
    raise ProgramError("the source must hold one function and nothing else: def f(xs: list[int]) -> int: ...")


def read_expression(source: str, scope: Mapping[str, Type], holes: Sequence[Type] = ()) -> Expr:
    """The tree of one expression.

    Args:
        source: of the expression; ``_0``, ``_1``, ... are holes.
        scope: types of the variables that it may use.
        holes: types of the holes.

    Raises:
        ProgramError: it is none of the subset; the message says where and why.
    """
    tree = _parse(source, "eval")
    assert isinstance(tree, ast.Expression)
    return _Reader(tuple(holes)).expression(tree.body, scope)


def _parse(source: str, mode: str) -> ast.AST:
    if len(source) > MAX_SOURCE:
        raise ProgramError(f"a source of {len(source)} characters; at most {MAX_SOURCE} are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the compiler, on odd escapes: what it reads is what counts
            tree: ast.AST = ast.parse(source, mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ProgramError(f"the source is not Python: {error}") from error
    level: list[ast.AST] = [tree]
    for _ in range(2 * MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise ProgramError("the source is nested too deeply")
    return _Ranges().visit(tree)  # type: ignore[no-any-return]  # what a visitor returns is untyped


class _Ranges(ast.NodeTransformer):
    """Behind ``in`` of a loop or comprehension a range stands for the list of its items."""

    def visit_For(self, node: ast.For) -> ast.AST:
        node.iter = _listed(node.iter)
        return self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter = _listed(node.iter)
        return self.generic_visit(node)


def _listed(node: ast.expr) -> ast.expr:
    match node:
        case ast.Call(func=ast.Name(id="range")):
            return ast.copy_location(ast.Call(ast.Name("list", ast.Load()), [node], []), node)
    return node


def _error(node: ast.AST, what: str) -> ProgramError:
    return ProgramError(f"line {getattr(node, 'lineno', 1)}: {what}")


def _source(node: ast.AST) -> str:
    return f"{ast.unparse(node):.80}"


def _program(function: ast.FunctionDef, types: Sequence[Type] | None) -> Program:
    arguments = function.args
    if arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg or arguments.defaults:
        raise _error(function, "parameters must be plain: no defaults, no * and no /")
    if types is not None and len(types) != len(arguments.args):
        raise _error(function, f"{len(arguments.args)} parameters, and types of {len(types)}")
    parameters = tuple(
        Parameter(argument.arg, _annotation(argument, None if types is None else types[index]))
        for index, argument in enumerate(arguments.args)
    )
    scope: dict[str, Type] = dict(parameters)
    if not function.body or not isinstance(function.body[-1], ast.Return) or function.body[-1].value is None:
        raise _error(function, "the last statement must return a value")
    reader = _Reader(())
    lines: list[Line] = []
    statements = iter(function.body[:-1])
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)], value=value):
                expr = reader.expression(value, scope)
            case ast.For():
                target, expr = _loop(reader, statement, lines, scope)
                lines.pop()
                del scope[target]
            case _:
                raise _error(
                    statement,
                    f"{_source(statement)!r}: a line assigns a new variable, or is a loop that builds the variable of "
                    "the line above it",
                )
        if target in scope:
            raise _error(statement, f"{target!r} is assigned twice; each line assigns a new variable")
        scope[target] = expr.type
        lines.append(Line(target, expr))
    result = reader.expression(function.body[-1].value, scope)
    if function.returns is not None and _type(function.returns) is not result.type:
        raise _error(function, f"it returns {result.type.value}, and is annotated -> {_source(function.returns)}")
    return Program(parameters, tuple(lines), result, function.name)


def _annotation(argument: ast.arg, given: Type | None) -> Type:
    if argument.annotation is None:
        if given is None:
            raise _error(argument, f"the parameter {argument.arg!r} needs a type: {argument.arg}: int")
        return given
    found = _type(argument.annotation)
    if given is not None and given is not found:
        raise _error(argument, f"the parameter {argument.arg!r} is {found.value}, and {given.value} was asked for")
    return found


def _type(node: ast.expr) -> Type:
    try:
        return Type(ast.unparse(node))
    except ValueError:
        known = ", ".join(kind.value for kind in Type)
        raise _error(node, f"there is no type {_source(node)!r}; known: {known}") from None


def _loop(reader: _Reader, node: ast.For, lines: Sequence[Line], scope: Scope) -> tuple[str, Expr]:
    """What a loop and the line above it assign."""
    wanted = "a loop assigns only the variable of the line above it: 'for x in xs:' and then 'v1 = ...'"
    match node:
        case ast.For(
            target=ast.Name(id=item), body=[ast.Assign(targets=[ast.Name(id=target)], value=step)], orelse=[]
        ) if lines and lines[-1].target == target and item != target:
            start = lines[-1].expr
        case _:
            raise _error(node, wanted)
    if start.op in OPERATIONS and start.operation.form == LOOP:
        raise _error(node, wanted)
    outer = {name: kind for name, kind in scope.items() if name != target}
    if item in outer:
        raise _error(node, f"{item!r} is a variable already; call the variable of the loop something else")
    items = reader.expression(node.iter, outer)
    for name in (f"loop_{kind.name.lower()}" for kind in Type):
        wants = OPERATIONS[name].arguments
        if wants[1:] == (start.type, items.type):
            bound = {**outer, target: start.type, item: OPERATIONS[name].binds[1]}
            body = rename(reader.expression(step, bound), {target: ACCUMULATOR})
            try:
                return target, call(name, body, start, items, names=(ACCUMULATOR, item))
            except ProgramError as error:
                raise _error(node, str(error)) from None
    raise _error(node, f"no loop over {items.type.value} builds {start.type.value}")


class _Reader:
    """Matches expressions against the forms of operations."""

    def __init__(self, holes: Sequence[Type]) -> None:
        self._holes = {f"_{number}": hole(number, kind) for number, kind in enumerate(holes)}

    def expression(self, node: ast.expr, scope: Scope) -> Expr:
        """The tree of a syntax tree.

        Raises:
            ProgramError: it is none of the subset.
        """
        match node:
            case ast.Name(id=name):
                if name in self._holes:
                    return self._holes[name]
                if name not in scope:
                    raise _error(node, f"{name!r} is used before it is assigned")
                return var(name, scope[name])
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                return _constant(node, _literal(node))
            case ast.List(elts=items) if all(map(_is_number, items)):
                return _constant(node, tuple(int(_literal(item)) for item in items))
        return self._operation(node, scope)

    def _operation(self, node: ast.expr, scope: Scope) -> Expr:
        read: dict[int, Expr] = {}
        seen: list[str] = []
        for operation in _BY_SHAPE.get(type(node), ()):
            parts: dict[str, ast.expr | str] = {}
            if not _matches(operation.pattern, node, parts):
                continue
            first = 1 if operation.binds else 0
            places = [parts[str(index)] for index in range(len(operation.arguments))]
            for place in places[first:]:
                assert isinstance(place, ast.expr)
                if id(place) not in read:
                    read[id(place)] = self.expression(place, scope)
            args = [read[id(place)] for place in places[first:]]
            kinds = tuple(arg.type for arg in args)
            if kinds != operation.arguments[first:]:
                seen.append(f"({', '.join(kind.value for kind in kinds)})")
                continue
            names = None
            if operation.binds:
                names = [str(parts[letter]) for letter in "xy"[: len(operation.binds)]]
                taken = [name for name in names if name in scope]
                if taken:
                    raise _error(node, f"{taken[0]!r} is a variable already; call the bound one something else")
                body = places[0]
                assert isinstance(body, ast.expr)
                args.insert(0, self.expression(body, {**scope, **dict(zip(names, operation.binds, strict=True))}))
                if args[0].type is not operation.arguments[0]:
                    seen.append(f"a body of type {args[0].type.value}")
                    continue
            try:
                return call(operation.name, *args, names=names)
            except ProgramError as error:
                raise _error(node, str(error)) from None
        if seen:
            raise _error(node, f"{_source(node)!r} is not done with {' or '.join(dict.fromkeys(seen))}")
        raise _error(node, f"{_source(node)!r} is not of the subset of Python that is read here")


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value) | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            return type(value) is int
    return False


def _literal(node: ast.expr) -> int | bool | str:
    match node:
        case ast.UnaryOp(operand=ast.Constant(value=value)) if type(value) is int:
            return -value
        case ast.Constant(value=value) if type(value) in (int, bool, str):
            return value  # type: ignore[return-value]  # the guard has seen the type
    raise _error(node, f"{_source(node)!r} is no int, bool or str")


def _constant(node: ast.expr, value: Value) -> Expr:
    try:
        return const(value)
    except BoundError as error:
        raise _error(node, str(error)) from None


def _matches(pattern: object, node: object, parts: dict[str, ast.expr | str]) -> bool:
    """The node has the form of the pattern; ``parts`` then holds what stands at its placeholders."""
    if isinstance(pattern, ast.Name) and pattern.id.startswith("_"):
        key = pattern.id[1:]
        if key.isdigit():
            if not isinstance(node, ast.expr) or isinstance(node, ast.Slice | ast.Starred):
                return False
            parts[key] = node
            return True
        return isinstance(node, ast.Name) and parts.setdefault(key, node.id) == node.id
    if isinstance(pattern, ast.AST):
        return type(pattern) is type(node) and all(
            _matches(getattr(pattern, name), getattr(node, name, None), parts)
            for name in pattern._fields
            if name not in ("ctx", "kind")
        )
    if isinstance(pattern, list):
        return (
            isinstance(node, list)
            and len(pattern) == len(node)
            and all(_matches(left, right, parts) for left, right in zip(pattern, node, strict=True))
        )
    return type(pattern) is type(node) and pattern == node


def _by_shape() -> dict[type[ast.expr], list[Operation]]:
    """Larger forms first: ``sorted(set(_0))`` before ``sorted(_0)``, since ``set(xs)`` alone is no expression here."""
    found: dict[type[ast.expr], list[Operation]] = {}
    for operation in OPERATIONS.values():
        if operation.form != LOOP:
            found.setdefault(type(operation.pattern), []).append(operation)
    for rows in found.values():
        rows.sort(key=lambda row: -sum(1 for _ in ast.walk(row.pattern)))
    return found


_BY_SHAPE = _by_shape()
