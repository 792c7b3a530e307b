"""Properties of two rows of values: what a person sees who compares what a line computes with what is wanted.

A *signature* says which properties hold on all visible examples and which on some of them (Odena and Sutton, "Learning
to represent programs with property signatures", ICLR 2020): the values are equal, of equal length, the one is the start
of the other, the sum of the one is the other. A property is a bit; each pair of types has a table of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from reasoning_envs.programs.values import Type, Value

__all__ = ["Signature", "signature"]


class Signature(NamedTuple):
    """What holds of one row of values beside another.

    Attributes:
        pair: number of the pair of types, below 16.
        everywhere: bits of the properties that hold on all examples. somewhere: on at least one.
        equal: examples on which both are the same, from 0 to 7. missing: some example has no value.
    """

    pair: int
    everywhere: int
    somewhere: int
    equal: int
    missing: bool


def signature(kind: Type, values: Sequence[Value | None], target: Type, wanted: Sequence[Value | None]) -> Signature:
    """The signature of values beside what is wanted.

    Args:
        kind: type of the values.
        values: one an example; None where there is none.
        target: type of what is wanted.
        wanted: one an example.
    """
    pair = 4 * _NUMBERS[kind] + _NUMBERS[target]
    holds = _PROPERTIES[pair]
    everywhere, somewhere, equal = -1, 0, 0
    alike = kind is target
    missing = False
    for value, goal in zip(values, wanted, strict=True):
        if value is None:
            missing = True
            continue
        bits = holds(value, goal)
        everywhere &= bits
        somewhere |= bits
        equal += alike and value == goal
    return Signature(pair, everywhere & somewhere, somewhere, min(equal, 7), missing)


def _int_int(v: Any, t: Any) -> int:
    gap = v - t
    size, goal = abs(v), abs(t)
    return int(
        (gap == 0)
        | (gap < 0) << 1
        | (v == -t) << 2
        | (gap in (-1, 1)) << 3
        | (v != 0 and t % v == 0) << 4
        | (t != 0 and v % t == 0) << 5
        | (v == 2 * t) << 6
        | (t == 2 * v) << 7
        | (v == 0) << 8
        | (v % 2 == t % 2) << 9
        | ((v < 0) == (t < 0)) << 10
        | (size > goal) << 11
        | (v != 0 and t == v * v) << 12
        | (v == 1) << 13
        | (t == 0) << 14
        | (v < 0) << 15
        | (t < 0) << 16
        | (v // 2 == t) << 17
        | (3 * v == t) << 18
        | (v % 3 == t) << 19
        | (v % 2 == t) << 20
        | (size > 3 * goal + 3) << 21
        | (goal > 3 * size + 3) << 22
        | (t == max(v, 0)) << 23
        | (t == min(v, 0)) << 24
        | (gap in (-2, 2)) << 25
        | (-4 < gap < 4) << 26
    )


class _Facts(NamedTuple):
    """Of a list of numbers; its extremes are 0 where it is empty."""

    total: int
    least: int
    most: int
    ordered: tuple[int, ...]
    kinds: frozenset[int]


@lru_cache(maxsize=65_536)
def _facts(items: tuple[int, ...]) -> _Facts:
    ordered = tuple(sorted(items))
    least, most = (ordered[0], ordered[-1]) if ordered else (0, 0)
    return _Facts(sum(items), least, most, ordered, frozenset(items))


def _list_list(v: Any, t: Any) -> int:
    one, other = _facts(v), _facts(t)
    count, goal = len(v), len(t)
    shorter = min(count, goal)
    found = (
        (v == t)
        | (count > goal) << 1
        | (one.total == other.total) << 2
        | (one.ordered == other.ordered) << 3
        | (v == t[::-1]) << 4
        | (v == t[:count]) << 5
        | (t == v[:goal]) << 6
        | (shorter == goal and t == v[count - goal :]) << 7
        | (shorter == count and v == t[goal - count :]) << 8
        | (one.kinds <= other.kinds) << 9
        | (other.kinds <= one.kinds) << 10
        | (v == one.ordered) << 11
        | (t == other.ordered) << 12
        | (v[:1] == t[:1]) << 13
        | (v[-1:] == t[-1:]) << 14
        | (one.most == other.most) << 15
        | (one.least == other.least) << 16
        | (not v) << 17
        | (not t) << 18
        | (abs(count - goal) == 1) << 19
        | (one.total > other.total) << 20
        | (len(one.kinds) == count) << 21
        | (len(other.kinds) == goal) << 22
        | (t == v[::2]) << 23
        | (count < goal) << 24
        | (t == v[::-1][:goal] and goal > 0) << 25
        | (t[:shorter] == v[:shorter]) << 26
        | (0 < goal < count and _is_within(t, v)) << 27
        | (0 < count < goal and _is_within(v, t)) << 28
    )
    if count == goal:
        gaps = {b - a for a, b in zip(v, t, strict=True)}
        found |= (
            1 << 30
            | (len(gaps) <= 1) << 31
            | (all(gap >= 0 for gap in gaps)) << 32
            | (all(gap <= 0 for gap in gaps)) << 33
            | (all(b % a == 0 if a else b == 0 for a, b in zip(v, t, strict=True))) << 34
            | (all(b * b == a * a for a, b in zip(v, t, strict=True))) << 35
            | (all(2 * a == b for a, b in zip(v, t, strict=True))) << 36
            | (all(0 <= b < 3 for b in t)) << 37
            | (sum(a == b for a, b in zip(v, t, strict=True)) * 2 > count) << 38
            | (all(a * other.least == b or a * other.most == b for a, b in zip(v, t, strict=True))) << 39
        )
    return int(found)


def _is_within(few: Sequence[Any], many: Sequence[Any]) -> bool:
    """The few stand among the many in their order."""
    rest = iter(many)
    return all(item in rest for item in few)


def _list_int(v: Any, t: Any) -> int:
    facts = _facts(v)
    count = len(v)
    return int(
        (facts.total == t)
        | (count == t) << 1
        | (count > 0 and facts.most == t) << 2
        | (count > 0 and facts.least == t) << 3
        | (v[:1] == (t,)) << 4
        | (v[-1:] == (t,)) << 5
        | (t in facts.kinds) << 6
        | (-t in facts.kinds) << 7
        | (count > t) << 8
        | (v.count(0) == t) << 9
        | (not v) << 10
        | (facts.least <= t <= facts.most) << 11
        | (facts.total > t) << 12
        | (facts.total == -t) << 13
        | (len(facts.kinds) == t) << 14
        | (-2 < facts.total - t < 2) << 15
        | (-2 < count - t < 2) << 16
        | (0 <= t <= count) << 17
        | (abs(t) > abs(facts.total)) << 18
        | (facts.total % 2 == t % 2) << 19
        | (facts.total != 0 and t % facts.total == 0) << 20
        | (count != 0 and t % count == 0) << 21
        | (t != 0 and facts.total % t == 0) << 22
        | (t < 0) << 23
        | (facts.most - facts.least == t) << 24
        | (t > facts.most) << 25
        | (t < facts.least) << 26
    )


def _int_list(v: Any, t: Any) -> int:
    facts = _facts(t)
    count = len(t)
    inside = 0 <= v <= count
    return int(
        (v in facts.kinds)
        | (v == count) << 1
        | (v == facts.total) << 2
        | (count > 0 and v == facts.most) << 3
        | (count > 0 and v == facts.least) << 4
        | (count > 0 and facts.least > v) << 5
        | (v != 0 and all(x % v == 0 for x in t)) << 6
        | (v == 0) << 7
        | (v < 0) << 8
        | (facts.most < v) << 9
        | (facts.most <= v) << 10
        | (facts.least >= v) << 11
        | (t[:1] == (v,)) << 12
        | (t[-1:] == (v,)) << 13
        | inside << 14
        | (-v in facts.kinds) << 15
        | (not t) << 16
        | (v == 1) << 17
        | (v in (2, 3, -1)) << 18
        | (v == count - 1) << 19
        | (t.count(v) > 1) << 20
        | (v == facts.total - facts.most) << 21
    )


def _str_str(v: Any, t: Any) -> int:
    one, other = frozenset(v), frozenset(t)
    return int(
        (v == t)
        | (len(v) == len(t)) << 1
        | (v in t) << 2
        | (t in v) << 3
        | t.startswith(v) << 4
        | t.endswith(v) << 5
        | v.startswith(t) << 6
        | v.endswith(t) << 7
        | (sorted(v) == sorted(t)) << 8
        | (v.upper() == t.upper()) << 9
        | (v[::-1] == t) << 10
        | (one <= other) << 11
        | (other <= one) << 12
        | (v == v.upper()) << 13
        | (t == t.upper()) << 14
        | (not v) << 15
        | (not t) << 16
        | (list(v) == sorted(v)) << 17
        | (list(t) == sorted(t)) << 18
        | (len(one) == len(v)) << 19
        | (len(other) == len(t)) << 20
        | _is_within(t, v) << 21
        | _is_within(v, t) << 22
        | (len(v) > len(t)) << 23
        | (v[:1] == t[:1]) << 24
        | (v[-1:] == t[-1:]) << 25
        | (v + v == t) << 26
        | (t == t[::-1]) << 27
        | (one.isdisjoint(other)) << 28
    )


def _str_int(v: Any, t: Any) -> int:
    return int(
        (len(v) == t)
        | (v.count("a") == t) << 1
        | (len(v) >= t) << 2
        | (str(t) in v) << 3
        | (not v) << 4
        | (len(set(v)) == t) << 5
        | (t < 0) << 6
        | (-2 < len(v) - t < 2) << 7
        | (t == 0) << 8
        | (t != 0 and len(v) % t == 0) << 9
        | (len(v) > 0 and t % len(v) == 0) << 10
    )


def _int_str(v: Any, t: Any) -> int:
    return int(
        (str(v) == t)
        | (str(v) in t) << 1
        | (v == len(t)) << 2
        | (0 <= v <= len(t)) << 3
        | (v < 0) << 4
        | (v == 0) << 5
        | (v != 0 and len(t) % v == 0) << 6
        | (not t) << 7
        | (t in str(v)) << 8
        | (t[::-1] == str(v)) << 9
    )


def _list_str(v: Any, t: Any) -> int:
    return int((len(v) == len(t)) | (not v) << 1 | (not t) << 2 | (str(sum(v)) == t) << 3)


def _str_list(v: Any, t: Any) -> int:
    return int((len(v) == len(t)) | (not v) << 1 | (not t) << 2 | (len(v) > len(t)) << 3)


def _bool_int(v: Any, t: Any) -> int:
    return int(v | (v == (t > 0)) << 1 | (v == (t == 0)) << 2 | (v == (t == 1)) << 3 | (v == (t < 0)) << 4)


def _bool_any(v: Any, t: Any) -> int:
    return int(v | (v == bool(t)) << 1 | (not t) << 2)


def _any_bool(v: Any, t: Any) -> int:
    return int(t | (bool(v) == t) << 1 | (not v) << 2)


def _int_bool(v: Any, t: Any) -> int:
    return int(t | ((v > 0) == t) << 1 | ((v == 0) == t) << 2 | (v < 0) << 3 | (v == 0) << 4 | ((v < 0) == t) << 5)


def _bool_bool(v: Any, t: Any) -> int:
    return int((v == t) | v << 1 | t << 2)


_NUMBERS = {kind: number for number, kind in enumerate((Type.INT, Type.LIST, Type.STR, Type.BOOL))}
_PROPERTIES: tuple[Callable[[Any, Any], int], ...] = (
    *(_int_int, _int_list, _int_str, _int_bool),
    *(_list_int, _list_list, _list_str, _any_bool),
    *(_str_int, _str_list, _str_str, _any_bool),
    *(_bool_int, _bool_any, _bool_any, _bool_bool),
)
"""By the number of a pair: 4 * value + target."""
