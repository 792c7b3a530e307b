"""Steps of calculus: right ones, classic mistakes and what is said about them."""

from __future__ import annotations

import pytest

from reasoning_envs.symbolic.calculus.steps import UP_TO_A_CONSTANT, compare_lines
from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.syntax.parser import parse_expression, parse_statement
from reasoning_envs.types import Status

RIGHT = [
    ("d/dx(x^3)", "3*x^2", ()),
    ("d/dx(x^3 + sin(x))", "d/dx(x^3) + d/dx(sin(x))", ()),
    ("d/dx(x*sin(x))", "d/dx(x)*sin(x) + x*d/dx(sin(x))", ()),
    ("d/dx(ln(x))", "1/x", ("x > 0",)),
    ("d/dx(sqrt(x))", "1/(2*sqrt(x))", ()),
    ("d/dx(|x|)", "|x|/x", ()),
    ("d/dx(a*x^2)", "2*a*x", ()),
    ("d/dt(t^2)", "2*t", ()),
    ("integral(2*x, x)", "x^2 + C", (UP_TO_A_CONSTANT,)),
    ("integral(2*x, x)", "x^2 - 17", (UP_TO_A_CONSTANT,)),
    ("integral(1/x, x)", "ln|x|", (UP_TO_A_CONSTANT,)),
    ("integral(1/x, x)", "ln(x)", ("x > 0", UP_TO_A_CONSTANT)),
    ("integral(1/(1 + x^2), x)", "-atan(1/x)", ("x != 0", UP_TO_A_CONSTANT)),
    ("integral(x*exp(x), x)", "x*exp(x) - integral(exp(x), x)", (UP_TO_A_CONSTANT,)),
    ("integral(2*x*cos(x^2), x)", "where(integral(cos(u), u), u, x^2)", (UP_TO_A_CONSTANT,)),
    ("where(integral(cos(u), u), u, x^2)", "sin(x^2)", (UP_TO_A_CONSTANT,)),
    ("integral(1/(x^2 - 1), x)", "ln|x - 1|/2 - ln|x + 1|/2", (UP_TO_A_CONSTANT,)),
    ("integral(sin(x)*cos(x), x)", "-cos(2*x)/4", (UP_TO_A_CONSTANT,)),
    ("integral(a*x^n, x)", "a*x^(n + 1)/(n + 1)", ("n != -1", UP_TO_A_CONSTANT)),
    ("integral(d/dx(f*x), x)", "f*x", (UP_TO_A_CONSTANT,)),
    ("x*integral(exp(x^2), x) + x", "x*(integral(exp(x^2), x) + 1)", ()),
]


@pytest.mark.parametrize(("before", "after", "conditions"), RIGHT)
def test_right_steps(before: str, after: str, conditions: tuple[str, ...]) -> None:
    lines = parse_expression(before), parse_expression(after)
    verdict = compare_lines(*lines)
    assert verdict.verified, verdict
    assert verdict.conditions == conditions
    assert equivalent(*lines).status is equivalent(*lines[::-1]).status is Status.VERIFIED


WRONG = [
    ("d/dx(x^3)", "x^2", "the derivative of x^3 is 3*x^2, not x^2: the exponent of x^3 comes down as a factor"),
    ("d/dx(x^3)", "3*x^3", "the exponent of x^3 goes down by one"),
    ("d/dx(x^3)", "5*x", "the derivative of x^3 is 3*x^2, not 5*x"),
    ("1 + 2*d/dx(x^2)", "1 + 2*x", "the derivative of x^2 is 2*x, not x"),
    ("d/dx(x*ln(x))", "d/dx(x)*d/dx(ln(x))", "the product rule has two terms"),
    ("d/dx(x/(x + 1))", "1/1", "is not the quotient of the derivatives"),
    ("d/dx(sin(x^2))", "cos(x^2)", "the chain rule asks for the inner derivative of sin(x^2)"),
    ("d/dx(cos(x))", "sin(x)", "the sign is wrong"),
    ("d/dx(2^x)", "x*2^(x - 1)", "in 2^x the letter is in the exponent"),
    ("d/dx(5*sin(x))", "d/dx(sin(x))", "the constant factor 5 must stay in front"),
    ("d/dx(7)", "7", "7 is a constant"),
    ("integral(x^2, x)", "x^3", "after x^2 the new exponent must be divided by"),
    ("integral(x^2, x)", "2*x", "x^2 was differentiated, and is to be integrated"),
    ("integral(cos(2*x), x)", "sin(2*x)", "the derivative of sin(2*x) is 2*cos(2*x), not cos(2*x)"),
    ("integral(x*exp(x), x)", "x*exp(x) + integral(exp(x), x)", "the integral that is left is subtracted"),
    ("integral(x*cos(x), x)", "x^2/2*sin(x)", "is not the product of the integrals"),
    ("integral(x*cos(x^2), x)", "where(integral(cos(u), u), u, x^2)", "changes dx into du"),
    ("where(u^3, u, x + 1)", "x^3", "u was not put back"),
    ("integral(1/((x - 1)*(x + 2)), x)", "integral(1/(x - 1) + 1/(x + 2), x)", "have to be worked out"),
    ("integral(2*x, x)", "x^2 + C*x", "the derivative of x^2 + C*x is 2*x + C, not 2*x"),
    ("integral(2*x, x)", "x^2 + 1/0", "x^2 + 1/0 is undefined"),
    ("integral(2*x, x)", "x^2 + sqrt(-1)", "x^2 + sqrt(-1) is undefined"),
    ("d/dx(x^2 + 1/0)", "2*x", "x^2 + 1/0 is undefined"),
]


