"""What is measured once proposer and solver have played: the solver on held-out problems, the PRM, search with it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from agents.actors import Crew, Job, Record, Weights
from agents.proposer import draw_distinct
from agents.proposer_solver import family_of
from agents.results import AFTER, BEFORE, FLOORS, LevelResult, PRMResult, SearchComparison
from agents.search import METHODS, SEARCH, Limits, Method
from agents.tree import Outcome
from reasoning_envs.domains.protocol import MoveDomain
from reasoning_envs.rewards.corruption import corrupt_trace
from reasoning_envs.rewards.evidence import error_kind
from reasoning_envs.rewards.judging import first_error, judge_prm
from reasoning_envs.rewards.learned import LearnedPRM
from reasoning_envs.types import Problem, Trace

__all__ = ["Player", "compare_search", "held_out", "judged_prm", "level_results", "players", "spoiled", "trained_prm"]

SEARCHING = "after, best-first"
"""Name of the trained policy with search."""


class Player(NamedTuple):
    """Who plays for a column of the table. ``weights`` is None for those that know no policy."""

    name: str
    method: Method
    weights: Weights | None


def players(before: Weights, after: Weights, expansions: int) -> list[Player]:
    """The columns: four floors, the policy before and after training, and the trained one with search."""
    random, first, by_size, best_first = FLOORS
    return [
        Player(random, METHODS["random"], None),
        Player(first, METHODS["first"], None),
        Player(by_size, METHODS["greedy-by-size"], None),
        Player(best_first, METHODS["best-first-by-size"], None),
        Player(BEFORE, METHODS["greedy"], before),
        Player(AFTER, METHODS["greedy"], after),
        Player(SEARCHING, Method("best-first", SEARCH, Limits(expansions)), after),
    ]


def held_out(domain: MoveDomain, levels: Iterable[str], count: int, seed: int) -> tuple[Problem, ...]:
    """At most ``count`` distinct problems of the test split a level; the seed is no other draw's."""
    rng = np.random.default_rng([seed, 30_000])
    return tuple(problem for level in levels for problem in draw_distinct(domain, level, count, rng, "test"))


def level_results(player: str, problems: Sequence[Problem], records: Sequence[Record]) -> list[LevelResult]:
    """The counts of one player, level by level."""
    counts: dict[str, Counter[str]] = {}
    for problem, record in zip(problems, records, strict=True):
        counts.setdefault(problem.level or "", Counter())[record.outcome.value] += 1
    return [
        LevelResult(
            level=level,
            family=family_of(level),
            coefficients="letters" if "letters" in level else "numeric",
            player=player,
            n=sum(found.values()),
            **{outcome.value: found[outcome.value] for outcome in Outcome},
        )
        for level, found in counts.items()
    ]


# -- the PRM ----------------------------------------------------------------------------------------------------------


def spoiled(traces: Sequence[Trace], domain: MoveDomain, seed: int) -> list[Trace]:
    """A copy of each trace with one known error; those that cannot be spoiled give none."""
    rng = np.random.default_rng([seed, 40_000])
    found = []
    for trace in traces:
        try:
            found.append(corrupt_trace(trace, domain, rng).trace)
        except ValueError:
            continue
    return found


def trained_prm(
    traces: Sequence[Trace], domain: MoveDomain, file: Path, seed: int
) -> tuple[LearnedPRM, int, Mapping[str, float]]:
    """A PRM that learned from play, saved to ``file``; of how many traces; and the metrics of its training.

    Of the traces that ended right, a copy with one error is learned from as well.

    Raises:
        PRMError: too few traces.
    """
    right = [trace for trace in traces if trace.outcome is not None and trace.outcome.verified]
    material = [*traces, *spoiled(right, domain, seed)]
    prm = LearnedPRM(seed=seed)
    metrics = prm.fit(material)
    prm.save(file)
    return prm, len(material), metrics


def judged_prm(prm: LearnedPRM, traces: Sequence[Trace], trained_on: int, metrics: Mapping[str, float]) -> PRMResult:
    """How the PRM judges derivations of held-out problems, right ones and spoiled ones."""
    judgement = judge_prm(prm, traces)
    kinds: Counter[str] = Counter()
    for trace in traces:
        try:
            place = first_error(trace)
        except ValueError:
            continue
        if place is not None:
            kinds[error_kind(trace.steps[place].verdict) or ""] += 1
    return PRMResult(
        name=prm.name,
        trained_on=trained_on,
        correct_n=judgement.n_correct,
        correct_found=_count(judgement.accuracy_correct, judgement.n_correct),
        erroneous_n=judgement.n_erroneous,
        erroneous_found=_count(judgement.accuracy_erroneous, judgement.n_erroneous),
        seconds=metrics.get("seconds"),
        auc=None if math.isnan(judgement.auc) else judgement.auc,
        by_error={kind: (_count(share, kinds[kind]), kinds[kind]) for kind, share in judgement.located.items()},
    )


def _count(share: float, n: int) -> int:
    return round(share * n) if n else 0


# -- search with it ---------------------------------------------------------------------------------------------------

GUIDED = replace(SEARCH, prm=1.0)
"""The same search with -log of the PRM's value beside what the solver itself knows."""


def compare_search(
    crew: Crew, problems: Sequence[Problem], weights: Weights, prm: Path, prm_name: str, expansions: int
) -> list[SearchComparison]:
    """The same problems searched by the policy alone and with the PRM's help, at equal expansions, by difficulty."""
    limits = Limits(expansions)
    alone = crew.do(Job(tuple(problems), Method("best-first", SEARCH, limits), weights))
    helped = crew.do(Job(tuple(problems), Method("best-first", GUIDED, limits), weights, str(prm)))
    comparisons = []
    difficulties = [(problem.level or "").rpartition("-")[2] for problem in problems]
    for difficulty in dict.fromkeys(difficulties):
        pairs = [
            (one.outcome, other.outcome)
            for name, one, other in zip(difficulties, alone.records, helped.records, strict=True)
            if name == difficulty
        ]
        judged = [pair for pair in pairs if Outcome.UNSCORED not in pair]
        ways = Counter((one.success, other.success) for one, other in judged)
        comparisons.append(
            SearchComparison(
                name=f"best-first, levels {difficulty}",
                prm=prm_name,
                expansions=expansions,
                n=len(judged),
                both=ways[True, True],
                only_policy=ways[True, False],
                only_prm=ways[False, True],
                unscored=len(pairs) - len(judged),
            )
        )
    return comparisons
