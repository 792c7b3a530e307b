"""Problems about Python from text: assertions, and records in published formats."""

import json
from typing import Any

import pytest

from reasoning_envs.domains.problems.python_records import read_assertions, read_record
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.domains.python_task import PythonTaskDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.types import Status

HUMAN_EVAL = {
    "task_id": "X/1",
    "prompt": '''import math


def up(n: float, by: int = 0) -> int:
    """The next whole number.
    >>> up(1.5)
    2
    >>> up(math.pi)
    4
    For example, up(2.5, 1) == 4.
    up(7) -> 7
    >>> up("x")
    Traceback (most recent call last):
    TypeError
    """
''',
    "entry_point": "up",
    "canonical_solution": "    return math.ceil(n) + by\n",
    "test": "def check(candidate):\n    assert candidate(0.5) == 1\n    assert candidate(0.5, by=2) == 3\n",
}
MBPP: dict[str, Any] = {
    "task_id": 7,
    "text": "Sort a list, and count.",
    "code": "import os\ndef helper(xs): return sorted(xs)\ndef tidy(xs): return (helper(xs), len(xs))",
    "test_list": ["assert tidy([2, 1]) == ([1, 2], 2)", "assert set(tidy([])[0]) == EMPTY"],
    "test_setup_code": "EMPTY = set()",
    "challenge_test_list": ["assert tidy([1]) == ([1], 1)"],
}
STREAMS: dict[str, Any] = {
    "question": "Add the numbers of each line.",
    "input_output": json.dumps({"inputs": ["1 2\n3 4\n", "5 5\n"], "outputs": ["3\n7\n", "10\n"]}),
    "solutions": json.dumps(["import sys\nfor line in sys.stdin: print(sum(map(int, line.split())))"]),
}


def test_what_a_prompt_shows_is_visible_and_its_test_is_hidden() -> None:
    record = read_record(json.dumps(HUMAN_EVAL))
    assert record.visible.calls == (("1.5", "2"), ("2.5, 1", "4"), ("7", "7"))
    assert record.hidden.source == HUMAN_EVAL["test"]
    assert record.hidden.prelude == record.start == HUMAN_EVAL["prompt"]
    assert (record.name, record.broken) == ("X/1", None)
    assert record.answer == HUMAN_EVAL["prompt"] + HUMAN_EVAL["canonical_solution"]


def test_the_first_assertion_of_mbpp_is_visible_and_all_decide() -> None:
    record = read_record(json.dumps(MBPP))
    assert (record.visible.entry, record.visible.calls) == ("tidy", (("[2, 1]", "([1, 2], 2)"),))
    assert record.hidden.calls == (("[2, 1]", "([1, 2], 2)"), ("[1]", "([1], 1)"))
    assert record.hidden.source == "assert set(tidy([])[0]) == EMPTY"
    assert record.hidden.prelude == "EMPTY = set()"
    sanitized = {
        "task_id": 8,
        "prompt": "Sort.",
        "test_list": ["assert tidy([]) == []"],
        "test_imports": ["import math"],
    }
    assert read_record(json.dumps(sanitized)).told == "Sort."


@pytest.mark.parametrize("record", [HUMAN_EVAL, MBPP, STREAMS], ids=["HumanEval", "MBPP", "streams"])
def test_own_solutions_pass_and_stubs_fail(record: dict[str, Any]) -> None:
    env = ReasoningEnv(PythonTaskDomain(), "text")
    _, info = env.reset(options={"problem": json.dumps(record)})
    _, reward, _, _, info = env.step(f"{info['problem'].answer}\ntest\nsubmit")
    assert (reward, info["verdict"].status) == (1.0, Status.VERIFIED)
    env.reset(options={"problem": info["problem"]})
    _, reward, _, _, info = env.step("submit")
    assert (reward, info["scored"], info["outcome"].status) == (0.0, True, Status.REFUTED)


def test_whole_programs_read_standard_input() -> None:
    env = ReasoningEnv(PythonTaskDomain(), "text")
    observation, _ = env.reset(options={"problem": json.dumps(STREAMS)})
    assert "input:\n1 2\n3 4\noutput:\n3\n7" in observation
    assert "5 5" not in observation
    observation, *_ = env.step("import sys\nprint(sum(map(int, sys.stdin.read().split())))\nrun: '1 2\\n3'\ntest")
    assert observation.endswith(
        "#> step 1: | 6\n#> 0 of 1 visible tests pass\n#> on the input '1 2\\n3 4\\n' it prints '10\\n', not '3\\n7\\n'"
    )
    observation, *_, info = env.step("print(1 / 0)\ntest")
    assert info["verdict"].reason.endswith("it fails: ZeroDivisionError: division by zero")
    *_, info = env.step("import os; os._exit(0)\nsubmit")
    assert not info["success"]


