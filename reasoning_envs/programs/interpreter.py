"""Running trusted trees in this process, with exactly the results of Python, errors included.

Only trees are run, never source, and a tree can do nothing but compute: its operations are those of
:data:`~reasoning_envs.programs.operations.OPERATIONS`. Nothing hangs: a tree has at most
:data:`~reasoning_envs.programs.trees.MAX_NODES` nodes and one level of comprehensions, and a value that outgrows
``MAX_INT`` or ``MAX_LENGTH`` stops the run as an error kind of its own, ``"BoundError"``.

Bodies of comprehensions run over whole sequences through ``map``, in C where they can; a body with ``if`` or ``and``
runs item by item, since Python evaluates only parts of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any

from reasoning_envs.programs.operations import LOOP, Operation
from reasoning_envs.programs.trees import Expr, Parameter, Program, free_names
from reasoning_envs.programs.values import MAX_INT, BoundError, Value, bounded, type_of

__all__ = ["ERRORS", "Outcome", "check_arguments", "compile_expression", "compile_program", "run", "trace"]

ERRORS = (ZeroDivisionError, IndexError, ValueError, OverflowError, TypeError, BoundError)
"""All that an operation can raise. TypeError is of ``ord`` on a text that is no single character."""

Env = list[Any]
Closure = Callable[[Any], Any]
Columns = Callable[[Sequence[Any], Sequence[Sequence[Any]]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        value: that was returned; None where there was an error.
        error: name of the error, ``"ZeroDivisionError"``, ``"BoundError"``, ...; empty where there was none.
    """

    value: Value | None
    error: str = ""


def run(program: Program, args: Sequence[Value]) -> Outcome:
    """Call a program. Booleans, integers and texts as they are, lists as tuples.

    Raises:
        TypeError: the arguments are not of the parameters' types.
    """
    check_arguments(program.parameters, args)
    try:
        return Outcome(compile_program(program)(args)[-1])
    except ERRORS as error:
        return Outcome(None, type(error).__name__)


def trace(program: Program, args: Sequence[Value]) -> tuple[Outcome, ...]:
    """The value of every line and then of the result, up to and with the first error.

    Raises:
        TypeError: the arguments are not of the parameters' types.
    """
    check_arguments(program.parameters, args)
    _, steps = _compiled(program)
    env: Env = [*args, *repeat(None, _spare(program))]
    found: list[Outcome] = []
    for slot, step in enumerate(steps, start=len(args)):
        try:
            env[slot] = bounded(step(env))
        except ERRORS as error:
            return (*found, Outcome(None, type(error).__name__))
        found.append(Outcome(env[slot]))
    return tuple(found)


def check_arguments(parameters: Sequence[Parameter], args: Sequence[Value]) -> None:
    """Nothing, where the arguments are of the parameters' types.

    Raises:
        TypeError: they are not.
    """
    if [type_of(arg) for arg in args] != [kind for _, kind in parameters]:
        wanted = ", ".join(kind.value for _, kind in parameters)
        raise TypeError(f"the program takes ({wanted}), got ({', '.join(repr(arg) for arg in args):.80})")


def compile_program(program: Program) -> Callable[[Sequence[Value]], Env]:
    """A function from arguments to the values of the parameters, of all lines, and at last of the result.

    It does not check the arguments, and raises what the program raises.
    """
    return _compiled(program)[0]


@lru_cache(maxsize=1024)
def _compiled(program: Program) -> tuple[Callable[[Sequence[Value]], Env], tuple[Closure, ...]]:
    slots = {name: slot for slot, (name, _) in enumerate(program.parameters)}
    scratch = len(slots) + len(program.lines) + 1
    steps: list[Closure] = []
    for target, expr in program.lines:
        steps.append(_closure(expr, slots, scratch))
        slots[target] = len(slots)
    steps.append(_closure(program.result, slots, scratch))
    spare = _spare(program)

    def compute(args: Sequence[Value]) -> Env:
        env: Env = [*args, *repeat(None, spare)]
        slot = len(args)
        for step in steps:
            env[slot] = bounded(step(env))
            slot += 1
        return env[:slot]

    return compute, tuple(steps)


_MAX_BOUND = 2
"""Names that an operation binds at most: slots at the end of an environment."""


def _spare(program: Program) -> int:
    return len(program.lines) + 1 + _MAX_BOUND


def compile_expression(expr: Expr, slots: Sequence[str] = ()) -> Callable[..., Any]:
    """A function that evaluates an expression; it raises what the expression raises.

    Args:
        expr: with holes, which become the function's positional arguments, or with variables.
        slots: names of the variables, in the order of the arguments; not together with holes.
    """
    if slots:
        names = {name: slot for slot, name in enumerate(slots)}
        count = len(names)
    else:
        names, count = {}, 1 + max((node.value for node in _holes(expr)), default=-1)
    plain_call = (
        expr.args
        and not expr.operation.binds
        and not expr.operation.lazy
        and [arg.op for arg in expr.args] == ["hole"] * count
        and [arg.value for arg in expr.args] == list(range(count))
    )
    if plain_call:
        return expr.operation.evaluate
    if expr.args and expr.operation.binds and expr.operation.form != LOOP:
        body, *others = expr.args
        if _is_by_columns(body, expr.value) and all(other.op == "hole" for other in others):
            return _direct(expr.operation, _column(body, expr.value, names), [other.value for other in others])
    closure = _closure(expr, names, count)
    if count == 1:
        return lambda only: closure([only, None, None])
    if count == 2:
        return lambda left, right: closure([left, right, None, None])
    return lambda *args: closure([*args, None, None])


