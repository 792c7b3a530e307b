"""What came of the table, as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["CheckFailed", "Outcome", "Report", "Row"]


class Outcome(StrEnum):
    """What came of one row."""

    CONTAINED = "contained"
    """The program was run, and did not get what it tried for. Of an honest program: it was scored as right."""
    REFUSED = "refused"
    """The sandbox said that it cannot run such a program: safe, and of no use to programs that need the construct."""
    NOT_OFFERED = "not offered"
    """Not run: a sandbox of this tier does not claim to stand it."""
    FAILED = "failed"
    """It got through; see the evidence."""


@dataclass(frozen=True, slots=True)
class Row:
    """One program and what came of it.

    Attributes:
        name: of the program, or of the law that the sandbox was held to.
        aim: what it tries.
        outcome: see :class:`Outcome`.
        how: how it ended, in words.
        evidence: what went wrong, one sentence a thing; () where nothing did.
    """

    name: str
    aim: str
    outcome: Outcome
    how: str = ""
    evidence: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {
            "name": self.name,
            "aim": self.aim,
            "outcome": self.outcome.value,
            "how": self.how,
            "evidence": list(self.evidence),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Row:
        """The inverse of :meth:`to_json`."""
        return cls(**{**data, "outcome": Outcome(data["outcome"]), "evidence": tuple(data["evidence"])})


@dataclass(frozen=True, slots=True)
class Report:
    """All rows.

    Attributes:
        backend: of the sandbox that was checked.
        tier: likewise.
        rows: one a program, in the order of the table, then those of the laws.
    """

    backend: str
    tier: str
    rows: tuple[Row, ...]

    @property
    def failures(self) -> tuple[Row, ...]:
        """The rows that FAILED."""
        return tuple(row for row in self.rows if row.outcome is Outcome.FAILED)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many rows came to each outcome."""
        counter = Counter(row.outcome for row in self.rows)
        return {outcome: counter[outcome] for outcome in Outcome}

    def to_json(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {"backend": self.backend, "tier": self.tier, "rows": [row.to_json() for row in self.rows]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """The inverse of :meth:`to_json`."""
        return cls(data["backend"], data["tier"], tuple(Row.from_json(row) for row in data["rows"]))

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {outcome.value}" for outcome, number in self.counts.items())
        return f"{self.backend} ({self.tier}): {counts}"


class CheckFailed(AssertionError):
    """The sandbox did not hold; the message names every failure.

    Attributes:
        report: all rows, also those that held.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(f"{report}\n{_listed(report.failures)}")


def _listed(rows: Sequence[Row]) -> str:
    return "\n".join(f"- {row.name} ({row.aim}): {'; '.join(row.evidence)}" for row in rows)
