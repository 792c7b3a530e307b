"""What a run found, as plain data: the input of its table, its curves and its report.

The loop of self-play, the evaluation and the comparison of shapings each fill their part of a :class:`RunResults`;
whatever stays empty was not run, and is shown as such. All classes are frozen, hold plain data and go to JSON and back.
Shares are never stored: counts are, so that each share is shown with its n and its interval.

Episodes that nobody could judge (``info["scored"]`` is False) are neither right nor wrong: they are left out of every
share and counted in ``unscored``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import sqrt
from typing import Any, Self

__all__ = [
    "AFTER",
    "BEFORE",
    "FLOORS",
    "Interval",
    "LevelResult",
    "PRMResult",
    "RunResults",
    "SearchComparison",
    "ShapingCurve",
    "mean_and_deviation",
    "pool",
    "wilson",
]

FLOORS = ("random", "first candidate", "greedy by size", "best-first")
"""Names of the players that learn nothing, as :attr:`LevelResult.player`."""

BEFORE = "before training"
AFTER = "after training"
"""Names of the policy played greedily, as :attr:`LevelResult.player`. Any other name makes a column of its own."""

Interval = tuple[float, float]


def wilson(right: int, n: int) -> Interval | None:
    """The two-sided 95% interval of a share by Wilson's score method; None where n is 0.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if n == 0:
        return None
    from scipy.stats import binomtest

    interval = binomtest(right, n).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


@dataclass(frozen=True, slots=True)
class LevelResult:
    """How one player did on the held-out problems of one level.

    Attributes:
        level: name of the level, ``"linear-1"``.
        family: of problems, ``"linear"``.
        coefficients: ``"numeric"`` or ``"letters"``.
        player: who played: one of :data:`FLOORS`, :data:`BEFORE`, :data:`AFTER`, or any other name, such as
            ``"after, beam 10"``. Players become the columns of the table, in the order in which they first appear.
        n: problems tried. The five counts below add up to it.
        solved: ended on a right answer, ``all reals`` included.
        said_no_solution: ended on ``no solution``, and rightly: these count as right too.
        wrong: ended on an answer that the verifier refuted, a false ``no solution`` included.
        out_of_budget: no answer within the steps or expansions allowed.
        unscored: no judgement was possible.

    Raises:
        ValueError: the counts do not add up to n.
    """

    level: str
    family: str
    coefficients: str
    player: str
    n: int
    solved: int
    said_no_solution: int = 0
    wrong: int = 0
    out_of_budget: int = 0
    unscored: int = 0

    def __post_init__(self) -> None:
        counts = (self.solved, self.said_no_solution, self.wrong, self.out_of_budget, self.unscored)
        if min(counts) < 0 or sum(counts) != self.n:
            raise ValueError(
                f"{self.player} on {self.level}: solved, said_no_solution, wrong, out_of_budget and unscored are "
                f"{counts} and must be no less than 0 and add up to n = {self.n}"
            )

    @property
    def right(self) -> int:
        """Episodes whose last line the verifier accepted as the answer."""
        return self.solved + self.said_no_solution

    @property
    def scored(self) -> int:
        """Episodes that count: n without the unscored."""
        return self.n - self.unscored

    @property
    def share(self) -> float | None:
        """Right among the scored, in [0, 1]; None where nothing was scored."""
        return self.right / self.scored if self.scored else None

    @property
    def interval(self) -> Interval | None:
        """95% interval of :attr:`share`."""
        return wilson(self.right, self.scored)


def pool(results: Iterable[LevelResult], *, level: str, family: str, coefficients: str, player: str) -> LevelResult:
    """The sum of the counts of several results, under new names."""
    total = dict.fromkeys(("n", "solved", "said_no_solution", "wrong", "out_of_budget", "unscored"), 0)
    for result in results:
        for name in total:
            total[name] += getattr(result, name)
    return LevelResult(level=level, family=family, coefficients=coefficients, player=player, **total)


