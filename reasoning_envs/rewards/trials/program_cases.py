"""Judged traces of programs: lines that are written and edits that mend, right ones, and such with one known error.

===================  ==================================================================================================
set                  what it holds
===================  ==================================================================================================
``lines``            functions of two and three lines, held-out split: as trained on
``lines, longer``    functions of four lines
``lines, large``     functions of the large grammar, whose operations no trace of the training had
``edits``            one and two bugs, held-out split: as trained on
``edits, longer``    three bugs
``edits, large``     programs of the large grammar
===================  ==================================================================================================

Half of the traces of a set have no error: the certificate's lines, or the edits that undo the bugs. In the others one
line or edit is replaced by what :meth:`~reasoning_envs.domains.protocol.Domain.corrupt` of the domain makes of it,
after which provably no solution is within the lines or edits that are left; the episode goes on as it may, and every
later step stays wrong. A submission is no step of these traces: to judge it takes the hidden tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.problems import split_of
from reasoning_envs.rewards.trials.cases import Case
from reasoning_envs.types import Problem, Status, Step, Trace, Verdict

__all__ = ["PROGRAM_SHIFTS", "ProgramShift", "program_cases", "training_program_cases"]

_PATIENCE = 3000  # draws in a row that may come to nothing
_ONWARD = 2  # steps after an error at most
_COPIES = 2  # spoiled ones of each episode that is learned from


@dataclass(frozen=True, slots=True)
class ProgramShift:
    """How a set is made.

    Attributes:
        domain: ``"synthesis"`` or ``"repair"``. levels: of its problems. split: ``"train"`` or ``"test"``.
    """

    domain: str
    levels: Sequence[str]
    split: str = "test"


PROGRAM_SHIFTS: Mapping[str, ProgramShift] = {
    "lines": ProgramShift("synthesis", ("small-2", "small-3")),
    "lines, longer": ProgramShift("synthesis", ("small-4",)),
    "lines, large": ProgramShift("synthesis", ("large-2", "large-3")),
    "edits": ProgramShift("repair", ("small-1", "small-2")),
    "edits, longer": ProgramShift("repair", ("small-3",)),
    "edits, large": ProgramShift("repair", ("large-1", "large-2")),
}
"""The sets by name, as the module tells them."""

_TRAINING = tuple(replace(PROGRAM_SHIFTS[name], split="train") for name in ("lines", "edits"))


@lru_cache(maxsize=1)
def _domains() -> Mapping[str, Any]:
    """Judged by the interpreter: no submission is judged, so that no sandbox is needed."""
    return {"synthesis": SynthesisDomain(judge="interpreter"), "repair": RepairDomain(judge="interpreter", exact=1)}


def program_cases(shift: ProgramShift, count: int, rng: np.random.Generator) -> list[Case]:
    """``count`` traces of a set, half of them without an error.

    Raises:
        RuntimeError: thousands of draws in a row gave no trace.
    """
    cases = [_found(shift, False, rng) for _ in range(count - count // 2)]
    return cases + [_found(shift, True, rng) for _ in range(count // 2)]


def training_program_cases(count: int, rng: np.random.Generator) -> list[Case]:
    """``count`` traces of the training split to learn from, lines and edits in turn.

    Each episode comes once without an error and up to twice with one.
    """
    cases: list[Case] = []
    turn = 0
    while len(cases) < count:
        shift = _TRAINING[turn % len(_TRAINING)]
        turn += 1
        states = _episode(shift, rng)
        if states is None:
            continue
        problem, way = states
        cases.append(_case(problem, shift.domain, way, ""))
        for _ in range(_COPIES):
            spoiled = _spoiled(problem, shift.domain, way, rng)
            if spoiled is not None:
                cases.append(spoiled)
    return cases[:count]


def _found(shift: ProgramShift, wrong: bool, rng: np.random.Generator) -> Case:
    for _ in range(_PATIENCE):
        states = _episode(shift, rng)
        if states is None:
            continue
        problem, way = states
        case = _spoiled(problem, shift.domain, way, rng) if wrong else _case(problem, shift.domain, way, "")
        if case is not None:
            return case
    raise RuntimeError(f"{_PATIENCE} draws gave no trace {'with' if wrong else 'without'} an error for {shift}")


def _episode(shift: ProgramShift, rng: np.random.Generator) -> tuple[Problem, list[Any]] | None:
    """A problem of the split, and the states of its demonstration up to the submission."""
    domain: MoveDomain = _domains()[shift.domain]
    problem = domain.sample(rng, shift.levels[int(rng.integers(len(shift.levels)))])
    if split_of(domain.canonical_key(problem)) != shift.split:
        return None
    try:
        demonstration = _domains()[shift.domain].demonstration(problem)
    except ValueError:  # a line of the certificate computes what another one does
        return None
    state = domain.start(problem)
    states = [state]
    for index in demonstration:
        action = domain.actions(state)[index]
        state = domain.apply(state, action)
        if action.is_step and not domain.is_final(state):
            states.append(state)
    known = all(_domains()[shift.domain].judge_state(state).verified for state in states[1:])
    return (problem, states) if known else None


def _spoiled(problem: Problem, name: str, states: Sequence[Any], rng: np.random.Generator) -> Case | None:
    """The episode with one wrong step; None where no step is known to spoil it."""
    domain = _domains()[name]
    for place in rng.permutation(len(states) - 1):
        # A line is replaced, so that the state after it is spoiled; an edit is one more, so that the one before it is.
        before = states[int(place) + (name == "synthesis")]
        try:
            state, kind = domain.corrupt(before, rng)
        except ValueError:
            continue
        return _case(problem, name, [*states[: int(place) + 1], state, *_onward(domain, state, rng)], kind)
    return None


def _onward(domain: MoveDomain, state: Any, rng: np.random.Generator) -> list[Any]:
    """Further steps as they may come."""
    states: list[Any] = []
    while len(states) < _ONWARD:
        actions = [action for action in domain.actions(state) if action.is_step]
        reached = [domain.apply(state, action) for action in actions]
        following = [after for after in reached if not domain.is_final(after)]
        if not following:
            break
        state = following[int(rng.integers(len(following)))]
        states.append(state)
    return states


def _case(problem: Problem, name: str, states: Sequence[Any], kind: str) -> Case:
    domain = _domains()[name]
    steps = []
    for index, state in enumerate(states[1:]):
        text = domain.text(state)
        steps.append(Step(index, text, text, domain.judge_state(state)))
    # Whoever has come to the certificate solves the problem by submitting it; from an error nobody can.
    outcome = steps[-1].verdict if kind else Verdict(Status.VERIFIED, None, "the certificate", "values")
    return Case(Trace("", {}, {}, "solver", None, problem, tuple(steps), outcome), kind)
