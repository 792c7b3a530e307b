"""Programs for learned PRMs: what the bags show and what they do not, and that a judge learns from them."""

from __future__ import annotations

import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.problems import split_of
from reasoning_envs.programs.lines import Step
from reasoning_envs.rewards import (
    LearnedConfig,
    LearnedPRM,
    OutcomeConfig,
    OutcomePRM,
    OutcomeRewardModel,
    PRMError,
    judge_prm,
    open_prm,
)
from reasoning_envs.rewards.fitting import Fitting
from reasoning_envs.rewards.judging import first_error
from reasoning_envs.rewards.program_encoding import ProgramEncoder
from reasoning_envs.rewards.trials.program_cases import PROGRAM_SHIFTS, program_cases, training_program_cases
from tests.reasoning_envs.rewards.derivations import derivations

LINES = SynthesisDomain(judge="interpreter")
REPAIR = RepairDomain(judge="interpreter")
DOUBLED = 'def f(xs: list[int]) -> int: "at most 2 lines, small grammar"; assert f([3, 1]) == 8; assert f([5]) == 10'
HEAD = "def f(xs: list[int]) -> int: "
BROKEN = HEAD + '"at most 1 edits, small grammar"; assert f([3, 1]) == 3; assert f([5]) == 5; v1 = min(xs); return v1'
TINY = LearnedConfig(
    change_buckets=4096, line_buckets=256, width=8, hidden=16, judge=Fitting(epochs=6), forecast=Fitting(epochs=2)
)


def bags(track: str, statement: str, *lines: str) -> list[tuple[list[int], ...]]:
    encoder = ProgramEncoder(track, 4096, 256)
    readings = [encoder.read(line, statement) for line in (statement, *lines)]
    return [
        tuple(sorted(bag.tolist()) for bag in encoder.step(before, after, statement))  # type: ignore[arg-type]
        for before, after in pairwise(readings)
    ]


@pytest.mark.parametrize("track", ["text", "arithmetic"])
def test_codes_stay_in_their_tables(track: str) -> None:
    encoder = ProgramEncoder(track, 64, 32)
    for case in program_cases(PROGRAM_SHIFTS["edits"], 4, np.random.default_rng(0)):
        context = encoder.context(case.trace.problem)
        readings = [encoder.read(line, context) for line in (context, *(step.text for step in case.trace.steps))]
        for before, after in pairwise(readings):
            assert before is not None
            assert after is not None
            step = encoder.step(before, after, context)
            assert [len(step), len(encoder.step_codes)] == ([2, 2] if track == "arithmetic" else [1, 1])
            for bag, codes in zip(step, encoder.step_codes, strict=True):
                assert len(bag)
                assert 0 <= bag.min() <= bag.max() < codes
            assert encoder.line(after, context).max() < 32


def test_the_text_track_does_not_run_what_it_reads() -> None:
    """The sum and the least are right at the same step for different examples: only their values tell."""
    one, other = (DOUBLED.replace("== 8", f"== {value}") for value in (8, 2))
    line = HEAD + "v1 = min(xs)"
    (text_one,), (text_other,) = bags("text", one, line), bags("text", other, line)
    (seen_one,), (seen_other,) = bags("arithmetic", one, line), bags("arithmetic", other, line)
    assert seen_one[1] != seen_other[1]
    assert len(text_one) == len(text_other) == 1


def test_a_variable_is_told_by_how_it_stands_and_not_by_its_name() -> None:
    renamed = DOUBLED.replace("xs", "ys")
    lines = HEAD + "v1 = sum(xs)", HEAD + "v1 = sum(xs); v2 = v1 * 2"
    assert bags("arithmetic", DOUBLED, *lines) == bags(
        "arithmetic", renamed, *(line.replace("xs", "ys") for line in lines)
    )


def test_neither_certificate_nor_hidden_tests_are_looked_at() -> None:
    encoder = ProgramEncoder("arithmetic", 4096, 256)
    problem = LINES.sample(np.random.default_rng(3), "small-2")
    assert problem.answer is not None
    assert encoder.context(problem) == problem.statement
    assert problem.answer not in problem.statement


@pytest.mark.parametrize(
    ("statement", "line", "left"),
    [
        (DOUBLED, DOUBLED, 2),
        (DOUBLED, HEAD + "...", 2),
        (DOUBLED, HEAD + "v1 = sum(xs)", 1),
        (DOUBLED, HEAD + "v1 = sum(xs); v2 = v1 * 2; return v2", 0),
        (BROKEN, BROKEN, 1),
        (BROKEN, HEAD + "v1 = max(xs); return v1  # 0 edits left", 0),
        (DOUBLED, "v1 is the sum", None),
        (BROKEN, "2*x = 4", None),
    ],
)
def test_what_is_read(statement: str, line: str, left: int | None) -> None:
    reading = ProgramEncoder("arithmetic", 16, 16).read(line, statement)
    assert (None if reading is None else reading.left) == left


def test_an_error_on_an_example_is_a_missing_value() -> None:
    statement = DOUBLED.replace("[5]", "[]").replace("== 10", "== 0")
    reading = ProgramEncoder("arithmetic", 16, 16).read(HEAD + "v1 = max(xs); v2 = v1 + 1", statement)
    assert reading is not None
    assert [values for _, values in reading.columns] == [((3, 1), ()), (3, None), (4, None), (4, None)]
    assert bags("arithmetic", statement, HEAD + "v1 = max(xs)")[0][1]


