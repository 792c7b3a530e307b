"""The data sets of reasoning-gym: right answers pass, hostile ones are executed nowhere, the tables are complete."""

import inspect
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from reasoning_envs.domains.protocol import InputError
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.testing import check_domain
from reasoning_envs.testing.laws import written
from reasoning_envs.traces import replay, trace_of
from reasoning_envs.types import Problem, Status, Verdict
from reasoning_envs.verifiers.reasoning_gym import OWN_SCORERS, REFUSED, REPLACED, ReasoningGymVerifier

ID = "reasoning_envs/ReasoningGymText-v0"
DOMAIN = "reasoning_envs.domains.reasoning_gym:ReasoningGymDomain"


def test_without_the_extra_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", None)
    with pytest.raises(ImportError, match=r"pip install 'reasoning-envs\[reasoning-gym\]'"):
        gym.make(ID, dataset="chain_sum")


def test_without_the_extra_the_list_of_environments_names_the_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", None)
    from reasoning_envs.__main__ import main

    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert "pip install 'reasoning-envs[reasoning-gym]'" in shown
    assert "reasoning_envs/WordProblemsText-v0" in shown


# -- our judges, which need no reasoning-gym ------------------------------------------------------------------------


class OneEntry:
    """A data set of one entry, whose own scorer must not be called."""

    def __init__(self, answer: str | None, **metadata: Any) -> None:
        self.entry = {"question": "?", "answer": answer, "metadata": metadata}

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.entry

    def score_answer(self, answer: str | None, entry: dict[str, Any]) -> float:
        raise AssertionError("the own scorer was called")


def judged(name: str, answer: str, truth: str | None, **metadata: Any) -> Verdict:
    problem = Problem("p", "reasoning_gym", "?", "?", truth, metadata={"dataset": name, "index": 0})
    return ReasoningGymVerifier(name, OneEntry(truth, **metadata)).outcome(problem, [written(f"#### {answer}")])


