"""Moves on lines: what is offered, what it leads to, and what its certificate says."""

from __future__ import annotations

import numpy as np
import pytest

from reasoning_envs.domains.problems.algebra import LEVELS, draw
from reasoning_envs.symbolic.moves.axioms import axiom_moves
from reasoning_envs.symbolic.moves.equations import Move, moves
from reasoning_envs.symbolic.moves.places import active, is_solved
from reasoning_envs.symbolic.moves.rules.domains import may_lack_value
from reasoning_envs.symbolic.moves.sets import MOVE_SETS, curated
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.symbolic.syntax.printer import to_text
from reasoning_envs.symbolic.syntax.statement import Statement, line_tokens
from reasoning_envs.types import Status


def _shown(line: str) -> dict[str, Move]:
    return {to_text(move.line): move for move in moves(parse_statement(line))}


def _same(text: str) -> str:
    return to_text(parse_statement(text))


SOUND = [
    ("x + 3 = 5", "x + 3 - 3 = 5 - 3"),
    ("x - 3 = 5", "x - 3 + 3 = 5 + 3"),
    ("x + 3 - 3 = 5", "x = 5"),
    ("2*x = 6", "2*x/2 = 6/2"),
    ("-x = 6", "x = -6"),
    ("a*x = b", "a*x/a = b/a"),
    ("x/2 = 4", "2*(x/2) = 8"),
    ("x/2 + x/3 = 1", "2*(x/2) + 2*(x/3) = 2"),
    ("5 = x", "x = 5"),
    ("1 = 2", "no solution"),
    ("x + 1 = x + 1", "all reals"),
    ("3 = 1 + 2", "3 = 3"),
    ("3 = 3", "all reals"),
    ("x*(x - 3) = 0", "x = 0 or x - 3 = 0"),
    ("x*(x - 3) = 2*(x - 3)", "x - 3 = 0 or x*(x - 3)/(x - 3) = 2*(x - 3)/(x - 3)"),
    ("x^2 = 9", "x = sqrt(9) or x = -sqrt(9)"),
    ("x^2 = -9", "no solution"),
    ("x^3 = 8", "x = root(8, 3)"),
    ("sqrt(x + 3) = x - 3", "x + 3 = (x - 3)^2 and x - 3 >= 0"),
    ("sqrt(x) = -2", "no solution"),
    ("sqrt(x) = 3", "x = 3^2"),
    ("|x - 1| = 4", "x - 1 = 4 or x - 1 = -4"),
    ("|x - 1| = x", "x - 1 = x and x >= 0 or x - 1 = -x and x >= 0"),
    ("|x| = -1", "no solution"),
    ("2^x = 8", "x = 3"),
    ("2^x = 2^(3*x)", "x = 3*x"),
    ("2^x = 5", "x = ln(5)/ln(2)"),
    ("exp(x) = -1", "no solution"),
    ("e^x = 7", "x = ln(7)"),
    ("e^(2*x) = e^(x + 1)", "2*x = x + 1"),
    ("exp(2*x) = e^(x + 1)", "2*x = x + 1"),
    ("ln(x) = 2", "x = exp(2)"),
    ("ln(x) = ln(2*x - 1)", "x = 2*x - 1 and x > 0"),
    ("log(x, 2) = 3", "x = 2^3"),
    ("ln(x) + ln(x + 1) = ln(56)", "ln(x*(x + 1)) = ln(56) and x > 0 and x + 1 > 0"),
    ("1/x = 2", "x*(1/x) = x*2 and x != 0"),
    ("x^2 + x - 1 = 0", "x = (-1 + sqrt(5))/(2) or x = (-1 - sqrt(5))/(2)"),
    ("x = 3 and x - 3 != 0", "no solution"),
    ("x = 4 and x - 3 != 0", "x = 4"),
    ("x = 1 and x >= 3 or x = 6 and x >= 3", "x = 6 and x >= 3"),
]


@pytest.mark.parametrize(("line", "expected"), SOUND)
def test_sound_moves_are_offered(line: str, expected: str) -> None:
    shown = _shown(line)
    assert _same(expected) in shown, sorted(shown)
    assert shown[_same(expected)].sound


