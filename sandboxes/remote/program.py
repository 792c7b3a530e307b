"""Programs that answer calls on a service that only runs whole programs, and sessions with them.

What can be known about calls from that: the program is sent together with a few lines that call it and print each
answer between words of 32 random digits, drawn anew for every request. A program that prints what looks like an answer
does not know the digits and is not believed. A program that means harm can find them: it runs in the same process as
those lines. Then it can print any *plain value* in place of an answer, and it can know the arguments of later calls
before it answers earlier ones. What it cannot do is learn what is expected, for that is never sent, or say that it
passed: values are compared, and tests run, on this side. To pass it must still send the right values.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from sandboxes import values
from sandboxes.outcome import Over
from sandboxes.remote.client import Client, out_of_time
from sandboxes.remote.services import Report
from sandboxes.types import CallResult, Limits, Status
from sandboxes.values import load_value

__all__ = ["RemoteProgram"]

_KINDS = {"A": Status.OK, "E": Status.EXCEPTION, "N": Status.NOT_PLAIN, "L": Status.OUTPUT, "M": Status.MEMORY}
_CALLER = """
import builtins as _builtins, json as _json, os as _os, sys as _sys, types as _types

def _main():
    job = _json.loads({job!r})
    values = _types.ModuleType("values")
    exec(compile(job["values"], "values.py", "exec"), values.__dict__)
    word, out = job["word"], _os.dup(1)
    _os.dup2(2, 1)

    def say(kind, body=""):
        text = "\\n%s %s %s\\n" % (word, kind, body)
        data = text.encode("utf-8", "replace")
        while data:
            data = data[_os.write(out, data):]

    def describe(error):
        kind = type(error)
        is_its_own = getattr(_builtins, kind.__name__, kind) is not kind
        name = "%s.%s" % (kind.__module__, kind.__name__) if is_its_own else kind.__name__
        return _json.dumps(("%s: %s" % (name, error))[:2000])

    say("B")
    program = _types.ModuleType("solution")
    _sys.modules["solution"] = program
    try:
        exec(compile(job["source"], "solution.py", "exec"), program.__dict__)
        found = program
        for name in job["entry"].split("."):
            if not hasattr(found, name):
                raise NameError("the program defines no " + job["entry"])
            found = getattr(found() if isinstance(found, type) else found, name)
        if not callable(found):
            raise TypeError("%s is a %s and cannot be called" % (job["entry"], type(found).__name__))
    except MemoryError:
        return say("M")
    except Exception as error:
        return say("E", describe(error))
    say("R")
    for question in job["questions"]:
        args, kwargs = values.load_value(question.encode())
        try:
            value = found(*args, **kwargs)
        except MemoryError:
            return say("M")
        except Exception as error:
            say("E", describe(error))
            continue
        try:
            body = values.dump_value(value).decode()
        except (TypeError, ValueError, RecursionError) as error:
            say("N", describe(error))
            continue
        if len(body) > job["limit"]:
            return say("L")
        say("A", body)
    say("D")

_main()
"""


class RemoteProgram:
    """A program that is run from its start for every new question."""

    def __init__(self, client: Client, source: str, entry: str, limits: Limits) -> None:
        self._client = client
        self._source = source
        self._entry = entry
        self.limits = limits
        self.calls = 0
        self.stderr = ""
        self._asked: list[bytes] = []

    def ask(self, question: bytes) -> CallResult:
        """Make one call more; what came of it.

        Raises:
            Over: there was no answer.
        """
        self._asked.append(question)
        results, over = self.run(self._asked)
        if len(results) == len(self._asked) and (over is None or results[-1].status is not Status.OK):
            return results[-1]
        raise over or Over(Status.TAMPERED, "it answered fewer calls than were put to it")

    def run(self, questions: Sequence[bytes]) -> tuple[list[CallResult], Over | None]:
        """Run it and make these calls: the answers, and why there are no more."""
        word = secrets.token_hex(16)
        job = {
            "word": word,
            "values": _values_source(),
            "source": self._source,
            "entry": self._entry,
            "questions": [question.decode() for question in questions],
            "limit": self.limits.output_bytes,
        }
        self.calls = len(questions)
        try:
            # The answers share the output with nothing else, but there may be several.
            roomy = dataclasses.replace(
                self.limits, output_bytes=(self.limits.output_bytes + 4096) * (len(questions) + 1)
            )
            source = _CALLER.format(job=json.dumps(job))
            report = self._client.request(source, roomy, begin=f"{word} B", keeps_late=True)
        except Over as over:
            return [], over
        self.stderr = report.stderr.encode(errors="replace")[: self.limits.output_bytes].decode(errors="ignore")
        results, ended = self._read(report, word, len(questions))
        if report.timed_out and (ended is None or ended.status is Status.EXITED):
            ended = out_of_time(self.limits)
        return results, ended

    def _read(self, report: Report, word: str, asked: int) -> tuple[list[CallResult], Over | None]:
        # What stands behind the last end of a line was cut off where the time was up.
        lines = report.stdout.split("\n")[:-1]
        said = [line.split(" ", 2) for line in lines if line.startswith(f"{word} ")]
        results: list[CallResult] = []
        is_loaded = False
        del said[:1]  # that it began
        for number, (_, kind, body) in enumerate(part + [""] * (3 - len(part)) for part in said):
            if kind == "R" and number == 0:
                is_loaded = True
            elif kind == "D" and is_loaded and len(results) == asked and number == len(said) - 1:
                return results, None
            elif kind in _KINDS and len(results) < asked + (not is_loaded):
                result = _result(_KINDS[kind], body, self.limits)
                if not is_loaded or result.status in (Status.OUTPUT, Status.MEMORY, Status.TAMPERED):
                    return results, Over(result.status, result.error)
                results.append(result)
            else:
                return [], Over(Status.TAMPERED, "it printed answers that nobody asked for")
        return results, Over(Status.EXITED, "it ended while an answer was awaited")


def _result(status: Status, body: str, limits: Limits) -> CallResult:
    if status is Status.OUTPUT:
        return CallResult(status, error=f"an answer of more than {limits.output_bytes} bytes")
    if status is Status.MEMORY:
        return CallResult(status, error=f"more than {limits.memory_bytes} bytes of memory")
    try:
        if status is Status.OK:
            if len(body) > limits.output_bytes:
                return CallResult(Status.OUTPUT, error=f"an answer of more than {limits.output_bytes} bytes")
            return CallResult(status, load_value(body.encode()))
        error = json.loads(body[:20_000])
        return CallResult(status, error=error) if isinstance(error, str) else CallResult(Status.TAMPERED)
    except (ValueError, RecursionError) as wrong:
        return CallResult(Status.TAMPERED, error=f"its answer is not what the sandbox writes: {wrong}")


@functools.cache
def _values_source() -> str:
    return Path(values.__file__).read_text(encoding="utf-8")
