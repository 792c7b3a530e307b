"""Derivatives and integrals in LaTeX: what is read, and that what is printed reads back."""

from __future__ import annotations

import pytest

from reasoning_envs import verify_answer, verify_step
from reasoning_envs.symbolic.syntax.latex import to_latex
from reasoning_envs.symbolic.syntax.latex_reader import from_latex
from reasoning_envs.symbolic.syntax.notation import ParseError
from reasoning_envs.symbolic.syntax.parser import parse_expression
from reasoning_envs.symbolic.syntax.printer import to_text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\frac{d}{dx}\left(x^{2}\right)", "d/dx(x^2)"),
        (r"\frac{d}{dx} x^2 + 1", "d/dx(x^2) + 1"),
        (r"\frac{d}{dx}[x\sin x]", "d/dx(x*sin(x))"),
        (r"3\frac{d}{dt}(t^2)", "3*d/dt(t^2)"),
        (r"\frac{d}{d\theta}\sin\theta", "d/dθ(sin(θ))"),
        (r"\frac{d}{2}", "d/2"),
        (r"\int 2x \, dx", "integral(2*x, x)"),
        (r"\int xdx", "integral(x, x)"),
        (r"\int dx", "integral(1, x)"),
        (r"\int x d x", "integral(x, x)"),
        (r"\int \sin x \, dx + C", "integral(sin(x), x) + C"),
        (r"\int \ln t\,dt", "integral(ln(t), t)"),
        (r"\int \frac{\sin 2x}{x} \, dx", "integral(sin(2*x)/x, x)"),
        (r"\left(\int e^{2x}\cos x\,dx\right)^2", "integral(e^(2*x)*cos(x), x)^2"),
    ],
)
def test_latex_of_calculus_is_read(latex: str, text: str) -> None:
    assert to_text(parse_expression(from_latex(latex))) == text


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        (r"\int_0 x \, dx", "an integral has two bounds or none"),
        (r"\int x", "an integral needs its dx"),
        (r"\int \int" * 40, "nested more than"),
        (r"\int", "an integral needs its dx"),
        (r"\left(\int x\right) dx", "an integral needs its dx"),
    ],
)
def test_other_integrals_are_errors_that_say_why(latex: str, reason: str) -> None:
    with pytest.raises(ParseError) as caught:
        from_latex(latex)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "text",
    ["d/dx(x^2)*3", "integral(2*x*cos(x^2), x) - 1", "integral(u/(u + 1), u)", "d/dx_1(x_1^2)", "d/dx(integral(x, x))"],
)
def test_what_is_printed_reads_back(text: str) -> None:
    tree = parse_expression(text)
    assert parse_expression(from_latex(to_latex(tree))) == tree


def test_answers_and_steps_in_latex() -> None:
    assert verify_step(r"\int 2x \, dx", "x^2 + C").verified
    assert verify_step(r"\frac{d}{dx} x^3", "x^2").refuted
    for pair in ((r"\int 2x \, dx", "x^2 + C"), ("d/dx(sin(x))", r"\cos x")):
        assert verify_answer(*pair).verified
        assert verify_answer(*pair[::-1]).verified
