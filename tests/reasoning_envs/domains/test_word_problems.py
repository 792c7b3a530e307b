"""The environment of problems in words: episodes, files of other people, answers, corruption, progress."""

import json
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv

from reasoning_envs.domains.prose_lines import corrupt_line, first_line
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.domains.word_problems import WordProblemsDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.problems import ProblemFileWarning, read_problems
from reasoning_envs.rewards import OraclePRM
from reasoning_envs.rewards.chains import ChainProgress
from reasoning_envs.rewards.corruption import corrupt_trace
from reasoning_envs.testing import check_domain, check_prm, check_verifier
from reasoning_envs.testing.laws import written
from reasoning_envs.traces import replay, trace_of
from reasoning_envs.types import Problem, Status
from reasoning_envs.verifiers.prose.judge import verify_prose
from reasoning_envs.verifiers.word_problems import WordProblemVerifier, judge_stated_answer, stated_answer

ID = "reasoning_envs/WordProblemsText-v0"
DOMAIN = "reasoning_envs.domains.word_problems:WordProblemsDomain"


def make(**kwargs: Any) -> ReasoningEnv:
    env = gym.make(ID, **kwargs).unwrapped
    assert isinstance(env, ReasoningEnv)
    return env


def chain(problem: Problem) -> list[str]:
    return [*problem.metadata["chain"], f"#### {problem.answer}"]


# -- the kit ----------------------------------------------------------------------------------------------------------


def test_the_domain_keeps_its_promises() -> None:
    check_domain(DOMAIN, seeds=range(1), rewrites=lambda answer: [f"#### {answer}", f"It is \\boxed{{{answer}}}."])


def test_the_oracle_keeps_its_promises() -> None:
    check_prm("reasoning_envs.rewards:OraclePRM", env=ID)


def test_the_verifier_keeps_its_promises_on_problems_of_others() -> None:
    problem = Problem("p", "word_problems", "", "A hen lays 3 eggs a day. How many in a week?", "21")
    check_verifier(WordProblemVerifier(), [problem])


def test_gymnasiums_check() -> None:
    check_env(make())


# -- episodes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["steps-1", "steps-4", "steps-6-noisy"])
def test_the_known_chain_solves_the_problem(level: str) -> None:
    env = make(level=level)
    _, info = env.reset(seed=1)
    rewards = []
    for line in chain(info["problem"]):
        _, reward, terminated, truncated, last = env.step(line)
        rewards.append(reward)
    assert rewards == [0.0] * (len(rewards) - 1) + [1.0]
    assert (terminated, truncated, last["success"]) == (True, False, True)
    assert last["count/verified"] == len(rewards)


def test_a_wrong_line_is_refuted_and_named() -> None:
    env = make()
    env.reset(seed=0)
    info = env.step("She has 3 * 4 = 13 of them, and 13 - 1 = 12.")[4]
    assert info["verdict"].status is Status.REFUTED
    assert info["verdict"].reason == "'3 * 4 = 13' is wrong: 3 * 4 is 12"
    assert env.step("So I go on without numbers.")[4]["verdict"].status is Status.UNDECIDED


def test_an_answer_is_a_right_step_where_a_right_line_came_to_it() -> None:
    env = make()
    for line, status in (("3 * 4 = 12", Status.VERIFIED), ("3 * 5 = 12", Status.UNDECIDED), ("12", Status.UNDECIDED)):
        env.reset(options={"problem": Problem("p", "word_problems", "?", "How many?", "13")})
        env.step(line)
        info = env.step("#### 12 eggs")[4]
        assert info["verdict"].status is status
        assert info["outcome"].refuted


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("", Status.UNPARSED, "empty"),
        (" \t", Status.UNPARSED, "empty"),
        ("one\ntwo", Status.UNPARSED, "this text has 2"),
        ("so\x00 3", Status.UNPARSED, "control character"),
        ("\ud800", Status.UNPARSED, "no character"),
        ("x" * 2001, Status.UNSAFE, "2001 characters"),
    ],
)
def test_what_is_no_line_changes_nothing(text: str, status: Status, reason: str) -> None:
    env = make()
    env.reset(seed=0)
    before = env.get_state().domain_state
    verdict = env.step(text)[4]["verdict"]
    assert verdict.status is status
    assert reason in verdict.reason
    assert env.get_state().domain_state == before
    assert env.step("3 + 4 = 7")[4]["verdict"].verified


