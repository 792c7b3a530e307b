"""The benchmark of reward shaping: what a shaped reward does to the true outcome, how it is hacked, what it costs.

``python -m reasoning_envs benchmark --help`` runs it. A sweep is data: a table of runs
(:class:`~reasoning_envs.benchmark.cells.Cell`) and a file of what came of them. A score is a function of runs
(:mod:`reasoning_envs.benchmark.scores`). An agent is a function of a :class:`Training` that gives a :class:`Policy`.
"""

from reasoning_envs.benchmark.cells import Cell
from reasoning_envs.benchmark.learning import Budget, Policy, Training
from reasoning_envs.benchmark.scores import Score, score_arms
from reasoning_envs.benchmark.sweep import Record, plan, read_records, run_sweep
from reasoning_envs.benchmark.tasks import TASKS, Task

__all__ = [
    "TASKS",
    "Budget",
    "Cell",
    "Policy",
    "Record",
    "Score",
    "Task",
    "Training",
    "plan",
    "read_records",
    "run_sweep",
    "score_arms",
]