@pytest.mark.parametrize(("before", "after", "reason"), WRONG)
def test_wrong_steps(before: str, after: str, reason: str) -> None:
    verdict = compare_lines(parse_expression(before), parse_expression(after))
    assert verdict.refuted, verdict
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("before", "after", "status", "reason"),
    [
        ("d/dx(x!)", "x", Status.UNDECIDED, "no rule gives the derivative of x!"),
        ("x*integral(1, x)", "x^2", Status.UNDECIDED, "multiplied by something that varies"),
        ("integral(integral(x, x), x)", "x^3/6", Status.UNDECIDED, "stands in another"),
        ("integral(x, x) + integral(y, y)", "x^2/2 + 17*y", Status.UNDECIDED, "several letters"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(before: str, after: str, status: Status, reason: str) -> None:
    verdict = compare_lines(parse_expression(before), parse_expression(after))
    assert verdict.status is status, verdict
    assert reason in verdict.reason


def test_lines_of_one_integral_are_meant_up_to_a_constant_to_the_end() -> None:
    before, after = parse_expression("x^2 + C"), parse_expression("x^2")
    assert compare_lines(before, after).refuted
    assert compare_lines(before, after, variable="x", antiderivatives=True).verified


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("y = d/dx(x^2)", "y = 2*x", Status.VERIFIED),
        ("y = d/dx(x^2)", "y = x", Status.REFUTED),
        ("d/dx(x^2) = 4", "x = 2", Status.VERIFIED),
        ("y = integral(x, x)", "y = x^2/2", Status.UNDECIDED),
        ("y = d/dx(x!)", "y = 1", Status.UNDECIDED),
    ],
)
def test_equations_may_hold_derivatives(before: str, after: str, status: Status) -> None:
    unknown = "y" if "y" in before else "x"
    verdict = relate(parse_statement(before), parse_statement(after), unknown=unknown)
    assert verdict.status is status, verdict


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("d/dx(" * 60 + "x" + ")" * 60, Status.UNSAFE),
        ("integral(" * 60 + "x" + ",x)" * 60, Status.UNSAFE),
        ("where(" * 60 + "u" + ",u,u^2)" * 60, Status.UNSAFE),
        ("where(" * 10 + "u" + ",u,u*u + u)" * 10, Status.UNSAFE),
        ("d/dx(" * 9 + "sin(x)*exp(x)" + ")" * 9, Status.UNSAFE),
        ("where(integral(u, x), u, x)", Status.UNDECIDED),
        ("integral(where(u, u, integral(x, x)), x)", Status.UNDECIDED),
        ("d/dx(integral(x, x)^2)", Status.UNDECIDED),
        ("where(u, u, integral(x, x))", Status.REFUTED),
        ("where(integral(1/u, u), u, 0)", Status.REFUTED),
        ("d/dx(log(x, 1))", Status.REFUTED),
        ("d/dx(i*x)", Status.REFUTED),
        ("d/dx(root(x, y))", Status.UNDECIDED),
    ],
)
def test_strange_lines_get_a_verdict(text: str, status: Status) -> None:
    tree, other = parse_expression(text), parse_expression("x + 7")
    assert equivalent(tree, other).status is status
    assert equivalent(other, tree).status is status


def test_a_known_mistake_is_the_reason_and_has_no_say() -> None:
    before, right, wrong = (parse_expression(text) for text in ("d/dx(x^2)", "2*x", "x"))
    assert compare_lines(before, wrong, mistake="so it is").reason == "so it is"
    assert compare_lines(before, right, mistake="so it is").verified
