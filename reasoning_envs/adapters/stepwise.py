"""Files of solutions with a label at each step, as other projects publish them, to traces and back.

==================  =================================================================================================
format              one record
==================  =================================================================================================
``processbench``    ``problem``, ``steps``, ``label``: the index of the first error, -1 for none (arXiv 2412.06559)
``prm800k``         ``question.problem``, ``label.steps[].completions[].{text, rating}``, rated -1, 0 or 1 by people
                    (arXiv 2305.20050)
``trl``             ``prompt``, ``completions`` and ``labels`` (true or false), TRL's stepwise supervision
``math-shepherd``   ``input`` and ``label``: the same text, with a mark behind each step, which ``label`` has replaced
                    by + or - (arXiv 2312.08935)
==================  =================================================================================================

A record becomes a trace of the domain ``"prose"``: the steps are its lines, and what the record says of them are their
verdicts: VERIFIED, REFUTED, and UNDECIDED where it says nothing (after the first error of ProcessBench, a rating of 0).
Nothing is verified here. Files are JSON lines, or one JSON array; a record that cannot be used is named, and the rest
is read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple

from reasoning_envs.types import Problem, Status, Step, Trace, Verdict

__all__ = ["FORMATS", "BadRecord", "Format", "Stepwise", "read_stepwise", "to_trl", "write_stepwise"]

Format = Literal["processbench", "prm800k", "trl", "math-shepherd"]

_MARK = "ки"
_STEP = re.compile(r"(?=Step \d+\s*:)")
_OF_RATING = {-1: Status.REFUTED, 0: Status.UNDECIDED, 1: Status.VERIFIED, None: Status.UNDECIDED}


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that is not used.

    Attributes:
        file: where it stands. number: of its line, or its place in the array, from 1. reason: what is wrong with it.
    """

    file: str
    number: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, record {self.number}: {self.reason}"


class Stepwise(NamedTuple):
    """What a file holds.

    Attributes:
        traces: one a record, in the file's order. faults: records that are not used.
    """

    traces: list[Trace]
    faults: list[BadRecord]


def read_stepwise(path: str | PathLike[str], layout: Format) -> Stepwise:
    """Read a file of labelled solutions.

    Args:
        path: of the file.
        layout: the format; see the module.

    Raises:
        ValueError: no such format. OSError: the file cannot be read.
    """
    if layout not in FORMATS:
        raise ValueError(f"there is no format {layout!r}; known: {', '.join(FORMATS)}")
    file = str(path)
    traces: list[Trace] = []
    faults: list[BadRecord] = []
    for number, record in _records(Path(path).read_bytes()):
        try:
            if isinstance(record, ValueError):
                raise record
            if not isinstance(record, Mapping):
                raise ValueError(f"a record is a JSON object, this is a {type(record).__name__}")
            traces.append(_trace(*FORMATS[layout](record)))
        except KeyError as error:
            faults.append(BadRecord(file, number, f"there is no field {error.args[0]!r}"))
        except ValueError as error:
            faults.append(BadRecord(file, number, str(error)))
    return Stepwise(traces, faults)


def to_trl(trace: Trace) -> dict[str, Any] | None:
    """A trace as a record of TRL's stepwise supervision, up to the first step that nobody could judge.

    None where no step was judged.
    """
    completions: list[str] = []
    labels: list[bool] = []
    for step in trace.steps:
        if step.verdict.status not in (Status.VERIFIED, Status.REFUTED):
            break
        completions.append(step.text)
        labels.append(step.verdict.verified)
    return {"prompt": trace.problem.prompt, "completions": completions, "labels": labels} if labels else None


def write_stepwise(path: str | PathLike[str], traces: Iterable[Trace]) -> int:
    """Write traces as TRL's stepwise supervision, one JSON object a line; how many were written.

    Raises:
        OSError: the file cannot be written.
    """
    records = [record for record in map(to_trl, traces) if record is not None]
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    Path(path).write_text(text, encoding="utf-8", errors="backslashreplace")
    return len(records)


Parts = tuple[str, Sequence[str], Sequence[Status], "bool | None"]


