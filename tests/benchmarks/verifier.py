"""How right and how fast the verifier is: ``python -m tests.benchmarks.verifier``, about six minutes.

Five tables from one run. Answers: the same labelled pairs are judged by ``verify_answer``, by ``math_verify`` (``pip
install math-verify``; its columns stay empty where it is not installed) and by ``sympy.simplify`` of the difference of
two expressions. Question banks: pairs in the style of other people's banks. Steps of derivations. Published answers:
the calculations of GSM8K and the answers of MATH, where the samples are at hand (``--data``). Throughput: all of these
mixed, each text met for the first time.

Right is a verdict that agrees with the label: VERIFIED of a pair that is the same, REFUTED of one that is not; for the
peers, which know no third answer, anything but True counts as "not the same". What a peer cannot read counts as wrong
where the two are the same, and its time is not counted. Times are CPU time, of the whole judgement from text to
verdict. Ours are the least of some
rounds, with every memory of texts and terms emptied before each, so that no round knows a pair from the one before;
those of the peers are taken once, after a warm-up.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from reasoning_envs.symbolic.syntax import bounds, expression
from reasoning_envs.symbolic.values import enclosures
from reasoning_envs.types import Status, Verdict
from reasoning_envs.verifiers.symbolic import verify_answer, verify_step
from tests.benchmarks.answer_pairs import BANK, PAIRS, STEPS, Pair
from tests.benchmarks.verifier_peers import Judged, judged_by, math_verify, simplify


def forget() -> None:
    """Empty every memory of texts and terms, so that each pair is met for the first time."""
    for name, module in list(sys.modules.items()):
        if name.startswith("reasoning_envs."):
            for found in vars(module).values():
                if hasattr(found, "cache_clear") and found.__name__ not in ("vocabulary", "_worker"):
                    found.cache_clear()
    for memory in (expression._keys, expression._splits, bounds._known, bounds._extents, enclosures._programs):
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


def steps_table(rounds: int) -> str:
    """Steps of derivations: how many are judged right, and how fast."""
    wrong, proofs = [], 0
    best = [1e9] * len(STEPS)
    for turn in range(rounds):
        forget()
        for place, step in enumerate(STEPS):
            begun = time.process_time()
            verdict = verify_step(step.before, step.after, unknown=step.unknown)
            best[place] = min(best[place], time.process_time() - begun)
            if turn == 0 and verdict.status is not (Status.VERIFIED if step.right else Status.REFUTED):
                wrong.append(f"not right: {step.before!r} to {step.after!r}: {verdict.status.value}, {verdict.reason}")
                proofs += verdict.verified and verdict.rigorous
    mistakes = sum(not step.right for step in STEPS)
    lines = [
        f"steps: {len(STEPS)}, {mistakes} of them mistakes, in {len({step.category for step in STEPS})} categories",
        f"right {100 * (1 - len(wrong) / len(STEPS)):.1f}%, wrong proofs {proofs}",
        f"median {duration(statistics.median(best))}, p99 {duration(statistics.quantiles(best, n=100)[98])}",
    ]
    return "\n".join([*lines, *wrong])


def bank_table(peer: Callable[[Pair], bool] | None) -> str:
    """Pairs in the style of other people's question banks."""
    mine = [verdict_on(pair) for pair in BANK]
    columns: dict[str, list[Judged]] = {"verify_answer": mine}
    if peer is not None:
        columns["math_verify"] = judged_by(peer, BANK)
    lines = [f"question banks: {len(BANK)} pairs, {sum(pair.same for pair in BANK)} of them the same"]
    for name, judged in columns.items():
        same = [found for pair, found in zip(BANK, judged, strict=True) if pair.same]
        other = [found for pair, found in zip(BANK, judged, strict=True) if not pair.same]
        proofs, median = sum(found.false_proof for found in judged), duration(statistics.median(times(judged)))
        lines.append(
            f"{name}: right {share(judged)}, {share(same)} of the same, {share(other)} of the others, "
            f"wrong proofs {proofs}, median {median}"
        )
    lines += [
        f"not right: {pair.first!r} and {pair.second!r}, {'the same' if pair.same else 'different'}"
        for pair, found in zip(BANK, mine, strict=True)
        if not found.right
    ]
    return "\n".join(lines)


