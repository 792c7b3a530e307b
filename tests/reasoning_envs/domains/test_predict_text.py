"""Predictions about programs, each value verified by running."""

import gymnasium as gym
import numpy as np
import pytest

from reasoning_envs.domains.predict_text import TASKS, PythonPredictionDomain
from reasoning_envs.domains.problems.python_records import read_assertions
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.traces import replay, trace_of
from reasoning_envs.types import Status

PROGRAM = """def f(xs, n):
    total = 0
    for x in xs:
        total += x
    half = total / 2
    if n:
        return half
    key = lambda: 3
    return [total, half]
"""
DEDUCTION = f"{PROGRAM}# what is f([1, 2], 1)?"
ABDUCTION = f"{PROGRAM}# for which arguments is f(...) == 1.5?"


def begun(task: str, problem: str) -> ReasoningEnv:
    env = gym.make("reasoning_envs/CodePredictText-v0", task=task).unwrapped
    assert isinstance(env, ReasoningEnv)
    env.reset(options={"problem": problem})
    return env


@pytest.mark.parametrize(
    ("action", "status", "reason", "end"),
    [
        ("# the total is 3", Status.UNDECIDED, "a note, which nobody checks", ""),
        ("total = 3", Status.VERIFIED, "total in f([1, 2], 1) is 3", ""),
        ("total = 3.0", Status.REFUTED, "total in f([1, 2], 1) is 3, not 3.0", ""),
        ("x = 2", Status.VERIFIED, "x in f([1, 2], 1) is 2", ""),
        ("key = 3", Status.REFUTED, "gives no value: KeyError", ""),  # the function returned before
        ("other = 3", Status.UNPARSED, "f has no variable other", ""),
        ("return 1.5", Status.VERIFIED, "f([1, 2], 1) is 1.5", "answer"),
        ("return 2", Status.REFUTED, "f([1, 2], 1) is 1.5, not 2", "answer"),
        ("return True", Status.REFUTED, "f([1, 2], 1) is 1.5, not True", "answer"),
        ("return total", Status.UNPARSED, "total is no literal", ""),
        ("return f([1, 2], 1)", Status.UNPARSED, "is no literal", ""),
        ("1.5", Status.UNPARSED, "write v1 = [1, 2] or return 3", ""),
        ("I think 1.5", Status.UNPARSED, "it is no Python", ""),
        ("return ...", Status.UNPARSED, "... is no literal", ""),
        ("return " + "[" * 80 + "]" * 80, Status.UNPARSED, "is no literal", ""),
        ("#" * 3000, Status.UNSAFE, "3,000 characters; at most 2,000", ""),
    ],
)
def test_deductions(action: str, status: Status, reason: str, end: str) -> None:
    env = begun("deduction", DEDUCTION)
    _, reward, *_, info = env.step(action)
    assert (info["verdict"].status, info["end"]) == (status, end)
    assert reason in info["verdict"].reason
    assert reward == float(end == "answer" and status is Status.VERIFIED)
    replay(trace_of(env))


@pytest.mark.parametrize(
    ("action", "status", "reason", "end"),
    [
        ("f([3], 1)", Status.VERIFIED, "f([3], 1) is 1.5", "answer"),
        ("f([1, 1, 1], 'yes')", Status.VERIFIED, "is 1.5", "answer"),
        ("f([3], 0)", Status.REFUTED, "f([3], 0) is [3, 1.5], not 1.5", "answer"),
        ("f(3)", Status.REFUTED, "gives no value: TypeError", "answer"),
        ("f([10**9], 1)", Status.UNPARSED, "is no literal", ""),
        ("f([3], ...)", Status.UNPARSED, "is no literal", ""),
        ("f(" + "[" * 48 + "]" * 48 + ", 1)", Status.REFUTED, "gives no value: TypeError", "answer"),
        ("f(" + "[" * 49 + "]" * 49 + ", 1)", Status.UNPARSED, "is no literal", ""),
        ("g([3], 1)", Status.UNPARSED, "the call is to be of f, not of g", ""),
        ("f(xs=[3], n=1)", Status.UNPARSED, "write a call with literals", ""),
    ],
)
def test_abductions_take_any_arguments_that_give_the_value(action: str, status: Status, reason: str, end: str) -> None:
    env = begun("abduction", ABDUCTION)
    _, reward, *_, info = env.step(action)
    assert (info["verdict"].status, info["end"]) == (status, end)
    assert reason in info["verdict"].reason
    assert reward == float(status is Status.VERIFIED)


