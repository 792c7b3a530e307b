"""What changed between two lines, as trees and in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_envs.rewards.difference import Change, Clause, difference, in_words, tree
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.symbolic.syntax.printer import to_text


def changes(before: str, after: str) -> list[Change]:
    return difference(tree(parse_statement(before)), tree(parse_statement(after)))


WORDS = [
    ("2*x + 3 = 9", "2*x + 3 = 9", "nothing changes"),
    ("2*x + 3 = 9", "3 + 2*x = 9", "on the left the order of the parts changes"),
    ("2*x + 3 = 9", "9 = 2*x + 3", "the two sides are exchanged"),
    ("x > 2", "2 < x", "the two sides are exchanged"),
    ("2*x + 3 = 9", "2*x = 9 - 3", "on the left the term 3 goes; on the right the term -3 comes in"),
    ("2*x + 3 = 9 + x", "2*x = 9 + x - 3", "on the left the term 3 goes; on the right the term -3 comes in"),
    (
        "x + 7 = 17",
        "17 - x = 7",
        "the two sides are exchanged; on the left the term -x comes in; on the right the term x goes",
    ),
    ("3*x = 6", "4*x = 6", "on the left 3 becomes 4"),
    ("3*x = 6", "x = 6", "on the left the factor 3 goes"),
    ("3*x + 2*x = 10", "5*x = 10", "on the left 3*x + 2*x becomes 5*x"),
    ("x + 3*y + 2*y = 0", "x + 5*y = 0", "on the left 3*y and 2*y become 5*y"),
    ("x^2 = 4*x", "x = 4", "on the left x^2 becomes x; on the right the factor x goes"),
    ("sqrt(x + 2) = 3", "sqrt(x + 5) = 3", "on the left 2 becomes 5"),
    ("x*(x - 4) = 0", "x = 0 or x = 4", "x*(x - 4) = 0 becomes x = 0 or x = 4"),
    ("x = 0 or 2*x = 8", "x = 0 or x = 4", "on the left the factor 2 goes; on the right 8 becomes 4"),
    ("x = 0 or x = 4", "x = 4", "the alternative x = 0 goes"),
    ("x = 4", "x = 0 or x = 4", "the alternative x = 0 comes in"),
    (
        "sqrt(x) = x",
        "x = x^2 and x >= 0",
        "on the left sqrt(x) becomes x; on the right x becomes x^2; the condition x >= 0 comes in",
    ),
    ("x = x^2 and x >= 0", "x = x^2", "the condition x >= 0 goes"),
    ("0 = 1", "no solution", "0 = 1 becomes no solution"),
    ("all reals", "no solution", "all reals becomes no solution"),
]


@pytest.mark.parametrize(("before", "after", "words"), WORDS)
def test_in_words(before: str, after: str, words: str) -> None:
    assert in_words(changes(before, after)) == words


def test_what_is_long_is_cut_and_what_is_much_is_counted() -> None:
    assert in_words(changes("a*x + b = c", "d*x + k = f")) == (
        "on the left a*x and b become d*x and k; on the right c becomes f"
    )
    long = in_words(changes("x = 1", f"x = {'1' * 60}"), width=20)
    assert long == f"on the right 1 becomes {'1' * 17}..."
    many = [*changes("x = 1", "x = 2")] * 5
    assert in_words(many, limit=2) == "on the right 1 becomes 2; on the right 1 becomes 2; and 3 more"


leaves = st.sampled_from(["x", "a", "1", "2", "3", "-5", "7/2", "0"])
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' + '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "*".join(f"({part})" for part in parts)),
        inner.map(lambda part: f"sqrt({part})"),
        inner.map(lambda part: f"({part})^2"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]})/({pair[1]})"),
    ),
    max_leaves=6,
)
equations = st.tuples(expressions, expressions).map(" = ".join)
lines = st.one_of(
    equations,
    st.lists(equations, min_size=2, max_size=3).map(" or ".join),
    equations.map(lambda equation: f"{equation} and x >= 0"),
    st.sampled_from(["no solution", "all reals"]),
)


@settings(max_examples=100)
@given(lines)
def test_nothing_changes_from_a_line_to_itself(text: str) -> None:
    assert changes(text, text) == []


@settings(max_examples=150)
@given(lines, lines)
def test_every_change_is_there_and_speaks(before: str, after: str) -> None:
    first, second = (tree(parse_statement(text)) for text in (before, after))
    found = difference(first, second)
    assert bool(found) == (first.tokens != second.tokens)
    assert in_words(found)
    back = difference(second, first)
    assert sorted(_parts(found, "removed")) == sorted(_parts(back, "added")), "the way back undoes the way there"


def _parts(found: list[Change], which: str) -> list[str]:
    trees = [part for change in found for part in getattr(change, which)]
    return [to_text(part if isinstance(part, Expr) else part.statement) for part in trees]


def test_clauses_hold_their_statement() -> None:
    statement = parse_statement("x = 1 or x = 2 and a != 0")
    root = tree(statement)
    assert isinstance(root, Clause)
    assert root.statement == statement
    assert [arg.op for arg in root.args] == ["=", "and"]
