"""Sub-goals: the lines of a derivation that was verified, as problems of their own.

A long derivation is taken apart in two ways. Its *prefixes*: each line on the way is a problem with the same answer
that is nearer to its end, so that a learner may begin at the last one and go backwards. Its *links*: to come from a
line to a later one is a problem in which that line is the goal; macro steps of one set of moves so become the goals of
a finer one, as axioms are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from reasoning_envs.domains.protocol import Action, InputError, MoveDomain
from reasoning_envs.types import Problem, Relation, Status, Step, Trace, Verdict

__all__ = ["GoalAction", "GoalDomain", "GoalState", "links", "prefixes"]

_ARROW = " -> "
_KEEPS = (None, Relation.EQUIVALENT, Relation.SAME_ROOTS)


def prefixes(trace: Trace, domain: MoveDomain) -> list[Problem]:
    """The lines of a derivation as problems with the answer of the whole, the last and easiest first.

    A line counts where all steps up to it were verified, keep the solutions and name no condition, and the whole was
    verified; lines that the domain does not read as problems, and those that are answers, are left out.

    Args:
        trace: of an episode.
        domain: reads lines as problems.
    """
    if trace.outcome is None or not trace.outcome.verified or not trace.steps:
        return []
    answer = trace.steps[-1].text
    found = []
    for step in trace.steps[:-1]:
        verdict = step.verdict
        if not verdict.verified or verdict.relation not in _KEEPS or verdict.conditions:
            break
        try:
            problem = domain.problem(step.text)
            if not domain.is_final(domain.start(problem)):
                found.append(replace(problem, answer=answer, level=f"sub-goal of {trace.problem.level}"))
        except InputError:
            continue
    return found[::-1]


def links(trace: Trace, span: int = 1) -> list[Problem]:
    """To come from each line to the one ``span`` steps on, as problems of :class:`GoalDomain`.

    Only over steps that were verified.

    Args:
        trace: of an episode.
        span: steps, 1 or more.

    Raises:
        ValueError: a span below 1.
    """
    if span < 1:
        raise ValueError(f"a link spans 1 step or more, got {span}")
    lines = [trace.problem.statement, *(step.text for step in trace.steps)]
    sound = [step.verdict.verified for step in trace.steps]
    return [
        goal_problem(lines[index], lines[index + span], trace.problem)
        for index in range(len(lines) - span)
        if all(sound[index : index + span]) and lines[index] != lines[index + span]
    ]


def goal_problem(start: str, goal: str, of: Problem) -> Problem:
    """To come from one line to another, in the letters of a problem.

    Args:
        start: a line as text.
        goal: another.
        of: the problem that they belong to; its metadata stay.
    """
    text = f"{start}{_ARROW}{goal}"
    digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    name = f"goal {of.domain}"
    metadata = {**of.metadata, "start": start, "goal": goal}
    level = f"link of {of.level}"
    return Problem(f"{name}-{digest}", name, f"Transform: {text}", text, goal, level, None, metadata)


class GoalState(NamedTuple):
    """A line, and the line that is to be reached, as states of the domain below."""

    at: Any
    goal: Any


class GoalAction(NamedTuple):
    """A candidate of the domain below; its ``rule``, ``is_step`` and ``operand`` are that one's."""

    rule: str
    state: GoalState
    is_step: bool
    inner: Action

    @property
    def operand(self) -> Any:
        """Of the candidate below, where it has one."""
        return getattr(self.inner, "operand", None)

    @property
    def verdict(self) -> Verdict:
        """Of the candidate below: whether the step is sound, not whether it leads to the goal."""
        return self.inner.verdict

    def describe(self) -> str:
        """As the candidate below."""
        return self.inner.describe()


