"""Published answers: MATH (Hendrycks et al. 2021) and the calculations in GSM8K (Cobbe et al. 2021)."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from reasoning_envs.verifiers.symbolic import verify_answer

DATA = Path(__file__).parents[4] / "shared" / "data"
MATH, GSM8K = DATA / "math_test_first250.jsonl", DATA / "gsm8k_test_first660.jsonl"

needs_math = pytest.mark.skipif(not MATH.exists(), reason="the sample of MATH is not here")
needs_gsm8k = pytest.mark.skipif(not GSM8K.exists(), reason="the sample of GSM8K is not here")

SAME_NUMBER = {
    ("120", r"120^\circ"), ("30", r"30^\circ"), ("90", r"90^\circ"),
    ("54", "204_5"), ("36", "40_9"), ("42", "52_8"), ("5", "x=5"),
}  # fmt: skip
"""Answers of different problems that say the same number."""


@cache
def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rewritten(answer: str) -> list[str]:
    """The same answer in other words: spaces, display style, brackets, a box, a sentence, a sum with 0."""
    spaced = re.sub(r"([-+=,])", r" \1 ", answer.replace(r",\!", ""))
    found = [
        answer.replace(r"\frac", r"\dfrac"),
        rf"\boxed{{{answer}}}",
        rf"So the final answer is ${answer}$. I hope it is correct." if "$" not in answer else answer,
        spaced if not re.search(r"[,_{]\s*\d", answer) else answer,
    ]
    if re.fullmatch(r"-?\d+", answer):
        found += [f"{answer}.0", f"{answer} + 0", rf"\frac{{{2 * int(answer)}}}{{2}}"]
    if re.fullmatch(r"-?\\frac\{\d+\}\{\d+\}", answer):
        top, under = re.findall(r"\d+", answer)
        sign = "-" if answer[0] == "-" else ""
        found += [f"{sign}{top}/{under}", rf"{sign}\frac{{{3 * int(top)}}}{{{3 * int(under)}}}"]
    return found


@needs_math
def test_gold_answers_verify_against_themselves() -> None:
    wrong = [row["answer"] for row in rows(MATH) if not verify_answer(row["answer"], row["answer"]).verified]
    assert len(wrong) <= 0.02 * len(rows(MATH)), wrong


@needs_math
def test_gold_answers_are_found_in_their_solutions() -> None:
    wrong = [row["answer"] for row in rows(MATH) if not verify_answer(row["solution"], row["answer"]).verified]
    assert len(wrong) <= 0.02 * len(rows(MATH)), wrong


@needs_math
def test_gold_answers_verify_against_a_rewriting() -> None:
    wrong = [
        (row["answer"], other)
        for row in rows(MATH)
        for other in rewritten(row["answer"])
        if not verify_answer(other, row["answer"]).verified
    ]
    assert len({answer for answer, _ in wrong}) <= 0.02 * len(rows(MATH)), wrong


@needs_math
@pytest.mark.slow
def test_no_gold_answer_verifies_against_another() -> None:
    distinct = sorted({row["answer"] for row in rows(MATH)})
    same = {
        (first, second) if (first, second) in SAME_NUMBER else (second, first)
        for first, second in combinations(distinct, 2)
        if verify_answer(first, second).verified
    }
    assert same == SAME_NUMBER


@needs_gsm8k
def test_every_calculation_is_right_and_with_one_digit_changed_wrong() -> None:
    count = 0
    for row in rows(GSM8K):
        for left, right in re.findall(r"<<([^=<>]+)=([^<>]+)>>", row["answer"]):
            count += 1
            assert verify_answer(left, right).verified, (left, right)
            for place, digit in enumerate(right):
                if digit.isdigit():
                    changed = f"{right[:place]}{(int(digit) + 1) % 10}{right[place + 1 :]}"
                    assert not verify_answer(left, changed).verified, (left, changed)
                    break
    assert count > 1500


@needs_gsm8k
def test_final_answers_are_found_behind_their_marks() -> None:
    for row in rows(GSM8K):
        assert verify_answer(row["answer"], row["answer"].rpartition("####")[2]).verified
