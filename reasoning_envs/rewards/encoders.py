"""Which encoder reads the lines of which domains."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.encoding import Encoder, Track
from reasoning_envs.rewards.program_encoding import PROGRAM_DOMAINS, ProgramEncoder
from reasoning_envs.rewards.protocol import PRMError
from reasoning_envs.types import Problem

__all__ = ["StepEncoder", "encoder_for"]


class StepEncoder(Protocol):
    """Turns lines and the steps between them into bags of codes.

    Attributes:
        version: of the encoding; models of another one are refused.
        step_codes: how many codes each bag of a step has.
    """

    version: int | str
    step_codes: tuple[int, ...]

    def context(self, problem: Problem) -> str:
        """What the lines of a problem have to be read with."""

    def read(self, line: str, context: str, /) -> Any | None:
        """A line, read; None where the text is no line. The statement of the problem is the first line."""

    def step(self, before: Any, after: Any, context: str, /) -> tuple[NDArray[np.int32], ...]:
        """The bags of the step from one line to the next."""

    def line(self, reading: Any, context: str, /) -> NDArray[np.int32]:
        """The bag of a line by itself."""

    def words(self, before: Any, after: Any) -> str:
        """The change as a phrase."""


def encoder_for(domains: Collection[str], track: Track, change_buckets: int, line_buckets: int) -> StepEncoder:
    """The encoder of the lines of these domains: programs, or else algebra.

    Args:
        domains: of the problems.
        track: what the encoder may look at.
        change_buckets: codes of what a step changes.
        line_buckets: codes of a line by itself.

    Raises:
        PRMError: some hold programs and others do not.
    """
    programs = sorted(PROGRAM_DOMAINS & set(domains))
    if not programs:
        return Encoder(track, change_buckets, line_buckets)
    others: Sequence[str] = sorted(set(domains) - PROGRAM_DOMAINS)
    if others:
        raise PRMError(
            f"one model reads programs or algebra, not both: traces of {' and '.join(programs)} "
            f"beside such of {' and '.join(others)}; train one on each"
        )
    return ProgramEncoder(track, change_buckets, line_buckets)