@pytest.mark.parametrize(
    ("name", "answer", "truth", "metadata", "expected"),
    [
        ("simple_integration", "2*x^3 + x + C", "2*x**3 + x + C", {"variable": "x"}, Status.VERIFIED),
        ("simple_integration", "2*x^3 + x - 7", "2*x**3 + x + C", {"variable": "x"}, Status.VERIFIED),
        ("simple_integration", "2*x^3 + 2*x + C", "2*x**3 + x + C", {"variable": "x"}, Status.REFUTED),
        ("simple_integration", "2*X^3 + C*X", "2*X**3 + C", {"variable": "X"}, Status.VERIFIED),
        ("simple_integration", "2*x^3 + k", "2*x**3 + C", {"variable": "x"}, Status.REFUTED),
        ("intermediate_integration", "sin(x)^2/2 + C", "C - cos(x)**2/2", {"variable": "x"}, Status.VERIFIED),
        ("intermediate_integration", "ln(3x) + C", "log(x) + C", {"variable": "x"}, Status.VERIFIED),
        ("intermediate_integration", "ln(x + 3) + C", "log(x) + C", {"variable": "x"}, Status.REFUTED),
        ("polynomial_multiplication", "(x + 1)^2", "x**2 + 2*x + 1", {}, Status.VERIFIED),
        ("polynomial_multiplication", "x^2 + 1", "x**2 + 2*x + 1", {}, Status.REFUTED),
        ("countdown", "6*(98 - 54) - 34 - 66", None, {"numbers": [34, 66, 98, 6, 54], "target": 164}, Status.VERIFIED),
        ("countdown", "100 + 64", None, {"numbers": [34, 66, 98, 6, 54], "target": 164}, Status.REFUTED),
        ("countdown", "164", None, {"numbers": [34, 66], "target": 164}, Status.REFUTED),
        ("countdown", "34 + 66", None, {"numbers": [34, 66], "target": 164}, Status.REFUTED),
        ("puzzle24", "4*(5 + 3 - 2)", None, {"numbers": [2, 3, 4, 5]}, Status.VERIFIED),
        ("puzzle24", "(2*3 + 4 - 4)*4", None, {"numbers": [2, 3, 4, 5]}, Status.REFUTED),
        ("puzzle24", "4!*(5 - 3)/2", None, {"numbers": [2, 3, 4, 5]}, Status.REFUTED),
        ("puzzle24", "1/(1 - 1)", None, {"numbers": [1, 1, 1]}, Status.REFUTED),
        ("coin_flip", "3/8", "0.375", {}, Status.VERIFIED),
        ("coin_flip", "0.376", "0.375", {}, Status.REFUTED),
        ("coin_flip", "1e999999999", "0.375", {}, Status.UNSAFE),
        ("complex_arithmetic", "36i + 48", "48.0 + 36.0i", {}, Status.VERIFIED),
        ("complex_arithmetic", "48 - 36i", "48.0 + 36.0i", {}, Status.REFUTED),
        ("game_of_life_halting", "True", "True", {}, Status.VERIFIED),
        ("game_of_life_halting", "False", "True", {}, Status.REFUTED),
        ("number_sorting", "[-1.50, 2, 3]", "['-1.5', '2', '3']", {}, Status.VERIFIED),
        ("number_sorting", "[-1.5, 3, 2]", "['-1.5', '2', '3']", {}, Status.REFUTED),
        ("number_sorting", "[exit(), 3, 2]", "['-1.5', '2', '3']", {}, Status.UNPARSED),
        ("spiral_matrix", "1  2 3", "1 2 3", {}, Status.VERIFIED),
        ("spiral_matrix", "[1, 2, 3]", "1 2 3", {}, Status.REFUTED),
        ("n_queens", "Q _⏎_ Q", "_ Q\nQ _", {"valid_answers": ["_ Q\nQ _", "Q _\n_ Q"]}, Status.VERIFIED),
        ("n_queens", "Q _⏎Q _", "_ Q\nQ _", {"valid_answers": ["_ Q\nQ _", "Q _\n_ Q"]}, Status.REFUTED),
        ("a new one", "so so", "so so", {}, Status.VERIFIED),
        ("a new one", "7", "so so", {}, Status.REFUTED),
    ],
)
def test_our_judges(name: str, answer: str, truth: str | None, metadata: dict[str, Any], expected: Status) -> None:
    verdict = judged(name, answer, truth, **metadata)
    assert verdict.status is expected, verdict
    assert verdict.reason


PAYLOADS = (
    "__import__('pathlib').Path({path!r}).touch()",
    "[__import__('pathlib').Path({path!r}).touch()]",
    "().__class__.__base__.__subclasses__()",
    "9**9**9**9",
    "factorial(10**9)",
    "lambda: 0",
    "nan",
    "1e999999999",
    "(" * 1900,
    "[" * 1900,
    "¬" * 1900,
    "9" * 1990,
    "\x7f",
    "⏎" * 1900,
)


@pytest.mark.parametrize("name", sorted(REPLACED))
def test_hostile_answers_to_our_judges(name: str, tmp_path: Path) -> None:
    target = tmp_path / "written"
    for payload in PAYLOADS:
        text = payload.replace("{path!r}", repr(str(target)))
        verdict = judged(name, text, "48.0", numbers=[1, 2, 3, 4], target=10, variable="x")
        assert verdict.status in (Status.REFUTED, Status.UNPARSED, Status.UNSAFE, Status.UNDECIDED), (text, verdict)
    assert not target.exists()


def test_every_replacement_has_a_reason() -> None:
    assert not set(REPLACED) & OWN_SCORERS
    assert not set(REFUSED) & (set(REPLACED) | OWN_SCORERS)
    for replacement in REPLACED.values():
        assert "its scorer" in replacement.reason


# -- with reasoning-gym ---------------------------------------------------------------------------------------------


@pytest.fixture
def registry() -> dict[str, Any]:
    pytest.importorskip("reasoning_gym", exc_type=ImportError)
    from reasoning_gym.factory import DATASETS

    return dict(DATASETS)


def make(**kwargs: Any) -> ReasoningEnv:
    env = gym.make(ID, **kwargs).unwrapped
    assert isinstance(env, ReasoningEnv)
    return env


