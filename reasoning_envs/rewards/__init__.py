"""Process reward models and the wrappers that shape rewards with them.

What learns is imported when it is first asked for: :class:`LearnedPRM`, :class:`LearnedConfig` and the judging of PRMs
need what an environment does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reasoning_envs.rewards.checking import open_prm
from reasoning_envs.rewards.costs import LoopPenalty, Sparse, StepCost
from reasoning_envs.rewards.following import ScoringWrapper, ShapingWrapper
from reasoning_envs.rewards.forms import Clip, Implicit, MinForm, Progress
from reasoning_envs.rewards.novelty import CountBonus, RNDBonus
from reasoning_envs.rewards.oracle import OraclePRM
from reasoning_envs.rewards.protocol import PRMError, ProcessRewardModel, Scorer
from reasoning_envs.rewards.wrappers import STATUS_WEIGHTS, Annealed, PotentialShaping, ProcessReward

if TYPE_CHECKING:
    from reasoning_envs.rewards.corruption import Corrupted, corrupt_trace
    from reasoning_envs.rewards.deadline import Deadline
    from reasoning_envs.rewards.distance import DistanceToGo
    from reasoning_envs.rewards.ensemble import EnsemblePRM
    from reasoning_envs.rewards.human import ConsensusPRM, HumanPRM
    from reasoning_envs.rewards.implicit import ImplicitConfig, ImplicitPRM
    from reasoning_envs.rewards.judging import Judgement, first_error_f1, judge_prm
    from reasoning_envs.rewards.labels import read_labels
    from reasoning_envs.rewards.language import ChatEndpoint, LanguageModelPRM
    from reasoning_envs.rewards.learned import LearnedPRM
    from reasoning_envs.rewards.local_model import LocalModel
    from reasoning_envs.rewards.model import LearnedConfig
    from reasoning_envs.rewards.montecarlo import MonteCarloPRM
    from reasoning_envs.rewards.outcome import OutcomeConfig, OutcomePRM, OutcomeRewardModel
    from reasoning_envs.rewards.relabelling import relabel
    from reasoning_envs.rewards.vector import ShapedVector, WithLines

__all__ = [
    "STATUS_WEIGHTS",
    "Annealed",
    "ChatEndpoint",
    "Clip",
    "ConsensusPRM",
    "Corrupted",
    "CountBonus",
    "Deadline",
    "DistanceToGo",
    "EnsemblePRM",
    "HumanPRM",
    "Implicit",
    "ImplicitConfig",
    "ImplicitPRM",
    "Judgement",
    "LanguageModelPRM",
    "LearnedConfig",
    "LearnedPRM",
    "LocalModel",
    "LoopPenalty",
    "MinForm",
    "MonteCarloPRM",
    "OraclePRM",
    "OutcomeConfig",
    "OutcomePRM",
    "OutcomeRewardModel",
    "PRMError",
    "PotentialShaping",
    "ProcessReward",
    "ProcessRewardModel",
    "Progress",
    "RNDBonus",
    "Scorer",
    "ScoringWrapper",
    "ShapedVector",
    "ShapingWrapper",
    "Sparse",
    "StepCost",
    "WithLines",
    "corrupt_trace",
    "first_error_f1",
    "judge_prm",
    "open_prm",
    "read_labels",
    "relabel",
]

_LAZY = {
    "Corrupted": "corruption",
    "ChatEndpoint": "language",
    "ImplicitConfig": "implicit",
    "ImplicitPRM": "implicit",
    "Judgement": "judging",
    "LanguageModelPRM": "language",
    "LearnedConfig": "model",
    "LearnedPRM": "learned",
    "LocalModel": "local_model",
    "corrupt_trace": "corruption",
    "first_error_f1": "judging",
    "judge_prm": "judging",
    "relabel": "relabelling",
    "ShapedVector": "vector",
    "WithLines": "vector",
    "ConsensusPRM": "human",
    "Deadline": "deadline",
    "DistanceToGo": "distance",
    "EnsemblePRM": "ensemble",
    "HumanPRM": "human",
    "read_labels": "labels",
    "MonteCarloPRM": "montecarlo",
    "OutcomeConfig": "outcome",
    "OutcomePRM": "outcome",
    "OutcomeRewardModel": "outcome",
}


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{module}"), name)
