"""What Python computes when it is asked for and Monty at once: told apart, or refused."""

from __future__ import annotations

import ast
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandboxes import Execution, Limits, Status
from sandboxes.monty import MontySandbox
from sandboxes.monty.guard import needs_guard
from sandboxes.monty.laziness import Laziness, laziness
from sandboxes.monty.refusals import differs

if not (Path(sys.executable).with_name("monty").exists() or shutil.which("monty")):
    pytest.skip("Monty is not installed: pip install 'reasoning-envs[monty]'", allow_module_level=True)


@pytest.fixture(scope="module")
def monty() -> Iterator[MontySandbox]:
    with MontySandbox(Limits(cpu_seconds=5.0, wall_seconds=20.0, memory_bytes=64 << 20)) as sandbox:
        yield sandbox


def call(sandbox: MontySandbox, source: str, argument: Any) -> Execution:
    return sandbox.run(source, entry="f", calls=[((argument,), {})])


LAZY = [
    # source of the body, what Monty may make of it: None where it is to be refused
    ("return list(map(str, x))", ["1", "2"]),
    ("return sum(y * y for y in x)", 5),
    ("return sorted((y for y in x), reverse=True)", [2, 1]),
    ("return dict(zip('ab', x))", {"a": 1, "b": 2}),
    ("return [[*row] for row in zip(x, x)]", [[1, 1], [2, 2]]),
    ("a, b = map(str, x)\n    return a + b", "12"),
    ("return ''.join(str(y) for y in reversed(x))", "21"),
    ("for i, y in enumerate(x):\n        x[i] = y + 1\n    return x", [2, 3]),
    ("t = 0\n    for i, (a, b) in enumerate(zip(x, x)):\n        t += i * a * b\n    return t", 4),
    ("return all(y > 0 for y in x)", True),
    ("return any(map(bool, x))", True),
    ("return 2 in (y for y in x)", True),
    ("return max(len(str(y)) for y in x)", 1),
    ("return [y for y in filter(None, x)]", [1, 2]),
    ("return any(y > 0 or 1 // 0 for y in [1, -1])", None),
    ("return any(1 // y for y in (1, 0))", None),
    ("return 1 // 0 if all(y for y in x) else 0", None),
    ("for y in map(lambda z: 1 // z, (1, 0)):\n        return y", None),
    ("return any(y for y in range(10 ** 9))", None),
    ("return next(y for y in x)", None),
    ("return map(str, x)", None),
    ("return zip(x, x)", None),
    ("return (y for y in x)", None),
    ("return [enumerate(x)]", None),
    ("return {'a': reversed(x)}", None),
    ("return len(list(x)) + len(map(str, x))", None),
    ("m = map(str, x)\n    return list(m) + list(m)", None),
    ("return zip(x, x) == [(1, 1), (2, 2)]", None),
    ("return 3 if (y for y in []) else 4", None),
    ("return str(filter(None, x))", None),
    ("m = map\n    return m(str, x)", None),
    ("list = tuple\n    return list(map(str, x))", None),
    ("sum = lambda y: y\n    return sum(y for y in x)", None),
    ("for i, y in enumerate(x):\n        x.pop()\n    return x", None),
    ("for i, y in enumerate(x):\n        if i < 3:\n            x += [y]\n    return x", None),
    ("for y in reversed(x):\n        x[0] = 5\n        r = y\n    return r", None),
    ("for i, y in enumerate(x):\n        x[i - 1] = 0\n    return x", None),
    ("def g(z): z.clear()\n    for i, y in enumerate(x):\n        g(x)\n    return i", None),
    ("return [x.pop() for y in reversed(x)]", None),
]


@pytest.mark.parametrize(("body", "expected"), LAZY)
def test_what_python_makes_when_it_is_asked_for(monty: MontySandbox, body: str, expected: Any) -> None:
    """Right where it cannot show that Monty has lists in place of iterators, and refused where it can."""
    execution = call(monty, f"def f(x):\n    {body}\n", [1, 2])
    if expected is None:
        assert execution.status is Status.REFUSED, execution
    else:
        assert execution.values == [expected], execution


