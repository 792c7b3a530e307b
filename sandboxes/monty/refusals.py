"""Which failures of a program are Monty's: what Python has and Monty has not."""

from __future__ import annotations

import builtins
import re
import sys

from sandboxes.monty.wire import Event
from sandboxes.types import IMAGES

__all__ = ["explain", "is_refusal"]

_MESSAGE = 2000
_RAISE = re.compile(r"\braise\b")
_MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")
_MISSING_MEMBER = re.compile(r"module '([\w.]+)' has no attribute '\w+'|cannot import name '\w+' from '([\w.]+)'.*")
_MISSING_METHOD = re.compile(r"(?:type object )?'(\w+)' (?:object )?has no attribute '(\w+)'")
_MISSING_NAME = re.compile(r"name '(\w+)' is not defined")
_OTHER_REFUSALS = re.compile(
    r"(?:The monty syntax parser does not yet support |Internal error in monty: )"
    r"|'[\w.]+' is not supported in this environment"
)
_BUILTIN_TYPES = {name: kind for name, kind in vars(builtins).items() if isinstance(kind, type)}


def explain(event: Event) -> str:
    """The exception of an ERROR event as text: type, colon, message."""
    return f"{event.exception}: {event.message}"[:_MESSAGE]


def is_refusal(event: Event, denied: set[str]) -> bool:
    """Whether this exception came of something that Python has and Monty has not.

    Args:
        event: of kind ERROR.
        denied: names and modules that the interpreter asked for in the program's name, and was denied.
    """
    text = event.message
    if _RAISE.search(event.preview):
        return False  # the program's own words
    if found := _MISSING_MODULE.fullmatch(text):
        first = found[1].partition(".")[0]
        is_known = first in sys.stdlib_module_names or any(first in modules for modules in IMAGES.values())
        return is_known and found[1] in denied
    if found := _MISSING_MEMBER.fullmatch(text):
        return (found[1] or found[2]).partition(".")[0] in sys.stdlib_module_names
    if found := _MISSING_METHOD.fullmatch(text):
        return found[1] in _BUILTIN_TYPES and hasattr(_BUILTIN_TYPES[found[1]], found[2])
    if found := _MISSING_NAME.fullmatch(text):
        return hasattr(builtins, found[1]) and found[1] in denied
    return bool(_OTHER_REFUSALS.match(text))
