"""Judged traces cut from sound derivations: right ones, and such with one or more known errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reasoning_envs.domains.algebra import AlgebraState
from reasoning_envs.rewards.errors import spoiled_lines
from reasoning_envs.rewards.trials.derivations import Derivation, Search, algebra, search
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.syntax.statement import Statement, line_tokens
from reasoning_envs.types import Problem, Relation, Status, Step, Trace, Verdict

__all__ = ["Case", "mended", "once_more", "sound", "spoiled"]

_SOUND = Verdict(Status.VERIFIED, Relation.EQUIVALENT, "made by sound moves", "certificate", True)
_LEFT_OFF = Verdict(Status.UNDECIDED, reason="nobody went on from here")
_TRIES = 6  # lines of a kind that are shown to the verifier
_GO_ON = Search(expansions=30)


class Case(NamedTuple):
    """A trace whose errors are known.

    Attributes:
        trace: with a verdict on each step, and an outcome where it ends with an answer.
        kind: of its first error; empty where there is none.
    """

    trace: Trace
    kind: str


class _Line(NamedTuple):
    state: AlgebraState
    verdict: Verdict


def sound(derivation: Derivation, limit: int | None = None) -> Case:
    """The derivation as a trace, of ``limit`` steps at most."""
    lines = [_Line(state, _SOUND) for state in derivation.states[1:]]
    return Case(_trace(derivation.problem, lines[:limit]), "")


def spoiled(
    derivation: Derivation, kind: str, rng: np.random.Generator, length: int | None = None, *, onward: bool = True
) -> Case | None:
    """The derivation with one error of a kind at a random step, and sound steps from the wrong line on.

    Args:
        derivation: that is spoiled.
        kind: of :data:`~reasoning_envs.rewards.errors.ERRORS`.
        rng: source of all randomness.
        length: go on to so many steps; None: to an answer, where one is found.
        onward: False ends the trace with the wrong line, which is quicker; nobody knows its outcome then.

    Returns:
        None where no step can be spoiled so.
    """
    steps = len(derivation.states) - 1 if length is None else min(length, len(derivation.states) - 1)
    for place in rng.permutation(steps):
        wrong = _wrong_line(derivation.states[place], derivation.states[place + 1], kind, rng)
        if wrong is not None:
            lines = [_Line(state, _SOUND) for state in derivation.states[1 : place + 1]]
            lines.append(wrong)
            if not onward:
                return Case(replace(_trace(derivation.problem, lines), outcome=_LEFT_OFF), kind)
            lines += _onward(wrong.state, rng, None if length is None else length - len(lines))
            return Case(_trace(derivation.problem, lines), kind)
    return None


def once_more(case: Case, derivation: Derivation, kind: str, rng: np.random.Generator) -> Case | None:
    """The case with a further error behind its first; None where none can be put there."""
    first = next(place for place, step in enumerate(case.trace.steps) if step.verdict.refuted)
    states = [algebra().start(case.trace.problem)]
    for step in case.trace.steps:
        states.append(algebra().parse(states[-1], step.text).state)
    verdicts = [step.verdict for step in case.trace.steps]
    for place in first + 1 + rng.permutation(len(verdicts) - first - 1):
        wrong = _wrong_line(states[place], states[place + 1], kind, rng)
        if wrong is not None:
            lines = [_Line(*pair) for pair in zip(states[1 : place + 1], verdicts[:place], strict=True)]
            lines.append(wrong)
            lines += _onward(wrong.state, rng, None)
            return Case(_trace(derivation.problem, lines), case.kind)
    return None


def mended(derivation: Derivation, kind: str, rng: np.random.Generator) -> Case | None:
    """One wrong line, after which the derivation goes on as if nothing had happened: a right answer, unsoundly.

    None where no step but the last can be spoiled so.
    """
    states = derivation.states
    for place in rng.permutation(len(states) - 2):
        wrong = _wrong_line(states[place], states[place + 1], kind, rng)
        if wrong is None:
            continue
        back = _related(wrong.state.line, states[place + 2].line, kind)
        lines = [_Line(state, _SOUND) for state in states[1 : place + 1]]
        lines += [wrong, _Line(states[place + 2], back)]
        lines += [_Line(state, _SOUND) for state in states[place + 3 :]]
        return Case(_trace(derivation.problem, lines), kind)
    return None


def _wrong_line(before: AlgebraState, after: AlgebraState, kind: str, rng: np.random.Generator) -> _Line | None:
    domain = algebra()
    for line in spoiled_lines(domain, kind, before, after, rng)[:_TRIES]:
        if len(line_tokens(line)) > domain.max_tokens or line == before.line:
            continue
        assert isinstance(line, Statement)
        verdict = _related(before.line, line, kind)
        if verdict.refuted:
            return _Line(AlgebraState(line, before.unknown), verdict)
    return None


def _related(before: Statement, after: Statement, kind: str) -> Verdict:
    return relate(before, after, unknown="x", mistake=kind)


def _onward(state: AlgebraState, rng: np.random.Generator, length: int | None) -> list[_Line]:
    """Sound steps from a wrong line: to an answer, or so many."""
    if length is None:
        found = search(state, rng, _GO_ON)
        if found is not None:
            return [_Line(after, _SOUND) for after in found[1:]]
    domain = algebra()
    lines: list[_Line] = []
    seen = {state}
    while len(lines) < (2 if length is None else length) and not domain.is_final(state):
        ways = [a.state for a in domain.actions(state) if a.is_step and a.sound and a.state not in seen]
        if not ways:
            break
        ways.sort(key=lambda way: len(way.tokens))
        state = ways[min(int(rng.exponential(2.0)), len(ways) - 1)]
        seen.add(state)
        lines.append(_Line(state, _SOUND))
    return lines


def _trace(problem: Problem, lines: Sequence[_Line]) -> Trace:
    domain = algebra()
    steps = []
    for index, line in enumerate(lines):
        text = domain.text(line.state)
        steps.append(Step(index, text, text, line.verdict))
    outcome = None
    if lines and domain.is_final(lines[-1].state):
        if all(line.verdict.verified for line in lines):
            outcome = Verdict(Status.VERIFIED, Relation.EQUIVALENT, "by sound steps", "certificate", True)
        else:
            outcome = relate(domain.start(problem).line, lines[-1].state.line, unknown="x", mistake="a wrong step")
    elif all(line.verdict.verified for line in lines):
        outcome = _LEFT_OFF
    return Trace("", {}, {}, "solver", None, problem, tuple(steps), outcome)