NESTED = (
    "-",
    "not ",
    "(",
    "[",
    "{a:",
    "lambda:",
    "a if b else ",
    "x=",
    "1+",
    "a.",
    "a[0]",
    "**",
    "f(",
    "if a:\n ",
    "a,",
)


@pytest.mark.parametrize("piece", NESTED)
@pytest.mark.parametrize("tail", ["", "1", "zip"])
def test_programs_that_are_hard_to_parse_are_no_danger_to_this_process(piece: str, tail: str) -> None:
    """Whatever it says of them. Threads have less stack than the main one."""
    for length in (1 << 14, 1 << 20):
        text = f"zip\n{piece * (length // len(piece))}"[: length - 8] + tail
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(laziness, text).result() in Laziness
    assert laziness(f"zip\n{piece * (1 << 14)}") is Laziness.SHOWS


_CROWDED = {
    "loops of a comprehension": "x = [1 " + "for a in zip(b) " * 900 + "]",
    "comprehensions in a comprehension": "x = [0 for a in b " + "if sum(c for c in d) " * 700 + "]",
    "loops in loops": "".join(" " * depth + "for a in zip(b):\n" for depth in range(90)) + " " * 90 + "c += 1;" * 1000,
}


@pytest.mark.parametrize("name", _CROWDED)
def test_each_part_of_a_program_is_looked_at_a_few_times(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, visits, parts = _CROWDED[name], 0, ast.iter_child_nodes

    def counted(node: ast.AST) -> Iterator[ast.AST]:
        nonlocal visits
        visits += 1
        return parts(node)

    size = sum(1 for _ in ast.walk(ast.parse(program)))
    monkeypatch.setattr(ast, "iter_child_nodes", counted)
    assert laziness(program) is Laziness.NONE
    assert visits < 5 * size


@pytest.mark.parametrize("piece", ["\n ", "\n" + " " * 99, "{ ", "{a", "{a,", "{", "{ 'a", "def ", "__", "set", "for "])
def test_no_source_is_looked_through_for_long(piece: str) -> None:
    assert isinstance(differs(piece * ((1 << 21) // len(piece)) + "__{"), str)


def test_lines_that_only_look_like_harmless_imports_are_read_once() -> None:
    # In quadratic time this would take hours.
    for head in ("import math", "from math import", "from typing import a,"):
        assert needs_guard(head + " " * (1 << 20) + "!")
    assert not needs_guard("import math" + " " * (1 << 20) + "\nfrom math import a" + " , b" * (1 << 18))


@pytest.mark.parametrize("text", [r"'\d'", "1if x else 2", "x = 0x1for", "'\\777'"])
def test_programs_of_which_python_would_warn_are_not_parsed(text: str) -> None:
    """A warning is an error in these tests, and would be somebody else's output in training."""
    assert laziness(f"def f(x): return [y for y in {text}]") is Laziness.SHOWS


def test_tests_that_python_may_have_passed_are_refused(monty: MontySandbox) -> None:
    source = "def f(x): return 1 // x"
    stops = "assert any(f(x) == 1 for x in (1, 0))"
    assert monty.run_tests(source, stops, entry="f").status is Status.REFUSED
    assert monty.run_tests(source, stops.replace("0", "2"), entry="f").status is Status.OK
    assert monty.run_tests(source, stops.replace("0", "2").replace("== 1", "== 5"), entry="f").status is Status.FAILED
    assert monty.run_tests(source, "assert map(f, [1]) == [1]", entry="f").status is Status.REFUSED
    # The program answers an exception that Python may not have come to.
    short = "def f(x): return any(1 // y for y in (1, 0))"
    wants = "try:\n    f(1)\nexcept ZeroDivisionError:\n    pass\nelse:\n    assert False"
    assert monty.run_tests(short, wants, entry="f").status is Status.REFUSED
