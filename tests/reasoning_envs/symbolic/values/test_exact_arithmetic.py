"""The pieces that equality and steps are decided with: forms, canonical kernels, values, points, scans, conditions."""

from __future__ import annotations

import multiprocessing
import threading
from fractions import Fraction

import pytest
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.symbolic.equality.canonical import canonical, normal_form
from reasoning_envs.symbolic.equality.conditions import condition_texts, definedness
from reasoning_envs.symbolic.equality.forms import TooLarge, UndefinedForm, form, ring_of
from reasoning_envs.symbolic.equality.rings import fraction_to_expr, is_rational
from reasoning_envs.symbolic.roots.closed_forms import zeros_in_closed_form
from reasoning_envs.symbolic.roots.points import polynomial_points, univariate
from reasoning_envs.symbolic.roots.scan import zeros_by_scan
from reasoning_envs.symbolic.steps.cells import compare_on_cells
from reasoning_envs.symbolic.syntax.expression import Expr, add, mul, num, power, sub, sym
from reasoning_envs.symbolic.syntax.parser import parse_expression, parse_statement
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision, sign, whole_power
from reasoning_envs.symbolic.values.enclosures import value_at
from reasoning_envs.symbolic.values.evaluation import enclosure
from reasoning_envs.symbolic.values.residues import prime_from, residue, same_residues


def parse(text: str) -> Expr:
    return parse_expression(text)


# ---- forms ----


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("(x^2 - 1)/(x - 1)", "x + 1"),
        ("1/x + 1/a", "(a + x)/(a*x)"),
        ("x/2 - x/3", "1/6*x"),
        ("(a - b)/(b - a)", "-1"),
        ("((x + 1)^2 - 1)/x", "x + 2"),
        ("x^-2*x^3", "x"),
        ("1/(1 + 1/x)", "x/(x + 1)"),
    ],
)
def test_lowest_terms(text: str, fraction: str) -> None:
    found, _ = normal_form(parse(text))
    assert str(fraction_to_expr(*found.lowest_terms(), found.ring)) == fraction


def test_divisors_survive_cancellation() -> None:
    found, _ = normal_form(parse("x*(1/x)*(1/(x - a))*(x - a)"))
    assert found.constant() == 1
    assert len(found.divisors) == 2


@pytest.mark.parametrize(
    "text", ["1/0", "1/(x - x)", "0^-1", "1/(2/3 - 4/6)", "0^0", "1/(sqrt(8) - 2*sqrt(2))", "ln(0)"]
)
def test_what_divides_by_zero_everywhere_has_no_form(text: str) -> None:
    with pytest.raises(UndefinedForm):
        normal_form(parse(text))


def test_expansion_stops_before_it_becomes_large() -> None:
    terms = add(*[sym(name) for name in "abcdfgh"])
    huge = power(terms, num(60))
    with pytest.raises(TooLarge):
        form(huge, ring_of(huge))
    big = power(num(3), num(10**7))
    with pytest.raises(TooLarge):
        form(big, ring_of(big))


def test_a_deep_tree_is_expanded_without_recursion() -> None:
    x = sym("x")
    tree = x
    for _ in range(5000):
        tree = sub(num(1), tree)
    assert is_rational(tree)
    assert form(tree, ring_of(tree)).minus(form(x, ring_of(tree))).is_zero


@pytest.mark.parametrize(
    ("text", "canonical_text"),
    [
        ("sqrt(72)", "6*sqrt(2)"),
        ("sqrt(3/4)", "1/2*sqrt(3)"),
        ("root(54, 3)", "3*root(2, 3)"),
        ("root(4, 4)", "sqrt(2)"),
        ("ln(1/8)", "-3*ln(2)"),
        ("sqrt(x^3)", "|x|*sqrt(x)"),
        ("sqrt(2x + 2)", "sqrt(x + 1)*sqrt(2)"),
        ("|2 - 2x|", "2*|x - 1|"),
        ("|x^2 + 1|", "x^2 + 1"),
        ("e^(2x + 1)", "exp(x)^2*e"),
        ("12^x", "(2^x)^2*3^x"),
        ("cos(-3x)", "cos(3*x)"),
        ("(n + 1)!", "n!*(n + 1)"),
        ("ln(2^x)", "x*ln(2)"),
    ],
)
def test_kernels_get_a_canonical_shape(text: str, canonical_text: str) -> None:
    first, second = (canonical(parse(t)).tree for t in (text, canonical_text))
    ring = ring_of(first, second)
    assert form(first, ring).minus(form(second, ring)).is_zero
    kernels = {str(kernel) for kernel in ring_of(first).kernels}
    assert kernels == {str(kernel) for kernel in ring_of(second).kernels}


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("x + 1", ()),
        ("1/(x - 1)", ("x != 1",)),
        ("1/(x^2 + 1)", ()),
        ("1/(2x + 3)", ("x != -3/2",)),
        ("1/(a - b)", ("a - b != 0",)),
        ("sqrt(3 - x)", ("x <= 3",)),
        ("sqrt(x^2)", ()),
        ("ln(x^2)", ("x != 0",)),
        ("ln(x)", ("x > 0",)),
        ("1/sqrt(x)", ("x > 0",)),
        ("asin(x)", ("x is in [-1, 1]",)),
        ("log(2, x)", ("ln(x) != 0", "x > 0")),
        ("1/e^x", ()),
        ("x^x", ("x >= 0",)),
    ],
)
def test_definedness(text: str, conditions: tuple[str, ...]) -> None:
    assert condition_texts(definedness(parse(text))) == conditions


