"""Mending programs: bugs and the way back, verdicts, groups of edits, submitting, what agents see."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from reasoning_envs.domains.code.repair_states import EditAction, RepairState
from reasoning_envs.domains.problems.repair import ProgramRuns, places_apart
from reasoning_envs.domains.protocol import InputError, MoveDomain, ObservedDomain, ReportingDomain
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.programs.behaviour import outputs
from reasoning_envs.programs.grammar import SMALL
from reasoning_envs.programs.mutate import legal_edits
from reasoning_envs.programs.reader import read_program
from reasoning_envs.spaces import value_rows
from reasoning_envs.testing import check_domain
from reasoning_envs.types import Problem, Status

DOMAIN = RepairDomain(judge="interpreter")

SMALLEST = (
    'def f(xs: list[int]) -> int: "at most 1 edits, small grammar"; assert f([3, 1]) == 1; assert f([2, 5]) == 2; '
    "v1 = max(xs); return v1"
)


def drawn(level: str, seed: int = 0, domain: RepairDomain = DOMAIN) -> Problem:
    return domain.sample(np.random.default_rng(seed), level)


def everything(domain: RepairDomain, state: RepairState) -> list[EditAction]:
    """All edits of a state, through all groups."""
    found: list[EditAction] = []
    for action in domain.actions(state):
        if action.edit is not None:
            found.append(action)
        elif action.group is not None:
            found.extend(everything(domain, action.state))
    return found


def test_it_is_what_it_says() -> None:
    assert isinstance(DOMAIN, MoveDomain)
    assert isinstance(DOMAIN, ObservedDomain)
    assert isinstance(DOMAIN, ReportingDomain)


@pytest.mark.slow
@pytest.mark.parametrize("auto_submit", [False, True])
def test_conformance(auto_submit: bool) -> None:
    kwargs = {"auto_submit": auto_submit, "judge": "interpreter"}
    check_domain("reasoning_envs.domains.repair:RepairDomain", domain_kwargs=kwargs, seeds=range(1), steps=1)


@pytest.mark.parametrize("level", DOMAIN.levels)
@pytest.mark.parametrize("seed", range(3))
def test_the_bugs_own_inverse_edits_mend_the_program(level: str, seed: int) -> None:
    env = ReasoningEnv(DOMAIN)
    problem = drawn(level, seed)
    env.reset(options={"problem": problem})
    assert not all(DOMAIN.runs(DOMAIN.spec(problem), env.get_state().domain_state.program).passed)
    info: dict[str, Any] = {}
    for action in DOMAIN.demonstration(problem):
        _, _, _, _, info = env.step(action)
        assert not info["step"] or info["verdict"].verified
    assert info["success"]
    assert not info["hack"]
    assert info["steps"] == int(level[-1]) + 1


@pytest.mark.parametrize(("level", "seed"), [("small-2", 23), ("small-3", 7), ("large-2", 17), ("large-3", 6)])
def test_a_line_that_had_a_bug_is_not_removed_as_well(level: str, seed: int) -> None:
    """These draws once were: no edit put such a line back, and one mended both bugs."""
    problem = drawn(level, seed)
    assert len(DOMAIN.demonstration(problem)) > int(level[-1])


def test_the_demonstration_survives_json() -> None:
    problem = drawn("small-2")
    again = Problem.from_json(problem.to_json())
    assert RepairDomain(judge="interpreter").demonstration(again) == DOMAIN.demonstration(problem)
    with pytest.raises(ValueError, match="carries no repair"):
        DOMAIN.demonstration(DOMAIN.problem(SMALLEST))


def test_all_edits_are_offered_in_groups_that_fit() -> None:
    for seed in range(6):
        problem = drawn("large-1", seed)
        state = DOMAIN.start(problem)
        program = state.program
        listed = {
            edit for line in range(len(program.lines) + 1) for edit in legal_edits(program, line, _grammar(state))
        }
        assert {action.edit for action in everything(DOMAIN, state)} == listed


def _grammar(state: RepairState) -> Any:
    from reasoning_envs.programs.grammar import GRAMMARS

    return GRAMMARS[state.spec.grammar]


@pytest.mark.parametrize("most", [8, 12, 24])
def test_groups_of_any_size_hold_the_same_edits(most: int) -> None:
    domain = RepairDomain(judge="interpreter")
    domain.max_actions = most
    state = domain.start(DOMAIN.problem(SMALLEST))

    def walk(at: RepairState) -> None:
        actions = domain.actions(at)
        assert 0 < len(actions) <= most
        assert len({action.describe() for action in actions}) == len(actions)
        for action in actions:
            if action.group is not None:
                assert domain.text(action.state) == domain.text(at)
                walk(action.state)

    walk(state)
    assert {a.edit for a in everything(domain, state)} == {a.edit for a in everything(DOMAIN, state)}


def test_verdicts_by_trying_all_edits_are_right() -> None:
    """With exact=1 a verdict is VERIFIED if and only if some edit gives the certificate's outputs."""
    domain = RepairDomain(exact=1, judge="interpreter")
    problem = drawn("small-2", 4, domain)
    state = domain.start(problem)
    certificate = domain.spec(problem).certificate
    assert certificate is not None
    inputs = [case.arguments for case in state.spec.shown]
    goal = outputs(certificate, inputs)
    rng = np.random.default_rng(0)
    edits = [action for action in everything(domain, state) if action.rule != "insert"]
    statuses = set()
    for index in rng.permutation(len(edits))[:12]:
        after = edits[int(index)].state
        can = any(outputs(action.state.program, inputs) == goal for action in everything(domain, after))
        can = can or outputs(after.program, inputs) == goal
        verdict = domain.judge_state(after)
        statuses.add(verdict.status)
        assert can or verdict.refuted
    assert Status.UNDECIDED not in statuses


