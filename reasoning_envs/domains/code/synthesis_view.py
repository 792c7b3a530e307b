"""What an agent sees of a program that is being written: :meth:`SynthesisDomain.observe` tells it key by key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from reasoning_envs.domains.code.observations import Rows, value_box
from reasoning_envs.domains.code.synthesis_space import ProblemSpace
from reasoning_envs.domains.code.synthesis_states import LineAction, LinesState
from reasoning_envs.domains.problems.programs import MAX_VARIABLES
from reasoning_envs.programs.lines import Step
from reasoning_envs.programs.tokens import value_tokens
from reasoning_envs.spaces import TokenRows

__all__ = ["LinesView"]

_LINE, _RETURN, _OPERATION = b"\x02", b"\x03", 32
_MAX_HOLES = 3
_SUBMIT = 255


class LinesView:
    """Encodes states and candidates.

    Args:
        max_actions: A, candidates at most.
        max_tokens: L, of a row of tokens.
        rows: encodes values.

    Attributes:
        space: of the observations.
    """

    def __init__(self, max_actions: int, max_tokens: int, rows: Rows) -> None:
        self._actions = max_actions
        self._length = max_tokens
        self._rows = rows
        self._tokens = TokenRows(max_actions, max_tokens)
        self.space = self._tokens.space(
            variables=value_box(MAX_VARIABLES, rows.examples),
            target=value_box(1, rows.examples),
            values=value_box(max_actions, rows.examples),
            operation=Box(0, 255, (max_actions,), np.uint8),
            arguments=Box(-128, 127, (max_actions * _MAX_HOLES,), np.int8),
        )

    def observe(self, space: ProblemSpace, state: LinesState, actions: Sequence[LineAction]) -> dict[str, NDArray[Any]]:
        """The observation of a state with these candidates."""
        encoded = space.encoded
        newest = space.lines.columns(state.steps)
        rows: list[bytes] = []
        values: list[bytes] = []
        operations = bytearray(self._actions)
        arguments = np.zeros((self._actions, _MAX_HOLES), np.int8)
        for index, action in enumerate(actions):
            candidate = action.candidate
            if candidate is not None:
                (production, refs), column = candidate
                numbers, tokens = encoded(column)
                rows.append((_line_tokens(space, candidate.step) + tokens)[: self._length])
                arguments[index, : len(refs)] = [ref + 1 if ref >= 0 else ref for ref in refs]
                operations[index] = 1 + production
            elif action.is_step:
                numbers, tokens = encoded(newest[-1])
                rows.append((_RETURN + tokens)[: self._length])
                operations[index] = _SUBMIT
            else:
                production = space.production(action.rule)
                numbers = self._rows.nothing
                rows.append(_LINE + bytes((_OPERATION + production,)) + value_tokens(index))
                operations[index] = 1 + production
            values.append(numbers)
        packed = self._tokens.pack(self._state_tokens(state, space), rows)
        return {
            **packed,
            "variables": _flat([encoded(column)[0] for column in newest], MAX_VARIABLES, self._rows),
            "target": np.frombuffer(bytearray(space.target), np.int16),
            "values": _flat(values, self._actions, self._rows),
            "operation": np.frombuffer(operations, np.uint8),
            "arguments": arguments.reshape(-1),
        }

    def tokens(self, space: ProblemSpace, state: LinesState) -> bytes:
        """The lines, the values of the newest variable, and the target's, as far as they fit."""
        lines = b"".join(_line_tokens(space, step) for step in state.steps)
        newest = space.encoded(space.lines.columns(state.steps)[-1])[1] if state.steps else b""
        group = b"" if state.group is None else value_tokens(state.group)
        end = _RETURN if state.submitted else b""
        return (end + group + lines + newest + _RETURN + space.target_tokens)[: self._length]

    def _state_tokens(self, state: LinesState, space: ProblemSpace) -> bytes:
        lines = b"".join(_line_tokens(space, step) for step in state.steps)
        return (lines + _RETURN + space.target_tokens)[: self._length]


def _flat(parts: Sequence[bytes], count: int, rows: Rows) -> NDArray[np.int16]:
    return np.frombuffer(bytearray().join(parts).ljust(count * rows.size, b"\x00"), np.int16)


def _line_tokens(space: ProblemSpace, step: Step) -> bytes:
    return _LINE + bytes((_OPERATION + step.production,)) + b"".join(map(space.argument_tokens, step.arguments))
