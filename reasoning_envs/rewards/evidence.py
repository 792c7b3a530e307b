"""What a verdict shows, as words for a critique and as a name for the kind of error."""

from __future__ import annotations

from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["ERROR_KINDS", "error_kind", "explain"]

ERROR_KINDS: dict[Relation | None, str] = {
    Relation.IMPLIED_BY: "lost root",
    Relation.IMPLIES: "added root",
    Relation.NONE: "other solutions",
    Relation.VACUOUS: "vacuous",
    Relation.UNKNOWN: "wrong",
    Relation.EQUIVALENT: "wrong",
    Relation.SAME_ROOTS: "wrong",
    None: "wrong",
}
"""Names of the kinds of error by the relation of a refuted step's two lines."""

_RELATIONS = {
    Relation.IMPLIED_BY: "a root is lost",
    Relation.IMPLIES: "a root is added that the line before does not have",
    Relation.NONE: "the solutions are others than before",
    Relation.VACUOUS: "neither line has a solution, and the one does not follow from the other",
}

_UNJUDGED = {
    Status.UNDECIDED: "no method could tell whether this step is right",
    Status.UNPARSED: "this cannot be read, so nothing was done",
    Status.UNSAFE: "this was refused before it was evaluated",
    Status.TIMEOUT: "the judge ran out of time, so this step may be right or wrong",
    Status.ERROR: "the judge itself failed, so this step may be right or wrong",
}


def error_kind(verdict: Verdict) -> str | None:
    """The name of the kind of error; None for a step that is not refuted."""
    return ERROR_KINDS[verdict.relation] if verdict.status is Status.REFUTED else None


def explain(verdict: Verdict, move: str = "") -> str:
    """The verdict in words, from its evidence: what was done, what is wrong with it, a value that shows it.

    >>> explain(Verdict(Status.REFUTED, Relation.IMPLIED_BY, witness="x = 0"), "divide both sides by x")
    'divide both sides by x: a root is lost (x = 0)'
    """
    if verdict.reason:
        text = verdict.reason.strip().rstrip(".")
    elif verdict.status is Status.VERIFIED:
        text = "right: the solutions stay the same"
    elif verdict.status is Status.REFUTED:
        relation = verdict.relation
        text = _RELATIONS.get(relation, "this step is wrong") if relation is not None else "this step is wrong"
    else:
        text = _UNJUDGED[verdict.status]
    if verdict.witness and verdict.witness not in text:
        text += f" ({verdict.witness})"
    missing = [condition for condition in verdict.conditions if condition not in text]
    if missing:
        text += f", provided that {' and '.join(missing)}"
    if verdict.status not in (Status.VERIFIED, Status.REFUTED) and verdict.reason:
        text = f"not judged ({verdict.status.value}): {text}"
    return f"{move}: {text}" if move and move not in text else text
