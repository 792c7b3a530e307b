"""Lists of statements with commas between them: ``x = 2, x = -2``; ``x = 2, 3``; ``x = 2, y = 1``.

A comma is *or* between equations that each say something of one and the same letter, and *and* otherwise; a semicolon
is a comma. In ``x = 2, y = 3 or x = 3, y = 2`` each alternative says what all the letters are. Intervals and points,
``x in (1, 2]`` and ``(x, y) = (2, 3)``, are statements too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.latex_line import plain_line
from reasoning_envs.symbolic.syntax.lexer import MAX_BYTES
from reasoning_envs.symbolic.syntax.notation import ParseError
from reasoning_envs.symbolic.syntax.parser import parse_line, parse_statement
from reasoning_envs.symbolic.syntax.respelled import pieces, respelled
from reasoning_envs.symbolic.syntax.statement import (
    And,
    Comparison,
    Or,
    Statement,
    conjunction,
    disjunction,
    equation,
    free_symbols,
)

__all__ = ["at_second_look", "read_list"]

_THOUSANDS = re.compile(r"[0-9],[0-9]{3}(?![0-9])")
"""One number or two: nobody can tell."""
_AND = re.compile(r"\band\b|∧")
_OR = re.compile(r"\bor\b|∨")


def at_second_look(text: str, symbols: Iterable[str] | None = None) -> Statement | None:
    """A statement that the parser did not read: a list, or LaTeX without a command (``x_{1} = 2``).

    None for all other text: what the parser said of the whole line is the reason then.
    """
    try:
        plain = plain_line(text)
        return read_list(plain, symbols) or (None if plain == text else parse_statement(plain, symbols=symbols))
    except ParseError:
        return None


def read_list(text: str, symbols: Iterable[str] | None = None) -> Statement | None:
    """The statement that a list in plain text stands for; None where the text is no list, or could mean two things.

    Args:
        text: of which the parser has read no line.
        symbols: see :func:`~reasoning_envs.symbolic.syntax.parser.parse_line`.

    Raises:
        ParseError: a part of the list cannot be read.
    """
    if len(text) > MAX_BYTES or _THOUSANDS.search(text):
        return None
    if (plain := respelled(text)) is not None:
        return parse_statement(plain, symbols=symbols)
    if ";" in text and "," not in text:
        text = text.replace(";", ",")
    parts_of_text = pieces(text)
    if len(parts_of_text) > 2 and (solutions := _solutions(text, symbols)) is not None:
        return solutions
    if len(parts_of_text) < 2:
        return None
    parts: list[Statement] = []
    either = False
    for piece in parts_of_text:
        either |= piece.startswith("or ")
        part = parse_line(piece.removeprefix("or ").removeprefix("and "), symbols=symbols)
        if isinstance(part, Expr):
            before = parts[-1] if parts else None
            if not isinstance(before, Comparison) or before.op != "=" or before.left.op != "sym":
                return None
            part = equation(before.left, part)  # x = 2, 3
        either |= isinstance(part, Or)
        parts.extend(part.parts if isinstance(part, Or) else (part,))
    if _about_one_letter(parts):
        return disjunction(*parts)
    # "x = 2 and y = 3, x = 4 and y = 5": which of them go together is not said.
    joined = any(isinstance(part, And) and any(map(_is_equation, part.parts)) for part in parts)
    return None if either or joined else conjunction(*parts)


def _solutions(text: str, symbols: Iterable[str] | None) -> Statement | None:
    """``x = 2, y = 3 or x = 3, y = 2``; None where not all alternatives say what the same several letters are."""
    found: list[Statement] = []
    letters: set[Expr] = set()
    alternatives = [part.strip(" ,;") for part in _OR.split(text)]
    for alternative in alternatives if len(alternatives) > 1 else []:
        texts = [part for piece in pieces(alternative) for part in _AND.split(piece) if part.strip()]
        parts = [parse_line(part, symbols=symbols) for part in texts]
        named = {part.left for part in parts if isinstance(part, Comparison) and _is_equation(part)}
        if (
            len(named) < max(2, len(parts))
            or any(letter.op != "sym" for letter in named)
            or letters not in (set(), named)
        ):
            return None
        letters = named
        found.append(conjunction(*[part for part in parts if isinstance(part, Comparison)]))
    return disjunction(*found) if found else None


def _about_one_letter(parts: Sequence[Statement]) -> bool:
    """Whether all are equations that each say something of one and the same letter."""
    equations = [part for part in parts if isinstance(part, Comparison) and part.op == "="]
    if len(equations) < len(parts):
        return False
    solved = {
        part.left for part in equations if part.left.op == "sym" and part.left.symbols.isdisjoint(part.right.symbols)
    }
    letters = frozenset[str]().union(*map(free_symbols, equations))
    return len(letters) == 1 or (len(solved) == 1 and all(part.left in solved for part in equations))


def _is_equation(part: Statement) -> bool:
    return isinstance(part, Comparison) and part.op == "="
