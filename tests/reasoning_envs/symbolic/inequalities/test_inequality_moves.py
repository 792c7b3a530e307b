"""Moves on inequalities: what is offered, what it leads to, and what its certificate says."""

from __future__ import annotations

import numpy as np
import pytest

from reasoning_envs.domains.problems.inequality import INEQUALITY_LEVELS, draw_inequality
from reasoning_envs.symbolic.inequalities.forms import fault_of_solution
from reasoning_envs.symbolic.inequalities.moves import INEQUALITY_MOVE_SETS, inequality_moves
from reasoning_envs.symbolic.moves.equations import Move
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import line_tokens
from reasoning_envs.types import Relation


def _shown(line: str) -> dict[str, Move]:
    return {to_text(move.line): move for move in inequality_moves(parse_statement(line))}


def _same(text: str) -> str:
    return to_text(parse_statement(text))


SOUND = [
    ("x + 3 < 5", "x + 3 - 3 < 5 - 3"),
    ("x - 3 >= 5", "x - 3 + 3 >= 5 + 3"),
    ("x + 3 - 3 < 5", "x < 5"),
    ("2*x < 6", "2*x/2 < 6/2"),
    ("-2*x < 6", "(-2)*x/(-2) > 6/(-2)"),
    ("-x < 6", "x > -6"),
    ("x/(-2) <= 4", "(-2)*(x/(-2)) >= -8"),
    ("5 > x + 1", "x + 1 < 5"),
    ("3 < 1 + 1", "3 < 2"),
    ("3 < 2", "no solution"),
    ("2 < 3", "all reals"),
    ("x + 1 <= x + 1", "all reals"),
    ("x + 1 < x + 1", "no solution"),
    ("1 < x + 3 and x + 3 <= 7", "1 - 3 < x + 3 - 3 and x + 3 - 3 <= 7 - 3"),
    ("6 < -3*x and -3*x <= 9", "6/(-3) > (-3)*x/(-3) and (-3)*x/(-3) >= 9/(-3)"),
    ("x + 1 > 3 and x - 1 < 7", "x + 1 - 1 > 3 - 1 and x - 1 < 7"),
    ("x + 1 > 3 or x < 1", "x + 1 - 1 > 3 - 1 or x < 1"),
    ("x^2 - 5*x + 6 < 0", "(x - 3)*(x - 2) < 0"),
    ("(x - 3)*(x - 2) < 0", "x > 2 and x < 3"),
    ("(x - 3)*(x - 2) > 0", "(x - 3 > 0 and x - 2 > 0) or (x - 3 < 0 and x - 2 < 0)"),
    ("(x - 1)/(x + 2) >= 0", "x < -2 or x >= 1"),
    ("x^2 - 2*x - 1 <= 0", "x >= 1 - sqrt(2) and x <= 1 + sqrt(2)"),
    ("x^2 + x + 1 > 0", "all reals"),
    ("(x - 1)^2 > 0", "x != 1"),
    ("1/x < 2", "x*x*(1/x) < x*x*2 and x != 0"),
    ("1/x < 2", "(x*(1/x) < x*2 and x > 0) or (x*(1/x) > x*2 and x < 0)"),
    ("|x - 1| < 3", "-3 < x - 1 and x - 1 < 3"),
    ("|x - 1| >= 3", "x - 1 >= 3 or x - 1 <= -3"),
    ("|x| < -1", "no solution"),
    ("|x| > -1", "all reals"),
    ("x^2 < 5", "-sqrt(5) < x and x < sqrt(5)"),
    ("x^2 > 9", "x > sqrt(9) or x < -sqrt(9)"),
    ("x^2 < -9", "no solution"),
    ("a*x > b and a > 0", "a*x/a > b/a and a > 0"),
    ("a*x > b and a < 0", "a*x/a < b/a and a < 0"),
    ("a*x/a > b and a < 0", "x > b and a < 0"),
    ("-a*x > b and a < 0", "a*x < -b and a < 0"),
    ("x > 1 and x > 3", "x > 3"),
    ("x >= 3 and x > 3", "x > 3"),
    ("x > 3 and x < 1", "no solution"),
    ("x > 1 and x != 0", "x > 1"),
    ("x >= 3 and x != 3", "x > 3"),
    ("x = 2 and x < 1", "no solution"),
    ("x > 1 or x > 3", "x > 1"),
    ("x < 3 or x > 1", "all reals"),
]


