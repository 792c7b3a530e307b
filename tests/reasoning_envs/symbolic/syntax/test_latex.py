"""LaTeX output: textbook setting, and no two trees alike."""

from __future__ import annotations

import re

import pytest

from reasoning_envs.symbolic.syntax.expression import add, sym
from reasoning_envs.symbolic.syntax.latex import to_latex
from reasoning_envs.symbolic.syntax.parser import parse_line


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("2*x + 3 = 7*(x - 1)", r"2x + 3 = 7\left(x - 1\right)"),
        ("-x/2", r"-\frac{x}{2}"),
        ("(-x)/2", r"\frac{-x}{2}"),
        ("a - (b + c)", r"a - \left(b + c\right)"),
        ("-(b + c)", r"-\left(b + c\right)"),
        ("a - 3x", "a - 3x"),
        ("a*(-b)", r"a\left(-b\right)"),
        ("x*(-3)", r"x\left(-3\right)"),
        ("-7/2", r"-\frac{7}{2}"),
        ("6/4", r"\frac{6}{4}"),
        ("1*x", r"1 \cdot x"),
        ("-1*x", r"-1 \cdot x"),
        ("2*3*x", r"2 \cdot 3x"),
        ("x*2", r"x \cdot 2"),
        ("x*2^y", r"x \cdot 2^{y}"),
        ("1/2*x", r"\frac{1}{2}x"),
        ("2*(x/3)", r"2 \cdot \frac{x}{3}"),
        ("pi*x", r"\pi x"),
        ("pi*(x + 1)", r"\pi\left(x + 1\right)"),
        ("x*pi*2", r"x\pi \cdot 2"),
        ("inf*sqrt(x)", r"\infty\sqrt{x}"),
        ("θ_1^2", r"\theta_{1}^{2}"),
        ("x_max + x_a", r"x_{\mathrm{max}} + x_{a}"),
        ("sin(x)^2", r"\sin^{2}\left(x\right)"),
        ("sin(x)^(-1)", r"\left(\sin\left(x\right)\right)^{-1}"),
        ("sqrt(x + 1)^2", r"\left(\sqrt{x + 1}\right)^{2}"),
        ("root(x, 3)", r"\sqrt[3]{x}"),
        ("log(x, 2)", r"\log_{2}\left(x\right)"),
        ("ln(x) + exp(x)", r"\ln\left(x\right) + \exp\left(x\right)"),
        ("asin(x)", r"\arcsin\left(x\right)"),
        ("|x - 3|^2", r"\left|x - 3\right|^{2}"),
        ("(-3)^2", r"\left(-3\right)^{2}"),
        ("(1/2)^x", r"\left(\frac{1}{2}\right)^{x}"),
        ("(x^2)^3", r"\left(x^{2}\right)^{3}"),
        ("x^(1/2)", r"x^{\frac{1}{2}}"),
        ("3! + (x + 1)!", r"3! + \left(x + 1\right)!"),
        ("(3!)!", r"\left(3!\right)!"),
        ("x != 3", r"x \neq 3"),
        ("1 < x <= 3", r"1 < x \text{ and } x \leq 3"),
        ("(x = 2 or x = 3) and x >= 0", r"\left(x = 2 \text{ or } x = 3\right) \text{ and } x \geq 0"),
        ("no solution", r"\text{no solution}"),
        ("all reals", r"\text{all reals}"),
    ],
)
def test_latex_of_a_line(text: str, latex: str) -> None:
    assert to_latex(parse_line(text)) == latex


def test_longer_names_are_upright_and_escaped() -> None:
    assert to_latex(add(sym("speed"), sym("_a"), sym("v_a_b"))) == r"\mathrm{speed} + \mathrm{\_a} + v_{\mathrm{a\_b}}"


def test_no_command_swallows_a_letter() -> None:
    latex = to_latex(parse_line("pi*x*pi*y*θ*z*oo*a*sin(x)*b"))
    commands = re.findall(r"\\([A-Za-z]+)", latex)
    assert set(commands) == {"pi", "theta", "infty", "sin", "left", "right"}
