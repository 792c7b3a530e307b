"""What an agent sees of a program that is being mended: :meth:`RepairDomain.observe` tells it key by key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from reasoning_envs.domains.code.observations import Rows, value_box
from reasoning_envs.domains.code.repair_states import EditAction, RepairState, edit_tokens
from reasoning_envs.domains.problems.programs import MAX_VARIABLES
from reasoning_envs.domains.problems.repair import ProgramRuns
from reasoning_envs.programs.tokens import program_tokens, value_tokens
from reasoning_envs.spaces import TokenRows

__all__ = ["RepairView"]

_RETURN = b"\x03"


class RepairView:
    """Encodes states and candidates.

    Args:
        max_actions: A, candidates at most.
        max_tokens: L, of a row of tokens.
        rows: encodes values.

    Attributes:
        space: of the observations.
    """

    def __init__(self, max_actions: int, max_tokens: int, rows: Rows) -> None:
        self._length = max_tokens
        self._rows = rows
        self._tokens = TokenRows(max_actions, max_tokens)
        self.space = self._tokens.space(
            variables=value_box(MAX_VARIABLES, rows.examples),
            result=value_box(1, rows.examples),
            target=value_box(1, rows.examples),
            passed=Box(0, 1, (rows.examples,), np.int8),
            left=Box(0, MAX_VARIABLES, (1,), np.int8),
        )

    def observe(self, runs: ProgramRuns, state: RepairState, actions: Sequence[EditAction]) -> dict[str, NDArray[Any]]:
        """The observation of a state with these candidates, whose program runs as ``runs`` says."""
        spec, program = state.spec, state.program
        names = [*dict(program.parameters), *(line.target for line in program.lines)]
        rows = [_row(index, action, names)[: self._length] for index, action in enumerate(actions)]
        size = self._rows.size
        variables = b"".join(self._rows.column(kind, values) for kind, values in runs.variables)
        passed = np.zeros(self._rows.examples, np.int8)
        passed[: len(runs.passed)] = runs.passed
        return {
            **self._tokens.pack(self.tokens(runs, state), rows),
            "variables": np.frombuffer(bytearray(variables.ljust(MAX_VARIABLES * size, b"\x00")), np.int16),
            "result": np.frombuffer(bytearray(self._rows.column(program.result.type, runs.results)), np.int16),
            "target": np.frombuffer(bytearray(self._rows.column(spec.result, runs.wanted)), np.int16),
            "passed": passed,
            "left": np.array([max(state.left, 0)], np.int8),
        }

    def tokens(self, runs: ProgramRuns, state: RepairState) -> bytes:
        """The program, what it gives on the visible tests, and what it should give, as far as they fit."""
        found = program_tokens(state.program)
        for kind, values in ((state.program.result.type, runs.results), (state.spec.result, runs.wanted)):
            found += b"\x01" + self._rows.tokens(kind, values)
        head = value_tokens(state.left) + (_RETURN if state.submitted else b"")
        group = b"" if state.group is None else value_tokens(" ".join(map(str, state.group)))
        return (head + group + found)[: self._length]


def _row(index: int, action: EditAction, names: Sequence[str]) -> bytes:
    if action.edit is not None:
        return edit_tokens(action.edit, names)
    return _RETURN if action.group is None else value_tokens(index)
