r"""Answers with letters that stand for numbers of a set, with names, with sets in words: the same and not the same."""

from __future__ import annotations

from itertools import combinations

import pytest

from reasoning_envs import verify_answer
from reasoning_envs.types import Status

FAMILIES_THAT_ARE_THE_SAME = [
    (r"x = k\pi, k \in \mathbb{Z}", r"x = n\pi, n \in \mathbb{Z}"),
    (r"x = k\pi (k \in \mathbb{Z})", r"x = n\pi"),
    ("x = k*pi where k is an integer", r"x = k\pi, k \in Z"),
    (r"x = k\pi \text{ where } k \text{ is an integer}", "x = k*pi for any integer k"),
    (r"x = \frac{\pi}{2} + k\pi, k \in \mathbb Z", r"x = -\frac{\pi}{2} + n\pi, n \in \mathbb Z"),
    (r"x = 2k + 1, k \in \mathbb{Z}", r"x = 2k - 1, k \in \mathbb{Z}"),
    (r"n = 6k + 1, k \in \mathbb{Z}", r"n \equiv 1 \pmod 6"),
    (r"x = k\pi, k \in \mathbb{Z}", r"x = 2k\pi, x = \pi + 2k\pi, k \in \mathbb{Z}"),
    (
        r"x = \pm\frac{\pi}{3} + 2k\pi, k \in \mathbb{Z}",
        r"x = \frac{\pi}{3} + 2k\pi \text{ or } x = \frac{5\pi}{3} + 2k\pi, k \in \mathbb{Z}",
    ),
    (
        r"x = (-1)^k\frac{\pi}{6} + k\pi, k \in \mathbb{Z}",
        r"x = \frac{\pi}{6} + 2k\pi \text{ or } x = \frac{5\pi}{6} + 2k\pi, k \in \mathbb{Z}",
    ),
    (r"x = \arctan 2 + k\pi, k \in \mathbb{Z}", r"x = \arctan 2 - \pi + n\pi, n \in \mathbb{Z}"),
    ("2n, n in N", "2n, n in N"),
    (r"x = 30^\circ + k\cdot 360^\circ, k \in \mathbb{Z}", r"x = \frac{\pi}{6} + 2k\pi, k \in \mathbb{Z}"),
    (r"x = 5 + 7t, y = 3 - 4t, t \in \mathbb{Z}", r"x = 12 - 7k, y = -1 + 4k, k \in \mathbb{Z}"),
    (r"(2k, 3), k \in \mathbb{Z}", r"(2n - 2, 3), n \in \mathbb{Z}"),
    (r"1 \le x < 4, x \in \mathbb{Z}", "1, 2, 3"),
    (r"x < 3, x \in \mathbb{R}", "x < 3"),
    (r"\{x \mid x < 3, x \in \mathbb{R}\}", r"(-\infty, 3)"),
]

FAMILIES_THAT_ARE_NOT = [
    (r"x = k\pi, k \in \mathbb{Z}", r"x = k\pi, k \in \mathbb{N}"),
    (r"x = k\pi, k \in \mathbb{Z}", r"x = k\pi, k \in \mathbb{R}"),
    (r"x = k\pi, k \in \mathbb{Z}", r"y = k\pi, k \in \mathbb{Z}"),
    (r"x = k\pi, k \in \mathbb{Z}", r"x = 2k\pi, k \in \mathbb{Z}"),
    (r"x = k\pi, k \in \mathbb{Z}", "0"),
    (r"n = 6k + 1, k \in \mathbb{Z}", r"n = 6k - 1, k \in \mathbb{Z}"),
    (r"n = 2k + 1, k \in \mathbb{N}", r"n = 2k - 1, k \in \mathbb{N}"),
    (r"x = (-1)^k\frac{\pi}{6} + k\pi, k \in \mathbb{Z}", r"x = \frac{\pi}{6} + k\pi, k \in \mathbb{Z}"),
    (r"x = \arctan 2 + k\pi, k \in \mathbb{Z}", r"x = \arctan 3 + k\pi, k \in \mathbb{Z}"),
    (r"(x, y) = (2k, 3k), k \in \mathbb{Z}", r"(x, y) = (3k, 2k), k \in \mathbb{Z}"),
    (r"x = 5 + 7t, y = 3 - 4t, t \in \mathbb{Z}", r"x = 5 + 7k, y = 3 + 4k, k \in \mathbb{Z}"),
    (r"x = 5 + 7t, y = 3 - 4t, t \in \mathbb{Z}", r"x = 12 + 7k, y = 3 - 4k, k \in \mathbb{Z}"),
    (r"(2k, 3), k \in \mathbb{Z}", r"(4k, 3), k \in \mathbb{Z}"),
]

