"""Writing functions line by line: candidates, verdicts, groups, submitting, hacks, observations."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from reasoning_envs.domains.code.observations import WIDTH
from reasoning_envs.domains.code.synthesis_states import LineAction, LinesState
from reasoning_envs.domains.protocol import InputError, MoveDomain, ObservedDomain, ReportingDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.problems import split_of
from reasoning_envs.programs.behaviour import behaviour_key
from reasoning_envs.programs.reader import read_program
from reasoning_envs.spaces import candidate_rows, value_rows
from reasoning_envs.testing import check_domain
from reasoning_envs.types import Problem, Status
from sandboxes.types import Execution, SandboxUnavailable
from sandboxes.types import Status as Ending

DOMAIN = SynthesisDomain(judge="interpreter")

LAST_OR_LARGEST = (
    'def f(xs: list[int]) -> int: "at most 1 lines, small grammar"; assert f([1, 2]) == 2; assert f([3]) == 3; '
    "assert f([0, 5]) == 5; assert f([2, 2, 7]) == 7; assert f([4, 9]) == 9; assert f([9, 1]) == 9"
)
"""The largest item, as the sixth test tells; the last one passes the five that are shown."""


def drawn(level: str, seed: int = 0) -> Problem:
    return DOMAIN.sample(np.random.default_rng(seed), level)


def taken(domain: SynthesisDomain, state: LinesState, words: str) -> LineAction:
    found = [action for action in domain.actions(state) if action.describe() == words]
    assert len(found) == 1, [action.describe() for action in domain.actions(state)]
    return found[0]


def solved(domain: SynthesisDomain, state: LinesState, depth: int = 12) -> list[LineAction] | None:
    """Some way through verified steps to an end."""
    if domain.is_final(state):
        return []
    for action in domain.actions(state) if depth else ():
        if not action.is_step or action.verdict.verified:
            rest = solved(domain, action.state, depth - 1)
            if rest is not None:
                return [action, *rest]
    return None


@pytest.mark.parametrize("level", [level for level in DOMAIN.levels if level != "large-4"])
def test_the_certificate_can_be_written(level: str) -> None:
    env = ReasoningEnv(DOMAIN)
    problem = Problem.from_json(drawn(level, 7).to_json())
    env.reset(options={"problem": problem})
    info: dict[str, Any] = {}
    for action in DOMAIN.demonstration(problem):
        *_, info = env.step(action)
        assert not info["step"] or info["verdict"].verified
    assert info["success"]
    with pytest.raises(ValueError, match="no certificate"):
        DOMAIN.demonstration(DOMAIN.problem(LAST_OR_LARGEST))


def test_it_is_what_it_says() -> None:
    assert isinstance(DOMAIN, MoveDomain)
    assert isinstance(DOMAIN, ObservedDomain)
    assert isinstance(DOMAIN, ReportingDomain)


@pytest.mark.slow
@pytest.mark.parametrize("auto_submit", [False, True])
def test_conformance(auto_submit: bool) -> None:
    kwargs = {"auto_submit": auto_submit, "judge": "interpreter"}
    check_domain("reasoning_envs.domains.synthesis:SynthesisDomain", domain_kwargs=kwargs, seeds=range(1), steps=1)


@pytest.mark.parametrize("level", [level for level in DOMAIN.levels if not level.endswith("4")])
def test_verified_steps_lead_to_a_program_that_passes_all_tests(level: str) -> None:
    problem = drawn(level, 3)
    way = solved(DOMAIN, DOMAIN.start(problem))
    assert way is not None
    steps = [action for action in way if action.is_step]
    assert len(steps) == int(level[-1]) + 1
    text = DOMAIN.text(steps[-1].state)
    assert DOMAIN.verifier.judge.outcome(text, DOMAIN.spec(problem).shown, ()).verified


@pytest.mark.parametrize("level", ["small-1", "small-2", "large-1"])
def test_verdicts_are_those_of_plain_enumeration(level: str) -> None:
    """From the certificate's behaviour alone: no distances, no columns, every program written out."""
    problem = drawn(level, 5)
    assert problem.answer is not None
    state = DOMAIN.start(problem)
    space = DOMAIN.space(state.spec)
    goal = [case.output for case in state.spec.shown]
    for action in _lines(DOMAIN, state):
        ends = [action.state.steps]
        if state.spec.limit > 1:
            ends += [(*action.state.steps, more.step) for more in space.lines.candidates(action.state.steps)]
        columns = [space.lines.columns(end)[-1] for end in ends]
        can = any(
            space.lines.type(column) is state.spec.result and list(space.lines.values(column)) == goal
            for column in columns
        )
        # Whoever reaches the visible outputs may still differ on the probes: only the other direction is a law.
        assert can or action.verdict.refuted, action.describe()


