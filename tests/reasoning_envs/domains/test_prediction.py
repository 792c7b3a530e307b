"""Predicting what programs do: proposals, exact verdicts, free answers, the three tasks behind one name."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from reasoning_envs.domains.code.prediction_states import ValueState
from reasoning_envs.domains.prediction import AbductionDomain, DeductionDomain, prediction
from reasoning_envs.domains.protocol import InputError
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.testing import check_domain
from reasoning_envs.testing.laws import written
from reasoning_envs.types import Status

DEDUCTION = DeductionDomain(judge="interpreter")
ABDUCTION = AbductionDomain(judge="interpreter")

QUESTION = "def f(xs: list[int], n: int) -> int: v1 = sorted(xs); v2 = v1[n]; return v2  # what is f([3, 1, 2], 0)?"
RIDDLE = "def f(xs: list[int]) -> int: v1 = sum(xs); v2 = v1 * 2; return v2  # which arguments give 6?"


@pytest.mark.slow
@pytest.mark.parametrize("task", ["deduction", "abduction"])
def test_conformance(task: str) -> None:
    check_domain("reasoning_envs.domains.prediction:prediction", domain_kwargs={"task": task}, seeds=range(1), steps=4)


def test_the_tasks_stand_behind_one_name() -> None:
    assert isinstance(prediction(judge="interpreter"), DeductionDomain)
    assert isinstance(prediction("abduction", judge="interpreter"), AbductionDomain)
    assert isinstance(prediction("induction", judge="interpreter", auto_submit=True), SynthesisDomain)
    with pytest.raises(ValueError, match="deduction, abduction, induction"):
        prediction("seduction")


@pytest.mark.parametrize("domain", [DEDUCTION, ABDUCTION], ids=lambda domain: domain.name)
@pytest.mark.parametrize("level", ["small-1", "small-3", "large-1", "large-3"])
def test_right_steps_lead_to_a_right_answer(domain: Any, level: str) -> None:
    env = ReasoningEnv(domain, level=level)
    for seed in range(6):
        env.reset(seed=seed)
        while not env.end:
            right = [index for index, action in enumerate(env.candidates) if action.verdict.verified]
            assert right, domain.text(env.get_state().domain_state)
            env.step(right[0])
        assert env.outcome is not None
        assert env.outcome.verified


def test_exactly_one_proposal_of_a_deduction_is_right() -> None:
    for seed in range(20):
        state = DEDUCTION.start(DEDUCTION.sample(np.random.default_rng(seed), "large-2"))
        while not DEDUCTION.is_final(state):
            actions = DEDUCTION.actions(state)
            shown = [repr(action.state.said) for action in actions]
            assert len(set(shown)) == len(shown) > 1
            right = [action for action in actions if action.verdict.verified]
            assert len(right) == 1
            state = right[0].state


def test_the_place_of_the_right_value_tells_nothing() -> None:
    places = []
    for seed in range(60):
        state = DEDUCTION.start(DEDUCTION.sample(np.random.default_rng(seed), "small-1"))
        statuses = [action.verdict.verified for action in DEDUCTION.actions(state)]
        places.append(statuses.index(True) / len(statuses))
    assert 0.3 < np.mean(places) < 0.65
    assert np.std(places) > 0.2


def test_a_step_follows_from_what_was_said_and_the_answer_from_the_program() -> None:
    problem = DEDUCTION.problem(QUESTION)
    start = DEDUCTION.start(problem)
    assert DEDUCTION.text(start) == "f([3, 1, 2], 0) == ?"
    state = DEDUCTION.parse(start, "v1 = [2, 1, 3]").state
    assert DEDUCTION.judge_state(state).refuted
    followed = DEDUCTION.parse(state, "v2 = 2").state
    assert DEDUCTION.judge_state(followed).verified
    assert DEDUCTION.text(followed) == "v1 = [2, 1, 3]; v2 = 2; f([3, 1, 2], 0) == 2"
    outcome = DEDUCTION.verifier.outcome(problem, [written(DEDUCTION.text(followed))])
    assert outcome.refuted
    assert outcome.reason == "f([3, 1, 2], 0) gives 1, not 2"


def test_where_what_was_said_leads_to_an_error_no_value_is_right() -> None:
    question = QUESTION.replace("f([3, 1, 2], 0)?", "f([3, 1, 2], 1)?")
    state = DEDUCTION.parse(DEDUCTION.start(DEDUCTION.problem(question)), "v1 = []").state
    actions = DEDUCTION.actions(state)
    assert actions
    assert all(action.verdict.refuted for action in actions)
    assert "IndexError" in actions[0].verdict.reason


def test_any_arguments_that_give_the_result_are_right() -> None:
    problem = ABDUCTION.problem(RIDDLE)
    start = ABDUCTION.start(problem)
    assert ABDUCTION.text(start) == "f(?) == 6"
    for said, right in (("[3]", True), ("[1, 1, 1]", True), ("[6]", False), ("[]", False)):
        state = ABDUCTION.parse(start, f"xs = {said}").state
        assert ABDUCTION.judge_state(state).verified is right
        text = ABDUCTION.text(state)
        assert text == f"xs = {said}; f({said}) == 6"
        assert ABDUCTION.verifier.outcome(problem, [written(text)]).verified is right


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("f([3, 1, 2], 0) == 1", Status.VERIFIED),
        ("f([3, 1, 2], 0) == True", Status.UNPARSED),
        ("f([3, 1, 2], 0) == 1.0", Status.UNPARSED),
        ("f([3, 1, 2], False) == 1", Status.UNPARSED),
        ("f([1, 1, 2], 0) == 1", Status.REFUTED),
        ("f([3, 1, 2], 0) == 3", Status.REFUTED),
        ("v1 = [1, 2, 3]", Status.UNPARSED),
        ("1", Status.UNPARSED),
        ("f([3, 1, 2], 0) == __import__('os').getpid()", Status.UNPARSED),
    ],
)
def test_answers_are_compared_by_type_and_value(text: str, status: Status) -> None:
    assert DEDUCTION.verifier.outcome(DEDUCTION.problem(QUESTION), [written(text)]).status is status


def test_the_sandbox_has_the_last_word() -> None:
    domain = DeductionDomain()
    problem = domain.problem(QUESTION)
    verdict = domain.verifier.outcome(problem, [written("f([3, 1, 2], 0) == 1")])
    assert (verdict.status, verdict.method) == (Status.VERIFIED, "sandbox")


@pytest.mark.parametrize(
    ("domain", "text", "reason"),
    [
        (DEDUCTION, "def f(n: int) -> int: v1 = n + 1; return v1", "a comment that asks"),
        (DEDUCTION, "def f(n: int) -> int: v1 = n + 1; return n  # what is f(1)?", "variable of its last line"),
        (DEDUCTION, "def f(n: int) -> int: return n  # what is f(1)?", "a line or more"),
        (DEDUCTION, "def f(n: int) -> int: v1 = n + 1; return v1  # what is f([1])?", "is no int"),
        (DEDUCTION, "def f(n: int) -> int: v1 = n + 1; return v1  # what is f(g(1))?", "is no int"),
        (ABDUCTION, "def f(n: int) -> int: v1 = n + 1; return v1  # which arguments give [1]?", "is no int"),
        (ABDUCTION, QUESTION, "a comment that asks"),
    ],
)
def test_what_is_no_question_says_why(domain: Any, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        domain.problem(text)


@pytest.mark.parametrize("text", ["v2 = 1", "v1 = 5", "v1 = [1]; v2 = 1", "v1 = [1]; f([3, 1, 2], 0) == 1; v2 = 1", ""])
def test_one_value_is_said_at_a_time(text: str) -> None:
    with pytest.raises(InputError):
        DEDUCTION.parse(DEDUCTION.start(DEDUCTION.problem(QUESTION)), text)


def test_values_of_other_types_make_other_states() -> None:
    question = DEDUCTION.start(DEDUCTION.problem(QUESTION)).question
    assert ValueState(question, (1,)) != ValueState(question, (True,))
    state = ValueState(question, ((1, 2, 3), 1))
    assert pickle.loads(pickle.dumps(state)) == state  # noqa: S301 - our own bytes


def test_a_riddle_read_again_proposes_without_the_certificate() -> None:
    problem = ABDUCTION.sample(np.random.default_rng(2), "small-2")
    known, unknown = ABDUCTION.start(problem), ABDUCTION.start(ABDUCTION.problem(problem.statement))
    assert known == unknown
    assert any(action.verdict.verified for action in ABDUCTION.actions(known))
    for state in (known, unknown):
        assert 8 < len(ABDUCTION.actions(state)) <= 24
