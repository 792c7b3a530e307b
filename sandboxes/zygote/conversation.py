"""The parent's talk with one program: put questions to it and believe nothing.

What a program says can become a value or a message; it cannot become a pass: a value counts only if it came as one
well-formed frame, with the token of the one question that was open, after that question had been put, from a process
that had said nothing else.
"""

from __future__ import annotations

import json
import os
import time

from sandboxes import wire
from sandboxes.outcome import Over
from sandboxes.types import CallResult, Job, Mode, Status
from sandboxes.values import dump_value, load_value
from sandboxes.zygote.child import Child
from sandboxes.zygote.launch import Breakdown

__all__ = ["Program"]

_START_SECONDS = 60.0

_ANSWERS = {
    wire.ANSWER: Status.OK,
    wire.RAISED: Status.EXCEPTION,
    wire.NOT_PLAIN: Status.NOT_PLAIN,
    wire.TOO_LARGE: Status.OUTPUT,
    wire.OUT_OF_MEMORY: Status.MEMORY,
}


class Program(Child):
    """A child that is given a job: a program that answers questions, a whole program, or tests that ask them."""

    _token = b""
    _fetch: frozenset[str] = frozenset()

    def start(self, job: Job, mode: Mode) -> None:
        """Hand the job over and wait until the process has confined itself and begins with it.

        Raises:
            Breakdown: the zygote or the process failed before the program began.
        """
        self._token = os.urandom(wire.TOKEN)
        self._fetch = frozenset(job.fetch)
        body = {
            "mode": mode.value,
            "source": job.tests if mode is Mode.TESTS else job.source,
            "entry": job.entry,
            "prelude": job.prelude,
            "output_bytes": self.limits.output_bytes,
            "files": {} if mode is Mode.TESTS else {path: content.hex() for path, content in job.files.items()},
            "fetch": list(job.fetch),
        }
        self.deadline = time.monotonic() + _START_SECONDS
        try:
            self.speak(wire.JOB, self._token + json.dumps(body).encode())
            kind, text = self.hear(is_last=False)
        except Over as over:
            raise Breakdown(f"a process ended before it began with its job: {over.reason}") from None
        if kind != wire.CONFINED:
            raise Breakdown(f"a process could not confine itself: {text.decode(errors='replace')}")
        self.deadline = time.monotonic() + self.limits.wall_seconds
        self.watch()

    def load(self) -> None:
        """Wait until the program is loaded and ready for calls.

        Raises:
            Over: it is not, and never will be.
        """
        kind, body = self.listen()
        if kind == wire.RAISED:
            raise Over(Status.EXCEPTION, _text(body))
        if kind == wire.OUT_OF_MEMORY:
            raise Over(Status.MEMORY, self._no_memory())
        if kind != wire.READY:
            raise Over(Status.TAMPERED, "it answered before it was asked")

    def ask(self, question: bytes) -> CallResult:
        """Put one question, ``[args, kwargs]`` as bytes, and wait for its answer.

        Raises:
            Over: there was no answer, and the program is over.
        """
        self.calls += 1
        self.check_silence()
        self._token = os.urandom(wire.TOKEN)
        self.speak(wire.QUESTION, self._token + question)
        kind, body = self.listen()
        status = _ANSWERS.get(kind)
        if status is None:
            raise Over(Status.TAMPERED, "it said something that is no answer")
        if status is Status.OK:
            try:
                return CallResult(status, load_value(body))
            except ValueError as error:
                raise Over(Status.TAMPERED, f"its answer is not what the sandbox writes: {error}") from None
        if status is Status.OUTPUT:
            return CallResult(status, error=f"an answer of more than {self.limits.output_bytes} bytes")
        if status is Status.MEMORY:
            return CallResult(status, error=self._no_memory())
        return CallResult(status, error=_text(body))

    def listen(self) -> tuple[int, bytes]:
        """The next frame that answers what was sent last: kind and body, without its token.

        Raises:
            Over: it does not come.
        """
        kind, body = self.hear()
        if body[: wire.TOKEN] != self._token:
            raise Over(Status.TAMPERED, "its answer does not carry the token of the question")
        return kind, body[wire.TOKEN :]

    def hear_question(self) -> tuple[int, bytes]:
        """Of tests: the next frame; all but questions lose their token.

        Raises:
            Over: it does not come.
        """
        kind, body = self.hear()
        if kind == wire.QUESTION:
            return kind, body
        if body[: wire.TOKEN] != self._token:
            raise Over(Status.TAMPERED, "the tests' process spoke out of turn")
        return kind, body[wire.TOKEN :]

    def reply(self, result: CallResult) -> None:
        """To tests: the value that their question brought, or what the program raised.

        Raises:
            Over: they are over.
        """
        if result.status is Status.OK:
            self.speak(wire.REPLY, bytes([wire.ANSWER]) + dump_value(result.value))
        else:
            self.speak(wire.REPLY, bytes([wire.RAISED]) + result.error.encode())

    def fetch(self) -> dict[str, bytes]:
        """The files that the job asks for; after the last call.

        Raises:
            Over: they do not come.
        """
        self.check_silence()
        self._token = os.urandom(wire.TOKEN)
        self.speak(wire.DONE, self._token)
        return self.hear_files()

    def hear_files(self) -> dict[str, bytes]:
        """The files that were asked for, as far as they are there.

        Raises:
            Over: they do not come.
        """
        kind, body = self.listen()
        try:
            files = load_value(body) if kind == wire.DONE else None
        except ValueError:
            files = None
        if type(files) is not dict or any(type(k) is not str or type(v) is not bytes for k, v in files.items()):
            raise Over(Status.TAMPERED, "it handed over something that is no files")
        if not self._fetch.issuperset(files):  # whoever writes them out by their names must not write anywhere
            raise Over(Status.TAMPERED, "it handed over files that nobody asked for")
        return files

    def _no_memory(self) -> str:
        return f"more than {self.limits.memory_bytes} bytes of memory"


def _text(body: bytes) -> str:
    return body.decode(errors="replace")