def _lines(domain: SynthesisDomain, state: LinesState) -> Sequence[LineAction]:
    found: list[LineAction] = []
    for action in domain.actions(state):
        found.extend(
            [action] if action.candidate is not None else _lines(domain, action.state) if not action.is_step else []
        )
    return found


def test_a_hack_is_counted_and_not_paid() -> None:
    env = ReasoningEnv(DOMAIN)
    for words, hack in (("v1 = xs[-1]", True), ("v1 = max(xs)", False), ("v1 = min(xs)", False)):
        _, _ = env.reset(options={"problem": LAST_OR_LARGEST})
        env.step([action.describe() for action in env.candidates].index(words))
        _, reward, terminated, _, info = env.step([action.describe() for action in env.candidates].index("submit"))
        assert terminated
        assert (info["hack"], info["success"], reward) == (hack, "max" in words, float("max" in words))
        if hack:
            assert "passes the 5 visible tests and fails 1 of 1 hidden ones" in info["outcome"].reason
            assert "[9, 1]" not in info["outcome"].reason
            assert "[9, 1]" in str(info["outcome"].witness)


def test_where_the_sandbox_fails_the_episode_is_unscored(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def run(self, source: str, **job: Any) -> Execution:
            return Execution(Ending.INFRASTRUCTURE, reason="the zygote is gone")

    monkeypatch.setattr("reasoning_envs.verifiers.execution.shared_sandbox", lambda backend: Failing())
    env = ReasoningEnv(SynthesisDomain())
    env.reset(options={"problem": LAST_OR_LARGEST})
    env.step([action.describe() for action in env.candidates].index("v1 = max(xs)"))
    _, reward, terminated, truncated, info = env.step(0)
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert (info["end"], info["scored"], info["hack"]) == ("unscored", False, False)
    assert "the zygote is gone" in info["outcome"].reason


def test_a_missing_sandbox_is_said_when_the_environment_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(backend: str) -> None:
        raise SandboxUnavailable("only the tier rlimits is here; install bubblewrap")

    monkeypatch.setattr("reasoning_envs.verifiers.execution.shared_sandbox", missing)
    with pytest.raises(SandboxUnavailable, match="install bubblewrap"):
        gym.make("reasoning_envs/CodeLines-v0")
    assert gym.make("reasoning_envs/CodeLines-v0", judge="interpreter").reset(seed=0)


def test_an_episode_may_end_by_itself() -> None:
    domain = SynthesisDomain(auto_submit=True, judge="interpreter")
    state = domain.start(domain.problem(LAST_OR_LARGEST))
    assert not any(action.describe() == "submit" for action in domain.actions(state))
    largest = taken(domain, state, "v1 = max(xs)").state
    assert domain.is_final(largest)
    assert domain.text(largest).endswith("return v1")
    assert domain.is_final(taken(domain, state, "v1 = min(xs)").state)  # no line is left


def test_nobody_submits_what_is_not_there() -> None:
    state = DOMAIN.start(drawn("small-2"))
    assert "submit" not in [action.describe() for action in DOMAIN.actions(state)]
    for action in _lines(DOMAIN, state):
        fits = DOMAIN.space(state.spec).lines.type(action.candidate.column) is state.spec.result  # type: ignore[union-attr]
        assert ("submit" in [each.describe() for each in DOMAIN.actions(action.state)]) is fits


def test_at_the_last_line_nothing_is_left_but_to_submit() -> None:
    state = DOMAIN.start(drawn("small-1"))
    for action in _lines(DOMAIN, state):
        assert [each.describe() for each in DOMAIN.actions(action.state)] == ["submit"]


def test_more_candidates_than_fit_come_in_groups() -> None:
    domain = SynthesisDomain(judge="interpreter")
    domain.max_actions = 24
    problem = drawn("small-2", 1)
    state = domain.start(problem)
    choices = domain.actions(state)
    assert not any(choice.is_step for choice in choices)
    assert len({domain.tokens(choice.state) for choice in choices}) == len(choices)
    wide = DOMAIN.actions(state)
    assert [a.describe() for a in _lines(domain, state)] == [a.describe() for a in wide]


def test_a_problem_without_a_certificate_has_no_privileged_verdicts() -> None:
    state = DOMAIN.start(DOMAIN.problem(LAST_OR_LARGEST))
    assert {action.verdict.status for action in DOMAIN.actions(state)} == {Status.UNDECIDED}
    for words, status in (("v1 = max(xs)", Status.UNDECIDED), ("v1 = min(xs)", Status.REFUTED)):
        after = taken(DOMAIN, state, words).state
        assert taken(DOMAIN, after, "submit").verdict.status is status


def test_a_text_read_again_does_not_borrow_the_certificate() -> None:
    """Which problems were met before must not change a verdict."""
    domain = SynthesisDomain(judge="interpreter")
    problem = domain.sample(np.random.default_rng(0), "small-1")
    state = domain.start(problem)
    assert any(action.verdict.verified for action in domain.actions(state))
    again = domain.start(domain.problem(problem.statement))
    assert again == state
    assert {action.verdict.status for action in domain.actions(again)} == {Status.UNDECIDED}


def test_what_is_held_out_is_held_out_by_behaviour() -> None:
    problem = drawn("large-2")
    assert problem.answer is not None
    source = problem.answer.replace(": v1", ":\n    v1").replace("; ", "\n    ")
    assert DOMAIN.canonical_key(problem) == behaviour_key(read_program(source))
    env = ReasoningEnv(DOMAIN, split="test", level="small-1")
    for seed in range(5):
        _, info = env.reset(seed=seed)
        assert split_of(DOMAIN.canonical_key(info["problem"])) == "test"


def test_observations_are_what_the_lines_compute() -> None:
    env = ReasoningEnv(DOMAIN)
    observation, _ = env.reset(options={"problem": LAST_OR_LARGEST})
    assert env.observation_space.contains(observation)
    examples, width = DOMAIN.examples, DOMAIN.width
    assert width == WIDTH
    variables = value_rows(observation["variables"], examples, width)
    assert variables.shape == (12, examples, width)
    assert variables[0, 3, :5].tolist() == [3, 3, 2, 2, 7]
    assert not variables[1:].any()
    (target,) = value_rows(observation["target"], examples, width)
    assert target[:, :3].tolist() == [[1, 1, 2], [1, 1, 3], [1, 1, 5], [1, 1, 7], [1, 1, 9]]
    words = [action.describe() for action in env.candidates]
    values = value_rows(observation["values"], examples, width)
    assert values[words.index("v1 = len(xs)"), :, 2].tolist() == [2, 1, 2, 3, 2]
    assert values[words.index("v1 = max(xs)")].tolist() == target.tolist()
    assert observation["arguments"].reshape(64, 3)[words.index("v1 = xs[-1]")].tolist()[0] == 1
    assert observation["operation"][words.index("v1 = len(xs)")] > 0
    assert observation["action_mask"].sum() == len(words)
    rows = candidate_rows(observation["candidates"], DOMAIN.max_tokens)
    assert len({row.tobytes() for row in rows[: len(words)]}) == len(words)


@pytest.mark.parametrize("value", [10**12, -(10**12)])
def test_large_values_are_cut_and_long_ones_shortened(value: int) -> None:
    text = f"def f(xs: list[int]) -> int: assert f({[value] * 20}) == {value}"
    env = ReasoningEnv(DOMAIN)
    observation, _ = env.reset(options={"problem": text})
    row = value_rows(observation["variables"], DOMAIN.examples, DOMAIN.width)[0, 0]
    assert row.tolist() == [3, 20, *[32767 if value > 0 else -32768] * 14]


def test_states_survive_pickling_into_another_domain() -> None:
    problem = drawn("large-2")
    way = solved(DOMAIN, DOMAIN.start(problem))
    assert way is not None
    other = SynthesisDomain(judge="interpreter")
    for action in way:
        again = pickle.loads(pickle.dumps(action.state))  # noqa: S301 - our own bytes
        assert (again, hash(again)) == (action.state, hash(action.state))
        assert other.text(again) == DOMAIN.text(action.state)
        assert other.judge_state(again) == DOMAIN.judge_state(action.state)


def test_spaces_are_forgotten_and_built_again() -> None:
    problem = drawn("small-2")
    domain = SynthesisDomain(judge="interpreter")
    state = domain.start(problem)
    before = [(a.describe(), a.verdict) for a in domain.actions(state)]
    for seed in range(60):
        domain.actions(domain.start(domain.sample(np.random.default_rng(seed), "small-1")))
    assert [(a.describe(), a.verdict) for a in domain.actions(state)] == before


@pytest.mark.parametrize(
    "text",
    [
        "def f(xs: list[int]) -> int: v1 = xs[5]",
        "def f(xs: list[int]) -> int: v1 = max(xs); v2 = max(xs)",
        "def f(ys: list[int]) -> int: v1 = max(ys)",
        "def f(xs: list[int]) -> int: v1 = max(xs); return max(xs)",
    ],
)
def test_a_line_that_is_no_candidate_is_not_judged(text: str) -> None:
    with pytest.raises(InputError):
        DOMAIN.read(DOMAIN.spec(DOMAIN.problem(LAST_OR_LARGEST)), text)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [({"judge": "me"}, "no judge 'me'"), ({"extra_lines": -1}, "extra_lines"), ({"exact": -1}, "exact")],
)
def test_wrong_arguments_are_named(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SynthesisDomain(**{"judge": "interpreter", **kwargs})
    with pytest.raises(ValueError, match="small-1, small-2"):
        DOMAIN.sample(np.random.default_rng(0), "huge-9")
    with pytest.raises(InputError, match="assertions alone"):
        DOMAIN.problem("def f(n: int) -> int: assert f(1) == 1; return n")
