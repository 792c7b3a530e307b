"""Holding on to what is not held by an object, whenever an interrupt comes.

A signal's handler, and so KeyboardInterrupt, runs between two bytecodes: also between the call that opened a descriptor
and the assignment that would have kept its number. One call of C that does both leaves no such moment.
"""

from __future__ import annotations

import _socket
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from operator import call
from typing import Any, TypeVar

__all__ = ["BareSocket", "Packet", "close_all", "descriptors_in", "keep", "socket_pair"]

BareSocket = _socket.socket
"""The class in C behind ``socket.socket``."""

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


def socket_pair(kind: int = socket.SOCK_STREAM) -> tuple[BareSocket, BareSocket]:
    """Two connected sockets of the kernel's own family, of the class behind ``socket.socket``.

    That one's constructor is Python: an interrupt between the number of a descriptor and the object that closes it
    loses it. These come from one call of C.
    """
    return _socket.socketpair(socket.AF_UNIX, kind)


def close_all(held: list[Any], descriptors: Iterable[int]) -> None:
    """Close descriptors and empty the list that held on to them, in one call of C.

    Were the list emptied first, an interrupt could lose them; were it emptied last, somebody else's would be closed.
    """
    steps: list[Callable[[], object]] = [held.clear, *[partial(os.close, number) for number in descriptors]]
    deque(map(call, steps), maxlen=0)


def descriptors_in(packets: Iterable[Packet]) -> list[int]:
    """The descriptors that came with these packets: they are this process's from the moment of their arrival."""
    return [
        number
        for _, ancillary, _, _ in packets
        for level, kind, data in ancillary
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        for (number,) in _NUMBER.iter_unpack(data[: len(data) // _NUMBER.size * _NUMBER.size])
    ]
