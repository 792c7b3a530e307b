"""Monty runs what it can, refuses the rest, and nothing that a program does reaches the next one or the caller."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandboxes import Execution, Job, Limits, SandboxClosed, SandboxUnavailable, Status, Tier, open_sandbox
from sandboxes.monty import MontySandbox
from sandboxes.types import Call

if not (Path(sys.executable).with_name("monty").exists() or shutil.which("monty")):
    pytest.skip("Monty is not installed: pip install 'reasoning-envs[monty]'", allow_module_level=True)


@pytest.fixture(scope="module")
def monty() -> Iterator[MontySandbox]:
    with MontySandbox(Limits(cpu_seconds=5.0, wall_seconds=20.0)) as sandbox:
        yield sandbox


def call(sandbox: MontySandbox, source: str, *calls: Any, entry: str = "f", **limits: Any) -> Execution:
    wanted: list[Call] = [((argument,), {}) for argument in calls or (1,)]
    return sandbox.run(source, entry=entry, calls=wanted, limits=Limits(**{"wall_seconds": 20.0, **limits}))


@pytest.mark.parametrize(
    ("source", "argument", "expected"),
    [
        ("def f(x): return x + 1", 1, 2),
        ("def f(x): return x", [1, (2, {3}), {"a": b"b", 4: None}, 1.5, True, 2**70, frozenset({5})], ...),
        ("class Solution:\n    def f(self, x): return x * 2", 4, 8),
        ("def f(x):\n    global f\n    f = None\n    return x", 3, 3),
        ("def f(x): return 'no newline at the end' # comment", 0, "no newline at the end"),
    ],
)
def test_values(monty: MontySandbox, source: str, argument: Any, expected: Any) -> None:
    execution = call(monty, source, argument, entry="Solution.f" if "Solution" in source else "f")
    value = argument if expected is ... else expected
    assert execution.ok, execution.reason
    assert repr(execution.values) == repr([value])
    assert (execution.tier, execution.backend) == (Tier.INTERPRETER, "monty")


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("def f(x): yield x", Status.REFUSED),
        ("import heapq\ndef f(x): return x", Status.REFUSED),
        ("class A(int): pass\ndef f(x): return A(x)", Status.REFUSED),
        ("def f(x): return exit(0)", Status.REFUSED),
        ("import time\ndef f(x): time.sleep(60)", Status.REFUSED),
        ("def f(x): return super", Status.REFUSED),
        ("def f(x): return nothing_of_the_kind", Status.EXCEPTION),
        # refused by word of mouth only
        ("def f(x): raise ModuleNotFoundError(\"No module named 'os'\")", Status.EXCEPTION),
        ("def f(x): raise NameError(\"name 'open' is not defined\")", Status.EXCEPTION),
        ("def f(x): raise NotImplementedError('The monty syntax parser does not yet support it')", Status.EXCEPTION),
        ("import nothing_of_the_kind\ndef f(x): return x", Status.EXCEPTION),
        ("def f(x): return g(x)", Status.EXCEPTION),
        ("def f(x): return 1 / 0", Status.EXCEPTION),
        ("def g(x): return x", Status.EXCEPTION),
        ("f = 68", Status.EXCEPTION),
        ("def f(x): return", Status.OK),
        ("f =", Status.EXCEPTION),
        ("f = 1 if True else \\", Status.EXCEPTION),
        ("f = '''", Status.EXCEPTION),
        ("def f(x): return '\ud800'", Status.EXCEPTION),
        ("def f(x): return range(x)", Status.NOT_PLAIN),
        ("def f(x): return f", Status.NOT_PLAIN),
        ("def f(x): return [print]", Status.NOT_PLAIN),
        ("from collections import deque\ndef f(x): return deque([x])", Status.NOT_PLAIN),
        ("from collections import Counter\ndef f(x): return {'a': Counter('a')}", Status.NOT_PLAIN),
        ("from collections import namedtuple\nP = namedtuple('P', 'x')\ndef f(x): return P(x)", Status.NOT_PLAIN),
        ("class A:\n    def __eq__(self, o): return True\ndef f(x): return A()", Status.NOT_PLAIN),
        ("import decimal\ndef f(x): return decimal.Decimal(x)", Status.NOT_PLAIN),
        ("def f(x): return {(2**61 - 1) * i for i in range(1000)}", Status.NOT_PLAIN),
        ("def f(x): return 2**15000", Status.NOT_PLAIN),
        ("def f(x):\n    raise SystemExit", Status.EXITED),
        ("def f(x): return 'x' * 10**10", Status.MEMORY),
        ("def f(x): return 9**9**9", Status.MEMORY),
        ("def f(x): return f(x)", Status.EXCEPTION),
        ("def f(x): return [0] * 10**6", Status.OUTPUT),
        ("a = [0]\nfor i in range(40): a = [a, a]\ndef f(x): return a", Status.OUTPUT),
        ("def f(x):\n    a = []\n    a.append(a)\n    return a", Status.NOT_PLAIN),
        ("def f(x):\n    while True: print('flood' * 1000)", Status.OUTPUT),
        ("def f(x): return open('/etc/passwd').read()", Status.EXCEPTION),
    ],
)
def test_how_programs_end(monty: MontySandbox, source: str, status: Status) -> None:
    execution = call(monty, source)
    assert execution.status is status, execution
    assert bool(execution.reason) is (status is not Status.OK)
    assert call(monty, "def f(x): return x").values == [1]


@pytest.mark.parametrize("source", ["def f(x):\n    while True: pass", "while True: pass"])
def test_cpu_time_is_up(monty: MontySandbox, source: str) -> None:
    execution = call(monty, source, cpu_seconds=0.2)
    assert execution.status is Status.TIMEOUT
    assert execution.cpu_seconds >= 0.15


def test_the_limit_cannot_be_caught(monty: MontySandbox) -> None:
    source = "def f(x):\n    try:\n        while True: pass\n    except BaseException:\n        return 1"
    assert call(monty, source, cpu_seconds=0.2).status is Status.TIMEOUT


def test_calls_share_a_program_and_the_first_that_is_not_ok_decides(monty: MontySandbox) -> None:
    source = """
