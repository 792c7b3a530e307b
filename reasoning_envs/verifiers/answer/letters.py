"""Letters that may be chosen freely: a constant of integration, the constants of a general solution, any integer.

``x^2 + C`` is ``x^2 + k``, ``pi/4 + n*pi`` is ``pi/4 + k*pi``, and ``c_1*e^x + c_2*e^(-x)`` is ``A*e^x + B*e^(-x)``.
That the letters are such constants is an assumption, which the conditions of the verdict record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

from reasoning_envs.symbolic.calculus.differentiation import differentiate
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError
from reasoning_envs.symbolic.syntax.expression import Expr, add, substitute, sym, terms, walk
from reasoning_envs.verifiers.answer.kinds import Answer, Listing, Value, values_of

__all__ = ["slopes", "with_letters_of"]

_ADDED = frozenset("CcKk")
_INTEGERS = frozenset("nkmljN")
_NUMBERED = re.compile(r"[cC]_?[0-9]")
_GENERAL = re.compile(r"[cC]_?[0-9]|[A-D]")
_MAX_LETTERS = 3


def with_letters_of(mine: Answer, other: Answer) -> Iterator[tuple[Answer, str]]:
    """The other answer with its free constants named as in mine, in each way that makes sense, and the assumption."""
    if isinstance(mine, Value) and not mine.expr.symbols:
        return
    values = values_of(mine), values_of(other)
    if values[0] is None or values[1] is None:
        return
    found = [frozenset[str]().union(*[value.expr.symbols for value in side]) for side in values if side is not None]
    left, right = sorted(found[0] - found[1]), sorted(found[1] - found[0])
    if not left or len(left) != len(right) or len(left) > _MAX_LETTERS:
        return
    shared = found[0] & found[1]
    if len(left) == 1:
        (one,), (two,) = left, right
        sides = [[value.expr for value in side] for side in values if side is not None]
        if (
            all(name in _ADDED or _NUMBERED.fullmatch(name) for name in (one, two))
            and shared
            and _is_added(sides[0], one)
            and _is_added(sides[1], two)
        ):
            yield _renamed(other, {two: one}), f"{one} and {two} are the same constant of integration"
        elif (
            shared
            and all(_GENERAL.fullmatch(name) or name in _ADDED for name in (one, two))
            and _both_named(mine, other)
        ):
            yield _renamed(other, {two: one}), f"{one} and {two} are arbitrary constants"
        elif {one, two} <= _INTEGERS and _has_pi(sides[0]) and _has_pi(sides[1]):
            yield _renamed(other, {two: one}), f"{one} and {two} stand for any integer"
        return
    names = (left, right)
    numbered = [all(_NUMBERED.fullmatch(name) for name in side) for side in names]
    if shared and any(numbered) and all(_GENERAL.fullmatch(name) for side in names for name in side):
        condition = f"{', '.join(left)} and {', '.join(right)} are arbitrary constants"
        for order in permutations(left):
            yield _renamed(other, dict(zip(right, order, strict=True))), condition


def slopes(mine: Expr, other: Expr) -> tuple[Expr, Expr] | None:
    """The derivatives of ``f(x) + C`` and ``g(x) + C``, which are the same family where these are equal.

    None where the two are not so, or f is linear: then C may be a letter like any other.
    """
    shared = mine.symbols & other.symbols
    added = [name for name in shared & _ADDED if _is_added([mine], name) and _is_added([other], name)]
    if len(added) != 1 or len(shared) != 2 or mine.symbols != other.symbols:
        return None
    (name,) = shared - set(added)
    bodies = [_without(side, added[0]) for side in (mine, other)]
    if any(added[0] in body.symbols for body in bodies):
        return None
    try:
        first, second = [differentiate(body, name) for body in bodies]
    except UnsafeExpressionError:
        return None
    return (first, second) if first.symbols and second.symbols else None


def _without(expr: Expr, name: str) -> Expr:
    """The sum without one of its letters."""
    rest = [term for term in terms(expr) if not (term.op == "sym" and term.value == name)]
    return rest[0] if len(rest) == 1 else add(*rest)


def _both_named(mine: Answer, other: Answer) -> bool:
    """Each says what a letter is, as the solution of a differential equation does."""
    return all(isinstance(answer, Value) and answer.name is not None for answer in (mine, other))


def _is_added(sides: list[Expr], name: str) -> bool:
    return len(sides) == 1 and any(term.op == "sym" and term.value == name for term in terms(sides[0]))


def _has_pi(sides: list[Expr]) -> bool:
    return any(node.op == "const" and node.value == "pi" for side in sides for node in walk(side))


def _renamed(answer: Answer, names: dict[str, str]) -> Answer:
    if isinstance(answer, Value):
        expr = substitute(answer.expr, {old: sym(new) for old, new in names.items()})
        return Value(answer.name, expr, answer.text, answer.unit)
    if isinstance(answer, Listing):
        return Listing(tuple([_renamed(item, names) for item in answer.items]), answer.bare)
    return answer
