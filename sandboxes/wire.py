"""Frames on the channel between the parent and a program: what is said, and by whom.

A frame is four bytes of length (big endian, of what follows), one byte of kind, and a body. The parent speaks first
(JOB), and then QUESTION or REPLY, one at a time; whatever comes from a program is believed to be a claim, no more.
Bodies that answer something begin with the :data:`TOKEN` bytes that came with it, drawn anew each time, so that an
answer cannot have been written before its question was read.
"""

from __future__ import annotations

import os
import struct

__all__ = [
    "ANSWER",
    "CONFINED",
    "DONE",
    "FAILED",
    "HEADER",
    "JOB",
    "NOT_PLAIN",
    "OUT_OF_MEMORY",
    "QUESTION",
    "RAISED",
    "READY",
    "REPLY",
    "TOKEN",
    "TOO_LARGE",
    "UNUSABLE",
    "receive",
    "send",
]

HEADER = struct.Struct(">IB")
_PIECE = 1 << 14
"""Bytes that are read at first: most frames, and few enough to need no memory that a child has not got."""
TOKEN = 16
"""Bytes of a token."""

# By the parent
JOB = ord("J")  # token + JSON: what to run
QUESTION = ord("Q")  # token + [args, kwargs]; by tests: [args, kwargs] for the candidate
REPLY = ord("P")  # to tests: one byte of kind (ANSWER or RAISED) and its body

# By the process inside, before it has read the job and is still ours
CONFINED = ord("C")  # or UNUSABLE

# By the process inside, with the token of the job
READY = ord("R")  # the program has been loaded
DONE = ord("D")  # the tests passed; or the files that were asked for, as a dict
FAILED = ord("F")  # a test failed: text
UNUSABLE = ord("!")  # confinement failed, or the tests cannot be run: text

# By the process inside, with the token of the question (or of the job, while the program is being loaded)
ANSWER = ord("A")  # a value
RAISED = ord("E")  # text: type, colon, message
NOT_PLAIN = ord("N")  # text
TOO_LARGE = ord("L")  # more than the limit
OUT_OF_MEMORY = ord("M")


def send(descriptor: int, kind: int, body: bytes = b"") -> None:
    """Write one frame to a blocking descriptor.

    Raises:
        OSError: the other side has gone.
    """
    data = HEADER.pack(len(body) + 1, kind) + body
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, memoryview(data)[written:])


def receive(descriptor: int) -> tuple[int, bytes] | None:
    """Read one frame from a blocking descriptor; None when the other side has gone."""
    data = os.read(descriptor, _PIECE)
    while len(data) < HEADER.size or len(data) < HEADER.size - 1 + HEADER.unpack_from(data)[0]:
        # The parent sends nothing further before it has been answered, so that this never reads into a second frame.
        more = os.read(descriptor, 1 << 20) if data else b""
        if not more:
            return None
        data += more
    return data[HEADER.size - 1], data[HEADER.size :]
