"""Programs to which the order of a set shows are refused in Monty, and others are not."""

from __future__ import annotations

import ast

import pytest

from sandboxes.monty.sets import shows_order_of_sets

SHOWS = (
    "return list(set(x))",
    "return tuple({1, 2, x})",
    "s = set(x)\n    return [y for y in s]",
    "s = set()\n    for y in x: s.add(y)\n    return list(s)",
    "s = t = set(x)\n    return list(t | {1})",
    "return list(set(x).union([1]))",
    "return ''.join(set(x))",
    "return [*set(x)]",
    "a, b = {1, 2}\n    return a",
    "return f'{set(x)}'",
    "return str(frozenset(x))",
    "return set(x).pop()",
    "return next(iter(set(x)))",
    "r = []\n    for y in set(x): r.append(y)\n    return r",
    "r = ''\n    for y in set(x): r += y\n    return r",
    "r = {}\n    for y in set(x): r[y] = 1\n    return r",
    "for y in set(x):\n        if y > 1: return y",
    "return list(map(str, set(x)))",
    "return {y: 1 for y in set(x)}",
    "print(*set(x))",
    "return list(enumerate(set(x)))",
    "return dict.fromkeys(set(x))",
)
HIDES = (
    "return sorted(set(x))",
    "return sorted(list(set(x)))",
    "return sorted([y for y in set(x)])",
    "return len(set(x))",
    "return sum(set(x))",
    "return sum(1 for y in set(x) if y)",
    "return max(y * y for y in set(x))",
    "return {y for y in set(x)}",
    "return set(x) | {1}",
    "return 1 in set(x)",
    "return set(list(set(x)))",
    "s = set(x)\n    s.update(list(set(x)))\n    return s",
    "r = 0\n    for y in set(x): r += 1\n    return r",
    "r = 0\n    for y in set(x): r = max(r, y)\n    return r",
    "seen = set()\n    r = []\n    for y in x:\n        if y not in seen: r.append(y)\n        seen.add(y)",
    "return list(dict.fromkeys(x))",
    "return any(y > 1 for y in set(x))",
    "return list(x)",
)


@pytest.mark.parametrize(("body", "expected"), [*((body, True) for body in SHOWS), *((body, False) for body in HIDES)])
def test_the_order_of_a_set(body: str, expected: bool) -> None:
    assert shows_order_of_sets(list(ast.walk(ast.parse(f"def f(x):\n    {body}\n")))) is expected


@pytest.mark.parametrize("text", ["a" + " | a" * 800, "a" + ".copy()" * 800, "{1}" + " - a" * 800])
def test_chains_that_are_longer_than_the_stack_is_deep(text: str) -> None:
    nodes = list(ast.walk(ast.parse(f"x = sorted({text})\nfor y in {text}: pass")))
    assert not shows_order_of_sets(nodes)
