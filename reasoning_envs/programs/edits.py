"""Edits of programs as objects: applied, inverted, and described in words. What there is to edit lists ``mutate``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from reasoning_envs.programs.trees import (
    Expr,
    Line,
    Path,
    Program,
    ProgramError,
    at,
    free_names,
    rename,
    replace_at,
    walk,
)

__all__ = [
    "KINDS",
    "Edit",
    "EditError",
    "Insert",
    "Kind",
    "Remove",
    "Replace",
    "Swap",
    "expression_at",
    "expressions_from",
]

Kind = Literal["operator", "argument", "constant", "off by one", "swap", "remove", "insert"]
KINDS: tuple[Kind, ...] = ("operator", "argument", "constant", "off by one", "swap", "remove", "insert")
"""In the order in which edits are listed."""


class EditError(ValueError):
    """An edit does not fit the program that it was applied to."""


class Edit(Protocol):
    """A change of one line, or of two neighbours."""

    @property
    def kind(self) -> Kind:
        """What kind of change."""

    @property
    def line(self) -> int:
        """The line that it is about, from 0; ``len(program.lines)`` is the ``return``."""

    @property
    def inverse(self) -> Edit:
        """The edit that undoes it."""

    def apply(self, program: Program) -> Program:
        """The edited program.

        Raises:
            EditError: it does not fit.
        """

    def describe(self) -> str:
        """What is done, in words, with lines counted from 1."""


@dataclass(frozen=True, slots=True)
class Replace:
    """Another tree in the place of one.

    Attributes:
        line, path: where. before, after: the trees. kind: of the change.
    """

    line: int
    path: Path
    before: Expr
    after: Expr
    kind: Kind

    @property
    def inverse(self) -> Replace:
        """The same with the trees exchanged."""
        return Replace(self.line, self.path, self.after, self.before, self.kind)

    def apply(self, program: Program) -> Program:
        """See :class:`Edit`."""
        expr = expression_at(program, self.line)
        try:
            found = at(expr, self.path)
        except IndexError:
            found = None
        if found != self.before:
            raise EditError(f"line {self.line + 1} does not have {self.before} there")
        return _with_expression(program, self.line, replace_at(expr, self.path, self.after))

    def describe(self) -> str:
        """See :class:`Edit`."""
        return f"line {self.line + 1}: {self.kind}: {self.before} becomes {self.after}"


@dataclass(frozen=True, slots=True)
class Swap:
    """Two neighbouring lines exchange what they do; their variables stay, so that nothing is used before it is there.

    Where the second line works on the first one's result, both lines take their material as before and do their work
    in the other order: ``v1 = sorted(xs)``, ``v2 = v1[1:]`` becomes ``v1 = xs[1:]``, ``v2 = sorted(v1)``.
    """

    line: int

    @property
    def kind(self) -> Kind:
        """``"swap"``."""
        return "swap"

    @property
    def inverse(self) -> Swap:
        """Itself."""
        return self

    def apply(self, program: Program) -> Program:
        """See :class:`Edit`."""
        swapped = _swapped(program, self.line)
        if swapped is None or _swapped(swapped, self.line) != program:
            raise EditError(f"lines {self.line + 1} and {self.line + 2} cannot be exchanged")
        return swapped

    def describe(self) -> str:
        """See :class:`Edit`."""
        return f"lines {self.line + 1} and {self.line + 2} exchange what they do"


@dataclass(frozen=True, slots=True)
class Remove:
    """A line is taken out; what used its variable uses ``instead``, an earlier one that nothing behind it used."""

    line: int
    statement: Line
    instead: str

    @property
    def kind(self) -> Kind:
        """``"remove"``."""
        return "remove"

    @property
    def inverse(self) -> Insert:
        """Put it back."""
        return Insert(self.line, self.statement, self.instead)

    def apply(self, program: Program) -> Program:
        """See :class:`Edit`."""
        if self.line >= len(program.lines) or program.lines[self.line] != self.statement:
            raise EditError(f"line {self.line + 1} is not {self.statement}")
        target = self.statement.target
        behind = expressions_from(program, self.line + 1)
        kind = program.scope(self.line).get(self.instead)
        used = any(self.instead in free_names(expr) for expr in behind)
        if kind is not self.statement.expr.type or used or not any(target in free_names(expr) for expr in behind):
            raise EditError(f"{self.instead} cannot stand in for {target}")
        names = {target: self.instead}
        lines = [Line(line.target, rename(line.expr, names)) for line in program.lines[self.line + 1 :]]
        return _program(program, (*program.lines[: self.line], *lines), rename(program.result, names))

    def describe(self) -> str:
        """See :class:`Edit`."""
        return f"line {self.line + 1}: remove {_oneline(self.statement)}, and use {self.instead} instead"


@dataclass(frozen=True, slots=True)
class Insert:
    """A line is put in; whatever used ``instead`` from there on uses the new variable."""

    line: int
    statement: Line
    instead: str

    @property
    def kind(self) -> Kind:
        """``"insert"``."""
        return "insert"

    @property
    def inverse(self) -> Remove:
        """Take it out."""
        return Remove(self.line, self.statement, self.instead)

    def apply(self, program: Program) -> Program:
        """See :class:`Edit`."""
        target = self.statement.target
        kind = program.scope(self.line).get(self.instead)
        used = any(self.instead in free_names(expr) for expr in expressions_from(program, self.line))
        if self.line > len(program.lines) or kind is not self.statement.expr.type or not used:
            raise EditError(f"{target} cannot stand in for {self.instead} from line {self.line + 1} on")
        names = {self.instead: target}
        lines = [Line(line.target, rename(line.expr, names)) for line in program.lines[self.line :]]
        return _program(program, (*program.lines[: self.line], self.statement, *lines), rename(program.result, names))

    def describe(self) -> str:
        """See :class:`Edit`."""
        return f"line {self.line + 1}: insert {_oneline(self.statement)}, in place of {self.instead} from there on"


# -- programs with other lines ------------------------------------------------------------------------------------


def expression_at(program: Program, line: int) -> Expr:
    """The right side of a line, or what is returned.

    Raises:
        IndexError: there is no such line.
    """
    if not 0 <= line <= len(program.lines):
        raise IndexError(f"there is no line {line} in a program of {len(program.lines)} lines and a return")
    return program.result if line == len(program.lines) else program.lines[line].expr


def expressions_from(program: Program, line: int) -> list[Expr]:
    """The right sides of a line and all behind it, and what is returned."""
    return [*(each.expr for each in program.lines[line:]), program.result]


def _program(program: Program, lines: tuple[Line, ...], result: Expr) -> Program:
    return Program(program.parameters, lines, result, program.name)


def _with_expression(program: Program, line: int, expr: Expr) -> Program:
    if line == len(program.lines):
        return _program(program, program.lines, expr)
    changed = Line(program.lines[line].target, expr)
    return _program(program, (*program.lines[:line], changed, *program.lines[line + 1 :]), program.result)


def _swapped(program: Program, line: int) -> Program | None:
    if line + 1 >= len(program.lines):
        return None
    first, second = program.lines[line : line + 2]
    if first.expr.type is not second.expr.type:
        return None
    above, below = second.expr, first.expr
    if first.target in free_names(above):
        scope = program.scope(line)
        material = [
            node.value
            for _, node in walk(below)
            if node.op == "var" and scope.get(node.value) is first.expr.type and node.value in free_names(below)
        ]
        if not material:
            return None
        above = rename(above, {first.target: material[0]})
        below = rename(below, {material[0]: first.target})
    try:
        lines = (Line(first.target, above), Line(second.target, below))
        return _program(program, (*program.lines[:line], *lines, *program.lines[line + 2 :]), program.result)
    except ProgramError:
        return None


def _oneline(line: Line) -> str:
    return "; ".join(part.strip() for part in str(line).split("\n"))
