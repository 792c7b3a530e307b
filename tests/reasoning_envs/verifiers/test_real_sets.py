"""Sets of real numbers: normal form, algebra, and what cannot be ordered."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_envs.symbolic.syntax.expression import const, neg, num
from reasoning_envs.symbolic.syntax.parser import parse_expression, parse_statement
from reasoning_envs.verifiers.answer.real_sets import ALL, EMPTY, Piece, RealSet, Unordered, order

INFINITY = const("inf")


def holds(numbers: RealSet, value: Fraction) -> bool:
    at = num(value)
    for piece in numbers.pieces:
        low, high = order(at, piece.low), order(at, piece.high)
        if (low > 0 or (low == 0 and piece.has_low)) and (high < 0 or (high == 0 and piece.has_high)):
            return True
    return False


ends = st.integers(-4, 4)
pieces = st.builds(
    lambda low, high, has_low, has_high, far: Piece(
        neg(INFINITY) if far == "low" else num(low),
        INFINITY if far == "high" else num(high),
        has_low and far != "low",
        has_high and far != "high",
    ),
    ends, ends, st.booleans(), st.booleans(), st.sampled_from(("", "", "", "low", "high")),
)  # fmt: skip
sets = st.lists(pieces, max_size=4).map(RealSet.of)
numbers = st.builds(Fraction, st.integers(-11, 11), st.just(2))


@given(sets, sets, numbers)
def test_algebra_of_sets_is_the_algebra_of_membership(one: RealSet, other: RealSet, value: Fraction) -> None:
    assert holds(one.union(other), value) is (holds(one, value) or holds(other, value))
    assert holds(one.intersection(other), value) is (holds(one, value) and holds(other, value))
    assert holds(one.complement(), value) is not holds(one, value)


@given(sets, sets)
def test_equal_sets_have_equal_pieces(one: RealSet, other: RealSet) -> None:
    assert one.union(other) == other.union(one)
    assert one.intersection(other) == other.intersection(one)
    assert one.complement().complement() == one
    assert one.union(one.complement()) == ALL
    assert one.intersection(one.complement()) == EMPTY


@given(sets)
def test_a_set_solves_its_own_statement(one: RealSet) -> None:
    solved = RealSet.solving(one.statement("x"))
    assert solved is not None
    assert solved[1] == one


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x > 2", "(2, oo)"),
        ("2 >= x", "(-oo, 2]"),
        ("x != 0", "(-oo, 0) ∪ (0, oo)"),
        ("1 < x <= sqrt(2)", "(1, sqrt(2)]"),
        ("x < 1 or x >= 1", "(-oo, oo)"),
        ("x > 2 and x < 1", "the empty set"),
        ("x = 1 or x > 3", "{1} ∪ (3, oo)"),
        ("(x < 5 or x > 7) and x != 2", "(-oo, 2) ∪ (2, 5) ∪ (7, oo)"),
        ("all reals", "(-oo, oo)"),
    ],
)
def test_the_set_that_a_statement_describes(text: str, shown: str) -> None:
    solved = RealSet.solving(parse_statement(text))
    assert solved is not None
    assert str(solved[1]) == shown


@pytest.mark.parametrize("text", ["2x > 4", "x > a", "x > 1 and y > 2", "x > 1/0", "x^2 < 4", "x > i"])
def test_what_is_not_a_set_of_one_letter(text: str) -> None:
    assert RealSet.solving(parse_statement(text)) is None


def test_letters_have_no_order() -> None:
    with pytest.raises(Unordered, match="nobody can tell whether a is smaller than b"):
        order(parse_expression("a"), parse_expression("b"))
    with pytest.raises(Unordered, match="at most 60"):
        RealSet.of([Piece(num(n), num(n), True, True) for n in range(70)])