def test_assertions_of_anybody() -> None:
    record = read_assertions("K = 2\n\ndef f(n: int) -> int:\n    ...\n\nassert f(2) == 4\nassert f(f(1)) == 4")
    assert record.start == "K = 2\n\ndef f(n: int) -> int:\n    ...\n"
    assert record.visible.calls == (("2", "4"),)
    assert record.visible.source == "assert f(f(1)) == 4"
    assert not len(record.hidden)
    assert read_assertions("assert abs(g(2) - 1) < 0.1").visible.entry == "g"  # abs is Python's own


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "ends with one assertion"),
        ("def f(): pass", "ends with one assertion"),
        ("assert f(1) == 2\nx = 1", "ends with one assertion"),
        ("x = 1; assert f(1) == 2", "stands on a line with something else"),
        ("assert 1 == 1", "call no function that a program could define"),
        ("assert len([]) == 0", "call no function that a program could define"),
        ("assert f(", "it is no Python: line 1"),
        ("x\n" * 20_000, "40,000 characters"),
    ],
)
def test_texts_that_are_no_problem(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_assertions(text)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("{", "the record is no JSON"),
        ("[" * 100_000, "the record is no JSON"),
        ("[]", "a JSON object, not a list"),
        ({"x": 1}, "it has none of the fields entry_point"),
        ({**HUMAN_EVAL, "prompt": 3}, "the field 'prompt' is no text"),
        ({**HUMAN_EVAL, "entry_point": "a b"}, "'entry_point' is no name of a function"),
        ({**HUMAN_EVAL, "test": "def check("}, "the field 'test': it is no Python"),
        ({key: value for key, value in HUMAN_EVAL.items() if key != "test"}, "the field 'test' is missing"),
        ({**MBPP, "test_list": []}, "the field 'test_list' is empty"),
        ({**MBPP, "test_list": [3]}, "the field 'test_list' is to be a list of texts"),
        ({**MBPP, "test_list": ["assert ("]}, "it is no Python"),
        ({**STREAMS, "input_output": "{"}, "the field 'input_output' is no JSON"),
        ({**STREAMS, "input_output": {"inputs": ["1"], "outputs": []}}, "1 inputs and 0 outputs"),
        ({**STREAMS, "input_output": {"fn_name": "f", "inputs": [], "outputs": []}}, "fn_name is not read"),
    ],
)
def test_records_that_are_none_name_the_field(record: Any, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        read_record(record if isinstance(record, str) else json.dumps(record))
    assert reason in str(caught.value)
    assert caught.value.verdict.status in (Status.UNPARSED, Status.UNSAFE)


@pytest.mark.parametrize(
    ("record", "status", "reason"),
    [
        ({**HUMAN_EVAL, "canonical_solution": "    return 0\n"}, Status.REFUTED, "candidate(0.5) == 1 fails"),
        ({**MBPP, "code": "def tidy(xs): return xs"}, Status.REFUTED, "tidy([2, 1]) gives [2, 1], not ([1, 2], 2)"),
        ({**MBPP, "test_setup_code": ""}, Status.REFUTED, "name 'EMPTY' is not defined"),
        ({**STREAMS, "solutions": ["print(3)"]}, Status.REFUTED, "it prints '3\\n', not '3\\n7\\n'"),
    ],
)
def test_solutions_that_fail_their_own_tests_are_refused(record: dict[str, Any], status: Status, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        PythonTaskDomain().problem(json.dumps(record))
    assert reason in caught.value.verdict.reason
    assert caught.value.verdict.status is status
    PythonTaskDomain(check_answers=False).problem(json.dumps(record))


def test_examples_in_which_a_prompt_errs_are_not_shown_as_tests() -> None:
    prompt = HUMAN_EVAL["prompt"].replace("up(7) -> 7", "up(7) -> 8")
    problem = PythonTaskDomain().problem(json.dumps({**HUMAN_EVAL, "prompt": prompt}))
    assert problem.metadata["visible"]["calls"] == [["1.5", "2"], ["2.5, 1", "4"]]
