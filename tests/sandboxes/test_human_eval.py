"""HumanEval (Chen et al. 2021, arXiv:2107.03374): all solutions pass their tests; broken in one answer, all fail."""

import gzip
import json
from functools import cache
from pathlib import Path

import pytest

from sandboxes import Execution, SandboxUnavailable, open_sandbox
from sandboxes.types import Job, Status
from sandboxes.zygote import ZygoteSandbox

DATA = Path(__file__).parents[3] / "shared" / "data" / "HumanEval.jsonl.gz"

BREAK = """

def _wrap(function):
    calls = depth = 0

    def broken(*args):
        nonlocal calls, depth
        depth += 1  # recursive solutions call this one by its name
        value = function(*args)
        depth -= 1
        calls += depth == 0
        if depth or calls != {last}:
            return value
        for kind, change in (
            (bool, lambda: not value), (int, lambda: value + 1), (float, lambda: value + 1.0),
            (str, lambda: value + "x"), (list, lambda: [*value, 0]), (tuple, lambda: (*value, 0)),
            (dict, lambda: {{**value, "x": 0}}), (type(None), lambda: 0),
        ):
            if isinstance(value, kind):
                return change()
        raise TypeError(type(value))

    return broken


{entry} = _wrap({entry})
"""
"""The answer to call number ``last``, and no other, is changed."""

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not there")


@cache
def problems() -> list[dict[str, str]]:
    with gzip.open(DATA, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def job(problem: dict[str, str], source: str = "") -> Job:
    # What tests call beside the entry (`poly`, `encode_cyclic`) is in the prompt, which is trusted.
    return Job(
        source or problem["prompt"] + problem["canonical_solution"],
        entry=problem["entry_point"],
        tests=problem["test"],
        prelude=problem["prompt"],
    )


def broken(passed: list[Execution]) -> list[Job]:
    """All solutions, each with a change of the last answer that its tests ask for."""
    return [
        job(problem, job(problem).source + BREAK.format(entry=problem["entry_point"], last=execution.calls))
        for problem, execution in zip(problems(), passed, strict=True)
    ]


@pytest.mark.slow
def test_solutions_pass_and_broken_ones_fail(strongest: ZygoteSandbox) -> None:
    assert len(problems()) == 164
    passed = strongest.run_many([job(problem) for problem in problems()])
    assert {p["task_id"]: e.reason for p, e in zip(problems(), passed, strict=True) if not e.ok} == {}
    assert all(execution.calls > 0 for execution in passed)

    failed = strongest.run_many(broken(passed))
    assert {p["task_id"]: e for p, e in zip(problems(), failed, strict=True) if e.status is not Status.FAILED} == {}
    # Not earlier than at the broken answer; some tests call once more to say what they got.
    assert all(one.calls >= other.calls for one, other in zip(failed, passed, strict=True))


def test_monty_runs_solutions_or_refuses_them_and_passes_no_broken_one() -> None:
    try:
        monty = open_sandbox("monty")
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    with monty:
        passed = monty.run_many([job(problem) for problem in problems()])
        named = dict(zip((problem["task_id"] for problem in problems()), passed, strict=True))
        assert {name: e.reason for name, e in named.items() if e.status not in (Status.OK, Status.REFUSED)} == {}
        assert sum(execution.ok for execution in passed) > 150
        assert {execution.status for execution in monty.run_many(broken(passed))} <= {Status.FAILED, Status.REFUSED}
