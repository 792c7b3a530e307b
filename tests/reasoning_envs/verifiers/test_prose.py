"""Arithmetic in running text: what is found in a line, and how it is judged."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_envs.symbolic.syntax.hostile import HOSTILE_LINES
from reasoning_envs.types import Relation, Status
from reasoning_envs.verifiers.prose.judge import MAX_CHARACTERS, judge_prose, verify_prose

RIGHT = (
    "3*4 = 12 eggs, so she has 12 - 5 = 7 left",
    "<<3*4=12>>",
    "The total number of bags is 8*5 = <<8*5=40>>40",
    "In total it is $40 + $10 + $7 = $<<40+10+7=57.00>>57.00",
    "2+3 = 5 = 10/2",
    "$0.50 x 4 = $2",
    "He paid 5€ × 3 = 15 €.",
    "5,000 + 1,000 = 6,000 steps",
    "3 million + 2 million = 5 million",
    "2 dozen + 6 = 30 eggs, and 24/12 = 2 dozen",
    "20% of 50 = 10",
    "1/4 of 80 = 20",
    "18 / 450 x 100 = 4%",
    "100% - 20% = 80%",
    "600 calories + 1000 calories = 1600 calories",
    "3 hours - 1 hour - 1 hour = 1 hour",
    "36 stripes / 2 = 18 stripes",
    "So, uncle Ben needs 5 x 40 pounds = 200 pounds of oats",
    "3 hours * $10/hour = $30",
    "2 hours = 120 minutes",
    "5 m * 4 m = 20 m²",
    "Movie A = (1/4) * 80 = 20 minutes",
    "f(2) = 3*2 + 1 = 7",
    "x = 5, so 2x = 2*5 = 10",
    "2x + 3x = 5x",
    "(a + b)^2 = a^2 + 2ab + b^2",
    "so $\\frac{3}{4}\\cdot 8 = 6$",
    "\\[\\frac{5}{4}=1\\frac{1}{4},\\]",
    "(\\sqrt{7} + \\sqrt{5})^2 = 7 + 2 \\sqrt{35} + 5 = 12 + 2 \\sqrt{35}",
    "$1{,}000 \\times 3 = \\boxed{3{,}000}$.",
    "6\\% of 50 = 3",
    "2 1/2 + 1/2 = 3 hours",
    "2½ + ½ = 3",
    "W = 1 1/2 / 1/2 = 3 episodes",
    "3 squared + 4 squared = 25",
    "3² + 4² = 25",
    "3 times 4 equals 12",
    "3.65 divided by 0.05 is equal to 73",
    "√16 = 4 and sqrt(9) = 3",
    "5! = 120, and 3!=6",
    "What a day: 3 + 4 = 7!",
    "- 3 + 4 = 7",
    "-3 + 4 = 1",
    "1. 3 + 4 = 7",
    "Step 2 - 3 * 4 = 12",
    "3 < 4 and 4 + 1 >= 5, but 3 + 4 ≠ 8",
    "300 – 220 = 80",
    "6 − 2 = 4, 6 ÷ 2 = 3, 6 · 2 = 12",
    "1e3 = 1000",
    "4 π = 2 * 2π",
    "**3 + 4 = 7**, and 2 ** 3 = 8",
    "Speed = distance / time = 120 km / 2 h = 60 km/h",
    "0.5 * 1/2 = 1/4 = 25%",
    "P(A) = 3/10 = 0.3 = 30%",
    "$$\\begin{aligned} 3+4 &= 7 \\\\ &= 14/2 \\end{aligned}$$",
    "60 km/h * 2 h = 120 km",
    "12 (yesterday) + 24 (today) = 36 pages",
    "Total slices = 32 slices (from large pizzas) + 16 slices (from small pizzas) = 48 slices.",
    "10 \\text{ (yellow) } + 18 \\text{ (purple) } = 28",
    "80\\% \\text{ of } 10 = 0.80 \\times 10 = 8",
    "12 \\text{ pages/week} \\times 52 \\text{ weeks/year} = 624 \\text{ pages/year}",
    "$\\frac{50}{60} = \\frac{5}{6} \\text{ hours}$",
    "$20/hour * 35 hours/week = $700/week, and $700/week + $450/week = $1150/week",
    "It grows by 80,000*1.5=120,000",
    "12 inches = 1 foot, $5 = 500 cents",
    "5 apples + 3 apples = 8 apples = 4 pairs",
    "x^2 - 5x + 6 = (x-2)(x-3)",
    "Profit = Revenue - Cost = 500 - 300 = 200",
)


@pytest.mark.parametrize("line", RIGHT)
def test_a_right_line(line: str) -> None:
    judgement = judge_prose(line)
    assert judgement.statements
    assert judgement.verdict.verified, judgement
    assert judgement.verdict.relation is Relation.EQUIVALENT
    assert judgement.verdict.rigorous
    assert judgement.verdict == verify_prose(line)


@pytest.mark.parametrize(
    ("line", "wrong", "why"),
    [
        ("3*4 = 13 eggs", "3*4 = 13", "3*4 is 12"),
        ("<<3*4=13>>13", "3*4=13", "3*4 is 12"),
        ("3*4 = 12, so 12 - 5 = 8", "12 - 5 = 8", "12 - 5 is 7"),
        ("2+3 = 5 = 10/5", "5 = 10/5", "10/5 is 2"),
        ("$0.50 x 4 = $2.50", "$0.50 x 4 = $2.50", "is 2"),
        ("20% of 50 = 100", "20% of 50 = 100", "is 10"),
        ("50 * 20% = 1000", "50 * 20% = 1000", "is 10"),
        ("2 hours = 100 minutes", "2 hours = 100", "2 hours is 120 minutes"),
        ("3 hours = 3 minutes", "3 hours = 3", "3 hours is 180 minutes"),
        ("10/3 = 3.33", "10/3 = 3.33", "10/3 is 10/3 (about 3.33333)"),
        ("10/3 ≈ 3.34", "10/3 ≈ 3.34", "10/3 (about 3.33333)"),
        ("√2 = 1.41", "√2 = 1.41", "about 1.41421"),
        ("7 ≥ 8", "7 ≥ 8", "7 is not >= 8"),
        ("$3*4=12$ and \\(5-1=3\\)", "5-1=3", "5-1 is 4"),
        ("3*4=12*2=24", "3*4=12*2", "3*4 is 12"),
        ("1/8 + 1/8 = 0.5", "1/8 + 1/8 = 0.5", "is 0.25"),
        ("2 + 2 = 5? No, 2 + 2 = 4.", "2 + 2 = 5", "2 + 2 is 4"),
        ("1/3 = 33.33%", "1/3 = 33.33%", "about 0.333333"),
        ("1/3 ≈ 33.34%", "1/3 ≈ 33.34%", "about 0.333333"),
        ("60 km/h * 2 h = 130 km", "60 km/h * 2 h = 130", "is 120"),
        ("0 - 1/8 = 0.5", "0 - 1/8 = 0.5", "is -0.125"),
    ],
)
def test_a_wrong_line_names_the_statement_and_the_right_value(line: str, wrong: str, why: str) -> None:
    judgement = judge_prose(line)
    assert judgement.verdict.refuted
    assert judgement.verdict.relation is Relation.NONE
    assert why in judgement.verdict.reason
    assert wrong in judgement.verdict.reason
    assert judgement.verdict.witness is not None
    fault = next(statement for statement in judgement.statements if statement.verdict.refuted)
    assert line[fault.start : fault.end] == fault.text == wrong


@pytest.mark.parametrize(
    "line",
    [
        "",
        "She has many eggs.",
        "There are 12 eggs and 5 hens.",
        "1 box = 6 eggs",
        "1 dozen eggs cost $3",
        "Since a dime is equal to 10 cents, 20 dimes are equal to 20 x 10 cents",
        "Let x = 5",
        "2x + 3 = 7",
        "Week 1 = 5 apples",
        "Alice + 3 = 10",
        "3 + Bob's age = 10",
        "half of 30 + 5 = 20",
        "twice 5 + 3 = 13",
        "a third of 30 - 5 = 5",
        "day 1 + day 2 = 10",
        "25 classmates + his 1 teacher + 1 himself = 27",
        "8:30 + 2:15 = 10:45",
        "2:3 = 4:6",
        "The 3rd = 5",
        "1.2.3 = 4",
        "\\foo 30 + 2 = 5",
        "$350 000 x 5/100 = $17500",
        "a = b = c",
        "1 + 2 + ... + 10 = 55",
        "1 + 2 + 3 + … + 10 = 55",
        "12 \\times \\frac{5}{6} = 12 \\times 0.8333\\ldots",
        "12 (3 yesterday) + 24 = 36 pages",
        "13 ÷ 4 = 3 remainder 1",
        "13 / 4 = 3 R1",
        "13 ÷ 4 = 3 with remainder 1",
        "15 % 4 = 3",
        "7 mod 3 = 1",
        "5 apples @ $2 = $10",
        "5 km/h × 30 min = 2.5 km",
        "3 to the power of 2 = 9",
        "4 quarters = $1",
        "Bob's money divided by 3 + 4 = 10",
        "5 choose 2 = 10",
        "C(5,2) = 10, gcd(12, 18) = 6",
        "log_2 8 = 3",
        "|3-5| = 2",
        "5 — 3 = 2",
        "3,5 + 1,5 = 5",
        "x1 + 2 = 5",
        "speed_2 + 2 = 5",
        "3 -> 4 = 5",
        "3*4 =",
        "= 12",
        "3 * (4 = 12",
        "\u0661+\u0661=\u0663",
    ],
)
def test_nothing_to_check(line: str) -> None:
    judgement = judge_prose(line)
    assert judgement.statements == ()
    assert judgement.verdict.status is Status.UNDECIDED
    assert judgement.verdict.reason == "nothing to check in this line"


def test_a_division_by_zero_is_wrong_whatever_it_is_said_to_be() -> None:
    for line in ("1/0 = 5", "0/0 = 0", "1/0 = 1/0"):
        verdict = verify_prose(line)
        assert verdict.refuted
        assert "divides by 0" in verdict.reason


def test_places_are_those_of_the_line() -> None:
    line = "First \\(2 \\cdot 3 = 6\\), then 6 + 1 = 8 hens."
    first, second = judge_prose(line).statements
    assert line[first.start : first.end] == "2 \\cdot 3 = 6"
    assert line[second.start : second.end] == "6 + 1 = 8"
    assert (first.value, second.value) == (Fraction(6), Fraction(8))
    assert [each.verdict.status for each in (first, second)] == [Status.VERIFIED, Status.REFUTED]


@pytest.mark.parametrize(
    "line",
    [
        "10/3 ≈ 3.33",
        "10/3 is about 3.33",
        "10/3 = about 3.3",
        "10/3 = 3.33 (rounded to cents)",
        "10/3 = 3.33...",
        "√2 ≈ 1.414",
        "285 ≈ 300",
        "2/3 ≈ 0.67 and 2/3 = 0.66...",
        "1/3 ≈ 33.33%",
        "0.333... = 1/3",
        "$\\frac{22}{7} \\approx 3.14$",
    ],
)
def test_a_stated_rounding_is_right_and_no_equality(line: str) -> None:
    verdict = verify_prose(line)
    assert verdict.verified
    assert verdict.relation is Relation.UNKNOWN
    assert any("is a rounding" in condition for condition in verdict.conditions)


@pytest.mark.parametrize(
    ("line", "tolerance", "expected"),
    [
        ("10/3 = 3.33", None, Status.REFUTED),
        ("10/3 = 3.33", 0.01, Status.VERIFIED),
        ("10/3 = 3.33", 0.0001, Status.REFUTED),
        ("√2 = 1.41", 0.01, Status.VERIFIED),
        ("1 - 1 = 0.005", 0.01, Status.REFUTED),
        ("0.005 - 0 = 0", 0.01, Status.VERIFIED),
        ("3*4 = 12", 0.0, Status.VERIFIED),
    ],
)
def test_the_tolerance_is_an_argument(line: str, tolerance: float | None, expected: Status) -> None:
    assert verify_prose(line, tolerance=tolerance).status is expected


def test_wrong_arguments() -> None:
    with pytest.raises(TypeError, match="str"):
        verify_prose(12)  # type: ignore[arg-type]
    for tolerance in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="tolerance"):
            verify_prose("1 = 1", tolerance=tolerance)


_NUMBERS = st.integers(0, 999)


@given(_NUMBERS, st.sampled_from("+-*"), _NUMBERS, st.integers(-50, 50))
def test_a_statement_is_right_exactly_where_its_arithmetic_is(a: int, sign: str, b: int, slip: int) -> None:
    value = {"+": a + b, "-": a - b, "*": a * b}[sign] + slip
    for line in (f"so {a} {sign} {b} = {value} hens", f"<<{a}{sign}{b}={value}>>", f"Thus ${a} {sign} {b} = {value}$."):
        assert verify_prose(line).status is (Status.REFUTED if slip else Status.VERIFIED)


PARTS = (
    *("12", "3.5", "$", "%", "x", "+", "-", "*", "/", "=", "(", ")", "eggs", "of", "<<", ">>", "≈", "is about", "!"),
    *("²", "½", "\\frac{1}{2}", "{", "}", ",", ".", " ", "and"),
)


@given(st.lists(st.sampled_from(PARTS), max_size=30))
def test_no_line_breaks_it_and_places_are_within(parts: list[str]) -> None:
    line = "".join(parts)
    judgement = judge_prose(line)
    for statement in judgement.statements:
        assert 0 <= statement.start < statement.end <= len(line)
        assert line[statement.start : statement.end] == statement.text
    if any(statement.verdict.refuted for statement in judgement.statements):
        assert judgement.verdict.refuted
    assert judgement == judge_prose(line)


HARD = (
    "(1+1+" * 1500,
    "<<" * 4000,
    "<<1=1>>" * 1200,
    "((((1+1)+1)+1)+1)" * 500,
    "1+" * 4500 + "1 = 2",
    "-" * 9000 + "1=1",
    "\\frac{" * 1500 + "=",
    "\\frac{1}{" * 900 + "2" + "}" * 900 + "=1",
    "{" * 4000 + "=" + "}" * 4000,
    "3 = " * 2000,
    "2^" * 4500 + "2=4",
    "√" * 5000 + "4=2",
    "1 apples " * 1000 + "= 2",
    "9^9^9^9 = 3",
    "10^(10^10) = 5",
    "10000! = 3",
    "=" * 9000,
    "\ud800 = \x00",
)


@pytest.mark.parametrize("line", [*HOSTILE_LINES, *HARD], ids=lambda line: repr(line[:20]))
def test_hostile_lines_do_no_harm(line: str) -> None:
    verdict = verify_prose(line)
    assert verdict.status in (Status.UNDECIDED, Status.UNSAFE, Status.VERIFIED, Status.REFUTED)
    if line not in HARD:
        assert not verdict.verified
    assert verify_prose("3*4 = 12").verified


def test_what_is_too_large_is_unsafe() -> None:
    verdict = verify_prose("x" * (MAX_CHARACTERS + 1))
    assert (verdict.status, str(MAX_CHARACTERS) in verdict.reason) == (Status.UNSAFE, True)
    assert verify_prose("2 + 2 = 4 and 9^9^9^9 = 3").status is Status.UNSAFE


# -- solutions that people wrote ------------------------------------------------------------------------------------

DATA = Path(__file__).parents[4] / "shared" / "data"
GSM8K, MATH = DATA / "gsm8k_test_first660.jsonl", DATA / "math_test_first250.jsonl"


def solutions(path: Path, key: str) -> list[str]:
    if not path.exists():
        pytest.skip(f"{path.name} is not there")
    lines: list[str] = []
    for record in path.read_text(encoding="utf-8").splitlines():
        lines += json.loads(record)[key].splitlines()
    return lines


def test_solutions_of_gsm8k() -> None:
    """Three lines of it are wrong indeed; whoever wrote them used = for "and so", or misread a number."""
    judged = [judge_prose(line) for line in solutions(GSM8K, "answer")]
    refuted = [judgement.verdict.reason for judgement in judged if judgement.verdict.refuted]
    assert len(refuted) == 3, refuted
    assert sum(judgement.verdict.verified for judgement in judged) > 2200
    assert sum(len(judgement.statements) for judgement in judged) > 4200


def test_solutions_of_math() -> None:
    """One of them is wrong indeed."""
    judged = [judge_prose(line) for line in solutions(MATH, "solution")]
    refuted = [judgement.verdict.reason for judgement in judged if judgement.verdict.refuted]
    assert len(refuted) == 1, refuted
    assert sum(judgement.verdict.verified for judgement in judged) > 180


def test_annotations_of_gsm8k_with_a_digit_changed() -> None:
    wrong = 0
    for line in solutions(GSM8K, "answer"):
        for statement in judge_prose(line).statements:
            if line[statement.start - 2 : statement.start] != "<<":
                continue
            assert statement.verdict.verified
            at = next(place for place, char in enumerate(statement.text) if char.isdigit())
            digit = str((int(statement.text[at]) + 1) % 10)
            assert not verify_prose(f"<<{statement.text[:at]}{digit}{statement.text[at + 1 :]}>>").verified
            wrong += 1
    assert wrong > 2000


def test_values_are_those_of_the_right_side() -> None:
    assert [statement.value for statement in judge_prose("1/3 + 1/3 = 2/3 = 4/6").statements] == [
        Fraction(2, 3),
        Fraction(2, 3),
    ]
    assert judge_prose("5 = 5").statements[0].value is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2 hours = 100 minutes", "2 hours is 120 minutes"),
        ("1 kg = 100 g", "1 kg is 1000 g"),
        ("10 = 3*4 eggs", "3*4 is 12"),
        ("5 ≈ 10/3", "10/3 is 10/3 (about 3.33333)"),
    ],
)
def test_a_wrong_statement_is_put_right_in_its_own_units(line: str, why: str) -> None:
    verdict = verify_prose(line)
    assert verdict.refuted
    assert verdict.reason.endswith(f"is wrong: {why}")


def test_a_rounding_may_stand_on_the_left() -> None:
    assert verify_prose("0.333 is about 1/3").verified
    assert verify_prose("0.334 is about 1/3").refuted
