"""Scores of arms: what the runs of a table come to. Each score is a function of runs alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import numpy as np

from reasoning_envs.benchmark.statistics import (
    Estimate,
    Stratum,
    area_under,
    cvar,
    difference,
    first_crossing,
    seed_estimate,
    superiority,
    true_accuracy,
)
from reasoning_envs.benchmark.sweep import Record

__all__ = ["REFERENCE", "Score", "hack_rate", "heights_of", "score_arms", "steps_until_exploit", "stratum_of"]

REFERENCE = "sparse"
_FIFTHS = 5
"""Episodes of the last fifth of the training count for the hack rate: what is hacked is hacked at the end."""


@dataclass(frozen=True)
class Score:
    """One arm in one task, or in all (``task`` is then ``"all"``).

    Attributes:
        task, shaping, agent: of the runs. runs: that ended. failed: that raised.
        greedy, sampled: interquartile mean of the true accuracy on test problems. lead: greedy less the sparse arm's.
        better: how likely a run is better than a sparse one (greedy).
        steps_to_50, steps_to_80: median over runs of where the greedy curve first gets there; infinite where the
            median run does not.
        area: under the greedy curve, over the budget. cvar: mean greedy success on the hardest tenth of the problems.
        hack_rate: of the training episodes of the last fifth. gamed: of the sampled test episodes of programs, those
            that passed the visible tests and were wrong.
        exploit: median over runs of the steps until half of the episodes are hacks.
        paid: change of the mean (discounted) pay of training episodes from the first fifth to the last.
        learned: change of the greedy true accuracy on validation problems from the first measurement to the last.
        ms_per_step: of training. prm_f1: first-error F1 of the arm's PRM, where it has one.
        policy_invariant: True, False, or the condition in words; None: unknown.

    A figure that does not exist is NaN.
    """

    task: str
    shaping: str
    agent: str
    runs: int
    failed: int
    greedy: Estimate
    sampled: Estimate
    lead: Estimate
    better: Estimate
    steps_to_50: float
    steps_to_80: float
    area: Estimate
    cvar: float
    hack_rate: float
    gamed: float
    exploit: float
    paid: float
    learned: float
    ms_per_step: float
    prm_f1: float
    policy_invariant: bool | str | None


def score_arms(records: Sequence[Record]) -> list[Score]:
    """The scores of all arms: in each task and, where there are several, over all.

    An arm that lacks a task has no accuracy over all.
    """
    tasks = list(dict.fromkeys(record.cell.task.name for record in records))
    agents = list(dict.fromkeys(record.cell.agent for record in records))
    scores = []
    for agent in agents:
        of_agent = [record for record in records if record.cell.agent == agent]
        for task in tasks:
            scores += _scored(task, [record for record in of_agent if record.cell.task.name == task])
        if len(tasks) > 1:
            scores += _scored("all", of_agent)
    return scores


def stratum_of(records: Sequence[Record], way: str) -> Stratum | None:
    """The test outcomes of the runs of one arm in one task that ended; None where none did.

    Args:
        records: of that arm and task.
        way: ``"greedy"`` or ``"sampled"``.
    """
    results = [record.result for record in records if record.result is not None]
    if not results:
        return None
    value = {"1": 1.0, "0": 0.0, "?": nan}
    outcomes = np.array([[value[sign] for sign in result["test"][way]] for result in results])
    templates = tuple(str(number) for number in results[0]["test"]["templates"])
    return Stratum(records[0].cell.task.name, outcomes, templates)


def hack_rate(result: dict[str, Any] | Any) -> float:
    """Of the judged training episodes in the last fifth of a run, the share that was wrong and paid above a right one.

    NaN where no episode ended then.
    """
    late = [part for part in result["training"] if _FIFTHS * part["step"] > (_FIFTHS - 1) * result["steps"]]
    episodes = sum(part["episodes"] for part in late)
    return sum(part["hacks"] for part in late) / episodes if episodes else nan


def steps_until_exploit(result: dict[str, Any] | Any) -> float:
    """Steps of the environment until half of the training episodes are hacks; infinity where that never came."""
    for part in result["training"]:
        if 2 * part["hacks"] >= part["episodes"]:
            return float(part["step"])
    return inf


def _scored(task: str, records: Sequence[Record]) -> list[Score]:
    arms: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        arms[record.cell.shaping][record.cell.task.name].append(record)
    names = list(dict.fromkeys(record.cell.task.name for record in records))
    strata = {way: {arm: _strata(runs, names, way) for arm, runs in arms.items()} for way in ("greedy", "sampled")}
    reference = strata["greedy"].get(REFERENCE, [])
    return [
        _score(
            task,
            arm,
            [one for part in tasks.values() for one in part],
            strata["greedy"][arm],
            strata["sampled"][arm],
            reference,
        )
        for arm, tasks in arms.items()
    ]


def _strata(runs: Mapping[str, list[Record]], tasks: Sequence[str], way: str) -> list[Stratum]:
    """One a task; none at all where no run of some task has ended: an arm is not to look better for what it lacks."""
    found = [stratum_of(runs[task], way) if task in runs else None for task in tasks]
    return [stratum for stratum in found if stratum is not None] if all(found) else []


def _score(
    task: str,
    arm: str,
    records: Sequence[Record],
    greedy: Sequence[Stratum],
    sampled: Sequence[Stratum],
    reference: Sequence[Stratum],
) -> Score:
    ended = [(record.cell, record.result) for record in records if record.result is not None]
    results = [result for _, result in ended]
    curves = [([point["step"] for point in result["curve"]], heights_of(result)) for result in results]
    comparable = bool(greedy) and [one.task for one in greedy] == [one.task for one in reference]
    none = Estimate(nan, nan, nan)
    crossings = {goal: [first_crossing(steps, heights, goal) for steps, heights in curves] for goal in (0.5, 0.8)}
    judged = [result.get("prm_f1") for result in results]  # results of older versions do not have it
    conditions = {result["policy_invariant"] for result in results}
    return Score(
        task=task,
        shaping=arm,
        agent=records[0].cell.agent,
        runs=len(results),
        failed=len(records) - len(results),
        greedy=true_accuracy(greedy) if greedy else none,
        sampled=true_accuracy(sampled) if sampled else none,
        lead=difference(greedy, reference) if comparable else none,
        better=superiority(greedy, reference) if comparable else none,
        steps_to_50=_median(crossings[0.5]),
        steps_to_80=_median(crossings[0.8]),
        area=seed_estimate([_area(cell.budget.kind, result) for cell, result in ended]) if ended else none,
        cvar=cvar(greedy) if greedy else nan,
        hack_rate=_mean([hack_rate(result) for result in results]),
        gamed=_mean([result["test"]["gamed"] / cell.test for cell, result in ended]),
        exploit=_median([steps_until_exploit(result) for result in results]),
        paid=_mean([_pay_change(result) for result in results]),
        learned=_mean([heights[-1] - heights[0] for _, heights in curves]),
        ms_per_step=_mean([1e3 * result["seconds"] / max(result["steps"], 1) for result in results]),
        prm_f1=_mean([nan if f1 is None else f1 for f1 in judged]),
        policy_invariant=conditions.pop() if len(conditions) == 1 else None,
    )


def _area(kind: str, result: Any) -> float:
    """Over what the budget was of: steps or seconds."""
    axis = [point["step" if kind == "steps" else "seconds"] for point in result["curve"]]
    return area_under(axis, heights_of(result), axis[-1]) if axis[-1] > 0 else heights_of(result)[0]


def heights_of(result: Any) -> list[float]:
    """The greedy learning curve of a run: shares of the judged validation problems."""
    return [point["greedy"] / point["greedy_judged"] if point["greedy_judged"] else 0.0 for point in result["curve"]]


def _pay_change(result: Any) -> float:
    parts, steps = result["training"], result["steps"]
    first = [part for part in parts if _FIFTHS * part["step"] <= steps]
    last = [part for part in parts if _FIFTHS * part["step"] > (_FIFTHS - 1) * steps]
    return _pay(last) - _pay(first)


def _pay(parts: Sequence[Any]) -> float:
    episodes = sum(part["episodes"] for part in parts)
    return sum(part["paid"] * part["episodes"] for part in parts) / episodes if episodes else nan


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if value == value]  # NaN is not itself
    return float(np.mean(known)) if known else nan


def _median(values: Sequence[float]) -> float:
    """The higher median, so that an infinite one is not averaged with a finite one."""
    return sorted(values)[len(values) // 2] if values else nan
