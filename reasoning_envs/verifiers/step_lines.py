r"""Lines of a derivation from their text, plain or LaTeX.

Most are lines of the parser. What is not is looked at a second time: a congruence; a list with commas, as
:mod:`~reasoning_envs.symbolic.syntax.listed` has it; integrals between bounds, limits, roundings and the like, as
:mod:`~reasoning_envs.verifiers.answer.worked` has them.
"""

from __future__ import annotations

from functools import lru_cache

from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.latex_line import plain_line
from reasoning_envs.symbolic.syntax.listed import read_list
from reasoning_envs.symbolic.syntax.parser import MAX_BYTES, ParseError, parse_line
from reasoning_envs.symbolic.syntax.statement import Line, free_symbols
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.worked import worked
from reasoning_envs.verifiers.congruences import Congruence, read_congruence

__all__ = ["StepLine", "letters_of", "read_line"]

StepLine = Line | Congruence

_MAX_CACHED = 4000
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
    listed = read_list(plain, symbols or None)
    if listed is not None:
        return listed
    return None if plain == text else parse_line(plain, symbols=symbols or None)
