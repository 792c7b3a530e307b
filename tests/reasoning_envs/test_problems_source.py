"""Where problems come from: levels, the split, and lists."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reasoning_envs.env import ReasoningEnv
from reasoning_envs.problems import (
    SPLITS,
    TEST_SHARE,
    VALIDATION_SHARE,
    ProblemFileWarning,
    read_problem_lines,
    read_problems,
    split_of,
)
from reasoning_envs.types import Problem, Status
from tests.reasoning_envs.toy_domain import READY, ToyDomain

TOY = "tests.reasoning_envs.toy_domain:ToyDomain"


def drawn(count: int, **kwargs: Any) -> list[Problem]:
    env = ReasoningEnv(TOY, **kwargs)
    env.reset(seed=0)
    return [env.reset()[1]["problem"] for _ in range(count)]


def test_the_split_is_a_fact_of_the_canonical_key() -> None:
    keys = ("x = 1", "x = 2", "a*x = b", "", "ü", "x = 3", "x = 4", "x = 5")
    assert [split_of(key) for key in keys] == ["train", "test", "train", "train", "train", "train", "train", "train"]
    sides = Counter(split_of(f"{a}*x + {b} = 0") for a in range(100) for b in range(100))
    assert abs(sides["test"] / 10_000 - TEST_SHARE) < 0.015
    assert abs(sides["validation"] / 10_000 - VALIDATION_SHARE) < 0.01


@pytest.mark.parametrize("split", SPLITS)
def test_an_environment_keeps_to_its_side(split: str) -> None:
    problems = drawn(100, split=split)
    assert {split_of(READY.canonical_key(problem)) for problem in problems} == {split}


def test_the_sides_have_nothing_in_common_and_both_are_drawn_without_a_split() -> None:
    train = {problem.statement for problem in drawn(300, split="train", level="two")}
    test = {problem.statement for problem in drawn(300, split="test", level="two")}
    assert not train & test
    both = Counter(split_of(READY.canonical_key(problem)) for problem in drawn(300))
    assert 30 < both["test"] < 100


class Single(ToyDomain):
    """Knows one problem only."""

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        return self.problem("1 + 2")


class Solved(ToyDomain):
    """Gives away the answers."""

    def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
        return self.problem("3")


def test_a_search_for_problems_ends() -> None:
    other = "train" if split_of("1 + 2") == "test" else "test"
    with pytest.raises(ValueError, match=f"1000 draws of level two gave no usable .* other split than '{other}'"):
        ReasoningEnv(Single(), split=other, level="two").reset(seed=0)
    with pytest.raises(ValueError, match=r"draws of level any gave .* form of an answer already"):
        ReasoningEnv(Solved()).reset(seed=0)


def test_one_level_several_or_the_mixture_of_the_domain() -> None:
    assert {problem.level for problem in drawn(30, level="six")} == {"six"}
    assert {problem.level for problem in drawn(60, level=["two", "three"])} == {"two", "three"}
    assert {problem.level for problem in drawn(60)} == {"two", "three", "six"}


def test_a_list_of_problems_or_texts() -> None:
    problem = READY.problem("5 + 5")
    assert {item.statement for item in drawn(60, problems=["1 + 1", "2  + 2", problem])} == {"1 + 1", "2 + 2", "5 + 5"}
    assert {item.statement for item in drawn(20, problems=(text for text in ("1 + 1", "2 + 2")))} == {"1 + 1", "2 + 2"}


@pytest.mark.parametrize(
    ("problems", "message"),
    [
        (["1 + 1", "1 +"], "entry 2 of the list of problems, '1 +': "),
        (["1 + 1", "2 + 2", 3], "entry 3 of the list of problems is no Problem and no text, but 3"),
    ],
)
def test_a_bad_entry_of_a_list_is_numbered(problems: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        ReasoningEnv(TOY, problems=problems)


def test_a_split_of_a_list() -> None:
    texts = [f"{number} + 1" for number in range(50)]
    sides = {side: {p.statement for p in drawn(400, problems=texts, split=side)} for side in SPLITS}
    assert set().union(*sides.values()) == set(texts)
    assert sum(map(len, sides.values())) == len(texts)


def test_a_file_with_bad_lines_names_them_and_uses_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "problems.txt"
    path.write_bytes(
        b"\xef\xbb\xbf# sums\r\n1 + 1\r\n\r\nx = 2\r\n2 * 3\n\xff + 1\n\x00\n" + b"(" * 10_000 + b"\n4 - 1"
    )
    lines, same = read_problem_lines(path, READY.problem)
    assert [(line.number, line.text) for line in lines] == [(2, "1 + 1"), (5, "2 * 3"), (9, "4 - 1")]
    problems, bad = read_problems(path, READY)
    assert (problems, bad) == ([line.problem for line in lines], same)
    assert [problem.statement for problem in problems] == ["1 + 1", "2 * 3", "4 - 1"]
    assert [(line.number, line.verdict.status) for line in bad] == [
        (4, Status.UNPARSED),
        (6, Status.UNPARSED),
        (7, Status.UNPARSED),
        (8, Status.UNSAFE),
    ]
    assert str(bad[0]) == f"{path}, line 4: expected numbers joined by +, - and * ('x = 2')"
    assert len(str(bad[3])) < len(str(path)) + 200
    with pytest.warns(ProblemFileWarning) as caught:
        env = ReasoningEnv(TOY, problems=str(path))
    assert [str(warning.message) for warning in caught] == [str(line) for line in bad]
    env.reset(seed=0)
    assert {env.reset()[1]["line"] for _ in range(60)} == {"1 + 1", "2 * 3", "4 - 1"}


def test_a_file_of_another_kind_is_not_told_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "problems.txt"
    path.write_text("1 + 1\n" + "import os\n" * 150)
    with pytest.warns(ProblemFileWarning) as caught:
        ReasoningEnv(TOY, problems=path)
    assert len(caught) == 21
    assert str(caught[-1].message) == f"{path}: 130 lines more that cannot be used"
    path.write_text("import os\n" * 3)
    with pytest.warns(ProblemFileWarning), pytest.raises(ValueError, match="among 0, and 3 lines that are none; the"):
        ReasoningEnv(TOY, problems=path)


def test_a_problem_that_needs_no_step_is_named_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "problems.txt"
    path.write_text("7\n1 + 1\n")
    with pytest.warns(ProblemFileWarning, match=r"problems.txt, line 1: it has the form of an answer already, .*'7'"):
        env = ReasoningEnv(TOY, problems=path)
    assert env.reset(seed=0)[1]["line"] == "1 + 1"


@pytest.mark.filterwarnings("ignore::reasoning_envs.problems.ProblemFileWarning")
@pytest.mark.parametrize("content", ["", "# nothing\n", "x\ny\n"])
def test_a_file_without_any_problem_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "problems.txt"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"problems.txt: not one usable problem among 0"):
        ReasoningEnv(TOY, problems=path)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ReasoningEnv(TOY, problems=tmp_path / "nowhere.txt")


def test_a_list_has_no_levels() -> None:
    env = ReasoningEnv(TOY, problems=["1 + 1"])
    with pytest.raises(ValueError, match="draws from a list of problems: it has no levels"):
        env.reset(options={"level": "two"})
