"""Equality of expressions: what is equal, what is not, where, and how certain that is."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.symbolic.equality.equivalence import equivalent, exact_value, is_zero, rational_form, sign_of
from reasoning_envs.symbolic.syntax.expression import Expr, add, div, mul, neg, num, power, sub, sym
from reasoning_envs.symbolic.syntax.parser import parse_expression, parse_statement
from reasoning_envs.symbolic.syntax.statement import Comparison
from reasoning_envs.types import Status

EQUAL = [
    # left, right, proved, conditions
    ("x + 1", "1 + x", True, ()),
    ("(x + 1)^2", "x^2 + 2x + 1", True, ()),
    ("(a + b)(a - b)", "a^2 - b^2", True, ()),
    ("(x^2 - 1)/(x - 1)", "x + 1", True, ("x != 1",)),
    ("x/x", "1", True, ("x != 0",)),
    ("x^0", "1", True, ("x != 0",)),
    ("a/b + c/d", "(a*d + b*c)/(b*d)", True, ()),
    ("1/(1/x)", "x", True, ("x != 0",)),
    ("1/2 + 1/3", "5/6", True, ()),
    ("0.125", "1/8", True, ()),
    ("sqrt(8)", "2*sqrt(2)", True, ()),
    ("sqrt(2)*sqrt(3)", "sqrt(6)", True, ()),
    ("1/sqrt(2)", "sqrt(2)/2", True, ()),
    ("sqrt(12) + sqrt(27)", "5*sqrt(3)", True, ()),
    ("((1 + sqrt(5))/2)^2", "(1 + sqrt(5))/2 + 1", True, ()),
    ("sqrt(3 + 2*sqrt(2))", "1 + sqrt(2)", True, ()),
    ("sqrt(2 + sqrt(3))", "(sqrt(6) + sqrt(2))/2", True, ()),
    ("root(7 + 5*sqrt(2), 3)", "1 + sqrt(2)", True, ()),
    ("root(2, 3)*root(4, 3)", "2", True, ()),
    ("root(-8, 3)", "-2", True, ()),
    ("(-8)^(1/3)", "-2", True, ()),
    ("8^(2/3)", "4", True, ()),
    ("ln(8)", "3*ln(2)", True, ()),
    ("ln(12)", "2*ln(2) + ln(3)", True, ()),
    ("log(8, 2)", "3", True, ()),
    ("ln(e^3)", "3", True, ()),
    ("e^(ln(5))", "5", True, ()),
    ("sqrt(x^2)", "|x|", True, ()),
    ("|x|^2", "x^2", True, ()),
    ("|x*y|", "|x|*|y|", True, ()),
    ("|-3x + 6|", "3*|x - 2|", True, ()),
    ("sqrt(4x + 4)", "2*sqrt(x + 1)", True, ()),
    ("sqrt(x)^2", "x", True, ("x >= 0",)),
    ("e^(x + y)", "e^x*e^y", True, ()),
    ("2^(x + 1)", "2*2^x", True, ()),
    ("4^x", "(2^x)^2", True, ()),
    ("6^x", "2^x*3^x", True, ()),
    ("6^(-1/x)", "1/(2^(1/x)*3^(1/x))", True, ()),
    ("e^(-x)", "1/e^x", True, ()),
    ("x^(n + 1)", "x*x^n", True, ()),
    ("e^(ln(x))", "x", True, ("x > 0",)),
    ("ln(x^2)", "2*ln(x)", False, ("x > 0",)),
    ("sin(x)^2 + cos(x)^2", "1", True, ()),
    ("tan(x)", "sin(x)/cos(x)", True, ()),
    ("sin(-x)", "-sin(x)", True, ()),
    ("sin(2x)", "2*sin(x)*cos(x)", True, ()),
    ("sinh(-x)", "-sinh(x)", True, ()),
    ("cosh(x)^2 - sinh(x)^2", "1", True, ()),
    ("sin(pi/6)", "1/2", True, ()),
    ("(n + 2)!/n!", "(n + 2)(n + 1)", True, None),
    ("5!", "120", True, ()),
    ("(2 + 3i)(2 - 3i)", "13", True, ()),
    ("i^2", "-1", True, ()),
    ("e^(i*pi)", "-1", True, ()),
    ("x^x", "x^x", True, ()),
]

DIFFERENT = [
    ("(x + 1)^2", "x^2 + 1", "x = -1"),
    ("x", "y", "x = -1, y = 2"),
    ("sqrt(x^2)", "x", "x = -1"),
    ("|x + y|", "|x| + |y|", None),
    ("sqrt(x + y)", "sqrt(x) + sqrt(y)", None),
    ("ln(x + y)", "ln(x) + ln(y)", None),
    ("1/2^99", "1/2^98", None),
    ("sqrt(x) + 1/2^3000", "sqrt(x)", None),
    ("2^(1/2)", "1.41421356237309504880168872420969807857", None),
    ("pi", "22/7", None),
    ("e^pi", "pi^e", None),
    ("sqrt(2) + sqrt(3)", "sqrt(5)", None),
    ("|1 + 2i|^2", "(1 + 2i)^2", None),
    ("2^x", "x^2", None),
    ("1/0", "1/0", None),
    ("1/0", "5", None),
    ("1/(x - x)", "1", None),
    ("ln(-1)", "0", None),
    ("sqrt(-4)", "2", None),
    ("0^0", "1", None),
]


@pytest.mark.parametrize(("left", "right", "proved", "conditions"), EQUAL)
def test_equal(left: str, right: str, proved: bool, conditions: tuple[str, ...] | None) -> None:
    for first, second in ((left, right), (right, left)):
        verdict = equivalent(parse_expression(first), parse_expression(second))
        assert verdict.verified, verdict
        assert verdict.rigorous is proved, verdict.method
        if conditions is not None:
            assert verdict.conditions == conditions


@pytest.mark.parametrize(("left", "right", "witness"), DIFFERENT)
def test_different(left: str, right: str, witness: str | None) -> None:
    for first, second in ((left, right), (right, left)):
        verdict = equivalent(parse_expression(first), parse_expression(second))
        assert (verdict.status, verdict.rigorous) == (Status.REFUTED, True), verdict
        assert verdict.reason
    if witness is not None:
        assert equivalent(parse_expression(left), parse_expression(right)).witness == witness


def test_one_low_coefficient_of_a_high_power() -> None:
    long = add(*[mul(num(c), power(sym("x"), num(i))) for i, c in enumerate(_binomials(60)) if i > 1], num(1))
    right = add(long, mul(num(60), sym("x")))
    wrong = add(long, mul(num(61), sym("x")))
    whole = parse_expression("(x + 1)^60")
    assert equivalent(whole, right).verified
    verdict = equivalent(whole, wrong)
    assert (verdict.status, verdict.rigorous) == (Status.REFUTED, True)
    root = parse_expression("sqrt(y)")
    assert equivalent(add(whole, root), add(right, root)).verified
    assert equivalent(add(whole, root), add(wrong, root)).refuted


def _binomials(n: int) -> list[int]:
    row = [1]
    for k in range(n):
        row.append(row[-1] * (n - k) // (k + 1))
    return row


@pytest.mark.parametrize(
    ("left", "right", "real", "positive", "complex_"),
    [
        ("sqrt(x^2)", "x", False, True, False),
        ("ln(x*y)", "ln(x) + ln(y)", True, True, False),
        ("sqrt(x*y)", "sqrt(x)*sqrt(y)", True, True, False),
        ("|x|", "x", False, True, False),
        ("x^(1/3)", "root(x, 3)", True, True, True),
        ("sin(2x)", "2*sin(x)*cos(x)", True, True, True),
        ("e^(x + y)", "e^x*e^y", True, True, True),
        ("(x + 1)^2", "x^2 + 2x + 1", True, True, True),
    ],
)
def test_number_domains_matter(left: str, right: str, real: bool, positive: bool, complex_: bool) -> None:
    for over, expected in (("real", real), ("positive", positive), ("complex", complex_)):
        assert equivalent(parse_expression(left), parse_expression(right), over=over).verified is expected, over


def test_given_conditions() -> None:
    def given_(text: str) -> list[Comparison]:
        statement = parse_statement(text)
        assert isinstance(statement, Comparison)
        return [statement]

    bars, plain = parse_expression("|x|"), parse_expression("x")
    assert equivalent(bars, plain, given=given_("x >= 0")).verified
    assert equivalent(bars, plain, given=given_("x <= 1")).refuted
    assert equivalent(parse_expression("a + b"), parse_expression("3b"), given=given_("a = 2b")).verified
    assert equivalent(parse_expression("a + b"), parse_expression("3b"), given=given_("a = b")).refuted
    nowhere = equivalent(bars, plain, given=given_("x^2 < -1"))
    assert nowhere.status is Status.UNDECIDED


def test_too_large_to_expand_is_compared_by_residues() -> None:
    big = "(x + 1)^400*(x + 2)^400"
    left, right = parse_expression(f"{big}*(x + 2)"), parse_expression(f"x*{big} + 2*{big}")
    verdict = equivalent(left, right)
    assert (verdict.status, verdict.method, verdict.rigorous) == (Status.VERIFIED, "residues", False)
    verdict = equivalent(left, parse_expression(f"x*{big} + {big}"))
    assert (verdict.status, verdict.method, verdict.rigorous) == (Status.REFUTED, "residues", True)


def test_unsafe_and_bad_arguments() -> None:
    assert equivalent(parse_expression("9^9^9^9"), parse_expression("1")).status is Status.UNSAFE
    with pytest.raises(ValueError, match="real, positive, complex"):
        equivalent(num(1), num(1), over="integers")


def test_powers_of_what_cancels_are_compared_at_points() -> None:
    left = parse_expression("(ln(2x + 5) - ln(2x + 5))^2 - (ln(x) - ln(2x + 5))^2")
    verdict = equivalent(left, parse_expression("ln(2x) + ln(5) - ln(x)"), over="real")
    assert verdict.refuted
    assert verdict.method == "balls"
    assert verdict.witness is not None


def test_a_proof_from_sympy_where_points_only_agree() -> None:
    left, right = parse_expression("sin(asin(x))"), parse_expression("x")
    assert not equivalent(left, right).rigorous
    proved = equivalent(left, right, prove=True)
    assert (proved.status, proved.method, proved.rigorous) == (Status.VERIFIED, "sympy", True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/2 + 1/3", Fraction(5, 6)),
        ("sqrt(2)*sqrt(8)", Fraction(4)),
        ("ln(8)/ln(2)", Fraction(3)),
        ("(1 + sqrt(2))(1 - sqrt(2))", Fraction(-1)),
        ("sqrt(2)", None),
        ("1/0", None),
        ("x - x", None),
        ("9^9^9^9", None),
    ],
)
def test_exact_value(text: str, value: Fraction | None) -> None:
    assert exact_value(parse_expression(text)) == value


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("3/7", 1),
        ("sqrt(2) - 3/2", -1),
        ("e^pi - pi^e", 1),
        ("sqrt(2) + sqrt(3) - sqrt(5 + 2*sqrt(6))", 0),
        ("ln(8) - 3*ln(2)", 0),
        ("10^(-300)", 1),
        ("sqrt(-1)", None),
        ("1/0", None),
        ("x", None),
        ("9^9^9^9", None),
    ],
)
def test_sign_of(text: str, sign: int | None) -> None:
    assert sign_of(parse_expression(text)) == sign


def test_is_zero_and_rational_form() -> None:
    assert is_zero(parse_expression("(x + 1)^2 - x^2 - 2x - 1")) is True
    assert is_zero(parse_expression("x - 1")) is False
    assert is_zero(parse_expression("1/0")) is False
    top, down = rational_form(parse_expression("(2x^2 - 2)/(4x - 4)"))
    assert (str(top), str(down)) == ("1/2*x + 1/2", "1")
    top, down = rational_form(parse_expression("1/x + 1/a"))
    assert equivalent(div(top, down), parse_expression("(a + x)/(a*x)")).verified
    assert (top.op, down.op) == ("add", "mul")


# ---- properties ----

leaves = st.one_of(
    st.sampled_from([sym("x"), sym("y"), sym("a")]),
    st.fractions(-4, 4, max_denominator=5).map(num),
)


def _nodes(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        st.tuples(children, children).map(lambda pair: add(*pair)),
        st.tuples(children, children).map(lambda pair: mul(*pair)),
        st.tuples(children, children).map(lambda pair: div(*pair)),
        children.map(neg),
        st.tuples(children, st.integers(1, 3)).map(lambda pair: power(pair[0], num(pair[1]))),
    )


expressions = st.recursive(leaves, _nodes, max_leaves=8)


@given(expressions, expressions)
@settings(max_examples=100)
def test_rewriting_keeps_the_value(left: Expr, right: Expr) -> None:
    """The laws of a commutative ring, wherever the two sides are defined."""
    rewrites = [
        (add(left, right), add(right, left)),
        (mul(left, right), mul(right, left)),
        (sub(left, left), num(0)),
        (mul(left, add(right, num(1))), add(mul(left, right), left)),
        (power(add(left, right), num(2)), add(power(left, num(2)), mul(num(2), left, right), power(right, num(2)))),
    ]
    for first, second in rewrites:
        verdict = equivalent(first, second)
        assert verdict.verified or "undefined" in verdict.reason, (str(first), str(second), verdict)


@given(expressions, expressions)
@settings(max_examples=100)
def test_the_order_of_the_two_does_not_matter(left: Expr, right: Expr) -> None:
    one, other = equivalent(left, right), equivalent(right, left)
    assert (one.status, one.conditions) == (other.status, other.conditions)


@given(expressions, st.fractions(-3, 3, max_denominator=9).filter(bool))
@settings(max_examples=100)
def test_adding_a_number_that_is_not_0_is_seen(expr: Expr, shift: Fraction) -> None:
    verdict = equivalent(expr, add(expr, num(shift)))
    assert (verdict.status, verdict.rigorous) == (Status.REFUTED, True)
