"""The lines that a program is built from, as data: the *small* grammar and the *large* one.

A :class:`Production` is a template of a whole line, ``[x * _1 for x in _0]``, with typed holes. A hole takes any
variable of its type, or a constant of its own little pool. The order of productions, and that of constants, is part of
what an agent learns: whoever changes either raises :data:`GRAMMAR_VERSION`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reasoning_envs.programs.interpreter import compile_expression
from reasoning_envs.programs.operations import ACCUMULATOR, OPERATIONS
from reasoning_envs.programs.reader import read_expression
from reasoning_envs.programs.trees import Expr, call, walk
from reasoning_envs.programs.values import Type, Value

__all__ = ["GRAMMARS", "GRAMMAR_VERSION", "LARGE", "SMALL", "Grammar", "Production"]

GRAMMAR_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Production:
    """A kind of line.

    Attributes:
        name: unique in the grammar.
        template: the line's expression, with holes.
        holes: their types.
        pools: for each hole the constants that it may take.
        symmetric: exchanging the two holes changes nothing, so that one order is enough.
        evaluate: the value from the holes' values; raises one of
            :data:`~reasoning_envs.programs.interpreter.ERRORS`, and leaves the bounds of the result unchecked.
    """

    name: str
    template: Expr
    holes: tuple[Type, ...]
    pools: tuple[tuple[Value, ...], ...]
    symmetric: bool = False
    evaluate: Callable[..., Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "evaluate", compile_expression(self.template))

    def __reduce__(self) -> tuple[type[Production], tuple[Any, ...]]:
        return Production, (self.name, self.template, self.holes, self.pools, self.symmetric)

    @property
    def result(self) -> Type:
        """The type of the line."""
        return self.template.type


@dataclass(frozen=True, slots=True, eq=False)
class Grammar:
    """Kinds of lines in a fixed order.

    Attributes:
        name: ``"small"`` or ``"large"``, or your own.
        productions: in order; a position is the production's id.
        signatures: types of the parameters of the programs that are generated. A signature that stands here twice is
            drawn twice as often.
        constants: all constants of all pools, each once, in order; a position is the constant's id.
        pools: of each production, for each hole, the ids of the constants that it may take.
        operations: names of the operations that the templates use.
    """

    name: str
    productions: tuple[Production, ...]
    signatures: tuple[tuple[Type, ...], ...]
    constants: tuple[Value, ...] = field(init=False)
    pools: tuple[tuple[tuple[int, ...], ...], ...] = field(init=False)
    operations: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        values = [value for production in self.productions for pool in production.pools for value in pool]
        # By type as well, since True == 1.
        constants = {(type(value), value): value for value in values}
        object.__setattr__(self, "constants", tuple(constants.values()))
        ids = {key: number for number, key in enumerate(constants)}
        pools = [[tuple(ids[type(c), c] for c in pool) for pool in each.pools] for each in self.productions]
        object.__setattr__(self, "pools", tuple(map(tuple, pools)))
        nodes = (node for production in self.productions for _, node in walk(production.template))
        object.__setattr__(self, "operations", frozenset(node.op for node in nodes if node.op in OPERATIONS))

    def __repr__(self) -> str:
        return f"Grammar({self.name!r}, {len(self.productions)} productions)"


_KINDS = {"int": Type.INT, "bool": Type.BOOL, "list": Type.LIST, "str": Type.STR}


def _production(
    name: str,
    source: str | tuple[str, str, str],
    holes: str,
    pools: Mapping[int, tuple[Value, ...]] | None = None,
    symmetric: bool = False,
) -> Production:
    """A production from source; a loop is written as (step, start, items)."""
    kinds = tuple(_KINDS[kind] for kind in holes.split())
    if isinstance(source, str):
        template = read_expression(source, {}, kinds)
    else:
        step, start, items = source
        first = read_expression(start, {}, kinds)
        over = read_expression(items, {}, kinds)
        loop = OPERATIONS[f"loop_{first.type.name.lower()}"]
        scope = dict(zip((ACCUMULATOR, "x"), loop.binds, strict=True))
        template = call(loop.name, read_expression(step, scope, kinds), first, over, names=tuple(scope))
    return Production(
        name, template, kinds, tuple((pools or {}).get(index, ()) for index in range(len(kinds))), symmetric
    )


def _small() -> Iterator[Production]:
    yield _production("add", "_0 + _1", "int int", {1: (1,)}, symmetric=True)
    yield _production("subtract", "_0 - _1", "int int", {1: (1,)})
    yield _production("multiply", "_0 * _1", "int int", {1: (2, 3)}, symmetric=True)
    yield _production("divide", "_0 // _1", "int int", {1: (2,)})
    yield _production("remainder", "_0 % _1", "int int", {1: (2, 3)})
    yield _production("smaller", "min(_0, _1)", "int int", {1: (0,)}, symmetric=True)
    yield _production("larger", "max(_0, _1)", "int int", {1: (0,)}, symmetric=True)
    yield _production("length", "len(_0)", "list")
    yield _production("total", "sum(_0)", "list")
    yield _production("smallest", "min(_0)", "list")
    yield _production("largest", "max(_0)", "list")
    yield _production("item", "_0[_1]", "list int", {1: (0, -1)})
    yield _production("count", "_0.count(_1)", "list int", {1: (0,)})
    yield _production("sort", "sorted(_0)", "list")
    yield _production("reverse", "_0[::-1]", "list")
    yield _production("take", "_0[:_1]", "list int", {1: (2, -1)})
    yield _production("drop", "_0[_1:]", "list int", {1: (1,)})
    yield _production("add_to_each", "[x + _1 for x in _0]", "list int", {1: (1,)})
    yield _production("multiply_each", "[x * _1 for x in _0]", "list int", {1: (2, -1)})
    yield _production("keep_greater", "[x for x in _0 if x > _1]", "list int", {1: (0,)})
    yield _production("keep_multiples", "[x for x in _0 if x % _1 == 0]", "list int", {1: (2, 3)})
    yield _production("add_pairs", "[x + y for x, y in zip(_0, _1)]", "list list", symmetric=True)


def _more() -> Iterator[Production]:
    yield _production("distance", "abs(_0 - _1)", "int int", {1: (0,)}, symmetric=True)
    yield _production("less", "_0 < _1", "int int", {1: (0,)})
    yield _production("equal", "_0 == _1", "int int", {1: (0,)}, symmetric=True)
    yield _production("choose", "_0 if _1 else _2", "int bool int", {0: (0,), 2: (0,)})
    yield _production("contains", "_0 in _1", "int list")
    yield _production("unique", "list(dict.fromkeys(_0))", "list")
    yield _production("every_second", "_0[::2]", "list")
    yield _production("join", "_0 + _1", "list list")
    yield _production("append", "_0 + [_1]", "list int")
    yield _production("range", "list(range(_0))", "int")
    yield _production("digits", "[int(c) for c in str(abs(_0))]", "int")
    yield _production("square_each", "[x ** 2 for x in _0]", "list")
    yield _production("remainder_of_each", "[x % _1 for x in _0]", "list int", {1: (2, 3)})
    yield _production("limit_each", "[min(x, _1) for x in _0]", "list int", {1: (0,)})
    yield _production("keep_common", "[x for x in _0 if x in _1]", "list list")
    yield _production("multiply_pairs", "[x * y for x, y in zip(_0, _1)]", "list list", symmetric=True)
    yield _production("differences", "[y - x for x, y in zip(_0, _0[1:])]", "list")
    yield _production("running_total", "[sum(_0[:i + 1]) for i in range(len(_0))]", "list")
    yield _production("weigh", "[i * x for i, x in enumerate(_0)]", "list")
    yield _production("count_less", "sum(1 for x in _0 if x < _1)", "list int", {1: (0,)})
    yield _production("product", (f"{ACCUMULATOR} * x", "1", "_0"), "list")
    yield _production("number", (f"{ACCUMULATOR} * _1 + x", "0", "_0"), "list int", {1: (2, 10)})
    yield _production("alternate", (f"x - {ACCUMULATOR}", "0", "_0"), "list")
    yield _production("text_length", "len(_0)", "str")
    yield _production("text_join", "_0 + _1", "str str")
    yield _production("text_reverse", "_0[::-1]", "str")
    yield _production("text_take", "_0[:_1]", "str int", {1: (1, -1)})
    yield _production("text_drop", "_0[_1:]", "str int", {1: (1,)})
    yield _production("text_count", "_0.count(_1)", "str str", {1: ("a",)})
    yield _production("text_upper", "_0.upper()", "str")
    yield _production("text_sort", '"".join(sorted(_0))', "str")
    yield _production("text_unique", '"".join(dict.fromkeys(_0))', "str")
    yield _production("text_keep", '"".join(c for c in _0 if c in _1)', "str str", {1: ("aeiou",)})
    yield _production("text_remove", '"".join(c for c in _0 if c not in _1)', "str str", {1: ("aeiou",)})
    yield _production("text_repeat", "_0 * _1", "str int", {1: (2,)})
    yield _production("text_equal", "_0 == _1", "str str", symmetric=True)
    yield _production("text_of", "str(_0)", "int")


_LISTS = ((Type.LIST,), (Type.LIST, Type.INT), (Type.LIST, Type.LIST))

SMALL = Grammar("small", tuple(_small()), (*_LISTS, (Type.LIST, Type.INT), (Type.INT, Type.INT)))
"""Integers and lists of integers: 22 kinds of lines."""

LARGE = Grammar(
    "large",
    (*SMALL.productions, *_more()),
    (*_LISTS, *_LISTS, (Type.INT, Type.INT), (Type.INT,), (Type.STR,), (Type.STR, Type.STR), (Type.STR, Type.INT)),
)
"""The small grammar with conditions, loops, more comprehensions and texts."""

GRAMMARS: Mapping[str, Grammar] = {grammar.name: grammar for grammar in (SMALL, LARGE)}
"""By name."""
