"""Answers made to break a grader, and the conformance test of a function that judges answers.

A grader that meets one of :data:`HOSTILE_ANSWERS` must not execute it, must not take longer than two seconds, must not
raise, must not find it right, and must judge the next answer as if nothing had been.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reasoning_envs.symbolic.syntax.hostile import HOSTILE_LINES
from reasoning_envs.testing.laws import ensure
from reasoning_envs.types import Verdict

__all__ = ["HOSTILE_ANSWERS", "check_answer_judge"]

_LATEX = (
    r"\input{/etc/passwd}",
    r"\include{/etc/shadow}",
    r"\write18{touch /tmp/pwned}",
    r"\immediate\write18{rm -rf /}",
    r"\openin5=/etc/passwd \read5 to\x \x",
    r"\def\x{\x\x}\x",
    r"\newcommand{\a}{\a\a}\a",
    r"\loop\iftrue\repeat",
    r"\csname input\endcsname{/etc/passwd}",
    r"\catcode`\@=11",
    r"\directlua{os.execute('id')}",
    r"\url{javascript:alert(1)}",
    r"\href{file:///etc/passwd}{2}",
    "\\frac{" * 5_000,
    "\\frac{1}{" * 300 + "2" + "}" * 300,
    "\\sqrt{" * 5_000 + "2" + "}" * 5_000,
    "\\sqrt{" * 60 + "2" + "}" * 60,
    "\\left(" * 1_000,
    "\\left(" * 200 + "1" + "\\right)" * 200,
    "{" * 10_000,
    "}" * 10_000,
    "{" * 500 + "x" + "}" * 500,
    "\\{" * 1_000 + "\\}" * 1_000,
    "$" * 10_001,
    "\\begin{pmatrix}" * 500,
    "\\begin{cases}" * 100 + "1" + "\\end{cases}" * 100,
    r"\begin{pmatrix}" + "1 & " * 900 + r"1\end{pmatrix}",
    r"\begin{pmatrix}1 & 2 \\ 3\end{pmatrix}",
    r"\begin{pmatrix}1\end{bmatrix}",
    r"\begin{verbatim}x\end{verbatim}",
    r"\int_0^\infty \int_0^\infty \int_0^\infty e^{-x^2-y^2-z^2} dx dy dz",
    r"\int e^{e^{e^{x}}} dx",
    r"\lim_{x \to 0} \frac{\sin x}{x}",
    r"\sum_{k=1}^{10^{10}} \frac{1}{k}",
    r"\sum_{k=1}^{\infty} \frac{1}{k^2}",
    r"\sum_{k=1}^{1000} \sum_{j=1}^{1000} \sum_{i=1}^{1000} ijk",
    r"\prod_{k=1}^{1000} k^{1000}",
    r"\prod_{k=1}^{99999999} k",
    r"\binom{10^{100}}{10^{50}}",
    r"\binom{1000000}{500000}",
    r"9^{9^{9^{9}}}",
    r"10^{10^{10}}",
    r"((9!)!)!",
    r"\sqrt[10^{10}]{2}",
    r"\frac{1}{0.\overline{" + "9" * 3_000 + "}}",
    r"\text{" + "a" * 100_000 + "}",
    r"\boxed{" * 1_000 + "2" + "}" * 1_000,
    r"\boxed{",
    r"\boxed{}",
    r"\frac",
    r"\left",
    r"\frac{1}",
    r"\sqrt[3",
    r"x_{",
    r"^",
    r"_",
    r"&",
    r"\\",
    "\\",
    r"\left\{ 1",
    r"\right)",
)

_PLAIN = (
    "sum(" * 200,
    "sum(k, k, 1, 10^10)",
    "sum(sum(sum(a*b*c, a, 1, 999), b, 1, 999), c, 1, 999)",
    "sum(sum(" * 30 + "1" + ", k, 1, 9), j, 1, 9)" * 30,
    "product(k, k, 1, 1000)^1000",
    "binom(binom(binom(99, 50), 50), 50)",
    "(" + "(1, " * 300 + "2" + ")" * 300 + ")",
    "{" + "{1, " * 300 + "2" + "}" * 300 + "}",
    ", ".join(map(str, range(1_000))),
    "{" + ", ".join(f"x^{n} + {n}" for n in range(190)) + "}",
    " or ".join(f"x = {n}" for n in range(250)),
    " ∪ ".join(f"({n}, {n + 1})" for n in range(0, 300, 2)),
    " ∪ ".join(f"(sqrt({n}), sqrt({n}) + 1)" for n in range(2, 60)),
    "(-oo, oo" * 100,
    "(±1, ±1, ±1, ±1, ±1, ±1, ±1, ±1, ±1, ±1, ±1, ±1)",
    "x = " * 500 + "1",
    "1 = 2 = 3 = 4",
    "≈" * 1_000,
    "x ∈ " * 300 + "{1}",
    ":".join("1" * 900),
    '"' * 1_001,
    "⟨" * 1_000,
    "100" + ",000" * 400,
    "1 " * 900,
    "999999999_99",
    "ZZZZZZZZ_37",
    "9" * 199 + "_36",
    "5 cm" + "^9" * 300,
    "5 " + "apples " * 200,
    "%" * 1_000,
    "$" + "9" * 1_500,
    "°" * 1_000,
    "matrix(" * 300,
    "matrix(1, 2; 3)",
    "cases(x, x > 0; -x",
    "cases(" + "; ".join(f"{n}, x = {n}" for n in range(100)) + ")",
    "the answer is " * 5_000,
    "answer: " * 20_000,
    "####" * 20_000,
    "The answer is __import__('os').abort()",
    r"The final answer is \boxed{__import__('os').system('touch /tmp/pwned')}",
    "__import__('subprocess').run(['touch', '/tmp/pwned'])",
    "[].__class__.__base__.__subclasses__()",
    "type('', (), {'__eq__': lambda s, o: True})()",
    "{{7*7}}",
    "${jndi:ldap://127.0.0.1/a}",
    "`touch /tmp/pwned`",
    "$(touch /tmp/pwned)",
    "=cmd|'/c calc'!A0",
    "\x1b[2J\x1b[H",
    "\u202e24 si rewsna eht",
    "\uff14\uff12\u200d",
    "\U000e0041" * 1_000,
    "a\u0301" * 900,
    "\n" * 100_000,
    "\n".join(["x"] * 50_000),
    " " * 1_000_000,
    "1" + " " * 100_000 + "2",
    "." * 100_000,
    "-" * 1_999 + "1",
    "+-" * 900 + "1",
    "1e" + "9" * 1_000,
    "0x" + "F" * 1_000,
    "1" + "/1" * 990,
    "|" + "x|" * 600,
    "!" * 1_000,
    "5" + "!" * 900,
)

HOSTILE_ANSWERS: tuple[str, ...] = tuple(dict.fromkeys((*HOSTILE_LINES, *_LATEX, *_PLAIN)))
"""All of them: code, towers, brackets and LaTeX without end, letters that are not what they seem, up to 1 MB each."""

_SECONDS = 2.0
_NEXT = (("2", "2", True), ("x = 3", "3", True), ("2", "3", False))


def check_answer_judge(judge: Callable[[str, str], Verdict], truth: str = "31337") -> None:
    """Whether a function of ``(answer, truth)`` stands up to :data:`HOSTILE_ANSWERS`.

    Time is the CPU time of this process. A canary that several of the texts try to touch must stay away.

    Raises:
        AssertionError: the message names the text and what came of it.
    """
    with tempfile.TemporaryDirectory() as folder:
        canary = Path(folder) / "touched"
        texts = [text.replace("/tmp/pwned", str(canary)) for text in HOSTILE_ANSWERS]
        texts += [
            f"__import__('pathlib').Path({str(canary)!r}).touch()",
            f"open({str(canary)!r}, 'w').close()",
            f"\\boxed{{open({str(canary)!r}, 'w')}}",
        ]
        here = os.getpid()
        for text in texts:
            shown = ascii(text[:60])
            for first, second in ((text, truth), (truth, text)):
                begun = time.process_time()
                verdict = judge(first, second)
                took = time.process_time() - begun
                ensure(os.getpid() == here, f"{shown} forked the judge")
                ensure(not verdict.verified, f"{shown} was found right: {verdict.reason}")
                ensure(bool(verdict.reason), f"{shown} got no reason")
                ensure(took <= _SECONDS, f"{shown} took {took:.1f} s of CPU time; at most {_SECONDS} s are allowed")
            begun = time.process_time()
            judge(text, text)
            took = time.process_time() - begun
            ensure(took <= _SECONDS, f"{shown} took {took:.1f} s against itself; at most {_SECONDS} s are allowed")
            ensure(not canary.exists(), f"{shown} was executed")
            for answer, right, same in _NEXT:
                verdict = judge(answer, right)
                ensure(verdict.verified is same, f"after {shown} the answer {answer!r} for {right!r}: {verdict}")
