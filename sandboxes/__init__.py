"""Running what is not trusted, or may not end: processes that are limited, killed and replaced.

::

    with sandboxes.open_sandbox() as sandbox:
        execution = sandbox.run("def f(x): return x + 1", entry="f", calls=[((1,), {})])
        assert execution.ok and sandboxes.same(execution.values, [2])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandboxes.opening import open_sandbox
    from sandboxes.protocol import Sandbox, Session
    from sandboxes.tiers import probe_tiers
    from sandboxes.types import (
        CallResult,
        Execution,
        Job,
        Limits,
        SandboxClosed,
        SandboxError,
        SandboxUnavailable,
        Status,
        Tier,
    )
    from sandboxes.values import same

__all__ = [
    "CallResult",
    "Execution",
    "Job",
    "Limits",
    "Sandbox",
    "SandboxClosed",
    "SandboxError",
    "SandboxUnavailable",
    "Session",
    "Status",
    "Tier",
    "open_sandbox",
    "probe_tiers",
    "same",
]

_HOMES = {
    "Sandbox": "protocol",
    "Session": "protocol",
    "open_sandbox": "opening",
    "probe_tiers": "tiers",
    "same": "values",
}


def __getattr__(name: str) -> Any:
    """Import on first use: workers and sandboxed processes import this package as well, and need little of it."""
    if name not in __all__:
        raise AttributeError(f"module 'sandboxes' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"sandboxes.{_HOMES.get(name, 'types')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