UNSOUND = [
    ("x^2 = 3*x", "x^2 - x = 3*x - x", None),
    ("x*x = 3*x", "x*x/x = 3*x/x", "divide by the unknown"),
    ("x*(x - 3) = 0", "x = 0", "zero product, one factor"),
    ("x^2 = 9", "x = sqrt(9)", "take the positive root"),
    ("sqrt(x + 3) = x - 3", "x + 3 = (x - 3)^2", "square without care"),
    ("|x| = 3", "x = 3", "drop absolute value"),
    ("1 = 2", "all reals", "conclude"),
    ("3 = 1 + 2", "all reals", None),
    ("a = b", "all reals", "conclude"),
    ("x = 4 and x - 3 != 0", "no solution", "constraint fails"),
    ("1/x = 2", "x*(1/x) = x*2", "multiply without care"),
]


@pytest.mark.parametrize(("line", "expected", "rule"), UNSOUND)
def test_classic_mistakes_are_offered_and_marked(line: str, expected: str, rule: str | None) -> None:
    move = _shown(line).get(_same(expected))
    if rule is None:
        assert move is None
    else:
        assert move is not None, sorted(_shown(line))
        assert (move.rule, move.sound) == (rule, False)


@pytest.mark.parametrize("line", ["(x - x)*x = 0", "(a - a)*x = 0", "0*x = 0", "(2*x - 2*x)*a = 3*(2*x - 2*x)"])
def test_nothing_that_is_zero_divides_both_sides(line: str) -> None:
    for move in moves(parse_statement(line)):
        if move.rule in ("divide both sides", "zero product") and move.sound:
            assert move.operand is None or to_text(move.operand) in ("x", "a", "3"), to_text(move.line)


def test_joining_logarithms_carries_the_constraint() -> None:
    assert _same("ln(x*(x + 1)) = ln(56)") not in _shown("ln(x) + ln(x + 1) = ln(56)")


@pytest.mark.parametrize("line", ["x*(1/x) = 0", "x*sqrt(x - 1) = 0", "x*(2/x) = x*a", "x*ln(x) = x"])
def test_a_zero_factor_says_nothing_where_another_factor_has_no_value(line: str) -> None:
    for move in moves(parse_statement(line)):
        assert not (move.sound and to_text(move.line).startswith("x = 0")), to_text(move.line)


def test_wide_moves_multiply_soundly_only_by_numbers_letters_and_denominators() -> None:
    marked = {
        (move.rule, to_text(move.operand)): move.sound
        for move in MOVE_SETS["wide"](parse_statement("8*x - 32 + 1/x = 0"))
        if move.operand is not None and move.rule.startswith("multiply")
    }
    assert marked[("multiply both sides", "x")] is True  # x is a denominator: the line has no value at 0
    assert marked[("multiply by the unknown", "8*x")] is False
    assert marked[("multiply both sides", "8")] is True


def test_dividing_zero_by_the_left_side_is_never_offered_as_sound() -> None:
    """A policy once learned `expr = 0`, `1 = 0/expr`, `x = 0` where expr is 0 for every x."""
    for text in ("x - x = 0", "2*(x - x) = 0", "(x + 1)*0 = 0"):
        for first in moves(parse_statement(text)):
            if first.sound:
                assert to_text(first.line) != "x = 0"
                for second in moves(first.line):
                    assert not (second.sound and to_text(second.line) == "x = 0"), (text, to_text(first.line))


@pytest.mark.parametrize("name", [*MOVE_SETS, "axioms"])
@pytest.mark.parametrize("level", LEVELS[::4])
def test_moves_come_in_a_fixed_order_without_repetition(name: str, level: str) -> None:

    generate = {**MOVE_SETS, "axioms": axiom_moves}[name]
    line, _ = draw(np.random.default_rng(3), level)
    found = list(generate(line))
    assert [(m.rule, m.tokens) for m in found] == [(m.rule, m.tokens) for m in generate(line)]
    assert len({move.tokens for move in found}) == len(found)
    assert all(move.tokens == line_tokens(move.line) != line_tokens(line) for move in found)