class GoalDomain:
    """A domain in which a given line is to be reached; a :class:`~reasoning_envs.domains.protocol.MoveDomain`.

    Final is the goal itself. Its problems come from :func:`links`, from :func:`goal_problem`, or from ``sample``: a
    short walk of sound moves from a problem of the domain below.

    Args:
        domain: whose moves they are; it must read the lines of its derivations as problems.
        walk: steps of the walk of ``sample``, at most.

    Raises:
        ValueError: a walk below 1.
    """

    def __init__(self, domain: MoveDomain, walk: int = 3) -> None:
        if walk < 1:
            raise ValueError(f"a walk takes 1 step or more, got {walk}")
        self.domain = domain
        self.walk = walk
        self.name = f"goal {domain.name}"
        self.levels: Sequence[str] = domain.levels
        self.max_actions = domain.max_actions
        self.max_tokens = 2 * domain.max_tokens + 1
        self.verifier = _GoalVerifier(self)

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        """A walk of one to ``walk`` sound steps from a problem of the level, as a problem.

        Raises:
            ValueError: no such level, or no walk among 100 that leads anywhere.
        """
        for _ in range(100):
            problem = self.domain.sample(rng, level)
            start = state = self.domain.start(problem)
            for _ in range(int(rng.integers(1, self.walk, endpoint=True))):
                sound = [each for each in self.domain.actions(state) if each.is_step and each.verdict.verified]
                if not sound:
                    break
                state = sound[int(rng.integers(len(sound)))].state
            if state != start:
                made = goal_problem(self.domain.text(start), self.domain.text(state), problem)
                return replace(made, level=problem.level)
        raise ValueError(f"{self.name}: no walk of 100 leads anywhere")

    def problem(self, statement: str) -> Problem:
        """Two lines with an arrow between them.

        Raises:
            InputError: there is no arrow, or the domain below does not read the first line.
        """
        start, arrow, goal = statement.partition(_ARROW)
        if not arrow:
            reason = f"two lines with {_ARROW.strip()!r} between them are needed"
            raise InputError(Verdict(Status.UNPARSED, None, reason, "reader"))
        below = self.domain.problem(start)
        return replace(goal_problem(self.domain.text(self.domain.start(below)), goal.strip(), below), level=None)

    def start(self, problem: Problem) -> GoalState:
        """The two lines."""
        start, goal = (self.line(problem, str(problem.metadata[key])) for key in ("start", "goal"))
        return GoalState(start, goal)

    def below(self, problem: Problem) -> Problem:
        """The first line as a problem of the domain below."""
        metadata = {key: value for key, value in problem.metadata.items() if key not in ("start", "goal")}
        start = str(problem.metadata["start"])
        return Problem(problem.id, self.domain.name, problem.prompt, start, None, None, None, metadata)

    def line(self, problem: Problem, text: str) -> Any:
        """The state of the domain below that a line shows.

        Raises:
            InputError: it shows none.
        """
        return self.domain.start(replace(self.below(problem), statement=text))

    def is_final(self, state: GoalState) -> bool:
        """The goal is reached."""
        return bool(state.at == state.goal)

    def actions(self, state: GoalState) -> Sequence[GoalAction]:
        """Those of the domain below."""
        if self.is_final(state):
            return ()
        return [
            GoalAction(action.rule, GoalState(action.state, state.goal), action.is_step, action)
            for action in self.domain.actions(state.at)
        ]

    def apply(self, state: GoalState, action: GoalAction) -> GoalState:
        """The state that the action leads to."""
        return action.state

    def text(self, state: GoalState) -> str:
        """The current line."""
        return self.domain.text(state.at)

    def tokens(self, state: GoalState) -> bytes:
        """The line, and behind it the goal."""
        return self.domain.tokens(state.at) + b"\x07" + self.domain.tokens(state.goal)

    def canonical_key(self, problem: Problem) -> str:
        """That of the problem which the first line is: a link never crosses the split."""
        return self.domain.canonical_key(self.below(problem))

    def corrupt(self, state: GoalState, rng: np.random.Generator) -> tuple[GoalState, str]:
        """The line with an error, as the domain below makes it."""
        wrong, kind = self.domain.corrupt(state.at, rng)
        return GoalState(wrong, state.goal), kind


class _GoalVerifier:
    """Steps by the verifier below; the outcome by the line itself, however it is spaced."""

    def __init__(self, domain: GoalDomain) -> None:
        self._domain = domain

    def step(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        if steps[-1].text == problem.statement:
            return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "nothing has been done yet", "the line itself", True)
        return self._domain.domain.verifier.step(self._domain.below(problem), steps)

    def outcome(self, problem: Problem, steps: Sequence[Step]) -> Verdict:
        goal = str(problem.metadata["goal"])
        try:
            reached = self._domain.line(problem, steps[-1].text) == self._domain.line(problem, goal)
        except InputError as error:
            return error.verdict
        if reached:
            return Verdict(Status.VERIFIED, None, "the goal is reached", "the line itself", True)
        return Verdict(Status.REFUTED, None, f"the line is not the goal {goal}", "the line itself", True)
