"""From traces to a trained model: what is learned from, what is held out, when to stop, how it is calibrated."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.encoders import StepEncoder
from reasoning_envs.rewards.evidence import error_kind
from reasoning_envs.rewards.fitting import Fitting, train
from reasoning_envs.rewards.model import LearnedConfig, TrainedModel
from reasoning_envs.rewards.network import BagNetwork, Bags, Floats
from reasoning_envs.rewards.protocol import PRMError, StepLabels
from reasoning_envs.types import Status, Trace

__all__ = ["fit_model", "split_by_problem", "step_labels"]

_OF_STATUS = {Status.VERIFIED: 1.0, Status.REFUTED: 0.0}
_TEMPERATURES = np.exp(np.linspace(np.log(0.25), np.log(8.0), 81))


@dataclass(slots=True)
class _Material:
    """Inputs and targets of one network; ``owners`` holds the index of the trace of each."""

    bags: list[Bags] = field(default_factory=list)
    targets: list[float] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    kinds: list[str | None] = field(default_factory=list)

    def column(self) -> Floats:
        """The targets as they are trained on, ``[n, 1]``."""
        return np.array(self.targets, dtype=np.float32)[:, None]

    def wrong(self) -> _Material:
        """What has a kind of error."""
        places = [place for place, kind in enumerate(self.kinds) if kind is not None]
        return _Material(
            [self.bags[place] for place in places],
            [self.targets[place] for place in places],
            [self.owners[place] for place in places],
            [self.kinds[place] for place in places],
        )


def step_labels(trace: Trace, index: int, labels: StepLabels | None, after_error: str) -> list[float | None]:
    """One label a step: 1 right, 0 wrong, None where nobody knows or it is not asked.

    Args:
        trace: its verdicts are taken where there is no label.
        index: the trace's place among the traces.
        labels: by that index as text, or by the problem's id; one a step, in [0, 1], or None where there is none.
        after_error: ``"drop"`` leaves out what comes after the first label below .5.

    Raises:
        PRMError: the labels of this trace are not one a step, or out of range.
    """
    given = None if labels is None else labels.get(str(index), labels.get(trace.problem.id))
    row: list[float | None]
    if given is None:
        row = [_OF_STATUS.get(step.verdict.status) for step in trace.steps]
    else:
        if len(given) != len(trace.steps):
            raise PRMError(f"trace {index}: {len(given)} labels for {len(trace.steps)} steps")
        if not all(label is None or 0.0 <= label <= 1.0 for label in given):
            raise PRMError(f"trace {index}: labels must be in [0, 1], got {list(given)}")
        row = list(given)
    if after_error == "drop":
        for place, label in enumerate(row):
            if label is not None and label < 0.5:
                return row[: place + 1] + [None] * (len(row) - place - 1)
    return row


def split_by_problem(traces: Sequence[Trace], share: float, seed: int) -> tuple[list[int], list[int], list[int]]:
    """Indices of traces to learn from, to stop and calibrate on, and to measure on; no problem is in two of them.

    Raises:
        PRMError: fewer than three problems.
    """
    problems = sorted({(trace.problem.domain, trace.problem.statement) for trace in traces})
    if len(problems) < 3:
        raise PRMError(f"traces of 3 problems or more are needed, to hold some out; these are of {len(problems)}")
    order = np.random.default_rng(seed).permutation(len(problems))
    count = max(1, round(share * len(problems)))
    part_of = {problems[place]: min(rank // count, 2) for rank, place in enumerate(order)}
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    for index, trace in enumerate(traces):
        parts[2 - part_of[trace.problem.domain, trace.problem.statement]].append(index)
    return parts


def fit_model(
    traces: Sequence[Trace], labels: StepLabels | None, config: LearnedConfig, seed: int, encoder: StepEncoder
) -> tuple[TrainedModel, list[int], list[int]]:
    """Train both networks; the threshold is still one half.

    Returns:
        model: trained. stopping: traces that decided when to stop. measured: traces that nothing has seen.

    Raises:
        PRMError: too few problems, no labelled step, or labels that do not fit.
    """
    began = time.perf_counter()
    _, stopping, measured = split_by_problem(traces, config.held_out, seed)
    stop = frozenset(stopping)
    unseen = frozenset(measured)
    steps, lines = _Material(), _Material()
    for index, trace in enumerate(traces):
        if index not in unseen:
            _collect(trace, index, step_labels(trace, index, labels, config.after_error), encoder, config, steps, lines)
    if not steps.bags:
        raise PRMError("nothing to learn from: no step has a label, or a verdict that says right or wrong")
    kinds = tuple(sorted({kind for kind in steps.kinds if kind is not None}))
    judge, namer, forecast = config.new_networks(encoder.step_codes, len(kinds), seed)
    judge, judge_temperature, best_epoch = _trained(judge, steps, steps.column(), stop, config.judge, seed)
    if len(kinds) > 1:
        wrong = steps.wrong()
        named = np.array([[kind == name for name in kinds] for kind in wrong.kinds], dtype=np.float32)
        namer, _, _ = _trained(namer, wrong, named, stop, config.namer, seed + 2)
    forecast, forecast_temperature, forecast_epoch = _trained(
        forecast, lines, lines.column(), stop, config.forecast, seed + 1
    )
    metrics = {
        "n_traces": float(len(traces)),
        "n_steps": float(len(steps.bags)),
        "n_wrong": float(sum(target < 0.5 for target in steps.targets)),
        "best_epoch": float(best_epoch),
        "forecast_best_epoch": float(forecast_epoch),
        "temperature": judge_temperature,
        "seconds": time.perf_counter() - began,
    }
    domains = tuple(sorted({trace.problem.domain for trace in traces}))
    repaired = _repaired([trace for index, trace in enumerate(traces) if index not in unseen])
    model = TrainedModel(
        judge, namer, forecast, kinds, judge_temperature, forecast_temperature, 0.5, repaired, domains, metrics
    )
    return model, stopping, measured


def _collect(
    trace: Trace,
    index: int,
    labels: Sequence[float | None],
    encoder: StepEncoder,
    config: LearnedConfig,
    steps: _Material,
    lines: _Material,
) -> None:
    context = encoder.context(trace.problem)
    texts = [trace.problem.statement, *(step.text for step in trace.steps)]
    readings = [encoder.read(text, context) for text in texts]
    for place, label in enumerate(labels):
        before, after = readings[place], readings[place + 1]
        if label is None or before is None or after is None:
            continue
        steps.bags.append(encoder.step(before, after, context))
        steps.targets.append(label)
        steps.owners.append(index)
        steps.kinds.append(error_kind(trace.steps[place].verdict) if label < 0.5 else None)
    if trace.outcome is not None and not trace.outcome.scored:
        return
    # no outcome: the episode met its limit without an answer
    right = trace.outcome is not None and trace.outcome.verified
    for place in range(_sound_prefix(labels) + 1):
        reading = readings[place]
        if reading is not None:
            lines.bags.append((encoder.line(reading, context),))
            lines.targets.append(config.discount ** (len(trace.steps) - place) if right else 0.0)
            lines.owners.append(index)


def _sound_prefix(labels: Sequence[float | None]) -> int:
    """How many steps from the start are known to be right."""
    for place, label in enumerate(labels):
        if label is None or label < 0.5:
            return place
    return len(labels)


def _trained(
    network: BagNetwork,
    material: _Material,
    targets: Floats,
    stopping: frozenset[int],
    fitting: Fitting,
    seed: int,
) -> tuple[BagNetwork, float, int]:
    """The network, its temperature, and its best epoch."""
    rows = [row for row, owner in enumerate(material.owners) if owner in stopping]
    held_out: NDArray[np.intp] = np.array(rows, dtype=np.intp)
    if len(held_out) == len(material.bags):
        return network, 1.0, 0
    network, epoch = train(network, material.bags, targets, held_out, fitting, seed)
    if not len(held_out):
        return network, 1.0, epoch
    logits = network([material.bags[row] for row in held_out])[:, 0].astype(np.float64)
    return network, _temperature(logits, targets[held_out, 0].astype(np.float64)), epoch


def _temperature(logits: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    """The divisor of the logits with the least cross-entropy (Guo et al. 2017)."""
    scaled = logits[None, :] / _TEMPERATURES[:, None]
    losses = (np.logaddexp(0.0, scaled) - targets[None, :] * scaled).mean(axis=1)
    return float(_TEMPERATURES[int(losses.argmin())])


def _repaired(traces: Sequence[Trace]) -> float:
    """How often an episode with an error ends right, from one half of a case in ten at the start."""
    right, count = 0.5, 10.0
    for trace in traces:
        if any(step.verdict.refuted for step in trace.steps) and (trace.outcome is None or trace.outcome.scored):
            count += 1.0
            right += trace.outcome is not None and trace.outcome.verified
    return right / count
