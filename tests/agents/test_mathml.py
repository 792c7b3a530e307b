"""Typeset lines show the tree: read back from the MathML, they are the same tree."""

from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.mathml import to_mathml
from reasoning_envs.symbolic.syntax.expression import Expr, add, call, const, div, mul, neg, num, power, sym
from reasoning_envs.symbolic.syntax.parser import parse_line
from reasoning_envs.symbolic.syntax.statement import COMPARISONS, Comparison, Line, conjunction, disjunction

_SIGNS = {"\u2212": "-", "\u22c5": "*", "\u2062": "*", "\u2061": "", "\u2260": "!=", "\u2264": "<=", "\u2265": ">="}
_NAMES = {"\u03c0": "pi", "\u221e": "inf"}


def read_back(element: ElementTree.Element) -> str:
    """The element as plain text, each piece in the brackets that its place on the page gives it."""
    parts = list(element)
    match element.tag:
        case "mn" | "mtext":
            return " ".join((element.text or "").split())
        case "mi":
            return _NAMES.get(str(element.text), str(element.text))
        case "mo":
            sign = _SIGNS.get(str(element.text), str(element.text))
            # Browsers set space around a comparison: 0! = 1 is not 0 != 1.
            return f" {sign} " if sign in COMPARISONS else sign
        case "mfrac":
            return f"(({read_back(parts[0])})/({read_back(parts[1])}))"
        case "msup":
            return f"{read_back(parts[0])}^({read_back(parts[1])})"
        case "msqrt":
            return f"sqrt({''.join(map(read_back, parts))})"
        case "mroot":
            return f"root({read_back(parts[0])}, {read_back(parts[1])})"
        case "mrow" if parts and parts[0].text == "|":
            return f"abs({''.join(map(read_back, parts[1:-1]))})"
        case "mrow" if parts and parts[0].tag == "msub":
            return f"log({''.join(map(read_back, parts[3:-1]))}, {read_back(parts[0][1])})"
        case "mrow" | "math":
            return "".join(f" {read_back(part)} " if part.tag == "mtext" else read_back(part) for part in parts)
    raise AssertionError(f"unexpected <{element.tag}>")


def again(line: Line) -> Line:
    return parse_line(read_back(ElementTree.fromstring(to_mathml(line))))


_LEAVES = st.one_of(
    st.integers(-30, 30).map(num),
    st.fractions(-5, 5, max_denominator=7).map(num),
    st.sampled_from("xabk").map(sym),
    st.sampled_from(["pi", "e"]).map(const),
)


def _grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda parts: add(*parts)),
        several.map(lambda parts: mul(*parts)),
        st.builds(div, inner, inner),
        st.builds(power, inner, inner),
        inner.map(neg),
        st.builds(call, st.sampled_from(["sqrt", "abs", "ln", "sin", "factorial"]), inner),
        st.builds(lambda base, of: call("log", of, base), inner, inner),
        st.builds(lambda of, degree: call("root", of, num(degree)), inner, st.integers(2, 5)),
    )


expressions = st.recursive(_LEAVES, _grow, max_leaves=8)


@settings(max_examples=150)
@given(expressions, expressions, st.sampled_from(COMPARISONS))
def test_a_typeset_line_reads_back_as_the_same_tree(left: Expr, right: Expr, sign: str) -> None:
    line = Comparison(sign, left, right)
    assert again(line) == line


X, A, B = map(sym, "xab")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (mul(num(3), X), "3*x"),
        (mul(X, num(3)), "x*3"),
        (add(X, num(-3)), "x-3"),
        (add(X, mul(num(-2), A)), "x-2*a"),
        (add(X, neg(add(A, B))), "x-(a+b)"),
        (mul(neg(X), A), "(-x)*a"),
        (mul(X, num(-3)), "x*(-3)"),
        (power(num(-3), num(2)), "(-3)^(2)"),
        (power(num(Fraction(1, 2)), X), "(((1)/(2)))^(x)"),
        (mul(num(2), num(Fraction(1, 3))), "2*((1)/(3))"),
        (power(add(X, A), num(2)), "(x+a)^(2)"),
        (call("abs", call("abs", X)), "abs(abs(x))"),
    ],
)
def test_brackets_and_signs_stand_where_a_reader_needs_them(line: Expr, expected: str) -> None:
    assert read_back(ElementTree.fromstring(to_mathml(line))) == expected


def test_numbers_side_by_side_get_a_visible_dot() -> None:
    assert "&#x22C5;" in to_mathml(mul(num(2), num(3)))
    assert "&#x2062;" in to_mathml(mul(num(2), X))


@pytest.mark.parametrize("text", ["x = 2 or x = 3", "x + 3 = x^2 and x >= 3", "no solution", "all reals", "2*x + 1"])
def test_statements_read_back(text: str) -> None:
    line = parse_line(text)
    assert again(line) == line


def test_nested_connectives_keep_their_brackets() -> None:
    two, three = Comparison("=", X, num(2)), Comparison("=", X, num(3))
    line = conjunction(disjunction(two, three), Comparison(">", X, A))
    assert again(line) == line


def test_names_cannot_break_out() -> None:
    # No parser lets such a name through; the page must not depend on that.
    hostile = sym("x")._replace(value="<script>alert(1)</script>")
    assert "<script" not in to_mathml(hostile)
