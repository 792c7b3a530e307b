"""Edits are undone by their inverses, and whatever they break they can mend."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from reasoning_envs.programs.behaviour import behaviour_key
from reasoning_envs.programs.edits import KINDS, Edit, EditError, Insert, Kind, Remove, Replace, Swap
from reasoning_envs.programs.generation import TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS, SMALL, Grammar
from reasoning_envs.programs.mutate import corrupt, legal_edits
from reasoning_envs.programs.reader import read_program
from reasoning_envs.programs.trees import MAX_NODES, Line, Program, const, var
from reasoning_envs.programs.values import Type

PROGRAM = read_program("""
def f(xs: list[int], n: int) -> list[int]:
    v1 = sorted(xs)
    v2 = v1[1:]
    v3 = [x for x in v2 if x > n]
    return v3
""")


@cache
def programs(name: str) -> tuple[Program, ...]:
    generator = TaskGenerator(GRAMMARS[name])
    rng = np.random.default_rng(5)
    return tuple(generator.draw(rng, 1 + index % 3).program for index in range(9))


def every_edit(program: Program, grammar: Grammar, kinds: tuple[Kind, ...] = KINDS) -> list[Edit]:
    return [edit for line in range(len(program.lines) + 1) for edit in legal_edits(program, line, grammar, kinds)]


@pytest.mark.parametrize("name", list(GRAMMARS))
def test_edits_are_undone_and_their_inverses_are_legal(name: str) -> None:
    grammar = GRAMMARS[name]
    rng = np.random.default_rng(0)
    seen: set[str] = set()
    for program in programs(name):
        for edit in every_edit(program, grammar):
            if edit.kind == "insert" and rng.random() < 0.95:  # they are ten times as many as all others
                continue
            seen.add(edit.kind)
            edited = edit.apply(program)
            assert edited != program
            assert read_program(str(edited)) == edited
            assert edit.inverse.apply(edited) == program
            assert edit.inverse.inverse == edit
            assert edit.inverse in legal_edits(edited, edit.line, grammar, (edit.inverse.kind,)), edit.describe()
    assert seen == set(KINDS)


def test_edits_come_in_a_fixed_order_without_doubles() -> None:
    for line in range(4):
        found = legal_edits(PROGRAM, line, SMALL)
        assert found == legal_edits(PROGRAM, line, SMALL)
        assert len(set(found)) == len(found)
        order = [KINDS.index(edit.kind) for edit in found]
        assert order == sorted(order)
        for kind in KINDS:
            assert legal_edits(PROGRAM, line, SMALL, (kind,)) == tuple(e for e in found if e.kind == kind) or (
                kind == "off by one"  # of which some are also changes of a constant
            )


@pytest.mark.parametrize(
    ("line", "kind", "described"),
    [
        (0, "operator", []),
        (0, "argument", []),
        (0, "swap", ["lines 1 and 2 exchange what they do"]),
        (0, "remove", ["line 1: remove v1 = sorted(xs), and use xs instead"]),
        (1, "operator", ["line 2: operator: v1[1:] becomes v1[:1]"]),
        (2, "operator", [f"line 3: operator: x > n becomes x {sign} n" for sign in ("==",)]),
        (1, "off by one", ["line 2: off by one: 1 becomes 0", "line 2: off by one: 1 becomes 2"]),
        (3, "argument", ["line 4: argument: v3 becomes xs", "line 4: argument: v3 becomes v1"]),
    ],
)
def test_edits_are_described(line: int, kind: Kind, described: list[str]) -> None:
    found = [edit.describe() for edit in legal_edits(PROGRAM, line, SMALL, (kind,))]
    if kind in ("operator", "argument") and not described:
        assert all(text.startswith(f"line {line + 1}: {kind}: ") for text in found)
    else:
        assert [text for text in described if text not in found] == []


def test_a_swap_exchanges_the_work_of_two_lines() -> None:
    swapped = Swap(0).apply(PROGRAM)
    assert [str(line) for line in swapped.lines[:2]] == ["v1 = xs[1:]", "v2 = sorted(v1)"]
    assert Swap(0).apply(swapped) == PROGRAM


def test_edits_that_do_not_fit_say_so() -> None:
    xs = var("xs", Type.LIST)
    for edit in (
        Replace(0, (0,), var("ys", Type.LIST), xs, "argument"),
        Replace(0, (7,), xs, xs, "argument"),
        Swap(2),
        Swap(3),
        Remove(0, PROGRAM.lines[1], "xs"),
        Remove(1, PROGRAM.lines[1], "n"),
        Remove(1, PROGRAM.lines[1], "v9"),
        Remove(9, PROGRAM.lines[1], "v1"),
        Insert(3, Line("v4", xs), "v1"),
        Insert(1, Line("v4", const(1)), "v1"),
    ):
        with pytest.raises(EditError):
            edit.apply(PROGRAM)
    with pytest.raises(IndexError, match="no line 4"):
        legal_edits(PROGRAM, 4, SMALL)


def test_edits_keep_within_the_bounds_of_a_program() -> None:
    lines = "".join(f"    v{i} = n + {i}\n" for i in range(MAX_NODES // 3))
    full = read_program(f"def f(n: int) -> int:\n{lines}    return n\n")
    assert full.size == MAX_NODES
    for edit in legal_edits(full, 0, SMALL):
        assert edit.apply(full).size <= MAX_NODES


@pytest.mark.parametrize("name", list(GRAMMARS))
def test_a_bug_changes_what_a_program_does_and_its_inverse_mends_it(name: str) -> None:
    kinds: set[str] = set()
    for seed, program in enumerate(programs(name) * 4):
        spoiled, edit = corrupt(program, np.random.default_rng(seed), GRAMMARS[name])
        assert behaviour_key(spoiled) != behaviour_key(program)
        assert edit.inverse.apply(spoiled) == program
        assert corrupt(program, np.random.default_rng(seed), GRAMMARS[name]) == (spoiled, edit)
        kinds.add(edit.kind)
    assert kinds >= {"operator", "argument", "off by one", "remove"}


def test_bugs_may_be_of_chosen_kinds() -> None:
    for seed in range(5):
        assert corrupt(PROGRAM, np.random.default_rng(seed), SMALL, ("off by one",))[1].kind == "off by one"
    with pytest.raises(ValueError, match="no edit of the kinds constant"):
        corrupt(read_program("def f(n: int) -> int:\n    return n\n"), np.random.default_rng(0), SMALL, ("constant",))


def test_a_variable_in_a_literal_is_not_made_a_constant() -> None:
    """``xs + [n]`` with 1 for n is ``xs + [1]``, a constant list: the edit could not be undone."""
    program = read_program("def f(xs: list[int], n: int) -> list[int]:\n    v1 = xs + [n]\n    return v1\n")
    for edit in every_edit(program, GRAMMARS["large"], KINDS[:-1]):
        assert edit.inverse.apply(edit.apply(program)) == program
