"""Running Python on tests: what they are, what a failure says, and that nothing is run twice."""

from typing import Any

import pytest

from reasoning_envs.types import Status, Verdict
from reasoning_envs.verifiers.python_judge import PythonJudge
from reasoning_envs.verifiers.python_tests import Tests, arguments_of, literal
from reasoning_envs.verifiers.python_verdicts import PASSES_VISIBLE, outcome_of
from sandboxes import Job

CALLS = Tests("f", (("1", "2"), ("[2], 'a'", "(1, 'x')")))
SOURCE = Tests(
    "f", source="\nassert f(1) == 2, 'the first'\nassert close(f(2), 3)\n", prelude="def close(a, b): return a == b"
)
STREAMS = Tests(streams=(("1\n", "2 \n\n"), ("", "")))


TRACEBACK = 'Traceback (most recent call last):\n  File "main.py", line 3, in <module>\n'


class Counted(PythonJudge):
    """Counts what it gives to the sandbox."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.jobs: list[Job] = []

    def _execute(self, jobs: Any) -> Any:
        self.jobs += jobs
        return super()._execute(jobs)


@pytest.mark.parametrize("tests", [CALLS, SOURCE, STREAMS, Tests(exact=False)])
def test_tests_go_through_json(tests: Tests) -> None:
    assert Tests.from_json(tests.to_json()) == tests
    assert hash(Tests.from_json(tests.to_json())) == hash(tests)


@pytest.mark.parametrize("data", [{}, {"calls": [["1"]], "streams": []}, {"calls": [], "streams": [], "x": 1}])
def test_other_data_are_no_tests(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not the data of tests"):
        Tests.from_json(data)


def test_assertions_count_as_one() -> None:
    assert [len(CALLS), len(SOURCE), len(STREAMS), len(Tests())] == [2, 1, 2, 0]
    assert CALLS.lines() == ["assert f(1) == 2", "assert f([2], 'a') == (1, 'x')"]


def test_literals_are_values_and_nothing_else() -> None:
    assert arguments_of("[1, 2], {'a': (3,)}") == ([1, 2], {"a": (3,)})
    assert arguments_of("") == ()
    for text in ("f(1)", "__import__('os')", "1 +", "(" * 1000, "[x for x in []]"):
        with pytest.raises(ValueError, match="is no literal"):
            literal(text)


@pytest.mark.parametrize(
    ("program", "tests", "said"),
    [
        ("def f(*a): return 2", CALLS, ["", "f([2], 'a') gives 2, not (1, 'x')"]),
        ("def f(*a): return True", Tests("f", (("", "1"),)), ["f() gives True, not 1"]),
        ("def f(*a): return True", Tests("f", (("", "1"),), exact=False), [""]),
        ("def f(*a): return 2.0", Tests("f", (("", "2"),)), ["f() gives 2.0, not 2"]),
        (
            "def f(a): return 2",
            CALLS,
            ["", "f([2], 'a') raises TypeError: f() takes 1 positional argument but 2 were given"],
        ),
        ("def f(n): return n + 1", SOURCE, [""]),
        (
            "def f(): raise KeyError(object())",
            Tests("f", (("", "1"),)),
            ["f() raises KeyError: <object object at 0x...>"],
        ),
        ("def f(n): return 2", SOURCE, ["assert close(f(2), 3) fails: AssertionError"]),
        ("def f(n): return 3", SOURCE, ["assert f(1) == 2, 'the first' fails: AssertionError: the first"]),
        ("def f(n): raise ValueError(n)", SOURCE, ["assert f(1) == 2, 'the first' fails: ValueError: 1"]),
        (
            "n = input()\nprint(2 if n else 3)",
            STREAMS,
            ["", "on the input '' it fails: EOFError: EOF when reading a line"],
        ),
        (
            "print(3)",
            STREAMS,
            ["on the input '1\\n' it prints '3\\n', not '2 \\n\\n'", "on the input '' it prints '3\\n', not ''"],
        ),
    ],
)
def test_what_is_said_of_each_test(program: str, tests: Tests, said: list[str]) -> None:
    report = PythonJudge().test(program, tests)
    assert [result.said for result in report.results] == said
    assert report.passed == (not any(said))


def test_nothing_is_run_twice_and_shared_calls_are_made_once() -> None:
    judge = Counted()
    hidden = Tests("f", (*CALLS.calls, ("3", "4")))
    for _ in range(2):
        shown, decisive = judge.test_both("def f(*a): return 2", CALLS, hidden)
        assert [bool(result.said) for result in decisive.results] == [False, True, True]
        assert shown.results == decisive.results[:2]
        assert judge.test("def f(*a): return 2", CALLS) == shown
    assert [len(job.calls) for job in judge.jobs] == [3]
    judge.run("x = 1", expression="x + 1")
    assert judge.run("x = 1", expression="x + 1  # more").text == "2"
    judge.run("x = 1", expression="x + 1")
    assert len(judge.jobs) == 3


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("1, 2", "(1, 2)"),
        ("None", "(nothing was printed)"),
        ("print('a') or 'b'  # told", "a\n'b'"),
        ("object()", "<object object at 0x...>"),
        ("(n for n in [])", "<generator object <genexpr> at 0x...>"),
        ("f", f"{TRACEBACK}NameError: name 'f' is not defined"),
        ("__import__('os')._exit(0)", "(nothing was printed)"),
        ("sys.exit(3)", "it ended with code 3"),
    ],
)
def test_what_an_expression_shows(expression: str, text: str) -> None:
    assert PythonJudge().run("import sys", expression=expression).text == text


@pytest.mark.parametrize(
    ("program", "status", "conditions"),
    [
        ("def f(n): return n + 1", Status.VERIFIED, (PASSES_VISIBLE,)),
        ("def f(n): return 2", Status.REFUTED, (PASSES_VISIBLE,)),
        ("def f(n): return 3", Status.REFUTED, ()),
        ("def f(n): return n + 1 if n > 1 else 0", Status.VERIFIED, ()),  # only what is hidden decides
    ],
)
def test_hidden_tests_decide(program: str, status: Status, conditions: tuple[str, ...]) -> None:
    verdict = outcome_of(PythonJudge(), program, Tests("f", (("1", "2"),)), Tests("f", (("2", "3"), ("4", "5"))))
    assert (verdict.status, verdict.conditions) == (status, conditions)
    assert "f(4)" not in verdict.reason


def test_a_problem_without_tests_is_no_score() -> None:
    verdict = outcome_of(PythonJudge(), "x = 1", Tests("f"), Tests("f"))
    assert (verdict.status, verdict.scored) == (Status.ERROR, False)


def test_values_are_found_or_told_of() -> None:
    judge = PythonJudge(cpu_seconds=0.3)
    assert judge.value("def f(a, b): return (a, b)", "f", "1, [2]") == (1, [2])
    assert judge.value("def f(): return {'a': 1, 'b': f}", "f", "", "a") == 1
    assert judge.value("def f(): return None", "f", "") is None
    for program in (
        "def f(): return {'b': f}",
        "def f(): return 1 / 0",
        "while True: pass",
        "def g(): pass",
        "def f(:",
    ):
        found = judge.value(program, "f", "")
        assert isinstance(found, Verdict)
        assert found.refuted
        assert "f() gives no value: " in found.reason
