"""Source and trees: each tree has one source, each source of the subset one tree, and everything else a clear error."""

import pickle
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.programs.operations import LOOP, OPERATIONS, Operation
from reasoning_envs.programs.reader import MAX_SOURCE, read_expression, read_program
from reasoning_envs.programs.render import render_expression, render_program
from reasoning_envs.programs.trees import (
    MAX_DEPTH,
    MAX_NODES,
    Line,
    Parameter,
    Program,
    ProgramError,
    call,
    const,
    fill,
    free_names,
    hole,
    rename,
    replace_at,
    var,
    walk,
)
from reasoning_envs.programs.values import Type
from tests.reasoning_envs.programs.random_programs import random_expression, random_program

SCOPE = {"xs": Type.LIST, "ys": Type.LIST, "n": Type.INT, "m": Type.INT, "s": Type.STR, "t": Type.STR, "p": Type.BOOL}


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_what_is_written_is_read_back(seed: int) -> None:
    rnd = Random(seed)
    for _ in range(10):
        program = random_program(rnd)
        again = read_program(render_program(program))
        assert again == program
        assert (again.key, again.size, hash(again)) == (program.key, program.size, hash(program))


@pytest.mark.parametrize("row", [row for row in OPERATIONS.values() if row.form != LOOP], ids=lambda row: row.name)
def test_every_operation_is_read_back_in_every_place(row: Operation) -> None:
    """Under and over others: no parenthesis is missing, and no other operation has the same form."""
    rnd = Random(row.name)
    for _ in range(60):
        inner = random_expression(rnd, row.result, SCOPE, depth=2, only=row)
        assert read_expression(render_expression(inner), SCOPE) == inner


@pytest.mark.parametrize(
    "source",
    [
        "-n ** 2",
        "(-n) ** 2",
        "(-3) ** 2",
        "-(n + m)",
        "--3",
        "n - (m - 1)",
        "n - m - 1",
        "(n + m) * 2",
        "n + m * 2",
        "n // (m // 2)",
        "not n == m",
        "(n == m) if p else not p",
        "(p and p) or p",
        "(p and p) and p",
        "p and (p or p)",
        "(n if p else m) + 1",
        "n if p else m if not p else 3",
        "xs[n + 1:]",
        "(xs + ys)[::-1][0]",
        "[1, -2].count(n)",
        "[x if x > n else -x for x in xs]",
        "[i * i for i in range(n)]",
        "[i for i in range(1, n + 1) if n % i == 0]",
        "sum(list(range(n)))",
        "[sum(xs[:i + 1]) for i in range(len(xs))]",
        "[i * x for i, x in enumerate(xs)]",
        "[max(x, y) for x, y in zip(xs, ys[1:])]",
        "any(x in ys for x in (xs if p else ys))",
        "sum(1 for c in s if c.isdigit())",
        '"".join(c.upper() if c in t else c for c in s)',
        "[int(c) for c in str(abs(n))]",
        '"".join(dict.fromkeys(s))',
        "s[::-1] == s",
        '"it\'s"',
        "'say \"no\"'",
        "sorted(set(xs))",
        "sorted(xs, reverse=True)",
        "list(dict.fromkeys(xs))",
    ],
)
def test_source_is_written_as_people_write_it(source: str) -> None:
    text = render_expression(read_expression(source, SCOPE))
    assert text == source.replace("(n == m) if", "n == m if").replace("(p and p) or", "p and p or").replace(
        "n - (m - 1)", "n - (m - 1)"
    )


def test_a_program_is_written_as_people_write_it() -> None:
    source = """\
def f(xs: list[int], n: int) -> int:
    v1 = [x * n for x in xs]
    v2 = 0
    for x in v1:
        v2 = v2 * 10 + x
    v3 = max(v2, n)
    return v3 % 7
"""
    program = read_program(source)
    assert render_program(program) == source
    assert [line.target for line in program.lines] == ["v1", "v2", "v3"]
    assert pickle.loads(pickle.dumps(program)) == program  # noqa: S301  # our own bytes


