"""Rewriting chains: ``d/dx(x^3) = 3*x^2 = 3*x*x``, judged link by link."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from reasoning_envs.symbolic.calculus.definite import is_definite
from reasoning_envs.symbolic.calculus.differentiation import holds_integral
from reasoning_envs.symbolic.calculus.steps import compare_lines, variable_of
from reasoning_envs.symbolic.equality.equivalence import NUMBER_DOMAINS
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.latex_reader import from_latex, is_latex
from reasoning_envs.symbolic.syntax.parser import ParseError
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.step_lines import read_line

__all__ = ["MAX_LINKS", "verify_chain"]

MAX_LINKS = 100
"""Members of a chain at most."""

_LAYOUT = re.compile(r"&|\\\\\s*$")
_EQUALS = re.compile(r"(?<![<>!=:~])=(?!=)")


def verify_chain(chain: str, *, over: str = "real", symbols: Iterable[str] | None = None) -> list[Verdict]:
    """A verdict on each link of ``a = b = c``, given the member before it: one fewer than members.

    The members are expressions, plain or LaTeX, with derivatives and integrals or without, on one line or on several
    (each may begin with its ``=``). From the first integral on, members are equal up to a constant. A member that
    cannot be read is skipped after that.

    Args:
        chain: the text.
        over: the number domain: ``"real"``, ``"positive"`` or ``"complex"``.
        symbols: names that are symbols whatever else they would mean (``e``, ``speed``).

    Raises:
        TypeError: ``chain`` is no text.
        ValueError: no such number domain, a name that cannot be a symbol, or more than :data:`MAX_LINKS` members.
    """
    if not isinstance(chain, str):
        raise TypeError(f"chain must be a text (str), got {type(chain).__name__}")
    if over not in NUMBER_DOMAINS:
        raise ValueError(f"over must be one of {', '.join(NUMBER_DOMAINS)}, got {over!r}")
    members = [part for line in chain.splitlines() for part in _members(line)]
    if len(members) > MAX_LINKS:
        raise ValueError(f"the chain has {len(members)} members; at most {MAX_LINKS} are judged")
    names = frozenset(symbols or ())
    read = [_read(member, names) for member in members]
    verdicts: list[Verdict] = []
    if not read:
        return verdicts
    current = read[0]
    integrals = [current] if isinstance(current, Expr) and _is_indefinite(current) else []
    for member in read[1:]:
        start = time.perf_counter()
        if isinstance(member, Expr) and _is_indefinite(member):
            integrals.append(member)
        verdict = _judge(current, member, over, integrals)
        verdicts.append(verdict.since(start))
        if isinstance(member, Expr) or isinstance(current, Verdict):
            current = member
    return verdicts


def _is_indefinite(member: Expr) -> bool:
    return holds_integral(member) and not is_definite(member)


def _members(line: str) -> list[str]:
    """What stands between the signs of equality; nothing stands before one that begins a line."""
    if is_latex(line):
        with suppress(ParseError):  # each member will say why it cannot be read
            line = from_latex(_LAYOUT.sub("", line))
    parts = _EQUALS.split(line)
    return [part for index, part in enumerate(parts) if part.strip() or index]


def _judge(before: Expr | Verdict, after: Expr | Verdict, over: str, integrals: Sequence[Expr]) -> Verdict:
    if isinstance(after, Verdict):
        return after
    if isinstance(before, Verdict):
        return replace(before, reason=f"the member before cannot be read: {before.reason}")
    variable = variable_of(*integrals) if integrals else None
    return compare_lines(before, after, over=over, variable=variable, antiderivatives=bool(integrals))


def _read(text: str, symbols: frozenset[str]) -> Expr | Verdict:
    member = read_line(text, symbols)
    if isinstance(member, Expr | Verdict):
        return member
    return Verdict(Status.UNPARSED, Relation.UNKNOWN, "the members of a chain are expressions", "parser", True)