def test_states_are_exact_copies_also_pickled() -> None:
    env = make(level="steps-3")
    _, info = env.reset(seed=4)
    lines = chain(info["problem"])
    env.step(lines[0])
    saved = pickle.loads(pickle.dumps(env.get_state()))  # noqa: S301 - of an object made here
    ends = []
    for _ in range(2):
        results = [env.step(line) for line in lines[1:]]
        ends.append([(view, reward, info["verdict"], info["outcome"]) for view, reward, _, _, info in results])
        env.set_state(saved)
    assert ends[0] == ends[1]
    other = make()
    other.set_state(saved)
    assert other.observation() == env.observation()


def test_a_trace_replays() -> None:
    env = gym.make(ID, level="steps-2")
    _, info = env.reset(seed=2)
    for line in ("nonsense", *chain(info["problem"])):
        env.step(line)
    trace = trace_of(env)
    assert trace.outcome is not None
    assert trace.outcome.verified
    replay(trace)


def test_async_vectorisation_shows_what_one_alone_shows() -> None:
    envs = AsyncVectorEnv([lambda: gym.make(ID, level="steps-2")] * 2)
    try:
        observations, infos = envs.reset(seed=7)
        for index, problem in enumerate(infos["problem"]):
            alone = make(level="steps-2")
            assert alone.reset(seed=7 + index)[0] == observations[index]
            assert alone.problem == problem
        lines = [chain(problem)[0] for problem in infos["problem"]]
        observations, _, _, _, infos = envs.step(tuple(lines))
        assert [verdict.status for verdict in infos["verdict"]] == [Status.VERIFIED] * 2
        assert [text.splitlines()[-1] for text in observations] == lines
    finally:
        envs.close()


def test_templates_can_be_held_out() -> None:
    train = make(hold_out="templates", split="train", level="steps-3")
    test = make(hold_out="templates", split="test", level="steps-3")
    templates = [
        {"+".join(sorted(env.reset(seed=seed)[1]["problem"].metadata["template"].split("+"))) for seed in range(40)}
        for env in (train, test)
    ]
    assert all(len(found) > 3 for found in templates)
    assert not templates[0] & templates[1]
    with pytest.raises(ValueError, match="hold_out"):
        make(hold_out="letters")


# -- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("#### 18", "18"),
        ("so #### $18 per day", "$18 per day"),
        ("####18", "18"),
        ("#### : 18", "18"),
        (r"it is \boxed{18}.", "18"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{1} or rather \boxed{2}", "2"),
        (r"#### \boxed{3}", "3"),
        (r"\boxed{3} #### 4", "4"),
        ("####", None),
        ("### 18", None),
        (r"\boxed{}", None),
        (r"\boxed{18", None),
        ("the answer is 18", None),
    ],
)
def test_what_a_line_states_as_the_answer(line: str, answer: str | None) -> None:
    assert stated_answer(line) == answer


@pytest.mark.parametrize(
    ("answer", "truth", "metadata", "expected"),
    [
        ("18", "18", {}, Status.VERIFIED),
        ("$18", "18", {}, Status.VERIFIED),
        ("$18$", "18", {}, Status.VERIFIED),
        ("**18.00**", "18", {}, Status.VERIFIED),
        ("1,800 eggs", "1800", {}, Status.VERIFIED),
        (r"18 \text{ eggs}", "18", {}, Status.VERIFIED),
        (r"50\%", "50", {}, Status.VERIFIED),
        ("-$5", "-5", {}, Status.VERIFIED),
        ("$-5.00", "-5", {"unit": "$"}, Status.VERIFIED),
        ("$5", "-5", {}, Status.REFUTED),
        ("19", "18", {}, Status.REFUTED),
        ("18 or 19", "18", {}, Status.REFUTED),
        (r"\$18.50", "18.5", {"unit": "$"}, Status.VERIFIED),
        ("1850 cents", "18.5", {"unit": "$"}, Status.VERIFIED),
        ("18.5 cents", "18.5", {"unit": "$"}, Status.REFUTED),
        ("18.5 €", "18.5", {"unit": "$"}, Status.REFUTED),
        ("150 minutes", "2.5", {"unit": "h"}, Status.VERIFIED),
        ("150", "2.5", {"unit": "h"}, Status.REFUTED),
        ("12 kg", "12", {"unit": "km"}, Status.REFUTED),
        ("3.14", "3.14159", {"tolerance": 0.01}, Status.VERIFIED),
        ("3.14", "3.14159", {}, Status.REFUTED),
        ("p - q", "-q + p", {}, Status.VERIFIED),
        ("9^9^9^9", "18", {}, Status.UNSAFE),
    ],
)
def test_answers_are_judged_by_the_policies_of_the_problem(
    answer: str, truth: str, metadata: dict[str, Any], expected: Status
) -> None:
    assert judge_stated_answer(answer, truth, metadata).status is expected


