"""Which back ends there are, and the function that opens one."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from sandboxes.protocol import Sandbox
from sandboxes.types import Limits, SandboxUnavailable, Tier

__all__ = ["BACKENDS", "open_sandbox"]

BACKENDS = {
    "zygote": "sandboxes.zygote:ZygoteSandbox",
    "monty": "sandboxes.monty:MontySandbox",
    "bubblewrap": "sandboxes.bubblewrap:BubblewrapSandbox",
    "remote": "sandboxes.remote:RemoteSandbox",
    "unsafe_subprocess": "sandboxes.unsafe_subprocess:SubprocessSandbox",
}
"""Name -> ``"module:Name"`` of the class behind it."""


def open_sandbox(
    backend: str = "auto",
    limits: Limits | None = None,
    *,
    minimum_tier: Tier | str = Tier.LANDLOCK,
    **options: Any,
) -> Sandbox:
    """Open a sandbox; use it as a context manager, or call its ``close``.

    Args:
        backend: ``auto`` (``zygote`` on Linux, ``monty`` elsewhere), a name from :data:`BACKENDS`, or ``"module:Name"``
            of a class with the protocol :class:`sandboxes.protocol.Sandbox`, which is called with the arguments below.
        limits: what a job gets that brings no limits of its own.
        minimum_tier: what is weaker is refused. The walls are tried by running escapes, not assumed. Ignored by
            ``remote`` and ``unsafe_subprocess``, whose names say what they are.
        options: of the back end, such as ``image="numpy"`` for ``zygote``; see its class.

    Raises:
        ValueError: there is no such back end.
        SandboxUnavailable: it cannot be had here, or only weaker than ``minimum_tier``; the message names the cure.
    """
    if backend == "auto":
        backend = "zygote" if sys.platform == "linux" else "monty"
    target = BACKENDS.get(backend, backend)
    module, colon, name = target.partition(":")
    if not (module and colon and name):
        raise ValueError(f"there is no sandbox {backend!r}; known: auto, {', '.join(BACKENDS)}, or 'module:Name'")
    if backend == "zygote" and sys.platform != "linux":
        raise SandboxUnavailable("the zygote sandbox needs Linux; here, use backend='monty' or a remote service")
    make = getattr(importlib.import_module(module), name)
    try:
        opened: Sandbox = make(limits=limits or Limits(), minimum_tier=Tier(minimum_tier), **options)
    except OSError as error:  # no descriptor, process or memory is left
        raise SandboxUnavailable(f"the {backend} sandbox cannot be opened: {error}") from error
    return opened
