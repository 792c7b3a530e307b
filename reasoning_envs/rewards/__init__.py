"""Process reward models and the wrappers that shape rewards with them.

What learns is imported when it is first asked for: :class:`LearnedPRM`, :class:`LearnedConfig` and the judging of PRMs
need what an environment does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reasoning_envs.rewards.checking import open_prm
from reasoning_envs.rewards.following import ScoringWrapper
from reasoning_envs.rewards.oracle import OraclePRM
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer
from reasoning_envs.rewards.wrappers import STATUS_WEIGHTS, Annealed, PotentialShaping, ProcessReward

if TYPE_CHECKING:
    from reasoning_envs.rewards.corruption import Corrupted, corrupt_trace
    from reasoning_envs.rewards.judging import Judgement, first_error_f1, judge_prm
    from reasoning_envs.rewards.learned import LearnedPRM
    from reasoning_envs.rewards.model import LearnedConfig

__all__ = [
    "STATUS_WEIGHTS",
    "Annealed",
    "Corrupted",
    "Judgement",
    "LearnedConfig",
    "LearnedPRM",
    "OraclePRM",
    "PRMError",
    "PotentialShaping",
    "ProcessReward",
    "ProcessRewardModel",
    "Scorer",
    "ScoringWrapper",
    "corrupt_trace",
    "first_error_f1",
    "judge_prm",
    "open_prm",
]

_LAZY = {
    "Corrupted": "corruption",
    "Judgement": "judging",
    "LearnedConfig": "model",
    "LearnedPRM": "learned",
    "corrupt_trace": "corruption",
    "first_error_f1": "judging",
    "judge_prm": "judging",
}


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{module}"), name)
