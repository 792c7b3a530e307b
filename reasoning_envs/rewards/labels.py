"""What people say of steps: a file of labels, one JSON object a line, beside a file of traces.

::

    {"trace": 0, "step": 2, "label": -1, "who": "ann", "note": "the sign is lost"}
    {"trace": "algebra-1f3c", "step": 0, "label": 1}

``trace`` is the trace's place in its file, from 0, or the id of its problem where one trace alone has it; ``step``
counts from 0; ``label`` is -1 (wrong), 0 (neither helps nor harms) or 1 (right), the scale of PRM800K (Lightman et al.,
arXiv 2305.20050). ``who`` and ``note`` are free. The same person may label a step once; different persons may disagree
by one point, and then the mean counts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from reasoning_envs.types import Trace

__all__ = ["BadLabel", "HumanLabels", "as_share", "read_labels"]

_FIELDS = frozenset(("trace", "step", "label", "who", "note"))
_SCALE = (-1, 0, 1)


def as_share(label: float) -> float:
    """A label of [-1, 1] as a share of rightness in [0, 1]."""
    return (label + 1.0) / 2.0


@dataclass(frozen=True, slots=True)
class BadLabel:
    """A line that is not used.

    Attributes:
        file, line: where it stands; lines count from 1. reason: what is wrong with it.
    """

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class HumanLabels:
    """The labels of a file, for its traces.

    Attributes:
        labels: place of a trace -> one entry a step: the mean label as a share in [0, 1], None where there is none.
        notes: (trace, step) -> what people wrote there.
        faults: the lines that are not used, each with its reason.
    """

    labels: Mapping[int, Sequence[float | None]]
    notes: Mapping[tuple[int, int], Sequence[str]]
    faults: Sequence[BadLabel]

    def for_fit(self) -> dict[str, Sequence[float | None]]:
        """As :meth:`ProcessRewardModel.fit` takes them."""
        return {str(index): row for index, row in self.labels.items()}


@dataclass(frozen=True, slots=True)
class _Entry:
    line: int
    trace: int
    step: int
    label: int
    who: str
    note: str


def read_labels(path: str | PathLike[str], traces: Sequence[Trace]) -> HumanLabels:
    """Read a file of labels; lines that cannot be used are named, and the rest is used.

    Args:
        path: of the file.
        traces: that the labels are about, in the order of their file.

    Raises:
        OSError: the file cannot be opened.
    """
    file = str(path)
    by_problem: defaultdict[str, list[int]] = defaultdict(list)
    for index, trace in enumerate(traces):
        by_problem[trace.problem.id].append(index)
    faults: list[BadLabel] = []
    given: defaultdict[tuple[int, int], list[_Entry]] = defaultdict(list)
    with Path(path).open("rb") as source:
        for number, line in enumerate(source, start=1):
            if not line.strip():
                continue
            try:
                entry = _entry(line, number, traces, by_problem)
            except ValueError as error:
                faults.append(BadLabel(file, number, str(error)))
                continue
            given[entry.trace, entry.step].append(entry)
    labels: dict[int, list[float | None]] = {}
    notes: dict[tuple[int, int], list[str]] = {}
    for (index, step), entries in sorted(given.items()):
        kept = _agreeing(entries, file, faults)
        if kept:
            row = labels.setdefault(index, [None] * len(traces[index].steps))
            row[step] = as_share(sum(entry.label for entry in kept) / len(kept))
            notes[index, step] = [entry.note for entry in kept if entry.note]
    return HumanLabels(labels, notes, sorted(faults, key=lambda fault: fault.line))


def _agreeing(entries: Sequence[_Entry], file: str, faults: list[BadLabel]) -> list[_Entry]:
    """The entries of one step, without those of a person who contradicts himself, or all where people contradict."""
    kept: list[_Entry] = []
    for who in dict.fromkeys(entry.who for entry in entries):
        own = [entry for entry in entries if entry.who == who]
        if len({entry.label for entry in own}) == 1:
            kept.append(own[0])
            continue
        name = who or "somebody without a name"
        for entry in own:
            faults.append(
                BadLabel(file, entry.line, f"{name} gives step {entry.step} of trace {entry.trace} two labels")
            )
    if kept and max(entry.label for entry in kept) - min(entry.label for entry in kept) > 1:
        for entry in kept:
            others = ", ".join(str(other.line) for other in kept if other.label != entry.label)
            faults.append(BadLabel(file, entry.line, f"the label {entry.label} is contradicted by line {others}"))
        return []
    return kept


def _entry(line: bytes, number: int, traces: Sequence[Trace], by_problem: Mapping[str, list[int]]) -> _Entry:
    try:
        data = json.loads(line)
    except ValueError:
        raise ValueError("no JSON") from None
    if not isinstance(data, dict):
        raise ValueError(f"a label is a JSON object, this is a {type(data).__name__}")
    strange = sorted(set(data) - _FIELDS)
    missing = [name for name in ("trace", "step", "label") if name not in data]
    if strange or missing:
        what = f"without {' and '.join(missing)}" if missing else f"with the unknown field {', '.join(strange)}"
        raise ValueError(f"a label {what}; the fields are {', '.join(sorted(_FIELDS))}")
    index = _place(data["trace"], traces, by_problem)
    steps = len(traces[index].steps)
    step, label = data["step"], data["label"]
    if not _is_whole(step) or not 0 <= step < steps:
        raise ValueError(f"step {step!r}: trace {index} has the steps 0 to {steps - 1}" if steps else "it has no steps")
    if not _is_whole(label) or label not in _SCALE:
        raise ValueError(f"label {label!r}: it is one of -1, 0 and 1")
    return _Entry(number, index, step, label, str(data.get("who", "")), str(data.get("note", "")))


def _place(given: Any, traces: Sequence[Trace], by_problem: Mapping[str, list[int]]) -> int:
    if _is_whole(given):
        if not 0 <= given < len(traces):
            raise ValueError(f"trace {given}: there are {len(traces)}, from 0")
        return int(given)
    if isinstance(given, str):
        places = by_problem.get(given, [])
        if len(places) == 1:
            return places[0]
        count = f"{len(places)} traces have" if places else "no trace has"
        raise ValueError(f"{count} the problem {given!r}; name the trace by its place in the file")
    raise ValueError(f"trace {given!r}: it is a number from 0, or the id of a problem")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
