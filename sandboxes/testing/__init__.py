"""The conformance kit for sandboxes: run it on your own; ours pass the same.

    >>> from sandboxes.testing import check_sandbox
    >>> report = check_sandbox("auto")  # doctest: +SKIP
    >>> print(report)  # doctest: +SKIP
    zygote (namespaces): 300 contained, 0 refused, 0 not offered, 0 failed

A row of its table is a :class:`Program`: a hostile one and what it tries, or an honest one that must pass. What came of
it is a :class:`Row`. :func:`fuzz_sandbox` runs programs that are not in the table.
"""

from sandboxes.testing.attacks import ATTACKS, FAMILIES
from sandboxes.testing.check import PROGRAMS, check_sandbox
from sandboxes.testing.fuzz import Surprise, draw_programs, fuzz_sandbox
from sandboxes.testing.honest import HONEST
from sandboxes.testing.program import LIMITS, WALLS, Program, Wall
from sandboxes.testing.report import CheckFailed, Outcome, Report, Row

__all__ = [
    "ATTACKS",
    "FAMILIES",
    "HONEST",
    "LIMITS",
    "PROGRAMS",
    "WALLS",
    "CheckFailed",
    "Outcome",
    "Program",
    "Report",
    "Row",
    "Surprise",
    "Wall",
    "check_sandbox",
    "draw_programs",
    "fuzz_sandbox",
]