@pytest.mark.parametrize(
    "text", ["x = 3", "x = 3 or x = a", "no solution", "all reals", "x = 5 - 3", "x != 0", "x >= 3"]
)
def test_final_lines_have_no_moves(text: str) -> None:
    line = parse_statement(text)
    assert active(line) is None
    assert list(moves(line)) == []


@pytest.mark.parametrize(
    "text", ["x = x", "x + 1 = 3", "3 = x", "x = 3 and x != 0", "x + 1 >= 3", "x = 2 or x - 1 = 0"]
)
def test_other_lines_are_not_final(text: str) -> None:
    assert active(parse_statement(text)) is not None


def test_an_identity_leaves_what_its_constraints_leave() -> None:
    found = {(move.rule, to_text(move.line)): move.sound for move in moves(parse_statement("1 = 1 and 2x + 4 != 0"))}
    assert found["conclude", "x != -2"]
    assert not found["conclude", "all reals"]
    assert ("conclude", "x != 0") not in {(m.rule, to_text(m.line)) for m in moves(parse_statement("1 = 2 and x != 0"))}


@pytest.mark.parametrize(
    ("line", "left_over"),
    [
        ("1/x = 1/x", "x != 0"),
        ("ln(2*x - 3) = ln(2*x - 3)", "x > 3/2"),
        ("sqrt(-x) = sqrt(-x) and x != -1", "x != -1 and x <= 0"),
        ("1/(x^2 - 1) = 1/(x^2 - 1)", "x != -1 and x != 1"),
        ("1/(x*(x + 2)^2) = 1/(x*(x + 2)^2)", "x != 0 and x != -2"),
    ],
)
def test_an_identity_holds_only_where_it_has_a_value(line: str, left_over: str) -> None:
    found = {to_text(move.line): move.sound for move in moves(parse_statement(line)) if move.rule == "conclude"}
    assert found == {_same(left_over): True, "all reals": False}


def test_an_identity_that_has_a_value_everywhere_is_true() -> None:
    for line in ("x/(x^2 + 1) = x/(x^2 + 1)", "exp(|x|) = exp(|x|)", "2^x = 2^x", "x/3 = x/3"):
        assert _shown(line)["all reals"].sound, line
    (move,) = [move for move in moves(parse_statement("x/a = x/a")) if move.rule == "conclude"]
    assert (to_text(move.line), [to_text(piece) for piece in move.conditions]) == ("all reals", ["a != 0"])
    (move,) = [move for move in moves(parse_statement("1/(x^2 - 2) = 1/(x^2 - 2)")) if move.rule == "conclude"]
    assert not move.sound  # nobody can say it yet: the places are irrational


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("1/x + x - 1/x = 0", "x = 0 and x != 0"),
        ("sqrt(x) + x - sqrt(x) = -1", "x = -1 and x >= 0"),
        ("ln(x) - ln(x) = x", "0 = x and x > 0"),
        ("0*(1/x) = x", "0 = x and x != 0"),
        ("0*ln(x)/3 = x", "0/3 = x and x > 0"),
        ("x + a/b - a/b = 1", "x = 1"),
    ],
)
def test_what_vanishes_leaves_the_condition_under_which_it_had_a_value(line: str, after: str) -> None:
    shown = _shown(line)
    assert shown[_same(after)].sound
    bare = _same(after.partition(" and ")[0])
    assert bare == _same(after) or bare not in shown


@pytest.mark.parametrize(
    ("line", "constraint_holds"),
    [
        ("x = 4 and ln(x - 4) != 1", False),
        ("x = 1 and sqrt(x - 2) >= 0", False),
        ("x = 1 and 1/(x - 1) > -5", False),
        ("x = a and 1/(x - a) != 0", False),
        ("x = 5 and ln(x - 4) != 1", True),
        ("x = a and 1/(x - b) != 0", True),
    ],
)
def test_a_constraint_without_a_value_does_not_hold(line: str, constraint_holds: bool) -> None:
    found = {move.rule: move.sound for move in moves(parse_statement(line))}
    assert found == {"constraint holds": constraint_holds, "constraint fails": not constraint_holds}


