"""Lines that are compared in a process of their own, and how they get there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reasoning_envs.symbolic.steps import apart
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.syntax.packing import pack, unpack_expression, unpack_statement
from reasoning_envs.symbolic.syntax.parser import parse_expression, parse_statement
from reasoning_envs.types import Status
from sandboxes.worker import Answer, Worker, WorkerLimits

LINES = [
    "x + 3 = (x - 3)^2 and x >= 3",
    "x = 2 or x = -7/2 or x = ln(5) - e^pi",
    "no solution",
    "all reals",
    "root(x, 3)!/|-x| != 10^40*log(x, 2)",
]


@pytest.mark.parametrize("text", LINES)
def test_statements_cross_the_pipe_unchanged(text: str) -> None:
    line = parse_statement(text)
    assert unpack_statement(json.loads(json.dumps(pack(line)))) == line


def test_expressions_cross_the_pipe_unchanged() -> None:
    tree = parse_expression("-sin(2x)^2/(x - 1/3)")
    assert unpack_expression(json.loads(json.dumps(pack(tree)))) == tree


WAVES = " + ".join(f"tan({k}*x)" for k in range(1, 9))
POWER = "ln((x + a + b + c)^25 + 1)"
DEAR = [
    ("sin(x) + x = 0", "x = 0", True),
    (f"{WAVES} = 1", f"{WAVES} = 2", True),
    (f"{POWER} = 4", f"{POWER} = 5", True),
    ("x = a^(b*c)", "x = (a^b)^c", True),
    ("x^a = 1", "x = 1", False),
    ("sqrt(x + a) = b", "x + a = b", False),
    ("2^x = 8", "x = 3", False),
]


@pytest.mark.parametrize(("before", "after", "apart_from_here"), DEAR)
def test_what_may_take_long_is_compared_in_the_worker(
    before: str, after: str, apart_from_here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = apart._worker().call

    def call(payload: Any) -> Answer:
        asked.append(payload)
        return real(payload)

    monkeypatch.setattr(apart._worker(), "call", call)
    verdict = relate(parse_statement(before), parse_statement(after), unknown="x")
    assert bool(asked) is apart_from_here
    assert verdict.status in (Status.VERIFIED, Status.REFUTED, Status.TIMEOUT)


def test_the_verdict_is_the_one_that_would_have_been_given_here(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = parse_statement("sin(x) + x = 0"), parse_statement("x = 1")
    there = relate(before, after, unknown="x", mistake="of its own words")
    monkeypatch.setattr(apart, "is_dear", lambda step: False)
    monkeypatch.setattr("reasoning_envs.symbolic.steps.derivation.is_dear", lambda step: False)
    assert relate(before, after, unknown="x", mistake="of its own words") == there
    assert there.reason == "of its own words"


def test_what_takes_too_long_is_a_time_out_and_the_next_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker("reasoning_envs.symbolic.steps.apart:answer", limits=WorkerLimits(cpu_seconds=0.2, wall_seconds=20))
    monkeypatch.setattr(apart, "_worker", lambda: worker)
    verdict = relate(parse_statement(f"{WAVES} = 1"), parse_statement(f"{WAVES} = 2"), unknown="x")
    assert verdict.status is Status.TIMEOUT
    assert "too long" in verdict.reason
    assert relate(parse_statement("2x = 4"), parse_statement("x = 2"), unknown="x").verified
    worker.close()
