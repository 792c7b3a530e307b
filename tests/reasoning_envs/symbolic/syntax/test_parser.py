"""The parser: what each notation means, what is refused and where, and that nothing but ParseError ever comes out."""

from __future__ import annotations

import ast
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.symbolic.syntax.expression import Expr, add, call, const, div, mul, neg, num, power, sub, sym
from reasoning_envs.symbolic.syntax.parser import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_TOKENS,
    ParseError,
    parse_expression,
    parse_line,
    parse_statement,
)
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    And,
    Comparison,
    Line,
    Or,
    equation,
)

a, b, c, x, y, z = (sym(name) for name in "abcxyz")
e, i, pi, inf = (const(name) for name in ("e", "i", "pi", "inf"))
two, three = num(2), num(3)


def half(node: Expr) -> Expr:
    return div(node, two)


EXPRESSIONS: list[tuple[str, Expr]] = [
    # precedence and association
    ("a + b*c", add(a, mul(b, c))),
    ("a - b - c", add(a, neg(b), neg(c))),
    ("a - (b - c)", sub(a, sub(b, c))),
    ("a/b/c", div(div(a, b), c)),
    ("a/b*c", mul(div(a, b), c)),
    ("a/(b*c)", div(a, mul(b, c))),
    ("a*b/c", div(mul(a, b), c)),
    ("a^b^c", power(a, power(b, c))),
    ("a**b**c", power(a, power(b, c))),
    ("(a^b)^c", power(power(a, b), c)),
    ("a + (b + c)", add(a, b, c)),
    ("a*(b*c)", mul(a, b, c)),
    ("[a + {b*(c)}]", add(a, mul(b, c))),
    # signs
    ("-3", num(-3)),
    ("-3^2", neg(power(three, two))),
    ("(-3)^2", power(num(-3), two)),
    ("-x*y", neg(mul(x, y))),
    ("(-x)*y", mul(neg(x), y)),
    ("-3*x", mul(num(-3), x)),
    ("-3x^2", mul(num(-3), power(x, two))),
    ("-x/2", neg(half(x))),
    ("(-x)/2", half(neg(x))),
    ("-6/4", neg(div(num(6), num(4)))),
    ("-1/2", num(Fraction(-1, 2))),
    ("2*-x*y", mul(two, neg(x), y)),
    ("2*-x^2", mul(two, neg(power(x, two)))),
    ("2/-x", div(two, neg(x))),
    ("2^-1", power(two, num(-1))),
    ("2^-x^2", power(two, neg(power(x, two)))),
    ("--x", x),
    ("---x", neg(x)),
    ("a - -b", add(a, b)),
    ("a + -b", sub(a, b)),
    ("a +-b", sub(a, b)),
    ("+x", x),
    ("7 + -7x", add(num(7), mul(num(-7), x))),
    ("a - 3*x", add(a, mul(num(-3), x))),
    # an omitted sign of multiplication
    ("2x", mul(two, x)),
    ("2 x", mul(two, x)),
    ("2(x+1)", mul(two, add(x, num(1)))),
    ("(x+1)(x-1)", mul(add(x, num(1)), sub(x, num(1)))),
    ("x(x+1)", mul(x, add(x, num(1)))),
    ("(x+1)y", mul(add(x, num(1)), y)),
    ("xy", mul(x, y)),
    ("x y", mul(x, y)),
    ("xy^2", mul(x, power(y, two))),
    ("x^2y", mul(power(x, two), y)),
    ("b^2 - 4ac", add(power(b, two), mul(num(-4), a, c))),
    ("1/2x", mul(num(Fraction(1, 2)), x)),
    ("a/bc", mul(div(a, b), c)),
    ("2sqrt(3)", mul(two, call("sqrt", three))),
    ("x sin(y)", mul(x, call("sin", y))),
    ("sin(x)cos(x)", mul(call("sin", x), call("cos", x))),
    ("2pi", mul(two, pi)),
    ("e^x*y", mul(power(e, x), y)),
    ("e^x y", mul(power(e, x), y)),
    # numbers
    ("7/2", num(Fraction(7, 2))),
    ("6/4", div(num(6), num(4))),
    ("0.5", num(Fraction(1, 2))),
    (".25", num(Fraction(1, 4))),
    ("5.", num(5)),
    ("2.50", num(Fraction(5, 2))),
    ("3.0", three),
    ("1e3", num(1000)),
    ("2E3", num(2000)),
    ("1.5e3", num(1500)),
    ("1.5e+3", num(1500)),
    ("1e-3", num(Fraction(1, 1000))),
    ("2.0e-3", num(Fraction(1, 500))),
    ("1.5*10^3", mul(num(Fraction(3, 2)), power(num(10), three))),
    ("2e", mul(two, e)),
    ("2e - 3", add(mul(two, e), num(-3))),
    ("007", num(7)),
    ("9" * MAX_DIGITS, num(int("9" * MAX_DIGITS))),
    # factorials, bars
    ("5!", call("factorial", num(5))),
    ("-3!", neg(call("factorial", three))),
    ("2^x!", power(two, call("factorial", x))),
    ("x!^2", power(call("factorial", x), two)),
    ("2x!", mul(two, call("factorial", x))),
    ("(3!)!", call("factorial", call("factorial", three))),
    ("|x|", call("abs", x)),
    ("-|x|", neg(call("abs", x))),
    ("2|x|", mul(two, call("abs", x))),
    ("|x|y", mul(call("abs", x), y)),
    ("|x||y|", mul(call("abs", x), call("abs", y))),
    ("|x| + |y|", add(call("abs", x), call("abs", y))),
    ("|x|^2", power(call("abs", x), two)),
    ("||x| - 3|", call("abs", add(call("abs", x), num(-3)))),
    ("|x - |y||", call("abs", sub(x, call("abs", y)))),
    ("||x|y|", call("abs", mul(call("abs", x), y))),
    ("|(|x|)|", call("abs", call("abs", x))),
    ("|-|x||", call("abs", neg(call("abs", x)))),
    ("|2*(|x|+1)|", call("abs", mul(two, add(call("abs", x), num(1))))),
    # functions
    ("sqrt(2)/2", half(call("sqrt", two))),
    ("√2", call("sqrt", two)),
    ("√2x", mul(call("sqrt", two), x)),
    ("√(x + 1)", call("sqrt", add(x, num(1)))),
    ("√(x)^2", power(call("sqrt", x), two)),
    ("√√x", call("sqrt", call("sqrt", x))),
    ("√|x|", call("sqrt", call("abs", x))),
    ("3√2", mul(three, call("sqrt", two))),
    ("∛x", call("root", x, three)),
    ("∜x", call("root", x, num(4))),
    ("cbrt(x)", call("root", x, three)),
    ("root(x, 5)", call("root", x, num(5))),
    ("ln(x)", call("ln", x)),
    ("log(x)", call("ln", x)),
    ("log(x, b)", call("log", x, b)),
    ("log_2(x)", call("log", x, two)),
    ("log_b(x)", call("log", x, b)),
    ("log_12(x)", call("log", x, num(12))),
    ("log₂(8)", call("log", num(8), two)),
    ("log₂8", call("log", num(8), two)),
    ("log10(x)", call("log", x, num(10))),
    ("log2(x)", call("log", x, two)),
    ("exp(x)", call("exp", x)),
    ("abs(x)", call("abs", x)),
    ("arcsin(x)", call("asin", x)),
    ("atan(x)", call("atan", x)),
    ("factorial(x)", call("factorial", x)),
    ("Sin(x) + SQRT(x) + Ln(x)", add(call("sin", x), call("sqrt", x), call("ln", x))),
    ("sin x + 1", add(call("sin", x), num(1))),
    ("2 ln 3", mul(two, call("ln", three))),
    ("ln 123", call("ln", num(123))),
    ("(sin x)/x", div(call("sin", x), x)),
    ("|sin x|", call("abs", call("sin", x))),
    ("sin^2(x)", power(call("sin", x), two)),
    ("sin²(x)", power(call("sin", x), two)),
    ("sin^2 x + cos^2 x", add(power(call("sin", x), two), power(call("cos", x), two))),
    ("sin[x]", call("sin", x)),
    # names and constants
    ("pi", pi),
    ("PI", pi),
    ("π", pi),
    ("2πr", mul(two, pi, sym("r"))),
    ("e^(iπ)", power(e, mul(i, pi))),
    ("oo", inf),
    ("-infinity", neg(inf)),
    ("∞", inf),
    ("E", sym("E")),
    ("x_1 + x_12", add(sym("x_1"), sym("x_12"))),
    ("x₁", sym("x_1")),
    ("x_1y", mul(sym("x_1"), y)),
    ("x₁*2^y", mul(sym("x_1"), power(two, y))),
    ("v_max", sym("v_max")),
    ("2θ", mul(two, sym("θ"))),
    ("θ_1", sym("θ_1")),
    ("Σ + 1", add(sym("Σ"), num(1))),
    # typography
    ("3 − 2", add(three, num(-2))),
    ("3 – 2", add(three, num(-2))),
    ("2×3·x⋅y", mul(two, three, x, y)),
    ("6÷4", div(num(6), num(4))),
    ("x²", power(x, two)),
    ("x²³", power(x, num(23))),
    ("x⁻¹", power(x, num(-1))),
    ("2ⁿ", power(two, sym("n"))),
    ("-x²", neg(power(x, two))),
    ("e²x", mul(power(e, two), x)),
    ("½", num(Fraction(1, 2))),
    ("½x", mul(num(Fraction(1, 2)), x)),
    ("2½", num(Fraction(5, 2))),
    ("2½x", mul(num(Fraction(5, 2)), x)),
    ("¾²", power(num(Fraction(3, 4)), two)),
    ("\uff12\uff58\uff0b\uff11", add(mul(two, x), num(1))),
    ("\U0001d465 + \U0001d432", add(x, y)),
    ("x\u00a0+\u20091", add(x, num(1))),
    ("\tx + 1\n", add(x, num(1))),
    ("µ + ϕ", add(sym("μ"), sym("φ"))),
]