s = []
def f(x):
    s.append(x)
    if x == 2: raise KeyError('no')
    if x == 4: raise SystemExit
    return s
"""
    execution = call(monty, source, 1, 2, 3, 4, 5)
    statuses = [result.status for result in execution.results]
    assert statuses == [Status.OK, Status.EXCEPTION, Status.OK, Status.EXITED, Status.NOT_RUN]
    assert execution.values[2] == [1, 2, 3]
    assert execution.status is Status.EXCEPTION
    assert execution.results[1].error.startswith("KeyError: ")
    assert execution.calls == 4


def test_nothing_is_left_for_the_next_program(monty: MontySandbox) -> None:
    left = "import math\nsecret = 5\nmath.secret = 5\ndef f(x): return secret"
    call(monty, left)
    for probe in ("def f(x): return secret", "import math\ndef f(x): return math.secret"):
        assert call(monty, probe).status in (Status.EXCEPTION, Status.REFUSED)


@pytest.mark.parametrize("way", ["globals()", "vars()", "dir()", "__import__('__main__')", "f.__globals__"])
def test_what_would_show_names_is_not_there(monty: MontySandbox, way: str) -> None:
    assert not call(monty, f"def f(x): return list({way})").ok


PEEPER = """
from collections import deque
names = locals()
def f(x):
    for name in list(names) + list(locals()) + list(eval('locals()')):
        if name.startswith('_'):
            for text in ('%s = lambda *a: (True, a[0])', '%s = lambda *a: list'):
                exec('global ' + name + '\\n' + text % name)
    return deque([x])