def test_no_scorer_that_is_called_evaluates_text(registry: dict[str, Any]) -> None:
    for name in sorted(OWN_SCORERS & set(registry)):
        source = inspect.getsource(registry[name][0].score_answer)
        for sign in ("eval(", "exec(", "parse_expr", "sympify", "__import__", "pickle"):
            assert sign not in source.replace("verify_solution(", ""), f"{name}: {sign}"


SOME = (
    *("chain_sum", "basic_arithmetic", "leg_counting", "mini_sudoku", "n_queens", "countdown", "complex_arithmetic"),
    *("simple_integration", "number_sorting", "game_of_life_halting", "shortest_path", "coin_flip", "spiral_matrix"),
    *(
        "polynomial_equations",
        "zebra_puzzles",
        "propositional_logic",
        "polynomial_multiplication",
        "decimal_arithmetic",
    ),
)


@pytest.mark.parametrize("name", SOME)
def test_the_known_answer_passes_and_hostile_ones_do_not(name: str, registry: dict[str, Any], tmp_path: Path) -> None:
    env = make(dataset=name)
    for seed in range(3):
        _, info = env.reset(seed=seed)
        answer = info["problem"].answer
        if answer is not None:
            _, reward, terminated, _, info = env.step(f"#### {answer}")
            assert (reward, terminated) == (1.0, True), (answer, info["outcome"])
    target = tmp_path / "written"
    for payload in PAYLOADS:
        env.reset(seed=1)
        text = payload.replace("{path!r}", repr(str(target)))
        _, reward, _, _, info = env.step(f"#### {text}")
        assert reward == 0.0, (text, info["outcome"])
    assert not target.exists()


def test_the_domain_keeps_its_promises(registry: dict[str, Any]) -> None:
    check_domain(DOMAIN, domain_kwargs={"dataset": "basic_arithmetic"}, seeds=range(3))


def test_gymnasiums_check(registry: dict[str, Any]) -> None:
    check_env(make())


def test_an_episode_with_reasoning_replays(registry: dict[str, Any]) -> None:
    env = gym.make(ID, dataset="chain_sum", config={"min_terms": 2, "max_terms": 2, "seed": 5})
    _, info = env.reset(seed=0)
    problem = info["problem"]
    assert env.step("3 + 4 = 8")[4]["verdict"].refuted
    assert env.step(f"\\boxed{{{problem.answer}}}")[1] == 1.0
    trace = trace_of(env)
    replay(trace, gym.make(ID, dataset="chain_sum", config={"min_terms": 2, "max_terms": 2, "seed": 5}))


def test_a_problem_of_another_configuration_is_not_judged(registry: dict[str, Any]) -> None:
    problem = make(dataset="chain_sum", config={"seed": 1}).reset(seed=0)[1]["problem"]
    env = make(dataset="chain_sum", config={"seed": 2})
    env.reset(options={"problem": problem})
    info = env.step(f"#### {problem.answer}")[4]
    assert info["outcome"].status is Status.UNDECIDED
    assert not info["scored"]


def test_an_answer_of_several_lines_is_one_action(registry: dict[str, Any]) -> None:
    env = make(dataset="mini_sudoku")
    answer = env.reset(seed=0)[1]["problem"].answer
    assert answer.count("\n") == 3
    _, reward, _, _, info = env.step(f"####\n{answer}\n")
    assert reward == 1.0
    assert "\n" not in info["line"]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"dataset": "codeio"}, "executes programs"),
        ({"dataset": "splendid"}, "no data set 'splendid'.*chain_sum"),
        ({"dataset": "chain_sum", "config": {"min_terms": -1}}, "refuses this configuration"),
        ({"dataset": "chain_sum", "config": {"colour": "red"}}, "refuses this configuration"),
    ],
)
def test_data_sets_that_cannot_be_had(kwargs: dict[str, Any], message: str, registry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=message):
        gym.make(ID, **kwargs)


def test_bad_texts_and_levels(registry: dict[str, Any]) -> None:
    domain = make().domain
    with pytest.raises(ValueError, match="default"):
        domain.sample(np.random.default_rng(0), "hard")
    for text in ("", "x\x00", "\ud800"):
        with pytest.raises(InputError):
            domain.problem(text)