@pytest.mark.parametrize(
    ("statement", "lines", "words"),
    [
        (DOUBLED, [HEAD + "v1 = sum(xs)"], "v1 = sum(xs) is written"),
        (BROKEN, [HEAD + "v1 = max(xs); return v1  # 0 edits left"], "v1 = min(xs) becomes v1 = max(xs)"),
        (BROKEN, [HEAD + "v1 = min(xs); return v1"], "the program is submitted"),
    ],
)
def test_changes_in_words(statement: str, lines: list[str], words: str) -> None:
    encoder = ProgramEncoder("text", 16, 16)
    before, after = (encoder.read(line, statement) for line in [statement, *lines][-2:])
    assert before is not None
    assert after is not None
    assert encoder.words(before, after) == words


# -- traces with known errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(PROGRAM_SHIFTS))
def test_cases_have_the_error_that_they_are_said_to_have(name: str) -> None:
    shift = PROGRAM_SHIFTS[name]
    domain = LINES if shift.domain == "synthesis" else REPAIR
    cases = program_cases(shift, 6, np.random.default_rng(1))
    assert [bool(case.kind) for case in cases] == [False] * 3 + [True] * 3
    for case in cases:
        assert (first_error(case.trace) is not None) == bool(case.kind)
        assert split_of(domain.canonical_key(case.trace.problem)) == "test"
        assert case.trace.outcome is not None
        assert case.trace.outcome.verified != bool(case.kind)


def test_kinds_of_wrong_lines_say_what_is_wrong() -> None:
    spec = LINES.spec(LINES.problem(DOUBLED.replace("xs: list[int]", "xs: list[int], n: int").replace("])", "], 7)")))
    head = HEAD.replace("xs: list[int]", "xs: list[int], n: int")

    def line(expr: str) -> Step:
        return LINES.read(spec, f"{head}v1 = sum(xs); v2 = {expr}").steps[-1]

    space = LINES.space(spec)
    found = {
        (right, other): space.mistake(line(right), line(other))
        for right, other in (
            ("n % 3", "n % 2"),
            ("[x * -1 for x in xs]", "[x * 2 for x in xs]"),
            ("n // 2", "v1 // 2"),
            ("n // v1", "v1 // n"),
            ("n // 2", "n % 2"),
        )
    }
    assert list(found.values()) == [
        "off by one",
        "wrong constant",
        "wrong variable",
        "swapped arguments",
        "wrong operation",
    ]


# -- a judge -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained() -> LearnedPRM:
    prm = LearnedPRM(config=TINY)
    prm.fit([case.trace for case in training_program_cases(150, np.random.default_rng(0))])
    return prm


def test_it_learns_from_programs(trained: LearnedPRM) -> None:
    """By chance the AUC is .5; whoever runs the last edit sees whether the tests pass."""
    unseen = [case.trace for case in program_cases(PROGRAM_SHIFTS["edits"], 60, np.random.default_rng(9))]
    assert judge_prm(trained, unseen).auc > 0.75
    score = trained.score(unseen[-1:])[0][-1]
    assert "becomes" in score.critique or "goes" in score.critique or "written" in score.critique


def test_it_travels_by_file_and_by_pickle(trained: LearnedPRM, tmp_path: Path) -> None:
    traces = [case.trace for case in program_cases(PROGRAM_SHIFTS["lines"], 4, np.random.default_rng(2))]
    trained.save(tmp_path / "programs.pt")
    scores = trained.score(traces)
    assert open_prm(tmp_path / "programs.pt").score(traces) == scores
    assert pickle.loads(pickle.dumps(trained)).score(traces) == scores  # noqa: S301


@pytest.mark.parametrize("family", [OutcomePRM, OutcomeRewardModel])
def test_outcomes_of_programs_are_learned_from_too(family: type[OutcomePRM], tmp_path: Path) -> None:
    traces = [case.trace for case in training_program_cases(40, np.random.default_rng(0))]
    config = OutcomeConfig(change_buckets=512, width=8, hidden=16, fitting=Fitting(epochs=2))
    prm = family(config=config)
    prm.fit(traces)
    prm.save(tmp_path / "outcome.pt")
    assert open_prm(tmp_path / "outcome.pt").score(traces[:5]) == prm.score(traces[:5])
    assert not any("cannot be read" in score.critique for row in prm.score(traces) for score in row)


def test_programs_and_algebra_are_not_learned_together() -> None:
    traces = [case.trace for case in training_program_cases(4, np.random.default_rng(0))]
    with pytest.raises(PRMError, match=r"programs or algebra, not both.*train one on each"):
        LearnedPRM(config=TINY).fit([*traces, *derivations(4, seed=1)])


def test_a_model_of_another_encoding_of_programs_is_refused(
    trained: LearnedPRM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained.save(tmp_path / "old.pt")
    monkeypatch.setattr(ProgramEncoder, "version", "programs 2")
    with pytest.raises(PRMError, match="encoding of the file is 'programs 1', this version reads 'programs 2'"):
        LearnedPRM.load(tmp_path / "old.pt")


def test_an_algebra_problem_is_refused_by_a_judge_of_programs(trained: LearnedPRM) -> None:
    with pytest.raises(PRMError, match="trained on repair and synthesis, asked about a problem of 'algebra'"):
        trained.begin(derivations(1, seed=1)[0].problem)
