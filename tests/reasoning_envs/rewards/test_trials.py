"""Traces with known errors, the named shifts, and what judges are measured by on them."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from reasoning_envs.problems import split_of
from reasoning_envs.rewards import OraclePRM
from reasoning_envs.rewards.errors import ERRORS, spoiled_lines
from reasoning_envs.rewards.hackable import ConstantPRM
from reasoning_envs.rewards.judging import first_error
from reasoning_envs.rewards.trials import sources
from reasoning_envs.rewards.trials.best_of import Tries, best_of, make_tries
from reasoning_envs.rewards.trials.cases import Case, spoiled
from reasoning_envs.rewards.trials.derivations import Search, algebra, derive
from reasoning_envs.rewards.trials.shifts import KINDS, OTHER_FAMILIES, SHIFTS, cases_of, training_cases
from reasoning_envs.rewards.trials.sources import SOURCES, SourceRun, source_runs
from reasoning_envs.rewards.trials.tables import judge_on_shifts, shift_table, worst
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.types import Status, Trace, Verdict

COUNTS = {"longer": 6}


@pytest.fixture(scope="module")
def sets() -> dict[str, list[Case]]:
    rng = np.random.default_rng(3)
    return {name: cases_of(shift, COUNTS.get(name, 2 * len(shift.kinds)), rng) for name, shift in SHIFTS.items()}


def verdicts(case: Case) -> list[bool]:
    """By the verifier, line by line, anew."""
    lines = [case.trace.problem.statement, *(step.text for step in case.trace.steps)]
    return [
        relate(parse_statement(before), parse_statement(after), unknown="x").verified
        for before, after in pairwise(lines)
    ]


@pytest.mark.parametrize("name", list(SHIFTS))
def test_the_verdicts_of_a_case_are_the_verifiers(name: str, sets: dict[str, list[Case]]) -> None:
    for case in sets[name]:
        assert [step.verdict.verified for step in case.trace.steps] == verdicts(case), case
        assert (first_error(case.trace) is None) is (case.kind == "")


@pytest.mark.parametrize("name", list(SHIFTS))
def test_half_of_a_set_is_right_and_kinds_count_alike(name: str, sets: dict[str, list[Case]]) -> None:
    kinds = Counter(case.kind for case in sets[name])
    assert kinds.pop("") == len(sets[name]) / 2
    assert max(kinds.values()) - min(kinds.values()) <= 1
    assert set(kinds) <= set(SHIFTS[name].kinds)


def test_each_set_is_what_its_name_says(sets: dict[str, list[Case]]) -> None:
    def lengths(name: str) -> set[int]:
        return {len(case.trace.steps) for case in sets[name]}

    def errors(case: Case) -> int:
        return sum(step.verdict.refuted for step in case.trace.steps)

    assert lengths("longer") == {20}
    assert max(lengths("in range")) <= 10 + 2
    for case in sets["several errors"]:
        assert errors(case) >= 2 if case.kind else errors(case) == 0
    for case in sets["right answer"]:
        assert case.trace.outcome is not None
        assert case.trace.outcome.verified
    for case in sets["other families"]:
        assert (case.trace.problem.level or "").rsplit("-", 1)[0] in OTHER_FAMILIES
    assert not {case.kind for case in sets["other kinds"]} & set(KINDS)
    largest = {
        name: np.median([max(map(int, _numbers(case.trace.problem.statement))) for case in sets[name]])
        for name in ("in range", "bigger numbers")
    }
    assert largest["bigger numbers"] > 5 * largest["in range"]


def _numbers(text: str) -> list[str]:
    return "".join(character if character.isdigit() else " " for character in text).split() or ["0"]


def test_nothing_that_is_trained_on_is_judged_on(sets: dict[str, list[Case]]) -> None:
    def split(case: Case) -> str:
        return split_of(algebra().canonical_key(case.trace.problem))

    cases = training_cases(60, np.random.default_rng(0))
    assert {split(case) for case in cases} == {"train"}
    assert {split(case) for name in sets for case in sets[name]} == {"test"}
    assert {case.kind for case in cases} <= {"", *KINDS}
    assert not any((case.trace.problem.level or "").startswith(OTHER_FAMILIES) for case in cases)


def test_the_same_seed_makes_the_same_cases() -> None:
    first, second = (training_cases(20, np.random.default_rng(5)) for _ in range(2))
    assert first == second


def test_every_kind_of_error_can_be_made() -> None:
    rng = np.random.default_rng(1)
    made: set[str] = set()
    for level in ("both_sides-2", "quadratic-1", "absolute-1", "linear_letters-2", "degenerate-1", "fractions-2"):
        for _ in range(6):
            derivation = derive(algebra().sample(rng, level), rng, Search())
            if derivation is not None:
                made |= {kind for kind in ERRORS if spoiled(derivation, kind, rng, onward=False) is not None}
    assert made == set(ERRORS)


def test_an_unknown_kind_of_error_is_named() -> None:
    state = algebra().start(algebra().problem("x + 1 = 2"))
    with pytest.raises(ValueError, match="no kind of error 'typo'; known: sign"):
        spoiled_lines(algebra(), "typo", state, state, np.random.default_rng(0))


# -- tables ------------------------------------------------------------------------------------------------------------


def test_the_oracle_is_perfect_on_every_set_and_a_constant_nowhere(sets: dict[str, list[Case]]) -> None:
    rows = [judge_on_shifts(prm.name, prm, sets) for prm in (OraclePRM(), ConstantPRM())]
    assert worst(rows[0]) == 1.0
    assert worst(rows[1]) == 0.0
    lines = list(shift_table(rows))
    assert lines[0].split()[:3] == ["PRM", "track", "worst"]
    assert lines[1].split()[:3] == ["oracle", "-", "1.000"]


# -- best of N ---------------------------------------------------------------------------------------------------------


def tried(*answers: tuple[str, bool], problem: str = "x + 1 = 3") -> Tries:
    derivation = derive(algebra().problem(problem), np.random.default_rng(0), Search())
    assert derivation is not None
    (trace, *_), _ = make_tries(1, 1, 0, systematic=False)[0]
    traces = []
    for text, right in answers:
        status = Status.VERIFIED if right else Status.REFUTED
        last = type(trace.steps[0])(0, text, text, Verdict(status))
        traces.append(type(trace)("", {}, {}, "solver", None, derivation.problem, (last,), Verdict(status)))
    return Tries(tuple(traces), np.array([right for _, right in answers]))


def test_votes_and_judges_by_hand() -> None:
    """Of four tries one is right: the oracle finds it wherever it is drawn, the vote takes the popular wrong one."""
    tries = tried(("x = 2", True), ("x = 4", False), ("x = 4", False), ("x = 5", False))
    found = {each.judge: each.accuracy for each in best_of({"oracle": OraclePRM()}, [tries], "made", 0)}
    assert found["oracle"][4][0] == found["any of them"][4][0] == 1.0
    assert found["majority vote"][4][0] == 0.0
    assert found["oracle"][1][0] == pytest.approx(0.25, abs=0.1)
    assert found["oracle"][2][0] == pytest.approx(0.5, abs=0.1)


def test_ties_are_shared_and_right_answers_are_one_answer() -> None:
    tries = tried(("x = 2", True), ("x = 4/2", True), ("x = 4", False), ("x = 4", False))
    found = {each.judge: each.accuracy for each in best_of({"constant": ConstantPRM()}, [tries], "made", 0)}
    assert found["majority vote"][4][0] == 0.5
    assert found["constant"][4][0] == 0.5


def test_systematic_errors_outvote_the_truth() -> None:
    tries = make_tries(4, 16, 0, systematic=True)
    found = {each.judge: each.accuracy[16][0] for each in best_of({"oracle": OraclePRM()}, tries, "systematic", 0)}
    assert found["oracle"] == found["any of them"]
    assert found["majority vote"] < found["oracle"] - 0.3


def test_the_study_of_labels_trains_what_is_not_done_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted study goes on where it was, and what it skips changes nothing that it draws."""
    monkeypatch.setattr(sources, "_JUDGED", 12)
    monkeypatch.setattr(sources, "_trained", lambda *_: ConstantPRM(0.9))
    whole = list(source_runs([0], [4]))
    assert [(run.source, run.traces, run.seed) for run in whole] == [(source, 4, 0) for source in SOURCES]
    rest = list(source_runs([0], [4], done=whole[1:-1]))
    assert [(run.source, run.f1, run.right_answer) for run in rest] == [
        (run.source, run.f1, run.right_answer) for run in (whole[0], whole[-1])
    ]


def test_a_seed_that_is_done_draws_no_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*_: object) -> list[Trace]:
        raise AssertionError("traces were drawn")

    monkeypatch.setattr(sources, "whole_episodes", drawn)
    done = [SourceRun(source, 4, 0, 0.0, 0.5, 0.5) for source in SOURCES]
    assert list(source_runs([0], [4], done=done)) == []
    with pytest.raises(AssertionError, match="traces were drawn"):
        list(source_runs([0, 1], [4], done=done))
