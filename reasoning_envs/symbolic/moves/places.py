"""Where in a line the next move acts: on the equation of the first alternative that is not yet solved."""

from __future__ import annotations

from typing import NamedTuple

from reasoning_envs.symbolic.moves.changes import X
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.statement import (
    And,
    Comparison,
    Statement,
    Truth,
    alternatives,
    conjunction,
    conjuncts,
    disjunction,
    equation,
    line_tokens,
)
from reasoning_envs.symbolic.syntax.tokens import CONNECTIVES, END

__all__ = ["Place", "active", "is_restriction", "is_solved", "place_of"]

_AND, _OR = CONNECTIVES["and"], CONNECTIVES["or"]


class Place(NamedTuple):
    """The equation that is acted on, and all of the line that stays as it is.

    Attributes:
        main: the equation. constraints: what its alternative demands besides.
        before, behind: the other alternatives. others: the tokens of each.
        head, tail: the tokens of the line before and behind the equation.
        inner: the part of the line that is the alternative: without its first and its last so many tokens.
    """

    main: Comparison
    constraints: tuple[Statement, ...] = ()
    before: tuple[Statement, ...] = ()
    behind: tuple[Statement, ...] = ()
    others: tuple[bytes, ...] = ()
    head: bytes = b""
    tail: bytes = b""
    inner: tuple[int, int] = (0, 0)

    def put(self, left: Expr, right: Expr) -> Statement:
        """The whole line with the equation replaced."""
        line = equation(left, right)
        return self.line(conjunction(line, *self.constraints)) if self.constraints or self.others else line

    def demanding(self, condition: Statement) -> Place:
        """The same with one more constraint."""
        constraints = [*self.constraints]
        constraints += [piece for piece in conjuncts(condition) if piece not in constraints]
        return _placed(self.main, tuple(constraints), self.before, self.behind)

    def line(self, alternative: Statement) -> Statement:
        """The whole line with the alternative replaced."""
        return disjunction(*self.before, alternative, *self.behind) if self.others else alternative

    def repeats(self, tokens: bytes) -> bool:
        """The alternative in the line of these tokens is one of the others, so that it will not be written twice."""
        first, last = self.inner
        return tokens[first : len(tokens) - last] in self.others


def is_solved(part: Statement) -> bool:
    """``x = something without x``, with no constraint left."""
    return isinstance(part, Comparison) and part.op == "=" and part.left == X and "x" not in part.right.symbols


def is_restriction(part: Statement) -> bool:
    """``x != something``, or several such of x alone and no equation: what holds for all reals but some."""
    if isinstance(part, Comparison):
        return part.op != "=" and part.left == X and "x" not in part.right.symbols
    return isinstance(part, And) and all(is_restriction(piece) for piece in part.parts)


def active(line: Statement) -> int | None:
    """Index of the first alternative that is not solved; None where the line is final."""
    for index, part in enumerate((line,) if isinstance(line, Comparison) else alternatives(line)):
        if not isinstance(part, Truth) and not is_solved(part) and not is_restriction(part):
            return index
    return None


def place_of(line: Statement) -> Place | None:
    """Of the first alternative that is not yet solved; None where there is none, or no equation in it."""
    if isinstance(line, Comparison) and line.op == "=":  # most lines: one equation and nothing else
        return None if is_solved(line) else Place(line)
    index = active(line)
    if index is None:
        return None
    parts = alternatives(line)
    pieces = conjuncts(parts[index])
    main = next((piece for piece in pieces if isinstance(piece, Comparison) and piece.op == "="), None)
    if main is None:
        return None
    constraints = tuple([piece for piece in pieces if piece is not main])
    return _placed(main, constraints, parts[:index], parts[index + 1 :])


def _placed(
    main: Comparison,
    constraints: tuple[Statement, ...],
    before: tuple[Statement, ...],
    behind: tuple[Statement, ...],
) -> Place:
    head = tail = b""
    if constraints:
        head, tail = _AND, b"".join([line_tokens(constraint) for constraint in constraints]) + END
    if not before and not behind:
        return Place(main, constraints, head=head, tail=tail)
    others = tuple([line_tokens(part) for part in (*before, *behind)])
    first, last = _OR + b"".join(others[: len(before)]), b"".join(others[len(before) :]) + END
    return Place(main, constraints, before, behind, others, first + head, tail + last, (len(first), len(last)))