@pytest.mark.parametrize(("text", "tree"), EXPRESSIONS, ids=[text[:40] for text, _ in EXPRESSIONS])
def test_expression(text: str, tree: Expr) -> None:
    assert parse_expression(text) == tree
    assert parse_line(text) == tree


def eq(left: Expr, right: Expr | int) -> Comparison:
    return equation(left, num(right) if isinstance(right, int) else right)


ROOTS = Or((eq(x, 2), eq(x, 3)))
STATEMENTS: list[tuple[str, Line]] = [
    ("2*x + 3 = 7*(x - 1)", eq(add(mul(two, x), three), mul(num(7), add(x, num(-1))))),
    ("x == 2", eq(x, 2)),
    ("x != 2", Comparison("!=", x, two)),
    ("x ≠ 2", Comparison("!=", x, two)),
    ("x <> 2", Comparison("!=", x, two)),
    ("5! = 120", eq(call("factorial", num(5)), 120)),
    ("x < 2", Comparison("<", x, two)),
    ("x ≤ 2", Comparison("<=", x, two)),
    ("x >= 2", Comparison(">=", x, two)),
    ("1 < x <= 3", And((Comparison("<", num(1), x), Comparison("<=", x, three)))),
    ("3 ≥ x > 1", And((Comparison(">=", three, x), Comparison(">", x, num(1))))),
    ("x = 2 or x = 3", ROOTS),
    ("x = 2 OR x = 3", ROOTS),
    ("x = 2 ∨ x = 3", ROOTS),
    ("(x = 2) or (x = 3)", ROOTS),
    ("((x = 2 or [x = 3]))", ROOTS),
    ("x = 2 or 3", ROOTS),
    ("x ∈ {2, 3}", ROOTS),
    ("x in {2, 3}", ROOTS),
    ("x in {2}", eq(x, 2)),
    ("x ∈ {}", NO_SOLUTION),
    ("x ∈ ∅", NO_SOLUTION),
    ("x ∈ ℝ", ALL_REALS),
    ("x in R", ALL_REALS),
    ("x = 2 and y = 3", And((eq(x, 2), eq(y, 3)))),
    ("x = 2 ∧ y = 3", And((eq(x, 2), eq(y, 3)))),
    ("x = 1 or x = 2 and y = 3", Or((eq(x, 1), And((eq(x, 2), eq(y, 3)))))),
    ("(x = 2 or x = 3) and x >= 0", And((ROOTS, Comparison(">=", x, num(0))))),
    ("(x + 1)*2 = 3", eq(mul(add(x, num(1)), two), 3)),
    ("x = 2 or x = 2", eq(x, 2)),
    ("x = 2 or no solution", eq(x, 2)),
    ("x = ±3", Or((eq(x, 3), eq(x, -3)))),
    ("x = +-3", Or((eq(x, 3), eq(x, -3)))),
    ("x = +- 3", Or((eq(x, 3), eq(x, -3)))),
    ("x = +/-3", Or((eq(x, 3), eq(x, -3)))),
    ("x + 1 = 2 ± y", Or((eq(add(x, num(1)), add(two, y)), eq(add(x, num(1)), sub(two, y))))),
    ("x = (-b ± c)/2", Or((eq(x, half(add(neg(b), c))), eq(x, half(sub(neg(b), c)))))),
    ("x = ±2 or y = ±3", Or((eq(x, 2), eq(x, -2), eq(y, 3), eq(y, -3)))),
    ("y = 1 or x = ±3", Or((eq(y, 1), eq(x, 3), eq(x, -3)))),
    ("x = ±0", eq(x, 0)),
    ("x = + -3", eq(x, -3)),
    ("x = 2+-3", eq(x, add(two, num(-3)))),
    ("x = 2.", eq(x, 2)),
    ("x = y.", eq(x, y)),
    ("no solution", NO_SOLUTION),
    ("No Solutions.", NO_SOLUTION),
    ("no real solution", NO_SOLUTION),
    ("no real  solutions", NO_SOLUTION),
    ("∅", NO_SOLUTION),
    ("{}", NO_SOLUTION),
    ("{ }", NO_SOLUTION),
    ("false", NO_SOLUTION),
    ("all reals", ALL_REALS),
    ("All real numbers", ALL_REALS),
    ("infinitely many solutions", ALL_REALS),
    ("ℝ", ALL_REALS),
    ("true", ALL_REALS),
]


