"""How PRMs are judged, by tables worked out by hand; and derivations with a known first error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.rewards import OraclePRM, PRMError, ProcessRewardModel, corrupt_trace, first_error_f1, judge_prm
from reasoning_envs.rewards.judging import (
    Bin,
    auc,
    best_threshold,
    drawn_out,
    expected_calibration_error,
    first_error,
    reliability,
)
from reasoning_envs.types import Problem, Relation, Status, Step, StepScore, Trace, Verdict
from tests.reasoning_envs.toy_domain import ToyDomain

VERDICTS = {
    "v": Verdict(Status.VERIFIED),
    "l": Verdict(Status.REFUTED, Relation.IMPLIED_BY),
    "r": Verdict(Status.REFUTED, Relation.NONE),
    "u": Verdict(Status.UNDECIDED),
}


def episode(verdicts: str) -> Trace:
    """A trace with these verdicts, one letter each."""
    steps = tuple(Step(i, i, f"line {i}", VERDICTS[letter]) for i, letter in enumerate(verdicts))
    return Trace("", {}, {}, "solver", None, Problem(verdicts, "any", "", ""), steps, None)


class FixedPRM(ProcessRewardModel):
    """Its chances are given, by the problem's id."""

    name = "fixed"

    def __init__(self, chances: dict[str, Sequence[float]], as_value: bool = False) -> None:
        self.chances = chances
        self.as_value = as_value

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        return [
            [StepScore(chance) if self.as_value else StepScore(0.0, p_correct=chance) for chance in row]
            for row in (self.chances[trace.problem.id] for trace in traces)
        ]


def test_first_error() -> None:
    assert [first_error(episode(verdicts)) for verdicts in ("", "vvv", "rvv", "vvl", "vrl", "vru")] == [
        None,
        None,
        0,
        2,
        1,
        1,
    ]
    with pytest.raises(ValueError, match="step 1 is undecided"):
        first_error(episode("vur"))


JUDGED: dict[str, Sequence[float]] = {
    "vv": (0.9, 0.9),  # right, nothing flagged
    "vvv": (0.9, 0.2, 0.9),  # right, flagged
    "v": (0.5,),  # right: the threshold itself is not flagged
    "vr": (0.9, 0.1),  # located
    "rv": (0.9, 0.1),  # flagged late
    "vl": (0.1, 0.1),  # flagged early
    "vlv": (0.9, 0.1, 0.1),  # located; what comes later does not count
    "rr": (0.9, 0.9),  # missed
    "ur": (0.9, 0.1),  # nobody knows
}


@pytest.mark.parametrize("as_value", [False, True])
def test_first_error_f1_by_hand(as_value: bool) -> None:
    judged = judge_prm(FixedPRM(JUDGED, as_value), [episode(verdicts) for verdicts in JUDGED])
    assert (judged.n_correct, judged.n_erroneous, judged.n_skipped, judged.n_steps) == (3, 5, 1, 18)
    assert judged.accuracy_correct == 2 / 3
    assert judged.accuracy_erroneous == 2 / 5
    assert judged.f1 == pytest.approx(2 * (2 / 3) * (2 / 5) / (2 / 3 + 2 / 5))
    assert judged.located == {"lost root": 0.5, "other solutions": 1 / 3}


@pytest.mark.parametrize(
    ("traces", "chance", "f1"),
    [
        (("vv",), 0.9, math.nan),
        (("vr",), 0.9, math.nan),
        ((), 0.9, math.nan),
        (("vv", "vr"), 0.9, 0.0),
        (("v", "r"), 0.1, 0.0),
    ],
)
def test_without_both_sorts_there_is_no_f1_and_a_constant_earns_none(
    traces: Sequence[str], chance: float, f1: float
) -> None:
    prm = FixedPRM({verdicts: [chance] * len(verdicts) for verdicts in traces})
    found = first_error_f1(prm, [episode(verdicts) for verdicts in traces])
    assert found == f1 or (math.isnan(found) and math.isnan(f1))


def test_the_threshold_decides() -> None:
    prm = FixedPRM({"vv": (0.7, 0.8), "vr": (0.7, 0.4)})
    traces = [episode("vv"), episode("vr")]
    assert [first_error_f1(prm, traces, threshold) for threshold in (0.3, 0.5, 0.75)] == [0.0, 1.0, 0.0]


