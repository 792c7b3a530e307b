"""Best of N: what a judge gains over a majority vote, where errors are independent and where they are systematic.

A solver tries each problem many times. *Independent* errors: every step of every try goes wrong with the same small
chance. *Systematic* errors: the solver has one favourite error on each problem, which most of its tries make in the
same way, so that most of them end with the same wrong answer. Among N tries drawn at random a judge takes the one it
scores best, and a vote the answer given most often; ties are broken by chance, exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.checking import score_checked
from reasoning_envs.rewards.judging import chance_of
from reasoning_envs.rewards.outcome import OutcomeRewardModel
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.rewards.trials.cases import Case, sound, spoiled
from reasoning_envs.rewards.trials.derivations import Derivation, Search, derive
from reasoning_envs.rewards.trials.shifts import KINDS, SHIFTS, derivations_of
from reasoning_envs.rewards.trials.statistics import interval
from reasoning_envs.rewards.trials.tables import aligned
from reasoning_envs.symbolic.syntax.naming import canonical_text
from reasoning_envs.symbolic.syntax.parser import parse_statement
from reasoning_envs.types import Trace

__all__ = ["SIZES", "BestOf", "Tries", "best_of", "best_of_table", "make_tries"]

SIZES = (1, 2, 4, 8, 16, 32, 64)
_SLIP = 0.12  # of a step, where errors are independent
_FAVOURITE = 0.6  # share of the tries that make the favourite error
_WAYS = 4  # derivations a problem
_DRAWS = 200  # sets of N tries a problem
_ROAMING = Search(noise=6.0, depth=0.0, expansions=80)


class Tries(NamedTuple):
    """Of one problem: traces, and which of them end right."""

    traces: tuple[Trace, ...]
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BestOf:
    """What one way to choose came to.

    Attributes:
        judge: its name. errors: ``"independent"`` or ``"systematic"``.
        accuracy: by N: mean over problems, and its 95% interval.
    """

    judge: str
    errors: str
    accuracy: Mapping[int, tuple[float, float, float]]


def make_tries(problems: int, tries: int, seed: int, *, systematic: bool) -> list[Tries]:
    """Tries at problems of the held-out split, in range."""
    rng = np.random.default_rng([seed, int(systematic)])
    found: list[Tries] = []
    for derivation in derivations_of(replace(SHIFTS["in range"], shortest=3, whole=True), rng):
        made = _tries(derivation, tries, rng, systematic)
        if made is not None:
            found.append(made)
        if len(found) == problems:
            return found
    raise RuntimeError(f"only {len(found)} of {problems} problems could be tried")


def _tries(derivation: Derivation, tries: int, rng: np.random.Generator, systematic: bool) -> Tries | None:
    ways = [derivation]
    for _ in range(_WAYS - 1):
        other = derive(derivation.problem, rng, _ROAMING)
        if other is not None and len(other.states) <= 16:
            ways.append(other)
    favourite = _wrong(derivation, rng) if systematic else None
    if systematic and favourite is None:
        return None
    traces: list[Trace] = []
    for _ in range(tries):
        way = ways[int(rng.integers(len(ways)))]
        if favourite is not None and rng.random() < _FAVOURITE:
            traces.append(favourite.trace)
            continue
        slips = rng.random() < 1.0 - (1.0 - _SLIP) ** (len(way.states) - 1)
        case = (_wrong(way, rng) if slips else None) or sound(way)
        traces.append(case.trace)
    right = np.array([trace.outcome is not None and trace.outcome.verified for trace in traces])
    return Tries(tuple(traces), right)


def _wrong(derivation: Derivation, rng: np.random.Generator) -> Case | None:
    for kind in rng.permutation(len(KINDS)):
        case = spoiled(derivation, KINDS[int(kind)], rng)
        if case is not None:
            return case
    return None


def best_of(judges: Mapping[str, ProcessRewardModel], tries: Sequence[Tries], errors: str, seed: int) -> list[BestOf]:
    """The accuracy of each judge and of a majority vote, and that of the best try there is.

    Args:
        judges: by name. Of a PRM the least chance of a step counts, of an outcome reward model its last value.
        tries: of each problem as many as the largest N.
        errors: name of their sort.
        seed: of the draws.

    Raises:
        PRMError: a judge failed.
    """
    ways: dict[str, Callable[[Tries], NDArray[np.float64]]] = {name: _scored_by(prm) for name, prm in judges.items()}
    rows = {
        name: [_accuracies(each, way(each), seed + place) for place, each in enumerate(tries)]
        for name, way in ways.items()
    }
    rows["majority vote"] = [_votes(each, seed + place) for place, each in enumerate(tries)]
    rows["any of them"] = [
        _accuracies(each, each.right.astype(float), seed + place) for place, each in enumerate(tries)
    ]
    return [
        BestOf(name, errors, {size: interval([row[size] for row in found]) for size in found[0]})
        for name, found in rows.items()
    ]


def _scored_by(prm: ProcessRewardModel) -> Callable[[Tries], NDArray[np.float64]]:
    whole = isinstance(prm, OutcomeRewardModel)

    def scores(tries: Tries) -> NDArray[np.float64]:
        rows = score_checked(prm, tries.traces)
        return np.array([row[-1].value if whole else min(chance_of(score) for score in row) for row in rows])

    return scores


def _accuracies(tries: Tries, scores: NDArray[np.float64], seed: int) -> dict[int, float]:
    """By N: how often the best scored of N is right; among equals the mean."""
    found = {}
    for size, drawn in _draws(len(tries.traces), seed):
        best = scores[drawn] == scores[drawn].max(axis=1, keepdims=True)
        found[size] = float(((best * tries.right[drawn]).sum(axis=1) / best.sum(axis=1)).mean())
    return found


def _votes(tries: Tries, seed: int) -> dict[int, float]:
    """By N: how often the answer given most often is right; a try without an answer has no vote."""
    answers = [_answer(trace, right) for trace, right in zip(tries.traces, tries.right.tolist(), strict=True)]
    truth = dict(zip(answers, tries.right.tolist(), strict=True))
    found = {}
    for size, drawn in _draws(len(answers), seed):
        shares = []
        for places in drawn:
            counts = Counter(answers[place] for place in places if answers[place])
            most = max(counts.values(), default=0)
            first = [truth[answer] for answer, count in counts.items() if count == most]
            shares.append(float(np.mean(first)) if first else 0.0)
        found[size] = float(np.mean(shares))
    return found


def _answer(trace: Trace, right: bool) -> str:
    """A name for the answer: right ones have one name however they are written, wrong ones up to their order."""
    if trace.outcome is None:
        return ""
    return "right" if right else canonical_text(parse_statement(trace.steps[-1].text))


def _draws(count: int, seed: int) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """For each N: sets of so many different tries, [draws, N]."""
    rng = np.random.default_rng(seed)
    for size in SIZES:
        if size <= count:
            draws = 1 if size == count else _DRAWS
            yield size, np.argsort(rng.random((draws, count)), axis=1)[:, :size]


def best_of_table(found: Sequence[BestOf]) -> Iterator[str]:
    """One row a judge: the accuracy at each N, with 95% intervals over the problems."""
    sizes = list(found[0].accuracy)
    lines = [["errors", "chosen by", *(f"N = {size}" for size in sizes)]]
    for each in found:
        spans = [each.accuracy[size] for size in sizes]
        lines.append([each.errors, each.judge, *(f"{mean:.2f} [{low:.2f}, {high:.2f}]" for mean, low, high in spans)])
    yield from aligned(lines, left=2)
