"""What is taken for granted where two answers would differ without it, and how they compare then.

A letter of a family stands for any integer, one in the exponent of a negative number is whole, a constant of
integration is any number, and ``f(t)`` is ``f(x)`` with another letter. Each assumption is a condition of the verdict.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from reasoning_envs.symbolic.syntax.expression import Expr, substitute, sym
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.answer.families import families_differ, same_family
from reasoning_envs.verifiers.answer.kinds import Answer, Family, Listing, Ordered, Residues, Value, values_of
from reasoning_envs.verifiers.answer.letters import slopes, with_letters_of
from reasoning_envs.verifiers.answer.parities import by_parity, whole_letters
from reasoning_envs.verifiers.answer.parts import joint

if TYPE_CHECKING:
    from reasoning_envs.verifiers.answers import Comparer

__all__ = ["families", "for_integers", "with_arguments_of", "with_letters"]

_FUNCTION = re.compile(r"([A-Za-zα-ω])\(([a-z](?:,[a-z])*)\)")


def with_letters(judge: Comparer, mine: Answer, other: Answer) -> Verdict | None:
    """VERIFIED where the two are the same once letters that may be chosen freely are; else None."""
    same = _antiderivatives(judge, mine, other)
    if same is not None:
        return same
    for renamed, assumption in with_letters_of(mine, other):
        verdict = judge.compare(mine, renamed)
        if not verdict.verified:
            verdict = _antiderivatives(judge, mine, renamed) or verdict
        if verdict.verified:
            return replace(verdict, rigorous=False, conditions=(*verdict.conditions, assumption))
    return None


def _antiderivatives(judge: Comparer, mine: Answer, other: Answer) -> Verdict | None:
    """VERIFIED where the two differ by a number that the constant of integration takes up; else None."""
    if not (isinstance(mine, Value) and isinstance(other, Value)) or mine.unit != other.unit:
        return None
    if mine.name != other.name and None not in (mine.name, other.name):
        return None
    found = slopes(mine.expr, other.expr)
    verdict = None if found is None else judge.expressions(*found)
    if verdict is None or not verdict.verified:
        return None
    reason = "the derivatives are equal"
    condition = "the constant of integration is any number"
    return replace(verdict, reason=reason, rigorous=False, conditions=(*verdict.conditions, condition))


def families(judge: Comparer, mine: Answer, other: Answer) -> Verdict:
    """Answers for all that a letter may be; where only one says of what, it is taken as meant for both."""
    sides = [side.members if isinstance(side, Family) else side for side in (mine, other)]
    known = [side for side in (mine, other) if isinstance(side, Family)]
    if len({side.of for side in known}) > 1:
        return families_differ(known[0], known[-1])
    letters = [
        side.letters if isinstance(side, Family) else frozenset[str]().union(*_letters(side)) for side in (mine, other)
    ]
    of = known[0].of
    if len(known) < 2 and not all(isinstance(side, Value | Listing | Ordered | Residues) for side in sides):
        reason = f"only one of the two is about numbers of {of}"
        return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "families")
    verdict = same_family(sides[0], sides[1], (letters[0], letters[1])) if of == "ℤ" else None
    if verdict is None:
        verdict = judge.compare(sides[0], sides[1])
        again = with_letters(judge, sides[0], sides[1]) if verdict.refuted else None
        verdict = again or verdict
        doubtful = verdict.refuted and of != "ℕ"
        if again is None and verdict.verified:
            doubtful = letters[0] != letters[1]  # k*n for all k is not k*n for all n
        if doubtful and len(known) == 2:
            reason = f"nobody can tell whether the two hold the same for all of {of}"
            return Verdict(Status.UNDECIDED, Relation.UNKNOWN, reason, "families")
    if len(known) == 2:
        return verdict
    condition = f"{', '.join(sorted(known[0].letters))} may be all of {of}"
    return replace(verdict, rigorous=False, conditions=(*verdict.conditions, condition))


def for_integers(judge: Comparer, mine: Expr, other: Expr) -> Verdict | None:
    """Where a letter stands in the exponent of a negative number, it is an integer; None where none does."""
    cells = [judge.expressions(one, two) for one, two in by_parity(mine, other)]
    if not cells:
        return None
    wrong = next((cell for cell in cells if not cell.verified), None)
    letters = ", ".join(sorted(whole_letters(mine, other)))
    condition = f"{letters} {'are integers' if ',' in letters else 'is an integer'}"
    if wrong is None:
        verdict = joint(cells, "the two are equal")
        return replace(verdict, conditions=(*verdict.conditions, condition))
    if wrong.refuted:
        reason = f"{to_text(mine)} is not {to_text(other)}"
        return Verdict(Status.REFUTED, Relation.NONE, reason, wrong.method, wrong.rigorous)
    return wrong


def with_arguments_of(mine: Value, other: Value) -> Value | None:
    """``f(t) = 2t`` as ``f(x) = 2x``, where mine says what f(x) is; None where the two are no such functions."""
    names = [_FUNCTION.fullmatch(side.name or "") for side in (mine, other)]
    if names[0] is None or names[1] is None or names[0][1] != names[1][1]:
        return None
    wanted, given = names[0][2].split(","), names[1][2].split(",")
    if len(wanted) != len(given) or (set(wanted) - set(given)) & other.expr.symbols:
        return None
    expr = substitute(other.expr, {old: sym(new) for old, new in zip(given, wanted, strict=True)})
    return Value(mine.name, expr, other.text, other.unit)


def _letters(answer: Answer) -> list[frozenset[str]]:
    return [value.expr.symbols for value in values_of(answer) or ()]
