"""Differentiation of trees, and derivatives, integrals and substitutions that are not worked out."""

from __future__ import annotations

import pickle

import pytest
from flint import arb
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reasoning_envs.symbolic.calculus.differentiation import (
    NotDifferentiableError,
    derivative,
    differentiate,
    holds_calculus,
    integral,
    operands,
    where,
    worked_out,
)
from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.equality.rings import from_rational
from reasoning_envs.symbolic.syntax.bounds import UnsafeExpressionError
from reasoning_envs.symbolic.syntax.expression import Expr, add, bind, call, div, mul, neg, num, power, substitute, sym
from reasoning_envs.symbolic.syntax.latex import to_latex
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_expression
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.tokens import BINDERS, FUNCTIONS, TOKEN_NAMES
from reasoning_envs.symbolic.values.balls import Unclear, Undefined, precision
from reasoning_envs.symbolic.values.enclosures import value_at

x = sym("x")


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("7", "0"),
        ("a^2", "0"),
        ("x", "1"),
        ("x^5", "5*x^4"),
        ("x^(-2)", "-2/x^3"),
        ("x^(1/3)", "x^(-2/3)/3"),
        ("x^a", "a*x^(a - 1)"),
        ("2^x", "2^x*ln(2)"),
        ("e^(3*x)", "3*e^(3*x)"),
        ("x^x", "x^x*(ln(x) + 1)"),
        ("3*x^2 - x + 5", "6*x - 1"),
        ("x*sin(x)*exp(x)", "sin(x)*exp(x) + x*cos(x)*exp(x) + x*sin(x)*exp(x)"),
        ("(x + 1)/(x - 1)", "-2/(x - 1)^2"),
        ("5/x", "-5/x^2"),
        ("x/a", "1/a"),
        ("-cos(2*x)", "2*sin(2*x)"),
        ("tan(x)", "1 + tan(x)^2"),
        ("asin(x)", "1/sqrt(1 - x^2)"),
        ("acos(x)", "-1/sqrt(1 - x^2)"),
        ("atan(x/2)", "2/(4 + x^2)"),
        ("sinh(x)*cosh(x)", "cosh(x)^2 + sinh(x)^2"),
        ("tanh(x)", "1 - tanh(x)^2"),
        ("sqrt(x^2 + 1)", "x/sqrt(x^2 + 1)"),
        ("root(x, 3)", "1/(3*root(x, 3)^2)"),
        ("|x^2 - 4|", "2*x*(x^2 - 4)/|x^2 - 4|"),
        ("ln(x^2 + 1)", "2*x/(x^2 + 1)"),
        ("log(x, 10)", "1/(x*ln(10))"),
        ("log(2, x)", "-ln(2)/(x*ln(x)^2)"),
        ("sin(cos(x))", "-sin(x)*cos(cos(x))"),
    ],
)
def test_derivatives(text: str, rate: str) -> None:
    assert equivalent(differentiate(parse_expression(text), "x"), parse_expression(rate)).verified


def test_every_function_of_the_vocabulary_has_a_derivative_but_the_factorial() -> None:
    for name, (_, arity) in FUNCTIONS.items():
        tree = call(name, x) if arity == 1 else call(name, x, num(3))
        if name == "factorial":
            with pytest.raises(NotDifferentiableError, match="no rule gives the derivative of x!"):
                differentiate(tree, "x")
        else:
            assert not holds_calculus(differentiate(tree, "x"))


LEAVES = st.one_of(st.just(x), st.integers(-4, 6).map(num), st.fractions(min_value=-2, max_value=2).map(num))


def _grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        st.builds(add, inner, inner),
        st.builds(mul, inner, inner),
        st.builds(div, inner, inner),
        inner.map(neg),
        st.builds(power, inner, st.integers(-3, 4).map(num)),
        st.sampled_from(["sqrt", "abs", "exp", "ln", "sin", "cos", "tan", "atan", "sinh", "tanh"]).flatmap(
            lambda name: inner.map(lambda arg: call(name, arg))
        ),
    )


@settings(max_examples=150)
@given(st.recursive(LEAVES, _grow, max_leaves=6), st.integers(-9, 9))
def test_the_derivative_is_the_limit_of_difference_quotients(tree: Expr, numerator: int) -> None:
    """At a point, with 600 bits: the central quotient at h = 2^-150 agrees to many digits wherever it is defined."""
    with precision(600):
        h = arb(2) ** -150
        at = arb(numerator * 2 + 1) / 7
        try:
            ahead, behind = (value_at(tree, {"x": at + side * h}) for side in (1, -1))
            quotient = (arb(ahead) - arb(behind)) / (2 * h)
            rate = value_at(differentiate(tree, "x"), {"x": at})
        except (Undefined, Unclear, UnsafeExpressionError):
            assume(False)
        size = 1 + abs(arb(rate)) + abs(arb(ahead))  # of exp(231) few of the digits are left
        assume(size < 1e30)
        assert abs(quotient - arb(rate)) < size * arb(2) ** -120


