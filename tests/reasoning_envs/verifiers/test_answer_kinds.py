"""Every kind of answer: the labelled table, what policies do to it, what is honest about it, and its laws."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.types import Status
from reasoning_envs.verifiers.answer.extraction import extract_answer
from reasoning_envs.verifiers.answer.literals import LiteralError, read_literal
from reasoning_envs.verifiers.symbolic import verify_answer, verify_derivation
from tests.benchmarks.answer_pairs import PAIRS, Pair


def by_category() -> Iterator[tuple[str, list[Pair]]]:
    for category, pairs in groupby(PAIRS, key=lambda pair: pair.category):
        yield category, list(pairs)


@pytest.mark.parametrize(("category", "pairs"), list(by_category()), ids=[name for name, _ in by_category()])
def test_the_table(category: str, pairs: list[Pair]) -> None:
    for pair in pairs:
        wanted = Status.VERIFIED if pair.same else Status.REFUTED
        for first, second in ((pair.first, pair.second), (pair.second, pair.first)):
            verdict = verify_answer(first, second)
            assert verdict.status is wanted, (first, second, verdict)
            assert verdict.reason


def test_the_table_is_large_and_balanced() -> None:
    assert len(PAIRS) >= 400
    assert len({pair.category for pair in PAIRS}) >= 15
    assert 0.45 < sum(pair.same for pair in PAIRS) / len(PAIRS) < 0.55
    assert len({frozenset((pair.first, pair.second)) for pair in PAIRS}) == len(PAIRS)


@pytest.mark.parametrize(
    ("answer", "truth", "status"),
    [
        # one text, two kinds
        ("(1, 2)", "1 < x < 2", Status.VERIFIED),
        ("(1, 2)", "x = 1, y = 2", Status.VERIFIED),
        ("[1, 2]", "1 <= x <= 2", Status.VERIFIED),
        ("(3, 1)", "no solution", Status.REFUTED),
        ("(3, 1)", "[3, 1]", Status.VERIFIED),
        ("(a, b]", "a < x <= b", Status.VERIFIED),
        ("(a, b]", "[a, b]", Status.REFUTED),
        ("100,200", "100, 200", Status.VERIFIED),
        ("100,200", "100200", Status.VERIFIED),
        ("{100,200}", "100, 200", Status.VERIFIED),
        ("{100,200}", "100200", Status.REFUTED),
        # lists and their names
        ("1, 2", "(1, 2)", Status.VERIFIED),
        ("2, 1", "(1, 2)", Status.REFUTED),
        ("{1, 2}", "(1, 2)", Status.REFUTED),
        ("x_1 = 2, x_2 = 3", "2, 3", Status.VERIFIED),
        ("x_1 = 2, x_2 = 3", "x_1 = 3, x_2 = 2", Status.REFUTED),
        ("x = 1, y = 2, x = 3, y = 4", "(1, 2), (3, 4)", Status.VERIFIED),
        ("x = 1, y = 2 or x = 3, y = 4", "x = 1, y = 4 or x = 3, y = 2", Status.REFUTED),
        ("2, 3, or 4", "{2, 3, 4}", Status.VERIFIED),
        ("x < 1 or x > 3", "(-oo, 1), (3, oo)", Status.VERIFIED),
        ("x >= 0, x != 2", "[0, 2) ∪ (2, oo)", Status.VERIFIED),
        ("x < 1, x > 3", "x < 1 or x > 3", Status.UNDECIDED),
        ("-oo < x < 3", "x < 3", Status.VERIFIED),
        # chains
        ("x = 2/4 = 1/2", "0.5", Status.VERIFIED),
        ("x = 2/4 = 1/3", "1/3", Status.UNDECIDED),
        ("3 + 4 = 7", "7", Status.VERIFIED),
        ("3 + 4 = 8", "8", Status.REFUTED),
        ("x = 1/3 ≈ 0.33", "1/3", Status.VERIFIED),
        ("x ≈ 0.33", "1/3", Status.REFUTED),
        # the problem is no answer to itself
        ("x^2 - 5x + 6 = 0", "x = 2 or x = 3", Status.REFUTED),
        ("2x > 4", "x > 2", Status.VERIFIED),
        ("x^2 < 0", "no solution", Status.VERIFIED),
        # numerals
        ("5e-3", "0.005", Status.VERIFIED),
        ("11 7/6", "73/6", Status.UNPARSED),
        ("4 4/0", "4", Status.UNPARSED),
        ("128_2", "8", Status.UNPARSED),
        ("FF_16", "255", Status.VERIFIED),
        ("1,22", "1.22", Status.REFUTED),
        # words
        ("Evelyn", "4", Status.REFUTED),
        ("hello there", "hello there", Status.VERIFIED),
        ("hello there", "4", Status.UNPARSED),
        (r"\text{an isosceles triangle}", "isosceles triangle", Status.VERIFIED),
        (r"\text{True}", "true", Status.VERIFIED),
        ("option B", "(B)", Status.VERIFIED),
        # matrices in other notations
        ("matrix([1, 2], [3, 4])", "[[1, 2], [3, 4]]", Status.VERIFIED),
        ("matrix(1, 2; 3, 4)", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", Status.VERIFIED),
        ("matrix(1, 2; 3)", "[[1, 2], [3]]", Status.UNPARSED),
        # units that only one side carries
        ("5 cm", "5", Status.VERIFIED),
        ("5 cm", "6", Status.REFUTED),
        ("5 cm^2", "500 mm^2", Status.VERIFIED),
        ("12 apples", "12 oranges", Status.UNDECIDED),
        ("12 apples", "13 oranges", Status.REFUTED),
        ("100 km/h", "100", Status.VERIFIED),
        ("x = 3 cm", "30 mm", Status.VERIFIED),
    ],
)
def test_what_could_be_read_in_two_ways(answer: str, truth: str, status: Status) -> None:
    assert verify_answer(answer, truth).status is status
    assert verify_answer(truth, answer).status is status


def test_an_assumption_is_recorded_and_no_proof() -> None:
    for answer, truth, words in (
        ("5 cm", "5", "without a unit"),
        ("(1, 2)", "x = 1, y = 2", "in the order x, y"),
    ):
        verdict = verify_answer(answer, truth)
        assert not verdict.rigorous
        assert any(words in condition for condition in verdict.conditions)


def test_reasons_name_the_part() -> None:
    assert verify_answer("(1, 3)", "(1, 2)").reason == "part 2: 3 is not 2"
    assert verify_answer("[1, 2)", "(1, 2)").reason == "[1, 2) is not (1, 2)"
    assert verify_answer("2", "(1, 2)").reason == "the answer is a value, and the truth is an ordered list of 2"
    assert verify_answer("(1, 2)", "2").reason == "the answer is an ordered list of 2, and the truth is a value"


@pytest.mark.parametrize(
    ("answer", "truth", "policy", "right"),
    [
        ("(1.41, 3.14)", r"(\sqrt2, \pi)", {"tolerance": 0.01}, True),
        ("(1.41, 3.24)", r"(\sqrt2, \pi)", {"tolerance": 0.01}, False),
        ("[0.33, 1)", "[1/3, 1)", {"tolerance": 0.02}, True),
        ("{100}", "101", {"tolerance": 0.01}, True),
        ("101.1", "{100}", {"tolerance": 0.01}, False),
        ("101", "{100}", {"tolerance": 0.01}, True),
        (r"\begin{pmatrix}0.33\\0.2\end{pmatrix}", r"(\frac13, \frac15)", {"tolerance": 0.02}, True),
        (r"5\text{ cm}", "50 mm", {"units": "cm"}, True),
        (r"15\mbox{ cm}^2", "0.0015", {"units": "m^2"}, True),
        (r"\$5", "500 cents", {"units": "$"}, True),
        (r"90^\circ", r"\frac{\pi}{2}", {"units": "rad"}, True),
        ("0.5", "1/2", {"form": "decimal"}, True),
        ("1/2", "0.5", {"form": "decimal"}, False),
        ("x = 1,234.5", "2469/2", {"form": "decimal"}, True),
        ("(6/4, 1)", "(3/2, 1)", {"form": "lowest terms"}, False),
        ("(3/2, 1)", "(6/4, 1)", {"form": "lowest terms"}, True),
        (r"2\frac12", "5/2", {"form": "lowest terms"}, True),
        (r"2\frac24", "5/2", {"form": "lowest terms"}, False),
        (r"\sqrt{8}", r"2\sqrt2", {"form": "simplified"}, False),
        (r"\begin{pmatrix}2+2\\1\end{pmatrix}", "(4, 1)", {"form": "simplified"}, False),
        ("(x+1)^2", "x^2 + 2x + 1", {"form": "factored"}, True),
    ],
)
def test_policies(answer: str, truth: str, policy: dict[str, object], right: bool) -> None:
    verdict = verify_answer(answer, truth, **policy)  # type: ignore[arg-type]
    assert verdict.status is (Status.VERIFIED if right else Status.REFUTED), verdict


@pytest.mark.parametrize("answer", [r"\text{yes}", "x > 2", "(1, 2]"])
def test_forms_are_for_values(answer: str) -> None:
    status = Status.UNDECIDED if answer != "(1, 2]" else Status.VERIFIED
    assert verify_answer(answer, answer, form="simplified").status is status


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"so \fbox{7} it is", "7"),
        (r"\boxed 5", "5"),
        ("\\boxed{\n\\frac{1}{2}\n}", r"\frac{1}{2}"),
        ("3 * 4 = 12\n#### 12", "12"),
        ("The final answer is $(3, 4]$. I hope it is correct.", "(3, 4]"),
        ("The answer is 3/4. We are done.", "3/4"),
        ("Answer: **C**", "C"),
        ("We get $x^2 = 4$, so \\(x = 2\\).", "x = 2"),
        ("She has 12 apples left.", "12"),
        ("It costs $1,234.50.", "$1,234.50"),
        ("max(1, 2)", "max(1, 2)"),
        ("print(5)", "print(5)"),
        ("AZYUK2A", "AZYUK2A"),
    ],
)
def test_extraction(text: str, found: str) -> None:
    assert extract_answer(text) == found


@pytest.mark.parametrize(
    ("text", "body", "percent"),
    [
        ("1,234", "1234", False),
        ("-1 000.5", "-1000.5", False),
        ("2 1/2", "5/2", False),
        ("-2 1/2", "-5/2", False),
        ("2 2/4", "(2 + 2/4)", False),
        ("50%", "50", True),
        ("28 percent", "28", True),
        ("4210_5", "555", False),
        ("1,2", "1,2", False),
        ("x + 1", "x + 1", False),
        ("2x", "2x", False),
    ],
)
def test_literals(text: str, body: str, percent: bool) -> None:
    assert read_literal(text)[:2] == (body, percent)


@pytest.mark.parametrize(("text", "reason"), [("12_1", "between 2 and 36"), ("9_8", "has a digit"), ("1 3/2", "mixed")])
def test_what_is_no_literal(text: str, reason: str) -> None:
    with pytest.raises(LiteralError, match=reason):
        read_literal(text)


def test_lines_of_a_derivation_may_be_latex() -> None:
    verdicts = verify_derivation([r"\frac{x}{2} + 1 = 3", r"\frac{x}{2} = 2", "x = 4"])
    assert [verdict.status for verdict in verdicts] == [Status.VERIFIED] * 2
    assert verify_derivation([r"\sqrt{8}", r"2\sqrt{2}"])[0].verified


# ---- laws: the gold answer passes, a changed one fails, the same in other words passes ----

numbers = st.fractions(-20, 20, max_denominator=9)


def tex(value: object) -> str:
    text = str(value)
    if "/" not in text:
        return text
    top, under = text.lstrip("-").split("/")
    return f"{'-' if text[0] == '-' else ''}\\frac{{{top}}}{{{under}}}"


@given(st.lists(numbers, min_size=2, max_size=4), st.integers(0, 3), st.sampled_from(("()", "⟨⟩")))
@settings(max_examples=60)
def test_laws_of_points(values: list[object], place: int, brackets: str) -> None:
    gold = brackets[0] + ", ".join(map(str, values)) + brackets[1]
    latex = "\\left(" + ",".join(map(tex, values)) + "\\right)"
    changed = [f"{value} + 1" if index == place % len(values) else value for index, value in enumerate(values)]
    assert verify_answer(latex, gold).verified
    assert verify_answer("(" + ", ".join(map(str, changed)) + ")", gold).refuted


@given(st.lists(numbers, min_size=1, max_size=4, unique=True), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_laws_of_sets(values: list[object], shuffler: object) -> None:
    shuffled = list(values)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    gold = "{" + ", ".join(map(str, values)) + "}"
    assert verify_answer("\\{" + ",".join(map(tex, [*shuffled, shuffled[0]])) + "\\}", gold).verified
    assert verify_answer(" or ".join(f"x = {value}" for value in shuffled), gold).verified
    assert verify_answer("{" + ", ".join(map(str, [*values, 99])) + "}", gold).refuted


@given(numbers, st.fractions(1, 9, max_denominator=6), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_laws_of_intervals(low: object, width: object, has_low: bool, has_high: bool) -> None:
    high = low + width  # type: ignore[operator]
    opening, closing = "(["[has_low], ")]"[has_high]
    gold = f"{opening}{low}, {high}{closing}"
    assert verify_answer(f"\\left{opening}{tex(low)},{tex(high)}\\right{closing}", gold).verified
    assert verify_answer(f"{low} {'<' + '=' * has_low} x {'<' + '=' * has_high} {high}", gold).verified
    assert verify_answer(f"{'(['[not has_low]}{low}, {high}{closing}", gold).refuted
    assert verify_answer(f"{opening}{low}, {high} + 1{closing}", gold).refuted
