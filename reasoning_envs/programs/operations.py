"""The operations that programs are made of, as data: one row each with types, Python source and evaluation.

The source of an operation is a *form*: an expression in which ``_0``, ``_1``, ... stand for the arguments, and ``_x``
and ``_y`` for names that the operation binds (the variables of a comprehension). Rendering fills the form, reading
matches it against a syntax tree, and the interpreter calls ``evaluate``; a new operation is one new row.

No form can be put together from other forms, so that a source has one tree; the tests hold that.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

from reasoning_envs.programs.values import MAX_LENGTH, BoundError, Type, Value, bounded

__all__ = ["ACCUMULATOR", "LOOP", "OPERATIONS", "RESERVED", "Operation"]

ACCUMULATOR = "acc"
"""In the body of a loop: the variable that the loop builds. Source shows the name that its line assigns."""

LOOP = "loop"
"""Form of a loop, which is a statement of three lines and no expression."""

INT, BOOL, LIST, STR = Type.INT, Type.BOOL, Type.LIST, Type.STR


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One row of the table. Arguments stand in the order in which Python evaluates them, the body of a binder first.

    Attributes:
        name: unique.
        arguments, result: types.
        form: Python source; see the module.
        evaluate: the value from the arguments' values. It raises what Python raises, or
            :class:`~reasoning_envs.programs.values.BoundError`. Of a binding operation: from the values of the body,
            which are computed as they are asked for, and the other arguments. Of a lazy one it is never called.
        binds: types of the names that are bound in the first argument; None where it binds none.
        names: what they are usually called, ``("x",)``.
        columns: from the other arguments, one sequence of items for each name that is bound, of equal length.
        lazy: arguments are evaluated only where Python would: ``and``, ``or``, ``if``-``else``.
        pattern: the form as a syntax tree.
    """

    name: str
    arguments: tuple[Type, ...]
    result: Type
    form: str
    evaluate: Callable[..., Any]
    binds: tuple[Type, ...] = ()
    names: tuple[str, ...] = ()
    columns: Callable[..., tuple[Sequence[Any], ...]] = lambda items: (items,)
    lazy: bool = False
    pattern: ast.expr = field(init=False)

    def __post_init__(self) -> None:
        source = "_1" if self.form == LOOP else self.form
        object.__setattr__(self, "pattern", ast.parse(source, mode="eval").body)

    def __reduce__(self) -> tuple[Callable[[str], Operation], tuple[str]]:
        return OPERATIONS.__getitem__, (self.name,)


def _never(*_: Any) -> Any:
    raise AssertionError("lazy operations and loops are evaluated by the interpreter")


def _short(function: Callable[..., Value]) -> Callable[..., Value]:
    """The function, with its result held to the bounds: for operations whose nesting would grow exponentially."""

    def checked(*args: Any) -> Value:
        return bounded(function(*args))

    return checked


def _repeat(items: Any, times: int) -> Any:
    if len(items) * times > MAX_LENGTH:
        raise BoundError(f"{len(items)} items {times} times; a length of {MAX_LENGTH} is allowed")
    return items * times


def _range(first: int, last: int) -> tuple[int, ...]:
    if last - first > MAX_LENGTH:
        raise BoundError(f"a range of {last - first} integers; at most {MAX_LENGTH} are allowed")
    return tuple(range(first, last))


def _replace(text: str, old: str, new: str) -> str:
    if len(text) + (len(text) + 1) * len(new) > MAX_LENGTH**2:
        raise BoundError("a replacement that could grow without bounds")
    return text.replace(old, new)


def _every(items: Any, step: int) -> Any:
    return items[::step]


def _zip(left: Sequence[Any], right: Sequence[Any]) -> tuple[Sequence[Any], ...]:
    count = min(len(left), len(right))
    return left[:count], right[:count]


