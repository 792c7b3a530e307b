"""Programs as immutable trees: what a function of the typed subset of Python *is* in this package.

A :class:`Program` is a function whose lines each assign a new variable (single static assignment) and which returns an
expression. A line is an expression tree, or a loop, which source shows in three lines of text:

>>> from reasoning_envs.programs.reader import read_program
>>> program = read_program('''
... def f(xs: list[int], n: int) -> int:
...     v1 = [x * n for x in xs]
...     v2 = 0
...     for x in v1:
...         v2 = v2 * 10 + x
...     return v2
... ''')
>>> [line.target for line in program.lines], program.size
(['v1', 'v2'], 14)

Trees are tuples underneath: immutable, hashable, picklable. Two trees are equal if and only if their keys are, which
are texts and therefore the same in every process.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reasoning_envs.programs.operations import ACCUMULATOR, LOOP, OPERATIONS, RESERVED, Operation
from reasoning_envs.programs.values import Type, Value, bounded, plain, type_of

__all__ = [
    "LITERALS",
    "MAX_DEPTH",
    "MAX_NODES",
    "Expr",
    "Line",
    "Parameter",
    "Path",
    "Program",
    "ProgramError",
    "at",
    "call",
    "const",
    "fill",
    "free_names",
    "hole",
    "rename",
    "replace_at",
    "var",
    "walk",
]

MAX_NODES = 400
"""Nodes of a program at most. With one level of comprehensions it bounds the work: nodes times length squared."""

MAX_DEPTH = 40
"""Levels of an expression at most, so that no recursion over one runs out of stack."""

LITERALS = ("neg", "single")
"""Operations that Python's own literals begin with: ``-3`` and ``[3]`` are constants."""

Path = tuple[int, ...]
"""Where in a tree: the index of an argument, then of an argument of that, and so on."""


class ProgramError(ValueError):
    """Not a program of the typed subset; the message says what and where."""


class _Fields(NamedTuple):
    op: str
    args: tuple[Any, ...]
    value: Any
    type: Type
    size: int
    key: str


class Expr(_Fields):
    """One node of an expression tree. Build it with the functions of this module.

    It is a tuple underneath, which makes it immutable and quick to build; treat it as a record, not as a sequence.

    Attributes:
        op: ``"const"``, ``"var"``, ``"hole"`` or the name of an operation of
            :data:`~reasoning_envs.programs.operations.OPERATIONS`.
        args: the arguments, trees.
        value: of a constant; the name of a variable; the number of a hole; the names that a binding operation binds.
        type: of the value that it evaluates to.
        size: nodes. key: canonical text, equal for equal trees only.
    """

    __slots__ = ()

    args: tuple[Expr, ...]

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Expr) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Expr({str(self)!r})"

    def __str__(self) -> str:
        from reasoning_envs.programs.render import render_expression

        return render_expression(self)

    def __reduce__(self) -> tuple[Callable[..., Expr], tuple[object, ...]]:
        return _restore, (self.op, self.args, self.value, self.type)

    @property
    def operation(self) -> Operation:
        """The row of the table.

        Raises:
            KeyError: a constant, a variable or a hole.
        """
        return OPERATIONS[self.op]


def _leaf(op: str, value: Any, kind: Type, key: str) -> Expr:
    return tuple.__new__(Expr, (op, (), value, kind, 1, key))


def const(value: Value) -> Expr:
    """A constant.

    Raises:
        TypeError: no value of a program. BoundError: it is too large.
    """
    kind = type_of(value)
    return _leaf("const", value, kind, repr(plain(bounded(value))))


def var(name: str, kind: Type) -> Expr:
    """A parameter, the variable of an earlier line, or a name that an operation around it binds."""
    return _leaf("var", name, kind, f"{name}:{kind.value}")


def hole(number: int, kind: Type) -> Expr:
    """A place to be filled by :func:`fill`."""
    return _leaf("hole", number, kind, f"_{number}:{kind.value}")