# ---- residues ----


def test_no_input_can_be_built_against_the_primes() -> None:
    seeds = [bytes([i]) for i in range(20)]
    primes = {prime_from(seed) for seed in seeds}
    assert len(primes) == 20
    assert all(prime.bit_length() == 61 for prime in primes)
    known = 1
    for prime in primes:
        known *= prime
    x = sym("x")
    assert same_residues(mul(num(known), x), num(0)) is False


@given(st.fractions(-9, 9, max_denominator=9), st.fractions(-9, 9, max_denominator=9))
@settings(max_examples=40)
def test_residues_are_a_homomorphism(a: Fraction, b: Fraction) -> None:
    prime, seed = prime_from(b"seed"), b"seed"
    left, right = mul(num(a), sym("x")), add(num(b), sym("y"))
    values = [residue(tree, prime, seed) for tree in (left, right, add(left, right), mul(left, right))]
    first, second, total, product = (value for value in values if value is not None)
    assert total == (first + second) % prime
    assert product == first * second % prime


# ---- values ----


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqrt(9/4)", fmpq(3, 2)),
        ("root(-27, 3)", fmpq(-3)),
        ("(-8)^(2/3)", fmpq(4)),
        ("4^(-1/2)", fmpq(1, 2)),
        ("ln(1)", fmpq(0)),
        ("e^0", fmpq(1)),
        ("cos(0)", fmpq(1)),
        ("|-7/3|", fmpq(7, 3)),
        ("5!", fmpq(120)),
    ],
)
def test_exact_values_stay_exact(text: str, value: fmpq) -> None:
    with precision(64):
        found = value_at(parse(text), {})
    assert isinstance(found, fmpq)
    assert found == value


@pytest.mark.parametrize(
    "text",
    ["1/0", "sqrt(-1)", "ln(0)", "0^0", "0^(-1)", "asin(2)", "(-1)^(1/2)", "(-1)!", "root(2, -1)", "i", "tan(pi/2)"],
)
def test_undefined_values(text: str) -> None:
    with precision(128, snap=100), pytest.raises(Undefined):
        value_at(parse(text), {})


def test_a_ball_round_zero_decides_nothing() -> None:
    with precision(128), pytest.raises(Unclear):
        value_at(parse("1/(sqrt(2)^2 - 2)"), {})
    with precision(128), pytest.raises(Unclear):
        sign(arb(0, 1))
    with precision(128, snap=100):
        assert sign(value_at(parse("sqrt(2)^2 - 2"), {})) == 0


@pytest.mark.parametrize("exponent", [1, 2, 3, 10])
def test_powers_of_a_ball_round_zero_are_finite(exponent: int) -> None:
    with precision(128):
        nothing = arb(5).log() - arb(5).log()
        assert not nothing.is_zero()
        for base in (nothing, -nothing, nothing + arb("1e-50"), arb(0, 1), arb(0)):
            found = whole_power(base, exponent)
            assert found.is_finite()
            assert found.contains(0)
        found = value_at(parse(f"(ln(x) - ln(x))^{exponent}"), {"x": fmpq(5)})
        assert found.contains(0)
        assert abs(found) < arb(2) ** -100
        assert enclosure(parse(f"(ln(5) - ln(5))^{exponent}"), 1, 128) is not None


def test_values_contain_the_truth_at_every_precision() -> None:
    tree = parse("sqrt(2)*ln(3) + e^(1/7) - 5^(1/3)")
    with precision(2000):
        fine = value_at(tree, {})
    for bits in (20, 64, 300):
        with precision(bits):
            assert value_at(tree, {}).contains(fine)


def test_powers_with_long_exponents() -> None:
    with precision(64):
        assert sign(value_at(parse("e^x"), {"x": fmpq(1, 41665225)}) - 1) == 1
        assert sign(value_at(parse("(-2)^x"), {"x": fmpq(3, 7919)})) == -1
        with pytest.raises(Undefined):
            value_at(parse("(-2)^x"), {"x": fmpq(3, 7918)})


