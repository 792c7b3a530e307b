"""Which single operation turns a value into another, and from which values an operation would give a goal.

:func:`turns` looks forward: the one is the running total of the other, its square, what is left without vowels. A
*turn* is a bit, and each pair of types has a table of its own. :func:`origins` looks backward: whoever wants 12 and has
5 may as well look for 7, for 6 or for 17. Both are arithmetic on values that an agent is shown; nobody is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from math import isqrt, prod
from typing import Any, NamedTuple

from reasoning_envs.programs.values import Type, Value

__all__ = ["Origin", "Turns", "origins", "turns"]

Turns = Callable[[Any, Any], int]

_VOWELS = frozenset("aeiou")
_ALL_OF_LISTS = (1 << 20) - 1


class Origin(NamedTuple):
    """A row of values from which one operation gives the goal on all examples.

    Attributes:
        code: number of the operation, below 32.
        kind: type of the values. values: one an example.
    """

    code: int
    kind: Type
    values: tuple[Value, ...]


def turns(kind: Type, target: Type) -> Turns | None:
    """A function from a value and a goal to bits, below 2 ** 24; None where no operation leads from type to type."""
    return _TURNS.get((kind, target))


def _int_int(v: int, t: int) -> int:
    return (
        (v + 1 == t)
        | (v - 1 == t) << 1
        | (2 * v == t) << 2
        | (3 * v == t) << 3
        | (v // 2 == t) << 4
        | (v % 2 == t) << 5
        | (v % 3 == t) << 6
        | ((v if v < 0 else 0) == t) << 7
        | ((v if v > 0 else 0) == t) << 8
        | (abs(v) == t) << 9
    )


def _int_list(v: int, t: tuple[int, ...]) -> int:
    return (len(t) == max(v, 0) and t == tuple(range(v))) | (t == tuple(map(int, str(abs(v))))) << 1


def _int_str(v: int, t: str) -> int:
    return int(str(v) == t)


def _list_int(v: tuple[int, ...], t: int) -> int:
    found = (
        (len(v) == t)
        | (sum(v) == t) << 1
        | (v.count(0) == t) << 2
        | (sum([x < 0 for x in v]) == t) << 3
        | (prod(v) == t) << 4
    )
    alternate = binary = decimal = 0
    for x in v:
        alternate = x - alternate
        binary = 2 * binary + x
        decimal = 10 * decimal + x
    found |= (alternate == t) << 5 | (binary == t) << 6 | (decimal == t) << 7
    if v:
        found |= (min(v) == t) << 8 | (max(v) == t) << 9 | (v[0] == t) << 10 | (v[-1] == t) << 11
    return found


def _list_list(v: tuple[int, ...], t: tuple[int, ...]) -> int:
    count, goal = len(v), len(t)
    if goal > count:
        return 0
    if goal < count:
        found = (v[:2] == t) | (v[:-1] == t) << 1 | (v[1:] == t) << 2 | (v[::2] == t) << 3
        found |= (tuple(dict.fromkeys(v)) == t) << 4
        found |= (goal == count - 1 and tuple([b - a for a, b in pairwise(v)]) == t) << 5
    else:
        if not v:
            return _ALL_OF_LISTS
        found = (v[:2] == t) | (v[::2] == t) << 3 | (tuple(dict.fromkeys(v)) == t) << 4
        found |= (tuple(sorted(v)) == t) << 6 | (v[::-1] == t) << 7
        item, wanted = v[0], t[0]
        # Of most pairs the first items tell that they are not.
        if item == wanted:
            found |= (tuple(accumulate(v)) == t) << 8
        if wanted == 0:
            found |= (tuple([place * x for place, x in enumerate(v)]) == t) << 9
        if item + 1 == wanted:
            found |= (tuple([x + 1 for x in v]) == t) << 10
        if 2 * item == wanted:
            found |= (tuple([2 * x for x in v]) == t) << 11
        if -item == wanted:
            found |= (tuple([-x for x in v]) == t) << 12
        if item * item == wanted:
            found |= (tuple([x * x for x in v]) == t) << 13
        if item % 2 == wanted:
            found |= (tuple([x % 2 for x in v]) == t) << 14
        if item % 3 == wanted:
            found |= (tuple([x % 3 for x in v]) == t) << 15
        if wanted <= 0:
            found |= (tuple([x if x < 0 else 0 for x in v]) == t) << 16
    if not goal or t[0] > 0:
        found |= (tuple([x for x in v if x > 0]) == t) << 17
    if not goal or t[0] % 2 == 0:
        found |= (tuple([x for x in v if x % 2 == 0]) == t) << 18
    if not goal or t[0] % 3 == 0:
        found |= (tuple([x for x in v if x % 3 == 0]) == t) << 19
    return found


def _str_int(v: str, t: int) -> int:
    return (len(v) == t) | (v.count("a") == t) << 1


def _str_str(v: str, t: str) -> int:
    count, goal = len(v), len(t)
    if goal > count:
        return (v + v == t) << 3
    if goal < count:
        found = (v[:1] == t) | (v[:-1] == t) << 1 | (v[1:] == t) << 2
    else:
        found = (
            (v[:1] == t)
            | (v + v == t) << 3
            | (v[::-1] == t) << 4
            | (v.upper() == t) << 5
            | ("".join(sorted(v)) == t) << 6
        )
        if not v:
            found |= 0b110
    found |= ("".join(dict.fromkeys(v)) == t) << 7
    found |= ("".join([c for c in v if c in _VOWELS]) == t) << 8
    return found | ("".join([c for c in v if c not in _VOWELS]) == t) << 9


def _int_bool(v: int, t: bool) -> int:
    return ((v < 0) == t) | ((v == 0) == t) << 1


_INT, _LIST, _STR, _BOOL = Type.INT, Type.LIST, Type.STR, Type.BOOL
_TURNS: dict[tuple[Type, Type], Turns] = {
    (_INT, _INT): _int_int,
    (_INT, _LIST): _int_list,
    (_INT, _STR): _int_str,
    (_INT, _BOOL): _int_bool,
    (_LIST, _INT): _list_int,
    (_LIST, _LIST): _list_list,
    (_STR, _INT): _str_int,
    (_STR, _STR): _str_str,
}


def origins(target: Type, wanted: Sequence[Any], shown: Sequence[tuple[Type, Sequence[Any]]]) -> tuple[Origin, ...]:
    """Rows of values from which one operation gives what is wanted, each row once and none of them the goal itself.

    Args:
        target: type of what is wanted.
        wanted: one an example.
        shown: types and values of the variables that are there, with which an operation may work.
    """
    goal = (target, tuple(wanted))
    found: dict[tuple[Type, tuple[Value, ...]], int] = {}
    rows = _BACK[target](goal[1], shown)
    for code, kind, values in rows:
        if None not in values and (kind, values) != goal:
            found.setdefault((kind, values), code)
    return tuple(Origin(code, kind, values) for (kind, values), code in found.items())


_Rows = Iterator[tuple[int, Type, tuple[Any, ...]]]


def _to_int(t: tuple[int, ...], shown: Sequence[tuple[Type, Sequence[Any]]]) -> _Rows:
    yield 0, _INT, tuple([x - 1 for x in t])
    yield 1, _INT, tuple([x + 1 for x in t])
    yield 2, _INT, tuple([_part(x, 2) for x in t])
    yield 3, _INT, tuple([_part(x, 3) for x in t])
    for kind, values in shown:
        if kind is _INT:
            yield 4, _INT, tuple([x - w for x, w in zip(t, values, strict=True)])
            yield 5, _INT, tuple([x + w for x, w in zip(t, values, strict=True)])
            yield 6, _INT, tuple([w - x for x, w in zip(t, values, strict=True)])
            yield 7, _INT, tuple([_part(x, w) for x, w in zip(t, values, strict=True)])


def _to_list(t: tuple[tuple[int, ...], ...], shown: Sequence[tuple[Type, Sequence[Any]]]) -> _Rows:
    yield 8, _LIST, tuple([x[::-1] for x in t])
    yield 9, _LIST, tuple([tuple([a - 1 for a in x]) for x in t])
    yield 10, _LIST, tuple([_parts(x, (2,) * len(x)) for x in t])
    yield 11, _LIST, tuple([tuple([-a for a in x]) for x in t])
    yield 12, _LIST, tuple([tuple([b - a for a, b in pairwise((0, *x))]) for x in t])
    yield 13, _LIST, tuple([_roots(x) for x in t])
    yield 14, _INT, tuple([len(x) if x == tuple(range(len(x))) else None for x in t])
    yield 15, _INT, tuple([_number(x) for x in t])
    for kind, values in shown:
        pairs = list(zip(t, values, strict=True))
        if kind is _INT:
            yield 16, _LIST, tuple([x[:-1] if x[-1:] == (w,) else None for x, w in pairs])
            yield 17, _LIST, tuple([tuple([a - w for a in x]) for x, w in pairs])
            yield 18, _LIST, tuple([_parts(x, (w,) * len(x)) for x, w in pairs])
        elif kind is _LIST:
            yield 16, _INT, tuple([x[-1] if x and x[:-1] == w else None for x, w in pairs])
            yield 19, _LIST, tuple([x[len(w) :] if x[: len(w)] == w else None for x, w in pairs])
            yield 20, _LIST, tuple([x[: len(x) - len(w)] if x[len(x) - len(w) :] == w else None for x, w in pairs])
            if all(len(x) == len(w) for x, w in pairs):
                yield 21, _LIST, tuple([tuple([a - b for a, b in zip(x, w, strict=True)]) for x, w in pairs])
                yield 22, _LIST, tuple([_parts(x, w) for x, w in pairs])
                yield 23, _INT, tuple([_same([a - b for a, b in zip(x, w, strict=True)]) for x, w in pairs])
                yield 24, _INT, tuple([_same(_parts(x, w) or ()) for x, w in pairs])


def _to_str(t: tuple[str, ...], shown: Sequence[tuple[Type, Sequence[Any]]]) -> _Rows:
    yield 25, _STR, tuple([x[::-1] for x in t])
    yield 26, _STR, tuple([x[: len(x) // 2] if x[: len(x) // 2] * 2 == x else None for x in t])
    yield 27, _INT, tuple(map(_integer, t))
    for kind, values in shown:
        if kind is _STR:
            pairs = list(zip(t, values, strict=True))
            yield 28, _STR, tuple([x[len(w) :] if x.startswith(w) else None for x, w in pairs])
            yield 29, _STR, tuple([x[: len(x) - len(w)] if x.endswith(w) else None for x, w in pairs])


def _to_bool(t: tuple[bool, ...], shown: Sequence[tuple[Type, Sequence[Any]]]) -> _Rows:
    return iter(())


def _part(whole: int, by: int) -> int | None:
    return whole // by if by and whole % by == 0 else None


def _parts(whole: Sequence[int], by: Sequence[int]) -> tuple[int, ...] | None:
    if not all(b and a % b == 0 for a, b in zip(whole, by, strict=True)):
        return None
    return tuple([a // b for a, b in zip(whole, by, strict=True)])


def _roots(squares: Sequence[int]) -> tuple[int, ...] | None:
    if not all(a >= 0 and isqrt(a) ** 2 == a for a in squares):
        return None
    return tuple(map(isqrt, squares))


def _number(digits: Sequence[int]) -> int | None:
    if not digits or not all(0 <= a <= 9 for a in digits) or (digits[0] == 0 and len(digits) > 1):
        return None
    return int("".join(map(str, digits)))


def _integer(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not (0 < len(digits) <= 20 and digits.isascii() and digits.isdigit()):
        return None
    value = int(text)
    return value if str(value) == text else None


def _same(items: Sequence[int]) -> int | None:
    return items[0] if items and min(items) == max(items) else None


_BACK: dict[Type, Callable[[tuple[Any, ...], Sequence[tuple[Type, Sequence[Any]]]], _Rows]] = {
    _INT: _to_int,
    _LIST: _to_list,
    _STR: _to_str,
    _BOOL: _to_bool,
}
