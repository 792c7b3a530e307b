"""Derivations made ready for a reader: which to show, and each step in words, typeset, with what was said of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from agents.mathml import to_mathml
from agents.tables import readable
from reasoning_envs.types import Relation, Status, Step, Trace, Verdict

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["DerivationView", "StepView", "pick_derivations", "view_derivation"]

_MARKS = {
    Status.VERIFIED: ("✓", "right", "verified"),
    Status.REFUTED: ("✗", "wrong", "refuted"),
    Status.UNDECIDED: ("?", "open", "undecided"),
    Status.UNPARSED: ("✗", "wrong", "not readable"),
    Status.UNSAFE: ("✗", "wrong", "refused as unsafe"),
    Status.TIMEOUT: ("?", "open", "judge out of time"),
    Status.ERROR: ("?", "open", "judge failed"),
}

_RELATIONS = {
    Relation.EQUIVALENT: "same solutions",
    Relation.SAME_ROOTS: "same solutions; multiplicities or poles differ",
    Relation.IMPLIES: "a solution was added",
    Relation.IMPLIED_BY: "a solution was lost",
    Relation.NONE: "solutions lost and added",
    Relation.VACUOUS: "neither line has a solution, and this one does not follow",
}

_READABLE = 12
"""Steps that a reader follows to the end."""


def pick_derivations(traces: Iterable[Trace], *, right: int = 4, wrong: int = 4) -> list[Trace]:
    """A few derivations to show: right ones first, then those with a wrong answer or a refuted step.

    Those scored by a PRM come before others, those of up to 12 steps before longer ones, later ones before earlier
    ones, and another level each where there is one.

    Args:
        traces: in the order in which they were made.
        right: how many that end on a verified answer with no step refuted, at most.
        wrong: how many others, at most; those in which a step was refuted come first.
    """
    latest = [trace for trace in traces if trace.steps][::-1]
    latest.sort(key=lambda trace: (not any(step.score for step in trace.steps), len(trace.steps) > _READABLE))
    good = [trace for trace in latest if _ending(trace)[0] == "right" and _first_error(trace) is None]
    bad = [trace for trace in latest if _ending(trace)[0] == "wrong" or _first_error(trace) is not None]
    bad.sort(key=lambda trace: _first_error(trace) is None)
    return [*_varied(good, right), *_varied(bad, wrong)]


def _varied(traces: Sequence[Trace], count: int) -> list[Trace]:
    """The first of each level, then the second of each, and so on; no problem twice."""
    chosen: dict[str, Trace] = {}
    rounds: dict[str | None, int] = {}
    ranked: list[tuple[int, int, Trace]] = []
    for trace in traces:
        if trace.problem.statement in chosen:
            continue
        chosen[trace.problem.statement] = trace
        turn = rounds[trace.problem.level] = rounds.get(trace.problem.level, 0) + 1
        ranked.append((turn, len(ranked), trace))
    return [trace for _, _, trace in sorted(ranked, key=lambda entry: entry[:2])[:count]]


def _first_error(trace: Trace) -> int | None:
    """Index in ``trace.steps`` of the first refuted step."""
    for index, step in enumerate(trace.steps):
        if step.verdict.refuted:
            return index
    return None


def _ending(trace: Trace) -> tuple[str, str]:
    """Class and words of how it ended."""
    if trace.outcome is None:
        return "open", "no answer within the limit"
    if trace.outcome.verified:
        return "right", "right answer"
    return ("wrong", "wrong answer") if trace.outcome.scored else ("open", "unscored")


@dataclass(frozen=True, slots=True)
class StepView:
    """A step, ready for a template that escapes; ``line`` is markup where it could be typeset.

    Attributes:
        kind: ``"right"``, ``"wrong"`` or ``"open"``. mark, status: its sign and its words. verdict: the reason.
        first_error: this is the first refuted step. score: in [0, 1], None without a PRM.
    """

    number: int
    move: str
    line: Markup | str
    mark: str
    kind: str
    status: str
    verdict: str
    first_error: bool
    score: float | None
    critique: str
    error_type: str


@dataclass(frozen=True, slots=True)
class DerivationView:
    """A derivation, ready for a template that escapes; ``statement`` is markup where it could be typeset.

    Attributes:
        kind: ``"right"``, ``"wrong"`` or ``"open"``; a right answer after a refuted step is wrong.
        ending: the same in words. reason: of the outcome's verdict. prm: which step the PRM suspects, against the
            verifier; empty without a PRM that judges single steps.
    """

    statement: Markup | str
    level: str
    kind: str
    ending: str
    reason: str
    prm: str
    steps: tuple[StepView, ...]


def view_derivation(trace: Trace) -> DerivationView:
    """What a report shows of an episode."""
    error = _first_error(trace)
    kind, ending = _ending(trace)
    if kind == "right" and error is not None:
        kind, ending = "wrong", "right answer after a wrong step"
    steps = tuple(_view_step(number, step, number - 1 == error) for number, step in enumerate(trace.steps, start=1))
    return DerivationView(
        statement=_typeset(trace.problem.statement),
        level=readable(trace.problem.level or ""),
        kind=kind,
        ending=ending,
        reason="" if trace.outcome is None else _explain(trace.outcome),
        prm=_prm_opinion(trace, error),
        steps=steps,
    )


def _view_step(number: int, step: Step, first_error: bool) -> StepView:
    mark, kind, status = _MARKS[step.verdict.status]
    score = step.score
    return StepView(
        number=number,
        move=step.move,
        line=_typeset(step.text),
        mark=mark,
        kind=kind,
        status=status,
        verdict="" if _is_plain(step.verdict) else _explain(step.verdict),
        first_error=first_error,
        score=None if score is None else min(1.0, max(0.0, score.value)),
        critique="" if score is None else score.critique,
        error_type="" if score is None or score.error_type is None else score.error_type,
    )


def _is_plain(verdict: Verdict) -> bool:
    """A right step of which no more need be said than that it is right."""
    return verdict.verified and verdict.relation is Relation.EQUIVALENT and not verdict.conditions


def _explain(verdict: Verdict) -> str:
    """What the verifier says, in words."""
    parts = []
    if verdict.reason:
        parts.append(verdict.reason)
    elif not verdict.verified and verdict.relation in _RELATIONS:
        parts.append(_RELATIONS[verdict.relation])
    unsaid = [condition for condition in verdict.conditions if condition not in verdict.reason]
    if unsaid:
        parts.append(f"provided that {' and '.join(unsaid)}")
    if verdict.witness and not re.search(rf"(?<!\w){re.escape(verdict.witness)}(?!\w)", verdict.reason):
        parts.append(f"witness: {verdict.witness}")
    return "; ".join(parts)


def _prm_opinion(trace: Trace, error: int | None) -> str:
    """Which step the PRM holds for the first wrong one, beside what the verifier found."""
    believed = [step.score.p_correct if step.score else None for step in trace.steps]
    if not believed or any(value is None for value in believed):
        return ""
    suspect = next((index for index, value in enumerate(believed) if value is not None and value < 0.5), None)
    if suspect is None:
        return "The PRM suspects no step" + (", wrongly." if error is not None else ", rightly.")
    agrees = "where the verifier found the first error" if suspect == error else "the verifier does not agree"
    return f"The PRM suspects step {suspect + 1} first: {agrees}."


@lru_cache(maxsize=4096)
def _typeset(text: str) -> Markup | str:
    """MathML where the text is mathematics; else the text itself, which the template escapes."""
    from markupsafe import Markup

    from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError
    from reasoning_envs.symbolic.syntax.parser import ParseError, parse_line

    try:
        return Markup(to_mathml(parse_line(text)))  # markup: to_mathml escapes every name
    except (ParseError, UnsafeExpressionError):
        return text
