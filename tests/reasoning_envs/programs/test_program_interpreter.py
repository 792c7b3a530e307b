"""The interpreter and Python itself, running the rendered source in a sandbox, agree on values and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sandboxes
from reasoning_envs.programs.interpreter import ERRORS, Outcome, compile_expression, run, trace
from reasoning_envs.programs.operations import LOOP, OPERATIONS, Operation
from reasoning_envs.programs.reader import read_expression, read_program
from reasoning_envs.programs.trees import Line, Parameter, Program, var
from reasoning_envs.programs.values import Type, Value, plain, same, type_of
from tests.reasoning_envs.programs.random_programs import random_expression, random_program, random_value

Job = tuple[Program, tuple[Value, ...]]
Runner = Callable[[Sequence[Job]], list[Any]]


@pytest.fixture(scope="module")
def python() -> Iterator[Runner]:
    """Runs programs as Python: a value, or the name of an error behind ``!``."""
    # They are our own programs: any wall will do where this runs.
    with sandboxes.open_sandbox(minimum_tier="none") as sandbox:

        def run_all(jobs: Sequence[Job]) -> list[Any]:
            programs = list(dict.fromkeys(program for program, _ in jobs))
            numbers = {program: number for number, program in enumerate(programs)}
            sources = [str(Program(p.parameters, p.lines, p.result, f"f{i}")) for p, i in numbers.items()]
            table = ", ".join(f"f{number}" for number in range(len(programs)))
            source = "\n".join((*sources, f"def f(number, *args):\n    return ({table},)[number](*args)\n"))
            calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
                ((numbers[program], *map(plain, args)), {}) for program, args in jobs
            ]
            execution = sandbox.run(source, entry="f", calls=calls)
            assert len(execution.results) == len(jobs), execution.reason
            return [
                result.value if result.status is sandboxes.Status.OK else f"!{result.error.partition(':')[0]}"
                for result in execution.results
            ]

        yield run_all


def agree(python: Runner, jobs: Sequence[Job]) -> int:
    """Every outcome that is within bounds is Python's; returns how many errors were among them."""
    ours = [(job, run(*job)) for job in jobs]
    # Beyond the bounds Python might fill the memory.
    within = [(job, outcome) for job, outcome in ours if outcome.error != "BoundError"]
    theirs = python([job for job, _ in within])
    for ((program, args), outcome), result in zip(within, theirs, strict=True):
        expected = f"!{outcome.error}" if outcome.value is None else plain(outcome.value)
        assert sandboxes.same(result, expected), f"{program}{args}: Python {result!r}, interpreter {expected!r}"
        if outcome.value is not None:
            assert type_of(outcome.value) is program.result.type
    return sum(outcome.value is None for _, outcome in within)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_random_programs_compute_what_python_computes(python: Runner, seed: int) -> None:
    rnd = Random(seed)
    programs = [random_program(rnd) for _ in range(40)]
    agree(python, [(p, tuple(random_value(rnd, kind) for _, kind in p.parameters)) for p in programs for _ in range(3)])


@pytest.mark.parametrize("kind", list(Type))
def test_every_operation_computes_what_python_computes(python: Runner, kind: Type) -> None:
    """Each on plain arguments, so that none hides behind the error of another."""
    rnd = Random(kind.value)
    jobs = []
    for row in (row for row in OPERATIONS.values() if row.result is kind):
        for _ in range(25):
            program = _alone(rnd, row)
            jobs += [(program, tuple(random_value(rnd, each) for _, each in program.parameters)) for _ in range(4)]
    errors = agree(python, jobs)
    assert errors < len(jobs) / 2


def _alone(rnd: Random, row: Operation) -> Program:
    parameters = tuple(Parameter(f"a{index}", kind) for index, kind in enumerate(row.arguments))
    scope = dict(parameters)
    expr = random_expression(rnd, row.result, scope, depth=1, only=row)
    if row.form == LOOP:
        return Program(parameters, (Line("v1", expr),), var("v1", expr.type))
    return Program(parameters, (), expr)


