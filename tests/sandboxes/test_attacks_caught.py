"""The kit catches sandboxes that are naive, leaky or broken; else it would prove nothing about the others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandboxes import CallResult, Execution, Job, Limits, Sandbox, Status, Tier
from sandboxes.base import SandboxBase
from sandboxes.testing import FAMILIES, HONEST, PROGRAMS, CheckFailed, Outcome, Program, Report, Wall, check_sandbox
from sandboxes.testing.fuzz import Surprise, fuzz_sandbox
from sandboxes.testing.outside import Outside, descendants, named

# Reads a job, prints one line a call, and says by its exit code that tests passed: as first drafts do.
HARNESS = """
import json, sys
job = json.loads(sys.argv[1])
space = {"__name__": "__main__"}
exec(job["source"], space)
if job["tests"] is not None:
    exec(job["prelude"] + job["tests"], space)
    if "check" in space:
        space["check"](space[job["entry"]])
elif job["entry"] is not None:
    for arguments, keywords in job["calls"]:
        print(json.dumps(space[job["entry"]](*arguments, **keywords)))
"""


def outcome_of(report: Report) -> dict[str, Outcome]:
    return {row.name: row.outcome for row in report.rows}


def failed_rows(make: Callable[[], Sandbox], programs: Iterable[Program]) -> dict[str, str]:
    """Name -> evidence of the rows that failed."""
    with pytest.raises(CheckFailed) as caught:
        check_sandbox(make, programs=programs)
    for row in caught.value.report.failures:
        assert row.name in str(caught.value)
    return {row.name: "; ".join(row.evidence) for row in caught.value.report.failures}


class ReplayedSession:
    """Asks for all calls anew each time: enough for the kit's neighbour."""

    def __init__(self, sandbox: SandboxBase, source: str, entry: str, limits: Limits | None) -> None:
        self.sandbox, self.job = sandbox, Job(source, entry=entry, limits=limits)
        self.execution = Execution(Status.OK)

    def call(self, *args: Any, **kwargs: Any) -> CallResult:
        self.job = replace(self.job, calls=(*self.job.calls, (args, kwargs)))
        self.execution = self.sandbox.run_job(self.job)
        return self.execution.results[-1] if self.execution.results else CallResult(self.execution.status)

    def close(self) -> Execution:
        return self.execution

    def __enter__(self) -> ReplayedSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DraftSandbox(SandboxBase):
    """Claims to be the strongest, and is a plain process whose output and exit code are believed."""

    backend = "draft"
    tier = Tier.NAMESPACES
    info: Mapping[str, Any] = {}

    def session(
        self, source: str, *, entry: str, image: str | None = None, limits: Limits | None = None
    ) -> ReplayedSession:
        return ReplayedSession(self, source, entry, limits)

    def _end(self) -> None:
        pass

    def _execute(self, job: Job, limits: Limits) -> Execution:
        calls = [[list(arguments), dict(keywords)] for arguments, keywords in job.calls]
        data = {"source": job.source, "entry": job.entry, "tests": job.tests, "prelude": job.prelude, "calls": calls}
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", HARNESS, json.dumps(data)],
                input=(job.stdin or "").encode(),
                capture_output=True,
                timeout=limits.wall_seconds,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return self._told(Status.TIMEOUT)
        out = done.stdout.decode(errors="replace")
        if job.tests is not None:
            return self._told(Status.FAILED if done.returncode else Status.OK)
        if job.entry is None:
            return self._told(Status.OK, stdout=out, exit_code=done.returncode)
        return self._values(out.splitlines()[-len(calls) :], len(calls))

    def _values(self, lines: Sequence[str], wanted: int) -> Execution:
        try:
            results = tuple(CallResult(Status.OK, json.loads(line)) for line in lines)
        except ValueError as error:
            return self._told(Status.EXCEPTION, reason=str(error))
        return self._told(Status.OK if len(results) == wanted else Status.EXITED, results=results, calls=wanted)

    def _told(self, status: Status, **more: Any) -> Execution:
        return Execution(status, tier=self.tier, backend=self.backend, **more)


HARMLESS = [*FAMILIES["exits"], *FAMILIES["proxy"], *FAMILIES["values"][::4], *FAMILIES["forgeries"][::4]]
"""Dishonest programs that harm nobody but themselves, also without walls."""


def named_programs(*names: str) -> list[Program]:
    found = [program for program in PROGRAMS if program.name in names]
    assert len(found) == len(names)
    return found


