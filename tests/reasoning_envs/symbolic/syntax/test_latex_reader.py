"""LaTeX input: what it is in plain text, and what is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs import verify_answer
from reasoning_envs.symbolic.syntax.latex import to_latex
from reasoning_envs.symbolic.syntax.latex_reader import MAX_LATEX, from_latex, is_latex
from reasoning_envs.symbolic.syntax.notation import ParseError
from reasoning_envs.symbolic.syntax.parser import parse_line
from reasoning_envs.types import Status


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"\frac{1}{2}", "1/2"),
        (r"\frac12", "1/2"),
        (r"\frac 59", "5/9"),
        (r"\frac{270}7", "270/7"),
        (r"\tfrac{x+1}{2y}", "(x + 1)/(2*y)"),
        (r"\dfrac{6}{4}", "6/4"),
        (r"2\frac{1}{2}", "5/2"),
        (r"2\frac{2}{4}", "2 + 2/4"),
        (r"2\frac{3}{2}", "2*(3/2)"),
        (r"2\frac{x}{2}", "2*(x/2)"),
        (r"-\frac{35}{9}", "-35/9"),
        (r"\sqrt2", "sqrt(2)"),
        (r"\sqrt[3]{x+1}", "root(x + 1, 3)"),
        (r"11\sqrt2", "11*sqrt(2)"),
        (r"x^{10}", "x^10"),
        (r"x^10", "x^10"),
        (r"e^{-x}", "e^(-x)"),
        (r"x_{12} + x_a", "x_12 + x_a"),
        (r"v_{\text{max}}", "v_max"),
        (r"xyz", "x*y*z"),
        (r"2\pi r", "2*pi*r"),
        (r"\alpha\beta", "α*β"),
        (r"3\cdot 4\times 5\div 2", "3*4*5/2"),
        (r"\left|x-1\right|", "|x - 1|"),
        (r"\lvert x\rvert", "|x|"),
        (r"\left(\frac{1}{2}\right)^{2}", "(1/2)^2"),
        (r"\sin 2x + 1", "sin(2*x) + 1"),
        (r"\sin x\cos y", "sin(x)*cos(y)"),
        (r"\sin^2 x", "sin(x)^2"),
        (r"\sin^{-1} x", "asin(x)"),
        (r"\sin(x)y", "sin(x)*y"),
        (r"\sin\left(x+1\right)", "sin(x + 1)"),
        (r"\sin\frac{\pi}{3}", "sin(pi/3)"),
        (r"\log_2 8", "log(8, 2)"),
        (r"\log_{10}(x+1)", "log(x + 1, 10)"),
        (r"\ln|x|", "ln(|x|)"),
        (r"\operatorname{cosh} x", "cosh(x)"),
        (r"\mathrm{e}^{2}", "e^2"),
        (r"30^\circ", "30*pi/180"),
        (r"\sin 30^{\circ}", "sin(30*pi/180)"),
        (r"\binom{5}{2}", "5*4/2"),
        (r"{n \choose 2}", "n*(n - 1)/2"),
        (r"{a \over b}", "a/b"),
        (r"\sum_{k=1}^{3} k^2 + 1", "1 + 4 + 9 + 1"),
        (r"\sum_{i=1}^3 i", "1 + 2 + 3"),
        (r"\prod_{k=1}^{3} (k+x)", "(1 + x)*(2 + x)*(3 + x)"),
        (r"0.\overline{3}", "1/3"),
        (r"0.1\overline{6}", "1/6"),
        (r"10,\!080", "10080"),
        (r"14{,}916", "14916"),
        (r"11,\! 111,\! 100", "11111100"),
        (r"x \le 3", "x <= 3"),
        (r"x \neq 3", "x != 3"),
        (r"x \not= 3", "x != 3"),
        (r"x = 1 \text{ or } x = 2", "x = 1 or x = 2"),
        (r"x > 1 \land x < 2", "x > 1 and x < 2"),
        (r"\boxed{x} + 1", "x + 1"),
        (r"$x$", "x"),
        (r"\displaystyle\frac{x}{2}\,", "x/2"),
        (r"root(8, 3)\cdot 1", "root(8, 3)*1"),
    ],
)
def test_what_latex_means(latex: str, plain: str) -> None:
    assert parse_line(from_latex(latex)) == parse_line(plain)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\text{Evelyn}", '"Evelyn"'),
        (r"5\text{ cm}^2", '5 "cm" ^2'),
        (r"\begin{pmatrix} 1 & x^2 \\ 3 & 4 \end{pmatrix}", "matrix(1, x ^2; 3, 4)"),
        (r"\begin{array}{c|c} 1 & 2 \\ \hline 3 & 4 \\ \end{array}", "matrix(1, 2; 3, 4)"),
        (
            r"\begin{cases} x & \text{if } x>0 \\ 0 & \text{otherwise}\end{cases}",
            'cases(x, "if" x > 0; 0, "otherwise")',
        ),
        (r"\begin{cases} 1 & \text{if $x>0$} \\ 2 & x \le 0\end{cases}", 'cases(1, "if" x > 0; 2, x <= 0)'),
        (r"(-\infty, 2] \cup \{5\}", "(- oo , 2] ∪ {5}"),
        (r"\mathbb{R} \setminus \left\{ 0 \right\}", "ℝ ∖ {0}"),
        (r"\left\langle 1, 2 \right\rangle", "⟨1 , 2⟩"),
        (r"4210_{5}", "4210_5"),
        (r"1A3_{16}", "1A3_16"),
    ],
)
def test_what_only_answers_have(latex: str, text: str) -> None:
    assert from_latex(latex) == text


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        (r"\input{x}", r"'\\input' is not read"),
        (r"\foo", r"'\\foo' is not read"),
        (r"\frac{1}", "an argument is expected"),
        (r"\frac", "an argument is expected"),
        (r"\sqrt[3", "is never closed"),
        (r"{x", "a '{' is never closed"),
        (r"x}", "'}' closes nothing"),
        (r"\left( x", r"never closed"),
        (r"\left", r"has no bracket"),
        (r"x \right)", r"'\\right' is not read"),
        (r"(x", r"a '\(' is never closed"),
        (r"x)", r"'\)' closes nothing"),
        (r"\{ 1", "is never closed"),
        (r"x^", "an argument is expected"),
        (r"x^{}", "an exponent is empty"),
        (r"{} _2", "an index"),
        (r"\sum k", "needs an index"),
        (r"\sin", "put the argument of sin in brackets"),
        (r"\sin -x", "put the argument of sin in brackets"),
        (r"\begin{foo} 1 \end{foo}", "the environment 'foo' is not read"),
        (r"\begin{pmatrix} 1", "never closed"),
        (r"\begin{pmatrix} 1 \end{bmatrix}", "does not end the environment"),
        (r"\mathbb{K}", "is not read"),
        (r"1 & 2", "has no meaning here"),
        (r"0.\overline{x}", "marks their repetition"),
        ("{" * 100 + "x" + "}" * 100, "nested more than"),
        ("x" * (MAX_LATEX + 1), "at most 4000 are read"),
    ],
)
def test_what_is_refused(latex: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        from_latex(latex)


def test_plain_text_is_no_latex() -> None:
    assert not any(is_latex(text) for text in ("2x + 3 = 7", "$5", "1,234", "x_1^2", "{1, 2}"))
    assert all(is_latex(text) for text in (r"\pi", "$x$", "x^{2}", "14{,}916"))


@given(st.text(alphabet=r"\frac{}sqt1234567890xyz^_()[]|&, $leigh.%!", max_size=60))
@settings(max_examples=400)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ParseError):
        assert "\\" not in from_latex(text)


LINES = (
    *("2*x + 3", "x^2/3 - 1", "sqrt(x + 1)", "root(x, 3)", "(x + 1)*(x - 2)", "-x/2", "2^x", "sin(x)^2", "|x - 3|"),
    *("ln(x) + e^x", "x = 2 or x = 3", "1 < x", "3! + y!", "log(x, 2)", "(1/2)^x", "x != 3", "pi*x", "a - (b + c)"),
    *("x_1 + θ", "atan(x)", "(x = 1 or x = 2) and x > 0"),
)


@pytest.mark.parametrize("text", LINES)
def test_what_the_printer_writes_is_read_again(text: str) -> None:
    latex = to_latex(parse_line(text))
    assert to_latex(parse_line(from_latex(latex))) == latex


@pytest.mark.parametrize(
    "text", [r"\begin{cases}\end{cases}1", r"\overline{}", r"\bar{\text{}}", r"\text{}5", r"\overline{\ }"]
)
def test_what_is_empty_breaks_nothing(text: str) -> None:
    assert isinstance(verify_answer(text, "7").status, Status)