def test_an_object_that_equals_everything_is_no_value() -> None:
    program = "class A:\n    def __eq__(self, o): return True\ndef f(n): return A()\n"
    env = begun("abduction", f"{program}# for which arguments is f(...) == 3?")
    _, reward, *_, info = env.step("f(1)")
    assert reward == 0.0
    assert "A is no plain value" in info["verdict"].reason


def test_an_endless_program_is_no_answer() -> None:
    domain = PythonPredictionDomain("abduction", cpu_seconds=0.3)
    env = ReasoningEnv(domain, "text")
    env.reset(options={"problem": "def f(n):\n    while n: pass\n    return n\n# for which arguments is f(...) == 0?"})
    *_, info = env.step("f(1)")
    assert "more than 0.3 s of CPU time" in info["outcome"].reason
    env.reset(options={"problem": env.problem})
    assert env.step("f(0)")[1] == 1.0


def test_inductions_are_programs_that_hidden_tests_judge() -> None:
    domain = PythonPredictionDomain("induction")
    env = ReasoningEnv(domain, "text")
    _, info = env.reset(seed=1, options={"level": "small-2"})
    problem = info["problem"]
    table = {f"[{arguments}]": value for arguments, value in read_assertions(problem.statement).visible.calls}
    parrot = (
        f"def f(*args): return {{{', '.join(f'{key!r}: {value}' for key, value in table.items())}}}[repr(list(args))]"
    )
    _, reward, *_, info = env.step(parrot)
    assert (reward, info["hack"], info["verdict"].status) == (0.0, True, Status.VERIFIED)
    env.reset(options={"problem": problem})
    env.step("# it is a sum")
    _, reward, *_, info = env.step(f"```python\n{problem.answer}```")
    assert (reward, info["hack"]) == (1.0, False)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("level", ["small-1", "large-3"])
def test_gold_answers_pass_and_corrupted_ones_fail(task: str, level: str) -> None:
    domain = PythonPredictionDomain(task)
    env = ReasoningEnv(domain, "text", level=level)
    for seed in range(3):
        _, info = env.reset(seed=seed)
        problem = info["problem"]
        start = domain.start(problem)
        right = domain.apply(start, domain.parse(start, problem.answer))
        wrong, _ = domain.corrupt(right, np.random.default_rng(seed))
        assert env.step(problem.answer)[1] == 1.0
        env.reset(options={"problem": problem})
        assert env.step(domain.text(wrong))[1] == 0.0
        with pytest.raises(ValueError, match="nothing is said"):
            domain.corrupt(start, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("task", "text", "reason"),
    [
        ("deduction", PROGRAM, "a comment that asks: # what is f([1, 2])?"),
        ("deduction", f"{PROGRAM}# what is g(1)?", "the program defines no function g"),
        ("deduction", f"{PROGRAM}# what is f(x)?", "is no literal"),
        ("deduction", "def f(:\n# what is f(1)?", "it is no Python"),
        ("abduction", DEDUCTION, "# for which arguments is f(...) == 4?"),
        ("induction", "assert f(f(1)) == 2", "assertions like assert f(2) == 4, and no others"),
    ],
)
def test_texts_that_ask_nothing(task: str, text: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        PythonPredictionDomain(task).problem(text)
    assert reason in str(caught.value)


def test_tasks_have_names() -> None:
    with pytest.raises(ValueError, match="there is no task 'splendid'; known: deduction, abduction, induction"):
        PythonPredictionDomain("splendid")