@pytest.mark.parametrize(("line", "expected"), SOUND)
def test_sound_moves_are_offered(line: str, expected: str) -> None:
    shown = _shown(line)
    assert _same(expected) in shown, sorted(shown)
    assert shown[_same(expected)].sound


UNSOUND = [
    ("-2*x < 6", "(-2)*x/(-2) < 6/(-2)", "divide both sides without turning"),
    ("x/(-2) <= 4", "(-2)*(x/(-2)) <= -8", "multiply both sides without turning"),
    ("-x < 6", "x < -6", "change signs without turning"),
    ("5 > x + 1", "x + 1 > 5", "swap without turning"),
    ("1/x < 2", "x*(1/x) < x*2", "multiply by the unknown"),
    ("x*x > 3*x", "x*x/x > 3*x/x", "divide by the unknown"),
    ("a*x > b", "a*x/a > b/a", "divide both sides without care"),
    ("a*x > b", "a*x/a < b/a", "divide both sides and turn without care"),
    ("a*x > b and a > 0", "a*x/a < b/a and a > 0", "divide both sides and turn"),
    ("(x - 1)/(x + 2) >= 0", "x <= -2 or x >= 1", "poles taken for zeros"),
    ("(x - 3)*(x - 2) > 0", "x - 3 > 0 or x - 2 > 0", "each factor alone"),
    ("|x - 1| < 3", "x - 1 < 3", "drop absolute value"),
    ("|x - 1| < 3", "x - 1 < 3 or x - 1 > -3", "split the wrong way"),
    ("|x| > 3", "x > 3 and x < -3", "split the wrong way"),
    ("x^2 > 9", "x > sqrt(9)", "take the positive root"),
    ("x > 1 and x > 3", "x > 1", "keep one bound"),
    ("x > 1 or x > 3", "x > 3", "keep one interval"),
    ("3 < 2", "all reals", "conclude"),
]


@pytest.mark.parametrize(("line", "expected", "rule"), UNSOUND)
def test_classic_mistakes_are_offered_and_marked(line: str, expected: str, rule: str) -> None:
    shown = _shown(line)
    move = shown.get(_same(expected))
    assert move is not None, sorted(shown)
    assert (move.rule, move.sound) == (rule, False)


@pytest.mark.parametrize(
    "text",
    [
        "x < 3",
        "3 > x",
        "x > 1 and x <= 3",
        "x < 1 or x > 3",
        "x != 2",
        "x > 0 and x != 2",
        "x = 1 or x > 3",
        "x > b/a and a > 0",
        "no solution",
        "all reals",
    ],
)
def test_nothing_is_offered_where_the_line_is_solved(text: str) -> None:
    line = parse_statement(text)
    assert fault_of_solution(line, "x") is None
    for moves in INEQUALITY_MOVE_SETS.values():
        assert not list(moves(line))


@pytest.mark.parametrize("moves", INEQUALITY_MOVE_SETS)
def test_certificates_agree_with_the_verifier_on_walks(moves: str) -> None:
    """Tokens that were promised are those of the line; what is called sound is verified."""
    rng = np.random.default_rng(3)
    generate = INEQUALITY_MOVE_SETS[moves]
    for level in INEQUALITY_LEVELS[::4]:
        line = draw_inequality(rng, level).line
        for _ in range(5):
            found = [move for move in generate(line) if len(move.tokens) <= 80]
            if not found:
                break
            move = found[int(rng.integers(len(found)))]
            after = move.line
            assert line_tokens(after) == move.tokens
            if move.sound:
                verdict = relate(line, after, unknown="x")
                assert verdict.verified or verdict.relation is Relation.VACUOUS, (to_text(line), to_text(after))
            line = after