@pytest.mark.parametrize(("text", "line"), STATEMENTS, ids=[text for text, _ in STATEMENTS])
def test_statement(text: str, line: Line) -> None:
    assert parse_statement(text) == line
    assert parse_line(text) == line


# text, offset of the fault, what the reason must say
REFUSED: list[tuple[str, int, str]] = [
    ("", 0, "empty"),
    ("  ", 0, "empty"),
    ("x +", 3, "ends"),
    ("x + )", 4, "')'"),
    ("(x + 1", 6, "never closed"),
    ("x + 1)", 5, "')'"),
    ("(x]", 2, "']' closes a '('"),
    ("|x", 2, "never closed"),
    ("|2|x|+1|", 2, "abs(...)"),
    ("|x|y|z|", 2, "abs(...)"),
    ("||", 2, "ends"),
    ("2 3", 2, "'2 3'"),
    ("x3", 0, "x*3, x^3 or x_3"),
    ("x 3", 2, "'x 3'"),
    ("(x)3", 3, "') 3'"),
    ("x½", 1, "'x ½'"),
    ("1.2.3", 3, "'1.2 .3'"),
    ("xyz", 0, "unknown word 'xyz'"),
    ("2 + speed", 4, "unknown word 'speed'"),
    ("x is 3", 2, "unknown word 'is'"),
    ("ax by", 0, "'ax by'"),
    ("a bc", 2, "'a bc'"),
    ("ab ab", 0, "'ab ab'"),
    ("f'(x)", 1, "not part of the notation"),
    ("sin", 3, "brackets"),
    ("sin 2x", 4, "brackets"),
    ("sin x^2", 4, "brackets"),
    ("sin x/2", 4, "brackets"),
    ("sin -x", 4, "brackets"),
    ("sin^-1(x)", 3, "sin(...)^n"),
    ("sin^x(y)", 3, "sin(...)^n"),
    ("sqrt^2(y)", 4, "sqrt(...)^n"),
    ("log(1, 2, 3)", 11, "1 or 2 argument(s), not 3"),
    ("root(x)", 6, "2 argument(s), not 1"),
    ("√x^2", 2, "brackets"),
    ("√(x, 2)", 6, "commas"),
    ("√-1", 1, "'-'"),
    ("x = 1,000", 5, "comma"),
    ("x = 2, x = 3", 5, "comma"),
    ("2e-3", 0, "2*10^(-3) or 2*e - 3"),
    ("e^2x", 3, "'e^2x'"),
    ("2^xy", 3, "'2^xy'"),
    ("x²^3", 1, "brackets"),
    ("x²!", 1, "brackets"),
    ("3!!", 2, "(n!)!"),
    ("a = b = c", 6, "cannot follow"),
    ("1 < x > 0", 6, "cannot follow"),
    ("1 < x = 2", 6, "cannot follow"),
    ("x = 2 x = 3", 8, "cannot follow"),
    ("x = 2 or", 8, "ends"),
    ("2 or 3", 2, "join equations"),
    ("x = 1 and 2", 11, "join equations"),
    ("(x = 2)*2", 7, "'*'"),
    ("± x = 2", 0, "only once"),
    ("x = ±±2", 5, "only once"),
    ("x = ±a ± b", 7, "only once"),
    ("x < ±2", 4, "only once"),
    ("x = 2 ∓ 1", 6, "with 'or'"),
    ("x = 2 +- 3", 6, "±"),
    ("x = 1 = ±2", 6, "cannot follow"),
    ("x in 2", 5, "{1, 2}"),
    ("no", 0, "unknown word 'no'"),
    ("x = no", 4, "unknown word 'no'"),
    ("2 + $x", 4, "LaTeX"),
    ("\\frac{1}", 4, "LaTeX"),
    ("\\input{x}", 1, "LaTeX"),
    ("x + \u0430", 4, "CYRILLIC SMALL LETTER A"),
    ("2\u03bf", 1, "GREEK SMALL LETTER OMICRON"),
    ("x\u200b", 1, "ZERO WIDTH SPACE"),
    ("x\u202e + 1", 1, "RIGHT-TO-LEFT OVERRIDE"),
    ("x\x00", 1, "control character: '\\x00'"),
    ("x\n+ 1", 1, "line break"),
    ("x\u0301", 1, "COMBINING ACUTE ACCENT"),
    ("90º", 2, "MASCULINE ORDINAL INDICATOR"),
    ("x = \u0663", 4, "ARABIC-INDIC DIGIT THREE"),
    ("½ + ½ + ?", 8, "'?'"),
    ("x² + xyz", 5, "unknown word 'xyz'"),
    ("\uff11\uff12\uff13 + ?", 6, "'?'"),
    ("Σ + σ = ?", 8, "'?'"),
    ("x" * (MAX_BYTES + 1), MAX_BYTES, f"{MAX_BYTES + 1} characters"),
    ("½" * 1001, 1000, "2002 bytes"),
    ("9" * (MAX_DIGITS + 1), 0, f"{MAX_DIGITS} digits"),
    ("x + 1e" + "9" * 50, 4, f"{MAX_DIGITS} digits"),
    ("+" * (MAX_TOKENS + 1), MAX_TOKENS, f"at most {MAX_TOKENS}"),
    ("(" * 100 + "x" + ")" * 100, MAX_DEPTH + 1, f"{MAX_DEPTH} deep"),
]


