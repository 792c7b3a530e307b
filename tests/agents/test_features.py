"""Candidates as bags of buckets: stable, bounded, and about what matters."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.features import BUCKETS, SIDE_BUCKETS, Encoded, Featuriser
from reasoning_envs.symbolic.syntax.expression import Expr, add, call, div, mul, neg, num, power, sym
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    Comparison,
    Line,
    conjunction,
    disjunction,
    equation,
    line_tokens,
)
from tests.reasoning_envs.toy_domain import ToyDomain

X, A, B = sym("x"), sym("a"), sym("b")


@dataclass(frozen=True)
class State:
    line: Line


@dataclass(frozen=True)
class Move:
    state: State
    rule: str = "rule"
    operand: Expr | None = None
    is_step: bool = True


class Lines:
    """As much of a domain as features need."""

    def tokens(self, state: State) -> bytes:
        return line_tokens(state.line)


def featuriser() -> Featuriser:
    return Featuriser(Lines())  # type: ignore[arg-type]


def encode(*lines: Line, before: Line | None = None, reader: Featuriser | None = None) -> Encoded:
    moves: Any = [Move(State(line)) for line in lines]
    return (reader or featuriser()).encode(State(before or equation(X, num(1))), moves)


def buckets(encoded: Encoded) -> list[int]:
    found: list[int] = np.frombuffer(encoded.bags, dtype=np.uint16).tolist()
    return found


def sides(line: Line) -> Counter[int]:
    """The buckets that speak of the sides of a line, not of the move."""
    return Counter(bucket for bucket in buckets(encode(line)) if bucket < 2 * SIDE_BUCKETS)


def test_each_candidate_has_its_share_of_the_bags() -> None:
    both = encode(equation(X, num(3)), equation(add(mul(num(2), X), num(3)), num(7)))
    assert len(both.lengths) == 2
    assert sum(both.lengths) == len(both.bags) // 2
    first, second = encode(equation(X, num(3))), encode(equation(add(mul(num(2), X), num(3)), num(7)))
    assert both.bags == first.bags + second.bags


def test_buckets_stay_in_their_range() -> None:
    long = equation(add(*[mul(num(n), power(X, num(n))) for n in range(2, 30)]), div(A, B))
    assert 0 <= min(buckets(encode(long))) <= max(buckets(encode(long))) < BUCKETS


def test_the_sides_are_told_apart() -> None:
    tree = add(mul(num(2), X), num(3))
    left, right = sides(equation(tree, num(0))), sides(equation(num(0), tree))
    assert {bucket + SIDE_BUCKETS for bucket in left if bucket < SIDE_BUCKETS} >= {
        bucket for bucket in right if bucket >= SIDE_BUCKETS
    }
    assert left != right


def test_the_order_of_terms_and_factors_does_not_matter() -> None:
    one = equation(add(mul(num(2), X), num(3), A), num(5))
    other = equation(add(A, num(3), mul(X, num(2))), num(5))
    assert sides(one) == sides(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (power(X, num(2)), power(num(2), X)),
        (div(X, num(2)), div(num(2), X)),
        (mul(num(2), add(X, num(3))), add(mul(num(2), X), num(3))),
        (mul(num(2), X), mul(num(3), X)),
        (mul(A, X), mul(B, X)),
        (mul(A, X), mul(num(4), X)),
        (call("sqrt", X), call("ln", X)),
        (X, neg(X)),
    ],
)
def test_what_means_something_else_looks_different(one: Expr, other: Expr) -> None:
    assert sides(equation(one, num(1))) != sides(equation(other, num(1)))


def test_letters_are_alike_and_yet_themselves() -> None:
    one, other = sides(equation(mul(A, X), num(1))), sides(equation(mul(B, X), num(1)))
    assert (one & other).total() > 2 * (one - other).total() > 0


def test_a_constraint_is_not_part_of_the_equation() -> None:
    line = equation(X, num(3))
    constrained = conjunction(line, Comparison(">=", add(mul(num(2), X), num(1)), num(0)))
    assert sides(constrained) == sides(line)
    assert buckets(encode(constrained)) != buckets(encode(line))


def test_alternatives_add_up_and_ends_are_told_apart() -> None:
    first, second = equation(X, num(2)), equation(X, num(3))
    assert sides(disjunction(first, second)) == sides(first) + sides(second)
    assert buckets(encode(ALL_REALS)) != buckets(encode(NO_SOLUTION))


def test_the_move_counts() -> None:
    line = State(equation(X, num(3)))
    reader = featuriser()
    seen = {
        reader.encode(line, [Move(line, rule, operand)]).bags  # type: ignore[list-item]
        for rule in ("divide", "subtract")
        for operand in (None, num(2), num(3), mul(num(2), X))
    }
    assert len(seen) == 8


leaves = st.one_of(st.integers(-40, 40).map(num), st.sampled_from([X, A, B]))
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: add(*parts)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: mul(*parts)),
        st.tuples(inner, inner).map(lambda pair: div(*pair)),
        st.tuples(inner, inner).map(lambda pair: power(*pair)),
        inner.map(neg),
        inner.map(lambda part: call("sqrt", part)),
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.lists(st.tuples(trees, trees), min_size=1, max_size=4))
def test_what_was_seen_before_changes_nothing(pairs: list[tuple[Expr, Expr]]) -> None:
    lines = [equation(left, right) for left, right in pairs]
    shared = featuriser()
    for line in [*lines, *lines]:
        assert encode(line, reader=shared) == encode(line)


def test_states_without_a_tree_are_read_by_their_tokens() -> None:
    domain = ToyDomain()
    state = domain.start(domain.problem("3 + 4 * 2"))
    encoded = Featuriser(domain).encode(state, domain.actions(state))
    assert len(encoded.lengths) == len(domain.actions(state))
    parts = np.split(np.frombuffer(encoded.bags, dtype=np.uint16), np.cumsum(encoded.lengths)[:-1])
    assert len({part.tobytes() for part in parts}) == len(parts)


def digest() -> str:
    line = disjunction(
        equation(add(mul(num(2), X), A), div(B, num(7))), equation(call("ln", X), power(num(2), num(500)))
    )
    return sha256(encode(line).bags).hexdigest()


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_buckets_are_the_same_in_every_process(hash_seed: str) -> None:
    code = "from tests.agents.test_features import digest; print(digest())"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout.strip() == digest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (equation(num(3), num(3)), equation(num(3), num(5))),  # the end depends on whether the two are equal
        (
            conjunction(equation(X, num(7)), Comparison("!=", add(X, num(-4)), num(0))),
            conjunction(equation(X, num(4)), Comparison("!=", add(X, num(-4)), num(0))),
        ),
        (
            conjunction(equation(X, num(7)), Comparison(">=", add(X, num(-4)), num(0))),
            conjunction(equation(X, num(2)), Comparison(">=", add(X, num(-4)), num(0))),
        ),
        (disjunction(equation(X, num(7)), equation(mul(num(2), X), num(1))), equation(mul(num(2), X), num(1))),
    ],
)
def test_a_move_is_seen_in_the_light_of_the_line_it_leaves(one: Line, other: Line) -> None:
    assert buckets(encode(NO_SOLUTION, before=one)) != buckets(encode(NO_SOLUTION, before=other))