@pytest.mark.parametrize(
    ("source", "args", "expected"),
    [
        ("n // m", (7, 0), "ZeroDivisionError"),
        ("-7 // n", (2, 0), -4),
        ("-7 % n", (3, 0), 2),
        ("7 % n", (-3, 0), -2),
        ("[1, 2][n]", (2, 0), "IndexError"),
        ("[1, 2][n]", (-3, 0), "IndexError"),
        ("[1, 2][n]", (-2, 0), 1),
        ("min([3][n:])", (1, 0), "ValueError"),
        ("[1, 2].index(n)", (3, 0), "ValueError"),
        ("[1, 2][::n]", (0, 0), "ValueError"),
        ("n if m > 0 else n // m", (3, 1), 3),
        ("n if m > 0 else n // m", (3, 0), "ZeroDivisionError"),
        ("m == 0 or n // m > 0", (3, 0), True),
        ("m != 0 and n // m > 0", (3, 0), False),
        ("[x + n // m for x in [1][1:]]", (3, 0), ()),
        ("[n // m + x for x in [1][1:]]", (3, 0), ()),
        ("[n // m for x in [1]]", (3, 0), "ZeroDivisionError"),
        ("[7 for x in range(n)]", (3, 0), (7, 7, 7)),
        ("any(x // m > 0 for x in [0][1:])", (3, 0), False),
        ("any(n // x > 0 for x in [1, 0])", (3, 0), True),
        ("all(n // x > 0 for x in [0, 1])", (3, 0), "ZeroDivisionError"),
        ("[x - y for x, y in zip(range(n), [1, 2])]", (5, 0), (-1, -1)),
        ("list(range(n))", (101, 0), "BoundError"),
        ("[0] * n", (10**12, 0), "BoundError"),
        ("'ab' * n", (51, 0), "BoundError"),
        ("n * m", (2**40, 2**40), "BoundError"),
        ("(n * m) // m", (2**40, 2**40), 2**40),
        ("(((n ** 2) ** 2) ** 2) ** 2", (2**60, 0), "BoundError"),
        ("'aaaaaaaaaa'.replace('a', str(n)).replace('1', str(n)) ", (10**12, 0), "BoundError"),
        ("int(str(n) + 'x')", (1, 0), "ValueError"),
        ("ord('ab'[n:])", (0, 0), "TypeError"),
    ],
)
def test_corners(source: str, args: tuple[int, int], expected: Value | str) -> None:
    expr = read_expression(_behind_in(source), {"n": Type.INT, "m": Type.INT})
    program = Program((Parameter("n", Type.INT), Parameter("m", Type.INT)), (), expr)
    outcome = run(program, args)
    if isinstance(expected, str):
        assert outcome == Outcome(None, expected)
    else:
        assert outcome.error == ""
        assert same(outcome.value, expected)


def _behind_in(source: str) -> str:
    return source.replace("zip(range(n)", "zip(list(range(n))")


def test_a_loop_is_bounded_at_every_turn() -> None:
    """Squaring sixty times would take more memory than there is."""
    program = read_program("""
def f(n: int) -> int:
    v1 = n
    for x in range(60):
        v1 = v1 * v1
    v2 = v1 % 7
    return v2
""")
    assert run(program, (3,)) == Outcome(None, "BoundError")
    assert run(program, (-1,)) == Outcome(1)


def test_a_trace_ends_with_the_first_error() -> None:
    program = read_program("""
def f(xs: list[int]) -> int:
    v1 = sorted(xs)
    v2 = v1[0]
    v3 = v2 + 1
    return v3
""")
    assert [o.value for o in trace(program, ((3, 1),))] == [(1, 3), 1, 2, 2]
    assert trace(program, ((),)) == (Outcome(()), Outcome(None, "IndexError"))
    assert run(program, ((3, 1),)) == trace(program, ((3, 1),))[-1]


def test_arguments_are_checked() -> None:
    program = read_program("def f(n: int) -> int:\n    return n\n")
    for args in ((True,), ("1",), (1.0,), (), (1, 2), ([1],)):
        with pytest.raises(TypeError):
            run(program, args)  # type: ignore[arg-type]  # wrong types are the point


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_holes_and_variables_compute_alike(seed: int) -> None:
    rnd = Random(seed)
    kinds = [rnd.choice(list(Type)) for _ in range(3)]
    scope = {f"a{index}": kind for index, kind in enumerate(kinds)}
    expr = random_expression(rnd, rnd.choice(list(Type)), scope)
    args = tuple(random_value(rnd, kind) for kind in kinds)
    program = Program(tuple(map(Parameter, scope, kinds)), (), expr)
    expected = run(program, args)
    function = compile_expression(expr, slots=tuple(scope))
    if expected.error == "BoundError":
        return
    if expected.error:
        with pytest.raises(ERRORS) as caught:
            function(*args)
        assert caught.type.__name__ == expected.error
    else:
        assert same(function(*args), expected.value)
