"""The default back end on Linux: children of a warm, walled-in interpreter that never holds a program itself.

In the parent, from the outside in: :mod:`~sandboxes.zygote.sandbox` (what users open),
:mod:`~sandboxes.zygote.nursery` (the pool), :mod:`~sandboxes.zygote.launch` (one zygote),
:mod:`~sandboxes.zygote.runs` (the three ways to use a program), :mod:`~sandboxes.zygote.conversation` (what is said to
it) and :mod:`~sandboxes.zygote.child` (its process). In the zygote: :mod:`~sandboxes.zygote.process`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandboxes.zygote.sandbox import ZygoteSandbox

__all__ = ["ZygoteSandbox"]


def __getattr__(name: str) -> Any:
    """Import on first use: the zygote imports this package as well, and needs nothing of the parent's side."""
    if name not in __all__:
        raise AttributeError(f"module 'sandboxes.zygote' has no attribute {name!r}")
    from sandboxes.zygote import sandbox

    return sandbox.ZygoteSandbox
