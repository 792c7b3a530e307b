"""Runs the table against a sandbox and judges what came of it."""

from __future__ import annotations

import contextlib
import functools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from pathlib import Path

from sandboxes.base import cores
from sandboxes.opening import open_sandbox
from sandboxes.protocol import Sandbox, Session
from sandboxes.testing.attacks import ATTACKS
from sandboxes.testing.honest import HONEST
from sandboxes.testing.laws import CLOSED_LAWS, LAWS, Law
from sandboxes.testing.outside import Outside, descendants, named
from sandboxes.testing.program import PARTIAL, REACHED, WALLS, Program, Wall
from sandboxes.testing.report import CheckFailed, Outcome, Report, Row
from sandboxes.types import Execution, Limits, Status, Tier
from sandboxes.values import same

__all__ = ["PROGRAMS", "check_sandbox"]

PROGRAMS: tuple[Program, ...] = (*HONEST, *ATTACKS)
"""The whole table."""

_PARALLEL = frozenset({Wall.VERDICT, Wall.TIME, Wall.MEMORY, Wall.OUTPUT})
"""Rows against these walls touch nothing that is watched, unless other walls leak: they are run side by side."""

_PATIENCE = 30.0
"""Seconds by which a job may outlast its limits before the kit gives up."""

_CPU_SLACK = 2.5
"""Seconds of CPU time beyond its limit that a program may have had."""

_NEIGHBOUR = "KEPT = {secret!r}\n\ndef hold(text):\n    return len(text)\n"


def check_sandbox(
    make_sandbox: Callable[[], Sandbox] | str,
    *,
    programs: Iterable[Program] = PROGRAMS,
    report: Callable[[Row], None] | None = None,
) -> Report:
    """Prove that a sandbox holds: hostile programs get nothing, honest ones pass, its methods keep their word.

    It is tried at the walls that its tier promises, see :data:`sandboxes.testing.WALLS`. While this runs, the
    environment of this process holds a secret, and a process of the kit's own waits to be attacked. Takes half a minute
    on two cores.

    The programs are bounded, so that a wall that is missing costs seconds and some hundred megabytes, and they aim at
    what belongs to the kit. But one of them kills its parent: try a sandbox that may be no more than a process in a
    process of its own.

    Args:
        make_sandbox: opens a new sandbox, which is closed here; or the name of a back end.
        programs: the rows; the whole table unless you want to look at a part of it.
        report: is given each row as soon as it has been judged.

    Returns:
        All rows, none of which FAILED.

    Raises:
        CheckFailed: an :class:`AssertionError` whose message names every failure; it carries the report.
    """
    rows: list[Row] = []

    def note(row: Row) -> None:
        rows.append(row)
        if report is not None:
            report(row)

    with Outside() as outside:
        before = _Traces()
        sandbox = open_sandbox(make_sandbox) if isinstance(make_sandbox, str) else make_sandbox()
        backend, tier = sandbox.backend, str(sandbox.tier)
        try:
            for row in _Kit(sandbox, outside).rows(list(programs)):
                note(row)
        finally:
            sandbox.close()
        for name, law in CLOSED_LAWS.items():
            note(_hold(name, _described(law), functools.partial(law, sandbox)))
        note(_row("law-nothing-left", "leaves no process and no descriptor behind", "", before.new(outside)))
    done = Report(backend, tier, tuple(rows))
    if done.failures:
        raise CheckFailed(done)
    return done


