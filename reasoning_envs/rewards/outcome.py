"""PRMs that learn from outcomes alone: nobody said which step was wrong, only how the episode ended.

One network f reads the change from one line to the next, as the judge of :mod:`reasoning_envs.rewards.learned` does;
what the steps of an episode come to is its outcome:

=============  ==========================================  =======================================================
``aggregate``  the chance that the episode ends right      what it believes
=============  ==========================================  =======================================================
``"product"``  product of sigmoid(f_t)                     every step must be right
``"min"``      least sigmoid(f_t)                          the worst step decides
``"sum"``      sigmoid of the sum of f_t                   steps weigh against each other, as the log ratios of an
                                                           implicit PRM do (arXiv 2412.01981)
=============  ==========================================  =======================================================

None of them can see an error after which the answer is right all the same (a root that was lost and found again); the
sum pays for length. As :class:`OutcomeRewardModel` the same network reads whole episodes for contrast: it says nothing
of single steps.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from math import nan
from os import PathLike, fspath
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from reasoning_envs.rewards.encoders import encoder_for
from reasoning_envs.rewards.encoding import Track
from reasoning_envs.rewards.fitting import Aggregate, Fitting, train_on_outcomes
from reasoning_envs.rewards.judging import auc, judge_prm
from reasoning_envs.rewards.model import check_shapes, plain_metrics, read_networks, write_networks
from reasoning_envs.rewards.network import BagNetwork, Bags
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer, StepLabels
from reasoning_envs.rewards.training import split_by_problem
from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["OutcomeConfig", "OutcomePRM", "OutcomeRewardModel"]

_CACHE = 200_000


@dataclass(frozen=True, slots=True)
class OutcomeConfig:
    """What a PRM of outcomes is made of, and how it is trained.

    Attributes:
        aggregate: see the module.
        beta: of ``"sum"``: a step's ``advantage`` is beta * f, cut at plus and minus 1. Above 0.
        track, held_out, change_buckets, width, hidden: as of :class:`~reasoning_envs.rewards.model.LearnedConfig`.
        fitting: how the network is trained; its batch counts episodes.

    Raises:
        ValueError: a setting out of range.
    """

    aggregate: Aggregate = "product"
    beta: float = 0.05
    track: Track = "arithmetic"
    held_out: float = 0.1
    change_buckets: int = 8_192
    width: int = 48
    hidden: int = 64
    fitting: Fitting = field(default_factory=lambda: Fitting(batch=16))

    def __post_init__(self) -> None:
        if self.aggregate not in ("product", "min", "sum"):
            raise ValueError(f"aggregate must be 'product', 'min' or 'sum', got {self.aggregate!r}")
        if self.track not in ("arithmetic", "text"):
            raise ValueError(f"track must be 'arithmetic' or 'text', got {self.track!r}")
        if not self.beta > 0.0:
            raise ValueError(f"beta must be above 0, got {self.beta!r}")
        if not 0.0 < self.held_out < 0.5:
            raise ValueError(f"held_out must be between 0 and 0.5, got {self.held_out!r}")
        for name in ("change_buckets", "width", "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}")

    def new_network(self, codes: Sequence[int], seed: int) -> BagNetwork:
        """Over bags of so many codes, with fresh weights and one output."""
        return BagNetwork.new(codes, self.width, self.hidden, 1, np.random.default_rng(seed))


class OutcomePRM(ProcessRewardModel):
    """A judge of steps that was trained on outcomes alone; see the module.

    ``p_correct`` is sigmoid(f) of the step; ``value`` the chance of the outcome, by the episode so far; ``advantage``
    the change of the value, or with ``"sum"`` beta * f, the implicit reward.

    Args:
        track: shorthand for ``config.track``.
        seed: of the weights, the split and the order of training.
        config: everything else.
    """

    name = "outcome"
    reads_states = False

    def __init__(self, track: Track | None = None, *, seed: int = 0, config: OutcomeConfig | None = None) -> None:
        settings = config or OutcomeConfig()
        if track is not None:
            settings = OutcomeConfig(**{**_shallow(settings), "track": track})
        self.config = settings
        self.seed = seed
        self.metrics: dict[str, float] = {}
        self._network: BagNetwork | None = None
        self._domains: tuple[str, ...] = ()
        self._forget()

    def fit(self, traces: Sequence[Trace], labels: StepLabels | None = None) -> dict[str, float]:
        """Train anew on the outcomes of traces; no verdict on a step is looked at.

        Args:
            traces: of three problems or more. An episode without an outcome counts as not solved; those whose outcome
                could not be judged are left out.
            labels: of steps: there is no use for them here.

        Returns:
            ``n_traces``, ``n_right``, ``best_epoch``, ``seconds``; on the problems held out ``outcome_auc``, and by
            their verdicts ``auc``, ``ece``, ``first_error_f1`` and ``n_judged``.

        Raises:
            PRMError: labels were given; too few problems, or all episodes ended alike.
        """
        if labels is not None:
            raise PRMError(f"{self.name}: learns from outcomes alone; labels of steps are for LearnedPRM")
        began = time.perf_counter()
        self._network = None
        self._domains = tuple(sorted({trace.problem.domain for trace in traces}))
        self._forget()
        config = self.config
        _, stopping, measured = split_by_problem(traces, config.held_out, self.seed)
        unseen, stop = frozenset(measured), frozenset(stopping)
        episodes: list[list[Bags]] = []
        outcomes: list[float] = []
        held_out: list[int] = []
        for index, trace in enumerate(traces):
            if index in unseen or (trace.outcome is not None and not trace.outcome.scored):
                continue
            bags = [found for found in self._bags(trace.problem, _lines(trace)) if found is not None]
            if not bags:
                continue
            if index in stop:
                held_out.append(len(episodes))
            episodes.append(bags)
            outcomes.append(float(trace.outcome is not None and trace.outcome.verified))
        if len(set(outcomes)) < 2:
            raise PRMError(f"{self.name}: nothing to learn from: all {len(outcomes)} episodes ended alike")
        self._network, epoch = train_on_outcomes(
            config.new_network(self._encoder.step_codes, self.seed),
            episodes,
            np.array(outcomes, dtype=np.float32),
            config.aggregate,
            np.array(held_out, dtype=np.intp),
            config.fitting,
            self.seed,
        )
        held = [traces[index] for index in measured]
        judged = judge_prm(self, held)
        ended = [trace for trace in held if trace.steps and (trace.outcome is None or trace.outcome.scored)]
        rights = [trace.outcome is not None and trace.outcome.verified for trace in ended]
        self.metrics = {
            "n_traces": float(len(traces)),
            "n_right": float(sum(outcomes)),
            "best_epoch": float(epoch),
            "seconds": time.perf_counter() - began,
            "outcome_auc": auc(rights, [row[-1].value for row in self.score(ended)]),
            "auc": judged.auc,
            "ece": judged.ece,
            "first_error_f1": judged.f1,
            "n_judged": float(judged.n_steps),
        }
        return dict(self.metrics)

    def save(self, path: str | PathLike[str]) -> None:
        """Write one file of plain tensors and JSON; its name should end with ``.pt``."""
        rest = {
            "config": asdict(self.config),
            "seed": self.seed,
            "domains": self._domains,
            "metrics": plain_metrics(self.metrics),
        }
        write_networks(path, self.name, rest, {"judge": self._trained()})

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what :meth:`save` wrote; nothing in the file is run.

        Raises:
            OSError: the file cannot be opened.
            PRMError: it is no checkpoint, or of another family, format, vocabulary or encoding; both are named.
        """
        header, networks = read_networks(path, cls.name, ("judge",))
        try:
            settings = dict(header["config"])
            config = OutcomeConfig(**{**settings, "fitting": Fitting(**settings["fitting"])})
            prm = cls(seed=int(header["seed"]), config=config)
            prm._domains = tuple(header["domains"])
            prm._forget()
            prm.metrics = {key: nan if value is None else float(value) for key, value in header["metrics"].items()}
        except (KeyError, TypeError, ValueError) as error:
            raise PRMError(f"{fspath(path)}: a damaged checkpoint ({type(error).__name__}: {error})") from error
        check_shapes(fspath(path), "judge", networks["judge"], config.new_network(prm._encoder.step_codes, prm.seed))
        prm._network = networks["judge"]
        return prm

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        self._evaluate((trace.problem, _lines(trace)) for trace in traces)
        rows = []
        for trace in traces:
            scorer = self.begin(trace.problem)
            rows.append([scorer.follow(step.text) for step in trace.steps])
        return rows

    def begin(self, problem: Problem, state: Any = None) -> _OutcomeScorer:
        """A scorer.

        Raises:
            PRMError: not trained, or trained for another domain.
        """
        self._trained()
        if problem.domain not in self._domains:
            raise PRMError(
                f"{self.name}: trained on {' and '.join(self._domains)}, asked about a problem of {problem.domain!r}"
            )
        return _OutcomeScorer(self, problem)

    def logit(self, problem: Problem, before: str, after: str) -> float | None:
        """F of one change between two lines; None where one of them cannot be read."""
        key = (self._encoder.context(problem), before, after)
        if key not in self._logits:
            self._evaluate([(problem, (before, after))])
        return self._logits[key]

    def _evaluate(self, derivations: Any) -> None:
        if len(self._logits) > _CACHE:
            self._logits.clear()
        wanted: dict[tuple[str, str, str], Bags] = {}
        for problem, lines in derivations:
            context = self._encoder.context(problem)
            for (before, after), bags in zip(pairwise(lines), self._bags(problem, lines), strict=True):
                key = (context, before, after)
                if bags is None:
                    self._logits[key] = None
                elif key not in self._logits:
                    wanted[key] = bags
        if wanted:
            found: NDArray[np.float64] = np.round(self._trained()(list(wanted.values()))[:, 0], 6)
            self._logits.update(zip(wanted, found.tolist(), strict=True))

    def _bags(self, problem: Problem, lines: Sequence[str]) -> list[Bags | None]:
        context = self._encoder.context(problem)
        readings = [self._encoder.read(line, context) for line in lines]
        return [
            None if before is None or after is None else self._encoder.step(before, after, context)
            for before, after in pairwise(readings)
        ]

    def _trained(self) -> BagNetwork:
        if self._network is None:
            raise PRMError(f"{self.name}: not trained; call fit(traces), or {type(self).__name__}.load(path)")
        return self._network

    def _forget(self) -> None:
        self._encoder = encoder_for(self._domains, self.config.track, self.config.change_buckets, 1)
        self._logits: dict[tuple[str, str, str], float | None] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key not in ("_encoder", "_logits")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


