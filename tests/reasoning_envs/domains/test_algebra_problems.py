"""Drawn equations: each carries a solution that solves it, and looks like its family."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.domains.problems.algebra import FAMILIES, LEVELS, LINEAR_LEVELS, draw, scrambled
from reasoning_envs.problems import split_of
from reasoning_envs.symbolic.moves.places import active, is_solved
from reasoning_envs.symbolic.syntax.expression import sub, substitute, walk
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import (
    ALL_REALS,
    NO_SOLUTION,
    Comparison,
    Statement,
    alternatives,
    free_symbols,
    line_tokens,
)
from reasoning_envs.symbolic.values.evaluation import constant_sign, enclosure, exact_value, identically_zero


def _solves(line: Comparison, root: Statement) -> bool:
    assert isinstance(root, Comparison)
    gap = substitute(sub(line.left, line.right), {"x": root.right})
    if exact_value(gap) is not None or gap.symbols:
        return identically_zero(gap) is True
    return constant_sign(gap) == 0


@pytest.mark.parametrize("level", LEVELS)
def test_the_certificate_solves_the_equation(level: str) -> None:
    rng = np.random.default_rng(11)
    for _ in range(60):
        line, solution = draw(rng, level)
        assert active(solution) is None, to_text(solution)
        assert not is_solved(line)
        assert "x" in free_symbols(line)
        assert len(line_tokens(line)) <= 128
        for root in alternatives(solution):
            if root != ALL_REALS:
                assert _solves(line, root), (to_text(line), to_text(solution))


def _real_roots(line: Comparison) -> list[float]:
    """Roots met by a fine scan for changes of sign between -60 and 60, for equations without letters."""
    import math

    def value(at: float) -> float | None:
        from fractions import Fraction

        from reasoning_envs.symbolic.syntax.expression import num

        ball = enclosure(substitute(sub(line.left, line.right), {"x": num(Fraction(at))}), 0, 64)
        return None if ball is None else float(ball.mid())

    points = [-60 + 0.25 * step + 0.0625 for step in range(481)]
    found = []
    for low, high in pairwise(points):
        a, b = value(low), value(high)
        if a is not None and b is not None and math.copysign(1, a) != math.copysign(1, b):
            for _ in range(40):
                middle = (low + high) / 2
                c = value(middle)
                if c is None:
                    break
                if math.copysign(1, c) == math.copysign(1, a):
                    low, a = middle, c
                else:
                    high, b = middle, c
            if abs(b - a) < 1e-3:  # a root, not a pole
                found.append((low + high) / 2)
    return found


@pytest.mark.parametrize("level", [level for level in LEVELS if "letters" not in level and level not in LINEAR_LEVELS])
def test_no_root_is_missing_from_the_certificate(level: str) -> None:
    rng = np.random.default_rng(12)
    for _ in range(3):
        line, solution = draw(rng, level)
        known = []
        for root in alternatives(solution):
            assert isinstance(root, Comparison)
            ball = enclosure(root.right, 0)
            assert ball is not None
            known.append(float(ball.mid()))
        for found in _real_roots(line):
            assert any(abs(found - root) < 1e-3 for root in known), (to_text(line), to_text(solution), found)


@pytest.mark.parametrize("level", LINEAR_LEVELS)
def test_linear_levels_are_linear(level: str) -> None:
    rng = np.random.default_rng(13)
    for _ in range(20):
        line, _ = draw(rng, level)
        for side in (line.left, line.right):
            for node in walk(side):
                assert node.op in ("num", "sym", "add", "mul", "div", "neg")
                assert node.op != "div" or "x" not in node.args[1].symbols


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_holds_many_problems(level: str) -> None:
    """Held out means something only where the problems of a level are not always the same few."""
    domain, rng = AlgebraDomain(), np.random.default_rng(0)
    keys = [domain.canonical_key(domain.sample(rng, level)) for _ in range(200)]
    assert len(set(keys)) >= 80
    assert {split_of(key) for key in keys} == {"train", "validation", "test"}


def test_letters_stand_where_the_family_says_so() -> None:
    rng = np.random.default_rng(14)
    for family in FAMILIES:
        for _ in range(20):
            line, _ = draw(rng, f"{family}-2")
            assert bool(free_symbols(line) - {"x"}) is family.endswith("_letters")


def test_degenerate_problems_are_of_both_kinds() -> None:
    rng = np.random.default_rng(15)
    ends = {draw(rng, "degenerate-2")[1] for _ in range(60)}
    assert ends == {ALL_REALS, NO_SOLUTION}


@pytest.mark.parametrize("letters", [False, True])
def test_scrambling_keeps_the_solution(letters: bool) -> None:
    rng = np.random.default_rng(16)
    for depth in range(1, 8):
        for _ in range(15):
            line, solution = scrambled(rng, depth, letters)
            assert _solves(line, solution), (to_text(line), to_text(solution))


def test_the_same_seed_draws_the_same_problem() -> None:
    for level in LEVELS:
        assert draw(np.random.default_rng(17), level) == draw(np.random.default_rng(17), level)


def test_an_unknown_level_is_an_error_that_lists_them() -> None:
    with pytest.raises(ValueError, match="no level 'linear-9'; there are linear-1, brackets-1"):
        draw(np.random.default_rng(0), "linear-9")