def _rows() -> Iterator[Operation]:
    def row(name: str, signature: str, form: str, evaluate: Callable[..., Any] = _never, **more: Any) -> Operation:
        left, _, right = signature.partition("->")
        kinds = {"int": INT, "bool": BOOL, "list": LIST, "str": STR}
        return Operation(
            name, tuple(kinds[kind] for kind in left.split()), kinds[right.strip()], form, evaluate, **more
        )

    # Arithmetic. Sums and products grow by the size of the tree alone; a line's result is bounded.
    yield row("add", "int int -> int", "_0 + _1", operator.add)
    yield row("sub", "int int -> int", "_0 - _1", operator.sub)
    yield row("mul", "int int -> int", "_0 * _1", operator.mul)
    yield row("floordiv", "int int -> int", "_0 // _1", operator.floordiv)
    yield row("mod", "int int -> int", "_0 % _1", operator.mod)
    yield row("min_of_two", "int int -> int", "min(_0, _1)", min)
    yield row("max_of_two", "int int -> int", "max(_0, _1)", max)
    yield row("square", "int -> int", "_0 ** 2", _short(lambda a: a**2))
    yield row("neg", "int -> int", "-_0", operator.neg)
    yield row("abs", "int -> int", "abs(_0)", abs)
    # Comparisons and logic.
    for name, sign in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="), ("eq", "=="), ("ne", "!=")):
        yield row(name, "int int -> bool", f"_0 {sign} _1", getattr(operator, name))
    yield row("eq_list", "list list -> bool", "_0 == _1", operator.eq)
    yield row("eq_str", "str str -> bool", "_0 == _1", operator.eq)
    yield row("not", "bool -> bool", "not _0", operator.not_)
    yield row("and", "bool bool -> bool", "_0 and _1", lazy=True)
    yield row("or", "bool bool -> bool", "_0 or _1", lazy=True)
    for kind in ("int", "bool", "list", "str"):
        yield row(f"if_{kind}", f"{kind} bool {kind} -> {kind}", "_0 if _1 else _2", lazy=True)
    # Lists.
    yield row("len", "list -> int", "len(_0)", len)
    yield row("sum", "list -> int", "sum(_0)", sum)
    yield row("min", "list -> int", "min(_0)", min)
    yield row("max", "list -> int", "max(_0)", max)
    yield row("sort", "list -> list", "sorted(_0)", lambda xs: tuple(sorted(xs)))
    yield row("sort_down", "list -> list", "sorted(_0, reverse=True)", lambda xs: tuple(sorted(xs, reverse=True)))
    yield row("sorted_set", "list -> list", "sorted(set(_0))", lambda xs: tuple(sorted(set(xs))))
    yield row("unique", "list -> list", "list(dict.fromkeys(_0))", lambda xs: tuple(dict.fromkeys(xs)))
    yield row("index", "list int -> int", "_0[_1]", operator.getitem)
    yield row("take", "list int -> list", "_0[:_1]", lambda xs, n: xs[:n])
    yield row("drop", "list int -> list", "_0[_1:]", lambda xs, n: xs[n:])
    yield row("slice", "list int int -> list", "_0[_1:_2]", lambda xs, a, b: xs[a:b])
    yield row("every", "list int -> list", "_0[::_1]", _every)
    yield row("count", "list int -> int", "_0.count(_1)", tuple.count)
    yield row("position", "list int -> int", "_0.index(_1)", lambda xs, n: xs.index(n))
    yield row("contains", "int list -> bool", "_0 in _1", lambda n, xs: n in xs)
    yield row("lacks", "int list -> bool", "_0 not in _1", lambda n, xs: n not in xs)
    yield row("concat", "list list -> list", "_0 + _1", _short(operator.add))
    yield row("repeat", "list int -> list", "_0 * _1", _repeat)
    yield row("single", "int -> list", "[_0]", lambda n: (n,))
    yield row("range", "int -> list", "list(range(_0))", lambda n: _range(0, n))
    yield row("range_from", "int int -> list", "list(range(_0, _1))", _range)
    # Comprehensions: the body is the first argument.
    x: dict[str, Any] = {"binds": (INT,), "names": ("x",)}
    yield row("map", "int list -> list", "[_0 for _x in _1]", lambda values, xs: tuple(values), **x)
    yield row(
        "filter", "bool list -> list", "[_x for _x in _1 if _0]", lambda values, xs: tuple(compress(xs, values)), **x
    )
    yield row("count_if", "bool list -> int", "sum(1 for _x in _1 if _0)", lambda values, xs: sum(values), **x)
    yield row("sum_of", "int list -> int", "sum(_0 for _x in _1)", lambda values, xs: sum(values), **x)
    yield row("any", "bool list -> bool", "any(_0 for _x in _1)", lambda values, xs: any(values), **x)
    yield row("all", "bool list -> bool", "all(_0 for _x in _1)", lambda values, xs: all(values), **x)
    yield row(
        "zip_map",
        "int list list -> list",
        "[_0 for _x, _y in zip(_1, _2)]",
        lambda values, xs, ys: tuple(values),
        columns=_zip,
        binds=(INT, INT),
        names=("x", "y"),
    )
    yield row(
        "enumerate_map",
        "int list -> list",
        "[_0 for _x, _y in enumerate(_1)]",
        lambda values, xs: tuple(values),
        columns=lambda xs: (range(len(xs)), xs),
        binds=(INT, INT),
        names=("i", "x"),
    )
    # Loops: what is built so far, and the item; then the start, then the items.
    for kind, item in (("int", "list"), ("bool", "list"), ("list", "list"), ("str", "str")):
        yield row(
            f"loop_{kind}",
            f"{kind} {kind} {item} -> {kind}",
            LOOP,
            binds=({"int": INT, "bool": BOOL, "list": LIST, "str": STR}[kind], INT if item == "list" else STR),
            names=(ACCUMULATOR, "x" if item == "list" else "c"),
        )
    # Texts.
    c: dict[str, Any] = {"binds": (STR,), "names": ("c",)}
    yield row("str_len", "str -> int", "len(_0)", len)
    yield row("str_concat", "str str -> str", "_0 + _1", _short(operator.add))
    yield row("str_repeat", "str int -> str", "_0 * _1", _repeat)
    yield row("str_index", "str int -> str", "_0[_1]", operator.getitem)
    yield row("str_take", "str int -> str", "_0[:_1]", lambda s, n: s[:n])
    yield row("str_drop", "str int -> str", "_0[_1:]", lambda s, n: s[n:])
    yield row("str_every", "str int -> str", "_0[::_1]", _every)
    yield row("str_count", "str str -> int", "_0.count(_1)", str.count)
    yield row("str_find", "str str -> int", "_0.find(_1)", str.find)
    yield row("str_contains", "str str -> bool", "_0 in _1", lambda t, s: t in s)
    yield row("str_lacks", "str str -> bool", "_0 not in _1", lambda t, s: t not in s)
    yield row("str_replace", "str str str -> str", "_0.replace(_1, _2)", _short(_replace))
    yield row("upper", "str -> str", "_0.upper()", _short(str.upper))
    yield row("lower", "str -> str", "_0.lower()", _short(str.lower))
    yield row("is_digit", "str -> bool", "_0.isdigit()", str.isdigit)
    yield row("is_letter", "str -> bool", "_0.isalpha()", str.isalpha)
    yield row("is_upper", "str -> bool", "_0.isupper()", str.isupper)
    yield row("str_sort", "str -> str", '"".join(sorted(_0))', lambda s: "".join(sorted(s)))
    yield row("str_unique", "str -> str", '"".join(dict.fromkeys(_0))', lambda s: "".join(dict.fromkeys(s)))
    yield row("text_of", "int -> str", "str(_0)", _short(str))
    yield row("number_of", "str -> int", "int(_0)", int)
    yield row("ord", "str -> int", "ord(_0)", ord)
    yield row(
        "str_filter",
        "bool str -> str",
        '"".join(_x for _x in _1 if _0)',
        lambda values, s: "".join(compress(s, values)),
        **c,
    )
    yield row("str_map", "str str -> str", '"".join(_0 for _x in _1)', _short(lambda values, s: "".join(values)), **c)
    yield row("str_numbers", "int str -> list", "[_0 for _x in _1]", lambda values, s: tuple(values), **c)
    yield row("str_count_if", "bool str -> int", "sum(1 for _x in _1 if _0)", lambda values, s: sum(values), **c)


OPERATIONS: dict[str, Operation] = {row.name: row for row in _rows()}
"""By name, in a fixed order."""

RESERVED: frozenset[str] = frozenset(
    node.id
    for operation in OPERATIONS.values()
    for node in ast.walk(operation.pattern)
    if isinstance(node, ast.Name) and not node.id.startswith("_")
) | {ACCUMULATOR, "range"}
"""Names that forms use: no variable may hide them."""
