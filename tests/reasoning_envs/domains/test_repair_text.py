"""Broken Python to be mended."""

import json
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from reasoning_envs.domains.protocol import InputError
from reasoning_envs.domains.repair_text import PythonRepairDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.types import Status

RECORD = {
    "task_id": "Python/0",
    "prompt": "def low(xs):\n    '''low([3, 1]) == 1'''\n",
    "entry_point": "low",
    "canonical_solution": "    return min(xs)\n",
    "buggy_solution": "    return max(xs)\n",
    "test": "def check(low):\n    assert low([3, 1]) == 1\n    assert low([1]) == 1\n",
}


@pytest.mark.parametrize("level", PythonRepairDomain().levels)
def test_what_is_drawn_fails_a_visible_test_and_can_be_mended(level: str) -> None:
    domain = PythonRepairDomain()
    problem = domain.sample(np.random.default_rng(4), level)
    start = domain.start(problem)
    assert domain.judge.test(start.program, start.tests).failures
    env = ReasoningEnv(domain, "text")
    observation, _ = env.reset(options={"problem": problem})
    assert start.program in observation
    *_, info = env.step("test")
    assert info["verdict"].status is Status.REFUTED
    *_, info = env.step(f"{problem.answer}\nsubmit")
    assert info["success"]


def test_a_record_is_mended_by_a_diff() -> None:
    env = gym.make("reasoning_envs/CodeRepairText-v0", edit="diff").unwrapped
    assert isinstance(env, ReasoningEnv)
    observation, _ = env.reset(options={"problem": json.dumps(RECORD)})
    assert "return max(xs)" in observation
    assert "return min(xs)" not in observation
    *_, info = env.step("@@ -3 +3 @@\n-    return max(x)\n+    return min(xs)\ntest")
    assert info["verdict"].status is Status.UNPARSED
    assert info["verdict"].reason == (
        "hunk 1 does not apply: the program has '    return max(xs)' at line 3, not '    return max(x)'"
    )
    *_, info = env.step("@@ -3 +3 @@\n-    return max(xs)\n+    return min(xs)\ntest")
    assert info["verdict"].verified
    *_, info = env.step("submit")
    assert info["success"]


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"buggy_solution": ""}, Status.UNPARSED, "the field 'buggy_solution' is missing"),
        ({"buggy_solution": "    return sorted(xs)[0]\n"}, Status.REFUTED, "there is nothing to mend"),
        ({"canonical_solution": "    return 5\n"}, Status.REFUTED, "its own solution fails its tests"),
    ],
)
def test_records_that_are_no_repair(change: dict[str, Any], status: Status, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        PythonRepairDomain().problem(json.dumps({**RECORD, **change}))
    assert caught.value.verdict.status is status
