"""The printer: every tree prints as text that reads back as the same tree, with no bracket too many."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.symbolic.syntax.expression import (
    Expr,
    add,
    call,
    const,
    div,
    mul,
    neg,
    num,
    power,
    rebuild,
    sub,
    sym,
)
from reasoning_envs.symbolic.syntax.latex import to_latex
from reasoning_envs.symbolic.syntax.parser import parse_expression, parse_line
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    COMPARISONS,
    NO_SOLUTION,
    Comparison,
    Line,
    Statement,
    conjunction,
    disjunction,
)
from reasoning_envs.symbolic.syntax.tokens import FUNCTIONS

a, b, c, x, y = (sym(name) for name in "abcxy")

NUMBERS = st.one_of(
    st.integers(-3, 12), st.integers(-(10**12), 10**12), st.fractions(max_denominator=30, min_value=-9, max_value=9)
).map(num)
LEAVES = st.one_of(
    NUMBERS,
    st.sampled_from("abcdfxyzABθ").map(sym),
    st.sampled_from(["x_1", "v_max"]).map(sym),
    st.sampled_from(["pi", "e", "i", "inf"]).map(const),
)


def _grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    several = st.lists(inner, min_size=2, max_size=4)
    return st.one_of(
        several.map(lambda args: add(*args)),
        several.map(lambda args: mul(*args)),
        st.builds(div, inner, inner),
        st.builds(power, inner, inner),
        inner.map(neg),
        st.sampled_from(sorted(FUNCTIONS)).flatmap(
            lambda name: st.tuples(*[inner] * FUNCTIONS[name][1]).map(lambda args: call(name, *args))
        ),
    )


TREES = st.recursive(LEAVES, _grow, max_leaves=8)
STATEMENTS: st.SearchStrategy[Statement] = st.recursive(
    st.builds(Comparison, st.sampled_from(COMPARISONS), st.recursive(LEAVES, _grow, max_leaves=2), LEAVES),
    lambda inner: st.builds(
        lambda joint, parts: joint(*parts),
        st.sampled_from([conjunction, disjunction]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=4,
)
LINES: st.SearchStrategy[Line] = st.one_of(TREES, STATEMENTS, st.sampled_from([ALL_REALS, NO_SOLUTION]))


@settings(max_examples=500)
@given(LINES)
def test_every_line_reads_back(line: Line) -> None:
    text = to_text(line)
    assert parse_line(text) == line
    assert text.isprintable()


@settings(max_examples=100)
@given(LINES, LINES)
def test_different_lines_print_differently(first: Line, second: Line) -> None:
    assert (to_text(first) == to_text(second)) == (first == second)
    assert (to_latex(first) == to_latex(second)) == (first == second)


@settings(max_examples=150)
@given(TREES)
def test_brackets_that_are_printed_matter(tree: Expr) -> None:
    """Each sub-expression, put where it stands by text alone, is that sub-expression."""
    assert str(tree) == to_text(tree)
    if tree.op in FUNCTIONS and tree.op not in ("abs", "factorial"):
        inner = ", ".join([to_text(arg) for arg in tree.args])
        assert to_text(tree) == f"{tree.op}({inner})"
    if tree.args:
        assert rebuild(tree.op, tree.args) == tree
        assert all(parse_expression(to_text(arg)) == arg for arg in tree.args)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (add(x, num(-3)), "x - 3"),
        (sub(x, add(b, c)), "x - (b + c)"),
        (add(x, neg(y)), "x - y"),
        (add(neg(x), y), "-x + y"),
        (add(a, mul(num(-3), x)), "a - 3*x"),
        (add(a, num(Fraction(-3, 4))), "a - 3/4"),
        (neg(add(a, b)), "-(a + b)"),
        (neg(div(x, num(2))), "-x/2"),
        (div(neg(x), num(2)), "(-x)/2"),
        (mul(num(-1), x), "-1*x"),
        (neg(x), "-x"),
        (mul(num(1), x), "1*x"),
        (neg(mul(x, y)), "-x*y"),
        (mul(neg(x), y), "(-x)*y"),
        (mul(x, neg(y)), "x*(-y)"),
        (mul(num(2), add(x, num(1))), "2*(x + 1)"),
        (mul(num(Fraction(1, 2)), x), "1/2*x"),
        (mul(x, num(Fraction(1, 2))), "x*(1/2)"),
        (mul(num(Fraction(-1, 2)), x), "-1/2*x"),
        (mul(x, num(-3)), "x*(-3)"),
        (mul(div(x, y), a), "(x/y)*a"),
        (mul(a, div(x, y)), "a*(x/y)"),
        (div(mul(a, b), c), "a*b/c"),
        (div(mul(num(-3), x), c), "(-3*x)/c"),
        (div(a, mul(b, c)), "a/(b*c)"),
        (div(div(a, b), c), "(a/b)/c"),
        (div(a, power(b, num(2))), "a/b^2"),
        (div(num(6), num(4)), "6/4"),
        (div(num(-6), num(4)), "(-6)/4"),
        (neg(div(num(6), num(4))), "-6/4"),
        (div(num(3), num(-2)), "3/(-2)"),
        (div(num(Fraction(1, 2)), x), "(1/2)/x"),
        (num(Fraction(-7, 2)), "-7/2"),
        (power(num(-3), num(2)), "(-3)^2"),
        (neg(power(num(3), num(2))), "-3^2"),
        (power(num(Fraction(1, 2)), x), "(1/2)^x"),
        (power(x, num(Fraction(1, 2))), "x^(1/2)"),
        (power(x, num(-1)), "x^(-1)"),
        (power(power(a, b), c), "(a^b)^c"),
        (power(a, power(b, c)), "a^(b^c)"),
        (power(mul(a, b), c), "(a*b)^c"),
        (power(call("sin", x), num(2)), "sin(x)^2"),
        (call("factorial", x), "x!"),
        (call("factorial", call("factorial", x)), "(x!)!"),
        (power(call("factorial", x), num(2)), "(x!)^2"),
        (call("factorial", neg(x)), "(-x)!"),
        (call("abs", add(x, num(-3))), "|x - 3|"),
        (call("abs", mul(num(2), call("abs", x))), "|2*|x||"),
        (call("log", x, num(2)), "log(x, 2)"),
        (call("root", x, num(3)), "root(x, 3)"),
        (mul(num(2), const("pi"), sym("r")), "2*pi*r"),
    ],
)
def test_text_of_a_tree(tree: Expr, text: str) -> None:
    assert to_text(tree) == text
    assert parse_expression(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        "2*x + 3 = 7*(x - 1)",
        "x = 2 or x = 3",
        "(x = 2 or x = 3) and x >= 0",
        "(x = 2 and y = 3) or x < y",
        "x + 3 = (x - 3)^2 and x >= 3",
        "x != 3",
        "no solution",
        "all reals",
        "x = (-b + sqrt(b^2 - 4*a*c))/(2*a)",
        "(2*x - 1)/(x + 3) - 1/x = 5/(x*(x + 3))",
    ],
)
def test_lines_that_print_as_they_were_typed(text: str) -> None:
    assert to_text(parse_line(text)) == text


@pytest.mark.parametrize("names", [("e", "i"), ("speed", "pi"), ("x1",)])
def test_declared_names_read_back_when_declared_again(names: tuple[str, ...]) -> None:
    tree = add(*[power(sym(name), num(2)) for name in names], x)
    assert parse_expression(to_text(tree), symbols=names) == tree