def _trace(problem: str, texts: Sequence[str], statuses: Sequence[Status], right: bool | None) -> Trace:
    digest = hashlib.blake2b(problem.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    steps = [
        Step(index, text, text, Verdict(status, method="label"))
        for index, (text, status) in enumerate(zip(texts, statuses, strict=True))
    ]
    outcome = None if right is None else Verdict(Status.VERIFIED if right else Status.REFUTED, method="label")
    return Trace(
        "", {}, {}, "solver", None, Problem(f"prose-{digest}", "prose", problem, problem), tuple(steps), outcome
    )


def _records(data: bytes) -> Iterator[tuple[int, Any]]:
    text = data.decode("utf-8-sig", errors="replace")
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError as error:
            yield 1, ValueError(f"no JSON: {error}")
            return
        yield from enumerate(found, start=1)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError:
                yield number, ValueError("no JSON")


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is a text, got {value!r:.40}")
    return value


def _texts(value: Any, name: str) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} is a list of texts, got {value!r:.40}")
    return list(value)


def _processbench(record: Mapping[str, Any]) -> Parts:
    steps, label = _texts(record["steps"], "steps"), record["label"]
    if isinstance(label, bool) or not isinstance(label, int) or not -1 <= label < len(steps):
        raise ValueError(f"label is -1 or the index of one of {len(steps)} steps, got {label!r}")
    first = len(steps) if label == -1 else label
    statuses = [
        Status.VERIFIED if i < first else Status.REFUTED if i == first else Status.UNDECIDED for i in range(len(steps))
    ]
    right = record.get("final_answer_correct")
    return _text(record["problem"], "problem"), steps, statuses, right if isinstance(right, bool) else None


def _prm800k(record: Mapping[str, Any]) -> Parts:
    texts: list[str] = []
    statuses: list[Status] = []
    label = record["label"]
    for place, step in enumerate(label["steps"]):
        completions, chosen = step["completions"] or [], step.get("chosen_completion")
        written = step.get("human_completion")
        if chosen is None and written is not None:
            texts.append(_text(written["text"], "human_completion.text"))
            statuses.append(Status.VERIFIED)
            continue
        if not completions:
            raise ValueError(f"step {place} has no completion")
        # Where none was chosen the labeller stopped there: the first is what was judged wrong.
        if chosen is not None and not (isinstance(chosen, int) and 0 <= chosen < len(completions)):
            raise ValueError(f"step {place}: chosen_completion is {chosen!r} of {len(completions)}")
        taken = completions[chosen or 0]
        rating = taken.get("rating")
        if rating not in _OF_RATING:
            raise ValueError(f"step {place}: the rating is -1, 0, 1 or null, got {rating!r}")
        texts.append(_text(taken["text"], "completions.text"))
        statuses.append(_OF_RATING[rating])
    reason = label.get("finish_reason")
    right = True if reason == "solution" else False if reason == "found_error" else None
    return _text(record["question"]["problem"], "question.problem"), texts, statuses, right


def _trl(record: Mapping[str, Any]) -> Parts:
    texts, labels = _texts(record["completions"], "completions"), record["labels"]
    if not isinstance(labels, Sequence) or not all(isinstance(label, bool) for label in labels):
        raise ValueError(f"labels is a list of true and false, got {labels!r:.40}")
    if len(labels) != len(texts):
        raise ValueError(f"{len(labels)} labels for {len(texts)} completions")
    statuses = [Status.VERIFIED if label else Status.REFUTED for label in labels]
    return _text(record["prompt"], "prompt"), texts, statuses, None


def _math_shepherd(record: Mapping[str, Any]) -> Parts:
    shown, labelled = _text(record["input"], "input"), _text(record["label"], "label")
    problem, *steps = _STEP.split(shown)
    problem_again, *steps_again = _STEP.split(labelled)
    if len(steps) != len(steps_again) or problem.strip() != problem_again.strip():
        raise ValueError("input and label are not the same text but for the marks")
    statuses: list[Status] = []
    texts: list[str] = []
    for place, (step, again) in enumerate(zip(steps, steps_again, strict=True)):
        sign = again.rstrip()[-1:]
        if not step.rstrip().endswith(_MARK) or sign not in "+-" or not sign:
            raise ValueError(f"step {place} has no mark in input, or no + or - in label")
        texts.append(step.rstrip().removesuffix(_MARK).strip())
        statuses.append(Status.VERIFIED if sign == "+" else Status.REFUTED)
    if not texts:
        raise ValueError("no step ('Step 1: ...') is in it")
    return problem.strip(), texts, statuses, statuses[-1] is Status.VERIFIED


FORMATS: Mapping[str, Callable[[Mapping[str, Any]], Parts]] = {
    "processbench": _processbench,
    "prm800k": _prm800k,
    "trl": _trl,
    "math-shepherd": _math_shepherd,
}
"""How a record of each format is read."""