@pytest.mark.parametrize(("text", "position", "said"), REFUSED, ids=[text[:30] for text, _, _ in REFUSED])
def test_refused_with_reason_and_place(text: str, position: int, said: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_line(text)
    error = caught.value
    assert said in error.reason
    assert error.position == position
    assert str(error) == error.reason
    assert len(error.reason) < 250
    assert error.reason.isprintable() or "\u0301" in text


def test_kinds_are_told_apart() -> None:
    with pytest.raises(ParseError, match="is a statement; an expression is expected"):
        parse_expression("x = 2")
    with pytest.raises(ParseError, match="is an expression; an equation or an inequality is expected"):
        parse_statement("x + 2")


@pytest.mark.parametrize(
    ("text", "symbols", "tree"),
    [
        ("speed*time", ("speed", "time"), mul(sym("speed"), sym("time"))),
        ("speedtime", ("speed", "time"), mul(sym("speed"), sym("time"))),
        ("2speed", ("speed",), mul(two, sym("speed"))),
        ("speed time", ("speed", "time"), mul(sym("speed"), sym("time"))),
        ("abc", ("ab", "abc"), sym("abc")),
        ("xyz", ("x", "y", "z"), mul(x, y, z)),
        ("xyz", "xyz", mul(x, y, z)),
        ("e + i", ("e", "i"), add(sym("e"), sym("i"))),
        ("2e3", ("x",), num(2000)),
        ("e^2", ("x",), power(e, two)),
        ("pi", ("pi",), sym("pi")),
        ("pi", ("p",), pi),
        ("sin(x)", ("sin",), mul(sym("sin"), x)),
        ("x1 + x2", ("x1", "x2"), add(sym("x1"), sym("x2"))),
        ("3x1", ("x1",), mul(three, sym("x1"))),
        ("rate_2b + 1", ("rate_2b",), add(sym("rate_2b"), num(1))),
        ("_x", ("_x",), sym("_x")),
        ("no + 1", ("no",), add(sym("no"), num(1))),
        ("θy", ("θ",), mul(sym("θ"), y)),
        ("a + q", ("a",), add(a, sym("q"))),
    ],
)
def test_declared_symbols(text: str, symbols: tuple[str, ...], tree: Expr) -> None:
    assert parse_expression(text, symbols=symbols) == tree


def test_a_declared_e_makes_no_power_of_ten() -> None:
    with pytest.raises(ParseError, match="'e3' is not clear"):
        parse_line("2e3", symbols=("e",))


@pytest.mark.parametrize("name", ["", "2x", "a b", "or", "and", "in", "\u0430", "größe", "x²", "a.b"])
def test_impossible_names_are_no_parse_error(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be declared as a symbol") as caught:
        parse_line("x", symbols=(name,))
    assert not isinstance(caught.value, ParseError)


def test_deep_but_legal_lines_parse() -> None:
    brackets = MAX_DEPTH - 1
    assert parse_line("(" * brackets + "x" + ")" * brackets) == x
    nested = x
    text = "x"
    for _ in range(MAX_DEPTH - 1):
        nested = call("sin", nested)
        text = f"sin({text})"
    assert parse_line(text) == nested
    with pytest.raises(ParseError, match="deep"):
        parse_line(f"sin({text})")
    tower = parse_line("^".join(["x"] * MAX_DEPTH))
    assert isinstance(tower, Expr)
    assert tower.depth == MAX_DEPTH
    with pytest.raises(ParseError, match="deep"):
        parse_line("/".join(["x"] * (MAX_DEPTH + 1)))


def test_long_sums_and_products_are_flat() -> None:
    count = MAX_TOKENS // 2
    total = parse_line("+".join(["x"] * count))
    product = parse_line("*".join(["x"] * count))
    assert isinstance(total, Expr)
    assert isinstance(product, Expr)
    assert (total.depth, len(total.args)) == (2, count)
    assert (product.depth, len(product.args)) == (2, count)
    assert parse_line("-" * (MAX_TOKENS - 1) + "x") == neg(x)


def outcome(text: str, symbols: tuple[str, ...] | None = None) -> Line | None:
    """The parsed line, None if it is refused; that it is refused properly is checked."""
    try:
        return parse_line(text, symbols=symbols)
    except ParseError as error:
        refused = error
    assert 0 < len(refused.reason) < 300
    assert 0 <= refused.position <= len(text)
    return None


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    outcome(text)


PIECES = [
    *"xyzabei0123456789+-*/^!()[]{}|=<>,.'_√∛±∓π∞½²⁻¹₁∈∅ℝ∨∧θ −×",
    *["**", "<=", ">=", "!=", "+-", "+/-", "sin", "ln", "log", "sqrt", "root", "log_2", "pi", "oo", "xy", "speed"],
    *[" or ", " and ", " in ", "no solution", "all reals", "{}", "12", "1.5", "2e3", "2e-3", ".", " ", "\n", "\\"],
]


@settings(max_examples=1500)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.sampled_from([None, ("e",), ("speed", "x1")]))
def test_lines_of_the_alphabet_parse_or_are_refused_and_print_back(text: str, symbols: tuple[str, ...] | None) -> None:
    line = outcome(text, symbols)
    if line is not None:
        assert parse_line(to_text(line), symbols=symbols) == line


# A second opinion on precedence: Python's own grammar, read with its own parser.


def value_of_python(text: str, values: dict[str, Fraction]) -> Fraction:
    def value(node: ast.expr) -> Fraction:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return Fraction(node.value)
        if isinstance(node, ast.Name):
            return values[node.id]
        if isinstance(node, ast.UnaryOp):
            return -value(node.operand) if isinstance(node.op, ast.USub) else value(node.operand)
        assert isinstance(node, ast.BinOp)
        left, right = value(node.left), value(node.right)
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div):
            return left / right
        assert isinstance(node.op, ast.Pow)
        return power_of(left, right)

    return value(ast.parse(text, mode="eval").body)