def verdict_on(pair: Pair) -> Judged:
    """Ours, once."""
    begun = time.process_time()
    verdict = verify_answer(pair.second, pair.first)
    seconds = time.process_time() - begun
    right = verdict.status is (Status.VERIFIED if pair.same else Status.REFUTED)
    proof = verdict.verified and verdict.rigorous and not pair.same
    return Judged(right, seconds, proof, not (verdict.verified or verdict.refuted))


def published(folder: Path) -> tuple[str, list[Callable[[], Verdict]]]:
    """What GSM8K and MATH say of it, and the questions for the mix."""
    lines: list[str] = []
    mix: list[Callable[[], Verdict]] = []
    gsm8k, math = folder / "gsm8k_test_first660.jsonl", folder / "math_test_first250.jsonl"
    if gsm8k.exists():
        found = [
            (left, right)
            for row in map(json.loads, gsm8k.read_text(encoding="utf-8").splitlines())
            for left, right in re.findall(r"<<([^=<>]+)=([^<>]+)>>", row["answer"])
        ]
        changed = [(left, with_digit_changed(right)) for left, right in found]
        verified = sum(verify_answer(left, right).verified for left, right in found)
        wrong = sum(verify_answer(left, right).verified for left, right in changed)
        lines.append(f"GSM8K: {verified} of {len(found)} calculations verified; with a digit changed {wrong}")
        mix += [partial(verify_answer, *pair) for pair in (*found, *changed)]
    if math.exists():
        answers = [json.loads(line)["answer"] for line in math.read_text(encoding="utf-8").splitlines()]
        itself = sum(verify_answer(answer, answer).verified for answer in answers)
        boxed = sum(verify_answer(f"So it is \\boxed{{{answer}}}.", answer).verified for answer in answers)
        lines.append(f"MATH: {itself} of {len(answers)} answers verified against themselves, {boxed} in a box")
        mix += [partial(verify_answer, *pair) for pair in zip(answers, [*answers[1:], answers[0]], strict=True)]
    return "\n".join(lines) or f"no samples of GSM8K and MATH in {folder}", mix


def with_digit_changed(text: str) -> str:
    """The first digit one higher."""
    place = next(place for place, char in enumerate(text) if char.isdigit())
    return f"{text[:place]}{(int(text[place]) + 1) % 10}{text[place + 1 :]}"


def throughput(more: Sequence[Callable[[], Verdict]]) -> str:
    """Everything mixed, in an order drawn once, each text met for the first time."""
    calls: list[Callable[[], Verdict]] = [partial(verify_answer, pair.second, pair.first) for pair in (*PAIRS, *BANK)]
    calls += [partial(verify_step, step.before, step.after, unknown=step.unknown) for step in STEPS]
    calls += more
    random.Random(0).shuffle(calls)
    forget()
    begun = time.process_time()
    for call in calls:
        call()
    spent = time.process_time() - begun
    return f"mixed: {len(calls)} verdicts in {spent:.2f} s of CPU time, {len(calls) / spent:,.0f} a second and core"


def main() -> None:
    """Print the tables, and what was not right in them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds in which ours are timed")
    parser.add_argument("--alone", action="store_true", help="leave the peers out")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="where samples of GSM8K and MATH lie")
    args = parser.parse_args()
    columns: dict[str, list[Judged] | None] = {"verify_answer": ours(args.rounds)}
    peer = None if args.alone else math_verify()
    if not args.alone:
        if peer is None:
            print("math_verify is not installed: pip install math-verify fills its column", file=sys.stderr)
        columns["math_verify"] = None if peer is None else judged_by(peer, PAIRS)
        columns["sympy.simplify"] = judged_by(simplify(), PAIRS)
    print(table(columns))
    mine = columns["verify_answer"] or []
    for pair, found in zip(PAIRS, mine, strict=True):
        if not found.right:
            print(f"not right: {pair.first!r} and {pair.second!r}, {'the same' if pair.same else 'different'}")
    for name, judged in columns.items():
        if judged and name != "verify_answer":
            ratio = statistics.median(times(judged)) / statistics.median(times(mine))
            print(f"the median of {name} is {ratio:.0f} times ours")
    print(f"\n{bank_table(peer)}\n\n{steps_table(args.rounds)}")
    text, more = published(args.data)
    print(f"\n{text}\n\n{throughput(more)}")


if __name__ == "__main__":
    main()
