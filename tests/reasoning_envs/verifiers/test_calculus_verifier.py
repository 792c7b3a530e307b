"""The verifiers of calculus, of normal forms and of chains."""

from __future__ import annotations

from typing import Any

import pytest

from reasoning_envs import verify_step
from reasoning_envs.symbolic.syntax.hostile import HOSTILE_LINES
from reasoning_envs.testing.laws import written
from reasoning_envs.types import Problem, Status, Step, Verdict
from reasoning_envs.verifiers.answer.normal_forms import GOALS, fault_of_goal
from reasoning_envs.verifiers.calculus import CalculusVerifier
from reasoning_envs.verifiers.chains import MAX_LINKS, verify_chain
from reasoning_envs.verifiers.simplify import SimplifyVerifier, goal_and_line

CALCULUS, SIMPLIFY = CalculusVerifier(), SimplifyVerifier()


def problem(statement: str, **metadata: Any) -> Problem:
    return Problem("p", "d", "", statement, metadata=metadata)


@pytest.mark.parametrize(
    ("statement", "answer", "status", "reason"),
    [
        ("d/dx(x^2)", "2*x", Status.VERIFIED, "this is the derivative"),
        ("integral(2*x, x)", "x^2 + C", Status.VERIFIED, "its derivative is the integrand"),
        ("integral(2*x, x)", "integral(2*x, x)", Status.REFUTED, "an integral is left"),
        ("d/dx(x^2)", "d/dx(x^2)", Status.REFUTED, "a derivative or a substitution is left"),
        ("integral(2*x, x)", "x^2 + ln(-1 - x^2) - ln(-1 - x^2)", Status.REFUTED, "no real value anywhere"),
        ("integral(2*x, x)", "2*x^2", Status.REFUTED, "the derivative of 2*x^2 is 4*x, not 2*x"),
        ("integral(2*x, x)", "x^2 +", Status.REFUTED, "an integral is left"),
        ("d/dx(x!)", "x", Status.UNDECIDED, "no rule"),
    ],
)
def test_outcomes_of_calculus(statement: str, answer: str, status: Status, reason: str) -> None:
    verdict = CALCULUS.outcome(problem(statement, unknown="x"), [written(answer)])
    assert verdict.status is status, verdict
    assert reason in verdict.reason


def test_a_step_is_judged_against_the_last_line_that_was_read() -> None:
    task = problem("integral(2*x, x)")
    unread = Step(0, "what", "what", Verdict(Status.UNPARSED))
    assert CALCULUS.step(task, [unread, written("x^2", 1)]).verified
    assert CALCULUS.step(task, [written("x^2 + C"), written("x^2", 1)]).verified
    assert CALCULUS.step(task, [written("x^3"), written("x^2", 1)]).refuted
    assert CALCULUS.step(task, [unread]).status is Status.UNPARSED
    with pytest.raises(ValueError, match="no step"):
        CALCULUS.step(task, [])


def test_a_problem_that_cannot_be_read_says_so() -> None:
    for verifier in (CALCULUS, SIMPLIFY):
        verdict = verifier.outcome(problem("what is this"), [written("1")])
        assert verdict.status is Status.UNPARSED
    assert "the problem cannot be read" in CALCULUS.step(problem("what is"), [written("1")]).reason