def call(name: str, *args: Expr, names: Sequence[str] | None = None) -> Expr:
    """An operation on arguments.

    What Python reads as a literal is one: ``-(3)`` is the constant -3, ``[3]`` the constant list.

    Args:
        name: of the operation.
        args: as many as it takes, of its types.
        names: of the variables that a binding operation binds; its usual ones by default.

    Raises:
        ProgramError: a wrong number or type of arguments or names, or a loop or comprehension in the body of one.
    """
    operation = OPERATIONS.get(name)
    if operation is None:
        raise ProgramError(f"there is no operation {name!r}")
    if tuple(arg.type for arg in args) != operation.arguments:
        wanted = ", ".join(kind.value for kind in operation.arguments)
        raise ProgramError(f"{name} takes ({wanted}), got ({', '.join(arg.type.value for arg in args)})")
    if name in LITERALS and args[0].op == "const":
        value = args[0].value
        if name == "single":
            return const((value,))
        if value >= 0:
            return const(-value)
    bound = None
    head = name
    if operation.binds:
        bound = tuple(operation.names if names is None else names)
        if len(bound) != len(operation.binds) or len(set(bound)) != len(bound):
            raise ProgramError(f"{name} binds {len(operation.binds)} different names, got {bound}")
        if any(node.op in OPERATIONS and node.operation.binds for _, node in walk(args[0])):
            raise ProgramError(f"a comprehension or loop inside the body of {name}: give it a line of its own")
        head = f"{name}|{'|'.join(bound)}"
    elif names is not None:
        raise ProgramError(f"{name} binds no names, got {tuple(names)}")
    size = 1 + sum(arg.size for arg in args)
    key = f"{head}({','.join([arg.key for arg in args])})"
    return tuple.__new__(Expr, (name, args, bound, operation.result, size, key))


def _restore(op: str, args: tuple[Expr, ...], value: Any, kind: Type) -> Expr:
    if op == "const":
        return const(value)
    if op == "var":
        return var(value, kind)
    if op == "hole":
        return hole(value, kind)
    return call(op, *args, names=value)


def _rebuild(expr: Expr, args: Sequence[Expr]) -> Expr:
    return call(expr.op, *args, names=expr.value)


