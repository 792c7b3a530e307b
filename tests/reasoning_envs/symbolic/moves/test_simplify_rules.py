"""The rules towards normal forms: what each gives, and that every certificate is true."""

from __future__ import annotations

import numpy as np
import pytest

from reasoning_envs.domains.simplify import SimplifyDomain
from reasoning_envs.symbolic.equality.equivalence import equivalent
from reasoning_envs.symbolic.moves.simplify_rules import MISTAKES, WORDS, simplify_rewrites
from reasoning_envs.symbolic.steps.recognition import fingerprint, recognised
from reasoning_envs.symbolic.syntax.parser import parse_expression
from reasoning_envs.symbolic.syntax.printer import to_text


def results(text: str, rule: str, sound: bool = True) -> list[str]:
    found = simplify_rewrites(parse_expression(text))
    return [to_text(r.result) for r in found if r.rule == rule and r.sound is sound]


@pytest.mark.parametrize(
    ("text", "rule", "after"),
    [
        ("6*x + 9", "take out a number", ["3*(2*x + 3)"]),
        ("-6*x + 9", "take out a number", ["3*(-2*x + 3)", "-3*(2*x - 3)"]),
        ("x/2 + 3/4", "take out a number", ["1/4*(2*x + 3)"]),
        ("x + 1", "take out a number", []),
        ("x^2 - 9", "difference of squares", ["(x - 3)*(x + 3)"]),
        ("4*x^2*y^4 - 25", "difference of squares", ["(2*x*y^2 - 5)*(2*x*y^2 + 5)"]),
        ("9 - x^2", "difference of squares", ["(3 - x)*(3 + x)"]),
        ("x^2 + 9", "difference of squares", []),
        ("x^2 - 8", "difference of squares", []),
        ("9 - 4", "difference of squares", []),
        ("x^2 + 5*x + 6", "two brackets", ["(x + 2)*(x + 3)"]),
        ("x^2 - 6*x + 9", "two brackets", ["(x - 3)^2"]),
        ("t^2 - t - 6", "two brackets", ["(t + 2)*(t - 3)"]),
        ("x^2 + x + 1", "two brackets", []),
        ("2*x^2 + 5*x + 2", "linear factor", ["(x + 2)*(2*x + 1)", "(2*x + 1)*(x + 2)"]),
        ("x^3 - x", "linear factor", ["(x - 1)*(x^2 + x)", "x*(x^2 - 1)", "(x + 1)*(x^2 - x)"]),
        ("x^3 + 2", "linear factor", []),
        ("sqrt(2)*sqrt(3)", "join roots", ["sqrt(6)"]),
        ("sqrt(x)*5*sqrt(y)", "join roots", ["sqrt(x*y)*5"]),
        ("3/sqrt(2)", "rationalise", ["3*sqrt(2)/2"]),
        ("3/(2*sqrt(5))", "rationalise", ["3*sqrt(5)/(2*5)"]),
        ("1/(3 - sqrt(2))", "rationalise", ["(3 + sqrt(2))/7"]),
        ("2/(sqrt(5) + 3*sqrt(2))", "rationalise", ["2*(sqrt(5) - 3*sqrt(2))/(-13)"]),
        ("1/(2 - sqrt(4))", "rationalise", []),
        ("6*x/(4*y)", "cancel a number", ["3*x/(2*y)"]),
        ("(2*x + 4)/(6*x)", "cancel a number", ["(x + 2)/(3*x)"]),
        ("6/(3*x^2*y)", "cancel a number", ["2/(x^2*y)"]),
        ("(2*x + 3)/4", "cancel a number", []),
    ],
)
def test_what_a_rule_gives(text: str, rule: str, after: list[str]) -> None:
    assert sorted(results(text, rule)) == sorted(after)


@pytest.mark.parametrize(
    ("text", "rule", "after"),
    [
        ("6*x + 9", "take out of one term", "3*(2*x + 9)"),
        ("x^2 - 9", "square of a difference", "(x - 3)^2"),
        ("x^2 + 5*x + 6", "two brackets", "(x + 1)*(x + 6)"),
        ("2*x^2 + 5*x + 2", "linear factor, wrong sign", "(x - 2)*(2*x + 1)"),
        ("sqrt(2) + sqrt(7)", "sum of roots", "sqrt(2 + 7)"),
        ("3/sqrt(2)", "rationalise without the numerator", "3/2"),
        ("x^2*x^3", "exponents multiplied", "x^6"),
        ("(x^2)^3", "exponents added", "x^5"),
        ("x^6/x^2", "exponents divided", "x^3"),
        ("(3*x)^2", "number not raised", "3*x^2"),
        ("3*x*5", "numbers added", "8*x"),
    ],
)
def test_what_a_mistake_gives(text: str, rule: str, after: str) -> None:
    assert after in results(text, rule, sound=False)
    verdict = equivalent(parse_expression(text), parse_expression(after))
    assert verdict.refuted
    assert rule in MISTAKES


def test_every_certificate_is_true_and_every_rule_has_words() -> None:
    domain = SimplifyDomain()
    rng = np.random.default_rng(3)
    wrong = harmless = 0
    rules = set()
    for level in domain.levels:
        for seed in range(2):
            state = domain.start(domain.sample(np.random.default_rng(seed), level))
            for _ in range(4):
                for action in domain.actions(state):
                    rewrite = action.rewrite
                    if rewrite is None or rewrite not in simplify_rewrites(state.line):
                        continue
                    rules.add(rewrite.rule)
                    verdict = equivalent(state.line, rewrite.result)
                    shown = (
                        f"{level}: {rewrite.rule} on {domain.text(state)} gives {to_text(rewrite.result)}: {verdict}"
                    )
                    assert rewrite.rule in WORDS, shown
                    assert not (rewrite.sound and verdict.refuted), shown
                    wrong += verdict.refuted
                    harmless += not rewrite.sound and not verdict.refuted
                actions = [action for action in domain.actions(state) if action.sound]
                if not actions:
                    break
                state = actions[int(rng.integers(len(actions)))].state
    assert len(rules) > 12
    assert wrong > 10 * harmless
    assert set(MISTAKES) <= set(WORDS)


def test_a_mistake_is_recognised_by_its_values() -> None:
    before, after = parse_expression("x^2 - 9"), parse_expression("x^2 - 6*x + 9")
    words = {"square of a difference": "not {}"}
    assert recognised(after, simplify_rewrites(before), words) == "not x^2 - 9"
    assert recognised(parse_expression("x"), simplify_rewrites(before), words) is None
    assert recognised(after, simplify_rewrites(before), {}) is None
    assert fingerprint(parse_expression("ln(-1 - x^2)")) is None
    assert recognised(parse_expression("sqrt(-1)"), simplify_rewrites(before), words) is None
