"""Moves on systems: what is offered, what it leads to, and what its certificate says."""

from __future__ import annotations

import numpy as np
import pytest

from reasoning_envs.domains.problems.system import SYSTEM_LEVELS, draw_system
from reasoning_envs.symbolic.moves.equations import Move
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import free_symbols, line_tokens
from reasoning_envs.symbolic.syntax.unknowns import USUAL_UNKNOWNS
from reasoning_envs.symbolic.systems.moves import system_moves
from reasoning_envs.types import Relation


def _shown(line: str) -> dict[str, Move]:
    statement = parse_statement(line)
    unknowns = tuple([name for name in USUAL_UNKNOWNS if name in free_symbols(statement)])
    return {to_text(move.line): move for move in system_moves(statement, unknowns)}


def _same(text: str) -> str:
    return to_text(parse_statement(text))


SOUND = [
    ("x + y = 3 and x - y = 1", "x + y = 3 and 2*x = 4"),
    ("x + y = 3 and x - y = 1", "2*y = 2 and x - y = 1"),
    ("x + y = 3 and x - y = 1", "x = 3 - y and x - y = 1"),
    ("x + y = 3 and x - y = 1", "x - y = 1 and x + y = 3"),
    ("2*x + 3*y = 3 + x and y = x^2", "x + 3*y = 3 and y = x^2"),
    ("2*x + 4*y = 6 and x - y = 1", "x + 2*y = 3 and x - y = 1"),
    ("x/2 + y = 1 and x - y = 1", "x + 2*y = 2 and x - y = 1"),
    ("x = 3 - 2*y and 2*x + y = 1", "x = 3 - 2*y and -3*y = -5"),
    ("x + y = 3 and y = 1", "x = 2 and y = 1"),
    ("x + y = 3 and 2*x + 2*y = 6", "x + y = 3"),
    ("x + y = 3 and 0 = 0", "x + y = 3"),
    ("0 = 1 and x = y", "no solution"),
    ("2*x = 6 and x + y = 1", "x = 3 and x + y = 1"),
    ("y = x^2 and y = x + 2", "y = x^2 and x^2 - x = 2"),
    ("x^2 - x = 2 and y = x + 2", "(x = 2 and y = x + 2) or (x = -1 and y = x + 2)"),
    ("x^2 = -4 and y = 1", "no solution"),
    ("x^2 - y^2 = 0 and x + 2*y = 3", "(x - y = 0 and x + 2*y = 3) or (x + y = 0 and x + 2*y = 3)"),
    ("x*y = 12 and x^2 + y^2 = 25", "y = 12/x and x^2 + y^2 = 25"),
    ("y = 12/x and x^2 + y^2 = 25", "y = 12/x and x^4 - 25*x^2 = -144"),
    ("x = 3 and y = 12/x or x = 4 and y = 3", "x = 3 and y = 4 or x = 4 and y = 3"),
    ("x + y + z = 6 and x - y = 0 and z = 2", "x + y = 4 and x - y = 0 and z = 2"),
    ("x^2 + y^2 = 5 and x^2 - y^2 = 3", "x^2 + y^2 = 5 and 2*x^2 = 8"),
]


@pytest.mark.parametrize(("line", "expected"), SOUND)
def test_sound_moves_are_offered(line: str, expected: str) -> None:
    shown = _shown(line)
    assert _same(expected) in shown, sorted(shown)
    assert shown[_same(expected)].sound
    assert not shown[_same(expected)].conditions


CONDITIONAL = [
    ("a*x + y = 3 and x - y = 1", "x = (3 - y)/a and x - y = 1", "a != 0"),
    ("a*x + y = 3 and x - y = 1", "a*x + y = 3 and -a*y - y = a - 3", "a != 0"),
    ("x + y = 3 and 0 = a", "no solution", "-a != 0"),
]


@pytest.mark.parametrize(("line", "expected", "condition"), CONDITIONAL)
def test_what_is_divided_by_is_recorded(line: str, expected: str, condition: str) -> None:
    move = _shown(line)[_same(expected)]
    assert move.sound
    assert [to_text(one) for one in move.conditions] == [condition]


UNSOUND = [
    ("x + y = 3 and x - y = 1", "x = y + 3 and x - y = 1", "solve with a sign slip"),
    ("x + y = 3 and x - y = 1", "2*y = 4 and x - y = 1", "add with a sign slip"),
    ("x + y = 3 and x - y = 1", "x + y = 3", "drop an equation"),
    ("x = 3 - 2*y and 2*x + y = 1", "x = 3 - 2*y and -y = -5", "substitute without brackets"),
    ("x^2 - x = 2 and y = x + 2", "x = 2 and y = x + 2", "one root alone"),
    ("x^2 - y^2 = 0 and x + 2*y = 3", "x - y = 0 and x + 2*y = 3", "one factor alone"),
]


@pytest.mark.parametrize(("line", "expected", "rule"), UNSOUND)
def test_classic_mistakes_are_offered_and_marked(line: str, expected: str, rule: str) -> None:
    shown = _shown(line)
    move = shown.get(_same(expected))
    assert move is not None, sorted(shown)
    assert (move.rule, move.sound) == (rule, False)


@pytest.mark.parametrize(
    "text", ["x = 1 and y = 2", "y = 2 and x = 1", "x = 3 - y", "x = 1 and y = 2 or x = 2 and y = 1", "no solution"]
)
def test_nothing_is_offered_where_the_line_is_solved(text: str) -> None:
    assert not list(system_moves(parse_statement(text), ("x", "y")))


def test_an_equation_with_other_functions_is_left_alone() -> None:
    shown = _shown("sin(x) + y = 1 and x + y = 2")
    assert _same("sin(x) + y = 1 and y = 2 - x") in shown
    assert not any("cos" in text for text in shown)


def test_certificates_agree_with_the_verifier_on_walks() -> None:
    """Tokens that were promised are those of the line; what is called sound is verified."""
    rng = np.random.default_rng(4)
    for level in SYSTEM_LEVELS[::2]:
        line, _, unknowns = draw_system(rng, level)
        for _ in range(5):
            found = [move for move in system_moves(line, unknowns) if len(move.tokens) <= 140]
            if not found:
                break
            move = found[int(rng.integers(len(found)))]
            after = move.line
            assert line_tokens(after) == move.tokens
            if move.sound:
                verdict = relate(line, after, unknown=", ".join(unknowns))
                fine = verdict.verified or verdict.relation is Relation.VACUOUS or not verdict.refuted
                assert fine, (to_text(line), to_text(after), verdict)
            line = after
