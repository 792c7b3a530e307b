"""Lines that would cost seconds or gigabytes if they were expanded, factored or solved at any price."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.symbolic.syntax.bounds import MAX_KERNELS, MAX_NESTED_ROOTS, UnsafeExpressionError, check_bounds
from reasoning_envs.symbolic.syntax.parser import parse_line
from reasoning_envs.types import Status

MEMORY = 3 << 30  # address space, most of it NumPy's and never touched


def nested(depth: int) -> str:
    return "sqrt(x + " * depth + "x" + ")" * depth


HEAVY = {
    "nested roots": (nested(6) + " = 2", Status.REFUTED),
    "two towers of roots": (f"{nested(6)} + {nested(5).replace('x', '(x + 1)')} = 4", Status.REFUTED),
    "roots of roots": ("sqrt(" * 6 + "x + 1" + ")" * 6 + " = x", Status.REFUTED),
    "too many nested roots": (nested(7) + " = 2", Status.UNSAFE),
    "far too many nested roots": ("sqrt(" * 26 + "x+1" + ")" * 26 + " = x", Status.UNSAFE),
    "product": ("*".join(f"(x+{k})" for k in range(1, 151)) + " = 0", Status.REFUTED),
    "sum of fractions": ("+".join(f"1/(x+{k})" for k in range(1, 61)) + " = 0", Status.REFUTED),
    "sines": ("+".join(f"sin({k}x)" for k in range(1, 40)) + " = 0", Status.REFUTED),
    "high degree": ("x^999 + 3x^500 - 7x + 1 = 0", Status.REFUTED),
    "roots side by side": ("+".join(f"sqrt(x+{k})" for k in range(1, 91)) + " = 9", Status.REFUTED),
    "absolute values": ("+".join(f"abs(x-{k})" for k in range(1, 31)) + " = 90", Status.REFUTED),
    "root of a fraction": ("root(1/(x^9 + x + 1), 999) = x", Status.REFUTED),
    "root of a power": ("sqrt((x+1)^990 + 1) = 4", Status.REFUTED),
}

SCRIPT = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
from reasoning_envs import verify_step
print(verify_step(sys.argv[1], "x = 1").status.value)
print(verify_step(sys.argv[1], sys.argv[1]).status.value)
print(verify_step("2*x + 3 = 7", "x = 2").status.value)
print(verify_step("sqrt(x + 1) = 2", "x = 4").status.value)
"""


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_line_is_judged_in_little_memory_and_the_next_is_judged_right(name: str) -> None:
    line, status = HEAVY[name]
    script = SCRIPT.format(memory=MEMORY)
    done = subprocess.run([sys.executable, "-c", script, line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wrong, same, *good = done.stdout.split()
    assert wrong == status.value
    assert same in ("unsafe",) if status is Status.UNSAFE else same in ("verified", "undecided")
    assert good == ["verified", "refuted"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (nested(MAX_NESTED_ROOTS + 1), "7 roots within each other; at most 6"),
        ("1 + " + "sqrt(" * 7 + "2" + ")" * 7, "7 roots within each other; at most 6"),
        ("root(root(x, 40), 40)", "root of degree 1600; at most 1000"),
        ("((x + 1)^(1/40))^(3/40)", "at most 1000"),
        ("+".join(f"ln(x+{k})" for k in range(MAX_KERNELS + 1)), "101 roots, functions and constants; at most 100"),
        ("+".join(f"sin({k}x)" for k in range(1, 42)), "41 waves"),
        ("+".join(f"tan({k}x)" for k in range(1, 15)), "70 waves"),
    ],
)
def test_what_is_absurd_is_unsafe_and_the_reason_names_the_limit(text: str, named: str) -> None:
    with pytest.raises(UnsafeExpressionError) as caught:
        check_bounds(parse_line(text))
    assert named in caught.value.reason


@pytest.mark.parametrize(
    "text",
    [
        nested(MAX_NESTED_ROOTS),
        "root(root(x, 30), 30)",
        "+".join(f"ln(x+{k})" for k in range(MAX_KERNELS)),
        "+".join(f"sin({k}x)" for k in range(1, 41)),
        "sqrt(2)^6 + sqrt(3 + sqrt(5)) - (1 + sqrt(x))^(1/3)",
    ],
)
def test_the_limits_themselves_are_within_bounds(text: str) -> None:
    check_bounds(parse_line(text))


@pytest.mark.timeout(20)
def test_a_problem_of_too_many_nested_roots_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="7 roots within each other"):
        AlgebraDomain().problem(nested(7) + " = 2")
