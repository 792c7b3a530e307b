"""SymPy in its own process: asked by trees, killed when it hangs, replaced when it dies."""

from __future__ import annotations

import os
import signal

import pytest

from reasoning_envs.symbolic.steps import sympy_worker
from reasoning_envs.symbolic.steps.sympy_worker import ask_equal, ask_solutions
from reasoning_envs.symbolic.syntax.parser import parse_expression
from reasoning_envs.types import Status, Verdict
from sandboxes.worker import Worker, WorkerLimits


@pytest.mark.parametrize(
    ("left", "right", "over", "status"),
    [
        ("sin(2x)", "2*sin(x)*cos(x)", "real", Status.VERIFIED),
        ("sqrt(x^2)", "|x|", "real", Status.VERIFIED),
        ("sqrt(x^2)", "x", "positive", Status.VERIFIED),
        ("x^(1/3)", "root(x, 3)", "real", Status.VERIFIED),
        ("log(x, 2)", "ln(x)/ln(2)", "positive", Status.VERIFIED),
        ("e^(i*pi)", "-1", "complex", Status.VERIFIED),
        ("sin(pi/6)", "1/2", "real", Status.VERIFIED),
        ("x + 1", "x + 2", "real", Status.REFUTED),
        ("(n + 1)!", "(n + 1)*n!", "positive", Status.VERIFIED),
        ("1/0", "1/0", "real", Status.UNDECIDED),
    ],
)
def test_equality(left: str, right: str, over: str, status: Status) -> None:
    assert ask_equal(parse_expression(left), parse_expression(right), over=over).status is status


def test_solutions() -> None:
    def solve(left: str, right: str) -> list[str] | Verdict:
        found = ask_solutions(parse_expression(left), parse_expression(right), "x")
        return found if isinstance(found, Verdict) else sorted(str(root) for root in found)

    assert solve("x^2", "4") == ["-2", "2"]
    assert solve("e^(2x) - 3*e^x", "-2") == ["0", "ln(2)"]
    assert solve("sqrt(x + 1)", "x - 1") == ["3"]
    assert solve("x^2", "-1") == []
    endless = solve("sin(x)", "0")
    assert isinstance(endless, Verdict)
    assert endless.status is Status.UNDECIDED


def test_names_are_symbols_and_nothing_is_parsed() -> None:
    """A symbol named like a SymPy function is a symbol there too."""
    from reasoning_envs.symbolic.syntax.expression import add, num, sym

    for name in ("Integral", "S", "lambda_", "__import__", "oo"):
        assert ask_equal(add(sym(name), num(1)), add(num(1), sym(name))).verified
        assert ask_equal(sym(name), sym("y")).refuted


def test_the_next_question_is_answered_after_a_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = WorkerLimits(cpu_seconds=0.5, wall_seconds=9)
    worker = Worker("reasoning_envs.symbolic.steps.sympy_answers:answer", limits=limits)
    monkeypatch.setattr(sympy_worker, "_worker", lambda: worker)
    x, one = parse_expression("x"), parse_expression("1")
    assert ask_equal(x, x).verified
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    assert ask_equal(x, one).refuted
    hard = parse_expression("sin(x)^40*cos(3x)^30 + tan(x + 1)^12*e^(sin(x))")
    same = parse_expression("cos(3x)^30*sin(x)^40 + e^(sin(x))*(sin(x + 1)/cos(x + 1))^12 + 1/10^300")
    assert ask_equal(hard, same).status in (Status.TIMEOUT, Status.REFUTED, Status.UNDECIDED)
    assert ask_equal(x, one).refuted
    worker.close()
