"""Derivations with one known error, made from right ones: material to train and to judge PRMs on, free and exact.

The names of rules are not in them, the verdict of the spoiled step is the verifier's, and what follows the error is
again right step by step, as when a person makes one mistake and goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from reasoning_envs.domains.protocol import Domain, MoveDomain, TextDomain
from reasoning_envs.types import Status, Step, Trace, Verdict

__all__ = ["Corrupted", "corrupt_trace"]

_TRIES = 8


class Corrupted(NamedTuple):
    """A trace with an error.

    Attributes:
        trace: its first refuted step is the spoiled one; no rewards, no outcome (where it would have ended is open).
        first_error: index of that step. error_type: what the domain calls this kind of error.
    """

    trace: Trace
    first_error: int
    error_type: str


def corrupt_trace(trace: Trace, domain: Domain, rng: np.random.Generator, carry_on: int = 2) -> Corrupted:
    """Spoil one step of a derivation.

    A step before the trace's own first fault is drawn; the line it leads to gets an error of the domain's
    (:meth:`~reasoning_envs.domains.protocol.Domain.corrupt`), drawn again until the verifier refutes the step. Then
    the derivation goes on from the wrong line by sound moves, drawn at random, if the domain offers moves.

    Args:
        trace: with the verifier's verdicts.
        domain: of the trace; it reads lines as text.
        rng: source of all randomness.
        carry_on: steps after the error at most.

    Raises:
        TypeError: the domain reads no text. ValueError: no step can be spoiled.
    """
    if not isinstance(domain, TextDomain):
        raise TypeError(f"the domain {domain.name!r} reads no text (no method 'parse'), so its lines cannot be spoiled")
    sound = 0
    while sound < len(trace.steps) and trace.steps[sound].verdict.verified:
        sound += 1
    states = [domain.start(trace.problem)]
    for step in trace.steps[:sound]:
        states.append(domain.apply(states[-1], domain.parse(states[-1], step.text)))
    for place in rng.permutation(sound):
        found = _spoil(trace, int(place), states, domain, rng)
        if found is not None:
            steps, state, error_type = found
            steps += _carry_on(len(steps), state, domain, rng, carry_on)
            spoiled = replace(trace, steps=tuple(steps), outcome=None, returns={}, actions=())
            return Corrupted(spoiled, int(place), error_type)
    raise ValueError(f"no step of this derivation of {trace.problem.statement!r} can be spoiled ({sound} sound steps)")


def _spoil(
    trace: Trace, place: int, states: Sequence[Any], domain: TextDomain, rng: np.random.Generator
) -> tuple[list[Step], Any, str] | None:
    """The steps up to the spoiled one, the state after it, and the kind of error; None where none was refuted."""
    before = [_bare(step) for step in trace.steps[:place]]
    for _ in range(_TRIES):
        try:
            state, error_type = domain.corrupt(states[place + 1], rng)
        except ValueError:
            return None
        text = domain.text(state)
        steps = [*before, Step(place, text, text, Verdict(Status.UNDECIDED))]
        verdict = domain.verifier.step(trace.problem, steps)
        if verdict.refuted:
            return [*before, replace(steps[-1], verdict=verdict)], state, error_type
    return None


def _carry_on(start: int, state: Any, domain: Domain, rng: np.random.Generator, limit: int) -> list[Step]:
    steps: list[Step] = []
    while isinstance(domain, MoveDomain) and len(steps) < limit and not domain.is_final(state):
        sound = [action for action in domain.actions(state) if action.is_step and action.verdict.verified]
        if not sound:
            break
        action = sound[int(rng.integers(len(sound)))]
        state = domain.apply(state, action)
        text = domain.text(state)
        steps.append(Step(start + len(steps), text, text, action.verdict))
    return steps


def _bare(step: Step) -> Step:
    """The step as text, without what tells how it was made."""
    return replace(step, action=step.text, rewards={}, score=None, move="")
