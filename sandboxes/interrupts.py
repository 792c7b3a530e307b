"""Holding on to what is not held by an object, whenever an interrupt comes.

A signal's handler, and so KeyboardInterrupt, runs between two bytecodes: also between the call that opened a descriptor
and the assignment that would have kept its number. One call of C that does both leaves no such moment.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

__all__ = ["Packet", "descriptors_in", "keep"]

Packet = tuple[bytes, list[tuple[int, int, bytes]], int, Any]
"""What ``socket.recvmsg`` returns."""

_Kept = TypeVar("_Kept")
_NUMBER = struct.Struct("i")


def keep(held: list[_Kept], function: Callable[..., _Kept], *arguments: Any) -> _Kept:
    """Call a function that is written in C, with one argument at least, and append what it returns.

    Returns:
        What was appended. Whatever the function raises is raised.
    """
    held.extend(map(function, *((argument,) for argument in arguments)))
    return held[-1]


def descriptors_in(packets: Iterable[Packet]) -> list[int]:
    """The descriptors that came with these packets: they are this process's from the moment of their arrival."""
    return [
        number
        for _, ancillary, _, _ in packets
        for level, kind, data in ancillary
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        for (number,) in _NUMBER.iter_unpack(data[: len(data) // _NUMBER.size * _NUMBER.size])
    ]
