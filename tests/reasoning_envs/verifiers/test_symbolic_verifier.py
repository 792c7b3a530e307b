"""Steps and derivations as text, and the verifier that environments use."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from reasoning_envs.symbolic.syntax.hostile import HOSTILE_LINES, expected_status
from reasoning_envs.types import Problem, Relation, Status, Step, Verdict
from reasoning_envs.verifiers.protocol import Verifier
from reasoning_envs.verifiers.symbolic import SymbolicVerifier, verify_answer, verify_derivation, verify_step


def test_a_derivation_gets_a_verdict_for_each_line_but_the_first() -> None:
    verdicts = verify_derivation(["2(x + 3) = 10", "2x + 6 = 10", "2x = 4", "x = 2"])
    assert [v.status for v in verdicts] == [Status.VERIFIED] * 3
    assert verify_derivation(["x = 1"]) == []
    assert verify_derivation([]) == []


def test_only_the_wrong_line_is_wrong() -> None:
    verdicts = verify_derivation(["2(x + 3) = 10", "2x + 3 = 10", "2x = 7", "x = 7/2"])
    assert [v.status for v in verdicts] == [Status.REFUTED, Status.VERIFIED, Status.VERIFIED]


def test_a_line_that_cannot_be_read_is_skipped() -> None:
    verdicts = verify_derivation(["2x = 4", "hence (", "9^9^9^9 = x", "x = 2"])
    assert [v.status for v in verdicts] == [Status.UNPARSED, Status.UNSAFE, Status.VERIFIED]
    verdicts = verify_derivation(["???", "x = 2", "2x = 4"])
    assert [v.status for v in verdicts] == [Status.UNPARSED, Status.VERIFIED]
    assert "the line before cannot be read: " in verdicts[0].reason
    verdicts = verify_derivation(["???", "9^9^9^9 = x", "x = 2"])
    assert [v.status for v in verdicts] == [Status.UNSAFE, Status.UNSAFE]


@pytest.mark.parametrize(
    ("first", "status", "reason"),
    [
        ("9**9**9**9 = x", Status.UNSAFE, "the exponent in '9^(9^9)' is too large"),
        ("foo bar = x", Status.UNPARSED, "unknown word 'foo'"),
    ],
)
def test_a_first_line_that_cannot_be_read_says_why(first: str, status: Status, reason: str) -> None:
    verdict = verify_step(first, "x = 1")
    assert verdict.status is status
    assert verdict.reason.startswith("the line before cannot be read: ")
    assert reason in verdict.reason


def test_expressions_are_steps_too() -> None:
    verdicts = verify_derivation(["2(x + 1) + x", "2x + 2 + x", "3x + 2", "3x + 3"])
    assert [v.status for v in verdicts] == [Status.VERIFIED, Status.VERIFIED, Status.REFUTED]
    assert verify_step("x + 1", "x + 1 = 0").status is Status.UNPARSED
    assert verify_step("x + 1 = 0", "x + 1").status is Status.UNPARSED


def test_the_unknown() -> None:
    assert verify_step("2t = 4", "t = 2").verified
    assert verify_step("a*x = b", "x = b/a").verified
    undecided = verify_step("a*b = c", "a = c/b")
    assert (undecided.status, "a, b, c" in undecided.reason) == (Status.UNDECIDED, True)
    assert verify_step("a*b = c", "a = c/b", unknown="a").verified
    assert verify_step("2e = 4", "e = 2", unknown="e").verified
    assert verify_step("speed*2 = 4", "speed = 2", unknown="speed").verified
    assert verify_step("2*rate + fee = 4", "rate = (4 - fee)/2", unknown="rate", symbols=["fee"]).verified
    assert verify_step("2 = 3", "no solution").verified


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="real, positive, complex"):
        verify_step("x = 1", "x = 1", over="rational")
    with pytest.raises(ValueError, match="2x"):
        verify_step("x = 1", "x = 1", symbols=["2x"])


def test_an_unknown_that_is_nowhere_is_an_error() -> None:
    with pytest.raises(ValueError, match="the unknown 'X' is in none of the lines; the letters there: x"):
        verify_step("x^2 = 4", "x = 2", unknown="X")
    with pytest.raises(ValueError, match="the letters there: a, x"):
        verify_derivation(["a*x = 4", "(((", "x = 4/a"], unknown="t")
    assert verify_step("1 = 2", "no solution", unknown="t").verified
    assert verify_step("t = t + 1", "1 = 0", unknown="t").verified
    assert verify_step("x = 1", "t = (", unknown="t").status is Status.UNPARSED


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: verify_step(None, "x = 1"), "before must be a text"),  # type: ignore[arg-type]
        (lambda: verify_step("x = 1", b"x = 1"), "after must be a text .* got bytes"),  # type: ignore[arg-type]
        (lambda: verify_answer(3, "3"), "answer must be a text .* got int"),  # type: ignore[arg-type]
        (lambda: verify_answer("3", 3), "truth must be a text"),  # type: ignore[arg-type]
        (lambda: verify_derivation("x = 1"), "not one text: split it"),
        (lambda: verify_derivation(["x = 1", None]), r"lines\[1\] must be a text"),  # type: ignore[list-item]
    ],
)
def test_what_is_no_text_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


# ---- the verifier of environments ----


def problem(statement: str, **metadata: Any) -> Problem:
    return Problem("p", "algebra", "Solve.", statement, metadata=metadata)


def steps(*lines: str | tuple[str, Status]) -> list[Step]:
    made = []
    for index, line in enumerate(lines):
        text, status = line if isinstance(line, tuple) else (line, Status.VERIFIED)
        made.append(Step(index, text, text, Verdict(status)))
    return made


VERIFIER = SymbolicVerifier()


def test_it_is_a_verifier() -> None:
    assert isinstance(VERIFIER, Verifier)


def test_steps_and_outcome() -> None:
    task = problem("2x + 3 = 7")
    assert VERIFIER.step(task, steps("2x = 4")).verified
    assert VERIFIER.step(task, steps("2x = 4", "x = 2")).verified
    assert VERIFIER.step(task, steps("2x = 4", "x = 3")).refuted
    assert VERIFIER.outcome(task, steps("2x = 4", "x = 2")).verified
    assert VERIFIER.outcome(task, steps("2x = 5", "x = 2")).verified, "how it was reached does not matter"
    assert VERIFIER.outcome(task, steps("2x = 4")).refuted, "no final form"
    assert VERIFIER.outcome(task, []).refuted
    assert VERIFIER.outcome(problem("x = 2"), []).verified


def test_earlier_mistakes_do_not_make_a_later_step_wrong() -> None:
    task = problem("2x + 3 = 7")
    assert VERIFIER.step(task, steps(("2x = 10", Status.REFUTED), "x = 5")).verified
    assert VERIFIER.outcome(task, steps(("2x = 10", Status.REFUTED), "x = 5")).refuted


def test_lines_that_were_not_applied_are_passed_over() -> None:
    task = problem("2x = 4")
    walked = steps("4x = 8", ("2 x 3", Status.UNPARSED), ("9^9^9^9", Status.UNSAFE), "x = 2")
    assert VERIFIER.step(task, walked).verified
    assert VERIFIER.step(task, walked[:3]).status is Status.UNSAFE
    assert VERIFIER.outcome(task, walked[:3]).refuted
    assert VERIFIER.outcome(task, steps("x = 2", ("zzz(", Status.UNPARSED))).verified


def test_metadata() -> None:
    assert VERIFIER.outcome(problem("a*t = b", unknown="t"), steps("t = b/a")).verified
    assert VERIFIER.outcome(problem("t^2 = 4", over="positive"), steps("t = 2")).verified
    assert VERIFIER.outcome(problem("x^2 = -1", over="complex"), steps("x = i or x = -i")).verified
    assert VERIFIER.step(problem("a*b = c"), steps("a = c/b")).status is Status.UNDECIDED
    with pytest.raises(ValueError, match="over"):
        VERIFIER.step(problem("x = 1", over="rational"), steps("x = 1"))


def test_expressions() -> None:
    task = problem("(x + 1)^2 - 1", form="factored")
    assert VERIFIER.step(task, steps("x^2 + 2x")).verified
    assert VERIFIER.outcome(task, steps("x(x + 2)")).verified
    assert VERIFIER.outcome(task, steps("x^2 + 2x")).refuted
    assert VERIFIER.outcome(task, steps("x(x + 1)")).refuted


def test_a_problem_that_cannot_be_read() -> None:
    verdict = VERIFIER.step(problem("solve it ("), steps("x = 1"))
    assert verdict.status is Status.UNPARSED
    assert "the problem cannot be read" in verdict.reason
    assert VERIFIER.outcome(problem("9^9^9^9 = x"), steps("x = 1")).status is Status.UNSAFE
    with pytest.raises(ValueError, match="no step"):
        VERIFIER.step(problem("x = 1"), [])


def test_every_hostile_line_is_refused_and_the_next_line_judged_right() -> None:
    task = problem("2x + 3 = 7")
    slowest = 0.0
    for line in HOSTILE_LINES:
        begun = time.process_time()
        verdict = VERIFIER.step(task, steps(line))
        slowest = max(slowest, time.process_time() - begun)
        assert verdict.status is expected_status(line), line[:60]
        assert verdict.reason
        assert VERIFIER.step(task, steps((line, verdict.status), "2x = 4")).verified
    assert slowest < 60, "a line that hangs would show here long before"


def test_hostile_lines_as_answers_and_in_derivations() -> None:
    for line in HOSTILE_LINES:
        if not line.strip():
            continue
        first, second = verify_derivation(["x = 2", line, "2x = 4"])
        assert first.status is expected_status(line)
        assert second.relation is Relation.EQUIVALENT


def test_from_many_threads() -> None:
    task = problem("x^2 - 5x + 6 = 0")
    lines = ["x = 2 or x = 3", "x = 2", "(x - 2)(x - 3) = 0", "x = 2 or x = 3 or x = 4", "sqrt(x) = 2", "zzz("] * 20
    expected = [VERIFIER.outcome(task, steps(line)).status for line in lines]
    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(lambda line: VERIFIER.outcome(task, steps(line)).status, lines))
    assert found == expected