def test_the_oracle_is_perfect() -> None:
    traces = [episode(verdicts) for verdicts in ("vvv", "vrv", "l", "v", "rrr")]
    judged = judge_prm(OraclePRM(), traces)
    assert (judged.f1, judged.auc, judged.ece) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize("rows", [[], [[]], [[StepScore(0.5)], [StepScore(0.5)]], [[StepScore(math.nan)]], [[0.5]]])
def test_a_prm_that_answers_badly_is_named(rows: Any) -> None:
    class BadPRM(ProcessRewardModel):
        name = "bad"

        def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
            answer: list[list[StepScore]] = rows
            return answer

    with pytest.raises(PRMError, match=r"^bad: "):
        judge_prm(BadPRM(), [episode("v")])


# -- figures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "scores", "expected"),
    [
        ([0, 1], [0.1, 0.9], 1.0),
        ([1, 0], [0.1, 0.9], 0.0),
        ([0, 1], [0.5, 0.5], 0.5),
        ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.75),
        ([0, 1, 1], [0.2, 0.2, 0.7], 0.75),
    ],
)
def test_auc_by_hand(labels: list[int], scores: list[float], expected: float) -> None:
    assert auc(labels, scores) == expected


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[bool, int]]) -> None:
    positives = [score for label, score in rows if label]
    negatives = [score for label, score in rows if not label]
    found = auc([label for label, _ in rows], [score for _, score in rows])
    if not positives or not negatives:
        assert math.isnan(found)
        return
    pairs = [(p > n) + 0.5 * (p == n) for p in positives for n in negatives]
    assert found == pytest.approx(sum(pairs) / len(pairs))


@pytest.mark.parametrize(
    ("labels", "chances", "expected"),
    [
        ([1, 0], [1.0, 0.0], 0.0),
        ([0, 1], [1.0, 0.0], 1.0),
        ([1, 0], [0.55, 0.55], 0.05),
        ([1, 1, 0, 0], [0.85, 0.85, 0.25, 0.25], 0.2),
        ([1.0, 0.5], [0.95, 0.95], 0.2),
    ],
)
def test_calibration_error_by_hand(labels: list[float], chances: list[float], expected: float) -> None:
    assert expected_calibration_error(labels, chances) == pytest.approx(expected)


def test_no_steps_have_no_figures() -> None:
    assert math.isnan(expected_calibration_error([], []))
    assert math.isnan(auc([], []))


# -- known errors ------------------------------------------------------------------------------------------------------


TOY: Any = ToyDomain()


def worked_out(domain: ToyDomain, rng: np.random.Generator, mistakes: float = 0.0) -> Trace:
    """A derivation of random moves: sound ones, and with the given chance unsound ones."""
    problem = domain.sample(rng, "six")
    state = domain.start(problem)
    steps: list[Step] = []
    while not domain.is_final(state):
        wrong = rng.random() < mistakes
        moves = [move for move in domain.actions(state) if move.is_step and move.verdict.verified is not wrong]
        if not moves:
            break
        place = int(rng.integers(len(moves)))
        state = domain.apply(state, moves[place])
        score = StepScore(1.0)
        steps.append(Step(len(steps), place, state.text(), moves[place].verdict, {"true": 0.0}, score, "slip"))
    return Trace("toy", {}, {}, "solver", 3, problem, tuple(steps), Verdict(Status.VERIFIED), {"true": 1.0}, (1, 2))


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), mistakes=st.sampled_from([0.0, 0.2]), carry_on=st.integers(0, 3))
def test_a_corrupted_trace_has_exactly_the_error_it_says(seed: int, mistakes: float, carry_on: int) -> None:
    domain: Any = ToyDomain()
    rng = np.random.default_rng(seed)
    trace = worked_out(domain, rng, mistakes)
    if not trace.steps or trace.steps[0].verdict.refuted:
        with pytest.raises(ValueError, match="can be spoiled"):
            corrupt_trace(trace, domain, rng)
        return
    found = corrupt_trace(trace, domain, rng, carry_on)
    assert first_error(found.trace) == found.first_error
    assert found.error_type in {"slip", "extra term"}
    spoiled = found.trace.steps
    kept = found.first_error
    assert [step.text for step in spoiled[:kept]] == [step.text for step in trace.steps[:kept]]
    assert len(spoiled) <= kept + 1 + carry_on
    assert [step.index for step in spoiled] == list(range(len(spoiled)))
    for place, step in enumerate(spoiled):
        assert domain.verifier.step(trace.problem, spoiled[: place + 1]).status is step.verdict.status
        assert (step.move, step.score, step.rewards) == ("", None, {}), "nothing tells how it was made"
    assert (found.trace.outcome, found.trace.actions, found.trace.problem) == (None, (), trace.problem)