def walk(expr: Expr) -> Iterator[tuple[Path, Expr]]:
    """All nodes with their paths, each before its arguments."""
    waiting: list[tuple[Path, Expr]] = [((), expr)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        waiting.extend(((*path, index), arg) for index, arg in reversed(list(enumerate(node.args))))


def at(expr: Expr, path: Path) -> Expr:
    """The node at a path.

    Raises:
        IndexError: there is none.
    """
    for index in path:
        expr = expr.args[index]
    return expr


def replace_at(expr: Expr, path: Path, new: Expr) -> Expr:
    """The tree with another node at a path.

    Raises:
        IndexError: no such path. ProgramError: the new node does not fit.
    """
    if not path:
        return new
    args = list(expr.args)
    args[path[0]] = replace_at(args[path[0]], path[1:], new)
    return _rebuild(expr, args)


def free_names(expr: Expr) -> frozenset[str]:
    """Names of the variables that the expression itself does not bind."""
    if expr.op == "var":
        return frozenset((expr.value,))
    if not expr.args:
        return frozenset()
    parts = [free_names(arg) for arg in expr.args]
    if expr.value is not None:
        parts[0] -= set(expr.value)
    return frozenset().union(*parts)


def rename(expr: Expr, names: Mapping[str, str]) -> Expr:
    """The tree with free variables renamed."""
    if expr.op == "var":
        return var(names[expr.value], expr.type) if expr.value in names else expr
    if not expr.args or names.keys().isdisjoint(free_names(expr)):
        return expr
    inner = {old: new for old, new in names.items() if old not in (expr.value or ())}
    return _rebuild(expr, [rename(arg, inner if index == 0 else names) for index, arg in enumerate(expr.args)])


def fill(template: Expr, args: Sequence[Expr]) -> Expr:
    """The tree with its holes filled.

    Raises:
        ProgramError: an argument of another type than its hole. IndexError: too few arguments.
    """
    if template.op == "hole":
        arg: Expr = args[template.value]
        if arg.type is not template.type:
            raise ProgramError(f"hole {template.value} takes {template.type.value}, got {arg.type.value}")
        return arg
    if not template.args:
        return template
    return _rebuild(template, [fill(arg, args) for arg in template.args])


class Parameter(NamedTuple):
    """A parameter of a program."""

    name: str
    type: Type


class Line(NamedTuple):
    """One line: a new variable and what it is."""

    target: str
    expr: Expr

    def __str__(self) -> str:
        from reasoning_envs.programs.render import render_line

        return render_line(self)


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A function: every line assigns a new variable from those before it, and the last statement returns.

    Attributes:
        parameters: one or more.
        lines: in order; may be empty.
        result: what is returned.
        name: of the function.
        size: nodes of all lines and of the result, at most :data:`MAX_NODES`.
        key: canonical text, equal for equal programs only.

    Raises:
        ProgramError: a name that is used before it is assigned, assigned twice, reserved or hidden by a bound name; a
            loop inside an expression; too many nodes.
    """

    parameters: tuple[Parameter, ...]
    lines: tuple[Line, ...]
    result: Expr
    name: str = "f"
    size: int = field(init=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        size = sum(line.expr.size for line in self.lines) + self.result.size
        if size > MAX_NODES:
            raise ProgramError(f"a program of {size} nodes; at most {MAX_NODES} are allowed")
        for expr in (*(line.expr for line in self.lines), self.result):
            if any(len(path) >= MAX_DEPTH for path, _ in walk(expr)):
                raise ProgramError(f"an expression of more than {MAX_DEPTH} levels")
        if not self.parameters:
            raise ProgramError("a program takes one parameter or more")
        known: dict[str, Type] = {}
        for name, kind in self.parameters:
            _declare(known, name, kind, {self.name})
        for line in self.lines:
            _check(line.expr, known, ())
            _declare(known, line.target, line.expr.type, {self.name})
        _check(self.result, known, (0,))
        _check_bound((*(line.expr for line in self.lines), self.result), known)
        head = ",".join(f"{name}:{kind.value}" for name, kind in self.parameters)
        body = ";".join(f"{target}={expr.key}" for target, expr in self.lines)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "key", f"{self.name}({head}){{{body};{self.result.key}}}")

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Program) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        from reasoning_envs.programs.render import render_program

        return render_program(self)

    def scope(self, line: int) -> dict[str, Type]:
        """Names and types of what a line may use: parameters first, then the lines before it.

        Args:
            line: from 0; ``len(lines)`` is the result.
        """
        return dict(self.parameters) | {target: expr.type for target, expr in self.lines[:line]}

    def without_dead_lines(self) -> Program:
        """The program without the lines that nothing uses, directly or through others, the result included."""
        needed = set(free_names(self.result))
        kept: list[Line] = []
        for line in reversed(self.lines):
            if line.target in needed:
                needed |= free_names(line.expr)
                kept.append(line)
        return Program(self.parameters, tuple(reversed(kept)), self.result, self.name)


def _declare(known: dict[str, Type], name: str, kind: Type, taken: set[str]) -> None:
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_") or not name.isascii():
        raise ProgramError(f"{name!r} is no name for a variable: use letters, digits and inner underscores")
    if name in RESERVED or name in taken:
        raise ProgramError(f"the name {name!r} is taken: call the variable something else")
    if name in known:
        raise ProgramError(f"{name!r} is assigned twice; each line assigns a new variable")
    known[name] = kind


def _check(expr: Expr, known: Mapping[str, Type], path: Path) -> None:
    """Every variable is known with its type, no hole is left, and loops stand at the top of a line only."""
    if expr.op == "var":
        kind = known.get(expr.value)
        if kind is None:
            raise ProgramError(f"{expr.value!r} is used before it is assigned")
        if kind is not expr.type:
            raise ProgramError(f"{expr.value!r} is {kind.value}, and is used as {expr.type.value}")
    elif expr.op == "hole":
        raise ProgramError("a template with a hole is no part of a program: fill it")
    elif expr.args:
        operation = expr.operation
        if operation.form == LOOP:
            if path:
                raise ProgramError("a loop stands on lines of its own, not inside an expression")
            if expr.value[0] != ACCUMULATOR:
                raise ProgramError(f"a loop builds {ACCUMULATOR!r}, not {expr.value[0]!r}")
        inner = known
        if operation.binds:
            inner = {**known, **dict(zip(expr.value, operation.binds, strict=True))}
        for index, arg in enumerate(expr.args):
            _check(arg, inner if index == 0 else known, (*path, index))


def _check_bound(exprs: Sequence[Expr], known: Mapping[str, Type]) -> None:
    """A bound name hides no variable: the variable of a Python loop lives on after it."""
    for expr in exprs:
        for _, node in walk(expr):
            if node.op not in ("const", "var", "hole") and node.value is not None:
                for name in node.value:
                    if name in known:
                        raise ProgramError(f"{name!r} is bound inside a line and is also a variable of the program")
                    if name != ACCUMULATOR:
                        _declare({}, name, Type.INT, set())
