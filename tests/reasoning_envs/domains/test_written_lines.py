"""Problems and steps as people and models write them: LaTeX, boxes, and lists of solutions."""

from pathlib import Path

import gymnasium as gym
import pytest

import reasoning_envs  # noqa: F401 - registers the environments
from reasoning_envs.domains.algebra import AlgebraDomain, read_line
from reasoning_envs.domains.calculus import CalculusDomain
from reasoning_envs.domains.expression_lines import read_expression
from reasoning_envs.domains.inequality import InequalityDomain
from reasoning_envs.domains.protocol import InputError, TextDomain
from reasoning_envs.domains.simplify import SimplifyDomain
from reasoning_envs.domains.system import SystemDomain
from reasoning_envs.problems import read_problem_lines
from reasoning_envs.symbolic.syntax.parser import parse_expression, parse_statement

SAME = [
    ("$x=2$", "x = 2"),
    (r"\boxed{x=2}", "x = 2"),
    (r"$\boxed{x=2}$.", "x = 2"),
    (r"\[\boxed{x = 2}\]", "x = 2"),
    (r"\(x=2\)", "x = 2"),
    (r"\frac{x}{2}+3=7", "x/2 + 3 = 7"),
    (r"x = \boxed{\frac12}", "x = 1/2"),
    (r"x=\pm 2", "x = 2 or x = -2"),
    ("$x=2$ or $x=3$", "x = 2 or x = 3"),
    (r"\boxed{x=2} \text{ or } \boxed{x=3}", "x = 2 or x = 3"),
    (r"\boxed{x=2, x=-2}", "x = 2 or x = -2"),
    ("x=2, x=-2", "x = 2 or x = -2"),
    ("x = 2, 3", "x = 2 or x = 3"),
    ("x = 1, x = 2, or x = 3", "x = 1 or x = 2 or x = 3"),
    ("x = ±2, x = 3", "x = 2 or x = -2 or x = 3"),
    ("x = a, x = -a", "x = a or x = -a"),
    ("x = log(8, 2), x = log(9, 3)", "x = log(8, 2) or x = log(9, 3)"),
    ("x + y = 3, x - y = 1", "x + y = 3 and x - y = 1"),
    ("x = 2, y = 3", "x = 2 and y = 3"),
    ("x > 2, x < 5", "x > 2 and x < 5"),
    (r"2x \le 4", "2*x <= 4"),
    ("|x|^{2} = 4", "|x|^2 = 4"),
    ("x_{1} = 2", "x_1 = 2"),
    (r"x \in \mathbb{R}", "all reals"),
    (r"\boxed{\text{no solution}}", "no solution"),
    (r"\text{No solution.}", "no solution"),
]


@pytest.mark.parametrize(("text", "plain"), SAME)
def test_what_is_written_otherwise_means_the_same(text: str, plain: str) -> None:
    assert read_line(text) == parse_statement(plain)


@pytest.mark.parametrize(
    ("text", "plain"),
    [(r"\frac{d}{dx} x^2", "d/dx(x^2)"), (r"$\int x^2 dx$", "integral(x^2, x)"), (r"\sqrt[3]{8x}", "root(8x, 3)")],
)
def test_expressions_too(text: str, plain: str) -> None:
    assert read_expression(text) == parse_expression(plain)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (r"\foo{x} = 2", r"'\\foo' is not read"),
        ("$5 = x", "looks like LaTeX"),
        ("$$", "empty"),
        (r"\boxed{}", "empty"),
        (r"\boxed{x = 2", "never closed"),
        ("x = 1,000", "a comma can only part"),  # one number or two
        ("x = 2,", "a comma can only part"),
        ("x + = 3, x = 2", "character 5: '='"),  # of the whole line, not of a part
        ("x = 2 and y = 3, x = 4 and y = 5", "a comma can only part"),  # which of them go together
        ("x > 2, or x = ±1", "a comma can only part"),
        ("2, 3", "a comma can only part"),
        (r"x = 2\text{cm}", "not part of the notation"),
        (r"\frac{x}{2}", "an equation or an inequality is expected"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_line(text)


def test_plain_text_is_read_as_the_parser_reads_it() -> None:
    for text in ("(7 + -7x)/3 = (-7x + (-4))", "x = 2 or x = 3", "x in {1, 3}", "|x - 1| < 3"):
        assert read_line(text) == parse_statement(text)


@pytest.mark.parametrize(
    "text",
    [
        "\\" * 1_000_000,
        "$" * 1_000_000,
        "\\boxed{" * 500 + "}" * 500,
        "\\boxed{" * 1_000_000,
        "{" * 3999 + "\\",
        "x=2," * 250_000,
        "x=2," * 499,
        "\0" * 1000 + "$$",
        "(," * 900,
        "$" + r"\text{ab}" * 400 + "$",
    ],
)
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_line(text)
    assert caught.value.verdict.reason
    assert len(caught.value.verdict.reason) < 200


@pytest.mark.parametrize(
    ("domain", "text", "statement"),
    [
        (AlgebraDomain(), r"\frac{x}{2}+3=7", "x/2 + 3 = 7"),
        (AlgebraDomain(), r"$\sqrt{x+1}=3$", "sqrt(x + 1) = 3"),
        (InequalityDomain(), r"\(2x \le 4\)", "2*x <= 4"),
        (SystemDomain(), "x + y = 3, x - y = 1", "x + y = 3 and x - y = 1"),
        (CalculusDomain(), r"\int x^2 dx", "integral(x^2, x)"),
        (SimplifyDomain(), r"powers: \frac{x^2}{x}", "powers: x^2/x"),
    ],
)
def test_problem_lines(domain: TextDomain, text: str, statement: str) -> None:
    assert domain.problem(text).statement == statement


def test_an_episode_in_latex() -> None:
    env = gym.make("reasoning_envs/AlgebraText-v0")
    env.reset(options={"problem": r"x^2 + 1 = \frac{10}{2}"})
    for text, line in [("$x^{2} = 4$", "x^2 = 4"), (r"\boxed{x=2, x=-2}", "x = 2 or x = -2")]:
        _, reward, terminated, _, info = env.step(text)
        assert info["verdict"].verified
        assert info["line"] == line
    assert (reward, terminated) == (1.0, True)
    env.reset(options={"problem": "x^2 = 4"})
    assert env.step("x = 2, x = 3")[1:3] == (0.0, True)


def test_a_file_of_problems_in_latex(tmp_path: Path) -> None:
    file = tmp_path / "problems.txt"
    file.write_text("$2x = 4$\n\\foo = 3\n\\frac{x}{2} + 3 = 7\n5 = 5\n", encoding="utf-8")
    lines, bad = read_problem_lines(file, AlgebraDomain().problem)
    assert [(line.text, line.problem.statement) for line in lines] == [
        ("$2x = 4$", "2*x = 4"),
        ("\\frac{x}{2} + 3 = 7", "x/2 + 3 = 7"),
    ]
    assert [(line.number, line.verdict.reason) for line in bad] == [
        (2, "LaTeX, part 2: '\\foo' is not read"),
        (4, "the equation holds no letter that could be solved for"),
    ]