def test_a_sandbox_that_believes_output_and_exit_codes_is_caught() -> None:
    dishonest = {program.name: program for program in (*HARMLESS, *named_programs("enumerated-int", "tuple-for-list"))}
    failed = failed_rows(DraftSandbox, dishonest.values())
    assert {
        "exit-at-import-after-registering",
        "become-another-program",
        "right-output-then-exit-code",
        "right-output-then-crash",
        "enumerated-int",
        "tuple-for-list",
        "tests-against-exit",
        "tests-against-hard-exit",
        "tests-against-exit-at-import",
        "tests-against-system-exit",
        "tests-ended-by-stop-iteration",
        "forgiving-tests-against-exit",
    } <= {name for name, evidence in failed.items() if "was scored as right" in evidence}
    # It is the dishonest ones that it is caught by; most others it happens to contain.
    assert len(failed) < len(dishonest) / 2


def test_a_plain_process_leaks_and_everything_is_seen_from_outside() -> None:
    failed = failed_rows(
        DraftSandbox,
        named_programs(
            "secret-file",
            "folder-of-the-secret",
            "environment",
            "change-a-file-of-the-host",
            "tcp",
            "udp",
            "unix-socket",
            "abstract-socket",
            "signal-on-hang-up",
            "limits-of-others",
            "daemon",
            "file-locks",
        ),
    )
    for name in ("secret-file", "folder-of-the-secret", "environment"):
        assert "got hold of a secret" in failed[name]
    assert "kept.txt of the kit was changed" in failed["change-a-file-of-the-host"]
    assert "the TCP port of the kit was reached" in failed["tcp"]
    assert "the UDP port of the kit was reached" in failed["udp"]
    assert "the unix socket of the kit was reached" in failed["unix-socket"]
    assert "the abstract socket of the kit was reached" in failed["abstract-socket"]
    assert "process of the kit got signals" in failed["signal-on-hang-up"]
    assert "process of the kit was changed" in failed["limits-of-others"]
    assert "left 1 processes behind" in failed["daemon"]
    assert "REACHED a lock by flock" in failed["file-locks"]


class InsideSandbox(DraftSandbox):
    """Runs programs in this very process and hands out what they return."""

    space: dict[str, Any] | None = None

    def _execute(self, job: Job, limits: Limits) -> Execution:
        space = {} if self.space is None else self.space
        exec(job.source, space)  # noqa: S102 -- this is what the kit must catch
        values = [space[str(job.entry)](*arguments, **keywords) for arguments, keywords in job.calls]
        return self._told(Status.OK, results=tuple(CallResult(Status.OK, value) for value in values))


def test_objects_that_are_no_plain_values_are_caught() -> None:
    names = [program.name for program in FAMILIES["values"] if program.name.startswith("always-equal")]
    names += ["list-that-holds-itself", "shared-parts", "function", "generator", "huge-int", "deep-answer"]
    failed = failed_rows(InsideSandbox, named_programs(*names))
    assert all("no plain value" in failed[name] for name in names)


def test_what_is_left_in_the_process_is_caught() -> None:
    class Keeping(InsideSandbox):
        def __init__(self) -> None:
            super().__init__()
            self.space: dict[str, Any] = {}

    leaves = Program(
        name="leaves",
        aim="leaves a name for the next program",
        wall=Wall.STATE,
        entry="attack",
        source="left = True\n\ndef attack(targets):\n    return ['left']\n",
        next="def attack(targets):\n    return ['REACHED a name'] if 'left' in globals() else []\n",
    )
    assert "REACHED a name" in failed_rows(Keeping, [leaves])["leaves"]
    assert "leaves" not in failed_rows(InsideSandbox, [leaves])


@pytest.mark.parametrize("status", [Status.INFRASTRUCTURE, Status.REFUSED])
def test_a_sandbox_that_gives_up_is_caught(status: Status) -> None:
    class GivingUp(DraftSandbox):
        def _execute(self, job: Job, limits: Limits) -> Execution:
            return self._told(status, results=tuple(CallResult(status) for _ in job.calls))

    failed = failed_rows(GivingUp, [*HONEST, *FAMILIES["exits"], *FAMILIES["network"]])
    programs = {program.name for program in (*HONEST, *FAMILIES["exits"], *FAMILIES["network"])}
    # A sandbox may be without a scratch folder.
    assert programs - failed.keys() <= ({"honest-scratch-folder"} if status is Status.REFUSED else set())


def test_a_sandbox_that_raises_or_fails_everything_is_caught() -> None:
    class Raising(DraftSandbox):
        def _execute(self, job: Job, limits: Limits) -> Execution:
            if "hold" not in job.source:
                raise KeyError("lost")
            return super()._execute(job, limits)

    class Failing(DraftSandbox):
        def _execute(self, job: Job, limits: Limits) -> Execution:
            return self._told(Status.EXCEPTION, results=tuple(CallResult(Status.EXCEPTION) for _ in job.calls))

    failed = failed_rows(Raising, HONEST)
    assert all("run_job() raised KeyError: 'lost'" in failed[program.name] for program in HONEST)
    failed = failed_rows(Failing, [*HONEST, *FAMILIES["values"]])
    assert {program.name for program in HONEST} <= failed.keys()


