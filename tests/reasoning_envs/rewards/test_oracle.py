"""The oracle: values from verdicts and progress, critiques from evidence."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reasoning_envs.rewards import OraclePRM, PRMError
from reasoning_envs.rewards.evidence import error_kind, explain
from reasoning_envs.rewards.oracle import brevity
from reasoning_envs.types import Problem, Relation, Status, Step, StepScore, Trace, Verdict

PROBLEM = Problem("p", "algebra", "Solve for x: x^2 = 4*x", "x^2 = 4*x")
LOST = Verdict(Status.REFUTED, Relation.IMPLIED_BY, witness="x = 0")


def flat(line: str) -> float:
    return 1.0


def score(*steps: tuple[str, Verdict | Status], progress: object = flat) -> list[StepScore]:
    made = [
        Step(index, index, text, verdict if isinstance(verdict, Verdict) else Verdict(verdict))
        for index, (text, verdict) in enumerate(steps)
    ]
    prm = OraclePRM(progress)  # type: ignore[arg-type]
    row = prm.score([Trace("", {}, {}, "solver", None, PROBLEM, tuple(made), None)])[0]
    scorer = prm.begin(PROBLEM, None)
    assert [scorer.step(step, None) for step in made] == row, "online and offline agree"
    return row


@pytest.mark.parametrize(
    ("status", "p_correct", "value"),
    [
        (Status.VERIFIED, 1.0, 1.0),
        (Status.REFUTED, 0.0, 0.0),
        (Status.UNDECIDED, 0.5, 0.5),
        (Status.TIMEOUT, 0.5, 0.5),
        (Status.ERROR, 0.5, 0.5),
        (Status.UNPARSED, 0.0, 1.0),  # nothing was done, so the episode stands as it stood
        (Status.UNSAFE, 0.0, 1.0),
    ],
)
def test_each_status(status: Status, p_correct: float, value: float) -> None:
    (found,) = score(("x*(x - 4) = 0", status))
    assert (found.p_correct, found.value, found.advantage) == (p_correct, value, value - 1.0)
    assert found.critique


def test_validity_only_falls_until_an_earlier_line_comes_back() -> None:
    rows = score(
        ("x^2 - 4*x = 0", Status.VERIFIED),
        ("x - 4 = 0", LOST),
        ("x = 4", Status.VERIFIED),
        ("x^2 - 4*x = 0", Verdict(Status.REFUTED, Relation.IMPLIES, witness="x = 0")),
        ("x*(x - 4) = 0", Status.UNDECIDED),
        ("x = 0 or x = 4", Status.VERIFIED),
    )
    assert [row.value for row in rows] == [1.0, 0.0, 0.0, 1.0, 0.5, 0.5]
    assert [row.error_type for row in rows] == [None, "lost root", None, "added root", None, None]


def test_value_is_validity_times_progress_and_advantage_its_change() -> None:
    rows = score(("x*(x - 4) = 0", Status.VERIFIED), ("x = 0 or x = 4", Status.UNDECIDED), progress=brevity)
    start = OraclePRM().begin(PROBLEM, None).initial
    assert start.value == 16 / (16 + len("x^2=4*x"))
    assert rows[0].value == 16 / (16 + len("x*(x-4)=0"))
    assert rows[1].value == 0.5 * 16 / (16 + len("x=0orx=4"))
    assert rows[1].advantage == rows[1].value - rows[0].value


@pytest.mark.parametrize("lines", [("x = 2", "2*x = 4", "2*x + 3 = 7", "2*(x + 1) + 1 = 7")])
def test_brevity_falls_with_length_and_stays_in_range(lines: Sequence[str]) -> None:
    values = [brevity(line) for line in lines]
    assert values == sorted(values, reverse=True)
    assert 0.0 < brevity("x" * 10_000) < brevity("") == 1.0


def test_progress_by_name_and_out_of_range() -> None:
    assert OraclePRM("reasoning_envs.rewards.oracle:brevity").progress("x = 2") == brevity("x = 2")
    with pytest.raises(PRMError, match=r"oracle: the progress of 'x\^2 = 4\*x' must be in \[0, 1\], got 7"):
        OraclePRM(lambda line: 7.0).begin(PROBLEM, None)


@pytest.mark.parametrize(
    ("verdict", "move", "text"),
    [
        (LOST, "divide both sides by x", "divide both sides by x: a root is lost (x = 0)"),
        (
            Verdict(Status.REFUTED, Relation.IMPLIED_BY, "dividing by x loses the root x = 0.", witness="x = 0"),
            "",
            "dividing by x loses the root x = 0",
        ),
        (
            Verdict(Status.REFUTED, Relation.IMPLIES, witness="x = -3"),
            "square both sides",
            "square both sides: a root is added that the line before does not have (x = -3)",
        ),
        (Verdict(Status.REFUTED, Relation.NONE), "", "the solutions are others than before"),
        (Verdict(Status.REFUTED), "", "this step is wrong"),
        (
            Verdict(Status.VERIFIED, conditions=("a != 0", "b != 0")),
            "divide both sides by a*b",
            "divide both sides by a*b: right: the solutions stay the same, provided that a != 0 and b != 0",
        ),
        (Verdict(Status.UNDECIDED), "", "no method could tell whether this step is right"),
        (
            Verdict(Status.UNPARSED, reason="a bracket is not closed"),
            "",
            "not judged (unparsed): a bracket is not closed",
        ),
        (Verdict(Status.TIMEOUT), "", "the judge ran out of time, so this step may be right or wrong"),
    ],
)
def test_evidence_in_words(verdict: Verdict, move: str, text: str) -> None:
    assert explain(verdict, move) == text


def test_every_status_and_relation_has_words_and_a_kind() -> None:
    for status in Status:
        for relation in (None, *Relation):
            verdict = Verdict(status, relation)
            assert explain(verdict)
            assert (error_kind(verdict) is None) == (status is not Status.REFUTED)
