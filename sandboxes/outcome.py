"""How a program came to its end, for back ends that talk to a process of their own."""

from __future__ import annotations

from collections.abc import Sequence

from sandboxes.types import CallResult, Execution, Status

__all__ = ["Over", "conclude", "ending"]


class Over(Exception):
    """Nothing more can come from this program.

    Args:
        status: why.
        reason: in words.
    """

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def conclude(over: Over | None, results: Sequence[CallResult], asked: int, calls: int) -> Execution:
    """What came of a job, but for what was measured and printed. The arguments are those of :func:`ending`."""
    return Execution(*ending(over, results, asked, calls), calls)


def ending(
    over: Over | None, results: Sequence[CallResult], asked: int, calls: int
) -> tuple[Status, str, tuple[CallResult, ...]]:
    """Status and reason of a job, and one result for each call that it asks for.

    Args:
        over: None when everything was done that was asked for.
        results: of the calls that were answered.
        asked: how many calls the job asks for; 0 with tests and for whole programs.
        calls: how many were put to the program.
    """
    filled = list(results)
    reason = "" if over is None else over.reason
    if over is not None and len(filled) < min(calls, asked):
        filled.append(CallResult(over.status, error=reason))
    filled += [CallResult(Status.NOT_RUN, error=reason)] * (asked - len(filled))
    status = Status.OK if over is None else over.status
    if status is not Status.INFRASTRUCTURE:
        first = next((result for result in filled if result.status not in (Status.OK, Status.NOT_RUN)), None)
        if first is not None:
            status, reason = first.status, first.error
    return status, reason, tuple(filled)
