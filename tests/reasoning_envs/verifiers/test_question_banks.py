"""Answers and steps in the style of other people's question banks: right, symmetric, and never proved where wrong."""

from __future__ import annotations

from itertools import groupby

import pytest

from reasoning_envs import verify_answer, verify_step
from reasoning_envs.types import Status
from tests.benchmarks.answer_pairs import ATTACKS, BANK, PAIRS, STEPS, LabelledStep, Pair

MISSED = {
    r"x = 4 \text{ (extraneous: } x = -1)",
    r"\int_0^\infty e^{-x}\,dx",
    r"\int_1^\infty \frac{1}{x^2}dx",
    r"\int_0^1\frac{1}{\sqrt{x}}dx",
    r"\int_0^1\int_0^1 xy\,dx\,dy",
    r"\sum_{n=0}^{\infty}\frac{(-1)^n}{(2n+1)}",
    r"\frac{1}{1-x}=\sum_{n=0}^\infty x^n",
    r"(1,2,3)\cdot(4,5,6)",
    "H_2O",
    "10^{100}",
    "2, 3, 5, 7, ...",
    "2 % 3",
}
"""Pairs, by their first text, that are not judged, or judged wrong."""

CATEGORIES = [(name, list(pairs)) for name, pairs in groupby(BANK, key=lambda pair: pair.category)]
STEP_CATEGORIES = [(name, list(steps)) for name, steps in groupby(STEPS, key=lambda step: step.category)]


@pytest.mark.parametrize(("category", "pairs"), CATEGORIES, ids=[name for name, _ in CATEGORIES])
def test_question_banks(category: str, pairs: list[Pair]) -> None:
    for pair in pairs:
        verdict, other = verify_answer(pair.first, pair.second), verify_answer(pair.second, pair.first)
        assert verdict.status is other.status, pair
        assert not (verdict.verified and not pair.same), (pair, verdict)
        wanted = Status.VERIFIED if pair.same else Status.REFUTED
        assert (verdict.status is wanted) is (pair.first not in MISSED), (pair, verdict)


def test_at_least_ninety_eight_in_a_hundred() -> None:
    missed = [pair for pair in BANK if pair.first in MISSED]
    assert len(BANK) >= 1000
    assert len(missed) <= 0.02 * len(BANK)
    assert not {frozenset(pair[1:3]) for pair in BANK} & {frozenset(pair[1:3]) for pair in PAIRS}


@pytest.mark.parametrize(("category", "steps"), STEP_CATEGORIES, ids=[name for name, _ in STEP_CATEGORIES])
def test_steps(category: str, steps: list[LabelledStep]) -> None:
    for step in steps:
        verdict = verify_step(step.before, step.after, unknown=step.unknown)
        assert verdict.status is (Status.VERIFIED if step.right else Status.REFUTED), (step, verdict)
        assert verdict.reason


def test_the_table_of_steps_is_large_and_has_mistakes() -> None:
    assert len(STEPS) >= 250
    assert 0.3 < sum(not step.right for step in STEPS) / len(STEPS) < 0.6


def test_no_attack_is_taken_for_what_it_is_not() -> None:
    assert len(ATTACKS) >= 400
    for pair in ATTACKS:
        verdict, other = verify_answer(pair.first, pair.second), verify_answer(pair.second, pair.first)
        assert not verdict.verified, (pair, verdict)
        assert not other.verified, (pair, other)
