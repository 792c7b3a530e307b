"""Random answers against the reader and the verifier: ``python -m tests.fuzz.answers --seconds 300``.

Texts are made of the fragments that answers are made of, put together by chance, and by changing answers that are
right. Whatever the text, nothing may be raised, a verdict has a reason, and its status does not depend on which of the
two texts is the truth.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator

from reasoning_envs.types import Status
from reasoning_envs.verifiers.symbolic import verify_answer
from tests.benchmarks.answer_pairs import ATTACKS, BANK, PAIRS

__all__ = ["check_pair", "texts"]

_FRAGMENTS = (
    *"0123456789xyabnikeCI+-*/^!=<>()[]{}|,;:.%$°_&\\\"' \n",
    *("12", "100", "1,234", "0.5", "3/4", "1e3", "pi", "oo", "sqrt(", "sin ", "log_2 ", "ln(", "abs(", "root(2, 3)"),
    *(" or ", " and ", " in ", "x = ", "y = ", "<=", ">=", "!=", "±", "+/-", "no solution", "all reals", "matrix("),
    *(
        "cases(",
        "binom(",
        "sum(",
        "product(",
        "∪",
        "∩",
        "∖",
        "∈",
        "≈",
        "≤",
        "ℝ",
        "∅",
        "∞",
        "√",
        "½",
        "²",
        "₁",
        "−",
        "×",
    ),
    *(
        "\\frac",
        "\\frac{1}{2}",
        "\\sqrt",
        "\\sqrt[3]{2}",
        "\\left(",
        "\\right)",
        "\\left|",
        "\\right|",
        "\\cdot ",
        "\\pm ",
    ),
    *(
        "\\infty",
        "\\pi ",
        "\\{",
        "\\}",
        "\\text{",
        "\\text{ or }",
        "\\text{ cm}",
        "\\boxed{",
        "\\begin{pmatrix}",
        "\\end{pmatrix}",
    ),
    *(
        "\\begin{cases}",
        "\\end{cases}",
        "\\\\",
        "\\sum_{k=1}^{9}",
        "\\binom{5}{2}",
        "\\log_2 ",
        "\\sin^2 ",
        "^\\circ",
        "\\cup ",
        "\\in ",
    ),
    *(
        "\\mathbb{R}",
        "\\overline{3}",
        "\\,",
        "\\!",
        "\\%",
        "\\$",
        " cm",
        " apples",
        " percent",
        "the answer is ",
        "#### ",
        "(C)",
        "yes",
    ),
    *(", k ∈ ℤ", ", x in R", "f(x) = ", "f'(x) = ", "P(A) = ", "the slope is ", "(-1)^n", " + C", "k*pi", "∠ABC = "),
    *("\u200b", "\u202e", "\u0430", "é", "😀", "\x00", "\ud800"),
)


def texts(rng: random.Random) -> Iterator[str]:
    """Texts without end."""
    tables = (*PAIRS, *BANK, *ATTACKS)
    known = [text for pair in tables for text in (pair.first, pair.second) if len(text) < 200]
    while True:
        if rng.random() < 0.4:
            yield "".join(rng.choices(_FRAGMENTS, k=rng.randint(1, 14)))
            continue
        text = rng.choice(known)
        if rng.random() < 0.4:
            yield text
            continue
        for _ in range(rng.randint(1, 3)):
            at, width = rng.randint(0, len(text)), rng.choice((0, 0, 1, 2))
            piece = rng.choice(("", rng.choice(_FRAGMENTS), rng.choice(known)[:12]))
            text = text[:at] + piece + text[at + width :]
        yield text


def check_pair(first: str, second: str) -> Status:
    """The status of the verdict.

    Raises:
        AssertionError: the verdict has no reason, or a status that depends on the order. Whatever the verifier raises.
    """
    verdict, other = verify_answer(first, second), verify_answer(second, first)
    assert verdict.reason, (first, second)
    assert verdict.status is other.status, (first, second, verdict, other)
    return verdict.status


def main() -> None:
    """Run until the time is over or a text is found that breaks something."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0, help="how long")
    parser.add_argument("--seed", type=int, default=0, help="of the texts")
    args = parser.parse_args()
    source = texts(random.Random(args.seed))
    end = time.monotonic() + args.seconds
    seen: Counter[str] = Counter()
    slowest, slow_pair = 0.0, ("", "")
    while time.monotonic() < end:
        first, second = next(source), next(source)
        begun = time.process_time()
        try:
            seen[check_pair(first, second)] += 1
            seen[check_pair(first, first)] += 1
        except Exception:
            print(f"broken by {first!r} and {second!r}", file=sys.stderr)
            raise
        took = time.process_time() - begun
        if took > slowest:
            slowest, slow_pair = took, (first, second)
    print(f"{sum(seen.values())} pairs: " + ", ".join(f"{count} {name}" for name, count in seen.most_common()))
    print(f"the slowest took {slowest:.2f} s of CPU time: {slow_pair!r}")


if __name__ == "__main__":
    main()
