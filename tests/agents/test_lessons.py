"""What a proposer teaches is right, keeps off what is held out, and is learned."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents import imitation, measure
from agents.expert_iteration import Decisions
from agents.features import Encoded
from agents.imitation import Config, Imitation, lessons_of
from agents.line_features import Goal, LineFeaturiser
from agents.line_lessons import LineLessons
from agents.policies import CandidatePolicy
from agents.repair_features import RepairFeaturiser
from agents.repair_lessons import RepairLessons, inserted_at, way_back
from agents.run_folder import RunFolder
from reasoning_envs.domains.algebra import AlgebraDomain
from reasoning_envs.domains.code.repair_states import RepairState
from reasoning_envs.domains.repair import RepairDomain
from reasoning_envs.domains.synthesis import SynthesisDomain
from reasoning_envs.problems import split_of

LINES = SynthesisDomain(judge="interpreter", max_actions=512)
REPAIR = RepairDomain(judge="interpreter", max_actions=512)


def every(key: str) -> bool:
    return True


def line_lessons(*levels: str) -> LineLessons:
    return LineLessons(LINES, levels, LineFeaturiser(LINES), every)


@pytest.mark.parametrize("levels", [("small-2",), ("small-2", "small-3"), ("small-4",)])
def test_lessons_are_whole(levels: tuple[str, ...]) -> None:
    found = line_lessons(*levels).draw(np.random.default_rng(3))
    assert len(found) > 0
    assert len(found.good) == len(found.lengths) == found.counts.sum()
    assert len(found.buckets) == found.lengths.sum()
    goods = [part.sum() for part in np.split(found.good, np.cumsum(found.counts)[:-1])]
    assert min(goods) >= 1
    assert (found.valued < found.counts).all()
    assert ((found.values == 0) | (found.values > 0.5)).all()


def test_the_same_seed_gives_the_same_lesson() -> None:
    one, other = (line_lessons("small-2").draw(np.random.default_rng(5)) for _ in range(2))
    assert all((getattr(one, name) == getattr(other, name)).all() for name in Decisions.__dataclass_fields__)


def test_good_lines_lead_to_the_target_and_others_do_not() -> None:
    """Against exact distances by another enumeration, on every state that a lesson passes."""
    checked = {True: 0, False: 0}

    class Watching(LineFeaturiser):
        def lines(self, goal: Any, steps: Any, candidates: Any, submit: bool, beside: Any) -> Any:
            seen.append((goal, steps, [each.column for each in candidates]))
            return super().lines(goal, steps, candidates, submit, beside)

    seen: list[Any] = []
    lessons = LineLessons(LINES, ("small-2", "small-3"), Watching(LINES), every)
    found = lessons.draw(np.random.default_rng(3))
    marks = np.split(found.good, np.cumsum(found.counts)[:-1])
    for (goal, steps, columns), good in list(zip(seen, marks, strict=True))[:160]:
        left = goal.limit - len(steps) - 1
        if left > 1:
            continue  # a hundred times as dear
        space = goal.lines
        reached: set[Any] = set()
        for candidate in space.candidates(steps):
            # A target is one column here: the only one with its values that a lesson can mean.
            after = {c.column for c in space.candidates((*steps, candidate.step))} if left else {candidate.column}
            if any(space.values(c) == tuple(goal.wanted) and space.type(c) is goal.result for c in after):
                reached.add(candidate.column)
        for column, mark in zip(columns, good, strict=False):
            checked[bool(mark)] += 1
            assert not mark or column in reached
    assert checked[True] > 50
    assert checked[False] > 500


def test_a_line_has_the_same_features_in_a_lesson_as_in_play() -> None:
    """Also where a lesson shows a few of the candidates."""
    featuriser = LineFeaturiser(LINES)
    state = LINES.start(LINES.sample(np.random.default_rng(4), "small-3"))
    spec = state.spec
    space = LINES.space(spec)
    goal = Goal(space.lines, spec.result, [case.output for case in spec.shown], spec.limit)
    for _ in range(3):
        actions = [action for action in LINES.actions(state) if action.candidate is not None]
        played = bags(featuriser.encode(state, actions))
        candidates = space.lines.candidates(state.steps)
        learned = bags(featuriser.lines(goal, state.steps, candidates[::3], False, candidates))
        assert learned == played[::3]
        state = actions[7].state


def bags(encoded: Encoded) -> list[list[int]]:
    parts = np.split(np.frombuffer(encoded.bags, np.uint16), np.cumsum(encoded.lengths)[:-1])
    return [sorted(part.tolist()) for part in parts]


def test_what_is_not_allowed_is_not_learned_from() -> None:
    for lessons in (
        LineLessons(LINES, ("small-2",), LineFeaturiser(LINES), lambda key: False),
        RepairLessons(REPAIR, ("small-1",), RepairFeaturiser(REPAIR), lambda key: False),
    ):
        assert all(len(lessons.draw(np.random.default_rng(seed))) == 0 for seed in range(3))


def test_keys_of_lessons_are_those_of_problems() -> None:
    """A program that a problem of the test split asks for has the same key where a lesson composes it."""
    asked: set[str] = set()

    def allowed(key: str) -> bool:
        asked.add(key)
        return False

    lessons = LineLessons(LINES, ("small-1",), LineFeaturiser(LINES), allowed)
    rng = np.random.default_rng(0)
    for _ in range(30):
        lessons.draw(rng)
    held_out = {
        key
        for seed in range(60)
        if split_of(key := LINES.canonical_key(LINES.sample(np.random.default_rng(seed), "small-1"))) == "test"
    }
    assert len(held_out & asked) >= 3


def test_lessons_in_mending_end_right() -> None:
    """The good actions of each decision, taken one after the other, mend the program."""
    lessons = RepairLessons(REPAIR, ("small-1", "small-2", "small-3"), RepairFeaturiser(REPAIR), every)
    rng = np.random.default_rng(0)
    found = [lessons.draw(rng) for _ in range(6)]
    assert sum(map(len, found)) > 60
    for each in found:
        assert all(part.any() for part in np.split(each.good, np.cumsum(each.counts)[:-1]))


def test_the_way_back_of_a_missing_line_names_its_place() -> None:
    rng = np.random.default_rng(0)
    inserted = 0
    for _ in range(60):
        state = REPAIR.start(REPAIR.sample(rng, "small-1"))
        wanted = way_back(state)
        assert wanted is not None
        line = inserted_at(state.program, wanted)
        if line is not None:
            inserted += 1
            assert len(wanted.lines) == len(state.program.lines) + 1
            assert 0 <= line < len(wanted.lines)
        assert way_back(RepairState(state.spec, wanted, 1)) is None
    assert inserted > 0


def test_lessons_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="gives no lessons"):
        lessons_of(CandidatePolicy(AlgebraDomain()), ("linear-1",))
    with pytest.raises(ValueError, match="one grammar each"):
        line_lessons("small-2", "large-2")
    with pytest.raises(ValueError, match="no lessons of the levels small-9"):
        RepairLessons(REPAIR, ("small-9",), RepairFeaturiser(REPAIR), every)


SMALL = Config(
    levels="small-2", draws=2, check_every=1, check_problems=2, width=16, hidden=16, updates_per_decision=0.02
)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_that_is_resumed_is_the_same_run(tmp_path: Path) -> None:
    def weights(run: Imitation) -> dict[str, Any]:
        return dict(run.policy.network.state_dict())

    whole = Imitation(SMALL, RunFolder(tmp_path / "whole", asdict(SMALL)))
    whole.run(lambda line: None)
    folder = RunFolder(tmp_path / "halves", asdict(SMALL))
    first = Imitation(SMALL, folder)
    stopped: list[str] = []

    def stop(line: str) -> None:
        stopped.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        first.run(stop)
    second = Imitation(SMALL, folder)
    assert second.drawn == 1
    second.run(lambda line: None)
    assert all((weights(second)[name] == value).all() for name, value in weights(whole).items())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_imitation_and_measuring_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two lines are learned to be written in half a minute; unseen problems are solved greedily, and not by chance."""
    kwargs = '{"judge": "interpreter", "max_actions": 512}'
    options = ["--levels", "small-2", "--draws", "20", "--check-every", "20", "--check-problems", "2"]
    assert imitation.main(["--name", "two", "--out", str(tmp_path), "--env-kwargs", kwargs, *options]) == 0
    asked = ["--policy", str(tmp_path / "two"), "--env-kwargs", kwargs, "--levels", "small-2", "--problems", "24"]
    out = tmp_path / "found.jsonl"
    assert measure.main([*asked, "--players", "greedy,random,beam-4,best-of-4", "--out", str(out)]) == 0
    greedy, random, beam, best = (json.loads(line)["right"] for line in out.read_text().splitlines())
    assert greedy >= 12
    assert beam >= greedy
    assert best >= random
    capsys.readouterr()
    assert measure.main([*asked, "--players", "nobody"]) == 2
    assert "nobody is called 'nobody'" in capsys.readouterr().err
    assert imitation.main(["--name", "two", "--out", str(tmp_path)]) == 2
    assert "already holds a run" in capsys.readouterr().err
    assert imitation.main(["--name", "two", "--out", str(tmp_path), "--env-kwargs", kwargs, *options, "--resume"]) == 0
    options[3] = "21"
    assert imitation.main(["--name", "two", "--out", str(tmp_path), "--env-kwargs", kwargs, *options, "--resume"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told] == ["the", "21", "the"]
