"""Answers made to break the judge, and random ones: nothing runs, nothing hangs, nothing changes the next verdict."""

from __future__ import annotations

import random

import pytest

from reasoning_envs.testing import HOSTILE_ANSWERS, check_answer_judge
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.symbolic import verify_answer
from tests.fuzz.answers import check_pair, texts


def test_the_list_is_long_and_varied() -> None:
    assert len(HOSTILE_ANSWERS) == len(set(HOSTILE_ANSWERS)) >= 200
    assert max(map(len, HOSTILE_ANSWERS)) >= 1_000_000


@pytest.mark.slow
def test_the_verifier_of_answers_stands_up_to_them() -> None:
    check_answer_judge(verify_answer)


@pytest.mark.slow
@pytest.mark.parametrize("policy", [{"tolerance": 0.01}, {"units": "cm"}, {"extract": False}, {"form": "simplified"}])
def test_under_every_policy(policy: dict[str, object]) -> None:
    for text in HOSTILE_ANSWERS:
        truth = "31337 cm" if "units" in policy else "31337"
        assert not verify_answer(text, truth, **policy).verified  # type: ignore[arg-type]


def _gullible(answer: str, truth: str) -> Verdict:
    return Verdict(Status.VERIFIED, Relation.EQUIVALENT, "fine")


def _forgetful(answer: str, truth: str) -> Verdict:
    if "__import__" in answer:
        _forgetful.broken = True  # type: ignore[attr-defined]
    if getattr(_forgetful, "broken", False) and answer == "2":
        return Verdict(Status.ERROR, reason="broken")
    return verify_answer(answer, truth)


@pytest.mark.parametrize(("judge", "message"), [(_gullible, "was found right"), (_forgetful, "the answer '2'")])
def test_the_check_sees_what_is_wrong(judge: object, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_answer_judge(judge)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_random_answers_break_nothing(seed: int) -> None:
    source = texts(random.Random(seed))
    seen = {check_pair(next(source), next(source)) for _ in range(2500)}
    assert {Status.VERIFIED, Status.REFUTED, Status.UNPARSED} & seen
    assert Status.ERROR not in seen