def test_the_same_seed_spoils_the_same_way() -> None:
    trace = worked_out(ToyDomain(), np.random.default_rng(5))
    first, second = (corrupt_trace(trace, TOY, np.random.default_rng(7)) for _ in range(2))
    assert first == second


def test_every_step_may_be_spoiled() -> None:
    trace = worked_out(ToyDomain(), np.random.default_rng(5))
    places = {corrupt_trace(trace, TOY, np.random.default_rng(seed)).first_error for seed in range(60)}
    assert places == set(range(len(trace.steps)))


def test_a_domain_that_reads_no_text_is_refused() -> None:
    class Mute:
        name = "mute"

    with pytest.raises(TypeError, match="'mute' reads no text"):
        corrupt_trace(episode("vv"), Mute(), np.random.default_rng(0))  # type: ignore[arg-type]


# -- thresholds and reliability ----------------------------------------------------------------------------------------


def test_traces_are_drawn_out_with_right_ones_in_front() -> None:
    rows, errors = [[0.9, 0.8], [0.7, 0.1, 0.6], [0.5] * 9], [None, 1, None]
    longer, places = drawn_out(rows, errors, 7, np.random.default_rng(0))
    assert [len(row) for row in longer] == [7, 7, 9]
    assert places == [None, 5, None]
    assert longer[0][-2:] == rows[0]
    assert longer[1][4:] == rows[1]
    assert {*longer[1][:4]} <= {0.9, 0.8, 0.5}
    assert drawn_out([[0.1]], [0], 5, np.random.default_rng(0)) == ([], [])


def test_the_best_threshold_by_hand() -> None:
    """Between .2 (a right step) and .1 (a wrong one) all is told; the middle of what is as good is taken."""
    rows = [[0.9, 0.2], [0.8, 0.1, 0.9], [0.1]]
    assert 0.1 < best_threshold(rows, [None, 1, 0]) < 0.2
    assert best_threshold(rows[1:], [1, 0]) == 0.5, "nothing right to tell it from"
    assert best_threshold([], []) == 0.5


def test_reliability_by_hand() -> None:
    assert reliability([0, 1, 1, 1], [0.125, 0.125, 0.75, 1.0]) == (
        Bin(2, 0.125, 0.5),
        Bin(1, 0.75, 1.0),
        Bin(1, 1.0, 1.0),
    )
    assert expected_calibration_error([0, 1, 1, 1], [0.125, 0.125, 0.75, 1.0]) == 0.5 * 0.375 + 0.25 * 0.25
    assert reliability([], []) == ()


def test_kinds_count_alike_where_they_are_given() -> None:
    """Three errors of one kind are located and the one of another is not: .5, and not .75."""

    class Blind(ProcessRewardModel):
        def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
            return [[StepScore(0.1 if trace.seed else 0.9)] for trace in traces]

    traces = [replace(episode("r"), seed=1), replace(episode("r"), seed=2), replace(episode("r"), seed=3), episode("r")]
    assert judge_prm(Blind(), traces, kinds=["sign", "sign", "sign", "typo"]).accuracy_erroneous == 0.5
    assert judge_prm(Blind(), traces).accuracy_erroneous == 0.75


def test_a_prm_has_a_threshold_of_its_own() -> None:
    class Careful(OraclePRM):
        threshold = 0.95

        def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
            return [[replace(score, p_correct=0.94) for score in row] for row in super().score(traces)]

    traces = [episode("v")]
    assert judge_prm(Careful(), traces).accuracy_correct == 0.0
    assert judge_prm(Careful(), traces, 0.5).accuracy_correct == 1.0