def test_a_sandbox_that_is_worn_out_by_attacks_is_caught() -> None:
    class WornOut(DraftSandbox):
        """After a crash it is never the same again."""

        is_well = True

        def _execute(self, job: Job, limits: Limits) -> Execution:
            self.is_well = self.is_well and "abort" not in job.source
            return super()._execute(job if self.is_well else replace(job, source="raise ValueError"), limits)

    failed = failed_rows(WornOut, [*named_programs("honest-calls", "abort")])
    assert "honest-calls is right and was not scored so" in failed["law-afterwards"]
    assert "it answers" in failed["law-neighbour"]


def test_processes_and_descriptors_that_stay_are_caught() -> None:
    class Staying(DraftSandbox):
        def __init__(self) -> None:
            super().__init__()
            self.process = subprocess.Popen(["sleep", "60"], stdin=subprocess.PIPE)

    opened: list[Staying] = []

    def make() -> Staying:
        opened.append(Staying())
        return opened[-1]

    failed = failed_rows(make, [])
    assert "are left" in failed["law-nothing-left"]
    assert "descriptors" in failed["law-nothing-left"]
    for sandbox in opened:
        sandbox.process.kill()
        sandbox.process.communicate()


def test_wrong_limits_are_caught() -> None:
    class Generous(DraftSandbox):
        def _execute(self, job: Job, limits: Limits) -> Execution:
            if job.entry == "hold":
                return super()._execute(job, limits)
            return self._told(Status.OUTPUT, stdout="x" * (limits.output_bytes + 1), peak_bytes=limits.memory_bytes * 4)

    failed = failed_rows(Generous, named_programs("flood-of-output"))
    assert "characters of output" in failed["flood-of-output"]
    assert "MiB of memory" in failed["flood-of-output"]


def test_rows_against_walls_that_a_tier_does_not_promise_are_not_run() -> None:
    asked: list[str] = []

    class Modest(DraftSandbox):
        tier = Tier.NONE

        def _execute(self, job: Job, limits: Limits) -> Execution:
            asked.append(job.source)
            return super()._execute(job, limits)

    programs = named_programs("kill", "fork-bomb", "fill-the-disk", "secret-file", "honest-calls")
    with pytest.raises(CheckFailed) as caught:  # by laws that it does not keep
        check_sandbox(Modest, programs=programs)
    outcomes = outcome_of(caught.value.report)
    assert [outcomes[program.name] for program in programs if program.name != "honest-calls"] == [
        Outcome.NOT_OFFERED
    ] * 4
    assert outcomes["honest-calls"] is Outcome.CONTAINED
    assert not {program.source for program in programs if not program.passes} & set(asked)


def test_random_programs_catch_a_naive_sandbox() -> None:
    with DraftSandbox() as sandbox:
        surprises = fuzz_sandbox(sandbox, seed=1, count=60)
    assert surprises
    assert all(isinstance(surprise, Surprise) for surprise in surprises)
    assert any("is wrong and was not scored so" in str(surprise) for surprise in surprises)
    assert all(surprise.program.source.splitlines()[-1].strip() in str(surprise) for surprise in surprises)


class TestOutside:
    """What is watched is seen."""

    def test_nothing_happened(self) -> None:
        with Outside() as outside:
            assert outside.evidence() == []
            assert outside.secret in os.environ["SANDBOXES_TESTING_SECRET"]
            assert outside.secret not in str(outside.targets)
        assert "SANDBOXES_TESTING_SECRET" not in os.environ
        assert not outside.folder.exists()

    def test_each_thing_is_told_once(self) -> None:
        with Outside() as outside:
            targets = outside.targets
            os.kill(targets["pid"], signal.SIGUSR1)
            os.setpriority(os.PRIO_PROCESS, targets["pid"], 3)
            Path(targets["open_folder"], "new").touch()
            Path(targets["secret_file"]).chmod(0o777)
            evidence: list[str] = []
            while not any("signals" in sentence for sentence in evidence):  # it takes the process a moment to note it
                evidence += outside.evidence()
                time.sleep(0.01)
            told = "\n".join(evidence)
            assert "open/new of the kit was changed" in told
            assert "secret.txt of the kit was changed" in told
            assert "a process of the kit was changed" in told
            assert outside.evidence() == []

    def test_a_victim_that_was_killed_is_replaced(self) -> None:
        with Outside() as outside:
            first = outside.targets["pid"]
            os.kill(first, signal.SIGKILL)
            while not (evidence := outside.evidence()):
                time.sleep(0.01)
            assert "was ended" in evidence[0]
            assert outside.targets["pid"] != first
            assert outside.evidence() == []

    def test_descendants_and_names(self) -> None:
        process = subprocess.Popen(["sleep", "60"])
        try:
            assert process.pid in descendants()
            assert process.pid in named("sleep")
        finally:
            process.kill()
            process.wait()
        assert process.pid not in descendants()