@dataclass(frozen=True, slots=True)
class PRMResult:
    """How a process reward model, trained on some traces, judged others that it had not seen.

    Attributes:
        name: of the PRM.
        trained_on: traces in its training set; 0 for one that is not trained.
        seconds: of processor time that training took; None if unknown or not trained.
        correct_n: held-out traces in which every step is right. correct_found: of these, judged free of error.
        erroneous_n: held-out traces with a known first error. erroneous_found: of these, that error located exactly.
        auc: area under the ROC curve over steps (right step against wrong step), in [0, 1]; None if not measured.
        by_error: kind of error -> (located, of how many).
        note: anything that the reader must know, in a sentence.
    """

    name: str
    trained_on: int
    correct_n: int
    correct_found: int
    erroneous_n: int
    erroneous_found: int
    seconds: float | None = None
    auc: float | None = None
    by_error: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        counts = ((self.correct_found, self.correct_n), (self.erroneous_found, self.erroneous_n))
        for found, n in (*counts, *self.by_error.values()):
            if not 0 <= found <= n:
                raise ValueError(f"PRM {self.name}: found {found} of {n}")

    @property
    def f1(self) -> float | None:
        """Harmonic mean of the two accuracies, in [0, 1]; None where either kind of trace is missing.

        Source: Zheng et al., "ProcessBench", arXiv 2412.06559.
        """
        if not self.correct_n or not self.erroneous_n:
            return None
        correct, erroneous = self.correct_found / self.correct_n, self.erroneous_found / self.erroneous_n
        return 2 * correct * erroneous / (correct + erroneous) if correct + erroneous else 0.0


@dataclass(frozen=True, slots=True)
class SearchComparison:
    """The same search over the same problems at the same number of expansions, with the policy alone and with a PRM.

    Attributes:
        name: of the search and its problems, ``"best-first, linear"``.
        prm: name of the PRM.
        expansions: budget a problem, equal for both.
        n: problems tried with both and judged for both.
        both, only_policy, only_prm: of the n, solved with both, with the policy alone only, with the PRM's help only.
        unscored: problems left out because one of the two answers could not be judged.
    """

    name: str
    prm: str
    expansions: int
    n: int
    both: int
    only_policy: int
    only_prm: int
    unscored: int = 0

    def __post_init__(self) -> None:
        counts = (self.both, self.only_policy, self.only_prm)
        if min(counts) < 0 or sum(counts) > self.n:
            raise ValueError(f"search {self.name}: both, only_policy, only_prm are {counts}, of n = {self.n} problems")

    @property
    def policy(self) -> int:
        """Solved with the policy alone."""
        return self.both + self.only_policy

    @property
    def with_prm(self) -> int:
        """Solved with the PRM's help."""
        return self.both + self.only_prm

    @property
    def p_value(self) -> float | None:
        """Of the difference: the exact form of McNemar's test on the problems that only one of the two solved.

        None where the two never differ. Source: McNemar, Psychometrika 12 (1947).
        """
        differ = self.only_policy + self.only_prm
        if differ == 0:
            return None
        from scipy.stats import binomtest

        return float(binomtest(self.only_prm, differ).pvalue)


