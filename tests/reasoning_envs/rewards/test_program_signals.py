"""What running a program says of a step: tests passed, values near, distance to a right program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.rewards.programs import SIGNALS, ProgramPRM, closeness
from reasoning_envs.rewards.protocol import PRMError
from reasoning_envs.testing import check_prm
from reasoning_envs.types import Status

LARGEST = (
    'def f(xs: list[int]) -> int: "at most 2 lines, small grammar"; assert f([1, 2]) == 2; assert f([3]) == 3; '
    "assert f([9, 1]) == 9; assert f([4, 0, 5]) == 5"
)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("name", ["CodeLines", "CodeRepair"])
def test_they_are_prms(signal: str, name: str) -> None:
    check_prm(ProgramPRM(signal), env=f"reasoning_envs/{name}-v0")


def test_the_share_of_tests() -> None:
    prm = ProgramPRM("tests")
    problem = SynthesisDomain(judge="interpreter").problem(LARGEST)
    head = "def f(xs: list[int]) -> int: "
    lines = {
        "...": 0.0,
        "v1 = max(xs)": 1.0,
        "v1 = xs[-1]": 0.75,
        "v1 = xs[0]": 0.5,
        "v1 = xs[::-1]": 0.0,
        "rubbish": 0,
    }
    assert {line: prm.value(problem, head + line) for line in lines} == lines


@pytest.mark.parametrize("grammar", ["small", "large"])
def test_the_distance_falls_to_0_along_a_solution(grammar: str) -> None:
    """And the distance tells the same as the verdicts, for every candidate."""
    domain = SynthesisDomain(judge="interpreter", max_actions=255)  # no groups: each choice is a line
    prm = ProgramPRM("distance")
    env = ReasoningEnv(domain, level=f"{grammar}-2")
    for seed in range(4):
        _, info = env.reset(seed=seed)
        problem = info["problem"]
        # A shorter program may do on the inputs that are looked at, though no shorter one is right.
        assert prm.value(problem, None) in (pytest.approx(1 / 3), 1 / 2)
        values = []
        while not env.end:
            for action in env.candidates:
                value = prm.value(problem, domain.text(action.state))  # type: ignore[arg-type]
                assert (value == 0.0) is action.verdict.refuted
                assert action.verdict.status is not Status.UNDECIDED
            env.step([action.verdict.verified for action in env.candidates].index(True))
            values.append(prm.value(problem, env.steps[-1].text))
        assert values[-1] == 1.0
        assert values == sorted(values)


def test_edits_left_fall_to_0_along_a_repair() -> None:
    domain = RepairDomain(judge="interpreter")
    prm = ProgramPRM("distance")
    problem = domain.sample(np.random.default_rng(1), "small-3")
    env = ReasoningEnv(domain)
    env.reset(options={"problem": problem})
    scorer = prm.begin(problem)
    found: list[Any] = [scorer.initial.value]
    for action in domain.demonstration(problem):
        if env.step(action)[4]["step"]:
            found.append(scorer.step(env.steps[-1], None).value)
    assert found == [0.25, pytest.approx(1 / 3), 0.5, 1.0, 1.0]


@pytest.mark.parametrize(
    ("value", "wanted", "near"),
    [(3, 3, 1.0), (True, 1, 0.0), (None, 3, 0.0), (False, True, 0.0), ((1, 2), (1, 2), 1.0), ("", "a", 0.0)],
)
def test_closeness(value: Any, wanted: Any, near: float) -> None:
    assert closeness(value, wanted) == near


def test_nearer_values_are_nearer() -> None:
    assert closeness(4, 5) > closeness(1, 5) > closeness(-(10**6), 5) > 0
    assert closeness((1, 2, 4), (1, 2, 3)) > closeness((4, 2), (1, 2, 3)) > closeness((), (1, 2, 3))


def test_other_domains_and_signals_are_refused() -> None:
    with pytest.raises(PRMError, match="not of 'algebra'"):
        ProgramPRM().value(AlgebraDomain().problem("x + 1 = 2"), None)
    with pytest.raises(ValueError, match="tests, values, distance"):
        ProgramPRM("vibes")
