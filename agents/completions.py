"""In how many ways two values give a third: what a person tries who has a value, a variable and a goal before them.

A *way* is a bit: their sum is the goal, the one is the place of the goal in the other, the goal is what the one leaves
of the other. Each triple of types has a table of its own, of twelve bits at most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reasoning_envs.programs.values import Type

__all__ = ["Ways", "completions"]

Ways = Callable[[Any, Any, Any], int]


def completions(kind: Type, other: Type, target: Type) -> Ways | None:
    """A function from a value, that of another variable and the goal to bits; None where there is no way."""
    return _WAYS.get((kind, other, target))


def _int_int_int(v: int, w: int, t: int) -> int:
    return (
        (v + w == t)
        | (v - w == t) << 1
        | (w - v == t) << 2
        | (v * w == t) << 3
        | ((v if v > w else w) == t) << 4
        | ((v if v < w else w) == t) << 5
        | (w != 0 and v // w == t) << 6
        | (v != 0 and w // v == t) << 7
        | (w != 0 and v % w == t) << 8
        | (v != 0 and w % v == t) << 9
        | (abs(v - w) == t) << 10
        | (t in (v, w)) << 11
    )


def _list_int_list(v: tuple[int, ...], w: int, t: tuple[int, ...]) -> int:
    # Millions of these are asked for, and of nearly all the first item tells that they are not.
    count, goal = len(v), len(t)
    if count < goal:
        return (count + 1 == goal and (*v, w) == t) << 8
    found = (v[:w] == t) | (v[w:] == t) << 1
    if count == goal:
        if not count:
            return found | 0b11111100 if w else found | 0b10011100
        item, wanted = v[0], t[0]
        if item + w == wanted:
            found |= (tuple([a + w for a in v]) == t) << 2
        if item * w == wanted:
            found |= (tuple([a * w for a in v]) == t) << 3
        if item == wanted or w == wanted:
            found |= (tuple([a if a < w else w for a in v]) == t) << 7
        if w and item % w == wanted:
            found |= (tuple([a % w for a in v]) == t) << 6
    if not goal or t[0] > w:
        found |= (tuple([a for a in v if a > w]) == t) << 4
    if w and (not goal or t[0] % w == 0):
        found |= (tuple([a for a in v if a % w == 0]) == t) << 5
    return found


def _int_list_list(v: int, w: tuple[int, ...], t: tuple[int, ...]) -> int:
    return _list_int_list(w, v, t)


def _list_list_list(v: tuple[int, ...], w: tuple[int, ...], t: tuple[int, ...]) -> int:
    one, other, goal = len(v), len(w), len(t)
    found = 0
    if one + other == goal:
        found |= (v + w == t) << 2 | (w + v == t) << 3
    if goal == (one if one < other else other):
        if not goal or v[0] + w[0] == t[0]:
            found |= all(a + b == c for a, b, c in zip(v, w, t, strict=False))
        if not goal or v[0] * w[0] == t[0]:
            found |= all(a * b == c for a, b, c in zip(v, w, t, strict=False)) << 1
    if goal <= one and (not goal or t[0] in w):
        found |= (tuple([a for a in v if a in w]) == t) << 4
    if goal <= other and (not goal or t[0] in v):
        found |= (tuple([a for a in w if a in v]) == t) << 5
    return found


def _list_int_int(v: tuple[int, ...], w: int, t: int) -> int:
    return (-len(v) <= w < len(v) and v[w] == t) | (v.count(w) == t) << 1 | (sum([a < w for a in v]) == t) << 2


def _int_list_int(v: int, w: tuple[int, ...], t: int) -> int:
    return _list_int_int(w, v, t)


def _str_int_str(v: str, w: int, t: str) -> int:
    return (v[:w] == t) | (v[w:] == t) << 1 | (w < 9 and v * w == t) << 2


def _int_str_str(v: int, w: str, t: str) -> int:
    return _str_int_str(w, v, t)


def _str_str_str(v: str, w: str, t: str) -> int:
    return (
        (v + w == t)
        | (w + v == t) << 1
        | ("".join([c for c in v if c in w]) == t) << 2
        | ("".join([c for c in w if c in v]) == t) << 3
        | ("".join([c for c in v if c not in w]) == t) << 4
        | ("".join([c for c in w if c not in v]) == t) << 5
    )


def _str_str_int(v: str, w: str, t: int) -> int:
    return (v.count(w) == t) | (w.count(v) == t) << 1


def _int_int_bool(v: int, w: int, t: bool) -> int:
    return ((v < w) == t) | ((w < v) == t) << 1 | ((v == w) == t) << 2


def _int_list_bool(v: int, w: tuple[int, ...], t: bool) -> int:
    return int((v in w) == t)


def _list_int_bool(v: tuple[int, ...], w: int, t: bool) -> int:
    return int((w in v) == t)


def _str_str_bool(v: str, w: str, t: bool) -> int:
    return int((v == w) == t)


def _bool_int_int(v: bool, w: int, t: int) -> int:
    return ((w if v else 0) == t) | ((0 if v else w) == t) << 1


def _int_bool_int(v: int, w: bool, t: int) -> int:
    return _bool_int_int(w, v, t)


_INT, _LIST, _STR, _BOOL = Type.INT, Type.LIST, Type.STR, Type.BOOL
_WAYS: dict[tuple[Type, Type, Type], Ways] = {
    (_INT, _INT, _INT): _int_int_int,
    (_LIST, _INT, _LIST): _list_int_list,
    (_INT, _LIST, _LIST): _int_list_list,
    (_LIST, _LIST, _LIST): _list_list_list,
    (_LIST, _INT, _INT): _list_int_int,
    (_INT, _LIST, _INT): _int_list_int,
    (_STR, _INT, _STR): _str_int_str,
    (_INT, _STR, _STR): _int_str_str,
    (_STR, _STR, _STR): _str_str_str,
    (_STR, _STR, _INT): _str_str_int,
    (_INT, _INT, _BOOL): _int_int_bool,
    (_INT, _LIST, _BOOL): _int_list_bool,
    (_LIST, _INT, _BOOL): _list_int_bool,
    (_STR, _STR, _BOOL): _str_str_bool,
    (_BOOL, _INT, _INT): _bool_int_int,
    (_INT, _BOOL, _INT): _int_bool_int,
}
