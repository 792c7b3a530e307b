"""An implicit PRM: the log ratio of two policies, the one trained on outcomes, the other its reference.

Both are policies over the steps that a line allows: pi(step | line) = softmax of f(line, next line) over the moves of
the domain and, where it is none of them, the step itself. The reference learns to imitate the traces; the trained
policy starts from it. With r_t = beta * log(pi(step_t) / ref(step_t)) the chance that an episode ends right is taken to
be sigmoid(r_1 + ... + r_n + c), and only that is trained, by cross-entropy on outcomes (Yuan et al., arXiv 2412.01981).
Then r_t is a process reward that nobody labelled: what PRIME pays (arXiv 2502.01456).

The constant c is the log odds of the outcomes. A policy cannot prefer a step without slighting its rivals, which is why
a ratio needs the rivals: :class:`~reasoning_envs.rewards.outcome.OutcomePRM` with ``"sum"`` is the same without them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from math import log, nan
from os import PathLike, fspath
from typing import Any, NamedTuple, Self

import numpy as np

from reasoning_envs.domains.protocol import InputError, MoveDomain, TextDomain
from reasoning_envs.loading import open_domain
from reasoning_envs.rewards.encoding import RESIDUE_CODES, Encoder, Track, unknown_of
from reasoning_envs.rewards.fitting import Fitting, train_policy, train_ratio
from reasoning_envs.rewards.judging import auc, best_threshold, chance_of, judge_prm
from reasoning_envs.rewards.model import check_shapes, plain_metrics, read_networks, write_networks
from reasoning_envs.rewards.network import BagNetwork, Bags
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer, StepLabels
from reasoning_envs.rewards.training import split_by_problem
from reasoning_envs.types import Problem, Step, StepScore, Trace

__all__ = ["ImplicitConfig", "ImplicitPRM"]

_CACHE = 100_000


@dataclass(frozen=True, slots=True)
class ImplicitConfig:
    """What an implicit PRM is made of, and how it is trained.

    Attributes:
        beta: of the log ratio, above 0. Training scales logits as it likes, so that it decides how far the trained
            policy goes from its reference.
        rivals: moves of a line that are looked at beside the step taken, 1 or more.
        domain: ``"module:Name"`` of the kind of task; it offers moves and reads lines.
        track, held_out, change_buckets, width, hidden: as of :class:`~reasoning_envs.rewards.model.LearnedConfig`.
        fitting: how both networks are trained; its batch counts episodes.

    Raises:
        ValueError: a setting out of range.
    """

    beta: float = 1.0
    rivals: int = 12
    domain: str = "reasoning_envs.domains.algebra:AlgebraDomain"
    track: Track = "arithmetic"
    held_out: float = 0.1
    change_buckets: int = 8_192
    width: int = 32
    hidden: int = 48
    fitting: Fitting = field(default_factory=lambda: Fitting(batch=16, epochs=30))

    def __post_init__(self) -> None:
        if not self.beta > 0.0:
            raise ValueError(f"beta must be above 0, got {self.beta!r}")
        if self.track not in ("arithmetic", "text"):
            raise ValueError(f"track must be 'arithmetic' or 'text', got {self.track!r}")
        if not 0.0 < self.held_out < 0.5:
            raise ValueError(f"held_out must be between 0 and 0.5, got {self.held_out!r}")
        for name in ("rivals", "change_buckets", "width", "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, got {getattr(self, name)}")

    def new_network(self, seed: int) -> BagNetwork:
        """With fresh weights and one output."""
        codes = [self.change_buckets] if self.track == "text" else [self.change_buckets, RESIDUE_CODES]
        return BagNetwork.new(codes, self.width, self.hidden, 1, np.random.default_rng(seed))


class _Policies(NamedTuple):
    trained: BagNetwork
    reference: BagNetwork
    odds: float
    threshold: float = 0.5


class ImplicitPRM(ProcessRewardModel):
    """beta * log(pi / ref), trained on outcomes alone; see the module.

    ``advantage`` is r_t, cut at plus and minus 1; ``p_correct`` is sigmoid(r_t); ``value`` is the chance of the outcome
    by the episode so far. A line that cannot be read is passed over.

    Args:
        track: shorthand for ``config.track``.
        seed: of the weights, the split and the order of training.
        config: everything else.
    """

    name = "implicit"
    reads_states = False

    def __init__(self, track: Track | None = None, *, seed: int = 0, config: ImplicitConfig | None = None) -> None:
        settings = config or ImplicitConfig()
        if track is not None:
            settings = ImplicitConfig(**{**_shallow(settings), "track": track})
        self.config = settings
        self.seed = seed
        self.metrics: dict[str, float] = {}
        self._policies: _Policies | None = None
        self._forget()

    def fit(self, traces: Sequence[Trace], labels: StepLabels | None = None) -> dict[str, float]:
        """Train both policies anew; no verdict on a step is looked at.

        Args:
            traces: of three problems or more. An episode without an outcome counts as not solved; those whose outcome
                could not be judged are left out.
            labels: of steps: there is no use for them here.

        Returns:
            ``n_traces``, ``n_right``, ``best_epoch``, ``reference_best_epoch``, ``seconds``; on the problems held out
            ``outcome_auc``, and by their verdicts ``auc``, ``ece`` and ``first_error_f1``.

        Raises:
            PRMError: labels were given; too few problems, or all episodes ended alike.
        """
        if labels is not None:
            raise PRMError(f"{self.name}: learns from outcomes alone; labels of steps are for LearnedPRM")
        began = time.perf_counter()
        self._forget()
        _, stopping, measured = split_by_problem(traces, self.config.held_out, self.seed)
        unseen, stop = frozenset(measured), frozenset(stopping)
        episodes: list[list[list[Bags]]] = []
        outcomes: list[float] = []
        held_out: list[int] = []
        for index, trace in enumerate(traces):
            if index in unseen or (trace.outcome is not None and not trace.outcome.scored):
                continue
            choices = [self._choice(trace.problem, *pair) for pair in pairwise(_lines(trace))]
            known = [choice for choice in choices if choice is not None]
            if known:
                if index in stop:
                    held_out.append(len(episodes))
                episodes.append(known)
                outcomes.append(float(trace.outcome is not None and trace.outcome.verified))
        share = sum(outcomes) / len(outcomes) if outcomes else 0.0
        if not 0.0 < share < 1.0:
            raise PRMError(f"{self.name}: nothing to learn from: all {len(outcomes)} episodes ended alike")
        stopping_rows = np.array(held_out, dtype=np.intp)
        odds = log(share / (1.0 - share))
        fitting, beta = self.config.fitting, self.config.beta
        reference, first_epoch = train_policy(
            self.config.new_network(self.seed), episodes, stopping_rows, fitting, self.seed
        )
        targets = np.array(outcomes, dtype=np.float32)
        trained, epoch = train_ratio(
            reference, reference, episodes, targets, (beta, odds), stopping_rows, fitting, self.seed + 1
        )
        self._policies = _Policies(trained, reference, odds)
        told = [traces[index] for index in stopping if _is_scored(traces[index])]
        self._policies = self._policies._replace(threshold=self._best_threshold(told))
        held = [traces[index] for index in measured]
        judged = judge_prm(self, held)
        ended = [trace for trace in held if _is_scored(trace)]
        rights = [trace.outcome is not None and trace.outcome.verified for trace in ended]
        self.metrics = {
            "n_traces": float(len(traces)),
            "n_right": float(sum(outcomes)),
            "best_epoch": float(epoch),
            "reference_best_epoch": float(first_epoch),
            "seconds": time.perf_counter() - began,
            "outcome_auc": auc(rights, [row[-1].value for row in self.score(ended)]),
            "auc": judged.auc,
            "ece": judged.ece,
            "first_error_f1": judged.f1,
        }
        return dict(self.metrics)

    def save(self, path: str | PathLike[str]) -> None:
        """Write one file of plain tensors and JSON; its name should end with ``.pt``."""
        policies = self._trained()
        rest = {
            "config": asdict(self.config),
            "seed": self.seed,
            "odds": policies.odds,
            "threshold": policies.threshold,
            "metrics": plain_metrics(self.metrics),
        }
        write_networks(path, self.name, rest, {"policy": policies.trained, "reference": policies.reference})

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what :meth:`save` wrote; nothing in the file is run, but the domain that it names is imported.

        Raises:
            OSError: the file cannot be opened.
            PRMError: it is no checkpoint, or of another family, format, vocabulary or encoding; both are named.
        """
        header, networks = read_networks(path, cls.name, ("policy", "reference"))
        try:
            settings = dict(header["config"])
            config = ImplicitConfig(**{**settings, "fitting": Fitting(**settings["fitting"])})
            prm = cls(seed=int(header["seed"]), config=config)
            prm.metrics = {key: nan if value is None else float(value) for key, value in header["metrics"].items()}
            prm._policies = _Policies(
                networks["policy"], networks["reference"], float(header["odds"]), float(header["threshold"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise PRMError(f"{fspath(path)}: a damaged checkpoint ({type(error).__name__}: {error})") from error
        for part in ("policy", "reference"):
            check_shapes(fspath(path), part, networks[part], config.new_network(prm.seed))
        return prm

    def score(self, traces: Sequence[Trace]) -> list[list[StepScore]]:
        rows = []
        for trace in traces:
            scorer = self.begin(trace.problem)
            rows.append([scorer.step(step) for step in trace.steps])
        return rows

    def begin(self, problem: Problem, state: Any = None) -> _ImplicitScorer:
        """A scorer.

        Raises:
            PRMError: not trained, or trained for another domain.
        """
        self._trained()
        if problem.domain != self._domain.name:
            raise PRMError(f"{self.name}: trained on {self._domain.name}, asked about a problem of {problem.domain!r}")
        return _ImplicitScorer(self, problem)

    def log_ratio(self, problem: Problem, before: str, after: str) -> float | None:
        """log(pi / ref) of a step between two lines; None where one of them cannot be read."""
        key = (unknown_of(problem), before, after)
        if key not in self._known:
            if len(self._known) >= _CACHE:
                self._known.clear()
            policies = self._trained()
            choice = self._choice(problem, before, after)
            self._known[key] = (
                None
                if choice is None
                else round(_log_chance(policies.trained, choice) - _log_chance(policies.reference, choice), 6)
            )
        return self._known[key]

    @property
    def threshold(self) -> float:  # type: ignore[override]
        """Below it a step is called wrong: in training the one by which wrong outcomes were told best."""
        return 0.5 if self._policies is None else self._policies.threshold

    @property
    def odds(self) -> float:
        """The log odds of the outcomes it was trained on."""
        return self._trained().odds

    def _best_threshold(self, traces: Sequence[Trace]) -> float:
        """By which an episode's least chance of a step tells its outcome best."""
        least = [min(chance_of(score) for score in row) for row in self.score(traces)]
        wrong = [None if trace.outcome is not None and trace.outcome.verified else 0 for trace in traces]
        return best_threshold([[chance] for chance in least], wrong)

    def _choice(self, problem: Problem, before: str, after: str) -> list[Bags] | None:
        """The step taken, and its rivals."""
        unknown = unknown_of(problem)
        old, new = (self._encoder.read(line, unknown) for line in (before, after))
        if old is None or new is None:
            return None
        rivals = []
        for text in self._moves(problem, before, unknown):
            reading = self._encoder.read(text, unknown)
            if text != after and reading is not None:
                rivals.append(self._encoder.step(old, reading, unknown))
        return [self._encoder.step(old, new, unknown), *rivals]

    def _moves(self, problem: Problem, line: str, unknown: str) -> tuple[str, ...]:
        """The lines that the domain offers next, the first of them."""
        key = unknown, line
        found = self._offered.get(key)
        if found is None:
            domain = self._domain
            state = domain.start(problem)
            if line != problem.statement:
                try:
                    state = domain.apply(state, domain.parse(state, line))
                except InputError:
                    return ()
            actions = () if domain.is_final(state) else domain.actions(state)
            steps = [action for action in actions if action.is_step][: self.config.rivals]
            if len(self._offered) >= _CACHE:
                self._offered.clear()
            found = self._offered[key] = tuple(domain.text(action.state) for action in steps)
        return found

    def _trained(self) -> _Policies:
        if self._policies is None:
            raise PRMError(f"{self.name}: not trained; call fit(traces), or {type(self).__name__}.load(path)")
        return self._policies

    def _forget(self) -> None:
        domain = open_domain(self.config.domain, {})
        if not isinstance(domain, MoveDomain) or not isinstance(domain, TextDomain):
            raise TypeError(f"{self.name}: the domain {domain.name!r} does not both offer moves and read lines")
        self._domain: Any = domain
        self._encoder = Encoder(self.config.track, self.config.change_buckets, 1)
        self._known: dict[tuple[str, str, str], float | None] = {}
        self._offered: dict[tuple[str, str], tuple[str, ...]] = {}

    def __getstate__(self) -> dict[str, Any]:
        made = ("_domain", "_encoder", "_known", "_offered")
        return {key: value for key, value in self.__dict__.items() if key not in made}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


class _ImplicitScorer(Scorer):
    """Follows one episode by its lines."""

    def __init__(self, prm: ImplicitPRM, problem: Problem) -> None:
        self._prm = prm
        self._problem = problem
        self._line = problem.statement
        self._sum = prm.odds
        self.initial = StepScore(_sigmoid(self._sum), "nothing has been done yet")

    def step(self, step: Step, state: Any = None) -> StepScore:
        ratio = self._prm.log_ratio(self._problem, self._line, step.text)
        if ratio is None:
            return StepScore(_sigmoid(self._sum), "this line cannot be read, so it is not judged", advantage=0.0)
        self._line = step.text
        reward = self._prm.config.beta * ratio
        self._sum += reward
        words = f"{np.exp(ratio):.2f} times as likely as for the reference, which outcomes have not taught"
        return StepScore(
            _sigmoid(self._sum), words, p_correct=_sigmoid(reward), advantage=float(np.clip(reward, -1.0, 1.0))
        )


def _is_scored(trace: Trace) -> bool:
    return bool(trace.steps) and (trace.outcome is None or trace.outcome.scored)


def _log_chance(network: BagNetwork, choice: Sequence[Bags]) -> float:
    logits = network(choice)[:, 0].astype(np.float64)
    return float(logits[0] - np.logaddexp.reduce(logits))


def _lines(trace: Trace) -> list[str]:
    return [trace.problem.statement, *(step.text for step in trace.steps)]


def _shallow(config: ImplicitConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in ImplicitConfig.__slots__}


def _sigmoid(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0))))
