"""The first-error F1 of an arm's PRM."""

from reasoning_envs.benchmark.judging import error_pairs, prm_f1
from reasoning_envs.benchmark.tasks import TASKS
from reasoning_envs.rewards import OraclePRM
from reasoning_envs.rewards.hackable import ConstantPRM
from reasoning_envs.testing import random_traces
from tests.reasoning_envs.benchmark.toy_agents import SUMS


def test_each_error_has_a_sound_beginning_beside_it() -> None:
    traces = random_traces(SUMS.make("train"), 20)
    pairs = list(error_pairs(traces))
    wrong = [trace for trace in pairs if trace.steps[-1].verdict.refuted]
    sound = [trace for trace in pairs if not trace.steps[-1].verdict.refuted]
    assert wrong
    assert sound
    assert all(step.verdict.verified for trace in wrong for step in trace.steps[:-1])
    assert all(step.verdict.verified for trace in sound for step in trace.steps)
    assert sum(len(trace.steps) > 1 for trace in wrong) <= len(sound)


def test_who_knows_finds_every_error_and_who_knows_nothing_finds_none() -> None:
    for task in (SUMS, TASKS["linear"]):
        assert prm_f1(OraclePRM(), task) == 1.0
        assert prm_f1(ConstantPRM(), task) == 0.0
