"""Which form of process reward survives an imperfect judge? The published comparison, on exact ground truth.

Published: summing a PRM's scores is exploited; the minimum form, clip and delta are not (PURE, arXiv 2504.15275;
Gao et al., arXiv 2410.15115), and verified outcomes on a tenth of the problems rescue the sum. Here policies learn in
small worlds of real algebra (:mod:`~reasoning_envs.rewards.trials.worlds`), whose truth is computed and not sampled,
from: the outcome alone or nothing at all; a judge that was trained on few traces; a constant; the step verifier. Of a
share of the problems the true outcome is paid as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from os import PathLike
from typing import Literal, NamedTuple

import numpy as np

from reasoning_envs.rewards.hackable import ConstantPRM
from reasoning_envs.rewards.judging import Judgement, judge_prm
from reasoning_envs.rewards.learned import LearnedPRM
from reasoning_envs.rewards.oracle import OraclePRM
from reasoning_envs.rewards.protocol import ProcessRewardModel
from reasoning_envs.rewards.relabelling import ClipForm, DeltaForm, Difference, Form, MinForm, Nothing, SumForm
from reasoning_envs.rewards.trials.learner import Learning, learn
from reasoning_envs.rewards.trials.payers import FormPayer
from reasoning_envs.rewards.trials.shifts import SHIFTS, cases_of, training_cases
from reasoning_envs.rewards.trials.statistics import interval
from reasoning_envs.rewards.trials.tables import aligned
from reasoning_envs.rewards.trials.worlds import make_worlds

__all__ = ["FORMS", "LEVELS", "FormRun", "draw_forms", "form_runs", "form_table", "imperfect_judge"]

LEVELS = ("linear-2", "brackets-1", "both_sides-1", "quadratic-1")
SHARES = (0.0, 0.1, 1.0)
_TRACES = 300  # that the imperfect judge learns from
_WORLDS = 24


class _Arm(NamedTuple):
    form: Form
    scores: Literal["p_correct", "value"]
    weight: float = 1.0


FORMS: Mapping[str, _Arm] = {
    "sum": _Arm(SumForm(), "p_correct"),
    "sum / 20": _Arm(SumForm(), "p_correct", weight=0.05),
    "min": _Arm(MinForm(), "p_correct"),
    "clip": _Arm(ClipForm(), "p_correct"),
    "delta": _Arm(DeltaForm(), "p_correct"),
    "potential": _Arm(Difference(gamma=1.0, at_truncation="zero"), "value"),
}
"""The forms by name. A potential needs to know how far an answer is, so it takes the value and not the chance of the
step."""


@dataclass(frozen=True, slots=True)
class FormRun:
    """One training.

    Attributes:
        judge, form: that paid; ``"none"`` for the outcome alone. share: of the problems with a verified outcome.
        unsound: unsound moves were there. seed: of worlds, judge and learner.
        before, after: the exact chance of a right answer, mean over the problems. greedy: by the likeliest steps.
        paid_before, paid_after: mean of what an episode was paid, in the first and in the last part of the training.
        steps: mean length of an episode in the last part.
    """

    judge: str
    form: str
    share: float
    unsound: bool
    seed: int
    before: float
    after: float
    greedy: float
    paid_before: float
    paid_after: float
    steps: float


def imperfect_judge(seed: int, traces: int = _TRACES) -> LearnedPRM:
    """A text-only judge that has seen too little."""
    prm = LearnedPRM("text", seed=seed)
    prm.fit([case.trace for case in training_cases(traces, np.random.default_rng([seed, 1]))])
    return prm


def quality_of(prm: ProcessRewardModel, seed: int, count: int = 120) -> Judgement:
    """How good a judge is on problems in range."""
    cases = cases_of(SHIFTS["in range"], count, np.random.default_rng([seed, 2]))
    return judge_prm(prm, [case.trace for case in cases], None, [case.kind for case in cases])


def form_runs(seeds: Sequence[int], how: Learning | None = None, done: Collection[FormRun] = ()) -> Iterator[FormRun]:
    """All trainings, seed by seed, but for those that are done."""
    how = how or Learning(updates=100)
    there = {(run.judge, run.form, run.share, run.unsound, run.seed) for run in done}
    for seed in seeds:
        judges: dict[str, Callable[[], ProcessRewardModel]] = {
            "learned": cache(partial(imperfect_judge, seed)),
            "constant": ConstantPRM,
            "verifier": OraclePRM,
        }
        for unsound in (False, True):
            settings = [setting for setting in _settings() if (*setting, unsound, seed) not in there]
            if not settings:
                continue
            worlds = make_worlds(_WORLDS, LEVELS, seed, unsound=unsound)
            order = np.random.default_rng([seed, 3]).permutation(len(worlds))
            for judge, form, share in settings:
                outcomes = order < round(share * len(worlds))
                arm = FORMS.get(form, _Arm(Nothing(), "value"))
                prm = judges[judge]() if judge in judges else ConstantPRM()
                payer = FormPayer(worlds, prm, arm.form, arm.scores, outcomes, arm.weight)
                found = learn(worlds, payer, seed, how)
                yield FormRun(
                    judge,
                    form,
                    share,
                    unsound,
                    seed,
                    found[0].sampled,
                    found[-1].sampled,
                    found[-1].greedy,
                    found[1].paid,
                    found[-1].paid,
                    found[-1].steps,
                )


def _settings() -> Iterator[tuple[str, str, float]]:
    for share in SHARES:
        yield "none", "none", share
        for judge in ("learned", "constant", "verifier"):
            for form in FORMS:
                if judge == "learned" or share == 0.0 or (judge == "constant" and form == "sum"):
                    yield judge, form, share


def _grouped(runs: Sequence[FormRun]) -> dict[tuple[str, str, float, bool], list[FormRun]]:
    groups: dict[tuple[str, str, float, bool], list[FormRun]] = {}
    for run in runs:
        groups.setdefault((run.judge, run.form, run.share, run.unsound), []).append(run)
    return groups


def form_table(runs: Sequence[FormRun]) -> Iterator[str]:
    """Mean over seeds with 95% intervals: the truth before and after, and what was paid."""
    lines = [["judge", "form", "outcomes", "moves", "truth after", "95%", "greedy", "paid: first", "last", "steps"]]
    before: dict[bool, list[float]] = {}
    for (judge, form, share, unsound), group in _grouped(runs).items():
        mean, low, high = interval([run.after for run in group])
        before.setdefault(unsound, []).extend(run.before for run in group)
        rest = [
            np.mean([getattr(run, name) for run in group]) for name in ("greedy", "paid_before", "paid_after", "steps")
        ]
        moves = "all" if unsound else "sound"
        lines.append(
            [judge, form, f"{share:.0%}", moves, f"{mean:.2f}", f"{low:.2f}-{high:.2f}", *(f"{x:.2f}" for x in rest)]
        )
    for unsound, values in before.items():
        yield f"before any training, {'all' if unsound else 'sound'} moves: truth {np.mean(values):.2f}"
    yield from aligned(lines, left=4)


def draw_forms(path: str | PathLike[str], runs: Sequence[FormRun]) -> None:
    """One picture: the truth after training, by form, judge and share of outcomes; sound moves, and all moves."""
    from reasoning_envs.rewards.trials.plots import figure

    drawn, axes = figure(2, 1, width=9.0, height=3.4)
    groups = _grouped(runs)
    for axis, unsound in zip(axes, (False, True), strict=True):
        names = list(dict.fromkeys((judge, form) for judge, form, _, _ in groups))
        for offset, share in enumerate(SHARES):
            found = [
                (place, [run.after for run in groups[judge, form, share, unsound]])
                for place, (judge, form) in enumerate(names)
                if (judge, form, share, unsound) in groups
            ]
            spans = [interval(values) for _, values in found]
            axis.errorbar(
                [place + 0.2 * (offset - 1) for place, _ in found],
                [mean for mean, _, _ in spans],
                yerr=[[mean - low for mean, low, _ in spans], [high - mean for mean, _, high in spans]],
                fmt="o",
                capsize=2,
                label=f"outcomes of {share:.0%}",
            )
        start = np.mean([run.before for run in runs if run.unsound is unsound])
        axis.axhline(start, color="0.7", linewidth=1, label="before training")
        axis.set_xticks(range(len(names)), [f"{judge}\n{form}" for judge, form in names], fontsize=7)
        axis.set(ylim=(-0.02, 1.02), ylabel="right answers", title="all moves" if unsound else "sound moves only")
    axes[0].legend(fontsize=7, loc="upper center", ncols=4)
    drawn.savefig(path, dpi=120)
