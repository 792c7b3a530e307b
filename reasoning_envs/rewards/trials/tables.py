"""How PRMs do on the named shifts, as rows and as text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from math import isnan, nan
from typing import Literal, NamedTuple

import numpy as np

from reasoning_envs.rewards.deadline import Deadline
from reasoning_envs.rewards.judging import Judgement, judge_prm
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.rewards.trials.cases import Case
from reasoning_envs.rewards.trials.program_cases import PROGRAM_SHIFTS, program_cases
from reasoning_envs.rewards.trials.shifts import SHIFTS, cases_of

__all__ = ["ShiftRow", "Subject", "aligned", "judge_on_shifts", "shift_cases", "shift_table", "track_of", "worst"]

Subject = Literal["algebra", "programs"]
"""What traces with known errors are made of."""

_HELD_OUT_SEED = 20_000  # far from seeds that people choose for training material


class ShiftRow(NamedTuple):
    """What one PRM came to.

    Attributes:
        name: of the PRM. track: what it may look at.
        found: by set. threshold: below which a step was called wrong.
        ms: per step, sets together, in milliseconds.
    """

    name: str
    track: str
    found: Mapping[str, Judgement]
    threshold: float
    ms: float


def shift_cases(count: int, seed: int, subject: Subject = "algebra") -> dict[str, list[Case]]:
    """``count`` traces of each set (of 20 steps half as many), made anew."""
    sets = {}
    if subject == "programs":
        for place, (name, kind) in enumerate(PROGRAM_SHIFTS.items()):
            sets[name] = program_cases(kind, count, np.random.default_rng([_HELD_OUT_SEED, seed, place]))
        return sets
    for place, (name, shift) in enumerate(SHIFTS.items()):
        number = count // 2 if shift.length is not None else count
        sets[name] = cases_of(shift, number, np.random.default_rng([_HELD_OUT_SEED, seed, place]))
    return sets


def track_of(prm: ProcessRewardModel) -> str:
    """``"text-only"`` or ``"arithmetic-assisted"``; ``"-"`` for a PRM that is of neither track."""
    inner = prm.prm if isinstance(prm, Deadline) else prm
    track = getattr(getattr(inner, "config", None), "track", None)
    return {"text": "text-only", "arithmetic": "arithmetic-assisted"}.get(str(track), "-")


def judge_on_shifts(
    name: str, prm: ProcessRewardModel, sets: Mapping[str, Sequence[Case]], threshold: float | None = None
) -> ShiftRow:
    """Judge one PRM; kinds of error count alike in every set.

    Raises:
        PRMError: it raised, or answered with something that is no score.
    """
    start, steps = time.process_time(), 0
    found = {}
    for title, cases in sets.items():
        traces = [case.trace for case in cases]
        steps += sum(len(trace.steps) for trace in traces)
        found[title] = judge_prm(prm, traces, threshold, [case.kind for case in cases])
    limit = prm.threshold if threshold is None else threshold
    return ShiftRow(name, track_of(prm), found, limit, 1e3 * (time.process_time() - start) / max(steps, 1))


def worst(row: ShiftRow) -> float:
    """The least F1 over all sets: the headline."""
    return min((found.f1 for found in row.found.values()), default=nan)


def shift_table(rows: Sequence[ShiftRow]) -> Iterator[str]:
    """F1 by set with the worst first, then for each PRM what each kind of error, AUC and calibration came to."""
    titles = list(rows[0].found)
    heads = ["PRM", "track", "worst", *titles, "threshold", "ms/step"]
    yield from aligned(
        [
            heads,
            *(
                [
                    row.name,
                    row.track,
                    _figure(worst(row)),
                    *(_figure(row.found[title].f1) for title in titles),
                    _figure(row.threshold),
                    _figure(row.ms),
                ]
                for row in rows
            ),
        ],
        left=2,
    )
    for row in rows:
        yield ""
        yield f"{row.name} ({row.track}): share of errors located, by kind"
        kinds = list(dict.fromkeys(kind for found in row.found.values() for kind in found.located))
        lines = [["set", "traces", "F1", "erroneous", "correct", "AUC", "ECE", *kinds]]
        for title, found in row.found.items():
            figures = [found.f1, found.accuracy_erroneous, found.accuracy_correct, found.auc, found.ece]
            located = [found.located.get(kind, nan) for kind in kinds]
            count = str(found.n_erroneous + found.n_correct)
            lines.append([title, count, *map(_figure, [*figures, *located])])
        yield from aligned(lines)


def aligned(lines: Sequence[Sequence[str]], left: int = 1) -> Iterator[str]:
    """Columns: the first ``left`` flush left, the others flush right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        cells = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _figure(value: float) -> str:
    return "-" if isnan(value) else f"{value:.3f}"