def test_types_may_be_given_apart() -> None:
    bare = "def f(xs, n):\n    v1 = xs[n]\n    return v1\n"
    program = read_program(bare, types=(Type.LIST, Type.INT))
    assert render_program(program) == "def f(xs: list[int], n: int) -> int:\n    v1 = xs[n]\n    return v1\n"
    with pytest.raises(ProgramError, match="needs a type"):
        read_program(bare)
    with pytest.raises(ProgramError, match="2 parameters"):
        read_program(bare, types=(Type.LIST,))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return n +", "not Python"),
        ("v1 = n", "must return"),
        ("return", "must return"),
        ("v1 = 1\n    v1 = 2\n    return v1", "assigned twice"),
        ("n = 1\n    return n", "assigned twice"),
        ("return v1", "before it is assigned"),
        ("v1 = v2\n    v2 = 1\n    return v1", "before it is assigned"),
        ("return xs + n", r"'xs \+ n' is not done with \(list\[int\], int\)"),
        ("return len(n)", "not done with"),
        ("return [x > 0 for x in xs]", "a body of type bool"),
        ("return n / 2", "not of the subset"),
        ("return 1.5", "no int, bool or str"),
        ("return None", "no int, bool or str"),
        ("import os\n    return n", "assigns a new variable"),
        ("v1 = __import__('os')\n    return v1", "not of the subset"),
        ("return xs.__class__", "not of the subset"),
        ("return open('f')", "not of the subset"),
        ("return (lambda: n)()", "not of the subset"),
        ("while True:\n        n = 1\n    return n", "assigns a new variable"),
        ("v1, v2 = 1, 2\n    return v1", "assigns a new variable"),
        ("v1 = 0\n    for x in xs:\n        v1 += x\n    return v1", "a loop assigns"),
        ("v1 = 0\n    for x in xs:\n        n = x\n    return v1", "a loop assigns"),
        ("for x in xs:\n        n = x\n    return n", "a loop assigns"),
        ("v1 = 0\n    for n in xs:\n        v1 = n\n    return v1", "is a variable already"),
        ("v1 = 0\n    for x in n:\n        v1 = x\n    return v1", "no loop over int"),
        ("return [n for n in xs]", "is a variable already"),
        ("return [sum(y for y in xs) for x in xs]", "a line of its own"),
        ("return [len for len in xs]", "is taken"),
        ("sum = 1\n    return sum", "is taken"),
        ("acc = 1\n    return acc", "is taken"),
        ("_a = 1\n    return _a", "no name"),
        (f"return {10**30}", "bits"),
        ("return " + "(" * 90 + "n" + ")" * 90, None),
        ("return " + "-" * 90 + "n", "nested"),
        ("return " + "(" * 5000 + "n" + ")" * 5000, "not Python|nested"),
        ("return " + " + ".join(["n"] * (MAX_DEPTH + 5)), "levels"),
        ("return [" + ", ".join(["1"] * 101) + "]", "length of 101"),
        ("return '" + "x" * MAX_SOURCE + "'", "characters"),
        ("return n\0", "not Python"),
        ("v1 = '\\d'\n    return v1", None),  # at which the compiler warns
    ],
)
def test_other_source_is_refused_and_the_message_says_why(body: str, message: str | None) -> None:
    source = f"def f(xs: list[int], n: int):\n    {body}\n"
    if message is None:
        read_program(source)
        return
    with pytest.raises(ProgramError, match=message):
        read_program(source)


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "",
        "def f(n: int):\n    return n\ndef g(n: int):\n    return n",
        "@cache\ndef f(n: int):\n    return n",
        "async def f(n: int):\n    return n",
        "def f(*n: int):\n    return n",
        "def f(n: int = 1):\n    return n",
        "def f(n: float):\n    return n",
        "def f(n: int) -> str:\n    return n",
        "def f():\n    return 1",
        "def f(f: int):\n    return f",
    ],
)
def test_other_functions_are_refused(source: str) -> None:
    with pytest.raises(ProgramError):
        read_program(source)


def test_programs_are_checked_when_they_are_built() -> None:
    n = var("n", Type.INT)
    parameters = (Parameter("n", Type.INT),)
    with pytest.raises(ProgramError, match="used as str"):
        Program(parameters, (), var("n", Type.STR))
    with pytest.raises(ProgramError, match="hole"):
        Program(parameters, (), hole(0, Type.INT))
    loop = call("loop_int", var("acc", Type.INT), n, const((1, 2)))
    with pytest.raises(ProgramError, match="lines of its own"):
        Program(parameters, (), loop)
    with pytest.raises(ProgramError, match="nodes"):
        Program(parameters, tuple(Line(f"v{i}", call("add", n, n)) for i in range(MAX_NODES // 3 + 1)), n)
    with pytest.raises(ProgramError, match="takes"):
        call("add", n)
    with pytest.raises(ProgramError, match="no operation"):
        call("os.system", n)


def test_dead_lines_are_dropped() -> None:
    program = read_program("""
def f(xs: list[int]) -> int:
    v1 = len(xs)
    v2 = sorted(xs)
    v3 = v2[::-1]
    v4 = v1 + 1
    return v4
""")
    assert [line.target for line in program.without_dead_lines().lines] == ["v1", "v4"]


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_trees_are_taken_apart_and_put_together(seed: int) -> None:
    rnd = Random(seed)
    expr = random_expression(rnd, rnd.choice(list(Type)), SCOPE)
    nodes = list(walk(expr))
    assert len(nodes) == expr.size
    path, node = rnd.choice(nodes)
    assert replace_at(expr, path, node) == expr
    names = sorted(free_names(expr))
    fresh = {name: f"{name}_new" for name in names}
    assert free_names(rename(expr, fresh)) == set(fresh.values())
    assert rename(rename(expr, fresh), {new: old for old, new in fresh.items()}) == expr
    assert pickle.loads(pickle.dumps(expr)) == expr  # noqa: S301  # our own bytes


def test_holes_are_filled() -> None:
    template = read_expression("[x + _1 for x in _0]", {}, (Type.LIST, Type.INT))
    assert str(fill(template, (var("xs", Type.LIST), const(3)))) == "[x + 3 for x in xs]"
    with pytest.raises(ProgramError, match="hole 1 takes int"):
        fill(template, (var("xs", Type.LIST), var("xs", Type.LIST)))
