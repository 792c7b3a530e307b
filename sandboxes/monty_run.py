"""One program in one interpreter of Monty: load it, call it, say how it ended."""

from __future__ import annotations

import builtins
import contextlib
import functools
import os
import re
import secrets
import sys
from collections.abc import Iterator
from typing import Any

from sandboxes.monty_process import Interpreter, Lost
from sandboxes.monty_values import NotPlain, TooLarge
from sandboxes.monty_wire import (
    RESET,
    Event,
    EventKind,
    configure,
    feed,
    resume_lookup,
    resume_not_found,
    resume_not_handled,
    resume_with,
)
from sandboxes.outcome import Over
from sandboxes.protobuf import Malformed
from sandboxes.types import IMAGES, Call, CallResult, Limits, Status
from sandboxes.values import dump_value

__all__ = ["Run"]

_MESSAGE = 2000
_QUICKLY_FORGOTTEN = 0.005
"""Seconds; what took longer may have left more memory to tidy up than the next program should pay for."""

_GUARD = """
{n}_dict, {n}_many = {n}_type({{}}), ({n}_type([]), {n}_type(()), {n}_type({{1}}), {n}_type({n}_frozen))
{n}_one = ({n}_type(None), {n}_type(True), {n}_type(1), {n}_type(1.0), {n}_type(""), {n}_type(b""))
def {n}_callable(value):
    kind = {n}_type(value)
    if kind in {n}_one or kind in {n}_many or kind is {n}_dict:
        raise TypeError(f"the entry is a {{kind}} and cannot be called")
def {n}_check(value, most):
    todo, seen = [value], 0
    while todo:
        item = todo.pop()
        kind = {n}_type(item)
        if kind in {n}_one or kind is {n}_complex:
            continue
        if kind in {n}_many:
            seen += {n}_len(item) + 1
            if seen > most:
                return (None, None)
            todo.extend(item)
        elif kind is {n}_dict:
            seen += 2 * {n}_len(item) + 1
            if seen > most:
                return (None, None)
            todo.extend(item.items())
        else:
            return (False, f"{{kind}} is no plain value")
    return (True, value)
"""
"""Monty's protocol writes a deque as a list and a Counter as a dict: only inside can they be told apart.

It stands on two built-in functions and two values that come from outside, so that it holds whatever a program has put
in the place of others. It counts parts as well, so that nothing is sent that would be too large. Its names are random.
"""

_PEEKING = re.compile(r"locals|eval|exec|[^\x00-\x7f]")
"""Without one of these a program cannot find the guard's names; identifiers that are no ASCII may stand for others.

At the top level ``locals()`` shows them. A program that may have looked gets new names for every call, in a snippet of
their own: in a call nothing shows names that came after the program was loaded.
"""


@functools.cache
def _name(process: int) -> str:
    """Of what the sandbox adds to a program. A forked child draws its own."""
    return f"_{secrets.token_hex(8)}_{process}"


@functools.cache
def _guard(name: str) -> bytes:
    return feed(_guard_code(name), *_externals(name))


def _guard_code(name: str) -> str:
    return _GUARD.format(n=name) + f"{name}_complex = {name}_type({name}_imaginary)\n"


