"""Programs on one line, and problems as text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.domains.problems.programs import (
    cases_from_json,
    cases_to_json,
    line_text,
    one_line,
    read_line,
    read_spec,
    source_of,
)
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.programs.generation import Case, TaskGenerator
from reasoning_envs.programs.grammar import GRAMMARS, LARGE
from reasoning_envs.programs.reader import read_program
from reasoning_envs.programs.trees import Parameter, Program
from reasoning_envs.programs.values import Type, plain
from reasoning_envs.types import Status

GENERATORS = {name: TaskGenerator(grammar) for name, grammar in GRAMMARS.items()}


def drawn(seed: int) -> Program:
    rng = np.random.default_rng(seed)
    return GENERATORS[("small", "large")[seed % 2]].draw(rng, 1 + seed % 3).program


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_a_program_on_one_line_is_the_same_program(seed: int) -> None:
    program = drawn(seed)
    text = one_line(program)
    assert "\n" not in text
    assert read_program(source_of(text)) == program
    read = read_line(text.replace(" ", "  "))
    assert (read.program, read.finished) == (program, True)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_python_itself_runs_the_source_of_a_line(seed: int) -> None:
    rng = np.random.default_rng(seed)
    task = TaskGenerator(LARGE).draw(rng, 2)
    scope: dict[str, object] = {}
    exec(source_of(one_line(task.program)), scope)  # noqa: S102 - of our own tree
    function = scope["f"]
    assert callable(function)
    for case in (*task.visible, *task.hidden):
        assert function(*map(plain, case.arguments)) == plain(case.output)


def test_a_text_with_a_semicolon_is_one_text() -> None:
    text = "def f(s: str) -> str: v1 = s + ';:'; return v1"
    assert source_of(text) == "def f(s: str) -> str:\n    v1 = s + ';:'\n    return v1\n"


def test_a_loop_stands_on_one_line() -> None:
    source = "def f(xs: list[int]) -> int:\n    v1 = 0\n    for x in xs:\n        v1 = v1 * 10 + x\n    return v1\n"
    program = read_program(source)
    assert line_text(program.lines[0]) == "v1 = 0; for x in xs: v1 = v1 * 10 + x"
    assert read_line(one_line(program)).program == program


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("def f(xs: list[int]) -> int: ...", None),
        ("def f(xs: list[int]) -> int: v1 = sorted(xs)", 1),
        ("def f(xs: list[int]) -> list[int]: v1 = 0; for x in xs: v1 = v1 * 10 + x", 1),
    ],
)
def test_an_unfinished_program_returns_its_newest_variable(text: str, lines: int | None) -> None:
    program, finished = read_line(text)
    assert not finished
    assert (None if program is None else len(program.lines)) == lines


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("", Status.UNPARSED, "a program is a function"),
        ("import os", Status.UNPARSED, "a program is a function"),
        ("def f(n: int) -> int:", Status.UNPARSED, "without a body"),
        ("def f(n: int) -> int: v1 = n;; return v1", Status.UNPARSED, "empty statement"),
        ("def f(n: int) -> int: return (n", Status.UNPARSED, "not Python"),
        ("def f(n: int) -> int: __import__('os'); return n", Status.UNPARSED, ""),
        ("def f(n: int) -> int: while True: pass", Status.UNPARSED, ""),
        ("def f(n: int) -> int: print(n)", Status.UNPARSED, "assigns a variable"),
        ("def f(n: int) -> int: return " + "(" * 300 + "n" + ")" * 300, Status.UNPARSED, ""),
        ("def f(n: int) -> int: return n" + " " * 30_000 + "+ 1", Status.UNSAFE, "at most 20000"),
    ],
)
def test_what_is_no_program_says_why(text: str, status: Status, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        read_line(text)
    assert caught.value.verdict.status is status
    assert reason in caught.value.verdict.reason


def test_tests_go_through_json_with_their_types() -> None:
    parameters = (Parameter("xs", Type.LIST), Parameter("p", Type.BOOL))
    cases = (Case(((1, 0), True), 1), Case(((), False), 0))
    assert cases_from_json(cases_to_json(cases), parameters, Type.INT) == cases
    for data in ([[[[1]], 1]], [[[[True], True], 1]], [[[[1], True], True]], [5]):
        with pytest.raises(ValueError, match="test 1 is none"):
            cases_from_json(data, parameters, Type.INT)


def test_the_first_five_tests_are_shown() -> None:
    asserts = "; ".join(f"assert f([{n}]) == {n}" for n in range(7))
    spec, more, rest = read_spec(f"def f(xs: list[int]) -> int: {asserts}")
    assert [case.output for case in spec.shown] == [0, 1, 2, 3, 4]
    assert [case.output for case in more] == [5, 6]
    assert rest == []
    assert (spec.limit, spec.grammar) == (4, "large")
    assert read_spec(spec.text)[0] == spec


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def g(n: int) -> int: assert g(1) == 1", "a function f"),
        ("def f(n: int) -> int: ...", "a test or more"),
        ("def f(n) -> int: assert f(1) == 1", "one of the types"),
        ("def f(n: int) -> float: assert f(1) == 1", "one of the types"),
        ("def f(n: int) -> int: assert f(1, 2) == 1", "no call of f with 1 arguments"),
        ("def f(n: int) -> int: assert f(1) == True", "is no int"),
        ("def f(n: int) -> int: assert f([1]) == 1", "is no int"),
        ("def f(n: int) -> int: assert f(n) == 1", "is no int"),
        ("def f(n: int) -> int: assert f(1) > 1", "not understood"),
        ('def f(n: int) -> int: "quickly"; assert f(1) == 1', "not understood"),
        ('def f(n: int) -> int: "at most 3 lines, tiny grammar"; assert f(1) == 1', "grammars: small or large"),
        ('def f(n: int) -> int: "at most 30 lines"; assert f(1) == 1', "from 1 to 11"),
        ("def f(v1: int) -> int: assert f(1) == 1", "the name of a line's variable"),
        ("def f(sorted: int) -> int: assert f(1) == 1", "taken"),
        ("def f(n: int = 3) -> int: assert f(1) == 1", "without defaults"),
        (f"def f(n: int) -> int: assert f({10**30}) == 1", "is no int"),
    ],
)
def test_what_is_no_problem_says_why(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_spec(text)
