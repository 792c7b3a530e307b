"""Where labels come from: what a judge of steps learns from verdicts, outcomes, roll-outs, people, and mixes.

All sources label the same traces: whole episodes, half of them with one error, after which they go on to an answer. The
judges are judged alike, on new problems in range and on errors after which the answer is right all the same (which an
outcome cannot show).

======================  ===============================================================================================
source                  label of a step
======================  ===============================================================================================
``verifier``            the verifier's verdict, up to the first error
``outcome, product``    none: the outcome is the product of the steps' chances; so ``min`` and ``sum``
``roll-outs``           1 where one of four roll-outs from there ends right (the hard estimate of Math-Shepherd,
                        arXiv 2312.08935), nothing behind the first 0; a roll-out is a short random search that slips
``people``              the verdict, on 100 traces at most, 5% of the labels exchanged
``roll-outs + people``  those of people where they are, else those of roll-outs
======================  ===============================================================================================
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from reasoning_envs.domains.algebra import AlgebraState
from reasoning_envs.rewards.fitting import Aggregate
from reasoning_envs.rewards.judging import judge_prm
from reasoning_envs.rewards.learned import LearnedPRM
from reasoning_envs.rewards.outcome import OutcomeConfig, OutcomePRM
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.rewards.trials.cases import Case, sound, spoiled
from reasoning_envs.rewards.trials.derivations import Search, algebra, search
from reasoning_envs.rewards.trials.shifts import KINDS, SHIFTS, cases_of, derivations_of
from reasoning_envs.rewards.trials.statistics import interval
from reasoning_envs.rewards.trials.tables import aligned
from reasoning_envs.symbolic.steps.derivation import relate
from reasoning_envs.types import Trace

__all__ = ["SOURCES", "SourceRun", "source_runs", "source_table", "whole_episodes"]

SIZES = (100, 300, 1000)
_AGGREGATES: tuple[Aggregate, ...] = ("product", "min", "sum")
SOURCES = ("verifier", *(f"outcome, {name}" for name in _AGGREGATES), "roll-outs", "people", "roll-outs + people")
_ROLL_OUTS = 4
_ROLL_OUT = Search(noise=4.0, depth=0.0, expansions=20)
_SLIPS = 0.1  # share of the roll-outs that fail whatever the state
_PEOPLE = 100  # traces that people label
_MISREAD = 0.05
_JUDGED = 200

Labels = dict[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class SourceRun:
    """One training.

    Attributes:
        source: of the labels. traces: how many it learned from. seed: of all that is drawn.
        seconds: CPU, for making the labels alone.
        f1: first-error F1 in range. right_answer: the share of errors located after which the answer is right.
    """

    source: str
    traces: int
    seed: int
    seconds: float
    f1: float
    right_answer: float


def source_runs(
    seeds: Sequence[int], sizes: Sequence[int] = SIZES, *, done: Iterable[SourceRun] = ()
) -> Iterator[SourceRun]:
    """All trainings that are not done yet, seed by seed; smaller sets are the first traces of larger ones."""
    known = {(run.source, run.traces, run.seed) for run in done}
    for seed in seeds:
        if all((source, size, seed) in known for source in SOURCES for size in sizes):
            continue  # before traces are drawn and rolled out, which is the dear part
        rng = np.random.default_rng([seed, 10])
        traces = whole_episodes(max(sizes), rng)
        verdicts, seconds = _verdicts(traces)
        rolled, rolling = _rolled_out(traces, rng)
        people = _people(verdicts, rng)
        sets = {
            name: cases_of(SHIFTS[name], _JUDGED, np.random.default_rng([seed, 11]))
            for name in ("in range", "right answer")
        }
        for size in sizes:
            part = traces[:size]
            costs = {"verifier": seconds * size, "roll-outs": rolling * size}
            for source in SOURCES:
                if (source, size, seed) in known:
                    continue
                prm = _trained(source, part, seed, verdicts, rolled, people)
                found = {
                    name: judge_prm(prm, [case.trace for case in cases], None, [case.kind for case in cases])
                    for name, cases in sets.items()
                }
                cost = costs.get(source.removesuffix(" + people"), 0.0)
                wrong = found["right answer"].accuracy_erroneous
                yield SourceRun(source, size, seed, cost, found["in range"].f1, wrong)


def whole_episodes(count: int, rng: np.random.Generator) -> list[Trace]:
    """Traces of the training split, every second one with an error, from which it goes on to an answer if it can."""
    shift = replace(SHIFTS["in range"], split="train", whole=True)
    traces: list[Trace] = []
    while len(traces) < count:
        for derivation in derivations_of(shift, rng):
            case: Case | None = sound(derivation)
            if len(traces) % 2:
                case = spoiled(derivation, KINDS[len(traces) // 2 % len(KINDS)], rng)
            if case is not None:
                traces.append(case.trace)
            if len(traces) == count:
                break
    return traces


def _trained(
    source: str, traces: Sequence[Trace], seed: int, verdicts: Labels, rolled: Labels, people: Labels
) -> ProcessRewardModel:
    if source.startswith("outcome"):
        aggregate = next(name for name in _AGGREGATES if source.endswith(name))
        prm: ProcessRewardModel = OutcomePRM(seed=seed, config=OutcomeConfig(aggregate=aggregate))
        prm.fit(traces)
        return prm
    prm = LearnedPRM(seed=seed)
    if source == "people":
        labelled = [index for index in range(len(traces)) if str(index) in people]
        prm.fit([traces[i] for i in labelled], {str(n): people[str(i)] for n, i in enumerate(labelled)})
    else:
        labels = {"verifier": verdicts, "roll-outs": rolled, "roll-outs + people": {**rolled, **people}}[source]
        prm.fit(traces, {str(index): labels[str(index)] for index in range(len(traces))})
    return prm


def _verdicts(traces: Sequence[Trace]) -> tuple[Labels, float]:
    """What the verifier says of every step, and its seconds a trace."""
    start = time.process_time()
    labels: Labels = {}
    for index, trace in enumerate(traces):
        states = _states(trace)
        row = []
        for before, after in pairwise(states):
            right = relate(before.line, after.line, unknown="x").verified
            row.append(float(right))
            if not right:
                break
        labels[str(index)] = _cut(row, len(trace.steps))
    return labels, (time.process_time() - start) / len(traces)


def _rolled_out(traces: Sequence[Trace], rng: np.random.Generator) -> tuple[Labels, float]:
    start = time.process_time()
    labels: Labels = {}
    for index, trace in enumerate(traces):
        first, *states = _states(trace)
        row = []
        for state in states:
            right = any(_ends_right(first, state, rng) for _ in range(_ROLL_OUTS))
            row.append(float(right))
            if not right:
                break
        labels[str(index)] = _cut(row, len(trace.steps))
    return labels, (time.process_time() - start) / len(traces)


def _ends_right(first: AlgebraState, state: AlgebraState, rng: np.random.Generator) -> bool:
    if rng.random() < _SLIPS:
        return False
    domain = algebra()
    way = (state,) if domain.is_final(state) else search(state, rng, _ROLL_OUT)
    return way is not None and relate(first.line, way[-1].line, unknown="x").verified


def _people(verdicts: Labels, rng: np.random.Generator) -> Labels:
    labels: Labels = {}
    for index in range(min(_PEOPLE, len(verdicts))):
        row = [None if label is None else label for label in verdicts[str(index)]]
        labels[str(index)] = [label if label is None or rng.random() >= _MISREAD else 1.0 - label for label in row]
    return labels


def _cut(row: Sequence[float], steps: int) -> list[float | None]:
    return [*row, *[None] * (steps - len(row))]


def _states(trace: Trace) -> list[AlgebraState]:
    domain = algebra()
    states = [domain.start(trace.problem)]
    for step in trace.steps:
        states.append(domain.parse(states[-1], step.text).state)
    return states


def source_table(runs: Sequence[SourceRun]) -> Iterator[str]:
    """Means over seeds with 95% intervals: F1 by the number of traces, and what the labels cost."""
    groups: dict[tuple[str, int], list[SourceRun]] = {}
    for run in runs:
        groups.setdefault((run.source, run.traces), []).append(run)
    lines = [["labels by", "traces", "CPU s for labels", "F1 in range", "95%", "right answer, unsound step: located"]]
    for (source, traces), group in groups.items():
        mean, low, high = interval([run.f1 for run in group])
        located = np.mean([run.right_answer for run in group])
        seconds = np.mean([run.seconds for run in group])
        lines.append([source, str(traces), f"{seconds:.1f}", f"{mean:.2f}", f"{low:.2f}-{high:.2f}", f"{located:.2f}"])
    yield from aligned(lines)