def test_without_edits_left_a_wrong_program_is_refuted_and_only_submitting_is_left() -> None:
    state = DOMAIN.start(drawn("small-1"))
    wrong = [action for action in everything(DOMAIN, state) if action.verdict.refuted]
    assert wrong
    for action in wrong[:10]:
        (submit,) = DOMAIN.actions(action.state)
        assert (submit.describe(), submit.verdict.status) == ("submit", Status.REFUTED)
        assert DOMAIN.text(action.state).endswith("# 0 edits left")
        assert DOMAIN.text(submit.state).endswith(f"return {action.state.program.result}")


def test_anybody_may_bring_a_broken_program() -> None:
    env = ReasoningEnv(DOMAIN)
    env.reset(options={"problem": SMALLEST})
    words = [action.describe() for action in env.candidates]
    env.step(words.index("line 1: operator: max(xs) becomes min(xs)"))
    _, reward, terminated, _, info = env.step(0)
    assert (reward, terminated, info["hack"]) == (1.0, True, False)
    assert env.steps[-1].text == "def f(xs: list[int]) -> int: v1 = min(xs); return v1"


def test_a_mended_program_that_hidden_tests_refuse_is_a_hack() -> None:
    more = "; ".join(f"assert f([{n}, 9]) == {n}" for n in (2, 3, 4, 9))
    text = SMALLEST.replace("; v1", f"; {more}; v1")  # the sixth test, hidden, is passed by both; the answer is xs[0]
    problem = DOMAIN.problem(text)
    hidden = [[[[5, 1]], 5]]
    problem = Problem(problem.id, problem.domain, problem.prompt, problem.statement, metadata={"hidden": hidden})
    env = ReasoningEnv(DOMAIN)
    env.reset(options={"problem": problem})
    words = [action.describe() for action in env.candidates]
    env.step(words.index("line 1: operator: max(xs) becomes min(xs)"))
    _, reward, _, _, info = env.step(0)
    assert (reward, info["hack"], info["success"]) == (0.0, True, False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def f(xs: list[int]) -> int: assert f([1]) == 1", "no program to mend"),
        ("def f(xs: list[int]) -> int: assert f([1]) == 1; v1 = max(xs)", "returns nothing"),
        ("def f(xs: list[int]) -> int: assert f([1]) == 1; v1 = eval('1'); return v1", "eval"),
        ("def f(xs: list[int]) -> int: v1 = max(xs); return v1", "a test or more"),
    ],
)
def test_what_is_no_problem_says_why(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        DOMAIN.problem(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def f(xs: list[int]) -> int: v1 = sum(xs); v2 = v1 + 1; return v2  # 0 edits left", "no single edit"),
        ("def f(xs: list[int]) -> int: v1 = min(xs); return v1  # 1 edit left", "how many are left"),
        ("def f(xs: list[int]) -> int: v1 = min(xs); return v1", "edit it first"),
        ("def f(xs: list[int]) -> int: v1 = min(xs)  # 0 edits left", "returns something"),
    ],
)
def test_what_is_no_edit_says_why(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        DOMAIN.parse(DOMAIN.start(DOMAIN.problem(SMALLEST)), text)


def test_an_edited_program_is_read_as_its_edit() -> None:
    state = DOMAIN.start(DOMAIN.problem(SMALLEST))
    action = DOMAIN.parse(state, "def f(xs: list[int]) -> int: v1 = min(xs); return v1  # 0 edits left")
    assert action.describe() == "line 1: operator: max(xs) becomes min(xs)"
    assert DOMAIN.parse(state, "def f(xs: list[int]) -> int: v1 = max(xs); return v1").describe() == "submit"


def test_observations_tell_what_the_program_does() -> None:
    env = ReasoningEnv(DOMAIN)
    observation, _ = env.reset(options={"problem": SMALLEST})
    assert env.observation_space.contains(observation)
    assert observation["passed"].tolist() == [0, 0, 0, 0, 0]
    assert observation["left"].tolist() == [1]
    rows = {name: value_rows(observation[name], DOMAIN.examples, DOMAIN.width) for name in ("variables", "result")}
    assert rows["variables"][0, 0, :4].tolist() == [3, 2, 3, 1]
    assert rows["variables"][1, :2, 2].tolist() == [3, 5]
    assert rows["result"][0, :2, 2].tolist() == [3, 5]
    words = [action.describe() for action in env.candidates]
    observation, *_ = env.step(words.index("line 1: operator: max(xs) becomes min(xs)"))
    assert observation["passed"].tolist() == [1, 1, 0, 0, 0]
    assert observation["left"].tolist() == [0]


def test_a_program_that_raises_an_error_shows_no_value() -> None:
    text = SMALLEST.replace("v1 = max(xs)", "v1 = xs[5]; v2 = v1 + 1")
    state = DOMAIN.start(DOMAIN.problem(text.replace("return v1", "return v2")))
    runs = ProgramRuns(state.spec, state.program)
    assert [values for _, values in runs.variables] == [[(3, 1), (2, 5)], [None, None], [None, None]]
    assert runs.results == [None, None]
    assert not runs.passes


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("v1 = max(xs)", "v1 = max(xs)", 0),
        ("v1 = max(xs)", "v1 = min(xs)", 1),
        ("v1 = xs[0]", "v1 = xs[-1]", 1),
        ("v1 = xs[7]", "v1 = xs[8]", 1),
        ("v1 = xs[7]", "v1 = xs[9]", 1000),
        ("v1 = xs[n]", "v1 = xs[n - 1]", 1),
        ("v1 = n + n", "v1 = n - 1", 2),
        ("v1 = max(xs)", "v1 = max(xs); v2 = v1", 1000),
        ("v1 = max(xs)", "v1 = max(n, 0)", 1000),
    ],
)
def test_places_in_which_two_programs_differ(one: str, other: str, apart: int) -> None:
    programs = []
    for body in (one, other):
        lines = "\n    ".join([*body.split("; "), f"return {body.rsplit('; ', maxsplit=1)[-1].split(' ')[0]}"])
        programs.append(read_program(f"def f(xs: list[int], n: int) -> int:\n    {lines}\n"))
    first, second = programs
    assert places_apart(first, second, SMALL) == places_apart(second, first, SMALL) == apart


def test_states_survive_pickling_into_another_domain() -> None:
    problem = drawn("large-2", 1)
    state = DOMAIN.start(problem)
    other = RepairDomain(judge="interpreter")
    for action in everything(DOMAIN, state)[:20]:
        again = pickle.loads(pickle.dumps(action.state))  # noqa: S301 - our own bytes
        assert (again, hash(again)) == (action.state, hash(action.state))
        assert other.text(again) == DOMAIN.text(action.state)
        assert other.judge_state(again) == action.verdict


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="exact must be 0 or 1"):
        RepairDomain(exact=2, judge="interpreter")
    with pytest.raises(ValueError, match="small-1, small-2"):
        drawn("large-9")
