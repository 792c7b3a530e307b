"""How right and how fast the verifier of answers is: ``python -m tests.benchmarks.verifier``, about three minutes.

The same labelled pairs are judged in one run by ``verify_answer``, by ``math_verify`` (``pip install math-verify``; its
columns stay empty where it is not installed) and by ``sympy.simplify`` of the difference of two expressions, each from
the notation that it reads best: ``math_verify`` gets LaTeX, also of what was plain text, and SymPy the trees that our
parser built.

Right is a verdict that agrees with the label: VERIFIED of a pair that is the same, REFUTED of one that is not; for the
peers, which know no third answer, anything but True counts as "not the same". What a peer cannot read counts as wrong
where the two are the same, and its time is not counted. Times are CPU time, of the whole judgement from text to
verdict. Ours are the least of some
rounds, with every memory of texts and terms emptied before each, so that no round knows a pair from the one before;
those of the peers are taken once, after a warm-up.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NamedTuple

from reasoning_envs.symbolic.syntax import bounds, expression
from reasoning_envs.symbolic.syntax.expression import Expr
from reasoning_envs.symbolic.syntax.latex import to_latex
from reasoning_envs.symbolic.syntax.latex_reader import from_latex, is_latex
from reasoning_envs.symbolic.syntax.parser import ParseError, parse_line
from reasoning_envs.types import Status
from reasoning_envs.verifiers.symbolic import verify_answer
from tests.benchmarks.answer_pairs import PAIRS, Pair

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


def forget() -> None:
    """Empty every memory of texts and terms, so that each pair is met for the first time."""
    for name, module in list(sys.modules.items()):
        if name.startswith("reasoning_envs."):
            for found in vars(module).values():
                if hasattr(found, "cache_clear") and found.__name__ not in ("vocabulary", "_worker"):
                    found.cache_clear()
    for memory in (expression._keys, expression._splits, bounds._known, bounds._extents):
        memory.clear()


def ours(rounds: int) -> list[Judged]:
    """Every pair; the least of the rounds, a first one that warms the process up left out."""
    judged: list[Judged] = []
    for turn in range(rounds + 1):
        forget()
        for place, pair in enumerate(PAIRS):
            wall, cpu = time.perf_counter(), time.process_time()
            verdict = verify_answer(pair.second, pair.first)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            # SymPy works in a process of its own.
            seconds = wall if verdict.method == "sympy" else cpu
            right = verdict.status is (Status.VERIFIED if pair.same else Status.REFUTED)
            proof = verdict.verified and verdict.rigorous and not pair.same
            if turn == 0:
                judged.append(Judged(right, 1e9, proof, not (verdict.verified or verdict.refuted)))
            else:
                judged[place] = judged[place]._replace(seconds=min(seconds, judged[place].seconds))
    return judged


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


def judged_by(judge: Callable[[Pair], bool]) -> list[Judged]:
    """Every pair by a peer. Whatever it raises is that it cannot tell."""
    found = []
    for pair in (*PAIRS[:3], *PAIRS):  # the first three twice: imports are not counted
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


def share(judged: Sequence[Judged]) -> str:
    """How many of them are right, in percent."""
    return f"{100 * statistics.fmean(found.right for found in judged):.1f}%"


def table(columns: dict[str, list[Judged] | None]) -> str:
    """Everything in one table."""
    names = list(columns)
    rows: list[list[str]] = []

    def row(label: str, cell: Callable[[list[Judged]], str]) -> None:
        rows.append([label, *["-" if columns[name] is None else cell(columns[name] or []) for name in names]])

    categories = list(dict.fromkeys(pair.category for pair in PAIRS))
    for category in categories:
        places = [place for place, pair in enumerate(PAIRS) if pair.category == category]
        row(f"{category} ({len(places)})", lambda judged, places=places: share([judged[place] for place in places]))  # type: ignore[misc]
    row(f"right, of {len(PAIRS)}", share)
    same = [place for place, pair in enumerate(PAIRS) if pair.same]
    other = [place for place, pair in enumerate(PAIRS) if not pair.same]
    row(f"right, of {len(same)} that are the same", lambda judged: share([judged[place] for place in same]))
    row(f"right, of {len(other)} that are not", lambda judged: share([judged[place] for place in other]))
    row("wrong proofs", lambda judged: str(sum(found.false_proof for found in judged)))
    row("undecided, or not read", lambda judged: str(sum(found.undecided for found in judged)))
    row("median", lambda judged: duration(statistics.median(times(judged))))
    row("p99", lambda judged: duration(statistics.quantiles(times(judged), n=100)[98]))
    row("slowest", lambda judged: duration(max(times(judged))))
    row("verdicts a second and core", lambda judged: f"{1 / statistics.fmean(times(judged)):,.0f}")
    widths = [max(len(line[place]) for line in [["", *names], *rows]) for place in range(len(names) + 1)]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |"
        for line in [["", *names], *rows]
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def times(judged: Sequence[Judged]) -> list[float]:
    """Seconds of each pair that was judged."""
    return [found.seconds for found in judged if not found.undecided]


def duration(seconds: float) -> str:
    """In us or ms."""
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


def main() -> None:
    """Print the table, and what was not right in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds in which ours are timed")
    parser.add_argument("--alone", action="store_true", help="leave the peers out")
    args = parser.parse_args()
    columns: dict[str, list[Judged] | None] = {"verify_answer": ours(args.rounds)}
    if not args.alone:
        peer = math_verify()
        if peer is None:
            print("math_verify is not installed: pip install math-verify fills its column", file=sys.stderr)
        columns["math_verify"] = None if peer is None else judged_by(peer)
        columns["sympy.simplify"] = judged_by(simplify())
    print(table(columns))
    mine = columns["verify_answer"] or []
    for pair, found in zip(PAIRS, mine, strict=True):
        if not found.right:
            print(f"not right: {pair.first!r} and {pair.second!r}, {'the same' if pair.same else 'different'}")
    for name, judged in columns.items():
        if judged and name != "verify_answer":
            ratio = statistics.median(times(judged)) / statistics.median(times(mine))
            print(f"the median of {name} is {ratio:.0f} times ours")


if __name__ == "__main__":
    main()