# -- binders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("d/dx(x^2)", "d/dx(x^2)"),
        ("d/dt[t^2]", "d/dt(t^2)"),
        ("d/dx_1 (x_1)", "d/dx_1(x_1)"),
        ("derivative(x^2, x)", "d/dx(x^2)"),
        ("2d/dx(x)x", "2*d/dx(x)*x"),
        ("x^d/dx(x)", "x^(d/dx(x))"),
        ("1/(d/dx(x))", "1/(d/dx(x))"),
        ("d/dx(sin x)^2", "d/dx(sin(x)^2)"),
        ("(d/dx(sin x))^2", "(d/dx(sin(x)))^2"),
        ("integral(2x, x)", "integral(2*x, x)"),
        ("where(integral(cos(u), u), u, x^2)", "where(integral(cos(u), u), u, x^2)"),
        ("d/dx(d/dx(x^3))", "d/dx(d/dx(x^3))"),
    ],
)
def test_binders_are_read_and_printed(text: str, printed: str) -> None:
    tree = parse_expression(text)
    assert to_text(tree) == printed
    assert parse_expression(printed) == tree
    assert pickle.loads(pickle.dumps(tree)) == tree  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("integral(x, 2)", "the second operand of integral is a letter, not 2"),
        ("integral(x)", "integral takes 2 argument(s), not 1"),
        ("where(x, x + 1, 2)", "the second operand of where is a letter, not x + 1"),
        ("d/de(x)", "'e' is a constant"),
        ("d/dx(x, y)", "a derivative is of one expression"),
        ("d/dx()", "')' where a number, a letter or a bracket is expected"),
    ],
)
def test_what_no_binder_says_why(text: str, reason: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_expression(text)
    assert reason in caught.value.reason


def test_where_d_is_declared_a_quotient_stays_a_quotient() -> None:
    assert to_text(parse_expression("d/dx(x)", symbols=["d"])) == "(d/d)*x*x"
    assert to_text(parse_expression("d/dx")) == "(d/d)*x"


def test_latex_of_binders() -> None:
    assert to_latex(derivative(power(x, num(2)), "x")) == r"\frac{d}{dx}\left(x^{2}\right)"
    assert to_latex(integral(x, "x")) == r"\left(\int x \, dx\right)"
    assert to_latex(where(integral(sym("u"), "u"), "u", power(x, num(2)))) == (
        r"\left. \left(\int u \, du\right) \right|_{u = x^{2}}"
    )


def test_no_name_of_a_symbol_holds_the_byte_of_a_binder() -> None:
    heads = [head for head, _ in BINDERS.values()]
    assert [TOKEN_NAMES[head[0]] for head in heads] == list(BINDERS)
    named = add(*[sym(name) for name in ("x", "θ", "Ω", "speed", "ÿ")])
    assert not any(head in named.tokens for head in heads)
    assert not holds_calculus(named)


def test_a_binder_takes_a_letter_and_the_right_number_of_operands() -> None:
    with pytest.raises(ValueError, match="takes 3 operands, got 2"):
        bind("where", x, x)
    with pytest.raises(ValueError, match="is a letter"):
        bind("integral", x, num(2))
    with pytest.raises(KeyError):
        bind("limit", x, x)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("d/dx(x^2)", {"x": sym("t")}, "d/dt(t^2)"),
        ("d/dx(x^2)", {"x": num(3)}, "where(d/dx(x^2), x, 3)"),
        ("where(u^2, u, x)", {"u": num(3)}, "where(u^2, u, x)"),
        ("where(u^2, u, x)", {"x": num(3)}, "where(u^2, u, 3)"),
        ("integral(a*x, x)", {"a": num(3)}, "integral(3*x, x)"),
    ],
)
def test_substituting_respects_what_is_bound(text: str, values: dict[str, Expr], expected: str) -> None:
    assert to_text(substitute(parse_expression(text), values)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d/dx(x^3) + 1", "3*x^2 + 1"),
        ("d/dx(d/dx(x^3))", "6*x"),
        ("d/dx(integral(sin(x^2), x))", "sin(x^2)"),
        ("d/da(integral(a*x, x))", "integral(x, x)"),
        ("where(u^2 + u, u, x + 1)", "(x + 1)^2 + x + 1"),
        ("where(d/du(u^2), u, x^2)", "2*x^2"),
        ("d/dx(where(integral(cos(u), u), u, x^2))", "2*x*cos(x^2)"),
        ("d/dx(where(a*x*u, u, x))", "a*x + a*x"),
    ],
)
def test_working_out(text: str, expected: str) -> None:
    assert equivalent(worked_out(parse_expression(text)), worked_out(parse_expression(expected))).verified


def test_operands_are_what_must_be_defined() -> None:
    line = parse_expression("d/dx(ln(x)) + where(integral(1/u, u), u, x^2) + x")
    assert [to_text(part) for part in operands(line)] == ["ln(x)", "1/x^2"]


def test_a_derivative_that_would_be_huge_is_refused_before_it_is_worked_out() -> None:
    tree = parse_expression("sin(x)*exp(x)*ln(x)")
    for _ in range(20):
        tree = derivative(tree, "x")
    with pytest.raises(UnsafeExpressionError):
        worked_out(tree)


def test_what_is_not_worked_out_has_no_value() -> None:
    with precision(64), pytest.raises(Undefined):
        value_at(where(x, "x", num(1)), {"x": from_rational(1)})
