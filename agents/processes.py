"""Processes beside this one: how they are started, and how the end of one is noticed."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnProcess
from typing import Any

__all__ = ["PIPE_ENDED", "ProcessEndedError", "start_process"]

PIPE_ENDED = (EOFError, OSError)
"""What a pipe raises whose other end is gone: between two messages, within one (a plain OSError), or with bytes that
nobody had read."""


class ProcessEndedError(RuntimeError):
    """A process ended before its work did. Where it failed itself, its traceback is on the standard error."""


def start_process(target: Callable[..., object], arguments: tuple[Any, ...], name: str) -> SpawnProcess:
    """Run ``target(*arguments)`` in a process that ends with this one, and that Ctrl-C does not reach.

    Ctrl-C goes to the whole group of processes, and the one that started the others decides what it means. To ignore
    it within ``target`` would be too late: what the process imports before that takes seconds.

    Args:
        target: a function of a module.
        arguments: what pickle can carry.
        name: of the process.
    """
    process = multiprocessing.get_context("spawn").Process(  # a fork would copy torch's locks, and hang
        target=target, args=arguments, daemon=True, name=name
    )
    resource_tracker.ensure_running()  # otherwise started along with the process, which lifts the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process
