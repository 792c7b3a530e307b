"""A command that is talked to: it is given a job, answers calls, or, where it runs tests, asks them."""

from __future__ import annotations

import json
import os
import select
import time
from typing import Any

from sandboxes import wire
from sandboxes.outcome import Over
from sandboxes.processes.watched import TICK_SECONDS, Watched
from sandboxes.types import CallResult, Job, Mode, Status
from sandboxes.values import dump_value, load_value

__all__ = ["Process"]

_CHUNK = 1 << 16
_FAREWELL_SECONDS = 1.0
_OVERHEAD_BYTES = 4096 + wire.TOKEN
_ANSWERS = {
    wire.ANSWER: Status.OK,
    wire.RAISED: Status.EXCEPTION,
    wire.NOT_PLAIN: Status.NOT_PLAIN,
}


class Process(Watched):
    """A running command that speaks the frames of :mod:`sandboxes.wire` where it has a channel.

    The arguments are those of :class:`sandboxes.processes.watched.Watched`.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.calls = 0
        self._pending = bytearray()
        self._token = b""
        super().__init__(*arguments, **options)

    def load(self, job: Job, mode: Mode) -> None:
        """Hand over the job, and wait until the program is loaded and ready for calls. Only with a channel.

        Raises:
            Over: it is not, and never will be.
        """
        body: dict[str, object] = {
            "mode": mode.value,
            "source": job.tests if mode is Mode.TESTS else job.source,
            "entry": job.entry,
            "prelude": job.prelude,
            "output_bytes": self.limits.output_bytes,
            "files": {},
            "fetch": [],
        }
        self._speak(wire.JOB, json.dumps(body).encode())
        if mode is Mode.TESTS:
            return
        kind, text = self._listen()
        if kind == wire.RAISED:
            raise Over(Status.EXCEPTION, _text(text))
        if kind == wire.OUT_OF_MEMORY:
            raise self._out_of_memory()
        if kind != wire.READY:
            raise Over(Status.TAMPERED, "it answered before it was asked")

    def ask(self, question: bytes) -> CallResult:
        """Put one question, ``[args, kwargs]`` as bytes, and wait for its answer.

        Raises:
            Over: there was no answer, and the program is over.
        """
        self.calls += 1
        self._receive()
        if self._pending:
            raise Over(Status.TAMPERED, "it spoke before it was asked")
        self._speak(wire.QUESTION, question)
        kind, body = self._listen()
        if kind == wire.TOO_LARGE:
            raise Over(Status.OUTPUT, f"an answer of more than {self.limits.output_bytes} bytes")
        if kind == wire.OUT_OF_MEMORY:
            raise self._out_of_memory()
        status = _ANSWERS.get(kind)
        if status is None:
            raise Over(Status.TAMPERED, "it said something that is no answer")
        if status is not Status.OK:
            return CallResult(status, error=_text(body))
        try:
            return CallResult(status, load_value(body))
        except ValueError as error:
            raise Over(Status.TAMPERED, f"its answer is not what the sandbox writes: {error}") from None

    def hear_tests(self) -> tuple[int, bytes]:
        """Of tests: a QUESTION with its arguments, or how they ended.

        Raises:
            Over: neither comes.
        """
        kind, body = self._hear()
        if kind == wire.QUESTION:
            return kind, body
        if body[: wire.TOKEN] != self._token:
            raise Over(Status.TAMPERED, "the tests' process spoke out of turn")
        return kind, body[wire.TOKEN :]

    def reply(self, result: CallResult) -> None:
        """To tests: what came of their question.

        Raises:
            Over: they are over.
        """
        if result.ok:
            body = bytes([wire.ANSWER]) + dump_value(result.value)
        else:
            body = bytes([wire.RAISED]) + result.error.encode(errors="replace")
        self._write(wire.REPLY, body)

    def _listen(self) -> tuple[int, bytes]:
        kind, body = self._hear()
        if body[: wire.TOKEN] != self._token:
            raise Over(Status.TAMPERED, "its answer does not carry the token of the question")
        return kind, body[wire.TOKEN :]

    def _hear(self) -> tuple[int, bytes]:
        most = self.limits.output_bytes + _OVERHEAD_BYTES
        while True:
            if len(self._pending) >= wire.HEADER.size:
                size, kind = wire.HEADER.unpack_from(self._pending)
                if not 1 <= size <= most:
                    raise Over(Status.OUTPUT, f"an answer of more than {self.limits.output_bytes} bytes")
                end = wire.HEADER.size - 1 + size
                if len(self._pending) >= end:
                    body = bytes(self._pending[wire.HEADER.size : end])
                    del self._pending[:end]
                    return kind, body
            if not self._step() and not self._has_ended():
                continue
            if not self._receive() and self._has_ended():
                raise self._farewell()

    def _receive(self) -> bool:
        """Take what lies in the channel; whether there was something."""
        assert self._channel is not None
        try:
            chunk = self._channel.recv(_CHUNK)
        except BlockingIOError:
            return False
        except ConnectionError:
            chunk = b""
        if not chunk:
            raise self._farewell()
        self._pending += chunk
        return True

    def _farewell(self) -> Over:
        """Why nothing will come any more. Whoever hangs up is about to end; what is deaf, but alive, is ended."""
        patience = time.monotonic() + _FAREWELL_SECONDS
        while not self._has_ended() and time.monotonic() < patience:
            time.sleep(TICK_SECONDS / 5)
        self._drain()
        return Over(Status.EXITED, "it ended while an answer was awaited")

    def _out_of_memory(self) -> Over:
        return Over(Status.MEMORY, f"more than {self.limits.memory_bytes} bytes of memory")

    def _speak(self, kind: int, body: bytes) -> None:
        self._token = os.urandom(wire.TOKEN)
        self._write(kind, self._token + body)

    def _write(self, kind: int, body: bytes) -> None:
        assert self._channel is not None
        view = memoryview(wire.HEADER.pack(len(body) + 1, kind) + body)
        while view:
            try:
                view = view[self._channel.send(view) :]
            except BlockingIOError:
                self._poll.modify(self._channel, select.POLLIN | select.POLLOUT)
                self._step()
                self._poll.modify(self._channel, select.POLLIN)
            except OSError:
                raise self._farewell() from None


def _text(body: bytes) -> str:
    return body.decode(errors="replace")[:_OVERHEAD_BYTES]
