"""What answers hold and lines do not: roundings, remainders, sums without end, classes, words, free constants."""

from __future__ import annotations

import pytest

from reasoning_envs import verify_answer
from reasoning_envs.symbolic.syntax.notation import ParseError
from reasoning_envs.symbolic.syntax.parser import parse_expression
from reasoning_envs.types import Status
from reasoning_envs.verifiers.answer.endless_sums import endless_sum
from reasoning_envs.verifiers.answer.kinds import Residues
from reasoning_envs.verifiers.answer.number_words import ordinal, value_in_words
from reasoning_envs.verifiers.answer.residue_classes import same_classes
from reasoning_envs.verifiers.answer.worked import worked

SAME = [
    ("floor(7/2)", "3"),
    (r"\lfloor -3.2 \rfloor", "-4"),
    (r"\left\lceil \sqrt{2} \right\rceil", "2"),
    ("floor(sqrt(2)^2)", "2"),
    ("max(2, sqrt(5))", r"\sqrt5"),
    ("gcd(12, 18)", "6"),
    (r"\operatorname{lcm}(4, 6, 10)", "60"),
    (r"\begin{vmatrix}a&b\\c&d\end{vmatrix}", "ad - bc"),
    (r"\overline{2-3i}", "2 + 3i"),
    (r"\operatorname{Im}(3+4i)", "4"),
    (r"2\operatorname{cis}(\pi/2)", "2i"),
    ("5C2", "10"),
    (r"{}_{10}C_{3}", "120"),
    ("17 mod 5", "2"),
    (r"2^{2023} \bmod 7", "2"),
    (r"\lim_{x\to 0^+}\frac1x", r"\infty"),
    (r"\sum_{k=0}^{n} 2^k", "2^{n+1} - 1"),
    (r"\sum_{n=0}^\infty \frac{x^n}{n!}", "e^x"),
    (r"x \equiv 1, 3 \pmod 4", r"x \equiv 1 \pmod 2"),
    ("7k - 4", r"x \equiv 3 \pmod 7"),
    ("twenty-five", "25"),
    ("5 ft 3 in", "63 in"),
    ("7 R 3", "7 remainder 3"),
    ("$1.5 million", "$1,500,000"),
    ("x^2 + C", "x^2 + K"),
    (r"c_1e^{2x}+c_2e^{3x}", "Ae^{3x} + Be^{2x}"),
    (r"\frac{\pi}{4}+n\pi", r"\frac{\pi}{4}+k\pi"),
    (r"\frac{dy}{dx} = 2x", "y' = 2x"),
    (r"\frac{\partial f}{\partial x} = 2x", "f_x = 2x"),
    (r"\frac{d^2y}{dx^2} = 6x", "y'' = 6x"),
    (r"\frac{d^2}{dx^2} x^3", "6x"),
    ("i^{2023}", "-i"),
    ("x = y = z = 2", "(2, 2, 2)"),
    (r"x \ne \pm 2", r"(-\infty,-2)\cup(-2,2)\cup(2,\infty)"),
    ("first", "1st"),
    ("5 PM", "5:00 p.m."),
    ("does not exist", "DNE"),
]
NOT_SAME = [
    (r"\lfloor -3.2 \rfloor", "-3"),
    ("3^2 mod 5", "3"),
    (r"\lim_{x\to 0^-}\frac1x", r"\infty"),
    (r"\sum_{k=0}^{n} 2^k", "2^n - 1"),
    (r"x \equiv 1 \pmod 4", r"x \equiv 1 \pmod 2"),
    (r"x \equiv 3 \pmod 7", r"y \equiv 3 \pmod 7"),
    ("x^2 + C", "2x^2 + K"),
    ("x^2 + C", "x^2"),
    (r"n\pi", r"2k\pi"),
    ("2n + 1", "2k + 1"),
    (r"c_1e^{2x}+c_2e^{3x}", "Ae^{3x}"),
    ("5 ft 3 in", "53 in"),
    ("7 R 3", "7 R 4"),
    ("twenty-five", "26"),
    (r"\frac{\partial f}{\partial x} = 2x", r"\frac{\partial f}{\partial y} = 2x"),
    ("f''(x) = 6x", "f'(x) = 6x"),
    ("5 PM", "5 AM"),
]
UNREAD = [
    "floor(x)",
    "floor(",
    "3 + 17 mod 5",
    "7 mod 0",
    "gcd(1/2, 3)",
    "det(1, 2; 3)",
    "max(x, 2, 3)",
    r"\sum_{k=0}^\infty 2^k",
    r"\sum_{k=1}^\infty \frac1k",
    r"\sum_{k=1}^\infty \frac{1}{k^2-1}",
    "conj(x + i)",
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_the_same(first: str, second: str) -> None:
    assert verify_answer(first, second).verified
    assert verify_answer(second, first).verified


@pytest.mark.parametrize(("first", "second"), NOT_SAME)
def test_not_the_same(first: str, second: str) -> None:
    assert verify_answer(first, second).refuted
    assert verify_answer(second, first).refuted


@pytest.mark.parametrize("text", UNREAD)
def test_what_has_no_value_that_is_found_is_not_read(text: str) -> None:
    for number in ("0", "1", "3", "5", "-1"):
        assert verify_answer(text, number).status is Status.UNPARSED


def test_assumptions_are_recorded() -> None:
    verdict = verify_answer("x^2 + C", "x^2 + K")
    assert (verdict.rigorous, verdict.conditions) == (False, ("C and K are the same constant of integration",))
    assert verify_answer("7k - 4", "x ≡ 3 (mod 7)").conditions == ("k stands for any integer",)


@pytest.mark.parametrize(
    ("body", "low", "last", "value"),
    [
        ("1/2^k", "0", "oo", "2"),
        ("(-1)^k/3^k", "1", "oo", "-1/4"),
        ("1/k^2", "1", "oo", "pi^2/6"),
        ("3/k^4", "2", "oo", "pi^4/30 - 3"),
        ("2^k/k!", "1", "oo", "e^2 - 1"),
        ("1/(k(k + 1))", "1", "oo", "1"),
        ("1/(k(k + 1))", "1", "n", "n/(n + 1)"),
        ("1/(k^2 - 1)", "2", "oo", "3/4"),
        ("1/((2k - 1)(2k + 1))", "1", "n", "n/(2n + 1)"),
        ("1/(k(k + 1)(k + 2))", "1", "oo", "1/4"),
        ("k^3", "1", "n", "(n(n + 1)/2)^2"),
        ("2k - 1", "1", "n", "n^2"),
    ],
)
def test_sums_in_closed_form(body: str, low: str, last: str, value: str) -> None:
    trees = [parse_expression(text) for text in (body, low, last)]
    found = endless_sum(trees[0], "k", trees[1], trees[2])
    from reasoning_envs.symbolic.equality.equivalence import equivalent

    verdict = equivalent(found, parse_expression(value))
    assert verdict.verified
    assert verdict.rigorous


@pytest.mark.parametrize(
    ("body", "low", "last"),
    [
        ("2^k", "0", "oo"),
        ("1/k", "1", "oo"),
        ("k", "1", "oo"),
        ("x^k", "0", "oo"),
        ("1/(k - 2)/(k - 3)", "1", "oo"),
        ("k", "1/2", "n"),
        ("k", "1", "k"),
        ("1/k", "1", "n"),
        ("a*k", "1", "n"),
        ("k!", "0", "oo"),
    ],
)
def test_other_sums_are_errors(body: str, low: str, last: str) -> None:
    trees = [parse_expression(text) for text in (body, low, last)]
    with pytest.raises(ParseError):
        endless_sum(trees[0], "k", trees[1], trees[2])


def test_calls_are_worked_out_from_the_inside() -> None:
    assert worked("max(floor(2.5), gcd(4, 6))") == "(2)"
    assert worked("x + 1") == "x + 1"
    with pytest.raises(ParseError, match="more than 12 calls"):
        worked(" + ".join(["floor(1.5)"] * 13))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("zero", 0),
        ("nineteen", 19),
        ("two hundred and six", 206),
        ("one thousand two hundred", 1200),
        ("minus two", -2),
        ("three million", 3_000_000),
        ("ninety-nine", 99),
    ],
)
def test_numbers_in_words(text: str, value: int) -> None:
    assert value_in_words(text) == value


@pytest.mark.parametrize("text", ["", "and", "hundred", "twenty twenty", "five and", "apple", "one apple", "ten five"])
def test_words_that_are_no_number(text: str) -> None:
    assert value_in_words(text) is None


def test_ordinals() -> None:
    assert [ordinal(text) for text in ("First", "2nd", "11th", "21th", "twelfth", "tenths")] == [
        "1st",
        "2nd",
        "11th",
        "21st",
        "12th",
        None,
    ]


def test_residue_classes_are_compared_as_sets_of_integers() -> None:
    def classes(remainders: set[int], modulus: int) -> Residues:
        return Residues(None, frozenset(remainders), modulus)

    assert same_classes(classes({0, 2}, 4), classes({0}, 2))
    assert same_classes(classes(set(range(12)), 12), classes({0}, 1))
    assert not same_classes(classes({0, 1}, 4), classes({0}, 2))
