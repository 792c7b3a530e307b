"""What an agent that writes Python may say: an edit of the program, commands behind it, or both.

Pure text: nothing is run. Python is parsed and never compiled.
"""

from __future__ import annotations

import ast
import codeop
import re
import textwrap
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from reasoning_envs.domains.protocol import InputError
from reasoning_envs.types import Status, Verdict

__all__ = [
    "EDITS",
    "FEEDBACK",
    "MAX_ACTION",
    "MAX_PROGRAM",
    "Command",
    "EditError",
    "Said",
    "apply_diff",
    "count_tokens",
    "edit_program",
    "parse_python",
    "python_error",
    "read_action",
    "refused",
]

MAX_ACTION = 20_000
"""Characters of an action at most."""

MAX_PROGRAM = 20_000
"""Characters of a program at most."""

MAX_COMMANDS = 8
"""Commands of one action at most."""

FEEDBACK = "#> "
"""What lines of a transcript begin with that the environment wrote, and no others do.

Behind an action they are passed over.
"""

_COMMAND = re.compile(r"(run):[ \t]*(\S.*)|(test)|(submit)")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TOKEN = re.compile(r"\w{1,16}|[^\w\s]|\s{16}")
_FENCE = re.compile(r"^[ \t]*```[^\n`]*$", re.MULTILINE)
_MARK = FEEDBACK.rstrip()
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@.*")
_HEADERS = ("diff --git ", "index ", "--- ", "+++ ")


class EditError(ValueError):
    """An edit that cannot be made; the message says why, and the program stays as it is."""


class Command(NamedTuple):
    """``run`` with what is to be run, ``test`` or ``submit``."""

    name: Literal["run", "test", "submit"]
    what: str = ""


class Said(NamedTuple):
    """What an action says.

    Attributes:
        text: of the action, without what the environment wrote.
        edit: Python or a diff; None where there are commands alone.
        commands: in order.
        refusal: why it says nothing; None where it does.
    """

    text: str
    edit: str | None
    commands: tuple[Command, ...]
    refusal: Verdict | None = None


def refused(reason: str, status: Status = Status.UNPARSED) -> InputError:
    """The error for a text that is no problem or no action."""
    return InputError(Verdict(status, reason=reason, method="reader", rigorous=True))


@lru_cache(maxsize=64)
def read_action(text: str) -> Said:
    """What a text says: Python (or a diff), as it is or between fences of Markdown, then commands, one a line.

    Raises:
        InputError: it says nothing, holds characters that no program holds (UNPARSED), or is too long (UNSAFE).
    """
    if len(text) > MAX_ACTION:
        raise refused(f"the text has {len(text):,} characters; at most {MAX_ACTION:,} are read", Status.UNSAFE)
    if strange := _FORBIDDEN.search(text):
        raise refused(f"character {strange.start() + 1} is no part of a program: {strange[0]!a}")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    commands: list[Command] = []
    said: list[str] = []
    while lines:
        line = lines[-1]
        command = _COMMAND.fullmatch(line.rstrip(" \t"))
        if command:
            name: Literal["run", "test", "submit"] = "run" if command[1] else "test" if command[3] else "submit"
            commands.insert(0, Command(name, command[2] or ""))
            said.insert(0, line.strip())
        elif line.strip() and not line.startswith(_MARK):
            break
        lines.pop()
    for number, line in enumerate(lines, 1):
        # In a transcript it would read as if the environment had said it; other line breaks than ours count too.
        if any(part.startswith(_MARK) for part in line.splitlines()):
            raise refused(f"line {number} begins with {_MARK}, as only what the environment says does: {line!r:.60}")
    if len(commands) > MAX_COMMANDS:
        raise refused(f"{len(commands)} commands in one action; at most {MAX_COMMANDS} are taken")
    edit = _unfenced("\n".join(lines)) if lines else None
    if edit is not None and not edit.strip():
        edit = None
    if edit is None and not commands:
        raise refused("the text is empty: write Python, or one of the commands run: ..., test, submit")
    return Said("\n".join([*lines, *said]), edit, tuple(commands))


def count_tokens(text: str) -> int:
    """Words and signs of a text: what a limit on tokens counts here, which knows no model's own tokens.

    A word counts once for every sixteen letters, and so do blanks, since a program may be packed into either.
    """
    return len(_TOKEN.findall(text))


@lru_cache(maxsize=256)
def edit_program(kind: str, program: str, text: str) -> str:
    """The program after an edit.

    Args:
        kind: one of :data:`EDITS`.
        program: as it stands.
        text: of the edit.

    Raises:
        EditError: it cannot be made.
    """
    edited = _EDITORS[kind](program, text)
    if len(edited) > MAX_PROGRAM:
        raise EditError(f"the program would have {len(edited):,} characters; at most {MAX_PROGRAM:,} are taken")
    return edited


def parse_python(source: str) -> ast.Module:
    """The syntax tree.

    Raises:
        EditError: it is no Python; the message names the line.
    """
    return _parsed(source, 0)


def python_error(source: str) -> str:
    """Why a source is no Python; empty where it is."""
    try:
        parse_python(source)
    except EditError as error:
        return str(error)
    return ""


