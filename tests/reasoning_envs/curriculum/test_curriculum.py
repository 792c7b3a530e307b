"""Which problem comes next."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from PIL import Image

from reasoning_envs.adapters.syllabus import LevelTasks, syllabus_curriculum
from reasoning_envs.curriculum import (
    CurriculumWrapper,
    Draw,
    GoalDomain,
    LevelCurriculum,
    ProblemReplay,
    links,
    prefixes,
)
from reasoning_envs.curriculum.history import History
from reasoning_envs.curriculum.protocol import Curriculum
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.env import ReasoningEnv
from reasoning_envs.problems import split_of
from reasoning_envs.testing import check_domain
from reasoning_envs.traces import trace_of
from reasoning_envs.types import Problem, Status, Step, Trace, Verdict

LEVELS = ("linear-1", "linear-2", "brackets-1")


def problem(number: int) -> Problem:
    return Problem(f"p{number}", "algebra", "", f"x + {number} = 0")


# -- levels -------------------------------------------------------------------------------------------------------


def told(curriculum: Curriculum, level: str, outcomes: list[bool]) -> None:
    for number, solved in enumerate(outcomes):
        curriculum.record(Draw(level), problem(number), solved)


def test_levels_are_drawn_by_what_there_is_to_learn() -> None:
    curriculum = LevelCurriculum(LEVELS, decay=0.95)
    assert curriculum.chances == pytest.approx([1 / 3] * 3)
    told(curriculum, "linear-1", [True] * 60)
    told(curriculum, "linear-2", [True, False] * 30)
    told(curriculum, "brackets-1", [False] * 60)
    mastered, learnable, hard = curriculum.chances
    assert learnable > 0.7
    assert 0.0 < hard < 0.2
    assert 0.0 < mastered < 0.2
    rng = np.random.default_rng(0)
    drawn = [curriculum.draw(rng).level for _ in range(400)]
    assert drawn.count("linear-2") / 400 == pytest.approx(learnable, abs=0.08)


def test_what_was_forgotten_comes_back() -> None:
    curriculum = LevelCurriculum(LEVELS, decay=0.9)
    told(curriculum, "linear-1", [True] * 100)
    before = curriculum.chances[0]
    told(curriculum, "linear-1", [False] * 7)
    assert curriculum.chances[0] > 2 * before


def test_a_curriculum_survives_json() -> None:
    curriculum = LevelCurriculum(LEVELS)
    told(curriculum, "linear-2", [True, False, True])
    again = LevelCurriculum(LEVELS)
    again.restore(json.loads(json.dumps(curriculum.state())))
    assert (again.chances == curriculum.chances).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LevelCurriculum([]), "at least one"),
        (lambda: LevelCurriculum(["a", "a"]), "different"),
        (lambda: LevelCurriculum(["a"], decay=1.0), "decay"),
        (lambda: ProblemReplay(LevelCurriculum(["a"]), warm=0), "warm"),
        (lambda: ProblemReplay(LevelCurriculum(["a"]), temperature=0.0), "temperature"),
        (lambda: told(LevelCurriculum(["a"]), "b", [True]), "no level 'b'"),
        (lambda: links(Trace("", {}, {}, "", None, problem(1), (), None), span=0), "1 step"),
        (lambda: GoalDomain(AlgebraDomain(), walk=0), "1 step"),
    ],
)
def test_wrong_requests_are_said(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


# -- replay -------------------------------------------------------------------------------------------------------


def replay(**kwargs: Any) -> ProblemReplay:
    return ProblemReplay(LevelCurriculum(LEVELS), **{"warm": 1, "replay": 1.0, "staleness": 0.0, **kwargs})


def test_the_problem_with_most_to_learn_is_replayed_most() -> None:
    """Equation 3 of the paper with beta = 1: chances go with 1 / rank."""
    buffer = replay(temperature=1.0)
    for number, score in enumerate([0.2, 0.9, 0.5]):
        buffer.record(Draw("linear-1"), problem(number), False, score)
    chances = buffer.chances
    total = 1 + 1 / 2 + 1 / 3
    assert chances == pytest.approx({"p1": 1 / total, "p2": 0.5 / total, "p0": (1 / 3) / total})
    draw = buffer.draw(np.random.default_rng(0))
    assert draw.problem is not None
    assert draw.level == "linear-1"


def test_the_stalest_is_replayed_where_staleness_is_all() -> None:
    """Equation 2 of the paper: in proportion to the episodes since."""
    buffer = replay(staleness=1.0)
    for number in range(3):
        buffer.record(Draw("linear-1"), problem(number), False, 1.0)
    assert buffer.chances == pytest.approx({"p0": 2 / 3, "p1": 1 / 3, "p2": 0.0})


def test_without_a_score_a_problems_own_record_tells() -> None:
    buffer = replay(temperature=1.0)
    for _ in range(6):
        buffer.record(Draw("linear-1", problem(0)), problem(0), True)
    for solved in (True, False, True, False):
        buffer.record(Draw("linear-1", problem(1)), problem(1), solved)
    assert buffer.chances["p1"] > buffer.chances["p0"]


def test_new_problems_are_told_to_the_curriculum_below_and_old_ones_are_not() -> None:
    buffer = replay()
    below = buffer.fresh
    assert isinstance(below, LevelCurriculum)
    buffer.record(Draw("linear-1"), problem(0), True)
    once = below.state()
    buffer.record(Draw("linear-1", problem(0)), problem(0), True)
    assert below.state() == once
    assert len(buffer) == 1


def test_the_buffer_is_bounded_and_keeps_the_newest_and_the_best() -> None:
    buffer = replay(capacity=3, temperature=1.0)
    for number, score in enumerate([0.9, 0.1, 0.5, 0.3, 0.0]):
        buffer.record(Draw("linear-1"), problem(number), False, score)
    assert set(buffer.chances) == {"p0", "p2", "p4"}
    with pytest.raises(ValueError, match="from 0 on"):
        buffer.record(Draw("linear-1"), problem(9), False, float("nan"))


def test_new_problems_come_until_it_is_warm_and_at_the_share_that_was_asked() -> None:
    buffer = replay(warm=4, replay=0.25)
    rng = np.random.default_rng(1)
    for number in range(3):
        assert buffer.draw(rng).problem is None
        buffer.record(Draw("linear-1"), problem(number), False)
    buffer.record(Draw("linear-2"), problem(3), False)
    old = sum(buffer.draw(rng).problem is not None for _ in range(400))
    assert old / 400 == pytest.approx(0.25, abs=0.07)


def test_replay_survives_json() -> None:
    buffer = replay(temperature=0.5, staleness=0.3)
    for number in range(5):
        buffer.record(Draw("linear-1"), problem(number), number % 2 == 0, number / 10)
    again = replay(temperature=0.5, staleness=0.3)
    again.restore(json.loads(json.dumps(buffer.state())))
    assert again.chances == buffer.chances
    rngs = np.random.default_rng(2), np.random.default_rng(2)
    assert [again.draw(rngs[0]) for _ in range(5)] == [buffer.draw(rngs[1]) for _ in range(5)]


# -- in an environment ----------------------------------------------------------------------------------------------


def episode(env: gym.Env[Any, Any], seed: int | None) -> dict[str, Any]:
    observation, _ = env.reset(seed=seed)
    over = False
    info: dict[str, Any] = {}
    while not over:
        action = int(np.flatnonzero(observation["action_mask"])[0])
        observation, _, terminated, truncated, info = env.step(action)
        over = terminated or truncated
    return info


def test_an_environment_plays_what_the_curriculum_says_and_tells_it() -> None:
    curriculum = LevelCurriculum(LEVELS)
    env = CurriculumWrapper(gym.make("reasoning_envs/Algebra-v0", max_steps=3), curriculum)
    levels = [episode(env, 5 if number == 0 else None)["curriculum/level"] for number in range(12)]
    assert len(set(levels)) > 1
    trials = {level: state[1] for level, state in curriculum.state().items()}
    assert {level for level, count in trials.items() if count > 0} == set(levels)
    again = CurriculumWrapper(gym.make("reasoning_envs/Algebra-v0", max_steps=3), LevelCurriculum(LEVELS))
    assert [episode(again, 5 if number == 0 else None)["curriculum/level"] for number in range(12)] == levels


def test_an_evaluation_passes_the_curriculum_over() -> None:
    curriculum = LevelCurriculum(LEVELS)
    env = CurriculumWrapper(gym.make("reasoning_envs/Algebra-v0", max_steps=1), curriculum)
    env.reset(seed=0, options={"level": "quadratic-1"})
    _, _, _, truncated, info = env.step(63)
    assert truncated
    assert "curriculum/level" not in info
    assert all(state == [0.0, 0.0] for state in curriculum.state().values())


def test_a_replayed_problem_is_the_very_one() -> None:
    buffer = ProblemReplay(LevelCurriculum(LEVELS), warm=1, replay=1.0)
    env = CurriculumWrapper(gym.make("reasoning_envs/Algebra-v0", max_steps=3), buffer)
    first = episode(env, 3)
    second = episode(env, None)
    assert second["problem"] == first["problem"]
    assert second["curriculum/level"] == first["curriculum/level"]


# -- sub-goals ----------------------------------------------------------------------------------------------------


def solved_trace(statement: str = "2*x + 4 = 10") -> Trace:
    env = ReasoningEnv(AlgebraDomain())
    env.reset(options={"problem": statement})
    while not env.end:
        candidates: Any = env.candidates
        options = [(len(each.state.tokens), index) for index, each in enumerate(candidates) if each.sound]
        env.step(min(options)[1])
    return trace_of(env)


def test_the_lines_of_a_derivation_are_problems_with_its_answer() -> None:
    domain = AlgebraDomain()
    trace = solved_trace("x + 3 + 4 = 10 + 2")
    assert trace.outcome is not None
    assert trace.outcome.verified
    found = prefixes(trace, domain)
    assert [each.statement for each in found] == [step.text for step in trace.steps[:-1]][::-1]
    for each in found:
        answer = Step(0, 0, str(each.answer), Verdict(Status.UNDECIDED))
        assert domain.verifier.outcome(each, (answer,)).verified
        assert each.level == "sub-goal of None"


def test_nothing_behind_a_wrong_step_is_a_sub_goal() -> None:
    env = ReasoningEnv(AlgebraDomain())
    env.reset(options={"problem": "x^2 = 2*x"})
    rules = [action.rule for action in env.candidates]
    env.step(rules.index("divide by the unknown"))
    assert prefixes(trace_of(env), AlgebraDomain()) == []
    assert links(trace_of(env)) == []


def test_links_are_problems_in_which_a_line_is_the_goal() -> None:
    trace = solved_trace("x + 3 + 4 = 10 + 2")
    domain = GoalDomain(AlgebraDomain())
    lines = [trace.problem.statement, *(step.text for step in trace.steps)]
    found = links(trace)
    assert [each.answer for each in found] == lines[1:]
    assert [each.answer for each in links(trace, span=2)] == lines[2:]
    for link in found:
        env = ReasoningEnv(domain)
        env.reset(options={"problem": link})
        candidates: Any = env.candidates
        texts = [domain.text(action.state) for action in candidates]
        _, reward, terminated, _, info = env.step(texts.index(str(link.answer)))
        assert (reward, terminated, info["success"]) == (1.0, True, True)
        assert split_of(domain.canonical_key(link)) == split_of(
            AlgebraDomain().canonical_key(AlgebraDomain().problem(str(link.metadata["start"])))
        )


@pytest.mark.slow
def test_the_domain_of_goals_keeps_the_promises_of_a_domain() -> None:
    check_domain("tests.reasoning_envs.curriculum.test_curriculum:LinearGoals", seeds=range(2), steps=3)


class LinearGoals(GoalDomain):
    """Goals of two levels."""

    def __init__(self) -> None:
        super().__init__(AlgebraDomain())
        self.levels = ("linear-1", "brackets-1")


# -- syllabus -----------------------------------------------------------------------------------------------------


def test_levels_are_tasks() -> None:
    env = LevelTasks(gym.make("reasoning_envs/Algebra-v0", max_steps=3), LEVELS)
    _, info = env.reset(seed=0, new_task="brackets-1")
    assert (info["task"], info["task_completion"], info["problem"].level) == ("brackets-1", 0.0, "brackets-1")
    _, info = env.reset()
    assert info["problem"].level == "brackets-1"
    env.reset(options={"problem": "x + 2 = 5"})
    over = False
    while not over:
        candidates: Any = env.unwrapped.candidates  # type: ignore[attr-defined]
        options = [(len(each.state.tokens), index) for index, each in enumerate(candidates) if each.sound]
        _, _, terminated, truncated, info = env.step(min(options)[1])
        over = terminated or truncated
    assert info["task_completion"] == float(info["success"])
    with pytest.raises(ValueError, match="no task 'splendid'"):
        env.change_task("splendid")


@pytest.mark.skipif(find_spec("syllabus") is not None, reason="Syllabus is installed")
def test_what_is_missing_is_said() -> None:
    with pytest.raises(ModuleNotFoundError, match="pip install Syllabus-RL"):
        syllabus_curriculum(LevelCurriculum(LEVELS))


@pytest.mark.skipif(find_spec("syllabus") is None, reason="Syllabus is not installed")
def test_ours_behind_the_interface_of_syllabus() -> None:
    ours = LevelCurriculum(LEVELS)
    theirs = syllabus_curriculum(ours)
    assert theirs.num_tasks == 3
    theirs.update_on_episode(1.0, 4, 1, 1.0)
    assert ours.state()["linear-2"] == [1.0, 1.0]
    assert set(theirs.sample(5)) <= {0, 1, 2}


# -- history ------------------------------------------------------------------------------------------------------


def test_a_history_is_plain_data_and_drawn(tmp_path: Path) -> None:
    curriculum = LevelCurriculum(LEVELS)
    history = History()
    for step in range(6):
        told(curriculum, LEVELS[step % 3], [True] * 5)
        history.note(step, curriculum, annealing=1 - step / 5)
    again = History(json.loads(json.dumps(history.rows)))
    for number, each in enumerate((history, again)):
        each.picture(tmp_path / f"{number}.png")
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()
    with (tmp_path / "open").open("wb") as file:
        history.picture(file)
    assert (tmp_path / "open").read_bytes() == (tmp_path / "0.png").read_bytes()
    with Image.open(tmp_path / "0.png") as picture:
        assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 20
    assert history.rows[-1]["success"]["linear-1"] > 0.8
    with pytest.raises(ValueError, match="the last one is 5"):
        history.note(5, curriculum)
    with pytest.raises(ValueError, match="nothing was noted"):
        History().picture(tmp_path / "2.png")
