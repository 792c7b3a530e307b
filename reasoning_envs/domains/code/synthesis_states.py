"""States and candidates of :mod:`reasoning_envs.domains.synthesis`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reasoning_envs.domains.problems.programs import Spec, line_text
from reasoning_envs.programs.lines import Candidate, State
from reasoning_envs.types import Verdict

if TYPE_CHECKING:
    from reasoning_envs.domains.synthesis import SynthesisDomain

__all__ = ["LineAction", "LinesState"]


class LinesState:
    """A program that is being written.

    Attributes:
        spec: what the solver was told.
        steps: the lines so far.
        submitted: nothing more is written.
        group: the kind of line chosen, where the next action picks one of its lines; else None.
    """

    __slots__ = ("group", "spec", "steps", "submitted")

    def __init__(self, spec: Spec, steps: State = (), submitted: bool = False, group: str | None = None) -> None:
        self.spec = spec
        self.steps = steps
        self.submitted = submitted
        self.group = group

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LinesState):
            return NotImplemented
        mine, theirs = (self.steps, self.submitted, self.group), (other.steps, other.submitted, other.group)
        return mine == theirs and self.spec == other.spec

    def __hash__(self) -> int:
        return hash((self.steps, self.submitted, self.group))

    def __reduce__(self) -> tuple[type[LinesState], tuple[Any, ...]]:
        return LinesState, (self.spec, self.steps, self.submitted, self.group)

    def __repr__(self) -> str:
        return f"LinesState({len(self.steps)} lines, submitted={self.submitted}, group={self.group!r})"


class LineAction:
    """A candidate: a line, the choice of a kind of line, or to submit.

    Attributes:
        rule: name of the production or group; ``"submit"``.
        before, state: the states around it.
        candidate: the line with the column of its values; None where it is none.
        is_step: False for the choice of a group.
    """

    __slots__ = ("_domain", "before", "candidate", "is_step", "rule", "state")

    def __init__(
        self,
        domain: SynthesisDomain,
        rule: str,
        before: LinesState,
        state: LinesState,
        candidate: Candidate | None = None,
        is_step: bool = True,
    ) -> None:
        self._domain = domain
        self.rule = rule
        self.before = before
        self.state = state
        self.candidate = candidate
        self.is_step = is_step

    @property
    def verdict(self) -> Verdict:
        """Whether a solution stays within reach; privileged."""
        return self._domain.judge_state(self.state)

    def describe(self) -> str:
        """The line; ``"submit"``; the kind of line; or that somebody wrote it."""
        if self.candidate is None:
            return self.rule if self.is_step else f"a line of the kind {self.rule!r}"
        return line_text(self._domain.space(self.before.spec).lines.line(self.before.steps, self.candidate.step))