def _direct(operation: Operation, values: Columns, places: Sequence[int]) -> Callable[..., Any]:
    """A comprehension over arguments, without an environment of its own: these are most of a grammar's lines."""
    function = operation.evaluate
    columns = operation.columns
    if len(places) == 1:
        (place,) = places
        if len(operation.binds) == 1:

            def over_items(*args: Any) -> Any:
                items = args[place]
                return function(values(args, (items,)), items)

            return over_items

        def over_one(*args: Any) -> Any:
            items = args[place]
            return function(values(args, columns(items)), items)

        return over_one

    def over_all(*args: Any) -> Any:
        items = [args[place] for place in places]
        return function(values(args, columns(*items)), *items)

    return over_all


def _holes(expr: Expr) -> Iterator[Expr]:
    if expr.op == "hole":
        yield expr
    for arg in expr.args:
        yield from _holes(arg)


def _closure(expr: Expr, slots: dict[str, int], scratch: int) -> Closure:
    """The expression as a function of an environment. Bound variables live from slot ``scratch`` on."""
    if expr.op == "const":
        value = expr.value
        return lambda env: value
    if expr.op in ("var", "hole"):
        return itemgetter(slots[expr.value] if expr.op == "var" else expr.value)
    operation = expr.operation
    function = operation.evaluate
    if operation.binds:
        inner = {**slots, **{name: scratch + index for index, name in enumerate(expr.value)}}
        others = [_closure(arg, slots, scratch) for arg in expr.args[1:]]
        if operation.form == LOOP:
            start, items = others
            return _loop(_closure(expr.args[0], inner, scratch + _MAX_BOUND), start, items, scratch)
        columns = _columns(expr.args[0], expr.value, inner, scratch)
        return _binder(operation, columns, others)
    args = [_closure(arg, slots, scratch) for arg in expr.args]
    if operation.lazy:
        return _LAZY[operation.name.partition("_")[0]](*args)
    if len(args) == 1:
        (only,) = args
        return lambda env: function(only(env))
    if len(args) == 2:
        left, right = args
        return lambda env: function(left(env), right(env))
    return lambda env: function(*[arg(env) for arg in args])


def _binder(operation: Operation, values: Columns, others: Sequence[Closure]) -> Closure:
    function = operation.evaluate
    columns = operation.columns
    if len(operation.arguments) == 2:
        (only,) = others

        def over_one(env: Env) -> Any:
            items = only(env)
            return function(values(env, columns(items)), items)

        return over_one

    def over_all(env: Env) -> Any:
        items = [other(env) for other in others]
        return function(values(env, columns(*items)), *items)

    return over_all


def _loop(body: Closure, start: Closure, items: Closure, scratch: int) -> Closure:
    def build(env: Env) -> Any:
        built = bounded(start(env))
        for item in items(env):
            env[scratch] = built
            env[scratch + 1] = item
            built = body(env)
            if type(built) is not int or not -MAX_INT <= built <= MAX_INT:
                built = bounded(built)
        return built

    return build


def _either(value: Closure, test: Closure, other: Closure) -> Closure:
    return lambda env: value(env) if test(env) else other(env)


_LAZY: dict[str, Callable[..., Closure]] = {
    "and": lambda left, right: lambda env: left(env) and right(env),
    "or": lambda left, right: lambda env: left(env) or right(env),
    "if": _either,
}


def _columns(body: Expr, bound: Sequence[str], slots: dict[str, int], scratch: int) -> Columns:
    """The body as a function from an environment and whole sequences of items to the body's values."""
    if _is_by_columns(body, bound):
        return _column(body, bound, slots)
    closure = _closure(body, slots, scratch + _MAX_BOUND)

    def one_by_one(env: Any, items: Sequence[Sequence[Any]]) -> Iterator[Any]:
        for values in zip(*items, strict=True):
            env[scratch : scratch + len(values)] = values
            yield closure(env)

    return one_by_one


def _is_by_columns(body: Expr, bound: Sequence[str]) -> bool:
    """All of the body is evaluated for every item, and it uses the item, so that its columns are as long."""
    return _is_eager(body) and not free_names(body).isdisjoint(bound)


def _is_eager(expr: Expr) -> bool:
    return not expr.args or (not expr.operation.lazy and all(map(_is_eager, expr.args)))


def _column(expr: Expr, bound: Sequence[str], slots: dict[str, int]) -> Columns:
    if expr.op == "const":
        value = expr.value
        return lambda env, items: repeat(value)
    if expr.op == "var" and expr.value in bound:
        index = bound.index(expr.value)
        return lambda env, items: items[index]
    if expr.op in ("var", "hole"):
        slot = slots[expr.value] if expr.op == "var" else expr.value
        return lambda env, items: repeat(env[slot])
    if free_names(expr).isdisjoint(bound):
        # As often as there are items: where there are none, Python does not come to its error either.
        closure = _closure(expr, slots, len(slots))
        return lambda env, items: (closure(env) for _ in items[0])
    function = expr.operation.evaluate
    parts = [_column(arg, bound, slots) for arg in expr.args]
    if len(parts) == 2 and expr.args[0].op == "var" and expr.args[0].value == bound[0]:
        # x + n, x > 0, x % 2: most bodies are, or begin with, one of these.
        other = expr.args[1]
        if other.op == "const":
            constant = other.value
            return lambda env, items: map(function, items[0], repeat(constant))
        if other.op == "hole":
            place = other.value
            return lambda env, items: map(function, items[0], repeat(env[place]))
    if len(parts) == 1:
        (only,) = parts
        return lambda env, items: map(function, only(env, items))
    if len(parts) == 2:
        left, right = parts
        return lambda env, items: map(function, left(env, items), right(env, items))
    return lambda env, items: map(function, *[part(env, items) for part in parts])
