"""Lessons in mending programs: what a proposer knows who has put the bugs in.

The proposer composes a program, gives it bugs in many ways, and undoes them: the inverses of its own edits are good,
and so is any other edit after which a right program is known to be within the edits that are left. No data but its own
programs are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from agents.expert_iteration import Collected, Decisions
from agents.repair_features import RepairFeaturiser
from reasoning_envs.domains.code.repair_states import EditAction, RepairSpec, RepairState
from reasoning_envs.domains.problems.repair import draw_task, repair_spec, spoiled
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.programs.generation import TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS
from reasoning_envs.programs.tokens import program_tokens
from reasoning_envs.programs.trees import Program

__all__ = ["RepairLessons"]

_WAYS = 12
"""Problems made of one program."""

_SHOWN = 24
"""Edits of a decision that is learned from, beside the good ones; drawn where there are more."""


class RepairLessons:
    """Draws lessons for ``CodeRepair``.

    Args:
        domain: of the levels.
        levels: such as ``("small-1", "small-2")``.
        featuriser: of the policy that learns.
        allowed: decides by the key of a program's behaviour whether it may be learned from.
        discount: of a value for each edit that is left.

    Raises:
        ValueError: no such levels.
    """

    def __init__(
        self,
        domain: RepairDomain,
        levels: Sequence[str],
        featuriser: RepairFeaturiser,
        allowed: Callable[[str], bool],
        discount: float = 0.95,
    ) -> None:
        if not levels or not set(levels) <= set(domain.levels):
            raise ValueError(f"no lessons of the levels {', '.join(levels)}; there are {', '.join(domain.levels)}")
        self._domain = domain
        self._levels = tuple(levels)
        self._featuriser = featuriser
        self._allowed = allowed
        self._discount = discount
        self._generators = {name: TaskGenerator(grammar) for name, grammar in GRAMMARS.items()}

    def draw(self, rng: np.random.Generator) -> Decisions:
        """The decisions of a dozen problems of one program; none where the program may not be learned from."""
        kept = Collected()
        domain = self._domain
        for spec in self._specs(rng):
            assert spec.broken is not None
            state = RepairState(spec, spec.broken)
            while not domain.is_final(state):
                after = self._step(rng, kept, state)
                if after is None:
                    break
                state = after
        return kept.decisions()

    def _step(self, rng: np.random.Generator, kept: Collected, state: RepairState) -> RepairState | None:
        """Keep a decision, and go on from one of its good actions; None where none is known."""
        actions = self._domain.actions(state)
        shown = self._shown(rng, state, actions)
        good = self._good(state, shown)
        if not any(good):
            return None
        if len(actions) > 1:
            valued = int(rng.choice(np.flatnonzero(good))) if rng.random() < 0.5 else int(rng.integers(len(good)))
            value = self._discount ** (state.left + 1) if good[valued] else 0.0
            kept.encoded(self._featuriser.encode(state, shown), good, valued, value)
        return shown[int(rng.choice(np.flatnonzero(good)))].state

    def _specs(self, rng: np.random.Generator) -> Iterator[RepairSpec]:
        """Problems of one program, with numbers of bugs as the levels have them."""
        grammar, _ = self._levels[int(rng.integers(len(self._levels)))].split("-")
        numbers = [int(level.split("-")[1]) for level in self._levels if level.startswith(grammar)]
        task = draw_task(rng, self._generators[grammar])
        if self._allowed(task.key):
            for _ in range(_WAYS):
                chain = spoiled(rng, task, GRAMMARS[grammar], numbers[int(rng.integers(len(numbers)))])
                if chain is not None:
                    yield repair_spec(task, chain, grammar)

    def _good(self, state: RepairState, actions: Sequence[EditAction]) -> list[bool]:
        """To submit, where that is right; else what keeps a right program within reach, as far as is known."""
        domain = self._domain
        right = [action.edit is None and action.group is None and action.verdict.verified for action in actions]
        if any(right):
            return right
        wanted = way_back(state)
        line = None if wanted is None else inserted_at(state.program, wanted)
        tokens = None if wanted is None else program_tokens(wanted)
        return [
            (action.group is not None and action.group[:2] == ("insert", line) and len(action.group) == 2)
            if action.edit is None
            else program_tokens(action.state.program) == tokens or domain.judge_state(action.state).verified
            for action in actions
        ]

    def _shown(
        self, rng: np.random.Generator, state: RepairState, actions: Sequence[EditAction]
    ) -> Sequence[EditAction]:
        """Some of the actions, in their order: all that are no edits, the bugs' own way back, and some others."""
        edits = [index for index, action in enumerate(actions) if action.edit is not None]
        if len(edits) <= _SHOWN:
            return actions
        drawn = {edits[index] for index in rng.permutation(len(edits))[:_SHOWN].tolist()}
        way = way_back(state)
        return [
            action
            for index, action in enumerate(actions)
            if action.edit is None
            or index in drawn
            or (way is not None and program_tokens(action.state.program) == program_tokens(way))
        ]


def way_back(state: RepairState) -> Program | None:
    """The program after the next inverse edit of the bugs; None at its end, and off that way. Privileged."""
    spec = state.spec
    assert spec.broken is not None
    mine = program_tokens(state.program)
    for before, after in pairwise((spec.broken, *spec.path)):
        if program_tokens(before) == mine:
            return after
    return None


def inserted_at(program: Program, wanted: Program) -> int | None:
    """The line that is put into a program to give the one that is wanted; None where none is."""
    there = {line.target for line in program.lines}
    new = [index for index, line in enumerate(wanted.lines) if line.target not in there]
    return new[0] if len(wanted.lines) == len(program.lines) + 1 and len(new) == 1 else None