def test_an_answer_that_nobody_knows_is_not_scored() -> None:
    env = make()
    env.reset(options={"problem": "How many hens has the farmer?"})
    _, reward, terminated, truncated, info = env.step("#### 3")
    assert (reward, terminated, truncated, info["scored"], info["end"]) == (0.0, False, True, False, "unscored")


# -- files and data sets ----------------------------------------------------------------------------------------------

GSM = {"question": "A hen lays 3 eggs a day.\nHow many in 4 days?", "answer": "3*4=<<3*4=12>>12 eggs\n#### 12"}
MATH = {
    "problem": "What is $\\frac{1}{2}+\\frac{1}{3}$?",
    "solution": "It is $\\boxed{\\frac{5}{6}}$.",
    "level": "Level 2",
    "type": "Prealgebra",
}


def test_a_file_with_wrong_lines_names_them_and_uses_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    lines = [
        json.dumps(GSM),
        '{"question": "cut o',
        '{"question": "no answer is here", "answer": "so it is 12"}',
        '{"question": 3, "answer": "#### 3"}',
        '{"text": "something else"}',
        json.dumps(MATH),
        "",
        "How many legs have 3 hens?",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    problems, bad = read_problems(path, WordProblemsDomain())
    assert [problem.answer for problem in problems] == ["12", r"\frac{5}{6}", None]
    assert [line.number for line in bad] == [2, 3, 4, 5]
    reasons = ["no JSON", "no final answer", "'question' is to hold a text", "no key 'question' or 'problem'"]
    for line, reason in zip(bad, reasons, strict=True):
        assert reason in str(line)
        assert str(path) in str(line)
    with pytest.warns(ProblemFileWarning) as caught:
        env = gym.make(ID, problems=str(path))
    assert len(caught) == 4
    assert env.reset(seed=0)[1]["problem"].answer in ("12", r"\frac{5}{6}", None)


def test_records_of_gsm8k_and_math() -> None:
    domain = WordProblemsDomain()
    first, second = domain.problem(json.dumps(GSM)), domain.problem(json.dumps(MATH))
    assert first.metadata == {"chain": ["3*4=<<3*4=12>>12 eggs"], "values": ["12"]}
    assert (second.level, second.metadata) == ("Level 2", {"subject": "Prealgebra"})
    assert domain.text(domain.start(first)) == "How many in 4 days?"
    assert first.statement in first.prompt
    again = domain.problem(first.to_json())
    assert (again.statement, again.answer, again.metadata) == (first.statement, first.answer, first.metadata)


DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.parametrize(("name", "count"), [("gsm8k_test_first660.jsonl", 660), ("math_test_first250.jsonl", 250)])
def test_published_problems_are_read_and_their_answers_pass(name: str, count: int) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not there")
    domain = WordProblemsDomain()
    problems, bad = read_problems(path, domain)
    assert (len(problems), bad) == (count, [])
    failed = []
    for problem in problems:
        line = domain.parse(domain.start(problem), f"The answer: \\boxed{{{problem.answer}}}.")
        assert domain.is_final(line)
        verdict = domain.verifier.outcome(problem, [written(domain.text(line))])
        if not verdict.verified:
            failed.append((problem.answer, verdict.reason))
    assert len(failed) <= 0.02 * count, failed


def test_a_data_set_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def load_dataset(name: str, config: str | None, split: str) -> list[dict[str, Any]]:
        asked.append((name, config, split))
        return [GSM, {"nothing": 1}, {**MATH, "level": "Level 5"}, MATH]

    monkeypatch.setitem(sys.modules, "datasets", types.SimpleNamespace(load_dataset=load_dataset))
    env = make(dataset="some/set", dataset_config="main", dataset_split="test", level="Level 5")
    assert asked == [("some/set", "main", "test")]
    assert env.domain.levels == ("all", "Level 2", "Level 5")
    assert {env.reset(seed=seed)[1]["problem"].level for seed in range(5)} == {"Level 5"}
    found = {make(dataset="some/set").reset(seed=seed)[1]["problem"].answer for seed in range(20)}
    assert found == {"12", r"\frac{5}{6}"}


def test_a_data_set_without_the_library_or_without_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ImportError, match="pip install datasets"):
        gym.make(ID, dataset="some/set")
    empty = types.SimpleNamespace(load_dataset=lambda *_, **__: [{"nothing": 1}])
    monkeypatch.setitem(sys.modules, "datasets", empty)
    with pytest.raises(ValueError, match="record 1: the record has no key 'question'"):
        gym.make(ID, dataset="some/set")


