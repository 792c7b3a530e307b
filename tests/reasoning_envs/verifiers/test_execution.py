"""Programs judged by running them: in the sandbox, compared by exact type and value, never by what the program says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reasoning_envs.programs.generation import Case
from reasoning_envs.programs.inputs import Arguments
from reasoning_envs.programs.reader import read_program
from reasoning_envs.types import Status, Verdict
from reasoning_envs.verifiers.execution import ProgramJudge
from sandboxes.types import CallResult, Execution
from sandboxes.types import Status as Ending

SHOWN = (Case((3,), 4), Case((0,), 1))
HIDDEN = (Case((10,), 11), Case((-5,), -4))


@pytest.fixture(scope="module")
def judge() -> ProgramJudge:
    return ProgramJudge()


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("def f(n: int) -> int: v1 = n + 1; return v1", Status.VERIFIED, "all 4 tests"),
        ("def f(n):\n    return n + 1\n", Status.VERIFIED, "all 4 tests"),
        ("def g(n):\n    return n + 1\n\n\ndef f(n):\n    return g(n)\n", Status.VERIFIED, "all 4 tests"),
        ("def f(n: int) -> int: v1 = n + 2; return v1", Status.REFUTED, "f(3) gives 5, not 4"),
        ("def f(n):\n    return float(n + 1)\n", Status.REFUTED, "f(3) gives 4.0, not 4"),
        ("def f(n):\n    return n + 1 if n != 0 else True\n", Status.REFUTED, "f(0) gives True, not 1"),
        ("def f(n):\n    return 4 if n == 3 else 1\n", Status.REFUTED, "fails 2 of 2 hidden"),
        ("def f(n):\n    raise ValueError('x')\n", Status.REFUTED, "ValueError"),
        ("import os\ndef f(n):\n    os._exit(0)\n", Status.REFUTED, ""),
        ("def f(n: int) -> int: v1 = n + 1", Status.UNPARSED, "returns nothing yet"),
        ("def f(n: int, m: int) -> int: return n", Status.REFUTED, "other arguments"),
        ("def g(n: int) -> int: return n", Status.UNPARSED, "no function f"),
        ("rubbish", Status.UNPARSED, ""),
        ("", Status.UNPARSED, ""),
        ("x" * 1_000_000, Status.UNSAFE, "at most 20000"),
    ],
)
def test_outcomes(judge: ProgramJudge, text: str, status: Status, reason: str) -> None:
    verdict = judge.outcome(text, SHOWN, HIDDEN)
    assert verdict.status is status, verdict
    assert reason in verdict.reason
    assert verdict == judge.outcome(text, SHOWN, HIDDEN)


def test_an_object_that_is_equal_to_everything_is_equal_to_nothing(judge: ProgramJudge) -> None:
    text = "class A(int):\n    def __eq__(self, other): return True\n\n\ndef f(n):\n    return A(n)\n"
    assert judge.outcome(text, SHOWN, HIDDEN).refuted


def test_a_program_that_does_not_end_is_wrong(judge: ProgramJudge) -> None:
    assert judge.outcome("def f(n):\n    while True: pass\n", SHOWN, ()).refuted
    assert judge.outcome("def f(n):\n    return n + 1\n", SHOWN, ()).verified


def test_a_program_that_looks_for_the_tests_finds_none(judge: ProgramJudge) -> None:
    """The expected outputs are not in the process: whatever holds an 11 there is its own doing."""
    text = """
import gc

def f(n):
    held = [o for o in gc.get_objects() if isinstance(o, (list, tuple))]
    return sum(987654321 in [x for x in o if type(x) is int] for o in held)
"""
    verdict = judge.outcome(text, (Case((1,), 0),), (Case((2,), 987654321),))
    assert verdict.refuted
    assert "fails 1 of 1 hidden" in verdict.reason or "f(1)" in verdict.reason


def test_values_that_outgrow_the_interpreter_are_for_the_sandbox(judge: ProgramJudge) -> None:
    text = "def f(n: int) -> int: v1 = n ** 2; v2 = v1 ** 2; v3 = v2 ** 2; v4 = v3 - v3; return v4"
    assert judge.outcome(text, (Case((10**9,), 0),), ()).verified


class Broken:
    """A sandbox that has an answer of its own."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.asked = 0

    def run(self, source: str, *, entry: str, calls: Sequence[object], limits: object) -> Execution:
        self.asked += 1
        return self.execution


def with_sandbox(monkeypatch: pytest.MonkeyPatch, execution: Execution) -> tuple[ProgramJudge, Broken]:
    broken = Broken(execution)
    monkeypatch.setattr("reasoning_envs.verifiers.execution.shared_sandbox", lambda backend: broken)
    return ProgramJudge(), broken


@pytest.mark.parametrize("status", [Ending.INFRASTRUCTURE, Ending.REFUSED, Ending.NOT_RUN])
def test_a_sandbox_that_failed_has_judged_nothing(monkeypatch: pytest.MonkeyPatch, status: Ending) -> None:
    judge, broken = with_sandbox(monkeypatch, Execution(status, reason="gone"))
    for times in (1, 2):
        verdict = judge.outcome("def f(n: int) -> int: v1 = n + 1; return v1", SHOWN, HIDDEN)
        assert verdict.status is Status.ERROR
        assert not verdict.scored
        assert broken.asked == times  # an error is not remembered
    found = judge.values(read_program("def f(n: int) -> int:\n    return n\n"), [(1,)])
    assert isinstance(found, Verdict)
    assert found.status is Status.ERROR


def test_nothing_is_right_that_the_sandbox_refuses_and_no_score_comes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    results = (
        CallResult(Ending.OK, 4),
        CallResult(Ending.OK, True),
        CallResult(Ending.OK, 11),
        CallResult(Ending.OK, -4),
    )
    judge, _ = with_sandbox(monkeypatch, Execution(Ending.OK, results=results))
    verdict = judge.outcome("def f(n: int) -> int: v1 = n + 1; return v1", SHOWN, HIDDEN)
    assert verdict.status is Status.ERROR
    assert "the interpreter finds the program right" in verdict.reason


def test_what_the_interpreter_refutes_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    judge, broken = with_sandbox(monkeypatch, Execution(Ending.INFRASTRUCTURE))
    assert judge.outcome("def f(n: int) -> int: v1 = n - 1; return v1", SHOWN, HIDDEN).refuted
    assert broken.asked == 0


def test_true_is_not_one_in_what_is_remembered() -> None:
    judge = ProgramJudge("interpreter")
    text = "def f(n: int) -> int: return 1"
    one: Arguments = (3,)
    assert judge.outcome(text, (Case(one, 1),), ()).verified
    assert judge.outcome(text, (Case(one, True),), ()).refuted


def test_the_interpreter_alone_knows_the_typed_subset_alone() -> None:
    judge = ProgramJudge("interpreter")
    assert judge.outcome("def f(n: int) -> int: v1 = n + 1; return v1", SHOWN, HIDDEN).verified
    assert judge.outcome("def f(n):\n    import math\n    return n + 1\n", SHOWN, HIDDEN).status is Status.UNDECIDED
    with pytest.raises(ValueError, match="no judge 'nobody'"):
        ProgramJudge("nobody")
