"""Drawing broken programs for :mod:`reasoning_envs.domains.repair`, and comparing a program with the right one."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from reasoning_envs.domains.code.repair_states import RepairSpec
from reasoning_envs.domains.problems.programs import (
    MAX_VARIABLES,
    head_of,
    one_line,
    read_line,
    read_spec,
    refused,
    spec_text,
)
from reasoning_envs.programs.behaviour import outputs
from reasoning_envs.programs.edits import KINDS
from reasoning_envs.programs.generation import Case, Task, TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS, Grammar
from reasoning_envs.programs.inputs import Arguments, probe_arguments
from reasoning_envs.programs.interpreter import trace
from reasoning_envs.programs.mutate import corrupt, legal_edits
from reasoning_envs.programs.tokens import program_tokens
from reasoning_envs.programs.trees import Expr, Program, const
from reasoning_envs.programs.values import Type, Value, same
from reasoning_envs.types import Status, Verdict

__all__ = [
    "PROBES",
    "ProgramRuns",
    "body_text",
    "draw_repair",
    "draw_task",
    "fails_a_test",
    "places_apart",
    "read_repair",
    "repair_spec",
    "spoiled",
]

PROBES = 16
"""Inputs beside the visible ones on which a program is compared with the certificate; half are edge cases."""

_SIZES = (2, 3)
"""Lines of the programs that get bugs: so many that bugs stand apart, so few that a task is drawn in milliseconds."""

_TRIES = 40
_MAX_SIZE = 200


def draw_repair(rng: np.random.Generator, generator: TaskGenerator, bugs: int) -> tuple[Task, tuple[Program, ...]]:
    """A task, and its program with bugs, of which a visible test fails, with the programs on the way back.

    Every bug changes what the program does. No program on the way is met twice, so that no bug takes back another.

    Raises:
        ValueError: no such bugs were found.
    """
    for _ in range(_TRIES):
        task = draw_task(rng, generator)
        for _ in range(_TRIES):
            chain = spoiled(rng, task, generator.grammar, bugs)
            if chain is not None:
                return task, chain
    raise ValueError(f"no program of the {generator.grammar.name} grammar could be given {bugs} bugs")


def draw_task(rng: np.random.Generator, generator: TaskGenerator) -> Task:
    """A task whose program is to get bugs."""
    return generator.draw(rng, _SIZES[int(rng.integers(len(_SIZES)))])


def spoiled(rng: np.random.Generator, task: Task, grammar: Grammar, bugs: int) -> tuple[Program, ...] | None:
    """The program of a task with bugs, and the programs on the way back, the right one last.

    None where a bug takes back an earlier one, or where no visible test fails.
    """
    chain = [task.program]
    for _ in range(bugs):
        try:
            worse, bug = corrupt(chain[-1], rng, grammar)
        except ValueError:
            return None
        if bug.kind == "remove" and not _can_be_put_back(chain[-1], worse, bug.line, grammar):
            return None
        if any(program_tokens(worse) == program_tokens(earlier) for earlier in chain):
            return None
        chain.append(worse)
    # Two bugs in one place may be one: mended by one edit, they would be no level of their own.
    if places_apart(task.program, chain[-1], grammar) < bugs:
        return None
    return tuple(reversed(chain)) if fails_a_test(chain[-1], task.visible) else None


def fails_a_test(program: Program, cases: Sequence[Case]) -> bool:
    """The program gives another value, or an error, on one of the cases."""
    given = outputs(program, [case.arguments for case in cases])
    return any(value != case.output for value, case in zip(given, cases, strict=True))


def repair_spec(task: Task, chain: Sequence[Program], grammar: str) -> RepairSpec:
    """What a mender is told of a program with bugs.

    Args:
        task: that the right program solves.
        chain: of :func:`spoiled`.
        grammar: its name.
    """
    broken, *path = chain
    told = spec_text(broken.parameters, broken.result.type, task.visible, len(path), grammar, "edits")
    text = f"{told}; {body_text(broken)}"
    known = (broken.parameters, broken.result.type, task.visible, len(path), grammar, task.program)
    return RepairSpec(text, *known, broken, tuple(path))


def _can_be_put_back(program: Program, spoiled: Program, line: int, grammar: Grammar) -> bool:
    """The line that was removed is one of the grammar's.

    One that an earlier bug had changed is none: to insert the original line would mend both bugs at once.
    """
    wanted = program_tokens(program)
    insertions = legal_edits(spoiled, line, grammar, KINDS[-1:])
    return any(program_tokens(edit.apply(spoiled)) == wanted for edit in insertions)


class ProgramRuns:
    """What a program does on the visible tests of a problem, and beside the certificate.

    Args:
        spec: of the problem.
        program: to be looked at.

    Attributes:
        variables: of each variable, parameters first, its type and its values; None from an error on.
        results: what is returned, on each visible test. wanted: what should be.
        passed: which of them are right. passes: all are.
    """

    def __init__(self, spec: RepairSpec, program: Program) -> None:
        self._spec = spec
        self._program = program
        shown = [case.arguments for case in spec.shown]
        count = len(program.lines) + 1
        runs = [[*(outcome.value for outcome in trace(program, args)), *[None] * count][:count] for args in shown]
        kinds = [line.expr.type for line in program.lines]
        self.variables: list[tuple[Type, list[Value | None]]] = [
            (kind, [args[index] for args in shown]) for index, (_, kind) in enumerate(program.parameters)
        ]
        self.variables.extend((kind, [run[index] for run in runs]) for index, kind in enumerate(kinds))
        self.results = [run[-1] for run in runs]
        self.wanted: list[Value | None] = [case.output for case in spec.shown]
        alike = program.result.type is spec.result
        self.passed = [alike and value == wanted for value, wanted in zip(self.results, self.wanted, strict=True)]
        self.passes = all(self.passed)

    def submission(self) -> Verdict:
        """Whether the program is right, as far as visible tests and probes tell."""
        if not self.passes:
            return Verdict(Status.REFUTED, None, "a visible test fails", "values", True)
        if self._spec.certificate is None:
            return Verdict(Status.UNDECIDED, None, "the visible tests pass; no certificate tells more", "values")
        if self.is_right:
            return Verdict(Status.VERIFIED, None, "it does what the certificate does", "values")
        return Verdict(Status.REFUTED, None, "the visible tests pass, and other inputs tell it apart", "values", True)

    def reach(self, left: int, exact: int) -> Verdict:
        """Whether a right program is within the edits that are left; see :mod:`reasoning_envs.domains.repair`."""
        spec = self._spec
        if spec.certificate is None:
            return Verdict(Status.UNDECIDED, None, "no certificate is known", "edits")
        if self.is_right:
            return Verdict(Status.VERIFIED, None, "it does what the certificate does", "values")
        if left == 0:
            return Verdict(Status.REFUTED, None, "no edit is left, and the program is wrong", "values", True)
        known = self.edits_known
        if known is not None and known <= left:
            return Verdict(Status.VERIFIED, None, f"{_edits(known)} mend it", "edits")
        if left == 1 and exact:
            if self._one_edit_is_enough():
                return Verdict(Status.VERIFIED, None, "1 edit mends it", "enumeration")
            return Verdict(Status.REFUTED, None, "no single edit makes it right", "enumeration", True)
        return Verdict(Status.UNDECIDED, None, f"whether {_edits(left)} can mend it is not known", "edits")

    @cached_property
    def is_right(self) -> bool:
        """The program gives what the certificate gives on the visible inputs and the probes."""
        return self.passes and _agrees(self._program, self._spec)

    @cached_property
    def edits_known(self) -> int | None:
        """Edits that are known to be enough: an upper bound of the distance, privileged; None where none is known."""
        spec = self._spec
        if spec.certificate is None or spec.broken is None:
            return None
        mine = program_tokens(self._program)
        way = (spec.broken, *spec.path)
        found = [len(way) - 1 - index for index, each in enumerate(way) if program_tokens(each) == mine]
        apart = places_apart(self._program, spec.certificate, GRAMMARS[spec.grammar])
        if apart < _NEVER:
            found.append(apart)
        return min(found, default=None)

    def _one_edit_is_enough(self) -> bool:
        program, spec = self._program, self._spec
        grammar = GRAMMARS[spec.grammar]
        return any(
            _agrees(edit.apply(program), spec)
            for line in range(len(program.lines) + 1)
            for edit in legal_edits(program, line, grammar)
        )


def _edits(count: int) -> str:
    return f"{count} edit{'' if count == 1 else 's'}"


def _agrees(program: Program, spec: RepairSpec) -> bool:
    assert spec.certificate is not None
    if program.result.type is not spec.result:
        return False
    # The visible tests first: most wrong programs fail the first of them.
    for case in spec.shown:
        if outputs(program, (case.arguments,)) != (case.output,):
            return False
    probes = _probes(tuple(kind for _, kind in spec.parameters))
    right = outputs(spec.certificate, probes)
    mine = outputs(program, probes)
    return all(wanted is None or value == wanted for value, wanted in zip(mine, right, strict=True))


def _probes(types: tuple[Type, ...]) -> list[Arguments]:
    inputs = probe_arguments(types)
    half = len(inputs) // 2
    return [*inputs[: PROBES // 2], *inputs[half : half + PROBES // 2]]


_NEVER = 1_000


def places_apart(one: Program, other: Program, grammar: Grammar) -> int:
    """In how many places two programs of the same lines differ; 1,000 where no edit in its place leads over.

    Each place is one edit of the kinds operator, argument, constant or off by one, so that it is an upper bound of the
    edits between two programs.
    """
    if len(one.lines) != len(other.lines) or one.parameters != other.parameters:
        return _NEVER
    pairs = [(mine.expr, theirs.expr) for mine, theirs in zip(one.lines, other.lines, strict=True)]
    return min(sum(_apart(*pair, grammar) for pair in (*pairs, (one.result, other.result))), _NEVER)


def _apart(one: Expr, other: Expr, grammar: Grammar) -> int:
    if one == other:
        return 0
    if one.type is not other.type:
        return _NEVER
    if not one.args and not other.args:
        loose = [node.value for node in (one, other) if node.op == "const" and not _is_listed(node, grammar)]
        next_to = one.op == other.op == "const" and one.type is Type.INT and abs(one.value - other.value) == 1
        return 1 if next_to or not loose else _NEVER
    if [arg.type for arg in one.args] == [arg.type for arg in other.args] and one.value == other.value:
        own = 0 if one.op == other.op else 1 if {one.op, other.op} <= grammar.operations else _NEVER
        return own + sum(_apart(*pair, grammar) for pair in zip(one.args, other.args, strict=True))
    for small, large in ((one, other), (other, one)):
        if large.op in ("add", "sub") and large.args[0] == small and small.op == "var" and large.args[1] == _ONE:
            return 1
    return _NEVER


def _is_listed(node: Expr, grammar: Grammar) -> bool:
    return any(same(node.value, value) for value in grammar.constants)


_ONE = const(1)


# -- as text ---------------------------------------------------------------------------------------------------------


def body_text(program: Program) -> str:
    """The statements of a program, on one line."""
    return one_line(program).removeprefix(f"{head_of(program.parameters, program.result.type)} ")


def read_repair(statement: str) -> tuple[RepairSpec, tuple[Case, ...]]:
    """A problem from text, and its hidden tests.

    Raises:
        InputError: it is none.
    """
    told, more, rest = read_spec(statement)
    if not rest:
        raise refused("there is no program to mend behind the assertions")
    arguments = ", ".join(f"{name}: {kind.value}" for name, kind in told.parameters)
    body = "\n".join(f"    {line}" for node in rest for line in ast.unparse(node).split("\n"))
    broken, finished = read_line(f"def f({arguments}) -> {told.result.value}:\n{body}\n")
    if broken is None or not finished:
        raise refused("the program to mend returns nothing")
    if broken.size > _MAX_SIZE or len(broken.lines) + len(broken.parameters) > MAX_VARIABLES:
        raise refused(f"a program of {broken.size} nodes and {len(broken.lines)} lines is too large to be shown")
    canonical = spec_text(told.parameters, told.result, told.shown, told.limit, told.grammar, "edits")
    text = f"{canonical}; {body_text(broken)}"
    spec = RepairSpec(text, told.parameters, told.result, told.shown, told.limit, told.grammar, None, broken)
    return spec, more
