r"""Lines of a derivation from their text, plain or LaTeX.

Most are lines of the parser. What is not is looked at a second time: a congruence; equations parted by commas;
integrals between bounds, limits, roundings and the like, as :mod:`~reasoning_envs.verifiers.answer.worked` has them.
Commas between equations are *and* where the equations are about several letters (``x = 2, y = 1``), and *or* where
they are about one (``x = 2, x = 3``); between inequalities they are *and*.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.latex_reader import plain_line
from reasoning_envs.symbolic.syntax.parser import MAX_BYTES, ParseError, parse_line
from reasoning_envs.symbolic.syntax.statement import Comparison, Line, conjunction, disjunction, free_symbols
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.outline import marks, split_at
from reasoning_envs.verifiers.answer.worked import worked
from reasoning_envs.verifiers.congruences import Congruence, read_congruence

__all__ = ["StepLine", "letters_of", "read_line"]

StepLine = Line | Congruence

_MAX_CACHED = 4000
_THOUSANDS = re.compile(r"[0-9],[0-9]{3}(?![0-9])")
"""One number or two: nobody can tell."""
_CONSTANTS = frozenset(("e", "i", "pi"))


def read_line(text: str, symbols: frozenset[str]) -> StepLine | Verdict:
    """The line, or why it is none: UNPARSED or UNSAFE.

    Args:
        text: one line.
        symbols: names that are symbols whatever else they would mean.
    """
    return _read(text, symbols) if len(text) > _MAX_CACHED else _read_cached(text, symbols)


def letters_of(line: StepLine) -> frozenset[str]:
    """Names of the letters in a line."""
    return line.symbols if isinstance(line, Congruence) else free_symbols(line)


def _read(text: str, symbols: frozenset[str]) -> StepLine | Verdict:
    try:
        plain = plain_line(text)
        try:
            line: StepLine = parse_line(plain, symbols=symbols or None)
        except ParseError:
            found = _at_second_look(plain, symbols) if len(plain) <= MAX_BYTES else None
            if found is None:
                raise
            line = found
        if not isinstance(line, Congruence):
            check_bounds(line)
    except ParseError as error:
        return Verdict(Status.UNPARSED, Relation.UNKNOWN, error.reason, "parser", True)
    except UnsafeExpressionError as error:
        return Verdict(Status.UNSAFE, Relation.UNKNOWN, error.reason, "bounds", True)
    return line


_read_cached = lru_cache(maxsize=4096)(_read)


def _at_second_look(text: str, symbols: frozenset[str]) -> StepLine | None:
    """A line that the parser did not read; None where nothing better is known."""
    if "≡" in text:
        return read_congruence(text, symbols)
    plain = text if symbols & _CONSTANTS else worked(text)
    listed = _listed(plain, symbols)
    if listed is not None:
        return listed
    return None if plain == text else parse_line(plain, symbols=symbols or None)


def _listed(text: str, symbols: frozenset[str]) -> Line | None:
    """Comparisons with commas between them."""
    cuts = [mark for mark in marks(text) if mark.sign == ","]
    if not cuts or _THOUSANDS.search(text):
        return None
    parts = [parse_line(piece.removeprefix("and "), symbols=symbols or None) for piece in split_at(text, cuts)]
    for place, part in enumerate(parts):
        before = parts[place - 1]
        if isinstance(part, Expr) and place and isinstance(before, Comparison) and before.op == "=":
            parts[place] = Comparison("=", before.left, part)  # x = 2, 3
    statements = [part for part in parts if not isinstance(part, Expr)]
    if len(statements) < len(parts):
        return None
    equations = [part for part in statements if isinstance(part, Comparison) and part.op == "="]
    if len(equations) < len(parts):
        return conjunction(*statements)
    letters = frozenset[str]().union(*map(free_symbols, equations))
    solved = {part.left for part in equations if _is_solved(part)}
    one = len(letters) == 1 or (len(solved) == 1 and all(map(_is_solved, equations)))
    return disjunction(*equations) if one else conjunction(*equations)


def _is_solved(part: Comparison) -> bool:
    """It says what one letter is."""
    return part.left.op == "sym" and part.left.symbols.isdisjoint(part.right.symbols)