FAMILIES_THAT_CANNOT_BE_TOLD = [
    (r"x = k\pi, k \in \mathbb{Z}", r"x = k\pi, k \in \mathbb{Z}\setminus\{0\}"),
    (r"n = 3k, k \in \mathbb{Z}^+", r"n = 3k, k \in \mathbb{Z}"),
    (r"x = k^2, k \in \mathbb{Z}", r"x = (k + 1)^2, k \in \mathbb{Z}"),
    (r"x < 3, x \in \mathbb{Z}", "x < 3"),
    (r"x = kn, k \in \mathbb{Z}", r"x = kn, n \in \mathbb{Z}"),
    (r"\{x \in \mathbb{Z} : x^2 < 5\}", "x^2 < 5"),
    (r"x = 2k + 1 or x = 2k, k \in \mathbb{Z}", r"x \in \mathbb{Z}"),
    (r"(k, 2k), k \in \mathbb{R}", r"(2t, 4t), t \in \mathbb{R}"),
]

SAME = [
    # powers of negative numbers
    ("(-1)^n", "(-1)^{n+2}"),
    ("(-1)^{n+1}", "-(-1)^n"),
    ("a_n = (-2)^n", "a_n = (-2)^n"),
    ("a_n = 3(-2)^{n-1}", r"-\frac32 (-2)^n"),
    ("(-2)^{2n}", "4^n"),
    (r"\cos n\pi", "(-1)^n"),
    # names
    ("P(A) = 0.3", "30%"),
    ("P(A) = 0.3", "P = 0.3"),
    ("P(A|B) = 0.3", "0.3"),
    (r"P(A \cap B) = 0.3", r"P(B \cap A) = 3/10"),
    ("f(2) = 5", "5"),
    ("f(-1) = 2", "2"),
    ("f(x) = 2x", "f(t) = 2t"),
    ("f(x, y) = x + 2y", "f(a, b) = a + 2b"),
    ("f(0) = 1, f(1) = 2", "f(1) = 2, f(0) = 1"),
    ("f(g(x)) = x^2 + 1", "x^2 + 1"),
    (r"\sin A = \frac35", r"\frac35"),
    ("|z| = 5", "5"),
    (r"\frac{x^3}{3} + C_1", r"\frac{x^3}{3} + C"),
    (r"f^{-1}(x)=\frac{x-1}{2}", r"\frac{x-1}{2}"),
    (r"m\angle ABC = 40^\circ", r"\angle CBA = 40^\circ"),
    (r"m\angle B = 40^\circ", r"\angle CBA = 40^\circ"),
    ("slope = 2", "m = 2"),
    (r"\text{Area} = 12", "12"),
    # sets and membership
    ("x in R", "all reals"),
    ("x ∈ R", "all reals"),
    (r"x \in R", r"(-\infty,\infty)"),
    ("x in R, x != 0", "x != 0"),
    (r"x \in (1, 3) \text{ and } x \in (2, 4)", "(2,3)"),
    (r"x \in (a, b)", "a < x < b"),
    (r"x \notin \{1\}", r"x \ne 1"),
    (r"x \not\in [1,2]", r"x<1 \text{ or } x>2"),
    (r"x \in \mathbb{R}^+", "x > 0"),
    (r"x \in \mathbb{R}_{>0}", "x > 0"),
    (r"\mathbb{R}^*", r"x \neq 0"),
    (r"\mathbb{Z}", "all integers"),
    ("all real numbers except 2", r"\mathbb{R}\setminus\{2\}"),
    ("all real numbers except x = 2 and x = -2", r"x \ne \pm 2"),
    (r"\text{all real numbers except } 2", r"x \ne 2"),
    (r"\{ x \in \mathbb{Z} : 1 \le x \le 4 \}", r"\{1,2,3,4\}"),
    (r"\{n \in \mathbb{N} : 2 < n < 6\}", r"\{3,4,5\}"),
    (r"\{x \in \mathbb{R}: 1 \le x \le 4\}", "[1,4]"),
    # constants of integration
    (r"\frac{(x+1)^2}{2}+C", r"\frac{x^2}{2}+x+C"),
    (r"\sin^2 x + C", r"-\cos^2 x + C"),
    (r"\arctan x + C", r"C - \arctan\frac{1}{x}"),
    (r"y = \ln|2x| + C", r"y = \ln|x| + C"),
    (r"\frac{1}{2}\ln(4x^2+4)+C", r"\frac12\ln(x^2+1)+K"),
    # a letter that is bound in an integral, and free beside it
    (r"\int_0^1 x\,dx + x", r"x + \frac12"),
    # signs that are left out
    ("n 2^{n-1}", r"n\cdot 2^{n-1}"),
    ("n2^{n-1}", r"n \cdot 2^n/2"),
    ("2^n n!", "n!2^n"),
    ("10!/(5!5!)", "252"),
    ("a^3+b^3+c^3-3abc", "(a+b+c)(a^2+b^2+c^2-ab-bc-ca)"),
    ("xyz", "x*y*z"),
    # amounts
    ("1 hour and 15 minutes", "75 minutes"),
    ("half an hour", "30 minutes"),
    ("a quarter of an hour", "15 minutes"),
    ("one and a half", "1.5"),
    ("5 cm and 3 cm", "3 cm, 5 cm"),
    # texts
    (r"p \land q", r"q \land p"),
    ("5/1/2024", "5/1/2024"),
]

