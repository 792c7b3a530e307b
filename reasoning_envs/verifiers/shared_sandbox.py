"""The one warm sandbox of a process, which all that run programs share."""

from __future__ import annotations

import atexit
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandboxes import Sandbox

__all__ = ["shared_sandbox"]


@cache
def shared_sandbox(backend: str = "auto", minimum_tier: str = "landlock") -> Sandbox:
    """The one warm sandbox of this process for a back end; a forked process goes on with processes of its own.

    It is opened when it is first asked for, and closed at exit.

    Raises:
        ValueError: there is no such sandbox or tier.
        sandboxes.SandboxUnavailable: it cannot be had here, or only a weaker one; the message says which tier is here
            and how to get a better one.
    """
    from sandboxes import SandboxUnavailable, Tier, open_sandbox, probe_tiers

    if minimum_tier not in set(Tier):
        raise ValueError(f"there is no tier {minimum_tier!r}; known, strongest first: {', '.join(Tier)}")
    try:
        opened = open_sandbox(backend, minimum_tier=minimum_tier)
    except SandboxUnavailable as error:
        here = [report.tier for report in probe_tiers() if report.available] if backend in ("auto", "zygote") else []
        advice = f"; the strongest here is {here[0]}, which minimum_tier={here[0].value!r} would take" if here else ""
        raise SandboxUnavailable(f"{error}{advice}") from error
    atexit.register(opened.close)
    return opened
