"""The back end ``remote``: programs on a service that speaks SandboxFusion's or E2B's published API."""

from __future__ import annotations

from sandboxes.remote.sandbox import RemoteSandbox

__all__ = ["RemoteSandbox"]
