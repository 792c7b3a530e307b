"""What the proposer draws, and what it is told."""

from typing import Any

import numpy as np
import pytest
import torch

from agents.proposer import Proposer, ProposerConfig, draw_distinct
from reasoning_envs.problems import split_of
from reasoning_envs.types import Problem
from tests.reasoning_envs.toy_domain import ToyDomain

PLAIN = ProposerConfig(("two", "three"), scramble_depths=())


class Scrambling(ToyDomain):
    """Also makes problems without a level; of letters it makes what all belongs to the test split."""

    def scramble(self, rng: np.random.Generator, depth: int, letters: bool = False) -> Problem:
        if letters:
            return self.problem(HELD_OUT)
        return self.problem(" + ".join(str(int(number)) for number in rng.integers(1, 9, size=depth + 1)))


HELD_OUT = next(text for number in range(100) if split_of(text := f"{number} + 1") == "test")


def test_only_training_problems_and_none_twice() -> None:
    proposer = Proposer(ToyDomain(), PLAIN)
    keys = [ToyDomain().canonical_key(proposal.problem) for _ in range(5) for proposal in proposer.propose(40)]
    assert {split_of(key) for key in keys} == {"train"}
    assert len(set(keys)) == 200


def test_a_small_level_is_proposed_again_when_nothing_new_is_left() -> None:
    class Small(ToyDomain):
        def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
            return self.problem(TRAIN)

    found = Proposer(Small(), PLAIN).propose(3)
    assert [proposal.problem.statement for proposal in found] == [TRAIN] * 3


TRAIN = next(text for number in range(100) if split_of(text := f"{number} + 1") == "train")


def test_levels_are_drawn_by_how_much_there_is_to_learn() -> None:
    proposer = Proposer(ToyDomain(), ProposerConfig(("two", "three", "six"), scramble_depths=(), least=0.02))
    assert proposer.chances == pytest.approx([1 / 3] * 3)
    for _ in range(20):
        proposer.learn([0, 1, 1, 2], [True, True, False, False])
    mastered, halfway, hopeless = proposer.success
    assert mastered > 0.9 > 0.6 > halfway > 0.4 > 0.1 > hopeless
    assert proposer.learnability == pytest.approx(4 * proposer.success * (1 - proposer.success))
    assert proposer.learnability[1] > 0.95
    assert proposer.chances[1] > 0.5 > proposer.chances[0] > 0.01
    drawn = [proposal.arm for proposal in proposer.propose(300)]
    assert drawn.count(1) / 300 == pytest.approx(proposer.chances[1], abs=0.1)


def test_what_was_never_tried_counts_as_learnable() -> None:
    proposer = Proposer(ToyDomain(), PLAIN)
    proposer.learn([0] * 50, [True] * 50)
    assert proposer.learnability[1] == 1.0
    assert proposer.chances[1] > 0.8


def test_the_past_fades() -> None:
    proposer = Proposer(ToyDomain(), PLAIN)
    for _ in range(30):
        proposer.learn([0] * 8, [False] * 8)
    for _ in range(15):
        proposer.learn([0] * 8, [True] * 8)
    assert proposer.success[0] > 0.85


def test_scrambled_problems_keep_their_share() -> None:
    config = ProposerConfig(("two",), scramble_depths=(1, 3), scramble_share=0.25)
    proposer = Proposer(Scrambling(), config)
    levels = [arm.level for arm in proposer.arms]
    assert levels == ["two", "scrambled-1", "scrambled-3", "scrambled_letters-1", "scrambled_letters-3"]
    assert proposer.chances[1:].sum() == pytest.approx(0.25)
    proposer.learn([0] * 30, [True] * 30)
    assert proposer.chances[0] == pytest.approx(0.75)
    drawn = [proposal.arm for proposal in proposer.propose(400)]
    assert set(drawn) <= {0, 1, 2}  # the others hold no training problem
    assert proposer.chances[3:].sum() == 0
    assert drawn.count(0) / 400 == pytest.approx(0.75, abs=0.1)


def test_no_training_problem_at_all_is_said() -> None:
    class Held(ToyDomain):
        def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
            return self.problem(HELD_OUT)

    with pytest.raises(ValueError, match="none of the levels"):
        Proposer(Held(), PLAIN).propose(1)


def test_unknown_levels_are_named() -> None:
    with pytest.raises(ValueError, match=r"no level nine; sums has two, three, six"):
        Proposer(ToyDomain(), ProposerConfig(("two", "nine")))


def play(proposer: Proposer, rounds: int) -> list[Any]:
    found = []
    for number in range(rounds):
        proposals = proposer.propose(10)
        proposer.learn([one.arm for one in proposals], [number % 2 == 0] * 10)
        found += [(one.arm, one.problem.statement) for one in proposals]
    return found


def test_a_restored_proposer_goes_on_as_it_would_have(tmp_path: Any) -> None:
    config = ProposerConfig(("two", "three"), scramble_depths=(2,))
    straight, broken = (Proposer(Scrambling(), config, seed=4) for _ in range(2))
    play(straight, 3)
    play(broken, 3)
    torch.save(broken.state(), tmp_path / "state.pt")
    resumed = Proposer(Scrambling(), config, seed=99)
    resumed.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert play(resumed, 3) == play(straight, 3)
    with pytest.raises(ValueError, match="other levels"):
        Proposer(ToyDomain(), PLAIN).restore(broken.state())


def test_held_out_problems_are_distinct_and_of_their_split() -> None:
    domain = ToyDomain()
    found = draw_distinct(domain, "two", 30, np.random.default_rng(0), "test")
    keys = {domain.canonical_key(problem) for problem in found}
    assert len(keys) == 30
    assert {split_of(key) for key in keys} == {"test"}
    assert {problem.level for problem in found} == {"two"}


def test_a_level_may_have_fewer_than_asked_for() -> None:
    class Few(ToyDomain):
        def sample(self, rng: np.random.Generator, level: str | None = None) -> Problem:
            return self.problem(f"{int(rng.integers(20))} + 1")

    expected = {text for number in range(20) if split_of(text := f"{number} + 1") == "test"}
    found = draw_distinct(Few(), "two", 30, np.random.default_rng(0), "test")
    assert {problem.statement for problem in found} == expected
