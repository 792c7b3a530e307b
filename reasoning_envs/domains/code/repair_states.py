"""States and candidates of :mod:`reasoning_envs.domains.repair`, and which edits stand in which group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reasoning_envs.domains.problems.programs import Spec
from reasoning_envs.programs.edits import KINDS, Edit, Insert, Remove, Replace, expressions_from
from reasoning_envs.programs.grammar import Grammar
from reasoning_envs.programs.mutate import legal_edits
from reasoning_envs.programs.tokens import expression_tokens
from reasoning_envs.programs.trees import Program, free_names
from reasoning_envs.types import Verdict

if TYPE_CHECKING:
    from reasoning_envs.domains.repair import RepairDomain

__all__ = ["SUBMIT", "EditAction", "Edits", "Group", "RepairSpec", "RepairState", "edit_tokens"]

SUBMIT = "submit"

Group = tuple[str | int, ...]
"""``("line", 0)``: the edits at line 1; ``("insert", 0)``: what may be put before it; further parts narrow it."""

_ALL_BUT_INSERTIONS, _INSERTIONS = KINDS[:-1], KINDS[-1:]
_KIND, _LINE, _BETWEEN, _VARIABLE = 6, 2, 1, 128


@dataclass(frozen=True, slots=True, eq=False)
class RepairSpec(Spec):
    """What a mender is told.

    Attributes:
        broken: the program to be mended.
        path: the programs that the certificate's own repair goes through, from behind the first edit to the right
            program; nobody's to see.
    """

    broken: Program | None = None
    path: tuple[Program, ...] = ()


class RepairState:
    """A program that is being mended.

    Attributes:
        spec: what the mender was told.
        program: as it is now.
        edits: made so far.
        submitted: nothing more is done.
        group: chosen, where the next action picks of it; else None.
    """

    __slots__ = ("edits", "group", "program", "spec", "submitted")

    def __init__(
        self, spec: RepairSpec, program: Program, edits: int = 0, submitted: bool = False, group: Group | None = None
    ) -> None:
        self.spec = spec
        self.program = program
        self.edits = edits
        self.submitted = submitted
        self.group = group

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RepairState):
            return NotImplemented
        mine, theirs = ((s.edits, s.submitted, s.group) for s in (self, other))
        return mine == theirs and self.program == other.program and self.spec == other.spec

    def __hash__(self) -> int:
        return hash((self.program, self.edits, self.submitted, self.group))

    def __reduce__(self) -> tuple[type[RepairState], tuple[Any, ...]]:
        return RepairState, (self.spec, self.program, self.edits, self.submitted, self.group)

    def __repr__(self) -> str:
        return f"RepairState({self.edits} edits, submitted={self.submitted}, group={self.group!r})"

    @property
    def left(self) -> int:
        """Edits that may still be made."""
        return self.spec.limit - self.edits


class EditAction:
    """A candidate: an edit, the choice of a group of edits, or to submit.

    Attributes:
        rule: the kind of edit; ``"group"``; ``"submit"``.
        before: the state before it.
        edit: None where it is none. group: that is chosen, or None.
    """

    __slots__ = ("_domain", "_state", "before", "edit", "group", "rule")

    def __init__(
        self, domain: RepairDomain, before: RepairState, edit: Edit | None = None, group: Group | None = None
    ) -> None:
        self._domain = domain
        self._state: RepairState | None = None
        self.before = before
        self.edit = edit
        self.group = group
        self.rule = edit.kind if edit is not None else SUBMIT if group is None else "group"

    @property
    def state(self) -> RepairState:
        """The state after it; an edit is applied when this is first asked for."""
        state = self._state
        if state is None:
            before = self.before
            if self.edit is not None:
                state = RepairState(before.spec, self.edit.apply(before.program), before.edits + 1)
            else:
                submitted = self.group is None
                state = RepairState(before.spec, before.program, before.edits, submitted, self.group)
            self._state = state
        return state

    @property
    def is_step(self) -> bool:
        """False for the choice of a group."""
        return self.group is None

    @property
    def verdict(self) -> Verdict:
        """Whether a right program stays within reach; privileged."""
        return self._domain.judge_state(self.state)

    def describe(self) -> str:
        """The edit in words; ``"submit"``; or the group."""
        if self.edit is not None:
            return self.edit.describe()
        if self.group is None:
            return SUBMIT
        kind, line, *more = self.group
        where = f"line {int(line) + 1}"
        detail = "".join(f", {part}" for part in more)
        return f"{'edits of' if kind == 'line' else 'insertions before'} {where}{detail}"


class Edits:
    """The edits of one program in groups of at most ``most``.

    Args:
        program: to be edited.
        grammar: of the edits.
        most: members of a group, and of the first choice.
    """

    def __init__(self, program: Program, grammar: Grammar, most: int) -> None:
        self._program = program
        self._grammar = grammar
        self._most = most
        count = len(program.lines) + 1
        self._lines = [legal_edits(program, line, grammar, _ALL_BUT_INSERTIONS) for line in range(count)]
        self._insertable = [line for line in range(count) if _can_insert(program, line, grammar)]
        self._inserts: dict[int, tuple[Edit, ...]] = {}

    @property
    def lines(self) -> Sequence[Sequence[Edit]]:
        """All edits but insertions, by line."""
        return self._lines

    def choices(self, group: Group | None) -> tuple[Sequence[Edit], Sequence[Group]]:
        """The edits, and the groups, that are offered within a group; None: at first.

        Raises:
            KeyError: there is no such group.
        """
        if group is None:
            inserts: list[Group] = [("insert", line) for line in self._insertable]
            if sum(map(len, self._lines)) + len(inserts) < self._most:
                return [edit for edits in self._lines for edit in edits], inserts
            return (), [*(("line", line) for line, edits in enumerate(self._lines) if edits), *inserts]
        kind, line, *path = group
        edits: Sequence[Edit] = self._lines[int(line)] if kind == "line" else self._insertions(int(line))
        named = True
        while len(edits) > self._most:
            parts = self._parts(edits, named)
            if not path:
                return (), [(*group, name) for name in parts]
            edits = parts[path.pop(0)]
            named = False
        return edits, ()

    def _parts(self, edits: Sequence[Edit], named: bool) -> dict[str | int, Sequence[Edit]]:
        """Edits in at most ``most`` groups: by their kind or operation where that is enough, else page by page."""
        if named:
            parts: dict[str | int, list[Edit]] = {}
            for edit in edits:
                name = edit.statement.expr.op if isinstance(edit, Insert) else edit.kind
                parts.setdefault(name, []).append(edit)
            if len(parts) <= self._most:
                return {**parts}
        size = self._most
        while len(edits) > size * self._most:
            size *= self._most
        return {1 + start // size: edits[start : start + size] for start in range(0, len(edits), size)}

    def _insertions(self, line: int) -> tuple[Edit, ...]:
        found = self._inserts.get(line)
        if found is None:
            found = self._inserts[line] = legal_edits(self._program, line, self._grammar, _INSERTIONS)
        return found


def _can_insert(program: Program, line: int, grammar: Grammar) -> bool:
    """There is an insertion at a line: a production whose result is used from there on, and whose holes can be filled.

    Programs here are far smaller than :data:`~reasoning_envs.programs.trees.MAX_NODES`, so that none is too large.
    """
    scope = program.scope(line)
    used = frozenset().union(*(free_names(expr) for expr in expressions_from(program, line)))
    wanted = {kind for name, kind in scope.items() if name in used}
    there = set(scope.values())
    return any(
        production.result in wanted
        and any(hole in there for hole in production.holes)
        and all(hole in there or pool for hole, pool in zip(production.holes, production.pools, strict=True))
        for production in grammar.productions
    )


def edit_tokens(edit: Edit, names: Sequence[str]) -> bytes:
    """An edit as tokens: its kind, its line, where in it, and what it puts there.

    Args:
        edit: of a program.
        names: of the program's parameters and lines, in order.
    """
    head = bytes((_LINE, _KIND + KINDS.index(edit.kind), _VARIABLE + edit.line))
    if isinstance(edit, Replace):
        # What an operation around the place binds has no place of its own: it stands behind the names of the program.
        bound = (free_names(edit.before) | free_names(edit.after)) - set(names)
        around = [*names, *sorted(bound)]
        before, after = (expression_tokens(expr, around) for expr in (edit.before, edit.after))
        return head + bytes(_KIND + min(step, 9) for step in edit.path) + bytes((_BETWEEN,)) + before + b"\x01" + after
    if isinstance(edit, Insert):
        return head + bytes((_VARIABLE + names.index(edit.instead),)) + expression_tokens(edit.statement.expr, names)
    if isinstance(edit, Remove):
        return head + bytes((_VARIABLE + names.index(edit.instead),))
    return head