class OutcomeRewardModel(OutcomePRM):
    """The same, of whole episodes: every step has the value of the episode so far, and no step is blamed.

    The contrast to a PRM: at choosing among finished episodes it is as good, at finding the first error it is lost.
    """

    name = "orm"


def _lines(trace: Trace) -> list[str]:
    return [trace.problem.statement, *(step.text for step in trace.steps)]


def _shallow(config: OutcomeConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in OutcomeConfig.__slots__}


def _sigmoid(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0))))


class _OutcomeScorer(Scorer):
    """Follows one episode by its lines. A line that cannot be read changes nothing."""

    def __init__(self, prm: OutcomePRM, problem: Problem) -> None:
        self._prm = prm
        self._problem = problem
        self._line = problem.statement
        self._log_product = self._sum = 0.0
        self._least = 1.0
        self._value = 1.0 if prm.config.aggregate != "sum" else 0.5
        self.initial = StepScore(value=self._value, critique="nothing has been done yet")

    def step(self, step: Step, state: Any = None) -> StepScore:
        return self.follow(step.text)

    def follow(self, line: str) -> StepScore:
        """The score of the step to ``line``."""
        before, self._line = self._line, line
        logit = self._prm.logit(self._problem, before, line)
        if logit is None:
            return StepScore(self._value, "this line cannot be read, so it is not judged", advantage=0.0)
        chance = _sigmoid(logit)
        self._sum += logit
        self._least = min(self._least, chance)
        self._log_product -= float(np.logaddexp(0.0, -logit))
        earlier, config = self._value, self._prm.config
        values = {"product": float(np.exp(self._log_product)), "min": self._least, "sum": _sigmoid(self._sum)}
        self._value = round(values[config.aggregate], 6)
        if isinstance(self._prm, OutcomeRewardModel):
            return StepScore(self._value, f"episodes that begin like this end right with chance {self._value:.2f}")
        gain = self._value - earlier if config.aggregate != "sum" else max(-1.0, min(1.0, config.beta * logit))
        words = f"steps like this one are right with chance {chance:.2f}, by the outcomes of episodes alone"
        return StepScore(self._value, words, p_correct=round(chance, 6), advantage=gain)
