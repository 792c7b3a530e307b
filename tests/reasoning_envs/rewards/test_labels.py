"""People's labels: what a file may hold, what is refused and why, and the PRMs made of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reasoning_envs.rewards import ConsensusPRM, HumanPRM, MonteCarloPRM, OraclePRM, read_labels
from reasoning_envs.rewards.labels import as_share
from reasoning_envs.rewards.training import step_labels
from reasoning_envs.testing import check_prm, random_traces
from reasoning_envs.types import StepScore, Trace

TRACES = [trace for trace in random_traces("reasoning_envs/Algebra-v0", 9) if len(trace.steps) > 5][:3]


def written(path: Path, *lines: dict[str, Any] | str) -> Path:
    file = path / "labels.jsonl"
    file.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return file


def test_labels_become_shares_and_the_rest_is_unknown(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {"trace": 0, "step": 0, "label": 1},
        {"trace": 0, "step": 2, "label": -1, "who": "ann", "note": "the sign is lost"},
        "",
        {"trace": TRACES[1].problem.id, "step": 1, "label": 0, "who": "ann"},
        {"trace": 1, "step": 1, "label": 1, "who": "bob"},
    )
    found = read_labels(file, TRACES)
    assert not found.faults
    assert list(found.labels) == [0, 1]
    assert found.labels[0][:4] == [1.0, None, 0.0, None]
    assert found.labels[1][1] == 0.75
    assert found.notes[0, 2] == ["the sign is lost"]
    assert found.for_fit()["0"] is found.labels[0]
    assert [as_share(label) for label in (-1, 0, 1)] == [0.0, 0.5, 1.0]


FAULTS: list[tuple[dict[str, Any] | str, str]] = [
    ("{no json", "no JSON"),
    ("[1, 2]", "this is a list"),
    ({"trace": 0, "step": 0}, "without label"),
    ({"trace": 0, "step": 0, "label": 1, "weight": 3}, "unknown field weight"),
    ({"trace": 3, "step": 0, "label": 1}, "there are 3, from 0"),
    ({"trace": -1, "step": 0, "label": 1}, "there are 3, from 0"),
    ({"trace": "nobody", "step": 0, "label": 1}, "no trace has the problem 'nobody'"),
    ({"trace": 0.5, "step": 0, "label": 1}, "a number from 0, or the id"),
    ({"trace": True, "step": 0, "label": 1}, "a number from 0, or the id"),
    ({"trace": 0, "step": 999, "label": 1}, "has the steps 0 to"),
    ({"trace": 0, "step": 0, "label": 2}, "one of -1, 0 and 1"),
    ({"trace": 0, "step": 0, "label": 0.5}, "one of -1, 0 and 1"),
    ({"trace": 0, "step": 0, "label": True}, "one of -1, 0 and 1"),
]


@pytest.mark.parametrize(("line", "reason"), FAULTS)
def test_a_line_that_cannot_be_used_is_named_and_the_rest_is_used(
    line: dict[str, Any] | str, reason: str, tmp_path: Path
) -> None:
    file = written(tmp_path, {"trace": 1, "step": 0, "label": 1}, line, {"trace": 2, "step": 0, "label": -1})
    found = read_labels(file, TRACES)
    assert list(found.labels) == [1, 2]
    (fault,) = found.faults
    assert str(fault).startswith(f"{file}, line 2: ")
    assert reason in fault.reason


def test_contradictions_are_named_and_left_out(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {"trace": 0, "step": 0, "label": 1, "who": "ann"},
        {"trace": 0, "step": 0, "label": -1, "who": "bob"},
        {"trace": 0, "step": 1, "label": 1, "who": "ann"},
        {"trace": 0, "step": 1, "label": 0, "who": "ann"},
        {"trace": 0, "step": 1, "label": 1, "who": "bob"},
        {"trace": 0, "step": 2, "label": 1},
        {"trace": 0, "step": 2, "label": 1},
    )
    found = read_labels(file, TRACES)
    assert found.labels[0][:3] == [None, 1.0, 1.0]
    assert [(fault.line, fault.reason) for fault in found.faults] == [
        (1, "the label 1 is contradicted by line 2"),
        (2, "the label -1 is contradicted by line 1"),
        (3, "ann gives step 1 of trace 0 two labels"),
        (4, "ann gives step 1 of trace 0 two labels"),
    ]


def test_an_empty_file_holds_no_label(tmp_path: Path) -> None:
    found = read_labels(written(tmp_path), TRACES)
    assert (dict(found.labels), list(found.faults)) == ({}, [])


def test_people_are_heard_wherever_the_step_is_made_again(tmp_path: Path) -> None:
    file = written(
        tmp_path, {"trace": 0, "step": 0, "label": -1, "note": "why so?"}, {"trace": 0, "step": 1, "label": 1}
    )
    prm = HumanPRM(file, TRACES)
    check_prm(prm, traces=TRACES)
    row = prm.score([TRACES[0]])[0]
    assert (row[0].value, row[0].critique, row[0].uncertainty) == (0.0, "why so?", 0.0)
    assert (row[1].value, row[1].critique) == (1.0, "people call it right")
    assert all((score.value, score.uncertainty) == (0.5, 1.0) for score in row[2:])
    assert all(score.uncertainty == 1.0 for score in prm.score([TRACES[1]])[0])


def test_training_takes_them_step_by_step(tmp_path: Path) -> None:
    file = written(tmp_path, {"trace": 0, "step": 1, "label": 1}, {"trace": 0, "step": 3, "label": -1})
    labels = read_labels(file, TRACES).for_fit()
    row = step_labels(TRACES[0], 0, labels, "keep")
    assert row[:5] == [None, 1.0, None, 0.0, None]
    assert step_labels(TRACES[0], 0, labels, "drop")[4:] == [None] * (len(row) - 4)
    verdicts = step_labels(TRACES[1], 1, labels, "keep")
    assert verdicts == [1.0 if step.verdict.verified else 0.0 for step in TRACES[1].steps]


class Says(OraclePRM):
    """The same of every step."""

    def __init__(self, chance: float) -> None:
        super().__init__()
        self.name = f"says {chance}"
        self.chance = chance

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return [[StepScore(0.3, p_correct=self.chance) for _ in trace.steps] for trace in traces]


@pytest.mark.parametrize(
    ("chances", "agreed", "label"), [((0.9, 0.7), 0.8, 1.0), ((0.1, 0.3), 0.2, 0.0), ((0.9, 0.1), 0.5, None)]
)
def test_a_consensus_speaks_where_both_agree(chances: tuple[float, float], agreed: float, label: float | None) -> None:
    prm = ConsensusPRM(Says(chances[0]), Says(chances[1]))
    row = prm.score(TRACES[:1])[0]
    assert row[0].p_correct == pytest.approx(agreed)
    assert prm.keeps(row[0]) is (label is not None)
    assert prm.labels(TRACES[:1])["0"][0] == label


def test_a_consensus_keeps_the_promises_of_a_prm() -> None:
    check_prm(ConsensusPRM(OraclePRM(), MonteCarloPRM(rollouts=1)), traces=TRACES[:1])
    with pytest.raises(ValueError, match="threshold"):
        ConsensusPRM(OraclePRM(), OraclePRM(), threshold=1.0)