class _Kit:
    def __init__(self, sandbox: Sandbox, outside: Outside) -> None:
        self._sandbox = sandbox
        self._outside = outside
        self._walls = WALLS[Tier(sandbox.tier)]
        self._neighbour: Session | None = None

    def rows(self, programs: Sequence[Program]) -> Iterator[Row]:
        offered = [program for program in programs if program.wall in self._walls]
        for program in programs:
            if program.wall not in self._walls:
                yield Row(program.name, program.aim, Outcome.NOT_OFFERED, f"tier {self._sandbox.tier}")
        with contextlib.ExitStack() as stack:
            yield _hold("law-neighbour-begins", "a program can wait in a session", lambda: self._settle(stack))
            threads = stack.enter_context(ThreadPoolExecutor(max(4, cores())))
            waiting = [
                (program, threads.submit(self._execute, program))
                for program in offered
                if program.wall in _PARALLEL and not program.reports
            ]
            for program, future in waiting:
                yield self._judge(program, future)
            yield _row("law-outside", "nothing outside was reached by any of them", "", self._outside.evidence())
            for program in offered:
                if program.wall not in _PARALLEL or program.reports:
                    yield self._judge(program, threads.submit(self._execute, program), self._outside)
            yield _hold("law-neighbour", "one that waited beside all of them is unharmed", self._visit)
            yield _hold("law-afterwards", "honest programs still pass", lambda: self._repeat(offered))
            for name, law in LAWS.items():
                yield _hold(name, _described(law), functools.partial(law, self._sandbox))

    def _settle(self, stack: contextlib.ExitStack) -> Iterable[str]:
        """Another user's program, which waits in the same sandbox with secrets in its source and its arguments."""
        source = _NEIGHBOUR.format(secret=f"{self._outside.secret}-source")
        limits = Limits(wall_seconds=3600.0)
        self._neighbour = stack.enter_context(self._sandbox.session(source, entry="hold", limits=limits))
        return self._visit()

    def _visit(self) -> Iterable[str]:
        if self._neighbour is None:
            return ["it could not begin"]
        text = f"{self._outside.secret}-argument"
        answer = self._neighbour.call(text)
        return [] if answer.ok and same(answer.value, len(text)) else [f"it answers {answer}"]

    def _repeat(self, programs: Sequence[Program]) -> Iterator[str]:
        honest = [program for program in programs if program.passes]
        executions = self._sandbox.run_many([program.job({}) for program in honest])
        for program, execution in zip(honest, executions, strict=True):
            for sentence in self._verdict(program, execution):
                yield f"{program.name} {sentence}"

    def _execute(self, program: Program) -> list[Execution]:
        """What came of the program, and of those that look for what it left."""
        targets = self._outside.targets
        executions = [self._sandbox.run_job(program.job(targets))]
        if program.next is not None:
            for _ in range(3):
                executions.append(self._sandbox.run_job(program.job(targets, program.next)))
        return executions

    def _judge(self, program: Program, future: Future[list[Execution]], outside: Outside | None = None) -> Row:
        started = time.monotonic()
        patience = (program.limits.wall_seconds + _PATIENCE) * (4 if program.next else 1)
        try:
            error = future.exception(patience)
        except StillRunning:
            # Closing ends whatever still runs, so that this process can go on.
            self._sandbox.close()
            waited = time.monotonic() - started
            return _row(program.name, program.aim, "", [f"did not come back in {waited:.0f} s; closed the sandbox"])
        if error is not None:
            return _row(program.name, program.aim, "", [f"run_job() raised {type(error).__name__}: {error}"])
        executions = future.result()
        first = executions[0]
        if strange := [sentence for execution in executions for sentence in _strange(execution)]:
            return _row(program.name, program.aim, str(first.status), strange)
        evidence = [sentence for execution in executions for sentence in self._breaches(program, execution)]
        evidence += self._verdict(program, first)
        for later in executions[1:]:
            if not later.scored and later.status is not Status.REFUSED:
                evidence.append(f"the program after it came to {later.status}: {later.reason}")
        if outside is not None:
            evidence += outside.evidence()
            evidence += self._orphans(program)
        refused = first.status is Status.REFUSED
        return _row(program.name, program.aim, _ending(first), evidence, refused=refused)

    def _verdict(self, program: Program, execution: Execution) -> Iterator[str]:
        """What is wrong with how it was scored."""
        status = execution.status
        if status is Status.REFUSED:
            is_partial = self._sandbox.tier in PARTIAL
            if not (program.limits.files or (is_partial and (program.full_python or not program.passes))):
                yield f"refused, although nothing that it needs is missing: {execution.reason}"
            return
        if not status.scored:
            yield f"came to {status} and not to a verdict: {execution.reason}"
            return
        if program.reports:
            if status is Status.EXCEPTION and self._sandbox.tier not in PARTIAL:
                yield f"did not get as far as to try: {execution.reason}"
            return
        right = program.scored_right(execution)
        if right and not program.passes:
            yield "was scored as right"
        if program.passes and not right:
            yield f"is right and was not scored so: {_ending(execution)}; {_excerpt(repr(execution))}"
        if program.ends is not None and status not in program.ends and self._sandbox.tier not in PARTIAL:
            yield f"ended as {status} and not as {' or '.join(sorted(program.ends))}: {execution.reason}"

    def _breaches(self, program: Program, execution: Execution) -> Iterator[str]:
        """What must never be seen, of any program."""
        content = b"".join(execution.files.values()).decode("latin-1")
        text = json.dumps(execution.to_json()) + content
        found = text.find(self._outside.secret)
        if found >= 0:
            yield f"got hold of a secret: {_excerpt(text[max(0, found - 40) : found + 80])}"
        if len(execution.stdout) > program.limits.output_bytes or len(execution.stderr) > program.limits.output_bytes:
            yield f"sent {len(execution.stdout)} and {len(execution.stderr)} characters of output"
        if strange := sorted(set(execution.files) - set(program.fetch)):
            yield f"brought files that nobody asked for: {_excerpt(str(strange))}"
        if sum(map(len, execution.files.values())) > program.limits.file_bytes:
            yield "brought more bytes in files than it had room for"
        # Kernels count in whole seconds, and some back ends leave it to them.
        if self._sandbox.tier is not Tier.REMOTE and execution.cpu_seconds > program.limits.cpu_seconds + _CPU_SLACK:
            yield f"used {execution.cpu_seconds:.1f} s of CPU time"
        room = program.limits.memory_bytes + (128 << 20)
        if Wall.MEMORY in self._walls and execution.peak_bytes > room:
            yield f"held {execution.peak_bytes >> 20} MiB of memory"
        if program.reports and self._sandbox.backend not in program.usual_in:
            lines = [line for value in execution.values if isinstance(value, list) for line in value]
            yield from (str(line) for line in lines if str(line).startswith(REACHED))

    def _orphans(self, program: Program) -> Iterator[str]:
        if program.wall is not Wall.PROCESSES:
            return
        mark = str(self._outside.targets["mark"])
        # A process that has been killed needs a moment to be gone.
        for _ in range(20):
            left = named(mark)
            if not left:
                return
            time.sleep(0.05)
        yield f"left {len(left)} processes behind"


