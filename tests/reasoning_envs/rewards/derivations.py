"""Derivations made by hand for tests: linear equations solved rightly, or with one of the classic mistakes.

Nothing here calls a verifier: a line is four numbers, and a step is right when the roots agree.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from reasoning_envs.types import Problem, Relation, Status, Step, Trace, Verdict

RIGHT = Verdict(Status.VERIFIED, Relation.EQUIVALENT)
WRONG = Verdict(Status.REFUTED, Relation.NONE)
LOST = Verdict(Status.REFUTED, Relation.IMPLIED_BY, witness="x = 0")


class Line(NamedTuple):
    """a*x + b = c*x + d + e, as text with its root."""

    text: str
    root: Fraction


def side(slope: int, *numbers: int) -> str:
    parts = [f"{slope}*x"] if slope else []
    parts += [str(number) for number in numbers if number]
    return " + ".join(parts).replace("+ -", "- ") or "0"


def line(a: int, b: int, c: int, *right: int) -> Line:
    return Line(f"{side(a, b)} = {side(c, *right)}", Fraction(sum(right) - b, a - c))


def linear(rng: np.random.Generator, mistakes: float) -> Trace:
    """One derivation; each step goes wrong with the given probability."""
    a, b, c, d = (int(n) for n in rng.integers(2, 30, size=4))
    a += c + 1

    def slip(number: int) -> int:
        return number + int(rng.choice([-2, -1, 1, 2])) if rng.random() < mistakes else number

    def sign(number: int) -> int:
        return -number if rng.random() < mistakes else number

    start = line(a, b, c, d)
    moved = sign(-b)
    folded = slip(d + moved)
    slope = a - sign(c)
    lines = [
        start,
        line(a, 0, c, d, moved),
        line(a, 0, c, folded),
        line(slope, 0, 0, folded),
    ]
    over, under = (slope, folded) if rng.random() < mistakes / 2 and folded else (folded, slope)
    lines.append(Line(f"x = {Fraction(over, under)}", Fraction(over, under)))
    steps = []
    for index, (before, after) in enumerate(pairwise(lines)):
        steps.append(Step(index, after.text, after.text, RIGHT if before.root == after.root else WRONG))
    outcome = Verdict(Status.VERIFIED if lines[-1].root == start.root else Status.REFUTED)
    return trace(start.text, steps, outcome)


def quadratic(rng: np.random.Generator, mistakes: float) -> Trace:
    """``x^2 = k*x``, divided by x where it goes wrong."""
    k = int(rng.integers(2, 40))
    wrong = rng.random() < mistakes * 2
    texts = ["x = " + str(k)] if wrong else [f"x^2 - {k}*x = 0", f"x*(x - {k}) = 0", f"x = 0 or x = {k}"]
    steps = [Step(index, text, text, LOST if wrong else RIGHT) for index, text in enumerate(texts)]
    return trace(f"x^2 = {k}*x", steps, Verdict(Status.REFUTED if wrong else Status.VERIFIED))


def trace(statement: str, steps: list[Step], outcome: Verdict | None) -> Trace:
    problem = Problem(f"id {statement}", "algebra", f"Solve for x: {statement}", statement, metadata={"unknown": "x"})
    return Trace("", {}, {}, "solver", None, problem, tuple(steps), outcome)


def derivations(count: int, seed: int, mistakes: float = 0.15) -> list[Trace]:
    rng = np.random.default_rng(seed)
    return [quadratic(rng, mistakes) if i % 5 == 0 else linear(rng, mistakes) for i in range(count)]
