"""Comparisons of lines that may take long, made in a process that can be killed.

What most lines need is done within milliseconds where it is asked. Waves, many fractions, letters under high powers, or
under several letters, can take seconds, and somebody who writes such lines on purpose must not hold up the next one:
:func:`relate_apart` has :func:`reasoning_envs.symbolic.steps.derivation.relate` run inside a worker, and gives up on it
after two seconds of CPU time.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any

from reasoning_envs.symbolic.roots.scan import has_waves
from reasoning_envs.symbolic.steps.lines import comparisons
from reasoning_envs.symbolic.steps.step import Step
from reasoning_envs.symbolic.syntax.expression import walk
from reasoning_envs.symbolic.syntax.packing import pack, unpack_statement
from reasoning_envs.symbolic.syntax.statement import Statement, free_symbols, line_tokens
from reasoning_envs.types import Relation, Status, Verdict
from sandboxes.worker import AnswerStatus, Worker, WorkerLimits

__all__ = ["answer", "is_dear", "relate_apart"]

# It never sleeps, so CPU time ends it: that a machine is busy is no reason for TIMEOUT.
_LIMITS = WorkerLimits(cpu_seconds=2.0, wall_seconds=30.0, memory_bytes=2 << 30)
_LONG = 200  # tokens of a line
_HIGH = 8  # a power in a line with letters, which is compared for dozens of numbers in their place
_inside = threading.Event()  # this process is the worker


@lru_cache(maxsize=1)
def _worker() -> Worker:
    return Worker("reasoning_envs.symbolic.steps.apart:answer", limits=_LIMITS)


def is_dear(step: Step) -> bool:
    """To compare the solutions of the lines, letters tried out or cell by cell, may take longer than anybody waits."""
    return not _inside.is_set() and any(_is_dear(line, step.unknown) for line in (step.before, step.after))


def _is_dear(line: Statement, unknown: str) -> bool:
    if len(line_tokens(line)) > _LONG:
        return True
    sides = [side for comparison in comparisons(line) for side in (comparison.left, comparison.right)]
    if any(has_waves(side, unknown) for side in sides):
        return True
    if free_symbols(line) <= {unknown}:
        return False
    powers = [node.args for side in sides for node in walk(side) if node.op == "pow"]
    return any(
        (isinstance(exponent.value, int) and abs(exponent.value) > _HIGH)
        or (exponent.symbols and base.symbols and (base.op == "pow" or len(exponent.symbols) > 1))
        for base, exponent in powers
    )


def relate_apart(step: Step) -> Verdict:
    """What :func:`~reasoning_envs.symbolic.steps.derivation.relate` says; TIMEOUT or ERROR where it did not."""
    payload = {
        "before": pack(step.before),
        "after": pack(step.after),
        "unknown": step.unknown,
        "over": step.over,
        "mistake": step.mistake,
    }
    reply = _worker().call(payload)
    if reply.status is AnswerStatus.RESULT:
        return Verdict.from_json(reply.value)
    status = Status.TIMEOUT if reply.status is AnswerStatus.TIMEOUT else Status.ERROR
    reason = f"to compare the lines takes too long: {reply.error}"
    return Verdict(status, Relation.UNKNOWN, reason, "worker")


def answer(payload: dict[str, Any]) -> str:
    """What the worker does with one step."""
    from reasoning_envs.symbolic.steps.derivation import relate

    _inside.set()
    before, after = unpack_statement(payload["before"]), unpack_statement(payload["after"])
    verdict = relate(before, after, unknown=payload["unknown"], over=payload["over"], mistake=payload["mistake"])
    return verdict.to_json()