@pytest.mark.parametrize("text", ["", " \n ", "x\x00y", "\ud800", "a" * 20_001, '{"question": "' + "[" * 100_000])
def test_texts_that_are_no_problem(text: str) -> None:
    with pytest.raises(InputError) as caught:
        WordProblemsDomain().problem(text)
    assert caught.value.verdict.reason


def test_the_question_stands_at_the_start() -> None:
    assert first_line("He has 3 hens. How many\n legs? Think.") == "How many legs?"
    assert first_line("Find 3 + 4. Show it.") == "Show it."
    assert len(first_line("a" * 1000)) == 300


# -- corruption and progress ------------------------------------------------------------------------------------------


def test_a_corrupted_line_is_refuted_and_its_kind_named() -> None:
    rng = np.random.default_rng(0)
    kinds = set()
    for seed in range(60):
        line = make(level="steps-4").reset(seed=seed)[1]["problem"].metadata["chain"][seed % 4]
        wrong, kind = corrupt_line(line, rng)
        assert verify_prose(wrong).refuted
        kinds.add(kind)
    assert kinds == {"wrong result", "wrong number", "wrong operation", "slipped point", "swapped digits"}
    wrong, kind = corrupt_line("so #### 1,200 eggs", rng)
    assert kind == "wrong answer"
    assert wrong.startswith("so #### ")
    assert wrong != "so #### 1,200 eggs"
    with pytest.raises(ValueError, match="can be spoiled"):
        corrupt_line("There are 3 hens and 4 cows.", rng)


def test_a_trace_can_be_spoiled() -> None:
    env = make(level="steps-4")
    _, info = env.reset(seed=3)
    for line in chain(info["problem"]):
        env.step(line)
    spoiled = corrupt_trace(trace_of(env), env.domain, np.random.default_rng(1))
    assert spoiled.trace.steps[spoiled.first_error].verdict.refuted
    assert all(step.verdict.verified for step in spoiled.trace.steps[: spoiled.first_error])


def test_the_oracle_measures_progress_along_the_known_chain() -> None:
    env = make(level="steps-3")
    _, info = env.reset(seed=5)
    problem = info["problem"]
    scorer = OraclePRM().begin(problem, env.get_state())
    assert scorer.initial.value == 0.25
    values = []
    for line in ["Let me think.", *chain(problem)]:
        env.step(line)
        values.append(scorer.step(env.steps[-1], env.get_state()).value)
    assert values[0] <= 0.25
    progress = ChainProgress.of(problem)
    assert progress is not None
    assert [progress.after(line) for line in chain(problem)] == [0.5, 0.75, 1.0, 1.0]
    env.reset(options={"problem": problem})
    scorer = OraclePRM().begin(problem, env.get_state())
    for line, value in zip(chain(problem), [0.5, 0.75, 1.0, 1.0], strict=True):
        env.step(line)
        assert scorer.step(env.steps[-1], env.get_state()).value == value


def test_progress_is_not_made_by_repetition_nor_by_naming_values() -> None:
    problem = Problem("p", "word_problems", "", "?", "24", metadata={"values": ["12", "24"]})
    progress = ChainProgress.of(problem)
    assert progress is not None
    assert progress.after("12 = 12 and 24 = 24") == 1 / 3
    assert progress.after("3*4 = 12") == 2 / 3
    assert progress.after("4*3 = 12") == 2 / 3
    assert progress.after("3*4 = 24") == 2 / 3
    assert progress.after("#### 23") == 2 / 3
    assert progress.after("#### 24") == 1.0
    assert ChainProgress.of(Problem("p", "d", "", "?", "24")) is None
    with pytest.raises(ValueError, match="no fractions"):
        ChainProgress.of(Problem("p", "d", "", "?", "24", metadata={"values": ["many"]}))