@dataclass(frozen=True, slots=True)
class ShapingCurve:
    """One PPO run: true success on validation problems at intervals of training, and on test problems at its end.

    Attributes:
        name: of the reward it was trained on, ``"sparse"`` or ``"potential (learned PRM)"``.
        env_id, level: what it was trained and tested on. seed: of the run.
        steps: environment steps taken at each evaluation, increasing, the first 0. ``[n_evaluations]``
        right: validation problems solved greedily at each evaluation, by the true outcome. ``[n_evaluations]``
        sampled: the same with actions drawn from the policy. ``[n_evaluations]``
        scored: problems that counted at each evaluation, greedy. sampled_scored: the same for ``sampled``.
        shaped_return: mean return of the training episodes since the evaluation before, in the reward trained on;
            None where no episode ended. ``[n_evaluations]``
        unscored: training episodes dropped because nobody could judge them. episodes: training episodes ended.
        test_right: test problems solved greedily at the end, of test_scored that counted. test_sampled,
            test_sampled_scored: the same with actions drawn from the policy.
        seconds: wall-clock of the run; not compared.
    """

    name: str
    env_id: str
    level: str
    seed: int
    steps: tuple[int, ...]
    right: tuple[int, ...]
    scored: tuple[int, ...]
    sampled: tuple[int, ...]
    sampled_scored: tuple[int, ...]
    shaped_return: tuple[float | None, ...]
    episodes: int = 0
    unscored: int = 0
    test_right: int = 0
    test_scored: int = 0
    test_sampled: int = 0
    test_sampled_scored: int = 0
    seconds: float = field(default=0.0, compare=False)

    def __post_init__(self) -> None:
        columns = (self.right, self.scored, self.sampled, self.sampled_scored, self.shaped_return)
        if any(len(column) != len(self.steps) for column in columns):
            raise ValueError(f"PPO {self.name}: its columns have {[len(self.steps), *map(len, columns)]} entries")

    @property
    def success(self) -> tuple[float, ...]:
        """Greedy true success at each evaluation, in [0, 1]; 0 where nothing was scored. ``[n_evaluations]``"""
        return tuple(right / n if n else 0.0 for right, n in zip(self.right, self.scored, strict=True))

    @property
    def area(self) -> float:
        """Mean of :attr:`success` over training by the trapezoid rule, in [0, 1]: how soon it learned."""
        if len(self.steps) < 2:
            return self.success[-1] if self.success else 0.0
        success = self.success
        total = sum(
            (self.steps[i + 1] - self.steps[i]) * (success[i] + success[i + 1]) / 2 for i in range(len(self.steps) - 1)
        )
        return total / (self.steps[-1] - self.steps[0])


@dataclass(frozen=True, slots=True)
class RunResults:
    """All that a run found. Empty parts were not run.

    Attributes:
        title: of the report.
        levels: one entry for each player on each level.
        prm, search, shaping: see the classes.
        episodes: that self-play ended. unscored: of these, how many nobody could judge.
        seconds: wall-clock by phase, in order: ``{"set-up": 31.0, "self-play": 180.2}``.
        notes: sentences for the reader, such as what was cut short and why.
    """

    title: str = "A run"
    levels: Sequence[LevelResult] = ()
    prm: Sequence[PRMResult] = ()
    search: Sequence[SearchComparison] = ()
    shaping: Sequence[ShapingCurve] = ()
    episodes: int = 0
    unscored: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def to_json(self) -> str:
        """Indented JSON, for people and programs."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError: not JSON, or a field is unknown or missing; the message names it.
        """
        data = json.loads(text)
        parts: dict[str, Any] = {
            "levels": LevelResult,
            "prm": PRMResult,
            "search": SearchComparison,
            "shaping": ShapingCurve,
        }
        try:
            for name, kind in parts.items():
                data[name] = tuple(kind(**_tuples(entry)) for entry in data.get(name, ()))
            data["notes"] = tuple(data.get("notes", ()))
            return cls(**data)
        except TypeError as error:
            raise ValueError(f"these are no results of a run: {error}") from error


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has lists where the dataclasses have tuples."""
    frozen: dict[str, Any] = {}
    for name, value in entry.items():
        if isinstance(value, list):
            frozen[name] = tuple(value)
        elif isinstance(value, dict):
            frozen[name] = {key: tuple(item) if isinstance(item, list) else item for key, item in value.items()}
        else:
            frozen[name] = value
    return frozen


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float | None]:
    """The mean, and the standard deviation between runs (n - 1); None for a single run."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, None
    return mean, sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