class _Traces:
    """Processes and descriptors of this process."""

    def __init__(self) -> None:
        self._processes = descendants()
        self._descriptors = _descriptors()

    def new(self, outside: Outside) -> Iterator[str]:
        """What is there now that was not there before, the victim of ``outside`` apart."""
        for _ in range(40):
            processes = descendants() - self._processes - {outside.targets["pid"]}
            descriptors = _descriptors() - self._descriptors
            if not (processes or descriptors > 0):
                return
            time.sleep(0.05)
        if processes:
            yield f"processes {sorted(processes)} are left"
        if descriptors > 0:
            yield f"{descriptors} descriptors are left open"


def _descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def _strange(execution: Execution) -> Iterator[str]:
    """What is no plain data in it: such an execution is not safe to look at."""
    try:
        execution.to_json()
    except (TypeError, ValueError) as error:
        yield f"a value came back that is no plain value: {error}"


def _hold(name: str, aim: str, breaches: Callable[[], Iterable[str]]) -> Row:
    """A row of what is yielded for each breach, or of what is raised."""
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(lambda: list(breaches()))
        error = future.exception()
    return _row(name, aim, "", future.result() if error is None else [f"raised {type(error).__name__}: {error}"])


def _described(law: Law) -> str:
    return " ".join((law.__doc__ or "").split())


def _row(name: str, aim: str, how: str, evidence: Iterable[str], *, refused: bool = False) -> Row:
    sentences = tuple(evidence)
    outcome = Outcome.FAILED if sentences else Outcome.REFUSED if refused else Outcome.CONTAINED
    return Row(name, aim, outcome, how, sentences)


def _ending(execution: Execution) -> str:
    """How it ended, in one line."""
    values = [value for value in execution.values[:1] if isinstance(value, list)]
    told = [str(line) for value in values for line in value[:3]]
    return _excerpt("; ".join([str(execution.status), *([execution.reason] if execution.reason else []), *told]))


def _excerpt(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]}…"
