"""One program in one interpreter of Monty: load it, call it, say how it ended."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import secrets
from collections.abc import Iterator
from typing import Any

from sandboxes.monty.guard import PEEKING, externals, guard, guard_code, guard_name, imports_more
from sandboxes.monty.interpreter import Interpreter, Lost
from sandboxes.monty.laziness import Laziness, laziness
from sandboxes.monty.protobuf import Malformed
from sandboxes.monty.refusals import differs, explain, is_refusal
from sandboxes.monty.values import NotPlain, TooLarge
from sandboxes.monty.wire import (
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
from sandboxes.types import Call, CallResult, Limits, Status
from sandboxes.values import dump_value

__all__ = ["Run"]

_MESSAGE = 2000
_QUICKLY_FORGOTTEN = 0.005
"""Seconds; what took longer may have left more memory to tidy up than the next program should pay for."""

_configure = functools.lru_cache(64)(configure)

_FAILURES = frozenset({Status.EXCEPTION, Status.TIMEOUT, Status.MEMORY})
_LIMIT = re.compile(r"(?:feed|turn) time limit exceeded: .*")


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
        self._name = guard_name(os.getpid())
        self._denied: set[str] = set()
        self._lines = 0
        self._object = ""
        self._is_peeking = False
        self._is_guarded = True
        self._is_trusted = False
        self._laziness = Laziness.NONE
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
        self._is_peeking = PEEKING.search(source) is not None
        # Without a first call it is the guard that tells whether there is something to be called.
        self._is_guarded = first is None or self._is_peeking or imports_more(source)
        called = f"{self._name}_callable({head})" if self._is_guarded else head
        # After an empty line nothing that the program ends with can swallow what follows.
        code += f"\n\n{self._name}_object = {head}()" if method else f"\n\n{called}"
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
            values, functions = externals(name)
            # Nothing of the program runs between the end of the call and that of the check.
            answer = f"{name}_value = {self._object}(*{name}_args, **{name}_kwargs)\n"
            code = f"{answer}{guard_code(name)}{name}_check({name}_value, {self.limits.output_bytes // 2})"
            self._send(feed(code, {**self._inputs(name, call), **values}, functions))
        else:
            self._send(feed(self._question(self._name), self._inputs(self._name, call)))
        return self._result(self._listen())

    def run(self, source: str, stdin: str) -> int:
        """Run a whole program; its exit code.

        Raises:
            Over: it ended in another way.
        """
        self._is_guarded = False  # what leaves it is text
        lines = (line.removesuffix("\n") for line in io.StringIO(stdin, newline="\n"))
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
        self._is_trusted = True
        self._begin(feed(self._open(code)))
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

    def finish(self, used: float) -> None:
        """Forget the program: now, or together with the beginning of the next one, which spares a turn.

        Args:
            used: its CPU seconds.
        """
        if not self.is_reusable:
            self._interpreter.kill()
        elif used < _QUICKLY_FORGOTTEN:
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
                raise Over(Status.INFRASTRUCTURE, f"the interpreter refused its settings: {explain(event)}")

    def _open(self, source: str) -> str:
        try:
            source.encode()
        except UnicodeEncodeError:
            raise Over(Status.EXCEPTION, "SyntaxError: the program is no Unicode text") from None
        if reason := differs(source):
            raise Over(Status.REFUSED, f"Monty cannot run this: {reason}")
        self._laziness = laziness(source)
        if self._laziness is Laziness.SHOWS:
            raise Over(Status.REFUSED, "Monty cannot run this: it makes a list of what is an iterator in Python")
        return source

    def _send_code(self, code: str, inputs: dict[str, Any] | None) -> None:
        if not self._is_guarded:
            self._begin(feed(code, inputs))
            return
        self._begin(guard(self._name), feed(code, inputs))
        if self._receive().kind is not EventKind.COMPLETE:
            self.is_reusable = False
            raise Over(Status.INFRASTRUCTURE, "the interpreter could not run the sandbox's own code")

    def _inputs(self, name: str, call: Call) -> dict[str, Any]:
        return {f"{name}_args": list(call[0]), f"{name}_kwargs": dict(call[1])}

    def _question(self, name: str) -> str:
        call = f"{self._object}(*{name}_args, **{name}_kwargs)"
        return f"{name}_check({call}, {self.limits.output_bytes // 2})" if self._is_guarded else call

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
        value = answer
        if self._is_guarded:
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
        status, text = self._judge(event)
        is_verdict = self._is_trusted and event.exception == "AssertionError"
        return self._doubted(status, text) if not is_verdict else (status, text)

    def _doubted(self, status: Status, text: str) -> tuple[Status, str]:
        """A failure is none where Python may have stopped before it."""
        if self._laziness is Laziness.STOPS and status in _FAILURES:
            return Status.REFUSED, f"Monty cannot run this: it computes what Python may never ask for, and then: {text}"
        return status, text

    def _judge(self, event: Event) -> tuple[Status, str]:
        text = explain(event)
        if event.exception == "TimeoutError" and _LIMIT.fullmatch(event.message):
            # A program may say so, too, and gains nothing by it. Monty promises nothing about a stopped session.
            self.is_reusable = False
            return Status.TIMEOUT, text
        if event.exception == "MemoryError":
            self.is_reusable = False
            return Status.MEMORY, f"more than {self.limits.memory_bytes} bytes of memory"
        if event.exception == "SystemExit":
            return Status.EXITED, "it ended while an answer was awaited"
        if is_refusal(event, self._denied):
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
        return Over(*self._doubted(lost.status, lost.reason))


def _denial(event: Event) -> bytes:
    """The answer to a wish that nobody grants: no such name, function, module or system."""
    if event.kind is EventKind.NAME_LOOKUP:
        return resume_lookup(None)
    if event.kind is EventKind.OS_CALL and not event.name:
        return resume_not_handled(event.call_id)
    return resume_not_found(event.call_id, event.name)
