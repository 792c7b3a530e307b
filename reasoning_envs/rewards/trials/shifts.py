"""Named sets of judged traces: what a judge of steps is trained on, and each way in which a test differs from that.

====================  =================================================================================================
set                   how it differs from ``in range``
====================  =================================================================================================
``in range``          new problems (the held-out split) of the families, levels, lengths and kinds that were trained on
``longer``            20 steps in place of 2 to 10
``bigger numbers``    numbers some ten times as large
``other families``    kinds of equations that no trace of the training had
``merged``            two to four steps in every line (in the training one trace in three has such lines)
``other kinds``       kinds of error that no trace of the training had
``several errors``    one or two further errors behind the first
``right answer``      the answer is right all the same: one wrong line, then the derivation goes on as it should
====================  =================================================================================================

Half of the traces of a set have no error; the others are divided evenly among the kinds of error, which therefore count
alike. Whoever chooses a threshold, a size or an encoding does so on ``in range`` material of the training split: the
other sets are looked at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reasoning_envs.problems import split_of
from reasoning_envs.rewards.trials.cases import Case, mended, once_more, sound, spoiled
from reasoning_envs.rewards.trials.derivations import (
    Derivation,
    Search,
    algebra,
    derive,
    draw_bigger,
    merge,
    replace_states,
)
from reasoning_envs.types import Problem

__all__ = [
    "KINDS",
    "OTHER_FAMILIES",
    "OTHER_KINDS",
    "SHIFTS",
    "TRAINED_FAMILIES",
    "Shift",
    "cases_of",
    "derivations_of",
    "training_cases",
]

TRAINED_FAMILIES = (
    "linear",
    "brackets",
    "both_sides",
    "quadratic",
    "absolute",
    "exponential",
    "linear_letters",
    "brackets_letters",
)
OTHER_FAMILIES = ("fractions", "rational", "radical", "logarithm", "nested", "degenerate", "fractions_letters")
KINDS = ("sign", "dropped term", "arithmetic", "off-by-one", "lost root", "unsound move")
OTHER_KINDS = ("wrong branch", "wrong variable", "one side only", "inverted fraction", "wrong conclusion")

_LONG = 20
_USUAL = Search()
_WANDERING = Search(noise=12.0, depth=-2.0, expansions=100)
_COPIES = 3  # spoiled ones of each derivation that is learned from
_BIGGER_FAMILIES = ("linear", "brackets", "both_sides", "quadratic", "absolute", "linear_letters", "brackets_letters")
_PATIENCE = 3000  # draws in a row that may come to nothing


@dataclass(frozen=True, slots=True)
class Shift:
    """How a set is made.

    Attributes:
        families: of equations. levels: 1 to 3. split: ``"train"`` or ``"test"``.
        searches: how derivations are found, each as often as the others.
        shortest, longest: steps of a derivation before lines are merged; a longer one is cut.
        whole: a longer one is passed over.
        merged: share of the traces with several steps a line; least, most: steps in such a line.
        bigger: numbers some ten times as large.
        kinds: of error. length: cut or go on to so many steps; None: to the answer.
        errors: at most. mended: the answer is right all the same.
    """

    families: Sequence[str] = TRAINED_FAMILIES
    levels: Sequence[int] = (1, 2)
    split: str = "test"
    searches: Sequence[Search] = (_USUAL, _WANDERING)
    shortest: int = 2
    longest: int = 10
    whole: bool = False
    merged: float = 0.0
    least: int = 1
    most: int = 4
    bigger: bool = False
    kinds: Sequence[str] = KINDS
    length: int | None = None
    errors: int = 1
    mended: bool = False


SHIFTS: Mapping[str, Shift] = {
    "in range": Shift(),
    "longer": Shift(levels=(2, 3), searches=(_WANDERING,), shortest=_LONG, longest=_LONG, length=_LONG),
    "bigger numbers": Shift(families=_BIGGER_FAMILIES, bigger=True),
    "other families": Shift(families=OTHER_FAMILIES),
    "merged": Shift(merged=1.0, least=2, shortest=4),
    "other kinds": Shift(kinds=OTHER_KINDS),
    "several errors": Shift(errors=3, shortest=4),
    "right answer": Shift(mended=True, shortest=3, whole=True),
}
"""The sets by name, as the module tells them."""

_TRAINING = Shift(split="train", merged=1.0 / 3.0)


def cases_of(shift: Shift, count: int, rng: np.random.Generator) -> list[Case]:
    """``count`` traces: half without an error, the others evenly of the kinds.

    Raises:
        RuntimeError: thousands of draws in a row gave no trace of a kind.
    """
    cases = [_found(shift, "", rng) for _ in range(count - count // 2)]
    for place in range(count // 2):
        cases.append(_found(shift, shift.kinds[place % len(shift.kinds)], rng))
    return cases


def training_cases(count: int, rng: np.random.Generator) -> list[Case]:
    """``count`` traces of the training split to learn from, one third of the derivations with several steps a line.

    Each derivation comes without an error and up to three times with one, of the kinds that are rarest so far; a trace
    ends with its wrong line.
    """
    cases: list[Case] = []
    met = dict.fromkeys(KINDS, 0)
    while len(cases) < count:
        derivation = next(derivations_of(_TRAINING, rng))
        cases.append(sound(derivation))
        copies = 0
        for kind in sorted(met, key=met.__getitem__):
            case = spoiled(derivation, kind, rng, onward=False) if copies < _COPIES else None
            if case is not None:
                cases.append(case)
                met[kind] += 1
                copies += 1
    return cases[:count]


def _found(shift: Shift, kind: str, rng: np.random.Generator) -> Case:
    for derivation in derivations_of(shift, rng):
        case = _case(shift, derivation, kind, rng)
        if case is not None:
            return case
    raise RuntimeError(f"{_PATIENCE} draws gave no trace with {kind or 'no error'!r} for {shift}")


def _case(shift: Shift, derivation: Derivation, kind: str, rng: np.random.Generator) -> Case | None:
    if not kind:
        return sound(derivation, shift.length)
    if shift.mended:
        case = mended(derivation, kind, rng)
        return case if case is not None and case.trace.outcome is not None and case.trace.outcome.verified else None
    found = spoiled(derivation, kind, rng, shift.length)
    if shift.length is not None and found is not None and len(found.trace.steps) < shift.length:
        return None
    for _ in range(int(rng.integers(1, shift.errors)) if shift.errors > 1 else 0):
        if found is not None:
            found = once_more(found, derivation, shift.kinds[int(rng.integers(len(shift.kinds)))], rng)
    return found


def derivations_of(shift: Shift, rng: np.random.Generator) -> Iterator[Derivation]:
    """Sound derivations of a set, one after the other, until thousands of draws have been made."""
    for _ in range(_PATIENCE):
        problem = _draw(shift, rng)
        if problem is None or split_of(algebra().canonical_key(problem)) != shift.split:
            continue
        derivation = derive(problem, rng, shift.searches[int(rng.integers(len(shift.searches)))])
        steps = 0 if derivation is None else len(derivation.states) - 1
        if derivation is None or steps < shift.shortest or (shift.whole and steps > shift.longest):
            continue
        derivation = replace_states(derivation, derivation.states[: shift.longest + 1])
        if shift.merged and rng.random() < shift.merged:
            derivation = merge(derivation, rng, shift.most, shift.least)
            if len(derivation.states) < 3:
                continue
        yield derivation


def _draw(shift: Shift, rng: np.random.Generator) -> Problem | None:
    family = shift.families[int(rng.integers(len(shift.families)))]
    level = shift.levels[int(rng.integers(len(shift.levels)))]
    if shift.bigger:
        return draw_bigger(rng, family, level)
    return algebra().sample(rng, f"{family}-{level}")
