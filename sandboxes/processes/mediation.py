"""Trusted tests in a process of their own, and the program that they call: what passes between the two."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from sandboxes import wire
from sandboxes.languages import LANGUAGES, find_tool
from sandboxes.outcome import Over
from sandboxes.processes.commands import limited
from sandboxes.processes.process import Process
from sandboxes.types import CallResult, Job, Limits, Mode, Status
from sandboxes.values import load_value

__all__ = ["Candidate", "mediate", "of_tests", "trusted_tests"]


class Candidate(Protocol):
    """What tests call."""

    calls: int
    """How many calls were put to it."""

    def ask(self, question: bytes) -> CallResult:
        """Make one call, ``[args, kwargs]`` as bytes.

        Raises:
            Over: there was no answer, and there will be none.
        """
        ...


def trusted_tests(job: Job, candidate: Candidate, limits: Limits) -> Over | None:
    """Run a job's tests in a plain process of this machine; None when they passed.

    For back ends whose programs are elsewhere: what comes from there is plain values, and tests are trusted.
    """
    language = LANGUAGES["python"]
    package = Path(__file__).resolve().parents[2]
    command = [word.format(tool=find_tool(language), inmate=package) for word in language.answer]
    process = Process(
        limited(command, limits, address_space=language.address_space, counts_processes=False),
        limits,
        has_channel=True,
        environment={"PATH": os.defpath},
    )
    try:
        process.load(job, Mode.TESTS)
        return mediate(candidate, process)
    except Over as over:
        return of_tests(over, candidate.calls)
    finally:
        process.end()


def mediate(program: Candidate, tests: Process) -> Over | None:
    """Carry questions and answers until the tests have come to an end; None when they passed."""
    while True:
        kind, body = tests.hear_tests()
        if kind == wire.DONE:
            return None if program.calls else Over(Status.REFUSED, "the tests never called the program")
        if kind == wire.FAILED:
            return Over(Status.FAILED, body.decode(errors="replace"))
        if kind != wire.QUESTION:
            return Over(Status.REFUSED, f"the tests cannot be run: {body.decode(errors='replace')}")
        load_value(body)
        try:
            result = program.ask(body)
        except Over as over:
            return over
        # Waiting for the program is no time of theirs.
        tests.renew_deadline()
        if not result.ok and result.status is not Status.EXCEPTION:
            # A test that expects "some exception" must not take this one for it.
            return Over(result.status, result.error)
        tests.reply(result)


def of_tests(over: Over, calls: int) -> Over:
    """What it means that the tests are over without a verdict: their fault, until they have called the program."""
    if calls == 0 or over.status is Status.TAMPERED:
        return Over(Status.REFUSED, f"the tests cannot be run: {over.reason}")
    return Over(Status.FAILED if over.status is Status.EXITED else over.status, f"in the tests: {over.reason}")
