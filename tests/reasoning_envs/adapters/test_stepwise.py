"""Other people's labelled solutions: each published format, and what is wrong with a record."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reasoning_envs.adapters.stepwise import Format, read_stepwise, to_trl, write_stepwise
from reasoning_envs.rewards.judging import first_error
from reasoning_envs.testing import random_traces
from reasoning_envs.types import Status

V, R, U = Status.VERIFIED, Status.REFUTED, Status.UNDECIDED

RECORDS: list[tuple[Format, dict[str, Any], list[str], list[Status], bool | None]] = [
    (
        "processbench",
        {"id": "x-1", "generator": "g", "problem": "2+2+1?", "steps": ["2+2=4", "4+1=6", "so 6"], "label": 1}
        | {"final_answer_correct": False},
        ["2+2=4", "4+1=6", "so 6"],
        [V, R, U],
        False,
    ),
    ("processbench", {"problem": "2+2?", "steps": ["4"], "label": -1, "final_answer_correct": True}, ["4"], [V], True),
    (
        "prm800k",
        {
            "question": {"problem": "2+2+1?", "ground_truth_answer": "5"},
            "label": {
                "steps": [
                    {
                        "completions": [{"text": "no", "rating": -1}, {"text": "2+2=4", "rating": 1}],
                        "chosen_completion": 1,
                    },
                    {"completions": [{"text": "Hm.", "rating": 0}], "chosen_completion": 0},
                    {"completions": None, "human_completion": {"text": "4+1=5"}, "chosen_completion": None},
                    {"completions": [{"text": "so 6", "rating": -1}], "chosen_completion": None},
                ],
                "finish_reason": "found_error",
            },
        },
        ["2+2=4", "Hm.", "4+1=5", "so 6"],
        [V, U, V, R],
        False,
    ),
    ("trl", {"prompt": "2+2?", "completions": ["2+2", "5"], "labels": [True, False]}, ["2+2", "5"], [V, R], None),
    (
        "math-shepherd",
        {
            "input": "2+2+1? Step 1: 2+2=4 ки\nStep 2: 4+1=6. The answer is: 6 ки",
            "label": "2+2+1? Step 1: 2+2=4 +\nStep 2: 4+1=6. The answer is: 6 -",
            "task": "GSM8K",
        },
        ["Step 1: 2+2=4", "Step 2: 4+1=6. The answer is: 6"],
        [V, R],
        False,
    ),
]


@pytest.mark.parametrize(("layout", "record", "texts", "statuses", "right"), RECORDS)
@pytest.mark.parametrize("array", [False, True])
def test_a_record_becomes_a_trace(
    layout: Format,
    record: dict[str, Any],
    texts: list[str],
    statuses: list[Status],
    right: bool | None,
    array: bool,
    tmp_path: Path,
) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps([record, record]) if array else json.dumps(record) + "\n\n" + json.dumps(record) + "\n")
    found = read_stepwise(path, layout)
    assert not found.faults
    first, second = found.traces
    assert first == second
    assert [step.text for step in first.steps] == texts
    assert [step.verdict.status for step in first.steps] == statuses
    assert (None if first.outcome is None else first.outcome.verified) == right
    assert first.problem.domain == "prose"


BAD: list[tuple[Format, Any, str]] = [
    ("processbench", "{", "no JSON"),
    ("processbench", [1], "a JSON object, this is a list"),
    ("processbench", {"problem": "?", "steps": ["a"]}, "no field 'label'"),
    ("processbench", {"problem": "?", "steps": ["a"], "label": 1}, "index of one of 1 steps, got 1"),
    ("processbench", {"problem": "?", "steps": ["a"], "label": True}, "index of one of 1 steps"),
    ("processbench", {"problem": "?", "steps": "abc", "label": -1}, "steps is a list of texts"),
    ("processbench", {"problem": 3, "steps": ["a"], "label": -1}, "problem is a text"),
    ("prm800k", {"question": {"problem": "?"}, "label": {"steps": [{"completions": []}]}}, "step 0 has no completion"),
    (
        "prm800k",
        {"question": {"problem": "?"}, "label": {"steps": [{"completions": [{"text": "a", "rating": 3}]}]}},
        "rating is -1, 0, 1 or null",
    ),
    (
        "prm800k",
        {
            "question": {"problem": "?"},
            "label": {"steps": [{"completions": [{"text": "a", "rating": 1}], "chosen_completion": 4}]},
        },
        "chosen_completion is 4 of 1",
    ),
    ("trl", {"prompt": "?", "completions": ["a"], "labels": [1]}, "true and false"),
    ("trl", {"prompt": "?", "completions": ["a"], "labels": []}, "0 labels for 1 completions"),
    ("math-shepherd", {"input": "? Step 1: a ки", "label": "? Step 1: a"}, "no + or -"),
    ("math-shepherd", {"input": "? Step 1: a ки", "label": "! Step 1: a +"}, "not the same text"),
    ("math-shepherd", {"input": "?", "label": "?"}, "no step"),
]


@pytest.mark.parametrize(("layout", "record", "reason"), BAD)
def test_a_bad_record_is_named_and_the_rest_is_read(layout: Format, record: Any, reason: str, tmp_path: Path) -> None:
    good = next(record for name, record, *_ in RECORDS if name == layout)
    path = tmp_path / "data.jsonl"
    bad = record if isinstance(record, str) else json.dumps(record)
    path.write_text(f"{json.dumps(good)}\n{bad}\n{json.dumps(good)}\n")
    found = read_stepwise(path, layout)
    assert len(found.traces) == 2
    (fault,) = found.faults
    assert str(fault).startswith(f"{path}, record 2: ")
    assert reason in fault.reason


def test_traces_are_written_for_trl_and_read_back(tmp_path: Path) -> None:
    traces = random_traces("reasoning_envs/Algebra-v0", 5)
    path = tmp_path / "trl.jsonl"
    assert write_stepwise(path, traces) == 5
    again = read_stepwise(path, "trl").traces
    for trace, read in zip(traces, again, strict=True):
        assert [step.text for step in read.steps] == [step.text for step in trace.steps]
        assert first_error(read) == first_error(trace)
    assert to_trl(replace(traces[0], steps=())) is None


def test_an_unknown_format_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no format 'csv'; known: processbench"):
        read_stepwise(tmp_path, "csv")  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        read_stepwise(tmp_path / "none", "trl")
