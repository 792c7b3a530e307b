"""The back end ``monty``: programs in an interpreter of a part of Python that has no door to the system.

From the outside in: :mod:`~sandboxes.monty.sandbox` (what users open), :mod:`~sandboxes.monty.runs` (the three ways to
use a program, and sessions), :mod:`~sandboxes.monty.run` (one program, with its :mod:`~sandboxes.monty.guard` and its
:mod:`~sandboxes.monty.refusals`), :mod:`~sandboxes.monty.stable` (the pool), :mod:`~sandboxes.monty.interpreter` (the
process) and the protocol (:mod:`~sandboxes.monty.wire`, :mod:`~sandboxes.monty.values`,
:mod:`~sandboxes.monty.protobuf`).
"""

from __future__ import annotations

from sandboxes.monty.sandbox import MontySandbox

__all__ = ["MontySandbox"]
