"""Lines of derivations that the parser alone does not read: commas, congruences, limits, areas, sums without end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs import verify_derivation, verify_step
from reasoning_envs.symbolic.syntax.statement import And, Or
from reasoning_envs.types import Relation, Status, Verdict
from reasoning_envs.verifiers.chains import verify_chain
from reasoning_envs.verifiers.step_lines import read_line

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("x + y = 3, x - y = 1", And),
        ("x = 2, y = 1", And),
        ("x = 2, x = 3", Or),
        ("x = 2, 3", Or),
        ("x - 2 = 0, x - 3 = 0", Or),
        ("x = a, x = b", Or),
        ("x > 0, x < 3", And),
        ("x^2 = 4, x > 0", And),
        ("x = 1, y = 2, and z = 3", And),
        ("2x + 3y = 7; x = 2y", And),
        ("x = 2; x = -2", Or),
        ("x = 2, y = 3 or x = 3, y = 2", Or),
        ("x = 2, y = 3, or y = 2 and x = 3", Or),
    ],
)
def test_commas_between_comparisons(text: str, joined: type) -> None:
    assert isinstance(read_line(text, NONE), joined)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("x in (-3, 3]", "-3 < x and x <= 3"),
        ("x ∈ (-oo, -2] ∪ [2, oo)", "x <= -2 or 2 <= x"),
        ("x in (-oo, oo)", "all reals"),
        ("x in (1, 2) U {3}", "(1 < x and x < 2) or x = 3"),
        (r"x \in \left[0, \frac{1}{2}\right)", "0 <= x and x < 1/2"),
        ("(x, y) = (3, 2)", "x = 3 and y = 2"),
        ("(x, y) = (2, 3) or (3, 2)", "(x = 2 and y = 3) or (x = 3 and y = 2)"),
        ("(x, y) = (2, 3), (3, 2)", "(x = 2 and y = 3) or (x = 3 and y = 2)"),
    ],
)
def test_intervals_and_points_are_statements(text: str, plain: str) -> None:
    assert read_line(text, NONE) == read_line(plain, NONE)


@pytest.mark.parametrize(
    "text",
    ["x in (1,200)", "x in [-oo, 2)", "x in (1, 2", "x in (oo, 2)", "(x, y) = (1, 2, 3)", "(x, y) = 3", "x in ()"],
)
def test_what_is_no_interval_and_no_point_is_not_read(text: str) -> None:
    verdict = read_line(text, NONE)
    assert isinstance(verdict, Verdict)
    assert verdict.status is Status.UNPARSED


def test_alternatives_of_several_letters() -> None:
    before = "x + y = 5, xy = 6"
    assert verify_step(before, "x = 2, y = 3 or x = 3, y = 2", unknown="x, y").verified
    assert verify_step(before, "x = 2, y = 3 or x = 3, y = 3", unknown="x, y").refuted
    assert isinstance(read_line("x = 2, y = 3 or x = 3, z = 2", NONE), Verdict)


@pytest.mark.parametrize("text", [r"\frac{d}{dx} (x^2+1)^3", r"\frac{d}{dx}\left(x^2+1\right)^3", "d/dx (x^2 + 1)^3"])
def test_a_power_behind_the_sign_of_a_derivative_is_differentiated(text: str) -> None:
    assert verify_step(text, "6x*(x^2 + 1)^2").verified
    assert verify_step(text, "3*(x^2 + 1)^2").refuted
    assert verify_step(r"\left(\frac{d}{dx} x^2\right)^3", "8x^3").verified


@pytest.mark.parametrize("text", [r"\frac{d}{dx} (x+1)^2 (x-1)", "d/dx(x+1)^2 (x-1)", r"\frac{d}{dx} (x+1)^2 x"])
def test_what_is_differentiated_must_be_clear(text: str) -> None:
    verdict = verify_step(text, "x")
    assert verdict.status is Status.UNPARSED
    assert "put all of it in brackets" in verdict.reason


def test_lines_that_wave_for_ever_are_compared_by_their_sides() -> None:
    assert verify_step("sin(2x) = sin(x)", "2*sin(x)*cos(x) = sin(x)").rigorous
    assert verify_step("sin(2x) = sin(x)", "sin(x) = 2*sin(x)*cos(x)").verified
    assert verify_step("sin(2x) = sin(x)", "sin(x)*cos(x) = sin(x)").refuted
    assert not verify_step("sin(x) > sin(2x)", "sin(x) < 2*sin(x)*cos(x)").verified


@pytest.mark.parametrize("text", ["2, 3", "x = 2,", ", x = 2", "x = 1; y = 2, z = 3", "f(1, 2) = 3", "(x = 2, y = 1"])
def test_other_commas_are_not_read(text: str) -> None:
    verdict = read_line(text, NONE)
    assert isinstance(verdict, Verdict)
    assert verdict.status is Status.UNPARSED


@pytest.mark.parametrize(
    ("before", "after", "relation"),
    [
        (r"2x \equiv 6 \pmod 8", r"x \equiv 3 \pmod 4", Relation.EQUIVALENT),
        (r"2x \equiv 6 \pmod 8", r"x \equiv 3 \pmod 8", Relation.IMPLIED_BY),
        ("x ≡ 3 (mod 4)", "x ≡ 1 (mod 2)", Relation.IMPLIES),
        ("x ≡ 3 (mod 4)", "x ≡ 2 (mod 4)", Relation.NONE),
        ("3x ≡ 1 (mod 7)", "x ≡ 5 (mod 7)", Relation.EQUIVALENT),
        ("x^2 ≡ 1 (mod 8)", "x ≡ 1 (mod 2)", Relation.EQUIVALENT),
        ("x ≡ 3 (mod 7)", "x = 7k + 3", Relation.EQUIVALENT),
        ("x^2 ≡ 2 (mod 3)", "no solution", Relation.EQUIVALENT),
        ("x^2 ≡ 2 (mod 3)", "x^2 ≡ 3 (mod 4)", Relation.VACUOUS),
        (r"7^2 \equiv 49 \equiv 4 \pmod 5", r"7^{100} \equiv 4^{50} \equiv 1 \pmod 5", Relation.EQUIVALENT),
        ("7 ≡ 2 (mod 5)", "7 ≡ 3 (mod 5)", Relation.IMPLIED_BY),
        ("x + y ≡ 0 (mod 5)", "x ≡ -y (mod 5)", Relation.EQUIVALENT),
    ],
)
def test_congruences(before: str, after: str, relation: Relation) -> None:
    verdict = verify_step(before, after)
    assert verdict.relation is relation, verdict
    assert verdict.verified is (relation is Relation.EQUIVALENT)
    assert verdict.rigorous
    assert verdict.reason


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("x ≡ 3 (mod 7)", "x = 3", Status.UNDECIDED),
        ("x ≡ 3 (mod 999999937)", "x ≡ 3 (mod 7)", Status.UNDECIDED),
        ("2^x ≡ 3 (mod 7)", "2^x ≡ 3 (mod 7)", Status.UNDECIDED),
        ("x ≡ 3 (mod 7)", "x ≡ 3 (mod 0)", Status.UNPARSED),
        ("x ≡ 3 (mod 7)", "x ≡ (mod 7)", Status.UNPARSED),
    ],
)
def test_congruences_that_nobody_can_tell(before: str, after: str, status: Status) -> None:
    assert verify_step(before, after).status is status


@given(st.integers(2, 30), st.integers(-40, 40), st.integers(-40, 40), st.integers(1, 9))
@settings(max_examples=40)
def test_congruences_may_be_multiplied_with_their_modulus(modulus: int, left: int, right: int, factor: int) -> None:
    before = f"x + ({left}) ≡ {right} (mod {modulus})"
    assert verify_step(before, f"{factor}x ≡ {factor}*({right - left}) (mod {factor * modulus})").verified
    assert verify_step(before, f"x ≡ {right - left + 1} (mod {modulus})").refuted


def test_what_is_worked_out() -> None:
    lines = [r"\lim_{x\to 1}\frac{x^2-1}{x-1}", r"\lim_{x\to 1}(x+1)", "2", "3"]
    assert [verdict.verified for verdict in verify_derivation(lines)] == [True, True, False]
    assert verify_step(r"\sum_{k=1}^{\infty} \frac{1}{2^k}", "1").verified
    assert verify_step(r"\lfloor 7/2 \rfloor", "3").verified
    assert verify_step(r"\lim_{x\to 0}\sin\frac1x", "0").status is Status.UNPARSED


def test_constants_that_are_declared_as_symbols_are_not_worked_out() -> None:
    assert verify_step("limit(e*x/x, x, 0)", "e", symbols=["e"]).status is Status.UNPARSED


def test_chains_in_latex() -> None:
    chain = r"\int_0^1 x^2 dx = \left[\frac{x^3}{3}\right]_0^1 = \frac13 = \frac12"
    assert [verdict.verified for verdict in verify_chain(chain)] == [True, True, False]
    chain = r"\sum_{k=1}^{3} k^2 &= 1+4+9 \\" + "\n" + r"&= 14 \\"
    assert [verdict.verified for verdict in verify_chain(chain)] == [True, True]
