"""What passes between the rooms: problems, verdicts, scores, steps and traces.

All are frozen and slotted, hold plain data only, and go to JSON and back without loss (``to_json``, ``from_json``).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum, StrEnum
from typing import Any, Self

__all__ = ["Problem", "Relation", "Status", "Step", "StepScore", "Trace", "Verdict"]


class Status(StrEnum):
    """What judging a step or an outcome came to. Only the first two are judgements; the rest say why there is none."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    UNDECIDED = "undecided"  # judged, but no method could tell
    UNPARSED = "unparsed"  # the text is no mathematics or no program
    UNSAFE = "unsafe"  # understood, and refused before it was evaluated
    TIMEOUT = "timeout"  # the judge ran out of its time
    ERROR = "error"  # the judge itself failed


class Relation(StrEnum):
    """How the solutions of a line relate to those of the line before it."""

    EQUIVALENT = "equivalent"  # the same solutions with the same multiplicities and poles
    SAME_ROOTS = "same_roots"  # the same solutions; multiplicities or poles differ
    IMPLIES = "implies"  # every solution of the first solves the second, which has more: a root was added
    IMPLIED_BY = "implied_by"  # every solution of the second solves the first, which has more: a root was lost
    NONE = "none"  # neither
    VACUOUS = "vacuous"  # neither line has a solution, and one is no constant multiple of the other
    UNKNOWN = "unknown"


class _Json:
    """To and from JSON for the dataclasses of this module."""

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Itself, being immutable: Stable-Baselines3 copies every info of every step, which costs 14 us a verdict."""
        return self

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(_plain(self), ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError: not JSON, or not of this class; the message names the field.
        """
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError(f"{cls.__name__}: expected a JSON object, got {type(data).__name__}")
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The object from plain data, as :meth:`to_json` writes it."""
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        strange = set(data) - known
        if strange:
            raise ValueError(f"{cls.__name__}: unknown field(s) {', '.join(sorted(strange))}")
        try:
            return cls(**{name: _revive(cls, name, value) for name, value in data.items()})
        except TypeError as error:
            raise ValueError(f"{cls.__name__}: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _Json):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "item"):  # a NumPy scalar
        return value.item()
    raise TypeError(f"{type(value).__name__} is no plain data and cannot be written to JSON")


@dataclass(frozen=True, slots=True)
class Problem(_Json):
    """A task to solve, with the certificate that its generator holds.

    Attributes:
        id: unique among the problems of its domain and stable across machines.
        domain: the name of the kind of task, ``"algebra"``.
        prompt: what a person or a language model is asked, in words.
        statement: the task itself as text in the domain's own notation, ``"2*x + 3 = 7*(x - 1)"``.
        answer: a right final answer as text, ``"x = 2"``; None where none is known.
        level: name of the difficulty that it was drawn at.
        seed: of the generator, where it came from one.
        metadata: plain data; the domain documents its keys.
    """

    id: str
    domain: str
    prompt: str
    statement: str
    answer: str | None = None
    level: str | None = None
    seed: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict(_Json):
    """What a verifier found, never a bare bool: "could not check" is not "wrong".

    Attributes:
        status: see :class:`Status`.
        relation: of two lines; None for an outcome and where lines do not apply.
        reason: one sentence that a student would understand.
        method: what decided: ``"certificate"``, ``"canonical form"``, ``"residues"``, ``"balls"``, ``"sympy"``, ...
        rigorous: True only where the verdict is a proof.
        witness: a value that shows the fault (a lost root, a point where two sides differ), as text.
        conditions: what was assumed, as text, ``("a != 0",)``.
        seconds: time that it took; not compared.
    """

    status: Status
    relation: Relation | None = None
    reason: str = ""
    method: str = ""
    rigorous: bool = False
    witness: str | None = None
    conditions: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def verified(self) -> bool:
        """Judged, and right."""
        return self.status is Status.VERIFIED

    @property
    def refuted(self) -> bool:
        """Judged, and wrong."""
        return self.status is Status.REFUTED

    @property
    def scored(self) -> bool:
        """As an outcome this counts as right or wrong; False: the episode is to be left out and counted."""
        return self.status in _SCORED

    def since(self, start: float) -> Verdict:
        """The same verdict with the seconds that have passed since ``start``, a reading of ``time.perf_counter``."""
        return Verdict(
            self.status,
            self.relation,
            self.reason,
            self.method,
            self.rigorous,
            self.witness,
            self.conditions,
            time.perf_counter() - start,
        )


_SCORED = frozenset((Status.VERIFIED, Status.REFUTED, Status.UNPARSED, Status.UNSAFE))


@dataclass(frozen=True, slots=True)
class StepScore(_Json):
    """What a process reward model says of one step.

    Attributes:
        value: in [0, 1]: how likely the episode, so far and from here, is right. Human labels -1/0/1 are 0/.5/1.
        critique: why, in words.
        p_correct: in [0, 1]: probability that this very step is right.
        advantage: value after the step less value before it, in [-1, 1].
        uncertainty: standard deviation of ``value`` where the model knows one.
        error_type: the kind of error that the model believes it sees, a name of the domain's.
    """

    value: float
    critique: str = ""
    p_correct: float | None = None
    advantage: float | None = None
    uncertainty: float | None = None
    error_type: str | None = None


@dataclass(frozen=True, slots=True)
class Step(_Json):
    """One reasoning step of an episode.

    Attributes:
        index: from 0.
        action: what the agent gave: an index of a candidate, or a text.
        text: the line after the step, as a person reads it.
        verdict: on this step.
        rewards: by name: ``"true"``, ``"shaping"``, ``"total"``.
        score: of a PRM, where one was there.
        move: what was done, in words ("subtract 3 from both sides"); empty for text actions.
    """

    index: int
    action: int | str
    text: str
    verdict: Verdict
    rewards: Mapping[str, float] = field(default_factory=dict)
    score: StepScore | None = None
    move: str = ""


@dataclass(frozen=True, slots=True)
class Trace(_Json):
    """One episode. Replaying it gives the same states, statuses and rewards (time-outs apart, which are marked).

    Attributes:
        env_id: as in Gymnasium's registry. env_kwargs: given to ``gymnasium.make``.
        versions: of the packages that made it, and of the vocabulary.
        role: of the agent that acted, ``"solver"``. seed: given to ``reset``.
        problem, steps: what was asked and done. outcome: the verdict on the whole; None if it did not end.
        returns: sums of the rewards by name.
        actions: all that the agent gave, also what made no step (the choice of a group, an illegal index).
    """

    env_id: str
    env_kwargs: Mapping[str, Any]
    versions: Mapping[str, str]
    role: str
    seed: int | None
    problem: Problem
    steps: tuple[Step, ...]
    outcome: Verdict | None
    returns: Mapping[str, float] = field(default_factory=dict)
    actions: tuple[int | str, ...] = ()


_NESTED: dict[tuple[str, str], Any] = {
    ("Verdict", "status"): Status,
    ("Verdict", "relation"): Relation,
    ("Verdict", "conditions"): tuple,
    ("Step", "verdict"): Verdict.from_dict,
    ("Step", "score"): StepScore.from_dict,
    ("Trace", "problem"): Problem.from_dict,
    ("Trace", "steps"): lambda steps: tuple(Step.from_dict(step) for step in steps),
    ("Trace", "outcome"): Verdict.from_dict,
    ("Trace", "actions"): tuple,
}


def _revive(cls: type, name: str, value: Any) -> Any:
    revive = _NESTED.get((cls.__name__, name))
    if revive is None or value is None:
        return value
    try:
        return revive(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{cls.__name__}.{name}: {error}") from error