@pytest.mark.parametrize(
    ("line", "goal", "fault"),
    [
        ("x^2 + 2*x + 1", "expand", None),
        ("(x + 1)^2", "expand", "not multiplied out"),
        ("x^2 + x + x", "expand", "like terms"),
        ("1*x", "expand", "written shorter"),
        ("(x + 1)^2", "factor", None),
        ("2*(x - 1)*(x^2 + 1)", "factor", None),
        ("x^2 - 1", "factor", "can be factored further"),
        ("(2*x + 2)*(x + 3)", "factor", "a number can be taken out"),
        ("(x + 1)*(x + 1)", "factor", "powers are not collected"),
        ("(x + 1)/(x - 1)", "one fraction", None),
        ("-3/(x*(x - 1))", "one fraction", None),
        ("x + 3", "one fraction", None),
        ("1/x + 1", "one fraction", "it is to be one fraction"),
        ("x^(-1)", "one fraction", "it is to be one fraction"),
        ("(x^2 - 1)/(x - 1)", "one fraction", "common factor"),
        ("2*x/(4*x + 6)", "one fraction", "a number can be cancelled"),
        ("(2*(x + 1) + 3)/x", "one fraction", "neither expanded nor factored"),
        ("3*sqrt(2) - sqrt(5)/4 + 1/2", "radicals", None),
        ("(1 + sqrt(5))/2", "radicals", None),
        ("sqrt(8)", "radicals", "a factor can be taken out"),
        ("sqrt(2)*sqrt(3)", "radicals", "no number times one root"),
        ("1/sqrt(2)", "radicals", "is to be a number"),
        ("sqrt(2) + 3*sqrt(2)", "radicals", "occurs twice"),
        ("sqrt(1/2)", "radicals", "a root of a fraction"),
        ("3*x^2*y", "powers", None),
        ("3*x^2/(4*y)", "powers", None),
        ("x*x", "powers", "occurs twice"),
        ("x^3/x", "powers", "occurs twice"),
        ("x^(-2)", "powers", "a whole number above 1"),
        ("(x*y)^2", "powers", "no power of a letter"),
        ("6*x/(4*y)", "powers", "a number can be cancelled"),
    ],
)
def test_normal_forms(line: str, goal: str, fault: str | None) -> None:
    from reasoning_envs.symbolic.syntax.parser import parse_expression

    found = fault_of_goal(parse_expression(line), goal)
    assert (found is None) == (fault is None), found
    assert fault is None or fault in str(found)
    verdict = SIMPLIFY.outcome(problem(f"{goal}: {line}"), [written(line)])
    assert verdict.verified == (fault is None)
    if fault is not None:
        assert "equal, but" in verdict.reason


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("3*(x + 2)", "3*x + 2", "only the first term of x + 2 was multiplied"),
        ("(x + 3)^2", "x^2 + 9", "is not the sum of the powers"),
        ("x^2 - 9", "(x - 3)^2", "not a square"),
        ("x^2 + 5*x + 6", "(x + 1)*(x + 6)", "the right product, but not the right sum"),
        ("6*x + 9", "3*(2*x + 9)", "out of every term"),
        ("sqrt(4) + sqrt(9)", "sqrt(4 + 9)", "is not the root of the sum"),
        ("2/sqrt(3)", "2/3", "the numerator must be multiplied as well"),
        ("x^2*x^3", "x^6", "the exponents are added"),
        ("(x^2)^3", "x^5", "the exponents are multiplied"),
        ("x^6/x^2", "x^3", "the exponents are subtracted"),
        ("(2*x)^3", "2*x^3", "must be raised as well"),
        ("x + 1", "x + 2", "the one is"),
    ],
)
def test_wrong_rewriting_in_words(before: str, after: str, reason: str) -> None:
    verdict = SIMPLIFY.step(problem(f"expand: {before}"), [written(after)])
    assert verdict.refuted, verdict
    assert reason in verdict.reason


def test_goals_stand_before_lines() -> None:
    assert goal_and_line("Expand : x + 1") == ("expand", " x + 1")
    assert goal_and_line("one fraction: 1/x") == ("one fraction", " 1/x")
    assert goal_and_line("solve: x") == (None, "solve: x")
    assert all(goal_and_line(f"{goal}: x")[0] == goal for goal in GOALS)


# -- chains -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "statuses"),
    [
        ("2*(x + 1) = 2*x + 2 = 2*x + 3", "VR"),
        ("d/dx(x^3) = 3*x^2\n= 3*x*x", "VV"),
        ("integral(2*x, x) = x^2 + C = x^2 + 5 = x^3", "VVR"),
        ("1 + 1 = what = 2", "UV"),
        ("what = 2 = 2", "UV"),
        ("x <= 3", ""),
        ("", ""),
        ("x", ""),
        ("x = ", "U"),
    ],
)
def test_chains(chain: str, statuses: str) -> None:
    letters = {Status.VERIFIED: "V", Status.REFUTED: "R", Status.UNPARSED: "U"}
    assert "".join(letters[verdict.status] for verdict in verify_chain(chain)) == statuses


def test_what_is_no_chain_raises() -> None:
    with pytest.raises(TypeError, match="must be a text"):
        verify_chain(["x", "x"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="over must be one of"):
        verify_chain("x = x", over="rational")
    with pytest.raises(ValueError, match="at most"):
        verify_chain("=".join(["1"] * (MAX_LINKS + 1)))


def test_hostile_members_are_refused() -> None:
    for text in HOSTILE_LINES:
        verdicts = verify_chain(f"q_7 = {text[:3000]}")
        assert verdicts
        assert not verdicts[0].verified, text[:60]
        assert verify_chain("x + x = 2*x")[0].verified


def test_derivatives_in_the_steps_of_a_user() -> None:
    assert verify_step("d/dx(x^2)", "2*x").verified
    assert verify_step("integral(2*x, x)", "x^2 + C").conditions == ("up to a constant",)
    assert verify_step("d/dx(x^2)", "x").refuted
