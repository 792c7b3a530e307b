"""Other judges of answers, which the benchmark of the verifier stands beside.

Each gets the notation that it reads best: ``math_verify`` LaTeX, also of what was plain text, and SymPy the trees that
our parser built.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NamedTuple

from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.latex import to_latex
from reasoning_envs.symbolic.syntax.latex_reader import from_latex, is_latex
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_line
from tests.benchmarks.answer_pairs import Pair

__all__ = ["Judged", "judged_by", "math_verify", "simplify"]

SECONDS = 10
"""A peer may take for one pair."""


class Unread(Exception):
    """A peer does not read the pair."""


class Judged(NamedTuple):
    """What one judge made of one pair; undecided is also what it could not read."""

    right: bool
    seconds: float
    false_proof: bool = False
    undecided: bool = False


@contextmanager
def limited() -> Iterator[None]:
    """TimeoutError after :data:`SECONDS`."""

    def ring(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def judged_by(judge: Callable[[Pair], bool], pairs: Sequence[Pair]) -> list[Judged]:
    """Every pair by a peer. Whatever it raises is that it cannot tell."""
    found = []
    for pair in (*pairs[:3], *pairs):  # the first three twice: imports are not counted
        begun = time.process_time()
        try:
            with limited():
                same = judge(pair)
        except Unread:
            found.append(Judged(not pair.same, 0.0, undecided=True))
            continue
        except Exception:  # noqa: BLE001 - a peer may raise anything
            same = False
        found.append(Judged(same is pair.same, time.process_time() - begun))
    return found[3:]


def in_latex(text: str) -> str:
    """The text as LaTeX between dollar signs, where it is one line of mathematics; else as it stands."""
    if "boxed" in text or "nswer" in text or "\n" in text or "$" in text.replace("\\$", ""):
        return text
    if is_latex(text):
        return f"${text}$"
    try:
        return f"${to_latex(parse_line(text))}$"
    except ParseError:
        return text


def math_verify() -> Callable[[Pair], bool] | None:
    """The judge, or None where it is not installed."""
    if find_spec("math_verify") is None:
        return None
    from math_verify import parse, verify

    def judge(pair: Pair) -> bool:
        gold, answer = parse(in_latex(pair.first)), parse(in_latex(pair.second))
        if not gold or not answer:
            raise Unread
        return bool(verify(gold, answer))

    return judge


def simplify() -> Callable[[Pair], bool]:
    """``sympy.simplify(a - b) == 0`` of two expressions; of everything else it cannot tell."""
    import sympy

    from reasoning_envs.symbolic.steps.sympy_answers import build
    from reasoning_envs.symbolic.syntax.packing import pack

    def tree(text: str) -> Any:
        try:
            line = parse_line(from_latex(text) if is_latex(text) else text)
        except ParseError:
            raise Unread from None
        if not isinstance(line, Expr):
            raise Unread
        return build(pack(line), "real")

    def judge(pair: Pair) -> bool:
        return bool(sympy.simplify(tree(pair.first) - tree(pair.second)) == 0)

    return judge
