"""Which failures of a program are Monty's: what Python has and Monty has not, or has otherwise."""

from __future__ import annotations

import ast
import builtins
import codecs
import re
import sys
import types

from sandboxes.monty.laziness import nodes_of
from sandboxes.monty.sets import shows_order_of_sets
from sandboxes.monty.wire import Event
from sandboxes.types import IMAGES

__all__ = ["differs", "explain", "is_refusal"]

_MESSAGE = 2000
_RAISE = re.compile(r"\braise\b")
_MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")
_MISSING_MEMBER = re.compile(r"module '([\w.]+)' has no attribute '\w+'|cannot import name '\w+' from '([\w.]+)'.*")
_MISSING_METHOD = re.compile(
    r"(?:type object )?'(\w+)' (?:object )?has no attribute '(\w+)'( and no __dict__ for setting new attributes)?"
)
_MISSING_NAME = re.compile(r"name '(\w+)' is not defined")
_MISSING_CODEC = re.compile(r"unknown encoding: ([\w-]+)")
_OTHER_REFUSALS = re.compile(
    r"(?:The monty syntax parser does not yet support |Internal error in monty: )"
    r"|.* is not yet supported"
    r"|'[\w.]+' is not supported in this environment"
    r"|cannot create 'object' instances"
    r"|cannot convert '(?:list|tuple|set|range)' object to bytes"
    r"|pow\(\) 2nd argument cannot be negative when 3rd argument specified"
)
_OPENED = re.compile(
    r"Permission denied: '/dev/(?:stdin|stdout|stderr|fd/\d+)'|expected str, bytes or os\.PathLike object, not int"
)
"""What says that a standard stream cannot be opened like a file; other files cannot be opened elsewhere, either."""
_OPENING = re.compile(r"\bopen\s*\(")

_TYPES = {name: kind for name, kind in vars(builtins).items() if isinstance(kind, type)}
_TYPES |= {"function": types.FunctionType, "NoneType": types.NoneType, "method": types.MethodType}


class _Anything:
    """Has what every object of a class of a program's own has."""


_MODULE_NAMES = frozenset({"__builtins__", "__doc__", "__file__", "__loader__", "__package__", "__spec__"})
_IGNORED = (
    *("lt", "le", "gt", "ge", "ne", "len", "bool", "format", "reversed", "index", "bytes", "complex", "fspath"),
    *("getattr", "getattribute", "setattr", "delattr", "new", "del", "get", "set", "delete", "set_name", "dir"),
    *("init_subclass", "class_getitem", "copy", "deepcopy", "floor", "ceil", "trunc", "sizeof", "length_hint"),
)
_NAMES = f"__({'|'.join(_IGNORED)})__[ \\t]*+"
_IGNORED_METHOD = re.compile(rf"\bdef[ \t]++{_NAMES}\(|^[ \t]++{_NAMES}=(?!=)", re.MULTILINE)
_WORTH_A_LOOK = re.compile(r"\b(?:round|set|frozenset)\b|\{\s*+[\w'\"(*-][^:{}]*[,}]|\{[^:{}]*\bfor\b")
"""Names, and braces round what is no dict."""


def differs(source: str) -> str:
    """What would come out otherwise than in Python without any error, in words; "" for nothing that is known."""
    if "__" in source and (found := _IGNORED_METHOD.search(source)):
        return f"it takes no notice of __{found[1] or found[2]}__"
    if ("{" in source or "set" in source or "round" in source) and _WORTH_A_LOOK.search(source):
        nodes = nodes_of(source)
        if nodes is None:
            return "it cannot be looked through here for what would come out otherwise"
        if any(isinstance(node, ast.Call) and _rounds_to_digits(node) for node in nodes):
            return "it rounds to digits otherwise, 2.675 to 2.68"
        if shows_order_of_sets(nodes):
            return "it walks through sets in another order"
    return ""


def _rounds_to_digits(call: ast.Call) -> bool:
    is_round = isinstance(call.func, ast.Name) and call.func.id == "round"
    return is_round and (len(call.args) > 1 or bool(call.keywords))


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
        return (is_known or first == "__main__") and found[1] in denied
    if found := _MISSING_MEMBER.fullmatch(text):
        return (found[1] or found[2]).partition(".")[0] in sys.stdlib_module_names
    if found := _MISSING_METHOD.fullmatch(text):
        kind = _TYPES.get(found[1], _Anything)
        return hasattr(kind, found[2]) or (kind is types.FunctionType and bool(found[3]))
    if found := _MISSING_NAME.fullmatch(text):
        return (hasattr(builtins, found[1]) or found[1] in _MODULE_NAMES) and found[1] in denied
    if found := _MISSING_CODEC.fullmatch(text):
        return _is_codec(found[1])
    if _OPENED.fullmatch(text):
        return _OPENING.search(event.preview) is not None
    return bool(_OTHER_REFUSALS.match(text))


def _is_codec(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True