def apply_diff(program: str, diff: str) -> str:
    """The program after a unified diff of one file, as ``diff -u`` and ``git diff`` write it, applied to the letter.

    Line numbers and context must be those of the program: nothing is guessed.

    Raises:
        EditError: it is no such diff, or does not apply; the message names the line.
    """
    old = program.splitlines()
    new: list[str] = []
    taken = 0  # lines of the program that have been dealt with
    lines = diff.strip("\n").split("\n")
    place = hunks = 0
    while place < len(lines):
        line = lines[place]
        head = _HUNK.fullmatch(line)
        if head is None:
            if hunks or not line.startswith(_HEADERS):
                where = f"line {place + 1} of the diff"
                raise EditError(f"{where} is no part of a unified diff of one file: {line!r:.60}")
            place += 1
            continue
        hunks += 1
        start, count, wanted = int(head[1]), int(head[2] or 1), int(head[4] or 1)
        begin = start - 1 if count else start
        if not taken <= begin <= len(old):
            raise EditError(f"hunk {hunks} begins at line {start}; the program has {len(old)} lines, {taken} are done")
        new.extend(old[taken:begin])
        taken = begin
        place, removed, added = _hunk(lines, place + 1, hunks, old, taken, new)
        if (removed, added) != (count, wanted):
            raise EditError(
                f"hunk {hunks} promises {count} old and {wanted} new lines and has {removed} old and {added} new ones"
            )
        taken += removed
    if not hunks:
        raise EditError("the text is no unified diff: it has no line like '@@ -1,2 +1,3 @@'")
    return _ended("\n".join([*new, *old[taken:]]))


# -- inside -----------------------------------------------------------------------------------------------------------


def _hunk(
    lines: list[str], place: int, number: int, old: list[str], taken: int, new: list[str]
) -> tuple[int, int, int]:
    """Apply the lines of one hunk: the place behind it, and how many old and new lines it had."""
    removed = added = 0
    while place < len(lines) and not lines[place].startswith("@@"):
        line = lines[place] or " "  # editors take the blank of an empty line away
        place += 1
        if line.startswith("\\"):  # no newline at the end of the file
            continue
        sign, text = line[0], line[1:]
        if sign not in " -+":
            raise EditError(f"line {place} of the diff begins with none of ' ', '-', '+': {line!r:.60}")
        if sign in " -":
            there = old[taken + removed] if taken + removed < len(old) else None
            if there != text:
                found = "ends before" if there is None else f"has {there!r:.60} at"
                raise EditError(
                    f"hunk {number} does not apply: the program {found} line {taken + removed + 1}, not {text!r:.60}"
                )
            removed += 1
        if sign in " +":
            new.append(text)
            added += 1
    return place, removed, added


def _unfenced(text: str) -> str:
    """What stands between the last pair of fences; the text as it is where there are none."""
    fences = list(_FENCE.finditer(text))
    if not fences:
        return text
    if len(fences) % 2:
        return text[fences[-1].end() :].strip("\n")
    return text[fences[-2].end() : fences[-1].start()].strip("\n")


def _whole(program: str, text: str) -> str:
    """The text in place of the program, pushed to the left margin where it does not stand there."""
    shapes = (text.strip("\n"), textwrap.dedent(text).strip("\n"), text.strip())
    for shape in shapes:
        if not python_error(shape):
            return _ended(shape)
    raise EditError(python_error(shapes[0]))


def _append(program: str, text: str) -> str:
    edited = _ended(program) + text.strip("\n").rstrip() + "\n"
    try:
        _parsed(edited, codeop.PyCF_ALLOW_INCOMPLETE_INPUT)  # type: ignore[attr-defined]
    except EditError as error:
        if "incomplete input" not in str(error):
            raise EditError(python_error(edited)) from None
    return edited


def _diff(program: str, text: str) -> str:
    edited = apply_diff(program, text)
    if error := python_error(edited):
        raise EditError(f"the diff applies, and what comes of it is no Python: {error}")
    return edited


def _function(program: str, text: str) -> str:
    text = _whole("", text)
    match parse_python(text).body:
        case [ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name)]:
            pass
        case _:
            raise EditError("write one function and nothing else: it replaces the one of that name, or is added")
    old = [
        node
        for node in parse_python(program).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    ]
    if not old:
        return _ended(program) + ("\n\n" if program.strip() else "") + text
    lines = program.splitlines()
    node = old[-1]
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return _ended("\n".join([*lines[: first - 1], *text.splitlines(), *lines[node.end_lineno :]]))


def _ended(text: str) -> str:
    return text.rstrip() + "\n" if text.strip() else ""


def _parsed(source: str, flags: int) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the compiler, on odd escapes
            tree = compile(source, "program", "exec", flags | ast.PyCF_ONLY_AST)
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        raise EditError(f"it is no Python: {where}{error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise EditError(f"it is no Python: {str(error) or type(error).__name__}") from None
    assert isinstance(tree, ast.Module)
    return tree


_EDITORS: Mapping[str, Callable[[str, str], str]] = {
    "program": _whole,
    "append": _append,
    "diff": _diff,
    "function": _function,
}

EDITS: Mapping[str, str] = {
    "program": "the whole program",
    "append": "lines to append to the program",
    "diff": "a unified diff of the program",
    "function": "one function, which replaces the one of that name",
}
"""Kinds of edits, with what an agent is told to write."""
