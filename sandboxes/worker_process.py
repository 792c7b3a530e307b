"""The inside of a worker: ``python -m sandboxes.worker_process module:function cpu memory parent``.

Reads jobs from standard input and writes answers to what was standard output, both as frames: four bytes of length
(big endian), one byte of kind, and a body. Only the standard library is used; the parent is :mod:`sandboxes.worker`.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import signal
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

READY, FAILED, STARTED, JSON, BYTES, ERROR, MEMORY = b"R", b"F", b"S", b"J", b"B", b"E", b"M"
HEADER = struct.Struct(">Ic")
_ORPHAN_CHECK_MILLISECONDS = 2000


def _read(source: BinaryIO, parent: int) -> tuple[bytes, bytes] | None:
    """The next frame; None when the parent has gone."""
    poller = select.poll()
    poller.register(source, select.POLLIN)
    # End of file is not enough: a sibling that was forked off the parent may hold the other end of the pipe open.
    while not poller.poll(_ORPHAN_CHECK_MILLISECONDS):
        if os.getppid() != parent:
            return None
    header = _exactly(source, HEADER.size)
    if header is None:
        return None
    length, kind = HEADER.unpack(header)
    body = _exactly(source, length)
    return None if body is None else (kind, body)


def _exactly(source: BinaryIO, size: int) -> bytes | None:
    chunks = []
    while size:
        chunk = source.read(size)
        if not chunk:
            return None
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _write(sink: BinaryIO, kind: bytes, body: bytes = b"") -> None:
    view = memoryview(HEADER.pack(len(body), kind) + body)
    while view:
        view = view[sink.write(view) :]


def encode(value: Any) -> tuple[bytes, bytes]:
    """A payload as (kind, body).

    Raises:
        TypeError, ValueError: it is neither bytes nor plain JSON data.
    """
    if isinstance(value, bytes):
        return BYTES, value
    return JSON, json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def decode(kind: bytes, body: bytes) -> Any:
    """The inverse of :func:`encode`."""
    return body if kind == BYTES else json.loads(body)


def _load(target: str) -> Callable[[Any], Any]:
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    if not callable(function):
        raise TypeError(f"{target} is not callable")
    return function  # type: ignore[no-any-return]


def _limit(cpu_seconds: float) -> None:
    """Let the kernel end this process after ``cpu_seconds`` more seconds of CPU time (0: switch the limit off).

    The timer's default action kills, so that no Python code has to run; RLIMIT_CPU stands behind it.
    """
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + cpu_seconds) + 2 if cpu_seconds else resource.RLIM_INFINITY
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if hard != resource.RLIM_INFINITY and (soft == resource.RLIM_INFINITY or soft > hard):
        soft = hard
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _answer(function: Callable[[Any], Any], kind: bytes, body: bytes, cpu_seconds: float) -> tuple[bytes, bytes]:
    try:
        _limit(cpu_seconds)
        try:
            return encode(function(decode(kind, body)))
        finally:
            _limit(0)
    except MemoryError:
        return MEMORY, b""
    except Exception as error:  # noqa: BLE001 (whatever the function raises goes to the caller, as an answer)
        return ERROR, f"{type(error).__name__}: {error}"[:2000].encode(errors="replace")


def main(arguments: list[str]) -> int:
    """Answer jobs until the parent goes away."""
    target, cpu, memory, parent = arguments
    source = os.fdopen(os.dup(0), "rb", buffering=0)
    sink = os.fdopen(os.dup(1), "wb", buffering=0)
    # What the function prints must not end up between the frames.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business; it closes the pipe
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = int(memory) if hard == resource.RLIM_INFINITY else min(int(memory), hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    try:
        function = _load(target)
    except Exception as error:  # noqa: BLE001 (whatever importing raises goes to the parent, which raises it)
        _write(sink, FAILED, f"{type(error).__name__}: {error}".encode(errors="replace"))
        return 1
    _write(sink, READY)
    while (frame := _read(source, int(parent))) is not None:
        _write(sink, STARTED)
        _write(sink, *_answer(function, *frame, float(cpu)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
