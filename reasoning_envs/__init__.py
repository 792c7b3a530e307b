"""Gymnasium environments in which one action is one reasoning step, and every step is verified.

Importing this package registers the environments and is light: no torch, no SymPy, no Pillow. The names below are
loaded when they are first used.

    >>> import gymnasium as gym
    >>> import reasoning_envs
    >>> env = gym.make("reasoning_envs/Algebra-v0", level="linear-1")
    >>> observation, info = env.reset(seed=0)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import gymnasium

from reasoning_envs.types import Problem, Relation, Status, Step, StepScore, Trace, Verdict

if TYPE_CHECKING:
    from reasoning_envs.env import ReasoningEnv as ReasoningEnv
    from reasoning_envs.traces import RecordTraces as RecordTraces
    from reasoning_envs.traces import read_traces as read_traces
    from reasoning_envs.traces import replay as replay
    from reasoning_envs.traces import trace_of as trace_of
    from reasoning_envs.traces import write_traces as write_traces
    from reasoning_envs.verifiers.chains import verify_chain as verify_chain
    from reasoning_envs.verifiers.prose.judge import verify_prose as verify_prose
    from reasoning_envs.verifiers.symbolic import verify_answer as verify_answer
    from reasoning_envs.verifiers.symbolic import verify_derivation as verify_derivation
    from reasoning_envs.verifiers.symbolic import verify_step as verify_step

__version__ = "0.1.0"

ENVIRONMENTS: dict[str, dict[str, Any]] = {
    "reasoning_envs/Algebra-v0": {
        "domain": "reasoning_envs.domains.algebra:AlgebraDomain",
        "interface": "moves",
        "moves": "explicit",
    },
    "reasoning_envs/AlgebraAxioms-v0": {
        "domain": "reasoning_envs.domains.algebra:AlgebraDomain",
        "interface": "moves",
        "moves": "axioms",
    },
    "reasoning_envs/AlgebraText-v0": {
        "domain": "reasoning_envs.domains.algebra:AlgebraDomain",
        "interface": "text",
    },
    "reasoning_envs/Calculus-v0": {
        "domain": "reasoning_envs.domains.calculus:CalculusDomain",
        "interface": "moves",
    },
    "reasoning_envs/CalculusText-v0": {
        "domain": "reasoning_envs.domains.calculus:CalculusDomain",
        "interface": "text",
    },
    "reasoning_envs/Inequality-v0": {
        "domain": "reasoning_envs.domains.inequality:InequalityDomain",
        "interface": "moves",
    },
    "reasoning_envs/InequalityText-v0": {
        "domain": "reasoning_envs.domains.inequality:InequalityDomain",
        "interface": "text",
    },
    "reasoning_envs/ReasoningGymText-v0": {
        "domain": "reasoning_envs.domains.reasoning_gym:ReasoningGymDomain",
        "interface": "text",
    },
    "reasoning_envs/Simplify-v0": {
        "domain": "reasoning_envs.domains.simplify:SimplifyDomain",
        "interface": "moves",
    },
    "reasoning_envs/SimplifyText-v0": {
        "domain": "reasoning_envs.domains.simplify:SimplifyDomain",
        "interface": "text",
    },
    "reasoning_envs/System-v0": {
        "domain": "reasoning_envs.domains.system:SystemDomain",
        "interface": "moves",
    },
    "reasoning_envs/SystemText-v0": {
        "domain": "reasoning_envs.domains.system:SystemDomain",
        "interface": "text",
    },
    "reasoning_envs/WordProblemsText-v0": {
        "domain": "reasoning_envs.domains.word_problems:WordProblemsDomain",
        "interface": "text",
    },
    "reasoning_envs/CodeLines-v0": {
        "domain": "reasoning_envs.domains.synthesis:SynthesisDomain",
        "interface": "moves",
    },
    "reasoning_envs/CodePredict-v0": {
        "domain": "reasoning_envs.domains.prediction:prediction",
        "interface": "moves",
        "task": "deduction",
    },
    "reasoning_envs/CodeRepair-v0": {
        "domain": "reasoning_envs.domains.repair:RepairDomain",
        "interface": "moves",
    },
    "reasoning_envs/CodeText-v0": {
        "domain": "reasoning_envs.domains.python_task:PythonTaskDomain",
        "interface": "text",
    },
    "reasoning_envs/CodeRepairText-v0": {
        "domain": "reasoning_envs.domains.repair_text:PythonRepairDomain",
        "interface": "text",
    },
    "reasoning_envs/CodePredictText-v0": {
        "domain": "reasoning_envs.domains.predict_text:PythonPredictionDomain",
        "interface": "text",
        "task": "deduction",
    },
}
"""Every id of this package with its keywords of ``gymnasium.make``; any of them may be given anew there."""

_PROPOSER_SOLVER = "reasoning_envs.games.proposer_solver:ProposerSolver"
_PROGRAMS = "reasoning_envs.games.makers.programs:ProgramMaker"
_REVERSE = "reasoning_envs.games.alice_bob:AliceBobReverse"
_REPEAT = "reasoning_envs.games.alice_bob:AliceBobRepeat"
_PROVERS = "reasoning_envs.games.prover_verifier:ProverVerifier"
_LINEAR = ["linear-1", "brackets-1", "fractions-1", "both_sides-1"]
_SHORTEST = "reasoning_envs.games.policies:shortest"

GAMES: dict[str, dict[str, Any]] = {
    "reasoning_envs/EquationProposer-v0": {"game": _PROPOSER_SOLVER, "role": "proposer_0"},
    "reasoning_envs/EquationSolver-v0": {"game": _PROPOSER_SOLVER, "role": "solver_0", "attempts": 1},
    "reasoning_envs/ProgramProposer-v0": {"game": _PROPOSER_SOLVER, "role": "proposer_0", "maker": _PROGRAMS},
    "reasoning_envs/ProgramSolver-v0": {
        "game": _PROPOSER_SOLVER,
        "role": "solver_0",
        "maker": _PROGRAMS,
        "attempts": 1,
    },
    "reasoning_envs/TriadProposer-v0": {"game": "reasoning_envs.games.code_triad:CodeTriad", "role": "proposer_0"},
    "reasoning_envs/TriadSolver-v0": {
        "game": "reasoning_envs.games.code_triad:CodeTriad",
        "role": "solver_0",
        "attempts": 1,
    },
    "reasoning_envs/BugInjector-v0": {"game": "reasoning_envs.games.bugs:InjectorFixer", "role": "injector_0"},
    "reasoning_envs/BugFixer-v0": {
        "game": "reasoning_envs.games.bugs:InjectorFixer",
        "role": "fixer_0",
        "attempts": 1,
    },
    "reasoning_envs/AliceReverse-v0": {"game": _REVERSE, "role": "alice_0"},
    "reasoning_envs/BobReverse-v0": {"game": _REVERSE, "role": "bob_0"},
    "reasoning_envs/AliceRepeat-v0": {"game": _REPEAT, "role": "alice_0"},
    "reasoning_envs/BobRepeat-v0": {"game": _REPEAT, "role": "bob_0"},
    "reasoning_envs/HelpfulProver-v0": {
        "game": _PROVERS,
        "role": "helpful_0",
        "level": _LINEAR,
        "policies": {"sneaky_0": _SHORTEST},
    },
    "reasoning_envs/SneakyProver-v0": {
        "game": _PROVERS,
        "role": "sneaky_0",
        "level": _LINEAR,
        "policies": {"helpful_0": _SHORTEST},
    },
    "reasoning_envs/StepVerifier-v0": {
        "game": _PROVERS,
        "role": "verifier_0",
        "level": _LINEAR,
        "policies": {"helpful_0": _SHORTEST, "sneaky_0": _SHORTEST},
    },
    "reasoning_envs/Race-v0": {"game": "reasoning_envs.games.race:Race", "role": "solver_0"},
}
"""Roles of the games of :mod:`reasoning_envs.games` as environments: ids with their keywords. They need PettingZoo."""

for _id, _kwargs in ENVIRONMENTS.items():
    gymnasium.register(_id, entry_point="reasoning_envs.env:ReasoningEnv", kwargs=_kwargs)
for _id, _kwargs in GAMES.items():
    gymnasium.register(_id, entry_point="reasoning_envs.games.view:RoleEnv", kwargs=_kwargs)

_LAZY = {
    "ReasoningEnv": "reasoning_envs.env",
    "RecordTraces": "reasoning_envs.traces",
    "read_traces": "reasoning_envs.traces",
    "replay": "reasoning_envs.traces",
    "trace_of": "reasoning_envs.traces",
    "verify_answer": "reasoning_envs.verifiers.symbolic",
    "verify_chain": "reasoning_envs.verifiers.chains",
    "verify_derivation": "reasoning_envs.verifiers.symbolic",
    "verify_prose": "reasoning_envs.verifiers.prose.judge",
    "verify_step": "reasoning_envs.verifiers.symbolic",
    "write_traces": "reasoning_envs.traces",
}

__all__ = [
    "ENVIRONMENTS",
    "GAMES",
    "Problem",
    "ReasoningEnv",
    "RecordTraces",
    "Relation",
    "Status",
    "Step",
    "StepScore",
    "Trace",
    "Verdict",
    "read_traces",
    "replay",
    "trace_of",
    "verify_answer",
    "verify_chain",
    "verify_derivation",
    "verify_prose",
    "verify_step",
    "write_traces",
]


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'reasoning_envs' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
