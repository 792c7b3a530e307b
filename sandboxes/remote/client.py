"""Requests to a service: made once more where they fail, and believed only where the program began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sandboxes.outcome import Over
from sandboxes.remote.services import Fault, Report, Service, TooMuch
from sandboxes.types import Limits, Status

__all__ = ["Client", "out_of_time"]


class Client:
    """What is asked of one service. Thread-safe.

    Args:
        service: that is asked.
    """

    def __init__(self, service: Service) -> None:
        self.service = service

    def request(
        self,
        source: str,
        limits: Limits,
        *,
        language: str = "python",
        stdin: str = "",
        files: Mapping[str, bytes] | None = None,
        fetch: Sequence[str] = (),
        begin: str = "",
        keeps_late: bool = False,
    ) -> Report:
        """What the service says of one program; a request that fails is made once more.

        What has not printed ``begin`` has not been run. With ``keeps_late`` a program that has, and then ran out of
        time, has a report as well.

        Raises:
            Over: INFRASTRUCTURE, when it failed twice; OUTPUT; or TIMEOUT.
        """
        reason = ""
        for _ in range(2):
            try:
                report = self.service.run(source, language, stdin, files or {}, fetch, limits)
            except (Fault, TimeoutError) as fault:
                reason = str(fault)
                continue
            except TooMuch as much:
                raise Over(Status.OUTPUT, str(much)) from None
            if report.timed_out and not (keeps_late and begin in report.stdout):
                raise out_of_time(limits)
            if begin in report.stdout:
                return report
            reason = f"the service began nothing: {report.error or report.stderr}"[:500]
        raise Over(Status.INFRASTRUCTURE, f"{reason} (tried twice)")


def out_of_time(limits: Limits) -> Over:
    """A program has run for longer than it may."""
    return Over(Status.TIMEOUT, f"more than {limits.wall_seconds:g} s of wall-clock time")
