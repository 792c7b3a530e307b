"""Steps with congruences: ``2x ≡ 6 (mod 8)`` to ``x ≡ 3 (mod 4)``, compared residue by residue.

Both sides are polynomials with whole coefficients in at most two letters, which stand for integers. Whether they are
congruent depends on the residues of the letters alone, so that a common multiple of the two moduli tells all.
"""

from __future__ import annotations

import re
from itertools import product
from math import lcm
from typing import NamedTuple

from reasoning_envs.symbolic.syntax.bounds import check_bounds
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression
from reasoning_envs.symbolic.syntax.statement import Comparison, Line, Truth
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.residue_classes import MAX_MODULUS, NoResidueError, residue, residues_of_form

__all__ = ["Congruence", "compare_congruences", "read_congruence"]

_LINE = re.compile(r"(.+≡.+?)\s*(?:\(\s*mod\s*([0-9]{1,10})\s*\)|\bmod\s*([0-9]{1,10}))\.?", re.DOTALL)
_MAX_CASES = 50_000
"""Residues of the letters that are gone through at most."""
_MAX_SHOWN = 3


class Congruence(NamedTuple):
    """``members[0] ≡ members[1] ≡ ... (mod modulus)``."""

    members: tuple[Expr, ...]
    modulus: int

    @property
    def symbols(self) -> frozenset[str]:
        """Names of the letters."""
        return frozenset().union(*[member.symbols for member in self.members])


class _Unsettled(ValueError):
    """The residues do not tell."""


def read_congruence(text: str, symbols: frozenset[str]) -> Congruence | None:
    """A congruence from its text; None where the text is none.

    Raises:
        ParseError, UnsafeExpressionError: a side that cannot be read, or a modulus that is 0 or too large.
    """
    match = _LINE.fullmatch(text.strip())
    if match is None:
        return None
    modulus = int(match[2] or match[3])
    if not 0 < modulus <= MAX_MODULUS:
        raise ParseError(f"a modulus is between 1 and {MAX_MODULUS}", 0)
    members = tuple([parse_expression(part, symbols=symbols or None) for part in match[1].split("≡")])
    for member in members:
        check_bounds(member)
    return Congruence(members, modulus)


def compare_congruences(before: Line | Congruence, after: Line | Congruence) -> Verdict:
    """Two lines of which one at least is a congruence: VERIFIED where the same integers satisfy both."""
    try:
        first, second = _as_congruence(before), _as_congruence(after)
        names = sorted(_letters(first) | _letters(second))
        period = lcm(*[line.modulus for line in (first, second) if isinstance(line, Congruence)])
        if len(names) > 2 or period ** len(names) > _MAX_CASES:
            raise _Unsettled(f"more than {_MAX_CASES} residues of {', '.join(names)} would have to be gone through")
        lost: list[str] = []
        added: list[str] = []
        any_before = False
        for values in product(range(period), repeat=len(names)):
            at = dict(zip(names, values, strict=True))
            holds = _holds(first, at), _holds(second, at)
            any_before = any_before or holds[0]
            if holds[0] is not holds[1] and len(lost if holds[0] else added) < _MAX_SHOWN:
                shown = ", ".join(f"{name} ≡ {value} (mod {period})" for name, value in at.items())
                (lost if holds[0] else added).append(shown)
    except (_Unsettled, NoResidueError) as error:
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, str(error), "residue classes")
    if lost or added:
        relation = Relation.NONE if lost and added else Relation.IMPLIED_BY if lost else Relation.IMPLIES
        witness = (lost or added)[0]
        reason = f"this {'loses' if lost else 'adds'} {witness}" if names else "the line is false"
        return Verdict(Status.REFUTED, relation, reason, "residue classes", True, witness or None)
    if not any_before and not isinstance(second, Truth):
        reason = "no integer satisfies either line, and the one does not follow from the other by a rule"
        return Verdict(Status.REFUTED, Relation.VACUOUS, reason, "residue classes", True)
    reason = "the same integers satisfy both lines" if names else "both lines are true"
    return Verdict(Status.VERIFIED, Relation.EQUIVALENT, reason, "residue classes", True)


def _as_congruence(line: Line | Congruence) -> Congruence | Truth:
    """``x = 7k + 3`` is ``x ≡ 3 (mod 7)``."""
    if isinstance(line, Congruence | Truth):
        return line
    if isinstance(line, Comparison) and line.op == "=" and line.left.op == "sym":
        classes = residues_of_form(line.right)
        if classes is not None and line.left.symbols.isdisjoint(line.right.symbols):
            (remainder,) = classes.remainders
            return Congruence((line.left, parse_expression(str(remainder))), classes.modulus)
    raise _Unsettled("a congruence is compared with a congruence, or with the numbers that it stands for")


def _letters(line: Congruence | Truth) -> frozenset[str]:
    return frozenset() if isinstance(line, Truth) else line.symbols


def _holds(line: Congruence | Truth, at: dict[str, int]) -> bool:
    if isinstance(line, Truth):
        return line.value
    return len({residue(member, at, line.modulus) for member in line.members}) == 1