@pytest.mark.parametrize("name", ["curated", "wide"])
@pytest.mark.parametrize(
    ("line", "after", "conditions"),
    [
        ("a*x/a = b", "x = b", {"a != 0"}),
        ("x/a = b", "x = a*b", {"a != 0"}),
        ("(a*x)/(a*b) = 1", "x/b = 1", {"a*b != 0"}),
        ("sqrt(a)*x - sqrt(a)*x = x - 1", "0 = x - 1", {"a >= 0"}),
        ("x/b + x/b = c", "2*x/b = c", set()),
    ],
)
def test_what_simplification_lets_vanish_leaves_its_condition(
    name: str, line: str, after: str, conditions: set[str]
) -> None:
    (move,) = [move for move in MOVE_SETS[name](parse_statement(line)) if to_text(move.line) == _same(after)]
    assert move.sound
    assert {to_text(condition) for condition in move.conditions} == conditions


@pytest.mark.parametrize(("text", "expected"), [("0^x = 0", True), ("(-2)^x = 4", True), ("2^x = 4", False)])
def test_a_line_that_has_no_value_anywhere_is_known(text: str, expected: bool) -> None:
    assert may_lack_value(parse_statement(text)) is expected


SUSPECT = [
    "1/x + x - 1/x = 0",
    "x/x + 1/x = 2/x",
    "(x^2 - 1)/(x - 1) = 2",
    "sqrt(x) + x = sqrt(x) + 4",
    "ln(x) + x = ln(x) - 3",
    "5*sqrt(3*x - 2)/sqrt(3*x - 2) = 35 + 5*sqrt(3*x - 2)",
    "sqrt(3*x - 7) = 2*sqrt(3*x - 7) + 4",
    "-33 = 0/|2*x + 4|",
    "0*(1/x) = 0",
    "x*(1/x) = 1",
    "exp(ln(x)) = x",
    "ln(x^2) = 2*ln(x)",
    "x^0 = 1",
    "1/(1/x) = x",
    "ln(4*x - 8) = ln(x)",
    "a*x/b - a*x/b = 0",
    "|x| = 2*|x| + 1",
]


@pytest.mark.parametrize("name", [*MOVE_SETS, "axioms"])
@pytest.mark.parametrize("text", SUSPECT)
def test_no_certificate_says_what_the_verifier_refutes(name: str, text: str) -> None:
    generate = {**MOVE_SETS, "axioms": axiom_moves}[name]
    rng = np.random.default_rng(6)
    line: Statement = parse_statement(text)
    for _ in range(3):
        found = [move for move in generate(line) if len(move.tokens) < 96 and move.sound]
        for move in [found[index] for index in rng.permutation(len(found))[:12]]:
            verdict = relate(line, move.line, unknown="x")
            assert verdict.status is not Status.REFUTED, (to_text(line), move, verdict.reason)
        if not found:
            break
        line = found[int(rng.integers(len(found)))].line


def test_solved_means_x_alone_on_the_left() -> None:
    cases: list[tuple[str, bool]] = [("x = 3", True), ("x = y", True), ("3 = x", False), ("x = x + 1", False)]
    for text, expected in cases:
        assert is_solved(parse_statement(text)) is expected


def test_curated_moves_simplify_by_themselves() -> None:
    lines: list[Statement] = [move.line for move in curated(parse_statement("x + 3 = 5"))]
    assert parse_statement("x = 2") in lines


def test_axioms_are_smaller_than_moves() -> None:
    shown = {to_text(move.line) for move in axiom_moves(parse_statement("2*x + 3 + x = 9"))}
    assert _same("2*x + x + 3 = 9") in shown  # commute
    assert _same("3*x + 3 = 9") not in shown


@pytest.mark.parametrize("name", [*MOVE_SETS, "axioms"])
@pytest.mark.parametrize("level", LEVELS[::3])
def test_tokens_known_beforehand_are_those_of_the_line(name: str, level: str) -> None:
    generate = {**MOVE_SETS, "axioms": axiom_moves}[name]
    rng = np.random.default_rng(4)
    line: Statement = draw(rng, level)[0]
    for _ in range(12):
        found = list(generate(line))
        for move in found:
            assert move.tokens == line_tokens(move.line), move
        small = [move for move in found if len(move.tokens) < 128]
        if not small:
            break
        line = small[int(rng.integers(len(small)))].line
