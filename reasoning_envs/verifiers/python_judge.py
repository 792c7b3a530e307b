"""Python that anybody wrote, judged by tests in a sandbox: how tests are run, and what they come to.

Nothing of a program is ever imported or evaluated here. Calls are made in the sandbox and their values compared in
this process; assertions run in a process of their own, which the program cannot see. What a program is expected to
give never reaches its memory.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from reasoning_envs.types import Status, Verdict
from reasoning_envs.verifiers.python_tests import Ran, Report, Result, Tests, arguments_of, literal
from reasoning_envs.verifiers.shared_sandbox import shared_sandbox

if TYPE_CHECKING:
    from sandboxes import CallResult, Execution, Job, Sandbox

__all__ = ["PythonJudge", "shared_judge"]

_KEPT = 1024
_SHOWN = 200
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # other ones in every run: an episode could not be replayed


class _Value(NamedTuple):
    ok: bool
    value: Any
    error: str
    broken: str = ""


_Found = TypeVar("_Found", Report, Ran, _Value)


class PythonJudge:
    """Runs programs in the sandbox of this process, :func:`~reasoning_envs.verifiers.shared_sandbox.shared_sandbox`.

    Args:
        backend: name of a sandbox, see :func:`sandboxes.open_sandbox`.
        minimum_tier: the weakest that will do.
        cpu_seconds: of a run: all calls together, or one whole program.

    Raises:
        ValueError: no such sandbox or tier.
        sandboxes.SandboxUnavailable: it cannot be had here, or only a weaker one; the message says which tier is here
            and how to get a better one.
    """

    def __init__(self, backend: str = "auto", minimum_tier: str = "landlock", cpu_seconds: float = 2.0) -> None:
        from sandboxes import Limits

        self._limits = Limits(cpu_seconds=cpu_seconds, wall_seconds=5 * cpu_seconds, output_bytes=64 << 10)
        self._where = backend, minimum_tier
        shared_sandbox(backend, minimum_tier)
        self._known: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    @property
    def sandbox(self) -> Sandbox:
        """In which programs are run."""
        return shared_sandbox(*self._where)

    def test(self, program: str, tests: Tests) -> Report:
        """Run a program on tests."""
        key = ("test", program, tests)
        found: Report | None = self._known.get(key)
        return self._keep(key, self._test(program, tests)) if found is None else found

    def test_both(self, program: str, visible: Tests, hidden: Tests) -> tuple[Report, Report]:
        """Run a program on the visible and on the hidden tests: in one run, and each once, where both are calls."""
        keys = ("test", program, visible), ("test", program, hidden)
        alike = visible.entry == hidden.entry and visible.exact == hidden.exact and visible.calls and hidden.calls
        simple = not any((visible.source, hidden.source, visible.streams, hidden.streams))
        if not (alike and simple) or any(key in self._known for key in keys):
            return self.test(program, visible), self.test(program, hidden)
        calls = tuple(dict.fromkeys(visible.calls + hidden.calls))
        report = self._test(program, Tests(visible.entry, calls, visible.exact))
        results = dict(zip(calls, report.results, strict=False))  # none where the sandbox failed
        parts = [
            Report(tuple(results[call] for call in tests.calls if results), report.broken)
            for tests in (visible, hidden)
        ]
        return self._keep(keys[0], parts[0]), self._keep(keys[1], parts[1])

    def run(self, program: str, *, expression: str = "", stdin: str = "") -> Ran:
        """Run a program, then an expression: what was printed, the value, and the traceback.

        Args:
            program: any text.
            expression: Python, of one line; empty for none.
            stdin: standard input.
        """
        source = program
        if expression:
            shown = f"(lambda value: None if value is None else print(repr(value)))(({expression}\n))"
            source = f"{program.rstrip()}\n\n{shown}\n"
        return self._ran(program, source, stdin)

    def value(self, program: str, entry: str, arguments: str, item: str | None = None) -> Any | Verdict:
        """What a function gives; or a verdict where it gives none.

        Args:
            program: any text.
            entry: name of the function.
            arguments: as literals, ``"[1, 2], 3"``.
            item: of the dict that it gives, this item.

        Returns:
            A plain value; or a verdict: REFUTED where there is no value, ERROR where the sandbox failed.
        """
        from sandboxes import Job

        key = ("value", program, entry, arguments, item)
        found: _Value | None = self._known.get(key)
        if found is None:
            calls: list[Any] = [(arguments_of(arguments), {})]
            wanted = entry
            if item is not None:
                # The child picks the item: others of its variables may be no plain values.
                program = f"{program}\ndef one_item(*args): return {entry}(*args)[{item!r}]\n"
                wanted = "one_item"
            executions = self._execute([Job(program, entry=wanted, calls=calls, limits=self._limits)])
            if isinstance(executions, str):
                return Verdict(Status.ERROR, None, executions, "sandbox")
            result = executions[0].results[0]
            found = self._keep(key, _Value(result.ok, result.value, result.error or executions[0].reason))
        if found.ok:
            return found.value
        return Verdict(
            Status.REFUTED, None, f"{entry}({_cut(arguments)}) gives no value: {_cut(found.error)}", "sandbox"
        )

    # -- inside ---------------------------------------------------------------------------------------------------

    def _keep(self, key: tuple[Any, ...], found: _Found) -> _Found:
        if not found.broken:
            self._known[key] = found
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found

    def _ran(self, program: str, source: str, stdin: str) -> Ran:
        from sandboxes import Job

        key = ("run", source, stdin)
        found: Ran | None = self._known.get(key)
        if found is not None:
            return found
        executions = self._execute([Job(source, stdin=stdin, limits=self._limits)])
        if isinstance(executions, str):
            return Ran("", executions)
        execution = executions[0]
        parts = [execution.stdout.rstrip("\n"), _with_source(execution.stderr.rstrip("\n"), program)]
        if not execution.ok and not execution.stderr:
            parts.append(execution.reason)
        text = _ADDRESS.sub(" at 0x...", "\n".join(part for part in parts if part))
        return self._keep(key, Ran(text or "(nothing was printed)"))

    def _test(self, program: str, tests: Tests) -> Report:
        from sandboxes import Job

        jobs = []
        if tests.calls:
            calls: list[Any] = [(arguments_of(arguments), {}) for arguments, _ in tests.calls]
            jobs.append(Job(program, entry=tests.entry, calls=calls, limits=self._limits))
        if tests.source.strip():
            asserts = tests.source
            jobs.append(Job(program, entry=tests.entry, tests=asserts, prelude=tests.prelude, limits=self._limits))
        jobs.extend(Job(program, stdin=stdin, limits=self._limits) for stdin, _ in tests.streams)
        if not jobs:
            return Report()
        executions = self._execute(jobs)
        if isinstance(executions, str):
            return Report(broken=executions)
        results: list[Result] = []
        left = iter(executions)
        if tests.calls:
            results.extend(_call_results(next(left), tests))
        if tests.source.strip():
            execution = next(left)
            results.append(Result("" if execution.ok else _assertion(execution.reason, tests.source)))
        results.extend(_stream_result(each, *pair) for each, pair in zip(left, tests.streams, strict=True))
        return Report(tuple(results))

    def _execute(self, jobs: Sequence[Job]) -> list[Execution] | str:
        """What came of the jobs; or why nobody can tell."""
        from sandboxes import SandboxError

        try:
            executions = [self.sandbox.run_job(jobs[0])] if len(jobs) == 1 else self.sandbox.run_many(jobs)
        except (SandboxError, ValueError) as error:  # ValueError: calls that are too large to be sent
            return f"the sandbox failed: {error}"
        for execution in executions:
            if not execution.status.scored:
                return f"the sandbox could not judge it: {execution.reason}"
        return executions


@lru_cache(maxsize=16)
def shared_judge(backend: str = "auto", minimum_tier: str = "landlock", cpu_seconds: float = 2.0) -> PythonJudge:
    """The one judge of this process with these settings, so that environments share what has been found out.

    Raises:
        ValueError, sandboxes.SandboxUnavailable: see :class:`PythonJudge`.
    """
    return PythonJudge(backend, minimum_tier, cpu_seconds)


def _call_results(execution: Execution, tests: Tests) -> list[Result]:
    if not execution.results or all(result.status == "not_run" for result in execution.results):
        return [Result(f"the program does not run: {_cut(execution.reason)}")] * len(tests.calls)
    return [_call_result(*each, tests) for each in zip(execution.results, tests.calls, strict=True)]


def _call_result(result: CallResult, pair: tuple[str, str], tests: Tests) -> Result:
    from sandboxes import same

    call = f"{tests.entry}({pair[0]})"
    if result.ok:
        wanted = literal(pair[1])
        # Values from the sandbox are of built-in types alone: nothing of the program runs when they are compared.
        if same(result.value, wanted) or (not tests.exact and result.value == wanted):
            return Result()
        return Result(f"{_cut(call)} gives {_cut(repr(result.value))}, not {_cut(pair[1])}")
    if result.status == "exception":
        return Result(f"{_cut(call)} raises {_cut(result.error)}", call)
    if result.status == "not_run":
        return Result(f"{_cut(call)} was not run: the program had ended")
    return Result(f"{_cut(call)} gives no answer: {_cut(result.error)}")


def _stream_result(execution: Execution, stdin: str, stdout: str) -> Result:
    shown = f"on the input {_cut(repr(stdin))}"
    if not execution.ok:
        last = (execution.stderr.strip().splitlines() or [execution.reason])[-1]
        return Result(f"{shown} it fails: {_cut(last)}")
    if _lines(execution.stdout) == _lines(stdout):
        return Result()
    return Result(f"{shown} it prints {_cut(repr(execution.stdout))}, not {_cut(repr(stdout))}")


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _assertion(reason: str, source: str) -> str:
    """The reason, with the assertion in place of its line's number."""
    head, found, number = reason.rpartition(" (line ")
    digits = number.removesuffix(" of the tests)")
    lines = source.splitlines()
    if found and digits.isdigit() and 1 <= int(digits) <= len(lines):
        return f"{_cut(lines[int(digits) - 1].strip())} fails: {_cut(head.strip().removesuffix(':'))}"
    return _cut(reason)


def _with_source(traceback: str, program: str) -> str:
    """A traceback with the lines of the program under their numbers."""
    lines = program.splitlines()
    told = []
    for line in traceback.splitlines():
        told.append(line)
        head, found, rest = line.partition('File "main.py", line ')
        number = rest.partition(",")[0]
        if found and not head.strip() and number.isdigit() and 1 <= int(number) <= len(lines):
            told.append(f"    {lines[int(number) - 1].strip()}")
    return "\n".join(told)


def _cut(text: str) -> str:
    """On one line: a program may raise an error that reads as if its tests had passed."""
    text = " ".join(_ADDRESS.sub(" at 0x...", text).splitlines())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
