"""Commands and how they are started: under limits, with a channel, and by a thread that lives as long as they may."""

from __future__ import annotations

import functools
import math
import os
import subprocess
import threading
from collections.abc import Sequence
from typing import Any

from sandboxes.threads import Threads
from sandboxes.types import Limits

__all__ = ["CHANNEL", "limited", "start", "with_channel"]

CHANNEL = 3
"""Descriptor of the channel, in every process that has one."""


def limited(
    command: Sequence[str], limits: Limits, *, address_space: int | None, counts_processes: bool = True
) -> list[str]:
    """The same command under resource limits, set by a shell that waits for it: so the kernel adds up what both used.

    Args:
        command: absolute path and arguments.
        limits: for each of its processes; CPU time in whole seconds.
        address_space: bytes of it that the interpreter needs for itself; None: address space is not limited.
        counts_processes: whether to limit their number; where the user has other processes, these are counted as well.
    """
    kilobytes = "unlimited" if address_space is None else str((address_space + limits.memory_bytes) >> 10)
    # One byte more than allowed can be written, so that the size tells whether more was. Shells count blocks of 512.
    blocks = (max(limits.output_bytes, limits.file_bytes if limits.files else 0) >> 9) + 1
    processes, seconds = limits.processes + 1, math.ceil(limits.cpu_seconds)
    count = f"ulimit -u {processes} 2>/dev/null || ulimit -p {processes}; " if counts_processes else ""
    shell = (
        f"ulimit -c 0; ulimit -n 256; ulimit -f {blocks}; ulimit -S -t {seconds}; ulimit -H -t {seconds + 1}; "
        f"ulimit -v {kilobytes}; {count}"
        '"$@"; exit $?'
    )
    return ["/bin/sh", "-c", shell, "sh", *command]


@functools.cache
def _starter(process: int) -> Threads:
    """The thread that starts all processes of this one, and lives as long as it does.

    To the kernel it is a thread that is a parent: what is to die with its parent dies with the thread that started it.
    """
    return Threads(1)


def start(started: list[subprocess.Popen[bytes]], command: Sequence[str], **options: Any) -> None:
    """Start a process, in the thread for that, and append it; ``options`` are those of ``subprocess.Popen``.

    Whatever interrupts this, KeyboardInterrupt above all, leaves no process: the thread is never interrupted, and what
    it has started for nobody it ends.

    Raises:
        OSError: there is no process to be had.
    """
    lock = threading.Lock()
    is_wanted = True

    def run(arguments: Sequence[str]) -> None:
        process = subprocess.Popen(arguments, **options)
        with lock:
            if is_wanted:
                started.append(process)
                return
        _discard(process)

    try:
        _starter(os.getpid()).map(run, [command])
    except BaseException:
        with lock:
            is_wanted = False
        while started:
            _discard(started.pop())
        raise


def _discard(process: subprocess.Popen[bytes]) -> None:
    with process:  # closes its pipes and waits for it
        process.kill()


def with_channel(command: Sequence[str]) -> list[str]:
    """The command, with the channel where it is looked for; it comes as standard input."""
    return ["/bin/sh", "-c", f'exec "$@" {CHANNEL}<&0 0</dev/null', "sh", *command]
