"""Limits, jobs, tiers and results: what they refuse, and that they survive JSON."""

import json
import math
import pickle
from typing import Any

import pytest

import sandboxes
from sandboxes.opening import open_sandbox
from sandboxes.types import CallResult, Execution, Job, Limits, Mode, Status, Tier


@pytest.mark.parametrize(
    "wrong",
    [
        {"cpu_seconds": 0},
        {"cpu_seconds": -1.0},
        {"wall_seconds": math.inf},
        {"wall_seconds": math.nan},
        {"memory_bytes": 1.5},
        {"memory_bytes": 0},
        {"output_bytes": "1"},
        {"files": -1},
        {"files": True},
        {"processes": 0},
        {"file_bytes": 0},
        {"memory_bytes": 1 << 64},
        {"processes": 1 << 40},
        {"cpu_seconds": 1e300},
    ],
)
def test_limits_are_positive_numbers(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"Limits.{next(iter(wrong))} must be"):
        Limits(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"calls": [((), {})]},
        {"tests": "assert f()"},
        {"tests": "assert f()", "entry": "f", "calls": [((), {})]},
        {"entry": "f", "stdin": "x"},
        {"prelude": "x = 1"},
        {"files": {"../x": b""}},
        {"files": {"/etc/x": b""}},
        {"fetch": ["a/../../b"]},
        {"fetch": [""]},
        {"fetch": ["a\0b"]},
        {"fetch": ["a" * 256]},
        {"fetch": ["a/" * 2001 + "b"]},
        {"files": {"\ud800": b""}},
        {"files": {"a": "text"}},
        {"files": {"a": b"", "a/b": b""}},
        {"files": {"a/b/c": b"", "a/b": b""}},
    ],
)
def test_jobs_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Job\."):
        Job("pass", **wrong)


def test_the_mode_follows_from_the_fields() -> None:
    assert Job("").mode is Mode.PROGRAM
    assert Job("", entry="f").mode is Mode.CALLS
    assert Job("", entry="f", tests="").mode is Mode.TESTS


def test_tiers_have_an_order() -> None:
    assert Tier.NAMESPACES.at_least(Tier.LANDLOCK)
    assert Tier.LANDLOCK.at_least(Tier.LANDLOCK)
    assert not Tier.RLIMITS.at_least(Tier.LANDLOCK)
    assert sorted(Tier, key=lambda tier: tier.order)[0] is Tier.NONE


def test_infrastructure_is_no_score() -> None:
    assert [status for status in Status if not status.scored] == [
        Status.REFUSED,
        Status.INFRASTRUCTURE,
        Status.NOT_RUN,
    ]


EXECUTION = Execution(
    Status.NOT_PLAIN,
    "object",
    (CallResult(Status.OK, [1, (2.5, b"\xff"), {3: {4}}]), CallResult(Status.NOT_PLAIN, error="object")),
    2,
    "out",
    "err",
    3,
    {"a/b": b"\x00\xff"},
    0.5,
    0.7,
    1 << 20,
    Tier.LANDLOCK,
    "zygote",
)


def test_executions_survive_json_and_pickle() -> None:
    again = Execution.from_json(json.loads(json.dumps(EXECUTION.to_json())))
    assert again == EXECUTION
    assert again.cpu_seconds == EXECUTION.cpu_seconds
    assert pickle.loads(pickle.dumps(EXECUTION)) == EXECUTION  # noqa: S301 (our own bytes)
    assert Limits.from_json(json.loads(json.dumps(Limits().to_json()))) == Limits()


def test_clocks_do_not_count_when_executions_are_compared() -> None:
    data = EXECUTION.to_json()
    assert Execution.from_json({**data, "cpu_seconds": 9.0, "wall_seconds": 9.0, "peak_bytes": 9}) == EXECUTION
    assert Execution.from_json({**data, "calls": 9}) != EXECUTION


@pytest.mark.parametrize("change", [{"strange": 1}, {"status": "passed"}])
def test_strange_json_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Execution.from_json({**EXECUTION.to_json(), **change})


@pytest.mark.parametrize("name", ["docker", "", "monty2", "a.b"])
def test_unknown_back_ends_are_named(name: str) -> None:
    with pytest.raises(ValueError, match="there is no sandbox"):
        open_sandbox(name)


def test_the_package_offers_what_it_says() -> None:
    assert {name for name in sandboxes.__all__ if not hasattr(sandboxes, name)} == set()
    assert set(sandboxes.__all__) <= set(dir(sandboxes))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        sandboxes.nothing  # noqa: B018
