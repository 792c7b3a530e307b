"""A step under judgement, and the three verdicts that it can get."""

from __future__ import annotations

from dataclasses import dataclass

from reasoning_envs.symbolic.steps.explain import explain
from reasoning_envs.symbolic.syntax.statement import Statement
from reasoning_envs.types import Relation, Status, Verdict

__all__ = ["Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """Two lines, one after the other.

    Attributes:
        before, after: the lines. unknown: what is solved for. over: the number domain.
        mistake: what is wrong with the step if it is wrong, in words; None: to be found out.
    """

    before: Statement
    after: Statement
    unknown: str
    over: str
    mistake: str | None = None

    def right(
        self, relation: Relation, reason: str, method: str, rigorous: bool = True, conditions: tuple[str, ...] = ()
    ) -> Verdict:
        """VERIFIED."""
        return Verdict(Status.VERIFIED, relation, reason, method, rigorous, None, conditions)

    def vacuous(self, method: str, rigorous: bool) -> Verdict:
        """REFUTED: neither line has a solution, and the second is no way to say so."""
        reason = "neither line has a solution, and the one does not follow from the other"
        return Verdict(Status.REFUTED, Relation.VACUOUS, reason, method, rigorous)

    def wrong(
        self,
        lost: tuple[str, ...],
        added: tuple[str, ...],
        method: str,
        rigorous: bool,
        relation: Relation,
        letters: str | None = None,
    ) -> Verdict:
        """REFUTED, with a witness and an explanation.

        Args:
            lost: roots in words.
            added: the same; one of the two is not empty.
            method: what found them.
            rigorous: it is a proof.
            relation: NONE leaves it to ``lost`` and ``added``.
            letters: numbers for letters at which the witness is one, as text.
        """
        if relation is Relation.NONE and bool(lost) != bool(added):
            relation = Relation.IMPLIED_BY if lost else Relation.IMPLIES
        witness = (lost or added)[0]
        if letters is not None:
            witness = f"{letters}: {witness}"
        reason = self.mistake or explain(self.before, self.after, self.unknown, self.over, lost, added)
        if letters is not None and any(root in reason for root in (*lost, *added)):
            reason = f"with {letters}, {reason}"
        return Verdict(Status.REFUTED, relation, reason, method, rigorous, witness)