def _externals(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    values = {f"{name}_frozen": frozenset(), f"{name}_imaginary": 1j}
    return values, {f"{name}_type": "type", f"{name}_len": "len"}


_configure = functools.lru_cache(64)(configure)

_LIMIT = re.compile(r"(?:feed|turn) time limit exceeded: .*")
_RAISE = re.compile(r"\braise\b")
_MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")
_MISSING_MEMBER = re.compile(r"module '([\w.]+)' has no attribute '\w+'|cannot import name '\w+' from '([\w.]+)'.*")
_MISSING_METHOD = re.compile(r"(?:type object )?'(\w+)' (?:object )?has no attribute '(\w+)'")
_MISSING_NAME = re.compile(r"name '(\w+)' is not defined")
_OTHER_REFUSALS = re.compile(
    r"(?:The monty syntax parser does not yet support |Internal error in monty: )"
    r"|'[\w.]+' is not supported in this environment"
)
_BUILTIN_TYPES = {name: kind for name, kind in vars(builtins).items() if isinstance(kind, type)}


def _explain(event: Event) -> str:
    """The exception of an ERROR event as text: type, colon, message."""
    return f"{event.exception}: {event.message}"[:_MESSAGE]


def _is_refusal(event: Event, denied: set[str]) -> bool:
    """Whether this exception came of something that Python has and Monty has not.

    Args:
        event: of kind ERROR.
        denied: names and modules that the interpreter asked for in the program's name, and was denied.
    """
    text = event.message
    if _RAISE.search(event.preview):
        return False  # the program's own words
    if found := _MISSING_MODULE.fullmatch(text):
        first = found[1].partition(".")[0]
        is_known = first in sys.stdlib_module_names or any(first in modules for modules in IMAGES.values())
        return is_known and found[1] in denied
    if found := _MISSING_MEMBER.fullmatch(text):
        return (found[1] or found[2]).partition(".")[0] in sys.stdlib_module_names
    if found := _MISSING_METHOD.fullmatch(text):
        return found[1] in _BUILTIN_TYPES and hasattr(_BUILTIN_TYPES[found[1]], found[2])
    if found := _MISSING_NAME.fullmatch(text):
        return hasattr(builtins, found[1]) and found[1] in denied
    return bool(_OTHER_REFUSALS.match(text))


class Run:
    """A program, from its start to its end, in an interpreter that forgets it afterwards.

    Args:
        interpreter: idle; left idle again unless it was killed.
        limits: for everything that the program does.
    """

    def __init__(self, interpreter: Interpreter, limits: Limits) -> None:
        self._interpreter = interpreter
        self.limits = limits
        self.calls = 0
        self.is_reusable = True
        """Whether the interpreter may run another program afterwards."""
        self._printed: tuple[list[str], list[str]] = ([], [])
        self._printed_bytes = [0, 0]
        self._name = _name(os.getpid())
        self._denied: set[str] = set()
        self._lines = 0
        self._object = ""
        self._is_peeking = False
        interpreter.begin(limits)

    @property
    def stdout(self) -> str:
        """What the program has printed, cut at the limit."""
        return self._cut(0)

    @property
    def stderr(self) -> str:
        """Likewise, to standard error."""
        return self._cut(1)

    def _cut(self, stream: int) -> str:
        text = "".join(self._printed[stream])
        if self._printed_bytes[stream] <= self.limits.output_bytes:
            return text
        return text.encode()[: self.limits.output_bytes].decode(errors="ignore")

    def renew_wall_clock(self) -> None:
        """Begin to count the wall-clock time anew, as sessions do for each call."""
        self._interpreter.renew_deadline()

    def load(self, source: str, entry: str, first: Call | None) -> CallResult | None:
        """Run the program and, where it cannot do harm, make its first call in the same breath; None without one.

        Raises:
            Over: it cannot be loaded, or has ended.
        """
        head, _, method = entry.partition(".")
        self._object = f"{self._name}_object.{method}" if method else head
        code = self._open(source)
        self._is_peeking = _PEEKING.search(source) is not None
        # After an empty line nothing that the program ends with can swallow what follows.
        code += f"\n\n{self._name}_object = {head}()" if method else f"\n\n{self._name}_callable({head})"
        self._lines = code.count("\n") + 1
        if first is None or self._is_peeking:
            self._send_code(code, None)
            self._check_loaded(self._listen())
            return None if first is None else self.ask(first)
        self.calls += 1
        self._send_code(f"{code}\n{self._question(self._name)}", self._inputs(self._name, first))
        event = self._listen()
        if event.kind is EventKind.ERROR and event.line <= self._lines:
            # What cannot be compiled fails without a line, or at one of its own.
            self.calls = 0
            self._check_loaded(event)
        return self._result(event)

    def _check_loaded(self, event: Event) -> None:
        if event.kind is EventKind.ERROR:
            status, text = self.judge(event)
            raise Over(status, text)

    def ask(self, call: Call) -> CallResult:
        """Make one call.

        Raises:
            Over: there was no answer, and the program has ended.
        """
        self.calls += 1
        if not self._interpreter.is_silent():
            raise self._tampered("it spoke before it was asked")
        if self._is_peeking:
            name = f"_{secrets.token_hex(8)}"
            values, functions = _externals(name)
            # Nothing of the program runs between the end of the call and that of the check.
            answer = f"{name}_value = {self._object}(*{name}_args, **{name}_kwargs)\n"
            code = f"{answer}{_guard_code(name)}{name}_check({name}_value, {self.limits.output_bytes // 2})"
            self._send(feed(code, {**self._inputs(name, call), **values}, functions))
        else:
            self._send(feed(self._question(self._name), self._inputs(self._name, call)))
        return self._result(self._listen())

    def run(self, source: str, stdin: str) -> int:
        """Run a whole program; its exit code.

        Raises:
            Over: it ended in another way.
        """
        lines: Iterator[str] = iter(stdin.splitlines())
        self._send_code(self._open(source), None)
        event = self._listen(lines)
        if event.kind is EventKind.COMPLETE:
            return 0
        if event.exception == "SystemExit":
            return 0 if event.message in ("", "None", "0") else 1
        status, text = self.judge(event)
        if status is Status.EXCEPTION:
            self._print(1, text + "\n")
        raise Over(status, text)

    def run_tests(self, code: str) -> Iterator[Event]:
        """Run trusted tests: yield what they call; whoever iterates answers by :meth:`answer`.

        The last event is COMPLETE or ERROR.

        Raises:
            Over: they ended in another way.
        """
        self._begin(feed(code))
        while True:
            event = self._hear()
            yield event
            if event.kind in (EventKind.COMPLETE, EventKind.ERROR):
                return

    def answer(self, message: bytes) -> None:
        """To tests: what they asked for, as a request of the protocol.

        Raises:
            Over: they are gone.
        """
        self._send(message)

    def finish(self) -> None:
        """Forget the program: now, or together with the beginning of the next one, which spares a turn."""
        if not self.is_reusable:
            self._interpreter.kill()
        elif self._interpreter.cpu_seconds() < _QUICKLY_FORGOTTEN:
            self._interpreter.needs_reset = True
        else:
            with contextlib.suppress(Lost):
                self._interpreter.send(RESET)
                self.is_reusable = self._interpreter.receive().kind is EventKind.OK
                return
            self.is_reusable = False

    def _begin(self, *feeds: bytes) -> None:
        limits, interpreter = self.limits, self._interpreter
        # Monty's clock is the wall's. Where the kernel tells CPU time, that is what decides.
        seconds = limits.wall_seconds if interpreter.is_timed else min(limits.cpu_seconds, limits.wall_seconds)
        resets = [RESET] if interpreter.needs_reset else []
        interpreter.needs_reset = False
        self._send(*resets, _configure(limits.memory_bytes, seconds), *feeds)
        for _ in (*resets, ""):
            if (event := self._receive()).kind is not EventKind.OK:
                self.is_reusable = False
                raise Over(Status.INFRASTRUCTURE, f"the interpreter refused its settings: {_explain(event)}")

    def _open(self, source: str) -> str:
        try:
            source.encode()
        except UnicodeEncodeError:
            raise Over(Status.EXCEPTION, "SyntaxError: the program is no Unicode text") from None
        return source

    def _send_code(self, code: str, inputs: dict[str, Any] | None) -> None:
        self._begin(_guard(self._name), feed(code, inputs))
        if self._receive().kind is not EventKind.COMPLETE:
            self.is_reusable = False
            raise Over(Status.INFRASTRUCTURE, "the interpreter could not run the sandbox's own code")

    def _inputs(self, name: str, call: Call) -> dict[str, Any]:
        return {f"{name}_args": list(call[0]), f"{name}_kwargs": dict(call[1])}

    def _question(self, name: str) -> str:
        return f"{name}_check({self._object}(*{name}_args, **{name}_kwargs), {self.limits.output_bytes // 2})"

    def _result(self, event: Event) -> CallResult:
        if event.kind is EventKind.ERROR:
            status, text = self.judge(event)
            if status is not Status.EXCEPTION:
                raise Over(status, text)
            return CallResult(status, error=text)
        try:
            answer = event.value(self.limits.output_bytes)
        except Malformed as error:
            raise self._tampered(f"its answer is no value: {error}") from None
        except TooLarge:
            raise self._too_large() from None
        except NotPlain as error:
            return CallResult(Status.NOT_PLAIN, error=str(error))
        if answer == (None, None):
            raise self._too_large()
        if type(answer) is not tuple or len(answer) != 2 or type(answer[0]) is not bool:
            raise self._tampered("its answer is not what the sandbox asks for")
        is_plain, value = answer
        if not is_plain:
            return CallResult(Status.NOT_PLAIN, error=str(value)[:_MESSAGE])
        # An answer of few bytes can stand for a large value, and hardly any value is 32 times as long as text.
        if event.size * 32 > self.limits.output_bytes and len(dump_value(value)) > self.limits.output_bytes:
            raise self._too_large()
        return CallResult(Status.OK, value)

    def _too_large(self) -> Over:
        return Over(Status.OUTPUT, f"an answer of more than {self.limits.output_bytes} bytes")

    def _tampered(self, reason: str) -> Over:
        self.is_reusable = False
        return Over(Status.TAMPERED, reason)

    def deny(self, event: Event) -> None:
        """Answer a wish that nobody grants.

        Raises:
            Over: it is gone.
        """
        self._denied.add(event.name)
        self._send(_denial(event))

    def judge(self, event: Event) -> tuple[Status, str]:
        """What an ERROR event means: EXCEPTION, TIMEOUT, MEMORY, EXITED or REFUSED, and why."""
        text = _explain(event)
        if event.exception == "TimeoutError" and _LIMIT.fullmatch(event.message):
            # A program may say so, too, and gains nothing by it. Monty promises nothing about a stopped session.
            self.is_reusable = False
            return Status.TIMEOUT, text
        if event.exception == "MemoryError":
            self.is_reusable = False
            return Status.MEMORY, f"more than {self.limits.memory_bytes} bytes of memory"
        if event.exception == "SystemExit":
            return Status.EXITED, "it ended while an answer was awaited"
        if _is_refusal(event, self._denied):
            return Status.REFUSED, f"Monty cannot run this: {text}"
        return Status.EXCEPTION, text

    def _listen(self, stdin: Iterator[str] = iter(())) -> Event:  # noqa: B008 (empty for ever)
        """The next COMPLETE or ERROR; whatever the program wishes from the system on the way is denied."""
        while True:
            event = self._hear()
            if event.kind in (EventKind.COMPLETE, EventKind.ERROR):
                return event
            if event.kind is EventKind.FUNCTION_CALL and event.name == "input":
                self._answer_input(event, stdin)
            else:
                self.deny(event)

    def _answer_input(self, event: Event, stdin: Iterator[str]) -> None:
        try:
            args, _ = event.arguments()
        except (Malformed, NotPlain):
            args = []
        self._print(0, "".join(str(prompt) for prompt in args))
        line = next(stdin, None)
        if line is None:
            self.is_reusable = False
            raise Over(Status.REFUSED, "Monty cannot run this: it reads beyond its input, and Monty has no EOFError")
        self._send(resume_with(event.call_id, line))

    def _hear(self) -> Event:
        while (event := self._receive()).kind is EventKind.PRINT:
            for is_error, text in event.segments:
                self._print(int(is_error), text)
        return event

    def _print(self, stream: int, text: str) -> None:
        self._printed[stream].append(text)
        self._printed_bytes[stream] += len(text.encode())
        if self._printed_bytes[stream] > self.limits.output_bytes:
            self.is_reusable = False
            raise Over(Status.OUTPUT, f"it wrote more than {self.limits.output_bytes} bytes")

    def _send(self, *messages: bytes) -> None:
        try:
            self._interpreter.send(*messages)
        except Lost as lost:
            raise self._over(lost) from None

    def _receive(self) -> Event:
        try:
            return self._interpreter.receive()
        except Lost as lost:
            raise self._over(lost) from None

    def _over(self, lost: Lost) -> Over:
        self.is_reusable = False
        return Over(lost.status, lost.reason)


def _denial(event: Event) -> bytes:
    """The answer to a wish that nobody grants: no such name, function, module or system."""
    if event.kind is EventKind.NAME_LOOKUP:
        return resume_lookup(None)
    if event.kind is EventKind.OS_CALL and not event.name:
        return resume_not_handled(event.call_id)
    return resume_not_found(event.call_id, event.name)
