"""Errors of a named kind, put into a step of algebra: what people and policies really get wrong.

====================  =================================================================================================
kind                  what happens to the line that the step leads to
====================  =================================================================================================
``sign``              a term changes its sign
``dropped term``      a term of a sum is forgotten
``arithmetic``        a number comes out wrong, by 2 to 10, or with two digits exchanged
``off-by-one``        a number is one too large or too small
``lost root``         an alternative is forgotten
``unsound move``      the step is one of the classic mistakes that the domain offers as a move
``wrong branch``      an alternative gets the value of its opposite
``wrong variable``    a letter is taken for another, or for the unknown
``one side only``     what should be done to both sides is done to one
``inverted fraction`` numerator and denominator change places
``wrong conclusion``  *no solution* for *all reals*, or a value where there is none
====================  =================================================================================================

Whether the result is an error is for the verifier to say; here they are only made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from reasoning_envs.domains.algebra import AlgebraDomain, AlgebraState
from reasoning_envs.symbolic.moves.mistakes import mistakes
from reasoning_envs.symbolic.syntax.expression import Expr, div, neg, num, replace_at, sym
from reasoning_envs.symbolic.syntax.statement import (
    Comparison,
    Line,
    Statement,
    alternatives,
    disjunction,
    free_symbols,
)

__all__ = ["ERRORS", "spoiled_lines"]

Spoil = Callable[[AlgebraDomain, AlgebraState, AlgebraState, np.random.Generator], Sequence[Line]]


def spoiled_lines(
    domain: AlgebraDomain, kind: str, before: AlgebraState, after: AlgebraState, rng: np.random.Generator
) -> Sequence[Line]:
    """Lines to stand in place of ``after``, each with an error of the kind, in random order; some may be harmless.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in ERRORS:
        raise ValueError(f"there is no kind of error {kind!r}; known: {', '.join(ERRORS)}")
    found = ERRORS[kind](domain, before, after, rng)
    return [found[int(place)] for place in rng.permutation(len(found))]


def _of_line(kind: str) -> Spoil:
    """What the domain's own corruption calls by that name."""

    def spoil(domain: AlgebraDomain, before: AlgebraState, after: AlgebraState, rng: np.random.Generator) -> list[Line]:
        return [line for line, error in mistakes(after.line) if error == kind]

    return spoil


def _unsound_move(
    domain: AlgebraDomain, before: AlgebraState, after: AlgebraState, rng: np.random.Generator
) -> list[Line]:
    return [action.state.line for action in domain.actions(before) if action.is_step and not action.sound]


def _on_numbers(change: Callable[[int, np.random.Generator], int]) -> Spoil:
    def spoil(domain: AlgebraDomain, before: AlgebraState, after: AlgebraState, rng: np.random.Generator) -> list[Line]:
        def rewrite(node: Expr) -> Expr | None:
            if node.op != "num":
                return None
            number = node.number
            over, under = number.numerator, number.denominator
            if under > 1 and rng.random() < 0.5:
                changed = change(under, rng)
                return num(over) if changed < 2 else div(num(over), num(changed))
            changed = change(over, rng)
            return num(changed) if under == 1 else div(num(changed), num(under))

        return list(_rewritten(after.line, rewrite))

    return spoil


def _miscalculated(value: int, rng: np.random.Generator) -> int:
    digits = str(abs(value))
    if len(digits) > 1 and digits[-1] != digits[-2] and rng.random() < 0.5:
        exchanged = int(digits[:-2] + digits[-1] + digits[-2])
        return exchanged if value > 0 else -exchanged
    return value + int(rng.integers(2, 11)) * (1 if rng.random() < 0.5 else -1)


def _off_by_one(value: int, rng: np.random.Generator) -> int:
    return value + (1 if rng.random() < 0.5 else -1)


def _wrong_branch(
    domain: AlgebraDomain, before: AlgebraState, after: AlgebraState, rng: np.random.Generator
) -> list[Line]:
    parts = alternatives(after.line)
    if len(parts) < 2:
        return []
    found: list[Line] = []
    for place, part in enumerate(parts):
        if isinstance(part, Comparison) and part.op == "=" and part.right != num(0):
            wrong = Comparison("=", part.left, neg(part.right))
            found.append(disjunction(*parts[:place], wrong, *parts[place + 1 :]))
    return found


def _wrong_variable(
    domain: AlgebraDomain, before: AlgebraState, after: AlgebraState, rng: np.random.Generator
) -> list[Line]:
    letters = sorted(free_symbols(before.line))
    if len(letters) < 2:
        return []

    def rewrite(node: Expr) -> Expr | None:
        if node.op != "sym":
            return None
        others = [letter for letter in letters if letter != node.value]
        return sym(others[int(rng.integers(len(others)))])

    return list(_rewritten(after.line, rewrite))


def _one_side_only(
    domain: AlgebraDomain, before: AlgebraState, after: AlgebraState, rng: np.random.Generator
) -> list[Line]:
    old, new = before.line, after.line
    if not (isinstance(old, Comparison) and isinstance(new, Comparison)):
        return []
    if old.left == new.left or old.right == new.right:
        return []
    return [Comparison(new.op, new.left, old.right), Comparison(new.op, old.left, new.right)]


def _inverted(domain: AlgebraDomain, before: AlgebraState, after: AlgebraState, rng: np.random.Generator) -> list[Line]:
    def rewrite(node: Expr) -> Expr | None:
        if node.op == "div" and node.args[0] != num(0):
            return div(node.args[1], node.args[0])
        if node.op == "num" and node.number.denominator > 1:
            number = node.number
            turned = div(num(number.denominator), num(abs(number.numerator)))
            return neg(turned) if number < 0 else turned
        return None

    return list(_rewritten(after.line, rewrite))


def _rewritten(line: Statement, rewrite: Callable[[Expr], Expr | None]) -> Iterator[Statement]:
    """The line with one node rewritten, once for each node where ``rewrite`` has an answer."""
    parts = alternatives(line)
    for place, part in enumerate(parts):
        if not isinstance(part, Comparison):
            continue
        for left in (True, False):
            side, other = (part.left, part.right) if left else (part.right, part.left)
            for changed in _changed(side, rewrite):
                sides = (changed, other) if left else (other, changed)
                yield disjunction(*parts[:place], Comparison(part.op, *sides), *parts[place + 1 :])


def _changed(node: Expr, rewrite: Callable[[Expr], Expr | None]) -> Iterator[Expr]:
    new = rewrite(node)
    if new is not None and new != node:
        yield new
    for index, arg in enumerate(node.args):
        for changed in _changed(arg, rewrite):
            yield replace_at(node, index, changed)


ERRORS: dict[str, Spoil] = {
    "sign": _of_line("sign"),
    "dropped term": _of_line("dropped term"),
    "arithmetic": _on_numbers(_miscalculated),
    "off-by-one": _on_numbers(_off_by_one),
    "lost root": _of_line("lost root"),
    "unsound move": _unsound_move,
    "wrong branch": _wrong_branch,
    "wrong variable": _wrong_variable,
    "one side only": _one_side_only,
    "inverted fraction": _inverted,
    "wrong conclusion": _of_line("wrong conclusion"),
}
"""How each kind is made."""