"""


@pytest.mark.parametrize("names", ["locals()", "eval('loc' + 'als()')", "\uff4c\uff4f\uff43\uff41\uff4c\uff53()"])
def test_a_program_that_finds_the_guard_does_not_get_round_it(monty: MontySandbox, names: str) -> None:
    execution = call(monty, PEEPER.replace("locals()", names, 1), 1, 2)
    assert not any(result.ok for result in execution.results), execution
    # All of this machinery can be run past by an honest program.
    honest = "names = locals()\ndef f(x): return eval('[x, 1j, frozenset([x])]')"
    assert call(monty, honest, 1, 2).values == [[1, 1j, frozenset([1])], [2, 1j, frozenset([2])]]


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "range(3)",
            "{}.keys()",
            "{1: 2}.items()",
            "{1: 2}.values()",
            "iter([1])",
            "slice(1)",
            "...",
            "int",
            "len",
            "f",
        ),
        *(
            "ValueError('a')",
            "lambda: 1",
            "NotImplemented",
            "math",
            "math.sqrt",
            "Any",
            "Optional[int]",
            "List",
            "A",
            "A()",
        ),
        *("[range(3)]", "{'a': len}", "{1: [math]}", "(A(),)", "{f}", "A().f", "object()", "print", "property"),
        *(
            "[1]",
            "(1,)",
            "{1}",
            "{1: 2}",
            "frozenset([1])",
            "b'a'",
            "'a'",
            "1j",
            "1.5",
            "-0.0",
            "2**70",
            "True",
            "None",
        ),
    ],
)
def test_what_needs_no_guard_is_judged_as_with_it(monty: MontySandbox, expression: str) -> None:
    source = (
        "import math\nfrom typing import Any, List, Optional\n"
        f"class A:\n    def f(self): return self\ndef f(x): return {expression}\n"
    )
    alone, guarded = (call(monty, text) for text in (source, f"{source}# import"))
    assert (alone.status, repr(alone.values)) == (guarded.status, repr(guarded.values))


def test_the_candidate_goes_by_its_name_also_where_the_prelude_begins_it(monty: MontySandbox) -> None:
    prelude = "def double(x):\n    return x + x\ndef f(x):\n    'Doubles x.'\n"
    tests = "def check(candidate):\n    assert candidate(2) == double(2)\n    assert f(3) == 6\n"
    assert monty.run_tests("def f(x): return 2 * x", tests, entry="f", prelude=prelude).ok
    failed = monty.run_tests("def f(x): return 4", tests, entry="f", prelude=prelude)
    assert (failed.status, failed.reason) == (Status.FAILED, "AssertionError:  (line 3 of the tests)")


def test_shadowed_builtins_do_not_fool_the_guard(monty: MontySandbox) -> None:
    source = (
        "from collections import deque\n"
        "def type(x): return dict\ndef len(x): return 0\ndef isinstance(*a): return True\nlist = tuple = dict = deque\n"
        "def f(x): return deque([1])"
    )
    assert call(monty, source).status is Status.NOT_PLAIN


@pytest.mark.parametrize(
    ("source", "stdin", "status", "code", "stdout"),
    [
        ("print(input('? ') + input())", "a\nb\n", Status.OK, 0, "? ab\n"),
        ("print(repr(input()))", "a\r\n", Status.OK, 0, "'a\\r'\n"),
        ("raise SystemExit('bye')", "", Status.EXCEPTION, 1, ""),
        ("raise SystemExit", "", Status.OK, 0, ""),
        ("1 / 0", "", Status.EXCEPTION, 1, ""),
        ("input()", "", Status.REFUSED, None, ""),
        ("import sys\nsys.stdin.read()", "", Status.REFUSED, None, ""),
    ],
)
def test_programs(monty: MontySandbox, source: str, stdin: str, status: Status, code: int | None, stdout: str) -> None:
    execution = monty.run(source, stdin=stdin)
    assert (execution.status, execution.exit_code, execution.stdout) == (status, code, stdout)


ADDER = "def f(x): return x + 1"


@pytest.mark.parametrize(
    ("source", "tests", "status"),
    [
        (ADDER, "def check(candidate):\n    assert candidate(1) == 2\n    assert f(x=2) == 3", Status.OK),
        (ADDER, "assert candidate(1) == 3", Status.FAILED),
        (ADDER, "assert True", Status.REFUSED),
        (ADDER, "def check(candidate):\n    for x in (y for y in [1]): yield x", Status.REFUSED),
        (ADDER, "import heapq\nassert f(1) == 2", Status.REFUSED),
        ("def f(x): raise StopIteration", "assert all([f(n) == n for n in (3, 5)])", Status.FAILED),
        ("def f(x): raise ValueError('a')", "try:\n    f(1)\nexcept ValueError:\n    pass", Status.OK),
        ("def f(x): raise SystemExit", "try:\n    f(1)\nexcept BaseException:\n    pass", Status.EXITED),
        ("def f(x): return range(x)", "try:\n    f(1)\nexcept BaseException:\n    pass", Status.NOT_PLAIN),
        ("f = 68", "try:\n    assert f(3) == 68\nexcept BaseException:\n    pass", Status.EXCEPTION),
        ("import time\ndef f(x): time.sleep(60)", "try:\n    f(3)\nexcept BaseException:\n    pass", Status.REFUSED),
        ("def f(x): yield x", "try:\n    f(3)\nexcept BaseException:\n    pass", Status.REFUSED),
        ("class E:\n    def __eq__(self, o): return True\ndef f(x): return E()", "assert f(1) == 5", Status.NOT_PLAIN),
    ],
)
def test_tests(monty: MontySandbox, source: str, tests: str, status: Status) -> None:
    execution = monty.run_tests(source, tests, entry="f")
    assert execution.status is status, execution


def test_sessions_keep_state_and_end_with_their_program(monty: MontySandbox) -> None:
    with monty.session(
        "s = []\ndef f(x):\n    if x == 3: raise SystemExit\n    s.append(x)\n    return s", entry="f"
    ) as session:
        assert session.call(1).value == [1]
        assert session.call(x=2).value == [1, 2]
        assert session.call(3).status is Status.EXITED
        assert session.call(4).status is Status.NOT_RUN
    execution = session.close()
    assert (execution.status, execution.calls, len(execution.results)) == (Status.EXITED, 3, 4)
    with pytest.raises(SandboxClosed):
        session.call(1)


def test_many_keep_their_order(monty: MontySandbox) -> None:
    jobs = [Job(f"def f(x): return x + {i}", entry="f", calls=[((1,), {})]) for i in range(200)]
    assert [execution.values for execution in monty.run_many(jobs)] == [[i + 1] for i in range(200)]


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (Job("x", language="c"), "Python only"),
        (Job("x", image="numpy"), "third-party"),
        (Job("x", files={"a": b""}), "no files"),
    ],
)
def test_jobs_for_others_are_refused(monty: MontySandbox, job: Job, words: str) -> None:
    execution = monty.run_job(job)
    assert execution.status is Status.REFUSED
    assert words in execution.reason


_CLASS = "class A:\n    def __init__(self, x): self.x = x\n    "


@pytest.mark.parametrize(
    "source",
    [
        # values that Monty would give, and that are not Python's
        "def f(x): return round(2.675 * x, 2)",
        "def f(x): return round(2.675 * x, ndigits=2)",
        "def f(x): return list({3, 1, 2, x})",
        "def f(x): return list(set([3, 1, 2, x]))",
        _CLASS + "def __ne__(self, other): return False\ndef f(x): return A(1) != A(2)",
        _CLASS + "def __bool__(self): return False\ndef f(x): return not A(1)",
        _CLASS + "def __setattr__(self, name, value): pass\ndef f(x): return A(1).x",
        _CLASS + "def g(self, other): return True\n    __lt__ = g\ndef f(x): return sorted([A(2), A(1)])[0].x",
        # failures that are Monty's
        "def f(x): return f.__name__",
        "def f(x):\n    f.calls = 1\n    return f.calls",
        "def f(x): return None.__class__.__name__",
        _CLASS + "pass\ndef f(x): return A(1).__dict__",
        "def f(x): return __builtins__",
        "import __main__\ndef f(x): return x",
        "def f(x): return open(0).read()",
        "def f(x): return open('/dev/stdin').read()",
        "def f(x): return bytes([x])",
        "def f(x): return pow(3, -x, 7)",
        "def f(x): return object() != x",
        "def f(x): return 'é'.encode('latin-1')",
        "import re\ndef f(x): return re.sub('a', lambda found: 'b', 'a')",
    ],
)
def test_what_python_does_otherwise_is_refused(monty: MontySandbox, source: str) -> None:
    execution = call(monty, source)
    assert execution.status is Status.REFUSED, execution
    assert execution.reason.startswith("Monty cannot run this: ")


@pytest.mark.parametrize(
    "source",
    [
        "def f(x): return (1).nothing",
        "def f(x): return f.nothing",
        _CLASS + "pass\ndef f(x): return A(1).nothing",
        "def f(x): return __nothing__",
        "def f(x): return 'é'.encode('nothing')",
        "def f(x): raise PermissionError('Permission denied: open(x)')",
        "def f(x): raise TypeError('this is not yet supported')",
        "def f(x): raise AttributeError(\"'function' object has no attribute '__name__'\")",
    ],
)
def test_what_fails_in_python_as_well_is_no_refusal(monty: MontySandbox, source: str) -> None:
    assert call(monty, source).status is Status.EXCEPTION


def test_whole_numbers_are_rounded_as_in_python(monty: MontySandbox) -> None:
    source = "def f(x): return [round(y / 2) for y in (1, 3, 5, -1)]  # round(y, 2) would be another matter"
    assert call(monty, source).values == [[0, 2, 2, 0]]


def test_a_callers_mistake_raises(monty: MontySandbox) -> None:
    with pytest.raises(TypeError):
        call(monty, ADDER, object())
    with pytest.raises(ValueError, match="no image"):
        monty.run_job(Job("x", image="nothing"))


def children() -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == os.getpid() and "(monty)" in text:
            found.add(int(path.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
class TestFaults:
    def test_an_interpreter_that_is_killed_while_idle_costs_nothing(self) -> None:
        before = children()
        with MontySandbox() as sandbox:
            for pid in children() - before:
                os.kill(pid, signal.SIGKILL)
            assert call(sandbox, ADDER).values == [2]
        assert children() - before == set()

    def test_killed_once_in_the_middle_the_job_is_run_again(self) -> None:
        before = children()
        with MontySandbox() as sandbox:
            (first,) = children() - before
            killer = threading.Timer(0.3, os.kill, (first, signal.SIGKILL))
            killer.start()
            execution = call(sandbox, "def f(x):\n    while True: pass", cpu_seconds=1.0)
            killer.join()
            assert execution.status is Status.TIMEOUT
            assert call(sandbox, ADDER).values == [2]

    def test_killed_again_and_again_it_is_no_score(self) -> None:
        before = children()
        stop = threading.Event()

        def kill() -> None:
            while not stop.wait(0.05):
                for pid in children() - before:
                    os.kill(pid, signal.SIGKILL)

        with MontySandbox() as sandbox:
            killer = threading.Thread(target=kill)
            killer.start()
            execution = call(sandbox, "def f(x):\n    while True: pass")
            stop.set()
            killer.join()
            assert execution.status is Status.INFRASTRUCTURE
            assert not execution.scored
            assert call(sandbox, ADDER).values == [2]

    def test_closing_ends_what_runs(self) -> None:
        before = children()
        sandbox = MontySandbox()
        results: list[Execution] = []
        runner = threading.Thread(target=lambda: results.append(call(sandbox, "def f(x):\n    while True: pass")))
        runner.start()
        time.sleep(0.3)
        sandbox.close()
        runner.join()
        assert [result.status for result in results] == [Status.INFRASTRUCTURE]
        assert children() - before == set()
        with pytest.raises(SandboxClosed):
            call(sandbox, ADDER)

    def test_a_forked_child_has_interpreters_of_its_own(self, monty: MontySandbox) -> None:
        call(monty, ADDER)
        if (pid := os.fork()) == 0:
            os._exit(0 if call(monty, ADDER).values == [2] else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert call(monty, ADDER).values == [2]


def test_where_it_is_not_what_it_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (
        "#!/bin/sh\nexit 1\n",
        "#!/bin/sh\necho hello\n",
        "#!/bin/sh\nprintf '\\006\\0\\0\\0Z\\004\\n\\002no'\n",
    ):
        (tmp_path / "monty").write_text(content)
        (tmp_path / "monty").chmod(0o755)
        monkeypatch.setenv("MONTY_BIN", str(tmp_path / "monty"))
        with pytest.raises(SandboxUnavailable, match=r"pip install 'reasoning-envs\[monty\]'"):
            MontySandbox()


def test_by_name_and_by_tier() -> None:
    with open_sandbox("monty") as sandbox:
        assert sandbox.run(ADDER, entry="f", calls=[((1,), {})]).values == [2]
    with pytest.raises(SandboxUnavailable, match="namespaces"):
        open_sandbox("monty", minimum_tier=Tier.NAMESPACES)
    with pytest.raises(SandboxUnavailable, match="zygote"):
        open_sandbox("monty", image="numpy")