DIFFERENT = [
    ("(-1)^n", "(-1)^{n+1}"),
    ("a_n = (-2)^n", "a_n = -2^n"),
    (r"\frac{(-1)^n}{n!}", r"\frac{(-1)^{n+1}}{n!}"),
    ("P(A) = 0.3", "P(B) = 0.3"),
    ("P(A|B) = 0.3", "P(B|A) = 0.3"),
    ("f(2) = 5", "f(3) = 5"),
    ("f(-1) = 2", "f(1) = 2"),
    ("f(x) = 2x", "f(y) = 2x"),
    ("f(x, y) = x + 2y", "f(b, a) = a + 2b"),
    ("f(0) = 1, f(1) = 2", "f(0) = 2, f(1) = 1"),
    ("g(f(2)) = 5", "f(g(2)) = 5"),
    ("f'(2) = 4", "f'(3) = 4"),
    (r"P(A') = 0.7", "P(A) = 0.7"),
    (r"\sin A = \frac35", r"\cos A = \frac35"),
    ("10-12-2020", "-2022"),
    (r"f^{-1}(x)=\frac{x-1}{2}", r"f(x)=\frac{x-1}{2}"),
    (r"m\angle ABC = 40^\circ", r"m\angle ACB = 40^\circ"),
    ("[ABC] = 12", "[ABD] = 12"),
    (r"\det A = 5", r"\det B = 5"),
    ("mean = 5", "median = 5"),
    ("y in R", "x in R"),
    ("x in Z", "x in R"),
    ("all reals", "all integers"),
    ("all reals except 2", "all reals"),
    (r"x \in \mathbb{R}^+", r"x \in \mathbb{R}"),
    (r"\{x \in \mathbb{Z} : 1 < x \le 4\}", r"\{1,2,3,4\}"),
    (r"\frac{x^2}{2} + C", r"\frac{x^3}{3} + C"),
    (r"\sin^2 x + C", r"\cos^2 x + C"),
    (r"\ln|x| + C", r"\ln x^2 + C"),
    ("A + C + 3", "A + C"),
    ("x + C + 3", "x + C"),
    (r"\tan x + C", r"\tan x"),
    ("n2^{n-1}", "n^{2^{n-1}}"),
    (r"\int_{-1}^{1}x^3dx", "x*(x - 1)"),
    (r"\int_a^b x\,dx", "x^2 + y^2"),
    (r"p \land q", r"p \lor q"),
    ("1 hour and 15 minutes", "1 hour 50 minutes"),
    ("a^3+b^3+c^3-3abc", "(a+b+c)(a^2+b^2+c^2-ab-bc+ca)"),
    ("xyz", "x*y"),
    ("2024-01-05", "2018"),
    ("1/2/2020", r"\frac{1}{4040}"),
]