def power_of(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > 20 or abs(base.numerator) > 10**9:
        raise OverflowError
    return Fraction(base ** int(exponent))


def value_of_tree(node: Expr, values: dict[str, Fraction]) -> Fraction:
    if node.op == "num":
        return Fraction(node.number)
    if node.op == "sym":
        return values[str(node.value)]
    parts = [value_of_tree(arg, values) for arg in node.args]
    if node.op == "add":
        return sum(parts, Fraction(0))
    if node.op == "neg":
        return -parts[0]
    if node.op == "div":
        return parts[0] / parts[1]
    if node.op == "pow":
        return power_of(*parts)
    assert node.op == "mul"
    product = Fraction(1)
    for part in parts:
        product *= part
    return product


ARITHMETIC = st.recursive(
    st.sampled_from(["x", "y", "0", "1", "2", "3", "12"]),
    lambda inner: st.one_of(
        st.builds("{}{}{}".format, inner, st.sampled_from(["+", "-", "*", "/", " - ", "*-", "/-", "--", "+-"]), inner),
        st.builds("{}**{}".format, inner, st.sampled_from(["2", "3", "-1", "-2", "x", "2**2", "-y**2"])),
        st.builds("({})".format, inner),
        st.builds("-{}".format, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=500)
@given(ARITHMETIC)
def test_arithmetic_means_what_it_means_in_python(text: str) -> None:
    values = {"x": Fraction(3), "y": Fraction(-2)}
    try:
        expected = value_of_python(text, values)
    except (ZeroDivisionError, OverflowError):
        return
    tree = parse_expression(text)
    assert value_of_tree(tree, values) == expected
    assert parse_expression(text.replace("**", "^").replace("*-", "×−")) == tree
