"""Text environments read what language models write: LaTeX, and commas between equations."""

from __future__ import annotations

import gymnasium as gym
import pytest

import reasoning_envs  # noqa: F401 - registers the ids


@pytest.mark.parametrize(
    ("task", "problem", "lines"),
    [
        ("Algebra", r"\frac{x}{2} + 1 = 4", [r"\frac{x}{2} = 3", "$x = 6$"]),
        ("Algebra", r"x^{2} = -1", [r"\text{no solution}"]),
        ("Calculus", r"\frac{d}{dx}\left(x^2\sin x\right)", [r"2x\sin x + x^2\cos x"]),
        ("Calculus", r"\int 2x\cos(x^2)\,dx", [r"\sin(x^2) + C"]),
        ("Simplify", r"one fraction: \frac{1}{x} + \frac{1}{2}", [r"\frac{x+2}{2x}"]),
        ("Simplify", r"\text{expand: } 3(x+2)^2", [r"\text{expand: } 3(x^2+4x+4)", "3x^2+12x+12"]),
        ("Simplify", r"$\text{Factor}: x^2-5x+6$", ["(x-2)(x-3)"]),
        ("Simplify", r"\[\textbf{One fraction:} \frac1x+\frac12\]", [r"$\frac{x+2}{2x}$"]),
        ("Inequality", "x^2 - 5x + 6 < 0", [r"(x-2)(x-3) < 0", r"2 < x \text{ and } x < 3"]),
        ("Inequality", "x^2 >= 4", [r"x \in (-\infty, -2] \cup [2, \infty)"]),
        ("System", "x + y = 4, x - y = 2", ["(x, y) = (3, 1)"]),
        ("System", "x + y = 4, x - y = 2", ["2x = 6, x - y = 2", "x = 3, and y = 1"]),
        ("System", r"\begin{cases} x + y = 4 \\ x - y = 2 \end{cases}", [r"\begin{cases} x = 3 \\ y = 1 \end{cases}"]),
    ],
)
def test_a_solution_in_latex(task: str, problem: str, lines: list[str]) -> None:
    env = gym.make(f"reasoning_envs/{task}Text-v0")
    env.reset(options={"problem": problem})
    for line in lines:
        _, reward, terminated, _, info = env.step(line)
        assert info["verdict"].verified, (line, info["verdict"])
    assert (reward, terminated, info["success"]) == (1.0, True, True)


@pytest.mark.parametrize(
    ("task", "problem", "line"),
    [
        ("Algebra", "2x = 4", r"\input{/etc/passwd}"),
        ("Algebra", "2x = 4", r"\frac{x}"),
        ("System", "x + y = 4, x - y = 2", "x = 3,, y = 1"),
        ("System", "x + y = 4, x - y = 2", "x = (3, y = 1"),
        ("System", "x + y = 4, x - y = 2", "," * 5000),
        ("System", "x + y = 4, x - y = 2", "x = 1,000 and y = 1"),
    ],
)
def test_what_cannot_be_read_is_not_applied(task: str, problem: str, line: str) -> None:
    env = gym.make(f"reasoning_envs/{task}Text-v0")
    env.reset(options={"problem": problem})
    _, reward, terminated, _, info = env.step(line)
    assert (reward, terminated, info["verdict"].status.value) == (0.0, False, "unparsed")
    assert info["verdict"].reason