def _both_ways(first: str, second: str, status: Status) -> None:
    for answer, truth in ((first, second), (second, first)):
        verdict = verify_answer(answer, truth)
        assert verdict.status is status, (answer, truth, verdict)
        assert verdict.reason


@pytest.mark.parametrize(("first", "second"), [*FAMILIES_THAT_ARE_THE_SAME, *SAME])
def test_the_same(first: str, second: str) -> None:
    _both_ways(first, second, Status.VERIFIED)


@pytest.mark.parametrize(("first", "second"), [*FAMILIES_THAT_ARE_NOT, *DIFFERENT])
def test_not_the_same(first: str, second: str) -> None:
    _both_ways(first, second, Status.REFUTED)


@pytest.mark.parametrize(("first", "second"), FAMILIES_THAT_CANNOT_BE_TOLD)
def test_what_cannot_be_told_is_not_guessed(first: str, second: str) -> None:
    _both_ways(first, second, Status.UNDECIDED)


@pytest.mark.parametrize(
    ("answer", "truth", "condition"),
    [
        (r"x = k\pi, k \in \mathbb{Z}", r"x = k\pi", "k may be all of ℤ"),
        ("P(A) = 0.3", "P = 0.3", "P(A) and P are the same"),
        (r"\sin^2 x + C", r"-\cos^2 x + C", "the constant of integration is any number"),
    ],
)
def test_what_is_taken_for_granted_is_recorded(answer: str, truth: str, condition: str) -> None:
    verdict = verify_answer(answer, truth)
    assert condition in verdict.conditions
    assert not verdict.rigorous


def test_a_letter_in_the_exponent_of_a_negative_number_is_an_integer() -> None:
    assert verify_answer("(-1)^(n + 2)", "(-1)^n").conditions == ("n is an integer",)


KINDS = r"""
f'(x) = 2x
f(x) = 2x
f(2) = 5
P(A) = 0.3
slope = 2
m\angle ABC = 40^\circ
f^{-1}(x) = x
f'(2) = 4
g(f(2)) = 5
f(x) = (1,3]
f(x) > 2, x \in R
x = k\pi, k \in Z
(k,2k), k\in Z
f(x) = 1, 2
2x+3y=6
f(0)=1, f(1)=2
A(x) = \begin{pmatrix}1&2\end{pmatrix}
P(A) = 30\%
f(x)= 3 cm
x>2
x=1,y=2
(1,2)
no solution
all reals
[1,2)
{1,2}
5
x
yes
n \equiv 3 \pmod 7
\pm 2
x \ne 2
3:2
xyz
x = 3 cm
p \land q
2024-01-05
x < 3, x \in Z
|x|<3
a \le b \le c
\sin A = 1/2
AB = 5
\infty
x_1 = 2, x_2 = 3
5 apples
50%
x = t, y = 2t, t \in R
undefined
x = 1 \text{ or } y = 2
y'' + y = 0
A \cap B = \{1\}
A \cup B = \{1\}
9^9^9^9
what?
""".strip().splitlines()


def test_answers_of_every_two_kinds_are_compared_the_same_in_both_orders() -> None:
    for first, second in combinations(KINDS, 2):
        verdict, other = verify_answer(first, second), verify_answer(second, first)
        assert verdict.status is other.status, (first, second, verdict, other)


def test_a_sum_of_binomials_with_letters_in_them_is_said_to_be_too_large() -> None:
    text = r"\sum_{k=0}^{20}\binom{20}{1 hourk}x^k"  # forty-four factorials, each a variable of its own
    verdict = verify_answer(text, text)
    assert (verdict.status, verdict.method) == (Status.UNSAFE, "bounds")
    smaller = r"\sum_{k=0}^{10}\binom{10}{ak}x^k"
    assert verify_answer(smaller, smaller).verified
