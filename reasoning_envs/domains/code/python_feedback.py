"""What the environment answers to an agent that writes Python: runs, test reports, and the transcript they stand in."""

from __future__ import annotations

import ast

from reasoning_envs.domains.code.python_edits import FEEDBACK
from reasoning_envs.interfaces import MAX_LINE
from reasoning_envs.verifiers.python_judge import PythonJudge
from reasoning_envs.verifiers.python_tests import Tests

__all__ = ["asked", "ran", "shown", "tested"]

_FAILURES_SHOWN = 3


def asked(tests: Tests, what: str) -> dict[str, str]:
    """What ``run:`` asks for, as keywords of :meth:`PythonJudge.run`: an expression, or a whole program's input."""
    if tests.entry is not None:
        return {"expression": what}
    try:
        found = ast.literal_eval(what)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        found = what
    return {"stdin": found if isinstance(found, str) else what}


def ran(judge: PythonJudge, tests: Tests, program: str, what: str) -> str:
    """What a program prints and gives when it is run."""
    found = judge.run(program, **asked(tests, what))
    return found.broken or _quoted(found.text)


def tested(judge: PythonJudge, tests: Tests, program: str) -> str:
    """How many of the visible tests a program passes, some that it fails, and one traceback."""
    if not len(tests):
        return "there are no visible tests: run: shows what the program gives"
    report = judge.test(program, tests)
    if report.broken:
        return report.broken
    failures = report.failures
    lines = [f"{len(report.results) - len(failures)} of {len(report.results)} visible tests pass"]
    lines.extend(list(dict.fromkeys(failure.said for failure in failures))[:_FAILURES_SHOWN])
    raised = next((failure.raised for failure in failures if failure.raised), "")
    if raised:
        lines.append(_quoted(judge.run(program, expression=raised).text))
    return "\n".join(lines)


def shown(said: str, notes: str, limit: int) -> str:
    """An action with the environment's answer below it, the answer of ``limit`` characters at most."""
    told = "\n".join(_fitted([FEEDBACK + line for line in notes.split("\n")], limit, FEEDBACK))
    return "\n".join([*_fitted(said.split("\n"), MAX_LINE - len(told) - 1), told]) if said else told


def _quoted(text: str) -> str:
    """What a program says, told from what the environment says: it might print that its tests pass."""
    return "\n".join(f"| {line}" for line in text.splitlines())


def _fitted(lines: list[str], limit: int, mark: str = "") -> list[str]:
    """The lines, without those in the middle where they are too long: errors stand at the end.

    Nothing is cut so that a line could begin with what stood within one.
    """
    longest = max(60, limit // 2 - 30)
    lines = [line if len(line) <= longest else _shortened(line, longest) for line in lines]
    if sum(len(line) + 1 for line in lines) <= limit + 1:
        return lines
    room = limit - 40 - len(lines[0])
    begin, end, at_end = 1, len(lines), room // 2
    while begin < end and len(lines[end - 1]) < at_end:
        end -= 1
        at_end -= len(lines[end]) + 1
    at_start = room - room // 2 + at_end
    while begin < end and len(lines[begin]) < at_start:
        at_start -= len(lines[begin]) + 1
        begin += 1
    return [*lines[:begin], f"{mark}... {end - begin:,} lines left out ...", *lines[end:]]


def _shortened(line: str, limit: int) -> str:
    part = (limit - 40) // 2
    return f"{line[:part]} ... {len(line) - 2 * part:,} characters left out ... {line[len(line) - part :]}"
