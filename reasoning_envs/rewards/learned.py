"""A process reward model that learns from traces: which step is right, and how far a line is from a right answer.

Three small networks over bags of n-grams (:mod:`~reasoning_envs.rewards.encoding`,
:mod:`~reasoning_envs.rewards.network`), of algebra or of programs (:mod:`~reasoning_envs.rewards.program_encoding`):

* the *judge* reads the change from one line to the next and says with which probability the step is right. It learns
  from verdicts, or from labels that are given;
* the *namer* reads the same and says which kind of error it is, if it is one. It learns from wrong steps alone;
* the *forecast* reads a line and says how likely an episode that came there soundly ends right, if each further step
  fails with probability 1 - ``discount``: its target is outcome * discount^(steps to go). So it is a probability and
  falls with the distance, which is what a potential needs; with ``discount=1`` it is the bare chance of success.

From both, with s the least p_correct so far (a minimum neither pays nor charges for length, as a product would):
value = s * forecast + (1 - s) * r, r being the share of the training episodes with an error that ended right.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from os import PathLike
from typing import Any, Self

import numpy as np

from reasoning_envs.rewards.encoding import Track
from reasoning_envs.rewards.judging import auc, best_threshold, chance_of, drawn_out, judge_prm
from reasoning_envs.rewards.model import LearnedConfig, TrainedModel, chances, read_model, write_model
from reasoning_envs.rewards.network import Bags
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer, StepLabels
from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["LearnedConfig", "LearnedPRM", "LearnedScorer", "Opinion"]

_CACHE = 200_000


class Opinion:
    """What the judge says of the change from one line to the next.

    Attributes:
        p_correct: in [0, 1]; None where one of the lines cannot be read.
        error_type: the kind of error that it believes to see; None where it sees none.
    """

    __slots__ = ("_change", "_critique", "error_type", "p_correct")

    def __init__(self, p_correct: float | None, error_type: str | None, change: Callable[[], str] | None) -> None:
        self.p_correct = p_correct
        self.error_type = error_type
        self._change = change
        self._critique: str | None = None

    @property
    def critique(self) -> str:
        """In words; put together when it is first asked for, since search asks for few."""
        if self._critique is None:
            if self._change is None or self.p_correct is None:
                self._critique = "this line cannot be read, so it is not judged"
            else:
                self._critique = _critique(self.p_correct, self.error_type, self._change())
                self._change = None
        return self._critique


_UNREAD = Opinion(None, None, None)


class LearnedPRM(ProcessRewardModel):
    """A judge of steps and a forecast of outcomes, learned from traces; see :mod:`reasoning_envs.rewards.learned`.

    It reads the problem's statement and the lines of the steps, and neither a rule's name nor a verdict when it scores.
    Equal traces and seed give an equal model. It pickles, and a copy in another process gives the same scores.

    Args:
        track: shorthand for ``config.track``.
        seed: of the weights, the split and the order of training.
        config: everything else.

    Raises:
        ValueError: a setting out of range.
    """

    name = "learned"
    reads_states = False

    def __init__(self, track: Track | None = None, *, seed: int = 0, config: LearnedConfig | None = None) -> None:
        settings = config or LearnedConfig()
        self.config = settings if track is None else replace(settings, track=track)
        self.seed = seed
        self._trained: TrainedModel | None = None
        self._forget(())

    @property
    def model(self) -> TrainedModel:
        """Weights and metrics.

        Raises:
            PRMError: not trained.
        """
        if self._trained is None:
            raise PRMError(f"{self.name}: not trained; call fit(traces), or LearnedPRM.load(path)")
        return self._trained

    @property
    def threshold(self) -> float:  # type: ignore[override]
        """Below it a step is called wrong: chosen in training, by traces held out, for the best first-error F1."""
        return 0.5 if self._trained is None else self._trained.threshold

    # -- training and files -------------------------------------------------------------------------------------------

    def fit(self, traces: Sequence[Trace], labels: StepLabels | None = None) -> dict[str, float]:
        """Train anew on traces with verdicts and outcomes.

        The problems are split three ways: to learn from, to stop and calibrate on, and to measure on. The traces need
        wrong steps as well as right ones (:func:`~reasoning_envs.rewards.corruption.corrupt_trace` makes some);
        without wrong ones the judge is a constant, and what needs both kinds is NaN.

        Args:
            traces: of three problems or more. An episode without an outcome counts as not solved, one whose outcome
                could not be judged teaches the forecast nothing.
            labels: per trace (key: its index as text, or its problem's id) one label in [0, 1] a step, in place of the
                verdicts. Traces that are not named keep their verdicts.

        Returns:
            metrics: ``n_traces``, ``n_steps``, ``n_wrong``, ``best_epoch``, ``forecast_best_epoch``, ``temperature``,
            ``seconds``; on the problems held out ``auc``, ``ece``, ``first_error_f1``, ``n_judged`` (steps) and
            ``forecast_auc`` (of the success of an episode from its lines so far).

        Raises:
            PRMError: too few problems, no labelled step, or labels that do not fit the steps.
        """
        from reasoning_envs.rewards.training import fit_model

        self._trained = None
        self._forget({trace.problem.domain for trace in traces})
        self._trained, stopping, unseen = fit_model(traces, labels, self.config, self.seed, self._encoder)
        self._trained = replace(self._trained, threshold=self._best_threshold(traces, labels, stopping))
        held_out = [traces[index] for index in unseen]
        judged = judge_prm(self, held_out)
        self._trained.metrics.update(
            auc=judged.auc,
            ece=judged.ece,
            first_error_f1=judged.f1,
            n_judged=float(judged.n_steps),
            forecast_auc=self._forecast_auc(held_out),
        )
        return dict(self._trained.metrics)

    def save(self, path: str | PathLike[str]) -> None:
        """Write one file of plain tensors and JSON; its name should end with ``.pt`` (so that wrappers know it)."""
        write_model(path, self.model, self.config, self.seed)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what :meth:`save` wrote; nothing in the file is run.

        Raises:
            OSError: the file cannot be opened.
            PRMError: it is no checkpoint, or of another family, format, vocabulary or encoding; both are named.
        """
        model, config, seed = read_model(path)
        prm = cls(seed=seed, config=config)
        prm._trained = model
        prm._forget(model.domains)
        return prm

    # -- scoring ------------------------------------------------------------------------------------------------------

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        """One score a step. All that is new is evaluated in one batch; a change seen before costs a look-up."""
        derivations = [(trace, [trace.problem.statement, *(step.text for step in trace.steps)]) for trace in traces]
        self._evaluate((self._encoder.context(trace.problem), lines) for trace, lines in derivations)
        rows = []
        for trace, lines in derivations:
            scorer = self.begin(trace.problem)
            rows.append([scorer.follow(line) for line in lines[1:]])
        return rows

    def score_transitions(
        self, problem: Problem, prefixes: Sequence[Sequence[str]], *, critiques: bool = True
    ) -> list[StepScore]:
        """The score of the last step of each prefix, for search; batched and remembered like :meth:`score`.

        Args:
            problem: that is being solved.
            prefixes: the lines of an episode so far, from its first one; two or more each.
            critiques: False leaves them empty, which is quicker.

        Raises:
            ValueError: a prefix without a step. PRMError: not trained, or trained for another domain.
        """
        context = self._encoder.context(problem)
        for prefix in prefixes:
            if len(prefix) < 2:
                raise ValueError(f"a prefix is the first line and one line or more after it, got {list(prefix)!r}")
        self._evaluate((context, prefix) for prefix in prefixes)
        scores = []
        for prefix in prefixes:
            scorer = self.begin(problem, start=prefix[0])
            for line in prefix[1:-1]:
                scorer.pass_over(line)
            scores.append(scorer.follow(prefix[-1], critique=critiques))
        return scores

    def begin(self, problem: Problem, state: Any = None, *, start: str | None = None) -> LearnedScorer:
        """A scorer; ``start`` is the first line where that is not the problem's statement.

        Raises:
            PRMError: not trained, trained for another domain, or a first line that cannot be read.
        """
        if problem.domain not in self.model.domains:
            trained_on = " and ".join(self.model.domains)
            raise PRMError(f"{self.name}: trained on {trained_on}, asked about a problem of {problem.domain!r}")
        return LearnedScorer(self, problem.statement if start is None else start, self._encoder.context(problem))

    def judge(self, before: str, after: str, context: str) -> Opinion:
        """On one change between two lines."""
        key = (context, before, after)
        if key not in self._opinions:
            self._evaluate([(context, (before, after))])
        return self._opinions[key]

    def forecast(self, line: str, context: str) -> float | None:
        """The chance in [0, 1] that an episode that came soundly to this line ends right; None where it is no line."""
        key = (context, line)
        if key not in self._forecasts:
            self._evaluate([(context, (line,))])
        return self._forecasts[key]

    def anticipate(self, episodes: Sequence[tuple[Problem, Sequence[str]]]) -> None:
        self._evaluate((self._encoder.context(problem), lines) for problem, lines in episodes)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _forget(self, domains: Collection[str]) -> None:
        self._encoder = self.config.encoder(domains)
        self._opinions: dict[tuple[str, str, str], Opinion] = {}
        self._forecasts: dict[tuple[str, str], float | None] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"config": self.config, "seed": self.seed, "_trained": self._trained}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget(() if self._trained is None else self._trained.domains)

    def _evaluate(self, derivations: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Evaluate every line and every change of ``(context, lines)`` that is not known yet, in one batch."""
        model = self.model
        if len(self._opinions) > _CACHE or len(self._forecasts) > _CACHE:
            self._opinions.clear()
            self._forecasts.clear()
        lines: dict[tuple[str, str], None] = {}
        changes: dict[tuple[str, str, str], None] = {}
        for context, texts in derivations:
            lines.update(dict.fromkeys((context, text) for text in texts if (context, text) not in self._forecasts))
            for before, after in pairwise(texts):
                if (context, before, after) not in self._opinions:
                    changes[context, before, after] = None
        if lines:
            self._evaluate_lines(model, list(lines))
        if changes:
            self._evaluate_changes(model, list(changes))

    def _evaluate_lines(self, model: TrainedModel, keys: Sequence[tuple[str, str]]) -> None:
        readable: list[tuple[str, str]] = []
        bags: list[Bags] = []
        for key in keys:
            context, text = key
            reading = self._encoder.read(text, context)
            if reading is None:
                self._forecasts[key] = None
            else:
                readable.append(key)
                bags.append((self._encoder.line(reading, context),))
        found = chances(model.forecast(bags)[:, 0], model.forecast_temperature)
        self._forecasts.update(zip(readable, found, strict=True))

    def _evaluate_changes(self, model: TrainedModel, keys: Sequence[tuple[str, str, str]]) -> None:
        readable = []
        bags: list[Bags] = []
        for key in keys:
            context, *texts = key
            before, after = (self._encoder.read(text, context) for text in texts)
            if before is None or after is None:
                self._opinions[key] = _UNREAD
            else:
                readable.append((key, before, after))
                bags.append(self._encoder.step(before, after, context))
        found = chances(model.judge(bags)[:, 0], model.judge_temperature)
        wrong = [place for place, chance in enumerate(found) if chance < 0.5]
        outputs = model.namer([bags[place] for place in wrong] if model.kinds else ())
        kinds = {place: model.kinds[int(row.argmax())] for place, row in zip(wrong, outputs, strict=False)}
        for place, ((key, old, new), chance) in enumerate(zip(readable, found, strict=True)):
            self._opinions[key] = Opinion(chance, kinds.get(place), partial(self._encoder.words, old, new))

    def _best_threshold(self, traces: Sequence[Trace], labels: StepLabels | None, chosen: Sequence[int]) -> float:
        """By the traces on which the training was stopped, as far as their first errors are known.

        Each counts as it is and once more drawn out: over many steps false alarms add up, so that what is best for
        traces as short as those of the training flags far too much in long ones.
        """
        from reasoning_envs.rewards.training import step_labels

        rows, errors = [], []
        for index, row in zip(chosen, self.score([traces[index] for index in chosen]), strict=True):
            known = step_labels(traces[index], index, labels, "keep")
            error = next((place for place, label in enumerate(known) if label is not None and label < 0.5), None)
            if None not in known[:error]:
                rows.append([chance_of(score) for score in row])
                errors.append(error)
        longer = drawn_out(rows, errors, self.config.lasting, np.random.default_rng(self.seed))
        return best_threshold([*rows, *longer[0]], [*errors, *longer[1]])

    def _forecast_auc(self, traces: Sequence[Trace]) -> float:
        """AUC of the success of an episode from each of its lines, by the value there."""
        successes: list[bool] = []
        values: list[float] = []
        for trace, row in zip(traces, self.score(traces), strict=True):
            if trace.outcome is None or trace.outcome.scored:
                row_values = [self.begin(trace.problem).initial.value, *(score.value for score in row)]
                values += row_values
                successes += [trace.outcome is not None and trace.outcome.verified] * len(row_values)
        return auc(successes, values)


class LearnedScorer(Scorer):
    """Follows one episode by its lines."""

    def __init__(self, prm: LearnedPRM, start: str, context: str) -> None:
        self._prm = prm
        self._context = context
        self._line = start
        self._least = 1.0
        value = prm.forecast(start, context)
        if value is None:
            raise PRMError(f"{prm.name}: the first line {start!r:.80} cannot be read")
        self._forecast = self._value = value
        self.initial = StepScore(value=value, critique="nothing has been done yet")

    def step(self, step: Step, state: Any = None) -> StepScore:
        return self.follow(step.text)

    def follow(self, line: str, *, critique: bool = True) -> StepScore:
        """The score of the step to ``line``; its critique stays empty where none is wanted."""
        before = self._value
        opinion = self.pass_over(line)
        return StepScore(
            value=self._value,
            critique=opinion.critique if critique else "",
            p_correct=opinion.p_correct,
            advantage=self._value - before,
            error_type=opinion.error_type,
        )

    def pass_over(self, line: str) -> Opinion:
        """Take the step to ``line`` without a score."""
        opinion = self._prm.judge(self._line, line, self._context)
        forecast = self._prm.forecast(line, self._context)
        if opinion.p_correct is not None and forecast is not None:
            self._least = min(self._least, opinion.p_correct)
            self._forecast = forecast
            self._line = line
            repaired = self._prm.model.repaired
            self._value = self._least * self._forecast + (1.0 - self._least) * repaired
        return opinion


def _critique(chance: float, kind: str | None, change: str) -> str:
    """What a judge says in words: how sure it is, which kind of error it believes to see, and what it looked at."""
    if chance >= 0.9:
        return f"looks right: {change}"
    if chance >= 0.5:
        return f"probably right ({chance:.0%}): {change}"
    believed = f", {kind}" if kind else ""
    return f"{'probably ' if chance > 0.1 else ''}wrong ({chance:.0%} right{believed}): {change}"