def test_precision_is_restored_and_threads_take_turns() -> None:
    from flint import ctx

    before = ctx.prec
    wrong: list[int] = []

    def work(bits: int) -> None:
        for _ in range(200):
            with precision(bits):
                if ctx.prec != bits:
                    wrong.append(bits)

    threads = [threading.Thread(target=work, args=(bits,)) for bits in (64, 128, 256, 512)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert ctx.prec == before


def _evaluate(queue: multiprocessing.Queue[int]) -> None:
    with precision(64):
        queue.put(sign(value_at(parse("sqrt(2) - 1"), {})))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_while_another_thread_computes_does_not_hang() -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with precision(64):
            held.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue[int] = context.Queue()
    child = context.Process(target=_evaluate, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=30) == 1
    finally:
        done.set()
        child.join(30)
        thread.join(30)


# ---- roots ----


@pytest.mark.parametrize(
    ("text", "roots"),
    [
        ("2x - 3", ["x = 3/2"]),
        ("x^2 - 2", ["x = -sqrt(2)", "x = sqrt(2)"]),
        ("x^2 - x - 1", ["x = (1 - sqrt(5))/2", "x = (1 + sqrt(5))/2"]),
        ("x^2 + 1", []),
        ("(x - 1)^3*(x + 2)", ["x = -2", "x = 1"]),
        ("x^3 - x - 1", ["x ≈ 1.32472"]),
        ("7", []),
    ],
)
def test_real_roots_of_polynomials(text: str, roots: list[str]) -> None:
    found, _ = normal_form(parse(text + " + 0*x"))
    only = univariate(found.numerator, 0)
    assert only is not None
    points = sorted(polynomial_points(only), key=lambda point: float(point.ball(64).mid()))
    assert [point.text("x") for point in points] == roots


@pytest.mark.parametrize(
    ("text", "zeros"),
    [
        ("ln(ln(x)) - 5", ["x = e^(e^5)"]),
        ("2^(3x + 1) - 8", ["x = 2/3"]),
        ("e^(2x) - 3*e^x + 2", ["x = 0", "x = ln(2)"]),
        ("|2x - 3| - 5", ["x = -1", "x = 4"]),
        ("sqrt(x + 1) - 3", ["x = 8"]),
        ("sqrt(x) + 1", []),
        ("ln(2)*x - ln(3)", ["x = ln(3)/ln(2)"]),
        ("e^x + 1", []),
    ],
)
def test_zeros_in_closed_form(text: str, zeros: list[str]) -> None:
    points = zeros_in_closed_form(parse(text), "x")
    assert points is not None
    assert sorted(point.text("x") for point in points) == zeros


@pytest.mark.parametrize("text", ["x + e^x", "sin(x)", "x*ln(x) - 1", "0*x"])
def test_closed_forms_do_not_claim_what_they_cannot_reach(text: str) -> None:
    assert zeros_in_closed_form(parse(text), "x") is None


@pytest.mark.parametrize(
    ("text", "zeros"),
    [
        ("x*e^x - 1", [0.5671432904]),
        ("e^x - x - 1", [0.0]),
        ("(ln(x) - 1)^2", [2.718281828]),
        ("ln(x) - 20", [485165195.4]),
        ("x^2*(x - 1)*e^x", [0.0, 1.0]),
        ("ln(x)/x - 1/10", [1.118325592, 35.77152064]),
        ("x^2 - 4.000001*x + 4.000002", [2.0, 2.000001]),
        ("e^x", []),
        ("1/x", []),
        ("x^2 + 1/1000", []),
        ("2^x + 3^x - 5", [1.0]),
    ],
)
def test_zeros_by_scan(text: str, zeros: list[float]) -> None:
    found = sorted(float(point.ball(128).mid()) for point in zeros_by_scan(parse(text), "x").zeros)
    assert found == pytest.approx(zeros, rel=1e-8, abs=1e-12)


def test_a_scan_recognises_rational_zeros_exactly() -> None:
    (point,) = zeros_by_scan(parse("2^x + 3^x - 5"), "x").zeros
    assert point.exact == 1


def test_a_scan_looks_closely_near_edges() -> None:
    (point,) = zeros_by_scan(parse("ln(x - 5000) + x - 5000"), "x", [5000.0]).zeros
    assert float(point.ball(64).mid()) == pytest.approx(5000.5671432904)


# ---- cells ----


def test_a_factor_beside_a_close_zero_is_not_missed() -> None:
    before, after = (
        parse_statement(text) for text in ("2^(-x - 4) = 8x - 16", "2^(-x - 4)*(x - 2) = (8x - 16)(x - 2)")
    )
    found = compare_on_cells(before, after, "x")
    assert [point.text("x") for point in found.added] == ["x = 2"]
    assert not found.lost


def test_samples_lie_between_neighbours() -> None:
    close = parse_statement("(x - 1)(x - 1000000001/1000000000) = 0")
    wider = parse_statement("x >= 1 and x <= 1000000001/1000000000")
    found = compare_on_cells(close, wider, "x")
    (sample,) = found.added
    assert sample.exact is not None
    assert 1 < Fraction(int(sample.exact.p), int(sample.exact.q)) < 1 + Fraction(1, 10**9)


def test_only_positive_values_count_over_the_positive_numbers() -> None:
    before, after = parse_statement("x^2 = 4"), parse_statement("x = 2")
    assert compare_on_cells(before, after, "x").lost
    assert not compare_on_cells(before, after, "x", "positive").lost
