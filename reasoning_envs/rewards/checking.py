"""What a PRM answers is checked before anyone uses it, and what names a PRM becomes one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from os import PathLike, fspath

from reasoning_envs.loading import load
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel
from reasoning_envs.types import StepScore, Trace

__all__ = ["checked", "open_prm", "score_checked"]

_RANGES = {"value": (0.0, 1.0), "p_correct": (0.0, 1.0), "advantage": (-1.0, 1.0), "uncertainty": (0.0, 1.0)}


def open_prm(prm: ProcessRewardModel | str | PathLike[str]) -> ProcessRewardModel:
    """The PRM that is meant.

    Args:
        prm: an object; the path of a checkpoint of a PRM that was trained (it ends with ``.pt``); or ``"module:Name"``
            of an object, of a class, or of a function that takes nothing and gives a PRM.

    Raises:
        ValueError: the string names nothing. PRMError: the checkpoint cannot be used.
        TypeError: what it names is no PRM.
    """
    if isinstance(prm, ProcessRewardModel):
        return prm
    if not isinstance(prm, str | PathLike):
        raise TypeError(f"a PRM is a ProcessRewardModel, a 'module:Name' or a .pt file; got {type(prm).__name__}")
    name = fspath(prm)
    if name.endswith(".pt"):
        return _load(name)
    found = load(name)
    if not isinstance(found, ProcessRewardModel) and callable(found):
        found = found()
    if not isinstance(found, ProcessRewardModel):
        raise TypeError(f"{name!r} is a {type(found).__name__}: neither a ProcessRewardModel nor what makes one")
    return found


def _load(path: str) -> ProcessRewardModel:
    from reasoning_envs.rewards.implicit import ImplicitPRM
    from reasoning_envs.rewards.learned import LearnedPRM
    from reasoning_envs.rewards.model import family_of
    from reasoning_envs.rewards.outcome import OutcomePRM, OutcomeRewardModel

    families = {kind.name: kind for kind in (OutcomePRM, OutcomeRewardModel, ImplicitPRM)}
    family: type[ProcessRewardModel] = families.get(family_of(path), LearnedPRM)
    return family.load(path)


def checked(name: str, ask: Callable[[], StepScore]) -> StepScore:
    """What a PRM answers to one question, if it is a score.

    Args:
        name: of the PRM.
        ask: the question.

    Raises:
        PRMError: it raised, or its answer is no StepScore, not finite, or out of range; the cause is attached.
    """
    try:
        score = ask()
    except PRMError:
        raise
    except Exception as error:
        raise PRMError(f"{name}: raised {type(error).__name__}: {error}") from error
    fault = _fault(score)
    if fault:
        raise PRMError(f"{name}: {fault}")
    return score


def score_checked(prm: ProcessRewardModel, traces: Sequence[Trace]) -> list[list[StepScore]]:
    """``prm.score(traces)``, if it is one score a step.

    Raises:
        PRMError: see :func:`checked`; also for another number of lists or of scores.
    """
    try:
        rows = prm.score(traces)
    except PRMError:
        raise
    except Exception as error:
        raise PRMError(f"{prm.name}: raised {type(error).__name__}: {error}") from error
    if len(rows) != len(traces):
        raise PRMError(f"{prm.name}: gave {len(rows)} lists of scores for {len(traces)} traces")
    for row, trace in zip(rows, traces, strict=True):
        if len(row) != len(trace.steps):
            raise PRMError(f"{prm.name}: gave {len(row)} scores for a trace of {len(trace.steps)} steps")
        for index, score in enumerate(row):
            fault = _fault(score)
            if fault:
                raise PRMError(f"{prm.name}: step {index}: {fault}")
    return rows


def _is_usual(score: StepScore) -> bool:
    """Plain floats in range: what nearly every answer is, told quickly."""
    value, chance, gain, doubt = score.value, score.p_correct, score.advantage, score.uncertainty
    return (
        type(value) is float
        and 0.0 <= value <= 1.0
        and (chance is None or (type(chance) is float and 0.0 <= chance <= 1.0))
        and (gain is None or (type(gain) is float and -1.0 <= gain <= 1.0))
        and (doubt is None or (type(doubt) is float and 0.0 <= doubt <= 1.0))
    )


def _fault(score: object) -> str:
    """What keeps an answer from being a score; empty where nothing does."""
    if type(score) is StepScore and _is_usual(score):
        return ""
    if not isinstance(score, StepScore):
        return f"answered with a {type(score).__name__}, not with a StepScore"
    for field, (low, high) in _RANGES.items():
        number = getattr(score, field)
        if number is None and field != "value":
            continue
        if not isinstance(number, Real) or not low <= float(number) <= high:  # NaN is in no range
            return f"its {field} is {number!r}; it must be in [{low:g}, {high:g}]"
    return ""
