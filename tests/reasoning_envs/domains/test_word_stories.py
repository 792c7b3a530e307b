"""Problems told in words: chains that hold, numbers that are sensible, templates that are recognised."""

from fractions import Fraction

import numpy as np
import pytest

from reasoning_envs.domains.problems.stories import LEVELS, TEMPLATES, numbers_of, tell, template_of
from reasoning_envs.domains.problems.stories.distractors import DISTRACTORS, without_distractors
from reasoning_envs.domains.word_problems import WordProblemsDomain
from reasoning_envs.problems import SPLITS, split_of
from reasoning_envs.verifiers.prose.judge import judge_prose

STORIES = [
    (level, tell(np.random.default_rng([seed, number]), level))
    for number, level in enumerate(LEVELS)
    for seed in range(60)
]


@pytest.mark.parametrize("level", LEVELS)
def test_the_chain_of_a_story_is_right_and_ends_in_its_answer(level: str) -> None:
    for named, story in STORIES:
        if named != level:
            continue
        assert len(story.chain) == int(level.split("-")[1])
        for link in story.chain:
            (statement,) = judge_prose(link.text).statements
            assert statement.verdict.verified, link
            assert statement.value == link.value
        assert Fraction(story.answer) == story.chain[-1].value


def test_numbers_are_sensible() -> None:
    money = Fraction(1, 100)
    counted = 0
    for _, story in STORIES:
        for link in story.chain:
            assert 0 < link.value < 10**6
            result = link.text.rpartition("= ")[2]
            if result[0] in "$€£":
                assert link.value % money == 0
            elif result.split()[-1] in ("people.", "passengers.", "tables.", "parcels.", "cards.", "members.", "jars."):
                counted += 1
                assert link.value.denominator == 1, story
    assert counted > 50


def test_every_level_has_the_distractors_that_it_names() -> None:
    for level, story in STORIES:
        assert (1 <= story.distractors <= 3) is level.endswith("noisy")
        removed = without_distractors(story.text)
        assert (removed != story.text) is level.endswith("noisy")
        assert numbers_of(story.text) == numbers_of(removed)


def test_distractors_are_removed_whole_and_alone() -> None:
    rng = np.random.default_rng(0)
    from reasoning_envs.domains.problems.stories.teller import Teller

    for distractor in DISTRACTORS:
        assert without_distractors(f"Before. {distractor.sentence(Teller(rng))} After.") == "Before.  After."


def test_templates_are_recognised_whatever_the_wording() -> None:
    seen: set[str] = set()
    for _, story in STORIES:
        parts = story.template.split("+")
        seen.update(parts)
        assert template_of(without_distractors(story.text)).split("+") == sorted(parts, key=TEMPLATES.index)
    assert seen == set(TEMPLATES)


def test_wording_varies() -> None:
    texts = {story.text for _, story in STORIES}
    assert len(texts) == len(STORIES)
    assert len({story.template for _, story in STORIES}) > 200


def test_every_level_has_problems_on_both_sides_of_either_split() -> None:
    for hold_out in ("problems", "templates"):
        domain = WordProblemsDomain(hold_out=hold_out)
        sides = {(level, split_of(domain.canonical_key(domain.problem(story.text)))) for level, story in STORIES}
        assert sides == {(level, side) for level in LEVELS for side in SPLITS}, hold_out


def test_names_wording_and_distractors_do_not_change_the_key() -> None:
    domain = WordProblemsDomain()
    first = "Rosa works 12 hours for a wage of $20 an hour. How much does Rosa earn?"
    other = "It is 7 minutes past the hour. At a wage of $20 an hour, Omar puts in 12 hours of work. What does he earn?"
    assert domain.canonical_key(domain.problem(first)) == domain.canonical_key(domain.problem(other))
    third = first.replace("12", "13")
    assert domain.canonical_key(domain.problem(first)) != domain.canonical_key(domain.problem(third))


def test_number_words_are_numbers() -> None:
    assert numbers_of("Twelve hens, three and a half cows, 1,200 geese, 0.5, 3/4, v1.2.3") == (
        "1/2",
        "1/2",
        "3/4",
        "3",
        "12",
        "1200",
    )


def test_an_unknown_level() -> None:
    with pytest.raises(ValueError, match=r"steps-9.*steps-1"):
        tell(np.random.default_rng(0), "steps-9")
